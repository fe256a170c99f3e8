//! WebDAV locks (RFC 4918 6, 7, 9.10, 9.11).

use std::time::Duration;

use super::guard::{locked, require_tree_unlocked, require_unlocked};
use super::record::Subject;
use super::resolve::{find, path_within};
use super::visibility::Shows;
use super::{Change, Library, LibraryError};
use crate::catalog::{LockRow, ReadTx, WriteTx};
use crate::model::{
    Access, AccessDenied, EntryEvent, EntryPath, LinkId, LockScope, LockToken, Right, SpaceId, Stamp,
    Timestamp, UserId,
};

/// Longest time a lock lasts without a refresh. Clients refresh; a crashed one should not block an
/// office for a day.
pub const MAX_LOCK_SECONDS: u64 = 3_600;
/// Locks that one user may hold at a time.
const MAX_PER_USER: usize = 1_000;
/// Longest time that a guest's lock lasts without a refresh: a guest must not keep the office from its own files for
/// long.
const MAX_GUEST_LOCK_SECONDS: u64 = 600;
/// Locks that the guests of one link may hold at a time.
const MAX_PER_LINK: usize = 100;
/// Locks that the guests of all links of one user may hold at a time; more links give no more.
const MAX_PER_HOST: usize = 200;
/// Locks in one space at a time, so that one space does not use up those of the others.
const MAX_PER_SPACE: usize = 4_000;
/// Guests' locks in one space at a time.
const MAX_GUESTS_PER_SPACE: usize = 1_000;
/// Locks at a time on the whole server.
const MAX_TOTAL: usize = 10_000;
/// Shared locks that may stand together: on an entry, on the folders above that reach down to it and, for a
/// lock on a folder, below. Each change reads all that cover its entry, and each listing tells them.
const MAX_TOGETHER: usize = 32;

/// Why a lock that its own holder takes or gives back is no event.
const LOCKS: &str = "locks come and go with every save of a document";

/// A lock in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its token.
    pub token: LockToken,
    /// Where it was taken: the lock's root, in the same space.
    pub root: EntryPath,
    /// Whether that is a folder.
    pub root_is_folder: bool,
    /// Who holds it; if a guest does, whose guest.
    pub user: UserId,
    /// The link by which a guest took it.
    pub link: Option<LinkId>,
    /// Exclusive or shared.
    pub scope: LockScope,
    /// Whether it reaches to everything below.
    pub is_deep: bool,
    /// The client's `DAV:owner` element, verbatim; empty if it sent none.
    pub owner: String,
    /// When it ends unless refreshed.
    pub expires: Timestamp,
}

/// A lock that a client asks for.
#[derive(Clone, Debug)]
pub struct LockRequest {
    /// Exclusive or shared.
    pub scope: LockScope,
    /// Whether it shall reach to everything below.
    pub is_deep: bool,
    /// The client's `DAV:owner` element, verbatim; empty for none.
    pub owner: String,
    /// How long; capped at [`MAX_LOCK_SECONDS`].
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
    /// Errors: `NotFound` if there is nothing (an unmapped path is locked by
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

    /// Prolongs a lock that covers the entry at `path` and is named in the `If` header, as long as it is
    /// this user's.
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

    /// Ends a lock that covers the entry at `path`. Its holder may, and so may who manages the space.
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

/// A lock with the space that it lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHeld {
    /// The space.
    pub space: SpaceId,
    /// The lock.
    pub lock: Lock,
}

/// Which locks are meant; what is `None` does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LockFilter {
    /// The lock of this token.
    pub token: Option<LockToken>,
    /// Those of this user, and of the guests of his links.
    pub user: Option<UserId>,
}

impl Library {
    /// The locks in force in the spaces that these rights let somebody manage.
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

    /// Ends the locks in these spaces that are meant, whoever holds them. Returns how many there were.
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

/// Ends the lock of somebody else.
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

/// Whether somebody with this access may lock a folder, or a file.
pub fn is_lockable(access: &Access, is_folder: bool) -> bool {
    // A folder that a guest holds would be closed to everybody who works in it.
    access.scope(Right::Write).is_ok() && (access.link().is_none() || !is_folder)
}

/// Takes a lock on `entry` unless one conflicts: an exclusive lock suffers no other, a shared one no
/// exclusive one (RFC 4918 6.2).
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

/// Whether one of those who pay for a lock has as many as he may: whoever takes it, a guest's link and its
/// maker, the space, the server.
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
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system's random source answers");
    let value = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
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

/// What taking `entry` out of its folder needs: its own tree unlocked, and the folder's members. A guest never
/// takes the entry that was lent to him.
pub(super) fn require_removable(
    tx: &ReadTx<'_>,
    change: &Change,
    entry: &crate::catalog::EntryRow,
) -> Result<(), LibraryError> {
    require_tree_unlocked(tx, change, entry)?;
    match entry.parent {
        Some(parent) if change.access.top() != Some(entry.id) => require_unlocked(tx, change, parent),
        _ => Err(LibraryError::IsRoot),
    }
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
