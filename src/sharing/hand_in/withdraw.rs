//! Takes back files of a hand-in, while no person has read them.

use super::store::MAX_IN_A_ROW;
use super::{HandIn, HandInError};
use crate::catalog::{HandInFileRow, HandInRow, ReadTx, WriteTx};
use crate::library::{Change, EntryKind, LibraryError};
use crate::model::{
    Actor, Conditions, EntryId, EtagMatch, HandInFileId, Stamp, Timestamp, VersionId, Worker,
};
use crate::sharing::Sharing;
use crate::sharing::request::taken_back;

impl Sharing {
    /// Moves a file of a browser's hand-in to the trash: until the hand-in is finished and for a while after, as long as
    /// no person has read it and it has the content that was handed in.
    ///
    /// Errors: `NoSuchHandIn`, `TooLateToWithdraw`.
    pub async fn withdraw(
        &self,
        token: &str,
        browser: &str,
        file: HandInFileId,
        now: Timestamp,
    ) -> Result<(), HandInError> {
        let (link, latest) = self.visited(token, browser).await?.ok_or(HandInError::NoSuchHandIn)?;
        let row = self.inner.catalog.read(move |tx| hand_in_with(tx, latest, file)).await?;
        if !HandIn::new(row.clone(), Vec::new()).may_withdraw(now) {
            return Err(HandInError::TooLateToWithdraw);
        }
        // Downloads of the last seconds, too.
        self.inner.library.record_reads().await;
        let Some((entry, version)) = self.inner.catalog.read(move |tx| unread(tx, row.id, file)).await?
        else {
            return Ok(());
        };
        let (library, space) = (&self.inner.library, row.space);
        let access = library.as_worker(Worker::HandIn, space);
        let found = library.located(&[access], vec![entry]).await?.pop();
        if let Some((entry, path)) = found {
            if entry.kind != (EntryKind::File { version }) {
                return Err(HandInError::TooLateToWithdraw);
            }
            let change = Change {
                access,
                actor: Actor::Guest { link: link.id, creator: link.creator },
                now,
                conditions: Conditions {
                    if_match: Some(EtagMatch::OneOf(vec![entry.etag])),
                    ..Conditions::default()
                },
            };
            match library.delete(change, &path).await {
                // Taken back by another request, or removed by the office.
                Ok(()) | Err(LibraryError::NotFound) => {}
                Err(LibraryError::PreconditionFailed) => return Err(HandInError::TooLateToWithdraw),
                Err(error) => return Err(error.into()),
            }
        }
        let by = Stamp { actor: Actor::Guest { link: link.id, creator: link.creator }, at: now };
        let pace = self.pace().await?;
        let mark = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            tx.withdraw_hand_in_file(file, now)?;
            Ok::<_, HandInError>(taken_back(tx, &pace, file, &by)?)
        };
        self.inner.catalog.write_silent("the deletion is the event", mark).await
    }
}

/// The hand-in of the file: the latest of the browser, or one before it.
fn hand_in_with(tx: &ReadTx<'_>, latest: HandInRow, file: HandInFileId) -> Result<HandInRow, HandInError> {
    let of = tx.hand_in_of_file(file)?.ok_or(HandInError::NoSuchHandIn)?;
    if of == latest.id {
        return Ok(latest);
    }
    let before = tx.hand_ins_before(latest.id, MAX_IN_A_ROW)?;
    before.into_iter().find(|row| row.id == of).ok_or(HandInError::NoSuchHandIn)
}

/// The file and the content of a row that can be taken back; `None` if it was already.
fn unread(
    tx: &ReadTx<'_>,
    hand_in: crate::model::HandInId,
    file: HandInFileId,
) -> Result<Option<(EntryId, VersionId)>, HandInError> {
    let files = tx.hand_in_files(hand_in)?;
    let row: &HandInFileRow = files.iter().find(|row| row.id == file).ok_or(HandInError::NoSuchHandIn)?;
    if row.withdrawn.is_some() || row.refused.is_some() {
        return Ok(None);
    }
    let version = row.version.ok_or(HandInError::TooLateToWithdraw)?;
    if !tx.reads_of(version, 1)?.is_empty() {
        return Err(HandInError::TooLateToWithdraw);
    }
    let stored = tx.version(version)?.ok_or(HandInError::TooLateToWithdraw)?;
    Ok(Some((stored.entry, version)))
}
