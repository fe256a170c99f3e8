//! An instance: opens the data directory, its keys, catalogue, library and accounts in order.

use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::directory::DataDirectory;
use super::directory_error::DirectoryError;
use crate::accounts::{Accounts, AccountsError, AppPasswordKey, SessionKey, UserName, check_password};
use crate::admin::Admin;
use crate::catalog::{Catalog, CatalogError, CatalogKey};
use crate::intake::Intake;
use crate::library::{Library, LibraryError, RESERVE};
use crate::model::{NamePolicy, Role, Stamp, Timestamp, layout};
use crate::net::{SELF_SIGNED_DAYS, SelfSigned, Tls, TlsError, TlsSource, self_signed};
use crate::notices::{BounceKey, Notices};
use crate::proof::Signer;
use crate::recovery::Recovery;
use crate::sharing::{LinkKeys, Sharing};
use crate::uploads::Uploads;
use crate::vault::VaultError;
use crate::vault::disk::{Capacity, KeyFiles, Overwrite, SmallFile, Storage};
use crate::vault::keys::{KeyRing, RecoveryRecipient, Unlock};

const CERTIFICATE: SmallFile = SmallFile::fixed(layout::CERTIFICATE);
/// Sealed: a line with the certificate's expiry in milliseconds since 1970 and its hosts, separated by
/// blanks, then the key as PEM.
const TLS_KEY: SmallFile = SmallFile::fixed(layout::TLS_KEY);
/// The server renews its self-signed certificate when less than this remains.
const RENEW_BEFORE: std::time::Duration = std::time::Duration::from_hours(30 * 24);

/// Longest remaining validity of a self-signed certificate; one with more was made while the clock was fast,
/// and is replaced.
const MAX_LEFT: std::time::Duration = std::time::Duration::from_hours(SELF_SIGNED_DAYS * 24);

