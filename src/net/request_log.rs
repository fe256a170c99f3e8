//! Writes one log line per request and updates the request metrics.
//!
//! The line never contains path, query, names, user agent, authorisation or the client's address.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Buf;
use http::{HeaderValue, Method, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::metrics::{Metrics, method_label};
use super::pieces::Pieces;
use super::request_body::Progress;
use super::response_body::ResponseBody;
use super::watch::{Activity, StreamWatch};
use crate::model::{UserId, random_bytes};

/// Id of a request in the log, in error pages and in `X-Request-Id`; random, 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 8]);

impl RequestId {
    /// A fresh id.
    pub fn random() -> Self {
        Self(random_bytes())
    }

    pub(super) fn header_value(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("hexadecimal digits are a header value")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

/// The user of a request, as an extension of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogUser(pub UserId);

/// The kind of route, such as `dav`, as an extension of an answer. Never a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    name: &'static str,
    quiet: bool,
}

impl Route {
    /// A route whose requests are logged at level info.
    pub const fn named(name: &'static str) -> Self {
        Self { name, quiet: false }
    }

    /// A route that machines poll every few seconds: logged at level debug.
    pub const fn quiet(name: &'static str) -> Self {
        Self { name, quiet: true }
    }
}

/// One request from its head to the end of its answer. Dropping it writes the line, so requests whose client
/// disconnected are logged too.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) id: RequestId,
    method: Method,
    began: Instant,
    /// `None` until the handler has answered.
    status: Option<StatusCode>,
    user: Option<UserId>,
    route: Route,
    pub(super) progress: Arc<Progress>,
    sent: u64,
    outcome: Outcome,
    metrics: Metrics,
    activity: Arc<Activity>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The client disconnected, or was cut off, before the end of the answer.
    ClientGone,
    Complete,
    /// The server could not complete the answer.
    Broken,
}

impl Exchange {
    pub(super) fn begin(method: Method, metrics: Metrics, activity: Arc<Activity>) -> Self {
        metrics.in_flight.inc();
        activity.request_begins();
        Self {
            id: RequestId::random(),
            method,
            began: Instant::now(),
            status: None,
            user: None,
            route: Route::named("none"),
            progress: Arc::default(),
            sent: 0,
            outcome: Outcome::ClientGone,
            metrics,
            activity,
        }
    }

    /// Wraps the answer's body, which from then on owns the exchange.
    pub(super) fn answer(mut self, head: &http::response::Parts, body: ResponseBody) -> TrackedBody {
        self.status = Some(head.status);
        self.user = head.extensions.get::<LogUser>().map(|user| user.0);
        if let Some(route) = head.extensions.get::<Route>() {
            self.route = *route;
        }
        let bodiless = self.method == Method::HEAD
            || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let promised = head
            .headers
            .get(http::header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .or(body.size_hint().exact());
        let mut tracked = TrackedBody {
            body,
            promised: if bodiless { None } else { promised },
            bodiless,
            stream: StreamWatch::current(),
            rest: Pieces::default(),
            exchange: self,
        };
        if tracked.is_end_stream() {
            // hyper does not poll an empty body at all.
            tracked.exchange.outcome = Outcome::Complete;
        }
        tracked
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.activity.request_ends();
        self.metrics.in_flight.dec();
        let received = self.progress.received();
        self.metrics.bytes_in.inc_by(received);
        self.metrics.bytes_out.inc_by(self.sent);
        let took = self.began.elapsed();
        // 499 as in nginx: the client disconnected before the answer.
        let status = self.status.map_or(499, |status| status.as_u16());
        let class = self.status.unwrap_or(StatusCode::BAD_REQUEST);
        self.metrics.answered(&self.method, class, took);
        let outcome = match self.outcome {
            Outcome::ClientGone => "client gone",
            Outcome::Complete => "complete",
            Outcome::Broken => "broken",
        };
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    request_id = %self.id,
                    user_id = self.user.map(|user| user.0),
                    method = method_label(&self.method),
                    route = self.route.name,
                    status,
                    bytes_in = received,
                    bytes_out = self.sent,
                    elapsed_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                    outcome,
                    "request"
                )
            };
        }
        if self.route.quiet {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

/// The body of an answer under way.
#[derive(Debug)]
pub(super) struct TrackedBody {
    body: ResponseBody,
    /// Bytes that the head declares; a shorter body is an error.
    promised: Option<u64>,
    /// HEAD and the like: no body is sent, even if the head announces one.
    bodiless: bool,
    stream: Option<Arc<StreamWatch>>,
    /// HTTP/2 gets one piece at a time: each poll for the next one shows that the client takes the answer.
    rest: Pieces,
    exchange: Exchange,
}

impl TrackedBody {
    /// The next pieces to send at once.
    fn poll_pieces(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Pieces>>>> {
        if !self.rest.has_remaining() {
            let frame = match std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) if self.stream.is_some() => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_data() {
                Ok(pieces) => self.rest = pieces,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.rest.take_first()))))
    }

    fn end(&mut self) -> Option<io::Result<Frame<Pieces>>> {
        let short = self.promised.is_some_and(|promised| self.exchange.sent < promised);
        if short {
            return Some(Err(self.break_off(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the answer is shorter than announced",
            ))));
        }
        self.exchange.outcome = Outcome::Complete;
        None
    }

    fn break_off(&mut self, error: io::Error) -> io::Error {
        self.exchange.outcome = Outcome::Broken;
        if self.stream.is_none() {
            // HTTP/2 can reset the stream; HTTP/1 can only end the connection.
            self.exchange.activity.mark_broken();
        }
        tracing::error!(request_id = %self.exchange.id, kind = ?error.kind(), "answer broken off");
        error
    }
}

impl Body for TrackedBody {
    type Data = Pieces;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Pieces>>>> {
        let this = &mut *self;
        if let Some(stream) = &this.stream {
            stream.delivering(false);
        }
        let frame = std::task::ready!(this.poll_pieces(cx));
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Buf::remaining) as u64;
                this.exchange.sent = this.exchange.sent.saturating_add(length);
                if let Some(stream) = &this.stream {
                    stream.delivering(true);
                }
                if this.is_end_stream() {
                    this.exchange.outcome = Outcome::Complete;
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(this.break_off(error))),
            None => this.end(),
        })
    }

    fn is_end_stream(&self) -> bool {
        let short = self.promised.is_some_and(|promised| self.exchange.sent < promised);
        self.bodiless || (!self.rest.has_remaining() && self.body.is_end_stream() && !short)
    }

    /// Size of the part not polled yet; hyper asks before it begins.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
