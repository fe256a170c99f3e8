//! People work with the PDF of a document while the document itself is held.

use std::process::Command;
use std::time::Duration;

use super::world::World;
use crate::inspect::rar::stored;
use crate::support::browser::Browser;
use crate::support::content::files_below;
use crate::support::process::{eventually, require, succeed};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Time for LibreOffice on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);

/// A text document in one XML file with this sentence.
pub(super) fn document(sentence: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.text">
<office:body><office:text><text:p>{sentence}</text:p></office:text></office:body></office:document>"#
    )
}

#[test]
fn a_document_is_a_pdf_at_once_and_the_document_only_after_its_release() {
    require("soffice", "libreoffice-writer-nogui");
    let mut world = World::holding("12h");
    let sentence = "Der Jahresabschluss liegt bei.";
    let id = world.arrive("brief.fodt", document(sentence).as_bytes());
    eventually("the PDF is there", LIMIT, || !world.shown(id)["pdf"].is_null());
    assert_eq!(world.shown(id)["pdf"], "/brief.fodt (Kopie).pdf");
    world.assert_withheld("brief.fodt");
    let pdf = world.colleague("GET", "brief.fodt%20(Kopie).pdf").send().expect(200).body;
    let file = world.server.scratch("pdf").join("copy.pdf");
    std::fs::write(&file, pdf).unwrap();
    let text = succeed(Command::new(require("pdftotext", "poppler-utils")).arg(&file).arg("-"));
    assert!(text.contains(sentence), "{text}");
    // On the pages too, without another password.
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    let browser = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    let page = browser.get(&format!("/holding/{id}")).expect(200);
    let address = format!("/holding/{id}/pdf");
    assert!(page.text().contains(&format!("href=\"{address}\">PDF-Fassung herunterladen")), "{page}");
    let shown = browser.get(&address).expect(200);
    assert_eq!(shown.header("content-type"), Some("application/pdf"));
    assert_eq!(shown.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert_eq!(shown.body, std::fs::read(&file).unwrap());
    // A picture shows the copy, and nothing of the document.
    let top = format!("/files/{SPACE}/brief.fodt");
    for query in ["?view", "?page=1", "?picture"] {
        let answer = browser.get(&format!("{top}{query}")).expect(423);
        assert!(!answer.text().contains("<img"), "{answer}");
    }
    assert!(browser.get(&format!("{top}%20(Kopie).pdf?view")).expect(200).text().contains("<img"));
    assert!(browser.get(&format!("{top}%20(Kopie).pdf?page=1")).expect(200).body.starts_with(b"\x89PNG"));
    // It is there once, and stays after a crash.
    world.server.kill();
    world.server.spawn();
    world.decide("release", id, "urgent");
    world.assert_released("brief.fodt", document(sentence).as_bytes());
    let browser = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    assert!(browser.get(&format!("{top}?page=1")).expect(200).body.starts_with(b"\x89PNG"));
    let listed = world.listed();
    assert_eq!(listed.as_array().unwrap().len(), 1, "the PDF itself is not held: {listed}");
    world.assert_sound();
}

#[test]
fn a_space_without_room_for_its_pdf_keeps_no_other_space_from_its_own() {
    let world = World::holding("12h");
    let text = document("Ein Satz.");
    world.server.add_space("other", ["--kind", "team", "--intake", "on"], "manage");
    world.server.cli_ok(["space", "set", "space", "--quota", &format!("{}B", text.len() + 10)]);
    let full = world.arrive("voll.fodt", text.as_bytes());
    world.server.request("PUT", "/dav/other/frei.fodt").body(text.as_bytes()).send().expect(201);
    eventually("it says why", LIMIT, || world.shown(full)["pdf_fault"] == "over-quota");
    eventually("the other has its PDF", LIMIT, || {
        world.server.request("GET", "/dav/other/frei.fodt%20(Kopie).pdf").send().status == 200
    });
    world.comes_to(full, "held");
}

#[test]
fn what_cannot_be_converted_is_held_without_a_pdf() {
    let world = World::holding("12h");
    let id = world.arrive("kaputt.docx", b"this is no document of an office");
    eventually("it says why", LIMIT, || world.shown(id)["pdf_fault"] == "not-an-office-document");
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    let browser = Browser::signed_in(&world.server, "en", USER, PASSWORD);
    let page = browser.get(&format!("/holding/{id}")).expect(200);
    assert!(page.text().contains("No PDF could be made of this file."), "{page}");
    browser.get(&format!("/holding/{id}/pdf")).expect(404);
    // Its name claims another kind than that of its content.
    world.waits(id, "needs_decision", "not-fully-scannable");
    let other = world.arrive("bild.jpg", b"this is no document at all");
    world.waits(other, "needs_decision", "not-fully-scannable");
    assert!(world.shown(other)["pdf"].is_null());
}

/// A space may want the copy gone when the original is there, and its pages as pictures.
#[test]
fn a_pdf_goes_to_the_trash_with_the_release_where_the_space_asks_for_it_unless_a_person_changed_it() {
    let world = World::holding("12h");
    let server = &world.server;
    server.cli_ok(["space", "set", SPACE, "--pdf", "remove", "--pdf-pages", "pixels"]);
    assert!(server.cli_ok(["space", "list"]).contains("PDF until then, PDF as pixels"));
    let text = document("Ein Bild von einem Satz.");
    let ids = ["a", "b"].map(|name| world.arrive(&format!("{name}.fodt"), text.as_bytes()));
    for id in ids {
        eventually("the PDF is there", LIMIT, || !world.shown(id)["pdf"].is_null());
    }
    let pdf = |name: &str| world.colleague("GET", &format!("{name}.fodt%20(Kopie).pdf")).send();
    let made = pdf("a").expect(200).body;
    let file = server.scratch("pdf").join("copy.pdf");
    std::fs::write(&file, made).unwrap();
    let read = succeed(Command::new(require("pdftotext", "poppler-utils")).arg(&file).arg("-"));
    assert_eq!(read.trim(), "");
    // A person wrote notes into one of them.
    let path = format!("/dav/{SPACE}/b.fodt%20(Kopie).pdf");
    server.request("PUT", &path).body("%PDF-1.4 with notes").send().expect(204);
    for id in ids {
        world.decide("release", id, "urgent");
    }
    eventually("the PDF is gone", LIMIT, || pdf("a").status == 404);
    let trash = server.cli_ok(["trash", "list", SPACE]);
    assert!(trash.contains("a.fodt (Kopie).pdf") && !trash.contains("b.fodt"), "{trash}");
    assert!(world.shown(ids[0])["pdf"].is_null());
    // It arrived like anything else, so it is held.
    server.request("GET", &path).send().expect(423);
    assert_eq!(world.shown(ids[1])["pdf"], "/b.fodt (Kopie).pdf");
    let history = server.cli_ok(["history", SPACE, "--lang", "en"]);
    assert!(history.contains("moved /a.fodt (Kopie).pdf to the trash"), "{history}");
    world.assert_sound();
}

#[test]
fn a_document_that_cannot_be_read_any_more_keeps_no_other_from_its_pdf() {
    require("soffice", "libreoffice-writer-nogui");
    let mut world = World::open("converter = 'off'");
    world.server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold-what", "all"]);
    let large = world.arrive("gross.fodt", document(&"Viele Seiten. ".repeat(20_000)).as_bytes());
    let small = world.arrive("klein.fodt", document("Eine Seite.").as_bytes());
    for id in [large, small] {
        world.comes_to(id, "held");
    }
    assert!(world.server.stop().success());
    let containers = files_below(&world.server.data().join("spaces")).into_iter();
    let of_large = containers.max_by_key(|file| std::fs::metadata(file).unwrap().len()).unwrap();
    let mut bytes = std::fs::read(&of_large).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&of_large, bytes).unwrap();
    let config = world.server.office.path("tresor.toml");
    let with_converter = std::fs::read_to_string(&config).unwrap().replace("converter = 'off'", "");
    std::fs::write(&config, with_converter).unwrap();
    world.server.spawn();
    eventually("the other has its PDF", LIMIT, || !world.shown(small)["pdf"].is_null());
    assert_eq!(world.shown(large)["pdf_fault"], "document-unreadable");
}

