//! The disk as the library sees it: a write that fails is told to the [state](super::state), and a state that
//! forbids writes lets none through. What becomes durable is [held](super::unbound) until a row knows it.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

use super::state::State;
use super::unbound::Unbound;
use crate::model::{ContainerId, PackedPlace, Place, SpaceId};
use crate::vault::disk::{
    ContainerFile, Disk, Overwrite, Packable, PartFile, SmallFile, SnapshotName, SnapshotPart, Snapshots,
    StoredFile, StoredSnapshot, Stray,
};

/// The disk, with every failure of a write told to the state and no write in a state that forbids it.
pub(super) struct WatchedDisk {
    inner: Arc<dyn Disk>,
    state: Arc<State>,
    unbound: Arc<Unbound>,
}

impl WatchedDisk {
    pub(super) fn new(inner: Arc<dyn Disk>, state: Arc<State>, unbound: Arc<Unbound>) -> Self {
        Self { inner, state, unbound }
    }

    fn change<T>(&self, call: impl FnOnce(&dyn Disk) -> io::Result<T>) -> io::Result<T> {
        self.state.require_changeable()?;
        call(&*self.inner).inspect_err(|error| self.state.note(error))
    }
}

impl Disk for WatchedDisk {
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>> {
        let inner = self.change(|disk| disk.create(id))?;
        let (state, unbound) = (Arc::clone(&self.state), Arc::clone(&self.unbound));
        Ok(Box::new(WatchedPart { inner, id, state, unbound }))
    }

    fn append_packed(&self, space: SpaceId, containers: &[Packable]) -> io::Result<Vec<PackedPlace>> {
        self.state.require_reserve(containers.iter().map(|container| container.bytes.len()).sum())?;
        self.change(|disk| {
            self.unbound.hold(containers.iter().map(|container| container.id));
            disk.append_packed(space, containers)
        })
    }

    fn open(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<Box<dyn ContainerFile>> {
        self.inner.open(space, id, place)
    }

    fn is_named(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<bool> {
        self.inner.is_named(space, id, place)
    }

    fn remove(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<()> {
        self.change(|disk| disk.remove(space, id, place))?;
        self.unbound.release([&id]);
        Ok(())
    }

    fn remove_empty_packs(&self) -> io::Result<u64> {
        self.change(|disk| disk.remove_empty_packs())
    }

    fn each_container(&self, visit: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()> {
        self.inner.each_container(visit)
    }

    fn each_stray(&self, visit: &mut dyn FnMut(Stray) -> io::Result<()>) -> io::Result<()> {
        self.inner.each_stray(visit)
    }

    fn each_stranger(&self, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        self.inner.each_stranger(visit)
    }

    fn remove_parts(&self) -> io::Result<u64> {
        self.change(|disk| disk.remove_parts())
    }

    fn available(&self) -> io::Result<u64> {
        self.inner.available()
    }

    fn keep_reserve(&self, bytes: u64) -> io::Result<()> {
        self.change(|disk| disk.keep_reserve(bytes))
    }

    fn give_up_reserve(&self) -> io::Result<bool> {
        self.change(|disk| disk.give_up_reserve())
    }

    fn read_small(&self, file: &SmallFile) -> io::Result<Option<Vec<u8>>> {
        self.inner.read_small(file)
    }

    fn write_small(&self, file: &SmallFile, bytes: &[u8], overwrite: Overwrite) -> io::Result<()> {
        self.change(|disk| disk.write_small(file, bytes, overwrite))
    }

    fn create_folder(&self, folder: &'static str, files: &[(&str, &[u8])]) -> io::Result<()> {
        self.change(|disk| disk.create_folder(folder, files))
    }

    fn remove_small(&self, file: &SmallFile) -> io::Result<()> {
        self.change(|disk| disk.remove_small(file))
    }

    fn space_keys(&self) -> io::Result<Vec<SpaceId>> {
        self.inner.space_keys()
    }

    fn space_folders(&self) -> io::Result<Vec<SpaceId>> {
        self.inner.space_folders()
    }

    fn snapshots(&self) -> &dyn Snapshots {
        self
    }
}

impl Snapshots for WatchedDisk {
    fn begin(&self) -> io::Result<Box<dyn SnapshotPart>> {
        let inner = self.change(|disk| disk.snapshots().begin())?;
        Ok(Box::new(WatchedSnapshot { inner, state: Arc::clone(&self.state) }))
    }

    fn list(&self) -> io::Result<Vec<StoredSnapshot>> {
        self.inner.snapshots().list()
    }

    fn open(&self, name: SnapshotName) -> io::Result<BufReader<Box<dyn Read + Send>>> {
        self.inner.snapshots().open(name)
    }

    fn remove(&self, name: SnapshotName) -> io::Result<()> {
        self.change(|disk| disk.snapshots().remove(name))
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
