//! Moves and copies into another space.
//!
//! Every container of the source gets a copy with a header for the other space's key. Once these are durable, the
//! rows of the whole tree follow, in steps that are invisible to others ([`super::growth`]). Everything is checked
//! before the first byte is copied, before the first row is written, and in the transaction that makes the copy
//! part of the tree and, for a move, puts the source into the trash. If anything fails before that, the source
//! stays as it was.
//!
//! Copying may take hours. So it is done in steps, between which the caller checks that the rights still exist, and
//! dropping it ends it.

use std::collections::HashMap;

use super::arrival::{Arrival, ArrivalKind, Slot, Transferred, tree_of};
use super::binding::{bound, container_row};
use super::discard::discard;
use super::entry::signed;
use super::extent::Extent;
use super::growth::Growth;
use super::hold::Arriving;
use super::leftovers::Leftovers;
use super::lock::require_removable;
use super::quota::{Added, Reservation};
use super::record::{Subject, spot};
use super::resolve::{find, path_of};
use super::turns::Turn;
use super::visibility::Shows;
use super::{Change, Library, LibraryError};
use crate::catalog::{ContainerRow, EntryRow, NewVersion, ReadTx, WriteTx};
use crate::model::{
    ContainerId, EntryEvent, EntryId, EntryName, EntryPath, Right, SpaceId, Spot, Timestamp, VersionId,
    WriteSerial,
};
use crate::vault::container::{ContainerMeta, Part};
use crate::vault::reader::ContainerReader;
use crate::vault::rewrap::{Rewrap, rewrap};

/// Bytes of a copy into another space between two checks of the user's rights.
const CARRY_STEP: u64 = 16 * 1024 * 1024;
/// Copies into other spaces at the same time: each reads and writes as fast as the disk can.
pub(super) const MAX_CARRIED_AT_ONCE: usize = 4;

/// A move or copy into another space in progress. Dropped before its commit it leaves nothing behind: the running
/// step finishes, and its files are removed.
pub struct Carry {
    library: Library,
    /// `None` after a failure.
    copying: Option<Copying>,
}

/// State of the copy; moves into the task that copies and back.
struct Copying {
    library: Library,
    load: Load,
    from: SpaceId,
    to: SpaceId,
    /// The entries of the source at the time of the first check.
    judged: Vec<EntryId>,
    /// The id of the first copy; the others follow it.
    first: EntryId,
    left: std::vec::IntoIter<CarriedContent>,
    current: Option<Current>,
    copies: HashMap<ContainerId, ContainerRow>,
    written: Leftovers,
    /// The rows, once every container is copied.
    growth: Option<Growth>,
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
    /// Checks everything and waits for this person's turn; copies nothing yet.
    pub(super) async fn begin_carry(
        &self,
        change: Change,
        from: EntryPath,
        arrival: Arrival,
    ) -> Result<Carry, LibraryError> {
        let turn = self.shared.long_work.carrying.take(change.account()?).await?;
        let (space, target) = (change.access.space(), arrival.scope.space());
        let load = Load { change, from, arrival };
        let library = self.clone();
        let (load, tree) = self
            .catalog()
            .read(move |tx| {
                let (entry, _) = load.judge(&library, tx)?;
                let tree = tree_of(tx, &load.change.access, &entry, load.arrival.kind)?;
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
            load,
            from: space,
            to: target,
            judged,
            first,
            left: contents.into_iter(),
            current: None,
            copies: HashMap::new(),
            written: Leftovers { library: self.clone(), space: target, containers: Vec::new() },
            growth: None,
            reservation: self.reserve(target, bytes).await?,
            _turn: turn,
        };
        Ok(Carry { library: self.clone(), copying: Some(copying) })
    }

    /// A copy of a container in another space, durable on return.
    pub(crate) fn rewrap_one(
        &self,
        from: SpaceId,
        to: SpaceId,
        row: &ContainerRow,
        meta: &ContainerMeta,
    ) -> Result<ContainerRow, LibraryError> {
        let (from_key, to_key) = (self.shared.keys.space_key(from)?, self.shared.keys.space_key(to)?);
        let bound = bound(row);
        let source = ContainerReader::open(self.containers(), &from_key, from, &bound)?;
        Ok(container_row(&rewrap(self.containers(), &source, &to_key, to, meta)?))
    }
}

impl Carry {
    /// Copies the next 16 MiB or so, or writes the next rows; `false` once everything is copied.
    ///
    /// Errors: `DiskFull`, `Damaged`, those of the disk; `PreconditionFailed` if the source changed meanwhile;
    /// those of the first check. The files written so far are then removed, and [`Self::commit`] fails.
    pub async fn copy_some(&mut self) -> Result<bool, LibraryError> {
        let copying = self.copying.take().ok_or(LibraryError::Interrupted)?;
        let (mut copying, outcome) = tokio::spawn(copying.step()).await??;
        match outcome {
            Ok(is_unfinished) => {
                self.copying = Some(copying);
                Ok(is_unfinished)
            }
            Err(error) => {
                self.library.note_refusal(&error).await;
                // After a failed commit it is unknown whether rows refer to them.
                if copying.growth.is_some() && !error.is_refusal() {
                    copying.written.release();
                }
                // On a full disk they must be removed at once.
                copying.written.remove().await;
                Err(error)
            }
        }
    }

