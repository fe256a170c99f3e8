//! What a space keeps of the past, and how much: replaced contents and the trash.
//!
//! The quota counts what is present. The past is kept for as many days as the space says, and while it fits its own
//! bound, which is the quota's size if the owner sets none. What does not fit goes, oldest first, before anything new
//! is stored: so a client that overwrites one file for ever fills the bound and not the disk. Deleting makes the past
//! longer, never the disk fuller, and removes nothing at once: what was just deleted can be restored until somebody
//! stores something. Contents with damage are kept, whatever the bound says.

use super::mark::is_held;
use super::{Library, LibraryError};
use crate::catalog::WriteTx;
use crate::model::SpaceId;

/// Removed in one transaction.
const HISTORY_STEP: usize = 100;

impl Library {
    /// Removes the oldest of a space's past until the rest fits its bound.
    ///
    /// Errors: `HistoryFull` if what is left must stay.
    pub(super) async fn shorten_history(&self, space: SpaceId) -> Result<(), LibraryError> {
        // Those who wait find it done.
        let _one = self.shared.shortening.lock().await;
        loop {
            let oldest = self.catalog().read(move |tx| tx.oldest_history(space, HISTORY_STEP)).await?;
            let is_last = oldest.is_empty();
            let remove = move |tx: &WriteTx<'_>| {
                let is_full =
                    || Ok::<_, LibraryError>(tx.space(space)?.is_some_and(|row| row.is_history_full()));
                // What an older catalogue takes for the past may have been brought back since.
                if is_held(tx)? {
                    return is_full();
                }
                for past in oldest {
                    if !is_full()? {
                        return Ok(false);
                    }
                    tx.remove_past(space, past)?;
                }
                is_full()
            };
            let is_full = self.catalog().write(remove).await?;
            if !is_full || is_last {
                self.finish_purges().await?;
                self.remove_garbage().await?;
                return if is_full { Err(LibraryError::HistoryFull) } else { Ok(()) };
            }
        }
    }

    /// The same for every space whose past is longer than its bound.
    pub(super) async fn shorten_histories(&self) -> Result<(), LibraryError> {
        let spaces = self.catalog().read(|tx| Ok::<_, LibraryError>(tx.spaces()?)).await?;
        for row in spaces.into_iter().filter(crate::catalog::SpaceRow::is_history_full) {
            match self.shorten_history(row.id).await {
                // Whoever wants to store something is told.
                Ok(()) | Err(LibraryError::HistoryFull) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
