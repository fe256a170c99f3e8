//! Paths of containers and packs, and the directories that they need.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::durable::{make_dirs, new_file, parent, parsed_entries, sync_dir};
use super::pack::OpenPack;
use crate::model::{ContainerId, PackId, SpaceId, layout};

#[derive(Debug)]
pub(super) struct Paths {
    pub(super) root: PathBuf,
    /// Container directories whose own entries are known to be durable.
    durable_shards: Mutex<HashSet<(SpaceId, u8)>>,
}

impl Paths {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, durable_shards: Mutex::default() }
    }

    /// Path of a file or folder of [`layout`].
    pub(super) fn at(&self, place: impl AsRef<Path>) -> PathBuf {
        self.root.join(place)
    }

    /// The container's directory, created if missing. The first use in this process also makes its entry durable:
    /// another writer may have created it and not reached its fsync yet.
    pub(super) fn durable_shard(&self, space: SpaceId, id: ContainerId) -> io::Result<PathBuf> {
        let path = self.at(layout::shard(space, id));
        let [first, ..] = id.0;
        let is_known = self.shards().contains(&(space, first));
        if !is_known {
            make_dirs(&path)?;
            for dir in path.ancestors().skip(1).take(3) {
                sync_dir(dir)?;
            }
            self.shards().insert((space, first));
        }
        Ok(path)
    }

    /// All packs of all spaces.
    pub(super) fn packs(&self) -> io::Result<Vec<(SpaceId, PackId, PathBuf)>> {
        let mut packs = Vec::new();
        for (_, space) in parsed_entries::<SpaceId>(&self.at(layout::SPACES), "")? {
            for (path, id) in parsed_entries::<PackId>(&self.at(layout::packs(space)), layout::PACK)? {
                packs.push((space, id, path));
            }
        }
        Ok(packs)
    }

    /// Creates an empty pack with a durable name.
    pub(super) fn new_pack(&self, space: SpaceId, id: PackId) -> io::Result<OpenPack> {
        let dir = self.at(layout::packs(space));
        make_dirs(&dir)?;
        let file = new_file(&self.at(layout::pack(space, id)))?;
        // The parents too: another writer may have created them and not reached its fsync yet.
        for dir in dir.ancestors().take(4) {
            sync_dir(dir)?;
        }
        Ok(OpenPack::new(id, file))
    }

    fn shards(&self) -> MutexGuard<'_, HashSet<(SpaceId, u8)>> {
        self.durable_shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Path of the temporary file for this name; creates the folder if it is missing.
    pub(super) fn part(&self, name: ContainerId) -> io::Result<PathBuf> {
        let part = self.at(layout::part(name));
        make_dirs(parent(&part)?)?;
        Ok(part)
    }

    /// Like [`Self::part`], with a random name.
    pub(super) fn random_part(&self) -> io::Result<PathBuf> {
        self.part(ContainerId::random())
    }
}

/// The name of a directory for containers.
pub(super) struct Shard;

impl std::str::FromStr for Shard {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        layout::is_shard(text).then_some(Self).ok_or(())
    }
}
