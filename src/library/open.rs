//! Reads the content of a file.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::binding::bound;
use super::descriptors::Descriptors;
use super::lookup_cache::Known;
use super::resolve::{changed, find};
use super::visibility::{Shows, Visibility};
use super::{Entry, Library, LibraryError, Reading};
use crate::catalog::{ContainerRow, EntryRow, ReadTx, VersionRow};
use crate::model::{
    Access, ByteRange, Checksum, EntryPath, Etag, Right, Scope, SpaceId, Timestamp, VersionId, Viewer,
};
use crate::vault::reader::{ContainerReader, ContainerRef};

/// Most bytes that one call of [`Content::read`] returns: the memory that a slow reader can hold.
pub const PIECE: u64 = 512 * 1024;
/// Containers of a content that are all opened before its first byte is read, and kept open while the process has
/// descriptors for them.
const MAX_OPENED: usize = 64;
/// Most bytes that are read and opened on the calling thread: some 50 us of work, and the data is still in that
/// core's cache when it is sent.
const AT_HAND: u64 = 128 * 1024;

/// Open content. It stays the same even if the file is overwritten or deleted meanwhile: containers never change,
/// and an open one keeps its bytes. A long read asks [`Content::visibility`] now and then.
pub struct Content {
    /// The file as it was when it was opened; its size is that of this content.
    pub entry: Entry,
    /// The version that was opened.
    pub version: VersionId,
    /// Size of the content in bytes.
    pub size: u64,
    /// When the file last changed, for date conditions. Unlike [`Entry::modified`] it does not come from the client
    /// alone: never before the time at which the server stored this content.
    pub changed: Timestamp,
    /// Known digests of the plaintext.
    pub checksums: Vec<Checksum>,
    library: Library,
    segments: Arc<Vec<OpenSegment>>,
    /// Held for the segments that are open.
    _descriptors: Option<Descriptors>,
    /// Pieces that were read while opening, and their offset.
    ready: Option<(u64, Vec<Bytes>)>,
}

struct OpenSegment {
    /// Position of its bytes in the content.
    range: ByteRange,
    source: Source,
}

enum Source {
    Open {
        reader: Arc<ContainerReader>,
        /// All of its bytes, if opening had to read them anyway.
        whole: Option<Bytes>,
    },
    /// Opened when its bytes are needed; the container cache keeps it between two reads.
    Later { space: SpaceId, bound: ContainerRef },
}

impl Library {
    /// Opens the current content of the file at `path`, or one of its earlier versions.
    ///
    /// Before this returns, every container's header was compared with the catalogue, and its last chunk
    /// authenticated: `Damaged` if anything differs from the committed content. For content of more than 64
    /// containers that applies to the first and the last; the others are checked when reading reaches them.
    ///
    /// Errors: `Withheld` for a content that the viewer may only know about.
    ///
    /// `foresee` predicts which bytes are needed first. Up to [`PIECE`] of them are read on the same thread, which
    /// saves the many small requests a second trip to another thread.
    pub async fn open_content(
        &self,
        access: &Access,
        path: &EntryPath,
        version: Option<VersionId>,
        foresee: impl FnOnce(&Entry) -> Option<ByteRange> + Clone + Send + 'static,
    ) -> Result<Content, LibraryError> {
        let scope = access.scope(Right::Read)?;
        if version.is_some() {
            // Earlier versions are not for guests.
            access.require(Right::Read)?;
        } else if let Some(content) = self.open_known(scope, path, foresee.clone()) {
            return Ok(content);
        }
        let opened = match self.open_once(scope, path, version, foresee.clone()).await {
            // Replaced and removed since the rows were read: the present rows name the present container. If they
            // still name this one, it is missing or, as a hole in its pack, really damaged.
            Err(LibraryError::Damaged(_)) => self.open_once(scope, path, version, foresee).await,
            other => other,
        };
        self.refusal_noted(opened).await
    }

    /// The result of a read; a refused container is recorded first.
    pub(super) async fn refusal_noted<T>(&self, outcome: Result<T, LibraryError>) -> Result<T, LibraryError> {
        if let Err(error) = &outcome {
            self.note_refusal(error).await;
        }
        outcome
    }

