//! Quota reserved for writers before their bytes are stored.
//!
//! A reservation is taken before the body is read and held until the commit has counted the bytes in the catalogue,
//! so that many uploads at the same time can never exceed the quota together.
//!
//! Each writer reserves for itself. The catalogue already counts quota for the bytes that its upload has announced,
//! or for the chunk that it replaces, but for one writer only: a second one with the same bytes needs quota of its
//! own while both are on the disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::disk_health::KEPT_FREE;
use super::error::disk_error;
use super::{JointUsage, Library, LibraryError, SpaceUsage};
use crate::catalog::ReadTx;
use crate::model::{Access, ChunkName, EntryId, Right, SpaceId, UploadId};

/// Times that a writer has old versions and trash removed before it is refused; each time, other writers may add
/// more before its turn comes.
const HISTORY_ATTEMPTS: usize = 32;
/// Bytes by which the reservation grows while a body of unknown length arrives.
const GROWTH: u64 = 16 * 1024 * 1024;
/// Time for which a writer's announced bytes stay reserved without progress. It covers the way home; later, others
/// may use the quota, and the bytes received stay.
const RESERVED_FOR: Duration = Duration::from_hours(1);
/// Content up to this size is simply tried.
const SMALL: u64 = 64 * 1024;

/// Bytes that writers hold at present.
#[derive(Clone)]
pub(super) struct Ledger {
    held: Arc<Mutex<HashMap<Source, u64>>>,
    reserved_for: Arc<Mutex<Duration>>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { held: Arc::default(), reserved_for: Arc::new(Mutex::new(RESERVED_FOR)) }
    }
}

/// The source of quota for a writer's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// The unused quota of a space.
    Space(SpaceId),
    /// The quota that the catalogue reserves for an upload's announced bytes.
    Announced(UploadId),
    /// The quota of a chunk that one with the same name will replace.
    Chunk(UploadId, ChunkName),
    /// The quota of a file's content that new content will replace.
    Content(EntryId),
}

/// Bytes held for one writer; returned on drop.
pub(crate) struct Reservation {
    of: SpaceId,
    space: Held,
    /// Used before the space's own quota.
    promised: Vec<Held>,
    began: Instant,
}

/// Bytes held from one source; returned on drop.
pub(crate) struct Held {
    ledger: Ledger,
    source: Source,
    bytes: u64,
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, HashMap<Source, u64>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts with no bytes.
    pub(super) fn held(&self, source: Source) -> Held {
        Held { ledger: self.clone(), source, bytes: 0 }
    }

    /// Starts with no bytes. `promised` is used first.
    fn reservation(&self, space: SpaceId, promised: impl IntoIterator<Item = Source>) -> Reservation {
        Reservation {
            of: space,
            space: self.held(Source::Space(space)),
            promised: promised.into_iter().map(|source| self.held(source)).collect(),
            began: Instant::now(),
        }
    }
}

impl Source {
    /// Bytes of it that writers may hold together.
    fn room(&self, tx: &ReadTx<'_>) -> Result<u64, LibraryError> {
        Ok(match self {
            Self::Space(space) => {
                let row = tx.space(*space)?.ok_or(LibraryError::NoSuchSpace)?;
                if row.is_history_full() {
                    return Err(LibraryError::HistoryFull);
                }
                row.left()
            }
            Self::Announced(upload) => tx.upload_reserved(*upload)?,
            Self::Chunk(upload, name) => tx.upload_chunk(*upload, name)?.unwrap_or(0),
            Self::Content(file) => tx.entry(*file)?.map_or(0, |row| row.size),
        })
    }
}

impl Reservation {
    /// Adds a source to use before the space's quota.
    pub(super) fn promise(&mut self, source: Source) {
        self.promised.push(self.space.ledger.held(source));
    }

    fn space(&self) -> SpaceId {
        self.of
    }

    /// Whether it holds bytes of a promised source.
    pub(super) fn holds_promised(&self) -> bool {
        self.promised.iter().any(|held| held.bytes > 0)
    }

