//! A server that may open few files.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use data_encoding::BASE64;

use crate::faults::errors::read_only_reason;
use crate::faults::office::{assert_reads, copy};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::process::{eventually, require};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Open files it may have: its own and some connections.
const LIMIT: usize = 72;

fn open_files(server: &TestServer) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

/// A connection that stays.
struct Kept(BufReader<TcpStream>);

impl Kept {
    fn new(server: &TestServer) -> Self {
        Self(BufReader::new(TcpStream::connect(server.endpoint().address).unwrap()))
    }

    /// Status and headers of the answer, and its body.
    fn ask(&mut self, server: &TestServer, method: &str, target: &str, body: &str) -> (String, String) {
        let login = BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
        let (host, length) = (server.endpoint().address, body.len());
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {login}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.0.read_line(&mut head).unwrap() > 0, "{method} {target}: no answer, {head}");
        }
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
        self.0.read_exact(&mut body).unwrap();
        (head, String::from_utf8_lossy(&body).into_owned())
    }
}

#[test]
fn without_descriptors_the_server_waits_and_calls_nothing_damaged() {
    let mut server = copy();
    let prlimit = require("prlimit", "util-linux");
    let limit = format!("--nofile={LIMIT}:{LIMIT}");
    server.spawn_through(&[prlimit.to_str().unwrap(), &limit]);
    let mut kept = Kept::new(&server);
    let (head, _) = kept.ask(&server, "GET", "/health", "");
    assert!(head.contains(" 200 "), "{head}");

    let idle: Vec<TcpStream> =
        (0..LIMIT).map(|_| TcpStream::connect(server.endpoint().address).unwrap()).collect();
    // And stay so: background work of a start opens files and closes them again.
    let mut in_a_row = 0;
    eventually("all descriptors are in use", Duration::from_secs(30), || {
        in_a_row = if open_files(&server) >= LIMIT { in_a_row + 1 } else { 0 };
        in_a_row >= 8
    });
    // Not opened before, so that it needs a descriptor of its own.
    for (method, path) in [("GET", "b"), ("PUT", "new"), ("PUT", "a")] {
        let (head, body) = kept.ask(&server, method, &format!("/dav/{SPACE}/{path}"), "");
        assert!(head.contains(" 503 ") && head.contains("retry-after: "), "{method} {path}: {head}{body}");
        assert!(!body.contains("damaged"), "{body}");
    }
    let (head, body) = kept.ask(&server, "GET", "/health", "");
    assert!(head.contains(" 200 ") && body.contains("\"serving\""), "{body}");

    drop(idle);
    assert_reads(&server);
    let (head, _) = kept.ask(&server, "PUT", &format!("/dav/{SPACE}/new"), "content");
    assert!(head.contains(" 201 "), "{head}");
    assert_eq!(read_only_reason(&server), None);
    let log = server.log();
    assert!(log.contains("waiting for free descriptors"), "{log}");
    assert!(!log.contains("data at risk") && !log.contains("panicked"), "{log}");
    server.stop();
    crate::faults::inspect::inspect(&server.data(), &server.key_file());
}

