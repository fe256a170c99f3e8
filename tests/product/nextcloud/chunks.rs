//! Chunked uploads as each client sends them, replayed from traces and sources.

use std::io::{Read, Write};

use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::http::{Request, Response};
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE, USER};

const LIMIT: std::time::Duration = std::time::Duration::from_secs(20);

fn uploads(path: &str) -> String {
    format!("/remote.php/dav/uploads/{USER}/{path}")
}

fn files(path: &str) -> String {
    format!("/remote.php/dav/files/{USER}/{SPACE}/{path}")
}

fn begin(server: &TestServer, session: &str, headers: &[(&str, &str)]) -> Response {
    with(server.request("MKCOL", &uploads(session)), headers).body("").send()
}

fn put(server: &TestServer, chunk: &str, body: &[u8], headers: &[(&str, &str)]) -> Response {
    with(server.request("PUT", &uploads(chunk)), headers).body(body).send()
}

fn assemble(server: &TestServer, session: &str, to: &str, headers: &[(&str, &str)]) -> Response {
    let request = server.request("MOVE", &uploads(&format!("{session}/.file"))).header("Destination", to);
    with(request, headers).body("").send()
}

fn with(request: Request, headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

#[track_caller]
fn assert_content(server: &TestServer, path: &str, expected: &[u8]) {
    let read = server.request("GET", &files(path)).send().expect(200);
    assert_eq!(sha256(&read.body), sha256(expected), "{path}");
}

/// Names of chunks with their sizes, as a client reads them to go on.
fn arrived(server: &TestServer, session: &str) -> Vec<(String, u64)> {
    let body =
        r#"<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/></d:prop></d:propfind>"#;
    let request = server.request("PROPFIND", &uploads(session)).header("Depth", "1").body(body);
    let text = request.send().expect(207).text();
    let mut responses = text.split("<d:response>").skip(1);
    let folder = responses.next().unwrap();
    assert!(folder.contains("<d:collection/>"), "{text}");
    assert!(
        folder.contains(&format!("<d:href>{}/</d:href>", uploads(session).trim_end_matches('/'))),
        "{text}"
    );
    let between = |text: &str, start: &str, end: &str| {
        text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map(|(found, _)| found.to_owned())
    };
    responses
        .map(|response| {
            let href = between(response, "<d:href>", "</d:href>").unwrap();
            let size = between(response, "<d:getcontentlength>", "<").unwrap();
            (href.rsplit('/').next().unwrap().to_owned(), size.parse().unwrap())
        })
        .collect()
}

/// `tresor upload list` showed neither where a chunked upload goes nor how long it will be, though its client had
/// said both.
#[test]
fn an_upload_in_chunks_is_listed_with_what_its_client_said() {
    let server = TestServer::start_plain();
    let listed = |number: usize| {
        let list: serde_json::Value =
            serde_json::from_str(&server.cli_ok(["upload", "list", "--json"])).unwrap();
        let upload = &list[number];
        (upload["path"].as_str().map(str::to_owned), upload["length_bytes"].as_u64())
    };
    let said = [("Destination", files("new/a b.txt")), ("OC-Total-Length", "12".to_owned())];
    let said = said.each_ref().map(|(name, value)| (*name, value.as_str()));
    // Where nothing could be stored as long as the folder is missing, which a client may make later.
    begin(&server, "said", &said).expect(201);
    put(&server, "said/1", b"twelve bytes", &[]).expect(201);
    assert_eq!(listed(0), (Some("/new/a b.txt".to_owned()), Some(12)));
    server.request("MKCOL", &files("new")).send().expect(201);
    // The end may still name another place.
    assemble(&server, "said", &files("new/c.txt"), &[]).expect(201);
    assert_content(&server, "new/c.txt", b"twelve bytes");
    assert_eq!(server.request("GET", &files("new/a%20b.txt")).send().status, 404);
    begin(&server, "unsaid", &[]).expect(201);
    assert_eq!(listed(0), (None, None));
}

/// A chunk's name from its number, its first byte and its last.
type Name = fn(usize, usize, usize) -> String;

#[test]
fn every_client_names_its_chunks_as_it_likes() {
    let server = TestServer::start_plain();
    let whole = bytes(1, 5_300_000);
    let total = whole.len().to_string();
    let parts: Vec<_> = whole.chunks(500_000).collect();
    let destination = |client: &str| files(&format!("{client}.bin"));
    let absolute = |client: &str| server.url(&destination(client));
    let clients: [(&str, &str, Name, bool); 5] = [
        ("desktop-3.7", "2393952710", |at, _, _| format!("{at:016}"), false),
        ("desktop", "2393952711", |at, _, _| format!("{:05}", at + 1), true),
        ("android", "d41d8cd98f00b204e9800998ecf8427e", |at, _, _| format!("{:06}", at + 1), true),
        ("ios", "6F9619FF-8B86-D011-B42D-00CF4FC964FF", |at, _, _| format!("{}", at + 1), true),
        (
            "rclone",
            "rclone-chunked-upload-d41d8cd9",
            |_, first, last| format!("{first:015}-{last:015}"),
            false,
        ),
    ];
    for (client, session, name, tells) in clients {
        let to = if client == "desktop-3.7" { destination(client) } else { absolute(client) };
        let headers: Vec<(&str, &str)> =
            if tells { vec![("Destination", &to), ("OC-Total-Length", &total)] } else { Vec::new() };
        begin(&server, session, &headers).expect(201);
        begin(&server, session, &headers).expect(405);
        // Out of order: clients send several at once.
        let mut order: Vec<_> = (0..parts.len()).collect();
        order.swap(2, 7);
        for at in order {
            let first = at * 500_000;
            let chunk = format!("{session}/{}", name(at, first, first + parts[at].len() - 1));
            put(&server, &chunk, parts[at], &headers).expect(201);
        }
        let listed = arrived(&server, session);
        assert_eq!(listed.iter().map(|(_, size)| *size).sum::<u64>(), whole.len() as u64, "{client}");
        let done =
            assemble(&server, session, &to, &[("OC-Total-Length", &total), ("X-OC-Mtime", "1600000000")]);
        let done = done.expect(201);
        assert_eq!(done.header("x-oc-mtime"), Some("accepted"), "{client}");
        assert!(done.header("etag").is_some() && done.header("oc-etag") == done.header("etag"), "{client}");
        assert!(done.header("oc-fileid").is_some_and(|id| id.contains("oc")), "{client}");
        assert_content(&server, &format!("{client}.bin"), &whole);
        // The session is gone with it.
        assemble(&server, session, &to, &[]).expect(404);
        server.request("PROPFIND", &uploads(session)).header("Depth", "1").send().expect(404);
    }
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
    server.assert_no_traces(&[]);
}

#[test]
fn a_session_survives_a_crash_and_goes_on_with_what_is_missing() {
    let mut server = TestServer::start_plain();
    let whole = bytes(2, 3_000_000);
    begin(&server, "7", &[("OC-Total-Length", "3000000")]).expect(201);
    put(&server, "7/1", &whole[..1_000_000], &[]).expect(201);
    // A chunk whose client leaves in the middle is none.
    let mut connection = server.endpoint().connect();
    let login = data_encoding::BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
    let path = uploads("7/2");
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\nContent-Length: 1000000\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(&whole[1_000_000..1_400_000]).unwrap();
    drop(connection);
    eventually("its bytes are gone", LIMIT, || {
        std::fs::read_dir(server.data().join("tmp")).unwrap().count() == 0
    });
    assert_eq!(arrived(&server, "7"), [("1".to_owned(), 1_000_000)]);
    server.kill();
    server.spawn();
    assert_eq!(arrived(&server, "7"), [("1".to_owned(), 1_000_000)]);
    put(&server, "7/2", &bytes(9, 900), &[]).expect(201);
    put(&server, "7/2", &whole[1_000_000..2_000_000], &[]).expect(201);
    put(&server, "7/3", &whole[2_000_000..], &[]).expect(201);
    put(&server, "7/4", b"too much", &[]).expect(400);
    assemble(&server, "7", &files("a.bin"), &[("OC-Total-Length", "3000000")]).expect(201);
    assert_content(&server, "a.bin", &whole);
}

#[test]
fn what_does_not_fit_is_refused_and_the_session_kept() {
    let server = TestServer::start_plain();
    let whole = bytes(3, 1_000_000);
    let first = server.request("PUT", &files("a.bin")).body("first").send().expect(201);
    let old = first.header("etag").unwrap().to_owned();
    server.request("PUT", &files("a.bin")).body("second").send().expect(204);

    begin(&server, "8", &[]).expect(201);
    put(&server, "8/1", &whole[..600_000], &[]).expect(201);
    assemble(&server, "8", &files("a.bin"), &[("OC-Total-Length", "1000000")]).expect(400);
    put(&server, "8/2", &whole[600_000..], &[]).expect(201);
    let wrong = format!("SHA1:{}", "0".repeat(40));
    assemble(&server, "8", &files("a.bin"), &[("OC-Checksum", &wrong)]).expect(400);
    // The tagged If names the destination.
    let stale = format!("<{}> ([{old}])", files("a.bin"));
    assemble(&server, "8", &files("a.bin"), &[("If", &stale)]).expect(412);
    assemble(&server, "8", &files("a.bin"), &[("If-Match", &old)]).expect(412);
    assemble(&server, "8", &files("a.bin"), &[("Overwrite", "F")]).expect(412);
    assemble(&server, "8", &files("none/a.bin"), &[]).expect(409);
    assemble(&server, "8", "/remote.php/dav/files/somebody/a.bin", &[]).expect(502);
    assert_content(&server, "a.bin", b"second");

    server.add_member("fremd", "staff", "write");
    // One cannot even tell that it is there.
    let own = format!("/remote.php/dav/files/fremd/{SPACE}/stolen.bin");
    for (method, path) in [("PROPFIND", "8"), ("PUT", "8/3"), ("DELETE", "8"), ("MOVE", "8/.file")] {
        for owner in [USER, "fremd"] {
            let path = format!("/remote.php/dav/uploads/{owner}/{path}");
            let request = server.anonymous(method, &path).sign_in("fremd", PASSWORD);
            let request = if method == "MOVE" { request.header("Destination", &own) } else { request };
            request.body("").send().expect(404);
        }
    }

    let good = data_encoding::HEXLOWER.encode(&<sha1::Sha1 as sha1::Digest>::digest(&whole));
    let now = server.request("HEAD", &files("a.bin")).send().expect(200);
    let current = format!("<{}> ([{}])", files("a.bin"), now.header("etag").unwrap());
    let headers = [("If", current.as_str()), ("OC-Checksum", &format!("SHA1:{good}"))];
    assemble(&server, "8", &files("a.bin"), &headers).expect(204);
    assert_content(&server, "a.bin", &whole);
    let read = server.request("HEAD", &files("a.bin")).send().expect(200);
    assert!(read.header("oc-checksum").unwrap().contains(&good), "{read}");

    begin(&server, "9", &[]).expect(201);
    put(&server, "9/1", &whole, &[]).expect(201);
    server.request("DELETE", &uploads("9/1")).send().expect(204);
    server.request("DELETE", &uploads("9/1")).send().expect(404);
    server.request("DELETE", &uploads("9")).send().expect(204);
    server.request("DELETE", &uploads("9")).send().expect(404);
}

/// A client that does not say where an upload goes may mean another space than it was sealed for.
#[test]
fn an_upload_for_another_space_than_foreseen_arrives_whole() {
    let server = TestServer::start_plain();
    server.add_space("anderer", ["--kind", "client"], "write");
    let whole = bytes(4, 2_500_000);
    for (busy_in, goes_to) in [(SPACE, "anderer"), ("anderer", SPACE), (SPACE, SPACE)] {
        server.request("PROPFIND", &format!("/dav/{busy_in}/")).header("Depth", "1").send().expect(207);
        begin(&server, "5", &[]).expect(201);
        for (at, part) in whole.chunks(700_000).enumerate() {
            put(&server, &format!("5/{at:016}"), part, &[]).expect(201);
        }
        let to = format!("/remote.php/dav/files/{USER}/{goes_to}/{busy_in}.bin");
        assemble(&server, "5", &to, &[("OC-Total-Length", "2500000")]).expect(201);
        let read = server.request("GET", &to).send().expect(200);
        assert_eq!(sha256(&read.body), sha256(&whole));
        server.request("DELETE", &to).send().expect(204);
    }
    assert!(server.cli_ok(["verify", "--full"]).contains("nothing is wrong"));
}

/// A PUT of a chunk began, then its session was deleted and made again under the same name. The PUT was answered
/// with 201, and its bytes ended up in the new session: the file was a mixture of both.
#[test]
fn a_late_chunk_does_not_arrive_in_a_new_session_of_the_same_name() {
    let server = TestServer::start_plain();
    begin(&server, "7", &[]).expect(201);
    let credentials = format!("{USER}:{PASSWORD}");
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {}\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n",
        uploads("7/2"),
        server.endpoint().address,
        data_encoding::BASE64.encode(credentials.as_bytes())
    );
    let mut late = server.endpoint().connect();
    late.write_all(head.as_bytes()).unwrap();
    // The server has let the chunk begin once it asks for the body.
    let mut asked = [0; 25];
    late.read_exact(&mut asked).unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100"), "{}", asked.escape_ascii());

    server.request("DELETE", &uploads("7")).send().expect(204);
    begin(&server, "7", &[]).expect(201);
    for (chunk, bytes) in [("7/1", "new111"), ("7/2", "new222"), ("7/3", "new333")] {
        put(&server, chunk, bytes.as_bytes(), &[]).expect(201);
    }
    late.write_all(b"OLDOLD").unwrap();
    let mut status = [0; 12];
    late.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 404");
    assemble(&server, "7", &files("whole.txt"), &[]).expect(201);
    assert_content(&server, "whole.txt", b"new111new222new333");
}

/// Nextcloud's older way to send parts: taken for a file it would be garbage.
#[test]
fn the_oldest_chunks_are_refused() {
    let server = TestServer::start_plain();
    let refused =
        server.request("PUT", &files("a.bin-chunking-1-2-0")).header("OC-Chunked", "1").body("part");
    refused.send().expect(400);
    server.request("GET", &files("a.bin-chunking-1-2-0")).send().expect(404);
}
