//! The watched folder on the disk, by descriptors alone: each name of a path is opened on its own and never followed
//! if it is a link, so that exchanging a folder for a link leads nowhere else.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    Access, AtFlags, Dir, FileType, Mode, OFlags, Stat, accessat, fstat, openat, statat, unlinkat,
};
use rustix::io::Errno;

use super::WatchError;
use super::waits::Reason;
use crate::model::{EntryName, EntryPath, Timestamp};

/// Most folders in the watched folder that are looked at, one for each space.
const MAX_FOLDERS: usize = 10_000;

/// How a folder is opened: never through a link.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// How a file is opened: never through a link, and without waiting for the other end of a pipe that took its place.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// The open watched folder.
pub(super) struct Root(OwnedFd);

/// A regular file at one moment. Two equal ones mean that nothing happened to it in between: a write changes `changed`,
/// which no program can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    dev: u64,
    ino: u64,
    /// Bytes.
    pub(super) size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// The target of a name in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File(Stamp),
    Folder,
    /// It is never opened.
    Not(Reason),
}

/// Why a file cannot be opened or removed at present.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It was removed, renamed or exchanged.
    Gone,
    /// It is another file, or was written, since it was seen.
    Changed,
    /// It waits.
    Waits(Reason),
}

/// The names directly in the watched folder.
#[derive(Default)]
pub(super) struct Tops {
    /// The folders, each for a space.
    pub(super) folders: Vec<EntryName>,
    /// Why each of the others waits.
    pub(super) others: Vec<Reason>,
}

impl Root {
    /// Opens the watched folder. Only its own path may lead through links: it comes from the configuration.
    ///
    /// Errors: also if it and the data directory contain one another, whatever links lead to them.
    pub(super) fn open(folder: &Path, data: &Path) -> Result<Self, WatchError> {
        let place = folder.canonicalize().map_err(WatchError::Folder)?;
        let data = data.canonicalize().map_err(WatchError::Folder)?;
        if place.starts_with(&data) || data.starts_with(&place) {
            return Err(WatchError::InsideData);
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(&place, flags, Mode::empty());
        Ok(Self(opened.map_err(|error| WatchError::Folder(error.into()))?))
    }

    /// Device and inode: another one after it was unmounted or replaced.
    pub(super) fn identity(&self) -> io::Result<(u64, u64)> {
        let stat = fstat(&self.0)?;
        Ok((stat.st_dev, stat.st_ino))
    }

    /// Lists the entries directly in the folder.
    pub(super) fn tops(&self) -> io::Result<Tops> {
        let mut tops = Tops::default();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = match named(entry.file_name().to_bytes()) {
                Named::Dots => continue,
                Named::Not(reason) => {
                    tops.others.push(reason);
                    continue;
                }
                Named::As(name) => name,
            };
            // A folder that lies elsewhere and cannot be reached keeps no other from being listed.
            match look(&self.0, &name).unwrap_or(Some(Kind::Not(Reason::Unreadable))) {
                Some(Kind::Folder) if tops.folders.len() < MAX_FOLDERS => tops.folders.push(name),
                Some(Kind::Folder) => tops.others.push(Reason::TooMany),
                Some(Kind::File(_)) => tops.others.push(Reason::NoSpace),
                Some(Kind::Not(reason)) => tops.others.push(reason),
                None => {}
            }
            // Bounds the cost of a folder full of files.
            if tops.folders.len() + tops.others.len() >= 2 * MAX_FOLDERS {
                break;
            }
        }
        Ok(tops)
    }

    /// Opens the folder at `path` below the folder of a space, name by name.
    pub(super) fn folder(&self, top: &EntryName, path: &EntryPath) -> Result<OwnedFd, Fault> {
        let mut folder = openat(&self.0, top.as_str(), FOLDER, Mode::empty()).map_err(fault)?;
        for name in path.names() {
            folder = openat(&folder, name.as_str(), FOLDER, Mode::empty()).map_err(fault)?;
        }
        Ok(folder)
    }

    /// Opens the file at `path` if it is the one that was seen, and if the server may remove it later.
    pub(super) fn file(&self, top: &EntryName, path: &EntryPath, seen: &Stamp) -> Result<File, Fault> {
        let (above, name) = path.split_last().ok_or(Fault::Gone)?;
        let folder = self.folder(top, &above)?;
        // Only regular files are opened: opening a device may do something.
        require(&folder, name, seen)?;
        let file = openat(&folder, name.as_str(), FILE, Mode::empty()).map_err(fault)?;
        let stat = fstat(&file).map_err(fault)?;
        if kind(&stat) != Kind::File(*seen) {
            return Err(Fault::Changed);
        }
        require_removable(&folder, &stat)?;
        Ok(File::from(file))
    }

    /// Removes the file at `path`, if it is still the one that was seen.
    pub(super) fn remove(&self, top: &EntryName, path: &EntryPath, seen: &Stamp) -> Result<(), Fault> {
        let (above, name) = path.split_last().ok_or(Fault::Gone)?;
        let folder = self.folder(top, &above)?;
        require(&folder, name, seen)?;
        unlinkat(&folder, name.as_str(), AtFlags::empty()).map_err(|error| match fault(error) {
            Fault::Waits(_) => Fault::Waits(Reason::NotRemovable),
            gone => gone,
        })
    }

