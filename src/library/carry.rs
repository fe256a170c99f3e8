//! Moving and copying into another space.
//!
//! Every container of the source gets a copy with a header for the other space's key, durable before
//! the rows of the whole tree follow in one transaction. Everything is judged before the first byte is
//! copied and once more inside that transaction.

use std::collections::HashMap;

use super::binding::{bound, container_row};
use super::folder::{discard, signed};
use super::lock::require_removable;
use super::lookup::find;
use super::transfer::{Arrival, ArrivalKind, Slot, Transferred, plant, tree_of};
use super::{Change, Library, LibraryError};
use crate::catalog::{ContainerRow, EntryRow, NewVersion, ReadTx, WriteTx};
use crate::model::{ContainerId, EntryId, EntryName, EntryPath, SpaceId, Timestamp, VersionId, WriteSerial};
use crate::vault::container::{ContainerMeta, Part};
use crate::vault::reader::ContainerReader;
use crate::vault::rewrap::rewrap;

impl Library {
    /// Runs to its end even if the future is dropped: half a copy is of no use to anybody, and what it
    /// reserved and wrote is accounted for in one place.
    pub(super) async fn carry_over(
        &self,
        change: Change,
        from: EntryPath,
        arrival: Arrival,
    ) -> Result<Transferred, LibraryError> {
        let library = self.clone();
        tokio::spawn(async move { library.carry(change, from, arrival).await }).await?
    }

    async fn carry(
        &self,
        change: Change,
        from: EntryPath,
        arrival: Arrival,
    ) -> Result<Transferred, LibraryError> {
        // One at a time: each may copy as much as the disk holds.
        let _turn = self.shared.carrying.lock().await;
        let (space, target) = (change.access.space(), arrival.reach.space());
        let load = Load { change, from, arrival };
        let library = self.clone();
        let (load, tree) = self
            .catalog()
            .read(move |tx| {
                let (entry, _) = load.judge(&library, tx)?;
                let tree = tree_of(tx, &entry, load.arrival.kind)?;
                Ok::<_, LibraryError>((load, tree))
            })
            .await?;
        let judged: Vec<EntryId> = tree.iter().map(|row| row.id).collect();
        let count = signed(tree.len() as u64);
        let first = self.catalog().write(move |tx| tx.reserve_entry_ids(count)).await?;
        let (top, now) = (load.arrival.path.clone(), load.change.now);
        let contents = self.catalog().read(move |tx| contents_of(tx, &tree, first, &top, now)).await?;

        let bytes = contents.iter().map(|content| content.row.plain_len).sum();
        self.require_room(bytes).await?;
        let reservation = self.reserve(target, bytes).await?;
        let library = self.clone();
        let (copies, failure) =
            tokio::task::spawn_blocking(move || library.rewrap_all(space, target, contents)).await?;
        let written: Vec<_> = copies.values().map(|row| (row.id, row.place)).collect();
        let was_copied = failure.is_none();
        let outcome = if let Some(error) = failure {
            self.note_refusal(&error).await;
            Err(error)
        } else {
            let library = self.clone();
            self.catalog().write(move |tx| load.commit(&library, tx, &judged, first, &copies)).await
        };
        // Before the commit nothing can refer to them, and a full disk needs them gone.
        if outcome.as_ref().is_err_and(|error| !was_copied || error.is_refusal()) {
            for (container, place) in written {
                self.remove_uncommitted(target, container, place).await;
            }
        }
        drop(reservation);
        outcome
    }

    /// Copies containers into another space, each durable when this returns; stops at the first that
    /// fails.
    fn rewrap_all(
        &self,
        from: SpaceId,
        to: SpaceId,
        contents: Vec<CarriedContent>,
    ) -> (HashMap<ContainerId, ContainerRow>, Option<LibraryError>) {
        let mut copies = HashMap::with_capacity(contents.len());
        for CarriedContent { row, meta } in contents {
            if copies.contains_key(&row.id) {
                continue;
            }
            match self.rewrap_one(from, to, &row, &meta) {
                Ok(copy) => copies.insert(row.id, copy),
                Err(error) => return (copies, Some(error)),
            };
        }
        (copies, None)
    }

