//! Operations of guests: opening a link, with its password if it has one.
//!
//! A guest gets the same answer, found by the same single lookup, for a token that never existed, a link that was
//! ended or has expired, one whose creator may no longer share, and one whose folder is in the trash.

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;

use super::Sharing;
use super::code::{CodeError, masked};
use super::link::Link;
use crate::accounts::{AccountsError, AuthError, WeakPassword};
use crate::catalog::{CatalogError, LinkRow, ReadTx};
use crate::library::{Entry, LibraryError};
use crate::model::{
    Access, Actor, DownloadId, Event, HandInId, LinkEvent, LinkGrant, LinkId, Stamp, Timestamp,
};

/// Time for which a browser may use a link without entering its password again.
pub const PASS_LIFETIME: Duration = Duration::from_hours(1);
/// The time at which a link was last opened is stored at most this often. Pages show it to the minute, and a small commit for
/// each link and minute in use costs less than one of its uploads.
const NOTE_OPENED_EVERY: Duration = Duration::from_mins(1);

/// Proof that a guest sends to open a link.
#[derive(Clone, Copy)]
pub enum GuestKey<'a> {
    /// Only the link itself.
    None,
    /// Password of the link.
    Password(&'a SecretString),
    /// The code that was sent by mail.
    Code(&'a str),
    /// A value of [`Sharing::pass`].
    Pass(&'a str),
    /// The session of the account to which the link belongs as a recipient of a request, as
    /// [`Sharing::link_for_account`] found it.
    Account,
}

/// An open link.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The link itself.
    pub link: Link,
    /// The guest's right now, at most that of the link. Its paths begin at the linked entry.
    pub access: Access,
    /// The linked file or folder.
    pub entry: Entry,
    /// The lease of the download, if the link counts downloads and this request belongs to one.
    pub lease: Option<DownloadId>,
    pub(super) row: LinkRow,
}

impl Visit {
    /// This guest as an actor.
    pub fn actor(&self) -> Actor {
        Actor::Guest { link: self.link.id, creator: self.link.creator }
    }
}

/// Why a link does not open.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// It does not exist, has expired or was ended, its entry is in the trash, or its creator may no longer share.
    #[error("there is no such link, or it has ended")]
    NoSuchLink,
    /// The link has a password.
    #[error("this link needs a password")]
    PasswordNeeded,
    /// The link opens by a code that is sent to a mail address; this is as much of it as strangers may see.
    #[error("this link opens by a code that is sent by mail")]
    CodeNeeded {
        /// Such as `e…@example.org`.
        masked: String,
    },
    /// The code is wrong, used or too old.
    #[error("this code is wrong or too old; ask for another one")]
    WrongCode,
    /// The last code was sent too shortly before, or there were too many.
    #[error("a code was sent already; wait {retry_after} seconds before you ask for another one")]
    CodeLater {
        /// Seconds to wait, 1 to 3,600.
        retry_after: u32,
    },
    /// The first guest chooses the link's password, and none did yet.
    #[error("choose a password for this link")]
    PasswordToChoose,
    /// The chosen password is too short or easy to guess.
    #[error(transparent)]
    WeakPassword(WeakPassword),
    /// The password does not match.
    #[error("this is not the link's password")]
    WrongPassword,
    /// Too many recent wrong passwords, or requests for links that do not exist.
    #[error("too many attempts; wait {retry_after} seconds")]
    Throttled {
        /// Seconds to wait, 1 to 900.
        retry_after: u32,
    },
    /// Too many passwords are waiting to be hashed.
    #[error("the server is busy; try again in a few seconds")]
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

impl From<CodeError> for VisitError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Wrong => Self::WrongCode,
            CodeError::Later { retry_after } => Self::CodeLater { retry_after },
            CodeError::Busy => Self::Busy,
        }
    }
}

impl Sharing {
    /// Opens a link for a guest at `peer`, which is the client's address, not a proxy's.
    pub async fn open(
        &self,
        token: &str,
        key: GuestKey<'_>,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Visit, VisitError> {
        let visit = self.open_unseen(token, key, peer, now).await?;
        self.note_opened(&visit.row, now).await;
        Ok(visit)
    }

