//! Nextcloud's own clients against the real server: the command of the desktop client over TLS.
//!
//! The desktop's window, Android and iOS cannot run here; their requests are replayed elsewhere.

mod chunks;
pub(crate) mod desktop;
mod lines;
mod phones;
mod rclone;
mod search;
mod shares;
mod sync;
