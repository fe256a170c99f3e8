//! tus 1.0.0 and its extensions, request by request.

use data_encoding::{BASE64, HEXLOWER};
use sha1::Digest as _;

use crate::resumable::tus::{
    CONTENT, assert_absent, assert_content, begin, file, head, metadata, number, offset, patch, post, to,
    tus, with,
};
use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::server::{PASSWORD, SPACE};

fn sha1_of(bytes: &[u8]) -> String {
    format!("sha1 {}", BASE64.encode(&sha1::Sha1::digest(bytes)))
}

fn sha256_of(bytes: &[u8]) -> String {
    format!("sha256 {}", BASE64.encode(&HEXLOWER.decode(sha256(bytes).as_bytes()).unwrap()))
}

#[test]
fn anybody_may_ask_what_the_door_can_do() {
    let server = TestServer::start_plain();
    for target in ["/tus", "/tus/", "/tus/000102030405060708090a0b0c0d0e0f"] {
        let told = server.anonymous("OPTIONS", target).send().expect(204);
        assert_eq!(told.header("tus-version"), Some("1.0.0"));
        let extensions = told.header("tus-extension").unwrap();
        for extension in [
            "creation",
            "creation-with-upload",
            "creation-defer-length",
            "checksum",
            "termination",
            "expiration",
            "concatenation",
        ] {
            assert!(extensions.split(',').any(|known| known == extension), "{extension}");
        }
        assert_eq!(told.header("tus-checksum-algorithm"), Some("sha1,sha256"));
        assert!(number(&told, "tus-max-size") > 1 << 40);
    }
    let refused =
        server.anonymous("POST", "/tus").header("Tus-Resumable", "1.0.0").body("").send().expect(401);
    assert!(refused.header("www-authenticate").is_some());
    assert_eq!(refused.header("tus-resumable"), Some("1.0.0"));
    server.anonymous("POST", "/dav/space/").header("Tus-Resumable", "1.0.0").body("").send().expect(401);
    server.request("GET", "/tusk").send().expect(404);
}

#[test]
fn an_upload_in_parts_becomes_a_file_with_its_last_byte() {
    let server = TestServer::start_plain();
    let whole = bytes(1, 1_000_000);
    server.request("MKCOL", &file("folder")).send().expect(201);
    let said = metadata(&[
        ("path", &format!("{SPACE}/folder/übung.bin")),
        ("filename", "other.bin"),
        ("filetype", "text/plain"),
        ("mtime", "1600000000"),
        ("sha256", &sha256(&whole)),
    ]) + ",is_confidential";
    let begun = post(&server, &[("Upload-Length", "1000000"), ("Upload-Metadata", &said)]).expect(201);
    assert_eq!(begun.header("tus-resumable"), Some("1.0.0"));
    let upload = begun.header("location").unwrap();
    let id = upload.strip_prefix("/tus/").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let expires = |response: &crate::support::http::Response| {
        httpdate::parse_http_date(response.header("upload-expires").unwrap()).unwrap()
    };
    let week = std::time::Duration::from_hours(7 * 24);
    let wanted = std::time::SystemTime::now() + week;
    let off = wanted.duration_since(expires(&begun)).unwrap_or_default();
    assert!(off < std::time::Duration::from_mins(5), "{begun}");

    let told = head(&server, upload).expect(200);
    assert_eq!(told.header("cache-control"), Some("no-store"));
    assert_eq!(told.header("upload-metadata"), Some(said.as_str()), "verbatim");
    assert_eq!((number(&told, "upload-offset"), number(&told, "upload-length")), (0, 1_000_000));
    assert_eq!(told.header("upload-defer-length"), None);
    assert_eq!(told.header("upload-concat"), None);
    expires(&told);

    let appended = patch(&server, upload, 0, &whole[..300_000], &[]).expect(204);
    assert_eq!(number(&appended, "upload-offset"), 300_000);
    assert!(expires(&appended) >= expires(&begun));
    assert_eq!(offset(&server, upload), 300_000);
    // A few tiny ones.
    for at in 300_000..300_020 {
        patch(&server, upload, at, &whole[at..=at], &[]).expect(204);
    }
    assert_absent(&server, "folder/%C3%BCbung.bin");
    let done = patch(&server, upload, 300_020, &whole[300_020..], &[]).expect(204);
    assert_eq!(number(&done, "upload-offset"), 1_000_000);
    let read = server.request("GET", &file("folder/%C3%BCbung.bin")).send().expect(200);
    assert_eq!(sha256(&read.body), sha256(&whole));
    assert_eq!(read.header("last-modified"), Some("Sun, 13 Sep 2020 12:26:40 GMT"));
    assert_eq!(done.header("etag"), read.header("etag"));
    assert_eq!(done.header("oc-fileid"), read.header("oc-fileid"));
    assert!(done.header("oc-fileid").is_some());

    // Its client may not have heard the answer.
    let told = head(&server, upload).expect(200);
    assert_eq!((number(&told, "upload-offset"), number(&told, "upload-length")), (1_000_000, 1_000_000));
    assert_eq!(told.header("upload-metadata"), Some(said.as_str()));
    patch(&server, upload, 1_000_000, b"", &[]).expect(204);
    patch(&server, upload, 1_000_000, b"x", &[]).expect(413);
    patch(&server, upload, 300_000, b"x", &[]).expect(409);
    tus(&server, "DELETE", upload).send().expect(404);
    assert_content(&server, "folder/%C3%BCbung.bin", &whole);
    server.assert_no_traces(&["bung.bin"]);
}

