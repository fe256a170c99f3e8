//! Free space of the file system under a data directory, and the reserve on it.

use std::io;

use super::{Capacity, LocalDisk, reserve};
use crate::model::layout;

/// With more free bytes than this a disk is not full for want of bytes.
const SHORT: u64 = 64 * 1024 * 1024;

impl Capacity for LocalDisk {
    fn available(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.paths.root)?;
        // Without an inode left nothing can be stored. What does not count them says 0 of 0.
        let has_inodes = stat.f_files == 0 || stat.f_favail > 0;
        Ok(if has_inodes { stat.f_bavail.saturating_mul(stat.f_frsize) } else { 0 })
    }

    fn keep_reserve(&self, bytes: u64) -> io::Result<()> {
        reserve::keep(&self.paths.at(layout::RESERVE), bytes)
    }

    fn give_up_reserve(&self) -> io::Result<bool> {
        // Where inodes ran out it would bring one, and go with the next file.
        let stat = rustix::fs::statvfs(&self.paths.root)?;
        let is_short = stat.f_bavail.saturating_mul(stat.f_frsize) < SHORT;
        if is_short { reserve::give_up(&self.paths.at(layout::RESERVE)) } else { Ok(false) }
    }
}
