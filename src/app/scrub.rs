//! Verifies all stored data at intervals and slowly, and reports the result.
//!
//! A row with the end of the last verification decides when the next is due; another holds the position of
//! one in progress. So a restart neither delays it nor starts it over.

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::time::Instant;

use super::workers::{StepResult, Worker};
use crate::config::Scrub;
use crate::library::{IntegrityState, Library};
use crate::model::{ByteSize, Timestamp, VerifyMode, VerifyStarter};
use crate::net::{Metrics, Shutdown};
use crate::recovery::{Recovery, RecoveryError, VerifyOrder, VerifyStage};

/// Time between two checks whether a verification is due.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Time after the start before a verification may begin, so that clients are served first.
const QUIET: Duration = Duration::from_secs(20);
/// Pause after a verification that failed.
const RETRY_AFTER: Duration = Duration::from_mins(10);

/// Metrics of the integrity of the stored data, also for the status.
#[derive(Clone, Default)]
pub(super) struct ScrubFigures {
    damaged: Gauge<i64, AtomicI64>,
    last_completed: Gauge<i64, AtomicI64>,
    running: Gauge<i64, AtomicI64>,
    bytes: Gauge<i64, AtomicI64>,
}

impl ScrubFigures {
    /// Adds the metrics to the registry.
    pub(super) fn register(&self, metrics: &Metrics) {
        let own = self.clone();
        metrics.register(|registry| {
            registry.register(
                "damaged_containers",
                "Stored containers that are not what was committed",
                own.damaged,
            );
            registry.register(
                "scrub_last_completed_seconds",
                "When every stored byte was last verified, in seconds since 1970; 0 for never",
                own.last_completed,
            );
            registry.register("scrub_running", "Whether a scheduled verification is under way", own.running);
            registry.register(
                "scrub_position_bytes",
                "Bytes of content that the scheduled verification under way has read",
                own.bytes,
            );
        });
    }

    fn tell(&self, state: &IntegrityState) {
        self.damaged.set(i64::try_from(state.damaged).unwrap_or(i64::MAX));
        self.last_completed.set(state.last_full.map_or(0, Timestamp::as_secs));
        self.running.set(i64::from(state.is_scrubbing));
    }
}

/// Verifies all stored data whenever that is due.
pub(super) struct Verification {
    library: Library,
    recovery: Recovery,
    settings: Scrub,
    figures: ScrubFigures,
    quiet_until: Instant,
    shutdown: Shutdown,
}

impl Verification {
    /// Verifications by `settings`, reported in `figures`.
    pub(super) fn new(
        library: Library,
        recovery: Recovery,
        settings: Scrub,
        figures: ScrubFigures,
        shutdown: Shutdown,
    ) -> Self {
        Self { library, recovery, settings, figures, quiet_until: Instant::now() + QUIET, shutdown }
    }
}

impl Worker for Verification {
    fn name(&self) -> &'static str {
        "verify"
    }

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    fn pause_after_failure(&self) -> Duration {
        RETRY_AFTER
    }

    async fn step(&mut self) -> StepResult {
        let state = self.library.integrity().await?;
        self.figures.tell(&state);
        if self.settings.every_days == 0 {
            return Ok(Some("switched off".to_owned()));
        }
        if !is_due(&state, self.settings, Timestamp::now()) || Instant::now() < self.quiet_until {
            return Ok(None);
        }
        // A shutdown interrupts it, and the next start resumes it.
        tokio::select! {
            verified = verify(&self.library, &self.recovery, self.settings, &self.figures) => verified?,
            () = self.shutdown.requested() => {}
        }
        Ok(None)
    }
}

/// Whether a verification should begin or continue.
fn is_due(state: &IntegrityState, settings: Scrub, now: Timestamp) -> bool {
    let pause = Duration::from_hours(24 * u64::from(settings.every_days));
    // A completion in the future was recorded while the clock was wrong.
    let is_over = |last: Timestamp| last > now || now.since(last) >= pause;
    settings.every_days > 0 && (state.is_scrubbing || state.last_full.is_none_or(is_over))
}

/// Runs one verification to its end, or resumes the one that was interrupted.
async fn verify(
    library: &Library,
    recovery: &Recovery,
    settings: Scrub,
    figures: &ScrubFigures,
) -> Result<(), RecoveryError> {
    let starter = VerifyStarter::Schedule;
    let rate = Some(ByteSize(settings.bytes_per_second));
    let order = VerifyOrder { starter, mode: VerifyMode::Full, rate, restart: false };
    let mut step = recovery.begin_verify(order, Timestamp::now()).await?;
    tracing::info!(resumed = step.is_resumed, bytes = step.total_bytes, "scheduled verification begins");
    let mut findings = 0;
    while step.stage != VerifyStage::Done {
        step = recovery.verify_step(starter, step.run, Timestamp::now()).await?;
        figures.bytes.set(i64::try_from(step.bytes).unwrap_or(i64::MAX));
        for finding in &step.findings {
            findings += 1;
            // A container's damage was logged when it was recorded.
            if finding.container.is_none() {
                let (kind, detail) = (finding.kind.as_str(), finding.detail.as_deref());
                tracing::error!(
                    kind,
                    detail,
                    "data at risk: something beside the containers is not as it should be"
                );
            }
        }
        if !step.findings.is_empty() {
            figures.tell(&library.integrity().await?);
        }
    }
    figures.tell(&library.integrity().await?);
    tracing::info!(
        containers = step.containers,
        bytes = step.bytes,
        findings,
        unknown_files = step.unknown.count,
        "scheduled verification done"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn it_is_due_when_its_days_are_over_or_it_was_interrupted() {
        let month = Scrub::default();
        let now = Timestamp(100 * DAY);
        let after = |days: i64| IntegrityState {
            last_full: Some(Timestamp(now.0 - days * DAY)),
            ..IntegrityState::default()
        };
        for (state, due) in [
            (IntegrityState::default(), true),
            (after(0), false),
            (after(29), false),
            (after(30), true),
            // Recorded while the clock was wrong.
            (after(-1), true),
            (IntegrityState { is_scrubbing: true, ..after(1) }, true),
        ] {
            assert_eq!(is_due(&state, month, now), due, "{state:?}");
            assert!(!is_due(&state, Scrub { every_days: 0, ..month }, now), "{state:?}");
        }
    }
}
