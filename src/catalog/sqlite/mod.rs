//! SQLite and SQLCipher. No other module uses them.
//!
//! The rest of the catalogue sees two types: a [`Database`], which is files under a key, and a [`Connection`],
//! which runs statements with the catalogue's own values, rows and errors. Another database would have to provide
//! the same; the statements would stay as they are: a test parses each of them as `PostgreSQL`.

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

/// Path and key of a database, for opening it again.
///
/// If a page cannot be read, SQLCipher treats its connection as permanently broken, although the next attempt might
/// succeed.
pub(super) struct Database {
    path: PathBuf,
    key: CatalogKey,
}

impl Database {
    pub(super) fn new(path: &Path, key: &CatalogKey) -> Self {
        Self { path: path.to_owned(), key: key.copy() }
    }

    /// Creates a new one with empty tables, whose file must not exist, and opens it for writing.
    ///
    /// Errors: `OldSqlite`; `Io`.
    pub(super) fn create(&self) -> Result<Connection, CatalogError> {
        open::check_sqlite_version()?;
        open::create(&self.path, &self.key)?;
        let mut connection = open::open(&self.path, &self.key)?;
        migrate::fill(&mut connection)?;
        self.writer(connection)
    }

    /// Opens it for writing and migrates it to the newest format; a copy is kept beside it before the first change
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

    /// Opens it for writing again, after the connection of [`Self::create`] or [`Self::open`] broke.
    pub(super) fn open_again(&self) -> Result<Connection, CatalogError> {
        let connection = open::open(&self.path, &self.key)?;
        checkpoint::take_over(&connection)?;
        Ok(Connection::new(connection))
    }

    /// Opens another connection that cannot change anything.
    pub(super) fn open_reader(&self) -> Result<Connection, CatalogError> {
        let connection = open::open(&self.path, &self.key)?;
        connection.execute_batch("PRAGMA query_only = ON;")?;
        checkpoint::keep_log(&connection)?;
        Ok(Connection::new(connection))
    }

    /// Examines it completely without changing it, while it is not open: key, every page, format, references.
    ///
    /// Errors: `Empty`, `WrongKey`, `Damaged`, `Newer`, `Io`.
    pub(super) fn examine(&self) -> Result<(), CatalogError> {
        examine::examine(&self.path, &self.key)
    }

    /// Creates it from the output of [`Connection::dump`]; its file must not exist. It has the format of that time.
    ///
    /// Errors: `Newer`; `Damaged` for any other text, or for a part of one; `Io`. The caller must then remove the
    /// unfinished files.
    pub(super) fn restore(&self, from: &mut dyn BufRead) -> Result<(), CatalogError> {
        dump::restore(&self.path, &self.key, from)
    }

    /// Writes a copy to `to`, which must not exist. The database must not be open.
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
