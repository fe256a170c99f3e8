//! A content as deflated data that is not compressed: blocks with a head of five bytes each (RFC 1951 3.2.4).
//!
//! Its length follows from that of the content. A reader finds its end without knowing its length: readers of a
//! stream need that, and so does macOS' own; see docs/decisions.md.

use bytes::Bytes;

use crate::model::ByteRange;

/// Bytes of content in a block: half of what a container seals together, and below the 65,535 of the format.
const BLOCK: u64 = 32 * 1024;
/// Bytes before a block.
const HEAD: u64 = 5;
/// The head of every block but the last: its length, and that with all bits turned.
const FULL: [u8; 5] = [0, 0x00, 0x80, 0xFF, 0x7F];

/// Bytes of a content of this size in blocks; the size is not 0.
pub(super) fn packed_len(size: u64) -> u64 {
    size.saturating_add(size.div_ceil(BLOCK).saturating_mul(HEAD))
}

/// Which bytes of the content a range of the blocks has.
pub(super) fn content_of(packed: ByteRange) -> ByteRange {
    let at = |offset: u64| offset / (BLOCK + HEAD) * BLOCK + (offset % (BLOCK + HEAD)).saturating_sub(HEAD);
    ByteRange::new(at(packed.start()), at(packed.end())).unwrap_or(ByteRange::whole(0))
}

/// Bytes of the blocks from this offset on: the rest of the head there, if it is one, or these bytes of the content with the
/// heads between them. At most `most` of a head alone.
pub(super) fn packed(size: u64, from: u64, most: u64, content: Vec<Bytes>) -> Vec<Bytes> {
    let mut at = content_of(ByteRange::new(from, from).unwrap_or(ByteRange::whole(0))).start();
    let done = from % (BLOCK + HEAD);
    let mut pieces = Vec::with_capacity(content.len() * 3 + 1);
    if done < HEAD {
        let (done, end) =
            (usize::try_from(done).unwrap_or_default(), usize::try_from(done + most).unwrap_or(usize::MAX));
        let head = head(size, at);
        pieces.push(match content.is_empty() {
            true => head.slice(done..end.min(head.len())),
            false => head.slice(done..),
        });
    }
    let mut is_headed = done < HEAD;
    for mut piece in content {
        while !piece.is_empty() {
            let within = at % BLOCK;
            if within == 0 && !is_headed {
                pieces.push(head(size, at));
            }
            is_headed = false;
            let len = usize::try_from(BLOCK - within).unwrap_or(usize::MAX).min(piece.len());
            at += len as u64;
            pieces.push(piece.split_to(len));
        }
    }
    pieces
}

/// The head of the block that begins at this offset of the content.
fn head(size: u64, at: u64) -> Bytes {
    match size.saturating_sub(at) {
        rest if rest > BLOCK => Bytes::from_static(&FULL),
        rest => {
            let len = u16::try_from(rest).unwrap_or(u16::MAX);
            let ([a, b], [c, d]) = (len.to_le_bytes(), (!len).to_le_bytes());
            // The first bit says that no block follows.
            Bytes::copy_from_slice(&[1, a, b, c, d])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn content(size: u64) -> Vec<u8> {
        (0..=250_u8).cycle().take(usize::try_from(size).unwrap()).collect()
    }

    /// The bytes of a range, in steps of some bytes of content, cut into pieces.
    fn read(content: &[u8], range: ByteRange, step: u64, piece: usize) -> Vec<u8> {
        let (size, mut at, mut bytes) = (content.len() as u64, range.start(), Vec::new());
        while at < range.end() {
            let wanted = content_of(ByteRange::new(at, range.end()).unwrap());
            let end = wanted.end().min(wanted.start() + step);
            let found = &content[usize::try_from(wanted.start()).unwrap()..usize::try_from(end).unwrap()];
            let found = found.chunks(piece).map(Bytes::copy_from_slice).collect();
            let pieces = packed(size, at, range.end() - at, found).concat();
            assert!(!pieces.is_empty());
            at += pieces.len() as u64;
            bytes.extend(pieces);
        }
        bytes
    }

    #[test]
    fn blocks_are_what_inflate_reads() {
        for size in [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 7] {
            let content = content(size);
            let packed = read(&content, ByteRange::whole(packed_len(size)), 40_000, 65_536);
            assert_eq!(packed.len() as u64, packed_len(size), "{size}");
            let mut inflated = Vec::new();
            flate2::read::DeflateDecoder::new(&*packed).read_to_end(&mut inflated).unwrap();
            assert!(inflated == content, "{size}");
        }
    }

    proptest! {
        #[test]
        fn every_range_is_the_slice_of_the_whole(
            size in 1_u64..100_000, from in 0_u64..100_100, len in 0_u64..100_100, step in 1_u64..70_000, piece in 1_usize..70_000,
        ) {
            let content = content(size);
            let whole = read(&content, ByteRange::whole(packed_len(size)), u64::MAX, 65_536);
            let (from, end) = (from.min(packed_len(size)), (from + len).min(packed_len(size)));
            let slice = &whole[usize::try_from(from).unwrap()..usize::try_from(end).unwrap()];
            prop_assert!(read(&content, ByteRange::new(from, end).unwrap(), step.max(200), piece.max(200)) == slice);
        }
    }
}
