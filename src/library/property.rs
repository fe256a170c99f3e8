//! Dead properties and modification times (PROPPATCH, RFC 4918 9.2).

use super::guard::require_unlocked;
use super::quota::Added;
use super::resolve::find;
use super::{Change, Entry, Library, LibraryError};
use crate::model::{EntryEvent, EntryPath, PropertyName, Right, Timestamp};

/// Dead properties that the office may set on one entry.
const MAX_PROPERTIES: usize = 1_000;
/// Bytes of the office's dead properties of one entry, names included.
const MAX_BYTES: usize = 256 * 1024;
/// Dead properties that the guests of one link may set on an entry: Windows sets four.
const MAX_GUEST_PROPERTIES: usize = 16;
/// Bytes of one link's guests' dead properties of one entry, names included.
const MAX_GUEST_BYTES: usize = 4 * 1024;

/// One step of a PROPPATCH, in the order the client gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyChange {
    /// Set a dead property.
    Set {
        /// Its name.
        name: PropertyName,
        /// The whole element as XML with its namespaces declared.
        xml: String,
    },
    /// Remove a dead property, if it is there.
    Remove {
        /// Its name.
        name: PropertyName,
    },
    /// Set the modification time.
    Modified(Timestamp),
}

impl Library {
    /// Applies all changes or none.
    pub async fn change_properties(
        &self,
        change: Change,
        path: &EntryPath,
        steps: Vec<PropertyChange>,
    ) -> Result<Entry, LibraryError> {
        let scope = change.access.scope(Right::Write)?;
        self.foresee(&change, scope, path).await?;
        let (library, path) = (self.clone(), path.clone());
        self.storing()
            .await?
            .write(move |tx| {
                let entry = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &change, scope, Some(&entry))?;
                require_unlocked(tx, &change, entry.id)?;
                let added = Added::watch(tx, scope.space())?;
                // Neither sees, replaces or removes the other's: the office's programs keep theirs with a file, and a
                // guest's sets properties of the same names.
                let setter = change.access.link();
                let before = tx.property_weight(entry.id, setter)?;
                for step in &steps {
                    match step {
                        PropertyChange::Set { name, xml } => tx.set_property(entry.id, setter, name, xml)?,
                        PropertyChange::Remove { name } => tx.remove_property(entry.id, setter, name)?,
                        PropertyChange::Modified(time) => tx.set_modified(entry.id, time.as_mtime())?,
                    }
                }
                let (count, bytes) = tx.property_weight(entry.id, setter)?;
                let (most, most_bytes) = match setter {
                    None => (MAX_PROPERTIES, MAX_BYTES),
                    Some(_) => (MAX_GUEST_PROPERTIES, MAX_GUEST_BYTES),
                };
                if count > most.max(before.0) || bytes > most_bytes.max(before.1) {
                    return Err(LibraryError::TooManyProperties);
                }
                added.require_room(&library, tx, 0)?;
                // A sync client finds the new values by the folder's ETag; the folder's own modification
                // time stays, as none of its members came or went. Nothing in a space is above its root.
                let above = entry.parent.unwrap_or(entry.id);
                let folder = tx.entry(above)?.ok_or(LibraryError::NotFound)?;
                tx.touch_folders(above, tx.next_revision()?, 0, folder.modified)?;
                let row = tx.entry(entry.id)?.ok_or(LibraryError::NotFound)?;
                change.record(tx, EntryEvent::PropertiesChanged, &row)?;
                Ok(library.entry(scope.viewer(), row))
            })
            .await
    }
}
