//! Random operations against a simple model: after each one tree, contents and used bytes must be the
//! model's; an operation may be refused only for a reason that the model sees, and then changes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use tresor::library::{Change, LibraryError, LockRequest, Overwrite, PropertyChange, Space};
use tresor::model::{
    Access, Actor, Depth, EntryPath, LockScope, PropertyName, Right, Stamp, Timestamp, UserId,
};

use crate::library::model::{
    Content, LockHeld, Model, NAMES, Node, PROPERTY, Place, Reason, SPACES, Slot, Spot, reason, replace, xml,
};
use crate::library::store::{NOW, Store, name};
use crate::support::content::bytes;

const CASES: u32 = 24;

#[derive(Clone, Debug)]
enum Step {
    Put(Spot, usize),
    MakeFolder(Spot),
    Delete(Spot),
    Move(Spot, Spot, bool),
    Copy(Spot, Spot, bool, bool),
    SetProperty(Spot, u8),
    Lock(Spot, bool),
    Unlock(usize),
    Restore(usize, usize),
    Purge(usize, usize),
    RestoreVersion(Spot, usize),
}

fn anywhere() -> impl Strategy<Value = Spot> {
    (0..SPACES, vec(select(&NAMES[..]), 1..=3)).prop_map(Spot::Anywhere)
}

/// A place where there is something.
fn entry() -> impl Strategy<Value = Spot> {
    prop_oneof![1 => anywhere(), 9 => any::<usize>().prop_map(Spot::Entry)]
}

/// A place for something new, which may be taken.
fn target() -> impl Strategy<Value = Spot> {
    let below = (any::<usize>(), select(&NAMES[..])).prop_map(|(folder, name)| Spot::Below(folder, name));
    prop_oneof![1 => anywhere(), 1 => any::<usize>().prop_map(Spot::Entry), 8 => below]
}

fn step() -> impl Strategy<Value = Step> {
    let size = select(&[0, 1, 700, 65_536, 70_000][..]);
    prop_oneof![
        8 => (target(), size).prop_map(|(at, size)| Step::Put(at, size)),
        6 => target().prop_map(Step::MakeFolder),
        3 => entry().prop_map(Step::Delete),
        5 => (entry(), target(), any::<bool>()).prop_map(|(from, to, force)| Step::Move(from, to, force)),
        5 => (entry(), target(), any::<bool>(), any::<bool>())
            .prop_map(|(from, to, force, deep)| Step::Copy(from, to, force, deep)),
        1 => (entry(), any::<u8>()).prop_map(|(at, value)| Step::SetProperty(at, value)),
        1 => (entry(), any::<bool>()).prop_map(|(at, deep)| Step::Lock(at, deep)),
        2 => any::<usize>().prop_map(Step::Unlock),
        3 => (0..SPACES, any::<usize>()).prop_map(|(space, index)| Step::Restore(space, index)),
        1 => (0..SPACES, any::<usize>()).prop_map(|(space, index)| Step::Purge(space, index)),
        3 => (entry(), any::<usize>()).prop_map(|(at, index)| Step::RestoreVersion(at, index)),
    ]
}

/// The model and the real thing, side by side.
struct Pair {
    store: Store,
    spaces: Vec<Space>,
    model: Model,
    now: Timestamp,
    count: u64,
}

impl Pair {
    async fn new() -> Self {
        let store = Store::new().await;
        let spaces = vec![store.space.clone(), store.another_space("other").await];
        Self { store, spaces, model: Model::new(), now: NOW, count: 0 }
    }

    fn access(&self, space: usize) -> Access {
        Access::granted(self.spaces[space].id, Right::Manage, UserId(1))
    }

    fn change(&self, space: usize) -> Change {
        self.store.change_in(&self.spaces[space], self.now)
    }

