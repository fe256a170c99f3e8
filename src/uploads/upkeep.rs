//! Regular maintenance of uploads: ends those that are no longer used.

use super::session::removed;
use super::{UNFINISHED, UPLOAD_KEPT_FOR, Uploads};
use crate::catalog::{CatalogError, ReadTx, UploadRow, WriteTx};
use crate::library::LibraryError;
use crate::library::quota::Source;
use crate::model::{SetAsideReason, Stamp, Timestamp, UploadId, UploadOwner, Worker};

/// Rows that upkeep handles in one transaction, so that writers never wait for long.
const STEP: usize = 100;

impl Uploads {
    /// Ends the uploads that have expired at `now`; returns their number. Every step may be repeated after a crash.
    /// The next round of [`Library::upkeep`](crate::library::Library::upkeep) removes their containers.
    pub async fn upkeep(&self, now: Timestamp) -> Result<usize, LibraryError> {
        // An older catalogue may consider an upload as unfinished that has become a file since.
        if self.library.is_rolled_back().await? {
            return Ok(0);
        }
        let (lost, before) = (SetAsideReason::Unfinished.as_str(), now.before(UPLOAD_KEPT_FOR));
        let forget = move |tx: &WriteTx<'_>| tx.forget_set_aside_before(lost, before);
        self.library.catalog().write_silent(UNFINISHED, forget).await?;
        let mut ended = 0;
        loop {
            let some = self.expire_uploads(now).await?;
            ended += some;
            if some < STEP {
                break;
            }
        }
        self.lapse_reservations(now).await?;
        Ok(ended)
    }

    /// Ends uploads that have expired at `now` or are orphaned; returns their number.
    async fn expire_uploads(&self, now: Timestamp) -> Result<usize, LibraryError> {
        let expired = self.library.catalog().read(move |tx| tx.expired_uploads(now, STEP)).await?;
        let mut ended = 0;
        for id in expired {
            let leases = self.leases.clone();
            let end = move |tx: &WriteTx<'_>| {
                tx.touches_only([]);
                // A single part may take longer than that to arrive; it counts as progress when it ends. Requests
                // that arrive after this check find no upload.
                if leases.is_taken(id) {
                    return Ok(0);
                }
                let Some(row) = tx.upload(id)? else { return Ok(0) };
                if row.expires > now && !is_orphaned(tx, &row)? {
                    return Ok(0);
                }
                tx.record(&Stamp::worker(Worker::Upkeep, now), &removed(row.space))?;
                tx.delete_upload(id).map(|()| 1)
            };
            ended += self.library.catalog().write(end).await?;
        }
        Ok(ended)
    }

    /// Ends the reservations of uploads without recent progress, except bytes that a writer is using now: others
    /// may use the quota again.
    async fn lapse_reservations(&self, now: Timestamp) -> Result<(), LibraryError> {
        // The expiry of an upload is computed from its last progress.
        let until = now.before(self.library.reserved_for()).after(UPLOAD_KEPT_FOR);
        let mut after = UploadId([0; 16]);
        loop {
            let idle =
                self.library.catalog().read(move |tx| tx.reserving_uploads(until, after, STEP)).await?;
            for id in &idle {
                let id = *id;
                let mut unused = self.library.held(Source::Announced(id));
                // Claimed first, so that no writer starts to count on it.
                let claim = move |tx: &ReadTx<'_>| unused.take_rest(tx).map(|()| unused);
                let unused = self.library.catalog().read(claim).await?;
                let bytes = unused.bytes();
                let end = move |tx: &WriteTx<'_>| {
                    tx.touches_only([]);
                    tx.lapse_reservation(id, bytes)
                };
                if bytes > 0 {
                    self.library.catalog().write_silent(UNFINISHED, end).await?;
                }
                drop(unused);
            }
            match idle.last() {
                Some(last) if idle.len() == STEP => after = *last,
                _ => return Ok(()),
            }
        }
    }
}

/// Whether the owner of an upload was removed, or is a hand-in that takes nothing more.
fn is_orphaned(tx: &ReadTx<'_>, row: &UploadRow) -> Result<bool, CatalogError> {
    Ok(match row.owner {
        // A link that ends takes its uploads' owner away.
        Some(UploadOwner::User(_) | UploadOwner::Guest { .. }) => false,
        Some(UploadOwner::HandIn(hand_in)) => tx.hand_in(hand_in)?.is_none_or(|row| row.finished.is_some()),
        None => true,
    })
}
