//! Signing in with a passkey, and unlocking a session with it.
//!
//! ```text
//! POST /login/passkey      200    options of navigator.credentials.get(), as JSON, for the browser that was shown the form
//! POST /session/passkey    200    the same for a locked session; 204 if its person has no passkey
//! ```
//! The script asks for these when it needs them, because they are good for five minutes only, and shows the token of the form
//! in the header `Tresor-Token`. The answer comes back in a form: to `/login` or `/session/unlock`.

use http::{Method, Response, StatusCode};
use maud::{Markup, html};

use super::SignIn;
use crate::accounts::{PasskeyError, Session, SessionToken};
use crate::http::page::login_form::LoginProblem;
use crate::http::passkey::{self, Ceremony};
use crate::http::reply::{json, not_allowed, uncached};
use crate::http::session::{Cookie, is_own_script};
use crate::http::user_agent;
use crate::net::ResponseBody;
use crate::text::{PasskeyTexts, ScreenLockTexts};

/// Where the script asks before signing in.
pub(super) const OPTIONS: &str = "/login/passkey";
/// The same before unlocking.
const UNLOCK_OPTIONS: &str = "/session/passkey";

impl SignIn<'_> {
    /// The options for signing in.
    pub(super) fn passkey_options(&self) -> Response<ResponseBody> {
        if self.context.parts.method != Method::POST {
            return not_allowed("POST", "Open the page to sign in.\n");
        }
        let shown = Cookie::BeforeSession.read(self.context);
        let Some(shown) = shown.filter(|token| is_own_script(self.context, token)) else {
            return uncached(StatusCode::FORBIDDEN);
        };
        let Ok(site) = passkey::site(self.context) else { return uncached(StatusCode::NO_CONTENT) };
        let (accounts, now) = (&self.context.services.accounts, self.context.info.received);
        json(StatusCode::OK, accounts.ask_for_passkey(&site, &shown, now))
    }

    /// The options for unlocking.
    pub(super) async fn unlock_options(&self, session: &Session) -> Response<ResponseBody> {
        if !is_own_script(self.context, &session.token) {
            return uncached(StatusCode::FORBIDDEN);
        }
        let (accounts, now) = (&self.context.services.accounts, self.context.info.received);
        match (passkey::site(self.context), self.has_passkey(session).await) {
            (Ok(site), true) => json(StatusCode::OK, accounts.ask_to_unlock(&site, session, now)),
            _ => uncached(StatusCode::NO_CONTENT),
        }
    }

    /// A session by the answer of a passkey.
    pub(super) async fn begin_by_passkey(
        &self,
        shown: &SessionToken,
        answer: &str,
    ) -> Result<Session, LoginProblem> {
        let (accounts, info) = (&self.context.services.accounts, self.context.info);
        let site = passkey::site(self.context).map_err(|_| LoginProblem::PasskeyRejected)?;
        let browser = user_agent::browser(&self.context.parts.headers);
        let by = (info.peer, browser.as_str());
        let begun = accounts.begin_session_by_passkey(&site, shown, answer, by, info.received).await;
        begun.map_err(|error| self.passkey_problem(&error))
    }

    /// Unlocks a session by the answer of a passkey.
    pub(super) async fn unlock_by_passkey(
        &self,
        session: &Session,
        answer: &str,
    ) -> Result<(), LoginProblem> {
        let (accounts, info) = (&self.context.services.accounts, self.context.info);
        let site = passkey::site(self.context).map_err(|_| LoginProblem::PasskeyRejected)?;
        let by = (info.peer, info.received);
        let unlocked = accounts.unlock_session_by_passkey(&site, session, answer, by).await;
        unlocked.map_err(|error| self.passkey_problem(&error))
    }

    /// The form on the page to sign in.
    pub(super) fn passkey_form(&self, fields: &Markup) -> Markup {
        let texts = PasskeyTexts(self.language);
        let button = html! { button.other { (texts.sign_in()) } };
        passkey::form(self.language, super::LOGIN, &Ceremony::Ask(OPTIONS), fields, &button)
    }

    /// The form on the page of a locked session.
    pub(super) fn unlock_form(&self, fields: &Markup) -> Markup {
        let texts = ScreenLockTexts(self.language);
        let button = html! { button.other { (texts.by_passkey()) } };
        passkey::form(self.language, super::lock::UNLOCK, &Ceremony::Ask(UNLOCK_OPTIONS), fields, &button)
    }

    /// Whether the person of a session can use a passkey at this address.
    pub(super) async fn has_passkey(&self, session: &Session) -> bool {
        let passkeys = self.context.services.accounts.passkeys_of(session.principal.user).await;
        passkey::site(self.context).is_ok() && passkeys.is_ok_and(|passkeys| !passkeys.is_empty())
    }

    /// The message about a passkey that opened nothing.
    fn passkey_problem(&self, error: &PasskeyError) -> LoginProblem {
        match error {
            PasskeyError::Rejected => LoginProblem::PasskeyRejected,
            PasskeyError::Stale => LoginProblem::PasskeyStale,
            PasskeyError::Login(error) => LoginProblem::of(error, self.context.info.request_id),
        }
    }
}
