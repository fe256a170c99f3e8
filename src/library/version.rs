//! Earlier versions of a file: listing, opening and restoring.

use super::entry::signed;
use super::guard::require_unlocked;
use super::quota::Added;
use super::record::spot;
use super::resolve::find;
use super::visibility::{Shows, Visibility};
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::{EntryRow, HandedOutRow, VersionRow, WriteTx};
use crate::model::{
    Access, Checksum, EntryEvent, EntryPath, Event, Right, SpaceId, Stamp, Timestamp, UserId, VersionId,
    VersionState, Viewer,
};

/// A current or earlier version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Id for opening and restoring it.
    pub id: VersionId,
    /// Size in bytes.
    pub size: u64,
    /// Modification time as sent by the client.
    pub modified: Timestamp,
    /// Time of the commit.
    pub created: Timestamp,
    /// Author, while that account exists.
    pub author: Option<UserId>,
    /// Known digests of the plaintext.
    pub checksums: Vec<Checksum>,
    /// Time at which another version replaced it; `None` for the current one.
    pub replaced: Option<Timestamp>,
    /// State of the version.
    pub state: VersionState,
}

impl Version {
    /// `None` if it is hidden from the viewer. Digests are shown only to viewers who may read it.
    fn seen_by(viewer: Viewer, row: VersionRow) -> Option<Self> {
        let checksums = match row.seen_by(viewer) {
            Visibility::Hidden => return None,
            Visibility::Listed => Vec::new(),
            Visibility::Full => row.checksums,
        };
        Some(Self {
            id: row.id,
            size: row.size,
            modified: row.modified,
            created: row.created,
            author: row.author,
            checksums,
            replaced: row.replaced,
            state: row.state,
        })
    }
}

impl Library {
    /// All versions of the file at `path` that are still kept, newest first.
    pub async fn versions(&self, access: &Access, path: &EntryPath) -> Result<Vec<Version>, LibraryError> {
        let scope = access.whole_space(Right::Read)?;
        let path = path.clone();
        self.catalog()
            .read(move |tx| {
                let file = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                if file.is_folder() {
                    return Err(LibraryError::IsFolder);
                }
                let versions = tx.versions_of(file.id)?.into_iter();
                Ok(versions.filter_map(|row| Version::seen_by(scope.viewer(), row)).collect())
            })
            .await
    }

    /// Makes an earlier version the current one. The present content becomes an earlier version.
    ///
    /// Errors: `NoSuchVersion`; `Withheld` for a content that the viewer may not read.
    pub async fn restore_version(
        &self,
        change: Change,
        path: &EntryPath,
        version: VersionId,
    ) -> Result<Entry, LibraryError> {
        let scope = change.access.whole_space(Right::Write)?;
        let (library, path) = (self.clone(), path.clone());
        self.storing()
            .await?
            .write(move |tx| {
                let file = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                if file.is_folder() {
                    return Err(LibraryError::IsFolder);
                }
                let wanted = tx.version(version)?.filter(|row| row.entry == file.id);
                let wanted = wanted.filter(|row| !row.is_hidden_from(scope.viewer()));
                let wanted = wanted.ok_or(LibraryError::NoSuchVersion)?;
                wanted.require_full(scope.viewer())?;
                library.check_conditions(tx, &change, scope, Some(&file))?;
                require_unlocked(tx, &change, file.id)?;
                let added = Added::watch(tx, scope.space())?;
                let copy = tx.share_version(version, file.id, change.author(), change.now)?;
                replace_content(tx, &change, &file, copy, wanted.size, wanted.modified)?;
                added.require_room(&library, tx, 0)?;
                let row = tx.entry(file.id)?.ok_or(LibraryError::NotFound)?;
                change.record(tx, EntryEvent::VersionRestored, &row)?;
                Ok(library.entry(scope.viewer(), row))
            })
            .await
    }
}

