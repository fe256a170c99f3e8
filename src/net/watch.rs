//! Tracks the thing a connection is waiting for, and since when, and reports a wait that exceeds its limit.
//!
//! hyper's own header timer does not fit: it restarts after each answer, so it would cut a client that is idle
//! between two requests after the ten seconds meant for a slow head, and it does not exist for HTTP/2 at all. hyper
//! has no limit at all for clients that stop taking their answer.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::framing::Position;
use super::interim::Interims;
use super::limits::Limits;

/// Why a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Nothing, or only part of a request head, within the header timeout.
    Head,
    /// No request for the keep-alive time.
    Idle,
    /// The client does not take its answer.
    Write,
}

/// The state of one connection, shared by its socket, its requests and its watchdog.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    /// An answer could not be completed: the end must not look like an orderly one.
    broken: AtomicBool,
    interims: Interims,
}

#[derive(Debug)]
struct State {
    in_flight: u32,
    served_any: bool,
    /// Start of the connection or end of the latest request.
    rest_since: Instant,
    head_since: Option<Instant>,
    in_body: bool,
    write_blocked_since: Option<Instant>,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                in_flight: 0,
                served_any: false,
                rest_since: Instant::now(),
                head_since: None,
                in_body: false,
                write_blocked_since: None,
            }),
            broken: AtomicBool::new(false),
            interims: Interims::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain numbers, valid at every moment, so a panic elsewhere cannot corrupt them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn request_begins(&self) {
        let mut state = self.state();
        state.in_flight = state.in_flight.saturating_add(1);
        state.served_any = true;
    }

    pub(super) fn request_ends(&self) {
        let mut state = self.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.rest_since = Instant::now();
    }

    /// Bytes arrived, and the next one belongs to `position`.
    pub(super) fn received(&self, position: Position) {
        let mut state = self.state();
        state.in_body = position == Position::Body;
        if position != Position::Head {
            state.head_since = None;
        } else if state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    pub(super) fn write_blocked(&self, blocked: bool) {
        let mut state = self.state();
        if !blocked {
            state.write_blocked_since = None;
            // The handler may be done while the last bytes of its answer still flow to a slow client.
            state.rest_since = Instant::now();
        } else if state.write_blocked_since.is_none() {
            state.write_blocked_since = Some(Instant::now());
        }
    }

    /// Whether the client is in the middle of a message.
    pub(super) fn is_mid_message(&self) -> bool {
        let state = self.state();
        state.in_body || state.head_since.is_some()
    }

    /// Interim answers that wait for the client.
    pub(super) fn interims(&self) -> &Interims {
        &self.interims
    }

    pub(super) fn mark_broken(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// The earliest time at which the present state is overdue.
    fn deadline(&self, limits: &Limits) -> Option<(Instant, Overdue)> {
        let state = self.state();
        if let Some(since) = state.write_blocked_since {
            return Some((since + limits.write_stall_seconds.0, Overdue::Write));
        }
        (state.in_flight == 0).then(|| match state.head_since {
            // A pipelined head may have begun while the request before it was in flight.
            Some(since) => (since.max(state.rest_since) + limits.header_timeout_seconds.0, Overdue::Head),
            None if !state.served_any || state.in_body => {
                (state.rest_since + limits.header_timeout_seconds.0, Overdue::Head)
            }
            None => (state.rest_since + limits.keep_alive_seconds.0, Overdue::Idle),
        })
    }

    /// Waits until the connection is overdue.
    ///
    /// It checks again at the latest after the shortest limit, and no state that begins in between can be overdue
    /// before that: so every deadline is met exactly without waking this task on each byte.
    pub(super) async fn overdue(&self, limits: &Limits) -> Overdue {
        let shortest = limits
            .header_timeout_seconds
            .0
            .min(limits.keep_alive_seconds.0)
            .min(limits.write_stall_seconds.0);
        loop {
            let now = Instant::now();
            let wake = match self.deadline(limits) {
                Some((at, reason)) if at <= now => return reason,
                Some((at, _)) => at.min(now + shortest),
                None => now + shortest,
            };
            sleep_until(wake).await;
        }
    }
}

/// When an HTTP/2 answer was handed to the transport, if the transport has not asked for more since.
///
/// HTTP/2 clients may stop taking one answer while others flow, which the socket cannot show.
#[derive(Debug, Default)]
pub(super) struct StreamWatch(Mutex<Option<Instant>>);

tokio::task_local! {
    /// The watch of the HTTP/2 stream that this task serves.
    static STREAM: Arc<StreamWatch>;
}

impl StreamWatch {
    /// The watch of the current task, if it serves an HTTP/2 stream.
    pub(super) fn current() -> Option<Arc<Self>> {
        STREAM.try_with(Arc::clone).ok()
    }

    /// `true`: the transport has data to deliver; `false`: it asked for more, or waits for the handler.
    pub(super) fn delivering(&self, delivering: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = delivering.then(Instant::now);
    }

    async fn stalled(&self, limit: Duration) {
        loop {
            let now = Instant::now();
            let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let wake = since.unwrap_or(now) + limit;
            if wake <= now {
                return;
            }
            sleep_until(wake).await;
        }
    }
}

/// Runs HTTP/2 streams as tasks, and drops those whose client has stopped taking the answer: h2 then resets that
/// stream alone, and the others continue.
#[derive(Clone, Debug)]
pub(super) struct StreamExecutor {
    /// Longest time for which an answer may stay undelivered.
    pub(super) write_stall: Duration,
}

impl<F> hyper::rt::Executor<F> for StreamExecutor
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let watch = Arc::new(StreamWatch::default());
        let limit = self.write_stall;
        tokio::spawn(STREAM.scope(Arc::clone(&watch), async move {
            tokio::select! {
                _ = stream => {}
                () = watch.stalled(limit) => {}
            }
        }));
    }
}

