//! The storage as the library sees it: a write that fails is told to the [state](super::state), and a state that
//! forbids writes lets none through. What becomes durable is [held](super::unbound) until a row knows it.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::state::State;
use super::unbound::Unbound;
use crate::model::{ContainerId, Place, SpaceId};
use crate::vault::disk::{
    ContainerFile, Containers, Housekeeping, KeyFiles, Overwrite, Packable, PartFile, SmallFile,
    SnapshotName, SnapshotPart, Snapshots, Storage, StoredFile, StoredSnapshot, Stray,
};

/// `storage`, with every failure of a write told to the state and no write in a state that forbids it. The state itself
/// asks for the free space, as it is.
pub(super) fn watched(storage: Storage, state: &Arc<State>, unbound: &Arc<Unbound>) -> Storage {
    let Storage { containers, housekeeping, key_files, snapshots, capacity } = storage;
    let unbound = Arc::clone(unbound);
    Storage {
        containers: Arc::new(WatchedContainers { inner: containers, state: Arc::clone(state), unbound }),
        housekeeping: Arc::new(Watched { inner: housekeeping, state: Arc::clone(state) }),
        key_files: Arc::new(Watched { inner: key_files, state: Arc::clone(state) }),
        snapshots: Arc::new(Watched { inner: snapshots, state: Arc::clone(state) }),
        capacity,
    }
}

/// A part of the storage.
struct Watched<T: ?Sized> {
    inner: Arc<T>,
    state: Arc<State>,
}

impl<T: ?Sized> Watched<T> {
    fn change<R>(&self, call: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        change(&self.state, || call(&self.inner))
    }
}

fn change<R>(state: &State, call: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    state.require_changeable()?;
    call().inspect_err(|error| state.note(error))
}

struct WatchedContainers {
    inner: Arc<dyn Containers>,
    state: Arc<State>,
    unbound: Arc<Unbound>,
}

impl Containers for WatchedContainers {
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>> {
        let inner = change(&self.state, || self.inner.create(id))?;
        let (state, unbound) = (Arc::clone(&self.state), Arc::clone(&self.unbound));
        Ok(Box::new(WatchedPart { inner, id, state, unbound }))
    }

    fn store_small(&self, space: SpaceId, containers: &[Packable]) -> io::Result<Vec<Place>> {
        self.state.require_reserve(containers.iter().map(|container| container.bytes.len()).sum())?;
        change(&self.state, || {
            self.unbound.hold(containers.iter().map(|container| container.id));
            self.inner.store_small(space, containers)
        })
    }

    fn open(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<Box<dyn ContainerFile>> {
        self.inner.open(space, id, place)
    }

    fn remove(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<()> {
        change(&self.state, || self.inner.remove(space, id, place))?;
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

impl Housekeeping for Watched<dyn Housekeeping> {
    fn remove_parts(&self) -> io::Result<u64> {
        self.change(Housekeeping::remove_parts)
    }

    fn remove_empty_packs(&self) -> io::Result<u64> {
        self.change(Housekeeping::remove_empty_packs)
    }

    fn is_named(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<bool> {
        self.inner.is_named(space, id, place)
    }

    fn each_stray(&self, visit: &mut dyn FnMut(Stray) -> io::Result<()>) -> io::Result<()> {
        self.inner.each_stray(visit)
    }

    fn each_stranger(&self, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        self.inner.each_stranger(visit)
    }
}

impl KeyFiles for Watched<dyn KeyFiles> {
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

impl Snapshots for Watched<dyn Snapshots> {
    fn begin(&self) -> io::Result<Box<dyn SnapshotPart>> {
        let inner = self.change(Snapshots::begin)?;
        Ok(Box::new(WatchedSnapshot { inner, state: Arc::clone(&self.state) }))
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

struct WatchedPart {
    inner: Box<dyn PartFile>,
    id: ContainerId,
    state: Arc<State>,
    unbound: Arc<Unbound>,
}

impl PartFile for WatchedPart {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.state.require_changeable()?;
        self.state.require_reserve(bytes.len())?;
        self.inner.append(bytes).inspect_err(|error| self.state.note(error))
    }

    fn publish(self: Box<Self>, space: SpaceId) -> io::Result<()> {
        let Self { inner, id, state, unbound } = *self;
        state.require_changeable()?;
        unbound.hold([id]);
        inner.publish(space).inspect_err(|error| state.note(error))
    }
}

struct WatchedSnapshot {
    inner: Box<dyn SnapshotPart>,
    state: Arc<State>,
}

impl Write for WatchedSnapshot {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.state.require_changeable()?;
        self.state.require_reserve(bytes.len())?;
        self.inner.write(bytes).inspect_err(|error| self.state.note(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().inspect_err(|error| self.state.note(error))
    }
}

impl SnapshotPart for WatchedSnapshot {
    fn publish(self: Box<Self>, name: SnapshotName, overwrite: Overwrite) -> io::Result<()> {
        let Self { inner, state } = *self;
        state.require_changeable()?;
        inner.publish(name, overwrite).inspect_err(|error| state.note(error))
    }
}
