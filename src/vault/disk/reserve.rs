//! A file of zeros that reserves space, so that files can still be deleted when another program fills the disk.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use super::durable::open_own;

/// Makes the file as long as asked, with space allocated on the disk. If the disk cannot hold all of it, everything
/// is given back. `InvalidInput` if anything else has its name; that is left as it is.
pub(super) fn keep(path: &Path, bytes: u64) -> io::Result<()> {
    let file = open_own(OpenOptions::new().create(true).truncate(false).write(true).mode(0o600), path)?;
    let mut file = file.ok_or(io::ErrorKind::InvalidInput)?;
    let taken = match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        // Not every file system can reserve space; without compression, writing bytes allocates it.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            io::copy(&mut io::Read::take(io::repeat(0), bytes), &mut file)
                .and_then(|_| file.flush())
                .and_then(|()| file.sync_data())
        }
        other => other.map_err(io::Error::from),
    };
    taken.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Removes the file; `false` if there is none.
pub(super) fn give_up(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn it_has_room_of_its_own_until_it_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("reserve");
        assert!(!give_up(&path).unwrap());
        for _ in 0..2 {
            keep(&path, 1 << 20).unwrap();
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!((metadata.len(), metadata.mode() & 0o777), (1 << 20, 0o600));
            assert!(metadata.blocks() * 512 >= 1 << 20, "{} blocks", metadata.blocks());
        }
        assert!(give_up(&path).unwrap());
        assert!(!path.exists());
    }

    /// A link in its place made another user's file 16 MiB long.
    #[test]
    fn what_is_no_file_of_its_own_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("reserve"), dir.path().join("other"));
        fs::File::create_new(&other).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert_eq!(keep(&path, 1 << 20).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(fs::metadata(&other).unwrap().len(), 0);
        assert!(path.is_symlink());
    }

    #[test]
    fn more_than_there_is_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("reserve");
        keep(&path, 1 << 60).unwrap_err();
        assert!(!path.exists());
    }
}
