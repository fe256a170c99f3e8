//! "Resumable Uploads for HTTP", request by request, in every draft's words.

use std::io::{BufReader, Write};

use data_encoding::{BASE64, HEXLOWER};

use crate::resumable::ietf::{
    PART, VERSIONS, assert_says, begin, completes, ietf, offset, patch, problem, put,
};
use crate::resumable::raw::{begin_request, next_head, value};
use crate::resumable::tus::{assert_absent, assert_content, file, number, with};
use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::server::{PASSWORD, SPACE};

fn digest_of(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(&HEXLOWER.decode(sha256(bytes).as_bytes()).unwrap()))
}

#[test]
fn every_draft_uploads_in_parts_without_104() {
    let server = TestServer::start_plain();
    let whole = bytes(1, 900_000);
    for version in VERSIONS {
        let path = format!("{version}.bin");
        let begun = put(&server, version, &path, false).body("").send().expect(201);
        assert!(begun.interim.iter().all(|status| *status == 104), "{begun}");
        assert_says(&begun, version, false);
        assert_eq!(begun.header("upload-draft-interop-version"), Some(version.to_string().as_str()));
        let limit = begun.header("upload-limit").unwrap();
        assert!(limit.starts_with("max-size=5368709120000, max-age=604"), "{limit}");
        let upload = begun.header("location").unwrap();
        assert!(upload.starts_with("/uploads/") && upload.len() == 41, "{upload}");

        let told = ietf(&server, version, "HEAD", upload).send().expect(204);
        assert_says(&told, version, false);
        assert_eq!(told.header("cache-control"), Some("no-store"));
        assert!(told.header("upload-length").is_none() && told.header("upload-limit").is_some());
        assert_eq!(number(&told, "upload-offset"), 0);
        let appended = patch(&server, version, upload, (0, &whole[..300_000]), false, &[]).expect(204);
        assert_says(&appended, version, false);
        assert_eq!(number(&appended, "upload-offset"), 300_000);
        // A client that does not name its draft gets an answer in the one that the upload began with.
        let told = server.request("HEAD", upload).send().expect(204);
        assert_says(&told, version, false);
        patch(&server, version, upload, (300_000, b""), false, &[]).expect(204);
        assert_absent(&server, &path);
        let done = patch(&server, version, upload, (300_000, &whole[300_000..]), true, &[]).expect(201);
        assert_says(&done, version, true);
        assert_content(&server, &path, &whole);
        let read = server.request("HEAD", &file(&path)).send().expect(200);
        assert_eq!(done.header("etag"), read.header("etag"));
        // Its client may not have heard the answer.
        let told = ietf(&server, version, "HEAD", upload).send().expect(204);
        assert_says(&told, version, true);
        assert_eq!((number(&told, "upload-offset"), number(&told, "upload-length")), (900_000, 900_000));
        let again = patch(&server, version, upload, (900_000, b""), true, &[]).expect(410);
        assert_eq!(problem(&again).0, "completed-upload");
        let again = patch(&server, version, upload, (900_000, b"x"), true, &[]).expect(400);
        assert_eq!(problem(&again).0, "inconsistent-upload-length");
        // The answer names the next version of a file as such.
        let upload = begin(&server, version, &path);
        patch(&server, version, &upload, (0, b"new"), true, &[]).expect(204);
        assert_content(&server, &path, b"new");
    }
}

