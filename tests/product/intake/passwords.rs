//! Encrypted contents: what opens without asking is examined open; a given password opens the others, once and in memory.

use std::process::Command;

use super::world::{LATER, NEW_SIGNATURE, World};
use crate::support::clamd::{IDLE, eicar};
use crate::support::passwords::{document, locked_document};
use crate::support::process::{eventually, require, succeed};

/// Time for LibreOffice on a busy machine.
const LIMIT: std::time::Duration = std::time::Duration::from_mins(2);

/// The password with which Excel protects a workbook from changes.
const EXCEL: &str = "VelvetSweatshop";

/// A docx with a part that holds something.
fn docx_with(content: &[u8]) -> Vec<u8> {
    let work = tempfile::tempdir().unwrap();
    let path = work.path().join("a.docx");
    std::fs::write(&path, document("a.docx", "Guten Tag")).unwrap();
    std::fs::create_dir_all(work.path().join("word/media")).unwrap();
    std::fs::write(work.path().join("word/media/image1.bin"), content).unwrap();
    let mut zip = crate::support::process::tool("zip", "zip");
    succeed(zip.args(["-q", "a.docx", "word/media/image1.bin"]).current_dir(work.path()));
    std::fs::read(path).unwrap()
}

/// The text of the PDF beside a document.
fn text_of_pdf(world: &World, address: &str) -> String {
    let pdf = world.colleague("GET", address).send().expect(200).body;
    let file = world.server.scratch("pdf").join("copy.pdf");
    std::fs::write(&file, pdf).unwrap();
    succeed(Command::new(require("pdftotext", "poppler-utils")).arg(&file).arg("-"))
}

#[test]
fn a_document_that_opens_without_asking_is_examined_open() {
    require("soffice", "libreoffice-calc-nogui");
    let world = World::holding_what("risky", "2s");
    let plain = document("liste.xlsx", "Offene Posten");
    let locked = locked_document(&plain, EXCEL);
    let id = world.arrive("liste.xlsx", &locked);
    let virus = world.arrive("virus.docx", &locked_document(&docx_with(&eicar()), EXCEL));
    let later = world.arrive("spaeter.docx", &locked_document(&docx_with(LATER), EXCEL));

    let shown = world.comes_to(virus, "quarantined");
    assert!(shown["verdicts"][0]["detail"].as_str().unwrap().contains("Eicar"), "{shown}");
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    world.waits(later, "waiting_for_signatures", "signatures-not-newer");
    let shown = world.shown(id);
    assert_eq!(
        (&shown["kind"], &shown["labels"]),
        (&"office".into(), &serde_json::json!(["standard-password"]))
    );
    assert!(shown["verdicts"][0]["detail"].as_str().unwrap().contains("without its encryption"), "{shown}");
    eventually("the PDF is there", LIMIT, || !world.shown(id)["pdf"].is_null());
    assert!(text_of_pdf(&world, "liste.xlsx%20(Kopie).pdf").contains("Offene Posten"));

    // The second scan opens it again.
    world.publish("later.ndb", NEW_SIGNATURE);
    world.retry(later);
    world.comes_to(later, "quarantined");
    world.publish("more.hdb", IDLE);
    world.retry(id);
    world.comes_to(id, "released");
    world.assert_released("liste.xlsx", &locked);
    world.assert_sound();
}
