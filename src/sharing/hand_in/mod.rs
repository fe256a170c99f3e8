//! Hand-ins: the files that a person without an account hands over through a link that only takes files in.
//!
//! ```text
//! browser   a random secret in a cookie; seeing the page stores nothing
//! begin     the first file begins the hand-in; each one is a row in the transaction that stores it
//! folder    one without a file, as a chosen folder has it
//! join      a second device takes part, by a code that the first one shows
//! withdraw  an own file is removed for good, while no person has read it
//! finish    counts one use of the link and signs the receipt
//! close     the same for hand-ins whose link has ended, by the server
//! ```

mod finish;
mod folder;
mod join;
mod read;
mod receipt;
mod store;
mod withdraw;

use std::time::Duration;

use crate::catalog::{CatalogError, HandInFileRow, HandInRow};
use crate::library::LibraryError;
use crate::model::{HandInFileId, HandInId, ItemId, LinkTerms, SpaceId, Timestamp, VersionState};
use crate::sharing::request::RequestError;

pub use read::{Finished, HandInPlace};
pub use receipt::{Receipt, ReceiptFile, RefusedFile};
pub use store::{BegunFile, PlacedFile, SentBy, SentFile};

/// Most files of one hand-in, refused ones included.
pub const MAX_HAND_IN_FILES: u64 = 5_000;
/// Most hand-ins of one link that are not finished.
const MAX_OPEN_HAND_INS: usize = 200;
/// Most refused files of one hand-in that are noted for its receipt.
const MAX_NOTED_REFUSALS: u64 = 200;
/// Most hand-ins that begin through a box within an hour.
const BOX_HAND_INS: usize = 30;
/// Most of them from one network, so that it shuts no other out.
const BOX_HAND_INS_OF_NETWORK: usize = 5;
/// Most hand-ins that one network begins through any other link within an hour.
const HAND_INS_OF_NETWORK: usize = 60;
/// Time after which a hand-in through a box is closed, if its person has not finished it.
const BOX_OPEN_FOR: Duration = Duration::from_hours(7 * 24);
/// Time after which a hand-in to which nothing came is forgotten.
const EMPTY_OPEN_FOR: Duration = Duration::from_hours(24);
/// Most browsers of one hand-in.
const MAX_BROWSERS: usize = 10;
/// Longest name that a person gives in characters.
const MAX_GUEST_NAME: usize = 100;
/// Time after the end for which a file can be taken back.
pub const WITHDRAWN_WITHIN: Duration = Duration::from_mins(30);

/// A hand-in as its person sees it.
#[derive(Clone, Debug)]
pub struct HandIn {
    /// Id of the hand-in.
    pub id: HandInId,
    /// Space of the link.
    pub space: SpaceId,
    /// When it was begun.
    pub begun: Timestamp,
    /// The person's name in the person's words; may be empty.
    pub name: String,
    /// When it was finished; `None` while more may come.
    pub finished: Option<Timestamp>,
    /// Whether it was finished after the link's deadline.
    pub is_late: bool,
    /// Whether the person said that it is complete; otherwise its link ended before.
    pub is_complete: bool,
    /// Its files in the order of their arrival.
    pub files: Vec<HandInFile>,
}

/// One file of a hand-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandInFile {
    /// Id of the file.
    pub id: HandInFileId,
    /// The path as it was sent.
    pub path: String,
    /// The name that it got in the folder.
    pub stored_as: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of its content; `None` if that is not known.
    pub sha256: Option<[u8; 32]>,
    /// When it arrived.
    pub at: Timestamp,
    /// Its state.
    pub state: HandInFileState,
    /// Item of the request that it was handed in for.
    pub item: Option<ItemId>,
}

/// State of a file that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandInFileState {
    /// Stored, and visible to those who may read the folder.
    Arrived,
    /// Stored, and being examined.
    Examined,
    /// Stored, and set aside because it may be dangerous.
    SetAside,
    /// Stored, and removed by the office since.
    Gone,
    /// Taken back by the person.
    Withdrawn,
    /// Not stored, for this reason.
    Refused(String),
}

