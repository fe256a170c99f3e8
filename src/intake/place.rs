//! Finds a place in a space for a content that comes from outside, and begins to store it there: the first content
//! keeps its name, and one that is there already is not stored twice.

use std::cell::RefCell;

use crate::catalog::ReadTx;
use crate::library::naming::numbered;
use crate::library::{Change, Library, LibraryError, NewFile, PutSession};
use crate::model::{
    Access, Actor, Checksum, ChecksumKind, Conditions, EntryId, EntryName, EntryPath, EtagMatch, Timestamp,
    VersionId, Worker,
};

/// Where a content will be in its space.
pub(super) struct Place {
    pub(super) path: EntryPath,
    /// The folder in which it will be; `None` if that is missing yet.
    pub(super) folder: Option<EntryId>,
    /// Contents of the same size that have its name or a numbered one, with their digests.
    pub(super) twins: Vec<(VersionId, Checksum)>,
}

/// A free path for a content of this size: the one that is wanted, or one with a number.
pub(super) async fn find_place(
    library: &Library,
    access: Access,
    wanted: &EntryPath,
    size: u64,
) -> Result<Place, LibraryError> {
    let (above, name) = wanted.split_last().ok_or(LibraryError::IsRoot)?;
    let folder = match library.find(&access, &above).await {
        Ok(folder) if folder.is_folder() => folder.id,
        Ok(_) => return Err(LibraryError::ParentMissing),
        // It will be made.
        Err(LibraryError::NotFound) => {
            return Ok(Place { path: wanted.clone(), folder: None, twins: Vec::new() });
        }
        Err(error) => return Err(error),
    };
    let name = name.clone();
    let (name, twins) = library.catalog().read(move |tx| free_name(tx, folder, &name, size)).await?;
    Ok(Place { path: above.join(name)?, folder: Some(folder), twins })
}

/// A free name, and the contents of this size under the names that were tried before it.
fn free_name(
    tx: &ReadTx<'_>,
    folder: EntryId,
    name: &EntryName,
    size: u64,
) -> Result<(EntryName, Vec<(VersionId, Checksum)>), LibraryError> {
    let twins = RefCell::new(Vec::new());
    let free = numbered(name, |candidate| {
        let Some(row) = tx.child(folder, &candidate.key())? else { return Ok(false) };
        let is_same_name = EntryName::parse(&row.name).is_ok_and(|name| name.is_same_text(candidate));
        if let Some(version) = row.version.filter(|_| is_same_name && row.size == size) {
            let checksums = tx.version(version)?.into_iter().flat_map(|version| version.checksums);
            let digest = checksums.filter(|checksum| checksum.kind() == ChecksumKind::Sha256);
            twins.borrow_mut().extend(digest.map(|digest| (version, digest)));
        }
        Ok(true)
    })?;
    Ok((free, twins.into_inner()))
}

/// A change by a worker that replaces nothing.
pub(super) fn addition(access: Access, worker: Worker) -> Change {
    Change {
        access,
        actor: Actor::Worker(worker),
        now: Timestamp::now(),
        conditions: Conditions { if_none_match: Some(EtagMatch::Any), ..Conditions::default() },
    }
}

/// Begins to store a file, and makes the folders above it that are missing.
pub(super) async fn begin_put(
    library: &Library,
    change: &Change,
    new: NewFile,
) -> Result<PutSession, LibraryError> {
    match library.begin_put(change.clone(), new.clone()).await {
        Err(LibraryError::ParentMissing) => {
            let (above, _) = new.path.split_last().ok_or(LibraryError::IsRoot)?;
            library.make_folders(change, &above).await?;
            library.begin_put(change.clone(), new).await
        }
        put => put,
    }
}

/// The folder of the file whose present content this is, and the file's name; `None` if it is not in the tree, or has another
/// content now.
pub(super) fn beside(tx: &ReadTx<'_>, content: VersionId) -> Result<Option<(EntryId, String)>, LibraryError> {
    let Some(version) = tx.version(content)? else { return Ok(None) };
    let Some(file) = tx.entry(version.entry)? else { return Ok(None) };
    Ok(file.parent.filter(|_| file.version == Some(content)).map(|folder| (folder, file.name)))
}
