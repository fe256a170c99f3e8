//! Opening a link, and the answers if it does not open.

use http::{Method, Response, StatusCode};

use super::LinkRequest;
use super::address::Endpoint;
use super::code_page;
use super::hand_in_pages::{self, RefusedPassword};
use super::pages::{self, Problem};
use crate::http::auth::challenge;
use crate::http::cookies;
use crate::http::error::{library_status, log_library};
use crate::http::reply::{plain, see_other, too_many};
use crate::http::user_agent;
use crate::net::ResponseBody;
use crate::sharing::{GuestKey, Visit, VisitError};

/// The cookie with the proof that the right password was given.
pub(super) const PASS_COOKIE: &str = "tresor-pass";
/// Seconds after which to retry when the server is busy.
const BUSY_PAUSE: u32 = 5;

impl LinkRequest<'_> {
    /// Opens the link of this address.
    pub(super) async fn open(&self, key: GuestKey<'_>) -> Result<Visit, VisitError> {
        self.open_token(&self.address.token(), key).await
    }

    pub(super) async fn open_token(&self, token: &str, key: GuestKey<'_>) -> Result<Visit, VisitError> {
        let (sharing, peer, now) = (&self.services.sharing, self.info.peer, self.info.received);
        let is_seen = self.parts.method != Method::HEAD && !user_agent::is_robot(&self.parts.headers);
        match is_seen {
            true => sharing.open(token, key, peer, now).await,
            false => sharing.open_unseen(token, key, peer, now).await,
        }
    }

    /// Opens the link by the secret of a lease.
    pub(super) async fn open_lease(&self, secret: &str) -> Result<Visit, VisitError> {
        let token = self.address.token();
        self.services.sharing.open_lease(&token, secret, self.info.peer, self.info.received).await
    }

    /// The session of a recipient with an account, else the pass in the browser's cookie, as the key of a link.
    pub(super) fn pass(&self) -> GuestKey<'_> {
        if self.address.account.is_some() {
            return GuestKey::Account;
        }
        cookies::find(&self.parts.headers, PASS_COOKIE).map_or(GuestKey::None, GuestKey::Pass)
    }

    pub(super) fn refused(&self, error: &VisitError) -> Response<ResponseBody> {
        let is_page = self.address.is_for_browsers();
        match error {
            VisitError::NoSuchLink if is_page => pages::gone(self.language),
            VisitError::NoSuchLink => not_found(),
            // No challenge: a browser would show its own dialogue instead of the link's page with the form.
            VisitError::PasswordNeeded
            | VisitError::WrongPassword
            | VisitError::PasswordToChoose
            | VisitError::WeakPassword(_)
            | VisitError::CodeNeeded { .. }
                if matches!(self.address.endpoint, Endpoint::File | Endpoint::Handout { .. }) =>
            {
                see_other(self.address.base)
            }
            VisitError::PasswordNeeded if is_page => pages::password(self.language, self.path(), None),
            VisitError::WrongPassword if is_page => {
                pages::password(self.language, self.path(), Some(Problem::WrongPassword))
            }
            VisitError::PasswordNeeded => {
                challenge("This link asks for a password; the user name does not matter.")
            }
            VisitError::WrongPassword => challenge("This is not the link's password."),
            VisitError::PasswordToChoose if is_page => {
                hand_in_pages::choose_password(self.language, self.path(), None)
            }
            VisitError::WeakPassword(_) if is_page => {
                hand_in_pages::choose_password(self.language, self.path(), Some(RefusedPassword::Weak))
            }
            VisitError::PasswordToChoose | VisitError::WeakPassword(_) => {
                plain(StatusCode::FORBIDDEN, "Open this link in a browser and choose its password.\n")
            }
            VisitError::CodeNeeded { masked } if is_page => {
                code_page::page(self.language, self.path(), masked)
            }
            VisitError::WrongCode => code_page::again(self.language, self.path()),
            VisitError::CodeLater { retry_after } => {
                code_page::later(self.language, self.path(), *retry_after)
            }
            VisitError::CodeNeeded { .. } => {
                plain(StatusCode::FORBIDDEN, "Open this link in a browser and ask for a code.\n")
            }
            VisitError::Throttled { retry_after } if is_page => {
                pages::later(self.language, false, *retry_after)
            }
            VisitError::Throttled { retry_after } => {
                too_many("Too many tries; wait and try again.", *retry_after)
            }
            VisitError::Busy if is_page => pages::later(self.language, true, BUSY_PAUSE),
            VisitError::Busy => too_many("The server is busy at this moment; try again.", BUSY_PAUSE),
            VisitError::Library(error) => {
                let status = library_status(error);
                log_library(error, status, self.info.request_id);
                plain(status, "The link could not be opened.\n")
            }
            VisitError::Catalog(error) => {
                tracing::error!(request_id = %self.info.request_id, error = error as &dyn std::error::Error, "link not opened");
                plain(StatusCode::INTERNAL_SERVER_ERROR, "The link could not be opened.\n")
            }
        }
    }
}

/// The same answer for an address that does not exist and one that is not for guests.
pub(super) fn not_found() -> Response<ResponseBody> {
    plain(StatusCode::NOT_FOUND, "There is no such link, or it has ended.")
}
