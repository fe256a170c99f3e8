//! Recent lookups in the catalogue, cached for later readers.
//!
//! A lookup costs a trip to a blocking thread and a dozen pages to decrypt, which for a range of a film or a
//! thumbnail is more than reading it. The cache never returns outdated data: before each commit the catalogue's
//! writer announces what it changes, and every entry that may be affected is removed; results found during a
//! commit, or before one that has ended since, are not cached. Contents that not everyone may see are never cached,
//! so the viewer does not matter here.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use super::Entry;
use crate::catalog::{ChangeSet, Commit};
use crate::model::{Checksum, EntryId, EntryPath, Start, Timestamp, VersionId};
use crate::vault::reader::ContainerRef;

/// Lookups of files that are cached, about 1 KiB each.
const MAX_REMEMBERED: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");
/// Containers of a file whose lookup is cached.
const MAX_SEGMENTS: usize = 16;

/// The current content of a file, from the catalogue.
pub(super) struct Known {
    pub(super) entry: Entry,
    pub(super) version: VersionId,
    pub(super) changed: Timestamp,
    pub(super) checksums: Vec<Checksum>,
    /// The containers, in order.
    pub(super) segments: Vec<ContainerRef>,
}

/// A point in time between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(u64);

pub(super) struct LookupCache(Mutex<State>);

struct State {
    /// The entries at paths, as requested from the start of the right.
    paths: LruCache<(Start, EntryPath), EntryId>,
    files: LruCache<EntryId, Arc<Known>>,
    /// Number of commits begun plus commits ended: odd while one runs.
    commits: u64,
}

impl Default for LookupCache {
    fn default() -> Self {
        let (paths, files) = (LruCache::new(MAX_REMEMBERED), LruCache::new(MAX_REMEMBERED));
        Self(Mutex::new(State { paths, files, commits: 0 }))
    }
}

impl LookupCache {
    /// The file at `path`, if it is cached.
    pub(super) fn recall(&self, start: Start, path: &EntryPath) -> Option<Arc<Known>> {
        let key = (start, path.clone());
        let mut state = self.state();
        let entry = *state.paths.get(&key)?;
        state.files.get(&entry).cloned()
    }

    /// The present moment, if results read from now on may be cached.
    pub(super) fn moment(&self) -> Option<Moment> {
        let commits = self.state().commits;
        commits.is_multiple_of(2).then_some(Moment(commits))
    }

    /// Caches a result read after `since`, unless something was committed meanwhile.
    pub(super) fn remember(&self, since: Moment, start: Start, path: EntryPath, known: Known) {
        if known.segments.len() > MAX_SEGMENTS {
            return;
        }
        let mut state = self.state();
        if state.commits == since.0 {
            state.paths.put((start, path), known.entry.id);
            state.files.put(known.entry.id, Arc::new(known));
        }
    }

    /// Removes entries that a commit affects.
    pub(super) fn forget(&self, commit: Commit, touched: &ChangeSet) {
        let mut state = self.state();
        state.commits += 1;
        debug_assert_eq!(state.commits.is_multiple_of(2), commit != Commit::Begins);
        match touched {
            ChangeSet::Files(files) => {
                for entry in files {
                    state.files.pop(entry);
                }
            }
            ChangeSet::Everything => {
                state.paths.clear();
                state.files.clear();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::EntryKind;
    use crate::model::{Access, Etag, Right, SpaceId, Timestamp, UserId};

    const FILE: EntryId = EntryId(7);

    struct Fixture {
        cache: LookupCache,
        space: SpaceId,
        path: EntryPath,
    }

    impl Fixture {
        fn new() -> Self {
            let path = EntryPath::parse("folder/file").unwrap();
            Self { cache: LookupCache::default(), space: SpaceId::random(), path }
        }

        fn remember(&self, since: Moment) {
            let entry = Entry {
                id: FILE,
                space: self.space,
                parent: Some(EntryId(1)),
                name: "file".to_owned(),
                kind: EntryKind::File { version: VersionId(1) },
                size: 0,
                etag: Etag("e".to_owned()),
                created: Timestamp(0),
                modified: Timestamp(0),
                is_readable: true,
            };
            let known = Known {
                entry,
                version: VersionId(1),
                changed: Timestamp(0),
                checksums: Vec::new(),
                segments: Vec::new(),
            };
            self.cache.remember(since, self.start(), self.path.clone(), known);
        }

        fn start(&self) -> Start {
            let access = Access::granted(self.space, Right::Read, UserId(1));
            access.scope(Right::Read).unwrap().start()
        }

        fn commit(&self, touched: &ChangeSet) {
            self.cache.forget(Commit::Begins, touched);
            self.cache.forget(Commit::Done, touched);
        }

        fn is_known(&self) -> bool {
            self.cache.recall(self.start(), &self.path).is_some()
        }
    }

    #[test]
    fn what_was_read_is_known_until_a_commit_touches_it() {
        let office = Fixture::new();
        for touched in [ChangeSet::Files(vec![FILE]), ChangeSet::Everything] {
            office.remember(office.cache.moment().unwrap());
            assert!(office.is_known());
            office.commit(&ChangeSet::Files(vec![EntryId(8)]));
            assert!(office.is_known(), "another file");
            office.cache.forget(Commit::Begins, &touched);
            assert!(!office.is_known(), "{touched:?}: before anybody can read it");
            office.cache.forget(Commit::Done, &touched);
            assert!(!office.is_known());
        }
    }

    #[test]
    fn what_was_read_before_a_commit_ended_is_not_kept_after_it() {
        let office = Fixture::new();
        let before = office.cache.moment().unwrap();
        office.cache.forget(Commit::Begins, &ChangeSet::Files(Vec::new()));
        assert_eq!(office.cache.moment(), None);
        office.remember(before);
        assert!(!office.is_known());
        office.cache.forget(Commit::Done, &ChangeSet::Files(Vec::new()));
        office.remember(before);
        assert!(!office.is_known());
    }
}
