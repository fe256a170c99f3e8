//! The network layer over real sockets: what it serves, what it refuses, and that it is alive after.
//!
//! Limits are shortened where a test waits for one; nothing here measures speed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a panic is how a test fails; clippy knows only the test functions themselves"
)]

mod http1;
mod http2;
mod lifecycle;
mod proxies;
mod same;
mod support;
mod tls;
