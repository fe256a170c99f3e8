//! The only code that writes files: narrow traits, one for each kind of file, so that each user depends on only
//! what it needs, a test can make any call fail, and an object store can hold the containers.
//!
//! Order in which a container is written: temporary file, write, modification time 0, fsync, rename, fsync of the
//! directory. Small ones are appended to a pack instead, many with one fsync. Only then may the catalogue name
//! them.

mod capacity;
mod durable;
mod foreign_files;
mod key_files;
mod local;
pub(crate) mod pack;
mod part;
mod paths;
mod reserve;
mod snapshots;
pub(crate) mod unindexed;

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::model::{ContainerId, Place, SpaceId, Timestamp, layout};

pub use durable::{move_durably, open_own, write_durably};
pub use local::LocalDisk;
pub use snapshots::{SnapshotName, SnapshotPart, Snapshots, StoredSnapshot};
pub use unindexed::UnindexedMember;

/// Longest small file that is read, in bytes.
pub const SMALL_FILE_LIMIT: u64 = 1 << 20;

/// Whether a file may replace an existing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// An existing file stays, the call fails with `AlreadyExists`.
    Forbid,
    /// An existing file is replaced atomically: readers see all of the old or all of the new bytes.
    Replace,
}

/// A key file or another small file, as a path below the data directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SmallFile(Cow<'static, str>);

impl SmallFile {
    /// A file at a path fixed in [`layout`], such as `keys/root.age`.
    pub const fn fixed(place: &'static str) -> Self {
        Self(Cow::Borrowed(place))
    }

    /// The key file of a space.
    pub fn space_key(space: SpaceId) -> Self {
        Self(Cow::Owned(layout::space_key(space)))
    }

    /// The sealed note with a space's name and settings.
    pub fn space_note(space: SpaceId) -> Self {
        Self(Cow::Owned(layout::space_note(space)))
    }

    /// File name without the folder.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Path below the data directory, with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One container as a listing shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The space whose directory holds it.
    pub space: SpaceId,
    /// Id, which is also the file's name.
    pub id: ContainerId,
    /// A file of its own, or a position in a pack.
    pub place: Place,
    /// Length of the container in bytes.
    pub length: u64,
    /// When the file, or the pack around it, last changed (inode change time; the modification time is always 0).
    /// Read after the container was seen, so the container is at least this old.
    pub changed: Timestamp,
}

/// A complete sealed container that is small enough for a pack.
#[derive(Debug)]
pub struct Packable {
    /// Id under which it is stored.
    pub id: ContainerId,
    /// All of its bytes, at most [`MAX_PACKED_LEN`].
    pub bytes: Vec<u8>,
}

/// Longest container that a pack takes, in bytes: one chunk after the longest header.
pub const MAX_PACKED_LEN: usize = 128 * 1024;

/// The storage of an instance: four parts, each of which may be on different storage, and the housekeeping of the
/// container store. Cheap to clone.
///
/// All calls return the system's own errors with their kind: `StorageFull` and `QuotaExceeded` mean that space or
/// inodes ran out, `ReadOnlyFilesystem` that nothing can be written. Implementations do not retry, and a call that
/// failed must not be treated as done.
#[derive(Clone)]
pub struct Storage {
    /// Sealed contents of files.
    pub containers: Arc<dyn Containers>,
    /// Maintenance of the store behind `containers`.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// Keys and other small files.
    pub key_files: Arc<dyn KeyFiles>,
    /// Snapshots of the catalogue.
    pub snapshots: Arc<dyn Snapshots>,
    /// Free space for all of these and the catalogue.
    pub capacity: Arc<dyn Capacity>,
}

impl Storage {
    /// All parts in the same store.
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: Containers + Housekeeping + KeyFiles + Snapshots + Capacity + 'static,
    {
        Self {
            containers: store.clone(),
            housekeeping: store.clone(),
            key_files: store.clone(),
            snapshots: store.clone(),
            capacity: store,
        }
    }
}

/// Storage for containers. An object store must implement this to replace the local store.
pub trait Containers: Send + Sync {
    /// Starts a temporary file for a container. Not idempotent: a second call for the same id fails
    /// with `AlreadyExists`.
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>>;

    /// Stores complete small containers of one space durably and returns their places in the same order. The local
    /// store appends them to a pack with one flush; a store without packs writes a file for each. After an error
    /// none of them may be named; anything that reached the disk is swept later.
    fn store_small(&self, space: SpaceId, containers: &[Packable]) -> io::Result<Vec<Place>> {
        let store = |container: &Packable| {
            let mut part = self.create(container.id)?;
            part.append(&container.bytes)?;
            part.publish(space)?;
            Ok(Place::OwnFile)
        };
        containers.iter().map(store).collect()
    }

