//! WebDAV locks; they survive a restart.

use super::row::{Row, params};
use super::{CatalogError, DatabaseError, ReadTx, WriteTx};
use crate::model::{EntryId, LinkId, LockScope, LockToken, Timestamp, UserId};

/// An active lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockRow {
    /// Token of the lock.
    pub token: LockToken,
    /// The locked entry: the lock's root.
    pub entry: EntryId,
    /// Holder of the lock; for a guest, the link's creator.
    pub user: UserId,
    /// The link of a guest who holds it.
    pub link: Option<LinkId>,
    /// Exclusive or shared.
    pub scope: LockScope,
    /// Whether it covers everything below (`Depth: infinity`).
    pub is_deep: bool,
    /// The client's `DAV:owner` element, verbatim; empty if it sent none.
    pub owner: String,
    /// Time at which it expires unless refreshed.
    pub expires: Timestamp,
}

/// A lock to insert.
pub type NewLock = LockRow;

const COLUMNS: &str = "token, locks.entry_id, user_id, is_exclusive, is_deep, owner, expires_at, link_id";

fn lock_row(row: &Row<'_>) -> Result<LockRow, DatabaseError> {
    Ok(LockRow {
        token: LockToken(row.get(0)?),
        entry: EntryId(row.get(1)?),
        user: UserId(row.get(2)?),
        scope: if row.get(3)? { LockScope::Exclusive } else { LockScope::Shared },
        is_deep: row.get(4)?,
        owner: row.get(5)?,
        expires: Timestamp(row.get(6)?),
        link: row.get::<Option<i64>>(7)?.map(LinkId),
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

/// The lineages of an entry and of everything below it sort between the entry's own and this bound.
fn end_of(lineage: &str) -> String {
    format!("{lineage}0")
}

fn below() -> String {
    format!("SELECT {COLUMNS} FROM locks WHERE lineage >= ?1 AND lineage < ?2 AND expires_at > ?3")
}

fn on_members() -> String {
    format!(
        "SELECT {COLUMNS} FROM locks CROSS JOIN entries
         WHERE lineage >= ?1 AND lineage < ?2 AND expires_at > ?3
           AND entries.id = locks.entry_id AND entries.parent_id = ?4 AND name_key BETWEEN ?5 AND ?6"
    )
}

/// The ids of all parents of an entry and its own, as in `locks.lineage`.
const LINEAGE: &str = "WITH RECURSIVE up (id, line) AS (
         VALUES (?1, printf('/%x', ?1))
         UNION ALL SELECT parent_id, printf('/%x', parent_id) || line
         FROM up JOIN entries USING (id) WHERE parent_id IS NOT NULL
     )
     SELECT line FROM up ORDER BY length(line) DESC LIMIT 1";

/// Number of active locks, for the limits on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LockCounts {
    /// Held by one user, without guests.
    pub own: usize,
    /// Held by the guests of all of the user's links.
    pub of_guests: usize,
    /// Held by the guests of one link.
    pub of_link: usize,
    /// In one space.
    pub in_space: usize,
    /// Held by guests in that space.
    pub of_guests_in_space: usize,
    /// In the whole instance.
    pub all: usize,
}

impl ReadTx<'_> {
    /// Whether there is any lock, expired ones included. Mostly there is none, and then nothing about the place of an
    /// entry needs to be known.
    fn has_locks(&self) -> Result<bool, CatalogError> {
        Ok(self.one("SELECT 1 FROM locks LIMIT 1", [], |_| Ok(()))?.is_some())
    }

    /// Locks that cover an entry at `now`: its own, and deep ones on its parents.
    pub fn locks_covering(&self, entry: EntryId, now: Timestamp) -> Result<Vec<LockRow>, CatalogError> {
        if !self.has_locks()? {
            return Ok(Vec::new());
        }
        self.all(&covering(), params![entry.0, now.0], lock_row)
    }

    /// Locks active at `now` on an entry or anywhere below it. The cost depends neither on the size of the tree nor
    /// on locks elsewhere.
    pub fn locks_below(&self, top: EntryId, now: Timestamp) -> Result<Vec<LockRow>, CatalogError> {
        if !self.has_locks()? {
            return Ok(Vec::new());
        }
        let lineage = self.lineage_text(top)?;
        self.all(&below(), params![lineage, end_of(&lineage), now.0], lock_row)
    }

    /// Locks on those members of a folder whose name keys are between `first` and `last`, but not on entries below
    /// them.
    pub fn locks_on_members(
        &self,
        folder: EntryId,
        (first, last): (&str, &str),
        now: Timestamp,
    ) -> Result<Vec<LockRow>, CatalogError> {
        let lineage = self.lineage_text(folder)?;
        let params = params![lineage, end_of(&lineage), now.0, folder.0, first, last];
        self.all(&on_members(), params, lock_row)
    }

    /// Number of locks active at `now`: of `user`, of the user's guests, of guests by `link`, in the space whose
    /// top folder is `root`, and in total.
    pub fn lock_counts(
        &self,
        user: UserId,
        link: Option<LinkId>,
        root: EntryId,
        now: Timestamp,
    ) -> Result<LockCounts, CatalogError> {
        let space = format!("/{:x}", root.0);
        let counts = self.one(
            "SELECT
                (SELECT count(*) FROM locks WHERE user_id = ?1 AND link_id IS NULL AND expires_at > ?2),
                (SELECT count(*) FROM locks WHERE user_id = ?1 AND link_id IS NOT NULL AND expires_at > ?2),
                (SELECT count(*) FROM locks WHERE link_id = ?3 AND expires_at > ?2),
                (SELECT count(*) FROM locks WHERE lineage >= ?4 AND lineage < ?5 AND expires_at > ?2),
                (SELECT count(*) FROM locks WHERE lineage >= ?4 AND lineage < ?5 AND expires_at > ?2
                                              AND link_id IS NOT NULL),
                (SELECT count(*) FROM locks WHERE expires_at > ?2)",
            params![user.0, now.0, link.map(|link| link.0), space, end_of(&space)],
            |row| {
                Ok(LockCounts {
                    own: row.get(0)?,
                    of_guests: row.get(1)?,
                    of_link: row.get(2)?,
                    in_space: row.get(3)?,
                    of_guests_in_space: row.get(4)?,
                    all: row.get(5)?,
                })
            },
        )?;
        Ok(counts.unwrap_or_default())
    }

    fn lineage_text(&self, entry: EntryId) -> Result<String, CatalogError> {
        Ok(self.one(LINEAGE, [entry.0], |row| row.get(0))?.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Adds a lock; the caller must check for conflicts in the same transaction.
    pub fn insert_lock(&self, lock: &NewLock) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO locks (token, entry_id, user_id, is_exclusive, is_deep, owner, expires_at, link_id,
                                lineage)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                lock.token.0,
                lock.entry.0,
                lock.user.0,
                lock.scope == LockScope::Exclusive,
                lock.is_deep,
                lock.owner,
                lock.expires.0,
                lock.link.map(|link| link.0),
                self.lineage_text(lock.entry)?,
            ],
        )
        .map(drop)
    }

    /// Runs `change`, which may move an entry into another folder, and updates the lineages of the locks below.
    pub(super) fn keeping_lineages(
        &self,
        entry: EntryId,
        change: impl FnOnce() -> Result<(), CatalogError>,
    ) -> Result<(), CatalogError> {
        if !self.has_locks()? {
            return change();
        }
        let before = self.lineage_text(entry)?;
        change()?;
        let after = self.lineage_text(entry)?;
        if after != before {
            self.execute(
                "UPDATE locks SET lineage = ?3 || substr(lineage, length(?1) + 1)
                 WHERE lineage >= ?1 AND lineage < ?2",
                [&before, &end_of(&before), &after],
            )?;
        }
        Ok(())
    }

    /// Sets the expiry time of a lock.
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

    /// Ends these locks.
    pub fn delete_locks(&self, locks: &[LockRow]) -> Result<(), CatalogError> {
        locks.iter().try_for_each(|lock| self.delete_lock(&lock.token))
    }

    /// Removes locks that expired before `now`.
    pub fn delete_expired_locks(&self, now: Timestamp) -> Result<usize, CatalogError> {
        self.execute("DELETE FROM locks WHERE expires_at <= ?1", [now.0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::sqlite::Connection;
    use crate::catalog::sqlite::fixture::fresh;
    use crate::model::EntryName;

    const NOW: Timestamp = Timestamp(1_000);

    /// A space's root (1), a folder in it (2) with `members` files (from 10 on), one of them locked, and a user.
    fn space_with(members: i64) -> (tempfile::TempDir, Connection) {
        let (folder, connection) = fresh();
        connection.run_all(&format!(
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
        ));
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
        (folder, connection)
    }

    /// Every change looks up the locks around it. One of these queries read the whole tree, so a PUT into a large
    /// space cost as much as the space has entries.
    #[test]
    fn questions_about_locks_cost_the_same_in_any_space() {
        let steps = |members| {
            let (_dir, connection) = space_with(members);
            let tx = ReadTx::new(&connection);
            assert_eq!(tx.locks_covering(EntryId(10), NOW).unwrap().len(), 2);
            assert_eq!(tx.locks_covering(EntryId(11), NOW).unwrap().len(), 1);
            assert_eq!(tx.locks_below(EntryId(1), NOW).unwrap().len(), 2);
            assert_eq!(tx.locks_on_members(EntryId(2), ("", "11"), NOW).unwrap().len(), 1);
            assert_eq!(tx.locks_on_members(EntryId(2), ("11", "12"), NOW).unwrap().len(), 0);
            let counts = tx.lock_counts(UserId(1), None, EntryId(1), NOW).unwrap();
            assert_eq!((counts.own, counts.in_space, counts.all), (2, 2, 2));
            // The same statements, from the connection's cache.
            [covering(), below(), on_members()].map(|sql| connection.steps_of(&sql))
        };
        let small = steps(10);
        assert!(small.iter().all(|steps| *steps > 0), "the cached statements were counted: {small:?}");
        assert_eq!(steps(20_000), small);
    }

    /// A DELETE looks up the locks below. It climbed from every lock of the server to its space's root, so ten
    /// thousand locks 96 folders deep made every DELETE slow.
    #[test]
    fn locks_elsewhere_cost_nothing() {
        let steps = |elsewhere: usize| {
            let (_dir, connection) = space_with(10);
            let tx = WriteTx::new(&connection);
            for number in 0..elsewhere {
                let mut lock = tx.locks_covering(EntryId(2), NOW).unwrap().remove(0);
                (lock.token, lock.entry) = (LockToken(format!("{number}")), EntryId(11));
                tx.insert_lock(&lock).unwrap();
            }
            assert_eq!(tx.locks_below(EntryId(10), NOW).unwrap().len(), 1);
            connection.steps_of(&below())
        };
        let few = steps(1);
        assert!(few > 0);
        assert_eq!(steps(1_000), few);
    }

    #[test]
    fn locks_are_found_where_their_entry_lies_now() {
        let (_dir, connection) = space_with(10);
        let tx = WriteTx::new(&connection);
        let name = EntryName::parse("moved").unwrap();
        // A folder whose number begins with the digits of another's.
        tx.relocate(EntryId(10), Some(EntryId(17)), &name).unwrap();
        assert_eq!(tx.locks_below(EntryId(17), NOW).unwrap().len(), 1);
        tx.relocate(EntryId(17), Some(EntryId(1)), &name).unwrap();
        assert_eq!(tx.locks_below(EntryId(2), NOW).unwrap().len(), 1, "the folder's own");
        assert_eq!(tx.locks_below(EntryId(10), NOW).unwrap().len(), 1);
        assert_eq!(tx.locks_below(EntryId(17), NOW).unwrap().len(), 1);
        assert_eq!(tx.locks_below(EntryId(1), NOW).unwrap().len(), 2);
    }
}