    /// A copy of a container in another space, durable when this returns.
    pub(super) fn rewrap_one(
        &self,
        from: SpaceId,
        to: SpaceId,
        row: &ContainerRow,
        meta: &ContainerMeta,
    ) -> Result<ContainerRow, LibraryError> {
        let (from_key, to_key) = (self.shared.keys.space_key(from)?, self.shared.keys.space_key(to)?);
        let bound = bound(row);
        let source = ContainerReader::open(&**self.disk(), &from_key, from, &bound)?;
        Ok(container_row(&rewrap(&**self.disk(), &source, &to_key, to, meta)?))
    }
}

/// What is carried, from where to where.
struct Load {
    change: Change,
    from: EntryPath,
    arrival: Arrival,
}

impl Load {
    /// Everything that can stand in the way, at either end.
    fn judge(&self, library: &Library, tx: &ReadTx<'_>) -> Result<(EntryRow, Slot), LibraryError> {
        let space = self.change.access.space();
        let entry = find(tx, space.into(), &self.from)?.ok_or(LibraryError::NotFound)?;
        library.check_conditions(tx, &self.change, space.into(), Some(&entry))?;
        if self.arrival.kind == ArrivalKind::Move {
            require_removable(tx, &self.change, &entry)?;
        }
        let slot = self.arrival.inspect(library, tx, &self.change, &entry)?;
        Ok((entry, slot))
    }

    fn commit(
        &self,
        library: &Library,
        tx: &WriteTx<'_>,
        judged: &[EntryId],
        first: EntryId,
        copies: &HashMap<ContainerId, ContainerRow>,
    ) -> Result<Transferred, LibraryError> {
        let (entry, slot) = self.judge(library, tx)?;
        let tree = tree_of(tx, &entry, self.arrival.kind)?;
        // Ids were reserved, and headers written, for the tree as it was: one entry more would take an id
        // that belongs to somebody else.
        if tree.iter().map(|row| row.id).ne(judged.iter().copied()) {
            return Err(LibraryError::PreconditionFailed);
        }
        slot.clear(tx, &self.change)?;
        let attach = |tx: &WriteTx<'_>, row: &EntryRow, id| {
            attach_copy(tx, &self.change, row, id, self.arrival.reach.space(), copies)
        };
        let copy = plant(tx, &self.change, &tree, first, &slot, attach)?;
        if self.arrival.kind == ArrivalKind::Move {
            discard(tx, &self.change, &entry)?;
        }
        library.transferred(tx, copy, slot.there.is_none())
    }
}

/// A container on its way into another space, with what its new header says.
struct CarriedContent {
    row: ContainerRow,
    meta: ContainerMeta,
}

/// The containers of a tree. Their copies name the ids and paths of the destination: the source's are
/// none of that space's business.
fn contents_of(
    tx: &ReadTx<'_>,
    tree: &[EntryRow],
    first: EntryId,
    top: &EntryPath,
    now: Timestamp,
) -> Result<Vec<CarriedContent>, LibraryError> {
    let mut paths: HashMap<EntryId, EntryPath> = HashMap::with_capacity(tree.len());
    let mut contents = Vec::new();
    for (id, row) in (first.0..).map(EntryId).zip(tree) {
        let path = match row.parent.and_then(|parent| paths.get(&parent)) {
            Some(folder) => folder.join(EntryName::parse(&row.name)?)?,
            None => top.clone(),
        };
        if let Some(version) = row.version {
            for (segment, container) in (0_u32..).zip(tx.segments(version)?) {
                let meta = ContainerMeta {
                    entry: id,
                    path: path.clone(),
                    modified: row.modified,
                    serial: WriteSerial(id.0),
                    written: now,
                    segment,
                    size: Some(row.size),
                    part: Part::Numbered,
                };
                contents.push(CarriedContent { row: container, meta });
            }
        }
        paths.insert(row.id, path);
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
) -> Result<Option<VersionId>, LibraryError> {
    let Some(source) = row.version else { return Ok(None) };
    let checksums = tx.version(source)?.map(|version| version.checksums).unwrap_or_default();
    let version = tx.insert_version(&NewVersion {
        entry: id,
        size: row.size,
        modified: row.modified,
        created: change.now,
        author: change.author(),
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
