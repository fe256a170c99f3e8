//! Changes users, grants and device passwords.

use std::collections::HashMap;
use std::sync::Arc;

use secrecy::SecretString;

use super::app_password::AppToken;
use super::error::{AccountsError, LabelError};
use super::name::UserName;
use super::password::PasswordHash;
use super::policy;
use super::{Accounts, AppPasswordRow, GrantRow, UserRow};
use crate::catalog::{CatalogError, NewAppPassword, NewUser, ReadTx, WriteTx};
use crate::model::{AccountEvent, AppPasswordId, Event, Role, SpaceGrant, SpaceId, Stamp, Timestamp, UserId};

/// Most device passwords of one user.
pub(super) const MAX_APP_PASSWORDS: usize = 100;
/// Longest label of a device in characters.
pub(super) const MAX_LABEL_CHARS: usize = 100;

/// Users and roles.
impl Accounts {
    /// Adds a user; a user without a password logs in with device passwords only.
    pub async fn add_user(
        &self,
        name: &UserName,
        role: Role,
        password: Option<SecretString>,
        by: Stamp,
    ) -> Result<UserId, AccountsError> {
        let hash = match password {
            Some(password) => Some(self.checked_hash(password, name).await?),
            None => None,
        };
        let (name, name_key) = (name.as_str().to_owned(), name.key());
        self.change(move |tx| {
            if tx.user_by_name(&name_key)?.is_some() {
                return Err(AccountsError::NameTaken);
            }
            let user = tx.insert_user(&NewUser {
                name: &name,
                name_key: &name_key,
                role,
                password_hash: hash.as_ref().map(PasswordHash::as_stored),
                created: by.at,
            })?;
            record(tx, &by, AccountEvent::Made(role), user)?;
            Ok(user)
        })
        .await
    }

    /// All users by name.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "a path is not general over lifetimes")]
    pub async fn users(&self) -> Result<Vec<UserRow>, CatalogError> {
        self.inner.catalog.read(|tx| tx.users()).await
    }

    /// The names of all users, including removed ones, for the history of files and trash.
    pub async fn names_in_history(&self) -> Result<HashMap<UserId, String>, CatalogError> {
        self.inner.catalog.read(|tx| Ok(tx.names_in_history()?.into_iter().collect())).await
    }

    /// The user of this name.
    pub async fn user_by_name(&self, name: &UserName) -> Result<Option<UserRow>, CatalogError> {
        let name_key = name.key();
        self.inner.catalog.read(move |tx| tx.user_by_name(&name_key)).await
    }

    /// Sets a user's password. Earlier logins end; device passwords stay valid.
    pub async fn set_password(
        &self,
        user: UserId,
        password: SecretString,
        by: Stamp,
    ) -> Result<(), AccountsError> {
        let row = self.inner.catalog.read(move |tx| existing(tx, user)).await?;
        let hash = self.checked_hash(password, &UserName::from_stored(&row.name)).await?;
        self.change(move |tx| {
            record(tx, &by, AccountEvent::PasswordChanged, user)?;
            Ok(tx.set_password_hash(user, Some(hash.as_stored()))?)
        })
        .await
    }

    /// Changes a user's role, from the next request on.
    pub async fn set_role(&self, user: UserId, role: Role, by: Stamp) -> Result<(), AccountsError> {
        self.change(move |tx| {
            if role == Role::Administrator {
                existing(tx, user)?;
            } else {
                refuse_for_last_administrator(tx, user)?;
            }
            record(tx, &by, AccountEvent::RoleChanged(role), user)?;
            tx.delete_approvals_of(user)?;
            Ok(tx.set_role(user, role)?)
        })
        .await
    }

    /// Disables a user from the next request on; grants stay for [`Self::enable`].
    pub async fn disable(&self, user: UserId, by: Stamp) -> Result<(), AccountsError> {
        self.change(move |tx| {
            refuse_for_last_administrator(tx, user)?;
            record(tx, &by, AccountEvent::Disabled, user)?;
            tx.delete_approvals_of(user)?;
            Ok(tx.set_disabled(user, Some(by.at))?)
        })
        .await
    }

