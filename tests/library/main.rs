//! The use cases on files, against the real vault and catalogue in a temporary directory.
//!
//! Nearly every test ends with [`store::Store::check`], which compares catalogue and disk as a whole.

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

mod catalog;
mod clock;
mod damage;
mod departures;
mod disk_errors;
mod events;
mod history;
mod hooked;
mod listing;
mod locks;
mod model;
mod object_store;
mod put;
mod quota;
mod random;
mod recovery_key;
mod schedules;
mod spaces;
mod store;
mod swept;
mod transfer;
mod trash;
mod upkeep;
mod uploads;
mod versions;
