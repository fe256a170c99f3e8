//! What somebody sees who opens a link in a browser: a page to fetch files from, or to hand files in. Plain HTML that
//! works without scripts, in German or English.
//!
//! ```text
//! GET  /s/TOKEN              the page; of a folder, with its members
//! GET  /s/TOKEN/files/a/     the same of a folder in it
//! POST                       to either: the link's password, or files for this folder
//! GET  /s/TOKEN/download     leads to the one file of a link to a file
//! GET  /s/TOKEN/files/a/b    a file itself, from `dav`
//! ```
//! Looking at a page changes nothing: programs that show previews of messages open every link in them.
//! Who gave the right password keeps a pass in a cookie, for these addresses only.

mod pages;
mod receive;
mod words;

use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use secrecy::SecretString;
use zeroize::Zeroizing;

use self::pages::{Problem, Shown};
use self::receive::Received;
use super::error::{library_status, log_library};
use super::folder;
use super::form::{MAX_FORM_BYTES, field, is_from_another_site};
use super::language::Language;
use super::protocol::href::{self, push_encoded};
use super::reply::{not_allowed, plain, see_other};
use crate::library::{Library, LibraryError};
use crate::model::{EntryName, EntryPath, Right, Timestamp};
use crate::net::{RequestBody, RequestInfo, ResponseBody, Route};
use crate::sharing::{GuestKey, Sharing, Visit, VisitError};

/// The cookie of who gave the right password.
pub(super) const PASS_COOKIE: &str = "tresor-pass";

/// The pages of links.
pub(super) struct Links {
    library: Library,
    sharing: Sharing,
}

/// A request on its way through this room.
struct Call<'a> {
    library: &'a Library,
    sharing: &'a Sharing,
    parts: &'a Parts,
    info: &'a RequestInfo,
    language: Language,
    token: &'a str,
}

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door<'a> {
    /// The page of a link, and the folder in it as the path spells it.
    Page { token: &'a str, folder: &'a str },
    /// The file of a link to a file.
    Download { token: &'a str },
}

impl Links {
    /// The pages of these links.
    pub(super) fn new(library: Library, sharing: Sharing) -> Self {
        Self { library, sharing }
    }

    /// Whether a path of the URL space is this room's.
    pub(super) fn serves(path: &str) -> bool {
        door(path).is_some()
    }

    /// Answers whoever has the address.
    pub(super) async fn handle(
        &self,
        request: Request<RequestBody>,
        info: &RequestInfo,
    ) -> Response<ResponseBody> {
        let (parts, mut body) = request.into_parts();
        let language = Language::preferred(&parts.headers);
        let (token, folder) = match door(parts.uri.path()) {
            Some(Door::Page { token, folder }) => (token, Some(folder)),
            Some(Door::Download { token }) => (token, None),
            None => ("", None),
        };
        let (library, sharing) = (&self.library, &self.sharing);
        let call = Call { library, sharing, parts: &parts, info, language, token };
        let mut response = match (parts.method.clone(), folder) {
            (Method::GET | Method::HEAD, Some(folder)) => call.show(folder).await,
            (Method::GET | Method::HEAD, None) => call.download().await,
            (Method::POST, Some(folder)) => call.send(folder, &mut body).await,
            _ => not_allowed("GET, HEAD, POST", "Open this address in a browser.\n"),
        };
        response.extensions_mut().insert(Route::named("link"));
        response
    }
}

/// Nextcloud's addresses may have `/index.php` before them.
fn door(path: &str) -> Option<Door<'_>> {
    let path = path.strip_prefix("/index.php").unwrap_or(path);
    let (token, rest) = match path.strip_prefix("/s/")?.split_once('/') {
        Some((token, rest)) => (token, rest),
        None => (path.strip_prefix("/s/")?, ""),
    };
    match rest {
        "" | "files" => Some(Door::Page { token, folder: "" }),
        "download" => Some(Door::Download { token }),
        _ => {
            let folder = rest.strip_prefix("files/")?;
            (folder.is_empty() || folder.ends_with('/')).then_some(Door::Page { token, folder })
        }
    }
}

