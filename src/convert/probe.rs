//! Converts documents of its own, to know what this machine can do.

use std::time::{Duration, Instant};

use super::check;
use super::{ConvertError, Converter, Note, OfficeKind};
use crate::model::PdfPages;

/// The state of conversions on this machine.
#[derive(Debug)]
pub struct Probe {
    /// Version and build of LibreOffice.
    pub libreoffice: String,
    /// How long a text of one page took.
    pub elapsed: Duration,
    /// Fonts that stand for those of Microsoft and are missing, each with its Debian package.
    pub missing_fonts: Vec<(&'static str, &'static str)>,
}

/// The word that each document has.
const WORD: &str = "Tresorprobe";

/// A document for each part of LibreOffice: extension, contents of `office:body`, name of the part, Debian package.
const DOCUMENTS: [(&str, &str, &str, &str); 3] = [
    (
        "fodt",
        r#"<office:text><text:p text:style-name="f0">WORD</text:p><text:p text:style-name="f1">WORD</text:p>
           <text:p text:style-name="f2">WORD</text:p></office:text>"#,
        "LibreOffice Writer",
        "libreoffice-writer-nogui",
    ),
    (
        "fods",
        r#"<office:spreadsheet><table:table table:name="A"><table:table-row><table:table-cell
           office:value-type="string"><text:p>WORD</text:p></table:table-cell></table:table-row></table:table>
           </office:spreadsheet>"#,
        "LibreOffice Calc",
        "libreoffice-calc-nogui",
    ),
    (
        "fodp",
        r#"<office:presentation><draw:page draw:name="A" draw:master-page-name="A"><draw:frame svg:width="9cm"
           svg:height="3cm" svg:x="2cm" svg:y="2cm"><draw:text-box><text:p>WORD</text:p></draw:text-box></draw:frame>
           </draw:page></office:presentation>"#,
        "LibreOffice Impress",
        "libreoffice-impress-nogui",
    ),
];

/// Fonts of Microsoft that the text asks for, LibreOffice's substitutes, and the Debian package.
const FONTS: [(&str, &str, &str); 3] = [
    ("Calibri", "Carlito", "fonts-crosextra-carlito"),
    ("Cambria", "Caladea", "fonts-crosextra-caladea"),
    ("Arial", "Liberation", "fonts-liberation"),
];

impl Converter {
    /// Converts a text, a spreadsheet and a presentation, and looks for their words in the PDFs.
    pub fn probe(&self) -> Result<Probe, ConvertError> {
        let mut probe =
            Probe { libreoffice: String::new(), elapsed: Duration::ZERO, missing_fonts: Vec::new() };
        for (extension, body, program, package) in DOCUMENTS {
            let kind = OfficeKind::of_extension(extension).ok_or(ConvertError::NotOffice)?;
            let begun = Instant::now();
            let converted =
                match self.convert(&mut document(extension, body).as_bytes(), kind, PdfPages::Drawn) {
                    // The document is well-formed: the program that should read it is missing.
                    Err(ConvertError::Unreadable) => {
                        return Err(ConvertError::ProgramMissing { program, package });
                    }
                    converted => converted?,
                };
            if !check::text(&self.sandbox, &converted.pdf)?.contains(WORD) {
                return Err(ConvertError::PdfRefused { found: format!("{program} lost the text") });
            }
            if extension == "fodt" {
                let lacks = |font| !converted.notes.iter().any(|note| note.has_font(font));
                let missing = FONTS.iter().filter(|(_, font, _)| lacks(font));
                probe.missing_fonts = missing.map(|(_, font, package)| (*font, *package)).collect();
                (probe.libreoffice, probe.elapsed) = (converted.libreoffice, begun.elapsed());
            }
        }
        Ok(probe)
    }
}

impl Note {
    fn has_font(&self, start: &str) -> bool {
        matches!(self, Self::Fonts(fonts) if fonts.iter().any(|font| font.starts_with(start)))
    }
}

/// A flat ODF document.
fn document(extension: &str, body: &str) -> String {
    let media = match extension {
        "fodt" => "text",
        "fods" => "spreadsheet",
        _ => "presentation",
    };
    let style = |(at, (name, ..)): (usize, &(&str, &str, &str))| {
        format!(
            r#"<style:style style:name="f{at}" style:family="paragraph"><style:text-properties fo:font-family="{name}"/></style:style>"#
        )
    };
    let styles: String = FONTS.iter().enumerate().map(style).collect();
    let body = body.replace("WORD", WORD);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.{media}">
<office:automatic-styles><style:page-layout style:name="P"/>{styles}</office:automatic-styles>
<office:master-styles><style:master-page style:name="A" style:page-layout-name="P"/></office:master-styles>
<office:body>{body}</office:body></office:document>"#
    )
}
