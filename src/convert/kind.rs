//! The formats of office documents that LibreOffice reads, by name and by content.

use super::password;

/// A format of office documents, found by the extension of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfficeKind(&'static Format);

/// The facts about a format that LibreOffice needs.
#[derive(Debug, PartialEq, Eq)]
struct Format {
    extension: &'static str,
    family: Family,
    container: Container,
    /// LibreOffice's name of the filter that reads it. It is always given: LibreOffice would otherwise guess, and
    /// lay out random bytes as text for half a minute.
    filter: &'static str,
}

/// The kind of program for a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Text,
    Sheet,
    Slides,
}

/// How a format packs its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Zip,
    Ole,
    Rtf,
    Xml,
}

impl OfficeKind {
    /// The kind of a file with this extension; `None` if it is no office document.
    pub fn of_extension(extension: &str) -> Option<Self> {
        FORMATS.iter().find(|format| format.extension.eq_ignore_ascii_case(extension)).map(Self)
    }

    /// The extension in small letters, such as `docx`.
    pub fn extension(self) -> &'static str {
        self.0.extension
    }

    pub(super) fn filter(self) -> &'static str {
        self.0.filter
    }

    /// The kind that `content` really is: a `.doc` may contain RTF or a `.docx`, as Word opens it too. `None` if it
    /// is no document of this family.
    pub(super) fn matching(self, content: &[u8]) -> Option<Self> {
        let found = Container::of(content)?;
        // An encrypted docx is an OLE file with the ZIP archive as a stream, which the filter of docx reads.
        let is_sealed_zip = || found == Container::Ole && password::seals_a_package(content);
        if found == self.0.container || (self.0.container == Container::Zip && is_sealed_zip()) {
            return Some(self);
        }
        FORMATS.iter().find(|format| format.family == self.0.family && format.container == found).map(Self)
    }
}

impl Container {
    fn of(content: &[u8]) -> Option<Self> {
        let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content).trim_ascii_start();
        let starts = [
            (content, &b"PK\x03\x04"[..], Self::Zip),
            (content, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Self::Ole),
            (text, b"{\\rtf", Self::Rtf),
            (text, b"<?xml", Self::Xml),
        ];
        starts.into_iter().find(|(bytes, start, _)| bytes.starts_with(start)).map(|(_, _, found)| found)
    }
}

const fn format(
    extension: &'static str,
    family: Family,
    container: Container,
    filter: &'static str,
) -> Format {
    Format { extension, family, container, filter }
}

/// The first of each family and container is taken for a content whose name says another one.
#[rustfmt::skip]
static FORMATS: [Format; 32] = [
    format("docx", Family::Text, Container::Zip, "MS Word 2007 XML"),
    format("docm", Family::Text, Container::Zip, "MS Word 2007 XML VBA"),
    format("dotx", Family::Text, Container::Zip, "MS Word 2007 XML Template"),
    format("dotm", Family::Text, Container::Zip, "MS Word 2007 XML Template"),
    format("odt", Family::Text, Container::Zip, "writer8"),
    format("ott", Family::Text, Container::Zip, "writer8_template"),
    format("doc", Family::Text, Container::Ole, "MS Word 97"),
    format("dot", Family::Text, Container::Ole, "MS Word 97 Vorlage"),
    format("rtf", Family::Text, Container::Rtf, "Rich Text Format"),
    format("fodt", Family::Text, Container::Xml, "OpenDocument Text Flat XML"),
    format("xlsx", Family::Sheet, Container::Zip, "Calc MS Excel 2007 XML"),
    format("xlsm", Family::Sheet, Container::Zip, "Calc MS Excel 2007 VBA XML"),
    format("xlsb", Family::Sheet, Container::Zip, "Calc MS Excel 2007 Binary"),
    format("xltx", Family::Sheet, Container::Zip, "Calc MS Excel 2007 XML Template"),
    format("xltm", Family::Sheet, Container::Zip, "Calc MS Excel 2007 XML Template"),
    format("ods", Family::Sheet, Container::Zip, "calc8"),
    format("ots", Family::Sheet, Container::Zip, "calc8_template"),
    format("xls", Family::Sheet, Container::Ole, "MS Excel 97"),
    format("xlt", Family::Sheet, Container::Ole, "MS Excel 97 Vorlage/Template"),
    format("fods", Family::Sheet, Container::Xml, "OpenDocument Spreadsheet Flat XML"),
    format("pptx", Family::Slides, Container::Zip, "Impress MS PowerPoint 2007 XML"),
    format("pptm", Family::Slides, Container::Zip, "Impress MS PowerPoint 2007 XML VBA"),
    format("ppsx", Family::Slides, Container::Zip, "Impress MS PowerPoint 2007 XML AutoPlay"),
    format("ppsm", Family::Slides, Container::Zip, "Impress MS PowerPoint 2007 XML AutoPlay"),
    format("potx", Family::Slides, Container::Zip, "Impress MS PowerPoint 2007 XML Template"),
    format("potm", Family::Slides, Container::Zip, "Impress MS PowerPoint 2007 XML Template"),
    format("odp", Family::Slides, Container::Zip, "impress8"),
    format("otp", Family::Slides, Container::Zip, "impress8_template"),
    format("ppt", Family::Slides, Container::Ole, "MS PowerPoint 97"),
    format("pps", Family::Slides, Container::Ole, "MS PowerPoint 97 AutoPlay"),
    format("pot", Family::Slides, Container::Ole, "MS PowerPoint 97 Vorlage"),
    format("fodp", Family::Slides, Container::Xml, "OpenDocument Presentation Flat XML"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_within_the_family_of_the_name() {
        let check = |extension, content: &[u8], expected: Option<&str>| {
            let kind = OfficeKind::of_extension(extension).unwrap();
            assert_eq!(kind.matching(content).map(OfficeKind::extension), expected, "{extension}");
        };
        let ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice();
        let package: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        check("DOCX", b"PK\x03\x04", Some("docx"));
        check("odt", b"PK\x03\x04", Some("odt"));
        check("doc", b"{\\rtf1", Some("rtf"));
        check("doc", b"PK\x03\x04", Some("docx"));
        check("xls", b"PK\x03\x04", Some("xlsx"));
        check("docx", ole, Some("doc"));
        check("docx", &[ole, &package].concat(), Some("docx"));
        check("fodt", b"\xef\xbb\xbf <?xml", Some("fodt"));
        check("xlsx", b"{\\rtf1", None);
        check("docx", b"%PDF-1.7", None);
        check("docx", b"", None);
        assert_eq!(OfficeKind::of_extension("exe"), None);
    }
}
