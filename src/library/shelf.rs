//! Containers that are open: the last few hundred that were read.
//!
//! Opening costs a read of the header, an X25519 unwrap and the authentication of the last chunk; a
//! player or an image viewer that asks for a hundred ranges should pay that once. A container never
//! changes, so an open one stays true; it is put away when its row goes, so that the disk gets its
//! bytes back.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::model::ContainerId;
use crate::vault::VaultError;
use crate::vault::reader::{ContainerReader, ContainerRef};

/// Containers kept open, each with a file descriptor and its payload key.
const MAX_OPEN: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

pub(super) struct Shelf(Mutex<LruCache<ContainerId, Arc<ContainerReader>>>);

impl Default for Shelf {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_OPEN)))
    }
}

impl Shelf {
    /// The container from the shelf, if it is the one the catalogue means now, or opened. Two that open the same one at once both succeed.
    pub(super) fn take(
        &self,
        bound: &ContainerRef,
        open: impl FnOnce() -> Result<ContainerReader, VaultError>,
    ) -> Result<Arc<ContainerReader>, VaultError> {
        if let Some(reader) = self.open_ones().get(&bound.id)
            && reader.is_bound_to(bound)
        {
            return Ok(Arc::clone(reader));
        }
        let reader = Arc::new(open()?);
        self.open_ones().put(bound.id, Arc::clone(&reader));
        Ok(reader)
    }

    /// Puts a container away. Who reads it at the moment reads on.
    pub(super) fn put_away(&self, id: ContainerId) {
        self.open_ones().pop(&id);
    }

    /// A panic elsewhere leaves at worst an entry more or less.
    fn open_ones(&self) -> MutexGuard<'_, LruCache<ContainerId, Arc<ContainerReader>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
