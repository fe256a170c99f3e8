//! Verifications, snapshots and the recovery key.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::when::When;

/// Progress of a verification, and the findings of its last step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyShown {
    /// Number of the run, for the next step.
    pub run: u32,
    /// `quick` or `full`.
    pub mode: String,
    /// Time of the start.
    pub started: When,
    /// Whether it continues an interrupted one.
    pub resumed: bool,
    /// `remembering`, `catalogue`, `containers`, `files` or `done`.
    pub stage: String,
    /// Containers verified so far.
    pub containers: u64,
    /// Containers in total.
    pub total_containers: u64,
    /// Bytes of content verified so far.
    pub bytes: u64,
    /// Bytes of content in total.
    pub total_bytes: u64,
    /// Findings of this step.
    pub findings: Vec<FindingShown>,
    /// Files on the disk that the catalogue does not know, found by this step; the first thousand.
    pub unknown_files: Vec<UnknownFileShown>,
    /// Number of all such files.
    pub unknown_file_count: u64,
}

/// A fault that a verification found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingShown {
    /// `missing`, `wrong-length`, `foreign`, `wrong-key`, `unnamed`, `damaged-chunk`, `unreadable`,
    /// `wrong-hash`, `incomplete`, `catalogue`, `key`, `note`, `mark`, `snapshot` or `stranger`.
    pub kind: String,
    /// Id of the space.
    pub space: Option<String>,
    /// Id of the container.
    pub container: Option<String>,
    /// Path of its file, or of the pack that contains it, below the data directory.
    pub file: Option<String>,
    /// The first damaged chunk of 64 KiB, from 0.
    pub chunk: Option<u64>,
    /// Description of a fault that is not about a container.
    pub detail: Option<String>,
    /// Time at which it was first found.
    pub first_seen: Option<When>,
    /// Whether that was before this verification began.
    #[serde(default)]
    pub known_before: bool,
    /// The versions affected; the first hundred.
    pub uses: Vec<UseShown>,
}

/// A version that a fault affects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseShown {
    /// Name of the space.
    pub space: String,
    /// Path in the space.
    pub path: String,
    /// The file's number, as in `trash list`.
    pub entry: i64,
    /// The version's number, as in `versions list`.
    pub version: i64,
    /// `current`, `earlier` or `trash`.
    pub state: String,
}

/// A file on the disk that the catalogue does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownFileShown {
    /// Id of the space whose directory holds it.
    pub space: String,
    /// Name of the container without `.age`.
    pub container: String,
    /// Path of the file, or of the pack that contains it, below the data directory.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Age of the file in seconds.
    pub age_seconds: u64,
}

/// Result of changing the recovery key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryKeyShown {
    /// The file with the new key, if the command wrote one.
    pub recovery_file: Option<PathBuf>,
    /// Number of the snapshot that was made for it.
    pub snapshot: u32,
    /// Damaged files that the new key does not open: paths below the data directory.
    pub damaged: Vec<String>,
}

/// A snapshot of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotShown {
    /// Its number, which is also in its file name.
    pub number: u32,
    /// Time of the snapshot.
    pub made: When,
    /// Size of its file in bytes.
    pub bytes: u64,
}
