//! docs/recovery.md, and certificates, backup and upgrade in docs/operation.md: each recipe is run as
//! it stands there, on an office that needs just that.
//!
//! `sudo` and `systemctl` are small scripts of the test, and the recipes' paths lead into its folder.
//! Questions are answered on a real terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tresor::model::Timestamp;
use tresor::net::self_signed;
use tresor::vault::disk::LocalDisk;
use tresor::vault::keys::{KeyRing, Unlock};

use crate::start::terminal::talk_to;
use crate::support::content::bytes;
use crate::support::http::{Endpoint, Request};
use crate::support::office::{Office, PASSPHRASE, PASSWORD};
use crate::support::process::{Outcome, eventually, require};
use crate::support::recovery::{opens_everything, opens_nothing};

const RECOVERY: &str = include_str!("../../../docs/recovery.md");
const OPERATION: &str = include_str!("../../../docs/operation.md");
const OTHER_PASSPHRASE: &str = "Takelage Quitte Morgenrot 31";
const OTHER_PASSWORD: &str = "Lupine-Anker-Wecker-4711-Harfe";
const CONTENT: &str = "Jahresabschluss 2025";
const NEW_PASSPHRASE: [(&str, &str); 2] =
    [("New passphrase: ", OTHER_PASSPHRASE), ("Again: ", OTHER_PASSPHRASE)];

/// The blocks of commands below a heading, in order.
fn recipes<'a>(document: &'a str, heading: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let (_, rest) = document.split_once(&format!("\n{heading}\n")).expect("the document has this heading");
    let section = rest.split("\n## ").next().unwrap_or_default();
    section.split("\n```\n").skip(1).step_by(2)
}

/// Ends or starts the one server, as systemd would: it starts locked, and its end is the end of its lock.
const SYSTEMCTL: &str = r#"#!/bin/sh
set -e
cd "$(dirname "$0")/.."
case $1 in
stop)
    [ -e server.pid ] || exit 0
    kill "$(cat server.pid)"
    flock data/lock true
    rm server.pid
    ;;
start)
    # What an earlier one said is not what this one says.
    : >serve.out
    setsid tresor serve --data data $(cat options) --listen 127.0.0.1:0 >serve.out 2>serve.log </dev/null &
    echo $! >server.pid
    until grep -q '^listening on ' serve.out; do kill -0 "$(cat server.pid)"; done
    ;;
esac
"#;

/// An office under this systemd, with a file of its administrator.
struct Kanzlei {
    office: Office,
}

