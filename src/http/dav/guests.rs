//! The trees of links: whoever has one may mount what it leads to.
//!
//! ```text
//! /public.php/dav/files/TOKEN/a/b    WebDAV; the link's password by Basic, with any user name
//! /public.php/webdav/a/b             the same for older programs, the token as user name
//! /s/TOKEN/files/a/b                 files alone, for the page of the link; its password by the page's cookie
//! ```
//! A cookie opens nothing but reading: another site's page could send along what else it would open.

use http::header::LOCATION;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::target::EntryTarget;
use super::visitor::Visitor;
use super::{Answer, Call, Dav, header_value, options};
use crate::accounts::Credentials;
use crate::http::auth::{self, challenge};
use crate::http::error::{library_status, log_library};
use crate::http::links::{no_such_file, pass};
use crate::http::protocol::href::{Mount, Site};
use crate::http::reply::{empty, plain, see_other, too_many};
use crate::http::resumable::Beginning;
use crate::model::EntryName;
use crate::net::{RequestBody, RequestInfo, ResponseBody};
use crate::sharing::{GuestKey, Visit, VisitError};

/// By which address a link's tree is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum GuestDoor {
    /// `/public.php/dav/files/TOKEN`.
    Mount,
    /// `/public.php/webdav`.
    OldMount,
    /// `/s/TOKEN/files`.
    Page,
    /// Folders above a mount, which are none.
    Above,
}

/// The door of a path and the token in it, as it stands there; `None` for paths that lead to no link's tree.
pub(in crate::http) fn door(path: &str) -> Option<(GuestDoor, &str)> {
    if let Some(rest) = path.strip_prefix("/public.php")
        && (rest.is_empty() || rest.starts_with('/'))
    {
        if rest == "/webdav" || rest.starts_with("/webdav/") {
            return Some((GuestDoor::OldMount, ""));
        }
        let token = rest.strip_prefix("/dav/files/").and_then(|rest| rest.split('/').next());
        return match token {
            Some(token) if !token.is_empty() => Some((GuestDoor::Mount, token)),
            _ => Some((GuestDoor::Above, "")),
        };
    }
    let path = path.strip_prefix("/index.php").unwrap_or(path);
    let (token, rest) = path.strip_prefix("/s/")?.split_once('/')?;
    let file = rest.strip_prefix("files/")?;
    (!file.is_empty() && !file.ends_with('/')).then_some((GuestDoor::Page, token))
}

impl Dav {
    /// Answers a request for what a link leads to.
    pub(in crate::http) async fn handle_guest(
        &self,
        request: Request<RequestBody>,
        info: &RequestInfo,
    ) -> Response<ResponseBody> {
        // A PUT of the whole is one, whatever it says of resuming; `put` refuses parts.
        if request.method() != Method::PUT && matches!(Beginning::of(&request), Beginning::Upload(_)) {
            let text = "Uploads by a link cannot be resumed; send the whole file.";
            return plain(StatusCode::NOT_IMPLEMENTED, text);
        }
        let (parts, mut body) = request.into_parts();
        let path = parts.uri.path();
        let Some((door, written)) = door(path) else { return not_found() };
        if door == GuestDoor::Above {
            return if parts.method == Method::OPTIONS { options(super::ALLOWED) } else { not_found() };
        }
        if door == GuestDoor::Page && !matches!(parts.method, Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "This can only be fetched.");
        }
        let credentials = auth::credentials(&parts.headers);
        let token = match (door, &credentials) {
            (GuestDoor::OldMount, Some(credentials)) => credentials.name.clone(),
            (GuestDoor::OldMount, None) => return challenge("Log in with the link's token as user name."),
            _ => percent_decode_str(written).decode_utf8_lossy().into_owned(),
        };
        let key = key(door, credentials.as_ref(), &parts);
        let visit = match self.sharing.open(&token, key, info.peer, info.received).await {
            Ok(visit) => visit,
            Err(error) => return refused(&error, door, &parts, info),
        };
        let mounts = match self.mounts_of(&visit, &token, door, path).await {
            Ok(mounts) => mounts,
            Err(error) => return refused(&error, door, &parts, info),
        };
        let Some(mount) = mounts.first() else { return not_found() };
        let call = Call {
            library: &self.library,
            accounts: &self.accounts,
            sharing: &self.sharing,
            recent_spaces: &self.recent_spaces,
            lanes: &self.lanes,
            listings: self.listings,
            visitor: Visitor::Guest(&visit),
            parts: &parts,
            info,
            mount,
            site: Site { hosts: &[info.requested_host()], mounts: &mounts },
        };
        match call.answer(&mut body).await {
            Ok(response) => response,
            Err(failure) => {
                let refused = failure.into_response(&call);
                match refused.status() {
                    // In a browser a page says it, not XML.
                    StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST
                        if door == GuestDoor::Page =>
                    {
                        no_such_file(&parts.headers)
                    }
                    _ => refused,
                }
            }
        }
    }

    /// The addresses of what was lent, the one of this path first. Nothing else is part of a guest's site: every
    /// other address is outside for him, whatever is there.
    async fn mounts_of(
        &self,
        visit: &Visit,
        token: &str,
        door: GuestDoor,
        path: &str,
    ) -> Result<Vec<Mount>, VisitError> {
        let name = self.library.space_name(visit.link.space).await.map_err(VisitError::Library)?;
        let Ok(space) = EntryName::parse(&name) else { return Ok(Vec::new()) };
        let mut roots = vec![
            vec!["public.php", "dav", "files", token],
            vec!["s", token, "files"],
            vec!["index.php", "s", token, "files"],
        ];
        if door == GuestDoor::OldMount {
            roots.insert(0, vec!["public.php", "webdav"]);
        }
        let mut mounts = Vec::new();
        for root in roots {
            if !visit.entry.is_folder() {
                // A file may be asked for by its own name as well.
                let named = root.iter().copied().chain([visit.entry.name.as_str()]);
                mounts.push(Mount::lent(named, space.clone()));
            }
            mounts.push(Mount::lent(root, space.clone()));
        }
        if let Some(own) = mounts.iter().position(|mount| mount.holds(path)) {
            mounts.swap(0, own);
        }
        Ok(mounts)
    }
}

