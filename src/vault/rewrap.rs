//! Copies a container into another space: new header, same payload bytes.

use super::container::{ContainerMeta, HeaderHash};
use super::disk::{Containers, PartFile};
use super::error::VaultError;
use super::keys::SpaceKey;
use super::reader::ContainerReader;
use super::writer::SealedContainer;
use crate::model::{ContainerId, Place, SpaceId};

/// Chunks per read and write of a copy into another space: 1 MiB.
const COPY_CHUNKS: u64 = 16;

/// A copy that is being written. Dropped before [`Self::finish`], it leaves nothing behind.
///
/// The file key stays, so nothing is sealed again and no chunk's nonce is used twice. Every chunk is authenticated
/// on the way; otherwise a copy of a damaged file would get an id that no backup has.
pub struct Rewrap {
    part: Box<dyn PartFile>,
    space: SpaceId,
    id: ContainerId,
    header_hash: HeaderHash,
    header_len: u64,
    next_chunk: u64,
}

impl Rewrap {
    /// Begins a copy of `source` for `space` under `key`.
    ///
    /// Errors: `Io`, `MetaTooLong`.
    pub fn begin(
        disk: &dyn Containers,
        source: &ContainerReader,
        key: &SpaceKey,
        space: SpaceId,
        meta: &ContainerMeta,
    ) -> Result<Self, VaultError> {
        let header = source.header().reseal(key.recipient(), meta).map_err(|_| VaultError::MetaTooLong)?;
        let id = ContainerId::random();
        let mut part = disk.create(id).map_err(VaultError::io("create a container"))?;
        part.append(&header.bytes).map_err(VaultError::io("write a container"))?;
        let header_len = header.bytes.len() as u64;
        Ok(Self { part, space, id, header_hash: header.hash, header_len, next_chunk: 0 })
    }

    /// Copies the next bytes of `source`, at most about 1 MiB, and returns their number; 0 at its end. After an
    /// error the copy cannot be used any more.
    ///
    /// Errors: `Io`, `Damaged` if a chunk is not as sealed.
    pub fn copy_some(&mut self, source: &ContainerReader) -> Result<u64, VaultError> {
        let end = source.shape().last_chunk();
        if self.next_chunk > end {
            return Ok(0);
        }
        let last = end.min(self.next_chunk + COPY_CHUNKS - 1);
        let sealed = source.read_sealed(self.next_chunk, last)?;
        self.part.append(&sealed).map_err(VaultError::io("write a container"))?;
        self.next_chunk = last + 1;
        Ok(sealed.len() as u64)
    }

    /// Makes the copy durable, like a new container. Call it after all of `source` was copied.
    ///
    /// Errors: `Io`; nothing refers to the container then.
    pub fn finish(self, source: &ContainerReader) -> Result<SealedContainer, VaultError> {
        if self.next_chunk <= source.shape().last_chunk() {
            return Err(VaultError::WriterFailed);
        }
        self.part.publish(self.space).map_err(VaultError::io("make a container durable"))?;
        Ok(SealedContainer {
            id: self.id,
            header_hash: self.header_hash,
            length: self.header_len + source.shape().sealed_len(),
            plain_len: source.plain_len(),
            place: Place::OwnFile,
        })
    }
}

/// Copies `source` into `space` under `key` in one call, as durably as a new container.
///
/// Errors: `Io`, `MetaTooLong`, `Damaged` if a chunk is not as sealed. On an error nothing is left behind.
pub fn rewrap(
    disk: &dyn Containers,
    source: &ContainerReader,
    key: &SpaceKey,
    space: SpaceId,
    meta: &ContainerMeta,
) -> Result<SealedContainer, VaultError> {
    let mut copy = Rewrap::begin(disk, source, key, space, meta)?;
    while copy.copy_some(source)? > 0 {}
    copy.finish(source)
}
