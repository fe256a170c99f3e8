//! Passkeys (WebAuthn level 3): a key on a person's device or in a password manager signs in to the pages. The device
//! must check the person by face, finger or PIN, so that a passkey stands for password and second factor.
//!
//! ```text
//! handle   HMAC(device password key, "passkey", user's id)    by which an authenticator knows the account; says nothing
//! ```
//! A passkey opens the pages and nothing else: WebDAV and the other protocols ask for a password. It ends when it is
//! removed, and with the account. A new password does not end it, because the person added it with the old one.

mod challenge;
mod site;

use std::net::IpAddr;

use secrecy::SecretString;
use subtle::ConstantTimeEq;
use webauthn_rs_core::error::WebauthnError;

use self::challenge::{Ceremony, Challenge, Challenges, Spent};
use self::site::{Answer, Holder, Names, NewAnswer};
use super::admin::{checked_label, existing, record};
use super::directory::state;
use super::session::{NewBrowser, begin_in};
use super::verified::AccountState;
use super::{Accounts, AccountsError, AuthError, Principal, Session, SessionToken, SignInError};
use crate::catalog::{CatalogError, NewPasskey, PasskeyRow, WriteTx};
use crate::model::{AccountEvent, PasskeyId, Stamp, Timestamp, UserId};

pub use self::site::{NoPasskeys, PasskeySite};

/// Most passkeys of one user.
pub(super) const MAX_PASSKEYS: usize = 10;

/// The site of passkeys, and the challenges that they answer.
pub(super) struct Passkeys {
    names: Names,
    challenges: Challenges,
}

/// Why a passkey opened nothing.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// It is unknown here or was removed, its account is disabled, or its answer is wrong. The answer does not say which.
    #[error("this passkey opens nothing here")]
    Rejected,
    /// The page is older than five minutes, was shown by another start of the server, or was sent before.
    #[error("this page is too old, or was sent before")]
    Stale,
    /// There were too many attempts, or the catalogue cannot be read.
    #[error(transparent)]
    Login(AuthError),
}

/// Why no passkey can be added.
#[derive(Debug, thiserror::Error)]
pub enum BeginPasskeyError {
    /// The user has as many as possible.
    #[error("a user has at most 10 passkeys; remove one that is no longer used")]
    TooMany,
    /// The password was not given.
    #[error(transparent)]
    Password(#[from] SignInError),
}

/// A right answer of a passkey.
struct Known {
    passkey: PasskeyRow,
    sign_count: u32,
    principal: Principal,
    /// The account before the answer was judged.
    account: AccountState,
}

impl Passkeys {
    pub(super) fn new() -> Self {
        Self { names: Names::default(), challenges: Challenges::new() }
    }
}

impl From<CatalogError> for PasskeyError {
    fn from(error: CatalogError) -> Self {
        Self::Login(error.into())
    }
}

impl From<Spent> for PasskeyError {
    fn from(spent: Spent) -> Self {
        match spent {
            Spent::Replayed => Self::Stale,
            Spent::TooMany => Self::Login(AuthError::Busy),
        }
    }
}

/// Where passkeys work.
impl Accounts {
    /// Tells the public address of the office, such as `https://files.example.org`, and the names that requests may ask for;
    /// once, before requests are answered. Without a name there are no passkeys.
    pub fn offer_passkeys_at(&self, address: &str, hosts: &[String]) {
        self.inner.passkeys.names.tell(address, hosts);
    }

    /// The site of pages with this origin, as `https://files.example.org:8443`.
    pub fn passkey_site(&self, origin: &str) -> Result<PasskeySite, NoPasskeys> {
        self.inner.passkeys.names.site(origin)
    }
}

/// A person's own passkeys.
impl Accounts {
    /// A user's passkeys, oldest first.
    pub async fn passkeys_of(&self, user: UserId) -> Result<Vec<PasskeyRow>, CatalogError> {
        self.inner.catalog.read(move |tx| tx.passkeys_of(user)).await
    }

