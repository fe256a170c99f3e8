//! Containers that no row knows, and what they are parts of.

use std::collections::BTreeMap;

use super::report::{SetAside, SetAsideReason};
use crate::catalog::ContainerRow;
use crate::model::{EntryId, SpaceId, WriteSerial};
use crate::vault::container::ContainerMeta;

/// A container that was opened.
pub(super) struct Found {
    pub(super) space: SpaceId,
    pub(super) row: ContainerRow,
    pub(super) meta: ContainerMeta,
}

/// One content: the containers of one serial, in order.
pub(super) struct FoundVersion {
    pub(super) containers: Vec<Found>,
}

impl FoundVersion {
    pub(super) fn first(&self) -> Option<&ContainerMeta> {
        self.containers.first().map(|found| &found.meta)
    }

    pub(super) fn serial(&self) -> WriteSerial {
        self.first().map_or(WriteSerial(0), |meta| meta.serial)
    }

    pub(super) fn size(&self) -> u64 {
        self.containers.iter().map(|found| found.row.plain_len).sum()
    }

    /// Every part is there, once. A version whose length nobody noted ends where its containers end.
    fn is_whole(&self) -> bool {
        let numbered = self.containers.iter().zip(0_u32..).all(|(found, at)| found.meta.segment == at);
        let noted = self.containers.iter().find_map(|found| found.meta.size);
        numbered && noted.is_none_or(|size| size == self.size())
    }
}

/// All contents of one entry that no row knew, oldest first.
pub(super) struct FoundEntry {
    pub(super) space: SpaceId,
    pub(super) entry: EntryId,
    pub(super) versions: Vec<FoundVersion>,
}

impl FoundEntry {
    pub(super) fn newest(&self) -> Option<&FoundVersion> {
        self.versions.last()
    }
}

/// Sorts containers into entries, the one with the newest content first, and passes over versions of which
/// parts are missing.
pub(super) fn group(found: Vec<Found>) -> (Vec<FoundEntry>, Vec<SetAside>) {
    let mut versions: BTreeMap<(SpaceId, EntryId, WriteSerial), Vec<Found>> = BTreeMap::new();
    for container in found {
        let key = (container.space, container.meta.entry, container.meta.serial);
        versions.entry(key).or_default().push(container);
    }
    let (mut entries, mut incomplete) = (BTreeMap::<_, Vec<FoundVersion>>::new(), Vec::new());
    for ((space, entry, _), mut containers) in versions {
        containers.sort_by_key(|found| (found.meta.segment, found.row.id));
        let version = FoundVersion { containers };
        if version.is_whole() {
            entries.entry((space, entry)).or_default().push(version);
        } else {
            incomplete.extend(version.containers.iter().map(|found| SetAside {
                space,
                container: found.row.id,
                reason: SetAsideReason::Incomplete,
            }));
        }
    }
    let mut entries: Vec<_> =
        entries.into_iter().map(|((space, entry), versions)| FoundEntry { space, entry, versions }).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.newest().map(FoundVersion::serial)));
    (entries, incomplete)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;
    use crate::model::{ContainerId, EntryPath, Timestamp};

    const SPACE: SpaceId = SpaceId([1; 16]);

    fn found(entry: i64, serial: i64, segment: u32, plain_len: u64, size: Option<u64>) -> Found {
        let meta = ContainerMeta {
            entry: EntryId(entry),
            path: EntryPath::parse("a").unwrap(),
            modified: Timestamp(0),
            serial: WriteSerial(serial),
            written: Timestamp(0),
            segment,
            size,
        };
        let id = ContainerId::random();
        let row = ContainerRow { id, header_hash: [0; 32], length: 0, plain_len, place: Place::OwnFile };
        Found { space: SPACE, row, meta }
    }

    /// Sizes of the versions of each entry, and how many containers are part of none.
    fn grouped(found: Vec<Found>) -> (Vec<Vec<u64>>, usize) {
        let (entries, incomplete) = group(found);
        let sizes = |entry: &FoundEntry| entry.versions.iter().map(FoundVersion::size).collect();
        (entries.iter().map(sizes).collect(), incomplete.len())
    }

    #[test]
    fn parts_are_joined_in_their_order_and_versions_in_theirs() {
        let (entries, incomplete) = grouped(vec![
            found(5, 9, 1, 20, Some(35)),
            found(5, 7, 0, 1, None),
            found(5, 9, 2, 5, Some(35)),
            found(5, 9, 0, 10, None),
            found(6, 8, 0, 3, Some(3)),
        ]);
        assert_eq!((entries, incomplete), (vec![vec![1, 35], vec![3]], 0), "the newest entry first");
    }

    #[test]
    fn a_version_with_a_part_missing_or_twice_is_none() {
        for parts in [
            vec![found(1, 2, 1, 5, None)],
            vec![found(1, 2, 0, 5, None), found(1, 2, 2, 5, None)],
            vec![found(1, 2, 0, 5, Some(6))],
            vec![found(1, 2, 0, 5, None), found(1, 2, 0, 5, None)],
        ] {
            let count = parts.len();
            assert_eq!(grouped(parts), (Vec::new(), count));
        }
        let (entries, incomplete) = grouped(vec![found(1, 2, 0, 5, None), found(1, 3, 1, 5, None)]);
        assert_eq!((entries, incomplete), (vec![vec![5]], 1), "the version before it stays");
    }
}