impl Kanzlei {
    fn serving() -> Self {
        let office = Office::new();
        office.write("pass", PASSPHRASE);
        office.write("anna.password", PASSWORD);
        let init = ["init", "--data", "data", "--admin", "anna", "--admin-password-file", "anna.password"];
        let keys = ["--passphrase-file", "pass", "--recovery-out", "recovery.txt"];
        let made = office.run(init.iter().chain(&keys));
        assert_eq!(made.code, 0, "{made}");
        for (name, script) in [("sudo", "#!/bin/sh\nexec \"$@\"\n"), ("systemctl", SYSTEMCTL)] {
            let path = office.write(&format!("bin/{name}"), script);
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        office.write("options", "--plain-http");
        require("flock", "util-linux");
        let program = env!("CARGO_BIN_EXE_tresor");
        std::os::unix::fs::symlink(program, office.path("bin/tresor")).unwrap();
        let kanzlei = Self { office };
        kanzlei.shell("systemctl start", &[]);
        kanzlei.run(&["unlock", "--passphrase-file", "pass"]);
        kanzlei.run(&["space", "add", "Akten", "--kind", "team"]);
        kanzlei.run(&["grant", "anna", "Akten", "manage"]);
        kanzlei.request("PUT", PASSWORD).body(CONTENT).send().expect(201);
        kanzlei
    }

    fn run(&self, words: &[&str]) {
        let outcome = self.office.run(words.iter().chain(&["--data", "data"]));
        assert_eq!(outcome.code, 0, "{words:?}\n{outcome}");
    }

    /// Runs lines of a shell at a terminal; types each answer when its question appears.
    fn shell(&self, lines: &str, answers: &[(&str, &str)]) -> String {
        let path = format!("{}:{}", self.office.path("bin").display(), std::env::var("PATH").unwrap());
        let script = self.office.write("recipe.sh", format!("set -e\nPATH='{path}'\n{lines}\n"));
        let (code, shown) = talk_to(&self.office, &format!("sh '{}'", script.display()), answers);
        assert_eq!(code, 0, "{lines}\n{shown}");
        shown
    }

    /// Runs the recipe that stands below a heading of docs/recovery.md.
    fn follow(&self, heading: &str, answers: &[(&str, &str)]) -> String {
        let recipe = recipes(RECOVERY, &format!("## {heading}")).next().unwrap();
        self.shell(&self.here(recipe), answers)
    }

    /// A recipe with the paths of this office.
    fn here(&self, recipe: &str) -> String {
        let data = self.office.data().display().to_string();
        let folder = self.office.path("").display().to_string();
        recipe
            .replace("/var/lib/tresor/kanzlei", &data)
            .replace("/var/lib/tresor/", &folder)
            .replace("/backup/kanzlei", &self.office.path("backup/data").display().to_string())
            .replace("/root/", &folder)
            .replace("/etc/tresor/", &folder)
            .replace("/usr/bin/", &format!("{folder}/bin/"))
            .replace("target/release/", &format!("{folder}/built/"))
    }

    fn endpoint(&self) -> Endpoint {
        let printed = fs::read_to_string(self.office.path("serve.out")).unwrap();
        let url = printed.lines().find_map(|line| line.strip_prefix("listening on ")).unwrap();
        let (scheme, address) = url.split_once("://").unwrap();
        Endpoint { address: address.trim_end_matches('/').parse().unwrap(), tls: scheme == "https" }
    }

    fn request(&self, method: &str, password: &str) -> Request {
        Request::new(self.endpoint(), method, "/dav/Akten/Abschluss.txt").sign_in("anna", password)
    }

    /// The file is there, and can be replaced.
    #[track_caller]
    fn works_for(&self, password: &str) {
        let read = self.request("GET", password).send().expect(200);
        assert_eq!(read.text(), CONTENT);
        self.request("PUT", password).body(CONTENT).send().expect(204);
    }

    /// Puts an empty catalogue of the first format in the place of the present one.
    fn make_older(&self) {
        fs::remove_dir_all(self.part("catalog")).unwrap();
        fs::create_dir(self.part("catalog")).unwrap();
        let disk = Arc::new(LocalDisk::new(self.office.data()));
        let keys = KeyRing::open(disk, &Unlock::Passphrase(SecretString::from(PASSPHRASE))).unwrap();
        let key = data_encoding::HEXLOWER.encode(keys.catalogue_key().expose());
        let older = rusqlite::Connection::open(self.part("catalog/catalog.db")).unwrap();
        older.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA journal_mode = WAL;")).unwrap();
        older.execute_batch(include_str!("../../../migrations/0001-initial.sql")).unwrap();
        older.execute_batch("PRAGMA user_version = 1").unwrap();
    }

    /// A fresh pair for the office's host; the certificate as a client sees it.
    fn write_pair(&self, certificate: &str, key: &str) -> Vec<u8> {
        let made = self_signed(&["files.example.org".into()], &[], Timestamp::now()).unwrap();
        self.office.write(key, made.key_pem.as_bytes());
        self.office.write(certificate, &made.cert_pem);
        openssl::x509::X509::from_pem(made.cert_pem.as_bytes()).unwrap().to_pem().unwrap()
    }

    fn part(&self, name: &str) -> PathBuf {
        self.office.data().join(name)
    }
}

impl Drop for Kanzlei {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.office.path("server.pid")).unwrap_or_default();
        let _ = std::process::Command::new("kill").arg("-9").arg(pid.trim()).output();
    }
}

/// An office lost the passphrase, had the recovery key in its safe, and there was no way back into the instance.
#[test]
fn a_lost_passphrase_is_replaced_by_the_recovery_key() {
    let kanzlei = Kanzlei::serving();
    fs::remove_file(kanzlei.office.path("pass")).unwrap();
    let unlock = [&NEW_PASSPHRASE[..], &[("Passphrase: ", OTHER_PASSPHRASE)]].concat();
    kanzlei.follow("The passphrase or the key file", &unlock);
    kanzlei.works_for(PASSWORD);
}

#[test]
fn a_lost_key_file_of_the_data_directory_is_made_again() {
    let kanzlei = Kanzlei::serving();
    fs::remove_file(kanzlei.part("keys/root.age")).unwrap();
    let told = kanzlei.office.run(["doctor", "--data", "data"]);
    assert!(told.stdout.contains("tresor change-passphrase --recovery-file"), "{told}");
    let unlock = [&NEW_PASSPHRASE[..], &[("Passphrase: ", OTHER_PASSPHRASE)]].concat();
    kanzlei.follow("The passphrase or the key file", &unlock);
    kanzlei.works_for(PASSWORD);
}

