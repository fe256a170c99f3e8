//! A disk on which something happens: a test's own step before a container is made or read, an error, or a gate
//! at which a test holds a thread up.

use std::io::{self, BufReader, Read, Write};
use std::sync::{Arc, Mutex, mpsc};

use tokio::sync::oneshot;

use tresor::model::{ContainerId, Place, SpaceId};
use tresor::vault::disk::{
    Capacity, ContainerFile, Containers, KeyFiles, LocalDisk, Overwrite, Packable, PartFile, SmallFile,
    SnapshotName, SnapshotPart, Snapshots, Storage, StoredFile, StoredSnapshot,
};

/// When a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Create,
    Append,
    Publish,
    Open,
    Read,
    WriteSmall,
}

/// A place where a thread may be held up while others go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A walk through all containers begins.
    Walk,
    /// It is about to show one.
    Visit,
    /// A container has become durable.
    Stored,
}

type Hook = Box<dyn FnMut(Moment) -> io::Result<()> + Send>;
type Keeper = Arc<dyn Fn(Gate) + Send + Sync>;

/// A thread that is held up at a gate until this is dropped.
pub struct HeldUp(#[allow(dead_code, reason = "its drop ends the wait")] mpsc::Sender<()>);

/// The real disk with a hook, which a test sets and takes away.
pub struct HookedDisk {
    inner: Storage,
    hook: Arc<Mutex<Option<Hook>>>,
    keeper: Arc<Mutex<Option<Keeper>>>,
    /// Free bytes that it claims to have.
    free: Mutex<Option<u64>>,
}

impl HookedDisk {
    pub fn new(inner: LocalDisk) -> Self {
        let inner = Storage::of(Arc::new(inner));
        Self { inner, hook: Arc::default(), keeper: Arc::default(), free: Mutex::default() }
    }

    /// The storage that calls the hook and the gates.
    pub fn storage(self: &Arc<Self>) -> Storage {
        Storage {
            containers: self.clone(),
            housekeeping: self.inner.housekeeping.clone(),
            key_files: self.clone(),
            snapshots: self.clone(),
            capacity: self.clone(),
        }
    }

    /// Each thread that passes a gate calls `keeper`.
    pub fn set_keeper(&self, keeper: impl Fn(Gate) + Send + Sync + 'static) {
        *self.keeper.lock().unwrap() = Some(Arc::new(keeper));
    }

    /// Holds up the next thread that comes to `gate`; the answer comes when it is there.
    pub fn hold_up(&self, gate: Gate) -> oneshot::Receiver<HeldUp> {
        let (arrive, arrived) = oneshot::channel();
        let next = Mutex::new(Some(arrive));
        self.set_keeper(move |at| {
            let arrive = if at == gate { next.lock().unwrap().take() } else { None };
            if let Some(arrive) = arrive {
                let (held, wait) = mpsc::channel();
                let _ = arrive.send(HeldUp(held));
                let _ = wait.recv();
            }
        });
        arrived
    }

    /// Calls `hook` at each moment from now on; its error becomes the disk's.
    pub fn set(&self, hook: impl FnMut(Moment) -> io::Result<()> + Send + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// Claims to have this many free bytes from now on.
    pub fn set_free(&self, bytes: u64) {
        *self.free.lock().unwrap() = Some(bytes);
    }

    pub fn clear(&self) {
        *self.hook.lock().unwrap() = None;
    }
}

fn call(hook: &Mutex<Option<Hook>>, moment: Moment) -> io::Result<()> {
    hook.lock().unwrap().as_mut().map_or(Ok(()), |hook| hook(moment))
}

fn pass(keeper: &Mutex<Option<Keeper>>, gate: Gate) {
    // Not held meanwhile: others pass other gates.
    let keeper = keeper.lock().unwrap().clone();
    if let Some(keeper) = keeper {
        keeper(gate);
    }
}

impl Containers for HookedDisk {
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>> {
        call(&self.hook, Moment::Create)?;
        let (inner, hook) = (self.inner.containers.create(id)?, Arc::clone(&self.hook));
        Ok(Box::new(HookedPart { inner, hook, keeper: Arc::clone(&self.keeper) }))
    }

    fn store_small(&self, space: SpaceId, containers: &[Packable]) -> io::Result<Vec<Place>> {
        // All that a container of its own goes through, in one call.
        for moment in [Moment::Create, Moment::Append, Moment::Publish] {
            call(&self.hook, moment)?;
        }
        self.inner.containers.store_small(space, containers).inspect(|_| pass(&self.keeper, Gate::Stored))
    }

    fn open(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<Box<dyn ContainerFile>> {
        call(&self.hook, Moment::Open)?;
        let inner = self.inner.containers.open(space, id, place)?;
        Ok(Box::new(HookedContainer { inner, hook: Arc::clone(&self.hook) }))
    }

    fn remove(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<()> {
        self.inner.containers.remove(space, id, place)
    }

    fn list(&self, visit: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()> {
        pass(&self.keeper, Gate::Walk);
        self.inner.containers.list(&mut |file| {
            pass(&self.keeper, Gate::Visit);
            visit(file)
        })
    }

    fn spaces(&self) -> io::Result<Vec<SpaceId>> {
        self.inner.containers.spaces()
    }
}

impl Capacity for HookedDisk {
    fn available(&self) -> io::Result<u64> {
        self.free.lock().unwrap().map_or_else(|| self.inner.capacity.available(), Ok)
    }

    fn keep_reserve(&self, bytes: u64) -> io::Result<()> {
        self.inner.capacity.keep_reserve(bytes)
    }

    fn give_up_reserve(&self) -> io::Result<bool> {
        self.inner.capacity.give_up_reserve()
    }
}

impl KeyFiles for HookedDisk {
    fn read_small(&self, file: &SmallFile) -> io::Result<Option<Vec<u8>>> {
        self.inner.key_files.read_small(file)
    }

    fn write_small(&self, file: &SmallFile, bytes: &[u8], overwrite: Overwrite) -> io::Result<()> {
        call(&self.hook, Moment::WriteSmall)?;
        self.inner.key_files.write_small(file, bytes, overwrite)
    }

    fn create_folder(&self, folder: &'static str, files: &[(&str, &[u8])]) -> io::Result<()> {
        self.inner.key_files.create_folder(folder, files)
    }

    fn remove_small(&self, file: &SmallFile) -> io::Result<()> {
        self.inner.key_files.remove_small(file)
    }

    fn space_keys(&self) -> io::Result<Vec<SpaceId>> {
        self.inner.key_files.space_keys()
    }
}

impl Snapshots for HookedDisk {
    fn begin(&self) -> io::Result<Box<dyn SnapshotPart>> {
        call(&self.hook, Moment::Create)?;
        Ok(Box::new(HookedSnapshot { inner: self.inner.snapshots.begin()?, hook: Arc::clone(&self.hook) }))
    }

    fn list(&self) -> io::Result<Vec<StoredSnapshot>> {
        self.inner.snapshots.list()
    }

    fn open(&self, name: SnapshotName) -> io::Result<BufReader<Box<dyn Read + Send>>> {
        self.inner.snapshots.open(name)
    }

    fn remove(&self, name: SnapshotName) -> io::Result<()> {
        self.inner.snapshots.remove(name)
    }
}

struct HookedSnapshot {
    inner: Box<dyn SnapshotPart>,
    hook: Arc<Mutex<Option<Hook>>>,
}

impl Write for HookedSnapshot {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        call(&self.hook, Moment::Append)?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl SnapshotPart for HookedSnapshot {
    fn publish(self: Box<Self>, name: SnapshotName, overwrite: Overwrite) -> io::Result<()> {
        call(&self.hook, Moment::Publish)?;
        self.inner.publish(name, overwrite)
    }
}

struct HookedPart {
    inner: Box<dyn PartFile>,
    hook: Arc<Mutex<Option<Hook>>>,
    keeper: Arc<Mutex<Option<Keeper>>>,
}

impl PartFile for HookedPart {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        call(&self.hook, Moment::Append)?;
        self.inner.append(bytes)
    }

    fn publish(self: Box<Self>, space: SpaceId) -> io::Result<()> {
        call(&self.hook, Moment::Publish)?;
        self.inner.publish(space)?;
        pass(&self.keeper, Gate::Stored);
        Ok(())
    }
}

struct HookedContainer {
    inner: Box<dyn ContainerFile>,
    hook: Arc<Mutex<Option<Hook>>>,
}

impl ContainerFile for HookedContainer {
    fn length(&self) -> io::Result<u64> {
        self.inner.length()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        call(&self.hook, Moment::Read)?;
        self.inner.read_at(buffer, offset)
    }

    fn read_at_hand(&self, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
        call(&self.hook, Moment::Read)?;
        self.inner.read_at_hand(buffer, offset)
    }
}
