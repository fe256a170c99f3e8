//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT};
use http::{HeaderValue, Method, Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::admission::{add_standard_headers, admit};
use super::handler::{Handler, RequestInfo, Server};
use super::limits::LINGER;
use super::metrics::Refusal;
use super::request_body::RequestBody;
use super::request_log::{Exchange, TrackedBody};
use super::tls::Tls;
use super::watch::{Activity, Overdue, Shutdown, StreamExecutor};
use super::wire::{Transport, Wire};
use crate::model::Timestamp;

/// Bytes that hyper gathers before it writes, and reads at once, per connection; more only if longer heads are allowed.
const HTTP1_BUFFER: usize = 128 * 1024;

/// hyper's default; above it hyper allocates per request.
const HYPER_MAX_HEADERS: usize = 100;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Serves one accepted connection to its end.
pub(super) async fn serve_connection<H: Handler>(
    tcp: TcpStream,
    peer: IpAddr,
    tls: Option<Arc<Tls>>,
    server: Server<H>,
    shutdown: Shutdown,
) {
    // Answers are written whole; waiting for more would only delay small ones.
    let _ = tcp.set_nodelay(true);
    let Some(tls) = tls else {
        return Session::new(peer, false, server, shutdown).http1(tcp).await;
    };
    let handshake = TlsAcceptor::from(tls.config()).accept(tcp);
    let limit = server.limits.tls_handshake_timeout_seconds.0;
    match timeout(limit, handshake).await {
        Ok(Ok(stream)) => {
            let session = Session::new(peer, true, server, shutdown);
            // Only by ALPN: a client that did not ask for HTTP/2 does not get it.
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                session.http2(stream).await;
            } else {
                session.http1(stream).await;
            }
        }
        Ok(Err(error)) => {
            server.metrics.refuse(Refusal::Handshake);
            tracing::debug!(kind = ?error.kind(), "tls handshake failed");
        }
        Err(_elapsed) => {
            server.metrics.refuse(Refusal::Overdue);
            tracing::debug!("tls handshake took too long");
        }
    }
}

struct Session<H: Handler> {
    peer: IpAddr,
    tls: bool,
    server: Server<H>,
    activity: Arc<Activity>,
    shutdown: Shutdown,
}

impl<H: Handler> Session<H> {
    fn new(peer: IpAddr, tls: bool, server: Server<H>, shutdown: Shutdown) -> Self {
        Self { peer, tls, server, activity: Activity::new(), shutdown }
    }

    async fn http1<S: Transport>(self, stream: S) {
        let limits = Arc::clone(&self.server.limits);
        let mut builder = http1::Builder::new();
        builder
            // `watch` enforces the time limit on request heads; see there for the reason.
            .header_read_timeout(None)
            .timer(TokioTimer::new())
            // Applies to reading and to writing. A client that reads nothing pins this much, plus one chunk.
            .max_buf_size(HTTP1_BUFFER.max(limits.max_header_bytes as usize))
            .max_header_size(limits.max_header_bytes as usize);
        if limits.max_headers != HYPER_MAX_HEADERS {
            builder.max_headers(limits.max_headers);
        }
        let io = TokioIo::new(Wire::http1(stream, Arc::clone(&self.activity)));
        let service = service_fn(|request| self.answer(request));
        let mut connection = builder.serve_connection(io, service);
        let ended = self
            .drive(&mut connection, |connection| {
                Pin::new(&mut **connection).graceful_shutdown();
            })
            .await;
        if ended && self.activity.is_mid_message() && !self.activity.is_broken() {
            let mut wire = connection.into_parts().io.into_inner();
            read_away(wire.inner_mut()).await;
        }
    }

    async fn http2<S: Transport>(self, stream: S) {
        let limits = Arc::clone(&self.server.limits);
        let mut builder = http2::Builder::new(StreamExecutor { write_stall: limits.write_stall_seconds.0 });
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(limits.h2_stream_window_bytes)
            .initial_connection_window_size(limits.h2_connection_window_bytes)
            .max_concurrent_streams(limits.h2_max_concurrent_streams)
            .max_header_list_size(limits.max_header_bytes)
            .max_send_buf_size(limits.h2_send_buffer_bytes)
            .max_pending_accept_reset_streams(limits.h2_max_pending_resets)
            .max_local_error_reset_streams(limits.h2_max_error_resets)
            .keep_alive_interval(limits.h2_ping_interval_seconds.0)
            .keep_alive_timeout(limits.h2_ping_timeout_seconds.0);
        let io = TokioIo::new(Wire::http2(stream, Arc::clone(&self.activity)));
        let session = Arc::new(self);
        let own = Arc::clone(&session);
        let service = service_fn(move |request| {
            let session = Arc::clone(&own);
            async move { session.answer(request).await }
        });
        let connection = pin!(builder.serve_connection(io, service));
        session
            .drive(connection, |connection| {
                connection.as_mut().graceful_shutdown();
            })
            .await;
    }

