//! One long story at Chromium: an office asks, its client hands in hundreds of files and one of 2 GiB from two devices, across cut
//! lines and closed tabs; one file is taken back, one rejected and handed in again, and the office fetches all of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::content::write_file;
use crate::support::load::memory_kib;
use crate::support::process::{installed, require, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Files of the folder; more than a browser lists at once.
const FILES: usize = 300;
/// Bytes of the large file.
const LARGE: u64 = 2 << 30;
/// Most memory of the server in KiB, from the start to the end; 110 MiB were measured.
const MOST_MEMORY_KIB: u64 = 256 * 1024;
/// Files of the folder that arrive before the tab is closed, at least.
const BEFORE: u64 = 100;
/// Where the rest of the large file begins, at least, in bytes.
const LARGE_BEFORE: u64 = LARGE / 10;

const PASS: &str = "Ausweis.txt";
const BIG: &str = "gross.bin";
const AGAIN: &str = "Beleg 3.txt";
const TAKEN_BACK: &str = "Belege/2025-08/Kasse/Beleg 7.txt";

/// Checksums by the paths that files were sent by.
type Sums = BTreeMap<String, String>;

/// Writes all files that the client sends.
fn make_files(work: &Path) -> Sums {
    let mut sums = Sums::new();
    let mut write = |name: String, len: u64| {
        let path = work.join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let seed = sums.len() as u64;
        sums.insert(name, write_file(&path, seed, len));
    };
    for n in 0..FILES {
        let kind = if n % 3 == 0 { "Bank ü" } else { "Kasse" };
        write(format!("Belege/2025-{:02}/{kind}/Beleg {n}.txt", n % 12 + 1), n as u64 * 37);
    }
    for (name, len) in [(PASS, 1_000), (AGAIN, 2_000), (BIG, LARGE)] {
        write(name.to_owned(), len);
    }
    sums
}

/// The files in an archive, by their paths.
fn read_archive(archive: &Path) -> Sums {
    let script = "
import hashlib, json, sys, zipfile
archive, found = zipfile.ZipFile(sys.argv[1]), {}
for name in archive.namelist():
    if not name.endswith('/'):
        with archive.open(name) as file:
            found[name] = hashlib.file_digest(file, 'sha256').hexdigest()
print(json.dumps(found))";
    let found = succeed(tool("python3", "python3").args(["-c", script]).arg(archive));
    serde_json::from_str(&found).unwrap()
}

/// The files that a receipt names; its signature is checked.
fn read_receipt(server: &TestServer, text: &str) -> Sums {
    let file = server.office.write("receipt.txt", text);
    let key = server.cli_ok(["receipt", "verifying-key"]);
    let checked = server.office.run(["receipt", "verify", file.to_str().unwrap(), "--signed-by", key.trim()]);
    assert_eq!(checked.code, 0, "{checked}");
    let (receipt, _) = text.split_once("\n\n").unwrap();
    let receipt: Value = serde_json::from_str(receipt).unwrap();
    let files = receipt["files"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    files.map(|file| (text(&file["path"]), text(&file["sha256"]))).collect()
}

fn tell(server: &TestServer, work: &Path, archive: &Path) -> Value {
    server.request("MKCOL", &format!("/dav/{SPACE}/once")).send().expect(201);
    let target = format!("{SPACE}/once");
    let once = server.cli_ok(["link", "add", &target, "--as", USER, "--can", "add", "--once"]);
    let once = once.trim();
    let unknown = format!("{}/{}", once.rsplit_once('/').unwrap().0, "A".repeat(32));
    let given = json!({
        "base": server.url(""),
        "chromium": require("chromium", "chromium"),
        "user": USER,
        "password": PASSWORD,
        "space": SPACE,
        "work": work,
        "pass": PASS,
        "folder": "Belege",
        "count": FILES,
        "large": BIG,
        "again": AGAIN,
        "withdrawn": TAKEN_BACK,
        "once": once,
        "unknown": unknown,
        "archive": archive,
    });
    let mut node = tool("node", "nodejs");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/heavy/story/story.mjs");
    node.arg(script).arg(given.to_string());
    // The browser's profile and the files that it fetches go with the working folder.
    server.office.isolate(&mut node);
    installed("web/node_modules");
    node.current_dir(installed("web"));
    serde_json::from_str(&succeed(&mut node)).unwrap()
}

#[test]
fn an_office_asks_and_gets_all_that_its_client_hands_in_from_two_devices() {
    let server = TestServer::start_plain_below(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")));
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    let work = server.scratch("work");
    let archive = server.office.path("all.zip");
    let mut sums = make_files(&work);
    let told = tell(&server, &work, &archive);
    let memory = memory_kib(server.pid(), "VmHWM");
    println!("seconds of each chapter: {}; {memory} KiB of memory", told["took"]);
    assert!(memory < MOST_MEMORY_KIB, "the server took {memory} KiB");
    let begun = told["begun"].as_u64().unwrap();
    assert!(begun <= FILES as u64 - BEFORE, "{begun} files were begun again");
    let offset = told["offset"].as_u64().unwrap();
    assert!(offset >= LARGE_BEFORE, "the rest of the large file began at {offset}");

    sums.remove(TAKEN_BACK);
    let again = Sums::from([(AGAIN.to_owned(), sums[AGAIN].clone())]);
    let first: Sums = sums.clone().into_iter().filter(|(name, _)| name != AGAIN).collect();
    let receipts = told["receipts"].as_array().unwrap();
    let receipts: Vec<_> =
        receipts.iter().map(|text| read_receipt(&server, text.as_str().unwrap())).collect();
    assert!(receipts[0] == first, "{:?}", receipts[0]);
    assert!(receipts[1..] == [again], "{receipts:?}");

    let place = |(name, sum): (String, String)| {
        let folder = match name.as_str() {
            PASS => "01 Ausweis",
            BIG => "99 Weitere Unterlagen",
            _ => "02 Belege 2025",
        };
        (format!("Steuer 2025/{folder}/{name}"), sum)
    };
    let expected: Sums = sums.into_iter().map(place).collect();
    let found = read_archive(&archive);
    assert!(found == expected, "{found:#?}");
}
