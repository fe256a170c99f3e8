//! Why a request was refused.

use crate::accounts::{AccountsError, LookupError, UserNameError};
use crate::library::LibraryError;
use crate::model::NameError;
use crate::recovery::RecoveryError;
use crate::sharing::LinkError;
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
    /// An error about links.
    #[error(transparent)]
    Links(#[from] LinkError),
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
    /// The user may not make this request.
    #[error("you may not do this; an administrator or the server's owner can")]
    NotAllowed,
    /// The instance is not locked.
    #[error("this instance is open already")]
    NotLocked,
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
