//! The holding area's part in the write path: contents that arrive in a space with a holding time are withheld from
//! the moment of their commit. `intake` examines and releases them.

use super::LibraryError;
use crate::catalog::{ReadTx, WriteTx};
use crate::model::{Holding, SpaceId, Timestamp, VersionId, VersionState, Viewer, Worker};

/// How a content arrives in a space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arriving(Option<Holding>);

impl Arriving {
    /// A content of this size, stored by `by`. An empty one is not held: Finder, Explorer and davfs2 create a placeholder
    /// first. Nor is a file that the holding area itself makes.
    pub(crate) fn in_space(
        tx: &ReadTx<'_>,
        space: SpaceId,
        size: u64,
        by: Viewer,
    ) -> Result<Self, LibraryError> {
        if size == 0 || by == Viewer::Worker(Worker::Intake) {
            return Ok(Self(None));
        }
        let Some(hold) = tx.hold_of(space)? else { return Ok(Self(None)) };
        let own = match by {
            Viewer::User(user) => tx.hold_of_grant(user, space)?,
            Viewer::Guest(_) | Viewer::Owner | Viewer::Worker(_) => None,
        };
        Ok(Self(Some(Holding { time: own.unwrap_or(hold.time), ..hold })))
    }

    /// The state in which it arrives.
    pub(crate) fn state(self) -> VersionState {
        if self.0.is_some() { VersionState::Held } else { VersionState::Visible }
    }

    /// Begins to hold the version that was inserted in this state.
    pub(crate) fn begin(
        self,
        tx: &WriteTx<'_>,
        version: VersionId,
        now: Timestamp,
    ) -> Result<(), LibraryError> {
        let Some(Holding { time, .. }) = self.0 else { return Ok(()) };
        // By a clock that is behind, its time would end too early, and signatures of before its arrival would be newer than
        // it; by one that is ahead, it would wait for its first scan.
        let (arrived, first_scan) = (tx.not_before_certain(now)?, tx.not_after_certain(now)?);
        Ok(tx.insert_hold(version, arrived, arrived.after(time), first_scan)?)
    }
}
