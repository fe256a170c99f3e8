//! Errors of notices.

use super::post::PostError;
use crate::catalog::CatalogError;
use crate::sharing::RequestError;

/// Why notices were not gathered, sent or shown.
#[derive(Debug, thiserror::Error)]
pub enum NoticesError {
    /// No mail server is set up.
    #[error("no mail server is set up; see [mail] in the configuration of the server")]
    Off,
    /// There is no such notice.
    #[error("there is no such notice")]
    NoSuchNotice,
    /// It is not one that could not be delivered.
    #[error("this notice is {0}; only one that failed or bounced can be sent again")]
    NotFailed(&'static str),
    /// The address is none.
    #[error("'{0}' is no mail address")]
    Address(String),
    /// The mail server did not take a mail.
    #[error("the mail was not taken")]
    Post(#[from] PostError),
    /// A request of which a mail tells could not be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The catalogue failed.
    #[error("the notices could not be read or changed")]
    Catalog(#[from] CatalogError),
}

impl NoticesError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Off => "mail-off",
            Self::NoSuchNotice => "notice-unknown",
            Self::NotFailed(_) => "notice-not-failed",
            Self::Address(_) => "mail-address-invalid",
            Self::Post(error) => error.code(),
            Self::Request(error) => error.code(),
            Self::Catalog(_) => "catalogue-failed",
        }
    }
}
