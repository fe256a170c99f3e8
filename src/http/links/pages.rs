//! The pages of links.

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use maud::{Markup, html};

use super::receive::Received;
use crate::http::page::folder::{self, Row, shown_name};
use crate::http::page::script::{Script, UploadForm, UploadTerms, with_script};
use crate::http::page::{Field, Page, Width, facts, note, notice, problem, success};
use crate::http::protocol::href::push_encoded;
use crate::http::protocol::multipart::FILES;
use crate::http::refusal::Refusal;
use crate::library::{Entry, TreeFiles};
use crate::model::{EntryPath, Zone};
use crate::net::ResponseBody;
use crate::sharing::Visit;
use crate::text::{ArchiveTexts, BrowseTexts, HandInTexts, Language, LinkTexts};

/// Content of a link's page.
pub(super) struct Shown<'a> {
    pub(super) visit: &'a Visit,
    /// Path to which forms are sent.
    pub(super) action: &'a str,
    /// The address of the link's page, without a trailing slash.
    pub(super) base: &'a str,
    /// Path of the folder or file shown, starting at the linked entry.
    pub(super) path: &'a EntryPath,
    pub(super) entry: &'a Entry,
    pub(super) may_read: bool,
    pub(super) may_add: bool,
    pub(super) rows: &'a [Row],
    pub(super) has_more: bool,
    pub(super) whole: Whole,
    /// The office's time zone.
    pub(super) zone: &'a Zone,
    /// Result of the form that was just sent.
    pub(super) received: Option<&'a Received>,
}

/// How the page offers a folder with everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// Nothing.
    Unoffered,
    /// All of these files.
    Files(TreeFiles),
    /// They are too many.
    TooMany,
}

/// Why the page asks for the password again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    WrongPassword,
    /// Files arrived without the password, or too long after it.
    NothingArrived,
}

/// The page that asks for the password.
pub(super) fn password(language: Language, action: &str, again: Option<Problem>) -> Response<ResponseBody> {
    let texts = LinkTexts(language);
    let field = Field {
        name: "password",
        label: texts.password(),
        kind: "password",
        autocomplete: "off",
        value: "",
        has_focus: true,
    };
    let content = html! {
        p { (texts.password_needed()) }
        @match again {
            None => {},
            Some(Problem::WrongPassword) => (problem(texts.wrong_password())),
            Some(Problem::NothingArrived) => (problem(texts.files_not_arrived())),
        }
        form method="post" action=(action) {
            (field)
            button { (texts.open()) }
        }
    };
    // Not 401, which must have a challenge. Not 200: a browser would offer to store a wrong password.
    Page { language, width: Width::Narrow, title: texts.password_title(), content }
        .into_response(StatusCode::FORBIDDEN)
}

