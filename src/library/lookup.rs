//! Finds the entry at a path.

use std::collections::{HashMap, HashSet};

use super::entry::property_pair;
use super::lock::Lock;
use super::resolve::{find, path_of, rooted};
use super::visibility::{Shows, Visibility};
use super::{Detail, Entry, Library, LibraryError, LinksOf, Listing, Member, SpaceUsage};
use crate::catalog::{EntryRow, LockRow, ReadTx};
use crate::model::{Access, Checksum, EntryId, EntryName, EntryPath, Right, Timestamp};

/// Members of a folder that are read at a time for a listing.
const PAGE: usize = 500;
/// Bytes of dead properties at which a page of a listing ends early.
const PAGE_BYTES: usize = 1024 * 1024;

/// The entry at a path, read from one snapshot.
#[derive(Clone, Debug)]
pub struct Described {
    /// The entry with its details.
    pub member: Member,
    /// The first page of its members, if it is a folder and they were requested.
    pub listing: Option<Listing>,
    /// Usage of its space, if it is a folder and [`Detail::usage`] requests it.
    pub usage: Option<SpaceUsage>,
}

impl Library {
    /// The entry at `path`, with its locks and dead properties.
    pub async fn member(
        &self,
        access: &Access,
        path: &EntryPath,
        now: Timestamp,
    ) -> Result<Member, LibraryError> {
        self.member_with(access, path, &Detail::ALL, now).await
    }

    /// The entry at `path`, with the requested details.
    pub async fn member_with(
        &self,
        access: &Access,
        path: &EntryPath,
        detail: &Detail,
        now: Timestamp,
    ) -> Result<Member, LibraryError> {
        let scope = access.scope(Right::Read)?;
        let (library, access, path, detail) = (self.clone(), *access, path.clone(), detail.clone());
        self.catalog()
            .read(move |tx| {
                let row = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                library.member_of(tx, &access, row, &detail, now)
            })
            .await
    }

    /// The entry at `path` and, with `members`, the first page of its members; [`Self::list_with`] reads the next
    /// ones.
    pub async fn describe(
        &self,
        access: &Access,
        path: &EntryPath,
        members: bool,
        detail: &Detail,
        now: Timestamp,
    ) -> Result<Described, LibraryError> {
        let scope = access.scope(Right::Read)?;
        let (library, access, path, detail) = (self.clone(), *access, path.clone(), detail.clone());
        self.catalog()
            .read(move |tx| {
                let row = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                let (id, is_folder) = (row.id, row.is_folder());
                let member = library.member_of(tx, &access, row, &detail, now)?;
                let listing = match members && is_folder {
                    true => Some(list(&library, tx, &access, id, None, &detail, now)?),
                    false => None,
                };
                let usage = match detail.usage && is_folder {
                    true => Some(library.usage_of(tx, &access)?),
                    false => None,
                };
                Ok(Described { member, listing, usage })
            })
            .await
    }

    pub(super) fn member_of(
        &self,
        tx: &ReadTx<'_>,
        access: &Access,
        row: EntryRow,
        detail: &Detail,
        now: Timestamp,
    ) -> Result<Member, LibraryError> {
        let locks = match detail.locks {
            true => shown(tx, access, tx.locks_covering(row.id, now)?)?,
            false => Vec::new(),
        };
        let properties = tx
            .properties(row.id, access.link(), &detail.properties)?
            .into_iter()
            .map(property_pair)
            .collect();
        let checksums = checksums(tx, access, detail, &row)?;
        let is_linked = !linked(tx, detail, std::slice::from_ref(&row))?.is_empty();
        Ok(Member { entry: self.entry(access.viewer(), row), locks, properties, checksums, is_linked })
    }

    /// The entry at `path`, with the requested details.
    pub async fn find(&self, access: &Access, path: &EntryPath) -> Result<Entry, LibraryError> {
        let scope = access.scope(Right::Read)?;
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .read(move |tx| {
                let row = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                Ok(library.entry(scope.viewer(), row))
            })
            .await
    }

