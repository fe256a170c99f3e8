//! Files on the disk without a row.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Finding, MAX_UNKNOWN, UnknownFile, UnknownFiles, catalogue};
use crate::catalog::{CatalogError, ReadTx};
use crate::library::error::disk_error;
use crate::library::{Library, LibraryError};
use crate::model::{ContainerId, Place, SpaceId};
use crate::vault::disk::StoredFile;
use crate::vault::reader::ContainerReader;

/// Checks the name of every file. A file whose header names an entry number that was never given out shows that the
/// catalogue is older than the file.
pub(super) async fn look(library: &Library) -> Result<(UnknownFiles, Option<Finding>), LibraryError> {
    let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
    let (containers, stopped) = (Arc::clone(&library.storage().containers), Arc::clone(&stop.0));
    let mut unknown = library
        .catalog()
        .read(move |tx| {
            let (mut unknown, mut failure) = (UnknownFiles::default(), None);
            let listed = containers.list(&mut |file| {
                if stopped.load(Ordering::Relaxed) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                match is_known(tx, file.space, file.id, file.place) {
                    Ok(true) => {}
                    Ok(false) => {
                        unknown.count += 1;
                        if unknown.shown.len() < MAX_UNKNOWN {
                            let StoredFile { space, id: container, place, length, changed } = file;
                            unknown.shown.push(UnknownFile { space, container, place, length, changed });
                        }
                    }
                    Err(error) => {
                        failure = Some(error);
                        return Err(io::ErrorKind::Interrupted.into());
                    }
                }
                Ok(())
            });
            match failure {
                Some(error) => Err(error.into()),
                None => listed.map(|()| unknown).map_err(disk_error("list the containers")),
            }
        })
        .await?;
    if unknown.count == 0 {
        return Ok((unknown, None));
    }
    // Files that are still being written are held; those committed while the files were listed have their rows by
    // now.
    let shown = unknown.shown.len();
    unknown.shown.retain(|file| !library.is_unbound(file.container));
    unknown.count -= (shown - unknown.shown.len()) as u64;
    let worker = library.clone();
    library
        .catalog()
        .read(move |tx| {
            let mut still = Vec::with_capacity(unknown.shown.len());
            let next = tx.next_entry_id()?;
            let mut is_behind = false;
            for file in unknown.shown.drain(..) {
                if is_known(tx, file.space, file.container, file.place)? {
                    unknown.count -= 1;
                    continue;
                }
                is_behind |= names_entry_from(&worker, file, next.0);
                still.push(file);
            }
            unknown.shown = still;
            let finding = is_behind.then(|| catalogue::about(catalogue::OLDER_CATALOGUE.into()));
            Ok((unknown, finding))
        })
        .await
}

/// Whether a file was written for an entry with this number or a higher one.
fn names_entry_from(library: &Library, file: UnknownFile, number: i64) -> bool {
    let Ok(key) = library.keys().space_key(file.space) else { return false };
    ContainerReader::open_untracked(library.containers(), &key, file.space, file.container, file.place)
        .is_ok_and(|reader| reader.meta().entry.0 >= number)
}

/// Whether a row refers to this very container: as content, or as garbage that is still to be removed.
fn is_known(tx: &ReadTx<'_>, space: SpaceId, id: ContainerId, place: Place) -> Result<bool, CatalogError> {
    match tx.container(id)? {
        Some(stored) => Ok(stored.space == space && stored.container.place == place),
        None => tx.is_known_container(id),
    }
}

/// Ends the listing on its thread when its result is no longer needed.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
