//! What `GET /health` tells about the server as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

use super::response_body::ResponseBody;

/// What the server is able to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Opening the data directory.
    Starting,
    /// Waiting for the passphrase; nothing but `/health` is answered.
    Locked,
    /// All is well.
    Serving,
    /// Files can be read but not changed: the disk failed or is full.
    ReadOnly,
    /// Finishing requests in flight.
    Stopping,
}

impl Health {
    const ALL: [Self; 5] = [Self::Starting, Self::Locked, Self::Serving, Self::ReadOnly, Self::Stopping];

    /// The word in the JSON body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Locked => "locked",
            Self::Serving => "serving",
            Self::ReadOnly => "read-only",
            Self::Stopping => "stopping",
        }
    }
}

/// The present [`Health`], shared by all who change or show it.
#[derive(Clone, Debug)]
pub struct HealthState(Arc<AtomicU8>);

impl HealthState {
    /// Begins as [`Health::Starting`].
    pub fn new() -> Self {
        Self(Arc::new(AtomicU8::new(Health::Starting as u8)))
    }

    /// The present state.
    pub fn current(&self) -> Health {
        let number = usize::from(self.0.load(Ordering::Relaxed));
        // Only `set` stores numbers, so the fallback is never reached.
        *Health::ALL.get(number).unwrap_or(&Health::Starting)
    }

    /// Replaces the state.
    pub fn set(&self, health: Health) {
        self.0.store(health as u8, Ordering::Relaxed);
    }
}

impl Default for HealthState {
    fn default() -> Self {
        Self::new()
    }
}

/// The answer to `GET /health`: 200 while serving, 503 else, and never cached.
pub fn health_response(state: &HealthState) -> Response<ResponseBody> {
    let health = state.current();
    let body =
        format!("{{\"status\":\"{}\",\"version\":\"{}\"}}\n", health.as_str(), env!("CARGO_PKG_VERSION"));
    let mut response = Response::new(ResponseBody::full(Bytes::from(body)));
    if health != Health::Serving {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_serving_server_is_healthy() {
        let state = HealthState::new();
        assert_eq!(state.current(), Health::Starting);
        for health in Health::ALL {
            state.set(health);
            assert_eq!(state.current(), health);
            let ok = health_response(&state).status() == StatusCode::OK;
            assert_eq!(ok, health == Health::Serving, "{health:?}");
        }
    }
}