/// The text of a PDF in the space.
fn text_of(world: &World, path: &str) -> String {
    let pdf = world.colleague("GET", path).send().expect(200).body;
    let file = world.server.scratch("pdf").join("copy.pdf");
    std::fs::write(&file, pdf).unwrap();
    succeed(Command::new(require("pdftotext", "poppler-utils")).arg(&file).arg("-"))
}

#[test]
fn the_documents_in_an_archive_are_pdfs_once_whatever_ends_the_server() {
    require("soffice", "libreoffice-writer-nogui");
    let mut world = World::holding("12h");
    let sentences = ["Der erste Satz.", "Der zweite Satz.", "Der dritte Satz."].map(document);
    let mail = b"From: a@b\r\nTo: b@c\r\nSubject: Belege\r\n\r\nAnbei die Belege.\r\n";
    let inner = stored(&[("brief.fodt", sentences[2].as_bytes())]);
    let archive = stored(&[
        ("brief.fodt", sentences[0].as_bytes()),
        ("2025/BRIEF.FODT", sentences[1].as_bytes()),
        ("post.eml", mail),
        ("foto.gif", b"GIF89a"),
        ("mehr.rar", &inner),
        ("kaputt.docx", b"this is no document of an office"),
    ]);
    let id = world.arrive("belege.rar", &archive);
    let first = "belege.rar%20(Kopien)/brief.fodt%20(Kopie).pdf";
    eventually("the first PDF is there", LIMIT, || world.colleague("GET", first).send().status == 200);
    world.server.kill();
    world.server.spawn();
    eventually("all are there", LIMIT, || !world.shown(id)["pdf"].is_null());
    let shown = world.shown(id);
    assert_eq!(
        (&shown["pdf"], &shown["pdf_fault"]),
        (&"/belege.rar (Kopien)".into(), &"not-an-office-document".into()),
        "{shown}"
    );
    for (path, sentence) in [
        ("brief.fodt", "Der erste Satz."),
        ("2025/BRIEF.FODT", "Der zweite Satz."),
        ("mehr.rar/brief.fodt", "Der dritte Satz."),
        ("post.eml", "Anbei die Belege."),
    ] {
        let text = text_of(&world, &format!("belege.rar%20(Kopien)/{path}%20(Kopie).pdf"));
        assert!(text.contains(sentence), "{path}: {text}");
    }
    let listed = world.colleague("PROPFIND", "").header("Depth", "infinity").send().expect(207);
    let listed = String::from_utf8(listed.body).unwrap();
    assert_eq!(listed.matches(".pdf</d:href>").count(), 4, "{listed}");
    world.assert_withheld("belege.rar");
    // On the page, one by one.
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    let browser = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    let page = browser.get(&format!("/holding/{id}")).expect(200);
    let text = page.text();
    assert!(text.contains("PDF-Fassungen der Dokumente in dieser Datei:"), "{page}");
    assert!(text.contains("Nicht von allen Dokumenten in dieser Datei"), "{page}");
    let link = text.split("href=\"").find(|rest| rest.contains(">mehr.rar/brief.fodt (Kopie).pdf<")).unwrap();
    let address = link.split('"').next().unwrap();
    assert!(address.starts_with(&format!("/holding/{id}/pdf/")), "{address}");
    assert_eq!(browser.get(address).expect(200).header("content-type"), Some("application/pdf"));
    for other in [format!("/holding/{id}/pdf"), format!("/holding/{id}/pdf/1")] {
        browser.get(&other).expect(404);
    }
    let printed = world.server.cli_ok(["hold", "show", &id.to_string()]);
    assert!(printed.contains("PDF: /belege.rar (Kopien); not all: not-an-office-document"), "{printed}");
    world.assert_sound();
}

