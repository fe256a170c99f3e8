//! Checks whether the key files are still as written.

use std::sync::PoisonError;

use sha2::{Digest, Sha256};

use super::{
    KeyRing, RECOVERY_RECIPIENT, ROOT, ROOT_RECOVERY, RecoveryRecipient, SpaceKey, open_to_root, read,
};
use crate::model::SpaceId;
use crate::vault::VaultError;
use crate::vault::disk::SmallFile;

/// Kind of damage to a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFileFault {
    /// The file does not exist.
    Missing,
    /// It does not open, or is not the file that was written.
    Damaged,
    /// It is whole but belongs to another space.
    Exchanged,
}

/// SHA-256 of a key file as stored on the disk, for files that this process cannot open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFileHash(pub [u8; 32]);

impl KeyFileHash {
    pub(super) fn of(sealed: &[u8]) -> Self {
        Self(Sha256::digest(sealed).into())
    }
}

impl KeyRing {
    /// Hash of the present recovery file; `None` if it is missing. Errors: `Io`.
    pub fn recovery_file(&self) -> Result<Option<KeyFileHash>, VaultError> {
        Ok(read(self.files.as_ref(), &ROOT_RECOVERY)?.as_deref().map(KeyFileHash::of))
    }

    /// The root files that changed: the everyday one since this process last opened or wrote it, the recovery file
    /// since its hash was taken. Errors: `Io`.
    pub fn root_faults(
        &self,
        recovery: Option<KeyFileHash>,
    ) -> Result<Vec<(SmallFile, KeyFileFault)>, VaultError> {
        let mut faults = Vec::new();
        let everyday = *self.root_file.lock().unwrap_or_else(PoisonError::into_inner);
        for (file, known) in [(ROOT, everyday), (ROOT_RECOVERY, recovery)] {
            match read(self.files.as_ref(), &file)? {
                None => faults.push((file, KeyFileFault::Missing)),
                Some(sealed) if known.is_some_and(|known| known != KeyFileHash::of(&sealed)) => {
                    faults.push((file, KeyFileFault::Damaged));
                }
                Some(_) => {}
            }
        }
        match open_to_root(self.files.as_ref(), &RECOVERY_RECIPIENT, &self.identity) {
            Ok(None) => faults.push((RECOVERY_RECIPIENT, KeyFileFault::Missing)),
            Ok(Some(text)) if self.is_recovery(&text) => {}
            Err(error @ VaultError::Io { .. }) => return Err(error),
            _ => faults.push((RECOVERY_RECIPIENT, KeyFileFault::Damaged)),
        }
        Ok(faults)
    }

    fn is_recovery(&self, text: &[u8]) -> bool {
        let parsed = std::str::from_utf8(text).ok().and_then(|text| RecoveryRecipient::parse(text).ok());
        parsed.is_some_and(|recipient| recipient == self.recovery().present)
    }

    /// Checks that a space's key file exists and holds the key that this process uses. Errors: `Io`.
    pub fn space_key_fault(&self, space: SpaceId) -> Result<Option<KeyFileFault>, VaultError> {
        Ok(match self.read_space_key(space)? {
            Ok(found) => {
                let is_other = self.cache().get(&space).is_some_and(|used| !used.is_same(&found));
                is_other.then_some(KeyFileFault::Damaged)
            }
            Err(fault) => Some(fault),
        })
    }

    /// Reads a space's key from its file. With the key of another space, new files in this space would be sealed
    /// for the wrong people, and its members would lose them once the right file is back. Errors: `Io`.
    pub(super) fn read_space_key(
        &self,
        space: SpaceId,
    ) -> Result<Result<SpaceKey, KeyFileFault>, VaultError> {
        let text = match open_to_root(self.files.as_ref(), &SmallFile::space_key(space), &self.identity) {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(Err(KeyFileFault::Missing)),
            Err(error @ VaultError::Io { .. }) => return Err(error),
            Err(_) => return Ok(Err(KeyFileFault::Damaged)),
        };
        Ok(match SpaceKey::from_text(&text) {
            Some((key, whose)) if whose.is_none_or(|whose| whose == space) => Ok(key),
            Some(_) => Err(KeyFileFault::Exchanged),
            None => Err(KeyFileFault::Damaged),
        })
    }
}
