//! Finds the signed text in a person's file: the text itself, or a PDF as `print` makes it.
//!
//! Such a PDF carries the text uncompressed, so it is found without reading the PDF as one: foreign PDFs are bytes here, and the
//! signature alone decides.

/// How the texts of receipts begin.
const BEGIN: &[u8] = b"{\n  \"form\": \"tresor-";
/// The end of the text in a PDF (ISO 32000-1 7.3.8.1).
const END: &[u8] = b"\nendstream";
/// How PDFs begin.
const PDF: &[u8] = b"%PDF-";

/// The signed text in a file; `None` if there is none.
pub(in crate::http) fn note_in(file: &[u8]) -> Option<String> {
    if !file.starts_with(PDF) {
        return Some(tidied(std::str::from_utf8(file).ok()?));
    }
    let (_, rest) = split(file, BEGIN)?;
    let (text, _) = split(rest, END)?;
    let text = std::str::from_utf8(text).ok()?;
    Some(tidied(&format!("{}{text}", std::str::from_utf8(BEGIN).ok()?)))
}

/// The parts before and after the first place of these bytes.
fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..place)?, bytes.get(place + at.len()..)?))
}

/// The text with the ends of lines as they were signed: forms and editors write others, and drop or add some at the end. Inside
/// its JSON both are escaped.
fn tidied(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    format!("{}\n", text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "{\n  \"form\": \"tresor-receipt-1\"\n}\n\n\u{2014} tresor-a AAAA\n";

    #[test]
    fn the_text_is_found_alone_pasted_and_in_a_pdf() {
        let pdf =
            format!("%PDF-1.7\nstream\nx\nendstream\n/Length 7>>\nstream\n{NOTE}\nendstream\nendobj\n%%EOF");
        for file in [NOTE, &NOTE.replace('\n', "\r\n"), NOTE.trim(), &format!("\u{feff}{NOTE}\n\n"), &pdf] {
            assert_eq!(note_in(file.as_bytes()).as_deref(), Some(NOTE), "{file}");
        }
    }

    #[test]
    fn other_files_hold_none() {
        let begin = "{\n  \"form\": \"tresor-";
        for file in ["%PDF-1.7", &format!("%PDF-{begin}"), &format!("%PDF-{begin}\nendstrea")] {
            assert_eq!(note_in(file.as_bytes()), None);
        }
        assert_eq!(note_in(b"\xff\xfe"), None);
        assert_eq!(note_in(&[b"%PDF-", BEGIN, b"\xff", END].concat()), None);
    }
}
