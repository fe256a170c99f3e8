//! Creates rows for spaces that the catalogue does not know, from the notes next to their keys.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::REBUILD;
use super::found::Found;
use crate::catalog::{NewSpace, ReadTx, WriteTx};
use crate::library::error::disk_error;
use crate::library::naming::numbered;
use crate::library::space_note::SpaceNote;
use crate::library::{LibraryError, SpaceSettings};
use crate::model::{EntryName, Event, MailName, SpaceEvent, SpaceId, SpaceKind, Stamp, Timestamp, Worker};
use crate::recovery::Recovery;

/// Result for the spaces.
pub(super) struct BroughtIn {
    /// Spaces that had no row.
    pub(super) added: u64,
    /// Of these, spaces of which only the files are known.
    pub(super) without_note: Vec<SpaceId>,
}

impl Recovery {
    /// Gives every space with a note or a container its row and, if it was renamed since, its name.
    pub(super) async fn bring_in_spaces(
        &self,
        found: &[Found],
        now: Timestamp,
    ) -> Result<BroughtIn, LibraryError> {
        let mut spaces: HashSet<SpaceId> = found.iter().map(|found| found.space).collect();
        let (key_files, keys) =
            (Arc::clone(&self.library.storage().key_files), Arc::clone(self.library.keys()));
        let notes = tokio::task::spawn_blocking(move || {
            let with_key = key_files.space_keys().map_err(disk_error("list the keys of spaces"))?;
            spaces.extend(with_key.iter().copied());
            let mut notes = BTreeMap::new();
            for space in spaces {
                // A damaged note loses the name, but not the contents.
                let note = SpaceNote::read(&keys, space).unwrap_or_else(|error| {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(%space, error, "the note of a space's name is skipped");
                    None
                });
                notes.insert(space, note);
            }
            Ok::<_, LibraryError>(notes)
        })
        .await??;
        let with_containers: HashSet<SpaceId> = found.iter().map(|found| found.space).collect();
        self.library
            .catalog()
            .write(move |tx| {
                make_way_for_names(tx, &notes)?;
                let mut brought = BroughtIn { added: 0, without_note: Vec::new() };
                tx.silent(REBUILD);
                let by = Stamp::worker(Worker::Rebuild, now);
                for (space, note) in notes {
                    match (tx.space(space)?, note) {
                        (Some(_), Some(note)) => settle(tx, space, &note)?,
                        (None, Some(note)) => {
                            insert_space(tx, space, &note)?;
                            brought.added += 1;
                        }
                        (None, None) if with_containers.contains(&space) => {
                            insert_space(tx, space, &nameless(space, now)?)?;
                            brought.added += 1;
                            brought.without_note.push(space);
                        }
                        // A key whose space was never created.
                        (Some(_) | None, None) => {}
                    }
                }
                for row in tx.spaces()? {
                    let (kind, name) = (SpaceEvent::Rebuilt, row.name);
                    tx.record(&by, &Event::Space { kind, space: row.id, name })?;
                }
                Ok(brought)
            })
            .await
    }
}

/// Spaces may have swapped names since the catalogue was written: each renamed space gives up its old name before
/// any takes its new one.
fn make_way_for_names(
    tx: &WriteTx<'_>,
    notes: &BTreeMap<SpaceId, Option<SpaceNote>>,
) -> Result<(), LibraryError> {
    for row in tx.spaces()? {
        let note = notes.get(&row.id).and_then(Option::as_ref);
        if note.is_some_and(|note| note.name.as_str() != row.name) {
            tx.rename_space(row.id, &EntryName::parse(&row.id.to_string())?)?;
        }
    }
    Ok(())
}

fn settle(tx: &WriteTx<'_>, space: SpaceId, note: &SpaceNote) -> Result<(), LibraryError> {
    let name = free_space_name(tx, &note.name, space)?;
    tx.rename_space(space, &name)?;
    tx.set_quota(space, note.quota)?;
    tx.set_history_limit(space, note.history)?;
    tx.set_hold(space, note.hold)?;
    tx.set_release_by(space, note.release_by)?;
    tx.set_pdf_rule(space, note.pdf)?;
    tx.set_mail(space, free_mail(tx, note, space)?)?;
    Ok(tx.set_keep_days(space, note.version_days, note.trash_days)?)
}

fn insert_space(tx: &WriteTx<'_>, space: SpaceId, note: &SpaceNote) -> Result<(), LibraryError> {
    let name = free_space_name(tx, &note.name, space)?;
    let root = tx.reserve_entry_ids(1)?;
    Ok(tx.insert_space(&NewSpace {
        id: space,
        name: &name,
        kind: note.kind,
        root,
        quota: note.quota,
        history_limit: note.history,
        version_days: note.version_days,
        trash_days: note.trash_days,
        hold: note.hold,
        release_by: note.release_by,
        pdf: note.pdf,
        mail: free_mail(tx, note, space)?,
        created: note.created,
    })?)
}

/// The address of a space, unless another one took it after the note was written.
fn free_mail<'a>(
    tx: &ReadTx<'_>,
    note: &'a SpaceNote,
    space: SpaceId,
) -> Result<Option<&'a MailName>, LibraryError> {
    let Some(name) = &note.mail else { return Ok(None) };
    let is_taken = tx.space_by_mail(name)?.is_some_and(|other| other.id != space);
    Ok((!is_taken).then_some(name))
}

fn free_space_name(tx: &ReadTx<'_>, name: &EntryName, space: SpaceId) -> Result<EntryName, LibraryError> {
    numbered(name, |candidate| Ok(tx.space_by_name(&candidate.key())?.is_some_and(|other| other.id != space)))
}

/// A space whose note is missing.
fn nameless(space: SpaceId, now: Timestamp) -> Result<SpaceNote, LibraryError> {
    let SpaceSettings { quota, history, version_days, trash_days, hold, release_by, pdf, mail } =
        SpaceSettings::default();
    let id = space.to_string();
    let name = EntryName::parse(&format!("Space {}", id.get(..8).unwrap_or(&id)))?;
    let kind = SpaceKind::Team;
    Ok(SpaceNote {
        name,
        kind,
        quota,
        history,
        version_days,
        trash_days,
        hold,
        release_by,
        pdf,
        mail,
        created: now,
    })
}