    /// Runs a connection until it ends or is overdue; `true` if it ended by itself.
    async fn drive<C>(&self, mut connection: C, mut wind_down: impl FnMut(&mut C)) -> bool
    where
        C: Future<Output = hyper::Result<()>> + Unpin,
    {
        let limits = &self.server.limits;
        let mut shutdown = self.shutdown.clone();
        let mut winding_down = false;
        loop {
            tokio::select! {
                result = &mut connection => {
                    if let Err(error) = result {
                        // Its Display names no request data.
                        tracing::debug!(%error, "connection ended early");
                    }
                    return true;
                }
                reason = self.activity.overdue(limits) => {
                    if reason == Overdue::Idle && !winding_down {
                        wind_down(&mut connection);
                        // The farewell is short; a client that does not read it is cut off.
                        let farewell = limits.header_timeout_seconds.0;
                        let _ = timeout(farewell, &mut connection).await;
                        return false;
                    }
                    if reason == Overdue::Write {
                        // A reset also drops the data that the kernel still holds for the client. An orderly close
                        // would keep those megabytes for as long as the client takes a byte now and then.
                        self.activity.mark_broken();
                    }
                    self.server.metrics.refuse(Refusal::Overdue);
                    tracing::debug!(?reason, "connection cut");
                    return false;
                }
                () = shutdown.requested(), if !winding_down => {
                    winding_down = true;
                    wind_down(&mut connection);
                }
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<TrackedBody>, Infallible> {
        let received = Timestamp::now();
        let server = &self.server;
        let exchange =
            Exchange::begin(request.method().clone(), server.metrics.clone(), Arc::clone(&self.activity));
        let version = request.version();
        let is_head = request.method() == Method::HEAD;
        server.proxy_faults.look(&request, self.peer, self.tls, &server.trust);
        let rules = (&*server.limits, &*server.trust, &*server.hosts);
        let (mut head, body, secure) = match admit(&request, self.peer, self.tls, rules) {
            Ok(origin) => {
                let secure = origin.secure;
                let progress = Arc::clone(&exchange.progress);
                // nginx takes the first 1xx other than 100 for the final answer, so requests through proxies get
                // none.
                let hears_interim =
                    version == Version::HTTP_11 && !server.trust.trusts(self.peer.to_canonical());
                let turn = hears_interim.then(|| self.activity.interims().open());
                let interims = turn.map(|turn| (Arc::clone(&self.activity), turn));
                let is_held_back = request.headers().contains_key(EXPECT);
                let request = request
                    .map(|body| RequestBody::network(body, is_held_back, &server.limits, progress, interims));
                let info = RequestInfo {
                    request_id: exchange.id,
                    peer: origin.client,
                    secure,
                    host: origin.host,
                    received,
                };
                let (head, body) = server.handler.handle(request, info).await.into_parts();
                if turn.is_some() {
                    self.activity.interims().close();
                }
                (head, body, secure)
            }
            Err(refused) => {
                let refusal = refused.response();
                let shown = server.handler.show_refusal(refusal, request.headers(), exchange.id);
                let (mut head, body) = shown.into_parts();
                if version < Version::HTTP_2 && !head.headers.contains_key(CONNECTION) {
                    head.headers.insert(CONNECTION, CLOSE);
                }
                (head, body, self.tls)
            }
        };
        if exchange.progress.is_left() {
            // RFC 9112 9.6: without this header the client sends its next request into a closing connection.
            head.headers.insert(CONNECTION, CLOSE);
        }
        if version >= Version::HTTP_2 {
            // RFC 9113 8.2.2
            head.headers.remove(CONNECTION);
        }
        add_standard_headers(&mut head.headers, exchange.id.header_value(), secure);
        if is_head && let Some(length @ 1..) = http_body::Body::size_hint(&body).exact() {
            let headers = &mut head.headers;
            headers.entry(CONTENT_LENGTH).or_insert(length.into());
        }
        let body = exchange.answer(&head, body);
        Ok(Response::from_parts(head, body))
    }
}

/// Reads and drops data that the client still sends after the last answer, for a short while.
async fn read_away(stream: &mut impl Transport) {
    let mut scrap = vec![0; 16 << 10];
    let _ = timeout(LINGER, async { while matches!(stream.read(&mut scrap).await, Ok(1..)) {} }).await;
}
