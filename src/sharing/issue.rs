//! Operations on links for users of the office: create, list, change and end.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::SecretString;

use super::Sharing;
use super::link::{Expiry, LinkChange, LinkLimits, Shared};
use super::token::NONCE_BYTES;
use crate::accounts::{AccountsError, Principal, WeakPassword, parse_address};
use crate::catalog::{CatalogError, LinkRow, LinkUse, NewLink as NewRow, WriteTx};
use crate::library::{Change, Entry, LibraryError, LinksOf};
use crate::model::{
    Access, AccessDenied, Conditions, EntryId, EntryPath, Event, LinkEvent, LinkId, LinkRight, LinkTerms,
    Right, Role, Spot, Stamp, Timestamp, UserId, random_bytes,
};

/// Most links to one entry.
const MAX_LINKS_PER_ENTRY: usize = 100;
/// Most links of one user.
const MAX_LINKS_PER_USER: usize = 2_000;
/// Longest label of a link in characters.
pub(super) const MAX_LINK_LABEL: usize = 255;
/// Longest note to guests in characters.
const MAX_LINK_NOTE: usize = 4_000;
/// Latest hand-ins and downloads of each link that a list of links looks at.
const MAX_USES_COUNTED: usize = 50;
/// Time for which an expired link is kept, so that it can get a new date.
const EXPIRED_KEPT_FOR: Duration = Duration::from_hours(90 * 24);

/// Parameters of a new link.
#[derive(Debug)]
pub struct NewLink {
    /// The user's right to the space.
    pub access: Access,
    /// Path of the entry to share.
    pub path: EntryPath,
    /// Right of the guests.
    pub right: LinkRight,
    /// When the link expires.
    pub expires: Expiry,
    /// Password that guests must enter.
    pub password: Option<SecretString>,
    /// Label for the creator; may be empty.
    pub label: String,
    /// Note for the guests; may be empty.
    pub note: String,
    /// Whether the link's page hides downloads.
    pub hide_download: bool,
    /// Its terms for people who hand in through it, for the right to add; for that to read, the number of downloads.
    pub terms: LinkTerms,
}

/// Whether the target of a new link must exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Folder {
    IsThere,
    IsMade,
}

/// Why an operation on a link was refused.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No link with this id, or the user may not manage it.
    #[error("there is no such link")]
    NoSuchLink,
    /// Only users who may write can share.
    #[error("only users who may change files here can make links to them")]
    Denied,
    /// The configuration does not allow clients of the office to make links.
    #[error("clients of this office cannot make links; ask the office for one")]
    ClientsMakeNone,
    /// A right to add files makes sense for folders only.
    #[error("only a folder can take in files; choose another right")]
    NotAFolder,
    /// Only a hand-in has a number of uses, a deadline, limits and a folder of its own.
    #[error("only a link that takes in files and shows none can have a number of uses, a deadline or limits")]
    TermsWithoutHandIn,
    /// It would end before its deadline.
    #[error("the link would end before its deadline; choose a later end")]
    EndsBeforeDeadline,
    /// A box takes files in without an end, each hand-in in a folder of its own; it has no number of uses and no deadline.
    #[error("a box takes files in without an end or a deadline; leave these out, or make another link")]
    NotForBox,
    /// Only people who work in the office have a box.
    #[error("only staff and administrators of the office can have a box")]
    BoxForStaff,
    /// The user has one.
    #[error("you have a box already; end it before you make another one")]
    HasBox,
    /// Without a mail server no code can be sent.
    #[error("no code can be sent: no running server is set up to send mails ([mail] in the configuration)")]
    NoMails,
    /// The address for the code is none.
    #[error("this is not a mail address to which a code can be sent")]
    CodeAddress,
    /// There is a password already.
    #[error(
        "a link opens by your password, by one that the first visitor chooses, or by a code: choose one of them"
    )]
    TwoPasswords,
    /// The password is too short or easy to guess.
    #[error(transparent)]
    WeakPassword(WeakPassword),
    /// The link would never open.
    #[error("this date is in the past; choose a later one")]
    ExpiryInPast,
    /// The entry or the user has as many links as are allowed.
    #[error("there are too many links already; delete some that are no longer needed")]
    TooMany,
    /// The label or note of a link is too long or cannot be displayed.
    #[error("a label must have at most 255 characters and no line breaks, a note at most 4,000 characters")]
    Text,
    /// Too many passwords are waiting to be hashed.
    #[error("the server is busy; try again in a few seconds")]
    Busy,
    /// The linked entry cannot be found or read.
    #[error(transparent)]
    Library(LibraryError),
    /// The catalogue failed.
    #[error("the links could not be read or changed")]
    Catalog(#[from] CatalogError),
}

