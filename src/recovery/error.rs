//! Errors of recovery.

use crate::library::LibraryError;

/// Why an operation of recovery did nothing. Each message is a sentence for the owner.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The library failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The verification was interrupted, or another command continued it.
    #[error("this verification was interrupted or continued by another one; run it again to resume")]
    NoSuchRun,
}

impl RecoveryError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Library(error) => error.code(),
            Self::NoSuchRun => "run-unknown",
        }
    }
}
