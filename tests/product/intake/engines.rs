//! Several scanners judge together: a finding of any of them counts, and a content that a required one does not call
//! clean waits.

use serde_json::Value;

use super::world::{LATER, LIMIT, NEW_SIGNATURE, VIRUS, World};
use crate::support::browser::Browser;
use crate::support::clamd::{IDLE, TestClamd, eicar};
use crate::support::icap::TestIcap;
use crate::support::office::Office;
use crate::support::process::{eventually, require};
use crate::support::server::{PASSWORD, SPACE, USER};

/// The configuration of a further scanner: a real clamscan with the databases of this clamd.
pub(super) fn clamscan(name: &str, clamd: &TestClamd, more: &str) -> String {
    let (program, folder) = (require("clamscan", "clamav"), clamd.databases());
    let (program, folder) = (program.display(), folder.display());
    format!(
        "[[intake.engines]]\nname = '{name}'\ncommand = ['{program}', '--no-summary', '--max-filesize=100M', \
         '--max-scansize=400M', '-d', '{folder}', '{{}}']\nvirus = [': ', ' FOUND']\ndatabases = '{folder}'\n\
         max_size = '1MiB'\n{more}\n"
    )
}

/// The configuration of a scanner that is a shell script.
pub(super) fn script(name: &str, script: &str, more: &str) -> String {
    format!(
        "[[intake.engines]]\nname = '{name}'\ncommand = ['/bin/sh', '-c', '''{script}''']\nmax_size = '1MiB'\n{more}\n"
    )
}

/// Ends with 1 if the content has the test virus, perhaps within an archive that stores it, and else with 0.
const KNOWS_EICAR: &str = "grep -q EICAR-STANDARD && exit 1; exit 0";

/// A space that holds everything for this time, or only contents that can carry malware.
pub(super) fn holding(what: &str, time: &str, engines: &str) -> World {
    let world = World::open(engines);
    world.server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold", time, "--hold-what", what]);
    world
}

/// Engine, result and detail of each verdict.
pub(super) fn verdicts(shown: &Value) -> Vec<(String, String, String)> {
    let text = |verdict: &Value, name: &str| verdict[name].as_str().unwrap_or_default().to_owned();
    let all = shown["verdicts"].as_array().unwrap().iter();
    all.map(|verdict| (text(verdict, "engine"), text(verdict, "result"), text(verdict, "detail"))).collect()
}

pub(super) fn said(engine: &str, result: &str, detail: &str) -> (String, String, String) {
    (engine.to_owned(), result.to_owned(), detail.to_owned())
}

/// The certificate of a released item.
fn certificate(world: &World, id: i64) -> Value {
    let office = Office::new();
    let note = world.server.cli_ok(["hold", "certificate", &id.to_string()]);
    office.write("note.txt", note);
    let checked = office.run(["hold", "verify-certificate", "note.txt", "--json"]);
    serde_json::from_str(&checked.stdout).unwrap_or_else(|_| panic!("{checked}"))
}

#[test]
fn what_a_further_scanner_finds_alone_is_quarantined() {
    let other = TestClamd::start();
    other.write_database("later.ndb", NEW_SIGNATURE);
    // Optional, and yet its finding counts.
    let world = holding("risky", "12h", &clamscan("second", &other, "required = false"));
    let id = world.arrive("a.txt", LATER);
    let shown = world.comes_to(id, "quarantined");
    assert_eq!(verdicts(&shown), [said("clamd", "clean", ""), said("second", "infected", VIRUS)], "{shown}");
    let required = shown["verdicts"].as_array().unwrap().iter().map(|verdict| verdict["required"].clone());
    assert_eq!(required.collect::<Vec<_>>(), [true, false]);
    world.assert_withheld("a.txt");
    // And a finding of clamd alone.
    std::fs::remove_file(other.databases().join("eicar.ndb")).unwrap();
    let id = world.arrive("b.txt", &eicar());
    let shown = world.comes_to(id, "quarantined");
    assert_eq!(shown["verdicts"][0]["result"], "infected", "{shown}");
}

#[test]
fn every_required_scanner_releases_and_the_certificate_names_all() {
    let other = TestClamd::start();
    let server = TestIcap::start(&other);
    let icap =
        format!("[[intake.engines]]\nname = 'icap'\nicap = '{}'\nmax_size = '1MiB'\n", server.address());
    let engines = format!("{}{icap}", clamscan("second", &other, ""));
    let world = holding("all", "1s", &engines);
    let id = world.arrive("a.txt", b"a content");
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    // One has newer signatures, then another, and still one has not.
    world.publish("more.hdb", IDLE);
    world.retry(id);
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    other.write_database("more.hdb", IDLE);
    world.retry(id);
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    // c-icap's state follows the number of the daily database.
    other.write_daily(27_001, 1_600_000_000);
    other.reload();
    drop(server);
    world.retry(id);
    world.waits(id, "held", "scanner-failed");
    let last = world.shown(id)["verdicts"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["engine"], &last["result"]), (&"icap".into(), &"no-answer".into()), "{last}");
    world.assert_withheld("a.txt");
    let status = world.server.cli_ok(["status"]);
    assert!(status.contains("the scanner does not answer (icap), so"), "{status}");
}

