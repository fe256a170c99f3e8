//! Packs: many small containers in one file.
//!
//! A pack is a plain tar archive (POSIX ustar) whose members are `<container-id>.age`, so `tar -xf` and the stock
//! age tool open it. Creating a file costs the file system far more than appending to one, and one flush makes a
//! whole group of containers durable.
//!
//! ```text
//! 512 bytes header, container, zeros up to a multiple of 512     for each member
//! zeros                                                           the archive's end, and room to grow
//! ```
//! The room is written as zeros ahead of time, so a flush has no metadata to write. A removed member keeps its
//! header and becomes a hole. After a crash, data after the last flush has no row and is swept like any orphan; a
//! pack of an earlier run is never appended to.

use std::fs::{File, FileTimes};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::SystemTime;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

use crate::model::{ContainerId, PackId, PackedPlace, Place, layout};

use super::{ContainerFile, MAX_PACKED_LEN, Packable};

/// tar's block size in bytes; members start at a multiple of it and are padded to one.
pub(super) const BLOCK: usize = 512;
/// An archive ends with two blocks of zeros.
const END_LEN: u64 = 2 * BLOCK as u64;
/// Length in bytes from which a pack takes no more members.
const MAX_PACK_LEN: u64 = 64 * 1024 * 1024;
/// Zeros written ahead in a small pack, in bytes; the amount grows with the pack.
const MIN_ROOM: u64 = 64 * 1024;
/// Zeros written ahead in a large pack, in bytes.
const MAX_ROOM: u64 = 1024 * 1024;

/// A pack that this process created and still appends to.
#[derive(Debug)]
pub(super) struct OpenPack {
    id: PackId,
    file: File,
    /// Offset after the last durable member.
    end: u64,
    /// Offset up to which zeros are durable.
    room: u64,
}

impl OpenPack {
    /// `file` is empty and its name is durable.
    pub(super) fn new(id: PackId, file: File) -> Self {
        Self { id, file, end: 0, room: 0 }
    }

    pub(super) fn id(&self) -> PackId {
        self.id
    }

    pub(super) fn is_full(&self) -> bool {
        self.end >= MAX_PACK_LEN
    }

    /// Appends `containers` and makes them durable. After an error the pack must not be used again.
    pub(super) fn append(&mut self, containers: &[Packable]) -> io::Result<Vec<Place>> {
        let mut bytes =
            Vec::with_capacity(containers.iter().map(|one| padded(BLOCK + one.bytes.len())).sum());
        let mut places = Vec::with_capacity(containers.len());
        for container in containers {
            let length = container.bytes.len() as u64;
            if !(1..=MAX_PACKED_LEN).contains(&container.bytes.len()) {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            bytes.extend_from_slice(&header(container.id, length));
            let offset = self.end + bytes.len() as u64;
            places.push(Place::Packed(PackedPlace { pack: self.id, offset, length }));
            bytes.extend_from_slice(&container.bytes);
            bytes.resize(padded(bytes.len()), 0);
        }
        let end = self.end + bytes.len() as u64;
        self.make_room(end + END_LEN)?;
        self.file.write_all_at(&bytes, self.end)?;
        self.file.sync_data()?;
        self.end = end;
        Ok(places)
    }

    fn make_room(&mut self, needed: u64) -> io::Result<()> {
        if needed <= self.room {
            return Ok(());
        }
        let target = needed + self.end.clamp(MIN_ROOM, MAX_ROOM);
        write_zeros(&self.file, self.room..target)?;
        self.room = target;
        self.file.sync_all()
    }
}

impl Drop for OpenPack {
    fn drop(&mut self) {
        // Best effort: additional zeros or a current modification time do no harm.
        let _ = self.file.set_len(self.end + END_LEN);
        let epoch = SystemTime::UNIX_EPOCH;
        let _ = self.file.set_times(FileTimes::new().set_accessed(epoch).set_modified(epoch));
    }
}

/// One container in a pack, read as if it were a file.
pub struct PackedFile {
    file: Arc<File>,
    place: PackedPlace,
}

impl PackedFile {
    /// The member of `file` at `place`, which is not checked.
    pub fn new(file: Arc<File>, place: PackedPlace) -> Self {
        Self { file, place }
    }
}

impl ContainerFile for PackedFile {
    fn length(&self) -> io::Result<u64> {
        let behind = self.file.metadata()?.len().saturating_sub(self.place.offset);
        Ok(behind.min(self.place.length))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, self.in_pack(buffer.len(), offset)?)
    }

