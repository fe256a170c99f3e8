//! Takes back files of a hand-in, while no person has read them.

use super::store::MAX_IN_A_ROW;
use super::{HandIn, HandInError};
use crate::catalog::{HandInFileRow, HandInRow, ReadTx, WriteTx};
use crate::library::{Change, EntryKind, LibraryError};
use crate::model::{
    Actor, Conditions, EntryId, EtagMatch, HandInFileId, HandInId, ItemState, LinkGrant, RequestId, Stamp,
    Timestamp, VersionId, VersionState, Worker,
};
use crate::sharing::Sharing;
use crate::sharing::request::taken_back;

impl Sharing {
    /// Removes a file of a browser's hand-in for good: until the hand-in is finished and for a while after, as long as no
    /// person has read it, it has the content that was handed in and lies where it was handed in, and the office has decided
    /// nothing about it. In the trash, such files would push out those of the office: a guest could hand in and take back
    /// forever.
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
        // The present right of the link's creator; the link itself may be used up.
        let grant = LinkGrant { link: link.id, top: link.entry, right: link.right };
        let lent = self.inner.accounts.guest_access(link.creator, link.space, grant).await?;
        lent.ok_or(HandInError::NoSuchHandIn)?;
        // Downloads of the last seconds, too.
        self.inner.library.record_reads().await;
        let request = link.request;
        let unread = self.inner.catalog.read(move |tx| unread(tx, request, row.id, file)).await?;
        let Some(Unread { entry: id, version }) = unread else { return Ok(()) };
        let (library, space) = (&self.inner.library, row.space);
        let access = library.as_worker(Worker::HandIn, space);
        let top = row.folder.unwrap_or(link.entry);
        let mut found = library.located(&[access], vec![id, top]).await?;
        let top = found.iter().position(|(entry, _)| entry.id == top).map(|at| found.remove(at).1);
        let found = found.pop();
        let is_removed = found.is_some();
        if let Some((entry, path)) = found {
            let is_in_place = top.is_some_and(|top| path.starts_with(&top));
            if entry.kind != (EntryKind::File { version }) || !is_in_place {
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
            match request {
                Some(request) => Ok::<_, HandInError>(taken_back(tx, &pace, (request, file), &by)?),
                None => Ok(()),
            }
        };
        self.inner.catalog.write_silent("the deletion is the event", mark).await?;
        if !is_removed {
            return Ok(());
        }
        match library.purge(&access, Stamp { actor: Actor::Worker(Worker::HandIn), at: now }, id).await {
            // Another request was faster, or the office restored it.
            Ok(()) | Err(LibraryError::NotInTrash) => Ok(()),
            Err(error) => Err(error.into()),
        }
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

/// A file that can be taken back, as far as the catalogue's rows about it say.
struct Unread {
    entry: EntryId,
    version: VersionId,
}

/// The file of a row; `None` if it was taken back already.
///
/// Errors: `TooLateToWithdraw` also if it belongs to a closed request, or to an item that the office has accepted.
fn unread(
    tx: &ReadTx<'_>,
    request: Option<RequestId>,
    hand_in: HandInId,
    file: HandInFileId,
) -> Result<Option<Unread>, HandInError> {
    let files = tx.hand_in_files(hand_in)?;
    let row: &HandInFileRow = files.iter().find(|row| row.id == file).ok_or(HandInError::NoSuchHandIn)?;
    if row.withdrawn.is_some() || row.refused.is_some() {
        return Ok(None);
    }
    let request = request.map(|request| tx.request(request)).transpose()?.flatten();
    let item = row.item.map(|item| tx.item(item)).transpose()?.flatten();
    if request.is_some_and(|request| request.closed.is_some())
        || item.is_some_and(|item| item.state == ItemState::Accepted)
    {
        return Err(HandInError::TooLateToWithdraw);
    }
    // A file that is set aside as dangerous stays as proof.
    if matches!(row.state, Some(VersionState::Quarantined | VersionState::Restricted)) {
        return Err(HandInError::TooLateToWithdraw);
    }
    let version = row.version.ok_or(HandInError::TooLateToWithdraw)?;
    if !tx.reads_of(version, 1)?.is_empty() {
        return Err(HandInError::TooLateToWithdraw);
    }
    let stored = tx.version(version)?.ok_or(HandInError::TooLateToWithdraw)?;
    Ok(Some(Unread { entry: stored.entry, version }))
}
