//! Bytes promised to writers before they are stored.
//!
//! A reservation is taken before the body is read and held until the commit has counted the bytes in
//! the catalogue, so that many uploads at once can never pass the quota together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::disk_error;
use super::state::KEPT_FREE;
use super::{Library, LibraryError};
use crate::catalog::ReadTx;
use crate::model::{Access, ByteSize, Right, SpaceId};

/// Steps in which the reservation grows while a body of unknown length arrives.
const GROWTH: u64 = 16 * 1024 * 1024;
/// A content this small is simply tried.
const SMALL: u64 = 64 * 1024;

/// How full a space is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceUsage {
    /// Bytes stored, old versions, trash and what has arrived of uploads included.
    pub used: ByteSize,
    /// Bytes that still fit: what the quota and announced uploads leave, at most what the disk has free.
    pub available: ByteSize,
}

/// How full the spaces of one person are, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JointUsage {
    /// Bytes stored, old versions and trash included.
    pub used: ByteSize,
    /// Bytes that still fit; what the disk has free counts once.
    pub available: ByteSize,
    /// The sum of their quotas; `None` if one of them has none.
    pub quota: Option<ByteSize>,
}

/// Reserved bytes per space.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    reserved: Arc<Mutex<HashMap<SpaceId, u64>>>,
}

/// Bytes held for one writer; given back when dropped.
pub(super) struct Reservation {
    ledger: Ledger,
    space: SpaceId,
    bytes: u64,
}

impl Ledger {
    /// Reserves `bytes` if they fit. `limit` reads the space's used bytes and quota while the ledger is
    /// locked, so that no other reservation comes between.
    fn reserve(
        &self,
        space: SpaceId,
        bytes: u64,
        limit: impl FnOnce() -> Result<(u64, Option<u64>), LibraryError>,
    ) -> Result<(), LibraryError> {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        let (used, quota) = limit()?;
        let held = reserved.entry(space).or_default();
        let wanted = held.saturating_add(bytes);
        if quota.is_some_and(|quota| used.saturating_add(wanted) > quota) {
            return Err(LibraryError::OverQuota);
        }
        *held = wanted;
        Ok(())
    }
}

