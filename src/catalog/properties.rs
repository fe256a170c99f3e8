//! Dead properties: XML that clients attach to entries and expect back verbatim. Each belongs to its setter, either
//! the office (`None`) or the guests of one link: setters do not see, replace or remove each other's properties.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::row::{Parameters, params};
use super::{CatalogError, ReadTx, WriteTx};
use crate::model::{DeadProperties, EntryId, LinkId, PropertyName};

/// A dead property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyRow {
    /// Name of the property.
    pub name: PropertyName,
    /// The whole element as XML with its namespaces declared; empty if only names were asked for.
    pub xml: String,
}

/// The SQL for a value: a long value is stored on pages of its own, which cost nothing unless it is asked for.
fn value_of(meant: &DeadProperties) -> &'static str {
    if *meant == DeadProperties::All { "value" } else { "''" }
}

/// The stored form of the setter.
fn setter_id(setter: Option<LinkId>) -> i64 {
    setter.map_or(0, |link| link.0)
}

/// Dead properties of some members of a folder.
#[derive(Debug, Default)]
pub struct MemberProperties {
    /// Keyed by member; each list is ordered by name.
    pub found: HashMap<EntryId, Vec<PropertyRow>>,
    /// The first member whose properties were left out, because of the limit.
    pub left_out: Option<EntryId>,
}

const COLUMNS: &str = "namespace, properties.name";

