//! The pages of the holding area: a list, and a page for each item with its PDF. People who decide about it find forms for
//! that, in the list for several at once, and its certificate; people who wait for it ask for it; its author withdraws it. Plain HTML without scripts, in
//! German or English.
//!
//! An item does not exist for people who have nothing to do with it (`intake::Standing`).

mod address;
mod decide;
mod forms;
mod item;
mod list;
mod outcome;
mod password;
mod several;

use http::{Method, Response, StatusCode};
use maud::Markup;

use self::address::Address;
use self::outcome::{Outcome, Refused, Several, Why};
use super::context::RequestContext;
use super::desk::{Desk, nothing};
use super::error::{library_status, log_library};
use super::page::bar::{Bar, bar};
use super::page::language::{chosen, keep_choice};
use super::page::{Page, Width, notice_below};
use super::reply::{Answer, not_allowed, text_file};
use super::session;
use crate::accounts::LookupError;
use crate::intake::{Hold, IntakeError};
use crate::library::{LibraryError, Space};
use crate::model::{EntryId, EntryName, EntryPath, HoldId, SpaceId, UserId};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::text::{ErrorTexts, HoldingTexts, Language};

/// A person at the pages.
struct Holding<'a> {
    desk: Desk<'a>,
    /// All spaces, for their names.
    spaces: Vec<Space>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("read the accounts")]
    Accounts(#[from] LookupError),
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        Self::Intake(error.into())
    }
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path.strip_prefix(address::LIST).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request to a page.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Answer {
    let language = chosen(context);
    let mut answer = match Holding::of(context, language).await {
        Ok(Some(holding)) => {
            let user = holding.desk.principal().user;
            let mut answer =
                holding.answer(body).await.unwrap_or_else(|failure| Answer::Made(holding.failed(&failure)));
            if let Answer::Made(response) = &mut answer {
                response.extensions_mut().insert(LogUser(user));
            }
            answer
        }
        Ok(None) => Answer::Made(session::to_login(context)),
        Err(failure) => {
            Answer::Made(failed(context, language, &bar(language, address::LIST, None), &failure))
        }
    };
    if let Answer::Made(response) = &mut answer {
        keep_choice(context, response);
        response.extensions_mut().insert(Route::named("holding"));
    }
    answer
}

impl<'a> Holding<'a> {
    /// `None` without a session.
    async fn of(context: RequestContext<'a>, language: Language) -> Result<Option<Self>, Failure> {
        let Some(desk) = Desk::of(context, language).await? else { return Ok(None) };
        let spaces = context.services.library.spaces().await?;
        Ok(Some(Self { desk, spaces }))
    }

    async fn answer(&self, body: &mut RequestBody) -> Result<Answer, Failure> {
        let is_read = matches!(self.desk.context.parts.method, Method::GET | Method::HEAD);
        let is_post = self.desk.context.parts.method == Method::POST;
        let made = match Address::of(self.desk.context.path()) {
            None => self.not_found(),
            Some(Address::List) if is_read => self.list(&Several::default(), StatusCode::OK).await?,
            Some(Address::List) if is_post => self.decide_several(body).await?,
            Some(Address::Item(id)) if is_read => {
                self.item(id, Outcome::of_address(self.desk.context)).await?
            }
            Some(Address::Item(id)) if is_post => self.decide(id, body).await?,
            Some(Address::Password(id)) if is_post => self.give_password(id, body).await?,
            Some(Address::Password(_)) => not_allowed("POST", "Open the page of the item in a browser.\n"),
            Some(Address::List | Address::Item(_)) => {
                not_allowed("GET, HEAD, POST", "Open this address in a browser.\n")
            }
            Some(Address::Pdf(id)) if is_read => return self.pdf(id).await,
            Some(Address::Copy(id, file)) if is_read => return self.copy(id, file).await,
            Some(Address::Original(id)) if is_read => return self.original(id).await,
            Some(Address::Certificate(id)) if is_read => self.certificate(id).await?,
            Some(_) => not_allowed("GET, HEAD", "Open this address in a browser.\n"),
        };
        Ok(Answer::Made(made))
    }

    /// The PDF of an item.
    async fn pdf(&self, id: HoldId) -> Result<Answer, Failure> {
        let hold = self.hold(id).await?;
        let Some(path) = hold.pdf.filter(|_| !hold.pdf_is_folder) else {
            return Ok(Answer::Made(self.not_found()));
        };
        Ok(self.file(hold.space, &path))
    }

