//! Storing a file's content.
//!
//! ```text
//! begin_put   conditions, locks, name, quota      nothing on disk yet
//! write ...   batches sealed on a blocking thread  tmp/<id>.part
//! commit      length and checksum, fsync, rename, fsync of the folder, then ONE transaction
//! ```
//! A content of one chunk never has a temporary file: it is sealed in memory and appended to a pack
//! together with others (`packer`), which then share one flush; their transactions share one commit.
//!
//! Bytes are collected into batches; while one batch is hashed, sealed and written on a blocking thread
//! the next one fills, and no third is begun: that bounds memory and is the back pressure a fast client
//! feels. A slow client holds no thread.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::JoinHandle;

use super::binding::container_row;
use super::digest::Digests;
use super::folder::signed;
use super::guard::require_unlocked;
use super::lock::{self, Lock, LockRequest};
use super::lookup::{Found, Place, place};
use super::quota::Reservation;
use super::version::replace_content;
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::{EntryRow, NewEntry, NewVersion, QueuedWrite, ReadTx, WriteTx};
use crate::model::{Checksum, EntryId, EntryPath, PropertyName, Right, SpaceId, Timestamp, WriteSerial};
use crate::vault::container::ContainerMeta;
use crate::vault::disk::Disk;
use crate::vault::keys::SpaceKey;
use crate::vault::small::{MAX_SMALL_LEN, SmallContainer};
use crate::vault::writer::{ContainerWriter, SealedContainer};

/// Bytes that are sealed in one go on a blocking thread. A session holds at most two batches.
const BATCH: usize = 1024 * 1024;
/// The same for a session that comes when [`MAX_FULL_BATCHES`] others fill whole ones.
const SMALL_BATCH: usize = 128 * 1024;
/// Sessions that may fill whole batches: a client who stalls in mid-body pins what has arrived.
pub(super) const MAX_FULL_BATCHES: usize = 32;
/// Steps in which the reservation grows while a body of unknown length arrives.
const GROWTH: u64 = 16 * 1024 * 1024;

/// A content that is about to arrive.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Where it shall lie.
    pub path: EntryPath,
    /// Its exact size, where the client announced one.
    pub size: Option<u64>,
    /// Its modification time, where the client sent one; else the time of the commit.
    pub modified: Option<Timestamp>,
    /// What its plaintext must hash to.
    pub checksum: Option<Checksum>,
}

/// What a commit made.
#[derive(Clone, Debug)]
pub struct PutOutcome {
    /// The file as it is now.
    pub entry: Entry,
    /// Whether there was no file before.
    pub created: bool,
    /// The digest that the client sent and that was found right.
    pub checksum: Option<Checksum>,
}

/// An upload in progress. Dropped before its commit it leaves nothing behind.
pub struct PutSession {
    library: Library,
    change: Change,
    file: NewFile,
    entry: EntryId,
    key: Arc<SpaceKey>,
    serial: WriteSerial,
    /// Whether the id is new, rather than that of the file that was there.
    is_fresh: bool,
    /// `None` after a failure to grow, which ends the session.
    reservation: Option<Reservation>,
    received: u64,
    batch: Vec<u8>,
    /// The right to batches of the full size.
    full_batches: Option<OwnedSemaphorePermit>,
    /// The blocking half, away sealing a batch; `None` before the first one.
    sealing: Option<JoinHandle<Result<Box<Sink>, LibraryError>>>,
}

struct Sink {
    writer: ContainerWriter,
    digests: Digests,
}

impl Sink {
    fn open(
        disk: &dyn Disk,
        key: &SpaceKey,
        space: SpaceId,
        meta: &ContainerMeta,
        digests: Digests,
    ) -> Result<Box<Self>, LibraryError> {
        Ok(Box::new(Self { writer: ContainerWriter::create(disk, key, space, meta)?, digests }))
    }

    fn take_in(&mut self, batch: &[u8]) -> Result<(), LibraryError> {
        self.digests.update(batch);
        Ok(self.writer.write(batch)?)
    }
}