    /// The same for a request whose answer no person sees, such as that of a robot: the office does not read that the link was
    /// opened.
    pub async fn open_unseen(
        &self,
        token: &str,
        key: GuestKey<'_>,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Visit, VisitError> {
        let (row, access, entry) = self.found(token, peer, now).await?;
        self.check_key(&row, key, peer, now).await?;
        Ok(Visit { link: self.shown(row.clone()), access, entry, lease: None, row })
    }

    /// The link of a token with what it lends now, before its key is checked. A miss counts for the network of `peer`.
    async fn found(
        &self,
        token: &str,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<(LinkRow, Access, Entry), VisitError> {
        let hmac = self.inner.keys.lookup(token);
        let row = self.inner.catalog.read(move |tx| tx.link_by_hmac(&hmac)).await?;
        let found = match row {
            Some(row) => self.lend(row, now).await?,
            None => None,
        };
        if found.is_none() {
            self.inner.accounts.missed_link(peer, now)?;
        }
        found.ok_or(VisitError::NoSuchLink)
    }

    /// The link of a hand-in, for an upload to it that was begun while the link was open for its guest. Asks for no password: a
    /// large file takes longer than a pass lives.
    ///
    /// Errors: `NoSuchLink`, also if the hand-in is finished.
    pub async fn reopen(&self, hand_in: HandInId, now: Timestamp) -> Result<Visit, VisitError> {
        let read = move |tx: &ReadTx<'_>| {
            let row = tx.hand_in(hand_in)?.filter(|row| row.finished.is_none());
            let link = row.and_then(|row| row.link).map(|link| tx.link(link)).transpose()?;
            Ok::<_, CatalogError>(link.flatten())
        };
        let row = self.inner.catalog.read(read).await?.ok_or(VisitError::NoSuchLink)?;
        self.opened(row, now).await
    }

    /// The same for an upload that a guest began through this link.
    ///
    /// Errors: `NoSuchLink`.
    pub async fn reopen_link(&self, link: LinkId, now: Timestamp) -> Result<Visit, VisitError> {
        let row = self.inner.catalog.read(move |tx| tx.link(link)).await?.ok_or(VisitError::NoSuchLink)?;
        self.opened(row, now).await
    }

    async fn opened(&self, row: LinkRow, now: Timestamp) -> Result<Visit, VisitError> {
        let (row, access, entry) = self.lend(row, now).await?.ok_or(VisitError::NoSuchLink)?;
        Ok(Visit { link: self.shown(row.clone()), access, entry, lease: None, row })
    }

