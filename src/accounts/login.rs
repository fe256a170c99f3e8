//! Turns a name and a password into a [`Principal`].
//!
//! Cheapest check first: recent right or wrong credentials are answered from memory; a device password takes one
//! indexed read and is not throttled, because 160 random bits cannot be guessed; only then follow the throttle and
//! argon2. An unknown user, a disabled one and one without a password take the same path as a wrong password: the
//! same lookups, one run of argon2, the same answer.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::app_password::AppToken;
use super::directory::{standing, state};
use super::name::{UserName, login_name};
use super::password::{PasswordHash, Turn, Verdict};
use super::rights::Standing;
use super::throttle::RetryAfter;
use super::verified::{CredentialDigest, Remembered, VERIFIED_FOR};
use super::{Accounts, Inner, Principal, second_factor};
use crate::catalog::{AppPasswordRow, CatalogError, UserRow, WriteTx};
use crate::model::{AppPasswordId, Timestamp, UserId};

/// The last use of a device password is stored at most this often, which is whenever the catalogue is asked about
/// it again. The owner of a lost laptop wants that time to the minute.
const NOTE_USE_EVERY: Duration = VERIFIED_FOR;

/// Name and password as a client sends them.
pub struct Credentials {
    /// As sent; a Windows domain in front is ignored.
    pub name: String,
    /// The user's password or a device password.
    pub password: SecretString,
}

/// Why a login is refused.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Name or password is wrong, or the account is disabled, or the device password has expired or was revoked.
    /// The answer does not say which.
    #[error("the user name or password is wrong")]
    Rejected,
    /// The password is right, but the user has a second factor and must sign in with a browser, or use a device
    /// password.
    #[error("this account has a second factor: sign in with a browser, or use a device's password")]
    SecondFactorNeeded,
    /// The password is right, the code of the second factor is not.
    #[error("this code is not valid")]
    WrongCode,
    /// Too many recent wrong passwords.
    #[error("too many wrong passwords; try again in {retry_after} seconds")]
    Throttled {
        /// Seconds to wait, 1 to 900.
        retry_after: u32,
    },
    /// Too many passwords are waiting to be checked.
    #[error("the server is busy; try again in a few seconds")]
    Busy,
    /// The catalogue cannot be read.
    #[error("the login could not be checked")]
    Catalog(#[from] CatalogError),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

impl From<RetryAfter> for AuthError {
    fn from(RetryAfter(retry_after): RetryAfter) -> Self {
        Self::Throttled { retry_after }
    }
}

/// One login attempt, with the data that every step needs.
struct Login<'a> {
    inner: &'a Arc<Inner>,
    credentials: &'a Credentials,
    name_key: &'a str,
    user: Option<&'a UserRow>,
    digest: CredentialDigest,
    proof: Proof<'a>,
    now: Timestamp,
}

/// Proof that may accompany name and password.
#[derive(Clone, Copy)]
enum Proof<'a> {
    /// Nothing: the client is a program that sends both with every request.
    None,
    /// The client can ask a person for the code of a second factor.
    Code(Option<&'a SecretString>),
    /// The code was given before, in the browser that asks now.
    Given,
}

