//! Verifies one content: blocking, one piece at a time.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::catalog::StoredContainer;
use crate::library::binding::bound;
use crate::model::{ByteRange, ContainerId, DamageKind, VersionId};
use crate::vault::VaultError;
use crate::vault::disk::Storage;
use crate::vault::keys::KeyRing;
use crate::vault::reader::{Buffers, ContainerReader, MAX_READ_LEN};
use crate::vault::stream::{CHUNK_LEN, PayloadShape, SEALED_CHUNK_LEN};

/// Bytes read to open a container: its header and its last chunk.
const FRAME_LEN: u64 = 4 * 1024 + SEALED_CHUNK_LEN as u64;

/// How thoroughly a container is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Length, header and last chunk.
    Frame,
    /// Every chunk.
    Content,
}

/// Everything needed to open containers.
#[derive(Clone)]
pub(super) struct Eyes {
    pub(super) storage: Storage,
    pub(super) keys: Arc<KeyRing>,
    /// Bytes of one piece.
    pub(super) piece: u64,
}

/// A version and the SHA-256 of its plaintext.
pub(super) type Expected = (VersionId, [u8; 32]);

/// Containers to verify one after the other: those of a version in order, or a single one.
pub(super) struct Task {
    containers: Vec<StoredContainer>,
    depth: Depth,
    /// Versions with these containers, and their expected SHA-256.
    expected: Vec<Expected>,
    /// The container up to which the walk is done after this task.
    pub(super) closes: Option<ContainerId>,
    at: usize,
    bytes_read: u64,
    open: Option<OpenContainer>,
    /// `None` once a part of the content could not be read.
    digest: Option<Sha256>,
    pub(super) outcome: Outcome,
}

struct OpenContainer {
    reader: ContainerReader,
    /// All of its content, if opening it returned that.
    whole: Option<Bytes>,
    offset: u64,
}

/// Result of a task.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) faults: Vec<Fault>,
    pub(super) sound: Vec<ContainerId>,
}

/// A possible fault, before its row was read again.
pub(super) struct Fault {
    /// The row on which the check was based.
    pub(super) stored: StoredContainer,
    pub(super) kind: DamageKind,
    pub(super) chunk: Option<u64>,
    /// The version whose hash differs, and that hash.
    pub(super) expected: Option<Expected>,
}

/// Progress of a task after one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    /// More remains; this many bytes were read from the disk.
    Read(u64),
    /// The task is complete.
    Done,
}

impl Task {
    pub(super) fn new(containers: Vec<StoredContainer>, depth: Depth, expected: Vec<Expected>) -> Self {
        let digest = (depth == Depth::Content).then(Sha256::new);
        Self {
            containers,
            depth,
            expected,
            closes: None,
            at: 0,
            bytes_read: 0,
            open: None,
            digest,
            outcome: Outcome::default(),
        }
    }

    /// Adds another version with the same containers.
    pub(super) fn expect(&mut self, expected: Option<Expected>) {
        self.expected.extend(expected);
    }

    /// Bytes of content read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Whether a container that passed was verified completely or only its frame.
    pub(super) fn depth(&self) -> Depth {
        self.depth
    }

    /// Opens the next container or reads the next piece of the open one.
    ///
    /// Errors: those that say nothing about a container, such as too many open files.
    pub(super) fn advance(&mut self, eyes: &Eyes) -> Result<Advance, VaultError> {
        let Some(stored) = self.containers.get(self.at) else {
            self.compare_hash();
            return Ok(Advance::Done);
        };
        let looked = match &mut self.open {
            None => open(eyes, stored).map(|opened| {
                self.open = Some(opened);
                stored.container.length.min(FRAME_LEN)
            }),
            Some(open) => {
                let end =
                    open.reader.plain_len().min(open.offset.saturating_add(eyes.piece.min(MAX_READ_LEN)));
                read(open, ByteRange::new(open.offset, end), self.digest.as_mut()).inspect(|read| {
                    open.offset = end;
                    self.bytes_read += read;
                })
            }
        };
        let read = match looked {
            Ok(read) => read,
            Err(Seen::Nothing(error)) => return Err(error),
            Err(Seen::Fault(kind, chunk)) => {
                self.digest = None;
                let stored = stored.clone();
                self.outcome.faults.push(Fault { stored, kind, chunk, expected: None });
                self.next();
                return Ok(Advance::Read(0));
            }
        };
        let is_whole = |open: &OpenContainer| open.offset == open.reader.plain_len();
        if self.depth == Depth::Frame || self.open.as_ref().is_some_and(is_whole) {
            self.outcome.sound.push(stored.container.id);
            self.next();
        }
        Ok(Advance::Read(read))
    }