    /// Number of bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.promised.iter().fold(self.space.bytes, |sum, held| sum.saturating_add(held.bytes))
    }

    /// Adds bytes, or none if they do not fit (`OverQuota`) or old data must be removed first (`HistoryFull`). Must
    /// be the first operation in `tx`: its snapshot begins with its first read, and one from before the ledger was
    /// locked could miss bytes that another writer has just handed over.
    pub(super) fn add(&mut self, tx: &ReadTx<'_>, bytes: u64) -> Result<(), LibraryError> {
        self.add_from(|source| source.room(tx), bytes)
    }

    fn add_from(
        &mut self,
        room: impl Fn(&Source) -> Result<u64, LibraryError>,
        bytes: u64,
    ) -> Result<(), LibraryError> {
        let ledger = self.space.ledger.clone();
        let mut all_held = ledger.lock();
        let free = |source: &Source| {
            let taken = all_held.get(source).copied().unwrap_or(0);
            room(source).map(|room| room.saturating_sub(taken))
        };
        let (mut missing, mut parts) = (bytes, Vec::with_capacity(self.promised.len()));
        for held in &self.promised {
            let part = missing.min(free(&held.source)?);
            missing -= part;
            parts.push(part);
        }
        if missing > free(&self.space.source)? {
            return Err(LibraryError::OverQuota);
        }
        let whole = self.promised.iter_mut().chain([&mut self.space]);
        for (held, part) in whole.zip(parts.into_iter().chain([missing])) {
            if part > 0 {
                held.bytes += part;
                *all_held.entry(held.source.clone()).or_default() += part;
            }
        }
        Ok(())
    }

    /// Returns `bytes` of it, once the catalogue counts them.
    pub(crate) fn release(&mut self, mut bytes: u64) {
        for held in self.promised.iter_mut().chain([&mut self.space]) {
            let part = bytes.min(held.bytes);
            held.release(part);
            bytes -= part;
        }
    }

    /// Returns all but `bytes`.
    fn shrink_to(&mut self, bytes: u64) {
        let mut excess = self.bytes().saturating_sub(bytes);
        for held in [&mut self.space].into_iter().chain(self.promised.iter_mut().rev()) {
            let part = excess.min(held.bytes);
            held.release(part);
            excess -= part;
        }
    }

    /// Takes out the bytes held from promised sources. Drop them in the transaction after which the catalogue no
    /// longer promises them: returned later, they would keep another writer of the same upload from its share.
    pub(crate) fn take_promised(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.promised)
    }
}

impl Held {
    /// Number of bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes everything that no writer holds. Must be the first operation in `tx`, as for [`Reservation::add`].
    pub(crate) fn take_rest(&mut self, tx: &ReadTx<'_>) -> Result<(), LibraryError> {
        let mut all_held = self.ledger.lock();
        let taken = all_held.get(&self.source).copied().unwrap_or(0);
        let rest = self.source.room(tx)?.saturating_sub(taken);
        if rest > 0 {
            self.bytes += rest;
            all_held.insert(self.source.clone(), taken + rest);
        }
        Ok(())
    }

    fn release(&mut self, bytes: u64) {
        self.bytes -= bytes;
        let mut all_held = self.ledger.lock();
        if let Some(held) = all_held.get_mut(&self.source) {
            *held = held.saturating_sub(bytes);
            if *held == 0 {
                all_held.remove(&self.source);
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.release(self.bytes);
        }
    }
}

/// Measures the bytes that a transaction adds to a space without a reservation: properties, copies.
pub(super) struct Added {
    space: SpaceId,
    before: u64,
}

impl Added {
    /// Call it before the first change.
    pub(super) fn watch(tx: &ReadTx<'_>, space: SpaceId) -> Result<Self, LibraryError> {
        let row = tx.space(space)?.ok_or(LibraryError::NoSuchSpace)?;
        Ok(Self { space, before: row.counted() })
    }

    /// Fails if the added bytes do not fit beside all reservations, except for the `own` bytes that were reserved
    /// for them.
    ///
    /// Errors: `OverQuota`.
    pub(crate) fn require_room(
        &self,
        library: &Library,
        tx: &ReadTx<'_>,
        own: u64,
    ) -> Result<(), LibraryError> {
        let row = tx.space(self.space)?.ok_or(LibraryError::NoSuchSpace)?;
        let Some(quota) = row.quota.filter(|_| row.counted() > self.before) else { return Ok(()) };
        let held = library.shared.writing.quota.lock().get(&Source::Space(self.space)).copied().unwrap_or(0);
        let taken = row.counted().saturating_add(row.reserved.0).saturating_add(held.saturating_sub(own));
        if taken > quota.0 { Err(LibraryError::OverQuota) } else { Ok(()) }
    }

