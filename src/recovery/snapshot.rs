//! Snapshots of the catalogue: every name, right and password as of one moment, in one sealed file.
//!
//! ```text
//! age -d -i recovery.txt snapshots/000042-2026-11-21T202614Z.age | gunzip | sqlite3 catalog.db
//! ```

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::Recovery;
use crate::catalog::{CatalogError, ReadTx, WriteTx};
use crate::library::error::disk_error;
use crate::library::{Library, LibraryError};
use crate::model::{ByteSize, Timestamp};
use crate::vault::disk::{Overwrite, SnapshotName, StoredSnapshot};

/// Name of the setting that says that a snapshot was made.
const SNAPSHOTS: &str = "snapshots";

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

impl Recovery {
    /// Makes a snapshot; writers continue meanwhile. Runs to its end even if the future is dropped.
    pub async fn snapshot(&self, now: Timestamp) -> Result<Snapshot, LibraryError> {
        let recovery = self.clone();
        tokio::spawn(async move {
            let turn = recovery.snapshotting.lock().await;
            recovery.make_snapshot(now, &turn).await
        })
        .await?
    }

    /// Like [`Self::snapshot`], for a caller that already has the turn.
    pub(super) async fn make_snapshot(
        &self,
        now: Timestamp,
        _turn: &MutexGuard<'_, ()>,
    ) -> Result<Snapshot, LibraryError> {
        self.library.storing().await?;
        self.library.refresh_space_notes().await?;
        let size = self.library.catalog().read(|tx| Ok::<_, LibraryError>(tx.size()?)).await?;
        self.library.require_room(size).await?;
        let number = self.snapshots().await?.first().map_or(1, |newest| newest.number.saturating_add(1));
        let name = SnapshotName { number, made: now };
        let (snapshots, keys) =
            (Arc::clone(&self.library.storage().snapshots), Arc::clone(self.library.keys()));
        self.library
            .catalog()
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
                .library
                .catalog()
                .write_silent("a snapshot changes nothing", |tx| Ok::<_, LibraryError>(remember(tx)?))
                .await;
            if let Err(error) = remembered {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot record that there are snapshots"
                );
            }
        }
        made.ok_or(LibraryError::NotFound)
    }

    /// All snapshots, newest first.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>, LibraryError> {
        Ok(stored(&self.library).await?.into_iter().map(Snapshot::from).collect())
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
        if self.library.is_rolled_back().await? {
            return Ok(0);
        }
        let _turn = self.snapshotting.lock().await;
        let old: Vec<_> = stored(&self.library).await?.into_iter().skip(keep).collect();
        let (snapshots, count) = (Arc::clone(&self.library.storage().snapshots), old.len());
        let removed = tokio::task::spawn_blocking(move || {
            old.iter().try_for_each(|snapshot| snapshots.remove(snapshot.name))
        })
        .await?;
        removed.map_err(disk_error("remove an old snapshot"))?;
        Ok(count)
    }
}

/// All snapshots as they are stored, newest first.
pub(super) async fn stored(library: &Library) -> Result<Vec<StoredSnapshot>, LibraryError> {
    let snapshots = Arc::clone(&library.storage().snapshots);
    let listed = tokio::task::spawn_blocking(move || snapshots.list()).await?;
    let mut listed = listed.map_err(disk_error("list the snapshots"))?;
    listed.reverse();
    Ok(listed)
}

/// Remembers that there are snapshots, the first time.
fn remember(tx: &WriteTx<'_>) -> Result<(), CatalogError> {
    tx.touches_only([]);
    match tx.setting(SNAPSHOTS)? {
        Some(_) => Ok(()),
        None => tx.set_setting(SNAPSHOTS, "made"),
    }
}

/// Whether a snapshot was ever made.
pub(super) fn was_made(tx: &ReadTx<'_>) -> Result<bool, CatalogError> {
    Ok(tx.setting(SNAPSHOTS)?.is_some())
}
