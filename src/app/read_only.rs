//! Watches the disk, and reports in the metrics and in systemd's status whether files can be changed.

use std::future::pending;
use std::time::Duration;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;

use super::workers::{StepResult, Worker};
use crate::library::{Library, ReadOnlyCause};
use crate::net::{Metrics, systemd};

/// Time between two checks of the disk's free space.
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// The metric with the reason why files cannot be changed. Clones share it.
#[derive(Clone, Default)]
pub(super) struct ReadOnlyFigure(Family<[(&'static str, &'static str); 1], Gauge>);

impl ReadOnlyFigure {
    /// Adds the metric to the registry.
    pub(super) fn register(&self, metrics: &Metrics) {
        let own = self.0.clone();
        metrics.register(|registry| {
            registry.register("read_only", "1 while files can be read but not changed, by cause", own);
        });
    }

    fn set(&self, now: Option<ReadOnlyCause>) {
        for cause in ReadOnlyCause::ALL {
            let gauge = self.0.get_or_create(&[("cause", cause.as_str())]);
            gauge.set(i64::from(now == Some(cause)));
        }
    }
}

/// Checks the disk's free space, and reports at once when files can no longer be changed, or can again.
pub(super) struct DiskCheck {
    library: Library,
    figure: ReadOnlyFigure,
    causes: watch::Receiver<Option<ReadOnlyCause>>,
}

impl DiskCheck {
    /// Checks the disk of `library`, and reports in `figure`.
    pub(super) fn new(library: Library, figure: ReadOnlyFigure) -> Self {
        let mut causes = library.watch_read_only();
        // The first step reports, too.
        causes.mark_changed();
        Self { library, figure, causes }
    }

    fn report(&self, cause: Option<ReadOnlyCause>) {
        self.figure.set(cause);
        match cause {
            None => systemd::notify_status("serving"),
            Some(cause) => systemd::notify_status(&format!("read-only: {}", cause.advice())),
        }
    }
}

impl Worker for DiskCheck {
    fn name(&self) -> &'static str {
        "disk"
    }

    fn interval(&self) -> Duration {
        CHECK_EVERY
    }

    async fn woken(&mut self) {
        if self.causes.changed().await.is_err() {
            pending::<()>().await;
        }
        self.causes.mark_changed();
    }

    async fn step(&mut self) -> StepResult {
        if self.causes.has_changed()? {
            let cause = *self.causes.borrow_and_update();
            self.report(cause);
        }
        self.library.look_at_disk().await?;
        Ok(self.library.read_only().map(|cause| format!("read-only: {}", cause.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_line_and_the_present_one_is_1() {
        let (metrics, figure) = (Metrics::new(), ReadOnlyFigure::default());
        figure.register(&metrics);
        figure.set(Some(ReadOnlyCause::DiskFull));
        let text = metrics.encode();
        for line in ["tresor_read_only{cause=\"disk-full\"} 1", "tresor_read_only{cause=\"disk-failed\"} 0"] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
