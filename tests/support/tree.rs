//! The expected content of one client's folder, and the changes that the client requests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::content::bytes;
use super::load::Dice;

/// The node at each path below the client's folder, and the names that files have left.
#[derive(Clone, Debug, Default)]
pub struct Tree(pub BTreeMap<String, Node>, BTreeSet<String>);

#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    /// A dead property.
    pub mark: Mark,
    pub lock: Option<Lock>,
    /// The change that made it so, to explain its loss.
    pub since: String,
}

/// Expected state of a node's dead property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    None,
    Set(String),
    /// The name was taken again after a file had left it. Within a minute that file returns with its properties,
    /// later a new one begins without (`library::departure`): which one depends on the time.
    Either,
}

impl Mark {
    fn allows(&self, found: Option<&String>) -> bool {
        match self {
            Self::None => found.is_none(),
            Self::Set(mark) => Some(mark) == found,
            Self::Either => true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Folder,
    /// The bytes derived from a seed.
    File {
        seed: u64,
        length: usize,
    },
}

/// A lock as the client knows it: its token, or none while the answer is pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    Unknown,
    Token(String),
}

/// One request.
#[derive(Clone, Debug)]
pub enum Change {
    Put { path: String, seed: u64, length: usize },
    Folder { path: String },
    Move { from: String, to: String },
    Copy { from: String, to: String },
    Delete { path: String },
    Mark { path: String, value: String },
    Lock { path: String },
    Unlock { path: String, token: String },
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { path, seed, length } => write!(out, "PUT {path} ({length} bytes of seed {seed})"),
            Self::Folder { path } => write!(out, "MKCOL {path}"),
            Self::Move { from, to } => write!(out, "MOVE {from} to {to}"),
            Self::Copy { from, to } => write!(out, "COPY {from} to {to}"),
            Self::Delete { path } => write!(out, "DELETE {path}"),
            Self::Mark { path, value } => write!(out, "PROPPATCH {path} to {value}"),
            Self::Lock { path } => write!(out, "LOCK {path}"),
            Self::Unlock { path, .. } => write!(out, "UNLOCK {path}"),
        }
    }
}

const FILES: [&str; 12] =
    ["f0", "f1", "f2", "f3", "d0/f0", "d0/f1", "d0/f2", "d1/f0", "d1/f1", "d2/f0", "d2/f1", "d0/d/f0"];
const FOLDERS: [&str; 4] = ["d0", "d1", "d2", "d0/d"];

impl Change {
    /// A change that succeeds on this tree.
    pub fn roll(tree: &Tree, dice: &mut Dice, number: u64) -> Self {
        loop {
            if let Some(change) = Self::roll_once(tree, dice, number) {
                return change;
            }
        }
    }

    fn roll_once(tree: &Tree, dice: &mut Dice, number: u64) -> Option<Self> {
        let roll = dice.roll(100);
        let file = (*dice.pick(&FILES)?).to_owned();
        let folder = (*dice.pick(&FOLDERS)?).to_owned();
        let there = tree.0.get(&file);
        let change = match roll {
            0..45 => Self::Put { path: file, seed: number, length: dice.length() },
            45..52 if !tree.0.contains_key(&folder) => Self::Folder { path: folder },
            52..62 => {
                let from = tree.any(dice, |node| node.kind != Kind::Folder)?;
                let may = !tree.is_locked(&from) && !tree.is_locked(&file) && from != file;
                may.then_some(Self::Move { from, to: file })?
            }
            62..65 => {
                let from = tree.any(dice, |node| node.kind == Kind::Folder)?;
                let may =
                    !tree.0.contains_key(&folder) && !tree.is_locked(&from) && !folder.starts_with(&from);
                may.then_some(Self::Move { from, to: folder })?
            }
            65..73 => {
                let from = tree.any(dice, |node| node.kind != Kind::Folder)?;
                (from != file && !tree.is_locked(&file)).then_some(Self::Copy { from, to: file })?
            }
            73..75 => {
                let from = tree.any(dice, |node| node.kind == Kind::Folder)?;
                // Into the top folder only, so that no folder grows by copies of itself.
                let may = !folder.contains('/') && !tree.0.contains_key(&folder);
                may.then_some(Self::Copy { from, to: folder })?
            }
            75..82 if there.is_some() && !tree.is_locked(&file) => Self::Delete { path: file },
            82..84 if tree.0.contains_key(&folder) && !tree.is_locked(&folder) => {
                Self::Delete { path: folder }
            }
            84..92 => Self::Mark { path: tree.any(dice, |_| true)?, value: format!("m{number}") },
            92..96 if there.is_some() && there?.lock.is_none() => Self::Lock { path: file },
            96..100 => {
                let path = tree.any(dice, |node| node.lock.is_some())?;
                let Some(Lock::Token(token)) = tree.0[&path].lock.clone() else { return None };
                Self::Unlock { path, token }
            }
            _ => return None,
        };
        tree.has_parent(change.target()).then_some(change)
    }

    /// The path that is created or changed.
    pub fn target(&self) -> &str {
        match self {
            Self::Put { path, .. }
            | Self::Folder { path }
            | Self::Delete { path }
            | Self::Mark { path, .. }
            | Self::Lock { path }
            | Self::Unlock { path, .. } => path,
            Self::Move { to, .. } | Self::Copy { to, .. } => to,
        }
    }
}

