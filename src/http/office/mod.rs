//! The pages for administrators: people, spaces, rights, the office's details, the server's state. Plain HTML without scripts, in German or
//! English. Each form becomes a request to `admin`, which judges it; without that right the pages do not exist.

mod act;
mod address;
mod details;
mod device;
mod list;
mod person;
mod rights;
mod search;
mod space;
mod state;
mod template_form;
mod template_page;
mod templates;

use std::borrow::Cow;

use http::{Method, Response, StatusCode};
use maud::{Markup, html};

use self::address::{Address, HERE};
use super::context::RequestContext;
use super::desk::{Desk, at_desk, failed, nothing};
use super::page::form::Fields;
use super::page::language::keep_choice;
use super::page::{Width, problem, success};
use super::reply::not_allowed;
use crate::admin::{Reply, Request, SpaceShown, UserShown};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::text::{AdministrationTexts, FilesTexts, Language, RefusalTexts};

/// Longest form in bytes: three texts of 64 KiB, in which each byte may become three.
const MAX_FORM_BYTES: usize = 640 * 1024;

/// An administrator at the pages.
struct Office<'a> {
    desk: Desk<'a>,
}

/// The message of a page about the form that was just sent.
#[derive(Debug, Default, PartialEq, Eq)]
enum Outcome {
    #[default]
    Nothing,
    Done,
    Removed,
    Refused(Cow<'static, str>),
}

/// The data of a page could not be read.
struct Unavailable {
    /// The error, as in docs/errors.md.
    code: String,
}

impl From<Reply> for Unavailable {
    fn from(reply: Reply) -> Self {
        let code = if let Reply::Refused { code, .. } = reply { code } else { String::new() };
        Self { code }
    }
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path.strip_prefix(HERE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request to a page.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let mut response = match at_desk(context, HERE).await {
        Ok(desk) => {
            let user = desk.principal().user;
            let mut response = Office { desk }.answer(body).await;
            response.extensions_mut().insert(LogUser(user));
            response
        }
        Err(response) => response,
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
            Method::POST if address == Address::Logo => self.keep_logo(body).await,
            Method::POST => match self.desk.own_form_up_to(&address.path(), body, MAX_FORM_BYTES).await {
                Ok(form) => self.act(&address, &form).await,
                Err(refused) => refused,
            },
            _ => not_allowed("GET, HEAD, POST", "Open this address in a browser.\n"),
        }
    }

    async fn show(&self, address: &Address, outcome: Outcome) -> Response<ResponseBody> {
        self.show_again(address, outcome, &Fields::default()).await
    }

    /// The same after a form that was refused: what it said still stands in it.
    async fn show_again(
        &self,
        address: &Address,
        outcome: Outcome,
        typed: &Fields,
    ) -> Response<ResponseBody> {
        let page = match address {
            Address::List => self.list(&outcome, typed).await,
            Address::Details | Address::Logo => self.details(&outcome, typed).await,
            Address::State => self.state(&outcome).await,
            Address::Rights => self.rights(&outcome).await,
            Address::Templates => self.templates(&outcome).await,
            Address::NewTemplate => self.new_template(outcome).await,
            Address::Template(name) => self.template(name, outcome).await,
            Address::Person(name) => self.person(name, &outcome, typed).await,
            Address::Device(person, id) => self.device(person, *id, &outcome).await,
            Address::Space(name) => self.space(name, &outcome, typed).await,
        };
        self.made(page)
    }

    /// A page, or the answer in place of one that could not be made.
    fn made(&self, page: Result<Response<ResponseBody>, Unavailable>) -> Response<ResponseBody> {
        page.unwrap_or_else(|Unavailable { code }| {
            tracing::error!(request_id = %self.desk.context.info.request_id, code, "page of the office not made");
            failed(self.desk.language, &self.desk.bar(HERE))
        })
    }

    async fn people(&self) -> Result<Vec<UserShown>, Unavailable> {
        match self.desk.ask(Request::UserList).await {
            Reply::Users(people) => Ok(people),
            other => Err(other.into()),
        }
    }

    async fn spaces(&self) -> Result<Vec<SpaceShown>, Unavailable> {
        match self.desk.ask(Request::SpaceList).await {
            Reply::Spaces(spaces) => Ok(spaces),
            other => Err(other.into()),
        }
    }

    /// The result of the last form, above a page.
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
        html! { nav.trail aria-label=(FilesTexts(self.desk.language).path()) { a href=(HERE) { (self.texts().title()) } } }
    }

    fn page(
        &self,
        title: &str,
        address: &Address,
        content: Markup,
        outcome: &Outcome,
    ) -> Response<ResponseBody> {
        self.wide_page((Width::Narrow, title), address, content, outcome)
    }

    /// The same of another width.
    fn wide_page(
        &self,
        titled: (Width, &str),
        address: &Address,
        content: Markup,
        outcome: &Outcome,
    ) -> Response<ResponseBody> {
        self.desk.page(titled, &address.path(), content, outcome.status())
    }

    /// For an address without a page, and for anyone but administrators.
    fn nothing(&self) -> Response<ResponseBody> {
        nothing(self.desk.language, &self.desk.bar(HERE))
    }

    fn texts(&self) -> AdministrationTexts {
        AdministrationTexts(self.desk.language)
    }
}
