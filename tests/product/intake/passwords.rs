//! Encrypted contents: those that open without asking are examined open; a given password opens the others, once and
//! in memory.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::kinds::PICTURE;
use super::world::{LATER, NEW_SIGNATURE, READER, World};
use crate::support::browser::{Browser, leads_to};
use crate::support::clamd::{IDLE, eicar};
use crate::support::passwords::{archive, document, locked_document, locked_pdf};
use crate::support::process::{eventually, require, succeed};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Time for LibreOffice on a busy machine.
pub(super) const LIMIT: std::time::Duration = std::time::Duration::from_mins(2);

/// The password with which Excel protects a workbook from changes.
pub(super) const EXCEL: &str = "VelvetSweatshop";

/// A docx with a part that holds something.
pub(super) fn docx_with(content: &[u8]) -> Vec<u8> {
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
pub(super) fn text_of_pdf(world: &World, address: &str) -> String {
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

/// A password that no other test has, so that a search for it finds its traces.
pub(super) const SECRET: &str = "Sesselkleber-4711";

/// Gives the password of an item by the command; returns its answer, or the refusal.
pub(super) fn give(world: &World, id: i64, password: &str) -> Result<String, String> {
    let file = world.server.scratch("password").join("file");
    std::fs::write(&file, format!("{password}\n")).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let words = ["hold", "password", &id.to_string(), "--password-file", file.to_str().unwrap()];
    let outcome = world.server.office.attempt(words);
    std::fs::remove_file(file).unwrap();
    if outcome.code == 0 { Ok(outcome.stdout) } else { Err(outcome.stderr) }
}

#[track_caller]
pub(super) fn assert_refused(given: Result<String, String>, part: &str) {
    let refused = given.unwrap_err().to_lowercase();
    assert!(refused.contains(part), "{part}: {refused}");
}

#[test]
fn a_virus_behind_a_password_is_found_with_it() {
    let world = World::holding_what("risky", "12h");
    let (virus, folder) = (eicar(), std::path::Path::new("/usr/share/clamav-testfiles"));
    let pdf = std::fs::read(folder.join("clam.pdf")).expect("Debian has it in clamav-testfiles");
    let files: [(&str, &[u8]); 2] = [("liste.csv", b"a;b"), ("virus.txt", &virus)];
    let password = format!("-p{SECRET}");
    for (name, content) in [
        ("virus.docx", locked_document(&docx_with(&virus), SECRET)),
        ("alt.zip", archive(&files, &["-tzip", &password])),
        ("neu.zip", archive(&files, &["-tzip", "-mem=AES256", &password])),
        ("virus.7z", archive(&files, &["-t7z", "-mhe=on", &password])),
        ("virus.pdf", locked_pdf(&pdf, SECRET)),
    ] {
        let id = world.arrive(name, &content);
        world.waits(id, "needs_decision", "encrypted");
        assert_refused(give(&world, id, "Sesselkleber"), "this password does not open it");
        assert_eq!(world.shown(id)["state"], "needs_decision", "{name}");
        assert_eq!(world.shown(id)["verdicts"].as_array().unwrap().len(), 1, "{name}");
        let told = give(&world, id, SECRET).unwrap();
        assert!(told.contains("which is quarantined"), "{name}: {told}");
        let shown = world.shown(id);
        assert_eq!(
            (&shown["state"], &shown["reason"]),
            (&"quarantined".into(), &"infected".into()),
            "{shown}"
        );
        assert_refused(give(&world, id, SECRET), "needs no password");
        world.assert_withheld(name);
    }
    world.assert_sound();
}

#[test]
fn what_a_password_opens_is_treated_as_if_it_had_come_open() {
    require("soffice", "libreoffice-writer-nogui");
    let mut world = World::holding_what("risky", "3s");
    let [letter, other] = ["Die Bilanz liegt bei.", "Der Vertrag liegt bei."]
        .map(|text| locked_document(&document("brief.docx", text), SECRET));
    let (id, later) = (world.arrive("brief.docx", &letter), world.arrive("vertrag.docx", &other));
    let picture = archive(&[("foto.gif", PICTURE)], &["-tzip", "-mem=AES256", &format!("-p{SECRET}")]);
    let picture = world.arrive("foto.zip", &picture);
    let program = archive(&[("setup.exe", b"MZ\x90\0")], &["-t7z", &format!("-p{SECRET}")]);
    let program = world.arrive("setup.7z", &program);
    for id in [id, later, picture, program] {
        world.waits(id, "needs_decision", "encrypted");
        give(&world, id, SECRET).unwrap();
    }
    world.comes_to(picture, "released");
    world.waits(program, "needs_decision", "dangerous-kind");

    // Its time is over, but this was its first scan.
    for id in [id, later] {
        world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    }
    let shown = world.shown(id);
    assert_eq!(
        (&shown["labels"], &shown["obstacle"]),
        (&serde_json::json!(["password-given"]), &serde_json::Value::Null)
    );
    let verdicts = shown["verdicts"].as_array().unwrap();
    assert!(verdicts[1]["detail"].as_str().unwrap().contains("with a password that was given"), "{shown}");
    eventually("the PDF is there", LIMIT, || !world.shown(id)["pdf"].is_null());
    assert!(text_of_pdf(&world, "brief.docx%20(Kopie).pdf").contains("Die Bilanz liegt bei."));
    assert_refused(give(&world, id, SECRET), "needs no password");

    // The second scan opens it once more.
    world.publish("more.hdb", IDLE);
    world.retry(id);
    world.comes_to(id, "released");
    world.assert_released("brief.docx", &letter);
    let certificate = world.server.cli_ok(["hold", "certificate", &id.to_string()]);
    for part in ["\"released-after-hold\"", "\"password-given\"", "opened with a password that was given"] {
        assert!(certificate.contains(part), "{part}: {certificate}");
    }
    let history = world.server.cli_ok(["hold", "history", &id.to_string()]);
    assert!(history.contains("gave the password of /brief.docx"), "{history}");

    // After a restart the password is gone: nothing is released without it.
    let late = world.arrive("spaet.docx", &other);
    world.waits(late, "needs_decision", "encrypted");
    give(&world, late, SECRET).unwrap();
    world.comes_to(late, "waiting_for_signatures");
    world.server.stop();
    world.server.spawn();
    world.publish("evenmore.ndb", NEW_SIGNATURE);
    world.retry(late);
    world.waits(late, "needs_decision", "encrypted");
    let words = ["hold", "release", &late.to_string(), "--reason", "urgent"];
    let refused = world.server.office.attempt(words);
    assert!(refused.code == 1 && refused.stderr.contains("encrypted"), "{refused}");
    world.assert_withheld("spaet.docx");
    give(&world, late, SECRET).unwrap();
    world.comes_to(late, "released");
    world.assert_released("spaet.docx", &other);

    let roots = [world.server.data(), world.server.log_file(), world.clamd.path("")];
    let traces = crate::support::canary::search(&[SECRET], &roots);
    assert!(traces.is_empty(), "{traces:?}");
    world.assert_sound();
}

#[test]
fn passwords_are_tried_a_few_times_an_hour() {
    let world = World::holding("12h");
    let content = archive(&[("a.txt", b"Guten Tag")], &["-tzip", &format!("-p{SECRET}")]);
    let id = world.arrive("a.zip", &content);
    let sealed = world.arrive("b.txt", b"age-encryption.org/v1\n-> X25519 a\nb\n--- c\n");
    let open = world.arrive("c.txt", b"Guten Tag");
    world.waits(id, "needs_decision", "encrypted");
    world.waits(sealed, "needs_decision", "encrypted");
    world.comes_to(open, "held");
    assert_refused(give(&world, sealed, SECRET), "in a way that this server does not open");
    assert_refused(give(&world, open, SECRET), "needs no password");
    for _ in 0..tresor::intake::MAX_ATTEMPTS {
        assert_refused(give(&world, id, "geheim"), "this password does not open it");
    }
    assert_refused(give(&world, id, SECRET), "too many passwords were tried");
    assert_eq!(world.shown(id)["state"], "needs_decision");
}

#[test]
fn people_give_the_password_on_the_page() {
    let world = World::holding("12h");
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    let content = archive(&[("a.txt", b"Guten Tag")], &["-tzip", &format!("-p{SECRET}")]);
    let (id, open) = (world.arrive("a.zip", &content), world.arrive("b.txt", b"Guten Tag"));
    world.waits(id, "needs_decision", "encrypted");
    world.comes_to(open, "held");
    let browser = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    let (address, target) = (format!("/holding/{id}"), format!("/holding/{id}/password"));
    let page = browser.get(&address).expect(200);
    assert!(page.text().contains(&format!("action=\"{target}\"")), "{page}");
    let has = |page: &str, part: &str| assert!(page.contains(part), "{part}: {page}");
    let empty = browser.send(&page, &target, &[("password", "")]).expect(400).text();
    has(&empty, "Bitte geben Sie das Kennwort der Datei ein.");
    let wrong = browser.send(&page, &target, &[("password", "geheim")]).expect(409).text();
    has(&wrong, "Mit diesem Kennwort lässt sich die Datei nicht öffnen.");
    assert!(!wrong.contains("geheim"), "{wrong}");
    let done =
        browser.get(&leads_to(&browser.send(&page, &target, &[("password", SECRET)]))).expect(200).text();
    has(&done, "Die Datei wurde mit dem Kennwort geöffnet und geprüft.");
    has(&done, "mit einem angegebenen Kennwort geöffnet und geprüft");
    has(&done, "hat das Kennwort für /a.zip angegeben");
    assert!(!done.contains(&target), "it is asked for no more: {done}");
    world.comes_to(id, "held");
    let other = format!("/holding/{open}/password");
    browser.send(&page, &other, &[("password", SECRET)]).expect(409);
    browser.get(&target).expect(405);
    // So do those who wait for a file, and no other person; a form of another page does nothing.
    let id = world.arrive("c.zip", &content);
    world.waits(id, "needs_decision", "encrypted");
    let (address, target) = (format!("/holding/{id}"), format!("/holding/{id}/password"));
    world.server.add_user("stranger", "staff", PASSWORD);
    let stranger = Browser::signed_in(&world.server, "de", "stranger", PASSWORD);
    let none = stranger.get("/holding").expect(200);
    stranger.send(&none, &target, &[("password", SECRET)]).expect(404);
    let reader = Browser::signed_in(&world.server, "de", READER, PASSWORD);
    let shown = reader.get(&address).expect(200);
    has(&shown.text(), &format!("action=\"{target}\""));
    reader.send(&none, &target, &[("password", SECRET)]).expect(403);
    let done =
        reader.get(&leads_to(&reader.send(&shown, &target, &[("password", SECRET)]))).expect(200).text();
    has(&done, "Die Datei wurde mit dem Kennwort geöffnet und geprüft.");
    world.comes_to(id, "held");
    let history = world.server.cli_ok(["hold", "history", &id.to_string()]);
    assert!(history.contains("gave the password of /c.zip"), "{history}");
    assert!(!history.contains(SECRET), "{history}");
}
