//! The page on which a file is looked at: its contents, facts, the way to the files beside it.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::{Cabinet, Failure, Spot};
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Page, Width, facts, note};
use crate::http::reply::Answer;
use crate::http::version;
use crate::http::viewer::{self, Frame, Looked, Subject};
use crate::intake::ViewKind;
use crate::library::{Detail, Entry, LibraryError};
use crate::model::{EntryId, EntryName, Stamp};
use crate::net::ResponseBody;
use crate::text::{BrowseTexts, ViewTexts};

/// Members of a folder, at least, among which the files beside one are looked for.
const MOST_BESIDE: usize = 400;

impl Cabinet<'_> {
    /// The page of a file at a page of it.
    pub(super) async fn look(
        &self,
        spot: &Spot,
        entry: &Entry,
        number: u32,
    ) -> Result<Response<ResponseBody>, Failure> {
        let (texts, columns) = (self.texts(), BrowseTexts(self.desk.language));
        let subject = self.subject(spot);
        let shown = subject.version;
        let (looked, content) = viewer::look(self.desk.context, subject, number, self.stamp()).await?;
        let of_version = version::part('&', shown);
        let (name, file) = (spot.name(), spot.address(false));
        let view = |number| format!("{}{of_version}", spot.view(number));
        let here = view(number);
        let fetched = shown.map_or_else(|| file.clone(), |version| spot.version(version));
        let frame = Frame { language: self.desk.language, name: &name, file: &file, version: shown };
        let moment = if shown.is_some() { content.changed } else { content.entry.modified };
        let (size, changed) = (self.desk.language.size(content.size), self.desk.moment(moment));
        let rows = [(columns.size(), size.as_str()), (columns.changed(), &changed)];
        let content = html! {
            (self.trail(spot, true))
            @if shown.is_some() {
                (note(&texts.is_earlier(&changed)))
            } @else { (self.beside(spot, entry).await?) }
            div.beside {
                div { (frame.show(&looked, view)) }
                div {
                    (facts(&rows))
                    p { a.button href=(fetched) download { (texts.download()) } }
                    p { a href=(spot.about(false)) { (texts.more_about(&name)) } }
                    @if let Some(version) = shown.filter(|_| spot.may_write()) {
                        (self.restoring(&spot.about(false), version))
                    }
                    (viewer::keys(self.desk.language, &[]))
                }
            }
        };
        let status = match looked {
            Looked::NoSuchPage => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        let page = Page { language: self.desk.language, width: Width::Full, title: &name, content };
        let top = self.desk.bar(&here).above(&self.search_field());
        Ok(with_script(page.below(&top, status), Script::Keys))
    }

    /// The picture of a page of a file.
    pub(super) async fn page_picture(
        &self,
        spot: &Spot,
        number: u32,
    ) -> Result<Response<ResponseBody>, Failure> {
        Ok(viewer::page_picture(self.desk.context, self.subject(spot), number, self.stamp()).await?)
    }

    /// A file that is a picture.
    pub(super) async fn picture(&self, spot: Spot) -> Result<Answer, Failure> {
        let version = self.version();
        let view = self.desk.context.services.intake.look(&spot.access, &spot.path, version).await?;
        let ViewKind::Image(media_type) = view.kind else { return Err(LibraryError::NotFound.into()) };
        let principal = Box::new(self.desk.session.principal.clone());
        Ok(Answer::Content {
            principal,
            space: spot.space,
            path: spot.path,
            version,
            picture: Some(media_type),
        })
    }

    /// The way to the files before and after one, in the order of its folder.
    async fn beside(&self, spot: &Spot, entry: &Entry) -> Result<Markup, Failure> {
        let texts = ViewTexts(self.desk.language);
        let (before, after) = match entry.parent {
            Some(folder) => self.neighbours(spot, entry, folder).await?,
            None => (None, None),
        };
        let address = |name: String| -> Option<String> {
            Some(spot.above()?.child(EntryName::parse(&name).ok()?).ok()?.view(1))
        };
        let (before, after) = (before.and_then(address), after.and_then(address));
        Ok(html! {
            @if before.is_some() || after.is_some() {
                nav.paging aria-label=(texts.browse_files()) {
                    @if let Some(before) = before { a href=(before) data-key="Shift+ArrowLeft" { (texts.previous_file()) } }
                    @if let Some(after) = after { a href=(after) data-key="Shift+ArrowRight" { (texts.next_file()) } }
                }
            }
        })
    }

    /// The names of the readable files before and after one; none if they are not on the first pages of its folder.
    async fn neighbours(
        &self,
        spot: &Spot,
        entry: &Entry,
        folder: EntryId,
    ) -> Result<(Option<String>, Option<String>), Failure> {
        let (library, now) = (&self.desk.context.services.library, self.desk.context.info.received);
        let (mut before, mut is_found, mut seen, mut next) = (None, false, 0, None);
        loop {
            let listing = library.list_with(&spot.access, folder, next, &Detail::NONE, now).await?;
            seen += listing.members.len();
            for member in listing.members.into_iter().map(|member| member.entry) {
                if member.id == entry.id {
                    is_found = true;
                } else if member.is_folder() || !member.is_readable {
                } else if is_found {
                    return Ok((before, Some(member.name)));
                } else {
                    before = Some(member.name);
                }
            }
            next = listing.next;
            if next.is_none() || seen >= MOST_BESIDE {
                return Ok(if is_found { (before, None) } else { (None, None) });
            }
        }
    }

    /// The file at a place, in the version that the query names.
    fn subject<'b>(&self, spot: &'b Spot) -> Subject<'b> {
        Subject { access: &spot.access, path: &spot.path, version: self.version() }
    }

    fn stamp(&self) -> Stamp {
        self.desk.principal().stamp(self.desk.context.info.received)
    }
}
