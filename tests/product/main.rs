//! What the product promises: the use cases, the protocols, real clients, the commands, recovery and rebuild.
//!
//! `cargo test --test product clients::rclone` runs one module. The tests share this process and run at the same
//! time: a test that counts or changes something of its process does so in a child process of its own.

#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod cli;
mod clients;
mod conformance;
mod convert;
mod damage;
mod fuzz_seeds;
mod http;
mod inspect;
mod intake;
mod library;
mod network;
mod nextcloud;
mod notices;
mod rebuild;
mod recovery;
mod resumable;
mod scan;
mod sharing;
mod start;
mod systemd;
mod web;