#[test]
fn a_client_hears_where_to_go_on_before_its_body_is_there() {
    for server in [TestServer::start_plain(), TestServer::start()] {
        let whole = bytes(2, 700_000);
        for version in VERSIONS {
            for method in ["PUT", "POST"] {
                let (name, complete) = completes(version, true);
                let spoken = format!("Upload-Draft-Interop-Version: {version}");
                let lines = [
                    spoken.as_str(),
                    &format!("{name}: {complete}"),
                    "Content-Length: 700000",
                    if method == "POST" { "Expect: 100-continue" } else { "X-Other: 1" },
                ];
                let target = file(&format!("{method}{version}.bin"));
                let line = begin_request(&server, &format!("{method} {target}"), &lines, b"");
                let mut line = BufReader::new(line);
                let (mut status, mut head) = next_head(&mut line);
                if status == 100 {
                    (status, head) = next_head(&mut line);
                }
                assert_eq!(status, 104);
                assert_eq!(value(&head, "upload-draft-interop-version"), Some(version.to_string().as_str()));
                assert!(value(&head, "upload-limit").unwrap().starts_with("max-size="));
                let upload = value(&head, "location").unwrap().to_owned();
                line.get_mut().write_all(&whole).unwrap();
                loop {
                    (status, head) = next_head(&mut line);
                    match status {
                        100 => {}
                        104 => assert_eq!(value(&head, "location"), None),
                        _ => break,
                    }
                }
                assert_eq!(status, 201, "{head:?}");
                assert_eq!(value(&head, &name.to_ascii_lowercase()), Some(complete));
                assert!(value(&head, "etag").is_some() && value(&head, "location").is_none());
                assert_content(&server, &format!("{method}{version}.bin"), &whole);
                assert_says(&ietf(&server, version, "HEAD", &upload).send().expect(204), version, true);
            }
        }
    }
}

#[test]
fn who_names_no_known_version_hears_no_104() {
    let server = TestServer::start_plain();
    let target = file("a.bin");
    for lines in [
        &[("Upload-Complete", "?1")][..],
        &[("Upload-Incomplete", "?0")],
        &[("Upload-Complete", "?1"), ("Upload-Draft-Interop-Version", "9")],
    ] {
        for (method, status) in [("PUT", 201), ("POST", 204)] {
            let stored = with(server.request(method, &target), lines).body("abc").send().expect(status);
            assert!(stored.interim.is_empty(), "{lines:?} {stored}");
            let said = stored.header("upload-complete").or(stored.header("upload-incomplete"));
            assert_eq!(said, Some(lines[0].1), "{stored}");
        }
        assert_content(&server, "a.bin", b"abc");
        server.request("DELETE", &target).send().expect(204);
        assert_eq!(server.request("GET", "/uploads").send().expect(200).text(), "[]");
    }
    let begun = with(server.request("PUT", &target), &[("Upload-Complete", "?0")]).body("ab").send();
    let begun = begun.expect(201);
    assert!(begun.interim.is_empty());
    let upload = begun.header("location").unwrap();
    assert_eq!(offset(&server, upload), 2);
    patch(&server, 8, upload, (2, b"c"), true, &[]).expect(201);
    assert_content(&server, "a.bin", b"abc");
}

#[test]
fn nothing_is_a_file_as_well() {
    let server = TestServer::start_plain();
    let plain = put(&server, 8, "a", true).body("").send().expect(201);
    assert_says(&plain, 8, true);
    assert_content(&server, "a", b"");
    let upload = begin(&server, 6, "b");
    patch(&server, 6, &upload, (0, b""), true, &[]).expect(201);
    assert_content(&server, "b", b"");
}

