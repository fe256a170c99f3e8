//! Other addresses for the links of recipients. An address is shown when it is made, and to its maker only; a lost one is
//! replaced.

use std::time::Duration;

use super::{RequestError, event};
use crate::accounts::Principal;
use crate::catalog::RecipientRow;
use crate::model::{
    Access, Event, LinkEvent, LinkRight, RecipientId, RequestEvent, RequestId, Stamp, Timestamp, random_bytes,
};
use crate::sharing::Sharing;
use crate::sharing::token::NONCE_BYTES;

use super::read::{RecipientShown, RequestShown};

/// Longest time for which a user sees an address that the user made: for a page that was closed too early.
pub const ADDRESS_SHOWN_FOR: Duration = Duration::from_hours(1);

impl Sharing {
    /// Gives the link of a recipient another address. The one before opens nothing from then on; what came through the link, and
    /// its end and code, stay.
    ///
    /// Errors: `NoSuchRequest`, `Closed`, `NoSuchRecipient`, also for one whose link was ended.
    pub async fn renew_address(
        &self,
        rights: &[Access],
        (id, recipient): (RequestId, RecipientId),
        by: Stamp,
    ) -> Result<(), RequestError> {
        let nonce = random_bytes::<NONCE_BYTES>();
        let token_hmac = self.inner.keys.lookup(&self.inner.keys.token(&nonce));
        self.change_request(rights, id, move |tx, row| {
            if row.closed.is_some() {
                return Err(RequestError::Closed);
            }
            let all = tx.recipients_of(row.id)?;
            let one = all.iter().find(|one| one.id == recipient);
            let link = one.and_then(|one| one.link).ok_or(RequestError::NoSuchRecipient)?;
            tx.renew_link(link, (&nonce, &token_hmac))?;
            tx.note_renewed(recipient, by.actor.person(), by.at)?;
            let folder = row.folder.map(|folder| tx.spot(folder)).transpose()?.flatten();
            if let Some(spot) = folder {
                let (kind, right) = (LinkEvent::Changed, LinkRight::Add);
                tx.record(&by, &Event::Link { kind, link, spot, right })?;
            }
            Ok(tx.record(&by, &event(tx, row, RequestEvent::LinkRenewed, (None, None))?)?)
        })
        .await
    }
}

impl RequestShown {
    /// A recipient whose link this user gave its present address within [`ADDRESS_SHOWN_FOR`] before `now`.
    pub fn renewed_by(
        &self,
        principal: &Principal,
        recipient: RecipientId,
        now: Timestamp,
    ) -> Option<&RecipientShown> {
        let is_shown = |row: &RecipientRow| match row.renewed {
            Some((at, by)) => by == Some(principal.user) && now.since(at) <= ADDRESS_SHOWN_FOR,
            None => false,
        };
        self.recipients.iter().find(|one| one.row.id == recipient && is_shown(&one.row))
    }
}