#[test]
fn a_second_scanner_with_newer_signatures_releases_together_with_the_first() {
    let other = TestClamd::start();
    let world = holding("all", "1s", &clamscan("second", &other, ""));
    let id = world.arrive("a.txt", b"a content");
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    other.write_database("more.hdb", IDLE);
    world.publish("more.hdb", IDLE);
    world.retry(id);
    world.comes_to(id, "released");
    world.assert_released("a.txt", b"a content");
    let known = certificate(&world, id);
    assert_eq!(known["outcome"], "released-after-hold", "{known}");
    let named: Vec<_> = verdicts(&known).into_iter().map(|(engine, result, _)| (engine, result)).collect();
    let pair = |engine: &str| (engine.to_owned(), "clean".to_owned());
    assert_eq!(named, [pair("clamd"), pair("second"), pair("clamd"), pair("second")], "{known}");
    let latest = &known["verdicts"][3];
    assert!(
        latest["signatures_built"].is_string()
            && latest["scanner_tested"].is_string()
            && latest["required"] == true,
        "{known}"
    );
    world.assert_sound();
}

/// A program that does not say how old its signatures are.
#[test]
fn scanners_without_dates_release_nothing_by_themselves() {
    let engines = script("undated", KNOWS_EICAR, "signatures = ['/bin/sh', '-c', 'date +%N']");
    let (world, mut config) = (World::open(""), String::new());
    // Without clamd: none of this engine's signatures are known to be newer.
    let path = world.server.office.path("tresor.toml");
    config.push_str("[intake]\nclamd = 'off'\n");
    config.push_str(&engines);
    let written = std::fs::read_to_string(&path).unwrap();
    let (before, _) = written.split_once("[intake]").unwrap();
    std::fs::write(&path, format!("{before}{config}")).unwrap();
    let mut world = world;
    world.server.kill();
    world.server.spawn();
    world.server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold", "1s", "--hold-what", "all"]);
    let id = world.arrive("a.txt", b"a content");
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    world.assert_withheld("a.txt");
    // After a restart it says something else, and that is no proof.
    world.server.kill();
    world.server.spawn();
    world.retry(id);
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    let id = world.arrive("b.txt", &eicar());
    world.comes_to(id, "quarantined");
    // A person may, after one more scan.
    let id = world.item("a.txt");
    world.decide("release", id, "the sender confirmed by phone");
    assert_eq!(certificate(&world, id)["outcome"], "released-early");
}

#[test]
fn a_required_scanner_that_fails_keeps_everything_and_is_named() {
    let world = holding("risky", "12h", &script("broken", "exit 9", ""));
    let id = world.arrive("a.txt", b"a content");
    world.waits(id, "arrived", "scanner-failed");
    let shown = world.shown(id);
    assert_eq!(verdicts(&shown), [said("broken", "no-answer", "scanner-failed")], "{shown}");
    let printed = world.server.cli_ok(["hold", "show", &id.to_string()]);
    assert!(printed.contains("broken") && printed.contains("no-answer"), "{printed}");
    world.assert_withheld("a.txt");
    // It is tried again, and recorded once.
    world.retry(id);
    world.waits(id, "arrived", "scanner-failed");
    assert_eq!(verdicts(&world.shown(id)).len(), 1);
    let refused = world.server.office.run([
        "hold",
        "release",
        &id.to_string(),
        "--reason",
        "in a hurry",
        "--data",
        "data",
    ]);
    assert!(refused.code != 0 && refused.stderr.contains("scanner-failed (broken)"), "{refused}");
}

#[test]
fn a_scanner_that_lies_is_found_out_and_all_wait() {
    for (lie, reason) in [
        // Everything is clean.
        ("exit 0", "scanner-not-trusted"),
        // It looks at the beginning only.
        ("head -c 1000 | grep -q EICAR-STANDARD && exit 1; exit 0", "scanner-hides-limits"),
    ] {
        let world = holding("risky", "12h", &script("liar", lie, ""));
        let id = world.arrive("a.txt", b"a content");
        world.waits(id, "arrived", reason);
        assert_eq!(verdicts(&world.shown(id)), [said("liar", "no-answer", reason)]);
        world.assert_withheld("a.txt");
    }
}

