//! Moves entries out of the tree into the trash.

use super::entry::signed;
use super::lock::require_removable;
use super::{Change, LibraryError};
use crate::catalog::{EntryRow, LockRow, WriteTx};
use crate::model::EntryPath;

/// Moves an entry out of the tree, where it is at `path`, into the trash.
pub(super) fn discard(
    tx: &WriteTx<'_>,
    change: &Change,
    entry: &EntryRow,
    path: &EntryPath,
) -> Result<(), LibraryError> {
    let parent = entry.parent.ok_or(LibraryError::IsRoot)?;
    let locks = require_removable(tx, change, entry)?;
    take_out(tx, change, entry, path, &locks)?;
    tx.touch_folders(parent, tx.next_revision()?, -signed(entry.size), change.now)?;
    Ok(())
}

/// Like [`discard`], without updating the parent folders. `locks` are all on the entry and below.
pub(super) fn take_out(
    tx: &WriteTx<'_>,
    change: &Change,
    entry: &EntryRow,
    path: &EntryPath,
    locks: &[LockRow],
) -> Result<(), LibraryError> {
    let parent = entry.parent.ok_or(LibraryError::IsRoot)?;
    let raw: Vec<_> = path.names().iter().map(crate::model::EntryName::as_str).collect();
    tx.delete_locks(locks)?;
    tx.insert_trash(entry.space, entry.id, parent, &raw.join("/"), change.now, change.author())?;
    let name = path.names().last().ok_or(LibraryError::IsRoot)?;
    Ok(tx.relocate(entry.id, None, name)?)
}