    /// Fails if the added bytes exceed the quota, whatever others have reserved: for a writer that counted on quota
    /// which may be gone.
    ///
    /// Errors: `OverQuota`.
    pub(super) fn require_quota(&self, tx: &ReadTx<'_>) -> Result<(), LibraryError> {
        let row = tx.space(self.space)?.ok_or(LibraryError::NoSuchSpace)?;
        let taken = row.counted().saturating_add(row.reserved.0);
        let is_over = row.counted() > self.before && row.quota.is_some_and(|quota| taken > quota.0);
        if is_over { Err(LibraryError::OverQuota) } else { Ok(()) }
    }
}

impl Library {
    /// Reserves bytes of a space for a writer.
    pub(crate) async fn reserve(&self, space: SpaceId, bytes: u64) -> Result<Reservation, LibraryError> {
        self.grow(self.empty_reservation(space), bytes).await.map_err(|(error, _)| error)
    }

    pub(super) fn empty_reservation(&self, space: SpaceId) -> Reservation {
        self.shared.writing.quota.reservation(space, [])
    }

    /// A reservation that uses promised sources before the space's quota.
    pub(crate) fn reservation_with(
        &self,
        space: SpaceId,
        promised: impl IntoIterator<Item = Source>,
    ) -> Reservation {
        self.shared.writing.quota.reservation(space, promised)
    }

    /// Starts with no bytes from this source.
    pub(crate) fn held(&self, source: Source) -> Held {
        self.shared.writing.quota.held(source)
    }

