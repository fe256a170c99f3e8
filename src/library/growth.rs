//! Copies that are made in steps.
//!
//! A single thread writes the catalogue, and while it copied a folder of 50,000 entries no other client could
//! save. So the rows of a copy into another space, and of a large one inside a space, are written a few at a time,
//! with other jobs in between. Until the last step the copy is not part of the tree: its top is marked for
//! permanent removal, so that whatever interrupts the work, such as a client that disconnects or a power cut,
//! leaves only rows that the next upkeep removes. While it grows, it is protected from upkeep. The last step
//! checks everything again, removes the mark and moves the copy into its folder.
//!
//! The copy contains the source as it was at the beginning. If a version is permanently removed before it was
//! copied, the whole copy fails.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::arrival::{Plan, Slot, Top, Transferred, copies_of, plant_one};
use super::entry::signed;
use super::quota::Added;
use super::record::spot;
use super::resolve::find;
use super::visibility::Shows;
use super::{Change, Library, LibraryError};
use crate::catalog::{EntryRow, WriteTx};
use crate::model::{EntryEvent, EntryId, Right, VersionId};

/// Entries of a copy made in one transaction.
pub(super) const AT_ONCE: usize = 1_000;
/// Time after which a transaction of a copy starts no further entry: some have many containers or large properties.
const GROWTH_STEP: Duration = Duration::from_millis(100);

/// Gives the copy of an entry, under this id, its content; `None` for a folder.
type ContentOf =
    dyn Fn(&WriteTx<'_>, &EntryRow, EntryId) -> Result<Option<VersionId>, LibraryError> + Send + Sync;

/// The copies in progress, by their top entries.
#[derive(Clone, Default)]
pub(super) struct Growing(Arc<Mutex<HashSet<EntryId>>>);

/// Protects an unfinished copy from removal until it is dropped.
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

/// A copy in progress. Interrupted before its end, it leaves nothing visible.
pub(super) struct Growth {
    library: Library,
    rows: Arc<Rows>,
    /// Number of entries copied so far.
    done: usize,
    _grows: Grows,
}

/// The rows of a copy.
pub(super) struct Rows {
    change: Change,
    /// The entries to copy, folders before their members.
    tree: Vec<EntryRow>,
    slot: Slot,
    /// Id of the copy's top; the ids of the others follow.
    first: EntryId,
    /// Shared by all, because no entry may be newer than its folder.
    revision: i64,
    /// Maps each entry to the id of its copy.
    copies: HashMap<EntryId, EntryId>,
    content: Box<ContentOf>,
    /// Bytes of quota reserved for it.
    reserved: u64,
}

impl Growth {
    /// Begins a copy of `tree` under the ids from `first` on, for `slot`; writes nothing yet. `reserved` bytes of
    /// the slot's space are held for it.
    pub(super) async fn begin(
        library: &Library,
        change: Change,
        tree: Vec<EntryRow>,
        first: EntryId,
        slot: Slot,
        reserved: u64,
        content: Box<ContentOf>,
    ) -> Result<Self, LibraryError> {
        let revision = library.catalog().read(|tx| Ok::<_, LibraryError>(tx.counters()?.revision)).await?;
        let copies = copies_of(&tree, first);
        let rows = Rows { change, tree, slot, first, revision, copies, content, reserved };
        let grows = library.shared.long_work.growing.hold(first);
        Ok(Self { library: library.clone(), rows: Arc::new(rows), done: 0, _grows: grows })
    }

    /// Writes the next rows; `false` once all are written.
    ///
    /// Errors: `OverQuota`, `PreconditionFailed` if a version was removed, those of the disk.
    pub(super) async fn grow(&mut self) -> Result<bool, LibraryError> {
        let (library, rows, from) = (self.library.clone(), Arc::clone(&self.rows), self.done);
        let step = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            tx.silent("what grows is in no listing yet; the last step is the event");
            let added = Added::watch(tx, rows.slot.space)?;
            let done = rows.copy_some(tx, from)?;
            added.require_room(&library, tx, rows.reserved)?;
            Ok::<_, LibraryError>(done)
        };
        self.done = self.library.storing().await?.write_alone(step).await?;
        Ok(!self.is_whole())
    }

    pub(super) fn is_whole(&self) -> bool {
        self.done >= self.rows.tree.len()
    }

    /// The rows, for the last transaction.
    pub(super) fn rows(&self) -> Arc<Rows> {
        Arc::clone(&self.rows)
    }
}

