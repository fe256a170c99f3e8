//! Slow lines, and many clients that want the same room.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::resumable::ietf::{self, PART};
use crate::resumable::raw::begin_request;
use crate::resumable::tus::{CONTENT, assert_content, begin, file, metadata, offset, patch, post, to};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::server::SPACE;

#[test]
fn a_body_that_comes_too_slowly_is_told_so_and_keeps_what_came() {
    let server = TestServer::start_configured("[limits]\nmin_body_grace_seconds = 0.4\n");
    let whole = bytes(1, 2_000_000);
    let tus = begin(&server, "a.bin", whole.len());
    let ietf = ietf::begin(&server, 8, "b.bin");
    for (upload, lines) in [
        (&tus, ["Tus-Resumable: 1.0.0".to_owned(), format!("Content-Type: {CONTENT}")]),
        (&ietf, ["Upload-Complete: ?1".to_owned(), format!("Content-Type: {PART}")]),
    ] {
        let lines = [lines[0].as_str(), &lines[1], "Upload-Offset: 0", "Content-Length: 2000000"];
        // 100 bytes, and no more.
        let mut line = begin_request(&server, &format!("PATCH {upload}"), &lines, &whole[..100]);
        let mut answer = [0; 12];
        line.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 408", "{upload}");
    }
    assert_eq!((offset(&server, &tus), ietf::offset(&server, &ietf)), (100, 100));
    patch(&server, &tus, 100, &whole[100..], &[]).expect(204);
    ietf::patch(&server, 8, &ietf, (100, &whole[100..]), true, &[]).expect(201);
    assert_content(&server, "a.bin", &whole);
    assert_content(&server, "b.bin", &whole);
}

#[test]
fn many_at_once_never_get_more_than_the_quota() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "set", SPACE, "--quota", "1MB"]);
    // Announced: reserved at the beginning.
    let begun = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..12 {
            let (server, begun) = (&server, &begun);
            scope.spawn(move || {
                let path = format!("{number}.bin");
                let status = match number % 2 {
                    0 => post(server, &[("Upload-Length", "300000"), ("Upload-Metadata", &to(&path))]).status,
                    _ => {
                        ietf::put(server, 8, &path, false)
                            .header("Upload-Length", "300000")
                            .body("")
                            .send()
                            .status
                    }
                };
                assert!([201, 507].contains(&status), "{status}");
                begun.fetch_add(usize::from(status == 201), Ordering::Relaxed);
            });
        }
    });
    assert_eq!(begun.into_inner(), 3);
    let listed = || -> Vec<serde_json::Value> {
        serde_json::from_slice(&server.request("GET", "/uploads").send().expect(200).body).unwrap()
    };
    for one in listed() {
        server.request("DELETE", &format!("/uploads/{}", one["id"].as_str().unwrap())).send().expect(204);
    }
    // Not announced: counted while it comes.
    let uploads: Vec<String> =
        (0..8).map(|number| ietf::begin(&server, 8, &format!("{number}.bin"))).collect();
    std::thread::scope(|scope| {
        for upload in &uploads {
            let server = &server;
            scope.spawn(move || {
                for _ in 0..4 {
                    let at = ietf::offset(server, upload);
                    let request = ietf::ietf(server, 8, "PATCH", upload).header("Content-Type", PART);
                    let request = request.header("Upload-Offset", &at.to_string());
                    let part = vec![1; 150_000];
                    let answer = request.header("Upload-Complete", "?0").chunks([part.as_slice()]).send();
                    assert!([204, 507].contains(&answer.status), "{answer}");
                }
            });
        }
    });
    let taken: u64 = listed().iter().map(|one| one["received"].as_u64().unwrap()).sum();
    assert!(taken <= 1_000_000, "{taken}");
    assert!(taken > 500_000, "{taken}: this proves nothing");
}

#[test]
fn a_name_from_the_metadata_is_never_more_than_a_name() {
    let server = TestServer::start_plain();
    for path in [
        "../etc/passwd",
        "space/../../etc/passwd",
        "/space//a",
        "space/a\0b",
        "space/a\\b",
        "space/./a",
        "..",
    ] {
        post(&server, &[("Upload-Length", "0"), ("Upload-Metadata", &metadata(&[("path", path)]))])
            .expect(400);
    }
    for name in ["../a", "a/b", "..", "", "a\\b"] {
        let said = metadata(&[("space", SPACE), ("filename", name)]);
        post(&server, &[("Upload-Length", "0"), ("Upload-Metadata", &said)]).expect(400);
    }
    for target in ["/dav/space/%2e%2e/a", "/dav/space/a%2fb", "/dav/space/a%00", "/dav/space/..%5ca"] {
        server.request("PUT", target).header("Upload-Complete", "?0").body("").send().expect(400);
    }
    for parts in ["/tus/../dav/space/a", "/tus/%2e%2e", "https://evil.example/tus/x", "/etc/passwd"] {
        let joined = [("Upload-Concat", &*format!("final;{parts}")), ("Upload-Metadata", &to("a"))];
        post(&server, &joined).expect(400);
    }
    assert_eq!(
        server
            .request("PROPFIND", &file(""))
            .header("Depth", "1")
            .send()
            .expect(207)
            .text()
            .matches("<d:response>")
            .count(),
        1
    );
}