    /// Enables a disabled user again.
    pub async fn enable(&self, user: UserId, by: Stamp) -> Result<(), AccountsError> {
        self.change(move |tx| {
            record(tx, &by, AccountEvent::Enabled, user)?;
            Ok(tx.set_disabled(user, None)?)
        })
        .await
    }

    /// Removes a user permanently, with all device passwords, grants, links and locks. The user's files stay, and
    /// the name stays in their history.
    pub async fn remove_user(&self, user: UserId, by: Stamp) -> Result<(), AccountsError> {
        self.change(move |tx| {
            refuse_for_last_administrator(tx, user)?;
            record(tx, &by, AccountEvent::Removed, user)?;
            Ok(tx.remove_user(user, by.at)?)
        })
        .await
    }
}

/// Grants of rights to spaces.
impl Accounts {
    /// Grants a right to a space, replacing an earlier one, from the next request on.
    pub async fn grant(
        &self,
        user: UserId,
        space: SpaceId,
        grant: impl Into<SpaceGrant>,
        by: Stamp,
    ) -> Result<(), AccountsError> {
        let grant = grant.into();
        self.change(move |tx| {
            let name = existing(tx, user)?.name;
            tx.space(space)?.ok_or(AccountsError::UnknownSpace)?;
            tx.record(&by, &Event::Grant { user, name, space, grant: Some(grant) })?;
            // A decision made under the earlier grant must not count as the first of two.
            tx.delete_approvals_of(user)?;
            Ok(tx.put_grant(&GrantRow { user, space, grant })?)
        })
        .await
    }

    /// Removes a grant from the next request on; succeeds if there is none.
    pub async fn revoke(&self, user: UserId, space: SpaceId, by: Stamp) -> Result<(), AccountsError> {
        self.change(move |tx| {
            if tx.delete_grant(user, space)? {
                let name = existing(tx, user)?.name;
                tx.record(&by, &Event::Grant { user, name, space, grant: None })?;
                tx.delete_approvals_of(user)?;
                tx.take_back_from(user, space)?;
            }
            Ok(())
        })
        .await
    }

    /// All grants as given; roles may limit them.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "a path is not general over lifetimes")]
    pub async fn grants(&self) -> Result<Vec<GrantRow>, CatalogError> {
        self.inner.catalog.read(|tx| tx.grants()).await
    }
}

/// Passwords of devices.
impl Accounts {
    /// Creates a password for a device. Only this answer contains the token.
    pub async fn create_app_password(
        &self,
        user: UserId,
        label: &str,
        expires: Option<Timestamp>,
        by: Stamp,
    ) -> Result<(AppPasswordId, AppToken), AccountsError> {
        let label = checked_label(label)?;
        if expires.is_some_and(|expires| expires <= by.at) {
            return Err(AccountsError::ExpiryInPast);
        }
        let token = AppToken::random();
        let token_hmac = token.hash(&self.inner.app_password_key).0;
        let create = move |tx: &WriteTx<'_>| {
            existing(tx, user)?;
            if tx.app_passwords_of(user)?.len() >= MAX_APP_PASSWORDS {
                return Err(AccountsError::TooManyAppPasswords);
            }
            let new = NewAppPassword { user, label: &label, token_hmac, created: by.at, expires };
            let id = tx.insert_app_password(&new)?;
            record(tx, &by, AccountEvent::DeviceAdded(id, label.clone()), user)?;
            Ok(id)
        };
        Ok((self.change(create).await?, token))
    }

    /// A user's device passwords, oldest first, including expired ones.
    pub async fn app_passwords_of(&self, user: UserId) -> Result<Vec<AppPasswordRow>, CatalogError> {
        self.inner.catalog.read(move |tx| tx.app_passwords_of(user)).await
    }

    /// Revokes a device password from the next request on.
    pub async fn revoke_app_password(
        &self,
        user: UserId,
        id: AppPasswordId,
        by: Stamp,
    ) -> Result<(), AccountsError> {
        self.change(move |tx| {
            if !tx.delete_app_password(user, id)? {
                return Err(AccountsError::UnknownAppPassword);
            }
            record(tx, &by, AccountEvent::DeviceRemoved(id), user)
        })
        .await
    }
}

impl Accounts {
    async fn checked_hash(
        &self,
        password: SecretString,
        user: &UserName,
    ) -> Result<PasswordHash, AccountsError> {
        policy::check_password(&password, user)?;
        Ok(self.inner.passwords.hash(password).await?)
    }

