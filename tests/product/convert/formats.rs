//! Documents that offices send become PDFs with their words, and a document that cannot become one gives the reason.

use std::fs;

use tresor::convert::{Converter, Note, OfficeKind};
use tresor::model::PdfPages;

use super::{Pdf, WORD, convert, converter, document};
use crate::support::process::tool;

#[track_caller]
fn check(name: &str, expected: &[&str]) {
    let mut converted =
        convert(&converter(), &document(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(converted.pages, 1, "{name}");
    assert!(converted.libreoffice.starts_with("LibreOffice "), "{}", converted.libreoffice);
    let text = Pdf::of(&mut converted).text();
    for word in expected {
        assert!(text.contains(word), "{name}: {word} is missing in {text}");
    }
}

/// Numbers appear as in Germany.
#[test]
fn texts_keep_their_words() {
    for name in ["text.docx", "text.odt", "text.fodt", "text.doc", "rich.doc"] {
        check(name, &[WORD, "Straße, Größe, §§ 433 ff. BGB: 1234,5"]);
    }
}

#[test]
fn sheets_keep_their_words() {
    for name in ["sheet.xlsx", "sheet.ods", "sheet.xls"] {
        check(name, &[WORD, "1234,5"]);
    }
}

#[test]
fn slides_keep_their_words() {
    for name in ["slides.pptx", "slides.odp", "slides.ppt"] {
        check(name, &[WORD, "1234,5"]);
    }
}

#[test]
fn notes_name_comments_and_fonts() {
    let converted = convert(&converter(), &document("comment.docx")).unwrap();
    assert!(converted.notes.contains(&Note::Comments(1)), "{:?}", converted.notes);
    let has_carlito = |note: &Note| matches!(note, Note::Fonts(fonts) if fonts.contains("Carlito"));
    assert!(converted.notes.iter().any(has_carlito), "{:?}", converted.notes);
}

#[test]
fn refusals_name_their_cause() {
    let converter = converter();
    for (name, code) in [
        ("password.docx", "document-encrypted"),
        ("password.odt", "document-encrypted"),
        ("half.docx", "document-unreadable"),
        ("noise.xlsx", "document-unreadable"),
        ("noise.docx", "not-an-office-document"),
        ("letter.txt.docx", "not-an-office-document"),
        ("empty.docx", "not-an-office-document"),
    ] {
        match convert(&converter, &document(name)) {
            Ok(pdf) => panic!("{name}: {pdf:?}"),
            Err(error) => assert_eq!(error.code(), code, "{name}: {error}"),
        }
    }
}

/// The limit is 128 MiB.
#[test]
fn a_document_beyond_the_limit_is_refused() {
    let docx = OfficeKind::of_extension("docx").unwrap();
    let code = |length: u64| {
        let mut document = std::io::Read::take(std::io::repeat(b'x'), length);
        converter().convert(&mut document, docx, PdfPages::Drawn).map(|_| ()).unwrap_err().code()
    };
    assert_eq!(code((128 << 20) + 1), "document-too-large");
    assert_eq!(code(128 << 20), "not-an-office-document");
}

#[test]
fn macros_do_not_run() {
    let mut converted = convert(&converter(), &document("macro.odt")).unwrap();
    let text = Pdf::of(&mut converted).text();
    assert!(text.contains(WORD) && !text.contains("MacroHasRun"), "{text}");
    assert!(!fs::exists("/tmp/tresor-macro-has-run").unwrap());
}

#[test]
fn conversions_run_beside_each_other() {
    let converter: &Converter = &converter();
    std::thread::scope(|scope| {
        let start =
            |name: &'static str| scope.spawn(move || convert(converter, &document(name)).unwrap().pages);
        let jobs = ["text.docx", "sheet.xlsx"].map(start);
        assert_eq!(jobs.map(|job| job.join().unwrap()), [1, 1]);
    });
}

/// A picture of each page, which looks as the page does and holds no text, however the document came to its pages.
#[test]
fn pages_may_be_pictures_that_hold_nothing_else() {
    for (name, pages) in [("text.docx", 1), ("film.pptx", 1)] {
        let mut file = fs::File::open(document(name)).unwrap();
        let kind = OfficeKind::of_extension(name.rsplit_once('.').unwrap().1).unwrap();
        let mut painted = converter().convert(&mut file, kind, PdfPages::Pixels).unwrap();
        assert_eq!(painted.pages, pages, "{name}");
        assert!(painted.notes.contains(&Note::Pixels), "{:?}", painted.notes);
        let painted = Pdf::of(&mut painted);
        assert_eq!(painted.text().trim(), "", "{name}");
        let plain = painted.uncompressed();
        for part in ["/URI", "/Annots", "/Font", "/JavaScript", WORD] {
            assert!(!plain.windows(part.len()).any(|bytes| bytes == part.as_bytes()), "{name}: {part}");
        }
        // It looks like the page that is drawn: most pixels are the same within a few shades.
        let mut drawn = convert(&converter(), &document(name)).unwrap();
        assert!(difference(&painted, &Pdf::of(&mut drawn)) < 0.02, "{name}");
        let pages = tool("qpdf", "qpdf").arg("--check").arg(painted.path()).output().unwrap();
        assert!(pages.status.success(), "{pages:?}");
    }
}

/// The mean difference of two PDFs' first pages at 50 dots per inch, from 0 to 1.
fn difference(one: &Pdf, other: &Pdf) -> f64 {
    let pixels = |pdf: &Pdf| {
        let mut program = tool("pdftoppm", "poppler-utils");
        let output = program.args(["-r", "50", "-gray", "-singlefile"]).arg(pdf.path()).output().unwrap();
        assert!(output.status.success() && output.stdout.starts_with(b"P5\n"), "{output:?}");
        output.stdout
    };
    let (one, other) = (pixels(one), pixels(other));
    assert!(one.len() == other.len() && one.iter().any(|byte| *byte < 128), "{} {}", one.len(), other.len());
    let sum: u64 = one.iter().zip(&other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    f64::from(u32::try_from(sum).unwrap()) / 255.0 / f64::from(u32::try_from(one.len()).unwrap())
}
