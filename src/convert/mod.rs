//! Turns one office document into one checked PDF, inside a sandbox.
//!
//! ```text
//! document  > memory   sealed, within MAX_DOCUMENT; its content says which filter LibreOffice uses
//!           > sandbox  LibreOffice with a profile of its own: no macros, no links, German            > PDF
//! PDF       > sandbox  qpdf and poppler: it parses, how many pages, does anything in it act
//!           > sandbox  only if something does: poppler draws the pages anew, and they are checked once more
//!           > sandbox  where a space asks for it, poppler paints the pages, and a PDF of the pixels is made here
//! PDF, TIFF > sandbox  one page as a picture, for people who look at a file without opening it; the same for a photo in HEIC
//! ```
//! Each step is a job of its own, so that a document that takes over LibreOffice has no say in how its PDF is checked.
//! Nothing is kept between two jobs and nothing is written to a disk. All calls block: they belong on a blocking
//! thread, which must live as long as the call (a job ends with the thread that began it).
//!
//! **Active contents are drawn away rather than refused**, because ordinary slides with a video have them. A PDF
//! without any is passed on as LibreOffice made it, with its links, bookmarks and tags.

mod bubblewrap;
mod check;
mod encode;
mod error;
mod job;
mod kind;
mod libreoffice;
mod memory;
mod page;
mod password;
mod photo;
mod pixels;
mod ppm;
mod probe;
mod sandbox;
mod served;
mod unit;
mod unlock;
mod wire;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use encode::PageFormat;
pub use error::ConvertError;
pub use job::Bounds;
pub use kind::OfficeKind;
pub use page::{PagePicture, PageSource};
pub use probe::Probe;
pub use served::serve_if_asked;
pub use unlock::Unlocked;

use secrecy::SecretString;

use bubblewrap::Bubblewrap;
use job::{CPU_SPENT, MAX_PDF};
use libreoffice::{CONVERT, LibreOffice, NOTHING_MADE};
use page::MAX_VIEWED;
use pixels::{MOST_PAINTED, PAINT, PAINTED_AT_ONCE, Painting};
use sandbox::{Sandbox, Way};
use unit::Unit;

use crate::model::{ByteSize, PdfPages};

/// The places of the programs and the bounds of a job.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The socket behind which systemd starts a unit for each job; `None` for bubblewrap.
    pub unit: Option<PathBuf>,
    /// bubblewrap: a path, or a name to be found in `PATH`.
    pub bubblewrap: PathBuf,
    /// The `soffice` of the LibreOffice to use: a path, or a name to be found in `PATH`. Without one no office document becomes
    /// a PDF; the rest works.
    pub libreoffice: PathBuf,
    /// The bounds of one job.
    pub bounds: Bounds,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unit: None,
            bubblewrap: "bwrap".into(),
            libreoffice: "soffice".into(),
            bounds: Bounds::default(),
        }
    }
}

/// The socket of `systemd/tresor-convert.socket`.
const UNIT_SOCKET: &str = "/run/tresor-convert/socket";

impl Settings {
    /// For this machine: units of systemd if an administrator has enabled their socket, else bubblewrap.
    pub fn of_this_machine() -> Self {
        let socket = Path::new(UNIT_SOCKET);
        Self { unit: socket.exists().then(|| socket.to_owned()), ..Self::default() }
    }
}

/// Converts documents, one per call; calls may run beside each other.
#[derive(Debug)]
pub struct Converter {
    libreoffice: Option<LibreOffice>,
    sandbox: Sandbox,
}

/// A document as PDF.
#[derive(Debug)]
pub struct Converted {
    /// The PDF: a sealed file in memory, at its beginning.
    pub pdf: File,
    /// Number of its pages.
    pub pages: u64,
    /// Notes on it for its reader.
    pub notes: Vec<Note>,
    /// Version and build of LibreOffice.
    pub libreoffice: String,
}

/// A note on a PDF for its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The fonts that the pages are drawn with. Carlito stands for Calibri, Caladea for Cambria, Liberation for Arial,
    /// Times New Roman and Courier New, if the document did not name these themselves.
    Fonts(BTreeSet<String>),
    /// The document has this many comments.
    Comments(u64),
    /// The pages were drawn anew, without links, bookmarks and tags, because of these contents.
    Redrawn(BTreeSet<String>),
    /// Each page is one picture.
    Pixels,
}

/// Most bytes of a document that is converted.
const MAX_DOCUMENT: u64 = 128 << 20;

/// Most pages of a PDF. A spreadsheet that fills every row would otherwise become a million.
const MOST_PAGES: u64 = 5_000;

/// Longest time in which a document becomes a PDF to be looked at; a person waits for it, and others for their turn.
const MAX_LAYING_OUT: Duration = Duration::from_mins(1);

