//! A migration that is killed before any of its system calls, or whose calls fail: the catalogue is complete in the
//! old format or in the new one, and with the new one there is a complete copy of the old.
//!
//! The second format belongs to the tests, with changes of every kind. strace needs a process of its own: the tests
//! start this program again for the first test alone, with a folder to work in. `TRESOR_TEST_FAULTS=all` tries
//! every call.

#![allow(clippy::disallowed_methods, reason = "the folders are the tests' own")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::types::Value;
use tempfile::TempDir;

use super::*;

/// A typical migration: a new table filled from an old one, a new column, a new index.
const SECOND: &str = "
    CREATE TABLE labels (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
    INSERT INTO labels (text) SELECT name || ' the user' FROM users ORDER BY id;
    ALTER TABLE users ADD COLUMN note TEXT NOT NULL DEFAULT 'none';
    UPDATE users SET note = 'renamed' WHERE id % 3 = 0;
    DROP INDEX users_twice;
    CREATE INDEX users_by_note ON users (note);
    DELETE FROM settings WHERE name = 'old';";
const FIRST: [&str; 1] = [MIGRATIONS[0]];
const BOTH: [&str; 2] = [MIGRATIONS[0], SECOND];

/// Names the folder for the process below.
const FOLDER: &str = "TRESOR_TEST_MIGRATION";
const CHILD: &str =
    "catalog::sqlite::migrate::faults::a_migration_brings_the_next_format_and_keeps_a_copy_of_the_old_one";

#[test]
fn a_migration_brings_the_next_format_and_keeps_a_copy_of_the_old_one() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        drop(open_by(&Path::new(&folder).join("catalog.db"), &key(), &BOTH).unwrap());
        return;
    }
    let old = Old::new();
    let folder = old.copy();
    drop(open_by(&catalogue(&folder), &key(), &BOTH).unwrap());
    old.assert_migrated(&folder);
    assert_eq!(content(&catalogue(&folder)).0, 2);
    // The new program changes nothing further, the old one refuses the catalogue.
    drop(open_by(&catalogue(&folder), &key(), &BOTH).unwrap());
    old.assert_migrated(&folder);
    let old_program = open_by(&catalogue(&folder), &key(), &FIRST);
    assert!(matches!(old_program, Err(CatalogError::Newer { found: 2, known: 1 })));
}

#[test]
fn a_migration_that_does_not_fit_changes_nothing() {
    let old = Old::new();
    let folder = old.copy();
    let wrong = [MIGRATIONS[0], "DELETE FROM settings; CREATE TABLE users (id INTEGER) STRICT;"];
    assert!(open_by(&catalogue(&folder), &key(), &wrong).is_err());
    assert_eq!(content(&catalogue(&folder)), old.before);
}

/// Otherwise a power cut could leave the new format and no copy, or half of one.
#[test]
fn the_copy_is_durable_before_the_first_change() {
    let old = Old::new();
    let folder = old.copy();
    let calls = Traced::run(folder.path(), &[]).calls;
    let at = |what: &dyn Fn(&Call) -> bool| calls.iter().rposition(what).expect("a call");
    let is_sync = |call: &Call| ["fsync", "fdatasync"].contains(&call.name.as_str());
    let copied = at(&|call| call.name == "pwrite64" && call.is_on("catalog.format-1.db"));
    let synced = at(&|call| is_sync(call) && call.is_on("catalog.format-1.db"));
    let named = at(&|call| is_sync(call) && call.is_on(""));
    let removed =
        calls.iter().rposition(|call| call.name == "unlink" && call.is_on("catalog.format-1.db-wal"));
    let changed =
        calls[copied..].iter().position(|call| call.name == "pwrite64" && call.is_on("catalog.db-wal"));
    let changed = copied + changed.expect("a change");
    assert!(copied < synced && synced < named && named < changed, "{calls:#?}");
    assert!(removed.is_none_or(|removed| synced < removed), "the copy does not lie in its log");
    assert!(!calls[..changed].iter().any(|call| call.name == "unlink" && call.is_on("catalog.db-wal")));
}

#[test]
fn a_migration_killed_before_any_call_leaves_old_or_new() {
    let old = Old::new();
    let points = chosen(old.points(), 28);
    let mut formats = BTreeMap::new();
    for (name, nth) in points {
        let what = format!("killed before {name} {nth}");
        let folder = old.copy();
        let run = Traced::run(folder.path(), &["-e", &format!("inject={name}:signal=KILL:when={nth}")]);
        assert!(!run.is_done, "{what}: it came to its end");
        *formats.entry(old.assert_old_or_new(&folder, &what)).or_insert(0) += 1;
    }
    assert!(formats.len() == 2, "neither is left by {formats:?} of these");
}

