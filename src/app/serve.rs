//! Runs the server: bind, open or wait for the passphrase, answer, stop in order.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};

use super::control::OwnerSocket;
use super::conversion::converter_of;
use super::directory::DataDirectory;
use super::entrance::Entrance;
use super::instance::{Instance, InstanceError};
use super::intake::{Examiner, RENDERERS, Renderer, Rescanner, Unpacker, Watcher};
use super::notices::{Notifier, mail_settings};
use super::pulse::{Watchdog, WriterProbe};
use super::read_figures;
use super::read_only::{DiskCheck, ReadOnlyFigure};
use super::renewal::{FileWatch, Renewal, renew};
use super::scrub::{ScrubFigures, Verification};
use super::serve_error::{ServeError, io};
use super::snapshots::{HighWater, Snapshots};
use super::upkeep::{KeyCheck, ReadRecorder, Sweep, Upkeep};
use super::workers::Workers;
use crate::admin::{AdminError, Asker, Reply, Request, StatusShown};
use crate::config::{Config, Scanners, Transport, Watch};
use crate::http::{Health, HealthState, Rooms, Router};
use crate::inspect::Inspector;
use crate::intake::{Intake, IntakeSettings, WatchSettings, WatchedFolder};
use crate::library::connections_of_process;
use crate::lmtp::MailServer;
use crate::model::Timestamp;
use crate::net::{
    Limits, Metrics, ProxyFaults, Server, Shutdown, ShutdownSwitch, Tls, Validity, serve as serve_http,
    serve_metrics, systemd,
};
use crate::notices::MailSettings;
use crate::scan::{Duty, Panel};
use crate::vault::keys::Unlock;

/// Serves until SIGTERM or SIGINT. `opened` is the instance if a first start has just created it; otherwise
/// it is opened with `unlock`, or stays locked without one.
///
/// `announce` gets the address once requests are answered.
pub async fn serve(
    config: Config,
    entrance: Entrance,
    directory: DataDirectory,
    opened: Option<Instance>,
    unlock: Option<Unlock>,
    announce: impl FnOnce(&Announcement),
) -> Result<(), ServeError> {
    let address = entrance.main.local_addr().map_err(io("read the socket's address"))?;
    // Before the instance is opened: a server that waits for its passphrase must not fail on this then.
    let notices_by = config.notices.as_ref().map(mail_settings).transpose()?.map(Arc::new);
    let opened = match (opened, unlock) {
        (Some(instance), _) => Some(instance),
        (None, Some(unlock)) => Some(open(&directory, &unlock, &config).await?),
        (None, None) => None,
    };

    let health = HealthState::new();
    let tls = entrance.tls.clone();
    if let Some(tls) = &tls {
        health.watch_certificate(tls);
    }
    let origin = origin(address, &config);
    let (switch, shutdown) = Shutdown::channel();
    let metrics = Metrics::new();
    let host = Arc::new(Host {
        workers: Workers::new(shutdown.clone(), &metrics),
        shutdown,
        switch: Arc::new(switch),
        writer_has_ended: Arc::default(),
        metrics,
        router: Router::locked(health.clone()),
        instance: Mutex::new(None),
        unlocking: tokio::sync::Mutex::default(),
        directory,
        tls: tls.clone(),
        health,
        mail: MailServer::new(config.mail.as_ref().map_or(0, |mail| mail.most)),
        notices_by,
        figures: ScrubFigures::default(),
        read_only: ReadOnlyFigure::default(),
        proxy_faults: ProxyFaults::default(),
        origin: origin.clone(),
        config,
    });
    match opened {
        Some(instance) => host.take_in(instance)?,
        None => host.wait_locked(),
    }
    host.run(entrance, || {
        let fingerprint = tls.as_ref().map(|tls| tls.fingerprint());
        announce(&Announcement { address, fingerprint, origin });
    })
    .await
}