impl Accounts {
    /// Identifies the user of these credentials. `peer` is the client's address, not a proxy's.
    ///
    /// Cancel safe; an attempt that is dropped while its password is being checked counts as failed.
    pub async fn authenticate(
        &self,
        credentials: &Credentials,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Principal, AuthError> {
        self.log_in(credentials, Proof::None, peer, now).await
    }

    /// Like [`Self::authenticate`], for a person in front of a page, who may have entered the code of a second
    /// factor or a recovery code. `SecondFactorNeeded` if a code is required and missing.
    pub async fn sign_in(
        &self,
        credentials: &Credentials,
        code: Option<&SecretString>,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Principal, AuthError> {
        self.log_in(credentials, Proof::Code(code), peer, now).await
    }

    /// Like [`Self::sign_in`], for a person who is signed in with the browser that asks.
    pub(super) async fn confirm(
        &self,
        credentials: &Credentials,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Principal, AuthError> {
        self.log_in(credentials, Proof::Given, peer, now).await
    }

    async fn log_in(
        &self,
        credentials: &Credentials,
        proof: Proof<'_>,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Principal, AuthError> {
        let inner = &self.inner;
        let directory = inner.directory.current().await?;
        // Malformed names take the same path as unknown ones, so timing does not tell them apart.
        let name_key = login_name(&credentials.name).map(|name| name.key()).unwrap_or_default();
        let user = directory.user_by_name(&name_key);
        let digest = inner.remembered.digest(&name_key, &credentials.password, user.map(state));
        let login = Login { inner, credentials, name_key: &name_key, user, digest, proof, now };

        if let Some(answer) = login.recall() {
            return answer;
        }
        let attempt = inner.throttle().attempt(&name_key, peer);
        if let Some(principal) = login.by_app_password().await? {
            inner.throttle().remember(attempt, now);
            return Ok(principal);
        }
        // Checked twice: here, so that a flood does not fill the queue, and again when the turn comes, so that a
        // burst of requests is counted one by one.
        inner.throttle().check(attempt, now)?;
        let turn = inner.passwords.turn().await.map_err(|_| AuthError::Busy)?;
        // A client that opens eight connections at once sends the same password eight times.
        if let Some(answer) = login.recall() {
            return answer;
        }
        let stored = login.stored_password().await?;
        let charge = inner.throttle().begin(attempt, now)?;
        match login.by_password(turn, stored).await {
            Ok(principal) => {
                inner.throttle().succeeded(charge, now);
                Ok(principal)
            }
            Err(wrong @ (AuthError::Rejected | AuthError::WrongCode)) => Err(wrong),
            Err(not_judged) => {
                inner.throttle().withdrawn(charge);
                Err(not_judged)
            }
        }
    }
}

impl Login<'_> {
    fn recall(&self) -> Option<Result<Principal, AuthError>> {
        match self.inner.remembered.recall(&self.digest, self.now)? {
            Remembered::Right(by) => self.principal(by).map(Ok),
            Remembered::Wrong => Some(Err(AuthError::Rejected)),
            Remembered::Half => match self.proof {
                Proof::None => Some(Err(AuthError::SecondFactorNeeded)),
                Proof::Code(_) => None,
                Proof::Given => self.principal(None).map(Ok),
            },
        }
    }

    /// The user as a principal, if the account exists and may log in.
    fn principal(&self, via_app_password: Option<AppPasswordId>) -> Option<Principal> {
        let user = self.user.filter(|user| standing(user) == Standing::Enabled)?;
        Some(Principal {
            user: user.id,
            name: UserName::from_stored(&user.name),
            role: user.role,
            via_app_password,
        })
    }

    async fn by_app_password(&self) -> Result<Option<Principal>, AuthError> {
        let Some(token) = AppToken::parse(&self.credentials.password) else {
            return Ok(None);
        };
        let hash = token.hash(&self.inner.app_password_key);
        let found = self.inner.catalog.read(move |tx| tx.app_password_by_hmac(&hash.0)).await?;
        let is_usable = |row: &AppPasswordRow| {
            self.user.is_some_and(|user| user.id == row.user)
                && row.expires.is_none_or(|expires| self.now < expires)
        };
        let Some(row) = found.filter(is_usable) else {
            return Ok(None);
        };
        let Some(principal) = self.principal(Some(row.id)) else {
            return Ok(None);
        };
        self.inner.remembered.remember_right(self.digest, Some(row.id), row.expires, self.now);
        self.note_use(&row).await;
        Ok(Some(principal))
    }

    async fn note_use(&self, row: &AppPasswordRow) {
        let now = self.now;
        if row.last_used.is_some_and(|used| now.since(used) < NOTE_USE_EVERY) {
            return;
        }
        let id = row.id;
        let touch = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            tx.touch_app_password(id, now)
        };
        let noted = self
            .inner
            .catalog
            .write_silent("when a device was last seen is kept with its password", touch)
            .await;
        if let Err(error) = noted {
            // A full disk must not keep users from the files that they want to delete.
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, app_password_id = id.0, "cannot record the last use of an app password");
        }
    }

