//! Documents become PDFs by the real LibreOffice, which can reach nothing and is ended when it does not end.
//!
//! `documents.py` writes the documents. A test that needs a LibreOffice with bad habits puts a script in its place.

mod active;
mod doctor;
mod formats;
mod limits;
mod pages;
mod reach;
pub(crate) mod unit;

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tresor::convert::{Bounds, ConvertError, Converted, Converter, OfficeKind, Settings};
use tresor::model::PdfPages;

use crate::support::canary::WORK_PREFIX;
use crate::support::process::{installed, limited, require, succeed, tool};

/// The word in each of the ordinary documents.
const WORD: &str = "Kaufvertrag";

/// The converter as it is without any setting.
fn converter() -> Converter {
    for (program, package) in [
        ("bwrap", "bubblewrap"),
        ("soffice", "libreoffice-writer-nogui"),
        ("qpdf", "qpdf"),
        ("pdftotext", "poppler-utils"),
    ] {
        require(program, package);
    }
    Converter::new(&Settings::default()).unwrap()
}

fn convert(converter: &Converter, path: &Path) -> Result<Converted, ConvertError> {
    let extension = path.extension().unwrap().to_str().unwrap();
    let kind = OfficeKind::of_extension(extension).unwrap();
    converter.convert(&mut File::open(path).unwrap(), kind, PdfPages::Drawn)
}

/// Lets `documents.py` write documents into a folder.
fn write_documents(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/convert/documents.py");
    succeed(limited(&installed("office/bin/python")).arg(script).args(arguments));
}

/// One of the ordinary documents. They are written again only if the script that writes them has changed.
fn document(name: &str) -> PathBuf {
    static WRITTEN: OnceLock<PathBuf> = OnceLock::new();
    let folder = WRITTEN.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
        let (script, mark) = (include_str!("documents.py"), folder.join("documents.py"));
        if fs::read_to_string(&mark).ok().as_deref() != Some(script) {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).unwrap();
            write_documents(&["ordinary", folder.to_str().unwrap()]);
            fs::write(mark, script).unwrap();
        }
        folder
    });
    folder.join(name)
}

/// A folder that the user "nobody" can look into, since that user runs the converter if a test is root.
fn work_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix(WORK_PREFIX).tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A converted document as a file, so that other programs can look into it.
struct Pdf {
    folder: TempDir,
}

impl Pdf {
    fn of(converted: &mut Converted) -> Self {
        let mut bytes = Vec::new();
        converted.pdf.read_to_end(&mut bytes).unwrap();
        let pdf = Self { folder: work_folder() };
        fs::write(pdf.path(), bytes).unwrap();
        pdf
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("document.pdf")
    }

    fn text(&self) -> String {
        succeed(tool("pdftotext", "poppler-utils").arg(self.path()).arg("-"))
    }

    /// All objects and streams, decompressed.
    fn uncompressed(&self) -> Vec<u8> {
        let plain = self.folder.path().join("plain.pdf");
        succeed(
            tool("qpdf", "qpdf").args(["--qdf", "--object-streams=disable"]).args([&self.path(), &plain]),
        );
        fs::read(plain).unwrap()
    }

    /// The pages as pixels: three bytes each, after a short head for each page.
    fn pixels(&self) -> Vec<u8> {
        let pages = tool("pdftoppm", "poppler-utils").args(["-r", "60"]).arg(self.path()).output().unwrap();
        assert!(pages.status.success());
        pages.stdout
    }
}

/// A script in the place of LibreOffice.
struct Impostor {
    folder: TempDir,
}

impl Impostor {
    /// It begins in its `/tmp`; the file that it leaves in `out/document.pdf` is the PDF.
    fn new(script: &str) -> Self {
        let impostor = Self { folder: work_folder() };
        let program = impostor.folder.path().join("program");
        fs::create_dir(&program).unwrap();
        for name in ["soffice", "soffice.bin"] {
            fs::write(program.join(name), format!("#!/bin/sh\nmkdir out\n{script}\n")).unwrap();
            fs::set_permissions(program.join(name), Permissions::from_mode(0o755)).unwrap();
        }
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        impostor
    }

    fn settings(&self) -> Settings {
        let libreoffice = self.folder.path().join("program/soffice");
        let bounds = Bounds { wall: Duration::from_secs(3), ..Bounds::default() };
        Settings { libreoffice, bounds, ..Settings::default() }
    }

    fn convert(&self) -> Result<Converted, ConvertError> {
        impostor_converts(&self.settings())
    }

    /// Processes that belong to it: the path of its folder is in their command lines.
    fn processes(&self) -> usize {
        let mark = self.folder.path().to_str().unwrap();
        let all = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok());
        all.filter(|line| String::from_utf8_lossy(line).contains(mark)).count()
    }
}

fn impostor_converts(settings: &Settings) -> Result<Converted, ConvertError> {
    let kind = OfficeKind::of_extension("rtf").unwrap();
    Converter::new(settings).unwrap().convert(&mut &b"{\\rtf1 x}"[..], kind, PdfPages::Drawn)
}
