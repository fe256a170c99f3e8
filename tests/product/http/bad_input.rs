//! Input that breaks parsers and limits: the answer is exact and the server lives on.

use std::sync::Arc;

use crate::http::fixture::{EXCLUSIVE, Folder, SHARED, assert_alive, shared_with, token};
use crate::support::TestServer;
use crate::support::http::Response;
use crate::support::multistatus::Multistatus;
use crate::support::process::Outcome;

/// The part of an XML body that the server reads.
const MAX_XML: usize = 64 * 1024;

/// Sends a body with every method that reads XML.
fn with_every_reader(folder: &Folder, body: &str) -> Vec<(&'static str, Response)> {
    ["PROPFIND", "PROPPATCH", "LOCK"]
        .map(|method| (method, folder.request(method, "datei.txt").header("Depth", "0").xml(body).send()))
        .into()
}

fn folder_with_file(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.put("datei.txt", "content");
    folder
}

#[track_caller]
fn assert_refused(folder: &Folder, body: &str, status: u16) {
    for (method, response) in with_every_reader(folder, body) {
        assert_eq!(response.status, status, "{method}\n{response}");
        assert!(!response.text().contains("root:"), "{response}");
    }
    assert_alive(&folder.server);
    assert_eq!(folder.get("datei.txt"), b"content");
}

#[test]
fn deeply_nested_xml_gets_400() {
    let folder = folder_with_file("nested-xml");
    // 9,000 levels once ended a WebDAV server with a stack overflow.
    let nested = format!("{}{}", "<a>".repeat(9_000), "</a>".repeat(9_000));
    assert!(nested.len() <= MAX_XML);
    assert_refused(&folder, &nested, 400);
    assert_refused(&folder, &"<a>".repeat(21_000), 400);
    let inside = |depth: usize| {
        let (open, close) = ("<x>".repeat(depth), "</x>".repeat(depth));
        format!(
            r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>{open}{close}</D:prop></D:set></D:propertyupdate>"#
        )
    };
    let patch = |depth| folder.request("PROPPATCH", "datei.txt").xml(&inside(depth)).send().status;
    assert_eq!(patch(29), 207, "32 levels are read");
    assert_eq!(patch(30), 400);
}