impl Library {
    /// Checks everything that can be checked before the body is read, and reserves its bytes.
    pub async fn begin_put(&self, change: Change, file: NewFile) -> Result<PutSession, LibraryError> {
        let space = change.access.require(Right::Write)?;
        let (library, asked, path) = (self.clone(), change.clone(), file.path.clone());
        let mut reservation = self.empty_reservation(space);
        let announced = file.size.unwrap_or(0);
        // One trip to a blocking thread for all of it: most contents are small.
        let (existing, reservation, key) = self
            .catalog()
            .read(move |tx| {
                let reserved = reservation.add(tx, announced);
                let (_, existing) = admit(&library, tx, &asked, space, &path)?;
                reserved?;
                let key = library.shared.keys.space_key(space)?;
                Ok::<_, LibraryError>((existing.map(|row| row.id), reservation, key))
            })
            .await?;
        self.require_room(announced).await?;
        let number = self.new_entry_id().await?;
        Ok(PutSession {
            library: self.clone(),
            change,
            file,
            entry: existing.unwrap_or(number),
            serial: WriteSerial(number.0),
            key,
            is_fresh: existing.is_none(),
            reservation: Some(reservation),
            received: 0,
            batch: Vec::new(),
            full_batches: None,
            sealing: None,
        })
    }
}

/// Whether this request may put a content at `path`; returns the place and the file that is there now.
fn admit(
    library: &Library,
    tx: &ReadTx<'_>,
    change: &Change,
    space: SpaceId,
    path: &EntryPath,
) -> Result<(Place, Option<EntryRow>), LibraryError> {
    let mut place = place(tx, space, path)?;
    let existing = match std::mem::replace(&mut place.found, Found::Nothing) {
        Found::Nothing => None,
        Found::Alike(_) => return Err(LibraryError::NameTaken),
        Found::Same(row) if row.is_folder() => return Err(LibraryError::IsFolder),
        // The same letters, composed otherwise: only a request that has seen the file means it.
        Found::Same(row) if row.name != place.name.as_str() && !has_seen(change) => {
            return Err(LibraryError::NameTaken);
        }
        Found::Same(row) => Some(row),
    };
    library.check_conditions(tx, change, space, existing.as_ref())?;
    if let Some(row) = &existing {
        require_unlocked(tx, change, row.id)?;
    } else {
        place.name.check(library.shared.names)?;
        require_unlocked(tx, change, place.folder.id)?;
    }
    Ok((place, existing))
}

/// Whether the request names a state of the file: Finder and davfs2 hold its lock, sync clients send
/// `If-Match`.
fn has_seen(change: &Change) -> bool {
    change.conditions.if_match.is_some() || change.conditions.submitted_tokens().next().is_some()
}

