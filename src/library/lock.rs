//! WebDAV locks (RFC 4918 6, 7, 9.10, 9.11).

use std::time::Duration;

use super::guard::{locked, require_tokens, require_unlocked};
use super::record::Subject;
use super::resolve::{find, path_within};
use super::visibility::Shows;
use super::{Change, Library, LibraryError};
use crate::catalog::{LockRow, ReadTx, WriteTx};
use crate::model::{
    Access, AccessDenied, EntryEvent, EntryPath, LinkId, LockScope, LockToken, Right, SpaceId, Stamp,
    Timestamp, UserId, random_bytes,
};

/// Longest time for which a lock lasts without a refresh. Clients refresh their locks; a crashed client should not
/// block an office for a day.
pub const MAX_LOCK_SECONDS: u64 = 3_600;
/// Locks that one user may hold at a time.
const MAX_PER_USER: usize = 1_000;
/// Longest time for which a guest's lock lasts without a refresh: a guest must not block the office's own files for
/// long.
const MAX_GUEST_LOCK_SECONDS: u64 = 600;
/// Locks that the guests of one link may hold at a time.
const MAX_PER_LINK: usize = 100;
/// Locks that the guests of all links of one user may hold at a time; more links do not raise it.
const MAX_PER_HOST: usize = 200;
/// Locks in one space at a time, so that one space cannot use up those of the others.
const MAX_PER_SPACE: usize = 4_000;
/// Guests' locks in one space at a time.
const MAX_GUESTS_PER_SPACE: usize = 1_000;
/// Locks at a time on the whole server.
const MAX_TOTAL: usize = 10_000;
/// Shared locks that may exist together: on an entry, deep ones on its parents and, for a lock on a folder, below
/// it. Each change reads all locks that cover its entry, and each listing returns them.
const MAX_TOGETHER: usize = 32;

/// Why taking or releasing one's own lock is not an event.
const LOCKS: &str = "locks come and go with every save of a document";

/// An active lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Token of the lock.
    pub token: LockToken,
    /// The locked entry: the lock's root, in the same space.
    pub root: EntryPath,
    /// Whether the root is a folder.
    pub root_is_folder: bool,
    /// Holder of the lock; for a guest, the link's creator.
    pub user: UserId,
    /// The link of a guest who holds it.
    pub link: Option<LinkId>,
    /// Exclusive or shared.
    pub scope: LockScope,
    /// Whether it covers everything below.
    pub is_deep: bool,
    /// The client's `DAV:owner` element, verbatim; empty if it sent none.
    pub owner: String,
    /// Time at which it expires unless refreshed.
    pub expires: Timestamp,
}

/// A lock that a client requests.
#[derive(Clone, Debug)]
pub struct LockRequest {
    /// Exclusive or shared.
    pub scope: LockScope,
    /// Whether it should cover everything below.
    pub is_deep: bool,
    /// The client's `DAV:owner` element, verbatim; empty for none.
    pub owner: String,
    /// Requested duration; capped at [`MAX_LOCK_SECONDS`].
    pub timeout: Duration,
}

impl Lock {
    pub(super) fn from_row(tx: &ReadTx<'_>, access: &Access, row: LockRow) -> Result<Self, LibraryError> {
        let root_is_folder = tx.entry(row.entry)?.is_some_and(|entry| entry.is_folder());
        Ok(Self {
            root: path_within(tx, access, row.entry)?,
            root_is_folder,
            token: row.token,
            user: row.user,
            link: row.link,
            scope: row.scope,
            is_deep: row.is_deep,
            owner: row.owner,
            expires: row.expires,
        })
    }
}