/// Shown if the guest must wait this number of seconds.
pub(super) fn later(language: Language, is_busy: bool, seconds: u32) -> Response<ResponseBody> {
    let (texts, wait) = (LinkTexts(language), language.wait(seconds));
    let text = if is_busy { texts.busy(&wait) } else { texts.throttled(&wait) };
    let mut response = notice(language, StatusCode::TOO_MANY_REQUESTS, texts.later_title(), &text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The result of a form without anything else, because the folder can no longer be shown.
pub(super) fn received(language: Language, received: &Received) -> Response<ResponseBody> {
    let (title, content) = (LinkTexts(language).add_title(), arrivals(language, received));
    Page { language, width: Width::Narrow, title, content }.into_response(received.status())
}

/// In place of the page of a link that ended, that is dead, or that never existed: the same for all.
pub(super) fn gone(language: Language) -> Response<ResponseBody> {
    let texts = LinkTexts(language);
    notice(language, StatusCode::NOT_FOUND, texts.gone_title(), texts.gone())
}

/// The page of an open link.
pub(super) fn link(language: Language, shown: &Shown<'_>) -> Response<ResponseBody> {
    let texts = LinkTexts(language);
    let is_listed = shown.may_read && shown.entry.is_folder();
    let last = shown.visit.link.expires.map(|end| language.day(shown.zone.last_day(end)));
    let content = html! {
        @if let Some(received) = shown.received { (arrivals(language, received)) }
        @if shown.path.is_root() && !shown.visit.link.note.is_empty() { (note(&shown.visit.link.note)) }
        @match (shown.may_read, shown.entry.is_folder()) {
            (true, true) => {
                div data-part="whole" { (whole_folder(language, shown)) }
                div data-part="members" {
                    (folder::members((language, shown.zone), above(shown).as_deref(), shown.rows, BrowseTexts(language).empty()))
                    @if shown.has_more { p { (texts.more()) } }
                }
            },
            (true, false) => (file(language, shown)),
            (false, _) => {},
        }
        @if shown.may_add {
            section.narrow {
                h2 { (texts.add_title()) }
                p { (texts.add()) }
                (upload_form(language, shown))
            }
        }
        @if let Some(last) = last { p { (texts.valid_through(&last)) } }
    };
    // Not the label, which is for the link's creator; some programs put their own words there.
    let title = shown_name(&shown.entry.name);
    let width = if is_listed { Width::Wide } else { Width::Narrow };
    let page = Page { language, width, title: &title, content }
        .into_response(shown.received.map_or(StatusCode::OK, Received::status));
    if shown.may_add { with_script(page, Script::Upload) } else { page }
}

/// Which files of a form were stored, and why others were not.
pub(super) fn arrivals(language: Language, received: &Received) -> Markup {
    html! { (stored(language, received, true)) (refused(language, received)) }
}

/// The same above a list that names the stored files.
pub(super) fn arrivals_above(language: Language, received: &Received) -> Markup {
    html! { (stored(language, received, false)) (refused(language, received)) }
}

/// That files arrived, and which.
fn stored(language: Language, received: &Received, with_names: bool) -> Markup {
    let count = received.stored.len();
    html! {
        @if count > 0 {
            @let arrived = LinkTexts(language).received(count);
            (success(if with_names { &arrived } else { arrived.trim_end_matches(':') }))
            @if with_names {
                ul {
                    @for (name, size) in &received.stored {
                        li { (shown_name(name)) " (" (language.size(*size)) ")" }
                    }
                }
            }
        }
    }
}

/// Which files did not, and why; system files that were left out are no loss.
fn refused(language: Language, received: &Received) -> Markup {
    let texts = LinkTexts(language);
    let lost: Vec<_> = received.refused.iter().filter(|(_, why)| *why != Refusal::LeftOut).collect();
    html! {
        @match lost.as_slice() {
            [] => {},
            [(None, Refusal::NothingChosen)] => (problem(texts.nothing_chosen())),
            lost => {
                (problem(if received.stored.is_empty() { texts.none_received() } else { texts.some_not_received() }))
                ul {
                    @for (name, refusal) in lost {
                        li {
                            @if let Some(name) = name { (shown_name(name)) ": " }
                            (refusal.sentence(language))
                        }
                    }
                }
            },
        }
    }
}

fn file(language: Language, shown: &Shown<'_>) -> Markup {
    let (texts, words) = (LinkTexts(language), BrowseTexts(language));
    let (size, changed) =
        (language.size(shown.entry.size), language.moment(shown.zone, shown.entry.modified));
    let mut href = format!("{}/files/", shown.base);
    push_encoded(&mut href, &shown.entry.name);
    html! {
        (facts(&[(words.size(), &size), (words.changed(), &changed)]))
        @if shown.visit.link.hide_download {
            p { (texts.no_download()) }
        } @else if shown.visit.link.counts_downloads() {
            (counted(language, shown, texts.download()))
        } @else {
            p { a.button href=(href) { (texts.download()) } }
        }
    }
}

/// The button that fetches a folder with everything below it.
fn whole_folder(language: Language, shown: &Shown<'_>) -> Markup {
    let texts = ArchiveTexts(language);
    let href = match shown.path.is_root() {
        true => format!("{}?zip", shown.base),
        false => format!("{}?zip", folder_href(shown.base, shown.path)),
    };
    html! {
        @match shown.whole {
            Whole::Files(files) if files.count > 0 => {
                @if shown.visit.link.counts_downloads() {
                    (counted(language, shown, texts.fetch_all()))
                } @else {
                    p { a.button rel="nofollow" href=(href) { (texts.fetch_all()) } }
                }
                p { (texts.files(files.count, &language.size(files.bytes))) }
            },
            Whole::TooMany => p { (texts.too_many()) },
            Whole::Files(_) | Whole::Unoffered => {},
        }
    }
}

/// The button of a link that counts its downloads, which programs that look at pages do not press.
fn counted(language: Language, shown: &Shown<'_>, button: &str) -> Markup {
    let (texts, link) = (LinkTexts(language), &shown.visit.link);
    let left = link.terms.uses.unwrap_or_default().saturating_sub(link.uses);
    html! {
        @if link.counts_downloads() && !link.hide_download {
            form method="post" action=(shown.base) {
                input type="hidden" name="do" value="fetch";
                button { (button) }
            }
            p { (texts.left(left)) }
        }
    }
}

/// In place of a download while the link's last one is under way.
pub(super) fn being_fetched(language: Language) -> Response<ResponseBody> {
    let texts = LinkTexts(language);
    notice(language, StatusCode::CONFLICT, texts.later_title(), texts.being_fetched())
}

/// The page of the parent folder, if that is part of the link.
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

fn upload_form(language: Language, shown: &Shown<'_>) -> Markup {
    let (texts, base, folder) = (LinkTexts(language), shown.base, shown.path.text());
    let mut list = format!("{base}/sending/list?folder=");
    push_encoded(&mut list, &folder);
    let link = &shown.visit.link;
    let members = (!link.hide_download && !link.counts_downloads()).then(|| folder_href(base, shown.path));
    let upload = UploadForm {
        endpoint: &format!("{base}/sending"),
        list: &list,
        folders: Some(&format!("{base}/sending/folder")),
        members: members.as_deref(),
        metadata: [("folder", folder.as_str())].into(),
        several: true,
        session: false,
        terms: UploadTerms::default(),
    };
    html! {
        form method="post" enctype="multipart/form-data" action=(shown.action) data-upload=(upload.attribute()) {
            label data-plain { (texts.choose_files()) input type="file" name=(FILES) multiple; }
            label data-plain {
                (HandInTexts(language).folder())
                input type="file" name=(FILES) multiple webkitdirectory;
            }
            button data-plain { (texts.send()) }
        }
        p data-plain { (texts.patience()) }
    }
}
