//! The page of a request: what the office asks for, and how each item stands.

use std::time::Duration;

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::hand_in_pages::{self, Local, Withdrawal, action, upload_form};
use super::pages;
use super::receive::Received;
use crate::accounts::UserName;
use crate::http::page::bar::Bar;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Page, Width, note, problem, success};
use crate::http::protocol::href::push_encoded;
use crate::http::protocol::multipart::{FILES, ITEM, NAME};
use crate::intake::ViewKind;
use crate::model::{Handout, ItemId, ItemState, LinkTerms, Shown, Timestamp};
use crate::net::ResponseBody;
use crate::sharing::{
    AskedItem, HandIn, HandInFile, HandedOut, MAX_REASON, RequestError, RequestHead, RequestItem,
};
use crate::text::{AskedTexts, HandInTexts, Language, LinkTexts};

/// Content of the page of a request.
pub(super) struct Open<'a> {
    pub(super) request: &'a RequestHead,
    pub(super) items: &'a [AskedItem],
    /// Number of items for which the person has something to do.
    pub(super) missing: usize,
    pub(super) asks_name: bool,
    pub(super) asked_by: Option<UserName>,
    pub(super) terms: &'a LinkTerms,
    pub(super) expires: Option<Timestamp>,
    /// Those of this browser, earliest first.
    pub(super) hand_ins: &'a [HandIn],
    /// Result of the form that was just sent.
    pub(super) received: Option<&'a Received>,
    /// The address of the link's page.
    pub(super) base: &'a str,
    /// The address and the code for a second device.
    pub(super) second: Option<(String, String)>,
    /// The code that the address brings along.
    pub(super) given: &'a str,
    pub(super) bar: Bar,
    /// Whether the person opened it by an account.
    pub(super) is_by_account: bool,
}

/// Time after *Done* for which the page begins with the receipt.
const JUST_NOW: Duration = Duration::from_mins(10);

/// The page of a request.
pub(super) fn open(local: Local<'_>, open: &Open<'_>, now: Timestamp) -> Response<ResponseBody> {
    let (language, zone) = local;
    let (texts, hand_in_texts) = (AskedTexts(language), HandInTexts(language));
    let is_closed = open.request.closed.is_some();
    let has_files = open.under_way().is_some_and(|hand_in| hand_in.files.iter().any(HandInFile::is_kept));
    let rejected: Vec<_> = open.items.iter().filter(|item| item.row.state == ItemState::Rejected).collect();
    let receipts: Vec<_> =
        open.hand_ins.iter().filter_map(|hand_in| Some((hand_in.id.0, hand_in.finished?))).collect();
    let just_finished = receipts.last().filter(|(_, at)| now.since(*at) < JUST_NOW);
    // The end of a link says nothing to a person who has an account.
    let expires = open.expires.filter(|_| !open.is_by_account);
    let content = html! {
        @if let Some(received) = open.received { (pages::arrivals_above(language, received)) }
        @if let Some((number, at)) = just_finished {
            p.success role="status" {
                (texts.finished_now()) " "
                a href={ (open.base) "/receipt?number=" (number) } { (texts.receipt(*number, &language.moment(zone, *at))) }
            }
        }
        @if is_closed { (problem(texts.closed())) }
        @if !open.request.note.is_empty() { (note(&open.request.note)) }
        (hand_in_pages::terms(local, open.asked_by.as_ref(), open.terms, expires))
        div data-part="missing" {
            @if open.missing > 0 {
                p.progress { strong { (texts.open_of(open.missing, open.items.len())) } }
            } @else { (success(texts.nothing_open())) }
        }
        @if !is_closed {
            p { (texts.about()) }
            @if !open.hand_ins.is_empty() {
                p { (if open.is_by_account { texts.saved_in_account() } else { texts.saved() }) }
            }
        }
        @if !rejected.is_empty() && !is_closed {
            section {
                h2 { (texts.again_title()) }
                ul { @for item in &rejected {
                    li {
                        a href={ "#item-" (item.row.id) } { (titled(texts, &item.row)) }
                        ": " (Shown(&item.row.reason))
                    }
                } }
            }
        }
        section {
            h2 { (texts.list_title()) }
            @for item in open.items { (self::item(local, open, item, now)) }
        }
        @if !is_closed || open.files(None).next().is_some() {
            section #other {
                h2 { (texts.other_title()) }
                p { (texts.other_about()) }
                div data-part="files" { (files(local, open, None, now)) }
                @if !is_closed { (upload(language, open, None)) }
            }
        }
        div data-part="finish" {
            @if has_files && !is_closed {
                section {
                    h2 { (hand_in_texts.finish_title()) }
                    p { (if open.is_by_account { texts.finish_in_account() } else { texts.finish_about() }) }
                    (action(open.base, "finish", None, hand_in_texts.finish(), None))
                }
            }
        }
        @if !receipts.is_empty() {
            section {
                h2 { (texts.receipts_title()) }
                p { (texts.next()) }
                ul { @for (number, at) in &receipts {
                    li {
                        a href={ (open.base) "/receipt?number=" (number) } {
                            (texts.receipt(*number, &language.moment(zone, *at)))
                        }
                    }
                } }
                p { (hand_in_texts.receipt_about()) }
            }
        }
        @if !is_closed && !open.is_by_account {
            (hand_in_pages::second_device(language, open.base, open.second.as_ref(), open.given))
        }
    };
    let title = Shown(&open.request.title).to_string();
    let status = open.received.map_or(StatusCode::OK, Received::status);
    let page = Page { language, width: Width::Narrow, title: &title, content }.below(&open.bar, status);
    with_script(page, Script::Upload)
}

