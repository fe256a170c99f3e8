//! Dead properties: XML that clients hang on entries and expect back verbatim.

use rusqlite::params;

use super::{CatalogError, EntryRow, ReadTx, WriteTx};
use crate::model::{EntryId, EntryName, PropertyName};

/// A dead property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyRow {
    /// Its name.
    pub name: PropertyName,
    /// The whole element as XML with its namespaces declared.
    pub xml: String,
}

impl ReadTx<'_> {
    /// An entry's dead properties, ordered by name.
    pub fn properties(&self, entry: EntryId) -> Result<Vec<PropertyRow>, CatalogError> {
        self.all(
            "SELECT namespace, name, value FROM properties WHERE entry_id = ?1 ORDER BY namespace, name",
            [entry.0],
            |row| {
                let name = PropertyName { namespace: row.get(0)?, local: row.get(1)? };
                Ok(PropertyRow { name, xml: row.get(2)? })
            },
        )
    }

    /// One dead property as XML.
    pub fn property(&self, entry: EntryId, name: &PropertyName) -> Result<Option<String>, CatalogError> {
        self.one(
            "SELECT value FROM properties WHERE entry_id = ?1 AND namespace = ?2 AND name = ?3",
            params![entry.0, name.namespace, name.local],
            |row| row.get(0),
        )
    }

    /// Dead properties of members of a folder whose names lie between those of the first and the last
    /// of `members`, in no particular order.
    pub fn properties_between(
        &self,
        folder: EntryId,
        members: &[EntryRow],
    ) -> Result<Vec<(EntryId, PropertyRow)>, CatalogError> {
        let (Some(first), Some(last)) = (members.first(), members.last()) else { return Ok(Vec::new()) };
        let key = |row: &EntryRow| EntryName::parse(&row.name).map(|name| name.key()).unwrap_or_default();
        self.all(
            "SELECT entry_id, namespace, properties.name, value
             FROM entries JOIN properties ON properties.entry_id = entries.id
             WHERE parent_id = ?1 AND name_key BETWEEN ?2 AND ?3",
            params![folder.0, key(first), key(last)],
            |row| {
                let name = PropertyName { namespace: row.get(1)?, local: row.get(2)? };
                Ok((EntryId(row.get(0)?), PropertyRow { name, xml: row.get(3)? }))
            },
        )
    }

    /// Number and total bytes of an entry's dead properties, names included, for the limits on them.
    pub fn property_weight(&self, entry: EntryId) -> Result<(usize, usize), CatalogError> {
        let weight = self.one(
            "SELECT count(*), coalesce(sum(length(CAST(namespace AS BLOB)) + length(CAST(name AS BLOB))
                 + length(CAST(value AS BLOB))), 0)
             FROM properties WHERE entry_id = ?1",
            [entry.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(weight.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Sets a dead property in place of an older value.
    pub fn set_property(&self, entry: EntryId, name: &PropertyName, xml: &str) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO properties (entry_id, namespace, name, value) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (entry_id, namespace, name) DO UPDATE SET value = excluded.value",
            params![entry.0, name.namespace, name.local, xml],
        )
        .map(drop)
    }

    /// Removes a dead property; removing one that is not there is no error (RFC 4918 14.23).
    pub fn remove_property(&self, entry: EntryId, name: &PropertyName) -> Result<(), CatalogError> {
        self.execute(
            "DELETE FROM properties WHERE entry_id = ?1 AND namespace = ?2 AND name = ?3",
            params![entry.0, name.namespace, name.local],
        )
        .map(drop)
    }

    /// Gives `to` the dead properties of `from` in place of its own.
    pub fn replace_properties(&self, from: EntryId, to: EntryId) -> Result<(), CatalogError> {
        self.execute("DELETE FROM properties WHERE entry_id = ?1", [to.0])?;
        self.copy_properties(from, to)
    }

    /// Gives `to` the dead properties of `from` beside those of its own that have other names.
    pub fn merge_properties(&self, from: EntryId, to: EntryId) -> Result<(), CatalogError> {
        self.execute(
            "DELETE FROM properties WHERE entry_id = ?2 AND ?1 <> ?2 AND (namespace, name) IN
                 (SELECT namespace, name FROM properties WHERE entry_id = ?1)",
            [from.0, to.0],
        )?;
        if from == to { Ok(()) } else { self.copy_properties(from, to) }
    }

    /// Gives `to` the dead properties of `from`.
    pub fn copy_properties(&self, from: EntryId, to: EntryId) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO properties (entry_id, namespace, name, value)
             SELECT ?2, namespace, name, value FROM properties WHERE entry_id = ?1",
            [from.0, to.0],
        )
        .map(drop)
    }
}
