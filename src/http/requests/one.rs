//! The page of a request: questions first; then its items with the files of each, to be judged in one form.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{LIST, check, check_item, of_request};
use super::list::called;
use super::questions::recipient_called;
use super::sent::{Sent, Trouble};
use super::{Failure, Requests};
use crate::accounts::ActorNames;
use crate::http::context::RequestContext;
use crate::http::page::form::field;
use crate::http::page::{Width, known_facts, note, problem, success};
use crate::http::viewer;
use crate::intake::ViewKind;
use crate::model::{EntryName, Event, ItemId, ItemState, LinkId, Recorded, RequestId, Shown, VersionState};
use crate::net::ResponseBody;
use crate::sharing::{
    Finished, ItemShown, MAX_REASON, RecipientShown, RequestError, RequestFile, RequestHead, RequestItem,
    RequestShown, RequestsAsked, RequestsOf,
};
use crate::text::{AskedTexts, ReceiptTexts, ViewTexts};

/// The message of the page about the form that was just sent.
pub(super) enum Told {
    /// Nothing was sent.
    Nothing,
    /// It was carried out; the word of [`DONE`].
    Done(&'static str),
    /// It was not carried out.
    Refused(Sent),
}

/// The words of what can have been done.
pub(super) const DONE: [&str; 14] = [
    "invited",
    "handed-out",
    "dated",
    "judged",
    "answered",
    "checked",
    "closed",
    "reopened",
    "extended",
    "reminded",
    "planned",
    "paused",
    "resumed",
    "readdressed",
];

impl Told {
    /// The result in an address to which a form led.
    pub(super) fn of_address(context: RequestContext<'_>) -> Self {
        let query = context.parts.uri.query().unwrap_or_default();
        let done = field(query.as_bytes(), "done");
        let done = done.and_then(|done| DONE.into_iter().find(|word| *word == done.as_str()));
        done.map_or(Self::Nothing, Self::Done)
    }

    pub(super) fn sent(&self) -> Option<&Sent> {
        if let Self::Refused(sent) = self { Some(sent) } else { None }
    }
}

impl Requests<'_> {
    pub(super) async fn one(&self, id: RequestId, told: &Told) -> Result<Response<ResponseBody>, Failure> {
        let (texts, sharing) = (self.one_texts(), &self.desk.context.services.sharing);
        let request = sharing.request(&self.rights, id).await?;
        let history = sharing.request_history(&self.rights, id).await?;
        let names = self.desk.context.services.accounts.names_for(&history).await;
        let names = names.map_err(|error| Failure::Request(error.into()))?;
        let receipts = sharing.finished_through(self.rights.clone(), links(&request)).await?;
        let is_open = request.row.closed.is_none();
        let known = self.known_handouts(&request).await?;
        let next = match told {
            Told::Done("checked") => self.next_to_check(id).await?,
            _ => None,
        };
        let mut accounts = Vec::new();
        for recipient in &request.recipients {
            accounts.push(match recipient.row.account {
                Some(user) => {
                    self.desk.context.services.accounts.name_of(user).await.map_err(RequestError::from)?
                }
                None => None,
            });
        }
        let accounts: Vec<_> = accounts.iter().map(|name| name.as_ref().map(ToString::to_string)).collect();
        let has_unchecked = is_open && to_check(&request).next().is_some();
        let content = html! {
            (self.told(&request, told))
            @if let Some(next) = &next {
                p { a.button href=(check(next.id)) { (self.check_texts().next_request(&Shown(&next.title).to_string())) } }
            }
            (self.facts(&request))
            @if !request.row.note.is_empty() { (note(&request.row.note)) }
            (self.questions(&request, told.sent()))
            section {
                h2 { (texts.items()) }
                @if has_unchecked {
                    p { a.button.other[next.is_some()] href=(check(id)) { (self.check_texts().in_turn()) } }
                }
                form method="post" action=(of_request(id)) {
                    (self.desk.token())
                    input type="hidden" name="do" value="judge";
                    @for item in &request.items { (self.item(&request, item, told.sent(), (&history, &names))) }
                    @if is_open {
                        p { (texts.judge_about()) }
                        button.other[next.is_some() || has_unchecked] { (texts.judge()) }
                    }
                }
                (self.dates(&request, told.sent()))
                (self.handouts(&request, &known, told.sent()))
            }
            @if !request.others.is_empty() {
                section {
                    h2 { (texts.others()) }
                    (self.files(&request, None, &request.others))
                }
            }
            section {
                h2 { (texts.recipients()) }
                @if request.row.code_by_mail { p { (texts.opens_by_code()) } }
                ul.items { @for (recipient, account) in request.recipients.iter().zip(&accounts) { (self.recipient(&request, recipient, account.as_deref())) } }
                (self.invitation(&request))
            }
            @if !receipts.is_empty() {
                section {
                    h2 { (ReceiptTexts(self.desk.language).list_title()) }
                    ul { @for one in &receipts { (self.receipt_of(id, one)) } }
                }
            }
            (self.reminders(&request, told.sent()))
            (self.actions(&request, told.sent()))
            section {
                h2 { (texts.history()) }
                @if history.is_empty() { p { (texts.no_history()) } } @else {
                    ul { @for event in &history { li { (self.desk.moment(event.at)) ": " (self.event(event, &names)) } } }
                }
            }
            p { a href=(LIST) { (self.texts().all()) } }
        };
        let status = told.sent().map_or(StatusCode::OK, Sent::status);
        Ok(self.page(&Shown(&request.row.title).to_string(), Width::Wide, content, status))
    }

