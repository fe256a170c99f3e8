//! What is done now and then: ending what has expired, removing what is no longer used.

use std::sync::Arc;

use super::error::disk_error;
use super::{Library, LibraryError};
use crate::catalog::CatalogError;
use crate::model::{ContainerId, SpaceId, Timestamp};
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
        loop {
            let ended = self
                .catalog()
                .write(move |tx| {
                    let versions = tx.expired_versions(now, STEP)?;
                    versions.iter().try_for_each(|version| tx.delete_version(*version))?;
                    Ok::<_, CatalogError>(versions.len())
                })
                .await?;
            report.versions += ended;
            if ended < STEP {
                break;
            }
        }
        loop {
            let ended = self
                .catalog()
                .write(move |tx| match tx.expired_trash(now, 1)?.first() {
                    Some(entry) => tx.delete_subtree(*entry).map(|_| 1),
                    None => Ok::<_, CatalogError>(0),
                })
                .await?;
            report.trash += ended;
            if ended == 0 {
                break;
            }
        }
        report.containers = self.remove_garbage().await?;
        Ok(report)
    }

    /// Removes the files of containers whose rows are gone. Row first, file after: a crash in between
    /// leaves a note in `garbage`, never a row without its file.
    pub(super) async fn remove_garbage(&self) -> Result<usize, LibraryError> {
        let mut removed = 0;
        loop {
            let garbage = self.catalog().read(|tx| tx.garbage(STEP)).await?;
            if garbage.is_empty() {
                return Ok(removed);
            }
            removed += garbage.len();
            for row in &garbage {
                self.shared.shelf.put_away(row.container);
            }
            let (disk, gone) = (Arc::clone(self.disk()), garbage.clone());
            tokio::task::spawn_blocking(move || {
                gone.iter().try_for_each(|row| disk.remove(row.space, row.container))
            })
            .await?
            .map_err(disk_error("remove a container"))?;
            self.catalog()
                .write(move |tx| garbage.iter().try_for_each(|row| tx.forget_garbage(row.container)))
                .await?;
        }
    }

    /// Removes a container that never got its row. If that fails too, the sweep finds it later.
    pub(super) async fn remove_uncommitted(&self, space: SpaceId, container: ContainerId) {
        let disk = Arc::clone(self.disk());
        let removed = tokio::task::spawn_blocking(move || disk.remove(space, container)).await;
        if !matches!(removed, Ok(Ok(()))) {
            tracing::warn!(%container, "an uncommitted container stays until the next sweep");
        }
    }

    /// Removes container files that no row knows and that are older than a day: what a crash between
    /// container and row leaves behind.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, LibraryError> {
        let disk = Arc::clone(self.disk());
        let swept = self
            .catalog()
            .read(move |tx| {
                // In doubt a container stays. Its row is older than this snapshot or it is young.
                let is_known = |_, id| tx.is_known_container(id).unwrap_or(true);
                Ok::<_, LibraryError>(sweep_orphans(&*disk, now, is_known)?)
            })
            .await?;
        Ok(swept)
    }
}
