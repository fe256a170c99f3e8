//! The one gate before everything that permanently removes a space's old data: earlier versions and deleted
//! entries.
//!
//! ```text
//! upkeep    Ground::Expired   its retention has ended             ─┐
//! history   Ground::Excess    the old data exceeds its limit      ─┼─▶ remove: is the ground still valid, does
//! purge     Ground::Asked     a user with the right requests it   ─┘   anything protect it?
//! ```
//! Readers search for removable items, oldest first, and skip protected ones; the writer's transaction checks each
//! again, because it may have been restored, or found damaged, meanwhile. A deleted entry is only marked here:
//! [`Library::finish_purges`] removes its rows in steps, [`Library::remove_garbage`] the files.
//!
//! Not old data, and not checked here: what a name that is taken again or a growing copy leaves behind
//! (`departure`, `growth`), whose contents belong to another entry by then, and the empty placeholder that the
//! first content replaces (`version`).

use std::collections::BTreeMap;

use super::high_water::removals_suspended;
use super::visibility::Shows;
use super::{Library, LibraryError};
use crate::catalog::{Past, ReadTx, WriteTx};
use crate::model::{
    EntryEvent, EntryId, Event, RemovedKind, SpaceId, Spot, Stamp, Timestamp, VersionId, Viewer,
};

/// Old versions and trash removed in one transaction, so that writers never wait for long.
const REMOVAL_STEP: usize = 100;

/// Reason for a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// Its retention ends before this certain time ([`CertainTime`](crate::model::CertainTime)).
    Expired(Timestamp),
    /// This space's old data exceeds its limit.
    Excess(SpaceId),
    /// A user who may manage this space requests it.
    Asked(SpaceId, Viewer),
}

/// Number of removed items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Removed {
    pub(super) contents: usize,
    pub(super) deleted: usize,
}

impl Ground {
    /// Removable items, oldest first, at most `limit`.
    fn candidates(self, tx: &ReadTx<'_>, limit: usize) -> Result<Vec<Past>, LibraryError> {
        Ok(match self {
            Self::Expired(now) => {
                let contents = tx.expired_versions(now, limit)?.into_iter().map(Past::Content);
                let deleted = tx.expired_trash(now, limit)?.into_iter().map(Past::Deleted);
                contents.chain(deleted).take(limit).collect()
            }
            Self::Excess(space) => tx.oldest_history(space, limit)?,
            Self::Asked(..) => Vec::new(),
        })
    }

    /// Whether an item may be removed on this ground now. Damaged contents are kept for inspection, and withheld
    /// ones while they are withheld, until a user who may know about them requests their removal.
    fn holds(self, tx: &ReadTx<'_>, past: Past) -> Result<bool, LibraryError> {
        Ok(match (self, past) {
            (Self::Expired(now), Past::Content(version)) => tx.is_expired_version(version, now)?,
            (Self::Expired(now), Past::Deleted(entry)) => tx.is_expired_trash(entry, now)?,
            (Self::Excess(space), past) => is_too_long(tx, space)? && tx.is_removable_history(space, past)?,
            (Self::Asked(space, viewer), Past::Deleted(entry)) => {
                let is_there = tx.trashed(space, entry)?.is_some_and(|row| !row.is_hidden_from(viewer));
                if is_there && tx.withheld_below(entry)?.iter().any(|by| by.is_hidden_from(viewer)) {
                    return Err(LibraryError::Withheld);
                }
                is_there
            }
            (Self::Asked(..), Past::Content(_)) => false,
        })
    }
}

/// Whether a space's old data exceeds its limit and none of it may be removed. Others may add to it at any moment:
/// that alone is no reason to refuse a request.
pub(super) fn is_stuck(tx: &ReadTx<'_>, space: SpaceId) -> Result<bool, LibraryError> {
    let may_go = || {
        Ok::<_, LibraryError>(
            !removals_suspended(tx)? && !Ground::Excess(space).candidates(tx, 1)?.is_empty(),
        )
    };
    Ok(is_too_long(tx, space)? && !may_go()?)
}

