//! Several byte buffers that are sent together.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Consecutive pieces of a body. As one [`Buf`] they go out in one system call, without being joined.
#[derive(Debug, Default)]
pub struct Pieces {
    /// Contains no empty piece.
    pieces: VecDeque<Bytes>,
    remaining: usize,
}

impl Pieces {
    /// Splits off the first piece; the result is empty if there is none.
    pub(super) fn take_first(&mut self) -> Self {
        let first = self.pieces.pop_front().unwrap_or_default();
        self.remaining -= first.len();
        first.into()
    }
}

impl From<Vec<Bytes>> for Pieces {
    fn from(pieces: Vec<Bytes>) -> Self {
        let pieces: VecDeque<_> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        Self { remaining: pieces.iter().map(Bytes::len).sum(), pieces }
    }
}

impl From<Bytes> for Pieces {
    fn from(piece: Bytes) -> Self {
        Self::from(vec![piece])
    }
}

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.pieces.front().map_or(&[], Bytes::as_ref)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = slices.iter_mut().zip(&self.pieces);
        filled.map(|(slice, piece)| *slice = IoSlice::new(piece)).count()
    }

    /// # Panics
    ///
    /// If `count` is more than the bytes that remain, as [`Buf`] demands.
    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.remaining, "advanced by {count} of {}", self.remaining);
        self.remaining -= count;
        while let Some(piece) = self.pieces.front_mut().filter(|_| count > 0) {
            if count < piece.len() {
                piece.advance(count);
                return;
            }
            count -= piece.len();
            self.pieces.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Pieces {
        Pieces::from(["ab", "", "cde", "f"].map(Bytes::from).to_vec())
    }

    #[test]
    fn however_it_is_taken_the_order_stays() {
        for step in 1..=7 {
            let (mut pieces, mut taken) = (three(), Vec::new());
            while pieces.has_remaining() {
                let mut slices = [IoSlice::new(&[]); 2];
                let filled = pieces.chunks_vectored(&mut slices);
                assert_eq!(&*slices[0], pieces.chunk());
                let offered: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
                let count = offered.len().min(step);
                taken.extend_from_slice(&offered[..count]);
                pieces.advance(count);
            }
            assert_eq!(taken, b"abcdef", "{step} at a time");
            assert_eq!(pieces.chunk(), b"");
        }
    }

    #[test]
    fn piece_after_piece_it_is_the_same() {
        let (mut pieces, mut taken) = (three(), Vec::new());
        while pieces.has_remaining() {
            let mut first = pieces.take_first();
            taken.push(first.copy_to_bytes(first.remaining()));
        }
        assert_eq!(taken, ["ab", "cde", "f"]);
        assert!(!pieces.take_first().has_remaining());
    }

    #[test]
    #[should_panic(expected = "advanced by 7 of 6")]
    fn nobody_goes_past_the_end() {
        three().advance(7);
    }
}