#[test]
fn what_breaks_the_protocol_gets_the_status_that_says_so() {
    let server = TestServer::start_plain();
    let upload = begin(&server, "a.bin", 10);
    // Another version of the protocol, or none.
    for (method, target) in [("POST", "/tus"), ("HEAD", &upload), ("PATCH", &upload), ("DELETE", &upload)] {
        for version in [None, Some("0.2.2"), Some("1.0.0, 1.0.0")] {
            let request = server.request(method, target).body("");
            let request =
                version.into_iter().fold(request, |request, it| request.header("Tus-Resumable", it));
            let refused = request.send().expect(412);
            assert_eq!(refused.header("tus-version"), Some("1.0.0"));
        }
    }
    // Bytes of another type.
    for kind in ["application/octet-stream", "text/plain", ""] {
        let request =
            tus(&server, "PATCH", &upload).header("Upload-Offset", "0").header("Content-Type", kind);
        request.body("abc").send().expect(415);
    }
    let typed = tus(&server, "PATCH", &upload).header("Upload-Offset", "0");
    typed.header("Content-Type", "Application/Offset+Octet-Stream; charset=x").body("a").send().expect(204);
    // Offsets.
    let missed = patch(&server, &upload, 0, b"abc", &[]).expect(409);
    assert_eq!(number(&missed, "upload-offset"), 1);
    for forged in ["-1", "1.0", "+1", "", "x", "99999999999999999999999", "0x1", "1 1"] {
        let request = tus(&server, "PATCH", &upload).header("Content-Type", CONTENT);
        request.header("Upload-Offset", forged).body("abc").send().expect(400);
    }
    let request = tus(&server, "PATCH", &upload).header("Content-Type", CONTENT);
    request.body("abc").send().expect(400);
    let twice = tus(&server, "PATCH", &upload).header("Content-Type", CONTENT).header("Upload-Offset", "1");
    twice.header("Upload-Offset", "1").body("abc").send().expect(400);
    patch(&server, &upload, 9_223_372_036_854_775_807, b"abc", &[]).expect(409);
    // More than was announced: refused before it is read, or when it comes.
    patch(&server, &upload, 1, &[0; 10], &[]).expect(413);
    let chunked = tus(&server, "PATCH", &upload).header("Content-Type", CONTENT).header("Upload-Offset", "1");
    chunked.chunks([&[0; 10][..]]).send().expect(413);
    assert_eq!(offset(&server, &upload), 1);
    // Another length than was announced.
    patch(&server, &upload, 1, b"b", &[("Upload-Length", "11")]).expect(400);
    patch(&server, &upload, 1, b"b", &[("Upload-Length", "10")]).expect(204);
    // An unknown upload.
    for target in ["/tus/000102030405060708090a0b0c0d0e0f", "/tus/x", "/tus/../dav", &format!("{upload}/x")] {
        let none = head(&server, target);
        assert!(none.status == 404 && none.header("upload-offset").is_none(), "{target} {none}");
        patch(&server, target, 0, b"", &[]).expect(404);
        tus(&server, "DELETE", target).send().expect(404);
    }
    for (method, target) in
        [("GET", upload.as_str()), ("PUT", "/tus"), ("HEAD", "/tus"), ("PROPFIND", "/tus/")]
    {
        let refused = tus(&server, method, target).send().expect(405);
        assert!(refused.header("allow").unwrap().contains("PATCH"));
    }
    // Proxies that know GET and POST only.
    let instead = |method| tus(&server, "POST", &upload).header("X-HTTP-Method-Override", method);
    let told = instead("HEAD").body("").send().expect(200);
    assert!(number(&told, "upload-offset") == 2 && told.body.is_empty());
    let appended = instead("PATCH").header("Content-Type", CONTENT).header("Upload-Offset", "2").body("c");
    appended.send().expect(204);
    instead("DELETE").body("").send().expect(204);
    head(&server, &upload).expect(404);
    tus(&server, "DELETE", &upload).send().expect(404);
}

