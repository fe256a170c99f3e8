//! Background jobs: one runner for all of them, and their last results for `tresor status` and the metrics.
//!
//! Each worker runs in a task of its own, so none delays another. A step that fails or panics is logged and tried
//! again. At shutdown no step begins; running ones may end, within [`STOP_WITHIN`].

use std::error::Error;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::admin::{When, WorkerShown, sentence};
use crate::model::Timestamp;
use crate::net::{Metrics, Shutdown};

/// Time that the running steps of background jobs have to end at shutdown.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Result of a step: what it did in words, or `None` if there is nothing to report.
pub(super) type StepResult = Result<Option<String>, Box<dyn Error + Send + Sync>>;

/// A background job of the server.
pub(super) trait Worker: Send + 'static {
    /// Name of the job in `tresor status`, the log and the metrics.
    fn name(&self) -> &'static str;

    /// Time between the beginnings of two steps. The first step begins at once.
    fn interval(&self) -> Duration;

    /// Time from the beginning of a failed step to the next one.
    fn pause_after_failure(&self) -> Duration {
        self.interval()
    }

    /// Completes when the next step should begin before its time. Cancel safe.
    fn woken(&mut self) -> impl Future<Output = ()> + Send {
        pending()
    }

    /// Does the work that is due. At shutdown it may be dropped at any `.await`, after [`STOP_WITHIN`].
    fn step(&mut self) -> impl Future<Output = StepResult> + Send;
}

/// All background jobs of a server.
pub(super) struct Workers {
    shutdown: Shutdown,
    figures: Figures,
    started: Arc<Mutex<Started>>,
}

/// Jobs, in the order in which they were started.
type Started = Vec<(Arc<Record>, JoinHandle<()>)>;

fn lock(started: &Mutex<Started>) -> MutexGuard<'_, Started> {
    started.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Workers {
    /// No jobs yet; adds their metrics to the registry.
    pub(super) fn new(shutdown: Shutdown, metrics: &Metrics) -> Self {
        let figures = Figures::default();
        figures.register(metrics);
        Self { shutdown, figures, started: Arc::default() }
    }

    /// Starts a job, which then runs until shutdown.
    pub(super) fn start(&self, worker: impl Worker) {
        let record = Arc::new(Record::new(&worker, &self.figures));
        let task = tokio::spawn(run(worker, Arc::clone(&record), self.shutdown.clone()));
        self.started().push((record, task));
    }

    /// The state of each job, in the order in which they were started.
    pub(super) fn shown(&self) -> Vec<WorkerShown> {
        self.listing()()
    }

    /// The same for others, at any time.
    pub(super) fn listing(&self) -> impl Fn() -> Vec<WorkerShown> + Send + Sync + 'static {
        let started = Arc::clone(&self.started);
        move || lock(&started).iter().map(|(record, _)| record.shown()).collect()
    }

    /// Returns when shutdown was requested and every job has ended. A step that then runs for longer than
    /// [`STOP_WITHIN`] is abandoned; the names of such jobs are returned.
    pub(super) async fn stopped(&self) -> Vec<&'static str> {
        self.shutdown.clone().requested().await;
        let deadline = Instant::now() + STOP_WITHIN;
        let started = std::mem::take(&mut *self.started());
        let mut abandoned = Vec::new();
        for (record, mut task) in started {
            if timeout_at(deadline, &mut task).await.is_err() {
                task.abort();
                abandoned.push(record.name);
            }
        }
        abandoned
    }

    fn started(&self) -> MutexGuard<'_, Started> {
        lock(&self.started)
    }
}

/// Runs a job until shutdown. A step that takes longer than the interval delays the next ones, as
/// [`MissedTickBehavior::Delay`](tokio::time::MissedTickBehavior::Delay) does.
async fn run(mut worker: impl Worker, record: Arc<Record>, mut shutdown: Shutdown) {
    let mut next = Instant::now();
    loop {
        record.waits_until(next);
        tokio::select! {
            // No step begins after the request.
            biased;
            () = shutdown.requested() => return,
            () = sleep_until(next) => {}
            () = worker.woken() => {}
        }
        let begun = Instant::now();
        record.begins();
        let result = caught(worker.step()).await;
        next = begun + if result.is_ok() { worker.interval() } else { worker.pause_after_failure() };
        record.ended(result);
    }
}

