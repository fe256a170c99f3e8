//! The trash of a space.

use http::Response;
use maud::{Markup, html};

use super::outcome::{Done, Outcome, Typed};
use super::{Cabinet, Failure, Problem, Spot};
use crate::http::page::folder::shown_name;
use crate::http::page::form::field;
use crate::http::reply::see_other;
use crate::library::TrashItem;
use crate::model::{EntryId, Right, Shown};
use crate::net::ResponseBody;

/// Most items of the trash on the page; of more, those deleted last.
const MAX_ROWS: usize = 500;

impl Cabinet<'_> {
    /// The page with the items of the trash.
    pub(super) async fn trash(
        &self,
        spot: &Spot,
        outcome: &Outcome,
    ) -> Result<Response<ResponseBody>, Failure> {
        let (texts, here) = (self.texts(), spot.trash());
        let items = self.desk.context.services.library.trash(&spot.access).await?;
        let content = html! {
            (self.trail(spot, false))
            (self.above(outcome))
            @if items.is_empty() { p { (texts.trash_empty()) } } @else {
                ul.items {
                    @for item in items.iter().take(MAX_ROWS) { li { (self.item(spot, &here, item)) } }
                }
            }
        };
        let title = texts.trash_of(&shown_name(spot.space.as_str()));
        Ok(self.page(&title, &here, content, outcome.status()))
    }

    fn item(&self, spot: &Spot, here: &str, item: &TrashItem) -> Markup {
        let texts = self.texts();
        let path = Shown(item.path.trim_start_matches('/')).to_string();
        html! {
            (path) @if item.is_folder { "/" }
            p.where {
                (texts.deleted_at(&self.desk.moment(item.deleted))) ", " (self.desk.language.size(item.size))
            }
            @if spot.may_write() {
                form method="post" action=(here) {
                    (self.desk.token())
                    input type="hidden" name="item" value=(item.entry.0);
                    button.plain name="do" value="return" { (texts.put_back()) }
                    @if spot.access.require(Right::Manage).is_ok() {
                        details {
                            summary { (texts.purge_title()) }
                            p { (texts.purge_about()) }
                            button.other name="do" value="purge" { (texts.purge()) }
                        }
                    }
                }
            }
        }
    }

    /// Puts an item of the trash back, or removes it for good.
    pub(super) async fn act_in_trash(
        &self,
        spot: &Spot,
        form: &[u8],
    ) -> Result<Response<ResponseBody>, Failure> {
        let library = &self.desk.context.services.library;
        let item = field(form, "item").and_then(|id| id.parse().ok().map(EntryId));
        let result = match (item, field(form, "do").unwrap_or_default().as_str()) {
            (Some(item), "return") => {
                library.restore(self.change(spot.access), item).await.map(|_| Done::Returned)
            }
            (Some(item), "purge") => {
                let by = self.desk.session.principal.stamp(self.desk.context.info.received);
                library.purge(&spot.access, by, item).await.map(|()| Done::Purged)
            }
            _ => return self.trash(spot, &Outcome::refused(Problem::NothingChosen, Typed::default())).await,
        };
        match result {
            Ok(done) => Ok(see_other(&format!("{}&done={}", spot.trash(), done.word()))),
            Err(error) => {
                let refused = Outcome::refused(self.problem(&error), Typed::default());
                self.trash(spot, &refused).await
            }
        }
    }
}