/// Fifty documents of one archive were one turn: for more than a minute no other space had a PDF.
#[test]
fn a_document_of_another_space_comes_between_those_of_an_archive() {
    require("soffice", "libreoffice-writer-nogui");
    let world = World::holding("12h");
    let server = &world.server;
    server.cli_ok(["space", "add", "Zweiter", "--kind", "client", "--intake", "on", "--hold", "12h"]);
    server.cli_ok(["grant", USER, "Zweiter", "manage"]);
    let text = document("Ein Satz.");
    let bad = b"this is no document of an office".as_slice();
    let members = [
        ("1.fodt", text.as_bytes()),
        ("2.docx", bad),
        ("3.fodt", text.as_bytes()),
        ("4.fodt", text.as_bytes()),
        ("5.fodt", text.as_bytes()),
        ("6.fodt", text.as_bytes()),
    ];
    let id = world.arrive("belege.rar", &stored(&members));
    let pdf = |number| format!("belege.rar%20(Kopien)/{number}.fodt%20(Kopie).pdf");
    eventually("the first PDF is there", LIMIT, || world.colleague("GET", &pdf(1)).send().status == 200);
    for name in ["eins.fodt", "zwei.fodt"] {
        server.request("PUT", &format!("/dav/Zweiter/{name}")).body(text.as_bytes()).send().expect(201);
    }
    eventually("all are there", LIMIT, || !world.shown(id)["pdf"].is_null());
    assert_eq!(world.shown(id)["pdf_fault"], "not-an-office-document");
    let history = server.cli_ok(["history", "--json", "--limit", "100"]);
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    // The latest first.
    let at = |path: &str| {
        let events = history["events"].as_array().unwrap();
        events
            .iter()
            .position(|event| event.to_string().contains(path))
            .unwrap_or_else(|| panic!("{path}: {history}"))
    };
    let last = at("6.fodt (Kopie).pdf");
    assert!(at("eins.fodt (Kopie).pdf") > last, "{history}");
    assert!(at("zwei.fodt (Kopie).pdf") > last, "{history}");
    world.assert_sound();
}

#[test]
fn an_archive_without_documents_has_no_folder() {
    let world = World::holding("12h");
    let id = world.arrive("fotos.rar", &stored(&[("foto.gif", b"GIF89a")]));
    let document = world.arrive("kaputt.docx", b"this is no document of an office");
    // It comes after the archive.
    eventually("it says why", LIMIT, || !world.shown(document)["pdf_fault"].is_null());
    let shown = world.shown(id);
    assert_eq!(
        (&shown["pdf"], &shown["pdf_fault"]),
        (&serde_json::Value::Null, &serde_json::Value::Null),
        "{shown}"
    );
    world.colleague("GET", "fotos.rar%20(Kopien)").send().expect(404);
    world.assert_sound();
}
