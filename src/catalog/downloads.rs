//! Downloads through links that give their content a limited number of times.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{DownloadId, EntryId, LinkId, SpaceId, Timestamp};

/// A download, from its lease to its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadRow {
    /// Id of the download.
    pub id: DownloadId,
    /// Its link; `None` once that is removed.
    pub link: Option<LinkId>,
    /// Space of the link.
    pub space: SpaceId,
    /// The target of the link, while it exists.
    pub entry: Option<EntryId>,
    /// When it was begun.
    pub begun: Timestamp,
    /// Time from which its lease opens nothing.
    pub ends: Timestamp,
    /// ETag of the sent content; empty before the first byte.
    pub content: String,
    /// Bytes of that.
    pub size: u64,
    /// The ranges that have left, such as `0-100,200-300`.
    pub sent: String,
    /// When its last byte left.
    pub completed: Option<Timestamp>,
    /// Path of the entry then; empty before.
    pub path: String,
    /// Label of the link then; empty before.
    pub label: String,
}

const DOWNLOAD: &str =
    "SELECT id, link_id, space_id, entry_id, begun_at, ends_at, content, size, sent, completed_at, path, label
     FROM downloads";

fn download_row(row: &Row<'_>) -> Result<DownloadRow, DatabaseError> {
    Ok(DownloadRow {
        id: DownloadId(row.get(0)?),
        link: row.get::<Option<i64>>(1)?.map(LinkId),
        space: SpaceId(row.get(2)?),
        entry: row.get::<Option<i64>>(3)?.map(EntryId),
        begun: Timestamp(row.get(4)?),
        ends: Timestamp(row.get(5)?),
        content: row.get(6)?,
        size: row.get(7)?,
        sent: row.get(8)?,
        completed: row.get::<Option<i64>>(9)?.map(Timestamp),
        path: row.get::<Option<String>>(10)?.unwrap_or_default(),
        label: row.get::<Option<String>>(11)?.unwrap_or_default(),
    })
}

impl ReadTx<'_> {
    /// The download of this id.
    pub fn download(&self, id: DownloadId) -> Result<Option<DownloadRow>, CatalogError> {
        self.one(&format!("{DOWNLOAD} WHERE id = ?1"), [id.0], download_row)
    }

    /// The open lease of a browser for a link.
    pub fn download_of_browser(
        &self,
        link: LinkId,
        browser: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<DownloadRow>, CatalogError> {
        self.one(
            &format!(
                "{DOWNLOAD} WHERE link_id = ?1 AND browser = ?2 AND completed_at IS NULL AND ends_at > ?3
                 ORDER BY id LIMIT 1"
            ),
            params![link.0, browser, now.0],
            download_row,
        )
    }

    /// Number of downloads of a link that are begun, not complete, and may still become so.
    pub fn open_downloads(&self, link: LinkId, now: Timestamp) -> Result<u32, CatalogError> {
        let count = self.one(
            "SELECT count(*) FROM downloads WHERE link_id = ?1 AND completed_at IS NULL AND ends_at > ?2",
            params![link.0, now.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }

    /// Up to `limit` complete downloads of a link, latest first.
    pub fn downloads_of(&self, link: LinkId, limit: usize) -> Result<Vec<DownloadRow>, CatalogError> {
        let sql =
            format!("{DOWNLOAD} WHERE link_id = ?1 AND completed_at IS NOT NULL ORDER BY id DESC LIMIT ?2");
        self.all(&sql, params![link.0, limit], download_row)
    }

    /// Up to `limit` complete downloads of a space, latest first.
    pub fn downloads_in(&self, space: SpaceId, limit: usize) -> Result<Vec<DownloadRow>, CatalogError> {
        let sql =
            format!("{DOWNLOAD} WHERE space_id = ?1 AND completed_at IS NOT NULL ORDER BY id DESC LIMIT ?2");
        self.all(&sql, params![space.0, limit], download_row)
    }

    /// The signed receipt of a download; `None` before it is complete.
    pub fn download_receipt(&self, id: DownloadId) -> Result<Option<String>, CatalogError> {
        let receipt = self.one("SELECT receipt FROM downloads WHERE id = ?1", [id.0], |row| row.get(0))?;
        Ok(receipt.flatten())
    }
}

impl WriteTx<'_> {
    /// Begins a download of a link's entry.
    pub fn insert_download(
        &self,
        (link, space, entry): (LinkId, SpaceId, EntryId),
        browser: Option<&[u8; 32]>,
        begun: Timestamp,
        ends: Timestamp,
    ) -> Result<DownloadId, CatalogError> {
        self.execute(
            "INSERT INTO downloads (link_id, space_id, entry_id, browser, begun_at, ends_at, content, size, sent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', 0, '')",
            params![link.0, space.0, entry.0, browser, begun.0, ends.0],
        )?;
        Ok(DownloadId(self.last_insert_id()))
    }

    /// Updates the download with this id: end of its lease, content, size and ranges.
    pub fn update_download(&self, row: &DownloadRow) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE downloads SET ends_at = ?2, content = ?3, size = ?4, sent = ?5 WHERE id = ?1",
            params![row.id.0, row.ends.0, row.content, row.size, row.sent],
        )
        .map(drop)
    }

    /// Completes the download with this id, as its row says, with its receipt.
    pub fn complete_download(&self, row: &DownloadRow, receipt: &str) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE downloads SET completed_at = ?2, path = ?3, label = ?4, receipt = ?5 WHERE id = ?1",
            params![row.id.0, row.completed.map(|at| at.0), row.path, row.label, receipt],
        )
        .map(drop)
    }

    /// Removes downloads that were not complete when their leases ended. Returns their number.
    pub fn delete_ended_downloads(&self, now: Timestamp) -> Result<usize, CatalogError> {
        self.execute("DELETE FROM downloads WHERE completed_at IS NULL AND ends_at <= ?1", [now.0])
    }
}
