//! Why a configuration is refused.

use std::net::SocketAddr;

use crate::net::LimitsError;

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}")]
    Unreadable {
        /// Path of the file.
        path: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The file cannot be parsed; the text names line and key.
    #[error("the configuration {path} is not understood: {reason}")]
    Syntax {
        /// Path of the file.
        path: String,
        /// Line, column and key.
        reason: String,
    },
    /// One of two keys that belong together is missing.
    #[error("tls.certificate and tls.key belong together: give both or neither")]
    HalfTls,
    /// A certificate for a listener without TLS.
    #[error("plain_http and [tls] exclude each other")]
    PlainTls,
    /// Plain HTTP on an address that other machines can reach.
    #[error("plain HTTP is for loopback addresses only; {listen} can be reached from other machines")]
    PlainPublic {
        /// The configured address.
        listen: SocketAddr,
    },
    /// Metrics on an address that other machines can reach.
    #[error("metrics_listen must be a loopback address, {listen} can be reached from other machines")]
    PublicMetrics {
        /// The configured address.
        listen: SocketAddr,
    },
    /// The schedule of verification is out of range.
    #[error("[scrub] {key} is {value}; it must be {allowed}")]
    Scrub {
        /// Name of the key.
        key: &'static str,
        /// The given value.
        value: u64,
        /// The allowed values.
        allowed: &'static str,
    },
    /// A number of `[snapshots]` is out of range.
    #[error("[snapshots] {key} must lie between {least} and {most}")]
    Snapshots {
        /// Name of the key.
        key: &'static str,
        /// Smallest allowed value.
        least: u32,
        /// Largest allowed value.
        most: u32,
    },
    /// No request can ask for this host.
    #[error("hosts: '{host}' matches no request; {advice}")]
    Host {
        /// The host as configured.
        host: String,
        /// A correction to suggest.
        advice: &'static str,
    },
    /// A filter that would silence the log by mistake.
    #[error(
        "log.level: '{directive}' is no level; use error, warn, info, debug or trace, or a filter such as tresor=debug"
    )]
    LogLevel {
        /// The part of the filter that is not a level.
        directive: String,
    },
    /// A number of `[events]` is out of range.
    #[error("[events] keep_days must lie between 1 and 36500")]
    Events,
    /// A folder for the signatures of no scanner, or one that depends on where the server is started.
    #[error("[intake] {0}")]
    Intake(&'static str),
    /// A setting of `[mail]` that cannot work.
    #[error("[mail] {0}")]
    Mail(&'static str),
    /// The address of the pages is none.
    #[error("public_url must be an address such as https://files.example.org, without a path")]
    PublicUrl,
    /// A limit is out of range.
    #[error("[limits] {0}")]
    Limits(#[from] LimitsError),
}
