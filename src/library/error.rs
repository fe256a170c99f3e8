//! Errors of the use cases.

use crate::catalog::CatalogError;
use crate::model::{AccessDenied, EntryPath, NameError, SpaceId};
use crate::vault::VaultError;

/// Why a use case changed nothing. Each message is a sentence for the user.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The right is not sufficient.
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    /// The path does not exist.
    #[error("there is no such file or folder")]
    NotFound,
    /// The folder that should hold it does not exist.
    #[error("the folder that should hold this does not exist; create it first")]
    ParentMissing,
    /// The destination exists and must not be replaced.
    #[error("this name already exists")]
    Exists,
    /// Another entry's name differs only in capitals or in the composition of accents.
    #[error(
        "this folder already holds a name that differs only in capitals or accents; use that one or rename it"
    )]
    NameTaken,
    /// The entry to restore or purge is not in the trash.
    #[error("this space's trash has no item with this number")]
    NotInTrash,
    /// The operation needs a file.
    #[error("this is a folder")]
    IsFolder,
    /// The top folder of a space cannot be moved or deleted.
    #[error("the top folder of a space cannot be moved, replaced or deleted here")]
    IsRoot,
    /// Source and destination are the same, or one contains the other.
    #[error("a folder cannot be moved or copied onto or into itself")]
    IntoItself,
    /// A name or path is invalid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A condition of the request does not hold.
    #[error("the file changed since you last saw it, or another condition of the request does not hold")]
    PreconditionFailed,
    /// A lock prevents the change.
    #[error("this is locked by another user; wait until it is unlocked")]
    Locked {
        /// The space of the locked entry: that of the request's target or of its destination.
        space: SpaceId,
        /// The locked entry.
        path: EntryPath,
    },
    /// A withheld content prevents the operation: the requested one, or one with the requested name.
    #[error("this file, or one of this name, is being checked; it can be used once that is done")]
    Withheld,
    /// There is no such lock on this entry.
    #[error("this lock does not exist here or has ended")]
    NoSuchLock,
    /// The limit on locks is reached.
    #[error("too many locks are held; release some first")]
    TooManyLocks,
    /// The limit on number or size of properties is reached.
    #[error("the properties of this entry would become too many or too large")]
    TooManyProperties,
    /// The copy would have more entries than allowed.
    #[error("this folder has too many entries for one copy; copy its parts one by one")]
    TooManyEntries,
    /// The space's quota would be exceeded.
    #[error("the files in this space have used up its quota; delete some, or ask for a larger quota")]
    OverQuota,
    /// The limit for a space's old data is exceeded, and the rest of it must be kept.
    #[error(
        "the limit for earlier versions and the trash of this space is reached, and the rest is protected; ask the server's owner for a higher limit"
    )]
    HistoryFull,
    /// The disk is full.
    #[error(
        "the server's disk is full; nothing was changed. You can still download. Delete files and have the trash emptied, or contact the server's owner"
    )]
    DiskFull,
    /// The disk failed or refuses writes.
    #[error(
        "the server's disk failed or became read-only; nothing was changed. You can still download. The server's owner must repair the disk and restart the server"
    )]
    ReadOnly,
    /// The process cannot open another file at present.
    #[error("the server has too many files open at the moment; try again soon")]
    Busy,
    /// The list that the file was to join takes it no more.
    #[error(transparent)]
    NotListed(#[from] NotListed),
    /// The number of bytes received differs from the announced one.
    #[error("the number of bytes received is not the number announced; nothing was stored")]
    WrongSize,
    /// The content does not match its checksum.
    #[error("the content does not match the checksum sent with it; nothing was stored")]
    WrongChecksum,
    /// The stored content differs from the committed one. None of it is sent.
    #[error("the stored file is damaged or missing; restore it from a backup")]
    Damaged(#[source] VaultError),
    /// The containers of a version do not add up to it: the catalogue contradicts itself.
    #[error("the stored file is incomplete; restore it from a backup")]
    Incomplete,
    /// The file has no such version.
    #[error("this file has no version with this number")]
    NoSuchVersion,
    /// A space of this name exists.
    #[error("there is already a space of this name")]
    SpaceExists,
    /// Another space has this address for mails.
    #[error("another space has this mail name")]
    MailNameTaken,
    /// There is no such space.
    #[error("there is no such space")]
    NoSuchSpace,
    /// Keys or containers failed for another reason.
    #[error("the file store failed")]
    Vault(#[source] VaultError),
    /// The catalogue accepts no more changes: the program is stopping, or its writer failed.
    #[error("the server is stopping; try again in a moment")]
    Closed,
    /// The catalogue failed.
    #[error("the catalogue failed")]
    Catalog(#[source] CatalogError),
    /// A worker thread panicked or the program is stopping.
    #[error("the operation was interrupted")]
    Interrupted,
}

/// Why the list that a file was to join, such as a hand-in, did not take it when all of it had arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotListed {
    /// The list was closed while the file arrived.
    #[error("the hand-in ended while this file arrived; nothing was stored. Open the link again")]
    Ended,
    /// Other files took the last room in the list while this one arrived.
    #[error("other files took the last room while this one arrived; nothing was stored")]
    Full,
    /// The list's owner wants no more files of this kind.
    #[error("the office accepted this item while the file arrived; nothing was stored")]
    Accepted,
}

impl NotListed {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ended => "ended-meanwhile",
            Self::Full => "full-meanwhile",
            Self::Accepted => "accepted-meanwhile",
        }
    }
}

