//! The promise to the office: with the recovery key and the stock `age` program, without Tresor,
//! every file comes back, by the commands of docs/recovery.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use crate::support::TestServer;
use crate::support::content::{EDGE_SIZES, bytes, files_below, sha256, sha256_file};
use crate::support::process::{Outcome, require};

#[test]
fn each_container_opens_with_age_and_the_recovery_key() {
    let mut server = TestServer::start_plain();
    let mut stored = BTreeSet::new();
    server.request("MKCOL", "/dav/space/Akten").send().expect(201);
    for (seed, size) in (0..).zip(EDGE_SIZES) {
        let target = format!("/dav/space/Akten/{size}.bin");
        let content = bytes(seed, size);
        stored.insert(sha256(&content));
        server.request("PUT", &target).body(content).send().expect(201);
    }
    // An older version is a container of its own; a moved file keeps its own.
    let newer = bytes(99, 70_000);
    stored.insert(sha256(&newer));
    server.request("PUT", "/dav/space/Akten/1.bin").body(newer).send().expect(204);
    server
        .request("MOVE", "/dav/space/Akten/1.bin")
        .header("Destination", &server.url("/dav/space/verschoben.bin"))
        .send()
        .expect(201);
    assert!(server.stop().success());

    let opened = open_everything(&server, &server.recovery_file());
    assert_eq!(opened.len(), EDGE_SIZES.len() + 1, "one container for each version");
    assert_eq!(opened.into_iter().collect::<BTreeSet<_>>(), stored);
}

/// The recipe for names, as docs/recovery.md has it, and for a snapshot that was made before snapshots were packed.
#[test]
fn a_snapshot_opens_with_stock_programs() {
    let mut server = TestServer::start_plain();
    server.request("PUT", "/dav/space/M%C3%BCller.txt").body("x").send().expect(201);
    server.cli_ok(["snapshot"]);
    assert!(server.stop().success());
    let snapshot = files_below(&server.data().join("snapshots")).pop().unwrap();
    let scratch = server.scratch("snapshot");
    let names = scratch.join("names.db");
    let (age, gunzip, sqlite) =
        (require("age", "age"), require("gunzip", "gzip"), require("sqlite3", "sqlite3"));
    let recipe = format!(
        "'{}' -d -i '{}' '{}' | '{}' | '{}' '{}'",
        age.display(),
        server.recovery_file().display(),
        snapshot.display(),
        gunzip.display(),
        sqlite.display(),
        names.display()
    );
    let outcome = Outcome::of(std::process::Command::new("sh").arg("-c").arg(recipe));
    assert_eq!(outcome.code, 0, "{outcome}");
    let database = rusqlite::Connection::open(&names).unwrap();
    let ask = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(ask("SELECT name FROM entries WHERE is_folder = 0"), "Müller.txt");
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
}

#[test]
fn nothing_opens_with_another_key() {
    let mut server = TestServer::start_plain();
    server.request("PUT", "/dav/space/a").body("geheim").send().expect(201);
    assert!(server.stop().success());
    let stranger = server.scratch("stranger").join("key.txt");
    let made = Outcome::of(std::process::Command::new(require("age-keygen", "age")).arg("-o").arg(&stranger));
    assert_eq!(made.code, 0, "{made}");
    assert_opens_nothing(&server, &stranger);
}

/// After the recovery key was exposed, the new one must do all that the old one did, and the old one nothing.
#[test]
fn after_a_change_of_the_recovery_key_everything_opens_with_the_new_one_alone() {
    let mut server = TestServer::start_plain();
    for (seed, size) in [(1, 10), (2, 300_000)] {
        server.request("PUT", &format!("/dav/space/{size}")).body(bytes(seed, size)).send().expect(201);
    }
    server.cli_ok(["snapshot"]);
    let new = server.scratch("new").join("recovery.txt");
    server.cli_ok(["change-recovery-key", "--recovery-out", new.to_str().unwrap()]);
    assert!(server.stop().success());
    let opened: BTreeSet<_> = open_everything(&server, &new).into_iter().collect();
    assert_eq!(opened, BTreeSet::from([sha256(&bytes(1, 10)), sha256(&bytes(2, 300_000))]));
    let out = server.scratch("new").join("out");
    let snapshots = files_below(&server.data().join("snapshots"));
    assert!(snapshots.len() > 1);
    for snapshot in snapshots {
        let opened = age_decrypt(&new, &snapshot, &out);
        assert_eq!(opened.code, 0, "{opened}");
    }
    assert_opens_nothing(&server, &server.recovery_file());
}

