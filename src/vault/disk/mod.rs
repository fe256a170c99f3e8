//! The only writer of files: narrow traits, one for each kind of file, so that each user takes only what it needs,
//! a test can fail any call, and an object store can take the containers.
//!
//! Order of a container's birth: temporary file, write, modification time 0, fsync, rename, fsync of
//! the directory. Small ones are appended to a pack instead, many with one fsync. Only then may the
//! catalogue name them.

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

/// Whether a file may take another's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// An existing file stays, the call fails with `AlreadyExists`.
    Forbid,
    /// An existing file is replaced atomically: readers see all of the old or all of the new bytes.
    Replace,
}

/// A key file or another small file, by its place below the data directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SmallFile(Cow<'static, str>);

impl SmallFile {
    /// A file whose place is fixed in [`layout`], such as `keys/root.age`.
    pub const fn fixed(place: &'static str) -> Self {
        Self(Cow::Borrowed(place))
    }

    /// The key file of a space.
    pub fn space_key(space: SpaceId) -> Self {
        Self(Cow::Owned(layout::space_key(space)))
    }

    /// The sealed note of a space's name and settings.
    pub fn space_note(space: SpaceId) -> Self {
        Self(Cow::Owned(layout::space_note(space)))
    }

    /// Its name in its folder.
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
    /// Its name.
    pub id: ContainerId,
    /// Where it lies there.
    pub place: Place,
    /// Bytes.
    pub length: u64,
    /// When the file, or the pack around it, last changed, asked after the container was seen: it is at least as
    /// old (inode change time; the modification time is always 0).
    pub changed: Timestamp,
}

/// A complete sealed container that is small enough for a pack.
#[derive(Debug)]
pub struct Packable {
    /// Its name.
    pub id: ContainerId,
    /// All of its bytes, at most [`MAX_PACKED_LEN`].
    pub bytes: Vec<u8>,
}

/// Longest container that a pack takes: one chunk behind the longest header.
pub const MAX_PACKED_LEN: usize = 128 * 1024;

/// The storage of an instance: four parts, each of which may lie elsewhere, and the housekeeping of the containers'
/// store. Cheap to clone.
///
/// Errors of all its calls are the system's own with their kind kept: `StorageFull` and `QuotaExceeded` mean that
/// space or inodes ran out, `ReadOnlyFilesystem` that nothing can be written. No call is repeated by
/// the implementation, and none may be taken for done after an error.
#[derive(Clone)]
pub struct Storage {
    /// Contents.
    pub containers: Arc<dyn Containers>,
    /// Care for the store of `containers`.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// Keys and other small files.
    pub key_files: Arc<dyn KeyFiles>,
    /// Snapshots of the catalogue.
    pub snapshots: Arc<dyn Snapshots>,
    /// Free space for all of these and the catalogue.
    pub capacity: Arc<dyn Capacity>,
}

impl Storage {
    /// All parts in one store.
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

/// Where containers live: what an object store must do to take the place of the local one.
pub trait Containers: Send + Sync {
    /// Starts a temporary file for a container. Not idempotent: a second call for the same id fails
    /// with `AlreadyExists`.
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>>;

    /// Stores complete small containers of one space durably and returns their places in the same order. The local
    /// store appends them to a pack, all with one flush; without packs each becomes a file of its own. After an error
    /// none of them may be named; what got to the disk is swept later.
    fn store_small(&self, space: SpaceId, containers: &[Packable]) -> io::Result<Vec<Place>> {
        let store = |container: &Packable| {
            let mut part = self.create(container.id)?;
            part.append(&container.bytes)?;
            part.publish(space)?;
            Ok(Place::OwnFile)
        };
        containers.iter().map(store).collect()
    }

    /// Opens a container for positioned reads. `NotFound` if there is none. One that is removed while
    /// open stays readable if it has a file of its own; a packed one becomes zeros, which
    /// authenticate nowhere.
    fn open(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<Box<dyn ContainerFile>>;

    /// Removes a container. Idempotent: removing what is not there succeeds. `InvalidData` if another
    /// one lies at its place, which then stays. Need not be durable on return, since what comes back
    /// after a crash is swept.
    fn remove(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<()>;

    /// Calls `visit` for every container, in no order; files with other names are passed over. What
    /// comes or goes meanwhile may or may not be seen. Stops at the first error.
    fn list(&self, visit: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()>;

    /// The spaces that have a folder for containers, in no order.
    fn spaces(&self) -> io::Result<Vec<SpaceId>>;
}

/// What a store of containers needs beside reading and writing them. The provided methods are those of a store that
/// has nothing of the kind; [`LocalDisk`] has all of it.
pub trait Housekeeping: Send + Sync {
    /// Removes all temporary files and returns their number. Only for the start, before the first
    /// writer. Idempotent.
    fn remove_parts(&self) -> io::Result<u64> {
        Ok(0)
    }

    /// Removes the packs in which no container is left and returns their number. Idempotent.
    fn remove_empty_packs(&self) -> io::Result<u64> {
        Ok(0)
    }

    /// Whether a container is found without the catalogue, too: the header before it in its pack is as
    /// it was written. A container with a file of its own is, if it can be opened.
    fn is_named(&self, _space: SpaceId, _id: ContainerId, _place: Place) -> io::Result<bool> {
        Ok(true)
    }

    /// Calls `visit` for every place in a pack that holds something and that no header names. Stops at the first
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

/// Where key files and other small files live.
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

/// The room that is left for the instance's files.
pub trait Capacity: Send + Sync {
    /// Bytes that can still be written by this process's user; 0 when inodes ran out.
    fn available(&self) -> io::Result<u64>;

    /// Sets so many bytes of the disk aside, for [`Self::give_up_reserve`]. Idempotent; need not be durable.
    fn keep_reserve(&self, bytes: u64) -> io::Result<()>;

    /// Frees what was set aside; `false` if nothing was, or if bytes are not what the disk is short of. Works
    /// without a free byte.
    fn give_up_reserve(&self) -> io::Result<bool>;
}

/// A container in the making. Dropped without [`PartFile::publish`], it is removed.
pub trait PartFile: Send {
    /// Appends all of `bytes`. After an error the file's end is unknown: drop it.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the bytes durable and gives the file its final name in `space`, durably. After an error
    /// it may or may not have got that name; nothing refers to it, so it is swept later.
    fn publish(self: Box<Self>, space: SpaceId) -> io::Result<()>;
}

/// An open container.
pub trait ContainerFile: Send + Sync {
    /// Length in bytes.
    fn length(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset`. `UnexpectedEof` if the file ends before; many threads may read
    /// at once.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// As [`Self::read_at`], if the system holds all of the bytes in memory. `false` if it would have to
    /// wait for the disk, or cannot tell; `buffer` may then hold anything. A store that never can tell keeps the
    /// provided method.
    fn read_at_hand(&self, _buffer: &mut [u8], _offset: u64) -> io::Result<bool> {
        Ok(false)
    }
}
