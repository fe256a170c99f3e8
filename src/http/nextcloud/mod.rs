//! What Nextcloud's clients ask beside WebDAV: whether there is a server, what it can do, who is logged in,
//! and a password for the device. Whatever else they may ask for is not there, and says so cheaply.

mod capabilities;
mod envelope;
mod login_flow;
mod ocs;
mod pages;
pub(super) mod shares;

use http::header::USER_AGENT;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};

use self::envelope::Version;
use super::reply::{json, plain, read_only, uncached};
use crate::accounts::{Accounts, device_label};
use crate::library::Library;
use crate::model::UserId;
use crate::net::{LogUser, RequestBody, RequestInfo, ResponseBody, Route};
use crate::sharing::Sharing;

/// Nextcloud's interfaces, but for its WebDAV.
pub struct Nextcloud {
    library: Library,
    accounts: Accounts,
    sharing: Sharing,
}

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door<'a> {
    /// `status.php`.
    Status,
    /// `204`: is there a network, or somebody's login page in between?
    Online,
    /// `ocs/v1.php/` or `ocs/v2.php/`, and the rest of the path.
    Ocs(Version, &'a str),
    /// A device begins to log in.
    BeginLogin,
    /// A device asks for its password.
    PollLogin,
    /// The page of the login with this token.
    LoginPage(&'a str),
    /// Avatars, previews, remote wipe: clients live without.
    Absent,
}

/// A request on its way through this room.
struct Call<'a> {
    library: &'a Library,
    accounts: &'a Accounts,
    sharing: &'a Sharing,
    parts: &'a Parts,
    info: &'a RequestInfo,
}

/// An answer, and who got it if he has logged in.
type Answer = (Response<ResponseBody>, Option<UserId>);

impl Nextcloud {
    /// The interfaces to this library for these people.
    pub fn new(library: Library, accounts: Accounts, sharing: Sharing) -> Self {
        Self { library, accounts, sharing }
    }

    /// Whether a path of the URL space is this room's.
    pub fn serves(path: &str) -> bool {
        door(path).is_some()
    }

    /// Answers a request, whoever sends it.
    pub async fn handle(&self, request: Request<RequestBody>, info: &RequestInfo) -> Response<ResponseBody> {
        let (parts, mut body) = request.into_parts();
        let Self { library, accounts, sharing } = self;
        let call = Call { library, accounts, sharing, parts: &parts, info };
        let (route, (mut response, user)) = match door(parts.uri.path()) {
            Some(Door::Status) => (Route::quiet("status"), (call.status(), None)),
            Some(Door::Online) => (Route::quiet("online"), (uncached(StatusCode::NO_CONTENT), None)),
            Some(Door::Ocs(version, path)) => (Route::named("ocs"), call.ocs(version, path, &mut body).await),
            Some(Door::BeginLogin) => (Route::named("login-flow"), (call.begin_login(), None)),
            Some(Door::PollLogin) => (Route::quiet("login-poll"), (call.poll_login(&mut body).await, None)),
            Some(Door::LoginPage(token)) => {
                (Route::named("login-flow"), call.login_page(token, &mut body).await)
            }
            Some(Door::Absent) | None => (Route::quiet("absent"), (absent(), None)),
        };
        response.extensions_mut().insert(route);
        if let Some(user) = user {
            response.extensions_mut().insert(LogUser(user));
        }
        response
    }
}

/// Clients ask with and without `/index.php`, which stands for a rewriting that we have no need of.
fn door(path: &str) -> Option<Door<'_>> {
    if path.starts_with("/remote.php/dav/avatars/") {
        return Some(Door::Absent);
    }
    let path = path.strip_prefix("/index.php").unwrap_or(path);
    match path {
        "/status.php" => return Some(Door::Status),
        "/204" => return Some(Door::Online),
        "/login/v2" => return Some(Door::BeginLogin),
        "/login/v2/poll" => return Some(Door::PollLogin),
        "/core/wipe/check" | "/core/wipe/success" | "/core/preview" | "/core/preview.png" => {
            return Some(Door::Absent);
        }
        _ => {}
    }
    let below = |folder| path.strip_prefix(folder);
    let ocs = |folder, version| below(folder).map(|rest| Door::Ocs(version, rest));
    ocs("/ocs/v1.php/", Version::V1)
        .or_else(|| ocs("/ocs/v2.php/", Version::V2))
        .or_else(|| below("/login/v2/flow/").map(Door::LoginPage))
        .or_else(|| below("/avatar/").map(|_| Door::Absent))
}

impl Call<'_> {
    fn status(&self) -> Response<ResponseBody> {
        read_only(&self.parts.method, || json(StatusCode::OK, capabilities::status()))
    }

    /// The server as the client addressed it; `None` if it named no host (HTTP/1.0).
    fn origin(&self) -> Option<String> {
        let scheme = if self.info.secure { "https" } else { "http" };
        let host = self.info.requested_host();
        (!host.is_empty()).then(|| format!("{scheme}://{host}"))
    }

    fn is_read(&self) -> bool {
        matches!(self.parts.method, Method::GET | Method::HEAD)
    }

    /// What the device that asks is called from now on.
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
            ("/status.php", Some(Door::Status)),
            ("/204", Some(Door::Online)),
            ("/index.php/204", Some(Door::Online)),
            ("/index.php/login/v2", Some(Door::BeginLogin)),
            ("/login/v2/poll", Some(Door::PollLogin)),
            ("/login/v2/flow/abc", Some(Door::LoginPage("abc"))),
            ("/ocs/v1.php/cloud/user", Some(Door::Ocs(Version::V1, "cloud/user"))),
            ("/ocs/v2.php/cloud/users/x", Some(Door::Ocs(Version::V2, "cloud/users/x"))),
            ("/index.php/avatar/anna/64", Some(Door::Absent)),
            ("/remote.php/dav/avatars/anna/128.png", Some(Door::Absent)),
            ("/index.php/core/preview", Some(Door::Absent)),
            ("/remote.php/dav/files/anna/", None),
            ("/dav/", None),
            ("/", None),
            ("/index.php", None),
            ("/index.phpx/204", None),
            ("/ocs/v3.php/x", None),
        ] {
            assert_eq!(door(path), expected, "{path}");
        }
    }
}
