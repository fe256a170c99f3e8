//! Errors of uploads.

use crate::catalog::CatalogError;
use crate::library::LibraryError;
use crate::model::AccessDenied;
use crate::vault::VaultError;

/// Why an operation on an upload did nothing. Each message is a sentence for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// What prevents storing anything.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// There is no such upload, or it is not this user's.
    #[error("this upload does not exist here, was finished or has expired; begin anew")]
    NoSuchUpload,
    /// The upload has no chunk of this name.
    #[error("this upload has no such chunk")]
    NoSuchChunk,
    /// An upload with this name is in progress.
    #[error("there is already an upload of this name")]
    Exists,
    /// A part does not begin where the upload ends.
    #[error("the upload continues at byte {expected}")]
    OffsetMismatch {
        /// Offset of the next byte.
        expected: u64,
    },
    /// Another request writes to the upload or has asked for its offset.
    #[error("another request has taken this upload over")]
    TakenOver,
    /// More bytes arrived than were announced.
    #[error("the upload would become longer than was announced")]
    TooLong,
    /// Another length was announced before, or more bytes have arrived.
    #[error("this upload already has another length")]
    LengthFixed,
    /// The upload is finished before all of its bytes have arrived.
    #[error("the upload is not complete: {received} bytes have arrived, which is not the announced number")]
    Incomplete {
        /// Bytes received so far.
        received: u64,
    },
    /// The upload has no destination.
    #[error("this upload has no destination; name a path for it")]
    NoPath,
    /// A part was appended to a chunked upload, or the reverse.
    #[error("this upload does not take parts of this kind")]
    WrongShape,
    /// The user has too many unfinished uploads.
    #[error("you have begun too many uploads; finish or cancel some of them first")]
    TooManyUploads,
    /// The upload consists of too many parts.
    #[error("this upload has arrived in too many pieces; send larger ones")]
    TooManyPieces,
    /// The metadata of an upload are too long.
    #[error("the metadata of an upload must not be longer than 4 KiB")]
    MetadataTooLong,
}

impl UploadError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Library(error) => error.code(),
            Self::NoSuchUpload => "upload-unknown",
            Self::NoSuchChunk => "chunk-unknown",
            Self::Exists => "upload-exists",
            Self::OffsetMismatch { .. } => "offset-mismatch",
            Self::TakenOver => "upload-taken-over",
            Self::TooLong => "upload-too-long",
            Self::LengthFixed => "upload-length-fixed",
            Self::Incomplete { .. } => "upload-incomplete",
            Self::NoPath => "upload-without-path",
            Self::WrongShape => "upload-wrong-parts",
            Self::TooManyUploads => "too-many-uploads",
            Self::TooManyPieces => "too-many-pieces",
            Self::MetadataTooLong => "metadata-too-long",
        }
    }

    /// Whether the operation itself refused, so that the catalogue holds nothing of it: see
    /// [`LibraryError::is_refusal`].
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Library(error) => error.is_refusal(),
            _ => true,
        }
    }
}

impl From<AccessDenied> for UploadError {
    fn from(error: AccessDenied) -> Self {
        Self::Library(error.into())
    }
}

impl From<CatalogError> for UploadError {
    fn from(error: CatalogError) -> Self {
        Self::Library(error.into())
    }
}

impl From<VaultError> for UploadError {
    fn from(error: VaultError) -> Self {
        Self::Library(error.into())
    }
}

impl From<tokio::task::JoinError> for UploadError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Library(error.into())
    }
}
