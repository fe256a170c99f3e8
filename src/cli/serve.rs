//! Runs the server.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use secrecy::ExposeSecret;
use tracing_subscriber::EnvFilter;

use super::log::{LastLines, Log};
use super::{KeySource, admin, output};
use crate::accounts::UserName;
use crate::app::{self, Announcement, DataDirectory, Entrance, FirstAdministrator, Instance, Kit};
use crate::config::{Config, DEFAULT_LOG_LEVEL, LogFormat, RawConfig, RawLog, Transport};
use crate::library::SpaceSettings;
use crate::model::{EntryName, Right, SpaceKind, Stamp, Timestamp};
use crate::vault::keys::Unlock;

/// Login name of the administrator that a first start creates.
const FIRST_ADMINISTRATOR: &str = "admin";
const FIRST_SPACE: &str = "Beispiel";

/// Serve the files of an instance.
///
/// If the data directory is empty, first creates an instance and prints its keys and password once. Without a
/// passphrase and without a terminal the server starts locked and waits for `tresor unlock`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    key: KeySource,
}

/// Check the configuration and print the resulting settings as a configuration file.
#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    #[command(flatten)]
    settings: Settings,
}

/// Settings from a file or the command line; the command line takes precedence.
#[derive(Debug, Args)]
struct Settings {
    /// Data directory of the instance.
    #[arg(long, value_name = "DIR", env = "TRESOR_DATA", default_value = "./data")]
    data: PathBuf,
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8443].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Use plain HTTP; on loopback addresses only.
    #[arg(long)]
    plain_http: bool,
    /// Loopback address and port for plain HTTP in addition to TLS, for a reverse proxy on this machine.
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "plain_http")]
    plain_listen: Option<SocketAddr>,
    /// PEM file with your certificate chain, instead of the self-signed certificate.
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// PEM file with the certificate's private key.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Host name or address that clients use; may be repeated. Requests for others are refused.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Let users of the role `client` make public links.
    #[arg(long)]
    client_links: bool,
    /// Loopback address and port for Prometheus metrics.
    #[arg(long, value_name = "ADDR:PORT")]
    metrics_listen: Option<SocketAddr>,
    /// Format of the log on standard error.
    #[arg(long, value_name = "FORM")]
    log_format: Option<LogFormat>,
    /// Level of the log: error, warn, info, debug, or a filter such as tresor=debug.
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Settings {
    fn check(self) -> anyhow::Result<(Config, RawLog)> {
        let data = self.data.clone();
        let raw = self.merged()?;
        let log = raw.log.clone();
        Ok((raw.check(data)?, log))
    }

    fn merged(self) -> anyhow::Result<RawConfig> {
        let mut raw = match &self.config {
            Some(path) => RawConfig::read(path)?,
            None => RawConfig::default(),
        };
        raw.listen = self.listen.or(raw.listen);
        raw.plain_http |= self.plain_http;
        raw.client_links |= self.client_links;
        raw.plain_listen = self.plain_listen.or(raw.plain_listen);
        raw.tls.certificate = self.tls_certificate.or(raw.tls.certificate);
        raw.tls.key = self.tls_key.or(raw.tls.key);
        raw.metrics_listen = self.metrics_listen.or(raw.metrics_listen);
        if !self.hosts.is_empty() {
            raw.hosts = self.hosts;
        }
        raw.log.format = self.log_format.unwrap_or(raw.log.format);
        raw.log.level = self.log_level.or(raw.log.level);
        log_filter(&raw.log)?;
        Ok(raw)
    }
}

/// Reasons for which clients would refuse the configured certificate. Errors: the server does not start with
/// it.
pub(super) fn certificate_faults(config: &Config) -> anyhow::Result<Vec<String>> {
    let Transport::Files { certificate, key } = &config.transport else { return Ok(Vec::new()) };
    let faults = crate::net::certificate_faults(certificate, key, &config.hosts, Timestamp::now());
    faults.context("the certificate cannot be used")
}

impl CheckConfig {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let data = self.settings.data.clone();
        let raw = self.settings.merged()?;
        let shown = toml::to_string(&raw.clone().with_defaults())?;
        let faults = certificate_faults(&raw.check(data.clone())?)?;
        if !faults.is_empty() {
            anyhow::bail!(faults.join("; "));
        }
        output::line(&format!("# Data directory: {}\n\n{}", data.display(), shown.trim_end()))
    }
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let (config, log) = self.settings.check()?;
        let data = config.data.display();
        app::act_as_owner(&config.data).with_context(|| format!("cannot act as the owner of {data}"))?;
        let _last_lines = start_log(&log)?;
        if DataDirectory::is_empty(&config.data)? && self.key.given()?.is_none() {
            return first_start(config);
        }
        let directory = DataDirectory::open(&config.data)?;
        admin::runtime()?.block_on(async {
            let entrance = Entrance::open(&config)?;
            let unlock = self.key.unlock()?;
            app::serve(config, entrance, directory, None, unlock, |announcement| {
                let _ = output::line(&format!("listening on {}", url(announcement)));
            })
            .await?;
            anyhow::Ok(())
        })
    }
}

