//! The pages on which users make links and see the hand-ins through them. Plain HTML without scripts, in German or
//! English; each action is a form.

mod limits;
mod made;
mod pages;
mod refused;

use http::{Method, Response, StatusCode};

use self::limits::AskedLimits;
use self::refused::Refused;
use super::context::RequestContext;
use super::desk::{Desk, nothing};
use super::error::log_library;
use super::page::bar::{SignedIn, bar};
use super::page::form::field;
use super::page::language::{chosen, keep_choice};
use super::page::notice_below;
use super::receipt::{Form, View};
use super::reply::{not_allowed, see_other};
use super::session;
use crate::accounts::LookupError;
use crate::library::{LibraryError, Space};
use crate::model::{Access, Day, DownloadId, HandInId, LinkId, LinkRight, Office, Right};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::sharing::{DownloadError, Expiry, HandInError, LinkChange, LinkError, Shared};
use crate::text::{ErrorTexts, Language, MyLinksTexts};

/// The address of the list.
const LIST: &str = "/links";

/// A user at the pages.
struct MyLinks<'a> {
    desk: Desk<'a>,
    /// The spaces in which the user may make links.
    spaces: Vec<(Space, Access)>,
    office: std::sync::Arc<Office>,
}

/// Target of an address.
enum Address {
    List,
    Link(LinkId),
    Receipt(LinkId, HandInId, Form),
    Proof(LinkId, DownloadId, Form),
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    HandIn(#[from] HandInError),
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error("read the accounts")]
    Accounts(#[from] LookupError),
}

/// The message of a page about the form that was just sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Nothing,
    Made,
    Extended,
    Changed,
    Ended,
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path.strip_prefix(LIST).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request to a page.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let language = chosen(context);
    let mut response = match MyLinks::of(context, language).await {
        Ok(Some(links)) => {
            let user = links.desk.principal().user;
            let mut response = links
                .answer(body)
                .await
                .unwrap_or_else(|failure| failed(context, language, Some(&links.desk.person()), &failure));
            response.extensions_mut().insert(LogUser(user));
            response
        }
        Ok(None) => session::to_login(context),
        Err(failure) => failed(context, language, None, &failure),
    };
    keep_choice(context, &mut response);
    response.extensions_mut().insert(Route::named("links"));
    response
}

impl Address {
    fn of(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix(LIST)?.split('/').skip(1);
        let (link, word, hand_in) = (parts.next(), parts.next(), parts.next());
        match (link, word, hand_in, parts.next()) {
            (None, ..) => Some(Self::List),
            (Some(link), None, ..) => Some(Self::Link(LinkId(link.parse().ok()?))),
            (Some(link), Some("receipt"), Some(hand_in), None) => {
                let (hand_in, form) = Form::of(hand_in);
                Some(Self::Receipt(LinkId(link.parse().ok()?), HandInId(hand_in.parse().ok()?), form))
            }
            (Some(link), Some("download"), Some(download), None) => {
                let (download, form) = Form::of(download);
                Some(Self::Proof(LinkId(link.parse().ok()?), DownloadId(download.parse().ok()?), form))
            }
            _ => None,
        }
    }
}

impl<'a> MyLinks<'a> {
    /// `None` without a session.
    async fn of(context: RequestContext<'a>, language: Language) -> Result<Option<Self>, Failure> {
        let Some(desk) = Desk::of(context, language).await? else { return Ok(None) };
        let spaces = context.services.library.spaces().await?.into_iter().filter_map(|space| {
            let access = desk.accesses.iter().find(|access| access.space() == space.id)?;
            access.require(Right::Write).ok().map(|_| (space, *access))
        });
        let spaces = spaces.collect();
        let office = context.services.accounts.office().await?;
        Ok(Some(Self { desk, spaces, office }))
    }

    async fn answer(&self, body: &mut RequestBody) -> Result<Response<ResponseBody>, Failure> {
        let is_read = matches!(self.desk.context.parts.method, Method::GET | Method::HEAD);
        let is_post = self.desk.context.parts.method == Method::POST;
        match Address::of(self.desk.context.path()) {
            Some(Address::List) if is_read => self.list(self.outcome(), None, StatusCode::OK).await,
            Some(Address::List) if is_post => self.make(body).await,
            Some(Address::Link(id)) if is_read => self.link(id, self.outcome(), None).await,
            Some(Address::Link(id)) if is_post => self.change(id, body).await,
            Some(Address::Receipt(link, id, form)) if is_read => self.receipt(link, id, form).await,
            Some(Address::Proof(link, id, form)) if is_read => {
                let sharing = &self.desk.context.services.sharing;
                let note = sharing.download_receipt_of(self.desk.principal(), link, id).await?;
                Ok(self.view(note, link, ("download", id.0), form).await)
            }
            Some(Address::Receipt(..) | Address::Proof(..)) => {
                Ok(not_allowed("GET, HEAD", "Open this address in a browser.\n"))
            }
            Some(_) => Ok(not_allowed("GET, HEAD, POST", "Open this address in a browser.\n")),
            None => Err(LinkError::NoSuchLink.into()),
        }
    }

    /// The result that a redirect brings along.
    fn outcome(&self) -> Outcome {
        match self.desk.context.parts.uri.query().unwrap_or_default().split('&').next() {
            Some("made") => Outcome::Made,
            Some("extended") => Outcome::Extended,
            Some("changed") => Outcome::Changed,
            Some("ended") => Outcome::Ended,
            _ => Outcome::Nothing,
        }
    }

