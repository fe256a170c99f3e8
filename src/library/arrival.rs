//! Destinations of moves and copies: checks the destination, moves the entry there or inserts the copies of a tree.
//! Used by moves, copies, large copies (`growth`) and those into other spaces (`cross_space`).

use std::collections::HashMap;

use super::departure::{self, Departed, bring_back, departed};
use super::discard::discard;
use super::entry::signed;
use super::extent::Extent;
use super::guard::{require_tree_unlocked, require_unlocked};
use super::record::Subject;
use super::resolve::{Found, Place, path_of, place};
use super::version::replace_content;
use super::visibility::Shows;
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::{EntryRow, LockRow, NewEntry, ReadTx, WriteTx};
use crate::model::{
    Access, Depth, EntryEvent, EntryId, EntryName, EntryPath, NameError, Scope, SpaceId, Spot, VersionId,
};

/// Entries of one COPY, or of one MOVE into another space; all of their rows are kept in memory.
const MAX_COPIED: usize = 50_000;

/// Whether an existing destination may be replaced (RFC 4918 10.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// The content of a file becomes an earlier version; anything else is moved to the trash.
    Allow,
    /// Fail if the destination exists.
    Forbid,
}

/// Result of a move or copy.
#[derive(Clone, Debug)]
pub struct Transferred {
    /// The entry at the destination.
    pub entry: Entry,
    /// Whether the destination is new.
    pub created: bool,
}

impl Library {
    /// Records that an entry was moved or copied from a place to the slot, and returns it.
    pub(super) fn arrived(
        &self,
        tx: &WriteTx<'_>,
        change: &Change,
        kind: EntryEvent,
        from: Spot,
        arrived: EntryId,
        slot: &Slot,
    ) -> Result<Transferred, LibraryError> {
        let row = tx.entry(arrived)?.ok_or(LibraryError::NotFound)?;
        Subject::at(&row, &slot.path).and(from).record(tx, &change.stamp(), kind)?;
        Ok(Transferred { entry: self.entry(change.access.viewer(), row), created: slot.there.is_none() })
    }
}

/// A copy inside a space that passed all checks.
pub(super) struct Plan {
    pub(super) change: Change,
    pub(super) from: EntryPath,
    pub(super) arrival: Arrival,
    pub(super) slot: Slot,
    /// The entries to copy, folders before their members.
    pub(super) tree: Vec<EntryRow>,
}

/// The destination of a move or copy.
#[derive(Clone)]
pub(super) struct Arrival {
    pub(super) scope: Scope,
    pub(super) path: EntryPath,
    pub(super) overwrite: Overwrite,
    pub(super) kind: ArrivalKind,
    /// Extent of the source, if a reader measured it.
    pub(super) extent: Option<Extent>,
}

/// Move or copy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ArrivalKind {
    Move,
    Copy(Depth),
}

/// A destination that passed all checks.
pub(super) struct Slot {
    pub(super) space: SpaceId,
    pub(super) folder: EntryId,
    pub(super) name: EntryName,
    /// Path in its space, wherever the right to it begins.
    path: EntryPath,
    /// The existing entry, which will be replaced.
    pub(super) there: Option<EntryRow>,
    /// The file that returns to its old name, if there is no existing entry.
    departed: Option<Departed>,
}

impl Arrival {
    /// Checks everything that may prevent `entry` from arriving at its destination. Changes nothing.
    pub(super) fn inspect(
        &self,
        library: &Library,
        tx: &ReadTx<'_>,
        change: &Change,
        entry: &EntryRow,
    ) -> Result<Slot, LibraryError> {
        let place = place(tx, self.scope, &self.path)?;
        let above = tx.lineage(place.folder.id)?;
        // An entry must not be moved or copied into itself.
        if above.iter().any(|row| row.id == entry.id) {
            return Err(LibraryError::IntoItself);
        }
        let is_move = self.kind == ArrivalKind::Move;
        let departed = departed(tx, change, &place, change.now)?;
        let departed = departed.filter(|file| !entry.is_folder() && (!is_move || file.id() != entry.id));
        let there = match place.found {
            Found::Nothing => None,
            // A move may change capitals or the composition of accents; a copy cannot have such a name beside its
            // source.
            Found::Same(row) | Found::Alike(row) if row.id == entry.id && is_move => {
                if row.name == place.name.as_str() {
                    return Err(LibraryError::IntoItself);
                }
                None
            }
            Found::Same(row) if row.id == entry.id => return Err(LibraryError::IntoItself),
            Found::Same(row) => Some(row),
            Found::Alike(_) => return Err(LibraryError::NameTaken),
            Found::Withheld => return Err(LibraryError::Withheld),
        };
        place.name.check(library.shared.names)?;
        if self.kind != ArrivalKind::Copy(Depth::Zero) {
            require_reachable(tx, entry, &above, &place.name, self.extent)?;
        }
        require_unlocked(tx, change, place.folder.id)?;
        if let Some(row) = &there {
            if self.overwrite == Overwrite::Forbid {
                return Err(LibraryError::Exists);
            }
            // Nor may it replace a folder that contains it.
            if tx.lineage(entry.id)?.iter().any(|ancestor| ancestor.id == row.id) {
                return Err(LibraryError::IntoItself);
            }
            require_tree_unlocked(tx, change, row)?;
        }
        let Place { folder, name, path, .. } = place;
        Ok(Slot { space: self.scope.space(), folder: folder.id, name, path, there, departed })
    }
}

