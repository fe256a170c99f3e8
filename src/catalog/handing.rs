//! Held contents and single persons: requests for one, and to whom it was handed out before its release.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{HoldId, SpaceId, Timestamp, UserId, VersionId};

/// A person's request for a held content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRequestRow {
    /// The person.
    pub user: UserId,
    /// When the person asked last.
    pub asked: Timestamp,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// When it was declined, and why.
    pub declined: Option<(Timestamp, Option<String>)>,
}

const COLUMNS: &str = "user_id, asked_at, reason, declined_at, declined_why";

fn request_row(row: &Row<'_>) -> Result<HoldRequestRow, DatabaseError> {
    let why = row.get(4)?;
    Ok(HoldRequestRow {
        user: UserId(row.get(0)?),
        asked: Timestamp(row.get(1)?),
        reason: row.get(2)?,
        declined: row.get::<Option<i64>>(3)?.map(|at| (Timestamp(at), why)),
    })
}

/// A person to whom a held content was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandedOutRow {
    /// The person.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
    /// Whether that was in spite of a scanner.
    pub overridden: bool,
}

impl ReadTx<'_> {
    /// Up to `limit` requests for a held content, oldest first.
    pub fn hold_requests(&self, hold: HoldId, limit: usize) -> Result<Vec<HoldRequestRow>, CatalogError> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM hold_requests WHERE hold_id = ?1 ORDER BY asked_at, user_id LIMIT ?2"
            ),
            params![hold.0, limit],
            request_row,
        )
    }

    /// A person's request for a held content.
    pub fn hold_request(&self, hold: HoldId, user: UserId) -> Result<Option<HoldRequestRow>, CatalogError> {
        self.one(
            &format!("SELECT {COLUMNS} FROM hold_requests WHERE hold_id = ?1 AND user_id = ?2"),
            params![hold.0, user.0],
            request_row,
        )
    }

    /// The persons to whom a held content was handed out, in the order in which that happened.
    pub fn handed_out(&self, version: VersionId) -> Result<Vec<HandedOutRow>, CatalogError> {
        self.all(
            "SELECT user_id, at, overridden FROM handed_out WHERE version_id = ?1 ORDER BY at, user_id",
            [version.0],
            |row| {
                Ok(HandedOutRow {
                    user: UserId(row.get(0)?),
                    at: Timestamp(row.get(1)?),
                    overridden: row.get(2)?,
                })
            },
        )
    }
}

impl WriteTx<'_> {
    /// Notes a person's request, in place of an earlier one.
    pub fn put_hold_request(
        &self,
        hold: HoldId,
        user: UserId,
        at: Timestamp,
        reason: Option<&str>,
    ) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO hold_requests (hold_id, user_id, asked_at, reason) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (hold_id, user_id) DO UPDATE SET asked_at = excluded.asked_at, reason = excluded.reason,
                 declined_at = NULL, declined_why = NULL",
            params![hold.0, user.0, at.0, reason],
        )
        .map(drop)
    }

    /// Declines a person's request; `false` if there is none that is open.
    pub fn decline_hold_request(
        &self,
        hold: HoldId,
        user: UserId,
        at: Timestamp,
        why: Option<&str>,
    ) -> Result<bool, CatalogError> {
        let declined = self.execute(
            "UPDATE hold_requests SET declined_at = ?3, declined_why = ?4
             WHERE hold_id = ?1 AND user_id = ?2 AND declined_at IS NULL",
            params![hold.0, user.0, at.0, why],
        )?;
        Ok(declined > 0)
    }

    /// Removes a person's request.
    pub fn delete_hold_request(&self, hold: HoldId, user: UserId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM hold_requests WHERE hold_id = ?1 AND user_id = ?2", params![hold.0, user.0])
            .map(drop)
    }

    /// Hands a held content out to a person.
    pub fn hand_out(&self, version: VersionId, row: HandedOutRow) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO handed_out (version_id, user_id, at, overridden) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (version_id, user_id) DO UPDATE SET at = excluded.at, overridden = excluded.overridden",
            params![version.0, row.user.0, row.at.0, row.overridden],
        )
        .map(drop)
    }

    /// Takes a held content back from single persons; returns whether there were any.
    pub fn take_back(&self, version: VersionId) -> Result<bool, CatalogError> {
        Ok(self.execute("DELETE FROM handed_out WHERE version_id = ?1", [version.0])? > 0)
    }

    /// Takes the held contents of a space back from a person.
    pub fn take_back_from(&self, user: UserId, space: SpaceId) -> Result<(), CatalogError> {
        self.execute(
            "DELETE FROM handed_out WHERE user_id = ?1 AND version_id IN (
                 SELECT versions.id FROM handed_out JOIN versions ON versions.id = handed_out.version_id
                 JOIN entries ON entries.id = versions.entry_id
                 WHERE handed_out.user_id = ?1 AND entries.space_id = ?2)",
            params![user.0, space.0],
        )
        .map(drop)
    }
}