#[test]
fn an_optional_scanner_that_fails_or_lies_is_in_nobodys_way_and_in_the_certificate() {
    let engines = [
        script("broken", "exit 9", "required = false"),
        script("liar", "exit 1", "required = false"),
        script("slow", "sleep 1000", "required = false\ntimeout = '1s'"),
        script("good", KNOWS_EICAR, "required = false"),
    ];
    let world = holding("risky", "12h", &engines.concat());
    let log = world.server.log();
    let line = log.lines().find(|line| line.contains("these scanners judge contents"));
    let named = r#"required="clamd" optional="broken, liar, slow, good""#;
    assert!(line.is_some_and(|line| line.contains(named)), "{log}");
    let id = world.arrive("a.txt", b"a content");
    let shown = world.comes_to(id, "released");
    let expected = [
        said("clamd", "clean", ""),
        said("broken", "no-answer", "scanner-failed"),
        said("liar", "no-answer", "scanner-not-trusted"),
        said("slow", "no-answer", "scanner-failed"),
        said("good", "clean", ""),
    ];
    assert_eq!(verdicts(&shown), expected, "{shown}");
    let known = certificate(&world, id);
    assert_eq!((&known["outcome"], verdicts(&known)), (&"released-by-kind".into(), expected.to_vec()));
    let log = world.server.log();
    assert!(log.contains("an optional scanner is not trusted engine=\"liar\""), "{log}");
    assert!(!log.contains("nothing is released"), "{log}");
    let gaps = known["not_checked"].to_string();
    for gap in ["broken would have found", "liar would have found", "slow would have found", "good skips"] {
        assert!(gaps.contains(gap), "{gap}: {gaps}");
    }
    let status = world.server.cli_ok(["status"]);
    assert!(status.contains("(broken); contents are released without it"), "{status}");
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    let browser = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    let page = browser.get(&format!("/holding/{id}")).expect(200).text();
    for line in [
        "clamd: <strong>nichts gefunden</strong>",
        "slow: <strong>keine Antwort</strong> (der Virenscanner antwortet nicht), nicht vorgeschrieben",
        "good: <strong>nichts gefunden</strong>, nicht vorgeschrieben",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    let printed = world.server.cli_ok(["hold", "show", &id.to_string()]);
    assert!(printed.contains("slow (optional)"), "{printed}");
    // None of them delays the next contents: they rest.
    let id = world.arrive("b.txt", b"another content");
    world.comes_to(id, "released");
    world.assert_sound();
}

/// A slow program added its time to that of the others, for each member of an archive once more.
#[test]
fn scanners_are_tested_and_asked_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    // About a clean content it ends only when the other has begun with it, too.
    let meets = |own: &str, other: &str| {
        let at = folder.path().display();
        script(
            own,
            &format!(
                "content=$(tr -d \"\\000\"); test=scan; case $content in *EICAR-STANDARD*) exit 1;; *without?any?harm*) test=canary;; \
                 esac; touch {at}/$test-{own}; for turn in $(seq 300); do [ -e {at}/$test-{other} ] && exit 0; sleep 0.1; done; \
                 rm {at}/$test-{own}; exit 9"
            ),
            "",
        )
    };
    let world = holding("risky", "12h", &format!("{}{}", meets("one", "two"), meets("two", "one")));
    let id = world.arrive("a.txt", b"a content");
    let shown = world.comes_to(id, "released");
    let expected = [said("clamd", "clean", ""), said("one", "clean", ""), said("two", "clean", "")];
    assert_eq!(verdicts(&shown), expected, "{shown}");
}

#[test]
fn everything_stored_is_scanned_again_when_any_scanner_has_other_signatures() {
    let other = TestClamd::start();
    let world = World::open(&format!("rescan_share = 100\n{}", clamscan("second", &other, "")));
    for name in ["a.txt", "gleich.txt"] {
        world.server.request("PUT", &format!("/dav/{SPACE}/{name}")).body(LATER).send().expect(201);
    }
    let ended = |world: &World, pass: u64| {
        let mut shown = Value::Null;
        eventually("everything stored is scanned", LIMIT, || {
            shown = world.rescan();
            shown["ended"].is_string() && shown["found"] == pass
        });
        shown
    };
    let first = ended(&world, 0);
    other.write_database("later.ndb", NEW_SIGNATURE);
    let second = ended(&world, 2);
    assert_ne!(first["signatures"], second["signatures"]);
    for name in ["a.txt", "gleich.txt"] {
        let shown = world.shown(world.item(name));
        assert_eq!(shown["state"], "quarantined", "{shown}");
        assert!(verdicts(&shown).contains(&said("second", "infected", VIRUS)), "{shown}");
        // Only one of them was scanned, and both say by which signatures.
        let found = shown["verdicts"].as_array().unwrap().last().unwrap();
        assert!(found["signatures"].as_str().unwrap().starts_with("second "), "{shown}");
        world.assert_withheld(name);
    }
    world.assert_sound();
}
