//! What the server answers: the router, and an endpoint for each protocol. Connections, TLS and bounds are `net`'s.

mod auth;
pub mod dav;
mod error;
mod error_page;
mod folder;
mod form;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod health;
mod language;
mod links;
pub mod nextcloud;
mod page;
pub mod protocol;
mod reply;
pub mod resumable;
mod router;

pub use health::{Health, HealthState, KnownTroubles, health_response};
pub use router::Router;