#[test]
fn an_upload_begins_with_all_that_is_needed_or_not_at_all() {
    let server = TestServer::start_plain();
    let good = to("a.bin");
    for (status, headers) in [
        (400, vec![("Upload-Metadata", good.as_str())]),
        (400, vec![("Upload-Metadata", &good), ("Upload-Length", "1"), ("Upload-Defer-Length", "1")]),
        (400, vec![("Upload-Metadata", &good), ("Upload-Defer-Length", "2")]),
        (400, vec![("Upload-Metadata", &good), ("Upload-Length", "-1")]),
        (400, vec![("Upload-Metadata", &good), ("Upload-Length", "18446744073709551616")]),
        (413, vec![("Upload-Metadata", &good), ("Upload-Length", "18446744073709551615")]),
        (413, vec![("Upload-Metadata", &good), ("Upload-Length", "9223372036854775807")]),
        (400, vec![("Upload-Length", "1")]),
        (400, vec![("Upload-Length", "1"), ("Upload-Metadata", &good), ("Upload-Metadata", &good)]),
        (400, vec![("Upload-Length", "1"), ("Upload-Metadata", &good), ("Upload-Checksum", "crc32 AAAA")]),
        (400, vec![("Upload-Length", "1"), ("Upload-Metadata", &good), ("Upload-Concat", "whole")]),
    ] {
        post(&server, &headers).expect(status);
    }
    let many = format!("{good},x {}", BASE64.encode(&[0; 4096]));
    let deep = to(&"a/".repeat(120));
    let long = to(&"x".repeat(256));
    for (status, said) in [
        (400, "path"),
        (400, "path !!"),
        (400, "path c3BhY2UvYQ"),
        (400, ",,"),
        (400, &format!("{good},{good}")),
        (400, "path /w=="),
        (400, &metadata(&[("filename", "a.bin")])),
        (400, &metadata(&[("filename", "../a.bin"), ("space", SPACE)])),
        (400, &metadata(&[("filename", "a\0.bin"), ("space", SPACE)])),
        (400, &metadata(&[("path", &format!("{SPACE}/../{SPACE}/a"))])),
        (400, &metadata(&[("path", SPACE)])),
        (400, &metadata(&[("path", &format!("{SPACE}/a.bin")), ("mtime", "now")])),
        (400, &metadata(&[("path", &format!("{SPACE}/a.bin")), ("sha256", "00")])),
        (404, &metadata(&[("path", "nowhere/a.bin")])),
        (404, &metadata(&[("filename", "a.bin"), ("space", "nowhere")])),
        (409, &to("none/a.bin")),
        (409, &long),
        (400, &deep),
        (400, &many),
    ] {
        post(&server, &[("Upload-Length", "1"), ("Upload-Metadata", said)]).expect(status);
    }
    // A lock is reported before any byte is sent.
    let info = r#"<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>"#;
    let locked = server.request("LOCK", &file("locked.bin")).xml(info).send().expect(201);
    let token = locked.header("lock-token").unwrap().to_owned();
    let headers = [("Upload-Length", "3"), ("Upload-Metadata", &to("locked.bin"))];
    post(&server, &headers).expect(423);
    let tagged = format!("<{}> ({token})", file("locked.bin"));
    let begun = post(&server, &[headers[0], headers[1], ("If", &tagged)]).expect(201);
    let upload = begun.header("location").unwrap();

    // Whether it may be stored is judged again at the end; the upload stays until it is.
    let refused = patch(&server, upload, 0, b"abc", &[]).expect(423);
    assert_eq!(number(&refused, "upload-offset"), 3);
    let told = head(&server, upload).expect(423);
    assert!(told.header("upload-offset").is_none(), "a client would take it for success");
    patch(&server, upload, 3, b"", &[]).expect(423);
    patch(&server, upload, 3, b"d", &[]).expect(413);
    patch(&server, upload, 3, b"", &[("If", &tagged)]).expect(204);
    assert_content(&server, "locked.bin", b"abc");
    for (header, value) in [("If-None-Match", "*"), ("If-Match", "\"other\"")] {
        let said = to("locked.bin");
        let headers = [("Upload-Length", "3"), ("Upload-Metadata", said.as_str()), ("If", &tagged)];
        post(&server, &[&headers[..], &[(header, value)]].concat()).expect(412);
    }
    // An upload that was refused only at its end becomes a file when its client asks again.
    let upload = begin(&server, "late.bin", 3);
    patch(&server, &upload, 0, b"abc", &[("If-Match", "*")]).expect(412);
    assert_absent(&server, "late.bin");
    assert_eq!(offset(&server, &upload), 3);
    assert_content(&server, "late.bin", b"abc");
}

