//! Our containers against other people's age: the official test vectors, and the `age` program.

use tresor::vault::container::OpenHeader;
use tresor::vault::stream::{ChunkOpener, SEALED_CHUNK_LEN};

mod interop;
mod vectors;

/// Opens a payload chunk by chunk: the released bytes, and whether that is all of it.
fn open_payload(header: &OpenHeader, payload: &[u8]) -> (Vec<u8>, bool) {
    let mut payload = payload.to_vec();
    let mut opener = ChunkOpener::new(&header.payload_key()).unwrap();
    let mut released = Vec::new();
    // A payload of no bytes at all still has to have a last chunk.
    let chunks = payload.len().div_ceil(SEALED_CHUNK_LEN).max(1);
    for index in 0..chunks {
        let start = index * SEALED_CHUNK_LEN;
        let end = payload.len().min(start + SEALED_CHUNK_LEN);
        let is_last = index + 1 == chunks;
        match opener.open(index as u64, is_last, &mut payload[start..end]) {
            Ok(plain) => released.extend_from_slice(plain),
            Err(_) => return (released, false),
        }
    }
    (released, true)
}
