//! Nextcloud's interfaces besides WebDAV: the server's status and capabilities, the authenticated user, device passwords,
//! links, and the search. Everything else gets a cheap answer that it does not exist.

mod capabilities;
mod envelope;
mod login_flow;
mod ocs;
mod pages;
mod search;
pub(crate) mod shares;

use http::header::USER_AGENT;
use http::{HeaderValue, Method, Response, StatusCode};

use self::envelope::Version;
use super::context::RequestContext;
use super::reply::{json, plain, read_only, uncached};
use crate::accounts::device_label;
use crate::model::UserId;
use crate::net::{LogUser, RequestBody, ResponseBody, Route};

/// Target of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint<'a> {
    /// `status.php`.
    Status,
    /// `204`, by which clients notice a captive portal.
    Online,
    /// `ocs/v1.php/` or `ocs/v2.php/`, and the rest of the path.
    Ocs(Version, &'a str),
    /// Start of a device login.
    BeginLogin,
    /// A device polls for its password.
    PollLogin,
    /// The page of the login with this token.
    LoginPage(&'a str),
    /// Avatars, previews, remote wipe: clients work without them.
    Absent,
}

/// An answer, and the user if the request was authenticated.
type Answer = (Response<ResponseBody>, Option<UserId>);

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    endpoint(path).is_some()
}

/// Answers a request, authenticated or not.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let (route, (mut response, user)) = match endpoint(context.path()) {
        Some(Endpoint::Status) => (Route::quiet("status"), (context.status(), None)),
        Some(Endpoint::Online) => (Route::quiet("online"), (uncached(StatusCode::NO_CONTENT), None)),
        Some(Endpoint::Ocs(version, path)) => (Route::named("ocs"), context.ocs(version, path, body).await),
        Some(Endpoint::BeginLogin) => (Route::named("login-flow"), (context.begin_login(), None)),
        Some(Endpoint::PollLogin) => (Route::quiet("login-poll"), (context.poll_login(body).await, None)),
        Some(Endpoint::LoginPage(token)) => {
            (Route::named("login-flow"), context.login_page(token, body).await)
        }
        Some(Endpoint::Absent) | None => (Route::quiet("absent"), (absent(), None)),
    };
    response.extensions_mut().insert(route);
    if let Some(user) = user {
        response.extensions_mut().insert(LogUser(user));
    }
    response
}

/// Clients ask with and without `/index.php`, a prefix from Nextcloud's URL rewriting.
fn endpoint(path: &str) -> Option<Endpoint<'_>> {
    if path.starts_with("/remote.php/dav/avatars/") {
        return Some(Endpoint::Absent);
    }
    let path = path.strip_prefix("/index.php").unwrap_or(path);
    match path {
        "/status.php" => return Some(Endpoint::Status),
        "/204" => return Some(Endpoint::Online),
        "/login/v2" => return Some(Endpoint::BeginLogin),
        "/login/v2/poll" => return Some(Endpoint::PollLogin),
        "/core/wipe/check" | "/core/wipe/success" | "/core/preview" | "/core/preview.png" => {
            return Some(Endpoint::Absent);
        }
        _ => {}
    }
    let below = |folder| path.strip_prefix(folder);
    let ocs = |folder, version| below(folder).map(|rest| Endpoint::Ocs(version, rest));
    ocs("/ocs/v1.php/", Version::V1)
        .or_else(|| ocs("/ocs/v2.php/", Version::V2))
        .or_else(|| below("/login/v2/flow/").map(Endpoint::LoginPage))
        .or_else(|| below("/avatar/").map(|_| Endpoint::Absent))
}

impl RequestContext<'_> {
    fn status(&self) -> Response<ResponseBody> {
        read_only(&self.parts.method, || json(StatusCode::OK, capabilities::status()))
    }

    fn is_read(&self) -> bool {
        matches!(self.parts.method, Method::GET | Method::HEAD)
    }

    /// The label for the device that asks.
    fn device_label(&self) -> String {
        let agent = self.parts.headers.get(USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
        device_label(&String::from_utf8_lossy(agent))
    }
}

fn absent() -> Response<ResponseBody> {
    json(StatusCode::NOT_FOUND, "[]".to_owned())
}

fn no_host() -> Response<ResponseBody> {
    plain(StatusCode::BAD_REQUEST, "The request must name one host.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_known_with_and_without_index_php() {
        for (path, expected) in [
            ("/status.php", Some(Endpoint::Status)),
            ("/204", Some(Endpoint::Online)),
            ("/index.php/204", Some(Endpoint::Online)),
            ("/index.php/login/v2", Some(Endpoint::BeginLogin)),
            ("/login/v2/poll", Some(Endpoint::PollLogin)),
            ("/login/v2/flow/abc", Some(Endpoint::LoginPage("abc"))),
            ("/ocs/v1.php/cloud/user", Some(Endpoint::Ocs(Version::V1, "cloud/user"))),
            ("/ocs/v2.php/cloud/users/x", Some(Endpoint::Ocs(Version::V2, "cloud/users/x"))),
            ("/index.php/avatar/anna/64", Some(Endpoint::Absent)),
            ("/remote.php/dav/avatars/anna/128.png", Some(Endpoint::Absent)),
            ("/index.php/core/preview", Some(Endpoint::Absent)),
            ("/remote.php/dav/files/anna/", None),
            ("/dav/", None),
            ("/", None),
            ("/index.php", None),
            ("/index.phpx/204", None),
            ("/ocs/v3.php/x", None),
        ] {
            assert_eq!(endpoint(path), expected, "{path}");
        }
    }
}
