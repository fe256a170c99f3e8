//! Errors of the holding area.

use crate::catalog::CatalogError;
use crate::convert::ConvertError;
use crate::library::LibraryError;
use crate::model::{HoldReason, HoldState};

/// Why a decision about a held content was not carried out. Each message is a sentence for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// There is no such hold, or the asker may not know about it.
    #[error("there is no such item in the holding area")]
    NoSuchHold,
    /// The decision does not fit the state of the hold.
    #[error("it is {state}: this is not possible")]
    WrongState {
        /// Present state.
        state: HoldState,
    },
    /// A decision must say why.
    #[error("a reason is needed; it is recorded")]
    NoReason,
    /// The scan before the release did not call it clean.
    #[error("it is not released: {reason}{}", engine.as_ref().map(|engine| format!(" ({engine})")).unwrap_or_default())]
    NotClean {
        /// The result of the scan.
        reason: HoldReason,
        /// The scanner that it is about, if it is about one.
        engine: Option<String>,
    },
    /// The hash of the content is not computed yet.
    #[error("the hash of the content is not known yet; try again in a minute")]
    NoHash,
    /// Another change came first.
    #[error("it changed meanwhile; look at it again")]
    Changed,
    /// Only a release can be for one person.
    #[error("only a release can be for one person")]
    NotForOne,
    /// The person may not read the space.
    #[error("this person may not read the space: give the right to it first")]
    NotAReader,
    /// The person has not asked for it, or the request was declined.
    #[error("this person does not ask for it")]
    NotAsked,
    /// The list of contents that are let in is full.
    #[error("no more contents can be let in: end some of them (tresor hold allowed)")]
    TooManyAllowed,
    /// Where two persons release, what only the server released is not let in.
    #[error("two persons release here: only what they released in spite of a scanner can be let in")]
    NotOverridden,
    /// The content is not on that list.
    #[error("this content is not let in")]
    NotAllowed,
    /// Two different persons must decide, and this one has decided already.
    #[error("you have decided this already; another person must do so, too")]
    SamePerson,
    /// It is not encrypted, or it is open already.
    #[error("it needs no password now")]
    NoPasswordNeeded,
    /// The password does not open it.
    #[error("this password does not open it")]
    WrongPassword,
    /// This server cannot open it, whatever the password.
    #[error("it is encrypted in a way that this server does not open")]
    NotOpened,
    /// Too many passwords were tried for it within an hour.
    #[error("too many passwords were tried for it; wait an hour")]
    TooManyPasswords,
    /// Any other fault.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

impl IntakeError {
    /// The code of this error for programs; never changed.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchHold => "no-such-hold",
            Self::WrongState { .. } => "hold-wrong-state",
            Self::NoReason => "reason-needed",
            Self::NotClean { .. } => "not-clean",
            Self::NoHash => "no-hash",
            Self::Changed => "hold-changed",
            Self::NotForOne => "not-for-one",
            Self::NotAReader => "not-a-reader",
            Self::NotAsked => "not-asked",
            Self::TooManyAllowed => "too-many-allowed",
            Self::NotOverridden => "not-overridden",
            Self::NotAllowed => "not-on-the-list",
            Self::SamePerson => "second-person-needed",
            Self::NoPasswordNeeded => "no-password-needed",
            Self::WrongPassword => "wrong-password",
            Self::NotOpened => "not-opened",
            Self::TooManyPasswords => "too-many-passwords",
            Self::Library(error) => error.code(),
        }
    }
}

/// Why no PDF was made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The converter failed.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// The document could not be read, or the PDF not be stored.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl From<LibraryError> for RenderError {
    fn from(error: LibraryError) -> Self {
        Self::Intake(error.into())
    }
}

impl From<CatalogError> for IntakeError {
    fn from(error: CatalogError) -> Self {
        Self::Library(error.into())
    }
}