#[test]
fn offsets_and_lengths_that_contradict_each_other_are_refused_by_name() {
    let server = TestServer::start_plain();
    let upload = begin(&server, 8, "a.bin");
    patch(&server, 8, &upload, (0, b"abc"), false, &[]).expect(204);
    for wrong in [0, 2, 4, 999_999_999_999_999] {
        let refused = patch(&server, 8, &upload, (wrong, b"x"), false, &[]).expect(409);
        assert_eq!(number(&refused, "upload-offset"), 3);
        assert_says(&refused, 8, false);
        let (kind, problem) = problem(&refused);
        assert_eq!((&*kind, &problem["code"]), ("mismatching-upload-offset", &"offset-mismatch".into()));
        assert_eq!((&problem["expected-offset"], &problem["provided-offset"]), (&3.into(), &wrong.into()));
    }
    // Numbers that are none, or too large for one.
    for forged in ["-1", "+3", "3.0", "", "18446744073709551616", "18446744073709551615", "0x3", "3 "] {
        let request = ietf(&server, 8, "PATCH", &upload).header("Upload-Complete", "?0");
        let request = request.header("Content-Type", PART).header("Upload-Offset", forged).body("x");
        let status = if forged == "3 " { 204 } else { 400 };
        request.send().expect(status);
    }
    assert_eq!(offset(&server, &upload), 4);
    for forged in ["-1", "18446744073709551616", "9999999999999999"] {
        patch(&server, 8, &upload, (4, b""), false, &[("Upload-Length", forged)]).expect(400);
    }
    let refused = patch(&server, 8, &upload, (4, b""), false, &[("Upload-Length", "999999999999999")]);
    assert!(refused.header("upload-limit").is_some(), "{refused}");
    refused.expect(413);
    patch(&server, 8, &upload, (4, b"y"), true, &[("Upload-Length", "6")]).expect(400);
    patch(&server, 8, &upload, (4, b"y"), false, &[("Upload-Length", "8")]).expect(204);
    assert_eq!(number(&ietf(&server, 8, "HEAD", &upload).send().expect(204), "upload-length"), 8);
    let refused = patch(&server, 8, &upload, (5, b"y"), false, &[("Upload-Length", "9")]).expect(400);
    assert_eq!(problem(&refused).0, "inconsistent-upload-length");
    patch(&server, 8, &upload, (5, b"zz"), true, &[]).expect(400);
    patch(&server, 8, &upload, (5, b"zzzz"), false, &[]).expect(400);
    assert_eq!(offset(&server, &upload), 5);
    patch(&server, 8, &upload, (5, b"zzz"), false, &[]).expect(204);
    // All is there, but only its client knows that it is the end.
    assert_eq!(offset(&server, &upload), 8);
    patch(&server, 8, &upload, (8, b""), true, &[]).expect(201);
    assert_content(&server, "a.bin", b"abcxyzzz");

    // More than the length, unannounced: the upload is worth nothing any more.
    let begun = put(&server, 8, "b.bin", false).header("Upload-Length", "5").body("").send().expect(201);
    let upload = begun.header("location").unwrap();
    let chunked = |body: &[u8], is_complete| {
        let (name, value) = completes(8, is_complete);
        let request = ietf(&server, 8, "PATCH", upload).header(name, value).header("Content-Type", PART);
        request.header("Upload-Offset", "0").chunks([body]).send()
    };
    let short = chunked(b"", true).expect(400);
    assert_eq!(problem(&short).0, "inconsistent-upload-length");
    assert_eq!(problem(&chunked(b"toolong", true).expect(400)).0, "inconsistent-upload-length");
    ietf(&server, 8, "HEAD", upload).send().expect(404);
    assert_absent(&server, "b.bin");
    // Of an unknown length the last body's end is the end.
    let upload = begin(&server, 8, "c.bin");
    let request = ietf(&server, 8, "PATCH", &upload).header("Upload-Complete", "?1");
    let request = request.header("Content-Type", PART).header("Upload-Offset", "0");
    request.chunks([b"ab".as_slice(), b"c"]).send().expect(201);
    assert_content(&server, "c.bin", b"abc");
}

