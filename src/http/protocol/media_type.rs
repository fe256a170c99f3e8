//! Finds a file's media type by the extension of its name.

/// The media type for a file name; `application/octet-stream` if the extension is unknown.
pub fn of_name(name: &str) -> &'static str {
    let Some((_, ending)) = name.rsplit_once('.') else {
        return UNKNOWN;
    };
    TYPES
        .iter()
        .find(|(known, _)| ending.eq_ignore_ascii_case(known))
        .map_or(UNKNOWN, |(_, media_type)| *media_type)
}

const UNKNOWN: &str = "application/octet-stream";

/// File types that offices exchange, roughly by frequency.
const TYPES: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("txt", "text/plain"),
    ("csv", "text/csv"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
    ("doc", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("docm", "application/vnd.ms-word.document.macroenabled.12"),
    ("xlsm", "application/vnd.ms-excel.sheet.macroenabled.12"),
    ("dotx", "application/vnd.openxmlformats-officedocument.wordprocessingml.template"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("rtf", "application/rtf"),
    ("md", "text/markdown"),
    ("log", "text/plain"),
    ("ini", "text/plain"),
    ("json", "application/json"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("js", "text/javascript"),
    ("eml", "message/rfc822"),
    ("msg", "application/vnd.ms-outlook"),
    ("ics", "text/calendar"),
    ("vcf", "text/vcard"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("bmp", "image/bmp"),
    ("svg", "image/svg+xml"),
    ("heic", "image/heic"),
    ("ico", "image/vnd.microsoft.icon"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("wav", "audio/wav"),
    ("ogg", "audio/ogg"),
    ("flac", "audio/flac"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("avi", "video/x-msvideo"),
    ("mkv", "video/matroska"),
    ("webm", "video/webm"),
    ("7z", "application/x-7z-compressed"),
    ("gz", "application/gzip"),
    ("tgz", "application/gzip"),
    ("bz2", "application/x-bzip2"),
    ("xz", "application/x-xz"),
    ("tar", "application/x-tar"),
    ("rar", "application/vnd.rar"),
    ("p7s", "application/pkcs7-signature"),
    ("p7m", "application/pkcs7-mime"),
    ("asc", "application/pgp-keys"),
    ("epub", "application/epub+zip"),
    ("dwg", "image/vnd.dwg"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ending_counts_in_any_case() {
        for (name, media_type) in [
            ("Bilanz 2025.PDF", "application/pdf"),
            ("a.tar.gz", "application/gzip"),
            ("photo.JpG", "image/jpeg"),
            ("README", UNKNOWN),
            ("a.", UNKNOWN),
            (".hidden", UNKNOWN),
            ("a.pdf.exe", UNKNOWN),
            ("ä.ö", UNKNOWN),
            ("", UNKNOWN),
        ] {
            assert_eq!(of_name(name), media_type, "{name}");
        }
    }
}
