//! Reads the plaintext of one container from any offset.

use bytes::Bytes;

use super::buffer::Buffer;
pub use super::buffer::Buffers;
use super::container::{self, ContainerMeta, HeaderError, HeaderHash, MAX_HEADER_LEN, OpenHeader};
use super::disk::{ContainerFile, Containers};
use super::error::VaultError;
use super::keys::SpaceKey;
use super::stream::{CHUNK_LEN, ChunkError, ChunkOpener, PayloadKey, PayloadShape, SEALED_CHUNK_LEN};
use crate::model::{ByteRange, ContainerId, Place, SpaceId};

/// Most bytes that one [`ContainerReader::read`] returns.
pub const MAX_READ_LEN: u64 = 16 * CHUNK_LEN as u64;

/// Bytes of the first read of a container; enough for the header of all but the longest paths and all of a letter.
const HEAD_LEN: usize = 8 * 1024;

/// The catalogue's reference to a container, which binds an entry to exactly these bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRef {
    /// Id and name on disk.
    pub id: ContainerId,
    /// SHA-256 of header and nonce.
    pub header_hash: HeaderHash,
    /// Length of the container in bytes.
    pub length: u64,
    /// A file of its own, or a position in a pack.
    pub place: Place,
}

/// An open container whose header and last chunk are authentic. Many threads may read at once.
pub struct ContainerReader {
    file: Box<dyn ContainerFile>,
    found: ContainerRef,
    header: OpenHeader,
    payload_key: PayloadKey,
    shape: PayloadShape,
    meta: ContainerMeta,
    buffers: Buffers,
}

impl ContainerReader {
    /// Opens the container that the catalogue names.
    ///
    /// Length and header hash are compared before anything is unwrapped, and the last chunk is
    /// authenticated before this returns: a truncated file never yields a first byte.
    ///
    /// Errors: `Missing`; `WrongLength`; `Foreign` if the hash differs; `WrongSpaceKey`; `Damaged`; `Io`.
    pub fn open(
        disk: &dyn Containers,
        key: &SpaceKey,
        space: SpaceId,
        container: &ContainerRef,
    ) -> Result<Self, VaultError> {
        Ok(Self::open_and_read(disk, key, space, container, &Buffers::default())?.0)
    }

    /// Like [`Self::open`], with buffers that many readers share. It has to open the last chunk anyway; if that is
    /// the only one, it returns the whole content, too.
    pub fn open_and_read(
        disk: &dyn Containers,
        key: &SpaceKey,
        space: SpaceId,
        container: &ContainerRef,
        buffers: &Buffers,
    ) -> Result<(Self, Option<Bytes>), VaultError> {
        let candidate =
            Candidate::look_at(disk, space, container.id, container.place, Some(container.length))?;
        if candidate.found != *container {
            return Err(VaultError::Foreign(container.id));
        }
        candidate.open(key, buffers)
    }

    /// Opens a container without a catalogue row, for rebuilding a lost catalogue. Does not show whether it is the
    /// newest of its entry.
    ///
    /// Errors: as [`Self::open`]; `Foreign` for a file that is not a container.
    pub fn open_untracked(
        disk: &dyn Containers,
        key: &SpaceKey,
        space: SpaceId,
        id: ContainerId,
        place: Place,
    ) -> Result<Self, VaultError> {
        Ok(Candidate::look_at(disk, space, id, place, None)?.open(key, &Buffers::default())?.0)
    }

    /// Bytes of plaintext.
    pub fn plain_len(&self) -> u64 {
        self.shape.plain_len()
    }

    /// The container's metadata about its entry, as of when it was written.
    pub fn meta(&self) -> &ContainerMeta {
        &self.meta
    }

    /// Whether this is the file that the row refers to.
    pub fn is_bound_to(&self, container: &ContainerRef) -> bool {
        self.found == *container
    }

    /// The reference to this file.
    pub fn to_ref(&self) -> ContainerRef {
        self.found.clone()
    }

