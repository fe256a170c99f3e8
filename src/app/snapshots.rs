//! Jobs that keep the catalogue safe: its high-water mark and its snapshots.

use std::time::Duration;

use super::upkeep::READ_ONLY;
use super::workers::{StepResult, Worker};
use crate::config::SnapshotSchedule;
use crate::library::Library;
use crate::model::Timestamp;
use crate::recovery::Recovery;

/// Time between two updates of the high-water mark, and between two checks whether a snapshot is due.
const ROUND: Duration = Duration::from_mins(1);
/// Pause after a snapshot that failed.
const RETRY_AFTER: Duration = Duration::from_hours(1);

/// Updates the high-water mark, and checks the catalogue again if damage is suspected.
pub(super) struct HighWater(pub(super) Library);

impl Worker for HighWater {
    fn name(&self) -> &'static str {
        "mark"
    }

    fn interval(&self) -> Duration {
        ROUND
    }

    async fn step(&mut self) -> StepResult {
        self.0.look_into_suspicion().await;
        self.0.note_progress().await?;
        Ok(None)
    }
}

/// Makes a snapshot when one is due.
pub(super) struct Snapshots {
    library: Library,
    recovery: Recovery,
    schedule: SnapshotSchedule,
    is_checked: bool,
}

impl Snapshots {
    /// Snapshots at the times of `schedule`.
    pub(super) fn new(library: Library, recovery: Recovery, schedule: SnapshotSchedule) -> Self {
        Self { library, recovery, schedule, is_checked: false }
    }
}

impl Worker for Snapshots {
    fn name(&self) -> &'static str {
        "snapshots"
    }

    fn interval(&self) -> Duration {
        ROUND
    }

    fn pause_after_failure(&self) -> Duration {
        RETRY_AFTER
    }

    async fn step(&mut self) -> StepResult {
        if !std::mem::replace(&mut self.is_checked, true) {
            // A small catalogue was checked before the start; a large one must not delay it.
            self.library.check_catalogue().await?;
        }
        let Some(every) = self.schedule.every else { return Ok(Some("switched off".to_owned())) };
        if self.library.read_only().is_some() {
            return Ok(Some(READ_ONLY.to_owned()));
        }
        let now = Timestamp::now();
        if !self.recovery.is_snapshot_due(now, every).await? {
            return Ok(None);
        }
        let snapshot = self.recovery.snapshot(now).await?;
        tracing::info!(number = snapshot.number, bytes = snapshot.size.0, "snapshot of the catalogue made");
        // Old snapshots are removed only after the new one exists.
        self.recovery.thin_snapshots(self.schedule.keep).await?;
        Ok(Some(format!("snapshot {} made", snapshot.number)))
    }
}
