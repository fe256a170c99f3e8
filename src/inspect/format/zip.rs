//! ZIP archives (APPNOTE.TXT 6.3.10), read as strictly as no other program does.
//!
//! Programs read the directory at the end, or the headers before each member, or both. Whatever lets two of them see
//! different members is ambiguous: headers that differ, members that overlap, bytes that belong to none, two ends.

use std::collections::BTreeSet;

use bzip2::read::MultiBzDecoder;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use lzma_rust2::{LzmaReader, XzReader};

use super::bytes;
use super::deflate64::{Deflate64, stands_alone};
use crate::inspect::name::leaves_its_folder;
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

/// A member as the directory has it.
#[derive(Debug)]
pub(in crate::inspect) struct Entry {
    /// As its writer encoded it; bytes that are no UTF-8 count as Latin-1.
    pub(in crate::inspect) name: String,
    flags: u16,
    method: u16,
    /// Half of its time, as the format has it.
    time: u16,
    crc: u32,
    aes: Option<AesField>,
    packed: u64,
    size: u64,
    /// Place of its header.
    header: u64,
    /// Place of its bytes; 0 if its header cannot be read.
    data: usize,
}

/// `WinZip`'s field about a member that it encrypted with AES.
#[derive(Clone, Copy, Debug)]
struct AesField {
    /// 1 or 2; the second form has no checksum.
    form: u16,
    /// 1, 2 or 3: 128, 192 or 256 bits.
    strength: u8,
    method: u16,
}

/// How a member is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inspect) enum Seal {
    /// It is not.
    None,
    /// As PKZIP 2 does it; this byte comes before the contents.
    Old { check: u8 },
    /// As `WinZip` does it, with a key of this many bytes.
    Aes { key: usize },
    /// In another way.
    Other,
}

/// Bytes of the record at the end, without its comment.
const END: usize = 22;

/// Bytes of the record before it that says where the one with 64 bits is.
const LOCATOR: usize = 20;

const ENCRYPTED: u16 = 1 | STRONGLY_ENCRYPTED;
const STRONGLY_ENCRYPTED: u16 = 1 << 6 | 1 << 13;
const SIZES_FOLLOW: u16 = 1 << 3;
pub(in crate::inspect) const STORED: u16 = 0;
pub(in crate::inspect) const DEFLATED: u16 = 8;
pub(in crate::inspect) const DEFLATED_64: u16 = 9;
const BZIP2: u16 = 12;
const LZMA: u16 = 14;
const XZ: u16 = 95;
const AES: u16 = 99;

/// Bytes before an LZMA stream: a version, the number of properties, the properties and the size of the dictionary.
const LZMA_HEAD: usize = 9;

/// An LZMA stream says itself where it ends.
const HAS_END_MARK: u16 = 1 << 1;

/// Most KiB of memory for the decoder of one member.
const MAX_DECODER_KIB: u32 = 160 << 10;

/// Whether an archive ends with these bytes.
pub(in crate::inspect) fn ends_here(content: &[u8]) -> bool {
    end(content).is_some()
}

/// The members of an archive, in the order of the directory. Its faults are noted.
pub(in crate::inspect) fn entries(content: &[u8], notes: &mut Notes) -> Vec<Entry> {
    let Some(directory) = Directory::find(content, notes) else {
        notes.obstacle(Obstacle::Damaged);
        return Vec::new();
    };
    notes.expect_members(directory.entries);
    if notes.is_over() {
        return Vec::new();
    }
    let mut entries = Vec::new();
    let mut at = directory.start;
    for _ in 0..directory.entries {
        let Some((entry, length)) = entry(content, at, directory.base, notes) else {
            notes.obstacle(Obstacle::Damaged);
            break;
        };
        at += length;
        entries.push(entry);
    }
    notes.expect(at == directory.end, Obstacle::Ambiguous);
    check_names(&entries, notes);
    check_places(content, &mut entries, &directory, notes);
    entries
}

/// Where the directory is.
struct Directory {
    start: usize,
    end: usize,
    entries: u64,
    /// Bytes before the archive, by which all places are shifted.
    base: u64,
}

