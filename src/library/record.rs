//! Records events about files and folders, in the transaction that changes them.

use super::{Change, LibraryError};
use crate::catalog::{EntryRow, ReadTx, WriteTx};
use crate::model::{EntryEvent, EntryId, EntryPath, Event, SpaceId, Spot, Stamp, VersionId};

/// Present space and path of an entry.
pub(super) fn spot(tx: &ReadTx<'_>, entry: EntryId) -> Result<Spot, LibraryError> {
    tx.spot(entry)?.ok_or(LibraryError::NotFound)
}

/// The entry of an event.
pub(super) struct Subject {
    spot: Spot,
    version: Option<VersionId>,
    size: u64,
    other: Option<Spot>,
}

impl Subject {
    /// An entry at its present place.
    pub(super) fn present(tx: &WriteTx<'_>, row: &EntryRow) -> Result<Self, LibraryError> {
        Ok(Self::of(row, spot(tx, row.id)?))
    }

    /// An entry at a known path.
    pub(super) fn at(row: &EntryRow, path: &EntryPath) -> Self {
        Self::of(row, Spot::new(row.space, row.id, path))
    }

    fn of(row: &EntryRow, spot: Spot) -> Self {
        Self { spot, version: row.version, size: row.size, other: None }
    }

    /// A version of a file.
    pub(super) fn content(
        (space, entry, path): (SpaceId, EntryId, &EntryPath),
        version: VersionId,
        size: u64,
    ) -> Self {
        Self { spot: Spot::new(space, entry, path), version: Some(version), size, other: None }
    }

    /// Adds the source or destination.
    pub(super) fn and(self, other: Spot) -> Self {
        Self { other: Some(other), ..self }
    }

    /// Records the event with its actor and time.
    pub(super) fn record(
        self,
        tx: &WriteTx<'_>,
        stamp: &Stamp,
        kind: EntryEvent,
    ) -> Result<(), LibraryError> {
        let Self { spot, version, size, other } = self;
        Ok(tx.record(stamp, &Event::Entry { kind, spot, version, size: Some(size), other })?)
    }
}

impl Change {
    /// Records an event of this change about an entry in the tree.
    pub(super) fn record(
        &self,
        tx: &WriteTx<'_>,
        kind: EntryEvent,
        row: &EntryRow,
    ) -> Result<(), LibraryError> {
        Subject::present(tx, row)?.record(tx, &self.stamp(), kind)
    }
}
