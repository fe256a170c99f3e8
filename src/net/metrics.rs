//! Counters for Prometheus.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the duration buckets in seconds: a cached PROPFIND to an upload of an hour.
const DURATION_BUCKETS: [f64; 12] =
    [0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0, 300.0, 1_200.0, 3_600.0];

type Labels = [(&'static str, &'static str); 2];

/// All metrics of the process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<Labels, Counter>,
    pub(super) in_flight: Gauge,
    pub(super) bytes_in: Counter<u64, AtomicU64>,
    pub(super) bytes_out: Counter<u64, AtomicU64>,
    pub(super) connections: Gauge,
    pub(super) accepted: Counter,
    refused: Family<[(&'static str, &'static str); 1], Counter>,
    durations: Histogram,
}

/// Why a connection was closed before a request was served, or in place of serving it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    Full,
    ClientFull,
    Handshake,
    Overdue,
}

impl Metrics {
    /// A registry with the metrics of the network layer.
    pub fn new() -> Self {
        let metrics = Self {
            registry: Arc::new(Mutex::new(Registry::with_prefix("tresor"))),
            requests: Family::default(),
            in_flight: Gauge::default(),
            bytes_in: Counter::default(),
            bytes_out: Counter::default(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            refused: Family::default(),
            durations: Histogram::new(DURATION_BUCKETS),
        };
        let own = metrics.clone();
        metrics.register(|registry| {
            registry.register("http_requests", "Answered requests", own.requests);
            registry.register("http_in_flight", "Requests being answered", own.in_flight);
            registry.register("http_received_bytes", "Request body bytes", own.bytes_in);
            registry.register("http_sent_bytes", "Answer body bytes", own.bytes_out);
            registry.register("http_connections", "Open connections", own.connections);
            registry.register("http_accepted", "Accepted connections", own.accepted);
            registry.register("http_refused", "Connections closed by a limit, by reason", own.refused);
            registry.register(
                "http_duration_seconds",
                "Time from a request's head to the end of its answer",
                own.durations,
            );
        });
        metrics
    }

    /// Lets another room add its own counters and gauges; names get the prefix `tresor_`.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        // A panic in `add` at worst leaves one metric out.
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// All metrics in the `OpenMetrics` text format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("writing to a String does not fail");
        text
    }

    pub(super) fn answered(&self, method: &Method, status: StatusCode, took: Duration) {
        let labels = [("method", method_label(method)), ("status", class(status))];
        self.requests.get_or_create(&labels).inc();
        self.durations.observe(took.as_secs_f64());
    }

    pub(super) fn refuse(&self, reason: Refusal) {
        let reason = match reason {
            Refusal::Full => "full",
            Refusal::ClientFull => "client_full",
            Refusal::Handshake => "handshake",
            Refusal::Overdue => "overdue",
        };
        self.refused.get_or_create(&[("reason", reason)]).inc();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Clients choose the method, so unknown ones share a label.
pub(super) fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 17] = [
        "GET",
        "HEAD",
        "PUT",
        "POST",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "PROPFIND",
        "PROPPATCH",
        "MKCOL",
        "MOVE",
        "COPY",
        "LOCK",
        "UNLOCK",
        "REPORT",
        "SEARCH",
        "TRACE",
    ];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_methods_share_one_label() {
        let metrics = Metrics::new();
        for method in ["GET", "FOO", "BAR"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            metrics.answered(&method, StatusCode::OK, Duration::from_millis(3));
        }
        let gauge: Gauge = Gauge::default();
        gauge.set(7);
        metrics.register(|registry| registry.register("disk_free", "Free", gauge));
        let text = metrics.encode();
        let expected = [
            "tresor_http_requests_total{method=\"GET\",status=\"2xx\"} 1",
            "tresor_http_requests_total{method=\"other\",status=\"2xx\"} 2",
            "tresor_disk_free 7",
        ];
        for line in expected {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("FOO"));
    }
}
