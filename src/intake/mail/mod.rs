//! Mails: addresses of spaces, delivery, and the attachments.
//!
//! ```text
//! address   mueller+belege@… is the folder Belege of the space with the mail name mueller
//! deliver   the mail becomes one file, byte for byte: 2026-11-29 14.02 Subject.eml; answered when it is durable
//! report    a mail that comes back: what became of one that was sent
//! unpack    later: each attachment becomes a file in the folder 2026-11-29 14.02 Subject beside it
//! ```
//! Nothing is scanned while the sender waits, and nothing is refused for its contents: the mail and each attachment
//! are examined as everything that arrives. The server itself reads no line of a mail except to leave out lines
//! that other servers added; all else is done by [`inspect`](crate::inspect), in a process of its own.

mod address;
mod deliver;
mod flood;
mod head;
mod report;
mod unpack;

pub use address::Mailbox;
pub(super) use deliver::NamesTaken;
pub(super) use flood::Flood;
pub use report::ReportError;
pub use unpack::Unpacked;

use crate::library::LibraryError;

/// Why a mail is not taken for one address.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No space has this address, or the folder does not exist.
    #[error("there is no such address")]
    NoSuchAddress,
    /// The space is full.
    #[error("the space is full")]
    Full,
    /// Too many mails came for the space within an hour.
    #[error("too many mails within an hour")]
    TooMany,
    /// It could not be stored now.
    #[error("the mail cannot be stored now")]
    Unavailable(#[source] LibraryError),
}

impl From<LibraryError> for MailError {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::OverQuota | LibraryError::HistoryFull => Self::Full,
            // It was removed meanwhile.
            LibraryError::NoSuchSpace | LibraryError::NotFound => Self::NoSuchAddress,
            error => Self::Unavailable(error),
        }
    }
}