    /// Returns those of `entries` in a space that `rights` cover, with their paths. Trashed entries are left out.
    pub async fn located(
        &self,
        rights: &[Access],
        entries: Vec<EntryId>,
    ) -> Result<Vec<(Entry, EntryPath)>, LibraryError> {
        let readable = rights.iter().filter_map(|access| access.whole_space(Right::Read).ok());
        let (library, scopes) = (self.clone(), readable.collect::<Vec<_>>());
        self.catalog()
            .read(move |tx| {
                let mut found = Vec::with_capacity(entries.len());
                for id in entries {
                    let Some(row) = tx.entry(id)? else { continue };
                    let Some(scope) = scopes.iter().find(|scope| scope.space() == row.space) else {
                        continue;
                    };
                    if let Some(row) = rooted(tx, scope.viewer(), row.space, id)? {
                        found.push((library.entry(scope.viewer(), row), path_of(tx, id)?));
                    }
                }
                Ok(found)
            })
            .await
    }

    /// Like [`Self::list_with`], with locks and dead properties.
    pub async fn list(
        &self,
        access: &Access,
        folder: EntryId,
        after: Option<String>,
        now: Timestamp,
    ) -> Result<Listing, LibraryError> {
        self.list_with(access, folder, after, &Detail::ALL, now).await
    }

    /// The next members of `folder` after the name key `after`: a limited number and few bytes at a time, so that a
    /// listing of any length needs little memory.
    pub async fn list_with(
        &self,
        access: &Access,
        folder: EntryId,
        after: Option<String>,
        detail: &Detail,
        now: Timestamp,
    ) -> Result<Listing, LibraryError> {
        access.scope(Right::Read)?;
        let (library, access, detail) = (self.clone(), *access, detail.clone());
        let list = move |tx: &ReadTx<'_>| list(&library, tx, &access, folder, after.as_deref(), &detail, now);
        self.catalog().read(list).await
    }

    /// Total number of entries in some folders and everything below them, counted up to `limit`.
    pub async fn trees_len(
        &self,
        folders: Vec<(Access, EntryId)>,
        limit: usize,
    ) -> Result<usize, LibraryError> {
        self.catalog()
            .read(move |tx| {
                let mut len = 0;
                for (access, folder) in folders {
                    let space = access.scope(Right::Read)?.space();
                    tx.entry(folder)?.filter(|row| row.space == space).ok_or(LibraryError::NotFound)?;
                    len += tx.subtree_len(folder, limit - len)?;
                    if len >= limit {
                        break;
                    }
                }
                Ok(len)
            })
            .await
    }

    /// The entries at which accesses of guests begin, as [`Self::lent_entry`] finds each, by one look; `None` for one that is not
    /// found. No access may begin at the top folder of a space.
    pub async fn lent_entries(&self, accesses: Vec<Access>) -> Result<Vec<Option<Entry>>, LibraryError> {
        let library = self.clone();
        self.catalog()
            .read(move |tx| {
                let mut found = Vec::with_capacity(accesses.len());
                for access in accesses {
                    let row = match access.top() {
                        Some(top) => rooted(tx, access.viewer(), access.space(), top)?,
                        None => None,
                    };
                    let row = row.filter(|row| row.parent.is_some());
                    found.push(row.map(|row| library.entry(access.viewer(), row)));
                }
                Ok(found)
            })
            .await
    }

    /// The entry at which a guest's access begins, whatever the guest may do.
    ///
    /// Errors: `NotFound` if it is in the trash or hidden from guests, or if the access does not belong to a guest.
    pub async fn lent_entry(&self, access: &Access) -> Result<Entry, LibraryError> {
        let (library, access) = (self.clone(), *access);
        self.catalog()
            .read(move |tx| {
                let top = access.top().ok_or(LibraryError::NotFound)?;
                let row = rooted(tx, access.viewer(), access.space(), top)?.ok_or(LibraryError::NotFound)?;
                let mut entry = library.entry(access.viewer(), row);
                if entry.parent.is_none() {
                    // The root of a whole space has the space's name.
                    entry.name = tx.space(entry.space)?.ok_or(LibraryError::NoSuchSpace)?.name;
                }
                Ok(entry)
            })
            .await
    }
}

