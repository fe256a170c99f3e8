//! PDF (ISO 32000-2): names that act, in the file and in its object streams.
//!
//! This is no parser: programs repair broken files, each in its own way. Each name is found wherever it stands, however
//! it is written, outside of the bytes of streams; long ones inside of them, too, because a lying length can make objects
//! of these. That errs to the strict side.

use flate2::read::ZlibDecoder;

use super::invoice::Files;
use super::{Member, bytes};
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

/// Names and their labels.
const NAMES: [(&[u8], Label); 20] = [
    (b"JS", Label::JavaScript),
    (b"JavaScript", Label::JavaScript),
    (b"Launch", Label::Launch),
    (b"GoToE", Label::Launch),
    (b"GoToR", Label::Launch),
    (b"ImportData", Label::Launch),
    (b"SubmitForm", Label::Launch),
    (b"EmbeddedFile", Label::EmbeddedFile),
    (b"EmbeddedFiles", Label::EmbeddedFile),
    (b"FileAttachment", Label::EmbeddedFile),
    (b"XFA", Label::Xfa),
    (b"OpenAction", Label::OpenAction),
    (b"AA", Label::OpenAction),
    (b"RichMedia", Label::RichMedia),
    (b"RichMediaContent", Label::RichMedia),
    (b"Rendition", Label::RichMedia),
    (b"Movie", Label::RichMedia),
    (b"Sound", Label::RichMedia),
    (b"3D", Label::RichMedia),
    (b"Encrypt", Label::Encrypted),
];

/// Fewest letters of a name that is looked for in the bytes of streams: shorter ones stand there by chance.
const MIN_LONG_NAME: usize = 5;

/// Most bytes before a stream in which its dictionary is looked for.
const MAX_DICTIONARY: usize = 16 << 10;

/// Reads a document and returns the files in it.
pub(in crate::inspect) fn read(content: &[u8], notes: &mut Notes) -> Vec<Member> {
    let had_files = notes.labels.contains(&Label::EmbeddedFile);
    let before = notes.obstacle;
    let mut pdf = Pdf::default();
    pdf.read(content, notes);
    if pdf.is_encrypted && !notes.is_over() {
        // Streams that cannot be read are no damage then.
        notes.obstacle = before;
        notes.obstacle(Obstacle::Encrypted);
        return pdf.members;
    }
    // One that was not found as a stream holds objects that were not seen.
    notes.expect(pdf.object_streams == 0, Obstacle::Ambiguous);
    if !had_files && pdf.files.are_invoices(content) {
        notes.labels.remove(&Label::EmbeddedFile);
        notes.label(Label::EInvoice);
    }
    pdf.members
}

/// The findings in a document so far.
#[derive(Default)]
struct Pdf {
    members: Vec<Member>,
    files: Files,
    /// Object streams that were named and not read yet.
    object_streams: usize,
    is_encrypted: bool,
}

impl Pdf {
    fn read(&mut self, content: &[u8], notes: &mut Notes) {
        let mut at = 0;
        while let Some(begin) = bytes::find(content, b"stream", at) {
            let before = content.get(at..begin).unwrap_or_default();
            self.note_names(before, 0, notes);
            let data = begin + b"stream".len();
            // Only the word after a dictionary begins a stream; "endstream" and texts do not.
            let before = before.trim_ascii_end();
            if !before.ends_with(b">>") {
                notes.expect(!is_keyword(content, begin), Obstacle::Ambiguous);
                at = data;
                continue;
            }
            let end = bytes::find(content, b"endstream", data).unwrap_or(content.len());
            let raw = content.get(data..end).unwrap_or_default();
            self.note_names(raw, MIN_LONG_NAME, notes);
            // A stream in a stream: programs that go by the list of objects find it.
            let mut inner = data;
            while let Some(found) = bytes::find(content, b"stream", inner).filter(|found| *found < end) {
                notes.expect(!is_keyword(content, found), Obstacle::Ambiguous);
                inner = found + 1;
            }
            let near = before.get(before.len().saturating_sub(MAX_DICTIONARY)..).unwrap_or_default();
            let (head, dictionary) =
                near.split_at(near.windows(4).rposition(|word| word == b" obj").map_or(0, |at| at + 4));
            self.read_stream(head, dictionary, raw, notes);
            if notes.is_over() {
                return;
            }
            at = end;
        }
        self.note_names(content.get(at..).unwrap_or_default(), 0, notes);
    }

