//! Request bodies, with a minimum speed.

use std::error::Error as _;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::{LINGER, Limits};
use super::watch::{Activity, StreamWatch};

/// Why a request body could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The client sent nothing for too long, or less than the minimum average speed: 408. The bytes received so far
    /// are intact; resumable uploads keep them.
    #[error("the request body came too slowly")]
    TooSlow,
    /// The chunked framing is wrong: 400.
    #[error("the request body is malformed")]
    Malformed,
    /// Longer than the caller accepts: 413.
    #[error("the request body is longer than {limit} bytes")]
    TooLarge {
        /// The caller's limit in bytes.
        limit: usize,
    },
    /// The client disconnected in the middle of the body and will not read the answer.
    #[error("the client broke off the request body")]
    Broken(#[source] hyper::Error),
}

impl BodyError {
    /// The status to answer with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed => StatusCode::BAD_REQUEST,
            // The client does not see it; 499 is nginx's status in the log for a client that left.
            Self::Broken(_) => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        }
    }
}

impl From<hyper::Error> for BodyError {
    fn from(error: hyper::Error) -> Self {
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(cause) = cause.downcast_ref::<io::Error>()
                && matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
            {
                return Self::Malformed;
            }
            source = cause.source();
        }
        Self::Broken(error)
    }
}

impl From<BodyError> for io::Error {
    fn from(error: BodyError) -> Self {
        let kind = match error {
            BodyError::TooSlow => io::ErrorKind::TimedOut,
            BodyError::Malformed | BodyError::TooLarge { .. } => io::ErrorKind::InvalidData,
            BodyError::Broken(_) => io::ErrorKind::ConnectionAborted,
        };
        Self::new(kind, error)
    }
}

/// Unread bytes of a body that the server reads and drops to keep the connection: XML of requests that are repeated
/// with a password, small files that are refused. With a higher limit, clients would send more data for nothing.
const MAX_READ_AWAY: u64 = 64 * 1024;

/// Progress of a body, for the code that sends the answer.
#[derive(Debug, Default)]
pub(super) struct Progress {
    received: AtomicU64,
    is_left: AtomicBool,
}

impl Progress {
    /// Bytes of the body received so far.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Whether part of the body will stay unread, so that an HTTP/1 connection must end.
    pub(super) fn is_left(&self) -> bool {
        self.is_left.load(Ordering::Relaxed)
    }
}

/// The body of a request. Read it with [`next`](Self::next), [`collect`](Self::collect) or as a [`Body`]. If it is
/// left unread, a short rest of known length is read and dropped; a longer one ends the connection after the
/// answer, or in HTTP/2 the stream, if the client keeps sending for long.
pub struct RequestBody {
    source: Source,
    pace: Option<Pace>,
    progress: Arc<Progress>,
    /// The client waits for `100 Continue`, which is sent when the body is asked for, or for the answer.
    is_held_back: bool,
    has_failed: bool,
    /// Sends interim answers to the client.
    interims: Option<(Arc<Activity>, u64)>,
}

enum Source {
    Network(Incoming),
    Memory(Bytes),
}

impl RequestBody {
    /// A body from the network, whose client may wait for `100 Continue` before it sends any of it.
    pub(super) fn network(
        body: Incoming,
        is_held_back: bool,
        limits: &Limits,
        progress: Arc<Progress>,
        interims: Option<(Arc<Activity>, u64)>,
    ) -> Self {
        let is_empty = body.is_end_stream();
        progress.is_left.store(!is_empty, Ordering::Relaxed);
        Self {
            pace: (!is_empty).then(|| Pace::new(limits)),
            source: Source::Network(body),
            progress,
            is_held_back,
            has_failed: false,
            interims,
        }
    }

    /// A body in memory, for tests of handlers.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self {
            source: Source::Memory(bytes.into()),
            pace: None,
            progress: Arc::default(),
            is_held_back: false,
            has_failed: false,
            interims: None,
        }
    }

    /// An empty body, for tests of handlers.
    pub fn empty() -> Self {
        Self::full(Bytes::new())
    }

    /// The length that the client declared; `None` for chunked bodies.
    pub fn announced_length(&self) -> Option<u64> {
        self.size_hint().exact()
    }

    /// Whether the client accepts interim answers: with HTTP/1.1 only.
    pub fn takes_interim(&self) -> bool {
        self.interims.is_some()
    }

    /// Sends the client an interim answer (1xx) while its request is being processed. Does nothing if the protocol
    /// does not allow it or the client has not taken the earlier ones.
    pub fn tell(&self, status: StatusCode, reason: &'static str, headers: &HeaderMap) {
        if let Some((activity, turn)) = &self.interims
            && status.is_informational()
        {
            activity.interims().queue(*turn, status, reason, headers);
        }
    }

    /// The next piece, or `None` at the regular end. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await?;
            match frame.map(Frame::into_data) {
                Ok(Ok(bytes)) => return Some(Ok(bytes)),
                Ok(Err(_trailers)) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Reads the whole body, of at most `limit` bytes; a longer declared length is refused before anything is read.
    pub async fn collect(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        let too_large = BodyError::TooLarge { limit };
        if self.size_hint().lower() > limit as u64 {
            return Err(too_large);
        }
        let Some(first) = self.next().await.transpose()? else {
            return Ok(Bytes::new());
        };
        if first.len() > limit {
            return Err(too_large);
        }
        let Some(second) = self.next().await.transpose()? else {
            return Ok(first);
        };
        let mut whole = BytesMut::from(first);
        let mut piece = Some(second);
        while let Some(bytes) = piece {
            if bytes.len() > limit - whole.len() {
                return Err(too_large);
            }
            whole.extend_from_slice(&bytes);
            piece = self.next().await.transpose()?;
        }
        Ok(whole.freeze())
    }
}