#[test]
fn what_is_not_understood_is_never_stored_as_the_whole() {
    let server = TestServer::start_plain();
    let target = file("a.bin");
    server.request("PUT", &target).body("the whole file").send().expect(201);
    for lines in [
        &[("Upload-Complete", "0")][..],
        &[("Upload-Complete", "?2")],
        &[("Upload-Complete", "?1"), ("Upload-Complete", "?0")],
        &[("Upload-Complete", "?0;a")],
        &[("Upload-Incomplete", "true")],
        &[("Upload-Complete", "?0"), ("Upload-Draft-Interop-Version", "2")],
        &[("Upload-Complete", "?0"), ("Upload-Draft-Interop-Version", "six")],
        &[("Upload-Complete", "?0"), ("Upload-Draft-Interop-Version", "3")],
        &[("Upload-Incomplete", "?1"), ("Upload-Draft-Interop-Version", "6")],
        &[("Upload-Incomplete", "?1"), ("Upload-Complete", "?1")],
        &[("Upload-Complete", "?0"), ("Content-Range", "bytes 0-3/14")],
        &[("Upload-Complete", "?0"), ("Upload-Length", "-5")],
        &[("Upload-Complete", "?0"), ("Repr-Digest", "sha-256=:x:")],
    ] {
        with(server.request("PUT", &target), lines).body("part").send().expect(400);
    }
    let encoded = [("Upload-Complete", "?0"), ("Content-Encoding", "gzip")];
    with(server.request("PUT", &target), &encoded).body("part").send().expect(415);
    assert_content(&server, "a.bin", b"the whole file");
    assert_eq!(server.request("GET", "/uploads").send().expect(200).text(), "[]");

    // The type of a part, for the drafts that know one.
    for version in VERSIONS {
        let upload = begin(&server, version, "b.bin");
        let (name, value) = completes(version, false);
        for kind in ["application/octet-stream", "", "application/partial-upload; a=b"] {
            let request = ietf(&server, version, "PATCH", &upload).header(name, value);
            let request = request.header("Upload-Offset", "0").header("Content-Type", kind).body("");
            let is_refused = version >= 6 && !kind.starts_with(PART);
            request.send().expect(if is_refused { 415 } else { 204 });
        }
        let incomplete = ietf(&server, version, "PATCH", &upload).header("Content-Type", PART);
        incomplete.header("Upload-Offset", "0").body("").send().expect(400);
        ietf(&server, version, "DELETE", &upload).send().expect(204);
        ietf(&server, version, "DELETE", &upload).send().expect(404);
        ietf(&server, version, "HEAD", &upload).send().expect(404);
    }
}

#[test]
fn what_does_not_match_its_digest_leaves_nothing_behind() {
    let server = TestServer::start_plain();
    let whole = bytes(3, 400_000);
    for (said, status) in [(digest_of(&whole), 201), (digest_of(b"other"), 400)] {
        // At once, and in parts.
        let path = format!("once{status}");
        let once = put(&server, 7, &path, true).header("Repr-Digest", &said).body(whole.clone()).send();
        assert_says(&once, 7, true);
        once.expect(status);
        let begun = put(&server, 8, "parts", false).header("Repr-Digest", &said).body("").send().expect(201);
        let upload = begun.header("location").unwrap();
        patch(&server, 8, upload, (0, &whole[..100_000]), false, &[]).expect(204);
        let done = patch(&server, 8, upload, (100_000, &whole[100_000..]), true, &[]);
        assert_says(&done, 8, true);
        if status == 201 {
            done.expect(201);
            assert_content(&server, "parts", &whole);
            server.request("DELETE", &file("parts")).send().expect(204);
        } else {
            assert!(done.text().contains("checksum"), "{done}");
            done.expect(400);
            ietf(&server, 8, "HEAD", upload).send().expect(404);
            assert_absent(&server, "parts");
            assert_absent(&server, &path);
        }
    }
    // A part's own digest.
    let upload = begin(&server, 8, "parts");
    for (said, status, expected) in [(digest_of(b"other"), 400, 0), (digest_of(b"abc"), 204, 3)] {
        let answer = patch(&server, 8, &upload, (0, b"abc"), false, &[("Content-Digest", &said)]);
        assert_ne!(answer.header("upload-complete"), Some("?1"), "{answer}");
        answer.expect(status);
        assert_eq!(offset(&server, &upload), expected);
    }
}

