//! Passwords of links, shared by everyone who may open the link.
//!
//! They are hashed, checked, throttled and cached like users' passwords, but separately: guesses at a link never
//! lock a user out.

use std::net::IpAddr;

use secrecy::SecretString;

use super::password::{PasswordHash, Verdict};
use super::policy::check_link_password;
use super::verified::Remembered;
use super::{Accounts, AccountsError, AuthError};
use crate::catalog::CatalogError;
use crate::model::{Access, LinkGrant, LinkId, SpaceId, Timestamp, UserId};

impl Accounts {
    /// The access of a link's guests, limited by the creator's present right. Answers from memory.
    pub async fn guest_access(
        &self,
        creator: UserId,
        space: SpaceId,
        grant: LinkGrant,
    ) -> Result<Option<Access>, CatalogError> {
        Ok(self.inner.directory.current().await?.guest_access(creator, space, grant))
    }

    /// Counts a request for a link that does not exist. Errors: `Throttled` if this network sent too many.
    pub fn missed_link(&self, peer: IpAddr, now: Timestamp) -> Result<(), AuthError> {
        Ok(self.inner.link_throttle().missed(peer, now)?)
    }

    /// Hashes a link's password for storage. Errors: `WeakPassword`, `Busy`.
    pub async fn link_password_hash(&self, password: SecretString) -> Result<String, AccountsError> {
        check_link_password(&password)?;
        let hash = self.inner.passwords.hash(password).await?;
        Ok(hash.as_stored().to_owned())
    }

    /// Checks a password against the stored hash of a link. Errors: `Rejected`, `Throttled`, `Busy`.
    ///
    /// Cancel safe; an attempt that is dropped while its password is being checked counts as failed.
    pub async fn check_link_password(
        &self,
        link: LinkId,
        stored: &str,
        password: &SecretString,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let inner = &self.inner;
        // The digest includes the stored hash, so a new password invalidates every cached answer.
        let digest = inner.link_passwords.digest(&format!("{link} {stored}"), password, None);
        let recall = || match inner.link_passwords.recall(&digest, now)? {
            Remembered::Right(_) => Some(Ok(())),
            Remembered::Wrong | Remembered::Half => Some(Err(AuthError::Rejected)),
        };
        if let Some(answer) = recall() {
            return answer;
        }
        inner.link_throttle().check(link, peer, now)?;
        let turn = inner.passwords.turn().await.map_err(|_| AuthError::Busy)?;
        if let Some(answer) = recall() {
            return answer;
        }
        let charge = inner.link_throttle().begin(link, peer, now)?;
        let stored = PasswordHash::from_stored(stored.to_owned());
        let Ok(judged) = turn.verify(password.clone(), Some(stored)).await else {
            inner.link_throttle().withdrawn(charge);
            return Err(AuthError::Busy);
        };
        if judged.verdict == Verdict::Mismatch {
            inner.link_passwords.remember_wrong(digest, now);
            return Err(AuthError::Rejected);
        }
        inner.link_throttle().withdrawn(charge);
        inner.link_passwords.remember_right(digest, None, None, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::fixture::{HOME, NOW, Office, later, secret};

    const LINK: LinkId = LinkId(3);

    async fn open(office: &Office, stored: &str, password: &str, at: Timestamp) -> Result<(), AuthError> {
        let peer = HOME.parse().unwrap();
        office.accounts.check_link_password(LINK, stored, &secret(password), peer, at).await
    }

    #[tokio::test]
    async fn five_wrong_passwords_are_a_quarter_of_an_hours_worth_and_the_right_one_is_remembered() {
        let office = Office::open().await;
        let stored = office.accounts.link_password_hash(secret("wolke tasse")).await.unwrap();
        assert!(open(&office, &stored, "wolke tasse", NOW).await.is_ok());
        let runs = office.accounts.password_runs();
        assert!(open(&office, &stored, "wolke tasse", later(299)).await.is_ok());
        assert_eq!(office.accounts.password_runs(), runs, "remembered");
        for i in 0..5 {
            let wrong = open(&office, &stored, &format!("wrong {i}"), NOW).await;
            assert!(matches!(wrong, Err(AuthError::Rejected)), "{wrong:?}");
        }
        let again = open(&office, &stored, "wrong 0", NOW).await;
        assert!(matches!(again, Err(AuthError::Rejected)), "the same wrong one is one guess: {again:?}");
        let sixth = open(&office, &stored, "wrong 5", NOW).await;
        assert!(matches!(sixth, Err(AuthError::Throttled { retry_after: 900 })), "{sixth:?}");
        assert!(open(&office, &stored, "wolke tasse", NOW).await.is_ok(), "who was in stays in");
        // The guesses lock no user out.
        assert!(office.login("anna", crate::accounts::fixture::PASSWORD, NOW).await.is_ok());
    }

    #[tokio::test]
    async fn another_password_ends_what_was_remembered() {
        let office = Office::open().await;
        let first = office.accounts.link_password_hash(secret("wolke tasse")).await.unwrap();
        open(&office, &first, "wolke tasse", NOW).await.unwrap();
        let second = office.accounts.link_password_hash(secret("kreide ofen")).await.unwrap();
        assert!(matches!(open(&office, &second, "wolke tasse", NOW).await, Err(AuthError::Rejected)));
        assert!(open(&office, &second, "kreide ofen", NOW).await.is_ok());
    }
}
