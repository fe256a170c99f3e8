//! "Resumable Uploads for HTTP" over lines that break and servers that are killed, and by curl.

use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use crate::resumable::ietf::{PART, assert_says, begin, ietf, offset, patch};
use crate::resumable::raw::{begin_request, next_head, value};
use crate::resumable::tus::{assert_absent, assert_content, file, on_disk};
use crate::support::TestServer;
use crate::support::content::{bytes, sha256_file, write_file};
use crate::support::process::{Outcome, eventually, tool};
use crate::support::server::{PASSWORD, USER};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn what_arrived_of_one_put_is_kept_once_its_client_knows_where() {
    let mut server = TestServer::start_plain();
    let whole = bytes(1, 9_000_000);
    let length = format!("Content-Length: {}", whole.len());
    let version = "Upload-Draft-Interop-Version: 6";
    let target = format!("PUT {}", file("a.bin"));
    for is_killed in [false, true] {
        let lines = [version, "Upload-Complete: ?1", &length];
        let line = begin_request(&server, &target, &lines, &whole[..4_000_000]);
        let mut line = BufReader::new(line);
        let (status, head) = next_head(&mut line);
        assert_eq!(status, 104);
        let upload = value(&head, "location").unwrap().to_owned();
        eventually("some of it is on the disk", LIMIT, || on_disk(&server) > 1 << 20);
        if is_killed {
            server.kill();
        }
        drop(line);
        if is_killed {
            server.spawn();
        }
        let kept = offset(&server, &upload);
        // Bytes that were never acknowledged may be lost with the server.
        let least = if is_killed { 0 } else { 1 << 20 };
        assert!((least..=4_000_000).contains(&kept), "{kept}");
        assert_absent(&server, "a.bin");
        let told = ietf(&server, 6, "HEAD", &upload).send().expect(204);
        assert_eq!(told.header("upload-length"), Some("9000000"));
        patch(&server, 6, &upload, (kept, &whole[kept..8_000_000]), false, &[]).expect(204);
        if is_killed {
            server.kill();
            server.spawn();
        }
        assert_eq!(offset(&server, &upload), 8_000_000);
        patch(&server, 6, &upload, (8_000_000, &whole[8_000_000..]), true, &[]).expect(201);
        assert_content(&server, "a.bin", &whole);
        server.request("DELETE", &file("a.bin")).send().expect(204);
    }
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
}

#[test]
fn an_upload_that_its_client_never_heard_of_goes_with_its_line() {
    let server = TestServer::start_plain();
    for (method, complete) in [("PUT", "?0"), ("POST", "?1"), ("PUT", "?1")] {
        let complete = format!("Upload-Complete: {complete}");
        let lines = [complete.as_str(), "Content-Length: 9000000"];
        let target = format!("{method} {}", file("a.bin"));
        let line = begin_request(&server, &target, &lines, &bytes(2, 3_000_000));
        eventually("some of it is on the disk", LIMIT, || on_disk(&server) > 1 << 20);
        drop(line);
        eventually("nothing is left", LIMIT, || {
            on_disk(&server) == 0 && server.request("GET", "/uploads").send().text() == "[]"
        });
        assert_absent(&server, "a.bin");
    }
}

#[test]
fn a_put_that_was_left_behind_ends_when_its_offset_is_asked_for() {
    let server = TestServer::start_plain();
    let whole = bytes(3, 6_000_000);
    let lines = ["Upload-Draft-Interop-Version: 8", "Upload-Complete: ?1", "Content-Length: 6000000"];
    let stale = begin_request(&server, &format!("PUT {}", file("a.bin")), &lines, &whole[..4_000_000]);
    let mut stale = BufReader::new(stale);
    let upload = value(&next_head(&mut stale).1, "location").unwrap().to_owned();
    eventually("some of it is on the disk", LIMIT, || on_disk(&server) > 1 << 20);
    let told = offset(&server, &upload);
    assert_eq!(next_head(&mut stale).0, 409);
    assert_eq!(offset(&server, &upload), told);
    patch(&server, 8, &upload, (told, &whole[told..]), true, &[]).expect(201);
    assert_content(&server, "a.bin", &whole);
}

/// One curl command; the headers that it got, interim ones among them.
fn curl(server: &TestServer, words: &[&str]) -> (Outcome, String) {
    let heads = server.scratch("curl").join("heads");
    let _ = fs::remove_file(&heads);
    let mut command = tool("curl", "curl");
    command.args(["-sS", "-o", "/dev/null", "--user", &format!("{USER}:{PASSWORD}"), "-D"]).arg(&heads);
    command.arg("--cacert").arg(server.certificate());
    let outcome = Outcome::of(command.args(words));
    (outcome, fs::read_to_string(&heads).unwrap_or_default().to_ascii_lowercase())
}