#[test]
fn conditions_and_locks_of_the_beginning_hold_at_the_end() {
    let server = TestServer::start_plain();
    let start =
        |path: &str, headers: &[(&str, &str)]| with(put(&server, 8, path, false), headers).body("").send();
    server.request("PUT", &file("a")).body("old").send().expect(201);
    start("a", &[("If-None-Match", "*")]).expect(412);
    start("a", &[("If-Match", "\"other\"")]).expect(412);
    // Another file of that name came meanwhile.
    let begun = start("b", &[("If-None-Match", "*")]).expect(201);
    let upload = begun.header("location").unwrap();
    server.request("PUT", &file("b")).body("theirs").send().expect(201);
    let refused = patch(&server, 8, upload, (0, b"ours"), true, &[]).expect(412);
    assert_says(&refused, 8, false);
    assert_eq!(number(&refused, "upload-offset"), 4);
    assert_content(&server, "b", b"theirs");
    // The client may decide otherwise, or give up.
    let etag = server.request("HEAD", &file("b")).send().expect(200).header("etag").unwrap().to_owned();
    patch(&server, 8, upload, (4, b""), true, &[("If-Match", "\"other\"")]).expect(412);
    patch(&server, 8, upload, (4, b""), true, &[("If-Match", &etag)]).expect(204);
    assert_content(&server, "b", b"ours");

    let info = r#"<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>"#;
    let unlocked = start("locked", &[]).expect(201);
    let locked = server.request("LOCK", &file("locked")).xml(info).send().expect(201);
    let token = locked.header("lock-token").unwrap();
    let tagged = format!("<{}> ({token})", file("locked"));
    start("locked", &[]).expect(423);
    let begun = start("locked", &[("If", &tagged)]).expect(201);
    patch(&server, 8, begun.header("location").unwrap(), (0, b"mine"), true, &[]).expect(204);
    assert_content(&server, "locked", b"mine");
    // Refused at its end, it waits.
    let upload = unlocked.header("location").unwrap();
    let refused = patch(&server, 8, upload, (0, b"late"), true, &[]).expect(423);
    assert_says(&refused, 8, false);
    assert_eq!(offset(&server, upload), 4);
    patch(&server, 8, upload, (4, b""), true, &[("If", &tagged)]).expect(204);
    assert_content(&server, "locked", b"late");
}

#[test]
fn every_address_of_the_tree_begins_uploads_where_files_may_lie() {
    let server = TestServer::start_plain();
    for top in ["/dav", "/remote.php/webdav", "/remote.php/dav/files/staff"] {
        let start = |path: &str| {
            let request = ietf(&server, 8, "PUT", &format!("{top}/{path}"));
            request.header("Upload-Complete", "?0").header("X-OC-Mtime", "1600000000").body("").send()
        };
        let begun = start("space/a%20b.bin").expect(201);
        patch(&server, 8, begun.header("location").unwrap(), (0, b"abc"), true, &[]).expect(201);
        assert_content(&server, "a%20b.bin", b"abc");
        let read = server.request("HEAD", &file("a%20b.bin")).send().expect(200);
        assert_eq!(read.header("last-modified"), Some("Sun, 13 Sep 2020 12:26:40 GMT"));
        server.request("DELETE", &file("a%20b.bin")).send().expect(204);
        for (path, status) in [("space/none/a", 409), ("none/a", 404), ("space/", 405), ("", 405)] {
            start(path).expect(status);
        }
        let told = server.request("OPTIONS", &format!("{top}/space/")).send().expect(200);
        assert_eq!(told.header("accept-patch"), Some(PART));
        assert_eq!(told.header("upload-limit"), Some("max-size=5368709120000, max-age=604800"));
    }
    let foreign = ietf(&server, 8, "PUT", "/remote.php/dav/files/other/space/a");
    foreign.header("Upload-Complete", "?0").body("").send().expect(404);
    let told = server.anonymous("OPTIONS", "/uploads/x").send().expect(204);
    assert!(told.header("upload-limit").is_some() && told.header("allow").unwrap().contains("PATCH"));
    server.anonymous("GET", "/uploads").send().expect(401);
    server.request("POST", "/uploads").body("").send().expect(405);
    server.request("GET", "/uploads/000102030405060708090a0b0c0d0e0f").send().expect(405);
}