    fn read_at_hand(&self, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
        self.file.read_at_hand(buffer, self.in_pack(buffer.len(), offset)?)
    }
}

impl PackedFile {
    /// Offset in the pack of `length` bytes from `offset`, if they belong to this member.
    fn in_pack(&self, length: usize, offset: u64) -> io::Result<u64> {
        match offset.checked_add(length as u64) {
            Some(end) if end <= self.place.length => Ok(self.place.offset + offset),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Whether the header before `place` is bit for bit the one that was written for this member.
pub fn names(pack: &File, id: ContainerId, place: PackedPlace) -> io::Result<bool> {
    Ok(header_before(pack, place)? == header(id, place.length))
}

/// Turns a member into a hole. Succeeds if it already is one; `InvalidData` if another member, or none, begins
/// there.
pub fn erase(pack: &File, id: ContainerId, place: PackedPlace) -> io::Result<()> {
    if parse_header(&header_before(pack, place)?) != Some((id, place.length)) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match fallocate(pack, hole, place.offset, place.length) {
        // A file system without holes keeps the space allocated until the whole pack is removed.
        Err(Errno::OPNOTSUPP) => write_zeros(pack, place.offset..place.offset + place.length),
        other => Ok(other?),
    }
}

fn header_before(pack: &File, place: PackedPlace) -> io::Result<[u8; BLOCK]> {
    let mut head = [0; BLOCK];
    let header_at = place.offset.checked_sub(BLOCK as u64).ok_or(io::ErrorKind::InvalidData)?;
    pack.read_exact_at(&mut head, header_at)?;
    Ok(head)
}

/// Whether a pack holds nothing but removed members and zeros. A block that might belong to a member with a damaged
/// header counts as content.
pub fn is_empty(pack: &File) -> io::Result<bool> {
    let length = pack.metadata()?.len();
    let mut at = 0;
    while at + BLOCK as u64 <= length {
        let mut block = [0; BLOCK];
        pack.read_exact_at(&mut block, at)?;
        at += BLOCK as u64;
        match parse_header(&block) {
            Some((_, member)) if is_hole(pack, at, member)? => at += member.next_multiple_of(BLOCK as u64),
            None if block.iter().all(|byte| *byte == 0) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether `length` bytes from `at`, as far as the file goes, are zeros.
fn is_hole(pack: &File, at: u64, length: u64) -> io::Result<bool> {
    let end = (at + length).min(pack.metadata()?.len());
    let mut bytes = vec![0; usize::try_from(end.saturating_sub(at)).unwrap_or(0)];
    pack.read_exact_at(&mut bytes, at)?;
    Ok(bytes.iter().all(|byte| *byte == 0))
}

/// A member that a walk through a pack found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Id of the container.
    pub id: ContainerId,
    /// Offset of the container's first byte, after its header.
    pub offset: u64,
    /// Length of the container, in bytes.
    pub length: u64,
    /// `false` once the member was removed and became a hole.
    pub is_alive: bool,
}

/// The members of a pack in order. Skips blocks that are not a header, so that one damaged header does not hide the
/// members after it.
pub struct Members<'a> {
    file: &'a File,
    at: u64,
    length: u64,
}

impl<'a> Members<'a> {
    /// Starts a walk at the beginning of the pack; fails if its length cannot be read.
    pub fn of(file: &'a File) -> io::Result<Self> {
        Ok(Self { file, at: 0, length: file.metadata()?.len() })
    }

    fn next_member(&mut self) -> io::Result<Option<Member>> {
        // Header and first block of the container.
        let mut blocks = [0; 2 * BLOCK];
        while self.at + blocks.len() as u64 <= self.length {
            self.file.read_exact_at(&mut blocks, self.at)?;
            let offset = self.at + BLOCK as u64;
            self.at = offset;
            let (head, begin) = blocks.split_at(BLOCK);
            let head = head.try_into().unwrap_or(&[0; BLOCK]);
            let Some((id, length)) = parse_header(head) else { continue };
            self.at += length.next_multiple_of(BLOCK as u64);
            return Ok(Some(Member { id, offset, length, is_alive: begin.iter().any(|byte| *byte != 0) }));
        }
        Ok(None)
    }
}

impl Iterator for Members<'_> {
    type Item = io::Result<Member>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_member().transpose()
    }
}

fn write_zeros(file: &File, range: std::ops::Range<u64>) -> io::Result<()> {
    const ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];
    for at in range.clone().step_by(ZEROS.len()) {
        let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
        file.write_all_at(ZEROS.get(..left).unwrap_or(&ZEROS), at)?;
    }
    Ok(())
}

fn padded(len: usize) -> usize {
    len.next_multiple_of(BLOCK)
}

/// The fields of a ustar header that are filled in, with their offset and text. All others stay zero.
fn header(id: ContainerId, length: u64) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let (name, size) = (format!("{id}{}", layout::SEALED), format!("{length:011o}\0"));
    let fields: [(usize, &[u8]); 8] = [
        (0, name.as_bytes()),
        (100, b"0000600\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, size.as_bytes()),
        (136, b"00000000000\0"),
        (156, b"0"),
        (257, b"ustar\x0000"),
    ];
    for (at, text) in fields {
        if let Some(field) = header.get_mut(at..at + text.len()) {
            field.copy_from_slice(text);
        }
    }
    set_checksum(&mut header);
    header
}

fn set_checksum(header: &mut [u8; BLOCK]) {
    let sum = format!("{:06o}\0 ", checksum(header));
    if let Some(field) = header.get_mut(CHECKSUM) {
        field.copy_from_slice(sum.as_bytes());
    }
}

/// Position of the checksum; in the sum its own bytes count as blanks.
const CHECKSUM: std::ops::Range<usize> = 148..156;

fn checksum(header: &[u8; BLOCK]) -> u32 {
    let byte = |(at, byte): (usize, &u8)| u32::from(if CHECKSUM.contains(&at) { b' ' } else { *byte });
    header.iter().enumerate().map(byte).sum()
}

/// Id and length of a member, if this is a header as written by [`header`].
pub(super) fn parse_header(header: &[u8; BLOCK]) -> Option<(ContainerId, u64)> {
    let text = |range: std::ops::Range<usize>| {
        let field = header.get(range)?;
        let end = field.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(field.get(..end)?).ok()
    };
    let octal = |range| u64::from_str_radix(text(range)?, 8).ok();
    if octal(148..155)? != u64::from(checksum(header)) || text(257..263)? != "ustar" {
        return None;
    }
    let id = text(0..100)?.strip_suffix(layout::SEALED)?.parse().ok()?;
    // No container is empty, and an empty range cannot become a hole.
    Some((id, octal(124..136)?)).filter(|(_, length)| (1..=MAX_PACKED_LEN as u64).contains(length))
}

/// The name in a header that may be damaged elsewhere.
pub(super) fn parse_name(header: &[u8; BLOCK]) -> Option<ContainerId> {
    const NAME_LEN: usize = 36;
    std::str::from_utf8(header.get(..NAME_LEN)?).ok()?.strip_suffix(layout::SEALED)?.parse().ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Converts places, which must all be in packs.
    pub(in super::super) fn packed(places: &[Place]) -> Vec<PackedPlace> {
        let packed = |place: &Place| match place {
            Place::Packed(place) => *place,
            Place::OwnFile => panic!("a pack has no such place"),
        };
        places.iter().map(packed).collect()
    }

    fn packable(byte: u8, length: usize) -> Packable {
        Packable { id: ContainerId([byte; 16]), bytes: vec![byte; length] }
    }

    fn pack(dir: &tempfile::TempDir) -> (OpenPack, std::path::PathBuf) {
        let path = dir.path().join("pack.tar");
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        (OpenPack::new(PackId([9; 16]), file), path)
    }

    #[test]
    fn a_header_is_read_back_and_a_damaged_one_is_none() {
        let id = ContainerId::random();
        for length in [1, 511, MAX_PACKED_LEN as u64] {
            let mut header = header(id, length);
            assert_eq!(parse_header(&header), Some((id, length)));
            header[130] ^= 1;
            assert_eq!(parse_header(&header), None);
        }
        for length in [0, MAX_PACKED_LEN as u64 + 1] {
            assert_eq!(parse_header(&header(id, length)), None);
        }
        assert_eq!(parse_header(&[0; BLOCK]), None);
    }

    #[test]
    fn members_are_found_in_order_and_removed_ones_are_dead() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pack, path) = pack(&dir);
        let mut places = pack.append(&[packable(1, 700), packable(2, 512)]).unwrap();
        places.extend(pack.append(&[packable(3, 1)]).unwrap());
        let places = packed(&places);
        let file = File::options().read(true).write(true).open(&path).unwrap();
        erase(&file, ContainerId([2; 16]), places[1]).unwrap();
        erase(&file, ContainerId([2; 16]), places[1]).unwrap();
        let wrong = erase(&file, ContainerId([1; 16]), places[2]).unwrap_err();
        assert_eq!(wrong.kind(), io::ErrorKind::InvalidData);

