//! Moving and copying into another space.
//!
//! Every container of the source gets a copy with a header for the other space's key, durable before
//! the rows of the whole tree follow in one transaction. Everything is judged before the first byte is
//! copied and once more inside that transaction.
//!
//! Copying may take hours. So it goes in steps between which the caller asks whether the rights still hold, and a
//! caller that leaves ends it.

use std::collections::HashMap;

use super::binding::{bound, container_row};
use super::discard::discard;
use super::entry::signed;
use super::leftovers::Leftovers;
use super::lock::require_removable;
use super::quota::{Added, Reservation};
use super::resolve::find;
use super::transfer::{Arrival, ArrivalKind, Slot, Transferred, plant, tree_of};
use super::turns::Turn;
use super::{Change, Library, LibraryError};
use crate::catalog::{ContainerRow, EntryRow, NewVersion, ReadTx, WriteTx};
use crate::model::{ContainerId, EntryId, EntryName, EntryPath, SpaceId, Timestamp, VersionId, WriteSerial};
use crate::vault::container::{ContainerMeta, Part};
use crate::vault::reader::ContainerReader;
use crate::vault::rewrap::{Rewrap, rewrap};

/// Bytes between two moments at which the caller may ask whether the rights still hold.
const CARRY_STEP: u64 = 16 * 1024 * 1024;
/// Copies into other spaces at once: each reads and writes as fast as the disk does.
pub(super) const MAX_CARRIED_AT_ONCE: usize = 4;

/// A move or copy into another space that is under way. Dropped before its commit it leaves nothing behind: the
/// step that runs comes to its end, and what was written is removed.
pub struct Carry {
    library: Library,
    load: Load,
    /// The entries of the source when it was judged.
    judged: Vec<EntryId>,
    /// The id of the first copy; the others follow.
    first: EntryId,
    /// `None` after a failure.
    copying: Option<Copying>,
}

/// The containers on their way. Travels with the thread that copies them.
struct Copying {
    library: Library,
    from: SpaceId,
    to: SpaceId,
    left: std::vec::IntoIter<CarriedContent>,
    current: Option<Current>,
    copies: HashMap<ContainerId, ContainerRow>,
    written: Leftovers,
    reservation: Reservation,
    _turn: Turn,
}

/// The container that is being copied.
struct Current {
    original: ContainerId,
    source: ContainerReader,
    copy: Rewrap,
}

