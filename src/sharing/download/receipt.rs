//! Proof of a complete download, signed by the instance.

use serde::{Deserialize, Serialize};

use super::{Fetched, FetchedFile};
use crate::catalog::{DownloadRow, LinkRow};
use crate::proof::{Proof, Signer};

/// The text of a proof of a download. All times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadReceipt {
    /// The form of this text.
    pub form: String,
    /// Number of the download.
    pub number: i64,
    /// Name of the office; `None` if it gave none.
    pub office: Option<String>,
    /// Name of the user who made the link.
    pub made_by: Option<String>,
    /// Number of the link.
    pub link: i64,
    /// Label of the link: the recipient in the office's words. Not verified.
    pub recipient: Option<String>,
    /// Path of the file in its space.
    pub path: String,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of a file's content, in hexadecimal digits.
    pub sha256: Option<String>,
    /// Of a folder, which is fetched as an archive: number of its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_count: Option<usize>,
    /// The files of the archive; none of them if they are too many to be named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FetchedFile>,
    /// When the button was pressed.
    pub begun: String,
    /// When the last byte left.
    pub completed: String,
    /// The key that signs it.
    pub key: String,
}

impl Proof for DownloadReceipt {
    const FORM: &'static str = "tresor-download-1";

    fn form(&self) -> &str {
        &self.form
    }

    fn key(&self) -> &str {
        &self.key
    }
}

/// Names in a receipt.
pub(super) struct Names {
    pub(super) office: Option<String>,
    pub(super) made_by: Option<String>,
}

impl Names {
    /// The signed receipt of a download whose row says when it was completed.
    pub(super) fn sign(self, row: &DownloadRow, link: &LinkRow, what: &Fetched, signer: &Signer) -> String {
        let receipt = DownloadReceipt {
            form: DownloadReceipt::FORM.to_owned(),
            number: row.id.0,
            office: self.office,
            made_by: self.made_by,
            link: link.id.0,
            recipient: Some(row.label.clone()).filter(|label| !label.is_empty()),
            path: row.path.clone(),
            size: what.size,
            sha256: what.sha256.clone(),
            file_count: what.files.as_ref().map(|(count, _)| *count),
            files: what.files.as_ref().map(|(_, files)| files.clone()).unwrap_or_default(),
            begun: row.begun.to_string(),
            completed: row.completed.unwrap_or(row.begun).to_string(),
            key: signer.verifier().to_string(),
        };
        signer.sign_json(&receipt)
    }
}
