//! Another passphrase, another key file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::office::{Office, PASSPHRASE, PASSWORD};
use crate::support::recovery::{opens_everything, opens_nothing};

#[test]
fn after_a_change_only_the_new_key_opens_and_nothing_else_was_rewritten() {
    let office = Office::with_instance();
    office.write("pass", PASSPHRASE);
    office.write("empty", "");
    let before = office.snapshot();
    let change = ["change-passphrase", "--data", "data"];
    let to_passphrase = ["--key-file", "key.txt", "--new-passphrase-file", "pass"];
    let changed = office.run(change.iter().chain(&to_passphrase));
    assert_eq!(changed.code, 0, "{changed}");
    let rewritten: Vec<_> = office
        .snapshot()
        .into_iter()
        .filter(|(path, file)| before.get(path) != Some(file))
        .map(|(path, _)| path.strip_prefix(office.data()).unwrap().to_owned())
        .collect();
    assert_eq!(rewritten, [std::path::Path::new("keys/root.age")]);

    office.refuses(["user", "list", "--data", "data", "--key-file", "key.txt"], &["opens with a passphrase"]);
    office.refuses(change.iter().chain(&to_passphrase), &["opens with a passphrase"]);
    let blank = ["--passphrase-file", "pass", "--new-passphrase-file", "empty"];
    office.refuses(change.iter().chain(&blank), &["empty is empty"]);
    office.write("brief", "elf Zeichen");
    let brief = ["--passphrase-file", "pass", "--new-passphrase-file", "brief"];
    office.refuses(change.iter().chain(&brief), &["fewer than 12 characters"]);
    let no_key = ["--passphrase-file", "pass", "--new-key-file", "pass"];
    office.refuses(change.iter().chain(&no_key), &["not an age identity file"]);
    let served = office.serve(["--passphrase-file", "pass"]);
    assert_eq!(served.login("admin", PASSWORD), 207);
    office.write_key("other.txt");
    let to_key = ["--passphrase-file", "pass", "--new-key-file", "other.txt"];
    office.refuses_beside_a_server(
        change.iter().chain(&to_key),
        &["another process uses data", "stop it first"],
    );
    drop(served);
    let changed = office.run(change.iter().chain(&to_key));
    assert_eq!(changed.code, 0, "{changed}");
    assert_eq!(office.run(["user", "list", "--data", "data", "--key-file", "other.txt"]).code, 0);
}