fn list(
    library: &Library,
    tx: &ReadTx<'_>,
    access: &Access,
    folder: EntryId,
    after: Option<&str>,
    detail: &Detail,
    now: Timestamp,
) -> Result<Listing, LibraryError> {
    // The folder may have been deleted or moved away between two pages; it must still be inside the access.
    let folder = tx.entry(folder)?.filter(|row| row.space == access.space()).ok_or(LibraryError::NotFound)?;
    if let Some(top) = access.top() {
        rooted(tx, access.viewer(), folder.space, top)?.ok_or(LibraryError::NotFound)?;
        if tx.lineage(folder.id)?.iter().all(|above| above.id != top) {
            return Err(LibraryError::NotFound);
        }
    }
    let mut rows = tx.children(folder.id, after, PAGE)?;
    let mut has_more = rows.len() == PAGE;
    let inherited = match detail.locks {
        true => {
            let above = tx.locks_covering(folder.id, now)?.into_iter();
            shown(tx, access, above.filter(|lock| lock.is_deep))?
        }
        false => Vec::new(),
    };
    let keys = (rows.first(), rows.last());
    let (Some(first), Some(last)) = (keys.0.map(key_of), keys.1.map(key_of)) else {
        return Ok(Listing { members: Vec::new(), inherited, next: None });
    };
    let between = (first.as_str(), last.as_str());
    let (setter, meant) = (access.link(), &detail.properties);
    let mut properties = tx.properties_between(folder.id, between, setter, meant, PAGE_BYTES)?;
    if let Some(left_out) = properties.left_out
        && let Some(end) = rows.iter().position(|row| row.id == left_out)
    {
        rows.truncate(end);
        has_more = true;
    }
    let mut own_locks = HashMap::<EntryId, Vec<_>>::new();
    if detail.locks {
        for lock in tx.locks_on_members(folder.id, between, now)? {
            let entry = lock.entry;
            own_locks.entry(entry).or_default().extend(shown(tx, access, [lock])?);
        }
    }
    let next = rows.last().filter(|_| has_more).map(key_of);
    rows.retain(|row| !row.is_hidden_from(access.viewer()));
    let linked = linked(tx, detail, &rows)?;
    let mut members = Vec::with_capacity(rows.len());
    for row in rows {
        members.push(Member {
            locks: own_locks.remove(&row.id).unwrap_or_default(),
            properties: properties.found.remove(&row.id).into_iter().flatten().map(property_pair).collect(),
            checksums: checksums(tx, access, detail, &row)?,
            is_linked: linked.contains(&row.id),
            entry: library.entry(access.viewer(), row),
        });
    }
    Ok(Listing { members, inherited, next })
}

/// The known digests of a file's current content, if `detail` requests them and the viewer may read it.
fn checksums(
    tx: &ReadTx<'_>,
    access: &Access,
    detail: &Detail,
    row: &EntryRow,
) -> Result<Vec<Checksum>, LibraryError> {
    let is_told = detail.checksums && row.seen_by(access.viewer()) == Visibility::Full;
    let Some(version) = row.version.filter(|_| is_told) else { return Ok(Vec::new()) };
    Ok(tx.version(version)?.map(|version| version.checksums).unwrap_or_default())
}

/// Those of the entries that have a link selected by `detail`.
fn linked(tx: &ReadTx<'_>, detail: &Detail, rows: &[EntryRow]) -> Result<HashSet<EntryId>, LibraryError> {
    let creator = match detail.links {
        LinksOf::Nobody => return Ok(HashSet::new()),
        LinksOf::User(user) => Some(user),
        LinksOf::Everybody => None,
    };
    Ok(tx.linked_among(&rows.iter().map(|row| row.id).collect(), creator)?)
}

/// The locks that the sender may see: for a guest, only their own.
fn shown(
    tx: &ReadTx<'_>,
    access: &Access,
    locks: impl IntoIterator<Item = LockRow>,
) -> Result<Vec<Lock>, LibraryError> {
    let is_shown = |lock: &LockRow| access.link().is_none() || lock.link == access.link();
    let locks = locks.into_iter().filter(is_shown);
    locks.map(|lock| Lock::from_row(tx, access, lock)).collect()
}

/// The name key of a stored entry.
fn key_of(row: &EntryRow) -> String {
    EntryName::parse(&row.name).map(|name| name.key()).unwrap_or_default()
}
