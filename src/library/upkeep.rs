//! Regular maintenance: ends everything that has expired, and removes files that are no longer used.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::error::disk_error;
use super::high_water::removals_suspended;
use super::removal::Ground;
use super::{Library, LibraryError};
use crate::catalog::{GarbageRow, ReadTx, WriteTx};
use crate::model::{ContainerId, Place, SpaceId, Stamp, Timestamp, Worker};
use crate::vault::disk::StoredFile;
use crate::vault::sweep::find_orphans;

/// Rows that upkeep handles in one transaction, so that writers never wait for long.
const STEP: usize = 100;
/// Why some expiries are no events.
const HOUSEKEEPING: &str = "nothing of the office ends with it";
const CONDEMNED: &str = "that it goes for good was recorded when it was condemned";

/// Result of one round of upkeep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpkeepReport {
    /// Earlier versions whose retention ended.
    pub versions: usize,
    /// Deleted entries whose retention ended.
    pub trash: usize,
    /// Locks that expired.
    pub locks: usize,
    /// Files of containers that were removed.
    pub containers: usize,
}

/// Result of a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Number of containers on the disk.
    pub seen: u64,
    /// Containers removed.
    pub removed: u64,
    /// Bytes that were freed.
    pub bytes: u64,
}

impl Library {
    /// Ends everything that has expired at `now` and removes files that are no longer used. Every step may be
    /// repeated after a crash.
    pub async fn upkeep(&self, now: Timestamp) -> Result<UpkeepReport, LibraryError> {
        let mut report = UpkeepReport {
            locks: self.catalog().write_silent(HOUSEKEEPING, move |tx| tx.delete_expired_locks(now)).await?,
            ..UpkeepReport::default()
        };
        // An older catalogue may consider something as deleted that was restored since.
        if self.is_rolled_back().await? {
            return Ok(report);
        }
        let expired = self.remove_all(Ground::Expired(now), Stamp::worker(Worker::Upkeep, now)).await?;
        (report.versions, report.trash) = (expired.contents, expired.deleted);
        self.forget_old_events(now).await?;
        while self.settle_departures(now, STEP).await? == STEP {}
        self.shorten_histories().await?;
        self.finish_purges().await?;
        let forget = |tx: &WriteTx<'_>| tx.delete_properties_of_ended_links(STEP);
        while self.catalog().write_silent(HOUSEKEEPING, forget).await? > 0 {}
        report.containers = self.remove_garbage().await?;
        Ok(report)
    }

    /// Permanently removes entries marked for it, a few rows at a time. May be interrupted and resumed.
    pub(super) async fn finish_purges(&self) -> Result<(), LibraryError> {
        loop {
            let marked = self.catalog().read(|tx| tx.purging(STEP)).await?;
            // A copy in progress has the same mark.
            let next = marked.into_iter().find(|entry| !self.shared.long_work.growing.holds(*entry));
            let Some(entry) = next else { return Ok(()) };
            // It has lost the mark if it was finished meanwhile.
            let step = move |tx: &WriteTx<'_>| {
                Ok::<_, LibraryError>(!tx.is_purging(entry)? || tx.delete_some(entry, STEP)?)
            };
            while !self.catalog().write_silent(CONDEMNED, step).await? {}
        }
    }

    /// Removes the files of containers whose rows are gone. Row first, then the file: a crash in between leaves a
    /// record in `garbage`, never a row without its file.
    pub(crate) async fn remove_garbage(&self) -> Result<usize, LibraryError> {
        let mut removed = 0;
        loop {
            let garbage = self.catalog().read(|tx| tx.garbage(STEP)).await?;
            for row in &garbage {
                self.shared.reading.container_cache.put_away(row.container, row.place);
            }
            let found = garbage.len();
            let containers = Arc::clone(&self.storage().containers);
            let gone = tokio::task::spawn_blocking(move || {
                let mut gone = garbage;
                gone.retain(|row| match containers.remove(row.space, row.container, row.place) {
                    Ok(()) => true,
                    Err(error) => {
                        tracing::error!(container = %row.container, %error, "an unused container cannot be removed");
                        false
                    }
                });
                gone
            })
            .await?;
            removed += gone.len();
            let all_gone = gone.len() == found;
            self.catalog()
                .write_silent(CONDEMNED, move |tx| {
                    gone.iter().try_for_each(|row| tx.forget_garbage(row.container))
                })
                .await?;
            // The rest would be found again at once; the next round tries it again.
            if found < STEP || !all_gone {
                return Ok(removed);
            }
        }
    }

    /// Removes a container that never got its row. If that fails, the sweep of the next run finds it.
    pub(crate) async fn remove_uncommitted(&self, space: SpaceId, container: ContainerId, place: Place) {
        let containers = Arc::clone(&self.storage().containers);
        let removed = tokio::task::spawn_blocking(move || containers.remove(space, container, place)).await;
        if !matches!(removed, Ok(Ok(()))) {
            tracing::warn!(%container, "an uncommitted container stays until the first sweep after a restart");
        }
    }

    /// Removes files of containers that have no row and are older than a day: remains of a crash between container
    /// and row. While a container is damaged nothing is removed: an unknown file may be the missing one under
    /// another name, or show what happened. Nor is anything removed while the catalogue is older than the files.
    ///
    /// Listing the disk takes long, and it is compared with the rows at its beginning. So each file is checked
    /// again in the writer's transaction that marks it as garbage: only there no row can be added in between.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, LibraryError> {
        if self.look_for_newer_containers().await? {
            return Ok(Swept::default());
        }
        let (suspect, mut suspects) = mpsc::channel(STEP);
        let (containers, catalog) = (Arc::clone(&self.storage().containers), self.catalog().clone());
        let look = move |tx: &ReadTx<'_>| {
            if tx.damaged_count()? > 0 {
                return Ok(0);
            }
            let is_known = |id| tx.is_known_container(id).unwrap_or(true);
            let tell = |file| suspect.blocking_send(file).map_err(|_| io::ErrorKind::Interrupted.into());
            Ok::<_, LibraryError>(find_orphans(&*containers, now, is_known, tell)?)
        };
        let looking = tokio::spawn(async move { catalog.read(look).await });
        let (mut swept, mut step) = (Swept::default(), Vec::with_capacity(STEP));
        while suspects.recv_many(&mut step, STEP).await > 0 {
            for file in self.condemn(std::mem::take(&mut step)).await? {
                swept.removed += 1;
                swept.bytes += file.length;
            }
            self.remove_garbage().await?;
        }
        swept.seen = looking.await??;
        let housekeeping = Arc::clone(&self.storage().housekeeping);
        let emptied = tokio::task::spawn_blocking(move || housekeeping.remove_empty_packs()).await?;
        emptied.map_err(disk_error("remove empty packs"))?;
        Ok(swept)
    }

    /// Marks those of `files` as garbage that are neither known nor held by a writer; returns them.
    async fn condemn(&self, files: Vec<StoredFile>) -> Result<Vec<StoredFile>, LibraryError> {
        let unbound = Arc::clone(&self.shared.writing.unbound);
        let condemn = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let mut condemned = Vec::new();
            if tx.damaged_count()? > 0 || removals_suspended(tx)? {
                return Ok(condemned);
            }
            for file in files {
                if !unbound.holds(file.id) && !tx.is_known_container(file.id)? {
                    let row = GarbageRow { container: file.id, space: file.space, place: file.place };
                    tx.insert_garbage(&row, file.length)?;
                    condemned.push(file);
                }
            }
            Ok::<_, LibraryError>(condemned)
        };
        self.catalog().write_silent("no file ever consisted of it", condemn).await
    }
}
