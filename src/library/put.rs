//! Stores the content of a file.
//!
//! ```text
//! begin_put   conditions, locks, name, quota      nothing on disk yet
//! write ...   batches sealed on a blocking thread  tmp/<id>.part
//! commit      length and checksum, fsync, rename, fsync of the folder, then ONE transaction
//! ```
//! Content of one chunk never has a temporary file: it is sealed in memory and appended to a pack together with
//! others (`packer`), which then share one flush; their transactions share one commit.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::admit::{NewFile, admit};
use super::batch_writer::BatchWriter;
use super::binding::container_row;
use super::commit::{Along, Committed, PutOutcome, Record};
use super::digest::Digests;
use super::lock::{Lock, LockRequest};
use super::quota::{Reservation, Source};
use super::{Change, Library, LibraryError};
use crate::catalog::QueuedWrite;
use crate::model::{Checksum, EntryId, EntryPath, Timestamp, WriteSerial};
use crate::vault::container::{ContainerMeta, Part};
use crate::vault::keys::SpaceKey;
use crate::vault::small::SmallContainer;
use crate::vault::writer::SealedContainer;

/// An upload in progress. Dropped before its commit, it leaves nothing behind.
pub struct PutSession {
    library: Library,
    change: Change,
    file: NewFile,
    begun: Timestamp,
    /// Path in its space, for its container.
    lies: EntryPath,
    key: Arc<SpaceKey>,
    /// The existing or returning file that the content is for.
    existing: Option<EntryId>,
    /// The id of a new file.
    number: EntryId,
    /// `None` after it could not grow, which ends the session.
    reservation: Option<Reservation>,
    received: u64,
    inflow: BatchWriter,
    along: Option<Along>,
}

impl Library {
    /// Makes all checks that are possible before the body is read, and reserves its bytes.
    pub async fn begin_put(&self, change: Change, file: NewFile) -> Result<PutSession, LibraryError> {
        let scope = change.access.scope_to_add()?;
        let space = scope.space();
        let (library, asked, path) = (self.clone(), change.clone(), file.path.clone());
        let mut reservation = self.empty_reservation(space);
        let (announced, begun) = (file.size.unwrap_or(0), change.now);
        // One trip to a blocking thread for all of it, because most files are small.
        let (existing, lies, reservation, key) = self
            .catalog()
            .read(move |tx| {
                let reserved = reservation.add(tx, announced);
                let admitted = admit(&library, tx, &asked, scope, &path, asked.now)?;
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
        // It may fit in place of the existing content, or after old data is removed.
        let reservation = match reservation {
            (reservation, true) => reservation,
            (reservation, false) => self.grow(reservation, announced).await.map_err(|(error, _)| error)?,
        };
        self.require_room(announced).await?;
        let number = self.new_entry_id().await?;
        let digests = Digests::new(file.checksum.as_ref());
        let meta = meta(&change, &file, &lies, existing, number);
        Ok(PutSession {
            library: self.clone(),
            inflow: BatchWriter::new(
                self.clone(),
                space,
                change.actor.account(),
                Arc::clone(&key),
                meta,
                digests,
            ),
            change,
            file,
            begun,
            lies,
            key,
            existing,
            number,
            reservation: Some(reservation),
            received: 0,
            along: None,
        })
    }
}

impl PutSession {
    /// Does this in the transaction of the commit, too.
    pub(crate) fn along(self, work: Along) -> Self {
        Self { along: Some(work), ..self }
    }

    /// Takes the next bytes of the body. Waits while the disk is behind.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), LibraryError> {
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.file.size.is_some_and(|size| self.received > size) {
            return Err(LibraryError::WrongSize);
        }
        self.library.cover(&mut self.reservation, self.received, self.file.size.unwrap_or(u64::MAX)).await?;
        self.inflow.write(bytes).await
    }

    /// Makes the content durable and then current. Runs to its end even if the future is dropped: a client that
    /// disconnects at the last moment cannot interrupt a commit.
    pub async fn commit(self, now: Timestamp) -> Result<PutOutcome, LibraryError> {
        let task = tokio::spawn(self.commit_uncancelled(now, None));
        task.await?.map(|(outcome, _)| outcome)
    }

    /// Like [`Self::commit`], and locks the file in the same transaction: LOCK on an unmapped path (RFC 4918
    /// 9.10.4).
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
    /// A small content is sealed in memory and stored together with others. Hashing and sealing take about as long
    /// as a trip to a blocking thread and back.
    async fn commit_small(self, plain: &[u8], mut digests: Digests, lock: Option<LockRequest>) -> Committed {
        digests.update(plain);
        let checksums = verified(digests, self.file.checksum.as_ref())?;
        let (library, space) = (self.library.clone(), self.change.access.space());
        let packer = &library.shared.writing.packer;
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
        meta(&self.change, &self.file, &self.lies, self.existing, self.number)
    }

    fn into_record(
        self,
        checksums: Vec<Checksum>,
        lock: Option<LockRequest>,
    ) -> (Record, BatchWriter, Option<Reservation>) {
        let Self { change, file, begun, existing, number, reservation, inflow, along, .. } = self;
        let is_net = reservation.as_ref().is_some_and(Reservation::holds_promised);
        let record =
            Record { change, file, begun, existing, number, is_exact: true, is_net, checksums, lock, along };
        (record, inflow, reservation)
    }
}

/// The metadata for a content's container.
fn meta(
    change: &Change,
    file: &NewFile,
    lies: &EntryPath,
    existing: Option<EntryId>,
    number: EntryId,
) -> ContainerMeta {
    ContainerMeta {
        entry: existing.unwrap_or(number),
        path: lies.clone(),
        modified: file.modified.unwrap_or(change.now),
        serial: WriteSerial(number.0),
        written: change.now,
        segment: 0,
        size: file.size,
        part: Part::Numbered,
    }
}

/// The digests of the content, after comparing them with the expected one.
pub(super) fn verified(digests: Digests, expected: Option<&Checksum>) -> Result<Vec<Checksum>, LibraryError> {
    let checksums = digests.finish();
    if expected.is_some_and(|expected| !checksums.contains(expected)) {
        return Err(LibraryError::WrongChecksum);
    }
    Ok(checksums)
}
