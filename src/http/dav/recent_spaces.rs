//! The space in which each user was busy last.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::model::{SpaceId, UserId};

/// Users of whom it is remembered.
const MAX_USERS: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// In memory only: a guess that costs nothing but time if it is wrong.
pub(super) struct RecentSpaces(Mutex<LruCache<UserId, SpaceId>>);

impl RecentSpaces {
    pub(super) fn note(&self, user: UserId, space: SpaceId) {
        self.lock().put(user, space);
    }

    pub(super) fn of(&self, user: UserId) -> Option<SpaceId> {
        self.lock().get(&user).copied()
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<UserId, SpaceId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for RecentSpaces {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_USERS)))
    }
}
