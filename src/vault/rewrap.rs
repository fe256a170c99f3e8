//! A copy of a container for another space: new header, same payload bytes.

use super::container::ContainerMeta;
use super::disk::Disk;
use super::error::VaultError;
use super::keys::SpaceKey;
use super::reader::ContainerReader;
use super::writer::SealedContainer;
use crate::model::{ContainerId, Place, SpaceId};

/// Chunks per read and write of the copy: 1 MiB.
const COPY_CHUNKS: u64 = 16;

/// Copies `source` into `space` under `key`, as durably as a new container.
///
/// The file key stays, so nothing is sealed again and no chunk's nonce is used twice. Every chunk is
/// authenticated on the way: a copy of damage would lie under an id that no backup knows.
///
/// Errors: `Io`, `MetaTooLong`, `Damaged` if a chunk is not what was sealed. On an error nothing is left
/// behind.
pub fn rewrap(
    disk: &dyn Disk,
    source: &ContainerReader,
    key: &SpaceKey,
    space: SpaceId,
    meta: &ContainerMeta,
) -> Result<SealedContainer, VaultError> {
    let header = source.header().reseal(key.recipient(), meta).map_err(|_| VaultError::MetaTooLong)?;
    let id = ContainerId::random();
    let mut part = disk.create(id).map_err(VaultError::io("create a container"))?;
    let append_failed = || VaultError::io("write a container");
    part.append(&header.bytes).map_err(append_failed())?;

    let shape = source.shape();
    let mut first = 0;
    while first <= shape.last_chunk() {
        let last = shape.last_chunk().min(first + COPY_CHUNKS - 1);
        part.append(&source.read_sealed(first, last)?).map_err(append_failed())?;
        first = last + 1;
    }
    part.publish(space).map_err(VaultError::io("make a container durable"))?;
    Ok(SealedContainer {
        id,
        header_hash: header.hash,
        length: header.bytes.len() as u64 + shape.sealed_len(),
        plain_len: source.plain_len(),
        place: Place::OwnFile,
    })
}