    /// Time for which quota is reserved for announced bytes that were not sent.
    pub(crate) fn reserved_for(&self) -> Duration {
        *self.shared.writing.quota.reserved_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets another time, from now on.
    pub fn set_reserved_for(&self, time: Duration) {
        *self.shared.writing.quota.reserved_for.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Adds bytes to a reservation. It moves with the work: if the caller disconnects meanwhile, the bytes are
    /// returned wherever the reservation is by then. After an error it is unchanged.
    pub(crate) async fn grow(
        &self,
        reservation: Reservation,
        bytes: u64,
    ) -> Result<Reservation, (LibraryError, Option<Reservation>)> {
        let mut outcome = self.try_grow(reservation, bytes).await;
        for _ in 0..HISTORY_ATTEMPTS {
            let Err((LibraryError::HistoryFull, Some(reservation))) = outcome else { break };
            if let Err(error) = self.shorten_history(reservation.space()).await {
                return Err((error, Some(reservation)));
            }
            outcome = self.try_grow(reservation, bytes).await;
        }
        outcome
    }

    async fn try_grow(
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

    /// Makes sure that a reservation covers `total` bytes of a content of at most `most` bytes: it grows in steps
    /// while a content of unknown length arrives. After a failure it is `None`, and its bytes are returned.
    ///
    /// Announced bytes are held for [`Self::reserved_for`]. A client that takes longer holds one step more than it
    /// has sent, like a client that announced nothing: otherwise it could block the rest of a quota for months,
    /// with a byte now and then.
    pub(crate) async fn cover(
        &self,
        held: &mut Option<Reservation>,
        total: u64,
        most: u64,
    ) -> Result<(), LibraryError> {
        let ahead = total.saturating_add(GROWTH);
        if let Some(held) = held.as_mut().filter(|held| held.bytes() > ahead)
            && held.began.elapsed() >= self.reserved_for()
        {
            held.shrink_to(ahead);
        }
        let covered = held.as_ref().map_or(0, Reservation::bytes);
        let missing = total.saturating_sub(covered);
        if missing == 0 && held.is_some() {
            return Ok(());
        }
        let reservation = held.take().ok_or(LibraryError::OverQuota)?;
        let step = GROWTH.min(most.saturating_sub(covered)).max(missing);
        self.require_room(step).await?;
        *held = match self.grow(reservation, step).await {
            Ok(grown) => Some(grown),
            // A whole step may not fit although the bytes themselves still do.
            Err((LibraryError::OverQuota, Some(reservation))) => {
                Some(self.grow(reservation, missing).await.map_err(|(error, _)| error)?)
            }
            Err((error, _)) => return Err(error),
        };
        Ok(())
    }

    /// Fails if `bytes` more would fill the disk, before the client sends them. Other writers may be faster; then
    /// the write itself fails.
    pub(crate) async fn require_room(&self, bytes: u64) -> Result<(), LibraryError> {
        self.storing().await?;
        if bytes <= SMALL {
            return Ok(());
        }
        if self.free_bytes().await? < bytes.saturating_add(KEPT_FREE) {
            // Find out whether this affects only a large content or everyone.
            self.look_at_disk().await?;
            return Err(LibraryError::DiskFull);
        }
        Ok(())
    }

    async fn free_bytes(&self) -> Result<u64, LibraryError> {
        let capacity = Arc::clone(&self.storage().capacity);
        let free = tokio::task::spawn_blocking(move || capacity.available()).await?;
        free.map_err(disk_error("ask for free space"))
    }

    /// Bytes of disk space available for contents. Asks the disk, so it may block.
    pub(super) fn room_on_disk(&self) -> Result<u64, LibraryError> {
        let free = self.storage().capacity.available().map_err(disk_error("ask for free space"))?;
        Ok(free.saturating_sub(KEPT_FREE))
    }

    /// Usage of a space.
    pub async fn usage(&self, access: &Access) -> Result<SpaceUsage, LibraryError> {
        let (library, access) = (self.clone(), *access);
        self.catalog().read(move |tx| library.usage_of(tx, &access)).await
    }

    pub(super) fn usage_of(&self, tx: &ReadTx<'_>, access: &Access) -> Result<SpaceUsage, LibraryError> {
        let row = tx.space(access.require(Right::Read)?)?.ok_or(LibraryError::NoSuchSpace)?;
        Ok(SpaceUsage::new(&row, self.room_on_disk()?))
    }

    /// Total usage of several spaces.
    pub async fn joint_usage(&self, rights: &[Access]) -> Result<JointUsage, LibraryError> {
        let (library, rights) = (self.clone(), rights.to_vec());
        let sum = move |tx: &ReadTx<'_>| {
            let mut rows = Vec::with_capacity(rights.len());
            for access in rights {
                // A space that was removed meanwhile holds nothing.
                rows.extend(tx.space(access.require(Right::Read)?)?);
            }
            Ok(JointUsage::new(&rows, library.room_on_disk()?))
        };
        self.catalog().read(sum).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: SpaceId = SpaceId([1; 16]);
    const UPLOAD: UploadId = UploadId([2; 16]);

    fn add(reservation: &mut Reservation, bytes: u64) -> bool {
        let room = |source: &Source| {
            Ok(match source {
                Source::Space(space) if *space == SPACE => 60,
                Source::Space(_) => u64::MAX,
                Source::Announced(_) => 30,
                Source::Chunk(..) => 20,
                Source::Content(_) => 0,
            })
        };
        match reservation.add_from(room, bytes) {
            Ok(()) => true,
            Err(LibraryError::OverQuota) => false,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn reservations_never_pass_the_quota_together() {
        let ledger = Ledger::default();
        let mut one = ledger.reservation(SPACE, []);
        let mut two = ledger.reservation(SPACE, []);
        assert!(add(&mut one, 50));
        assert!(!add(&mut two, 11));
        assert!(add(&mut two, 10));
        assert!(add(&mut ledger.reservation(SpaceId([2; 16]), []), 1_000));
        drop(two);
        drop(one);
        let mut all = ledger.reservation(SPACE, []);
        assert!(add(&mut all, 60));
        assert!(!add(&mut all, u64::MAX));
        all.release(15);
        assert!(add(&mut ledger.reservation(SPACE, []), 15));
        drop(all);
        assert!(ledger.lock().is_empty());
    }

    #[test]
    fn promised_room_is_for_one_writer() {
        let ledger = Ledger::default();
        let chunk = |name: &str| {
            let name = ChunkName::parse(name).unwrap();
            ledger.reservation(SPACE, [Source::Chunk(UPLOAD, name), Source::Announced(UPLOAD)])
        };
        let mut one = chunk("1");
        assert!(add(&mut one, 50), "all of it promised");
        let mut again = chunk("1");
        assert!(add(&mut again, 60), "the space has room");
        let mut two = chunk("2");
        assert!(add(&mut two, 20), "the chunk that it replaces");
        assert!(!add(&mut two, 1));
        assert_eq!((one.bytes(), again.bytes(), two.bytes()), (50, 60, 20));
        drop(one.take_promised());
        assert_eq!(one.bytes(), 0);
        assert!(add(&mut two, 30));
        drop((one, again, two));
        assert!(ledger.lock().is_empty());
    }
}
