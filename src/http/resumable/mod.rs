//! Resumable uploads: one engine (`uploads`), an endpoint for each protocol.
//!
//! ```text
//! /tus, /tus/ID                 tus 1.0.0 (`tus`); a POST to a folder of the tree begins one, too
//! PUT or POST of a file         "Resumable Uploads for HTTP" (`draft`), if its headers say so
//! /uploads/ID                   where those resume
//! /uploads                      the user's own uploads of every protocol (`own`); DELETE /uploads/ID ends any of them
//! ```
//! An upload begun at one endpoint cannot be resumed at another. The request with the last byte turns the upload
//! into a file. If that is refused, by a lock for instance, the upload stays and can be retried; no answer reports
//! content as complete before it is a file, because clients take that for success and disconnect.

mod cors;
mod done;
pub(crate) mod draft;
mod failure;
mod own;
pub(crate) mod tus;
mod upload;

use std::ops::Deref;

use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use self::cors::{CorsDecision, Origins};
use self::done::Done;
use self::draft::Dialect;
use self::failure::Failure;
use super::context::RequestContext;
use super::finished::Finished;
use super::mounts;
use super::protocol::conditional;
use super::protocol::href::{Place as Target, Site};
use super::protocol::tus::{UPLOAD_LENGTH, UPLOAD_OFFSET};
use super::reply::uncached;
use crate::accounts::Principal;
use crate::library::LibraryError;
use crate::model::{Access, Conditions, EntryName, EntryPath, Right, SpaceId, Stamp};
use crate::net::{RequestBody, ResponseBody, WebOrigin};
use crate::uploads::{Upload, Uploads};

/// Answer of an operation.
type Answer = Result<Response<ResponseBody>, Failure>;

/// The memory of these endpoints, and the web pages that may use them.
pub(super) struct Resumable {
    finished: Finished<Done>,
    origins: Origins,
}

/// The protocol of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// tus 1.0.0.
    Tus,
    /// "Resumable Uploads for HTTP", and the list of the user's own uploads.
    Draft,
}

/// The meaning of a request to the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UploadStart {
    /// Not an upload: the tree answers it.
    None,
    /// Begins an upload.
    Upload(Endpoint),
    /// It could be resumed if its client could receive the address; as it cannot, this is a plain PUT.
    Whole(Dialect),
}

/// A request about an upload.
struct UploadRequest<'a> {
    context: RequestContext<'a>,
    finished: &'a Finished<Done>,
    principal: &'a Principal,
}

impl<'a> Deref for UploadRequest<'a> {
    type Target = RequestContext<'a>;

    fn deref(&self) -> &Self::Target {
        &self.context
    }
}

/// An upload, in progress or done.
enum Found {
    Open(Upload),
    Done(Done),
}

impl Endpoint {
    /// The endpoint that serves the path.
    pub(super) fn at(path: &str) -> Option<Self> {
        let is_below =
            |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match path {
            _ if is_below("/tus") => Some(Self::Tus),
            _ if is_below("/uploads") => Some(Self::Draft),
            _ => None,
        }
    }

    /// Name in the log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tus => "tus",
            Self::Draft => "uploads",
        }
    }

    /// Marks the answer with the protocol that gave it.
    pub(super) fn mark(self, response: Response<ResponseBody>) -> Response<ResponseBody> {
        match self {
            Self::Tus => tus::marked(response),
            Self::Draft => response,
        }
    }
}

impl UploadStart {
    /// Reads the headers of a request to the tree. Faults in them are reported later.
    pub(super) fn of(parts: &Parts, body: &RequestBody) -> Self {
        match parts.method {
            Method::POST if tus::is_begun_by(&parts.headers) => Self::Upload(Endpoint::Tus),
            Method::PUT | Method::POST => draft::start(parts, body),
            _ => Self::None,
        }
    }
}

impl Resumable {
    /// Endpoints that web pages of these sites may use, too.
    pub(super) fn new(origins: Vec<WebOrigin>) -> Self {
        Self { finished: Finished::default(), origins: Origins(origins) }
    }

    /// The CORS headers of the answer to a request.
    pub(super) fn cors(&self, parts: &Parts) -> Option<CorsDecision> {
        self.origins.decide(&parts.method, &parts.headers)
    }

