//! Copies of large folders, made in steps.
//!
//! One thread writes the catalogue, and while it copies a folder of 50,000 entries nobody else could save. So the
//! rows of a large copy are written a few at a time, others in between. Until the last step the copy is no part of the
//! tree: its top is marked as something that is being removed for good, so that whatever ends the work in
//! between, a client that leaves or a power cut, leaves only what the next upkeep removes. While it grows it is
//! kept from that. The last step judges everything once more, takes the mark off and hangs the copy into its folder.
//!
//! The copy holds what the source held when it was begun. A content that is gone for good before it was reached fails
//! the whole copy.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::signed;
use super::quota::Added;
use super::resolve::find;
use super::transfer::{Plan, Top, Transferred, copies_of, plant_one};
use super::{Library, LibraryError};
use crate::catalog::{EntryRow, WriteTx};
use crate::model::{EntryId, Right};

/// Entries that are copied in one transaction. Others wait for it, some 0.1 s.
pub(super) const AT_ONCE: usize = 1_000;

/// The copies that grow at this moment, by their tops.
#[derive(Clone, Default)]
pub(super) struct Growing(Arc<Mutex<HashSet<EntryId>>>);

/// Keeps a copy from being removed before it is finished; until it is dropped.
struct Grows(Growing, EntryId);

impl Growing {
    pub(super) fn holds(&self, top: EntryId) -> bool {
        self.tops().contains(&top)
    }

    fn hold(&self, top: EntryId) -> Grows {
        self.tops().insert(top);
        Grows(self.clone(), top)
    }

    fn tops(&self) -> MutexGuard<'_, HashSet<EntryId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Grows {
    fn drop(&mut self) {
        self.0.tops().remove(&self.1);
    }
}

impl Library {
    /// Makes a copy that is too large for one transaction. Broken off before its end, it leaves nothing that anybody
    /// sees.
    pub(super) async fn copy_in_steps(&self, plan: Plan) -> Result<Transferred, LibraryError> {
        let count = signed(plan.tree.len() as u64);
        let begin = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            // One revision for all: no entry may be newer than its folder.
            Ok::<_, LibraryError>((tx.reserve_entry_ids(count)?, tx.counters()?.revision))
        };
        let (first, revision) = self.catalog().write(begin).await?;
        let _grows = self.shared.growing.hold(first);
        let copies = copies_of(&plan.tree, first);
        let rows = Arc::new(Rows { plan, first, revision, copies });
        for from in (0..rows.plan.tree.len()).step_by(AT_ONCE) {
            let (library, rows) = (self.clone(), Arc::clone(&rows));
            let step = move |tx: &WriteTx<'_>| {
                tx.touches_only([]);
                let added = Added::watch(tx, rows.plan.slot.space)?;
                rows.copy_some(tx, from)?;
                added.require_room(&library, tx, 0)
            };
            self.storing().await?.write_alone(step).await?;
        }
        let library = self.clone();
        self.storing().await?.write(move |tx| finish(&library, tx, &rows.plan, first)).await
    }
}

/// The rows of a copy.
struct Rows {
    plan: Plan,
    /// The copy's top; the ids of the others follow.
    first: EntryId,
    revision: i64,
    /// Of each entry, the id of its copy.
    copies: HashMap<EntryId, EntryId>,
}

impl Rows {
    /// Copies the entries from the position `from` on. Folders are at any time as large as what is in them.
    fn copy_some(&self, tx: &WriteTx<'_>, from: usize) -> Result<(), LibraryError> {
        let Self { plan: Plan { change, slot, tree, .. }, first, revision, copies } = self;
        let (first, name, revision) = (*first, slot.name.clone(), *revision);
        let top = Top { space: slot.space, folder: None, name, revision };
        let mut grown = HashMap::<EntryId, i64>::new();
        for row in tree.iter().skip(from).take(AT_ONCE) {
            let copy = copies.get(&row.id).copied().ok_or(LibraryError::NotFound)?;
            let version = match row.version {
                // It was removed for good meanwhile.
                Some(version) if tx.version(version)?.is_none() => {
                    return Err(LibraryError::PreconditionFailed);
                }
                Some(version) => Some(tx.share_version(version, copy, change.author(), change.now)?),
                None => None,
            };
            let size = if row.is_folder() { 0 } else { row.size };
            plant_one(tx, change, &EntryRow { size, ..row.clone() }, copy, copies, &top, version)?;
            if copy == first {
                let path = top.name.as_str();
                tx.insert_trash(top.space, first, slot.folder, path, change.now, change.author())?;
                tx.begin_purge(first)?;
            }
            let mut above = row.parent;
            while let Some(folder) = above.and_then(|folder| copies.get(&folder)).filter(|_| size > 0) {
                *grown.entry(*folder).or_default() += signed(size);
                let position = usize::try_from(folder.0 - first.0).unwrap_or(usize::MAX);
                above = tree.get(position).and_then(|folder| folder.parent);
            }
        }
        grown.into_iter().try_for_each(|(folder, bytes)| Ok(tx.grow_folder(folder, bytes)?))
    }
}

/// Judges the copy once more and makes it part of the tree.
fn finish(
    library: &Library,
    tx: &WriteTx<'_>,
    plan: &Plan,
    first: EntryId,
) -> Result<Transferred, LibraryError> {
    let Plan { change, from, arrival, tree, .. } = plan;
    let reach = change.access.reach(Right::Read)?;
    let entry = find(tx, reach, from)?.ok_or(LibraryError::NotFound)?;
    library.check_conditions(tx, change, reach, Some(&entry))?;
    let slot = arrival.inspect(library, tx, change, &entry)?;
    let size = match tree.first() {
        Some(top) if top.id == entry.id => signed(top.size),
        _ => return Err(LibraryError::PreconditionFailed),
    };
    slot.replace(tx, change, || {
        tx.remove_from_trash(first)?;
        tx.relocate(first, Some(slot.folder), &slot.name)?;
        Ok(first)
    })?;
    tx.touch_folders(slot.folder, tx.next_revision()?, size, change.now)?;
    library.transferred(tx, first, slot.there.is_none())
}
