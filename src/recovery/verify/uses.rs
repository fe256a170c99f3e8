//! The uses of contents: names for the owner, read when a fault was found.

use super::{MAX_USES, Use, UseState};
use crate::catalog::{CatalogError, EntryRow, ReadTx, UseRow};
use crate::model::{ContainerId, EntryId, EntryPath, VersionId};

/// The versions that use a container.
pub(super) fn of_container(tx: &ReadTx<'_>, container: ContainerId) -> Result<Vec<Use>, CatalogError> {
    tx.uses_of(container, MAX_USES)?.into_iter().map(|row| describe(tx, row)).collect()
}

/// The version itself; empty if it is gone.
pub(super) fn of_version(tx: &ReadTx<'_>, version: VersionId) -> Result<Vec<Use>, CatalogError> {
    tx.use_by(version)?.into_iter().map(|row| describe(tx, row)).collect()
}

fn describe(tx: &ReadTx<'_>, row: UseRow) -> Result<Use, CatalogError> {
    let space = tx.space(row.space)?;
    let mut lineage = lineage(tx, row.entry)?;
    let top = lineage.pop();
    let is_in_tree = space.as_ref().map(|space| space.root) == top.as_ref().map(|top| top.id);
    let below = lineage.iter().rev().map(|entry| entry.name.as_str());
    let (path, state) = if is_in_tree {
        let state = if row.is_current { UseState::Current } else { UseState::Earlier };
        (join(below), state)
    } else {
        let top = top.map(|top| tx.trashed_path(top.id)).transpose()?.flatten().unwrap_or_default();
        (join(std::iter::once(top.as_str()).chain(below)), UseState::Trash)
    };
    let space = space.map(|space| space.name).unwrap_or_default();
    Ok(Use { space, path, entry: row.entry, version: row.version, state })
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.fold(String::new(), |path, name| path + "/" + name)
}

/// The entry and its parents, nearest first; limited, because a damaged catalogue may contain a circle.
fn lineage(tx: &ReadTx<'_>, entry: EntryId) -> Result<Vec<EntryRow>, CatalogError> {
    let mut lineage = Vec::new();
    let mut next = Some(entry);
    while let Some(id) = next.filter(|_| lineage.len() <= EntryPath::MAX_DEPTH + 1) {
        let Some(row) = tx.entry(id)? else { break };
        next = row.parent;
        lineage.push(row);
    }
    Ok(lineage)
}
