//! The data directory: its required parts, foreign files, and the lock that keeps a second process out.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::directory_error::{DirectoryError, FORMAT, failed, not_a_regular_file};
use super::foreign_files;
use super::lock::take_lock;
use super::owner::act_as_owner;
use crate::model::Timestamp;
use crate::model::layout::{self, beside};
use crate::vault::disk::{LocalDisk, Overwrite, SmallFile, Storage, move_durably, open_own};
use crate::vault::key_file_remedy;

/// A data directory held by this process.
pub struct DataDirectory {
    root: PathBuf,
    /// Directories that [`Self::create`] made; dropped before the lock.
    _scaffold: Option<Scaffold>,
    _lock: File,
}

impl DataDirectory {
    /// Whether `root` is missing or empty, so that a first start may fill it.
    pub fn is_empty(root: &Path) -> Result<bool, DirectoryError> {
        Ok(foreign_files::first_stranger(root)?.is_none())
    }

    /// Fails unless [`Self::create`] could create an instance at `root`. Changes nothing.
    pub fn check_new(root: &Path) -> Result<(), DirectoryError> {
        let path = || root.display().to_string();
        if root.join(layout::FORMAT).exists() {
            return Err(DirectoryError::AlreadyInitialised { path: path() });
        }
        if root.join(layout::KEYS).exists() {
            return Err(unfinished(root)?);
        }
        match foreign_files::first_stranger(root)? {
            Some(stranger) => Err(DirectoryError::Stranger { path: stranger.display().to_string() }),
            None => Ok(()),
        }
    }

    /// Opens an existing instance. Like [`act_as_owner`], call it before there are other threads.
    pub fn open(root: &Path) -> Result<Self, DirectoryError> {
        let directory = Self::open_incomplete(root)?;
        directory.check()?;
        Ok(directory)
    }

