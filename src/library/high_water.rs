//! How far the catalogue has come, noted outside of it.
//!
//! SQLCipher notices a page that was changed, but not a whole older catalogue in the place of the present
//! one. Files newer than it would then look like garbage and be swept after a day, and what was brought
//! back from the trash since would be removed for good. The mark, a small sealed file beside `catalog/`,
//! tells such a catalogue when it is opened. From then on nothing is removed until `tresor rebuild` has
//! brought the newer files in.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::error::disk_error;
use super::{ETAG_EPOCH, IdBlock, Library, LibraryError, Shared, etag_epoch};
use crate::catalog::{Catalog, CatalogError, Counters, ReadTx, WriteTx};
use crate::model::{ContainerId, layout};
use crate::vault::VaultError;
use crate::vault::disk::{Containers, KeyFiles, Overwrite, SmallFile, Storage, StoredFile};
use crate::vault::keys::{KeyFileFault, KeyRing};
use crate::vault::reader::ContainerReader;

const MARK: SmallFile = SmallFile::fixed(layout::MARK);
/// Setting of a catalogue that was found to be older than its files.
const ROLLED_BACK: &str = "rolled-back";
/// Numbers that may have been given after the mark was last written: far more than a minute's.
const SLACK: i64 = 1_000 * IdBlock::SIZE;

/// What the mark says.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Mark {
    revision: i64,
    next_entry: i64,
}

impl Mark {
    /// The mark, or what is wrong with it. Blocks.
    pub(super) fn look(
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

    /// `None` without a mark that opens. Blocks.
    pub(super) fn read(key_files: &dyn KeyFiles, keys: &KeyRing) -> Result<Option<Self>, VaultError> {
        let mark = Self::look(key_files, keys)?;
        if mark.as_ref().is_err_and(|fault| *fault == KeyFileFault::Damaged) {
            tracing::warn!(
                "mark.age is damaged and will be written anew; it guards against an older catalogue"
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

    /// Whether a catalogue with these counters is older. Numbers of entries are told first: they are drawn
    /// in blocks, but a catalogue that goes on after a rollback skips some of them and no revision.
    fn is_ahead_of(self, found: Counters) -> bool {
        (self.next_entry, self.revision) > (found.next_entry, found.revision)
    }

    /// A number that was given neither before nor shortly after this mark.
    fn unused(self) -> i64 {
        self.next_entry.saturating_add(SLACK)
    }

    /// What `containers` tell that no row knows, if they name numbers from `horizon` on: only a later state of
    /// this catalogue can have given these. Blocks.
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

/// The containers that `tx` has no row for. Blocks.
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

/// In doubt it is known: a catalogue that does not answer says so elsewhere.
fn is_unknown(tx: &ReadTx<'_>, container: ContainerId) -> bool {
    !tx.is_known_container(container).unwrap_or(true)
}

/// The mark, or where there is none what containers tell in its place: without it an older catalogue would
/// give numbers a second time. Looks through all of them then.
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

/// Compares a catalogue that is being opened with the mark. An older one goes on behind it and with other
/// ETags, so that no number and no tag means two things.
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

/// Nothing is removed from now on, and no number and no tag of what is in no row is given again.
fn go_on_behind(tx: &WriteTx<'_>, mark: Mark) -> Result<(), CatalogError> {
    tx.set_setting(ROLLED_BACK, &mark.revision.to_string())?;
    tx.remove_setting(ETAG_EPOCH)?;
    tx.skip_entry_ids(mark.unused())
}

/// Prepares a catalogue that a rebuild starts from: whatever it says of itself, it goes on behind the mark.
pub(super) fn resume(tx: &WriteTx<'_>, mark: Option<Mark>) -> Result<(), CatalogError> {
    tx.remove_setting(ROLLED_BACK)?;
    tx.remove_setting(ETAG_EPOCH)?;
    mark.map_or(Ok(()), |mark| tx.skip_entry_ids(mark.unused()))
}

/// Whether nothing may be removed.
pub(super) fn removals_suspended(tx: &ReadTx<'_>) -> Result<bool, LibraryError> {
    Ok(tx.setting(ROLLED_BACK)?.is_some())
}

impl Library {
    /// Whether the catalogue was found to be older than the stored files. As long as it is, nothing is
    /// removed; `tresor rebuild` ends it.
    pub async fn is_rolled_back(&self) -> Result<bool, LibraryError> {
        self.catalog().read(removals_suspended).await
    }

    /// Notes how far the catalogue has come, if it has gone on since the last note. To be called every
    /// minute and at the end: what a rollback undoes beyond the last note is not noticed. Does nothing while
    /// the disk takes no changes.
    pub async fn note_progress(&self) -> Result<(), LibraryError> {
        if self.read_only().is_some() {
            return Ok(());
        }
        let mut noted = self.shared.noted.lock().await;
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

    /// Looks for containers that only a later state of this catalogue can have made: their numbers had not
    /// been given when it was opened. Finds an older catalogue whose mark is as old. Only the first look
    /// after the start can tell: from then on this run gives the same numbers, so it should be soon. Returns
    /// whether nothing may be removed.
    pub async fn look_for_newer_containers(&self) -> Result<bool, LibraryError> {
        if self.is_rolled_back().await? {
            return Ok(true);
        }
        if self.shared.has_looked.swap(true, Ordering::Relaxed) {
            return Ok(false);
        }
        let containers = Arc::clone(&self.storage().containers);
        let mut unknown = self.catalog().read(move |tx| unknown_containers(tx, &*containers)).await?;
        // This run's own are held, or have got their rows since these were compared.
        unknown.retain(|file| !self.shared.unbound.holds(file.id));
        let library = self.clone();
        let newer = self
            .catalog()
            .read(move |tx| {
                unknown.retain(|file| is_unknown(tx, file.id));
                let Shared { keys, horizon, .. } = &*library.shared;
                Ok::<_, LibraryError>(Mark::of_newer_containers(
                    &unknown,
                    library.containers(),
                    keys,
                    *horizon,
                ))
            })
            .await?;
        let Some(newer) = newer else { return Ok(false) };
        tracing::error!(
            "there are files that the catalogue is too old to know: nothing is removed until \
             `tresor rebuild` was run"
        );
        let library = self.clone();
        let go_on = move |tx: &WriteTx<'_>| {
            go_on_behind(tx, newer)?;
            let epoch = etag_epoch(tx)?;
            // Before anybody can be told a tag of what is committed after this.
            library.shared.renewed_epoch.get_or_init(|| epoch);
            Ok::<_, CatalogError>(())
        };
        self.catalog().write_silent("counters are no event", go_on).await?;
        self.shared.ids.drop_rest().await;
        Ok(true)
    }
}
