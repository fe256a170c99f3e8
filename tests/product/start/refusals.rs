//! Everything that keeps a server from starting: exit code 1, one sentence, not a byte changed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use secrecy::SecretString;
use tresor::vault::disk::LocalDisk;
use tresor::vault::keys::{KeyRing, Unlock};

use crate::support::office::{Office, PASSPHRASE, Served};

const SERVE: [&str; 7] = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--key-file", "key.txt"];
const LIST: [&str; 6] = ["user", "list", "--data", "data", "--key-file", "key.txt"];

/// A server and a command are refused alike.
#[track_caller]
fn both_refuse(office: &Office, needles: &[&str]) {
    office.refuses(SERVE, needles);
    office.refuses(LIST, needles);
}

#[test]
fn keys_that_do_not_fit() {
    let office = Office::with_instance();
    office.write_key("other.txt");
    office.write("broken.txt", "AGE-SECRET-KEY-1BROKEN");
    office.write("pass", PASSPHRASE);
    office.write("empty", "");
    for (option, file, needles) in [
        ("--key-file", "other.txt", ["this key does not belong to this data directory", "made with"]),
        ("--key-file", "broken.txt", ["not an age identity file", "AGE-SECRET-KEY-1"]),
        ("--key-file", "none.txt", ["cannot read none.txt", "No such file"]),
        ("--key-file", "empty", ["empty", "is empty"]),
        ("--passphrase-file", "pass", ["opens with a key file", "not with a passphrase"]),
        ("--passphrase-file", ".", ["cannot read .", "directory"]),
    ] {
        let place = ["--data", "data", option, file];
        office.refuses(["serve", "--listen", "127.0.0.1:0"].iter().chain(&place), &needles);
        office.refuses(["status"].iter().chain(&place), &needles);
    }
    office.refuses(["status", "--data", "data"], &["no server runs", "--passphrase-file"]);
}

#[test]
fn a_wrong_passphrase() {
    let office = Office::new();
    office.write("pass", PASSPHRASE);
    office.write("wrong", "Pergament Schaluppe Brombeere 78");
    office.write_key("key.txt");
    let outcome = office.init(["--passphrase-file", "pass", "--recovery-out", "r.txt"]);
    assert_eq!(outcome.code, 0, "{outcome}");
    let serve = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--passphrase-file", "wrong"];
    office.refuses(serve, &["wrong passphrase", "try again"]);
    office.refuses(LIST, &["opens with a passphrase", "not with a key file"]);
    // Nor is the recovery key a key of every day.
    office.refuses(["status", "--data", "data", "--key-file", "r.txt"], &["opens with a passphrase"]);
}

#[test]
fn damaged_and_missing_key_files() {
    for file in ["keys/root.age", "keys/recovery-recipient.age"] {
        let office = Office::with_instance();
        let path = office.data().join(file);
        let pristine = fs::read(&path).unwrap();
        let mut flipped = pristine.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for damaged in [&flipped[..], &pristine[..pristine.len() - 1], &pristine[..60], b""] {
            fs::write(&path, damaged).unwrap();
            both_refuse(&office, &[file, "is damaged", "backup"]);
        }
        fs::remove_file(&path).unwrap();
        both_refuse(&office, &[file, "is missing", "backup"]);
    }
    for file in ["keys/root.recovery.age", "catalog/catalog.db"] {
        let office = Office::with_instance();
        fs::remove_file(office.data().join(file)).unwrap();
        both_refuse(&office, &[file, "is missing", "backup"]);
    }
}

#[test]
fn another_offices_catalogue_and_a_damaged_one() {
    let (office, other) = (Office::with_instance(), Office::new());
    other.init_by_key_file();
    let catalog = office.data().join("catalog/catalog.db");
    fs::copy(other.data().join("catalog/catalog.db"), &catalog).unwrap();
    both_refuse(&office, &["catalogue does not open with this key", "damaged", "backup"]);
    fs::write(&catalog, "").unwrap();
    both_refuse(&office, &["catalogue"]);
}

#[test]
fn a_second_process() {
    let office = Office::with_instance();
    let served = office.serve(["--key-file", "key.txt"]);
    office.refuses_beside_a_server(SERVE, &["another process uses data", "stop it first"]);
    office.refuses_beside_a_server(
        ["init", "--data", "data", "--admin", "a", "--recovery-out", "r"],
        &["already"],
    );
    assert_eq!(served.health().status, 200);
    // A command in the middle of its own work keeps others out just as well.
    drop(served);
    let held = tresor::app::DataDirectory::open(&office.data()).unwrap();
    both_refuse(&office, &["another process uses data"]);
    drop(held);
    assert_eq!(office.run(LIST).code, 0);
}

