//! PUT: checksums, lengths, quota, races, and the earlier contents that it leaves.

use std::collections::BTreeSet;

use crate::http::fixture::{Folder, assert_alive};
use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::multistatus::Multistatus;
use crate::support::server::{SPACE, USER};

/// `hello` by each algorithm that clients name.
const CHECKSUMS: [&str; 4] = [
    "SHA256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
    "MD5:5d41402abc4b2a76b9719d911017c592",
    "ADLER32:062c0215",
];

#[test]
fn a_checksum_that_is_wrong_stores_nothing() {
    let folder = Folder::new("checksum");
    folder.put("alt.txt", "before");
    let tag = folder.etag("alt.txt");
    for right in CHECKSUMS {
        let put = |name: &str, checksum: &str, body: &str| {
            folder.request("PUT", name).header("OC-Checksum", checksum).body(body).send().status
        };
        for name in ["neu.txt", "alt.txt"] {
            assert_eq!(put(name, right, "hellp"), 400, "{right}");
            assert_eq!(put(name, right, ""), 400, "{right}");
            assert_eq!(put(name, &right[..right.len() - 2], "hello"), 400, "{right}");
        }
        assert_eq!(folder.status("GET", "neu.txt"), 404, "{right}");
        assert_eq!(folder.get("alt.txt"), b"before", "{right}");
        assert_eq!(folder.etag("alt.txt"), tag, "{right}");
        assert_eq!(put("neu.txt", &right.to_lowercase(), "hello"), 201, "{right}");
        let chunks =
            folder.request("PUT", "neu.txt").header("OC-Checksum", right).chunks([&b"hel"[..], b"lo"]);
        chunks.send().expect(204);
        folder.request("DELETE", "neu.txt").send().expect(204);
    }
    // Of several, and of unknown kinds, those that we know count.
    let put = |value: &str| {
        folder.request("PUT", "neu.txt").header("OC-Checksum", value).body("hello").send().status
    };
    assert_eq!(put("CRC32:00000000"), 201);
    assert_eq!(put("CRC32:00000000 MD5:00000000000000000000000000000000"), 400);
    assert_eq!(put("Unsinn"), 400);
}

#[test]
fn lengths_that_do_not_match_store_nothing() {
    let folder = Folder::new("length");
    let chunks = |header: &str, value: &str| {
        folder.request("PUT", "datei.txt").header(header, value).chunks([&b"hello"[..]]).send().status
    };
    for header in ["X-Expected-Entity-Length", "OC-Total-Length"] {
        assert_eq!(chunks(header, "4"), 400, "{header}");
        assert_eq!(chunks(header, "6"), 400, "{header}");
        assert_eq!(chunks(header, "-1"), 400, "{header}");
        assert_eq!(chunks(header, "viele"), 400, "{header}");
        assert_eq!(folder.status("GET", "datei.txt"), 404, "{header}");
        assert_eq!(chunks(header, "5"), 201, "{header}");
        folder.request("DELETE", "datei.txt").send().expect(204);
    }
    let contradiction = folder.request("PUT", "datei.txt").header("OC-Total-Length", "6").body("hello");
    contradiction.send().expect(400);
    let part = folder.request("PUT", "datei.txt").header("Content-Range", "bytes 0-4/9").body("hello");
    part.send().expect(400);
    let packed = folder.request("PUT", "datei.txt").header("Content-Encoding", "gzip").body("hello");
    packed.send().expect(415);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_broken_upload_leaves_the_old_content() {
    let folder = Folder::new("broken");
    folder.put("datei.txt", "before");
    let tag = folder.etag("datei.txt");
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {}\r\n",
        folder.target("datei.txt"),
        folder.server.endpoint().address,
        data_encoding::BASE64.encode(format!("{USER}:{}", crate::support::server::PASSWORD).as_bytes())
    );
    for rest in
        ["Content-Length: 100000\r\n\r\nonly this", "Transfer-Encoding: chunked\r\n\r\n5\r\nonly \r\n"]
    {
        let mut connection = folder.server.endpoint().connect();
        std::io::Write::write_all(&mut connection, format!("{head}{rest}").as_bytes()).unwrap();
        drop(connection);
    }
    assert_eq!(folder.get("datei.txt"), b"before");
    assert_eq!(folder.etag("datei.txt"), tag);
    folder.put("datei.txt", "after");
    assert_alive(&folder.server);
}

