//! What a rebuild tells.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{ContainerId, SetAsideReason, SpaceId};
use crate::vault::VaultError;
use crate::vault::disk::UnindexedMember;

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Containers found so far.
    Looked(u64),
    /// Of the containers that no row knew, so many are read.
    Read {
        /// Done.
        done: u64,
        /// Of.
        of: u64,
    },
    /// Of the entries, so many are in the catalogue.
    Placed {
        /// Done.
        done: u64,
        /// Of.
        of: u64,
    },
}

/// What a rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Containers on disk.
    pub containers: u64,
    /// Of these, containers that no row knew and that are part of a version now.
    pub added: u64,
    /// Spaces that had no row.
    pub new_spaces: u64,
    /// Files that had no row.
    pub new_files: u64,
    /// Files whose content is a newer one now.
    pub renewed_files: u64,
    /// Contents that had no row, earlier ones included.
    pub new_versions: u64,
    /// Files that could not keep their path.
    pub displaced: Vec<Displaced>,
    /// Containers that are part of nothing.
    pub set_aside: Vec<SetAside>,
    /// Containers that rows refer to and that are not on disk.
    pub missing: Vec<Missing>,
    /// Bytes in packs that nothing names and that are no container as they are.
    pub unindexed: Vec<UnindexedMember>,
    /// What lies among the containers and is none, by its path below the data directory.
    pub foreign: Vec<String>,
    /// Spaces whose key file is missing, damaged or another's: nothing of theirs opens.
    pub without_key: Vec<SpaceId>,
    /// Spaces that came back without the note of their name: kind, quota and days are those of a new one.
    pub without_note: Vec<SpaceId>,
    /// What spaces are called.
    pub names: HashMap<SpaceId, String>,
}

impl RebuildReport {
    /// Whether all that was ever acknowledged as a file is one again.
    pub fn is_complete(&self) -> bool {
        self.set_aside.iter().all(|aside| aside.reason == SetAsideReason::Unfinished)
            && self.missing.is_empty()
            && self.without_key.is_empty()
            && self.unindexed.is_empty()
            && self.foreign.is_empty()
    }
}

/// A file that got another name because a newer one, or a folder, has the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displaced {
    /// Its space.
    pub space: SpaceId,
    /// Its path as it was written.
    pub path: String,
    /// Its name now.
    pub name: String,
}

/// A container that is part of nothing and is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Whose directory it lies in.
    pub space: SpaceId,
    /// Its id.
    pub container: ContainerId,
    /// Why.
    pub reason: SetAsideReason,
}

/// Why a container that does not open is part of nothing.
pub(super) fn reason(error: &VaultError) -> SetAsideReason {
    match error {
        VaultError::SpaceKeyMissing(_) | VaultError::KeyFileDamaged { .. } | VaultError::WrongSpaceKey(_) => {
            SetAsideReason::NoKey
        }
        VaultError::Io { .. } => SetAsideReason::Unreadable,
        _ => SetAsideReason::Damaged,
    }
}

/// A container that a row refers to and that is not on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Whose directory it should lie in.
    pub space: SpaceId,
    /// Its id.
    pub container: ContainerId,
    /// The files whose present content needs it; none if only earlier or deleted ones do.
    pub paths: Vec<String>,
}

/// Where progress is told. Called from several threads.
pub type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;
