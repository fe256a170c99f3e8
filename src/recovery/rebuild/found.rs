//! Containers without a row, grouped into versions and entries.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::report::SetAside;
use crate::catalog::ContainerRow;
use crate::model::{ContainerId, EntryId, SetAsideReason, SpaceId, Timestamp, WriteSerial};
use crate::vault::container::{ContainerMeta, Part};
use crate::vault::reader::{ContainerReader, ContainerRef};

/// A container that was opened.
pub(super) struct Found {
    pub(super) space: SpaceId,
    pub(super) row: ContainerRow,
    pub(super) meta: ContainerMeta,
}

impl Found {
    /// Takes the data of an open container.
    pub(super) fn of(space: SpaceId, reader: &ContainerReader) -> Self {
        let ContainerRef { id, header_hash, length, place } = reader.to_ref();
        let row = ContainerRow { id, header_hash, length, plain_len: reader.plain_len(), place };
        Self { space, row, meta: reader.meta().clone() }
    }
}

/// One version: the containers with one serial, in order; for an upload the ones that its closing containers name,
/// followed by these.
pub(super) struct FoundVersion {
    pub(super) containers: Vec<Found>,
}

impl FoundVersion {
    /// The metadata of the version; for an upload only closing containers have them.
    pub(super) fn told(&self) -> Option<&ContainerMeta> {
        self.containers.last().map(|found| &found.meta)
    }

    pub(super) fn serial(&self) -> WriteSerial {
        self.told().map_or(WriteSerial(0), |meta| meta.serial)
    }

    pub(super) fn size(&self) -> u64 {
        self.containers.iter().map(|found| found.row.plain_len).sum()
    }

    /// Whether every numbered part exists exactly once. A version without a recorded length ends with its last
    /// container.
    fn is_whole(&self) -> bool {
        let numbered = self.containers.iter().zip(0_u32..).all(|(found, at)| found.meta.segment == at);
        let noted = self.containers.iter().find_map(|found| found.meta.size);
        numbered && noted.is_none_or(|size| size == self.size())
    }
}

/// All versions of one entry without a row, oldest first.
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

/// Groups containers into entries, the one with the newest version first, and sets aside versions with missing
/// parts.
pub(super) fn group(found: Vec<Found>) -> (Vec<FoundEntry>, Vec<SetAside>) {
    // The time separates versions whose serial was given out twice, as after an older catalogue.
    let mut versions: BTreeMap<(WriteSerial, Timestamp, SpaceId, EntryId), Vec<Found>> = BTreeMap::new();
    let mut loose = HashMap::new();
    for container in found {
        if container.meta.part == Part::Loose {
            loose.insert((container.space, container.row.id), container);
            continue;
        }
        let meta = &container.meta;
        let key = (meta.serial, meta.written, container.space, meta.entry);
        versions.entry(key).or_default().push(container);
    }
    let (mut entries, mut set_aside) = (BTreeMap::<_, Vec<FoundVersion>>::new(), Vec::new());
    // Newest first: of two attempts to finish an upload the later one counts.
    for ((_, _, space, entry), mut containers) in versions.into_iter().rev() {
        containers.sort_by_key(|found| (found.meta.segment, found.row.id));
        let is_closed = containers.iter().any(|found| found.meta.part != Part::Numbered);
        let pieces = if is_closed { named(&containers, &mut loose) } else { Some(Vec::new()) };
        let is_complete = pieces.is_some();
        let version = FoundVersion { containers: pieces.into_iter().flatten().chain(containers).collect() };
        let noted = version.told().and_then(|meta| meta.size);
        if is_complete && if is_closed { noted == Some(version.size()) } else { version.is_whole() } {
            entries.entry((space, entry)).or_default().push(version);
        } else {
            set_aside.extend(version.containers.iter().map(|found| SetAside {
                space,
                container: found.row.id,
                reason: SetAsideReason::Incomplete,
            }));
        }
    }
    set_aside.extend(loose.into_keys().map(|(space, container)| SetAside {
        space,
        container,
        reason: SetAsideReason::Unfinished,
    }));
    let of_one_number = |((space, entry), versions)| {
        files(entry, versions).into_iter().map(move |versions| FoundEntry { space, entry, versions })
    };
    let mut entries: Vec<_> = entries.into_iter().flat_map(of_one_number).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.newest().map(FoundVersion::serial)));
    (entries, set_aside)
}

