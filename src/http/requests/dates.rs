//! The days of items, on the page of a request: all of them in one form.

use std::collections::HashMap;

use maud::{Markup, html};

use super::Requests;
use super::address::of_request;
use super::sent::{Choice, Sent, Trouble};
use crate::model::{Day, ItemId, RequestId};
use crate::sharing::{ItemShown, RequestError, RequestShown};

impl Requests<'_> {
    /// The form; nothing for a request that is closed.
    pub(super) fn dates(&self, request: &RequestShown, sent: Option<&Sent>) -> Markup {
        let (texts, row) = (self.one_texts(), &request.row);
        let refused = sent.filter(|sent| matches!(sent.trouble, Trouble::ItemDates));
        let last = row.deadline.map(|deadline| self.office.zone.last_day(deadline));
        html! {
            @if row.closed.is_none() {
                details #dates open[refused.is_some()] {
                    summary { (texts.item_dates()) }
                    p { (texts.item_dates_about()) }
                    form method="post" action=(of_request(row.id)) {
                        (self.desk.token())
                        input type="hidden" name="do" value="dates";
                        @for item in &request.items { (self.date_of(item, last, refused)) }
                        button.other { (texts.store_dates()) }
                    }
                }
            }
        }
    }

    fn date_of(&self, item: &ItemShown, last: Option<Day>, refused: Option<&Sent>) -> Markup {
        let row = &item.row;
        let stored = row.until.map(|until| self.office.zone.last_day(until));
        let typed = refused.and_then(|sent| sent.about(row.id)).map(|choice| choice.until.clone());
        let is_wrong = typed.as_ref().is_some_and(|typed| self.is_wrong(typed, stored, last));
        let value = typed.unwrap_or_else(|| stored.map(|day| day.to_string()).unwrap_or_default());
        html! {
            label {
                (self.numbered(row))
                input type="date" name={ "until-" (row.id) } value=(value) aria-invalid=[is_wrong.then_some("true")]
                    aria-describedby=[is_wrong.then(|| format!("bad-until-{}", row.id))];
            }
            @if is_wrong { p.problem id={ "bad-until-" (row.id) } { (self.one_texts().bad_item_date()) } }
        }
    }

    /// Whether a day cannot be that of an item, which had the stored one.
    fn is_wrong(&self, typed: &str, stored: Option<Day>, last: Option<Day>) -> bool {
        let today = self.office.zone.day(self.now());
        match Day::parse(typed) {
            day if day == stored => false,
            None => !typed.is_empty(),
            Some(day) => today.days_until(day) < 0 || last.is_some_and(|last| day.days_until(last) < 0),
        }
    }

    /// Stores the days that the form names.
    pub(super) async fn date(
        &self,
        id: RequestId,
        choices: &HashMap<ItemId, Choice>,
    ) -> Result<(), RequestError> {
        let day = |text: &str| match text {
            "" => Ok(None),
            text => Day::parse(text).map(Some).ok_or(RequestError::DeadlineInPast),
        };
        let days = choices.iter().map(|(item, choice)| Ok((*item, day(&choice.until)?)));
        let days = days.collect::<Result<Vec<_>, RequestError>>()?;
        let by = self.desk.principal().stamp(self.now());
        self.desk.context.services.sharing.date_items(&self.rights, id, days, by).await
    }
}
