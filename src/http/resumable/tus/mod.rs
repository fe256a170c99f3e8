//! tus 1.0.0 (<https://tus.io/protocols/resumable-upload>).
//!
//! ```text
//! POST  /tus          201, begins an upload; Upload-Metadata has the path for its content
//! POST  /dav/S/F/     201, begins an upload of a file in this folder
//! HEAD  /tus/ID       200, the offset so far
//! PATCH /tus/ID       204, appends
//! DELETE /tus/ID      204, cancels it
//! ```
//! The request with the last byte is answered like a PUT. If the file is refused, any later HEAD or PATCH retries.
//! Conditions (`If-Match`, `If-None-Match`, `If`) apply to the file, and each request has its own.

pub(crate) mod append;
pub(crate) mod concat;
mod creation;
pub(crate) mod metadata;

use http::header::{ALLOW, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::failure::Failure;
use super::{Answer, Done, Endpoint, Found, UPLOAD_LENGTH, UPLOAD_OFFSET, UploadRequest, insert, max_size};
use crate::http::protocol::tus::{TUS_RESUMABLE, VERSION, is_spoken};
use crate::http::reply::uncached;
use crate::library::LibraryError;
use crate::model::UploadId;
use crate::net::{RequestBody, RequestInfo, ResponseBody};
use crate::uploads::{Upload, UploadError, Uploads};

/// The protocol of these uploads, as stored with them.
const PROTOCOL: &str = "tus";
/// The same for an upload whose content is to become part of another.
const PROTOCOL_OF_PARTS: &str = "tus-partial";
/// The same for an upload that joins others.
const PROTOCOL_OF_JOINED: &str = "tus-final";
const PROTOCOLS: [&str; 3] = [PROTOCOL, PROTOCOL_OF_PARTS, PROTOCOL_OF_JOINED];

const EXTENSIONS: HeaderValue = HeaderValue::from_static(
    "creation,creation-with-upload,creation-defer-length,checksum,termination,expiration,concatenation",
);
const ALGORITHMS: HeaderValue = HeaderValue::from_static("sha1,sha256");
pub(super) const ALLOWED: HeaderValue = HeaderValue::from_static("OPTIONS, POST, HEAD, PATCH, DELETE");

const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const UPLOAD_CONCAT: HeaderName = HeaderName::from_static("upload-concat");
const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");

/// Target of a path.
enum Place {
    /// The endpoint where uploads begin.
    Endpoint,
    Upload(UploadId),
    /// A folder of the tree.
    Tree,
}

/// Whether a POST to a folder of the tree begins an upload.
pub(super) fn is_begun_by(headers: &HeaderMap) -> bool {
    headers.contains_key(TUS_RESUMABLE)
}

/// The capabilities of this endpoint.
pub(super) fn announce(uploads: &Uploads, headers: &mut HeaderMap) {
    headers.insert(TUS_RESUMABLE, VERSION);
    headers.insert(TUS_VERSION, VERSION);
    headers.insert(HeaderName::from_static("tus-extension"), EXTENSIONS);
    headers.insert(HeaderName::from_static("tus-checksum-algorithm"), ALGORITHMS);
    headers.insert(HeaderName::from_static("tus-max-size"), max_size(uploads).into());
}

/// Marks the answer with the protocol that gave it.
pub(super) fn marked(mut response: Response<ResponseBody>) -> Response<ResponseBody> {
    response.headers_mut().insert(TUS_RESUMABLE, VERSION);
    response
}

/// Answers a request.
pub(super) async fn answer(request: &UploadRequest<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let headers = &request.parts.headers;
    if !is_spoken(headers) {
        let text = "this server speaks tus 1.0.0, and every request must say so (Tus-Resumable)";
        let mut response = refused(Failure::Status(StatusCode::PRECONDITION_FAILED, text), request.info);
        response.headers_mut().insert(TUS_VERSION, VERSION);
        return marked(response);
    }
    let method = method(&request.parts.method, headers);
    let answer = match (method, request.place()) {
        ("POST", Some(Place::Endpoint | Place::Tree)) => request.create(body).await,
        ("HEAD", Some(Place::Upload(id))) => request.progress(id).await,
        ("PATCH", Some(Place::Upload(id))) => request.append(id, body).await,
        ("DELETE", Some(Place::Upload(id))) => {
            request.cancel(id, &PROTOCOLS).await.map(|()| uncached(StatusCode::NO_CONTENT))
        }
        (_, None) => Err(Failure::no_such_upload()),
        _ => {
            let text = "uploads are begun with POST and continued with HEAD, PATCH and DELETE";
            Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED, text))
        }
    };
    let mut response = answer.unwrap_or_else(|failure| refused(failure, request.info));
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, ALLOWED);
    }
    if method == "HEAD" {
        *response.body_mut() = ResponseBody::empty();
    }
    marked(response)
}