/// Whether a space's old data exceeds its limit.
fn is_too_long(tx: &ReadTx<'_>, space: SpaceId) -> Result<bool, LibraryError> {
    Ok(tx.space(space)?.is_some_and(|row| row.is_history_full()))
}

/// Permanently removes an item, if the ground is valid; returns whether it was.
fn remove(tx: &WriteTx<'_>, past: Past, ground: Ground, by: &Stamp) -> Result<bool, LibraryError> {
    // An older catalogue may consider something as old data that was restored since.
    let may_go = match ground {
        Ground::Asked(..) => true,
        Ground::Expired(_) | Ground::Excess(_) => !removals_suspended(tx)?,
    };
    if !may_go || !ground.holds(tx, past)? {
        return Ok(false);
    }
    match past {
        Past::Content(version) => tx.delete_version(version)?,
        Past::Deleted(entry) => {
            record_deleted(tx, entry, by)?;
            tx.begin_purge(entry)?;
        }
    }
    Ok(true)
}

/// Records the permanent removal of a deleted entry. For versions, each step records their number.
fn record_deleted(tx: &WriteTx<'_>, entry: EntryId, by: &Stamp) -> Result<(), LibraryError> {
    let space = tx.entry(entry)?.ok_or(LibraryError::NotInTrash)?.space;
    let item = tx.trashed(space, entry)?.ok_or(LibraryError::NotInTrash)?;
    let spot = Spot { space, entry, path: format!("/{}", item.path) };
    let (kind, size) = (EntryEvent::Purged, Some(item.size));
    Ok(tx.record(by, &Event::Entry { kind, spot, version: None, size, other: None })?)
}

/// The space of an earlier version.
fn space_of(tx: &ReadTx<'_>, version: VersionId) -> Result<SpaceId, LibraryError> {
    let entry = tx.version(version)?.map(|row| tx.entry(row.entry)).transpose()?.flatten();
    Ok(entry.ok_or(LibraryError::NotFound)?.space)
}

impl Library {
    /// Removes everything that may be removed on this ground, in steps. [`Self::finish_purges`] and
    /// [`Self::remove_garbage`] then remove the rows of deleted entries and the files.
    pub(super) async fn remove_all(&self, ground: Ground, by: Stamp) -> Result<Removed, LibraryError> {
        let mut removed = Removed::default();
        loop {
            let found = self.catalog().read(move |tx| ground.candidates(tx, REMOVAL_STEP)).await?;
            if found.is_empty() {
                return Ok(removed);
            }
            let step = move |tx: &WriteTx<'_>| {
                let mut gone = Removed::default();
                let mut contents: BTreeMap<SpaceId, u64> = BTreeMap::new();
                for past in found {
                    let space = match past {
                        Past::Content(version) => Some(space_of(tx, version)),
                        Past::Deleted(_) => None,
                    };
                    if !remove(tx, past, ground, &by)? {
                        continue;
                    }
                    match space {
                        Some(space) => {
                            gone.contents += 1;
                            *contents.entry(space?).or_default() += 1;
                        }
                        None => gone.deleted += 1,
                    }
                }
                for (space, count) in contents {
                    tx.record(&by, &Event::Removed { space, what: RemovedKind::Versions, count })?;
                }
                Ok::<_, LibraryError>(gone)
            };
            let gone = self.catalog().write(step).await?;
            if gone == Removed::default() {
                // Enough was removed, or nothing more may be.
                return Ok(removed);
            }
            removed.contents += gone.contents;
            removed.deleted += gone.deleted;
        }
    }

    /// Permanently removes a deleted entry on request.
    ///
    /// Errors: `NotInTrash`; `Withheld` if it contains anything hidden from the viewer.
    pub(super) async fn remove_deleted(
        &self,
        space: SpaceId,
        viewer: Viewer,
        entry: EntryId,
        by: Stamp,
    ) -> Result<(), LibraryError> {
        let asked = move |tx: &WriteTx<'_>| {
            let is_gone = remove(tx, Past::Deleted(entry), Ground::Asked(space, viewer), &by)?;
            if is_gone { Ok(()) } else { Err(LibraryError::NotInTrash) }
        };
        self.catalog().write(asked).await
    }
}
