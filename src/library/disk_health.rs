//! Whether files can be changed at present, and why not.
//!
//! The one place where errors of the disk and of the catalogue's commits become a state of the whole server. Every
//! call of the storage passes through [`guarded_disk`](super::guarded_disk), every failed transaction through the
//! catalogue's observer, so no other code has to report errors.
//!
//! ```text
//! disk full               reading works, and deleting while there is room; ends when there is room again
//! disk failed             reading works, nothing is changed before a restart: the system may have dropped
//! file system read-only   data that it could not write, and a later fsync would not report it
//! catalogue damaged       readable parts can still be read and changed; reported until a restart, which checks
//!                         again. A single failed read looks the same, so all pages are checked first
//! ```

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;
use tokio::sync::watch;

use super::catalogue_pages::damaged_pages;
use super::{Library, LibraryError};
use crate::catalog::{Catalog, CatalogError};
use crate::model::ContainerId;
use crate::vault::VaultError;
use crate::vault::disk::{Capacity, Containers, Storage};

/// Bytes of the disk that uploads leave to the catalogue, which needs space even to delete.
pub(super) const KEPT_FREE: u64 = 64 * 1024 * 1024;
/// Bytes of the disk reserved for deleting, in case other programs use up all free space: the size to which the
/// catalogue's log grows, and as much again for large transactions.
pub const RESERVE: u64 = 16 * 1024 * 1024;
/// Free bytes of the disk below which the reserve is freed: the size of the log itself.
const SCARCE: u64 = 4 * 1024 * 1024;
/// Bytes written between two checks of the free space.
const LOOK_EVERY: u64 = 8 * 1024 * 1024;
/// Bytes that are written as a test before a full disk counts as usable again: disk quotas of the system do not
/// show in the free space.
const PROBE: [u8; 4_096] = [0; 4_096];

/// Advice for the owner about a damaged catalogue.
pub const DAMAGED_CATALOGUE: &str = "the catalogue is damaged; stop the server and run `tresor rebuild`, or bring catalog/ back from a backup";

/// Why files can be read but not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnlyCause {
    /// Space or inodes ran out. Deleting works, and the state ends by itself.
    DiskFull,
    /// A write or an fsync failed. Ends with a restart.
    DiskFailed,
    /// The file system became read-only. Ends with a restart.
    FileSystemReadOnly,
}

impl ReadOnlyCause {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DiskFull, Self::DiskFailed, Self::FileSystemReadOnly];

    /// The cause as one word, for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "disk-full",
            Self::DiskFailed => "disk-failed",
            Self::FileSystemReadOnly => "file-system-read-only",
        }
    }

    /// Advice for the owner.
    pub fn advice(self) -> String {
        match self {
            Self::DiskFull => format!(
                "the disk is full: files can be read, and deleted while there is room to note that; remove something \
                 else from this disk or enlarge it: with {} MiB free all goes on by itself",
                KEPT_FREE >> 20
            ),
            Self::DiskFailed => {
                "the disk failed to write: files can only be read; look at the kernel's log, repair or \
                 replace the disk, then restart"
                    .to_owned()
            }
            Self::FileSystemReadOnly => {
                "the file system became read-only: files can only be read; look at the \
                 kernel's log, repair and remount it, then restart"
                    .to_owned()
            }
        }
    }
}

/// The present state and the parts needed to change it.
pub(super) struct DiskHealth {
    cause: watch::Sender<Option<ReadOnlyCause>>,
    /// For test writes.
    containers: Arc<dyn Containers>,
    capacity: Arc<dyn Capacity>,
    catalog: Catalog,
    /// Bytes written since the last check of the free space.
    unseen: AtomicU64,
    /// Whether [`RESERVE`] is known to be allocated. Locked while that changes: a thread that finds it freed by
    /// another one continues when the space is there.
    has_reserve: Mutex<bool>,
    /// Whether a page of the catalogue differs from the written one.
    is_catalogue_damaged: AtomicBool,
    /// Whether an apparently damaged page was met and has not been checked since.
    is_catalogue_suspect: AtomicBool,
}

impl DiskHealth {
    /// Observes the catalogue from now on, and the storage through [`guarded_disk`](super::guarded_disk::guarded).
    pub(super) fn new(storage: &Storage, catalog: Catalog) -> Arc<Self> {
        let state = Arc::new(Self {
            cause: watch::Sender::new(None),
            containers: Arc::clone(&storage.containers),
            capacity: Arc::clone(&storage.capacity),
            catalog,
            unseen: AtomicU64::new(0),
            has_reserve: Mutex::new(false),
            is_catalogue_damaged: AtomicBool::new(false),
            is_catalogue_suspect: AtomicBool::new(false),
        });
        // Weak, because state and catalogue would otherwise keep each other alive.
        let observer = Arc::downgrade(&state);
        state.catalog.on_failure(move |error| {
            if let Some(state) = observer.upgrade() {
                state.note_commit(error);
            }
        });
        let keeper = Arc::downgrade(&state);
        state.catalog.before_transactions(move || {
            if let Some(state) = keeper.upgrade() {
                state.make_room();
            }
        });
        state.look();
        state
    }