impl Directory {
    fn find(content: &[u8], notes: &mut Notes) -> Option<Self> {
        let at = end(content).or_else(|| {
            // Bytes follow the archive: some programs look for the record anyway.
            notes.obstacle(Obstacle::Ambiguous);
            (0..=content.len().checked_sub(END)?).rev().find(|at| is_end(content, *at))
        })?;
        // Programs that look for it from the end find another one in the comment.
        notes.expect(!(at + 1..content.len()).any(|at| is_end(content, at)), Obstacle::Ambiguous);
        let disks = [bytes::u16(content, at + 4)?, bytes::u16(content, at + 6)?];
        let (mut entries, mut here) =
            (u64::from(bytes::u16(content, at + 10)?), u64::from(bytes::u16(content, at + 8)?));
        let (mut size, mut offset) =
            (u64::from(bytes::u32(content, at + 12)?), u64::from(bytes::u32(content, at + 16)?));
        let mut end = at;
        let locator = at.checked_sub(LOCATOR).filter(|at| bytes::u32(content, *at) == Some(0x0706_4b50));
        if let Some(locator) = locator {
            let wide = usize::try_from(bytes::u64(content, locator + 8)?).ok()?;
            // It has to end where the locator begins, so that all programs find it.
            let is_there = bytes::u32(content, wide) == Some(0x0606_4b50)
                && bytes::u64(content, wide + 4)
                    .is_some_and(|length| (wide as u64 + 12).checked_add(length) == Some(locator as u64));
            if !is_there {
                notes.obstacle(Obstacle::Ambiguous);
                return None;
            }
            let fields = [24, 32, 40, 48].map(|field| bytes::u64(content, wide + field));
            let [Some(here64), Some(entries64), Some(size64), Some(offset64)] = fields else { return None };
            // Where the short record has a number, it is the same.
            let is_same = |short: u64, most: u64, long: u64| short == most || short == long;
            let agree = is_same(entries, 0xffff, entries64)
                && is_same(here, 0xffff, here64)
                && is_same(size, 0xffff_ffff, size64)
                && is_same(offset, 0xffff_ffff, offset64);
            notes.expect(agree, Obstacle::Ambiguous);
            (entries, here, size, offset, end) = (entries64, here64, size64, offset64, wide);
        }
        notes.expect(disks == [0, 0] && here == entries, Obstacle::Ambiguous);
        let start = end.checked_sub(usize::try_from(size).ok()?)?;
        let base = (start as u64).checked_sub(offset)?;
        notes.expect(base == 0, Obstacle::Ambiguous);
        Some(Self { start, end, entries, base })
    }
}

/// The place of the record whose comment ends with the content.
fn end(content: &[u8]) -> Option<usize> {
    let last = content.len().checked_sub(END)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find(|at| {
        is_end(content, *at)
            && bytes::u16(content, at + 20)
                .is_some_and(|comment| at + END + usize::from(comment) == content.len())
    })
}

fn is_end(content: &[u8], at: usize) -> bool {
    bytes::slice(content, at, END).is_some_and(|record| record.starts_with(b"PK\x05\x06"))
}

/// A record of the directory, and its length.
fn entry(content: &[u8], at: usize, base: u64, notes: &mut Notes) -> Option<(Entry, usize)> {
    if bytes::u32(content, at)? != 0x0201_4b50 {
        return None;
    }
    let [name_len, extra_len, comment_len] =
        [28, 30, 32].map(|field| bytes::u16(content, at + field).map(usize::from));
    let (name_len, extra_len, comment_len) = (name_len?, extra_len?, comment_len?);
    let raw = bytes::slice(content, at + 46, name_len)?;
    let extra = bytes::slice(content, at + 46 + name_len, extra_len)?;
    let name = decoded(raw);
    let mut numbers =
        [24, 20, 42].map(|field| u64::from(bytes::u32(content, at + field).unwrap_or_default()));
    let mut aes = None;
    for (id, field) in fields(extra) {
        match id {
            0x9901 => {
                aes = Some(AesField {
                    form: bytes::u16(field, 0)?,
                    strength: *field.get(4)?,
                    method: bytes::u16(field, 5)?,
                });
            }
            // Numbers of 64 bits, for those that are all ones, in this order.
            1 => {
                let mut wide = field.chunks(8).map(|number| bytes::u64(number, 0));
                for number in numbers.iter_mut().filter(|number| **number == 0xffff_ffff) {
                    *number = wide.next()??;
                }
            }
            // Info-ZIP's name in UTF-8 after a version and a checksum: some programs show it instead.
            0x7075 => {
                let other = decoded(field.get(5..).unwrap_or_default());
                notes.expect(ending(&other) == ending(&name), Obstacle::Ambiguous);
            }
            _ => {}
        }
    }
    let [size, packed, header] = numbers;
    let entry = Entry {
        name,
        flags: bytes::u16(content, at + 8)?,
        method: bytes::u16(content, at + 10)?,
        time: bytes::u16(content, at + 12)?,
        aes,
        crc: bytes::u32(content, at + 16)?,
        packed,
        size,
        header: header.checked_add(base)?,
        data: 0,
    };
    notes.expect(bytes::u16(content, at + 34)? == 0, Obstacle::Ambiguous);
    Some((entry, 46 + name_len + extra_len + comment_len))
}

