//! Links for guests: a page for downloading or uploading files, and a tree to mount. The pages are plain HTML that
//! works without scripts, in German or English; a POST carries the link's password, or files for the folder that
//! the page shows. Requests to the tree are authorised here and answered by `dav`.
//!
//! Viewing a page changes nothing: programs that preview messages open every link in them. A browser that sent the
//! right password keeps a pass in a cookie, for the link's addresses only.

mod account;
mod address;
mod archive;
mod asked;
mod asked_pages;
mod code_page;
mod fetch;
mod hand_in;
mod hand_in_pages;
mod look;
mod pages;
mod receive;
mod tree;
mod visit;

use std::ops::Deref;
use std::sync::OnceLock;

use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderValue, Method, Response, StatusCode};
use secrecy::SecretString;
use zeroize::Zeroizing;

pub(super) use self::account::Account;
pub(super) use self::address::{Endpoint, LinkAddress};
pub(super) use self::look::{Look, look};
use self::pages::{Problem, Shown, Whole};
use self::receive::Received;
pub(super) use self::tree::{enter, shown};
use self::visit::PASS_COOKIE;
use super::archive::is_wanted;
use super::context::RequestContext;
use super::error::{library_status, log_library};
use super::page::bar::Bar;
use super::page::folder;
use super::page::form::{MAX_FORM_BYTES, field, is_from_another_site};
use super::protocol::href::{self, push_encoded};
use super::reply::{not_allowed, plain, see_other};
use crate::http::page::language::{chosen, keep_choice};
use crate::http::page::with_languages;
use crate::library::LibraryError;
use crate::model::{EntryName, EntryPath, Right, Timestamp};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::{GuestKey, Visit, VisitError};
use crate::text::Language;

/// A request to the address of a link.
struct LinkRequest<'a> {
    context: RequestContext<'a>,
    address: LinkAddress<'a>,
    language: Language,
    /// The secret of a browser that had none, for this request and those that follow.
    new_browser: OnceLock<String>,
}

impl<'a> Deref for LinkRequest<'a> {
    type Target = RequestContext<'a>;

    fn deref(&self) -> &Self::Target {
        &self.context
    }
}

impl<'a> LinkRequest<'a> {
    fn new(context: RequestContext<'a>, address: LinkAddress<'a>) -> Self {
        let new_browser = OnceLock::new();
        let language = address.account.map(|account| account.language);
        let language = language.unwrap_or_else(|| chosen(context));
        Self { context, address, language, new_browser }
    }

    /// The bar of a person with an account.
    fn bar(&self) -> Bar {
        self.address.account.map_or_else(Bar::none, |account| account.bar.clone())
    }
}

/// Answers a request under a lease to a folder, which is fetched as a whole.
pub(super) async fn leased_archive(
    context: RequestContext<'_>,
    address: LinkAddress<'_>,
    visit: &Visit,
) -> Response<ResponseBody> {
    LinkRequest::new(context, address).leased_archive(visit).await
}

/// The guest whose browser sends files by the script of a link's page: the link, which takes files, and the browser's secret. `None`
/// for a browser that the page has given none.
pub(super) async fn sender(
    context: RequestContext<'_>,
    address: LinkAddress<'_>,
) -> Result<Option<(Visit, String)>, VisitError> {
    let request = LinkRequest::new(context, address);
    let visit = request.open(request.pass()).await?;
    if visit.access.scope_to_add().is_err() {
        return Err(VisitError::NoSuchLink);
    }
    Ok(request.known_browser().map(|browser| (visit, browser.to_owned())))
}

/// The parts of a query that stay when a reader chooses another language: the number of a receipt, and the code of a second device.
const KEPT: [&str; 2] = ["number", "code"];

