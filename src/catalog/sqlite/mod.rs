//! SQLite and SQLCipher: the only place that knows them.
//!
//! What lies above sees two things: a [`Database`], which is files under a key, and a [`Connection`], which runs
//! statements with the catalogue's own values, rows and errors. Another database would have to give the same, and the
//! statements stay as they are: a test parses each of them as `PostgreSQL`.

mod checkpoint;
mod connection;
mod dump;
mod error;
mod examine;
mod log;
mod migrate;
mod open;
mod schema;
mod soundness;
mod values;

use std::io::BufRead;
use std::path::{Path, PathBuf};

pub(super) use connection::Connection;
pub(super) use error::breaks_connection;
pub use open::{CatalogKey, SqliteVersion};
pub(super) use schema::Reference;

use super::CatalogError;

/// Where a database lies, and the key that opens it.
///
/// For opening it again: when a page cannot be read, SQLCipher calls its connection broken for good, though the next
/// try might read it.
pub(super) struct Database {
    path: PathBuf,
    key: CatalogKey,
}

impl Database {
    pub(super) fn new(path: &Path, key: &CatalogKey) -> Self {
        Self { path: path.to_owned(), key: key.copy() }
    }

    /// Makes a new one with empty tables, whose file must not exist, and opens it to write.
    ///
    /// Errors: `OldSqlite`; `Io`.
    pub(super) fn create(&self) -> Result<Connection, CatalogError> {
        open::check_sqlite_version()?;
        open::create(&self.path, &self.key)?;
        let mut connection = open::open(&self.path, &self.key)?;
        migrate::fill(&mut connection)?;
        self.writer(connection)
    }

    /// Opens it to write, and brings it to the newest format before; a copy is kept beside it before the first change
    /// of format.
    ///
    /// Errors: `WrongKey`, `Damaged`, `Empty`, `Newer`, `OldSqlite`, and then nothing was changed; `Io`.
    pub(super) fn open(&self) -> Result<Connection, CatalogError> {
        open::check_sqlite_version()?;
        self.writer(migrate::open(&self.path, &self.key)?)
    }

    fn writer(&self, connection: rusqlite::Connection) -> Result<Connection, CatalogError> {
        open::make_names_durable(&self.path)?;
        checkpoint::take_over(&connection)?;
        Ok(Connection::new(connection))
    }

    /// Opens it to write once more, when the connection of [`Self::create`] or [`Self::open`] is broken.
    pub(super) fn open_again(&self) -> Result<Connection, CatalogError> {
        let connection = open::open(&self.path, &self.key)?;
        checkpoint::take_over(&connection)?;
        Ok(Connection::new(connection))
    }

    /// Opens it once more for a connection that cannot change anything.
    pub(super) fn open_reader(&self) -> Result<Connection, CatalogError> {
        let connection = open::open(&self.path, &self.key)?;
        connection.execute_batch("PRAGMA query_only = ON;")?;
        checkpoint::keep_log(&connection)?;
        Ok(Connection::new(connection))
    }

    /// Looks at all of it without changing it, while it is not open: key, every page, format, references.
    ///
    /// Errors: `Empty`, `WrongKey`, `Damaged`, `Newer`, `Io`.
    pub(super) fn examine(&self) -> Result<(), CatalogError> {
        examine::examine(&self.path, &self.key)
    }

    /// Makes it, whose file must not exist, from what [`Connection::dump`] wrote. It has the format it had then.
    ///
    /// Errors: `Newer`; `Damaged` for anything else than such a text, or for a part of one; `Io`. What was made until
    /// then stays, for the caller to remove.
    pub(super) fn restore(&self, from: &mut dyn BufRead) -> Result<(), CatalogError> {
        dump::restore(&self.path, &self.key, from)
    }

    /// Writes a copy to `to`, which must not exist, while it is not open.
    pub(super) fn copy_to(&self, to: &Path) -> Result<(), CatalogError> {
        open::copy(&self.open_reader()?.raw, to, &self.key)
    }
}

#[cfg(test)]
pub(super) mod fixture {
    use super::{CatalogKey, Connection, Database};

    /// A new database in a folder of its own.
    pub(in crate::catalog) fn fresh() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(&folder.path().join("catalog.db"), &CatalogKey::new([7; 32]));
        let connection = database.create().unwrap();
        (folder, connection)
    }
}
