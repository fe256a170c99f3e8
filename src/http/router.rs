//! From a request to the protocol that answers it, past the one place that asks who sends it.

use std::sync::{Arc, OnceLock};

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use super::auth::authenticate;
use super::dav::{self, Dav, GuestDoor, RecentSpaces};
use super::error_page::{self, Browser};
use super::links::Links;
use super::nextcloud::Nextcloud;
use super::reply::{empty, plain, read_only};
use super::resumable::{Beginning, Door, Resumable};
use super::{Health, HealthState, KnownTroubles, health_response};
use crate::accounts::Accounts;
use crate::library::Library;
use crate::net::{
    Handler, Limits, LogUser, RequestBody, RequestId, RequestInfo, ResponseBody, Route, SendLanes, WebOrigin,
};
use crate::sharing::Sharing;

const DAV: HeaderName = HeaderName::from_static("dav");
const MS_AUTHOR_VIA: HeaderName = HeaderName::from_static("ms-author-via");
/// Methods that Explorer wants to see on the server's root before it mounts anything below.
const ROOT_ALLOW: HeaderValue = HeaderValue::from_static("OPTIONS, GET, HEAD, PROPFIND, LOCK, UNLOCK");
/// As every answer has it, and the stylesheet.
const ROOT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The routes. Until [`Router::open`] everything but the health check and the stylesheet is
/// answered with 503.
pub struct Router {
    health: HealthState,
    services: OnceLock<Services>,
}

struct Services {
    library: Library,
    accounts: Accounts,
    dav: Dav,
    links: Links,
    nextcloud: Nextcloud,
    resumable: Resumable,
}

impl Router {
    /// A router of a locked instance.
    pub fn locked(health: HealthState) -> Arc<Self> {
        Arc::new(Self { health, services: OnceLock::new() })
    }

    /// Serves files from now on; web pages of these sites may upload. Later calls change nothing.
    pub fn open(
        &self,
        library: Library,
        accounts: Accounts,
        sharing: Sharing,
        origins: Vec<WebOrigin>,
        limits: &Limits,
    ) {
        let recent_spaces = RecentSpaces::default();
        let dav = Dav::new(
            library.clone(),
            accounts.clone(),
            sharing.clone(),
            recent_spaces.clone(),
            SendLanes::default(),
            limits,
        );
        let resumable = Resumable::new(library.clone(), accounts.clone(), recent_spaces, origins);
        let nextcloud = Nextcloud::new(library.clone(), accounts.clone(), sharing.clone());
        let links = Links::new(library.clone(), sharing);
        // A second unlock found the instance open already and never comes here.
        let _ = self.services.set(Services { library, accounts, dav, links, nextcloud, resumable });
    }

    /// Of an open instance the library knows best whether it can be changed.
    fn health(&self) -> Health {
        match (self.health.current(), self.services.get()) {
            (Health::Serving, Some(services)) => {
                services.library.read_only().map_or(Health::Serving, Health::ReadOnly)
            }
            (health, _) => health,
        }
    }

    fn troubles(&self) -> KnownTroubles {
        self.services.get().map_or_else(KnownTroubles::default, |Services { library, .. }| KnownTroubles {
            containers: library.damaged_containers(),
            is_catalogue_damaged: Some(library.is_catalogue_damaged()),
            is_clock_in_doubt: Some(library.clock_doubt().is_some()),
        })
    }
}

impl Handler for Router {
    async fn handle(&self, request: Request<RequestBody>, info: RequestInfo) -> Response<ResponseBody> {
        let browser = Browser::of(request.headers());
        let answer = self.answer(request, &info).await;
        match browser {
            Some(browser) => browser.show(answer, info.request_id),
            None => answer,
        }
    }

    fn show_refusal(
        &self,
        refusal: Response<ResponseBody>,
        headers: &HeaderMap,
        request_id: RequestId,
    ) -> Response<ResponseBody> {
        match Browser::of(headers) {
            Some(browser) => browser.show(refusal, request_id),
            None => refusal,
        }
    }
}