impl Open<'_> {
    /// The hand-in that takes more files.
    fn under_way(&self) -> Option<&HandIn> {
        self.hand_ins.last().filter(|hand_in| hand_in.finished.is_none())
    }

    /// The files of this browser for an item, or for none, each with whether it can be taken back as far as that depends on
    /// the time.
    fn files(&self, item: Option<&AskedItem>) -> impl Iterator<Item = (&HandIn, &HandInFile)> {
        let id = item.map(|item| item.row.id);
        let all =
            self.hand_ins.iter().flat_map(|hand_in| hand_in.files.iter().map(move |file| (hand_in, file)));
        all.filter(move |(_, file)| file.item == id)
    }
}

fn files(local: Local<'_>, open: &Open<'_>, item: Option<&AskedItem>, now: Timestamp) -> Markup {
    let is_final = item.is_some_and(|item| item.row.state == ItemState::Accepted);
    let rows: Vec<_> = open
        .files(item)
        .map(|(hand_in, file)| (file, if is_final { Withdrawal::No } else { Withdrawal::of(hand_in, now) }))
        .collect();
    if rows.is_empty() {
        html! {}
    } else {
        hand_in_pages::files(local, &rows, false, open.base)
    }
}

/// The title of an item, and whose document it is: a couple has many items twice.
fn titled(texts: AskedTexts, row: &RequestItem) -> String {
    let title = Shown(&row.title);
    match row.person.as_str() {
        "" => title.to_string(),
        person => format!("{title} – {}", texts.person(&Shown(person).to_string())),
    }
}

fn item(local: Local<'_>, open: &Open<'_>, item: &AskedItem, now: Timestamp) -> Markup {
    let (language, zone) = local;
    let (texts, row) = (AskedTexts(language), &item.row);
    let takes = open.request.closed.is_none() && row.state != ItemState::Accepted;
    let has_own = open.files(Some(item)).any(|(_, file)| file.is_kept());
    html! {
        section.item id={ "item-" (row.id) } {
            h3 { (row.position) ". " (titled(texts, row)) }
            div data-part={ "state-" (row.id) } {
                p class={ "state " (row.state) } { (state(texts, item)) }
                @if let Some(until) = row.until.filter(|_| takes) { (due(local, row.state, until, now)) }
            }
            @if !row.help.is_empty() { p { (Shown(&row.help)) } }
            @for handout in &item.handouts { (handed_out(language, open, row.id, handout)) }
            div data-part={ "files-" (row.id) } {
                (files(local, open, Some(item), now))
                @if row.state == ItemState::HandedIn && !has_own { p { (texts.by_another()) } }
            }
            @if takes {
                @if row.state.is_missing() { (upload(language, open, Some(item))) }
                @else if row.several || row.state == ItemState::DoesNotApply {
                    details { summary { (texts.more()) } (upload(language, open, Some(item))) }
                }
                @if row.state == ItemState::DoesNotApply {
                    form method="post" action=(open.base) {
                        input type="hidden" name="do" value="applies";
                        input type="hidden" name=(ITEM) value=(row.id);
                        button { (texts.applies()) }
                    }
                } @else if row.state.is_missing() {
                    details {
                        summary { (texts.does_not_apply()) }
                        (words(open.base, "does-not-apply", row.id.0, (texts.does_not_apply_why(), texts.say_so()), false))
                    }
                }
            }
            @for comment in &item.comments {
                p.note { (texts.commented(&language.moment(zone, comment.at), &comment.text)) }
                @if let Some(at) = comment.answered.filter(|_| !comment.answer.is_empty()) {
                    p.note { (texts.answered(&language.moment(zone, at), &comment.answer)) }
                }
            }
            @if takes {
                details {
                    summary { (texts.comment()) }
                    (words(open.base, "comment", row.id.0, (texts.your_words(), texts.comment_send()), true))
                }
            }
        }
    }
}