fn assert_opens_nothing(server: &TestServer, key: &Path) {
    let out = server.scratch("nothing").join("out");
    for file in files_below(&server.data()) {
        let outcome = age_decrypt(key, &file, &out);
        assert_ne!(outcome.code, 0, "{} opened: {outcome}", file.display());
        assert_eq!(fs::metadata(&out).unwrap().len(), 0);
    }
}

/// An office found its containers opened and all of them nameless: the documents said how to get the catalogue, and not
/// how to find a file in it.
#[test]
fn each_file_is_found_by_name_and_opened_as_the_documents_say() {
    let mut server = TestServer::start_plain();
    server.request("MKCOL", "/dav/space/Akten").send().expect(201);
    let mut stored = BTreeMap::new();
    for (seed, size) in (0..).zip(EDGE_SIZES) {
        let content = bytes(seed, size);
        stored.insert(format!("space/Akten/M\u{fc}ller's {size}.bin"), sha256(&content));
        let target = format!("/dav/space/Akten/M%C3%BCller's%20{size}.bin");
        server.request("PUT", &target).body(content).send().expect(201);
    }
    server.cli_ok(["snapshot"]);
    assert!(server.stop().success());

    let document =
        include_str!("../../docs/recovery.md").split("\n## Recover without Tresor\n").nth(1).unwrap();
    let blocks: Vec<&str> =
        document.split("\n## ").next().unwrap().split("\n```\n").skip(1).step_by(2).collect();
    let [names, query, own_file, packed] = blocks[..] else { panic!("four recipes: {blocks:?}") };
    for tool in ["age", "sqlite3"] {
        require(tool, tool);
    }
    let shell = |lines: &str, ids: &[(&str, &str)]| {
        let lines = lines.replace("/root/recovery.txt", &server.recovery_file().display().to_string());
        let mut command = std::process::Command::new("sh");
        command.args(["-euc", &lines]).current_dir(server.data()).envs(ids.iter().copied());
        let outcome = Outcome::of(&mut command);
        assert_eq!(outcome.code, 0, "{lines}\n{outcome}");
    };
    shell(names, &[]);
    shell(query, &[]);
    let mut opened = BTreeMap::new();
    for line in fs::read_to_string(server.data().join("names.txt")).unwrap().lines() {
        let [path, _part, space, container, pack] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let recipe = if pack.is_empty() { own_file } else { packed };
        shell(recipe, &[("SPACE", space), ("CONTAINER", container), ("PACK", pack)]);
        opened.insert(path.to_owned(), sha256_file(&server.data().join("file")));
    }
    assert_eq!(opened, stored);
}

/// Follows the recipe for each space and returns the SHA-256 of each container's content.
fn open_everything(server: &TestServer, recovery: &Path) -> Vec<String> {
    let scratch = server.scratch("recovered");
    let (space_key, file) = (scratch.join("s.txt"), scratch.join("file"));
    let mut hashes = Vec::new();
    for key in files_below(&server.data().join("keys/spaces")) {
        let opened = age_decrypt(recovery, &key, &space_key);
        assert_eq!(opened.code, 0, "{opened}");
        let space = server.data().join("spaces").join(key.file_stem().unwrap());
        let unpacked = server.scratch(&format!("unpacked-{}", key.file_stem().unwrap().display()));
        for pack in files_below(&space.join("packs")) {
            let tar =
                Outcome::of(std::process::Command::new("tar").arg("-xf").arg(&pack).arg("-C").arg(&unpacked));
            assert_eq!(tar.code, 0, "{tar}");
        }
        let own_files = files_below(&space)
            .into_iter()
            .filter(|file| file.extension().is_some_and(|suffix| suffix == "age"));
        for container in own_files.chain(files_below(&unpacked)) {
            let opened = age_decrypt(&space_key, &container, &file);
            assert_eq!(opened.code, 0, "{}: {opened}", container.display());
            hashes.push(sha256_file(&file));
        }
    }
    hashes
}

fn age_decrypt(identity: &Path, file: &Path, out: &Path) -> Outcome {
    Outcome::of(
        std::process::Command::new(require("age", "age"))
            .arg("-d")
            .arg("-i")
            .arg(identity)
            .arg(file)
            .stdout(File::create(out).unwrap()),
    )
}
