//! Files that return to a name which they have just left.
//!
//! Many programs save without writing into the file that they opened:
//!
//! ```text
//! MOVE Plan.dwg -> Plan.bak     MOVE a.xlsx -> 1F2.tmp     DELETE db.kdbx
//! PUT Plan.dwg                  MOVE 7C0.tmp -> a.xlsx     MOVE db.new -> db.kdbx
//!                               DELETE 1F2.tmp
//! ```
//! For its users it is the same file all the time. So when the name is taken again, by a PUT, a MOVE or a COPY, the
//! file that had it returns with its id, links, properties and history and gets the new content. At the place to
//! which it was moved, a new entry with its former content replaces it.
//!
//! This applies to files, within [`REFILL_WINDOW`], for the same person in the same folder under the same name, and
//! not for guests. A file that got other content, a lock of its own or a link since it left is a document of its
//! own and stays where it is; then the name gets a new entry. A plain rename that happens to be followed by another
//! file does no harm: either way both contents have the names given by the requests.
//!
//! A file moved over another one passes its content on and ceases to exist. If it existed for longer than a
//! program's temporary file would, it is first hidden in the trash, marked for removal, in case its name is taken
//! again. Upkeep then hands over its earlier versions and removes it.

use std::time::Duration;

use super::discard::take_out;
use super::entry::signed;
use super::guard::require_unlocked;
use super::resolve::{Found, Place, path_of};
use super::{Change, Library, LibraryError};
use crate::catalog::{DepartureRow, EntryRow, NewEntry, ReadTx, WriteTx};
use crate::model::{EntryId, EntryName, Timestamp};

/// Time within which a file that left its name returns to it when the name is taken again.
const REFILL_WINDOW: Duration = Duration::from_mins(1);
/// Minimum time for which a departure is remembered: a transfer that began within [`REFILL_WINDOW`] may take a
/// while.
const DEPARTURE_KEPT_FOR: Duration = Duration::from_mins(15);

/// A file that returns if its name is taken again now.
#[derive(Clone)]
pub(super) struct Departed {
    row: DepartureRow,
    file: EntryRow,
}

impl Departed {
    pub(super) fn id(&self) -> EntryId {
        self.file.id
    }
}

/// The file that returns if this request, which began at `begun`, takes the name at `place`.
pub(super) fn departed(
    tx: &ReadTx<'_>,
    change: &Change,
    place: &Place,
    begun: Timestamp,
) -> Result<Option<Departed>, LibraryError> {
    if change.author().is_none() || !matches!(place.found, Found::Nothing) {
        return Ok(None);
    }
    let Some(row) = tx.departure(place.folder.id, &place.name.key())? else { return Ok(None) };
    let is_same_name = EntryName::parse(&row.name).is_ok_and(|name| name.is_same_text(&place.name));
    let in_time = [begun, change.now].iter().any(|at| *at >= row.left && at.since(row.left) <= REFILL_WINDOW);
    if !is_same_name || !in_time || Some(row.user) != change.author() {
        return Ok(None);
    }
    let Some(file) = tx.entry(row.entry)? else { return Ok(None) };
    let returns = row.absorbed_by.is_some() || is_unchanged(tx, change, &row, &file)?;
    Ok(returns.then_some(Departed { row, file }))
}

/// Whether nothing happened to the file since it left that makes it a document of its own.
fn is_unchanged(
    tx: &ReadTx<'_>,
    change: &Change,
    row: &DepartureRow,
    file: &EntryRow,
) -> Result<bool, LibraryError> {
    let is_kept = file.parent.is_some() || tx.trashed(file.space, file.id)?.is_some();
    let is_locked = || -> Result<bool, LibraryError> {
        let has_own = tx.locks_covering(file.id, change.now)?.iter().any(|lock| lock.entry == file.id);
        Ok(has_own || require_unlocked(tx, change, file.id).is_err())
    };
    let is_linked_since =
        || Ok::<_, LibraryError>(tx.links_to(file.id)?.iter().any(|link| link.created > row.left));
    Ok(is_kept && file.version == Some(row.version) && !is_locked()? && !is_linked_since()?)
}

