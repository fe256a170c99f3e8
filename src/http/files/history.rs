//! The history of a file, a folder or a space, for people who manage the space.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::{Cabinet, Failure, Spot};
use crate::accounts::ActorNames;
use crate::http::page::form::field;
use crate::http::page::note;
use crate::library::Entry;
use crate::model::{EventId, EventPage, Recorded, Right, Shown};
use crate::net::ResponseBody;

/// Most events on one page.
const EVENTS_ON_PAGE: usize = 50;

impl Cabinet<'_> {
    /// The page of events about an entry and everything below it, latest first.
    ///
    /// Errors: `Denied` without the right to manage the space.
    pub(super) async fn history(
        &self,
        spot: &Spot,
        entry: &Entry,
    ) -> Result<Response<ResponseBody>, Failure> {
        let (texts, services) = (self.texts(), self.desk.context.services);
        let before =
            field(self.desk.query().as_bytes(), "before").and_then(|id| id.parse().ok()).map(EventId);
        let page = services.library.events(&spot.access, &spot.path, before, EVENTS_ON_PAGE).await?;
        let EventPage { events, next } = page;
        let names = services.accounts.names_for(&events).await?;
        let here = spot.history(entry.is_folder());
        let content = html! {
            (self.trail(spot, !spot.path.is_root()))
            @if events.is_empty() {
                (note(if next.is_some() { texts.history_further() } else { texts.history_none() }))
            } @else {
                ul.items { @for event in &events { (self.event(event, &names)) } }
            }
            nav.paging aria-label=(texts.history_pages()) {
                @if before.is_some() { a href=(here) { (texts.history_latest()) } }
                @if let Some(next) = next { a href=(format!("{here}&before={}", next.0)) { (texts.history_earlier()) } }
            }
        };
        let title = texts.history_of(&spot.name());
        Ok(self.page(&title, &here, content, StatusCode::OK))
    }

    /// The way to the history of an entry; nothing for people who may not see it.
    pub(super) fn to_history(&self, spot: &Spot, is_folder: bool) -> Markup {
        html! {
            @if spot.access.require(Right::Manage).is_ok() {
                p { a href=(spot.history(is_folder)) { (self.texts().history()) } }
            }
        }
    }

    fn event(&self, recorded: &Recorded, names: &ActorNames) -> Markup {
        let (language, actor) = (self.desk.language, &recorded.actor);
        let who = language.actor(actor, names.account(actor), names.device(actor));
        let what = language.event(&recorded.event);
        html! {
            li {
                (Shown(&format!("{who} {what}")))
                p.where { (self.desk.moment(recorded.at)) }
            }
        }
    }
}
