//! Load and faults: tests that need the machine to themselves for a while, or mounts, limits and signals.
//!
//! `cargo test --test heavy crash` runs one module.

#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

#[path = "../support/mod.rs"]
mod support;

mod archives;
mod concurrent;
mod crash;
mod faults;
mod slow;
mod soak;
mod story;
