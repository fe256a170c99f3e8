//! Remembers the space that each user used last.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::accounts::{Accounts, LookupError, Principal};
use crate::model::{Access, Right, SpaceId, UserId};

/// Users whose last used space is remembered.
const MAX_USERS: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// In memory only: a wrong guess costs time and nothing else. Cheap to clone.
#[derive(Clone)]
pub(super) struct RecentSpaces(Arc<Mutex<LruCache<UserId, SpaceId>>>);

impl RecentSpaces {
    pub(super) fn note(&self, user: UserId, space: SpaceId) {
        self.lock().put(user, space);
    }

    /// A likely space for an upload without a destination; `None` if its user cannot write to any.
    pub(super) async fn likely(
        &self,
        accounts: &Accounts,
        principal: &Principal,
    ) -> Result<Option<Access>, LookupError> {
        let rights = accounts.spaces_of(principal).await?;
        let writable: Vec<_> = rights.into_iter().filter(|access| access.right() >= Right::Write).collect();
        let busy_in = self.lock().get(&principal.user).copied();
        let likely = writable.iter().find(|access| Some(access.space()) == busy_in);
        Ok(likely.or(writable.first()).copied())
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<UserId, SpaceId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for RecentSpaces {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(MAX_USERS))))
    }
}
