//! What mail servers report of a mail after they took it (RFC 3464).

use super::words::words;

words! {
    /// What became of a mail (RFC 3464, section 2.3.3), as far as people must know it.
    DeliveryAction {
        /// It will not arrive.
        Failed = "failed",
        /// It has not arrived yet; mail servers go on trying.
        Delayed = "delayed",
    }
}

/// A report of a mail server about a mail to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// What became of the mail.
    pub action: DeliveryAction,
    /// Status code (RFC 3463) such as `5.1.1`; empty if the report has none.
    pub status: String,
    /// What the last mail server said, as it is written in the report: foreign text of one line without control characters
    /// and of at most [`MAX_DIAGNOSTIC`] bytes. Empty if the report has none.
    pub diagnostic: String,
}

/// Most bytes that are kept of a mail server's words in a report.
pub const MAX_DIAGNOSTIC: usize = 600;
