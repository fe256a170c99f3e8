//! Uploads that are resumed, against the real server: the protocol to the letter, crashes, lost lines, and
//! clients that people use.

mod bounds;
mod broken;
mod clients;
mod concatenation;
mod draft;
mod draft_broken;
pub(crate) mod ietf;
mod kills;
mod protocol;
mod races;
pub(crate) mod raw;
mod refused;
pub(crate) mod tus;
mod web;
