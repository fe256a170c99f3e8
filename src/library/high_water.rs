//! High-water mark: the catalogue's progress, recorded outside of it.
//!
//! SQLCipher detects a changed page, but not a complete older catalogue in place of the present one. Files newer
//! than it would then look like garbage and be swept after a day, and entries restored from the trash since would
//! be removed permanently. The mark, a small sealed file beside `catalog/`, reveals such a catalogue when it is
//! opened. From then on nothing is removed until `tresor rebuild` has added the newer files.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::error::disk_error;
use super::numbers::{ETAG_EPOCH, IdBlock, etag_epoch};
use super::{Library, LibraryError};
use crate::catalog::{Catalog, CatalogError, Counters, ReadTx, WriteTx};
use crate::model::{ContainerId, layout};
use crate::vault::VaultError;
use crate::vault::disk::{Containers, KeyFiles, Overwrite, SmallFile, Storage, StoredFile};
use crate::vault::keys::{KeyFileFault, KeyRing};
use crate::vault::reader::ContainerReader;

const MARK: SmallFile = SmallFile::fixed(layout::MARK);
/// Name of the setting of a catalogue that was found to be older than its files.
const ROLLED_BACK: &str = "rolled-back";
/// Numbers that may have been given out after the mark was last written: far more than in a minute.
const SLACK: i64 = 1_000 * IdBlock::SIZE;

/// Content of the mark.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Mark {
    revision: i64,
    next_entry: i64,
}

impl Mark {
    /// Reads the mark, and reports a fault in it. Blocks.
    pub(crate) fn look(
        key_files: &dyn KeyFiles,
        keys: &KeyRing,
    ) -> Result<Result<Self, KeyFileFault>, VaultError> {
        let sealed = key_files
            .read_small(&MARK)
            .map_err(|source| VaultError::Io { action: "read mark.age", source })?;
        let Some(sealed) = sealed else { return Ok(Err(KeyFileFault::Missing)) };
        let mark = keys.open_blob(&sealed).and_then(|text| serde_json::from_slice(&text).ok());
        Ok(mark.ok_or(KeyFileFault::Damaged))
    }

    /// `None` without a mark that can be opened. Blocks.
    pub(super) fn read(key_files: &dyn KeyFiles, keys: &KeyRing) -> Result<Option<Self>, VaultError> {
        let mark = Self::look(key_files, keys)?;
        if mark.as_ref().is_err_and(|fault| *fault == KeyFileFault::Damaged) {
            tracing::warn!(
                "mark.age is damaged and will be written again; it protects against an older catalogue"
            );
        }
        Ok(mark.ok())
    }

    fn write(self, key_files: &dyn KeyFiles, keys: &KeyRing) -> Result<(), VaultError> {
        let text = serde_json::to_vec(&self).unwrap_or_default();
        key_files
            .write_small(&MARK, &keys.seal_blob(&text), Overwrite::Replace)
            .map_err(|source| VaultError::Io { action: "write mark.age", source })
    }

    /// Whether a catalogue with these counters is older. Compares entry numbers first: they are drawn in blocks,
    /// but a catalogue that continues after a rollback skips some of them and no revision.
    fn is_ahead_of(self, found: Counters) -> bool {
        (self.next_entry, self.revision) > (found.next_entry, found.revision)
    }

    /// A number that was given out neither before this mark nor shortly after it.
    fn unused(self) -> i64 {
        self.next_entry.saturating_add(SLACK)
    }

    /// The mark derived from `containers` without a row, if they have numbers from `horizon` on: only a later state
    /// of this catalogue can have given those out. Blocks.
    fn of_newer_containers(
        containers: &[StoredFile],
        store: &dyn Containers,
        keys: &KeyRing,
        horizon: i64,
    ) -> Option<Self> {
        let number = |file: &StoredFile| {
            let key = keys.space_key(file.space).ok()?;
            let opened =
                ContainerReader::open_untracked(store, &key, file.space, file.id, file.place).ok()?;
            Some(opened.meta().serial.0.max(opened.meta().entry.0))
        };
        let highest = containers.iter().filter_map(number).max().filter(|number| *number >= horizon);
        highest.map(|number| Self { revision: 0, next_entry: number.saturating_add(1) })
    }
}

/// The containers for which `tx` has no row. Blocks.
fn unknown_containers(tx: &ReadTx<'_>, containers: &dyn Containers) -> Result<Vec<StoredFile>, LibraryError> {
    let mut unknown = Vec::new();
    containers
        .list(&mut |file| {
            if is_unknown(tx, file.id) {
                unknown.push(file);
            }
            Ok(())
        })
        .map_err(disk_error("look through the containers"))?;
    Ok(unknown)
}

/// In doubt a container counts as known: a catalogue that cannot answer is reported elsewhere.
fn is_unknown(tx: &ReadTx<'_>, container: ContainerId) -> bool {
    !tx.is_known_container(container).unwrap_or(true)
}