    /// The latest other request with something to check.
    async fn next_to_check(&self, id: RequestId) -> Result<Option<RequestHead>, Failure> {
        let asked = RequestsAsked { of: RequestsOf::ToCheck, ..RequestsAsked::default() };
        let (sharing, now) = (&self.desk.context.services.sharing, self.desk.context.info.received);
        let found = sharing.request_lines(&self.rights, asked, (2, false), now).await?;
        Ok(found.lines.into_iter().map(|line| line.row).find(|row| row.id != id))
    }

    fn told(&self, request: &RequestShown, told: &Told) -> Markup {
        let texts = self.one_texts();
        match told {
            Told::Nothing => html! {},
            // The address alone is no proof: another person may have made it.
            Told::Done("judged") => success(texts.judged()),
            Told::Done("checked") if request.items.iter().all(|item| item.row.state == ItemState::Open) => {
                note(self.check_texts().nothing_yet())
            }
            Told::Done("checked") if to_check(request).next().is_none() => {
                success(self.check_texts().all_checked())
            }
            Told::Done("answered") => success(texts.is_answered()),
            Told::Done("closed") if request.row.closed.is_some() => success(texts.closed()),
            Told::Done("reopened") if request.row.closed.is_none() => success(texts.reopened()),
            Told::Done("extended") => success(texts.extended()),
            Told::Done("handed-out") => success(texts.handed_out()),
            Told::Done("dated") => success(texts.dated()),
            Told::Done("invited") => success(self.inviting_texts().made()),
            Told::Done("reminded") => success(self.reminding_texts().reminder_made()),
            Told::Done("planned") => success(self.reminding_texts().planned()),
            Told::Done("readdressed") => success(self.reminding_texts().readdressed()),
            Told::Done(_) => html! {},
            Told::Refused(sent) => html! {
                (problem(match sent.trouble {
                    Trouble::Upload(refusal) => refusal.sentence(self.desk.language),
                    Trouble::Reasons => texts.reasons_missing(),
                    Trouble::Changed(_) => texts.changed_meanwhile(),
                    Trouble::Nothing => texts.nothing_chosen(),
                    Trouble::Answer(_) => texts.not_answered(),
                    Trouble::Date => texts.not_extended(),
                    Trouble::Handout => texts.not_handed_out(),
                    Trouble::ItemDates => texts.not_dated(),
                    Trouble::Plan => self.reminding_texts().not_planned(),
                    Trouble::Mail(why) => why(self.reminding_texts()),
                }))
                @let marked: Vec<_> = request.items.iter().filter(|item| sent.marks(item.row.id)).collect();
                @if !marked.is_empty() {
                    ul { @for item in marked { li {
                        a href={ "#item-" (item.row.id) } { (self.titled(&item.row)) }
                    } } }
                }
            },
        }
    }

