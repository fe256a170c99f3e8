//! Spaces, and what lies in them.

use serde::{Deserialize, Serialize};

use super::when::When;

/// A space with its settings and usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceShown {
    /// Id of the space: name of its directory and key file.
    pub id: String,
    /// Name of its folder in every mount.
    pub name: String,
    /// `client` or `team`.
    pub kind: String,
    /// Bytes that count towards its quota: current files, uploads and properties.
    pub used_bytes: u64,
    /// The quota in bytes.
    pub quota_bytes: Option<u64>,
    /// Bytes of earlier versions and of the trash.
    pub history_bytes: u64,
    /// Limit for these bytes; when they exceed it, the oldest are removed.
    pub history_limit_bytes: Option<u64>,
    /// Days for which replaced versions are kept.
    pub version_days: u32,
    /// Days for which deleted entries are kept.
    pub trash_days: u32,
    /// Seconds for which arriving contents are held; `None` if nothing is held.
    pub hold_seconds: Option<u64>,
    /// The contents that it holds: `risky` or `all`; `None` if nothing is held.
    #[serde(default)]
    pub holds: Option<String>,
    /// Number of persons who must decide to release a held content: 1 or 2.
    #[serde(default = "one")]
    pub release_by: u8,
    /// Treatment of a held document's PDF after the release: `keep` or `remove`.
    #[serde(default)]
    pub pdf: String,
    /// How its pages are drawn: `drawn` or `pixels`.
    #[serde(default)]
    pub pdf_pages: String,
    /// Local part of its address for mails; `None` if it takes none.
    #[serde(default)]
    pub mail: Option<String>,
}

fn one() -> u8 {
    1
}

/// An unfinished upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadShown {
    /// Id for cancelling it.
    pub id: String,
    /// Login name of its user; `None` for a guest's upload, and once that account is removed.
    pub user: Option<String>,
    /// Space of its destination.
    pub space: String,
    /// Protocol of the upload.
    pub protocol: String,
    /// Path of its destination, if known yet.
    pub path: Option<String>,
    /// Bytes received so far.
    pub received_bytes: u64,
    /// Total bytes, if declared.
    pub length_bytes: Option<u64>,
    /// Time at which it expires.
    pub expires: When,
}

/// A lock on a file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockShown {
    /// Token for ending it.
    pub token: String,
    /// Login name of its holder; for a guest, of the link's creator.
    pub user: Option<String>,
    /// Whether a guest with a link of that user holds it.
    pub by_guest: bool,
    /// Space of its file or folder.
    pub space: String,
    /// Path in the space.
    pub path: String,
    /// `exclusive` or `shared`.
    pub scope: String,
    /// Whether it applies to everything below a folder.
    pub deep: bool,
    /// Time at which it expires.
    pub expires: When,
}

/// A deleted file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashShown {
    /// Id for restoring and purging it.
    pub entry: i64,
    /// Original path in the space.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Whether it is a folder.
    pub folder: bool,
    /// Time of deletion.
    pub deleted: When,
    /// Login name of the user who deleted it; `None` for a guest of a link.
    #[serde(default)]
    pub deleted_by: Option<String>,
}

/// A version of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionShown {
    /// Number for restoring it.
    pub version: i64,
    /// Size in bytes.
    pub bytes: u64,
    /// Time of the commit.
    pub created: When,
    /// Login name of the author; `None` for a guest of a link, and for a version that a rebuild found only in
    /// containers.
    #[serde(default)]
    pub author: Option<String>,
    /// Whether it is the current version.
    pub current: bool,
    /// SHA-256 of the plaintext in hexadecimal, once known.
    pub sha256: Option<String>,
}
