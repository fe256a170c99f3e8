//! Sessions of browsers.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{SessionId, Timestamp, UserId};

/// A session, without the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Never reused after it has ended.
    pub id: SessionId,
    /// The user who signed in.
    pub user: UserId,
    /// When the user signed in.
    pub created: Timestamp,
    /// When it was used last, accurate to a minute.
    pub last_used: Timestamp,
    /// When it ends unless it is used before.
    pub ends: Timestamp,
    /// When it is locked unless its person does something before; `None` while no script watches the person.
    pub locks: Option<Timestamp>,
}

/// A session as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    /// The session.
    pub row: SessionRow,
    /// The browser, as people call it; empty if that is not known.
    pub browser: String,
}

/// A session to insert.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The user who signs in.
    pub user: UserId,
    /// Keyed hash of the secret.
    pub token_hmac: [u8; 32],
    /// Time of the insertion.
    pub created: Timestamp,
    /// When it ends unless it is used before.
    pub ends: Timestamp,
    /// The browser, as people call it.
    pub browser: String,
}

/// Columns of a [`SessionRow`].
const COLUMNS: &str = "id, user_id, created_at, last_used_at, ends_at, locks_at";

fn session(row: &Row<'_>) -> Result<SessionRow, DatabaseError> {
    Ok(SessionRow {
        id: SessionId(row.get(0)?),
        user: UserId(row.get(1)?),
        created: Timestamp(row.get(2)?),
        last_used: Timestamp(row.get(3)?),
        ends: Timestamp(row.get(4)?),
        locks: row.get::<Option<i64>>(5)?.map(Timestamp),
    })
}

impl ReadTx<'_> {
    /// The session whose secret has this keyed hash, also one that should have ended.
    pub fn session_by_hmac(&self, hmac: &[u8; 32]) -> Result<Option<SessionRow>, CatalogError> {
        let sql = format!("SELECT {COLUMNS} FROM sessions WHERE token_hmac = ?1");
        self.one(&sql, [hmac], session)
    }

    /// The sessions of a user, the latest first, also those that should have ended.
    pub fn sessions_of(&self, user: UserId) -> Result<Vec<ListedSession>, CatalogError> {
        let sql = format!("SELECT {COLUMNS}, browser FROM sessions WHERE user_id = ?1 ORDER BY id DESC");
        self.all(&sql, [user.0], |row| Ok(ListedSession { row: session(row)?, browser: row.get(6)? }))
    }
}

impl WriteTx<'_> {
    /// Adds a session, and ends the user's oldest ones beyond `most`; returns its id.
    pub fn insert_session(&self, new: &NewSession, most: usize) -> Result<SessionId, CatalogError> {
        self.execute(
            "INSERT INTO sessions (user_id, token_hmac, created_at, last_used_at, ends_at, browser)
             VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
            params![new.user.0, new.token_hmac, new.created.0, new.ends.0, new.browser],
        )?;
        let id = SessionId(self.last_insert_id());
        self.execute(
            "DELETE FROM sessions WHERE user_id = ?1 AND id <=
                 (SELECT id FROM sessions WHERE user_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            params![new.user.0, most],
        )?;
        Ok(id)
    }

    /// Notes when a session was used, and when it ends and is locked.
    pub fn touch_session(&self, row: &SessionRow) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE sessions SET last_used_at = ?2, ends_at = ?3, locks_at = ?4 WHERE id = ?1",
            params![row.id.0, row.last_used.0, row.ends.0, row.locks.map(|at| at.0)],
        )
        .map(drop)
    }

    /// Ends a session of this user, if there is one.
    pub fn delete_session_of(&self, user: UserId, id: SessionId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM sessions WHERE user_id = ?1 AND id = ?2", params![user.0, id.0]).map(drop)
    }

    /// Ends the session whose secret has this keyed hash, if there is one.
    pub fn delete_session(&self, hmac: &[u8; 32]) -> Result<(), CatalogError> {
        self.execute("DELETE FROM sessions WHERE token_hmac = ?1", [hmac]).map(drop)
    }

    /// Ends all sessions of a user.
    pub(super) fn delete_sessions_of(&self, user: UserId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM sessions WHERE user_id = ?1", [user.0]).map(drop)
    }

    /// Removes up to `limit` sessions that have ended; returns their number.
    pub fn delete_ended_sessions(&self, now: Timestamp, limit: usize) -> Result<usize, CatalogError> {
        self.execute(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends_at <= ?1 LIMIT ?2)",
            params![now.0, limit],
        )
    }
}
