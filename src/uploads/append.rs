//! Appends to a linear upload.

use std::future::Future;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::commit::Goal;
use super::error::UploadError;
use super::lease::{Lease, Leased};
use super::segment_writer::SegmentWriter;
use super::{PartInfo, Upload, Uploads, owned};
use crate::catalog::UploadRow;
use crate::library::Incoming;
use crate::library::digest::Digests;
use crate::model::{Access, Timestamp, UploadId, UploadOwner, UploadShape};

/// The one writer of a linear upload. Dropped before [`Self::finish`], as when a client disconnects, it keeps the
/// bytes received, unless they came with a checksum.
pub struct Append {
    /// `None` once it is finished.
    turn: Option<(Lease, u64)>,
    over: oneshot::Receiver<()>,
    began: Timestamp,
}

impl Uploads {
    /// Begins to write at `offset`, which must be the upload's. Ends an older writer first, which keeps the bytes
    /// it has received.
    ///
    /// Errors: `NoSuchUpload`, `OffsetMismatch`, `UploadTooLong`, `TooManyPieces`, `WrongShape`, and those of
    /// storing in general.
    pub async fn begin_append(
        &self,
        access: &Access,
        owner: impl Into<UploadOwner>,
        id: UploadId,
        offset: u64,
        part: PartInfo,
        now: Timestamp,
    ) -> Result<Append, UploadError> {
        let owner = owner.into();
        let leased = self.lease_own(access, owner, id, now).await?;
        let row = self.own_upload(access, owner, id).await?;
        if row.shape != UploadShape::Linear {
            return Err(UploadError::WrongShape);
        }
        if row.received != offset {
            return Err(UploadError::OffsetMismatch { expected: row.received });
        }
        let digests = match row.digest.bytes == row.received {
            true => row.digest.state.as_deref().and_then(Digests::restore),
            false => None,
        };
        let most = row.length.map(|length| length.saturating_sub(row.received));
        let writer = SegmentWriter::begin(self, row, Goal::Linear, digests, most, part, now).await?;
        let (lease, turn, over) = leased.begin(writer);
        Ok(Append { turn: Some((lease, turn)), over, began: now })
    }

    /// The upload as it is now. The writer of a linear one is ended first, so that no earlier writer moves the
    /// offset that this returns.
    pub async fn find(
        &self,
        access: &Access,
        owner: impl Into<UploadOwner>,
        id: UploadId,
        now: Timestamp,
    ) -> Result<Upload, UploadError> {
        let owner = owner.into();
        let _held = self.lease_own(access, owner, id, now).await?;
        Ok(self.own_upload(access, owner, id).await?.into())
    }

    /// Ends the writer of the owner's upload and holds its lease.
    pub(super) async fn lease_own(
        &self,
        access: &Access,
        owner: impl Into<UploadOwner>,
        id: UploadId,
        now: Timestamp,
    ) -> Result<Leased, UploadError> {
        self.own_upload(access, owner, id).await?;
        self.leases.take(id, now).await
    }

    pub(super) async fn own_upload(
        &self,
        access: &Access,
        owner: impl Into<UploadOwner>,
        id: UploadId,
    ) -> Result<UploadRow, UploadError> {
        let (access, owner) = (*access, owner.into());
        self.library.catalog().read(move |tx| owned(tx, &access, owner, id)).await
    }
}

impl Append {
    /// Takes the next bytes; returns the offset up to which the upload is durable. Waits while the disk is behind.
    ///
    /// Errors: `UploadTakenOver`: another request writes or has asked for the offset, and no further byte is taken;
    /// `UploadTooLong`; those of storing in general.
    pub async fn write(&mut self, bytes: Bytes) -> Result<u64, UploadError> {
        let (lease, turn) = self.turn.as_ref().ok_or(UploadError::TakenOver)?;
        let mut slot = lease.lock_for(*turn).await?;
        let writer = slot.writer().ok_or(UploadError::TakenOver)?;
        writer.write(bytes).await?;
        Ok(writer.durable())
    }

    /// Returns when another request has ended this append, so that reading on is useless.
    pub async fn taken_over(&mut self) {
        // Nothing is ever sent; the other end is dropped.
        let _ = (&mut self.over).await;
    }

    /// Makes all received bytes durable and moves the offset; for a body that arrived completely. Runs to its end
    /// even if the future is dropped.
    ///
    /// Errors: `WrongChecksum` and `WrongSize`: none of the bytes are kept, or, without a checksum, those received
    /// are.
    pub async fn finish(mut self, now: Timestamp) -> Result<Upload, UploadError> {
        let (lease, turn) = self.turn.take().ok_or(UploadError::TakenOver)?;
        let commit = async move {
            let mut slot = lease.lock_for(turn).await?;
            let writer = slot.leave().ok_or(UploadError::TakenOver)?;
            let row = writer.finish(now).await;
            drop((slot, lease));
            row.map(Upload::from)
        };
        tokio::spawn(commit).await?
    }

    /// Keeps the bytes received of a body that broke off, unless they came with a checksum; like a drop, but
    /// returns when it is done.
    pub async fn break_off(mut self, now: Timestamp) -> Result<(), UploadError> {
        match self.turn.take() {
            Some((lease, turn)) => Ok(tokio::spawn(keep(lease, turn, now)).await?),
            None => Ok(()),
        }
    }
}

impl Incoming for Append {
    type Stored = Upload;
    type Error = UploadError;

    fn write(&mut self, bytes: Bytes) -> impl Future<Output = Result<u64, UploadError>> + Send {
        Self::write(self, bytes)
    }

    fn commit(self, now: Timestamp) -> impl Future<Output = Result<Upload, UploadError>> + Send {
        self.finish(now)
    }

    fn break_off(self, now: Timestamp) -> impl Future<Output = Result<(), UploadError>> + Send {
        Self::break_off(self, now)
    }

    async fn taken_over(&mut self) -> UploadError {
        Self::taken_over(self).await;
        UploadError::TakenOver
    }
}

async fn keep(lease: Lease, turn: u64, now: Timestamp) {
    if let Ok(slot) = lease.lock_for(turn).await {
        drop(Leased { slot, lease }.end_writer(now).await);
    }
}

impl Drop for Append {
    fn drop(&mut self) {
        let Some((lease, turn)) = self.turn.take() else { return };
        // Without a runtime the program is stopping: only committed bytes count.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(keep(lease, turn, self.began));
        }
    }
}