impl Library {
    /// Locks the entry at `path`.
    ///
    /// Errors: `NotFound` if it does not exist (an unmapped path is locked by
    /// [`super::PutSession::commit_locked`]); `Locked` if another lock conflicts.
    pub async fn lock(
        &self,
        change: Change,
        path: &EntryPath,
        request: LockRequest,
    ) -> Result<Lock, LibraryError> {
        let scope = change.access.scope(Right::Write)?;
        self.foresee(&change, scope, path).await?;
        let (library, path) = (self.clone(), path.clone());
        self.storing()
            .await?
            .write(move |tx| {
                let entry = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &change, scope, Some(&entry))?;
                tx.silent(LOCKS);
                let row = take(tx, &change, &entry, &request)?;
                Lock::from_row(tx, &change.access, row)
            })
            .await
    }

    /// Extends a lock that covers the entry at `path` and is named in the `If` header. It must belong to this user.
    pub async fn refresh_lock(
        &self,
        change: Change,
        path: &EntryPath,
        timeout: Duration,
    ) -> Result<Lock, LibraryError> {
        let scope = change.access.scope(Right::Write)?;
        self.foresee(&change, scope, path).await?;
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .write(move |tx| {
                let entry = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &change, scope, Some(&entry))?;
                let mut lock = tx
                    .locks_covering(entry.id, change.now)?
                    .into_iter()
                    .find(|lock| {
                        change.owns(lock)
                            && change.conditions.submitted_tokens().any(|token| *token == lock.token)
                    })
                    .ok_or(LibraryError::NoSuchLock)?;
                tx.silent(LOCKS);
                lock.expires = change.now.after(capped(&change.access, timeout));
                tx.refresh_lock(&lock.token, lock.expires)?;
                Lock::from_row(tx, &change.access, lock)
            })
            .await
    }

    /// Ends a lock that covers the entry at `path`. Allowed for its holder and for managers of the space.
    pub async fn unlock(
        &self,
        access: &Access,
        by: Stamp,
        path: &EntryPath,
        token: &LockToken,
    ) -> Result<(), LibraryError> {
        let scope = access.scope(Right::Write)?;
        let is_manager = access.require(Right::Manage).is_ok();
        let (access, path, token) = (*access, path.clone(), token.clone());
        self.catalog()
            .write(move |tx| {
                let entry = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                let locks = tx.locks_covering(entry.id, by.at)?;
                let lock = locks.iter().find(|lock| lock.token == token).ok_or(LibraryError::NoSuchLock)?;
                let is_own = by.actor.account() == Some(lock.user) && lock.link == access.link();
                if !is_own && !is_manager {
                    return Err(locked(tx, &access, lock.entry)?);
                }
                if is_own {
                    tx.silent(LOCKS);
                    return Ok(tx.delete_lock(&lock.token)?);
                }
                end_lock(tx, &by, lock)
            })
            .await
    }
}

/// A lock with its space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHeld {
    /// Space of the locked entry.
    pub space: SpaceId,
    /// The lock itself.
    pub lock: Lock,
}

/// Selects locks; `None` matches all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LockFilter {
    /// The lock with this token.
    pub token: Option<LockToken>,
    /// Locks of this user, and of the guests of this user's links.
    pub user: Option<UserId>,
}

impl Library {
    /// The active locks in the spaces that these rights allow to manage.
    pub async fn locks(&self, rights: &[Access], now: Timestamp) -> Result<Vec<LockHeld>, LibraryError> {
        let rights = rights.to_vec();
        self.catalog()
            .read(move |tx| {
                let mut held = Vec::new();
                for access in rights {
                    let space = access.require(Right::Manage)?;
                    for row in in_space(tx, space, now)? {
                        if tx.entry(row.entry)?.is_none_or(|entry| entry.is_hidden_from(access.viewer())) {
                            continue;
                        }
                        held.push(LockHeld { space, lock: Lock::from_row(tx, &access, row)? });
                    }
                }
                Ok(held)
            })
            .await
    }

    /// Ends the selected locks in these spaces, of all holders. Returns their number.
    pub async fn end_locks(
        &self,
        rights: &[Access],
        meant: LockFilter,
        by: Stamp,
    ) -> Result<usize, LibraryError> {
        let rights = rights.to_vec();
        self.catalog()
            .write(move |tx| {
                let mut ended = 0;
                for access in rights {
                    let space = access.require(Right::Manage)?;
                    for row in in_space(tx, space, by.at)? {
                        let is_meant = meant.token.as_ref().is_none_or(|token| *token == row.token)
                            && meant.user.is_none_or(|user| user == row.user);
                        if is_meant {
                            end_lock(tx, &by, &row)?;
                            ended += 1;
                        }
                    }
                }
                Ok(ended)
            })
            .await
    }
}

/// Ends another holder's lock.
fn end_lock(tx: &WriteTx<'_>, by: &Stamp, lock: &LockRow) -> Result<(), LibraryError> {
    let entry = tx.entry(lock.entry)?.ok_or(LibraryError::NotFound)?;
    Subject::present(tx, &entry)?.record(tx, by, EntryEvent::LockEnded)?;
    Ok(tx.delete_lock(&lock.token)?)
}

fn in_space(tx: &ReadTx<'_>, space: SpaceId, now: Timestamp) -> Result<Vec<LockRow>, LibraryError> {
    let root = tx.space(space)?.ok_or(LibraryError::NoSuchSpace)?.root;
    Ok(tx.locks_below(root, now)?)
}