#[test]
fn a_full_space_says_so_before_the_body() {
    let server = TestServer::start_plain();
    server.add_space("eng", ["--kind", "client", "--quota", "100000B"], "write");
    let dav = |method: &str, name: &str| server.request(method, &format!("/dav/eng/{name}"));
    let quota = || {
        let body = r#"<D:propfind xmlns:D="DAV:"><D:prop><D:quota-used-bytes/><D:quota-available-bytes/></D:prop></D:propfind>"#;
        let listing = Multistatus::of(&dav("PROPFIND", "").header("Depth", "0").xml(body).send());
        let number = |name: &str| listing.0[0].text(name).unwrap().parse::<u64>().unwrap();
        (number("{DAV:}quota-used-bytes"), number("{DAV:}quota-available-bytes"))
    };
    dav("PUT", "a.bin").body(bytes(1, 60_000)).send().expect(201);
    assert_eq!(quota(), (60_000, 40_000));

    let refused = dav("PUT", "b.bin").body(bytes(2, 40_001)).expect_continue().send();
    assert_eq!((refused.status, refused.interim.as_slice()), (507, &[][..]), "{refused}");
    assert!(refused.text().contains("quota-not-exceeded"), "{refused}");
    for header in ["X-Expected-Entity-Length", "OC-Total-Length"] {
        let refused = dav("PUT", "b.bin").header(header, "40001").chunks([&bytes(2, 40_001)[..]]);
        let refused = refused.expect_continue().send();
        assert_eq!((refused.status, refused.interim.as_slice()), (507, &[][..]), "{header}: {refused}");
    }
    let long = bytes(2, 70_000);
    dav("PUT", "b.bin").chunks(long.chunks(10_000)).send().expect(507);
    dav("COPY", "a.bin").header("Destination", "/dav/eng/fehlt/x").send().expect(409);
    dav("GET", "b.bin").send().expect(404);
    assert_eq!(quota(), (60_000, 40_000));
    dav("PUT", "b.bin").body(bytes(2, 40_000)).send().expect(201);
    assert_eq!(quota(), (100_000, 0));
    dav("PUT", "c.bin").body("x").send().expect(507);
    dav("PUT", "leer.bin").body("").send().expect(201);
    // From another space too.
    server.request("PUT", &format!("/dav/{SPACE}/x.bin")).body("x").send().expect(201);
    for method in ["COPY", "MOVE"] {
        let carry = server.request(method, &format!("/dav/{SPACE}/x.bin"));
        carry.header("Destination", "/dav/eng/x.bin").send().expect(507);
    }
    server.request("GET", &format!("/dav/{SPACE}/x.bin")).send().expect(200);
    // Many at once never pass it together.
    server.cli_ok(["space", "set", "eng", "--quota", "150000B"]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let put = |n: u64| dav("PUT", &format!("gleichzeitig-{n}.bin")).body(bytes(n, 20_000)).send().status;
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || put(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 2, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 507).count(), 6, "{statuses:?}");
    assert_eq!(quota(), (140_000, 10_000));
}

/// The past filled the quota: after some saves every further one was refused, and deleting freed nothing.
#[test]
fn the_past_has_a_bound_of_its_own_that_the_owner_sees_and_sets() {
    let server = TestServer::start_plain();
    server.add_space("eng", ["--kind", "client", "--quota", "5000B", "--history", "9000B"], "write");
    let dav = |method: &str, name: &str| server.request(method, &format!("/dav/eng/{name}"));
    let listed = || {
        let spaces: Vec<serde_json::Value> =
            serde_json::from_str(&server.cli_ok(["space", "list", "--json"])).unwrap();
        let eng = spaces.into_iter().find(|space| space["name"] == "eng").unwrap();
        ["used_bytes", "quota_bytes", "history_bytes", "history_limit_bytes"]
            .map(|key| eng[key].as_u64().unwrap())
    };
    dav("PUT", "db").body(bytes(1, 4_000)).send().expect(201);
    for number in 2..8 {
        dav("PUT", "db").body(bytes(number, 4_000)).send().expect(204);
    }
    assert_eq!(listed(), [4_000, 5_000, 12_000, 9_000]);
    let refused = dav("PUT", "other").body(bytes(1, 2_000)).send().expect(507);
    assert!(
        refused.text().contains("the files in this space have used up its quota; delete some"),
        "{refused}"
    );
    assert_eq!(listed()[2], 8_000, "the oldest went before something new was stored");
    dav("DELETE", "db").send().expect(204);
    dav("PUT", "other").body(bytes(1, 2_000)).send().expect(201);
    server.cli_ok(["space", "set", "eng", "--history", "0B"]);
    assert_eq!(listed(), [2_000, 5_000, 8_000, 5_000]);
    assert!(server.cli_ok(["verify"]).contains("nothing is wrong"));
}

