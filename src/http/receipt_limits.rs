//! Bounds of all receipts together.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Most PDFs that are made at the same time.
const MOST_PRINTED_AT_ONCE: usize = 2;
/// Most receipts that are checked at the same time, each with its body in memory.
const MOST_CHECKED_AT_ONCE: usize = 16;

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
