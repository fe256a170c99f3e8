//! All keys of an instance.
//!
//! ```text
//! keys/root.age                 root secret, sealed by passphrase OR to a key file
//! keys/root.recovery.age        the same secret, to the offline recovery recipient
//! keys/recovery-recipient.age   that recipient, to the root identity
//! keys/spaces/<space-id>.age    a space's identity, to root identity and recovery recipient
//! keys/names/<space-id>.age     its name and settings, to the same two: the catalogue may be lost
//! ```
//! A passphrase stanza must stand alone in its file (age v1 spec, "scrypt"), hence two root files.
//! Recipients are secret too: age does not authenticate senders, so anyone with a recipient can forge.

mod check;
mod derive;
mod exchange;
mod lock;
mod recovery;
mod seal;
mod space;

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use age::secrecy::ExposeSecret;
use age::stream::{StreamReader, StreamWriter};
use zeroize::Zeroizing;

use super::disk::{KeyFiles, Overwrite, SmallFile};
use super::error::VaultError;
use crate::model::{SpaceId, layout};

pub use check::{KeyFileFault, KeyFileHash};
pub use derive::{
    AuditKey, BounceKey, CatalogueKey, CertificateKey, LinkLookupKey, LinkPassKey, LinkTokenKey, SessionKey,
    TokenKey,
};
pub use lock::Unlock;
pub use space::{RecoveryRecipient, SpaceKey, SpaceRecipient, generate_recovery};

use derive::RootSecret;
use lock::WorkFactor;
use recovery::Recovery;

/// Notes are padded to a multiple of this many bytes.
const NOTE_PADDING: usize = 512;
const ROOT: SmallFile = SmallFile::fixed(layout::ROOT_KEY);
const ROOT_RECOVERY: SmallFile = SmallFile::fixed(layout::ROOT_RECOVERY_KEY);
const RECOVERY_RECIPIENT: SmallFile = SmallFile::fixed(layout::RECOVERY_RECIPIENT);

/// The unlocked keys of one instance.
pub struct KeyRing {
    files: Arc<dyn KeyFiles>,
    root: RootSecret,
    identity: age::x25519::Identity,
    recovery: Mutex<Recovery>,
    spaces: Mutex<HashMap<SpaceId, Arc<SpaceKey>>>,
    /// Hash of `keys/root.age` as this process last opened or wrote it.
    root_file: Mutex<Option<KeyFileHash>>,
    work: WorkFactor,
}

impl KeyRing {
    /// Creates the keys of a new instance: all files or none, durably.
    ///
    /// Errors: `KeysExist` (nothing is overwritten), `NotAnIdentity` for an unusable key file, `RecoveryIsOffline`
    /// for [`Unlock::Recovery`], `Io`.
    pub fn create(
        files: Arc<dyn KeyFiles>,
        unlock: &Unlock,
        recovery: &RecoveryRecipient,
    ) -> Result<Self, VaultError> {
        Self::create_with(files, unlock, recovery, WorkFactor::PRODUCTION)
    }