/// Why an instance cannot be opened or created.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Wrong, missing or damaged keys.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The catalogue cannot be opened.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A user cannot be created.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// An operation of the library failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The instance's own certificate cannot be created or used.
    #[error("the server's certificate is unusable")]
    Tls(#[from] TlsError),
    /// The sealed TLS key was not sealed by this instance.
    #[error(
        "{} is damaged; remove {}/ and a new certificate is made at the next start",
        layout::TLS_KEY,
        layout::TLS
    )]
    TlsKey,
    /// A small file could not be read or written.
    #[error("cannot {doing}")]
    Io {
        /// The operation that failed.
        doing: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

/// An open instance.
pub struct Instance {
    /// Spaces and their files.
    pub library: Library,
    /// Resumable uploads into the files.
    pub uploads: Uploads,
    /// Verification, snapshots, the recovery key.
    pub recovery: Recovery,
    /// Users and their rights.
    pub accounts: Accounts,
    /// Links for guests.
    pub sharing: Sharing,
    /// The holding area; without a scanner until the server sets one.
    pub intake: Intake,
    /// Notices by mail; none are sent until the server sets a mail server.
    pub notices: Notices,
    keys: Arc<KeyRing>,
    key_files: Arc<dyn KeyFiles>,
    catalog: Catalog,
}

/// The first administrator.
pub struct FirstAdministrator {
    /// Login name.
    pub name: UserName,
    /// Password.
    pub password: SecretString,
}

impl FirstAdministrator {
    /// Refuses a password that the instance would refuse, before anything is created.
    pub fn check(name: &UserName, password: &SecretString) -> Result<(), AccountsError> {
        Ok(check_password(password, name)?)
    }
}

impl Instance {
    /// Creates an instance in an empty directory. It counts as an instance only once everything is there and
    /// durable.
    pub async fn create(
        directory: &DataDirectory,
        unlock: &Unlock,
        recovery: &RecoveryRecipient,
        administrator: FirstAdministrator,
        names: NamePolicy,
        now: Timestamp,
    ) -> Result<Self, InstanceError> {
        let storage = directory.storage();
        let keys = Arc::new(KeyRing::create(Arc::clone(&storage.key_files), unlock, recovery)?);
        let catalog = Catalog::create(&directory.catalog(), &catalog_key(&keys))?;
        let instance = Self::join(catalog, storage, keys, names).await?;
        let FirstAdministrator { name, password } = administrator;
        instance.accounts.add_user(&name, Role::Administrator, Some(password), Stamp::owner(now)).await?;
        directory.finish()?;
        Ok(instance)
    }

    /// Opens an existing instance.
    pub async fn open(
        directory: &DataDirectory,
        unlock: &Unlock,
        names: NamePolicy,
    ) -> Result<Self, InstanceError> {
        let storage = directory.storage();
        let keys = Arc::new(KeyRing::open(Arc::clone(&storage.key_files), unlock)?);
        make_room(&*storage.capacity)?;
        let catalog = Catalog::open(&directory.catalog(), &catalog_key(&keys))?;
        // Only now is it certain that this program may use the directory.
        storage.housekeeping.remove_parts().map_err(io("clear what an earlier run left in tmp"))?;
        directory.clear_rebuilt()?;
        Self::join(catalog, storage, keys, names).await
    }

    async fn join(
        catalog: Catalog,
        storage: Storage,
        keys: Arc<KeyRing>,
        names: NamePolicy,
    ) -> Result<Self, InstanceError> {
        let library = Library::open(catalog.clone(), storage.clone(), Arc::clone(&keys), names).await?;
        let app_passwords = AppPasswordKey::new(Zeroizing::new(*keys.token_key().expose()));
        let sessions = SessionKey::new(Zeroizing::new(*keys.session_key().expose()));
        let accounts = Accounts::new(catalog.clone(), app_passwords, sessions);
        let (uploads, recovery) = (Uploads::new(library.clone()), Recovery::new(library.clone()));
        let seed = Zeroizing::new(*keys.certificate_key().expose());
        let signer = Arc::new(Signer::new(format!("tresor-{}", library.instance_id()), &seed));
        let intake = Intake::new(library.clone(), Arc::clone(&signer));
        let sharing =
            Sharing::new(catalog.clone(), library.clone(), accounts.clone(), link_keys(&keys), signer);
        let bounces = BounceKey::new(Zeroizing::new(*keys.bounce_key().expose()));
        let id = library.instance_id();
        let notices = Notices::new(catalog.clone(), accounts.clone(), sharing.clone(), id, bounces);
        Ok(Self {
            library,
            uploads,
            recovery,
            accounts,
            sharing,
            intake,
            notices,
            keys,
            key_files: storage.key_files,
            catalog,
        })
    }

    /// The operations of the owner.
    pub fn admin(&self) -> Admin {
        let Self { library, uploads, recovery, accounts, sharing, intake, notices, .. } = self;
        Admin::new(
            library.clone(),
            uploads.clone(),
            recovery.clone(),
            accounts.clone(),
            sharing.clone(),
            intake.clone(),
            notices.clone(),
        )
    }

    /// The instance's own certificate. Creates a new one if it expires soon, is not valid yet, or is for
    /// other hosts. Its key is sealed on the disk.
    pub fn certificate(&self, hosts: &[String], now: Timestamp) -> Result<TlsSource, InstanceError> {
        if let Some((cert_pem, key_pem)) = self.stored_certificate(hosts, now)? {
            return Ok(TlsSource::Memory { cert_pem, key_pem });
        }
        let SelfSigned { cert_pem, key_pem, not_after } = new_certificate(hosts, now)?;
        let kept = Zeroizing::new(format!("{}{}\n{}", not_after.0, host_words(hosts), *key_pem));
        let sealed = self.keys.seal_blob(kept.as_bytes());
        self.key_files
            .write_small(&TLS_KEY, &sealed, Overwrite::Replace)
            .and_then(|()| self.key_files.write_small(&CERTIFICATE, cert_pem.as_bytes(), Overwrite::Replace))
            .map_err(io("store the server's certificate"))?;
        Ok(TlsSource::Memory { cert_pem, key_pem })
    }

    fn stored_certificate(
        &self,
        hosts: &[String],
        now: Timestamp,
    ) -> Result<Option<(String, Zeroizing<String>)>, InstanceError> {
        let read = |file| self.key_files.read_small(file).map_err(io("read the server's certificate"));
        let (Some(certificate), Some(sealed)) = (read(&CERTIFICATE)?, read(&TLS_KEY)?) else {
            return Ok(None);
        };
        let kept = self.keys.open_blob(&sealed).ok_or(InstanceError::TlsKey)?;
        let kept = std::str::from_utf8(&kept).map_err(|_| InstanceError::TlsKey)?;
        let (line, key) = kept.split_once('\n').ok_or(InstanceError::TlsKey)?;
        let (not_after, made_for) = line.split_at(line.find(' ').unwrap_or(line.len()));
        let not_after = not_after.parse().map(Timestamp).map_err(|_| InstanceError::TlsKey)?;
        let left = not_after.since(now);
        if left < RENEW_BEFORE || left > MAX_LEFT || made_for != host_words(hosts) {
            return Ok(None);
        }
        let certificate = String::from_utf8(certificate).map_err(|_| InstanceError::TlsKey)?;
        // A crash between the two writes leaves a pair that does not match; then a new one is made.
        let pair = (certificate, Zeroizing::new(key.to_owned()));
        let fits = Tls::load(TlsSource::Memory { cert_pem: pair.0.clone(), key_pem: pair.1.clone() }).is_ok();
        Ok(fits.then_some(pair))
    }

    /// Fails if none of the stored files is present. Commands do not call it: they report which ones are
    /// missing.
    pub async fn require_contents(&self, directory: &DataDirectory) -> Result<(), InstanceError> {
        match self.library.lost_space().await? {
            None => Ok(()),
            Some(space) => {
                let path = directory.spaces().display().to_string();
                Err(DirectoryError::ContentsMissing { path, space }.into())
            }
        }
    }

    /// Ends the catalogue's writer once its queue is empty.
    pub fn close(&self) {
        self.catalog.close();
    }
}

/// Frees the reserve if the disk is otherwise full: a start writes a little, and readers should not have to
/// wait until a person frees space.
fn make_room(capacity: &dyn Capacity) -> Result<(), InstanceError> {
    if capacity.available().map_err(io("ask for the free space"))? < RESERVE
        && capacity.give_up_reserve().map_err(io("give up the reserve"))?
    {
        tracing::warn!("the disk is full: the reserve is freed, so that files can be read and deleted");
    }
    Ok(())
}

/// Creates a temporary certificate for a locked server, whose own is still sealed.
pub(super) fn ephemeral_certificate(hosts: &[String], now: Timestamp) -> Result<TlsSource, InstanceError> {
    let SelfSigned { cert_pem, key_pem, .. } = new_certificate(hosts, now)?;
    Ok(TlsSource::Memory { cert_pem, key_pem })
}

fn new_certificate(hosts: &[String], now: Timestamp) -> Result<SelfSigned, TlsError> {
    let (addresses, names): (Vec<_>, Vec<_>) = hosts.iter().partition(|host| address_of(host).is_some());
    let addresses: Vec<_> = addresses.into_iter().filter_map(|host| address_of(host)).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    self_signed(&names, &addresses, now)
}

/// All hosts, each preceded by a blank.
fn host_words(hosts: &[String]) -> String {
    hosts.iter().flat_map(|host| [" ", host]).collect()
}

fn address_of(host: &str) -> Option<std::net::IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Seals the root secret under another passphrase or key file, and recreates `keys/root.age` if it is
/// missing. Needs no catalogue. `present` may be the recovery key.
///
/// Errors: those of [`KeyRing::open`] and [`KeyRing::change_unlock`]; the old passphrase or key file stays
/// valid.
pub fn change_unlock(directory: &DataDirectory, present: &Unlock, new: &Unlock) -> Result<(), VaultError> {
    KeyRing::open(directory.storage().key_files, present)?.change_unlock(new)
}

pub(super) fn catalog_key(keys: &KeyRing) -> CatalogKey {
    CatalogKey::new(*keys.catalogue_key().expose())
}

fn link_keys(keys: &KeyRing) -> LinkKeys {
    let (token, lookup, pass) = (keys.link_token_key(), keys.link_lookup_key(), keys.link_pass_key());
    let [token, lookup, pass] =
        [token.expose(), lookup.expose(), pass.expose()].map(|key| Zeroizing::new(*key));
    LinkKeys::new(token, lookup, pass)
}

fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> InstanceError {
    move |source| InstanceError::Io { doing, source }
}

/// Reads a secret from a file: its text without the line end.
pub fn secret_from_file(path: &Path) -> Result<SecretString, InstanceError> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(io("read a secret's file"))?;
    Ok(SecretString::from(text.trim_end_matches(['\n', '\r'])))
}

/// Whether a secret has any text.
pub fn is_blank(secret: &SecretString) -> bool {
    secret.expose_secret().trim().is_empty()
}
