//! Finds foreign files in a data directory, and objects of the wrong kind in place of its own files.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::directory_error::{DirectoryError, failed};
use crate::model::{SpaceId, layout};
use crate::vault::disk::SnapshotName;

/// First line of every age file.
pub(super) const AGE_MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// A folder and a check for the names that belong in it.
type Rule = (&'static str, fn(&str) -> bool);

/// An object that is not a regular file in place of one of the program's own: the server must not wait for the
/// other end of a pipe, or write to the target of a link.
pub(super) fn not_a_regular_file(root: &Path) -> Result<Option<PathBuf>, DirectoryError> {
    for path in [layout::MARK, layout::RESERVE].map(|name| root.join(name)) {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if !metadata.is_file() => return Ok(Some(path)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("look at", &path)(error));
            }
            _ => {}
        }
    }
    Ok(entries(&root.join(layout::TLS))?.into_iter().find(|path| !path.is_file()))
}

/// A file that no instance has and that may be readable.
pub(super) fn stranger(root: &Path) -> Result<Option<PathBuf>, DirectoryError> {
    let is_known = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name == layout::LOST_FOUND || layout::TOP.iter().any(|known| name == *known))
    };
    if let Some(path) = entries(root)?.into_iter().find(|path| !is_known(path)) {
        return Ok(Some(path));
    }
    for folder in [layout::KEYS, layout::SPACE_KEYS, layout::SPACE_NOTES, layout::SNAPSHOTS] {
        for path in entries(&root.join(folder))? {
            if path.is_file() && !is_sealed(&path)? {
                return Ok(Some(path));
            }
        }
    }
    let mark = root.join(layout::MARK);
    if mark.exists() && !is_sealed(&mark)? {
        return Ok(Some(mark));
    }
    for path in entries(&root.join(layout::TLS))? {
        let is_certificate = path == root.join(layout::CERTIFICATE);
        if !is_certificate && !is_sealed(&path)? {
            return Ok(Some(path));
        }
    }
    let rules: [Rule; 4] = [
        (layout::CATALOG, layout::is_database),
        (layout::SNAPSHOTS, is_snapshot),
        (layout::SPACES, is_space),
        (layout::TMP, is_part),
    ];
    for (folder, belongs) in rules {
        for path in entries(&root.join(folder))? {
            if !path.file_name().and_then(OsStr::to_str).is_some_and(belongs) {
                return Ok(Some(path));
            }
        }
    }
    Ok(None)
}

/// A file at `root` other than the remains of a start that ended before it made keys: empty directories, and parts
/// of key files that nothing was sealed with.
pub(super) fn first_stranger(root: &Path) -> Result<Option<PathBuf>, DirectoryError> {
    for path in entries(root)? {
        let is_remains = match path.file_name().and_then(OsStr::to_str) {
            Some(layout::LOCK | layout::LOST_FOUND) => true,
            Some(layout::TMP) => {
                let parts = entries(&path)?;
                parts.iter().all(|part| part.file_name().and_then(OsStr::to_str).is_some_and(is_part))
            }
            Some(name) if layout::FIRST_FOLDERS.contains(&name) => {
                path.is_dir() && entries(&path)?.is_empty()
            }
            _ => false,
        };
        if !is_remains {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn is_snapshot(name: &str) -> bool {
    name.strip_suffix(layout::SEALED).is_some_and(|name| name.parse::<SnapshotName>().is_ok())
}

fn is_space(name: &str) -> bool {
    name.parse::<SpaceId>().is_ok()
}

fn is_part(name: &str) -> bool {
    name.ends_with(layout::PART)
}

/// The entries of a directory; none if it does not exist.
pub(super) fn entries(path: &Path) -> Result<Vec<PathBuf>, DirectoryError> {
    match fs::read_dir(path) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()
            .map_err(failed("read", path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(failed("read", path)(source)),
    }
}

fn is_sealed(path: &Path) -> Result<bool, DirectoryError> {
    let mut magic = vec![0; AGE_MAGIC.len()];
    match File::open(path).and_then(|mut file| file.read_exact(&mut magic)) {
        Ok(()) => Ok(magic == AGE_MAGIC),
        // A temporary key file that a crash cut short holds nothing readable yet.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(true),
        Err(source) => Err(failed("read", path)(source)),
    }
}
