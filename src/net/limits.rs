//! Every bound of the network layer, as named settings.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

/// Time for which the server goes on reading a body that it has refused. Closing at once would make the kernel send
/// a reset, and the client would lose the answer (RFC 9112 9.6).
pub(super) const LINGER: Duration = Duration::from_secs(3);

/// The bounds on connections, heads and bodies. Each field is a key of the `[limits]` table of the
/// configuration; a missing key keeps its default.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Seconds for a request head, from its first byte to its last; a fresh connection that sends
    /// nothing has the same time. 10.
    pub header_timeout_seconds: Seconds,
    /// Seconds for the TLS handshake. 10.
    pub tls_handshake_timeout_seconds: Seconds,
    /// Seconds that a connection may stay idle between two requests. Requests in flight do not count as idle,
    /// however long they take. 75.
    pub keep_alive_seconds: Seconds,
    /// Seconds for which a client may take no byte of a pending answer. 60.
    pub write_stall_seconds: Seconds,
    /// Seconds for which the server waits for the next byte of a request body; then 408. 60.
    pub read_stall_seconds: Seconds,
    /// Bytes per second that a request body must reach on average, over the time spent waiting for the client; below it
    /// 408, and 0 switches the check off. 1,024.
    pub min_body_bytes_per_second: u64,
    /// Seconds of waiting for the client before that average counts. 30.
    pub min_body_grace_seconds: Seconds,
    /// Bytes of a request head (request line and all fields); above it 431. At least 8,192; 32 KiB.
    pub max_header_bytes: u32,
    /// Fields in a request head; above it 431. 100.
    pub max_headers: usize,
    /// Bytes of the request target; above it 414. 8 KiB.
    pub max_uri_bytes: usize,
    /// Open connections in total; further ones are closed at once. 4,096.
    pub max_connections: usize,
    /// Open connections of one client, which is an IPv4 address or an IPv6 /64 network; trusted proxies are exempt. 1,024.
    pub max_connections_per_client: usize,
    /// Entries in one answer to PROPFIND with `Depth: infinity`; a larger tree gets 403, and clients then list one
    /// folder at a time. 100,000, some 50 MB and half a second of work.
    pub max_listing_entries: usize,
    /// Bytes of one answer to PROPFIND; a longer one is cut off, or with `Depth: infinity` marked as incomplete.
    /// Properties and locks set by clients may be larger than all names together. 1 GiB.
    pub max_listing_bytes: u64,
    /// Connections that the kernel queues for the server to accept. 1,024.
    pub accept_backlog: u32,
    /// Requests at once on one HTTP/2 connection. 128.
    pub h2_max_concurrent_streams: u32,
    /// Receive window of one HTTP/2 request body in bytes; below 4 MiB uploads over fast links slow down. 4 MiB.
    pub h2_stream_window_bytes: u32,
    /// Receive window of a whole HTTP/2 connection in bytes. 16 MiB.
    pub h2_connection_window_bytes: u32,
    /// Bytes of an answer held per HTTP/2 request while the client does not take them. 256 KiB.
    pub h2_send_buffer_bytes: usize,
    /// Seconds between HTTP/2 pings. 20.
    pub h2_ping_interval_seconds: Seconds,
    /// Seconds for the answer to a ping. 20.
    pub h2_ping_timeout_seconds: Seconds,
    /// Requests that an HTTP/2 client may open and reset before the server has handled them; one more ends the
    /// connection with GOAWAY. 20.
    pub h2_max_pending_resets: usize,
    /// Streams that the server resets because an HTTP/2 client broke the protocol. 256.
    pub h2_max_error_resets: usize,
    /// Seconds that requests in flight have to finish after the server is asked to stop. 30.
    pub shutdown_grace_seconds: Seconds,
}

/// A span of whole or fractional seconds, as written in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Seconds(pub Duration);

