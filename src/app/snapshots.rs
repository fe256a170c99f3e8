//! Makes snapshots and updates the high-water mark while a server runs.

use std::time::Duration;

use crate::config::SnapshotSchedule;
use crate::library::{Library, LibraryError};
use crate::model::Timestamp;
use crate::net::Shutdown;
use crate::recovery::Recovery;

/// Time between two updates of the high-water mark, and between two checks whether a snapshot is due.
const ROUND: Duration = Duration::from_mins(1);
/// Rounds without snapshots after one that failed: an hour.
const ROUNDS_AFTER_FAILURE: u32 = 60;

/// Checks the whole catalogue once, then every minute updates the high-water mark and makes a snapshot if one
/// is due, until shutdown.
pub(super) async fn keep(
    library: Library,
    recovery: Recovery,
    schedule: SnapshotSchedule,
    mut shutdown: Shutdown,
) {
    // A small catalogue was checked before the start; a large one must not delay it.
    tell(&library.check_catalogue().await, "the catalogue cannot be read as a whole");
    let mut tick = tokio::time::interval(ROUND);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut rounds_to_wait = 0_u32;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shutdown.requested() => return,
        }
        library.look_into_suspicion().await;
        tell(&library.note_progress().await, "mark.age was not brought up to date");
        rounds_to_wait = rounds_to_wait.saturating_sub(1);
        if rounds_to_wait == 0
            && !tell(&make_if_due(&library, &recovery, &schedule).await, "no snapshot was made")
        {
            rounds_to_wait = ROUNDS_AFTER_FAILURE;
        }
    }
}

async fn make_if_due(
    library: &Library,
    recovery: &Recovery,
    schedule: &SnapshotSchedule,
) -> Result<(), LibraryError> {
    let Some(every) = schedule.every else { return Ok(()) };
    // Logged elsewhere; the next round checks again.
    if library.read_only().is_some() {
        return Ok(());
    }
    let now = Timestamp::now();
    if !recovery.is_snapshot_due(now, every).await? {
        return Ok(());
    }
    let snapshot = recovery.snapshot(now).await?;
    tracing::info!(number = snapshot.number, bytes = snapshot.size.0, "snapshot of the catalogue made");
    // Old snapshots are removed only after the new one exists.
    recovery.thin_snapshots(schedule.keep).await.map(drop)
}

/// Logs a failure; returns whether there was none.
fn tell(outcome: &Result<(), LibraryError>, what: &'static str) -> bool {
    if let Err(error) = outcome {
        tracing::error!(error = error as &dyn std::error::Error, "{what}");
    }
    outcome.is_ok()
}
