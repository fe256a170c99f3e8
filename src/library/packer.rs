//! Group commit of small containers: those that wait share one write and one flush of a pack.
//!
//! Like the catalogue's writer, one thread takes everything that is queued. A flushed group goes to the catalogue's
//! writer as a whole; the next group gathers until that has committed, so the group grows with the load, and a
//! single writer does not wait. Flushing the next group during a commit would halve the groups, and with eight
//! writers a commit writes the same 15 pages of the catalogue for two files as for four.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::{io, thread};

use tokio::sync::{mpsc, oneshot};

use super::{Library, LibraryError};
use crate::catalog::{Catalog, QueuedWrite};
use crate::model::{ContainerId, SpaceId, random_bytes};
use crate::vault::VaultError;
use crate::vault::disk::{Containers, Packable};
use crate::vault::small::SmallContainer;
use crate::vault::writer::SealedContainer;

/// Small containers that wait for a pack; further writers wait for a place.
const QUEUE: usize = 256;
/// Small containers that share one flush.
const GROUP: usize = 64;

/// Passes small containers to the thread that stores them.
pub(super) struct Packer {
    /// `None` only during drop.
    queue: Option<mpsc::Sender<Waiting>>,
    /// Joined at the end, so that no flush is running when the directory is released.
    thread: Option<thread::JoinHandle<()>>,
    /// Ends the thread's wait for a commit.
    committed: std_mpsc::Sender<()>,
    ids: Ids,
}

/// Ids of packed containers: consecutive from a random start. The rows of a group then share pages of the
/// catalogue; each page costs a commit as much as a row.
struct Ids {
    prefix: [u8; 8],
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        Self { prefix: random_bytes(), next: AtomicU64::new(0) }
    }

    fn next(&self) -> ContainerId {
        let number = self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut id = [0; 16];
        let (front, back) = id.split_at_mut(self.prefix.len());
        front.copy_from_slice(&self.prefix);
        back.copy_from_slice(&number);
        ContainerId(id)
    }
}

/// Called with the durable container or the error; mostly returns a row for the catalogue. Runs on the packer's
/// thread and must not wait.
pub(super) type Then = Box<dyn FnOnce(Result<SealedContainer, LibraryError>) -> Option<QueuedWrite> + Send>;

struct Waiting {
    space: SpaceId,
    small: SmallContainer,
    then: Then,
}

impl Packer {
    /// Starts the thread, which ends when this is dropped.
    pub(super) fn start(containers: Arc<dyn Containers>, catalog: Catalog) -> Result<Self, LibraryError> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (committed, commits) = std_mpsc::channel();
        let tell = committed.clone();
        let thread = thread::Builder::new()
            .name("packer".into())
            .spawn(move || pack_until_closed(&*containers, &catalog, waiting, &tell, &commits))
            .map_err(|source| VaultError::Io {
                action: "start the thread that stores small files",
                source,
            })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), committed, ids: Ids::new() })
    }

    /// The id for the next container to store.
    pub(super) fn next_id(&self) -> ContainerId {
        self.ids.next()
    }

    /// Makes the container durable in a pack of its space, calls `then`, and writes the result to the catalogue in
    /// one transaction with those of the other containers of the flush: the caller is woken once, at the end.
    /// Dropping the future after it returned cancels nothing.
    pub(super) async fn store(
        &self,
        space: SpaceId,
        small: SmallContainer,
        then: Then,
    ) -> Result<(), LibraryError> {
        let queue = self.queue.as_ref().ok_or(LibraryError::Closed)?;
        queue.send(Waiting { space, small, then }).await.map_err(|_| LibraryError::Closed)
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        drop(self.queue.take());
        // This may run on the thread that makes the awaited commit.
        let _ = self.committed.send(());
        // The last owner of the library may be one of the waiting requests.
        let other = |thread: &thread::JoinHandle<()>| thread.thread().id() != thread::current().id();
        if let Some(thread) = self.thread.take().filter(other) {
            // A thread that panicked has already failed all waiting requests.
            let _ = thread.join();
        }
    }
}

impl Library {
    /// The id of the next small container.
    pub(crate) fn next_small_id(&self) -> ContainerId {
        self.shared.writing.packer.next_id()
    }

    /// Queues a small container whose row is written later; returns the channel for the result.
    pub(crate) async fn queue_small(
        &self,
        space: SpaceId,
        small: SmallContainer,
    ) -> Result<oneshot::Receiver<Result<SealedContainer, LibraryError>>, LibraryError> {
        let (reply, answer) = oneshot::channel();
        let then = move |stored: Result<SealedContainer, LibraryError>| {
            let _ = reply.send(stored);
            None
        };
        self.shared.writing.packer.store(space, small, Box::new(then)).await?;
        Ok(answer)
    }

    /// Like [`Self::queue_small`], and waits for the result.
    pub(crate) async fn store_small(
        &self,
        space: SpaceId,
        small: SmallContainer,
    ) -> Result<SealedContainer, LibraryError> {
        self.queue_small(space, small).await?.await.unwrap_or(Err(LibraryError::Closed))
    }
}

/// Notifies the packer's thread on drop.
struct Committing(std_mpsc::Sender<()>);

impl Drop for Committing {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn pack_until_closed(
    containers: &dyn Containers,
    catalog: &Catalog,
    mut waiting: mpsc::Receiver<Waiting>,
    committed: &std_mpsc::Sender<()>,
    commits: &std_mpsc::Receiver<()>,
) {
    let mut group = Vec::with_capacity(GROUP);
    while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
        let rows = flush(containers, group.drain(..));
        catalog.submit(rows, Committing(committed.clone()));
        let _ = commits.recv();
    }
}

/// Makes containers durable, with one flush for those of each space; returns the writes for the catalogue.
fn flush(containers: &dyn Containers, group: impl Iterator<Item = Waiting>) -> Vec<QueuedWrite> {
    let mut spaces: HashMap<SpaceId, (Vec<Packable>, Vec<_>)> = HashMap::new();
    for Waiting { space, small, then } in group {
        let unplaced = small.binding();
        let (packables, after) = spaces.entry(space).or_default();
        packables.push(small.packable);
        after.push((unplaced, then));
    }
    let mut rows = Vec::new();
    for (space, (packables, after)) in spaces {
        let outcome = containers.store_small(space, &packables);
        rows.extend(after.into_iter().enumerate().filter_map(|(at, (unplaced, then))| {
            let place = match &outcome {
                Ok(places) => places.get(at).copied().ok_or_else(|| io::ErrorKind::Other.into()),
                Err(error) => Err(clone_io_error(error)),
            };
            let failed = |source| VaultError::Io { action: "make a small container durable", source };
            then(place.map(|place| unplaced.at(place)).map_err(|source| failed(source).into()))
        }));
    }
    rows
}

/// A copy of the error, for another waiting request.
fn clone_io_error(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
