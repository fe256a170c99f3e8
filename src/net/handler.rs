//! What answers requests, and what a listener serves with.

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

    /// Shows a refusal of the network layer, made before [`Self::handle`], to a client that sent these headers.
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

/// What the network layer knows of a request.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Named in the log and in `X-Request-Id`.
    pub request_id: RequestId,
    /// The client's address, behind trusted proxies.
    pub peer: IpAddr,
    /// The client's own line is encrypted. Otherwise it is plain HTTP on this very machine.
    pub secure: bool,
    /// The host that the client asked for, with its port if it named one; `None` only with HTTP/1.0.
    pub host: Option<Authority>,
    /// When the head was complete.
    pub received: Timestamp,
}

impl RequestInfo {
    /// The host as the client wrote it; empty if it named none.
    pub fn requested_host(&self) -> &str {
        self.host.as_ref().map_or("", Authority::as_str)
    }
}

/// All that a listener serves with. Clones share everything.
#[derive(Debug)]
pub struct Server<H> {
    /// Answers the requests.
    pub handler: Arc<H>,
    /// Bounds.
    pub limits: Arc<Limits>,
    /// Proxies whose word counts.
    pub trust: Arc<ProxyTrust>,
    /// Names that it may be asked for.
    pub hosts: Arc<AllowedHosts>,
    /// What proxies were seen to hide.
    pub proxy_faults: ProxyFaults,
    /// Where figures go.
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
    /// Figures are given without authentication.
    #[error("{0} can be reached from other machines: metrics are served on loopback only")]
    NotLoopback(SocketAddr),
    /// The operating system refuses the address.
    #[error("listen on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The socket has no address, so it is no TCP listener.
    #[error("ask a socket for its address")]
    Address(#[source] io::Error),
    /// A limit is out of range.
    #[error(transparent)]
    Limits(#[from] LimitsError),
}
