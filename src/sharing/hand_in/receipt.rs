//! Receipts: the files of a hand-in, signed by the instance, for a person who has nothing but the file.

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
    /// The time until which that item was asked for by a day of its own, as it was when the hand-in was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_until: Option<String>,
    /// Whether the file was stored later than that; left out if it was not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
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

/// The parts of a receipt besides the files.
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
                    item_until: file.item_until.map(|until| until.to_string()),
                    late: file.item_until.is_some_and(|until| file.at > until),
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

    fn signer() -> Signer {
        Signer::new("tresor-test".to_owned(), &Zeroizing::new([1; 32]))
    }

    fn row() -> HandInRow {
        HandInRow {
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
        }
    }

    fn file(number: i64) -> HandInFileRow {
        HandInFileRow {
            id: HandInFileId(number),
            version: None,
            path: "\"".repeat(super::super::store::MAX_NOTED_PATH),
            stored_as: String::new(),
            size: u64::MAX,
            sha256: Some([7; 32]),
            at: Timestamp(1),
            refused: None,
            withdrawn: None,
            state: None,
            item: None,
            item_title: Some("\"".repeat(MAX_TITLE)),
            item_until: Some(Timestamp(0)),
        }
    }

    fn heading() -> Heading {
        Heading {
            office: None,
            asked_by: None,
            folder: String::new(),
            deadline: None,
            finished: Timestamp(0),
            is_complete: true,
        }
    }

    /// Each signed text must be readable for the check, also with the longest names.
    #[test]
    fn the_longest_receipt_can_be_checked() {
        let files: Vec<_> = (0..i64::try_from(MAX_HAND_IN_FILES).unwrap()).map(file).collect();
        let note = heading().sign(&row(), &files, &signer());
        assert!(note.len() as u64 <= MAX_NOTE, "{}", note.len());
        let receipt = proof::open::<Receipt>(&note, Some(&signer().verifier())).unwrap();
        assert_eq!(receipt.files.len() as u64, MAX_HAND_IN_FILES);
        assert!(receipt.files.iter().all(|file| file.late) && !receipt.late);
    }

    /// The day of an item says nothing about the hand-in as a whole, whose own word keeps its meaning.
    #[test]
    fn a_file_is_late_after_the_day_of_its_item_and_texts_without_that_are_read() {
        let at = Timestamp;
        for (until, arrived, is_late) in
            [(None, at(5), false), (Some(at(5)), at(5), false), (Some(at(5)), at(6), true)]
        {
            let file = HandInFileRow { at: arrived, item_until: until, ..file(1) };
            let heading = Heading { finished: at(9), deadline: Some(at(9)), ..heading() };
            let note = heading.sign(&row(), &[file], &signer());
            let receipt = proof::open::<Receipt>(&note, Some(&signer().verifier())).unwrap();
            assert_eq!((receipt.files[0].late, receipt.late), (is_late, false), "{note}");
            assert_eq!(receipt.files[0].item_until.is_some(), until.is_some(), "{note}");
            assert_eq!(note.matches("\"late\"").count(), if is_late { 2 } else { 1 }, "{note}");
        }
        let earlier = r#"{"path": "a", "size": 1, "sha256": null, "arrived": "2026-11-30T12:00:00Z", "item": "Ausweis"}"#;
        let earlier: ReceiptFile = serde_json::from_str(earlier).unwrap();
        assert!(earlier.item_until.is_none() && !earlier.late);
    }
}
