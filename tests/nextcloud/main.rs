//! Nextcloud's own clients against the real server: the command of the desktop client over TLS.
//!
//! The desktop's window, Android and iOS cannot run here; their requests are replayed elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

#[path = "../support/mod.rs"]
mod support;

mod chunks;
mod desktop;
mod lines;
mod phones;
mod rclone;
mod search;
mod shares;
mod sync;