    /// Extends or ends a link.
    async fn change(&self, id: LinkId, body: &mut RequestBody) -> Result<Response<ResponseBody>, Failure> {
        let here = format!("{LIST}/{id}");
        let form = match self.desk.own_form(&here, body).await {
            Ok(form) => form,
            Err(response) => return Ok(response),
        };
        let (sharing, now) = (&self.desk.context.services.sharing, self.desk.context.info.received);
        let principal = self.desk.principal();
        match field(&form, "do").unwrap_or_default().as_str() {
            "end" => {
                sharing.delete(principal, id, now).await?;
                Ok(see_other(&format!("{LIST}?ended")))
            }
            "extend" => {
                let day = field(&form, "until").and_then(|day| Day::parse(&day));
                let Some(day) = day else {
                    return self.link(id, Outcome::Nothing, Some(Refused::BadDate)).await;
                };
                let Shared { link, .. } = sharing.link(principal, id).await?;
                let used_up = link.terms.uses.is_some_and(|most| link.uses >= most);
                let change = LinkChange {
                    expires: Some(Expiry::Through(day)),
                    more_uses: u32::from(used_up),
                    ..LinkChange::default()
                };
                match sharing.change(principal, id, change, now).await {
                    Ok(_) => Ok(see_other(&format!("{here}?extended"))),
                    Err(LinkError::ExpiryInPast) => {
                        self.link(id, Outcome::Nothing, Some(Refused::BadDate)).await
                    }
                    Err(error) => Err(error.into()),
                }
            }
            "change" => match self.changed(id, &form).await {
                Ok(()) => Ok(see_other(&format!("{here}?changed"))),
                Err(Refused::Link(LinkError::Catalog(error))) => Err(LinkError::Catalog(error).into()),
                Err(Refused::Link(LinkError::NoSuchLink)) => Err(LinkError::NoSuchLink.into()),
                Err(refused) => self.link(id, Outcome::Nothing, Some(refused)).await,
            },
            _ => self.link(id, Outcome::Nothing, Some(Refused::BadDate)).await,
        }
    }

    /// Changes label, note and limits of a link as its form asks.
    async fn changed(&self, id: LinkId, form: &[u8]) -> Result<(), Refused> {
        let (sharing, principal) = (&self.desk.context.services.sharing, self.desk.principal());
        let Shared { link, .. } = sharing.link(principal, id).await.map_err(Refused::Link)?;
        let takes = link.right == LinkRight::Add;
        let limits = takes.then(|| AskedLimits::of(form).parse()).transpose()?;
        let text = |name| field(form, name).map(|text| text.trim().replace("\r\n", "\n"));
        let change = LinkChange { label: text("label"), note: text("note"), limits, ..LinkChange::default() };
        let changed = sharing.change(principal, id, change, self.desk.context.info.received).await;
        changed.map(drop).map_err(Refused::Link)
    }

    /// The receipt of a hand-in through a link of the user's, in this form.
    async fn receipt(
        &self,
        link: LinkId,
        id: HandInId,
        form: Form,
    ) -> Result<Response<ResponseBody>, Failure> {
        let sharing = &self.desk.context.services.sharing;
        // By the link, so that it is one that the user may manage.
        sharing.link(self.desk.principal(), link).await?;
        let accesses = self.spaces.iter().map(|(_, access)| *access).collect();
        let (place, receipt) = sharing.hand_in_in(accesses, id).await?;
        let note = receipt.filter(|_| place.link == Some(link)).ok_or(LinkError::NoSuchLink)?;
        Ok(self.view(note, link, ("receipt", id.0), form).await)
    }

    /// A receipt in this form; the word and the number make its address.
    async fn view(
        &self,
        note: String,
        link: LinkId,
        (word, id): (&str, i64),
        form: Form,
    ) -> Response<ResponseBody> {
        let link = format!("{LIST}/{link}");
        let view = View {
            context: self.desk.context,
            language: self.desk.language,
            note,
            address: (&format!("{link}/{word}/{id}"), None),
            name: &format!("{word}-{id}"),
            back: &link,
        };
        let here = self.desk.context.address();
        view.answer(form, &bar(self.desk.language, here, Some(&self.desk.person()))).await
    }

    fn texts(&self) -> MyLinksTexts {
        MyLinksTexts(self.desk.language)
    }
}

/// The same for a link that does not exist as for one that the user may not manage.
fn failed(
    context: RequestContext<'_>,
    language: Language,
    person: Option<&SignedIn<'_>>,
    failure: &Failure,
) -> Response<ResponseBody> {
    let (texts, bar) = (ErrorTexts(language), bar(language, LIST, person));
    match failure {
        Failure::Link(LinkError::NoSuchLink)
        | Failure::HandIn(HandInError::NoSuchHandIn)
        | Failure::Download(DownloadError::NoSuchDownload) => nothing(language, &bar),
        failure => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            match failure {
                Failure::Library(error) | Failure::Link(LinkError::Library(error)) => {
                    log_library(error, status, context.info.request_id);
                }
                failure => {
                    let error: &dyn std::error::Error = failure;
                    tracing::error!(request_id = %context.info.request_id, error, "page of links not made");
                }
            }
            notice_below(language, &bar, status, texts.failed_title(), texts.failed())
        }
    }
}