    /// Commits a change and then renews the snapshot, even if the caller has gone away: a revoked right must not
    /// live on because an administrator closed the browser.
    pub(super) async fn change<T, F>(&self, job: F) -> Result<T, AccountsError>
    where
        T: Send + 'static,
        F: FnOnce(&WriteTx<'_>) -> Result<T, AccountsError> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let task = tokio::spawn(async move {
            let outcome = inner.catalog.write(job).await;
            inner.directory.invalidate();
            outcome
        });
        task.await.map_err(|_| CatalogError::Closed)?
    }
}

/// Records an event about an account; the account must exist.
pub(super) fn record(
    tx: &WriteTx<'_>,
    by: &Stamp,
    kind: AccountEvent,
    user: UserId,
) -> Result<(), AccountsError> {
    let name = existing(tx, user)?.name;
    Ok(tx.record(by, &Event::Account { kind, user, name })?)
}

pub(super) fn existing(tx: &ReadTx<'_>, user: UserId) -> Result<UserRow, AccountsError> {
    tx.user(user)?.ok_or(AccountsError::UnknownUser)
}

fn refuse_for_last_administrator(tx: &ReadTx<'_>, user: UserId) -> Result<(), AccountsError> {
    let row = existing(tx, user)?;
    let counts = row.role == Role::Administrator && row.disabled.is_none();
    if counts && tx.enabled_administrators()? <= 1 {
        return Err(AccountsError::LastAdministrator);
    }
    Ok(())
}

