//! Fuzz targets for packs and for names of snapshots.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::fs::{MemfdFlags, memfd_create};

use tresor::model::{PackId, PackedPlace, SpaceId};
use tresor::parsers::packs::{Member, Members, PackedFile, each_unindexed, erase, is_empty, names};
use tresor::vault::disk::{ContainerFile, SnapshotName};

/// tar's unit.
const BLOCK: usize = 512;
/// Where a header keeps its checksum; it counts as blanks in the sum.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// A whole file in place of a pack: as it is, and with sums that fit, since nothing changed at random would
/// get past them.
pub(super) fn pack(data: &[u8]) {
    walk(data);
    walk(&with_right_sums(data));
}

/// `pack` with the checksum of each block that begins like a header set right.
fn with_right_sums(pack: &[u8]) -> Vec<u8> {
    let mut pack = pack.to_vec();
    for header in pack.chunks_exact_mut(BLOCK).filter(|block| &block[257..262] == b"ustar") {
        header[CHECKSUM].fill(b' ');
        let sum: u32 = header.iter().copied().map(u32::from).sum();
        header[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    pack
}

/// A walk ends, members stand in order and without overlap, and a member that is erased is a hole from then
/// on and takes nothing else along.
fn walk(data: &[u8]) {
    let file = Arc::new(File::from(memfd_create("pack", MemfdFlags::CLOEXEC).unwrap()));
    file.write_all_at(data, 0).unwrap();
    let members = members(&file);
    assert!(members.len() <= data.len() / 512);
    let (mut end, mut is_any_left) = (0, false);
    for member in &members {
        assert!(member.offset >= end + 512, "members do not overlap");
        end = member.offset + member.length;
        let packed = PackedFile::new(Arc::clone(&file), place(member));
        let length = packed.length().unwrap();
        assert!(length <= member.length && member.offset + length <= data.len() as u64);
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        packed.read_at(&mut bytes, 0).unwrap();
        is_any_left |= bytes.iter().any(|byte| *byte != 0);
        assert!(packed.read_at(&mut [0], member.length).is_err(), "nothing is read behind a member");
    }
    assert!(!(is_any_left && is_empty(&file).unwrap()), "no pack goes with a member in it");
    look_for_strays(&file, &members, data.len() as u64);

    let Some(first) = members.first() else { return };
    let is_named = names(&file, first.id, place(first)).unwrap();
    erase(&file, first.id, place(first)).unwrap();
    assert_eq!(names(&file, first.id, place(first)).unwrap(), is_named, "its header stays");
    assert_eq!(file.metadata().unwrap().len(), data.len() as u64, "and the file's length");
    let after = self::members(&file);
    assert_eq!(after.len(), members.len());
    for (before, after) in members.iter().zip(&after) {
        assert_eq!((before.id, place(before)), (after.id, place(after)));
        assert!(before == first || before.is_alive == after.is_alive, "the others stay");
    }
}

/// What has no header stands in order, within the pack and outside of every member, and its end is known to a block.
fn look_for_strays(file: &File, members: &[Member], length: u64) {
    let mut behind = 0;
    each_unindexed(file, SpaceId([4; 16]), PackId([3; 16]), &mut |stray| {
        let (shortest, longest) = stray.lengths.clone().into_inner();
        assert!((1..=longest).contains(&shortest) && longest - shortest < 512, "{stray:?}");
        assert!(stray.offset >= behind && stray.offset + longest <= length, "{stray:?}");
        behind = stray.offset + longest;
        let is_outside =
            |member: &Member| member.offset + member.length <= stray.offset || behind <= member.offset - 512;
        assert!(members.iter().all(is_outside), "{stray:?}");
        Ok(())
    })
    .unwrap();
}

fn members(file: &File) -> Vec<Member> {
    Members::of(file).unwrap().map(Result::unwrap).collect()
}

fn place(member: &Member) -> PackedPlace {
    PackedPlace { pack: PackId([3; 16]), offset: member.offset, length: member.length }
}

/// What a file among the snapshots may be called.
pub(super) fn snapshot_name(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(name) = text.parse::<SnapshotName>() {
        assert_eq!(name.to_string(), text, "one snapshot has one name");
    }
}
