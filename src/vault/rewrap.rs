//! A copy of a container for another space: new header, same payload bytes.

use super::container::ContainerMeta;
use super::disk::Disk;
use super::error::VaultError;
use super::keys::SpaceKey;
use super::reader::ContainerReader;
use super::writer::SealedContainer;
use crate::model::{ContainerId, Place, SpaceId};

/// Bytes per read and write of the copy.
const COPY_LEN: u64 = 1 << 20;

/// Copies `source` into `space` under `key`, as durably as a new container.
///
/// The file key stays, so nothing is sealed again and no chunk's nonce is used twice; the chunks
/// are not authenticated on the way (but the last), so damage is copied and found on reading.
///
/// Errors: `Io`, `MetaTooLong`, `Damaged` if the source shrinks meanwhile. On an error nothing is
/// left behind.
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

    let payload_len = source.shape().sealed_len();
    let mut buffer = Vec::new();
    let mut copied = 0;
    while copied < payload_len {
        let len = COPY_LEN.min(payload_len - copied);
        buffer.resize(usize::try_from(len).map_err(|_| VaultError::Range)?, 0);
        source.read_sealed(copied, &mut buffer)?;
        part.append(&buffer).map_err(append_failed())?;
        copied += len;
    }
    part.publish(space).map_err(VaultError::io("make a container durable"))?;
    Ok(SealedContainer {
        id,
        header_hash: header.hash,
        length: header.bytes.len() as u64 + payload_len,
        plain_len: source.plain_len(),
        place: Place::OwnFile,
    })
}
