//! The digests of a whole upload.

use std::sync::Arc;

use crate::catalog::{ContainerRow, UploadRow};
use crate::library::binding::bound;
use crate::library::digest::Digests;
use crate::library::{Library, LibraryError};
use crate::model::{ByteRange, Checksum, ChecksumKind};
use crate::vault::reader::{ContainerReader, MAX_READ_LEN};

/// The digests of the received bytes, including those in `wanted`. Bytes that were not hashed in order are read
/// again for it; if none are wanted they are not read, and nothing is known.
///
/// Errors: `WrongChecksum`; `Damaged`.
pub(super) async fn checksums(
    library: &Library,
    row: &UploadRow,
    pieces: &[ContainerRow],
    wanted: &[Checksum],
) -> Result<Vec<Checksum>, LibraryError> {
    let is_wanted = |kind| kind == ChecksumKind::Sha256 || wanted.iter().any(|sum| sum.kind() == kind);
    let kept = row.digest.state.as_deref().and_then(Digests::restore);
    let can_go_on = |kept: &Digests| wanted.iter().all(|sum| kept.has(sum.kind()));
    let (mut digests, from) = if let Some(kept) = kept.filter(can_go_on) {
        (kept, row.digest.bytes)
    } else {
        let kinds = [ChecksumKind::Sha256].into_iter().chain(wanted.iter().map(Checksum::kind));
        (Digests::of(kinds), 0)
    };
    if from < row.received && wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut start = 0;
    for piece in pieces {
        let end = start + piece.plain_len;
        if end > from {
            digests = read(library, row, piece, from.saturating_sub(start), digests).await?;
        }
        start = end;
    }
    let mut found = digests.finish();
    if wanted.iter().any(|sum| !found.contains(sum)) {
        return Err(LibraryError::WrongChecksum);
    }
    found.retain(|sum| is_wanted(sum.kind()));
    Ok(found)
}

/// Feeds a container's content, starting at one of its bytes.
async fn read(
    library: &Library,
    row: &UploadRow,
    piece: &ContainerRow,
    mut from: u64,
    mut digests: Digests,
) -> Result<Digests, LibraryError> {
    let (containers, keys) = (Arc::clone(&library.storage().containers), Arc::clone(library.keys()));
    let (space, bound) = (row.space, bound(piece));
    let read = tokio::task::spawn_blocking(move || {
        let reader = ContainerReader::open(&*containers, &*keys.space_key(space)?, space, &bound)?;
        while from < reader.plain_len() {
            let end = reader.plain_len().min(from + MAX_READ_LEN);
            let range = ByteRange::new(from, end).ok_or(LibraryError::Incomplete)?;
            for bytes in reader.read(range)? {
                digests.update(&bytes);
            }
            from = end;
        }
        Ok(digests)
    });
    let outcome = read.await?;
    if let Err(error) = &outcome {
        library.note_refusal(error).await;
    }
    outcome
}