/// A step panicked. The panic itself is written to standard error.
#[derive(Debug, thiserror::Error)]
#[error("it panicked; see the log")]
struct Panicked;

/// Completes a step; its panic becomes an error.
async fn caught(step: impl Future<Output = StepResult>) -> StepResult {
    let mut step = pin!(step);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| step.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Panicked.into())))
    })
    .await
}

/// The metrics of all jobs. Clones share them.
#[derive(Clone, Default)]
struct Figures {
    last_success: Family<[(&'static str, &'static str); 1], Gauge<i64, AtomicI64>>,
    failures: Family<[(&'static str, &'static str); 1], Counter>,
}

impl Figures {
    fn register(&self, metrics: &Metrics) {
        let own = self.clone();
        metrics.register(|registry| {
            registry.register(
                "worker_last_success_seconds",
                "When a background job last ran without a failure, in seconds since 1970; 0 for never",
                own.last_success,
            );
            registry.register("worker_failures", "Failed runs of a background job", own.failures);
        });
    }
}

/// The known facts about a job.
struct Record {
    name: &'static str,
    interval: Duration,
    last_success: Gauge<i64, AtomicI64>,
    failures: Counter,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `None` while a step runs.
    next: Option<Instant>,
    last_run: Option<Timestamp>,
    last_success: Option<Timestamp>,
    result: Option<String>,
    /// Since the last success.
    failures: u64,
}

impl Record {
    fn new(worker: &impl Worker, figures: &Figures) -> Self {
        let (name, interval) = (worker.name(), worker.interval());
        let label = [("worker", name)];
        let last_success = figures.last_success.get_or_create(&label).clone();
        let failures = figures.failures.get_or_create(&label).clone();
        Self { name, interval, last_success, failures, state: Mutex::default() }
    }

    fn waits_until(&self, next: Instant) {
        self.state().next = Some(next);
    }

    fn begins(&self) {
        self.state().next = None;
    }

    fn ended(&self, result: StepResult) {
        let (name, now) = (self.name, Timestamp::now());
        let mut state = self.state();
        state.last_run = Some(now);
        match result {
            Ok(done) => {
                if state.failures > 0 {
                    tracing::info!(worker = name, failures = state.failures, "a background job works again");
                }
                if let Some(done) = &done {
                    tracing::debug!(worker = name, done, "background job done");
                }
                state.failures = 0;
                state.last_success = Some(now);
                state.result = Some(done.unwrap_or_else(|| "ok".to_owned()));
                self.last_success.set(now.as_secs());
            }
            Err(error) => {
                let error: &dyn Error = &*error;
                let why = Some(sentence(error));
                // A failure that lasts is news once, however often the job is tried again.
                if state.failures > 0 && state.result == why {
                    tracing::debug!(worker = name, error, "a background job failed again");
                } else {
                    tracing::error!(worker = name, error, "a background job failed; it will be tried again");
                }
                state.failures += 1;
                state.result = why;
                self.failures.inc();
            }
        }
    }

