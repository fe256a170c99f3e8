//! Finds missing or replaced parts of a data directory, as far as possible without a key.

use std::fs::{self, FileType, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::foreign_files as files;
use crate::model::{SpaceId, layout};
use crate::vault::key_file_remedy;

/// Files without which the instance cannot be opened.
const KEY_FILES: [&str; 3] = [layout::ROOT_KEY, layout::ROOT_RECOVERY_KEY, layout::RECOVERY_RECIPIENT];

/// Files and folders whose owner `doctor` compares; a million would take seconds.
const MAX_COMPARED: usize = 100_000;
/// Files of other users that are named.
const NAMED: usize = 5;

/// Files in a data directory that belong to another user than the directory itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ForeignFiles {
    /// Number of such files among those compared.
    pub count: usize,
    /// The first of them, below the data directory.
    pub first: Vec<PathBuf>,
    /// Whether there are more than `MAX_COMPARED` files, so that some were not compared.
    pub is_cut: bool,
}

/// Compares the owners of all files and folders with that of the data directory: the server cannot open files that
/// a command created as root. Errors: those of reading the folders.
pub fn foreign_files(root: &Path) -> io::Result<ForeignFiles> {
    let owner = fs::metadata(root)?.uid();
    let mut found = ForeignFiles::default();
    let (mut compared, mut folders) = (0, vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            // It may just have been removed.
            let Ok(metadata) = entry.metadata() else { continue };
            let path = entry.path();
            // This folder of the file system always belongs to root.
            if folder == root && entry.file_name() == layout::LOST_FOUND {
                continue;
            }
            compared += 1;
            if compared > MAX_COMPARED {
                found.is_cut = true;
                return Ok(found);
            }
            if metadata.uid() != owner {
                found.count += 1;
                if found.first.len() < NAMED {
                    found.first.push(path.strip_prefix(root).unwrap_or(&path).to_owned());
                }
            }
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    Ok(found)
}

/// Returns one sentence per fault: the part, what was found instead, and the remedy.
pub fn missing_parts(root: &Path) -> Vec<String> {
    let mut faults: Vec<_> =
        KEY_FILES.iter().filter_map(|file| file_fault(root, file, "nothing starts without it")).collect();
    faults.extend(catalogue_fault(root));
    if fs::metadata(root.join(layout::SPACES)).map_or(true, |found| !found.is_dir()) {
        faults.push(
            "spaces/ is missing, and with it everything that was stored; bring it back from a backup".into(),
        );
    }
    faults.extend(space_key_faults(root));
    faults
}

/// The number of spaces with a key, if no stored file of any exists: either all of them are new, or `spaces/` was
/// emptied. Only the catalogue knows which.
pub fn spaces_without_any_file(root: &Path) -> Option<usize> {
    let (with_keys, with_files) =
        (spaces_in(root, layout::SPACE_KEYS, layout::SEALED), spaces_in(root, layout::SPACES, ""));
    let has_files =
        |space: &SpaceId| !files::entries(&root.join(layout::space(*space))).unwrap_or_default().is_empty();
    (!with_keys.is_empty() && !with_files.iter().any(has_files)).then_some(with_keys.len())
}

/// The fault of a key file that is missing, is not a file or is empty.
fn file_fault(root: &Path, file: &str, price: &str) -> Option<String> {
    let what = other_than_a_file(fs::metadata(root.join(file)))?;
    Some(format!("{file} {what}; {price}: {}", key_file_remedy(file)))
}

fn catalogue_fault(root: &Path) -> Option<String> {
    let what = other_than_a_file(fs::metadata(root.join(layout::DATABASE)))?;
    Some(format!(
        "{} {what}; move away what lies in its place and run `tresor rebuild`, or bring {}/ back from a backup",
        layout::DATABASE,
        layout::CATALOG
    ))
}

fn space_key_faults(root: &Path) -> Vec<String> {
    let price = "no file of this space opens without it";
    let with_files = spaces_in(root, layout::SPACES, "");
    let with_keys = spaces_in(root, layout::SPACE_KEYS, layout::SEALED);
    let mut spaces = [with_files, with_keys].concat();
    spaces.sort_unstable();
    spaces.dedup();
    let key = |space: &SpaceId| file_fault(root, &layout::space_key(*space), price);
    spaces.iter().filter_map(key).collect()
}

/// The spaces whose ids are names in a folder.
fn spaces_in(root: &Path, folder: &str, suffix: &str) -> Vec<SpaceId> {
    // A missing folder shows as missing parts in it.
    let entries = files::entries(&root.join(folder)).unwrap_or_default();
    let id = |path: &Path| path.file_name()?.to_str()?.strip_suffix(suffix)?.parse().ok();
    entries.iter().filter_map(|path| id(path)).collect()
}

/// Describes the object found in place of a file with content; `None` if it is such a file.
fn other_than_a_file(found: io::Result<Metadata>) -> Option<String> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some("is missing".into()),
        Err(error) => Some(format!("cannot be looked at ({error})")),
        Ok(found) if found.is_file() && found.len() > 0 => None,
        Ok(found) if found.is_file() => Some("is empty".into()),
        Ok(found) => Some(format!("is {}, not a file", kind(found.file_type()))),
    }
}

fn kind(found: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match found {
        found if found.is_dir() => "a folder",
        found if found.is_fifo() => "a pipe",
        found if found.is_socket() => "a socket",
        _ => "a device",
    }
}
