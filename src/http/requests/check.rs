//! An item of a request with the picture of a file beside the form for the decision. After a decision the next
//! waiting item follows.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::act::trouble;
use super::address::{check_item, of_request};
use super::one::{Told, sign, to_check};
use super::sent::{Sent, Trouble, choices};
use super::{Failure, Requests};
use crate::http::page::form::field;
use crate::http::page::script::{Script, with_script};
use crate::http::page::{Page, Width, known_facts, note, problem, success};
use crate::http::reply::see_other;
use crate::http::viewer::{self, Frame, Looked, Subject};
use crate::library::LibraryError;
use crate::model::{EntryName, HandInFileId, ItemId, ItemState, RequestId, Shown};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::{ItemShown, MAX_REASON, RequestError, RequestFile, RequestShown};
use crate::text::{RequestTexts, ViewTexts};

/// Where a person is in a request.
struct Place<'a> {
    request: &'a RequestShown,
    item: &'a ItemShown,
    /// The place of the item in the request, from 0.
    at: usize,
    /// The place of the file among those of the item, from 0; none if it has no file.
    file: usize,
    /// The page of the file, from 1.
    page: u32,
}

impl Requests<'_> {
    /// The way to the first item that waits.
    pub(super) async fn first_to_check(&self, id: RequestId) -> Result<Response<ResponseBody>, Failure> {
        let request = self.desk.context.services.sharing.request(&self.rights, id).await?;
        Ok(see_other(&match to_check(&request).next() {
            Some(item) => check_item(id, item.row.id),
            None => format!("{}?done=checked", of_request(id)),
        }))
    }

    /// The page of an item with one of its files.
    pub(super) async fn check(
        &self,
        id: RequestId,
        item: ItemId,
        told: &Told,
    ) -> Result<Response<ResponseBody>, Failure> {
        let request = self.desk.context.services.sharing.request(&self.rights, id).await?;
        let at = request.items.iter().position(|one| one.row.id == item).ok_or(RequestError::NoSuchItem)?;
        let item = request.items.get(at).ok_or(RequestError::NoSuchItem)?;
        let query = self.desk.query().as_bytes();
        let number = |name: &str| field(query, name).and_then(|number| number.parse().ok());
        let wanted = number("file").map(HandInFileId);
        let file = match wanted {
            None => 0,
            Some(wanted) => {
                let is_wanted = |file: &RequestFile| file.row.id == wanted;
                item.files.iter().position(is_wanted).ok_or(RequestError::NoSuchItem)?
            }
        };
        let page = number("page").map_or(Ok(1), u32::try_from).unwrap_or(0);
        let place = Place { request: &request, item, at, file, page };
        let texts = self.one_texts();
        let judged = number("judged").map(ItemId);
        let judged = judged.and_then(|id| request.items.iter().find(|one| one.row.id == id));
        let content = html! {
            p.trail { a href=(of_request(id)) { (Shown(&request.row.title)) } }
            @if let Told::Refused(sent) = told { (problem(match sent.trouble {
                Trouble::Reasons => texts.reasons_missing(),
                Trouble::Changed(_) => texts.changed_meanwhile(),
                _ => texts.nothing_chosen(),
            })) }
            // The address alone is no proof.
            @if let Some(judged) = judged.filter(|judged| !judged.row.state.is_to_check()) {
                (success(&self.check_texts().done(&self.titled(&judged.row))))
                p { a href=(check_item(id, judged.row.id)) { (self.check_texts().again()) } }
            }
            // The file first: on a phone it is to be seen without scrolling.
            div.beside.checking {
                div { (self.file_shown(&place).await?) }
                div { (self.way(&place)) (self.decision(&place, told)) }
            }
        };
        let status = told.sent().map_or(StatusCode::OK, Sent::status);
        let title = self.titled(&item.row);
        let page = Page { language: self.desk.language, width: Width::Full, title: &title, content };
        let bar = self.desk.bar(self.here());
        Ok(with_script(page.below(&bar, status), Script::Keys))
    }

    /// Carries out the form of an item, and leads to the next one that waits.
    pub(super) async fn check_act(
        &self,
        id: RequestId,
        item: ItemId,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        let here = check_item(id, item);
        let form = match self.form_of(&here, body).await {
            Ok(form) => form,
            Err(response) => return Ok(response),
        };
        let mut choices = choices(&form);
        choices.retain(|chosen, _| *chosen == item);
        if let Err(error) = self.judge(id, &choices).await {
            let trouble = trouble(error)?;
            let sent = Sent { choices, ..Sent::of(trouble) };
            return self.check(id, item, &Told::Refused(sent)).await;
        }
        let request = self.desk.context.services.sharing.request(&self.rights, id).await?;
        let place = request.items.iter().position(|one| one.row.id == item).unwrap_or(0);
        Ok(see_other(&match next_to_check(&request, place) {
            Some(next) => format!("{}?judged={item}", check_item(id, next.row.id)),
            None => format!("{}?done=checked", of_request(id)),
        }))
    }

    /// Where the item is in its request, and the way to others.
    fn way(&self, place: &Place<'_>) -> Markup {
        let texts = self.check_texts();
        let Place { request, at, .. } = place;
        let (id, left) = (request.row.id, to_check(request).count());
        let back = at.checked_sub(1).and_then(|before| request.items.get(before));
        let next = next_to_check(request, *at).filter(|next| next.row.id != place.item.row.id);
        html! {
            p {
                (texts.place(at + 1, request.items.len()))
                @if left > 0 { ", " (texts.left(left)) }
            }
            nav.paging aria-label=(texts.other_items()) {
                @if let Some(back) = back {
                    a href=(check_item(id, back.row.id)) data-key="b" { (texts.back()) }
                }
                @if let Some(next) = next {
                    a href=(check_item(id, next.row.id)) data-key="s" { (texts.skip()) }
                }
                a href=(of_request(id)) { (texts.to_request()) }
            }
        }
    }

    /// The file, with the way to the others of its item.
    async fn file_shown(&self, place: &Place<'_>) -> Result<Markup, Failure> {
        let (texts, views) = (self.check_texts(), ViewTexts(self.desk.language));
        let Some(file) = place.item.files.get(place.file) else { return Ok(note(texts.no_file())) };
        let (id, item) = (place.request.row.id, place.item.row.id);
        let of = |file: &RequestFile| format!("{}?file={}", check_item(id, item), file.row.id);
        let before = place.file.checked_sub(1).and_then(|before| place.item.files.get(before));
        let name = Shown(&file.row.path).to_string();
        let shown = self.looked(place.request, file, place.page).await?;
        Ok(html! {
            @if place.item.files.len() > 1 {
                nav aria-label=(texts.files()) {
                    div.choice { @for one in &place.item.files {
                        a href=(of(one)) aria-current=[(one.row.id == file.row.id).then_some("page")] { (Shown(&one.row.path)) }
                    } }
                    div.pages {
                        @if let Some(before) = before {
                            a href=(of(before)) data-key="Shift+ArrowLeft" { (views.previous_file()) }
                        }
                        @if let Some(after) = place.item.files.get(place.file + 1) {
                            a href=(of(after)) data-key="Shift+ArrowRight" { (views.next_file()) }
                        }
                    }
                }
            }
            @match shown {
                Some((looked, address)) => {
                    @let frame = Frame { language: self.desk.language, name: &name, file: &address, version: None };
                    (frame.show(&looked, |number| format!("{}&page={number}", of(file))))
                },
                None => (note(&texts.missing(self.missing(file)))),
            }
        })
    }

    /// The view of a file, with its address below the pages of files; `None` if it is not there or withheld.
    async fn looked(
        &self,
        request: &RequestShown,
        file: &RequestFile,
        page: u32,
    ) -> Result<Option<(Looked, String)>, Failure> {
        let access = self.rights.iter().find(|access| access.space() == request.row.space);
        let (Some(path), Some(access)) = (&file.path, access) else { return Ok(None) };
        let space = EntryName::parse(&self.space_name(request.row.space)).map_err(LibraryError::from)?;
        let by = self.desk.principal().stamp(self.now());
        let subject = Subject { access, path, version: None };
        match viewer::look(self.desk.context, subject, page, by).await {
            Ok((looked, _)) => Ok(Some((looked, viewer::address_of(&space, path)))),
            Err(error) if error.is_refusal() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The item, the file and the form.
    fn decision(&self, place: &Place<'_>, told: &Told) -> Markup {
        let (texts, checks) = (self.one_texts(), self.check_texts());
        let Place { request, item, .. } = place;
        let (id, row) = (request.row.id, &item.row);
        let file = item.files.get(place.file);
        html! {
            p class={ "state " (row.state) } { (sign(row.state)) " " (self.state(item)) }
            @for comment in &item.comments {
                (self.said(request, comment))
            }
            @if let Some(file) = file {
                (known_facts(&[
                    (checks.file(), Some(Shown(&file.row.path).to_string())),
                    (checks.size(), Some(self.desk.language.size(file.row.size))),
                    (checks.came(), Some(self.desk.moment(file.row.at))),
                ]))
                @if file.path.is_some() {
                    p { a href={ (of_request(id)) "/file/" (file.row.id) } { (checks.download()) } }
                }
            }
            @if request.row.closed.is_none() { (self.check_form(id, item, told.sent())) }
            (viewer::keys(self.desk.language, &[
                ("A", texts.accept()),
                ("R", checks.key_reject()),
                ("S", checks.skip()),
                ("B", checks.back()),
            ]))
        }
    }

    fn check_form(&self, id: RequestId, item: &ItemShown, sent: Option<&Sent>) -> Markup {
        let (texts, row) = (self.one_texts(), &item.row);
        let (name, decides) = (format!("judge-{}", row.id), decides(row.state, texts));
        let reason = sent.and_then(|sent| sent.about(row.id)).map_or("", |typed| typed.reason.as_str());
        let lacks = sent.is_some_and(|sent| sent.lacks_reason(row.id));
        html! {
            form.decide method="post" action=(check_item(id, row.id)) {
                (self.desk.token())
                input type="hidden" name={ "seen-" (row.id) } value=(item.seen());
                @if let Some(undo) = decides.undo {
                    button name=(name) value="undo" { (undo) }
                }
                @if let Some(accept) = decides.accept {
                    button name=(name) value="accept" data-key="a" { (accept) }
                }
                @if decides.may_reject {
                    label { (texts.reason())
                        textarea name={ "reason-" (row.id) } rows="3" maxlength=(MAX_REASON) data-key="r"
                            aria-invalid=[lacks.then_some("true")]
                            aria-describedby=[lacks.then(|| format!("reason-{}", row.id))] { (reason) }
                    }
                    @if lacks { p.problem id={ "reason-" (row.id) } { (texts.reason_missing()) } }
                    button.second name=(name) value="reject" { (texts.reject()) }
                }
            }
        }
    }
}

/// The decisions that there are about an item.
struct Decides {
    undo: Option<&'static str>,
    accept: Option<&'static str>,
    may_reject: bool,
}

fn decides(state: ItemState, texts: RequestTexts) -> Decides {
    let (undo, accept, may_reject) = match state {
        ItemState::Open => (None, Some(texts.accept_open()), false),
        ItemState::HandedIn => (None, Some(texts.accept()), true),
        ItemState::DoesNotApply => (None, Some(texts.accept_declined()), true),
        ItemState::Accepted => (Some(texts.undo()), None, true),
        ItemState::Rejected => (Some(texts.undo()), Some(texts.accept()), false),
    };
    Decides { undo, accept, may_reject }
}

/// The item that waits next after a place, from the beginning again at the end.
fn next_to_check(request: &RequestShown, at: usize) -> Option<&ItemShown> {
    let (before, after) = request.items.split_at_checked(at + 1)?;
    after.iter().chain(before).find(|item| item.row.state.is_to_check())
}
