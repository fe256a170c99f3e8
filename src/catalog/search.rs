//! Names of entries, for searches.

use std::ops::ControlFlow;

use super::row::params;
use super::{CatalogError, ReadTx};
use crate::model::{EntryId, SpaceId};

/// The name and place of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    /// The entry; later ones have greater ids.
    pub id: EntryId,
    /// Its space.
    pub space: SpaceId,
    /// Its folder; `None` for a space's root and for deleted entries.
    pub parent: Option<EntryId>,
    /// As sent; empty for a root.
    pub name: String,
}

/// The name of a folder and the folder above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRow {
    /// Its folder; `None` for a space's root and for deleted entries.
    pub parent: Option<EntryId>,
    /// As sent; empty for a root.
    pub name: String,
}

impl ReadTx<'_> {
    /// Passes up to `limit` entries of all spaces to `seen`, latest first, from the one before `before`. These include
    /// roots and deleted entries.
    ///
    /// It reads the table in the order of its rows: without an index, a stored file costs no more for being searched for.
    pub fn names_before(
        &self,
        before: Option<EntryId>,
        limit: usize,
        mut seen: impl FnMut(NamedRow),
    ) -> Result<(), CatalogError> {
        self.each(
            "SELECT id, space_id, parent_id, name FROM entries WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
            params![before.map_or(i64::MAX, |id| id.0), limit],
            |row| {
                seen(NamedRow {
                    id: EntryId(row.get(0)?),
                    space: SpaceId(row.get(1)?),
                    parent: row.get::<Option<i64>>(2)?.map(EntryId),
                    name: row.get(3)?,
                });
                Ok(ControlFlow::Continue(()))
            },
        )
    }

    /// The name and folder of an entry.
    pub fn place_of(&self, entry: EntryId) -> Result<Option<PlaceRow>, CatalogError> {
        self.one("SELECT parent_id, name FROM entries WHERE id = ?1", [entry.0], |row| {
            Ok(PlaceRow { parent: row.get::<Option<i64>>(0)?.map(EntryId), name: row.get(1)? })
        })
    }
}
