//! The pages of hand-ins.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::pages;
use super::receive::Received;
use crate::accounts::UserName;
use crate::http::page::folder::shown_name;
use crate::http::page::script::{Script, UploadForm, UploadTerms, with_script};
use crate::http::page::{Field, Page, Width, facts, known_facts, note, problem, qr};
use crate::http::protocol::multipart::{FILES, NAME};
use crate::http::refusal::Refusal;
use crate::model::{LinkTerms, Timestamp, Zone};
use crate::net::ResponseBody;
use crate::sharing::{HandIn, HandInError, HandInFile, HandInFileState, Handed, Visit};
use crate::text::{HandInTexts, Language, LinkTexts};

/// Most files that have arrived in part on the page that asks about them.
const MOST_UNDER_WAY: usize = 50;

/// The reader's language and the office's time zone.
pub(super) type Local<'a> = (Language, &'a Zone);

/// Content of the page of a link that only takes files in.
pub(super) struct Open<'a> {
    pub(super) visit: &'a Visit,
    pub(super) asked_by: Option<UserName>,
    pub(super) hand_in: Option<HandIn>,
    /// Result of the form that was just sent.
    pub(super) received: Option<&'a Received>,
    /// The address of the link's page.
    pub(super) base: &'a str,
    /// The address and the code for a second device.
    pub(super) second: Option<(String, String)>,
    /// The code that the address brings along.
    pub(super) given: &'a str,
}

/// The page of a link that takes files in.
pub(super) fn open((language, zone): Local<'_>, open: &Open<'_>, now: Timestamp) -> Response<ResponseBody> {
    let (texts, link) = (HandInTexts(language), &open.visit.link);
    let files = open.hand_in.as_ref().map_or(&[][..], |hand_in| &hand_in.files);
    let has_files = files.iter().any(HandInFile::is_kept);
    let content = html! {
        @if let Some(received) = open.received { (pages::arrivals_above(language, received)) }
        @if !link.note.is_empty() { (note(&link.note)) }
        (terms((language, zone), open.asked_by.as_ref(), &link.terms, link.expires))
        div data-part="sent" {
            @if let Some(hand_in) = &open.hand_in && !hand_in.files.is_empty() {
                section {
                    h2 { (texts.sent_title()) }
                    p { (if hand_in.refused() > 0 { texts.saved_partly() } else { texts.saved() }) }
                    (list((language, zone), hand_in, link.terms.own_folder, open.base, now))
                }
            }
        }
        section {
            h2 { (texts.choose_title()) }
            p { (texts.about()) }
            (upload(language, open))
        }
        div data-part="finish" {
            @if has_files {
                section {
                    h2 { (texts.finish_title()) }
                    p {
                        (texts.finish_about())
                        @if link.terms.uses == Some(1) { " " (texts.finish_once()) }
                    }
                    (action(open.base, "finish", None, texts.finish(), None))
                }
            }
        }
        div data-part="second" { (second_device(language, open.base, open.second.as_ref(), open.given)) }
    };
    let asked_by = open.asked_by.as_ref().filter(|_| link.terms.is_box);
    let title = match asked_by {
        Some(name) => texts.box_title(&shown_name(name.as_str())),
        None => shown_name(&open.visit.entry.name),
    };
    let status = open.received.map_or(StatusCode::OK, Received::status);
    let page = Page { language, width: Width::Narrow, title: &title, content }.into_response(status);
    with_script(page, Script::Upload)
}

/// The value of `data-upload` for a form of a link: where its files go, and what may still be sent. For a request, also the item,
/// and whether it takes several files; a request has an order of its own, without the folders of a device.
pub(super) fn upload_form(
    base: &str,
    terms: &LinkTerms,
    hand_in: Option<&HandIn>,
    for_request: Option<(Option<&str>, bool)>,
) -> String {
    let (count, bytes) = hand_in.map(HandIn::extent).unwrap_or_default();
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let folders = format!("{base}/sending/folder");
    let (item, several) = for_request.unwrap_or((None, true));
    let form = UploadForm {
        endpoint: &format!("{base}/sending"),
        list: &format!("{base}/sending/list"),
        folders: for_request.is_none().then_some(&folders),
        members: None,
        metadata: item.map(|item| ("item", item)).into_iter().collect(),
        several,
        session: false,
        terms: UploadTerms {
            types: &terms.types,
            files: terms.files.map(|most| most.saturating_sub(count)),
            bytes: terms.bytes.map(|most| most.saturating_sub(bytes)),
        },
    };
    form.attribute()
}

/// How a second device takes part: the address and the code for it, or the form for a code.
pub(super) fn second_device(
    language: Language,
    base: &str,
    second: Option<&(String, String)>,
    given: &str,
) -> Markup {
    let texts = HandInTexts(language);
    html! {
        @match second {
            Some((address, code)) => details {
                summary { (texts.other_device()) }
                p { (texts.other_device_code(code)) }
                (qr::picture(address))
            },
            None => details open[!given.is_empty()] {
                summary { (texts.join_title()) }
                p { (texts.join_about()) }
                form method="post" action=(base) {
                    input type="hidden" name="do" value="join";
                    label {
                        (texts.code())
                        input type="text" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false"
                            required maxlength="20" value=[(!given.is_empty()).then_some(given)];
                    }
                    button { (texts.join()) }
                }
            },
        }
    }
}

