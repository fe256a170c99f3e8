//! Creates folders, and moves deleted entries to the trash.

use super::departure;
use super::discard::discard;
use super::guard::require_unlocked;
use super::record::Subject;
use super::resolve::{Found, find_with_path, place};
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::NewEntry;
use crate::model::{EntryEvent, EntryPath, Right};

impl Library {
    /// Creates an empty folder at `path`.
    pub async fn make_folder(&self, change: Change, path: &EntryPath) -> Result<Entry, LibraryError> {
        let scope = change.access.scope(Right::Write)?;
        if path.is_root() {
            return Err(LibraryError::Exists);
        }
        let id = self.new_entry_id().await?;
        let (library, path) = (self.clone(), path.clone());
        self.storing()
            .await?
            .write(move |tx| {
                let place = place(tx, scope, &path)?;
                let there = match place.found {
                    Found::Nothing => None,
                    Found::Same(row) => Some(row),
                    Found::Alike(_) => return Err(LibraryError::NameTaken),
                    Found::Withheld => return Err(LibraryError::Withheld),
                };
                library.check_conditions(tx, &change, scope, there.as_ref())?;
                if there.is_some() {
                    return Err(LibraryError::Exists);
                }
                place.name.check(library.shared.names)?;
                require_unlocked(tx, &change, place.folder.id)?;
                let revision = tx.next_revision()?;
                tx.insert_entry(&NewEntry {
                    id,
                    space: scope.space(),
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
                Subject::at(&row, &place.path).record(tx, &change.stamp(), EntryEvent::FolderMade)?;
                Ok(library.entry(scope.viewer(), row))
            })
            .await
    }

    /// Creates those of the folders on a path that are missing, the last one included. A file in the way is left to the request
    /// that follows.
    pub async fn make_folders(&self, change: &Change, path: &EntryPath) -> Result<(), LibraryError> {
        for length in 1..=path.names().len() {
            let folder = EntryPath::new(path.names().iter().take(length).cloned().collect())?;
            match self.make_folder(change.clone(), &folder).await {
                // The condition is that of an addition: nothing may be there.
                Ok(_) | Err(LibraryError::Exists | LibraryError::PreconditionFailed) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Moves the entry at `path`, with everything below it, to the trash: one short transaction, whatever its size.
    pub async fn delete(&self, change: Change, path: &EntryPath) -> Result<(), LibraryError> {
        let scope = change.access.scope(Right::Write)?;
        self.foresee(&change, scope, path).await?;
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .write(move |tx| {
                let (entry, path) = find_with_path(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &change, scope, Some(&entry))?;
                Subject::at(&entry, &path).record(tx, &change.stamp(), EntryEvent::Deleted)?;
                discard(tx, &change, &entry, &path)?;
                departure::note(tx, &change, &entry, None)
            })
            .await
    }
}