#[test]
fn bytes_may_come_with_the_beginning_and_none_are_complete_at_once() {
    let server = TestServer::start_plain();
    let none = post(&server, &[("Upload-Length", "0"), ("Upload-Metadata", &to("empty"))]).expect(201);
    assert!(none.header("etag").is_some() && none.header("location").is_some());
    assert_content(&server, "empty", b"");
    let refused = [("Upload-Length", "0"), ("Upload-Metadata", &to("empty")), ("If-None-Match", "*")];
    post(&server, &refused).expect(412);

    let with_bytes = |path: &str, length: &str, body: &[u8], headers: &[(&str, &str)]| {
        let request = tus(&server, "POST", "/tus").header("Upload-Metadata", &to(path));
        with(request.header("Upload-Length", length), headers).body(body).send()
    };
    let typed = ("Content-Type", CONTENT);
    let whole =
        with_bytes("whole", "5", b"whole", &[typed, ("Upload-Checksum", &sha1_of(b"whole"))]).expect(201);
    assert_eq!(number(&whole, "upload-offset"), 5);
    assert!(whole.header("etag").is_some() && whole.header("oc-fileid").is_some());
    assert_content(&server, "whole", b"whole");
    let part = with_bytes("part", "8", b"part", &[typed]).expect(201);
    assert_eq!(number(&part, "upload-offset"), 4);
    let upload = part.header("location").unwrap();
    assert_eq!(offset(&server, upload), 4);
    patch(&server, upload, 4, b"part", &[]).expect(204);
    assert_content(&server, "part", b"partpart");
    with_bytes("x", "3", b"abc", &[]).expect(415);
    with_bytes("x", "3", b"abcd", &[typed]).expect(413);
    let wrong = with_bytes("x", "3", b"abc", &[typed, ("Upload-Checksum", &sha1_of(b"abd"))]).expect(460);
    assert_eq!(offset(&server, wrong.header("location").unwrap()), 0);
    assert_absent(&server, "x");
}

