//! What the server answers: the router, and an endpoint for each protocol. Connections, TLS and bounds are `net`'s.

mod auth;
mod context;
mod dav;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod health;
mod links;
mod mounts;
mod nextcloud;
mod page;
pub mod protocol;
mod recent_spaces;
mod reply;
mod resumable;
mod router;

pub use health::{Health, HealthState, KnownTroubles, health_response};
pub use router::Router;