#[test]
fn a_migration_with_a_failing_call_leaves_old_or_new_and_says_so() {
    let old = Old::new();
    let mut all = Vec::new();
    for (name, nth) in old.points() {
        let errors: &[&str] = match name.as_str() {
            "openat" => &["ENOSPC", "EIO", "EROFS", "EMFILE"],
            "fsync" | "fdatasync" => &["EIO", "ENOSPC"],
            "unlink" => &["EIO", "EROFS"],
            _ => &["ENOSPC", "EIO", "EROFS", "EDQUOT"],
        };
        all.extend(errors.iter().map(|error| (name.clone(), nth, *error)));
    }
    let mut told = 0;
    let chosen = chosen(all, 32);
    let tried = chosen.len();
    for (name, nth, error) in chosen {
        let what = format!("{error} of {name} {nth}");
        let folder = old.copy();
        let run = Traced::run(folder.path(), &["-e", &format!("inject={name}:error={error}:when={nth}")]);
        let met = run.calls.iter().find(|call| call.rest.contains("(INJECTED)"));
        let met = met.unwrap_or_else(|| panic!("{what}: not met"));
        told += usize::from(!run.is_done);
        // SQLite ignores errors of its own fsync of a directory, but ours follows; and on a full disk the log may
        // stay uncopied at the end.
        let is_dropped = met.is_on("") || (error == "ENOSPC" && met.is_on("catalog.db"));
        let is_essential = ["fsync", "fdatasync", "pwrite64"].contains(&name.as_str()) && !is_dropped;
        assert!(!(run.is_done && is_essential), "{what}: not told, {met:?}");
        let format = old.assert_old_or_new(&folder, &what);
        assert!(!run.is_done || format == 2, "{what}: called done");
    }
    assert!(told * 2 > tried, "only {told} of {tried} errors were told");
}

fn key() -> CatalogKey {
    CatalogKey::new([9; 32])
}

fn catalogue(folder: &TempDir) -> PathBuf {
    folder.path().join("catalog.db")
}

/// A folder in memory where possible: thousands of fsyncs are useless for temporary data.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("tresor-test-migration-").tempdir_in(parent).unwrap()
}

/// Format and content of a database: its schema, then its rows.
type Content = (u32, Vec<String>);

