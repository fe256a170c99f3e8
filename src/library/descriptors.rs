//! Distributes the file descriptors that the process may have open (`RLIMIT_NOFILE`).
//!
//! | for | share | with the unit's 16,384 |
//! |---|---|---|
//! | connections | 1/4 | 4,096 |
//! | packs of open containers | 1/4 | 4,096 |
//! | readers of one container each | 1/8 | 2,048 |
//! | readers that hold several containers | 1/8 | 2,048 |
//! | containers being written | 1/8 | 2,048 |
//! | containers kept open for the next reader | 1/64 | 256 |
//! | the catalogue, logs, blocking threads while they work, growing packs | the rest | 1,792 |
//!
//! A reader without a share opens a container each time it reads from it; a writer without one gets an error and
//! must retry. So however many slow clients there are, others can still connect, read and store. One person may use
//! at most half of the containers being written that others leave, so no person can keep others from storing.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::LibraryError;
use crate::model::UserId;

/// Fewest descriptors with which the process counts its connections: with fewer, no share is large enough to be
/// useful, and late requests wait.
const SHARED_FROM: usize = 1_024;
/// Value used for an "unlimited" limit.
const MOST: usize = 1 << 20;

/// One person may write at most one in this many of the containers that others leave.
const PERSONS_PART: usize = 2;

/// Permit for one or several open containers.
pub(super) type Descriptors = OwnedSemaphorePermit;

/// The library's shares.
pub(super) struct Shares {
    readers: Arc<Semaphore>,
    wholes: Arc<Semaphore>,
    writers: Arc<Writers>,
    all: usize,
}

/// The share of containers being written.
struct Writers {
    share: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    /// Number for each person with any. `None` is for uploads whose account was removed.
    people: HashMap<Option<UserId>, usize>,
}

/// Permit to write a container; released on drop.
pub(super) struct Filling {
    of: Arc<Writers>,
    user: Option<UserId>,
}

impl Writers {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        let mut taken = self.of.lock();
        taken.all -= 1;
        if let Some(own) = taken.people.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                taken.people.remove(&self.user);
            }
        }
    }
}

impl Shares {
    /// Shares of the descriptors that this process may have open now.
    pub(super) fn of_process() -> Self {
        Self::of(files_of_process())
    }

    fn of(all: usize) -> Self {
        let eighth = (all / 8).max(1);
        let readers = || Arc::new(Semaphore::new(eighth));
        let writers = Arc::new(Writers { share: eighth, taken: Mutex::default() });
        Self { readers: readers(), wholes: readers(), writers, all }
    }

    /// Permit for a reader of `containers` containers; `None` if it must not keep them open.
    pub(super) fn to_read(&self, containers: usize) -> Option<Descriptors> {
        let share = if containers == 1 { &self.readers } else { &self.wholes };
        Arc::clone(share).try_acquire_many_owned(u32::try_from(containers).ok()?).ok()
    }

    /// Permit for a container that this person, or one of their guests, writes.
    ///
    /// Errors: `Busy` if all are in use, or all of the person's.
    pub(super) fn to_write(&self, user: Option<UserId>) -> Result<Filling, LibraryError> {
        let mut taken = self.writers.lock();
        let own = taken.people.get(&user).copied().unwrap_or(0);
        let left_by_others = self.writers.share - (taken.all - own);
        if taken.all >= self.writers.share || own >= (left_by_others / PERSONS_PART).max(1) {
            return Err(LibraryError::Busy);
        }
        taken.all += 1;
        taken.people.insert(user, own + 1);
        Ok(Filling { of: Arc::clone(&self.writers), user })
    }

    /// Containers with files of their own that may be kept open for the next reader, up to `most`.
    pub(super) fn kept(&self, most: NonZeroUsize) -> NonZeroUsize {
        NonZeroUsize::new(self.all / 64).map_or(NonZeroUsize::MIN, |share| share.min(most))
    }

    /// The same for packed containers, which may be in as many packs.
    pub(super) fn kept_packed(&self, most: NonZeroUsize) -> NonZeroUsize {
        NonZeroUsize::new(self.all / 4).map_or(NonZeroUsize::MIN, |share| share.min(most))
    }
}

/// Connections that this process may have at the same time, so that files can be opened beside them; `None` if the
/// limit is so low that connections are not counted.
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
        let fill = |user: i64, most: usize| {
            let filling: Vec<_> = (0..most).map(|_| shares.to_write(Some(UserId(user))).unwrap()).collect();
            assert!(matches!(shares.to_write(Some(UserId(user))), Err(LibraryError::Busy)), "{user}");
            filling
        };
        // Half of all, then half of the rest: later persons do not reduce the number of earlier ones.
        let first = fill(1, 64);
        let writers = (fill(2, 32), fill(3, 16), fill(4, 8), fill(5, 4), fill(6, 2), fill(7, 1), fill(8, 1));
        assert!(shares.to_write(None).is_err(), "all 128 are taken");
        drop(first);
        fill(9, 32);
        drop((readers, wholes, writers));
        assert!(shares.to_read(1).is_some() && shares.to_read(128).is_some());
        let (all, people) = {
            let taken = shares.writers.lock();
            (taken.all, taken.people.len())
        };
        assert_eq!((all, people), (0, 0));
        fill(1, 64);
    }

    #[test]
    fn a_process_that_may_open_next_to_nothing_still_reads_and_writes() {
        let shares = Shares::of(0);
        assert!(shares.to_read(1).is_some() && shares.to_write(None).is_ok());
        let most = NonZeroUsize::new(256).unwrap();
        assert_eq!(shares.kept(most).get(), 1);
        assert_eq!(Shares::of(16_384).kept(most), most);
    }
}