    fn shown(&self) -> WorkerShown {
        let state = self.state();
        let until = |next: Instant| Timestamp::now().after(next.saturating_duration_since(Instant::now()));
        WorkerShown {
            name: self.name.to_owned(),
            interval_seconds: self.interval.as_secs(),
            last_run: state.last_run.map(When),
            last_success: state.last_success.map(When),
            result: state.result.clone(),
            failures: state.failures,
            next_run: state.next.map(until).map(When),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::time::sleep;

    use super::*;
    use crate::net::ShutdownSwitch;

    const EVERY: Duration = Duration::from_mins(1);
    const PAUSE: Duration = Duration::from_mins(10);

    /// What one step of a [`Job`] does.
    enum Act {
        Do(&'static str),
        Nothing,
        Fail(&'static str),
        Panic,
        Take(Duration),
        Hang,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot work")]
    struct Cannot(#[source] std::io::Error);

    /// Does one act per step, in order and then nothing, and reports when each began and ended.
    struct Job {
        name: &'static str,
        acts: std::vec::IntoIter<Act>,
        seen: mpsc::UnboundedSender<(&'static str, u64)>,
        start: Instant,
    }

    impl Worker for Job {
        fn name(&self) -> &'static str {
            self.name
        }

        fn interval(&self) -> Duration {
            EVERY
        }

        fn pause_after_failure(&self) -> Duration {
            PAUSE
        }

        async fn step(&mut self) -> StepResult {
            let note = |what| self.seen.send((what, self.start.elapsed().as_secs())).unwrap();
            note("begun");
            match self.acts.next().unwrap_or(Act::Nothing) {
                Act::Do(done) => return Ok(Some(done.to_owned())),
                Act::Nothing => {}
                Act::Fail(why) => return Err(Cannot(std::io::Error::other(why)).into()),
                Act::Panic => panic!("a test's panic"),
                Act::Take(span) => sleep(span).await,
                Act::Hang => pending().await,
            }
            note("ended");
            Ok(None)
        }
    }

    /// Some jobs, and what happens to them.
    struct Yard {
        workers: Workers,
        metrics: Metrics,
        switch: ShutdownSwitch,
        start: Instant,
    }

    impl Yard {
        fn new() -> Self {
            let (switch, shutdown) = Shutdown::channel();
            let metrics = Metrics::new();
            Self { workers: Workers::new(shutdown, &metrics), metrics, switch, start: Instant::now() }
        }

        /// Starts a job; returns what its steps report, with the second.
        fn start(&self, name: &'static str, acts: Vec<Act>) -> mpsc::UnboundedReceiver<(&'static str, u64)> {
            let (seen, reported) = mpsc::unbounded_channel();
            self.workers.start(Job { name, acts: acts.into_iter(), seen, start: self.start });
            reported
        }

        /// Lets the jobs do what they do until half a second past this one.
        async fn at(&self, second: u64) {
            tokio::time::sleep_until(self.start + Duration::from_millis(second * 1_000 + 500)).await;
        }

        fn shown(&self, name: &str) -> WorkerShown {
            self.workers.shown().into_iter().find(|worker| worker.name == name).unwrap()
        }

        #[track_caller]
        fn check(&self, name: &str, result: &str, failures: u64) {
            let shown = self.shown(name);
            assert_eq!((shown.result.as_deref(), shown.failures), (Some(result), failures), "{name}");
        }

        #[track_caller]
        fn check_metric(&self, line: &str) {
            let text = self.metrics.encode();
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    fn begun(reported: &mut mpsc::UnboundedReceiver<(&'static str, u64)>) -> Vec<u64> {
        let all = std::iter::from_fn(|| reported.try_recv().ok());
        all.filter_map(|(what, second)| (what == "begun").then_some(second)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_step_is_shown_counted_and_tried_again() {
        let yard = Yard::new();
        let acts = vec![Act::Do("tidied"), Act::Fail("no disk"), Act::Fail("no disk"), Act::Nothing];
        let mut reported = yard.start("tidy", acts);
        yard.at(0).await;
        yard.check("tidy", "tidied", 0);
        let first = yard.shown("tidy");
        assert!(first.last_run.is_some() && first.last_run == first.last_success);
        yard.check_metric("tresor_worker_failures_total{worker=\"tidy\"} 0");

        yard.at(60).await;
        yard.check("tidy", "Cannot work: no disk", 1);
        let failed = yard.shown("tidy");
        assert_eq!(failed.last_success, first.last_success);
        assert!(failed.last_run >= failed.last_success && failed.next_run.is_some());
        yard.at(660).await;
        yard.check("tidy", "Cannot work: no disk", 2);
        yard.check_metric("tresor_worker_failures_total{worker=\"tidy\"} 2");

        yard.at(1_260).await;
        yard.check("tidy", "ok", 0);
        let success = yard.shown("tidy").last_success.unwrap();
        yard.check_metric(&format!(
            "tresor_worker_last_success_seconds{{worker=\"tidy\"}} {}",
            success.0.as_secs()
        ));
        yard.check_metric("tresor_worker_failures_total{worker=\"tidy\"} 2");
        yard.at(1_330).await;
        assert_eq!(begun(&mut reported), [0, 60, 660, 1_260, 1_320], "a pause after a failure");
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_panics_is_tried_again_like_one_that_fails() {
        let yard = Yard::new();
        let mut reported = yard.start("tidy", vec![Act::Panic, Act::Panic, Act::Do("tidied")]);
        yard.at(0).await;
        yard.check("tidy", "It panicked; see the log", 1);
        yard.at(600).await;
        yard.check("tidy", "It panicked; see the log", 2);
        yard.at(1_200).await;
        yard.check("tidy", "tidied", 0);
        assert_eq!(begun(&mut reported), [0, 600, 1_200]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_step_delays_its_own_job_only() {
        let yard = Yard::new();
        let mut slow = yard.start("slow", vec![Act::Take(Duration::from_secs(150))]);
        let mut other = yard.start("other", Vec::new());
        yard.at(100).await;
        let shown = yard.shown("slow");
        assert_eq!((shown.last_run, shown.next_run, shown.result), (None, None, None), "under way");
        let next = yard.shown("other").next_run.unwrap();
        assert_eq!(next.0.since(Timestamp::now()).as_secs().div_ceil(10), 2, "in 19 seconds");
        yard.at(290).await;
        assert_eq!(begun(&mut slow), [0, 150, 210, 270], "at once, and not for each missed one");
        assert_eq!(begun(&mut other), [0, 60, 120, 180, 240]);
    }

    /// Reports of the disk must not wait for the next interval.
    #[tokio::test(start_paused = true)]
    async fn a_job_that_is_woken_runs_before_its_time() {
        struct Woken(mpsc::UnboundedReceiver<()>, mpsc::UnboundedSender<Instant>);
        impl Worker for Woken {
            fn name(&self) -> &'static str {
                "woken"
            }
            fn interval(&self) -> Duration {
                EVERY
            }
            async fn woken(&mut self) {
                self.0.recv().await.unwrap();
            }
            async fn step(&mut self) -> StepResult {
                self.1.send(Instant::now())?;
                Ok(None)
            }
        }
        let yard = Yard::new();
        let ((wake, wakes), (seen, mut steps)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        yard.workers.start(Woken(wakes, seen));
        yard.at(10).await;
        wake.send(()).unwrap();
        yard.at(75).await;
        let steps: Vec<_> = std::iter::from_fn(|| steps.try_recv().ok()).collect();
        let millis: Vec<_> = steps.iter().map(|step| (*step - yard.start).as_millis()).collect();
        assert_eq!(millis, [0, 10_500, 70_500]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_stop_waits_for_running_steps_and_begins_none() {
        let yard = Yard::new();
        let mut slow = yard.start("slow", vec![Act::Take(Duration::from_secs(65))]);
        let mut idle = yard.start("idle", Vec::new());
        yard.at(59).await;
        yard.switch.stop();
        assert_eq!(yard.workers.stopped().await, [""; 0]);
        assert_eq!(yard.start.elapsed().as_secs(), 65);
        assert_eq!(slow.try_recv(), Ok(("begun", 0)));
        assert_eq!(slow.try_recv(), Ok(("ended", 65)), "before the instance is closed");
        yard.at(300).await;
        assert_eq!((begun(&mut slow), begun(&mut idle)), (Vec::new(), vec![0]));
        // A job that begins while the server stops makes no step.
        let mut late = yard.start("late", Vec::new());
        yard.at(301).await;
        assert_eq!(begun(&mut late), [0; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_hangs_at_the_stop_is_abandoned_by_name() {
        let yard = Yard::new();
        let hanging = yard.start("hanging", vec![Act::Hang]);
        let mut slow = yard.start("slow", vec![Act::Take(Duration::from_secs(8))]);
        let _stuck = yard.start("stuck", vec![Act::Take(Duration::from_hours(1))]);
        yard.at(1).await;
        yard.switch.stop();
        assert_eq!(yard.workers.stopped().await, ["hanging", "stuck"]);
        assert_eq!(yard.start.elapsed(), Duration::from_millis(11_500), "once for all of them");
        assert_eq!(begun(&mut slow), [0]);
        yard.at(12).await;
        assert!(hanging.is_closed(), "its step is dropped");
    }
}
