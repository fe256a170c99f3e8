//! Changes the recovery key: seals key files and snapshots to another recipient.
//!
//! The order is that of `vault::keys::recovery`. The snapshots are sealed to both recipients before the present one
//! is retired, so that at every moment one of the two keys opens key files and names. Containers are sealed to
//! their space's key, which stays.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use super::Recovery;
use super::snapshot::{self, Snapshot};
use crate::catalog::WriteTx;
use crate::library::error::disk_error;
use crate::library::{LibraryError, recovery_file};
use crate::model::{Event, InstanceEvent, Stamp, layout};
use crate::vault::VaultError;
use crate::vault::disk::{Overwrite, SnapshotName, Snapshots};
use crate::vault::keys::{KeyRing, RecoveryRecipient};

/// A complete change of the recovery key.
#[derive(Debug)]
pub struct RecoveryKeyChange {
    /// The snapshot that was made for it.
    pub snapshot: Snapshot,
    /// Damaged files, as paths below the data directory: they could not be opened, so they are unchanged.
    pub damaged: Vec<String>,
}

impl Recovery {
    /// Seals key files and snapshots to `recipient` (`age1…`) in place of the present recovery recipient. Runs to
    /// its end even if the future is dropped.
    ///
    /// Errors: `NotARecipient` for the text; `DiskFull`, `ReadOnly` and those of the disk: then one of the two
    /// recovery keys opens everything, and after a repetition the last one given.
    pub async fn change_recovery_key(
        &self,
        recipient: &str,
        by: Stamp,
    ) -> Result<RecoveryKeyChange, LibraryError> {
        let next = RecoveryRecipient::parse(recipient)?;
        let recovery = self.clone();
        tokio::spawn(async move { recovery.seal_to_recovery(next, by).await }).await?
    }

    async fn seal_to_recovery(
        &self,
        next: RecoveryRecipient,
        by: Stamp,
    ) -> Result<RecoveryKeyChange, LibraryError> {
        let turn = self.snapshotting.lock().await;
        // A verification must not compare the recovery file with one that is being replaced.
        let forget = |tx: &WriteTx<'_>| Ok::<_, LibraryError>(recovery_file::forget(tx)?);
        self.library
            .storing()
            .await?
            .write_silent("the event follows when the key is changed", forget)
            .await?;
        self.with_keys(move |keys| keys.add_recovery(&next)).await?;
        let snapshot = self.make_snapshot(by.at, &turn).await?;
        self.reseal_snapshots().await?;
        let damaged = self.with_keys(KeyRing::retire_recovery).await?;
        let mut damaged: Vec<_> = damaged.iter().map(|file| file.as_str().to_owned()).collect();
        let unread = self.reseal_snapshots().await?;
        damaged.extend(unread.iter().map(layout::snapshot));
        let file = self.with_keys(KeyRing::recovery_file).await?;
        let changed = move |tx: &WriteTx<'_>| {
            tx.record(&by, &Event::Instance(InstanceEvent::RecoveryKeyChanged))?;
            Ok::<_, LibraryError>(recovery_file::remember(tx, file)?)
        };
        self.library.catalog().write(changed).await?;
        tracing::info!(damaged = damaged.len(), "the recovery key was changed");
        Ok(RecoveryKeyChange { snapshot, damaged })
    }

    async fn with_keys<T: Send + 'static>(
        &self,
        work: impl FnOnce(&KeyRing) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, LibraryError> {
        let keys = Arc::clone(self.library.keys());
        tokio::task::spawn_blocking(move || work(&keys)).await?.map_err(|error| self.library.noted(error))
    }

    /// Seals each snapshot to the present recipients. Returns the damaged ones.
    async fn reseal_snapshots(&self) -> Result<Vec<SnapshotName>, LibraryError> {
        let mut damaged = Vec::new();
        for stored in snapshot::stored(&self.library).await? {
            self.library.require_room(stored.length).await?;
            let (snapshots, keys) =
                (Arc::clone(&self.library.storage().snapshots), Arc::clone(self.library.keys()));
            let resealed =
                tokio::task::spawn_blocking(move || reseal_snapshot(&*snapshots, &keys, stored.name)).await?;
            if !resealed.map_err(disk_error("seal a snapshot to the recovery key"))? {
                damaged.push(stored.name);
            }
        }
        Ok(damaged)
    }
}

/// `false` if the snapshot is damaged; then it stays unchanged.
fn reseal_snapshot(snapshots: &dyn Snapshots, keys: &KeyRing, name: SnapshotName) -> io::Result<bool> {
    let copied = || {
        let mut plain = keys.open_stream(snapshots.open(name)?).ok_or(ErrorKind::InvalidData)?;
        let mut part = snapshots.begin()?;
        let mut sealed = keys.seal_stream(&mut part)?;
        io::copy(&mut plain, &mut sealed)?;
        sealed.finish()?;
        part.publish(name, Overwrite::Replace)
    };
    match copied() {
        Ok(()) => Ok(true),
        Err(error) if is_damage(error.kind()) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Error kinds of the sealed stream for altered or missing bytes, and of `open` for anything but a regular file.
fn is_damage(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidData | ErrorKind::NotFound | ErrorKind::UnexpectedEof)
}
