//! The lock of the pages: a person who has left the screen gives the password again. See [`super::session`].

use std::net::IpAddr;

use secrecy::SecretString;

use super::session::{SILENCE, is_alive, is_locked};
use super::{Accounts, AuthError, Credentials, Session, SessionToken, SignInError, SignedInBrowser};
use crate::catalog::{CatalogError, SessionRow, WriteTx};
use crate::model::{SessionId, Timestamp, UserId};

impl Accounts {
    /// Notes that a script watches over this session, and that its person is there. Nothing for a session that has ended or is
    /// locked.
    pub async fn watch_session(&self, session: &Session, now: Timestamp) -> Result<(), CatalogError> {
        // A use of it was noted when it was looked up; only the first word of a script changes more.
        if session.is_watched {
            return Ok(());
        }
        let locks = self.locks(true, now).await;
        self.change_session(&session.token, now, move |row| row.locks = locks).await
    }

    /// Locks a session.
    pub async fn lock_session(&self, token: &SessionToken, now: Timestamp) -> Result<(), CatalogError> {
        self.change_session(token, now, move |row| row.locks = Some(row.locks.unwrap_or(now).min(now))).await
    }

    /// Unlocks a session against the password of its person. The second factor is not asked for again: it was shown in this
    /// browser when the session began.
    ///
    /// Errors: as for signing in. A session that has ended stays ended.
    pub async fn unlock_session(
        &self,
        session: &Session,
        password: SecretString,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        self.confirm_person(session, password, peer, now).await?;
        Ok(self.unlock(session, now).await?)
    }

    /// Whether this is the password of the session's person; as an error if it is not. What gives a lasting key asks it: an open
    /// session alone must not. The second factor is not asked for again: it was shown in this browser when the session began.
    ///
    /// Errors: as for signing in, throttled like it.
    pub async fn confirm_person(
        &self,
        session: &Session,
        password: SecretString,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        let name = session.principal.name.as_str().to_owned();
        let known = self.confirm(&Credentials { name, password }, peer, now).await?;
        if known.via_app_password.is_some() {
            return Err(SignInError::DevicePassword);
        }
        match known.user == session.principal.user {
            true => Ok(()),
            false => Err(AuthError::Rejected.into()),
        }
    }

    pub(super) async fn unlock(&self, session: &Session, now: Timestamp) -> Result<(), CatalogError> {
        let locks = self.locks(true, now).await;
        self.change_session(&session.token, now, move |row| row.locks = locks).await
    }

    /// The browsers in which a person is signed in, the latest first.
    pub async fn browsers_of(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<SignedInBrowser>, CatalogError> {
        let read = self.inner.catalog.read(move |tx| {
            let now = tx.not_before_certain(now)?;
            Ok::<_, CatalogError>((tx.sessions_of(user)?, now))
        });
        let (sessions, now) = read.await?;
        let alive = sessions.into_iter().filter(|session| is_alive(&session.row, now));
        let shown = alive.map(|session| SignedInBrowser {
            id: session.row.id,
            browser: session.browser,
            since: session.row.created,
            last_used: session.row.last_used,
            is_locked: is_locked(&session.row, now),
        });
        Ok(shown.collect())
    }

    /// Ends one session of a person; succeeds if there is none.
    pub async fn end_session_of(&self, user: UserId, id: SessionId) -> Result<(), CatalogError> {
        let end = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            tx.delete_session_of(user, id)
        };
        self.inner.catalog.write_silent("logins are no events", end).await
    }

    /// When a session that is used now gets locked; `None` if nothing watches it or the office wants no lock.
    pub(super) async fn locks(&self, is_watched: bool, now: Timestamp) -> Option<Timestamp> {
        let after = self.office().await.ok()?.lock_after.filter(|_| is_watched)?;
        Some(now.after(after + SILENCE))
    }

    async fn change_session(
        &self,
        token: &SessionToken,
        now: Timestamp,
        change: impl Fn(&mut SessionRow) + Send + Sync + 'static,
    ) -> Result<(), CatalogError> {
        let hmac = self.inner.session_key.kept(token);
        let change = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let now = tx.not_before_certain(now)?;
            match tx.session_by_hmac(&hmac)?.filter(|row| is_alive(row, now)) {
                Some(mut row) => {
                    change(&mut row);
                    tx.touch_session(&row)
                }
                None => Ok(()),
            }
        };
        self.inner.catalog.write_silent("logins are no events", change).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::OfficeChange;
    use crate::accounts::fixture::{HOME, NOW, Office, PASSWORD, later, secret};
    use crate::accounts::totp::tests::shown;
    use crate::model::Stamp;

