//! The history of a space, a folder or a file.

use std::time::Duration;

use super::resolve::find;
use super::{Library, LibraryError};
use crate::catalog::{EventsOf, WriteTx};
use crate::model::{Access, EntryPath, EventId, Recorded, Right, Timestamp};

/// Time for which events are kept by default: more than a year, for questions about the last one.
pub(super) const EVENTS_KEPT_FOR: Duration = Duration::from_hours(400 * 24);
/// Events examined in one read of the catalogue.
const PAGE: usize = 1_000;
/// Events removed in one transaction.
const STEP: usize = 1_000;

impl Library {
    /// Up to `limit` of the latest events before `before` about the entry at `path` or anything below it, now or at
    /// the time of the event; latest first. For the root, all events of the space.
    pub async fn events(
        &self,
        access: &Access,
        path: &EntryPath,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<Recorded>, LibraryError> {
        let scope = access.whole_space(Right::Manage)?;
        let (mut before, mut found) = (before, Vec::new());
        while found.len() < limit {
            let path = path.clone();
            let page =
                self.catalog()
                    .read(move |tx| {
                        let entry = find(tx, scope, &path)?.map(|row| row.id);
                        let events = tx.events(EventsOf::Space(scope.space()), before, PAGE)?;
                        let place = path.to_string();
                        let last = events.last().map(|event| event.id);
                        let is_last = events.len() < PAGE;
                        let is_meant = |recorded: &Recorded| {
                            path.is_root()
                                || recorded.event.spot().is_some_and(|spot| {
                                    Some(spot.entry) == entry || lies_at(&spot.path, &place)
                                })
                        };
                        let meant: Vec<_> = events.into_iter().filter(is_meant).collect();
                        Ok::<_, LibraryError>((meant, last.filter(|_| !is_last)))
                    })
                    .await?;
            let (meant, next) = page;
            found.extend(meant);
            match next {
                Some(_) => before = next,
                None => break,
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Up to `limit` of the latest events of the whole instance before `before`, latest first; for the owner.
    pub async fn events_of_all(
        &self,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<Recorded>, LibraryError> {
        self.catalog().read(move |tx| Ok(tx.events(EventsOf::Everything, before, limit)?)).await
    }

    /// Sets how long events are kept; takes effect with the next upkeep.
    pub fn keep_events_for(&self, time: Duration) {
        *self.shared.events_kept_for.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = time;
    }

    /// Removes expired events.
    pub(super) async fn forget_old_events(&self, now: Timestamp) -> Result<(), LibraryError> {
        let kept = *self.shared.events_kept_for.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = now.before(kept);
        let forget = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            Ok::<_, LibraryError>(tx.forget_events(before, STEP)?)
        };
        while self.catalog().write_silent("the age of events is a setting", forget).await? == STEP {}
        Ok(())
    }
}

fn lies_at(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
