//! Recording what happens to files and folders, in the transaction that does it.

use super::resolve::path_of;
use super::{Change, LibraryError};
use crate::catalog::{EntryRow, WriteTx};
use crate::model::{EntryEvent, EntryId, EntryPath, Event, SpaceId, Spot, Stamp, VersionId};

/// An entry that something happened to.
pub(super) struct Subject {
    spot: Spot,
    version: Option<VersionId>,
    size: u64,
    other: Option<Spot>,
}

impl Subject {
    /// An entry where it lies now.
    pub(super) fn present(tx: &WriteTx<'_>, row: &EntryRow) -> Result<Self, LibraryError> {
        Ok(Self::at(row, &path_of(tx, row.id)?))
    }

    /// An entry at a path that is known.
    pub(super) fn at(row: &EntryRow, path: &EntryPath) -> Self {
        Self { spot: Spot::new(row.space, row.id, path), version: row.version, size: row.size, other: None }
    }

    /// A content of a file.
    pub(super) fn content(
        (space, entry, path): (SpaceId, EntryId, &EntryPath),
        version: VersionId,
        size: u64,
    ) -> Self {
        Self { spot: Spot::new(space, entry, path), version: Some(version), size, other: None }
    }

    /// The same, which came from another place, or went there.
    pub(super) fn and(self, other: Spot) -> Self {
        Self { other: Some(other), ..self }
    }

    /// Records it, with who did it and when.
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
    /// Records what this change did to an entry that lies in the tree.
    pub(super) fn record(
        &self,
        tx: &WriteTx<'_>,
        kind: EntryEvent,
        row: &EntryRow,
    ) -> Result<(), LibraryError> {
        Subject::present(tx, row)?.record(tx, &self.stamp(), kind)
    }
}
