//! Recipients with an account: after signing in they see the requests to them, and open these without a link.
//!
//! The account opens the recipient's own link, while its own right in the space reaches as far as the link does: so
//! it gives no more than the link, and ends with it.

use super::RequestError;
use super::make::WantedRecipient;
use crate::accounts::{Principal, UserName};
use crate::catalog::{ReadTx, RecipientRow, RequestRow};
use crate::model::{Access, RecipientId, Right, SpaceId, Timestamp, UserId};
use crate::sharing::Sharing;
use crate::sharing::link::Link;

/// Most requests that a person with an account is shown, latest first.
pub const MAX_ASKED: usize = 20;

/// A running request to a person with an account.
#[derive(Clone, Debug)]
pub struct AskedOfAccount {
    /// The person as a recipient.
    pub recipient: RecipientId,
    /// The request.
    pub request: RequestRow,
    /// Number of its items.
    pub items: u32,
}

impl AskedOfAccount {
    /// The path of its page: `/asked/RECIPIENT`.
    pub fn url_path(&self) -> String {
        format!("/asked/{}", self.recipient)
    }
}

impl Sharing {
    /// The running requests to a person, latest first, as far as they open.
    pub async fn asked_of(
        &self,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<Vec<AskedOfAccount>, RequestError> {
        let user = principal.user;
        let read = self.inner.catalog.read(move |tx| {
            let recipients = tx.recipients_of_account(user, MAX_ASKED)?;
            recipients.into_iter().map(|recipient| found(tx, recipient)).collect::<Result<Vec<_>, _>>()
        });
        let mut asked = Vec::new();
        for (recipient, request, items) in read.await?.into_iter().flatten() {
            let may = self.may_add(principal.user, request.space).await?;
            if may && self.link_of_recipient(&recipient, now).await?.is_some() {
                asked.push(AskedOfAccount { recipient: recipient.id, request, items });
            }
        }
        Ok(asked)
    }

    /// The link that a person opens by the account; `None` if there is none for this person now.
    pub async fn link_for_account(
        &self,
        principal: &Principal,
        recipient: RecipientId,
        now: Timestamp,
    ) -> Result<Option<Link>, RequestError> {
        let read = self.inner.catalog.read(move |tx| {
            let recipient = tx.recipient(recipient)?;
            recipient.map(|recipient| found(tx, recipient)).transpose()
        });
        let Some((recipient, request, _)) = read.await?.flatten() else { return Ok(None) };
        if recipient.account != Some(principal.user) || !self.may_add(principal.user, request.space).await? {
            return Ok(None);
        }
        self.link_of_recipient(&recipient, now).await
    }

    /// The secret by which hand-ins of a person with an account are known, from any browser.
    pub fn account_browser(&self, principal: &Principal) -> String {
        self.inner.keys.account_browser(principal.user)
    }

    /// The accounts of whom a request in a space of this access can ask, by name.
    pub async fn accounts_to_ask(&self, access: &Access) -> Result<Vec<UserName>, RequestError> {
        let space = access.require(Right::Write)?;
        let mut names = Vec::new();
        for (user, name) in self.inner.accounts.readers_of(space).await? {
            if self.may_add(user, space).await? {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Fills in the known facts about a recipient with an account: the user, and the address and the language if none
    /// are given.
    ///
    /// Errors: `NoSuchAccount` if the person may not add files in the space.
    pub(super) async fn recipient_account(
        &self,
        recipient: &mut WantedRecipient,
        space: SpaceId,
    ) -> Result<Option<UserId>, RequestError> {
        let wanted = recipient.account.trim();
        if wanted.is_empty() {
            return Ok(None);
        }
        let unknown = || RequestError::NoSuchAccount(wanted.to_owned());
        let key = UserName::parse(wanted).map_err(|_| unknown())?.key();
        let readers = self.inner.accounts.readers_of(space).await?;
        let (user, name) = readers.into_iter().find(|(_, name)| name.key() == key).ok_or_else(unknown)?;
        if !self.may_add(user, space).await? {
            return Err(unknown());
        }
        let people = self.inner.accounts.people().await?;
        if recipient.name.trim().is_empty() {
            name.as_str().clone_into(&mut recipient.name);
        }
        if let Some(contact) = people.known_contact(user) {
            if recipient.mail.trim().is_empty() {
                recipient.mail.clone_from(&contact.mail);
            }
            if recipient.language.trim().is_empty() {
                recipient.language.clone_from(&contact.language);
            }
        }
        Ok(Some(user))
    }

    /// Whether a user may add files to a space now.
    async fn may_add(&self, user: UserId, space: SpaceId) -> Result<bool, RequestError> {
        let Some(principal) = self.inner.accounts.principal_of(user).await? else { return Ok(false) };
        let access = self.inner.accounts.access(&principal, space).await?;
        Ok(access.is_some_and(|access| access.require(Right::Write).is_ok()))
    }

    async fn link_of_recipient(
        &self,
        recipient: &RecipientRow,
        now: Timestamp,
    ) -> Result<Option<Link>, RequestError> {
        let Some(link) = recipient.link else { return Ok(None) };
        let Some(row) = self.inner.catalog.read(move |tx| tx.link(link)).await? else { return Ok(None) };
        let lent = self.lend(row, now).await?;
        Ok(lent.map(|(row, ..)| self.shown(row)))
    }
}

/// A recipient with the request and the number of its items.
fn found(
    tx: &ReadTx<'_>,
    recipient: RecipientRow,
) -> Result<Option<(RecipientRow, RequestRow, u32)>, RequestError> {
    let Some(request) = tx.request(recipient.request)? else { return Ok(None) };
    let items = tx.item_count(request.id)?;
    Ok(Some((recipient, request, items)))
}
