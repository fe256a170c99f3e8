//! Adds containers that the catalogue does not know.
//!
//! ```text
//! look    every container on disk, with a header in its pack or without; those without a row are opened:
//!         header, last chunk, metadata
//! group   by entry, then by serial: the containers of one version, the versions of one entry;
//!         the ones that closing containers name; uploads without closing containers are set aside
//! place   the newest first: it keeps the path with which it was written, an older one of the same path
//!         gets a number; a known entry gets the newer version, a new one its folders
//! note    damaged or incomplete containers and those without a key are set aside: kept and listed
//! ```
//! The catalogue may be empty, an older one, or one from a snapshot; nothing else may use it. Every step can be
//! repeated and skips containers that are already known.

mod found;
mod look;
mod placing;
mod report;
mod spaces;
mod unindexed;

use std::collections::HashSet;
use std::sync::Arc;

use found::{Found, FoundEntry, group};
use placing::Placing;
pub use report::{Displaced, Missing, Progress, RebuildReport, SetAside, Watcher};

use super::Recovery;
use crate::catalog::{SetAsideRow, WriteTx};
use crate::library::LibraryError;
use crate::model::{ContainerId, SetAsideReason, Timestamp};
use crate::vault::container::Part;
use crate::vault::disk::UnindexedMember;

/// Entries that a rebuild places in one transaction.
const STEP: usize = 200;
/// Known containers that a rebuild looks up at a time.
const PAGE: usize = 1_000;
/// Why restoring files to the catalogue is not an event of each file.
const REBUILD: &str = "the report of a rebuild names what came back, and each space has an event";

/// The containers on the disk.
struct Looked {
    seen: HashSet<ContainerId>,
    /// Of these, containers without a row.
    found: Vec<Found>,
    set_aside: Vec<SetAside>,
    unindexed: Vec<UnindexedMember>,
}

impl Recovery {
    /// Adds every container without a row to the catalogue. Nothing else may use the catalogue meanwhile.
    ///
    /// Errors: `DiskFull`, `Catalog`, `Vault` if the disk cannot be listed; a container that cannot be read is not
    /// an error.
    pub async fn bring_in(&self, now: Timestamp, watcher: Watcher) -> Result<RebuildReport, LibraryError> {
        // Containers set aside before may have been repaired or completed since.
        self.library
            .catalog()
            .write_silent(REBUILD, |tx| Ok::<_, LibraryError>(tx.forget_set_aside()?))
            .await?;
        self.forget_unfinished_copies().await?;
        let mut looked = self.look_and_read(&watcher).await?;
        if self.forget_outdated_uploads(&looked.seen, &looked.found).await? {
            // Their containers have no rows now.
            looked = self.look_and_read(&watcher).await?;
        }

        let Looked { seen, found, mut set_aside, unindexed } = looked;
        let mut report =
            RebuildReport { containers: seen.len() as u64, unindexed, ..RebuildReport::default() };
        self.keep_counters_behind(&found).await?;
        let spaces = self.bring_in_spaces(&found, now).await?;
        (report.new_spaces, report.without_note) = (spaces.added, spaces.without_note);
        let (entries, incomplete) = group(found);
        set_aside.extend(incomplete);
        self.place_all(entries, now, &mut report, &watcher).await?;
        self.note_set_aside(&set_aside, &report.unindexed, now).await?;
        report.set_aside = set_aside;
        report.missing = self.missing(seen).await?;
        report.foreign = self.foreign().await?;
        report.names = self.library.spaces().await?.into_iter().map(|space| (space.id, space.name)).collect();
        report.without_key =
            self.library.spaces_without_key().await?.into_iter().map(|space| space.id).collect();
        Ok(report)
    }

    async fn look_and_read(&self, watcher: &Watcher) -> Result<Looked, LibraryError> {
        let (mut seen, unknown) = self.look(Arc::clone(watcher)).await?;
        let (recovery, told) = (self.clone(), Arc::clone(watcher));
        let (mut found, set_aside) =
            tokio::task::spawn_blocking(move || recovery.read_all(&unknown, &told)).await?;
        let (picked_up, unindexed) = self.pick_up_unindexed().await?;
        seen.extend(picked_up.iter().map(|found| found.row.id));
        found.extend(picked_up);
        Ok(Looked { seen, found, set_aside, unindexed })
    }

