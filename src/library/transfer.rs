//! Moves and copies inside a space: a move changes one row, a copy shares the containers. `cross_space` handles
//! other spaces.

use super::arrival::{Arrival, ArrivalKind, Overwrite, Plan, Transferred, plant, tree_of};
use super::cross_space::Carry;
use super::entry::signed;
use super::extent::Extent;
use super::growth::AT_ONCE;
use super::lock::require_removable;
use super::quota::Added;
use super::resolve::{find, find_with_path};
use super::{Change, Library, LibraryError};
use crate::catalog::{EntryRow, WriteTx};
use crate::model::{Access, AccessDenied, Depth, EntryEvent, EntryPath, Right, Scope, Spot, Timestamp};

/// Copies of folders inside their spaces at the same time; the rows of each are kept in memory.
pub(super) const MAX_COPIES_AT_ONCE: usize = 8;

/// A move or copy that has begun.
pub enum Transfer {
    /// It is already complete.
    Done(Transferred),
    /// Contents still have to be copied into another space.
    Carry(Box<Carry>),
}

impl Transfer {
    /// Completes it, whatever happens to the rights meanwhile.
    pub async fn complete(self, now: Timestamp) -> Result<Transferred, LibraryError> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Carry(mut carry) => {
                while carry.copy_some().await? {}
                carry.commit(now).await
            }
        }
    }
}

impl Library {
    /// Moves the entry at `from` to `to_path` in the space of `to`.
    pub async fn move_entry(
        &self,
        change: Change,
        from: &EntryPath,
        to: &Access,
        to_path: &EntryPath,
        overwrite: Overwrite,
    ) -> Result<Transferred, LibraryError> {
        let now = change.now;
        self.begin_move(change, from, to, to_path, overwrite).await?.complete(now).await
    }

    /// Copies the entry at `from`; a folder with everything below it or, with `Depth::Zero`, alone.
    pub async fn copy_entry(
        &self,
        change: Change,
        from: &EntryPath,
        to: &Access,
        to_path: &EntryPath,
        overwrite: Overwrite,
        depth: Depth,
    ) -> Result<Transferred, LibraryError> {
        let now = change.now;
        self.begin_copy(change, from, to, to_path, overwrite, depth).await?.complete(now).await
    }

    /// Like [`Self::move_entry`], but leaves the slow part to the caller: copying into another space.
    pub async fn begin_move(
        &self,
        change: Change,
        from: &EntryPath,
        to: &Access,
        to_path: &EntryPath,
        overwrite: Overwrite,
    ) -> Result<Transfer, LibraryError> {
        let scope = change.access.scope(Right::Write)?;
        let target = confined(scope, to)?;
        let (path, kind) = (to_path.clone(), ArrivalKind::Move);
        let arrival = Arrival { scope: target, path, overwrite, kind, extent: None };
        if scope != target {
            return self.begin_carry(change, from.clone(), arrival).await.map(Box::new).map(Transfer::Carry);
        }
        self.foresee(&change, scope, from).await?;
        if let Some(moved) = self.move_now(&change, from, &arrival).await? {
            return Ok(Transfer::Done(moved));
        }
        let arrival = Arrival { extent: self.measure(scope, from).await?, ..arrival };
        let moved = self.move_now(&change, from, &arrival).await?;
        moved.map(Transfer::Done).ok_or(LibraryError::PreconditionFailed)
    }

    /// Moves it in one transaction. `None`, without changes, for a folder that comes below a longer path, until a
    /// reader has measured it.
    async fn move_now(
        &self,
        change: &Change,
        from: &EntryPath,
        arrival: &Arrival,
    ) -> Result<Option<Transferred>, LibraryError> {
        let scope = change.access.scope(Right::Write)?;
        let (library, change, from, arrival) = (self.clone(), change.clone(), from.clone(), arrival.clone());
        self.storing()
            .await?
            .write(move |tx| {
                let (entry, left) = find_with_path(tx, scope, &from)?.ok_or(LibraryError::NotFound)?;
                if entry.is_folder() && arrival.extent.is_none() && is_longer(&arrival.path, &from) {
                    tx.touches_only([]);
                    return Ok(None);
                }
                library.check_conditions(tx, &change, scope, Some(&entry))?;
                let locks = require_removable(tx, &change, &entry)?;
                let slot = arrival.inspect(&library, tx, &change, &entry)?;
                // A lock belongs to a place and does not move along (RFC 4918 7.6).
                tx.delete_locks(&locks)?;
                let arrived = slot.take_in(tx, &change, &entry)?;
                let left = Spot::new(entry.space, entry.id, &left);
                library.arrived(tx, &change, EntryEvent::Moved, left, arrived, &slot).map(Some)
            })
            .await
    }

