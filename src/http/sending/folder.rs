//! Makes a folder that has no file. The script tells of such ones, so that a folder arrives as it is on the device.

use http::StatusCode;

use super::refused::Refused;
use super::{Answer, Guest, SendRequest};
use crate::http::page::form::is_from_this_site;
use crate::http::reply::uncached;
use crate::library::LibraryError;
use crate::net::LogUser;

impl SendRequest<'_> {
    /// By a user on a page of files.
    pub(super) async fn folder_of_user(&self) -> Answer {
        let principal = self.user().await?;
        self.require_version()?;
        let (change, path) = self.placed_by_user(&principal, &self.sent()?).await?;
        let library = &self.services.library;
        library.make_folders(&change, &path).await?;
        if !library.find(&change.access, &path).await?.is_folder() {
            return Err(LibraryError::NameTaken.into());
        }
        let mut response = uncached(StatusCode::NO_CONTENT);
        response.extensions_mut().insert(LogUser(principal.user));
        Ok(response)
    }

    /// By a guest, in the hand-in that has begun or in the folder of the page.
    pub(super) async fn folder_of_guest(&self, guest: &Guest) -> Answer {
        if !is_from_this_site(self.context) {
            return Err(Refused::Forged);
        }
        self.require_version()?;
        let (sent, now) = (self.sent()?, self.info.received);
        let sharing = &self.services.sharing;
        if !guest.visit.access.only_adds() {
            sharing.make_folder(&guest.visit, &sent.folder()?, &sent.path, now).await?;
            return Ok(uncached(StatusCode::NO_CONTENT));
        }
        sharing.make_hand_in_folder(&guest.visit, &guest.browser, &sent.path, now).await?;
        Ok(uncached(StatusCode::NO_CONTENT))
    }
}