#[test]
fn a_lost_disk_comes_back_from_a_copy() {
    let kanzlei = Kanzlei::serving();
    kanzlei.shell("systemctl stop && mkdir backup && cp -a data backup/", &[]);
    fs::remove_dir_all(kanzlei.office.data()).unwrap();
    let key = [("Passphrase: ", PASSPHRASE)];
    let shown = kanzlei.follow("The disk", &[key, key].concat());
    assert!(shown.contains("nothing is wrong"), "{shown}");
    kanzlei.works_for(PASSWORD);
}

#[test]
fn a_lost_catalogue_is_made_again() {
    let kanzlei = Kanzlei::serving();
    kanzlei.run(&["snapshot"]);
    fs::remove_dir_all(kanzlei.part("catalog")).unwrap();
    let key = [("Passphrase: ", PASSPHRASE)];
    kanzlei.follow("The catalogue", &[key, key].concat());
    kanzlei.works_for(PASSWORD);
}

#[test]
fn a_lost_administrators_password_is_replaced() {
    let kanzlei = Kanzlei::serving();
    let answers = [("New password: ", OTHER_PASSWORD), ("Again: ", OTHER_PASSWORD)];
    let shown = kanzlei.follow("The administrator's password", &answers);
    assert!(shown.contains("anna") && shown.contains("administrator"), "{shown}");
    kanzlei.works_for(OTHER_PASSWORD);
    kanzlei.request("GET", PASSWORD).send().expect(401);
}

#[test]
fn a_lost_second_factor_is_removed() {
    let kanzlei = Kanzlei::serving();
    let begun = kanzlei.office.run(["user", "second-factor", "add", "anna", "--data", "data", "--json"]);
    let begun: serde_json::Value = serde_json::from_str(&begun.stdout).unwrap();
    let oathtool = require("oathtool", "oathtool");
    let secret = begun["secret"].as_str().unwrap();
    let code = Outcome::of(std::process::Command::new(oathtool).args(["--totp", "--base32", secret]));
    kanzlei.run(&["user", "second-factor", "confirm", "anna", code.stdout.trim()]);
    kanzlei.request("GET", PASSWORD).send().expect(401);
    kanzlei.follow("The second factor", &[]);
    kanzlei.works_for(PASSWORD);
}

/// The sheet of paper with the recovery key was gone, and nothing could make another one.
#[test]
fn a_lost_recovery_key_is_replaced_while_the_server_runs() {
    let kanzlei = Kanzlei::serving();
    let text = |name: &str| fs::read_to_string(kanzlei.office.path(name)).unwrap();
    let former = text("recovery.txt");
    fs::remove_file(kanzlei.office.path("recovery.txt")).unwrap();
    kanzlei.follow("The recovery key", &[]);
    kanzlei.works_for(PASSWORD);
    assert!(opens_everything(&text("recovery-2.txt"), &kanzlei.office.data()));
    assert!(opens_nothing(&former, &kanzlei.office.data()));
}

/// Files are stored and replaced all the while. Copied in another order, the catalogue would name files that the copy
/// lacks.
#[test]
fn a_running_server_is_backed_up_and_comes_back() {
    let kanzlei = Kanzlei::serving();
    require("rsync", "rsync");
    let endpoint = kanzlei.endpoint();
    let put = |name: &str, body: Vec<u8>| {
        let target = format!("/dav/Akten/{name}");
        Request::new(endpoint, "PUT", &target).sign_in("anna", PASSWORD).body(body).send().status
    };
    let content = |number: usize| bytes(number as u64, 1_000 + 40_000 * (number % 4));
    for number in 0..20 {
        assert_eq!(put(&format!("before-{number}"), content(number)), 201);
    }
    let [backup, restore] = recipes(OPERATION, "## Backup").collect::<Vec<_>>()[..] else {
        panic!("a recipe for the copy and one for bringing it back")
    };
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let stored = std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut number = 0;
            while !is_over.load(std::sync::atomic::Ordering::SeqCst) {
                assert!(put(&format!("during-{}", number % 50), content(number)) < 300);
                number += 1;
            }
            number
        });
        kanzlei.shell(
            &format!("mkdir -p '{}'\n{}", kanzlei.office.path("backup").display(), kanzlei.here(backup)),
            &[],
        );
        is_over.store(true, std::sync::atomic::Ordering::SeqCst);
        busy.join().unwrap()
    });
    assert!(stored > 0);
    kanzlei.shell("systemctl stop", &[]);
    fs::remove_dir_all(kanzlei.office.data()).unwrap();
    let key = [("Passphrase: ", PASSPHRASE)];
    let shown = kanzlei.shell(&kanzlei.here(restore), &[key, key].concat());
    assert!(shown.contains("nothing is wrong"), "{shown}");
    kanzlei.shell("systemctl start", &[]);
    kanzlei.run(&["unlock", "--passphrase-file", "pass"]);
    kanzlei.works_for(PASSWORD);
    for number in 0..20 {
        let target = format!("/dav/Akten/before-{number}");
        let read =
            Request::new(kanzlei.endpoint(), "GET", &target).sign_in("anna", PASSWORD).send().expect(200);
        assert!(read.body == content(number), "{target}");
    }
}

