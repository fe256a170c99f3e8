//! Moving and copying.
//!
//! Inside a space a move changes one row and a copy shares the containers. Into another space the
//! contents get headers for that space's key first; the rows of the whole tree follow in one
//! transaction.

use std::collections::HashMap;

use super::folder::{discard, signed};
use super::guard::require_tree_unlocked;
use super::guard::require_unlocked;
use super::lock::require_removable;
use super::lookup::{Found, find, path_of, place};
use super::put::container_row;
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::{ContainerRow, EntryRow, NewEntry, NewVersion, ReadTx, WriteTx};
use crate::model::{Access, ContainerId, Depth, EntryId, EntryName, EntryPath, Right, SpaceId};
use crate::vault::container::ContainerMeta;
use crate::vault::reader::{ContainerReader, ContainerRef};
use crate::vault::rewrap::rewrap;

/// Whether something at the destination may be replaced (RFC 4918 10.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// What is there goes into the trash.
    Allow,
    /// Fail if something is there.
    Forbid,
}

/// What a move or copy made.
#[derive(Clone, Debug)]
pub struct Transferred {
    /// The entry at the destination.
    pub entry: Entry,
    /// Whether nothing was there before.
    pub created: bool,
}

impl Library {
    /// Moves the entry at `from` to `to_path` in the space that `to` opens.
    pub async fn move_entry(
        &self,
        change: Change,
        from: &EntryPath,
        to: &Access,
        to_path: &EntryPath,
        overwrite: Overwrite,
    ) -> Result<Transferred, LibraryError> {
        let space = change.access.require(Right::Write)?;
        let target = to.require(Right::Write)?;
        if space != target {
            return self.carry_over(change, from, to, to_path, overwrite, Carry::Move).await;
        }
        let (library, from, to_path) = (self.clone(), from.clone(), to_path.clone());
        self.catalog()
            .write(move |tx| {
                let entry = find(tx, space, &from)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &change, space, Some(&entry))?;
                require_removable(tx, &change, &entry)?;
                let slot = clear_slot(&library, tx, &change, &entry, space, &to_path, overwrite)?;
                let old_parent = entry.parent.ok_or(LibraryError::IsRoot)?;
                // A lock belongs to a place, not to what is moved there (RFC 4918 7.5).
                tx.delete_locks_below(entry.id)?;
                tx.relocate(entry.id, Some(slot.folder), &slot.name)?;
                let size = signed(entry.size);
                tx.touch_folders(old_parent, tx.next_revision()?, -size, change.now)?;
                tx.touch_folders(slot.folder, tx.next_revision()?, size, change.now)?;
                library.transferred(tx, entry.id, slot.created)
            })
            .await
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
        let space = change.access.require(Right::Read)?;
        let target = to.require(Right::Write)?;
        if space != target {
            return self.carry_over(change, from, to, to_path, overwrite, Carry::Copy(depth)).await;
        }
        let (library, from, to_path) = (self.clone(), from.clone(), to_path.clone());
        self.catalog()
            .write(move |tx| {
                let entry = find(tx, space, &from)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &change, space, Some(&entry))?;
                let slot = clear_slot(&library, tx, &change, &entry, space, &to_path, overwrite)?;
                let tree = tree_of(tx, &entry, depth)?;
                let share = |tx: &WriteTx<'_>, row: &EntryRow, id| {
                    row.version
                        .map(|version| tx.share_version(version, id, Some(change.user), change.now))
                        .transpose()
                        .map_err(LibraryError::from)
                };
                let copy = plant(tx, &change, &tree, target, &slot, share)?;
                library.transferred(tx, copy, slot.created)
            })
            .await
    }

    /// Moves or copies into another space.
    async fn carry_over(
        &self,
        change: Change,
        from: &EntryPath,
        to: &Access,
        to_path: &EntryPath,
        overwrite: Overwrite,
        carry: Carry,
    ) -> Result<Transferred, LibraryError> {
        let (space, target) = (change.access.space(), to.space());
        let depth = match carry {
            Carry::Move => Depth::Infinity,
            Carry::Copy(depth) => depth,
        };
        let (library, asked, source) = (self.clone(), change.clone(), from.clone());
        let contents = self
            .catalog()
            .read(move |tx| {
                let entry = find(tx, space, &source)?.ok_or(LibraryError::NotFound)?;
                library.check_conditions(tx, &asked, space, Some(&entry))?;
                contents_of(tx, &tree_of(tx, &entry, depth)?)
            })
            .await?;
        let bytes = contents.iter().map(|content| content.row.plain_len).sum();
        let reservation = self.reserve(target, bytes).await?;
        let library = self.clone();
        let copies =
            tokio::task::spawn_blocking(move || library.rewrap_all(space, target, contents)).await??;
        let written: Vec<ContainerId> = copies.values().map(|row| row.id).collect();

        let (library, from, to_path) = (self.clone(), from.clone(), to_path.clone());
        let task = tokio::spawn(async move {
            let worker = library.clone();
            let outcome = library
                .catalog()
                .write(move |tx| {
                    let entry = find(tx, space, &from)?.ok_or(LibraryError::NotFound)?;
                    worker.check_conditions(tx, &change, space, Some(&entry))?;
                    let slot = clear_slot(&worker, tx, &change, &entry, target, &to_path, overwrite)?;
                    let tree = tree_of(tx, &entry, depth)?;
                    let attach = |tx: &WriteTx<'_>, row: &EntryRow, id| {
                        attach_copy(tx, &change, row, id, target, &copies)
                    };
                    let copy = plant(tx, &change, &tree, target, &slot, attach)?;
                    if matches!(carry, Carry::Move) {
                        discard(tx, &change, &entry)?;
                    }
                    worker.transferred(tx, copy, slot.created)
                })
                .await;
            if outcome.as_ref().is_err_and(LibraryError::is_refusal) {
                for container in written {
                    library.remove_uncommitted(target, container).await;
                }
            }
            drop(reservation);
            outcome
        });
        task.await?
    }

    /// Copies containers into another space, each durable when this returns. On an error those already
    /// made are garbage without a row, which the sweep removes.
    fn rewrap_all(
        &self,
        from: SpaceId,
        to: SpaceId,
        contents: Vec<CarriedContent>,
    ) -> Result<HashMap<ContainerId, ContainerRow>, LibraryError> {
        let (from_key, to_key) = (self.shared.keys.space_key(from)?, self.shared.keys.space_key(to)?);
        let mut copies = HashMap::with_capacity(contents.len());
        for CarriedContent { row, meta } in contents {
            if copies.contains_key(&row.id) {
                continue;
            }
            let source = ContainerRef { id: row.id, header_hash: row.header_hash, length: row.length };
            let source = ContainerReader::open(&**self.disk(), &from_key, from, &source)?;
            let sealed = rewrap(&**self.disk(), &source, &to_key, to, &meta)?;
            copies.insert(row.id, container_row(&sealed));
        }
        Ok(copies)
    }

    fn transferred(
        &self,
        tx: &ReadTx<'_>,
        entry: EntryId,
        created: bool,
    ) -> Result<Transferred, LibraryError> {
        let row = tx.entry(entry)?.ok_or(LibraryError::NotFound)?;
        Ok(Transferred { entry: self.entry(row), created })
    }
}

