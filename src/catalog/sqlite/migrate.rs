//! Numbered changes of the schema, each applied once and in order.
//!
//! Order of a migration: the write-ahead log of the last run is copied into the database, a durable copy is made,
//! then all pending changes happen in one transaction. If anything fails before, the catalogue stays as it was, and
//! the next start begins again.

use std::io;
use std::path::Path;

use rusqlite::Connection;

use super::open::{self, CatalogKey};
use super::{checkpoint, soundness};
use crate::catalog::CatalogError;
use crate::model::layout;

/// `migrations/NNNN-name.sql` in order; the position is the format's number. Released files are never
/// edited, only added.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/0001-initial.sql"),
    include_str!("../../../migrations/0002-uploads.sql"),
    include_str!("../../../migrations/0003-second-factor.sql"),
    include_str!("../../../migrations/0004-links.sql"),
    include_str!("../../../migrations/0005-departures.sql"),
    include_str!("../../../migrations/0006-clock.sql"),
    include_str!("../../../migrations/0007-upload-names.sql"),
    include_str!("../../../migrations/0008-reservations.sql"),
    include_str!("../../../migrations/0009-property-bytes.sql"),
    include_str!("../../../migrations/0010-history.sql"),
    include_str!("../../../migrations/0011-lock-lineage.sql"),
    include_str!("../../../migrations/0012-removed-users.sql"),
    include_str!("../../../migrations/0013-used-codes.sql"),
    include_str!("../../../migrations/0014-property-setter.sql"),
    include_str!("../../../migrations/0015-events.sql"),
    include_str!("../../../migrations/0016-upload-protocol.sql"),
    include_str!("../../../migrations/0017-version-state.sql"),
    include_str!("../../../migrations/0018-fewer-pages.sql"),
    include_str!("../../../migrations/0019-holds.sql"),
    include_str!("../../../migrations/0020-rescan.sql"),
    include_str!("../../../migrations/0021-inspections.sql"),
    include_str!("../../../migrations/0022-mail.sql"),
    include_str!("../../../migrations/0023-sessions.sql"),
    include_str!("../../../migrations/0024-release.sql"),
    include_str!("../../../migrations/0025-two-persons.sql"),
    include_str!("../../../migrations/0026-handing-out.sql"),
    include_str!("../../../migrations/0027-allowed.sql"),
    include_str!("../../../migrations/0028-rules.sql"),
    include_str!("../../../migrations/0029-hand-ins.sql"),
    include_str!("../../../migrations/0030-office.sql"),
    include_str!("../../../migrations/0031-notices.sql"),
    include_str!("../../../migrations/0032-engines.sql"),
    include_str!("../../../migrations/0033-downloads.sql"),
    include_str!("../../../migrations/0034-requests.sql"),
    include_str!("../../../migrations/0035-reminders.sql"),
    include_str!("../../../migrations/0036-archives.sql"),
    include_str!("../../../migrations/0037-request-lists.sql"),
    include_str!("../../../migrations/0038-uploads-of-hand-ins.sql"),
    include_str!("../../../migrations/0039-screen-lock.sql"),
    include_str!("../../../migrations/0040-logo.sql"),
    include_str!("../../../migrations/0041-boxes.sql"),
    include_str!("../../../migrations/0042-request-items.sql"),
    include_str!("../../../migrations/0043-passkeys.sql"),
    include_str!("../../../migrations/0044-codes-by-mail.sql"),
    include_str!("../../../migrations/0045-items-of-hand-ins.sql"),
    include_str!("../../../migrations/0046-sent-by-pages.sql"),
    include_str!("../../../migrations/0047-request-codes.sql"),
    include_str!("../../../migrations/0048-bounces.sql"),
    include_str!("../../../migrations/0049-answers-to-comments.sql"),
    include_str!("../../../migrations/0050-invitations.sql"),
];

/// Gives an empty database the newest format.
pub(super) fn fill(connection: &mut Connection) -> Result<(), CatalogError> {
    apply(connection, MIGRATIONS, 0)
}

