//! Moves entries out of the tree into the trash.

use super::entry::signed;
use super::lock::require_removable;
use super::resolve::path_of;
use super::{Change, LibraryError};
use crate::catalog::{EntryRow, WriteTx};

/// Moves an entry out of the tree into the trash.
pub(super) fn discard(tx: &WriteTx<'_>, change: &Change, entry: &EntryRow) -> Result<(), LibraryError> {
    let parent = entry.parent.ok_or(LibraryError::IsRoot)?;
    require_removable(tx, change, entry)?;
    take_out(tx, change, entry)?;
    tx.touch_folders(parent, tx.next_revision()?, -signed(entry.size), change.now)?;
    Ok(())
}

/// Like [`discard`], without updating the parent folders.
pub(super) fn take_out(tx: &WriteTx<'_>, change: &Change, entry: &EntryRow) -> Result<(), LibraryError> {
    let parent = entry.parent.ok_or(LibraryError::IsRoot)?;
    let path = path_of(tx, entry.id)?;
    let raw: Vec<_> = path.names().iter().map(crate::model::EntryName::as_str).collect();
    tx.delete_locks_below(entry.id)?;
    tx.insert_trash(entry.space, entry.id, parent, &raw.join("/"), change.now, change.author())?;
    let name = path.names().last().ok_or(LibraryError::IsRoot)?;
    Ok(tx.relocate(entry.id, None, name)?)
}