#[derive(Clone, Copy)]
enum Carry {
    Move,
    Copy(Depth),
}

/// A free place for the entry that arrives.
struct Slot {
    folder: EntryId,
    name: EntryName,
    created: bool,
}

/// Makes room at the destination, or says why that cannot be.
fn clear_slot(
    library: &Library,
    tx: &WriteTx<'_>,
    change: &Change,
    entry: &EntryRow,
    space: SpaceId,
    to_path: &EntryPath,
    overwrite: Overwrite,
) -> Result<Slot, LibraryError> {
    let place = place(tx, space, to_path)?;
    // Nothing may end up inside itself; nor may it replace a folder that it lies in.
    if tx.lineage(place.folder.id)?.iter().any(|row| row.id == entry.id) {
        return Err(LibraryError::IntoItself);
    }
    let there = match place.found {
        Found::Nothing => None,
        // Renaming in place: only capitals or the composition of accents change.
        Found::Same(row) | Found::Alike(row) if row.id == entry.id => {
            if row.name == place.name.as_str() {
                return Err(LibraryError::IntoItself);
            }
            None
        }
        Found::Same(row) => Some(row),
        Found::Alike(_) => return Err(LibraryError::NameTaken),
    };
    place.name.check(library.shared.names)?;
    require_unlocked(tx, change, place.folder.id)?;
    let created = there.is_none();
    if let Some(row) = there {
        if overwrite == Overwrite::Forbid {
            return Err(LibraryError::Exists);
        }
        if tx.lineage(entry.id)?.iter().any(|above| above.id == row.id) {
            return Err(LibraryError::IntoItself);
        }
        require_tree_unlocked(tx, change, &row)?;
        discard(tx, change, &row)?;
    }
    Ok(Slot { folder: place.folder.id, name: place.name, created })
}

