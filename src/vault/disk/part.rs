//! A container that is being written, before it has its final name.

use std::fs::{File, FileTimes};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustix::fs::{Advice, fadvise};

use super::PartFile;
use super::durable::{Leftover, new_file, rename, sync_dir};
use super::paths::Paths;
use crate::model::{ContainerId, SpaceId, layout};

/// Bytes after which the disk starts to write. Otherwise it would wait for the flush at the end, which then takes
/// as long as the disk needs for all of them, while the client waits for an answer.
const WRITE_BACK: u64 = 8 * 1024 * 1024;

pub(super) struct LocalPart {
    file: File,
    temp: Leftover,
    id: ContainerId,
    paths: Arc<Paths>,
    written: u64,
    /// Of these, bytes whose writing was started.
    begun: u64,
}

impl LocalPart {
    pub(super) fn create(paths: &Arc<Paths>, id: ContainerId, path: PathBuf) -> io::Result<Self> {
        let file = new_file(&path)?;
        Ok(Self { file, temp: Leftover(Some(path)), id, paths: Arc::clone(paths), written: 0, begun: 0 })
    }
}

impl PartFile for LocalPart {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        let fresh = self.written - self.begun;
        if fresh >= WRITE_BACK {
            // `DontNeed` makes Linux start writing the pages, and it keeps them until they are written. This is a
            // hint: the flush at the end guarantees durability, whether the hint works or fails.
            let _ = fadvise(&self.file, self.begun, NonZeroU64::new(fresh), Advice::DontNeed);
            self.begun = self.written;
        }
        Ok(())
    }

    fn publish(self: Box<Self>, space: SpaceId) -> io::Result<()> {
        // Set before the fsync, which then covers it too. Real times would show when each person worked.
        let epoch = SystemTime::UNIX_EPOCH;
        self.file.set_times(FileTimes::new().set_accessed(epoch).set_modified(epoch))?;
        self.file.sync_all()?;
        let target = self.paths.at(layout::container(space, self.id));
        let shard = self.paths.durable_shard(space, self.id)?;
        rename(self.temp.path(), &target)?;
        self.temp.keep();
        sync_dir(&shard)
    }
}
