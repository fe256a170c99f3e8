//! What is done now and then: ending what has expired, removing what is no longer used.

use std::sync::Arc;

use super::{Library, LibraryError, SetAsideReason, UPLOAD_KEPT_FOR};
use crate::catalog::WriteTx;
use crate::model::{ContainerId, Place, SpaceId, Timestamp};
use crate::vault::sweep::{Swept, sweep_orphans};

/// Rows handled in one transaction, so that upkeep never keeps writers waiting for long.
const STEP: usize = 100;

/// What one round of upkeep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpkeepReport {
    /// Earlier contents whose time was over.
    pub versions: usize,
    /// Deleted entries whose time was over.
    pub trash: usize,
    /// Uploads that were given up.
    pub uploads: usize,
    /// Locks that had ended.
    pub locks: usize,
    /// Container files removed.
    pub containers: usize,
}

impl Library {
    /// Ends what has expired at `now` and removes the files of what is no longer used. Every step may be
    /// repeated after a crash.
    pub async fn upkeep(&self, now: Timestamp) -> Result<UpkeepReport, LibraryError> {
        let mut report = UpkeepReport {
            locks: self.catalog().write(move |tx| tx.delete_expired_locks(now)).await?,
            ..UpkeepReport::default()
        };
        // What an older catalogue takes for deleted may have been brought back since.
        if self.is_rolled_back().await? {
            return Ok(report);
        }
        // Searching is for readers; the writer only gets short lists.
        loop {
            let versions = self.catalog().read(move |tx| tx.expired_versions(now, STEP)).await?;
            let count = versions.len();
            let end =
                move |tx: &WriteTx<'_>| versions.iter().try_for_each(|version| tx.delete_version(*version));
            self.catalog().write(end).await?;
            report.versions += count;
            if count < STEP {
                break;
            }
        }
        loop {
            let entries = self.catalog().read(move |tx| tx.expired_trash(now, STEP)).await?;
            let count = entries.len();
            let end = move |tx: &WriteTx<'_>| entries.iter().try_for_each(|entry| tx.begin_purge(*entry));
            self.catalog().write(end).await?;
            report.trash += count;
            if count < STEP {
                break;
            }
        }
        self.finish_purges().await?;
        let lost = SetAsideReason::Unfinished.as_str();
        let before = now.before(UPLOAD_KEPT_FOR);
        self.catalog().write(move |tx| tx.forget_set_aside_before(lost, before)).await?;
        loop {
            let ended = self.expire_uploads(now, STEP).await?;
            report.uploads += ended;
            if ended < STEP {
                break;
            }
        }
        report.containers = self.remove_garbage().await?;
        Ok(report)
    }

    /// Removes for good what is marked for it, a few rows at a time. May be broken off and taken up again.
    pub(super) async fn finish_purges(&self) -> Result<(), LibraryError> {
        while let Some(entry) = self.catalog().read(|tx| tx.purging(1)).await?.first().copied() {
            while !self.catalog().write(move |tx| tx.delete_some(entry, STEP)).await? {}
        }
        Ok(())
    }

    /// Removes the files of containers whose rows are gone. Row first, file after: a crash in between
    /// leaves a note in `garbage`, never a row without its file.
    pub(super) async fn remove_garbage(&self) -> Result<usize, LibraryError> {
        let mut removed = 0;
        loop {
            let garbage = self.catalog().read(|tx| tx.garbage(STEP)).await?;
            for row in &garbage {
                self.shared.shelf.put_away(row.container, row.place);
            }
            let found = garbage.len();
            let disk = Arc::clone(self.disk());
            let gone = tokio::task::spawn_blocking(move || {
                let mut gone = garbage;
                gone.retain(|row| match disk.remove(row.space, row.container, row.place) {
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
                .write(move |tx| gone.iter().try_for_each(|row| tx.forget_garbage(row.container)))
                .await?;
            // What stays would be found again at once; the next round tries it again.
            if found < STEP || !all_gone {
                return Ok(removed);
            }
        }
    }

    /// Removes a container that never got its row. If that fails too, the sweep finds it later.
    pub(super) async fn remove_uncommitted(&self, space: SpaceId, container: ContainerId, place: Place) {
        let disk = Arc::clone(self.disk());
        let removed = tokio::task::spawn_blocking(move || disk.remove(space, container, place)).await;
        if !matches!(removed, Ok(Ok(()))) {
            tracing::warn!(%container, "an uncommitted container stays until the next sweep");
        }
    }

    /// Removes container files that no row knows and that are older than a day: what a crash between
    /// container and row leaves behind. While a container is damaged nothing is removed: an unknown file may
    /// be the missing one under another name, or show what happened. Nor while the catalogue is older than
    /// the files.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, LibraryError> {
        if self.look_for_newer_containers(self.shared.opened).await? {
            return Ok(Swept::default());
        }
        let disk = Arc::clone(self.disk());
        let swept = self
            .catalog()
            .read(move |tx| {
                if tx.damaged_count()? > 0 {
                    return Ok(Swept::default());
                }
                // In doubt a container stays. Its row is older than this snapshot or it is young.
                let is_known = |_, id| tx.is_known_container(id).unwrap_or(true);
                Ok::<_, LibraryError>(sweep_orphans(&*disk, now, is_known)?)
            })
            .await?;
        Ok(swept)
    }
}