impl LinkError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchLink => "link-unknown",
            Self::Denied => "right-missing",
            Self::ClientsMakeNone => "clients-make-no-links",
            Self::NotAFolder => "not-a-folder",
            Self::TermsWithoutHandIn => "terms-without-hand-in",
            Self::EndsBeforeDeadline => "ends-before-deadline",
            Self::NotForBox => "terms-not-for-box",
            Self::BoxForStaff => "box-for-staff",
            Self::HasBox => "box-exists",
            Self::NoMails => "no-mails",
            Self::CodeAddress => "code-address-invalid",
            Self::TwoPasswords => "two-passwords",
            Self::WeakPassword(error) => error.code(),
            Self::ExpiryInPast => "expiry-in-past",
            Self::TooMany => "too-many-links",
            Self::Text => "link-text-invalid",
            Self::Busy => "busy",
            Self::Library(error) => error.code(),
            Self::Catalog(_) => "catalogue-failed",
        }
    }
}

impl From<LibraryError> for LinkError {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::Denied(_) => Self::Denied,
            other => Self::Library(other),
        }
    }
}

impl From<AccessDenied> for LinkError {
    fn from(_: AccessDenied) -> Self {
        Self::Denied
    }
}

impl From<AccountsError> for LinkError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::WeakPassword(weak) => Self::WeakPassword(weak),
            AccountsError::Catalog(error) => Self::Catalog(error),
            _ => Self::Busy,
        }
    }
}

