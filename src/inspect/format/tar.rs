//! tar archives (POSIX.1-2024 pax, and GNU's long names).

use super::Member;
use crate::inspect::name::leaves_its_folder;
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

const BLOCK: usize = 512;

/// Whether a content begins with a header of a member, whose checksum fits.
pub(in crate::inspect) fn begins(content: &[u8]) -> bool {
    content.first_chunk::<BLOCK>().is_some_and(|header| header.first() != Some(&0) && is_header(header))
}

fn is_header(header: &[u8; BLOCK]) -> bool {
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    let field = header.get(148..156).unwrap_or_default();
    let own: u64 = field.iter().map(|byte| u64::from(*byte)).sum();
    number(field) == Some(sum - own + 8 * u64::from(b' '))
}

/// Passes each file to `take`.
pub(in crate::inspect) fn read(content: &[u8], notes: &mut Notes, mut take: impl FnMut(&mut Notes, Member)) {
    let (mut rest, mut long_name) = (content, None);
    while let Some((header, after)) = rest.split_first_chunk::<BLOCK>() {
        if header.iter().all(|byte| *byte == 0) {
            // Programs that were told to go on see the bytes after the end.
            return notes.expect(after.iter().all(|byte| *byte == 0), Obstacle::Ambiguous);
        }
        let length =
            number(header.get(124..136).unwrap_or_default()).and_then(|length| usize::try_from(length).ok());
        let kind = header.get(156).copied().unwrap_or_default();
        // Links, devices and folders have no bytes, whatever their header says.
        let length = if matches!(kind, b'1'..=b'6') { Some(0) } else { length };
        let Some(bytes) = length.filter(|_| is_header(header)).and_then(|length| after.get(..length)) else {
            return notes.obstacle(Obstacle::Damaged);
        };
        rest = after.get(bytes.len().next_multiple_of(BLOCK)..).unwrap_or_default();
        match kind {
            b'L' => long_name = Some(text(bytes)),
            b'x' => {
                for record in text(bytes).lines() {
                    match record.split_once(' ').and_then(|(_, record)| record.split_once('=')) {
                        Some(("path", name)) => long_name = Some(name.to_owned()),
                        Some(("size", _)) => notes.obstacle(Obstacle::Ambiguous),
                        _ => {}
                    }
                }
            }
            b'0' | b'7' | 0 => {
                let short = text(header.get(..100).unwrap_or_default());
                let name = long_name.take().unwrap_or(short);
                if leaves_its_folder(&name) {
                    notes.label(Label::DeceptiveName);
                }
                if let Some(content) = notes.expand(bytes.len(), &mut &*bytes) {
                    take(notes, Member { name, content });
                }
                if notes.is_over() {
                    return;
                }
            }
            b'g' | b'K' | b'1'..=b'6' => {}
            _ => notes.obstacle(Obstacle::UnreadableFormat),
        }
    }
    notes.expect(rest.is_empty(), Obstacle::Damaged);
}

/// A number in octal digits, or in GNU's form for large ones.
fn number(field: &[u8]) -> Option<u64> {
    if field.first().is_some_and(|byte| byte & 0x80 != 0) {
        return field.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
    }
    let digits = str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// The bytes up to the first zero.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}
