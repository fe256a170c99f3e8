//! A data directory on a local file system, laid out as [`layout`] says.
//!
//! Files have mode 0600, directories 0700. A directory is created only when a file is put into it, so looking into
//! a wrong directory leaves no trace there.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::io::{Errno, ReadWriteFlags, preadv2};

use crate::model::{ContainerId, PackId, PackedPlace, Place, SpaceId, Timestamp, layout};

use super::durable::{entries, ignore_missing, open_file, open_linked, parsed_entries};
use super::pack::{self, Members, OpenPack, PackedFile};
use super::part::LocalPart;
use super::paths::{Paths, Shard};
use super::{ContainerFile, Containers, Housekeeping, Packable, PartFile, StoredFile, UnindexedMember};
use super::{foreign_files, unindexed};

/// Packs kept open for the next small containers of their spaces; each holds a descriptor.
const MAX_GROWING: usize = 512;

/// A data directory. Its methods block.
#[derive(Debug)]
pub struct LocalDisk {
    pub(super) paths: Arc<Paths>,
    packs: Mutex<Growing>,
    /// Packs with open readers: thousands of open containers share one descriptor.
    read: Mutex<HashMap<PackId, Weak<File>>>,
}

/// The packs that may still grow. A pack that is in neither map never grows again.
#[derive(Debug, Default)]
struct Growing {
    /// The pack of each space that takes the next container.
    idle: HashMap<SpaceId, OpenPack>,
    /// Packs that are being created or written.
    busy: HashSet<PackId>,
}

impl Growing {
    /// Takes the space's pack, or the id for a new one; the id is marked busy before its file exists.
    fn lend(&mut self, space: SpaceId) -> Result<OpenPack, PackId> {
        let lent = self.idle.remove(&space).filter(|pack| !pack.is_full()).ok_or_else(PackId::random);
        self.busy.insert(lent.as_ref().map_or_else(|id| *id, OpenPack::id));
        lent
    }

    fn contains(&self, space: SpaceId, id: PackId) -> bool {
        self.busy.contains(&id) || self.idle.get(&space).is_some_and(|pack| pack.id() == id)
    }
}

impl LocalDisk {
    /// Uses the directory at `root`. Neither reads nor writes yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { paths: Arc::new(Paths::new(root.into())), packs: Mutex::default(), read: Mutex::default() }
    }
}

impl Containers for LocalDisk {
    fn create(&self, id: ContainerId) -> io::Result<Box<dyn PartFile>> {
        let path = self.paths.part(id)?;
        Ok(Box::new(LocalPart::create(&self.paths, id, path)?))
    }

    fn store_small(&self, space: SpaceId, containers: &[Packable]) -> io::Result<Vec<Place>> {
        let lent = self.packs().lend(space);
        let id = lent.as_ref().map_or_else(|id| *id, OpenPack::id);
        let appended = lent.or_else(|id| self.paths.new_pack(space, id)).and_then(|mut pack| {
            let places = pack.append(containers)?;
            Ok((places, pack))
        });
        let mut packs = self.packs();
        packs.busy.remove(&id);
        // After an error the pack's end is unknown, so nothing may be appended again.
        let (places, pack) = appended?;
        packs.idle.insert(space, pack);
        if packs.idle.len() > MAX_GROWING {
            // That space begins another pack when it has more to store.
            let other = packs.idle.keys().copied().find(|other| *other != space);
            other.and_then(|other| packs.idle.remove(&other));
        }
        Ok(places)
    }

