//! The desktop's command over lines that break, or that change a byte on the way.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use crate::nextcloud::desktop::Desktop;
use crate::support::TestServer;
use crate::support::content::{sha256, write_file};
use crate::support::process::eventually;
use crate::support::server::SPACE;

const LIMIT: Duration = Duration::from_mins(1);

#[test]
fn a_download_that_was_cut_goes_on_where_it_stopped() {
    let mut server = TestServer::start();
    let size = 40_000_000;
    let source = server.scratch("source").join("large.bin");
    let hash = write_file(&source, 5, size);
    server
        .request("PUT", &format!("/dav/{SPACE}/large.bin"))
        .body(fs::read(&source).unwrap())
        .send()
        .expect(201);
    let there = |folder: &std::path::Path| -> u64 {
        let files = fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
        let parts = files.filter(|file| file.file_name().to_str().unwrap().starts_with(".large.bin.~"));
        parts.map(|part| part.metadata().map_or(0, |part| part.len())).sum()
    };
    let slow = Desktop::new(&server, "a").fetching_at_most(8_000);
    let folder = slow.at(SPACE);
    let mut running = slow.begin();
    eventually("some of it is there", LIMIT, || there(&folder) > 4_000_000);
    server.kill();
    running.wait().unwrap();
    let kept = there(&folder);
    assert!(kept > 4_000_000, "{kept}");
    server.spawn();
    let before = server.log().len();
    let a = Desktop::new(&server, "a");
    a.forget_refusals();
    a.sync();
    assert_eq!(a.tree()[&format!("{SPACE}/large.bin")], hash);
    let log = server.log();
    let resumed =
        log[before..].lines().find(|line| line.contains("status=206")).expect("a range was asked for");
    let sent: u64 = resumed.split_once("bytes_out=").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(sent, size - kept, "{resumed}");
}

/// Text that the line below changes, each way.
const SENT: &[u8] = b"what was meant at this end";
const CHANGED: &[u8] = b"what was heard at that end";

/// A line to the server that changes [`SENT`] to [`CHANGED`] on its way up or down; where it begins.
fn bad_line(server: &TestServer, is_up: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, to) = (listener.local_addr().unwrap(), server.endpoint().address);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, Ok(server)) = (client.unwrap(), TcpStream::connect(to)) else { continue };
            let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || pass(client, server, is_up));
            std::thread::spawn(move || pass(back.0, back.1, !is_up));
        }
    });
    format!("http://{address}")
}

fn pass(mut from: TcpStream, mut to: TcpStream, changes: bool) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = &mut buffer[..length];
        if changes && let Some(at) = bytes.windows(SENT.len()).position(|window| window == SENT) {
            bytes[at..at + SENT.len()].copy_from_slice(CHANGED);
        }
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn what_was_changed_on_the_way_up_is_not_stored() {
    let server = TestServer::start_plain();
    let a = Desktop::new(&server, "a").through(bad_line(&server, true));
    a.write(&format!("{SPACE}/a.txt"), SENT, 1_600_000_000);
    a.write(&format!("{SPACE}/b.txt"), b"untouched", 1_600_000_000);
    let outcome = a.attempt();
    assert_ne!(outcome.code, 0, "it was told: {outcome}");
    server.request("GET", &format!("/dav/{SPACE}/a.txt")).send().expect(404);
    server.request("GET", &format!("/dav/{SPACE}/b.txt")).send().expect(200);
    assert!(server.log().contains("status=400"));
    // Over a good line it arrives. A new database: the client waits before it tries a file again that was refused.
    let b = Desktop::new(&server, "b");
    b.write(&format!("{SPACE}/a.txt"), SENT, 1_600_000_000);
    b.sync();
    assert_eq!(server.request("GET", &format!("/dav/{SPACE}/a.txt")).send().expect(200).body, SENT);
}

#[test]
fn what_was_changed_on_the_way_down_is_not_kept() {
    let server = TestServer::start_plain();
    // Its checksum is kept with it and sent with every download.
    let b = Desktop::new(&server, "b");
    b.write(&format!("{SPACE}/a.txt"), SENT, 1_600_000_000);
    b.sync();
    let a = Desktop::new(&server, "a").through(bad_line(&server, false));
    let outcome = a.attempt();
    assert_ne!(outcome.code, 0, "{outcome}");
    assert!(!a.tree().values().any(|hash| *hash == sha256(CHANGED)), "{:?}", a.tree());
    let good = Desktop::new(&server, "c");
    good.sync();
    assert_eq!(good.tree()[&format!("{SPACE}/a.txt")], sha256(SENT));
}
