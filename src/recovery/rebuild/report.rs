//! Result of a rebuild.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{ContainerId, SetAsideReason, SpaceId};
use crate::vault::VaultError;
use crate::vault::disk::UnindexedMember;

/// Progress of a rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Containers found so far.
    Looked(u64),
    /// Containers without a row that have been read.
    Read {
        /// Number done so far.
        done: u64,
        /// Number in total.
        of: u64,
    },
    /// Entries that have been placed in the catalogue.
    Placed {
        /// Number done so far.
        done: u64,
        /// Number in total.
        of: u64,
    },
}

/// Everything that a rebuild did and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Containers on disk.
    pub containers: u64,
    /// Containers that had no row and belong to a version now.
    pub added: u64,
    /// Spaces that had no row.
    pub new_spaces: u64,
    /// Files that had no row.
    pub new_files: u64,
    /// Files that now have a newer version.
    pub renewed_files: u64,
    /// Versions that had no row, including earlier ones.
    pub new_versions: u64,
    /// Files that could not keep their path.
    pub displaced: Vec<Displaced>,
    /// Containers that belong to no version.
    pub set_aside: Vec<SetAside>,
    /// Containers that have a row but are not on disk.
    pub missing: Vec<Missing>,
    /// Byte ranges in packs that no header names and that cannot be opened as containers.
    pub unindexed: Vec<UnindexedMember>,
    /// Foreign files among the containers, by path below the data directory.
    pub foreign: Vec<String>,
    /// Spaces whose key file is missing, damaged or another's, so that none of their files can be opened.
    pub without_key: Vec<SpaceId>,
    /// Spaces restored without the note of their name: kind, quota and retention are those of a new one.
    pub without_note: Vec<SpaceId>,
    /// Names of the spaces.
    pub names: HashMap<SpaceId, String>,
}

impl RebuildReport {
    /// Whether everything that was ever acknowledged as a file is a file again.
    pub fn is_complete(&self) -> bool {
        self.set_aside.iter().all(|aside| aside.reason == SetAsideReason::Unfinished)
            && self.missing.is_empty()
            && self.without_key.is_empty()
            && self.unindexed.is_empty()
            && self.foreign.is_empty()
    }
}

/// A file that got another name because a newer one, or a folder, has its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displaced {
    /// Space of the file.
    pub space: SpaceId,
    /// Path with which it was written.
    pub path: String,
    /// Present name of the file.
    pub name: String,
}

/// A container that belongs to no version and is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Space whose directory holds it.
    pub space: SpaceId,
    /// Id of the container.
    pub container: ContainerId,
    /// Reason for setting it aside.
    pub reason: SetAsideReason,
}

/// Why a container that cannot be opened is set aside.
pub(super) fn reason(error: &VaultError) -> SetAsideReason {
    match error {
        VaultError::SpaceKeyMissing(_) | VaultError::KeyFileDamaged { .. } | VaultError::WrongSpaceKey(_) => {
            SetAsideReason::NoKey
        }
        VaultError::Io { .. } => SetAsideReason::Unreadable,
        _ => SetAsideReason::Damaged,
    }
}

/// A container that has a row but is not on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Space whose directory should hold it.
    pub space: SpaceId,
    /// Id of the container.
    pub container: ContainerId,
    /// Files whose current version needs it; empty if only earlier versions or deleted files do.
    pub paths: Vec<String>,
}

/// Receives the progress. Called from several threads.
pub type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;
