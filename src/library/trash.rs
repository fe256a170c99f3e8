//! Bringing back what was deleted, and removing it for good.

use super::folder::signed;
use super::guard::require_unlocked;
use super::lookup::path_of;
use super::quota::Added;
use super::transfer::require_reachable;
use super::{Change, Library, LibraryError};
use crate::catalog::{EntryRow, ReadTx};
use crate::model::{Access, EntryId, EntryName, EntryPath, Right, SpaceId, Timestamp, UploadId, UserId};

/// Items shown at once.
const MAX_SHOWN: usize = 10_000;
/// Numbered names tried before a random one: whoever may only add files could use up any number of them.
const MAX_NAMESAKES: u32 = 20;
/// Bytes of an ending, with its dot, that stays behind the number; a longer one is no file type.
const MAX_ENDING: usize = 32;

/// A deleted file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrashItem {
    /// Names it for restoring and purging.
    pub entry: EntryId,
    /// Where it was.
    pub path: String,
    /// Bytes, all members included.
    pub size: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// When it was deleted.
    pub deleted: Timestamp,
    /// By whom, while that account exists.
    pub deleted_by: Option<UserId>,
}

impl Library {
    /// What lies in a space's trash, latest first.
    pub async fn trash(&self, access: &Access) -> Result<Vec<TrashItem>, LibraryError> {
        let space = access.require(Right::Read)?;
        self.catalog()
            .read(move |tx| {
                let rows = tx.trash(space, MAX_SHOWN)?.into_iter();
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

    /// Brings a deleted entry back: to its old folder, or, where that is gone, to the space's top folder;
    /// beside a namesake under a numbered name. Returns where it is now.
    ///
    /// Errors: `NotInTrash`; `OverQuota`, as it is present again then.
    pub async fn restore(&self, change: Change, entry: EntryId) -> Result<EntryPath, LibraryError> {
        let space = change.access.require(Right::Write)?;
        let library = self.clone();
        self.storing()
            .await?
            .write(move |tx| {
                let item = tx.trashed(space, entry)?.ok_or(LibraryError::NotInTrash)?;
                let row = tx.entry(entry)?.ok_or(LibraryError::NotFound)?;
                let folder = home(tx, space, item.parent)?;
                require_unlocked(tx, &change, folder.id)?;
                let name = free_name(tx, folder.id, &EntryName::parse(&row.name)?)?;
                require_reachable(tx, &row, &tx.lineage(folder.id)?, &name)?;
                let added = Added::watch(tx, space)?;
                tx.remove_from_trash(entry)?;
                tx.relocate(entry, Some(folder.id), &name)?;
                tx.touch_folders(folder.id, tx.next_revision()?, signed(row.size), change.now)?;
                added.require_room(&library, tx, 0)?;
                path_of(tx, entry)
            })
            .await
    }

    /// Removes a deleted entry for good. The containers' files follow shortly after.
    pub async fn purge(&self, access: &Access, entry: EntryId) -> Result<(), LibraryError> {
        let space = access.require(Right::Manage)?;
        self.catalog()
            .write(move |tx| {
                tx.trashed(space, entry)?.ok_or(LibraryError::NotInTrash)?;
                Ok::<_, LibraryError>(tx.begin_purge(entry)?)
            })
            .await?;
        // From here on it is gone for everybody; what an error leaves to do, upkeep does.
        self.finish_purges().await?;
        self.remove_garbage().await.map(drop)
    }
}

/// The folder an entry was deleted from, if it is still part of the tree; else the space's top folder.
fn home(tx: &ReadTx<'_>, space: SpaceId, parent: EntryId) -> Result<EntryRow, LibraryError> {
    let root = tx.space(space)?.ok_or(LibraryError::NoSuchSpace)?.root;
    let lineage = tx.lineage(parent)?;
    let is_rooted = lineage.last().is_some_and(|top| top.id == root);
    let folder = if is_rooted { lineage.into_iter().next() } else { tx.entry(root)? };
    folder.ok_or(LibraryError::NotFound)
}

/// `name`, or the first of `name (2)`, `name (3)` … that nothing in the folder looks like.
pub(super) fn free_name(
    tx: &ReadTx<'_>,
    folder: EntryId,
    name: &EntryName,
) -> Result<EntryName, LibraryError> {
    numbered(name, |candidate| Ok(tx.child(folder, &candidate.key())?.is_some()))
}

/// `name`, or the first of `name (2)`, `name (3)` … that is not taken; of many namesakes, one with random letters.
pub(super) fn numbered(
    name: &EntryName,
    is_taken: impl Fn(&EntryName) -> Result<bool, LibraryError>,
) -> Result<EntryName, LibraryError> {
    if !is_taken(name)? {
        return Ok(name.clone());
    }
    let text = name.as_str();
    let (stem, extension) = match text.rfind('.') {
        Some(dot) if dot > 0 && text.len() - dot <= MAX_ENDING => text.split_at(dot),
        _ => (text, ""),
    };
    let numbers = (2..=MAX_NAMESAKES).map(|number| number.to_string());
    let random = std::iter::repeat_with(|| UploadId::random().to_string().chars().take(8).collect());
    for mark in numbers.chain(random.take(3)) {
        let suffix = format!(" ({mark}){extension}");
        let room = EntryName::MAX_BYTES.saturating_sub(suffix.len());
        let stem = stem.get(..stem.floor_char_boundary(room)).unwrap_or(stem);
        let candidate = EntryName::parse(&format!("{stem}{suffix}"))?;
        if !is_taken(&candidate)? {
            return Ok(candidate);
        }
    }
    Err(LibraryError::Exists)
}
