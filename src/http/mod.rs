//! The network: connections, TLS, bounds, and what is known of a request before anybody reads it.
//!
//! [`serve`] accepts connections and hands requests to a [`Handler`]. On the way in, each passes
//! `wire` (what hyper would read otherwise than the client meant it), hyper, and `admission` (host, proxy,
//! size); `watch` cuts what takes too long. On the way out `request_log` gives it an id, counts it,
//! and writes one line. Routes and protocols are the handler's.

mod admission;
mod certificate;
mod connection;
pub mod dav;
mod error_page;
mod folder;
mod form;
mod framing;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod header_blocks;
mod health;
mod interim;
mod language;
mod limits;
mod links;
mod listener;
mod metrics;
pub mod nextcloud;
mod page;
mod peer;
mod pieces;
mod proxy_faults;
mod request_body;
mod request_log;
mod response_body;
pub mod resumable;
mod router;
pub mod systemd;
mod tls;
mod watch;
mod wire;

pub use admission::{AllowedHosts, plain_response};
pub use certificate::certificate_faults;
pub use health::{Health, HealthState, KnownTroubles, health_response};
pub use limits::{Limits, LimitsError, Seconds};
pub use listener::{Handler, ListenError, RequestInfo, Server, bind, serve};
pub use metrics::{Metrics, serve_metrics};
pub use peer::{ForwardedHeader, IpNetwork, ParseNetworkError, ProxyTrust};
pub use pieces::Pieces;
pub use proxy_faults::ProxyFaults;
pub use request_body::{BodyError, RequestBody};
pub use request_log::{LogUser, RequestId, Route};
pub use response_body::{BodySender, ReceiverGone, ResponseBody};
pub use resumable::{ParseOriginError, WebOrigin};
pub use router::Router;
pub use tls::{SELF_SIGNED_DAYS, SelfSigned, Tls, TlsError, TlsSource, Validity, self_signed};
pub use watch::{Shutdown, ShutdownSwitch};
