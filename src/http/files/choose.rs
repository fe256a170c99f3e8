//! The choice of a folder to move or copy something to: one walks through spaces and folders, in forms without a script.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::{Cabinet, Failure, Spot};
use crate::http::page::folder::shown_name;
use crate::http::page::{note, problem};
use crate::library::{Detail, Entry, LibraryError};
use crate::model::{Access, EntryName, EntryPath, Right};
use crate::net::ResponseBody;

/// Name of the field with the place to look at: a space and the path in it, or nothing for the list of spaces.
pub(super) const GO: &str = "go";
/// Name of the field with the name of a folder to make there.
pub(super) const NEW_FOLDER: &str = "new-folder";
/// Most folders that one page offers; the path of another one can be typed.
const MOST_OFFERED: usize = 200;
/// Most members of a folder, at least, among which folders are looked for.
const MOST_SEARCHED: usize = 2_000;

/// What is to be moved or copied, and from where.
pub(super) struct Load<'a> {
    /// The address to which the forms are sent.
    pub(super) here: &'a str,
    /// The names of selected members; empty for the entry that the address is about.
    pub(super) items: &'a [String],
}

impl Cabinet<'_> {
    /// The button that leads to the choice, beginning at the folder of an entry or at the folder itself.
    pub(super) fn choosing(&self, spot: &Spot) -> Markup {
        let at = place(&spot.space, &spot.path);
        html! { button.plain name=(GO) value=(at) { (self.texts().look_for_folder()) } }
    }

    /// The page of the choice at a place.
    pub(super) async fn choose(
        &self,
        load: &Load<'_>,
        at: &str,
        new_folder: Option<&str>,
    ) -> Result<Response<ResponseBody>, Failure> {
        let mut at = self.spot_at(at).await?;
        let mut refused = None;
        if let (Some(spot), Some(name)) = (&at, new_folder.map(str::trim).filter(|name| !name.is_empty())) {
            let made =
                match EntryName::parse(name).map_err(LibraryError::from).and_then(|name| spot.child(name)) {
                    Ok(new) => {
                        let library = &self.desk.context.services.library;
                        let made = library.make_folder(self.change(new.access), &new.path).await;
                        made.map(|_| new)
                    }
                    Err(error) => Err(error),
                };
            match made {
                Ok(new) => at = Some(new),
                Err(error) => refused = Some(self.problem(&error)),
            }
        }
        let texts = self.texts();
        let content = html! {
            @if let Some(refused) = refused { (problem(refused.sentence(texts))) }
            p { (self.load_named(load)) }
            form method="post" action=(load.here) {
                (self.carried(load))
                @match &at {
                    None => (self.spaces_to_choose().await?),
                    Some(spot) => (self.folders_to_choose(spot).await?),
                }
            }
            @if let Some(spot) = at.as_ref().filter(|spot| spot.may_write()) { (self.new_folder_at(load, spot)) }
            p { a href=(load.here) { (texts.choose_cancel()) } }
        };
        let status = if refused.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
        Ok(self.page(texts.choose_title(), load.here, content, status))
    }

    fn load_named(&self, load: &Load<'_>) -> String {
        match load.items {
            [] => self.texts().choose_for_one().to_owned(),
            [one] => shown_name(one),
            items => self.texts().choose_for(items.len()),
        }
    }

    /// A place that the person may write to; `None` for the list of spaces.
    async fn spot_at(&self, at: &str) -> Result<Option<Spot>, Failure> {
        if at.is_empty() {
            return Ok(None);
        }
        let (space, path) = at.split_once('/').unwrap_or((at, ""));
        let space = EntryName::parse(space).map_err(LibraryError::from)?;
        let path = EntryPath::parse(path).map_err(LibraryError::from)?;
        let spot = Spot { access: self.access(&space).await?, space, path };
        let found = self.desk.context.services.library.find(&spot.access, &spot.path).await?;
        match found.is_folder() {
            true => Ok(Some(spot)),
            false => Ok(spot.above()),
        }
    }

    async fn spaces_to_choose(&self) -> Result<Markup, Failure> {
        let spaces = self.writable_spaces().await?;
        Ok(html! {
            ul.items { @for name in &spaces { li {
                button.plain name=(GO) value=(name) { (shown_name(name)) }
            } } }
        })
    }

    async fn folders_to_choose(&self, spot: &Spot) -> Result<Markup, Failure> {
        let texts = self.texts();
        let (folders, is_cut) = self.folders_in(spot).await?;
        let above = spot.above().map(|above| place(&above.space, &above.path)).unwrap_or_default();
        let here = place(&spot.space, &spot.path);
        Ok(html! {
            p.where { (shown_name(&here)) }
            p { button.plain name=(GO) value=(above) {
                (if spot.path.is_root() { texts.choose_space() } else { texts.choose_above() })
            } }
            @if folders.is_empty() { p { (texts.choose_none()) } } @else {
                ul.items { @for name in &folders { li {
                    button.plain name=(GO) value=(format!("{here}/{name}")) { (shown_name(name)) }
                } } }
            }
            @if is_cut { (note(texts.choose_cut())) }
            @if spot.may_write() {
                input type="hidden" name="space" value=(spot.space.as_str());
                input type="hidden" name="folder" value=(spot.path.text());
                p {
                    button name="do" value="move" { (texts.move_here()) } " "
                    button.other name="do" value="copy" { (texts.copy_here()) }
                }
            }
        })
    }

    /// A form of its own, so that Enter in its line makes the folder.
    fn new_folder_at(&self, load: &Load<'_>, spot: &Spot) -> Markup {
        let texts = self.texts();
        html! {
            details {
                summary { (texts.new_folder_here()) }
                form method="post" action=(load.here) {
                    (self.carried(load))
                    label { (texts.new_name()) input type="text" name=(NEW_FOLDER) required maxlength="255" autocomplete="off"; }
                    button.other name=(GO) value=(place(&spot.space, &spot.path)) { (texts.make_folder()) }
                }
            }
        }
    }

    /// The fields that go along from page to page.
    fn carried(&self, load: &Load<'_>) -> Markup {
        html! {
            (self.desk.token())
            @for item in load.items { input type="hidden" name="item" value=(item); }
        }
    }

    /// The folders in a folder, by name, and whether there may be more.
    async fn folders_in(&self, spot: &Spot) -> Result<(Vec<String>, bool), Failure> {
        let (library, now) = (&self.desk.context.services.library, self.desk.context.info.received);
        let folder = library.find(&spot.access, &spot.path).await?;
        let (mut folders, mut seen, mut next) = (Vec::new(), 0, None);
        loop {
            let listing = library.list_with(&spot.access, folder.id, next, &Detail::NONE, now).await?;
            seen += listing.members.len();
            let found = listing.members.into_iter().map(|member| member.entry);
            folders.extend(found.filter(Entry::is_folder).map(|entry| entry.name));
            next = listing.next;
            let is_full = folders.len() > MOST_OFFERED;
            if next.is_none() || is_full || seen >= MOST_SEARCHED {
                folders.truncate(MOST_OFFERED);
                return Ok((folders, is_full || next.is_some()));
            }
        }
    }

    /// The names of the spaces that the person may write to.
    pub(super) async fn writable_spaces(&self) -> Result<Vec<String>, Failure> {
        let spaces = self.desk.context.services.library.spaces().await?;
        let may_write = |access: &&Access| access.require(Right::Write).is_ok();
        let is_writable = |id| self.desk.accesses.iter().filter(may_write).any(|access| access.space() == id);
        Ok(spaces.into_iter().filter(|space| is_writable(space.id)).map(|space| space.name).collect())
    }
}

fn place(space: &EntryName, path: &EntryPath) -> String {
    match path.is_root() {
        true => space.as_str().to_owned(),
        false => format!("{space}/{}", path.text()),
    }
}
