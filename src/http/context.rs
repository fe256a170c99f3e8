//! What every endpoint is given with a request.

use http::request::Parts;
use http::uri::PathAndQuery;

use super::recent_spaces::RecentSpaces;
use crate::accounts::Accounts;
use crate::library::Library;
use crate::net::{RequestInfo, SendLanes};
use crate::sharing::Sharing;

/// What requests are answered from, one for an open instance.
pub(super) struct Services {
    pub(super) library: Library,
    pub(super) accounts: Accounts,
    pub(super) sharing: Sharing,
    pub(super) recent_spaces: RecentSpaces,
    pub(super) lanes: SendLanes,
}

/// A request but for its body, and what it is answered from.
#[derive(Clone, Copy)]
pub(super) struct RequestContext<'a> {
    pub(super) services: &'a Services,
    pub(super) parts: &'a Parts,
    pub(super) info: &'a RequestInfo,
}

impl<'a> RequestContext<'a> {
    pub(super) fn path(self) -> &'a str {
        self.parts.uri.path()
    }

    /// The path, together with its query where the request changes something: `DELETE /a/?b` does not mean `/a/`, and
    /// [`Mount::locate`](super::protocol::href::Mount::locate) refuses the `?` that should have been escaped.
    pub(super) fn written_path(self) -> &'a str {
        match self.parts.method.as_str() {
            "GET" | "HEAD" | "PROPFIND" | "OPTIONS" => self.path(),
            _ => self.parts.uri.path_and_query().map_or("/", PathAndQuery::as_str),
        }
    }
}
