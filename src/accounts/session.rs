//! Sessions: a browser that signed in shows a random token instead of name and password.
//!
//! ```text
//! token        32 random bytes                          in the browser's cookie
//! kept         HMAC(session key, "session", token)      in the row
//! form token   HMAC(session key, "form", token)         in each form, so that no page of another site can send it
//! upload pass  HMAC(session key, "upload", id)          in the address of an upload by a page, which outlives the session
//! ```
//! A session ends half an hour after its last use, and in any case after half a day; when the password or the second
//! factor changes; and with the account. It is judged by the later of the wall clock and the certain time: a clock that is
//! set back keeps none alive.
//!
//! A page's script that watches the person at the screen **locks** the session when the person does nothing for the time that
//! the office has set ([`Accounts::lock_session`]). If such a script falls silent, because the machine sleeps, the session is
//! locked two minutes later by itself. A locked session opens nothing until [`Accounts::unlock_session`]; but uploads
//! that the person began go on ([`Accounts::session_even_locked`]).

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::directory::state;
use super::verified::AccountState;
use super::{Accounts, AuthError, Credentials, Principal};
use crate::catalog::{CatalogError, NewSession, SessionRow, WriteTx};
use crate::model::{CLOCK_TOLERANCE, SessionId, Timestamp, UploadId, fill_random};

/// Time after its last use at which a session ends.
pub const SESSION_IDLE: Duration = Duration::from_mins(30);
/// Time after the login at which a session ends, however it is used: a working day with its breaks.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(12);
/// The last use of a session is stored at most this often.
const NOTE_USE_EVERY: Duration = Duration::from_mins(1);
/// Time after which a session is locked whose script has fallen silent, beyond the office's: the script says at most once in
/// [`NOTE_USE_EVERY`] that its person is there, and its message may be late.
pub(super) const SILENCE: Duration = Duration::from_mins(2);
/// Most sessions of one account; one more ends the oldest.
const MAX_SESSIONS: usize = 10;
/// Sessions that are removed in one transaction.
const STEP: usize = 100;

/// The key for hashing session tokens; `vault::keys` derives it from the root secret.
pub struct SessionKey(Zeroizing<[u8; 32]>);

/// The secret of a session, or of a browser that is about to begin one. Wiped on drop.
#[derive(Clone)]
pub struct SessionToken(Zeroizing<[u8; 32]>);

/// A session of a browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// The user who signed in.
    pub principal: Principal,
    /// Its secret.
    pub token: SessionToken,
    /// Whether it opens nothing until the person gives the password.
    pub is_locked: bool,
    /// Whether a script locks it when the person does nothing.
    pub is_watched: bool,
}

/// A browser in which a person is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInBrowser {
    /// The session.
    pub id: SessionId,
    /// The browser, as people call it; empty if that is not known.
    pub browser: String,
    /// When the person signed in.
    pub since: Timestamp,
    /// When it was used last, accurate to a minute.
    pub last_used: Timestamp,
    /// Whether it is locked.
    pub is_locked: bool,
}

/// Why a browser is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name and password do not match, or there were too many attempts.
    #[error(transparent)]
    Login(#[from] AuthError),
    /// A device password was given. It opens files and nothing else.
    #[error("this is a device password; use your own")]
    DevicePassword,
}

impl From<CatalogError> for SignInError {
    fn from(error: CatalogError) -> Self {
        Self::Login(error.into())
    }
}

impl SessionKey {
    /// Takes a key of 32 uniformly random bytes that has no other use.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    fn mac(&self, use_of: &[u8], of: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_ref()).expect("HMAC takes keys of any length");
        mac.update(use_of);
        mac.update(of);
        mac.finalize().into_bytes().into()
    }

    /// The stored form of a token.
    pub(super) fn kept(&self, token: &SessionToken) -> [u8; 32] {
        self.mac(b"session", token.0.as_ref())
    }
}

impl SessionToken {
    /// A new token from the system's random source.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(bytes.as_mut());
        Self(bytes)
    }

    /// The token of a text of [`Self::reveal`]; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The text for a cookie: 43 letters, digits, `-` and `_`.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(self.0.as_ref()))
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey([redacted])")
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken([redacted])")
    }
}