fn header<'a>(heads: &'a str, name: &str) -> Option<&'a str> {
    heads.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn cut(whole: &Path, from: usize) -> std::path::PathBuf {
    let rest = whole.with_extension("rest");
    fs::write(&rest, &fs::read(whole).unwrap()[from..]).unwrap();
    rest
}

#[test]
fn curl_goes_on_where_it_was_cut() {
    let server = TestServer::start();
    let up = server.scratch("curl").join("up.bin");
    let hash = write_file(&up, 7, 12_000_000);
    let put = up.to_str().unwrap();
    let url = server.url(&file("a.bin"));
    let version = "Upload-Draft-Interop-Version: 6";

    // One PUT, broken off after two seconds of a slow line.
    let words = ["--http1.1", "-m", "2", "--limit-rate", "2M", "-H", version, "-H", "Upload-Complete: ?1"];
    let (cut_off, heads) = curl(&server, &[&words[..], &["-T", put, &url]].concat());
    assert!(cut_off.code == 28, "{heads}");
    assert!(heads.contains("http/1.1 104"), "{heads}");
    let upload = server.url(header(&heads, "location").unwrap());
    let (_, heads) = curl(&server, &["-I", "-H", version, &upload]);
    let kept: usize = header(&heads, "upload-offset").unwrap().parse().unwrap();
    assert!(kept > 0 && kept < 12_000_000, "{heads}");
    assert_eq!(header(&heads, "upload-complete"), Some("?0"));
    let rest = cut(&up, kept);
    let (offset, kind) = (format!("Upload-Offset: {kept}"), format!("Content-Type: {PART}"));
    let words = ["-X", "PATCH", "-H", version, "-H", "Upload-Complete: ?1", "-H", &offset, "-H", &kind];
    let (done, heads) = curl(&server, &[&words[..], &["-T", rest.to_str().unwrap(), &upload]].concat());
    assert!(done.code == 0 && header(&heads, "upload-complete") == Some("?1"), "{heads}");
    assert!(heads.contains(" 201"), "{heads}");
    let down = server.scratch("curl").join("down.bin");
    let get = server.request("GET", &file("a.bin")).send().expect(200);
    fs::write(&down, get.body).unwrap();
    assert_eq!(sha256_file(&down), hash);

    // HTTP/2 hears no 104: whole it is a plain PUT, and in parts it begins with none.
    let words = ["--http2", "-H", version, "-H", "Upload-Complete: ?1", "-T", put, &url];
    let (_, heads) = curl(&server, &words);
    assert!(!heads.contains(" 104") && heads.contains("http/2 204"), "{heads}");
    assert_eq!(header(&heads, "upload-complete"), Some("?1"));
    let words = ["--http2", "-X", "PUT", "-H", version, "-H", "Upload-Complete: ?0", "-d", "", &url];
    let (_, heads) = curl(&server, &words);
    assert!(heads.contains("http/2 201"), "{heads}");
    let upload = server.url(header(&heads, "location").unwrap());
    let words = ["--http2", "-X", "PATCH", "-H", version, "-H", "Upload-Complete: ?1", "-H", &kind];
    let words = [&words[..], &["-H", "Upload-Offset: 0", "-T", put, &upload]].concat();
    let (_, heads) = curl(&server, &words);
    assert!(heads.contains("http/2 204"), "{heads}");
    assert_eq!(header(&heads, "upload-complete"), Some("?1"));
}

#[test]
fn the_end_of_an_upload_survives_a_kill_before_it_and_after_it() {
    let mut server = TestServer::start_plain();
    let upload = begin(&server, 8, "a.bin");
    patch(&server, 8, &upload, (0, b"abc"), false, &[]).expect(204);
    server.kill();
    server.spawn();
    assert_eq!(offset(&server, &upload), 3);
    patch(&server, 8, &upload, (3, b""), true, &[]).expect(201);
    assert_says(&ietf(&server, 8, "HEAD", &upload).send().expect(204), 8, true);
    server.kill();
    server.spawn();
    // The upload is forgotten, but it is a file.
    ietf(&server, 8, "HEAD", &upload).send().expect(404);
    assert_content(&server, "a.bin", b"abc");
}
