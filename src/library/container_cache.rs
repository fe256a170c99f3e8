//! Containers that are open: those that were read last.
//!
//! Opening costs a read of the header, an X25519 unwrap and the authentication of the last chunk; a
//! player or an image viewer that asks for a hundred ranges should pay that once. A container never
//! changes, so an open one stays true; it is put away when its row goes, so that the disk gets its
//! bytes back.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lru::LruCache;

use super::descriptors::Shares;
use crate::model::{ContainerId, Place};
use crate::vault::VaultError;
use crate::vault::reader::{ContainerReader, ContainerRef};

/// Containers kept open that have files of their own: each holds a descriptor.
const MAX_OPEN: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");
/// Packed containers kept open, about 1 KiB each; the descriptors are the packs'.
const MAX_OPEN_PACKED: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

type Row = Mutex<LruCache<ContainerId, Arc<ContainerReader>>>;

pub(super) struct ContainerCache {
    own_files: Row,
    packed: Row,
}

impl ContainerCache {
    /// An empty one, as large as the process may keep files open.
    pub(super) fn new(shares: &Shares) -> Self {
        let row = |most| Mutex::new(LruCache::new(most));
        Self { own_files: row(shares.kept(MAX_OPEN)), packed: row(shares.kept_packed(MAX_OPEN_PACKED)) }
    }

    /// The container from the shelf, if it is the one the catalogue means now, or opened. What was read
    /// while opening comes with it. Two that open the same one at once both succeed.
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

    /// The container, if it is on the shelf.
    pub(super) fn find(&self, bound: &ContainerRef) -> Option<Arc<ContainerReader>> {
        self.row(bound.place).get(&bound.id).filter(|reader| reader.is_bound_to(bound)).cloned()
    }

    /// Puts a container away. Who reads it at the moment reads on.
    pub(super) fn put_away(&self, id: ContainerId, place: Place) {
        self.row(place).pop(&id);
    }

    /// As [`Self::put_away`], for a container that lies nobody knows where.
    pub(super) fn put_away_wherever(&self, id: ContainerId) {
        for row in [&self.own_files, &self.packed] {
            row.lock().unwrap_or_else(PoisonError::into_inner).pop(&id);
        }
    }

    /// A panic elsewhere leaves at worst an entry more or less.
    fn row(&self, place: Place) -> MutexGuard<'_, LruCache<ContainerId, Arc<ContainerReader>>> {
        let row = match place {
            Place::OwnFile => &self.own_files,
            Place::Packed(_) => &self.packed,
        };
        row.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
