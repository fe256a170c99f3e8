//! A file system that remembers the synced state, and can lose the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::trace::{Action, Offset, Trace};

/// Bytes that a disk writes in one go, or torn between two sectors.
const PAGE: u64 = 4_096;
/// Bytes that a disk writes whole.
const SECTOR: u64 = 512;

/// Files and directories by number, the root being 0.
#[derive(Clone)]
pub struct FileSystem {
    nodes: Vec<Node>,
}

#[derive(Clone)]
enum Node {
    File(File),
    Directory(Directory),
}

#[derive(Clone, Default)]
struct File {
    durable: Vec<u8>,
    /// Length with everything applied.
    len: u64,
    pending: Vec<Change>,
}

/// One change of a file that is not synced.
#[derive(Clone)]
struct Change {
    ended: usize,
    offset: u64,
    bytes: Bytes,
    /// The file's length from then on.
    len: u64,
}

#[derive(Clone)]
enum Bytes {
    These(std::sync::Arc<Vec<u8>>),
    Zeros(u64),
}

#[derive(Clone, Default)]
struct Directory {
    durable: BTreeMap<String, usize>,
    now: BTreeMap<String, usize>,
    pending: Vec<Entry>,
}

/// One change of a name that is not synced.
#[derive(Clone)]
struct Entry {
    ended: usize,
    name: String,
    node: Option<usize>,
}

impl FileSystem {
    /// The contents of a directory, all of it durable.
    pub fn load(root: &Path) -> Self {
        let mut files = Self { nodes: Vec::new() };
        files.load_directory(root);
        files
    }

    fn load_directory(&mut self, path: &Path) -> usize {
        let own = self.nodes.len();
        self.nodes.push(Node::Directory(Directory::default()));
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let node = if path.is_dir() {
                self.load_directory(&path)
            } else {
                let durable = fs::read(&path).unwrap();
                self.add(Node::File(File { len: durable.len() as u64, durable, pending: Vec::new() }))
            };
            names.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), node);
        }
        self.nodes[own] =
            Node::Directory(Directory { durable: names.clone(), now: names, pending: Vec::new() });
        own
    }

    /// Plays back everything that began before a line of the trace; of fsyncs those that are believed.
    pub fn after(&self, trace: &Trace, line: usize, believes: &dyn Fn(&Path) -> bool) -> Self {
        let mut files = self.clone();
        // A sync counts when it has ended, and then for the calls that had ended when it began.
        let mut syncs: Vec<(usize, usize, &Path)> = Vec::new();
        for call in trace.calls.iter().take_while(|call| call.begun < line) {
            while let Some(at) = syncs.iter().position(|(ended, ..)| *ended < call.begun) {
                let (_, begun, path) = syncs.remove(at);
                files.sync(path, begun);
            }
            match &call.action {
                Action::Sync { path } if call.ended < line && believes(path) => {
                    syncs.push((call.ended, call.begun, path));
                }
                Action::Sync { .. } => {}
                action => files.play(action, call.ended),
            }
        }
        for (_, begun, path) in syncs {
            files.sync(path, begun);
        }
        files
    }

    fn play(&mut self, action: &Action, ended: usize) {
        match action {
            Action::Open { path, create, truncate } => {
                if *create && self.find(path).is_none() {
                    let node = self.add(Node::File(File::default()));
                    self.name(path, Some(node), ended);
                }
                if *truncate {
                    self.truncate(path, 0, ended);
                }
            }
            Action::Write { path, offset, bytes } => {
                // Gone by now, in the eyes of another thread.
                let Some(file) = self.file(path) else { return };
                let offset = match offset {
                    Offset::At(offset) => *offset,
                    Offset::End => file.len,
                };
                let len = file.len.max(offset + bytes.len() as u64);
                file.change(ended, offset, Bytes::These(bytes.clone().into()), len);
            }
            Action::Truncate { path, len } => self.truncate(path, *len, ended),
            Action::Zero { path, offset, len, keeps_size } => {
                let Some(file) = self.file(path) else { return };
                let end = if *keeps_size { file.len } else { file.len.max(offset + len) };
                file.change(ended, *offset, Bytes::Zeros(*len), end);
            }
            Action::Rename { from, to } => {
                let node = self.find(from);
                self.name(to, node, ended);
                self.name(from, None, ended);
            }
            Action::Link { from, to } => {
                let node = self.find(from);
                self.name(to, node, ended);
            }
            Action::Unlink { path } => self.name(path, None, ended),
            Action::MakeDirectory { path } => {
                let node = self.add(Node::Directory(Directory::default()));
                self.name(path, Some(node), ended);
            }
            Action::Sync { .. } => unreachable!("played back by its end"),
        }
    }

    fn truncate(&mut self, path: &Path, len: u64, ended: usize) {
        let Some(file) = self.file(path) else { return };
        let cut = file.len.saturating_sub(len);
        file.change(ended, len, Bytes::Zeros(cut), len);
    }

    /// Makes the calls durable that had ended when the sync began: a file's bytes, or a directory's names.
    fn sync(&mut self, path: &Path, begun: usize) {
        let Some(node) = self.find(path) else { return };
        match &mut self.nodes[node] {
            Node::File(file) => {
                let pending = std::mem::take(&mut file.pending);
                for change in pending {
                    if change.ended < begun && file.pending.is_empty() {
                        apply(&mut file.durable, &change, 0, u64::MAX);
                        file.durable.resize(usize::try_from(change.len).unwrap(), 0);
                    } else {
                        file.pending.push(change);
                    }
                }
            }
            Node::Directory(directory) => {
                let pending = std::mem::take(&mut directory.pending);
                for entry in pending {
                    if entry.ended < begun {
                        set(&mut directory.durable, &entry);
                    } else {
                        directory.pending.push(entry);
                    }
                }
            }
        }
    }

    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let mut node = 0;
        for part in path {
            let Node::Directory(directory) = &self.nodes[node] else { return None };
            node = *directory.now.get(part.to_str()?)?;
        }
        Some(node)
    }

    fn file(&mut self, path: &Path) -> Option<&mut File> {
        match self.find(path).map(|node| &mut self.nodes[node]) {
            Some(Node::File(file)) => Some(file),
            _ => None,
        }
    }

    fn name(&mut self, path: &Path, node: Option<usize>, ended: usize) {
        let parent = self.find(path.parent().unwrap()).unwrap_or_else(|| panic!("{}", path.display()));
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Node::Directory(directory) = &mut self.nodes[parent] else { panic!("{}", path.display()) };
        let entry = Entry { ended, name, node };
        set(&mut directory.now, &entry);
        directory.pending.push(entry);
    }

    /// The files on the disk after a power cut now.
    pub fn cut(mut self, luck: &mut Luck) -> Self {
        for node in &mut self.nodes {
            match node {
                Node::File(file) => file.cut(luck),
                Node::Directory(directory) => directory.cut(luck),
            }
        }
        self
    }

    /// Writes everything that has a name to a real directory.
    pub fn write_to(&self, root: &Path) {
        self.write_node(0, root, &mut BTreeSet::new());
    }

    fn write_node(&self, node: usize, path: &Path, above: &mut BTreeSet<usize>) {
        match &self.nodes[node] {
            Node::File(file) => fs::write(path, &file.durable).unwrap(),
            Node::Directory(directory) => {
                assert!(above.insert(node), "a directory in itself");
                fs::create_dir_all(path).unwrap();
                for (name, node) in &directory.durable {
                    self.write_node(*node, &path.join(name), above);
                }
                above.remove(&node);
            }
        }
    }
}