#[test]
fn formats_of_newer_programs() {
    let office = Office::with_instance();
    for (format, found) in
        [("tresor 2\n", "format tresor 2"), ("nonsense", "format nonsense"), ("", "format ")]
    {
        office.write("data/FORMAT", format);
        both_refuse(&office, &[found, "use the newer program"]);
    }
    office.write("data/FORMAT", "tresor 1\n");
    // Remains of an earlier run stay as well: they may be the newer program's.
    office.write("data/tmp/0.part", "age-encryption.org/v1\n");
    raise_schema(&office);
    both_refuse(&office, &["catalogue has format 99", "use the newer program"]);
}

/// Marks the catalogue as one of a later release.
fn raise_schema(office: &Office) {
    let key = fs::read_to_string(office.path("key.txt")).unwrap();
    let disk = Arc::new(LocalDisk::new(office.data()));
    let keys = KeyRing::open(disk, &Unlock::KeyFile(SecretString::from(key))).unwrap();
    let key = data_encoding::HEXLOWER.encode(keys.catalogue_key().expose());
    let database = rusqlite::Connection::open(office.data().join("catalog/catalog.db")).unwrap();
    database.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA user_version = 99;")).unwrap();
}

#[test]
fn readable_leftovers() {
    for place in [
        "recovery.txt",
        "data.tar",
        "keys/root.txt",
        "keys/spaces/s.txt",
        "catalog/dump.sql",
        "catalog/catalog.db.bak",
        "spaces/export.zip",
        "tls/key.pem",
        "tmp/Bilanz.pdf",
    ] {
        let office = Office::with_instance();
        office.write(&format!("data/{place}"), "AGE-SECRET-KEY-1 or a client's name");
        both_refuse(&office, &[place, "does not belong in a data directory", "Move it away"]);
    }
    let office = Office::with_instance();
    fs::create_dir(office.data().join("lost+found")).unwrap();
    assert_eq!(office.run(LIST).code, 0, "a file system of its own is fine");
}

#[test]
fn settings_that_contradict_each_other() {
    let office = Office::with_instance();
    office.write("typo.toml", "lisen = '127.0.0.1:1'");
    office.write("limits.toml", "[limits]\nmax_connections = 0");
    for (options, needles) in [
        (&["--plain-http", "--listen", "0.0.0.0:0"][..], ["loopback", "0.0.0.0:0"]),
        (&["--metrics-listen", "0.0.0.0:1"], ["metrics_listen", "loopback"]),
        (&["--tls-certificate", "c.pem"], ["tls.key", "belong together"]),
        (&["--plain-http", "--tls-certificate", "c", "--tls-key", "k"], ["plain_http", "exclude"]),
        (&["--log-level", "tresor=loud"], ["log.level", "info"]),
        (&["--config", "typo.toml"], ["typo.toml", "lisen"]),
        (&["--config", "limits.toml"], ["[limits]", "max_connections"]),
        (&["--config", "none.toml"], ["none.toml", "No such file"]),
    ] {
        for command in ["serve", "check-config"] {
            office.refuses([command, "--data", "data"].iter().chain(options), &needles);
        }
    }
}

