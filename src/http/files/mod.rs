//! The pages on which signed-in users work with their files: folders, uploads, versions, the trash. Plain HTML without
//! scripts, in German or English; each action is a form. Addresses are those of WebDAV under `/files`; a query chooses
//! another page of the same entry.

mod act;
mod asked;
mod choose;
mod entry;
mod folder;
mod history;
mod outcome;
mod search;
mod spot;
mod trash;
mod upload;
mod view;

use http::{Method, Response, StatusCode};
use maud::{Markup, html};

use self::outcome::{Outcome, Problem};
use self::spot::{FILES, LIST, Spot, mount, space_address};
use super::archive;
use super::context::RequestContext;
use super::desk::{Desk, at_desk, nothing};
use super::error::{library_status, log_library};
use super::page::bar::Bar;
use super::page::folder::shown_name;
use super::page::form::{field, is_form};
use super::page::language::keep_choice;
use super::page::{Page, Width, notice_below};
use super::protocol::href::{Located, Mount, Place, push_encoded};
use super::reply::{Answer, not_allowed, see_other};
use super::version;
use crate::accounts::LookupError;
use crate::intake::IntakeError;
use crate::library::{Change, Entry, LibraryError};
use crate::model::{Access, Conditions, EntryName, Role, Timestamp, VersionId};
use crate::net::{LogUser, RequestBody, ResponseBody, Route};
use crate::sharing::RequestError;
use crate::text::{BrowseTexts, ErrorTexts, FilesTexts, Language};

/// Longest form without files, in bytes: the selected names of one page.
const MAX_FORM_BYTES: usize = 1 << 20;

/// A person at the pages.
struct Cabinet<'a> {
    desk: Desk<'a>,
}

