//! The beginning of a mail that may be a report about another one: nothing but that is kept of it, in memory.

use bytes::Bytes;

use super::message::MessageError;
use crate::library::Source;

/// Most bytes of a mail that are looked at for a report. The part for programs stands before the mail that comes back.
const MAX_REPORT: usize = 256 << 10;

/// A mail that is read once, and its beginning.
pub(super) struct Kept<'a, S> {
    source: &'a mut S,
    begun: Option<Vec<u8>>,
}

impl<'a, S> Kept<'a, S> {
    /// Keeps the beginning if it `is_needed`.
    pub(super) fn new(source: &'a mut S, is_needed: bool) -> Self {
        Self { source, begun: is_needed.then(Vec::new) }
    }

    /// The beginning that was read, up to 256 KiB; `None` if it was not needed.
    pub(super) fn begun(self) -> Option<Vec<u8>> {
        self.begun
    }
}

impl<S: Source<Error = MessageError> + Send> Source for Kept<'_, S> {
    type Error = MessageError;

    async fn next(&mut self, durable: u64) -> Option<Result<Bytes, MessageError>> {
        let piece = self.source.next(durable).await;
        if let (Some(Ok(piece)), Some(begun)) = (&piece, &mut self.begun) {
            let room = MAX_REPORT.saturating_sub(begun.len()).min(piece.len());
            begun.extend_from_slice(piece.get(..room).unwrap_or_default());
        }
        piece
    }
}

/// Reads a mail that is stored nowhere to its end.
pub(super) async fn rest_of(source: &mut impl Source<Error = MessageError>) -> Result<(), MessageError> {
    while let Some(piece) = source.next(0).await {
        piece?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pieces(usize);

    impl Source for Pieces {
        type Error = MessageError;

        async fn next(&mut self, _durable: u64) -> Option<Result<Bytes, MessageError>> {
            self.0 = self.0.checked_sub(1)?;
            Some(Ok(vec![b'a'; 100_000].into()))
        }
    }

    #[tokio::test]
    async fn no_more_than_the_beginning_lies_in_memory() {
        for (pieces, is_needed, expected) in
            [(0, true, Some(0)), (2, true, Some(200_000)), (9, true, Some(MAX_REPORT)), (9, false, None)]
        {
            let mut source = Pieces(pieces);
            let mut kept = Kept::new(&mut source, is_needed);
            rest_of(&mut kept).await.unwrap();
            assert_eq!(kept.begun().map(|begun| begun.len()), expected);
            assert_eq!(source.0, 0, "all of it was read");
        }
    }
}