    /// Removes the folder at `path`, if it is still this one and empty.
    pub(super) fn remove_folder(
        &self,
        top: &EntryName,
        path: &EntryPath,
        seen: (u64, u64),
    ) -> Result<(), Fault> {
        let (above, name) = path.split_last().ok_or(Fault::Gone)?;
        let folder = self.folder(top, &above)?;
        let stat = statat(&folder, name.as_str(), AtFlags::SYMLINK_NOFOLLOW).map_err(fault)?;
        if (stat.st_dev, stat.st_ino) != seen {
            return Err(Fault::Changed);
        }
        unlinkat(&folder, name.as_str(), AtFlags::REMOVEDIR).map_err(fault)
    }
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        let nanos = |count: Result<i64, _>| count.unwrap_or(i64::MAX);
        Self {
            dev: stat.st_dev,
            ino: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(u64::MAX),
            modified: (stat.st_mtime, nanos(stat.st_mtime_nsec.try_into())),
            changed: (stat.st_ctime, nanos(stat.st_ctime_nsec.try_into())),
        }
    }

    /// Whether nothing was written between the two, whatever became of the name.
    pub(super) fn has_content_of(&self, other: &Self) -> bool {
        (self.size, self.modified) == (other.size, other.modified)
    }

    /// The modification time.
    pub(super) fn modified(&self) -> Timestamp {
        let (seconds, nanos) = self.modified;
        Timestamp(Timestamp::from_secs(seconds).0.saturating_add(nanos / 1_000_000))
    }
}

/// Name of an entry, as a stored one has it.
pub(super) enum Named {
    /// The folder itself or the one above.
    Dots,
    /// It waits.
    Not(Reason),
    As(EntryName),
}

/// Judges a name.
pub(super) fn named(bytes: &[u8]) -> Named {
    if bytes == b"." || bytes == b".." {
        return Named::Dots;
    }
    match std::str::from_utf8(bytes).ok().and_then(|text| EntryName::parse(text).ok()) {
        None => Named::Not(Reason::Name),
        Some(name) if is_temporary(name.as_str()) => Named::Not(Reason::Temporary),
        Some(name) => Named::As(name),
    }
}

/// Whether a program gives this name to a file that it has not finished: hidden files, locks of Office, downloads of
/// browsers, uploads of transfer programs.
fn is_temporary(name: &str) -> bool {
    const EXTENSIONS: &str = "crdownload filepart lock part partial tmp";
    let name = name.to_lowercase();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_unfinished = extension.is_some_and(|found| EXTENSIONS.split(' ').any(|one| one == found));
    name.starts_with('.') || name.starts_with("~$") || is_unfinished
}

/// The target of a name; `None` if it is gone.
pub(super) fn look(folder: impl AsFd, name: &EntryName) -> io::Result<Option<Kind>> {
    match statat(folder, name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(kind(&stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn kind(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Kind::Folder,
        // A program may go on writing under its other name.
        FileType::RegularFile if stat.st_nlink > 1 => Kind::Not(Reason::HardLink),
        FileType::RegularFile => Kind::File(Stamp::of(stat)),
        _ => Kind::Not(Reason::Special),
    }
}

/// Fails unless the name leads to the file that was seen.
fn require(folder: impl AsFd, name: &EntryName, seen: &Stamp) -> Result<(), Fault> {
    match look(folder, name) {
        Ok(None) => Err(Fault::Gone),
        Ok(Some(Kind::File(stamp))) if stamp == *seen => Ok(()),
        Ok(Some(_)) => Err(Fault::Changed),
        Err(_) => Err(Fault::Waits(Reason::Unreadable)),
    }
}

/// Fails unless the server may remove this file of the folder: one that stays would be taken again and again.
fn require_removable(folder: &OwnedFd, file: &Stat) -> Result<(), Fault> {
    let denied = |_| Fault::Waits(Reason::NotRemovable);
    accessat(folder, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty()).map_err(denied)?;
    let above = fstat(folder).map_err(fault)?;
    let own = rustix::process::geteuid();
    let is_own = own.is_root() || [above.st_uid, file.st_uid].contains(&own.as_raw());
    let is_sticky = Mode::from_raw_mode(above.st_mode).contains(Mode::SVTX);
    if is_sticky && !is_own { Err(Fault::Waits(Reason::NotRemovable)) } else { Ok(()) }
}

fn fault(error: Errno) -> Fault {
    match error {
        Errno::NOENT => Fault::Gone,
        // A link, or something else, took the place of a folder or a file.
        Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NOTEMPTY | Errno::NXIO => Fault::Changed,
        _ => Fault::Waits(Reason::Unreadable),
    }
}

/// An open file as it is now.
pub(super) fn stamp(file: &File) -> Option<Stamp> {
    fstat(file).ok().map(|stat| Stamp::of(&stat))
}

/// Whether nothing happened to an open file since it was seen.
pub(super) fn is_unchanged(file: &File, seen: &Stamp) -> bool {
    fstat(file).is_ok_and(|stat| kind(&stat) == Kind::File(*seen))
}

/// The next bytes of a file; empty at its end.
pub(super) fn piece(mut file: &File, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let read = loop {
        match file.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    bytes.truncate(read);
    Ok(bytes)
}

#[cfg(test)]
impl Stamp {
    /// Of a file of this size, for tests.
    pub(super) fn sized(size: u64) -> Self {
        Self { dev: 1, ino: 1, size, modified: (0, 0), changed: (0, 0) }
    }
}