impl Accounts {
    /// Signs a browser in with the account's own password and, with a second factor, its code.
    ///
    /// Cancel safe, as [`Self::authenticate`] is.
    pub async fn begin_session(
        &self,
        credentials: &Credentials,
        code: Option<&SecretString>,
        (peer, browser): (IpAddr, &str),
        now: Timestamp,
    ) -> Result<Session, SignInError> {
        // Read before the password is checked: if the password is changed meanwhile, the old one has opened nothing.
        let account = self.account_named(&credentials.name).await?;
        let principal = self.sign_in(credentials, code, peer, now).await?;
        if principal.via_app_password.is_some() {
            return Err(SignInError::DevicePassword);
        }
        let account = account.filter(|account| account.user == principal.user);
        let account = account.ok_or(AuthError::Rejected)?;
        let token = SessionToken::random();
        let new = NewBrowser { token_hmac: self.inner.session_key.kept(&token), browser: browser.to_owned() };
        let begin = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            begin_in(tx, account, &new, now)?.ok_or(SignInError::Login(AuthError::Rejected))
        };
        let id = self.inner.catalog.write_silent("logins are no events", begin).await?;
        Ok(Session { id, principal, token, is_locked: false, is_watched: false })
    }

    /// The session of this token; `None` if there is none, or it has ended or is locked.
    pub async fn session(
        &self,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<Option<Session>, CatalogError> {
        Ok(self.session_even_locked(token, now).await?.filter(|session| !session.is_locked))
    }

    /// The session of this token, also if it is locked. For uploads that the person began before, and for unlocking
    /// it; a locked session may read nothing.
    pub async fn session_even_locked(
        &self,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<Option<Session>, CatalogError> {
        let hmac = self.inner.session_key.kept(token);
        let found = self.inner.catalog.read(move |tx| {
            let now = tx.not_before_certain(now)?;
            Ok::<_, CatalogError>(
                tx.session_by_hmac(&hmac)?.filter(|row| is_alive(row, now)).map(|row| (row, now)),
            )
        });
        let Some((row, now)) = found.await? else { return Ok(None) };
        let directory = self.inner.directory.current().await?;
        let Some(principal) = directory.principal(row.user) else { return Ok(None) };
        let (is_locked, is_watched) = (is_locked(&row, now), row.locks.is_some());
        self.note_session(row, now).await;
        let id = row.id;
        Ok(Some(Session { id, principal, token: token.clone(), is_locked, is_watched }))
    }

    /// Ends the session of this token; succeeds if there is none.
    pub async fn end_session(&self, token: &SessionToken) -> Result<(), CatalogError> {
        let hmac = self.inner.session_key.kept(token);
        let end = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            tx.delete_session(&hmac)
        };
        self.inner.catalog.write_silent("logins are no events", end).await
    }

    /// Removes the sessions that have ended at `now`, the certain time; returns their number.
    pub async fn remove_ended_sessions(&self, now: Timestamp) -> Result<usize, CatalogError> {
        let mut removed = 0;
        loop {
            let remove = move |tx: &WriteTx<'_>| {
                tx.touches_only([]);
                tx.delete_ended_sessions(now, STEP)
            };
            let step = self.inner.catalog.write_silent("nothing of the office ends with it", remove).await?;
            removed += step;
            if step < STEP {
                return Ok(removed);
            }
        }
    }

    /// The token that the forms of this session carry.
    pub fn form_token(&self, token: &SessionToken) -> String {
        BASE64URL_NOPAD.encode(&self.inner.session_key.mac(b"form", token.0.as_ref()))
    }

    /// Whether a form carries the token of this session.
    pub fn is_form_token(&self, token: &SessionToken, sent: &str) -> bool {
        self.form_token(token).as_bytes().ct_eq(sent.as_bytes()).into()
    }

    /// The secret in the address of an upload that a page began. It lets the upload continue, and nothing else, after the
    /// session has ended: a transfer does not depend on a person at the screen.
    pub fn upload_pass(&self, id: UploadId) -> String {
        BASE64URL_NOPAD.encode(&self.inner.session_key.mac(b"upload", &id.0))
    }

    /// Whether this is that secret.
    pub fn is_upload_pass(&self, id: UploadId, sent: &str) -> bool {
        self.upload_pass(id).as_bytes().ct_eq(sent.as_bytes()).into()
    }

    async fn note_session(&self, row: SessionRow, now: Timestamp) {
        if now.since(row.last_used) < NOTE_USE_EVERY {
            return;
        }
        let locks = if is_locked(&row, now) { row.locks } else { self.locks(row.locks.is_some(), now).await };
        let ends = now.after(SESSION_IDLE).min(row.created.after(SESSION_LIFETIME));
        let used = SessionRow { last_used: now, ends, locks, ..row };
        let touch = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            tx.touch_session(&used)
        };
        let noted =
            self.inner.catalog.write_silent("when a session was last used is kept with it", touch).await;
        if let Err(error) = noted {
            // A full disk must not keep people from the pages; the session ends sooner.
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, user_id = row.user.0, "cannot record the last use of a session");
        }
    }
}

