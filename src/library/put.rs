//! Storing a file's content.
//!
//! ```text
//! begin_put   conditions, locks, name, quota      nothing on disk yet
//! write ...   batches sealed on a blocking thread  tmp/<id>.part
//! commit      length and checksum, fsync, rename, fsync of the folder, then ONE transaction
//! ```
//! A content of one chunk never has a temporary file: it is sealed in memory and appended to a pack
//! together with others (`packer`), which then share one flush; their transactions share one commit.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::binding::container_row;
use super::commit::{Committed, Record};
use super::departure::{Departed, departed};
use super::digest::Digests;
use super::guard::require_unlocked;
use super::lock::{Lock, LockRequest};
use super::lookup::{Found, Place, place};
use super::quota::{Reservation, Source};
use super::sealing::Inflow;
use super::trash::free_name;
use super::{Change, Entry, Library, LibraryError};
use crate::catalog::{EntryRow, QueuedWrite, ReadTx};
use crate::model::{AccessDenied, Checksum, EntryId, EntryPath, Reach, Right, Timestamp, WriteSerial};
use crate::vault::container::{ContainerMeta, Part};
use crate::vault::keys::SpaceKey;
use crate::vault::small::SmallContainer;
use crate::vault::writer::SealedContainer;

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
    begun: Timestamp,
    /// Where it will lie in its space, as its container says.
    lies: EntryPath,
    entry: EntryId,
    key: Arc<SpaceKey>,
    serial: WriteSerial,
    /// Whether the id is new, rather than that of the file that was there or comes back.
    is_fresh: bool,
    /// `None` after a failure to grow, which ends the session.
    reservation: Option<Reservation>,
    received: u64,
    inflow: Inflow,
}

impl Library {
    /// Checks everything that can be checked before the body is read, and reserves its bytes.
    pub async fn begin_put(&self, change: Change, file: NewFile) -> Result<PutSession, LibraryError> {
        let reach = change.access.reach_to_add()?;
        let space = reach.space();
        let (library, asked, path) = (self.clone(), change.clone(), file.path.clone());
        let mut reservation = self.empty_reservation(space);
        let (announced, begun) = (file.size.unwrap_or(0), change.now);
        // One trip to a blocking thread for all of it: most contents are small.
        let (existing, lies, reservation, key) = self
            .catalog()
            .read(move |tx| {
                let reserved = reservation.add(tx, announced);
                let admitted = admit(&library, tx, &asked, reach, &path, asked.now)?;
                if let Some(row) = &admitted.existing {
                    reservation.promise(Source::Content(row.id));
                }
                let is_reserved = match reserved {
                    Ok(()) => true,
                    Err(LibraryError::OverQuota | LibraryError::HistoryFull) => false,
                    Err(error) => return Err(error),
                };
                let key = library.shared.keys.space_key(space)?;
                Ok::<_, LibraryError>((
                    admitted.entry(),
                    admitted.place.path,
                    (reservation, is_reserved),
                    key,
                ))
            })
            .await?;
        // It may fit in place of the content that is there, or when less is kept of the past.
        let reservation = match reservation {
            (reservation, true) => reservation,
            (reservation, false) => self.grow(reservation, announced).await.map_err(|(error, _)| error)?,
        };
        self.require_room(announced).await?;
        let number = self.new_entry_id().await?;
        let (entry, serial) = (existing.unwrap_or(number), WriteSerial(number.0));
        let digests = Digests::new(file.checksum.as_ref());
        let meta = meta(&change, &file, &lies, entry, serial);
        Ok(PutSession {
            library: self.clone(),
            inflow: Inflow::new(self.clone(), space, Arc::clone(&key), meta, digests),
            change,
            file,
            begun,
            lies,
            entry,
            serial,
            key,
            is_fresh: existing.is_none(),
            reservation: Some(reservation),
            received: 0,
        })
    }
}

/// A place that may receive a content.
pub(super) struct Admitted {
    pub(super) place: Place,
    /// The file that is there now.
    pub(super) existing: Option<EntryRow>,
    /// Where there is none, the file that comes back.
    pub(super) departed: Option<Departed>,
}

impl Admitted {
    /// The file whose content it will be, if that has an id yet.
    pub(super) fn entry(&self) -> Option<EntryId> {
        let existing = self.existing.as_ref().map(|row| row.id);
        existing.or_else(|| self.departed.as_ref().map(Departed::id))
    }
}

/// Whether this request, which began at `begun`, may put a content at `path`.
pub(super) fn admit(
    library: &Library,
    tx: &ReadTx<'_>,
    change: &Change,
    reach: Reach,
    path: &EntryPath,
    begun: Timestamp,
) -> Result<Admitted, LibraryError> {
    // Whoever may only add to a folder is told nothing of what is in it, so not whether a folder below it is.
    if change.access.only_adds() && path.names().len() != 1 {
        return Err(AccessDenied { needed: Right::Write }.into());
    }
    let mut place = place(tx, reach, path)?;
    if change.access.only_adds() {
        set_beside(tx, &mut place)?;
    }
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
    library.check_conditions(tx, change, reach, existing.as_ref())?;
    if let Some(row) = &existing {
        require_unlocked(tx, change, row.id)?;
    } else {
        place.name.check(library.shared.names)?;
        require_unlocked(tx, change, place.folder.id)?;
    }
    let departed = match existing {
        None => departed(tx, change, &place, begun)?,
        Some(_) => None,
    };
    Ok(Admitted { place, existing, departed })
}

