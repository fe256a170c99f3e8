//! Turns the configuration file and the command line into checked settings.
//!
//! Raw values come from TOML with unknown keys refused; the rest of the program sees checked values only. Every
//! error names the key. A configuration never contains secrets, only paths of files.

mod engines;
mod intake;
mod mail;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use engines::{FurtherEngine, RawEngine};
pub use intake::{
    ClamdAt, ClamdSettings, Conversion, MAX_CONVERTERS, Mail, RawIntake, RescanSchedule, Scanners, Switch,
    Watch,
};
pub use mail::{Outgoing, RawMail, TlsMode};

use crate::model::NamePolicy;
use crate::net::{AllowedHosts, ForwardedHeader, IpNetwork, Limits, LimitsError, ProxyTrust, WebOrigin};

/// Default listening address: reachable from this machine only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// Default log level.
pub const DEFAULT_LOG_LEVEL: &str = "info";

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
    /// What happens to contents that come from outside.
    pub intake: RawIntake,
    /// The mail server by which people are told what happened.
    pub mail: RawMail,
    /// Limits of the network layer.
    pub limits: Limits,
}

/// How long events are kept.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawEvents {
    /// Days for which an event is kept: 1 to 36,500.
    pub keep_days: u32,
}

impl Default for RawEvents {
    fn default() -> Self {
        Self { keep_days: 400 }
    }
}

impl RawEvents {
    fn check(self) -> Result<Duration, ConfigError> {
        match self.keep_days {
            days @ 1..=36_500 => Ok(Duration::from_hours(24 * u64::from(days))),
            _ => Err(ConfigError::Events),
        }
    }
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

/// Level and format of the log.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLog {
    /// Text for people or JSON for machines.
    pub format: LogFormat,
    /// A filter such as `info` or `tresor=debug`; default `info`.
    pub level: Option<String>,
}

/// When and how fast the server verifies all stored data by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scrub {
    /// Days from the end of one verification to the start of the next, up to 3,650; 0 for never.
    pub every_days: u32,
    /// Most bytes read per second; at least 65,536.
    pub bytes_per_second: u64,
}

impl Default for Scrub {
    fn default() -> Self {
        Self { every_days: 30, bytes_per_second: 20 << 20 }
    }
}

impl Scrub {
    fn check(self) -> Result<(), ConfigError> {
        if self.every_days > 3_650 {
            let (key, value) = ("every_days", u64::from(self.every_days));
            return Err(ConfigError::Scrub { key, value, allowed: "0 (never) to 3650" });
        }
        if self.bytes_per_second < 65_536 {
            let (key, value) = ("bytes_per_second", self.bytes_per_second);
            return Err(ConfigError::Scrub { key, value, allowed: "at least 65536" });
        }
        Ok(())
    }
}

/// Sealed snapshots of the catalogue.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSnapshots {
    /// Hours between two snapshots, up to a year; 0 makes them on request only.
    pub every_hours: u32,
    /// Number of newest snapshots that are kept; at least 1.
    pub keep: u32,
}

impl Default for RawSnapshots {
    fn default() -> Self {
        Self { every_hours: 24, keep: 14 }
    }
}

/// When snapshots are made and how many are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSchedule {
    /// Time between two snapshots; `None` makes them on request only.
    pub every: Option<Duration>,
    /// Number of newest snapshots that are kept.
    pub keep: usize,
}

impl RawSnapshots {
    fn check(self) -> Result<SnapshotSchedule, ConfigError> {
        /// Longest time between two snapshots, in hours.
        const YEAR_HOURS: u32 = 8_784;
        /// Most snapshots that may be kept.
        const MOST_KEPT: u32 = 10_000;
        if self.every_hours > YEAR_HOURS {
            return Err(ConfigError::Snapshots { key: "every_hours", least: 0, most: YEAR_HOURS });
        }
        if !(1..=MOST_KEPT).contains(&self.keep) {
            return Err(ConfigError::Snapshots { key: "keep", least: 1, most: MOST_KEPT });
        }
        let every = (self.every_hours > 0).then(|| Duration::from_hours(self.every_hours.into()));
        Ok(SnapshotSchedule { every, keep: self.keep as usize })
    }
}

