//! Earlier contents of a file: listing, opening and bringing back.

use super::entry::signed;
use super::guard::require_unlocked;
use super::quota::Added;
use super::resolve::find;
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::{EntryRow, VersionRow, WriteTx};
use crate::model::{Access, Checksum, EntryEvent, EntryPath, Right, Timestamp, UserId, VersionId};

/// One content that a file has or had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Names it for opening and restoring.
    pub id: VersionId,
    /// Bytes.
    pub size: u64,
    /// As the client said.
    pub modified: Timestamp,
    /// When it was committed.
    pub created: Timestamp,
    /// Who wrote it, while that account exists.
    pub author: Option<UserId>,
    /// Known digests of the plaintext.
    pub checksums: Vec<Checksum>,
    /// When another content took its place; `None` for the current one.
    pub replaced: Option<Timestamp>,
}

impl From<VersionRow> for Version {
    fn from(row: VersionRow) -> Self {
        Self {
            id: row.id,
            size: row.size,
            modified: row.modified,
            created: row.created,
            author: row.author,
            checksums: row.checksums,
            replaced: row.replaced,
        }
    }
}

impl Library {
    /// All contents that the file at `path` has or had and that are still kept, newest first.
    pub async fn versions(&self, access: &Access, path: &EntryPath) -> Result<Vec<Version>, LibraryError> {
        let space = access.require(Right::Read)?;
        let path = path.clone();
        self.catalog()
            .read(move |tx| {
                let file = find(tx, space.into(), &path)?.ok_or(LibraryError::NotFound)?;
                if file.is_folder() {
                    return Err(LibraryError::IsFolder);
                }
                Ok(tx.versions_of(file.id)?.into_iter().map(Version::from).collect())
            })
            .await
    }

    /// Makes an earlier content the current one again. The present content becomes an earlier one.
    pub async fn restore_version(
        &self,
        change: Change,
        path: &EntryPath,
        version: VersionId,
    ) -> Result<Entry, LibraryError> {
        let space = change.access.require(Right::Write)?;
        let (library, path) = (self.clone(), path.clone());
        self.storing()
            .await?
            .write(move |tx| {
                let file = find(tx, space.into(), &path)?.ok_or(LibraryError::NotFound)?;
                if file.is_folder() {
                    return Err(LibraryError::IsFolder);
                }
                let wanted = tx.version(version)?.filter(|row| row.entry == file.id);
                let wanted = wanted.ok_or(LibraryError::NoSuchVersion)?;
                library.check_conditions(tx, &change, space.into(), Some(&file))?;
                require_unlocked(tx, &change, file.id)?;
                let added = Added::watch(tx, space)?;
                let copy = tx.share_version(version, file.id, change.author(), change.now)?;
                replace_content(tx, &change, &file, copy, wanted.size, wanted.modified)?;
                added.require_room(&library, tx, 0)?;
                let row = tx.entry(file.id)?.ok_or(LibraryError::NotFound)?;
                change.record(tx, EntryEvent::VersionRestored, &row)?;
                Ok(library.entry(row))
            })
            .await
    }
}

/// Puts `version` in place of a file's present content, which is kept as an earlier version unless it is
/// empty: the placeholder that Finder, Explorer and davfs2 make first is nobody's old content.
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
