//! Whether a catalogue is what was written: looked at when it is opened, and whole on request.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::{CatalogError, CatalogKey, ReadTx, connection, migrate};

/// Largest catalogue that every start reads as a whole, in bytes. Larger ones are read in the
/// background once the server runs.
const CHECKED_AT_START: u64 = 4 << 20;

/// Refuses a catalogue with a damaged page before anything is done with it, if it is small enough.
pub(super) fn check_at_start(connection: &Connection, path: &Path) -> Result<(), CatalogError> {
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|source| CatalogError::Io { doing: "look at the catalogue", source })?;
    if metadata.len() > CHECKED_AT_START {
        return Ok(());
    }
    untouched(connection, || check(connection))
}

/// Looks at the database at `path` without changing it: key, every page, format, references.
///
/// Errors: `Empty`, `WrongKey`, `Damaged`, `Newer`, `Io`.
pub(super) fn examine(path: &Path, key: &CatalogKey) -> Result<(), CatalogError> {
    connection::check_sqlite_version()?;
    connection::require_content(path)?;
    let connection = connection::open(path, key)?;
    untouched(&connection, || {
        migrate::check_format(&connection)?;
        check(&connection)?;
        check_references(&connection)
    })
}

/// Reads every page of every table and index; SQLCipher authenticates each.
pub(super) fn check(connection: &Connection) -> Result<(), CatalogError> {
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(_) => Err(CatalogError::Damaged),
        Err(error) => Err(match error.sqlite_error_code() {
            // The disk does not give the page: that is another thing than a page that is wrong.
            Some(ErrorCode::SystemIoFailure | ErrorCode::OperationInterrupted) => error.into(),
            _ => CatalogError::Damaged,
        }),
    }
}

fn check_references(connection: &Connection) -> Result<(), CatalogError> {
    let mut dangling = connection.prepare("PRAGMA foreign_key_check")?;
    if dangling.query([])?.next()?.is_some() { Err(CatalogError::Damaged) } else { Ok(()) }
}

/// While nobody knows whether the database is sound, closing it must not fold its log into it.
fn untouched(
    connection: &Connection,
    look: impl FnOnce() -> Result<(), CatalogError>,
) -> Result<(), CatalogError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    look()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

impl ReadTx<'_> {
    /// Reads the whole catalogue. Errors: `Damaged`.
    pub fn check(&self) -> Result<(), CatalogError> {
        check(self.connection())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CatalogKey {
        CatalogKey::new([3; 32])
    }

    fn filled() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        connection::create(&path, &key()).unwrap();
        let mut connection = connection::open(&path, &key()).unwrap();
        migrate::fill(&mut connection).unwrap();
        for user in 0..200 {
            let name = format!("{user:0100}");
            connection
                .execute(
                    "INSERT INTO users (name, name_key, role, created_at) VALUES (?1, ?1, 'staff', 0)",
                    [name],
                )
                .unwrap();
        }
        drop(connection);
        let bytes = std::fs::read(&path).unwrap();
        (dir, path, bytes)
    }

    #[expect(clippy::disallowed_methods, reason = "a disk that loses a bit does not ask")]
    fn put(path: &Path, bytes: &[u8]) {
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_flipped_bit_in_any_page_is_found_and_nothing_is_changed() {
        let (_dir, path, sound) = filled();
        examine(&path, &key()).unwrap();
        for page in 0..sound.len() / 4096 {
            let mut bytes = sound.clone();
            bytes[page * 4096 + 1234] ^= 1;
            put(&path, &bytes);
            let error = examine(&path, &key()).unwrap_err();
            assert!(matches!(error, CatalogError::Damaged | CatalogError::WrongKey), "{page}: {error:?}");
            let error = super::super::Catalog::open(&path, &key()).err().unwrap();
            assert!(matches!(error, CatalogError::Damaged | CatalogError::WrongKey), "{page}: {error:?}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn a_file_that_was_cut_or_overwritten_is_no_catalogue() {
        let (_dir, path, sound) = filled();
        for len in [0, 1, 100, 4096, sound.len() - 4096, sound.len() - 1] {
            put(&path, &sound[..len]);
            let error = examine(&path, &key()).unwrap_err();
            assert!(!matches!(error, CatalogError::Sqlite(_) | CatalogError::Io { .. }), "{len}: {error:?}");
        }
        put(&path, &vec![0x55; sound.len()]);
        assert!(matches!(examine(&path, &key()), Err(CatalogError::WrongKey)));
    }
}
