//! Turns one text of headings, facts and tables into a tagged PDF that screen readers read as well as printers print it.
//!
//! ```text
//! document > layout  lines, rows and pages in points; which of them belong together for a reader who cannot see them
//!          > draw    krilla writes the PDF, checks it against PDF/UA-1 and PDF/A-3a, and cuts the font down
//! ```
//! The same document gives the same bytes. All calls block for as long as they compute.

mod draw;
mod face;
mod layout;

use crate::model::Timestamp;

/// Most rows of a document's tables together: they become about 80 pages. Makers of documents say what they left out.
pub const MAX_PRINTED_ROWS: usize = 2_000;

/// A text to be printed.
#[derive(Clone, Debug)]
pub struct Document {
    /// Language tag of its own words (RFC 5646).
    pub language: &'static str,
    /// The first heading, and the title of the PDF.
    pub title: String,
    /// The time that the PDF gives as its own.
    pub dated: Timestamp,
    /// The blocks after the title.
    pub blocks: Vec<Block>,
    /// The file that the PDF carries along.
    pub attached: Option<Attached>,
    /// The words below a page, from its number and the number of all pages.
    pub foot: fn(page: usize, pages: usize) -> String,
}

/// A part of a document.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading of the second level.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Names and their values.
    Facts(Vec<(String, String)>),
    /// Rows with a head that each page repeats.
    Table(Table),
    /// An address, also as a QR code.
    Address {
        /// The address.
        address: String,
        /// The picture in words.
        about: String,
    },
}

/// A table. Its first column names the row.
#[derive(Clone, Debug)]
pub struct Table {
    /// The heads of the columns.
    pub heads: Vec<String>,
    /// The widths of the columns, as parts of their sum.
    pub widths: Vec<u16>,
    /// The rows; each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell: its text, and smaller ones below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// The smaller ones.
    pub notes: Vec<String>,
}

/// A file in a PDF. It is stored there as it is, so that it can be found without reading the PDF as one.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its name, in ASCII.
    pub name: &'static str,
    /// Its purpose, in words.
    pub about: String,
    /// Its content.
    pub text: String,
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
#[error("the PDF was not made: {0}")]
pub struct PrintError(String);

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, notes: Vec::new() }
    }
}

impl Document {
    /// The document as PDF 1.7.
    ///
    /// Errors: the PDF would break a rule of PDF/UA-1 or PDF/A-3a, or has more objects than a PDF may have.
    pub fn to_pdf(&self) -> Result<Vec<u8>, PrintError> {
        draw::draw(self, layout::lay_out(self))
    }
}

/// Whether the font has all characters of a text; others are printed as U+FFFD.
pub fn is_printable(text: &str) -> bool {
    face::has_all(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document with a table of this many files.
    pub(super) fn long(rows: usize) -> Document {
        let row = |number: usize| {
            let name = format!("Ordner/{number} {}.pdf", "Rechnung ".repeat(number % 40));
            let file = Cell { text: name, notes: vec![format!("sha{number:061}")] };
            vec![file, Cell::from("1,5 MiB".to_owned())]
        };
        Document {
            language: "de",
            title: "Eingangsbestätigung".to_owned(),
            dated: Timestamp(0),
            blocks: vec![
                Block::Facts(vec![("Kanzlei".to_owned(), "文 & Söhne \u{202e}".to_owned())]),
                Block::Heading("Dateien".to_owned()),
                Block::Table(Table {
                    heads: vec!["Datei".to_owned(), "Größe".to_owned()],
                    widths: vec![4, 1],
                    rows: (0..rows).map(row).collect(),
                }),
                Block::Text("Zum Schluss".to_owned()),
                Block::Address {
                    address: "https://tresor.example/check".to_owned(),
                    about: "QR-Code".to_owned(),
                },
            ],
            attached: Some(Attached {
                name: "receipt.txt",
                about: "Signiert".to_owned(),
                text: "{\n  \"form\"\n".to_owned(),
            }),
            foot: |page, pages| format!("Seite {page} von {pages}"),
        }
    }

    /// krilla refuses a document that breaks PDF/UA-1 or PDF/A-3a; the tools in `tests/product` read the PDFs.
    #[test]
    fn the_same_document_gives_the_same_bytes_with_the_attached_text_as_it_is() {
        for rows in [0, 1, 100] {
            let pdf = long(rows).to_pdf().unwrap();
            assert!(pdf.starts_with(b"%PDF-1.7"));
            assert_eq!(pdf, long(rows).to_pdf().unwrap());
            let text = b"stream\n{\n  \"form\"\n\nendstream";
            assert!(pdf.windows(text.len()).any(|window| window == text));
        }
        // The characters that fonts and PDFs lack, alone.
        for odd in ["", "\0", "\u{feff}", "\u{e000}", "\u{fffe}", "😀", "\u{202e}x"] {
            let document = Document { title: format!("a{odd}"), ..long(1) };
            document.to_pdf().unwrap();
        }
    }
}
