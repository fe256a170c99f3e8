//! `tresor init` in all its forms.

use std::fs;

use age::secrecy::ExposeSecret;

use crate::support::office::{Office, PASSPHRASE, PASSWORD};

#[test]
fn a_passphrase_opens_and_the_recovery_key_opens_without_us() {
    let office = Office::new();
    office.write("pass", format!("{PASSPHRASE}\n"));
    let outcome = office.init(["--passphrase-file", "pass", "--recovery-out", "offline/recovery.txt"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    assert!(outcome.stdout.contains("offline/recovery.txt. Move it off this machine"), "{outcome}");
    assert!(outcome.stdout.contains("tresor serve --data data"), "{outcome}");
    assert_eq!(outcome.stderr, "");
    let status = office.run(["status", "--data", "data", "--passphrase-file", "pass", "--json"]);
    assert!(status.stdout.contains("\"users\": 1"), "{status}");
    let text = fs::read_to_string(office.path("offline/recovery.txt")).unwrap();
    let identity: age::x25519::Identity = text.lines().last().unwrap().parse().unwrap();
    let sealed = fs::read(office.data().join("keys/root.recovery.age")).unwrap();
    assert_eq!(age::decrypt(&identity, &sealed).unwrap().len(), 32);
}

#[test]
fn a_recovery_key_made_elsewhere_never_touches_this_machine() {
    let office = Office::new();
    office.write_key("key.txt");
    let recovery = age::x25519::Identity::generate();
    let recipient = recovery.to_public().to_string();
    let outcome = office.init(["--key-file", "key.txt", "--recovery-recipient", &recipient]);
    assert_eq!(outcome.code, 0, "{outcome}");
    let sealed = fs::read(office.data().join("keys/root.recovery.age")).unwrap();
    assert_eq!(age::decrypt(&recovery, &sealed).unwrap().len(), 32);
    let secret = recovery.to_string();
    for (path, (_, content)) in office.snapshot() {
        let readable = String::from_utf8_lossy(&content);
        assert!(!readable.contains(secret.expose_secret()) && !readable.contains(&recipient), "{path:?}");
    }
    let served = office.serve(["--key-file", "key.txt"]);
    assert_eq!(served.login("admin", PASSWORD), 207);
}

#[test]
fn what_is_missing_is_asked_for_by_name() {
    let office = Office::new();
    office.write("password", PASSWORD);
    office.write_key("key.txt");
    for (options, needle) in [
        (vec!["--recovery-out", "r.txt", "--key-file", "key.txt"], "--admin"),
        (
            vec!["--admin", "a", "--key-file", "key.txt", "--admin-password-file", "password"],
            "--recovery-out",
        ),
        (vec!["--admin", "a", "--recovery-out", "r", "--recovery-recipient", "age1x"], "cannot be used with"),
        (
            vec!["--admin", "a", "--recovery-out", "r", "--key-file", "k", "--passphrase-file", "p"],
            "cannot be used",
        ),
    ] {
        let outcome = office.run(["init", "--data", "data"].iter().chain(&options));
        assert_eq!(outcome.code, 2, "{outcome}");
        assert!(outcome.stderr.contains(needle), "{outcome}");
        assert!(!office.data().exists());
    }
    let rest = ["init", "--data", "data", "--admin", "a", "--recovery-out", "r.txt"];
    office.refuses(rest.iter().chain(&["--key-file", "key.txt"]), &["administrator password", "name a file"]);
    office.refuses(rest.iter().chain(&["--admin-password-file", "password"]), &["passphrase", "name a file"]);
    assert!(!office.data().exists() && !office.path("r.txt").exists());
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_is_made() {
    let office = Office::new();
    let recipient = office.write_key("key.txt");
    office.write("weak", "Tresor123456\n");
    office.write("short", "kurz");
    office.write("blank", " \n");
    office.write("no-key", "not an age identity");
    office.write("brief", "elf Zeichen");
    office.write("taken.txt", "the only key to other data");
    office.write("password", PASSWORD);
    let init = |options: &[&str]| {
        let mut words = vec!["init", "--data", "data", "--admin", "admin"];
        words.extend(options);
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let (key, out) = (["--key-file", "key.txt"], ["--recovery-out", "r.txt"]);
    let good = ["--admin-password-file", "password"];
    for (options, needles) in [
        ([&["--admin-password-file", "weak"][..], &key, &out], ["password", "words"]),
        ([&["--admin-password-file", "short"], &key, &out], ["at least 12 characters", "words"]),
        ([&["--admin-password-file", "none"], &key, &out], ["cannot read none", "No such file"]),
        ([&good, &["--passphrase-file", "blank"], &out], ["blank", "is empty"]),
        ([&good, &["--passphrase-file", "brief"], &out], ["passphrase", "fewer than 12 characters"]),
        ([&good, &["--passphrase-file", "none"], &out], ["cannot read none", "No such file"]),
        ([&good, &["--key-file", "no-key"], &out], ["not an age identity", "AGE-SECRET-KEY-1"]),
        ([&good, &key, &["--recovery-out", "taken.txt"]], ["taken.txt exists already", "name another file"]),
        ([&good, &key, &["--recovery-out", "data/r.txt"]], ["inside the data directory", "outside"]),
        ([&good, &key, &["--recovery-out", "x/../data/r.txt"]], ["inside the data directory", "outside"]),
        ([&good, &key, &["--recovery-recipient", "age1nonsense"]], ["not an age recipient", "age1"]),
        ([&good, &key, &["--recovery-recipient", &recipient[..40]]], ["not an age recipient", "age1"]),
    ] {
        office.refuses(init(&options.concat()), &needles);
        assert!(!office.data().exists(), "{options:?}");
        assert!(!office.path("r.txt").exists(), "{options:?}");
    }
    let bad_name = ["init", "--data", "data", "--admin", "a/b", "--recovery-out", "r.txt"];
    office.refuses(bad_name.iter().chain(&key).chain(&good), &["user name must not contain"]);
    assert_eq!(fs::read_to_string(office.path("taken.txt")).unwrap(), "the only key to other data");
    // An empty directory that was there stays and stays empty.
    fs::create_dir(office.data()).unwrap();
    office.refuses(init(&[&good[..], &key, &["--recovery-out", "taken.txt"]].concat()), &["exists already"]);
    assert_eq!(fs::read_dir(office.data()).unwrap().count(), 0);
}

#[test]
fn an_existing_instance_and_foreign_files_are_left_alone() {
    let office = Office::with_instance();
    office.write("password", PASSWORD);
    let init = |data| {
        let mut words = vec!["init", "--data", data, "--admin", "a", "--admin-password-file", "password"];
        words.extend(["--key-file", "key.txt", "--recovery-out", "another.txt"]);
        words
    };
    office.refuses(init("data"), &["holds a Tresor instance already"]);
    office.write("documents/Bilanz.pdf", "hello");
    office.refuses(init("documents"), &["documents/Bilanz.pdf does not belong", "Move it away"]);
    office.refuses(["serve", "--data", "documents"], &["holds no Tresor instance"]);
    office.refuses(init("admin.password"), &["admin.password"]);
    assert!(!office.path("another.txt").exists());
    assert_eq!(fs::read_dir(office.path("documents")).unwrap().count(), 1);
}

/// Each moment is recognised by the files on the disk; then the process is killed.
#[test]
fn a_power_cut_in_the_middle_leaves_a_state_with_a_name() {
    type Moment = (&'static str, fn(&Office) -> bool);
    let moments: [Moment; 4] = [
        ("lock", |office| office.data().join("lock").exists()),
        ("recovery key", |office| office.path("recovery.txt").exists()),
        ("keys", |office| office.data().join("keys").exists()),
        ("catalogue", |office| office.data().join("catalog/catalog.db").exists()),
    ];
    for (moment, has_come) in moments {
        let office = Office::new();
        office.write("pass", PASSPHRASE);
        office.write("password", PASSWORD);
        let words = ["init", "--data", "data", "--admin", "admin", "--admin-password-file", "password"];
        let options = ["--passphrase-file", "pass", "--recovery-out", "recovery.txt"];
        let mut child = office.tresor(words.iter().chain(&options)).spawn().unwrap();
        while !has_come(&office) && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let is_whole = office.data().join("FORMAT").exists();
        let has_keys = office.data().join("keys").exists();
        if is_whole {
            // Killed a moment too late: then everything is there.
            let status = office.run(["status", "--data", "data", "--passphrase-file", "pass"]);
            assert_eq!(status.code, 0, "{moment}: {status}");
        } else if has_keys {
            let named = ["setup was interrupted", "remove the directory and start again"];
            office.refuses(["serve", "--data", "data", "--passphrase-file", "pass"], &named);
            office.refuses(["user", "list", "--data", "data"], &named);
            fs::remove_file(office.path("recovery.txt")).unwrap();
            office.refuses(words.iter().chain(&options), &named);
            fs::remove_dir_all(office.data()).unwrap();
        } else {
            office.refuses(
                ["serve", "--data", "data", "--passphrase-file", "pass"],
                &["holds no Tresor instance"],
            );
            let _ = fs::remove_file(office.path("recovery.txt"));
        }
        if !is_whole {
            // The advice helps.
            let outcome = office.init(["--passphrase-file", "pass", "--recovery-out", "recovery.txt"]);
            assert_eq!(outcome.code, 0, "{moment}: {outcome}");
        }
    }
}
