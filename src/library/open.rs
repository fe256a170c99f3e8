//! Reading a file's content.

use std::sync::Arc;

use bytes::Bytes;

use super::binding::bound;
use super::lookup::find;
use super::{Entry, Library, LibraryError};
use crate::catalog::ContainerRow;
use crate::model::{Access, ByteRange, Checksum, EntryPath, Right, SpaceId, VersionId};
use crate::vault::reader::ContainerReader;

/// Most bytes one call of [`Content::read`] returns: what a slow reader can make the server hold.
pub const PIECE: u64 = 512 * 1024;

/// An opened content. What it reads stays the same even if the file is overwritten or deleted
/// meanwhile: containers never change, and an open one keeps its bytes.
pub struct Content {
    /// The file as it was when it was opened; its size is that of this content.
    pub entry: Entry,
    /// Which of its contents this is.
    pub version: VersionId,
    /// Bytes.
    pub size: u64,
    /// Known digests of the plaintext.
    pub checksums: Vec<Checksum>,
    library: Library,
    segments: Arc<Vec<OpenSegment>>,
    /// What was read while opening, and where it begins.
    ready: Option<(u64, Vec<Bytes>)>,
}

struct OpenSegment {
    /// Where its bytes lie in the content.
    range: ByteRange,
    reader: Arc<ContainerReader>,
    /// All of its bytes, if opening it had to read them anyway.
    whole: Option<Bytes>,
}

impl Library {
    /// Opens the current content of the file at `path`, or one of its earlier versions.
    ///
    /// Every container's header was compared with the catalogue, and its last chunk authenticated, before
    /// this returns: `Damaged` if anything is not what was committed.
    ///
    /// `foresee` tells which bytes will be wanted first. Up to [`PIECE`] of them are read on the same
    /// thread, which saves the many requests for little data a second trip to another one.
    pub async fn open_content(
        &self,
        access: &Access,
        path: &EntryPath,
        version: Option<VersionId>,
        foresee: impl FnOnce(&Entry) -> Option<ByteRange> + Clone + Send + 'static,
    ) -> Result<Content, LibraryError> {
        let space = access.require(Right::Read)?;
        let opened = match self.open_once(space, path, version, foresee.clone()).await {
            // Replaced and removed since the rows were read: the rows of now name what is there. If they
            // still name it, it is missing or, as a hole in its pack, damaged indeed.
            Err(LibraryError::Damaged(_)) => self.open_once(space, path, version, foresee).await,
            other => other,
        };
        if let Err(error) = &opened {
            self.note_refusal(error).await;
        }
        opened
    }

    async fn open_once(
        &self,
        space: SpaceId,
        path: &EntryPath,
        version: Option<VersionId>,
        foresee: impl FnOnce(&Entry) -> Option<ByteRange> + Send + 'static,
    ) -> Result<Content, LibraryError> {
        let (library, path) = (self.clone(), path.clone());
        self.catalog()
            .read(move |tx| {
                let row = find(tx, space, &path)?.ok_or(LibraryError::NotFound)?;
                let current = row.version.ok_or(LibraryError::IsFolder)?;
                let id = version.unwrap_or(current);
                let version = tx.version(id)?.filter(|found| found.entry == row.id);
                let version = version.ok_or(LibraryError::NotFound)?;
                let segments = library.open_segments(space, tx.segments(id)?)?;
                // An old page put back into the catalogue could bring an earlier content back as the present
                // one; the other pages still tell.
                let is_outdated = id == current && (version.replaced.is_some() || version.size != row.size);
                if is_outdated || segments.last().map_or(0, |segment| segment.range.end()) != version.size {
                    return Err(LibraryError::Incomplete);
                }
                let mut content = Content {
                    entry: Entry { size: version.size, ..library.entry(row) },
                    version: id,
                    size: version.size,
                    checksums: version.checksums,
                    segments: Arc::new(segments),
                    library,
                    ready: None,
                };
                if let Some(range) = foresee(&content.entry) {
                    content.ready = Some((range.start(), read_blocking(&content.segments, range)?));
                }
                Ok(content)
            })
            .await
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
            let bound = bound(&row);
            let open = || ContainerReader::open_and_read(&**self.disk(), &key, space, &bound);
            let (reader, whole) = self.shared.shelf.take(&bound, open)?;
            let end = start + reader.plain_len();
            let range = ByteRange::new(start, end).ok_or(LibraryError::Incomplete)?;
            segments.push(OpenSegment { range, reader, whole });
            start = end;
        }
        Ok(segments)
    }
}

impl Content {
    /// Reads from `range.start()` on: at least one byte, at most [`PIECE`], never past `range.end()`.
    /// Empty only if `range` is. A chunk that fails authentication is an error and nothing of it is
    /// returned.
    pub async fn read(&mut self, range: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
        if let Some((start, pieces)) = self.ready.take()
            && start == range.start()
            && pieces.iter().map(|piece| piece.len() as u64).sum::<u64>() <= range.len()
        {
            return Ok(pieces);
        }
        let segments = Arc::clone(&self.segments);
        let read = tokio::task::spawn_blocking(move || read_blocking(&segments, range)).await?;
        if let Err(error) = &read {
            self.library.note_refusal(error).await;
        }
        read
    }
}

/// As [`Content::read`], on this thread.
fn read_blocking(segments: &[OpenSegment], range: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
    let at = segments.partition_point(|segment| segment.range.end() <= range.start());
    let Some(segment) = segments.get(at).filter(|_| !range.is_empty()) else { return Ok(Vec::new()) };
    // Pieces end on their multiples, so that a long read opens every chunk once.
    let next_multiple = (range.start() / PIECE + 1) * PIECE;
    let end = range.end().min(segment.range.end()).min(next_multiple);
    let within = ByteRange::new(range.start() - segment.range.start(), end - segment.range.start());
    let within = within.ok_or(LibraryError::Incomplete)?;
    let bounds = |at: u64| usize::try_from(at).map_err(|_| LibraryError::Incomplete);
    match &segment.whole {
        Some(whole) => Ok(vec![whole.slice(bounds(within.start())?..bounds(within.end())?)]),
        None => Ok(segment.reader.read(within)?),
    }
}
