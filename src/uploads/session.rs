//! Creates, lists and ends uploads.

use super::error::UploadError;
use super::{
    MAX_UPLOAD_METADATA, NewUpload, UNFINISHED, Upload, UploadLimits, Uploads, UploadsOf, expiry, owned,
    running_digest, user_of,
};
use crate::catalog::{DigestState, ReadTx, UploadRow, WriteTx};
use crate::library::Change;
use crate::library::admit::admit;
use crate::library::digest::Digests;
use crate::model::{
    Access, EntryId, Event, RemovedKind, Right, SpaceId, Stamp, UploadId, UploadOwner, UploadShape, UserId,
};

impl Uploads {
    /// Creates an upload and reserves its announced bytes. If the path of a linear one is known, conditions, locks
    /// and name are checked now and again at the end.
    ///
    /// Errors: `UploadExists`, `TooManyUploads`, `MetadataTooLong`, `OverQuota`, `DiskFull`, and those of a PUT.
    pub async fn create(&self, change: Change, new: NewUpload) -> Result<Upload, UploadError> {
        let scope = match new.guest {
            Some(_) => change.access.scope_to_add()?,
            None => change.access.whole_space(Right::Write)?,
        };
        if new.metadata.len() > MAX_UPLOAD_METADATA {
            return Err(UploadError::MetadataTooLong);
        }
        let announced = new.length.unwrap_or(0);
        let reservation = self.library.reserve(scope.space(), announced).await?;
        let (library, asked) = (self.library.clone(), change.clone());
        // For a chunked upload it is only the client's first announcement, shown to people; the end decides.
        if let Some(path) = new.path.clone().filter(|_| new.shape == UploadShape::Linear) {
            self.library
                .catalog()
                .read(move |tx| admit(&library, tx, &asked, scope, &path, asked.now).map(drop))
                .await?;
        }
        self.library.require_room(announced).await?;
        let digest = match new.shape {
            UploadShape::Linear => {
                let state = Digests::new(new.checksum.as_ref()).save();
                DigestState { state: Some(state), ..DigestState::default() }
            }
            UploadShape::Chunked => running_digest::no_digest(),
        };
        let mut row = fresh(&change, new, self.library.new_entry_id().await?, digest);
        let limits = self.limits();
        let insert = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            insert(tx, limits, &mut row)?;
            Ok::<_, UploadError>(row)
        };
        let row = self.library.storing().await?.write_silent(UNFINISHED, insert).await?;
        // From here on the catalogue holds the bytes.
        drop(reservation);
        Ok(row.into())
    }

    /// Sets the length of an upload that was created without one.
    ///
    /// Errors: `LengthFixed` if another one was announced or more bytes have arrived; `OverQuota`, `DiskFull`.
    pub async fn set_length(
        &self,
        access: &Access,
        user: UserId,
        id: UploadId,
        length: u64,
    ) -> Result<Upload, UploadError> {
        let row = self.own_upload(access, user, id).await?;
        let missing = length.checked_sub(row.received).ok_or(UploadError::LengthFixed)?;
        if row.length.is_some_and(|known| known != length) {
            return Err(UploadError::LengthFixed);
        }
        if row.length.is_some() {
            return Ok(row.into());
        }
        self.library.require_room(missing).await?;
        let reservation = self.library.reserve(row.space, missing).await?;
        let access = *access;
        let set = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let mut row = owned(tx, &access, user, id)?;
            if row.received > length || row.length.is_some_and(|known| known != length) {
                return Err(UploadError::LengthFixed);
            }
            row.length = Some(length);
            row.reserved = row.missing();
            tx.save_upload(&row)?;
            Ok(row)
        };
        let row = self.library.storing().await?.write_silent(UNFINISHED, set).await?;
        drop(reservation);
        Ok(row.into())
    }

    /// Renews the reservation of an upload's announced bytes, if it has lapsed.
    ///
    /// Errors: `OverQuota`; `NoSuchUpload`.
    pub(super) async fn reserve_again(&self, row: UploadRow) -> Result<UploadRow, UploadError> {
        if row.reserved >= row.missing() || user_of(row.owner).is_none() {
            return Ok(row);
        }
        let reservation = self.library.reserve(row.space, row.missing() - row.reserved).await?;
        let (id, held) = (row.id, reservation.bytes());
        let keep = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let mut row = tx.upload(id)?.ok_or(UploadError::NoSuchUpload)?;
            row.reserved = row.missing().min(row.reserved.saturating_add(held));
            tx.save_upload(&row)?;
            Ok::<_, UploadError>(row)
        };
        let row = self.library.catalog().write_silent(UNFINISHED, keep).await?;
        drop(reservation);
        Ok(row)
    }

    /// The uploads into the spaces of these rights, oldest first in each space. Does not end any writer.
    pub async fn list(&self, rights: &[Access], of: UploadsOf) -> Result<Vec<Upload>, UploadError> {
        let spaces = rights.iter().map(|access| of.require(access)).collect::<Result<Vec<_>, _>>()?;
        self.library
            .catalog()
            .read(move |tx| {
                let mut uploads = Vec::new();
                for space in spaces {
                    uploads.extend(tx.uploads(space, of.owner())?.into_iter().map(Upload::from));
                }
                Ok(uploads)
            })
            .await
    }

    /// Owner and space of an upload, for a request whose address alone allows it to continue. The right of the owner
    /// must still be checked.
    ///
    /// Errors: `NoSuchUpload`, also if the owner was removed.
    pub async fn owner_of(&self, id: UploadId) -> Result<(UploadOwner, SpaceId), UploadError> {
        let read = move |tx: &ReadTx<'_>| {
            let row = tx.upload(id)?.ok_or(UploadError::NoSuchUpload)?;
            Ok((row.owner.ok_or(UploadError::NoSuchUpload)?, row.space))
        };
        self.library.catalog().read(read).await
    }

    /// The space of the user's own upload, for a request that names nothing else. The right to it must still be
    /// checked.
    pub async fn space_of(&self, user: UserId, id: UploadId) -> Result<SpaceId, UploadError> {
        self.library
            .catalog()
            .read(move |tx| {
                let own = tx.upload(id)?.filter(|row| row.owner == Some(user.into()));
                own.map(|row| row.space).ok_or(UploadError::NoSuchUpload)
            })
            .await
    }

    /// The upload to which a user's client has given this name, in one protocol, and its space. A name may be
    /// reused once its upload has ended: look it up once, when a request begins, and then use the id.
    ///
    /// Errors: `NoSuchUpload`.
    pub async fn named(
        &self,
        user: UserId,
        protocol: &'static str,
        name: &str,
    ) -> Result<(UploadId, SpaceId), UploadError> {
        let name = name.to_owned();
        self.library
            .catalog()
            .read(move |tx| tx.named_upload(user, protocol, &name)?.ok_or(UploadError::NoSuchUpload))
            .await
    }

    /// Ends an upload; its bytes are removed, and their quota is free.
    ///
    /// Errors: `NoSuchUpload`.
    pub async fn cancel(
        &self,
        access: &Access,
        of: UploadsOf,
        id: UploadId,
        by: Stamp,
    ) -> Result<(), UploadError> {
        let space = of.require(access)?;
        let is_meant = move |row: &UploadRow| {
            row.space == space && of.owner().is_none_or(|owner| row.owner == Some(owner))
        };
        let row = self.library.catalog().read(move |tx| Ok::<_, UploadError>(tx.upload(id)?)).await?;
        row.filter(is_meant).ok_or(UploadError::NoSuchUpload)?;
        let held = self.leases.take(id, by.at).await?;
        let end = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let row = tx.upload(id)?.filter(is_meant).ok_or(UploadError::NoSuchUpload)?;
            if of != UploadsOf::Everybody || user_of(row.owner) == by.actor.account() {
                tx.silent(UNFINISHED);
            } else {
                tx.record(&by, &removed(space))?;
            }
            Ok::<_, UploadError>(tx.delete_upload(id)?)
        };
        self.library.catalog().write(end).await?;
        drop(held);
        Ok(self.library.remove_garbage().await.map(drop)?)
    }

    /// The limits of uploads.
    pub fn limits(&self) -> UploadLimits {
        *self.limits.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Sets other limits, for parts that begin from now on.
    pub fn set_limits(&self, limits: UploadLimits) {
        *self.limits.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = limits;
    }
}

