//! Checks that a catalogue is as written: at the start, and completely on request.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::config::DbConfig;

use super::{Connection, log};
use crate::catalog::CatalogError;

/// Largest catalogue that each start checks completely, in bytes. Larger ones are checked in the background once
/// the server runs.
const CHECKED_AT_START: u64 = 4 << 20;

/// Most messages that one check of the catalogue returns: one damaged page can cause thousands.
const MAX_MESSAGES: usize = 100;

/// Refuses a catalogue with a damaged page before any use, if it is small enough to check.
pub(super) fn check_at_start(connection: &rusqlite::Connection, path: &Path) -> Result<(), CatalogError> {
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|source| CatalogError::Io { doing: "look at the catalogue", source })?;
    if metadata.len() > CHECKED_AT_START {
        return Ok(());
    }
    untouched(connection, || check(connection))
}

/// Reads every page of every table and index; SQLCipher authenticates each.
pub(super) fn check(connection: &rusqlite::Connection) -> Result<(), CatalogError> {
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(_) => Err(CatalogError::Damaged),
        Err(error) => Err(match error.sqlite_error_code() {
            // The disk cannot read the page, which is different from a page with wrong content.
            Some(ErrorCode::SystemIoFailure | ErrorCode::OperationInterrupted) => error.into(),
            _ => CatalogError::Damaged,
        }),
    }
}

pub(super) fn check_references(connection: &rusqlite::Connection) -> Result<(), CatalogError> {
    let mut dangling = connection.prepare("PRAGMA foreign_key_check")?;
    if dangling.query([])?.next()?.is_some() { Err(CatalogError::Damaged) } else { Ok(()) }
}

/// Until the database is known to be sound, closing it must not copy the log into it.
pub(super) fn untouched(
    connection: &rusqlite::Connection,
    look: impl FnOnce() -> Result<(), CatalogError>,
) -> Result<(), CatalogError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    look()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

impl Connection {
    /// Reads the whole database. Errors: `Damaged`.
    pub(in crate::catalog) fn check(&self) -> Result<(), CatalogError> {
        check(&self.raw)
    }

    /// Pages of the database file that differ from the pages written under this key, as sentences. A page that
    /// is just being written may be among them: ask again before relying on it.
    ///
    /// Pages in the log are skipped. Readers take them from there, and while a reader prevents the log from being
    /// copied completely, the file may have grown past a page that was never written to it.
    pub(in crate::catalog) fn damaged_pages(&self) -> Result<Vec<String>, CatalogError> {
        // SQLCipher checks when the statement is prepared, so a cached statement would repeat its result.
        let mut told = self.messages("PRAGMA cipher_integrity_check")?;
        if !told.is_empty() {
            let logged = log::pages(Path::new(self.raw.path().unwrap_or_default()))
                .map_err(|source| CatalogError::Io { doing: "read the catalogue's log", source })?;
            told.retain(|message| page_of(message).is_none_or(|page| !logged.contains(&page)));
        }
        Ok(told)
    }

    /// Inconsistencies in the database's trees and indexes, as sentences without any value.
    pub(in crate::catalog) fn structure_faults(&self) -> Result<Vec<String>, CatalogError> {
        let mut found = self.messages(&format!("PRAGMA integrity_check({MAX_MESSAGES})"))?;
        found.retain(|message| message != "ok");
        if !found.is_empty() {
            self.note_damaged_page();
        }
        Ok(found)
    }

    fn messages(&self, pragma: &str) -> Result<Vec<String>, CatalogError> {
        let mut statement = self.noted(self.raw.prepare(pragma))?;
        let rows = statement.query_map([], |row| row.get(0));
        self.noted(rows.and_then(|rows| rows.take(MAX_MESSAGES).collect()))
    }

    /// Rows that refer to missing rows, as sentences.
    pub(in crate::catalog) fn dangling_references(&self) -> Result<Vec<String>, CatalogError> {
        let sql = format!(
            "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 LIMIT {MAX_MESSAGES}"
        );
        self.all(&sql, [], |row| {
            let (table, parent, count): (String, String, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!("{count} references from {table} to missing {parent}"))
        })
    }
}

/// The page in SQLCipher's message "HMAC verification failed for page 7".
fn page_of(message: &str) -> Option<u32> {
    message.strip_prefix("HMAC verification failed for page ")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::super::{CatalogKey, Database, checkpoint};
    use super::*;

    fn add_users(connection: &Connection, numbers: std::ops::Range<i64>) {
        for user in numbers {
            let sql = "INSERT INTO users (name, name_key, role, created_at) VALUES (?1, ?1, 'staff', 0)";
            connection.execute(sql, [format!("{user:0100}")]).unwrap();
        }
    }

    /// A reader prevented the log from being copied completely. Pages after the skipped ones extended the file,
    /// which had zeros in between; on a busy machine a verification reported these as damage.
    #[test]
    fn a_page_that_only_the_log_has_is_no_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        let database = Database::new(&path, &CatalogKey::new([3; 32]));
        let writer = database.create().unwrap();
        add_users(&writer, 0..200);
        writer.fold_log().unwrap();
        add_users(&writer, 200..400);
        let reader = database.open_reader().unwrap();
        let snapshot = reader.snapshot().unwrap();
        reader.one("SELECT count(*) FROM users", [], |_| Ok(())).unwrap();
        // The pages of the rows get a newer state that cannot be copied; those of the index, some at higher
        // positions, can be.
        writer.execute("UPDATE users SET created_at = 1", []).unwrap();
        checkpoint::checkpoint(&writer.raw, "PASSIVE").unwrap();
        let told = reader.messages("PRAGMA cipher_integrity_check").unwrap();
        assert!(!told.is_empty(), "the file has no gap: the test shows nothing");
        assert_eq!(reader.damaged_pages().unwrap(), Vec::<String>::new());

        drop(snapshot);
        writer.fold_log().unwrap();
        assert_eq!(reader.damaged_pages().unwrap(), Vec::<String>::new());
        std::fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .write_all_at(b"?", 3 * 4096 + 99)
            .unwrap();
        assert_eq!(reader.damaged_pages().unwrap(), ["HMAC verification failed for page 4"]);
    }
}
