//! What an archive of a folder contains, byte for byte.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::layout::{Layout, Member};
use super::names::{self, Node};
use crate::library::{NodeId, Tree, TreeNode};
use crate::model::{Etag, LocalTime, Timestamp, Zone};
use crate::text::{ArchiveTexts, Language};

/// Name of the text in an archive that lists what is different there.
const NOTES: &str = "Hinweise - Notes.txt";
/// Most changed names that the text in an archive lists.
const MOST_NOTED: usize = 5_000;

/// An archive: where each byte is, and which contents it needs.
pub(super) struct Plan {
    pub(super) layout: Layout,
    /// The contents of the members; `None` for folders, empty files and the notes.
    pub(super) contents: Vec<Option<NodeId>>,
    /// The CRC-32 of the members, as far as known.
    pub(super) crcs: Vec<Option<u32>>,
    /// The text about what is different in the archive; empty if there is none.
    pub(super) notes: Bytes,
    /// Over everything that determines the bytes.
    pub(super) etag: Etag,
}

impl Plan {
    /// The archive of a tree. The same tree gives the same bytes, as long as the zone and `state`, the state of all files,
    /// stay the same.
    pub(super) fn new(tree: &Tree, zone: &Zone, state: &str) -> Self {
        let named: Vec<_> = tree.nodes.iter().map(node_of).collect();
        let mut paths = names::paths(&named, None);
        let is_noted = tree.held > 0 || is_changed(&tree.nodes, &paths);
        let mut notes = Bytes::new();
        if is_noted {
            paths = names::paths(&named, Some(NOTES));
            notes = Bytes::from(notes_of(tree, &paths));
        }
        drop(named);
        let mut plan = Parts::default();
        if is_noted {
            let crc32 = Some(crc32fast::hash(&notes));
            plan.add(member(NOTES.to_owned(), notes.len() as u64, crc32, tree.top.created, zone), None, 0);
        }
        for (node, path) in tree.nodes.iter().zip(paths) {
            let file = node.file.as_ref();
            let size = file.map_or(0, |file| file.size);
            let crc32 = (size == 0).then_some(0);
            plan.add(
                member(path, size, crc32, node.modified, zone),
                file.map(|file| file.node),
                node.revision,
            );
            if let Some(last) = plan.crcs.last_mut() {
                *last = crc32.or(file.and_then(|file| file.crc32));
            }
        }
        let Parts { members, contents, crcs, mut digest } = plan;
        digest.update(&notes);
        digest.update(state);
        let digest = digest.finalize();
        let etag =
            Etag(format!("zip-{}", data_encoding::HEXLOWER.encode(digest.get(..16).unwrap_or_default())));
        Self { layout: Layout::new(members), contents, crcs, notes, etag }
    }
}

/// Members so far.
#[derive(Default)]
struct Parts {
    members: Vec<Member>,
    contents: Vec<Option<NodeId>>,
    crcs: Vec<Option<u32>>,
    digest: Sha256,
}

impl Parts {
    fn add(&mut self, member: Member, content: Option<NodeId>, revision: i64) {
        let time = member.unix_time.unwrap_or_default();
        self.digest.update((member.path.len() as u64).to_le_bytes());
        self.digest.update(member.path.as_bytes());
        self.digest.update(member.size.to_le_bytes());
        self.digest.update(member.dos_time.to_le_bytes());
        self.digest.update(time.to_le_bytes());
        self.digest.update(revision.to_le_bytes());
        let (entry, version) = content.map_or((0, 0), |content| (content.entry.0, content.version.0));
        self.digest.update(entry.to_le_bytes());
        self.digest.update(version.to_le_bytes());
        self.crcs.push(member.crc32);
        self.contents.push(content.filter(|_| member.size > 0));
        self.members.push(member);
    }
}

fn node_of(node: &TreeNode) -> Node<'_> {
    Node { parent: node.parent, name: &node.name, is_folder: node.file.is_none() }
}

fn member(path: String, size: u64, crc32: Option<u32>, modified: Timestamp, zone: &Zone) -> Member {
    let unix_time = i32::try_from(modified.as_secs()).ok();
    Member { path: path.into(), size, crc32, dos_time: dos_time(&zone.local(modified)), unix_time }
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

/// Whether a node has another name in the archive, or is in another folder there.
fn changed<'a>(
    nodes: &'a [TreeNode],
    paths: &'a [String],
) -> impl Iterator<Item = (&'a TreeNode, &'a String)> {
    nodes.iter().zip(paths).filter(|(node, path)| {
        let above = node.parent.and_then(|parent| paths.get(parent)).map_or("", String::as_str);
        let end = if node.file.is_none() { "/" } else { "" };
        let own = path.strip_prefix(above).and_then(|own| own.strip_suffix(end));
        own != Some(node.name.as_str())
    })
}

fn is_changed(nodes: &[TreeNode], paths: &[String]) -> bool {
    changed(nodes, paths).next().is_some()
}

/// The path of a node in its folder, as the office knows it.
fn true_path(nodes: &[TreeNode], node: &TreeNode) -> String {
    let mut names = vec![node.name.as_str()];
    let mut parent = node.parent;
    while let Some(above) = parent.and_then(|number| nodes.get(number)) {
        names.push(&above.name);
        parent = above.parent;
    }
    names.reverse();
    names.join("/")
}

/// What is different in the archive, in both languages.
fn notes_of(tree: &Tree, paths: &[String]) -> String {
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
    let changed: Vec<_> = changed(&tree.nodes, paths).collect();
    if !changed.is_empty() {
        for texts in both {
            line(texts.renamed());
        }
        line("");
    }
    for (node, path) in changed.iter().take(MOST_NOTED) {
        // A name may contain a line break.
        let old: String = true_path(&tree.nodes, node)
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        line(&format!("{old} -> {}", path.trim_end_matches('/')));
    }
    if let Some(rest) = changed.len().checked_sub(MOST_NOTED).filter(|rest| *rest > 0) {
        for texts in both {
            line(&texts.more_renamed(rest));
        }
    }
    text
}
