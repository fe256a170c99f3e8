//! The facts in mails to the recipients of a request, as of the moment of sending.

use super::RequestError;
use super::read::{permitted, recipients};
use crate::catalog::{LinkRow, RecipientRow, RequestRow};
use crate::model::{Access, Asking, RecipientId, RequestId, Timestamp, WhyNoMail};
use crate::sharing::Sharing;

/// Most days of items that a mail names.
const MOST_DATES: usize = 5;

impl Sharing {
    /// The facts in a mail to a recipient now; `None` if the request has no such recipient any more.
    pub async fn asking(&self, id: RecipientId, now: Timestamp) -> Result<Option<Asking>, RequestError> {
        let found = self.inner.catalog.read(move |tx| {
            let Some(recipient) = tx.recipient(id)? else { return Ok(None) };
            let link = recipient.link.map(|link| tx.link(link)).transpose()?.flatten();
            let request = tx.request(recipient.request)?;
            Ok::<_, RequestError>(request.map(|request| (request, recipient, link)))
        });
        let Some((request, recipient, link)) = found.await? else { return Ok(None) };
        self.asking_of(&request, recipient, link, now).await.map(Some)
    }

    /// The facts in mails to the recipients of a request now, in the order of the recipients.
    ///
    /// Errors: `NoSuchRequest`.
    pub async fn askings(
        &self,
        rights: &[Access],
        id: RequestId,
        now: Timestamp,
    ) -> Result<Vec<Asking>, RequestError> {
        let rights = rights.to_vec();
        let found = self.inner.catalog.read(move |tx| {
            let request = permitted(tx, &rights, id)?;
            Ok::<_, RequestError>((request, recipients(tx, id)?))
        });
        let (request, recipients) = found.await?;
        let mut askings = Vec::with_capacity(recipients.len());
        for (recipient, link) in recipients {
            askings.push(self.asking_of(&request, recipient, link, now).await?);
        }
        Ok(askings)
    }

    async fn asking_of(
        &self,
        request: &RequestRow,
        recipient: RecipientRow,
        link: Option<LinkRow>,
        now: Timestamp,
    ) -> Result<Asking, RequestError> {
        let id = request.id;
        let dates = self.inner.catalog.read(move |tx| tx.dates_missing(id, MOST_DATES)).await?;
        let no_mail = self.why_no_mail(request, &recipient, link.clone(), now).await?;
        Ok(Asking {
            request: request.id,
            recipient: recipient.id,
            name: recipient.name,
            mail: recipient.mail,
            language: recipient.language,
            asked: request.created,
            deadline: request.deadline,
            dates: dates.into_iter().filter(|date| Some(*date) != request.deadline).collect(),
            is_paused: request.is_paused,
            needs_code: request.code_by_mail,
            missing: request.missing,
            rejected: request.rejected,
            page: link.map(|link| self.shown(link).url_path()).unwrap_or_default(),
            no_mail,
        })
    }

    async fn why_no_mail(
        &self,
        request: &RequestRow,
        recipient: &RecipientRow,
        link: Option<LinkRow>,
        now: Timestamp,
    ) -> Result<Option<WhyNoMail>, RequestError> {
        let opens = match link {
            Some(link) => self.lend(link, now).await?.is_some(),
            None => false,
        };
        let reasons = [
            (request.closed.is_some(), WhyNoMail::Closed),
            (!opens, WhyNoMail::LinkEnded),
            (recipient.mail.is_empty(), WhyNoMail::NoAddress),
            (recipient.refused.is_some(), WhyNoMail::Refused),
            (request.missing == 0, WhyNoMail::NothingMissing),
        ];
        Ok(reasons.into_iter().find(|(is_so, _)| *is_so).map(|(_, reason)| reason))
    }
}