/// Gives a file that may only be added a name that is free.
fn set_beside(tx: &ReadTx<'_>, place: &mut Place) -> Result<(), LibraryError> {
    place.found = Found::Nothing;
    place.name = free_name(tx, place.folder.id, &place.name)?;
    let folder = place.path.split_last().map(|(folder, _)| folder).unwrap_or_default();
    place.path = folder.join(place.name.clone())?;
    Ok(())
}

/// Whether the request names a state of the file: Finder and davfs2 hold its lock, sync clients send
/// `If-Match`.
fn has_seen(change: &Change) -> bool {
    change.conditions.if_match.is_some() || change.conditions.submitted_tokens().next().is_some()
}

impl PutSession {
    /// Takes the next bytes of the body. Waits while the disk is behind.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), LibraryError> {
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.file.size.is_some_and(|size| self.received > size) {
            return Err(LibraryError::WrongSize);
        }
        self.library.cover(&mut self.reservation, self.received, self.file.size.unwrap_or(u64::MAX)).await?;
        self.inflow.write(bytes).await
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
        match self.inflow.take_small() {
            Some((plain, digests)) => self.commit_small(&plain, digests, lock).await,
            None => self.commit_large(lock).await,
        }
    }
}

impl PutSession {
    /// A small content is sealed in memory and stored together with others. Hashing and sealing take about
    /// as long as a trip to a blocking thread and back would.
    async fn commit_small(self, plain: &[u8], mut digests: Digests, lock: Option<LockRequest>) -> Committed {
        digests.update(plain);
        let checksums = verified(digests, self.file.checksum.as_ref())?;
        let (library, space) = (self.library.clone(), self.change.access.space());
        let packer = &library.shared.packer;
        let meta = self.meta();
        let small = SmallContainer::seal(packer.next_id(), &self.key, &meta, plain)?;

        let (reply, answer) = oneshot::channel();
        let (placed, place) = oneshot::channel();
        let (record, _, reservation) = self.into_record(checksums, lock);
        let (worker, queued) = (library.clone(), record.clone());
        let then = move |stored: Result<SealedContainer, LibraryError>| match stored {
            Ok(sealed) => {
                let row = container_row(&sealed);
                let _ = placed.send(row.clone());
                Some(QueuedWrite::new(move |tx| queued.bind_one(&worker, tx, row), reply))
            }
            Err(error) => {
                let _ = reply.send(Err(error));
                None
            }
        };
        packer.store(space, small, Box::new(then)).await?;
        let bound = answer.await.map_err(|_| LibraryError::Closed)?;
        let outcome = match place.await {
            Ok(stored) => library.settle(record, meta, stored, bound).await,
            // Nothing was stored.
            Err(_) => bound.and_then(|bound| bound.ok_or(LibraryError::Interrupted)),
        };
        drop(reservation);
        outcome
    }

    async fn commit_large(self, lock: Option<LockRequest>) -> Committed {
        let (library, meta) = (self.library.clone(), self.meta());
        let expected = self.file.checksum.clone();
        let (mut record, inflow, reservation) = self.into_record(Vec::new(), lock);
        let judge = move |digests| verified(digests, expected.as_ref());
        let (sealed, checksums) = inflow.publish(judge).await?;
        record.checksums = checksums;
        let stored = container_row(&sealed);
        let bound = library.bind_stored(&record, stored.clone()).await;
        let outcome = library.settle(record, meta, stored, bound).await;
        drop(reservation);
        outcome
    }

    fn meta(&self) -> ContainerMeta {
        meta(&self.change, &self.file, &self.lies, self.entry, self.serial)
    }

    fn into_record(
        self,
        checksums: Vec<Checksum>,
        lock: Option<LockRequest>,
    ) -> (Record, Inflow, Option<Reservation>) {
        let Self { change, file, begun, entry, is_fresh, reservation, inflow, .. } = self;
        let is_net = reservation.as_ref().is_some_and(Reservation::holds_promised);
        let record = Record { change, file, begun, entry, is_fresh, is_exact: true, is_net, checksums, lock };
        (record, inflow, reservation)
    }
}

/// What a content's container says of it.
fn meta(
    change: &Change,
    file: &NewFile,
    lies: &EntryPath,
    entry: EntryId,
    serial: WriteSerial,
) -> ContainerMeta {
    ContainerMeta {
        entry,
        path: lies.clone(),
        modified: file.modified.unwrap_or(change.now),
        serial,
        written: change.now,
        segment: 0,
        size: file.size,
        part: Part::Numbered,
    }
}

/// The digests of the content, if the one that its sender expected is among them.
pub(super) fn verified(digests: Digests, expected: Option<&Checksum>) -> Result<Vec<Checksum>, LibraryError> {
    let checksums = digests.finish();
    if expected.is_some_and(|expected| !checksums.contains(expected)) {
        return Err(LibraryError::WrongChecksum);
    }
    Ok(checksums)
}
