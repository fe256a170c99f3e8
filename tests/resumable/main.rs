//! Uploads that are resumed, against the real server: the protocol to the letter, crashes, lost lines, and
//! clients that people use.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod broken;
mod clients;
mod concatenation;
mod draft;
mod draft_broken;
mod ietf;
mod kills;
mod protocol;
mod races;
mod raw;
mod refused;
mod tus;
mod web;
