//! Group commit of small containers: those that wait share one write and one flush of a pack.
//!
//! Like the catalogue's writer, one thread takes what is queued. While it flushes one group the next
//! one gathers, so the group grows with the load; alone, nobody waits for company.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{io, thread};

use tokio::sync::{mpsc, oneshot};

use super::LibraryError;
use crate::model::{ContainerId, PackedPlace, SpaceId};
use crate::vault::VaultError;
use crate::vault::disk::{Disk, Packable};
use crate::vault::small::SmallContainer;
use crate::vault::writer::SealedContainer;

/// Containers that may wait; more writers wait for a place.
const QUEUE: usize = 256;
/// Containers that share one flush.
const GROUP: usize = 64;

/// Hands small containers to the thread that stores them.
pub(super) struct Packer {
    /// `None` only while it is dropped.
    queue: Option<mpsc::Sender<Waiting>>,
    /// Joined at the end, so that no flush is under way when the directory is given up.
    thread: Option<thread::JoinHandle<()>>,
    ids: Ids,
}

/// Ids of packed containers: random where the sequence begins, consecutive from there. The rows of a
/// group then fall on the same pages of the catalogue, each of which costs a commit as much as a row.
struct Ids {
    prefix: [u8; 8],
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        let mut prefix = [0; 8];
        getrandom::fill(&mut prefix).expect("the system's random source answers");
        Self { prefix, next: AtomicU64::new(0) }
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

struct Waiting {
    space: SpaceId,
    packable: Packable,
    reply: oneshot::Sender<io::Result<PackedPlace>>,
}

impl Packer {
    /// Starts the thread, which ends when this is dropped.
    pub(super) fn start(disk: Arc<dyn Disk>) -> Result<Self, LibraryError> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("packer".into())
            .spawn(move || pack_until_closed(&*disk, waiting))
            .map_err(|source| VaultError::Io {
                action: "start the thread that stores small files",
                source,
            })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), ids: Ids::new() })
    }

    /// The id for the next container to store.
    pub(super) fn next_id(&self) -> ContainerId {
        self.ids.next()
    }

    /// Makes the container durable in a pack of its space.
    pub(super) async fn store(
        &self,
        space: SpaceId,
        small: SmallContainer,
    ) -> Result<SealedContainer, LibraryError> {
        let (reply, answer) = oneshot::channel();
        let unplaced = small.binding();
        let queue = self.queue.as_ref().ok_or(LibraryError::Closed)?;
        let waiting = Waiting { space, packable: small.packable, reply };
        queue.send(waiting).await.map_err(|_| LibraryError::Closed)?;
        match answer.await.map_err(|_| LibraryError::Interrupted)? {
            Ok(place) => Ok(unplaced.at(place)),
            Err(source) => Err(VaultError::Io { action: "make a small container durable", source }.into()),
        }
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has already failed everybody who waited.
            let _ = thread.join();
        }
    }
}

fn pack_until_closed(disk: &dyn Disk, mut waiting: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
        let mut spaces: HashMap<SpaceId, (Vec<Packable>, Vec<_>)> = HashMap::new();
        for Waiting { space, packable, reply } in group.drain(..) {
            let (packables, replies) = spaces.entry(space).or_default();
            packables.push(packable);
            replies.push(reply);
        }
        for (space, (packables, replies)) in spaces {
            let outcome = disk.append_packed(space, &packables);
            for (at, reply) in replies.into_iter().enumerate() {
                let answer = match &outcome {
                    Ok(places) => places.get(at).copied().ok_or_else(|| io::ErrorKind::Other.into()),
                    Err(error) => Err(alike(error)),
                };
                let _ = reply.send(answer);
            }
        }
    }
}

/// The same error for another one who waited.
fn alike(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
