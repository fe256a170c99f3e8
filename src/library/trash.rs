//! Restores deleted entries, and removes them permanently.

use super::arrival::require_reachable;
use super::entry::signed;
use super::extent::Extent;
use super::guard::require_unlocked;
use super::naming::free_name;
use super::quota::Added;
use super::record::Subject;
use super::resolve::path_of;
use super::visibility::Shows;
use super::{Change, Library, LibraryError};
use crate::catalog::{EntryRow, ReadTx};
use crate::model::{
    Access, EntryEvent, EntryId, EntryName, EntryPath, Right, SpaceId, Stamp, Timestamp, UserId,
};

/// Most items of the trash in one list.
const MAX_SHOWN: usize = 10_000;
/// A deleted file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrashItem {
    /// Id for restoring and purging it.
    pub entry: EntryId,
    /// Original path in the space.
    pub path: String,
    /// Size in bytes, including all members.
    pub size: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Time of deletion.
    pub deleted: Timestamp,
    /// User who deleted it, while that account exists.
    pub deleted_by: Option<UserId>,
}

impl Library {
    /// The entries in a space's trash, latest first.
    pub async fn trash(&self, access: &Access) -> Result<Vec<TrashItem>, LibraryError> {
        let (space, viewer) = (access.require(Right::Read)?, access.viewer());
        self.catalog()
            .read(move |tx| {
                let rows = tx.trash(space, MAX_SHOWN)?.into_iter().filter(|row| !row.is_hidden_from(viewer));
                Ok(rows
                    .map(|row| TrashItem {
                        entry: row.entry,
                        path: row.path,
                        size: row.size,
                        is_folder: row.is_folder,
                        deleted: row.deleted,
                        deleted_by: row.deleted_by,
                    })
                    .collect())
            })
            .await
    }

    /// Restores a deleted entry to its old folder or, if that is gone, to the space's top folder; if its name is
    /// taken, with a numbered name. Returns its new path.
    ///
    /// Errors: `NotInTrash`; `OverQuota`, because it counts as current data again.
    pub async fn restore(&self, change: Change, entry: EntryId) -> Result<EntryPath, LibraryError> {
        let (space, viewer) = (change.access.require(Right::Write)?, change.access.viewer());
        let measure = move |tx: &ReadTx<'_>| {
            let top = tx.trashed(space, entry)?.map(|_| tx.entry(entry)).transpose()?.flatten();
            top.map(|top| Extent::measure(tx, &top)).transpose()
        };
        let extent = self.catalog().read(measure).await?;
        let library = self.clone();
        self.storing()
            .await?
            .write(move |tx| {
                let item = tx.trashed(space, entry)?.filter(|row| !row.is_hidden_from(viewer));
                let item = item.ok_or(LibraryError::NotInTrash)?;
                let row = tx.entry(entry)?.ok_or(LibraryError::NotFound)?;
                let folder = home(tx, space, item.parent)?;
                require_unlocked(tx, &change, folder.id)?;
                let name = free_name(tx, folder.id, &EntryName::parse(&row.name)?)?;
                require_reachable(tx, &row, &tx.lineage(folder.id)?, &name, extent)?;
                let added = Added::watch(tx, space)?;
                tx.remove_from_trash(entry)?;
                tx.relocate(entry, Some(folder.id), &name)?;
                tx.touch_folders(folder.id, tx.next_revision()?, signed(row.size), change.now)?;
                added.require_room(&library, tx, 0)?;
                let path = path_of(tx, entry)?;
                Subject::at(&row, &path).record(tx, &change.stamp(), EntryEvent::Restored)?;
                Ok(path)
            })
            .await
    }

    /// Removes a deleted entry permanently. The containers' files follow shortly after.
    ///
    /// Errors: `NotInTrash`; `Withheld` if it contains anything hidden from the viewer.
    pub async fn purge(&self, access: &Access, by: Stamp, entry: EntryId) -> Result<(), LibraryError> {
        let space = access.require(Right::Manage)?;
        self.remove_deleted(space, access.viewer(), entry, by).await?;
        // From here on it is invisible; if an error stops the rest, upkeep completes it.
        self.finish_purges().await?;
        self.remove_garbage().await.map(drop)
    }
}

/// The folder from which an entry was deleted, if it is still part of the tree; otherwise the space's top folder.
fn home(tx: &ReadTx<'_>, space: SpaceId, parent: EntryId) -> Result<EntryRow, LibraryError> {
    let root = tx.space(space)?.ok_or(LibraryError::NoSuchSpace)?.root;
    let lineage = tx.lineage(parent)?;
    let is_rooted = lineage.last().is_some_and(|top| top.id == root);
    let folder = if is_rooted { lineage.into_iter().next() } else { tx.entry(root)? };
    folder.ok_or(LibraryError::NotFound)
}
