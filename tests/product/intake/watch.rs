//! The watched folder: finished files go into their spaces, each exactly once; everything else stays and says why.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use serde_json::Value;

use crate::support::TestServer;
use crate::support::multistatus::Multistatus;
use crate::support::office::Office;
use crate::support::process::{eventually, require};
use crate::support::server::SPACE;
use crate::support::sound::assert_sound;

/// Time for the server to take the files, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// A server with a watched folder that has a folder for [`SPACE`].
struct Scans {
    server: TestServer,
    folder: PathBuf,
}

impl Scans {
    /// Files settle within this time.
    fn settling(time: &str) -> Self {
        Self::scanning(time, "off")
    }

    fn scanning(settle: &str, clamd: &str) -> Self {
        let mut scans = Self::prepared(settle, clamd);
        scans.server.set_up();
        scans
    }

    fn prepared(settle: &str, clamd: &str) -> Self {
        let server = TestServer::prepare(false);
        let folder = server.scratch("scans");
        server.configure(&format!(
            "[intake]\nconverter = 'off'\nwatch = '{}'\nwatch_settle = '{settle}'\nclamd = '{clamd}'\n",
            folder.display()
        ));
        fs::create_dir(folder.join(SPACE)).unwrap();
        Self { server, folder }
    }

    /// Writes a file as a program does that writes at once.
    fn drop_in(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Waits until the file has left the watched folder.
    fn leaves(&self, path: &str) {
        let path = self.folder.join(path);
        eventually(&format!("{} is taken", path.display()), LIMIT, || !path.exists());
    }

    /// Content of a file in a space; `None` if there is none.
    fn stored(&self, path: &str) -> Option<Vec<u8>> {
        let answer = self.server.request("GET", &format!("/dav/{path}")).send();
        (answer.status != 404).then(|| answer.expect(200).body)
    }

    fn assert_stored(&self, path: &str, content: impl AsRef<[u8]>) {
        let found = self.stored(path).map(|found| String::from_utf8_lossy(&found).into_owned());
        assert_eq!(found.as_deref(), Some(&*String::from_utf8_lossy(content.as_ref())), "{path}");
    }

    /// Number of entries below a folder of a space.
    fn count(&self, path: &str) -> usize {
        let answer = self.server.request("PROPFIND", &format!("/dav/{path}")).header("Depth", "1").send();
        Multistatus::of(&answer).0.len() - 1
    }

    /// Result of the last round.
    fn result(&self) -> String {
        let status = self.server.cli_ok(["status", "--json"]);
        let status: Value = serde_json::from_str(&status).unwrap();
        let job = status["workers"].as_array().unwrap().iter().find(|job| job["name"] == "watch").unwrap();
        job["result"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the last round says this.
    fn says(&self, words: &str) {
        let mut last = String::new();
        eventually(&format!("the last round says {words:?}"), LIMIT, || {
            last = self.result();
            last.contains(words)
        });
    }

    fn history(&self, at: &str) -> Vec<Value> {
        let history = self.server.cli_ok(["history", at, "--limit", "10000", "--json"]);
        serde_json::from_str::<Value>(&history).unwrap()["events"].as_array().unwrap().clone()
    }

    fn assert_sound(mut self) {
        assert!(self.server.stop().success());
        assert_sound(&self.server);
    }
}

#[test]
fn a_file_goes_into_its_space_at_its_path_and_is_held_where_the_space_holds() {
    let scans = Scans::settling("1s");
    scans.server.cli_ok(["space", "add", "Müller GmbH", "--kind", "client", "--intake", "on"]);
    let scan = scans.drop_in("space/2026/November/scan.pdf", "a scan");
    File::options()
        .write(true)
        .open(&scan)
        .unwrap()
        .set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        .unwrap();
    // Macs write accents in two characters.
    scans.drop_in("Mu\u{308}ller GmbH/brief.pdf", "a letter");
    scans.leaves("space/2026/November/scan.pdf");
    scans.leaves("Mu\u{308}ller GmbH/brief.pdf");
    scans.assert_stored("space/2026/November/scan.pdf", "a scan");
    let answer = scans.server.request("GET", "/dav/space/2026/November/scan.pdf").send();
    assert_eq!(answer.header("last-modified"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
    let held: Value = serde_json::from_str(&scans.server.cli_ok(["hold", "list", "--json"])).unwrap();
    assert_eq!(held.as_array().unwrap().len(), 1, "{held}");
    assert_eq!((&held[0]["space"], &held[0]["path"]), (&"Müller GmbH".into(), &"/brief.pdf".into()));
    let event = &scans.history("space")[0];
    assert_eq!((&event["actor"], &event["who"]), (&"worker".into(), &"server (watched folder)".into()));
    scans.says("taken: 2");
    // The folders stay for an hour; that of the space stays.
    assert!(scans.folder.join("space/2026/November").is_dir());
    scans.assert_sound();
}

/// Scanners write page by page. Taken after the first page, the rest would be lost.
#[test]
fn a_file_that_grows_is_taken_when_it_is_whole() {
    let settle = Duration::from_secs(2);
    let scans = Scans::settling("2s");
    // A writer that the machine held up for too long proves nothing and begins anew.
    let (name, whole) =
        (1..20).find_map(|attempt| grown(&scans, &format!("space/{attempt}.pdf"), settle)).unwrap();
    scans.leaves(&name);
    scans.assert_stored(&name, whole);
    assert_eq!(scans.history(&name).len(), 1, "stored once");
    scans.assert_sound();
}

/// Writes to a file for several times as long as files take to settle, and returns all of it, unless the writer itself
/// let it settle.
fn grown(scans: &Scans, name: &str, settle: Duration) -> Option<(String, Vec<u8>)> {
    let (begun, mut whole) = (Instant::now(), Vec::new());
    let mut file = File::create(scans.folder.join(name)).unwrap();
    let (mut longest, mut last, mut seen_growing) = (Duration::ZERO, Instant::now(), 0);
    while begun.elapsed() < 3 * settle {
        let piece = vec![b'a' + u8::try_from(whole.len() / 1_000 % 26).unwrap(); 1_000];
        file.write_all(&piece).unwrap();
        whole.extend(piece);
        longest = longest.max(last.elapsed());
        last = Instant::now();
        seen_growing += usize::from(scans.result().contains("1 may still be written"));
        std::thread::sleep(settle / 10);
    }
    let is_proof = longest.max(last.elapsed()) < settle / 2 && seen_growing > 3;
    is_proof.then(|| (name.to_owned(), whole))
}

/// A program that pauses for longer than files take to settle goes on writing into a file that has no name any more.
#[test]
fn what_is_written_after_a_file_was_taken_is_stored_beside_it() {
    let scans = Scans::settling("1s");
    let mut file = File::create(scans.folder.join("space/scan.pdf")).unwrap();
    file.write_all(b"first page").unwrap();
    scans.leaves("space/scan.pdf");
    scans.assert_stored("space/scan.pdf", "first page");
    file.write_all(b", second page").unwrap();
    eventually("the whole is stored", LIMIT, || scans.stored("space/scan%20(2).pdf").is_some());
    scans.assert_stored("space/scan%20(2).pdf", "first page, second page");
    scans.assert_stored("space/scan.pdf", "first page");
    eventually("the log says so", LIMIT, || {
        scans.server.log().contains("a longer watch_settle prevents that")
    });
    assert_eq!(scans.count(SPACE), 2);
    scans.assert_sound();
}

#[test]
fn a_temporary_name_waits_until_the_file_has_its_own() {
    let scans = Scans::settling("1s");
    let names = [
        "brief.pdf.part",
        ".brief.pdf",
        "~$brief.docx",
        "a.TMP",
        "a.crdownload",
        "a.filepart",
        "a.lock",
        "a.partial",
    ];
    for name in names {
        scans.drop_in(&format!("space/{name}"), name);
    }
    scans.drop_in("space/other.pdf", "another");
    scans.leaves("space/other.pdf");
    scans.says(&format!("waiting: {0} ({0} with the name of a temporary file)", names.len()));
    assert_eq!(scans.count(SPACE), 1);
    fs::rename(scans.folder.join("space/brief.pdf.part"), scans.folder.join("space/brief.pdf")).unwrap();
    scans.leaves("space/brief.pdf");
    scans.assert_stored("space/brief.pdf", "brief.pdf.part");
    assert!(names[1..].iter().all(|name| scans.folder.join(SPACE).join(name).exists()));
}

#[test]
fn what_is_no_plain_file_of_one_name_is_never_touched() {
    let scans = Scans::settling("1s");
    let outside = scans.server.scratch("outside");
    fs::write(outside.join("secret.txt"), "a secret").unwrap();
    let space = scans.folder.join(SPACE);
    symlink(outside.join("secret.txt"), space.join("link.txt")).unwrap();
    symlink(&outside, space.join("folder")).unwrap();
    symlink("/dev/zero", space.join("zero")).unwrap();
    symlink(&outside, scans.folder.join("linked-space")).unwrap();
    scans.server.cli_ok(["space", "add", "linked-space", "--kind", "team"]);
    mknodat(CWD, space.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let _socket = UnixListener::bind(space.join("socket")).unwrap();
    fs::write(outside.join("twice.txt"), "two names").unwrap();
    fs::hard_link(outside.join("twice.txt"), space.join("twice.txt")).unwrap();
    scans.says("waiting: 7 (6 links, pipes or devices, 1 with a second name (hard link))");
    scans.drop_in("space/after.txt", "after them");
    scans.leaves("space/after.txt");
    assert_eq!(scans.count(SPACE), 1);
    for name in ["link.txt", "folder", "zero", "pipe", "socket", "twice.txt"] {
        assert!(space.join(name).symlink_metadata().is_ok(), "{name}");
    }
    assert_eq!(fs::read(outside.join("secret.txt")).unwrap(), b"a secret");
    // The second name goes, and it is a plain file.
    fs::remove_file(outside.join("twice.txt")).unwrap();
    scans.leaves("space/twice.txt");
    scans.assert_stored("space/twice.txt", "two names");
}

#[test]
fn what_has_no_space_waits_until_it_has_one() {
    let scans = Scans::settling("1s");
    scans.drop_in("neu/a.pdf", "for a new space");
    scans.drop_in("Space/b.pdf", "other capitals are another name");
    scans.drop_in("stray.pdf", "in no folder");
    scans.says("waiting: 3 (3 not in a folder with the name of a space)");
    scans.drop_in("space/c.pdf", "this one goes");
    scans.leaves("space/c.pdf");
    scans.server.add_space("neu", ["--kind", "team"], "read");
    scans.leaves("neu/a.pdf");
    scans.assert_stored("neu/a.pdf", "for a new space");
    assert!(scans.folder.join("Space/b.pdf").exists() && scans.folder.join("stray.pdf").exists());
}

#[test]
fn a_name_that_is_taken_gets_a_number_and_an_equal_content_is_stored_once() {
    let scans = Scans::settling("1s");
    scans.server.request("PUT", "/dav/space/scan.pdf").body("of a person").send().expect(201);
    for _ in 0..2 {
        scans.drop_in("space/scan.pdf", "of the scanner");
        scans.leaves("space/scan.pdf");
        assert_eq!(scans.count(SPACE), 2);
    }
    scans.drop_in("space/scan.pdf", "of the Scanner");
    scans.leaves("space/scan.pdf");
    scans.drop_in("space/SCAN.pdf", "of a person");
    scans.leaves("space/SCAN.pdf");
    scans.assert_stored("space/scan.pdf", "of a person");
    scans.assert_stored("space/scan%20(2).pdf", "of the scanner");
    scans.assert_stored("space/scan%20(3).pdf", "of the Scanner");
    scans.assert_stored("space/SCAN%20(4).pdf", "of a person");
    // A file has the name of a folder.
    scans.drop_in("space/scan.pdf/inner.pdf", "in a folder");
    scans.says("1 in a folder whose name is taken in the space");
    assert_eq!(scans.count(SPACE), 4);
    scans.assert_sound();
}

#[test]
fn killed_between_the_commit_and_the_removal_it_leaves_one_entry() {
    let mut scans = Scans::prepared("1s", "off");
    scans.server.set_up();
    // Also under a numbered name.
    scans.server.request("PUT", "/dav/space/scan.pdf").body("an earlier one").send().expect(201);
    scans.server.stop();
    let strace = require("strace", "strace");
    let log = scans.server.scratch("strace").join("log");
    let folder = scans.folder.join(SPACE);
    let through = [
        "-f",
        "-o",
        log.to_str().unwrap(),
        "-P",
        folder.to_str().unwrap(),
        "-e",
        "trace=unlinkat",
        "-e",
        "inject=unlinkat:signal=KILL",
    ];
    scans.server.spawn_through(&[&[strace.to_str().unwrap()][..], &through].concat());
    scans.drop_in("space/scan.pdf", "stored before the end");
    eventually("the server is killed", LIMIT, || !scans.server.is_alive());
    scans.server.kill();
    assert!(fs::read_to_string(&log).unwrap().contains("\"scan.pdf\""), "killed at the removal");
    assert!(scans.folder.join("space/scan.pdf").exists());
    scans.server.spawn();
    assert_eq!(scans.count(SPACE), 2, "the commit was durable");
    scans.leaves("space/scan.pdf");
    assert_eq!(scans.count(SPACE), 2);
    scans.assert_stored("space/scan%20(2).pdf", "stored before the end");
    assert_eq!(scans.history("space/scan (2).pdf").len(), 1);
    scans.assert_sound();
}

#[test]
fn thousands_of_files_of_one_space_do_not_keep_another_from_its_own() {
    let mut scans = Scans::prepared("1s", "off");
    let (many, few) = (2_800, 200);
    for (top, count) in [(SPACE, many), ("other", few)] {
        for number in 0..count {
            scans.drop_in(&format!("{top}/{}/{number}.txt", number % 7), format!("{top} {number}"));
        }
    }
    scans.server.set_up();
    scans.server.add_space("other", ["--kind", "team"], "read");
    scans.says("taken: 3000");
    let stored = |space: &str| -> Vec<i64> {
        let events = scans.history(space).into_iter().filter(|event| event["event"] == "stored");
        events.map(|event| event["id"].as_i64().unwrap()).collect()
    };
    let (of_many, of_few) = (stored(SPACE), stored("other"));
    assert_eq!((of_many.len(), of_few.len()), (many, few));
    // Latest first.
    let behind = of_many.iter().filter(|id| **id > of_few[0]).count();
    assert!(behind > many / 2, "only {behind} of the many came after the last of the few");
    scans.assert_stored("space/3/2663.txt", "space 2663");
    scans.assert_sound();
}

/// While the server works, a person who may write to the folder puts a link in the place of one in it.
#[test]
fn exchanging_a_folder_for_a_link_leads_nowhere() {
    const SETTLE: Duration = Duration::from_secs(1);
    let scans = Scans::settling("1s");
    let outside = scans.server.scratch("outside");
    let names: Vec<String> = (0..200).map(|number| format!("{number}.txt")).collect();
    for name in &names {
        fs::write(outside.join(name), "outside").unwrap();
        scans.drop_in(&format!("space/in/{name}"), format!("inside {name}"));
    }
    let (inner, link) = (scans.folder.join("space/in"), scans.folder.join("space/.link"));
    symlink(&outside, &link).unwrap();
    let (is_over, left) = (AtomicBool::new(false), |folder: &Path| fs::read_dir(folder).unwrap().count());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let pause = std::thread::sleep;
            let exchange = || renameat_with(CWD, &inner, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            while !is_over.load(Ordering::Relaxed) {
                // Long enough for files behind the link to settle, were it followed.
                exchange();
                pause(2 * SETTLE);
                exchange();
                let begun = Instant::now();
                while begun.elapsed() < 2 * SETTLE {
                    pause(Duration::from_millis(5));
                    exchange();
                    pause(Duration::from_micros(300));
                    exchange();
                }
            }
        });
        eventually("most are taken", LIMIT, || left(&inner).min(left(&link)) < 50);
        is_over.store(true, Ordering::Relaxed);
    });
    eventually("all are taken", LIMIT, || left(&inner) == 0);
    assert_eq!(left(&outside), names.len());
    for name in &names {
        assert_eq!(fs::read(outside.join(name)).unwrap(), b"outside");
        scans.assert_stored(&format!("space/in/{name}"), format!("inside {name}"));
    }
    assert_eq!(scans.count("space/in"), names.len());
}

#[test]
fn a_full_quota_keeps_the_file_where_it_is_until_there_is_room() {
    let scans = Scans::settling("1s");
    scans.server.add_space("other", ["--kind", "team"], "read");
    scans.server.cli_ok(["space", "set", SPACE, "--quota", "100B"]);
    scans.drop_in("space/large.pdf", [b'x'; 200]);
    scans.drop_in("space/small.pdf", "it fits");
    scans.drop_in("other/large.pdf", [b'x'; 200]);
    scans.leaves("space/small.pdf");
    scans.leaves("other/large.pdf");
    scans.says("waiting: 1 (1 for spaces whose quota is used up)");
    assert!(scans.folder.join("space/large.pdf").exists());
    scans.server.cli_ok(["space", "set", SPACE, "--quota", "1000B"]);
    scans.leaves("space/large.pdf");
    scans.assert_stored("space/large.pdf", [b'x'; 200]);
}

#[test]
fn while_the_scanner_is_down_a_space_that_holds_takes_nothing_and_others_do() {
    let scans = Scans::scanning("1s", "/nonexistent/clamd.ctl");
    scans.server.add_space("other", ["--kind", "team", "--intake", "on"], "read");
    scans.drop_in("other/waits.pdf", "for the scanner");
    scans.drop_in("space/goes.pdf", "without one");
    scans.leaves("space/goes.pdf");
    scans.says("waiting: 1 (1 while the scanner does not answer)");
    assert!(scans.folder.join("other/waits.pdf").exists());
    scans.server.cli_ok(["space", "set", "other", "--intake", "off"]);
    scans.leaves("other/waits.pdf");
}

#[test]
fn doctor_says_what_is_wrong_with_the_folder() {
    let office = Office::with_instance();
    let doctor = ["doctor", "--data", "data", "--config", "tresor.toml"];
    let folder = office.path("scans");
    let data = office.path("data");
    let configure = |folder: &Path| {
        office.write("tresor.toml", format!("[intake]\nconverter = 'off'\nwatch = '{}'\n", folder.display()))
    };
    configure(&folder);
    let told = office.run(doctor);
    assert!(told.code == 3 && told.stdout.contains("FAULT   cannot list the watched folder"), "{told}");
    fs::create_dir_all(folder.join("space")).unwrap();
    let told = office.run(doctor);
    assert!(told.stdout.contains("ok      files are taken from "), "{told}");
    fs::set_permissions(folder.join("space"), fs::Permissions::from_mode(0o777)).unwrap();
    let told = office.run(doctor);
    assert!(told.stdout.contains("warning every user of this machine may put files into"), "{told}");
    symlink(&data, office.path("alias")).unwrap();
    configure(&office.path("alias"));
    let told = office.run(doctor);
    assert!(told.code == 3 && told.stdout.contains("must not contain one another"), "{told}");
    configure(&data.join("scans"));
    let told = office.run(doctor);
    assert!(told.code == 3 && told.stdout.contains("must not contain one another"), "{told}");
}

/// A folder on another machine may come and go.
#[test]
fn a_missing_folder_stops_neither_the_start_nor_the_server() {
    let mut scans = Scans::prepared("1s", "off");
    let away = scans.folder.with_extension("away");
    fs::rename(&scans.folder, &away).unwrap();
    scans.server.set_up();
    eventually("the job fails", LIMIT, || {
        scans
            .server
            .cli_ok(["status"])
            .contains("FAILED   background job watch: Cannot list the watched folder")
    });
    fs::rename(&away, &scans.folder).unwrap();
    scans.drop_in("space/a.pdf", "a scan");
    scans.leaves("space/a.pdf");
    // It is exchanged for another one: its notifications belong to the former.
    fs::rename(&scans.folder, &away).unwrap();
    scans.drop_in("space/b.pdf", "another scan");
    scans.leaves("space/b.pdf");
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(scans.folder.join("space/c.pdf"))
        .unwrap()
        .write_all(b"c")
        .unwrap();
    scans.leaves("space/c.pdf");
}
