//! Reads of content as events: one for each person, version and quarter of an hour, recorded outside the request.
//!
//! A download manager requests a file in hundreds of ranges, and a player seeks; the history shows that as one
//! read. Noted reads wait in memory until a worker records them, a few seconds later; a crash in between loses
//! them.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::{Content, Library, LibraryError};
use crate::catalog::WriteTx;
use crate::model::{Actor, EntryEvent, Event, Stamp, VersionId};

/// Milliseconds within which the downloads of one version by one person are one event.
const QUARTER: i64 = 15 * 60 * 1_000;
/// Downloads remembered so that they are not recorded twice; above it, some are.
const MAX_SEEN: usize = 20_000;
/// Downloads that wait to be recorded; above it, the reader waits.
const MAX_UNRECORDED: usize = 5_000;
/// Downloads recorded in one transaction.
const STEP: usize = 200;

/// Reads that are not recorded yet.
#[derive(Default)]
pub(super) struct Reads(Mutex<State>);

#[derive(Default)]
struct State {
    /// The quarter of an hour that `seen` covers.
    quarter: i64,
    seen: HashSet<(Actor, VersionId)>,
    waiting: Vec<(Stamp, Event)>,
}

impl Reads {
    /// Notes a read; returns the number of waiting ones.
    fn note(&self, by: Stamp, content: &Content) -> usize {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let quarter = by.at.0.div_euclid(QUARTER);
        if state.quarter != quarter || state.seen.len() >= MAX_SEEN {
            state.quarter = quarter;
            state.seen.clear();
        }
        if state.seen.insert((by.actor, content.version)) {
            let event = Event::Entry {
                kind: EntryEvent::Read,
                // Its path is looked up when it is recorded.
                spot: content.entry.spot(),
                version: Some(content.version),
                size: Some(content.size),
                other: None,
            };
            state.waiting.push((by, event));
        }
        state.waiting.len()
    }

    fn take(&self) -> Vec<(Stamp, Event)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting)
    }

    /// Puts back reads that could not be recorded, as far as there is room.
    fn put_back(&self, mut unrecorded: Vec<(Stamp, Event)>) -> usize {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unrecorded.append(&mut state.waiting);
        let lost = unrecorded.len().saturating_sub(MAX_UNRECORDED);
        unrecorded.truncate(MAX_UNRECORDED);
        state.waiting = unrecorded;
        lost
    }
}

impl Library {
    /// Notes that content is being sent, in whole or in part.
    pub async fn note_read(&self, by: Stamp, content: &Content) {
        if self.shared.reading.reads.note(by, content) >= MAX_UNRECORDED {
            self.record_reads().await;
        }
    }

    /// Records the noted reads. On a disk that cannot be written they wait, as far as there is room.
    pub async fn record_reads(&self) {
        let mut noted = self.shared.reading.reads.take();
        while !noted.is_empty() {
            let later = noted.split_off(noted.len().min(STEP));
            let step = noted.clone();
            let record = move |tx: &WriteTx<'_>| {
                tx.touches_only([]);
                for (by, mut event) in step {
                    if let Event::Entry { spot, .. } = &mut event
                        && let Some(present) = tx.spot(spot.entry)?
                    {
                        *spot = present;
                    }
                    tx.record(&by, &event)?;
                }
                Ok::<_, LibraryError>(())
            };
            // On a full disk the remaining space is needed for deleting.
            let recorded = match self.storing().await {
                Ok(catalog) => catalog.write(record).await,
                Err(error) => Err(error),
            };
            if let Err(error) = recorded {
                noted.extend(later);
                let lost = self.shared.reading.reads.put_back(noted);
                let error: &dyn std::error::Error = &error;
                if lost == 0 {
                    tracing::debug!(error, "reads wait to be recorded");
                } else {
                    tracing::warn!(error, lost, "reads are lost to the history, which cannot be written");
                }
                return;
            }
            noted = later;
        }
    }
}
