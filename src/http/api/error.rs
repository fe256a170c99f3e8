//! Refusals, as problem details (RFC 9457).

use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::{AuthError, LookupError, SignInError};
use crate::http::auth::{CHALLENGE, LoginRefused};
use crate::http::context::RequestContext;
use crate::http::error::{library_status, log_library};
use crate::http::reply::json;
use crate::library::LibraryError;
use crate::model::{NameError, SearchTextError};
use crate::net::ResponseBody;
use crate::sharing::{HandInError, LinkError, RequestError};

/// Browsers send it; a program does not.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The request has neither a session nor a password.
    #[error("sign in first: POST /api/v1/session, or send an Authorization header")]
    NotSignedIn,
    /// A request with a session comes from another site's page, or lacks the session's token.
    #[error(
        "a request with a session must come from this server's pages and, if it changes something, carry the session's token in the header Tresor-Token"
    )]
    Forged,
    /// There is no such address.
    #[error("there is no such address; /api/openapi.json lists all")]
    NoSuchAddress,
    /// The address exists for other methods.
    #[error("this address is for other methods; the header Allow lists them")]
    Method,
    /// The body is not JSON.
    #[error("send a body of the type application/json")]
    NotJson,
    /// The body could not be read, for example because it is too long.
    #[error("the body could not be read, or it is too long")]
    Body(StatusCode),
    /// The body is not what the operation needs.
    #[error("the body does not fit the operation: {0}")]
    Malformed(String),
    /// A day in the body is none.
    #[error("a day is written as 2026-12-31")]
    BadDay,
    /// A link takes endings of names, and this is none.
    #[error("{0:?} is no ending of a file name; write pdf or jpg")]
    BadEnding(String),
    /// The caller can use no space of this name.
    #[error("you have no space of this name")]
    NoSuchSpace,
    /// The name and password in the `Authorization` header are refused.
    #[error("{}", login_text(.0))]
    Login(LoginRefused),
    /// Signing in is refused.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// A path cannot exist.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The content could not be read or stored.
    #[error("the content could not be read or stored")]
    Content(StatusCode),
    /// An operation on files is refused.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// An operation on links is refused.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// An operation on hand-ins is refused.
    #[error(transparent)]
    HandIn(#[from] HandInError),
    /// An operation on requests for documents is refused.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A list of requests has no such word or place.
    #[error("there is no such list; see /api/openapi.json")]
    BadList,
    /// A search has no such page.
    #[error("limit is a number from 1 to 100, and before is `next` of an earlier answer")]
    BadPage,
    /// A text cannot be searched for.
    #[error(transparent)]
    SearchText(#[from] SearchTextError),
    /// The accounts could not be read.
    #[error("the accounts could not be read")]
    Accounts(#[from] LookupError),
}

/// The body of a refusal.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// Always `about:blank`: `code` says more.
    r#type: &'static str,
    /// What the status means.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// For programs; listed in docs/errors.md.
    code: &'static str,
    /// For people, in English.
    detail: String,
}

impl ApiError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "not-signed-in",
            Self::Forged => "request-forged",
            Self::NoSuchAddress => "address-unknown",
            Self::Method => "method-not-allowed",
            Self::NotJson => "not-json",
            Self::Body(_) => "body-unreadable",
            Self::Malformed(_) => "body-malformed",
            Self::BadDay => "day-malformed",
            Self::BadEnding(_) => "ending-malformed",
            Self::NoSuchSpace => "space-unknown",
            Self::Login(_) => "login-refused",
            Self::SignIn(_) => "sign-in-refused",
            Self::Name(error) => error.code(),
            Self::Content(_) => "content-refused",
            Self::Library(error) => error.code(),
            Self::Link(error) => error.code(),
            Self::HandIn(error) => error.code(),
            Self::Request(error) => error.code(),
            Self::BadList => "list-unknown",
            Self::BadPage => "page-malformed",
            Self::SearchText(error) => error.code(),
            Self::Accounts(_) => "catalogue-failed",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotSignedIn | Self::Login(LoginRefused::Unauthorised(_)) => StatusCode::UNAUTHORIZED,
            Self::Forged | Self::SignIn(SignInError::DevicePassword) => StatusCode::FORBIDDEN,
            Self::NoSuchAddress | Self::NoSuchSpace | Self::HandIn(HandInError::NoSuchHandIn) => {
                StatusCode::NOT_FOUND
            }
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed(_)
            | Self::BadDay
            | Self::BadEnding(_)
            | Self::BadList
            | Self::BadPage
            | Self::SearchText(_)
            | Self::Name(_) => StatusCode::BAD_REQUEST,
            Self::Login(LoginRefused::Later(..)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Login(LoginRefused::Failed(_))
            | Self::Accounts(_)
            | Self::HandIn(HandInError::Catalog(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::SignIn(SignInError::Login(error)) => login_status(error),
            Self::Body(status) | Self::Content(status) => *status,
            Self::Library(error) | Self::HandIn(HandInError::Library(error)) => status_of(error),
            Self::Link(error) => link_status(error),
            Self::Request(error) => request_status(error),
            Self::HandIn(_) => StatusCode::CONFLICT,
        }
    }

    /// Seconds after which another attempt makes sense.
    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Login(LoginRefused::Later(_, seconds))
            | Self::SignIn(SignInError::Login(AuthError::Throttled { retry_after: seconds })) => {
                Some(*seconds)
            }
            Self::SignIn(SignInError::Login(AuthError::Busy)) | Self::Link(LinkError::Busy) => Some(5),
            _ => None,
        }
    }

    /// The answer. An error that the office must know about is logged.
    pub(super) fn response(&self, context: RequestContext<'_>) -> Response<ResponseBody> {
        let status = self.status();
        match self {
            Self::Library(error)
            | Self::Link(LinkError::Library(error))
            | Self::Request(RequestError::Library(error))
            | Self::HandIn(HandInError::Library(error)) => {
                log_library(error, status, context.info.request_id);
            }
            // `dav` has logged it.
            Self::Content(_) => {}
            _ if status == StatusCode::INTERNAL_SERVER_ERROR => {
                let error: &dyn std::error::Error = self;
                tracing::error!(request_id = %context.info.request_id, error, "request failed");
            }
            _ => {}
        }
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Refused"),
            status: status.as_u16(),
            code: self.code(),
            detail: self.to_string(),
        };
        let mut response = json(status, serde_json::to_string(&problem).unwrap_or_default());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            // A browser would ask for a password by itself, over the page that sent the request.
            let is_browser = context.parts.headers.contains_key(SEC_FETCH_SITE);
            let challenge = if is_browser { HeaderValue::from_static("Session") } else { CHALLENGE };
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn login_text(refused: &LoginRefused) -> &'static str {
    match refused {
        LoginRefused::Unauthorised(text) | LoginRefused::Later(text, _) | LoginRefused::Failed(text) => text,
    }
}

