//! The contents of an instance, in the simplest form.

use std::collections::{BTreeMap, BTreeSet};

use tresor::library::LibraryError;
use tresor::model::{EntryName, LockToken};

pub const SPACES: usize = 2;
/// Two of them are twins.
pub const NAMES: [&str; 6] = ["a", "b", "A", "ü", "c", "d"];

/// A space and the names of a path in it.
pub type Place = (usize, Vec<&'static str>);

/// How a step finds its place: mostly where there is something, now and then anywhere.
#[derive(Clone, Debug)]
pub enum Spot {
    Anywhere(Place),
    /// One of the entries that are there.
    Entry(usize),
    /// A name in one of the folders that are there.
    Below(usize, &'static str),
}

/// A content of a file: which bytes, and in which container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub seed: u64,
    pub size: usize,
    pub container: u64,
    /// Grows from one to the next, across files.
    pub order: u64,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub parent: Option<usize>,
    pub name: &'static str,
    /// Newest last, the current one among them; empty for a folder.
    pub contents: Vec<Content>,
    pub property: Option<u8>,
    /// The step in which it was made.
    pub made: u64,
}

/// A name that a file left, and may come back to.
#[derive(Clone, Debug)]
pub struct Departure {
    pub folder: usize,
    pub name: &'static str,
    pub node: usize,
    /// Of the content that it had.
    pub order: u64,
    /// The file that it was moved over.
    pub heir: Option<usize>,
    /// The step.
    pub left: u64,
}

#[derive(Clone, Debug)]
pub struct LockHeld {
    pub node: usize,
    pub deep: bool,
    pub space: usize,
    pub token: LockToken,
}

/// Why an operation may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    NotFound,
    ParentMissing,
    Exists,
    NameTaken,
    IsFolder,
    IntoItself,
    Locked,
}

pub fn reason(error: &LibraryError) -> Option<Reason> {
    Some(match error {
        LibraryError::NotFound => Reason::NotFound,
        LibraryError::ParentMissing => Reason::ParentMissing,
        LibraryError::Exists => Reason::Exists,
        LibraryError::NameTaken => Reason::NameTaken,
        LibraryError::IsFolder => Reason::IsFolder,
        LibraryError::IntoItself => Reason::IntoItself,
        LibraryError::Locked { .. } => Reason::Locked,
        _ => return None,
    })
}

/// The contents of an instance, in the simplest form. The first nodes are the roots of the spaces.
#[derive(Clone, Default)]
pub struct Model {
    pub nodes: BTreeMap<usize, Node>,
    /// Per space, oldest first: the node and the folder it was in.
    pub trash: Vec<Vec<(usize, usize)>>,
    pub locks: Vec<LockHeld>,
    pub next: usize,
    pub departures: Vec<Departure>,
    /// Files that were moved over others and may still come back: the space, the node, and whether not any more.
    pub hidden: Vec<(usize, usize, bool)>,
    /// The step, a second each.
    pub now: u64,
    pub orders: u64,
}

/// Seconds for which a file may come back to its name.
const WINDOW: u64 = 60;

/// State of a destination.
pub struct Slot {
    pub folder: usize,
    pub replaced: Option<usize>,
}

impl Model {
    pub fn new() -> Self {
        let root = Node { parent: None, name: "", contents: Vec::new(), property: None, made: 0 };
        Self {
            nodes: (0..SPACES).map(|space| (space, root.clone())).collect(),
            trash: vec![Vec::new(); SPACES],
            locks: Vec::new(),
            next: SPACES,
            ..Self::default()
        }
    }

    pub fn is_folder(&self, node: usize) -> bool {
        self.nodes[&node].contents.is_empty()
    }

    pub fn members(&self, folder: usize) -> impl Iterator<Item = usize> {
        self.nodes.iter().filter(move |(_, node)| node.parent == Some(folder)).map(|(id, _)| *id)
    }