impl Tree {
    /// A random path whose node fits.
    fn any(&self, dice: &mut Dice, fits: impl Fn(&Node) -> bool) -> Option<String> {
        let paths: Vec<_> = self.0.iter().filter(|(_, node)| fits(node)).map(|(path, _)| path).collect();
        dice.pick(&paths).map(|path| (*path).clone())
    }

    /// Whether there is a lock on the path or below.
    fn is_locked(&self, path: &str) -> bool {
        self.below(path).any(|path| self.0[path].lock.is_some())
    }

    fn has_parent(&self, path: &str) -> bool {
        path.rsplit_once('/')
            .is_none_or(|(parent, _)| self.0.get(parent).is_some_and(|node| node.kind == Kind::Folder))
    }

    fn below<'a>(&'a self, top: &'a str) -> impl Iterator<Item = &'a String> {
        let inside = format!("{top}/");
        self.0.keys().filter(move |path| *path == top || path.starts_with(&inside))
    }

    /// The tree after a change that succeeds.
    pub fn after(&self, change: &Change, since: &str) -> Self {
        let mut tree = self.clone();
        let since = since.to_owned();
        match change {
            Change::Put { path, seed, length } => {
                let kind = Kind::File { seed: *seed, length: *length };
                let old = tree.0.remove(path);
                let (mark, lock) = old.map_or((self.mark_of_new(path), None), |old| (old.mark, old.lock));
                tree.0.insert(path.clone(), Node { kind, mark, lock, since });
            }
            Change::Folder { path } => {
                let node = Node { kind: Kind::Folder, mark: Mark::None, lock: None, since };
                tree.0.insert(path.clone(), node);
            }
            Change::Move { from, to } => {
                tree.carry(self, from, to, &since);
                tree.leave(self, from);
            }
            Change::Copy { from, to } => tree.carry(self, from, to, &since),
            Change::Delete { path } => tree.leave(self, path),
            Change::Mark { path, value } => {
                let node = tree.0.get_mut(path).unwrap();
                (node.mark, node.since) = (Mark::Set(value.clone()), since);
            }
            Change::Lock { path } => tree.0.get_mut(path).unwrap().lock = Some(Lock::Unknown),
            Change::Unlock { path, .. } => tree.0.get_mut(path).unwrap().lock = None,
        }
        tree
    }

    /// Removes the nodes of `old` at a path and below.
    fn leave(&mut self, old: &Self, top: &str) {
        for path in old.below(top) {
            self.0.remove(path);
            self.1.insert(name_of(path).to_owned());
        }
    }

    /// The property of a new file. Folders move with the names that files left in them, so the last part of the
    /// path decides.
    fn mark_of_new(&self, path: &str) -> Mark {
        if self.1.contains(name_of(path)) { Mark::Either } else { Mark::None }
    }

    fn carry(&mut self, old: &Self, from: &str, to: &str, since: &str) {
        for path in old.below(from) {
            let mut node = Node { lock: None, since: since.to_owned(), ..old.0[path].clone() };
            // A file that returns keeps its property unless the arriving one has another.
            if path == from && node.mark == Mark::None && !old.0.contains_key(to) {
                node.mark = old.mark_of_new(to);
            }
            self.0.insert(format!("{to}{}", &path[from.len()..]), node);
        }
    }

    /// The first difference to the tree that was found; `None` without any.
    pub fn difference(&self, found: &Found) -> Option<String> {
        for (path, node) in &self.0 {
            let Some(there) = found.0.get(path) else {
                return Some(format!("{path} is gone: {}", node.since));
            };
            let what = match (&node.kind, &there.content) {
                (Kind::Folder, None) => None,
                (Kind::File { seed, length }, Some(content)) => {
                    (bytes(*seed, *length) != *content).then_some("its content")
                }
                _ => Some("its kind"),
            };
            let what = what
                .or((!node.mark.allows(there.mark.as_ref())).then_some("its property"))
                .or((node.lock.is_some() != there.token.is_some()).then_some("its lock"))
                .or(matches!(&node.lock, Some(Lock::Token(token)) if Some(token) != there.token.as_ref())
                    .then_some("its lock's token"));
            if let Some(what) = what {
                return Some(format!(
                    "{path} lost {what}: {} (there are {} bytes, property {:?}, lock {:?})",
                    node.since,
                    there.content.as_ref().map_or(0, Vec::len),
                    there.mark,
                    there.token
                ));
            }
        }
        let extra = found.0.keys().find(|path| !self.0.contains_key(*path));
        extra.map(|path| format!("{path} is there and should not be"))
    }

    /// Learns the tokens of locks whose answers never arrived.
    pub fn learn_tokens(&mut self, found: &Found) {
        for (path, node) in &mut self.0 {
            if node.lock.is_some() {
                node.lock = found.0[path].token.clone().map(Lock::Token);
            }
        }
    }
}

/// The last part of a path.
fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A client's folder as the server shows it.
#[derive(Debug, Default)]
pub struct Found(pub BTreeMap<String, FoundNode>);

#[derive(Debug)]
pub struct FoundNode {
    /// `None` for a folder.
    pub content: Option<Vec<u8>>,
    pub mark: Option<String>,
    pub token: Option<String>,
}