    /// Exactly the plaintext of `range`, in order, one piece per chunk; at most [`MAX_READ_LEN`] bytes per call.
    /// Costs one disk read.
    ///
    /// Errors: `Range` for a range that is too long or ends after the content; `Damaged` if any chunk fails, and
    /// then nothing of this call is returned; `Io`.
    pub fn read(&self, range: ByteRange) -> Result<Vec<Bytes>, VaultError> {
        match self.chunks_of(range)? {
            None => Ok(Vec::new()),
            Some((first, last)) => cut(&self.open_chunks(first, last)?, range, first..=last),
        }
    }

    /// Like [`Self::read`], if no disk access is needed; otherwise `None`, and nothing was opened.
    pub fn read_at_hand(&self, range: ByteRange) -> Result<Option<Vec<Bytes>>, VaultError> {
        let Some((first, last)) = self.chunks_of(range)? else { return Ok(Some(Vec::new())) };
        let (mut buffer, at) = self.room_for(first, last)?;
        match self.file.read_at_hand(buffer.as_mut(), at).map_err(read_error(self.found.id))? {
            true => cut(&self.open_in(buffer, first)?, range, first..=last).map(Some),
            false => Ok(None),
        }
    }

    /// The first and the last chunk that hold bytes of `range`; `None` if it is empty.
    fn chunks_of(&self, range: ByteRange) -> Result<Option<(u64, u64)>, VaultError> {
        if range.end() > self.plain_len() || range.len() > MAX_READ_LEN {
            return Err(VaultError::Range);
        }
        let chunks =
            (PayloadShape::chunk_at(range.start()), PayloadShape::chunk_at(range.end().saturating_sub(1)));
        Ok(Some(chunks).filter(|_| !range.is_empty()))
    }

    /// Reads the sealed chunks `first ..= last` and opens them in place; the tags stay between the plaintexts.
    fn open_chunks(&self, first: u64, last: u64) -> Result<Bytes, VaultError> {
        let (mut buffer, at) = self.room_for(first, last)?;
        read_at(self.file.as_ref(), buffer.as_mut(), at, self.found.id)?;
        self.open_in(buffer, first)
    }

    /// A buffer for the sealed chunks `first ..= last`, and where they begin in the file.
    fn room_for(&self, first: u64, last: u64) -> Result<(Buffer, u64), VaultError> {
        let sealed = self.shape.sealed_range(first, last);
        let buffer = self.buffers.take(buffer_len(sealed.end - sealed.start)?);
        Ok((buffer, self.header.len() as u64 + sealed.start))
    }

    /// Opens the sealed chunks in `buffer`, the first of which is chunk `first`.
    fn open_in(&self, mut buffer: Buffer, first: u64) -> Result<Bytes, VaultError> {
        let mut opener = ChunkOpener::new(&self.payload_key).map_err(VaultError::Cipher)?;
        for (index, chunk) in (first..).zip(buffer.as_mut().chunks_mut(SEALED_CHUNK_LEN)) {
            let is_last = index == self.shape.last_chunk();
            opener.open(index, is_last, chunk).map_err(|error| match error {
                ChunkError::Cipher(_) => VaultError::Cipher(error),
                _ => VaultError::Damaged(self.found.id),
            })?;
        }
        Ok(Bytes::from_owner(buffer))
    }

    pub(super) fn header(&self) -> &OpenHeader {
        &self.header
    }

    /// The chunks `first ..= last` as sealed, for copying, after each was authenticated.
    pub(super) fn read_sealed(&self, first: u64, last: u64) -> Result<Vec<u8>, VaultError> {
        let (mut buffer, at) = self.room_for(first, last)?;
        read_at(self.file.as_ref(), buffer.as_mut(), at, self.found.id)?;
        let sealed = buffer.as_mut().to_vec();
        self.open_in(buffer, first)?;
        Ok(sealed)
    }

    pub(super) fn shape(&self) -> PayloadShape {
        self.shape
    }
}

impl std::fmt::Debug for ContainerReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContainerReader").field("id", &self.found.id).finish_non_exhaustive()
    }
}

/// The plaintext of `range` from opened `chunks`, which still have the tags in between.
fn cut(
    opened: &Bytes,
    range: ByteRange,
    chunks: std::ops::RangeInclusive<u64>,
) -> Result<Vec<Bytes>, VaultError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for index in chunks {
        let chunk_start = PayloadShape::plain_start(index);
        let from = buffer_len(range.start().saturating_sub(chunk_start))?;
        let to = buffer_len((range.end() - chunk_start).min(CHUNK_LEN as u64))?;
        pieces.push(opened.slice(at + from..at + to));
        at += SEALED_CHUNK_LEN;
    }
    Ok(pieces)
}

