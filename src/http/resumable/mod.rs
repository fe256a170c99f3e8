//! Uploads that go on where they broke off: one engine (`library::upload`), a door for each protocol.
//!
//! ```text
//! /tus, /tus/ID                 tus 1.0.0 (`tus`); a POST to a folder of the tree begins one, too
//! PUT or POST of a file         "Resumable Uploads for HTTP" (`draft`), if its headers say so
//! /uploads/ID                   where those go on
//! /uploads                      one's own uploads by every protocol (`own`); DELETE /uploads/ID ends any of them
//! ```
//! What one door has begun, no other one continues. The request that brings the last byte makes the upload a
//! file. Where that is refused, by a lock perhaps, the upload stays and may be tried again; nothing says "all is here"
//! of content that is no file yet, since clients take that for success and leave.

mod cors;
mod draft;
mod failure;
mod finished;
mod own;
mod tus;
mod upload;

use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use self::cors::{Leave, Origins};
use self::draft::Dialect;
use self::failure::Failure;
use self::finished::{Done, Finished};
use super::dav::{RecentSpaces, mounts, written_path};
use super::protocol::conditional;
use super::protocol::href::{Place as Target, Site};
use super::reply::uncached;
use crate::accounts::{Accounts, Principal};
use crate::library::{Library, LibraryError, Upload};
use crate::model::{Access, Conditions, EntryName, EntryPath, Right, SpaceId};
use crate::net::{RequestBody, RequestInfo, ResponseBody, WebOrigin};

const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Answer of an operation.
type Answer = Result<Response<ResponseBody>, Failure>;

/// The doors.
pub struct Resumable {
    library: Library,
    accounts: Accounts,
    recent_spaces: RecentSpaces,
    finished: Finished,
    origins: Origins,
}

/// By which protocol a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// tus 1.0.0.
    Tus,
    /// "Resumable Uploads for HTTP", and the list of one's own uploads.
    Draft,
}

/// What a request to the tree is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// Nothing: the tree answers it.
    None,
    /// It begins an upload.
    Upload(Door),
    /// It could be resumed, if its client could be told where; so it is a plain PUT.
    Whole(Dialect),
}

/// A request on its way through this room.
struct Call<'a> {
    library: &'a Library,
    accounts: &'a Accounts,
    recent_spaces: &'a RecentSpaces,
    finished: &'a Finished,
    principal: &'a Principal,
    parts: &'a Parts,
    info: &'a RequestInfo,
}

/// An upload, under way or done.
enum Found {
    Open(Upload),
    Done(Done),
}

impl Door {
    /// The door at a path of the URL space.
    pub(super) fn at(path: &str) -> Option<Self> {
        let is_below =
            |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match path {
            _ if is_below("/tus") => Some(Self::Tus),
            _ if is_below("/uploads") => Some(Self::Draft),
            _ => None,
        }
    }

    /// For the log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tus => "tus",
            Self::Draft => "uploads",
        }
    }

    /// Says which protocol it was that answered.
    pub(super) fn mark(self, response: Response<ResponseBody>) -> Response<ResponseBody> {
        match self {
            Self::Tus => tus::marked(response),
            Self::Draft => response,
        }
    }
}

impl Beginning {
    /// Reads the headers of a request to the tree. What is wrong with them is said later.
    pub(super) fn of(request: &Request<RequestBody>) -> Self {
        match *request.method() {
            Method::POST if tus::is_begun_by(request.headers()) => Self::Upload(Door::Tus),
            Method::PUT | Method::POST => draft::beginning(request),
            _ => Self::None,
        }
    }
}

impl Resumable {
    /// The doors to this library for these people, and for web pages of these sites.
    pub fn new(
        library: Library,
        accounts: Accounts,
        recent_spaces: RecentSpaces,
        origins: Vec<WebOrigin>,
    ) -> Self {
        Self { library, accounts, recent_spaces, finished: Finished::default(), origins: Origins(origins) }
    }

    /// What the answer to a request at a door says to the web page that asked.
    pub(super) fn leave(&self, request: &Request<RequestBody>) -> Option<Leave> {
        self.origins.leave(request.method(), request.headers())
    }

    /// What a door can do, if that is asked. Everybody may know.
    pub(super) fn abilities(
        &self,
        door: Door,
        request: &Request<RequestBody>,
    ) -> Option<Response<ResponseBody>> {
        let is_asked = match door {
            Door::Tus => tus::method(request.method(), request.headers()) == "OPTIONS",
            Door::Draft => request.method() == Method::OPTIONS,
        };
        let answer = |response: &mut Response<ResponseBody>| match door {
            Door::Tus => {
                tus::announce(&self.library, response.headers_mut());
                response.headers_mut().insert(ALLOW, tus::ALLOWED);
            }
            Door::Draft => draft::announce(&self.library, response.headers_mut()),
        };
        is_asked.then(|| {
            let mut response = uncached(StatusCode::NO_CONTENT);
            answer(&mut response);
            door.mark(response)
        })
    }

    /// Answers a request of somebody who has logged in.
    pub(super) async fn handle(
        &self,
        door: Door,
        request: Request<RequestBody>,
        info: &RequestInfo,
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
        match door {
            Door::Tus => tus::answer(&call, &mut body).await,
            Door::Draft => draft::answer(&call, &mut body).await,
        }
    }

    /// Completes the tree's answer to a [`Beginning::Whole`].
    pub(super) fn complete_whole(response: &mut Response<ResponseBody>, dialect: Dialect) {
        if response.status().is_success() {
            dialect.say(response.headers_mut(), true);
        }
    }

    /// What may be begun at a place of the tree.
    pub(super) fn announce(&self, headers: &mut HeaderMap) {
        tus::announce(&self.library, headers);
        draft::announce_limits(&self.library, headers);
    }
}

impl Call<'_> {
    /// The right to write to a space, as it is at this moment.
    async fn access(&self, space: SpaceId) -> Result<Access, Failure> {
        let access = self.accounts.access(self.principal, space).await?;
        let access = access.ok_or_else(Failure::no_such_upload)?;
        access.require(Right::Write).map_err(LibraryError::from)?;
        Ok(access)
    }

    /// A space that does not exist and one that this person may not see are the same to him.
    async fn writable(&self, name: &EntryName) -> Result<Access, Failure> {
        let id = self.library.space_id(name).await?.ok_or(LibraryError::NotFound)?;
        let access = self.accounts.access(self.principal, id).await?.ok_or(LibraryError::NotFound)?;
        access.require(Right::Write).map_err(LibraryError::from)?;
        Ok(access)
    }

    /// The place in the tree that the request goes to.
    fn target(&self) -> Result<(EntryName, EntryPath), Failure> {
        let path = self.parts.uri.path();
        let [mount, ..] = mounts::of(self.principal, path);
        let located = mount.locate(written_path(self.parts))?.ok_or(LibraryError::NotFound)?;
        let Target::Entry { space, path } = located.place else {
            let text = "spaces are made by an administrator; name a place in one";
            return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED, text));
        };
        Ok((space, path))
    }

    /// Conditions as these headers put them, about the file.
    fn conditions(&self, headers: &HeaderMap) -> Result<Conditions, Failure> {
        let mounts = mounts::of(self.principal, self.parts.uri.path());
        let site = Site { hosts: &[self.info.requested_host()], mounts: &mounts };
        Ok(conditional::read(headers, &site)?)
    }
}

/// Every header that these doors read.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn read_headers(headers: &HeaderMap) {
    tus::read_headers(headers);
    draft::read_headers(headers);
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

/// A header value of ASCII that we made ourselves.
fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
