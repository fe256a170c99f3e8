//! The end of a request: items have days of their own, before its deadline or without one, and its links open longer.

use std::time::Duration;

use super::RequestError;
use super::event;
use super::template::MAX_ITEMS;
use crate::catalog::{RequestRow, WriteTx};
use crate::model::{Access, Day, ItemId, RequestEvent, RequestId, Stamp, Timestamp, Zone};
use crate::sharing::Sharing;

/// Time for which links of a request open after its deadline; without one, after its last item is due, or after it was made.
const OPEN_FOR: Duration = Duration::from_hours(90 * 24);

impl Sharing {
    /// Gives items of a request in a space of these rights a last day of their own, or with `None` none; all of them or none.
    ///
    /// Errors: `NoSuchRequest`, `NoSuchItem`, `DeadlineInPast`, `ItemAfterDeadline`.
    pub async fn date_items(
        &self,
        rights: &[Access],
        id: RequestId,
        days: Vec<(ItemId, Option<Day>)>,
        by: Stamp,
    ) -> Result<(), RequestError> {
        // No request has so many.
        if days.len() > MAX_ITEMS {
            return Err(RequestError::NoSuchItem);
        }
        let (office, pace) = (self.inner.accounts.office().await?, self.pace().await?);
        self.change_request(rights, id, move |tx, row| {
            let mut changes = false;
            for (item, day) in &days {
                changes |= date_item(tx, row, (*item, *day), &office.zone, by.at)?;
            }
            if !changes {
                return Ok(());
            }
            tx.count_items(row.id)?;
            keep_open(tx, row, &office.zone, by.at)?;
            pace.plan_anew(tx, row.id, by.at)?;
            Ok(tx.record(&by, &event(tx, row, RequestEvent::Changed, (None, None))?)?)
        })
        .await
    }
}

/// Whether the item had another day before. A day that stays as it is may be over.
fn date_item(
    tx: &WriteTx<'_>,
    request: &RequestRow,
    (id, day): (ItemId, Option<Day>),
    zone: &Zone,
    now: Timestamp,
) -> Result<bool, RequestError> {
    let item = tx.item(id)?.filter(|item| item.request == request.id).ok_or(RequestError::NoSuchItem)?;
    let until = day.map(|day| zone.end_of(day));
    if until == item.until {
        return Ok(false);
    }
    require_time(until, request.deadline, now)?;
    tx.date_item(id, until)?;
    Ok(true)
}

/// The end of the links of a request with this deadline, or without one, with this time of its last item.
pub(super) fn links_end(deadline: Option<Timestamp>, now: Timestamp, zone: &Zone) -> Timestamp {
    let from = deadline.map_or_else(|| zone.day(now), |deadline| zone.last_day(deadline));
    zone.end_of(from.after(OPEN_FOR))
}

/// Refuses a time of an item that is over, or later than the deadline of its request.
pub(super) fn require_time(
    until: Option<Timestamp>,
    deadline: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), RequestError> {
    match until {
        Some(until) if until <= now => Err(RequestError::DeadlineInPast),
        Some(until) if deadline.is_some_and(|deadline| until > deadline) => {
            Err(RequestError::ItemAfterDeadline)
        }
        _ => Ok(()),
    }
}

/// Without a deadline, links open as long after the last item as they would after a deadline.
fn keep_open(
    tx: &WriteTx<'_>,
    request: &RequestRow,
    zone: &Zone,
    now: Timestamp,
) -> Result<(), RequestError> {
    let last = tx.items_of(request.id)?.into_iter().filter_map(|item| item.until).max();
    match (request.deadline, last) {
        (None, Some(last)) => Ok(tx.prolong_links_of(request.id, links_end(Some(last), now, zone))?),
        _ => Ok(()),
    }
}
