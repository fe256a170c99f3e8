//! Cache of open containers: those that were read last.
//!
//! Opening costs a read of the header, an X25519 unwrap and the authentication of the last chunk; a player or an
//! image viewer that requests a hundred ranges should pay for that once. A container never changes, so an open one
//! stays valid; it is removed from the cache when its row is removed, so that the disk space is freed.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lru::LruCache;

use super::descriptors::Shares;
use crate::model::{ContainerId, Place};
use crate::vault::VaultError;
use crate::vault::reader::{ContainerReader, ContainerRef};

/// Containers with files of their own that are kept open: each holds a descriptor.
const MAX_OPEN: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");
/// Packed containers kept open, about 1 KiB each; the descriptors belong to the packs.
const MAX_OPEN_PACKED: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

type Row = Mutex<LruCache<ContainerId, Arc<ContainerReader>>>;

pub(super) struct ContainerCache {
    own_files: Row,
    packed: Row,
}

impl ContainerCache {
    /// An empty cache, as large as the process's descriptors allow.
    pub(super) fn new(shares: &Shares) -> Self {
        let row = |most| Mutex::new(LruCache::new(most));
        Self { own_files: row(shares.kept(MAX_OPEN)), packed: row(shares.kept_packed(MAX_OPEN_PACKED)) }
    }

    /// Takes the container from the cache, if it is the one that the catalogue means now, or opens it. Also returns
    /// data that was read while opening. If two readers open the same one at once, both succeed.
    pub(super) fn take(
        &self,
        bound: &ContainerRef,
        open: impl FnOnce() -> Result<(ContainerReader, Option<Bytes>), VaultError>,
    ) -> Result<(Arc<ContainerReader>, Option<Bytes>), VaultError> {
        if let Some(reader) = self.find(bound) {
            return Ok((reader, None));
        }
        let (reader, read) = open()?;
        let reader = Arc::new(reader);
        self.row(bound.place).put(bound.id, Arc::clone(&reader));
        Ok((reader, read))
    }

    /// The container, if it is in the cache.
    pub(super) fn find(&self, bound: &ContainerRef) -> Option<Arc<ContainerReader>> {
        self.row(bound.place).get(&bound.id).filter(|reader| reader.is_bound_to(bound)).cloned()
    }

    /// Removes a container from the cache. Its present readers continue.
    pub(super) fn put_away(&self, id: ContainerId, place: Place) {
        self.row(place).pop(&id);
    }

    /// Like [`Self::put_away`], for a container whose place is unknown.
    pub(super) fn put_away_wherever(&self, id: ContainerId) {
        for row in [&self.own_files, &self.packed] {
            row.lock().unwrap_or_else(PoisonError::into_inner).pop(&id);
        }
    }

    /// A panic elsewhere at worst leaves one entry too many or too few.
    fn row(&self, place: Place) -> MutexGuard<'_, LruCache<ContainerId, Arc<ContainerReader>>> {
        let row = match place {
            Place::OwnFile => &self.own_files,
            Place::Packed(_) => &self.packed,
        };
        row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
