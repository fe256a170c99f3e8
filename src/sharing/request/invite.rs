//! The first mail to the recipients of a request: it brings each the address of the own page. A user asks for it, when the request is
//! made or later. `notices` sends it.

use super::mails::{group, mail};
use super::{RequestError, event};
use crate::catalog::{RecipientRow, RequestRow, WriteTx};
use crate::model::{Access, RecipientId, RequestEvent, RequestId, Stamp, Timestamp, Topic};
use crate::sharing::Sharing;

/// Most mails of all kinds that a recipient has had within a day before an invitation. New addresses could otherwise fill
/// a person's mailbox.
const MOST_MAILS_A_DAY: u64 = 12;
/// Time within which those are counted.
const DAY: std::time::Duration = std::time::Duration::from_hours(24);
/// Begins the origin of an invitation.
const INVITATION: &str = "invitation";

/// The result of an attempt to invite a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Made,
    /// The person has the invitation, or it is about to be sent.
    HasIt,
    TooManyMails,
}

impl Sharing {
    /// Invites the recipients of a request by mail, each once for each address of the link and of the person.
    ///
    /// Errors: `NoSuchRequest`, `MailOff`, `Closed`, `NothingMissing`, `Invited`, `TooManyMails`, `NoRecipient`.
    pub async fn invite(&self, rights: &[Access], id: RequestId, by: Stamp) -> Result<(), RequestError> {
        let reached = self.reached(rights, id, by.at).await?;
        self.change_request(rights, id, move |tx, row| {
            match row {
                RequestRow { closed: Some(_), .. } => return Err(RequestError::Closed),
                RequestRow { missing: 0, .. } => return Err(RequestError::NothingMissing),
                _ => {}
            }
            let recipients = tx.recipients_of(row.id)?.into_iter().filter(|one| reached.contains(&one.id));
            let attempts = recipients.map(|recipient| attempt(tx, row, &recipient, by.at));
            let attempts = attempts.collect::<Result<Vec<_>, _>>()?;
            if attempts.contains(&Attempt::Made) {
                return Ok(tx.record(&by, &event(tx, row, RequestEvent::Invited, (None, None))?)?);
            }
            Err(match attempts.as_slice() {
                [] => RequestError::NoRecipient,
                attempts if attempts.contains(&Attempt::TooManyMails) => RequestError::TooManyMails,
                _ => RequestError::Invited,
            })
        })
        .await
    }
}

/// Invites the recipients of a request that is being made, those who have a mail address; returns whether there is one.
pub(super) fn invite_all(
    tx: &WriteTx<'_>,
    request: &RequestRow,
    now: Timestamp,
) -> Result<bool, RequestError> {
    let recipients = tx.recipients_of(request.id)?.into_iter().filter(|one| !one.mail.is_empty());
    let mut is_any = false;
    for recipient in recipients {
        mail(tx, &group(request, recipient.id, Topic::Invitation, now), INVITATION, now)?;
        is_any = true;
    }
    Ok(is_any)
}

fn attempt(
    tx: &WriteTx<'_>,
    request: &RequestRow,
    recipient: &RecipientRow,
    now: Timestamp,
) -> Result<Attempt, RequestError> {
    if recipient.invited_since().is_some() || recipient.is_inviting {
        return Ok(Attempt::HasIt);
    }
    let group = group(request, recipient.id, Topic::Invitation, now);
    if tx.notices_since(&group, now.before(DAY))?.0 >= MOST_MAILS_A_DAY {
        return Ok(Attempt::TooManyMails);
    }
    mail(tx, &group, INVITATION, now)?;
    Ok(Attempt::Made)
}

/// Notes that the mail server took an invitation to this address, written at `now`, in the transaction that notes the mail. The
/// person may have another address since.
pub fn invited(tx: &WriteTx<'_>, id: RecipientId, to: &str, now: Timestamp) -> Result<(), RequestError> {
    match tx.recipient(id)?.filter(|recipient| recipient.mail == to) {
        Some(_) => Ok(tx.note_invited(id, now)?),
        None => Ok(()),
    }
}