    /// The content of a file that was read before and has not changed, if its containers are open and no disk
    /// access is needed. Leaves every fault to [`Self::open_once`].
    fn open_known(
        &self,
        scope: Scope,
        path: &EntryPath,
        foresee: impl FnOnce(&Entry) -> Option<ByteRange>,
    ) -> Option<Content> {
        let known = self.shared.reading.lookup_cache.recall(scope.start(), path)?;
        let descriptors = self.shared.writing.descriptors.to_read(known.segments.len())?;
        let open = |bound: &ContainerRef| Some((self.shared.reading.container_cache.find(bound)?, None));
        let readers = known.segments.iter().map(open).collect::<Option<_>>()?;
        let segments = in_order(readers).ok()?;
        let ready = match foresee(&known.entry) {
            None => None,
            Some(range) => Some((range.start(), read_at_hand(&segments, range).ok()??)),
        };
        Some(Content {
            entry: known.entry.clone(),
            version: known.version,
            size: known.entry.size,
            changed: known.changed,
            checksums: known.checksums.clone(),
            segments: Arc::new(segments),
            _descriptors: Some(descriptors),
            library: self.clone(),
            ready,
        })
    }

    async fn open_once(
        &self,
        scope: Scope,
        path: &EntryPath,
        version: Option<VersionId>,
        foresee: impl FnOnce(&Entry) -> Option<ByteRange> + Send + 'static,
    ) -> Result<Content, LibraryError> {
        let (library, path) = (self.clone(), path.clone());
        let moment = self.shared.reading.lookup_cache.moment();
        self.catalog()
            .read(move |tx| {
                let row = find(tx, scope, &path)?.ok_or(LibraryError::NotFound)?;
                let current = row.version.ok_or(LibraryError::IsFolder)?;
                let id = version.unwrap_or(current);
                let version = tx.version(id)?.filter(|found| found.entry == row.id);
                let version = version.filter(|version| !version.is_hidden_from(scope.viewer()));
                let version = version.ok_or(LibraryError::NotFound)?;
                version.require_full(scope.viewer())?;
                let is_for_everybody = version.is_for_everybody();
                let (mut content, bound) = library.open_row(tx, scope.viewer(), row, version)?;
                if let Some(moment) = moment.filter(|_| id == current && is_for_everybody) {
                    let (entry, checksums) = (content.entry.clone(), content.checksums.clone());
                    let changed = content.changed;
                    let known = Known { entry, version: id, changed, checksums, segments: bound };
                    library.shared.reading.lookup_cache.remember(moment, scope.start(), path, known);
                }
                if let Some(range) = foresee(&content.entry) {
                    let ready = read_blocking(&content.library, &content.segments, range)?;
                    content.ready = Some((range.start(), ready));
                }
                Ok(content)
            })
            .await
    }

    /// Opens a version of a space, wherever its file is now, even in the trash.
    ///
    /// Errors: `NoSuchVersion`; `Withheld` for a content that the viewer may only know about.
    pub(crate) async fn open_version(
        &self,
        access: &Access,
        version: VersionId,
    ) -> Result<Content, LibraryError> {
        let (library, space, viewer) = (self.clone(), access.require(Right::Read)?, access.viewer());
        let opened = self.catalog().read(move |tx| {
            let version = tx.version(version)?.ok_or(LibraryError::NoSuchVersion)?;
            let row = tx.entry(version.entry)?.filter(|row| row.space == space);
            let row = row.ok_or(LibraryError::NoSuchVersion)?;
            version.require_full(viewer)?;
            Ok(library.open_row(tx, viewer, row, version)?.0)
        });
        self.refusal_noted(opened.await).await
    }

    /// Opens a version of a file, and names its containers.
    pub(super) fn open_row(
        &self,
        tx: &ReadTx<'_>,
        viewer: Viewer,
        row: EntryRow,
        version: VersionRow,
    ) -> Result<(Content, Vec<ContainerRef>), LibraryError> {
        let rows = tx.segments(version.id)?;
        let (segments, descriptors) = self.open_segments(row.space, &rows)?;
        // An old page put back into the catalogue could turn an earlier version into the current one; the other
        // pages still show it.
        let is_current = row.version == Some(version.id);
        let is_outdated = is_current && (version.replaced.is_some() || version.size != row.size);
        if is_outdated || segments.last().map_or(0, |segment| segment.range.end()) != version.size {
            return Err(LibraryError::Incomplete);
        }
        let id = row.id;
        let mut entry = Entry { size: version.size, ..self.entry(viewer, row) };
        if !is_current {
            // Parts of two versions must not be put together by a program that asks for the rest later.
            entry.etag = Etag(format!("{:x}-v{:x}-{}", id.0, version.id.0, self.state_fingerprint()));
        }
        let content = Content {
            changed: changed(entry.modified, &version),
            entry,
            version: version.id,
            size: version.size,
            checksums: version.checksums,
            segments: Arc::new(segments),
            _descriptors: descriptors,
            library: self.clone(),
            ready: None,
        };
        Ok((content, rows.iter().map(bound).collect()))
    }

