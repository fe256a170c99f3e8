//! The page of a person's own account: devices, passkeys, second factor, password. Plain HTML, in German or English; passkeys
//! alone need a script.

mod confirm;
mod devices;
mod factor;
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
use crate::admin::{Reply, Request};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::text::RefusalTexts;

/// The address of the page.
const HERE: &str = "/account";

/// A person at the page.
struct Own<'a> {
    desk: Desk<'a>,
}

/// The message of a page about the form that was just sent.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Nothing,
    Removed,
    Saved,
    /// Of another browser.
    SignedOut,
    PasskeyAdded,
    PasskeyRenamed,
    PasskeyRemoved,
    Discarded,
    Refused(Cow<'static, str>),
    /// The same, and the form stands open to be corrected.
    Again(Cow<'static, str>, Again),
}

/// A refused form, with the values that it keeps.
#[derive(Debug, PartialEq, Eq)]
enum Again {
    /// A device of this name.
    Device(String),
    Codes,
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
                    ("passkey-renamed", Outcome::PasskeyRenamed),
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
        match text("do").as_str() {
            "device" => self.add_device(form).await,
            "remove" => {
                let id = text("device").parse().unwrap_or_default();
                self.then(Request::AppPasswordRevoke { user: name, id }, "removed").await
            }
            factor::BEGIN => self.begin_factor().await,
            factor::CONFIRM => self.confirm_factor(form).await,
            factor::CODES => self.renew_codes(form).await,
            "reach" => self.then(reach::asked(&name, form), "saved").await,
            "discard" => self.discard(&text("upload")).await,
            signed_in::END => {
                let id = text("session").parse().unwrap_or_default();
                self.then(Request::SessionEnd { user: name, id }, "signed-out").await
            }
            passkeys::BEGIN => self.begin_passkey(form).await,
            passkeys::ADD => self.add_passkey(form).await,
            passkey::RENAME => self.rename_passkey(form).await,
            passkey::REMOVE => {
                let id = text(passkey::NUMBER).parse().unwrap_or_default();
                self.then(Request::PasskeyRemove { user: name, id }, "passkey-removed").await
            }
            "password" => self.change_password(form).await,
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
