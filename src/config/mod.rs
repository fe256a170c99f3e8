//! Turns the configuration file and the command line into checked settings.
//!
//! Raw values come from TOML with unknown keys refused; the rest of the program sees checked values only. Every
//! error names the key. A configuration never contains secrets, only paths of files.

//!
//! ```text
//! address    addresses under which the server is reached
//! engines    scanners besides ClamAV's daemon
//! intake     contents from outside
//! log        the log
//! mail       mails to people
//! schedule   what the server does by itself, and how long it keeps what
//! error      why a configuration is refused
//! ```

mod address;
mod engines;
mod error;
mod intake;
mod log;
mod mail;
mod schedule;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use address::{check_host, public_url};
use log::check_level;

pub use engines::{FurtherEngine, RawEngine};
pub use error::ConfigError;
pub use intake::{
    ClamdAt, ClamdSettings, Conversion, MAX_CONVERTERS, Mail, RawIntake, RescanSchedule, Scanners, Switch,
    Watch,
};
pub use log::{DEFAULT_LOG_LEVEL, LogFormat, RawLog};
pub use mail::{Outgoing, RawMail, TlsMode};
pub use schedule::{RawEvents, RawSnapshots, Scrub, SnapshotSchedule};

use crate::model::NamePolicy;
use crate::net::{AllowedHosts, ForwardedHeader, IpNetwork, Limits, ProxyTrust, WebOrigin};

/// Default listening address: reachable from this machine only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// The configuration file as written. Keys that `tresor serve --help` shows can also be given on the command line,
/// which takes precedence.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    /// Address and port to listen on.
    pub listen: Option<SocketAddr>,
    /// Serve plain HTTP on `listen`; loopback only.
    pub plain_http: bool,
    /// Loopback address for plain HTTP in addition to TLS, for a reverse proxy or monitoring on this machine.
    pub plain_listen: Option<SocketAddr>,
    /// Host names and addresses that clients use; others are refused with 421. Empty: any.
    pub hosts: Vec<String>,
    /// The address under which people open the pages, for mails and links: `https://files.example.org`.
    pub public_url: Option<String>,
    /// Networks of reverse proxies that are trusted to report the client's address.
    pub trusted_proxies: Vec<IpNetwork>,
    /// The header that those proxies set.
    pub proxy_header: Option<ForwardedHeader>,
    /// Sites whose web pages may upload at `/tus` and `/uploads`, such as `https://app.example`. Empty: none.
    pub cors_origins: Vec<WebOrigin>,
    /// Refuse names that Windows cannot display.
    pub portable_names: bool,
    /// Let users of the role `client` make public links.
    pub client_links: bool,
    /// Loopback address for Prometheus metrics; without it there are none.
    pub metrics_listen: Option<SocketAddr>,
    /// The office's own certificate.
    pub tls: RawTls,
    /// Level and format of the log.
    pub log: RawLog,
    /// Schedule for verifying all stored data.
    pub scrub: Scrub,
    /// Schedule for snapshots of the catalogue.
    pub snapshots: RawSnapshots,
    /// How long events are kept.
    pub events: RawEvents,
    /// The treatment of contents from outside.
    pub intake: RawIntake,
    /// The mail server for notices to people.
    pub mail: RawMail,
    /// Limits of the network layer.
    pub limits: Limits,
}

/// A certificate to use instead of the self-signed one; read again when the files change.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawTls {
    /// PEM file with the chain.
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key.
    pub key: Option<PathBuf>,
}

/// The checked settings of the server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory.
    pub data: PathBuf,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// TLS or plain HTTP.
    pub transport: Transport,
    /// Address of the pages for people, without a slash at its end; `None` if it follows from the others.
    pub public_url: Option<String>,
    /// Host names that clients may ask for.
    pub hosts: Vec<String>,
    /// Reverse proxies that are trusted.
    pub trust: ProxyTrust,
    /// Sites whose web pages may upload.
    pub cors_origins: Vec<WebOrigin>,
    /// Which file names are accepted.
    pub names: NamePolicy,
    /// Whether users of the role `client` may make links.
    pub client_links: bool,
    /// Address for plain HTTP in addition to TLS.
    pub plain_listen: Option<SocketAddr>,
    /// Address for metrics.
    pub metrics_listen: Option<SocketAddr>,
    /// Schedule for verifying all stored data.
    pub scrub: Scrub,
    /// Schedule for snapshots of the catalogue.
    pub snapshots: SnapshotSchedule,
    /// How long events are kept.
    pub events_kept_for: Duration,
    /// The scanners for contents; without one nothing is scanned.
    pub scanners: Option<Scanners>,
    /// Time for which a space holds arriving contents, unless it has its own.
    pub hold: Duration,
    /// Whether office documents become PDFs.
    pub converter: Conversion,
    /// Documents that become PDFs at the same time.
    pub converters: usize,
    /// When everything stored is scanned again; `None` for never.
    pub rescan: Option<RescanSchedule>,
    /// The folder from which files are taken.
    pub watch: Option<Watch>,
    /// Mail from the office's mail server; `None` if it takes none.
    pub mail: Option<Mail>,
    /// Mails for a space within an hour.
    pub mails_per_hour: u32,
    /// The mail server for notices to people; `None` if there are no notices.
    pub notices: Option<Outgoing>,
    /// Limits of the network layer.
    pub limits: Limits,
}