    /// The member with this name, and the one whose name looks like it.
    pub fn member(&self, folder: usize, name: &str) -> (Option<usize>, Option<usize>) {
        let key = |name: &str| EntryName::parse(name).unwrap().key();
        let alike = self.members(folder).find(|id| key(self.nodes[id].name) == key(name));
        (alike.filter(|id| self.nodes[id].name == name), alike)
    }

    pub fn find(&self, (space, names): &Place) -> Option<usize> {
        names.iter().try_fold(*space, |folder, name| self.member(folder, name).0)
    }

    /// Space and names of an entry.
    pub fn place_of(&self, node: usize) -> Place {
        let lineage = self.lineage(node);
        (*lineage.last().unwrap(), lineage.iter().rev().skip(1).map(|id| self.nodes[id].name).collect())
    }

    pub fn resolve(&self, spot: &Spot) -> Place {
        let live: Vec<usize> = (0..SPACES).flat_map(|space| self.tree(space)).collect();
        let (roots_and_folders, entries): (Vec<usize>, Vec<usize>) = (
            live.iter().copied().filter(|id| self.is_folder(*id)).collect(),
            live.iter().copied().filter(|id| *id >= SPACES).collect(),
        );
        match spot {
            Spot::Anywhere(place) => place.clone(),
            Spot::Entry(_) if entries.is_empty() => (0, vec![NAMES[0]]),
            Spot::Entry(pick) => self.place_of(entries[pick % entries.len()]),
            Spot::Below(pick, name) => {
                let (space, mut names) = self.place_of(roots_and_folders[pick % roots_and_folders.len()]);
                names.push(name);
                (space, names)
            }
        }
    }

    pub fn lineage(&self, node: usize) -> Vec<usize> {
        std::iter::successors(Some(node), |id| self.nodes[id].parent).collect()
    }

    /// The node and all below it, folders first.
    pub fn tree(&self, top: usize) -> Vec<usize> {
        let mut tree = vec![top];
        let mut at = 0;
        while at < tree.len() {
            tree.extend(self.members(tree[at]));
            at += 1;
        }
        tree
    }

    pub fn size(&self, top: usize) -> u64 {
        self.tree(top).iter().filter_map(|id| self.nodes[id].contents.last()).map(|c| c.size as u64).sum()
    }

    pub fn is_covered(&self, node: usize) -> bool {
        let above = self.lineage(node);
        self.locks.iter().any(|lock| lock.node == node || (lock.deep && above.contains(&lock.node)))
    }

    pub fn is_tree_locked(&self, top: usize) -> bool {
        let below = self.tree(top);
        self.is_covered(top) || self.locks.iter().any(|lock| below.contains(&lock.node))
    }

    pub fn is_fixed(&self, node: usize) -> bool {
        self.is_tree_locked(node) || self.nodes[&node].parent.is_some_and(|parent| self.is_covered(parent))
    }

    /// The obstacles at the destination of `from`; `None` for a new content.
    pub fn slot(&self, to: &Place, reasons: &mut BTreeSet<Reason>) -> Option<(Slot, Option<usize>)> {
        let (space, names) = to;
        let (last, above) = names.split_last().unwrap();
        let Some(folder) = self.find(&(*space, above.to_vec())).filter(|id| self.is_folder(*id)) else {
            reasons.insert(Reason::ParentMissing);
            return None;
        };
        let (same, alike) = self.member(folder, last);
        Some((Slot { folder, replaced: same }, alike))
    }