/// The page of a finished hand-in.
pub(super) fn finished(
    (language, zone): Local<'_>,
    handed: &Handed,
    base: &str,
    received: Option<&Received>,
    now: Timestamp,
) -> Response<ResponseBody> {
    let (texts, hand_in) = (HandInTexts(language), &handed.hand_in);
    let (count, bytes) = hand_in.extent();
    let extent = language.files(count, bytes);
    let finished = hand_in.finished.map(|at| language.moment(zone, at)).unwrap_or_default();
    let is_examined = hand_in.files.iter().any(|file| file.state == HandInFileState::Examined);
    let number = hand_in.id.0;
    let content = html! {
        @if let Some(received) = received { (pages::arrivals_above(language, received)) }
        p.success role="status" {
            (match hand_in.refused() {
                _ if !hand_in.is_complete => texts.closed(number),
                0 => texts.done(number),
                refused => texts.done_partly(number, count, refused),
            })
        }
        @if hand_in.is_late { p { (texts.late()) } }
        @if is_examined { p { (texts.checked_about()) } }
        (facts(&[(texts.finished_at(), &finished), (texts.count(), &extent)]))
        p { a.button href={ (base) "/receipt" } { (texts.receipt()) } }
        p { (texts.receipt_about()) }
        (list((language, zone), hand_in, handed.terms.own_folder, base, now))
        @if hand_in.may_withdraw(now) { p { (texts.withdraw_within()) } }
        @if handed.takes_more { (action(base, "again", None, texts.again(), None)) }
    };
    Page { language, width: Width::Narrow, title: texts.done_title(), content }
        .into_response(received.map_or(StatusCode::OK, Received::status))
}

/// In place of the result of a form.
pub(super) fn not_done(
    language: Language,
    error: &HandInError,
    base: &str,
    status: StatusCode,
) -> Response<ResponseBody> {
    let texts = HandInTexts(language);
    let text = match error {
        HandInError::Empty => texts.nothing_yet(),
        HandInError::UsedUp => texts.used_up(),
        HandInError::TooLateToWithdraw => texts.too_late(),
        HandInError::WrongCode => texts.wrong_code(),
        _ => texts.failed(),
    };
    let content = html! {
        (problem(text))
        p { a href=(base) { (LinkTexts(language).back()) } }
    };
    Page { language, width: Width::Narrow, title: texts.not_done_title(), content }.into_response(status)
}

/// The page that asks whether a hand-in is to end without the files that have arrived in part: names and percentages.
pub(super) fn under_way(language: Language, files: &[(String, u64)], base: &str) -> Response<ResponseBody> {
    let texts = HandInTexts(language);
    let content = html! {
        (problem(texts.under_way()))
        ul {
            @for (name, percent) in files.iter().take(MOST_UNDER_WAY) {
                li { (shown_name(name)) ": " (percent) " %" }
            }
        }
        p { (texts.under_way_about()) }
        p { a.button href=(base) { (texts.go_on_sending()) } }
        (action(base, "finish-without", None, texts.finish_without(), None))
    };
    Page { language, width: Width::Narrow, title: texts.under_way_title(), content }
        .into_response(StatusCode::CONFLICT)
}

/// Why a chosen password was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusedPassword {
    Weak,
    /// The second field holds another one.
    Different,
}

/// The page on which the first guest chooses the link's password.
pub(super) fn choose_password(
    language: Language,
    action: &str,
    refused: Option<RefusedPassword>,
) -> Response<ResponseBody> {
    let texts = HandInTexts(language);
    // Twice: the office could not tell a mistyped password.
    let fields = [("new-password", texts.new_password()), ("again", texts.password_again())];
    let fields = fields.map(|(name, label)| Field {
        name,
        label,
        kind: "password",
        autocomplete: "new-password",
        value: "",
        has_focus: name == "new-password",
    });
    let content = html! {
        p { (texts.choose_password()) }
        @match refused {
            Some(RefusedPassword::Weak) => (problem(texts.weak_password())),
            Some(RefusedPassword::Different) => (problem(texts.different_passwords())),
            None => {},
        }
        form method="post" action=(action) {
            input type="hidden" name="do" value="choose-password";
            @for field in &fields { (field) }
            button { (texts.save_password()) }
        }
    };
    // Not 200: a browser would offer to store a password that was refused.
    Page { language, width: Width::Narrow, title: texts.choose_password_title(), content }
        .into_response(StatusCode::FORBIDDEN)
}

