//! The bytes of a ZIP archive whose members are not compressed, so that every byte's place is known beforehand.
//!
//! ```text
//! member    local header, content in blocks, data descriptor (CRC-32 and sizes);
//!           stored as it is and without descriptor if its CRC-32 is in the header
//! directory one record for each member, with its CRC-32 and the place of its local header
//! end       ZIP64 record and locator if something exceeds 32 or 16 bits, end record
//! ```
//! Source: PKWARE's APPNOTE 6.3.10, 4.3 and 4.4. The CRC-32 of a content is needed only behind it and in the directory, so a
//! content that was never read whole can be sent at once.

use std::ops::Range;

use super::blocks::packed_len;
use super::names::Paths;

/// Bit of a member whose name is UTF-8.
const UTF8: u16 = 1 << 11;
/// Bit of a member behind whose content a data descriptor follows.
const DESCRIBED: u16 = 1 << 3;
/// Version that a reader needs for folders and deflated members: 2.0.
const NEEDED: u16 = 20;
/// Version that a reader needs for ZIP64: 4.5.
const NEEDED_FOR_ZIP64: u16 = 45;
/// Made by version 4.5 on Unix, so that the upper half of the attributes counts.
const MADE_BY: u16 = 0x0300 + 45;
/// Attributes of a file that its owner may read and write.
const FILE_ATTRIBUTES: u32 = 0o100_600 << 16;
/// Attributes of a folder, also in the form of DOS.
const FOLDER_ATTRIBUTES: u32 = (0o040_700 << 16) | 0x10;
/// The value that says that the real one is in the ZIP64 field.
const SEE_ZIP64: u32 = u32::MAX;

/// A member to lay out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Bytes of its content; 0 for a folder.
    pub(super) size: u64,
    /// Its CRC-32, if that is known whenever the archive is laid out: the bytes of the archive depend on it.
    pub(super) crc32: Option<u32>,
    /// Its time by the office's clocks in the form of DOS: the date in the upper half, the time in the lower.
    pub(super) dos_time: u32,
    /// Its time in seconds since 1970, if 32 bits hold it.
    pub(super) unix_time: Option<i32>,
}

/// An archive that is laid out.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    members: Vec<Placed>,
    /// Their paths, each of at most 65,535 bytes; that of a folder ends with a slash.
    paths: Paths,
    /// Where the directory begins.
    directory: u64,
    /// Where the end records begin.
    end: u64,
    size: u64,
}

#[derive(Clone, Copy, Debug)]
struct Placed {
    member: Member,
    /// Where its local header begins.
    offset: u64,
    /// Where its record in the directory begins.
    record: u64,
}

/// A part of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The local header of the member of this number.
    Header(usize),
    /// Its content, in blocks unless it is stored.
    Content(usize),
    /// The data descriptor behind that; needs its CRC-32.
    Descriptor(usize),
    /// Its record in the directory; needs its CRC-32.
    Record(usize),
    /// The end.
    End,
}

impl Layout {
    /// Lays members out in their order, with these paths.
    pub(super) fn new(members: impl ExactSizeIterator<Item = Member>, paths: Paths) -> Self {
        let mut offset = 0;
        let mut placed: Vec<Placed> = Vec::with_capacity(members.len());
        for (number, member) in members.enumerate() {
            let len = header_len(&member, paths.get(number)) + descriptor_len(&member);
            placed.push(Placed { member, offset, record: 0 });
            offset = offset.saturating_add(len).saturating_add(sent_len(&member));
        }
        let directory = offset;
        for (number, one) in placed.iter_mut().enumerate() {
            one.record = offset;
            offset = offset.saturating_add(record_len(one, paths.get(number)));
        }
        let mut layout = Self { members: placed, paths, directory, end: offset, size: 0 };
        layout.size = layout.end + layout.end_records().len() as u64;
        layout
    }

    /// Bytes of the archive.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Number of members.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The member of this number.
    pub(super) fn member(&self, number: usize) -> Option<&Member> {
        self.members.get(number).map(|one| &one.member)
    }

    /// The path of the member of this number.
    pub(super) fn path(&self, number: usize) -> &str {
        self.paths.get(number)
    }

