//! The release of a document whose time is over, by signatures that are newer.

use std::sync::OnceLock;

use crate::faults::intake::world::{Copy, LIMIT, Prepared};
use crate::support::documents::docx;
use crate::support::process::eventually;
use crate::support::server::SPACE;

/// System calls tried in a normal run.
const FEW: usize = 20;

const NAME: &str = "brief.docx";
const PDF: &str = "brief.docx (Kopie).pdf";
const STATE: &str = "SELECT state FROM holds";
/// Clean scans after the end of the holding time, with other signatures than those of the first.
const SECOND: &str = "SELECT count(*) FROM verdicts JOIN holds ON holds.id = hold_id
     WHERE result = 'clean' AND at >= due_at AND signatures <> first_signatures";
const VISIBLE: &str =
    "SELECT count(*) FROM versions WHERE id = (SELECT version_id FROM holds) AND state = 'visible'";
const RELEASES: &str = "SELECT count(*) FROM events WHERE kind = 'state-changed'";

#[test]
fn a_release_killed_before_any_call_happens_once_and_not_before_a_second_scan() {
    let content = docx("Der Jahresabschluss liegt bei.");
    let pdf = OnceLock::new();
    let prepared = Prepared::new(|copy| {
        copy.server.cli_ok(["space", "set", SPACE, "--hold", "1s", "--hold-what", "all"]);
        let put = copy.server.request("PUT", &format!("/dav/{SPACE}/{NAME}"));
        put.body(content.clone()).send().expect(201);
        copy.comes_to("its time is over", |copy| copy.word(STATE) == "waiting_for_signatures");
        copy.comes_to("its PDF is there", |copy| {
            copy.count("SELECT count(*) FROM renditions WHERE entry_id IS NOT NULL") == 1
        });
        pdf.set(copy.read(PDF).expect("people work with the PDF")).unwrap();
        assert!(copy.server.stop().success());
        // The server asks for newer signatures every five minutes; here only at the test's command.
        copy.change("UPDATE holds SET next_at = next_at + 1000000000000", []);
    });
    prepared.publish();
    prepared.killed_everywhere(
        FEW,
        |copy| {
            copy.decide("retry");
            copy.comes_to("it is released", |copy| copy.word(STATE) == "released");
        },
        |copy, (), what| {
            check(copy, what);
            let is_asked = copy.word(STATE) != "waiting_for_signatures";
            copy.server.spawn();
            if let Some(read) = copy.read(NAME) {
                assert!(read == content, "{what}: half of it");
                check(copy, what);
            }
            if !is_asked {
                copy.decide("retry");
            }
            eventually(&format!("{what}: it is released"), LIMIT, || copy.word(STATE) == "released");
            check(copy, what);
            assert!(copy.read(NAME).as_ref() == Some(&content), "{what}");
            assert!(copy.read(PDF).as_ref() == pdf.get(), "{what}");
            assert_eq!(copy.listed(), [NAME, PDF], "{what}");
            copy.assert_sound(what);
            assert_eq!(copy.count("SELECT count(*) FROM verdicts"), 2, "{what}");
        },
    );
}

/// It is visible if and only if it was released, once, after a second scan.
fn check(copy: &Copy, what: &str) {
    // In one statement, because the server may be at work.
    let all = copy.word(&format!(
        "SELECT printf('%d visible, %d released, %d events, %d scans', ({VISIBLE}),
             (SELECT count(*) FROM holds WHERE state = 'released'), ({RELEASES}), ({SECOND}))"
    ));
    let before = "0 visible, 0 released, 0 events, 0 scans";
    let after = "1 visible, 1 released, 1 events, 1 scans";
    assert!(all == before || all == after, "{what}: {all}");
}