impl PutSession {
    /// Takes the next bytes of the body. Waits while the disk is behind.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), LibraryError> {
        let length = bytes.len() as u64;
        self.received = self.received.saturating_add(length);
        if self.file.size.is_some_and(|size| self.received > size) {
            return Err(LibraryError::WrongSize);
        }
        self.reserve_received().await?;
        while !bytes.is_empty() {
            let room = self.batch_len() - self.batch.len();
            self.batch.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if self.batch.len() == self.batch_len() {
                self.seal_batch().await?;
            }
        }
        Ok(())
    }

    /// Bytes that a batch may take.
    fn batch_len(&mut self) -> usize {
        if self.full_batches.is_none() && self.batch.len() >= SMALL_BATCH {
            let all = Arc::clone(&self.library.shared.full_batches);
            self.full_batches = all.try_acquire_owned().ok();
        }
        if self.full_batches.is_some() { BATCH } else { SMALL_BATCH }
    }

    /// Grows the reservation in steps while a body of unknown length arrives.
    async fn reserve_received(&mut self) -> Result<(), LibraryError> {
        let reservation = self.reservation.take().ok_or(LibraryError::OverQuota)?;
        let missing = self.received.saturating_sub(reservation.bytes());
        if missing == 0 {
            self.reservation = Some(reservation);
            return Ok(());
        }
        let step = missing.max(GROWTH);
        self.library.require_room(step).await?;
        self.reservation = match self.library.grow(reservation, step).await {
            Ok(grown) => Some(grown),
            // A whole step may not fit any more where the bytes themselves still do.
            Err((LibraryError::OverQuota, Some(reservation))) => {
                Some(self.library.grow(reservation, missing).await.map_err(|(error, _)| error)?)
            }
            Err((error, _)) => return Err(error),
        };
        Ok(())
    }

    /// Hands the full batch to a blocking thread, after the batch before it came back.
    async fn seal_batch(&mut self) -> Result<(), LibraryError> {
        let batch = std::mem::take(&mut self.batch);
        let sink = self.sink().await?;
        self.sealing = Some(tokio::task::spawn_blocking(move || {
            let mut sink = sink()?;
            sink.take_in(&batch)?;
            Ok(sink)
        }));
        Ok(())
    }

    /// The blocking half, still to be opened (on a blocking thread) if this is its first use.
    async fn sink(
        &mut self,
    ) -> Result<impl FnOnce() -> Result<Box<Sink>, LibraryError> + Send + 'static, LibraryError> {
        let ready = match self.sealing.take() {
            None => None,
            Some(task) => Some(task.await??),
        };
        let disk = Arc::clone(self.library.disk());
        let (key, space) = (Arc::clone(&self.key), self.change.access.space());
        let digests = Digests::new(self.file.checksum.as_ref());
        let meta = self.meta();
        Ok(move || match ready {
            Some(sink) => Ok(sink),
            None => Sink::open(&*disk, &key, space, &meta, digests),
        })
    }

    /// What the container will say about itself.
    fn meta(&self) -> ContainerMeta {
        ContainerMeta {
            entry: self.entry,
            path: self.file.path.clone(),
            modified: self.file.modified.unwrap_or(self.change.now),
            serial: self.serial,
            written: self.change.now,
            segment: 0,
            size: self.file.size,
        }
    }

    /// Makes the content durable and then the file's current one. Runs to its end even if the future is
    /// dropped: a client that leaves at the last moment cannot tear a commit.
    pub async fn commit(self, now: Timestamp) -> Result<PutOutcome, LibraryError> {
        let task = tokio::spawn(self.commit_uncancelled(now, None));
        task.await?.map(|(outcome, _)| outcome)
    }

    /// As [`Self::commit`], and locks the file in the same transaction: LOCK on a path where there is
    /// nothing (RFC 4918 9.10.4).
    pub async fn commit_locked(
        self,
        now: Timestamp,
        request: LockRequest,
    ) -> Result<(PutOutcome, Lock), LibraryError> {
        let task = tokio::spawn(self.commit_uncancelled(now, Some(request)));
        let (outcome, lock) = task.await??;
        Ok((outcome, lock.ok_or(LibraryError::NoSuchLock)?))
    }

    async fn commit_uncancelled(mut self, now: Timestamp, lock: Option<LockRequest>) -> Committed {
        if self.file.size.is_some_and(|size| size != self.received) {
            return Err(LibraryError::WrongSize);
        }
        self.change.now = now;
        match self.sealing {
            None if self.batch.len() <= MAX_SMALL_LEN => self.commit_small(lock).await,
            _ => self.commit_large(lock).await,
        }
    }
}

/// A file as it is committed, and the lock that was asked for with it.
type Committed = Result<(PutOutcome, Option<Lock>), LibraryError>;

impl PutSession {
    /// A small content is sealed in memory and stored together with others. Hashing and sealing take about
    /// as long as a trip to a blocking thread and back would.
    async fn commit_small(mut self, lock: Option<LockRequest>) -> Committed {
        let plain = std::mem::take(&mut self.batch);
        let expected = self.file.checksum.as_ref();
        let mut digests = Digests::new(expected);
        digests.update(&plain);
        let checksums = verified(digests, expected)?;
        let (library, space) = (self.library.clone(), self.change.access.space());
        let packer = &library.shared.packer;
        let small = SmallContainer::seal(packer.next_id(), &self.key, &self.meta(), &plain)?;

        let (reply, answer) = oneshot::channel();
        let (placed, place) = oneshot::channel();
        let (record, reservation) = self.into_record(checksums, lock);
        let worker = library.clone();
        let then = move |stored: Result<SealedContainer, LibraryError>| match stored {
            Ok(sealed) => {
                let _ = placed.send((sealed.id, sealed.place));
                Some(QueuedWrite::new(move |tx| record.commit(&worker, tx, &sealed), reply))
            }
            Err(error) => {
                let _ = reply.send(Err(error));
                None
            }
        };
        packer.store(space, small, Box::new(then)).await?;
        let outcome = answer.await.map_err(|_| LibraryError::Closed)?;
        if outcome.as_ref().is_err_and(LibraryError::is_refusal)
            && let Ok((container, place)) = place.await
        {
            library.remove_uncommitted(space, container, place).await;
        }
        drop(reservation);
        outcome
    }

