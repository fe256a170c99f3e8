//! Routes requests to the endpoint that answers them. This is the only place that authenticates them.

use std::sync::{Arc, OnceLock};

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::account;
use super::api;
use super::archive;
use super::auth::authenticate;
use super::check;
use super::context::{RequestContext, Services};
use super::dav::{self, Dav};
use super::devices::{Devices, Sighting};
use super::files;
use super::front;
use super::holding;
use super::links::{self, LinkAddress};
use super::my_links;
use super::nextcloud;
use super::office;
use super::page;
use super::page::error_page::{self, Browser};
use super::page::foot::{self, Legal};
use super::page::language::keep_choice;
use super::protocol::href::{Mount, Place};
use super::recent_spaces::RecentSpaces;
use super::reply::{Answer, not_allowed, plain, read_only};
use super::requests;
use super::resumable::{Endpoint, Resumable, UploadStart};
use super::sending::{Guest, Refused, Sending};
use super::signin;
use super::turns::{Archives, Receipts};
use super::version;
use super::viewer;
use super::{Health, HealthState, KnownTroubles, health_response};
use crate::accounts::{Accounts, Principal};
use crate::admin::Admin;
use crate::intake::Intake;
use crate::library::Library;
use crate::model::{EntryName, EntryPath, Office, RecipientId, VersionId};
use crate::net::{
    Handler, Limits, LogUser, RequestBody, RequestId, RequestInfo, ResponseBody, Route, SendLanes, WebOrigin,
};
use crate::sharing::Sharing;
use crate::uploads::Uploads;

/// The routes. Until [`Router::open`], everything but the health check and the stylesheet is answered with 503.
pub struct Router {
    health: HealthState,
    open: OnceLock<Open>,
}

/// The rooms of an open instance that answer requests.
pub struct Rooms {
    /// Files.
    pub library: Library,
    /// Uploads in parts.
    pub uploads: Uploads,
    /// People and their rights.
    pub accounts: Accounts,
    /// Links.
    pub sharing: Sharing,
    /// The holding area.
    pub intake: Intake,
    /// Requests of administrators, and of users about their accounts.
    pub admin: Admin,
}

/// Everything that exists once the instance is open.
struct Open {
    services: Services,
    dav: Dav,
    resumable: Resumable,
    sending: Sending,
}

impl Router {
    /// The router of a locked instance.
    pub fn locked(health: HealthState) -> Arc<Self> {
        Arc::new(Self { health, open: OnceLock::new() })
    }

    /// Serves files from now on; web pages of these sites may upload. Later calls have no effect.
    pub fn open(&self, rooms: Rooms, origins: Vec<WebOrigin>, limits: &Limits) {
        let Rooms { library, uploads, accounts, sharing, intake, admin } = rooms;
        let (recent_spaces, lanes) = (RecentSpaces::default(), SendLanes::default());
        let archives = Archives::default();
        let receipts = Receipts::default();
        let services = Services {
            library,
            uploads,
            accounts,
            sharing,
            intake,
            admin,
            recent_spaces,
            lanes,
            archives,
            receipts,
            devices: Devices::default(),
            health: self.health.clone(),
        };
        let (dav, resumable) = (Dav::new(limits), Resumable::new(origins));
        // A second unlock finds the instance already open and never gets here.
        let _ = self.open.set(Open { services, dav, resumable, sending: Sending::default() });
    }

    /// For an open instance the library knows whether it can be changed.
    fn health(&self) -> Health {
        match (self.health.current(), self.open.get()) {
            (Health::Serving, Some(open)) => {
                open.services.library.read_only().map_or(Health::Serving, Health::ReadOnly)
            }
            (health, _) => health,
        }
    }

    fn troubles(&self) -> KnownTroubles {
        let Some(Open { services: Services { library, .. }, .. }) = self.open.get() else {
            return KnownTroubles::default();
        };
        KnownTroubles {
            containers: library.damaged_containers(),
            is_catalogue_damaged: Some(library.is_catalogue_damaged()),
            is_clock_in_doubt: Some(library.clock_doubt().is_some()),
        }
    }
}

