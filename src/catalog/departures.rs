//! Names that files recently left, and the data that a file gets back when it gets its name again.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{EntryId, EntryName, Timestamp, UserId, VersionId};

/// A name that a file left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepartureRow {
    /// The folder that the name belongs to.
    pub folder: EntryId,
    /// The name, byte for byte.
    pub name: String,
    /// The file that had it.
    pub entry: EntryId,
    /// The file's version when it left.
    pub version: VersionId,
    /// The file that it was moved over. Until the departure is settled, `entry` is hidden: out of the tree and
    /// marked for removal.
    pub absorbed_by: Option<EntryId>,
    /// User who moved or deleted the file.
    pub user: UserId,
    /// Time at which the file left.
    pub left: Timestamp,
}

const COLUMNS: &str = "folder_id, name, entry_id, version_id, absorbed_by, user_id, left_at";

fn departure_row(row: &Row<'_>) -> Result<DepartureRow, DatabaseError> {
    Ok(DepartureRow {
        folder: EntryId(row.get(0)?),
        name: row.get(1)?,
        entry: EntryId(row.get(2)?),
        version: VersionId(row.get(3)?),
        absorbed_by: row.get::<Option<i64>>(4)?.map(EntryId),
        user: UserId(row.get(5)?),
        left: Timestamp(row.get(6)?),
    })
}

impl ReadTx<'_> {
    /// The file that last left the name with this key ([`EntryName::key`]) in a folder.
    pub fn departure(&self, folder: EntryId, name_key: &str) -> Result<Option<DepartureRow>, CatalogError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM departures WHERE folder_id = ?1 AND name_key = ?2"),
            params![folder.0, name_key],
            departure_row,
        )
    }

    /// Whether exactly this departure is recorded.
    pub fn departure_as(&self, row: &DepartureRow) -> Result<bool, CatalogError> {
        let noted = self.one(
            &format!(
                "SELECT {COLUMNS} FROM departures
                 WHERE folder_id = ?1 AND left_at = ?2 AND entry_id = ?3 AND name = ?4"
            ),
            params![row.folder.0, row.left.0, row.entry.0, row.name],
            departure_row,
        )?;
        Ok(noted.as_ref() == Some(row))
    }

    /// Up to `limit` departures before `time`, oldest first.
    pub fn departures_before(
        &self,
        time: Timestamp,
        limit: usize,
    ) -> Result<Vec<DepartureRow>, CatalogError> {
        self.all(
            &format!("SELECT {COLUMNS} FROM departures WHERE left_at < ?1 ORDER BY left_at LIMIT ?2"),
            params![time.0, limit],
            departure_row,
        )
    }
}

impl WriteTx<'_> {
    /// Records a departure if none from the same name is recorded; `false` if one is.
    pub fn add_departure(&self, name: &EntryName, row: &DepartureRow) -> Result<bool, CatalogError> {
        self.execute(
            &format!(
                "INSERT INTO departures ({COLUMNS}, name_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (folder_id, name_key) DO NOTHING"
            ),
            params![
                row.folder.0,
                row.name,
                row.entry.0,
                row.version.0,
                row.absorbed_by.map(|id| id.0),
                row.user.0,
                row.left.0,
                name.key(),
            ],
        )
        .map(|added| added > 0)
    }

    /// Removes the record of a departure.
    pub fn forget_departure(&self, row: &DepartureRow) -> Result<(), CatalogError> {
        self.execute(
            "DELETE FROM departures WHERE folder_id = ?1 AND entry_id = ?2 AND name = ?3",
            params![row.folder.0, row.entry.0, row.name],
        )
        .map(drop)
    }

    /// Turns the earlier versions of `from` into earlier versions of `to`, except those that `to` has or had as
    /// well.
    pub fn hand_over_versions(&self, from: EntryId, to: EntryId) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE versions SET entry_id = ?2
             WHERE entry_id = ?1 AND replaced_at IS NOT NULL AND NOT EXISTS (
                 SELECT 1 FROM segments AS own
                 JOIN segments AS other ON other.container_id = own.container_id
                 JOIN versions AS there ON there.id = other.version_id
                 WHERE own.version_id = versions.id AND there.entry_id = ?2)",
            params![from.0, to.0],
        )
        .map(drop)
    }

    /// Makes the links to `from` lead to `to`, until [`Self::take_links_back`].
    pub fn hand_over_links(&self, from: EntryId, to: EntryId) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE links SET entry_id = ?2, came_from = ?1 WHERE entry_id = ?1",
            params![from.0, to.0],
        )
        .map(drop)
    }

    /// Makes the links that led to `entry` before it was moved over another file lead to it again.
    pub fn take_links_back(&self, entry: EntryId) -> Result<(), CatalogError> {
        self.execute("UPDATE links SET entry_id = ?1, came_from = NULL WHERE came_from = ?1", [entry.0])
            .map(drop)
    }
}
