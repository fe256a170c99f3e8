//! Uploads that recently became files.
//!
//! The answer that says so may be lost. The client then asks for the offset, and would send the whole file again if
//! it got 404.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::model::UploadId;

/// Uploads that an endpoint remembers after they became files; the newest ones.
const MAX_FINISHED: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");

/// In memory only: after a restart the client sends its file once more, and nothing is lost. Clones share it.
pub(super) struct Finished<D> {
    done: Arc<Mutex<LruCache<UploadId, D>>>,
    turns: Arc<Turns>,
}

/// Uploads that a request is turning into a file, or waits for.
type Turns = Mutex<HashMap<UploadId, Arc<AsyncMutex<()>>>>;

impl<D: Clone> Finished<D> {
    /// Remembers the outcome of an upload.
    pub(super) fn note(&self, id: UploadId, done: D) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).put(id, done);
    }

    /// Only one request at a time turns an upload into a file; the holder of this knows whether it is one.
    pub(super) async fn turn(&self, id: UploadId) -> OwnedMutexGuard<()> {
        let place = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, place| Arc::strong_count(place) > 1);
            Arc::clone(turns.entry(id).or_default())
        };
        place.lock_owned().await
    }

    /// The outcome of an upload.
    pub(super) fn of(&self, id: UploadId) -> Option<D> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}

impl<D> Clone for Finished<D> {
    fn clone(&self) -> Self {
        Self { done: Arc::clone(&self.done), turns: Arc::clone(&self.turns) }
    }
}

impl<D> Default for Finished<D> {
    fn default() -> Self {
        Self { done: Arc::new(Mutex::new(LruCache::new(MAX_FINISHED))), turns: Arc::default() }
    }
}