/// The effective method: clients behind old proxies send it in a header.
pub(super) fn method<'a>(method: &'a Method, headers: &'a HeaderMap) -> &'a str {
    let instead = headers.get("X-HTTP-Method-Override").and_then(|value| value.to_str().ok());
    instead.unwrap_or_else(|| method.as_str())
}

impl UploadRequest<'_> {
    fn place(&self) -> Option<Place> {
        let path = self.parts.uri.path();
        match path.strip_prefix("/tus").filter(|_| Endpoint::at(path).is_some()) {
            None => Some(Place::Tree),
            Some("" | "/") => Some(Place::Endpoint),
            Some(rest) => rest.strip_prefix('/')?.parse().ok().map(Place::Upload),
        }
    }

    /// The offset so far; a client resumes there.
    async fn progress(&self, id: UploadId) -> Answer {
        let found = match self.find(id, &PROTOCOLS).await? {
            // The server stopped, or refused the file, between the last byte and the commit.
            Found::Open(upload) if is_whole(&upload) => Found::Done(self.make_file(upload).await?),
            found => found,
        };
        let mut response = uncached(StatusCode::OK);
        let headers = response.headers_mut();
        let (protocol, metadata) = match &found {
            Found::Open(upload) => {
                headers.insert(UPLOAD_OFFSET, upload.received.into());
                match upload.length {
                    Some(length) => headers.insert(UPLOAD_LENGTH, length.into()),
                    None => headers.insert(UPLOAD_DEFER_LENGTH, HeaderValue::from_static("1")),
                };
                expires(headers, upload);
                (&upload.protocol, &upload.metadata)
            }
            Found::Done(done) => {
                headers.insert(UPLOAD_OFFSET, done.length.into());
                headers.insert(UPLOAD_LENGTH, done.length.into());
                self.file_headers(headers, done);
                (&done.protocol, &done.metadata)
            }
        };
        match protocol.as_str() {
            PROTOCOL_OF_PARTS => headers.insert(UPLOAD_CONCAT, HeaderValue::from_static("partial")),
            PROTOCOL_OF_JOINED => headers.insert(UPLOAD_CONCAT, HeaderValue::from_static("final")),
            _ => None,
        };
        if !metadata.is_empty() {
            insert(headers, UPLOAD_METADATA, metadata);
        }
        Ok(response)
    }

    /// Turns a complete upload into a file, under the conditions of this request.
    async fn make_file(&self, upload: Upload) -> Result<Done, Failure> {
        let conditions = self.conditions(&self.parts.headers)?;
        self.finish(upload, conditions).await
    }

    /// The answer after an upload became a file.
    fn stored(&self, status: StatusCode, done: &Done) -> Response<ResponseBody> {
        let mut response = uncached(status);
        let headers = response.headers_mut();
        headers.insert(UPLOAD_OFFSET, done.length.into());
        self.file_headers(headers, done);
        response
    }
}

/// The answer to a failure.
fn refused(failure: Failure, info: &RequestInfo) -> Response<ResponseBody> {
    let status = match &failure {
        // The protocol defines this status itself.
        Failure::Library(LibraryError::WrongChecksum) => {
            StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
        }
        Failure::Upload(UploadError::TooLong) => StatusCode::PAYLOAD_TOO_LARGE,
        other => other.status(),
    };
    failure.into_response(status, info)
}

/// Whether it has arrived completely and is to become a file.
fn is_whole(upload: &Upload) -> bool {
    upload.is_complete() && upload.protocol != PROTOCOL_OF_PARTS
}

fn expires(headers: &mut HeaderMap, upload: &Upload) {
    insert(headers, UPLOAD_EXPIRES, &httpdate::fmt_http_date(upload.expires.to_system()));
}

fn location(headers: &mut HeaderMap, id: UploadId) {
    insert(headers, LOCATION, &format!("/tus/{id}"));
}