/// Brings a file back to its name, still with its old content. A new entry replaces it at the place where it went.
pub(super) fn bring_back(
    tx: &WriteTx<'_>,
    change: &Change,
    departed: &Departed,
    folder: EntryId,
    name: &EntryName,
) -> Result<EntryRow, LibraryError> {
    let Departed { row, file } = departed;
    tx.forget_departure(row)?;
    if row.absorbed_by.is_some() {
        tx.remove_from_trash(file.id)?;
        tx.relocate(file.id, Some(folder), name)?;
        tx.take_links_back(file.id)?;
    } else {
        tx.relocate(file.id, Some(folder), name)?;
        leave_copy(tx, change, row, file)?;
    }
    tx.touch_folders(folder, tx.next_revision()?, signed(file.size), change.now)?;
    tx.entry(file.id)?.ok_or(LibraryError::NotFound)
}

/// Inserts a new entry in place of `file`, in the tree or in the trash, with its content and properties.
fn leave_copy(
    tx: &WriteTx<'_>,
    change: &Change,
    row: &DepartureRow,
    file: &EntryRow,
) -> Result<(), LibraryError> {
    let copy = tx.reserve_entry_ids(1)?;
    let revision = tx.next_revision()?;
    tx.insert_entry(&NewEntry {
        id: copy,
        space: file.space,
        parent: file.parent,
        name: Some(&EntryName::parse(&file.name)?),
        version: Some(tx.duplicate_version(row.version, copy)?),
        size: file.size,
        revision,
        created: file.created,
        modified: file.modified,
    })?;
    tx.copy_properties(file.id, copy)?;
    match file.parent {
        Some(parent) => tx.touch_folders(parent, revision, 0, change.now)?,
        None => tx.replace_in_trash(file.id, copy)?,
    }
    Ok(())
}

/// Records that `file` left its name in this state.
pub(super) fn note(
    tx: &WriteTx<'_>,
    change: &Change,
    file: &EntryRow,
    absorbed_by: Option<EntryId>,
) -> Result<(), LibraryError> {
    let (Some(user), Some(folder), Some(version)) = (change.author(), file.parent, file.version) else {
        return Ok(());
    };
    let name = EntryName::parse(&file.name)?;
    let row = DepartureRow {
        folder,
        name: file.name.clone(),
        entry: file.id,
        version,
        absorbed_by,
        user,
        left: change.now,
    };
    if !tx.add_departure(&name, &row)? {
        let earlier = tx.departure(folder, &name.key())?.ok_or(LibraryError::NotFound)?;
        settle(tx, &earlier)?;
        tx.add_departure(&name, &row)?;
    }
    Ok(())
}

/// Ends `file`, whose content and properties belong to `into` now: its links lead there, and its earlier versions
/// move there.
pub(super) fn absorb(
    tx: &WriteTx<'_>,
    change: &Change,
    file: &EntryRow,
    into: EntryId,
) -> Result<(), LibraryError> {
    let is_young = change.now.since(file.created) <= REFILL_WINDOW;
    let is_temporary = is_young && tx.links_to(file.id)?.is_empty();
    tx.hand_over_links(file.id, into)?;
    if is_temporary || change.author().is_none() {
        tx.hand_over_versions(file.id, into)?;
        tx.delete_some(file.id, 1)?;
    } else {
        let locks = tx.locks_below(file.id, Timestamp(i64::MIN))?;
        take_out(tx, change, file, &path_of(tx, file.id)?, &locks)?;
        tx.begin_purge(file.id)?;
        note(tx, change, file, Some(into))?;
    }
    Ok(())
}

/// Removes a departure. A hidden file hands its earlier versions to the file that it was moved over.
fn settle(tx: &WriteTx<'_>, row: &DepartureRow) -> Result<(), LibraryError> {
    if let Some(heir) = row.absorbed_by
        && tx.entry(heir)?.is_some()
    {
        tx.hand_over_versions(row.entry, heir)?;
    }
    Ok(tx.forget_departure(row)?)
}

impl Library {
    /// Removes up to `limit` departures that are old enough; returns their number.
    pub(super) async fn settle_departures(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<usize, LibraryError> {
        let before = now.before(DEPARTURE_KEPT_FOR);
        let rows = self.catalog().read(move |tx| tx.departures_before(before, limit)).await?;
        let count = rows.len();
        if count > 0 {
            self.catalog()
                .write_silent("no content is lost by it, and nobody sees it", move |tx| {
                    rows.iter().try_for_each(|row| {
                        // It may have returned, or left again, meanwhile.
                        let is_same = tx.departure_as(row)?;
                        if is_same { settle(tx, row) } else { Ok(()) }
                    })
                })
                .await?;
        }
        Ok(count)
    }
}
