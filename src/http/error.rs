//! Maps errors of the rooms below to statuses and log lines.

use http::StatusCode;

use crate::library::{LibraryError, NotListed};
use crate::model::{AccessDenied, NameError};
use crate::net::RequestId;
use crate::uploads::UploadError;

/// Logs errors that the office must know about, with their causes.
pub(super) fn log_library(error: &LibraryError, status: StatusCode, request_id: RequestId) {
    match error {
        LibraryError::Damaged(_) | LibraryError::Incomplete => {
            tracing::error!(%request_id, error = error as &dyn std::error::Error, "data at risk: stored content refused");
        }
        // The library logs these once, when the disk becomes full or fails.
        LibraryError::DiskFull | LibraryError::ReadOnly => {}
        _ if status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE => {
            tracing::error!(%request_id, error = error as &dyn std::error::Error, "request failed");
        }
        _ => {}
    }
}

/// The status for an error of the library.
pub(super) fn library_status(error: &LibraryError) -> StatusCode {
    match error {
        LibraryError::Denied(AccessDenied { .. }) | LibraryError::IsRoot | LibraryError::IntoItself => {
            StatusCode::FORBIDDEN
        }
        LibraryError::NotFound
        | LibraryError::NotInTrash
        | LibraryError::NoSuchSpace
        | LibraryError::NoSuchVersion => StatusCode::NOT_FOUND,
        LibraryError::ParentMissing
        | LibraryError::NameTaken
        | LibraryError::NoSuchLock
        | LibraryError::NotListed(NotListed::Ended | NotListed::Accepted)
        | LibraryError::Name(NameError::TooLong | NameError::PathTooLong | NameError::NotPortable) => {
            StatusCode::CONFLICT
        }
        LibraryError::Name(_) | LibraryError::WrongSize | LibraryError::WrongChecksum => {
            StatusCode::BAD_REQUEST
        }
        LibraryError::NotListed(NotListed::Full) => StatusCode::PAYLOAD_TOO_LARGE,
        LibraryError::IsFolder => StatusCode::METHOD_NOT_ALLOWED,
        LibraryError::Exists | LibraryError::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        LibraryError::Locked { .. } | LibraryError::Withheld => StatusCode::LOCKED,
        LibraryError::TooManyLocks
        | LibraryError::TooManyProperties
        | LibraryError::TooManyEntries
        | LibraryError::OverQuota
        | LibraryError::HistoryFull
        | LibraryError::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        // Not 507, which Finder shows as "not enough space".
        LibraryError::ReadOnly | LibraryError::Busy | LibraryError::Closed => StatusCode::SERVICE_UNAVAILABLE,
        LibraryError::SpaceExists
        | LibraryError::MailNameTaken
        | LibraryError::Damaged(_)
        | LibraryError::Incomplete
        | LibraryError::Vault(_)
        | LibraryError::Catalog(_)
        | LibraryError::Interrupted => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status of an upload error.
pub(super) fn upload_status(error: &UploadError) -> StatusCode {
    match error {
        UploadError::Library(error) => library_status(error),
        UploadError::NoSuchUpload | UploadError::NoSuchChunk => StatusCode::NOT_FOUND,
        UploadError::OffsetMismatch { .. } | UploadError::TakenOver | UploadError::WrongShape => {
            StatusCode::CONFLICT
        }
        UploadError::TooLong
        | UploadError::LengthFixed
        | UploadError::Incomplete { .. }
        | UploadError::NoPath
        | UploadError::TooManyPieces
        | UploadError::MetadataTooLong => StatusCode::BAD_REQUEST,
        UploadError::TooManyUploads => StatusCode::TOO_MANY_REQUESTS,
        UploadError::Exists => StatusCode::METHOD_NOT_ALLOWED,
    }
}

/// Lets the endpoints' failures be made from these errors with `?`.
macro_rules! from_causes {
    ($failure:ident) => {
        impl From<$crate::http::protocol::RequestError> for $failure {
            fn from(error: $crate::http::protocol::RequestError) -> Self {
                Self::Request(error)
            }
        }

        impl From<$crate::http::protocol::href::HrefError> for $failure {
            fn from(error: $crate::http::protocol::href::HrefError) -> Self {
                Self::Request(error.into())
            }
        }

        impl From<$crate::net::BodyError> for $failure {
            fn from(error: $crate::net::BodyError) -> Self {
                Self::Body(error)
            }
        }

        impl From<$crate::library::LibraryError> for $failure {
            fn from(error: $crate::library::LibraryError) -> Self {
                Self::Library(error)
            }
        }

        impl From<$crate::uploads::UploadError> for $failure {
            fn from(error: $crate::uploads::UploadError) -> Self {
                match error {
                    $crate::uploads::UploadError::Library(error) => Self::Library(error),
                    other => Self::Upload(other),
                }
            }
        }

        impl From<$crate::accounts::LookupError> for $failure {
            fn from(error: $crate::accounts::LookupError) -> Self {
                Self::Rights(error)
            }
        }
    };
}

pub(super) use from_causes;