    fn cause(&self) -> Option<ReadOnlyCause> {
        *self.cause.borrow()
    }

    /// Begins a state. A more serious one replaces the full disk; nothing replaces a more serious one.
    fn enter(&self, cause: ReadOnlyCause) {
        if cause != ReadOnlyCause::DiskFull {
            self.catalog.halt();
        }
        let is_news = self.cause.send_if_modified(|now| {
            let is_graver = *now == Some(ReadOnlyCause::DiskFull) && cause != ReadOnlyCause::DiskFull;
            let is_news = now.is_none() || is_graver;
            if is_news {
                *now = Some(cause);
            }
            is_news
        });
        if is_news {
            tracing::error!(cause = cause.as_str(), "read-only: {}", cause.advice());
        }
    }

    fn leave_full(&self) {
        let was_full = self.cause.send_if_modified(|now| {
            let is_full = *now == Some(ReadOnlyCause::DiskFull);
            if is_full {
                *now = None;
            }
            is_full
        });
        if was_full {
            tracing::info!("there is space on the disk again: files can be changed");
        }
    }

    /// Evaluates a disk error of a write call.
    pub(super) fn note(&self, error: &io::Error) {
        if let Some(cause) = cause_of(error) {
            self.enter(cause);
        }
    }

    /// Evaluates an error of a transaction or checkpoint.
    fn note_commit(&self, error: &CatalogError) {
        match error {
            CatalogError::Full => {
                self.enter(ReadOnlyCause::DiskFull);
                self.give_up_reserve();
            }
            CatalogError::ReadOnly => self.enter(ReadOnlyCause::FileSystemReadOnly),
            // SQLite hides the system's error: a read-only file system shows in the next write.
            CatalogError::DiskFailed(_) => match self.probe().as_ref().err().and_then(cause_of) {
                Some(ReadOnlyCause::FileSystemReadOnly) => self.enter(ReadOnlyCause::FileSystemReadOnly),
                _ => self.enter(ReadOnlyCause::DiskFailed),
            },
            error if error.is_damage() => self.is_catalogue_suspect.store(true, Ordering::Relaxed),
            _ => self.look(),
        }
    }

    fn note_damaged_catalogue(&self) {
        if !self.is_catalogue_damaged.swap(true, Ordering::Relaxed) {
            tracing::error!("data at risk: {DAMAGED_CATALOGUE}");
        }
    }

    /// Checks the free space, and begins or ends the state of a full disk. Blocks.
    fn look(&self) {
        self.unseen.store(0, Ordering::Relaxed);
        match self.capacity.available() {
            Ok(free) if free < KEPT_FREE => {
                self.enter(ReadOnlyCause::DiskFull);
                if free < SCARCE {
                    self.give_up_reserve();
                }
            }
            Ok(_) if self.cause() == Some(ReadOnlyCause::DiskFull) => match self.probe() {
                Ok(()) => self.leave_full(),
                Err(error) => self.note(&error),
            },
            Ok(free) if self.cause().is_none() && free >= KEPT_FREE + RESERVE => self.keep_reserve(),
            Ok(_) => {}
            Err(error) => self.note(&error),
        }
    }

    fn keep_reserve(&self) {
        let mut has_reserve = self.has_reserve.lock().unwrap_or_else(PoisonError::into_inner);
        if *has_reserve {
            return;
        }
        match self.capacity.keep_reserve(RESERVE) {
            Ok(()) => *has_reserve = true,
            // The server works without it, until the disk is full.
            Err(error) => tracing::debug!(%error, "no reserve is set aside"),
        }
    }

    /// Called before a transaction: if another program has filled the disk since the last check, the transaction
    /// would fail, and only the next one would find the reserve's space.
    fn make_room(&self) {
        if self.capacity.available().is_ok_and(|free| free < SCARCE) {
            self.look();
        }
    }

