//! Simple answers that all endpoints use.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, Method, Response, StatusCode};

use crate::accounts::Principal;
use crate::model::{EntryName, EntryPath, VersionId};
use crate::net::ResponseBody;
pub(super) use crate::net::plain_response as plain;

/// The answer to a request for a page.
pub(super) enum Answer {
    /// A page, or a file that is made here.
    Made(Response<ResponseBody>),
    /// The answer of `dav` about this path of a space, with the rights of the person.
    Content {
        principal: Box<Principal>,
        space: EntryName,
        path: EntryPath,
        /// An earlier version of the file; `None` for the present one.
        version: Option<VersionId>,
        /// The media type as which a page shows it as a picture; `None` for a download.
        picture: Option<&'static str>,
    },
}

/// A status without a body.
pub(super) fn empty(status: StatusCode) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = status;
    response
}

/// A status without a body, not to be cached.
pub(super) fn uncached(status: StatusCode) -> Response<ResponseBody> {
    let mut response = empty(status);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// JSON, not to be cached.
pub(super) fn json(status: StatusCode, body: String) -> Response<ResponseBody> {
    let mut response = uncached(status);
    *response.body_mut() = ResponseBody::full(body);
    let media_type = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// A text for a browser to store under this name, which is ASCII; not to be cached.
pub(super) fn text_file(name: &str, text: String) -> Response<ResponseBody> {
    file(name, text, HeaderValue::from_static("text/plain; charset=utf-8"))
}

/// The same for a table (RFC 4180).
pub(super) fn csv_file(name: &str, text: String) -> Response<ResponseBody> {
    file(name, text, HeaderValue::from_static("text/csv; charset=utf-8; header=present"))
}

/// The same for a certificate as PEM, which phones offer to install by this type.
pub(super) fn certificate_file(name: &str, pem: String) -> Response<ResponseBody> {
    file(name, pem, HeaderValue::from_static("application/x-x509-ca-cert"))
}

/// The same for a PDF.
pub(super) fn pdf_file(name: &str, pdf: Vec<u8>) -> Response<ResponseBody> {
    file(name, pdf, HeaderValue::from_static("application/pdf"))
}

fn file(name: &str, text: impl Into<Bytes>, media_type: HeaderValue) -> Response<ResponseBody> {
    let mut response = uncached(StatusCode::OK);
    *response.body_mut() = ResponseBody::full(text);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    response
}

/// Redirects a browser to another address; `target` is ASCII.
pub(super) fn see_other(target: &str) -> Response<ResponseBody> {
    let mut response = empty(StatusCode::SEE_OTHER);
    if let Ok(target) = HeaderValue::from_str(target) {
        response.headers_mut().insert(LOCATION, target);
    }
    response
}

/// Refuses a method where only `methods` are allowed.
pub(super) fn not_allowed(methods: &'static str, text: &'static str) -> Response<ResponseBody> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, text);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

/// Asks the client to wait this number of seconds.
pub(super) fn too_many(text: &'static str, retry_after: u32) -> Response<ResponseBody> {
    let mut response = plain(StatusCode::TOO_MANY_REQUESTS, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

/// Answers GET and HEAD where no other method is allowed.
pub(super) fn read_only(
    method: &Method,
    answer: impl FnOnce() -> Response<ResponseBody>,
) -> Response<ResponseBody> {
    match *method {
        Method::GET | Method::HEAD => answer(),
        _ => not_allowed("GET, HEAD", "This can only be fetched."),
    }
}
