//! What a space keeps of the past, and how much: replaced contents and the trash.
//!
//! The quota counts what is present. The past is kept for as many days as the space says, and while it fits its own
//! bound, which is the quota's size if the owner sets none. What does not fit goes, oldest first, before anything new
//! is stored: so a client that overwrites one file for ever fills the bound and not the disk. Deleting makes the past
//! longer, never the disk fuller, and removes nothing at once: what was just deleted can be restored until somebody
//! stores something. Contents with damage are kept, whatever the bound says.

use super::removal::{Ground, is_stuck};
use super::{Library, LibraryError};
use crate::model::{SpaceId, Stamp, Timestamp, Worker};

impl Library {
    /// Removes the oldest of a space's past until the rest fits its bound.
    ///
    /// Errors: `HistoryFull` if what is left must stay.
    pub(super) async fn shorten_history(&self, space: SpaceId) -> Result<(), LibraryError> {
        // Those who wait find it done.
        let _one = self.shared.shortening.lock().await;
        self.remove_all(Ground::Excess(space), Stamp::worker(Worker::History, Timestamp::now())).await?;
        self.finish_purges().await?;
        self.remove_garbage().await?;
        match self.catalog().read(move |tx| is_stuck(tx, space)).await? {
            true => Err(LibraryError::HistoryFull),
            false => Ok(()),
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
