//! The digests of a chunked upload, kept while its chunks arrive in order.

use crate::catalog::{ChunkRow, DigestState, UploadRow};
use crate::library::digest::Digests;
use crate::model::{ChecksumKind, ChunkName};

/// The algorithms that are kept running for a chunked upload: ours, and what desktop clients demand at the
/// end without having announced it.
const KINDS: [ChecksumKind; 2] = [ChecksumKind::Sha256, ChecksumKind::Sha1];

/// What is known of a chunked upload's digests when nothing is.
pub(super) fn no_digest() -> DigestState {
    DigestState { state: Some(Digests::of(KINDS).save()), ..DigestState::default() }
}

/// Whether this chunk may be the one right behind the bytes whose digests are known. Whether it was is certain
/// only when all chunks are known: see [`settled`].
pub(super) fn goes_on(known: &DigestState, name: &ChunkName) -> bool {
    known.chunk.as_ref().map_or_else(|| name.may_be_first(), |last| last.is_followed_by(name))
}

/// What is known of the digests once a chunk has arrived: `reached` if it was hashed behind what was known
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
        // It takes the place of one that was hashed, or comes before.
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

/// What is known of the digests when these are all chunks, in order: nothing, if one lies among those that
/// were hashed and was not.
pub(super) fn settled(known: DigestState, chunks: &[ChunkRow]) -> DigestState {
    let Some(last) = &known.chunk else { return known };
    let covered = chunks.iter().take_while(|chunk| chunk.name <= *last);
    let (number, bytes) = covered.fold((0, 0), |(number, bytes), chunk| (number + 1, bytes + chunk.size));
    if (number, bytes) == (known.chunks, known.bytes) { known } else { DigestState::default() }
}