    fn facts(&self, request: &RequestShown) -> Markup {
        let (texts, row) = (self.one_texts(), &request.row);
        let items = u32::try_from(request.items.len()).unwrap_or(u32::MAX);
        let place = match &request.path {
            Some(path) => self.place(row.space, path),
            None => texts.no_folder(&self.place(row.space, "")),
        };
        let state = row.closed.map(|closed| self.texts().closed_at(&self.desk.moment(closed)));
        known_facts(&[
            (texts.state(), Some(self.counts(row, items))),
            (self.texts().deadline(), row.deadline.map(|deadline| self.until(row, deadline))),
            (texts.closed_fact(), state),
            (texts.folder(), Some(place)),
            (texts.made(), Some(self.desk.moment(row.created))),
        ])
    }

    fn item(
        &self,
        request: &RequestShown,
        item: &ItemShown,
        sent: Option<&Sent>,
        (history, names): (&[Recorded], &ActorNames),
    ) -> Markup {
        let (texts, row) = (self.one_texts(), &item.row);
        let is_open = request.row.closed.is_none();
        html! {
            section.item id={ "item-" (row.id) } {
                h3 { (self.numbered(row)) }
                p class={ "state " (row.state) } { (sign(row.state)) " " (self.state(item)) }
                @if let Some((is_overdue, due)) = self.item_due(&request.row, row) {
                    p.alarm[is_overdue] { @if is_overdue { "! " } (due) }
                }
                @if sent.is_some_and(|sent| sent.has_changed(row.id)) {
                    p.problem { (texts.changed_item()) @if let Some(last) = latest_about(history, &row.title) {
                        " " (self.desk.moment(last.at)) ": " (self.event(last, names))
                    } }
                }
                (self.handed_out(item))
                (self.files(request, Some(row.id), &item.files))
                @for comment in &item.comments {
                    (self.said(request, comment))
                }
                @if is_open { (self.judging(item, sent)) }
            }
        }
    }

    /// The number and the title of an item, and whose document it is.
    pub(super) fn numbered(&self, row: &RequestItem) -> String {
        format!("{}. {}", row.position, self.titled(row))
    }

    /// The title of an item, and whose document it is: a couple has many items twice.
    pub(super) fn titled(&self, row: &RequestItem) -> String {
        let title = Shown(&row.title);
        match row.person.as_str() {
            "" => title.to_string(),
            person => format!("{title} – {}", self.texts().person(&Shown(person).to_string())),
        }
    }

    /// The state of an item in words.
    pub(super) fn state(&self, item: &ItemShown) -> String {
        let (texts, row) = (self.one_texts(), &item.row);
        match row.state {
            ItemState::Open => texts.is_open().to_owned(),
            ItemState::HandedIn => texts.is_handed_in().to_owned(),
            ItemState::DoesNotApply if row.declined_why.is_empty() => texts.is_declined().to_owned(),
            ItemState::DoesNotApply => texts.is_declined_because(&Shown(&row.declined_why).to_string()),
            ItemState::Accepted => texts.is_accepted().to_owned(),
            ItemState::Rejected => texts.is_rejected(&Shown(&row.reason).to_string()),
        }
    }

