//! Lists the folder of a space and everything below it, piece by piece: a folder of any length takes several rounds
//! and little memory. An entry that is there from the beginning to the end of a listing is met exactly once.

use std::io;
use std::time::Duration;

use rustix::fs::{Dir, fstat};

use super::tree::{Fault, Kind, Named, Root, Stamp, look, named};
use super::waits::Reason;
use crate::model::{EntryName, EntryPath, Timestamp};

/// Most levels of folders below the folder of a space that are looked into.
const MAX_DEPTH: usize = 16;
/// Age at which an emptied folder is removed: programs make a folder some time before they fill it.
const EMPTY_FOR: Duration = Duration::from_hours(1);

/// A listing that goes on where it stopped. It holds a descriptor for each level.
pub(super) struct Walk {
    levels: Vec<Level>,
}

/// A folder that is being read.
struct Level {
    path: EntryPath,
    entries: Dir,
    identity: (u64, u64),
    changed: Timestamp,
    is_empty: bool,
}

/// The kind of one entry of a folder.
pub(super) enum Met {
    File(EntryPath, Stamp),
    /// It is not touched.
    Waits(Reason),
    /// It is a folder, or is gone.
    Nothing,
}

impl Walk {
    /// Begins to list the folder of a space.
    pub(super) fn begin(root: &Root, top: &EntryName) -> Result<Self, Fault> {
        let mut walk = Self { levels: Vec::new() };
        walk.enter(root, top, EntryPath::root())?;
        Ok(walk)
    }

    fn enter(&mut self, root: &Root, top: &EntryName, path: EntryPath) -> Result<(), Fault> {
        let folder = root.folder(top, &path)?;
        let unreadable = |_| Fault::Waits(Reason::Unreadable);
        let stat = fstat(&folder).map_err(unreadable)?;
        self.levels.push(Level {
            path,
            entries: Dir::new(folder).map_err(unreadable)?,
            identity: (stat.st_dev, stat.st_ino),
            changed: Timestamp::from_secs(stat.st_ctime),
            is_empty: true,
        });
        Ok(())
    }

    /// The next entry; `None` at the end. When it leaves an emptied folder that is old enough at `tidy`, if given, it
    /// removes that folder.
    pub(super) fn next(&mut self, root: &Root, top: &EntryName, tidy: Option<Timestamp>) -> Option<Met> {
        let level = self.levels.last_mut()?;
        let name = match level.entries.read() {
            None => {
                self.leave(root, top, tidy);
                return Some(Met::Nothing);
            }
            Some(Err(_)) => {
                self.levels.pop();
                return Some(Met::Waits(Reason::Unreadable));
            }
            Some(Ok(entry)) => match named(entry.file_name().to_bytes()) {
                Named::Dots => return Some(Met::Nothing),
                Named::Not(reason) => {
                    level.is_empty = false;
                    return Some(Met::Waits(reason));
                }
                Named::As(name) => name,
            },
        };
        level.is_empty = false;
        let is_deep = self.levels.len() > MAX_DEPTH;
        Some(self.meet(root, top, &name, is_deep).unwrap_or(Met::Waits(Reason::Unreadable)))
    }

    fn meet(&mut self, root: &Root, top: &EntryName, name: &EntryName, is_deep: bool) -> io::Result<Met> {
        let Some(level) = self.levels.last() else { return Ok(Met::Nothing) };
        let found = look(level.entries.fd()?, name)?;
        let Ok(path) = level.path.join(name.clone()) else { return Ok(Met::Waits(Reason::Name)) };
        Ok(match found {
            None => Met::Nothing,
            Some(Kind::Not(reason)) => Met::Waits(reason),
            Some(Kind::File(stamp)) => Met::File(path, stamp),
            Some(Kind::Folder) if is_deep => Met::Waits(Reason::TooDeep),
            Some(Kind::Folder) => match self.enter(root, top, path) {
                Ok(()) | Err(Fault::Gone | Fault::Changed) => Met::Nothing,
                Err(Fault::Waits(reason)) => Met::Waits(reason),
            },
        })
    }

