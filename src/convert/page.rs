//! One page of a PDF or TIFF as a picture that a browser shows. It is made here, out of pixels alone.

use std::fs::File;
use std::time::Duration;

use super::encode::{PageFormat, encoded};
use super::error::ConvertError;
use super::job::{Bounds, CPU_SPENT};
use super::memory;
use super::ppm::{MAX_SIDE, Picture, line};
use super::sandbox::Sandbox;

/// A page of a PDF as a picture.
#[derive(Debug)]
pub struct PagePicture {
    /// The picture as a file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: PageFormat,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Number of pages of the PDF.
    pub pages: u32,
}

/// The kind of file with the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSource {
    /// A PDF.
    Pdf,
    /// A TIFF, as scanners and fax machines write it, with one picture or several.
    Tiff,
}

/// Most bytes of a PDF of which pages are painted.
pub(super) const MAX_VIEWED: u64 = 100 << 20;

/// Longest time in which a page is painted; a person waits for it.
const MAX_PAINTING: Duration = Duration::from_secs(20);

/// Longest time that painting a page may compute.
const MAX_PAINTING_CPU: Duration = Duration::from_secs(10);

/// Most bytes of address space of a program that paints a page. A scan of A0 in colours needs half of it.
const MAX_PAINTING_MEMORY: u64 = 1 << 30;

/// Most bytes of a painted page before it is compressed, with its head.
const MAX_PAINTED: u64 = 4_000 * 4_000 * 3 + 100;

/// Most processes and threads that paint a page.
const MAX_PAINTING_PROCESSES: u64 = 16;

/// Paints the page `$1` of the PDF or, if `$3` says so, the TIFF on the standard input; its longer side is `$2`
/// pixels long. The number of pages precedes it. A title of several lines could look like that number; the bytes
/// after the number are not from the document.
const PAINT: &str = r#"
if [ "$3" = tiff ]; then
    cat >file.tif
    tiff2pdf -o file.pdf file.tif >/dev/null 2>&1
    exit=$?
    [ $exit -gt 128 ] && exit $exit
    [ -s file.pdf ] || exit 2
else
    cat >file.pdf
fi
pdfinfo file.pdf >info 2>errors || { grep -q 'Incorrect password' errors && exit 3; exit 2; }
pages=$(sed -n 's/^Pages: *\([0-9][0-9]*\)$/\1/p' info | tail -n 1)
echo "${pages:=0}"
[ "$1" -ge 1 ] && [ "$1" -le "$pages" ] || exit 4
exec pdftoppm -q -cropbox -scale-to "$2" -f "$1" -l "$1" file.pdf
"#;

/// The script's exit code for a PDF that opens with a password only.
const ENCRYPTED: i32 = 3;

/// The script's exit code for a page that the PDF does not have.
const NO_SUCH_PAGE: i32 = 4;

/// The bounds of a job that paints a page, if any job may use as much as `most`.
pub(super) fn painting(most: &Bounds) -> Bounds {
    Bounds {
        wall: most.wall.min(MAX_PAINTING),
        cpu: most.cpu.min(MAX_PAINTING_CPU),
        memory: most.memory.min(MAX_PAINTING_MEMORY),
        disk: most.disk.min(MAX_VIEWED + MAX_PAINTED),
        output: most.output.min(MAX_PAINTED),
        processes: most.processes.min(MAX_PAINTING_PROCESSES),
    }
}

/// The page with this number, from 1. `longest` is its longer side in pixels, at most [`MAX_SIDE`].
pub(super) fn page(
    sandbox: &Sandbox,
    document: &File,
    (source, number): (PageSource, u32),
    longest: u32,
) -> Result<PagePicture, ConvertError> {
    let (number, longest) = (number.to_string(), longest.min(MAX_SIDE).to_string());
    let source = if source == PageSource::Tiff { "tiff" } else { "pdf" };
    let arguments = [number.as_str(), &longest, source];
    let ended = sandbox.run_within(&painting(sandbox.bounds()), PAINT, &arguments, document)?;
    let painted = memory::bytes(&ended.output)?;
    let first = line(&painted).and_then(|(pages, picture)| Some((pages.parse().ok()?, picture)));
    match (ended.exit, first) {
        (0, Some((pages, picture))) => {
            let (picture, _) = Picture::first_of(picture).ok_or(ConvertError::Unreadable)?;
            let (format, bytes) = encoded(&picture)?;
            Ok(PagePicture { bytes, format, width: picture.width, height: picture.height, pages })
        }
        (NO_SUCH_PAGE, Some((pages, _))) if pages > 0 => Err(ConvertError::NoSuchPage { pages }),
        (ENCRYPTED, _) => Err(ConvertError::Encrypted),
        (CPU_SPENT, _) => Err(ConvertError::TimedOut),
        // Signals are the limits' or poppler's own fault; everything else is the document's.
        (exit, _) if exit > 128 => Err(ConvertError::Crashed { exit }),
        _ => Err(ConvertError::Unreadable),
    }
}
