//! The tree of files and folders.

use std::collections::HashMap;

use super::row::{Row, params};
use super::versions::{WITHHELD, Withheld, withheld};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{EntryId, EntryName, SpaceId, Timestamp, VersionId};

/// A file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Stays the same when the entry is renamed, moved or overwritten.
    pub id: EntryId,
    /// Space of the entry.
    pub space: SpaceId,
    /// Its folder; `None` for a space's root and for deleted entries.
    pub parent: Option<EntryId>,
    /// Byte for byte as sent; empty for a root.
    pub name: String,
    /// A file's current version; `None` for a folder.
    pub version: Option<VersionId>,
    /// Bytes of the file, or of all files below the folder.
    pub size: u64,
    /// Increased by every change of the content; for a folder, by every change below it.
    pub revision: i64,
    /// Time at which the entry was created here.
    pub created: Timestamp,
    /// Modification time; for files as sent by the client.
    pub modified: Timestamp,
    /// State and author of the current content, if it is withheld.
    pub withheld: Option<Withheld>,
}

impl EntryRow {
    /// Folders have no version.
    pub fn is_folder(&self) -> bool {
        self.version.is_none()
    }
}

/// An entry to insert.
#[derive(Debug)]
pub struct NewEntry<'a> {
    /// Taken from [`WriteTx::reserve_entry_ids`].
    pub id: EntryId,
    /// Space of the entry.
    pub space: SpaceId,
    /// Its folder; `None` for a root.
    pub parent: Option<EntryId>,
    /// `None` for a root.
    pub name: Option<&'a EntryName>,
    /// `None` for a folder.
    pub version: Option<VersionId>,
    /// Bytes of content.
    pub size: u64,
    /// Taken from [`WriteTx::next_revision`].
    pub revision: i64,
    /// Time of creation here.
    pub created: Timestamp,
    /// Modification time as sent by the client.
    pub modified: Timestamp,
}

const COLUMNS: &str = "entries.id, space_id, parent_id, name, version_id, entries.size, revision,
     entries.created_at, entries.modified_at";

type WithheldByFile = HashMap<(EntryId, VersionId), Withheld>;

/// Most withheld versions that a listing reads at once to find those of a folder.
const MAX_FEW: usize = 256;

/// State, author and recipients of the withheld version in [`ENTRIES`], for [`withheld`].
pub(super) const OF_WITHHELD: &str = "withheld.state, withheld.author_id,
     (SELECT string_agg(CAST(user_id AS TEXT), ' ') FROM handed_out WHERE version_id = withheld.id)";

/// Entries, joined with withheld versions. These come from `versions_withheld`, an index that is nearly empty; the
/// `+` keeps SQLite from reading the table of all versions instead.
pub(super) const ENTRIES: &str = "entries LEFT JOIN versions AS withheld ON withheld.entry_id = entries.id
     AND +withheld.id = entries.version_id AND withheld.state <> 'visible'";

fn entry_row(row: &Row<'_>) -> Result<EntryRow, DatabaseError> {
    Ok(EntryRow { withheld: withheld(row, 9)?, ..unjoined_row(row)? })
}

/// The columns of [`COLUMNS`].
fn unjoined_row(row: &Row<'_>) -> Result<EntryRow, DatabaseError> {
    Ok(EntryRow {
        id: EntryId(row.get(0)?),
        space: SpaceId(row.get(1)?),
        parent: row.get::<Option<i64>>(2)?.map(EntryId),
        name: row.get(3)?,
        version: row.get::<Option<i64>>(4)?.map(VersionId),
        size: row.get(5)?,
        revision: row.get(6)?,
        created: Timestamp(row.get(7)?),
        modified: Timestamp(row.get(8)?),
        withheld: None,
    })
}

