//! Maps failures to status and body. The only code in this room that chooses error statuses.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use super::DavRequest;
use crate::accounts::LookupError;
use crate::http::error::{from_causes, library_status, log_library, upload_status};
use crate::http::protocol::RequestError;
use crate::http::protocol::error_body::{Precondition, error_body};
use crate::http::protocol::href::Place;
use crate::http::protocol::{multistatus, range};
use crate::library::LibraryError;
use crate::model::{EntryName, EntryPath, SpaceId};
use crate::net::{BodyError, ResponseBody};
use crate::sharing::{DownloadError, VisitError};
use crate::uploads::UploadError;

/// Why an operation failed.
pub(super) enum Failure {
    /// The request cannot be parsed.
    Request(RequestError),
    /// The body did not arrive completely.
    Body(BodyError),
    /// The library refused or failed.
    Library(LibraryError),
    /// An upload was refused.
    Upload(UploadError),
    /// The rights could not be looked up.
    Rights(LookupError),
    /// A lock on this resource prevents the change.
    Locked {
        space: EntryName,
        path: EntryPath,
        /// Whether the request is a LOCK: it names the conflicting lock, other methods the missing token.
        taking: bool,
    },
    /// A status with a text for people.
    Status(StatusCode, &'static str),
    /// A status with a precondition of RFC 4918 16.
    Precondition(StatusCode, Precondition<'static>, &'static str),
    /// No part of the range is inside the content of this size.
    Unsatisfiable(u64),
}

impl Failure {
    pub(super) fn status(status: StatusCode, message: &'static str) -> Self {
        Self::Status(status, message)
    }

    /// The resource does not exist, or this user may not know about it: both get the same answer.
    pub(super) fn not_found() -> Self {
        Self::Library(LibraryError::NotFound)
    }

    /// An error of the library about something in `space`.
    pub(super) fn in_space(space: &EntryName) -> impl Fn(LibraryError) -> Self {
        let space = space.clone();
        move |error| match error {
            LibraryError::Locked { path, .. } => Self::Locked { space: space.clone(), path, taking: false },
            other => Self::Library(other),
        }
    }

    /// An error of the library about something in the space of one of these two.
    pub(super) fn between(
        one: &EntryName,
        (other, other_id): (&EntryName, SpaceId),
    ) -> impl Fn(LibraryError) -> Self {
        let (in_one, in_other) = (Self::in_space(one), Self::in_space(other));
        move |error| match error {
            LibraryError::Locked { space, .. } if space == other_id => in_other(error),
            _ => in_one(error),
        }
    }

    /// The bytes to be sent could not be counted.
    pub(super) fn uncounted(error: DownloadError) -> Self {
        match error {
            DownloadError::Catalog(error) => Self::Library(error.into()),
            DownloadError::NoSuchDownload | DownloadError::Ended => Self::not_found(),
        }
    }

    pub(super) fn into_response(self, request: &DavRequest<'_>) -> Response<ResponseBody> {
        let status = self.status_code();
        self.log(request, status);
        let body = match &self {
            Self::Request(error) => error_body(status, None, &error.to_string()),
            Self::Body(error) => error_body(status, None, &error.to_string()),
            Self::Library(error @ (LibraryError::OverQuota | LibraryError::HistoryFull)) => {
                error_body(status, Some(Precondition::QuotaNotExceeded), &error.to_string())
            }
            Self::Library(error @ LibraryError::DiskFull) => {
                error_body(status, Some(Precondition::SufficientDiskSpace), &error.to_string())
            }
            Self::Library(error) => error_body(status, None, &error.to_string()),
            Self::Upload(error) => error_body(status, None, &error.to_string()),
            Self::Rights(_) => error_body(status, None, "the rights could not be looked up"),
            Self::Locked { space, path, taking } => {
                let place = Place::Entry { space: space.clone(), path: path.clone() };
                let hrefs = [request.mount.href(&place, false)];
                let precondition = match taking {
                    true => Precondition::NoConflictingLock(&hrefs),
                    false => Precondition::LockTokenSubmitted(&hrefs),
                };
                let message = "this is locked by another user; wait until it is unlocked";
                error_body(status, Some(precondition), message)
            }
            Self::Status(_, message) => error_body(status, None, message),
            Self::Precondition(_, precondition, message) => error_body(status, Some(*precondition), message),
            Self::Unsatisfiable(_) => error_body(status, None, "the file has no such bytes"),
        };
        let mut response = Response::new(ResponseBody::full(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(multistatus::CONTENT_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, request.visitor.allowed());
        }
        if matches!(self, Self::Library(LibraryError::Busy | LibraryError::Closed)) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if let Self::Unsatisfiable(size) = self
            && let Ok(value) = HeaderValue::from_str(&range::unsatisfied(size))
        {
            headers.insert(CONTENT_RANGE, value);
        }
        response
    }

    fn status_code(&self) -> StatusCode {
        match self {
            Self::Request(error) => error.status(),
            Self::Body(error) => error.status(),
            Self::Library(error) => library_status(error),
            Self::Upload(error) => upload_status(error),
            Self::Rights(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Locked { .. } => StatusCode::LOCKED,
            Self::Status(status, _) | Self::Precondition(status, ..) => *status,
            Self::Unsatisfiable(_) => StatusCode::RANGE_NOT_SATISFIABLE,
        }
    }

    /// Logs errors that the office must know about, once, with their causes; mistakes of clients are not logged.
    fn log(&self, request: &DavRequest<'_>, status: StatusCode) {
        let request_id = request.info.request_id;
        match self {
            Self::Library(error) => log_library(error, status, request_id),
            Self::Rights(error) => {
                tracing::error!(%request_id, error = error as &dyn std::error::Error, "rights not looked up");
            }
            _ => {}
        }
    }
}

from_causes!(Failure);

impl From<VisitError> for Failure {
    /// An error for a link that was open a moment ago.
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::Library(error) => Self::Library(error),
            VisitError::Catalog(error) => Self::Rights(error),
            _ => Self::not_found(),
        }
    }
}
