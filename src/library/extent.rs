//! How far a tree reaches below its top.
//!
//! A tree that is moved below a longer path must stay within what a request can name. To know how far it reaches, all of
//! it is read: of a million entries for seconds. So a reader does that before, and the writer only asks whether the
//! tree is still the same. If it is not, the writer reads it itself.

use super::LibraryError;
use crate::catalog::{EntryRow, ReadTx};
use crate::model::EntryId;

/// How far the tree below an entry reached when a reader looked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    top: EntryId,
    /// Of the top: every change below gives it a new one.
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

    /// Levels below `top`, and bytes of the longest path there with a slash before each name: as `known`, unless
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
