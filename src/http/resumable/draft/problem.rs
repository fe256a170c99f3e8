//! Refusals, with the problem types (RFC 9457) that this protocol has registered.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::json;

use super::dialect::Dialect;
use super::{Failure, announce_limits, fields};
use crate::net::{RequestInfo, ResponseBody};
use crate::uploads::{UploadError, Uploads};

const TYPES: &str = "https://iana.org/assignments/http-problem-types#";

/// Bytes and lengths contradict each other. Does not end the upload by itself.
pub(super) const INCONSISTENT: Failure = Failure::Upload(UploadError::LengthFixed);
/// The upload is already a file.
pub(super) const COMPLETED: Failure = Failure::Status(StatusCode::GONE, "this upload is complete");

/// The answer to a failure.
pub(super) fn response(
    failure: Failure,
    uploads: &Uploads,
    request: &HeaderMap,
    info: &RequestInfo,
) -> Response<ResponseBody> {
    let status = failure.status();
    let problem = problem(&failure, status, request);
    let says_offset = matches!(failure, Failure::Upload(UploadError::OffsetMismatch { .. }));
    let mut response = failure.into_response(status, info);
    if let Some(problem) = problem {
        *response.body_mut() = ResponseBody::full(problem);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    if says_offset {
        let dialect = Dialect::of(request).ok().flatten().unwrap_or(Dialect::DEFAULT);
        dialect.say(response.headers_mut(), false);
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        announce_limits(uploads, response.headers_mut());
    }
    response
}

fn problem(failure: &Failure, status: StatusCode, request: &HeaderMap) -> Option<String> {
    let status = status.as_u16();
    let problem = match failure {
        Failure::Upload(error @ UploadError::OffsetMismatch { expected }) => json!({
            "type": format!("{TYPES}mismatching-upload-offset"),
            "title": "offset from request does not match offset of resource",
            "status": status,
            "code": error.code(),
            "expected-offset": expected,
            "provided-offset": fields::integer(request, "Upload-Offset").ok().flatten(),
        }),
        Failure::Upload(
            error @ (UploadError::TooLong | UploadError::LengthFixed | UploadError::Incomplete { .. }),
        ) => json!({
            "type": format!("{TYPES}inconsistent-upload-length"),
            "title": "inconsistent length values for upload",
            "status": status,
            "code": error.code(),
        }),
        Failure::Status(StatusCode::GONE, _) => json!({
            "type": format!("{TYPES}completed-upload"),
            "title": "upload is already completed",
            "status": status,
        }),
        _ => return None,
    };
    Some(problem.to_string())
}