    /// The part to which this byte belongs, and its place; `None` behind the end. Never an empty part.
    pub(super) fn at(&self, offset: u64) -> Option<(Part, Range<u64>)> {
        if offset >= self.size {
            return None;
        }
        if offset >= self.end {
            return Some((Part::End, self.end..self.size));
        }
        if offset >= self.directory {
            let number = self.members.partition_point(|one| one.record <= offset).checked_sub(1)?;
            let one = self.members.get(number)?;
            return Some((Part::Record(number), one.record..one.record + record_len(one, self.path(number))));
        }
        let number = self.members.partition_point(|one| one.offset <= offset).checked_sub(1)?;
        let Placed { member, offset: start, .. } = self.members.get(number)?;
        let content = start + header_len(member, self.path(number));
        let descriptor = content + sent_len(member);
        let (part, range) = if offset < content {
            (Part::Header(number), *start..content)
        } else if offset < descriptor {
            (Part::Content(number), content..descriptor)
        } else {
            (Part::Descriptor(number), descriptor..descriptor + descriptor_len(member))
        };
        Some((part, range))
    }

    /// The bytes of a part other than a content. `crc` is the CRC-32 of the member's content; descriptors and records need it.
    pub(super) fn bytes(&self, part: Part, crc: u32) -> Vec<u8> {
        let member = |number: usize| self.members.get(number);
        match part {
            Part::Header(number) => member(number).map(|one| header(&one.member, self.path(number))),
            Part::Descriptor(number) => member(number).map(|one| descriptor(&one.member, crc)),
            Part::Record(number) => member(number).map(|one| record(one, self.path(number), crc)),
            Part::Content(_) => None,
            Part::End => Some(self.end_records()),
        }
        .unwrap_or_default()
    }

    fn end_records(&self) -> Vec<u8> {
        let (count, directory_len) = (self.members.len() as u64, self.end - self.directory);
        let mut bytes = Vec::with_capacity(98);
        let is_large = u16::try_from(count).map_or(true, |count| count == u16::MAX)
            || exceeds(self.directory)
            || exceeds(directory_len);
        if is_large {
            put32(&mut bytes, 0x0606_4b50);
            // Bytes of the record that follow this number.
            put64(&mut bytes, 44);
            put16(&mut bytes, MADE_BY);
            put16(&mut bytes, NEEDED_FOR_ZIP64);
            put64(&mut bytes, 0);
            put64(&mut bytes, count);
            put64(&mut bytes, count);
            put64(&mut bytes, directory_len);
            put64(&mut bytes, self.directory);
            put32(&mut bytes, 0x0706_4b50);
            put32(&mut bytes, 0);
            put64(&mut bytes, self.end);
            put32(&mut bytes, 1);
        }
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        put32(&mut bytes, 0x0605_4b50);
        put32(&mut bytes, 0);
        put16(&mut bytes, count);
        put16(&mut bytes, count);
        put32(&mut bytes, low(directory_len));
        put32(&mut bytes, low(self.directory));
        put16(&mut bytes, 0);
        bytes
    }
}

/// Bytes of the content as it is sent.
fn sent_len(member: &Member) -> u64 {
    if member.crc32.is_some() { member.size } else { packed_len(member.size) }
}

/// Whether its sizes need 64 bits. They stand beside each other, so both get them.
fn is_large(member: &Member) -> bool {
    exceeds(sent_len(member))
}

/// Stored, or deflated.
fn method(member: &Member) -> u16 {
    if member.crc32.is_some() { 0 } else { 8 }
}

/// Whether 32 bits do not hold it, or mean something else.
fn exceeds(value: u64) -> bool {
    value >= u64::from(SEE_ZIP64)
}

fn low(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(SEE_ZIP64)
}

fn flags(member: &Member) -> u16 {
    if member.crc32.is_some() { UTF8 } else { UTF8 | DESCRIBED }
}

fn needed(is_large: bool) -> u16 {
    if is_large { NEEDED_FOR_ZIP64 } else { NEEDED }
}

fn descriptor_len(member: &Member) -> u64 {
    match (member.crc32.is_some(), is_large(member)) {
        (true, _) => 0,
        (false, false) => 16,
        (false, true) => 24,
    }
}

fn descriptor(member: &Member, crc: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24);
    put32(&mut bytes, 0x0807_4b50);
    put32(&mut bytes, crc);
    for size in [sent_len(member), member.size] {
        match is_large(member) {
            true => put64(&mut bytes, size),
            false => put32(&mut bytes, low(size)),
        }
    }
    bytes
}

