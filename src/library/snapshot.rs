//! Snapshots of the catalogue: every name, right and password as of one moment, in one sealed file.
//!
//! ```text
//! age -d -i recovery.txt snapshots/000042-2026-11-21T202614Z.age | gunzip | sqlite3 catalog.db
//! ```

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::error::disk_error;
use super::verify::remember_snapshot;
use super::{Library, LibraryError};
use crate::catalog::CatalogError;
use crate::model::{ByteSize, Timestamp};
use crate::vault::disk::{Overwrite, SnapshotName, StoredSnapshot};

/// A snapshot that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its number, which is also in its file name.
    pub number: u32,
    /// Time of the snapshot, to the second.
    pub made: Timestamp,
    /// Size of its file.
    pub size: ByteSize,
}

impl From<StoredSnapshot> for Snapshot {
    fn from(stored: StoredSnapshot) -> Self {
        Self { number: stored.name.number, made: stored.name.made, size: ByteSize(stored.length) }
    }
}

impl Library {
    /// Makes a snapshot; writers continue meanwhile. Runs to its end even if the future is dropped.
    pub async fn snapshot(&self, now: Timestamp) -> Result<Snapshot, LibraryError> {
        let library = self.clone();
        tokio::spawn(async move {
            let turn = library.shared.snapshotting.lock().await;
            library.make_snapshot(now, &turn).await
        })
        .await?
    }

    /// Like [`Self::snapshot`], for a caller that already has the turn.
    pub(super) async fn make_snapshot(
        &self,
        now: Timestamp,
        _turn: &MutexGuard<'_, ()>,
    ) -> Result<Snapshot, LibraryError> {
        self.storing().await?;
        self.refresh_space_notes().await?;
        let size = self.catalog().read(|tx| Ok::<_, LibraryError>(tx.size()?)).await?;
        self.require_room(size).await?;
        let number = self.snapshots().await?.first().map_or(1, |newest| newest.number.saturating_add(1));
        let name = SnapshotName { number, made: now };
        let (snapshots, keys) = (Arc::clone(&self.storage().snapshots), Arc::clone(&self.shared.keys));
        self.catalog()
            .read(move |tx| {
                let written = disk_error("write a snapshot");
                let mut part = snapshots.begin().map_err(written)?;
                let sealed = keys.seal_stream(&mut part).map_err(written)?;
                let mut sealed = io::BufWriter::with_capacity(1 << 18, sealed);
                tx.dump_packed(&mut sealed)?;
                sealed.flush().map_err(written)?;
                sealed
                    .into_inner()
                    .map_err(|error| written(error.into_error()))?
                    .finish()
                    .map_err(written)?;
                part.publish(name, Overwrite::Forbid).map_err(written)
            })
            .await?;
        let made = self.snapshots().await?.into_iter().find(|snapshot| snapshot.number == number);
        if made.is_some() {
            // The snapshot exists, whether or not that can be recorded.
            let remembered = self
                .catalog()
                .write_silent("a snapshot changes nothing", |tx| {
                    Ok::<_, LibraryError>(remember_snapshot(tx)?)
                })
                .await;
            if let Err(error) = remembered {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "that there are snapshots is not noted"
                );
            }
        }
        made.ok_or(LibraryError::NotFound)
    }

    /// All snapshots, newest first.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>, LibraryError> {
        Ok(self.stored_snapshots().await?.into_iter().map(Snapshot::from).collect())
    }

    pub(super) async fn stored_snapshots(&self) -> Result<Vec<StoredSnapshot>, LibraryError> {
        let snapshots = Arc::clone(&self.storage().snapshots);
        let listed = tokio::task::spawn_blocking(move || snapshots.list()).await?;
        let mut listed = listed.map_err(disk_error("list the snapshots"))?;
        listed.reverse();
        Ok(listed)
    }

    /// Whether the newest snapshot is missing, `every` or more older than `now`, or in the future.
    pub async fn is_snapshot_due(&self, now: Timestamp, every: Duration) -> Result<bool, LibraryError> {
        let newest = self.snapshots().await?.into_iter().next();
        // After the clock was set back, the next snapshot must not wait until the time has caught up.
        Ok(newest.is_none_or(|newest| newest.made > now || now.since(newest.made) >= every))
    }

    /// Removes all but the newest `keep` snapshots; returns their number. Removes none while the catalogue is older
    /// than its files: the snapshots may then contain more than it does.
    pub async fn thin_snapshots(&self, keep: usize) -> Result<usize, LibraryError> {
        if self.is_rolled_back().await? {
            return Ok(0);
        }
        let _turn = self.shared.snapshotting.lock().await;
        let old: Vec<_> = self.stored_snapshots().await?.into_iter().skip(keep).collect();
        let (snapshots, count) = (Arc::clone(&self.storage().snapshots), old.len());
        let removed = tokio::task::spawn_blocking(move || {
            old.iter().try_for_each(|snapshot| snapshots.remove(snapshot.name))
        })
        .await?;
        removed.map_err(disk_error("remove an old snapshot"))?;
        Ok(count)
    }

    /// Reads the whole catalogue and fails if a page of it differs from what was written.
    pub async fn check_catalogue(&self) -> Result<(), LibraryError> {
        let outcome = self.catalog().read(|tx| Ok(tx.check()?)).await;
        if matches!(outcome, Err(LibraryError::Catalog(CatalogError::Damaged))) {
            self.note_damaged_catalogue();
        }
        outcome
    }
}
