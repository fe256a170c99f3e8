//! Opens a database: first the key, then the settings on which durability and secrecy depend.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::checkpoint::{checkpoint, use_log};
use crate::catalog::CatalogError;

/// The raw key of the catalogue, derived from the root secret.
#[derive(zeroize::ZeroizeOnDrop)]
pub struct CatalogKey([u8; 32]);

impl CatalogKey {
    /// Takes the derived bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn copy(&self) -> Self {
        Self(self.0)
    }

    /// The raw key in SQLCipher's syntax, which skips its password hashing.
    fn pragma(&self) -> Zeroizing<String> {
        let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(&self.0));
        Zeroizing::new(format!("PRAGMA key = \"x'{}'\";", *hex))
    }
}

impl fmt::Debug for CatalogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CatalogKey([redacted])")
    }
}

/// A version of SQLite as its library reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SqliteVersion(pub i32);

impl SqliteVersion {
    /// First release without the WAL-reset corruption (sqlite.org/wal.html#walresetbug).
    pub const OLDEST: Self = Self(3_051_003);
}

impl fmt::Display for SqliteVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0 / 1_000_000, self.0 / 1_000 % 1_000, self.0 % 1_000)
    }
}

/// Refuses a library version that can corrupt the catalogue.
pub(super) fn check_sqlite_version() -> Result<(), CatalogError> {
    let found = SqliteVersion(rusqlite::version_number());
    if found < SqliteVersion::OLDEST { Err(CatalogError::OldSqlite { found }) } else { Ok(()) }
}

/// Creates an empty database; fails if `path` exists.
pub(super) fn create(path: &Path, key: &CatalogKey) -> Result<(), CatalogError> {
    // Creating the file first makes "must not exist" atomic: SQLite itself would open an existing one.
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|source| CatalogError::Io { doing: "create the catalogue", source })?;
    open(path, key).map(drop)
}

/// Refuses an empty file, which SQLite would take for a new database and fill.
pub(super) fn require_content(path: &Path) -> Result<(), CatalogError> {
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|source| CatalogError::Io { doing: "look at the catalogue", source })?;
    if metadata.len() == 0 { Err(CatalogError::Empty) } else { Ok(()) }
}

/// Opens for reading and writing; proves that the key is right.
pub(super) fn open(path: &Path, key: &CatalogKey) -> Result<Connection, CatalogError> {
    // URI and symlink handling stay off. Without CREATE, a missing catalogue is an error and not a new one.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    make_ready()?;
    let connection = Connection::open_with_flags(path, flags)?;
    // SQLCipher would print a wrong key to standard error; we report it ourselves.
    connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    connection.execute_batch(&key.pragma())?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    use_log(&connection)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;   -- NORMAL loses acknowledged commits at power loss in WAL mode
         PRAGMA temp_store = MEMORY;  -- a temporary file would be plaintext
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cache_size = -16384;",
    )?;
    connection.set_prepared_statement_cache_capacity(96);
    Ok(connection)
}

/// Makes sure that a single thread opens the first database of the process. SQLite reports that it is ready before
/// SQLCipher has initialised: the keys of a second thread would be refused. That is the state of the process, and so is
/// this.
fn make_ready() -> Result<(), CatalogError> {
    static READY: Mutex<bool> = Mutex::new(false);
    let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
    if !*ready {
        Connection::open_in_memory()?;
        *ready = true;
    }
    Ok(())
}

/// Makes the names of the database and of its log durable. SQLite does the same when it first writes to the log,
/// but ignores errors; if the log's name is lost, so are acknowledged transactions in it.
pub(super) fn make_names_durable(path: &Path) -> Result<(), CatalogError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    std::fs::File::open(directory.unwrap_or(Path::new(".")))
        .and_then(|directory| directory.sync_all())
        .map_err(|source| CatalogError::Io { doing: "make the catalogue's name durable", source })
}

/// Writes a consistent copy under the same key, durable except for its name.
pub(super) fn copy(from: &Connection, to: &Path, key: &CatalogKey) -> Result<(), CatalogError> {
    create(to, key)?;
    let mut target = open(to, key)?;
    // An encrypted backup needs the same journal mode on both sides before the first page.
    let backup = rusqlite::backup::Backup::new(from, &mut target)?;
    backup.run_to_completion(1_000, std::time::Duration::ZERO, None)?;
    drop(backup);
    // Closing would do the same but ignore errors; the copy would then still be in its log.
    checkpoint(&target, "TRUNCATE")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> CatalogKey {
        CatalogKey::new([byte; 32])
    }

    #[test]
    fn a_wrong_key_is_named_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        create(&path, &key(1)).unwrap();
        open(&path, &key(1)).unwrap().execute_batch("CREATE TABLE t (x TEXT) STRICT;").unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open(&path, &key(2)), Err(CatalogError::WrongKey)));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_missing_catalogue_is_not_created_by_opening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        assert!(open(&path, &key(1)).is_err());
        assert!(!path.exists());
    }

    #[test]
    fn creating_never_overwrites() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        create(&path, &key(1)).unwrap();
        assert!(matches!(create(&path, &key(1)), Err(CatalogError::Io { .. })));
    }

    #[test]
    fn nothing_readable_reaches_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        create(&path, &key(1)).unwrap();
        let connection = open(&path, &key(1)).unwrap();
        connection
            .execute_batch("CREATE TABLE t (x TEXT) STRICT; INSERT INTO t VALUES ('Steuerakte Schmidt');")
            .unwrap();
        copy(&connection, &dir.path().join("copy.db"), &key(1)).unwrap();
        for file in std::fs::read_dir(dir.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(7).any(|w| w == b"Schmidt" || w == b"SQLite "));
        }
    }
}
