//! Faults of the system: a server that is killed before any of its system calls, errors in any of them,
//! power cuts that tear what was not yet synced, disks that are full or read-only, lack of descriptors.
//!
//! After each, an [`inspect::inspect`] opens what is left and compares all of it with what there may be.

#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

#[path = "../support/mod.rs"]
mod support;

mod descriptors;
mod errors;
mod full_disk;
mod injection;
mod inspect;
mod kill;
mod office;
mod operations;
mod power;
