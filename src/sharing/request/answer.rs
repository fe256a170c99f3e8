//! The recipients answer: an item does not apply, or they have a question.

use super::judge::MAX_REASON;
use super::remind::ReminderPace;
use super::{RequestError, arrival_event, event, is_text};
use crate::catalog::{ItemRow, RequestRow, WriteTx};
use crate::model::{ItemId, ItemState, RequestEvent, Stamp, Timestamp};
use crate::sharing::{Sharing, Visit};

/// Most comments on one item.
const MAX_COMMENTS: usize = 50;
/// Most answers through one link within an hour; the history keeps each for long.
const MAX_ANSWERS: usize = 200;

impl Sharing {
    /// Notes that an item does not apply to the person; a comment may be empty.
    ///
    /// Errors: `NoSuchItem`, `Closed`, `ItemDone`, `Text`, `TooMany`.
    pub async fn decline_item(
        &self,
        visit: &Visit,
        item: ItemId,
        why: &str,
        now: Timestamp,
    ) -> Result<(), RequestError> {
        let why = why.trim().to_owned();
        if !is_text(&why, MAX_REASON) {
            return Err(RequestError::Text);
        }
        let pace = self.pace().await?;
        self.answer(visit, item, now, move |tx, request, row, by| {
            tx.decline_item(row.id, Some(by.at), &why)?;
            settle(tx, &pace, (request, row), by, Some(&why))
        })
        .await
    }

    /// Takes [`Self::decline_item`] back.
    ///
    /// Errors: `NoSuchItem`, `Closed`, `ItemDone`, `TooMany`.
    pub async fn reclaim_item(
        &self,
        visit: &Visit,
        item: ItemId,
        now: Timestamp,
    ) -> Result<(), RequestError> {
        let pace = self.pace().await?;
        self.answer(visit, item, now, move |tx, request, row, by| {
            if row.declined.is_none() {
                tx.silent("it applied all the time");
                return Ok(());
            }
            tx.decline_item(row.id, None, "")?;
            pace.settle_item(tx, request, row.id, by.at)?;
            Ok(tx.record(by, &event(tx, request, RequestEvent::Applies, (Some(&row.title), None))?)?)
        })
        .await
    }

    /// Adds a comment or question about an item.
    ///
    /// Errors: `NoSuchItem`, `Closed`, `Text`, `TooMany`.
    pub async fn comment_item(
        &self,
        visit: &Visit,
        item: ItemId,
        text: &str,
        now: Timestamp,
    ) -> Result<(), RequestError> {
        let text = text.trim().to_owned();
        if text.is_empty() || !is_text(&text, MAX_REASON) {
            return Err(RequestError::Text);
        }
        let link = visit.link.id;
        self.answer(visit, item, now, move |tx, request, row, by| {
            if tx.comments_on(row.id, MAX_COMMENTS)?.len() >= MAX_COMMENTS {
                return Err(RequestError::TooMany);
            }
            let recipient = tx.recipient_by_link(link)?.map(|recipient| recipient.id);
            tx.insert_comment(row.id, recipient, by.at, &text)?;
            let about = (Some(row.title.as_str()), Some(text.as_str()));
            Ok(tx.record(by, &event(tx, request, RequestEvent::Commented, about)?)?)
        })
        .await
    }

    /// Changes an item of the request that an open link belongs to, in one transaction.
    async fn answer(
        &self,
        visit: &Visit,
        item: ItemId,
        now: Timestamp,
        change: impl FnOnce(&WriteTx<'_>, &RequestRow, &ItemRow, &Stamp) -> Result<(), RequestError>
        + Send
        + 'static,
    ) -> Result<(), RequestError> {
        // The right of the link's creator as it is now.
        visit.access.scope_to_add()?;
        let request = visit.link.request.ok_or(RequestError::NoSuchRequest)?;
        if !self.inner.answers.count(visit.link.id, MAX_ANSWERS, now) {
            return Err(RequestError::TooMany);
        }
        let by = Stamp { actor: visit.actor(), at: now };
        self.inner
            .catalog
            .write(move |tx| {
                tx.touches_only([]);
                let request = tx.request(request)?.ok_or(RequestError::NoSuchRequest)?;
                if request.closed.is_some() {
                    return Err(RequestError::Closed);
                }
                let row = tx.item(item)?.filter(|item| item.request == request.id);
                let row = row.ok_or(RequestError::NoSuchItem)?;
                if row.state == ItemState::Accepted {
                    return Err(RequestError::ItemDone);
                }
                tx.note_news(request.id, by.at)?;
                change(tx, &request, &row, &by)
            })
            .await
    }
}

/// Derives the state of an item after one of its rows changed, and records a change of it.
pub(super) fn settle(
    tx: &WriteTx<'_>,
    pace: &ReminderPace,
    (request, item): (&RequestRow, &ItemRow),
    by: &Stamp,
    words: Option<&str>,
) -> Result<(), RequestError> {
    let Some((before, state)) = pace.settle_item(tx, request, item.id, by.at)? else {
        tx.silent("the item is gone");
        return Ok(());
    };
    if before.state == state {
        tx.silent("the item is in the same state as before");
        return Ok(());
    }
    if let Some(kind) = arrival_event(state) {
        tx.record(by, &event(tx, request, kind, (Some(&item.title), words))?)?;
    }
    Ok(())
}