/// Bytes of the field with the time in seconds since 1970.
fn time_len(member: &Member) -> u16 {
    if member.unix_time.is_some() { 9 } else { 0 }
}

fn put_time(bytes: &mut Vec<u8>, member: &Member) {
    if let Some(time) = member.unix_time {
        put16(bytes, 0x5455);
        put16(bytes, 5);
        // Only the time of the last change is there.
        bytes.push(1);
        bytes.extend(time.to_le_bytes());
    }
}

fn header_len(member: &Member, path: &str) -> u64 {
    let zip64 = if is_large(member) { 20 } else { 0 };
    30 + path.len() as u64 + zip64 + u64::from(time_len(member))
}

fn header(member: &Member, path: &str) -> Vec<u8> {
    let is_large = is_large(member);
    let mut bytes = Vec::with_capacity(64 + path.len());
    put32(&mut bytes, 0x0403_4b50);
    put16(&mut bytes, needed(is_large));
    put16(&mut bytes, flags(member));
    put16(&mut bytes, method(member));
    put32(&mut bytes, member.dos_time);
    put32(&mut bytes, member.crc32.unwrap_or_default());
    // The fields of a descriptor are 0 here (4.4.4).
    let size = if member.crc32.is_some() { low(member.size) } else { 0 };
    for _ in 0..2 {
        put32(&mut bytes, if is_large { SEE_ZIP64 } else { size });
    }
    put16(&mut bytes, u16::try_from(path.len()).unwrap_or(u16::MAX));
    put16(&mut bytes, if is_large { 20 } else { 0 } + time_len(member));
    bytes.extend(path.as_bytes());
    if is_large {
        // With this field the sizes in the descriptor have 64 bits, too (4.3.9.2).
        put16(&mut bytes, 1);
        put16(&mut bytes, 16);
        put64(&mut bytes, member.size);
        put64(&mut bytes, sent_len(member));
    }
    put_time(&mut bytes, member);
    bytes
}

/// The values of a record that need 64 bits, in the order of 4.5.3.
fn large_values(one: &Placed) -> impl Iterator<Item = u64> {
    let sizes = [one.member.size, sent_len(&one.member)].into_iter().filter(|_| is_large(&one.member));
    sizes.chain(Some(one.offset).filter(|offset| exceeds(*offset)))
}

fn zip64_len(one: &Placed) -> u16 {
    match large_values(one).count() {
        0 => 0,
        count => 4 + 8 * u16::try_from(count).unwrap_or_default(),
    }
}

fn record_len(one: &Placed, path: &str) -> u64 {
    46 + path.len() as u64 + u64::from(zip64_len(one)) + u64::from(time_len(&one.member))
}

fn record(one: &Placed, path: &str, crc: u32) -> Vec<u8> {
    let member = &one.member;
    let mut bytes = Vec::with_capacity(96 + path.len());
    put32(&mut bytes, 0x0201_4b50);
    put16(&mut bytes, MADE_BY);
    put16(&mut bytes, needed(zip64_len(one) > 0));
    put16(&mut bytes, flags(member));
    put16(&mut bytes, method(member));
    put32(&mut bytes, member.dos_time);
    put32(&mut bytes, crc);
    for size in [sent_len(member), member.size] {
        put32(&mut bytes, if is_large(member) { SEE_ZIP64 } else { low(size) });
    }
    put16(&mut bytes, u16::try_from(path.len()).unwrap_or(u16::MAX));
    put16(&mut bytes, zip64_len(one) + time_len(member));
    // Comment, disk, internal attributes.
    put16(&mut bytes, 0);
    put16(&mut bytes, 0);
    put16(&mut bytes, 0);
    put32(&mut bytes, if path.ends_with('/') { FOLDER_ATTRIBUTES } else { FILE_ATTRIBUTES });
    put32(&mut bytes, low(one.offset));
    bytes.extend(path.as_bytes());
    if zip64_len(one) > 0 {
        put16(&mut bytes, 1);
        put16(&mut bytes, zip64_len(one) - 4);
        large_values(one).for_each(|value| put64(&mut bytes, value));
    }
    put_time(&mut bytes, member);
    bytes
}

