//! Makes sure that only one process uses a data directory.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use super::directory_error::{DirectoryError, failed, not_a_regular_file};
use crate::model::layout;
use crate::vault::disk::open_own;

/// Time to wait for a process that is ending: on a busy machine a killed process may hold its lock a moment
/// longer.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);

/// An advisory lock that ends with the process, however it ends.
#[expect(
    clippy::disallowed_methods,
    reason = "there is nothing else to do, and no row to poll, before the start"
)]
pub(super) fn take_lock(root: &Path) -> Result<File, DirectoryError> {
    let path = root.join(layout::LOCK);
    let file = open_own(OpenOptions::new().create(true).truncate(false).write(true).mode(0o600), &path);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => DirectoryError::ReadOnly { path: root.display().to_string() },
        _ => failed("open", &path)(error),
    })?;
    let mut file = file.ok_or_else(|| not_a_regular_file(&path))?;
    let asked = Instant::now();
    while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        let error = io::Error::from(error);
        if error.kind() != io::ErrorKind::WouldBlock {
            return Err(failed("lock", &path)(error));
        }
        if asked.elapsed() >= LOCK_PATIENCE {
            return Err(DirectoryError::InUse { path: root.display().to_string() });
        }
        std::thread::sleep(LOCK_PATIENCE / 10);
    }
    // For administrators; no program reads it.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}
