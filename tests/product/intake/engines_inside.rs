//! Several scanners and encrypted contents: the parts that a password opens go to each of them.

use super::engines::{clamscan, holding, said, script, verdicts};
use super::passwords::{SECRET, assert_refused, give};
use super::world::{LATER, NEW_SIGNATURE, VIRUS};
use crate::support::clamd::TestClamd;
use crate::support::passwords::{archive, locked_pdf};

/// Details of verdicts about contents that a password opened.
const OPENED: &str = "scanned without its encryption, opened with a password that was given";

/// A ZIP archive with AES, in which one of two files holds this.
fn locked(content: &[u8]) -> Vec<u8> {
    let files: [(&str, &[u8]); 2] = [("a.csv", b"a;b"), ("b.txt", content)];
    archive(&files, &["-tzip", "-mem=AES256", &format!("-p{SECRET}")])
}

#[test]
fn what_a_further_scanner_alone_finds_behind_a_password_is_quarantined() {
    let other = TestClamd::start();
    other.write_database("later.ndb", NEW_SIGNATURE);
    // Its silence would block nothing, and its finding counts.
    let world = holding("risky", "12h", &clamscan("second", &other, "required = false"));
    let pdf =
        std::fs::read("/usr/share/clamav-testfiles/clam.pdf").expect("Debian has it in clamav-testfiles");
    for (name, content) in [
        ("a.zip", locked(LATER)),
        // An archive in an archive.
        ("b.zip", archive(&[("b.zip", &locked(LATER))], &["-tzip"])),
    ] {
        let id = world.arrive(name, &content);
        world.waits(id, "needs_decision", "encrypted");
        assert!(give(&world, id, SECRET).unwrap().contains("which is quarantined"), "{name}");
        let shown = world.shown(id);
        assert_eq!((&shown["state"], &shown["reason"]), (&"quarantined".into(), &"infected".into()));
        let all = verdicts(&shown);
        let latest = &all[all.len() - 2..];
        assert_eq!(latest, [said("clamd", "encrypted", ""), said("second", "infected", VIRUS)], "{shown}");
        let printed = world.server.cli_ok(["hold", "show", &id.to_string()]);
        let line = printed.lines().find(|line| line.contains("infected") && line.contains(VIRUS));
        assert!(line.is_some_and(|line| line.contains("second (optional)")), "{printed}");
        world.assert_withheld(name);
    }
    // clamd alone finds this one.
    let id = world.arrive("c.pdf", &locked_pdf(&pdf, SECRET));
    world.waits(id, "needs_decision", "encrypted");
    assert!(give(&world, id, SECRET).unwrap().contains("which is quarantined"));
    world.assert_sound();
}

#[test]
fn while_a_required_scanner_fails_no_password_opens_anything_and_what_was_opened_waits() {
    let folder = tempfile::tempdir().unwrap();
    let down = folder.path().join("down");
    // It fails at a part that a password opens, and at nothing else.
    let engine = format!(
        "found=$(grep -aoE \"EICAR-STANDARD|Sommerfest\"); case \"$found\" in *EICAR*) exit 1;; *Sommer*) \
         if [ -e {} ]; then exit 9; fi;; esac; exit 0",
        down.display()
    );
    let world = holding("all", "12h", &script("second", &engine, ""));
    let id = world.arrive("a.zip", &locked(b"Einladung zum Sommerfest"));
    world.waits(id, "needs_decision", "encrypted");
    std::fs::write(&down, "").unwrap();
    assert_refused(give(&world, id, SECRET), "scanner-failed (second)");
    world.waits(id, "needs_decision", "encrypted");
    world.assert_withheld("a.zip");

    std::fs::remove_file(&down).unwrap();
    assert!(give(&world, id, SECRET).unwrap().contains("which is held"));
    let all = verdicts(&world.shown(id));
    let expected = [said("clamd", "clean", OPENED), said("second", "clean", OPENED)];
    assert_eq!(all[all.len() - 2..], expected, "{all:?}");

    // The same at a later scan.
    std::fs::write(&down, "").unwrap();
    world.retry(id);
    world.waits(id, "held", "scanner-failed");
    let all = verdicts(&world.shown(id));
    assert_eq!(all.last(), Some(&said("second", "no-answer", "scanner-failed")), "{all:?}");
    let refused = world.server.office.run([
        "hold",
        "release",
        &id.to_string(),
        "--reason",
        "in a hurry",
        "--data",
        "data",
    ]);
    assert!(refused.code != 0 && refused.stderr.contains("scanner-failed (second)"), "{refused}");
    world.assert_withheld("a.zip");
    world.assert_sound();
}