#[test]
fn document_types_and_entities_get_400() {
    let folder = folder_with_file("document-types");
    let find = r#"<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>"#;
    for body in [
        format!("<!DOCTYPE D:propfind>{find}"),
        format!(r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>{find}"#),
        r#"<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><D:propfind xmlns:D="DAV:">&e;</D:propfind>"#.to_owned(),
        r#"<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>"#.to_owned(),
        r#"<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><l>&c;</l>"#.to_owned(),
        r#"<D:propfind xmlns:D="DAV:"><D:prop><D:getetag>&xxe;</D:getetag></D:prop></D:propfind>"#.to_owned(),
        "<a".to_owned(),
        "<D:propfind/>".to_owned(),
        "\u{0}".to_owned(),
        format!("{find}{find}"),
    ] {
        assert_refused(&folder, &body, 400);
    }
}

#[test]
fn floods_of_attributes_elements_and_namespaces_get_400() {
    let folder = folder_with_file("xml-floods");
    let attributes = |count: usize| (0..count).fold(String::new(), |all, n| format!("{all} a{n}=''"));
    // More than fits is not even read.
    let flood = format!("<D:propfind xmlns:D='DAV:' {}/>", "a='' ".repeat(100_000));
    assert_refused(&folder, &flood, 413);
    assert_refused(&folder, &format!("<D:propfind xmlns:D='DAV:'{}/>", attributes(7_000)), 400);
    assert_refused(
        &folder,
        &format!("<D:propfind xmlns:D='DAV:'{}><D:allprop/></D:propfind>", attributes(32)),
        400,
    );
    let names = (0..2_000).fold(String::new(), |all, n| format!("{all} xmlns:n{n}='u{n}'"));
    assert_refused(&folder, &format!("<D:propfind xmlns:D='DAV:'{names}/>"), 400);
    assert_refused(
        &folder,
        &format!("<D:propfind xmlns:D='DAV:'>{}</D:propfind>", "<b/>".repeat(5_000)),
        400,
    );
    let few = format!("<D:propfind xmlns:D='DAV:'{}><D:allprop/></D:propfind>", attributes(31));
    folder.request("PROPFIND", "datei.txt").header("Depth", "0").xml(&few).send().expect(207);
}

#[test]
fn bodies_above_64_kib_get_413() {
    let folder = folder_with_file("large-xml");
    let find = r#"<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>"#;
    let padded = |length: usize| format!("{find}{}", " ".repeat(length - find.len()));
    folder.request("PROPFIND", "").header("Depth", "0").xml(&padded(MAX_XML)).send().expect(207);
    assert_refused(&folder, &padded(MAX_XML + 1), 413);
    assert_refused(&folder, &padded(10 * MAX_XML), 413);
    for method in ["PROPFIND", "PROPPATCH", "LOCK"] {
        let endless = padded(2 * MAX_XML);
        let pieces = endless.as_bytes().chunks(1_000);
        folder.request(method, "datei.txt").header("Depth", "0").chunks(pieces).send().expect(413);
        // Announced, it is refused before it is sent.
        let asked = folder.request(method, "datei.txt").body(endless.clone()).expect_continue().send();
        assert_eq!((asked.status, asked.interim), (413, vec![]), "{method}");
    }
    folder.request("MKCOL", "neu").body("x").send().expect(415);
    assert_eq!(folder.names(), ["datei.txt"]);
}

/// A tree that is too large for one answer is refused before the first byte; clients then list one folder at a
/// time. One that fits is listed.
#[test]
fn listing_without_end_is_refused() {
    let server = shared_with("[limits]\nmax_listing_entries = 6\n");
    let folder = Folder::on(server, "endless-listing");
    folder.put("datei.txt", "x");
    let ask = |path: &str, depth: Option<&str>| {
        let request = folder.server.request("PROPFIND", path);
        depth.into_iter().fold(request, |request, depth| request.header("Depth", depth)).send()
    };
    for name in ["a/", "a/b/", "a/b/c/"] {
        folder.make_folder(name);
    }
    folder.put("a/b/c/d", "x");
    let at_the_limit = ask(&folder.path, Some("infinity")).expect(207);
    assert_eq!(Multistatus::of(&at_the_limit).0.len(), 6);
    folder.put("a/b/c/e", "x");
    for path in [folder.path.clone(), "/dav/".to_owned(), "/dav/space/".to_owned()] {
        for depth in [Some("infinity"), Some("Infinity"), None] {
            let response = ask(&path, depth).expect(403);
            assert!(response.text().contains("propfind-finite-depth"), "{response}");
        }
        ask(&path, Some("1")).expect(207);
    }
    for depth in ["2", "-1", "", "1, 0", "\u{b2}"] {
        folder.request("PROPFIND", "").header("Depth", depth).send().expect(400);
    }
    // A file has no depth.
    let file = folder.request("PROPFIND", "datei.txt").send();
    assert_eq!(Multistatus::of(&file).0.len(), 1);
    assert_alive(&folder.server);
}

#[test]
fn thousands_of_ranges_get_the_whole_file() {
    let folder = Folder::new("many-ranges");
    let content: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    folder.put("datei.bin", content.clone());
    let ranges = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| format!("{}-{}", n * 3, n * 3)).collect();
        format!("bytes={}", list.join(","))
    };
    let get = |ranges: &str| folder.request("GET", "datei.bin").header("Range", ranges).send();
    assert_eq!(
        get(&ranges(16)).expect(206).header("content-type").map(|t| t.starts_with("multipart/")),
        Some(true)
    );
    for count in [17, 500, 2_000] {
        assert_eq!(get(&ranges(count)).expect(200).body, content, "{count}");
    }
    // Ten thousand do not fit into a head.
    assert_eq!(get(&ranges(10_000)).status, 431);
    assert_alive(&folder.server);
}