/// The office's certificate ends every few months. The server must take the new one without a restart.
#[test]
fn a_renewed_certificate_is_checked_and_used_while_the_server_runs() {
    let kanzlei = Kanzlei::serving();
    let first = kanzlei.write_pair("certificate.pem", "key.pem");
    let here = kanzlei.office.path("").display().to_string();
    kanzlei.office.write(
        "kanzlei.toml",
        format!("hosts = ['files.example.org']\n[tls]\ncertificate = '{here}/certificate.pem'\nkey = '{here}/key.pem'\n"),
    );
    kanzlei.office.write("options", "--config kanzlei.toml");
    kanzlei.shell("systemctl stop\nsystemctl start", &[]);
    kanzlei.run(&["unlock", "--passphrase-file", "pass"]);
    assert_eq!(kanzlei.endpoint().certificate(), first);

    let [renew] = recipes(OPERATION, "## Certificates").collect::<Vec<_>>()[..] else { panic!("one recipe") };
    let second = kanzlei.write_pair("renewed/certificate.pem", "renewed/key.pem");
    kanzlei.shell(&kanzlei.here(renew), &[]);
    let endpoint = kanzlei.endpoint();
    eventually("the renewed certificate is served", Duration::from_mins(1), || {
        endpoint.certificate() == second
    });

    kanzlei.write_pair("renewed/certificate.pem", "other.pem");
    let path = kanzlei.office.path("bin").display().to_string();
    let checked = format!("PATH='{path}':$PATH\n{}", kanzlei.here(renew));
    let outcome = Outcome::of(std::process::Command::new("sh").args(["-euc", &checked]));
    assert!(outcome.code != 0 && outcome.stderr.contains("certificate"), "{outcome}");
    assert_eq!(endpoint.certificate(), second, "a pair that does not fit is not used");
}

/// The new program finds a catalogue of the first format.
#[test]
fn an_upgrade_brings_the_catalogue_to_the_new_format_and_keeps_a_copy() {
    let kanzlei = Kanzlei::serving();
    kanzlei.shell("systemctl stop", &[]);
    kanzlei.make_older();
    let program = env!("CARGO_BIN_EXE_tresor");
    for (name, version) in [("bin/tresor", "older"), ("built/tresor", "newer")] {
        // A link would have the recipe write over the program that is tested.
        let _ = fs::remove_file(kanzlei.office.path(name));
        let path = kanzlei.office.write(name, format!("#!/bin/sh\n# {version}\nexec '{program}' \"$@\"\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let [upgrade] = recipes(OPERATION, "## Upgrade").collect::<Vec<_>>()[..] else { panic!("one recipe") };
    kanzlei.shell(&kanzlei.here(upgrade), &[("Passphrase: ", PASSPHRASE)]);
    assert!(fs::read_to_string(kanzlei.office.path("bin/tresor")).unwrap().contains("newer"));
    assert!(kanzlei.part("catalog/catalog.format-1.db").is_file());
    kanzlei.run(&["user", "add", "anna", "--role", "administrator", "--password-file", "anna.password"]);
    kanzlei.run(&["space", "add", "Akten", "--kind", "team"]);
    kanzlei.run(&["grant", "anna", "Akten", "manage"]);
    kanzlei.request("PUT", PASSWORD).body(CONTENT).send().expect(201);
    kanzlei.works_for(PASSWORD);
}
