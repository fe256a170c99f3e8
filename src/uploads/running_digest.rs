//! The digests of a chunked upload, kept while its chunks arrive in order.

use crate::catalog::{ChunkRow, DigestState, UploadRow};
use crate::library::digest::Digests;
use crate::model::{ChecksumKind, ChunkName};

/// The algorithms computed for a chunked upload: the catalogue's own, and the one that desktop clients require at
/// the end without announcing it.
const KINDS: [ChecksumKind; 2] = [ChecksumKind::Sha256, ChecksumKind::Sha1];

/// The state of a chunked upload without any known digest.
pub(super) fn no_digest() -> DigestState {
    DigestState { state: Some(Digests::of(KINDS).save()), ..DigestState::default() }
}

/// Whether this chunk may directly follow the bytes whose digests are known. That is certain only when all chunks
/// are known: see [`settled`].
pub(super) fn goes_on(known: &DigestState, name: &ChunkName) -> bool {
    known.chunk.as_ref().map_or_else(|| name.may_be_first(), |last| last.is_followed_by(name))
}

/// The state of the digests once a chunk has arrived: `reached` if it was hashed directly after the state known
/// when it `began`.
pub(super) fn digest_with(
    row: &UploadRow,
    began: &DigestState,
    name: &ChunkName,
    size: u64,
    reached: Option<Vec<u8>>,
) -> DigestState {
    let known = &row.digest;
    if known.chunk.as_ref().is_some_and(|last| name <= last) {
        // It replaces a chunk that was hashed, or comes before one.
        return no_digest();
    }
    match reached {
        Some(state) if known == began => DigestState {
            state: Some(state),
            bytes: known.bytes + size,
            chunk: Some(name.clone()),
            chunks: known.chunks + 1,
        },
        _ => known.clone(),
    }
}

/// The state of the digests when these are all chunks, in order: none, if a chunk among the hashed ones was not
/// hashed.
pub(super) fn settled(known: DigestState, chunks: &[ChunkRow]) -> DigestState {
    let Some(last) = &known.chunk else { return known };
    let covered = chunks.iter().take_while(|chunk| chunk.name <= *last);
    let (number, bytes) = covered.fold((0, 0), |(number, bytes), chunk| (number + 1, bytes + chunk.size));
    if (number, bytes) == (known.chunks, known.bytes) { known } else { DigestState::default() }
}
