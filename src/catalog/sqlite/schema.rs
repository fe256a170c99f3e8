//! What the database says of its own tables.

use super::Connection;
use crate::catalog::CatalogError;

/// A column that refers to rows of another table.
pub(in crate::catalog) struct Reference {
    /// The table with the column.
    pub(in crate::catalog) table: String,
    /// The column.
    pub(in crate::catalog) column: String,
    /// Whether its rows go with those that they refer to; else the column becomes NULL.
    pub(in crate::catalog) cascades: bool,
}

impl Connection {
    /// All columns that refer to a table.
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

    /// Each table's name and the statement that makes it, in the order in which they were made.
    pub(super) fn tables(&self) -> Result<Vec<(String, String)>, CatalogError> {
        self.all(
            "SELECT name, sql FROM sqlite_schema
             WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// The statements that make all of one kind (`index`, `trigger`), but for the indexes that come with their tables.
    pub(super) fn statements_of(&self, kind: &str) -> Result<Vec<String>, CatalogError> {
        self.all(
            "SELECT sql FROM sqlite_schema WHERE type = ?1 AND sql IS NOT NULL ORDER BY rowid",
            [kind],
            |row| row.get(0),
        )
    }

    /// Bytes of the database, a bound for what it costs to copy it.
    pub(in crate::catalog) fn size(&self) -> Result<u64, CatalogError> {
        let pages: Option<u64> = self.one("PRAGMA page_count", [], |row| row.get(0))?;
        Ok(pages.unwrap_or(0).saturating_mul(PAGE_SIZE))
    }
}

/// Page size of SQLCipher 4 in bytes.
const PAGE_SIZE: u64 = 4_096;
