//! The payload of an age v1 file: ChaCha20-Poly1305 in 64 KiB chunks, sealed and opened in place.
//!
//! Chunk `i` has the nonce `i` as 11 bytes big-endian and one byte that is 1 for the last chunk (age v1 spec,
//! "Payload"; the construction is STREAM by Hoang, Reyhanitabar, Rogaway, Vizár). The last byte makes a truncated
//! file detectable.

mod engine;
mod shape;

use openssl::error::ErrorStack;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use shape::{CHUNK_LEN, MAX_PLAIN_LEN, PayloadShape, SEALED_CHUNK_LEN, TAG_LEN};

use engine::{NONCE_LEN, OpenEngine, SealEngine};

/// Most chunks under one key; the counter could hold 2^88.
const MAX_CHUNKS: u64 = MAX_PLAIN_LEN / CHUNK_LEN as u64;

/// The key of one container's payload.
///
/// Only `vault::container` creates one, after a header's MAC was verified or for a new header.
#[derive(ZeroizeOnDrop)]
pub struct PayloadKey([u8; 32]);

impl PayloadKey {
    /// `fill` writes the key to its final location, so that no copy is left in memory.
    pub(super) fn derive_with(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut key = Self([0; 32]);
        fill(&mut key.0);
        key
    }
}

impl std::fmt::Debug for PayloadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PayloadKey([redacted])")
    }
}

/// Why a chunk could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum ChunkError {
    /// The chunk is not the one that was sealed at this index under this key.
    #[error("a chunk is damaged or not in its place")]
    Damaged,
    /// The slice does not have the length of a chunk, or the container is full.
    #[error("this is not a chunk of a container")]
    Length,
    /// OpenSSL failed; out of memory is the likely cause.
    #[error("the cipher failed")]
    Cipher(#[source] ErrorStack),
}

/// Seals the chunks of one payload, each index exactly once.
pub struct ChunkSealer {
    engine: SealEngine,
    next: u64,
}

impl ChunkSealer {
    /// Starts at chunk 0. Use each key for one sealer only: a second one would reuse its nonces.
    pub fn new(key: &PayloadKey) -> Result<Self, ChunkError> {
        let engine = SealEngine::new(&key.0).map_err(ChunkError::Cipher)?;
        Ok(Self { engine, next: 0 })
    }

    /// Seals a chunk that is not the last: [`CHUNK_LEN`] bytes of plaintext and room for the tag.
    pub fn seal(&mut self, chunk: &mut [u8]) -> Result<(), ChunkError> {
        if chunk.len() != SEALED_CHUNK_LEN || self.next >= MAX_CHUNKS {
            return Err(ChunkError::Length);
        }
        self.seal_at(chunk, false)
    }

    /// Seals the last chunk: up to [`CHUNK_LEN`] bytes of plaintext and room for the tag. Empty only
    /// if it is the first chunk too.
    pub fn seal_last(mut self, chunk: &mut [u8]) -> Result<(), ChunkError> {
        let shortest = if self.next == 0 { TAG_LEN } else { TAG_LEN + 1 };
        if !(shortest..=SEALED_CHUNK_LEN).contains(&chunk.len()) || self.next >= MAX_CHUNKS {
            return Err(ChunkError::Length);
        }
        self.seal_at(chunk, true)
    }

    fn seal_at(&mut self, chunk: &mut [u8], is_last: bool) -> Result<(), ChunkError> {
        let nonce = nonce(self.next, is_last);
        // Incremented before sealing: even a failed attempt must not use an index twice.
        self.next += 1;
        let (plain, tag) = chunk.split_last_chunk_mut::<TAG_LEN>().ok_or(ChunkError::Length)?;
        *tag = self.engine.seal(&nonce, plain).map_err(ChunkError::Cipher)?;
        Ok(())
    }
}

/// Opens chunks of one payload in any order.
pub struct ChunkOpener {
    engine: OpenEngine,
}

impl ChunkOpener {
    /// An opener for the payload under `key`.
    pub fn new(key: &PayloadKey) -> Result<Self, ChunkError> {
        let engine = OpenEngine::new(&key.0).map_err(ChunkError::Cipher)?;
        Ok(Self { engine })
    }

