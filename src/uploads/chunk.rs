//! The chunks of a chunked upload.

use std::future::Future;

use bytes::Bytes;

use super::commit::Goal;
use super::error::UploadError;
use super::lease::Lease;
use super::running_digest::{goes_on, no_digest};
use super::segment_writer::SegmentWriter;
use super::{Chunk, PartInfo, UNFINISHED, Upload, Uploads, expiry, owned};
use crate::library::Incoming;
use crate::library::digest::Digests;
use crate::model::{Access, ChunkName, Timestamp, UploadId, UploadShape, UserId};

/// A chunk that is arriving. Dropped before [`Self::finish`], it leaves nothing behind.
pub struct ChunkSession {
    writer: SegmentWriter,
    /// Keeps the upload from expiring.
    lease: Lease,
}

impl Uploads {
    /// Begins a chunk. An existing one with this name stays until this one has arrived.
    ///
    /// Errors: `NoSuchUpload`, `WrongShape`, `UploadTooLong`, `TooManyPieces`, and those of storing in general.
    pub async fn begin_chunk(
        &self,
        access: &Access,
        user: UserId,
        id: UploadId,
        name: ChunkName,
        part: PartInfo,
        now: Timestamp,
    ) -> Result<ChunkSession, UploadError> {
        let (access, asked, limits) = (*access, name.clone(), self.limits());
        let lease = self.leases.lease(id);
        let (row, digests) = self
            .library
            .catalog()
            .read(move |tx| {
                let row = owned(tx, &access, user, id)?;
                if row.shape != UploadShape::Chunked {
                    return Err(UploadError::WrongShape);
                }
                if row.chunks >= limits.chunks && tx.upload_chunk(id, &asked)?.is_none() {
                    return Err(UploadError::TooManyPieces);
                }
                let digests = match goes_on(&row.digest, &asked) {
                    true => row.digest.state.as_deref().and_then(Digests::restore),
                    false => None,
                };
                Ok((row, digests))
            })
            .await?;
        let most = row.length;
        let writer = SegmentWriter::begin(self, row, Goal::Chunk(name), digests, most, part, now).await?;
        Ok(ChunkSession { writer, lease })
    }

    /// The chunks that have arrived completely, in the order in which they are joined.
    pub async fn chunks(
        &self,
        access: &Access,
        user: UserId,
        id: UploadId,
    ) -> Result<Vec<Chunk>, UploadError> {
        let access = *access;
        self.library
            .catalog()
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
    ) -> Result<(), UploadError> {
        let (access, name) = (*access, name.clone());
        self.library
            .catalog()
            .write_silent(UNFINISHED, move |tx| {
                let mut row = owned(tx, &access, user, id)?;
                let (pieces, size) = tx.remove_chunk(id, &name)?.ok_or(UploadError::NoSuchChunk)?;
                row.pieces = row.pieces.saturating_sub(pieces);
                row.chunks = row.chunks.saturating_sub(1);
                row.set_received(row.received.saturating_sub(size));
                if row.digest.chunk.as_ref().is_some_and(|last| name <= *last) {
                    row.digest = no_digest();
                }
                row.expires = row.expires.max(expiry(tx, now)?);
                Ok::<_, UploadError>(tx.save_upload(&row)?)
            })
            .await?;
        Ok(self.library.remove_garbage().await.map(drop)?)
    }
}

impl ChunkSession {
    /// Takes the next bytes. Waits while the disk is behind.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), UploadError> {
        self.writer.write(bytes).await
    }

    /// Makes the chunk durable and replaces an older one with its name. Runs to its end even if the future is
    /// dropped.
    ///
    /// Errors: `WrongSize`, `WrongChecksum`, `UploadTooLong`, `NoSuchUpload` if it ended meanwhile; nothing is
    /// stored then.
    pub async fn finish(self, now: Timestamp) -> Result<Upload, UploadError> {
        let Self { writer, lease } = self;
        let finish = async move {
            let row = writer.finish(now).await;
            drop(lease);
            row.map(Upload::from)
        };
        tokio::spawn(finish).await?
    }
}

impl Incoming for ChunkSession {
    type Stored = Upload;
    type Error = UploadError;

    async fn write(&mut self, bytes: Bytes) -> Result<u64, UploadError> {
        Self::write(self, bytes).await.map(|()| 0)
    }

    fn commit(self, now: Timestamp) -> impl Future<Output = Result<Upload, UploadError>> + Send {
        self.finish(now)
    }
}
