//! Reading a file's content.

use std::sync::Arc;

use bytes::Bytes;

use super::lookup::find;
use super::{Entry, Library, LibraryError};
use crate::catalog::ContainerRow;
use crate::model::{Access, ByteRange, Checksum, EntryPath, Right, SpaceId, VersionId};
use crate::vault::reader::{ContainerReader, ContainerRef};

/// Most bytes one call of [`Content::read`] returns: what a slow reader can make the server hold.
pub const PIECE: u64 = 512 * 1024;

/// An opened content. What it reads stays the same even if the file is overwritten or deleted
/// meanwhile: containers never change, and an open one keeps its bytes. Cheap to clone.
#[derive(Clone)]
pub struct Content {
    /// The file as it was when it was opened.
    pub entry: Entry,
    /// Which of its contents this is.
    pub version: VersionId,
    /// Bytes.
    pub size: u64,
    /// Known digests of the plaintext.
    pub checksums: Vec<Checksum>,
    segments: Arc<Vec<OpenSegment>>,
}

struct OpenSegment {
    /// Where its bytes lie in the content.
    range: ByteRange,
    reader: ContainerReader,
}

impl Library {
    /// Opens the current content of the file at `path`, or one of its earlier versions.
    ///
    /// Every container's header is compared with the catalogue, and the last chunk of the content is
    /// authenticated, before this returns: `Damaged` if anything is not what was committed.
    pub async fn open_content(
        &self,
        access: &Access,
        path: &EntryPath,
        version: Option<VersionId>,
    ) -> Result<Content, LibraryError> {
        let space = access.require(Right::Read)?;
        let (library, path) = (self.clone(), path.clone());
        let (entry, id, size, checksums, rows) = self
            .catalog()
            .read(move |tx| {
                let row = find(tx, space, &path)?.ok_or(LibraryError::NotFound)?;
                let current = row.version.ok_or(LibraryError::IsFolder)?;
                let id = version.unwrap_or(current);
                let version = tx.version(id)?.filter(|found| found.entry == row.id);
                let version = version.ok_or(LibraryError::NotFound)?;
                let rows = tx.segments(id)?;
                Ok::<_, LibraryError>((library.entry(row), id, version.size, version.checksums, rows))
            })
            .await?;
        let library = self.clone();
        let segments = tokio::task::spawn_blocking(move || library.open_segments(space, rows)).await??;
        let held = segments.last().map_or(0, |segment: &OpenSegment| segment.range.end());
        if held != size {
            return Err(LibraryError::Interrupted);
        }
        Ok(Content { entry, version: id, size, checksums, segments: Arc::new(segments) })
    }

    fn open_segments(
        &self,
        space: SpaceId,
        rows: Vec<ContainerRow>,
    ) -> Result<Vec<OpenSegment>, LibraryError> {
        let key = self.shared.keys.space_key(space)?;
        let mut start = 0;
        let mut segments = Vec::with_capacity(rows.len());
        for row in rows {
            let bound = ContainerRef { id: row.id, header_hash: row.header_hash, length: row.length };
            let reader = ContainerReader::open(&**self.disk(), &key, space, &bound)?;
            let end = start + reader.plain_len();
            let range = ByteRange::new(start, end).ok_or(LibraryError::Interrupted)?;
            segments.push(OpenSegment { range, reader });
            start = end;
        }
        Ok(segments)
    }
}

impl Content {
    /// Reads from `range.start()` on: at least one byte, at most [`PIECE`], never past `range.end()`.
    /// Empty only if `range` is. A chunk that fails authentication is an error and nothing of it is
    /// returned.
    pub async fn read(&self, range: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
        let content = self.clone();
        tokio::task::spawn_blocking(move || content.read_blocking(range)).await?
    }

    fn read_blocking(&self, range: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
        let at = self.segments.partition_point(|segment| segment.range.end() <= range.start());
        let Some(segment) = self.segments.get(at).filter(|_| !range.is_empty()) else {
            return Ok(Vec::new());
        };
        // Pieces end on their multiples, so that a long read opens every chunk once.
        let next_multiple = (range.start() / PIECE + 1) * PIECE;
        let end = range.end().min(segment.range.end()).min(next_multiple);
        let within = ByteRange::new(range.start() - segment.range.start(), end - segment.range.start());
        Ok(segment.reader.read(within.ok_or(LibraryError::Interrupted)?)?)
    }
}
