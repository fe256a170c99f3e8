//! The network: what comes in, what goes out.

mod health;
mod response_body;

pub use health::{Health, HealthState, health_response};
pub use response_body::{BodySender, ReceiverGone, ResponseBody};