impl Sharing {
    /// The time with which a new link ends, if everything about it but its entry is as it must be.
    async fn checked_end(
        &self,
        principal: &Principal,
        new: &NewLink,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, LinkError> {
        self.require_maker(principal)?;
        new.access.require(Right::Write)?;
        check_terms(new, now)?;
        check_texts(&new.label, &new.note)?;
        check_box(principal, new)?;
        self.check_code(&new.terms)?;
        if new.terms.is_box && self.box_of(principal).await?.is_some() {
            return Err(LinkError::HasBox);
        }
        // The usual time begins with the deadline.
        let deadline = new.terms.deadline;
        let begins = deadline.filter(|_| new.expires == Expiry::Usual).unwrap_or(now);
        let expires = self.end(new.expires, begins).await?;
        match expires.zip(deadline) {
            Some((end, deadline)) if end < deadline => Err(LinkError::EndsBeforeDeadline),
            _ => Ok(expires),
        }
    }

    /// Creates a link. Every user who may write can do so, except clients in an office that does not allow it; the
    /// link never gives more than its creator's right, today or later.
    pub async fn create(
        &self,
        principal: &Principal,
        new: NewLink,
        now: Timestamp,
    ) -> Result<Shared, LinkError> {
        self.make(principal, new, Folder::IsThere, now).await
    }

    /// The same; a folder that does not exist is made for a link that takes files in, once all else is known to be in order.
    pub async fn create_with_folder(
        &self,
        principal: &Principal,
        new: NewLink,
        now: Timestamp,
    ) -> Result<Shared, LinkError> {
        let folder = if new.right == LinkRight::Add { Folder::IsMade } else { Folder::IsThere };
        self.make(principal, new, folder, now).await
    }

    async fn make(
        &self,
        principal: &Principal,
        new: NewLink,
        folder: Folder,
        now: Timestamp,
    ) -> Result<Shared, LinkError> {
        let expires = self.checked_end(principal, &new, now).await?;
        let found = match self.inner.library.find(&new.access, &new.path).await {
            Err(LibraryError::NotFound) if folder == Folder::IsMade => None,
            found => Some(found?),
        };
        if let Some(entry) = &found {
            check_right(new.right, entry)?;
        }
        let password_hash = match new.password {
            Some(password) => Some(self.inner.accounts.link_password_hash(password).await?),
            None => None,
        };
        let entry = match found {
            Some(entry) => entry,
            None => self.folder_of_link(principal, (new.access, &new.path), now).await?,
        };
        let nonce = random_bytes::<NONCE_BYTES>();
        let token_hmac = self.inner.keys.lookup(&self.inner.keys.token(&nonce));
        let (creator, entry_id, by) = (principal.user, entry.id, principal.stamp(now));
        let row = self
            .inner
            .catalog
            .write(move |tx| {
                tx.touches_only([]);
                forget_long_expired(tx, now)?;
                let (to_entry, by_user) = tx.link_counts(entry_id, creator)?;
                if to_entry >= MAX_LINKS_PER_ENTRY || by_user >= MAX_LINKS_PER_USER {
                    return Err(LinkError::TooMany);
                }
                if new.terms.is_box && tx.box_of(creator)?.is_some() {
                    return Err(LinkError::HasBox);
                }
                // Removed permanently since it was looked up, so there is no row to refer to.
                tx.entry(entry_id)?.ok_or(LinkError::Library(LibraryError::NotFound))?;
                let id = tx.insert_link(&NewRow {
                    token_hmac: &token_hmac,
                    nonce: &nonce,
                    entry: entry_id,
                    creator,
                    right: new.right,
                    created: now,
                    expires,
                    password_hash: password_hash.as_deref(),
                    label: &new.label,
                    note: &new.note,
                    hide_download: new.hide_download,
                    terms: &new.terms,
                })?;
                let row = tx.link(id)?.ok_or(LinkError::NoSuchLink)?;
                record(tx, &by, LinkEvent::Made, &row)?;
                Ok(row)
            })
            .await?;
        let (link, creator_name) = (self.shown(row), principal.name.clone());
        Ok(Shared { link, entry, path: new.path, creator_name })
    }

    /// The folder for a new link, with those above it.
    async fn folder_of_link(
        &self,
        principal: &Principal,
        (access, path): (Access, &EntryPath),
        now: Timestamp,
    ) -> Result<Entry, LinkError> {
        let conditions = Conditions::default();
        let change = Change { access, actor: principal.actor(), now, conditions };
        self.inner.library.make_folders(&change, path).await?;
        Ok(self.inner.library.find(&access, path).await?)
    }

    /// A code needs an address, and a server that sends it.
    fn check_code(&self, terms: &LinkTerms) -> Result<(), LinkError> {
        let Some(address) = &terms.code_to else { return Ok(()) };
        if parse_address(address).ok().is_none_or(|parsed| parsed.is_empty() || parsed != *address) {
            return Err(LinkError::CodeAddress);
        }
        if self.sends_mails() == Some(true) { Ok(()) } else { Err(LinkError::NoMails) }
    }

    /// A link lets in everyone who has it, and the office is responsible for the consequences.
    pub(super) fn require_maker(&self, principal: &Principal) -> Result<(), LinkError> {
        match principal.role == Role::Client && !self.inner.clients_may.load(Ordering::Relaxed) {
            true => Err(LinkError::ClientsMakeNone),
            false => Ok(()),
        }
    }

    /// Whether a user with these rights may make a link anywhere.
    pub fn may_make_links(&self, principal: &Principal, accesses: &[Access]) -> bool {
        let may_write = accesses.iter().any(|access| access.require(Right::Write).is_ok());
        may_write && self.require_maker(principal).is_ok()
    }

    /// The links that the user created and whose entry the user may still see, oldest first.
    pub async fn links(&self, principal: &Principal) -> Result<Vec<Shared>, LinkError> {
        let user = principal.user;
        let rows = self.inner.catalog.read(move |tx| tx.links_by(user)).await?;
        let rights = self.inner.accounts.spaces_of(principal).await?;
        self.located(rows, &rights).await
    }

    /// How often the links of the user were used, without those that never were.
    pub async fn uses_of_links(&self, principal: &Principal) -> Result<HashMap<LinkId, LinkUse>, LinkError> {
        let user = principal.user;
        let counted = self.inner.catalog.read(move |tx| tx.uses_of_links_by(user, MAX_USES_COUNTED)).await?;
        Ok(counted.into_iter().collect())
    }

    /// The box of the user, if its folder can still be seen.
    pub async fn box_of(&self, principal: &Principal) -> Result<Option<Shared>, LinkError> {
        let user = principal.user;
        let row = self.inner.catalog.read(move |tx| tx.box_of(user)).await?;
        let rights = self.inner.accounts.spaces_of(principal).await?;
        Ok(self.located(row.into_iter().collect(), &rights).await?.pop())
    }

    /// The links to the entry at a path: the user's own, and all if the user manages the space.
    pub async fn links_to(
        &self,
        principal: &Principal,
        access: &Access,
        path: &EntryPath,
    ) -> Result<Vec<Shared>, LinkError> {
        access.require(Right::Read)?;
        let entry = self.inner.library.find(access, path).await?.id;
        let rows = self.inner.catalog.read(move |tx| tx.links_to(entry)).await?;
        self.located(handled(principal.user, access, rows), &[*access]).await
    }

    /// Like [`Self::links_to`], for the links to a folder's members.
    pub async fn links_to_members(
        &self,
        principal: &Principal,
        access: &Access,
        path: &EntryPath,
    ) -> Result<Vec<Shared>, LinkError> {
        access.require(Right::Read)?;
        let folder = self.inner.library.find(access, path).await?.id;
        let rows = self.inner.catalog.read(move |tx| tx.links_to_members(folder)).await?;
        self.located(handled(principal.user, access, rows), &[*access]).await
    }

    /// The set of links in a space that this user may manage, for a listing.
    pub fn handled_by(user: UserId, access: &Access) -> LinksOf {
        if access.require(Right::Write).is_err() {
            LinksOf::Nobody
        } else if access.require(Right::Manage).is_err() {
            LinksOf::User(user)
        } else {
            LinksOf::Everybody
        }
    }

    /// One link that the user may manage.
    pub async fn link(&self, principal: &Principal, id: LinkId) -> Result<Shared, LinkError> {
        let (row, access) = self.own(principal, id).await?;
        self.located(vec![row], &[access]).await?.pop().ok_or(LinkError::NoSuchLink)
    }

    /// Changes a link that the user may manage.
    pub async fn change(
        &self,
        principal: &Principal,
        id: LinkId,
        change: LinkChange,
        now: Timestamp,
    ) -> Result<Shared, LinkError> {
        self.require_maker(principal)?;
        let (row, access) = self.own(principal, id).await?;
        access.require(Right::Write)?;
        if row.terms.code_to.is_some() && matches!(change.password, Some(Some(_))) {
            return Err(LinkError::TwoPasswords);
        }
        // A link that only takes files in must not begin to show those of everybody who used it.
        if change.right.is_some_and(|right| right != row.right && !row.terms.fit_after(row.right, right)) {
            return Err(LinkError::TermsWithoutHandIn);
        }
        let takes = change.right.unwrap_or(row.right) == LinkRight::Add;
        if !takes && change.limits.as_ref().is_some_and(|limits| *limits != LinkLimits::default()) {
            return Err(LinkError::TermsWithoutHandIn);
        }
        if row.terms.is_box && change.expires.is_some_and(|expires| expires != Expiry::Never) {
            return Err(LinkError::NotForBox);
        }
        let Shared { entry, .. } = self.link(principal, id).await?;
        if let Some(right) = change.right {
            check_right(right, &entry)?;
        }
        check_texts(change.label.as_deref().unwrap_or_default(), change.note.as_deref().unwrap_or_default())?;
        let expires = match change.expires {
            Some(expires) => Some(self.end(expires, now).await?),
            None => None,
        };
        let password_hash = match change.password {
            None => None,
            Some(None) => Some(None),
            Some(Some(password)) => Some(Some(self.inner.accounts.link_password_hash(password).await?)),
        };
        let by = principal.stamp(now);
        let (right, label, note, hides) = (change.right, change.label, change.note, change.hide_download);
        let (more_uses, limits) = (change.more_uses, change.limits);
        self.inner
            .catalog
            .write(move |tx| {
                tx.touches_only([]);
                let row = tx.link(id)?.ok_or(LinkError::NoSuchLink)?;
                record(tx, &by, LinkEvent::Changed, &row)?;
                if right.is_some_and(|right| right != row.right) || password_hash.is_some() {
                    tx.delete_locks_of_link(id)?;
                }
                Ok::<_, LinkError>(tx.update_link(&LinkRow {
                    right: right.unwrap_or(row.right),
                    expires: expires.unwrap_or(row.expires),
                    password_hash: password_hash.unwrap_or(row.password_hash.clone()),
                    label: label.unwrap_or(row.label.clone()),
                    note: note.unwrap_or(row.note.clone()),
                    hide_download: hides.unwrap_or(row.hide_download),
                    terms: {
                        let uses = row.terms.uses.map(|most| most.saturating_add(more_uses));
                        let LinkTerms { bytes, files, types, .. } = row.terms.clone();
                        let limits = limits.unwrap_or(LinkLimits { bytes, files, types });
                        let LinkLimits { bytes, files, types } = limits;
                        LinkTerms { uses, bytes, files, types, ..row.terms.clone() }
                    },
                    ..row
                })?)
            })
            .await?;
        self.link(principal, id).await
    }

    /// Ends a link that the user may manage.
    pub async fn delete(&self, principal: &Principal, id: LinkId, now: Timestamp) -> Result<(), LinkError> {
        self.own(principal, id).await?;
        if self.revoke(id, principal.stamp(now)).await? { Ok(()) } else { Err(LinkError::NoSuchLink) }
    }

    /// Ends a link on behalf of the owner of the data directory; `false` if there is none.
    pub async fn revoke(&self, id: LinkId, by: Stamp) -> Result<bool, LinkError> {
        let end = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            if let Some(row) = tx.link(id)? {
                record(tx, &by, LinkEvent::Ended, &row)?;
            }
            tx.delete_link(id)
        };
        Ok(self.inner.catalog.write(end).await?)
    }

