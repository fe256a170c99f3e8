//! The page of a folder.

use http::Response;
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::outcome::Outcome;
use super::{Cabinet, Failure, Spot};
use crate::http::page::folder::shown_name;
use crate::http::page::form::field;
use crate::http::page::script::{Script, UploadForm, UploadTerms, with_script};
use crate::http::protocol::href::push_encoded;
use crate::http::protocol::multipart::{FILES, REPLACE};
use crate::intake::ViewKind;
use crate::library::{Detail, Entry, Listing};
use crate::model::Right;
use crate::net::ResponseBody;
use crate::text::{BrowseTexts, ViewTexts};

/// Members of a folder on one page, at least; the page ends with a whole part of the listing.
const ROWS: usize = 400;

impl Cabinet<'_> {
    /// The page of a folder, from the member after the one that the query names.
    pub(super) async fn folder(
        &self,
        spot: &Spot,
        folder: &Entry,
        outcome: &Outcome,
    ) -> Result<Response<ResponseBody>, Failure> {
        let (library, now) = (&self.desk.context.services.library, self.desk.context.info.received);
        let after = field(self.desk.query().as_bytes(), "after").map(|key| key.to_string());
        let is_first = after.is_none();
        let (mut members, mut next) = (Vec::new(), after);
        loop {
            let Listing { members: more, next: rest, .. } =
                library.list_with(&spot.access, folder.id, next, &Detail::NONE, now).await?;
            members.extend(more.into_iter().map(|member| member.entry));
            next = rest;
            if next.is_none() || members.len() >= ROWS {
                break;
            }
        }
        let (texts, here) = (self.texts(), spot.address(true));
        let may_write = spot.may_write();
        let content = html! {
            (self.trail(spot, true))
            (self.above(outcome))
            @if may_write {
                (self.upload_form(spot, &here, members.is_empty()))
                (self.folder_form(&here, &outcome.typed.name))
            }
            div data-part="members" {
                @if members.is_empty() { (self.nothing(spot, folder).await?) } @else {
                    form method="post" action=(here) {
                        (self.desk.token())
                        (self.table(&here, &members, may_write))
                        @if may_write { (self.with_selected(spot, outcome).await?) }
                    }
                }
            }
            nav.paging aria-label=(texts.more_about(&spot.name())) {
                @if let Some(next) = &next {
                    a rel="next" href={ "?after=" (utf8_percent_encode(next, NON_ALPHANUMERIC)) } { (texts.next()) }
                }
                @if !is_first { a href=(here) { (texts.first()) } }
                @if !spot.path.is_root() { a href=(spot.about(true)) { (texts.more_about(&spot.name())) } }
                @if !members.is_empty() { a href={ (here) "?zip" } { (texts.archive()) } }
                (self.link_here(spot, true))
                a href=(spot.trash()) { (texts.trash()) }
                @if spot.access.require(Right::Manage).is_ok() { a href=(spot.history(true)) { (texts.history()) } }
            }
        };
        let page = self.page(&spot.name(), &here, content, outcome.status());
        Ok(if may_write { with_script(page, Script::Upload) } else { page })
    }

    /// That a folder shows nothing: to those who decide about its held files, how many there are.
    async fn nothing(&self, spot: &Spot, folder: &Entry) -> Result<Markup, Failure> {
        let (texts, space) = (self.texts(), spot.access.space());
        let held = self.desk.context.services.intake.held_in(&spot.access, folder.id).await?;
        let words = match held {
            0 => return Ok(html! { p { (BrowseTexts(self.desk.language).empty()) } }),
            1 => texts.held_one().to_owned(),
            held => texts.held(held),
        };
        Ok(html! { p { a href={ "/holding?state=open&space=" (space) } { (words) } } })
    }

    fn table(&self, here: &str, members: &[Entry], may_write: bool) -> Markup {
        let columns = BrowseTexts(self.desk.language);
        html! {
            table.members {
                thead {
                    tr {
                        @if may_write { td.pick {} }
                        th scope="col" { (columns.name()) }
                        th.size scope="col" { (columns.size()) }
                        th.changed scope="col" { (columns.changed()) }
                        td.more {}
                    }
                }
                tbody {
                    @for member in members { tr { (self.row(here, member, may_write)) } }
                }
            }
        }
    }

    fn row(&self, here: &str, member: &Entry, may_write: bool) -> Markup {
        let (texts, views) = (self.texts(), ViewTexts(self.desk.language));
        let name = shown_name(&member.name);
        let mut href = here.to_owned();
        push_encoded(&mut href, &member.name);
        if member.is_folder() {
            href.push('/');
        }
        html! {
            @if may_write {
                td.pick { input type="checkbox" name="item" value=(member.name) aria-label=(texts.choose(&name)); }
            }
            td.name {
                @if member.is_readable {
                    a href=(href) { (name) @if member.is_folder() { "/" } }
                } @else {
                    (name) " " small { (texts.examined()) }
                }
            }
            td.size { @if !member.is_folder() { (self.desk.language.size(member.size)) } }
            td.changed { (self.desk.moment(member.modified)) }
            td.more {
                @if member.is_readable && !member.is_folder() && ViewKind::is_likely(&member.name) {
                    a href={ (href) "?view" } aria-label=(views.view_file(&name)) { (views.view()) } " "
                }
                a href={ (href) "?about" } aria-label=(texts.more_about(&name)) { (texts.more()) }
            }
        }
    }

    fn upload_form(&self, spot: &Spot, here: &str, is_open: bool) -> Markup {
        let (texts, folder) = (self.texts(), spot.path.text());
        let mut list = "/sending/list?space=".to_owned();
        push_encoded(&mut list, spot.space.as_str());
        list.push_str("&folder=");
        push_encoded(&mut list, &folder);
        let upload = UploadForm {
            endpoint: "/sending",
            list: &list,
            folders: Some("/sending/folder"),
            members: Some(here),
            metadata: [("space", spot.space.as_str()), ("folder", &folder)].into(),
            several: true,
            session: true,
            terms: UploadTerms::default(),
        };
        html! {
            details open[is_open] {
                summary { (texts.upload_title()) }
                form method="post" action=(here) enctype="multipart/form-data" data-upload=(upload.attribute()) {
                    (self.desk.token())
                    label.check { input type="checkbox" name=(REPLACE) value="yes"; span { (texts.replace()) } }
                    label data-plain { (texts.choose_files()) input type="file" name=(FILES) multiple; }
                    label data-plain { (texts.choose_folder()) input type="file" name=(FILES) multiple webkitdirectory; }
                    button data-plain { (texts.upload()) }
                }
            }
        }
    }

    fn folder_form(&self, here: &str, typed: &str) -> Markup {
        let texts = self.texts();
        html! {
            details open[!typed.is_empty()] {
                summary { (texts.folder_title()) }
                form method="post" action=(here) {
                    (self.desk.token())
                    label { (texts.folder_name()) input type="text" name="name" value=(typed) required autocomplete="off"; }
                    button.other name="do" value="folder" { (texts.make_folder()) }
                }
            }
        }
    }

    async fn with_selected(&self, spot: &Spot, outcome: &Outcome) -> Result<Markup, Failure> {
        let texts = self.texts();
        Ok(html! {
            details open[!outcome.typed.folder.is_empty()] {
                summary { (texts.selected_title()) }
                // The first button is what Enter presses in a line of the form.
                (self.destination(spot, outcome).await?)
                p { (texts.delete_about()) }
                button.other name="do" value="delete" { (texts.delete()) }
            }
        })
    }

    /// Where to move or copy something, with the buttons for both.
    pub(super) async fn destination(&self, spot: &Spot, outcome: &Outcome) -> Result<Markup, Failure> {
        let texts = self.texts();
        let spaces = self.writable_spaces().await?;
        let typed = outcome.typed.space.as_str();
        let chosen = if typed.is_empty() { spot.space.as_str() } else { typed };
        Ok(html! {
            label {
                (texts.to_space())
                select name="space" {
                    @for space in &spaces {
                        option value=(space) selected[space == chosen] { (shown_name(space)) }
                    }
                }
            }
            label {
                (texts.to_folder())
                input type="text" name="folder" value=(outcome.typed.folder) autocomplete="off";
                small { (texts.to_folder_about()) }
            }
            button.other name="do" value="move" { (texts.relocate()) }
            button.other name="do" value="copy" { (texts.copy()) } " "
            (self.choosing(spot))
        })
    }
}