#[test]
fn the_length_may_be_told_later_but_once() {
    let server = TestServer::start_plain();
    let begun = post(&server, &[("Upload-Defer-Length", "1"), ("Upload-Metadata", &to("a"))]).expect(201);
    let upload = begun.header("location").unwrap();
    let told = head(&server, upload).expect(200);
    assert_eq!((told.header("upload-defer-length"), told.header("upload-length")), (Some("1"), None));
    patch(&server, upload, 0, b"abc", &[]).expect(204);
    patch(&server, upload, 3, b"", &[("Upload-Length", "2")]).expect(400);
    patch(&server, upload, 3, b"", &[("Upload-Length", "18446744073709551615")]).expect(413);
    patch(&server, upload, 3, b"d", &[("Upload-Length", "6")]).expect(204);
    patch(&server, upload, 4, b"e", &[("Upload-Length", "5")]).expect(400);
    let told = head(&server, upload).expect(200);
    assert_eq!((told.header("upload-defer-length"), number(&told, "upload-length")), (None, 6));
    patch(&server, upload, 4, b"ef", &[]).expect(204);
    assert_content(&server, "a", b"abcdef");
    // With the last bytes, or behind them.
    for (last, headers) in [(b"b".as_slice(), [("Upload-Length", "2")]), (b"", [("Upload-Length", "1")])] {
        let begun = post(&server, &[("Upload-Defer-Length", "1"), ("Upload-Metadata", &to("b"))]).expect(201);
        let upload = begun.header("location").unwrap();
        patch(&server, upload, 0, b"a", &[]).expect(204);
        let done = patch(&server, upload, 1, last, &headers).expect(204);
        assert!(done.header("etag").is_some());
        assert_content(&server, "b", &[b"a", last].concat());
    }
}

#[test]
fn a_part_that_does_not_match_its_checksum_leaves_nothing_behind() {
    let server = TestServer::start_plain();
    let whole = bytes(7, 600_000);
    let upload = begin(&server, "a.bin", whole.len());
    for (status, sum) in [
        (400, "md5 1B2M2Y8AsgTpgAmY7PhCfg==".to_owned()),
        (400, "sha1".to_owned()),
        (400, "sha1 AAAA".to_owned()),
        (400, "SHA1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=".to_owned()),
        (460, sha1_of(b"other")),
        (460, sha256_of(b"other")),
    ] {
        patch(&server, &upload, 0, &whole[..300_000], &[("Upload-Checksum", &sum)]).expect(status);
        assert_eq!(offset(&server, &upload), 0, "{sum}");
    }
    patch(&server, &upload, 0, &whole[..300_000], &[("Upload-Checksum", &sha1_of(&whole[..300_000]))])
        .expect(204);
    let last = [("Upload-Checksum", sha256_of(&whole[300_000..]))];
    let last = last.each_ref().map(|(name, value)| (*name, value.as_str()));
    patch(&server, &upload, 300_000, &whole[300_000..], &last).expect(204);
    assert_content(&server, "a.bin", &whole);

    // The checksum of the whole is judged at the end of the upload, and ends it.
    let said = metadata(&[("path", &format!("{SPACE}/b.bin")), ("sha256", &sha256(b"other"))]);
    let begun = post(&server, &[("Upload-Length", "3"), ("Upload-Metadata", &said)]).expect(201);
    let upload = begun.header("location").unwrap();
    patch(&server, upload, 0, b"abc", &[]).expect(460);
    head(&server, upload).expect(404);
    assert_absent(&server, "b.bin");
}

