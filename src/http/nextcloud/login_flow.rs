//! Login flow v2: a device asks for a login, its user consents on a page in a browser, the device fetches a
//! password of its own.
//!
//! On that page a passkey does as well as name and password. The script asks for its question at the page's address with
//! `/passkey` behind it, and shows the token of the form in the header `Tresor-Token`.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::json;

use super::pages::{self, Consent, PASSKEY, Problem};
use super::{Answer, absent, no_host};
use crate::accounts::{AccountsError, AuthError, ConsentError, PasskeyError, SessionToken};
use crate::http::context::RequestContext;
use crate::http::page::form::{self, MAX_FORM_BYTES};
use crate::http::page::language::preferred;
use crate::http::page::login_form::{Entered, LoginProblem};
use crate::http::passkey::{self, ANSWER};
use crate::http::reply::{json as json_reply, not_allowed, plain, too_many, uncached};
use crate::http::session::{Cookie, is_own_form, is_own_script};
use crate::model::UserId;
use crate::net::{RequestBody, ResponseBody};
use crate::text::Language;

impl RequestContext<'_> {
    /// Answers with two addresses and a token; needs no authentication.
    pub(super) fn begin_login(&self) -> Response<ResponseBody> {
        if self.parts.method != Method::POST {
            return not_allowed("POST", "Not this method.\n");
        }
        let Some(origin) = self.origin() else { return no_host() };
        let begun = self.services.accounts.begin_device_login(
            self.device_label(),
            self.info.peer,
            self.info.received,
        );
        match begun {
            Ok(tokens) => {
                let answer = json!({
                    "poll": { "token": tokens.poll.expose(), "endpoint": format!("{origin}/login/v2/poll") },
                    "login": format!("{origin}/login/v2/flow/{}", tokens.page.expose()),
                });
                json_reply(StatusCode::OK, answer.to_string())
            }
            Err(refused) => too_many("Too many devices are being set up.\n", refused.retry_after),
        }
    }

    /// Polled every few seconds. "Not yet", "never" and "no longer" are the same answer.
    pub(super) async fn poll_login(&self, body: &mut RequestBody) -> Response<ResponseBody> {
        if self.parts.method != Method::POST {
            return not_allowed("POST", "Not this method.\n");
        }
        let Some(origin) = self.origin() else { return no_host() };
        let body = match body.collect(MAX_FORM_BYTES).await {
            Ok(body) => body,
            Err(error) => return plain(error.status(), "The form could not be read.\n"),
        };
        let query = self.parts.uri.query().unwrap_or_default();
        // The desktop client and Android send the token in the body, iOS in the query.
        let token = form::field(&body, "token").or_else(|| form::field(query.as_bytes(), "token"));
        let Some(token) = token else { return absent() };
        match self.services.accounts.finish_device_login(&token, self.info.received).await {
            Ok(Some(login)) => {
                let answer = json!({
                    "server": origin,
                    "loginName": login.name.as_str(),
                    "appPassword": login.password.reveal().expose_secret(),
                });
                json_reply(StatusCode::OK, answer.to_string())
            }
            Ok(None) | Err(AccountsError::TooManyAppPasswords) => absent(),
            Err(error) => {
                self.log_failure(&error);
                json_reply(StatusCode::INTERNAL_SERVER_ERROR, "[]".to_owned())
            }
        }
    }

    /// The page on which a user approves the device, and the question for a passkey there.
    pub(super) async fn login_page(&self, token: &str, body: &mut RequestBody) -> Answer {
        if token.ends_with(PASSKEY) {
            return (self.passkey_options(), None);
        }
        let language = preferred(&self.parts.headers);
        if self.is_read() {
            let query = self.parts.uri.query().unwrap_or_default();
            let name = form::field(query.as_bytes(), "user");
            let name = name.as_ref().map_or("", |name| name.as_str());
            return (self.form_page(language, token, name, None).await, None);
        }
        if self.parts.method != Method::POST {
            return (not_allowed("GET, HEAD, POST", "Not this method.\n"), None);
        }
        if form::is_from_another_site(*self) {
            return (plain(StatusCode::FORBIDDEN, "This form belongs to another site.\n"), None);
        }
        if !form::is_form(self.parts) {
            return (plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the form as it is.\n"), None);
        }
        match body.collect(MAX_FORM_BYTES).await {
            Ok(body) => self.consent(language, token, &body).await,
            Err(error) => (plain(error.status(), "The form could not be read.\n"), None),
        }
    }

    /// What the script asks a passkey.
    fn passkey_options(&self) -> Response<ResponseBody> {
        if self.parts.method != Method::POST {
            return not_allowed("POST", "Open the page of the device.\n");
        }
        let shown = Cookie::BeforeSession.read(*self).filter(|token| is_own_script(*self, token));
        let Some(shown) = shown else { return uncached(StatusCode::FORBIDDEN) };
        let Ok(site) = passkey::site(*self) else { return uncached(StatusCode::NO_CONTENT) };
        json_reply(StatusCode::OK, self.services.accounts.ask_to_consent(&site, &shown, self.info.received))
    }

    async fn consent(&self, language: Language, token: &str, body: &Bytes) -> Answer {
        if let Some(answer) = form::field(body, ANSWER) {
            return self.consent_by_passkey(language, token, &answer, body).await;
        }
        let Entered { credentials, code } = Entered::of(body);
        let nonce = form::field(body, "nonce").unwrap_or_default();
        let (peer, now) = (self.info.peer, self.info.received);
        let outcome = self
            .services
            .accounts
            .consent_to_device(token, &nonce, &credentials, code.as_ref(), peer, now)
            .await;
        self.after_consent(language, token, &credentials.name, outcome).await
    }

    /// The consent by a passkey, which the browser that was shown the page sends.
    async fn consent_by_passkey(
        &self,
        language: Language,
        token: &str,
        answer: &str,
        body: &Bytes,
    ) -> Answer {
        let shown = Cookie::BeforeSession.read(*self).filter(|shown| is_own_form(*self, shown, body));
        let (Some(shown), Ok(site)) = (shown, passkey::site(*self)) else {
            let problem = Problem::Login(LoginProblem::PasskeyStale);
            return (self.form_page(language, token, "", Some(problem)).await, None);
        };
        let nonce = form::field(body, "nonce").unwrap_or_default();
        let by = (self.info.peer, self.info.received);
        let accounts = &self.services.accounts;
        let outcome = accounts.consent_by_passkey((token, &nonce), &site, &shown, answer, by).await;
        self.after_consent(language, token, "", outcome).await
    }

    async fn after_consent(
        &self,
        language: Language,
        token: &str,
        name: &str,
        outcome: Result<UserId, ConsentError>,
    ) -> Answer {
        let login = |error: &AuthError| LoginProblem::of(error, self.info.request_id);
        let problem = match outcome {
            Ok(user) => return (pages::done(language), Some(user)),
            Err(ConsentError::Gone) => return (pages::gone(language), None),
            Err(ConsentError::StalePage) => Problem::StalePage,
            Err(ConsentError::DevicePassword) => Problem::Login(LoginProblem::DevicePassword),
            Err(ConsentError::TooManyAppPasswords) => Problem::TooManyDevices,
            Err(ConsentError::Passkey(PasskeyError::Rejected)) => {
                Problem::Login(LoginProblem::PasskeyRejected)
            }
            Err(ConsentError::Passkey(PasskeyError::Stale)) => Problem::Login(LoginProblem::PasskeyStale),
            Err(ConsentError::Login(error) | ConsentError::Passkey(PasskeyError::Login(error))) => {
                Problem::Login(login(&error))
            }
        };
        (self.form_page(language, token, name, Some(problem)).await, None)
    }

    async fn form_page(
        &self,
        language: Language,
        token: &str,
        name: &str,
        problem: Option<Problem>,
    ) -> Response<ResponseBody> {
        let now = self.info.received;
        let Some((request, nonce)) = self.services.accounts.open_device_page(token, now) else {
            return pages::gone(language);
        };
        let action = self.parts.uri.path();
        let (visitor, nonce) = (self.info.peer, nonce.expose());
        let zone = &self.zone().await;
        // The same for all forms that a browser has open.
        let shown = Cookie::BeforeSession.read(*self).unwrap_or_else(SessionToken::random);
        let form_token = passkey::site(*self).is_ok().then(|| self.services.accounts.form_token(&shown));
        let passkeys = form_token.as_deref();
        let consent =
            Consent { request: &request, visitor, action, nonce, name, problem, now, zone, passkeys };
        let mut response = pages::consent(language, &consent);
        if passkeys.is_some() {
            Cookie::BeforeSession.set(*self, &shown, &mut response);
        }
        response
    }

    fn log_failure(&self, error: &(dyn std::error::Error + 'static)) {
        tracing::error!(request_id = %self.info.request_id, error, "login of a device failed");
    }
}
