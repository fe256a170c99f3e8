//! The pages on which users of the office see their requests and judge the files that came. Plain HTML without
//! scripts, in German or English; each action is a form. Without the right to ask in some space, the pages do not
//! exist.

mod act;
mod address;
mod addresses;
mod begin;
mod check;
mod clients;
mod dates;
mod filter;
mod handouts;
mod list;
mod made;
mod matrix;
mod new;
mod one;
mod questions;
mod reminders;
mod sent;
mod table;
mod upload;
mod wanted;

use std::sync::Arc;

use http::{Method, Response, StatusCode};
use maud::Markup;

use self::address::{Address, LIST, of_request};
use self::one::Told;
use super::context::RequestContext;
use super::desk::{Desk, nothing};
use super::error::log_library;
use super::page::bar::{SignedIn, bar};
use super::page::language::{chosen, keep_choice};
use super::page::{Page, Width, notice_below};
use super::receipt::{Form, View};
use super::reply::{Answer, not_allowed};
use super::session;
use crate::accounts::LookupError;
use crate::library::{LibraryError, Space};
use crate::model::{Access, EntryName, HandInFileId, HandInId, Office, RequestId, Shown, SpaceId, Timestamp};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::sharing::{HandInError, RequestError, RequestFile};
use crate::text::{
    AskingTexts, CheckTexts, ErrorTexts, Language, MatrixTexts, RemindingTexts, RequestTexts, RequestsTexts,
};