/// Creates an instance with an administrator and a space, prints its keys once, and serves.
fn first_start(config: Config) -> anyhow::Result<()> {
    admin::runtime()?.block_on(async {
        // All checks come first: the password of the new instance is printed only at the end.
        let entrance = Entrance::open(&config)?;
        Kit::check(&config.data)?;
        let directory = DataDirectory::create(&config.data)?;
        let Kit { unlock, recovery, recovery_file, passphrase_file, password } = Kit::make(&config.data)?;
        let instance = make_instance(&directory, &config, &unlock, &recovery, password.clone()).await?;
        let data = config.data.display().to_string();
        app::serve(config, entrance, directory, Some(instance), None, |announcement| {
            let _ = output::line(&welcome(&Welcome {
                data: &data,
                url: &format!("{}/", announcement.origin),
                announcement,
                password: password.expose_secret(),
                recovery_file: &recovery_file.display().to_string(),
                passphrase_file: &passphrase_file.display().to_string(),
            }));
        })
        .await?;
        anyhow::Ok(())
    })
}

async fn make_instance(
    directory: &DataDirectory,
    config: &Config,
    unlock: &Unlock,
    recovery: &crate::vault::keys::RecoveryRecipient,
    password: secrecy::SecretString,
) -> anyhow::Result<Instance> {
    let now = Timestamp::now();
    let by = Stamp::owner(now);
    let administrator = FirstAdministrator { name: UserName::parse(FIRST_ADMINISTRATOR)?, password };
    let instance = Instance::create(directory, unlock, recovery, administrator, config.names, now).await?;
    let name = EntryName::parse(FIRST_SPACE)?;
    let space = instance.library.add_space(&name, SpaceKind::Team, SpaceSettings::default(), by).await?;
    instance.accounts.forget_snapshot();
    if let Some(user) = instance.accounts.users().await?.first() {
        instance.accounts.grant(user.id, space.id, Right::Manage, by).await?;
    }
    Ok(instance)
}

struct Welcome<'a> {
    data: &'a str,
    url: &'a str,
    announcement: &'a Announcement,
    password: &'a str,
    recovery_file: &'a str,
    passphrase_file: &'a str,
}

fn welcome(welcome: &Welcome<'_>) -> String {
    let Welcome { data, url, announcement, password, recovery_file, passphrase_file } = welcome;
    let certificate = match &announcement.fingerprint {
        None => String::new(),
        Some(fingerprint) => format!(
            "\n  Certificate    self-signed, so clients ask once whether to trust it. SHA-256:\n                 {fingerprint}"
        ),
    };
    format!(
        "A new instance was made in {data}. What follows is shown once.

  Browser        {url}
  WebDAV         {url}dav/
  Login          {FIRST_ADMINISTRATOR}
  Password       {password}
  First space    {url}dav/{FIRST_SPACE}/{certificate}

  Passphrase     {passphrase_file}
                 opens the instance at every start. Without it the files cannot be read.
  Recovery key   {recovery_file}
                 opens everything without this server, by the stock age tool.

  Move both files off this machine: anyone with the disk and one of them can read everything.

listening on {}",
        self::url(announcement)
    )
}

fn url(announcement: &Announcement) -> String {
    let scheme = if announcement.fingerprint.is_some() { "https" } else { "http" };
    format!("{scheme}://{}/", announcement.address)
}

/// The part of the log's filter that no configuration changes.
const QUIET: &str = "rustls=off";

/// Starts the log on standard error; systemd and shells know where to put it.
fn start_log(log: &RawLog) -> anyhow::Result<LastLines> {
    let (writer, last_lines) = Log::start(std::io::stderr()).context("start the log's thread")?;
    let builder =
        tracing_subscriber::fmt().with_env_filter(log_filter(log)?).with_writer(writer).with_target(false);
    match log.format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(last_lines)
}

/// The level of the configuration, without rustls: it warns of names in handshakes and quotes them, and anyone on the
/// network can send any. Browsers on `WebKitGTK` send one at each connection to an address without a name. Its errors
/// are returned.
fn log_filter(log: &RawLog) -> anyhow::Result<EnvFilter> {
    let level = log.level.as_deref().unwrap_or(DEFAULT_LOG_LEVEL);
    EnvFilter::try_new(format!("{level},{QUIET}"))
        .with_context(|| format!("log.level '{level}' is not understood; use error, warn, info or debug"))
}
