//! The page of a person's own account: devices, passkeys, second factor, password. Plain HTML, in German or English; passkeys
//! alone need a script.

mod devices;
mod page;
mod passkeys;
mod password;
mod uploads;

use std::borrow::Cow;

use http::{Method, Response};

use super::context::RequestContext;
use super::desk::{Desk, at_desk};
use super::page::form::field;
use super::page::language::keep_choice;
use super::passkey;
use super::reach;
use super::reply::{not_allowed, see_other};
use super::signed_in;
use crate::admin::{Reply, Request, Secret};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::text::RefusalTexts;

/// The address of the page.
const HERE: &str = "/account";

/// A person at the page.
struct Own<'a> {
    desk: Desk<'a>,
}

/// What a page says about the form that was just sent.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Nothing,
    Removed,
    Saved,
    /// Of another browser.
    SignedOut,
    PasskeyAdded,
    PasskeyRemoved,
    Discarded,
    Refused(Cow<'static, str>),
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path == HERE || devices::serves(path)
}

/// Answers a request to the page.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let mut response = match at_desk(context, HERE).await {
        Ok(desk) => {
            let user = desk.principal().user;
            let mut response = Own { desk }.answer(body).await;
            response.extensions_mut().insert(LogUser(user));
            response
        }
        Err(response) => response,
    };
    keep_choice(context, &mut response);
    response.extensions_mut().insert(Route::named("account"));
    response
}

impl Own<'_> {
    async fn answer(&self, body: &mut RequestBody) -> Response<ResponseBody> {
        if devices::serves(self.desk.context.path()) {
            return self.about_devices().await;
        }
        match self.desk.context.parts.method {
            Method::GET | Method::HEAD => {
                let has = |word| field(self.desk.query().as_bytes(), word).is_some();
                let outcomes = [
                    ("removed", Outcome::Removed),
                    ("saved", Outcome::Saved),
                    ("signed-out", Outcome::SignedOut),
                    ("discarded", Outcome::Discarded),
                    ("passkey-added", Outcome::PasskeyAdded),
                    ("passkey-removed", Outcome::PasskeyRemoved),
                ];
                let outcome = outcomes.into_iter().find(|(word, _)| has(*word));
                self.page(outcome.map_or(Outcome::Nothing, |(_, outcome)| outcome)).await
            }
            Method::POST => match self.desk.own_form(HERE, body).await {
                Ok(form) => self.act(&form).await,
                Err(refused) => refused,
            },
            _ => not_allowed("GET, HEAD, POST", "Open this address in a browser.\n"),
        }
    }

    async fn act(&self, form: &[u8]) -> Response<ResponseBody> {
        let text = |name| field(form, name).unwrap_or_default();
        let name = self.desk.name().to_owned();
        let reply = match text("do").as_str() {
            "device" => {
                let label = text("label").trim().to_owned();
                self.desk.ask(Request::AppPasswordAdd { user: name, label, days: None }).await
            }
            "remove" => {
                let id = text("device").parse().unwrap_or_default();
                self.desk.ask(Request::AppPasswordRevoke { user: name, id }).await
            }
            "factor" => self.desk.ask(Request::SecondFactorBegin { name }).await,
            "confirm" => {
                let code = Secret::new(text("code").trim().to_owned());
                self.desk.ask(Request::SecondFactorConfirm { name, code }).await
            }
            "codes" => self.desk.ask(Request::RecoveryCodesRenew { name }).await,
            "reach" => return self.then(reach::asked(&name, form), "saved").await,
            "discard" => return self.discard(&text("upload")).await,
            signed_in::END => {
                let id = text("session").parse().unwrap_or_default();
                return self.then(Request::SessionEnd { user: name, id }, "signed-out").await;
            }
            passkeys::BEGIN => return self.begin_passkey(form).await,
            passkeys::ADD => return self.add_passkey(form).await,
            passkey::REMOVE => {
                let id = text(passkey::NUMBER).parse().unwrap_or_default();
                return self.then(Request::PasskeyRemove { user: name, id }, "passkey-removed").await;
            }
            "password" => return self.change_password(form).await,
            _ => return self.page(Outcome::Nothing).await,
        };
        match reply {
            Reply::AppPassword(issued) => self.device(&issued),
            Reply::SecondFactor(factor) => self.factor(&factor),
            Reply::RecoveryCodes(codes) => self.codes(&codes),
            Reply::Done(_) => see_other(&format!("{HERE}?removed")),
            Reply::Refused { code, .. } => self.page(Outcome::Refused(self.refusal(&code))).await,
            _ => self.page(Outcome::Nothing).await,
        }
    }

    /// Carries a request out, and leads back to the page, which says what was done by this word.
    async fn then(&self, request: Request, done: &str) -> Response<ResponseBody> {
        match self.desk.ask(request).await {
            Reply::Refused { code, .. } => self.page(Outcome::Refused(self.refusal(&code))).await,
            _ => see_other(&format!("{HERE}?{done}")),
        }
    }

    fn refusal(&self, code: &str) -> Cow<'static, str> {
        RefusalTexts(self.desk.language).of_code(code).into()
    }
}