/// A user at the pages.
struct Requests<'a> {
    desk: Desk<'a>,
    /// The spaces in which the user makes and judges requests.
    rights: Vec<Access>,
    /// All spaces, for their names.
    spaces: Vec<Space>,
    office: Arc<Office>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    HandIn(#[from] HandInError),
    #[error("read the accounts")]
    Accounts(#[from] LookupError),
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        Self::Request(error.into())
    }
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path.strip_prefix(LIST).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request to a page.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Answer {
    let language = chosen(context);
    let mut answer = match Requests::of(context, language).await {
        Ok(Some(requests)) => {
            let user = requests.desk.principal().user;
            let mut answer = requests.answer(body).await.unwrap_or_else(|failure| {
                Answer::Made(failed(context, language, Some(&requests.desk.person()), &failure))
            });
            if let Answer::Made(response) = &mut answer {
                response.extensions_mut().insert(LogUser(user));
            }
            answer
        }
        Ok(None) => Answer::Made(session::to_login(context)),
        Err(failure) => Answer::Made(failed(context, language, None, &failure)),
    };
    if let Answer::Made(response) = &mut answer {
        keep_choice(context, response);
        response.extensions_mut().insert(Route::named("requests"));
    }
    answer
}

impl<'a> Requests<'a> {
    /// `None` without a session.
    async fn of(context: RequestContext<'a>, language: Language) -> Result<Option<Self>, Failure> {
        let Some(desk) = Desk::of(context, language).await? else { return Ok(None) };
        let rights = context.services.sharing.request_rights(desk.principal()).await?;
        let spaces = context.services.library.spaces().await?;
        let office = context.services.accounts.office().await?;
        Ok(Some(Self { desk, rights, spaces, office }))
    }

    async fn answer(&self, body: &mut RequestBody) -> Result<Answer, Failure> {
        if self.rights.is_empty() {
            return Err(RequestError::NoSuchRequest.into());
        }
        let is_read = matches!(self.desk.context.parts.method, Method::GET | Method::HEAD);
        let is_post = self.desk.context.parts.method == Method::POST;
        let made = match Address::of(self.desk.context.path()) {
            None => return Err(RequestError::NoSuchRequest.into()),
            Some(Address::List) if is_read => self.list().await?,
            Some(Address::New) if is_read => self.new_request().await?,
            Some(Address::New) if is_post => self.make(body).await?,
            Some(Address::Matrix) if is_read => self.matrix().await?,
            Some(Address::MatrixTable) if is_read => self.matrix_table().await?,
            Some(Address::Made) if is_read => self.made().await?,
            Some(Address::Made) if is_post => self.invite_made(body).await?,
            Some(Address::MadeTable) if is_read => self.made_table().await?,
            Some(Address::One(id)) if is_read => self.one(id, &Told::of_address(self.desk.context)).await?,
            Some(Address::One(id)) if is_post => self.act(id, body).await?,
            Some(Address::Reminder(id)) if is_read => self.reminder(id).await?,
            Some(Address::Renewed(id, recipient)) if is_read => self.renewed(id, recipient).await?,
            Some(Address::HandOut(id)) if is_post => self.hand_out(id, body).await?,
            Some(Address::HandOut(_)) => not_allowed("POST", "Use the form on the page of the request.\n"),
            Some(Address::Check(id)) if is_read => self.first_to_check(id).await?,
            Some(Address::CheckItem(id, item)) if is_read => self.check(id, item, &Told::Nothing).await?,
            Some(Address::CheckItem(id, item)) if is_post => self.check_act(id, item, body).await?,
            Some(Address::One(_) | Address::New | Address::Made | Address::CheckItem(..)) => {
                not_allowed("GET, HEAD, POST", "Open this address in a browser.\n")
            }
            Some(Address::File(id, file)) if is_read => return self.file(id, file).await,
            Some(Address::Receipt(id, hand_in, form)) if is_read => self.receipt(id, hand_in, form).await?,
            Some(_) => not_allowed("GET, HEAD", "Open this address in a browser.\n"),
        };
        Ok(Answer::Made(made))
    }

    /// A file that was handed in, if the user may open it.
    async fn file(&self, id: RequestId, file: HandInFileId) -> Result<Answer, Failure> {
        let request = self.desk.context.services.sharing.request(&self.rights, id).await?;
        let files = request.items.into_iter().flat_map(|item| item.files).chain(request.others);
        let is_wanted = |one: &RequestFile| one.row.id == file;
        let path = files.into_iter().find(is_wanted).and_then(|file| file.path);
        let path = path.ok_or(RequestError::NoSuchRequest)?;
        let space = EntryName::parse(&self.space_name(request.row.space)).map_err(LibraryError::from)?;
        let principal = Box::new(self.desk.session.principal.clone());
        Ok(Answer::Content { principal, space, path, version: None, picture: None })
    }

    /// The receipt of a hand-in through a link of the request, in this form.
    async fn receipt(
        &self,
        id: RequestId,
        hand_in: HandInId,
        form: Form,
    ) -> Result<Response<ResponseBody>, Failure> {
        let sharing = &self.desk.context.services.sharing;
        let request = sharing.request(&self.rights, id).await?;
        let (place, note) = sharing.hand_in_in(self.rights.clone(), hand_in).await?;
        let is_its = place.link.is_some_and(|link| one::links(&request).contains(&link));
        let note = note.filter(|_| is_its).ok_or(RequestError::NoSuchRequest)?;
        let here = of_request(id);
        let view = View {
            context: self.desk.context,
            language: self.desk.language,
            note,
            address: (&format!("{here}/receipt/{hand_in}"), None),
            name: &format!("receipt-{hand_in}"),
            back: &here,
        };
        let bar = bar(self.desk.language, self.here(), Some(&self.desk.person()));
        Ok(view.answer(form, &bar).await)
    }

    fn texts(&self) -> RequestsTexts {
        RequestsTexts(self.desk.language)
    }

    fn one_texts(&self) -> RequestTexts {
        RequestTexts(self.desk.language)
    }

    fn check_texts(&self) -> CheckTexts {
        CheckTexts(self.desk.language)
    }

    fn reminding_texts(&self) -> RemindingTexts {
        RemindingTexts(self.desk.language)
    }

    fn asking_texts(&self) -> AskingTexts {
        AskingTexts(self.desk.language)
    }

    fn matrix_texts(&self) -> MatrixTexts {
        MatrixTexts(self.desk.language)
    }

    fn now(&self) -> Timestamp {
        self.desk.context.info.received
    }

    /// The last day before an end.
    fn last_day(&self, end: Timestamp) -> String {
        self.desk.language.day(self.office.zone.last_day(end))
    }

    fn space_name(&self, id: SpaceId) -> String {
        let space = self.spaces.iter().find(|space| space.id == id);
        space.map(|space| space.name.clone()).unwrap_or_default()
    }

    /// A space and a path in it.
    fn place(&self, space: SpaceId, path: &str) -> String {
        let whole = format!("{}{path}", self.space_name(space));
        Shown(whole.trim_end_matches('/')).to_string()
    }

    fn page(&self, title: &str, width: Width, content: Markup, status: StatusCode) -> Response<ResponseBody> {
        let bar = bar(self.desk.language, self.here(), Some(&self.desk.person()));
        Page { language: self.desk.language, width, title, content }.below(&bar, status)
    }

    /// The address to which a switch of the language leads.
    fn here(&self) -> &str {
        let is_read = matches!(self.desk.context.parts.method, Method::GET | Method::HEAD);
        if is_read { self.desk.context.address() } else { self.desk.context.path() }
    }
}

/// The same for a request that does not exist as for one that the user may not see.
fn failed(
    context: RequestContext<'_>,
    language: Language,
    person: Option<&SignedIn<'_>>,
    failure: &Failure,
) -> Response<ResponseBody> {
    let (texts, bar) = (ErrorTexts(language), bar(language, LIST, person));
    if let Failure::Request(
        RequestError::NoSuchRequest | RequestError::NoSuchItem | RequestError::NoSuchComment,
    )
    | Failure::HandIn(HandInError::NoSuchHandIn) = failure
    {
        return nothing(language, &bar);
    }
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    match failure {
        Failure::Request(RequestError::Library(error)) => {
            log_library(error, status, context.info.request_id);
        }
        failure => {
            let error: &dyn std::error::Error = failure;
            tracing::error!(request_id = %context.info.request_id, error, "page of requests not made");
        }
    }
    notice_below(language, &bar, status, texts.failed_title(), texts.failed())
}