    /// Removes copies that are not part of the tree yet: after the state of this catalogue or snapshot they may
    /// have become so, and the headers of their containers show it.
    async fn forget_unfinished_copies(&self) -> Result<(), LibraryError> {
        let forget = |tx: &WriteTx<'_>| {
            tx.silent(REBUILD);
            tx.unfinished()?.into_iter().try_for_each(|top| tx.forget_tree(top))
        };
        Ok(self.library.catalog().write_alone(forget).await?)
    }

    /// Removes uploads that, as the disk shows, continued or ended after the state of this catalogue: their clients
    /// know more than it does. Returns whether there are any.
    async fn forget_outdated_uploads(
        &self,
        seen: &HashSet<ContainerId>,
        found: &[Found],
    ) -> Result<bool, LibraryError> {
        let (mut continued, mut closed) = (HashSet::new(), HashSet::new());
        for found in found {
            match &found.meta.part {
                Part::Numbered => {}
                Part::Loose => drop(continued.insert(found.meta.entry)),
                Part::Closing { names, .. } => closed.extend(names.iter().copied()),
            }
        }
        let seen = seen.clone();
        let forget = move |tx: &WriteTx<'_>| {
            let mut is_any = false;
            for upload in tx.all_uploads()? {
                let pieces = tx.upload_pieces(upload.id)?;
                let went_on = |id: &ContainerId| !seen.contains(id) || closed.contains(id);
                if continued.contains(&upload.number) || pieces.iter().any(|piece| went_on(&piece.id)) {
                    tx.forget_upload(upload.id)?;
                    is_any = true;
                }
            }
            Ok::<_, LibraryError>(is_any)
        };
        self.library.catalog().write_silent(REBUILD, forget).await
    }

    /// Makes sure that no id or serial is given out twice.
    async fn keep_counters_behind(&self, found: &[Found]) -> Result<(), LibraryError> {
        let highest = found.iter().map(|found| found.meta.entry.0.max(found.meta.serial.0)).max();
        let next_entry = highest.map_or(1, |highest| highest.saturating_add(1));
        self.library.catalog().write_silent(REBUILD, move |tx| Ok(tx.skip_entry_ids(next_entry)?)).await
    }

    async fn place_all(
        &self,
        entries: Vec<FoundEntry>,
        now: Timestamp,
        report: &mut RebuildReport,
        watcher: &Watcher,
    ) -> Result<(), LibraryError> {
        let (of, entries) = (entries.len() as u64, Arc::new(entries));
        let mut from = 0;
        while from < entries.len() {
            let until = (from + STEP).min(entries.len());
            let (library, part) = (self.library.clone(), Arc::clone(&entries));
            let placed = self
                .library
                .catalog()
                .write_silent(REBUILD, move |tx| {
                    let mut placing = Placing { library, tx, now, report: RebuildReport::default() };
                    part.get(from..until)
                        .unwrap_or_default()
                        .iter()
                        .try_for_each(|entry| placing.place(entry))?;
                    Ok::<_, LibraryError>(placing.report)
                })
                .await?;
            report.added += placed.added;
            report.new_files += placed.new_files;
            report.renewed_files += placed.renewed_files;
            report.new_versions += placed.new_versions;
            report.displaced.extend(placed.displaced);
            from = until;
            watcher(Progress::Placed { done: from as u64, of });
        }
        Ok(())
    }

    /// Records the containers that belong to no version, so that no verification reports everything as sound.
    async fn note_set_aside(
        &self,
        set_aside: &[SetAside],
        unindexed: &[UnindexedMember],
        now: Timestamp,
    ) -> Result<(), LibraryError> {
        let unindexed = unindexed.iter().map(|member| {
            let id = member.id.unwrap_or_else(ContainerId::random);
            (id, member.space, SetAsideReason::Damaged)
        });
        let all = set_aside.iter().map(|aside| (aside.container, aside.space, aside.reason)).chain(unindexed);
        let row = |(container, space, reason): (_, _, SetAsideReason)| SetAsideRow {
            container,
            space,
            reason: reason.as_str().to_owned(),
            noted: now,
        };
        let rows: Vec<_> = all.map(row).collect();
        self.library
            .catalog()
            .write_silent(REBUILD, move |tx| Ok(rows.iter().try_for_each(|row| tx.put_aside(row))?))
            .await
    }
}
