//! Files without a name that live in memory only: no plaintext of a document reaches the disk.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsRawFd;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// A new, empty file in memory.
pub(super) fn empty() -> io::Result<File> {
    Ok(memfd_create("document", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?.into())
}

/// A sealed copy of all that `source` yields; `None` if that is more than `limit` bytes.
pub(super) fn copy(source: &mut dyn Read, limit: u64) -> io::Result<Option<File>> {
    let mut file = empty()?;
    let copied = io::copy(&mut source.take(limit + 1), &mut file)?;
    if copied > limit {
        return Ok(None);
    }
    sealed(file).map(Some)
}

/// Rewinds a file and seals it against changes.
pub(super) fn sealed(mut file: File) -> io::Result<File> {
    file.rewind()?;
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
    Ok(file)
}

/// The same bytes from their beginning, to be read only, however far others have read.
pub(super) fn read_only(file: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// All bytes of a file.
pub(super) fn bytes(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_only(file)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
