//! The treatment of a content by its kind: a picture is there at once, a document is held, a program waits for a
//! person.

use super::world::World;
use crate::support::process::eventually;

/// A zip archive made by the stock program, of a file with this name and content.
fn zipped(name: &str, content: &[u8], options: &[&str]) -> Vec<u8> {
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join(name), content).unwrap();
    let status = std::process::Command::new("zip")
        .args(options)
        .args(["-q", "archive.zip", name])
        .current_dir(work.path())
        .status()
        .expect("zip runs; Debian has it in zip");
    assert!(status.success());
    std::fs::read(work.path().join("archive.zip")).unwrap()
}

/// The smallest of pictures.
pub(super) const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
/// The first bytes of every program for Windows.
const PROGRAM: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0@\0\0\0\0\0\0\0\0\0\0\0";

#[test]
fn what_cannot_carry_malware_is_there_after_the_first_scan() {
    let world = World::holding_what("risky", "12h");
    let archive = zipped("foto.gif", PICTURE, &[]);
    for (name, kind, content) in [
        ("foto.gif", "image", PICTURE),
        ("notiz.txt", "text", b"see you on Monday".as_slice()),
        ("fotos.zip", "archive", &archive),
    ] {
        let id = world.arrive(name, content);
        let shown = world.comes_to(id, "released");
        assert_eq!((&shown["kind"], &shown["labels"]), (&kind.into(), &serde_json::json!([])), "{shown}");
        world.assert_released(name, content);
        let certificate = world.server.cli_ok(["hold", "certificate", &id.to_string()]);
        assert!(certificate.contains("\"released-by-kind\""), "{certificate}");
    }
    // In a space that holds everything it is not.
    world.server.cli_ok(["space", "set", "space", "--hold-what", "all"]);
    let id = world.arrive("zweites.gif", PICTURE);
    world.comes_to(id, "held");
    world.assert_withheld("zweites.gif");
    world.assert_sound();
}

#[test]
fn what_people_click_on_waits_for_a_person() {
    let world = World::holding_what("risky", "12h");
    let wrapped = zipped("rechnung.pdf.exe", PROGRAM, &[]);
    for (name, content, label) in [
        ("setup.exe", PROGRAM, None),
        ("rechnung.js", b"WScript.Echo(1)".as_slice(), None),
        ("seite.html", b"<!DOCTYPE html><html><body></body></html>", None),
        ("rechnung.zip", &wrapped, Some("contains-program")),
    ] {
        let id = world.arrive(name, content);
        world.waits(id, "needs_decision", "dangerous-kind");
        world.assert_withheld(name);
        let shown = world.shown(id);
        let labels = shown["labels"].as_array().unwrap();
        assert!(label.is_none_or(|label| labels.iter().any(|found| found == label)), "{shown}");
    }
    // A person may release it after one more scan, and need not override anything.
    let id = world.item("setup.exe");
    world.decide("release", id, "our own installer");
    world.assert_released("setup.exe", PROGRAM);
    world.assert_sound();
}

#[test]
fn what_nothing_can_look_into_needs_an_override() {
    let world = World::holding_what("risky", "12h");
    let locked = zipped("geheim.txt", b"a secret", &["-P", "a password"]);
    let id = world.arrive("geheim.zip", &locked);
    // The scanner says so by itself, or the look does.
    eventually("it waits for a person", std::time::Duration::from_mins(1), || {
        world.shown(id)["state"] == "needs_decision"
    });
    assert_eq!(world.shown(id)["reason"], "encrypted");
    world.assert_withheld("geheim.zip");
    let words = ["hold", "release", &id.to_string(), "--reason", "the client told us the password"];
    let refused = world.server.office.attempt(words);
    assert!(refused.code == 1 && refused.stderr.contains("encrypted"), "{refused}");
    world.server.cli_ok(words.into_iter().chain(["--override"]));
    world.assert_released("geheim.zip", &locked);
    world.assert_sound();
}

/// A PDF of one page, made by hand; `more` are further objects and `catalog` further entries of its root.
fn pdf(catalog: &str, more: &str) -> Vec<u8> {
    format!(
        "%PDF-1.5\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R {catalog} >>\nendobj\n\
         2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n\
         3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>\nendobj\n{more}\
         trailer\n<< /Root 1 0 R /Size 9 >>\n%%EOF\n"
    )
    .into_bytes()
}