/// The fields of an extra area: id and content.
fn fields(mut extra: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (id, length) = (bytes::u16(extra, 0)?, usize::from(bytes::u16(extra, 2)?));
        let field = bytes::slice(extra, 4, length)?;
        extra = bytes::from(extra, 4 + length)?;
        Some((id, field))
    })
}

fn ending(name: &str) -> Option<String> {
    name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase())
}

fn decoded(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => raw.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn check_names(entries: &[Entry], notes: &mut Notes) {
    let mut seen = BTreeSet::new();
    for entry in entries {
        let name = entry.name.as_str();
        // Which of two one gets, and where a name ends, depends on the program.
        notes.expect(seen.insert(name) && !name.contains('\0'), Obstacle::Ambiguous);
        if leaves_its_folder(name) {
            notes.label(Label::DeceptiveName);
        }
    }
}

/// Compares each header with the directory, finds the bytes of each member, and notes bytes that belong to two or none.
fn check_places(content: &[u8], entries: &mut [Entry], directory: &Directory, notes: &mut Notes) {
    let mut places = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry.locate(content, directory.start) {
            Some((from, to, is_same)) => {
                notes.expect(is_same, Obstacle::Ambiguous);
                places.push((from, to, entry.flags & SIZES_FOLLOW != 0));
            }
            None => notes.obstacle(Obstacle::Ambiguous),
        }
    }
    places.sort_unstable();
    let ends = places.iter().skip(1).map(|(from, ..)| *from).chain([directory.start]);
    let mut is_dense = places.first().map_or(directory.start, |(from, ..)| *from) == 0;
    for ((_, to, has_sizes), next) in places.iter().zip(ends) {
        // Checksum and sizes, of 32 or 64 bits, with or without a mark.
        let gap = next.checked_sub(*to);
        is_dense &= gap == Some(0) && !has_sizes || *has_sizes && matches!(gap, Some(12 | 16 | 20 | 24));
    }
    notes.expect(is_dense, Obstacle::Ambiguous);
}

impl Entry {
    /// Whether it is a folder.
    pub(in crate::inspect) fn is_folder(&self) -> bool {
        // Deflate makes two bytes of nothing.
        self.name.ends_with('/') && self.size == 0 && self.packed <= 2
    }

    /// Where its header begins and its bytes end, and whether header and directory say the same; `None` if that is
    /// outside of the members' part of the archive.
    fn locate(&mut self, content: &[u8], limit: usize) -> Option<(usize, usize, bool)> {
        let at = usize::try_from(self.header).ok()?;
        if bytes::u32(content, at)? != 0x0403_4b50 {
            return None;
        }
        let (name_len, extra_len) =
            (usize::from(bytes::u16(content, at + 26)?), usize::from(bytes::u16(content, at + 28)?));
        let raw = bytes::slice(content, at + 30, name_len)?;
        let extra = bytes::slice(content, at + 30 + name_len, extra_len)?;
        let data = at + 30 + name_len + extra_len;
        let end = data.checked_add(usize::try_from(self.packed).ok()?).filter(|end| *end <= limit)?;
        let (crc, mut packed, mut size) = (
            bytes::u32(content, at + 14)?,
            u64::from(bytes::u32(content, at + 18)?),
            u64::from(bytes::u32(content, at + 22)?),
        );
        if let Some((_, wide)) = fields(extra).find(|(id, _)| *id == 1) {
            let mut wide = wide.chunks(8).map(|number| bytes::u64(number, 0));
            for number in [&mut size, &mut packed].into_iter().filter(|number| **number == 0xffff_ffff) {
                *number = wide.next()??;
            }
        }
        let is_unsaid = |number: u64| number == 0 && self.flags & SIZES_FOLLOW != 0;
        let is_same = decoded(raw) == self.name
            && bytes::u16(content, at + 6)? == self.flags
            && bytes::u16(content, at + 8)? == self.method
            && (crc == self.crc || is_unsaid(u64::from(crc)))
            && (packed == self.packed || is_unsaid(packed))
            && (size == self.size || is_unsaid(size));
        self.data = data;
        Some((at, end, is_same))
    }

    /// How it is encrypted.
    pub(in crate::inspect) fn seal(&self) -> Seal {
        match (self.method, self.aes) {
            _ if self.flags & STRONGLY_ENCRYPTED != 0 => Seal::Other,
            (AES, Some(AesField { form: 1 | 2, strength: strength @ 1..=3, .. })) => {
                Seal::Aes { key: 8 * (usize::from(strength) + 1) }
            }
            (AES, _) => Seal::Other,
            _ if self.flags & ENCRYPTED == 0 => Seal::None,
            _ => {
                let [.., of_crc] = self.crc.to_le_bytes();
                let [_, of_time] = self.time.to_le_bytes();
                Seal::Old { check: if self.flags & SIZES_FOLLOW == 0 { of_crc } else { of_time } }
            }
        }
    }

