//! Where containers and packs lie, and the directories that they need.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::durable::{make_dirs, new_file, parsed_entries, sync_dir};
use super::pack::OpenPack;
use crate::model::{ContainerId, PackId, SpaceId};

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

    fn shard(&self, space: SpaceId, id: ContainerId) -> PathBuf {
        let [first, ..] = id.0;
        let mut path = self.root.join("spaces");
        path.push(space.to_string());
        path.push(format!("{first:02x}"));
        path
    }

    pub(super) fn container(&self, space: SpaceId, id: ContainerId) -> PathBuf {
        self.shard(space, id).join(format!("{id}.age"))
    }

    /// The container's directory, made if need be. The first use in this process also makes its
    /// entry durable: another writer may have made it and not yet come to its fsync.
    pub(super) fn durable_shard(&self, space: SpaceId, id: ContainerId) -> io::Result<PathBuf> {
        let path = self.shard(space, id);
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

    fn pack_dir(&self, space: SpaceId) -> PathBuf {
        let mut path = self.root.join("spaces");
        path.push(space.to_string());
        path.push("packs");
        path
    }

    pub(super) fn pack(&self, space: SpaceId, id: PackId) -> PathBuf {
        self.pack_dir(space).join(format!("{id}.tar"))
    }

    /// All packs there are.
    pub(super) fn packs(&self) -> io::Result<Vec<(SpaceId, PackId, PathBuf)>> {
        let mut packs = Vec::new();
        for (_, space) in parsed_entries::<SpaceId>(&self.root.join("spaces"), "")? {
            for (path, id) in parsed_entries::<PackId>(&self.pack_dir(space), ".tar")? {
                packs.push((space, id, path));
            }
        }
        Ok(packs)
    }

    /// An empty pack with a durable name.
    pub(super) fn new_pack(&self, space: SpaceId, id: PackId) -> io::Result<OpenPack> {
        let dir = self.pack_dir(space);
        make_dirs(&dir)?;
        let file = new_file(&self.pack(space, id))?;
        // Those above too: another writer may have made them and not yet come to its fsync.
        for dir in dir.ancestors().take(4) {
            sync_dir(dir)?;
        }
        Ok(OpenPack::new(id, file))
    }

    pub(super) fn reserve(&self) -> PathBuf {
        self.root.join("reserve")
    }

    fn shards(&self) -> MutexGuard<'_, HashSet<(SpaceId, u8)>> {
        self.durable_shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tmp(&self) -> io::Result<PathBuf> {
        let path = self.root.join("tmp");
        make_dirs(&path)?;
        Ok(path)
    }
}

/// Two hexadecimal digits.
pub(super) struct Shard;

impl std::str::FromStr for Shard {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match text.as_bytes() {
            [a, b] if is_digit(*a) && is_digit(*b) => Ok(Self),
            _ => Err(()),
        }
    }
}