    /// All links into the spaces of these rights, for the owner of the data directory.
    pub async fn all_links(&self, rights: &[Access]) -> Result<Vec<Shared>, LinkError> {
        #[expect(clippy::redundant_closure_for_method_calls, reason = "a path is not general over lifetimes")]
        let rows = self.inner.catalog.read(|tx| tx.links()).await?;
        self.located(rows, rights).await
    }

    /// The time with which a link ends that is made or changed now.
    ///
    /// Errors: `ExpiryInPast`.
    async fn end(&self, expires: Expiry, now: Timestamp) -> Result<Option<Timestamp>, LinkError> {
        let office = self.inner.accounts.office().await?;
        let end = expires.end(now, &office.zone);
        if end.is_some_and(|end| end <= now) { Err(LinkError::ExpiryInPast) } else { Ok(end) }
    }

    /// A link that the user created, or that leads into a space that the user manages, with the user's right to
    /// that space. Any other link counts as missing, and so does one of a request, whose maker changes the request.
    async fn own(&self, principal: &Principal, id: LinkId) -> Result<(LinkRow, Access), LinkError> {
        let row = self.inner.catalog.read(move |tx| tx.link(id)).await?.ok_or(LinkError::NoSuchLink)?;
        let access = self.inner.accounts.access(principal, row.space).await?.ok_or(LinkError::NoSuchLink)?;
        if row.request.is_some() || !may_handle(principal.user, &access, &row) {
            return Err(LinkError::NoSuchLink);
        }
        Ok((row, access))
    }

