//! Chooses how much of an answer is read at a time, by how fast the client takes it.

use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Answers that may be read in long steps at the same time. Further answers get [`Pace::SMALL_STEP`] at a time.
const MAX_FAST: usize = 32;
/// A client that takes longer than this for one step counts as slow and gets small ones.
const SLOW_STEP: Duration = Duration::from_millis(100);

/// Limits the number of answers that are sent fast at the same time. Clones share the limits.
#[derive(Clone, Debug)]
pub struct SendLanes {
    /// Permits for long steps.
    fast: Arc<Semaphore>,
    /// Permits for answers that keep two cores busy, one for each pair of cores. With more of them every core is
    /// busy anyway, and handing data from one core to another only costs time.
    second_cores: Arc<Semaphore>,
}

impl Default for SendLanes {
    /// Limits that fit the number of cores of this machine.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { fast: Arc::new(Semaphore::new(MAX_FAST)), second_cores: Arc::new(Semaphore::new(cores / 2)) }
    }
}

/// How much of an answer is read at once. Data read for a stalled client is memory that others need; only a bounded
/// number of fast clients get long steps.
#[derive(Debug)]
pub struct Pace {
    lanes: SendLanes,
    longest: u64,
    step: u64,
    /// Held while steps are longer than [`Self::SMALL_STEP`].
    lane: Option<OwnedSemaphorePermit>,
    /// Held while steps are read on another core than the one that sends the step before.
    second_core: Option<OwnedSemaphorePermit>,
    /// Time at which the last step was handed to the client.
    given: Option<Instant>,
}

impl Pace {
    /// Bytes of a step for a client that is slow or whose speed is not known yet.
    pub const SMALL_STEP: u64 = 64 * 1024;

    /// Begins an answer whose steps have up to `longest` bytes.
    pub fn begin(lanes: SendLanes, longest: u64) -> Self {
        Self { lanes, longest, step: Self::SMALL_STEP, lane: None, second_core: None, given: None }
    }

    /// Takes into account how long the client took for the last step.
    pub fn begin_step(&mut self) {
        let Some(took) = self.given.take().map(|given| given.elapsed()) else { return };
        if took > SLOW_STEP {
            (self.step, self.lane, self.second_core) = (Self::SMALL_STEP, None, None);
            return;
        }
        self.lane = self.lane.take().or_else(|| try_acquire(&self.lanes.fast));
        if self.lane.is_some() {
            self.step = (self.step * 2).min(self.longest);
        }
        if self.step == self.longest {
            self.second_core = self.second_core.take().or_else(|| try_acquire(&self.lanes.second_cores));
        }
    }

    /// Number of bytes to read for this step.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Whether the next steps may be read on another core while this one is sent.
    pub fn reads_ahead(&self) -> bool {
        self.second_core.is_some()
    }

    /// Notes that the step is now handed to the client.
    pub fn end_step(&mut self) {
        self.given = Some(Instant::now());
    }
}

fn try_acquire(lane: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(lane).try_acquire_owned().ok()
}