/// Asks the server to stop; dropping it does the same.
#[derive(Debug)]
pub struct ShutdownSwitch(tokio::sync::watch::Sender<bool>);

/// Receives the request to stop the server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(tokio::sync::watch::Receiver<bool>);

impl Shutdown {
    /// A connected pair of switch and receiver.
    pub fn channel() -> (ShutdownSwitch, Self) {
        let (sender, receiver) = tokio::sync::watch::channel(false);
        (ShutdownSwitch(sender), Self(receiver))
    }

    /// Returns when the server is asked to stop.
    pub async fn requested(&mut self) {
        // An error means that the switch was dropped, which also asks to stop.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

impl ShutdownSwitch {
    /// Asks every holder of the [`Shutdown`] to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(activity: &Activity, base: Instant) -> Option<(u64, Overdue)> {
        activity.deadline(&Limits::default()).map(|(at, why)| ((at - base).as_secs(), why))
    }

    #[test]
    fn each_kind_of_waiting_has_its_own_limit() {
        let activity = Activity::new();
        let base = activity.state().rest_since;
        assert_eq!(after(&activity, base), Some((10, Overdue::Head)), "silent");
        activity.request_begins();
        assert_eq!(after(&activity, base), None, "in flight, however long");
        activity.write_blocked(true);
        assert_eq!(after(&activity, base), Some((60, Overdue::Write)));
        activity.request_ends();
        assert_eq!(after(&activity, base), Some((60, Overdue::Write)), "tail");
        activity.write_blocked(false);
        assert_eq!(after(&activity, base), Some((75, Overdue::Idle)));
        activity.received(Position::Head);
        let begun = activity.state().head_since;
        activity.received(Position::Head);
        assert_eq!(activity.state().head_since, begun, "dripping buys no time");
        assert_eq!(after(&activity, base), Some((10, Overdue::Head)));
        activity.received(Position::Boundary);
        assert_eq!(after(&activity, base), Some((75, Overdue::Idle)));
    }
}