    /// Makes the copy part of the other space; for a move, puts the source into its trash. Runs to its end even if
    /// the future is dropped.
    ///
    /// Errors: `PreconditionFailed` if the source of a move changed meanwhile; those of the first check.
    pub async fn commit(self, now: Timestamp) -> Result<Transferred, LibraryError> {
        let mut copying = self.copying.filter(Copying::is_done).ok_or(LibraryError::Interrupted)?;
        copying.load.change.now = now;
        tokio::spawn(copying.commit()).await?
    }
}

impl Copying {
    fn is_done(&self) -> bool {
        self.growth.as_ref().is_some_and(Growth::is_whole)
    }

    /// Runs one step; false if nothing is left to do.
    async fn step(mut self) -> Result<(Self, Result<bool, LibraryError>), LibraryError> {
        if let Some(growth) = &mut self.growth {
            let outcome = growth.grow().await;
            return Ok((self, outcome));
        }
        if self.current.is_some() || self.left.len() > 0 {
            let copy = move || {
                let outcome = self.copy_containers();
                (self, outcome.map(|()| true))
            };
            return Ok(tokio::task::spawn_blocking(copy).await?);
        }
        let outcome = self.begin_growth().await.map(|growth| {
            self.growth = Some(growth);
            true
        });
        Ok((self, outcome))
    }

    /// Checks everything again before the first row.
    async fn begin_growth(&mut self) -> Result<Growth, LibraryError> {
        let (library, load) = (self.library.clone(), self.load.clone());
        let judged = std::mem::take(&mut self.judged);
        let look = move |tx: &ReadTx<'_>| {
            let (entry, slot) = load.judge(&library, tx)?;
            let tree = tree_of(tx, &load.change.access, &entry, load.arrival.kind)?;
            // Ids were reserved and headers written for the tree as it was: a new entry would take an id that
            // belongs to another.
            if tree.iter().map(|row| row.id).ne(judged) {
                return Err(LibraryError::PreconditionFailed);
            }
            Ok((slot, tree, Extent::measure(tx, &entry)?))
        };
        let (slot, tree, extent) = self.library.catalog().read(look).await?;
        self.load.arrival.extent = Some(extent);
        let (copies, to) = (std::mem::take(&mut self.copies), self.to);
        let change = self.load.change.clone();
        let by = change.clone();
        let attach =
            move |tx: &WriteTx<'_>, row: &EntryRow, copy| attach_copy(tx, &by, row, copy, to, &copies);
        let (first, reserved) = (self.first, self.reservation.bytes());
        Growth::begin(&self.library, change, tree, first, slot, reserved, Box::new(attach)).await
    }

