//! Adds durable containers to their upload.

use super::error::UploadError;
use super::running_digest::digest_with;
use super::{UNFINISHED, UploadLimits, expiry};
use crate::catalog::{DigestState, UploadRow, WriteTx};
use crate::library::Library;
use crate::library::binding::container_row;
use crate::library::leftovers::Leftovers;
use crate::library::quota::Held;
use crate::model::{ChunkName, Timestamp};
use crate::vault::writer::SealedContainer;

/// Role of the bytes in their upload.
#[derive(Clone)]
pub(super) enum Goal {
    /// They follow its last byte.
    Linear,
    /// They are this chunk.
    Chunk(ChunkName),
}

/// Additions to an upload in one transaction.
pub(super) struct Commit {
    /// The upload as it was when these bytes began.
    pub(super) began: UploadRow,
    pub(super) goal: Goal,
    pub(super) containers: Vec<SealedContainer>,
    /// Promised quota that these bytes use up.
    pub(super) promised: Vec<Held>,
    /// State of the digests after these bytes, if all before them were known.
    pub(super) digest: Option<Vec<u8>>,
    pub(super) limits: UploadLimits,
    pub(super) now: Timestamp,
}

impl Commit {
    /// Adds the containers, or removes them if that fails.
    pub(super) async fn run(
        self,
        library: &Library,
        sealed: &mut Leftovers,
    ) -> Result<UploadRow, UploadError> {
        let outcome = library.catalog().write_silent(UNFINISHED, move |tx| self.write(tx)).await;
        // After a failed commit it is unknown whether they have rows.
        if outcome.as_ref().map_or_else(|error| !error.is_refusal(), |_| true) {
            sealed.release();
        }
        let (row, has_replaced) = outcome?;
        if has_replaced {
            // If this were left to upkeep, a client that keeps sending the same chunk would fill the disk.
            if let Err(error) = library.remove_garbage().await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "upkeep removes the replaced chunk"
                );
            }
        }
        Ok(row)
    }

    /// The upload afterwards, and whether another chunk was replaced.
    fn write(self, tx: &WriteTx<'_>) -> Result<(UploadRow, bool), UploadError> {
        tx.touches_only([]);
        drop(self.promised);
        let mut has_replaced = false;
        let began = &self.began;
        let same = tx.upload(began.id)?.filter(|row| row.owner == began.owner && row.space == began.space);
        let mut row = same.ok_or(UploadError::NoSuchUpload)?;
        let size: u64 = self.containers.iter().map(|sealed| sealed.plain_len).sum();
        let (chunk, first) = match &self.goal {
            Goal::Linear => {
                // The lease allows one writer at a time; a concurrent change is refused.
                if row.received != began.received {
                    return Err(UploadError::OffsetMismatch { expected: row.received });
                }
                (None, row.pieces)
            }
            Goal::Chunk(name) => {
                match tx.remove_chunk(row.id, name)? {
                    Some((pieces, size)) => {
                        has_replaced = true;
                        row.pieces = row.pieces.saturating_sub(pieces);
                        row.set_received(row.received.saturating_sub(size));
                    }
                    None if row.chunks >= self.limits.chunks => return Err(UploadError::TooManyPieces),
                    None => row.chunks += 1,
                }
                row.digest = digest_with(&row, &began.digest, name, size, self.digest.clone());
                tx.insert_chunk(row.id, name, size)?;
                (Some(name), 0)
            }
        };
        row.set_received(row.received + size);
        row.pieces += self.containers.len() as u64;
        if row.length.is_some_and(|length| row.received > length) {
            return Err(UploadError::TooLong);
        }
        if row.pieces > self.limits.pieces {
            return Err(UploadError::TooManyPieces);
        }
        for (position, sealed) in (first..).zip(&self.containers) {
            tx.insert_container(row.space, &container_row(sealed))?;
            tx.insert_piece(row.id, chunk, position, sealed.id)?;
        }
        if matches!(self.goal, Goal::Linear)
            && let Some(state) = self.digest
        {
            row.digest = DigestState { state: Some(state), bytes: row.received, ..DigestState::default() };
        }
        row.expires = row.expires.max(expiry(tx, self.now)?);
        tx.save_upload(&row)?;
        Ok((row, has_replaced))
    }
}