impl Seconds {
    const fn whole(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl Serialize for Seconds {
    /// Whole seconds as such.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

impl TryFrom<f64> for Seconds {
    type Error = &'static str;

    /// Takes 0.001 to 31,536,000 (a year).
    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        if (0.001..=31_536_000.0).contains(&seconds) {
            Ok(Self(Duration::from_secs_f64(seconds)))
        } else {
            Err("a span of seconds must be between 0.001 and 31536000")
        }
    }
}

/// A setting that is out of range for hyper or for this server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("limits.{key} must be {demand}")]
pub struct LimitsError {
    /// The offending key.
    pub key: &'static str,
    /// The allowed values.
    pub demand: &'static str,
}

impl Limits {
    /// Refuses values that would switch the server off or make hyper panic.
    pub fn check(&self) -> Result<(), LimitsError> {
        let demands = [
            ("max_header_bytes", "8192 to 1048576", (8192..=1 << 20).contains(&self.max_header_bytes)),
            ("max_headers", "1 to 1000", (1..=1000).contains(&self.max_headers)),
            ("max_uri_bytes", "64 to 65534", (64..=65534).contains(&self.max_uri_bytes)),
            ("max_connections", "at least 1", self.max_connections >= 1),
            ("max_connections_per_client", "at least 1", self.max_connections_per_client >= 1),
            ("max_listing_entries", "at least 1", self.max_listing_entries >= 1),
            ("max_listing_bytes", "at least 1", self.max_listing_bytes >= 1),
            ("accept_backlog", "at least 1", self.accept_backlog >= 1),
            ("h2_max_concurrent_streams", "at least 1", self.h2_max_concurrent_streams >= 1),
            (
                "h2_stream_window_bytes",
                "65535 to 1073741824",
                (65535..=1 << 30).contains(&self.h2_stream_window_bytes),
            ),
            (
                "h2_connection_window_bytes",
                "65535 to 1073741824",
                (65535..=1 << 30).contains(&self.h2_connection_window_bytes),
            ),
            (
                "h2_send_buffer_bytes",
                "16384 to 67108864",
                (16384..=1 << 26).contains(&self.h2_send_buffer_bytes),
            ),
        ];
        match demands.iter().find(|(_, _, holds)| !holds) {
            Some((key, demand, _)) => Err(LimitsError { key, demand }),
            None => Ok(()),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout_seconds: Seconds::whole(10),
            tls_handshake_timeout_seconds: Seconds::whole(10),
            keep_alive_seconds: Seconds::whole(75),
            write_stall_seconds: Seconds::whole(60),
            read_stall_seconds: Seconds::whole(60),
            min_body_bytes_per_second: 1024,
            min_body_grace_seconds: Seconds::whole(30),
            max_header_bytes: 32 << 10,
            max_headers: 100,
            max_uri_bytes: 8 << 10,
            max_connections: 4096,
            max_connections_per_client: 1024,
            max_listing_entries: 100_000,
            max_listing_bytes: 1 << 30,
            accept_backlog: 1024,
            h2_max_concurrent_streams: 128,
            h2_stream_window_bytes: 4 << 20,
            h2_connection_window_bytes: 16 << 20,
            h2_send_buffer_bytes: 256 << 10,
            h2_ping_interval_seconds: Seconds::whole(20),
            h2_ping_timeout_seconds: Seconds::whole(20),
            h2_max_pending_resets: 20,
            h2_max_error_resets: 256,
            shutdown_grace_seconds: Seconds::whole(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_pass_their_own_check() {
        assert_eq!(Limits::default().check(), Ok(()));
        assert_eq!(toml::from_str::<Limits>("").unwrap(), Limits::default());
    }

    #[test]
    fn unknown_keys_and_absurd_spans_are_refused() {
        assert!(toml::from_str::<Limits>("header_timeout = 3").is_err());
        for span in ["0", "-1", "1e300", "nan", "inf"] {
            let text = format!("keep_alive_seconds = {span}");
            assert!(toml::from_str::<Limits>(&text).is_err(), "{span}");
        }
        let quick: Limits = toml::from_str("header_timeout_seconds = 0.2").unwrap();
        assert_eq!(quick.header_timeout_seconds.0, Duration::from_millis(200));
        let small: Limits = toml::from_str("max_header_bytes = 100").unwrap();
        assert_eq!(small.check().unwrap_err().key, "max_header_bytes");
    }
}