/// A browser that signs in.
pub(super) struct NewBrowser {
    pub(super) token_hmac: [u8; 32],
    /// As people call it.
    pub(super) browser: String,
}

/// Begins a session; `None` if the account may not log in, or has changed since it had this state.
pub(super) fn begin_in(
    tx: &WriteTx<'_>,
    account: AccountState,
    new: &NewBrowser,
    now: Timestamp,
) -> Result<Option<SessionId>, CatalogError> {
    let user = tx.user(account.user)?;
    if user.is_none_or(|user| user.disabled.is_some() || state(&user) != account) {
        return Ok(None);
    }
    let created = tx.not_before_certain(now)?;
    let (token_hmac, browser) = (new.token_hmac, new.browser.clone());
    let (user, ends) = (account.user, created.after(SESSION_IDLE));
    tx.insert_session(&NewSession { user, token_hmac, created, ends, browser }, MAX_SESSIONS).map(Some)
}

/// Whether a session has not ended yet. One that began in the future was made under a clock that ran ahead.
pub(super) fn is_alive(row: &SessionRow, now: Timestamp) -> bool {
    now < row.ends
        && now < row.created.after(SESSION_LIFETIME)
        && row.created.since(now) <= CLOCK_TOLERANCE
        && row.last_used.since(now) <= CLOCK_TOLERANCE
}

