//! Reports in the metrics and in systemd's status whether files can be changed.

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::library::{Library, ReadOnlyCause};
use crate::net::{Metrics, Shutdown, systemd};

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

/// Keeps both up to date until shutdown.
pub(super) async fn report(library: Library, figure: ReadOnlyFigure, mut shutdown: Shutdown) {
    let mut causes = library.watch_read_only();
    loop {
        let cause = *causes.borrow_and_update();
        figure.set(cause);
        match cause {
            None => systemd::notify_status("serving"),
            Some(cause) => systemd::notify_status(&format!("read-only: {}", cause.advice())),
        }
        tokio::select! {
            changed = causes.changed() => if changed.is_err() { return },
            () = shutdown.requested() => return,
        }
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