    fn create_with(
        files: Arc<dyn KeyFiles>,
        unlock: &Unlock,
        recovery: &RecoveryRecipient,
        work: WorkFactor,
    ) -> Result<Self, VaultError> {
        let root = RootSecret::random();
        let identity = root.identity();
        let sealed_root = seal_root(unlock, &root, work)?;
        let for_recovery = seal::to(&[recovery.as_age()], root.expose());
        let recipient = seal::to(&[&identity.to_public()], recovery.text().as_bytes());
        files
            .create_folder(
                layout::KEYS,
                &[
                    (ROOT.name(), sealed_root.as_slice()),
                    (ROOT_RECOVERY.name(), &for_recovery),
                    (RECOVERY_RECIPIENT.name(), &recipient),
                ],
            )
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => VaultError::KeysExist,
                _ => VaultError::io("write the key files")(source),
            })?;
        let root_file = Mutex::new(Some(KeyFileHash::of(&sealed_root)));
        let recovery = Mutex::new(Recovery::new(recovery.clone()));
        Ok(Self { files, root, identity, recovery, spaces: Mutex::default(), root_file, work })
    }

    /// Opens the keys of an instance. Writes nothing.
    ///
    /// Errors: `NoKeys` for a directory that was never initialised; `WrongPassphrase`, `WrongKeyFile`,
    /// `PassphraseNeeded`, `KeyFileNeeded`, `NotAnIdentity` for the given secret; `KeyFileMissing`,
    /// `KeyFileDamaged` for the files on disk; `Io`.
    pub fn open(files: Arc<dyn KeyFiles>, unlock: &Unlock) -> Result<Self, VaultError> {
        Self::open_with(files, unlock, WorkFactor::PRODUCTION)
    }

    fn open_with(files: Arc<dyn KeyFiles>, unlock: &Unlock, work: WorkFactor) -> Result<Self, VaultError> {
        let place = match unlock {
            Unlock::Passphrase(_) | Unlock::KeyFile(_) => ROOT,
            Unlock::Recovery(_) => ROOT_RECOVERY,
        };
        let Some(sealed) = read(files.as_ref(), &place)? else {
            return Err(Self::absent(files.as_ref(), &place));
        };
        let secret = unlock.open(&sealed, &place)?;
        let root = RootSecret::from_bytes(&secret).ok_or_else(|| damaged(&place))?;
        let identity = root.identity();
        let recipient = open_to_root(files.as_ref(), &RECOVERY_RECIPIENT, &identity)?
            .ok_or_else(|| missing(&RECOVERY_RECIPIENT))?;
        let recovery = std::str::from_utf8(&recipient)
            .ok()
            .and_then(|text| RecoveryRecipient::parse(text).ok())
            .ok_or_else(|| damaged(&RECOVERY_RECIPIENT))?;
        let recovery = Mutex::new(Recovery::new(recovery));
        let root_file = Mutex::new((place == ROOT).then(|| KeyFileHash::of(&sealed)));
        Ok(Self { files, root, identity, recovery, spaces: Mutex::default(), root_file, work })
    }

    /// The error for a missing file: the instance lost it, or was never initialised.
    fn absent(files: &dyn KeyFiles, place: &SmallFile) -> VaultError {
        let others = [ROOT, ROOT_RECOVERY, RECOVERY_RECIPIENT];
        let any = others.iter().any(|file| !matches!(files.read_small(file), Ok(None)));
        if any { missing(place) } else { VaultError::NoKeys }
    }

    /// Seals the root secret anew, with another passphrase or key file. Containers, space keys and the recovery
    /// file do not change.
    ///
    /// Errors: as [`Self::create`], without `KeysExist`. On an error the old passphrase or key file stays valid:
    /// its file is replaced, durably, only after the new one was opened as a check.
    pub fn change_unlock(&self, unlock: &Unlock) -> Result<(), VaultError> {
        let sealed = seal_root(unlock, &self.root, self.work)?;
        self.files
            .write_small(&ROOT, &sealed, Overwrite::Replace)
            .map_err(VaultError::io("replace the root key file"))?;
        *self.root_file.lock().unwrap_or_else(PoisonError::into_inner) = Some(KeyFileHash::of(&sealed));
        Ok(())
    }

    /// Ten lower-case letters and digits that identify this instance. Not secret.
    pub fn instance_id(&self) -> String {
        self.root.instance_id()
    }

    /// Key of the encrypted catalogue.
    pub fn catalogue_key(&self) -> CatalogueKey {
        CatalogueKey::derive(&self.root)
    }

    /// Key for looking up app passwords.
    pub fn token_key(&self) -> TokenKey {
        TokenKey::derive(&self.root)
    }

    /// Key that chains the audit log.
    pub fn audit_key(&self) -> AuditKey {
        AuditKey::derive(&self.root)
    }

    /// Key that signs sessions.
    pub fn session_key(&self) -> SessionKey {
        SessionKey::derive(&self.root)
    }

    /// Key of the addresses to which reports about mails come back.
    pub fn bounce_key(&self) -> BounceKey {
        BounceKey::derive(&self.root)
    }

    /// Seed of the key that signs certificates.
    pub fn certificate_key(&self) -> CertificateKey {
        CertificateKey::derive(&self.root)
    }

    /// Key that turns links' nonces into tokens.
    pub fn link_token_key(&self) -> LinkTokenKey {
        LinkTokenKey::derive(&self.root)
    }

    /// Key for looking up links.
    pub fn link_lookup_key(&self) -> LinkLookupKey {
        LinkLookupKey::derive(&self.root)
    }

    /// Key that signs the value a browser keeps after a link's password was given.
    pub fn link_pass_key(&self) -> LinkPassKey {
        LinkPassKey::derive(&self.root)
    }

    /// Creates a space's key, durably. Errors: `SpaceKeyExists`, `Io`.
    pub fn create_space_key(&self, space: SpaceId) -> Result<Arc<SpaceKey>, VaultError> {
        let key = Arc::new(SpaceKey::generate());
        let recovery = self.recovery();
        let sealed = self.seal_shared(&recovery, key.text_for(space).expose_secret().as_bytes());
        let place = SmallFile::space_key(space);
        self.files.write_small(&place, &sealed, Overwrite::Forbid).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => VaultError::SpaceKeyExists(space),
            _ => VaultError::io("write a space's key file")(source),
        })?;
        self.cache().insert(space, Arc::clone(&key));
        Ok(key)
    }

    /// A space's key; read from its file the first time.
    ///
    /// Errors: `SpaceKeyMissing`, `KeyFileDamaged` (also for a file of another space), `Io`.
    pub fn space_key(&self, space: SpaceId) -> Result<Arc<SpaceKey>, VaultError> {
        if let Some(key) = self.cache().get(&space) {
            return Ok(Arc::clone(key));
        }
        let key = self.read_space_key(space)?.map_err(|fault| match fault {
            KeyFileFault::Missing => VaultError::SpaceKeyMissing(space),
            KeyFileFault::Damaged | KeyFileFault::Exchanged => damaged(&SmallFile::space_key(space)),
        })?;
        let key = Arc::new(key);
        self.cache().insert(space, Arc::clone(&key));
        Ok(key)
    }

    /// Destroys a space's key here; once the copies in key backups are gone too, no container of the space can ever
    /// be opened again. Idempotent. Open readers keep their own payload keys.
    pub fn destroy_space_key(&self, space: SpaceId) -> Result<(), VaultError> {
        let _recovery = self.recovery();
        self.files
            .remove_small(&SmallFile::space_key(space))
            .map_err(VaultError::io("remove a space's key file"))?;
        self.files
            .remove_small(&SmallFile::space_note(space))
            .map_err(VaultError::io("remove the note of a space's name"))?;
        self.cache().remove(&space);
        Ok(())
    }

    /// Saves a space's name and settings in a sealed note, in place of an earlier one, durably. Errors: `Io`.
    pub fn note_space(&self, space: SpaceId, text: &str) -> Result<(), VaultError> {
        // The length of a name must not show.
        let mut padded = text.as_bytes().to_vec();
        padded.resize(text.len().next_multiple_of(NOTE_PADDING), b' ');
        let recovery = self.recovery();
        let sealed = self.seal_shared(&recovery, &padded);
        self.files
            .write_small(&SmallFile::space_note(space), &sealed, Overwrite::Replace)
            .map_err(VaultError::io("write the note of a space's name"))
    }

    /// Reads the note of [`Self::note_space`]; `None` without one. Errors: `KeyFileDamaged`, `Io`.
    pub fn space_note(&self, space: SpaceId) -> Result<Option<String>, VaultError> {
        let place = SmallFile::space_note(space);
        let note = open_to_root(self.files.as_ref(), &place, &self.identity)?;
        let text = |note: Zeroizing<Vec<u8>>| {
            let text = std::str::from_utf8(&note).map_err(|_| damaged(&place))?;
            Ok(text.trim_end_matches(' ').to_owned())
        };
        note.map(text).transpose()
    }

    /// Starts a large age file to root identity and recovery recipient, such as a snapshot of the catalogue. Call
    /// `finish` at its end; otherwise it does not open.
    pub fn seal_stream<W: Write>(&self, to: W) -> io::Result<StreamWriter<W>> {
        seal::stream(&self.recovery().beside(&self.identity.to_public()), to)
    }

    /// Reads a file of [`Self::seal_stream`]; a truncated file ends in an error. `None` for any other file.
    pub fn open_stream<R: BufRead>(&self, from: R) -> Option<StreamReader<R>> {
        seal::open_stream(from, &self.identity).ok()
    }

    /// Seals small data of the instance, such as the TLS key, as an age file to the root identity.
    pub fn seal_blob(&self, bytes: &[u8]) -> Vec<u8> {
        seal::to(&[&self.identity.to_public()], bytes)
    }

    /// Opens a blob of [`Self::seal_blob`]. `None` for anything else.
    pub fn open_blob(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        seal::open(sealed, &[&self.identity]).ok()
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<SpaceId, Arc<SpaceKey>>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRing([redacted])")
    }
}

