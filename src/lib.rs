//! Tresor: a self-hosted, encrypted file-exchange server.
//!
//! `ARCHITECTURE.md` shows the rooms and the path of a request; each room's module says what it owns.

pub mod accounts;
pub mod admin;
pub mod app;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod convert;
pub mod http;
pub mod inspect;
pub mod intake;
pub mod library;
pub mod lmtp;
pub mod model;
pub mod net;
pub mod notices;
#[doc(hidden)]
pub mod parsers;
pub mod print;
pub mod proof;
pub mod recovery;
pub mod scan;
pub mod sharing;
pub mod text;
pub mod uploads;
pub mod vault;