    /// The links with their entries. Leaves out links into the trash, and links that none of these rights covers.
    async fn located(&self, rows: Vec<LinkRow>, rights: &[Access]) -> Result<Vec<Shared>, LinkError> {
        let entries = rows.iter().map(|row| row.entry).collect();
        let found = self.inner.library.located(rights, entries).await?;
        let found: HashMap<EntryId, (Entry, EntryPath)> =
            found.into_iter().map(|(entry, path)| (entry.id, (entry, path))).collect();
        let mut links = Vec::with_capacity(rows.len());
        for row in rows {
            let Some((entry, path)) = found.get(&row.entry).cloned() else { continue };
            let Some(creator_name) = self.inner.accounts.name_of(row.creator).await? else { continue };
            links.push(Shared { link: self.shown(row), entry, path, creator_name });
        }
        Ok(links)
    }
}

fn may_handle(user: UserId, access: &Access, row: &LinkRow) -> bool {
    row.creator == user || access.require(Right::Manage).is_ok()
}

fn handled(user: UserId, access: &Access, rows: Vec<LinkRow>) -> Vec<LinkRow> {
    rows.into_iter().filter(|row| may_handle(user, access, row)).collect()
}

fn check_right(right: LinkRight, entry: &Entry) -> Result<(), LinkError> {
    let is_fit = right != LinkRight::Add || entry.is_folder();
    if is_fit { Ok(()) } else { Err(LinkError::NotAFolder) }
}

