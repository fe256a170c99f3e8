//! Old data of a space, and its limit: replaced versions and the trash.
//!
//! The quota counts current data. Old data is kept for the number of days set for the space, and as long as it fits
//! its own limit, which equals the quota unless the owner sets one. The excess is removed, oldest first, before
//! anything new is stored: so a client that keeps overwriting one file fills the limit and not the disk. Deleting
//! increases the old data but not the disk usage, and removes nothing at once: deleted entries can be restored
//! until something is stored. Damaged versions are kept, whatever the limit.

use super::removal::{Ground, is_stuck};
use super::{Library, LibraryError};
use crate::model::{SpaceId, Stamp, Timestamp, Worker};

impl Library {
    /// Removes the oldest of a space's old data until the rest fits its limit.
    ///
    /// Errors: `HistoryFull` if the rest must be kept.
    pub(super) async fn shorten_history(&self, space: SpaceId) -> Result<(), LibraryError> {
        // Requests that wait here find the work done.
        let _one = self.shared.long_work.shortening.lock().await;
        self.remove_all(Ground::Excess(space), Stamp::worker(Worker::History, Timestamp::now())).await?;
        self.finish_purges().await?;
        self.remove_garbage().await?;
        match self.catalog().read(move |tx| is_stuck(tx, space)).await? {
            true => Err(LibraryError::HistoryFull),
            false => Ok(()),
        }
    }

    /// The same for every space whose old data exceeds its limit.
    pub(super) async fn shorten_histories(&self) -> Result<(), LibraryError> {
        let spaces = self.catalog().read(|tx| Ok::<_, LibraryError>(tx.spaces()?)).await?;
        for row in spaces.into_iter().filter(crate::catalog::SpaceRow::is_history_full) {
            match self.shorten_history(row.id).await {
                // Requests that store something get the error.
                Ok(()) | Err(LibraryError::HistoryFull) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
