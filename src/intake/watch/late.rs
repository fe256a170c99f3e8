//! Files that were removed while a program may still have had them open. Its later writes reach no name any more, but
//! they reach an open descriptor: the server looks at it for a minute after the removal, and stores the bytes written
//! as a file of their own.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::tree::{Stamp, stamp};
use crate::model::EntryPath;

/// Time for which a removed file is looked at.
const LOOKED_AT_FOR: Duration = Duration::from_mins(1);
/// Most removed files of one space that are looked at, the latest ones.
const MAX_OF_SPACE: usize = 16;
/// Most removed files that are looked at: each costs a descriptor.
pub(super) const MAX_REMOVED: usize = 64;

/// The removed files of one space.
#[derive(Default)]
pub(super) struct Removed(VecDeque<Late>);

/// A removed file.
pub(super) struct Late {
    pub(super) path: EntryPath,
    pub(super) file: Arc<File>,
    /// As it is now.
    pub(super) stamp: Stamp,
    /// Since when it is like this.
    since: Instant,
    /// Whether it was written since it was stored.
    is_written: bool,
    _permit: OwnedSemaphorePermit,
}

impl Removed {
    /// Looks at a removed file from now on, which was stored as `stored` says.
    pub(super) fn add(
        &mut self,
        path: EntryPath,
        file: Arc<File>,
        stored: &Stamp,
        now: Instant,
        permits: &Arc<Semaphore>,
    ) {
        if self.0.len() >= MAX_OF_SPACE {
            self.0.pop_front();
        }
        let Ok(permit) = Arc::clone(permits).try_acquire_owned() else { return };
        let Some(stamp) = stamp(&file) else { return };
        let is_written = !stamp.has_content_of(stored);
        self.0.push_back(Late { path, file, stamp, since: now, is_written, _permit: permit });
    }

    /// Looks at all of them. Returns those that were written and have settled; those without a write for long are
    /// closed.
    pub(super) fn written(&mut self, now: Instant, settle: Duration) -> Vec<Late> {
        let mut written = Vec::new();
        for mut late in std::mem::take(&mut self.0) {
            let Some(stamp) = stamp(&late.file) else { continue };
            if !stamp.has_content_of(&late.stamp) {
                (late.stamp, late.since, late.is_written) = (stamp, now, true);
            }
            let age = now - late.since;
            if late.is_written && age >= settle {
                written.push(late);
            } else if late.is_written || age < LOOKED_AT_FOR {
                self.0.push_back(late);
            }
        }
        written
    }

    /// It could not be stored; it is tried again.
    pub(super) fn put_back(&mut self, late: Late) {
        self.0.push_back(late);
    }
}
