//! What all connections share.

use std::sync::OnceLock;

use crate::intake::Intake;

/// The instance, once it is open, and how large a mail may be.
pub(super) struct Post {
    intake: OnceLock<Intake>,
    most: u64,
}

impl Post {
    pub(super) fn new(most: u64) -> Self {
        Self { intake: OnceLock::new(), most }
    }

    pub(super) fn open(&self, intake: Intake) {
        let _ = self.intake.set(intake);
    }

    /// `None` while the server is locked.
    pub(super) fn intake(&self) -> Option<&Intake> {
        self.intake.get()
    }

    /// Longest mail in bytes, as it is sent.
    pub(super) fn most(&self) -> u64 {
        self.most
    }
}
