//! The session of a browser, for the pages that ask for one: its cookie, and the token in its forms.
//!
//! Over TLS the cookie has the prefix `__Host-`, so that only this server can set it, over TLS and for all of its paths
//! (RFC 6265bis 4.1.3). Nothing but the pages reads it: WebDAV and the other protocols authenticate each request.

use http::header::SET_COOKIE;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use maud::html;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::context::RequestContext;
use super::cookies;
use super::page::bar::{SignedIn, bar};
use super::page::form::{field, is_from_this_site};
use super::page::{Page, Width, problem};
use super::reply::see_other;
use crate::accounts::{LookupError, Session, SessionToken};
use crate::net::ResponseBody;
use crate::text::{Language, SignInTexts};

/// The field of a form with the token of its session.
pub(super) const FORM_TOKEN: &str = "token";

/// The header of a request by a script with that token.
const TOKEN_HEADER: HeaderName = HeaderName::from_static("tresor-token");

/// A cookie of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The token of a session.
    Session,
    /// The token of a browser that was shown the form to sign in.
    BeforeSession,
}

impl Cookie {
    fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, true) => "__Host-tresor",
            (Self::Session, false) => "tresor",
            (Self::BeforeSession, true) => "__Host-tresor-form",
            (Self::BeforeSession, false) => "tresor-form",
        }
    }

    /// The token that a browser sent.
    pub(super) fn read(self, context: RequestContext<'_>) -> Option<SessionToken> {
        SessionToken::parse(cookies::find(&context.parts.headers, self.name(context.info.secure))?)
    }

    /// Gives the browser a token, until it is closed.
    pub(super) fn set(
        self,
        context: RequestContext<'_>,
        token: &SessionToken,
        response: &mut Response<ResponseBody>,
    ) {
        self.write(context, &token.reveal(), "", response);
    }

    /// Takes the browser's token away.
    pub(super) fn remove(self, context: RequestContext<'_>, response: &mut Response<ResponseBody>) {
        self.write(context, "", "; Max-Age=0", response);
    }

    /// Lax: the browser sends it when a link to a page is followed, but not with another site's form.
    fn write(
        self,
        context: RequestContext<'_>,
        value: &str,
        more: &str,
        response: &mut Response<ResponseBody>,
    ) {
        let is_secure = context.info.secure;
        let secure = if is_secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}", self.name(is_secure));
        if let Ok(mut text) = HeaderValue::from_str(&text) {
            text.set_sensitive(true);
            response.headers_mut().append(SET_COOKIE, text);
        }
    }
}

/// The browser's session, also if it is locked: see [`Accounts::session_even_locked`](crate::accounts::Accounts::session_even_locked).
pub(super) async fn even_locked(context: RequestContext<'_>) -> Result<Option<Session>, LookupError> {
    match Cookie::Session.read(context) {
        Some(token) => context.services.accounts.session_even_locked(&token, context.info.received).await,
        None => Ok(None),
    }
}

/// The browser's session; `None` if it has none, or it has ended or is locked.
pub(super) async fn current(context: RequestContext<'_>) -> Result<Option<Session>, LookupError> {
    match Cookie::Session.read(context) {
        Some(token) => context.services.accounts.session(&token, context.info.received).await,
        None => Ok(None),
    }
}

/// Whether a form was shown by this server to the browser with this token, and sent from its page.
pub(super) fn is_own_form(context: RequestContext<'_>, token: &SessionToken, form: &[u8]) -> bool {
    is_own_token(context, token, &field(form, FORM_TOKEN).unwrap_or_default())
}

/// The same by the token that was sent in the form.
pub(super) fn is_own_token(context: RequestContext<'_>, token: &SessionToken, sent: &str) -> bool {
    is_from_this_site(context) && context.services.accounts.is_form_token(token, sent)
}

/// Whether a script of this server's own pages made a request: it carries the session's token in a header, which a page of
/// another site cannot know.
pub(super) fn is_own_script(context: RequestContext<'_>, token: &SessionToken) -> bool {
    let sent = context.parts.headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
    is_own_token(context, token, sent.unwrap_or_default())
}

/// The answer to any other form; `again` is the address of the page that shows the right one.
pub(super) fn forged(
    language: Language,
    person: Option<&SignedIn<'_>>,
    again: &str,
) -> Response<ResponseBody> {
    let texts = SignInTexts(language);
    let content = html! {
        (problem(texts.forged()))
        p { a.button href=(again) { (texts.open_again()) } }
    };
    Page { language, width: Width::Narrow, title: texts.forged_title(), content }
        .below(&bar(language, again, person), StatusCode::FORBIDDEN)
}

/// Asks a person without a session to sign in, and leads back. The contents of a sent form are lost.
pub(super) fn to_login(context: RequestContext<'_>) -> Response<ResponseBody> {
    let is_read = matches!(context.parts.method, Method::GET | Method::HEAD);
    let (next, lost) = if is_read { (context.address(), "") } else { (context.path(), "&lost") };
    see_other(&format!("/login?next={}{lost}", utf8_percent_encode(next, NON_ALPHANUMERIC)))
}
