//! The network layer over real sockets: the requests that it serves and refuses, and that it lives on afterwards.
//!
//! Limits are shortened where a test waits for one; nothing here measures speed.

mod http1;
mod http2;
mod lifecycle;
mod proxies;
mod same;
mod support;
mod tls;
