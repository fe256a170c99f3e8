//! Two computers and the server between them.

use std::fs;
use std::time::Duration;

use crate::nextcloud::desktop::Desktop;
use crate::support::TestServer;
use crate::support::content::{NAME_MARK, bytes, odd_tree, sha256, write_file};
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE};

/// Names that Linux allows and other systems do not, and that a client must escape.
const ODD: [&str; 8] =
    ["a|b", "co:lon", "100%25", "q?m", "ha#sh", "semi;colon&more", "[b]~(c)'", "back\"quote"];

fn assert_same_tree(a: &Desktop<'_>, b: &Desktop<'_>) {
    let (a, b) = (a.tree(), b.tree());
    let differing: Vec<_> = a.keys().chain(b.keys()).filter(|name| a.get(*name) != b.get(*name)).collect();
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn two_computers_stay_the_same() {
    let server = TestServer::start();
    let (a, b) = (Desktop::new(&server, "a"), Desktop::new(&server, "b"));
    a.sync();
    assert_eq!(a.tree().into_keys().collect::<Vec<_>>(), [SPACE], "the space is a folder");

    // Up from one, down to the other.
    a.write(&format!("{SPACE}/a.txt"), b"eins", 1_600_000_000);
    a.write(&format!("{SPACE}/empty.txt"), b"", 1_600_000_001);
    a.write(&format!("{SPACE}/sub/\u{fc} b.txt"), b"zwei", 1_600_000_002);
    a.write(&format!("{SPACE}/sub/deep/c.bin"), &bytes(1, 300_000), 1_600_000_003);
    for (seed, name) in (0..).zip(ODD) {
        a.write(&format!("{SPACE}/odd/{name}"), &bytes(seed, 100), 1_600_000_004);
    }
    let odd = a.at(&format!("{SPACE}/{NAME_MARK}"));
    odd_tree(&odd);
    // The client itself keeps such names on the computer.
    let is_left_behind = |name: &str| name.starts_with(' ') || name.ends_with([' ', '.']);
    for entry in fs::read_dir(&odd).unwrap() {
        let entry = entry.unwrap();
        if is_left_behind(entry.file_name().to_str().unwrap()) {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    a.sync();
    b.sync();
    assert_same_tree(&a, &b);
    for (path, modified) in
        [("a.txt", 1_600_000_000), ("empty.txt", 1_600_000_001), ("sub/\u{fc} b.txt", 1_600_000_002)]
    {
        assert_eq!(b.modified(&format!("{SPACE}/{path}")), modified, "{path}");
    }

    // Nothing to do is one question.
    a.sync();
    assert_eq!(a.sync_and_listen(), ["PROPFIND"]);
    b.sync();
    assert_eq!(b.sync_and_listen(), ["PROPFIND"]);

    // Edits, renames, moves and deletions come across as what they are.
    let kept = b.tree()[&format!("{SPACE}/sub/deep/c.bin")].clone();
    b.write(&format!("{SPACE}/a.txt"), b"eins, neu", 1_600_000_100);
    fs::rename(b.at(&format!("{SPACE}/sub/deep")), b.at(&format!("{SPACE}/moved"))).unwrap();
    fs::rename(b.at(&format!("{SPACE}/sub/\u{fc} b.txt")), b.at(&format!("{SPACE}/sub/C.txt"))).unwrap();
    fs::remove_file(b.at(&format!("{SPACE}/empty.txt"))).unwrap();
    fs::remove_dir_all(b.at(&format!("{SPACE}/odd"))).unwrap();
    let asked = b.sync_and_listen();
    let count = |method: &str| asked.iter().filter(|asked| *asked == method).count();
    assert_eq!((count("MOVE"), count("DELETE"), count("PUT")), (2, 2, 1), "{asked:?}");
    let asked = a.sync_and_listen();
    assert_eq!(asked.iter().filter(|asked| *asked == "GET").count(), 1, "{asked:?}");
    assert_same_tree(&a, &b);
    assert_eq!(a.tree()[&format!("{SPACE}/moved/c.bin")], kept);

    // A rename that changes capitals only.
    fs::rename(a.at(&format!("{SPACE}/sub/C.txt")), a.at(&format!("{SPACE}/sub/c.TXT"))).unwrap();
    a.sync();
    b.sync();
    assert!(b.tree().contains_key(&format!("{SPACE}/sub/c.TXT")));
    assert_same_tree(&a, &b);

    // A file becomes a folder.
    fs::remove_file(b.at(&format!("{SPACE}/a.txt"))).unwrap();
    b.write(&format!("{SPACE}/a.txt/inside"), b"x", 1_600_000_200);
    b.sync();
    a.sync();
    assert_same_tree(&a, &b);
    assert_eq!(a.tree()[&format!("{SPACE}/a.txt")], "folder");
    server.assert_no_traces(&[]);
}

#[test]
fn what_both_changed_is_kept_twice() {
    let server = TestServer::start();
    let a = Desktop::new(&server, "a").keeping(&format!("/{SPACE}"));
    let b = Desktop::new(&server, "b").keeping(&format!("/{SPACE}"));
    a.write("a.txt", b"first", 1_600_000_000);
    a.sync();
    b.sync();
    a.write("a.txt", b"by a, which is faster", 1_600_000_100);
    b.write("a.txt", b"by b", 1_600_000_200);
    a.sync();
    b.sync();
    assert_eq!(b.tree()["a.txt"], sha256(b"by a, which is faster"));
    let copies: Vec<_> = b.tree().into_iter().filter(|(name, _)| name.contains("conflicted copy")).collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert_eq!(copies[0].1, sha256(b"by b"));
}

#[test]
fn who_may_only_read_changes_nothing_and_loses_nothing() {
    let server = TestServer::start();
    server.add_member("leser", "client", "read");
    let path = format!("/{SPACE}");
    let writer = Desktop::new(&server, "writer").keeping(&path);
    let reader = Desktop::of(&server, "reader", "leser", PASSWORD).keeping(&path);
    writer.write("a.txt", b"as it is", 1_600_000_000);
    writer.write("folder/b.txt", b"stays", 1_600_000_000);
    writer.sync();
    reader.sync();
    assert_eq!(reader.tree(), writer.tree());

    reader.write("a.txt", b"changed by who may not", 1_600_000_100);
    reader.write("new.txt", b"not allowed", 1_600_000_100);
    fs::remove_file(reader.at("folder/b.txt")).unwrap();
    let before = server.log().len();
    reader.attempt();
    reader.attempt();
    for method in ["PUT", "DELETE", "MOVE", "MKCOL"] {
        assert!(!server.log()[before..].contains(&format!("method=\"{method}\"")), "{method} was sent");
    }
    writer.sync();
    assert_eq!(writer.tree().len(), 3);
    let tree = reader.tree();
    assert_eq!(tree["a.txt"], sha256(b"as it is"));
    assert_eq!(tree["folder/b.txt"], sha256(b"stays"));
    assert!(tree.values().any(|hash| *hash == sha256(b"changed by who may not")), "{tree:?}");
}

#[test]
fn a_folder_of_five_thousand_files_comes_across() {
    let server = TestServer::start();
    let path = format!("/{SPACE}");
    let (a, b) = (Desktop::new(&server, "a").keeping(&path), Desktop::new(&server, "b").keeping(&path));
    for number in 0..5_000 {
        a.write(&format!("many/{number}.txt"), format!("file {number}").as_bytes(), 1_600_000_000);
    }
    a.sync();
    b.sync();
    assert_eq!(a.tree().len(), 5_001);
    assert_same_tree(&a, &b);
}

/// 3.7.3 sends the first ten million bytes as one chunk and the rest as another.
#[test]
fn a_large_file_comes_in_chunks_and_what_arrived_is_not_sent_again() {
    let mut server = TestServer::start();
    let size = 120_000_000;
    {
        let a = Desktop::new(&server, "a");
        a.sync();
        write_file(&a.at(&format!("{SPACE}/large.bin")), 7, size);
        a.sync();
        let b = Desktop::new(&server, "b");
        b.sync();
        assert_same_tree(&a, &b);
        write_file(&a.at(&format!("{SPACE}/large.bin")), 8, size);
        a.sync();
        b.sync();
        assert_same_tree(&a, &b);
    }

    let slow = Desktop::new(&server, "a").at_most(10_000);
    write_file(&slow.at(&format!("{SPACE}/cut.bin")), 9, size);
    let before = server.log().len();
    let mut running = slow.begin();
    let puts = |server: &TestServer| server.log()[before..].matches("method=\"PUT\"").count();
    eventually("the first chunk is there", Duration::from_mins(1), || puts(&server) == 1);
    server.kill();
    running.wait().unwrap();
    server.spawn();
    let a = Desktop::new(&server, "a");
    let before = server.log().len();
    a.sync();
    let sent: u64 = server.log()[before..]
        .lines()
        .filter(|line| line.contains("method=\"PUT\""))
        .filter_map(|line| line.split_once("bytes_in=")?.1.split(' ').next()?.parse::<u64>().ok())
        .sum();
    assert_eq!(sent, size - 10_000_000, "all but the first chunk");
    let b = Desktop::new(&server, "b");
    b.sync();
    assert_same_tree(&a, &b);
    let status = server.cli_ok(["verify", "--full"]);
    assert!(status.contains("nothing is wrong"), "{status}");
}