    pub fn destination(
        &self,
        from: usize,
        to: &Place,
        force: bool,
        copy: bool,
        reasons: &mut BTreeSet<Reason>,
    ) -> Option<Slot> {
        let (slot, alike) = self.slot(to, reasons)?;
        if self.lineage(slot.folder).contains(&from) || slot.replaced == Some(from) {
            reasons.insert(Reason::IntoItself);
        }
        if slot.replaced.is_none() && alike.is_some_and(|id| copy || id != from) {
            reasons.insert(Reason::NameTaken);
        }
        if self.is_covered(slot.folder) {
            reasons.insert(Reason::Locked);
        }
        if let Some(replaced) = slot.replaced {
            if !force {
                reasons.insert(Reason::Exists);
            }
            if self.lineage(from).contains(&replaced) {
                reasons.insert(Reason::IntoItself);
            }
            if self.is_fixed(replaced) {
                reasons.insert(Reason::Locked);
            }
        }
        Some(slot)
    }

    pub fn add(&mut self, node: Node) -> usize {
        self.next += 1;
        self.nodes.insert(self.next, node);
        self.next
    }

    pub fn discard(&mut self, space: usize, node: usize) {
        let below = self.tree(node);
        self.locks.retain(|lock| !below.contains(&lock.node));
        let parent = self.nodes.get_mut(&node).unwrap().parent.take().unwrap();
        self.trash[space].push((node, parent));
    }

    /// Whether `node` in the place of `there` becomes its new content: both are files.
    pub fn renews(&self, node: usize, there: usize) -> bool {
        !self.is_folder(node) && !self.is_folder(there)
    }

    pub fn renew(&mut self, node: usize, there: usize, is_back: bool) {
        let source = self.nodes[&node].clone();
        let content = self.again(source.contents.last().unwrap());
        let target = self.nodes.get_mut(&there).unwrap();
        target.property = source.property.or(target.property.filter(|_| is_back));
        replace(target, content);
    }

    /// The same content as another version.
    pub fn again(&mut self, content: &Content) -> Content {
        self.orders += 1;
        Content { order: self.orders, ..content.clone() }
    }

    /// Which departure lets a file come back to a name.
    pub fn departed(&self, folder: usize, name: &str) -> Option<usize> {
        self.departures.iter().position(|row| {
            let is_kept = |node: &Node| {
                node.parent.is_some() || self.trash.iter().flatten().any(|(id, _)| *id == row.node)
            };
            let is_unchanged = || {
                self.nodes
                    .get(&row.node)
                    .is_some_and(|node| is_kept(node) && node.contents.last().unwrap().order == row.order)
                    && !self.is_covered(row.node)
            };
            (row.folder, row.name) == (folder, name)
                && self.now - row.left <= WINDOW
                && (row.heir.is_some() || is_unchanged())
        })
    }

    /// Brings the file back, with a copy of it in its place.
    pub fn bring_back(&mut self, departure: usize, folder: usize) -> usize {
        let row = self.departures.remove(departure);
        let file = self.nodes[&row.node].clone();
        if row.heir.is_some() {
            self.hidden.retain(|(_, node, _)| *node != row.node);
        } else {
            let contents = vec![self.again(file.contents.last().unwrap())];
            let copy = self.add(Node { contents, ..file });
            for (id, _) in self.trash.iter_mut().flatten().filter(|(id, _)| *id == row.node) {
                *id = copy;
            }
        }
        let file = self.nodes.get_mut(&row.node).unwrap();
        (file.parent, file.name) = (Some(folder), row.name);
        row.node
    }

    /// Notes that a file leaves the name that it has in `folder`.
    pub fn note(&mut self, node: usize, folder: usize, name: &'static str, heir: Option<usize>) {
        let key = |name: &str| EntryName::parse(name).unwrap().key();
        let is_same = |row: &Departure| row.folder == folder && key(row.name) == key(name);
        if let Some(earlier) = self.departures.iter().position(is_same) {
            let earlier = self.departures.remove(earlier);
            if let Some(heir) = earlier.heir {
                self.hand_over(earlier.node, heir);
                self.hidden
                    .iter_mut()
                    .filter(|(_, node, _)| *node == earlier.node)
                    .for_each(|row| row.2 = true);
            }
        }
        let order = self.nodes[&node].contents.last().unwrap().order;
        self.departures.push(Departure { folder, name, node, order, heir, left: self.now });
    }

