//! Free space of the file system under a data directory, and the reserve on it.

use std::io;

use super::{Capacity, LocalDisk, reserve};
use crate::model::layout;

/// With more free bytes than this, a disk that reports being full lacks inodes, not bytes.
const SHORT: u64 = 64 * 1024 * 1024;

impl Capacity for LocalDisk {
    fn available(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.paths.root)?;
        // Without a free inode nothing can be stored. File systems that do not count inodes report 0 of 0.
        let has_inodes = stat.f_files == 0 || stat.f_favail > 0;
        Ok(if has_inodes { stat.f_bavail.saturating_mul(stat.f_frsize) } else { 0 })
    }

    fn keep_reserve(&self, bytes: u64) -> io::Result<()> {
        reserve::keep(&self.paths.at(layout::RESERVE), bytes)
    }

    fn give_up_reserve(&self) -> io::Result<bool> {
        // If inodes ran out, removing the reserve would free just one, which the next file takes.
        let stat = rustix::fs::statvfs(&self.paths.root)?;
        let is_short = stat.f_bavail.saturating_mul(stat.f_frsize) < SHORT;
        if is_short { reserve::give_up(&self.paths.at(layout::RESERVE)) } else { Ok(false) }
    }
}