fn content(path: &Path) -> Content {
    let connection = open::open(path, &key()).unwrap();
    soundness::check(&connection).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut query = connection.prepare(sql).unwrap();
        let columns = query.column_count();
        let rows = query.query_map([], |row| {
            let values: Result<Vec<Value>, _> = (0..columns).map(|column| row.get(column)).collect();
            Ok(format!("{:?}", values?))
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    assert!(texts("PRAGMA foreign_key_check").is_empty());
    let mut all = texts("SELECT type, name, sql FROM sqlite_schema ORDER BY name");
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%' ORDER BY name")
        .unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for table in tables {
        all.push(table.clone());
        all.extend(texts(&format!("SELECT * FROM \"{table}\"")));
    }
    let format = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    (format, all)
}

/// A catalogue of the first format whose server was killed, and the migration to test.
struct Old {
    folder: TempDir,
    before: Content,
    after: Content,
}

impl Old {
    fn new() -> Self {
        let work = folder();
        open::create(&catalogue(&work), &key()).unwrap();
        let mut connection = open::open(&catalogue(&work), &key()).unwrap();
        apply(&mut connection, &FIRST, 0).unwrap();
        checkpoint::settle(&connection).unwrap();
        let mut insert = connection
            .prepare("INSERT INTO users (name, name_key, role, created_at) VALUES (?1, ?1, 'staff', 7)")
            .unwrap();
        for user in 0..60 {
            insert.execute([format!("{user:0200}")]).unwrap();
        }
        connection.execute("INSERT INTO settings (name, value) VALUES ('old', 'x')", []).unwrap();
        // As after a kill: the rows are in the log only.
        let folder = folder();
        for name in ["catalog.db", "catalog.db-wal"] {
            fs::copy(work.path().join(name), folder.path().join(name)).unwrap();
        }
        let mut old = Self { folder, before: (0, Vec::new()), after: (0, Vec::new()) };
        let copy = old.copy();
        old.before = content(&catalogue(&copy));
        apply(&mut open::open(&catalogue(&copy), &key()).unwrap(), &BOTH, 1).unwrap();
        old.after = content(&catalogue(&copy));
        assert_eq!((old.before.0, old.after.0), (1, 2));
        old
    }

    fn copy(&self) -> TempDir {
        let copy = folder();
        for file in fs::read_dir(self.folder.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        copy
    }

    /// The calls of a migration that change or open files: their names, and their number among calls of the same
    /// kind.
    fn points(&self) -> Vec<(String, usize)> {
        let folder = self.copy();
        let run = Traced::run(folder.path(), &[]);
        assert!(run.is_done);
        self.assert_migrated(&folder);
        let points: BTreeSet<_> = run.calls.into_iter().map(|call| (call.name, call.nth)).collect();
        assert!(points.len() > 100, "{points:?}");
        points.into_iter().collect()
    }

    /// Returns the resulting format. Then tries again, as the next start does.
    fn assert_old_or_new(&self, folder: &TempDir, what: &str) -> u32 {
        let found = content(&catalogue(folder));
        assert!(found == self.before || found == self.after, "{what}: half a migration, {found:#?}");
        if found.0 == 2 {
            let copy = content(&folder.path().join("catalog.format-1.db"));
            assert!(copy == self.before, "{what}: no whole copy, {copy:#?}");
        }
        open_by(&catalogue(folder), &key(), &BOTH).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        self.assert_migrated(folder);
        found.0
    }

    fn assert_migrated(&self, folder: &TempDir) {
        assert!(content(&catalogue(folder)) == self.after);
        assert!(content(&folder.path().join("catalog.format-1.db")) == self.before);
        let files: BTreeSet<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["catalog.db", "catalog.format-1.db"].map(Into::into).into());
    }
}

/// A system call on the folder or on a database in it.
#[derive(Debug)]
struct Call {
    name: String,
    /// Number among calls of its kind, from 1; a single thread makes all calls.
    nth: usize,
    /// Its arguments and outcome.
    rest: String,
    folder: String,
}

impl Call {
    /// Whether the call concerns this file of the folder, or the folder itself.
    fn is_on(&self, file: &str) -> bool {
        let path = if file.is_empty() { self.folder.clone() } else { format!("{}/{file}", self.folder) };
        [">", "\""].iter().any(|end| self.rest.contains(&format!("{path}{end}")))
    }
}

/// A migration in a process of its own under strace.
struct Traced {
    is_done: bool,
    calls: Vec<Call>,
}

impl Traced {
    fn run(folder: &Path, options: &[&str]) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut strace = Command::new("strace");
        strace.args(["-f", "-y", "-o"]).arg(log.path()).arg("-P").arg(folder);
        for file in ["catalog.db", "catalog.format-1.db"] {
            for end in ["", "-wal", "-journal"] {
                strace.arg("-P").arg(folder.join(format!("{file}{end}")));
            }
        }
        strace.args(["-e", "trace=openat,pwrite64,fsync,fdatasync,unlink,ftruncate,fallocate,rename,link"]);
        strace.args(options).arg(std::env::current_exe().unwrap());
        strace.args(["--exact", CHILD, "--test-threads=1"]).env(FOLDER, folder);
        let ended = strace.output().expect("strace runs (Debian package strace)");
        let text = String::from_utf8_lossy(&fs::read(log.path()).unwrap()).into_owned();
        let folder = folder.to_str().unwrap();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut calls = Vec::new();
        for line in text.lines() {
            let (_, rest) = line.split_once(' ').unwrap();
            let Some((name, rest)) = rest.trim_start().split_once('(') else { continue };
            let nth = counts.entry(name).or_default();
            *nth += 1;
            let (name, rest) = (name.to_owned(), rest.to_owned());
            calls.push(Call { name, nth: *nth, rest, folder: folder.to_owned() });
        }
        assert!(!calls.is_empty(), "{text}{}", String::from_utf8_lossy(&ended.stderr));
        Self { is_done: ended.status.success(), calls }
    }
}

/// About `few` of these, evenly spread, or as `TRESOR_TEST_FAULTS` says, like in `tests/faults`.
fn chosen<T>(items: Vec<T>, few: usize) -> Vec<T> {
    let asked = std::env::var("TRESOR_TEST_FAULTS").unwrap_or_else(|_| few.to_string());
    let (first, step) = match asked.split_once('/') {
        Some((part, parts)) => (part.parse::<usize>().unwrap() - 1, parts.parse().unwrap()),
        None if asked == "all" => (0, 1),
        None => (0, (items.len() / asked.parse::<usize>().unwrap().max(1)).max(1)),
    };
    items.into_iter().skip(first).step_by(step).collect()
}
