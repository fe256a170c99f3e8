//! Mails to the recipients of a request: the people who can be reached, and the news from which `notices` makes mails.

use std::collections::HashSet;

use super::RequestError;
use crate::catalog::{NewsGroup, RequestRow, WriteTx};
use crate::model::{Access, News, Recipient, RecipientId, RequestId, Timestamp, Topic};
use crate::sharing::Sharing;

impl Sharing {
    /// The recipients of a request to whom a mail can go now.
    ///
    /// Errors: `NoSuchRequest`, `MailOff`.
    pub(super) async fn reached(
        &self,
        rights: &[Access],
        id: RequestId,
        now: Timestamp,
    ) -> Result<HashSet<RecipientId>, RequestError> {
        let askings = self.askings(rights, id, now).await?;
        if self.sends_mails() != Some(true) {
            return Err(RequestError::MailOff);
        }
        let reached = askings.iter().filter(|asking| asking.no_mail.is_none());
        Ok(reached.map(|asking| asking.recipient).collect())
    }
}

/// Mails to a recipient about one topic.
pub(super) fn group(request: &RequestRow, recipient: RecipientId, topic: Topic, now: Timestamp) -> NewsGroup {
    let (recipient, space) = (Recipient::Asked(recipient), Some(request.space));
    NewsGroup { recipient, topic, space, first: now, last: now }
}

/// Notes news for a recipient; several that follow shortly become one mail.
pub(super) fn tell(
    tx: &WriteTx<'_>,
    group: &NewsGroup,
    origin: &str,
    now: Timestamp,
) -> Result<(), RequestError> {
    Ok(tx.insert_news(&News {
        origin: format!("{origin}-{}", now.0),
        recipient: group.recipient.clone(),
        instead_of: None,
        topic: group.topic,
        space: group.space,
        version: None,
        at: now,
    })?)
}

/// Notes news for a recipient and makes their mail at once.
pub(super) fn mail(
    tx: &WriteTx<'_>,
    group: &NewsGroup,
    origin: &str,
    now: Timestamp,
) -> Result<(), RequestError> {
    tell(tx, group, origin, now)?;
    tx.insert_notice(group, group.topic, now)?;
    Ok(())
}
