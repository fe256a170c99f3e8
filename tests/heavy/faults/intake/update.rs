//! An update of an office that holds something already.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use rusqlite::Connection;

use crate::faults::injection::{chosen, in_parallel};
use crate::faults::intake::world::{Copy, LIMIT, Prepared};
use crate::faults::kill::{calls_of, killed, owner_arguments};
use crate::support::content::files_below;
use crate::support::documents::docx;
use crate::support::process::{Outcome, eventually};
use crate::support::server::SPACE;

/// Calls of the update's first command tried in a normal run.
const FEW: usize = 10;

const NAME: &str = "vertrag.docx";
const ROWS: &str = "SELECT printf('%s %d %d %s, %d %s', state, arrived_at, due_at, first_signatures,
     (SELECT count(*) FROM verdicts), (SELECT group_concat(result || signatures) FROM verdicts)) FROM holds";

/// The format that brought the holding area.
const FORMAT: usize = 19;

/// Takes from a catalogue the additions of the migrations after [`FORMAT`].
fn undo(copy: &Copy) {
    let earlier = Connection::open_in_memory().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for migration in files_below(&folder).iter().take(FORMAT) {
        earlier.execute_batch(&std::fs::read_to_string(migration).unwrap()).unwrap();
    }
    copy.change_much("PRAGMA foreign_keys = OFF");
    let (before, now) = (Schema::of(&earlier), Schema::of(copy.rows()));
    for (name, _) in now.indexes.iter().filter(|(name, sql)| before.indexes.get(*name) != Some(*sql)) {
        copy.change_much(&format!("DROP INDEX {name}"));
    }
    for (table, columns) in &now.tables {
        match before.tables.get(table) {
            None => copy.change_much(&format!("DROP TABLE {table}")),
            Some(kept) => {
                for column in columns.difference(kept) {
                    copy.change_much(&format!("ALTER TABLE {table} DROP COLUMN {column}"));
                }
            }
        }
    }
    for (_, sql) in before.indexes.iter().filter(|(name, sql)| now.indexes.get(*name) != Some(*sql)) {
        copy.change_much(sql);
    }
    copy.change_much(&format!("PRAGMA user_version = {FORMAT}"));
}

/// Tables with their columns, and indexes with their definitions.
struct Schema {
    tables: BTreeMap<String, BTreeSet<String>>,
    indexes: BTreeMap<String, String>,
}

impl Schema {
    fn of(database: &Connection) -> Self {
        let mut query = database
            .prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
            .unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let (mut tables, mut indexes) = (BTreeMap::new(), BTreeMap::new());
        for (kind, name, sql) in rows.map(Result::<(String, String, String), _>::unwrap) {
            match kind.as_str() {
                "table" => {
                    let mut columns = database.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
                    let columns =
                        columns.query_map([&name], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
                    tables.insert(name, columns);
                }
                "index" => drop(indexes.insert(name, sql)),
                _ => {}
            }
        }
        Self { tables, indexes }
    }
}

#[test]
fn an_update_killed_before_any_call_keeps_what_is_held_and_releases_it_once() {
    let (rows, content) = (OnceLock::new(), docx("Ein Vertrag."));
    let prepared = Prepared::new(|copy| {
        copy.server.cli_ok(["space", "set", SPACE, "--hold", "1s"]);
        copy.server.request("PUT", &format!("/dav/{SPACE}/{NAME}")).body(content.clone()).send().expect(201);
        copy.comes_to("it waits", |copy| copy.word("SELECT state FROM holds") == "waiting_for_signatures");
        assert!(copy.server.stop().success());
        undo(copy);
        rows.set(copy.word(ROWS)).unwrap();
    });
    prepared.publish();
    let first = prepared.stopped();
    let points = chosen(calls_of(&first, &owner_arguments(&first, &["user", "list"])), FEW);
    let completed = in_parallel(&points, |(call, nth)| {
        let what = format!("killed before {call} {nth}");
        let server = prepared.stopped();
        let arguments = owner_arguments(&server, &["user", "list"]);
        let ended = killed(&server, &arguments, call, *nth);
        let again = Outcome::of(Command::new(env!("CARGO_BIN_EXE_tresor")).args(&arguments));
        assert_eq!(again.code, 0, "{what}: {again}");
        assert!(server.data().join("catalog/catalog.format-19.db").is_file(), "{what}");
        let mut copy = Copy::of(server);
        assert_eq!(Some(&copy.word(ROWS)), rows.get(), "{what}");
        copy.server.spawn();
        assert_eq!(copy.word("SELECT holds || release_by FROM spaces"), "risky1", "{what}");
        copy.decide("retry");
        eventually(&format!("{what}: it is released"), LIMIT, || {
            copy.word("SELECT state FROM holds") == "released"
        });
        assert!(copy.read(NAME).as_ref() == Some(&content), "{what}");
        copy.assert_sound(&what);
        let releases = "SELECT count(*) FROM events WHERE kind = 'state-changed'";
        assert_eq!(copy.count(releases), 1, "{what}");
        ended.code == 0
    });
    let killed = completed.iter().filter(|completed| !**completed).count();
    assert!(killed * 2 > points.len(), "only {killed} of {} were killed", points.len());
}
