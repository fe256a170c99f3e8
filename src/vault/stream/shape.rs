//! Maps plaintext offsets to positions in the payload; pure arithmetic.

use std::ops::Range;

/// Plaintext bytes of every chunk but the last (age v1 spec, "Payload").
pub const CHUNK_LEN: usize = 64 * 1024;
/// Bytes of the Poly1305 tag after each chunk.
pub const TAG_LEN: usize = 16;
/// Bytes of a full chunk on disk.
pub const SEALED_CHUNK_LEN: usize = CHUNK_LEN + TAG_LEN;
/// Longest plaintext of one container, in bytes. Every sum below stays far inside 64 bits.
pub const MAX_PLAIN_LEN: u64 = 1 << 62;

const CHUNK: u64 = CHUNK_LEN as u64;
const TAG: u64 = TAG_LEN as u64;
const SEALED_CHUNK: u64 = SEALED_CHUNK_LEN as u64;

/// The chunks of a payload, computed from either of its lengths.
///
/// There is always a last chunk. It holds 1 to [`CHUNK_LEN`] bytes, or none only if the whole plaintext is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadShape {
    plain_len: u64,
}

impl PayloadShape {
    /// The shape for `plain_len` bytes of plaintext; `None` above [`MAX_PLAIN_LEN`].
    pub fn from_plain_len(plain_len: u64) -> Option<Self> {
        (plain_len <= MAX_PLAIN_LEN).then_some(Self { plain_len })
    }

    /// The shape for a payload of `sealed_len` bytes (header and nonce excluded).
    ///
    /// `None` for a length that no plaintext has: too short for a tag, a torn last chunk, or an empty last chunk
    /// after others.
    pub fn from_sealed_len(sealed_len: u64) -> Option<Self> {
        let full = sealed_len / SEALED_CHUNK;
        let rest = sealed_len % SEALED_CHUNK;
        let last = match rest {
            0 if full > 0 => 0,
            TAG if full > 0 => return None,
            _ => rest.checked_sub(TAG)?,
        };
        Self::from_plain_len(full * CHUNK + last)
    }

    /// Bytes of plaintext.
    pub fn plain_len(self) -> u64 {
        self.plain_len
    }

    /// Bytes on disk after the nonce.
    pub fn sealed_len(self) -> u64 {
        self.plain_len + self.chunks() * TAG
    }

    /// Number of chunks, at least 1.
    pub fn chunks(self) -> u64 {
        self.plain_len.div_ceil(CHUNK).max(1)
    }

    /// Index of the last chunk.
    pub fn last_chunk(self) -> u64 {
        self.chunks() - 1
    }

    /// Index of the chunk that holds the plaintext byte at `offset`.
    pub fn chunk_at(offset: u64) -> u64 {
        offset / CHUNK
    }

    /// Plaintext offset of a chunk's first byte.
    pub fn plain_start(index: u64) -> u64 {
        index * CHUNK
    }

    /// Byte range of the chunks `first ..= last` in the payload; clipped to its end.
    pub fn sealed_range(self, first: u64, last: u64) -> Range<u64> {
        let end = last.saturating_add(1).saturating_mul(SEALED_CHUNK).min(self.sealed_len());
        first.saturating_mul(SEALED_CHUNK).min(end)..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_convert_both_ways() {
        for (plain, sealed, chunks) in [
            (0, 16, 1),
            (1, 17, 1),
            (CHUNK - 1, CHUNK + 15, 1),
            (CHUNK, CHUNK + 16, 1),
            (CHUNK + 1, CHUNK + 33, 2),
            (2 * CHUNK, 2 * CHUNK + 32, 2),
            (5 * CHUNK + 7, 5 * CHUNK + 7 + 6 * 16, 6),
        ] {
            let shape = PayloadShape::from_plain_len(plain).unwrap();
            assert_eq!((shape.sealed_len(), shape.chunks()), (sealed, chunks));
            assert_eq!(PayloadShape::from_sealed_len(sealed), Some(shape));
        }
        let longest = PayloadShape::from_plain_len(MAX_PLAIN_LEN).unwrap();
        assert_eq!(PayloadShape::from_sealed_len(longest.sealed_len()), Some(longest));
    }

    #[test]
    fn impossible_lengths_are_refused() {
        for sealed in [
            0,
            1,
            15,
            SEALED_CHUNK + 1,
            SEALED_CHUNK + 15,
            SEALED_CHUNK + 16, // an empty last chunk behind the first
            u64::MAX,
        ] {
            assert_eq!(PayloadShape::from_sealed_len(sealed), None, "{sealed}");
        }
        assert_eq!(PayloadShape::from_plain_len(MAX_PLAIN_LEN + 1), None);
    }

    #[test]
    fn ranges_end_with_the_payload() {
        let shape = PayloadShape::from_plain_len(CHUNK + 1).unwrap();
        assert_eq!(shape.sealed_range(0, 0), 0..SEALED_CHUNK);
        assert_eq!(shape.sealed_range(1, 1), SEALED_CHUNK..SEALED_CHUNK + TAG + 1);
        assert_eq!(shape.sealed_range(0, u64::MAX), 0..shape.sealed_len());
        assert!(shape.sealed_range(9, 9).is_empty());
    }
}