/// Refuses terms that the link could not keep.
fn check_terms(new: &NewLink, now: Timestamp) -> Result<(), LinkError> {
    let LinkTerms { guest_chooses, deadline, code_to, .. } = &new.terms;
    if !new.terms.fit(new.right) {
        return Err(LinkError::TermsWithoutHandIn);
    }
    let keys = [*guest_chooses, new.password.is_some(), code_to.is_some()];
    if keys.into_iter().filter(|key| *key).count() > 1 {
        return Err(LinkError::TwoPasswords);
    }
    if deadline.is_some_and(|deadline| deadline <= now) {
        return Err(LinkError::ExpiryInPast);
    }
    Ok(())
}

fn check_box(
    principal: &Principal,
    NewLink { terms, right, expires, .. }: &NewLink,
) -> Result<(), LinkError> {
    if !terms.is_box {
        return Ok(());
    }
    if !matches!(principal.role, Role::Staff | Role::Administrator) {
        return Err(LinkError::BoxForStaff);
    }
    let LinkTerms { uses, deadline, own_folder, .. } = terms;
    let is_fit =
        *right == LinkRight::Add && *expires == Expiry::Never && uses.is_none() && deadline.is_none();
    if is_fit && *own_folder { Ok(()) } else { Err(LinkError::NotForBox) }
}

fn check_texts(label: &str, note: &str) -> Result<(), LinkError> {
    let is_fit = label.chars().count() <= MAX_LINK_LABEL
        && note.chars().count() <= MAX_LINK_NOTE
        && !label.chars().any(char::is_control)
        && !note.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    if is_fit { Ok(()) } else { Err(LinkError::Text) }
}

fn record(tx: &WriteTx<'_>, by: &Stamp, kind: LinkEvent, row: &LinkRow) -> Result<(), CatalogError> {
    let spot = tx.spot(row.entry)?;
    let spot = spot.unwrap_or(Spot { space: row.space, entry: row.entry, path: "/".to_owned() });
    tx.record(by, &Event::Link { kind, link: row.id, spot, right: row.right })
}

fn forget_long_expired(tx: &WriteTx<'_>, now: Timestamp) -> Result<(), CatalogError> {
    tx.delete_links_expired(tx.not_after_certain(now)?.before(EXPIRED_KEPT_FOR)).map(drop)
}
