//! An update of an office that holds something already.

use std::process::Command;
use std::sync::OnceLock;

use crate::faults::injection::{chosen, in_parallel};
use crate::faults::intake::world::{Copy, LIMIT, Prepared};
use crate::faults::kill::{calls_of, killed, owner_arguments};
use crate::support::documents::docx;
use crate::support::process::{Outcome, eventually};
use crate::support::server::SPACE;

/// Calls of the update's first command tried in a normal run.
const FEW: usize = 10;

const NAME: &str = "vertrag.docx";
const ROWS: &str = "SELECT printf('%s %d %d %s, %d %s', state, arrived_at, due_at, first_signatures,
     (SELECT count(*) FROM verdicts), (SELECT group_concat(result || signatures) FROM verdicts)) FROM holds";

/// What the migrations after the first of the holding area added.
const UNDONE: &str = "
    DROP TABLE approvals;
    ALTER TABLE spaces DROP COLUMN release_by;
    DROP INDEX grants_by_space;
    ALTER TABLE grants DROP COLUMN releases;
    CREATE INDEX grants_by_space ON grants (space_id, user_id, \"right\");
    DROP TABLE sessions;
    DROP TABLE mail_parts;
    DROP TABLE mails;
    DROP INDEX spaces_by_mail;
    ALTER TABLE spaces DROP COLUMN mail;
    ALTER TABLE spaces DROP COLUMN holds;
    ALTER TABLE holds DROP COLUMN obstacle;
    ALTER TABLE holds DROP COLUMN labels;
    ALTER TABLE holds DROP COLUMN kind;
    ALTER TABLE verdicts DROP COLUMN tested_at;
    DROP INDEX verdicts_infected;
    DROP INDEX events_states;
    DROP INDEX events_reads;
    DROP TABLE rescanned;
    DROP TABLE rescan;
    PRAGMA user_version = 19;";

#[test]
fn an_update_killed_before_any_call_keeps_what_is_held_and_releases_it_once() {
    let (rows, content) = (OnceLock::new(), docx("Ein Vertrag."));
    let prepared = Prepared::new(|copy| {
        copy.server.cli_ok(["space", "set", SPACE, "--hold", "1s"]);
        copy.server.request("PUT", &format!("/dav/{SPACE}/{NAME}")).body(content.clone()).send().expect(201);
        copy.comes_to("it waits", |copy| copy.word("SELECT state FROM holds") == "waiting_for_signatures");
        assert!(copy.server.stop().success());
        copy.change_much(UNDONE);
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
