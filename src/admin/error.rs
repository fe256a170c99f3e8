//! Why a request was refused.

use super::reply::Reply;
use crate::accounts::{AccountsError, LookupError, UserNameError};
use crate::intake::IntakeError;
use crate::library::LibraryError;
use crate::model::{MailNameError, NameError};
use crate::notices::NoticesError;
use crate::recovery::RecoveryError;
use crate::sharing::{DownloadError, HandInError, LinkError, RequestError};
use crate::uploads::UploadError;

/// Why a request was refused. Each message is a sentence for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// An error about users, rights or device passwords.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// An error about files or spaces.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// An error about uploads.
    #[error(transparent)]
    Uploads(#[from] UploadError),
    /// An error about verification.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The login name is invalid.
    #[error(transparent)]
    UserName(#[from] UserNameError),
    /// The name of a space, or a path, is invalid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The address for mails is invalid.
    #[error(transparent)]
    MailName(#[from] MailNameError),
    /// An error about the holding area.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// An error about notices by mail.
    #[error(transparent)]
    Notices(#[from] NoticesError),
    /// An error about links.
    #[error(transparent)]
    Links(#[from] LinkError),
    /// About hand-ins.
    #[error(transparent)]
    HandIns(#[from] HandInError),
    /// A download.
    #[error(transparent)]
    Downloads(#[from] DownloadError),
    /// About requests for documents.
    #[error(transparent)]
    Asking(#[from] RequestError),
    /// A word that is not one of the allowed ones.
    #[error("'{word}' is no {what}; use {allowed}")]
    Word {
        /// The word as entered.
        word: String,
        /// Kind of the word, such as `role`.
        what: &'static str,
        /// The allowed words.
        allowed: String,
    },
    /// The user for whom the owner of the server makes something has no right to the space.
    #[error("{user} has no right to {space}")]
    NoRight {
        /// Login name.
        user: String,
        /// Name of the space.
        space: String,
    },
    /// The user may not make this request.
    #[error("you may not do this; an administrator or the server's owner can")]
    NotAllowed,
    /// The instance is not locked.
    #[error("this instance is open already")]
    NotLocked,
    /// The server waits for its passphrase.
    #[error("the server is locked; give it the passphrase with `tresor unlock`")]
    ServerLocked,
    /// The server could not be unlocked.
    #[error(transparent)]
    NotUnlocked(Box<dyn std::error::Error + Send + Sync>),
    /// The request cannot be parsed.
    #[error("the request is not understood ({place}); is the program older or newer than the server?")]
    NotUnderstood {
        /// Kind and column of the fault, without the text, which could contain a password.
        place: String,
    },
}

impl AdminError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Accounts(error) => error.code(),
            Self::Library(error) => error.code(),
            Self::Uploads(error) => error.code(),
            Self::Recovery(error) => error.code(),
            Self::UserName(error) => error.code(),
            Self::Name(error) => error.code(),
            Self::MailName(error) => error.code(),
            Self::Intake(error) => error.code(),
            Self::Notices(error) => error.code(),
            Self::Links(error) => error.code(),
            Self::HandIns(error) => error.code(),
            Self::Downloads(error) => error.code(),
            Self::Asking(error) => error.code(),
            Self::Word { .. } => "word-unknown",
            Self::NoRight { .. } => "right-to-space-missing",
            Self::NotAllowed => "not-allowed",
            Self::NotLocked => "not-locked",
            Self::ServerLocked => "server-locked",
            Self::NotUnlocked(_) => "not-unlocked",
            Self::NotUnderstood { .. } => "not-understood",
        }
    }

    /// The reply that refuses a request.
    pub fn reply(&self) -> Reply {
        Reply::Refused { code: self.code().to_owned(), text: sentence(self) }
    }
}

impl From<LookupError> for AdminError {
    fn from(error: LookupError) -> Self {
        Self::Library(error.into())
    }
}

/// An error and its causes as one sentence.
pub(crate) fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut reason = error.source();
    while let Some(error) = reason {
        text.push_str(": ");
        text.push_str(&error.to_string());
        reason = error.source();
    }
    if let Some(first) = text.get(..1) {
        let upper = first.to_uppercase();
        text.replace_range(..1, &upper);
    }
    text
}