fn login_status(error: &AuthError) -> StatusCode {
    match error {
        AuthError::Rejected | AuthError::SecondFactorNeeded | AuthError::WrongCode => StatusCode::FORBIDDEN,
        AuthError::Throttled { .. } | AuthError::Busy => StatusCode::TOO_MANY_REQUESTS,
        AuthError::Catalog(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// As for WebDAV, but a taken name is a conflict, and so is a folder where a file is needed: the method is not at
/// fault.
fn status_of(error: &LibraryError) -> StatusCode {
    match error {
        LibraryError::Exists | LibraryError::IsFolder => StatusCode::CONFLICT,
        error => library_status(error),
    }
}

fn request_status(error: &RequestError) -> StatusCode {
    match error {
        RequestError::NoSuchRequest
        | RequestError::NoSuchItem
        | RequestError::NoSuchComment
        | RequestError::NoSuchRecipient => StatusCode::NOT_FOUND,
        RequestError::Denied | RequestError::ClientsMakeNone => StatusCode::FORBIDDEN,
        RequestError::Closed
        | RequestError::ItemDone
        | RequestError::OneFile
        | RequestError::Paused
        | RequestError::NothingMissing
        | RequestError::RemindedToday
        | RequestError::Invited
        | RequestError::TooManyMails
        | RequestError::NoRecipient
        | RequestError::MailOff
        | RequestError::TooMany => StatusCode::CONFLICT,
        RequestError::Library(error) => status_of(error),
        RequestError::Catalog(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn link_status(error: &LinkError) -> StatusCode {
    match error {
        LinkError::NoSuchLink => StatusCode::NOT_FOUND,
        LinkError::Denied | LinkError::ClientsMakeNone => StatusCode::FORBIDDEN,
        LinkError::TooMany => StatusCode::CONFLICT,
        LinkError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        LinkError::Library(error) => status_of(error),
        LinkError::Catalog(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