/// Reads the high-water mark; if it is missing, derives it from all containers, so that a rolled-back catalogue
/// cannot reuse ids.
pub(super) async fn read_or_look(
    catalog: &Catalog,
    storage: &Storage,
    keys: &Arc<KeyRing>,
) -> Result<Option<Mark>, LibraryError> {
    let (storage, keys) = (storage.clone(), Arc::clone(keys));
    catalog
        .read(move |tx| match Mark::read(&*storage.key_files, &keys)? {
            None => {
                let unknown = unknown_containers(tx, &*storage.containers)?;
                Ok(Mark::of_newer_containers(
                    &unknown,
                    &*storage.containers,
                    &keys,
                    tx.counters()?.next_entry,
                ))
            }
            mark => Ok(mark),
        })
        .await
}

/// Compares a catalogue that is being opened with the mark. An older one continues after the mark and with other
/// ETags, so that no number and no tag gets two meanings.
pub(super) fn compare(tx: &WriteTx<'_>, mark: Option<Mark>) -> Result<(), CatalogError> {
    let found = tx.counters()?;
    let Some(mark) = mark.filter(|mark| mark.is_ahead_of(found)) else { return Ok(()) };
    tracing::error!(
        found = found.next_entry,
        reached = mark.next_entry,
        "the catalogue is older than the stored files: nothing is removed until `tresor rebuild` was run"
    );
    go_on_behind(tx, mark)
}

/// Suspends removals from now on, and makes sure that no number or tag that may be in use without a row is given
/// out again.
fn go_on_behind(tx: &WriteTx<'_>, mark: Mark) -> Result<(), CatalogError> {
    tx.set_setting(ROLLED_BACK, &mark.revision.to_string())?;
    tx.remove_setting(ETAG_EPOCH)?;
    tx.skip_entry_ids(mark.unused())
}

/// Prepares a catalogue that is the base of a rebuild: in any case it continues after the mark.
pub(super) fn resume(tx: &WriteTx<'_>, mark: Option<Mark>) -> Result<(), CatalogError> {
    tx.remove_setting(ROLLED_BACK)?;
    tx.remove_setting(ETAG_EPOCH)?;
    mark.map_or(Ok(()), |mark| tx.skip_entry_ids(mark.unused()))
}

/// Whether removals are suspended.
pub(crate) fn removals_suspended(tx: &ReadTx<'_>) -> Result<bool, LibraryError> {
    Ok(tx.setting(ROLLED_BACK)?.is_some())
}

impl Library {
    /// Whether the catalogue was found to be older than the stored files. Until `tresor rebuild` is run, nothing is
    /// removed.
    pub async fn is_rolled_back(&self) -> Result<bool, LibraryError> {
        self.catalog().read(removals_suspended).await
    }

    /// Writes the mark, if the catalogue has progressed since. Call it every minute and at the end: a rollback to a
    /// state after the last mark is not detected. Does nothing while the disk cannot be written.
    pub async fn note_progress(&self) -> Result<(), LibraryError> {
        if self.read_only().is_some() {
            return Ok(());
        }
        let mut noted = self.shared.numbers.noted.lock().await;
        let counters = self.catalog().read(|tx| Ok::<_, LibraryError>(tx.counters()?)).await?;
        if *noted == Some(counters) {
            return Ok(());
        }
        let (key_files, keys) = (Arc::clone(&self.storage().key_files), Arc::clone(&self.shared.keys));
        let mark = Mark { revision: counters.revision, next_entry: counters.next_entry };
        let written = tokio::task::spawn_blocking(move || mark.write(&*key_files, &keys)).await?;
        written.map_err(|error| self.noted(error))?;
        *noted = Some(counters);
        Ok(())
    }

    /// Searches for containers that only a later state of this catalogue can have made: their numbers had not been
    /// given out when it was opened. This detects an older catalogue whose mark is equally old. Only the first
    /// search after the start can, because this run gives out the same numbers, so it should come soon. Returns
    /// whether removals are suspended.
    pub async fn look_for_newer_containers(&self) -> Result<bool, LibraryError> {
        if self.is_rolled_back().await? {
            return Ok(true);
        }
        if self.shared.numbers.has_looked.swap(true, Ordering::Relaxed) {
            return Ok(false);
        }
        let containers = Arc::clone(&self.storage().containers);
        let mut unknown = self.catalog().read(move |tx| unknown_containers(tx, &*containers)).await?;
        // This run's own containers are held, or have got their rows since the comparison.
        unknown.retain(|file| !self.shared.writing.unbound.holds(file.id));
        let library = self.clone();
        let newer = self
            .catalog()
            .read(move |tx| {
                unknown.retain(|file| is_unknown(tx, file.id));
                let (keys, horizon) = (library.keys(), library.shared.numbers.horizon);
                Ok::<_, LibraryError>(Mark::of_newer_containers(
                    &unknown,
                    library.containers(),
                    keys,
                    horizon,
                ))
            })
            .await?;
        let Some(newer) = newer else { return Ok(false) };
        tracing::error!(
            "there are files newer than the catalogue: nothing is removed until \
             `tresor rebuild` was run"
        );
        let library = self.clone();
        let go_on = move |tx: &WriteTx<'_>| {
            go_on_behind(tx, newer)?;
            let epoch = etag_epoch(tx)?;
            // Set before a client can see a tag of anything committed after this.
            library.shared.numbers.renewed_epoch.get_or_init(|| epoch);
            Ok::<_, CatalogError>(())
        };
        self.catalog().write_silent("counters are no event", go_on).await?;
        self.shared.numbers.ids.drop_rest().await;
        Ok(true)
    }
}
