//! The trait of request handlers, and everything that a listener serves with.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::uri::Authority;
use http::{HeaderMap, Request, Response};

use super::admission::AllowedHosts;
use super::limits::{Limits, LimitsError};
use super::metrics::Metrics;
use super::peer::ProxyTrust;
use super::proxy_faults::ProxyFaults;
use super::request_body::RequestBody;
use super::request_log::RequestId;
use super::response_body::ResponseBody;
use crate::model::Timestamp;

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. Dropped at any `.await` if the client goes away.
    fn handle(
        &self,
        request: Request<RequestBody>,
        info: RequestInfo,
    ) -> impl Future<Output = Response<ResponseBody>> + Send;

    /// Renders a refusal that the network layer made before [`Self::handle`], for a client that sent these headers.
    /// By default it stays a sentence of plain text.
    fn show_refusal(
        &self,
        refusal: Response<ResponseBody>,
        _headers: &HeaderMap,
        _request_id: RequestId,
    ) -> Response<ResponseBody> {
        refusal
    }
}

/// Facts about a request that the network layer found out.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Appears in the log and in `X-Request-Id`.
    pub request_id: RequestId,
    /// The client's address, behind trusted proxies.
    pub peer: IpAddr,
    /// Whether the client's own connection is encrypted. If not, it is plain HTTP on this machine.
    pub secure: bool,
    /// The host that the client asked for, with its port if given; `None` only with HTTP/1.0.
    pub host: Option<Authority>,
    /// Time at which the head was complete.
    pub received: Timestamp,
}

impl RequestInfo {
    /// The host as the client wrote it; empty if it named none.
    pub fn requested_host(&self) -> &str {
        self.host.as_ref().map_or("", Authority::as_str)
    }
}

/// Everything that a listener serves with. Clones share all parts.
#[derive(Debug)]
pub struct Server<H> {
    /// Answers the requests.
    pub handler: Arc<H>,
    /// Bounds on connections, heads and bodies.
    pub limits: Arc<Limits>,
    /// Proxies whose forwarded headers are believed.
    pub trust: Arc<ProxyTrust>,
    /// Host names that requests may ask for.
    pub hosts: Arc<AllowedHosts>,
    /// Headers that proxies failed to pass on so far.
    pub proxy_faults: ProxyFaults,
    /// Counters that this listener updates.
    pub metrics: Metrics,
}

impl<H> Server<H> {
    /// With default limits, no trusted proxies, any host, and figures of its own.
    pub fn new(handler: H) -> Self {
        Self {
            handler: Arc::new(handler),
            limits: Arc::default(),
            trust: Arc::default(),
            hosts: Arc::default(),
            proxy_faults: ProxyFaults::default(),
            metrics: Metrics::new(),
        }
    }
}

impl<H> Clone for Server<H> {
    fn clone(&self) -> Self {
        Self {
            handler: Arc::clone(&self.handler),
            limits: Arc::clone(&self.limits),
            trust: Arc::clone(&self.trust),
            hosts: Arc::clone(&self.hosts),
            proxy_faults: self.proxy_faults.clone(),
            metrics: self.metrics.clone(),
        }
    }
}

/// Why a listener does not start.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Passwords would cross the network in the open.
    #[error("{0} can be reached from other machines: plain HTTP is served on loopback only, use TLS")]
    PlainHttp(SocketAddr),
    /// The metrics would be readable from other machines, and they need no authentication.
    #[error("{0} can be reached from other machines: metrics are served on loopback only")]
    NotLoopback(SocketAddr),
    /// The operating system refuses the address.
    #[error("listen on {address}")]
    Bind {
        /// The requested address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The socket has no address, so it is not a TCP listener.
    #[error("ask a socket for its address")]
    Address(#[source] io::Error),
    /// A limit is out of range.
    #[error(transparent)]
    Limits(#[from] LimitsError),
}