    /// Ends a file whose content another one has taken.
    pub fn absorb(&mut self, space: usize, node: usize, heir: usize) {
        if self.now - self.nodes[&node].made <= WINDOW {
            self.hand_over(node, heir);
            self.remove(node);
        } else {
            let file = self.nodes.get_mut(&node).unwrap();
            let (folder, name) = (file.parent.take().unwrap(), file.name);
            self.hidden.push((space, node, false));
            self.note(node, folder, name, Some(heir));
        }
    }

    /// Gives one file's earlier contents to another that lacks them.
    fn hand_over(&mut self, from: usize, to: usize) {
        let Some(target) = self.nodes.get(&to) else { return };
        let mut all = target.contents.clone();
        let source = self.nodes.get_mut(&from).unwrap();
        let current = source.contents.pop().unwrap();
        let (kept, given) = source.contents.drain(..).partition(|content| target_has(&all, content));
        source.contents = kept;
        source.contents.push(current);
        all.extend::<Vec<_>>(given);
        all.sort_by_key(|content| content.order);
        self.nodes.get_mut(&to).unwrap().contents = all;
    }

    pub fn remove(&mut self, top: usize) {
        for id in self.tree(top) {
            self.nodes.remove(&id);
        }
    }

    /// Copies a tree; `carry` gives each container another one.
    pub fn plant(&mut self, tree: &[usize], slot: &Slot, name: &'static str, carry: bool) {
        let mut copies = BTreeMap::new();
        let mut containers = BTreeMap::new();
        for id in tree {
            let mut node = self.nodes[id].clone();
            node.contents = node.contents.split_off(node.contents.len().saturating_sub(1));
            node.made = self.now;
            for content in &mut node.contents {
                self.orders += 1;
                content.order = self.orders;
                if carry {
                    self.next += 1;
                    content.container = *containers.entry(content.container).or_insert(self.next as u64);
                }
            }
            (node.parent, node.name) = match node.parent.and_then(|parent| copies.get(&parent)) {
                Some(parent) => (Some(*parent), node.name),
                None => (Some(slot.folder), name),
            };
            let copy = self.add(node);
            copies.insert(*id, copy);
        }
    }

    /// Bytes that count against a space's quota: of the files that are present, at most those of all containers that
    /// anything in it still uses, and of all properties.
    pub fn used(&self, space: usize) -> u64 {
        let hidden = self.hidden.iter().filter(|(of, ..)| *of == space).map(|(_, node, _)| *node);
        let tops = self.trash[space].iter().map(|(node, _)| *node).chain([space]).chain(hidden);
        let nodes: Vec<usize> = tops.flat_map(|top| self.tree(top)).collect();
        let contents = nodes.iter().flat_map(|id| &self.nodes[id].contents);
        let containers: BTreeMap<u64, usize> = contents.map(|c| (c.container, c.size)).collect();
        let properties = nodes.iter().filter_map(|id| self.nodes[id].property);
        let properties = properties.map(|value| PROPERTY.concat().len() + xml(value).len());
        let (stored, weight): (usize, usize) = (containers.into_values().sum(), properties.sum());
        self.size(space).min(stored as u64) + weight as u64
    }
}

fn target_has(contents: &[Content], content: &Content) -> bool {
    contents.iter().any(|there| there.container == content.container)
}

/// Namespace and name of the one property that an entry may have.
pub const PROPERTY: [&str; 2] = ["urn:x", "p"];

/// That property with a value.
pub fn xml(value: u8) -> String {
    format!("<p xmlns='urn:x'>{value}</p>")
}

/// Puts a content in place of the present one, which stays unless it is empty.
pub fn replace(node: &mut Node, content: Content) {
    if node.contents.last().is_some_and(|current| current.size == 0) {
        node.contents.pop();
    }
    node.contents.push(content);
}