    async fn commit_large(mut self, lock: Option<LockRequest>) -> Committed {
        let (sealed, checksums) = self.finish_large().await?;
        let (library, space) = (self.library.clone(), self.change.access.space());
        let (container, place) = (sealed.id, sealed.place);
        let (record, reservation) = self.into_record(checksums, lock);
        let worker = library.clone();
        let outcome = library.catalog().write(move |tx| record.commit(&worker, tx, &sealed)).await;
        if outcome.as_ref().is_err_and(LibraryError::is_refusal) {
            library.remove_uncommitted(space, container, place).await;
        }
        drop(reservation);
        outcome
    }

    fn into_record(
        self,
        checksums: Vec<Checksum>,
        lock: Option<LockRequest>,
    ) -> (Record, Option<Reservation>) {
        let Self { change, file, entry, is_fresh, reservation, .. } = self;
        (Record { change, file, entry, is_fresh, checksums, lock }, reservation)
    }

    async fn finish_large(&mut self) -> Result<(SealedContainer, Vec<Checksum>), LibraryError> {
        let sink = self.sink().await?;
        let (batch, expected) = (std::mem::take(&mut self.batch), self.file.checksum.clone());
        tokio::task::spawn_blocking(move || {
            let mut sink = sink()?;
            sink.take_in(&batch)?;
            let Sink { writer, digests } = *sink;
            let checksums = verified(digests, expected.as_ref())?;
            Ok((writer.finish()?, checksums))
        })
        .await?
    }
}

/// The digests of the content, if the one that its sender expected is among them.
fn verified(digests: Digests, expected: Option<&Checksum>) -> Result<Vec<Checksum>, LibraryError> {
    let checksums = digests.finish();
    if expected.is_some_and(|expected| !checksums.contains(expected)) {
        return Err(LibraryError::WrongChecksum);
    }
    Ok(checksums)
}

/// Everything the transaction needs once the container is durable.
struct Record {
    change: Change,
    file: NewFile,
    entry: EntryId,
    is_fresh: bool,
    checksums: Vec<Checksum>,
    lock: Option<LockRequest>,
}

impl Record {
    fn commit(self, library: &Library, tx: &WriteTx<'_>, sealed: &SealedContainer) -> Committed {
        let Self { change, file, .. } = &self;
        let space = change.access.space();
        let (place, existing) = admit(library, tx, change, space, &file.path)?;
        tx.touches_only(existing.iter().map(|row| row.id));
        let id = match &existing {
            Some(row) => row.id,
            None if self.is_fresh => self.entry,
            // The file that was there went while the body came, and keeps its id wherever it is now.
            None => tx.reserve_entry_ids(1)?,
        };
        let modified = match (file.modified, &existing) {
            (Some(sent), _) => sent,
            // Explorer makes an empty file, dates it, and only then sends the content.
            (None, Some(row)) if row.size == 0 && tx.property(row.id, &win32_modified())?.is_some() => {
                row.modified
            }
            (None, _) => change.now,
        }
        .as_mtime();

        tx.insert_container(space, &container_row(sealed))?;
        let version = tx.insert_version(&NewVersion {
            entry: id,
            size: sealed.plain_len,
            modified,
            created: change.now,
            author: Some(change.user),
            checksums: &self.checksums,
        })?;
        tx.insert_segment(version, 0, sealed.id)?;
        if let Some(row) = &existing {
            replace_content(tx, change, row, version, sealed.plain_len, modified)?;
        } else {
            let revision = tx.next_revision()?;
            tx.insert_entry(&NewEntry {
                id,
                space,
                parent: Some(place.folder.id),
                name: Some(&place.name),
                version: Some(version),
                size: sealed.plain_len,
                revision,
                created: change.now,
                modified,
            })?;
            tx.touch_folders(place.folder.id, revision, signed(sealed.plain_len), change.now)?;
        }
        let row = tx.entry(id)?.ok_or(LibraryError::NotFound)?;
        let lock = match &self.lock {
            None => None,
            Some(request) => {
                let taken = lock::take(tx, change, &row, request)?;
                Some(Lock::from_row(tx, taken)?)
            }
        };
        let checksum = file.checksum.clone();
        Ok((PutOutcome { entry: library.entry(row), created: existing.is_none(), checksum }, lock))
    }
}

/// The date of a file as Windows sets it by PROPPATCH.
fn win32_modified() -> PropertyName {
    PropertyName::new("urn:schemas-microsoft-com:", "Win32LastModifiedTime")
}
