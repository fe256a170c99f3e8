//! What all connections share, and what an address means.

use std::sync::OnceLock;

use super::refusal::{LOCKED, Refusal, UNREAD};
use crate::intake::{Intake, MailError, Mailbox};
use crate::model::Timestamp;
use crate::notices::{Notices, Returned};

/// The instance, once it is open, and how large a mail may be.
pub(super) struct Post {
    open: OnceLock<Open>,
    most: u64,
}

/// An open instance.
pub(super) struct Open {
    pub(super) intake: Intake,
    pub(super) notices: Notices,
}

/// A recipient of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    /// A folder of a space.
    Folder(Mailbox),
    /// A mail of this server, about which another one reports.
    Returned(Returned),
}

impl Recipient {
    /// The folder, if it is one.
    pub(super) fn folder(&self) -> Option<&Mailbox> {
        match self {
            Self::Folder(mailbox) => Some(mailbox),
            Self::Returned(_) => None,
        }
    }
}

impl Post {
    pub(super) fn new(most: u64) -> Self {
        Self { open: OnceLock::new(), most }
    }

    pub(super) fn open(&self, intake: Intake, notices: Notices) {
        let _ = self.open.set(Open { intake, notices });
    }

    /// `None` while the server is locked.
    pub(super) fn instance(&self) -> Option<&Open> {
        self.open.get()
    }

    /// The recipient of an address for a mail of `size` bytes.
    pub(super) async fn recipient(&self, address: &str, size: u64) -> Result<Recipient, Refusal> {
        let Open { intake, notices } = self.instance().ok_or(LOCKED)?;
        match notices.returned(address, Timestamp::now()).await {
            Ok(Some(returned)) => return Ok(Recipient::Returned(returned)),
            Ok(None) => {}
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "a report about a mail was not read; the mail server tries again");
                return Err(UNREAD);
            }
        }
        intake.mailbox(address, size).await.map(Recipient::Folder).map_err(|error| refused(&error))
    }

    /// Longest mail in bytes, as it is sent.
    pub(super) fn most(&self) -> u64 {
        self.most
    }
}

/// The refusal for an error, whose cause the log has.
pub(super) fn refused(error: &MailError) -> Refusal {
    if let MailError::Unavailable(cause) = error {
        let error: &dyn std::error::Error = cause;
        tracing::warn!(error, "a mail was not stored; the mail server tries again");
    }
    error.into()
}
