//! Why a file that a person sends through a page was not stored.

use http::StatusCode;

use super::error::{library_status, log_library};
use crate::library::{LibraryError, NotListed};
use crate::net::RequestId;
use crate::sharing::HandInError;
use crate::text::{AskedTexts, HandInTexts, Language, LinkTexts};

/// Why a file was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Refusal {
    NothingChosen,
    BadName,
    NoRoom,
    Locked,
    Broken,
    WrongLength,
    TooMany,
    NoLonger,
    WrongType,
    TooMuch,
    LeftOut,
    Finished,
    ItemDone,
    NoSender,
    TooOften,
    Failed,
}

impl Refusal {
    /// All of them.
    pub(in crate::http) const ALL: [Self; 16] = [
        Self::NothingChosen,
        Self::BadName,
        Self::NoRoom,
        Self::Locked,
        Self::Broken,
        Self::WrongLength,
        Self::TooMany,
        Self::NoLonger,
        Self::WrongType,
        Self::TooMuch,
        Self::LeftOut,
        Self::Finished,
        Self::ItemDone,
        Self::NoSender,
        Self::TooOften,
        Self::Failed,
    ];

    /// The refusal of a word; of an unknown one, that the file was not stored.
    pub(in crate::http) fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|refusal| refusal.word() == word).unwrap_or(Self::Failed)
    }

    /// Its word in receipts.
    pub(in crate::http) fn word(self) -> &'static str {
        match self {
            Self::NothingChosen => "nothing-chosen",
            Self::BadName => "bad-name",
            Self::NoRoom => "no-room",
            Self::Locked => "being-edited",
            Self::Broken => "broken-off",
            Self::WrongLength => "wrong-length",
            Self::TooMany => "too-many-at-once",
            Self::NoLonger => "takes-no-files",
            Self::WrongType => "wrong-type",
            Self::TooMuch => "too-much",
            Self::LeftOut => "left-out",
            Self::Finished => "finished",
            Self::ItemDone => "item-accepted",
            Self::NoSender => "no-sender",
            Self::TooOften => "too-often",
            Self::Failed => "failed",
        }
    }

    pub(in crate::http) fn status(self) -> StatusCode {
        match self {
            Self::NothingChosen | Self::BadName | Self::NoSender | Self::Broken | Self::WrongLength => {
                StatusCode::BAD_REQUEST
            }
            Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::NoRoom => StatusCode::INSUFFICIENT_STORAGE,
            Self::Locked => StatusCode::LOCKED,
            Self::TooMany | Self::TooMuch => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Finished | Self::ItemDone => StatusCode::CONFLICT,
            Self::LeftOut => StatusCode::OK,
            Self::NoLonger => StatusCode::FORBIDDEN,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The reason, as a person reads it.
    pub(in crate::http) fn sentence(self, language: Language) -> &'static str {
        let (texts, hand_in) = (LinkTexts(language), HandInTexts(language));
        match self {
            Self::NothingChosen => texts.nothing_chosen(),
            Self::BadName => texts.bad_name(),
            Self::NoRoom => texts.no_room(),
            Self::Locked => texts.being_edited(),
            Self::Broken | Self::WrongLength => texts.broken_off(),
            Self::TooMany => texts.too_many(),
            Self::NoLonger => texts.takes_no_files(),
            Self::WrongType => hand_in.wrong_type(),
            Self::TooMuch => hand_in.too_much(),
            Self::LeftOut => hand_in.left_out(),
            Self::Finished => hand_in.finished_meanwhile(),
            Self::ItemDone => AskedTexts(language).accepted_meanwhile(),
            Self::NoSender => hand_in.no_sender(),
            Self::TooOften => hand_in.too_often(),
            Self::Failed => texts.not_stored(),
        }
    }

    /// The reason for an error of a hand-in; an error that the office must know about is logged.
    pub(in crate::http) fn of_hand_in(error: &HandInError, request_id: RequestId) -> Self {
        match error {
            HandInError::WrongType => Self::WrongType,
            HandInError::TooMuch => Self::TooMuch,
            HandInError::Finished | HandInError::UsedUp => Self::Finished,
            HandInError::ItemDone => Self::ItemDone,
            HandInError::NoSuchHandIn => Self::NoLonger,
            HandInError::Name | HandInError::NoName => Self::NoSender,
            HandInError::TooOften | HandInError::Guessed { .. } => Self::TooOften,
            HandInError::Library(error) => Self::of_library(error, request_id),
            error => {
                let error: &dyn std::error::Error = error;
                tracing::error!(%request_id, error, "hand-in not stored");
                Self::Failed
            }
        }
    }

    /// The same for an error of storing.
    pub(in crate::http) fn of_library(error: &LibraryError, request_id: RequestId) -> Self {
        let status = library_status(error);
        match status {
            _ if matches!(error, LibraryError::WrongSize) => Self::WrongLength,
            _ if let LibraryError::NotListed(why) = error => match why {
                NotListed::Ended => Self::Finished,
                NotListed::Full => Self::TooMuch,
                NotListed::Accepted => Self::ItemDone,
            },
            StatusCode::LOCKED => Self::Locked,
            StatusCode::INSUFFICIENT_STORAGE => Self::NoRoom,
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Self::NoLonger,
            StatusCode::CONFLICT | StatusCode::BAD_REQUEST => Self::BadName,
            _ => {
                log_library(error, status, request_id);
                Self::Failed
            }
        }
    }
}
