//! A second factor besides the password: setup, checking, recovery codes, removal.
//!
//! Programs that send name and password with every request cannot ask for a code. A user with a second factor signs
//! in through a browser, which gives each device a password of its own.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::admin::record;
use super::app_password::{AppPasswordKey, Spelled};
use super::totp::FactorSecret;
use super::{Accounts, AccountsError};
use crate::catalog::{CatalogError, WriteTx};
use crate::model::{AccountEvent, Stamp, Timestamp, UserId};

/// Number of recovery codes of a user.
const RECOVERY_CODES: usize = 10;
/// Bytes of randomness in a recovery code: 16 characters.
const CODE_BYTES: usize = 10;

impl Accounts {
    /// Creates a secret for a user's authenticator. It takes effect once [`Self::confirm_second_factor`] gets a
    /// code of it; until then another call replaces it, unless `shown` is its text: a page shows the same one again after a slip.
    ///
    /// Errors: `UnknownUser`, `SecondFactorExists`.
    pub async fn begin_second_factor(
        &self,
        user: UserId,
        shown: Option<&str>,
        now: Timestamp,
    ) -> Result<FactorSecret, AccountsError> {
        let shown = shown.map(|text| Zeroizing::new(text.to_owned()));
        self.change(move |tx| {
            tx.user(user)?.ok_or(AccountsError::UnknownUser)?;
            let before = tx.second_factor(user)?;
            if before.as_ref().is_some_and(|factor| factor.is_confirmed) {
                return Err(AccountsError::SecondFactorExists);
            }
            tx.silent("a factor counts once it is confirmed");
            let begun = before.map(|factor| FactorSecret(Zeroizing::new(factor.secret)));
            let is_shown = |begun: &FactorSecret| shown.as_ref().is_some_and(|text| begun.is_text(text));
            if let Some(begun) = begun.filter(is_shown) {
                return Ok(begun);
            }
            let secret = FactorSecret::random();
            tx.begin_second_factor(user, &secret.0, now)?;
            Ok(secret)
        })
        .await
    }

    /// Requires the second factor from now on, and creates recovery codes, which only this answer contains.
    ///
    /// Errors: `WrongCode`; `NoSecondFactor` if none was begun, `SecondFactorExists` if it is already in effect.
    pub async fn confirm_second_factor(
        &self,
        user: UserId,
        code: &str,
        by: Stamp,
    ) -> Result<Vec<SecretString>, AccountsError> {
        let (codes, hmacs) = self.fresh_codes();
        let code = Zeroizing::new(code.to_owned());
        self.change(move |tx| {
            let factor = tx.second_factor(user)?.ok_or(AccountsError::NoSecondFactor)?;
            if factor.is_confirmed {
                return Err(AccountsError::SecondFactorExists);
            }
            let secret = FactorSecret(Zeroizing::new(factor.secret));
            let step = secret.step_of(&code, by.at).ok_or(AccountsError::WrongCode)?;
            tx.use_factor_step(user, step)?;
            tx.confirm_second_factor(user, by.at)?;
            record(tx, &by, AccountEvent::SecondFactorAdded, user)?;
            Ok(tx.replace_recovery_codes(user, &hmacs)?)
        })
        .await?;
        Ok(codes)
    }

    /// Creates new recovery codes; the earlier ones become invalid. Errors: `NoSecondFactor`.
    pub async fn renew_recovery_codes(
        &self,
        user: UserId,
        by: Stamp,
    ) -> Result<Vec<SecretString>, AccountsError> {
        let (codes, hmacs) = self.fresh_codes();
        self.change(move |tx| {
            let factor = tx.second_factor(user)?.filter(|factor| factor.is_confirmed);
            factor.ok_or(AccountsError::NoSecondFactor)?;
            record(tx, &by, AccountEvent::RecoveryCodesRenewed, user)?;
            Ok(tx.replace_recovery_codes(user, &hmacs)?)
        })
        .await?;
        Ok(codes)
    }