/// The page of an entry that the query chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// A folder's members; a file's content.
    Itself,
    /// A folder as one file.
    Archive,
    /// The entry with the actions on it.
    About,
    /// The trash of the space.
    Trash,
    /// The events about the entry.
    History,
    /// A file to be looked at, beginning with this page.
    Look(u32),
    /// The picture of a page of a file.
    Page(u32),
    /// A file that is a picture, to be shown in a page.
    Picture,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error("read the accounts")]
    Accounts(#[from] LookupError),
    #[error("look for held files")]
    Held(#[from] IntakeError),
    #[error("find what the person is asked for")]
    Asked(#[from] RequestError),
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    Mount::new([FILES]).holds(path)
}

/// Answers a request to a page.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Answer {
    let mut answer = match at_desk(context, LIST).await {
        Ok(desk) => {
            let (user, cabinet) = (desk.principal().user, Cabinet { desk });
            let mut answer = cabinet.answer(body).await.unwrap_or_else(|failure| {
                Answer::Made(failed(context, cabinet.desk.language, &cabinet.desk.bar(LIST), &failure))
            });
            if let Answer::Made(response) = &mut answer {
                response.extensions_mut().insert(LogUser(user));
            }
            answer
        }
        Err(response) => Answer::Made(response),
    };
    if let Answer::Made(response) = &mut answer {
        keep_choice(context, response);
        response.extensions_mut().insert(Route::named("files"));
    }
    answer
}

impl Cabinet<'_> {
    async fn answer(&self, body: &mut RequestBody) -> Result<Answer, Failure> {
        let is_read = matches!(self.desk.context.parts.method, Method::GET | Method::HEAD);
        if !is_read && self.desk.context.parts.method != Method::POST {
            let refused = not_allowed("GET, HEAD, POST", "Open this address in a browser.\n");
            return Ok(Answer::Made(refused));
        }
        let Ok(Some(Located { place, trailing_slash })) = mount().locate(self.desk.context.path()) else {
            return Err(LibraryError::NotFound.into());
        };
        let Place::Entry { space, path } = place else {
            return match is_read {
                true => Ok(Answer::Made(match self.typed_search() {
                    Some(typed) => self.search(&typed).await?,
                    None => self.spaces().await?,
                })),
                false => Ok(Answer::Made(not_allowed("GET, HEAD", "Open this address in a browser.\n"))),
            };
        };
        let spot = Spot { access: self.access(&space).await?, space, path };
        let entry = self.desk.context.services.library.find(&spot.access, &spot.path).await?;
        let view = self.view();
        if !is_read {
            return Ok(Answer::Made(self.posted(&spot, &entry, view, body).await?));
        }
        let outcome = Outcome::of_query(self.desk.query());
        Ok(Answer::Made(match view {
            View::About if !spot.path.is_root() => self.about(&spot, &entry, &outcome).await?,
            View::Trash if spot.path.is_root() => self.trash(&spot, &outcome).await?,
            View::History => self.history(&spot, &entry).await?,
            View::Look(number) if !entry.is_folder() => self.look(&spot, &entry, number).await?,
            View::Page(number) if !entry.is_folder() => self.page_picture(&spot, number).await?,
            View::Picture if !entry.is_folder() => return self.picture(spot).await,
            View::About | View::Trash | View::Look(_) | View::Page(_) | View::Picture => {
                return Err(LibraryError::NotFound.into());
            }
            // Links on the page of a folder are relative to its address with a slash.
            View::Itself if entry.is_folder() && !trailing_slash => see_other(&spot.address(true)),
            View::Itself if entry.is_folder() => self.folder(&spot, &entry, &outcome).await?,
            View::Itself | View::Archive => {
                let principal = Box::new(self.desk.session.principal.clone());
                let (space, path, version) = (spot.space, spot.path, self.version());
                return Ok(Answer::Content { principal, space, path, version, picture: None });
            }
        }))
    }

    /// Carries out the form of a page.
    async fn posted(
        &self,
        spot: &Spot,
        entry: &Entry,
        view: View,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        if view == View::Itself && entry.is_folder() && !is_form(self.desk.context.parts) {
            return self.upload(spot, entry, body).await;
        }
        let here = match view {
            View::Itself | View::Archive => spot.address(entry.is_folder()),
            View::About => spot.about(entry.is_folder()),
            View::Trash => spot.trash(),
            View::History => spot.history(entry.is_folder()),
            View::Look(_) | View::Page(_) | View::Picture => spot.view(1),
        };
        let form = match self.desk.own_form_up_to(&here, body, MAX_FORM_BYTES).await {
            Ok(form) => form,
            Err(response) => return Ok(response),
        };
        match view {
            View::Itself if entry.is_folder() => self.act_in(spot, entry, &form).await,
            View::About if !spot.path.is_root() => self.act_on(spot, entry, &form).await,
            View::Trash if spot.path.is_root() => self.act_in_trash(spot, &form).await,
            _ => Ok(not_allowed("GET, HEAD", "This address can only be fetched.\n")),
        }
    }

    /// The right to a space. One that does not exist and one that the person may not see are the same.
    async fn access(&self, space: &EntryName) -> Result<Access, Failure> {
        let id = self.desk.context.services.library.space_id(space).await?.ok_or(LibraryError::NotFound)?;
        let access = self.desk.accesses.iter().find(|access| access.space() == id);
        Ok(*access.ok_or(LibraryError::NotFound)?)
    }

    /// The list of spaces.
    async fn spaces(&self) -> Result<Response<ResponseBody>, Failure> {
        let library = &self.desk.context.services.library;
        let tops = library.tops(&self.desk.accesses, self.desk.context.info.received).await?;
        let (texts, asked) = (BrowseTexts(self.desk.language), self.asked().await?);
        let list = html! {
            @if tops.is_empty() { p { (texts.no_spaces()) } } @else {
                ul.items {
                    @for top in &tops {
                        li {
                            a href=(space_address(&top.space.name)) { (shown_name(&top.space.name)) }
                            p.where { (self.desk.language.size(top.member.entry.size)) }
                        }
                    }
                }
            }
        };
        let Some(asked) = asked else { return Ok(self.page(texts.spaces(), LIST, list, StatusCode::OK)) };
        let content = html! {
            (asked)
            section {
                h2 { (texts.spaces()) }
                (list)
            }
        };
        Ok(self.page(self.texts().title(), LIST, content, StatusCode::OK))
    }

    fn view(&self) -> View {
        let value = |name: &str| field(self.desk.query().as_bytes(), name);
        let has = |name: &str| value(name).is_some();
        // Without a number it is the first page; a text that is no number names no page.
        let number = |name: &str| {
            value(name).map(|number| if number.is_empty() { 1 } else { number.parse().unwrap_or(0) })
        };
        if archive::is_wanted(self.desk.context) {
            View::Archive
        } else if has("about") {
            View::About
        } else if has("trash") {
            View::Trash
        } else if has("history") {
            View::History
        } else if let Some(number) = number("view") {
            View::Look(number)
        } else if let Some(number) = number("page") {
            View::Page(number)
        } else if has("picture") {
            View::Picture
        } else {
            View::Itself
        }
    }

    /// The earlier version of a file that the query names.
    fn version(&self) -> Option<VersionId> {
        version::named(self.desk.context)
    }

    fn change(&self, access: Access) -> Change {
        let (actor, now) = (self.desk.session.principal.actor(), Timestamp::now());
        Change { access, actor, now, conditions: Conditions::default() }
    }

    fn texts(&self) -> FilesTexts {
        FilesTexts(self.desk.language)
    }

    /// The way to a new link for people without an account; nothing for users without the right to make one.
    fn link_here(&self, spot: &Spot, is_folder: bool) -> Markup {
        if !spot.may_write() || self.desk.session.principal.role == Role::Client {
            return html! {};
        }
        let mut place = "space=".to_owned();
        push_encoded(&mut place, spot.space.as_str());
        place.push_str("&folder=");
        push_encoded(&mut place, &spot.path.text());
        let texts = self.texts();
        html! {
            @if is_folder {
                a href=(format!("/links?{place}")) { (texts.link_here()) } " "
                a href=(format!("/requests/new?{place}")) { (texts.request_here()) }
            } @else {
                a href=(format!("/links?{place}&can=read")) { (texts.link_here()) }
            }
        }
    }

    /// Why the library refused, in words; logged if the office must know.
    fn problem(&self, error: &LibraryError) -> Problem {
        log_library(error, library_status(error), self.desk.context.info.request_id);
        Problem::of(error)
    }

    /// The way from the list of spaces to a place.
    fn trail(&self, spot: &Spot, with_itself: bool) -> Markup {
        let mut steps = Vec::new();
        let mut next = if with_itself { Some(spot.above()) } else { Some(Some(spot.clone())) };
        while let Some(Some(step)) = next {
            next = Some(step.above());
            steps.push(step);
        }
        html! {
            nav.trail aria-label=(self.texts().path()) {
                a href=(LIST) { (BrowseTexts(self.desk.language).spaces()) }
                @for step in steps.iter().rev() { " › " a href=(step.address(true)) { (step.name()) } }
            }
        }
    }

    fn page(&self, title: &str, here: &str, content: Markup, status: StatusCode) -> Response<ResponseBody> {
        let top = self.desk.bar(here).above(&self.search_field());
        Page { language: self.desk.language, width: Width::Wide, title, content }.below(&top, status)
    }
}

/// The same for an entry that does not exist as for one that the person may not see.
fn failed(
    context: RequestContext<'_>,
    language: Language,
    bar: &Bar,
    failure: &Failure,
) -> Response<ResponseBody> {
    let (texts, request_id) = (ErrorTexts(language), context.info.request_id);
    let status = match failure {
        Failure::Library(error) => {
            let status = library_status(error);
            log_library(error, status, request_id);
            status
        }
        failure @ (Failure::Accounts(_) | Failure::Held(_) | Failure::Asked(_)) => {
            let error: &dyn std::error::Error = failure;
            tracing::error!(%request_id, error, "page of files not made");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    match status {
        StatusCode::NOT_FOUND => nothing(language, bar),
        status => notice_below(language, bar, status, texts.failed_title(), texts.failed()),
    }
}