impl Slot {
    /// Moves the existing entry to the trash, lets `arrive` bring another entry to this place, and transfers the
    /// locks of the existing entry to the new one.
    ///
    /// By RFC 4918 the existing entry is deleted (9.9.3, 10.6), together with its lock (9.6), but the new one also
    /// joins the lock at the destination (7.6). A program that locks a file and saves it by renaming another over
    /// it keeps using the lock's token, and its next PUT would fail. So the lock stays at its place;
    /// [`Arrival::inspect`] has required its token. Locks further down end, and so does a lock on a folder that a
    /// file replaces, or the reverse.
    pub(super) fn replace(
        &self,
        tx: &WriteTx<'_>,
        change: &Change,
        arrive: impl FnOnce() -> Result<EntryId, LibraryError>,
    ) -> Result<EntryId, LibraryError> {
        let Some(there) = &self.there else { return arrive() };
        let mut locks = tx.locks_covering(there.id, change.now)?;
        locks.retain(|lock| lock.entry == there.id);
        let path = path_of(tx, there.id)?;
        Subject::at(there, &path).record(tx, &change.stamp(), EntryEvent::Deleted)?;
        discard(tx, change, there, &path)?;
        let arrived = arrive()?;
        let is_alike = |row: &EntryRow| row.is_folder() == there.is_folder();
        if tx.entry(arrived)?.as_ref().is_some_and(is_alike) {
            for lock in locks {
                tx.insert_lock(&LockRow { entry: arrived, ..lock })?;
            }
        }
        Ok(arrived)
    }

    /// Gives the file at the destination, or the file that returns there, the content and properties of another
    /// file. Its present content becomes an earlier version, and its locks stay. `None`, without changes, unless
    /// both are files.
    pub(super) fn renew_file(
        &self,
        tx: &WriteTx<'_>,
        change: &Change,
        entry: &EntryRow,
    ) -> Result<Option<EntryId>, LibraryError> {
        let back = match &self.departed {
            Some(departed) => Some(bring_back(tx, change, departed, self.folder, &self.name)?),
            None => None,
        };
        let Some(there) = back.as_ref().or(self.there.as_ref()) else { return Ok(None) };
        let (Some(version), Some(_)) = (entry.version, there.version) else { return Ok(None) };
        let version = tx.share_version(version, there.id, change.author(), change.now)?;
        replace_content(tx, change, there, version, entry.size, entry.modified)?;
        match back {
            Some(_) => tx.merge_properties(entry.id, there.id)?,
            None => tx.replace_properties(entry.id, there.id, change.access.link())?,
        }
        tx.relocate(there.id, Some(self.folder), &self.name)?;
        Ok(Some(there.id))
    }

    /// Moves `entry` here; returns the entry that is here afterwards.
    ///
    /// When a file is moved over a file, the destination gets its content: programs save by writing another file
    /// and renaming it over the old one, and the old file's links and earlier versions must not be lost.
    pub(super) fn take_in(
        &self,
        tx: &WriteTx<'_>,
        change: &Change,
        entry: &EntryRow,
    ) -> Result<EntryId, LibraryError> {
        let old_parent = entry.parent.ok_or(LibraryError::IsRoot)?;
        if let Some(there) = self.renew_file(tx, change, entry)? {
            departure::absorb(tx, change, entry, there)?;
            tx.touch_folders(old_parent, tx.next_revision()?, -signed(entry.size), change.now)?;
            return Ok(there);
        }
        self.replace(tx, change, || {
            tx.relocate(entry.id, Some(self.folder), &self.name)?;
            Ok(entry.id)
        })?;
        let size = signed(entry.size);
        if old_parent == self.folder {
            tx.touch_folders(self.folder, tx.next_revision()?, 0, change.now)?;
        } else {
            tx.touch_folders(old_parent, tx.next_revision()?, -size, change.now)?;
            tx.touch_folders(self.folder, tx.next_revision()?, size, change.now)?;
        }
        departure::note(tx, change, entry, None)?;
        Ok(entry.id)
    }
}