    /// Opens an instance whose catalogue or key files may be missing, to restore them.
    pub fn open_incomplete(root: &Path) -> Result<Self, DirectoryError> {
        let path = || root.display().to_string();
        act_as_owner(root).map_err(failed("act as the owner of", root))?;
        let format = match read_format(&root.join(layout::FORMAT)) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(not_a_regular_file(&root.join(layout::FORMAT))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(match root.join(layout::KEYS).exists() {
                    true => unfinished(root)?,
                    false => DirectoryError::NotInitialised { path: path() },
                });
            }
            Err(source) => return Err(failed("read the format of", root)(source)),
        };
        if format.trim() != format!("tresor {FORMAT}") {
            return Err(DirectoryError::Newer { path: path(), found: format.trim().to_owned() });
        }
        let directory = Self { root: root.to_owned(), _scaffold: None, _lock: take_lock(root)? };
        if let Some(path) = foreign_files::not_a_regular_file(root)? {
            return Err(not_a_regular_file(&path));
        }
        match foreign_files::stranger(root)? {
            Some(path) => Err(DirectoryError::Stranger { path: path.display().to_string() }),
            None => Ok(directory),
        }
    }

    /// Takes an empty or missing directory into use; [`Self::finish`] makes it an instance. Dropped before
    /// there are keys, it restores the previous state.
    pub fn create(root: &Path) -> Result<Self, DirectoryError> {
        Self::check_new(root)?;
        let is_new = !root.exists();
        act_as_owner(root).map_err(failed("act as the owner of", root))?;
        private_dir(root)?;
        let lock = take_lock(root)?;
        let mut scaffold = Scaffold { root: root.to_owned(), made: Vec::new() };
        scaffold.made.extend(is_new.then(|| root.to_owned()));
        // Another process may have been faster, before this one held the lock.
        Self::check_new(root)?;
        for part in layout::FIRST_FOLDERS {
            scaffold.make(&root.join(part))?;
        }
        Ok(Self { root: root.to_owned(), _scaffold: Some(scaffold), _lock: lock })
    }

    /// Marks a new instance as complete. Its temporary file is in the folder that the next start clears.
    pub fn finish(&self) -> Result<(), DirectoryError> {
        let text = format!("tresor {FORMAT}\n");
        self.storage()
            .key_files
            .write_small(&SmallFile::fixed(layout::FORMAT), text.as_bytes(), Overwrite::Forbid)
            .map_err(failed("write", &self.root.join(layout::FORMAT)))
    }

    /// Path of the directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The storage for everything but the catalogue.
    pub(super) fn storage(&self) -> Storage {
        Storage::of(Arc::new(LocalDisk::new(&self.root)))
    }

    /// Path of the catalogue's database.
    pub fn catalog(&self) -> PathBuf {
        self.root.join(layout::DATABASE)
    }

    /// Folder of all containers.
    pub(super) fn spaces(&self) -> PathBuf {
        self.root.join(layout::SPACES)
    }

    /// Path of the catalogue that a rebuild creates.
    pub(super) fn rebuilt_catalog(&self) -> PathBuf {
        self.root.join(layout::REBUILT_DATABASE)
    }

    /// Removes the files of a rebuild that was not finished.
    pub(super) fn clear_rebuilt(&self) -> Result<(), DirectoryError> {
        for path in foreign_files::entries(&self.root.join(layout::CATALOG))? {
            let name = path.file_name().unwrap_or_default();
            if name.to_str().is_some_and(layout::is_rebuilt) {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        private_dir(&self.root.join(layout::CATALOG))
    }

    /// Replaces the present catalogue by the rebuilt one. The old one is kept under another name with all of
    /// its files; returns that name. May be repeated after a crash at any point: then there is no catalogue,
    /// and the next rebuild creates one.
    pub(super) fn replace_catalog(&self, now: Timestamp) -> Result<Option<PathBuf>, DirectoryError> {
        let (present, rebuilt) = (self.catalog(), self.rebuilt_catalog());
        let name = |number: i64| present.with_file_name(layout::replaced_database(number));
        let taken =
            |path: &Path| layout::DATABASE_SUFFIXES.iter().any(|suffix| beside(path, suffix).exists());
        // Only a test replaces several in one millisecond.
        let kept = (now.0..=now.0.saturating_add(100)).map(name).find(|path| !taken(path));
        let kept = kept.unwrap_or_else(|| name(now.0));
        // The database file must contain everything: with data left in its log it is not complete.
        if beside(&rebuilt, layout::WAL).metadata().is_ok_and(|log| log.len() > 0) {
            return Err(failed("put into place", &rebuilt)(io::ErrorKind::ResourceBusy.into()));
        }
        let mut moved = None;
        // The old log must be gone before the new database has its name: SQLite would replay it.
        for suffix in layout::DATABASE_SUFFIXES {
            let (from, to) = (beside(&present, suffix), beside(&kept, suffix));
            if from.exists() {
                move_durably(&from, &to).map_err(failed("move aside", &from))?;
                // A missing database may have left its log.
                if suffix.is_empty() {
                    moved = Some(kept.clone());
                }
            }
        }
        move_durably(&rebuilt, &present).map_err(failed("put into place", &rebuilt))?;
        Ok(moved)
    }

    /// Path of the owner's socket.
    pub fn control_socket(root: &Path) -> PathBuf {
        root.join(layout::CONTROL_SOCKET)
    }

    /// Checks that all parts exist.
    fn check(&self) -> Result<(), DirectoryError> {
        for part in [layout::ROOT_KEY, layout::ROOT_RECOVERY_KEY] {
            let path = self.root.join(part);
            if !path.exists() {
                let path = path.display().to_string();
                return Err(DirectoryError::PartMissing { path, remedy: key_file_remedy(part) });
            }
        }
        if !self.catalog().exists() {
            let (path, data) = (self.catalog().display().to_string(), self.root.display().to_string());
            return Err(DirectoryError::CatalogMissing { path, data });
        }
        Ok(())
    }
}

/// The empty directories of an unfinished instance. Dropping it removes those that it created and that are
/// still empty, so that a start that failed early can simply be repeated.
struct Scaffold {
    root: PathBuf,
    made: Vec<PathBuf>,
}

impl Scaffold {
    fn make(&mut self, path: &Path) -> Result<(), DirectoryError> {
        if !path.exists() {
            private_dir(path)?;
            self.made.push(path.to_owned());
        }
        Ok(())
    }
}

impl Drop for Scaffold {
    fn drop(&mut self) {
        if self.root.join(layout::KEYS).exists() {
            return;
        }
        // Removes empty directories only, so that files put there meanwhile survive.
        let _ = fs::remove_file(self.root.join(layout::LOCK));
        for path in self.made.iter().rev() {
            let _ = fs::remove_dir(path);
        }
    }
}

/// The error for keys without a format: an interrupted `init`, unless something was stored since.
fn unfinished(root: &Path) -> Result<DirectoryError, DirectoryError> {
    if foreign_files::entries(&root.join(layout::SPACES))?.is_empty() {
        return Ok(DirectoryError::Unfinished { path: root.display().to_string() });
    }
    let path = root.join(layout::FORMAT).display().to_string();
    Ok(DirectoryError::PartMissing { path, remedy: "restore it from a backup before starting" })
}

/// `None` if it is not a file.
fn read_format(path: &Path) -> io::Result<Option<String>> {
    open_own(OpenOptions::new().read(true), path)?.map(io::read_to_string).transpose()
}

fn private_dir(path: &Path) -> Result<(), DirectoryError> {
    make_private(path).map_err(failed("make", path))
}

/// Creates a directory and its missing parents, for this user alone. Their names are durable on return: an
/// instance that was reported as ready must not be lost with the name of its directory.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for made in missing {
        let above = made.parent().filter(|above| !above.as_os_str().is_empty());
        File::open(above.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("data");
        let directory = DataDirectory::create(&root).unwrap();
        let put = |part: &str, bytes: &[u8]| {
            let path = root.join(part);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            crate::vault::disk::write_durably(&path, bytes, crate::vault::disk::Overwrite::Forbid).unwrap();
        };
        put("keys/root.age", foreign_files::AGE_MAGIC);
        put("keys/root.recovery.age", foreign_files::AGE_MAGIC);
        put("catalog/catalog.db", b"");
        directory.finish().unwrap();
        (temp, root)
    }

    #[test]
    fn a_second_process_is_kept_out() {
        let (_temp, root) = instance();
        let held = DataDirectory::open(&root).unwrap();
        assert!(matches!(DataDirectory::open(&root), Err(DirectoryError::InUse { .. })));
        drop(held);
        DataDirectory::open(&root).unwrap();
    }

    #[test]
    fn a_newer_format_is_left_alone() {
        let (_temp, root) = instance();
        fs::remove_file(root.join("FORMAT")).unwrap();
        let bytes = b"tresor 2\n";
        crate::vault::disk::write_durably(&root.join("FORMAT"), bytes, crate::vault::disk::Overwrite::Forbid)
            .unwrap();
        assert!(matches!(DataDirectory::open(&root), Err(DirectoryError::Newer { .. })));
    }

    #[test]
    fn plaintext_is_noticed_wherever_keys_lie() {
        for place in [
            "recovery.txt",
            "keys/root.txt",
            "tls/key.pem",
            "tmp/report.pdf",
            "catalog/dump.sql",
            "spaces/old.zip",
        ] {
            let (_temp, root) = instance();
            let path = root.join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let bytes = b"AGE-SECRET-KEY-1 or worse, quite readable";
            crate::vault::disk::write_durably(&path, bytes, crate::vault::disk::Overwrite::Forbid).unwrap();
            assert!(matches!(DataDirectory::open(&root), Err(DirectoryError::Stranger { .. })), "{place}");
        }
    }

    #[test]
    fn a_start_that_fails_before_the_keys_leaves_nothing() {
        let temp = tempfile::tempdir().unwrap();
        for root in [temp.path().join("new"), temp.path().to_owned()] {
            let held = DataDirectory::create(&root).unwrap();
            assert!(matches!(DataDirectory::create(&root), Err(DirectoryError::InUse { .. })));
            drop(held);
            assert!(!root.exists() || fs::read_dir(&root).unwrap().next().is_none());
        }
    }

    #[test]
    fn an_empty_frame_counts_as_empty_and_anything_else_does_not() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for part in ["catalog", "spaces", "tmp", "tmp/1.part", "lost+found"] {
            fs::create_dir(root.join(part)).unwrap();
        }
        assert!(DataDirectory::is_empty(root).unwrap());
        fs::create_dir(root.join("spaces/1")).unwrap();
        assert!(!DataDirectory::is_empty(root).unwrap());
        assert!(matches!(DataDirectory::create(root), Err(DirectoryError::Stranger { .. })));
    }

    #[test]
    fn missing_and_half_made_instances_are_named() {
        let temp = tempfile::tempdir().unwrap();
        assert!(matches!(DataDirectory::open(temp.path()), Err(DirectoryError::NotInitialised { .. })));
        fs::create_dir(temp.path().join("keys")).unwrap();
        assert!(matches!(DataDirectory::open(temp.path()), Err(DirectoryError::Unfinished { .. })));
        assert!(matches!(DataDirectory::create(temp.path()), Err(DirectoryError::Unfinished { .. })));
        let (_temp, root) = instance();
        fs::remove_file(root.join("keys/root.age")).unwrap();
        assert!(matches!(DataDirectory::open(&root), Err(DirectoryError::PartMissing { .. })));
    }
}