    /// A PDF of a document in an archive.
    async fn copy(&self, id: HoldId, file: EntryId) -> Result<Answer, Failure> {
        let hold = self.hold(id).await?;
        let name = hold.pdfs.into_iter().find(|(known, _)| *known == file).map(|(_, name)| name);
        match hold.pdf.zip(name) {
            Some((folder, name)) => Ok(self.file(hold.space, &format!("{folder}/{name}"))),
            None => Ok(Answer::Made(self.not_found())),
        }
    }

    /// The content of an item that was handed out to the person.
    async fn original(&self, id: HoldId) -> Result<Answer, Failure> {
        let hold = self.hold(id).await?;
        match has_it(&hold, self.desk.session.principal.user) {
            true => Ok(self.file(hold.space, &hold.path)),
            false => Ok(Answer::Made(self.not_found())),
        }
    }

    fn file(&self, space: SpaceId, path: &str) -> Answer {
        let names =
            (EntryName::parse(&self.space_name(space)), EntryPath::parse(path.trim_start_matches('/')));
        let (Ok(space), Ok(path)) = names else { return Answer::Made(self.not_found()) };
        Answer::Content {
            principal: Box::new(self.desk.principal().clone()),
            space,
            path,
            version: None,
            picture: None,
        }
    }

    async fn hold(&self, id: HoldId) -> Result<Hold, Failure> {
        Ok(self.desk.context.services.intake.show_to(self.desk.accesses.clone(), id).await?)
    }

    /// The certificate of an item, as a file.
    async fn certificate(&self, id: HoldId) -> Result<Response<ResponseBody>, Failure> {
        let (intake, now) = (&self.desk.context.services.intake, self.desk.context.info.received);
        let made =
            intake.certificate(self.desk.accesses.clone(), id, |space| self.space_name(space), now).await;
        let note = match made {
            Ok(note) => note,
            Err(error @ (IntakeError::NoHash | IntakeError::WrongState { .. })) => {
                let refused = Refused { why: Why::Intake(error), act: None, reason: String::new() };
                return self.item(id, Outcome::Refused(refused)).await;
            }
            Err(error) => return Err(error.into()),
        };
        Ok(text_file(&format!("tresor-{id}.certificate.txt"), note))
    }

    fn texts(&self) -> HoldingTexts {
        HoldingTexts(self.desk.language)
    }

    fn space_name(&self, id: SpaceId) -> String {
        let space = self.spaces.iter().find(|space| space.id == id);
        space.map(|space| space.name.clone()).unwrap_or_default()
    }

    /// A page below the bar; `here` is its address.
    fn page(&self, title: &str, here: &str, content: Markup, status: StatusCode) -> Response<ResponseBody> {
        Page { language: self.desk.language, width: Width::Wide, title, content }
            .below(&self.desk.bar(here), status)
    }

    /// The same for an item that does not exist as for one with which the person has nothing to do.
    fn not_found(&self) -> Response<ResponseBody> {
        nothing(self.desk.language, &self.desk.bar(address::LIST))
    }

    fn failed(&self, failure: &Failure) -> Response<ResponseBody> {
        failed(self.desk.context, self.desk.language, &self.desk.bar(address::LIST), failure)
    }
}

/// Whether an item was handed out to this person.
fn has_it(hold: &Hold, person: UserId) -> bool {
    hold.handed_out.iter().any(|handed| handed.user == person)
}

fn failed(
    context: RequestContext<'_>,
    language: Language,
    bar: &Bar,
    failure: &Failure,
) -> Response<ResponseBody> {
    let request_id = context.info.request_id;
    let status = match failure {
        Failure::Intake(IntakeError::NoSuchHold) => return nothing(language, bar),
        Failure::Intake(IntakeError::Library(error)) => {
            let status = library_status(error);
            log_library(error, status, request_id);
            status
        }
        Failure::Intake(_) => StatusCode::CONFLICT,
        Failure::Accounts(error) => {
            let error: &dyn std::error::Error = error;
            tracing::error!(%request_id, error, "page of the holding area not made");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let texts = ErrorTexts(language);
    notice_below(language, bar, status, texts.failed_title(), texts.failed())
}