    /// The last step; all containers have their rows by now.
    async fn commit(self) -> Result<Transferred, LibraryError> {
        let rows = self.growth.as_ref().map(Growth::rows).ok_or(LibraryError::Interrupted)?;
        let (library, load, reserved) = (self.library.clone(), self.load.clone(), self.reservation.bytes());
        let commit = move |tx: &WriteTx<'_>| {
            let (entry, slot) = load.judge(&library, tx)?;
            let added = Added::watch(tx, slot.space)?;
            let is_move = load.arrival.kind == ArrivalKind::Move;
            if is_move {
                rows.require_current(tx, &entry)?;
            }
            let copy = rows.join(tx, &load.change, &entry, &slot)?;
            added.require_room(&library, tx, reserved)?;
            let path = path_of(tx, entry.id)?;
            if is_move {
                let away = Subject::at(&entry, &path).and(spot(tx, copy)?);
                away.record(tx, &load.change.stamp(), EntryEvent::MovedAway)?;
                discard(tx, &load.change, &entry, &path)?;
            }
            let left = Spot::new(entry.space, entry.id, &path);
            let kind = if is_move { EntryEvent::Moved } else { EntryEvent::Copied };
            library.arrived(tx, &load.change, kind, left, copy, &slot)
        };
        self.library.storing().await?.write(commit).await
    }

    /// Copies up to one step's bytes. Blocks.
    fn copy_containers(&mut self) -> Result<(), LibraryError> {
        let mut copied = 0;
        while copied < CARRY_STEP {
            let next = match self.current.take() {
                Some(current) => Some(current),
                None => self.next()?,
            };
            let Some(mut current) = next else { return Ok(()) };
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
        Ok(())
    }

    /// The next container without a copy: files may share one.
    fn next(&mut self) -> Result<Option<Current>, LibraryError> {
        let copies = &self.copies;
        let Some(CarriedContent { row, meta }) =
            self.left.find(|content| !copies.contains_key(&content.row.id))
        else {
            return Ok(None);
        };
        let (containers, keys) = (self.library.containers(), &self.library.shared.keys);
        let (from_key, to_key) = (keys.space_key(self.from)?, keys.space_key(self.to)?);
        let source = ContainerReader::open(containers, &from_key, self.from, &bound(&row))?;
        let copy = Rewrap::begin(containers, &source, &to_key, self.to, &meta)?;
        Ok(Some(Current { original: row.id, source, copy }))
    }
}

/// Source and destination of the copy.
#[derive(Clone)]
struct Load {
    change: Change,
    from: EntryPath,
    arrival: Arrival,
}

impl Load {
    /// Checks everything that may prevent the copy, at both ends.
    fn judge(&self, library: &Library, tx: &ReadTx<'_>) -> Result<(EntryRow, Slot), LibraryError> {
        let scope = self.change.access.whole_space(Right::Read)?;
        let entry = find(tx, scope, &self.from)?.ok_or(LibraryError::NotFound)?;
        // Clients submit a lock's token with the URL of the locked resource, which may be in either space.
        let scopes = [scope, self.arrival.scope];
        library.check_conditions_among(tx, &self.change, &scopes, Some(&entry))?;
        if self.arrival.kind == ArrivalKind::Move {
            require_removable(tx, &self.change, &entry)?;
        }
        let slot = self.arrival.inspect(library, tx, &self.change, &entry)?;
        Ok((entry, slot))
    }
}

/// A container to copy into another space, with the metadata for its new header.
struct CarriedContent {
    row: ContainerRow,
    meta: ContainerMeta,
}

/// The containers of a tree. Their copies name the ids and paths of the destination, because the other space must
/// not learn those of the source.
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

/// Makes a file's copied containers the content of its copy. If the file changed since they were copied, the whole
/// operation fails.
fn attach_copy(
    tx: &WriteTx<'_>,
    change: &Change,
    row: &EntryRow,
    id: EntryId,
    target: SpaceId,
    copies: &HashMap<ContainerId, ContainerRow>,
) -> Result<Option<VersionId>, LibraryError> {
    let Some(source) = row.version else { return Ok(None) };
    let source = tx.version(source)?.ok_or(LibraryError::PreconditionFailed)?;
    // As `share_version`: the copy of a withheld content keeps its author.
    let author = if source.is_for_everybody() { change.author() } else { source.author };
    let arriving = Arriving::in_space(tx, target, row.size, change.access.viewer())?;
    let version = tx.insert_version(&NewVersion {
        entry: id,
        size: row.size,
        modified: row.modified,
        created: change.now,
        author,
        checksums: &source.checksums,
        state: if source.is_for_everybody() { arriving.state() } else { source.state },
    })?;
    arriving.begin(tx, version, change.now)?;
    for (position, segment) in tx.segments(source.id)?.iter().enumerate() {
        let copy = copies.get(&segment.id).ok_or(LibraryError::PreconditionFailed)?;
        if !tx.is_known_container(copy.id)? {
            tx.insert_container(target, copy)?;
        }
        tx.insert_segment(version, position, copy.id)?;
    }
    Ok(Some(version))
}