/// The same PDF through qpdf with these options.
fn through_qpdf(pdf: &[u8], options: &[&str]) -> Vec<u8> {
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("in.pdf"), pdf).unwrap();
    let status = std::process::Command::new("qpdf")
        .args(options)
        .args(["in.pdf", "out.pdf"])
        .current_dir(work.path())
        .stderr(std::process::Stdio::null())
        .status()
        .expect("qpdf runs; Debian has it in qpdf");
    // 3: it repaired the one made by hand.
    assert!([Some(0), Some(3)].contains(&status.code()), "{status}");
    std::fs::read(work.path().join("out.pdf")).unwrap()
}

/// Statements of banks are encrypted to prevent printing, and open without a password.
#[test]
fn a_pdf_that_opens_without_a_password_is_looked_into_without_its_encryption() {
    let world = World::holding_what("risky", "12h");
    let locked = |pdf: &[u8], user: &str| {
        let sound = through_qpdf(pdf, &["--object-streams=generate"]);
        through_qpdf(&sound, &["--encrypt", user, "owner", "256", "--"])
    };
    let plain = locked(&pdf("", ""), "");
    let id = world.arrive("kontoauszug.pdf", &plain);
    let shown = world.comes_to(id, "released");
    assert_eq!((&shown["kind"], &shown["labels"]), (&"pdf".into(), &serde_json::json!([])), "{shown}");
    let detail = shown["verdicts"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("without its encryption"), "{shown}");
    world.assert_released("kontoauszug.pdf", &plain);

    let script = pdf("/OpenAction 4 0 R", "4 0 obj\n<< /S /JavaScript /JS (app.alert\\(1\\)) >>\nendobj\n");
    let id = world.arrive("skript.pdf", &locked(&script, ""));
    let shown = world.comes_to(id, "held");
    let labels = shown["labels"].as_array().unwrap();
    assert!(labels.iter().any(|label| label == "javascript"), "{shown}");

    let id = world.arrive("geheim.pdf", &locked(&pdf("", ""), "a password"));
    world.waits(id, "needs_decision", "encrypted");
    world.assert_withheld("geheim.pdf");
    world.assert_sound();
}

/// One harmless program in 44 wrappings: archives, mails, documents, installers, packers.
#[test]
fn none_of_the_test_files_of_clamav_is_released_even_if_the_scanner_knows_none() {
    let world = World::holding_what("risky", "12h");
    let place = std::path::Path::new("/usr/share/clamav-testfiles");
    let files: Vec<_> = std::fs::read_dir(place)
        .expect("Debian has the files in clamav-testfiles")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    assert!(files.len() >= 44, "{}", files.len());
    let settled = |folder: &str| {
        world.server.request("MKCOL", &format!("/dav/space/{folder}")).send().expect(201);
        for file in &files {
            let name = file.file_name().unwrap().to_str().unwrap();
            let content = std::fs::read(file).unwrap();
            world
                .server
                .request("PUT", &format!("/dav/space/{folder}/{name}"))
                .body(content)
                .send()
                .expect(201);
        }
        let mut states = Vec::new();
        eventually("all are scanned", std::time::Duration::from_mins(2), || {
            let listed = world.listed();
            states = listed.as_array().unwrap().clone();
            states.retain(|row| row["path"].as_str().unwrap().starts_with(&format!("/{folder}/")));
            states.len() == files.len() && states.iter().all(|row| row["state"] != "arrived")
        });
        assert!(states.iter().all(|row| row["state"] != "released"), "{states:#?}");
        states
    };
    let known = settled("bekannt");
    assert!(
        known.iter().filter(|row| row["reason"] == "infected" || row["reason"] == "mass-hit").count() >= 40
    );
    // The scanner is trusted still, for it finds its test virus.
    std::fs::remove_file(world.clamd.databases().join("testfiles.hdb")).unwrap();
    world.clamd.reload();
    let unknown = settled("unbekannt");
    assert!(unknown.iter().all(|row| row["reason"] != "infected"), "{unknown:#?}");
    world.assert_sound();
}
