//! Identity of this instance's entries and states: ids, ETags, and the catalogue's progress.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use tokio::sync::Mutex;

use super::LibraryError;
use crate::catalog::{Catalog, CatalogError, Counters, WriteTx};
use crate::model::{EntryId, random_bytes};

/// Name of the setting with the suffix of this catalogue's ETags.
pub(super) const ETAG_EPOCH: &str = "etag-epoch";

pub(super) struct Numbers {
    pub(super) instance_id: String,
    /// Random for each instance; part of every ETag. Restoring a backup must replace it, so that an old tag never
    /// names new content.
    pub(super) etag_epoch: String,
    /// Used instead once the catalogue was found to be older than the files.
    pub(super) renewed_epoch: OnceLock<String>,
    pub(super) ids: IdBlock,
    /// Serials below this may have been given out before the catalogue was opened.
    pub(super) horizon: i64,
    /// Whether containers of a later state were searched for.
    pub(super) has_looked: AtomicBool,
    /// The counters last written to the mark.
    pub(super) noted: Mutex<Option<Counters>>,
}

impl Numbers {
    pub(super) fn new(instance_id: String, etag_epoch: String, horizon: i64) -> Self {
        Self {
            instance_id,
            etag_epoch,
            renewed_epoch: OnceLock::new(),
            ids: IdBlock::default(),
            horizon,
            has_looked: AtomicBool::new(false),
            noted: Mutex::default(),
        }
    }
}

/// Suffix of this catalogue's ETags; generated once.
pub(super) fn etag_epoch(tx: &WriteTx<'_>) -> Result<String, CatalogError> {
    if let Some(epoch) = tx.setting(ETAG_EPOCH)? {
        return Ok(epoch);
    }
    let epoch = data_encoding::HEXLOWER.encode(&random_bytes::<4>());
    tx.set_setting(ETAG_EPOCH, &epoch)?;
    Ok(epoch)
}

/// A block of reserved entry ids; the rest is skipped at a restart.
pub(super) struct IdBlock(Mutex<std::ops::Range<i64>>);

impl Default for IdBlock {
    fn default() -> Self {
        Self(Mutex::new(0..0))
    }
}

impl IdBlock {
    pub(super) const SIZE: i64 = 1_024;

    pub(super) async fn take(&self, catalog: &Catalog) -> Result<EntryId, LibraryError> {
        self.take_run(catalog, 1).await
    }

    /// The first of `count` consecutive ids, all greater than those taken before: containers carry them as serials,
    /// and a rebuild takes a file's highest serial for its current version.
    pub(super) async fn take_run(&self, catalog: &Catalog, count: i64) -> Result<EntryId, LibraryError> {
        let mut block = self.0.lock().await;
        if block.end - block.start < count {
            let size = count.max(Self::SIZE);
            let reserve = move |tx: &WriteTx<'_>| {
                tx.touches_only([]);
                tx.silent("numbers set apart change nothing");
                tx.reserve_entry_ids(size)
            };
            let first = catalog.write(reserve).await?;
            *block = first.0..first.0 + size;
        }
        let first = block.start;
        block.start += count;
        Ok(EntryId(first))
    }

    /// Discards the rest of the block.
    pub(super) async fn drop_rest(&self) {
        *self.0.lock().await = 0..0;
    }
}
