//! The whole program over the network, as clients and attackers see it: rights, what bad
//! input gets, what WebDAV promises, down to the status.
//!
//! `cargo test --test product http::rights` runs one module. Requests are raw, so that a test sends exactly
//! what it says; real clients are in `clients`.

mod account;
mod administration;
mod api;
mod archives;
mod asked_accounts;
mod asking;
mod bad_input;
mod checking;
mod conditions;
mod devices;
pub(crate) mod downloads;
mod etags;
pub(crate) mod files;
mod fixture;
pub(crate) mod hand_in;
mod handouts;
mod hostile;
mod judging;
mod links;
mod locks;
mod login_flow;
mod my_links;
mod names;
mod network;
mod ocs;
mod office;
mod pages;
mod passkeys;
mod properties;
mod public;
mod ranges;
mod reads;
mod receipts;
pub(crate) mod requests;
mod rights;
mod saving;
mod screen_lock;
mod search;
mod sending;
mod sessions;
mod throttle;
mod transfer;
mod uploads;
mod viewing;
mod withheld;