    fn open(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<Box<dyn ContainerFile>> {
        Ok(match place {
            Place::OwnFile => Box::new(open_file(&self.paths.at(layout::container(space, id)))?),
            Place::Packed(place) => Box::new(PackedFile::new(self.read_pack(space, place.pack)?, place)),
        })
    }

    fn remove(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<()> {
        match place {
            Place::OwnFile => ignore_missing(fs::remove_file(self.paths.at(layout::container(space, id)))),
            Place::Packed(place) => {
                let path = self.paths.at(layout::pack(space, place.pack));
                let pack = open_linked(OpenOptions::new().read(true).write(true), &path);
                ignore_missing(pack.and_then(|pack| pack::erase(&pack, id, place)))
            }
        }
    }

    fn list(&self, visit: &mut dyn FnMut(StoredFile) -> io::Result<()>) -> io::Result<()> {
        for (space_dir, space) in parsed_entries::<SpaceId>(&self.paths.at(layout::SPACES), "")? {
            for (shard_dir, _) in parsed_entries::<Shard>(&space_dir, "")? {
                for (path, id) in parsed_entries::<ContainerId>(&shard_dir, layout::SEALED)? {
                    let metadata = match fs::symlink_metadata(&path) {
                        Ok(metadata) => metadata,
                        Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                        Err(error) => return Err(error),
                    };
                    // A pipe or a folder with such a name is a foreign file.
                    if !metadata.is_file() && !metadata.is_symlink() {
                        continue;
                    }
                    let changed = Timestamp::from_secs(metadata.ctime());
                    let (place, length) = (Place::OwnFile, metadata.len());
                    visit(StoredFile { space, id, place, length, changed })?;
                }
            }
        }
        for (space, pack, path) in self.paths.packs()? {
            let file = match open_file(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let members: Vec<_> = Members::of(&file)?.collect::<io::Result<_>>()?;
            // Read after the members: none of them is younger than this time.
            let changed = Timestamp::from_secs(file.metadata()?.ctime());
            for member in members.into_iter().filter(|member| member.is_alive) {
                let (offset, length) = (member.offset, member.length);
                let place = Place::Packed(PackedPlace { pack, offset, length });
                visit(StoredFile { space, id: member.id, place, length, changed })?;
            }
        }
        Ok(())
    }

    fn spaces(&self) -> io::Result<Vec<SpaceId>> {
        let folders = parsed_entries(&self.paths.at(layout::SPACES), "")?;
        Ok(folders.into_iter().filter(|(path, _)| path.is_dir()).map(|(_, space)| space).collect())
    }
}

impl Housekeeping for LocalDisk {
    fn remove_parts(&self) -> io::Result<u64> {
        let mut removed = 0;
        for entry in entries(&self.paths.at(layout::TMP))? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
            removed += 1;
        }
        Ok(removed)
    }

    fn remove_empty_packs(&self) -> io::Result<u64> {
        let mut removed = 0;
        for (space, id, path) in self.paths.packs()? {
            // Check whether it grows first: a pack that has stopped growing never grows again.
            if self.packs().contains(space, id) {
                continue;
            }
            let is_empty = match open_file(&path) {
                // One that cannot be read is kept for `verify` to report. As an error it would end all changes.
                Ok(file) => pack::is_empty(&file).unwrap_or(false),
                // Anything else with that name is a foreign file.
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                Err(error) => return Err(error),
            };
            if is_empty {
                ignore_missing(fs::remove_file(&path))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn is_named(&self, space: SpaceId, id: ContainerId, place: Place) -> io::Result<bool> {
        match place {
            Place::OwnFile => Ok(true),
            Place::Packed(place) => pack::names(&*self.read_pack(space, place.pack)?, id, place),
        }
    }

    fn each_unindexed(&self, visit: &mut dyn FnMut(UnindexedMember) -> io::Result<()>) -> io::Result<()> {
        for (space, pack, path) in self.paths.packs()? {
            match open_file(&path) {
                Ok(file) => unindexed::each(&file, space, pack, visit)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn each_stranger(&self, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        foreign_files::each(&self.paths.root, visit)
    }
}

impl LocalDisk {
    /// The pack's open file, shared by all its readers as long as the name still refers to the same file.
    fn read_pack(&self, space: SpaceId, id: PackId) -> io::Result<Arc<File>> {
        let path = self.paths.at(layout::pack(space, id));
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = read.get(&id).and_then(Weak::upgrade) {
            let (named, open) = (fs::metadata(&path)?, file.metadata()?);
            if (named.dev(), named.ino()) == (open.dev(), open.ino()) {
                return Ok(file);
            }
        }
        read.retain(|_, file| file.strong_count() > 0);
        let file = Arc::new(open_file(&path)?);
        read.insert(id, Arc::downgrade(&file));
        Ok(file)
    }

    fn packs(&self) -> MutexGuard<'_, Growing> {
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ContainerFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(buffer, offset)
    }

    fn read_at_hand(&self, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let (at, mut rest) = (offset + filled as u64, [io::IoSliceMut::new(rest)]);
            match preadv2(self, &mut rest, at, ReadWriteFlags::NOWAIT) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => filled += read,
                Err(Errno::INTR) => {}
                // Not every file system supports this.
                Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::super::{KeyFiles, SmallFile};
    use super::*;

    pub(in super::super) fn names_below(dir: &Path) -> Vec<String> {
        let mut names = Vec::new();
        let mut todo = vec![dir.to_owned()];
        while let Some(next) = todo.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    todo.push(path);
                } else {
                    names.push(path.strip_prefix(dir).unwrap().display().to_string());
                }
            }
        }
        names.sort();
        names
    }

    /// The age of a pack was read before its members, so a member appended in between seemed to be as old.
    #[test]
    fn a_member_is_not_shown_with_an_age_from_before_it_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(dir.path());
        let space = SpaceId([1; 16]);
        let append = |number| {
            let container = Packable { id: ContainerId([number; 16]), bytes: vec![number; 600] };
            disk.store_small(space, &[container]).unwrap()
        };
        append(1);
        let walk = |meanwhile: &dyn Fn()| {
            let mut seen = Vec::new();
            disk.list(&mut |file| {
                seen.push(file.id.0[0]);
                meanwhile();
                Ok(())
            })
            .unwrap();
            seen
        };
        assert_eq!(walk(&|| drop(append(2))), [1]);
        assert_eq!(walk(&|| {}), [1, 2]);
    }

    #[test]
    fn a_pack_that_is_being_written_is_never_taken_for_empty() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(dir.path());
        std::thread::scope(|scope| {
            // Dropped at the end, and on a panic.
            let (_goes_on, done) = std::sync::mpsc::channel::<()>();
            let disk = &disk;
            scope.spawn(move || {
                while done.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                    disk.remove_empty_packs().unwrap();
                }
            });
            for number in 0..60 {
                // The first container of a space creates a pack, which is empty until it is written.
                let (space, id) = (SpaceId([number; 16]), ContainerId([number; 16]));
                let bytes = vec![1; 5000];
                let places = disk.store_small(space, &[Packable { id, bytes: bytes.clone() }]).unwrap();
                let file = disk.open(space, id, places[0]).expect("it was acknowledged");
                let mut read = vec![0; 5000];
                file.read_at(&mut read, 0).unwrap();
                assert_eq!(read, bytes);
                // Only a hole is left when the next container is appended.
                disk.remove(space, id, places[0]).unwrap();
                let places = disk.store_small(space, &[Packable { id, bytes }]).unwrap();
                assert!(disk.open(space, id, places[0]).is_ok());
            }
        });
    }

    #[test]
    fn a_published_container_has_its_place_and_no_times() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(dir.path());
        let (space, id) = (SpaceId([1; 16]), ContainerId([0xab; 16]));
        let mut part = disk.create(id).unwrap();
        part.append(b"sealed").unwrap();
        assert_eq!(names_below(dir.path()), [format!("tmp/{id}.part")]);
        part.publish(space).unwrap();

        let name = format!("spaces/{space}/ab/{id}.age");
        assert_eq!(names_below(dir.path()), [name.as_str()]);
        let metadata = fs::metadata(dir.path().join(name)).unwrap();
        assert_eq!((metadata.mtime(), metadata.mode() & 0o777), (0, 0o600));
        for folder in ["spaces", "tmp"] {
            let mode = fs::metadata(dir.path().join(folder)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        let file = disk.open(space, id, Place::OwnFile).unwrap();
        let mut end = [0; 3];
        file.read_at(&mut end, 3).unwrap();
        assert_eq!((&end, file.length().unwrap()), (b"led", 6));
        assert_eq!(file.read_at(&mut end, 4).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

        let mut seen = Vec::new();
        disk.list(&mut |stored| {
            seen.push((stored.space, stored.id, stored.length));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(space, id, 6)]);
        disk.remove(space, id, Place::OwnFile).unwrap();
        disk.remove(space, id, Place::OwnFile).unwrap();
        assert!(disk.open(space, id, Place::OwnFile).is_err());
    }

    #[test]
    fn a_dropped_part_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(dir.path());
        let mut part = disk.create(ContainerId::random()).unwrap();
        part.append(b"half").unwrap();
        drop(part);
        assert!(names_below(dir.path()).is_empty());
    }

    #[test]
    fn looking_makes_no_directories() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("none");
        let disk = LocalDisk::new(&root);
        assert_eq!(disk.read_small(&SmallFile::fixed("keys/a.age")).unwrap(), None);
        assert_eq!(disk.remove_parts().unwrap(), 0);
        disk.list(&mut |_| Ok(())).unwrap();
        assert!(!root.exists());
    }

    #[test]
    fn leftovers_are_removed_at_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let disk = LocalDisk::new(dir.path());
        std::mem::forget(disk.create(ContainerId::random()).unwrap());
        fs::create_dir(dir.path().join("tmp/x.part")).unwrap();
        assert_eq!(disk.remove_parts().unwrap(), 2);
        assert!(names_below(dir.path()).is_empty());
    }
}
