//! One writer for each upload.
//!
//! A writer holds a turn at the upload's lease. The writer's state is stored in the lease, not with the request
//! that feeds it: the next request takes it from there and commits the bytes received, however long the older
//! request may wait for a client that is gone. Only then the next writer begins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, oneshot};

use super::error::UploadError;
use super::segment_writer::SegmentWriter;
use crate::model::{Timestamp, UploadId};

type Places = Mutex<HashMap<UploadId, Arc<AsyncMutex<Slot>>>>;

/// The leases of all uploads in use.
#[derive(Clone, Default)]
pub(super) struct Leases(Arc<Places>);

/// The state of a lease.
#[derive(Default)]
pub(super) struct Slot {
    /// Increases with each writer.
    turn: u64,
    writer: Option<SegmentWriter>,
    /// Dropped when the writer's turn ends.
    over: Option<oneshot::Sender<()>>,
}

/// One request's claim to a lease, which is removed with the last claim.
pub(super) struct Lease {
    id: UploadId,
    places: Arc<Places>,
    /// `None` only during drop.
    place: Option<Arc<AsyncMutex<Slot>>>,
}

/// While this is held, no other request uses the upload.
pub(super) struct Leased {
    pub(super) slot: OwnedMutexGuard<Slot>,
    /// Declared after the slot, so that it is dropped after it.
    pub(super) lease: Lease,
}

impl Leases {
    /// A claim to the upload's lease. It marks the upload as in use but keeps no request from writing.
    pub(super) fn lease(&self, id: UploadId) -> Lease {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = Arc::clone(places.entry(id).or_default());
        Lease { id, places: Arc::clone(&self.0), place: Some(place) }
    }

    /// Whether the upload is in use.
    pub(super) fn is_taken(&self, id: UploadId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }

    /// Ends the present writer, which keeps the bytes received, and holds the lease.
    pub(super) async fn take(&self, id: UploadId, now: Timestamp) -> Result<Leased, UploadError> {
        let lease = self.lease(id);
        let slot = lease.lock().await?;
        let leased = Leased { slot, lease };
        if leased.slot.writer.is_none() {
            return Ok(leased);
        }
        // Runs to its end, even if the request that wants the lease is dropped as well.
        Ok(tokio::spawn(leased.end_writer(now)).await?)
    }
}

impl Lease {
    async fn lock(&self) -> Result<OwnedMutexGuard<Slot>, UploadError> {
        let place = self.place.as_ref().ok_or(UploadError::TakenOver)?;
        Ok(Arc::clone(place).lock_owned().await)
    }

    /// The slot, if this turn's writer is still there.
    pub(super) async fn lock_for(&self, turn: u64) -> Result<OwnedMutexGuard<Slot>, UploadError> {
        let slot = self.lock().await?;
        match slot.turn == turn && slot.writer.is_some() {
            true => Ok(slot),
            false => Err(UploadError::TakenOver),
        }
    }

    /// Another claim to the same lease.
    pub(super) fn again(&self) -> Self {
        Self { id: self.id, places: Arc::clone(&self.places), place: self.place.clone() }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.place.take());
        if places.get(&self.id).is_some_and(|place| Arc::strong_count(place) == 1) {
            places.remove(&self.id);
        }
    }
}

impl Slot {
    pub(super) fn writer(&mut self) -> Option<&mut SegmentWriter> {
        self.writer.as_mut()
    }

    /// Ends the turn; returns its writer.
    pub(super) fn leave(&mut self) -> Option<SegmentWriter> {
        self.over = None;
        self.writer.take()
    }
}

impl Leased {
    /// Ends the writer, which keeps the bytes received.
    pub(super) async fn end_writer(mut self, now: Timestamp) -> Self {
        if let Some(writer) = self.slot.leave()
            && let Err(error) = writer.keep(now).await
        {
            // The offset reported before stays true; the client sends the rest again.
            tracing::debug!(error = &error as &dyn std::error::Error, "an upload's last segment is not kept");
        }
        self
    }

    /// Begins a turn for `writer`. Returns the claim, the turn's number, and a channel that closes when the turn is
    /// taken away.
    pub(super) fn begin(mut self, writer: SegmentWriter) -> (Lease, u64, oneshot::Receiver<()>) {
        let (over, ended) = oneshot::channel();
        self.slot.turn += 1;
        self.slot.writer = Some(writer);
        self.slot.over = Some(over);
        (self.lease.again(), self.slot.turn, ended)
    }
}
