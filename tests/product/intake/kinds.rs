//! What becomes of a content by its kind: a picture is there at once, a document is held, a program waits for a person.

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
const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
/// What every program for Windows begins with.
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
