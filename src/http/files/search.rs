//! The search for files and folders by name in all spaces.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::spot::{LIST, Spot, space_address};
use super::{Cabinet, Failure};
use crate::http::page::folder::shown_name;
use crate::http::page::form::field;
use crate::http::page::problem;
use crate::http::protocol::href::push_encoded;
use crate::library::{Hit, Hits, Search};
use crate::model::{EntryId, EntryName, SearchText, SearchTextError, Shown};
use crate::net::ResponseBody;

/// The field of the query with the text.
const SEARCH: &str = "search";
/// The field of the query that says where to go on.
const BEFORE: &str = "before";
/// Hits on one page.
const HITS: usize = 50;
/// Most spaces that a search shows; the list of spaces has them all.
const MOST_SPACES: usize = 20;

impl Cabinet<'_> {
    /// The text of the search that the query asks for.
    pub(super) fn typed_search(&self) -> Option<String> {
        field(self.desk.query().as_bytes(), SEARCH).map(|text| text.to_string())
    }

    /// The field above all pages of files.
    pub(super) fn search_field(&self) -> Markup {
        let (texts, typed) = (self.texts(), self.typed_search().unwrap_or_default());
        html! {
            form.search role="search" method="get" action=(LIST) {
                input type="search" name=(SEARCH) value=(typed) required maxlength=(SearchText::MAX_BYTES)
                    autocomplete="off" aria-label=(texts.search_label()) placeholder=(texts.search_label());
                button.other { (texts.search()) }
            }
        }
    }

    /// The page with the hits of a search.
    pub(super) async fn search(&self, typed: &str) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.texts();
        let mut first = format!("{LIST}?{SEARCH}=");
        push_encoded(&mut first, typed);
        let before = field(self.desk.query().as_bytes(), BEFORE).and_then(|id| id.parse().ok().map(EntryId));
        let here = before.map_or_else(|| first.clone(), |id| format!("{first}&{BEFORE}={id}"));
        let text = match SearchText::parse(typed) {
            Ok(text) => text,
            Err(error) => {
                let (title, why) = match error {
                    SearchTextError::Empty => (texts.search(), texts.search_empty()),
                    SearchTextError::TooLong => (texts.search(), texts.search_too_long()),
                };
                let content = html! { (problem(why)) p { (texts.search_about()) } };
                return Ok(self.page(title, LIST, content, StatusCode::BAD_REQUEST));
            }
        };
        let spaces = if before.is_none() { self.spaces_with(&text).await? } else { Vec::new() };
        let library = &self.desk.context.services.library;
        let found = library.search(&self.desk.accesses, Search { text, before, limit: HITS }).await?;
        let content = html! {
            @if !spaces.is_empty() {
                p {
                    (texts.search_spaces()) ": "
                    @for (at, space) in spaces.iter().enumerate() {
                        @if at > 0 { ", " }
                        a href=(space_address(space)) { (shown_name(space)) }
                    }
                }
            }
            p role="status" { (self.outcome(&found, before.is_none())) }
            @if found.hits.is_empty() {
                p { (texts.search_about()) }
                p { (texts.search_elsewhere()) }
            } @else {
                ul.items { @for hit in &found.hits { @if let Some(spot) = spot(hit) { li { (self.hit(hit, &spot)) } } } }
            }
            @if found.next.is_some() || before.is_some() {
                nav.paging aria-label=(texts.search_next()) {
                    @if let Some(next) = found.next {
                        a rel="next" href={ (first) "&" (BEFORE) "=" (next) } { (texts.search_next()) }
                    }
                    @if before.is_some() { a href=(first) { (texts.search_top()) } }
                }
            }
        };
        Ok(self.page(&texts.search_title(&Shown(typed).to_string()), &here, content, StatusCode::OK))
    }

    /// The names of the spaces that contain all words.
    async fn spaces_with(&self, text: &SearchText) -> Result<Vec<String>, Failure> {
        let spaces = self.desk.context.services.library.spaces().await?;
        let own = |id| self.desk.accesses.iter().any(|access| access.space() == id);
        let mut room = String::new();
        let mut has_all = |name: &str| text.is_whole(text.words_in(name, &mut room));
        let named = spaces.into_iter().filter(|space| own(space.id) && has_all(&space.name));
        Ok(named.map(|space| space.name).take(MOST_SPACES).collect())
    }

    /// How much was found, in words.
    fn outcome(&self, found: &Hits, is_first: bool) -> String {
        let texts = self.texts();
        match (found.hits.len(), found.next.is_some()) {
            (0, true) => texts.search_nothing_yet().to_owned(),
            (0, false) => texts.search_nothing().to_owned(),
            (count, _) if !is_first => texts.search_further(count),
            (count, true) => texts.search_first(count),
            (1, false) => texts.search_one().to_owned(),
            (count, false) => texts.search_many(count),
        }
    }

    fn hit(&self, hit: &Hit, spot: &Spot) -> Markup {
        let (texts, entry, name) = (self.texts(), &hit.entry, spot.name());
        html! {
            @if entry.is_readable {
                a href=(spot.address(entry.is_folder())) { (name) @if entry.is_folder() { "/" } }
            } @else {
                (name) " " small { (texts.examined()) }
            }
            p.where { @for (at, step) in steps(spot).iter().enumerate() {
                @if at > 0 { " › " }
                a href=(step.address(true)) { (step.name()) }
            } }
            p.where {
                @if !entry.is_folder() { (self.desk.language.size(entry.size)) ", " }
                (self.desk.moment(entry.modified)) " · "
                a href=(spot.about(entry.is_folder())) aria-label=(texts.more_about(&name)) { (texts.more()) }
            }
        }
    }
}

/// The place of a hit; a space always has a name that is one.
fn spot(hit: &Hit) -> Option<Spot> {
    let space = EntryName::parse(&hit.space).ok()?;
    Some(Spot { space, path: hit.path.clone(), access: hit.access })
}

/// The folders above a place, from the space down.
fn steps(spot: &Spot) -> Vec<Spot> {
    let mut steps: Vec<_> = std::iter::successors(spot.above(), Spot::above).collect();
    steps.reverse();
    steps
}
