//! Rebuilds the catalogue: from the newest sound snapshot, or an older catalogue, or nothing, and then from
//! the containers.
//!
//! The new catalogue is created beside the present one and replaces it at the very end; the old one is kept
//! under another name. If the command is interrupted at any point, it can simply be run again.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::directory::DataDirectory;
use super::directory_error::DirectoryError;
use super::instance::{FirstAdministrator, catalog_key};
use crate::accounts::{Accounts, AccountsError, AppPasswordKey, SessionKey};
use crate::catalog::{Catalog, CatalogError, CatalogKey};
use crate::library::{Library, LibraryError, RESERVE};
use crate::model::{NamePolicy, Role, Stamp, Timestamp};
use crate::recovery::{RebuildReport, Recovery, Watcher};
use crate::vault::VaultError;
use crate::vault::disk::{SnapshotName, Storage};
use crate::vault::keys::{KeyRing, Unlock};

/// The requested base of the new catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebuildFrom {
    /// A catalogue that is sound but older than its files is used as it is; one that is missing or damaged is
    /// replaced by the newest sound snapshot; without any, the rebuild starts from nothing.
    Best,
    /// The present catalogue, which must be sound.
    Catalogue,
    /// The newest sound snapshot, even if the present catalogue is sound.
    Snapshot,
    /// Nothing but the containers.
    Containers,
}

/// The base that was used for the new catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebuildBase {
    /// The present catalogue.
    Catalogue,
    /// This snapshot.
    Snapshot(SnapshotName),
    /// No base, only containers.
    Containers,
}

/// Result of a rebuild.
#[derive(Debug)]
pub struct Rebuilt {
    /// The base that was used.
    pub base: RebuildBase,
    /// Snapshots that were tried first and are not sound, with the reason.
    pub unsound: Vec<(SnapshotName, String)>,
    /// Result of reading the containers.
    pub report: RebuildReport,
    /// The login name of the administrator that was created, if any.
    pub administrator: Option<String>,
    /// Path under which the old catalogue is kept.
    pub kept: Option<PathBuf>,
}

/// Why nothing was rebuilt. The present catalogue is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The catalogue needs no rebuild.
    #[error(
        "the catalogue is sound and as new as the stored files, so nothing was done; to use another base anyway, name it with --from"
    )]
    Sound,
    /// The present catalogue cannot be the base.
    #[error("the present catalogue is not sound; omit --from, or name another base")]
    CatalogueUnsound,
    /// There is no sound snapshot for a base.
    #[error("there is no sound snapshot; omit --from, or use --from containers")]
    NoSnapshot,
    /// Containers do not restore users.
    #[error(
        "without a snapshot users and rights cannot come back; name a first administrator with --admin NAME --admin-password-file FILE"
    )]
    AdministratorNeeded,
    /// The directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Wrong, missing or damaged keys.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The catalogue cannot be created, or comes from a newer program.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The administrator cannot be created.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// Containers cannot be added.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// An operation on the disk failed.
    #[error("cannot {doing}")]
    Io {
        /// The operation that failed.
        doing: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

/// Rebuilds the catalogue of an instance that no other process uses. Creates `administrator` if the new
/// catalogue has no administrator able to log in.
pub async fn rebuild(
    directory: &DataDirectory,
    unlock: &Unlock,
    from: RebuildFrom,
    administrator: Option<FirstAdministrator>,
    now: Timestamp,
    watcher: Watcher,
) -> Result<Rebuilt, RebuildError> {
    let storage = directory.storage();
    let keys = Arc::new(KeyRing::open(Arc::clone(&storage.key_files), unlock)?);
    // On a full disk the new catalogue gets the reserve's space; a later start with more free space creates a
    // new reserve.
    if storage.capacity.available().is_ok_and(|free| free < RESERVE) {
        storage.capacity.give_up_reserve().map_err(io("give up the reserve"))?;
    }
    let work = Rebuild { directory, storage, keys };
    let from = work.start(from).await?;
    work.storage.housekeeping.remove_parts().map_err(io("clear what an earlier run left in tmp"))?;
    directory.clear_rebuilt()?;
    let (base, unsound) = work.lay_base(from, administrator.is_some())?;

    let catalog = Catalog::open(&directory.rebuilt_catalog(), &work.catalog_key())?;
    let library =
        Library::open_for_rebuild(catalog.clone(), work.storage.clone(), Arc::clone(&work.keys)).await?;
    let report = Recovery::new(library.clone()).bring_in(now, watcher).await?;
    let administrator = work.ensure_administrator(&catalog, administrator, now).await?;
    // Dropping the last clones closes every connection, so that the file contains everything.
    catalog.close();
    drop((library, catalog));
    Catalog::examine(&directory.rebuilt_catalog(), &work.catalog_key())?;
    let kept = directory.replace_catalog(now)?;
    Ok(Rebuilt { base, unsound, report, administrator, kept })
}

struct Rebuild<'a> {
    directory: &'a DataDirectory,
    storage: Storage,
    keys: Arc<KeyRing>,
}