    async fn stored_password(&self) -> Result<Option<PasswordHash>, AuthError> {
        let name_key = self.name_key.to_owned();
        let stored = self.inner.catalog.read(move |tx| tx.password_hash(&name_key)).await?;
        Ok(stored.map(PasswordHash::from_stored))
    }

    async fn by_password(&self, turn: Turn, stored: Option<PasswordHash>) -> Result<Principal, AuthError> {
        let password = self.credentials.password.clone();
        let judged = turn.verify(password, stored.clone()).await.map_err(|_| AuthError::Busy)?;
        let verdict = judged.verdict;
        let principal = self.principal(None).filter(|_| verdict != Verdict::Mismatch);
        let Some(principal) = principal else {
            self.inner.remembered.remember_wrong(self.digest, self.now);
            return Err(AuthError::Rejected);
        };
        if self.user.is_some_and(|user| user.has_second_factor) {
            drop(judged);
            self.inner.remembered.remember_half(self.digest, self.now);
            if !matches!(self.proof, Proof::Given) {
                self.take_code(principal.user).await?;
            }
            return Ok(principal);
        }
        self.inner.remembered.remember_right(self.digest, None, None, self.now);
        drop(judged);
        if let (Verdict::MatchStale, Some(old)) = (verdict, stored) {
            self.renew(&principal, old).await;
        }
        Ok(principal)
    }

