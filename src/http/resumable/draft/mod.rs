//! "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload), drafts -01 to the newest.
//!
//! ```text
//! PUT or POST  /dav/S/F/file   begins; Upload-Complete: ?1 with all of it, ?0 with its first part or nothing
//!              104             address to resume at, sent while the body arrives: HTTP/1.1 only
//! HEAD   /uploads/ID           204, the offset so far
//! PATCH  /uploads/ID           204, appends; with ?1 the answer that the PUT would have had
//! DELETE /uploads/ID           204, cancels it
//! ```
//! An upload is complete when its client says so. Content that has arrived but is not yet a file, because of a lock
//! for instance, is reported as `?0`, and a PATCH with `?1` and no bytes tries again. A client that cannot receive
//! the address to resume at (HTTP/2, or no version header) gets a plain PUT, or begins with `?0`, which answers 201
//! and `Location`.
//!
//! Conditions and locks named by the first request apply at the end as well; a PATCH may name others.

mod append;
pub(crate) mod creation;
pub(crate) mod dialect;
pub(crate) mod fields;
pub(crate) mod origin;
mod problem;

use http::header::{ALLOW, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

pub(in crate::http) use self::dialect::Dialect;
use self::origin::Origin;
use super::failure::Failure;
use super::{
    Answer, Done, Endpoint, Found, UPLOAD_LENGTH, UPLOAD_OFFSET, UploadRequest, UploadStart, insert, max_size,
};
use crate::http::reply::uncached;
use crate::model::UploadId;
use crate::net::{RequestBody, ResponseBody};
use crate::uploads::{UPLOAD_KEPT_FOR, Upload, Uploads};

/// The protocol of these uploads, as stored with them.
const PROTOCOL: &str = "ietf";

const ALLOWED: HeaderValue = HeaderValue::from_static("OPTIONS, GET, HEAD, PATCH, DELETE");
const UPLOAD_LIMIT: HeaderName = HeaderName::from_static("upload-limit");
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const PARTIAL_UPLOAD: &str = "application/partial-upload";

/// The meaning of a PUT or POST to the tree for this protocol.
pub(super) fn start(parts: &Parts, body: &RequestBody) -> UploadStart {
    let headers = &parts.headers;
    if !["upload-complete", "upload-incomplete"].iter().any(|name| headers.contains_key(*name)) {
        return UploadStart::None;
    }
    let Ok(Some(dialect)) = Dialect::of(headers) else { return UploadStart::Upload(Endpoint::Draft) };
    let is_whole = matches!(dialect.completes(headers), Ok(Some(true)));
    let can_be_told = dialect.is_named && body.takes_interim();
    match is_whole && !can_be_told && parts.method == Method::PUT {
        true => UploadStart::Whole(dialect),
        false => UploadStart::Upload(Endpoint::Draft),
    }
}

/// The capabilities of this endpoint.
pub(super) fn announce(uploads: &Uploads, headers: &mut HeaderMap) {
    headers.insert(ALLOW, ALLOWED);
    announce_limits(uploads, headers);
}

/// The limits, on a resource where an upload can begin.
pub(super) fn announce_limits(uploads: &Uploads, headers: &mut HeaderMap) {
    headers.insert(ACCEPT_PATCH, HeaderValue::from_static(PARTIAL_UPLOAD));
    limit(uploads, headers, UPLOAD_KEPT_FOR.as_secs());
}

/// Answers a request.
pub(super) async fn answer(request: &UploadRequest<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let method = request.parts.method.as_str();
    let dialect = match Dialect::of(&request.parts.headers) {
        Ok(dialect) => dialect,
        Err(error) => return refused(request, error.into()),
    };
    let path = request.parts.uri.path();
    let answer = match (method, path.strip_prefix("/uploads").filter(|_| Endpoint::at(path).is_some())) {
        (_, None) => request.begin(dialect.unwrap_or(Dialect::DEFAULT), body).await,
        ("GET" | "HEAD", Some("" | "/")) => request.list().await,
        (_, Some("" | "/")) => Err(not_here()),
        (_, Some(rest)) => match rest.strip_prefix('/').and_then(|id| id.parse().ok()) {
            None => Err(Failure::no_such_upload()),
            Some(id) => match method {
                "HEAD" => request.tell(dialect, id).await,
                "PATCH" => request.go_on(dialect, id, body).await,
                "DELETE" => request.end(id).await,
                _ => Err(not_here()),
            },
        },
    };
    let mut response = answer.unwrap_or_else(|failure| refused(request, failure));
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, ALLOWED);
    }
    if method == "HEAD" {
        *response.body_mut() = ResponseBody::empty();
    }
    response
}