fn capped(access: &Access, timeout: Duration) -> Duration {
    let most = access.link().map_or(MAX_LOCK_SECONDS, |_| MAX_GUEST_LOCK_SECONDS);
    timeout.clamp(Duration::from_secs(1), Duration::from_secs(most))
}

/// Whether this access allows locking a folder, or a file.
pub fn is_lockable(access: &Access, is_folder: bool) -> bool {
    // A folder locked by a guest would be closed to everyone who works in it.
    access.scope(Right::Write).is_ok() && (access.link().is_none() || !is_folder)
}

/// Takes a lock on `entry` unless one conflicts: an exclusive lock conflicts with every other, a shared one with
/// exclusive ones (RFC 4918 6.2).
pub(super) fn take(
    tx: &WriteTx<'_>,
    change: &Change,
    entry: &crate::catalog::EntryRow,
    request: &LockRequest,
) -> Result<LockRow, LibraryError> {
    change.access.scope(Right::Write)?;
    if !is_lockable(&change.access, entry.is_folder()) {
        return Err(AccessDenied { needed: Right::Manage }.into());
    }
    let mut standing = tx.locks_covering(entry.id, change.now)?;
    if request.is_deep {
        let below = tx.locks_below(entry.id, change.now)?.into_iter();
        standing.extend(below.filter(|lock| lock.entry != entry.id));
    }
    let conflict = standing
        .iter()
        .find(|lock| request.scope == LockScope::Exclusive || lock.scope == LockScope::Exclusive);
    if let Some(lock) = conflict {
        return Err(locked(tx, &change.access, lock.entry)?);
    }
    if standing.len() >= MAX_TOGETHER || is_budget_spent(tx, change, entry)? {
        return Err(LibraryError::TooManyLocks);
    }
    let row = LockRow {
        token: fresh_token(),
        entry: entry.id,
        user: change.account()?,
        link: change.access.link(),
        scope: request.scope,
        is_deep: request.is_deep && entry.is_folder(),
        owner: request.owner.clone(),
        expires: change.now.after(capped(&change.access, request.timeout)),
    };
    tx.insert_lock(&row)?;
    Ok(row)
}

/// Whether a limit on locks is reached: of the holder, of a guest's link or its creator, of the space or the
/// server.
fn is_budget_spent(
    tx: &ReadTx<'_>,
    change: &Change,
    entry: &crate::catalog::EntryRow,
) -> Result<bool, LibraryError> {
    let root = tx.space(entry.space)?.ok_or(LibraryError::NoSuchSpace)?.root;
    let link = change.access.link();
    let counts = tx.lock_counts(change.account()?, link, root, change.now)?;
    let is_own_spent = match link {
        None => counts.own >= MAX_PER_USER,
        Some(_) => {
            counts.of_link >= MAX_PER_LINK
                || counts.of_guests >= MAX_PER_HOST
                || counts.of_guests_in_space >= MAX_GUESTS_PER_SPACE
        }
    };
    Ok(is_own_spent || counts.in_space >= MAX_PER_SPACE || counts.all >= MAX_TOTAL)
}

/// `urn:uuid:` with a random (version 4) UUID, RFC 9562 5.4.
fn fresh_token() -> LockToken {
    let value = u128::from_be_bytes(random_bytes()) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{value:032x}");
    let mut uuid = String::with_capacity(45);
    uuid.push_str("urn:uuid:");
    for (position, digit) in hex.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    LockToken(uuid)
}

/// Checks that `entry` may be taken out of its folder: its tree and the folder's members must be unlocked. A guest
/// can never take out the linked entry. Returns the locks on it and below, expired ones too, which end with that.
pub(super) fn require_removable(
    tx: &ReadTx<'_>,
    change: &Change,
    entry: &crate::catalog::EntryRow,
) -> Result<Vec<LockRow>, LibraryError> {
    let parent = entry.parent.filter(|_| change.access.top() != Some(entry.id));
    // Deep locks above the entry cover its parent as well.
    require_unlocked(tx, change, parent.ok_or(LibraryError::IsRoot)?)?;
    let below = tx.locks_below(entry.id, Timestamp(i64::MIN))?;
    let active: Vec<_> = below.iter().filter(|lock| lock.expires > change.now).cloned().collect();
    require_tokens(tx, change, &active)?;
    Ok(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_random_uuids() {
        let LockToken(token) = fresh_token();
        let uuid: Vec<&str> = token.strip_prefix("urn:uuid:").unwrap().split('-').collect();
        assert_eq!(uuid.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(uuid[2].starts_with('4'), "{token}");
        assert!(uuid[3].starts_with(['8', '9', 'a', 'b']), "{token}");
        assert_ne!(fresh_token(), fresh_token());
    }
}