#[test]
fn uploads_are_their_users_and_their_doors() {
    let server = TestServer::start_plain();
    let upload = begin(&server, 8, "a.bin");
    server.add_member("fremd", "staff", "write");
    server.add_member("leser", "staff", "read");
    for stranger in ["fremd", "leser"] {
        for method in ["HEAD", "PATCH", "DELETE"] {
            let request = ietf(&server, 8, method, &upload).sign_in(stranger, PASSWORD);
            request.body("").send().expect(404);
        }
    }
    put(&server, 8, "b", false).sign_in("leser", PASSWORD).body("").send().expect(403);
    assert_eq!(server.request("GET", "/uploads").sign_in("fremd", PASSWORD).send().expect(200).text(), "[]");
    // The right may go while the upload is under way.
    patch(&server, 8, &upload, (0, b"ab"), false, &[]).expect(204);
    server.cli_ok(["grant", "staff", SPACE, "read"]);
    ietf(&server, 8, "HEAD", &upload).send().expect(403);
    patch(&server, 8, &upload, (2, b"c"), true, &[]).expect(403);
    server.cli_ok(["grant", "staff", SPACE, "write"]);

    // No protocol continues an upload that another one began.
    let other = crate::resumable::tus::begin(&server, "t.bin", 3);
    let id = other.strip_prefix("/tus/").unwrap();
    ietf(&server, 8, "HEAD", &format!("/uploads/{id}")).send().expect(404);
    patch(&server, 8, &format!("/uploads/{id}"), (0, b"abc"), true, &[]).expect(404);
    crate::resumable::tus::head(&server, &upload.replace("/uploads/", "/tus/")).expect(404);
    patch(&server, 8, &upload, (2, b"c"), true, &[]).expect(201);
    assert_content(&server, "a.bin", b"abc");
}

#[test]
fn people_see_and_end_their_own_uploads_by_every_door() {
    let server = TestServer::start_plain();
    let tus = crate::resumable::tus::begin(&server, "t.bin", 300);
    crate::resumable::tus::patch(&server, &tus, 0, b"abc", &[]).expect(204);
    let upload = begin(&server, 8, "folder-less.bin");
    server.request("MKCOL", "/remote.php/dav/uploads/staff/7").send().expect(201);
    let list = || -> Vec<serde_json::Value> {
        let listed = server.request("GET", "/uploads").send().expect(200);
        assert_eq!(listed.header("content-type"), Some("application/json"));
        serde_json::from_slice(&listed.body).unwrap()
    };
    let listed = list();
    assert_eq!(listed.len(), 3, "{listed:?}");
    let of = |protocol: &str| listed.iter().find(|one| one["protocol"] == protocol).unwrap();
    assert_eq!(of("tus")["id"], tus.strip_prefix("/tus/").unwrap());
    assert_eq!((&of("tus")["received"], &of("tus")["length"]), (&3.into(), &300.into()));
    assert_eq!((&of("tus")["space"], &of("tus")["path"]), (&SPACE.into(), &"t.bin".into()));
    assert_eq!(of("ietf")["id"], upload.strip_prefix("/uploads/").unwrap());
    assert!(of("ietf")["length"].is_null() && of("ietf")["path"] == "folder-less.bin");
    for one in &listed {
        let time =
            |key: &str| one[key].as_str().unwrap().parse::<tresor::model::Timestamp>().unwrap().as_secs();
        let week = time("expires") - time("created");
        assert!((604_800..604_900).contains(&week), "{one}");
        let id = one["id"].as_str().unwrap();
        let address = format!("/uploads/{id}");
        server
            .request("DELETE", &address)
            .sign_in("admin", crate::support::server::ADMIN_PASSWORD)
            .send()
            .expect(404);
        server.request("DELETE", &address).send().expect(204);
        server.request("DELETE", &address).send().expect(404);
    }
    assert!(list().is_empty());
    crate::resumable::tus::head(&server, &tus).expect(404);
}
