//! Keeps the certain time, by which data is removed permanently.

use std::sync::PoisonError;

use super::{Library, LibraryError};
use crate::catalog::WriteTx;
use crate::model::{CertainTime, ClockDoubt, Reading, Timestamp};

impl Library {
    /// Takes a reading of both clocks and stores the certain time, by which data may be removed permanently. Call
    /// it before every round of upkeep.
    ///
    /// Errors: those of the catalogue before the first successful read. If the time cannot be stored, that is only
    /// logged: the next run then has more doubts, not fewer.
    pub async fn keep_time(&self, reading: Reading) -> Result<Timestamp, LibraryError> {
        let mut kept = self.shared.clock.time.lock().await;
        let before = match *kept {
            Some(before) => Some(before),
            None => self.catalog().read(|tx| Ok::<_, LibraryError>(tx.certain_time()?)).await?,
        };
        let certain = match (*kept, before) {
            (Some(before), _) => before.go_on(reading),
            (None, Some(before)) => before.resume(reading),
            (None, None) => CertainTime::begin(reading),
        };
        tell(kept.and_then(|before| before.doubt()), certain.doubt());
        *kept = Some(certain);
        *self.shared.clock.doubt.lock().unwrap_or_else(PoisonError::into_inner) = certain.doubt();
        let note = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            Ok::<_, LibraryError>(tx.note_certain_time(&certain)?)
        };
        // On a full disk the remaining space is needed for deleting.
        if let Ok(catalog) = self.storing().await
            && let Err(error) = catalog.write_silent("the time passes by itself", note).await
        {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "cannot store the time");
        }
        Ok(certain.now())
    }

    /// The certain time at a reading of both clocks, by the running time since the last one that was stored: unlike the time
    /// for removals, it goes on while the wall clock is behind. `None` before [`Self::keep_time`].
    pub async fn certain_time(&self, reading: Reading) -> Option<Timestamp> {
        let kept = self.shared.clock.time.lock().await;
        (*kept).map(|before| before.go_on(reading).time)
    }

    /// Why the wall clock is not trusted, as of the last reading.
    pub fn clock_doubt(&self) -> Option<ClockDoubt> {
        *self.shared.clock.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs it once in each run, and again after another jump.
fn tell(before: Option<ClockDoubt>, now: Option<ClockDoubt>) {
    match (before, now) {
        (_, Some(doubt)) if before.is_none_or(|before| before.left < doubt.left) => tracing::error!(
            hours = doubt.distance.as_secs() / 3_600,
            ahead = doubt.is_ahead,
            "the clock has jumped: nothing is removed permanently by it until it has run evenly; check the date"
        ),
        (Some(_), None) => tracing::info!("the clock is trusted again"),
        _ => {}
    }
}