    /// The fields that judge an item.
    fn judging(&self, item: &ItemShown, sent: Option<&Sent>) -> Markup {
        let (texts, row) = (self.one_texts(), &item.row);
        let (typed, seen) = (sent.and_then(|sent| sent.about(row.id)), item.seen());
        let word = typed.map_or("", |typed| typed.word.as_str());
        let reason = typed.map_or("", |typed| typed.reason.as_str());
        let lacks = sent.is_some_and(|sent| sent.lacks_reason(row.id));
        let choices: &[(&str, &str)] = match row.state {
            ItemState::Open => &[("", texts.leave()), ("accept", texts.accept_open())],
            ItemState::HandedIn => {
                &[("", texts.later()), ("accept", texts.accept()), ("reject", texts.reject())]
            }
            ItemState::DoesNotApply => {
                &[("", texts.later()), ("accept", texts.accept_declined()), ("reject", texts.reject())]
            }
            ItemState::Accepted => &[("", texts.leave()), ("undo", texts.undo()), ("reject", texts.reject())],
            ItemState::Rejected => &[("", texts.leave()), ("undo", texts.undo()), ("accept", texts.accept())],
        };
        let fields = html! {
            input type="hidden" name={ "seen-" (row.id) } value=(seen);
            fieldset {
                legend { (texts.decision(&self.titled(row))) }
                @for (value, words) in choices {
                    label.check {
                        input type="radio" name={ "judge-" (row.id) } value=(value) checked[*value == word];
                        span { (words) }
                    }
                }
            }
            @if choices.iter().any(|(value, _)| *value == "reject") {
                label { (texts.reason())
                    textarea name={ "reason-" (row.id) } rows="2" maxlength=(MAX_REASON)
                        aria-invalid=[lacks.then_some("true")]
                        aria-describedby=[lacks.then(|| format!("reason-{}", row.id))] { (reason) }
                }
                @if lacks { p.problem id={ "reason-" (row.id) } { (texts.reason_missing()) } }
            }
        };
        // An item that waits for the office stands open.
        html! {
            @if row.state.is_to_check() { (fields) } @else {
                details open[!word.is_empty() || lacks] { summary { (texts.change()) } (fields) }
            }
        }
    }

    fn files(&self, request: &RequestShown, item: Option<ItemId>, files: &[RequestFile]) -> Markup {
        let views = ViewTexts(self.desk.language);
        html! {
            @if !files.is_empty() {
                ul.files { @for file in files { li {
                    span.name {
                        @let name = Shown(&file.row.path).to_string();
                        @if file.path.is_some() {
                            a href={ (of_request(request.row.id)) "/file/" (file.row.id) } { (name) }
                        } @else { (name) }
                    }
                    span.size { (self.desk.language.size(file.row.size)) }
                    span.state {
                        (self.desk.moment(file.row.at))
                        @if let Some(name) = recipient_called(request, |_, link| link.is_some() && link == file.row.link) {
                            ", " (name)
                        }
                        (self.withheld(file))
                    }
                    @if let Some(address) = self.view_of(request, item, file) {
                        a href=(address) aria-label=(views.view_file(&Shown(&file.row.path).to_string())) { (views.view()) }
                    }
                } } }
            }
        }
    }

    /// Why a file that was handed in is not there to be read, if it is not.
    fn withheld(&self, file: &RequestFile) -> Markup {
        let is_there = file.row.state == Some(VersionState::Visible) && file.path.is_some();
        let why = self.missing(file);
        html! { @match file.row.state {
            _ if is_there => {},
            Some(VersionState::Held | VersionState::Quarantined) => { ", " a href="/holding" { (why) } },
            Some(VersionState::Visible | VersionState::Restricted) | None => { ", " (why) },
        } }
    }

