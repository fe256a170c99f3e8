//! WebDAV locks; they survive a restart.

use rusqlite::{Row, params};

use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{EntryId, LinkId, LockScope, LockToken, Timestamp, UserId};

/// A lock in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRow {
    /// Its token.
    pub token: LockToken,
    /// The entry it was taken on: the lock's root.
    pub entry: EntryId,
    /// Who holds it; if a guest does, whose guest.
    pub user: UserId,
    /// The link by which a guest took it.
    pub link: Option<LinkId>,
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

const COLUMNS: &str = "token, locks.entry_id, user_id, is_exclusive, is_deep, owner, expires_at, link_id";

fn lock_row(row: &Row<'_>) -> rusqlite::Result<LockRow> {
    Ok(LockRow {
        token: LockToken(row.get(0)?),
        entry: EntryId(row.get(1)?),
        user: UserId(row.get(2)?),
        scope: if row.get(3)? { LockScope::Exclusive } else { LockScope::Shared },
        is_deep: row.get(4)?,
        owner: row.get(5)?,
        expires: Timestamp(row.get(6)?),
        link: row.get::<_, Option<i64>>(7)?.map(LinkId),
    })
}

fn covering() -> String {
    format!(
        "WITH RECURSIVE up (id) AS (
             VALUES (?1)
             UNION ALL SELECT parent_id FROM entries JOIN up USING (id) WHERE parent_id IS NOT NULL
         )
         SELECT {COLUMNS} FROM up JOIN locks ON locks.entry_id = up.id
         WHERE expires_at > ?2 AND (is_deep = 1 OR up.id = ?1)"
    )
}

fn below() -> String {
    format!(
        "WITH RECURSIVE up (token, id) AS (
             SELECT token, entry_id FROM locks WHERE expires_at > ?2
             UNION ALL SELECT token, parent_id FROM up CROSS JOIN entries USING (id)
             WHERE parent_id IS NOT NULL AND id <> ?1
         )
         SELECT {COLUMNS} FROM up CROSS JOIN locks USING (token) WHERE up.id = ?1"
    )
}

fn on_members() -> String {
    format!(
        "SELECT {COLUMNS} FROM locks CROSS JOIN entries ON entries.id = locks.entry_id
         WHERE entries.parent_id = ?1 AND expires_at > ?2"
    )
}

impl ReadTx<'_> {
    /// Locks that cover an entry at `now`: its own, and those on folders above that reach down.
    pub fn locks_covering(&self, entry: EntryId, now: Timestamp) -> Result<Vec<LockRow>, CatalogError> {
        self.all(&covering(), params![entry.0, now.0], lock_row)
    }

    /// Locks in force at `now` on an entry or anywhere below it. Starts from the locks, of which there are
    /// few, and climbs from each; the size of the tree does not matter.
    pub fn locks_below(&self, top: EntryId, now: Timestamp) -> Result<Vec<LockRow>, CatalogError> {
        self.all(&below(), params![top.0, now.0], lock_row)
    }

    /// Locks taken on the members of a folder, not on what lies deeper.
    pub fn locks_on_members(&self, folder: EntryId, now: Timestamp) -> Result<Vec<LockRow>, CatalogError> {
        self.all(&on_members(), params![folder.0, now.0], lock_row)
    }

    /// Locks in force at `now`: of one user, or of his guests by one link; and of all.
    pub fn lock_counts(
        &self,
        user: UserId,
        link: Option<LinkId>,
        now: Timestamp,
    ) -> Result<(usize, usize), CatalogError> {
        let counts = self.one(
            "SELECT count(*) FILTER (WHERE user_id = ?1 AND link_id IS ?3), count(*) FROM locks
             WHERE expires_at > ?2",
            params![user.0, now.0, link.map(|link| link.0)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(counts.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Adds a lock; conflicts are the caller's to check in the same transaction.
    pub fn insert_lock(&self, lock: &NewLock) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO locks (token, entry_id, user_id, is_exclusive, is_deep, owner, expires_at, link_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                lock.token.0,
                lock.entry.0,
                lock.user.0,
                lock.scope == LockScope::Exclusive,
                lock.is_deep,
                lock.owner,
                lock.expires.0,
                lock.link.map(|link| link.0),
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

    /// Ends all locks of a link's guests.
    pub fn delete_locks_of_link(&self, link: LinkId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM locks WHERE link_id = ?1", [link.0]).map(drop)
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

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus};

    use super::*;
    use crate::catalog::{CatalogKey, connection, migrate};

    const NOW: Timestamp = Timestamp(1_000);

    /// A space's root (1), a folder in it (2) with `members` files (from 10 on), of which one is locked, and
    /// a user.
    fn space_with(members: i64) -> (tempfile::TempDir, Connection) {
        let dir = tempfile::tempdir().unwrap();
        let (path, key) = (dir.path().join("catalog.db"), CatalogKey::new([7; 32]));
        connection::create(&path, &key).unwrap();
        let mut connection = connection::open(&path, &key).unwrap();
        migrate::fill(&mut connection).unwrap();
        connection
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF;
                 INSERT INTO users (name, name_key, role, created_at) VALUES ('u', 'u', 'staff', 0);
                 INSERT INTO entries (id, space_id, parent_id, name, name_key, is_folder, revision,
                                      created_at, modified_at)
                 SELECT 1, zeroblob(16), NULL, '', '', 1, 0, 0, 0
                 UNION ALL SELECT 2, zeroblob(16), 1, 'f', 'f', 1, 0, 0, 0;
                 WITH RECURSIVE n (i) AS (VALUES (10) UNION ALL SELECT i + 1 FROM n WHERE i < {members} + 9)
                 INSERT INTO entries (id, space_id, parent_id, name, name_key, is_folder, revision,
                                      created_at, modified_at)
                 SELECT i, zeroblob(16), 2, i, i, 1, 0, 0, 0 FROM n;
                 ANALYZE;"
            ))
            .unwrap();
        for (token, entry, is_deep) in [("a", 10, false), ("b", 2, true)] {
            let lock = LockRow {
                token: LockToken(token.to_owned()),
                entry: EntryId(entry),
                user: UserId(1),
                link: None,
                scope: LockScope::Shared,
                is_deep,
                owner: String::new(),
                expires: Timestamp(2_000),
            };
            WriteTx::new(&connection).insert_lock(&lock).unwrap();
        }
        (dir, connection)
    }

    /// Every change asks for the locks around it. One of these questions once read the whole tree, so that
    /// a PUT into a large space cost as much as the space has entries.
    #[test]
    fn questions_about_locks_cost_the_same_in_any_space() {
        let steps = |members| {
            let (_dir, connection) = space_with(members);
            let tx = ReadTx::new(&connection);
            assert_eq!(tx.locks_covering(EntryId(10), NOW).unwrap().len(), 2);
            assert_eq!(tx.locks_covering(EntryId(11), NOW).unwrap().len(), 1);
            assert_eq!(tx.locks_below(EntryId(1), NOW).unwrap().len(), 2);
            assert_eq!(tx.locks_on_members(EntryId(2), NOW).unwrap().len(), 1);
            // The same statements, from the connection's cache.
            [covering(), below(), on_members()]
                .map(|sql| tx.prepare(&sql).unwrap().get_status(StatementStatus::VmStep))
        };
        let small = steps(10);
        assert!(small.iter().all(|steps| *steps > 0), "the cached statements were counted: {small:?}");
        assert_eq!(steps(20_000), small);
    }
}
