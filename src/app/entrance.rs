//! The server's sockets and certificate, opened before anything else.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::instance::ephemeral_certificate;
use super::serve_error::{ServeError, io};
use crate::config::{Config, Mail, Transport};
use crate::lmtp::MailSockets;
use crate::model::Timestamp;
use crate::net::systemd::{Inherited, InheritedSocket};
use crate::net::{Tls, TlsSource, bind};

/// Names of systemd's sockets for mails and for the mail server's questions, as their units have them in
/// `FileDescriptorName=`: the settings that they replace. One with any other name is for clients.
const LMTP: &str = "lmtp";
const MAIL_POLICY: &str = "mail_policy";

/// Sockets and certificate for clients. Opened before anything else, so that a port in use or a missing
/// certificate does not cost a passphrase prompt or leave a half-made instance.
pub struct Entrance {
    /// For TLS, or for plain HTTP if so configured.
    pub(super) main: TcpListener,
    /// For plain HTTP in addition to TLS.
    pub(super) plain: Option<TcpListener>,
    /// For `GET /metrics`.
    pub(super) metrics: Option<TcpListener>,
    /// For mails, and for the mail server's questions before it accepts them.
    pub(super) mail: Option<MailSockets>,
    /// `None` for plain HTTP.
    pub(super) tls: Option<Arc<Tls>>,
}

impl Entrance {
    /// Takes over systemd's sockets, opens the configured ones that it does not pass, and reads the certificate files. Must be
    /// called inside the async runtime, once.
    pub fn open(config: &Config) -> Result<Self, ServeError> {
        let mut inherited = Inherited::take_over();
        let mut take =
            |is_it: &dyn Fn(&str) -> bool| inherited.take(is_it).map_err(io("take over systemd's socket"));
        let lmtp = take(&|name| name == LMTP)?;
        let policy = take(&|name| name == MAIL_POLICY)?;
        let main = match take(&|_| true)? {
            Some(InheritedSocket::Tcp(listener)) => {
                TcpListener::from_std(listener).map_err(io("take over systemd's socket"))?
            }
            Some(InheritedSocket::Unix(_)) => return Err(ServeError::NoPort),
            None => bind(config.listen, &config.limits)?,
        };
        if let Some(name) = inherited.left() {
            return Err(ServeError::SocketTooMany { name: name.to_owned() });
        }
        let bind_extra =
            |address: Option<_>| address.map(|address| bind(address, &config.limits)).transpose();
        Ok(Self {
            main,
            mail: mail(config.mail.as_ref(), lmtp, policy)?,
            plain: bind_extra(config.plain_listen)?,
            metrics: bind_extra(config.metrics_listen)?,
            tls: transport(config)?,
        })
    }
}

/// The sockets for mail: those of systemd, or those that are configured.
fn mail(
    config: Option<&Mail>,
    lmtp: Option<InheritedSocket>,
    policy: Option<InheritedSocket>,
) -> Result<Option<MailSockets>, ServeError> {
    // A socket without its settings would be served by half, or not at all.
    let not_configured = |name| Err(ServeError::SocketNotConfigured { name });
    match config {
        None if lmtp.is_some() => not_configured(LMTP),
        None | Some(Mail { policy: None, .. }) if policy.is_some() => not_configured(MAIL_POLICY),
        None => Ok(None),
        Some(mail) => {
            let questions = mail.policy.as_ref().map(|address| (address, policy));
            let sockets = MailSockets::open((&mail.lmtp, lmtp), questions);
            Ok(Some(sockets.map_err(io("open the socket for mail"))?))
        }
    }
}

/// The TLS side, or `None` for plain HTTP. A locked server's own key is sealed, so it uses a temporary
/// certificate until it is unlocked.
fn transport(config: &Config) -> Result<Option<Arc<Tls>>, ServeError> {
    let source = match &config.transport {
        Transport::Plain => return Ok(None),
        Transport::Files { certificate, key } => {
            TlsSource::Files { cert: certificate.clone(), key: key.clone() }
        }
        Transport::SelfSigned => ephemeral_certificate(&config.hosts, Timestamp::now())?,
    };
    Ok(Some(Tls::load(source)?))
}
