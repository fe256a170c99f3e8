//! The lock of the pages: their script says that the person is there, locks them, and unlocks them again; without the script,
//! a locked session is unlocked on a page.
//!
//! ```text
//! POST /session/here      204    the person is there; 401 if the session has ended, 423 if it is locked
//! POST /session/lock      204    locks it
//! POST /session/unlock    204    unlocks it, by the password or the answer of a passkey in a form; a page instead for a form that
//!                                a page sent
//! ```
//! A script shows the session's token in the header `Tresor-Token`, and gets a reason as JSON.

use http::{Method, Response, StatusCode};
use maud::html;
use secrecy::SecretString;
use serde_json::json;

use super::SignIn;
use super::place::own_page;
use crate::accounts::{LookupError, Session, SignInError};
use crate::http::page::bar::bar;
use crate::http::page::form::{field, read_form};
use crate::http::page::login_form::LoginProblem;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Field, Page, Width, problem};
use crate::http::passkey::ANSWER;
use crate::http::reply::{json, not_allowed, see_other, uncached};
use crate::http::session::{FORM_TOKEN, even_locked, is_own_form, is_own_script};
use crate::net::{LogUser, RequestBody, ResponseBody};
use crate::text::ScreenLockTexts;

/// The addresses of the lock.
pub(super) const LOCK: &str = "/session/";
pub(super) const UNLOCK: &str = "/session/unlock";

impl SignIn<'_> {
    /// Answers a request to one of the addresses of the lock.
    pub(super) async fn lock(&self, body: &mut RequestBody) -> Response<ResponseBody> {
        if self.context.parts.method != Method::POST {
            return not_allowed("POST", "Send the form of a page.\n");
        }
        let session = match even_locked(self.context).await {
            Ok(Some(session)) => session,
            Ok(None) => return uncached(StatusCode::UNAUTHORIZED),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(request_id = %self.context.info.request_id, error, "session not read");
                return uncached(StatusCode::INTERNAL_SERVER_ERROR);
            }
        };
        let mut response = match self.context.path().strip_prefix(LOCK) {
            Some("here") => self.here(&session).await,
            Some("lock") => self.lock_now(&session).await,
            Some("unlock") => self.unlock(&session, body).await,
            Some("passkey") => self.unlock_options(&session).await,
            _ => uncached(StatusCode::NOT_FOUND),
        };
        response.extensions_mut().insert(LogUser(session.principal.user));
        response
    }

    async fn here(&self, session: &Session) -> Response<ResponseBody> {
        let (accounts, now) = (&self.context.services.accounts, self.context.info.received);
        if !is_own_script(self.context, &session.token) {
            return uncached(StatusCode::FORBIDDEN);
        }
        if session.is_locked {
            return uncached(StatusCode::LOCKED);
        }
        self.done(accounts.watch_session(session, now).await)
    }

    async fn lock_now(&self, session: &Session) -> Response<ResponseBody> {
        if !is_own_script(self.context, &session.token) {
            return uncached(StatusCode::FORBIDDEN);
        }
        let (accounts, now) = (&self.context.services.accounts, self.context.info.received);
        self.done(accounts.lock_session(&session.token, now).await)
    }

    async fn unlock(&self, session: &Session, body: &mut RequestBody) -> Response<ResponseBody> {
        let form = match read_form(self.context.parts, body).await {
            Ok(form) => form,
            Err(refused) => return refused,
        };
        let is_script = is_own_script(self.context, &session.token);
        if !is_script && !is_own_form(self.context, &session.token, &form) {
            return uncached(StatusCode::FORBIDDEN);
        }
        let next = own_page(&field(&form, "next").unwrap_or_default());
        let unlocked = match field(&form, ANSWER) {
            Some(answer) => self.unlock_by_passkey(session, &answer).await,
            None => self.unlock_by_password(session, &form).await,
        };
        let wrong = match unlocked {
            Ok(()) if is_script => return uncached(StatusCode::NO_CONTENT),
            Ok(()) => return see_other(&next),
            Err(wrong) => wrong,
        };
        let mut response = match is_script {
            true => json(wrong.status(), json!({ "text": self.sentence(wrong) }).to_string()),
            false => self.locked(session, &next, Some(wrong)).await,
        };
        wrong.mark(&mut response);
        response
    }

    async fn unlock_by_password(&self, session: &Session, form: &[u8]) -> Result<(), LoginProblem> {
        let password = SecretString::from(field(form, "password").unwrap_or_default().as_str());
        let (accounts, info) = (&self.context.services.accounts, self.context.info);
        let unlocked = accounts.unlock_session(session, password, info.peer, info.received).await;
        unlocked.map_err(|error| match error {
            SignInError::DevicePassword => LoginProblem::DevicePassword,
            SignInError::Login(error) => LoginProblem::of(&error, info.request_id),
        })
    }

    /// The page in place of those that a locked session does not open; `next` is the one that the person wants.
    pub(super) async fn locked(
        &self,
        session: &Session,
        next: &str,
        wrong: Option<LoginProblem>,
    ) -> Response<ResponseBody> {
        let texts = ScreenLockTexts(self.language);
        let form_token = self.context.services.accounts.form_token(&session.token);
        let password = Field {
            name: "password",
            label: texts.password(),
            kind: "password",
            autocomplete: "current-password",
            value: "",
            has_focus: true,
        };
        let token = html! { input type="hidden" name=(FORM_TOKEN) value=(form_token); };
        let fields = html! { (token) input type="hidden" name="next" value=(next); };
        let has_passkey = self.has_passkey(session).await;
        let content = html! {
            p { (texts.about()) }
            @if let Some(wrong) = wrong { (problem(&self.sentence(wrong))) }
            form method="post" action=(UNLOCK) {
                (fields)
                input type="text" name="user" value=(session.principal.name.as_str()) autocomplete="username" hidden;
                (password)
                button { (texts.unlock()) }
            }
            @if has_passkey { (self.unlock_form(&fields)) }
            form method="post" action=(super::LOGOUT) {
                (token)
                button.plain { (texts.sign_out()) }
            }
        };
        let page = Page { language: self.language, width: Width::Narrow, title: texts.title(), content };
        let status = wrong.map_or(StatusCode::OK, LoginProblem::status);
        let page = page.below(&bar(self.language, &super::login_before(next), None), status);
        if has_passkey { with_script(page, Script::Passkey) } else { page }
    }

    /// As [`LoginProblem::sentence`] says it, but no name was entered.
    fn sentence(&self, wrong: LoginProblem) -> String {
        match wrong {
            LoginProblem::Rejected => ScreenLockTexts(self.language).wrong().to_owned(),
            wrong => wrong.sentence(self.language).into_owned(),
        }
    }

    fn done(&self, outcome: Result<(), LookupError>) -> Response<ResponseBody> {
        match outcome {
            Ok(()) => uncached(StatusCode::NO_CONTENT),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(request_id = %self.context.info.request_id, error, "session not changed");
                uncached(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}
