//! Turns for costly work: archives of folders, and receipts. They are counted over all requests.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Most archives whose trees are read at the same time.
const MOST_PLANNED_AT_ONCE: usize = 2;
/// Most files and folders in all archives that are sent at the same time; each takes about 300 bytes of memory.
const MOST_MEMBERS_IN_ALL: usize = 1_000_000;
/// Most archives for which contents are read only to compute their CRC-32, at the same time.
const MOST_LEARNT_AT_ONCE: usize = 1;
/// Most PDFs that are made at the same time.
const MOST_PRINTED_AT_ONCE: usize = 2;
/// Most receipts that are checked at the same time, each with its body in memory.
const MOST_CHECKED_AT_ONCE: usize = 16;

/// Limits of all archives. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Archives {
    /// Turns for reading a tree.
    pub(super) planning: Arc<Semaphore>,
    /// One permit for each file and folder of the archives that are being sent.
    pub(super) members: Arc<Semaphore>,
    /// Turns for reading contents only for their CRC-32.
    pub(super) learning: Arc<Semaphore>,
}

impl Default for Archives {
    fn default() -> Self {
        Self {
            planning: Arc::new(Semaphore::new(MOST_PLANNED_AT_ONCE)),
            members: Arc::new(Semaphore::new(MOST_MEMBERS_IN_ALL)),
            learning: Arc::new(Semaphore::new(MOST_LEARNT_AT_ONCE)),
        }
    }
}

/// Limits of all receipts. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Receipts {
    /// Turns for making a PDF.
    pub(super) printing: Arc<Semaphore>,
    /// Turns for checking a receipt.
    pub(super) checking: Arc<Semaphore>,
}

impl Default for Receipts {
    fn default() -> Self {
        Self {
            printing: Arc::new(Semaphore::new(MOST_PRINTED_AT_ONCE)),
            checking: Arc::new(Semaphore::new(MOST_CHECKED_AT_ONCE)),
        }
    }
}
