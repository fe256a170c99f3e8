//! Spaces: name, quota, retention of versions and trash.

use rusqlite::{Row, params};

use super::{CatalogError, NewEntry, ReadTx, WriteTx};
use crate::model::{ByteSize, EntryId, EntryName, SpaceId, SpaceKind, Timestamp};

/// A space as the catalogue keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceRow {
    /// Its id, also the name of its directory and key file.
    pub id: SpaceId,
    /// Name of its top folder in every mount.
    pub name: String,
    /// Client or team.
    pub kind: SpaceKind,
    /// Its root folder.
    pub root: EntryId,
    /// Most bytes it may hold, old versions and trash included.
    pub quota: Option<ByteSize>,
    /// Bytes it holds; copies that share a container count once.
    pub used: ByteSize,
    /// Bytes that uploads have announced and that have not arrived yet.
    pub reserved: ByteSize,
    /// Bytes of dead properties, also of what lies in the trash.
    pub properties: ByteSize,
    /// Days that replaced contents are kept.
    pub version_days: u32,
    /// Days that deleted entries are kept.
    pub trash_days: u32,
    /// When it was made.
    pub created: Timestamp,
}

impl SpaceRow {
    /// Bytes that count against its quota.
    pub fn counted(&self) -> u64 {
        self.used.0.saturating_add(self.properties.0)
    }
}

/// A space about to be inserted, with its root folder.
#[derive(Debug)]
pub struct NewSpace<'a> {
    /// A fresh random id.
    pub id: SpaceId,
    /// Unique among spaces by its key.
    pub name: &'a EntryName,
    /// Client or team.
    pub kind: SpaceKind,
    /// Its root folder, inserted in the same transaction.
    pub root: EntryId,
    /// Most bytes it may hold.
    pub quota: Option<ByteSize>,
    /// Days that replaced contents are kept.
    pub version_days: u32,
    /// Days that deleted entries are kept.
    pub trash_days: u32,
    /// Now.
    pub created: Timestamp,
}

const COLUMNS: &str = "id, name, kind, root_id, quota_bytes, used_bytes, version_days, trash_days, created_at, reserved_bytes, \
     property_bytes";

fn space_row(row: &Row<'_>) -> rusqlite::Result<SpaceRow> {
    let kind: String = row.get(2)?;
    Ok(SpaceRow {
        id: SpaceId(row.get(0)?),
        name: row.get(1)?,
        kind: SpaceKind::from_word(&kind).ok_or(rusqlite::Error::InvalidColumnName(kind))?,
        root: EntryId(row.get(3)?),
        quota: row.get::<_, Option<u64>>(4)?.map(ByteSize),
        used: ByteSize(row.get(5)?),
        version_days: row.get(6)?,
        trash_days: row.get(7)?,
        created: Timestamp(row.get(8)?),
        reserved: ByteSize(row.get(9)?),
        properties: ByteSize(row.get(10)?),
    })
}

impl ReadTx<'_> {
    /// The space of this id.
    pub fn space(&self, id: SpaceId) -> Result<Option<SpaceRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM spaces WHERE id = ?1"), [id.0], space_row)
    }

    /// The space whose name has this key ([`EntryName::key`]).
    pub fn space_by_name(&self, name_key: &str) -> Result<Option<SpaceRow>, CatalogError> {
        self.one(&format!("SELECT {COLUMNS} FROM spaces WHERE name_key = ?1"), [name_key], space_row)
    }

    /// All spaces by name.
    pub fn spaces(&self) -> Result<Vec<SpaceRow>, CatalogError> {
        self.all(&format!("SELECT {COLUMNS} FROM spaces ORDER BY name_key"), [], space_row)
    }

    /// The spaces that have a container, by name.
    pub fn spaces_with_containers(&self) -> Result<Vec<SpaceId>, CatalogError> {
        self.all(
            "SELECT id FROM spaces WHERE EXISTS (SELECT 1 FROM containers WHERE space_id = spaces.id)
             ORDER BY name_key",
            [],
            |row| row.get(0).map(SpaceId),
        )
    }
}

impl WriteTx<'_> {
    /// Adds a space and its root folder.
    pub fn insert_space(&self, space: &NewSpace<'_>) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO spaces (id, name, name_key, kind, root_id, quota_bytes, version_days, trash_days, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                space.id.0,
                space.name.as_str(),
                space.name.key(),
                space.kind.as_str(),
                space.root.0,
                space.quota.map(|size| size.0),
                space.version_days,
                space.trash_days,
                space.created.0,
            ],
        )?;
        self.insert_entry(&NewEntry {
            id: space.root,
            space: space.id,
            parent: None,
            name: None,
            version: None,
            size: 0,
            revision: self.next_revision()?,
            created: space.created,
            modified: space.created,
        })
    }

    /// Changes a space's quota; `None` lifts it.
    pub fn set_quota(&self, space: SpaceId, quota: Option<ByteSize>) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE spaces SET quota_bytes = ?2 WHERE id = ?1",
            params![space.0, quota.map(|size| size.0)],
        )
        .map(drop)
    }

    /// Changes how many days replaced contents and deleted entries are kept.
    pub fn set_keep_days(
        &self,
        space: SpaceId,
        version_days: u32,
        trash_days: u32,
    ) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE spaces SET version_days = ?2, trash_days = ?3 WHERE id = ?1",
            params![space.0, version_days, trash_days],
        )
        .map(drop)
    }

    /// Gives a space another name.
    pub fn rename_space(&self, space: SpaceId, name: &EntryName) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE spaces SET name = ?2, name_key = ?3 WHERE id = ?1",
            params![space.0, name.as_str(), name.key()],
        )
        .map(drop)
    }
}
