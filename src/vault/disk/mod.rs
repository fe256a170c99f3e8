//! The only writer of files: one narrow trait, so that a test can fail any call and another store
//! can slot in.
//!
//! Order of a container's birth: temporary file, write, modification time 0, fsync, rename, fsync of
//! the directory. Small ones are appended to a pack instead, many with one fsync. Only then may the
//! catalogue name them.

mod durable;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod local;
mod pack;
mod part;
mod paths;
mod reserve;
mod snapshots;
mod strangers;
mod strays;

use std::borrow::Cow;
use std::io;
use std::path::Path;

use crate::model::{ContainerId, PackedPlace, Place, SpaceId, Timestamp};

pub use durable::{move_durably, open_own, write_durably};
pub use local::LocalDisk;
pub use snapshots::{SnapshotName, SnapshotPart, Snapshots, StoredSnapshot};
pub use strays::Stray;

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
    /// A file whose place is fixed in the program, such as `keys/root.age`.
    pub const fn fixed(place: &'static str) -> Self {
        Self(Cow::Borrowed(place))
    }

    /// The key file of a space.
    pub fn space_key(space: SpaceId) -> Self {
        Self(Cow::Owned(format!("keys/spaces/{space}.age")))
    }

    /// The sealed note of a space's name and settings.
    pub fn space_note(space: SpaceId) -> Self {
        Self(Cow::Owned(format!("keys/names/{space}.age")))
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

/// Where containers and key files live.
///
/// Errors are the system's own with their kind kept: `StorageFull` and `QuotaExceeded` mean that
/// space or inodes ran out, `ReadOnlyFilesystem` that nothing can be written. No call is repeated by
/// the implementation, and none may be taken for done after an error.
pub trait Disk: Send + Sync {
    /// Starts a temporary file for a container. Not idempotent: a second call for the same id fails
    /// with `AlreadyExists`.
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>>;

    /// Stores complete small containers of one space in packs, durably, all with one flush; the answer
    /// has their places in the same order. After an error none of them may be named; what got to the
    /// disk is swept later.
    fn append_packed(&self, space: SpaceId, containers: &[Packable]) -> io::Result<Vec<PackedPlace>>;

    /// Opens a container for positioned reads. `NotFound` if there is none. One that is removed while
    /// open stays readable if it has a file of its own; a packed one becomes zeros, which
    /// authenticate nowhere.
    fn open(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<Box<dyn ContainerFile>>;

    /// Whether a container is found without the catalogue, too: the header before it in its pack is as
    /// it was written. What has a file of its own is, if it can be opened.
    fn is_named(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<bool>;

    /// Removes a container. Idempotent: removing what is not there succeeds. `InvalidData` if another
    /// one lies at its place, which then stays. Need not be durable on return, since what comes back
    /// after a crash is swept.
    fn remove(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<()>;

    /// Removes the packs in which no container is left and returns their number. Idempotent.
    fn remove_empty_packs(&self) -> io::Result<u64>;

    /// Calls `visit` for every container, in no order; files with other names are passed over. What
    /// comes or goes meanwhile may or may not be seen. Stops at the first error.
    fn each_container(&self, visit: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()>;

    /// Calls `visit` with the path below the data directory of everything among the containers that is none:
    /// nobody looks at it, and it may be readable. Stops at the first error.
    fn each_stranger(&self, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()>;

    /// Calls `visit` for every place in a pack that holds something and that no header names. Stops at the first
    /// error.
    fn each_stray(&self, visit: &mut dyn FnMut(Stray) -> io::Result<()>) -> io::Result<()>;

    /// Removes all temporary files and returns their number. Only for the start, before the first
    /// writer. Idempotent.
    fn remove_parts(&self) -> io::Result<u64>;

    /// Bytes that can still be written by this process's user; 0 when inodes ran out.
    fn available(&self) -> io::Result<u64>;

    /// Sets so many bytes of the disk aside, for [`Self::give_up_reserve`]. Idempotent; need not be durable.
    fn keep_reserve(&self, bytes: u64) -> io::Result<()>;

    /// Frees what was set aside; `false` if nothing was, or if bytes are not what the disk is short of. Works
    /// without a free byte.
    fn give_up_reserve(&self) -> io::Result<bool>;

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

    /// The spaces that have a folder for containers, in no order.
    fn space_folders(&self) -> io::Result<Vec<SpaceId>>;

    /// Where snapshots of the catalogue are kept.
    fn snapshots(&self) -> &dyn Snapshots;
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
    /// wait for the disk, or cannot tell; `buffer` may then hold anything.
    fn read_at_hand(&self, buffer: &mut [u8], offset: u64) -> io::Result<bool>;
}