impl Library {
    /// Judges everything and waits for this person's turn; nothing is copied yet.
    pub(super) async fn begin_carry(
        &self,
        change: Change,
        from: EntryPath,
        arrival: Arrival,
    ) -> Result<Carry, LibraryError> {
        let turn = self.shared.carrying.take(change.user).await?;
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
        let first = self.new_entry_ids(count).await?;
        let (top, now) = (load.arrival.path.clone(), load.change.now);
        let contents = self.catalog().read(move |tx| contents_of(tx, &tree, first, &top, now)).await?;

        let bytes = contents.iter().map(|content| content.row.plain_len).sum();
        self.require_room(bytes).await?;
        let copying = Copying {
            library: self.clone(),
            from: space,
            to: target,
            left: contents.into_iter(),
            current: None,
            copies: HashMap::new(),
            written: Leftovers { library: self.clone(), space: target, containers: Vec::new() },
            reservation: self.reserve(target, bytes).await?,
            _turn: turn,
        };
        Ok(Carry { library: self.clone(), load, judged, first, copying: Some(copying) })
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

impl Carry {
    /// Copies the next 16 MiB or so; `false` once everything is copied.
    ///
    /// Errors: `DiskFull`, `Damaged`, those of the disk; what was written is removed then, and [`Self::commit`] fails.
    pub async fn copy_some(&mut self) -> Result<bool, LibraryError> {
        let mut copying = self.copying.take().ok_or(LibraryError::Interrupted)?;
        let step = tokio::task::spawn_blocking(move || {
            let outcome = copying.step();
            (copying, outcome)
        });
        let (copying, outcome) = step.await?;
        match outcome {
            Ok(is_unfinished) => {
                self.copying = Some(copying);
                Ok(is_unfinished)
            }
            Err(error) => {
                self.library.note_refusal(&error).await;
                // A full disk needs them gone.
                copying.written.remove().await;
                Err(error)
            }
        }
    }

    /// Makes what was copied part of the other space, in one transaction; of a move the source goes into its trash.
    /// Runs to its end even if the future is dropped.
    ///
    /// Errors: `PreconditionFailed` if the source changed meanwhile; what stood in the way at the beginning.
    pub async fn commit(mut self, now: Timestamp) -> Result<Transferred, LibraryError> {
        self.load.change.now = now;
        tokio::spawn(self.commit_uncancelled()).await?
    }

    async fn commit_uncancelled(self) -> Result<Transferred, LibraryError> {
        let Self { library, load, judged, first, copying } = self;
        let mut copying = copying.filter(Copying::is_done).ok_or(LibraryError::Interrupted)?;
        let copies = std::mem::take(&mut copying.copies);
        let reserved = copying.reservation.bytes();
        let worker = library.clone();
        let commit = move |tx: &WriteTx<'_>| load.commit(&worker, tx, &judged, first, &copies, reserved);
        let outcome = library.catalog().write_alone(commit).await;
        // After a commit that failed nobody knows whether rows have them.
        if outcome.as_ref().map_or_else(|error| !error.is_refusal(), |_| true) {
            copying.written.release();
        }
        copying.written.remove().await;
        outcome
    }
}

impl Copying {
    fn is_done(&self) -> bool {
        self.current.is_none() && self.left.len() == 0
    }

    /// Whether anything is left. Blocks.
    fn step(&mut self) -> Result<bool, LibraryError> {
        let mut copied = 0;
        while copied < CARRY_STEP {
            let next = match self.current.take() {
                Some(current) => Some(current),
                None => self.next()?,
            };
            let Some(mut current) = next else { return Ok(false) };
            match current.copy.copy_some(&current.source)? {
                0 => {
                    let sealed = current.copy.finish(&current.source)?;
                    self.copies.insert(current.original, container_row(&sealed));
                    self.written.containers.push(sealed);
                }
                bytes => {
                    copied += bytes;
                    self.current = Some(current);
                }
            }
        }
        Ok(!self.is_done())
    }

    /// The next container that has no copy yet: files may share one.
    fn next(&mut self) -> Result<Option<Current>, LibraryError> {
        let copies = &self.copies;
        let Some(CarriedContent { row, meta }) =
            self.left.find(|content| !copies.contains_key(&content.row.id))
        else {
            return Ok(None);
        };
        let (disk, keys) = (&**self.library.disk(), &self.library.shared.keys);
        let (from_key, to_key) = (keys.space_key(self.from)?, keys.space_key(self.to)?);
        let source = ContainerReader::open(disk, &from_key, self.from, &bound(&row))?;
        let copy = Rewrap::begin(disk, &source, &to_key, self.to, &meta)?;
        Ok(Some(Current { original: row.id, source, copy }))
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
        // Clients submit a lock's token with the URL of what it locks, which is in either space.
        let reaches = [space.into(), self.arrival.reach];
        library.check_conditions_among(tx, &self.change, &reaches, Some(&entry))?;
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
        reserved: u64,
    ) -> Result<Transferred, LibraryError> {
        let (entry, slot) = self.judge(library, tx)?;
        let tree = tree_of(tx, &entry, self.arrival.kind)?;
        // Ids were reserved, and headers written, for the tree as it was: one entry more would take an id
        // that belongs to somebody else.
        if tree.iter().map(|row| row.id).ne(judged.iter().copied()) {
            return Err(LibraryError::PreconditionFailed);
        }
        let added = Added::watch(tx, slot.space)?;
        let attach = |tx: &WriteTx<'_>, row: &EntryRow, id| {
            attach_copy(tx, &self.change, row, id, self.arrival.reach.space(), copies)
        };
        let copy = plant(tx, &self.change, &tree, first, &slot, attach)?;
        added.require_room(library, tx, reserved)?;
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
