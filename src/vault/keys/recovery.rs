//! Changes the recovery key.
//!
//! Each file is replaced on its own, so for a while some are replaced and others are not. At every moment one of
//! the two keys opens all of them:
//!
//! ```text
//! 1. each file to the present and the next recipient      the present key opens all
//! 2. keys/recovery-recipient.age names the next one       both keys do
//! 3. each file to the next recipient alone                the next key opens all
//! ```
//! If this is interrupted, `keys/recovery-recipient.age` names the key that opens everything, and the whole change
//! can be made again with another key. Snapshots are handled the same way: see `library::recovery_key`.

use std::sync::{MutexGuard, PoisonError};

use age::Recipient;

use super::{KeyRing, RECOVERY_RECIPIENT, ROOT_RECOVERY, RecoveryRecipient, open_to_root, seal};
use crate::vault::VaultError;
use crate::vault::disk::{Overwrite, SmallFile};

/// The recovery recipients that files are sealed to.
pub(super) struct Recovery {
    /// The recipient named in `keys/recovery-recipient.age`.
    pub(super) present: RecoveryRecipient,
    /// The recipient that is about to replace it.
    next: Option<RecoveryRecipient>,
}

impl Recovery {
    pub(super) fn new(present: RecoveryRecipient) -> Self {
        Self { present, next: None }
    }

    fn recipients(&self) -> Vec<&dyn Recipient> {
        [Some(&self.present), self.next.as_ref()]
            .into_iter()
            .flatten()
            .map(|recipient| recipient.as_age() as &dyn Recipient)
            .collect()
    }

    /// The recovery recipients together with `root`.
    pub(super) fn beside<'a>(&'a self, root: &'a age::x25519::Recipient) -> Vec<&'a dyn Recipient> {
        let mut recipients = self.recipients();
        recipients.push(root);
        recipients
    }
}

impl KeyRing {
    /// Seals all key files, and everything from now on, to the present recovery recipient and to `next`.
    ///
    /// Errors: `Io`; the present recovery key still opens everything.
    pub fn add_recovery(&self, next: &RecoveryRecipient) -> Result<(), VaultError> {
        let mut recovery = self.recovery();
        recovery.next = Some(next.clone());
        self.reseal_all(&recovery).map(drop)
    }

    /// Replaces the present recipient by the one of [`Self::add_recovery`]. Returns the files that are damaged and
    /// could not be sealed again.
    ///
    /// Errors: `Io`; one of the two recovery keys opens everything, and after a repetition the next one alone.
    pub fn retire_recovery(&self) -> Result<Vec<SmallFile>, VaultError> {
        let mut recovery = self.recovery();
        if let Some(next) = recovery.next.clone() {
            let note = seal::to(&[&self.identity.to_public()], next.text().as_bytes());
            self.write(&RECOVERY_RECIPIENT, &note)?;
            *recovery = Recovery::new(next);
        }
        self.reseal_all(&recovery)
    }

    /// Held while a file is sealed and written, so that no file is sealed to a retired recipient and no removed
    /// file comes back.
    pub(super) fn recovery(&self) -> MutexGuard<'_, Recovery> {
        self.recovery.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals to the root identity and the recovery recipients.
    pub(super) fn seal_shared(&self, recovery: &Recovery, bytes: &[u8]) -> Vec<u8> {
        seal::to(&recovery.beside(&self.identity.to_public()), bytes)
    }

    fn reseal_all(&self, recovery: &Recovery) -> Result<Vec<SmallFile>, VaultError> {
        self.write(&ROOT_RECOVERY, &seal::to(&recovery.recipients(), self.root.expose()))?;
        let spaces = self.files.space_keys().map_err(VaultError::io("list the spaces' key files"))?;
        let mut damaged = Vec::new();
        for file in spaces.into_iter().flat_map(|id| [SmallFile::space_key(id), SmallFile::space_note(id)]) {
            match open_to_root(self.files.as_ref(), &file, &self.identity) {
                Ok(Some(text)) => self.write(&file, &self.seal_shared(recovery, &text))?,
                Ok(None) => {}
                Err(error @ VaultError::Io { .. }) => return Err(error),
                Err(_) => damaged.push(file),
            }
        }
        Ok(damaged)
    }

    fn write(&self, file: &SmallFile, sealed: &[u8]) -> Result<(), VaultError> {
        self.files
            .write_small(file, sealed, Overwrite::Replace)
            .map_err(VaultError::io("seal a key file to the recovery key"))
    }
}
