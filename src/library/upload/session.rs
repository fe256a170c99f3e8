//! Beginning, listing and ending uploads.

use super::{
    MAX_UPLOAD_METADATA, NewUpload, UNFINISHED, UPLOAD_KEPT_FOR, Upload, UploadLimits, UploadsOf, expiry,
    owned, running_digest,
};
use crate::catalog::{DigestState, ReadTx, UploadRow, WriteTx};
use crate::library::admit::admit;
use crate::library::digest::Digests;
use crate::library::quota::Source;
use crate::library::{Change, Library, LibraryError};
use crate::model::{
    Access, EntryId, Event, RemovedKind, Right, SpaceId, Stamp, Timestamp, UploadId, UploadShape, UserId,
    Worker,
};

impl Library {
    /// Begins an upload and reserves what was announced of it. Where the path of a linear one is known, conditions, locks and
    /// name are judged now and again at the end.
    ///
    /// Errors: `UploadExists`, `TooManyUploads`, `MetadataTooLong`, `OverQuota`, `DiskFull`, and what stands
    /// in the way of a PUT.
    pub async fn create_upload(&self, change: Change, new: NewUpload) -> Result<Upload, LibraryError> {
        let scope = change.access.whole_space(Right::Write)?;
        if new.metadata.len() > MAX_UPLOAD_METADATA {
            return Err(LibraryError::MetadataTooLong);
        }
        let announced = new.length.unwrap_or(0);
        let reservation = self.reserve(scope.space(), announced).await?;
        let (library, asked) = (self.clone(), change.clone());
        // Of a chunked upload it is what the client said in the beginning, and shown to people; the end decides.
        if let Some(path) = new.path.clone().filter(|_| new.shape == UploadShape::Linear) {
            self.catalog()
                .read(move |tx| admit(&library, tx, &asked, scope, &path, asked.now).map(drop))
                .await?;
        }
        self.require_room(announced).await?;
        let digest = match new.shape {
            UploadShape::Linear => {
                let state = Digests::new(new.checksum.as_ref()).save();
                DigestState { state: Some(state), ..DigestState::default() }
            }
            UploadShape::Chunked => running_digest::no_digest(),
        };
        let mut row = fresh(&change, new, self.new_entry_id().await?, digest);
        let limits = self.upload_limits();
        let insert = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            insert(tx, limits, &mut row)?;
            Ok::<_, LibraryError>(row)
        };
        let row = self.storing().await?.write_silent(UNFINISHED, insert).await?;
        // From here on the catalogue holds it.
        drop(reservation);
        Ok(row.into())
    }

    /// Announces the length of an upload that was begun without one.
    ///
    /// Errors: `LengthFixed` if another one was announced or more has arrived; `OverQuota`, `DiskFull`.
    pub async fn set_upload_length(
        &self,
        access: &Access,
        user: UserId,
        id: UploadId,
        length: u64,
    ) -> Result<Upload, LibraryError> {
        let row = self.own_upload(access, user, id).await?;
        let missing = length.checked_sub(row.received).ok_or(LibraryError::LengthFixed)?;
        if row.length.is_some_and(|known| known != length) {
            return Err(LibraryError::LengthFixed);
        }
        if row.length.is_some() {
            return Ok(row.into());
        }
        self.require_room(missing).await?;
        let reservation = self.reserve(row.space, missing).await?;
        let access = *access;
        let set = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let mut row = owned(tx, &access, user, id)?;
            if row.received > length || row.length.is_some_and(|known| known != length) {
                return Err(LibraryError::LengthFixed);
            }
            row.length = Some(length);
            row.reserved = row.missing();
            tx.save_upload(&row)?;
            Ok(row)
        };
        let row = self.storing().await?.write_silent(UNFINISHED, set).await?;
        drop(reservation);
        Ok(row.into())
    }

    /// Reserves again what an upload has announced, if its reservation has lapsed.
    ///
    /// Errors: `OverQuota`; `NoSuchUpload`.
    pub(super) async fn reserve_again(&self, row: UploadRow) -> Result<UploadRow, LibraryError> {
        if row.reserved >= row.missing() {
            return Ok(row);
        }
        let reservation = self.reserve(row.space, row.missing() - row.reserved).await?;
        let (id, held) = (row.id, reservation.bytes());
        let keep = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let mut row = tx.upload(id)?.ok_or(LibraryError::NoSuchUpload)?;
            row.reserved = row.missing().min(row.reserved.saturating_add(held));
            tx.save_upload(&row)?;
            Ok::<_, LibraryError>(row)
        };
        let row = self.catalog().write_silent(UNFINISHED, keep).await?;
        drop(reservation);
        Ok(row)
    }

    /// Ends reservations of uploads that nothing has come of for a while, as far as nobody writes by them at this
    /// moment: the room is anybody's again.
    pub(in crate::library) async fn lapse_reservations(
        &self,
        now: Timestamp,
        step: usize,
    ) -> Result<(), LibraryError> {
        // Progress is what an upload's end is counted from.
        let until = now.before(self.upload_limits().reserved_for).after(UPLOAD_KEPT_FOR);
        let mut after = UploadId([0; 16]);
        loop {
            let idle = self.catalog().read(move |tx| tx.reserving_uploads(until, after, step)).await?;
            for id in &idle {
                let id = *id;
                let mut unused = self.shared.quota.held(Source::Announced(id));
                // Claimed first, so that no writer begins to count on it.
                let claim = move |tx: &ReadTx<'_>| unused.take_rest(tx).map(|()| unused);
                let unused = self.catalog().read(claim).await?;
                let bytes = unused.bytes();
                let end = move |tx: &WriteTx<'_>| {
                    tx.touches_only([]);
                    tx.lapse_reservation(id, bytes)
                };
                if bytes > 0 {
                    self.catalog().write_silent(UNFINISHED, end).await?;
                }
                drop(unused);
            }
            match idle.last() {
                Some(last) if idle.len() == step => after = *last,
                _ => return Ok(()),
            }
        }
    }

    /// The uploads into the spaces that these rights open, the oldest of each first. Ends nobody's writing.
    pub async fn uploads(&self, rights: &[Access], of: UploadsOf) -> Result<Vec<Upload>, LibraryError> {
        let spaces = rights.iter().map(|access| of.require(access)).collect::<Result<Vec<_>, _>>()?;
        self.catalog()
            .read(move |tx| {
                let mut uploads = Vec::new();
                for space in spaces {
                    uploads.extend(tx.uploads(space, of.user())?.into_iter().map(Upload::from));
                }
                Ok(uploads)
            })
            .await
    }

    /// The space of somebody's own upload, for a request that names nothing else. The rights to it are still
    /// to be asked for.
    pub async fn upload_space(&self, user: UserId, id: UploadId) -> Result<SpaceId, LibraryError> {
        self.catalog()
            .read(move |tx| {
                let own = tx.upload(id)?.filter(|row| row.user == Some(user));
                own.map(|row| row.space).ok_or(LibraryError::NoSuchUpload)
            })
            .await
    }

    /// The upload to which somebody's client has given this name, by one protocol, and its space. A name may be
    /// given again once its upload has ended: ask once, when a request begins, and go on with the id.
    ///
    /// Errors: `NoSuchUpload`.
    pub async fn named_upload(
        &self,
        user: UserId,
        protocol: &'static str,
        name: &str,
    ) -> Result<(UploadId, SpaceId), LibraryError> {
        let name = name.to_owned();
        self.catalog()
            .read(move |tx| tx.named_upload(user, protocol, &name)?.ok_or(LibraryError::NoSuchUpload))
            .await
    }

    /// Ends an upload; what arrived of it goes, and its quota is free.
    ///
    /// Errors: `NoSuchUpload`.
    pub async fn cancel_upload(
        &self,
        access: &Access,
        of: UploadsOf,
        id: UploadId,
        by: Stamp,
    ) -> Result<(), LibraryError> {
        let space = of.require(access)?;
        let is_meant =
            move |row: &UploadRow| row.space == space && of.user().is_none_or(|user| row.user == Some(user));
        let row = self.catalog().read(move |tx| Ok::<_, LibraryError>(tx.upload(id)?)).await?;
        row.filter(is_meant).ok_or(LibraryError::NoSuchUpload)?;
        let held = self.shared.uploads.take(id, by.at).await?;
        let end = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let row = tx.upload(id)?.filter(is_meant).ok_or(LibraryError::NoSuchUpload)?;
            if row.user == by.actor.account() {
                tx.silent(UNFINISHED);
            } else {
                tx.record(&by, &removed(space))?;
            }
            Ok::<_, LibraryError>(tx.delete_upload(id)?)
        };
        self.catalog().write(end).await?;
        drop(held);
        self.remove_garbage().await.map(drop)
    }

    /// Ends uploads whose time is over at `now` or whose user is gone; how many.
    pub(in crate::library) async fn expire_uploads(
        &self,
        now: Timestamp,
        step: usize,
    ) -> Result<usize, LibraryError> {
        let expired = self.catalog().read(move |tx| tx.expired_uploads(now, step)).await?;
        let mut ended = 0;
        for id in expired {
            let seats = self.shared.uploads.clone();
            let end = move |tx: &WriteTx<'_>| {
                tx.touches_only([]);
                // A single part may take longer than that to arrive: it counts as progress when it ends. Whoever
                // comes after this question finds no upload any more.
                if seats.is_taken(id) {
                    return Ok(0);
                }
                let over = |row: &UploadRow| row.expires <= now || row.user.is_none();
                let Some(row) = tx.upload(id)?.filter(over) else { return Ok(0) };
                tx.record(&Stamp::worker(Worker::Upkeep, now), &removed(row.space))?;
                tx.delete_upload(id).map(|()| 1)
            };
            ended += self.catalog().write(end).await?;
        }
        Ok(ended)
    }

    /// The bounds of uploads.
    pub fn upload_limits(&self) -> UploadLimits {
        *self.shared.upload_limits.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Sets other bounds, for parts that begin from now on.
    pub fn set_upload_limits(&self, limits: UploadLimits) {
        *self.shared.upload_limits.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = limits;
    }
}

