//! The network: connections, TLS, bounds, and the facts about a request before a handler reads it.
//!
//! [`serve`] accepts connections and hands requests to a [`Handler`]. On the way in, each request passes `wire`
//! (which refuses requests that hyper would misread), hyper, and `admission` (host, proxy, size); `watch` cuts
//! connections that exceed a time limit. On the way out `request_log` assigns an id, counts the request, and writes
//! one line. Routes and protocols belong to the handler.

pub(crate) mod admission;
mod certificate;
mod connection;
pub(crate) mod framing;
mod handler;
pub(crate) mod header_blocks;
mod interim;
mod limits;
mod listener;
mod metrics;
pub(crate) mod peer;
mod pieces;
mod proxy_faults;
mod request_body;
mod request_log;
mod response_body;
mod scrape;
mod send;
pub mod systemd;
mod tls;
mod watch;
mod web_origin;
mod wire;

pub use admission::{AllowedHosts, plain_response};
pub use certificate::certificate_faults;
pub use handler::{Handler, ListenError, RequestInfo, Server};
pub use limits::{Limits, LimitsError, Seconds};
pub use listener::{bind, serve};
pub use metrics::Metrics;
pub use peer::{ForwardedHeader, IpNetwork, ParseNetworkError, ProxyTrust};
pub use pieces::Pieces;
pub use proxy_faults::ProxyFaults;
pub use request_body::{BodyError, RequestBody};
pub use request_log::{LogUser, RequestId, Route};
pub use response_body::{BodySender, ReceiverGone, ResponseBody};
pub use scrape::serve_metrics;
pub use send::{Pace, SendLanes};
pub use tls::{SELF_SIGNED_DAYS, SelfSigned, Tls, TlsError, TlsSource, Validity, self_signed};
pub use watch::{Shutdown, ShutdownSwitch};
pub use web_origin::{ParseOriginError, WebOrigin};