    fn leave(&mut self, root: &Root, top: &EntryName, tidy: Option<Timestamp>) {
        let Some(left) = self.levels.pop() else { return };
        let is_old = tidy.is_some_and(|now| now.since(left.changed) > EMPTY_FOR);
        if left.is_empty && is_old && !left.path.is_root() {
            // It may have got an entry meanwhile; then the system refuses.
            let _ = root.remove_folder(top, &left.path, left.identity);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn listed(root: &Path, now: Timestamp) -> Vec<String> {
        let data = tempfile::tempdir().unwrap();
        let root = Root::open(root, data.path()).unwrap();
        let top = EntryName::parse("space").unwrap();
        let mut walk = Walk::begin(&root, &top).unwrap();
        let mut met = Vec::new();
        while let Some(one) = walk.next(&root, &top, Some(now)) {
            match one {
                Met::File(path, stamp) => met.push(format!("{path} {}", stamp.size)),
                Met::Waits(reason) => met.push(format!("{reason:?}")),
                Met::Nothing => {}
            }
        }
        met.sort();
        met
    }

    #[expect(clippy::disallowed_methods, reason = "a folder of the test's own")]
    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn only_regular_files_with_final_names_are_met() {
        let place = tempfile::tempdir().unwrap();
        let space = place.path().join("space");
        write(&space.join("a.pdf"), "12");
        write(&space.join("b/c/d.pdf"), "123");
        for name in [
            ".hidden",
            "~$brief.docx",
            "A.TMP",
            "a.part",
            "a.partial",
            "a.crdownload",
            "a.filepart",
            "a.lock",
            ".git/config",
        ] {
            write(&space.join(name), "1");
        }
        write(&space.join("once"), "1");
        std::fs::hard_link(space.join("once"), place.path().join("twice")).unwrap();
        write(&place.path().join("elsewhere/secret"), "1");
        symlink("../elsewhere", space.join("folder-link")).unwrap();
        symlink("a.pdf", space.join("file-link")).unwrap();
        write(&space.join("a\\b"), "1");
        let found = listed(place.path(), Timestamp::now());
        let temporary = vec!["Temporary"; 9];
        let mut expected =
            [vec!["/a.pdf 2", "/b/c/d.pdf 3", "HardLink", "Name", "Special", "Special"], temporary].concat();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn emptied_folders_go_after_an_hour_but_for_the_one_of_the_space() {
        let place = tempfile::tempdir().unwrap();
        let space = place.path().join("space");
        std::fs::create_dir_all(space.join("empty/deeper")).unwrap();
        write(&space.join("full/a.pdf"), "1");
        let later = |minutes| Timestamp::now().after(Duration::from_mins(minutes));
        listed(place.path(), later(59));
        assert!(space.join("empty/deeper").is_dir());
        listed(place.path(), later(61));
        assert!(
            !space.join("empty/deeper").exists() && space.join("empty").is_dir(),
            "it just lost its entry"
        );
        listed(place.path(), later(122));
        assert!(!space.join("empty").exists() && space.join("full/a.pdf").exists());
        std::fs::remove_dir_all(space.join("full")).unwrap();
        listed(place.path(), later(244));
        assert!(space.is_dir());
    }

    #[test]
    fn what_lies_too_deep_waits() {
        let place = tempfile::tempdir().unwrap();
        let mut deep = place.path().join("space");
        for _ in 0..MAX_DEPTH {
            deep.push("d");
        }
        write(&deep.join("file"), "1");
        write(&deep.join("more/file"), "1");
        let found = listed(place.path(), Timestamp::now());
        assert_eq!(found, [format!("{} 1", "/d".repeat(MAX_DEPTH) + "/file"), "TooDeep".to_owned()]);
    }
}
