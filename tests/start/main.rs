//! How an instance begins, opens, stays shut and ends: the real program on directories of its own.

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

mod certificate;
mod clock;
mod earlier;
mod first;
mod init;
mod keys;
mod locked;
mod lost;
mod office;
mod owner;
mod proxy;
mod refusals;
mod service;
mod terminal;
mod writer;
