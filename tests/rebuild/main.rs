//! A catalogue that is gone, damaged or too old: what the start says, what `tresor rebuild` brings back, what
//! a snapshot holds.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

#[path = "../support/mod.rs"]
mod support;

mod alone;
mod broken_off;
mod house;
mod older;
mod packs;
mod snapshot;
mod start;