#[test]
fn a_directory_that_this_user_cannot_use() {
    assert!(rustix::process::geteuid().is_root(), "this test changes users and so needs root");
    let office = Office::with_instance();
    fs::set_permissions(office.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(office.path("key.txt"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(env!("CARGO_BIN_EXE_tresor"));
    command.args(LIST).current_dir(office.path(""));
    office.refuses_command(&mut command, &["data", "Permission denied"]);
}

/// `spaces` was a link to another disk, which was not mounted: a file was stored beneath it, acknowledged, and gone
/// when the disk was back.
#[test]
fn stored_files_that_are_all_gone() {
    let office = Office::with_instance();
    let spaces = office.data().join("spaces");
    // A new instance has nothing, be its empty folder there or not.
    fs::remove_dir(&spaces).unwrap();
    drop(office.serve(["--key-file", "key.txt", "--plain-http"]));

    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    for words in [
        &["user", "add", "anna", "--role", "staff", "--password-file", "password"][..],
        &["space", "add", "Akten", "--kind", "team"],
        &["space", "add", "Leer", "--kind", "team"],
        &["grant", "anna", "Akten", "write"],
    ] {
        office.write("password", PASSPHRASE);
        let outcome = office.run(words.iter().chain(&["--data", "data", "--key-file", "key.txt"]));
        assert_eq!(outcome.code, 0, "{outcome}");
    }
    let ask = |served: &Served, method: &str, path: &str| {
        served.request(method, &format!("/dav/Akten/{path}")).sign_in("anna", PASSPHRASE)
    };
    ask(&served, "PUT", "large").body(vec![1; 200_000]).send().expect(201);
    drop(served);
    let disk = office.data().with_file_name("disk");
    fs::rename(&spaces, &disk).unwrap();
    let elsewhere = office.data().with_file_name("elsewhere");

    let refused = || {
        let outcome = office.run(["verify", "--data", "data", "--key-file", "key.txt"]);
        assert_eq!(outcome.code, 3, "{outcome}");
        assert!(outcome.stdout.contains("Akten:/large"), "{outcome}");
        let outcome = office.run(["status", "--data", "data", "--key-file", "key.txt"]);
        assert!(outcome.stdout.contains("holds none of the stored files"), "{outcome}");
        office.refuses(SERVE, &["data/spaces holds none of the stored files", "mounted", "backup"]);
    };
    refused();
    fs::create_dir(&spaces).unwrap();
    refused();
    fs::remove_dir(&spaces).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &spaces).unwrap();
    refused();
    fs::create_dir(&elsewhere).unwrap();
    refused();

    fs::remove_file(&spaces).unwrap();
    std::os::unix::fs::symlink(&disk, &spaces).unwrap();
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    assert_eq!(ask(&served, "GET", "large").send().expect(200).body, vec![1; 200_000]);
    drop(served);

    // An owner who has lost them for good follows the advice.
    let folder = fs::read_dir(&disk).unwrap().next().unwrap().unwrap().file_name();
    fs::remove_dir_all(&disk).unwrap();
    fs::create_dir_all(disk.join(folder)).unwrap();
    let served = office.serve(["--key-file", "key.txt", "--plain-http"]);
    ask(&served, "GET", "large").send().expect(500);
    ask(&served, "PUT", "large").body(vec![2; 200_000]).send().expect(204);
}

/// A server waited for the other end of a pipe, before or after its port was open, and said nothing; a link at the
/// place of the reserve made a foreign file grow.
#[test]
fn what_is_no_file_where_one_belongs() {
    let office = Office::with_instance();
    drop(office.serve(["--key-file", "key.txt"]));
    office.run(LIST);
    let foreign = office.data().with_file_name("foreign");
    fs::write(&foreign, "age-encryption.org/v1\nof somebody else").unwrap();
    for name in ["FORMAT", "lock", "mark.age", "reserve", "tls/key.age"] {
        let (place, kept) = (office.data().join(name), office.data().with_file_name("kept"));
        let had_one = fs::rename(&place, &kept).is_ok();
        let pipe = || {
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mknodat(rustix::fs::CWD, &place, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        };
        let folder = || fs::create_dir(&place).unwrap();
        let socket = || drop(std::os::unix::net::UnixListener::bind(&place).unwrap());
        let link = || std::os::unix::fs::symlink(&foreign, &place).unwrap();
        let shapes: [(&str, &dyn Fn()); 4] =
            [("pipe", &pipe), ("folder", &folder), ("socket", &socket), ("link", &link)];
        for (shape, make) in shapes {
            // A certificate's key may lie elsewhere.
            if (name, shape) == ("tls/key.age", "link") {
                continue;
            }
            make();
            for words in [&SERVE[..], &LIST, &["rebuild", "--data", "data", "--key-file", "key.txt"]] {
                let outcome = office.run(words);
                assert_eq!(outcome.code, 1, "{shape} as {name}: {outcome}");
                let said = format!("data/{name} must be a regular file but is not");
                assert!(outcome.stderr.contains(&said), "{shape} as {name}: {outcome}");
            }
            let doctor = office.run(["doctor", "--data", "data"]);
            assert!(doctor.stdout.contains("must be a regular file"), "{shape} as {name}: {doctor}");
            fs::remove_file(&place).or_else(|_| fs::remove_dir(&place)).unwrap();
        }
        if had_one {
            fs::rename(&kept, &place).unwrap();
        }
    }
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "age-encryption.org/v1\nof somebody else");
    assert_eq!(office.run(LIST).code, 0);
}
