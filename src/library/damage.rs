//! Records damage.
//!
//! A row in the catalogue says since when, so that the owner learns about it however it was found. It prevents no
//! reading: every read is protected by the container's own authentication, and a container restored from a backup
//! is usable at once.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use super::{Library, LibraryError};
use crate::catalog::{Noted, WriteTx};
use crate::model::{ContainerId, DamageKind, Timestamp, VerifyMode, VerifyStarter};
use crate::vault::VaultError;

/// Damaged containers that readers met recently and that are not recorded again.
const MAX_RECENT: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");

/// Why a record of damage is not an event.
pub(crate) const NOTED: &str = "what is noted of the disk's health is nothing that a person did";

/// Means that the catalogue was not asked for the number yet.
const NOT_COUNTED: u64 = u64::MAX;

pub(super) struct RecentDamage {
    met: Mutex<LruCache<ContainerId, ()>>,
    /// Containers recorded as damaged at the last count.
    count: AtomicU64,
}

impl Default for RecentDamage {
    fn default() -> Self {
        Self { met: Mutex::new(LruCache::new(MAX_RECENT)), count: AtomicU64::new(NOT_COUNTED) }
    }
}

impl RecentDamage {
    /// True the first time.
    fn is_news(&self, id: ContainerId) -> bool {
        self.met.lock().unwrap_or_else(PoisonError::into_inner).put(id, ()).is_none()
    }

    fn forget(&self, id: ContainerId) {
        self.met.lock().unwrap_or_else(PoisonError::into_inner).pop(&id);
    }

    fn counted(&self, count: u64) {
        self.count.store(count, Ordering::Relaxed);
    }
}

/// Known facts about the integrity of the stored data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntegrityState {
    /// Containers that differ from the committed ones.
    pub damaged: u64,
    /// Time of the last full verification.
    pub last_full: Option<Timestamp>,
    /// Whether a scheduled verification has begun and not ended.
    pub is_scrubbing: bool,
}

impl Library {
    /// Known facts about the integrity of the stored data.
    pub async fn integrity(&self) -> Result<IntegrityState, LibraryError> {
        let state = self
            .catalog()
            .read(|tx| {
                let scrub = tx.scrub(VerifyStarter::Schedule, VerifyMode::Full)?;
                Ok::<_, LibraryError>(IntegrityState {
                    damaged: tx.damaged_count()?,
                    last_full: tx.last_full_scrub()?,
                    is_scrubbing: scrub.is_some_and(|row| row.is_running),
                })
            })
            .await?;
        self.shared.recent_damage.counted(state.damaged);
        Ok(state)
    }

    /// Records damage of this container again when a reader meets it, because it is whole now.
    pub(crate) fn forget_damage(&self, id: ContainerId) {
        self.shared.recent_damage.forget(id);
    }

    /// Makes the next reader open this container again.
    pub(crate) fn reopen_container(&self, id: ContainerId) {
        self.shared.reading.container_cache.put_away_wherever(id);
    }

    /// Number of containers recorded as damaged when [`Self::integrity`] was last called. Answers from memory;
    /// `None` before the first call.
    pub fn damaged_containers(&self) -> Option<u64> {
        let count = self.shared.recent_damage.count.load(Ordering::Relaxed);
        (count != NOT_COUNTED).then_some(count)
    }

    /// Records damage that a reader met, once. The reader gets its error whether or not this succeeds.
    pub(crate) async fn note_refusal(&self, error: &LibraryError) {
        let LibraryError::Damaged(cause) = error else { return };
        let (id, kind) = match cause {
            VaultError::Missing(id) => (*id, DamageKind::Missing),
            VaultError::Foreign(id) => (*id, DamageKind::Foreign),
            VaultError::WrongLength(id) => (*id, DamageKind::WrongLength),
            VaultError::WrongSpaceKey(id) => (*id, DamageKind::WrongKey),
            VaultError::Damaged(id) => (*id, DamageKind::DamagedChunk),
            _ => return,
        };
        // An open one would stay damaged for its readers after the owner has restored the file.
        self.shared.reading.container_cache.put_away_wherever(id);
        if !self.shared.recent_damage.is_news(id) {
            return;
        }
        let now = Timestamp::now();
        let noted = self
            .catalog()
            .write_silent(NOTED, move |tx| match tx.damage_of(id)? {
                // A verification knows more, such as the damaged chunk.
                Some(_) => Ok::<_, LibraryError>(Noted::Known),
                None => Ok(tx.note_damage(id, kind, None, now)?),
            })
            .await;
        match noted {
            Ok(Noted::New) => {
                log_new(id, kind, None);
                // For callers that read the number from memory; if it fails, they see it after the next count.
                let _ = self.integrity().await;
            }
            Ok(Noted::Known) => {}
            Ok(Noted::Gone) => self.shared.recent_damage.forget(id),
            Err(error) => {
                self.shared.recent_damage.forget(id);
                tracing::warn!(container = %id, error = &error as &dyn std::error::Error, "cannot record damage");
            }
        }
    }
}

/// Records damage that a verification found; logs it once for each container.
pub(crate) fn note(
    tx: &WriteTx<'_>,
    id: ContainerId,
    kind: DamageKind,
    chunk: Option<u64>,
    now: Timestamp,
) -> Result<Noted, LibraryError> {
    let noted = tx.note_damage(id, kind, chunk, now)?;
    if noted == Noted::New {
        log_new(id, kind, chunk);
    }
    Ok(noted)
}

fn log_new(id: ContainerId, kind: DamageKind, chunk: Option<u64>) {
    tracing::error!(container = %id, %kind, chunk, "data at risk: a stored container differs from what was committed");
}
