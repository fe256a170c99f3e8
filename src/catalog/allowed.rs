//! Contents that a space lets in whatever scanners say of them, until a date.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{SpaceId, Timestamp, UserId};

/// A content that a space lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRow {
    /// Number of the row; 0 before it is stored.
    pub id: i64,
    /// The space.
    pub space: SpaceId,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// Path of the file by which it was allowed, then.
    pub path: String,
    /// Why, in a person's words.
    pub reason: String,
    /// The user who allowed it; `None` for the owner at the command line, and for an account that was removed.
    pub user: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// The certain time from which it counts no more.
    pub ends: Timestamp,
}

const COLUMNS: &str = "id, space_id, sha256, path, reason, user_id, allowed_at, ends_at";

fn allowed_row(row: &Row<'_>) -> Result<AllowedRow, DatabaseError> {
    Ok(AllowedRow {
        id: row.get(0)?,
        space: SpaceId(row.get(1)?),
        sha256: row.get(2)?,
        path: row.get(3)?,
        reason: row.get(4)?,
        user: row.get::<Option<i64>>(5)?.map(UserId),
        at: Timestamp(row.get(6)?),
        ends: Timestamp(row.get(7)?),
    })
}

impl ReadTx<'_> {
    /// The row for a content in a space, also one that counts no more.
    pub fn allowed(&self, space: SpaceId, sha256: &[u8]) -> Result<Option<AllowedRow>, CatalogError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM allowed_contents WHERE space_id = ?1 AND sha256 = ?2"),
            params![space.0, sha256],
            allowed_row,
        )
    }

    /// Up to `limit` contents that a space lets in, latest first.
    pub fn allowed_in(&self, space: SpaceId, limit: usize) -> Result<Vec<AllowedRow>, CatalogError> {
        self.all(
            &format!("SELECT {COLUMNS} FROM allowed_contents WHERE space_id = ?1 ORDER BY id DESC LIMIT ?2"),
            params![space.0, limit],
            allowed_row,
        )
    }
}

impl WriteTx<'_> {
    /// Lets a content into a space, in place of an earlier row for it.
    pub fn allow(&self, row: &AllowedRow) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO allowed_contents (space_id, sha256, path, reason, user_id, allowed_at, ends_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (space_id, sha256) DO UPDATE SET path = excluded.path, reason = excluded.reason,
                 user_id = excluded.user_id, allowed_at = excluded.allowed_at, ends_at = excluded.ends_at",
            params![
                row.space.0,
                row.sha256,
                row.path,
                row.reason,
                row.user.map(|user| user.0),
                row.at.0,
                row.ends.0
            ],
        )
        .map(drop)
    }

    /// Removes the row by which a space lets a content in; `false` if there is none.
    pub fn disallow(&self, space: SpaceId, sha256: &[u8]) -> Result<bool, CatalogError> {
        let sql = "DELETE FROM allowed_contents WHERE space_id = ?1 AND sha256 = ?2";
        Ok(self.execute(sql, params![space.0, sha256])? > 0)
    }
}