#[test]
fn the_server_takes_all_descriptors_that_it_may() {
    let mut server = copy();
    let prlimit = require("prlimit", "util-linux");
    server.spawn_through(&[prlimit.to_str().unwrap(), "--nofile=256:1000"]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft = line["Max open files".len()..].split_whitespace().next();
    assert_eq!(soft, Some("1000"), "{line}");
}

/// A reader held every container of its file, up to 64 of them: some 250 slow readers took all of the unit's files,
/// and no client could connect, read or store any more. The same with fewer.
#[test]
fn slow_readers_of_a_file_in_many_containers_leave_room_for_others() {
    const LIMIT: usize = 1_024;
    const CHUNK: usize = 200_000;
    let mut server = copy();
    let prlimit = require("prlimit", "util-linux");
    server.spawn_through(&[prlimit.to_str().unwrap(), &format!("--nofile={LIMIT}:{LIMIT}")]);
    let content = bytes(61, 60 * CHUNK);
    let uploads = format!("/remote.php/dav/uploads/{USER}/many");
    server.request("MKCOL", &uploads).send().expect(201);
    for (number, chunk) in (1..).zip(content.chunks(CHUNK)) {
        server.request("PUT", &format!("{uploads}/{number:05}")).body(chunk).send().expect(201);
    }
    let target = format!("/dav/{SPACE}/many");
    let joined = server.request("MOVE", &format!("{uploads}/.file"));
    joined.header("Destination", &server.url(&target)).send().expect(201);

    let before = open_files(&server);
    let (login, host) = (BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes()), server.endpoint().address);
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {login}\r\n\r\n");
    let slow: Vec<_> = (0..40)
        .map(|_| {
            let mut reader = Kept::new(&server);
            reader.0.get_mut().write_all(request.as_bytes()).unwrap();
            let mut line = String::new();
            reader.0.read_line(&mut line).unwrap();
            assert!(line.contains(" 200 "), "{line}");
            reader
        })
        .collect();
    // An eighth for those that hold their containers, 16 for the shelf, a connection each.
    let taken = open_files(&server) - before;
    assert!(taken <= LIMIT / 8 + LIMIT / 64 + slow.len() + 32, "{taken} files are open");
    assert_reads(&server);
    server.request("PUT", &format!("/dav/{SPACE}/new")).body(bytes(62, 300_000)).send().expect(201);
    // One that reads on gets all of it, whether its containers were kept open or not.
    for mut reader in slow {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.0.read_line(&mut head).unwrap();
        }
        let mut body = vec![0; content.len()];
        reader.0.read_exact(&mut body).unwrap();
        assert!(body == content, "wrong bytes were sent");
    }
    server.stop();
}

/// One person began uploads until no one could store anything any more: the files that are being filled were counted
/// together for all users.
#[test]
fn one_person_leaves_others_half_of_the_files_to_fill() {
    /// Connections and files: an eighth of these are for contents that arrive.
    const LIMIT: usize = 1_024;
    /// Sent of each content: more than is kept in memory before a file is opened.
    const BEGUN: usize = 1_200_000;
    let mut server = copy();
    let prlimit = require("prlimit", "util-linux");
    server.spawn_through(&[prlimit.to_str().unwrap(), &format!("--nofile={LIMIT}:{LIMIT}")]);
    server.add_user("second", "staff", "Garten-Uhu-Tresen-2350-Banjo");
    server.cli_ok(["grant", "second", SPACE, "write"]);
    let parts = || fs::read_dir(server.data().join("tmp")).unwrap().count();
    let before = parts();
    let (login, host) = (BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes()), server.endpoint().address);
    let (mut open, mut refusal) = (Vec::new(), String::new());
    // More than all of the share, unless the server stops it.
    while refusal.is_empty() && open.len() <= LIMIT / 8 {
        let number = open.len();
        let mut upload = Kept::new(&server);
        upload.0.get_ref().set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let head = format!(
            "PUT /dav/{SPACE}/open{number} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {login}\r\nContent-Length: {}\r\n\r\n",
            10 * BEGUN
        );
        upload.0.get_mut().write_all(head.as_bytes()).unwrap();
        upload.0.get_mut().write_all(&bytes(63, BEGUN)).unwrap();
        // Either it gets its file, or the answer comes.
        eventually("the upload is taken in or refused", Duration::from_secs(30), || {
            let is_refused = upload.0.read_line(&mut refusal).is_ok_and(|length| length > 0);
            is_refused || parts() > before + number
        });
        open.push(upload);
    }
    assert!(refusal.contains(" 503 "), "{refusal}");
    assert_eq!(parts() - before, LIMIT / 8 / 2, "half of the share");
    let put = |path: &str| server.request("PUT", &format!("/dav/{SPACE}/{path}")).body(bytes(64, 300_000));
    let refused = put("more").send().expect(503);
    assert!(refused.header("retry-after").is_some(), "{refused}");
    put("other").sign_in("second", "Garten-Uhu-Tresen-2350-Banjo").send().expect(201);
    drop(open);
    eventually("the uploads have ended", Duration::from_secs(30), || parts() == before);
    put("more").send().expect(201);
    server.stop();
}