    /// Frees space for the next attempt to delete something.
    fn give_up_reserve(&self) {
        let mut has_reserve = self.has_reserve.lock().unwrap_or_else(PoisonError::into_inner);
        *has_reserve = false;
        match self.capacity.give_up_reserve() {
            Ok(true) => tracing::warn!("the reserve is freed, so that files can still be deleted"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the reserve cannot be freed"),
        }
    }

    /// Writes a small file and removes it again.
    fn probe(&self) -> io::Result<()> {
        self.containers.create(ContainerId::random())?.append(&PROBE)
    }

    /// Fails if `bytes` more would use space that is kept free. Asks the system occasionally.
    pub(super) fn require_reserve(&self, bytes: usize) -> io::Result<()> {
        let unseen = self.unseen.fetch_add(bytes as u64, Ordering::Relaxed);
        if unseen >= LOOK_EVERY || self.cause() == Some(ReadOnlyCause::DiskFull) {
            self.look();
        }
        match self.cause() {
            Some(ReadOnlyCause::DiskFull) => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    /// Fails once nothing may be changed any more.
    pub(super) fn require_changeable(&self) -> io::Result<()> {
        match self.cause() {
            None | Some(ReadOnlyCause::DiskFull) => Ok(()),
            Some(_) => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        }
    }
}

impl Library {
    /// Why nothing can be stored at present; `None` if files can be changed.
    pub fn read_only(&self) -> Option<ReadOnlyCause> {
        self.shared.disk_health.cause()
    }

    /// Receives each change of [`Self::read_only`].
    pub fn watch_read_only(&self) -> watch::Receiver<Option<ReadOnlyCause>> {
        self.shared.disk_health.cause.subscribe()
    }

    /// Whether a page of the catalogue was found that differs from the written one. [`DAMAGED_CATALOGUE`] has the
    /// advice.
    pub fn is_catalogue_damaged(&self) -> bool {
        self.shared.disk_health.is_catalogue_damaged.load(Ordering::Relaxed)
    }

    /// Checks the whole catalogue if a reader or writer has met possible damage since the last check. Call it
    /// regularly.
    pub async fn look_into_suspicion(&self) {
        if self.shared.disk_health.is_catalogue_suspect.swap(false, Ordering::Relaxed)
            && !self.is_catalogue_damaged()
        {
            // A read that fails looks like damage, and succeeds the next time.
            if self.looks_damaged().await && self.looks_damaged().await {
                self.note_damaged_catalogue();
            } else {
                // Data in the log is not a page of the file. The result is remembered.
                let _ = self.check_catalogue().await;
            }
        }
    }

    async fn looks_damaged(&self) -> bool {
        match damaged_pages(self.catalog()).await {
            Ok(found) => !found.is_empty(),
            Err(LibraryError::Catalog(error)) => error.is_damage(),
            Err(_) => false,
        }
    }

    /// Remembers damage that was found.
    pub(crate) fn note_damaged_catalogue(&self) {
        self.shared.disk_health.note_damaged_catalogue();
    }

    /// Checks whether the disk is full, or no longer full.
    pub async fn look_at_disk(&self) -> Result<(), LibraryError> {
        let state = Arc::clone(&self.shared.disk_health);
        Ok(tokio::task::spawn_blocking(move || state.look()).await?)
    }

    /// The catalogue, for changes that make it larger. Fails while nothing new can be stored; deletions do not use
    /// this.
    pub(crate) async fn storing(&self) -> Result<&Catalog, LibraryError> {
        if self.read_only() == Some(ReadOnlyCause::DiskFull) {
            // A user who has just deleted something should not have to wait for the next check.
            self.look_at_disk().await?;
        }
        match self.read_only() {
            None => Ok(self.catalog()),
            Some(ReadOnlyCause::DiskFull) => Err(LibraryError::DiskFull),
            Some(_) => Err(LibraryError::ReadOnly),
        }
    }

    /// Evaluates a disk error of the keys' own calls, like all others.
    pub(crate) fn noted(&self, error: VaultError) -> LibraryError {
        if let VaultError::Io { source, .. } = &error {
            self.shared.disk_health.note(source);
        }
        error.into()
    }
}

/// The state that an error of a write call means, if any.
fn cause_of(error: &io::Error) -> Option<ReadOnlyCause> {
    /// Linux's error codes for failing media, cables and on-disk structures.
    const FAILED: [Errno; 10] = [
        Errno::IO,
        Errno::NXIO,
        Errno::NODEV,
        Errno::UCLEAN,
        Errno::NODATA,
        Errno::NOLINK,
        Errno::REMOTEIO,
        Errno::TIMEDOUT,
        Errno::STALE,
        Errno::ILSEQ,
    ];
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(ReadOnlyCause::DiskFull),
        io::ErrorKind::ReadOnlyFilesystem => Some(ReadOnlyCause::FileSystemReadOnly),
        _ => {
            let code = error.raw_os_error()?;
            FAILED.contains(&Errno::from_raw_os_error(code)).then_some(ReadOnlyCause::DiskFailed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_means_what_the_system_says() {
        let cause = |code| cause_of(&io::Error::from_raw_os_error(code));
        for (code, expected) in [
            (28, Some(ReadOnlyCause::DiskFull)),           // ENOSPC
            (122, Some(ReadOnlyCause::DiskFull)),          // EDQUOT
            (30, Some(ReadOnlyCause::FileSystemReadOnly)), // EROFS
            (5, Some(ReadOnlyCause::DiskFailed)),          // EIO
            (117, Some(ReadOnlyCause::DiskFailed)),        // EUCLEAN
            (24, None),                                    // EMFILE
            (12, None),                                    // ENOMEM
            (2, None),                                     // ENOENT
            (13, None),                                    // EACCES
            (17, None),                                    // EEXIST
        ] {
            assert_eq!(cause(code), expected, "{code}");
        }
        assert_eq!(cause_of(&io::ErrorKind::UnexpectedEof.into()), None);
    }
}