    /// Its bytes as they lie in the archive.
    pub(in crate::inspect) fn packed<'c>(&self, content: &'c [u8]) -> Option<&'c [u8]> {
        bytes::slice(content, self.data, usize::try_from(self.packed).ok()?).filter(|_| self.data != 0)
    }

    /// How it is compressed, below its encryption.
    pub(in crate::inspect) fn method(&self) -> u16 {
        self.aes.map_or(self.method, |aes| aes.method)
    }

    /// Bytes when it is expanded.
    pub(in crate::inspect) fn size(&self) -> u64 {
        self.size
    }

    /// The checksum of these bytes, if the archive says one.
    pub(in crate::inspect) fn crc(&self) -> Option<u32> {
        let has_one = self.method != AES || self.aes.is_some_and(|aes| aes.form == 1);
        has_one.then_some(self.crc)
    }

    /// Its bytes; `None` if they cannot be read, which is noted.
    pub(in crate::inspect) fn expand(&self, content: &[u8], notes: &mut Notes) -> Option<Vec<u8>> {
        if self.data == 0 {
            return None;
        }
        if self.flags & ENCRYPTED != 0 || self.method == AES {
            notes.obstacle(Obstacle::Encrypted);
            return None;
        }
        let packed = bytes::slice(content, self.data, usize::try_from(self.packed).ok()?)?;
        let mut rest = packed;
        let expanded = match self.method {
            STORED => notes.expand(packed.len(), &mut rest)?,
            DEFLATED => {
                let mut decoder = DeflateDecoder::new(&mut rest);
                let expanded = notes.expand(packed.len(), &mut decoder)?;
                // Other programs go by the size and show the bytes after the end of the stream, or not.
                notes.expect(decoder.total_in() == self.packed, Obstacle::Ambiguous);
                expanded
            }
            DEFLATED_64 => notes.fenced(|notes| {
                let mut decoder = Deflate64::new(rest);
                let expanded = notes.expand(packed.len(), &mut decoder)?;
                let is_one_content = decoder.ends_there() && stands_alone(packed, &expanded);
                notes.expect(is_one_content, Obstacle::Ambiguous);
                Some(expanded)
            })??,
            BZIP2 => notes.fenced(|notes| notes.expand(packed.len(), &mut MultiBzDecoder::new(rest)))??,
            XZ => notes.fenced(|notes| {
                notes.expand(packed.len(), &mut XzReader::new_mem_limit(rest, true, MAX_DECODER_KIB))
            })??,
            LZMA => notes.fenced(|notes| self.expand_lzma(packed, notes))??,
            _ => {
                notes.obstacle(Obstacle::UnreadableFormat);
                return None;
            }
        };
        let mut crc = Crc::new();
        crc.update(&expanded);
        notes.expect(expanded.len() as u64 == self.size && crc.sum() == self.crc, Obstacle::Damaged);
        Some(expanded)
    }

    fn expand_lzma(&self, packed: &[u8], notes: &mut Notes) -> Option<Vec<u8>> {
        let (head, mut stream) = packed.split_at_checked(LZMA_HEAD)?;
        let (properties, dictionary) = (*head.get(4)?, bytes::u32(head, 5)?);
        let is_readable = bytes::u16(head, 2) == Some(5) && dictionary / 1_024 <= MAX_DECODER_KIB;
        let size = if self.flags & HAS_END_MARK == 0 { self.size } else { u64::MAX };
        let decoder = LzmaReader::new_with_props(&mut stream, size, properties, dictionary, None);
        let Some(mut decoder) = decoder.ok().filter(|_| is_readable) else {
            notes.obstacle(Obstacle::UnreadableFormat);
            return None;
        };
        let expanded = notes.expand(packed.len(), &mut decoder);
        drop(decoder);
        // Other programs show the bytes after the end of the stream, or not.
        notes.expect(stream.is_empty(), Obstacle::Ambiguous);
        expanded
    }

    /// Whether scanners cannot unpack it, or of bzip2 only the first of several streams, although it is unpacked here. ClamAV
    /// unpacks Deflate64; not every scanner may know so rare a method.
    pub(in crate::inspect) fn is_unreached(&self) -> bool {
        matches!(self.method, DEFLATED_64 | BZIP2 | LZMA | XZ)
    }
}
