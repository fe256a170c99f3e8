//! Decides whether content may be stored at a path: before its first byte arrives, and again when it is committed.

use super::departure::{Departed, departed};
use super::guard::require_unlocked;
use super::naming::free_name;
use super::resolve::{Found, Place, place};
use super::{Change, Library, LibraryError};
use crate::catalog::{EntryRow, ReadTx};
use crate::model::{AccessDenied, Checksum, EntryId, EntryPath, Right, Scope, Timestamp};

/// A file that is about to be stored.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Destination in the space.
    pub path: EntryPath,
    /// Exact size in bytes, if the client announced one.
    pub size: Option<u64>,
    /// Modification time, if the client sent one; otherwise the time of the commit is used.
    pub modified: Option<Timestamp>,
    /// Expected checksum of the plaintext.
    pub checksum: Option<Checksum>,
}

/// A destination that may receive content.
pub(crate) struct Admitted {
    pub(super) place: Place,
    /// The file that exists there now.
    pub(super) existing: Option<EntryRow>,
    /// If there is none, the file that returns to its old name.
    pub(super) departed: Option<Departed>,
}

impl Admitted {
    /// The file that the content will belong to, if it already has an id.
    pub(crate) fn entry(&self) -> Option<EntryId> {
        let existing = self.existing.as_ref().map(|row| row.id);
        existing.or_else(|| self.departed.as_ref().map(Departed::id))
    }

    /// Path of the content in its space.
    pub(crate) fn lies(self) -> EntryPath {
        self.place.path
    }
}

/// Whether this request, which began at `begun`, may store content at `path`.
pub(crate) fn admit(
    library: &Library,
    tx: &ReadTx<'_>,
    change: &Change,
    scope: Scope,
    path: &EntryPath,
    begun: Timestamp,
) -> Result<Admitted, LibraryError> {
    // A guest who may only add to a folder must not learn what it contains, and so not whether it has a subfolder.
    if change.access.only_adds() && path.names().len() != 1 {
        return Err(AccessDenied { needed: Right::Write }.into());
    }
    let mut place = place(tx, scope, path)?;
    if change.access.stores_beside() {
        set_beside(tx, &mut place)?;
    }
    let existing = match std::mem::replace(&mut place.found, Found::Nothing) {
        Found::Nothing => None,
        Found::Alike(_) => return Err(LibraryError::NameTaken),
        Found::Withheld => return Err(LibraryError::Withheld),
        Found::Same(row) if row.is_folder() => return Err(LibraryError::IsFolder),
        // The same letters in another composition: only a request that knows the file means it.
        Found::Same(row) if row.name != place.name.as_str() && !has_seen(change) => {
            return Err(LibraryError::NameTaken);
        }
        Found::Same(row) => Some(row),
    };
    library.check_conditions(tx, change, scope, existing.as_ref())?;
    if let Some(row) = &existing {
        require_unlocked(tx, change, row.id)?;
    } else {
        place.name.check(library.shared.names)?;
        require_unlocked(tx, change, place.folder.id)?;
    }
    let departed = match existing {
        None => departed(tx, change, &place, begun)?,
        Some(_) => None,
    };
    Ok(Admitted { place, existing, departed })
}

/// Chooses a free name for a file that must not replace another.
fn set_beside(tx: &ReadTx<'_>, place: &mut Place) -> Result<(), LibraryError> {
    place.found = Found::Nothing;
    place.name = free_name(tx, place.folder.id, &place.name)?;
    let folder = place.path.split_last().map(|(folder, _)| folder).unwrap_or_default();
    place.path = folder.join(place.name.clone())?;
    Ok(())
}

/// Whether the request refers to a state of the file: Finder and davfs2 hold its lock, sync clients send
/// `If-Match`.
fn has_seen(change: &Change) -> bool {
    change.conditions.if_match.is_some() || change.conditions.submitted_tokens().next().is_some()
}