/// Whether it is locked. A script locks it at the right moment; the time in the row is for one that fell silent.
pub(super) fn is_locked(row: &SessionRow, now: Timestamp) -> bool {
    row.locks.is_some_and(|locks| locks <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::fixture::{HOME, NOW, Office, PASSWORD, later, secret};
    use crate::accounts::totp::tests::shown;
    use crate::model::Stamp;

    async fn begin(office: &Office, now: Timestamp) -> SessionToken {
        let credentials = Credentials { name: "anna".into(), password: secret(PASSWORD) };
        let session =
            office.accounts.begin_session(&credentials, None, (HOME.parse().unwrap(), ""), now).await;
        session.unwrap().token
    }

    async fn lives(office: &Office, token: &SessionToken, now: Timestamp) -> bool {
        let session = office.accounts.session(token, now).await.unwrap();
        assert!(session.as_ref().is_none_or(|session| session.principal.user == office.anna));
        session.is_some()
    }

    #[tokio::test]
    async fn a_session_ends_half_an_hour_after_its_last_use() {
        let office = Office::open().await;
        let token = begin(&office, NOW).await;
        assert!(lives(&office, &token, later(1_799)).await);
        // Used at 1,799 seconds, so it ends at 3,599.
        assert!(lives(&office, &token, later(3_598)).await);
        assert!(!lives(&office, &token, later(5_398)).await);
        assert!(!lives(&office, &SessionToken::random(), NOW).await);
    }

    #[tokio::test]
    async fn a_session_ends_after_half_a_day_however_it_is_used() {
        let office = Office::open().await;
        let token = begin(&office, NOW).await;
        for minutes in (0..720).step_by(20) {
            assert!(lives(&office, &token, later(minutes * 60)).await, "{minutes}");
        }
        assert!(lives(&office, &token, later(720 * 60 - 1)).await);
        assert!(!lives(&office, &token, later(720 * 60)).await);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_keeps_no_session_alive() {
        let office = Office::open().await;
        let token = begin(&office, later(7_200)).await;
        assert!(lives(&office, &token, later(7_199)).await, "a second is no jump");
        assert!(!lives(&office, &token, NOW).await);
    }

    #[tokio::test]
    async fn what_changes_the_account_ends_its_sessions() {
        let office = Office::open().await;
        let (accounts, anna) = (&office.accounts, office.anna);
        let by = Stamp::owner(NOW);

        let token = begin(&office, NOW).await;
        accounts.disable(anna, by).await.unwrap();
        assert!(!lives(&office, &token, NOW).await);
        accounts.enable(anna, by).await.unwrap();
        assert!(!lives(&office, &token, NOW).await, "it does not come back");

        let token = begin(&office, NOW).await;
        let factor = accounts.begin_second_factor(anna, None, NOW).await.unwrap();
        assert!(lives(&office, &token, NOW).await, "nothing is confirmed yet");
        accounts.confirm_second_factor(anna, &shown(&factor, NOW), by).await.unwrap();
        assert!(!lives(&office, &token, NOW).await);

        let credentials = Credentials { name: "anna".into(), password: secret(PASSWORD) };
        let (home, at) = (HOME.parse().unwrap(), later(60));
        let missing = accounts.begin_session(&credentials, None, (home, ""), at).await;
        assert!(matches!(missing, Err(SignInError::Login(AuthError::SecondFactorNeeded))));
        let code = secret(&shown(&factor, at));
        let token = accounts.begin_session(&credentials, Some(&code), (home, ""), at).await.unwrap().token;
        assert!(lives(&office, &token, at).await);
        accounts.remove_second_factor(anna, by).await.unwrap();
        assert!(!lives(&office, &token, at).await);

        let token = begin(&office, at).await;
        accounts.set_password(anna, secret("ganz ein anderes"), by).await.unwrap();
        assert!(!lives(&office, &token, at).await);
    }

    #[tokio::test]
    async fn sessions_end_with_a_removed_account_and_by_themselves() {
        let office = Office::open().await;
        let token = begin(&office, NOW).await;
        assert_eq!(office.accounts.remove_ended_sessions(later(1_799)).await.unwrap(), 0);
        assert_eq!(office.accounts.remove_ended_sessions(later(1_800)).await.unwrap(), 1);
        assert!(!lives(&office, &token, NOW).await);

        let token = begin(&office, NOW).await;
        office.accounts.end_session(&token).await.unwrap();
        assert!(!lives(&office, &token, NOW).await);

        let token = begin(&office, NOW).await;
        office.accounts.remove_user(office.anna, Stamp::owner(NOW)).await.unwrap();
        assert!(!lives(&office, &token, NOW).await);
        assert_eq!(office.accounts.remove_ended_sessions(later(1_800)).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn one_session_too_many_ends_the_oldest() {
        let office = Office::open().await;
        let mut tokens = Vec::new();
        for _ in 0..MAX_SESSIONS {
            tokens.push(begin(&office, NOW).await);
        }
        assert!(lives(&office, &tokens[0], NOW).await);
        tokens.push(begin(&office, NOW).await);
        assert!(!lives(&office, &tokens[0], NOW).await);
        assert!(lives(&office, &tokens[1], NOW).await && lives(&office, &tokens[MAX_SESSIONS], NOW).await);
    }

    #[tokio::test]
    async fn a_devices_password_begins_no_session() {
        let office = Office::open().await;
        let password = office.app_password(None).await;
        let credentials = Credentials { name: "anna".into(), password: secret(&password) };
        let begun = office.accounts.begin_session(&credentials, None, (HOME.parse().unwrap(), ""), NOW).await;
        assert!(matches!(begun, Err(SignInError::DevicePassword)));
    }

    #[tokio::test]
    async fn the_catalogue_holds_no_token() {
        let office = Office::open().await;
        let token = begin(&office, NOW).await;
        let dump = office.plaintext_dump();
        assert!(!Office::holds(&dump, token.0.as_ref()));
        assert!(!Office::holds(&dump, token.reveal().as_bytes()));
        assert!(Office::holds(&dump, &office.accounts.inner.session_key.kept(&token)));
    }

    #[tokio::test]
    async fn a_form_belongs_to_one_session() {
        let accounts = Office::open().await.accounts;
        let (own, other) = (SessionToken::random(), SessionToken::random());
        let sent = accounts.form_token(&own);
        assert!(accounts.is_form_token(&own, &sent));
        for forged in
            ["", &accounts.form_token(&other), &own.reveal(), sent.strip_suffix(|_: char| true).unwrap()]
        {
            assert!(!accounts.is_form_token(&own, forged), "{forged}");
        }
    }

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let token = SessionToken::random();
        let text = token.reveal();
        assert_eq!(text.len(), 43);
        assert_eq!(SessionToken::parse(&text).unwrap().0, token.0);
        let shorter = text.strip_suffix(|_: char| true).unwrap();
        for bad in ["", "x", shorter, &format!("{}x", *text), &format!("{}=", *text)] {
            assert!(SessionToken::parse(bad).is_none(), "{bad}");
        }
    }
}