/// The versions that name one entry, oldest first: they belong to one file, unless its number was given out twice.
/// A version whose serial equals the number is a file's first.
fn files(entry: EntryId, mut versions: Vec<FoundVersion>) -> Vec<Vec<FoundVersion>> {
    versions.sort_by_key(|version| version.told().map(|meta| meta.written));
    let mut files: Vec<Vec<FoundVersion>> = Vec::new();
    for version in versions {
        match files.last_mut().filter(|_| version.serial().0 != entry.0) {
            Some(file) => file.push(version),
            None => files.push(vec![version]),
        }
    }
    for file in &mut files {
        file.sort_by_key(FoundVersion::serial);
    }
    files
}

/// Takes the containers that closing ones name out of the found ones, in order; `None`, without taking any, if one
/// is missing.
fn named(closing: &[Found], loose: &mut HashMap<(SpaceId, ContainerId), Found>) -> Option<Vec<Found>> {
    let (mut all, mut expected) = (Vec::new(), None);
    for (found, at) in closing.iter().zip(0_u32..) {
        let Part::Closing { names, of } = &found.meta.part else { return None };
        if found.meta.segment != at || expected.is_some_and(|expected| expected != *of) {
            return None;
        }
        expected = Some(*of);
        all.extend(names.iter().map(|name| (found.space, *name)));
    }
    let distinct: HashSet<_> = all.iter().collect();
    let is_whole = expected == Some(all.len() as u64) && distinct.len() == all.len();
    if !is_whole || !all.iter().all(|key| loose.contains_key(key)) {
        return None;
    }
    all.iter().map(|key| loose.remove(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;
    use crate::model::{ContainerId, EntryPath};

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
            part: Part::Numbered,
        };
        let id = ContainerId::random();
        let row = ContainerRow { id, header_hash: [0; 32], length: 0, plain_len, place: Place::OwnFile };
        Found { space: SPACE, row, meta }
    }

    /// Sizes of the versions of each entry, and the number of containers that belong to none.
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

    /// A container of an upload.
    fn loose(id: u8, plain_len: u64) -> Found {
        let mut piece = found(9, 9, 0, plain_len, None);
        (piece.row.id, piece.meta.part) = (ContainerId([id; 16]), Part::Loose);
        piece
    }

    /// A closing container of an upload of `of` containers.
    fn closing(serial: i64, segment: u32, names: &[u8], of: u64, size: u64) -> Found {
        let mut closing = found(5, serial, segment, 0, Some(size));
        let names = names.iter().map(|id| ContainerId([*id; 16])).collect();
        closing.meta.part = Part::Closing { names, of };
        closing
    }

    #[test]
    fn an_upload_is_what_its_closing_containers_name() {
        let parts = || vec![loose(1, 10), loose(2, 20), loose(3, 3)];
        let ids = |found: Vec<Found>| {
            let (entries, set_aside) = group(found);
            let ids = |version: &FoundVersion| version.containers.iter().map(|one| one.row.id.0[0]).collect();
            let ids: Vec<Vec<u8>> = entries.iter().flat_map(|entry| entry.versions.iter().map(ids)).collect();
            (ids, set_aside.len())
        };
        let with = |closing: Vec<Found>| parts().into_iter().chain(closing).collect();
        let (found, left) = ids(with(vec![closing(7, 1, &[1], 3, 33), closing(7, 0, &[3, 2], 3, 33)]));
        assert_eq!((found[0][..3].to_vec(), found[0].len(), left), (vec![3, 2, 1], 5, 0));
        let (found, left) = ids(with(vec![closing(7, 0, &[1, 2], 2, 30), closing(8, 0, &[2, 3], 2, 23)]));
        assert_eq!((found.len(), found[0][..2].to_vec(), left), (1, vec![2, 3], 2), "the later attempt");
        assert_eq!(ids(vec![closing(7, 0, &[], 0, 0)]).0.len(), 1, "an upload of nothing");
        for broken in [
            vec![],
            vec![closing(7, 0, &[1, 2], 3, 33)],
            vec![closing(7, 1, &[1, 2, 3], 3, 33)],
            vec![closing(7, 0, &[1, 2, 4], 3, 33)],
            vec![closing(7, 0, &[1, 1, 3], 3, 23)],
            vec![closing(7, 0, &[1, 2, 3], 3, 34)],
            vec![closing(7, 0, &[1, 2, 3], 3, 33), closing(7, 1, &[], 4, 33)],
        ] {
            let all = 3 + broken.len();
            assert_eq!(ids(with(broken)), (vec![], all));
        }
    }

    #[test]
    fn a_number_that_was_given_twice_is_two_files() {
        let at = |serial, written, plain_len| {
            let mut found = found(5, serial, 0, plain_len, None);
            found.meta.written = Timestamp(written);
            found
        };
        let all = vec![at(5, 100, 1), at(7, 110, 2), at(5, 200, 3), at(6, 210, 4)];
        assert_eq!(grouped(all), (vec![vec![1, 2], vec![3, 4]], 0));
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