/// Programs that jobs use, and the Debian packages that have them.
const PROGRAMS: [(&str, &str); 6] = [
    ("prlimit", "util-linux"),
    ("qpdf", "qpdf"),
    ("pdffonts", "poppler-utils"),
    ("pdfinfo", "poppler-utils"),
    ("pdftocairo", "poppler-utils"),
    ("pdftoppm", "poppler-utils"),
];

/// The program that a TIFF needs to be looked at, and its package. Nothing else needs it.
const TIFF: (&str, &str) = ("tiff2pdf", "libtiff-tools");

/// The same for a photo in HEIC.
const HEIC: (&str, &str) = ("heif-convert", "libheif-examples");

impl Converter {
    /// Finds the programs. Whether they work, [`Converter::probe`] finds out.
    pub fn new(settings: &Settings) -> Result<Self, ConvertError> {
        let missing = |program, package| ConvertError::ProgramMissing { program, package };
        let libreoffice = find(&settings.libreoffice).and_then(|soffice| LibreOffice::of_program(&soffice));
        if let Some((program, package)) =
            PROGRAMS.iter().find(|(program, _)| find(Path::new(program)).is_none())
        {
            return Err(missing(program, package));
        }
        let way = if let Some(socket) = &settings.unit {
            Way::Unit(Unit::new(socket.clone()))
        } else {
            find(Path::new("choom")).ok_or(missing("choom", "util-linux"))?;
            let program = find(&settings.bubblewrap).ok_or(missing("bwrap", "bubblewrap"))?;
            let own_folder = libreoffice.as_ref().and_then(LibreOffice::own_folder);
            Way::Bubblewrap(Bubblewrap::new(program, own_folder))
        };
        let sandbox = Sandbox::new(way, settings.bounds);
        Ok(Self { libreoffice, sandbox })
    }

    /// Whether this machine has a LibreOffice, without which pages can be looked at, but no office document becomes a PDF.
    pub fn makes_pdfs(&self) -> bool {
        self.libreoffice.is_some()
    }

    /// Errors: `ProgramMissing`.
    fn libreoffice(&self) -> Result<&LibreOffice, ConvertError> {
        let missing =
            ConvertError::ProgramMissing { program: "soffice", package: "libreoffice-writer-nogui" };
        self.libreoffice.as_ref().ok_or(missing)
    }

    /// Converts the bytes of `document`, whose name says that it is of `kind`.
    pub fn convert(
        &self,
        document: &mut dyn Read,
        kind: OfficeKind,
        pages: PdfPages,
    ) -> Result<Converted, ConvertError> {
        let libreoffice = self.libreoffice()?.version();
        let document = memory::copy(document, MAX_DOCUMENT)?
            .ok_or(ConvertError::TooLarge { limit: ByteSize(MAX_DOCUMENT) })?;
        let pdf = self.lay_out(&document, kind, self.sandbox.bounds())?;
        let contents = self.contents(&pdf)?;
        let mut notes = vec![Note::Fonts(contents.fonts)];
        notes.extend((contents.comments > 0).then_some(Note::Comments(contents.comments)));
        let pdf = match pages {
            PdfPages::Pixels => {
                notes.push(Note::Pixels);
                self.painted(&pdf, contents.pages)?
            }
            PdfPages::Drawn if contents.active.is_empty() => pdf,
            PdfPages::Drawn => {
                let redrawn = self.redraw(&pdf, &contents.active)?;
                notes.push(Note::Redrawn(contents.active));
                redrawn
            }
        };
        Ok(Converted { pdf, pages: contents.pages, notes, libreoffice })
    }

    /// The page with this number, from 1, of a document as a picture; `longest` is the longer of its sides, in pixels.
    ///
    /// Errors: `NoSuchPage`, `Encrypted`, `TooLarge`; `ProgramMissing` for a TIFF without its program; `Unreadable`
    /// for any other content, `TimedOut` and `Crashed` for one that wants more than a page may.
    pub fn page(
        &self,
        document: &mut dyn Read,
        (source, number): (PageSource, u32),
        longest: u32,
    ) -> Result<PagePicture, ConvertError> {
        if source == PageSource::Tiff {
            require(&TIFF)?;
        }
        page::page(&self.sandbox, &viewed(document)?, (source, number), longest)
    }

    /// A photo in HEIC as a picture with no side longer than `longest` pixels.
    ///
    /// Errors: as for a page.
    pub fn photo(&self, photo: &mut dyn Read, longest: u32) -> Result<PagePicture, ConvertError> {
        require(&HEIC)?;
        photo::photo(&self.sandbox, &viewed(photo)?, longest)
    }

