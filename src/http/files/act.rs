//! Carries out the forms of a folder and of an entry.

use http::Response;

use super::choose::{GO, Load, NEW_FOLDER};
use super::outcome::{Done, Outcome, Problem, Typed};
use super::{Cabinet, Failure, Spot};
use crate::http::page::form::{Fields, field};
use crate::http::reply::see_other;
use crate::http::whole::to_its_end;
use crate::library::{Entry, LibraryError, Overwrite};
use crate::model::{Access, Depth, EntryName, EntryPath, VersionId};
use crate::net::ResponseBody;

/// Most entries that one form selects.
const MAX_SELECTED: usize = 1_000;

/// An action on entries.
enum Act {
    Delete,
    Move(Destination),
    Copy(Destination),
}

/// Where something goes.
struct Destination {
    access: Access,
    folder: EntryPath,
}

impl Cabinet<'_> {
    /// Carries out a form of a folder's page: makes a folder, or deletes, moves or copies the selected members.
    pub(super) async fn act_in(
        &self,
        spot: &Spot,
        folder: &Entry,
        form: &[u8],
    ) -> Result<Response<ResponseBody>, Failure> {
        let action = field(form, "do").unwrap_or_default();
        if action.as_str() == "folder" {
            return self.make_folder(spot, folder, form).await;
        }
        let all = Fields::of(form);
        let selected: Vec<_> = all.all("item").map(str::to_owned).collect();
        let typed = typed(form);
        if selected.is_empty() || selected.len() > MAX_SELECTED {
            let many = if selected.is_empty() { Problem::NothingChosen } else { Problem::TooManyChosen };
            return self.folder(spot, folder, &Outcome::refused(many, typed)).await;
        }
        if let Some(at) = field(form, GO) {
            let (load, new) = (Load { here: &spot.address(true), items: &selected }, field(form, NEW_FOLDER));
            return self.choose(&load, &at, new.as_deref().map(String::as_str)).await;
        }
        let act = match self.act_of(&action, &typed).await {
            Ok(act) => act,
            Err(problem) => return self.folder(spot, folder, &Outcome::refused(problem, typed)).await,
        };
        let (mut done, mut left) = (None, Vec::new());
        for name in selected {
            let entry = EntryName::parse(&name).map_err(LibraryError::from);
            let acted = match entry.and_then(|name| spot.child(name)) {
                Ok(entry) => self.act(&entry, &act).await,
                Err(error) => Err(self.problem(&error)),
            };
            match acted {
                Ok(did) => done = Some(did),
                Err(problem) => left.push((Some(name), problem)),
            }
        }
        match done {
            Some(done) if left.is_empty() => {
                Ok(see_other(&format!("{}?done={}", spot.address(true), done.word())))
            }
            done => self.folder(spot, folder, &Outcome { done, left, typed }).await,
        }
    }

    /// Carries out a form of the page about an entry.
    pub(super) async fn act_on(
        &self,
        spot: &Spot,
        entry: &Entry,
        form: &[u8],
    ) -> Result<Response<ResponseBody>, Failure> {
        let is_folder = entry.is_folder();
        if let Some(at) = field(form, GO) {
            let (load, new) = (Load { here: &spot.about(is_folder), items: &[] }, field(form, NEW_FOLDER));
            return self.choose(&load, &at, new.as_deref().map(String::as_str)).await;
        }
        let typed = typed(form);
        let above = spot.above().map(|folder| folder.address(true)).unwrap_or_default();
        let (acted, page) = match field(form, "do").unwrap_or_default().as_str() {
            "rename" => {
                let renamed = self.rename(spot, &typed.name).await;
                let page = renamed.as_ref().map(|renamed| format!("{}&", renamed.about(is_folder)));
                (
                    renamed.as_ref().map(|_| Done::Renamed).map_err(|problem| *problem),
                    page.unwrap_or_default(),
                )
            }
            "restore" => {
                let version = field(form, "version").and_then(|id| id.parse().ok().map(VersionId));
                let version = version.unwrap_or(VersionId(0));
                let library = &self.desk.context.services.library;
                let restored = library.restore_version(self.change(spot.access), &spot.path, version).await;
                let restored = restored.map(|_| Done::Restored).map_err(|error| self.problem(&error));
                (restored, format!("{}&", spot.about(is_folder)))
            }
            action => {
                let acted = match self.act_of(action, &typed).await {
                    Ok(act) => self.act(spot, &act).await,
                    Err(problem) => Err(problem),
                };
                (acted, format!("{above}?"))
            }
        };
        match acted {
            Ok(done) => Ok(see_other(&format!("{page}done={}", done.word()))),
            Err(problem) => self.about(spot, entry, &Outcome::refused(problem, typed)).await,
        }
    }

    async fn make_folder(
        &self,
        spot: &Spot,
        folder: &Entry,
        form: &[u8],
    ) -> Result<Response<ResponseBody>, Failure> {
        let typed = typed(form);
        let name = EntryName::parse(typed.name.trim()).map_err(LibraryError::from);
        let made = match name.and_then(|name| spot.child(name)) {
            Ok(new) => {
                let library = &self.desk.context.services.library;
                library.make_folder(self.change(spot.access), &new.path).await
            }
            Err(error) => Err(error),
        };
        match made {
            Ok(_) => Ok(see_other(&format!("{}?done={}", spot.address(true), Done::FolderMade.word()))),
            Err(error) => self.folder(spot, folder, &Outcome::refused(self.problem(&error), typed)).await,
        }
    }

    /// Gives an entry another name, and returns where it is then.
    async fn rename(&self, spot: &Spot, name: &str) -> Result<Spot, Problem> {
        let renamed = EntryName::parse(name).map_err(LibraryError::from);
        let renamed = renamed.and_then(|name| spot.above().ok_or(LibraryError::IsRoot)?.child(name));
        let renamed = renamed.map_err(|error| self.problem(&error))?;
        self.relocate(spot, &renamed.access, renamed.path.clone()).await?;
        Ok(renamed)
    }

    /// Deletes, moves or copies one entry.
    async fn act(&self, entry: &Spot, act: &Act) -> Result<Done, Problem> {
        let to = match act {
            Act::Delete => {
                let library = &self.desk.context.services.library;
                let deleted = library.delete(self.change(entry.access), &entry.path).await;
                return deleted.map(|()| Done::Deleted).map_err(|error| self.problem(&error));
            }
            Act::Move(to) | Act::Copy(to) => to,
        };
        let name = entry.path.names().last().cloned().ok_or(Problem::Denied)?;
        let end = to.folder.join(name).map_err(|error| self.problem(&error.into()))?;
        if matches!(act, Act::Move(_)) {
            return self.relocate(entry, &to.access, end).await.map(|()| Done::Relocated);
        }
        let (library, change) = (self.desk.context.services.library.clone(), self.change(entry.access));
        let (from, access) = (entry.path.clone(), to.access);
        let copied = to_its_end(async move {
            library.copy_entry(change, &from, &access, &end, Overwrite::Forbid, Depth::Infinity).await
        });
        copied.await.map(|_| Done::Copied).map_err(|error| self.problem(&error))
    }

    /// Gives an entry another place, another name, or both.
    async fn relocate(&self, entry: &Spot, access: &Access, end: EntryPath) -> Result<(), Problem> {
        let (library, change) = (self.desk.context.services.library.clone(), self.change(entry.access));
        let (from, access) = (entry.path.clone(), *access);
        let moved =
            to_its_end(
                async move { library.move_entry(change, &from, &access, &end, Overwrite::Forbid).await },
            );
        moved.await.map(drop).map_err(|error| self.problem(&error))
    }

    /// The action of a form's button on each entry.
    async fn act_of(&self, action: &str, typed: &Typed) -> Result<Act, Problem> {
        Ok(match action {
            "delete" => Act::Delete,
            "move" => Act::Move(self.destination_of(typed).await?),
            "copy" => Act::Copy(self.destination_of(typed).await?),
            _ => return Err(Problem::NothingChosen),
        })
    }

    /// The folder that a form names as the destination.
    async fn destination_of(&self, typed: &Typed) -> Result<Destination, Problem> {
        let space = EntryName::parse(&typed.space).map_err(|_| Problem::NoFolder)?;
        let access = self.access(&space).await.map_err(|_| Problem::NoFolder)?;
        let folder = typed.folder.trim().trim_matches('/');
        let folder = EntryPath::parse(folder).map_err(|error| self.problem(&error.into()))?;
        let library = &self.desk.context.services.library;
        match library.find(&access, &folder).await {
            Ok(found) if found.is_folder() => Ok(Destination { access, folder }),
            Ok(_) | Err(LibraryError::NotFound) => Err(Problem::NoFolder),
            Err(error) => Err(self.problem(&error)),
        }
    }
}

fn typed(form: &[u8]) -> Typed {
    let text = |name| field(form, name).map(|text| text.to_string()).unwrap_or_default();
    Typed { name: text("name"), space: text("space"), folder: text("folder") }
}
