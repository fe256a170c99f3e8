//! Uploads that are resumed, against the real server: the protocol to the letter, crashes, lost lines, and
//! clients that people use.

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