/// The rows to copy, folders before their members.
fn tree_of(tx: &ReadTx<'_>, entry: &EntryRow, depth: Depth) -> Result<Vec<EntryRow>, LibraryError> {
    match depth {
        Depth::Zero => {
            Ok(vec![EntryRow { size: if entry.is_folder() { 0 } else { entry.size }, ..entry.clone() }])
        }
        Depth::One | Depth::Infinity => Ok(tx.subtree(entry.id)?),
    }
}

/// Inserts copies of `tree` into the slot; `content` gives each file's copy its version.
fn plant(
    tx: &WriteTx<'_>,
    change: &Change,
    tree: &[EntryRow],
    space: SpaceId,
    slot: &Slot,
    content: impl Fn(&WriteTx<'_>, &EntryRow, EntryId) -> Result<Option<crate::model::VersionId>, LibraryError>,
) -> Result<EntryId, LibraryError> {
    let revision = tx.next_revision()?;
    let first = tx.reserve_entry_ids(signed(tree.len() as u64))?;
    let mut copies = HashMap::with_capacity(tree.len());
    for (id, row) in (first.0..).map(EntryId).zip(tree) {
        let (parent, name) = match row.parent.and_then(|parent| copies.get(&parent)) {
            Some(parent) => (*parent, EntryName::parse(&row.name)?),
            None => (slot.folder, slot.name.clone()),
        };
        let version = content(tx, row, id)?;
        tx.insert_entry(&NewEntry {
            id,
            space,
            parent: Some(parent),
            name: Some(&name),
            version,
            size: row.size,
            revision,
            created: change.now,
            modified: row.modified,
        })?;
        tx.copy_properties(row.id, id)?;
        copies.insert(row.id, id);
    }
    let size = tree.first().map_or(0, |top| signed(top.size));
    tx.touch_folders(slot.folder, revision, size, change.now)?;
    Ok(first)
}

/// A container on its way into another space.
struct CarriedContent {
    row: ContainerRow,
    meta: ContainerMeta,
}

fn contents_of(tx: &ReadTx<'_>, tree: &[EntryRow]) -> Result<Vec<CarriedContent>, LibraryError> {
    let mut contents = Vec::new();
    for row in tree {
        let Some(version) = row.version else { continue };
        let path = path_of(tx, row.id)?;
        for (segment, container) in (0_u32..).zip(tx.segments(version)?) {
            let meta = ContainerMeta { entry: row.id, path: path.clone(), modified: row.modified, segment };
            contents.push(CarriedContent { row: container, meta });
        }
    }
    Ok(contents)
}

/// Records a file's copied containers as the content of its copy. A file that changed since the
/// containers were copied fails the whole operation.
fn attach_copy(
    tx: &WriteTx<'_>,
    change: &Change,
    row: &EntryRow,
    id: EntryId,
    target: SpaceId,
    copies: &HashMap<ContainerId, ContainerRow>,
) -> Result<Option<crate::model::VersionId>, LibraryError> {
    let Some(source) = row.version else { return Ok(None) };
    let checksums = tx.version(source)?.map(|version| version.checksums).unwrap_or_default();
    let version = tx.insert_version(&NewVersion {
        entry: id,
        size: row.size,
        modified: row.modified,
        created: change.now,
        author: Some(change.user),
        checksums: &checksums,
    })?;
    for (position, segment) in tx.segments(source)?.iter().enumerate() {
        let copy = copies.get(&segment.id).ok_or(LibraryError::PreconditionFailed)?;
        if !tx.is_known_container(copy.id)? {
            tx.insert_container(target, copy)?;
        }
        tx.insert_segment(version, position, copy.id)?;
    }
    Ok(Some(version))
}
