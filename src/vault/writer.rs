//! Writes plaintext into one container.

use super::container::{self, ContainerMeta, HeaderHash};
use super::disk::{Containers, PartFile};
use super::error::VaultError;
use super::keys::SpaceKey;
use super::reader::ContainerRef;
use super::stream::{CHUNK_LEN, ChunkSealer, MAX_PLAIN_LEN, SEALED_CHUNK_LEN, TAG_LEN};
use crate::model::{ContainerId, Place, SpaceId};

/// Sealed bytes gathered before one write: 16 chunks, about 1 MiB.
const BATCH_LEN: usize = 16 * SEALED_CHUNK_LEN;

/// A durable container, for its catalogue row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedContainer {
    /// Id and name on disk.
    pub id: ContainerId,
    /// SHA-256 of header and nonce.
    pub header_hash: HeaderHash,
    /// Length of the container in bytes.
    pub length: u64,
    /// Length of the plaintext in bytes.
    pub plain_len: u64,
    /// A file of its own, or a position in a pack.
    pub place: Place,
}

impl SealedContainer {
    /// The reference with which [`super::reader::ContainerReader::open`] compares the file.
    pub fn to_ref(&self) -> ContainerRef {
        let Self { id, header_hash, length, place, .. } = *self;
        ContainerRef { id, header_hash, length, place }
    }
}

/// Writes one container front to back. Dropped before [`Self::finish`], it leaves nothing behind.
///
/// Header and chunks are gathered in one buffer, sealed in place and written to the disk about 1 MiB at a time. For
/// content of one chunk see [`super::small`].
pub struct ContainerWriter {
    /// `None` once a write failed: further data would leave a gap before it.
    part: Option<Box<dyn PartFile>>,
    sealer: ChunkSealer,
    /// Header and sealed chunks, then the plaintext of the chunk that is being filled.
    buffer: Vec<u8>,
    /// Offset of that chunk in `buffer`.
    chunk_start: usize,
    space: SpaceId,
    id: ContainerId,
    header_hash: HeaderHash,
    length: u64,
    plain_len: u64,
}

impl ContainerWriter {
    /// Starts a container of `space` under a fresh file key and random id.
    ///
    /// Errors: `Io` (see [`VaultError::is_out_of_space`]), `MetaTooLong`, `Cipher`.
    pub fn create(
        disk: &dyn Containers,
        key: &SpaceKey,
        space: SpaceId,
        meta: &ContainerMeta,
    ) -> Result<Self, VaultError> {
        let id = ContainerId::random();
        let header = container::seal(key.recipient(), meta).map_err(|_| VaultError::MetaTooLong)?;
        let sealer = ChunkSealer::new(&header.payload_key).map_err(VaultError::Cipher)?;
        let part = disk.create(id).map_err(VaultError::io("create a container"))?;
        let mut buffer = header.bytes;
        buffer.reserve_exact(BATCH_LEN + SEALED_CHUNK_LEN);
        Ok(Self {
            part: Some(part),
            sealer,
            chunk_start: buffer.len(),
            buffer,
            space,
            id,
            header_hash: header.hash,
            length: 0,
            plain_len: 0,
        })
    }

    /// Appends plaintext. After an error every further call fails with `WriterFailed`.
    ///
    /// Errors: `Io`, `Cipher`, `TooLong`.
    pub fn write(&mut self, mut plain: &[u8]) -> Result<(), VaultError> {
        if self.part.is_none() {
            return Err(VaultError::WriterFailed);
        }
        self.plain_len = self
            .plain_len
            .checked_add(plain.len() as u64)
            .filter(|len| *len <= MAX_PLAIN_LEN)
            .ok_or(VaultError::TooLong)
            .inspect_err(|_| self.part = None)?;
        while !plain.is_empty() {
            // A full chunk is sealed when the next byte arrives, not before: only then is it certain that it is not
            // the last.
            if self.buffer.len() - self.chunk_start == CHUNK_LEN {
                self.seal_full_chunk()?;
            }
            let room = CHUNK_LEN - (self.buffer.len() - self.chunk_start);
            let (now, later) = plain.split_at(room.min(plain.len()));
            self.buffer.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }

    /// Seals the last chunk and makes the container durable under its final name.
    ///
    /// Errors: as [`Self::write`]; nothing refers to the container then, and it is removed now or by a later sweep.
    pub fn finish(mut self) -> Result<SealedContainer, VaultError> {
        let mut part = self.part.take().ok_or(VaultError::WriterFailed)?;
        self.buffer.resize(self.buffer.len() + TAG_LEN, 0);
        let chunk = self.buffer.get_mut(self.chunk_start..).unwrap_or_default();
        self.sealer.seal_last(chunk).map_err(VaultError::Cipher)?;
        self.length += self.buffer.len() as u64;
        part.append(&self.buffer).map_err(VaultError::io("write a container"))?;
        part.publish(self.space).map_err(VaultError::io("make a container durable"))?;
        Ok(SealedContainer {
            id: self.id,
            header_hash: self.header_hash,
            length: self.length,
            plain_len: self.plain_len,
            place: Place::OwnFile,
        })
    }

    fn seal_full_chunk(&mut self) -> Result<(), VaultError> {
        let mut part = self.part.take().ok_or(VaultError::WriterFailed)?;
        self.buffer.resize(self.buffer.len() + TAG_LEN, 0);
        let chunk = self.buffer.get_mut(self.chunk_start..).unwrap_or_default();
        self.sealer.seal(chunk).map_err(VaultError::Cipher)?;
        if self.buffer.len() >= BATCH_LEN {
            part.append(&self.buffer).map_err(VaultError::io("write a container"))?;
            self.length += self.buffer.len() as u64;
            self.buffer.clear();
        }
        self.chunk_start = self.buffer.len();
        self.part = Some(part);
        Ok(())
    }
}

impl std::fmt::Debug for ContainerWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContainerWriter")
            .field("id", &self.id)
            .field("plain_len", &self.plain_len)
            .finish_non_exhaustive()
    }
}
