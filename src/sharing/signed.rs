//! Receipts as people hold them: the contents of a signed text, and whether it is ours.

use super::{DownloadReceipt, Receipt, Sharing};
use crate::proof::{self, NoteError, Proof, Verifier};

/// The contents of a signed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// A hand-in.
    HandIn(Receipt),
    /// A download.
    Download(DownloadReceipt),
}

/// Why a text proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// It is no receipt.
    #[error("this is no receipt")]
    NoReceipt,
    /// Another key signed it.
    #[error("it is not signed by the key of this office")]
    OtherKey,
    /// It was changed after it was signed, or it was forged.
    #[error("the receipt was changed or forged")]
    Changed,
}

impl Signed {
    /// The contents of a receipt that is stored here. It may be signed by a key that the instance had before.
    ///
    /// Errors: those of [`NotProven`].
    pub fn stored(note: &str) -> Result<Self, NotProven> {
        Self::open(note, None)
    }

    fn open(note: &str, key: Option<&Verifier>) -> Result<Self, NotProven> {
        match open::<Receipt>(note, key) {
            Err(NotProven::NoReceipt) => open(note, key).map(Self::Download),
            outcome => outcome.map(Self::HandIn),
        }
    }
}

fn open<P: Proof>(note: &str, key: Option<&Verifier>) -> Result<P, NotProven> {
    proof::open(note, key).map_err(|error| match error {
        NoteError::OtherKey => NotProven::OtherKey,
        NoteError::Invalid => NotProven::Changed,
        NoteError::NotSigned | NoteError::NotAKey => NotProven::NoReceipt,
    })
}

impl Sharing {
    /// The contents of a receipt if the key of this instance signed it. Reads nothing but the text.
    ///
    /// Errors: those of [`NotProven`].
    pub fn check(&self, note: &str) -> Result<Signed, NotProven> {
        Signed::open(note, Some(&self.inner.signer.verifier()))
    }
}