impl Call<'_> {
    async fn show(&self, folder: &str) -> Response<ResponseBody> {
        match self.visit(self.key()).await {
            Ok(visit) => self.page(&visit, folder, None).await.unwrap_or_else(|error| self.failed(&error)),
            Err(error) => self.refused(&error),
        }
    }

    /// The page of a folder or file, and what came of the files that were just sent.
    async fn page(
        &self,
        visit: &Visit,
        folder: &str,
        received: Option<&Received>,
    ) -> Result<Response<ResponseBody>, LibraryError> {
        let path = folder_path(folder).ok_or(LibraryError::NotFound)?;
        let (mut rows, mut has_more) = (Vec::new(), false);
        let mut entry = visit.entry.clone();
        let may_read = visit.access.reach(Right::Read).is_ok();
        if may_read && !path.is_root() {
            entry = self.library.find(&visit.access, &path).await?;
        }
        let is_listed = may_read && entry.is_folder();
        if !path.is_root() && !is_listed {
            return Err(LibraryError::NotFound);
        }
        if is_listed {
            let href = pages::folder_href(&self.base(), &path);
            (rows, has_more) =
                folder::rows(self.library, &visit.access, entry.id, &href, self.info.received).await?;
            if visit.link.hide_download {
                rows.iter_mut().filter(|row| !row.is_folder()).for_each(|row| row.href = None);
            }
        }
        let shown = Shown {
            visit,
            action: self.parts.uri.path(),
            base: self.base(),
            path: &path,
            entry: &entry,
            may_read,
            may_add: entry.is_folder() && visit.access.reach_to_add().is_ok(),
            rows: &rows,
            has_more,
            received,
        };
        Ok(pages::link(self.language, &shown))
    }

    /// Nextcloud's address of the one file of a link.
    async fn download(&self) -> Response<ResponseBody> {
        let visit = match self.visit(self.key()).await {
            Ok(visit) => visit,
            Err(error) => return self.refused(&error),
        };
        let mut target = self.base();
        if visit.access.reach(Right::Read).is_ok() && !visit.entry.is_folder() {
            target.push_str("/files/");
            push_encoded(&mut target, &visit.entry.name);
        }
        see_other(&target)
    }

    /// A form: the password, or files.
    async fn send(&self, folder: &str, body: &mut RequestBody) -> Response<ResponseBody> {
        if is_from_another_site(self.parts, self.info) {
            return plain(StatusCode::FORBIDDEN, "This form belongs to another site.\n");
        }
        let content_type = self.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return match body.collect(MAX_FORM_BYTES).await {
                Ok(form) => self.log_in(&field(&form, "password").unwrap_or_default()).await,
                Err(error) => plain(error.status(), "The form could not be read.\n"),
            };
        }
        if !media_type.eq_ignore_ascii_case("multipart/form-data") {
            return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the form as it is.\n");
        }
        let mut visit = match self.visit(self.key()).await {
            Ok(visit) => visit,
            Err(VisitError::PasswordNeeded) => {
                return pages::password(self.language, self.parts.uri.path(), Some(Problem::NothingArrived));
            }
            Err(error) => return self.refused(&error),
        };
        let Some(path) = folder_path(folder) else { return self.failed(&LibraryError::NotFound) };
        let received = self.receive(&visit, &path, content_type, body).await;
        // Not opened by its pass again: sending may have taken longer than that is good for.
        let shown = match self.sharing.still_lends(&visit, Timestamp::now()).await {
            Ok(access) => {
                visit.access = access;
                self.page(&visit, folder, Some(&received)).await.ok()
            }
            Err(_) => None,
        };
        shown.unwrap_or_else(|| pages::received(self.language, &received))
    }

    /// Who gives the right password gets a pass, and is led to the page again.
    async fn log_in(&self, password: &Zeroizing<String>) -> Response<ResponseBody> {
        let password = SecretString::from(password.as_str());
        let visit = match self.visit(GuestKey::Password(&password)).await {
            Ok(visit) => visit,
            Err(error) => return self.refused(&error),
        };
        let base = self.base();
        let secure = if self.info.secure { "; Secure" } else { "" };
        let pass = self.sharing.pass(&visit, self.info.received);
        // Lax: who follows the link from a message brings the pass along, another site's form does not.
        let cookie = format!("{PASS_COOKIE}={pass}; Path={base}; HttpOnly; SameSite=Lax{secure}");
        let mut response = see_other(self.parts.uri.path());
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        response
    }

    async fn visit(&self, key: GuestKey<'_>) -> Result<Visit, VisitError> {
        self.sharing.open(self.token, key, self.info.peer, self.info.received).await
    }

    fn key(&self) -> GuestKey<'_> {
        pass(&self.parts.headers).map_or(GuestKey::None, GuestKey::Pass)
    }

    /// The address of the link's page, without a final slash.
    fn base(&self) -> String {
        let path = self.parts.uri.path();
        let end = path.find(self.token).map_or(0, |start| start + self.token.len());
        path.get(..end).unwrap_or_default().to_owned()
    }

    fn refused(&self, error: &VisitError) -> Response<ResponseBody> {
        let problem = match error {
            VisitError::NoSuchLink => return pages::gone(self.language),
            VisitError::PasswordNeeded => None,
            VisitError::WrongPassword => Some(Problem::WrongPassword),
            VisitError::Throttled { retry_after } => return pages::later(self.language, false, *retry_after),
            VisitError::Busy => return pages::later(self.language, true, 5),
            error => {
                tracing::error!(request_id = %self.info.request_id, error = error as &dyn std::error::Error, "link not opened");
                return plain(StatusCode::INTERNAL_SERVER_ERROR, "The link could not be opened.\n");
            }
        };
        pages::password(self.language, self.parts.uri.path(), problem)
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

/// In place of a file that is not there, or is not for guests.
pub(super) fn no_such_file(headers: &HeaderMap) -> Response<ResponseBody> {
    pages::gone(Language::preferred(headers))
}

/// The pass in a request's cookies.
pub(super) fn pass(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == PASS_COOKIE).then_some(value)
    })
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
    fn pages_and_files_have_different_addresses() {
        let page = |folder| Some(Door::Page { token: "t", folder });
        for (path, expected) in [
            ("/s/t", page("")),
            ("/s/t/", page("")),
            ("/index.php/s/t", page("")),
            ("/s/t/files", page("")),
            ("/s/t/files/", page("")),
            ("/s/t/files/a/b%20c/", page("a/b%20c/")),
            ("/s/t/download", Some(Door::Download { token: "t" })),
            ("/s/t/files/a", None),
            ("/s/t/other", None),
            ("/s", None),
            ("/st", None),
        ] {
            assert_eq!(door(path), expected, "{path}");
        }
    }

    #[test]
    fn folders_are_names_and_nothing_else() {
        assert!(folder_path("").unwrap().is_root());
        assert_eq!(folder_path("a/b%20c/").unwrap(), EntryPath::parse("a/b c").unwrap());
        for bad in ["../", "a//", "a/%2e%2e/", "a%2fb/", "%zz/"] {
            assert!(folder_path(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_pass_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        assert_eq!(pass(&headers), None);
        headers.append(COOKIE, HeaderValue::from_static("a=b; xtresor-pass=no"));
        assert_eq!(pass(&headers), None);
        headers.append(COOKIE, HeaderValue::from_static("c=d;tresor-pass=yes=; e=f"));
        assert_eq!(pass(&headers), Some("yes="));
    }
}