#[test]
fn overlapping_ranges_never_multiply_a_file() {
    let folder = Folder::new("overlapping-ranges");
    let content: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    folder.put("datei.bin", content.clone());
    let get = |ranges: &str| folder.request("GET", "datei.bin").header("Range", ranges).send();
    for ranges in ["bytes=0-,0-,0-,0-,0-", "bytes=0-99999,0-99999,0-0", "bytes=-100000,-100000,-1"] {
        assert_eq!(get(ranges).expect(200).body, content, "{ranges}");
    }
    let merged = get("bytes=0-99,50-149,150-199").expect(206);
    assert_eq!(merged.header("content-range"), Some("bytes 0-199/100000"));
    assert_eq!(merged.body, &content[..200]);
    let twice = get("bytes=0-,0-").expect(206);
    assert_eq!(twice.header("content-range"), Some("bytes 0-99999/100000"));
    assert_eq!(twice.body, content);
    assert_alive(&folder.server);
}

#[test]
fn if_headers_that_are_too_long_or_broken_get_400() {
    let folder = folder_with_file("broken-if");
    let long = format!("(<urn:{}>)", "x".repeat(8 * 1024));
    let many = "(<a>)".repeat(1_001);
    let just_enough = "(<a>)".repeat(1_000);
    for method in ["PUT", "DELETE", "PROPPATCH", "LOCK", "MOVE"] {
        let send = |value: &str| {
            let request = folder.request(method, "datei.txt").header("If", value);
            let request = request.header("Destination", &folder.target("anders.txt"));
            request.body(if method == "PROPPATCH" { PROPPATCH } else { "" }).send().status
        };
        for value in [
            &long,
            &many,
            "(",
            "()",
            "<>",
            "(<a>",
            "(<a> [\"b\")",
            "no list",
            "<http://x/>",
            ")(",
            "(Not)",
            "",
        ] {
            assert_eq!(send(value), 400, "{method} {}", &value[..value.len().min(20)]);
        }
        assert_eq!(send(&just_enough), 412, "{method}");
    }
    assert_eq!(folder.get("datei.txt"), b"content");
    for name in ["If-Match", "If-None-Match"] {
        let tags = "\"a\",".repeat(1_001);
        folder.request("PUT", "datei.txt").header(name, &tags).send().expect(400);
        folder.request("PUT", "datei.txt").header(name, "\"unfinished").send().expect(400);
    }
    assert_alive(&folder.server);
}

const PROPPATCH: &str = r#"<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">y</x></D:prop></D:set></D:propertyupdate>"#;

