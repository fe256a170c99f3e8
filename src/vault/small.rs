//! Turns a small content into a container in memory, to be stored with others by one flush.

use super::container::{self, ContainerMeta, HeaderHash};
use super::disk::Packable;
use super::error::VaultError;
use super::keys::SpaceKey;
use super::stream::{CHUNK_LEN, ChunkSealer, TAG_LEN};
use super::writer::SealedContainer;
use crate::model::{ContainerId, Place};

/// Longest small content in bytes: one chunk.
pub const MAX_SMALL_LEN: usize = CHUNK_LEN;

/// A complete container that is not yet on disk.
#[derive(Debug)]
pub struct SmallContainer {
    /// Input of [`Containers::store_small`](super::disk::Containers::store_small).
    pub packable: Packable,
    header_hash: HeaderHash,
    plain_len: u64,
}

impl SmallContainer {
    /// Seals `plain`, at most [`MAX_SMALL_LEN`] bytes, under a fresh file key as the container `id`, which must be
    /// unused.
    ///
    /// Errors: `MetaTooLong`, `TooLong`, `Cipher`.
    pub fn seal(
        id: ContainerId,
        key: &SpaceKey,
        meta: &ContainerMeta,
        plain: &[u8],
    ) -> Result<Self, VaultError> {
        if plain.len() > MAX_SMALL_LEN {
            return Err(VaultError::TooLong);
        }
        let header = container::seal(key.recipient(), meta).map_err(|_| VaultError::MetaTooLong)?;
        let mut bytes = header.bytes;
        bytes.reserve_exact(plain.len() + TAG_LEN);
        let chunk_start = bytes.len();
        bytes.extend_from_slice(plain);
        bytes.resize(bytes.len() + TAG_LEN, 0);
        let sealer = ChunkSealer::new(&header.payload_key).map_err(VaultError::Cipher)?;
        sealer.seal_last(bytes.get_mut(chunk_start..).unwrap_or_default()).map_err(VaultError::Cipher)?;
        Ok(Self { packable: Packable { id, bytes }, header_hash: header.hash, plain_len: plain.len() as u64 })
    }

    /// Its reference, for when it is durably stored at a place. The disk takes [`Self::packable`] from it.
    pub fn binding(&self) -> UnplacedContainer {
        UnplacedContainer {
            id: self.packable.id,
            header_hash: self.header_hash,
            length: self.packable.bytes.len() as u64,
            plain_len: self.plain_len,
        }
    }
}

/// The reference to a container whose place is not known yet.
#[derive(Clone, Debug)]
pub struct UnplacedContainer {
    id: ContainerId,
    header_hash: HeaderHash,
    length: u64,
    plain_len: u64,
}

impl UnplacedContainer {
    /// The container, now durable at `place`.
    pub fn at(self, place: Place) -> SealedContainer {
        let Self { id, header_hash, length, plain_len } = self;
        SealedContainer { id, header_hash, length, plain_len, place }
    }
}
