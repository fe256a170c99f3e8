//! What offices send becomes a PDF with its words, and what cannot become one says why.

use std::fs;

use tresor::convert::{Converter, Note, OfficeKind};

use super::{Pdf, WORD, convert, converter, document};

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
        converter().convert(&mut document, docx).map(|_| ()).unwrap_err().code()
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
