//! Finding what a path names.

use std::collections::HashMap;

use super::entry::property_pair;
use super::lock::Lock;
use super::{Entry, EntryKind, Library, LibraryError, Listing, Member};
use crate::catalog::{EntryRow, ReadTx};
use crate::model::{Access, Checksum, EntryId, EntryName, EntryPath, Right, SpaceId, Timestamp};

/// Members fetched at once when a folder is listed.
const PAGE: usize = 500;

impl Library {
    /// The entry at `path`, with its locks and dead properties.
    pub async fn member(
        &self,
        access: &Access,
        path: &EntryPath,
        now: Timestamp,
    ) -> Result<Member, LibraryError> {
        let space = access.require(Right::Read)?;
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .read(move |tx| {
                let row = find(tx, space, &path)?.ok_or(LibraryError::NotFound)?;
                library.member_of(tx, row, now)
            })
            .await
    }

    pub(super) fn member_of(
        &self,
        tx: &ReadTx<'_>,
        row: EntryRow,
        now: Timestamp,
    ) -> Result<Member, LibraryError> {
        let locks = tx.locks_covering(row.id, now)?;
        let locks = locks.into_iter().map(|lock| Lock::from_row(tx, lock)).collect::<Result<_, _>>()?;
        let properties = tx.properties(row.id)?.into_iter().map(property_pair).collect();
        Ok(Member { entry: self.entry(row), locks, properties })
    }

    /// The entry at `path`.
    pub async fn find(&self, access: &Access, path: &EntryPath) -> Result<Entry, LibraryError> {
        let space = access.require(Right::Read)?;
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .read(move |tx| {
                let row = find(tx, space, &path)?.ok_or(LibraryError::NotFound)?;
                Ok(library.entry(row))
            })
            .await
    }

    /// The digests that are known of the present contents of `files`, which a listing gave. Folders have none.
    pub async fn checksums(
        &self,
        files: impl Iterator<Item = &Entry>,
    ) -> Result<HashMap<EntryId, Vec<Checksum>>, LibraryError> {
        let version = |file: &Entry| match file.kind {
            EntryKind::File { version } => Some((file.id, version)),
            EntryKind::Folder => None,
        };
        let files: Vec<_> = files.filter_map(version).collect();
        self.catalog()
            .read(move |tx| {
                let mut known = HashMap::with_capacity(files.len());
                for (file, version) in files {
                    if let Some(row) = tx.version(version)? {
                        known.insert(file, row.checksums);
                    }
                }
                Ok(known)
            })
            .await
    }

    /// The next members of `folder` after the name key `after`, a bounded number at a time, so that a
    /// listing of any length needs little memory.
    pub async fn list(
        &self,
        access: &Access,
        folder: EntryId,
        after: Option<String>,
        now: Timestamp,
    ) -> Result<Listing, LibraryError> {
        let space = access.require(Right::Read)?;
        let library = self.clone();
        self.catalog().read(move |tx| list(&library, tx, space, folder, after.as_deref(), now)).await
    }
}

fn list(
    library: &Library,
    tx: &ReadTx<'_>,
    space: SpaceId,
    folder: EntryId,
    after: Option<&str>,
    now: Timestamp,
) -> Result<Listing, LibraryError> {
    // The folder may have been deleted or moved away between two pieces; what is listed must still lie
    // in the space that the access was given for.
    let folder = tx.entry(folder)?.filter(|row| row.space == space).ok_or(LibraryError::NotFound)?;
    let rows = tx.children(folder.id, after, PAGE)?;
    let next = (rows.len() == PAGE).then(|| rows.last().map(|row| name_key(&row.name))).flatten();

    let mut inherited = Vec::new();
    for lock in tx.locks_covering(folder.id, now)?.into_iter().filter(|lock| lock.is_deep) {
        inherited.push(Lock::from_row(tx, lock)?);
    }
    let mut own_locks = Vec::new();
    for lock in tx.locks_on_members(folder.id, now)? {
        own_locks.push((lock.entry, Lock::from_row(tx, lock)?));
    }
    let mut properties = HashMap::<EntryId, Vec<_>>::new();
    for row in tx.properties_between(folder.id, &rows)? {
        properties.entry(row.0).or_default().push(property_pair(row.1));
    }

    let members = rows
        .into_iter()
        .map(|row| Member {
            locks: own_locks
                .iter()
                .filter(|(entry, _)| *entry == row.id)
                .map(|(_, lock)| lock)
                .chain(&inherited)
                .cloned()
                .collect(),
            properties: properties.remove(&row.id).unwrap_or_default(),
            entry: library.entry(row),
        })
        .collect();
    Ok(Listing { members, next })
}

/// The key under which a stored name was filed.
fn name_key(name: &str) -> String {
    EntryName::parse(name).map(|name| name.key()).unwrap_or_default()
}

/// What stands at a name in a folder.
pub(super) enum Found {
    /// Nothing, and nothing that looks alike.
    Nothing,
    /// This entry: the name is the same, but for how accents are composed.
    Same(EntryRow),
    /// Another entry whose name differs in capitals.
    Alike(EntryRow),
}

impl Found {
    /// The entry that a request for this name means.
    pub(super) fn into_same(self) -> Option<EntryRow> {
        match self {
            Self::Same(row) => Some(row),
            Self::Nothing | Self::Alike(_) => None,
        }
    }
}

/// Looks a name up. macOS may ask for a name in another composition than it was stored in, so that
/// difference does not count; capitals do.
pub(super) fn child(tx: &ReadTx<'_>, folder: EntryId, name: &EntryName) -> Result<Found, LibraryError> {
    Ok(match tx.child(folder, &name.key())? {
        None => Found::Nothing,
        Some(row) if EntryName::parse(&row.name).is_ok_and(|stored| stored.is_same_text(name)) => {
            Found::Same(row)
        }
        Some(row) => Found::Alike(row),
    })
}

/// The entry at `path`.
pub(super) fn find(
    tx: &ReadTx<'_>,
    space: SpaceId,
    path: &EntryPath,
) -> Result<Option<EntryRow>, LibraryError> {
    let root = tx.space(space)?.ok_or(LibraryError::NoSuchSpace)?.root;
    let mut entry = tx.entry(root)?.ok_or(LibraryError::NotFound)?;
    for name in path.names() {
        if !entry.is_folder() {
            return Ok(None);
        }
        match child(tx, entry.id, name)?.into_same() {
            Some(row) => entry = row,
            None => return Ok(None),
        }
    }
    Ok(Some(entry))
}

/// The place that `path` names: its folder, its last name and what is there now.
pub(super) struct Place {
    pub(super) folder: EntryRow,
    pub(super) name: EntryName,
    pub(super) found: Found,
}

/// The place for something that is to be created or replaced.
pub(super) fn place(tx: &ReadTx<'_>, space: SpaceId, path: &EntryPath) -> Result<Place, LibraryError> {
    let (parent, name) = path.split_last().ok_or(LibraryError::IsRoot)?;
    let folder = find(tx, space, &parent)?.filter(EntryRow::is_folder).ok_or(LibraryError::ParentMissing)?;
    let found = child(tx, folder.id, name)?;
    Ok(Place { folder, name: name.clone(), found })
}

/// Where an entry lies in its space.
pub(super) fn path_of(tx: &ReadTx<'_>, entry: EntryId) -> Result<EntryPath, LibraryError> {
    let lineage = tx.lineage(entry)?;
    let names = lineage.iter().rev().filter_map(|row| EntryName::parse(&row.name).ok());
    Ok(EntryPath::new(names.collect())?)
}