/// Why an operation on a hand-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum HandInError {
    /// The browser has none, or not this file.
    #[error("there is no such hand-in")]
    NoSuchHandIn,
    /// It takes no more files.
    #[error("this hand-in is finished; open the link again to begin another one")]
    Finished,
    /// It has no receipt yet.
    #[error("this hand-in is not finished, so there is no receipt yet")]
    NotFinished,
    /// Nothing was handed in.
    #[error("nothing was handed in so far")]
    Empty,
    /// Another person finished the last hand-in that the link allows.
    #[error("this link was used up meanwhile; what you have sent is stored")]
    UsedUp,
    /// A person has read the file, or it is too late to take it back.
    #[error("this file can no longer be taken back; call the office")]
    TooLateToWithdraw,
    /// The code of the other device is wrong or too old.
    #[error("this code is wrong or too old; look at the other device again")]
    WrongCode,
    /// This network tried too many codes.
    #[error("too many codes were tried; try again in {retry_after} seconds")]
    Guessed {
        /// Seconds to wait, at least 1.
        retry_after: u32,
    },
    /// The link takes no files of this kind.
    #[error("this link takes no files of this kind")]
    WrongType,
    /// The hand-in has as many files or bytes as the link allows.
    #[error("this hand-in has as many files or bytes as it may have")]
    TooMuch,
    /// The office has accepted the item of a request.
    #[error("this item is accepted already")]
    ItemDone,
    /// A box takes nothing from people who give no name.
    #[error("give your name first")]
    NoName,
    /// Too many hand-ins began through a box within an hour.
    #[error("too many hand-ins come through this link; try again in an hour, or call the office")]
    TooOften,
    /// The name of the person is too long or cannot be displayed.
    #[error("a name must have at most {MAX_GUEST_NAME} characters and no line breaks")]
    Name,
    /// Storing failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The catalogue failed.
    #[error("the hand-in could not be read or changed")]
    Catalog(#[from] CatalogError),
}

impl HandInError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchHandIn => "hand-in-unknown",
            Self::Finished => "hand-in-finished",
            Self::NotFinished => "hand-in-unfinished",
            Self::Empty => "hand-in-empty",
            Self::UsedUp => "link-used-up",
            Self::TooLateToWithdraw => "too-late-to-withdraw",
            Self::WrongCode => "wrong-join-code",
            Self::Guessed { .. } => "too-many-join-codes",
            Self::WrongType => "wrong-file-type",
            Self::TooMuch => "hand-in-full",
            Self::ItemDone => "item-accepted",
            Self::NoName => "guest-name-missing",
            Self::TooOften => "too-many-hand-ins",
            Self::Name => "guest-name-invalid",
            Self::Library(error) => error.code(),
            Self::Catalog(_) => "catalogue-failed",
        }
    }
}

impl From<RequestError> for HandInError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::ItemDone => Self::ItemDone,
            RequestError::Closed => Self::Finished,
            RequestError::OneFile | RequestError::TooMany => Self::TooMuch,
            RequestError::Library(error) => Self::Library(error),
            RequestError::Catalog(error) => Self::Catalog(error),
            _ => Self::NoSuchHandIn,
        }
    }
}

impl HandIn {
    /// Number of its files that were not stored.
    pub fn refused(&self) -> usize {
        self.files.iter().filter(|file| matches!(file.state, HandInFileState::Refused(_))).count()
    }

    fn new(row: HandInRow, files: Vec<HandInFileRow>) -> Self {
        Self {
            id: row.id,
            space: row.space,
            begun: row.begun,
            name: row.name,
            finished: row.finished,
            is_late: row.is_late,
            is_complete: row.is_complete,
            files: files.into_iter().map(HandInFile::new).collect(),
        }
    }

    /// Number and bytes of the files that are handed in.
    pub fn extent(&self) -> (usize, u64) {
        let kept = self.files.iter().filter(|file| file.is_kept());
        kept.fold((0, 0), |(count, bytes), file| (count + 1, bytes + file.size))
    }

    /// Whether its files can still be taken back, as far as that depends on the time.
    pub fn may_withdraw(&self, now: Timestamp) -> bool {
        self.finished.is_none_or(|at| now.since(at) < WITHDRAWN_WITHIN)
    }
}

impl HandInFile {
    fn new(row: HandInFileRow) -> Self {
        let state = match (row.withdrawn, row.refused, row.state) {
            (_, Some(reason), _) => HandInFileState::Refused(reason),
            (Some(_), None, _) => HandInFileState::Withdrawn,
            (None, None, None) => HandInFileState::Gone,
            (None, None, Some(VersionState::Visible)) => HandInFileState::Arrived,
            (None, None, Some(VersionState::Held)) => HandInFileState::Examined,
            (None, None, Some(VersionState::Quarantined | VersionState::Restricted)) => {
                HandInFileState::SetAside
            }
        };
        Self {
            id: row.id,
            path: row.path,
            stored_as: row.stored_as,
            size: row.size,
            sha256: row.sha256,
            at: row.at,
            state,
            item: row.item,
        }
    }

    /// Whether it counts as handed in.
    pub fn is_kept(&self) -> bool {
        !matches!(self.state, HandInFileState::Withdrawn | HandInFileState::Refused(_))
    }
}

/// A finished hand-in with the terms of its link.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The hand-in.
    pub hand_in: HandIn,
    /// The terms of the link.
    pub terms: LinkTerms,
    /// Whether the link takes a further hand-in.
    pub takes_more: bool,
}
