//! Users of the office judge the items of a request, and close, reopen and extend it.

use super::due::links_end;
use super::read::permitted;
use super::remind::ReminderPace;
use super::seen::seen;
use super::template::MAX_ITEMS;
use super::{RequestError, event, is_text};
use crate::catalog::{RequestRow, WriteTx};
use crate::model::{Access, Day, ItemId, RequestEvent, RequestId, Stamp, Timestamp, Verdict};
use crate::sharing::Sharing;

/// Longest reason of a rejection, and longest comment, in characters.
pub const MAX_REASON: usize = 1_000;

/// A decision about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The office has what it needs.
    Accept,
    /// The office needs it again, for this reason.
    Reject(String),
    /// The last decision is taken back.
    Undo,
}

impl Sharing {
    /// Judges items of a request in a space of these rights, all or none of them.
    ///
    /// Errors: `NoSuchRequest`, `NoSuchItem`, `Text` for a reason that is missing or too long.
    pub async fn judge(
        &self,
        rights: &[Access],
        id: RequestId,
        judgements: Vec<(ItemId, Judgement)>,
        by: Stamp,
    ) -> Result<(), RequestError> {
        // No request has so many.
        if judgements.len() > MAX_ITEMS {
            return Err(RequestError::NoSuchItem);
        }
        require_reasons(&judgements)?;
        let pace = self.pace().await?;
        self.change_request(rights, id, move |tx, row| {
            judgements.iter().try_for_each(|one| judge(tx, &pace, row, one, &by))
        })
        .await
    }

    /// The same for a user who saw the items: each with its word of [`ItemShown::seen`](super::ItemShown::seen).
    ///
    /// Errors: as above, and `Changed` with the items that changed since; then nothing is judged.
    pub async fn judge_as_seen(
        &self,
        rights: &[Access],
        id: RequestId,
        judgements: Vec<((ItemId, Judgement), String)>,
        by: Stamp,
    ) -> Result<(), RequestError> {
        let (judgements, saw): (Vec<_>, Vec<_>) = judgements.into_iter().unzip();
        require_reasons(&judgements)?;
        let pace = self.pace().await?;
        self.change_request(rights, id, move |tx, row| {
            let mut changed = Vec::new();
            for ((item, _), saw) in judgements.iter().zip(&saw) {
                let item = tx.item(*item)?.ok_or(RequestError::NoSuchItem)?;
                let latest = tx.files_of_item(item.id, 1)?.first().map(|file| file.id);
                if seen(&item, latest) != *saw {
                    changed.push(item.id);
                }
            }
            if !changed.is_empty() {
                return Err(RequestError::Changed(changed));
            }
            judgements.iter().try_for_each(|one| judge(tx, &pace, row, one, &by))
        })
        .await
    }

    /// Closes a request, so that its links show the state and take nothing, or opens it again.
    ///
    /// Errors: `NoSuchRequest`.
    pub async fn close_request(
        &self,
        rights: &[Access],
        id: RequestId,
        closes: bool,
        by: Stamp,
    ) -> Result<(), RequestError> {
        let pace = self.pace().await?;
        self.change_request(rights, id, move |tx, row| {
            if row.closed.is_some() == closes {
                return Ok(());
            }
            tx.close_request(row.id, closes.then_some(by.at))?;
            pace.plan_anew(tx, row.id, by.at)?;
            let kind = if closes { RequestEvent::Closed } else { RequestEvent::Reopened };
            Ok(tx.record(&by, &event(tx, row, kind, (None, None))?)?)
        })
        .await
    }

    /// Gives a request another deadline. Addresses stay the same, and links that had expired open again. Items that would be
    /// due later are due with the request.
    ///
    /// Errors: `NoSuchRequest`, `DeadlineInPast`.
    pub async fn extend_request(
        &self,
        rights: &[Access],
        id: RequestId,
        deadline: Day,
        by: Stamp,
    ) -> Result<(), RequestError> {
        let office = self.inner.accounts.office().await?;
        let deadline = office.zone.end_of(deadline);
        if deadline <= by.at {
            return Err(RequestError::DeadlineInPast);
        }
        let pace = self.pace().await?;
        let expires: Timestamp = links_end(Some(deadline), by.at, &office.zone);
        self.change_request(rights, id, move |tx, row| {
            tx.extend_request(row.id, Some(deadline), expires)?;
            pace.plan_anew(tx, row.id, by.at)?;
            Ok(tx.record(&by, &event(tx, row, RequestEvent::Changed, (None, None))?)?)
        })
        .await
    }

    /// Changes a request in a space of these rights, in one transaction.
    pub(super) async fn change_request(
        &self,
        rights: &[Access],
        id: RequestId,
        change: impl FnOnce(&WriteTx<'_>, &RequestRow) -> Result<(), RequestError> + Send + 'static,
    ) -> Result<(), RequestError> {
        let rights = rights.to_vec();
        self.inner
            .catalog
            .write(move |tx| {
                tx.touches_only([]);
                let row = permitted(tx, &rights, id)?;
                change(tx, &row)
            })
            .await
    }
}

fn require_reasons(judgements: &[(ItemId, Judgement)]) -> Result<(), RequestError> {
    let lacks_reason = |judgement: &Judgement| match judgement {
        Judgement::Reject(reason) => reason.trim().is_empty() || !is_text(reason, MAX_REASON),
        Judgement::Accept | Judgement::Undo => false,
    };
    match judgements.iter().any(|(_, judgement)| lacks_reason(judgement)) {
        true => Err(RequestError::Text),
        false => Ok(()),
    }
}

fn judge(
    tx: &WriteTx<'_>,
    pace: &ReminderPace,
    request: &RequestRow,
    (id, judgement): &(ItemId, Judgement),
    by: &Stamp,
) -> Result<(), RequestError> {
    let item = tx.item(*id)?.filter(|item| item.request == request.id).ok_or(RequestError::NoSuchItem)?;
    let (verdict, reason, kind) = match judgement {
        Judgement::Accept => (Some(Verdict::Accepted), "", RequestEvent::Accepted),
        Judgement::Reject(reason) => (Some(Verdict::Rejected), reason.trim(), RequestEvent::Rejected),
        Judgement::Undo if item.judged.is_none() => return Ok(()),
        Judgement::Undo => (None, "", RequestEvent::Undone),
    };
    tx.judge_item(*id, verdict.map(|verdict| (verdict, by.at)), reason)?;
    pace.settle_item(tx, request, *id, by.at)?;
    Ok(tx.record(by, &event(tx, request, kind, (Some(&item.title), Some(reason)))?)?)
}