/// A file whose header was read and hashed but not opened.
struct Candidate {
    file: Box<dyn ContainerFile>,
    found: ContainerRef,
    /// The file's first bytes, header and more.
    head: Vec<u8>,
}

impl Candidate {
    /// Fails with `WrongLength` before it reads anything, if the length is known and differs.
    fn look_at(
        disk: &dyn Containers,
        space: SpaceId,
        id: ContainerId,
        place: Place,
        expected: Option<u64>,
    ) -> Result<Self, VaultError> {
        let file = disk.open(space, id, place).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => VaultError::Missing(id),
            _ => VaultError::io("open a container")(source),
        })?;
        let length = file.length().map_err(VaultError::io("look at a container"))?;
        if expected.is_some_and(|expected| expected != length) {
            return Err(VaultError::WrongLength(id));
        }
        let (head, header_len) = read_head(file.as_ref(), length, id)?;
        let header_hash = container::hash(head.get(..header_len).unwrap_or_default());
        Ok(Self { file, found: ContainerRef { id, header_hash, length, place }, head })
    }

    fn open(self, key: &SpaceKey, buffers: &Buffers) -> Result<(ContainerReader, Option<Bytes>), VaultError> {
        let Self { file, found, head } = self;
        let id = found.id;
        let header = OpenHeader::open_in_space(&head, key).map_err(|error| match error {
            HeaderError::NoMatch => VaultError::WrongSpaceKey(id),
            HeaderError::Malformed | HeaderError::BadMac => VaultError::Damaged(id),
        })?;
        let damaged = || VaultError::Damaged(id);
        // The age parser and our search for the header's end must agree on the hashed bytes.
        if header.hash() != found.header_hash {
            return Err(damaged());
        }
        let meta = header.meta().ok().flatten().ok_or_else(damaged)?;
        let shape = found
            .length
            .checked_sub(header.len() as u64)
            .and_then(PayloadShape::from_sealed_len)
            .ok_or_else(damaged)?;
        let (payload_key, buffers) = (header.payload_key(), buffers.clone());
        let reader = ContainerReader { file, found, header, payload_key, shape, meta, buffers };
        let last = shape.last_chunk();
        if last > 0 {
            reader.open_chunks(last, last)?;
            return Ok((reader, None));
        }
        let whole = match head.get(reader.header.len()..) {
            // Already read together with the header.
            Some(sealed) if sealed.len() as u64 == shape.sealed_len() => {
                let mut buffer = reader.buffers.take(sealed.len());
                buffer.as_mut().copy_from_slice(sealed);
                reader.open_in(buffer, 0)?
            }
            _ => reader.open_chunks(0, 0)?,
        };
        let whole = whole.slice(..buffer_len(shape.plain_len())?);
        Ok((reader, Some(whole)))
    }
}

/// The first bytes, and the length of header and nonce, found by the MAC line alone.
fn read_head(file: &dyn ContainerFile, length: u64, id: ContainerId) -> Result<(Vec<u8>, usize), VaultError> {
    for limit in [HEAD_LEN, MAX_HEADER_LEN] {
        let mut head = vec![0; buffer_len(length.min(limit as u64))?];
        read_at(file, &mut head, 0, id)?;
        if let Some(len) = container::header_extent(&head) {
            return Ok((head, len));
        }
    }
    Err(VaultError::Foreign(id))
}

fn read_at(
    file: &dyn ContainerFile,
    buffer: &mut [u8],
    offset: u64,
    id: ContainerId,
) -> Result<(), VaultError> {
    file.read_at(buffer, offset).map_err(read_error(id))
}

fn read_error(id: ContainerId) -> impl Fn(std::io::Error) -> VaultError {
    move |source| match source.kind() {
        // Shorter than a moment ago: the file was truncated while it was open.
        std::io::ErrorKind::UnexpectedEof => VaultError::Damaged(id),
        _ => VaultError::io("read a container")(source),
    }
}

fn buffer_len(len: u64) -> Result<usize, VaultError> {
    usize::try_from(len).map_err(|_| VaultError::Range)
}
