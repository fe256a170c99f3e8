//! The kit that a new instance's owner must keep: made at the first start, beside the data directory, never
//! inside it.

use std::path::{Component, Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::directory::make_private;
use super::owner::give_to_caller;
use crate::accounts::random_words;
use crate::vault::disk::{Overwrite, write_durably};
use crate::vault::keys::{RecoveryRecipient, Unlock, generate_recovery};

/// Why a recovery key cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The recovery key must not be where it would be backed up together with the data.
    #[error("the recovery key must not be inside the data directory; name a path outside of it")]
    InsideData,
    /// The file exists; nothing is overwritten.
    #[error(
        "{path} exists already; it may be the only key to other data, so move it away or name another file"
    )]
    Exists {
        /// Path of the file.
        path: String,
    },
    /// The file system reported an error.
    #[error("cannot write {path}")]
    Io {
        /// Path of the file.
        path: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

/// The kit of a first start without any options.
pub struct Kit {
    /// Passphrase for everyday use.
    pub unlock: Unlock,
    /// Recipient to which every space key is sealed besides the instance's own.
    pub recovery: RecoveryRecipient,
    /// File with the offline recovery identity.
    pub recovery_file: PathBuf,
    /// File with the passphrase.
    pub passphrase_file: PathBuf,
    /// First password of the administrator; shown once, never written to a file.
    pub password: SecretString,
}

impl Kit {
    /// Path of the kit: `data.kit` beside `data`.
    pub fn folder(data: &Path) -> PathBuf {
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        let mut name = data.file_name().unwrap_or_default().to_owned();
        name.push(".kit");
        data.with_file_name(name)
    }

    fn files(data: &Path) -> [PathBuf; 2] {
        ["recovery.txt", "passphrase.txt"].map(|name| Self::folder(data).join(name))
    }

    /// Fails if [`Self::make`] would have to replace a file. Changes nothing.
    pub fn check(data: &Path) -> Result<(), KitError> {
        Self::files(data).iter().try_for_each(|file| check_place(data, file))
    }

    /// Generates passphrase, recovery key and first password, and writes the first two into the kit's folder.
    pub fn make(data: &Path) -> Result<Self, KitError> {
        let [recovery_file, passphrase_file] = Self::files(data);
        let passphrase = random_words(8);
        let recovery = write_recovery(data, &recovery_file)?;
        write_new(&passphrase_file, &format!("{}\n", passphrase.expose_secret()))?;
        let unlock = Unlock::Passphrase(passphrase);
        Ok(Self { unlock, recovery, recovery_file, passphrase_file, password: random_words(4) })
    }

    /// Fails if [`Self::write_recovery`] would refuse `path`. Changes nothing.
    pub fn check_recovery(data: &Path, path: &Path) -> Result<(), KitError> {
        check_place(data, path)
    }

    /// Generates a recovery key and returns the text for its file, which is not written yet.
    pub fn new_recovery() -> (SecretString, RecoveryRecipient) {
        let (identity, recipient) = generate_recovery();
        let text = format!(
            "# Tresor recovery key. It opens everything of this office without the server.\n\
             # Move it to paper or an offline medium and delete it from this machine.\n{}\n",
            identity.expose_secret().trim_end()
        );
        (SecretString::from(text), recipient)
    }

    /// Generates a recovery key and writes its identity to `path`, outside the data directory.
    pub fn write_recovery(data: &Path, path: &Path) -> Result<RecoveryRecipient, KitError> {
        write_recovery(data, path)
    }
}

/// Refuses a path inside the data directory and one that exists.
fn check_place(data: &Path, path: &Path) -> Result<(), KitError> {
    if real_place(path).starts_with(real_place(data)) {
        return Err(KitError::InsideData);
    }
    if path.symlink_metadata().is_ok() {
        return Err(KitError::Exists { path: path.display().to_string() });
    }
    Ok(())
}

/// The real path: links are resolved as far as the path exists, the rest is kept as written.
fn real_place(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut place = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                place.pop();
            }
            part => {
                place.push(part);
                place = place.canonicalize().unwrap_or(place);
            }
        }
    }
    place
}

/// Generates a recovery key and writes its identity to `path`.
fn write_recovery(data: &Path, path: &Path) -> Result<RecoveryRecipient, KitError> {
    check_place(data, path)?;
    let (text, recipient) = Kit::new_recovery();
    write_new(path, text.expose_secret())?;
    Ok(recipient)
}

fn write_new(path: &Path, text: &str) -> Result<(), KitError> {
    let shown = || path.display().to_string();
    let io = |source| KitError::Io { path: shown(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        make_private(folder).and_then(|()| give_to_caller(folder)).map_err(io)?;
    }
    write_durably(path, text.as_bytes(), Overwrite::Forbid).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => KitError::Exists { path: shown() },
        _ => io(source),
    })?;
    give_to_caller(path).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recovery_key_never_lies_beside_what_it_opens() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().join("data");
        assert!(matches!(write_recovery(&data, &data.join("r.txt")), Err(KitError::InsideData)));
        assert!(matches!(write_recovery(&data, &data.join("a/b/r.txt")), Err(KitError::InsideData)));
        write_recovery(&data, &temp.path().join("r.txt")).unwrap();
        assert!(matches!(write_recovery(&data, &temp.path().join("r.txt")), Err(KitError::Exists { .. })));
    }

    #[test]
    fn a_detour_into_the_data_directory_is_seen_and_one_out_of_it_is_fine() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(&data, temp.path().join("link")).unwrap();
        for inside in ["link/r.txt", "x/../data/r.txt", "data/./r.txt", "data/sub/../r.txt"] {
            let place = temp.path().join(inside);
            assert!(matches!(check_place(&data, &place), Err(KitError::InsideData)), "{inside}");
        }
        for outside in ["r.txt", "data/../r.txt", "data.kit/r.txt", "link/../r.txt"] {
            check_place(&data, &temp.path().join(outside)).unwrap();
        }
        assert_eq!(Kit::folder(Path::new(".")).parent(), std::env::current_dir().unwrap().parent());
    }
}
