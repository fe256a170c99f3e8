//! Files that people look at without opening them: pages as pictures, made by the converter in its sandbox, and texts.
//!
//! ```text
//! look           opens the content with the right of the person, as a download does, and says what it is
//! page_picture   the picture of a page: from memory, else made here, few at once
//! text           the beginning of a text
//! ```
//! Nothing is written to a disk. A page in memory is given only to a person for whom the content was just opened.

mod kind;
mod queue;
mod shelf;

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::task::spawn_blocking;

pub use kind::{Paged, ViewKind};

pub use crate::convert::PagePicture;

use kind::MOST_SNIFFED;
use queue::Queue;
use shelf::{Item, Key, MAX_KEPT_PDF, Shelf};

use super::Intake;
use crate::convert::{ConvertError, Converter, OfficeKind, PageSource};
use crate::library::{Content, LibraryError};
use crate::model::{Access, ByteRange, EntryPath, VersionId, Viewer};
use crate::scan::Sample;

/// Most bytes of a document of which pages are shown.
const MAX_VIEWED: u64 = 100 << 20;
/// Longer side of the picture of a page in pixels: small print of A4 can be read.
const LONGEST_SIDE: u32 = 1_600;
/// Most bytes of a text that are shown.
const MOST_TEXT: u64 = 256 << 10;

/// A file that was opened to be looked at.
pub struct View {
    /// Its content.
    pub content: Content,
    /// How it can be looked at.
    pub kind: ViewKind,
    /// The person who looks at it.
    viewer: Viewer,
}

/// Why a page is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The machine has no converter, or one that does not work.
    #[error("pages cannot be painted on this machine")]
    NoConverter(#[source] Option<ConvertError>),
    /// Too many pages wait to be painted, or too many of this person.
    #[error("too many pages wait to be painted")]
    Busy,
    /// The document has no page with this number.
    #[error("the document has {pages} pages")]
    NoSuchPage {
        /// Number of its pages.
        pages: u32,
    },
    /// It is the content's fault.
    #[error("the content cannot be shown")]
    Unshowable(Unshowable),
    /// The content cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

/// Why a content cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unshowable {
    /// It opens with a password only.
    Encrypted,
    /// It is too large.
    TooLarge,
    /// It is damaged, or wants more time or memory than a page may.
    Damaged,
}

/// Pages that were painted lately, and those that are painted.
#[derive(Default)]
pub(super) struct Pictures {
    shelf: Shelf,
    queue: Queue,
}

impl Intake {
    /// Opens a file to be looked at, or an earlier version of it.
    ///
    /// Errors: those of [`Library::open_content`](crate::library::Library::open_content); a content that is withheld is not
    /// opened.
    pub async fn look(
        &self,
        access: &Access,
        path: &EntryPath,
        version: Option<VersionId>,
    ) -> Result<View, LibraryError> {
        let start = |size: u64| ByteRange::new(0, size.min(MOST_SNIFFED as u64));
        let mut content =
            self.library.open_content(access, path, version, move |entry| start(entry.size)).await?;
        let beginning = beginning(&mut content, MOST_SNIFFED as u64).await?;
        let kind = ViewKind::of(&content.entry.name, &beginning);
        Ok(View { content, kind, viewer: access.viewer() })
    }

    /// The picture of a page of a file, from 1.
    pub async fn page_picture(&self, view: &mut View, number: u32) -> Result<Arc<PagePicture>, ViewError> {
        let ViewKind::Pages(paged) = view.kind else { return Err(Unshowable::Damaged.into()) };
        let version = view.content.version;
        if let Some(known) = self.pictures.known(version, number) {
            return known;
        }
        let converter = match paged {
            Paged::Office(_) => self.pdf_converter(),
            Paged::Pdf | Paged::Tiff | Paged::Photo => self.converter.as_ref(),
        };
        let converter = converter.cloned().ok_or(ViewError::NoConverter(None))?;
        let turn = self.pictures.queue.turn(view.viewer).await.ok_or(ViewError::Busy)?;
        // Another request may have had it painted meanwhile.
        if let Some(known) = self.pictures.known(version, number) {
            return known;
        }
        let document = match self.pictures.shelf.find(Key::Pdf(version)) {
            Some(Item::Pdf(pdf)) => Document::Kept(pdf),
            _ if view.content.size > MAX_VIEWED => return Err(Unshowable::TooLarge.into()),
            _ => {
                let sample = sample(&mut view.content).await?;
                match paged {
                    Paged::Pdf => Document::Pages(sample, PageSource::Pdf),
                    Paged::Tiff => Document::Pages(sample, PageSource::Tiff),
                    Paged::Photo => Document::Photo(sample),
                    Paged::Office(kind) => Document::Office(sample, kind),
                }
            }
        };
        let pictures = Arc::clone(&self.pictures);
        // A person who leaves does not end it: the next request finds the picture.
        let painted = spawn_blocking(move || {
            let painted = pictures.paint(&converter, document, version, number);
            drop(turn);
            painted
        });
        painted.await.map_err(LibraryError::from)?
    }