/// The event that an unfinished upload was ended by another user than its own.
pub(super) fn removed(space: SpaceId) -> Event {
    Event::Removed { space, what: RemovedKind::Uploads, count: 1 }
}

/// The row of a new upload without any bytes, except for its expiry.
pub(super) fn fresh(change: &Change, new: NewUpload, number: EntryId, digest: DigestState) -> UploadRow {
    UploadRow {
        id: new.id,
        space: change.access.space(),
        owner: new.guest.or_else(|| change.actor.account().map(UploadOwner::User)),
        protocol: new.protocol.to_owned(),
        name: new.name,
        shape: new.shape,
        path: new.path,
        length: new.length,
        received: 0,
        // What a guest announces keeps no quota from others: only bytes that arrive do.
        reserved: if new.guest.is_some() { 0 } else { new.length.unwrap_or(0) },
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

/// Adds an upload, if its user may have another one.
pub(super) fn insert(tx: &WriteTx<'_>, limits: UploadLimits, row: &mut UploadRow) -> Result<(), UploadError> {
    row.expires = expiry(tx, row.created)?;
    if tx.upload(row.id)?.is_some() {
        return Err(UploadError::Exists);
    }
    if let Some((user, name)) = user_of(row.owner).zip(row.name.as_deref())
        && tx.named_upload(user, &row.protocol, name)?.is_some()
    {
        return Err(UploadError::Exists);
    }
    let most = match row.owner {
        Some(UploadOwner::User(_)) => limits.open,
        Some(UploadOwner::HandIn(_) | UploadOwner::Guest { .. }) => limits.open_in_hand_in,
        None => u64::MAX,
    };
    if let Some(owner) = row.owner
        && tx.count_uploads(owner)? >= most
    {
        return Err(UploadError::TooManyUploads);
    }
    Ok(tx.insert_upload(row)?)
}