/// How clients reach the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP on loopback.
    Plain,
    /// TLS with the instance's self-signed certificate.
    SelfSigned,
    /// TLS with certificate files of the office.
    Files {
        /// PEM file with the chain.
        certificate: PathBuf,
        /// PEM file with the private key.
        key: PathBuf,
    },
}

impl RawConfig {
    /// Reads a TOML file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: shown.clone(), source })?;
        toml::from_str(&text).map_err(|error| ConfigError::Syntax { path: shown, reason: error.to_string() })
    }

    /// Fills in the defaults of missing keys.
    #[must_use]
    pub fn with_defaults(mut self) -> Self {
        self.listen.get_or_insert(DEFAULT_LISTEN);
        self.proxy_header.get_or_insert_default();
        self.log.level.get_or_insert_with(|| DEFAULT_LOG_LEVEL.to_owned());
        self
    }

    /// Checks rules that involve several keys.
    pub fn check(self, data: PathBuf) -> Result<Config, ConfigError> {
        let listen = self.listen.unwrap_or(DEFAULT_LISTEN);
        let transport = match (self.tls.certificate, self.tls.key) {
            (Some(_), Some(_)) if self.plain_http => return Err(ConfigError::PlainTls),
            (Some(certificate), Some(key)) => Transport::Files { certificate, key },
            (None, None) if self.plain_http => Transport::Plain,
            (None, None) => Transport::SelfSigned,
            _ => return Err(ConfigError::HalfTls),
        };
        if transport == Transport::Plain && !listen.ip().to_canonical().is_loopback() {
            return Err(ConfigError::PlainPublic { listen });
        }
        if let Some(listen) = self.plain_listen.filter(|listen| !listen.ip().to_canonical().is_loopback()) {
            return Err(ConfigError::PlainPublic { listen });
        }
        if let Some(listen) = self.metrics_listen.filter(|listen| !listen.ip().to_canonical().is_loopback()) {
            return Err(ConfigError::PublicMetrics { listen });
        }
        self.hosts.iter().try_for_each(|host| check_host(host))?;
        check_level(self.log.level.as_deref().unwrap_or(DEFAULT_LOG_LEVEL))?;
        self.limits.check()?;
        self.scrub.check()?;
        let public_url = public_url(self.public_url)?;
        let mail = self.intake.mail().map_err(ConfigError::Intake)?;
        Ok(Config {
            watch: self.intake.watched(&data).map_err(ConfigError::Intake)?,
            mails_per_hour: self.intake.mails_per_hour,
            notices: self.mail.check(public_url.clone(), mail.is_some()).map_err(ConfigError::Mail)?,
            mail,
            public_url,
            data,
            listen,
            transport,
            hosts: self.hosts,
            trust: ProxyTrust {
                trusted_proxies: self.trusted_proxies,
                forwarded_header: self.proxy_header.unwrap_or_default(),
            },
            cors_origins: self.cors_origins,
            names: if self.portable_names { NamePolicy::Portable } else { NamePolicy::Any },
            client_links: self.client_links,
            plain_listen: self.plain_listen,
            metrics_listen: self.metrics_listen,
            scrub: self.scrub,
            snapshots: self.snapshots.check()?,
            events_kept_for: self.events.check()?,
            hold: self.intake.hold.0,
            converter: self.intake.converter.clone(),
            converters: self.intake.converters().map_err(ConfigError::Intake)?,
            rescan: self.intake.rescan().map_err(ConfigError::Intake)?,
            scanners: self.intake.scanners().map_err(ConfigError::Intake)?,
            limits: self.limits,
        })
    }
}

impl Config {
    /// The names with which the network layer compares `Host`.
    pub fn allowed_hosts(&self) -> AllowedHosts {
        AllowedHosts::new(self.hosts.iter().cloned())
    }
}

#[cfg(test)]
mod tests;
