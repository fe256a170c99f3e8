//! Resolves paths to entries, and entries to paths.

use super::LibraryError;
use super::visibility::Shows;
use crate::catalog::{EntryRow, ReadTx, VersionRow};
use crate::model::{Access, EntryId, EntryName, EntryPath, Scope, SpaceId, Timestamp, Viewer};

/// Result of looking up a name in a folder.
pub(super) enum Found {
    /// No entry, and none with a similar name.
    Nothing,
    /// This entry: the names are equal except for the composition of accents.
    Same(EntryRow),
    /// Another entry whose name differs in capitals.
    Alike(EntryRow),
    /// An entry that is hidden from the viewer: the name is taken, but nothing can be read.
    Withheld,
}

impl Found {
    /// The entry that a request for this name refers to.
    pub(super) fn into_same(self) -> Option<EntryRow> {
        match self {
            Self::Same(row) => Some(row),
            Self::Nothing | Self::Alike(_) | Self::Withheld => None,
        }
    }
}

/// Looks up a name. macOS may send a name in another composition than it was stored in, so that difference is
/// ignored; capitals are not.
fn child(tx: &ReadTx<'_>, viewer: Viewer, folder: EntryId, name: &EntryName) -> Result<Found, LibraryError> {
    Ok(match tx.child(folder, &name.key())? {
        None => Found::Nothing,
        Some(row) if row.is_hidden_from(viewer) => Found::Withheld,
        Some(row) if EntryName::parse(&row.name).is_ok_and(|stored| stored.is_same_text(name)) => {
            Found::Same(row)
        }
        Some(row) => Found::Alike(row),
    })
}

/// When a file last changed, for date conditions: the time that its client set, but never before the server stored
/// the content. A client may give two contents the same time, or the later one an earlier time.
pub(super) fn changed(modified: Timestamp, version: &VersionRow) -> Timestamp {
    modified.as_mtime().max(version.created)
}

/// The entry at `path`, which begins where the right does: looked up from there, so that nothing beside it can be
/// named, wherever it is moved meanwhile.
pub(super) fn find(
    tx: &ReadTx<'_>,
    scope: Scope,
    path: &EntryPath,
) -> Result<Option<EntryRow>, LibraryError> {
    walk(tx, scope, path, |_| {})
}

/// Like [`find`], with the entry's path in its space, in the stored composition of its names.
pub(super) fn find_with_path(
    tx: &ReadTx<'_>,
    scope: Scope,
    path: &EntryPath,
) -> Result<Option<(EntryRow, EntryPath)>, LibraryError> {
    let mut names = Vec::with_capacity(path.names().len());
    let Some(row) = walk(tx, scope, path, |row| names.extend(EntryName::parse(&row.name).ok()))? else {
        return Ok(None);
    };
    let path = match scope.top() {
        None => EntryPath::new(names)?,
        Some(_) => path_of(tx, row.id)?,
    };
    Ok(Some((row, path)))
}

/// Finds an entry, and passes each one on the way below the beginning, itself included, to `seen`.
fn walk(
    tx: &ReadTx<'_>,
    scope: Scope,
    path: &EntryPath,
    mut seen: impl FnMut(&EntryRow),
) -> Result<Option<EntryRow>, LibraryError> {
    let mut entry = match scope.top() {
        None => tx.top_of(scope.space())?.ok_or(LibraryError::NoSuchSpace)?,
        Some(top) => linked_entry(tx, scope, top)?,
    };
    for name in path.names() {
        if !entry.is_folder() {
            return Ok(None);
        }
        match child(tx, scope.viewer(), entry.id, name)?.into_same() {
            Some(row) => entry = row,
            None => return Ok(None),
        }
        seen(&entry);
    }
    Ok(Some(entry))
}

/// The entry where a guest's right begins, unless it is in the trash or has left the link's entry.
fn linked_entry(tx: &ReadTx<'_>, scope: Scope, top: EntryId) -> Result<EntryRow, LibraryError> {
    let row = rooted(tx, scope.viewer(), scope.space(), top)?.ok_or(LibraryError::NotFound)?;
    if scope.linked() != Some(top) && tx.lineage(top)?.iter().all(|above| Some(above.id) != scope.linked()) {
        return Err(LibraryError::NotFound);
    }
    Ok(row)
}

/// An entry of a space, unless it is in the trash or hidden from the viewer.
pub(super) fn rooted(
    tx: &ReadTx<'_>,
    viewer: Viewer,
    space: SpaceId,
    entry: EntryId,
) -> Result<Option<EntryRow>, LibraryError> {
    let root = tx.space(space)?.ok_or(LibraryError::NoSuchSpace)?.root;
    let lineage = tx.lineage(entry)?;
    let is_rooted = lineage.last().is_some_and(|last| last.id == root);
    Ok(lineage.into_iter().next().filter(|row| is_rooted && !row.is_hidden_from(viewer)))
}

/// The place that `path` names: its folder, its last name and the existing entry.
pub(super) struct Place {
    pub(super) folder: EntryRow,
    pub(super) name: EntryName,
    pub(super) found: Found,
    /// Path in its space, wherever the right to it begins.
    pub(super) path: EntryPath,
}

/// The place for an entry that is to be created or replaced.
pub(super) fn place(tx: &ReadTx<'_>, scope: Scope, path: &EntryPath) -> Result<Place, LibraryError> {
    let Some((parent, name)) = path.split_last() else { return own_place(tx, scope) };
    let parent = find_with_path(tx, scope, &parent)?.filter(|(folder, _)| folder.is_folder());
    let (folder, above) = parent.ok_or(LibraryError::ParentMissing)?;
    let found = child(tx, scope.viewer(), folder.id, name)?;
    Ok(Place { folder, name: name.clone(), found, path: above.join(name.clone())? })
}

/// The place of the entry at which the right begins. The content of a linked file may be replaced; everything else
/// is refused, because the right does not reach higher.
fn own_place(tx: &ReadTx<'_>, scope: Scope) -> Result<Place, LibraryError> {
    let top = scope.top().ok_or(LibraryError::IsRoot)?;
    let file = linked_entry(tx, scope, top)?;
    let folder = file.parent.filter(|_| !file.is_folder()).ok_or(LibraryError::IsRoot)?;
    let folder = tx.entry(folder)?.ok_or(LibraryError::NotFound)?;
    let name = EntryName::parse(&file.name)?;
    Ok(Place { folder, name, path: path_of(tx, file.id)?, found: Found::Same(file) })
}

/// Path of an entry in its space.
pub(crate) fn path_of(tx: &ReadTx<'_>, entry: EntryId) -> Result<EntryPath, LibraryError> {
    path_from(tx, None, entry)
}

/// Like [`path_of`], from where the right begins. For an entry that is not below, returns the path of that
/// beginning.
pub(super) fn path_within(
    tx: &ReadTx<'_>,
    access: &Access,
    entry: EntryId,
) -> Result<EntryPath, LibraryError> {
    path_from(tx, access.top(), entry)
}

fn path_from(tx: &ReadTx<'_>, top: Option<EntryId>, entry: EntryId) -> Result<EntryPath, LibraryError> {
    let mut lineage = tx.lineage(entry)?;
    if let Some(top) = top {
        let below = lineage.iter().position(|row| row.id == top);
        lineage.truncate(below.unwrap_or(0));
    }
    let names = lineage.iter().rev().filter_map(|row| EntryName::parse(&row.name).ok());
    Ok(EntryPath::new(names.collect())?)
}
