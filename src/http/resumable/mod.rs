//! Uploads that go on where they broke off, by tus 1.0.0 (<https://tus.io/protocols/resumable-upload>).
//!
//! ```text
//! POST  /tus          201, begins an upload; where its content will lie stands in Upload-Metadata
//! POST  /dav/S/F/     the same for a file in this folder
//! HEAD  /tus/ID       200, how far it has come
//! PATCH /tus/ID       204, appends
//! DELETE /tus/ID      204, gives it up
//! ```
//! The request that brings the last byte makes the upload a file, and is answered as a PUT would be. Where that
//! is refused, by a lock perhaps, the upload stays, and any later HEAD or PATCH tries again. A HEAD never says
//! "all is here" of content that is no file yet: clients take that for success and leave.
//!
//! Conditions (`If-Match`, `If-None-Match`, `If`) are those of the file, in each request anew.

mod append;
mod concat;
mod creation;
mod failure;
mod finished;
mod metadata;

use http::header::{ALLOW, CACHE_CONTROL, ETAG, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use self::failure::Failure;
use self::finished::{Done, Finished};
use super::dav::protocol::conditional;
use super::dav::protocol::href::Site;
use super::dav::protocol::properties::push_cloud_id;
use super::dav::{RecentSpaces, mounts, requested_host};
use super::{RequestBody, RequestInfo, ResponseBody};
use crate::accounts::{Accounts, Principal};
use crate::library::{Change, Finish, Library, LibraryError, Upload, UploadsOf};
use crate::model::{Access, Conditions, Right, SpaceId, Timestamp, UploadId};

/// How the engine tells these uploads from others.
const DOOR: &str = "tus";
/// The same for one whose content is to become part of another one's.
const DOOR_OF_PARTS: &str = "tus-partial";
/// The same for one that was made of others.
const DOOR_OF_JOINED: &str = "tus-final";

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const EXTENSIONS: HeaderValue = HeaderValue::from_static(
    "creation,creation-with-upload,creation-defer-length,checksum,termination,expiration,concatenation",
);
const ALGORITHMS: HeaderValue = HeaderValue::from_static("sha1,sha256");
const ALLOWED: HeaderValue = HeaderValue::from_static("OPTIONS, POST, HEAD, PATCH, DELETE");

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const UPLOAD_CONCAT: HeaderName = HeaderName::from_static("upload-concat");
const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Answer of an operation.
type Answer = Result<Response<ResponseBody>, Failure>;

/// The door at `/tus`.
pub struct Resumable {
    library: Library,
    accounts: Accounts,
    recent_spaces: RecentSpaces,
    finished: Finished,
}

/// A request on its way through this room.
struct Call<'a> {
    library: &'a Library,
    accounts: &'a Accounts,
    recent_spaces: &'a RecentSpaces,
    finished: &'a Finished,
    principal: &'a Principal,
    parts: &'a Parts,
    info: RequestInfo,
}

/// What a path names.
enum Place {
    /// Where uploads are begun.
    Door,
    Upload(UploadId),
    /// Something in the tree.
    Tree,
}

/// An upload, under way or done.
enum Found {
    Open(Upload),
    Done(Done),
}

impl Resumable {
    /// The door to this library for these people.
    pub fn new(library: Library, accounts: Accounts, recent_spaces: RecentSpaces) -> Self {
        Self { library, accounts, recent_spaces, finished: Finished::default() }
    }

