//! Encrypted parts inside archives and mails are opened there, examined, and treated as if they had come open.

use std::os::unix::net::UnixStream;

use super::mail::client::{ADDRESS, Client};
use super::passwords::{EXCEL, LIMIT, SECRET, assert_refused, docx_with, give, text_of_pdf};
use super::unreached::mail;
use super::world::{LATER, NEW_SIGNATURE, World};
use crate::inspect::rar::stored;
use crate::support::browser::{Browser, leads_to};
use crate::support::clamd::{IDLE, eicar};
use crate::support::passwords::{
    archive, document, locked_document, locked_package, locked_pdf, office_documents,
};
use crate::support::process::{eventually, require, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// A protected ZIP archive of files.
fn protected(files: &[(&str, &[u8])], password: &str) -> Vec<u8> {
    archive(files, &["-tzip", "-mem=AES256", &format!("-p{password}")])
}

/// A PDF of no page, which needs this password.
fn pdf(password: &str) -> Vec<u8> {
    let work = tempfile::tempdir().unwrap();
    succeed(tool("qpdf", "qpdf").args(["--empty", "a.pdf"]).current_dir(work.path()));
    locked_pdf(&std::fs::read(work.path().join("a.pdf")).unwrap(), password)
}

/// The PDF of ClamAV's test files.
fn virus_pdf(password: &str) -> Vec<u8> {
    let plain = std::fs::read("/usr/share/clamav-testfiles/clam.pdf");
    locked_pdf(&plain.expect("Debian has it in clamav-testfiles"), password)
}

#[test]
fn a_virus_behind_a_password_inside_is_found_with_it() {
    let world = World::holding_what("risky", "12h");
    let virus = eicar();
    let locked = locked_document(&docx_with(&virus), SECRET);
    let zip = protected(&[("liste.csv", b"a;b"), ("virus.txt", &virus)], SECRET);
    for (name, content) in [
        ("docx.zip", archive(&[("a.docx", &locked), ("b.txt", b"Guten Tag")], &["-tzip"])),
        ("zip.eml", mail("a.zip", &zip)),
        ("pdf.eml", mail("a.pdf", &virus_pdf(SECRET))),
        ("zip.rar", stored(&[("a.zip", &zip)])),
        (
            "tief.eml",
            mail("a.7z", &archive(&[("a.docx", &locked)], &["-t7z", "-mhe=on", &format!("-p{SECRET}")])),
        ),
    ] {
        let id = world.arrive(name, &content);
        world.waits(id, "needs_decision", "encrypted");
        assert_refused(give(&world, id, "Sesselkleber"), "this password does not open it");
        assert_eq!(world.shown(id)["state"], "needs_decision", "{name}");
        let told = give(&world, id, SECRET).unwrap();
        assert!(told.contains("which is quarantined"), "{name}: {told}");
        world.assert_withheld(name);
    }
    world.assert_sound();
}

#[test]
fn what_comes_open_inside_is_treated_as_if_it_had_come_so() {
    require("soffice", "libreoffice-writer-nogui");
    let world = World::holding_what("risky", "3s");
    let letter = locked_document(&document("brief.docx", "Die Bilanz liegt bei."), SECRET);
    let letters = archive(&[("brief.docx", &letter), ("foto.gif", b"GIF89a")], &["-tzip"]);
    let later = mail("a.zip", &protected(&[("a.txt", LATER)], SECRET));
    let (id, picture) =
        (world.arrive("post.zip", &letters), world.arrive("pdf.eml", &mail("a.pdf", &pdf(SECRET))));
    let program = world.arrive("exe.eml", &mail("a.zip", &protected(&[("setup.exe", b"MZ\x90\0")], SECRET)));
    let give = |id| {
        world.waits(id, "needs_decision", "encrypted");
        give(&world, id, SECRET).unwrap();
        assert_refused(super::passwords::give(&world, id, SECRET), "needs no password");
    };
    for id in [id, picture, program] {
        give(id);
    }
    world.comes_to(picture, "released");
    world.waits(program, "needs_decision", "dangerous-kind");
    world.server.cli_ok(["space", "set", SPACE, "--hold-what", "all"]);
    let late = world.arrive("later.eml", &later);
    give(late);
    let shown = world.shown(id);
    assert_eq!(
        (&shown["labels"], &shown["obstacle"]),
        (&serde_json::json!(["password-given", "contains-office"]), &serde_json::Value::Null)
    );
    eventually("the PDF is there", LIMIT, || !world.shown(id)["pdf"].is_null());
    let copy = "post.zip%20(Kopien)/brief.docx%20(Kopie).pdf";
    assert!(text_of_pdf(&world, copy).contains("Die Bilanz liegt bei."));
    // The second scan opens all of it once more.
    for id in [id, late] {
        world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    }
    world.publish("later.ndb", NEW_SIGNATURE);
    world.retry(late);
    world.comes_to(late, "quarantined");
    world.retry(id);
    world.comes_to(id, "released");
    world.assert_released("post.zip", &letters);
    world.assert_sound();
}

#[test]
fn each_part_may_have_a_password_of_its_own() {
    let world = World::holding("2s");
    let [first, second] = ["Erste-4711", "Zweite-4711"];
    let content =
        archive(&[("a.zip", &protected(&[("a.txt", b"eins")], first)), ("b.pdf", &pdf(second))], &["-tzip"]);
    let id = world.arrive("beide.zip", &content);
    world.waits(id, "needs_decision", "encrypted");
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    let browser = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    let (address, target) = (format!("/holding/{id}"), format!("/holding/{id}/password"));
    let page = browser.get(&address).expect(200);
    let told =
        browser.get(&leads_to(&browser.send(&page, &target, &[("password", second)]))).expect(200).text();
    assert!(told.contains("Ein Teil der Datei wurde mit dem Kennwort geöffnet"), "{told}");
    assert!(told.contains("ein Teil von ihr ist noch verschlüsselt") && told.contains(&target), "{told}");
    world.waits(id, "needs_decision", "partly-encrypted");
    let shown = world.shown(id);
    let detail = shown["verdicts"].as_array().unwrap().last().unwrap()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("another part stays closed"), "{shown}");
    assert_refused(give(&world, id, "Dritte"), "this password does not open it");
    world.waits(id, "needs_decision", "partly-encrypted");
    world.assert_withheld("beide.zip");
    give(&world, id, first).unwrap();
    // Its time is over, but this was the first scan of all of it.
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    assert_eq!(world.shown(id)["obstacle"], serde_json::Value::Null);
    world.publish("more.hdb", IDLE);
    world.retry(id);
    world.comes_to(id, "released");
    world.assert_released("beide.zip", &content);
    world.assert_sound();
}