impl ReadTx<'_> {
    /// The entry of this id.
    pub fn entry(&self, id: EntryId) -> Result<Option<EntryRow>, CatalogError> {
        self.one(
            &format!("SELECT {COLUMNS}, {OF_WITHHELD} FROM {ENTRIES} WHERE entries.id = ?1"),
            [id.0],
            entry_row,
        )
    }

    /// The top folder of a space.
    pub fn top_of(&self, space: SpaceId) -> Result<Option<EntryRow>, CatalogError> {
        self.one(
            &format!(
                "SELECT {COLUMNS}, {OF_WITHHELD} FROM {ENTRIES} WHERE entries.id = (SELECT root_id FROM spaces WHERE spaces.id = ?1)"
            ),
            [space.0],
            entry_row,
        )
    }

    /// The entry in `parent` whose name has this key ([`EntryName::key`]).
    pub fn child(&self, parent: EntryId, name_key: &str) -> Result<Option<EntryRow>, CatalogError> {
        self.one(
            &format!("SELECT {COLUMNS}, {OF_WITHHELD} FROM {ENTRIES} WHERE parent_id = ?1 AND name_key = ?2"),
            params![parent.0, name_key],
            entry_row,
        )
    }

    /// Up to `limit` entries of a folder ordered by name, from the one after the name key `after`.
    pub fn children(
        &self,
        parent: EntryId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<EntryRow>, CatalogError> {
        let page = params![parent.0, after.unwrap_or_default(), limit];
        let Some(few) = self.few_withheld()? else {
            let sql = format!(
                "SELECT {COLUMNS}, {OF_WITHHELD} FROM {ENTRIES} WHERE parent_id = ?1 AND name_key > ?2
                 ORDER BY name_key LIMIT ?3"
            );
            return self.all(&sql, page, entry_row);
        };
        // A join would look for each entry of a large folder in a mostly empty table.
        let sql = format!(
            "SELECT {COLUMNS} FROM entries WHERE parent_id = ?1 AND name_key > ?2 ORDER BY name_key LIMIT ?3"
        );
        let mut rows = self.all(&sql, page, unjoined_row)?;
        if !few.is_empty() {
            for row in &mut rows {
                row.withheld = row.version.and_then(|version| few.get(&(row.id, version)).cloned());
            }
        }
        Ok(rows)
    }

    /// All withheld versions with their files, unless they are many.
    fn few_withheld(&self) -> Result<Option<WithheldByFile>, CatalogError> {
        let found = self.all(
            &format!("SELECT entry_id, id, {WITHHELD} FROM versions WHERE state <> 'visible' LIMIT ?1"),
            [MAX_FEW + 1],
            |row| Ok(((EntryId(row.get(0)?), VersionId(row.get(1)?)), withheld(row, 2)?)),
        )?;
        let is_few = found.len() <= MAX_FEW;
        Ok(is_few.then(|| found.into_iter().filter_map(|(key, by)| Some((key, by?))).collect()))
    }

    /// The entry and all of its parents, nearest first.
    pub fn lineage(&self, id: EntryId) -> Result<Vec<EntryRow>, CatalogError> {
        let mut lineage: Vec<EntryRow> = Vec::new();
        let mut next = Some(id);
        while let Some(entry) = next.map(|id| self.entry(id)).transpose()?.flatten() {
            next = entry.parent;
            lineage.push(entry);
        }
        Ok(lineage)
    }

    /// The greatest depth of the tree below an entry in levels, and the bytes of its longest path with a slash
    /// before each name; both 0 for a file or an empty folder.
    pub fn extent(&self, top: EntryId) -> Result<(usize, usize), CatalogError> {
        let extent = self.one(
            "WITH RECURSIVE tree (id, level, bytes) AS (
                 VALUES (?1, 0, 0)
                 UNION ALL SELECT entries.id, level + 1, bytes + 1 + length(CAST(name AS BLOB))
                 FROM entries JOIN tree ON entries.parent_id = tree.id
             )
             SELECT max(level), max(bytes) FROM tree",
            [top.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(extent.unwrap_or_default())
    }

    /// Number of entries in this tree, including the top; counted up to `limit`.
    pub fn subtree_len(&self, top: EntryId, limit: usize) -> Result<usize, CatalogError> {
        let counted = self.one(
            "WITH RECURSIVE tree (id) AS (
                 VALUES (?1)
                 UNION ALL SELECT entries.id FROM entries JOIN tree ON entries.parent_id = tree.id
                 LIMIT ?2
             )
             SELECT count(*) FROM tree",
            params![top.0, limit],
            |row| row.get(0),
        )?;
        Ok(counted.unwrap_or_default())
    }

    /// Up to `limit` of the entry and everything below it, folders before their members.
    pub fn subtree(&self, top: EntryId, limit: usize) -> Result<Vec<EntryRow>, CatalogError> {
        self.all(
            &format!(
                "WITH RECURSIVE tree (top) AS (
                     VALUES (?1)
                     UNION ALL SELECT entries.id FROM entries JOIN tree ON entries.parent_id = tree.top
                 )
                 SELECT {COLUMNS}, {OF_WITHHELD} FROM tree, {ENTRIES} WHERE entries.id = tree.top LIMIT ?2"
            ),
            params![top.0, limit],
            entry_row,
        )
    }
}