    /// The capabilities of an endpoint, if the request asks for them. Needs no authentication.
    pub(super) fn abilities(
        endpoint: Endpoint,
        context: RequestContext<'_>,
    ) -> Option<Response<ResponseBody>> {
        let (parts, uploads) = (context.parts, &context.services.uploads);
        let is_asked = match endpoint {
            Endpoint::Tus => tus::method(&parts.method, &parts.headers) == "OPTIONS",
            Endpoint::Draft => parts.method == Method::OPTIONS,
        };
        let answer = |response: &mut Response<ResponseBody>| match endpoint {
            Endpoint::Tus => {
                tus::announce(uploads, response.headers_mut());
                response.headers_mut().insert(ALLOW, tus::ALLOWED);
            }
            Endpoint::Draft => draft::announce(uploads, response.headers_mut()),
        };
        is_asked.then(|| {
            let mut response = uncached(StatusCode::NO_CONTENT);
            answer(&mut response);
            endpoint.mark(response)
        })
    }

    /// Answers a request of an authenticated user.
    pub(super) async fn handle(
        &self,
        endpoint: Endpoint,
        context: RequestContext<'_>,
        body: &mut RequestBody,
        principal: &Principal,
    ) -> Response<ResponseBody> {
        let request = UploadRequest { context, finished: &self.finished, principal };
        match endpoint {
            Endpoint::Tus => tus::answer(&request, body).await,
            Endpoint::Draft => draft::answer(&request, body).await,
        }
    }

    /// Completes the tree's answer to a [`UploadStart::Whole`].
    pub(super) fn complete_whole(response: &mut Response<ResponseBody>, dialect: Dialect) {
        if response.status().is_success() {
            dialect.say(response.headers_mut(), true);
        }
    }

    /// Announces which uploads can begin at a place of the tree.
    pub(super) fn announce(uploads: &Uploads, headers: &mut HeaderMap) {
        tus::announce(uploads, headers);
        draft::announce_limits(uploads, headers);
    }
}

impl UploadRequest<'_> {
    /// The sender as an actor, and the time of the request.
    fn stamp(&self) -> Stamp {
        self.principal.stamp(self.info.received)
    }

    /// The present right to write to a space.
    async fn access(&self, space: SpaceId) -> Result<Access, Failure> {
        let access = self.services.accounts.access(self.principal, space).await?;
        let access = access.ok_or_else(Failure::no_such_upload)?;
        access.require(Right::Write).map_err(LibraryError::from)?;
        Ok(access)
    }

    /// A space that does not exist and one that this user may not see get the same answer.
    async fn writable(&self, name: &EntryName) -> Result<Access, Failure> {
        let id = self.services.library.space_id(name).await?.ok_or(LibraryError::NotFound)?;
        let access =
            self.services.accounts.access(self.principal, id).await?.ok_or(LibraryError::NotFound)?;
        access.require(Right::Write).map_err(LibraryError::from)?;
        Ok(access)
    }

    /// The place in the tree that the request names.
    fn target(&self) -> Result<(EntryName, EntryPath), Failure> {
        let [mount, ..] = mounts::of(self.principal, self.path());
        let located = mount.locate(self.written_path())?.ok_or(LibraryError::NotFound)?;
        let Target::Entry { space, path } = located.place else {
            let text = "spaces are made by an administrator; name a place in one";
            return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED, text));
        };
        Ok((space, path))
    }

    /// The conditions on the file in these headers.
    fn conditions(&self, headers: &HeaderMap) -> Result<Conditions, Failure> {
        let mounts = mounts::of(self.principal, self.parts.uri.path());
        let site = Site { hosts: &[self.info.requested_host()], mounts: &mounts };
        Ok(conditional::read(headers, &site)?)
    }
}

/// The longest upload, whose parts all have the greatest length.
fn max_size(uploads: &Uploads) -> u64 {
    let limits = uploads.limits();
    limits.segment.saturating_mul(limits.pieces)
}

fn require_size(uploads: &Uploads, length: u64) -> Result<(), Failure> {
    match length <= max_size(uploads) {
        true => Ok(()),
        false => Err(Failure::Status(StatusCode::PAYLOAD_TOO_LARGE, "no upload can be this long")),
    }
}

/// Inserts a header value of ASCII text that the server generated.
fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