/// Fails if anything in `entry` would be deeper, or have a longer path, than a request can name. `extent` is its
/// extent, if a reader measured it.
pub(super) fn require_reachable(
    tx: &ReadTx<'_>,
    entry: &EntryRow,
    new_folders: &[EntryRow],
    new_name: &EntryName,
    extent: Option<Extent>,
) -> Result<(), LibraryError> {
    let bytes = |rows: &[EntryRow]| -> usize { rows.iter().map(|row| row.name.len() + 1).sum() };
    // The space's top folder has a row but is not part of paths.
    let (new_depth, new_bytes) = (new_folders.len(), bytes(new_folders) + new_name.as_str().len());
    if !entry.is_folder() && new_depth <= EntryPath::MAX_DEPTH && new_bytes <= EntryPath::MAX_BYTES {
        return Ok(());
    }
    let now = tx.lineage(entry.id)?;
    let (old_depth, old_bytes) = (now.len().saturating_sub(1), bytes(&now).saturating_sub(1));
    if new_depth <= old_depth && new_bytes <= old_bytes && entry.parent.is_some() {
        return Ok(());
    }
    let (levels, below) = Extent::of(tx, entry, extent)?;
    if new_depth + levels > EntryPath::MAX_DEPTH || new_bytes + below > EntryPath::MAX_BYTES {
        return Err(NameError::PathTooLong.into());
    }
    Ok(())
}

/// The rows to copy, folders before their members.
///
/// Errors: `Withheld` unless the viewer may read all of it. A copy without some of the files would look complete.
pub(super) fn tree_of(
    tx: &ReadTx<'_>,
    access: &Access,
    entry: &EntryRow,
    kind: ArrivalKind,
) -> Result<Vec<EntryRow>, LibraryError> {
    if kind == ArrivalKind::Copy(Depth::Zero) {
        entry.require_full(access.viewer())?;
        let size = if entry.is_folder() { 0 } else { entry.size };
        return Ok(vec![EntryRow { size, ..entry.clone() }]);
    }
    let tree = tx.subtree(entry.id, MAX_COPIED + 1)?;
    if tree.len() > MAX_COPIED {
        return Err(LibraryError::TooManyEntries);
    }
    tree.iter().try_for_each(|row| row.require_full(access.viewer()))?;
    Ok(tree)
}

/// Inserts copies of `tree` at the slot, replacing the existing entry, under the ids from `first` on; `content`
/// gives the copy of each file its version. Returns the copy of the top.
pub(super) fn plant(
    tx: &WriteTx<'_>,
    change: &Change,
    tree: &[EntryRow],
    first: EntryId,
    slot: &Slot,
    content: impl Fn(&WriteTx<'_>, &EntryRow, EntryId) -> Result<Option<VersionId>, LibraryError>,
) -> Result<EntryId, LibraryError> {
    slot.replace(tx, change, || {
        let revision = tx.next_revision()?;
        let top = Top { space: slot.space, folder: Some(slot.folder), name: slot.name.clone(), revision };
        let copies = copies_of(tree, first);
        for row in tree {
            let copy = copies.get(&row.id).copied().ok_or(LibraryError::NotFound)?;
            plant_one(tx, change, row, copy, &copies, &top, content(tx, row, copy)?)?;
        }
        let size = tree.first().map_or(0, |top| signed(top.size));
        tx.touch_folders(slot.folder, revision, size, change.now)?;
        Ok(first)
    })
}

/// Destination of the top of a copied tree, and the values that all of its rows share.
#[derive(Clone)]
pub(super) struct Top {
    pub(super) space: SpaceId,
    /// `None` while the copy is not part of the tree yet.
    pub(super) folder: Option<EntryId>,
    pub(super) name: EntryName,
    pub(super) revision: i64,
}

/// Maps the entries of a tree to the ids of their copies.
pub(super) fn copies_of(tree: &[EntryRow], first: EntryId) -> HashMap<EntryId, EntryId> {
    tree.iter().map(|row| row.id).zip((first.0..).map(EntryId)).collect()
}

/// Inserts the copy of one entry of a tree, with `version` as its content.
pub(super) fn plant_one(
    tx: &WriteTx<'_>,
    change: &Change,
    row: &EntryRow,
    copy: EntryId,
    copies: &HashMap<EntryId, EntryId>,
    top: &Top,
    version: Option<VersionId>,
) -> Result<(), LibraryError> {
    let (parent, name) = match row.parent.and_then(|parent| copies.get(&parent)) {
        Some(parent) => (Some(*parent), EntryName::parse(&row.name)?),
        None => (top.folder, top.name.clone()),
    };
    tx.insert_entry(&NewEntry {
        id: copy,
        space: top.space,
        parent,
        name: Some(&name),
        version,
        size: row.size,
        revision: top.revision,
        created: change.now,
        modified: row.modified,
    })?;
    Ok(tx.copy_properties(row.id, copy)?)
}