#[test]
fn locks_end_and_are_counted() {
    // A server of its own: the flood leaves this user no lock for other tests.
    let folder = Folder::on(Arc::new(TestServer::start_plain()), "counted-locks");
    folder.put("datei.txt", "content");
    for (asked, granted) in [
        ("Infinite", 3600),
        ("Second-4100000000", 3600),
        ("Second-99999999999999999999999", 3600),
        ("Infinite, Second-60", 3600),
        ("Second-600", 600),
        ("Second-0", 1),
        ("never", 3600),
    ] {
        let response =
            folder.request("LOCK", "datei.txt").header("Timeout", asked).xml(EXCLUSIVE).send().expect(200);
        let xml = response.text();
        let (_, rest) = xml.split_once("Second-").expect(&xml);
        let seconds: u64 = rest.split('<').next().unwrap().parse().unwrap();
        assert!(seconds <= granted && seconds + 5 >= granted, "{asked}: {seconds}");
        let unlock =
            folder.request("UNLOCK", "datei.txt").header("Lock-Token", &format!("<{}>", token(&response)));
        unlock.send();
    }

    // A thousand locks of one user, eight connections at once.
    (1..42).for_each(|number| drop(folder.put(&format!("{number}.txt"), "x")));
    let failures: Vec<Response> = std::thread::scope(|scope| {
        let one_thread = || {
            let mut refused = Vec::new();
            for number in 0..126 {
                let name = if number < 4 { "datei.txt".to_owned() } else { format!("{}.txt", number / 3) };
                let lock = folder.request("LOCK", &name).header("Depth", "infinity").xml(SHARED).send();
                if ![200, 201].contains(&lock.status) {
                    refused.push(lock);
                }
            }
            refused
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one_thread)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(failures.len(), 8 * 126 - 1_000);
    for failure in failures {
        assert!(failure.expect(507).text().contains("too many locks"));
    }
    // Others are not in the way of it, and reading works.
    assert_eq!(folder.get("datei.txt"), b"content");
    folder.request("PUT", "datei.txt").body("x").send().expect(423);
    folder.request("DELETE", "").send().expect(423);
    assert_alive(&folder.server);
}

/// Spellings of places outside, or of no place at all.
const ESCAPES: [&str; 17] = [
    "../datei.txt",
    "../../../etc/passwd",
    "..",
    "./datei.txt",
    "x/../datei.txt",
    "%2e%2e/datei.txt",
    "%2e%2e%2fdatei.txt",
    "..%2fdatei.txt",
    "x%2f..%2fdatei.txt",
    "%5c..%5cdatei.txt",
    "datei%00.txt",
    "%00",
    "/datei.txt",
    "x//datei.txt",
    "datei%ff.txt",
    "datei%",
    "datei%zz.txt",
];

#[test]
fn paths_that_lead_out_get_400() {
    let folder = folder_with_file("paths-out");
    for path in ESCAPES.into_iter().chain(["\\datei.txt", "..\\datei.txt", "da tei.txt"]) {
        for method in ["GET", "HEAD", "PUT", "DELETE", "MKCOL", "PROPFIND", "PROPPATCH", "LOCK", "MOVE"] {
            let request = folder.request(method, path).header("Destination", &folder.target("neu.txt"));
            let response = request.send();
            assert_eq!(response.status, 400, "{method} {path}\n{response}");
        }
    }
    assert_eq!(folder.names(), ["datei.txt"]);
    assert_alive(&folder.server);
}

#[test]
fn destinations_that_lead_out_are_refused() {
    let folder = folder_with_file("destinations-out");
    let send = |method: &str, destination: &str| {
        folder.request(method, "datei.txt").header("Destination", destination).send()
    };
    let own = folder.server.url("");
    for method in ["COPY", "MOVE"] {
        for path in ESCAPES {
            for destination in [folder.target(path), format!("{own}{}", folder.target(path))] {
                let response = send(method, &destination);
                assert_eq!(response.status, 400, "{method} {destination}\n{response}");
            }
        }
        for (destination, status) in [
            ("http://evil.example/dav/space/x", 502),
            ("https://evil.example/dav/space/x", 502),
            ("http://127.0.0.1.evil.example/dav/space/x", 502),
            ("http://evil.example:80@127.0.0.2/dav/space/x", 502),
            ("//evil.example/dav/space/x", 502),
            ("/etc/passwd", 502),
            ("/", 502),
            ("ftp://127.0.0.1/dav/space/x", 400),
            ("file:///etc/passwd", 400),
            ("javascript:alert(1)", 400),
            ("dav/space/x", 400),
            ("x", 400),
            ("", 400),
            ("/dav/space/x?y", 400),
            ("/dav/space/x#y", 400),
            ("/dav/", 403),
            ("/dav/neuer", 404),
            ("/dav/fremd/x", 404),
        ] {
            let response = send(method, destination);
            assert_eq!(response.status, status, "{method} {destination}\n{response}");
        }
        folder.request(method, "datei.txt").send().expect(400);
        let twice = folder.request(method, "datei.txt").header("Destination", "/dav/space/a");
        twice.header("Destination", "/dav/space/b").send().expect(400);
    }
    assert_eq!(folder.names(), ["datei.txt"]);
    let outcome = Outcome::of(&mut folder.server.cli(["trash", "list", "space"]));
    assert!(!outcome.stdout.contains("destinations-out"), "{outcome}");
    assert_alive(&folder.server);
}