pub(super) fn checked_label(label: &str) -> Result<String, LabelError> {
    let label = label.trim();
    let is_fine = (1..=MAX_LABEL_CHARS).contains(&label.chars().count());
    if is_fine && !label.chars().any(char::is_control) { Ok(label.to_owned()) } else { Err(LabelError) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::WeakPassword;
    use crate::accounts::fixture::{NOW, Office, PASSWORD, later, name, secret};
    use crate::model::Right;
    use secrecy::ExposeSecret;

    #[tokio::test]
    async fn rights_change_with_the_next_call() {
        let office = Office::open().await;
        let (accounts, anna, space) = (&office.accounts, office.anna, office.space);
        let principal = office.login("anna", PASSWORD, NOW).await.unwrap();
        let right = async || accounts.access(&principal, space).await.unwrap().map(|access| access.right());

        assert_eq!(right().await, None);
        accounts.grant(anna, space, Right::Write, Stamp::owner(NOW)).await.unwrap();
        assert_eq!(right().await, Some(Right::Write));
        accounts.grant(anna, space, Right::Manage, Stamp::owner(NOW)).await.unwrap();
        let access = accounts.spaces_of(&principal).await.unwrap();
        assert_eq!(
            access.iter().map(|a| (a.space(), a.right())).collect::<Vec<_>>(),
            [(space, Right::Manage)]
        );
        accounts.set_role(anna, Role::Client, Stamp::owner(NOW)).await.unwrap();
        assert_eq!(right().await, Some(Right::Write));
        accounts.set_role(anna, Role::Auditor, Stamp::owner(NOW)).await.unwrap();
        assert_eq!(right().await, Some(Right::Read));
        accounts.disable(anna, Stamp::owner(NOW)).await.unwrap();
        assert_eq!(right().await, None);
        assert_eq!(accounts.spaces_of(&principal).await.unwrap(), []);
        accounts.enable(anna, Stamp::owner(NOW)).await.unwrap();
        assert_eq!(right().await, Some(Right::Read));
        accounts.revoke(anna, space, Stamp::owner(NOW)).await.unwrap();
        assert_eq!(right().await, None);
        assert_eq!(accounts.access(&principal, SpaceId::random()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_change_holds_even_if_its_caller_has_left() {
        let office = Office::open().await;
        office.accounts.grant(office.anna, office.space, Right::Write, Stamp::owner(NOW)).await.unwrap();
        let principal = office.login("anna", PASSWORD, NOW).await.unwrap();
        {
            let mut revoke = Box::pin(office.accounts.revoke(office.anna, office.space, Stamp::owner(NOW)));
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(revoke.as_mut().poll(cx)));
            let _ = polled.await;
        }
        let revoked = async {
            while office.accounts.access(&principal, office.space).await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        };
        // The time limit only turns a hang into a failure.
        tokio::time::timeout(std::time::Duration::from_mins(1), revoked).await.unwrap();
    }

    #[tokio::test]
    async fn administrators_see_nothing_without_a_grant() {
        let office = Office::open().await;
        let root = office.login("root", PASSWORD, NOW).await.unwrap();
        assert!(office.accounts.may_administer(&root).await.unwrap());
        assert_eq!(office.accounts.access(&root, office.space).await.unwrap(), None);
        let anna = office.login("anna", PASSWORD, NOW).await.unwrap();
        assert!(!office.accounts.may_administer(&anna).await.unwrap());
    }

    #[tokio::test]
    async fn the_last_administrator_stays() {
        let office = Office::open().await;
        let (accounts, root, anna) = (&office.accounts, office.root, office.anna);
        let refused = |answer| matches!(answer, Err(AccountsError::LastAdministrator));
        assert!(refused(accounts.disable(root, Stamp::owner(NOW)).await));
        assert!(refused(accounts.remove_user(root, Stamp::owner(NOW)).await));
        assert!(refused(accounts.set_role(root, Role::Staff, Stamp::owner(NOW)).await));
        accounts.set_role(root, Role::Administrator, Stamp::owner(NOW)).await.unwrap();

        // A disabled second administrator does not count, an enabled one does.
        accounts.set_role(anna, Role::Administrator, Stamp::owner(NOW)).await.unwrap();
        accounts.disable(anna, Stamp::owner(NOW)).await.unwrap();
        assert!(refused(accounts.disable(root, Stamp::owner(NOW)).await));
        accounts.enable(anna, Stamp::owner(NOW)).await.unwrap();
        accounts.remove_user(root, Stamp::owner(NOW)).await.unwrap();
        assert!(refused(accounts.remove_user(anna, Stamp::owner(NOW)).await));
    }

    #[tokio::test]
    async fn names_are_unique_without_regard_to_case() {
        let office = Office::open().await;
        let twice = office.accounts.add_user(&name("ANNA"), Role::Staff, None, Stamp::owner(NOW)).await;
        assert!(matches!(twice, Err(AccountsError::NameTaken)));
        let found = office.accounts.user_by_name(&name("aNNa")).await.unwrap().unwrap();
        assert_eq!((found.id, found.has_password), (office.anna, true));
        assert_eq!(office.accounts.users().await.unwrap().len(), 4);
    }

    #[tokio::test]
    async fn a_successor_of_the_same_name_inherits_nothing() {
        let office = Office::open().await;
        let (accounts, anna) = (&office.accounts, office.anna);
        let token = office.app_password(None).await;
        accounts.grant(anna, office.space, Right::Write, Stamp::owner(NOW)).await.unwrap();
        office.login("anna", PASSWORD, NOW).await.unwrap();
        accounts.remove_user(anna, Stamp::owner(NOW)).await.unwrap();
        let successor = accounts.add_user(&name("Anna"), Role::Staff, None, Stamp::owner(NOW)).await.unwrap();
        assert_ne!(successor, anna);
        assert!(office.login("anna", PASSWORD, NOW).await.is_err());
        assert!(office.login("anna", &token, NOW).await.is_err());
        assert_eq!(accounts.grants().await.unwrap(), []);
    }

    #[tokio::test]
    async fn weak_passwords_labels_and_expiries_are_refused() {
        let office = Office::open().await;
        let (accounts, anna) = (&office.accounts, office.anna);
        let weak = accounts.set_password(anna, secret("Passwort2025!"), Stamp::owner(NOW)).await;
        assert!(matches!(weak, Err(AccountsError::WeakPassword(WeakPassword::Guessable))));
        let weak = accounts
            .add_user(&name("carla"), Role::Staff, Some(secret("x-carla-kqzvw")), Stamp::owner(NOW))
            .await;
        assert!(matches!(weak, Err(AccountsError::WeakPassword(WeakPassword::ContainsName))));
        for label in ["", "  ", "a\nb", &"x".repeat(101)] {
            let answer = accounts.create_app_password(anna, label, None, Stamp::owner(NOW)).await;
            assert!(matches!(answer, Err(AccountsError::Label(_))), "{label:?}");
        }
        let answer = accounts.create_app_password(anna, "Laptop", Some(NOW), Stamp::owner(NOW)).await;
        assert!(matches!(answer, Err(AccountsError::ExpiryInPast)));
    }

    #[tokio::test]
    async fn what_does_not_exist_is_said_to_be_so() {
        let office = Office::open().await;
        let (accounts, anna) = (&office.accounts, office.anna);
        let nobody = UserId(999);
        let unknown_user = |answer| matches!(answer, Err(AccountsError::UnknownUser));
        assert!(unknown_user(accounts.set_password(nobody, secret(PASSWORD), Stamp::owner(NOW)).await));
        assert!(unknown_user(accounts.set_role(nobody, Role::Administrator, Stamp::owner(NOW)).await));
        assert!(unknown_user(accounts.disable(nobody, Stamp::owner(NOW)).await));
        assert!(unknown_user(accounts.enable(nobody, Stamp::owner(NOW)).await));
        assert!(unknown_user(accounts.remove_user(nobody, Stamp::owner(NOW)).await));
        assert!(unknown_user(accounts.grant(nobody, office.space, Right::Read, Stamp::owner(NOW)).await));
        let answer = accounts.create_app_password(nobody, "Laptop", None, Stamp::owner(NOW)).await;
        assert!(matches!(answer, Err(AccountsError::UnknownUser)));
        let answer = accounts.grant(anna, SpaceId::random(), Right::Read, Stamp::owner(NOW)).await;
        assert!(matches!(answer, Err(AccountsError::UnknownSpace)));
        let answer = accounts.revoke_app_password(anna, AppPasswordId(999), Stamp::owner(NOW)).await;
        assert!(matches!(answer, Err(AccountsError::UnknownAppPassword)));
    }

    #[tokio::test]
    async fn nobody_revokes_the_app_password_of_another() {
        let office = Office::open().await;
        let token = office.app_password(None).await;
        let id = office.accounts.app_passwords_of(office.anna).await.unwrap()[0].id;
        let answer = office.accounts.revoke_app_password(office.bert, id, Stamp::owner(NOW)).await;
        assert!(matches!(answer, Err(AccountsError::UnknownAppPassword)));
        office.login("anna", &token, NOW).await.unwrap();
    }

    #[tokio::test]
    async fn a_user_has_at_most_a_hundred_app_passwords() {
        let office = Office::open().await;
        for _ in 0..MAX_APP_PASSWORDS {
            office.app_password(None).await;
        }
        let answer =
            office.accounts.create_app_password(office.anna, "one more", None, Stamp::owner(NOW)).await;
        assert!(matches!(answer, Err(AccountsError::TooManyAppPasswords)));
    }

    #[tokio::test]
    async fn neither_tokens_nor_passwords_are_stored() {
        let office = Office::open().await;
        let expires = Some(later(60));
        let (id, token) = office
            .accounts
            .create_app_password(office.anna, " Laptop ", expires, Stamp::owner(NOW))
            .await
            .unwrap();
        let rows = office.accounts.app_passwords_of(office.anna).await.unwrap();
        let row = AppPasswordRow {
            id,
            user: office.anna,
            label: "Laptop".into(),
            created: NOW,
            last_used: None,
            expires,
        };
        assert_eq!(rows, [row]);
        // Encryption would hide a token from this search, so it looks at a plaintext copy.
        let bytes = office.plaintext_dump();
        let shown = token.reveal();
        let compact = shown.expose_secret().replace('-', "");
        assert!(Office::holds(&bytes, b"Laptop") && Office::holds(&bytes, b"$argon2id$"));
        let decoded = crate::accounts::app_password::tests::bytes_of(&token);
        for secret in [shown.expose_secret().as_bytes(), compact.as_bytes(), &decoded, PASSWORD.as_bytes()] {
            assert!(!Office::holds(&bytes, secret));
        }
        // The encrypted file on disk contains none of it at all.
        for word in [&b"Laptop"[..], b"$argon2id$", b"Mandant", compact.as_bytes(), &decoded] {
            assert!(!Office::holds(&office.files(), word));
        }
    }
}