impl ReadTx<'_> {
    /// The selected dead properties of an entry and one setter, ordered by name.
    pub fn properties(
        &self,
        entry: EntryId,
        setter: Option<LinkId>,
        meant: &DeadProperties,
    ) -> Result<Vec<PropertyRow>, CatalogError> {
        if *meant == DeadProperties::None {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT entry_id, {COLUMNS}, {} FROM properties WHERE entry_id = ?1 AND link_id = ?2
             ORDER BY namespace, name",
            value_of(meant)
        );
        let mut all = self.gather(&sql, [entry.0, setter_id(setter)], setter, meant, usize::MAX)?;
        Ok(all.found.remove(&entry).unwrap_or_default())
    }

    /// One dead property as XML.
    pub fn property(
        &self,
        entry: EntryId,
        setter: Option<LinkId>,
        name: &PropertyName,
    ) -> Result<Option<String>, CatalogError> {
        self.one(
            "SELECT value FROM properties WHERE entry_id = ?1 AND link_id = ?2 AND namespace = ?3 AND name = ?4",
            params![entry.0, setter_id(setter), name.namespace, name.local],
            |row| row.get(0),
        )
    }

    /// The selected dead properties of one setter on the members of a folder whose name keys are between `first`
    /// and `last`. Stops before the next member once the values reach `limit` bytes.
    pub fn properties_between(
        &self,
        folder: EntryId,
        (first, last): (&str, &str),
        setter: Option<LinkId>,
        meant: &DeadProperties,
        limit: usize,
    ) -> Result<MemberProperties, CatalogError> {
        if *meant == DeadProperties::None {
            return Ok(MemberProperties::default());
        }
        let sql = format!(
            "SELECT entry_id, {COLUMNS}, {}
             FROM entries CROSS JOIN properties
             WHERE parent_id = ?1 AND name_key BETWEEN ?2 AND ?3
               AND properties.entry_id = entries.id AND link_id = ?4 ORDER BY name_key",
            value_of(meant)
        );
        self.gather(&sql, params![folder.0, first, last, setter_id(setter)], setter, meant, limit)
    }

    /// Collects rows of entry, namespace, name and value until the next entry would begin after `limit` bytes.
    fn gather(
        &self,
        sql: &str,
        params: impl Parameters,
        setter: Option<LinkId>,
        meant: &DeadProperties,
        limit: usize,
    ) -> Result<MemberProperties, CatalogError> {
        let wanted: Option<HashSet<&PropertyName>> = match meant {
            DeadProperties::These(names) => Some(names.iter().collect()),
            _ => None,
        };
        let (mut properties, mut weight) = (MemberProperties::default(), 0);
        self.each(sql, params, |row| {
            let entry = EntryId(row.get(0)?);
            if weight >= limit && !properties.found.contains_key(&entry) {
                properties.left_out = Some(entry);
                return Ok(ControlFlow::Break(()));
            }
            let name = PropertyName { namespace: row.get(1)?, local: row.get(2)? };
            let xml = match &wanted {
                None => row.get(3)?,
                Some(wanted) if wanted.contains(&name) => {
                    self.property(entry, setter, &name)?.unwrap_or_default()
                }
                Some(_) => return Ok(ControlFlow::Continue(())),
            };
            let row = PropertyRow { name, xml };
            weight += row.name.namespace.len() + row.name.local.len() + row.xml.len();
            properties.found.entry(entry).or_default().push(row);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(properties)
    }

    /// Number and total bytes of an entry's dead properties of one setter, including names, for the limits on them.
    pub fn property_weight(
        &self,
        entry: EntryId,
        setter: Option<LinkId>,
    ) -> Result<(usize, usize), CatalogError> {
        let weight = self.one(
            "SELECT count(*), coalesce(sum(length(CAST(namespace AS BLOB)) + length(CAST(name AS BLOB))
                 + length(CAST(value AS BLOB))), 0)
             FROM properties WHERE entry_id = ?1 AND link_id = ?2",
            [entry.0, setter_id(setter)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(weight.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Sets a dead property, replacing the setter's older value.
    pub fn set_property(
        &self,
        entry: EntryId,
        setter: Option<LinkId>,
        name: &PropertyName,
        xml: &str,
    ) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO properties (entry_id, link_id, namespace, name, value) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (entry_id, link_id, namespace, name) DO UPDATE SET value = excluded.value",
            params![entry.0, setter_id(setter), name.namespace, name.local, xml],
        )
        .map(drop)
    }

    /// Removes a dead property of this setter; removing a missing one is not an error (RFC 4918 14.23).
    pub fn remove_property(
        &self,
        entry: EntryId,
        setter: Option<LinkId>,
        name: &PropertyName,
    ) -> Result<(), CatalogError> {
        self.execute(
            "DELETE FROM properties WHERE entry_id = ?1 AND link_id = ?2 AND namespace = ?3 AND name = ?4",
            params![entry.0, setter_id(setter), name.namespace, name.local],
        )
        .map(drop)
    }

    /// Replaces those dead properties of `to` that `setter` may change by those of `from`: all for the office
    /// (`None`), those of the link for a guest.
    pub fn replace_properties(
        &self,
        from: EntryId,
        to: EntryId,
        setter: Option<LinkId>,
    ) -> Result<(), CatalogError> {
        if from == to {
            return Ok(());
        }
        self.execute(
            "DELETE FROM properties WHERE entry_id = ?1 AND (?2 = 0 OR link_id = ?2)",
            [to.0, setter_id(setter)],
        )?;
        self.copy_properties(from, to)
    }

    /// Copies dead properties of `from` to `to`, replacing those with the same names.
    pub fn merge_properties(&self, from: EntryId, to: EntryId) -> Result<(), CatalogError> {
        if from == to {
            return Ok(());
        }
        self.execute(
            "DELETE FROM properties WHERE entry_id = ?2 AND (link_id, namespace, name) IN
                 (SELECT link_id, namespace, name FROM properties WHERE entry_id = ?1)",
            [from.0, to.0],
        )?;
        self.copy_properties(from, to)
    }

    /// Copies the dead properties of `from` for which `to` has no value. Links do not exist in the other space, so
    /// properties set by guests are not copied.
    pub fn copy_properties(&self, from: EntryId, to: EntryId) -> Result<(), CatalogError> {
        self.execute(
            "INSERT INTO properties (entry_id, link_id, namespace, name, value)
             SELECT ?2, link_id, namespace, name, value FROM properties
             WHERE entry_id = ?1 AND (link_id = 0 OR (SELECT space_id FROM entries WHERE id = ?1)
                                                   = (SELECT space_id FROM entries WHERE id = ?2))
             ON CONFLICT (entry_id, link_id, namespace, name) DO NOTHING",
            [from.0, to.0],
        )
        .map(drop)
    }

    /// Removes up to `limit` dead properties set by guests of links that have ended; returns their number. The cost
    /// depends on the number of links whose guests have set any, not on the number of properties.
    pub fn delete_properties_of_ended_links(&self, limit: usize) -> Result<usize, CatalogError> {
        let ended: Option<i64> = self.one(
            "WITH RECURSIVE setters (id) AS (
                 SELECT min(link_id) FROM properties WHERE link_id > 0
                 UNION ALL
                 SELECT (SELECT min(link_id) FROM properties WHERE link_id > 0 AND link_id > setters.id)
                 FROM setters WHERE id IS NOT NULL
             )
             SELECT id FROM setters
             WHERE id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM links WHERE links.id = setters.id) LIMIT 1",
            [],
            |row| row.get(0),
        )?;
        let Some(ended) = ended else { return Ok(0) };
        self.execute(
            "DELETE FROM properties WHERE (entry_id, link_id, namespace, name) IN (
                 SELECT entry_id, link_id, namespace, name FROM properties
                 WHERE link_id > 0 AND link_id = ?1 LIMIT ?2)",
            params![ended, limit],
        )
    }
}
