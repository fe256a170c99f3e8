//! Requests to a person with an account, on the list of spaces.

use maud::{Markup, html};

use super::{Cabinet, Failure};
use crate::model::{Shown, Timestamp};
use crate::sharing::AskedOfAccount;
use crate::text::AskedTexts;

impl Cabinet<'_> {
    /// The running requests to the person; `None` if there are none.
    pub(super) async fn asked(&self) -> Result<Option<Markup>, Failure> {
        let (context, texts) = (self.desk.context, AskedTexts(self.desk.language));
        let asked = context.services.sharing.asked_of(self.desk.principal(), context.info.received).await?;
        Ok((!asked.is_empty()).then(|| {
            html! {
                section {
                    h2 { (texts.asked_of_you()) }
                    ul.items { @for one in &asked { li { (self.asked_for(one)) } } }
                }
            }
        }))
    }

    fn asked_for(&self, asked: &AskedOfAccount) -> Markup {
        let (texts, row) = (AskedTexts(self.desk.language), &asked.request);
        html! {
            a href=(asked.url_path()) { (Shown(&row.title)) }
            p.state { @match row.missing {
                0 => (texts.none_open()),
                missing => (texts.open_of(missing.try_into().unwrap_or(usize::MAX), asked.items.try_into().unwrap_or(usize::MAX))),
            } }
            @if let Some(due) = row.next_due.or(row.deadline) { (self.due(due, row.missing > 0)) }
        }
    }

    fn due(&self, due: Timestamp, is_missing: bool) -> Markup {
        let (texts, day) =
            (AskedTexts(self.desk.language), self.desk.language.day(self.desk.zone.last_day(due)));
        html! {
            @if is_missing && due < self.desk.context.info.received { p.alarm { "! " (texts.was_until(&day)) } }
            @else { p { (texts.until(&day)) } }
        }
    }
}
