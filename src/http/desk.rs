//! A signed-in person at a page: session, rights, language, and the parts that every page has.

use bytes::Bytes;
use http::{Response, StatusCode};
use maud::{Markup, html};

use super::context::RequestContext;
use super::page::bar::{Bar, SignedIn, bar, bar_once};
use super::page::form::{MAX_FORM_BYTES, read_form_up_to};
use super::page::language::chosen;
use super::page::{Page, Width, notice_below};
use super::session::{self, FORM_TOKEN};
use crate::accounts::{LookupError, Principal, Session};
use crate::admin::{Asker, Reply, Request};
use crate::model::{Access, Timestamp, Zone};
use crate::net::{RequestBody, ResponseBody};
use crate::text::{ErrorTexts, Language};

/// A signed-in person at a page.
pub(super) struct Desk<'a> {
    pub(super) context: RequestContext<'a>,
    pub(super) language: Language,
    pub(super) session: Session,
    /// The spaces that the person may see.
    pub(super) accesses: Vec<Access>,
    /// The office's time zone.
    pub(super) zone: Zone,
    /// Token of the session's forms.
    form_token: String,
}

/// The person who asks for a page at `here`, or the answer to anyone who has not signed in.
pub(super) async fn at_desk<'a>(
    context: RequestContext<'a>,
    here: &str,
) -> Result<Desk<'a>, Response<ResponseBody>> {
    let language = chosen(context);
    match Desk::of(context, language).await {
        Ok(desk) => desk.ok_or_else(|| session::to_login(context)),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(request_id = %context.info.request_id, error, "page not made");
            Err(failed(language, &bar(language, here, None)))
        }
    }
}

/// In place of a page that could not be made.
pub(super) fn failed(language: Language, bar: &Bar) -> Response<ResponseBody> {
    let (texts, status) = (ErrorTexts(language), StatusCode::INTERNAL_SERVER_ERROR);
    notice_below(language, bar, status, texts.failed_title(), texts.failed())
}

/// In place of a page that does not exist, or that the person may not see: the same for both.
pub(super) fn nothing(language: Language, bar: &Bar) -> Response<ResponseBody> {
    let texts = ErrorTexts(language);
    notice_below(language, bar, StatusCode::NOT_FOUND, texts.nothing_title(), texts.nothing())
}

impl<'a> Desk<'a> {
    /// `None` without a session.
    pub(super) async fn of(
        context: RequestContext<'a>,
        language: Language,
    ) -> Result<Option<Self>, LookupError> {
        let Some(session) = session::current(context).await? else { return Ok(None) };
        let accounts = &context.services.accounts;
        let accesses = accounts.spaces_of(&session.principal).await?;
        let form_token = accounts.form_token(&session.token);
        let zone = context.zone().await;
        Ok(Some(Self { context, language, session, accesses, zone, form_token }))
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.session.principal
    }

    /// The login name.
    pub(super) fn name(&self) -> &str {
        self.session.principal.name.as_str()
    }

    pub(super) fn query(&self) -> &'a str {
        self.context.parts.uri.query().unwrap_or_default()
    }

    /// Has a request carried out as this person, if they may make it.
    pub(super) async fn ask(&self, request: Request) -> Reply {
        let asker = Asker::User(self.session.principal.clone());
        self.context.services.admin.answer(request, &asker, self.context.info.received).await
    }

    /// A form of the page at `here`, or the answer to another body.
    pub(super) async fn own_form(
        &self,
        here: &str,
        body: &mut RequestBody,
    ) -> Result<Bytes, Response<ResponseBody>> {
        self.own_form_up_to(here, body, MAX_FORM_BYTES).await
    }

    /// The same for a form of at most this number of bytes.
    pub(super) async fn own_form_up_to(
        &self,
        here: &str,
        body: &mut RequestBody,
        most: usize,
    ) -> Result<Bytes, Response<ResponseBody>> {
        let form = read_form_up_to(self.context.parts, body, most).await?;
        match session::is_own_form(self.context, &self.session.token, &form) {
            true => Ok(form),
            false => Err(self.forged(here)),
        }
    }

    /// The answer to a form that was not shown by this server to this browser.
    pub(super) fn forged(&self, here: &str) -> Response<ResponseBody> {
        session::forged(self.language, Some(&self.person()), here)
    }

    /// The field of every form with the session's token.
    pub(super) fn token(&self) -> Markup {
        html! { input type="hidden" name=(FORM_TOKEN) value=(self.form_token); }
    }

    /// The server's address as the browser used it.
    pub(super) fn origin(&self) -> String {
        self.context.origin().unwrap_or_default()
    }

    /// A time in words.
    pub(super) fn moment(&self, time: Timestamp) -> String {
        self.language.moment(&self.zone, time)
    }

    /// A page below the bar; `here` is its address.
    pub(super) fn page(
        &self,
        (width, title): (Width, &str),
        here: &str,
        content: Markup,
        status: StatusCode,
    ) -> Response<ResponseBody> {
        Page { language: self.language, width, title, content }.below(&self.bar(here), status)
    }

    /// A page that answers a form and shows something once, such as a new password.
    pub(super) fn page_once(
        &self,
        (width, title): (Width, &str),
        content: Markup,
        status: StatusCode,
    ) -> Response<ResponseBody> {
        let bar = bar_once(self.language, &self.person());
        Page { language: self.language, width, title, content }.below(&bar, status)
    }

    pub(super) fn bar(&self, here: &str) -> Bar {
        bar(self.language, here, Some(&self.person()))
    }

    /// The person, as the bar shows them.
    pub(super) fn person(&self) -> SignedIn<'_> {
        let asks = self.context.services.sharing.may_ask(self.principal(), &self.accesses);
        let makes_links = self.context.services.sharing.may_make_links(self.principal(), &self.accesses);
        SignedIn {
            name: self.name(),
            role: self.principal().role,
            form_token: &self.form_token,
            asks,
            makes_links,
        }
    }
}
