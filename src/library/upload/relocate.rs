//! An upload that turns out to be for another space than it was begun in.
//!
//! Some clients tell where a file goes only with their last request, but what arrives until then must be sealed
//! to some space's key. If that was the wrong one, every container is copied with a header for the right one's.

use super::owned;
use crate::catalog::{ContainerRow, UploadRow, WriteTx};
use crate::library::{Library, LibraryError};
use crate::model::{Access, Right, SpaceId, Timestamp, UploadId, UserId};

impl Library {
    /// Takes somebody's own upload over into the space of `to`. Runs to its end even if the future is dropped;
    /// costs a copy of all that has arrived.
    ///
    /// Errors: `NoSuchUpload`, `Busy` if parts keep coming, `OverQuota`, `DiskFull`; the upload then stays as it
    /// is.
    pub async fn relocate_upload(
        &self,
        from: &Access,
        to: &Access,
        user: UserId,
        id: UploadId,
        now: Timestamp,
    ) -> Result<(), LibraryError> {
        let target = to.require(Right::Write)?;
        let held = self.hold_own(from, user, id, now).await?;
        let (library, from) = (self.clone(), *from);
        let task = tokio::spawn(async move {
            let outcome = library.relocate(&from, target, user, id).await;
            drop(held);
            outcome
        });
        task.await?
    }

    async fn relocate(
        &self,
        from: &Access,
        target: SpaceId,
        user: UserId,
        id: UploadId,
    ) -> Result<(), LibraryError> {
        // One at a time, with other copies between spaces: each may need as much as the disk holds.
        let _turn = self.shared.carrying.lock().await;
        let access = *from;
        let (row, pieces) = self
            .catalog()
            .read(move |tx| Ok::<_, LibraryError>((owned(tx, &access, user, id)?, tx.upload_pieces(id)?)))
            .await?;
        let bytes = row.length.unwrap_or(0).max(row.received);
        self.require_room(row.received).await?;
        let reservation = self.reserve(target, bytes).await?;
        let (library, source, old) = (self.clone(), row.space, pieces.clone());
        let (copies, failure) =
            tokio::task::spawn_blocking(move || library.rewrap_pieces(source, target, &old)).await?;
        let written: Vec<_> = copies.iter().map(|copy| (copy.id, copy.place)).collect();
        let was_copied = failure.is_none();
        let outcome = if let Some(error) = failure {
            Err(error)
        } else {
            let swap = move |tx: &WriteTx<'_>| swap(tx, &access, user, &row, target, &pieces, &copies);
            self.storing().await?.write(swap).await
        };
        if outcome.as_ref().is_err_and(|error| !was_copied || error.is_refusal()) {
            for (container, place) in written {
                self.remove_uncommitted(target, container, place).await;
            }
        }
        drop(reservation);
        outcome?;
        self.remove_garbage().await.map(drop)
    }

    fn rewrap_pieces(
        &self,
        from: SpaceId,
        to: SpaceId,
        pieces: &[ContainerRow],
    ) -> (Vec<ContainerRow>, Option<LibraryError>) {
        let mut copies = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match self.rewrap_as_it_is(from, to, piece) {
                Ok(copy) => copies.push(copy),
                Err(error) => return (copies, Some(error)),
            }
        }
        (copies, None)
    }
}

/// Puts the copies in the place of what they were made from, unless something has come meanwhile.
fn swap(
    tx: &WriteTx<'_>,
    from: &Access,
    user: UserId,
    judged: &UploadRow,
    target: SpaceId,
    pieces: &[ContainerRow],
    copies: &[ContainerRow],
) -> Result<(), LibraryError> {
    tx.touches_only([]);
    let mut row = owned(tx, from, user, judged.id)?;
    if row.changes != judged.changes {
        return Err(LibraryError::Busy);
    }
    row.space = target;
    let replaced: Vec<_> = pieces.iter().map(|piece| piece.id).zip(copies).collect();
    Ok(tx.relocate_upload(&row, &replaced)?)
}
