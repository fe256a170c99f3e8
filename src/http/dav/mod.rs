//! WebDAV (RFC 4918) over the library: one file for each family of methods. `protocol` has the formats of requests
//! and answers.

mod browse;
mod chunks;
mod failure;
mod get;
mod listing;
mod lock;
mod propfind;
mod proppatch;
mod put;
mod search;
mod target;
mod tree;
mod visitor;

use std::ops::Deref;

use http::header::ALLOW;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use self::failure::Failure;
use self::listing::ListingLimits;
use self::visitor::Visitor;
use super::context::RequestContext;
use super::mounts;
use super::protocol::href::{Mount, Site};
use super::protocol::xml;
use super::reply::empty;
use crate::accounts::Principal;
use crate::net::{Limits, RequestBody, ResponseBody};
use crate::sharing::Visit;

/// Answer of an operation.
type Answer = Result<Response<ResponseBody>, Failure>;

const ALLOWED: HeaderValue = HeaderValue::from_static(
    "OPTIONS, GET, HEAD, PUT, DELETE, MKCOL, COPY, MOVE, PROPFIND, PROPPATCH, LOCK, UNLOCK",
);

/// A PATCH with this header asks Nextcloud to compute a checksum of a file, and changes nothing.
const RECALCULATE: &str = "x-recalculate-hash";

/// For `SabreDAV`'s partial updates, and other requests to change part of a file in place.
const NO_PATCH: &str = "a file is not changed in parts; send it whole, or in parts by tus (/tus)";

/// The tree at `/dav/`, and at the paths that Nextcloud's clients use.
pub(super) struct Dav {
    listings: ListingLimits,
}

/// A request to a tree.
struct DavRequest<'a> {
    context: RequestContext<'a>,
    listings: ListingLimits,
    visitor: Visitor<'a>,
    mount: &'a Mount,
    site: Site<'a>,
}

impl<'a> Deref for DavRequest<'a> {
    type Target = RequestContext<'a>;

    fn deref(&self) -> &Self::Target {
        &self.context
    }
}

impl Dav {
    /// A tree with these limits.
    pub(super) fn new(limits: &Limits) -> Self {
        let listings = ListingLimits { entries: limits.max_listing_entries, bytes: limits.max_listing_bytes };
        Self { listings }
    }

    /// Whether this endpoint serves the path.
    pub(super) fn serves(path: &str) -> bool {
        ["/dav", "/remote.php"]
            .iter()
            .any(|top| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// Answers a request of an authenticated user.
    pub(super) async fn handle(
        &self,
        context: RequestContext<'_>,
        body: &mut RequestBody,
        principal: &Principal,
    ) -> Response<ResponseBody> {
        let path = context.path();
        let mounts = mounts::of(principal, path);
        let host = [context.info.requested_host()];
        let [mount, ..] = &mounts;
        let request = self.request(context, Visitor::User(principal), mount, &mounts, &host);
        let answer = match mounts::uploads(principal, path) {
            Some(uploads) => request.chunked(&uploads, body).await,
            None if mounts::is_above(path) => request.above(body).await,
            None => request.answer(body).await,
        };
        answer.unwrap_or_else(|failure| failure.into_response(&request))
    }

    /// Answers a request of a guest for the entry of a link. The tree is at `mounts`, with that of the request
    /// first.
    pub(super) async fn handle_guest(
        &self,
        context: RequestContext<'_>,
        body: &mut RequestBody,
        visit: &Visit,
        mounts: &[Mount],
    ) -> Response<ResponseBody> {
        let host = [context.info.requested_host()];
        let Some(mount) = mounts.first() else { return empty(StatusCode::NOT_FOUND) };
        let request = self.request(context, Visitor::Guest(visit), mount, mounts, &host);
        let answer = request.answer(body).await;
        answer.unwrap_or_else(|failure| failure.into_response(&request))
    }

    fn request<'a>(
        &self,
        context: RequestContext<'a>,
        visitor: Visitor<'a>,
        mount: &'a Mount,
        mounts: &'a [Mount],
        hosts: &'a [&'a str],
    ) -> DavRequest<'a> {
        let site = Site { hosts, mounts };
        DavRequest { context, listings: self.listings, visitor, mount, site }
    }
}

impl DavRequest<'_> {
    async fn answer(&self, body: &mut RequestBody) -> Answer {
        self.visitor.require_method(&self.parts.method)?;
        self.read_away(body).await?;
        match self.parts.method.as_str() {
            "GET" => self.get().await,
            "HEAD" => self.head().await,
            "PUT" => self.put(body).await,
            "PROPFIND" => self.propfind(body).await,
            "PROPPATCH" => self.proppatch(body).await,
            "MKCOL" => self.make_folder(body).await,
            "DELETE" => self.delete().await,
            "COPY" => self.copy().await,
            "MOVE" => self.relocate().await,
            "LOCK" => self.lock(body).await,
            "UNLOCK" => self.unlock().await,
            "OPTIONS" => Ok(options(self.visitor.allowed())),
            "PATCH" if self.parts.headers.contains_key(RECALCULATE) => self.tell_checksums().await,
            "PATCH" => Err(Failure::status(StatusCode::METHOD_NOT_ALLOWED, NO_PATCH)),
            _ => Err(Failure::status(StatusCode::METHOD_NOT_ALLOWED, "this method is not supported here")),
        }
    }

    /// Reads and drops the body of a request that has no use for one, before the request waits for its turn: until
    /// then the body would fill HTTP/2's windows, 16 MiB for each connection. Clients of RFC 2518 send an XML body
    /// with COPY and MOVE, which RFC 4918 (appendix F) has removed.
    ///
    /// Errors: 413 for a body longer than the limit for XML.
    async fn read_away(&self, body: &mut RequestBody) -> Result<(), Failure> {
        if matches!(self.parts.method.as_str(), "COPY" | "MOVE" | "DELETE" | "UNLOCK") {
            body.collect(xml::MAX_BODY_BYTES).await?;
        }
        Ok(())
    }

    /// The parents of a mount are not folders: Explorer asks them whether this is a WebDAV server, and gvfs climbs
    /// until one refuses.
    async fn above(&self, body: &mut RequestBody) -> Answer {
        match self.parts.method.as_str() {
            "OPTIONS" => Ok(options(ALLOWED)),
            "SEARCH" if mounts::is_cloud_root(self.parts.uri.path()) => self.search(body).await,
            _ => Err(Failure::not_found()),
        }
    }

    fn is_method(&self, method: &Method) -> bool {
        self.parts.method == *method
    }
}

/// The answer to OPTIONS on the parents of a mount.
pub(super) fn options_above_mounts() -> Response<ResponseBody> {
    options(ALLOWED)
}

/// The first request of every client. Finder mounts for writing with classes 1 and 2, for reading with 1 alone.
fn options(allowed: HeaderValue) -> Response<ResponseBody> {
    let classes = if allowed == ALLOWED { "1, 2" } else { "1" };
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(ALLOW, allowed);
    headers.insert(HeaderName::from_static("dav"), HeaderValue::from_static(classes));
    headers.insert(HeaderName::from_static("ms-author-via"), HeaderValue::from_static("DAV"));
    response
}

/// A header value from ASCII text that the server generated.
fn header_value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text)
        .map_err(|_| Failure::status(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written"))
}
