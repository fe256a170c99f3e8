//! Deleted entries that can still be restored.

use super::entries::{ENTRIES, OF_WITHHELD};
use super::row::{Row, params};
use super::versions::{PROTECTED, Withheld, withheld};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{EntryId, SpaceId, Timestamp, UserId};

/// A deleted file or folder; entries below a folder stay below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrashRow {
    /// The entry: out of the tree, but with its id, versions and members.
    pub entry: EntryId,
    /// The folder it was deleted from.
    pub parent: EntryId,
    /// Original path, such as `a/b.txt`.
    pub path: String,
    /// Size in bytes, including all members.
    pub size: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Time of deletion.
    pub deleted: Timestamp,
    /// User who deleted it, while that account exists.
    pub deleted_by: Option<UserId>,
    /// State and author of a deleted file's content, if it is withheld.
    pub withheld: Option<Withheld>,
}

const COLUMNS: &str =
    "trash.entry_id, trash.parent_id, path, entries.size, is_folder, deleted_at, deleted_by";

/// Deleted entries whose retention ends at `?1`; follows `WITH RECURSIVE protected AS (…),`.
const EXPIRED: &str = "kept (id) AS (
        SELECT entry FROM protected
        UNION SELECT parent_id FROM entries JOIN kept USING (id) WHERE parent_id IS NOT NULL
    )
    SELECT entry_id FROM trash JOIN spaces ON spaces.id = space_id
    WHERE is_purging = 0 AND deleted_at + trash_days * 86400000 <= ?1
    AND entry_id NOT IN (SELECT id FROM kept)";

fn trash_row(row: &Row<'_>) -> Result<TrashRow, DatabaseError> {
    Ok(TrashRow {
        entry: EntryId(row.get(0)?),
        parent: EntryId(row.get(1)?),
        path: row.get(2)?,
        size: row.get(3)?,
        is_folder: row.get(4)?,
        deleted: Timestamp(row.get(5)?),
        deleted_by: row.get::<Option<i64>>(6)?.map(UserId),
        withheld: withheld(row, 7)?,
    })
}

impl ReadTx<'_> {
    /// Deleted entries that are being removed permanently, except those that may still return to the name they
    /// left.
    pub fn purging(&self, limit: usize) -> Result<Vec<EntryId>, CatalogError> {
        self.all(
            "SELECT entry_id FROM trash WHERE is_purging = 1 AND NOT EXISTS
                 (SELECT 1 FROM departures AS d WHERE d.entry_id = trash.entry_id AND absorbed_by IS NOT NULL)
             LIMIT ?1",
            [limit],
            |row| row.get(0).map(EntryId),
        )
    }

    /// Whether a deleted entry is being removed permanently.
    pub fn is_purging(&self, entry: EntryId) -> Result<bool, CatalogError> {
        let sql = "SELECT 1 FROM trash WHERE entry_id = ?1 AND is_purging = 1";
        Ok(self.one(sql, [entry.0], |_| Ok(()))?.is_some())
    }

    /// The entries in a space's trash, latest first.
    pub fn trash(&self, space: SpaceId, limit: usize) -> Result<Vec<TrashRow>, CatalogError> {
        self.all(
            &format!(
                "SELECT {COLUMNS}, {OF_WITHHELD} FROM trash, {ENTRIES}
                 WHERE entries.id = trash.entry_id AND trash.space_id = ?1 AND is_purging = 0
                 ORDER BY deleted_at DESC, trash.entry_id DESC LIMIT ?2"
            ),
            params![space.0, limit],
            trash_row,
        )
    }

    /// One deleted entry of a space.
    pub fn trashed(&self, space: SpaceId, entry: EntryId) -> Result<Option<TrashRow>, CatalogError> {
        self.one(
            &format!(
                "SELECT {COLUMNS}, {OF_WITHHELD} FROM trash, {ENTRIES}
                 WHERE entries.id = trash.entry_id AND trash.space_id = ?1 AND trash.entry_id = ?2
                 AND is_purging = 0"
            ),
            params![space.0, entry.0],
            trash_row,
        )
    }

    /// Deleted entries whose retention in their space has ended at `now`, oldest first. Entries with damaged
    /// versions are kept for inspection; missing containers do not count.
    pub fn expired_trash(&self, now: Timestamp, limit: usize) -> Result<Vec<EntryId>, CatalogError> {
        self.all(
            &format!("WITH RECURSIVE protected AS ({PROTECTED}), {EXPIRED} ORDER BY deleted_at LIMIT ?2"),
            params![now.0, limit],
            |row| row.get(0).map(EntryId),
        )
    }

    /// Whether an entry is one of [`Self::expired_trash`].
    pub fn is_expired_trash(&self, entry: EntryId, now: Timestamp) -> Result<bool, CatalogError> {
        let sql = format!("WITH RECURSIVE protected AS ({PROTECTED}), {EXPIRED} AND entry_id = ?2");
        Ok(self.one(&sql, params![now.0, entry.0], |_| Ok(()))?.is_some())
    }
}

impl WriteTx<'_> {
    /// Hides a deleted entry from all lists; [`WriteTx::delete_some`] then removes it.
    pub fn begin_purge(&self, entry: EntryId) -> Result<(), CatalogError> {
        self.execute("UPDATE trash SET is_purging = 1 WHERE entry_id = ?1", [entry.0]).map(drop)
    }

    /// Records the original path of an entry that is being taken out of the tree.
    pub fn insert_trash(
        &self,
        space: SpaceId,
        entry: EntryId,
        parent: EntryId,
        path: &str,
        deleted: Timestamp,
        deleted_by: Option<UserId>,
    ) -> Result<(), CatalogError> {
        let deleted = self.not_before_certain(deleted)?;
        self.execute(
            "INSERT INTO trash (entry_id, space_id, parent_id, path, deleted_at, deleted_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![entry.0, space.0, parent.0, path, deleted.0, deleted_by.map(|user| user.0)],
        )
        .map(drop)
    }

    /// Records an entry that is not part of the tree yet: unless [`Self::remove_from_trash`] moves it into the
    /// tree, it is removed permanently. It had no place before, so its path is empty.
    pub fn insert_unfinished(
        &self,
        space: SpaceId,
        entry: EntryId,
        parent: EntryId,
        begun: Timestamp,
        begun_by: Option<UserId>,
    ) -> Result<(), CatalogError> {
        self.insert_trash(space, entry, parent, "", begun, begun_by)?;
        self.begin_purge(entry)
    }

    /// Replaces an entry in the trash by another one.
    pub fn replace_in_trash(&self, entry: EntryId, with: EntryId) -> Result<(), CatalogError> {
        self.execute("UPDATE trash SET entry_id = ?2 WHERE entry_id = ?1", [entry.0, with.0]).map(drop)
    }

    /// Removes the trash record of an entry; the caller moves it back into the tree.
    pub fn remove_from_trash(&self, entry: EntryId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM trash WHERE entry_id = ?1", [entry.0]).map(drop)
    }
}
