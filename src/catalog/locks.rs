//! WebDAV locks; they survive a restart.

use rusqlite::{Row, params};

use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{EntryId, LockScope, LockToken, Timestamp, UserId};

/// A lock in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRow {
    /// Its token.
    pub token: LockToken,
    /// The entry it was taken on: the lock's root.
    pub entry: EntryId,
    /// Who holds it.
    pub user: UserId,
    /// Exclusive or shared.
    pub scope: LockScope,
    /// Whether it covers everything below (`Depth: infinity`).
    pub is_deep: bool,
    /// The client's `DAV:owner` element, verbatim; empty if it sent none.
    pub owner: String,
    /// When it ends unless refreshed.
    pub expires: Timestamp,
}

/// A lock about to be inserted.
pub type NewLock = LockRow;

const COLUMNS: &str = "token, locks.entry_id, user_id, is_exclusive, is_deep, owner, expires_at";

fn lock_row(row: &Row<'_>) -> rusqlite::Result<LockRow> {
    Ok(LockRow {
        token: LockToken(row.get(0)?),
        entry: EntryId(row.get(1)?),
        user: UserId(row.get(2)?),
        scope: if row.get(3)? { LockScope::Exclusive } else { LockScope::Shared },
        is_deep: row.get(4)?,
        owner: row.get(5)?,
        expires: Timestamp(row.get(6)?),
    })
}

impl ReadTx<'_> {
    /// Locks that cover an entry at `now`: its own, and those on folders above that reach down.
    pub fn locks_covering(&self, entry: EntryId, now: Timestamp) -> Result<Vec<LockRow>, CatalogError> {
        self.all(
            &format!(
                "WITH RECURSIVE up (id) AS (
                     VALUES (?1)
                     UNION ALL SELECT parent_id FROM entries JOIN up USING (id) WHERE parent_id IS NOT NULL
                 )
                 SELECT {COLUMNS} FROM up JOIN locks ON locks.entry_id = up.id
                 WHERE expires_at > ?2 AND (is_deep = 1 OR up.id = ?1)"
            ),
            params![entry.0, now.0],
            lock_row,
        )
    }

    /// Locks in force at `now` on an entry or anywhere below it. Starts from the locks, of which there are
    /// few, and climbs from each; the size of the tree does not matter.
    pub fn locks_below(&self, top: EntryId, now: Timestamp) -> Result<Vec<LockRow>, CatalogError> {
        self.all(
            &format!(
                "WITH RECURSIVE up (token, id) AS (
                     SELECT token, entry_id FROM locks WHERE expires_at > ?2
                     UNION ALL SELECT token, parent_id FROM up CROSS JOIN entries USING (id)
                     WHERE parent_id IS NOT NULL AND id <> ?1
                 )
                 SELECT {COLUMNS} FROM up CROSS JOIN locks USING (token) WHERE up.id = ?1"
            ),
            params![top.0, now.0],
            lock_row,
        )
    }

    /// Locks taken on the members of a folder, not on what lies deeper.
    pub fn locks_on_members(&self, folder: EntryId, now: Timestamp) -> Result<Vec<LockRow>, CatalogError> {
        self.all(
            &format!(
                "SELECT {COLUMNS} FROM locks CROSS JOIN entries ON entries.id = locks.entry_id
                 WHERE entries.parent_id = ?1 AND expires_at > ?2"
            ),
            params![folder.0, now.0],
            lock_row,
        )
    }

    /// Locks in force at `now`: of one user, and of all.
    pub fn lock_counts(&self, user: UserId, now: Timestamp) -> Result<(usize, usize), CatalogError> {
        let counts = self.one(
            "SELECT count(*) FILTER (WHERE user_id = ?1), count(*) FROM locks WHERE expires_at > ?2",
            params![user.0, now.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(counts.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Adds a lock; conflicts are the caller's to check in the same transaction.
    pub fn insert_lock(&self, lock: &NewLock) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO locks (token, entry_id, user_id, is_exclusive, is_deep, owner, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                lock.token.0,
                lock.entry.0,
                lock.user.0,
                lock.scope == LockScope::Exclusive,
                lock.is_deep,
                lock.owner,
                lock.expires.0,
            ],
        )
        .map(drop)
    }

    /// Sets when a lock ends.
    pub fn refresh_lock(&self, token: &LockToken, expires: Timestamp) -> Result<(), CatalogError> {
        self.execute("UPDATE locks SET expires_at = ?2 WHERE token = ?1", params![token.0, expires.0])
            .map(drop)
    }

    /// Ends a lock.
    pub fn delete_lock(&self, token: &LockToken) -> Result<(), CatalogError> {
        self.execute("DELETE FROM locks WHERE token = ?1", [&token.0]).map(drop)
    }

    /// Ends all locks taken on an entry or below it; a moved or deleted resource keeps none.
    pub fn delete_locks_below(&self, top: EntryId) -> Result<(), CatalogError> {
        for lock in self.locks_below(top, Timestamp(i64::MIN))? {
            self.delete_lock(&lock.token)?;
        }
        Ok(())
    }

    /// Removes locks that ended before `now`.
    pub fn delete_expired_locks(&self, now: Timestamp) -> Result<usize, CatalogError> {
        self.execute("DELETE FROM locks WHERE expires_at <= ?1", [now.0])
    }
}
