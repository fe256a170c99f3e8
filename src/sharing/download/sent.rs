//! Which bytes of a content have left the server.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::model::ByteRange;

/// Most ranges that are remembered of a download. Beyond them the shortest is forgotten, so that its bytes have to be sent again.
const MOST_RANGES: usize = 1_000;

/// Ranges of bytes in order, none touching another. Its text form is `0-100,200-300`, ends excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sent(Vec<ByteRange>);

impl Sent {
    /// Adds a range.
    pub(super) fn add(&mut self, range: ByteRange) {
        if range.is_empty() {
            return;
        }
        self.0.push(range);
        self.0.sort_unstable();
        let mut merged: Vec<ByteRange> = Vec::with_capacity(self.0.len());
        for range in self.0.drain(..) {
            match merged.last_mut() {
                Some(last) if range.start() <= last.end() => {
                    let end = last.end().max(range.end());
                    *last = ByteRange::new(last.start(), end).unwrap_or(*last);
                }
                _ => merged.push(range),
            }
        }
        if merged.len() > MOST_RANGES
            && let Some((at, _)) = merged.iter().enumerate().min_by_key(|(_, range)| range.len())
        {
            merged.remove(at);
        }
        self.0 = merged;
    }

    /// Whether these are all bytes of a content of this size.
    pub(super) fn are_all(&self, size: u64) -> bool {
        size == 0 || self.0 == [ByteRange::whole(size)]
    }
}

impl Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, range) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{}-{}", range.start(), range.end())?;
        }
        Ok(())
    }
}

impl FromStr for Sent {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut sent = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (start, end) = part.split_once('-').ok_or(())?;
            let (start, end) = (start.parse().map_err(drop)?, end.parse().map_err(drop)?);
            sent.add(ByteRange::new(start, end).ok_or(())?);
        }
        Ok(sent)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(start: u64, end: u64) -> ByteRange {
        ByteRange::new(start, end).unwrap()
    }

    #[test]
    fn all_bytes_have_left_when_the_last_gap_is_closed() {
        let mut sent = Sent::default();
        assert!(sent.are_all(0) && !sent.are_all(1));
        for (start, end, text) in [
            (5, 10, "5-10"),
            (0, 0, "5-10"),
            (20, 30, "5-10,20-30"),
            (10, 12, "5-12,20-30"),
            (0, 5, "0-12,20-30"),
            (11, 29, "0-30"),
        ] {
            assert!(!sent.are_all(30));
            sent.add(range(start, end));
            assert_eq!(sent.to_string(), text);
        }
        assert!(sent.are_all(30) && !sent.are_all(31));
    }

    #[test]
    fn too_many_gaps_forget_bytes_and_never_invent_any() {
        let mut sent = Sent::default();
        for at in 0..MOST_RANGES as u64 {
            sent.add(range(10 * at, 10 * at + 5));
        }
        sent.add(range(100_000, 100_001));
        assert_eq!(sent.0.len(), MOST_RANGES);
        assert!(!sent.0.contains(&range(100_000, 100_001)), "the shortest is forgotten");
    }

    proptest! {
        #[test]
        fn ranges_are_the_bytes_that_were_added(parts in prop::collection::vec((0_usize..60, 0_usize..12), 0..20)) {
            let mut sent = Sent::default();
            let mut bytes = [false; 72];
            for (start, len) in parts {
                sent.add(range(start as u64, (start + len) as u64));
                bytes.iter_mut().skip(start).take(len).for_each(|byte| *byte = true);
            }
            let again: Sent = sent.to_string().parse().unwrap();
            prop_assert_eq!(&again, &sent);
            let counted: u64 = sent.0.iter().map(|range| range.len()).sum();
            prop_assert_eq!(counted, bytes.iter().filter(|byte| **byte).count() as u64);
            let size = bytes.iter().position(|byte| !byte).unwrap() as u64;
            prop_assert_eq!(sent.are_all(size), size == 0 || counted == size);
        }
    }
}
