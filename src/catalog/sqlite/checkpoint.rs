//! Copies the write-ahead log into the database.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::catalog::CatalogError;

/// Pages in the write-ahead log, 4 KiB each, at which it is copied into the database.
const LOG_PAGES: i64 = 1_000;

/// Switches the database to a write-ahead log. A new database stores that in its first page, and SQLite reports the
/// mode before it has written: an error shows only in the next statement.
pub(super) fn use_log(connection: &Connection) -> Result<(), CatalogError> {
    let mut pragma = connection.prepare("PRAGMA journal_mode = WAL")?;
    let modes: Vec<String> = pragma.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if modes == ["wal"] {
        return Ok(());
    }
    let failed = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_WRITE);
    Err(CatalogError::from(rusqlite::Error::SqliteFailure(failed, None)))
}

/// Keeps the log and its index when this connection is the last to close. The log is empty by then, because the
/// writer has copied it into the database. But if the disk is full at the next start, the two files cannot be
/// created, and without them nothing can be read.
pub(super) fn keep_log(connection: &Connection) -> Result<(), CatalogError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Copies the write-ahead log of an earlier run into the database. It may contain readable transactions whose fsync
/// failed, which exist only in the system's memory; later ones would be lost with them. May fail on a full disk,
/// which must not prevent reading.
pub(super) fn settle(connection: &Connection) -> Result<(), CatalogError> {
    match checkpoint(connection, "TRUNCATE") {
        Err(CatalogError::Full) => Ok(()),
        other => other,
    }
}

/// Copies the write-ahead log into the database, as far as readers allow.
pub(super) fn checkpoint(connection: &Connection, mode: &str) -> Result<(), CatalogError> {
    let mut checkpoint = connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
    Ok(checkpoint.query_row([], |_| Ok(()))?)
}

/// SQLite's own checkpoints hide their errors and make every writer wait: from now on only [`copy_long_log`] and
/// [`checkpoint`] make one.
pub(super) fn take_over(connection: &Connection) -> Result<(), CatalogError> {
    keep_log(connection)?;
    Ok(connection.pragma_update(None, "wal_autocheckpoint", 0)?)
}

/// Copies the log into the database if it is long.
pub(super) fn copy_long_log(connection: &Connection) -> Result<(), CatalogError> {
    let (waiting, all) = log_pages(connection)?;
    match waiting > 0 && all >= LOG_PAGES {
        true => checkpoint(connection, "PASSIVE"),
        false => Ok(()),
    }
}

/// Number of pages in the write-ahead log that are not in the database yet, and of all pages in the log.
fn log_pages(connection: &Connection) -> Result<(i64, i64), CatalogError> {
    let mut ask = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
    let (all, done): (i64, i64) = ask.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
    Ok((all - done, all))
}