    /// Sends a code for a link that opens by one, to its address; `language` is the tag of the guest's. Returns as much of the
    /// address as strangers may see.
    ///
    /// Errors: `NoSuchLink` also for a link that opens without a code; `CodeLater`, `Busy`.
    pub async fn send_code(
        &self,
        token: &str,
        language: &str,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<String, VisitError> {
        let (row, ..) = self.found(token, peer, now).await?;
        let to = row.terms.code_to.as_deref().ok_or(VisitError::NoSuchLink)?;
        self.inner.codes.ask(row.id, to, language, now)?;
        Ok(masked(to))
    }

    /// Sets the password of a link whose first guest chooses it. If another was faster, it is compared with that one's.
    ///
    /// Errors: `WeakPassword`, and those of [`Self::open`].
    pub async fn choose_password(
        &self,
        token: &str,
        password: &SecretString,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Visit, VisitError> {
        match self.open(token, GuestKey::None, peer, now).await {
            Err(VisitError::PasswordToChoose) => {
                let hash = match self.inner.accounts.link_password_hash(password.clone()).await {
                    Ok(hash) => hash,
                    Err(AccountsError::WeakPassword(weak)) => return Err(VisitError::WeakPassword(weak)),
                    Err(AccountsError::Catalog(error)) => return Err(error.into()),
                    Err(_) => return Err(VisitError::Busy),
                };
                let hmac = self.inner.keys.lookup(token);
                self.inner
                    .catalog
                    .write(move |tx| {
                        tx.touches_only([]);
                        let row = tx.link_by_hmac(&hmac)?.ok_or(VisitError::NoSuchLink)?;
                        let spot = tx.spot(row.entry)?.ok_or(VisitError::NoSuchLink)?;
                        let by =
                            Stamp { actor: Actor::Guest { link: row.id, creator: row.creator }, at: now };
                        let kind = LinkEvent::PasswordChosen;
                        tx.record(&by, &Event::Link { kind, link: row.id, spot, right: row.right })?;
                        tx.choose_link_password(row.id, &hash)?;
                        Ok::<_, VisitError>(())
                    })
                    .await?;
            }
            Err(VisitError::PasswordNeeded) | Ok(_) => {}
            Err(error) => return Err(error),
        }
        self.open(token, GuestKey::Password(password), peer, now).await
    }

    /// A value that opens the link in place of its password for [`PASS_LIFETIME`], unless the password is changed
    /// or the link ends earlier.
    pub fn pass(&self, visit: &Visit, now: Timestamp) -> String {
        self.inner.keys.pass(&visit.row, now.after(PASS_LIFETIME))
    }

    /// The present access of a guest who opened the link; `NoSuchLink` if the link ended, expired or got another
    /// password or address for its codes, or if its creator may no longer share.
    pub async fn still_valid(&self, visit: &Visit, now: Timestamp) -> Result<Access, VisitError> {
        let id = visit.link.id;
        let row = self.inner.catalog.read(move |tx| tx.link(id)).await?;
        let same = row.filter(|row| {
            row.password_hash == visit.row.password_hash && row.terms.code_to == visit.row.terms.code_to
        });
        let lent = match same {
            Some(row) if visit.lease.is_some() => self.lend_used(row, now).await?,
            Some(row) => self.lend(row, now).await?,
            None => None,
        };
        lent.map(|(_, access, _)| access).ok_or(VisitError::NoSuchLink)
    }

    /// The access that a link gives now; `None` if it does not open.
    pub(super) async fn lend(
        &self,
        row: LinkRow,
        now: Timestamp,
    ) -> Result<Option<(LinkRow, Access, Entry)>, VisitError> {
        match row.is_used_up() {
            true => Ok(None),
            false => self.lend_used(row, now).await,
        }
    }

    /// Like [`Self::lend`], for work begun before the link was used up.
    pub(super) async fn lend_used(
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
        if let Some(address) = &row.terms.code_to {
            return match key {
                GuestKey::Code(code) => Ok(self.inner.codes.check(row.id, address, code, now)?),
                GuestKey::Pass(pass) if self.inner.keys.is_pass(row, pass, now) => Ok(()),
                // A person who signed in has shown more than a reader of mails.
                GuestKey::Account => Ok(()),
                _ => Err(VisitError::CodeNeeded { masked: masked(address) }),
            };
        }
        let Some(stored) = &row.password_hash else {
            return if row.terms.guest_chooses { Err(VisitError::PasswordToChoose) } else { Ok(()) };
        };
        match key {
            GuestKey::Password(password) => {
                let accounts = &self.inner.accounts;
                Ok(accounts.check_link_password(row.id, stored, password, peer, now).await?)
            }
            GuestKey::Pass(pass) if self.inner.keys.is_pass(row, pass, now) => Ok(()),
            GuestKey::Pass(_) | GuestKey::Code(_) | GuestKey::Account | GuestKey::None => {
                Err(VisitError::PasswordNeeded)
            }
        }
    }

    /// Records that something is fetched through an open link, to the minute.
    pub async fn note_fetched(&self, visit: &Visit, now: Timestamp) {
        if visit.link.fetched.is_some_and(|fetched| now.since(fetched) < NOTE_OPENED_EVERY) {
            return;
        }
        let id = visit.link.id;
        let noted: Result<(), CatalogError> = self
            .inner
            .catalog
            .write_silent("when something was last fetched is kept with the link", move |tx| {
                tx.touches_only([]);
                tx.touch_link_fetched(id, now)
            })
            .await;
        if let Err(error) = noted {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, link_id = id.0, "cannot record that something was fetched through a link");
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
                tx.note_request_opened(id, now)?;
                tx.touch_link(id, now)
            })
            .await;
        if let Err(error) = noted {
            // A full disk must not prevent reading.
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, link_id = id.0, "cannot record the last opening of a link");
        }
    }
}
