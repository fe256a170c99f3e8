//! Receipts: what was handed in, signed by the instance, for a person who has nothing but the file.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::catalog::{HandInFileRow, HandInRow};
use crate::model::Timestamp;
use crate::proof::{Proof, Signer};

/// The text of a receipt. All times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The form of this text.
    pub form: String,
    /// Number of the hand-in.
    pub number: i64,
    /// Name of the office; `None` if it gave none.
    pub office: Option<String>,
    /// Name of the user who asked for it.
    pub asked_by: Option<String>,
    /// Name of the folder for which it was handed in.
    pub folder: String,
    /// The person's name in the person's words; `None` without one. Not verified.
    pub handed_in_by: Option<String>,
    /// When its first file arrived.
    pub begun: String,
    /// When it was finished.
    pub finished: String,
    /// The time until which it was asked for.
    pub deadline: Option<String>,
    /// Whether it was finished later than that.
    pub late: bool,
    /// Whether the person said that it is complete; otherwise its link ended before.
    pub complete: bool,
    /// The files that are stored, in the order of their arrival.
    pub files: Vec<ReceiptFile>,
    /// The files that were not stored.
    pub refused: Vec<RefusedFile>,
    /// The key that signs it.
    pub key: String,
}

/// A file that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFile {
    /// Its path as the person's device sent it.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: Option<String>,
    /// When it was stored.
    pub arrived: String,
    /// Title of the item of a request that it was handed in for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// A file that was not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedFile {
    /// Its path as the person's device sent it.
    pub path: String,
    /// Why, as one word.
    pub reason: String,
    /// When it was sent.
    pub at: String,
}

impl Proof for Receipt {
    const FORM: &'static str = "tresor-receipt-1";

    fn form(&self) -> &str {
        &self.form
    }

    fn key(&self) -> &str {
        &self.key
    }
}

/// What a receipt says besides the files.
pub(super) struct Heading {
    pub(super) office: Option<String>,
    pub(super) asked_by: Option<String>,
    pub(super) folder: String,
    pub(super) deadline: Option<Timestamp>,
    pub(super) finished: Timestamp,
    pub(super) is_complete: bool,
}

impl Heading {
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.finished > deadline)
    }

    /// The signed receipt of a hand-in.
    pub(super) fn sign(&self, row: &HandInRow, files: &[HandInFileRow], signer: &Signer) -> String {
        let stored = files.iter().filter(|file| file.refused.is_none() && file.withdrawn.is_none());
        let refused = files.iter().filter_map(|file| {
            let reason = file.refused.clone()?;
            Some(RefusedFile { path: file.path.clone(), reason, at: file.at.to_string() })
        });
        let receipt = Receipt {
            form: Receipt::FORM.to_owned(),
            number: row.id.0,
            office: self.office.clone(),
            asked_by: self.asked_by.clone(),
            folder: self.folder.clone(),
            handed_in_by: Some(row.name.clone()).filter(|name| !name.is_empty()),
            begun: row.begun.to_string(),
            finished: self.finished.to_string(),
            deadline: self.deadline.map(|at| at.to_string()),
            late: self.is_late(),
            complete: self.is_complete,
            files: stored
                .map(|file| ReceiptFile {
                    path: file.path.clone(),
                    size: file.size,
                    sha256: file.sha256.map(|digest| HEXLOWER.encode(&digest)),
                    arrived: file.at.to_string(),
                    item: file.item_title.clone(),
                })
                .collect(),
            refused: refused.collect(),
            key: signer.verifier().to_string(),
        };
        signer.sign_json(&receipt)
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::model::{HandInFileId, HandInId, SpaceId};
    use crate::proof::{self, MAX_NOTE};
    use crate::sharing::{MAX_HAND_IN_FILES, MAX_TITLE};

    /// Each signed text must be readable for the check, also with the longest names.
    #[test]
    fn the_longest_receipt_can_be_checked() {
        let signer = Signer::new("tresor-test".to_owned(), &Zeroizing::new([1; 32]));
        let row = HandInRow {
            id: HandInId(7),
            link: None,
            space: SpaceId([1; 16]),
            folder: None,
            begun: Timestamp(0),
            name: String::new(),
            finished: None,
            is_late: false,
            is_complete: false,
            after: None,
        };
        let file = |number| HandInFileRow {
            id: HandInFileId(number),
            version: None,
            path: "\"".repeat(super::super::store::MAX_NOTED_PATH),
            stored_as: String::new(),
            size: u64::MAX,
            sha256: Some([7; 32]),
            at: Timestamp(0),
            refused: None,
            withdrawn: None,
            state: None,
            item: None,
            item_title: Some("\"".repeat(MAX_TITLE)),
        };
        let files: Vec<_> = (0..i64::try_from(MAX_HAND_IN_FILES).unwrap()).map(file).collect();
        let heading = Heading {
            office: None,
            asked_by: None,
            folder: String::new(),
            deadline: None,
            finished: Timestamp(0),
            is_complete: true,
        };
        let note = heading.sign(&row, &files, &signer);
        assert!(note.len() as u64 <= MAX_NOTE, "{}", note.len());
        let receipt = proof::open::<Receipt>(&note, Some(&signer.verifier())).unwrap();
        assert_eq!(receipt.files.len() as u64, MAX_HAND_IN_FILES);
    }
}