/// A folder is shown by the page of its link.
pub(super) fn page_of(target: &EntryTarget, visit: &Visit) -> Answer {
    let page = Mount::lent(["s", visit.link.token(), "files"], target.space.clone());
    let mut response = empty(StatusCode::SEE_OTHER);
    response.headers_mut().insert(LOCATION, header_value(&page.href(&target.place(), true))?);
    Ok(response)
}

/// What the guest brings. An empty password is none: programs send one where there is nothing to send.
fn key<'a>(door: GuestDoor, credentials: Option<&'a Credentials>, parts: &'a Parts) -> GuestKey<'a> {
    use secrecy::ExposeSecret;
    match (door, credentials) {
        (GuestDoor::Page, _) => pass(&parts.headers).map_or(GuestKey::None, GuestKey::Pass),
        (_, Some(credentials)) if !credentials.password.expose_secret().is_empty() => {
            GuestKey::Password(&credentials.password)
        }
        _ => GuestKey::None,
    }
}

/// Whatever is not there and whatever is not for guests: one answer.
fn not_found() -> Response<ResponseBody> {
    plain(StatusCode::NOT_FOUND, "There is no such link, or it has ended.")
}

/// Leads to the page of the link, which asks for the password.
fn to_page(path: &str) -> Response<ResponseBody> {
    see_other(path.split_once("/files/").map_or(path, |(page, _)| page))
}

fn refused(error: &VisitError, door: GuestDoor, parts: &Parts, info: &RequestInfo) -> Response<ResponseBody> {
    match error {
        VisitError::NoSuchLink if door == GuestDoor::Page => no_such_file(&parts.headers),
        VisitError::NoSuchLink => not_found(),
        // Without a challenge: a browser would show its own dialogue where the page of the link asks.
        VisitError::PasswordNeeded | VisitError::WrongPassword if door == GuestDoor::Page => {
            to_page(parts.uri.path())
        }
        VisitError::PasswordNeeded => {
            challenge("This link asks for a password; the user name does not matter.")
        }
        VisitError::WrongPassword => challenge("This is not the link's password."),
        VisitError::Throttled { retry_after } => {
            too_many("Too many tries; wait and try again.", *retry_after)
        }
        VisitError::Busy => too_many("The server is busy at this moment; try again.", 5),
        VisitError::Library(error) => {
            let status = library_status(error);
            log_library(error, status, info.request_id);
            plain(status, "The link could not be opened.")
        }
        VisitError::Catalog(error) => {
            tracing::error!(request_id = %info.request_id, error = error as &dyn std::error::Error, "link not opened");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "The link could not be opened.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_are_told_from_all_other_paths() {
        use GuestDoor::{Above, Mount, OldMount, Page};
        for (path, expected) in [
            ("/public.php/dav/files/t0k", Some((Mount, "t0k"))),
            ("/public.php/dav/files/t0k/", Some((Mount, "t0k"))),
            ("/public.php/dav/files/t0k/a/b", Some((Mount, "t0k"))),
            ("/public.php/webdav", Some((OldMount, ""))),
            ("/public.php/webdav/a", Some((OldMount, ""))),
            ("/public.php", Some((Above, ""))),
            ("/public.php/dav/files/", Some((Above, ""))),
            ("/public.php/webdavx", Some((Above, ""))),
            ("/s/t0k/files/a", Some((Page, "t0k"))),
            ("/index.php/s/t0k/files/a/b", Some((Page, "t0k"))),
            ("/s/t0k/files/", None),
            ("/s/t0k/files/a/", None),
            ("/s/t0k", None),
            ("/s/t0k/filesx/a", None),
            ("/public.phpx/dav", None),
            ("/dav/public.php", None),
        ] {
            assert_eq!(door(path), expected, "{path}");
        }
    }
}