    /// Opens a container for positioned reads. `NotFound` if there is none. One that is removed while open stays
    /// readable if it has a file of its own; a packed one reads as zeros, which fail authentication.
    fn open(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<Box<dyn ContainerFile>>;

    /// Removes a container. Idempotent: removing a missing container succeeds. `InvalidData` if another container
    /// is at its place; that one stays. Need not be durable on return: a container that reappears after a crash is
    /// swept.
    fn remove(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<()>;

    /// Calls `visit` for every container, in no order; skips files with other names. Containers that appear or
    /// disappear meanwhile may or may not be visited. Stops at the first error.
    fn list(&self, visit: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()>;

    /// The spaces that have a folder for containers, in no order.
    fn spaces(&self) -> io::Result<Vec<SpaceId>>;
}

/// Operations that a container store may need besides reading and writing. The provided methods suit a store that
/// needs none of them; [`LocalDisk`] implements all.
pub trait Housekeeping: Send + Sync {
    /// Removes all temporary files and returns their number. Call it at the start only, before the first writer.
    /// Idempotent.
    fn remove_parts(&self) -> io::Result<u64> {
        Ok(0)
    }

    /// Removes packs without containers and returns their number. Idempotent.
    fn remove_empty_packs(&self) -> io::Result<u64> {
        Ok(0)
    }

    /// Whether a container can be found without the catalogue, too: the header before it in its pack is as it was
    /// written. A container with a file of its own can be found if it can be opened.
    fn is_named(&self, _space: SpaceId, _id: ContainerId, _place: Place) -> io::Result<bool> {
        Ok(true)
    }

    /// Calls `visit` for every place in a pack that holds data but has no header naming it. Stops at the first
    /// error.
    fn each_unindexed(&self, _visit: &mut dyn FnMut(UnindexedMember) -> io::Result<()>) -> io::Result<()> {
        Ok(())
    }

    /// Calls `visit` with the path below the data directory of each file or folder under `spaces/` that is not a
    /// container: Tresor never reads such files, and they may be plaintext. Stops at the first error.
    fn each_stranger(&self, _visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        Ok(())
    }
}

/// Storage for key files and other small files.
pub trait KeyFiles: Send + Sync {
    /// Reads a small file; `None` if there is none, `FileTooLarge` above [`SMALL_FILE_LIMIT`].
    fn read_small(&self, file: &SmallFile) -> io::Result<Option<Vec<u8>>>;

    /// Writes a small file, atomically and durably. May be repeated after an error.
    fn write_small(&self, file: &SmallFile, bytes: &[u8], overwrite: Overwrite) -> io::Result<()>;

    /// Creates `folder` with all of `files` (names inside it) or not at all, durably. Fails with
    /// `AlreadyExists` if the folder holds anything.
    fn create_folder(&self, folder: &'static str, files: &[(&str, &[u8])]) -> io::Result<()>;

    /// Removes a small file durably. Idempotent.
    fn remove_small(&self, file: &SmallFile) -> io::Result<()>;

    /// The spaces that have a key file, in no order.
    fn space_keys(&self) -> io::Result<Vec<SpaceId>>;
}

/// Free space for the instance's files.
pub trait Capacity: Send + Sync {
    /// Bytes that this process's user can still write; 0 when inodes ran out.
    fn available(&self) -> io::Result<u64>;

    /// Reserves that many bytes of the disk, for [`Self::give_up_reserve`]. Idempotent; need not be durable.
    fn keep_reserve(&self, bytes: u64) -> io::Result<()>;

    /// Frees the reserve; `false` if there is none, or if the disk is not short of bytes. Works without a free
    /// byte.
    fn give_up_reserve(&self) -> io::Result<bool>;
}

/// A container that is being written. Dropped without [`PartFile::publish`], it is removed.
pub trait PartFile: Send {
    /// Appends all of `bytes`. After an error the file's length is unknown: drop it.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the bytes durable and gives the file its final name in `space`, durably. After an error it may or may
    /// not have that name; nothing refers to it, so it is swept later.
    fn publish(self: Box<Self>, space: SpaceId) -> io::Result<()>;
}

/// An open container.
pub trait ContainerFile: Send + Sync {
    /// Length in bytes.
    fn length(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset`. `UnexpectedEof` if the file is too short; many threads may read at once.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Like [`Self::read_at`], if the system has all of the bytes in memory. `false` if it would have to wait for
    /// the disk, or cannot find out; `buffer` may then hold anything. A store that can never find out keeps the
    /// provided method.
    fn read_at_hand(&self, _buffer: &mut [u8], _offset: u64) -> io::Result<bool> {
        Ok(false)
    }
}