    /// Whether a path of the URL space is this room's.
    pub fn serves(path: &str) -> bool {
        path.strip_prefix("/tus").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether a request to a folder of the tree begins an upload.
    pub fn is_begun_by(request: &Request<RequestBody>) -> bool {
        request.method() == Method::POST && request.headers().contains_key(TUS_RESUMABLE)
    }

    /// Whether a request asks what this door can do. Everybody may know.
    pub fn is_asked_by(request: &Request<RequestBody>) -> bool {
        method(request.method(), request.headers()) == "OPTIONS"
    }

    /// What this door can do.
    pub fn abilities(&self) -> Response<ResponseBody> {
        let mut response = empty(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        headers.insert(ALLOW, ALLOWED);
        headers.insert(TUS_VERSION, VERSION);
        headers.insert(HeaderName::from_static("tus-extension"), EXTENSIONS);
        headers.insert(HeaderName::from_static("tus-checksum-algorithm"), ALGORITHMS);
        headers.insert(HeaderName::from_static("tus-max-size"), max_size(&self.library).into());
        marked(response)
    }

    /// Answers a request of somebody who has logged in.
    pub async fn handle(
        &self,
        request: Request<RequestBody>,
        info: RequestInfo,
        principal: &Principal,
    ) -> Response<ResponseBody> {
        let (parts, mut body) = request.into_parts();
        let call = Call {
            library: &self.library,
            accounts: &self.accounts,
            recent_spaces: &self.recent_spaces,
            finished: &self.finished,
            principal,
            parts: &parts,
            info,
        };
        let method = method(&parts.method, &parts.headers);
        let mut response = call.answer(method, &mut body).await;
        if method == "HEAD" {
            *response.body_mut() = ResponseBody::empty();
        }
        response
    }
}

/// Says which protocol it was that answered.
pub(super) fn marked(mut response: Response<ResponseBody>) -> Response<ResponseBody> {
    response.headers_mut().insert(TUS_RESUMABLE, VERSION);
    response
}

impl Call<'_> {
    async fn answer(&self, method: &str, body: &mut RequestBody) -> Response<ResponseBody> {
        if self.parts.headers.get(TUS_RESUMABLE).is_none_or(|version| version != VERSION) {
            let text = "this server speaks tus 1.0.0, and every request must say so (Tus-Resumable)";
            let mut response =
                Failure::Status(StatusCode::PRECONDITION_FAILED, text).into_response(self.info);
            response.headers_mut().insert(TUS_VERSION, VERSION);
            return marked(response);
        }
        let answer = match (method, self.place()) {
            ("POST", Some(Place::Door | Place::Tree)) => self.create(body).await,
            ("HEAD", Some(Place::Upload(id))) => self.progress(id).await,
            ("PATCH", Some(Place::Upload(id))) => self.append(id, body).await,
            ("DELETE", Some(Place::Upload(id))) => self.cancel(id).await,
            (_, None) => Err(Failure::no_such_upload()),
            _ => {
                let text = "uploads are begun with POST and continued with HEAD, PATCH and DELETE";
                Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED, text))
            }
        };
        let mut response = answer.unwrap_or_else(|failure| failure.into_response(self.info));
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(ALLOW, ALLOWED);
        }
        marked(response)
    }

    fn place(&self) -> Option<Place> {
        let path = self.parts.uri.path();
        match path.strip_prefix("/tus").filter(|_| Resumable::serves(path)) {
            None => Some(Place::Tree),
            Some("" | "/") => Some(Place::Door),
            Some(rest) => rest.strip_prefix('/')?.parse().ok().map(Place::Upload),
        }
    }

    /// How far it has come; a client goes on from there.
    async fn progress(&self, id: UploadId) -> Answer {
        let found = match self.find(id).await? {
            // The server stopped, or said no, between the last byte and the file.
            Found::Open(upload) if is_whole(&upload) => Found::Done(self.finish(upload).await?),
            found => found,
        };
        let mut response = empty(StatusCode::OK);
        let headers = response.headers_mut();
        let (door, metadata) = match &found {
            Found::Open(upload) => {
                headers.insert(UPLOAD_OFFSET, upload.received.into());
                match upload.length {
                    Some(length) => headers.insert(UPLOAD_LENGTH, length.into()),
                    None => headers.insert(UPLOAD_DEFER_LENGTH, HeaderValue::from_static("1")),
                };
                expires(headers, upload);
                (&upload.door, &upload.metadata)
            }
            Found::Done(done) => {
                headers.insert(UPLOAD_OFFSET, done.length.into());
                headers.insert(UPLOAD_LENGTH, done.length.into());
                self.file_headers(headers, done);
                (&done.door, &done.metadata)
            }
        };
        match door.as_str() {
            DOOR_OF_PARTS => headers.insert(UPLOAD_CONCAT, HeaderValue::from_static("partial")),
            DOOR_OF_JOINED => headers.insert(UPLOAD_CONCAT, HeaderValue::from_static("final")),
            _ => None,
        };
        if !metadata.is_empty()
            && let Ok(metadata) = HeaderValue::from_str(metadata)
        {
            headers.insert(UPLOAD_METADATA, metadata);
        }
        Ok(response)
    }

    async fn cancel(&self, id: UploadId) -> Answer {
        let Found::Open(upload) = self.find(id).await? else { return Err(Failure::no_such_upload()) };
        let access = self.access(upload.space).await?;
        let of = UploadsOf::User(self.principal.user);
        self.library.cancel_upload(&access, of, id, self.info.received).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    /// One's own upload. Ends whoever writes to it: what is told of it stays true.
    async fn find(&self, id: UploadId) -> Result<Found, Failure> {
        let user = self.principal.user;
        let open = match self.library.upload_space(user, id).await {
            Ok(space) => {
                let access = self.access(space).await?;
                self.library.upload(&access, user, id, self.info.received).await
            }
            Err(error) => Err(error),
        };
        match open {
            Ok(upload) if [DOOR, DOOR_OF_PARTS, DOOR_OF_JOINED].contains(&upload.door.as_str()) => {
                Ok(Found::Open(upload))
            }
            Ok(_) => Err(Failure::no_such_upload()),
            Err(LibraryError::NoSuchUpload) => {
                let _turn = self.finished.turn(id).await;
                let done = self.finished.of(user, id).ok_or_else(Failure::no_such_upload)?;
                self.access(done.space).await?;
                Ok(Found::Done(done))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The right to write to a space, as it is at this moment.
    async fn access(&self, space: SpaceId) -> Result<Access, Failure> {
        let access = self.accounts.access(self.principal, space).await?;
        let access = access.ok_or_else(Failure::no_such_upload)?;
        access.require(Right::Write).map_err(LibraryError::from)?;
        Ok(access)
    }

    fn conditions(&self) -> Result<Conditions, Failure> {
        let mounts = mounts::of(self.principal, self.parts.uri.path());
        let site = Site { hosts: &[requested_host(self.parts)], mounts: &mounts };
        Ok(conditional::read(&self.parts.headers, &site)?)
    }

    /// Makes a complete upload a file.
    async fn finish(&self, upload: Upload) -> Result<Done, Failure> {
        let (user, now) = (self.principal.user, Timestamp::now());
        let change =
            Change { access: self.access(upload.space).await?, user, now, conditions: self.conditions()? };
        let (library, finished) = (self.library.clone(), self.finished.clone());
        // To its end, even if the client leaves: it will ask what became of it.
        let task = tokio::spawn(async move {
            let _turn = finished.turn(upload.id).await;
            // A client whose line broke may ask while its last request is still at work here.
            if let Some(done) = finished.of(user, upload.id) {
                return Ok(done);
            }
            let access = change.access;
            let outcome = library.finish_upload(change, upload.id, Finish::default()).await;
            if let Err(LibraryError::WrongChecksum) = outcome {
                // No attempt will end otherwise; the client finds nothing and begins anew.
                library.cancel_upload(&access, UploadsOf::User(user), upload.id, now).await?;
            }
            Ok::<_, LibraryError>(finished.note(user, upload, &outcome?.entry))
        });
        Ok(task.await.map_err(LibraryError::from)??)
    }

    /// The answer after an upload became a file.
    fn stored(&self, status: StatusCode, done: &Done) -> Response<ResponseBody> {
        let mut response = empty(status);
        let headers = response.headers_mut();
        headers.insert(UPLOAD_OFFSET, done.length.into());
        self.file_headers(headers, done);
        response
    }

    fn file_headers(&self, headers: &mut HeaderMap, done: &Done) {
        let mut id = String::new();
        push_cloud_id(&mut id, done.number, self.library.instance_id());
        let etag = format!("\"{}\"", done.etag.0);
        // ASCII that we made ourselves.
        if let (Ok(id), Ok(etag)) = (HeaderValue::from_str(&id), HeaderValue::from_str(&etag)) {
            headers.insert(HeaderName::from_static("oc-fileid"), id);
            headers.insert(HeaderName::from_static("oc-etag"), etag.clone());
            headers.insert(ETAG, etag);
        }
    }
}

/// Every header that this door reads.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn read_headers(headers: &HeaderMap) {
    use super::dav::protocol::headers as dav_headers;

    let _ = append::checksum(headers);
    if let Ok(text) = dav_headers::single(headers, "Upload-Concat")
        && let Ok(concat::Kind::Final(parts)) = concat::Kind::parse(text)
    {
        assert!(!parts.is_empty());
    }
    if let Ok(Some(text)) = dav_headers::single(headers, "Upload-Metadata")
        && let Ok(metadata) = metadata::Metadata::parse(text)
    {
        if let Ok(Some((_, path))) = metadata.place() {
            assert!(!path.is_root(), "an upload becomes a file, never a space");
        }
        let _ = (metadata.space(), metadata.filename(), metadata.modified(), metadata.checksum());
    }
}

/// Whether all of it has arrived and it is to be a file.
fn is_whole(upload: &Upload) -> bool {
    upload.is_complete() && upload.door != DOOR_OF_PARTS
}

/// The method that counts: clients behind old proxies write it into a header.
fn method<'a>(method: &'a Method, headers: &'a HeaderMap) -> &'a str {
    let instead = headers.get("X-HTTP-Method-Override").and_then(|value| value.to_str().ok());
    instead.unwrap_or_else(|| method.as_str())
}

/// The longest upload, if its parts are as long as they can be.
fn max_size(library: &Library) -> u64 {
    let limits = library.upload_limits();
    limits.segment.saturating_mul(limits.pieces)
}

fn require_size(library: &Library, length: u64) -> Result<(), Failure> {
    match length <= max_size(library) {
        true => Ok(()),
        false => Err(Failure::Status(StatusCode::PAYLOAD_TOO_LARGE, "no upload can be this long")),
    }
}

fn expires(headers: &mut HeaderMap, upload: &Upload) {
    let text = httpdate::fmt_http_date(upload.expires.to_system());
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(UPLOAD_EXPIRES, value);
    }
}

fn location(headers: &mut HeaderMap, id: UploadId) {
    if let Ok(value) = HeaderValue::from_str(&format!("/tus/{id}")) {
        headers.insert(LOCATION, value);
    }
}

fn empty(status: StatusCode) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
