//! Converts SQLite's errors into the catalogue's own.

use rusqlite::{ErrorCode, ffi};

use crate::catalog::{CatalogError, DatabaseError};

/// An error with SQLite's text and code.
pub(super) fn database_error(error: &rusqlite::Error) -> DatabaseError {
    DatabaseError::new(error.sqlite_error().map(|error| error.extended_code), error.to_string())
}

impl From<rusqlite::Error> for CatalogError {
    fn from(error: rusqlite::Error) -> Self {
        let cause = database_error(&error);
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::WrongKey,
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::SystemIoFailure) if has_no_room(&cause) => Self::Full,
            Some(ErrorCode::SystemIoFailure) if is_failed_write(&cause) => Self::DiskFailed(cause),
            _ => Self::Database(cause),
        }
    }
}

/// Whether the index of the write-ahead log could not be created: SQLite does not report that space was missing.
fn has_no_room(error: &DatabaseError) -> bool {
    error.code() == Some(ffi::SQLITE_IOERR_SHMSIZE)
}

/// Whether the system failed to write or to make durable, rather than to read or to allocate memory.
fn is_failed_write(error: &DatabaseError) -> bool {
    let failed_writes = [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_DIR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
    ];
    error.code().is_some_and(|code| failed_writes.contains(&code))
}

/// Whether the connection may be unusable after this error.
pub(in crate::catalog) fn breaks_connection(error: &DatabaseError) -> bool {
    // The lowest byte of the extended code is the plain code.
    let plain = error.code().map(|code| code & 0xff);
    matches!(plain, Some(ffi::SQLITE_IOERR | ffi::SQLITE_CORRUPT | ffi::SQLITE_CANTOPEN))
}
