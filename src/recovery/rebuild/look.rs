//! Finds containers without a row, and rows without a container.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use super::found::Found;
use super::report::{Missing, Progress, SetAside, Watcher, reason};
use super::{PAGE, STEP};
use crate::catalog::{ContainerRow, StoredContainer};
use crate::library::LibraryError;
use crate::library::error::disk_error;
use crate::library::resolve::path_of;
use crate::model::{ContainerId, SetAsideReason, SpaceId};
use crate::recovery::Recovery;
use crate::vault::disk::StoredFile;
use crate::vault::reader::{ContainerReader, ContainerRef};

impl Recovery {
    /// All containers on disk, and those without a row.
    pub(super) async fn look(
        &self,
        watcher: Watcher,
    ) -> Result<(HashSet<ContainerId>, Vec<StoredFile>), LibraryError> {
        let library = self.library.clone();
        self.library
            .catalog()
            .read(move |tx| {
                let (mut seen, mut unknown) = (HashSet::new(), Vec::new());
                library
                    .containers()
                    .list(&mut |file| {
                        let is_new = seen.insert(file.id);
                        if is_new && !tx.is_known_container(file.id).map_err(std::io::Error::other)? {
                            unknown.push(file);
                        }
                        if seen.len().is_multiple_of(PAGE) {
                            watcher(Progress::Looked(seen.len() as u64));
                        }
                        Ok(())
                    })
                    .map_err(disk_error("look through the containers"))?;
                Ok((seen, unknown))
            })
            .await
    }

    /// Opens containers on all cores, because unwrapping file keys is slow.
    pub(super) fn read_all(&self, files: &[StoredFile], watcher: &Watcher) -> (Vec<Found>, Vec<SetAside>) {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = files.len().div_ceil(threads).max(1);
        let (done, of) = (AtomicU64::new(0), files.len() as u64);
        let read = |files: &[StoredFile]| {
            let read = files.iter().map(|file| {
                let outcome = self.read_one(file);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if done.is_multiple_of(STEP as u64) || done == of {
                    watcher(Progress::Read { done, of });
                }
                outcome
            });
            read.collect::<Vec<_>>()
        };
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                files.chunks(share).map(|part| (part, scope.spawn(|| read(part)))).collect();
            let join = |(part, worker): (&[StoredFile], std::thread::ScopedJoinHandle<'_, Vec<_>>)| {
                worker.join().unwrap_or_else(|_| read(part))
            };
            workers.into_iter().flat_map(join).collect()
        });
        let (mut found, mut set_aside) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Ok(container) => found.push(container),
                Err(container) => set_aside.push(container),
            }
        }
        // A key that opens other containers of its space is the right one.
        let opened: HashSet<SpaceId> = found.iter().map(|found| found.space).collect();
        for aside in set_aside.iter_mut().filter(|aside| opened.contains(&aside.space)) {
            if aside.reason == SetAsideReason::NoKey {
                aside.reason = SetAsideReason::Damaged;
            }
        }
        (found, set_aside)
    }

    fn read_one(&self, file: &StoredFile) -> Result<Found, SetAside> {
        let open = || {
            let key = self.library.keys().space_key(file.space)?;
            ContainerReader::open_untracked(self.library.containers(), &key, file.space, file.id, file.place)
        };
        let reader = open().map_err(|error| {
            let error_shown = &error as &dyn std::error::Error;
            tracing::warn!(container = %file.id, error = error_shown, "a container is set aside");
            SetAside { space: file.space, container: file.id, reason: reason(&error) }
        })?;
        Ok(Found::of(file.space, &reader))
    }

    /// Whether the container of a row exists.
    fn opens(&self, space: SpaceId, row: &ContainerRow) -> bool {
        let ContainerRow { id, header_hash, length, place, .. } = *row;
        let bound = ContainerRef { id, header_hash, length, place };
        let key = self.library.keys().space_key(space);
        key.is_ok_and(|key| ContainerReader::open(self.library.containers(), &key, space, &bound).is_ok())
    }

    /// Rows whose containers are not on disk. They stay, because the file may come back from a backup.
    pub(super) async fn missing(&self, seen: HashSet<ContainerId>) -> Result<Vec<Missing>, LibraryError> {
        let recovery = self.clone();
        self.library
            .catalog()
            .read(move |tx| {
                let (mut missing, mut after) = (Vec::new(), None);
                loop {
                    let page = tx.containers_after(after, PAGE)?;
                    for stored in page.iter().filter(|stored| !seen.contains(&stored.container.id)) {
                        let StoredContainer { space, container: row } = stored;
                        // A pack may contain a member whose own header is damaged.
                        if recovery.opens(*space, row) {
                            continue;
                        }
                        let mut paths = Vec::new();
                        for entry in tx.entries_showing(row.id)? {
                            paths.push(path_of(tx, entry)?.to_string());
                        }
                        missing.push(Missing { space: *space, container: row.id, paths });
                    }
                    after = page.last().map(|stored| stored.container.id);
                    if page.len() < PAGE {
                        return Ok(missing);
                    }
                }
            })
            .await
    }
}
