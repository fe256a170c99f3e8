//! The chunks of a chunked upload.

use bytes::Bytes;

use super::commit::Goal;
use super::cutter::Cutter;
use super::seat::Seat;
use super::{Chunk, PartInfo, Upload, expiry, owned};
use crate::catalog::{ChunkRow, DigestState, UploadRow};
use crate::library::digest::Digests;
use crate::library::{Library, LibraryError};
use crate::model::{Access, ChecksumKind, ChunkName, Timestamp, UploadId, UploadShape, UserId};

/// A chunk that is arriving. Dropped before [`Self::finish`] it leaves nothing behind.
pub struct ChunkSession {
    cutter: Cutter,
    /// Keeps the upload from expiring.
    seat: Seat,
}

/// The algorithms that are kept running for a chunked upload: ours, and what desktop clients demand at the
/// end without having announced it.
const KINDS: [ChecksumKind; 2] = [ChecksumKind::Sha256, ChecksumKind::Sha1];

/// What is known of a chunked upload's digests when nothing is.
pub(super) fn no_digest() -> DigestState {
    DigestState { state: Some(Digests::of(KINDS).save()), ..DigestState::default() }
}

impl Library {
    /// Begins a chunk. One of this name that is there already stays until this one has arrived.
    ///
    /// Errors: `NoSuchUpload`, `WrongShape`, `UploadTooLong`, `TooManyPieces`, and what stands in the way of
    /// storing anything.
    pub async fn begin_chunk(
        &self,
        access: &Access,
        user: UserId,
        id: UploadId,
        name: ChunkName,
        part: PartInfo,
        now: Timestamp,
    ) -> Result<ChunkSession, LibraryError> {
        let (access, asked, limits) = (*access, name.clone(), self.upload_limits());
        let seat = self.shared.uploads.seat(id);
        let (row, digests) = self
            .catalog()
            .read(move |tx| {
                let row = owned(tx, &access, user, id)?;
                if row.shape != UploadShape::Chunked {
                    return Err(LibraryError::WrongShape);
                }
                if row.chunks >= limits.chunks && tx.upload_chunk(id, &asked)?.is_none() {
                    return Err(LibraryError::TooManyPieces);
                }
                let digests = match goes_on(&row.digest, &asked) {
                    true => row.digest.state.as_deref().and_then(Digests::restore),
                    false => None,
                };
                Ok((row, digests))
            })
            .await?;
        let most = row.length;
        let cutter = Cutter::begin(self, row, Goal::Chunk(name), digests, most, part, now).await?;
        Ok(ChunkSession { cutter, seat })
    }

    /// The chunks that have arrived whole, in the order in which they are joined.
    pub async fn chunks(
        &self,
        access: &Access,
        user: UserId,
        id: UploadId,
    ) -> Result<Vec<Chunk>, LibraryError> {
        let access = *access;
        self.catalog()
            .read(move |tx| {
                owned(tx, &access, user, id)?;
                Ok(tx.upload_chunks(id)?.into_iter().map(Chunk::from).collect())
            })
            .await
    }

    /// Removes a chunk.
    ///
    /// Errors: `NoSuchChunk`, `NoSuchUpload`.
    pub async fn delete_chunk(
        &self,
        access: &Access,
        user: UserId,
        id: UploadId,
        name: &ChunkName,
        now: Timestamp,
    ) -> Result<(), LibraryError> {
        let (access, name) = (*access, name.clone());
        self.catalog()
            .write(move |tx| {
                let mut row = owned(tx, &access, user, id)?;
                let (pieces, size) = tx.remove_chunk(id, &name)?.ok_or(LibraryError::NoSuchChunk)?;
                row.pieces = row.pieces.saturating_sub(pieces);
                row.chunks = row.chunks.saturating_sub(1);
                row.set_received(row.received.saturating_sub(size));
                if row.digest.chunk.as_ref().is_some_and(|last| name <= *last) {
                    row.digest = no_digest();
                }
                row.expires = row.expires.max(expiry(tx, now)?);
                Ok::<_, LibraryError>(tx.save_upload(&row)?)
            })
            .await?;
        self.remove_garbage().await.map(drop)
    }
}

impl ChunkSession {
    /// Takes the next bytes. Waits while the disk is behind.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), LibraryError> {
        self.cutter.write(bytes).await
    }

    /// Makes the chunk durable and puts it in place of an older one of its name. Runs to its end even if the
    /// future is dropped.
    ///
    /// Errors: `WrongSize`, `WrongChecksum`, `UploadTooLong`, `NoSuchUpload` if it ended meanwhile; nothing is
    /// stored then.
    pub async fn finish(self, now: Timestamp) -> Result<Upload, LibraryError> {
        let Self { cutter, seat } = self;
        let finish = async move {
            let row = cutter.finish(now).await;
            drop(seat);
            row.map(Upload::from)
        };
        tokio::spawn(finish).await?
    }
}

/// Whether this chunk may be the one right behind the bytes whose digests are known. Whether it was is certain
/// only when all chunks are known: see [`settled`].
fn goes_on(known: &DigestState, name: &ChunkName) -> bool {
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