/// Answers a request to a page.
pub(super) async fn handle(
    context: RequestContext<'_>,
    address: LinkAddress<'_>,
    body: &mut RequestBody,
) -> Response<ResponseBody> {
    let request = LinkRequest::new(context, address);
    let mut response = request.answer(body).await;
    if address.account.is_none() {
        let query = context.parts.uri.query().unwrap_or_default();
        let is_kept = |part: &&str| KEPT.contains(&part.split('=').next().unwrap_or_default());
        with_languages(&mut response, &query.split('&').filter(is_kept).collect::<Vec<_>>().join("&"));
        keep_choice(context, &mut response);
    }
    response
}

impl LinkRequest<'_> {
    async fn answer(&self, body: &mut RequestBody) -> Response<ResponseBody> {
        match (&self.parts.method, self.address.endpoint) {
            (_, Endpoint::Page { folder }) if is_wanted(self.context) => self.archive(folder).await,
            (&Method::GET | &Method::HEAD, Endpoint::Page { folder }) => self.show(folder).await,
            (&Method::GET | &Method::HEAD, Endpoint::Download) => self.download().await,
            (&Method::GET | &Method::HEAD, Endpoint::Receipt(form)) => self.receipt(form).await,
            (&Method::POST, Endpoint::Page { folder }) => self.send(folder, body).await,
            _ => not_allowed("GET, HEAD, POST", "Open this address in a browser.\n"),
        }
    }

    async fn show(&self, folder: &str) -> Response<ResponseBody> {
        if folder.is_empty()
            && let Some(page) = self.finished(None).await
        {
            return page;
        }
        match self.open(self.pass()).await {
            Ok(visit) => self.page(&visit, folder, None).await.unwrap_or_else(|error| self.failed(&error)),
            Err(error) => self.refused(&error),
        }
    }

    /// The page of a folder or file, with the result of an upload just made.
    async fn page(
        &self,
        visit: &Visit,
        folder: &str,
        received: Option<&Received>,
    ) -> Result<Response<ResponseBody>, LibraryError> {
        let path = folder_path(folder).ok_or(LibraryError::NotFound)?;
        if visit.access.only_adds() && path.is_root() {
            let page = self.hand_in_page(visit, received).await;
            return Ok(page.unwrap_or_else(|error| self.not_done(&error)));
        }
        let (mut rows, mut has_more, mut whole) = (Vec::new(), false, Whole::Unoffered);
        let mut entry = visit.entry.clone();
        let may_read = visit.access.scope(Right::Read).is_ok();
        if may_read && !path.is_root() {
            entry = self.services.library.find(&visit.access, &path).await?;
        }
        let is_listed = may_read && entry.is_folder();
        if !path.is_root() && !is_listed {
            return Err(LibraryError::NotFound);
        }
        if is_listed {
            let href = pages::folder_href(self.address.base, &path);
            (rows, has_more) =
                folder::rows(&self.services.library, &visit.access, entry.id, &href, self.info.received)
                    .await?;
            let is_fetched = path.is_root() || !visit.link.counts_downloads();
            if is_fetched && !visit.link.hide_download {
                let files = self.services.library.tree_files(&visit.access, &path).await?;
                whole = files.map_or(Whole::TooMany, Whole::Files);
            }
            if visit.link.hide_download || visit.link.counts_downloads() {
                rows.iter_mut().filter(|row| !row.is_folder()).for_each(|row| row.href = None);
            }
        }
        let shown = Shown {
            visit,
            action: self.parts.uri.path(),
            base: self.address.base,
            path: &path,
            entry: &entry,
            may_read,
            may_add: entry.is_folder() && visit.access.scope_to_add().is_ok(),
            rows: &rows,
            has_more,
            whole,
            zone: &self.zone().await,
            received,
        };
        let page = pages::link(self.language, &shown);
        // So that a second press of the button goes on with the same download, and a closed page with its uploads.
        let needs_browser =
            (visit.link.counts_downloads() || shown.may_add) && self.known_browser().is_none();
        Ok(if needs_browser { self.with_browser(page, self.browser()) } else { page })
    }

    /// Nextcloud's address of the one file of a link.
    async fn download(&self) -> Response<ResponseBody> {
        let visit = match self.open(self.pass()).await {
            Ok(visit) => visit,
            Err(error) => return self.refused(&error),
        };
        let mut target = self.address.base.to_owned();
        if !visit.link.counts_downloads()
            && visit.access.scope(Right::Read).is_ok()
            && !visit.entry.is_folder()
        {
            target.push_str("/files/");
            push_encoded(&mut target, &visit.entry.name);
        }
        see_other(&target)
    }

    /// A submitted form: the password, or files.
    async fn send(&self, folder: &str, body: &mut RequestBody) -> Response<ResponseBody> {
        if is_from_another_site(self.context) {
            return plain(StatusCode::FORBIDDEN, "This form belongs to another site.\n");
        }
        let content_type = self.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return match body.collect(MAX_FORM_BYTES).await {
                Ok(form) => match self.act(&form).await {
                    Some(response) => response,
                    None => self.log_in(&field(&form, "password").unwrap_or_default()).await,
                },
                Err(error) => plain(error.status(), "The form could not be read.\n"),
            };
        }
        if !media_type.eq_ignore_ascii_case("multipart/form-data") {
            return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the form as it is.\n");
        }
        let mut visit = match self.open(self.pass()).await {
            Ok(visit) => visit,
            Err(VisitError::PasswordNeeded) => {
                return pages::password(self.language, self.parts.uri.path(), Some(Problem::NothingArrived));
            }
            Err(error) => return self.refused(&error),
        };
        let Some(path) = folder_path(folder) else { return self.failed(&LibraryError::NotFound) };
        let received = self.receive(&visit, &path, content_type, body).await;
        // Checked without the pass, because the upload may have taken longer than the pass is valid.
        let shown = match self.services.sharing.still_valid(&visit, Timestamp::now()).await {
            Ok(access) => {
                visit.access = access;
                self.page(&visit, folder, Some(&received)).await.ok()
            }
            Err(_) => None,
        };
        shown.unwrap_or_else(|| pages::received(self.language, &received))
    }

    /// Issues a pass for the right password, and redirects to the page.
    async fn log_in(&self, password: &Zeroizing<String>) -> Response<ResponseBody> {
        let password = SecretString::from(password.as_str());
        match self.open(GuestKey::Password(&password)).await {
            Ok(visit) => self.passed(&visit),
            Err(error) => self.refused(&error),
        }
    }

    /// Issues a pass to a guest who gave the password.
    fn passed(&self, visit: &Visit) -> Response<ResponseBody> {
        let base = self.address.base;
        let secure = if self.info.secure { "; Secure" } else { "" };
        let pass = self.services.sharing.pass(visit, self.info.received);
        // Lax: the browser sends the pass when the link in a message is followed, but not with another site's form.
        let cookie = format!("{PASS_COOKIE}={pass}; Path={base}; HttpOnly; SameSite=Lax{secure}");
        let mut response = see_other(self.parts.uri.path());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        response
    }

    fn failed(&self, error: &LibraryError) -> Response<ResponseBody> {
        match error {
            LibraryError::NotFound | LibraryError::Denied(_) => pages::gone(self.language),
            error => {
                let status = library_status(error);
                log_library(error, status, self.info.request_id);
                plain(status, "The page could not be made.\n")
            }
        }
    }
}

fn folder_path(folder: &str) -> Option<EntryPath> {
    let names = folder.split_terminator('/').map(|raw| {
        let name = href::decode(raw).ok()?;
        EntryName::parse(&name).ok()
    });
    EntryPath::new(names.collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_names_and_nothing_else() {
        assert!(folder_path("").unwrap().is_root());
        assert_eq!(folder_path("a/b%20c/").unwrap(), EntryPath::parse("a/b c").unwrap());
        for bad in ["../", "a//", "a/%2e%2e/", "a%2fb/", "%zz/"] {
            assert!(folder_path(bad).is_none(), "{bad}");
        }
    }
}
