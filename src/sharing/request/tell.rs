//! What mails tell the recipients of a request, as it is at the moment of sending.

use super::RequestError;
use crate::model::{Asking, RecipientId, Timestamp, WhyNoMail};
use crate::sharing::{Sharing, VisitError};

impl Sharing {
    /// What a mail to a recipient says now; `None` if the request has no such recipient any more.
    pub async fn asking(&self, id: RecipientId, now: Timestamp) -> Result<Option<Asking>, RequestError> {
        let found = self.inner.catalog.read(move |tx| {
            let Some(recipient) = tx.recipient(id)? else { return Ok(None) };
            let Some(request) = tx.request(recipient.request)? else { return Ok(None) };
            let link = recipient.link.map(|link| tx.link(link)).transpose()?.flatten();
            Ok::<_, RequestError>(Some((recipient, request, link)))
        });
        let Some((recipient, request, link)) = found.await? else { return Ok(None) };
        let page = link.clone().map(|link| self.shown(link).url_path()).unwrap_or_default();
        let opens = match link {
            Some(link) => self.lend(link, now).await.map_err(failed)?.is_some(),
            None => false,
        };
        let obstacles = [
            (request.closed.is_some(), WhyNoMail::Closed),
            (!opens, WhyNoMail::LinkEnded),
            (recipient.mail.is_empty(), WhyNoMail::NoAddress),
            (request.missing == 0, WhyNoMail::NothingMissing),
        ];
        Ok(Some(Asking {
            request: request.id,
            recipient: recipient.id,
            name: recipient.name,
            mail: recipient.mail,
            language: recipient.language,
            asked: request.created,
            deadline: request.deadline,
            missing: request.missing,
            rejected: request.rejected,
            page,
            obstacle: obstacles.into_iter().find(|(is_there, _)| *is_there).map(|(_, obstacle)| obstacle),
        }))
    }
}

/// An error of looking at a link without opening it.
fn failed(error: VisitError) -> RequestError {
    match error {
        VisitError::Library(error) => RequestError::Library(error),
        VisitError::Catalog(error) => RequestError::Catalog(error),
        _ => RequestError::NoSuchRequest,
    }
}