impl Reservation {
    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds bytes. Must be the first thing that `tx` does: its view begins with its first read, and one
    /// from before the ledger was locked could miss bytes that another writer has just handed over.
    pub(super) fn add(&mut self, tx: &ReadTx<'_>, bytes: u64) -> Result<(), LibraryError> {
        let limit = || {
            let row = tx.space(self.space)?.ok_or(LibraryError::NoSuchSpace)?;
            Ok((row.used.0.saturating_add(row.reserved.0), row.quota.map(|size| size.0)))
        };
        self.ledger.reserve(self.space, bytes, limit)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Reservation {
    /// Gives `bytes` of it back, once the catalogue counts them.
    pub(super) fn release(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        let mut reserved = self.ledger.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = reserved.get_mut(&self.space) {
            *held = held.saturating_sub(bytes);
            if *held == 0 {
                reserved.remove(&self.space);
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release(self.bytes);
    }
}

impl Library {
    /// Reserves bytes in a space for a writer.
    pub(super) async fn reserve(&self, space: SpaceId, bytes: u64) -> Result<Reservation, LibraryError> {
        self.grow(self.empty_reservation(space), bytes).await.map_err(|(error, _)| error)
    }

    pub(super) fn empty_reservation(&self, space: SpaceId) -> Reservation {
        Reservation { ledger: self.shared.quota.clone(), space, bytes: 0 }
    }

    /// Adds bytes to a reservation. It travels with the work: should the caller leave meanwhile, the bytes
    /// are given back wherever it is by then. After an error it comes back as it was.
    pub(super) async fn grow(
        &self,
        mut reservation: Reservation,
        bytes: u64,
    ) -> Result<Reservation, (LibraryError, Option<Reservation>)> {
        let outcome = self.catalog().read(move |tx| {
            let reserved = reservation.add(tx, bytes);
            Ok::<_, LibraryError>((reservation, reserved))
        });
        match outcome.await {
            Ok((reservation, Ok(()))) => Ok(reservation),
            Ok((reservation, Err(error))) => Err((error, Some(reservation))),
            Err(error) => Err((error, None)),
        }
    }

    /// Sees to it that a reservation covers `total` bytes of a content whose length nobody announced: it grows
    /// in steps while the content arrives. After a failure it is `None`, and so is what it held.
    pub(super) async fn cover(&self, held: &mut Option<Reservation>, total: u64) -> Result<(), LibraryError> {
        let missing = total.saturating_sub(held.as_ref().map_or(0, Reservation::bytes));
        if missing == 0 && held.is_some() {
            return Ok(());
        }
        let reservation = held.take().ok_or(LibraryError::OverQuota)?;
        let step = missing.max(GROWTH);
        self.require_room(step).await?;
        *held = match self.grow(reservation, step).await {
            Ok(grown) => Some(grown),
            // A whole step may not fit any more where the bytes themselves still do.
            Err((LibraryError::OverQuota, Some(reservation))) => {
                Some(self.grow(reservation, missing).await.map_err(|(error, _)| error)?)
            }
            Err((error, _)) => return Err(error),
        };
        Ok(())
    }

    /// Fails if `bytes` more would fill the disk, so that nothing is sent in vain. Other writers may still
    /// be faster; then the write itself fails.
    pub(super) async fn require_room(&self, bytes: u64) -> Result<(), LibraryError> {
        self.storing().await?;
        if bytes <= SMALL {
            return Ok(());
        }
        if self.free_bytes().await? < bytes.saturating_add(KEPT_FREE) {
            // For a large content only, or for everybody?
            self.look_at_disk().await?;
            return Err(LibraryError::DiskFull);
        }
        Ok(())
    }

    async fn free_bytes(&self) -> Result<u64, LibraryError> {
        let disk = Arc::clone(self.disk());
        let free = tokio::task::spawn_blocking(move || disk.available()).await?;
        free.map_err(disk_error("ask for free space"))
    }

    /// How full a space is.
    pub async fn usage(&self, access: &Access) -> Result<SpaceUsage, LibraryError> {
        let space = access.require(Right::Read)?;
        let row = self.catalog().read(move |tx| tx.space(space)?.ok_or(LibraryError::NoSuchSpace)).await?;
        let free = self.free_bytes().await?.saturating_sub(KEPT_FREE);
        let taken = row.used.0.saturating_add(row.reserved.0);
        let left = row.quota.map_or(u64::MAX, |quota| quota.0.saturating_sub(taken));
        Ok(SpaceUsage { used: row.used, available: ByteSize(left.min(free)) })
    }

    /// How full several spaces are together.
    pub async fn joint_usage(&self, rights: &[Access]) -> Result<JointUsage, LibraryError> {
        let free = self.free_bytes().await?.saturating_sub(KEPT_FREE);
        let rights = rights.to_vec();
        let sum = move |tx: &ReadTx<'_>| {
            let (mut used, mut quota) = (0_u64, Some(0_u64));
            let mut left = 0_u64;
            for access in rights {
                // One that was removed meanwhile holds nothing.
                let Some(row) = tx.space(access.require(Right::Read)?)? else { continue };
                let own = row.quota.map(|quota| quota.0);
                used = used.saturating_add(row.used.0);
                left = left.saturating_add(own.map_or(u64::MAX, |own| own.saturating_sub(row.used.0)));
                quota = quota.zip(own).map(|(sum, own)| sum.saturating_add(own));
            }
            Ok::<_, LibraryError>((used, left, quota))
        };
        let (used, left, quota) = self.catalog().read(sum).await?;
        let available = ByteSize(left.min(free));
        Ok(JointUsage { used: ByteSize(used), available, quota: quota.map(ByteSize) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_never_pass_the_quota_together() {
        let ledger = Ledger::default();
        let space = SpaceId([1; 16]);
        let limit = || Ok((40, Some(100)));
        ledger.reserve(space, 50, limit).unwrap();
        assert!(matches!(ledger.reserve(space, 11, limit), Err(LibraryError::OverQuota)));
        ledger.reserve(space, 10, limit).unwrap();
        ledger.reserve(SpaceId([2; 16]), 1_000, || Ok((0, None))).unwrap();
        drop(Reservation { ledger: ledger.clone(), space, bytes: 60 });
        ledger.reserve(space, 60, limit).unwrap();
        assert!(matches!(ledger.reserve(space, u64::MAX, limit), Err(LibraryError::OverQuota)));
    }
}