impl Handler for Router {
    async fn handle(&self, request: Request<RequestBody>, info: RequestInfo) -> Response<ResponseBody> {
        let browser = Browser::of(request.headers());
        let answer = self.answer(request, &info).await;
        let answer = match browser {
            Some(browser) => browser.show(answer, info.request_id),
            None => answer,
        };
        match page::is_unfinished(&answer) {
            true => page::finished(answer, self.office().await.as_deref()),
            false => answer,
        }
    }

    fn show_refusal(
        &self,
        refusal: Response<ResponseBody>,
        headers: &HeaderMap,
        request_id: RequestId,
    ) -> Response<ResponseBody> {
        match Browser::of(headers) {
            Some(browser) => {
                let known = self.open.get().and_then(|open| open.services.accounts.known_office());
                page::finished(browser.show(refusal, request_id), known.as_deref())
            }
            None => refusal,
        }
    }
}

impl Router {
    /// The office, if it is known: the instance is open and its catalogue can be read.
    async fn office(&self) -> Option<Arc<Office>> {
        self.open.get()?.services.accounts.office().await.ok()
    }

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
        if let Some(icon) = page::icon::at(path) {
            return routed(read_only(request.method(), || icon), Route::quiet("static"));
        }
        if page::logo::serves(path) {
            let logo = page::logo::at(path, self.office().await.as_deref());
            let missing = || plain(StatusCode::NOT_FOUND, "There is no logo here.");
            return routed(
                read_only(request.method(), || logo.unwrap_or_else(missing)),
                Route::quiet("static"),
            );
        }
        if let Some(script) = page::script::at(path) {
            return routed(read_only(request.method(), || script), Route::quiet("static"));
        }
        let Some(open) = self.open.get() else {
            return routed(locked(), Route::named("locked"));
        };
        let (parts, mut body) = request.into_parts();
        let context = RequestContext { services: &open.services, parts: &parts, info };
        open.answer(context, &mut body).await
    }
}

impl Open {
    async fn answer(&self, context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
        let path = context.path();
        if let Some(address) = LinkAddress::of(path) {
            return self.link(context, address, body).await;
        }
        if let Some((recipient, address)) = LinkAddress::of_account(path) {
            return self.asked(context, recipient, address, body).await;
        }
        if nextcloud::serves(path) {
            return nextcloud::handle(context, body).await;
        }
        if let Some(endpoint) = Endpoint::at(path) {
            let cors = self.resumable.cors(context.parts);
            let mut response = self.resumable(endpoint, context, body).await;
            if let Some(cors) = cors {
                cors.write_headers(response.headers_mut());
            }
            return response;
        }
        if Sending::serves(path) {
            return self.sending.handle(context, body).await;
        }
        if Dav::serves(path) {
            return self.dav(context, body).await;
        }
        if signin::serves(path) {
            return signin::handle(context, body).await;
        }
        if files::serves(path) {
            let answer = files::handle(context, body).await;
            return self.page(context, body, answer, Route::named("files")).await;
        }
        if account::serves(path) {
            return account::handle(context, body).await;
        }
        if office::serves(path) {
            return office::handle(context, body).await;
        }
        if my_links::serves(path) {
            return my_links::handle(context, body).await;
        }
        if holding::serves(path) {
            let answer = holding::handle(context, body).await;
            return self.page(context, body, answer, Route::named("holding")).await;
        }
        if requests::serves(path) {
            let answer = requests::handle(context, body).await;
            return self.page(context, body, answer, Route::named("requests")).await;
        }
        if api::serves(path) {
            return self.api(context, body).await;
        }
        if check::serves(path) {
            return routed(check::handle(context, body).await, Route::named("check"));
        }
        if let Some(legal) = Legal::at(path) {
            return routed(self.legal(context, legal).await, Route::named("legal"));
        }
        match path {
            // `OPTIONS *` asks for the capabilities of the server as a whole (RFC 9110 9.3.7).
            "/" | "*" => {
                return routed(front::handle(context).await, Route::named("root"));
            }
            _ => {}
        }
        routed(plain(StatusCode::NOT_FOUND, "Not found. The files are below /dav/."), Route::named("none"))
    }

