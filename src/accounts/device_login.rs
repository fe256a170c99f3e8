//! Creates a device password through a browser: the device asks, its user consents, the device fetches the
//! password.
//!
//! The password is created when the device fetches it, not at the consent. So there is nothing to revoke if the
//! device never returns, no secret waits in memory, and a user who was disabled or got another password meanwhile
//! gets no device password.

use std::net::IpAddr;
use std::sync::{MutexGuard, PoisonError};

use secrecy::SecretString;

use super::admin::{MAX_APP_PASSWORDS, MAX_LABEL_CHARS, record};
use super::directory::state;
use super::login_flow::{Approved, DeviceRequest, DeviceTokens, FlowToken, LoginFlows, TooManyDevices};
use super::name::{is_forbidden, login_name};
use super::verified::AccountState;
use super::{
    Accounts, AccountsError, AppToken, AuthError, Credentials, Inner, PasskeyError, PasskeySite,
    SessionToken, UserName,
};
use crate::catalog::{CatalogError, NewAppPassword, WriteTx};
use crate::model::{AccountEvent, Actor, Stamp, Timestamp, UserId};

/// Label of a device that sends no name.
const NAMELESS: &str = "Nextcloud client";

/// Why a device login was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// The login does not exist, has expired, or is already finished.
    #[error("this login has ended; begin again on the device")]
    Gone,
    /// This page was already submitted.
    #[error("this page was already used; submit the one that is shown now")]
    StalePage,
    /// Name and password do not match, or there were too many attempts.
    #[error(transparent)]
    Login(#[from] AuthError),
    /// The passkey opened nothing.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// A device password was given. A device must not authorise others: otherwise revoking a lost one would not end
    /// its access.
    #[error("this is a device password; use your own")]
    DevicePassword,
    /// The user has 100 device passwords.
    #[error("a user has at most 100 app passwords; revoke one that is no longer used")]
    TooManyAppPasswords,
}

/// Credentials for a device.
#[derive(Debug)]
pub struct DeviceLogin {
    /// Name of the user.
    pub name: UserName,
    /// Password of the device; only this answer contains it.
    pub password: AppToken,
}

impl From<CatalogError> for ConsentError {
    fn from(error: CatalogError) -> Self {
        Self::Login(AuthError::Catalog(error))
    }
}

