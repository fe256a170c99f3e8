//! Cuts received bytes into segments, each with a container of its own.
//!
//! While one segment is made durable the next one fills; a third waits. A waiting call may be dropped: the bytes
//! taken so far are complete and in order.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::commit::{Commit, Goal};
use super::error::UploadError;
use super::{PartInfo, UploadLimits, Uploads, user_of};
use crate::catalog::UploadRow;
use crate::library::batch_writer::BatchWriter;
use crate::library::digest::Digests;
use crate::library::leftovers::Leftovers;
use crate::library::quota::{Reservation, Source};
use crate::library::{Library, LibraryError};
use crate::model::{Checksum, EntryPath, Timestamp, WriteSerial};
use crate::vault::container::{ContainerMeta, Part};
use crate::vault::keys::SpaceKey;
use crate::vault::small::SmallContainer;
use crate::vault::writer::SealedContainer;

/// One part of an upload that is arriving. Dropped before it is finished or kept, it leaves only its committed
/// segments behind.
pub(super) struct SegmentWriter {
    library: Library,
    key: Arc<SpaceKey>,
    goal: Goal,
    /// The upload; for a linear one, as this part's own commits left it.
    row: UploadRow,
    limits: UploadLimits,
    began: Timestamp,
    /// Bytes that the upload may still take.
    most: Option<u64>,
    info: PartInfo,
    /// Offset in the upload at which it began.
    start: u64,
    /// Bytes received.
    arrived: u64,
    /// Of these, bytes that the catalogue counts.
    committed: u64,
    /// State with which the next segment's digests continue; `None` while a segment has it.
    digests: Option<Digests>,
    /// Whether the upload's own digests are included.
    is_hashed: bool,
    segment: Option<BatchWriter>,
    /// The previous segment, on its way to the disk.
    closing: Option<JoinHandle<Result<SealedContainer, UploadError>>>,
    sealed: Leftovers,
    /// Covers bytes received that are not counted yet.
    reservation: Option<Reservation>,
}

impl SegmentWriter {
    /// Prepares to take a part of the upload, continuing `digests` if they are known. `most` limits its bytes.
    pub(super) async fn begin(
        uploads: &Uploads,
        row: UploadRow,
        goal: Goal,
        digests: Option<Digests>,
        most: Option<u64>,
        info: PartInfo,
        now: Timestamp,
    ) -> Result<Self, UploadError> {
        let (library, limits) = (&uploads.library, uploads.limits());
        if info.size.zip(most).is_some_and(|(size, most)| size > most) {
            return Err(UploadError::TooLong);
        }
        if row.pieces >= limits.pieces {
            return Err(UploadError::TooManyPieces);
        }
        library.require_room(info.size.unwrap_or(0)).await?;
        let row = uploads.reserve_again(row).await?;
        let (keys, space) = (Arc::clone(library.keys()), row.space);
        let key = tokio::task::spawn_blocking(move || keys.space_key(space)).await??;
        let is_hashed = digests.is_some();
        let own = info.checksum.as_ref().map(Checksum::kind);
        let digests = digests.unwrap_or_else(|| Digests::of([])).with_own(own);
        let (replaced, foreseen) = match &goal {
            // The only writer of a linear upload may use all of the announced length.
            Goal::Linear => (None, most.or(info.size)),
            Goal::Chunk(name) => (Some(Source::Chunk(row.id, name.clone())), info.size),
        };
        let promised = replaced.into_iter().chain([Source::Announced(row.id)]);
        let reservation = library.reservation_with(space, promised);
        let reservation =
            library.grow(reservation, foreseen.unwrap_or(0)).await.map_err(|(error, _)| error)?;
        let sealed = Leftovers { library: library.clone(), space, containers: Vec::new() };
        Ok(Self {
            library: library.clone(),
            key,
            goal,
            start: row.received,
            row,
            limits,
            began: now,
            most,
            info,
            arrived: 0,
            committed: 0,
            digests: Some(digests),
            is_hashed,
            segment: None,
            closing: None,
            sealed,
            reservation: Some(reservation),
        })
    }