impl Rows {
    /// Copies entries from position `from`; returns the position reached. The size of each folder always matches
    /// its content.
    fn copy_some(&self, tx: &WriteTx<'_>, from: usize) -> Result<usize, LibraryError> {
        let Self { change, tree, slot, first, revision, copies, content, .. } = self;
        let (first, name, revision) = (*first, slot.name.clone(), *revision);
        let top = Top { space: slot.space, folder: None, name, revision };
        let mut grown = HashMap::<EntryId, i64>::new();
        let (began, mut done) = (Instant::now(), from);
        for row in tree.iter().skip(from).take(AT_ONCE) {
            let copy = copies.get(&row.id).copied().ok_or(LibraryError::NotFound)?;
            // It was removed permanently meanwhile.
            if let Some(version) = row.version
                && tx.version(version)?.is_none()
            {
                return Err(LibraryError::PreconditionFailed);
            }
            let size = if row.is_folder() { 0 } else { row.size };
            let version = content(tx, row, copy)?;
            plant_one(tx, change, &EntryRow { size, ..row.clone() }, copy, copies, &top, version)?;
            if copy == first {
                tx.insert_unfinished(top.space, first, slot.folder, change.now, change.author())?;
            }
            let mut above = row.parent;
            while let Some(folder) = above.and_then(|folder| copies.get(&folder)).filter(|_| size > 0) {
                *grown.entry(*folder).or_default() += signed(size);
                let position = usize::try_from(folder.0 - first.0).unwrap_or(usize::MAX);
                above = tree.get(position).and_then(|folder| folder.parent);
            }
            done += 1;
            if began.elapsed() >= GROWTH_STEP {
                break;
            }
        }
        grown.into_iter().try_for_each(|(folder, bytes)| tx.grow_folder(folder, bytes))?;
        Ok(done)
    }

    /// Makes the copy part of the tree, replacing the entry in `slot`. `entry` is the source in its present state.
    pub(super) fn join(
        &self,
        tx: &WriteTx<'_>,
        change: &Change,
        entry: &EntryRow,
        slot: &Slot,
    ) -> Result<EntryId, LibraryError> {
        let size = match self.tree.first() {
            Some(top) if top.id == entry.id => signed(top.size),
            _ => return Err(LibraryError::PreconditionFailed),
        };
        self.require_readable(tx, change)?;
        slot.replace(tx, change, || {
            tx.remove_from_trash(self.first)?;
            tx.relocate(self.first, Some(slot.folder), &slot.name)?;
            Ok(self.first)
        })?;
        tx.touch_folders(slot.folder, tx.next_revision()?, size, change.now)?;
        Ok(self.first)
    }

    /// Fails if any of the copied contents has been withheld since, because the copy would not be. The list of all
    /// withheld contents is shorter than a list of the copies.
    fn require_readable(&self, tx: &WriteTx<'_>, change: &Change) -> Result<(), LibraryError> {
        let source_of = |copy: &EntryId| self.tree.get(usize::try_from(copy.0 - self.first.0).ok()?);
        for (entry, version, by) in tx.withheld()? {
            let source = self.copies.get(&entry).and_then(source_of);
            if source.is_some_and(|source| source.version == Some(version)) {
                by.require_full(change.access.viewer())?;
            }
        }
        Ok(())
    }

    /// Fails unless the copy contains everything that `entry` and its tree contain now: every change below an entry
    /// gives it a new revision. Its own properties and time, which do not change the revision, are copied again.
    pub(super) fn require_current(&self, tx: &WriteTx<'_>, entry: &EntryRow) -> Result<(), LibraryError> {
        if self.tree.first().is_none_or(|top| (top.id, top.revision) != (entry.id, entry.revision)) {
            return Err(LibraryError::PreconditionFailed);
        }
        tx.replace_properties(entry.id, self.first, None)?;
        Ok(tx.set_modified(self.first, entry.modified)?)
    }
}

impl Library {
    /// Makes a copy inside a space that is too large for one transaction.
    pub(super) async fn copy_in_steps(&self, plan: Plan) -> Result<Transferred, LibraryError> {
        let Plan { change, from, arrival, slot, tree } = plan;
        let first = self.new_entry_ids(signed(tree.len() as u64)).await?;
        let (author, now) = (change.author(), change.now);
        let share = move |tx: &WriteTx<'_>, row: &EntryRow, copy| {
            let version = row.version.map(|version| tx.share_version(version, copy, author, now));
            Ok::<_, LibraryError>(version.transpose()?)
        };
        let mut growth = Growth::begin(self, change.clone(), tree, first, slot, 0, Box::new(share)).await?;
        while growth.grow().await? {}
        let (library, rows) = (self.clone(), growth.rows());
        let finish = move |tx: &WriteTx<'_>| {
            let scope = change.access.scope(Right::Read)?;
            let entry = find(tx, scope, &from)?.ok_or(LibraryError::NotFound)?;
            library.check_conditions(tx, &change, scope, Some(&entry))?;
            let slot = arrival.inspect(&library, tx, &change, &entry)?;
            let added = Added::watch(tx, slot.space)?;
            let copy = rows.join(tx, &change, &entry, &slot)?;
            added.require_room(&library, tx, 0)?;
            library.arrived(tx, &change, EntryEvent::Copied, spot(tx, entry.id)?, copy, &slot)
        };
        self.storing().await?.write(finish).await
    }
}
