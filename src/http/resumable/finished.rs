//! Uploads that recently became files.
//!
//! The answer that says so may be lost. The client then asks for the offset, and would send the whole file again if
//! it got 404.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::library::PutOutcome;
use crate::model::{Etag, SpaceId, UploadId, UserId, VersionId};
use crate::uploads::Upload;

/// Uploads that are remembered after they became files; the newest ones.
const MAX_FINISHED: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");

/// In memory only: after a restart the client sends its file once more, and nothing is lost.
#[derive(Clone)]
pub(super) struct Finished {
    done: Arc<Mutex<LruCache<UploadId, Done>>>,
    turns: Arc<Turns>,
}

/// Uploads that a request is turning into a file, or waits for.
type Turns = Mutex<HashMap<UploadId, Arc<AsyncMutex<()>>>>;

/// An upload that became a file.
#[derive(Clone)]
pub(super) struct Done {
    user: UserId,
    /// Space of the file.
    pub(super) space: SpaceId,
    pub(super) protocol: String,
    pub(super) length: u64,
    pub(super) metadata: String,
    pub(super) etag: Etag,
    /// Whether the file is new.
    pub(super) created: bool,
    /// Number of the file.
    pub(super) number: u64,
    /// The version that it became.
    pub(super) version: Option<VersionId>,
}

impl Finished {
    pub(super) fn note(&self, user: UserId, upload: Upload, outcome: &PutOutcome) -> Done {
        let done = Done {
            user,
            space: upload.space,
            protocol: upload.protocol,
            length: upload.received,
            metadata: upload.metadata,
            etag: outcome.entry.etag.clone(),
            created: outcome.created,
            number: outcome.entry.id.0.unsigned_abs(),
            version: outcome.entry.version(),
        };
        self.done.lock().unwrap_or_else(PoisonError::into_inner).put(upload.id, done.clone());
        done
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

    /// A finished upload of this user.
    pub(super) fn of(&self, user: UserId, id: UploadId) -> Option<Done> {
        let mut all = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&id).filter(|done| done.user == user).cloned()
    }
}

impl Default for Finished {
    fn default() -> Self {
        Self { done: Arc::new(Mutex::new(LruCache::new(MAX_FINISHED))), turns: Arc::default() }
    }
}