impl Router {
    async fn answer(&self, request: Request<RequestBody>, info: &RequestInfo) -> Response<ResponseBody> {
        let path = request.uri().path();
        if path == "/health" {
            let certificate = self.health.certificate(info.received);
            let response =
                read_only(request.method(), || health_response(self.health(), self.troubles(), certificate));
            return routed(response, Route::quiet("health"));
        }
        if path == "/static/tresor.css" {
            return routed(read_only(request.method(), stylesheet), Route::quiet("static"));
        }
        let Some(services) = self.services.get() else {
            return routed(locked(), Route::named("locked"));
        };
        if let Some((door, _)) = dav::guest_door(path) {
            let route = Route::named(if door == GuestDoor::Page { "link" } else { "public" });
            return routed(services.dav.handle_guest(request, info).await, route);
        }
        if Links::serves(path) {
            return services.links.handle(request, info).await;
        }
        if Nextcloud::serves(path) {
            return services.nextcloud.handle(request, info).await;
        }
        if let Some(door) = Door::at(path) {
            let leave = services.resumable.leave(&request);
            let mut response = services.resumable(door, request, info).await;
            if let Some(leave) = leave {
                leave.tell(response.headers_mut());
            }
            return response;
        }
        if Dav::serves(path) {
            return services.dav(request, info).await;
        }
        match path {
            // `OPTIONS *` asks for what the server can do as a whole (RFC 9110 9.3.7).
            "/" | "*" => return routed(root(request.method()), Route::named("root")),
            _ => {}
        }
        routed(plain(StatusCode::NOT_FOUND, "Not found. The files are below /dav/."), Route::named("none"))
    }
}

impl Services {
    async fn resumable(
        &self,
        door: Door,
        request: Request<RequestBody>,
        info: &RequestInfo,
    ) -> Response<ResponseBody> {
        let route = Route::named(door.name());
        if let Some(response) = self.resumable.abilities(door, &request) {
            return routed(response, route);
        }
        match authenticate(&self.accounts, request.headers(), info).await {
            Ok(principal) => {
                let user = LogUser(principal.user);
                let mut response = self.resumable.handle(door, request, info, &principal).await;
                response.extensions_mut().insert(user);
                routed(response, route)
            }
            Err(refused) => routed(door.mark(refused.response()), route),
        }
    }

    async fn dav(&self, request: Request<RequestBody>, info: &RequestInfo) -> Response<ResponseBody> {
        let beginning = Beginning::of(&request);
        if let Beginning::Upload(door) = beginning {
            return self.resumable(door, request, info).await;
        }
        let is_options = request.method() == Method::OPTIONS;
        let route = Route::named("dav");
        match authenticate(&self.accounts, request.headers(), info).await {
            Ok(principal) => {
                let user = LogUser(principal.user);
                let mut response = self.dav.handle(request, info, &principal).await;
                if let Beginning::Whole(dialect) = beginning {
                    Resumable::complete_whole(&mut response, dialect);
                }
                if is_options {
                    self.resumable.announce(response.headers_mut());
                }
                response.extensions_mut().insert(user);
                routed(response, route)
            }
            Err(refused) => routed(refused.response(), route),
        }
    }
}

fn routed(mut response: Response<ResponseBody>, route: Route) -> Response<ResponseBody> {
    response.extensions_mut().insert(route);
    response
}

fn locked() -> Response<ResponseBody> {
    let text = "This server is locked until its owner gives the passphrase (tresor unlock).";
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    response.extensions_mut().insert(error_page::Locked);
    response
}

/// The server's root is no mount, but Explorer asks it first whether this is a WebDAV server, and
/// people open it in a browser.
fn root(method: &Method) -> Response<ResponseBody> {
    let mut response = match *method {
        Method::OPTIONS => empty(StatusCode::OK),
        Method::GET | Method::HEAD => {
            let mut page = Response::new(ResponseBody::full(ROOT_PAGE));
            page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            page.headers_mut().insert(CONTENT_SECURITY_POLICY, ROOT_POLICY);
            page
        }
        _ => plain(StatusCode::METHOD_NOT_ALLOWED, "The files are below /dav/."),
    };
    response.headers_mut().insert(ALLOW, ROOT_ALLOW);
    response.headers_mut().insert(DAV, HeaderValue::from_static("1, 2"));
    response.headers_mut().insert(MS_AUTHOR_VIA, HeaderValue::from_static("DAV"));
    response
}

fn stylesheet() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(STYLESHEET));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    response
}

const STYLESHEET: &str = include_str!("../../web/tresor.css");
const ROOT_PAGE: &str = include_str!("../../web/root.html");
