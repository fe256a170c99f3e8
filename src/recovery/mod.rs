//! What guards against loss and what brings back: verification, snapshots of the catalogue, a rebuild of it, and the
//! change of the recovery key.
//!
//! Stands on the library and uses its inside. Nothing here is part of a request: the server calls it by a schedule, its
//! owner by a command. What every reader and writer must ask (whether the catalogue is older than its files, what is
//! damaged) is the library's own.

mod rebuild;
mod recovery_key;
mod snapshot;
mod verify;

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::library::Library;

pub use rebuild::{Displaced, Missing, Progress, RebuildReport, SetAside, Watcher};
pub use recovery_key::RecoveryKeyChange;
pub use snapshot::Snapshot;
pub use verify::{
    Finding, FindingKind, OLDER_CATALOGUE, RunId, UnknownFile, UnknownFiles, Use, UseState, VerifyOrder,
    VerifyStage, VerifyStep,
};

/// Verification, snapshots and rebuild of an open instance. Cheap to clone; create it once per [`Library`], and clone
/// it, or two snapshots could be made at once.
#[derive(Clone)]
pub struct Recovery {
    library: Library,
    runs: Arc<verify::Runs>,
    /// Held while a snapshot is made or removed.
    snapshotting: Arc<Mutex<()>>,
}

impl Recovery {
    /// For the files of an open instance.
    pub fn new(library: Library) -> Self {
        Self { library, runs: Arc::default(), snapshotting: Arc::default() }
    }
}
