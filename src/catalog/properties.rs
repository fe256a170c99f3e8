//! Dead properties: XML that clients hang on entries and expect back verbatim.

use std::collections::{HashMap, HashSet};

use rusqlite::{Params, params};

use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{DeadProperties, EntryId, PropertyName};

/// A dead property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyRow {
    /// Its name.
    pub name: PropertyName,
    /// The whole element as XML with its namespaces declared; empty where names alone are meant.
    pub xml: String,
}

/// What is read of a value: a long one lies on pages of its own, which cost nothing unless it is asked for.
fn value_of(meant: &DeadProperties) -> &'static str {
    if *meant == DeadProperties::All { "value" } else { "''" }
}

/// Dead properties of some members of a folder.
#[derive(Debug, Default)]
pub struct MemberProperties {
    /// By member, ordered by name.
    pub found: HashMap<EntryId, Vec<PropertyRow>>,
    /// The first member whose properties were left out.
    pub left_out: Option<EntryId>,
}

const COLUMNS: &str = "namespace, properties.name";

impl ReadTx<'_> {
    /// Those dead properties of an entry that are meant, ordered by name.
    pub fn properties(
        &self,
        entry: EntryId,
        meant: &DeadProperties,
    ) -> Result<Vec<PropertyRow>, CatalogError> {
        if *meant == DeadProperties::None {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT entry_id, {COLUMNS}, {} FROM properties WHERE entry_id = ?1 ORDER BY namespace, name",
            value_of(meant)
        );
        Ok(self.gather(&sql, [entry.0], meant, usize::MAX)?.found.remove(&entry).unwrap_or_default())
    }

    /// One dead property as XML.
    pub fn property(&self, entry: EntryId, name: &PropertyName) -> Result<Option<String>, CatalogError> {
        self.one(
            "SELECT value FROM properties WHERE entry_id = ?1 AND namespace = ?2 AND name = ?3",
            params![entry.0, name.namespace, name.local],
            |row| row.get(0),
        )
    }

    /// Those dead properties that are meant of the members of a folder whose name keys lie between `first`
    /// and `last`. Once they weigh `limit` bytes no further member's are read.
    pub fn properties_between(
        &self,
        folder: EntryId,
        (first, last): (&str, &str),
        meant: &DeadProperties,
        limit: usize,
    ) -> Result<MemberProperties, CatalogError> {
        if *meant == DeadProperties::None {
            return Ok(MemberProperties::default());
        }
        let sql = format!(
            "SELECT entry_id, {COLUMNS}, {}
             FROM entries CROSS JOIN properties ON properties.entry_id = entries.id
             WHERE parent_id = ?1 AND name_key BETWEEN ?2 AND ?3 ORDER BY name_key",
            value_of(meant)
        );
        self.gather(&sql, params![folder.0, first, last], meant, limit)
    }

    /// Takes rows of entry, namespace, name and value until one entry more would follow on `limit` bytes.
    fn gather(
        &self,
        sql: &str,
        params: impl Params,
        meant: &DeadProperties,
        limit: usize,
    ) -> Result<MemberProperties, CatalogError> {
        let wanted: Option<HashSet<&PropertyName>> = match meant {
            DeadProperties::These(names) => Some(names.iter().collect()),
            _ => None,
        };
        let (mut properties, mut weight) = (MemberProperties::default(), 0);
        let mut statement = self.prepare(sql)?;
        let mut rows = self.noted(statement.query(params))?;
        while let Some(row) = self.noted(rows.next())? {
            let entry = EntryId(self.noted(row.get(0))?);
            if weight >= limit && !properties.found.contains_key(&entry) {
                properties.left_out = Some(entry);
                break;
            }
            let name = PropertyName { namespace: self.noted(row.get(1))?, local: self.noted(row.get(2))? };
            let xml = match &wanted {
                None => self.noted(row.get(3))?,
                Some(wanted) if wanted.contains(&name) => self.property(entry, &name)?.unwrap_or_default(),
                Some(_) => continue,
            };
            let row = PropertyRow { name, xml };
            weight += row.name.namespace.len() + row.name.local.len() + row.xml.len();
            properties.found.entry(entry).or_default().push(row);
        }
        Ok(properties)
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