fn put16(bytes: &mut Vec<u8>, value: u16) {
    bytes.extend(value.to_le_bytes());
}

fn put32(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend(value.to_le_bytes());
}

fn put64(bytes: &mut Vec<u8>, value: u64) {
    bytes.extend(value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A member with its path.
    fn member(path: &str, size: u64) -> (String, Member) {
        let crc32 = path.ends_with('/').then_some(0);
        (path.to_owned(), Member { size, crc32, dos_time: 0x5C21_0000, unix_time: Some(1_770_000_000) })
    }

    fn layout(members: &[(String, Member)]) -> Layout {
        let mut paths = Paths::with_capacity(members.len());
        for (path, _) in members {
            paths.push(path);
        }
        Layout::new(members.iter().map(|(_, member)| *member), paths)
    }

    /// The byte of a member's content at an offset.
    fn content_byte(number: usize, at: u64) -> u8 {
        u8::try_from((number as u64 * 31 + at) % 251).unwrap()
    }

    /// The bytes of a range, part by part.
    fn read(layout: &Layout, range: Range<u64>) -> Vec<u8> {
        let (mut bytes, mut at) = (Vec::new(), range.start);
        while at < range.end {
            let (part, place) = layout.at(at).unwrap();
            let end = place.end.min(range.end);
            assert!(place.contains(&at) && at < end, "{part:?} {place:?}");
            let within =
                usize::try_from(at - place.start).unwrap()..usize::try_from(end - place.start).unwrap();
            match part {
                Part::Content(number) => {
                    bytes.extend((at - place.start..end - place.start).map(|at| content_byte(number, at)));
                }
                part => {
                    let whole = layout.bytes(part, 0x1234_5678);
                    assert_eq!(whole.len() as u64, place.end - place.start, "{part:?}");
                    bytes.extend(&whole[within]);
                }
            }
            at = end;
        }
        bytes
    }

    proptest! {
        #[test]
        fn every_range_is_the_slice_of_the_whole(
            sizes in prop::collection::vec((0_u64..40, 1_usize..30, any::<bool>()), 0..12),
            from in 0_u64..3000,
            len in 0_u64..3000,
        ) {
            let members = sizes.iter().map(|(size, name, is_folder)| {
                if *is_folder {
                    return member(&format!("{}/", "f".repeat(*name)), 0);
                }
                let (path, member) = member(&"n".repeat(*name), *size);
                let (crc32, unix_time) = ((*size % 7 == 1).then_some(9), (*size > 20).then_some(7));
                (path, Member { crc32, unix_time, ..member })
            });
            let layout = layout(&members.collect::<Vec<_>>());
            let whole = read(&layout, 0..layout.size());
            prop_assert_eq!(whole.len() as u64, layout.size());
            let (from, end) = (from.min(layout.size()), (from + len).min(layout.size()));
            let slice = &whole[usize::try_from(from).unwrap()..usize::try_from(end).unwrap()];
            prop_assert_eq!(read(&layout, from..end), slice);
            prop_assert!(layout.at(layout.size()).is_none());
        }
    }

    #[test]
    fn large_members_and_many_get_64_bits_and_no_others_do() {
        let limit = u64::from(u32::MAX);
        let blocks = 131_053 * 5;
        for (size, header, descriptor) in
            [(limit - 1 - blocks, 44, 16), (limit - blocks, 64, 24), (limit + 1, 64, 24)]
        {
            let layout = layout(&[member("a.bin", size), member("b", 1)]);
            let (_, place) = layout.at(0).unwrap();
            assert_eq!(place, 0..header, "{size}");
            let (part, place) = layout.at(header + packed_len(size)).unwrap();
            assert_eq!((part, place.end - place.start), (Part::Descriptor(0), descriptor), "{size}");
            // The second member is behind 4 GiB, so its place needs 64 bits.
            let second = layout.bytes(Part::Record(1), 0);
            assert_eq!(second.len(), 46 + 1 + 12 + 9, "{size}");
            assert!(layout.bytes(Part::End, 0).len() == 98, "{size}");
        }
        let many = |count: usize| layout(&vec![member("a/", 0); count]).bytes(Part::End, 0).len();
        assert_eq!((many(65_534), many(65_535), many(65_536)), (22, 98, 98));
    }
}
