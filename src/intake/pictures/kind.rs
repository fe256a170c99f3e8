//! How a file can be looked at: pictures and PDFs by their content, whatever their name says; texts and office documents by
//! their name, if the content does not speak against it.

use crate::convert::OfficeKind;

/// How a file can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewKind {
    /// A picture that every browser shows, as this media type. Never SVG, which is a program.
    Image(&'static str),
    /// By pictures of its pages.
    Pages(Paged),
    /// As text.
    Text,
    /// Not at all.
    Nothing,
}

/// Files that have pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paged {
    /// A PDF.
    Pdf,
    /// A TIFF: a scan or a fax.
    Tiff,
    /// A photo in HEIC, which has one page.
    Photo,
    /// A document that becomes a PDF first.
    Office(OfficeKind),
}

/// Bytes from the beginning of a content that say what it is.
pub(super) const MOST_SNIFFED: usize = 1_024;

/// How contents begin that browsers show as pictures.
const IMAGES: [(&[u8], &str); 4] = [
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
];

/// How TIFF files begin, in both orders of bytes, and those of more than 4 GiB.
const TIFFS: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];

/// The kinds that photos in HEIC name (ISO/IEC 23008-12, 10).
const PHOTOS: [&[u8]; 6] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1"];

/// Endings of names whose files are shown as text.
const TEXTS: [&str; 9] = ["txt", "csv", "md", "log", "xml", "eml", "json", "ini", "asc"];

/// Endings of names whose files are pictures or PDFs if their content says so, too.
const SHOWN: [&str; 10] = ["pdf", "jpg", "jpeg", "png", "gif", "webp", "tif", "tiff", "heic", "heif"];

impl ViewKind {
    /// Whether a file of this name can probably be looked at.
    pub fn is_likely(name: &str) -> bool {
        let ending = ending(name);
        is_one_of(&SHOWN, ending) || is_one_of(&TEXTS, ending) || OfficeKind::of_extension(ending).is_some()
    }

    /// The kind of a content with this beginning; at most [`MOST_SNIFFED`] bytes are looked at.
    pub(super) fn of(name: &str, beginning: &[u8]) -> Self {
        let beginning = beginning.get(..MOST_SNIFFED).unwrap_or(beginning);
        if let Some((_, media_type)) = IMAGES.iter().find(|(start, _)| beginning.starts_with(start)) {
            return Self::Image(media_type);
        }
        if beginning.starts_with(b"RIFF") && beginning.get(8..12) == Some(b"WEBP") {
            return Self::Image("image/webp");
        }
        if TIFFS.iter().any(|start| beginning.starts_with(start)) {
            return Self::Pages(Paged::Tiff);
        }
        let brand = beginning.get(4..12).and_then(|name| name.strip_prefix(b"ftyp"));
        if brand.is_some_and(|brand| PHOTOS.contains(&brand)) {
            return Self::Pages(Paged::Photo);
        }
        // Some printers write a line of their own before it.
        if beginning.windows(5).any(|five| five == b"%PDF-") && !is_one_of(&TEXTS, ending(name)) {
            return Self::Pages(Paged::Pdf);
        }
        if let Some(kind) = OfficeKind::of_extension(ending(name)) {
            return Self::Pages(Paged::Office(kind));
        }
        let is_wide = beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff");
        match is_one_of(&TEXTS, ending(name)) && (is_wide || !beginning.contains(&0)) {
            true => Self::Text,
            false => Self::Nothing,
        }
    }
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn is_one_of(known: &[&str], ending: &str) -> bool {
    known.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides_and_no_program_is_a_picture() {
        let (png, jpeg) = (ViewKind::Image("image/png"), ViewKind::Image("image/jpeg"));
        let pdf = ViewKind::Pages(Paged::Pdf);
        let docx = ViewKind::Pages(Paged::Office(OfficeKind::of_extension("docx").unwrap()));
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>";
        for (name, beginning, expected) in [
            ("a.png", &b"\x89PNG\r\n\x1a\n\0"[..], png),
            ("a.svg", b"\x89PNG\r\n\x1a\n\0", png),
            ("a.html", b"\xff\xd8\xff\xe0", jpeg),
            ("a", b"RIFF\x01\x02\x03\x04WEBPVP8 ", ViewKind::Image("image/webp")),
            ("a.webp", b"RIFF\x01\x02\x03\x04WAVE", ViewKind::Nothing),
            ("a.png", svg, ViewKind::Nothing),
            ("a.svg", svg, ViewKind::Nothing),
            ("a.html", b"<html>", ViewKind::Nothing),
            ("a.txt", b"<html>", ViewKind::Text),
            ("a.TXT", b"", ViewKind::Text),
            ("a.txt", b"a\0b", ViewKind::Nothing),
            ("a.csv", b"\xff\xfea\0", ViewKind::Text),
            ("a.eml", b"From: a\n\n%PDF-", ViewKind::Text),
            ("a.pdf", b"%PDF-1.7", pdf),
            ("a", b"@PJL\n%PDF-1.7", pdf),
            ("a.pdf", b"PK\x03\x04", ViewKind::Nothing),
            ("a.tif", b"II*\0\x08", ViewKind::Pages(Paged::Tiff)),
            ("a.jpg", b"MM\0*\0", ViewKind::Pages(Paged::Tiff)),
            ("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0", ViewKind::Pages(Paged::Photo)),
            ("a.heic", b"\0\0\0\x18ftypmp42\0", ViewKind::Nothing),
            ("a.docx", b"PK\x03\x04", docx),
            ("a.exe", b"MZ", ViewKind::Nothing),
            ("", b"", ViewKind::Nothing),
        ] {
            assert_eq!(ViewKind::of(name, beginning), expected, "{name} {beginning:?}");
        }
        for (name, expected) in [
            ("a.PDF", true),
            ("a.docx", true),
            ("a.txt", true),
            ("a.svg", false),
            ("a.zip", false),
            ("pdf", false),
        ] {
            assert_eq!(ViewKind::is_likely(name), expected, "{name}");
        }
    }
}
