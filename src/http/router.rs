//! From a request to the protocol that answers it, past the one place that asks who sends it.

use std::sync::{Arc, OnceLock};

use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::dav::{self, Dav, GuestDoor, RecentSpaces};
use super::error_page::{self, Browser};
use super::links::Links;
use super::nextcloud::Nextcloud;
use super::resumable::{Beginning, Door, Resumable};
use super::{Health, HealthState, KnownTroubles, health_response};
use crate::accounts::{Accounts, AuthError, Credentials, Principal};
use crate::library::Library;
use crate::net::{
    Handler, Limits, LogUser, RequestBody, RequestId, RequestInfo, ResponseBody, Route, SendLanes, WebOrigin,
    plain_response,
};
use crate::sharing::Sharing;

const DAV: HeaderName = HeaderName::from_static("dav");
const MS_AUTHOR_VIA: HeaderName = HeaderName::from_static("ms-author-via");
/// Shown by clients when they ask for the password.
pub(super) const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Tresor\", charset=\"UTF-8\"");
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
        routed(
            plain_response(StatusCode::NOT_FOUND, "Not found. The files are below /dav/."),
            Route::named("none"),
        )
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
        match self.authenticate(request.headers(), info).await {
            Ok(principal) => {
                let user = LogUser(principal.user);
                let mut response = self.resumable.handle(door, request, info, &principal).await;
                response.extensions_mut().insert(user);
                routed(response, route)
            }
            Err(refused) => routed(door.mark(*refused), route),
        }
    }

    async fn dav(&self, request: Request<RequestBody>, info: &RequestInfo) -> Response<ResponseBody> {
        let beginning = Beginning::of(&request);
        if let Beginning::Upload(door) = beginning {
            return self.resumable(door, request, info).await;
        }
        let is_options = request.method() == Method::OPTIONS;
        let route = Route::named("dav");
        match self.authenticate(request.headers(), info).await {
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
            Err(refused) => routed(*refused, route),
        }
    }

    async fn authenticate(
        &self,
        headers: &HeaderMap,
        info: &RequestInfo,
    ) -> Result<Principal, Box<Response<ResponseBody>>> {
        let Some(credentials) = headers.get(AUTHORIZATION).and_then(basic_credentials) else {
            return Err(Box::new(challenge("Log in with your user name and password.")));
        };
        self.accounts.authenticate(&credentials, info.peer, info.received).await.map_err(|error| {
            Box::new(match error {
                AuthError::Rejected | AuthError::WrongCode => challenge("The user name or password is wrong."),
                AuthError::SecondFactorNeeded => challenge(
                    "This account has a second factor. Sign in with the app's own login, which opens a browser, or \
                     use a device's password; your administrator can make one.",
                ),
                AuthError::Throttled { retry_after } => {
                    too_many("Too many wrong passwords; wait and try again.", retry_after)
                }
                AuthError::Busy => too_many("Too many logins at this moment; try again.", 5),
                AuthError::Catalog(error) => {
                    tracing::error!(request_id = %info.request_id, error = &error as &dyn std::error::Error, "login not checked");
                    plain_response(StatusCode::INTERNAL_SERVER_ERROR, "The login could not be checked.")
                }
            })
        })
    }
}

fn routed(mut response: Response<ResponseBody>, route: Route) -> Response<ResponseBody> {
    response.extensions_mut().insert(route);
    response
}

fn locked() -> Response<ResponseBody> {
    let text = "This server is locked until its owner gives the passphrase (tresor unlock).";
    let mut response = plain_response(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    response.extensions_mut().insert(error_page::Locked);
    response
}

fn challenge(text: &'static str) -> Response<ResponseBody> {
    let mut response = plain_response(StatusCode::UNAUTHORIZED, text);
    response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
    response
}

fn too_many(text: &'static str, retry_after: u32) -> Response<ResponseBody> {
    let mut response = plain_response(StatusCode::TOO_MANY_REQUESTS, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

/// The server's root is no mount, but Explorer asks it first whether this is a WebDAV server, and
/// people open it in a browser.
fn root(method: &Method) -> Response<ResponseBody> {
    let mut response = match *method {
        Method::OPTIONS => Response::new(ResponseBody::empty()),
        Method::GET | Method::HEAD => {
            let mut page = Response::new(ResponseBody::full(ROOT_PAGE));
            page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            page.headers_mut().insert(CONTENT_SECURITY_POLICY, ROOT_POLICY);
            page
        }
        _ => plain_response(StatusCode::METHOD_NOT_ALLOWED, "The files are below /dav/."),
    };
    response.headers_mut().insert(ALLOW, ROOT_ALLOW);
    response.headers_mut().insert(DAV, HeaderValue::from_static("1, 2"));
    response.headers_mut().insert(MS_AUTHOR_VIA, HeaderValue::from_static("DAV"));
    response
}

/// What can be fetched and nothing else.
pub(super) fn read_only(
    method: &Method,
    answer: impl FnOnce() -> Response<ResponseBody>,
) -> Response<ResponseBody> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return answer();
    }
    let mut refused = plain_response(StatusCode::METHOD_NOT_ALLOWED, "This can only be fetched.");
    refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    refused
}

fn stylesheet() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(STYLESHEET));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    response
}

const STYLESHEET: &str = include_str!("../../web/tresor.css");
const ROOT_PAGE: &str = include_str!("../../web/root.html");

/// Name and password of an `Authorization: Basic` header (RFC 7617). UTF-8 as our challenge asks for;
/// what is no UTF-8 is read as Latin-1, which older Windows and macOS send.
pub(super) fn basic_credentials(header: &HeaderValue) -> Option<Credentials> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = Zeroizing::new(data_encoding::BASE64.decode(encoded.trim().as_bytes()).ok()?);
    let text = Zeroizing::new(match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    });
    let (name, password) = text.split_once(':')?;
    Some(Credentials { name: name.to_owned(), password: SecretString::from(password) })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(header: &str) -> Option<(String, String)> {
        let credentials = basic_credentials(&HeaderValue::from_str(header).unwrap())?;
        Some((credentials.name.clone(), credentials.password.expose_secret().to_owned()))
    }

    #[test]
    fn basic_credentials_are_read_as_clients_send_them() {
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), pair("Aladdin", "open sesame"));
        assert_eq!(read("basic YTpiOmM="), pair("a", "b:c"));
        assert_eq!(read("Basic YTrDvA=="), pair("a", "ü"));
        assert_eq!(read("Basic YTr8"), pair("a", "ü"), "Latin-1");
        for bad in ["Basic", "Basic ", "Basic !!", "Bearer YTpi", "Basic YWI=", ""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
