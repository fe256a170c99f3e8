//! Links for people without an account, and what went through them.

use serde::{Deserialize, Serialize};

use super::when::When;

/// A link for people without an account. Does not contain its address, which only its creator can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkShown {
    /// Id for revoking it.
    pub id: i64,
    /// Login name of its creator.
    pub user: String,
    /// Space of the linked entry.
    pub space: String,
    /// Path of the linked entry.
    pub path: String,
    /// `read`, `edit` or `add`.
    pub right: String,
    /// Whether guests must enter a password.
    pub has_password: bool,
    /// Label for the creator.
    pub label: String,
    /// Time of creation.
    pub created: When,
    /// Time from which it no longer opens.
    pub expires: Option<When>,
    /// When it was last opened, to the minute.
    pub opened: Option<When>,
    /// Its address, when it is made. Anyone who has it can use the link.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// When something was last fetched through it, to the minute.
    pub fetched: Option<When>,
    /// Number of finished hand-ins or complete downloads.
    pub uses: u32,
    /// Number of hand-ins or downloads after which it no longer opens.
    pub most_uses: Option<u32>,
    /// A hand-in that is finished later is marked as late.
    pub deadline: Option<When>,
    /// Mail address to which a code is sent that opens it.
    pub code_to: Option<String>,
    /// Whether it is its creator's box.
    #[serde(rename = "box")]
    pub is_box: bool,
}

/// A complete download through a link that allows a limited number of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadShown {
    /// Id of the download.
    pub id: i64,
    /// Name of the space.
    pub space: String,
    /// Path of the file or folder then.
    pub path: String,
    /// Id of the link, while that exists.
    pub link: Option<i64>,
    /// Label of the link then.
    pub label: String,
    /// Bytes that were sent.
    pub bytes: u64,
    /// When it was begun.
    pub begun: When,
    /// When its last byte left.
    pub completed: When,
}

/// The hand-in of a person without an account, through a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandInShown {
    /// Id of the hand-in.
    pub id: i64,
    /// Name of the space.
    pub space: String,
    /// Path of the folder in which it lies, while that exists.
    pub path: Option<String>,
    /// Id of the link, while that exists.
    pub link: Option<i64>,
    /// The person's name in the person's words.
    pub name: String,
    /// When its first file arrived.
    pub begun: When,
    /// When it was finished.
    pub finished: Option<When>,
    /// Whether the person said that it is complete.
    pub complete: bool,
    /// Whether it was finished after the link's deadline.
    pub late: bool,
    /// Number of its files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}