    /// Removes the second factor, so that the password alone is enough again. Errors: `NoSecondFactor`.
    pub async fn remove_second_factor(&self, user: UserId, by: Stamp) -> Result<(), AccountsError> {
        self.change(move |tx| {
            tx.second_factor(user)?.ok_or(AccountsError::NoSecondFactor)?;
            record(tx, &by, AccountEvent::SecondFactorRemoved, user)?;
            Ok(tx.remove_second_factor(user)?)
        })
        .await
    }

    fn fresh_codes(&self) -> (Vec<SecretString>, Vec<[u8; 32]>) {
        let key = &self.inner.app_password_key;
        let codes: Vec<Spelled<CODE_BYTES>> = (0..RECOVERY_CODES).map(|_| Spelled::random()).collect();
        let hmacs = codes.iter().map(|code| hmac_of(key, code)).collect();
        (codes.iter().map(Spelled::reveal).collect(), hmacs)
    }
}

/// Uses up the code that the user entered: a current code or a recovery code. `false` if it is neither.
pub(super) fn take_code(
    tx: &WriteTx<'_>,
    key: &AppPasswordKey,
    user: UserId,
    typed: &SecretString,
    now: Timestamp,
) -> Result<bool, CatalogError> {
    let Some(factor) = tx.second_factor(user)?.filter(|factor| factor.is_confirmed) else { return Ok(false) };
    let secret = FactorSecret(Zeroizing::new(factor.secret));
    if let Some(step) = secret.step_of(typed.expose_secret(), now) {
        return tx.use_factor_step(user, step);
    }
    match Spelled::<CODE_BYTES>::parse(typed) {
        Some(code) => tx.take_recovery_code(user, &hmac_of(key, &code)),
        None => Ok(false),
    }
}

