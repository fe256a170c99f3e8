//! Headers of RAR 1.5 to 4.

use flate2::Crc;

use super::{Header, Headers, OLD, decoded};
use crate::inspect::format::bytes;
use crate::inspect::notes::Notes;
use crate::model::Obstacle;

/// Types of blocks.
const MAIN: u8 = 0x73;
const FILE: u8 = 0x74;
const COMMENT: u8 = 0x75;
const AUTHENTICITY: u8 = 0x76;
const RECOVERY: u8 = 0x78;
const SIGNATURE: u8 = 0x79;
const SERVICE: u8 = 0x7a;
const END: u8 = 0x7b;

/// Services that hide nothing: comment, recovery record, authenticity, rights and owners of files.
const SERVICES: [&str; 5] = ["CMT", "RR", "AV", "ACL", "UOW"];

/// Flags of the archive.
const VOLUME: u16 = 1;
const SEALED: u16 = 0x80;

/// Flags of a file or service.
const SPLIT: u16 = 3;
const ENCRYPTED: u16 = 4;
const FOLDER: u16 = 0xe0;
const WIDE: u16 = 0x100;
const UNICODE: u16 = 0x200;

/// A comment is in the header of the archive or file, as the first versions wrote it.
const OWN_COMMENT: u16 = 2;
const FILE_COMMENT: u16 = 8;

/// A block has further bytes after its header, and another volume follows.
const LONG: u16 = 0x8000;
const GOES_ON: u16 = 1;

/// Reads all blocks, and notes their oddities.
pub(super) fn headers(content: &[u8], notes: &mut Notes) -> Headers {
    let (mut at, mut found) = (OLD.len(), Headers::default());
    let mut is_first = true;
    while at < content.len() && !notes.is_over() {
        let Some(block) = Block::read(content, at) else {
            notes.obstacle(Obstacle::Damaged);
            break;
        };
        notes.expect(is_first == (block.kind == MAIN), Obstacle::Ambiguous);
        notes.expect(block.has_checksum(), Obstacle::Damaged);
        is_first = false;
        match block.kind {
            MAIN if block.flags & SEALED != 0 => return Headers { is_sealed: true, ..found },
            MAIN => {
                found.is_volume = block.flags & VOLUME != 0;
                notes.expect(block.flags & (VOLUME | OWN_COMMENT) == 0, Obstacle::UnreadableFormat);
            }
            FILE => {
                notes.expect(block.flags & (SPLIT | FILE_COMMENT) == 0, Obstacle::UnreadableFormat);
                let Some(header) = block.file() else {
                    notes.obstacle(Obstacle::Damaged);
                    break;
                };
                notes.expect(!block.is_link(), Obstacle::UnreadableFormat);
                found.members.push(header);
                notes.expect_members(found.members.len() as u64);
            }
            SERVICE => {
                let is_known = block.file().is_some_and(|service| SERVICES.contains(&service.name.as_str()));
                notes.expect(is_known && block.flags & SPLIT == 0, Obstacle::UnreadableFormat);
            }
            COMMENT | AUTHENTICITY | RECOVERY | SIGNATURE => {}
            END => {
                notes.expect(block.flags & GOES_ON == 0, Obstacle::UnreadableFormat);
                // Programs that were told to go on see the bytes after it.
                notes.expect(block.next == content.len(), Obstacle::Ambiguous);
                return found;
            }
            _ => notes.obstacle(Obstacle::UnreadableFormat),
        }
        at = block.next;
    }
    found
}

struct Block<'a> {
    kind: u8,
    flags: u16,
    checksum: u16,
    /// The whole header.
    header: &'a [u8],
    /// Place of the next one.
    next: usize,
}

impl<'a> Block<'a> {
    fn read(content: &'a [u8], at: usize) -> Option<Self> {
        let checksum = bytes::u16(content, at)?;
        let kind = *content.get(at + 2)?;
        let flags = bytes::u16(content, at + 3)?;
        let length = usize::from(bytes::u16(content, at + 5)?);
        let header = bytes::slice(content, at, length).filter(|header| header.len() >= 7)?;
        let is_file = matches!(kind, FILE | SERVICE);
        let mut data = match is_file || flags & LONG != 0 {
            true => u64::from(bytes::u32(header, 7)?),
            false => 0,
        };
        if is_file && flags & WIDE != 0 {
            data |= u64::from(bytes::u32(header, 32)?) << 32;
        }
        let next = (at + length).checked_add(usize::try_from(data).ok()?)?;
        (next <= content.len()).then_some(Self { kind, flags, checksum, header, next })
    }

    fn has_checksum(&self) -> bool {
        let mut crc = Crc::new();
        crc.update(self.header.get(2..).unwrap_or_default());
        // The authors of these two did not set theirs.
        matches!(self.kind, AUTHENTICITY | SIGNATURE) || crc.sum() & 0xffff == u32::from(self.checksum)
    }

    /// The fields of a file or service.
    fn file(&self) -> Option<Header> {
        let header = self.header;
        let (mut packed, mut size) = (u64::from(bytes::u32(header, 7)?), u64::from(bytes::u32(header, 11)?));
        let length = usize::from(bytes::u16(header, 26)?);
        let mut at = 32;
        if self.flags & WIDE != 0 {
            packed |= u64::from(bytes::u32(header, at)?) << 32;
            size |= u64::from(bytes::u32(header, at + 4)?) << 32;
            at += 8;
        }
        let raw = bytes::slice(header, at, length)?;
        // The other form of the name follows a zero.
        let short = raw.split(|byte| *byte == 0 && self.flags & UNICODE != 0).next().unwrap_or_default();
        Some(Header {
            name: decoded(short),
            packed,
            size,
            is_folder: self.flags & FOLDER == FOLDER,
            is_encrypted: self.flags & ENCRYPTED != 0,
        })
    }

    /// Whether it is a link by the attributes that Unix gave it.
    fn is_link(&self) -> bool {
        const UNIX: u8 = 3;
        let attributes = bytes::u32(self.header, 28).unwrap_or_default();
        self.header.get(15) == Some(&UNIX) && attributes & 0xf000 == 0xa000
    }
}
