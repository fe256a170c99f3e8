//! Whether the server is alive, for systemd's watchdog, and whether it can go on.
//!
//! That this code runs shows that the runtime is alive. The catalogue's writer may still hang, on a disk that
//! never answers. It may also be busy for a long time, with a large copy or a slow disk: a restart would
//! abort that work for its clients, and a client that causes it could end the server again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::workers::{StepResult, Worker};
use crate::catalog::WriterProgress;
use crate::library::{Library, LibraryError};
use crate::net::{ShutdownSwitch, systemd};

/// Time without progress after which the catalogue's writer counts as hung. The largest job takes a minute on
/// a slow disk, and the kernel gives up on a disk that does not answer after a few.
const HUNG_AFTER: Duration = Duration::from_mins(10);
/// Time between two checks whether the catalogue's writer has ended.
const PROBE_EVERY: Duration = Duration::from_secs(10);

/// The last observation of the writer.
#[derive(Debug, Default)]
struct Pulse(Mutex<Option<(WriterProgress, Instant)>>);

impl Pulse {
    /// Whether the writer counts as alive, given its progress at `now`.
    fn is_alive(&self, progress: WriterProgress, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((seen, since)) if seen == progress && progress.is_busy() => {
                now.saturating_duration_since(since) < HUNG_AFTER
            }
            _ => {
                *last = Some((progress, now));
                true
            }
        }
    }
}

/// The watchdog is not pinged.
#[derive(Debug, thiserror::Error)]
#[error("the catalogue's writer makes no progress")]
struct Hung;

/// Pings systemd's watchdog. A server that hangs stops pinging and is restarted.
pub(super) struct Watchdog<F> {
    period: Duration,
    progress: F,
    pulse: Pulse,
}

impl<F: Fn() -> Option<WriterProgress>> Watchdog<F> {
    /// Pings every `period`; `progress` is that of the open instance's writer.
    pub(super) fn new(period: Duration, progress: F) -> Self {
        Self { period, progress, pulse: Pulse::default() }
    }
}

impl<F: Fn() -> Option<WriterProgress> + Send + 'static> Worker for Watchdog<F> {
    fn name(&self) -> &'static str {
        "watchdog"
    }

    fn interval(&self) -> Duration {
        self.period
    }

    async fn step(&mut self) -> StepResult {
        if !(self.progress)().is_none_or(|progress| self.pulse.is_alive(progress, Instant::now())) {
            return Err(Hung.into());
        }
        systemd::notify_alive();
        Ok(None)
    }
}

/// The server stops.
#[derive(Debug, thiserror::Error)]
#[error("the catalogue's writer has ended; stopping, so that a restart can put it right")]
struct Ended;

/// Stops the server if the catalogue's writer has ended: the server would refuse every change, while a restart, by
/// systemd for instance, repairs that.
pub(super) struct WriterProbe {
    pub(super) library: Library,
    pub(super) switch: Arc<ShutdownSwitch>,
    /// Set when the writer has ended.
    pub(super) has_ended: Arc<AtomicBool>,
}

impl Worker for WriterProbe {
    fn name(&self) -> &'static str {
        "writer"
    }

    fn interval(&self) -> Duration {
        PROBE_EVERY
    }

    async fn step(&mut self) -> StepResult {
        match self.library.probe_writer().await {
            Err(LibraryError::Closed) => {
                self.has_ended.store(true, Ordering::Relaxed);
                self.switch.stop();
                Err(Ended.into())
            }
            probed => Ok(probed.map(|()| None)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;
    use crate::catalog::{Catalog, CatalogError, CatalogKey, WriteTx};

    /// The watchdog's ping waited for the writer, so during a long copy systemd killed a healthy server.
    #[tokio::test]
    async fn a_busy_writer_lives_and_a_hanging_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::create(&folder.path().join("catalog.db"), &CatalogKey::new([7; 32])).unwrap();
        let (pulse, start) = (Pulse::default(), Instant::now());
        let alive_after =
            |minutes| pulse.is_alive(catalog.writer_progress(), start + Duration::from_mins(minutes));
        assert!(alive_after(0) && alive_after(60), "idle for an hour");

        let (begun, has_begun) = oneshot::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let job = {
            let catalog = catalog.clone();
            async move {
                let work = move |_: &WriteTx<'_>| {
                    let _ = begun.send(());
                    may_go_on.recv().map_err(|_| CatalogError::Closed)
                };
                catalog.write(work).await
            }
        };
        let busy = tokio::spawn(job);
        has_begun.await.unwrap();
        assert!(alive_after(61) && alive_after(70), "busy");
        assert!(!alive_after(71), "hanging");
        go_on.send(()).unwrap();
        busy.await.unwrap().unwrap();
        catalog.close();
        assert!(alive_after(72) && alive_after(300));
    }
}
