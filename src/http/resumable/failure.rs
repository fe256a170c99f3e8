//! Maps failures to status and body, unless a protocol has its own answer.

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use super::UPLOAD_OFFSET;
use crate::accounts::LookupError;
use crate::http::error::{from_causes, library_status, log_library, upload_status};
use crate::http::protocol::RequestError;
use crate::library::LibraryError;
use crate::net::{BodyError, RequestInfo, ResponseBody};
use crate::uploads::UploadError;

/// Why a request failed.
#[derive(Debug)]
pub enum Failure {
    /// The request cannot be parsed.
    Request(RequestError),
    /// The body did not arrive completely.
    Body(BodyError),
    /// The library refused or failed.
    Library(LibraryError),
    /// The upload was refused.
    Upload(UploadError),
    /// The rights could not be looked up.
    Rights(LookupError),
    /// A status with a text for people.
    Status(StatusCode, &'static str),
}

impl Failure {
    /// The same for an upload that does not exist and for another user's.
    pub(super) fn no_such_upload() -> Self {
        Self::Upload(UploadError::NoSuchUpload)
    }

    /// The answer with this status and a text for people.
    pub(super) fn into_response(self, status: StatusCode, info: &RequestInfo) -> Response<ResponseBody> {
        let text = match &self {
            Self::Request(error) => error.to_string(),
            Self::Body(error) => error.to_string(),
            Self::Library(error) => error.to_string(),
            Self::Upload(error) => error.to_string(),
            Self::Rights(_) => "the rights could not be looked up".to_owned(),
            Self::Status(_, text) => (*text).to_owned(),
        };
        let mut response = Response::new(ResponseBody::full(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match &self {
            Self::Library(error) => {
                log_library(error, status, info.request_id);
                if matches!(error, LibraryError::Busy | LibraryError::Closed) {
                    headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
                }
            }
            Self::Upload(UploadError::OffsetMismatch { expected }) => {
                headers.insert(UPLOAD_OFFSET, HeaderValue::from(*expected));
            }
            Self::Rights(error) => {
                let request_id = info.request_id;
                tracing::error!(%request_id, error = error as &dyn std::error::Error, "rights not looked up");
            }
            _ => {}
        }
        response
    }

    /// The status, unless a protocol defines another one.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Request(error) => error.status(),
            Self::Body(error) => error.status(),
            Self::Library(error) => library_status(error),
            Self::Upload(error) => upload_status(error),
            Self::Rights(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Status(status, _) => *status,
        }
    }
}

from_causes!(Failure);
