//! What lies where in a data directory, and how a file that does not belong there is noticed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::directory_error::{DirectoryError, failed};
use crate::model::SpaceId;
use crate::vault::disk::SnapshotName;

const KNOWN: [&str; 11] = [
    "FORMAT",
    "lock",
    "control.sock",
    "keys",
    "mark.age",
    "catalog",
    "snapshots",
    "tls",
    "spaces",
    "tmp",
    "reserve",
];
/// Directories that an instance begins with.
pub(super) const PARTS: [&str; 3] = ["catalog", "spaces", "tmp"];
/// At the top of every ext4 file system, and so of a data directory that is one.
pub(super) const LOST_FOUND: &str = "lost+found";
/// First line of every age file.
pub(super) const AGE_MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// What SQLite puts behind the names of files that belong together.
pub(super) const SQLITE_SUFFIXES: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// How a catalogue is called that a rebuild is making, and one that it took the place of.
pub(super) const REBUILT: &str = "catalog.rebuild";
pub(super) const REPLACED: &str = "catalog.replaced-";

/// A folder and which names belong into it.
type Rule = (&'static str, fn(&str) -> bool);

/// What is no regular file where one of the program's own belongs: nobody shall wait for the other end of a pipe, or
/// write to what a link leads to.
pub(super) fn misshapen(root: &Path) -> Result<Option<PathBuf>, DirectoryError> {
    for path in ["mark.age", "reserve"].map(|name| root.join(name)) {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if !metadata.is_file() => return Ok(Some(path)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("look at", &path)(error));
            }
            _ => {}
        }
    }
    Ok(entries(&root.join("tls"))?.into_iter().find(|path| !path.is_file()))
}

/// Something that no instance has and that may be readable.
pub(super) fn stranger(root: &Path) -> Result<Option<PathBuf>, DirectoryError> {
    let is_known = |path: &Path| {
        path.file_name().is_some_and(|name| name == LOST_FOUND || KNOWN.iter().any(|known| name == *known))
    };
    if let Some(path) = entries(root)?.into_iter().find(|path| !is_known(path)) {
        return Ok(Some(path));
    }
    for folder in ["keys", "keys/spaces", "keys/names", "snapshots"] {
        for path in entries(&root.join(folder))? {
            if path.is_file() && !is_sealed(&path)? {
                return Ok(Some(path));
            }
        }
    }
    let mark = root.join("mark.age");
    if mark.exists() && !is_sealed(&mark)? {
        return Ok(Some(mark));
    }
    for path in entries(&root.join("tls"))? {
        let is_certificate = path.file_name().is_some_and(|name| name == "certificate.pem");
        if !is_certificate && !is_sealed(&path)? {
            return Ok(Some(path));
        }
    }
    let rules: [Rule; 4] =
        [("catalog", is_catalog_file), ("snapshots", is_snapshot), ("spaces", is_space), ("tmp", is_part)];
    for (folder, belongs) in rules {
        for path in entries(&root.join(folder))? {
            if !path.file_name().and_then(OsStr::to_str).is_some_and(belongs) {
                return Ok(Some(path));
            }
        }
    }
    Ok(None)
}

/// What lies at `root` beside the remains of a start that ended before it made keys: an empty frame of
/// directories, and parts of key files that nothing was sealed with.
pub(super) fn first_stranger(root: &Path) -> Result<Option<PathBuf>, DirectoryError> {
    for path in entries(root)? {
        let is_remains = match path.file_name().and_then(OsStr::to_str) {
            Some("lock" | LOST_FOUND) => true,
            Some("tmp") => {
                let parts = entries(&path)?;
                parts.iter().all(|part| part.file_name().and_then(OsStr::to_str).is_some_and(is_part))
            }
            Some(name) if PARTS.contains(&name) => path.is_dir() && entries(&path)?.is_empty(),
            _ => false,
        };
        if !is_remains {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// The database, copies of older formats, those that a rebuild makes and replaces, and what SQLite keeps
/// beside each.
fn is_catalog_file(name: &str) -> bool {
    let stem = SQLITE_SUFFIXES
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix)?.strip_suffix(".db"))
        .unwrap_or_default();
    let kinds = ["catalog.format-", REPLACED, REBUILT];
    stem == "catalog" || kinds.iter().any(|kind| stem.starts_with(kind))
}

fn is_snapshot(name: &str) -> bool {
    name.strip_suffix(".age").is_some_and(|name| name.parse::<SnapshotName>().is_ok())
}

fn is_space(name: &str) -> bool {
    name.parse::<SpaceId>().is_ok()
}

fn is_part(name: &str) -> bool {
    name.strip_suffix(".part").is_some()
}

/// What lies directly in a directory; nothing if it does not exist.
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