    /// Carries a step out on both sides. `Err` says how they differ.
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        // Every step has a time of its own, so that the trash has an order.
        self.now = Timestamp(self.now.0 + 1_000);
        self.count += 1;
        let mut reasons = BTreeSet::new();
        self.model.now = self.count;
        let mut after = self.model.clone();
        let done = self.carry_out(step, &mut reasons, &mut after).await;
        match done {
            None => {}
            Some(Ok(())) if reasons.is_empty() => self.model = after,
            Some(Ok(())) => return Err(format!("done in spite of {reasons:?}")),
            Some(Err(error)) if reason(&error).is_some_and(|reason| reasons.contains(&reason)) => {}
            Some(Err(error)) => return Err(format!("refused with {error:?}, expected {reasons:?}")),
        }
        self.compare().await
    }

    #[allow(clippy::too_many_lines, reason = "one arm per step, each a few lines")]
    async fn carry_out(
        &self,
        step: &Step,
        reasons: &mut BTreeSet<Reason>,
        after: &mut Model,
    ) -> Option<Result<(), LibraryError>> {
        let (library, model) = (&self.store.library, &self.model);
        Some(match step {
            Step::Put(at, size) => {
                let at = &model.resolve(at);
                let content =
                    Content { seed: self.count, size: *size, container: self.count << 32, order: 0 };
                let content = after.again(&content);
                if let Some((slot, alike)) = model.slot(at, reasons) {
                    match slot.replaced {
                        Some(node) if model.is_folder(node) => _ = reasons.insert(Reason::IsFolder),
                        Some(node) => {
                            if model.is_covered(node) {
                                reasons.insert(Reason::Locked);
                            }
                            replace(after.nodes.get_mut(&node).unwrap(), content);
                        }
                        None => {
                            if alike.is_some() {
                                reasons.insert(Reason::NameTaken);
                            }
                            if model.is_covered(slot.folder) {
                                reasons.insert(Reason::Locked);
                            }
                            let name = *at.1.last().unwrap();
                            let (parent, contents) = (Some(slot.folder), vec![content.clone()]);
                            let back = model.departed(slot.folder, name).filter(|_| reasons.is_empty());
                            if let Some(departure) = back {
                                let back = after.bring_back(departure, slot.folder);
                                let content = after.again(&content);
                                replace(after.nodes.get_mut(&back).unwrap(), content);
                            } else {
                                after.add(Node { parent, name, contents, property: None, made: self.count });
                            }
                        }
                    }
                }
                let bytes = bytes(self.count, *size);
                self.store.put_by(self.change(at.0), &text(at), &bytes).await.map(drop)
            }
            Step::MakeFolder(at) => {
                let at = &model.resolve(at);
                if let Some((slot, alike)) = model.slot(at, reasons) {
                    if slot.replaced.is_some() {
                        reasons.insert(Reason::Exists);
                    } else if alike.is_some() {
                        reasons.insert(Reason::NameTaken);
                    }
                    if model.is_covered(slot.folder) {
                        reasons.insert(Reason::Locked);
                    }
                    let (parent, name) = (Some(slot.folder), *at.1.last().unwrap());
                    after.add(Node { parent, name, contents: Vec::new(), property: None, made: self.count });
                }
                library.make_folder(self.change(at.0), &path(at)).await.map(drop)
            }
            Step::Delete(at) => {
                let at = &model.resolve(at);
                match model.find(at) {
                    None => _ = reasons.insert(Reason::NotFound),
                    Some(node) => {
                        if model.is_fixed(node) {
                            reasons.insert(Reason::Locked);
                        }
                        if reasons.is_empty() {
                            let (folder, name) = (model.nodes[&node].parent, model.nodes[&node].name);
                            after.discard(at.0, node);
                            if let Some(folder) = folder.filter(|_| !model.is_folder(node)) {
                                after.note(node, folder, name, None);
                            }
                        }
                    }
                }
                library.delete(self.change(at.0), &path(at)).await
            }
            Step::Move(from, to, force) => {
                let (from, to) = (&model.resolve(from), &model.resolve(to));
                match model.find(from) {
                    None => _ = reasons.insert(Reason::NotFound),
                    Some(node) => {
                        if model.is_fixed(node) {
                            reasons.insert(Reason::Locked);
                        }
                        let slot = model.destination(node, to, *force, false, reasons);
                        if let Some(slot) = slot.filter(|_| reasons.is_empty()) {
                            let name = *to.1.last().unwrap();
                            let back = self.back(from, to, node, &slot).filter(|row| row.0 != node);
                            let renewed =
                                slot.replaced.filter(|there| from.0 == to.0 && model.renews(node, *there));
                            if renewed.is_none() {
                                slot.replaced.into_iter().for_each(|replaced| after.discard(to.0, replaced));
                            }
                            let back = back.map(|(_, departure)| after.bring_back(departure, slot.folder));
                            if let Some(there) = back.or(renewed) {
                                after.renew(node, there, back.is_some());
                                after.absorb(from.0, node, there);
                            } else if from.0 == to.0 {
                                let below = model.tree(node);
                                after.locks.retain(|lock| !below.contains(&lock.node));
                                let moved = after.nodes.get_mut(&node).unwrap();
                                let (folder, left) = (moved.parent.unwrap(), moved.name);
                                (moved.parent, moved.name) = (Some(slot.folder), name);
                                if !model.is_folder(node) {
                                    after.note(node, folder, left, None);
                                }
                            } else {
                                after.plant(&model.tree(node), &slot, name, true);
                                after.discard(from.0, node);
                            }
                        }
                    }
                }
                let overwrite = if *force { Overwrite::Allow } else { Overwrite::Forbid };
                let there = self.access(to.0);
                library
                    .move_entry(self.change(from.0), &path(from), &there, &path(to), overwrite)
                    .await
                    .map(drop)
            }
            Step::Copy(from, to, force, deep) => {
                let (from, to) = (&model.resolve(from), &model.resolve(to));
                match model.find(from) {
                    None => _ = reasons.insert(Reason::NotFound),
                    Some(node) => {
                        let slot = model.destination(node, to, *force, true, reasons);
                        if let Some(slot) = slot.filter(|_| reasons.is_empty()) {
                            let tree = if *deep { model.tree(node) } else { vec![node] };
                            let back = self.back(from, to, node, &slot);
                            let back = back.map(|(_, departure)| after.bring_back(departure, slot.folder));
                            match back.or(slot.replaced) {
                                Some(there) if from.0 == to.0 && model.renews(node, there) => {
                                    after.renew(node, there, back.is_some());
                                }
                                replaced => {
                                    after.plant(&tree, &slot, to.1.last().unwrap(), from.0 != to.0);
                                    if let Some(replaced) = replaced {
                                        after.discard(to.0, replaced);
                                    }
                                }
                            }
                        }
                    }
                }
                let overwrite = if *force { Overwrite::Allow } else { Overwrite::Forbid };
                let depth = if *deep { Depth::Infinity } else { Depth::Zero };
                let there = self.access(to.0);
                library
                    .copy_entry(self.change(from.0), &path(from), &there, &path(to), overwrite, depth)
                    .await
                    .map(drop)
            }
            Step::SetProperty(at, value) => {
                let at = &model.resolve(at);
                match model.find(at) {
                    None => _ = reasons.insert(Reason::NotFound),
                    Some(node) => {
                        if model.is_covered(node) {
                            reasons.insert(Reason::Locked);
                        }
                        after.nodes.get_mut(&node).unwrap().property = Some(*value);
                    }
                }
                let set = PropertyChange::Set {
                    name: PropertyName::new(PROPERTY[0], PROPERTY[1]),
                    xml: xml(*value),
                };
                library.change_properties(self.change(at.0), &path(at), vec![set]).await.map(drop)
            }
            Step::Lock(at, deep) => {
                let at = &model.resolve(at);
                let node = model.find(at);
                match node {
                    None => _ = reasons.insert(Reason::NotFound),
                    Some(node) if model.is_covered(node) || (*deep && model.is_tree_locked(node)) => {
                        reasons.insert(Reason::Locked);
                    }
                    Some(_) => {}
                }
                let request = LockRequest {
                    scope: LockScope::Exclusive,
                    is_deep: *deep,
                    owner: String::new(),
                    timeout: Duration::from_hours(1),
                };
                library.lock(self.change(at.0), &path(at), request).await.map(|lock| {
                    let deep = *deep && node.is_some_and(|node| model.is_folder(node));
                    let node = node.unwrap_or_default();
                    after.locks.push(LockHeld { node, deep, space: at.0, token: lock.token });
                })
            }
            Step::Unlock(index) => {
                let lock = model.locks.get(index % model.locks.len().max(1))?;
                after.locks.retain(|held| held.token != lock.token);
                let place = self.path_of(lock.node);
                let by = Stamp { actor: Actor::user(self.store.user), at: self.now };
                library.unlock(&self.access(lock.space), by, &place, &lock.token).await
            }
            Step::Restore(space, index) => {
                let index = index % model.trash[*space].len().max(1);
                let (node, parent) = *model.trash[*space].iter().rev().nth(index)?;
                let is_there = model.nodes.contains_key(&parent) && model.lineage(parent).contains(space);
                let folder = if is_there { parent } else { *space };
                if model.is_covered(folder) {
                    reasons.insert(Reason::Locked);
                }
                // Under a number it would leave the names of the model.
                if model.member(folder, model.nodes[&node].name).1.is_some() {
                    return None;
                }
                after.trash[*space].retain(|(id, _)| *id != node);
                after.nodes.get_mut(&node).unwrap().parent = Some(folder);
                let items = library.trash(&self.access(*space)).await.unwrap();
                library.restore(self.change(*space), items[index].entry).await.map(drop)
            }
            Step::Purge(space, index) => {
                let index = index % model.trash[*space].len().max(1);
                let (node, _) = *model.trash[*space].iter().rev().nth(index)?;
                after.trash[*space].retain(|(id, _)| *id != node);
                after.remove(node);
                // Purging goes on with all other entries that are marked.
                let (settled, hidden) = std::mem::take(&mut after.hidden).into_iter().partition(|row| row.2);
                after.hidden = hidden;
                Vec::into_iter(settled).for_each(|(_, file, _)| after.remove(file));
                let items = library.trash(&self.access(*space)).await.unwrap();
                library.purge(&self.access(*space), Stamp::owner(NOW), items[index].entry).await
            }
            Step::RestoreVersion(at, index) => {
                let at = &model.resolve(at);
                let node = model.find(at).filter(|node| !model.is_folder(*node))?;
                let index = index % model.nodes[&node].contents.len();
                let content = model.nodes[&node].contents.iter().rev().nth(index)?.clone();
                if model.is_covered(node) {
                    reasons.insert(Reason::Locked);
                }
                let content = after.again(&content);
                replace(after.nodes.get_mut(&node).unwrap(), content);
                let versions = library.versions(&self.access(at.0), &path(at)).await.unwrap();
                library.restore_version(self.change(at.0), &path(at), versions[index].id).await.map(drop)
            }
        })
    }

    /// The file that comes back when `node` is moved or copied, and by which departure.
    fn back(&self, from: &Place, to: &Place, node: usize, slot: &Slot) -> Option<(usize, usize)> {
        let model = &self.model;
        let is_one = from.0 == to.0 && slot.replaced.is_none() && !model.is_folder(node);
        let departure = model.departed(slot.folder, to.1.last().unwrap()).filter(|_| is_one)?;
        // Another one's capitals are in the way, unless it is the moved one itself.
        let (_, alike) = model.member(slot.folder, to.1.last().unwrap());
        alike.is_none().then(|| (model.departures[departure].node, departure))
    }

    fn path_of(&self, node: usize) -> EntryPath {
        let (_, names) = self.model.place_of(node);
        EntryPath::new(names.into_iter().map(name).collect()).unwrap()
    }

    async fn compare(&self) -> Result<(), String> {
        for space in 0..SPACES {
            let access = self.access(space);
            let used = self.store.library.usage(&access).await.unwrap().used.0;
            if used != self.model.used(space) {
                return Err(format!("space {space} uses {used} bytes, expected {}", self.model.used(space)));
            }
            for folder in self.model.tree(space).into_iter().filter(|id| self.model.is_folder(*id)) {
                let place = self.path_of(folder);
                let found: Vec<String> = self
                    .store
                    .members(&access, &place)
                    .await
                    .into_iter()
                    .map(|member| {
                        let entry = member.entry;
                        let properties: Vec<_> = member.properties.into_iter().map(|(_, xml)| xml).collect();
                        let kind = if entry.is_folder() { "folder" } else { "file" };
                        format!("{} {kind} {} {}", entry.name, entry.size, properties.concat())
                    })
                    .collect();
                let mut expected: Vec<String> = self
                    .model
                    .members(folder)
                    .map(|id| {
                        let node = &self.model.nodes[&id];
                        let kind = if self.model.is_folder(id) { "folder" } else { "file" };
                        let property = node.property.map(xml).unwrap_or_default();
                        format!("{} {kind} {} {property}", node.name, self.model.size(id))
                    })
                    .collect();
                expected.sort_by_key(|line| line.to_lowercase());
                if found != expected {
                    return Err(format!("{place} holds {found:?}, expected {expected:?}"));
                }
            }
            let trash = self.store.library.trash(&access).await.unwrap();
            let found: Vec<u64> = trash.iter().map(|item| item.size).collect();
            let expected: Vec<u64> =
                self.model.trash[space].iter().rev().map(|(node, _)| self.model.size(*node)).collect();
            if found != expected {
                return Err(format!("the trash holds {found:?}, expected {expected:?}"));
            }
        }
        Ok(())
    }

    /// Every content of every file, earlier ones included.
    async fn compare_contents(&self) -> Result<(), String> {
        for space in 0..SPACES {
            let access = self.access(space);
            for file in self.model.tree(space).into_iter().filter(|id| !self.model.is_folder(*id)) {
                let place = self.path_of(file);
                let versions = self.store.library.versions(&access, &place).await.unwrap();
                let contents = &self.model.nodes[&file].contents;
                if versions.len() != contents.len() {
                    return Err(format!(
                        "{place} has {} contents, expected {}",
                        versions.len(),
                        contents.len()
                    ));
                }
                for (version, content) in versions.iter().rev().zip(contents) {
                    let read = self.store.read_from(&access, &place.to_string()[1..], Some(version.id)).await;
                    if read.map_err(|error| format!("{place}: {error:?}"))?
                        != bytes(content.seed, content.size)
                    {
                        return Err(format!("{place} has other bytes"));
                    }
                }
            }
        }
        Ok(())
    }
}

fn text((_, names): &Place) -> String {
    names.join("/")
}

fn path(place: &Place) -> EntryPath {
    EntryPath::parse(&text(place)).unwrap()
}

#[test]
fn random_operations_do_what_the_model_does() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config =
        Config { cases: CASES, max_shrink_iters: 400, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&vec(step(), 1..100), |steps| {
        runtime.block_on(async {
            let mut pair = Pair::new().await;
            for (number, step) in steps.iter().enumerate() {
                pair.step(step).await.map_err(|why| TestCaseError::fail(format!("step {number}: {why}")))?;
            }
            pair.compare_contents().await.map_err(TestCaseError::fail)?;
            // Files follow their rows.
            pair.store.library.upkeep(pair.now).await.unwrap();
            pair.store.check();
            Ok(())
        })
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