    fn open_segments(
        &self,
        space: SpaceId,
        rows: &[ContainerRow],
    ) -> Result<(Vec<OpenSegment>, Option<Descriptors>), LibraryError> {
        let descriptors = match rows.len() <= MAX_OPENED {
            true => self.shared.writing.descriptors.to_read(rows.len()),
            false => None,
        };
        if descriptors.is_some() {
            let open = |row: &ContainerRow| self.open_segment(space, &bound(row));
            let segments = in_order(rows.iter().map(open).collect::<Result<Vec<_>, _>>()?)?;
            return Ok((segments, descriptors));
        }
        for end in rows.first().into_iter().chain(rows.last()) {
            self.open_segment(space, &bound(end))?;
        }
        let mut start = 0;
        let later = rows.iter().map(|row| {
            let range = ByteRange::new(start, start.saturating_add(row.plain_len));
            start = start.saturating_add(row.plain_len);
            let source = Source::Later { space, bound: bound(row) };
            range.map(|range| OpenSegment { range, source }).ok_or(LibraryError::Incomplete)
        });
        Ok((later.collect::<Result<_, _>>()?, None))
    }

    fn open_segment(
        &self,
        space: SpaceId,
        bound: &ContainerRef,
    ) -> Result<(Arc<ContainerReader>, Option<Bytes>), LibraryError> {
        let key = self.shared.keys.space_key(space)?;
        let Reading { buffers, container_cache, .. } = &self.shared.reading;
        let open = || ContainerReader::open_and_read(self.containers(), &key, space, bound, buffers);
        Ok(container_cache.take(bound, open)?)
    }
}

impl OpenSegment {
    /// Reads bytes of it, waiting for the disk if needed.
    fn read(&self, library: &Library, within: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
        match &self.source {
            Source::Open { whole: Some(whole), .. } => slice(whole, within),
            Source::Open { reader, whole: None } => Ok(reader.read(within)?),
            Source::Later { space, bound } => {
                let (reader, whole) = library.open_segment(*space, bound)?;
                if reader.plain_len() != self.range.len() {
                    return Err(LibraryError::Incomplete);
                }
                match whole {
                    Some(whole) => slice(&whole, within),
                    None => Ok(reader.read(within)?),
                }
            }
        }
    }

    /// Like [`Self::read`], but `None` if it would have to wait.
    fn read_at_hand(&self, within: ByteRange) -> Result<Option<Vec<Bytes>>, LibraryError> {
        match &self.source {
            Source::Open { whole: Some(whole), .. } => slice(whole, within).map(Some),
            Source::Open { reader, whole: None } => Ok(reader.read_at_hand(within)?),
            Source::Later { .. } => Ok(None),
        }
    }
}

/// The containers of a content as consecutive segments.
fn in_order(readers: Vec<(Arc<ContainerReader>, Option<Bytes>)>) -> Result<Vec<OpenSegment>, LibraryError> {
    let mut start = 0;
    let mut segments = Vec::with_capacity(readers.len());
    for (reader, whole) in readers {
        let end = start + reader.plain_len();
        let range = ByteRange::new(start, end).ok_or(LibraryError::Incomplete)?;
        segments.push(OpenSegment { range, source: Source::Open { reader, whole } });
        start = end;
    }
    Ok(segments)
}

