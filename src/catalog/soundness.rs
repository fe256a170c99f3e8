//! Whether a catalogue is what was written: looked at when it is opened, and whole on request.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::{CatalogError, ReadTx};

/// Largest catalogue that each start checks as a whole, in bytes. Larger ones are checked in the background once the
/// server runs.
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

pub(super) fn check_references(connection: &Connection) -> Result<(), CatalogError> {
    let mut dangling = connection.prepare("PRAGMA foreign_key_check")?;
    if dangling.query([])?.next()?.is_some() { Err(CatalogError::Damaged) } else { Ok(()) }
}

/// While nobody knows whether the database is sound, closing it must not fold its log into it.
pub(super) fn untouched(
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