/// Scheme and host for people: as configured, or the first configured name, or this machine's if it listens on all addresses, because 0.0.0.0
/// cannot be entered in a client. A proxy in front serves that name by HTTPS at the usual port.
fn origin(address: SocketAddr, config: &Config) -> String {
    if let Some(url) = &config.public_url {
        return url.clone();
    }
    let is_plain = config.transport == Transport::Plain;
    let machine = rustix::system::uname();
    let scheme = if is_plain { "http" } else { "https" };
    match (config.hosts.first(), machine.nodename().to_str()) {
        (Some(host), _) if is_plain && !config.trust.trusted_proxies.is_empty() => format!("https://{host}"),
        (Some(host), _) => at_port(scheme, host, address.port()),
        (None, Ok(name)) if address.ip().is_unspecified() && !name.is_empty() => {
            at_port(scheme, name, address.port())
        }
        _ => format!("{scheme}://{address}"),
    }
}

fn at_port(scheme: &str, host: &str, port: u16) -> String {
    match (scheme, port) {
        ("https", 443) | ("http", 80) => format!("{scheme}://{host}"),
        _ => format!("{scheme}://{host}:{port}"),
    }
}

/// Tells the log which scanners judge arriving contents.
fn name_scanners(panel: &Panel) {
    let names = |duty| {
        let members = panel.members().iter().filter(|member| member.duty == duty);
        members.map(|member| member.engine.name()).collect::<Vec<_>>().join(", ")
    };
    let (required, optional) = (names(Duty::Required), names(Duty::Optional));
    tracing::info!(required, optional, "these scanners judge contents");
}

/// Opens an instance and checks that its files can be served.
async fn open(
    directory: &DataDirectory,
    unlock: &Unlock,
    config: &Config,
) -> Result<Instance, InstanceError> {
    let instance = Instance::open(directory, unlock, config.names).await?;
    instance.require_contents(directory).await?;
    Ok(instance)
}

/// Facts to print once the server has started.
#[derive(Debug)]
pub struct Announcement {
    /// The address in use; if port 0 was configured, with the port that the system chose.
    pub address: SocketAddr,
    /// SHA-256 of the certificate; `None` for plain HTTP.
    pub fingerprint: Option<String>,
    /// Scheme and host for people, as `https://files.example.org`.
    pub origin: String,
}

/// State that the parts of a running server share.
struct Host {
    config: Config,
    /// Scheme and host for people.
    origin: String,
    directory: DataDirectory,
    router: Arc<Router>,
    tls: Option<Arc<Tls>>,
    health: HealthState,
    mail: MailServer,
    /// The mail server for notices to people.
    notices_by: Option<Arc<MailSettings>>,
    metrics: Metrics,
    figures: ScrubFigures,
    read_only: ReadOnlyFigure,
    proxy_faults: ProxyFaults,
    instance: Mutex<Option<Arc<Instance>>>,
    /// Held during an unlock: opening twice would delete the first one's uploads.
    unlocking: tokio::sync::Mutex<()>,
    workers: Workers,
    shutdown: Shutdown,
    switch: Arc<ShutdownSwitch>,
    /// Whether the catalogue's writer has ended, which stops the server.
    writer_has_ended: Arc<AtomicBool>,
}