#[test]
fn nobody_touches_what_is_not_his() {
    let server = TestServer::start_plain();
    let upload = begin(&server, "a.bin", 3);
    server.add_member("fremd", "staff", "write");
    server.add_member("leser", "staff", "read");
    server.add_user("niemand", "staff", PASSWORD);
    for stranger in ["fremd", "leser", "niemand"] {
        let request = |method, target: &str| tus(&server, method, target).sign_in(stranger, PASSWORD);
        request("HEAD", &upload).send().expect(404);
        request("DELETE", &upload).send().expect(404);
        let append = request("PATCH", &upload).header("Content-Type", CONTENT).header("Upload-Offset", "0");
        append.body("abc").send().expect(404);
        let join = request("POST", "/tus").header("Upload-Concat", &format!("final;{upload}"));
        let joined = join.header("Upload-Metadata", &to("b.bin")).body("").send();
        let expected = match stranger {
            "leser" => 403,
            _ => 404,
        };
        joined.expect(expected);
        if stranger != "fremd" {
            let begin =
                request("POST", "/tus").header("Upload-Length", "3").header("Upload-Metadata", &to("b"));
            begin.body("").send().expect(expected);
            let begin = request("POST", &file("")).header("Upload-Length", "3");
            let begin = begin.header("Upload-Metadata", &metadata(&[("filename", "b")]));
            begin.body("").send().expect(expected);
        }
    }
    // The right may go while the upload is under way; its bytes stay.
    patch(&server, &upload, 0, b"ab", &[]).expect(204);
    server.cli_ok(["grant", "staff", SPACE, "read"]);
    head(&server, &upload).expect(403);
    patch(&server, &upload, 2, b"c", &[]).expect(403);
    server.cli_ok(["revoke", "staff", SPACE]);
    head(&server, &upload).expect(404);
    server.cli_ok(["grant", "staff", SPACE, "write"]);
    patch(&server, &upload, 2, b"c", &[]).expect(204);
    assert_content(&server, "a.bin", b"abc");
    // An upload of another protocol is none of this one.
    server.request("MKCOL", "/remote.php/dav/uploads/staff/7").send().expect(201);
}

#[test]
fn a_folder_of_the_tree_takes_uploads_as_well() {
    let server = TestServer::start_plain();
    server.request("MKCOL", &file("folder")).send().expect(201);
    let said = metadata(&[("filename", "a b.bin"), ("mtime", "1600000000")]);
    for folder in ["/dav/space/folder/", "/dav/space/folder", "/remote.php/dav/files/staff/space/folder/"] {
        let request = tus(&server, "POST", folder).header("Upload-Length", "3");
        let begun = request.header("Upload-Metadata", &said).body("").send().expect(201);
        let upload = begun.header("location").unwrap();
        assert!(upload.starts_with("/tus/"), "{upload}");
        patch(&server, upload, 0, b"abc", &[]).expect(204);
        assert_content(&server, "folder/a%20b.bin", b"abc");
        server.request("DELETE", &file("folder/a%20b.bin")).send().expect(204);
    }
    let begin = |target: &str, said: &str| {
        let request = tus(&server, "POST", target).header("Upload-Length", "3");
        request.header("Upload-Metadata", said).body("").send()
    };
    begin("/dav/space/folder/", "").expect(400);
    begin("/dav/space/folder/", &metadata(&[("filename", "a/b")])).expect(400);
    begin("/dav/space/none/", &said).expect(409);
    begin("/dav/none/", &said).expect(404);
    begin("/dav/", &said).expect(405);
    begin("/remote.php/dav/files/fremd/space/", &said).expect(404);
    // Without the protocol's name it is a plain request.
    server.request("POST", "/dav/space/folder/").body("").send().expect(405);
}

#[test]
fn one_user_has_no_more_room_than_the_quota_leaves() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "set", SPACE, "--quota", "1MiB"]);
    let said = to("a.bin");
    post(&server, &[("Upload-Length", "2000000"), ("Upload-Metadata", &said)]).expect(507);
    let upload = begin(&server, "a.bin", 1_000_000);
    // Reserved from its beginning, free with its end.
    post(&server, &[("Upload-Length", "1000000"), ("Upload-Metadata", &said)]).expect(507);
    tus(&server, "DELETE", &upload).send().expect(204);
    begin(&server, "a.bin", 1_000_000);
}