impl Rebuild<'_> {
    fn catalog_key(&self) -> CatalogKey {
        catalog_key(&self.keys)
    }

    /// Chooses the base. Refuses any that would do harm, before anything is changed.
    async fn start(&self, wanted: RebuildFrom) -> Result<RebuildFrom, RebuildError> {
        let path = self.directory.catalog();
        let is_sound = path.exists()
            && match Catalog::examine(&path, &self.catalog_key()) {
                Ok(()) => true,
                // Only the newer program can tell whether it is sound.
                Err(error @ (CatalogError::Newer { .. } | CatalogError::OldSqlite { .. })) => {
                    return Err(error.into());
                }
                Err(_) => false,
            };
        match wanted {
            RebuildFrom::Catalogue if !is_sound => Err(RebuildError::CatalogueUnsound),
            RebuildFrom::Best if is_sound => {
                if self.is_rolled_back().await? {
                    Ok(RebuildFrom::Catalogue)
                } else {
                    Err(RebuildError::Sound)
                }
            }
            wanted => Ok(wanted),
        }
    }

    /// Whether the present catalogue, which is sound, is older than its files.
    async fn is_rolled_back(&self) -> Result<bool, RebuildError> {
        let catalog = Catalog::open(&self.directory.catalog(), &self.catalog_key())?;
        let (storage, keys) = (self.storage.clone(), Arc::clone(&self.keys));
        let library = Library::open(catalog.clone(), storage, keys, NamePolicy::Any).await?;
        let is_rolled_back = library.look_for_newer_containers().await?;
        catalog.close();
        Ok(is_rolled_back)
    }

    /// Creates the file of the new catalogue.
    fn lay_base(
        &self,
        from: RebuildFrom,
        has_administrator: bool,
    ) -> Result<(RebuildBase, Vec<(SnapshotName, String)>), RebuildError> {
        let target = self.directory.rebuilt_catalog();
        if from == RebuildFrom::Catalogue {
            Catalog::duplicate(&self.directory.catalog(), &target, &self.catalog_key())?;
            return Ok((RebuildBase::Catalogue, Vec::new()));
        }
        let mut unsound = Vec::new();
        if from != RebuildFrom::Containers {
            let stored = self.storage.snapshots.list().map_err(io("list the snapshots"))?;
            for name in stored.into_iter().rev().map(|snapshot| snapshot.name) {
                match self.restore(name)? {
                    Ok(()) => return Ok((RebuildBase::Snapshot(name), unsound)),
                    Err(reason) => unsound.push((name, reason)),
                }
                self.directory.clear_rebuilt()?;
            }
            if from == RebuildFrom::Snapshot {
                return Err(RebuildError::NoSnapshot);
            }
        }
        if !has_administrator {
            return Err(RebuildError::AdministratorNeeded);
        }
        Catalog::create(&target, &self.catalog_key())?.close();
        Ok((RebuildBase::Containers, unsound))
    }

    /// Restores the new catalogue from a snapshot. The inner error is the reason why the snapshot cannot be
    /// used.
    fn restore(&self, name: SnapshotName) -> Result<Result<(), String>, RebuildError> {
        let sealed = match self.storage.snapshots.open(name) {
            Ok(sealed) => sealed,
            Err(error) => return Ok(Err(format!("it cannot be read: {error}"))),
        };
        let Some(text) = self.keys.open_stream(sealed) else {
            return Ok(Err("it is damaged, or was sealed with other keys".into()));
        };
        let (target, key) = (self.directory.rebuilt_catalog(), self.catalog_key());
        let mut text = std::io::BufReader::with_capacity(1 << 18, text);
        let restored =
            Catalog::restore(&target, &key, &mut text).and_then(|()| Catalog::examine(&target, &key));
        match restored {
            Ok(()) => Ok(Ok(())),
            Err(CatalogError::Damaged | CatalogError::Empty) => Ok(Err("it is damaged".into())),
            // The sealed stream's error for bytes that this instance did not seal.
            Err(CatalogError::Io { source, .. })
                if matches!(
                    source.kind(),
                    ErrorKind::InvalidData
                        | ErrorKind::InvalidInput
                        | ErrorKind::UnexpectedEof
                        | ErrorKind::Other
                ) =>
            {
                Ok(Err("it is damaged".into()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Creates an administrator if none is able to log in.
    async fn ensure_administrator(
        &self,
        catalog: &Catalog,
        administrator: Option<FirstAdministrator>,
        now: Timestamp,
    ) -> Result<Option<String>, RebuildError> {
        let Some(FirstAdministrator { name, password }) = administrator else { return Ok(None) };
        let has_one = catalog.read(|tx| Ok::<_, CatalogError>(tx.enabled_administrators()? > 0)).await?;
        if has_one {
            return Ok(None);
        }
        let app_passwords = AppPasswordKey::new(Zeroizing::new(*self.keys.token_key().expose()));
        let sessions = SessionKey::new(Zeroizing::new(*self.keys.session_key().expose()));
        let accounts = Accounts::new(catalog.clone(), app_passwords, sessions);
        accounts.add_user(&name, Role::Administrator, Some(password), Stamp::owner(now)).await?;
        Ok(Some(name.as_str().to_owned()))
    }
}

fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> RebuildError {
    move |source| RebuildError::Io { doing, source }
}