    /// Like [`Self::copy_entry`], but leaves the slow part to the caller: copying into another space.
    pub async fn begin_copy(
        &self,
        change: Change,
        from: &EntryPath,
        to: &Access,
        to_path: &EntryPath,
        overwrite: Overwrite,
        depth: Depth,
    ) -> Result<Transfer, LibraryError> {
        let scope = change.access.scope(Right::Read)?;
        let target = confined(scope, to)?;
        let kind = ArrivalKind::Copy(depth);
        let arrival = Arrival { scope: target, path: to_path.clone(), overwrite, kind, extent: None };
        if scope != target {
            return self.begin_carry(change, from.clone(), arrival).await.map(Box::new).map(Transfer::Carry);
        }
        self.foresee(&change, scope, from).await?;
        if let Some(copied) = self.copy_one(&change, from, &arrival).await? {
            return Ok(Transfer::Done(copied));
        }
        // A client that sends many copies of folders at once waits for its own, and the guests of a link for theirs:
        // otherwise all of them would be in memory and ahead of other people's saves.
        let turn = (change.account()?, scope.top());
        let _turn = self.shared.long_work.copying.take(turn).await?;
        let plan = self.plan_copy(change, from.clone(), arrival).await?;
        if plan.tree.len() > AT_ONCE {
            return self.copy_in_steps(plan).await.map(Transfer::Done);
        }
        let library = self.clone();
        let copy = move |tx: &WriteTx<'_>| {
            let Plan { change, from, arrival, .. } = plan;
            let (entry, path) = find_with_path(tx, scope, &from)?.ok_or(LibraryError::NotFound)?;
            library.check_conditions(tx, &change, scope, Some(&entry))?;
            library.copy_rows(tx, &change, (&entry, &path), &arrival)
        };
        self.storing().await?.write_alone(copy).await.map(Transfer::Done)
    }

    /// Copies a file, or a folder without its members, in one short transaction. `None`, without changes, if the
    /// copy would have members.
    async fn copy_one(
        &self,
        change: &Change,
        from: &EntryPath,
        arrival: &Arrival,
    ) -> Result<Option<Transferred>, LibraryError> {
        let scope = change.access.scope(Right::Read)?;
        let (library, change, from, arrival) = (self.clone(), change.clone(), from.clone(), arrival.clone());
        self.storing()
            .await?
            .write(move |tx| {
                let (entry, path) = find_with_path(tx, scope, &from)?.ok_or(LibraryError::NotFound)?;
                if entry.is_folder() && arrival.kind != ArrivalKind::Copy(Depth::Zero) {
                    tx.touches_only([]);
                    return Ok(None);
                }
                library.check_conditions(tx, &change, scope, Some(&entry))?;
                library.copy_rows(tx, &change, (&entry, &path), &arrival).map(Some)
            })
            .await
    }

    /// Copies `entry` and, with its kind of arrival, everything below it.
    fn copy_rows(
        &self,
        tx: &WriteTx<'_>,
        change: &Change,
        (entry, path): (&EntryRow, &EntryPath),
        arrival: &Arrival,
    ) -> Result<Transferred, LibraryError> {
        let slot = arrival.inspect(self, tx, change, entry)?;
        let tree = tree_of(tx, &change.access, entry, arrival.kind)?;
        let added = Added::watch(tx, slot.space)?;
        let copy = if let Some(renewed) = slot.renew_file(tx, change, entry)? {
            renewed
        } else {
            let first = tx.reserve_entry_ids(signed(tree.len() as u64))?;
            let share = |tx: &WriteTx<'_>, row: &EntryRow, id| {
                let (author, now) = (change.author(), change.now);
                let version = row.version.map(|version| tx.share_version(version, id, author, now));
                Ok(version.transpose()?)
            };
            plant(tx, change, &tree, first, &slot, share)?
        };
        added.require_room(self, tx, 0)?;
        let from = Spot::new(entry.space, entry.id, path);
        self.arrived(tx, change, EntryEvent::Copied, from, copy, &slot)
    }

    /// Checks everything that may prevent a copy, and reads the entries to copy.
    async fn plan_copy(
        &self,
        change: Change,
        from: EntryPath,
        mut arrival: Arrival,
    ) -> Result<Plan, LibraryError> {
        let library = self.clone();
        self.catalog()
            .read(move |tx| {
                let scope = change.access.scope(Right::Read)?;
                let entry = find(tx, scope, &from)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &change, scope, Some(&entry))?;
                let slot = arrival.inspect(&library, tx, &change, &entry)?;
                let tree = tree_of(tx, &change.access, &entry, arrival.kind)?;
                if tree.len() > AT_ONCE {
                    arrival.extent = Some(Extent::measure(tx, &entry)?);
                }
                Ok(Plan { change, from, arrival, slot, tree })
            })
            .await
    }

    /// The extent of the folder at `path`, if there is one.
    async fn measure(&self, scope: Scope, path: &EntryPath) -> Result<Option<Extent>, LibraryError> {
        let path = path.clone();
        self.catalog()
            .read(move |tx| {
                let folder = find(tx, scope, &path)?.filter(EntryRow::is_folder);
                folder.map(|folder| Extent::measure(tx, &folder)).transpose()
            })
            .await
    }
}

/// Where a move or copy may arrive. Nothing may leave the entry of a guest's link, and nothing may enter it from
/// outside.
fn confined(from: Scope, to: &Access) -> Result<Scope, AccessDenied> {
    let to = to.scope(Right::Write)?;
    let is_lent = from.top().is_some() || to.top().is_some();
    if is_lent && from != to { Err(AccessDenied { needed: Right::Write }) } else { Ok(to) }
}

/// Whether entries below `from` may become deeper, or get a longer path, below `to`.
fn is_longer(to: &EntryPath, from: &EntryPath) -> bool {
    let bytes = |path: &EntryPath| path.names().iter().map(|name| name.as_str().len() + 1).sum::<usize>();
    to.names().len() > from.names().len() || bytes(to) > bytes(from)
}
