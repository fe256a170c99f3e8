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

/// One step of a PROPPATCH, in the client's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyChange {
    /// Sets a dead property.
    Set {
        /// Name of the property.
        name: PropertyName,
        /// The whole element as XML with its namespaces declared.
        xml: String,
    },
    /// Removes a dead property, if it exists.
    Remove {
        /// Name of the property.
        name: PropertyName,
    },
    /// Sets the modification time.
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
                // Office and guests do not see, replace or remove each other's properties: programs of the office
                // keep theirs with a file, and a guest's program sets properties with the same names.
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
                // A sync client finds the new values by the folder's ETag; the folder's own modification time
                // stays, because no member was added or removed. A space's root has no parent.
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