#[test]
fn what_opens_without_asking_is_examined_open_inside() {
    let world = World::holding_what("risky", "12h");
    let of = |content: &[u8]| archive(&[("a.docx", &locked_document(content, EXCEL))], &["-tzip"]);
    let clean = world.arrive("liste.zip", &of(&document("a.docx", "Offene Posten")));
    let virus = world.arrive("virus.zip", &of(&docx_with(&eicar())));
    let infected = world.arrive("virus.eml", &mail("a.pdf", &virus_pdf("")));
    let statement = world.arrive("auszug.eml", &mail("a.pdf", &pdf("")));
    world.comes_to(virus, "quarantined");
    world.comes_to(infected, "quarantined");
    world.comes_to(statement, "released");
    world.comes_to(clean, "held");
    assert_eq!(world.shown(clean)["labels"], serde_json::json!(["standard-password", "contains-office"]));
    world.assert_sound();
}

#[test]
fn a_password_is_given_once_for_a_mail_and_its_attachments() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("lmtp");
    let world = World::open(&format!("lmtp = '{}'", socket.display()));
    world.server.cli_ok(["space", "set", SPACE, "--mail", "mueller", "--hold", "12h"]);
    let zip = protected(&[("a.txt", b"Guten Tag")], SECRET);
    let mail = super::mail::client::mail(
        "Lohn",
        &[("a.pdf", &pdf(SECRET)), ("b.zip", &zip), ("c.zip", &protected(&[("a.txt", b"x")], "Andere-4711"))],
    );
    let mut client = Client::new(UnixStream::connect(&socket).unwrap());
    client.reply();
    client.say("LHLO x");
    assert_eq!(client.send("anna@example.org", &[ADDRESS], mail.as_bytes()), ["250 2.0.0 stored"]);
    let item = |end: &str| world.item_that_comes(end);
    let [first, second, other, whole] = ["Lohn/a.pdf", "Lohn/b.zip", "Lohn/c.zip", "Lohn.eml"].map(item);
    let other_mail = world.arrive("b.zip", &zip);
    for id in [first, second, other, whole, other_mail] {
        world.waits(id, "needs_decision", "encrypted");
    }
    give(&world, second, SECRET).unwrap();
    world.comes_to(first, "released");
    world.comes_to(second, "released");
    world.waits(whole, "needs_decision", "partly-encrypted");
    // Contents that the password does not open are as they were, and so are those that came another way.
    world.waits(other, "needs_decision", "encrypted");
    world.waits(other_mail, "needs_decision", "encrypted");
    assert_eq!(world.shown(other)["verdicts"].as_array().unwrap().len(), 1);
    // It does not matter for which it is given.
    give(&world, whole, "Andere-4711").unwrap();
    world.comes_to(other, "released");
    world.comes_to(whole, "released");
    let history = world.server.cli_ok(["hold", "history", &first.to_string()]);
    assert!(history.contains("gave the password of /") && !history.contains(SECRET), "{history}");
    world.assert_sound();
}

#[test]
fn a_document_of_libreoffice_has_its_pdf_after_its_password() {
    let world = World::holding_what("risky", "12h");
    let virus = String::from_utf8(eicar()).unwrap();
    let files = office_documents(&["Die Bilanz liegt bei.", &virus], SECRET);
    let whole = [0, 1].map(|number| locked_package(&files[&format!("{number}.odt")], SECRET));
    let mut viruses = vec![("virus.odt", whole[1].clone()), ("alt-virus.odt", files["1-old.odt"].clone())];
    viruses.push(("virus.zip", archive(&[("a.odt", &files["1-new.odt"])], &["-tzip"])));
    for (name, content) in viruses {
        let id = world.arrive(name, &content);
        world.waits(id, "needs_decision", "encrypted");
        assert_refused(give(&world, id, "Sesselkleber"), "this password does not open it");
        assert!(give(&world, id, SECRET).unwrap().contains("which is quarantined"), "{name}");
        world.assert_withheld(name);
    }
    let letters =
        [("neu.odt", &files["0-new.odt"]), ("alt.odt", &files["0-old.odt"]), ("ganz.odt", &whole[0])];
    for (name, content) in letters {
        let id = world.arrive(name, content);
        world.waits(id, "needs_decision", "encrypted");
        give(&world, id, SECRET).unwrap();
        world.comes_to(id, "held");
        eventually("the PDF is there", LIMIT, || !world.shown(id)["pdf"].is_null());
        assert!(
            text_of_pdf(&world, &format!("{name}%20(Kopie).pdf")).contains("Die Bilanz liegt bei."),
            "{name}"
        );
    }
    world.assert_sound();
}
