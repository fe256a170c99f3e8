//! The context that every endpoint gets with a request.

use http::request::Parts;
use http::uri::PathAndQuery;

use super::HealthState;
use super::devices::Devices;
use super::recent_spaces::RecentSpaces;
use super::turns::{Archives, Receipts};
use crate::accounts::Accounts;
use crate::admin::Admin;
use crate::intake::Intake;
use crate::library::Library;
use crate::model::Zone;
use crate::net::{RequestInfo, SendLanes};
use crate::sharing::Sharing;
use crate::uploads::Uploads;

/// The services that answer requests; each open instance has one set.
pub(super) struct Services {
    pub(super) library: Library,
    pub(super) uploads: Uploads,
    pub(super) accounts: Accounts,
    pub(super) sharing: Sharing,
    pub(super) intake: Intake,
    pub(super) admin: Admin,
    pub(super) recent_spaces: RecentSpaces,
    pub(super) lanes: SendLanes,
    pub(super) archives: Archives,
    pub(super) receipts: Receipts,
    pub(super) devices: Devices,
    pub(super) health: HealthState,
}

/// A request without its body, and the services that answer it.
#[derive(Clone, Copy)]
pub(super) struct RequestContext<'a> {
    pub(super) services: &'a Services,
    pub(super) parts: &'a Parts,
    pub(super) info: &'a RequestInfo,
}

impl<'a> RequestContext<'a> {
    /// The time zone of the office; the system's if the catalogue cannot be read.
    pub(super) async fn zone(self) -> Zone {
        let office = self.services.accounts.office().await;
        office.map_or_else(|_| Zone::of_system(), |office| office.zone.clone())
    }

    /// The server's address as the client used it; `None` without a host (HTTP/1.0).
    pub(super) fn origin(self) -> Option<String> {
        let scheme = if self.info.secure { "https" } else { "http" };
        let host = self.info.requested_host();
        (!host.is_empty()).then(|| format!("{scheme}://{host}"))
    }

    pub(super) fn path(self) -> &'a str {
        self.parts.uri.path()
    }

    /// The path with its query.
    pub(super) fn address(self) -> &'a str {
        self.parts.uri.path_and_query().map_or("/", PathAndQuery::as_str)
    }

    /// The path, together with its query if the request changes something: `DELETE /a/?b` does not mean `/a/`, and
    /// [`Mount::locate`](super::protocol::href::Mount::locate) refuses the `?` that should have been escaped.
    pub(super) fn written_path(self) -> &'a str {
        match self.parts.method.as_str() {
            "GET" | "HEAD" | "PROPFIND" | "OPTIONS" => self.path(),
            _ => self.address(),
        }
    }
}