    /// The beginning of a text, and whether more follows.
    pub async fn text(&self, view: &mut View) -> Result<(Vec<u8>, bool), LibraryError> {
        let bytes = beginning(&mut view.content, MOST_TEXT).await?;
        Ok((bytes, view.content.size > MOST_TEXT))
    }
}

impl Pictures {
    /// The kept result for a page.
    fn known(&self, version: VersionId, number: u32) -> Option<Result<Arc<PagePicture>, ViewError>> {
        let failed = |item| match item {
            Some(Item::Failed(why, _)) => Some(Err(why.into())),
            _ => None,
        };
        match self.shelf.find(Key::Page(version, number)) {
            Some(Item::Page(picture)) => Some(Ok(picture)),
            item => failed(item).or_else(|| failed(self.shelf.find(Key::Pdf(version)))),
        }
    }

    /// Paints a page and keeps it; a failure is kept for a while, so that a hostile content costs little.
    fn paint(
        &self,
        converter: &Converter,
        document: Document,
        version: VersionId,
        number: u32,
    ) -> Result<Arc<PagePicture>, ViewError> {
        let key = Key::Page(version, number);
        let page = |document: &mut dyn Read, source| converter.page(document, (source, number), LONGEST_SIDE);
        let made = match document {
            Document::Kept(pdf) => page(&mut &*pdf, PageSource::Pdf),
            Document::Pages(sample, source) => page(&mut sample.reader(), source),
            Document::Photo(_) if number != 1 => return Err(ViewError::NoSuchPage { pages: 1 }),
            Document::Photo(sample) => converter.photo(&mut sample.reader(), LONGEST_SIDE),
            Document::Office(sample, kind) => {
                let key = Key::Pdf(version);
                let laid_out = converter.laid_out(&mut sample.reader(), kind).and_then(whole);
                let pdf = Bytes::from(laid_out.map_err(|error| self.failed(key, error))?);
                if pdf.len() <= MAX_KEPT_PDF {
                    self.shelf.keep(key, Item::Pdf(pdf.clone()));
                }
                page(&mut &*pdf, PageSource::Pdf)
            }
        };
        let picture = Arc::new(made.map_err(|error| self.failed(key, error))?);
        self.shelf.keep(key, Item::Page(Arc::clone(&picture)));
        Ok(picture)
    }

    /// Why there is no picture; noted if the content is the cause.
    fn failed(&self, key: Key, error: ConvertError) -> ViewError {
        let why = match error {
            ConvertError::NoSuchPage { pages } => return ViewError::NoSuchPage { pages },
            error if error.is_of_the_machine() => return ViewError::NoConverter(Some(error)),
            ConvertError::Encrypted => Unshowable::Encrypted,
            ConvertError::TooLarge { .. } | ConvertError::PdfTooLarge { .. } => Unshowable::TooLarge,
            _ => Unshowable::Damaged,
        };
        self.shelf.keep(key, Item::Failed(why, Instant::now()));
        why.into()
    }
}

impl From<Unshowable> for ViewError {
    fn from(why: Unshowable) -> Self {
        Self::Unshowable(why)
    }
}

/// The source of a painted page.
enum Document {
    /// A PDF that was made before.
    Kept(Bytes),
    Pages(Sample, PageSource),
    Photo(Sample),
    Office(Sample, OfficeKind),
}

/// All bytes of a file in memory.
fn whole(mut file: File) -> Result<Vec<u8>, ConvertError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// At most this number of bytes from the beginning of a content.
async fn beginning(content: &mut Content, most: u64) -> Result<Vec<u8>, LibraryError> {
    let end = content.size.min(most);
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < end {
        let rest = ByteRange::new(bytes.len() as u64, end).ok_or(LibraryError::Incomplete)?;
        for piece in content.read(rest).await? {
            bytes.extend_from_slice(&piece);
        }
    }
    Ok(bytes)
}

/// A content of at most [`MAX_VIEWED`] bytes in sealed memory.
async fn sample(content: &mut Content) -> Result<Sample, ViewError> {
    let no_memory = |error: io::Error| ViewError::NoConverter(Some(error.into()));
    let mut writer = Sample::begin_within(MAX_VIEWED).map_err(|error| no_memory(io::Error::other(error)))?;
    let mut at = 0;
    while at < content.size {
        let range = ByteRange::new(at, content.size).ok_or(LibraryError::Incomplete)?;
        for piece in content.read(range).await? {
            at += piece.len() as u64;
            writer.write_all(&piece).map_err(no_memory)?;
        }
    }
    writer.seal().map_err(|error| no_memory(io::Error::other(error)))
}
