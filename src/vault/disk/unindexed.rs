//! Finds data in a pack that no header names.
//!
//! A damaged header hides its member from every walk through the pack. The member itself may be whole: it begins
//! where an age file begins, at a block, and continues to the next zeros, header or beginning. Its exact end within
//! the last block is unknown, but an age file opens only at its own length.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt;

use super::pack::{BLOCK, parse_header, parse_name};
use crate::model::{ContainerId, PackId, SpaceId};

/// The first bytes of every age file.
const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// Bytes in a pack that no header names, perhaps a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnindexedMember {
    /// The space whose directory holds the pack.
    pub space: SpaceId,
    /// The pack.
    pub pack: PackId,
    /// Offset of the first byte in the pack.
    pub offset: u64,
    /// The lengths that a container there may have, in bytes.
    pub lengths: RangeInclusive<u64>,
    /// The container's id, if enough of the header is left.
    pub id: Option<ContainerId>,
}

/// Consecutive blocks that belong together.
struct Run {
    offset: u64,
    id: Option<ContainerId>,
    /// Offset after the last byte that is not zero, and the same without the last block.
    end: u64,
    end_before: u64,
}

impl Run {
    fn into_stray(self, space: SpaceId, pack: PackId, behind: u64) -> UnindexedMember {
        let Self { offset, id, end, .. } = self;
        UnindexedMember { space, pack, offset, lengths: end - offset..=behind - offset, id }
    }
}

/// Calls `visit` for every such place, in order of offset.
pub fn each(
    file: &File,
    space: SpaceId,
    pack: PackId,
    visit: &mut dyn FnMut(UnindexedMember) -> io::Result<()>,
) -> io::Result<()> {
    let (length, unit) = (file.metadata()?.len(), BLOCK as u64);
    let (mut at, mut before) = (0, [0; BLOCK]);
    let mut run: Option<Run> = None;
    while at + unit <= length {
        let mut block = [0; BLOCK];
        file.read_exact_at(&mut block, at)?;
        let member = parse_header(&block);
        let used = block.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
        let begins = block.starts_with(MAGIC);
        if begins && let Some(mut last) = run.take() {
            // The block before is the rest of this member's header.
            last.end = last.end_before;
            if last.end > last.offset {
                visit(last.into_stray(space, pack, at - unit))?;
            }
        }
        if (member.is_some() || used == 0)
            && let Some(last) = run.take()
        {
            visit(last.into_stray(space, pack, at))?;
        }
        match (&mut run, member) {
            (_, Some((_, length))) => at += length.next_multiple_of(unit),
            (_, None) if used == 0 => {}
            (Some(run), None) => (run.end_before, run.end) = (run.end, at + used),
            (none, None) => {
                let id = parse_name(&before).filter(|_| begins);
                *none = Some(Run { offset: at, id, end: at + used, end_before: at });
            }
        }
        before = block;
        at += unit;
    }
    match run {
        Some(last) => visit(last.into_stray(space, pack, at)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pack::tests::packed;
    use super::*;
    use crate::vault::disk::Packable;
    use crate::vault::disk::pack::OpenPack;

    const SPACE: SpaceId = SpaceId([1; 16]);
    const PACK: PackId = PackId([2; 16]);

    fn container(number: u8, length: usize) -> Packable {
        let mut bytes = MAGIC.to_vec();
        bytes.resize(length, number);
        Packable { id: ContainerId([number; 16]), bytes }
    }

    fn unindexed(file: &File) -> Vec<UnindexedMember> {
        let mut all = Vec::new();
        each(file, SPACE, PACK, &mut |stray| {
            all.push(stray);
            Ok(())
        })
        .unwrap();
        all
    }

    #[test]
    fn members_without_their_header_are_found_with_their_length_among_few() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pack.tar");
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        let mut pack = OpenPack::new(PACK, file.try_clone().unwrap());
        let lengths = [700, 512, 1_025, 90];
        let numbered = (1..).zip(lengths);
        let containers: Vec<_> = numbered.map(|(number, length)| container(number, length)).collect();
        let places = packed(&pack.append(&containers).unwrap());
        assert_eq!(unindexed(&file), [], "nothing is astray in a whole pack");

        // One header has a flipped bit, one is gone, one is noise, one is whole.
        file.write_all_at(b"x", places[0].offset - 300).unwrap();
        file.write_all_at(&[0; BLOCK], places[1].offset - BLOCK as u64).unwrap();
        file.write_all_at(&[7; BLOCK], places[2].offset - BLOCK as u64).unwrap();
        let found = unindexed(&file);
        assert_eq!(found.len(), 3, "{found:?}");
        for ((stray, place), length) in found.iter().zip(&places).zip(lengths) {
            assert_eq!((stray.offset, stray.lengths.contains(&(length as u64))), (place.offset, true));
            assert!(stray.lengths.end() - stray.lengths.start() < BLOCK as u64, "{stray:?}");
        }
        assert_eq!([found[0].id, found[1].id, found[2].id], [Some(containers[0].id), None, None]);

        // A container that lost its beginning is reported, too.
        file.write_all_at(&[9; BLOCK], places[1].offset).unwrap();
        assert_eq!(unindexed(&file).len(), 3);
    }
}
