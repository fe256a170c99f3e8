//! Why a server ends.

use super::control::ControlError;
use super::instance::InstanceError;
use crate::net::{ListenError, TlsError};

/// Why the server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The instance cannot be opened.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// A listener cannot be started.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The certificate files cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The owner's socket cannot be opened.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// systemd passes a socket in the file system for clients.
    #[error(
        "systemd passes a socket in the file system for clients, who need a port: give it the name of what it is for, \
         FileDescriptorName=lmtp or FileDescriptorName=mail_policy, or give it a port"
    )]
    NoPort,
    /// systemd passes a socket that the configuration does not know.
    #[error(
        "systemd passes a socket named {name}, and the configuration has no {name} in [intake]: set it, or stop the socket's unit"
    )]
    SocketNotConfigured {
        /// Its name, which is that of the setting.
        name: &'static str,
    },
    /// systemd passes more sockets than the server has a use for.
    #[error(
        "systemd passes one socket more than is served, named {name}: a unit of sockets for this server may have one \
         ListenStream= only"
    )]
    SocketTooMany {
        /// Its name.
        name: String,
    },
    /// The catalogue's writer has ended.
    #[error("the catalogue's writer has ended; see the log, and start again")]
    WriterEnded,
    /// Another operation of the system failed.
    #[error("cannot {doing}")]
    Io {
        /// The operation that failed.
        doing: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

pub(super) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> ServeError {
    move |source| ServeError::Io { doing, source }
}