    /// Reads a stream that matters: one with objects in it, or a file.
    fn read_stream(&mut self, head: &[u8], dictionary: &[u8], raw: &[u8], notes: &mut Notes) {
        let names: Vec<Vec<u8>> = names(dictionary).map(|(name, _)| name).collect();
        let has = |wanted: &[u8]| names.iter().any(|name| name == wanted);
        let is_file = has(b"EmbeddedFile");
        // Its type may be written elsewhere.
        let has_objects = has(b"ObjStm") || has(b"First") && has(b"N");
        if !has_objects && !is_file {
            return;
        }
        let is_filter =
            |name: &&Vec<u8>| name.ends_with(b"Decode") || SHORT_FILTERS.contains(&name.as_slice());
        let filters = names.iter().filter(is_filter).count();
        let is_flate = has(b"FlateDecode") || has(b"Fl");
        let raw = [&b"\r\n"[..], b"\n", b"\r"].iter().find_map(|end| raw.strip_prefix(*end)).unwrap_or(raw);
        let content = if filters == 0 {
            notes.expand(raw.len(), &mut &*raw)
        } else if filters == 1 && is_flate && !has(b"Predictor") {
            notes.expand(raw.len(), &mut ZlibDecoder::new(raw))
        } else {
            notes.obstacle(Obstacle::UnreadableFormat);
            None
        };
        if has_objects {
            self.note_names(content.as_deref().unwrap_or_default(), 0, notes);
            self.object_streams = self.object_streams.saturating_sub(usize::from(has(b"ObjStm")));
        }
        if is_file {
            self.files.file(head, content.as_deref());
            self.members.extend(content.map(|content| Member { name: String::new(), content }));
        }
    }

    /// Notes the names in some bytes with at least this many letters.
    fn note_names(&mut self, content: &[u8], least: usize, notes: &mut Notes) {
        for (name, end) in names(content) {
            let rest = content.get(end..).unwrap_or_default().trim_ascii_start();
            match name.as_slice() {
                b"EF" if least == 0 || rest.starts_with(b"<<") => self.files.reference(rest),
                b"ObjStm" => self.object_streams += 1,
                // A place in the document to be shown first.
                b"OpenAction" if rest.starts_with(b"[") => continue,
                _ => {}
            }
            match NAMES.iter().find(|(known, _)| *known == name && name.len() >= least) {
                Some((_, Label::Encrypted)) => self.is_encrypted = true,
                Some((_, label)) => notes.label(*label),
                None => {}
            }
        }
    }
}

/// Whether `stream` at a place stands as the word that begins one, and not in a text.
fn is_keyword(content: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| content.get(before));
    before.is_some_and(|byte| is_delimiter(*byte)) && matches!(content.get(at + 6), Some(b'\r' | b'\n'))
}

/// Filters whose names do not end with `Decode`.
const SHORT_FILTERS: [&[u8]; 6] = [b"Crypt", b"Fl", b"AHx", b"A85", b"LZW", b"RL"];

/// The names in some bytes, without the slash, `#` and two digits read as the character that they stand for; and the
/// places after them.
fn names(content: &[u8]) -> impl Iterator<Item = (Vec<u8>, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at = bytes::find(content, b"/", at)? + 1;
        let mut name = Vec::new();
        while let Some(byte) = content.get(at).filter(|byte| !is_delimiter(**byte)) {
            at += 1;
            let digits = content.get(at..at + 2).and_then(|digits| str::from_utf8(digits).ok());
            match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(escaped) if *byte == b'#' => {
                    name.push(escaped);
                    at += 2;
                }
                _ => name.push(*byte),
            }
            // No name of interest is longer; the next slash ends it anyway.
            if name.len() > MAX_NAME {
                break;
            }
        }
        Some((name, at))
    })
}

/// Most bytes of a name that are looked at.
const MAX_NAME: usize = 127;

fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, 0 | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_programs_read_them() {
        let found: Vec<_> =
            names(b"<</Type/Ja#76aScript /JS(x)/#4cau#6ech>>/a#zz/").map(|(name, _)| name).collect();
        assert_eq!(found, [&b"Type"[..], b"JavaScript", b"JS", b"Launch", b"a#zz", b""]);
    }
}