    /// The options with which the browser of a session makes a passkey for its person, who gives the password again;
    /// in JSON. The second factor is not asked for again: it was shown in this browser when the session began.
    ///
    /// Errors: `TooMany`; else as for signing in.
    pub async fn begin_passkey(
        &self,
        site: &PasskeySite,
        session: &Session,
        password: SecretString,
        (peer, now): (IpAddr, Timestamp),
    ) -> Result<String, BeginPasskeyError> {
        self.confirm_person(session, password, peer, now).await?;
        let user = session.principal.user;
        let known = self.passkeys_of(user).await.map_err(SignInError::from)?;
        if known.len() >= MAX_PASSKEYS {
            return Err(BeginPasskeyError::TooMany);
        }
        let office = self.office().await.map_err(SignInError::from)?;
        let challenge = self.challenge(Ceremony::Add, &session.token, now);
        let name = session.principal.name.as_str();
        let office = if office.name.is_empty() { "Tresor" } else { office.name.as_str() };
        let holder = Holder { handle: &self.handle(user), name, office };
        site.creation(&challenge, &holder, &known).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, user_id = user.0, "passkey not begun");
            SignInError::Login(AuthError::Busy).into()
        })
    }

    /// Adds the passkey that a browser made for [`Self::begin_passkey`]; `answer` is its JSON.
    ///
    /// Errors: `Label`; `PasskeyStale` for an answer to another page or after five minutes, `PasskeyRefused` for any other that
    /// is not as it must be, `TooManyPasskeys`.
    pub async fn add_passkey(
        &self,
        site: &PasskeySite,
        session: &Session,
        (label, answer): (&str, &str),
        by: Stamp,
    ) -> Result<PasskeyId, AccountsError> {
        let label = checked_label(label)?;
        let user = session.principal.user;
        let answer = NewAnswer::parse(answer).ok_or(AccountsError::PasskeyRefused)?;
        let challenge = self.taken(Ceremony::Add, &session.token, answer.challenge(), by.at);
        let challenge = challenge.ok_or(AccountsError::PasskeyStale)?;
        let known = self.passkeys_of(user).await?;
        let made = site.check_new(&answer, &challenge, &known).map_err(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::info!(error, user_id = user.0, "passkey not added");
            AccountsError::PasskeyRefused
        })?;
        let spent = self.inner.passkeys.challenges.spend(user, challenge, by.at);
        spent.map_err(|_| AccountsError::PasskeyStale)?;
        self.change(move |tx| {
            existing(tx, user)?;
            if tx.passkeys_of(user)?.len() >= MAX_PASSKEYS {
                return Err(AccountsError::TooManyPasskeys);
            }
            // An authenticator makes a number of its own; the same one again belongs to another account or to an attacker.
            if tx.passkey_by_credential(&made.credential_id)?.is_some() {
                return Err(AccountsError::PasskeyRefused);
            }
            let id = tx.insert_passkey(&NewPasskey {
                user,
                credential_id: made.credential_id,
                public_key: made.public_key,
                sign_count: made.sign_count,
                is_backup_eligible: made.is_backup_eligible,
                label: label.clone(),
                created: by.at,
            })?;
            record(tx, &by, AccountEvent::PasskeyAdded(label), user)?;
            Ok(id)
        })
        .await
    }

    /// Gives a passkey another name; the same again changes nothing.
    ///
    /// Errors: `Label`, `UnknownPasskey`.
    pub async fn rename_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        label: &str,
        by: Stamp,
    ) -> Result<(), AccountsError> {
        let label = checked_label(label)?;
        self.change(move |tx| {
            let passkey = tx.passkeys_of(user)?.into_iter().find(|passkey| passkey.id == id);
            if passkey.ok_or(AccountsError::UnknownPasskey)?.label == label {
                tx.silent("the passkey has this name already");
                return Ok(());
            }
            tx.rename_passkey(id, &label)?;
            record(tx, &by, AccountEvent::PasskeyRenamed(label), user)
        })
        .await
    }

    /// Removes a passkey; it opens nothing from now on. Browsers in which it signed in stay signed in.
    pub async fn remove_passkey(&self, user: UserId, id: PasskeyId, by: Stamp) -> Result<(), AccountsError> {
        self.change(move |tx| {
            let passkey = tx.passkeys_of(user)?.into_iter().find(|passkey| passkey.id == id);
            let label = passkey.ok_or(AccountsError::UnknownPasskey)?.label;
            tx.delete_passkey(user, id)?;
            record(tx, &by, AccountEvent::PasskeyRemoved(label), user)
        })
        .await
    }
}