impl Accounts {
    /// Begins a login for a device at `peer` that sent the label `label` (see [`device_label`]).
    pub fn begin_device_login(
        &self,
        label: String,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<DeviceTokens, TooManyDevices> {
        self.inner.flows().begin(label, peer, now)
    }

    /// The device's request for the page of this token, and a nonce that the page must send back. `None` if there
    /// is no such login.
    pub fn open_device_page(&self, page: &str, now: Timestamp) -> Option<(DeviceRequest, FlowToken)> {
        self.inner.flows().open_page(page, now)
    }

    /// Approves the device of this page for the user with these credentials and, with a second factor, its code.
    /// The nonce is used up in any case.
    pub async fn consent_to_device(
        &self,
        page: &str,
        nonce: &str,
        credentials: &Credentials,
        code: Option<&SecretString>,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<UserId, ConsentError> {
        if !self.inner.flows().use_nonce(page, nonce, now).ok_or(ConsentError::Gone)? {
            return Err(ConsentError::StalePage);
        }
        // Read before the password is checked: if the password is changed meanwhile, the old one has opened
        // nothing.
        let account = self.account_named(&credentials.name).await?;
        let principal = self.sign_in(credentials, code, peer, now).await?;
        if principal.via_app_password.is_some() {
            return Err(ConsentError::DevicePassword);
        }
        let account = account.filter(|account| account.user == principal.user).ok_or(ConsentError::Gone)?;
        self.approve(page, account, now).await
    }

    /// Approves the device of this page for the person whose passkey answered [`Self::ask_to_consent`] in the browser that was
    /// `shown` the page. The nonce is used up in any case.
    pub async fn consent_by_passkey(
        &self,
        (page, nonce): (&str, &str),
        site: &PasskeySite,
        shown: &SessionToken,
        answer: &str,
        (peer, now): (IpAddr, Timestamp),
    ) -> Result<UserId, ConsentError> {
        if !self.inner.flows().use_nonce(page, nonce, now).ok_or(ConsentError::Gone)? {
            return Err(ConsentError::StalePage);
        }
        let account = self.consenting(site, shown, answer, (peer, now)).await?;
        self.approve(page, account, now).await
    }

    async fn approve(
        &self,
        page: &str,
        account: AccountState,
        now: Timestamp,
    ) -> Result<UserId, ConsentError> {
        let user = account.user;
        // Checked here because a person sees the error; the device would not show it.
        if self.app_passwords_of(user).await?.len() >= MAX_APP_PASSWORDS {
            return Err(ConsentError::TooManyAppPasswords);
        }
        if self.inner.flows().approve(page, account, now) { Ok(user) } else { Err(ConsentError::Gone) }
    }

    /// Creates the password of an approved device, once. `None` if it is not approved (yet), or if the user was
    /// disabled or changed the password since.
    pub async fn finish_device_login(
        &self,
        poll: &str,
        now: Timestamp,
    ) -> Result<Option<DeviceLogin>, AccountsError> {
        let Some(approved) = self.inner.flows().claim(poll, now) else {
            return Ok(None);
        };
        match self.make_device_password(&approved, now).await {
            Ok(login) => Ok(Some(login)),
            Err(AccountsError::UnknownUser) => Ok(None),
            Err(error) => {
                // For instance after a full disk: the device asks again in a few seconds.
                self.inner.flows().give_back(poll, approved);
                Err(error)
            }
        }
    }

    async fn make_device_password(
        &self,
        approved: &Approved,
        now: Timestamp,
    ) -> Result<DeviceLogin, AccountsError> {
        let token = AppToken::random();
        let token_hmac = token.hash(&self.inner.app_password_key).0;
        let (account, label) = (approved.account, approved.request.label.clone());
        let create = move |tx: &WriteTx<'_>| {
            let user =
                tx.user(account.user)?.filter(|user| user.disabled.is_none() && state(user) == account);
            let user = user.ok_or(AccountsError::UnknownUser)?;
            if tx.app_passwords_of(user.id)?.len() >= MAX_APP_PASSWORDS {
                return Err(AccountsError::TooManyAppPasswords);
            }
            let new =
                NewAppPassword { user: user.id, label: &label, token_hmac, created: now, expires: None };
            let id = tx.insert_app_password(&new)?;
            // The user approved it with the password of the account.
            let by = Stamp { actor: Actor::user(user.id), at: now };
            record(tx, &by, AccountEvent::DeviceAdded(id, label.clone()), user.id)?;
            Ok(UserName::from_stored(&user.name))
        };
        Ok(DeviceLogin { name: self.change(create).await?, password: token })
    }

    /// The present state of the account of this name.
    pub(super) async fn account_named(&self, name: &str) -> Result<Option<AccountState>, CatalogError> {
        let name_key = login_name(name).map(|name| name.key()).unwrap_or_default();
        Ok(self.inner.directory.current().await?.user_by_name(&name_key).map(state))
    }
}

impl Inner {
    /// A panic elsewhere leaves the tables consistent.
    fn flows(&self) -> MutexGuard<'_, LoginFlows> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A device's label, made from the name it sends: without control and invisible characters, not longer than a label
/// may be, never empty.
pub fn device_label(raw: &str) -> String {
    let plain: String = raw.chars().map(|c| if is_unfit(c) { ' ' } else { c }).collect();
    let mut label = String::new();
    for word in plain.split_whitespace() {
        if !label.is_empty() {
            label.push(' ');
        }
        label.push_str(word);
    }
    if label.is_empty() {
        return NAMELESS.to_owned();
    }
    if label.chars().count() <= MAX_LABEL_CHARS {
        return label;
    }
    let kept: String = label.chars().take(MAX_LABEL_CHARS - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Of the characters that names must not contain, labels may contain the visible ones.
fn is_unfit(c: char) -> bool {
    is_forbidden(c) && !matches!(c, ':' | '/' | '\\')
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::accounts::fixture::{HOME, NOW, Office, PASSWORD, later, secret};

    impl Office {
        fn begin_device(&self) -> DeviceTokens {
            self.accounts.begin_device_login("Telefon".into(), HOME.parse().unwrap(), NOW).unwrap()
        }

        async fn consent(
            &self,
            device: &DeviceTokens,
            name: &str,
            password: &str,
        ) -> Result<UserId, ConsentError> {
            let page = device.page.expose();
            let nonce = self.accounts.open_device_page(page, NOW).ok_or(ConsentError::Gone)?.1;
            let credentials = Credentials { name: name.to_owned(), password: secret(password) };
            let home = HOME.parse().unwrap();
            self.accounts.consent_to_device(page, nonce.expose(), &credentials, None, home, NOW).await
        }

        async fn fetch(&self, device: &DeviceTokens) -> Option<DeviceLogin> {
            self.accounts.finish_device_login(device.poll.expose(), later(5)).await.unwrap()
        }

        async fn labels(&self, user: UserId) -> Vec<String> {
            let rows = self.accounts.app_passwords_of(user).await.unwrap();
            rows.into_iter().map(|row| row.label).collect()
        }
    }

    #[tokio::test]
    async fn a_device_gets_a_password_of_its_own_once() {
        let office = Office::open().await;
        let device = office.begin_device();
        assert!(office.fetch(&device).await.is_none());
        office.consent(&device, "ANNA", PASSWORD).await.unwrap();
        assert_eq!(office.labels(office.anna).await, Vec::<String>::new(), "made when it is fetched");
        let login = office.fetch(&device).await.unwrap();
        assert_eq!(login.name.as_str(), "Anna");
        assert_eq!(office.labels(office.anna).await, ["Telefon"]);
        assert!(office.fetch(&device).await.is_none());
        let principal =
            office.login("anna", login.password.reveal().expose_secret(), later(6)).await.unwrap();
        assert!(principal.via_app_password.is_some());
        assert!(matches!(office.consent(&device, "anna", PASSWORD).await, Err(ConsentError::Gone)));
    }

    #[tokio::test]
    async fn a_wrong_password_lets_nobody_in_and_the_right_one_may_follow() {
        let office = Office::open().await;
        let device = office.begin_device();
        let wrong = office.consent(&device, "anna", "not hers").await;
        assert!(matches!(wrong, Err(ConsentError::Login(AuthError::Rejected))));
        assert!(office.fetch(&device).await.is_none());
        office.consent(&device, "anna", PASSWORD).await.unwrap();
        assert!(office.fetch(&device).await.is_some());
    }

    #[tokio::test]
    async fn devices_do_not_let_in_devices() {
        let office = Office::open().await;
        let token = office.app_password(None).await;
        let device = office.begin_device();
        let refused = office.consent(&device, "anna", &token).await;
        assert!(matches!(refused, Err(ConsentError::DevicePassword)));
        assert!(office.fetch(&device).await.is_none());
    }

    #[tokio::test]
    async fn who_was_disabled_or_got_another_password_meanwhile_gets_nothing() {
        let office = Office::open().await;
        let device = office.begin_device();
        office.consent(&device, "anna", PASSWORD).await.unwrap();
        office.accounts.disable(office.anna, Stamp::owner(NOW)).await.unwrap();
        assert!(office.fetch(&device).await.is_none());
        office.accounts.enable(office.anna, Stamp::owner(NOW)).await.unwrap();
        assert!(office.fetch(&device).await.is_none(), "not later either");

        let device = office.begin_device();
        office.consent(&device, "bert", PASSWORD).await.unwrap();
        office
            .accounts
            .set_password(office.bert, secret("Kreide-Ofen-Zebra"), Stamp::owner(NOW))
            .await
            .unwrap();
        assert!(office.fetch(&device).await.is_none());

        let device = office.begin_device();
        office.consent(&device, "anna", PASSWORD).await.unwrap();
        office.accounts.remove_user(office.anna, Stamp::owner(NOW)).await.unwrap();
        assert!(office.fetch(&device).await.is_none());
    }

    #[tokio::test]
    async fn a_page_is_sent_once() {
        let office = Office::open().await;
        let device = office.begin_device();
        let page = device.page.expose();
        let nonce = office.accounts.open_device_page(page, NOW).unwrap().1;
        let home = HOME.parse().unwrap();
        let send = async |password| {
            let credentials = Credentials { name: "anna".to_owned(), password: secret(password) };
            office.accounts.consent_to_device(page, nonce.expose(), &credentials, None, home, NOW).await
        };
        assert!(matches!(send("not hers").await, Err(ConsentError::Login(AuthError::Rejected))));
        assert!(matches!(send(PASSWORD).await, Err(ConsentError::StalePage)));
        assert!(office.fetch(&device).await.is_none());
    }

    #[tokio::test]
    async fn who_has_too_many_devices_is_told_so_in_the_browser() {
        let office = Office::open().await;
        for _ in 0..MAX_APP_PASSWORDS {
            office.app_password(None).await;
        }
        let device = office.begin_device();
        let refused = office.consent(&device, "anna", PASSWORD).await;
        assert!(matches!(refused, Err(ConsentError::TooManyAppPasswords)));
    }

    #[test]
    fn labels_are_clean_and_short_whatever_a_device_says() {
        for (raw, expected) in [
            ("Mozilla/5.0 (Linux) mirall/3.7.3 (Nextcloud)", "Mozilla/5.0 (Linux) mirall/3.7.3 (Nextcloud)"),
            (" Annas\tTelefon \u{7}\r\n ", "Annas Telefon"),
            ("a\u{202e}b\u{200b}c", "a b c"),
            ("", NAMELESS),
            ("\u{1}\u{2}", NAMELESS),
        ] {
            assert_eq!(device_label(raw), expected, "{raw:?}");
        }
        assert_eq!(device_label(&"ü".repeat(200)).chars().count(), MAX_LABEL_CHARS);
        assert_eq!(device_label(&"ü".repeat(100)), "ü".repeat(100));
        assert_eq!(device_label(&format!("{} xyz", "a".repeat(98))), format!("{}…", "a".repeat(98)));
    }
}