fn hmac_of(key: &AppPasswordKey, code: &Spelled<CODE_BYTES>) -> [u8; 32] {
    key.mac(&[b"recovery code", code.bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::fixture::{HOME, NOW, Office, PASSWORD, later, secret};
    use crate::accounts::totp::tests::shown;
    use crate::accounts::{AuthError, Credentials, Principal};

    struct Enrolled {
        office: Office,
        secret: FactorSecret,
        codes: Vec<SecretString>,
    }

    async fn enrolled() -> Enrolled {
        let office = Office::open().await;
        let secret = office.accounts.begin_second_factor(office.anna, None, NOW).await.unwrap();
        let wrong = office.accounts.confirm_second_factor(office.anna, "000000", Stamp::owner(NOW)).await;
        assert!(matches!(wrong, Err(AccountsError::WrongCode)));
        // Not confirmed yet, so the password is enough.
        office.login("anna", PASSWORD, NOW).await.unwrap();
        let code = shown(&secret, NOW);
        let codes =
            office.accounts.confirm_second_factor(office.anna, &code, Stamp::owner(NOW)).await.unwrap();
        Enrolled { office, secret, codes }
    }

    impl Enrolled {
        async fn sign_in(&self, code: Option<&str>, seconds: u64) -> Result<Principal, AuthError> {
            let credentials = Credentials { name: "anna".into(), password: secret(PASSWORD) };
            let code = code.map(secret);
            let home = HOME.parse().unwrap();
            self.office.accounts.sign_in(&credentials, code.as_ref(), home, later(seconds)).await
        }
    }

    #[tokio::test]
    async fn the_password_alone_opens_nothing_any_more() {
        let enrolled = enrolled().await;
        for _ in 0..20 {
            let basic = enrolled.office.login("anna", PASSWORD, later(1)).await;
            assert!(matches!(basic, Err(AuthError::SecondFactorNeeded)), "{basic:?}");
        }
        assert!(matches!(enrolled.sign_in(None, 1).await, Err(AuthError::SecondFactorNeeded)));
        // A device password is enough.
        let token = enrolled.office.app_password(None).await;
        enrolled.office.login("anna", &token, later(2)).await.unwrap();
        // Other users are not affected.
        enrolled.office.login("bert", PASSWORD, later(2)).await.unwrap();
        assert!(matches!(enrolled.office.login("anna", "wrong", later(2)).await, Err(AuthError::Rejected)));
    }

    #[tokio::test]
    async fn a_secret_that_is_shown_stays_until_another_is_begun() {
        let office = Office::open().await;
        let begin = async |shown: Option<&str>| {
            let secret = office.accounts.begin_second_factor(office.anna, shown, NOW).await.unwrap();
            secret.text().to_string()
        };
        let first = begin(None).await;
        assert_eq!(begin(Some(&first)).await, first);
        let second = begin(Some("")).await;
        assert_ne!(second, first, "an empty text is none");
        let third = begin(Some(&first)).await;
        assert!(third != first && third != second, "one that was replaced does not come back");
        assert_ne!(begin(None).await, third);
    }

    #[tokio::test]
    async fn a_code_opens_once_and_a_recovery_code_too() {
        let enrolled = enrolled().await;
        let used = shown(&enrolled.secret, NOW);
        assert!(matches!(enrolled.sign_in(Some(&used), 1).await, Err(AuthError::WrongCode)), "it confirmed");
        let code = shown(&enrolled.secret, later(60));
        enrolled.sign_in(Some(&code), 60).await.unwrap();
        assert!(matches!(enrolled.sign_in(Some(&code), 61).await, Err(AuthError::WrongCode)));

        let recovery = enrolled.codes[3].expose_secret().to_uppercase().replace('-', " ");
        enrolled.sign_in(Some(&recovery), 62).await.unwrap();
        assert!(matches!(enrolled.sign_in(Some(&recovery), 63).await, Err(AuthError::WrongCode)));
        let renewed = enrolled
            .office
            .accounts
            .renew_recovery_codes(enrolled.office.anna, Stamp::owner(NOW))
            .await
            .unwrap();
        let old = enrolled.codes[4].expose_secret();
        assert!(matches!(enrolled.sign_in(Some(old), 64).await, Err(AuthError::WrongCode)));
        enrolled.sign_in(Some(renewed[0].expose_secret()), 65).await.unwrap();
    }

    /// The clocks of server and phone were an hour fast while a code was used. After they were corrected, no code
    /// opened the account for an hour, because all of them were older than the last.
    #[tokio::test]
    async fn a_code_used_under_a_clock_that_ran_ahead_bars_no_other() {
        let enrolled = enrolled().await;
        let ahead = shown(&enrolled.secret, later(3_600));
        enrolled.sign_in(Some(&ahead), 3_600).await.unwrap();
        for minute in 1..=3 {
            let code = shown(&enrolled.secret, later(60 * minute));
            enrolled.sign_in(Some(&code), 60 * minute).await.unwrap();
            assert!(matches!(enrolled.sign_in(Some(&code), 60 * minute).await, Err(AuthError::WrongCode)));
        }
        // A used code does not work again once its time comes, nor after the clock is set back.
        assert!(matches!(enrolled.sign_in(Some(&ahead), 3_600).await, Err(AuthError::WrongCode)));
        let used = shown(&enrolled.secret, later(60));
        assert!(matches!(enrolled.sign_in(Some(&used), 60).await, Err(AuthError::WrongCode)));
    }

    #[tokio::test]
    async fn guessing_codes_is_throttled_like_guessing_passwords() {
        let enrolled = enrolled().await;
        let mut tried = 0;
        let throttled = loop {
            match enrolled.sign_in(Some("123456"), 100).await {
                Err(AuthError::WrongCode) => tried += 1,
                other => break other,
            }
            assert!(tried < 50);
        };
        assert!(matches!(throttled, Err(AuthError::Throttled { .. })), "{throttled:?}");
    }

    #[tokio::test]
    async fn removed_it_is_not_asked_for_and_can_be_set_up_again() {
        let enrolled = enrolled().await;
        let Enrolled { office, .. } = &enrolled;
        let again = office.accounts.begin_second_factor(office.anna, None, NOW).await;
        assert!(matches!(again, Err(AccountsError::SecondFactorExists)));
        office.accounts.remove_second_factor(office.anna, Stamp::owner(NOW)).await.unwrap();
        office.login("anna", PASSWORD, later(1)).await.unwrap();
        let none = office.accounts.remove_second_factor(office.anna, Stamp::owner(NOW)).await;
        assert!(matches!(none, Err(AccountsError::NoSecondFactor)));
        office.accounts.begin_second_factor(office.anna, None, NOW).await.unwrap();
    }
}