    /// Whether segments are counted one by one, rather than all together at the end.
    fn is_kept_in_part(&self) -> bool {
        matches!(self.goal, Goal::Linear) && self.info.checksum.is_none()
    }

    /// Offset up to which a linear upload is durable, as far as this part knows.
    pub(super) fn durable(&self) -> u64 {
        self.start + self.committed
    }

    /// Takes the next bytes. After a disk error no more are taken.
    pub(super) async fn write(&mut self, mut bytes: Bytes) -> Result<(), UploadError> {
        let arrived = self.arrived.saturating_add(bytes.len() as u64);
        if self.most.is_some_and(|most| arrived > most) {
            return Err(UploadError::TooLong);
        }
        if self.info.size.is_some_and(|size| arrived > size) {
            return Err(LibraryError::WrongSize.into());
        }
        let most = self.most.or(self.info.size).unwrap_or(u64::MAX).saturating_sub(self.committed);
        self.library.cover(&mut self.reservation, arrived - self.committed, most).await?;
        self.arrived = arrived;
        while !bytes.is_empty() {
            let filled = self.segment.as_ref().map_or(0, BatchWriter::taken);
            let room = self.limits.segment.saturating_sub(filled);
            if room == 0 {
                self.rotate().await?;
                continue;
            }
            let now = bytes.split_to(usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len()));
            self.segment()?.write(now).await?;
        }
        Ok(())
    }

    /// The segment that is being filled.
    fn segment(&mut self) -> Result<&mut BatchWriter, UploadError> {
        if self.segment.is_none() {
            let digests = self.digests.take().ok_or(LibraryError::Interrupted)?;
            let (key, meta) = (Arc::clone(&self.key), self.meta());
            self.segment = Some(BatchWriter::new(
                self.library.clone(),
                self.row.space,
                user_of(self.row.owner),
                key,
                meta,
                digests,
            ));
        }
        self.segment.as_mut().ok_or(LibraryError::Interrupted.into())
    }

    /// See the module's comment on what containers say about themselves.
    fn meta(&self) -> ContainerMeta {
        ContainerMeta {
            entry: self.row.number,
            path: EntryPath::root(),
            modified: self.began,
            serial: WriteSerial(self.row.number.0),
            written: self.began,
            segment: 0,
            size: None,
            part: Part::Loose,
        }
    }

    /// Starts writing the full segment to the disk, after the previous one is durable.
    async fn rotate(&mut self) -> Result<(), UploadError> {
        self.settle().await?;
        let Some(segment) = &mut self.segment else { return Ok(()) };
        let digests = segment.drain().await?;
        let Some(segment) = self.segment.take() else { return Ok(()) };
        self.digests = Some(digests.clone());
        if !self.is_kept_in_part() {
            let publish = async move { Ok(segment.publish(|_| Ok(())).await?.0) };
            self.closing = Some(tokio::spawn(publish));
            return Ok(());
        }
        let (commit, length) = (self.commit_of(Vec::new(), Some(&digests), self.began), segment.taken());
        // The row as it will be: the next segment is committed after this one, or not at all.
        self.row.received += length;
        let (library, space) = (self.library.clone(), self.row.space);
        self.closing = Some(tokio::spawn(async move {
            let (sealed, ()) = segment.publish(|_| Ok(())).await?;
            let mut sealed = Leftovers { library: library.clone(), space, containers: vec![sealed] };
            let container = sealed.containers.clone();
            Commit { containers: container.clone(), ..commit }.run(&library, &mut sealed).await?;
            container.into_iter().next().ok_or(LibraryError::Interrupted.into())
        }));
        Ok(())
    }

    /// Waits until the previous segment is durable.
    async fn settle(&mut self) -> Result<(), UploadError> {
        let Some(closing) = &mut self.closing else { return Ok(()) };
        let outcome = closing.await;
        self.closing = None;
        let sealed = outcome??;
        if self.is_kept_in_part() {
            self.committed += sealed.plain_len;
            if let Some(reservation) = &mut self.reservation {
                reservation.release(sealed.plain_len);
            }
        } else {
            self.sealed.containers.push(sealed);
        }
        Ok(())
    }

    /// Makes all received bytes durable and counts them; returns the upload afterwards.
    pub(super) async fn finish(self, now: Timestamp) -> Result<UploadRow, UploadError> {
        let is_short = self.info.size.is_some_and(|size| size != self.arrived);
        if is_short && !self.is_kept_in_part() {
            return Err(LibraryError::WrongSize.into());
        }
        let row = self.commit(now).await?;
        if is_short { Err(LibraryError::WrongSize.into()) } else { Ok(row) }
    }

    /// Keeps the bytes received of a part that broke off, if they count without the rest.
    pub(super) async fn keep(self, now: Timestamp) -> Result<(), UploadError> {
        match self.is_kept_in_part() {
            true => self.commit(now).await.map(drop),
            false => Ok(()),
        }
    }

    async fn commit(mut self, now: Timestamp) -> Result<UploadRow, UploadError> {
        self.settle().await?;
        let digests = match self.segment.take() {
            None => self.digests.take(),
            Some(segment) => Some(self.seal_last(segment).await?),
        };
        let mut digests = digests.ok_or(LibraryError::Interrupted)?;
        if let Some(expected) = &self.info.checksum
            && digests.take_own().as_ref() != Some(expected)
        {
            return Err(LibraryError::WrongChecksum.into());
        }
        let uncounted: u64 = self.sealed.containers.iter().map(|sealed| sealed.plain_len).sum();
        // If the future was dropped while the reservation grew, the reservation was returned.
        if self.reservation.is_none() {
            let announced = [Source::Announced(self.row.id)];
            self.reservation = Some(self.library.reservation_with(self.row.space, announced));
        }
        self.library.cover(&mut self.reservation, uncounted, uncounted).await?;
        let digests = self.is_hashed.then_some(&digests);
        let promised = self.reservation.as_mut().map(Reservation::take_promised).unwrap_or_default();
        let commit = Commit { promised, ..self.commit_of(self.sealed.containers.clone(), digests, now) };
        commit.run(&self.library, &mut self.sealed).await
    }

    /// Makes the last segment durable; returns the digests up to its end. A wrong checksum is found before anything
    /// refers to the segment.
    async fn seal_last(&mut self, mut segment: BatchWriter) -> Result<Digests, UploadError> {
        if segment.taken() == 0 {
            return segment.take_small().map(|(_, digests)| digests).ok_or(LibraryError::Interrupted.into());
        }
        let (sealed, digests) = match segment.take_small() {
            Some((plain, mut digests)) => {
                digests.update(&plain);
                let id = self.library.next_small_id();
                let small = SmallContainer::seal(id, &self.key, &self.meta(), &plain)?;
                (self.library.store_small(self.row.space, small).await?, digests)
            }
            None => segment.publish(Ok).await?,
        };
        self.sealed.containers.push(sealed);
        Ok(digests)
    }

    fn commit_of(
        &self,
        containers: Vec<SealedContainer>,
        digests: Option<&Digests>,
        now: Timestamp,
    ) -> Commit {
        Commit {
            began: self.row.clone(),
            goal: self.goal.clone(),
            digest: digests.filter(|_| self.is_hashed).map(Digests::save),
            containers,
            promised: Vec::new(),
            limits: self.limits,
            now,
        }
    }
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        if let (Some(closing), Ok(runtime)) = (self.closing.take(), tokio::runtime::Handle::try_current())
            && !self.is_kept_in_part()
        {
            let (library, space) = (self.library.clone(), self.row.space);
            runtime.spawn(async move {
                if let Ok(Ok(sealed)) = closing.await {
                    drop(Leftovers { library, space, containers: vec![sealed] });
                }
            });
        }
    }
}
