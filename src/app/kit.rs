//! What a new instance's owner must keep: made at the first start, beside the data directory, never
//! inside it.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::vault::disk::{Overwrite, write_durably};
use crate::vault::keys::{RecoveryRecipient, Unlock, generate_recovery};

/// Why a recovery key cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The recovery key must not lie where it would be backed up with what it opens.
    #[error("the recovery key must not lie inside the data directory; name a place outside of it")]
    InsideData,
    /// Nothing is overwritten.
    #[error("{path} exists already; it may be the only key to other data, so name another file")]
    Exists {
        /// The file.
        path: String,
    },
    /// The file system refused.
    #[error("cannot write {path}")]
    Io {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// The kit of a first start without any options.
pub struct Kit {
    /// Opens the instance every day.
    pub unlock: Unlock,
    /// Whom every space key is sealed to beside the instance.
    pub recovery: RecoveryRecipient,
    /// File with the offline recovery identity.
    pub recovery_file: PathBuf,
    /// File with the passphrase.
    pub passphrase_file: PathBuf,
    /// First password of the administrator; shown once, written nowhere.
    pub password: SecretString,
}

impl Kit {
    /// The kit's folder: `data.kit` beside `data`.
    pub fn folder(data: &Path) -> PathBuf {
        let mut name = data.file_name().unwrap_or_default().to_owned();
        name.push(".kit");
        data.with_file_name(name)
    }

    /// Makes passphrase, recovery key and first password, and writes the first two into the kit's folder.
    pub fn make(data: &Path) -> Result<Self, KitError> {
        let folder = Self::folder(data);
        let passphrase = random_words(8);
        let (recovery_file, passphrase_file) = (folder.join("recovery.txt"), folder.join("passphrase.txt"));
        let recovery = write_recovery(data, &recovery_file)?;
        write_new(&passphrase_file, &format!("{}\n", passphrase.expose_secret()))?;
        let unlock = Unlock::Passphrase(passphrase);
        Ok(Self { unlock, recovery, recovery_file, passphrase_file, password: random_words(4) })
    }

    /// Makes a recovery key alone and writes its identity to `path`, outside the data directory.
    pub fn write_recovery(data: &Path, path: &Path) -> Result<RecoveryRecipient, KitError> {
        write_recovery(data, path)
    }
}

/// Makes a recovery key and writes its identity to `path`.
fn write_recovery(data: &Path, path: &Path) -> Result<RecoveryRecipient, KitError> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if absolute(path).starts_with(absolute(data)) {
        return Err(KitError::InsideData);
    }
    let (identity, recipient) = generate_recovery();
    let text = format!(
        "# Tresor recovery key. It opens everything of this office without the server.\n\
         # Move it to paper or an offline medium and delete it from this machine.\n{}\n",
        identity.expose_secret().trim_end()
    );
    write_new(path, &text)?;
    Ok(recipient)
}

fn write_new(path: &Path, text: &str) -> Result<(), KitError> {
    let shown = || path.display().to_string();
    let io = |source| KitError::Io { path: shown(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
    }
    write_durably(path, text.as_bytes(), Overwrite::Forbid).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => KitError::Exists { path: shown() },
        _ => io(source),
    })
}

/// Groups of five letters and digits that are easy to read aloud: 25 random bits each.
fn random_words(groups: usize) -> SecretString {
    // Crockford's alphabet: no i, l, o or u.
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = zeroize::Zeroizing::new(vec![0_u8; groups * 5]);
    getrandom::fill(&mut random).expect("the system's random source answers");
    let text: Vec<String> = random
        .chunks(5)
        .map(|group| {
            group
                .iter()
                .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
                .map(|b| char::from(*b))
                .collect()
        })
        .collect();
    SecretString::from(text.join("-"))
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
    fn made_up_passwords_have_the_promised_length() {
        let words = random_words(8);
        assert_eq!(words.expose_secret().len(), 8 * 5 + 7);
        assert_ne!(words.expose_secret(), random_words(8).expose_secret());
    }
}
