//! Another passphrase, another key file.

use crate::office::{Office, PASSPHRASE, PASSWORD};

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
    office.refuses(change.iter().chain(&no_key), &["no age identity file"]);
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
    office.write("data.kit/recovery.txt", "AGE-SECRET-KEY-1");
    assert!(office.run(doctor).stdout.contains("data.kit/recovery.txt; move it off"));
    office.write("data/keys/notes.txt", "the passphrase is in this readable file");
    let alarmed = office.run(doctor);
    assert_eq!(alarmed.code, 1, "{alarmed}");
    assert!(alarmed.stdout.contains("FAULT") && alarmed.stdout.contains("keys/notes.txt"), "{alarmed}");
}
