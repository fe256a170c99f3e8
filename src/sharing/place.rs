//! Where the files of a guest lie who works in a folder through a link.

use super::{Sharing, Visit};
use crate::library::{Change, LibraryError};
use crate::model::{Access, Conditions, EntryId, EntryPath, Timestamp};

impl Sharing {
    /// Decides where a file of a guest goes: into a folder of the link, below the folders that it has on the guest's device, which
    /// are made if they are missing. It replaces nothing: a file whose name is taken gets a number. The path begins at the right.
    ///
    /// Errors: `Denied` if the link takes no files, `NotFound` without the folder, `NameTaken` if a file has the name of a folder
    /// above, and those of making folders.
    pub async fn place_beside(
        &self,
        visit: &Visit,
        folder: &EntryPath,
        sent: &EntryPath,
        now: Timestamp,
    ) -> Result<(Change, EntryPath), LibraryError> {
        let (above, name) = sent.split_last().ok_or(LibraryError::NotFound)?;
        let name = name.clone();
        let lies_in = self.folder_of_guest(visit, folder, &above, now).await?;
        let access = visit.access.narrowed_to_adding(lies_in)?;
        Ok((change(visit, access, now), EntryPath::new(vec![name])?))
    }

    /// Makes a folder in a folder of the link, with those above it; one that exists is left as it is.
    ///
    /// Errors: those of [`Self::place_beside`].
    pub async fn make_folder(
        &self,
        visit: &Visit,
        folder: &EntryPath,
        new: &EntryPath,
        now: Timestamp,
    ) -> Result<(), LibraryError> {
        self.folder_of_guest(visit, folder, new, now).await.map(drop)
    }

    /// The mark of a guest's browser by which its uploads are known.
    pub fn browser_mark(&self, visit: &Visit, browser: &str) -> [u8; 32] {
        self.inner.keys.visit(visit.link.id, browser)
    }

    async fn folder_of_guest(
        &self,
        visit: &Visit,
        folder: &EntryPath,
        below: &EntryPath,
        now: Timestamp,
    ) -> Result<EntryId, LibraryError> {
        visit.access.scope_to_add()?;
        let library = &self.inner.library;
        let found = match folder.is_root() {
            true => visit.entry.clone(),
            false => library.find(&visit.access, folder).await?,
        };
        if !found.is_folder() {
            return Err(LibraryError::NotFound);
        }
        if below.is_root() {
            return Ok(found.id);
        }
        let whole = EntryPath::new(folder.names().iter().chain(below.names()).cloned().collect())?;
        let found = match library.find(&visit.access, &whole).await {
            Err(LibraryError::NotFound) => {
                library.make_folders(&change(visit, visit.access, now), &whole).await?;
                library.find(&visit.access, &whole).await
            }
            found => found,
        }?;
        if found.is_folder() { Ok(found.id) } else { Err(LibraryError::NameTaken) }
    }
}

fn change(visit: &Visit, access: Access, now: Timestamp) -> Change {
    Change { access, actor: visit.actor(), now, conditions: Conditions::default() }
}