/// RFC 9113 8.1 lets a server reset a stream once it has answered and does not want the rest of the request. curl
/// 7.88 then loses the answer, so the rest is read and dropped for a moment. In HTTP/1 a short rest is read and
/// dropped, and a longer one when the connection ends.
impl Drop for RequestBody {
    fn drop(&mut self) {
        let is_short = self.size_hint().upper().is_some_and(|length| length <= MAX_READ_AWAY);
        let is_coming = is_short && !self.is_held_back && !self.has_failed;
        if self.is_end_stream() || !(is_coming || StreamWatch::current().is_some()) {
            return;
        }
        let source = std::mem::replace(&mut self.source, Source::Memory(Bytes::new()));
        if let (Source::Network(mut body), Ok(runtime)) = (source, tokio::runtime::Handle::try_current()) {
            self.progress.is_left.store(false, Ordering::Relaxed);
            runtime.spawn(tokio::time::timeout(LINGER, async move {
                while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {}
            }));
        }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("announced_length", &self.announced_length())
            .finish_non_exhaustive()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.is_held_back = false;
        let Self { source, pace, progress, has_failed, .. } = &mut *self;
        let incoming = match source {
            Source::Network(incoming) => incoming,
            Source::Memory(bytes) => {
                let bytes = std::mem::take(bytes);
                return Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))));
            }
        };
        match Pin::new(&mut *incoming).poll_frame(cx) {
            Poll::Ready(frame) => {
                let length = match &frame {
                    Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len) as u64,
                    _ => 0,
                };
                progress.received.fetch_add(length, Ordering::Relaxed);
                if frame.is_none() || incoming.is_end_stream() {
                    progress.is_left.store(false, Ordering::Relaxed);
                }
                *has_failed |= matches!(frame, Some(Err(_)));
                if let Some(pace) = pace {
                    pace.arrived(length);
                }
                Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)))
            }
            Poll::Pending => match pace {
                Some(pace) => pace.poll_too_slow(cx).map(|()| {
                    *has_failed = true;
                    Some(Err(BodyError::TooSlow))
                }),
                None => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Network(body) => body.is_end_stream(),
            Source::Memory(bytes) => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Network(body) => body.size_hint(),
            Source::Memory(bytes) => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}

/// Measures the time spent waiting for the client. Time that the handler takes itself, on a busy disk for instance,
/// is not counted against the client.
struct Pace {
    stall: Duration,
    grace: Duration,
    bytes_per_second: u64,
    received: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    fn new(limits: &Limits) -> Self {
        Self {
            stall: limits.read_stall_seconds.0,
            grace: limits.min_body_grace_seconds.0,
            bytes_per_second: limits.min_body_bytes_per_second,
            received: 0,
            waited: Duration::ZERO,
            waiting_since: None,
            timer: None,
        }
    }

    fn arrived(&mut self, bytes: u64) {
        self.received = self.received.saturating_add(bytes);
        // Counts only pieces that had to be waited for, so the fast path does not read the clock.
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
    }

    /// How long to wait for the client from now if nothing arrives.
    fn allowance(&self) -> Duration {
        let Some(earned) = self.received.checked_div(self.bytes_per_second) else {
            return self.stall;
        };
        let earned = self.grace.max(Duration::from_secs(earned));
        self.stall.min(earned.saturating_sub(self.waited))
    }

    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waiting_since.is_none() {
            let now = Instant::now();
            let deadline = now + self.allowance();
            self.waiting_since = Some(now);
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(deadline),
                None => self.timer = Some(Box::pin(sleep_until(deadline))),
            }
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn collect_takes_the_limit_and_not_a_byte_more() {
        assert_eq!(RequestBody::full("12345").collect(5).await.unwrap(), "12345");
        let refused = RequestBody::full("123456").collect(5).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(RequestBody::empty().collect(0).await.unwrap(), "");
    }

    #[test]
    fn allowance_grows_with_what_came() {
        let mut pace = Pace::new(&Limits::default());
        assert_eq!(pace.allowance(), Duration::from_secs(30));
        pace.received = 40 * 1024;
        assert_eq!(pace.allowance(), Duration::from_secs(40));
        pace.waited = Duration::from_secs(39);
        assert_eq!(pace.allowance(), Duration::from_secs(1));
        pace.waited = Duration::from_secs(50);
        assert_eq!(pace.allowance(), Duration::ZERO);
        pace.received = 1 << 40;
        assert_eq!(pace.allowance(), Duration::from_mins(1), "stall");
        pace.bytes_per_second = 0;
        assert_eq!(pace.allowance(), Duration::from_mins(1));
    }
}