impl UploadRequest<'_> {
    /// The offset so far; a client resumes there.
    async fn tell(&self, dialect: Option<Dialect>, id: UploadId) -> Answer {
        let found = self.find(id, &[PROTOCOL]).await?;
        let mut response = uncached(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        match &found {
            Found::Open(upload) => {
                let dialect = dialect.unwrap_or_else(|| Origin::of(upload).dialect());
                self.tell_progress(headers, dialect, upload);
                if let Some(length) = upload.length {
                    headers.insert(UPLOAD_LENGTH, length.into());
                }
            }
            Found::Done(done) => {
                dialect.unwrap_or(Dialect::DEFAULT).say(headers, true);
                headers.insert(UPLOAD_OFFSET, done.length.into());
                headers.insert(UPLOAD_LENGTH, done.length.into());
                self.file_headers(headers, done);
            }
        }
        Ok(response)
    }

    /// Headers for an upload that is not complete.
    fn tell_progress(&self, headers: &mut HeaderMap, dialect: Dialect, upload: &Upload) {
        dialect.say(headers, false);
        headers.insert(UPLOAD_OFFSET, upload.received.into());
        let left = upload.expires.as_secs().saturating_sub(self.info.received.as_secs());
        limit(&self.services.uploads, headers, left.unsigned_abs());
    }

    /// The answer after an upload became a file: the same as to a PUT of it.
    fn answered_as_put(&self, dialect: Dialect, done: &Done) -> Response<ResponseBody> {
        let mut response = uncached(if done.created { StatusCode::CREATED } else { StatusCode::NO_CONTENT });
        let headers = response.headers_mut();
        dialect.say(headers, true);
        headers.insert(UPLOAD_OFFSET, done.length.into());
        self.file_headers(headers, done);
        response
    }
}

/// Sends an interim answer with the upload's address or progress.
fn inform(dialect: Dialect, body: &RequestBody, tell: impl FnOnce(&mut HeaderMap)) {
    let Ok(status) = StatusCode::from_u16(104) else { return };
    if dialect.is_named {
        let mut headers = HeaderMap::new();
        insert(&mut headers, dialect::INTEROP_VERSION, &dialect.version.to_string());
        tell(&mut headers);
        body.tell(status, "Upload Resumption Supported", &headers);
    }
}

fn refused(request: &UploadRequest<'_>, failure: Failure) -> Response<ResponseBody> {
    problem::response(failure, &request.services.uploads, &request.parts.headers, request.info)
}

fn not_here() -> Failure {
    let text =
        "an upload begins with a PUT to where the file shall lie and goes on with HEAD, PATCH and DELETE";
    Failure::Status(StatusCode::METHOD_NOT_ALLOWED, text)
}

/// `Upload-Limit` with the seconds until the upload expires.
fn limit(uploads: &Uploads, headers: &mut HeaderMap, seconds: u64) {
    insert(headers, UPLOAD_LIMIT, &format!("max-size={}, max-age={seconds}", max_size(uploads)));
}

fn location(headers: &mut HeaderMap, id: UploadId) {
    insert(headers, LOCATION, &format!("/uploads/{id}"));
}