/// Using them.
impl Accounts {
    /// What a browser that was shown the page on which a device is approved is asked, in JSON.
    pub fn ask_to_consent(&self, site: &PasskeySite, shown: &SessionToken, now: Timestamp) -> String {
        site.request(&self.challenge(Ceremony::Consent, shown, now))
    }

    /// The person of the passkey that answered [`Self::ask_to_consent`], in JSON.
    pub(super) async fn consenting(
        &self,
        site: &PasskeySite,
        shown: &SessionToken,
        answer: &str,
        (peer, now): (IpAddr, Timestamp),
    ) -> Result<AccountState, PasskeyError> {
        let known = self.known_by(site, (Ceremony::Consent, shown), answer, (peer, now)).await?;
        let Known { passkey, sign_count, account, .. } = known;
        let note = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            use_in(tx, &passkey, sign_count, now)
        };
        self.inner.catalog.write_silent("logins are no events", note).await?;
        Ok(account)
    }

    /// The request to a browser that was shown the page to sign in, in JSON. Costs no memory.
    pub fn ask_for_passkey(&self, site: &PasskeySite, shown: &SessionToken, now: Timestamp) -> String {
        site.request(&self.challenge(Ceremony::SignIn, shown, now))
    }

    /// Signs a browser in by the answer of a passkey to [`Self::ask_for_passkey`], in JSON.
    pub async fn begin_session_by_passkey(
        &self,
        site: &PasskeySite,
        shown: &SessionToken,
        answer: &str,
        (peer, browser): (IpAddr, &str),
        now: Timestamp,
    ) -> Result<Session, PasskeyError> {
        let known = self.known_by(site, (Ceremony::SignIn, shown), answer, (peer, now)).await?;
        let token = SessionToken::random();
        let new = NewBrowser { token_hmac: self.inner.session_key.kept(&token), browser: browser.to_owned() };
        let Known { passkey, sign_count, principal, account } = known;
        let begin = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            use_in(tx, &passkey, sign_count, now)?;
            begin_in(tx, account, &new, now)?.ok_or(PasskeyError::Rejected)
        };
        let id = self.inner.catalog.write_silent("logins are no events", begin).await?;
        Ok(Session { id, principal, token, is_locked: false, is_watched: false })
    }

    /// The request to the browser of a locked session, in JSON.
    pub fn ask_to_unlock(&self, site: &PasskeySite, session: &Session, now: Timestamp) -> String {
        site.request(&self.challenge(Ceremony::Unlock, &session.token, now))
    }

    /// Unlocks a session by the answer of a passkey of its person to [`Self::ask_to_unlock`]. A session that has ended stays
    /// ended.
    pub async fn unlock_session_by_passkey(
        &self,
        site: &PasskeySite,
        session: &Session,
        answer: &str,
        (peer, now): (IpAddr, Timestamp),
    ) -> Result<(), PasskeyError> {
        let known = self.known_by(site, (Ceremony::Unlock, &session.token), answer, (peer, now)).await?;
        if known.principal.user != session.principal.user {
            return Err(PasskeyError::Rejected);
        }
        let Known { passkey, sign_count, .. } = known;
        let note = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            use_in(tx, &passkey, sign_count, now)
        };
        self.inner.catalog.write_silent("logins are no events", note).await?;
        Ok(self.unlock(session, now).await?)
    }

    /// Judges an answer. A wrong one counts as a wrong password does.
    async fn known_by(
        &self,
        site: &PasskeySite,
        (ceremony, browser): (Ceremony, &SessionToken),
        answer: &str,
        (peer, now): (IpAddr, Timestamp),
    ) -> Result<Known, PasskeyError> {
        let answer = Answer::parse(answer).ok_or(PasskeyError::Rejected)?;
        let challenge = self.taken(ceremony, browser, answer.challenge(), now).ok_or(PasskeyError::Stale)?;
        let id = answer.credential_id().to_vec();
        let found = self.inner.catalog.read(move |tx| {
            let Some(passkey) = tx.passkey_by_credential(&id)? else { return Ok(None) };
            let user = tx.user(passkey.user)?;
            Ok::<_, CatalogError>(user.map(|user| (passkey, user)))
        });
        let found = found.await?;
        let name_key = found.as_ref().map(|(_, user)| user.name_key.as_str()).unwrap_or_default();
        let inner = &self.inner;
        let attempt = inner.throttle().attempt(name_key, peer);
        let charge = inner.throttle().begin(attempt, now).map_err(|wait| PasskeyError::Login(wait.into()))?;
        let Some((passkey, user)) = found else { return Err(PasskeyError::Rejected) };
        let is_of_person: bool =
            answer.handle().is_some_and(|handle| handle.ct_eq(&self.handle(passkey.user)).into());
        if !is_of_person {
            return Err(PasskeyError::Rejected);
        }
        // The same answer once more, whose counter is that of the first time: no copy of the passkey.
        if inner.passkeys.challenges.is_spent(passkey.user, &challenge) {
            return Err(PasskeyError::Stale);
        }
        let sign_count =
            site.check(&answer, &challenge, &passkey).map_err(|error| refused(&passkey, &error))?;
        inner.passkeys.challenges.spend(passkey.user, challenge, now)?;
        let principal = inner.directory.current().await?.principal(passkey.user);
        let principal = principal.ok_or(PasskeyError::Rejected)?;
        inner.throttle().succeeded(charge, now);
        Ok(Known { account: state(&user), passkey, sign_count, principal })
    }

    fn challenge(&self, ceremony: Ceremony, browser: &SessionToken, now: Timestamp) -> Challenge {
        self.inner.passkeys.challenges.give(ceremony, &self.inner.session_key.kept(browser), now)
    }

    fn taken(
        &self,
        ceremony: Ceremony,
        browser: &SessionToken,
        answered: &[u8],
        now: Timestamp,
    ) -> Option<Challenge> {
        let browser = self.inner.session_key.kept(browser);
        self.inner.passkeys.challenges.taken(ceremony, &browser, answered, now)
    }

    fn handle(&self, user: UserId) -> [u8; 32] {
        self.inner.app_password_key.mac(&[b"passkey", &user.0.to_be_bytes()])
    }
}

/// Notes a use, unless the passkey was removed or used meanwhile.
fn use_in(
    tx: &WriteTx<'_>,
    judged: &PasskeyRow,
    sign_count: u32,
    now: Timestamp,
) -> Result<(), PasskeyError> {
    let present = tx.passkey_by_credential(&judged.credential_id)?.ok_or(PasskeyError::Rejected)?;
    if present.id != judged.id
        || (sign_count, present.sign_count) != (0, 0) && sign_count <= present.sign_count
    {
        return Err(PasskeyError::Rejected);
    }
    Ok(tx.touch_passkey(judged.id, sign_count, now)?)
}

/// Logs faults other than a wrong answer.
fn refused(passkey: &PasskeyRow, error: &WebauthnError) -> PasskeyError {
    let (user_id, passkey_id) = (passkey.user.0, passkey.id.0);
    if matches!(error, WebauthnError::CredentialPossibleCompromise) {
        tracing::warn!(user_id, passkey_id, "the counter of a passkey went back: it may have been copied");
    } else {
        let error: &dyn std::error::Error = error;
        tracing::info!(error, user_id, passkey_id, "passkey refused");
    }
    PasskeyError::Rejected
}

#[cfg(test)]
mod authenticator;
#[cfg(test)]
mod tests;