/// Format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line per event.
    #[default]
    Text,
    /// One JSON object per event.
    Json,
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
    /// Time for which a space holds what arrives, unless it has its own.
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
    /// The mail server by which people are told what happened; `None` if they are not.
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
        Ok(Config {
            watch: self.intake.watched(&data).map_err(ConfigError::Intake)?,
            mail: self.intake.mail().map_err(ConfigError::Intake)?,
            mails_per_hour: self.intake.mails_per_hour,
            notices: self.mail.check(public_url.clone()).map_err(ConfigError::Mail)?,
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

/// The address of the pages, without a slash at its end; plain HTTP on this machine only.
fn public_url(text: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim_end_matches('/').to_owned();
    let uri: http::Uri = text.parse().map_err(|_| ConfigError::PublicUrl)?;
    let host = uri.host().unwrap_or_default();
    let is_here = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    let is_safe = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_here,
        _ => false,
    };
    let is_bare = uri.path() == "/" && uri.query().is_none() && !text.contains('@');
    if is_safe && is_bare && !host.is_empty() { Ok(Some(text)) } else { Err(ConfigError::PublicUrl) }
}

/// Refuses a host that no request can have.
fn check_host(host: &str) -> Result<(), ConfigError> {
    let refuse = |advice| Err(ConfigError::Host { host: host.to_owned(), advice });
    if host.is_empty() || host.contains(char::is_whitespace) {
        return refuse("write one name, such as files.example.org");
    }
    if host.contains('/') {
        return refuse("write the name alone, without https:// and path");
    }
    if host.contains('*') {
        return refuse("write out each name; there are no patterns");
    }
    if !host.is_ascii() {
        return refuse("write the name as it is sent, in Punycode (xn--…)");
    }
    if host.ends_with('.') {
        return refuse("leave the dot at its end away");
    }
    if host.parse::<std::net::Ipv6Addr>().is_ok() {
        return refuse("write an IPv6 address in brackets, such as [::1]");
    }
    match host.parse::<http::uri::Authority>() {
        Ok(authority) if authority.host() == host => Ok(()),
        Ok(_) => refuse("write the name alone, without port and user name"),
        Err(_) => refuse("write a host name or an address"),
    }
}

/// Refuses a filter that would silence this program's log by mistake: a bare word that is not a level counts as the
/// name of a module, which does not exist.
fn check_level(filter: &str) -> Result<(), ConfigError> {
    let directives = || filter.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    let is_level = |word: &str| word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    let is_about_us = |directive: &str| match directive.split_once('=') {
        Some((target, level)) => is_level(level) && target.starts_with("tresor"),
        None => is_level(directive),
    };
    let is_understood = |directive: &str| match directive.split_once('=') {
        Some((_, level)) => is_level(level),
        None => is_level(directive),
    };
    let refuse = |directive: &str| Err(ConfigError::LogLevel { directive: directive.to_owned() });
    match directives().find(|directive| !is_understood(directive)) {
        Some(directive) => refuse(directive),
        None if directives().any(is_about_us) => Ok(()),
        None => refuse(filter),
    }
}

impl Config {
    /// The names with which the network layer compares `Host`.
    pub fn allowed_hosts(&self) -> AllowedHosts {
        AllowedHosts::new(self.hosts.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use super::*;

    fn check(text: &str) -> Result<Config, ConfigError> {
        let raw: RawConfig = toml::from_str(text)
            .map_err(|error| ConfigError::Syntax { path: String::new(), reason: error.to_string() })?;
        raw.check("data".into())
    }

    #[test]
    fn the_default_is_tls_on_loopback() {
        let config = check("").unwrap();
        assert_eq!((config.listen, config.transport), (DEFAULT_LISTEN, Transport::SelfSigned));
    }

    #[test]
    fn the_defaults_written_out_are_read_as_the_defaults() {
        let text = toml::to_string(&RawConfig::default().with_defaults()).unwrap();
        for line in ["listen = \"127.0.0.1:8443\"", "[limits]", "keep_alive_seconds = 75", "every_days = 30"]
        {
            assert!(text.contains(line), "{line}: {text}");
        }
        let again = toml::to_string(&toml::from_str::<RawConfig>(&text).unwrap()).unwrap();
        assert_eq!(again, text);
    }

    /// Every key of the reference exists and has the documented default, and none is missing from it.
    #[test]
    fn the_reference_names_every_key_with_its_default() {
        let (mut documented, mut defaults) = (BTreeSet::new(), String::new());
        let mut section = String::new();
        for line in include_str!("../docs/configuration.md").lines() {
            if let Some(name) = line.strip_prefix("## `[").and_then(|rest| rest.strip_suffix("]`")) {
                section = format!("{name}.");
                documented.insert(name.to_owned());
            }
            let mut cells = line.split(" | ");
            let key = cells.next().and_then(|cell| cell.strip_prefix("| `")?.strip_suffix('`'));
            let (Some(key), Some(default)) = (key, cells.next()) else { continue };
            documented.insert(format!("{section}{key}"));
            if default != "none" {
                writeln!(defaults, "{section}{key} = {}", default.trim_matches('`')).unwrap();
            }
        }
        let written_out = |raw: RawConfig| toml::to_string(&raw.with_defaults()).unwrap();
        let read: RawConfig = toml::from_str(&defaults).unwrap();
        assert_eq!(written_out(read), written_out(RawConfig::default()));

        // The parser's own error lists the known keys.
        let known = |section: &str| -> Vec<String> {
            let error = toml::from_str::<RawConfig>(&format!("{section}no_such_key = 1")).unwrap_err();
            let text = error.message().split_once("expected").unwrap().1.to_owned();
            let keys = text.split('`').skip(1).step_by(2);
            keys.map(|key| format!("{section}{key}")).collect()
        };
        let tables = ["", "tls.", "log.", "scrub.", "snapshots.", "events.", "intake.", "mail.", "limits."];
        let keys: BTreeSet<_> = tables.iter().flat_map(|table| known(table)).collect();
        assert_eq!(documented, keys);
    }

    /// A server with `--host files.example.org:8443` answered every request with 421; another, with the level
    /// `verbose`, logged nothing at all. `check-config` reported neither.
    #[test]
    fn usual_hosts_and_levels_are_fine() {
        for text in [
            "hosts = ['files.example.org', 'LOCALHOST', '192.0.2.1', '[::1]', 'xn--bro-hoa.example', 'a_b']",
            "[log]\nlevel = 'warn'",
            "[log]\nlevel = 'off'",
            "[log]\nlevel = 'INFO,hyper=debug'",
            "[log]\nlevel = 'tresor=debug'",
            "[log]\nlevel = 'tresor::http=trace, warn'",
        ] {
            check(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }

    #[test]
    fn converters_are_a_few_at_most() {
        let converters = |text: &str| check(text).unwrap().converters;
        assert!((1..=2).contains(&converters("")));
        for number in [1, MAX_CONVERTERS] {
            assert_eq!(converters(&format!("[intake]\nconverters = {number}")), number);
        }
    }

    /// The folder of a clamd elsewhere is not on this machine, even if one of the same name is.
    #[test]
    fn signatures_are_where_debian_keeps_them_unless_clamd_is_elsewhere() {
        let folder = |text: &str| check(text).unwrap().scanners.unwrap().clamd.unwrap().signatures;
        assert_eq!(folder("[intake]\nclamd = '/run/clamd'"), Some("/var/lib/clamav".into()));
        assert_eq!(folder("[intake]\nclamd = '/run/clamd'\nsignatures = '/a'"), Some("/a".into()));
        assert_eq!(folder("[intake]\nclamd = 'scanner:3310'"), None);
        assert_eq!(folder("[intake]\nclamd = 'scanner:3310'\nsignatures = '/a'"), Some("/a".into()));
        assert!(check("[intake]\nclamd = 'off'").unwrap().scanners.is_none());
    }

    #[test]
    fn the_watched_folder_and_the_data_lie_apart() {
        let here = std::env::current_dir().unwrap();
        for (folder, is_fine) in
            [("scans", true), ("data", false), ("data/scans", false), ("data2", true), ("", false)]
        {
            let text = format!("[intake]\nwatch = '{}'", here.join(folder).display());
            assert_eq!(check(&text).is_ok(), is_fine, "{folder}");
        }
        assert_eq!(
            check("[intake]\nwatch = '/srv/scans'").unwrap().watch.unwrap().settle,
            Duration::from_secs(10)
        );
    }

    #[test]
    fn every_mistake_is_named() {
        for (text, expected) in [
            ("lisen = '127.0.0.1:1'", "lisen"),
            ("listen = 'localhost'", "listen"),
            ("plain_http = true\nlisten = '0.0.0.0:80'", "loopback"),
            ("plain_listen = '192.0.2.1:80'", "loopback"),
            ("metrics_listen = '0.0.0.0:9'", "metrics_listen"),
            ("[tls]\ncertificate = 'a.pem'", "belong together"),
            ("plain_http = true\n[tls]\ncertificate = 'a'\nkey = 'b'", "exclude"),
            ("[limits]\nnonsense = 1", "nonsense"),
            ("[scrub]\nevery_days = -1", "every_days"),
            ("[scrub]\nevery_days = 3651", "every_days"),
            ("[scrub]\nbytes_per_second = 65535", "bytes_per_second"),
            ("[scrub]\nmonthly = true", "monthly"),
            ("trusted_proxies = ['10.0.0.0/99']", "10.0.0.0/99"),
            ("cors_origins = ['*']", "an origin is"),
            ("passphrase = 'secret'", "passphrase"),
            ("hosts = ['https://files.example.org']", "without https://"),
            ("hosts = ['files.example.org/dav']", "without https://"),
            ("hosts = ['files.example.org', 'files.example.org:8443']", "without port"),
            ("hosts = ['*.example.org']", "no patterns"),
            ("hosts = ['']", "write one name"),
            ("hosts = ['a b']", "write one name"),
            ("hosts = ['files.example.org.']", "the dot"),
            ("hosts = ['b\u{fc}ro.example']", "Punycode"),
            ("hosts = ['::1']", "[::1]"),
            ("[log]\nlevel = 'warnn'", "'warnn' is no level"),
            ("[log]\nlevel = 'verbose'", "'verbose' is no level"),
            ("[log]\nlevel = 'tresro=debug'", "'tresro=debug' is no level"),
            ("[log]\nlevel = 'info,hyper=loud'", "'hyper=loud' is no level"),
            ("[log]\nlevel = ''", "'' is no level"),
            ("[snapshots]\nkeep = 0", "keep must lie between 1"),
            ("[events]\nkeep_days = 0", "keep_days must lie between 1"),
            ("[snapshots]\nevery_hours = 9000", "every_hours"),
            ("[intake]\nclamd = 'clamd.ctl'", "absolute path of its socket, or host:port"),
            ("[intake]\nclamd = 'scanner'", "'scanner' is no address of clamd"),
            ("[intake]\nclamd = '/run/clamd'\nsignatures = 'clamav'", "signatures must be an absolute path"),
            ("[intake]\nclamd = 'off'\nsignatures = '/var/lib/clamav'", "give clamd, too"),
            ("[intake]\nsignatures_max_age = '36'", "'36' is not a span of time"),
            ("[intake]\nsignatures_max_age = 36", "signatures_max_age"),
            ("[intake]\nrescan = 'no'", "rescan"),
            ("[intake]\nconverters = 0", "converters must lie between 1 and 4"),
            ("[intake]\nconverters = 5", "converters must lie between 1 and 4"),
            ("[intake]\nrescan_share = 0", "rescan_share must lie between 1 and 100"),
            ("[intake]\nrescan_hours = 'night'", "'night' names no hours of a day"),
            ("[intake]\nclamav = '/run/clamd'", "clamav"),
            ("[intake]\nwatch = 'scans'", "watch must be an absolute path"),
            ("[intake]\nwatch = '/'", "must not contain one another"),
            ("[intake]\nwatch_settle = '61m'", "watch_settle must be at most 1h"),
            ("[intake]\nwatch_settle = '0s'", "'0s' is not a span of time"),
            ("[intake]\nlmtp = '0.0.0.0:24'", "must be a loopback address"),
            ("[intake]\nlmtp = 'lmtp.sock'", "absolute path of a socket"),
            ("[intake]\nmail_policy = '127.0.0.1:25'", "give lmtp, too"),
            ("[intake]\nlmtp = '/run/m'\nmail_policy = '/run/m'", "must be two addresses"),
            ("[intake]\nmail_size = '71MiB'", "mail_size must lie between"),
            ("[intake]\nmail_size = '50'", "'50' is not a size"),
            ("[intake]\nmails_per_hour = 0", "mails_per_hour must be at least 1"),
            ("[snapshots]\nevery_days = 1", "every_days"),
        ] {
            let error = check(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
