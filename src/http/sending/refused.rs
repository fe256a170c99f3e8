//! Refusals: a status, a word for the script and a sentence for the person.

use http::{Response, StatusCode};
use serde_json::json;

use super::at_offset;
use crate::accounts::LookupError;
use crate::http::error::upload_status;
use crate::http::protocol::RequestError;
use crate::http::refusal::Refusal;
use crate::http::reply::json;
use crate::library::LibraryError;
use crate::net::{BodyError, RequestId, ResponseBody};
use crate::sharing::{HandInError, VisitError};
use crate::text::{FilesTexts, Language, SendingTexts};
use crate::uploads::UploadError;

/// Why a request was refused.
#[derive(Debug)]
pub(in crate::http) enum Refused {
    /// The file is not taken, or not now.
    File(Refusal),
    Library(LibraryError),
    HandIn(HandInError),
    Upload(UploadError),
    NoSuchUpload,
    NotSignedIn,
    /// The request does not come from a page of this server.
    Forged,
    Version,
    Method,
    Request(RequestError),
    Body(BodyError),
    Lookup(LookupError),
}

impl Refused {
    /// Why the file of a hand-in will never be taken; `None` if another try may help.
    pub(super) fn final_refusal(&self, request_id: RequestId) -> Option<Refusal> {
        let refusal = match self {
            Self::File(refusal) => *refusal,
            Self::HandIn(error) => Refusal::of_hand_in(error, request_id),
            _ => return None,
        };
        let is_final = matches!(refusal, Refusal::WrongType | Refusal::TooMuch | Refusal::ItemDone);
        is_final.then_some(refusal)
    }

    pub(super) fn response(
        self,
        (language, is_guest): (Language, bool),
        request_id: RequestId,
    ) -> Response<ResponseBody> {
        let texts = SendingTexts(language);
        let file = |refusal: Refusal, status: StatusCode| {
            let text = match refusal {
                Refusal::NoLonger if !is_guest => FilesTexts(language).denied(),
                refusal => refusal.sentence(language),
            };
            // A form leaves such files out without a word; a script learns of it.
            let is_left_out = refusal == Refusal::LeftOut;
            told(if is_left_out { StatusCode::UNSUPPORTED_MEDIA_TYPE } else { status }, refusal.word(), text)
        };
        match self {
            Self::File(refusal) => file(refusal, refusal.status()),
            Self::Library(error) | Self::HandIn(HandInError::Library(error)) => {
                refused_by_library(&error, request_id, file)
            }
            Self::HandIn(error) => {
                let refusal = Refusal::of_hand_in(&error, request_id);
                file(refusal, refusal.status())
            }
            Self::NoSuchUpload => told(StatusCode::NOT_FOUND, "upload-unknown", texts.begin_anew()),
            Self::Upload(UploadError::OffsetMismatch { expected }) => {
                at_offset(StatusCode::CONFLICT, expected)
            }
            Self::Upload(error) => {
                let text = match error {
                    UploadError::TooManyUploads => texts.too_many(),
                    UploadError::TakenOver => texts.taken_over(),
                    _ => texts.begin_anew(),
                };
                told(upload_status(&error), error.code(), text)
            }
            Self::NotSignedIn => told(StatusCode::UNAUTHORIZED, "not-signed-in", texts.not_signed_in()),
            Self::Forged => told(StatusCode::FORBIDDEN, "forged", texts.open_again()),
            Self::Version => told(StatusCode::PRECONDITION_FAILED, "version", texts.open_again()),
            Self::Method => told(StatusCode::METHOD_NOT_ALLOWED, "method", texts.open_again()),
            Self::Request(error) => told(error.status(), "bad-request", &error.to_string()),
            Self::Body(error) => told(error.status(), "broken-off", Refusal::Broken.sentence(language)),
            Self::Lookup(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(%request_id, error, "upload not judged");
                file(Refusal::Failed, StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

/// The library's own status says whether trying again helps.
fn refused_by_library(
    error: &LibraryError,
    request_id: RequestId,
    file: impl Fn(Refusal, StatusCode) -> Response<ResponseBody>,
) -> Response<ResponseBody> {
    let refusal = Refusal::of_library(error, request_id);
    let is_passing = matches!(error, LibraryError::Busy | LibraryError::Closed | LibraryError::ReadOnly);
    file(refusal, if is_passing { StatusCode::SERVICE_UNAVAILABLE } else { refusal.status() })
}

fn told(status: StatusCode, code: &str, text: &str) -> Response<ResponseBody> {
    json(status, json!({ "code": code, "text": text }).to_string())
}

impl From<VisitError> for Refused {
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::Library(error) => Self::Library(error),
            VisitError::Catalog(error) => Self::Library(error.into()),
            VisitError::Busy | VisitError::Throttled { .. } => Self::Library(LibraryError::Busy),
            _ => Self::File(Refusal::NoLonger),
        }
    }
}

impl From<UploadError> for Refused {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Library(error) => Self::Library(error),
            UploadError::NoSuchUpload => Self::NoSuchUpload,
            error => Self::Upload(error),
        }
    }
}

macro_rules! from {
    ($($error:ty => $variant:ident),*) => {
        $(impl From<$error> for Refused {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

from!(
    Refusal => File, LibraryError => Library, HandInError => HandIn, RequestError => Request,
    BodyError => Body, LookupError => Lookup
);