    async fn take_code(&self, user: UserId) -> Result<(), AuthError> {
        let Proof::Code(Some(code)) = self.proof else {
            return Err(AuthError::SecondFactorNeeded);
        };
        let (inner, code, now) = (Arc::clone(self.inner), code.clone(), self.now);
        let take = move |tx: &crate::catalog::WriteTx<'_>| {
            second_factor::take_code(tx, &inner.app_password_key, user, &code, now)
        };
        match self.inner.catalog.write_silent("a code is used up by signing in", take).await? {
            true => Ok(()),
            false => Err(AuthError::WrongCode),
        }
    }

    /// Rehashes a password with the present parameters; if that fails, the next login tries again.
    async fn renew(&self, principal: &Principal, old: PasswordHash) {
        let Ok(new) = self.inner.passwords.hash(self.credentials.password.clone()).await else {
            return;
        };
        let user = principal.user;
        let renew = move |tx: &crate::catalog::WriteTx<'_>| {
            tx.renew_password_hash(user, old.as_stored(), new.as_stored())
        };
        let renewed: Result<(), CatalogError> =
            self.inner.catalog.write_silent("the password stays the same", renew).await;
        if let Err(error) = renewed {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, user_id = user.0, "password not rehashed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::fixture::{HOME, NOW, Office, PASSWORD, later, secret};
    use crate::accounts::password::PARALLEL_RUNS;
    use crate::model::Stamp;

    fn is_rejected(answer: &Result<Principal, AuthError>) -> bool {
        matches!(answer, Err(AuthError::Rejected))
    }

    #[tokio::test]
    async fn the_right_password_opens_and_is_checked_once_in_five_minutes() {
        let office = Office::open().await;
        let runs = office.accounts.password_runs();
        for name in ["anna", "ANNA", "OFFICE\\Anna"] {
            let principal = office.login(name, PASSWORD, NOW).await.unwrap();
            assert_eq!((principal.user, principal.via_app_password), (office.anna, None));
            assert_eq!(principal.name.as_str(), "Anna");
        }
        assert_eq!(office.accounts.password_runs() - runs, 1);
        office.login("anna", PASSWORD, later(300)).await.unwrap();
        assert_eq!(office.accounts.password_runs() - runs, 2);
    }

    #[tokio::test]
    async fn nobody_nothing_and_wrong_take_the_same_way() {
        let office = Office::open().await;
        office.accounts.disable(office.bert, Stamp::owner(NOW)).await.unwrap();
        let runs = || office.accounts.password_runs();
        for (name, password) in [
            ("anna", "wrong password"),
            ("nobody", "wrong password"),
            ("not: a/name", "wrong password"),
            ("", ""),
            ("bert", PASSWORD),   // disabled
            ("device", PASSWORD), // has no password of its own
            ("anna", "0000-0000-0000-0000-0000-0000-0000-0000"),
        ] {
            let before = runs();
            let answer = office.login(name, password, NOW).await;
            assert!(is_rejected(&answer), "{name:?}: {answer:?}");
            assert_eq!(runs() - before, 1, "{name:?} costs one run");
            assert!(is_rejected(&office.login(name, password, NOW).await), "{name:?} again");
            assert_eq!(runs() - before, 1, "{name:?} again costs none");
        }
    }

    #[tokio::test]
    async fn a_changed_password_ends_the_old_one_at_once() {
        let office = Office::open().await;
        office.login("anna", PASSWORD, NOW).await.unwrap();
        assert!(is_rejected(&office.login("anna", "Kreide-Ofen-Zebra", NOW).await));
        office
            .accounts
            .set_password(office.anna, secret("Kreide-Ofen-Zebra"), Stamp::owner(NOW))
            .await
            .unwrap();
        assert!(is_rejected(&office.login("anna", PASSWORD, NOW).await));
        // The new password also clears the cached failure.
        office.login("anna", "Kreide-Ofen-Zebra", NOW).await.unwrap();
    }

    #[tokio::test]
    async fn a_disabled_user_is_out_at_once_and_may_come_back() {
        let office = Office::open().await;
        let token = office.app_password(None).await;
        office.login("anna", PASSWORD, NOW).await.unwrap();
        office.login("anna", &token, NOW).await.unwrap();
        office.accounts.disable(office.anna, Stamp::owner(NOW)).await.unwrap();
        assert!(is_rejected(&office.login("anna", PASSWORD, NOW).await));
        assert!(is_rejected(&office.login("anna", &token, NOW).await));
        office.accounts.enable(office.anna, Stamp::owner(NOW)).await.unwrap();
        office.login("anna", PASSWORD, NOW).await.unwrap();
        office.login("anna", &token, NOW).await.unwrap();
    }

    #[tokio::test]
    async fn app_passwords_open_their_own_account_without_argon2() {
        let office = Office::open().await;
        let token = office.app_password(None).await;
        let runs = office.accounts.password_runs();
        let principal = office.login("anna", &token.to_uppercase(), NOW).await.unwrap();
        assert_eq!(principal.user, office.anna);
        assert!(principal.via_app_password.is_some());
        assert_eq!(office.accounts.password_runs(), runs);
        assert!(is_rejected(&office.login("bert", &token, NOW).await));
    }

    #[tokio::test]
    async fn a_revoked_app_password_is_refused_on_the_next_call() {
        let office = Office::open().await;
        let (gone, kept) = (office.app_password(None).await, office.app_password(None).await);
        let principal = office.login("anna", &gone, NOW).await.unwrap();
        let id = principal.via_app_password.unwrap();
        office.accounts.revoke_app_password(office.anna, id, Stamp::owner(NOW)).await.unwrap();
        assert!(is_rejected(&office.login("anna", &gone, NOW).await));
        office.login("anna", &kept, NOW).await.unwrap();
    }

    #[tokio::test]
    async fn an_app_password_ends_at_its_expiry_also_when_remembered() {
        let office = Office::open().await;
        let token = office.app_password(Some(later(60))).await;
        office.login("anna", &token, Timestamp(later(60).0 - 1)).await.unwrap();
        assert!(is_rejected(&office.login("anna", &token, later(60)).await));
    }

    #[tokio::test]
    async fn the_last_use_is_noted_every_five_minutes() {
        let office = Office::open().await;
        let token = office.app_password(None).await;
        let mut noted = Vec::new();
        for secs in [0, 120, 299, 301, 500, 602] {
            office.login("anna", &token, later(secs)).await.unwrap();
            let rows = office.accounts.app_passwords_of(office.anna).await.unwrap();
            noted.push(rows[0].last_used.unwrap());
        }
        assert_eq!(noted, [NOW, NOW, NOW, later(301), later(301), later(602)]);
    }

    #[tokio::test]
    async fn guessing_is_throttled_and_keeps_neither_devices_nor_home_out() {
        let office = Office::open().await;
        let token = office.app_password(None).await;
        office.login("anna", PASSWORD, NOW).await.unwrap();
        for i in 0..10 {
            assert!(is_rejected(&office.login_from("198.51.100.7", "anna", &i.to_string(), NOW).await));
        }
        let runs = office.accounts.password_runs();
        let next = office.login_from("203.0.113.7", "anna", "10", NOW).await;
        assert!(matches!(next, Err(AuthError::Throttled { retry_after: 5 })), "{next:?}");
        assert_eq!(office.accounts.password_runs(), runs);
        // Her device on another network, and her own password at home, which is no longer cached.
        office.login_from("203.0.113.7", "anna", &token, NOW).await.unwrap();
        office.login("anna", PASSWORD, later(301)).await.unwrap();
    }

    #[tokio::test]
    async fn one_forgotten_device_with_an_old_password_throttles_nobody() {
        let office = Office::open().await;
        for _ in 0..100 {
            assert!(is_rejected(&office.login("anna", "her password of May", NOW).await));
        }
        office.login("bert", PASSWORD, NOW).await.unwrap();
        office.login("anna", PASSWORD, NOW).await.unwrap();
    }

    #[tokio::test]
    async fn connections_opened_at_once_share_one_check() {
        let office = Office::open().await;
        let runs = office.accounts.password_runs();
        let mut logins = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let accounts = office.accounts.clone();
            logins.spawn(async move {
                let credentials = Credentials { name: "anna".into(), password: secret(PASSWORD) };
                accounts.authenticate(&credentials, HOME.parse().unwrap(), NOW).await
            });
        }
        for answer in logins.join_all().await {
            answer.unwrap();
        }
        assert!(office.accounts.password_runs() - runs <= PARALLEL_RUNS as u64);
    }

    #[tokio::test]
    async fn an_old_hash_is_renewed_by_a_login() {
        let office = Office::open().await;
        let weak = argon2::Argon2::new(
            argon2::Algorithm::Argon2id,
            argon2::Version::V0x13,
            argon2::Params::new(8 * 1024, 1, 1, None).unwrap(),
        );
        let weak = argon2::PasswordHasher::hash_password(&weak, PASSWORD.as_bytes()).unwrap().to_string();
        let anna = office.anna;
        office
            .catalog
            .write_silent("a test", move |tx| tx.set_password_hash(anna, Some(&weak)))
            .await
            .map_err(|error: CatalogError| error)
            .unwrap();
        office.accounts.forget_snapshot();
        office.login("anna", PASSWORD, NOW).await.unwrap();
        let stored: Result<_, CatalogError> = office.catalog.read(|tx| tx.password_hash("anna")).await;
        assert!(stored.unwrap().unwrap().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        office.login("anna", PASSWORD, later(301)).await.unwrap();
    }

    #[test]
    fn credentials_do_not_print() {
        let credentials = Credentials { name: "anna".into(), password: secret("hush") };
        assert_eq!(format!("{credentials:?}"), "Credentials([redacted])");
    }
}