#[test]
fn fifty_writers_leave_one_whole_content_and_all_the_earlier_ones() {
    let folder = Folder::new("fifty");
    let content = |writer: usize| format!("writer {writer:02} ").repeat(8_000).into_bytes();
    std::thread::scope(|scope| {
        for thread in 0..10 {
            let (folder, content) = (&folder, &content);
            scope.spawn(move || {
                for writer in (thread * 5)..(thread * 5 + 5) {
                    folder.put("datei.txt", content(writer));
                }
            });
        }
    });
    let hashes: BTreeSet<String> = (0..50).map(|writer| sha256(&content(writer))).collect();
    let current = sha256(&folder.get("datei.txt"));
    assert!(hashes.contains(&current), "the content is nobody's");

    // Hashes of earlier contents may be computed a moment after the commit.
    let mut versions = Vec::new();
    crate::support::process::eventually("all hashes are known", std::time::Duration::from_mins(1), || {
        let json = folder.server.cli_ok(["versions", "list", SPACE, "fifty/datei.txt", "--json"]);
        versions = serde_json::from_str::<Vec<serde_json::Value>>(&json).unwrap();
        versions.iter().all(|version| version["sha256"].is_string())
    });
    let found: BTreeSet<String> =
        versions.iter().map(|version| version["sha256"].as_str().unwrap().to_owned()).collect();
    assert_eq!((versions.len(), found), (50, hashes));
    let newest: Vec<_> = versions.iter().filter(|version| version["current"] == true).collect();
    assert_eq!(newest.len(), 1);
    assert_eq!(newest[0]["sha256"], current.as_str());
    assert_eq!(versions[0]["current"], true, "newest first");
    // The one before comes back whole.
    let (earlier, hash) = (versions[25]["version"].to_string(), versions[25]["sha256"].as_str().unwrap());
    folder.server.cli_ok(["versions", "restore", SPACE, "fifty/datei.txt", &earlier]);
    assert_eq!(sha256(&folder.get("datei.txt")), hash);
}

/// The body may take hours; a user who is shut out meanwhile stores nothing.
#[test]
fn an_upload_by_somebody_shut_out_meanwhile_is_not_stored() {
    use std::io::{Read, Write};

    let server = TestServer::start_plain();
    let credentials = format!("{USER}:{}", crate::support::server::PASSWORD);
    let mut connection = server.endpoint().connect();
    let head = format!(
        "PUT /dav/space/spaet.txt HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {}\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n",
        server.endpoint().address,
        data_encoding::BASE64.encode(credentials.as_bytes())
    );
    connection.write_all(head.as_bytes()).unwrap();
    // The server has let the upload begin once it asks for the body.
    let mut asked = [0; 25];
    connection.read_exact(&mut asked).unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100"), "{}", asked.escape_ascii());
    server.cli_ok(["revoke", USER, "space"]);
    connection.write_all(b"too late").unwrap();
    let mut status = [0; 12];
    connection.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 404");
    server.cli_ok(["grant", USER, "space", "write"]);
    server.request("GET", "/dav/space/spaet.txt").send().expect(404);
}

#[test]
fn a_whole_file_whose_lengths_contradict_each_other_changes_nothing() {
    let folder = Folder::new("contradicting-lengths");
    folder.request("PUT", "a.txt").body("before").send().expect(201);
    for (name, value) in [
        ("Upload-Length", "7"),
        ("Upload-Length", "2"),
        ("Upload-Length", "-1"),
        ("Upload-Length", "x"),
        ("Upload-Offset", "3"),
        ("OC-Total-Length", "7"),
    ] {
        for version in [None, Some("6"), Some("8")] {
            let put = folder.request("PUT", "a.txt").header("Upload-Complete", "?1").header(name, value);
            let put = version
                .into_iter()
                .fold(put, |put, version| put.header("Upload-Draft-Interop-Version", version));
            if !(name == "OC-Total-Length" && version.is_some()) {
                put.body("abc").send().expect(400);
            }
        }
    }
    assert_eq!(folder.request("GET", "a.txt").send().expect(200).text(), "before");
    let right = folder.request("PUT", "a.txt").header("Upload-Complete", "?1").header("Upload-Length", "3");
    right.body("abc").send().expect(204);
}
