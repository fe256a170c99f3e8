//! Names for the files that are handed out of a mail.

use super::format::{Member, head, mail};
use super::frames::MAX_NAME;
use super::kind::Format;

/// The name of a mail in a mail: its subject, or the name that it was given.
pub(super) fn mail_name(mail: &Member) -> String {
    let subject = head::read(&mail.content).subject.filter(|subject| !named(subject).is_empty());
    let name = match subject {
        Some(subject) => format!("{subject}.eml"),
        None if mail.name.is_empty() => return mail::MAIL.to_owned(),
        None => mail.name.clone(),
    };
    if name.to_lowercase().ends_with(".eml") { name } else { format!("{name}.eml") }
}

/// A name without control characters and of a bounded length: of a longer one, the beginning and the ending.
pub(super) fn named(name: &str) -> String {
    let name: String = name.chars().filter(|character| !character.is_control()).collect();
    let name = name.trim();
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= MAX_ENDING);
    let ending = ending.map(|ending| format!(".{ending}")).unwrap_or_default();
    let begin = name.floor_char_boundary(MAX_NAME - ending.len());
    name.get(..begin).unwrap_or_default().to_owned() + &ending
}

/// Most bytes of a name's ending that is kept when the name is cut.
const MAX_ENDING: usize = 16;

/// A name without its ending.
pub(super) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map(|(stem, _)| stem.trim_end()).filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// Endings of the types that senders declare, for files without a name.
const ENDINGS: &[(&str, &str)] = &[
    ("application/json", "json"),
    ("application/msword", "doc"),
    ("application/pdf", "pdf"),
    ("application/pkcs7-mime", "p7m"),
    ("application/x-pkcs7-mime", "p7m"),
    ("application/pkcs7-signature", "p7s"),
    ("application/x-pkcs7-signature", "p7s"),
    ("application/pgp-encrypted", "txt"),
    ("application/pgp-keys", "asc"),
    ("application/pgp-signature", "asc"),
    ("application/rtf", "rtf"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-outlook", "msg"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/xml", "xml"),
    ("application/zip", "zip"),
    ("audio/mpeg", "mp3"),
    ("image/bmp", "bmp"),
    ("image/gif", "gif"),
    ("image/heic", "heic"),
    ("image/jpeg", "jpg"),
    ("image/jpg", "jpg"),
    ("image/png", "png"),
    ("image/svg+xml", "svg"),
    ("image/tiff", "tif"),
    ("image/webp", "webp"),
    ("message/delivery-status", "txt"),
    ("message/disposition-notification", "txt"),
    ("message/global", "eml"),
    ("message/rfc822", "eml"),
    ("text/calendar", "ics"),
    ("text/csv", "csv"),
    ("text/directory", "vcf"),
    ("text/html", "html"),
    ("text/markdown", "md"),
    ("text/plain", "txt"),
    ("text/rfc822-headers", "txt"),
    ("text/rtf", "rtf"),
    ("text/vcard", "vcf"),
    ("text/x-vcard", "vcf"),
    ("text/xml", "xml"),
    ("video/mp4", "mp4"),
];

/// The ending for a file without a name: by its declared type, or else by its content.
pub(super) fn ending(declared: &str, content: &[u8]) -> &'static str {
    let known = ENDINGS.iter().find(|(kind, _)| *kind == declared);
    known.map_or_else(|| ending_of(content), |(_, ending)| ending)
}

pub(super) fn ending_of(content: &[u8]) -> &'static str {
    let is = |magic: &[u8]| content.starts_with(magic);
    match Format::of(content) {
        Format::Pdf => "pdf",
        Format::Zip => "zip",
        Format::Rtf => "rtf",
        Format::SevenZip => "7z",
        Format::Rar => "rar",
        Format::Gzip => "gz",
        Format::Tar => "tar",
        Format::Mail => "eml",
        Format::Signed => "p7m",
        Format::Text => "txt",
        _ if is(b"\x89PNG") => "png",
        _ if is(b"\xff\xd8\xff") => "jpg",
        _ if is(b"GIF8") => "gif",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_bounded_length() {
        for (name, expected) in [
            ("a".repeat(MAX_NAME), "a".repeat(MAX_NAME)),
            ("ü".repeat(MAX_NAME) + ".pdf", "ü".repeat(MAX_NAME / 2 - 2) + ".pdf"),
            ("a".repeat(MAX_NAME + 1), "a".repeat(MAX_NAME)),
            (" a\u{0}\u{85}b ".to_owned(), "ab".to_owned()),
        ] {
            assert_eq!(named(&name), expected);
        }
        assert_eq!([stem("a.b.pdf"), stem(".pdf"), stem("a"), stem("")], ["a.b", ".pdf", "a", ""]);
    }
}