impl Library {
    /// Sets the state of a version, current or earlier, and with it the viewers who may see it.
    ///
    /// Errors: `NoSuchVersion` if the space has none of this id.
    pub async fn set_version_state(
        &self,
        by: Stamp,
        space: SpaceId,
        version: VersionId,
        state: VersionState,
    ) -> Result<(), LibraryError> {
        self.catalog()
            .write(move |tx| {
                let row = tx.version(version)?.ok_or(LibraryError::NoSuchVersion)?;
                let file = tx.entry(row.entry)?.filter(|file| file.space == space);
                file.ok_or(LibraryError::NoSuchVersion)?;
                change_state(tx, &by, &row, state, None)
            })
            .await
    }
}

/// Sets the state of a version and records it with a reason; nothing if it is in this state.
///
/// If a file appears or disappears for a viewer, the folders above get other ETags. The file keeps its own: its
/// content is the same, and the author's sync client would otherwise download the file that it has just sent.
pub(crate) fn change_state(
    tx: &WriteTx<'_>,
    by: &Stamp,
    version: &VersionRow,
    to: VersionState,
    reason: Option<String>,
) -> Result<(), LibraryError> {
    let file = tx.entry(version.entry)?.ok_or(LibraryError::NotFound)?;
    tx.touches_only([file.id]);
    if version.state == to {
        return Ok(());
    }
    tx.set_version_state(version.id, to)?;
    touch_above(tx, by, &file, version.id)?;
    let (spot, from) = (spot(tx, file.id)?, version.state);
    let version = version.id;
    Ok(tx.record(by, &Event::StateChanged { spot, version, from, to, reason })?)
}

/// Lets one more person read a withheld version. The caller records it.
pub(crate) fn hand_out(
    tx: &WriteTx<'_>,
    by: &Stamp,
    version: &VersionRow,
    to: HandedOutRow,
) -> Result<(), LibraryError> {
    let file = tx.entry(version.entry)?.ok_or(LibraryError::NotFound)?;
    tx.touches_only([file.id]);
    tx.hand_out(version.id, to)?;
    touch_above(tx, by, &file, version.id)
}

/// Takes a withheld version back from single persons. The caller records why.
pub(crate) fn take_back(tx: &WriteTx<'_>, by: &Stamp, version: &VersionRow) -> Result<(), LibraryError> {
    let file = tx.entry(version.entry)?.ok_or(LibraryError::NotFound)?;
    tx.touches_only([file.id]);
    match tx.take_back(version.id)? {
        true => touch_above(tx, by, &file, version.id),
        false => Ok(()),
    }
}

/// Gives the folders above a file other ETags, because its current version appears or disappears for a viewer.
fn touch_above(
    tx: &WriteTx<'_>,
    by: &Stamp,
    file: &EntryRow,
    version: VersionId,
) -> Result<(), LibraryError> {
    match file.parent.filter(|_| file.version == Some(version)) {
        Some(folder) => Ok(tx.touch_folders(folder, tx.next_revision()?, 0, by.at)?),
        None => Ok(()),
    }
}

/// Replaces a file's current content by `version`. The old content is kept as an earlier version unless it is
/// empty: no person needs the placeholder that Finder, Explorer and davfs2 create first.
pub(super) fn replace_content(
    tx: &WriteTx<'_>,
    change: &Change,
    file: &EntryRow,
    version: VersionId,
    size: u64,
    modified: Timestamp,
) -> Result<(), LibraryError> {
    let old = file.version.ok_or(LibraryError::IsFolder)?;
    let parent = file.parent.ok_or(LibraryError::IsRoot)?;
    let revision = tx.next_revision()?;
    tx.set_content(file.id, version, size, revision, modified)?;
    if file.size == 0 {
        tx.delete_version(old)?;
    } else {
        tx.set_replaced(old, Some(change.now))?;
    }
    tx.touch_folders(parent, revision, signed(size) - signed(file.size), change.now)?;
    Ok(())
}
