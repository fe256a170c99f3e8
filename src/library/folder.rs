//! Making folders, and deleting what is no longer wanted (into the trash).

use super::departure;
use super::guard::require_unlocked;
use super::lock::require_removable;
use super::lookup::{Found, find, path_of, place};
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::{EntryRow, NewEntry, WriteTx};
use crate::model::{EntryPath, Right};

impl Library {
    /// Makes an empty folder at `path`.
    pub async fn make_folder(&self, change: Change, path: &EntryPath) -> Result<Entry, LibraryError> {
        let reach = change.access.reach(Right::Write)?;
        if path.is_root() {
            return Err(LibraryError::Exists);
        }
        let id = self.new_entry_id().await?;
        let (library, path) = (self.clone(), path.clone());
        self.storing()
            .await?
            .write(move |tx| {
                let place = place(tx, reach, &path)?;
                let there = match place.found {
                    Found::Nothing => None,
                    Found::Same(row) => Some(row),
                    Found::Alike(_) => return Err(LibraryError::NameTaken),
                };
                library.check_conditions(tx, &change, reach, there.as_ref())?;
                if there.is_some() {
                    return Err(LibraryError::Exists);
                }
                place.name.check(library.shared.names)?;
                require_unlocked(tx, &change, place.folder.id)?;
                let revision = tx.next_revision()?;
                tx.insert_entry(&NewEntry {
                    id,
                    space: reach.space(),
                    parent: Some(place.folder.id),
                    name: Some(&place.name),
                    version: None,
                    size: 0,
                    revision,
                    created: change.now,
                    modified: change.now,
                })?;
                tx.touch_folders(place.folder.id, revision, 0, change.now)?;
                let row = tx.entry(id)?.ok_or(LibraryError::NotFound)?;
                Ok(library.entry(row))
            })
            .await
    }

    /// Moves the entry at `path`, with all below it, into the trash: one short transaction, however much
    /// that is.
    pub async fn delete(&self, change: Change, path: &EntryPath) -> Result<(), LibraryError> {
        let reach = change.access.reach(Right::Write)?;
        self.foresee(&change, reach, path).await?;
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .write(move |tx| {
                let entry = find(tx, reach, &path)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &change, reach, Some(&entry))?;
                discard(tx, &change, &entry)?;
                departure::note(tx, &change, &entry, None)
            })
            .await
    }
}

/// Takes an entry out of the tree and notes it in the trash.
pub(super) fn discard(tx: &WriteTx<'_>, change: &Change, entry: &EntryRow) -> Result<(), LibraryError> {
    let parent = entry.parent.ok_or(LibraryError::IsRoot)?;
    require_removable(tx, change, entry)?;
    take_out(tx, change, entry)?;
    tx.touch_folders(parent, tx.next_revision()?, -signed(entry.size), change.now)?;
    Ok(())
}

/// As [`discard`], without a word to the folders above.
pub(super) fn take_out(tx: &WriteTx<'_>, change: &Change, entry: &EntryRow) -> Result<(), LibraryError> {
    let parent = entry.parent.ok_or(LibraryError::IsRoot)?;
    let path = path_of(tx, entry.id)?;
    let raw: Vec<_> = path.names().iter().map(crate::model::EntryName::as_str).collect();
    tx.delete_locks_below(entry.id)?;
    tx.insert_trash(entry.space, entry.id, parent, &raw.join("/"), change.now, change.author())?;
    let name = path.names().last().ok_or(LibraryError::IsRoot)?;
    Ok(tx.relocate(entry.id, None, name)?)
}

/// A size as a change of size. Sizes fit the catalogue's signed 64 bits.
pub(super) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
