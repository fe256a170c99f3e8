//! Ways to open the root secret.

use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, Identity, IdentityFile, Recipient, scrypt};
use zeroize::Zeroizing;

use super::{damaged, seal};
use crate::vault::disk::SmallFile;
use crate::vault::error::VaultError;

/// Highest accepted work factor of scrypt: 2^20 blocks are 1 GiB of memory.
const MAX_WORK_FACTOR: u8 = 20;

/// A way to open the instance.
pub enum Unlock {
    /// The passphrase of `keys/root.age`.
    Passphrase(SecretString),
    /// Text of an age identity file to which `keys/root.age` is sealed.
    KeyFile(SecretString),
    /// Text of the offline recovery identity; opens `keys/root.recovery.age`.
    Recovery(SecretString),
}

impl std::fmt::Debug for Unlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Passphrase(_) => "Passphrase([redacted])",
            Self::KeyFile(_) => "KeyFile([redacted])",
            Self::Recovery(_) => "Recovery([redacted])",
        })
    }
}

/// Cost of one guess at the passphrase: 2^n blocks of scrypt.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkFactor(u8);

impl WorkFactor {
    /// About a second and 256 MiB; the same as `age -p`.
    pub(super) const PRODUCTION: Self = Self(18);
    #[cfg(test)]
    pub(super) const CHEAP: Self = Self(2);
}

/// Shortest new passphrase in characters. Somebody who steals the disk can try any number of guesses.
const MIN_PASSPHRASE_CHARS: usize = 12;

impl Unlock {
    /// Refuses anything that could not seal a new instance, before any file is written.
    ///
    /// Errors: `ShortPassphrase`, `NotAnIdentity`, `RecoveryIsOffline`.
    pub fn check_new(&self) -> Result<(), VaultError> {
        match self {
            Self::Passphrase(text) if text.expose_secret().chars().count() < MIN_PASSPHRASE_CHARS => {
                Err(VaultError::ShortPassphrase { least: MIN_PASSPHRASE_CHARS })
            }
            Self::Passphrase(_) => Ok(()),
            Self::KeyFile(text) => recipients(text).map(drop),
            Self::Recovery(_) => Err(VaultError::RecoveryIsOffline),
        }
    }

    pub(super) fn seal(&self, secret: &[u8], work: WorkFactor) -> Result<Vec<u8>, VaultError> {
        match self {
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(work.0);
                Ok(seal::to(&[&recipient], secret))
            }
            Self::KeyFile(text) => {
                let recipients = recipients(text)?;
                let recipients: Vec<&dyn Recipient> =
                    recipients.iter().map(|recipient| recipient.as_ref() as &dyn Recipient).collect();
                Ok(seal::to(&recipients, secret))
            }
            Self::Recovery(_) => Err(VaultError::RecoveryIsOffline),
        }
    }

    pub(super) fn open(&self, sealed: &[u8], place: &SmallFile) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let is_scrypt = age::Decryptor::new_buffered(sealed).map_err(|_| damaged(place))?.is_scrypt();
        match self {
            Self::Passphrase(_) if !is_scrypt => Err(VaultError::KeyFileNeeded),
            Self::KeyFile(_) | Self::Recovery(_) if is_scrypt => Err(VaultError::PassphraseNeeded),
            Self::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MAX_WORK_FACTOR);
                seal::open(sealed, &[&identity])
                    .map_err(|error| refusal(&error, VaultError::WrongPassphrase, place))
            }
            Self::KeyFile(text) | Self::Recovery(text) => {
                let identities =
                    identity_file(text)?.into_identities().map_err(|_| VaultError::NotAnIdentity)?;
                let identities: Vec<&dyn Identity> =
                    identities.iter().map(|identity| identity.as_ref() as &dyn Identity).collect();
                seal::open(sealed, &identities)
                    .map_err(|error| refusal(&error, VaultError::WrongKeyFile, place))
            }
        }
    }
}

/// Distinguishes a key that does not fit from bytes that were never sealed.
fn refusal(error: &DecryptError, wrong: VaultError, place: &SmallFile) -> VaultError {
    match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            wrong
        }
        _ => damaged(place),
    }
}

fn recipients(text: &SecretString) -> Result<Vec<Box<dyn Recipient + Send>>, VaultError> {
    let recipients = identity_file(text)?.to_recipients().map_err(|_| VaultError::NotAnIdentity)?;
    if recipients.is_empty() { Err(VaultError::NotAnIdentity) } else { Ok(recipients) }
}

fn identity_file(text: &SecretString) -> Result<IdentityFile<age::NoCallbacks>, VaultError> {
    IdentityFile::from_buffer(text.expose_secret().as_bytes()).map_err(|_| VaultError::NotAnIdentity)
}
