//! How people are reached, and the spaces that they may know of at this moment.

use std::sync::Arc;

use super::admin::{existing, record};
use super::directory::Snapshot;
use super::{Accounts, AccountsError};
use crate::catalog::{CatalogError, ContactRow};
use crate::model::{AccountEvent, NoticeWish, Office, Right, SpaceId, Stamp, Timestamp, UserId};

/// Most bytes of a mail address (RFC 5321, section 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// Changes of how a person is reached; `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct ContactChange {
    /// Address for mails; empty for none.
    pub mail: Option<String>,
    /// Tag of the language; one that the program speaks.
    pub language: Option<&'static str>,
    /// The notices wanted.
    pub notices: Option<NoticeWish>,
    /// The person who gets them in this one's place, and the time from which that ends; `Some(None)` for no person.
    pub substitute: Option<Option<(UserId, Timestamp)>>,
}

/// All people with an account at one moment: how they are reached, and what they may see.
#[derive(Clone)]
pub struct People(Arc<Snapshot>);

impl Accounts {
    /// All of them as of now. Answers from memory.
    pub async fn people(&self) -> Result<People, CatalogError> {
        Ok(People(self.inner.directory.current().await?))
    }

    /// Changes how a person is reached, and returns the present state.
    ///
    /// Errors: `UnknownUser`, `Address`, `OwnSubstitute`.
    pub async fn set_contact(
        &self,
        user: UserId,
        change: ContactChange,
        by: Stamp,
    ) -> Result<ContactRow, AccountsError> {
        let mail = change.mail.map(|mail| parse_address(&mail)).transpose()?;
        self.change(move |tx| {
            existing(tx, user)?;
            if let Some(Some((substitute, _))) = change.substitute {
                existing(tx, substitute)?;
                if substitute == user {
                    return Err(AccountsError::OwnSubstitute);
                }
            }
            let before = tx.contact(user)?.unwrap_or_else(|| ContactRow::unknown(user));
            let contact = ContactRow {
                user,
                mail: mail.unwrap_or(before.mail),
                language: change.language.map_or(before.language, str::to_owned),
                notices: change.notices.unwrap_or(before.notices),
                substitute: change.substitute.unwrap_or(before.substitute),
            };
            tx.touches_only([]);
            record(tx, &by, AccountEvent::ContactChanged, user)?;
            tx.put_contact(&contact)?;
            Ok(contact)
        })
        .await
    }
}

/// An address that mail servers take; an empty text stays empty.
///
/// Errors: `Address`.
pub fn parse_address(text: &str) -> Result<String, AccountsError> {
    let text = text.trim();
    let is_address = text.len() <= MAX_ADDRESS && text.parse::<lettre::Address>().is_ok();
    match text.is_empty() || is_address {
        true => Ok(text.to_owned()),
        false => Err(AccountsError::Address(text.chars().take(MAX_ADDRESS).collect())),
    }
}

impl People {
    /// The office.
    pub fn office(&self) -> Arc<Office> {
        self.0.office()
    }

    /// The contact data of a person who can log in and has an address.
    pub fn contact(&self, user: UserId) -> Option<&ContactRow> {
        self.0.contact(user).filter(|contact| !contact.mail.is_empty())
    }

    /// The known contact data of a person, also of one who cannot log in.
    pub fn known_contact(&self, user: UserId) -> Option<&ContactRow> {
        self.0.any_contact(user)
    }

    /// The person who gets the notices of another one at this time.
    pub fn substitute_of(&self, user: UserId, now: Timestamp) -> Option<UserId> {
        let (substitute, until) = self.0.contact(user)?.substitute?;
        (now < until).then_some(substitute)
    }

    /// The users who may read a space.
    pub fn readers(&self, space: SpaceId) -> Vec<UserId> {
        self.0.readers_of(space).into_iter().map(|(user, _)| user).collect()
    }

    /// The users who decide about held contents of a space.
    pub fn deciders(&self, space: SpaceId) -> Vec<UserId> {
        self.readers(space).into_iter().filter(|user| self.decides(*user, space)).collect()
    }

    /// Whether a user may read a space.
    pub fn reads(&self, user: UserId, space: SpaceId) -> bool {
        self.0.access(user, space).is_some_and(|access| access.require(Right::Read).is_ok())
    }

    /// Whether a user decides about held contents of a space.
    pub fn decides(&self, user: UserId, space: SpaceId) -> bool {
        self.0.access(user, space).is_some_and(|access| access.may_release())
    }

    /// Name of a user's account.
    pub fn name(&self, user: UserId) -> Option<String> {
        self.0.name_of(user).map(|name| name.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::fixture::{NOW, Office as TestOffice};
    use crate::model::Right;

    #[test]
    fn addresses_are_those_that_mail_servers_take() {
        let long = format!("{}@example.de", "x".repeat(60));
        for right in ["", " anna@example.de ", "o'brien+x@mail.example.co.uk", &long] {
            assert_eq!(parse_address(right).unwrap(), right.trim());
        }
        let too_long = format!("a@{}.de", "x.".repeat(130));
        for wrong in ["anna", "a b@example.de", "a@b@c.de", "<a@b.de>", "a@b.de\nBcc: x@y.de", &too_long] {
            assert!(matches!(parse_address(wrong), Err(AccountsError::Address(_))), "{wrong}");
        }
    }

    #[tokio::test]
    async fn people_are_known_as_they_are_now() {
        let office = TestOffice::open().await;
        let (accounts, by) = (&office.accounts, Stamp::owner(NOW));
        let mail = |text: &str| ContactChange { mail: Some(text.to_owned()), ..ContactChange::default() };
        accounts.set_contact(office.anna, mail("anna@example.de"), by).await.unwrap();
        let until = NOW.after(std::time::Duration::from_mins(1));
        let away = ContactChange { substitute: Some(Some((office.bert, until))), ..ContactChange::default() };
        let set = accounts.set_contact(office.anna, away, by).await.unwrap();
        assert_eq!((set.mail.as_str(), set.substitute), ("anna@example.de", Some((office.bert, until))));
        accounts.grant(office.anna, office.space, Right::Manage, by).await.unwrap();
        let people = accounts.people().await.unwrap();
        assert_eq!(people.contact(office.anna).unwrap().mail, "anna@example.de");
        assert!(people.contact(office.bert).is_none(), "no address");
        assert_eq!(people.substitute_of(office.anna, NOW), Some(office.bert));
        assert_eq!(people.substitute_of(office.anna, until), None);
        assert!(people.deciders(office.space).contains(&office.anna));
        let own = ContactChange { substitute: Some(Some((office.anna, until))), ..ContactChange::default() };
        assert!(matches!(
            accounts.set_contact(office.anna, own, by).await,
            Err(AccountsError::OwnSubstitute)
        ));

        accounts.disable(office.anna, by).await.unwrap();
        let people = accounts.people().await.unwrap();
        assert!(people.contact(office.anna).is_none() && !people.reads(office.anna, office.space));
        accounts.remove_user(office.bert, by).await.unwrap();
        accounts.enable(office.anna, by).await.unwrap();
        assert_eq!(accounts.people().await.unwrap().substitute_of(office.anna, NOW), None);
    }
}
