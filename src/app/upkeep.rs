//! Jobs that keep the stored data in order: upkeep, the sweep, the record of reads, the check of keys.

use std::time::Duration;

use super::clock;
use super::workers::{StepResult, Worker};
use crate::accounts::Accounts;
use crate::library::{Library, LibraryError, ReadOnlyCause};
use crate::model::{self, ByteSize, Timestamp};
use crate::sharing::{DownloadError, HandInError, Sharing};
use crate::uploads::Uploads;

/// Time between two rounds of upkeep, which removes expired locks, versions and trash.
const UPKEEP_EVERY: Duration = Duration::from_mins(10);
/// Time between two sweeps of orphaned containers.
const SWEEP_EVERY: Duration = Duration::from_hours(24);
/// Time that a download waits in memory before it is recorded.
const RECORD_READS_EVERY: Duration = Duration::from_secs(3);
/// Time between two checks of the spaces' key files.
const CHECK_KEYS_EVERY: Duration = Duration::from_hours(24);

/// Result of a job that changes nothing while the server is read-only.
pub(super) const READ_ONLY: &str = "skipped: read-only";

/// Removes expired data, by the certain time, and closes hand-ins whose links have ended.
pub(super) struct Upkeep {
    pub(super) library: Library,
    pub(super) uploads: Uploads,
    pub(super) accounts: Accounts,
    pub(super) sharing: Sharing,
}

impl Worker for Upkeep {
    fn name(&self) -> &'static str {
        model::Worker::Upkeep.as_str()
    }

    fn interval(&self) -> Duration {
        UPKEEP_EVERY
    }

    async fn step(&mut self) -> StepResult {
        let Some(now) = removal_time(&self.library).await? else { return Ok(Some(READ_ONLY.to_owned())) };
        let uploads = self.uploads.upkeep(now).await;
        // Files expire even if uploads cannot. If both fail, it is for the same reason.
        let done = self.library.upkeep(now).await?;
        let sessions = self.accounts.remove_ended_sessions(now).await.map_err(LibraryError::from)?;
        let closed = self.sharing.close_left_open(Timestamp::now()).await.map_err(broken)?;
        let leases = self.sharing.forget_ended_downloads(Timestamp::now()).await.map_err(unforgotten)?;
        let expired = uploads? + leases + done.versions + done.trash + done.locks + sessions;
        let words =
            format!("expired: {expired}, files removed: {}, hand-ins closed: {closed}", done.containers);
        Ok((expired + done.containers + closed > 0).then_some(words))
    }
}

fn unforgotten(error: DownloadError) -> LibraryError {
    match error {
        DownloadError::Catalog(error) => error.into(),
        DownloadError::NoSuchDownload | DownloadError::Ended => LibraryError::NotFound,
    }
}

fn broken(error: HandInError) -> LibraryError {
    error.into()
}

/// Removes files without a row.
pub(super) struct Sweep(pub(super) Library);

impl Worker for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn interval(&self) -> Duration {
        SWEEP_EVERY
    }

    async fn step(&mut self) -> StepResult {
        let Some(now) = removal_time(&self.0).await? else { return Ok(Some(READ_ONLY.to_owned())) };
        let swept = self.0.sweep(now).await?;
        let words = || format!("files removed: {} ({})", swept.removed, ByteSize(swept.bytes));
        Ok((swept.removed > 0).then(words))
    }
}

/// The certain time, by which data may be removed; `None` while the server is read-only, except on a full disk.
async fn removal_time(library: &Library) -> Result<Option<Timestamp>, LibraryError> {
    if library.read_only().is_some_and(|cause| cause != ReadOnlyCause::DiskFull) {
        return Ok(None);
    }
    library.keep_time(clock::read()).await.map(Some)
}

/// Records reads of content.
pub(super) struct ReadRecorder(pub(super) Library);

impl Worker for ReadRecorder {
    fn name(&self) -> &'static str {
        "reads"
    }

    fn interval(&self) -> Duration {
        RECORD_READS_EVERY
    }

    async fn step(&mut self) -> StepResult {
        self.0.record_reads().await;
        Ok(self.0.read_only().map(|_| "waiting: read-only".to_owned()))
    }
}

/// Logs the spaces that cannot be opened.
pub(super) struct KeyCheck(pub(super) Library);

impl Worker for KeyCheck {
    fn name(&self) -> &'static str {
        "keys"
    }

    fn interval(&self) -> Duration {
        CHECK_KEYS_EVERY
    }

    async fn step(&mut self) -> StepResult {
        let spaces = self.0.spaces_without_key().await?;
        for space in &spaces {
            tracing::error!(
                space = %space.id,
                "the key file of a space is missing, damaged or another space's: bring its file in keys/spaces/ back from a backup"
            );
        }
        Ok((!spaces.is_empty()).then(|| format!("{} missing or damaged", spaces.len())))
    }
}