        let found: Vec<Member> = Members::of(&file).unwrap().map(Result::unwrap).collect();
        let expected: Vec<_> = places.iter().map(|place| (place.offset, place.length)).collect();
        assert_eq!(found.iter().map(|member| (member.offset, member.length)).collect::<Vec<_>>(), expected);
        assert_eq!(found.iter().map(|member| member.is_alive).collect::<Vec<_>>(), [true, false, true]);

        let one = PackedFile::new(Arc::new(file.try_clone().unwrap()), places[0]);
        let mut bytes = vec![0; 700];
        one.read_at(&mut bytes, 0).unwrap();
        assert_eq!((bytes, one.length().unwrap()), (vec![1; 700], 700));
        let mut over = [0; 2];
        assert_eq!(one.read_at(&mut over, 699).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_damaged_header_does_not_hide_what_follows() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pack, path) = pack(&dir);
        pack.append(&[packable(1, 5_000), packable(2, 5_000), packable(3, 5_000)]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let second = BLOCK + padded(5_000);
        file.write_all_at(b"x", second as u64).unwrap();
        let found: Vec<_> = Members::of(&file).unwrap().map(|member| member.unwrap().id.0[0]).collect();
        assert_eq!(found, [1, 3]);
    }

    #[test]
    fn a_pack_is_empty_only_without_anything_that_might_be_a_member() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pack, path) = pack(&dir);
        let places = packed(&pack.append(&[packable(1, 700), packable(2, 100)]).unwrap());
        let file = File::options().read(true).write(true).open(&path).unwrap();
        assert!(!is_empty(&file).unwrap());
        erase(&file, ContainerId([1; 16]), places[0]).unwrap();
        // The second member lost its header, not its bytes: a row still reads it.
        file.write_all_at(&[0; BLOCK], places[1].offset - BLOCK as u64).unwrap();
        assert!(!is_empty(&file).unwrap());
        file.write_all_at(&[0; 100], places[1].offset).unwrap();
        assert!(is_empty(&file).unwrap());
    }

    #[test]
    fn tar_reads_a_pack_that_still_grows_and_one_that_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pack, path) = pack(&dir);
        pack.append(&[packable(1, 700), packable(2, 70_000)]).unwrap();
        let list = || {
            let tar = std::process::Command::new("tar").arg("-tvf").arg(&path).output().expect("tar runs");
            assert!(tar.status.success() && tar.stderr.is_empty(), "{tar:?}");
            String::from_utf8(tar.stdout).unwrap().lines().count()
        };
        assert_eq!(list(), 2);
        drop(pack);
        assert_eq!(list(), 2);
        let length = std::fs::metadata(&path).unwrap().len();
        assert_eq!(length, (2 * BLOCK + padded(700) + padded(70_000)) as u64 + END_LEN);
    }

    #[test]
    fn what_is_too_long_or_no_container_at_all_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (mut pack, _) = pack(&dir);
        for length in [0, MAX_PACKED_LEN + 1] {
            assert!(pack.append(&[packable(1, length)]).is_err());
        }
    }
}