    /// Opens chunk `index` in place and returns its plaintext.
    ///
    /// Errors: `Damaged` for a chunk that fails authentication (its bytes are wiped), `Length` for a slice that
    /// cannot be this chunk, such as an empty last chunk after others.
    pub fn open<'a>(
        &mut self,
        index: u64,
        is_last: bool,
        chunk: &'a mut [u8],
    ) -> Result<&'a mut [u8], ChunkError> {
        let possible = match (is_last, index) {
            (true, 0) => TAG_LEN..=SEALED_CHUNK_LEN,
            (true, _) => TAG_LEN + 1..=SEALED_CHUNK_LEN,
            (false, _) => SEALED_CHUNK_LEN..=SEALED_CHUNK_LEN,
        };
        if !possible.contains(&chunk.len()) || index >= MAX_CHUNKS {
            return Err(ChunkError::Length);
        }
        let (data, tag) = chunk.split_last_chunk_mut::<TAG_LEN>().ok_or(ChunkError::Length)?;
        let nonce = nonce(index, is_last);
        if self.engine.open(&nonce, data, tag).is_err() {
            // OpenSSL does not distinguish a bad tag from its own failures; both mean "do not use".
            data.zeroize();
            return Err(ChunkError::Damaged);
        }
        Ok(data)
    }
}

fn nonce(index: u64, is_last: bool) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    let [_, _, _, counter @ .., flag] = &mut nonce;
    *counter = index.to_be_bytes();
    *flag = u8::from(is_last);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> PayloadKey {
        PayloadKey::derive_with(|key| key.fill(byte))
    }

    #[test]
    fn the_nonce_is_a_big_endian_counter_and_a_flag() {
        assert_eq!(nonce(0x0102, false), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0]);
        assert_eq!(nonce(u64::MAX, true)[2..], [0, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    }

    #[test]
    fn a_chunk_opens_only_in_its_place() {
        let mut sealer = ChunkSealer::new(&key(1)).unwrap();
        let mut first = vec![5; SEALED_CHUNK_LEN];
        let mut second = vec![6; SEALED_CHUNK_LEN];
        let mut last = vec![7; TAG_LEN + 1];
        sealer.seal(&mut first).unwrap();
        sealer.seal(&mut second).unwrap();
        sealer.seal_last(&mut last).unwrap();

        let open = |by: u8, index, is_last, chunk: &[u8]| {
            let mut chunk = chunk.to_vec();
            ChunkOpener::new(&key(by))
                .unwrap()
                .open(index, is_last, &mut chunk)
                .map(|plain| plain.to_vec())
                .ok()
        };
        assert_eq!(open(1, 0, false, &first).unwrap(), vec![5; CHUNK_LEN]);
        assert_eq!(open(1, 1, false, &second).unwrap(), vec![6; CHUNK_LEN]);
        assert_eq!(open(1, 2, true, &last).unwrap(), [7]);
        assert_eq!(open(1, 1, false, &first), None, "moved");
        assert_eq!(open(1, 1, true, &second), None, "truncated behind it");
        assert_eq!(open(1, 2, false, &last), None, "appended behind it");
        assert_eq!(open(2, 0, false, &first), None, "another key");
    }

    #[test]
    fn a_refused_chunk_leaves_no_plaintext() {
        let mut chunk = vec![5; SEALED_CHUNK_LEN];
        ChunkSealer::new(&key(1)).unwrap().seal(&mut chunk).unwrap();
        chunk[0] ^= 1;
        let refused = ChunkOpener::new(&key(1)).unwrap().open(0, false, &mut chunk).map(|_| ());
        assert!(matches!(refused, Err(ChunkError::Damaged)));
        assert!(chunk[..CHUNK_LEN].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn wrong_lengths_are_never_sealed() {
        let sealer = || ChunkSealer::new(&key(1)).unwrap();
        assert!(sealer().seal(&mut [0; 100]).is_err());
        assert!(sealer().seal_last(&mut [0; TAG_LEN - 1]).is_err());
        assert!(sealer().seal_last(&mut [0; TAG_LEN]).is_ok());
        assert!(sealer().seal_last(&mut vec![0; SEALED_CHUNK_LEN + 1]).is_err());
        let mut second = sealer();
        second.seal(&mut vec![0; SEALED_CHUNK_LEN]).unwrap();
        assert!(second.seal_last(&mut [0; TAG_LEN]).is_err(), "empty last chunk");
    }

    #[test]
    fn the_counter_stops_before_it_could_wrap() {
        let mut sealer = ChunkSealer::new(&key(1)).unwrap();
        sealer.next = MAX_CHUNKS;
        assert!(matches!(sealer.seal(&mut vec![0; SEALED_CHUNK_LEN]), Err(ChunkError::Length)));
    }

    #[test]
    fn keys_do_not_print() {
        assert_eq!(format!("{:?}", key(9)), "PayloadKey([redacted])");
    }
}