    /// The fate of a file that is not there to be read.
    pub(super) fn missing(&self, file: &RequestFile) -> &'static str {
        let texts = self.one_texts();
        match file.row.state {
            Some(VersionState::Visible) | None => texts.file_gone(),
            Some(VersionState::Held) => texts.file_held(),
            Some(VersionState::Quarantined) => texts.file_quarantined(),
            Some(VersionState::Restricted) => texts.file_restricted(),
        }
    }

    /// The address at which a file is looked at, if its name says that it can be.
    fn view_of(&self, request: &RequestShown, item: Option<ItemId>, file: &RequestFile) -> Option<String> {
        let path = file.path.as_ref().filter(|_| file.row.state == Some(VersionState::Visible))?;
        ViewKind::is_likely(path.names().last()?.as_str()).then_some(())?;
        if let Some(item) = item {
            return Some(format!("{}?file={}", check_item(request.row.id, item), file.row.id));
        }
        let space = EntryName::parse(&self.space_name(request.row.space)).ok()?;
        Some(format!("{}?view", viewer::address_of(&space, path)))
    }

    fn receipt_of(&self, request: RequestId, finished: &Finished) -> Markup {
        let number = finished.id.0;
        let words = AskedTexts(self.desk.language).receipt(number, &self.desk.moment(finished.at));
        html! { li {
            a href={ (of_request(request)) "/receipt/" (number) } { (words) }
            @if !finished.by.is_empty() { " – " (Shown(&finished.by)) }
        } }
    }

    fn recipient(&self, request: &RequestShown, recipient: &RecipientShown, account: Option<&str>) -> Markup {
        let (texts, row) = (self.one_texts(), &recipient.row);
        let name = Shown(called(row)).to_string();
        html! {
            li {
                span.state { (if name.is_empty() { self.texts().no_name() } else { &name }) }
                @if !row.name.is_empty() && !row.mail.is_empty() { p.where { (Shown(&row.mail)) } }
                @if let Some(account) = account { p { (texts.by_account(account)) } }
                p { @match &recipient.link {
                    None => (texts.link_gone()),
                    Some(link) => {
                        @match link.opened {
                            None => (texts.not_opened()),
                            Some(at) => (texts.opened(&self.desk.moment(at))),
                        }
                        @if link.uses > 0 { ", " (texts.finished(link.uses)) }
                        @if let Some(end) = link.expires {
                            ", "
                            @if link.has_expired(self.now()) { (texts.link_ended(&self.last_day(end))) }
                            @else { (texts.link_until(&self.last_day(end))) }
                        }
                    },
                } }
                (self.invited(row))
                (self.renewal(request, recipient))
            }
        }
    }

    fn actions(&self, request: &RequestShown, sent: Option<&Sent>) -> Markup {
        let (texts, here) = (self.one_texts(), of_request(request.row.id));
        let bad_date = sent.filter(|sent| matches!(sent.trouble, Trouble::Date));
        let until = bad_date.map_or("", |sent| sent.until.as_str());
        html! {
            section {
                h2 { (texts.more()) }
                (self.again(request.row.id))
                (self.to_matrix(&request.row.template, request.row.id))
                @if request.row.closed.is_some() {
                    form method="post" action=(here) {
                        (self.desk.token())
                        input type="hidden" name="do" value="reopen";
                        button { (texts.reopen()) }
                    }
                } @else {
                    details open[bad_date.is_some()] {
                        summary { (texts.extend()) }
                        p { (texts.extend_about()) }
                        form method="post" action=(here) {
                            (self.desk.token())
                            input type="hidden" name="do" value="extend";
                            label { (texts.new_deadline())
                                input type="date" name="until" required value=(until)
                                    aria-invalid=[bad_date.map(|_| "true")]
                                    aria-describedby=[bad_date.map(|_| "bad-date")];
                            }
                            @if bad_date.is_some() { p.problem #bad-date { (texts.bad_date()) } }
                            button.other { (texts.extend()) }
                        }
                    }
                    details {
                        summary { (texts.close()) }
                        p { (texts.close_about()) }
                        form method="post" action=(here) {
                            (self.desk.token())
                            input type="hidden" name="do" value="close";
                            button.other { (texts.close()) }
                        }
                    }
                }
            }
        }
    }

    /// An event, with its actor, in words.
    fn event(&self, recorded: &Recorded, names: &ActorNames) -> String {
        let actor = &recorded.actor;
        let who = self.desk.language.actor(actor, names.account(actor), names.device(actor));
        Shown(&format!("{who} {}", self.desk.language.event(&recorded.event))).to_string()
    }
}

/// The links of the recipients.
pub(super) fn links(request: &RequestShown) -> Vec<LinkId> {
    request.recipients.iter().filter_map(|recipient| Some(recipient.link.as_ref()?.id)).collect()
}

/// The items that wait for the office.
pub(super) fn to_check(request: &RequestShown) -> impl Iterator<Item = &ItemShown> {
    request.items.iter().filter(|item| item.row.state.is_to_check())
}

/// A sign beside the words of a state.
pub(super) fn sign(state: ItemState) -> &'static str {
    match state {
        ItemState::Open => "○",
        ItemState::HandedIn => "●",
        ItemState::DoesNotApply => "–",
        ItemState::Accepted => "✓",
        ItemState::Rejected => "✗",
    }
}

/// The latest event about an item.
fn latest_about<'a>(history: &'a [Recorded], title: &str) -> Option<&'a Recorded> {
    history.iter().find(|one| matches!(&one.event, Event::Request { item: Some(item), .. } if item == title))
}