    /// A legal text of the office.
    async fn legal(&self, context: RequestContext<'_>, legal: Legal) -> Response<ResponseBody> {
        if !matches!(context.parts.method, Method::GET | Method::HEAD) {
            return not_allowed("GET, HEAD", "Open this address in a browser.\n");
        }
        let office = self.services.accounts.office().await.ok();
        let page = office.and_then(|office| foot::legal(context, legal, &office));
        page.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "The office has no such text.\n"))
    }

    /// A page. A file that it leads to, or a folder as an archive, is read like any other, with the rights of the person.
    async fn page(
        &self,
        context: RequestContext<'_>,
        body: &mut RequestBody,
        answer: Answer,
        route: Route,
    ) -> Response<ResponseBody> {
        let response = match answer {
            Answer::Made(response) => return response,
            Answer::Content { principal, space, path, version, picture } => {
                let response = self.content(context, body, &principal, (space, path, version)).await;
                match picture {
                    Some(media_type) => viewer::as_image(response, media_type),
                    None => response,
                }
            }
        };
        routed(response, route)
    }

    /// The JSON interface. Contents of files are read and stored as by WebDAV.
    async fn api(&self, context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
        match api::handle(context, body).await {
            Answer::Made(response) => response,
            Answer::Content { principal, space, path, version, .. } => {
                api::shown(context, self.content(context, body, &principal, (space, path, version)).await)
            }
        }
    }

    /// The answer of `dav` to this request for a file that another address led to, with the rights of its person.
    async fn content(
        &self,
        context: RequestContext<'_>,
        body: &mut RequestBody,
        principal: &Principal,
        (space, path, version): (EntryName, EntryPath, Option<VersionId>),
    ) -> Response<ResponseBody> {
        let (place, is_archive) = (Place::Entry { space, path }, archive::is_wanted(context));
        let mut address = Mount::new(["dav"]).href(&place, is_archive);
        if is_archive {
            address.push_str("?zip");
        }
        address.push_str(&version::part('?', version));
        let Ok(uri) = address.parse() else { return plain(StatusCode::NOT_FOUND, "Not found.") };
        let mut parts = context.parts.clone();
        parts.uri = uri;
        let context = RequestContext { parts: &parts, ..context };
        let mut response = self.dav.handle(context, body, principal).await;
        response.extensions_mut().insert(LogUser(principal.user));
        response
    }

    async fn link(
        &self,
        context: RequestContext<'_>,
        address: LinkAddress<'_>,
        body: &mut RequestBody,
    ) -> Response<ResponseBody> {
        let (route, response) = match address.endpoint {
            links::Endpoint::Page { .. } | links::Endpoint::Download | links::Endpoint::Receipt(_) => {
                ("link", links::handle(context, address, body).await)
            }
            links::Endpoint::Sending { rest } => {
                return self.guest_sending(context, address, rest, body).await;
            }
            links::Endpoint::Handout { .. } => {
                let answer = match links::look(context, address).await {
                    None => self.guest_tree(context, address, body).await,
                    Some(links::Look::Made(page)) => page,
                    Some(links::Look::Picture(media_type)) => {
                        viewer::as_image(self.guest_tree(context, address, body).await, media_type)
                    }
                };
                ("link", answer)
            }
            links::Endpoint::File | links::Endpoint::Leased { .. } => {
                ("link", self.guest_tree(context, address, body).await)
            }
            links::Endpoint::Mount | links::Endpoint::OldMount | links::Endpoint::AboveMounts => {
                ("public", self.guest_tree(context, address, body).await)
            }
        };
        routed(response, Route::named(route))
    }

    /// The page of a request for a recipient with an account.
    async fn asked(
        &self,
        context: RequestContext<'_>,
        recipient: RecipientId,
        address: LinkAddress<'_>,
        body: &mut RequestBody,
    ) -> Response<ResponseBody> {
        if let links::Endpoint::Sending { rest } = address.endpoint {
            return match links::Account::of_script(context, recipient).await {
                Ok(Some(account)) => self.guest_sending(context, address.by(&account), rest, body).await,
                _ => self.sending.of_guest(context, Err(Refused::NotSignedIn), rest, body).await,
            };
        }
        match links::Account::of(context, recipient).await {
            Ok(account) => {
                let mut response = self.link(context, address.by(&account), body).await;
                keep_choice(context, &mut response);
                response.extensions_mut().insert(LogUser(account.user));
                response
            }
            Err(refused) => routed(*refused, Route::named("asked")),
        }
    }

    async fn guest_sending(
        &self,
        context: RequestContext<'_>,
        address: LinkAddress<'_>,
        rest: &str,
        body: &mut RequestBody,
    ) -> Response<ResponseBody> {
        let guest = match links::sender(context, address).await {
            Ok(Some((visit, browser))) => Ok(Guest { visit, browser }),
            Ok(None) => Err(Refused::Forged),
            Err(error) => Err(error.into()),
        };
        self.sending.of_guest(context, guest, rest, body).await
    }

    async fn guest_tree(
        &self,
        context: RequestContext<'_>,
        address: LinkAddress<'_>,
        body: &mut RequestBody,
    ) -> Response<ResponseBody> {
        let method = &context.parts.method;
        // A PUT of the whole file stays a PUT, whatever it says about resuming; `dav` refuses parts.
        if *method != Method::PUT && matches!(UploadStart::of(context.parts, body), UploadStart::Upload(_)) {
            let text = "Uploads by a link cannot be resumed; send the whole file.";
            return plain(StatusCode::NOT_IMPLEMENTED, text);
        }
        if address.endpoint == links::Endpoint::AboveMounts && *method == Method::OPTIONS {
            return dav::options_above_mounts();
        }
        match links::enter(context, address).await {
            Ok(tree) if tree.visit.lease.is_some() && tree.visit.entry.is_folder() => {
                links::leased_archive(context, address, &tree.visit).await
            }
            Ok(tree) => {
                let answer = self.dav.handle_guest(context, body, &tree.visit, &tree.mounts).await;
                links::shown(answer, context, address)
            }
            Err(refused) => *refused,
        }
    }

    async fn resumable(
        &self,
        endpoint: Endpoint,
        context: RequestContext<'_>,
        body: &mut RequestBody,
    ) -> Response<ResponseBody> {
        let route = Route::named(endpoint.name());
        if let Some(response) = Resumable::abilities(endpoint, context) {
            return routed(response, route);
        }
        match authenticate(context).await {
            Ok(principal) => {
                let mut response = self.resumable.handle(endpoint, context, body, &principal).await;
                self.see(context, &principal, &response);
                response.extensions_mut().insert(LogUser(principal.user));
                routed(response, route)
            }
            Err(refused) => routed(endpoint.mark(refused.response()), route),
        }
    }

    async fn dav(&self, context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
        let start = UploadStart::of(context.parts, body);
        if let UploadStart::Upload(endpoint) = start {
            return self.resumable(endpoint, context, body).await;
        }
        let route = Route::named("dav");
        match authenticate(context).await {
            Ok(principal) => {
                let mut response = self.dav.handle(context, body, &principal).await;
                self.see(context, &principal, &response);
                if let UploadStart::Whole(dialect) = start {
                    Resumable::complete_whole(&mut response, dialect);
                }
                if context.parts.method == Method::OPTIONS {
                    Resumable::announce(&self.services.uploads, response.headers_mut());
                }
                response.extensions_mut().insert(LogUser(principal.user));
                routed(response, route)
            }
            Err(refused) => routed(refused.response(), route),
        }
    }
}

impl Open {
    /// Remembers how far the program of a device came.
    fn see(&self, context: RequestContext<'_>, principal: &Principal, response: &Response<ResponseBody>) {
        self.services.devices.note(
            principal,
            Sighting::of(context.parts, context.info.secure, response),
            context.info.received,
        );
    }
}

fn routed(mut response: Response<ResponseBody>, route: Route) -> Response<ResponseBody> {
    response.extensions_mut().insert(route);
    response
}

fn locked() -> Response<ResponseBody> {
    let text = "This server is locked until its owner gives the passphrase.";
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    response.extensions_mut().insert(error_page::Locked);
    response
}

fn stylesheet() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(STYLESHEET));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    response
}

const STYLESHEET: &str = include_str!("../../web/tresor.css");
