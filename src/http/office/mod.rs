//! The pages for administrators: people, spaces, rights, the office's details. Plain HTML without scripts, in German or
//! English. Each form becomes a request to `admin`, which judges it; without that right the pages do not exist.

mod act;
mod address;
mod details;
mod list;
mod person;
mod space;

use std::borrow::Cow;

use http::{Method, Response, StatusCode};
use maud::{Markup, html};

use self::address::{Address, HERE};
use super::context::RequestContext;
use super::desk::Desk;
use super::page::bar::bar;
use super::page::language::{chosen, keep_choice};
use super::page::{Width, notice_below, problem, success};
use super::reply::not_allowed;
use super::session;
use crate::admin::{Reply, Request};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::text::{AdministrationTexts, ErrorTexts, Language, RefusalTexts};

/// Longest form in bytes: three texts of 64 KiB, in which each byte may become three.
const MAX_FORM_BYTES: usize = 640 * 1024;

/// An administrator at the pages.
struct Office<'a> {
    desk: Desk<'a>,
}

/// What a page says about the form that was just sent.
#[derive(Debug, Default, PartialEq, Eq)]
enum Outcome {
    #[default]
    Nothing,
    Done,
    Removed,
    Refused(Cow<'static, str>),
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path.strip_prefix(HERE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request to a page.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let language = chosen(context);
    let mut response = match Desk::of(context, language).await {
        Ok(Some(desk)) => {
            let user = desk.principal().user;
            let mut response = Office { desk }.answer(body).await;
            response.extensions_mut().insert(LogUser(user));
            response
        }
        Ok(None) => session::to_login(context),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(request_id = %context.info.request_id, error, "page of the office not made");
            let (texts, status) = (ErrorTexts(language), StatusCode::INTERNAL_SERVER_ERROR);
            notice_below(language, &bar(language, HERE, None), status, texts.failed_title(), texts.failed())
        }
    };
    keep_choice(context, &mut response);
    response.extensions_mut().insert(Route::named("office"));
    response
}

impl Outcome {
    /// The result that a redirect brings along.
    fn of_query(query: &str) -> Self {
        match query.split('&').next() {
            Some("done") => Self::Done,
            Some("removed") => Self::Removed,
            _ => Self::Nothing,
        }
    }

    fn refused(language: Language, code: &str) -> Self {
        Self::Refused(RefusalTexts(language).of_code(code).into())
    }

    fn status(&self) -> StatusCode {
        if matches!(self, Self::Refused(_)) { StatusCode::BAD_REQUEST } else { StatusCode::OK }
    }
}

impl Office<'_> {
    async fn answer(&self, body: &mut RequestBody) -> Response<ResponseBody> {
        // Only administrators may see the office's details this way: the same check for every page, before any other.
        if matches!(self.desk.ask(Request::OfficeShow).await, Reply::Refused { .. }) {
            return self.nothing();
        }
        let Some(address) = Address::of(self.desk.context.path()) else { return self.nothing() };
        match self.desk.context.parts.method {
            Method::GET | Method::HEAD => self.show(&address, Outcome::of_query(self.desk.query())).await,
            Method::POST => match self.desk.own_form_up_to(&address.path(), body, MAX_FORM_BYTES).await {
                Ok(form) => self.act(&address, &form).await,
                Err(refused) => refused,
            },
            _ => not_allowed("GET, HEAD, POST", "Open this address in a browser.\n"),
        }
    }

    async fn show(&self, address: &Address, outcome: Outcome) -> Response<ResponseBody> {
        match address {
            Address::List => self.list(&outcome).await,
            Address::Details => self.details(&outcome).await,
            Address::Person(name) => self.person(name, &outcome).await,
            Address::Space(name) => self.space(name, &outcome).await,
        }
    }

    /// What the last form did, above a page.
    fn above(&self, outcome: &Outcome) -> Markup {
        let texts = self.texts();
        html! {
            @match outcome {
                Outcome::Nothing => {},
                Outcome::Done => (success(texts.done())),
                Outcome::Removed => (success(texts.removed())),
                Outcome::Refused(why) => (problem(why)),
            }
        }
    }

    /// The way back to the list.
    fn trail(&self) -> Markup {
        html! { nav.trail { a href=(HERE) { (self.texts().title()) } } }
    }

    fn page(
        &self,
        title: &str,
        address: &Address,
        content: Markup,
        outcome: &Outcome,
    ) -> Response<ResponseBody> {
        self.desk.page((Width::Narrow, title), &address.path(), content, outcome.status())
    }

    /// For an address without a page, and for anyone but administrators.
    fn nothing(&self) -> Response<ResponseBody> {
        let (language, texts) = (self.desk.language, ErrorTexts(self.desk.language));
        let bar = self.desk.bar(HERE);
        notice_below(language, &bar, StatusCode::NOT_FOUND, texts.nothing_title(), texts.nothing())
    }

    fn texts(&self) -> AdministrationTexts {
        AdministrationTexts(self.desk.language)
    }
}