/// A file to fetch for an item.
fn handed_out(language: Language, open: &Open<'_>, item: ItemId, handout: &HandedOut) -> Markup {
    let texts = AskedTexts(language);
    let (what, missing) = match handout.what {
        Handout::Form => (texts.form(), texts.form_missing()),
        Handout::Example => (texts.example(), texts.example_missing()),
    };
    let address = |name: &str| {
        let mut address = format!("{}/{}/{item}/", open.base, handout.what);
        push_encoded(&mut address, name);
        address
    };
    html! {
        @match handout.file.as_ref() {
            Some(_) if open.request.closed.is_some() => {},
            Some(file) => p {
                (what) ": " a href=(address(&file.name)) download { (Shown(&file.name)) } " (" (language.size(file.size)) ")"
                @if ViewKind::is_likely(&file.name) {
                    ", " a href={ (address(&file.name)) "?view" } aria-label=(texts.look_at(&Shown(&file.name).to_string())) { (texts.look()) }
                }
            },
            None => p.note { (missing) },
        }
    }
}

/// The own day of an item.
fn due((language, zone): Local<'_>, state: ItemState, until: Timestamp, now: Timestamp) -> Markup {
    let (texts, day) = (AskedTexts(language), language.day(zone.last_day(until)));
    html! {
        @if state.is_missing() && until < now { p.alarm { "! " (texts.was_until(&day)) } }
        @else { p { (texts.until(&day)) } }
    }
}

fn state(texts: AskedTexts, item: &AskedItem) -> String {
    match item.row.state {
        ItemState::Open => texts.state_open().to_owned(),
        ItemState::HandedIn => texts.state_handed_in().to_owned(),
        ItemState::DoesNotApply => texts.state_does_not_apply().to_owned(),
        ItemState::Accepted => texts.state_accepted().to_owned(),
        ItemState::Rejected => texts.state_rejected(&item.row.reason),
    }
}

/// A form for a text about an item.
fn words(base: &str, word: &str, item: i64, (label, button): (&str, &str), is_required: bool) -> Markup {
    html! {
        form method="post" action=(base) {
            input type="hidden" name="do" value=(word);
            input type="hidden" name=(ITEM) value=(item);
            label { (label) textarea name="text" rows="2" maxlength=(MAX_REASON) required[is_required] {} }
            button { (button) }
        }
    }
}

fn upload(language: Language, open: &Open<'_>, item: Option<&AskedItem>) -> Markup {
    let (texts, hand_in) = (AskedTexts(language), HandInTexts(language));
    let several = item.is_none_or(|item| item.row.several);
    let id = item.map(|item| item.row.id.to_string());
    let upload = upload_form(open.base, open.terms, open.under_way(), Some((id.as_deref(), several)));
    let title = item.map_or_else(|| texts.other_title().to_owned(), |item| titled(texts, &item.row));
    html! {
        form method="post" enctype="multipart/form-data" action=(open.base) data-upload=(upload) aria-label=(title) {
            @if let Some(item) = item { input type="hidden" name=(ITEM) value=(item.row.id); }
            @if open.asks_name {
                label { (hand_in.your_name()) input type="text" name=(NAME) maxlength="100" autocomplete="name"; }
            }
            label data-plain {
                @if several { (hand_in.files()) } @else { (texts.file()) }
                input type="file" name=(FILES) multiple[several] required;
            }
            button data-plain aria-label=(texts.send(&title)) { (hand_in.send()) }
        }
    }
}

/// In place of the result of a form about an item.
pub(super) fn not_answered(
    language: Language,
    error: &RequestError,
    base: &str,
    status: StatusCode,
) -> Response<ResponseBody> {
    let texts = AskedTexts(language);
    let text = match error {
        RequestError::Text => texts.bad_text(),
        RequestError::TooMany => texts.too_many_comments(),
        RequestError::Closed => texts.closed(),
        _ => texts.item_done(),
    };
    let content = html! {
        (problem(text))
        p { a href=(base) { (LinkTexts(language).back()) } }
    };
    Page { language, width: Width::Narrow, title: HandInTexts(language).not_done_title(), content }
        .into_response(status)
}
