//! The server's sockets and certificate, opened before anything else.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::instance::ephemeral_certificate;
use super::serve_error::{ServeError, io};
use crate::config::{Config, Mail, Transport};
use crate::lmtp::MailSockets;
use crate::model::Timestamp;
use crate::net::{Tls, TlsSource, bind, systemd};

/// Sockets and certificate for clients. Opened before anything else, so that a port in use or a missing
/// certificate does not cost a passphrase prompt or leave a half-made instance.
pub struct Entrance {
    /// For TLS, or for plain HTTP if so configured.
    pub(super) main: TcpListener,
    /// For plain HTTP in addition to TLS.
    pub(super) plain: Option<TcpListener>,
    /// For `GET /metrics`.
    pub(super) metrics: Option<TcpListener>,
    /// For mails, and for what the mail server asks before it accepts them.
    pub(super) mail: Option<MailSockets>,
    /// `None` for plain HTTP.
    pub(super) tls: Option<Arc<Tls>>,
}

impl Entrance {
    /// Takes over systemd's socket or opens the configured one, and reads the certificate files. Must be
    /// called inside the async runtime, once.
    pub fn open(config: &Config) -> Result<Self, ServeError> {
        let main = match systemd::inherited_listener().map_err(io("take over systemd's socket"))? {
            Some(listener) => listener,
            None => bind(config.listen, &config.limits)?,
        };
        let bind_extra =
            |address: Option<_>| address.map(|address| bind(address, &config.limits)).transpose();
        let open_mail = |mail: &Mail| MailSockets::open(&mail.lmtp, mail.policy.as_ref());
        Ok(Self {
            main,
            mail: config.mail.as_ref().map(open_mail).transpose().map_err(io("open the socket for mail"))?,
            plain: bind_extra(config.plain_listen)?,
            metrics: bind_extra(config.metrics_listen)?,
            tls: transport(config)?,
        })
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
