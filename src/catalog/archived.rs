//! What an archive of a folder needs: its tree, and the CRC-32 of contents.

use super::row::{Row, params};
use super::versions::state;
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{EntryId, Timestamp, VersionId, VersionState};

/// A file or folder for an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedRow {
    /// The file or folder.
    pub id: EntryId,
    /// As sent.
    pub name: String,
    /// Its name key, after which the next page begins.
    pub key: String,
    /// Modification time; for files as sent by the client.
    pub modified: Timestamp,
    /// Increased by every change of the content.
    pub revision: i64,
    /// The current content; `None` for a folder.
    pub content: Option<ArchivedContent>,
}

/// The current content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedContent {
    /// Id of the version.
    pub version: VersionId,
    /// Its bytes.
    pub size: u64,
    /// Its state.
    pub state: VersionState,
    /// Its CRC-32, if that was computed before.
    pub crc32: Option<u32>,
}

/// Numbers of a tree, counted up to a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeSize {
    /// Files and folders, the top included.
    pub entries: usize,
    /// Files that are not withheld.
    pub files: usize,
    /// Bytes of these files.
    pub bytes: u64,
}

fn archived_row(row: &Row<'_>) -> Result<ArchivedRow, DatabaseError> {
    let content = match row.get::<Option<i64>>(5)? {
        None => None,
        Some(version) => Some(ArchivedContent {
            version: VersionId(version),
            size: row.get(6)?,
            state: state(&row.get::<String>(7)?),
            crc32: row.get(8)?,
        }),
    };
    Ok(ArchivedRow {
        id: EntryId(row.get(0)?),
        name: row.get(1)?,
        key: row.get(2)?,
        modified: Timestamp(row.get(3)?),
        revision: row.get(4)?,
        content,
    })
}

impl ReadTx<'_> {
    /// Up to `limit` members of a folder ordered by name, from the one after the name key `after`.
    pub fn archived_children(
        &self,
        folder: EntryId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ArchivedRow>, CatalogError> {
        self.all(
            "SELECT entries.id, name, name_key, entries.modified_at, revision, versions.id, versions.size, state, crc32
             FROM entries LEFT JOIN versions ON versions.id = entries.version_id
             WHERE parent_id = ?1 AND name_key > ?2 ORDER BY name_key LIMIT ?3",
            params![folder.0, after, limit],
            archived_row,
        )
    }

    /// The CRC-32 of a version's content, if that was computed before.
    pub fn crc32(&self, version: VersionId) -> Result<Option<u32>, CatalogError> {
        let found = self.one("SELECT crc32 FROM versions WHERE id = ?1", [version.0], |row| row.get(0))?;
        Ok(found.flatten())
    }

    /// The SHA-256 of a version's content, if known.
    pub fn sha256(&self, version: VersionId) -> Result<Option<[u8; 32]>, CatalogError> {
        let found = self.one("SELECT sha256 FROM versions WHERE id = ?1", [version.0], |row| row.get(0))?;
        Ok(found.flatten())
    }

    /// Numbers of the tree at `top`, counted up to `limit` entries.
    pub fn tree_size(&self, top: EntryId, limit: usize) -> Result<TreeSize, CatalogError> {
        let size = self.one(
            "WITH RECURSIVE tree (id) AS (
                 VALUES (?1)
                 UNION ALL SELECT entries.id FROM entries JOIN tree ON entries.parent_id = tree.id
                 LIMIT ?2
             )
             SELECT count(*), count(versions.id), coalesce(sum(versions.size), 0)
             FROM tree JOIN entries ON entries.id = tree.id
             LEFT JOIN versions ON versions.id = entries.version_id AND versions.state = 'visible'",
            params![top.0, limit],
            |row| Ok(TreeSize { entries: row.get(0)?, files: row.get(1)?, bytes: row.get(2)? }),
        )?;
        Ok(size.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Notes the CRC-32 of a version's content; nothing if the version was removed.
    pub fn note_crc32(&self, version: VersionId, crc32: u32) -> Result<(), CatalogError> {
        self.execute("UPDATE versions SET crc32 = ?2 WHERE id = ?1", params![version.0, crc32]).map(drop)
    }
}
