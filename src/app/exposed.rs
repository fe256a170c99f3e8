//! Finds keys and passphrases in plaintext next to the data that they open.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::foreign_files::AGE_MAGIC;
use crate::model::layout;
use crate::vault::disk::open_own;

/// Most files that `doctor` searches for keys and passphrases, inside the data directory and beside it.
const MAX_SEARCHED: usize = 20_000;
/// Longest file that `doctor` searches, in bytes: keys and passphrases are short.
const MAX_SECRET_BYTES: u64 = 64 * 1024;
/// Longest sealed file beside the data directory that may be a key, in bytes.
const MAX_SEALED_KEY_BYTES: u64 = 4 * 1024;

/// The kind of secret in such a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// An age identity in plaintext: the recovery key or a key file.
    Identity,
    /// A passphrase, as a first start writes it, or a file of that name.
    Passphrase,
    /// A short age file: perhaps a key behind a passphrase, which can be attacked offline.
    SealedKey,
}

/// The files found, and whether the search was complete.
#[derive(Debug, Default)]
pub struct Exposed {
    /// Inside the data directory.
    pub inside: Vec<(PathBuf, Secret)>,
    /// In the folder that contains the data directory, and in the folders next to it.
    pub beside: Vec<(PathBuf, Secret)>,
    /// Whether some files were not searched because there are too many.
    pub is_cut: bool,
    searched: usize,
}

/// Searches for secrets by content, under any name. Skips other instances, other file systems and unreadable
/// files. Errors: the data directory cannot be read.
pub fn exposed_secrets(data: &Path) -> io::Result<Exposed> {
    let data = data.canonicalize()?;
    let mut exposed = Exposed::default();
    // Containers are sealed, and there may be millions.
    let is_container = |path: &Path| {
        path.starts_with(data.join(layout::SPACES))
            && [layout::SEALED, layout::PACK]
                .iter()
                .any(|end| path.as_os_str().as_encoded_bytes().ends_with(end.as_bytes()))
    };
    let mut inside = Vec::new();
    exposed.search(&data, usize::MAX, &|path, _| !is_container(path), &mut inside)?;
    // Sealed files belong inside the data directory.
    inside.retain(|(_, secret)| *secret != Secret::SealedKey);
    let mut beside = Vec::new();
    if let Some(folder) = data.parent() {
        let is_other = |path: &Path, found: &Metadata| {
            path != data && !(found.is_dir() && path.join(layout::FORMAT).exists())
        };
        // Folders that this user cannot read are skipped.
        let _ = exposed.search(folder, 1, &is_other, &mut beside);
    }
    (exposed.inside, exposed.beside) = (inside, beside);
    Ok(exposed)
}

impl Exposed {
    /// Searches the files in `folder`, and in `depth` levels of folders below.
    fn search(
        &mut self,
        folder: &Path,
        depth: usize,
        is_meant: &dyn Fn(&Path, &Metadata) -> bool,
        found: &mut Vec<(PathBuf, Secret)>,
    ) -> io::Result<()> {
        let device = fs::metadata(folder)?.dev();
        let mut folders = vec![(folder.to_owned(), 0)];
        while let Some((folder, level)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(_) if level > 0 => continue,
                Err(error) => return Err(error),
            };
            for entry in entries.flatten() {
                let path = entry.path();
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.dev() != device || !is_meant(&path, &metadata) {
                    continue;
                }
                self.searched += 1;
                if self.searched > MAX_SEARCHED {
                    self.is_cut = true;
                    return Ok(());
                }
                if metadata.is_dir() && level < depth {
                    folders.push((path, level + 1));
                } else if metadata.is_file()
                    && metadata.len() <= MAX_SECRET_BYTES
                    && let Some(secret) = secret_in(&path, metadata.len())
                {
                    found.push((path, secret));
                }
            }
        }
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(())
    }
}

fn secret_in(path: &Path, length: u64) -> Option<Secret> {
    let file: File = open_own(File::options().read(true), path).ok()??;
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    file.take(MAX_SECRET_BYTES).read_to_end(&mut bytes).ok()?;
    if bytes.starts_with(AGE_MAGIC) {
        return (length <= MAX_SEALED_KEY_BYTES).then_some(Secret::SealedKey);
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    let is_identity = |line: &str| line.trim_start().to_ascii_uppercase().starts_with("AGE-SECRET-KEY-");
    if text.lines().any(is_identity) {
        return Some(Secret::Identity);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_named = name.contains("passphrase") && !text.trim().is_empty() && text.trim().lines().count() == 1;
    (is_named || is_made_up(text.trim())).then_some(Secret::Passphrase)
}

/// Whether a text looks like a passphrase of [`super::Kit`]: eight groups of five letters and digits.
fn is_made_up(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let is_group = |group: &&str| {
        group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    groups.len() == 8 && groups.iter().all(is_group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::disk::{Overwrite, write_durably};

    fn put(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_durably(path, text.as_bytes(), Overwrite::Forbid).unwrap();
    }

    /// `doctor` looked for data.kit/recovery.txt only, and missed the same file under another name.
    #[test]
    fn secrets_are_known_by_what_they_hold() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().join("data");
        fs::create_dir(&data).unwrap();
        let key = "# created: today\nAGE-SECRET-KEY-1QQQQ\n";
        let words = format!("{}\n", ["1n89n"; 8].join("-"));
        put(&data.join("spaces/old/notes.bak"), key);
        put(&data.join("tmp/x"), &words);
        put(&data.join("keys/root.age"), "age-encryption.org/v1\n-> scrypt\n");
        put(&data.join("spaces/0/ab/c.age"), key);
        for (name, text) in [
            ("a.txt", key),
            ("data.kit/passphrase.txt", "drei Worte genug\n"),
            ("old/words", &words),
            ("sealed", "age-encryption.org/v1\n-> scrypt\n"),
            ("README", "the passphrase is in the safe; keys begin with AGE-SECRET-KEY-\n"),
            ("passphrase.txt", "\n"),
            ("deep/er/key", key),
            ("other/FORMAT", "tresor 1\n"),
            ("other/key", key),
        ] {
            put(&temp.path().join(name), text);
        }
        let exposed = exposed_secrets(&data).unwrap();
        let root = temp.path().canonicalize().unwrap();
        let shown = |found: &[(PathBuf, Secret)]| -> Vec<(String, Secret)> {
            let below = |path: &PathBuf| path.strip_prefix(&root).unwrap().display().to_string();
            found.iter().map(|(path, secret)| (below(path), *secret)).collect()
        };
        let expected = [("data/spaces/old/notes.bak", Secret::Identity), ("data/tmp/x", Secret::Passphrase)];
        assert_eq!(shown(&exposed.inside), expected.map(|(path, secret)| (path.to_owned(), secret)));
        let expected = [
            ("a.txt", Secret::Identity),
            ("data.kit/passphrase.txt", Secret::Passphrase),
            ("old/words", Secret::Passphrase),
            ("sealed", Secret::SealedKey),
        ];
        assert_eq!(shown(&exposed.beside), expected.map(|(path, secret)| (path.to_owned(), secret)));
        assert!(!exposed.is_cut);
    }
}