    async fn begin(office: &Office) -> Session {
        let credentials = Credentials { name: "anna".into(), password: secret(PASSWORD) };
        let by = (HOME.parse().unwrap(), "Firefox, Linux");
        office.accounts.begin_session(&credentials, None, by, NOW).await.unwrap()
    }

    async fn is_open(office: &Office, session: &Session, now: Timestamp) -> bool {
        office.accounts.session(&session.token, now).await.unwrap().is_some()
    }

    async fn unlock(
        office: &Office,
        session: &Session,
        password: &str,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        office.accounts.unlock_session(session, secret(password), HOME.parse().unwrap(), now).await
    }

    #[tokio::test]
    async fn a_session_whose_script_falls_silent_is_locked_two_minutes_after_the_time_of_the_office() {
        let office = Office::open().await;
        let session = begin(&office).await;
        assert!(is_open(&office, &session, later(600)).await, "nothing watches it");
        office.accounts.watch_session(&session, later(600)).await.unwrap();
        assert!(is_open(&office, &session, later(1_019)).await);
        // Used at 1,019 seconds: the time begins anew.
        assert!(is_open(&office, &session, later(1_438)).await);
        assert!(!is_open(&office, &session, later(1_858)).await);
        let locked =
            office.accounts.session_even_locked(&session.token, later(1_858)).await.unwrap().unwrap();
        assert!(locked.is_locked && locked.is_watched);
        // Looking does not open it again.
        assert!(!is_open(&office, &session, later(1_859)).await);
    }

    #[tokio::test]
    async fn an_office_that_wants_no_lock_has_none() {
        let office = Office::open().await;
        let session = begin(&office).await;
        let off = OfficeChange { lock_seconds: Some(0), ..OfficeChange::default() };
        office.accounts.set_office(off, Stamp::owner(NOW)).await.unwrap();
        office.accounts.watch_session(&session, NOW).await.unwrap();
        assert!(is_open(&office, &session, later(1_700)).await);
    }

    #[tokio::test]
    async fn the_password_unlocks_and_nothing_else() {
        let office = Office::open().await;
        let session = begin(&office).await;
        office.accounts.lock_session(&session.token, NOW).await.unwrap();
        assert!(!is_open(&office, &session, NOW).await);
        let wrong = unlock(&office, &session, "falsch", NOW).await;
        assert!(matches!(wrong, Err(SignInError::Login(AuthError::Rejected))));
        let device = office.app_password(None).await;
        let wrong = unlock(&office, &session, &device, NOW).await;
        assert!(matches!(wrong, Err(SignInError::DevicePassword)));
        assert!(!is_open(&office, &session, NOW).await);
        unlock(&office, &session, PASSWORD, NOW).await.unwrap();
        assert!(is_open(&office, &session, NOW).await);
    }

    #[tokio::test]
    async fn the_second_factor_is_not_asked_for_again() {
        let office = Office::open().await;
        let (accounts, by) = (&office.accounts, Stamp::owner(NOW));
        let factor = accounts.begin_second_factor(office.anna, None, NOW).await.unwrap();
        accounts.confirm_second_factor(office.anna, &shown(&factor, NOW), by).await.unwrap();
        let at = later(60);
        let credentials = Credentials { name: "anna".into(), password: secret(PASSWORD) };
        let code = secret(&shown(&factor, at));
        let by = (HOME.parse().unwrap(), "");
        let session = accounts.begin_session(&credentials, Some(&code), by, at).await.unwrap();
        accounts.lock_session(&session.token, at).await.unwrap();
        unlock(&office, &session, PASSWORD, at).await.unwrap();
        assert!(is_open(&office, &session, at).await);
        // The password alone opens nothing elsewhere.
        let alone = accounts.begin_session(&credentials, None, by, at).await;
        assert!(matches!(alone, Err(SignInError::Login(AuthError::SecondFactorNeeded))));
    }

    #[tokio::test]
    async fn a_session_that_has_ended_is_not_unlocked() {
        let office = Office::open().await;
        let session = begin(&office).await;
        let [listed] = &office.accounts.browsers_of(office.anna, NOW).await.unwrap()[..] else { panic!() };
        assert_eq!((listed.id, listed.browser.as_str()), (session.id, "Firefox, Linux"));
        office.accounts.end_session_of(office.bert, session.id).await.unwrap();
        assert!(is_open(&office, &session, NOW).await, "it is not Bert's");
        office.accounts.end_session_of(office.anna, session.id).await.unwrap();
        unlock(&office, &session, PASSWORD, NOW).await.unwrap();
        assert!(!is_open(&office, &session, NOW).await);
        assert!(office.accounts.browsers_of(office.anna, NOW).await.unwrap().is_empty());
    }
}
