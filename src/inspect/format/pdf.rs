//! PDF (ISO 32000-2): names that act, in the file and in its object streams.
//!
//! This is no parser: programs repair what is broken, each in its own way. Each name is found wherever it stands, however
//! it is written, outside of the bytes of streams; long ones inside of them, too, because a lying length can make objects
//! of these. That errs to the strict side.

use flate2::read::ZlibDecoder;

use super::{Member, bytes};
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

/// Names and what they say.
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
    let mut members = Vec::new();
    let mut at = 0;
    while let Some(begin) = bytes::find(content, b"stream", at) {
        note_names(content.get(at..begin).unwrap_or_default(), 0, notes);
        let data = begin + b"stream".len();
        // Only what follows a dictionary begins a stream; "endstream" and texts do not.
        let before = content.get(at..begin).unwrap_or_default().trim_ascii_end();
        if !before.ends_with(b">>") {
            at = data;
            continue;
        }
        let end = bytes::find(content, b"endstream", data).unwrap_or(content.len());
        let raw = content.get(data..end).unwrap_or_default();
        note_names(raw, MIN_LONG_NAME, notes);
        let dictionary = before.get(before.len().saturating_sub(MAX_DICTIONARY)..).unwrap_or_default();
        let begins = dictionary.windows(4).rposition(|word| word == b" obj").unwrap_or(0);
        if let Some(member) = stream(dictionary.get(begins..).unwrap_or_default(), raw, notes) {
            members.push(member);
        }
        if notes.is_over() {
            return members;
        }
        at = end;
    }
    note_names(content.get(at..).unwrap_or_default(), 0, notes);
    members
}

/// Reads the streams that matter: those with objects in them, and files.
fn stream(dictionary: &[u8], raw: &[u8], notes: &mut Notes) -> Option<Member> {
    let names: Vec<Vec<u8>> = names(dictionary).map(|(name, _)| name).collect();
    let has = |wanted: &[u8]| names.iter().any(|name| name == wanted);
    let (has_objects, is_file) = (has(b"ObjStm"), has(b"EmbeddedFile"));
    if !has_objects && !is_file {
        return None;
    }
    let filters = names
        .iter()
        .filter(|name| {
            name.ends_with(b"Decode")
                || matches!(name.as_slice(), b"Crypt" | b"Fl" | b"AHx" | b"A85" | b"LZW" | b"RL")
        })
        .count();
    let is_flate = has(b"FlateDecode") || has(b"Fl");
    let is_readable = filters == 0 || filters == 1 && is_flate && !has(b"Predictor");
    if !is_readable {
        notes.obstacle(Obstacle::UnreadableFormat);
        return None;
    }
    let raw = raw
        .strip_prefix(b"\r\n")
        .or_else(|| raw.strip_prefix(b"\n"))
        .or_else(|| raw.strip_prefix(b"\r"))
        .unwrap_or(raw);
    let content = match is_flate {
        true => notes.expand(raw.len(), &mut ZlibDecoder::new(raw))?,
        false => notes.expand(raw.len(), &mut &*raw)?,
    };
    if has_objects {
        note_names(&content, 0, notes);
    }
    is_file.then_some(Member { name: String::new(), content })
}

/// Notes the names in some bytes with at least so many letters.
fn note_names(content: &[u8], least: usize, notes: &mut Notes) {
    for (name, _) in names(content).filter(|(name, _)| name.len() >= least) {
        match NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, Label::Encrypted)) => notes.obstacle(Obstacle::Encrypted),
            Some((_, label)) => notes.label(*label),
            None => {}
        }
    }
}

/// The names in some bytes, without the slash, `#` and two digits read as the character that they stand for; and their
/// places.
fn names(content: &[u8]) -> impl Iterator<Item = (Vec<u8>, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at = bytes::find(content, b"/", at)? + 1;
        let begin = at;
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
        Some((name, begin))
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
