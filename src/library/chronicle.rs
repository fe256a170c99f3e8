//! The history of a space, a folder or a file.

use std::time::Duration;

use super::resolve::find;
use super::{Library, LibraryError};
use crate::catalog::{EventsOf, WriteTx};
use crate::model::{Access, EntryPath, EventId, EventPage, Right, Timestamp};

/// Time for which events are kept by default: more than a year, for questions about the last one.
pub(super) const EVENTS_KEPT_FOR: Duration = Duration::from_hours(400 * 24);
/// Events removed in one transaction.
const STEP: usize = 1_000;

impl Library {
    /// Up to `limit` of the latest events before `before` about the entry at `path` or anything below it, now or at
    /// the time of the event. For the root, all events of the space. A page may hold fewer, even none, and still
    /// have a next one.
    pub async fn events(
        &self,
        access: &Access,
        path: &EntryPath,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<EventPage, LibraryError> {
        let scope = access.whole_space(Right::Manage)?;
        let (space, path) = (scope.space(), path.clone());
        self.catalog()
            .read(move |tx| {
                if path.is_root() {
                    return Ok(tx.events(EventsOf::Space(space), before, limit)?);
                }
                let entry = find(tx, scope, &path)?.map(|row| row.id);
                let of = EventsOf::Below { space, entry, path: &path.to_string() };
                Ok(tx.events(of, before, limit)?)
            })
            .await
    }

    /// Up to `limit` of the latest events of the whole instance before `before`; for the owner.
    pub async fn events_of_all(
        &self,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<EventPage, LibraryError> {
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
