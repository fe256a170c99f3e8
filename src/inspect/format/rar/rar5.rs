//! Headers of RAR 5 to 7 (RAR 5.0 archive format, rarlab.com/technote.htm).

use std::collections::BTreeSet;

use flate2::Crc;

use super::{Header, Headers, NEW, decoded};
use crate::inspect::format::bytes;
use crate::inspect::notes::Notes;
use crate::model::Obstacle;

/// Types of headers.
const MAIN: u64 = 1;
const FILE: u64 = 2;
const SERVICE: u64 = 3;
const ENCRYPTION: u64 = 4;
const END: u64 = 5;

/// Flags of any header: extra records, data behind it, and data that begin or go on in another volume.
const EXTRA: u64 = 1;
const DATA: u64 = 2;
const SPLIT: u64 = 8 | 16;

/// Flags of the archive and of its end: there are other volumes.
const VOLUME: u64 = 1;
const GOES_ON: u64 = 1;

/// Flags of a file: folder, time, checksum, size not known.
const FOLDER: u64 = 1;
const TIME: u64 = 2;
const CHECKSUM: u64 = 4;
const UNSAID_SIZE: u64 = 8;

/// Records of a file: encryption, another checksum, and the target of a link.
const ENCRYPTED: u64 = 1;
const HASH: u64 = 2;
const LINK: u64 = 5;

/// Services that hide nothing: comment, recovery record, rights of files.
const SERVICES: [&str; 3] = ["CMT", "RR", "ACL"];

/// Copies of headers, from which some programs list the members.
const QUICK_OPEN: &str = "QO";

/// The bits of a method that say how it is packed; 0 is not at all.
const METHOD: u64 = 0x380;

/// Reads all headers, and notes their oddities.
pub(super) fn headers(content: &[u8], notes: &mut Notes) -> Headers {
    let (mut at, mut found) = (NEW.len(), Headers::default());
    let mut places = BTreeSet::new();
    let mut copies = Vec::new();
    while !notes.is_over() {
        let Some(block) = Block::read(content, at) else {
            notes.obstacle(Obstacle::Damaged);
            break;
        };
        if block.kind == ENCRYPTION {
            return Headers { is_sealed: true, ..found };
        }
        notes.expect(places.is_empty() == (block.kind == MAIN), Obstacle::Ambiguous);
        notes.expect(block.flags & SPLIT == 0, Obstacle::UnreadableFormat);
        places.insert(at);
        match block.kind {
            MAIN => {
                found.is_volume = number(block.fields).is_none_or(|(flags, _)| flags & VOLUME != 0);
                notes.expect(!found.is_volume, Obstacle::UnreadableFormat);
            }
            FILE => {
                let Some(file) = File::read(&block) else {
                    notes.obstacle(Obstacle::Damaged);
                    break;
                };
                notes.expect(!file.is_link && file.has_size, Obstacle::UnreadableFormat);
                notes.expect(file.has_checksum || file.is_link || file.header.is_folder, Obstacle::Ambiguous);
                found.members.push(file.header);
                notes.expect_members(found.members.len() as u64);
            }
            SERVICE => match File::read(&block) {
                Some(service) if service.header.name == QUICK_OPEN && !service.header.is_encrypted => {
                    notes.expect(service.method == 0, Obstacle::UnreadableFormat);
                    copies.push((at, block.data));
                }
                Some(service) if SERVICES.contains(&service.header.name.as_str()) => {}
                _ => notes.obstacle(Obstacle::UnreadableFormat),
            },
            END => {
                let flags = number(block.fields).map(|(flags, _)| flags);
                notes.expect(flags.is_some_and(|flags| flags & GOES_ON == 0), Obstacle::UnreadableFormat);
                // Programs that were told to go on see the bytes after it.
                notes.expect(block.next == content.len(), Obstacle::Ambiguous);
                break;
            }
            _ => notes.obstacle(Obstacle::UnreadableFormat),
        }
        at = block.next;
    }
    for (at, data) in copies {
        notes.expect(are_copies(content, at, data, &places).is_some(), Obstacle::Ambiguous);
    }
    found
}

