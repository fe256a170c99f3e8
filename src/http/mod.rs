//! The HTTP server: the router, and an endpoint for each protocol. Connections, TLS and limits belong to `net`.

mod account;
mod api;
mod archive;
mod archive_limits;
pub(crate) mod auth;
mod context;
mod cookies;
mod dav;
mod desk;
mod error;
mod files;
mod health;
mod holding;
mod links;
mod mounts;
mod my_links;
pub(crate) mod nextcloud;
mod office;
pub(crate) mod page;
pub mod protocol;
mod reach;
mod reader;
mod recent_spaces;
mod refusal;
mod reply;
mod requests;
pub(crate) mod resumable;
mod router;
mod sending;
mod session;
mod signin;
mod source;
mod whole;

pub use health::{Health, HealthState, KnownTroubles, health_response};
pub use router::{Rooms, Router};
