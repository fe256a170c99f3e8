//! Reads the schema from the database.

use super::Connection;
use crate::catalog::CatalogError;

/// A foreign key of a table.
pub(in crate::catalog) struct Reference {
    /// Table that has the foreign key.
    pub(in crate::catalog) table: String,
    /// Column of the foreign key.
    pub(in crate::catalog) column: String,
    /// Whether rows are removed together with the ones that they refer to; otherwise the column becomes NULL.
    pub(in crate::catalog) cascades: bool,
}

impl Connection {
    /// All foreign keys that refer to a table.
    pub(in crate::catalog) fn references_to(&self, table: &str) -> Result<Vec<Reference>, CatalogError> {
        self.all(
            "SELECT m.name, f.\"from\", f.on_delete FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f
             WHERE m.type = 'table' AND f.\"table\" = ?1",
            [table],
            |row| {
                let cascades = row.get::<String>(2)? == "CASCADE";
                Ok(Reference { table: row.get(0)?, column: row.get(1)?, cascades })
            },
        )
    }

    /// The name of each table and the statement that creates it, in order of creation.
    pub(super) fn tables(&self) -> Result<Vec<(String, String)>, CatalogError> {
        self.all(
            "SELECT name, sql FROM sqlite_schema
             WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// The statements that create everything of one kind (`index`, `trigger`), except the indexes that tables
    /// imply.
    pub(super) fn statements_of(&self, kind: &str) -> Result<Vec<String>, CatalogError> {
        self.all(
            "SELECT sql FROM sqlite_schema WHERE type = ?1 AND sql IS NOT NULL ORDER BY rowid",
            [kind],
            |row| row.get(0),
        )
    }

    /// Size of the database in bytes, an upper bound for a copy.
    pub(in crate::catalog) fn size(&self) -> Result<u64, CatalogError> {
        let pages: Option<u64> = self.one("PRAGMA page_count", [], |row| row.get(0))?;
        Ok(pages.unwrap_or(0).saturating_mul(PAGE_SIZE))
    }
}

/// Page size of SQLCipher 4 in bytes.
const PAGE_SIZE: u64 = 4_096;