/// `None` unless all records of a list for quick opening, which lies at a place, are copies of headers at their places.
fn are_copies(content: &[u8], at: usize, mut data: &[u8], places: &BTreeSet<usize>) -> Option<()> {
    while !data.is_empty() {
        let (length, rest) = number(data.get(4..)?)?;
        let (record, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        data = rest;
        let (_, record) = number(record)?;
        let (back, record) = number(record)?;
        let (length, copy) = number(record)?;
        let place = at.checked_sub(usize::try_from(back).ok()?).filter(|place| places.contains(place))?;
        let is_copy = copy.len() as u64 == length && content.get(place..)?.starts_with(copy);
        is_copy.then_some(())?;
    }
    Some(())
}

struct Block<'a> {
    kind: u64,
    flags: u64,
    /// The fields of the type itself, with the name and without the records.
    fields: &'a [u8],
    records: &'a [u8],
    data: &'a [u8],
    /// Place of the next one.
    next: usize,
}

impl<'a> Block<'a> {
    /// `None` if it is not whole, or its checksum is another one.
    fn read(content: &'a [u8], at: usize) -> Option<Self> {
        let checksum = bytes::u32(content, at)?;
        let summed = bytes::from(content, at + 4)?;
        let (length, rest) = number(summed)?;
        let (header, _) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let before = summed.len() - rest.len();
        let mut crc = Crc::new();
        crc.update(summed.get(..before + header.len())?);
        (crc.sum() == checksum).then_some(())?;
        let (kind, rest) = number(header)?;
        let (flags, rest) = number(rest)?;
        let (extra, rest) = if flags & EXTRA == 0 { (0, rest) } else { number(rest)? };
        let (length, rest) = if flags & DATA == 0 { (0, rest) } else { number(rest)? };
        let (fields, records) =
            rest.split_at_checked(rest.len().checked_sub(usize::try_from(extra).ok()?)?)?;
        let begin = at + 4 + before + header.len();
        let data = bytes::slice(content, begin, usize::try_from(length).ok()?)?;
        Some(Self { kind, flags, fields, records, data, next: begin + data.len() })
    }

    /// Its records: type and content. `None` where one is not whole.
    fn records(&self) -> impl Iterator<Item = Option<(u64, &'a [u8])>> {
        let mut rest = self.records;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let record = number(rest).and_then(|(length, after)| {
                let (record, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
                rest = after;
                number(record)
            });
            if record.is_none() {
                rest = &[];
            }
            Some(record)
        })
    }
}

/// A file or service.
struct File {
    header: Header,
    has_size: bool,
    has_checksum: bool,
    is_link: bool,
    method: u64,
}

impl File {
    fn read(block: &Block) -> Option<Self> {
        let (flags, rest) = number(block.fields)?;
        let (size, rest) = number(rest)?;
        let (_attributes, rest) = number(rest)?;
        let rest = rest.get(if flags & TIME == 0 { 0 } else { 4 }..)?;
        let rest = rest.get(if flags & CHECKSUM == 0 { 0 } else { 4 }..)?;
        let (method, rest) = number(rest)?;
        let (_system, rest) = number(rest)?;
        let (length, rest) = number(rest)?;
        let name = rest.get(..usize::try_from(length).ok()?)?;
        let records: BTreeSet<u64> =
            block.records().map(|record| record.map(|(kind, _)| kind)).collect::<Option<_>>()?;
        Some(Self {
            header: Header {
                name: decoded(name),
                packed: block.data.len() as u64,
                size,
                is_folder: flags & FOLDER != 0,
                is_encrypted: records.contains(&ENCRYPTED),
            },
            has_size: flags & UNSAID_SIZE == 0,
            has_checksum: flags & CHECKSUM != 0 || records.contains(&HASH),
            is_link: records.contains(&LINK),
            method: method & METHOD,
        })
    }
}

/// A number of up to ten bytes, the low seven bits first, and the bytes after it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        let shifted = u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(index).ok()?)?;
        number |= shifted;
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_of_all_lengths_are_read() {
        for (bytes, expected) in [
            (&[0x7f, 1][..], Some((0x7f, &[1][..]))),
            (&[0x82, 1], Some((0x82, &[]))),
            (&[0x80, 0x80, 0, 9], Some((0, &[9]))),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Some((u64::MAX, &[]))),
            (&[0x80], None),
            (&[], None),
            (&[0x80; 11], None),
        ] {
            assert_eq!(number(bytes), expected);
        }
    }
}