/// The recovery key was on a sheet of paper that is gone, and the only way to another one was a new instance.
#[test]
fn another_recovery_key_takes_the_place_of_the_old_one_with_a_server_and_without() {
    let office = Office::with_instance();
    let change = |out: &'static str| ["change-recovery-key", "--data", "data", "--recovery-out", out];
    let key = ["--key-file", "key.txt"];
    let text = |name: &str| fs::read_to_string(office.path(name)).unwrap();
    let data = office.data();
    assert_eq!(
        office.run(["space", "add", "A", "--kind", "team", "--data", "data"].iter().chain(&key)).code,
        0
    );

    let changed = office.run(change("second.txt").iter().chain(&key));
    assert_eq!(changed.code, 0, "{changed}");
    assert!(changed.stdout.contains("second.txt. Move it off this machine"), "{changed}");
    assert_eq!(fs::metadata(office.path("second.txt")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(opens_nothing(&text("recovery.txt"), &data) && opens_everything(&text("second.txt"), &data));

    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    let changed = office.run(change("third.txt").iter().chain(&["--json"]));
    assert_eq!(changed.code, 0, "{changed}");
    let shown: serde_json::Value = serde_json::from_str(&changed.stdout).unwrap();
    let snapshot = shown["snapshot"].as_u64().unwrap();
    let expected = serde_json::json!({ "recovery_file": "third.txt", "snapshot": snapshot, "damaged": [] });
    assert_eq!(shown, expected);
    assert!(opens_nothing(&text("second.txt"), &data) && opens_everything(&text("third.txt"), &data));
    // Files that the running server makes from now on are for the new key, too.
    assert_eq!(office.run(["space", "add", "B", "--kind", "team", "--data", "data"]).code, 0);
    assert_eq!(office.run(["snapshot", "--data", "data"]).code, 0);
    assert!(opens_nothing(&text("second.txt"), &data) && opens_everything(&text("third.txt"), &data));
    assert_eq!(office.run(["verify", "--data", "data"]).code, 0);
    drop(served);
    let verified = office.run(["verify", "--data", "data"].iter().chain(&key));
    assert_eq!(verified.code, 0, "{verified}");

    // Its secret part never comes here.
    let elsewhere = office.write_key("elsewhere.txt");
    let changed = office.run(
        ["change-recovery-key", "--data", "data", "--recovery-recipient", &elsewhere].iter().chain(&key),
    );
    assert_eq!(changed.code, 0, "{changed}");
    assert!(opens_nothing(&text("third.txt"), &data) && opens_everything(&text("elsewhere.txt"), &data));
    let rebuild = ["rebuild", "--data", "data", "--from", "snapshot", "--recovery-file"];
    office.refuses(rebuild.iter().chain(&["third.txt"]), &["does not belong to this data directory"]);
    assert_eq!(office.run(rebuild.iter().chain(&["elsewhere.txt"])).code, 0);
}

#[test]
fn a_recovery_key_that_cannot_be_kept_is_not_made() {
    let office = Office::with_instance();
    let change = ["change-recovery-key", "--data", "data", "--key-file", "key.txt"];
    office.refuses(change, &["--recovery-out FILE"]);
    office.refuses(change.iter().chain(&["--json"]), &["--recovery-out FILE"]);
    let recovery = fs::read(office.path("recovery.txt")).unwrap();
    office
        .refuses(change.iter().chain(&["--recovery-out", "recovery.txt"]), &["recovery.txt exists already"]);
    assert_eq!(fs::read(office.path("recovery.txt")).unwrap(), recovery);
    office.refuses(change.iter().chain(&["--recovery-out", "data/new.txt"]), &["inside the data directory"]);
    office.refuses(change.iter().chain(&["--recovery-recipient", "age1"]), &["not an age recipient"]);
    office.write("wrong.txt", "AGE-SECRET-KEY-1QQQ");
    let wrong =
        ["change-recovery-key", "--data", "data", "--key-file", "wrong.txt", "--recovery-out", "new.txt"];
    office.refuses(wrong, &["not an age identity file"]);
    let served = office.serve(["--plain-http"]);
    let locked = ["change-recovery-key", "--data", "data", "--recovery-out", "new.txt"];
    office.refuses_beside_a_server(locked, &["locked", "tresor unlock"]);
    drop(served);
    assert!(!office.path("new.txt").exists(), "a key that opens nothing");
}

/// Nothing starts without this file, and only a backup of keys/ could bring it back.
#[test]
fn a_lost_recovery_file_is_made_again() {
    let office = Office::with_instance();
    let key = ["--data", "data", "--key-file", "key.txt"];
    fs::remove_file(office.data().join("keys/root.recovery.age")).unwrap();
    office.refuses(
        ["user", "list"].iter().chain(&key),
        &["keys/root.recovery.age", "tresor change-recovery-key"],
    );
    let changed = office.run(["change-recovery-key", "--recovery-out", "new.txt"].iter().chain(&key));
    assert_eq!(changed.code, 0, "{changed}");
    assert!(opens_everything(&fs::read_to_string(office.path("new.txt")).unwrap(), &office.data()));
    assert_eq!(office.run(["verify"].iter().chain(&key)).code, 0);
}

#[test]
fn doctor_needs_no_key_and_names_what_is_wrong() {
    let office = Office::with_instance();
    let doctor = ["doctor", "--data", "data"];
    let calm = office.run(doctor);
    assert_eq!(calm.code, 0, "{calm}");
    assert!(calm.stdout.contains("the data directory is complete"), "{calm}");
    assert!(calm.stdout.contains("no server runs"), "{calm}");
    let findings = office.run(doctor.iter().chain(&["--json"])).stdout;
    let findings: serde_json::Value = serde_json::from_str(&findings).unwrap();
    assert!(findings.as_array().unwrap().iter().all(|finding| finding["text"].is_string()), "{findings}");
    let served = office.serve(["--key-file", "key.txt"]);
    assert!(office.run(doctor).stdout.contains("the server runs"));
    drop(served);
    assert!(calm.stdout.contains("key.txt is an age key in plaintext"), "{calm}");
    for name in ["key.txt", "recovery.txt"] {
        fs::remove_file(office.path(name)).unwrap();
    }
    assert!(office.run(doctor).stdout.contains("no key and no passphrase is in plaintext"));
    office.write("old/notes.bak", "AGE-SECRET-KEY-1");
    let told = office.run(doctor);
    assert!(told.code == 0 && told.stdout.contains("old/notes.bak is an age key in plaintext"), "{told}");
    fs::create_dir_all(office.path("data/spaces/00112233445566778899aabbccddeeff/ab")).unwrap();
    office.write("data/spaces/00112233445566778899aabbccddeeff/ab/x", "AGE-SECRET-KEY-1");
    let told = office.run(doctor);
    assert!(told.code == 3 && told.stdout.contains("ab/x is an age key in plaintext"), "{told}");
    fs::remove_dir_all(office.path("data/spaces/00112233445566778899aabbccddeeff")).unwrap();
    office.write("data/keys/notes.txt", "the passphrase is in this readable file");
    let alarmed = office.run(doctor);
    assert_eq!(alarmed.code, 3, "{alarmed}");
    assert!(alarmed.stdout.contains("FAULT") && alarmed.stdout.contains("keys/notes.txt"), "{alarmed}");
}

/// A tester found it: nothing starts like this, and `doctor` said that the directory was complete.
#[test]
fn doctor_names_every_part_that_is_gone_or_something_else() {
    let office = Office::with_instance();
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    assert_eq!(office.run(["space", "add", "Akten", "--kind", "team", "--data", "data"]).code, 0);
    drop(served);
    let data = office.data();
    let key = fs::read_dir(data.join("keys/spaces")).unwrap().next().unwrap().unwrap().path();
    let space = key.file_stem().unwrap().to_str().unwrap().to_owned();
    fs::create_dir_all(data.join("spaces").join(&space)).unwrap();
    let key = format!("keys/spaces/{space}.age");
    let kept = office.path("kept");
    let put_pipe = |path: &Path| {
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    };
    for (part, instead, needle) in [
        ("keys/recovery-recipient.age", "", "is missing"),
        ("keys/root.age", "", "is missing"),
        ("keys/root.recovery.age", "empty", "is empty"),
        (
            "catalog/catalog.db",
            "empty",
            "is empty; move away what lies in its place and run `tresor rebuild`",
        ),
        ("catalog/catalog.db", "pipe", "is a pipe"),
        ("catalog/catalog.db", "folder", "is a folder"),
        ("spaces", "", "is missing"),
        (&*key, "", "is missing; no file of this space opens without it"),
        (&*key, "empty", "is empty"),
    ] {
        let place = data.join(part);
        fs::rename(&place, &kept).unwrap();
        match instead {
            "empty" => fs::write(&place, b"").unwrap(),
            "pipe" => put_pipe(&place),
            "folder" => fs::create_dir(&place).unwrap(),
            _ => {}
        }
        let told = office.run(["doctor", "--data", "data"]);
        assert_eq!(told.code, 3, "{part}: {told}");
        let about: Vec<_> =
            told.stdout.lines().filter(|line| line.contains(part) && line.contains(needle)).collect();
        assert_eq!(about.len(), 1, "{part}: {told}");
        assert!(about[0].starts_with("FAULT"), "{told}");
        assert!(!told.stdout.contains("is complete"), "{told}");
        match instead {
            "" => {}
            "folder" => fs::remove_dir(&place).unwrap(),
            _ => fs::remove_file(&place).unwrap(),
        }
        fs::rename(&kept, &place).unwrap();
    }
    assert_eq!(office.run(["doctor", "--data", "data"]).code, 0);
}

#[test]
fn a_server_whose_socket_is_gone_is_named_as_such() {
    let office = Office::with_instance();
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    fs::remove_file(office.data().join("control.sock")).unwrap();
    office.refuses_beside_a_server(
        ["user", "list", "--data", "data", "--key-file", "key.txt"],
        &["does not answer commands", "control.sock is gone", "restart"],
    );
    let told = office.run(["doctor", "--data", "data"]);
    assert!(told.code == 3 && told.stdout.contains("control.sock is gone"), "{told}");
    drop(served);
}
