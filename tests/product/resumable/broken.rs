//! Lost lines, dead clients, a server that is killed.

use std::io::{Read, Write};
use std::time::Duration;

use crate::resumable::raw::begin_request;
use crate::resumable::tus::{
    CONTENT, assert_absent, assert_content, begin, head, number, offset, on_disk, patch, tus,
};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::http::Connection;
use crate::support::process::eventually;

const LIMIT: Duration = Duration::from_secs(20);

/// Begins a PATCH that announces `length` bytes and sends `bytes` of them.
fn unfinished(
    server: &TestServer,
    upload: &str,
    offset: usize,
    length: usize,
    bytes: &[u8],
    header: &str,
) -> Box<dyn Connection> {
    let lines = [
        "Tus-Resumable: 1.0.0",
        &format!("Content-Type: {CONTENT}"),
        &format!("Upload-Offset: {offset}"),
        &format!("Content-Length: {length}"),
        header,
    ];
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    begin_request(server, &format!("PATCH {upload}"), &lines, bytes)
}

#[test]
fn what_arrived_before_the_line_broke_is_kept() {
    let server = TestServer::start_plain();
    let whole = bytes(1, 9_000_000);
    let upload = begin(&server, "a.bin", whole.len());
    let line = unfinished(&server, &upload, 0, whole.len(), &whole[..4_000_000], "");
    eventually("some of it is on the disk", LIMIT, || on_disk(&server) > 1 << 20);
    drop(line);
    // A new request ends the older one, should that not have noticed.
    let kept = offset(&server, &upload);
    assert!((1 << 20..=4_000_000).contains(&kept), "{kept}");
    assert_eq!(offset(&server, &upload), kept);
    // With a checksum a part counts as a whole only.
    let sum = "Upload-Checksum: sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
    let line = unfinished(&server, &upload, kept, whole.len() - kept, &whole[kept..8_000_000], sum);
    eventually("some of it is on the disk", LIMIT, || on_disk(&server) > 1 << 20);
    drop(line);
    assert_eq!(offset(&server, &upload), kept);
    patch(&server, &upload, kept, &whole[kept..], &[]).expect(204);
    assert_content(&server, "a.bin", &whole);
    eventually("nothing is left over", LIMIT, || on_disk(&server) == 0);
}

#[test]
fn a_request_that_was_left_behind_ends_and_adds_nothing() {
    let server = TestServer::start_plain();
    let whole = bytes(2, 6_000_000);
    let upload = begin(&server, "a.bin", whole.len());
    // Its client is silent, but the line stands.
    let mut stale = unfinished(&server, &upload, 0, whole.len(), &whole[..4_000_000], "");
    eventually("some of it is on the disk", LIMIT, || on_disk(&server) > 1 << 20);
    let told = offset(&server, &upload);
    // The older one gets its answer at once, not when it sends again.
    let mut answer = [0; 12];
    stale.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 409");
    let _ = stale.write_all(&bytes(9, 100_000));
    assert_eq!(offset(&server, &upload), told);
    // The next one takes over without being asked to wait.
    let (mut stale, mut patience) = (None, std::time::Duration::from_millis(5));
    eventually("the next one writes", LIMIT, || {
        // A request for the offset that comes too soon ends it before its first bytes were taken in.
        stale = Some(unfinished(&server, &upload, told, whole.len() - told, &whole[told..told + 100], ""));
        std::thread::sleep(patience);
        patience *= 2;
        let now = offset(&server, &upload);
        assert!(now == told || now == told + 100, "{now}");
        now > told
    });
    let now = offset(&server, &upload);
    patch(&server, &upload, now, &whole[now..], &[]).expect(204);
    drop(stale);
    assert_content(&server, "a.bin", &whole);
}

#[test]
fn many_writers_at_once_never_mix() {
    let server = TestServer::start_plain();
    let whole = bytes(4, 3_000_000);
    let upload = begin(&server, "a.bin", whole.len());
    std::thread::scope(|scope| {
        for writer in 1..=6 {
            let (server, upload, whole) = (&server, &upload, &whole);
            scope.spawn(move || {
                loop {
                    // It never says less than all, nor nothing, once all is here.
                    let at = offset(server, upload);
                    if at == whole.len() {
                        break;
                    }
                    let end = whole.len().min(at + 40_000 * writer);
                    let answer = patch(server, upload, at, &whole[at..end], &[]);
                    assert!([204, 409, 413].contains(&answer.status), "{answer}");
                }
            });
        }
    });
    assert_content(&server, "a.bin", &whole);
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
}

#[test]
fn a_killed_server_goes_on_from_what_it_told() {
    let mut server = TestServer::start_plain();
    let whole = bytes(3, 8_000_000);
    let upload = begin(&server, "a.bin", whole.len());
    patch(&server, &upload, 0, &whole[..2_000_000], &[]).expect(204);
    let line = unfinished(&server, &upload, 2_000_000, 6_000_000, &whole[2_000_000..6_000_000], "");
    eventually("some of it is on the disk", LIMIT, || on_disk(&server) > 1 << 20);
    server.kill();
    drop(line);
    server.spawn();
    let told = head(&server, &upload).expect(200);
    assert_eq!(number(&told, "upload-offset"), 2_000_000);
    assert_eq!(number(&told, "upload-length"), whole.len());
    assert!(told.header("upload-metadata").is_some() && told.header("upload-expires").is_some());
    patch(&server, &upload, 2_000_000, &whole[2_000_000..6_500_000], &[]).expect(204);
    server.kill();
    server.spawn();
    assert_eq!(offset(&server, &upload), 6_500_000);
    patch(&server, &upload, 6_500_000, &whole[6_500_000..], &[]).expect(204);
    server.kill();
    server.spawn();
    // The upload is forgotten, but it is a file.
    head(&server, &upload).expect(404);
    assert_content(&server, "a.bin", &whole);

    // Killed between the last byte and the file, which the next HEAD makes.
    let upload = begin(&server, "b.bin", 3);
    patch(&server, &upload, 0, b"abc", &[("If-Match", "*")]).expect(412);
    server.kill();
    server.spawn();
    assert_absent(&server, "b.bin");
    assert_eq!(offset(&server, &upload), 3);
    assert_content(&server, "b.bin", b"abc");
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
}

#[test]
fn a_refusal_comes_before_the_body() {
    let server = TestServer::start_plain();
    let upload = begin(&server, "a.bin", 3_000_000);
    for (status, offset, kind) in [(409, "1", CONTENT), (415, "0", "text/plain")] {
        let request = tus(&server, "PATCH", &upload).header("Content-Type", kind);
        let request = request.header("Upload-Offset", offset).body(vec![0; 3_000_000]);
        let refused = request.expect_continue().send().expect(status);
        assert!(refused.interim.is_empty(), "{refused}");
    }
}
