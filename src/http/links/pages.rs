//! What the pages of links look like.

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};

use super::receive::{Received, Refusal};
use super::words::{Words, words};
use crate::http::page::folder::{self, Row, shown_name};
use crate::http::page::{Field, Page, Tone};
use crate::http::protocol::href::push_encoded;
use crate::http::protocol::multipart::FILES;
use crate::library::Entry;
use crate::model::{EntryPath, Timestamp};
use crate::net::ResponseBody;
use crate::sharing::Visit;
use crate::text::Language;

/// What the page of a link shows.
pub(super) struct Shown<'a> {
    pub(super) visit: &'a Visit,
    /// Where forms go, as a path.
    pub(super) action: &'a str,
    /// The address of the link's page, without a final slash.
    pub(super) base: &'a str,
    /// The folder or file shown, from the link's own on.
    pub(super) path: &'a EntryPath,
    pub(super) entry: &'a Entry,
    pub(super) may_read: bool,
    pub(super) may_add: bool,
    pub(super) rows: &'a [Row],
    pub(super) has_more: bool,
    /// What came of the form that was just sent.
    pub(super) received: Option<&'a Received>,
}

/// Why the password is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    WrongPassword,
    /// Files came without the password, or too long after it.
    NothingArrived,
}

/// The page on which the password is asked for.
pub(super) fn password(language: Language, action: &str, problem: Option<Problem>) -> Response<ResponseBody> {
    let words = words(language);
    let mut page = Page::narrow(language, words.password_title);
    page.paragraph(Tone::Plain, words.password_needed);
    match problem {
        None => {}
        Some(Problem::WrongPassword) => page.paragraph(Tone::Problem, words.wrong_password),
        Some(Problem::NothingArrived) => page.paragraph(Tone::Problem, words.nothing_arrived),
    }
    page.markup("<form method=\"post\"");
    page.attribute("action", action);
    page.markup(">\n");
    page.field(&Field {
        name: "password",
        label: words.password,
        kind: "password",
        autocomplete: "off",
        value: "",
        has_focus: true,
    });
    page.submit(words.show);
    page.markup("</form>\n");
    // Not 401, which without a challenge is none. Not 200: a browser would offer to store what was wrong.
    page.into_response(StatusCode::FORBIDDEN)
}

