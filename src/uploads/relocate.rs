//! Moves an upload into another space.
//!
//! Containers belong to a space from their first byte on. The path that a client sends only with its last request
//! may be in another space than the one where the upload began; then every container gets a copy with a header for
//! that space, as in a move between spaces. The bytes are copied, not sealed again.

use super::error::UploadError;
use super::{UNFINISHED, Upload, Uploads, owned};
use crate::catalog::{ContainerRow, UploadRow, WriteTx};
use crate::library::LibraryError;
use crate::model::{Access, EntryPath, Right, SpaceId, Timestamp, UploadId, UserId, WriteSerial};
use crate::vault::container::{ContainerMeta, Part};

/// Uploads that move into another space at the same time: each reads and writes as fast as the disk can.
pub(super) const MAX_RELOCATED_AT_ONCE: usize = 4;

impl Uploads {
    /// Moves an upload into the space of `to`, where it can be finished. Takes as long as copying the bytes
    /// received. Runs to its end even if the future is dropped.
    ///
    /// Errors: `NoSuchUpload`, `OverQuota` of the other space, `DiskFull`, `Busy` if bytes arrive meanwhile.
    pub async fn relocate(
        &self,
        access: &Access,
        to: &Access,
        user: UserId,
        id: UploadId,
        now: Timestamp,
    ) -> Result<Upload, UploadError> {
        let target = to.require(Right::Write)?;
        let leased = self.lease_own(access, user, id, now).await?;
        let (uploads, access) = (self.clone(), *access);
        let task = tokio::spawn(async move {
            let outcome = uploads.copy_into(access, target, user, id).await;
            drop(leased);
            outcome
        });
        task.await?.map(Upload::from)
    }

    async fn copy_into(
        &self,
        access: Access,
        target: SpaceId,
        user: UserId,
        id: UploadId,
    ) -> Result<UploadRow, UploadError> {
        let read = move |tx: &crate::catalog::ReadTx<'_>| {
            let row = owned(tx, &access, user, id)?;
            let pieces = tx.upload_pieces(id)?;
            Ok::<_, UploadError>((row, pieces))
        };
        let (row, pieces) = self.library.catalog().read(read).await?;
        if row.space == target {
            return Ok(row);
        }
        let _turn = self.relocating.take(user).await?;
        self.library.require_room(row.received).await?;
        let announced = row.length.unwrap_or(0).max(row.received);
        let reservation = self.library.reserve(target, announced).await?;
        let (library, from, meta) = (self.library.clone(), row.space, meta(&row));
        let (pairs, failure) = tokio::task::spawn_blocking(move || {
            let mut pairs: Vec<(ContainerRow, ContainerRow)> = Vec::with_capacity(pieces.len());
            for piece in pieces {
                match library.rewrap_one(from, target, &piece, &meta) {
                    Ok(copy) => pairs.push((piece, copy)),
                    Err(error) => return (pairs, Some(error)),
                }
            }
            (pairs, None)
        })
        .await?;
        let written: Vec<_> = pairs.iter().map(|(_, copy)| (copy.id, copy.place)).collect();
        let (was_copied, changes) = (failure.is_none(), row.changes);
        let outcome = if let Some(error) = failure {
            self.library.note_refusal(&error).await;
            Err(error.into())
        } else {
            let commit = move |tx: &WriteTx<'_>| {
                tx.touches_only([]);
                let mut row = owned(tx, &access, user, id)?;
                if row.changes != changes {
                    return Err(LibraryError::Busy.into());
                }
                row.reserved = row.missing();
                for (_, copy) in &pairs {
                    tx.insert_container(target, copy)?;
                }
                let pairs: Vec<_> = pairs.iter().map(|(piece, copy)| (piece.id, copy.id)).collect();
                tx.relocate_upload(&row, target, &pairs)?;
                tx.upload(id)?.ok_or(UploadError::NoSuchUpload)
            };
            self.library.catalog().write_silent(UNFINISHED, commit).await
        };
        if outcome.as_ref().is_err_and(|error| !was_copied || error.is_refusal()) {
            for (container, place) in written {
                self.library.remove_uncommitted(target, container, place).await;
            }
        }
        drop(reservation);
        self.library.remove_garbage().await?;
        outcome
    }
}

fn meta(row: &UploadRow) -> ContainerMeta {
    ContainerMeta {
        entry: row.number,
        path: EntryPath::root(),
        modified: row.created,
        serial: WriteSerial(row.number.0),
        written: row.created,
        segment: 0,
        size: None,
        part: Part::Loose,
    }
}