/// Seals the root secret and proves that `unlock` opens it again, because the file that this replaces may be the
/// only one for everyday use. Errors: `UnlockUnproven`, `NotAnIdentity`, `RecoveryIsOffline`.
fn seal_root(unlock: &Unlock, root: &RootSecret, work: WorkFactor) -> Result<Vec<u8>, VaultError> {
    let sealed = unlock.seal(root.expose(), work)?;
    match unlock.open(&sealed, &ROOT) {
        Ok(opened) if opened.as_slice() == root.expose() => Ok(sealed),
        _ => Err(VaultError::UnlockUnproven),
    }
}

fn read(files: &dyn KeyFiles, place: &SmallFile) -> Result<Option<Vec<u8>>, VaultError> {
    files.read_small(place).map_err(VaultError::io("read a key file"))
}

fn open_to_root(
    files: &dyn KeyFiles,
    place: &SmallFile,
    identity: &age::x25519::Identity,
) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
    read(files, place)?.map(|sealed| seal::open(&sealed, &[identity]).map_err(|_| damaged(place))).transpose()
}

fn missing(place: &SmallFile) -> VaultError {
    VaultError::KeyFileMissing { file: place.as_str().to_owned() }
}

fn damaged(place: &SmallFile) -> VaultError {
    VaultError::KeyFileDamaged { file: place.as_str().to_owned() }
}

#[cfg(test)]
mod tests;