/// The person who asks, the dates, and the limits.
pub(super) fn terms(
    (language, zone): Local<'_>,
    asked_by: Option<&UserName>,
    terms: &LinkTerms,
    expires: Option<Timestamp>,
) -> Markup {
    let texts = HandInTexts(language);
    let last = |end: Timestamp| language.day(zone.last_day(end));
    let mut takes = Vec::new();
    if !terms.types.is_empty() {
        takes.push(terms.types.iter().map(|ending| ending.to_uppercase()).collect::<Vec<_>>().join(", "));
    } else if terms.files.is_some() || terms.bytes.is_some() {
        takes.push(texts.all_types().to_owned());
    }
    takes.extend(terms.files.map(|count| texts.most_files(count)));
    takes.extend(terms.bytes.map(|bytes| texts.most_bytes(&language.size(bytes))));
    known_facts(&[
        (
            if terms.is_box { texts.sent_to() } else { texts.asked_by() },
            asked_by.map(|name| name.as_str().to_owned()),
        ),
        (texts.deadline(), terms.deadline.map(last)),
        (texts.open_until(), expires.map(last)),
        (texts.takes(), Some(takes.join("; ")).filter(|takes| !takes.is_empty())),
    ])
}

fn list(local: Local<'_>, hand_in: &HandIn, has_folder: bool, base: &str, now: Timestamp) -> Markup {
    let rows: Vec<_> = hand_in.files.iter().map(|file| (file, Withdrawal::of(hand_in, now))).collect();
    files(local, &rows, has_folder, base)
}

/// Whether a file can be taken back, as far as that depends on the time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Withdrawal {
    No,
    /// At once: the person can send it again.
    Yes,
    /// In two steps: the receipt names it.
    Finished,
}

impl Withdrawal {
    pub(super) fn of(hand_in: &HandIn, now: Timestamp) -> Self {
        match hand_in.may_withdraw(now) {
            false => Self::No,
            true if hand_in.finished.is_some() => Self::Finished,
            true => Self::Yes,
        }
    }
}

/// Files with their states.
pub(super) fn files(
    (language, zone): Local<'_>,
    rows: &[(&HandInFile, Withdrawal)],
    has_folder: bool,
    base: &str,
) -> Markup {
    let texts = HandInTexts(language);
    html! {
        ul.files {
            @for (file, withdrawal) in rows {
                @let name = shown_name(&file.path);
                li {
                    span.name { (name) }
                    span.size { @if file.is_kept() { (language.size(file.size)) } }
                    span.state { (state((language, zone), file, has_folder)) }
                    @let form = action(base, "withdraw", Some(file.id.0), texts.withdraw(), Some(&texts.withdraw_file(&name)));
                    @match withdrawal {
                        Withdrawal::Yes if is_withdrawable(file) => (form),
                        Withdrawal::Finished if is_withdrawable(file) => details {
                            summary aria-label=(texts.withdraw_file(&name)) { (texts.withdraw()) }
                            p { (texts.withdraw_finished()) }
                            (form)
                        },
                        _ => {},
                    }
                }
            }
        }
    }
}

fn is_withdrawable(file: &HandInFile) -> bool {
    matches!(file.state, HandInFileState::Arrived | HandInFileState::Examined)
}

fn state((language, zone): Local<'_>, file: &HandInFile, has_folder: bool) -> String {
    let (texts, clock) = (HandInTexts(language), language.clock(zone, file.at));
    let state = match &file.state {
        HandInFileState::Arrived => texts.arrived(&clock),
        HandInFileState::Examined => texts.examined(&clock),
        HandInFileState::SetAside => texts.set_aside().to_owned(),
        HandInFileState::Gone => texts.gone().to_owned(),
        HandInFileState::Withdrawn => texts.withdrawn().to_owned(),
        HandInFileState::Refused(word) => return texts.refused(Refusal::of_word(word).sentence(language)),
    };
    // In a folder that others use, the number behind a name would tell of their files.
    let sent = file.path.rsplit('/').next().unwrap_or_default();
    match has_folder && file.stored_as != sent {
        true => format!("{state}, {}", texts.stored_as(&shown_name(&file.stored_as))),
        false => state,
    }
}

fn upload(language: Language, open: &Open<'_>) -> Markup {
    let (texts, hand_in) = (HandInTexts(language), open.hand_in.as_ref());
    let upload = upload_form(open.base, &open.visit.link.terms, hand_in, None);
    html! {
        form method="post" enctype="multipart/form-data" action=(open.base) data-upload=(upload) {
            @if hand_in.is_none() {
                @let is_box = open.visit.link.terms.is_box;
                label {
                    @if is_box { (texts.who_sends()) } @else { (texts.your_name()) }
                    input type="text" name=(NAME) maxlength="100" autocomplete="name" required[is_box];
                }
            }
            label data-plain { (texts.files()) input type="file" name=(FILES) multiple; }
            label data-plain { (texts.folder()) input type="file" name=(FILES) multiple webkitdirectory; }
            button data-plain { (texts.send()) }
        }
        p data-plain { (LinkTexts(language).patience()) }
    }
}

/// A form of one button.
pub(super) fn action(base: &str, word: &str, file: Option<i64>, text: &str, label: Option<&str>) -> Markup {
    html! {
        form method="post" action=(base) {
            input type="hidden" name="do" value=(word);
            @if let Some(file) = file { input type="hidden" name="file" value=(file); }
            button aria-label=[label] { (text) }
        }
    }
}
