//! Sessions of browsers.

use super::row::params;
use super::{CatalogError, ReadTx, WriteTx};
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
}

/// A session to insert.
#[derive(Clone, Copy, Debug)]
pub struct NewSession {
    /// The user who signs in.
    pub user: UserId,
    /// Keyed hash of the secret.
    pub token_hmac: [u8; 32],
    /// Time of the insertion.
    pub created: Timestamp,
    /// When it ends unless it is used before.
    pub ends: Timestamp,
}

impl ReadTx<'_> {
    /// The session whose secret has this keyed hash, also one that should have ended.
    pub fn session_by_hmac(&self, hmac: &[u8; 32]) -> Result<Option<SessionRow>, CatalogError> {
        self.one(
            "SELECT id, user_id, created_at, last_used_at, ends_at FROM sessions WHERE token_hmac = ?1",
            [hmac],
            |row| {
                Ok(SessionRow {
                    id: SessionId(row.get(0)?),
                    user: UserId(row.get(1)?),
                    created: Timestamp(row.get(2)?),
                    last_used: Timestamp(row.get(3)?),
                    ends: Timestamp(row.get(4)?),
                })
            },
        )
    }
}

impl WriteTx<'_> {
    /// Adds a session, and ends the user's oldest ones beyond `most`.
    pub fn insert_session(&self, new: &NewSession, most: usize) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO sessions (user_id, token_hmac, created_at, last_used_at, ends_at)
             VALUES (?1, ?2, ?3, ?3, ?4)",
            params![new.user.0, new.token_hmac, new.created.0, new.ends.0],
        )?;
        self.execute(
            "DELETE FROM sessions WHERE user_id = ?1 AND id <=
                 (SELECT id FROM sessions WHERE user_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            params![new.user.0, most],
        )
        .map(drop)
    }

    /// Notes that a session was used.
    pub fn touch_session(&self, id: SessionId, used: Timestamp, ends: Timestamp) -> Result<(), CatalogError> {
        self.execute(
            "UPDATE sessions SET last_used_at = ?2, ends_at = ?3 WHERE id = ?1",
            params![id.0, used.0, ends.0],
        )
        .map(drop)
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
