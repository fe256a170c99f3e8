//! Login flow v2: a device asks for a login, its user consents on a page in a browser, the device fetches a
//! password of its own.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::json;

use super::pages::{self, Consent, Problem};
use super::{Answer, absent, no_host};
use crate::accounts::{AccountsError, ConsentError};
use crate::http::context::RequestContext;
use crate::http::page::form::{self, MAX_FORM_BYTES};
use crate::http::page::language::preferred;
use crate::http::page::login_form::{Entered, LoginProblem};
use crate::http::reply::{json as json_reply, not_allowed, plain, too_many};
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

    /// The page on which a user approves the device.
    pub(super) async fn login_page(&self, token: &str, body: &mut RequestBody) -> Answer {
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

    async fn consent(&self, language: Language, token: &str, body: &Bytes) -> Answer {
        let Entered { credentials, code } = Entered::of(body);
        let nonce = form::field(body, "nonce").unwrap_or_default();
        let (peer, now) = (self.info.peer, self.info.received);
        let outcome = self
            .services
            .accounts
            .consent_to_device(token, &nonce, &credentials, code.as_ref(), peer, now)
            .await;
        let problem = match outcome {
            Ok(user) => return (pages::done(language), Some(user)),
            Err(ConsentError::Gone) => return (pages::gone(language), None),
            Err(ConsentError::StalePage) => Problem::StalePage,
            Err(ConsentError::DevicePassword) => Problem::Login(LoginProblem::DevicePassword),
            Err(ConsentError::TooManyAppPasswords) => Problem::TooManyDevices,
            Err(ConsentError::Login(error)) => Problem::Login(LoginProblem::of(&error, self.info.request_id)),
        };
        (self.form_page(language, token, &credentials.name, Some(problem)).await, None)
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
        let consent = Consent { request: &request, visitor, action, nonce, name, problem, now, zone };
        pages::consent(language, &consent)
    }

    fn log_failure(&self, error: &(dyn std::error::Error + 'static)) {
        tracing::error!(request_id = %self.info.request_id, error, "login of a device failed");
    }
}