fn set(names: &mut BTreeMap<String, usize>, entry: &Entry) {
    match entry.node {
        Some(node) => names.insert(entry.name.clone(), node),
        None => names.remove(&entry.name),
    };
}

/// Applies the effect of a change on the bytes from `from` up to `to`.
fn apply(content: &mut Vec<u8>, change: &Change, from: u64, to: u64) {
    let size = |at: u64| usize::try_from(at).unwrap();
    let len = match &change.bytes {
        Bytes::These(bytes) => bytes.len() as u64,
        Bytes::Zeros(len) => *len,
    };
    let (start, end) = (change.offset.max(from), (change.offset + len).min(to));
    if start >= end {
        return;
    }
    if content.len() < size(end) {
        content.resize(size(end), 0);
    }
    let target = &mut content[size(start)..size(end)];
    match &change.bytes {
        Bytes::These(bytes) => {
            target.copy_from_slice(&bytes[size(start - change.offset)..size(end - change.offset)]);
        }
        Bytes::Zeros(_) => target.fill(0),
    }
}

impl File {
    fn change(&mut self, ended: usize, offset: u64, bytes: Bytes, len: u64) {
        self.len = len;
        self.pending.push(Change { ended, offset, bytes, len });
    }

    /// Each page is as it was after some of the changes, and maybe torn between two such states; so is the
    /// length, on its own.
    fn cut(&mut self, luck: &mut Luck) {
        let pending = std::mem::take(&mut self.pending);
        let Some(end) = pending.iter().map(|change| change.len).max() else { return };
        let mood = luck.below(4);
        let mut some = |count: usize| match mood {
            0 => 0,
            1 => count,
            _ => luck.below(count + 1),
        };
        let len = match some(pending.len()) {
            0 => self.durable.len() as u64,
            count => pending[count - 1].len,
        };
        let end = end.max(self.durable.len() as u64);
        let mut content = self.durable.clone();
        for start in (0..end).step_by(usize::try_from(PAGE).unwrap()) {
            let touching: Vec<&Change> =
                pending.iter().filter(|change| change.touches(start, start + PAGE)).collect();
            if touching.is_empty() {
                continue;
            }
            let (first, second) = (some(touching.len()), some(touching.len()));
            let tear = start + SECTOR * some(usize::try_from(PAGE / SECTOR).unwrap()) as u64;
            for change in &touching[..first] {
                apply(&mut content, change, start, tear);
            }
            for change in &touching[..second] {
                apply(&mut content, change, tear, start + PAGE);
            }
        }
        content.resize(usize::try_from(len).unwrap(), 0);
        self.durable = content;
    }
}

impl Change {
    fn touches(&self, from: u64, to: u64) -> bool {
        let len = match &self.bytes {
            Bytes::These(bytes) => bytes.len() as u64,
            Bytes::Zeros(len) => *len,
        };
        self.offset < to && from < self.offset + len
    }
}

impl Directory {
    /// Each name is as it was after some of its changes.
    fn cut(&mut self, luck: &mut Luck) {
        let mood = luck.below(4);
        let pending = std::mem::take(&mut self.pending);
        let names: BTreeSet<&str> = pending.iter().map(|entry| entry.name.as_str()).collect();
        for name in names {
            let changes: Vec<&Entry> = pending.iter().filter(|entry| entry.name == name).collect();
            let kept = match mood {
                0 => 0,
                1 => changes.len(),
                _ => luck.below(changes.len() + 1),
            };
            for entry in &changes[..kept] {
                set(&mut self.durable, entry);
            }
        }
        // Mapped memory, which the trace does not see: after a power cut it holds anything, and no reader may
        // believe it.
        self.durable.retain(|name, _| !name.ends_with("-shm"));
    }
}

/// Random numbers that are the same for the same seed (xorshift64*).
pub struct Luck(u64);

impl Luck {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number from 0 up to and without `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).unwrap() % limit
    }
}