impl LibraryError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "right-missing",
            Self::NotFound => "not-found",
            Self::ParentMissing => "parent-missing",
            Self::Exists => "exists",
            Self::NameTaken => "name-taken",
            Self::NotInTrash => "not-in-trash",
            Self::IsFolder => "is-folder",
            Self::IsRoot => "is-root",
            Self::IntoItself => "into-itself",
            Self::Name(error) => error.code(),
            Self::PreconditionFailed => "precondition-failed",
            Self::Locked { .. } => "locked",
            Self::Withheld => "withheld",
            Self::NoSuchLock => "lock-unknown",
            Self::TooManyLocks => "too-many-locks",
            Self::TooManyProperties => "too-many-properties",
            Self::TooManyEntries => "too-many-entries",
            Self::OverQuota => "over-quota",
            Self::HistoryFull => "history-full",
            Self::DiskFull => "disk-full",
            Self::ReadOnly => "disk-failed",
            Self::Busy => "busy",
            Self::NotListed(error) => error.code(),
            Self::WrongSize => "wrong-size",
            Self::WrongChecksum => "wrong-checksum",
            Self::Damaged(_) => "damaged",
            Self::Incomplete => "incomplete",
            Self::NoSuchVersion => "version-unknown",
            Self::SpaceExists => "space-exists",
            Self::MailNameTaken => "mail-name-taken",
            Self::NoSuchSpace => "space-unknown",
            Self::Vault(_) => "store-failed",
            Self::Closed => "stopping",
            Self::Catalog(_) => "catalogue-failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether the use case itself refused, so that nothing of it can be in the catalogue. After a failed commit
    /// that is unknown: the write-ahead log may still contain it at the next start, so its containers must stay
    /// until the sweep has checked.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(self, Self::DiskFull | Self::ReadOnly | Self::Closed | Self::Catalog(_) | Self::Interrupted)
    }
}

impl From<CatalogError> for LibraryError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Full => Self::DiskFull,
            CatalogError::ReadOnly | CatalogError::DiskFailed(_) | CatalogError::Halted => Self::ReadOnly,
            CatalogError::Closed => Self::Closed,
            other => Self::Catalog(other),
        }
    }
}

impl From<VaultError> for LibraryError {
    fn from(error: VaultError) -> Self {
        if error.is_out_of_space() {
            Self::DiskFull
        } else if error.is_read_only() {
            Self::ReadOnly
        } else if error.is_exhausted() {
            Self::Busy
        } else if error.is_integrity_alarm() {
            Self::Damaged(error)
        } else {
            Self::Vault(error)
        }
    }
}

impl From<tokio::task::JoinError> for LibraryError {
    fn from(_: tokio::task::JoinError) -> Self {
        Self::Interrupted
    }
}

/// An error of the storage, with the operation.
pub(crate) fn disk_error(action: &'static str) -> impl Fn(std::io::Error) -> LibraryError + Copy {
    move |source| VaultError::Io { action, source }.into()
}