/// Refuses a database with a newer format, and one that was never written to.
pub(super) fn check_format(connection: &Connection) -> Result<u32, CatalogError> {
    format_among(connection, MIGRATIONS)
}

/// Opens the database at `path` and brings it to the newest format.
pub(super) fn open(path: &Path, key: &CatalogKey) -> Result<Connection, CatalogError> {
    open_by(path, key, MIGRATIONS)
}

fn open_by(path: &Path, key: &CatalogKey, migrations: &[&str]) -> Result<Connection, CatalogError> {
    open::require_content(path)?;
    let mut connection = open::open(path, key)?;
    soundness::check_at_start(&connection, path)?;
    let found = format_among(&connection, migrations)?;
    if (found as usize) < migrations.len() {
        // Unlike below, even a full disk is an error: the change would follow transactions that are not copied yet.
        checkpoint::checkpoint(&connection, "TRUNCATE")?;
        keep_copy(&connection, path, key, found)?;
        apply(&mut connection, migrations, found)?;
    }
    checkpoint::settle(&connection)?;
    Ok(connection)
}

fn format_among(connection: &Connection, migrations: &[&str]) -> Result<u32, CatalogError> {
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = newest(migrations);
    match found {
        // SQLite accepts an empty file as a database. Once filled it would know no container, and the next sweep
        // would treat every one as garbage.
        0 => Err(CatalogError::Empty),
        found if found > known => Err(CatalogError::Newer { found, known }),
        found => Ok(found),
    }
}

fn newest(migrations: &[&str]) -> u32 {
    u32::try_from(migrations.len()).expect("a handful of migrations")
}

/// Applies all migrations after the found format, in one transaction.
fn apply(connection: &mut Connection, migrations: &[&str], found: u32) -> Result<(), CatalogError> {
    let transaction = connection.transaction()?;
    for sql in migrations.get(found as usize..).unwrap_or_default() {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "user_version", newest(migrations))?;
    Ok(transaction.commit()?)
}

/// Makes a durable copy beside the database.
fn keep_copy(
    connection: &Connection,
    path: &Path,
    key: &CatalogKey,
    format: u32,
) -> Result<(), CatalogError> {
    let copy = layout::database_copy(path, format);
    // Left over from an earlier attempt that did not finish: the database still has the old format, so a new copy
    // is the same.
    remove_copy(&copy).map_err(|source| CatalogError::Io {
        doing: "replace the copy kept before a change of format",
        source,
    })?;
    let kept = open::copy(connection, &copy, key).and_then(|()| open::make_names_durable(&copy));
    if kept.is_err() {
        // A full disk should not fill further with every attempt.
        let _ = remove_copy(&copy);
    }
    kept
}

