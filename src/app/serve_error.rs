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