/// In place of a page for which it is too early by so many seconds.
pub(super) fn later(language: Language, is_busy: bool, seconds: u32) -> Response<ResponseBody> {
    let words = words(language);
    let mut page = Page::narrow(language, words.later_title);
    page.paragraph(Tone::Plain, &if is_busy { words.busy.to_owned() } else { (words.throttled)(seconds) });
    let mut response = page.into_response(StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// What came of a form, without anything else: the folder cannot be shown any more.
pub(super) fn received(language: Language, received: &Received) -> Response<ResponseBody> {
    let words = words(language);
    let mut page = Page::narrow(language, words.add_title);
    push_received(&mut page, words, received);
    page.into_response(received.status())
}

/// In place of the page of a link that is no more, or never was.
pub(super) fn gone(language: Language) -> Response<ResponseBody> {
    let words = words(language);
    let mut page = Page::narrow(language, words.gone_title);
    page.paragraph(Tone::Plain, words.gone);
    page.into_response(StatusCode::NOT_FOUND)
}

/// The page of a link that opened.
pub(super) fn link(language: Language, shown: &Shown<'_>) -> Response<ResponseBody> {
    let words = words(language);
    // Not the label, which is for who made the link; some programs put their own words there.
    let name = shown_name(&shown.entry.name);
    let mut page = match shown.may_read && shown.entry.is_folder() {
        true => Page::wide(language, &name),
        false => Page::narrow(language, &name),
    };
    if let Some(received) = shown.received {
        push_received(&mut page, words, received);
    }
    if shown.path.is_root() && !shown.visit.link.note.is_empty() {
        page.paragraph(Tone::Note, &shown.visit.link.note);
    }
    match (shown.may_read, shown.entry.is_folder()) {
        (true, true) => {
            folder::push_folder(&mut page, above(shown).as_deref(), shown.rows);
            if shown.has_more {
                page.paragraph(Tone::Plain, words.more);
            }
        }
        (true, false) => push_file(&mut page, words, shown),
        (false, _) => page.paragraph(Tone::Plain, words.drop),
    }
    if shown.may_add {
        push_form(&mut page, words, shown);
    }
    if let Some(end) = shown.visit.link.expires {
        // Until the first moment of a day, which therefore is none of its days.
        let last = Timestamp(end.0.saturating_sub(1));
        page.paragraph(Tone::Plain, &format!("{} {}.", words.valid_through, language.day(last)));
    }
    page.into_response(shown.received.map_or(StatusCode::OK, Received::status))
}

fn push_received(page: &mut Page, words: &Words, received: &Received) {
    if !received.stored.is_empty() {
        page.paragraph(Tone::Success, &(words.received)(received.stored.len()));
        page.markup("<ul>\n");
        for (name, size) in &received.stored {
            let size = page.language().size(*size);
            page.markup("<li>");
            page.text(&format!("{} ({size})", shown_name(name)));
            page.markup("</li>\n");
        }
        page.markup("</ul>\n");
    }
    if received.refused.is_empty() {
        return;
    }
    if let [(None, Refusal::NothingChosen)] = received.refused.as_slice() {
        return page.paragraph(Tone::Problem, words.nothing_chosen);
    }
    let all = received.stored.is_empty();
    page.paragraph(Tone::Problem, if all { words.not_received } else { words.not_all_received });
    page.markup("<ul>\n");
    for (name, refusal) in &received.refused {
        let reason = reason(words, *refusal);
        page.markup("<li>");
        match name {
            Some(name) => page.text(&format!("{}: {reason}", shown_name(name))),
            None => page.text(reason),
        }
        page.markup("</li>\n");
    }
    page.markup("</ul>\n");
}

fn reason(words: &Words, refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NothingChosen => words.nothing_chosen,
        Refusal::BadName => words.bad_name,
        Refusal::NoRoom => words.no_room,
        Refusal::Locked => words.busy_file,
        Refusal::Broken | Refusal::WrongLength => words.broken,
        Refusal::TooMany => words.too_many,
        Refusal::NoLonger => words.no_longer,
        Refusal::Failed => words.failed,
    }
}

fn push_file(page: &mut Page, words: &Words, shown: &Shown<'_>) {
    let language = page.language();
    let (size, changed) = (language.size(shown.entry.size), language.moment(shown.entry.modified));
    page.facts([(words.size, size.as_str()), (words.changed, changed.as_str())]);
    if shown.visit.link.hide_download {
        return;
    }
    let mut href = format!("{}/files/", shown.base);
    push_encoded(&mut href, &shown.entry.name);
    page.markup("<p><a class=\"button\"");
    page.attribute("href", &href);
    page.markup(">");
    page.text(words.download);
    page.markup("</a></p>\n");
}

/// The page of the folder above, if that is part of the link.
fn above(shown: &Shown<'_>) -> Option<String> {
    let (above, _) = shown.path.split_last()?;
    Some(if above.is_root() { shown.base.to_owned() } else { folder_href(shown.base, &above) })
}

/// The page of a folder in a link.
pub(super) fn folder_href(base: &str, path: &EntryPath) -> String {
    let mut href = format!("{base}/files/");
    for name in path.names() {
        push_encoded(&mut href, name.as_str());
        href.push('/');
    }
    href
}

fn push_form(page: &mut Page, words: &Words, shown: &Shown<'_>) {
    if shown.may_read {
        page.markup("<section class=\"narrow\">\n<h2>");
        page.text(words.add_title);
        page.markup("</h2>\n");
        page.paragraph(Tone::Plain, words.add);
    }
    page.markup("<form method=\"post\" enctype=\"multipart/form-data\"");
    page.attribute("action", shown.action);
    page.markup(">\n<label>");
    page.text(words.files);
    page.markup("\n<input type=\"file\"");
    page.attribute("name", FILES);
    page.markup(" multiple required></label>\n");
    page.submit(words.send);
    page.markup("</form>\n");
    page.paragraph(Tone::Plain, words.patience);
    if shown.may_read {
        page.markup("</section>\n");
    }
}