impl Host {
    /// Serves an instance's files from now on.
    fn take_in(&self, mut instance: Instance) -> Result<(), ServeError> {
        instance.intake = self.holding_area(&instance);
        instance.notices = instance.notices.clone().with(self.notices_by.clone());
        let instance = Arc::new(instance);
        if let (Transport::SelfSigned, Some(tls)) = (&self.config.transport, &self.tls) {
            renew(&instance, tls, &self.config.hosts, Timestamp::now())?;
        }
        let Instance { library, uploads, accounts, sharing, intake, .. } = &*instance;
        sharing.allow_clients(self.config.client_links);
        sharing.send_reminders(self.config.notices.as_ref().map(|mail| mail.office_hours));
        sharing.set_origin(&self.origin);
        accounts.offer_passkeys_at(self.named_origin(), &self.config.hosts);
        library.keep_events_for(self.config.events_kept_for);
        let origins = self.config.cors_origins.clone();
        let limits = &self.config.limits;
        let rooms = Rooms {
            library: library.clone(),
            uploads: uploads.clone(),
            accounts: accounts.clone(),
            sharing: sharing.clone(),
            intake: intake.clone(),
            admin: instance.admin().with_jobs(self.workers.listing()),
        };
        self.router.open(rooms, origins, limits);
        self.mail.open(intake.clone(), instance.notices.clone());
        self.start_workers(&instance);
        read_figures::register(&instance, &self.metrics);
        *self.instance.lock().unwrap_or_else(PoisonError::into_inner) = Some(instance);
        self.health.set(Health::Serving);
        tracing::info!("serving");
        Ok(())
    }

    /// Scheme and host for people, if they were configured; the name that a machine gives itself is hardly one that people use.
    fn named_origin(&self) -> &str {
        let is_configured = self.config.public_url.is_some() || !self.config.hosts.is_empty();
        if is_configured { &self.origin } else { "" }
    }

    fn holding_area(&self, instance: &Instance) -> Intake {
        let scanners = self.config.scanners.as_ref();
        let panel = scanners.map(Scanners::panel);
        panel.iter().for_each(name_scanners);
        let Config { hold, mails_per_hour, .. } = self.config;
        let mut settings = IntakeSettings { hold, mails_per_hour, ..IntakeSettings::default() };
        if let Some(scanners) = scanners {
            settings.signatures_max_age = scanners.signatures_max_age;
        }
        let converter = match converter_of(&self.config.converter) {
            Ok(converter) => converter.map(Arc::new),
            Err(error) => {
                tracing::info!(%error, "files cannot be looked at, and documents in the holding area have no PDF");
                None
            }
        };
        if converter.as_ref().is_some_and(|converter| !converter.makes_pdfs()) {
            tracing::info!("LibreOffice is missing: documents in the holding area have no PDF");
        }
        let inspector = Inspector::of_this_program();
        instance.intake.clone().with(panel, converter, inspector, settings)
    }

    /// Starts the background jobs of an instance. Those of the server itself are started by [`Self::run`].
    fn start_workers(&self, instance: &Arc<Instance>) {
        let (config, workers) = (&self.config, &self.workers);
        let Instance { library, uploads, accounts, recovery, sharing, intake, .. } = &**instance;
        workers.start(Upkeep {
            library: library.clone(),
            uploads: uploads.clone(),
            accounts: accounts.clone(),
            sharing: sharing.clone(),
        });
        workers.start(Sweep(library.clone()));
        workers.start(ReadRecorder(library.clone()));
        workers.start(HighWater(library.clone()));
        workers.start(Snapshots::new(library.clone(), recovery.clone(), config.snapshots));
        workers.start(Verification::new(
            library.clone(),
            recovery.clone(),
            config.scrub,
            self.figures.clone(),
            self.shutdown.clone(),
        ));
        workers.start(Examiner { library: library.clone(), intake: intake.clone() });
        for name in RENDERERS.into_iter().take(config.converters) {
            workers.start(Renderer { library: library.clone(), intake: intake.clone(), name });
        }
        if let Some(schedule) = config.rescan {
            workers.start(Rescanner::new(library.clone(), intake.clone(), schedule));
        }
        if let Some(Watch { folder, settle }) = config.watch.clone() {
            let settings = WatchSettings { folder, settle, data: config.data.clone() };
            let watched = WatchedFolder::new(intake.clone(), settings);
            workers.start(Watcher { library: library.clone(), watched });
        }
        // Also where mail is switched off again: some may not be unpacked yet.
        workers.start(Unpacker { library: library.clone(), intake: intake.clone() });
        if instance.notices.are_on() {
            let (notices, sharing) = (instance.notices.clone(), instance.sharing.clone());
            workers.start(Notifier { library: library.clone(), notices, sharing });
        }
        workers.start(KeyCheck(library.clone()));
        workers.start(DiskCheck::new(library.clone(), self.read_only.clone()));
        workers.start(WriterProbe {
            library: library.clone(),
            switch: Arc::clone(&self.switch),
            has_ended: Arc::clone(&self.writer_has_ended),
        });
        if let (Transport::SelfSigned, Some(tls)) = (&config.transport, &self.tls) {
            let (instance, tls) = (Arc::clone(instance), Arc::clone(tls));
            workers.start(Renewal { instance, tls, hosts: config.hosts.clone() });
        }
    }

