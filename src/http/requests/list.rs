//! The list of requests.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{LIST, MATRIX, NEW, of_request};
use super::filter::{Filter, Show, Visits};
use super::{Failure, Requests};

use crate::http::page::Width;
use crate::model::{ItemState, Shown, Timestamp};
use crate::net::ResponseBody;
use crate::sharing::{Recipient, RequestHead, RequestItem, RequestLine, RequestLines};
use crate::text::RequestsTexts;

/// Most requests of one page of the list.
const MAX_LINES: usize = 50;
/// Most recipients that a line of the list names.
const MAX_NAMED: usize = 3;

impl Requests<'_> {
    pub(super) async fn list(&self) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.texts();
        let filter = Filter::of(self.desk.context.parts.uri.query().unwrap_or_default());
        let visits = Visits::of(self.desk.context);
        let asked = Filter { template: None, ..filter.clone() }.asked(visits.last);
        let sharing = &self.desk.context.services.sharing;
        let found = sharing.request_lines(&self.rights, asked, (MAX_LINES, false), self.now()).await?;
        let content = html! {
            p { (texts.about()) }
            p { a.button href=(NEW) { (texts.new_title()) } }
            p { a href=(MATRIX) { (texts.matrix_title()) } }
            (self.choice(&filter, LIST))
            @if found.lines.is_empty() { (self.nothing(&filter)) } @else {
                ul.items { @for line in &found.lines { (self.line(line, visits.last)) } }
            }
            (self.paging(&filter, LIST, &found))
        };
        let mut response = self.page(texts.title(), Width::Wide, content, StatusCode::OK);
        visits.keep(self.desk.context, &mut response);
        Ok(response)
    }

    /// The links and the form that choose what a list at this address shows.
    pub(super) fn choice(&self, filter: &Filter, at: &str) -> Markup {
        let texts = self.texts();
        html! {
            nav.choice aria-label=(texts.show()) {
                @for show in Show::ALL {
                    a href={ (at) "?" (filter.showing(show).query()) }
                        aria-current=[(show == filter.show).then_some("page")] { (show.name(texts)) }
                }
            }
            @if self.rights.len() > 1 {
                form.filter method="get" action=(at) {
                    @for (name, value) in (Filter { space: None, before: None, ..filter.clone() }).fields() { input type="hidden" name=(name) value=(value); }
                    label { (texts.space())
                        select name="space" {
                            option value="" { (texts.any_space()) }
                            @for right in &self.rights {
                                @let space = right.space();
                                option value=(space) selected[filter.space == Some(space)] { (self.space_name(space)) }
                            }
                        }
                    }
                    button.other { (texts.choose()) }
                }
            }
        }
    }

    /// The links to the first and the next page.
    pub(super) fn paging(&self, filter: &Filter, at: &str, found: &RequestLines) -> Markup {
        let texts = self.texts();
        let page = |before| format!("{at}?{}", Filter { before, ..filter.clone() }.query());
        html! {
            @if filter.before.is_some() || found.next.is_some() {
                nav.paging aria-label=(texts.pages()) {
                    @if filter.before.is_some() { a href=(page(None)) { (texts.latest()) } }
                    @if found.next.is_some() { a href=(page(found.next)) rel="next" { (texts.earlier()) } }
                }
            }
        }
    }

    /// In place of a list without requests: advice.
    pub(super) fn nothing(&self, filter: &Filter) -> Markup {
        let texts = self.texts();
        html! {
            @match filter.show {
                Show::Running => p role="status" { (texts.none()) },
                Show::ToCheck => p role="status" { (texts.none_to_check()) },
                _ => p role="status" { (texts.none_here()) },
            }
        }
    }

    fn line(&self, line: &RequestLine, last_visit: Timestamp) -> Markup {
        let (texts, row) = (self.texts(), &line.row);
        let is_new = row.news.is_some_and(|news| news > last_visit);
        html! {
            li {
                h2 { a href=(of_request(row.id)) {
                    @let people = self.people(&line.recipients);
                    @if !people.is_empty() { (people) ": " }
                    (Shown(&row.title))
                } }
                p.where { (self.place(row.space, "")) }
                p.state { (self.counts(row, line.items)) }
                @if let Some(deadline) = row.deadline { p.alarm[self.is_missing_after(row, deadline)] { (self.until(row, deadline)) } }
                @if let Some(due) = self.next_item(row) { p.alarm[self.is_overdue(row)] { (due) } }
                @if row.closed.is_none() && row.opened.is_none() { p { (texts.never_opened()) } }
                @if let Some(news) = row.news.filter(|_| is_new) { p.state { (texts.new_at(&self.desk.moment(news))) } }
                @if let Some(closed) = row.closed { p { (texts.closed_at(&self.desk.moment(closed))) } }
            }
        }
    }

    /// The names or addresses of recipients.
    pub(super) fn people(&self, recipients: &[Recipient]) -> String {
        let known = recipients.iter().map(called).filter(|name| !name.is_empty());
        let known: Vec<String> = known.map(|name| Shown(name).to_string()).collect();
        let (named, rest) = known.split_at(known.len().min(MAX_NAMED));
        match rest.len() {
            0 => named.join(", "),
            more => self.texts().and_more(&named.join(", "), more),
        }
    }

    /// How many items are in which state, of this number.
    pub(super) fn counts(&self, row: &RequestHead, items: u32) -> String {
        let texts = self.texts();
        let mut words = match row.missing {
            0 => vec![texts.none_open().to_owned()],
            missing => vec![texts.open_of(missing, items)],
        };
        if row.to_check > 0 {
            words.push(texts.to_check(row.to_check));
        }
        if row.rejected > 0 {
            words.push(texts.rejected(row.rejected));
        }
        words.join(", ")
    }

    fn is_missing_after(&self, row: &RequestHead, time: Timestamp) -> bool {
        row.closed.is_none() && row.missing > 0 && time < self.now()
    }

    fn is_overdue(&self, row: &RequestHead) -> bool {
        row.next_due.is_some_and(|due| self.is_missing_after(row, due))
    }

    /// The day of the next item that is due, if that is earlier than the request's.
    fn next_item(&self, row: &RequestHead) -> Option<String> {
        let due = row.next_due.filter(|due| row.closed.is_none() && Some(*due) != row.deadline)?;
        Some(self.texts().next_item(&self.due(due, self.is_overdue(row))))
    }

    /// The own day of an item of a running request, and whether that is over and the item missing.
    pub(super) fn item_due(&self, request: &RequestHead, item: &RequestItem) -> Option<(bool, String)> {
        let until = item.until.filter(|_| request.closed.is_none() && item.state != ItemState::Accepted)?;
        let is_overdue = item.state.is_missing() && until < self.now();
        Some((is_overdue, self.due(until, is_overdue)))
    }

    fn due(&self, until: Timestamp, is_overdue: bool) -> String {
        let (texts, day) = (self.texts(), self.last_day(until));
        if is_overdue { texts.overdue_item(&day) } else { texts.until(&day) }
    }

    /// The deadline of a request, and how far it is away while something is missing.
    pub(super) fn until(&self, row: &RequestHead, deadline: Timestamp) -> String {
        let zone = &self.office.zone;
        let left = zone.day(self.now()).days_until(zone.last_day(deadline));
        let left = (row.closed.is_none() && row.missing > 0).then_some(left);
        until(self.texts(), &self.last_day(deadline), left)
    }
}

/// A deadline that is this number of days away, if that matters.
fn until(texts: RequestsTexts, day: &str, left: Option<i64>) -> String {
    match left {
        None => texts.deadline_on(day),
        Some(days) if days < -1 => texts.overdue_since(day, -days),
        Some(-1) => texts.overdue_since_yesterday(day),
        Some(0) => texts.due_today(day),
        Some(1) => texts.due_tomorrow(day),
        Some(days) => texts.due_in(day, days),
    }
}

/// The name of a recipient, or the address.
pub(super) fn called(recipient: &Recipient) -> &str {
    if recipient.name.is_empty() { &recipient.mail } else { &recipient.name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn a_deadline_is_told_as_people_count_days() {
        for (left, german) in [
            (None, "Frist: 5.5."),
            (Some(-3), "Frist war der 5.5., seit 3 Tagen überfällig"),
            (Some(-1), "Frist war gestern, 5.5."),
            (Some(0), "Frist heute, 5.5."),
            (Some(1), "Frist morgen, 5.5."),
            (Some(2), "Frist 5.5., noch 2 Tage"),
        ] {
            assert_eq!(until(RequestsTexts(Language::German), "5.5.", left), german);
        }
    }
}
