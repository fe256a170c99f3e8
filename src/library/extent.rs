//! Extent of a tree: how far it reaches below its top.
//!
//! A tree that is moved below a longer path must still be within the limits of requests. Measuring it means reading
//! all of it, which takes seconds for a million entries. So a reader measures before, and the writer only checks
//! that the tree has not changed. If it has, the writer measures it again.

use super::LibraryError;
use crate::catalog::{EntryRow, ReadTx};
use crate::model::EntryId;

/// Extent of the tree below an entry at the time of a read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    top: EntryId,
    /// Revision of the top, which every change below it increases.
    revision: i64,
    levels: usize,
    bytes: usize,
}

impl Extent {
    /// Reads the whole tree.
    pub(super) fn measure(tx: &ReadTx<'_>, top: &EntryRow) -> Result<Self, LibraryError> {
        let (levels, bytes) = tx.extent(top.id)?;
        Ok(Self { top: top.id, revision: top.revision, levels, bytes })
    }

    /// Levels below `top`, and bytes of the longest path there with a slash before each name: from `known`, unless
    /// something has changed since.
    pub(super) fn of(
        tx: &ReadTx<'_>,
        top: &EntryRow,
        known: Option<Self>,
    ) -> Result<(usize, usize), LibraryError> {
        let is_same = |known: &Self| (known.top, known.revision) == (top.id, top.revision);
        let extent = match known.filter(is_same) {
            Some(known) => known,
            None => Self::measure(tx, top)?,
        };
        Ok((extent.levels, extent.bytes))
    }
}