/// The event that an unfinished upload is ended by somebody else than its client.
fn removed(space: SpaceId) -> Event {
    Event::Removed { space, what: RemovedKind::Uploads, count: 1 }
}

/// The row of an upload of which nothing has arrived yet, but for when it expires.
pub(super) fn fresh(change: &Change, new: NewUpload, number: EntryId, digest: DigestState) -> UploadRow {
    UploadRow {
        id: new.id,
        space: change.access.space(),
        user: change.actor.account(),
        protocol: new.protocol.to_owned(),
        name: new.name,
        shape: new.shape,
        path: new.path,
        length: new.length,
        received: 0,
        reserved: new.length.unwrap_or(0),
        pieces: 0,
        chunks: 0,
        changes: 0,
        modified: new.modified,
        checksum: new.checksum,
        metadata: new.metadata,
        number,
        digest,
        created: change.now,
        expires: change.now,
    }
}

/// Adds an upload, if its user may have one more.
pub(super) fn insert(
    tx: &WriteTx<'_>,
    limits: UploadLimits,
    row: &mut UploadRow,
) -> Result<(), LibraryError> {
    row.expires = expiry(tx, row.created)?;
    if tx.upload(row.id)?.is_some() {
        return Err(LibraryError::UploadExists);
    }
    if let Some((user, name)) = row.user.zip(row.name.as_deref())
        && tx.named_upload(user, &row.protocol, name)?.is_some()
    {
        return Err(LibraryError::UploadExists);
    }
    if let Some(user) = row.user
        && tx.count_uploads(user)? >= limits.open
    {
        return Err(LibraryError::TooManyUploads);
    }
    Ok(tx.insert_upload(row)?)
}