    /// The kinds of files that cannot be looked at on this machine, each with the program and the Debian package that it lacks.
    pub fn not_viewed() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        [("TIFF", TIFF), ("HEIC", HEIC)]
            .into_iter()
            .filter(|(_, viewer)| require(viewer).is_err())
            .map(|(kind, (program, package))| (kind, program, package))
    }

    /// A document as the PDF that LibreOffice makes of it, to be looked at page by page: its active parts are still
    /// there.
    pub fn laid_out(&self, document: &mut dyn Read, kind: OfficeKind) -> Result<File, ConvertError> {
        let document = memory::copy(document, MAX_DOCUMENT)?;
        let document = document.ok_or(ConvertError::TooLarge { limit: ByteSize(MAX_DOCUMENT) })?;
        let most = *self.sandbox.bounds();
        let (wall, cpu) = (most.wall.min(MAX_LAYING_OUT), most.cpu.min(MAX_LAYING_OUT));
        self.lay_out(&document, kind, &Bounds { wall, cpu, ..most })
    }

    /// The tool that makes its sandboxes, in a word or two.
    pub fn sandbox(&self) -> &'static str {
        self.sandbox.name()
    }

    /// Whether this user of the machine must be able to make namespaces.
    pub fn needs_namespaces(&self) -> bool {
        self.sandbox.needs_namespaces()
    }

    /// A PDF without its encryption, by its password or an empty one.
    pub fn unlocked(&self, pdf: &mut dyn Read, password: &SecretString) -> Result<Unlocked, ConvertError> {
        unlock::unlocked(&self.sandbox, pdf, password)
    }

    /// The PDF as LibreOffice makes it.
    fn lay_out(&self, document: &File, kind: OfficeKind, bounds: &Bounds) -> Result<File, ConvertError> {
        let [folder, profile, build] = self.libreoffice()?.arguments();
        let kind = kind.matching(&memory::bytes(document)?).ok_or(ConvertError::NotOffice)?;
        let arguments = [kind.extension(), kind.filter(), &folder, &profile, &build];
        let ended = self.sandbox.run_within(bounds, CONVERT, &arguments, document)?;
        match ended.exit {
            0 => Ok(ended.output),
            NOTHING_MADE if password::is_needed(&memory::bytes(document)?) => Err(ConvertError::Encrypted),
            NOTHING_MADE => Err(ConvertError::Unreadable),
            CPU_SPENT => Err(ConvertError::TimedOut),
            exit => Err(ConvertError::Crashed { exit }),
        }
    }

    /// The contents of the PDF, if it is one and not too long.
    fn contents(&self, pdf: &File) -> Result<check::Contents, ConvertError> {
        let contents = check::contents(&self.sandbox, pdf)?;
        if contents.pages > MOST_PAGES {
            return Err(ConvertError::TooManyPages { pages: contents.pages, limit: MOST_PAGES });
        }
        Ok(contents)
    }

    /// A PDF in which each page is a picture. It is made here, out of pixels alone: a document that took over the
    /// painting program could change no more than the pictures.
    fn painted(&self, pdf: &File, pages: u64) -> Result<File, ConvertError> {
        if pages > MOST_PAINTED {
            return Err(ConvertError::TooManyPages { pages, limit: MOST_PAINTED });
        }
        let mut painting = Painting::begin();
        let mut first = 1;
        while first <= pages {
            let last = pages.min(first + PAINTED_AT_ONCE - 1);
            let pixels = self.sandbox.run(PAINT, &[&first.to_string(), &last.to_string()], pdf)?;
            if pixels.exit != 0 {
                return Err(ConvertError::Crashed { exit: pixels.exit });
            }
            painting.add(&memory::bytes(&pixels.output)?, last + 1 - first)?;
            first = last + 1;
        }
        let painted = memory::copy(&mut painting.finish().as_slice(), MAX_PDF)?;
        painted.ok_or(ConvertError::TooLarge { limit: ByteSize(MAX_PDF) })
    }

    /// The same pages without the active parts found in them.
    fn redraw(&self, pdf: &File, active: &BTreeSet<String>) -> Result<File, ConvertError> {
        let redrawn = check::redrawn(&self.sandbox, pdf)?;
        if self.contents(&redrawn)?.active.is_empty() {
            return Ok(redrawn);
        }
        let found: Vec<&str> = active.iter().map(String::as_str).collect();
        Err(ConvertError::PdfRefused { found: found.join(", ") })
    }
}

/// Errors: `ProgramMissing`.
fn require(&(program, package): &(&'static str, &'static str)) -> Result<(), ConvertError> {
    find(Path::new(program)).map(drop).ok_or(ConvertError::ProgramMissing { program, package })
}

/// A file that is looked at, in memory.
fn viewed(file: &mut dyn Read) -> Result<File, ConvertError> {
    memory::copy(file, MAX_VIEWED)?.ok_or(ConvertError::TooLarge { limit: ByteSize(MAX_VIEWED) })
}

/// A program by its path, or by its name in `PATH`.
fn find(program: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}
