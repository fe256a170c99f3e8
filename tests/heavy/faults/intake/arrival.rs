//! The way of a document from its arrival over the first scan to its PDF.

use crate::faults::intake::world::{Copy, LIMIT, Prepared};
use crate::support::documents::docx;
use crate::support::process::eventually;
use crate::support::server::SPACE;

/// System calls tried in a normal run.
const FEW: usize = 8;

const NAME: &str = "brief.docx";
const PDF: &str = "brief.docx (Kopie).pdf";

#[test]
fn an_arrival_killed_before_any_call_leads_to_one_held_document_with_one_pdf() {
    let content = docx("Der Jahresabschluss liegt bei.");
    let prepared = Prepared::new(|copy| {
        copy.server.cli_ok(["space", "set", SPACE, "--hold", "12h", "--hold-what", "all"]);
    });
    let put = |copy: &Copy| {
        let request = copy.server.request("PUT", &format!("/dav/{SPACE}/{NAME}")).body(content.clone());
        request.try_send().is_ok_and(|answer| answer.status == 201)
    };
    prepared.killed_everywhere(
        FEW,
        |copy| {
            let is_stored = put(copy);
            copy.comes_to("it has its PDF", has_pdf);
            is_stored
        },
        |copy, is_stored, what| {
            assert_withheld(copy, what);
            let is_there = copy.count("SELECT count(*) FROM holds") == 1;
            assert!(is_there || !is_stored, "{what}: it was acknowledged");
            copy.server.spawn();
            assert!(is_there || put(copy), "{what}");
            eventually(&format!("{what}: it has its PDF"), LIMIT, || has_pdf(copy));
            assert_withheld(copy, what);
            assert_eq!(copy.read(NAME), None, "{what}");
            assert!(copy.read(PDF).is_some_and(|pdf| pdf.starts_with(b"%PDF-")), "{what}");
            assert_eq!(copy.listed(), [NAME, PDF], "{what}");
            copy.assert_sound(what);
            let rows = "SELECT printf('%d, %d, %s', (SELECT count(*) FROM verdicts WHERE result = 'clean'),
                 (SELECT count(*) FROM renditions), (SELECT group_concat(state) FROM holds))";
            assert_eq!(copy.word(rows), "1, 1, held", "{what}");
        },
    );
}

fn has_pdf(copy: &Copy) -> bool {
    copy.count("SELECT count(*) FROM renditions WHERE is_pending = 0 AND entry_id IS NOT NULL") == 1
}

fn assert_withheld(copy: &Copy, what: &str) {
    let sql = "SELECT count(*) FROM versions JOIN entries ON entries.id = entry_id
         WHERE entries.name = 'brief.docx' AND versions.state <> 'held'";
    assert_eq!(copy.count(sql), 0, "{what}");
}
