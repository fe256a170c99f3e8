//! Signs that a document opens with a password only. They name the cause after LibreOffice failed to read a document
//! and decide nothing else: LibreOffice opens a document that is sealed with the standard password of Excel.

/// Whether the document bears a sign of encryption.
pub(super) fn is_needed(content: &[u8]) -> bool {
    seals_a_package(content)
        || content.chunks(SECTOR).any(|sector| is_sealed_word(sector) || is_sealed_excel(sector))
        || contains(content, SEALED_POWERPOINT)
        || has_sealed_odf_content(content)
}

/// Whether an OLE file has the stream in which a docx, xlsx or pptx lies encrypted.
pub(super) fn seals_a_package(content: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    contains(content, &name)
}

/// The smallest sector of an OLE file: streams begin at multiples of it.
const SECTOR: usize = 512;

/// The Word stream begins with 0xA5EC; bit 8 of its flags, at byte 10, is `fEncrypted`.
fn is_sealed_word(sector: &[u8]) -> bool {
    sector.starts_with(b"\xec\xa5") && sector.get(11).is_some_and(|flags| flags & 1 == 1)
}

/// The Excel stream begins with a BOF record of 20 bytes; a FILEPASS record follows.
fn is_sealed_excel(sector: &[u8]) -> bool {
    sector.starts_with(b"\x09\x08") && sector.get(20..22) == Some(b"\x2f\x00")
}

/// The atom `CurrentUser` of a ppt: its size, then the token of an encrypted presentation.
const SEALED_POWERPOINT: &[u8] = b"\x14\x00\x00\x00\xdf\xc4\xd1\xf3";

/// An encrypted ODF file stores `content.xml` uncompressed, and it is not XML. Offsets are those of ZIP's local header:
/// method at 8, lengths of name and extra field at 26 and 28, name at 30.
fn has_sealed_odf_content(content: &[u8]) -> bool {
    let is_sealed = |header: &[u8]| {
        let half = |at: usize| {
            header
                .get(at..at + 2)
                .map(|two| two.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
        };
        let (Some(0), Some(name), Some(extra)) = (half(8), half(26), half(28)) else { return false };
        header.get(30..30 + name) == Some(b"content.xml")
            && header.get(30 + name + extra).is_some_and(|first| *first != b'<' && *first != 0xef)
    };
    let starts = content.windows(4).enumerate().filter(|(_, bytes)| bytes == b"PK\x03\x04");
    content.starts_with(b"PK") && starts.filter_map(|(at, _)| content.get(at..)).any(is_sealed)
}

fn contains(content: &[u8], needle: &[u8]) -> bool {
    content.windows(needle.len()).any(|bytes| bytes == needle)
}
