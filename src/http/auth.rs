//! Authentication by name and password, shared by all endpoints.

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::context::RequestContext;
use super::devices::WhyRefused;
use super::reply::{plain, too_many};
use crate::accounts::{AuthError, Credentials, Principal, login_name};
use crate::net::ResponseBody;

/// Realm that clients show when they ask for the password.
pub(super) const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Tresor\", charset=\"UTF-8\"");

/// Why a login is refused, with a text for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginRefused {
    /// No credentials, or wrong ones.
    Unauthorised(&'static str),
    /// Try again after this number of seconds.
    Later(&'static str, u32),
    /// The credentials could not be checked; the log has the cause.
    Failed(&'static str),
}

/// The account whose name and password a request carries.
pub(super) async fn authenticate(context: RequestContext<'_>) -> Result<Principal, LoginRefused> {
    let RequestContext { services, parts, info } = context;
    let Some(credentials) = credentials(&parts.headers) else {
        return Err(LoginRefused::Unauthorised("Log in with your user name and password."));
    };
    let checked = services.accounts.authenticate(&credentials, info.peer, info.received).await;
    checked.inspect_err(|error| remember(context, &credentials, error)).map_err(|error| match error {
        AuthError::Rejected | AuthError::WrongCode => {
            LoginRefused::Unauthorised("The user name or password is wrong.")
        }
        AuthError::SecondFactorNeeded => LoginRefused::Unauthorised(
            "This account has a second factor. Sign in with the app's own login, which opens a browser, or \
             use a device's password; your administrator can make one.",
        ),
        AuthError::Throttled { retry_after } => {
            LoginRefused::Later("Too many wrong passwords; wait and try again.", retry_after)
        }
        AuthError::Busy => LoginRefused::Later("Too many logins at this moment; try again.", 5),
        AuthError::Catalog(error) => {
            tracing::error!(request_id = %info.request_id, error = &error as &dyn std::error::Error, "login not checked");
            LoginRefused::Failed("The login could not be checked.")
        }
    })
}

/// Remembers a failed login for the page of the account's devices. A name that no account has is remembered, too: the difference
/// would show.
fn remember(context: RequestContext<'_>, credentials: &Credentials, error: &AuthError) {
    let why = match error {
        AuthError::Rejected | AuthError::WrongCode => WhyRefused::Password,
        AuthError::SecondFactorNeeded => WhyRefused::SecondFactor,
        AuthError::Throttled { .. } => WhyRefused::TooMany,
        AuthError::Busy | AuthError::Catalog(_) => return,
    };
    let Ok(name) = login_name(&credentials.name) else { return };
    let RequestContext { services, parts, info } = context;
    services.devices.note_refused(name.key(), &parts.headers, why, info.received);
}

impl LoginRefused {
    /// The refusal as a plain-text answer.
    pub(super) fn response(self) -> Response<ResponseBody> {
        match self {
            Self::Unauthorised(text) => challenge(text),
            Self::Later(text, retry_after) => too_many(text, retry_after),
            Self::Failed(text) => plain(StatusCode::INTERNAL_SERVER_ERROR, text),
        }
    }
}

/// Asks the client for name and password.
pub(super) fn challenge(text: &'static str) -> Response<ResponseBody> {
    let mut response = plain(StatusCode::UNAUTHORIZED, text);
    response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
    response
}

/// The credentials in a request's `Authorization` header; `None` without a supported one.
pub(super) fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    headers.get(AUTHORIZATION).and_then(basic_credentials)
}

/// Name and password of an `Authorization: Basic` header (RFC 7617). UTF-8 as our challenge demands; anything else
/// is read as Latin-1, which older Windows and macOS send.
pub fn basic_credentials(header: &HeaderValue) -> Option<Credentials> {
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