    fn next(&mut self) {
        self.at += 1;
        self.open = None;
    }

    fn compare_hash(&mut self) {
        let Some(digest) = self.digest.take() else { return };
        let found: [u8; 32] = digest.finalize().into();
        for expected in self.expected.drain(..).filter(|(_, hash)| *hash != found) {
            // Each container is authentic, so none is at fault; the first one stands for the content.
            if let Some(first) = self.containers.first() {
                self.outcome.sound.retain(|id| *id != first.container.id);
                self.outcome.faults.push(Fault {
                    stored: first.clone(),
                    kind: DamageKind::WrongHash,
                    chunk: None,
                    expected: Some(expected),
                });
            }
        }
    }
}

/// Result of an attempt.
enum Seen {
    /// The container differs from the committed one.
    Fault(DamageKind, Option<u64>),
    /// Nothing was learned about the container.
    Nothing(VaultError),
}

fn open(eyes: &Eyes, stored: &StoredContainer) -> Result<OpenContainer, Seen> {
    let row = &stored.container;
    let last_chunk = PayloadShape::from_plain_len(row.plain_len).map(PayloadShape::last_chunk);
    // The header has the committed hash, so a failure after it concerns the last chunk.
    let seen = |error| seen(error, last_chunk);
    let key = eyes.keys.space_key(stored.space).map_err(|error| match error {
        VaultError::Io { .. } => Seen::Nothing(error),
        _ => Seen::Fault(DamageKind::WrongKey, None),
    })?;
    let containers = &*eyes.storage.containers;
    let opened =
        ContainerReader::open_and_read(containers, &key, stored.space, &bound(row), &Buffers::default());
    let (reader, whole) = opened.map_err(seen)?;
    if reader.plain_len() != row.plain_len {
        return Err(Seen::Fault(DamageKind::WrongLength, None));
    }
    let is_named = eyes.storage.housekeeping.is_named(stored.space, row.id, row.place);
    if !is_named.map_err(|source| seen(VaultError::Io { action: "read a pack", source }))? {
        return Err(Seen::Fault(DamageKind::Unnamed, None));
    }
    Ok(OpenContainer { reader, whole, offset: 0 })
}

/// Reads a piece and hashes it. If it cannot be opened as a whole, it is read chunk by chunk: that identifies the
/// damaged one, and ignores an error that does not occur again.
fn read(
    open: &mut OpenContainer,
    range: Option<ByteRange>,
    digest: Option<&mut Sha256>,
) -> Result<u64, Seen> {
    let Some(range) = range else { return Ok(0) };
    let pieces = match open.whole.take().filter(|whole| whole.len() as u64 == range.len()) {
        Some(whole) => vec![whole],
        None => open.reader.read(range).or_else(|_| read_by_chunks(&open.reader, range))?,
    };
    if let Some(digest) = digest {
        for piece in &pieces {
            digest.update(piece);
        }
    }
    Ok(range.len())
}

fn read_by_chunks(reader: &ContainerReader, range: ByteRange) -> Result<Vec<Bytes>, Seen> {
    let mut pieces = Vec::new();
    let mut start = range.start();
    while start < range.end() {
        let chunk = PayloadShape::chunk_at(start);
        let end = range.end().min(PayloadShape::plain_start(chunk + 1));
        let part = ByteRange::new(start, end).unwrap_or(ByteRange::whole(0));
        pieces.extend(reader.read(part).map_err(|error| seen(error, Some(chunk)))?);
        start = end;
    }
    Ok(pieces)
}

fn seen(error: VaultError, chunk: Option<u64>) -> Seen {
    match error {
        VaultError::Missing(_) => Seen::Fault(DamageKind::Missing, None),
        VaultError::Foreign(_) => Seen::Fault(DamageKind::Foreign, None),
        VaultError::WrongLength(_) => Seen::Fault(DamageKind::WrongLength, None),
        VaultError::WrongSpaceKey(_) => Seen::Fault(DamageKind::WrongKey, None),
        VaultError::Damaged(_) => Seen::Fault(DamageKind::DamagedChunk, chunk),
        VaultError::Io { ref source, .. } if !is_passing(source) => Seen::Fault(DamageKind::Unreadable, None),
        other => Seen::Nothing(other),
    }
}

/// Whether an error concerns this process or moment rather than the file.
fn is_passing(error: &io::Error) -> bool {
    use rustix::io::Errno;
    const PASSING: [Errno; 5] = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::INTR, Errno::AGAIN];
    Errno::from_io_error(error).is_some_and(|errno| PASSING.contains(&errno))
}

const _: () = assert!(MAX_READ_LEN >= CHUNK_LEN as u64, "a chunk can be read at once");
