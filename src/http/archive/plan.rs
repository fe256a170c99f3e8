//! The contents of a folder's archive, byte for byte.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::layout::{Layout, Member};
use super::names::{self, Node, Paths};
use crate::library::{NodeId, Tree, TreeNode};
use crate::model::{Etag, LocalTime, Timestamp, Zone};
use crate::text::{ArchiveTexts, Language};

/// Name of the text in an archive that lists its differences from the folder.
const NOTES: &str = "Hinweise - Notes.txt";
/// Most changed names that the text in an archive lists.
const MOST_NOTED: usize = 5_000;

/// An archive: where each byte is, and which contents it needs.
pub(super) struct Plan {
    pub(super) layout: Layout,
    /// The contents of the members; `None` for folders and the notes.
    pub(super) files: Vec<Option<NodeId>>,
    /// The CRC-32 of the members, as far as known.
    pub(super) crcs: Vec<Option<u32>>,
    /// The text about differences from the folder; empty if there are none.
    pub(super) notes: Bytes,
    /// Over everything that determines the bytes.
    pub(super) etag: Etag,
}

impl Plan {
    /// The archive of a tree. The same tree gives the same bytes, as long as the zone and `state`, the state of all files,
    /// stay the same.
    pub(super) fn new(tree: &Tree, zone: &Zone, state: &str) -> Self {
        let node = |number: usize| {
            let node = tree.nodes.get(number);
            let parent = node.and_then(|node| node.parent).map(|parent| parent as usize);
            let name = node.map_or("", |node| tree.name(node));
            Node { parent, name, is_folder: node.is_some_and(|node| node.file.is_none()) }
        };
        let count = tree.nodes.len();
        let mut paths = names::paths(count, node, None);
        let mut notes = Bytes::new();
        if tree.held > 0 || changed(tree, &paths).next().is_some() {
            paths = names::paths(count, node, Some(NOTES));
            notes = Bytes::from(notes_of(tree, &paths));
            paths.push(NOTES);
        }
        let member = |size: u64, crc32: Option<u32>, modified: Timestamp| Member {
            size,
            crc32,
            dos_time: dos_time(&zone.local(modified)),
            unix_time: i32::try_from(modified.as_secs()).ok(),
        };
        let files = || tree.nodes.iter().map(|node| node.file.as_ref());
        let members = tree.nodes.iter().map(|node| {
            let size = node.file.as_ref().map_or(0, |file| file.size);
            member(size, (size == 0).then_some(0), node.modified)
        });
        let last = member(notes.len() as u64, Some(crc32fast::hash(&notes)), tree.top.created);
        let mut members: Vec<_> = members.collect();
        members.extend(Some(last).filter(|_| !notes.is_empty()));
        let mut crcs: Vec<_> = members.iter().map(|member| member.crc32).collect();
        for (crc32, file) in crcs.iter_mut().zip(files()) {
            *crc32 = crc32.or(file.and_then(|file| file.crc32));
        }
        let mut stored: Vec<_> = files().map(|file| file.map(|file| file.node)).collect();
        stored.extend(Some(None).filter(|_| !notes.is_empty()));
        let layout = Layout::new(members.into_iter(), paths);
        let etag = tag(tree, &layout, &notes, state);
        Self { layout, files: stored, crcs, notes, etag }
    }
}

/// The tag of an archive.
fn tag(tree: &Tree, layout: &Layout, notes: &[u8], state: &str) -> Etag {
    let mut digest = Sha256::new();
    for (number, node) in tree.nodes.iter().enumerate() {
        let (path, member) = (layout.path(number), layout.member(number));
        digest.update((path.len() as u64).to_le_bytes());
        digest.update(path.as_bytes());
        let (entry, version) =
            node.file.as_ref().map_or((0, 0), |file| (file.node.entry.0, file.node.version.0));
        for value in [node.revision, node.modified.0, entry, version] {
            digest.update(value.to_le_bytes());
        }
        // The time by the office's clocks depends on the zone.
        let (size, time) = member.map_or((0, 0), |member| (member.size, member.dos_time));
        digest.update(size.to_le_bytes());
        digest.update(time.to_le_bytes());
    }
    digest.update(notes);
    digest.update(state);
    let digest = digest.finalize();
    Etag(format!("zip-{}", data_encoding::HEXLOWER.encode(digest.get(..16).unwrap_or_default())))
}

/// A local time in the form of DOS (APPNOTE 4.4.6): the date above, the time below, to two seconds. Seconds are left out.
fn dos_time(time: &LocalTime) -> u32 {
    let Some(year) = u32::try_from(time.year).ok().and_then(|year| year.checked_sub(1980)) else {
        return 0x0021_0000;
    };
    if year > 127 {
        return 0xFF9F_BF7D;
    }
    let part = |value: i8| u32::from(value.unsigned_abs());
    (year << 25)
        | (part(time.month) << 21)
        | (part(time.day) << 16)
        | (part(time.hour) << 11)
        | (part(time.minute) << 5)
}

/// The nodes that have another name in the archive, or are in another folder there, with their paths.
fn changed<'a>(tree: &'a Tree, paths: &'a Paths) -> impl Iterator<Item = (&'a TreeNode, &'a str)> {
    let with_path = tree.nodes.iter().enumerate().map(|(number, node)| (node, paths.get(number)));
    with_path.filter(|(node, path)| {
        let above = node.parent.map_or("", |parent| paths.get(parent as usize));
        let end = if node.file.is_none() { "/" } else { "" };
        let own = path.strip_prefix(above).and_then(|own| own.strip_suffix(end));
        own != Some(tree.name(node))
    })
}

/// The path of a node in its folder, as the office knows it.
fn true_path(tree: &Tree, node: &TreeNode) -> String {
    let mut names = vec![tree.name(node)];
    let mut parent = node.parent;
    while let Some(above) = parent.and_then(|number| tree.nodes.get(number as usize)) {
        names.push(tree.name(above));
        parent = above.parent;
    }
    names.reverse();
    names.join("/")
}

/// The differences from the folder, in both languages.
fn notes_of(tree: &Tree, paths: &Paths) -> String {
    // A mark by which old programs of Windows know UTF-8.
    let mut text = String::from("\u{feff}");
    let both = [ArchiveTexts(Language::German), ArchiveTexts(Language::English)];
    let mut line = |line: &str| {
        text.push_str(line);
        text.push_str("\r\n");
    };
    if tree.held > 0 {
        for texts in both {
            line(&texts.held(tree.held));
        }
        line("");
    }
    let changed: Vec<_> = changed(tree, paths).collect();
    if !changed.is_empty() {
        for texts in both {
            line(texts.renamed());
        }
        line("");
    }
    for (node, path) in changed.iter().take(MOST_NOTED) {
        // A name may contain a line break.
        let old: String =
            true_path(tree, node).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        line(&format!("{old} -> {}", path.trim_end_matches('/')));
    }
    if let Some(rest) = changed.len().checked_sub(MOST_NOTED).filter(|rest| *rest > 0) {
        for texts in both {
            line(&texts.more_renamed(rest));
        }
    }
    text
}
