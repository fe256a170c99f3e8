//! Folders of a hand-in that have no file.

use super::HandInError;
use super::store::MAX_FOLDERS;
use crate::catalog::WriteTx;
use crate::library::LibraryError;
use crate::model::{EntryPath, Timestamp};
use crate::sharing::{Sharing, Visit};

/// Most folders without a file that one hand-in makes, each with the missing ones above it; at most as many as its link takes files.
const MAX_EMPTY_FOLDERS: u32 = 500;

impl Sharing {
    /// Makes a folder of a browser's hand-in that will have no file, as the person's device has it. One that exists is left as it
    /// is. A folder alone is nothing to hand in, so it begins none.
    ///
    /// Errors: `NoSuchHandIn` before the first file and for a request, which has an order of its own; `Finished`, `TooMuch`, and
    /// those of making folders.
    pub async fn make_hand_in_folder(
        &self,
        visit: &Visit,
        browser: &str,
        path: &EntryPath,
        now: Timestamp,
    ) -> Result<(), HandInError> {
        visit.access.scope_to_add().map_err(LibraryError::from)?;
        let link = visit.link.id;
        let hmac = self.inner.keys.visit(link, browser);
        let row = self.inner.catalog.read(move |tx| tx.hand_in_of(&hmac, link)).await?;
        let row = row.filter(|_| visit.link.request.is_none()).ok_or(HandInError::NoSuchHandIn)?;
        if row.finished.is_some() {
            return Err(HandInError::Finished);
        }
        if path.names().len() > MAX_FOLDERS {
            return Err(LibraryError::NotFound.into());
        }
        let path = path.legible();
        if self.has_folder(visit, &row, &path, now).await? {
            return Ok(());
        }
        let most = visit.link.terms.files.map_or(MAX_EMPTY_FOLDERS, |files| files.min(MAX_EMPTY_FOLDERS));
        let id = row.id;
        let count = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let is_counted = tx.count_hand_in_folder(id, most)?;
            if is_counted { Ok(()) } else { Err(HandInError::TooMuch) }
        };
        self.inner.catalog.write_silent("the folder itself is the event", count).await?;
        self.folder_for(visit, &row, path.names().to_vec(), now).await.map(drop)
    }
}
