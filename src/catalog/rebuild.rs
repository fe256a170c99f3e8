//! Queries of a rebuild only: rows and counters of a catalogue that is being updated from the containers on disk,
//! and records of containers that could not be added.

use super::row::params;
use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{ContainerId, EntryId, SpaceId, Timestamp};

/// Most entries that one pass over a forgotten tree removes.
const FORGOTTEN_AT_ONCE: usize = 1_000;

/// Counters that increase with every change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The last revision given out.
    pub revision: i64,
    /// All entry ids and serials in use are below this.
    pub next_entry: i64,
}

/// A container that no version uses but that is kept anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAsideRow {
    /// Id of the container.
    pub container: ContainerId,
    /// Space whose directory holds it.
    pub space: SpaceId,
    /// Why no version uses it.
    pub reason: String,
    /// Time of the record.
    pub noted: Timestamp,
}

impl ReadTx<'_> {
    /// The present counters.
    pub fn counters(&self) -> Result<Counters, CatalogError> {
        self.one("SELECT revision, next_entry_id FROM counters", [], |row| {
            Ok(Counters { revision: row.get(0)?, next_entry: row.get(1)? })
        })?
        .ok_or(CatalogError::Damaged)
    }

    /// Entries that are not part of the tree yet ([`WriteTx::insert_unfinished`]).
    pub fn unfinished(&self) -> Result<Vec<EntryId>, CatalogError> {
        let sql = "SELECT entry_id FROM trash WHERE is_purging = 1 AND path = ''";
        self.all(sql, [], |row| row.get(0).map(EntryId))
    }

    /// The entries whose current version needs a container.
    pub fn entries_showing(&self, container: ContainerId) -> Result<Vec<EntryId>, CatalogError> {
        self.all(
            "SELECT entries.id FROM segments JOIN entries ON entries.version_id = segments.version_id
             WHERE container_id = ?1 ORDER BY entries.id",
            [container.0],
            |row| row.get(0).map(EntryId),
        )
    }

    /// Containers that were set aside for a reason other than `but_for`.
    pub fn set_aside(&self, but_for: &str, limit: usize) -> Result<Vec<SetAsideRow>, CatalogError> {
        self.all(
            "SELECT container_id, space_id, reason, noted_at FROM set_aside
             WHERE reason <> ?1 ORDER BY noted_at LIMIT ?2",
            params![but_for, limit],
            |row| {
                Ok(SetAsideRow {
                    container: ContainerId(row.get(0)?),
                    space: SpaceId(row.get(1)?),
                    reason: row.get(2)?,
                    noted: Timestamp(row.get(3)?),
                })
            },
        )
    }
}

impl WriteTx<'_> {
    /// Makes sure that no entry id or serial below `next` is given out from now on.
    pub fn skip_entry_ids(&self, next: i64) -> Result<(), CatalogError> {
        self.execute("UPDATE counters SET next_entry_id = max(next_entry_id, ?1)", [next]).map(drop)
    }

    /// Records a container that no version uses, so that no sweep removes it.
    pub fn put_aside(&self, row: &SetAsideRow) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO set_aside (container_id, space_id, reason, noted_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (container_id) DO UPDATE SET reason = excluded.reason, noted_at = excluded.noted_at",
            params![row.container.0, row.space.0, row.reason, row.noted.0],
        )
        .map(drop)
    }

    /// Removes all records of containers that were set aside.
    pub fn forget_set_aside(&self) -> Result<(), CatalogError> {
        self.execute("DELETE FROM set_aside", []).map(drop)
    }

    /// Removes the records with `reason` that are older than `before`.
    pub fn forget_set_aside_before(&self, reason: &str, before: Timestamp) -> Result<(), CatalogError> {
        self.execute("DELETE FROM set_aside WHERE reason = ?1 AND noted_at < ?2", params![reason, before.0])
            .map(drop)
    }

    /// Removes the rows of an entry, of everything below it and of containers that nothing else uses; the
    /// containers stay on the disk, unknown to any row.
    pub fn forget_tree(&self, top: EntryId) -> Result<(), CatalogError> {
        let containers = self.all(
            "WITH RECURSIVE tree (id) AS (
                 VALUES (?1)
                 UNION ALL SELECT entries.id FROM entries JOIN tree ON entries.parent_id = tree.id
             )
             SELECT DISTINCT container_id FROM tree JOIN versions ON versions.entry_id = tree.id
             JOIN segments ON segments.version_id = versions.id",
            [top.0],
            |row| row.get(0).map(ContainerId),
        )?;
        while !self.delete_some(top, FORGOTTEN_AT_ONCE)? {}
        containers.into_iter().try_for_each(|container| self.forget_garbage(container))
    }

    /// Removes a named value.
    pub fn remove_setting(&self, name: &str) -> Result<(), CatalogError> {
        self.execute("DELETE FROM settings WHERE name = ?1", [name]).map(drop)
    }
}
