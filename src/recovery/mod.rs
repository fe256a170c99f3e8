//! Protection against loss, and recovery: verification, snapshots of the catalogue, its rebuild, and the change of
//! the recovery key.
//!
//! Built on the library, whose internals it uses. Nothing here is part of a request: the server calls it on a
//! schedule, the owner by a command. Facts that every reader and writer must check (whether the catalogue is older
//! than its files, which containers are damaged) belong to the library.

mod error;
mod rebuild;
mod recovery_key;
mod snapshot;
mod verify;

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::library::Library;

pub use error::RecoveryError;
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
    /// Opens the room for the files of an open instance.
    pub fn new(library: Library) -> Self {
        Self { library, runs: Arc::default(), snapshotting: Arc::default() }
    }
}
