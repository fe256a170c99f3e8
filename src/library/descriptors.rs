//! How the files that the process may have open (`RLIMIT_NOFILE`) are shared out.
//!
//! | for | of all | with the unit's 16,384 |
//! |---|---|---|
//! | connections | 1/4 | 4,096 |
//! | packs that open containers lie in | 1/4 | 4,096 |
//! | readers of one container each | 1/8 | 2,048 |
//! | readers that hold several containers | 1/8 | 2,048 |
//! | containers being filled | 1/8 | 2,048 |
//! | containers kept open for the next reader | 1/64 | 256 |
//! | the catalogue, logs, blocking threads while they work, growing packs | the rest | 1,792 |
//!
//! A reader without a place opens a container each time it reads from it, a writer without one is asked to try
//! again. So however many slow clients there are, others still connect, read and store.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::LibraryError;

/// Files that a process may have open at least for its connections to be counted: with fewer, no share is large
/// enough to be worth anything, and who comes last waits.
const SHARED_FROM: usize = 1_024;
/// What a limit of "unlimited" counts as.
const MOST: usize = 1 << 20;

/// A right to one or several open containers.
pub(super) type Descriptors = OwnedSemaphorePermit;

/// The shares of the library.
pub(super) struct Shares {
    readers: Arc<Semaphore>,
    wholes: Arc<Semaphore>,
    writers: Arc<Semaphore>,
    all: usize,
}

impl Shares {
    /// Of what this process may have open now.
    pub(super) fn of_process() -> Self {
        Self::of(files_of_process())
    }

    fn of(all: usize) -> Self {
        let eighth = || Arc::new(Semaphore::new((all / 8).max(1)));
        Self { readers: eighth(), wholes: eighth(), writers: eighth(), all }
    }

    /// For a reader of `containers` containers; `None` if it may not keep them open.
    pub(super) fn to_read(&self, containers: usize) -> Option<Descriptors> {
        let share = if containers == 1 { &self.readers } else { &self.wholes };
        Arc::clone(share).try_acquire_many_owned(u32::try_from(containers).ok()?).ok()
    }

    /// For a container that is being filled; else `Busy`.
    pub(super) fn to_write(&self) -> Result<Descriptors, LibraryError> {
        Arc::clone(&self.writers).try_acquire_owned().map_err(|_| LibraryError::Busy)
    }

    /// Containers with files of their own that may be kept open for the next reader, up to `most`.
    pub(super) fn kept(&self, most: NonZeroUsize) -> NonZeroUsize {
        NonZeroUsize::new(self.all / 64).map_or(NonZeroUsize::MIN, |share| share.min(most))
    }

    /// The same for packed ones, which may lie in as many packs.
    pub(super) fn kept_packed(&self, most: NonZeroUsize) -> NonZeroUsize {
        NonZeroUsize::new(self.all / 4).map_or(NonZeroUsize::MIN, |share| share.min(most))
    }
}

/// Connections that this process may have at once, so that files can be opened beside them; `None` if it may open
/// so few files that they are not counted.
pub fn connections_of_process() -> Option<usize> {
    let all = files_of_process();
    (all >= SHARED_FROM).then_some(all / 4)
}

fn files_of_process() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).map_or(MOST, |limit| limit.min(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_or_writer_too_many_gets_none_and_the_others_keep_theirs() {
        let shares = Shares::of(1_024);
        let readers: Vec<_> = (0..128).map(|_| shares.to_read(1).unwrap()).collect();
        assert!(shares.to_read(1).is_none());
        let wholes = [shares.to_read(64), shares.to_read(63)];
        assert!(wholes.iter().all(Option::is_some) && shares.to_read(2).is_none());
        let writers: Vec<_> = (0..128).map(|_| shares.to_write().unwrap()).collect();
        assert!(matches!(shares.to_write(), Err(LibraryError::Busy)));
        drop((readers, wholes, writers));
        assert!(shares.to_read(1).is_some() && shares.to_read(128).is_some() && shares.to_write().is_ok());
    }

    #[test]
    fn a_process_that_may_open_next_to_nothing_still_reads_and_writes() {
        let shares = Shares::of(0);
        assert!(shares.to_read(1).is_some() && shares.to_write().is_ok());
        let most = NonZeroUsize::new(256).unwrap();
        assert_eq!(shares.kept(most).get(), 1);
        assert_eq!(Shares::of(16_384).kept(most), most);
    }
}