impl Content {
    /// Reads from `range.start()`: at least one byte, at most [`PIECE`], never past `range.end()`. Data in the
    /// system's memory is read on this thread, data on the disk on a blocking one. Empty only if `range` is. A
    /// chunk that fails authentication is an error, and nothing of it is returned.
    pub async fn read(&mut self, range: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
        if let Some((start, pieces)) = self.ready.take()
            && start == range.start()
            && total(&pieces) <= range.len()
        {
            return Ok(pieces);
        }
        match read_at_hand(&self.segments, range) {
            Ok(None) => self.read_ahead(range).finish().await,
            Ok(Some(pieces)) => Ok(pieces),
            Err(error) => self.library.refusal_noted(Err(error)).await,
        }
    }

    /// Reads some bytes for the next [`Self::read`] on this thread, waiting for the disk; returns their number.
    pub(super) fn read_first(&mut self, range: ByteRange) -> Result<u64, LibraryError> {
        let pieces = read_blocking(&self.library, &self.segments, range)?;
        let bytes = total(&pieces);
        self.ready = Some((range.start(), pieces));
        Ok(bytes)
    }

    /// How much of it a viewer may see now; [`Self::read`] does not ask again.
    pub async fn visibility(&self, viewer: Viewer) -> Result<Visibility, LibraryError> {
        self.library.visibility(viewer, self.version).await
    }

    /// Begins a read like [`Self::read`], always on a blocking thread.
    pub fn read_ahead(&self, range: ByteRange) -> ReadAhead {
        let (segments, library) = (Arc::clone(&self.segments), self.library.clone());
        let located = locate(&segments, range, PIECE).ok().flatten();
        let len = located.map_or(0, |(_, within)| within.len());
        let task = tokio::task::spawn_blocking(move || read_blocking(&library, &segments, range));
        ReadAhead { task, len, library: self.library.clone() }
    }
}

/// A read that runs while earlier pieces are sent.
pub struct ReadAhead {
    task: JoinHandle<Result<Vec<Bytes>, LibraryError>>,
    len: u64,
    library: Library,
}

impl ReadAhead {
    /// Number of bytes that it returns if it succeeds; the next read begins after them.
    pub fn bytes(&self) -> u64 {
        self.len
    }

    /// The pieces that were read, see [`Content::read`].
    pub async fn finish(self) -> Result<Vec<Bytes>, LibraryError> {
        let pieces = self.library.refusal_noted(self.task.await?).await?;
        if total(&pieces) == self.len { Ok(pieces) } else { Err(LibraryError::Incomplete) }
    }
}

fn total(pieces: &[Bytes]) -> u64 {
    pieces.iter().map(|piece| piece.len() as u64).sum()
}

/// Reads from `range.start()` like [`Content::read`], on this thread, waiting for the disk.
fn read_blocking(
    library: &Library,
    segments: &[OpenSegment],
    range: ByteRange,
) -> Result<Vec<Bytes>, LibraryError> {
    let Some((segment, within)) = locate(segments, range, PIECE)? else { return Ok(Vec::new()) };
    segment.read(library, within)
}

/// Like [`read_blocking`], but up to [`AT_HAND`] bytes, and `None` if it would have to wait.
fn read_at_hand(segments: &[OpenSegment], range: ByteRange) -> Result<Option<Vec<Bytes>>, LibraryError> {
    let Some((segment, within)) = locate(segments, range, AT_HAND)? else { return Ok(Some(Vec::new())) };
    segment.read_at_hand(within)
}

/// The container in which `range` begins, and the bytes of it to read at once, up to `most`.
fn locate(
    segments: &[OpenSegment],
    range: ByteRange,
    most: u64,
) -> Result<Option<(&OpenSegment, ByteRange)>, LibraryError> {
    let at = segments.partition_point(|segment| segment.range.end() <= range.start());
    let Some(segment) = segments.get(at).filter(|_| !range.is_empty()) else { return Ok(None) };
    let mut end = range.end().min(segment.range.end());
    if end - range.start() > most {
        // Pieces end at multiples, so that a long read opens every chunk once.
        end = (range.start() / most + 1) * most;
    }
    let within = ByteRange::new(range.start() - segment.range.start(), end - segment.range.start());
    within.map(|within| Some((segment, within))).ok_or(LibraryError::Incomplete)
}

fn slice(whole: &Bytes, within: ByteRange) -> Result<Vec<Bytes>, LibraryError> {
    let bounds = |at: u64| usize::try_from(at).map_err(|_| LibraryError::Incomplete);
    Ok(vec![whole.slice(bounds(within.start())?..bounds(within.end())?)])
}
