//! The answer to `GET /health`: the state of the server as a whole.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

use crate::library::ReadOnlyCause;
use crate::model::Timestamp;
use crate::net::{ResponseBody, Tls, Validity};

/// Present state of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Opening the data directory.
    Starting,
    /// Waiting for the passphrase; answers only `/health` and the pages' stylesheet.
    Locked,
    /// Files can be read and changed.
    Serving,
    /// Files can be read but not changed.
    ReadOnly(ReadOnlyCause),
    /// Finishing requests in flight.
    Stopping,
}

impl Health {
    const ALL: [Self; 7] = [
        Self::Starting,
        Self::Locked,
        Self::Serving,
        Self::ReadOnly(ReadOnlyCause::DiskFull),
        Self::ReadOnly(ReadOnlyCause::DiskFailed),
        Self::ReadOnly(ReadOnlyCause::FileSystemReadOnly),
        Self::Stopping,
    ];

    /// The word in the JSON body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Locked => "locked",
            Self::Serving => "serving",
            Self::ReadOnly(_) => "read-only",
            Self::Stopping => "stopping",
        }
    }
}

/// The present [`Health`], shared by the code that changes it and the code that shows it.
#[derive(Clone, Debug)]
pub struct HealthState(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: AtomicUsize,
    /// Set if a certificate is in use.
    tls: OnceLock<Arc<Tls>>,
}

impl HealthState {
    /// Starts as [`Health::Starting`].
    pub fn new() -> Self {
        let state = Self(Arc::default());
        state.set(Health::Starting);
        state
    }

    /// The present state.
    pub fn current(&self) -> Health {
        // Only `set` stores positions, so the fallback is never reached.
        *Health::ALL.get(self.0.state.load(Ordering::Relaxed)).unwrap_or(&Health::Starting)
    }

    /// Reports from now on how long the certificate of `tls` is valid. Only the first call has an effect.
    pub fn watch_certificate(&self, tls: &Arc<Tls>) {
        let _ = self.0.tls.set(Arc::clone(tls));
    }

    /// Validity of the certificate at `now`.
    pub fn certificate(&self, now: Timestamp) -> Validity {
        self.0.tls.get().map_or(Validity::Valid, |tls| tls.validity(now))
    }

    /// SHA-256 of the certificate in use, if this server issued it itself; `None` for one of the office, and behind a proxy.
    pub fn own_certificate(&self) -> Option<String> {
        let tls = self.0.tls.get()?;
        tls.is_self_issued().then(|| tls.fingerprint())
    }

    /// That certificate as PEM.
    pub fn own_certificate_pem(&self) -> Option<String> {
        self.0.tls.get().filter(|tls| tls.is_self_issued())?.certificate_pem()
    }

    /// Replaces the state.
    pub fn set(&self, health: Health) {
        let position = Health::ALL.iter().position(|known| *known == health).unwrap_or_default();
        self.0.state.store(position, Ordering::Relaxed);
    }
}

impl Default for HealthState {
    fn default() -> Self {
        Self::new()
    }
}

/// Present faults, as far as an open server knows them; `None` means unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownTroubles {
    /// Number of containers that differ from the committed ones.
    pub containers: Option<u64>,
    /// Whether a page of the catalogue differs from the written one.
    pub is_catalogue_damaged: Option<bool>,
    /// Whether the wall clock jumped, so that nothing is removed permanently by its time.
    pub is_clock_in_doubt: Option<bool>,
}

/// The answer to `GET /health`, never cached: 200 while files can be read, else 503. A read-only server answers
/// 200, because a proxy that took it out of service would also cut off reading. Monitoring should alert on `status`
/// or the gauge `tresor_read_only`; on known damage, which affects single files, or the gauge
/// `tresor_damaged_containers`; and on `certificate`, which is present if it expires within two weeks or has
/// expired.
pub fn health_response(
    health: Health,
    troubles: KnownTroubles,
    certificate: Validity,
) -> Response<ResponseBody> {
    let mut reason = match health {
        Health::ReadOnly(cause) => format!("\"reason\":\"{}\",", cause.as_str()),
        _ => String::new(),
    };
    if let Some(count) = troubles.containers {
        let _ = write!(reason, "\"damaged_containers\":{count},");
    }
    if let Some(is_damaged) = troubles.is_catalogue_damaged {
        let _ = write!(reason, "\"catalogue_damaged\":{is_damaged},");
    }
    if let Some(is_in_doubt) = troubles.is_clock_in_doubt {
        let _ = write!(reason, "\"clock_in_doubt\":{is_in_doubt},");
    }
    match certificate {
        Validity::Valid => {}
        Validity::ExpiresSoon => reason.push_str("\"certificate\":\"expires-soon\","),
        Validity::Expired => reason.push_str("\"certificate\":\"expired\","),
    }
    let (status, version) = (health.as_str(), env!("CARGO_PKG_VERSION"));
    let body = format!("{{\"status\":\"{status}\",{reason}\"version\":\"{version}\"}}\n");
    let mut response = Response::new(ResponseBody::full(Bytes::from(body)));
    if !matches!(health, Health::Serving | Health::ReadOnly(_)) {
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
    fn a_server_that_serves_files_is_healthy() {
        let state = HealthState::new();
        assert_eq!(state.current(), Health::Starting);
        for health in Health::ALL {
            state.set(health);
            assert_eq!(state.current(), health);
            let yes = Some(true);
            let troubles =
                KnownTroubles { containers: Some(3), is_catalogue_damaged: yes, is_clock_in_doubt: yes };
            let ok = health_response(health, troubles, Validity::Expired).status() == StatusCode::OK;
            let serves = matches!(health, Health::Serving | Health::ReadOnly(_));
            assert_eq!(ok, serves, "{health:?}");
        }
    }
}
