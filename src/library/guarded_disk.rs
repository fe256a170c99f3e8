//! The storage as the library uses it: failed writes are reported to [`disk_health`](super::disk_health), and a
//! state that forbids writes refuses them. Containers that become durable are [held](super::unbound) until a row
//! refers to them.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::disk_health::DiskHealth;
use super::unbound::Unbound;
use crate::model::{ContainerId, Place, SpaceId};
use crate::vault::disk::{
    ContainerFile, Containers, Housekeeping, KeyFiles, Overwrite, Packable, PartFile, SmallFile,
    SnapshotName, SnapshotPart, Snapshots, Storage, StoredFile, StoredSnapshot, UnindexedMember,
};

/// Wraps `storage` so that every failed write is reported to `state`, and none is made in a state that forbids it.
/// The state itself uses the free space as it is.
pub(super) fn guarded(storage: Storage, health: &Arc<DiskHealth>, unbound: &Arc<Unbound>) -> Storage {
    let Storage { containers, housekeeping, key_files, snapshots, capacity } = storage;
    let unbound = Arc::clone(unbound);
    Storage {
        containers: Arc::new(GuardedContainers { inner: containers, health: Arc::clone(health), unbound }),
        housekeeping: Arc::new(Guarded { inner: housekeeping, health: Arc::clone(health) }),
        key_files: Arc::new(Guarded { inner: key_files, health: Arc::clone(health) }),
        snapshots: Arc::new(Guarded { inner: snapshots, health: Arc::clone(health) }),
        capacity,
    }
}

/// A part of the storage.
struct Guarded<T: ?Sized> {
    inner: Arc<T>,
    health: Arc<DiskHealth>,
}

impl<T: ?Sized> Guarded<T> {
    fn change<R>(&self, call: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        change(&self.health, || call(&self.inner))
    }
}

fn change<R>(health: &DiskHealth, call: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    health.require_changeable()?;
    call().inspect_err(|error| health.note(error))
}

struct GuardedContainers {
    inner: Arc<dyn Containers>,
    health: Arc<DiskHealth>,
    unbound: Arc<Unbound>,
}

impl Containers for GuardedContainers {
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>> {
        let inner = change(&self.health, || self.inner.create(id))?;
        let (health, unbound) = (Arc::clone(&self.health), Arc::clone(&self.unbound));
        Ok(Box::new(GuardedPart { inner, id, health, unbound }))
    }

    fn store_small(&self, space: SpaceId, containers: &[Packable]) -> io::Result<Vec<Place>> {
        self.health.require_reserve(containers.iter().map(|container| container.bytes.len()).sum())?;
        change(&self.health, || {
            self.unbound.hold(containers.iter().map(|container| container.id));
            self.inner.store_small(space, containers)
        })
    }

    fn open(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<Box<dyn ContainerFile>> {
        self.inner.open(space, id, place)
    }

    fn remove(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<()> {
        change(&self.health, || self.inner.remove(space, id, place))?;
        self.unbound.release([&id]);
        Ok(())
    }

    fn list(&self, visit: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()> {
        self.inner.list(visit)
    }

    fn spaces(&self) -> io::Result<Vec<SpaceId>> {
        self.inner.spaces()
    }
}

impl Housekeeping for Guarded<dyn Housekeeping> {
    fn remove_parts(&self) -> io::Result<u64> {
        self.change(Housekeeping::remove_parts)
    }

    fn remove_empty_packs(&self) -> io::Result<u64> {
        self.change(Housekeeping::remove_empty_packs)
    }

    fn is_named(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<bool> {
        self.inner.is_named(space, id, place)
    }

    fn each_unindexed(&self, visit: &mut dyn FnMut(UnindexedMember) -> io::Result<()>) -> io::Result<()> {
        self.inner.each_unindexed(visit)
    }

    fn each_stranger(&self, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        self.inner.each_stranger(visit)
    }
}

impl KeyFiles for Guarded<dyn KeyFiles> {
    fn read_small(&self, file: &SmallFile) -> io::Result<Option<Vec<u8>>> {
        self.inner.read_small(file)
    }

    fn write_small(&self, file: &SmallFile, bytes: &[u8], overwrite: Overwrite) -> io::Result<()> {
        self.change(|inner| inner.write_small(file, bytes, overwrite))
    }

    fn create_folder(&self, folder: &'static str, files: &[(&str, &[u8])]) -> io::Result<()> {
        self.change(|inner| inner.create_folder(folder, files))
    }

    fn remove_small(&self, file: &SmallFile) -> io::Result<()> {
        self.change(|inner| inner.remove_small(file))
    }

    fn space_keys(&self) -> io::Result<Vec<SpaceId>> {
        self.inner.space_keys()
    }
}

impl Snapshots for Guarded<dyn Snapshots> {
    fn begin(&self) -> io::Result<Box<dyn SnapshotPart>> {
        let inner = self.change(Snapshots::begin)?;
        Ok(Box::new(GuardedSnapshot { inner, health: Arc::clone(&self.health) }))
    }

    fn list(&self) -> io::Result<Vec<StoredSnapshot>> {
        self.inner.list()
    }

    fn open(&self, name: SnapshotName) -> io::Result<BufReader<Box<dyn Read + Send>>> {
        self.inner.open(name)
    }

    fn remove(&self, name: SnapshotName) -> io::Result<()> {
        self.change(|inner| inner.remove(name))
    }
}

struct GuardedPart {
    inner: Box<dyn PartFile>,
    id: ContainerId,
    health: Arc<DiskHealth>,
    unbound: Arc<Unbound>,
}

impl PartFile for GuardedPart {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.health.require_changeable()?;
        self.health.require_reserve(bytes.len())?;
        self.inner.append(bytes).inspect_err(|error| self.health.note(error))
    }

    fn publish(self: Box<Self>, space: SpaceId) -> io::Result<()> {
        let Self { inner, id, health, unbound } = *self;
        health.require_changeable()?;
        unbound.hold([id]);
        inner.publish(space).inspect_err(|error| health.note(error))
    }
}

struct GuardedSnapshot {
    inner: Box<dyn SnapshotPart>,
    health: Arc<DiskHealth>,
}

impl Write for GuardedSnapshot {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.health.require_changeable()?;
        self.health.require_reserve(bytes.len())?;
        self.inner.write(bytes).inspect_err(|error| self.health.note(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().inspect_err(|error| self.health.note(error))
    }
}

impl SnapshotPart for GuardedSnapshot {
    fn publish(self: Box<Self>, name: SnapshotName, overwrite: Overwrite) -> io::Result<()> {
        let Self { inner, health } = *self;
        health.require_changeable()?;
        inner.publish(name, overwrite).inspect_err(|error| health.note(error))
    }
}