    fn wait_locked(&self) {
        self.health.set(Health::Locked);
        tracing::warn!("locked: waiting for the passphrase (tresor unlock)");
        systemd::notify_status("locked: waiting for the passphrase (tresor unlock)");
    }

    fn current(&self) -> Option<Arc<Instance>> {
        self.instance.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn run(self: Arc<Self>, entrance: Entrance, announce: impl FnOnce()) -> Result<(), ServeError> {
        let (metrics, shutdown) = (self.metrics.clone(), self.shutdown.clone());
        self.figures.register(&metrics);
        self.read_only.register(&metrics);
        let server = Server {
            handler: Arc::clone(&self.router),
            limits: Arc::new(within_descriptors(self.config.limits.clone())),
            trust: Arc::new(self.config.trust.clone()),
            hosts: Arc::new(self.config.allowed_hosts()),
            proxy_faults: self.proxy_faults.clone(),
            metrics: metrics.clone(),
        };
        let host = Arc::clone(&self);
        let answer = move |request| Arc::clone(&host).answer(request);
        // Opened before the server reports that it runs: from then on commands must find the socket.
        let socket = OwnerSocket::open(self.directory.root())?;
        let owner = tokio::spawn(socket.answer(answer, shutdown.clone()));
        if let Some(listener) = entrance.metrics {
            tokio::spawn(serve_metrics(listener, metrics, shutdown.clone()));
        }
        let post =
            entrance.mail.map(|sockets| tokio::spawn(self.mail.clone().serve(sockets, shutdown.clone())));
        let plain = entrance
            .plain
            .map(|listener| tokio::spawn(serve_http(listener, None, server.clone(), shutdown.clone())));
        if let (Transport::Files { .. }, Some(tls)) = (&self.config.transport, &self.tls) {
            self.workers.start(FileWatch::new(Arc::clone(tls)));
        }
        if let Some(period) = systemd::watchdog_period() {
            let host = Arc::clone(&self);
            let progress = move || host.current().map(|instance| instance.library.writer_progress());
            self.workers.start(Watchdog::new(period, progress));
        }
        let host = Arc::clone(&self);
        let workers = tokio::spawn(async move { host.workers.stopped().await });
        tokio::spawn(stop_on_signal(Arc::clone(&self.switch), self.health.clone())?);

        let http = tokio::spawn(serve_http(entrance.main, self.tls.clone(), server, shutdown));
        systemd::notify_ready();
        announce();
        // A part that ends early has failed; its error ends the program.
        let outcome = http.await;
        self.switch.stop();
        if let Some(plain) = plain {
            // Its requests in flight end within the same grace time.
            let _ = plain.await;
        }
        let _ = owner.await;
        if let Some(post) = post {
            let _ = post.await;
        }
        for worker in workers.await.unwrap_or_default() {
            tracing::warn!(worker, "a background job did not end in time and is abandoned");
        }
        if let Some(instance) = self.current() {
            instance.library.record_reads().await;
            if let Err(error) = instance.library.note_progress().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "mark.age was not brought up to date"
                );
            }
            let closing = tokio::task::spawn_blocking(move || instance.close());
            let _ = closing.await;
        }
        tracing::info!("stopped");
        if self.writer_has_ended.load(Ordering::Relaxed) {
            return Err(ServeError::WriterEnded);
        }
        match outcome {
            Ok(result) => Ok(result?),
            Err(_) => {
                Err(ServeError::Io { doing: "go on serving", source: std::io::ErrorKind::Other.into() })
            }
        }
    }

    async fn answer(self: Arc<Self>, request: Request) -> Reply {
        let mut reply = self.carry_out(request).await;
        if let Reply::Status(status) = &mut reply {
            status.workers = self.workers.shown();
            status.warnings.extend(self.proxy_faults.advice().into_iter().map(str::to_owned));
        }
        reply
    }

    async fn carry_out(&self, request: Request) -> Reply {
        match (self.current(), request) {
            (Some(instance), request) => {
                let admin = instance.admin();
                let mut reply = admin.answer(request, &Asker::Owner, Timestamp::now()).await;
                if let Reply::Status(status) = &mut reply {
                    status.warnings.extend(self.certificate_warning());
                }
                reply
            }
            (None, Request::Unlock { passphrase }) => {
                match self.unlock(passphrase.to_secret_string()).await {
                    Ok(()) => Reply::Done("the instance is open".into()),
                    Err(error) => AdminError::NotUnlocked(error.into()).reply(),
                }
            }
            (None, Request::Status) => Reply::Status(StatusShown {
                state: self.health.current().as_str().into(),
                version: env!("CARGO_PKG_VERSION").into(),
                advice: (self.health.current() == Health::Locked)
                    .then(|| "give it the passphrase with `tresor unlock`".into()),
                users: None,
                spaces: None,
                used_bytes: None,
                damaged_containers: None,
                spaces_without_key: None,
                last_full_verify: None,
                warnings: self.certificate_warning().into_iter().collect(),
                troubles: Vec::new(),
                workers: Vec::new(),
            }),
            (None, _) => AdminError::ServerLocked.reply(),
        }
    }

    /// Advice about a certificate that expires soon or has expired.
    fn certificate_warning(&self) -> Option<String> {
        let state = match self.tls.as_ref()?.validity(Timestamp::now()) {
            Validity::Valid => return None,
            Validity::ExpiresSoon => "expires within two weeks",
            Validity::Expired => "has expired, and clients refuse to connect",
        };
        let advice = match &self.config.transport {
            Transport::Files { certificate, .. } => {
                format!("renew {}; the server reads it again by itself", certificate.display())
            }
            _ => "it should have been renewed; see the log, and start the server again".to_owned(),
        };
        Some(format!("the server's certificate {state}: {advice}"))
    }

    async fn unlock(&self, passphrase: SecretString) -> Result<(), ServeError> {
        let _turn = self.unlocking.lock().await;
        if self.current().is_some() {
            return Ok(());
        }
        // The text of a key file may arrive in place of a passphrase.
        let text = secrecy::ExposeSecret::expose_secret(&passphrase);
        let unlock = if text.contains("AGE-SECRET-KEY-") {
            Unlock::KeyFile(passphrase)
        } else {
            Unlock::Passphrase(passphrase)
        };
        let instance = open(&self.directory, &unlock, &self.config).await?;
        self.take_in(instance)
    }
}

/// Lowers the number of connections so that enough descriptors remain for files.
fn within_descriptors(mut limits: Limits) -> Limits {
    if let Some(most) = connections_of_process().filter(|most| *most < limits.max_connections) {
        let (configured, taken) = (limits.max_connections, most);
        tracing::warn!(
            configured,
            taken,
            "fewer connections than configured: the process may open too few files"
        );
        limits.max_connections = most;
    }
    limits
}

fn stop_on_signal(
    switch: Arc<ShutdownSwitch>,
    health: HealthState,
) -> Result<impl Future<Output = ()> + Send + 'static, ServeError> {
    let listen = |kind| signal(kind).map_err(io("listen for signals"));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests in flight may end");
        systemd::notify_stopping();
        health.set(Health::Stopping);
        switch.stop();
    })
}
