//! Writes plaintext into one container.
//!
//! Bytes are collected into batches; while one batch is hashed, sealed and written on a blocking thread, the next
//! one fills, and no third is begun: that limits memory and is the back pressure for a fast client. A slow client
//! holds no thread.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::descriptors::Filling;
use super::digest::Digests;
use super::{Library, LibraryError};
use crate::model::{SpaceId, UserId};
use crate::vault::container::ContainerMeta;
use crate::vault::keys::SpaceKey;
use crate::vault::small::MAX_SMALL_LEN;
use crate::vault::writer::{ContainerWriter, SealedContainer};

/// Bytes of an upload that are sealed at a time on a blocking thread.
const BATCH: usize = 1024 * 1024;
/// Bytes that are sealed at a time for an upload that arrives when [`MAX_FULL_BATCHES`] others fill whole batches.
const SMALL_BATCH: usize = 128 * 1024;
/// Uploads that may fill whole batches: a client that stalls in mid-body keeps the memory of its batch.
pub(super) const MAX_FULL_BATCHES: usize = 32;

/// A container that is being filled. Dropped before it is published, it leaves nothing behind. Its waiting calls
/// may be dropped: no byte that was taken is lost.
pub(crate) struct BatchWriter {
    library: Library,
    space: SpaceId,
    /// The user whose limit applies.
    user: Option<UserId>,
    key: Arc<SpaceKey>,
    meta: ContainerMeta,
    taken: u64,
    batch: Vec<u8>,
    /// Permit for batches of the full size.
    full_batches: Option<OwnedSemaphorePermit>,
    stage: Stage,
}

/// Location of the blocking half.
enum Stage {
    /// Opened only when the first batch is full.
    Waiting(Digests),
    Ready(Box<Sink>),
    /// On another thread, sealing a batch.
    Busy(JoinHandle<Result<Box<Sink>, LibraryError>>),
    /// A batch was lost.
    Failed,
}

struct Sink {
    writer: ContainerWriter,
    digests: Digests,
    _file: Filling,
}

impl Sink {
    fn take_in(&mut self, batch: &[u8]) -> Result<(), LibraryError> {
        self.digests.update(batch);
        Ok(self.writer.write(batch)?)
    }
}

impl BatchWriter {
    /// For a container of `space` that `user` fills, whose content continues the bytes that `digests` have seen.
    pub(crate) fn new(
        library: Library,
        space: SpaceId,
        user: Option<UserId>,
        key: Arc<SpaceKey>,
        meta: ContainerMeta,
        digests: Digests,
    ) -> Self {
        let stage = Stage::Waiting(digests);
        Self { library, space, user, key, meta, taken: 0, batch: Vec::new(), full_batches: None, stage }
    }

    /// Takes the next bytes. Waits while the disk is behind.
    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<(), LibraryError> {
        while !bytes.is_empty() {
            if self.batch.len() >= self.batch_len() {
                self.seal_batch().await?;
            }
            let room = self.batch_len().saturating_sub(self.batch.len());
            let now = bytes.split_to(room.min(bytes.len()));
            self.batch.extend_from_slice(&now);
            self.taken += now.len() as u64;
        }
        if self.batch.len() >= self.batch_len() {
            self.seal_batch().await?;
        }
        Ok(())
    }

    /// Bytes taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes that a batch may take.
    fn batch_len(&mut self) -> usize {
        if self.full_batches.is_none() && self.batch.len() >= SMALL_BATCH {
            let all = Arc::clone(&self.library.shared.writing.full_batches);
            self.full_batches = all.try_acquire_owned().ok();
        }
        if self.full_batches.is_some() { BATCH } else { SMALL_BATCH }
    }

    /// The whole content, and the digests of the bytes before it, if it is small enough for a pack.
    pub(crate) fn take_small(&mut self) -> Option<(Vec<u8>, Digests)> {
        if self.batch.len() > MAX_SMALL_LEN || !matches!(self.stage, Stage::Waiting(_)) {
            return None;
        }
        match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Waiting(digests) => Some((std::mem::take(&mut self.batch), digests)),
            _ => None,
        }
    }

    /// Hands the batch to a blocking thread, once the batch before has come back.
    async fn seal_batch(&mut self) -> Result<(), LibraryError> {
        self.settle().await?;
        let sink = self.sink()?;
        let batch = std::mem::take(&mut self.batch);
        self.stage = Stage::Busy(tokio::task::spawn_blocking(move || {
            let mut sink = sink()?;
            sink.take_in(&batch)?;
            Ok(sink)
        }));
        Ok(())
    }

    /// Waits for the batch on the other thread.
    async fn settle(&mut self) -> Result<(), LibraryError> {
        if let Stage::Busy(task) = &mut self.stage {
            let outcome = task.await;
            self.stage = Stage::Failed;
            self.stage = Stage::Ready(outcome??);
        }
        Ok(())
    }

    /// The blocking half, opened here (on a blocking thread) if this is its first use. Leaves [`Stage::Failed`]
    /// until it comes back.
    fn sink(
        &mut self,
    ) -> Result<impl FnOnce() -> Result<Box<Sink>, LibraryError> + Send + 'static, LibraryError> {
        let stage = std::mem::replace(&mut self.stage, Stage::Failed);
        if matches!(stage, Stage::Failed | Stage::Busy(_)) {
            return Err(LibraryError::Interrupted);
        }
        let library = self.library.clone();
        let (key, space, user, meta) = (Arc::clone(&self.key), self.space, self.user, self.meta.clone());
        Ok(move || match stage {
            Stage::Ready(sink) => Ok(sink),
            Stage::Waiting(digests) => {
                let file = library.shared.writing.descriptors.to_write(user)?;
                let writer = ContainerWriter::create(library.containers(), &key, space, &meta)?;
                Ok(Box::new(Sink { writer, digests, _file: file }))
            }
            Stage::Busy(_) | Stage::Failed => Err(LibraryError::Interrupted),
        })
    }

    /// Seals all bytes taken so far; returns their digests.
    pub(crate) async fn drain(&mut self) -> Result<Digests, LibraryError> {
        self.seal_batch().await?;
        self.settle().await?;
        match &self.stage {
            Stage::Ready(sink) => Ok(sink.digests.clone()),
            _ => Err(LibraryError::Interrupted),
        }
    }

    /// Makes the container durable, if `judge` accepts its digests.
    pub(crate) async fn publish<T: Send + 'static>(
        mut self,
        judge: impl FnOnce(Digests) -> Result<T, LibraryError> + Send + 'static,
    ) -> Result<(SealedContainer, T), LibraryError> {
        self.settle().await?;
        let sink = self.sink()?;
        let batch = std::mem::take(&mut self.batch);
        tokio::task::spawn_blocking(move || {
            let mut sink = sink()?;
            sink.take_in(&batch)?;
            let Sink { writer, digests, _file } = *sink;
            let judged = judge(digests)?;
            Ok((writer.finish()?, judged))
        })
        .await?
    }
}
