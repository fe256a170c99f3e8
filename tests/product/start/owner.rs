//! The owner of files in a data directory that belongs to a service, after root has run commands on it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use rustix::process::Signal;

use crate::support::content::files_below;
use crate::support::office::{Office, PASSPHRASE, PASSWORD};

/// No account of this machine; systemd's dynamic users are such numbers.
const SERVICE: u32 = 64_321;

fn require_root() {
    assert!(rustix::process::geteuid().is_root(), "this test gives files to another user: run it as root");
}

fn give_away(path: &Path) {
    chown(path, Some(SERVICE), Some(SERVICE)).unwrap();
    for entry in fs::read_dir(path).into_iter().flatten() {
        give_away(&entry.unwrap().path());
    }
}

fn owners(path: &Path) -> (u32, u32) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.uid(), metadata.gid())
}

#[track_caller]
fn all_belong_to_the_service(office: &Office, after: &str) {
    for file in files_below(&office.data()) {
        for path in file.ancestors().take_while(|path| *path != office.path("")) {
            assert_eq!(owners(path), (SERVICE, SERVICE), "{} after {after}", path.display());
        }
    }
}

/// `sudo tresor user add` on a stopped server left a database log of root's own with mode 0600, and the service could
/// not start any more. Keys, snapshots and rebuilt catalogues were root's in the same way.
#[test]
fn what_root_makes_belongs_to_the_owner_of_the_data_directory() {
    require_root();
    let office = Office::with_instance();
    office.write("pass", PASSPHRASE);
    office.write("password", PASSWORD);
    give_away(&office.data());
    let key = ["--data", "data", "--key-file", "key.txt"];
    let recover = ["--recovery-file", "recovery.txt", "--new-key-file", "key.txt", "--data", "data"];
    for (words, options) in [
        (&["user", "add", "anna", "--role", "staff", "--password-file", "password"][..], &key[..]),
        (&["space", "add", "Akten", "--kind", "team"], &key),
        (&["grant", "anna", "Akten", "manage"], &key),
        (&["snapshot"], &key),
        (&["verify", "--full"], &key),
        (&["rebuild", "--from", "snapshot"], &key),
        (&["change-passphrase"], &recover),
        (&["change-recovery-key", "--recovery-out", "new.txt"], &key),
    ] {
        let outcome = office.run(words.iter().chain(options));
        assert_eq!(outcome.code, 0, "{words:?}\n{outcome}");
        all_belong_to_the_service(&office, &words.join(" "));
    }
    for signal in [Signal::TERM, Signal::KILL] {
        let served = office.serve(["--key-file", "key.txt"]);
        let put = served.request("PUT", "/dav/Akten/a.txt").sign_in("anna", PASSWORD).body("a").send();
        assert!(put.status < 300, "{put}");
        all_belong_to_the_service(&office, "a file was stored");
        served.stop(signal);
        all_belong_to_the_service(&office, "the server ended");
    }
}

#[test]
fn an_instance_made_by_root_in_the_directory_of_a_service_is_the_services() {
    require_root();
    let office = Office::new();
    office.write_key("key.txt");
    fs::create_dir(office.data()).unwrap();
    give_away(&office.data());
    let made = office.init(["--key-file", "key.txt", "--recovery-out", "out/recovery.txt"]);
    assert_eq!(made.code, 0, "{made}");
    all_belong_to_the_service(&office, "init");
    // The service has no business with the recovery key.
    assert_eq!(owners(&office.path("out/recovery.txt")), (0, 0));
    assert_eq!(owners(&office.path("out")), (0, 0));

    let office = Office::new();
    fs::create_dir(office.data()).unwrap();
    give_away(&office.data());
    drop(office.serve([]));
    all_belong_to_the_service(&office, "the first start");
    assert_eq!(owners(&office.path("data.kit/recovery.txt")), (0, 0));
}

#[test]
fn doctor_names_files_of_other_users() {
    require_root();
    let office = Office::with_instance();
    give_away(&office.data());
    let doctor = ["doctor", "--data", "data"];
    let calm = office.run(doctor);
    assert!(calm.code == 0 && calm.stdout.contains("all files belong to the owner"), "{calm}");
    chown(office.data().join("keys/root.age"), Some(0), Some(0)).unwrap();
    let told = office.run(doctor);
    assert_eq!(told.code, 3, "{told}");
    let needle = "FAULT   1 files in data belong to another user than data itself";
    assert!(told.stdout.contains(needle) && told.stdout.contains("keys/root.age"), "{told}");
}