impl WriteTx<'_> {
    /// A new revision, greater than all before.
    pub fn next_revision(&self) -> Result<i64, CatalogError> {
        self.one("UPDATE counters SET revision = revision + 1 RETURNING revision", [], |row| row.get(0))?
            .ok_or(CatalogError::NotCommitted)
    }

    /// Reserves `count` entry ids permanently, used or not; returns the first.
    pub fn reserve_entry_ids(&self, count: i64) -> Result<EntryId, CatalogError> {
        self.one(
            "UPDATE counters SET next_entry_id = next_entry_id + ?1 RETURNING next_entry_id - ?1",
            [count],
            |row| row.get(0).map(EntryId),
        )?
        .ok_or(CatalogError::NotCommitted)
    }

    /// Adds an entry; fails if its folder already has one with the same name key.
    pub fn insert_entry(&self, entry: &NewEntry<'_>) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO entries (id, space_id, parent_id, name, name_key, is_folder, version_id, size,
                                  revision, created_at, modified_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                entry.id.0,
                entry.space.0,
                entry.parent.map(|id| id.0),
                entry.name.map_or("", EntryName::as_str),
                entry.name.map(EntryName::key).unwrap_or_default(),
                entry.version.is_none(),
                entry.version.map(|id| id.0),
                entry.size,
                entry.revision,
                entry.created.0,
                entry.modified.0,
            ],
        )
        .map(drop)
    }

    /// Sets a file's current version.
    pub fn set_content(
        &self,
        file: EntryId,
        version: VersionId,
        size: u64,
        revision: i64,
        modified: Timestamp,
    ) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE entries SET version_id = ?2, size = ?3, revision = ?4, modified_at = ?5 WHERE id = ?1",
            params![file.0, version.0, size, revision, modified.0],
        )
        .map(drop)
    }

    /// Sets an entry's modification time only.
    pub fn set_modified(&self, entry: EntryId, modified: Timestamp) -> Result<(), CatalogError> {
        self.execute("UPDATE entries SET modified_at = ?2 WHERE id = ?1", params![entry.0, modified.0])
            .map(drop)
    }

    /// Records a change in `folder`: a new revision for it and every parent, so that each ETag changes, and
    /// `size_change` more (or fewer) bytes in each.
    pub fn touch_folders(
        &self,
        folder: EntryId,
        revision: i64,
        size_change: i64,
        now: Timestamp,
    ) -> Result<(), CatalogError> {
        self.execute(
            "WITH RECURSIVE up (id) AS (
                 VALUES (?1)
                 UNION ALL SELECT parent_id FROM entries JOIN up USING (id) WHERE parent_id IS NOT NULL
             )
             UPDATE entries SET revision = ?2, size = max(0, size + ?3),
                 modified_at = CASE id WHEN ?1 THEN ?4 ELSE modified_at END
             WHERE id IN (SELECT id FROM up)",
            params![folder.0, revision, size_change, now.0],
        )
        .map(drop)
    }

    /// Adds `bytes` to the size of a folder that is not part of the tree yet.
    pub fn grow_folder(&self, folder: EntryId, bytes: i64) -> Result<(), CatalogError> {
        self.execute("UPDATE entries SET size = size + ?2 WHERE id = ?1", params![folder.0, bytes]).map(drop)
    }

    /// Moves an entry with its tree to another folder or name. Without a folder it leaves the tree, like deleted
    /// entries.
    pub fn relocate(
        &self,
        entry: EntryId,
        parent: Option<EntryId>,
        name: &EntryName,
    ) -> Result<(), CatalogError> {
        self.keeping_lineages(entry, || {
            self.execute(
                "UPDATE entries SET parent_id = ?2, name = ?3, name_key = ?4 WHERE id = ?1",
                params![entry.0, parent.map(|id| id.0), name.as_str(), name.key()],
            )
            .map(drop)
        })
    }

    /// Permanently removes up to `limit` entries of the tree at `top`, from the bottom up, with their versions,
    /// locks and properties. Containers that nothing else uses become garbage. `true` once `top` itself is removed.
    pub fn delete_some(&self, top: EntryId, limit: usize) -> Result<bool, CatalogError> {
        let (mut folders, mut left) = (vec![top], limit);
        while let Some(folder) = folders.last().copied() {
            let members = self.all(
                "SELECT id, is_folder FROM entries WHERE parent_id = ?1 LIMIT ?2",
                params![folder.0, left.max(1)],
                |row| Ok((EntryId(row.get(0)?), row.get(1)?)),
            )?;
            if members.is_empty() {
                if left == 0 {
                    return Ok(false);
                }
                self.delete_entry(folder)?;
                folders.pop();
                left -= 1;
            }
            for (member, is_folder) in members {
                if is_folder {
                    folders.push(member);
                    break;
                }
                if left == 0 {
                    return Ok(false);
                }
                self.delete_entry(member)?;
                left -= 1;
            }
        }
        Ok(true)
    }

    fn delete_entry(&self, entry: EntryId) -> Result<(), CatalogError> {
        let containers = self.all(
            "SELECT DISTINCT container_id FROM versions JOIN segments ON segments.version_id = versions.id
             WHERE entry_id = ?1",
            [entry.0],
            |row| row.get(0),
        )?;
        self.execute("DELETE FROM versions WHERE entry_id = ?1", [entry.0])?;
        self.execute("DELETE FROM entries WHERE id = ?1", [entry.0])?;
        self.discard_unused(&containers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::sqlite::fixture::fresh;

    /// A folder (1) with 600 files, whose versions have the same numbers; `withheld` of these are held.
    #[test]
    fn a_listing_shows_what_is_withheld_whether_it_is_little_or_much() {
        for withheld in [0, 1, MAX_FEW, MAX_FEW + 1, 500] {
            let (_folder, connection) = fresh();
            connection.run_all(&format!(
                "PRAGMA foreign_keys = OFF;
                 INSERT INTO entries (id, space_id, parent_id, name, name_key, is_folder, revision,
                                      created_at, modified_at)
                 SELECT 1, zeroblob(16), NULL, '', '', 1, 0, 0, 0;
                 WITH RECURSIVE n (i) AS (VALUES (1000) UNION ALL SELECT i + 1 FROM n WHERE i < 1599)
                 INSERT INTO entries (id, space_id, parent_id, name, name_key, is_folder, version_id, revision,
                                      created_at, modified_at)
                 SELECT i, zeroblob(16), 1, i, i, 0, i, 0, 0, 0 FROM n;
                 INSERT INTO versions (id, entry_id, size, modified_at, created_at, state)
                 SELECT id, id, 1, 0, 0, CASE WHEN id < 1000 + {withheld} THEN 'held' ELSE 'visible' END
                 FROM entries WHERE parent_id = 1;
                 -- An earlier version says nothing about the file.
                 INSERT INTO versions (entry_id, size, modified_at, created_at, state) VALUES (1599, 1, 0, 0, 'held');"
            ));
            let tx = ReadTx::new(&connection);
            let listed = tx.children(EntryId(1), None, 1_000).unwrap();
            assert_eq!(listed.len(), 600);
            assert_eq!(listed.iter().filter(|row| row.withheld.is_some()).count(), withheld, "{withheld}");
            for row in listed {
                assert_eq!(Some(&row), tx.entry(row.id).unwrap().as_ref(), "{withheld}");
            }
        }
    }
}