/// Removes a copy with all files that SQLite may keep for it; succeeds if there is none.
fn remove_copy(copy: &Path) -> io::Result<()> {
    for suffix in layout::DATABASE_SUFFIXES {
        match std::fs::remove_file(layout::beside(copy, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod faults;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn fresh() -> (tempfile::TempDir, std::path::PathBuf, CatalogKey) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        let key = CatalogKey::new([7; 32]);
        open::create(&path, &key).unwrap();
        (dir, path, key)
    }

    #[test]
    fn every_migration_applies_and_foreign_keys_hold() {
        let (_dir, path, key) = fresh();
        let mut connection = open::open(&path, &key).unwrap();
        fill(&mut connection).unwrap();
        drop(connection);
        let connection = open(&path, &key).unwrap();
        let mut check = connection.prepare("PRAGMA foreign_key_check").unwrap();
        assert!(check.query([]).unwrap().next().unwrap().is_none());
        let loose: i64 = connection
            .query_row("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' AND strict = 0", [], |row| row.get(0))
            .unwrap();
        assert_eq!(loose, 0, "every table is STRICT");
    }

    /// Without an index SQLite reads the whole child table at each delete in the parent table, and for a deferred
    /// reference at inserts, too; inserting a file took 15 ms in an instance of 65,000.
    #[test]
    fn every_reference_has_an_index() {
        // Rows of users and spaces are never deleted, and these references are not deferred.
        let of_kept_rows = ["containers.space_id", "versions.author_id"];
        let (_dir, path, key) = fresh();
        let mut connection = open::open(&path, &key).unwrap();
        fill(&mut connection).unwrap();
        let mut bare = connection
            .prepare(
                "SELECT child.name || '.' || reference.\"from\"
                 FROM pragma_table_list AS child, pragma_foreign_key_list(child.name) AS reference
                 WHERE child.schema = 'main'
                   AND NOT EXISTS (
                       SELECT 1 FROM pragma_index_list(child.name) AS list, pragma_index_info(list.name) AS field
                       WHERE field.seqno = 0 AND field.name = reference.\"from\" AND list.partial = 0)
                   AND NOT EXISTS (
                       SELECT 1 FROM pragma_table_info(child.name) AS field
                       WHERE field.name = reference.\"from\" AND field.pk = 1)",
            )
            .unwrap();
        let bare = bare.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap);
        let bare: BTreeSet<String> = bare.collect();
        assert_eq!(bare.iter().collect::<Vec<_>>(), of_kept_rows);
    }

    #[test]
    fn a_newer_format_is_refused_untouched() {
        let (_dir, path, key) = fresh();
        let connection = open::open(&path, &key).unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        assert!(matches!(open(&path, &key), Err(CatalogError::Newer { found: 999, .. })));
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn an_empty_file_is_no_catalogue() {
        let (_dir, path, key) = fresh();
        assert!(matches!(open(&path, &key), Err(CatalogError::Empty)));
        drop(open::open(&path, &key).unwrap());
        assert!(matches!(open(&path, &key), Err(CatalogError::Empty)));
    }

    #[test]
    fn a_catalogue_of_every_earlier_format_becomes_one_of_today() {
        for format in 1..MIGRATIONS.len() {
            let (_dir, path, key) = fresh();
            let mut connection = open::open(&path, &key).unwrap();
            apply(&mut connection, &MIGRATIONS[..format], 0).unwrap();
            connection
                .execute_batch(
                    "BEGIN;
                     INSERT INTO spaces (id, name, name_key, kind, root_id, used_bytes, version_days, trash_days, created_at)
                     VALUES (zeroblob(16), 's', 's', 'team', 1, 5, 30, 30, 0);
                     INSERT INTO entries (id, space_id, name, name_key, is_folder, revision, created_at, modified_at)
                     VALUES (1, zeroblob(16), '', '', 1, 0, 0, 0);
                     INSERT INTO properties (entry_id, namespace, name, value) VALUES (1, 'n', 'a', '<a/>');
                     COMMIT;",
                )
                .unwrap();
            drop(connection);
            let connection = open(&path, &key).unwrap();
            assert_eq!(check_format(&connection).unwrap(), newest(MIGRATIONS));
            let connection = super::super::Connection::new(connection);
            let tx = crate::catalog::ReadTx::new(&connection);
            let space = tx.space(crate::model::SpaceId([0; 16])).unwrap().expect("what was there stays");
            assert_eq!((space.used.0, space.reserved.0, space.properties.0), (5, 0, 6));
            // The office set all properties from before guests had their own.
            let name = crate::model::PropertyName::new("n", "a");
            let property = tx.property(crate::model::EntryId(1), None, &name).unwrap();
            assert_eq!(property.as_deref(), Some("<a/>"));
            assert!(path.with_extension(format!("format-{format}.db")).is_file());
        }
    }

    #[test]
    fn the_copy_before_a_migration_opens_with_the_same_key() {
        let (_dir, path, key) = fresh();
        let mut connection = open::open(&path, &key).unwrap();
        fill(&mut connection).unwrap();
        keep_copy(&connection, &path, &key, 1).unwrap();
        keep_copy(&connection, &path, &key, 1).unwrap();
        let copy = open::open(&path.with_extension("format-1.db"), &key).unwrap();
        let users: i64 = copy.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
        assert_eq!(users, 0);
    }
}
