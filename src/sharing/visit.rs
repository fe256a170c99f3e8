//! What guests do: come by a link, with its password if it has one.
//!
//! A token that never was, a link that was ended or has expired, one whose creator may not share any more or whose
//! folder lies in the trash: all the same to a guest, and found out by the same one lookup.

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;

use super::Sharing;
use super::link::Link;
use crate::accounts::AuthError;
use crate::catalog::{CatalogError, LinkRow};
use crate::library::{Entry, LibraryError};
use crate::model::{Access, Actor, LinkGrant, Timestamp};

/// Time that a browser may visit a link without its password again.
pub const PASS_LIFETIME: Duration = Duration::from_hours(1);
/// Time between two notes of when a link was last opened.
const NOTE_OPENED_EVERY: Duration = Duration::from_hours(1);

/// What a guest brings to open a link.
#[derive(Clone, Copy)]
pub enum GuestKey<'a> {
    /// Nothing but the link.
    None,
    /// Its password.
    Password(&'a SecretString),
    /// What [`Sharing::pass`] gave.
    Pass(&'a str),
}

/// A link that was opened.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The link.
    pub link: Link,
    /// What may be done now: at most what the link says. Its paths begin at the linked entry.
    pub access: Access,
    /// The linked file or folder.
    pub entry: Entry,
    row: LinkRow,
}

impl Visit {
    /// The guest as the one who acts.
    pub fn actor(&self) -> Actor {
        Actor::Guest { link: self.link.id, creator: self.link.creator }
    }
}

/// Why a link does not open.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// Not there, expired, ended, in the trash, or its creator may not share any more.
    #[error("there is no such link, or it has ended")]
    NoSuchLink,
    /// It has one.
    #[error("this link asks for a password")]
    PasswordNeeded,
    /// Not this one.
    #[error("this is not the link's password")]
    WrongPassword,
    /// Too many wrong passwords, or links that are not there, of late.
    #[error("too many tries; wait {retry_after} seconds")]
    Throttled {
        /// Seconds, 1 to 900.
        retry_after: u32,
    },
    /// Too many passwords are being checked.
    #[error("the server is busy at this moment; try again in a few seconds")]
    Busy,
    /// The linked entry cannot be read.
    #[error(transparent)]
    Library(LibraryError),
    /// The catalogue failed.
    #[error("the link could not be looked up")]
    Catalog(#[from] CatalogError),
}

impl From<AuthError> for VisitError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Rejected | AuthError::SecondFactorNeeded | AuthError::WrongCode => Self::WrongPassword,
            AuthError::Throttled { retry_after } => Self::Throttled { retry_after },
            AuthError::Busy => Self::Busy,
            AuthError::Catalog(error) => Self::Catalog(error),
        }
    }
}

impl Sharing {
    /// Opens a link for whoever comes from `peer`, which is the client's address, not a proxy's.
    pub async fn open(
        &self,
        token: &str,
        key: GuestKey<'_>,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Visit, VisitError> {
        let hmac = self.inner.keys.lookup(token);
        let row = self.inner.catalog.read(move |tx| tx.link_by_hmac(&hmac)).await?;
        let found = match row {
            Some(row) => self.lend(row, now).await?,
            None => None,
        };
        let Some((row, access, entry)) = found else {
            self.inner.accounts.missed_link(peer, now)?;
            return Err(VisitError::NoSuchLink);
        };
        self.check_key(&row, key, peer, now).await?;
        self.note_opened(&row, now).await;
        Ok(Visit { link: self.shown(row.clone()), access, entry, row })
    }

    /// A value that opens the link in place of its password for [`PASS_LIFETIME`], unless the password is changed
    /// or the link ended before.
    pub fn pass(&self, visit: &Visit, now: Timestamp) -> String {
        self.inner.keys.pass(&visit.row, now.after(PASS_LIFETIME))
    }

    /// What somebody who was let in may do by now; `NoSuchLink` if the link ended, expired or was given another
    /// password, or if its creator may not share any more.
    pub async fn still_valid(&self, visit: &Visit, now: Timestamp) -> Result<Access, VisitError> {
        let id = visit.link.id;
        let row = self.inner.catalog.read(move |tx| tx.link(id)).await?;
        let same = row.filter(|row| row.password_hash == visit.row.password_hash);
        let lent = match same {
            Some(row) => self.lend(row, now).await?,
            None => None,
        };
        lent.map(|(_, access, _)| access).ok_or(VisitError::NoSuchLink)
    }

    /// What a link lends at this moment; `None` if it does not open.
    async fn lend(
        &self,
        row: LinkRow,
        now: Timestamp,
    ) -> Result<Option<(LinkRow, Access, Entry)>, VisitError> {
        if row.expires.is_some_and(|end| now >= end) {
            return Ok(None);
        }
        let grant = LinkGrant { link: row.id, top: row.entry, right: row.right };
        let Some(access) = self.inner.accounts.guest_access(row.creator, row.space, grant).await? else {
            return Ok(None);
        };
        match self.inner.library.lent_entry(&access).await {
            Ok(entry) => Ok(Some((row, access, entry))),
            Err(LibraryError::NotFound | LibraryError::NoSuchSpace) => Ok(None),
            Err(error) => Err(VisitError::Library(error)),
        }
    }

    async fn check_key(
        &self,
        row: &LinkRow,
        key: GuestKey<'_>,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<(), VisitError> {
        let Some(stored) = &row.password_hash else { return Ok(()) };
        match key {
            GuestKey::Password(password) => {
                let accounts = &self.inner.accounts;
                Ok(accounts.check_link_password(row.id, stored, password, peer, now).await?)
            }
            GuestKey::Pass(pass) if self.inner.keys.is_pass(row, pass, now) => Ok(()),
            GuestKey::Pass(_) | GuestKey::None => Err(VisitError::PasswordNeeded),
        }
    }

    async fn note_opened(&self, row: &LinkRow, now: Timestamp) {
        if row.opened.is_some_and(|opened| now.since(opened) < NOTE_OPENED_EVERY) {
            return;
        }
        let id = row.id;
        let noted: Result<(), CatalogError> = self
            .inner
            .catalog
            .write_silent("when a link was last opened is kept with it", move |tx| {
                tx.touches_only([]);
                tx.touch_link(id, now)
            })
            .await;
        if let Err(error) = noted {
            // A full disk must not keep anybody from reading.
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, link_id = id.0, "last opening of a link not noted");
        }
    }
}
