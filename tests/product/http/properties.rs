//! PROPFIND and PROPPATCH to the letter, as the strictest clients read them.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use data_encoding::BASE64;

use crate::http::fixture::{Folder, shared_with};
use crate::support::TestServer;
use crate::support::http::Response;
use crate::support::multistatus::{Item, Multistatus};
use crate::support::server::{PASSWORD, SPACE, USER};

fn find(folder: &Folder, name: &str, depth: &str, body: &str) -> Multistatus {
    Multistatus::of(&folder.request("PROPFIND", name).header("Depth", depth).xml(body).send())
}

fn patch(folder: &Folder, name: &str, steps: &str) -> Response {
    let body = format!(r#"<D:propertyupdate xmlns:D="DAV:" xmlns:x="urn:x">{steps}</D:propertyupdate>"#);
    folder.request("PROPPATCH", name).xml(&body).send()
}

fn set(property: &str) -> String {
    format!("<D:set><D:prop>{property}</D:prop></D:set>")
}

fn statuses(item: &Item) -> Vec<(&str, u16)> {
    item.properties.iter().map(|property| (property.name.as_str(), property.status)).collect()
}

#[test]
fn a_listing_starts_with_the_folder_and_tells_what_was_asked() {
    let folder = Folder::new("propfind");
    folder.make_folder("b%20ordner");
    folder.put("%C3%A4.txt", "12345");
    folder.put("a%25%3C%26%3E.txt", "1");
    let asked = r#"<D:propfind xmlns:D="DAV:"><D:prop><D:getcontentlength/><D:resourcetype/><D:getetag/><D:unbekannt/><x:fremd xmlns:x="urn:x"/><ohne xmlns=""/></D:prop></D:propfind>"#;
    let listing = find(&folder, "", "1", asked);
    assert_eq!(listing.0[0].href, folder.path, "the folder itself comes first");
    let hrefs: Vec<_> = listing.0.iter().map(|item| item.href.strip_prefix(&folder.path).unwrap()).collect();
    assert_eq!(hrefs, ["", "a%25%3C%26%3E.txt", "b%20ordner/", "%C3%A4.txt"]);
    for item in &listing.0 {
        assert!(item.href.starts_with('/'), "{item:?}");
        assert_eq!(item.is_collection(), item.href.ends_with('/'), "{item:?}");
        let mut found = statuses(item);
        found.sort_unstable();
        let length = if item.is_collection() { 404 } else { 200 };
        let expected = [
            ("{DAV:}getcontentlength", length),
            ("{DAV:}getetag", 200),
            ("{DAV:}resourcetype", 200),
            ("{DAV:}unbekannt", 404),
            ("{urn:x}fremd", 404),
            ("{}ohne", 404),
        ];
        assert_eq!(found, expected);
    }
    assert_eq!(listing.0[3].text("{DAV:}getcontentlength"), Some("5"));
    // One propstat with the present properties, first; at most one with the missing ones.
    let raw = folder.request("PROPFIND", "%C3%A4.txt").header("Depth", "0").xml(asked).send().text();
    let order: Vec<&str> = raw.split("<d:status>").skip(1).map(|rest| &rest[..12]).collect();
    assert_eq!(order, ["HTTP/1.1 200", "HTTP/1.1 404"], "{raw}");
    // No slash at the end, and still the same folder under the same name.
    let bare = folder.path.trim_end_matches('/').to_owned();
    let listing = Multistatus::of(&folder.server.request("PROPFIND", &bare).header("Depth", "1").send());
    assert_eq!(listing.0[0].path().trim_end_matches('/'), bare);
    assert_eq!(listing.0.len(), 4);
    folder.request("PROPFIND", "fehlt").header("Depth", "0").send().expect(404);
}

#[test]
fn all_properties_are_those_that_clients_expect() {
    let folder = Folder::new("allprop");
    folder.put("datei.txt", "12345");
    patch(&folder, "datei.txt", &set("<x:farbe>rot</x:farbe>")).expect(207);
    let allprop = r#"<propfind xmlns="DAV:"><allprop/></propfind>"#;
    for listing in [folder.list("datei.txt", "0"), find(&folder, "datei.txt", "1", allprop)] {
        assert_eq!(listing.0.len(), 1);
        let file = &listing.0[0];
        for name in [
            "creationdate",
            "displayname",
            "getcontentlength",
            "getcontenttype",
            "getetag",
            "getlastmodified",
            "resourcetype",
            "supportedlock",
            "lockdiscovery",
        ] {
            assert!(file.property(&format!("{{DAV:}}{name}")).is_some(), "{name}: {file:?}");
        }
        assert_eq!(file.text("{urn:x}farbe"), Some("rot"));
        assert_eq!(file.text("{DAV:}getcontentlength"), Some("5"));
        assert_eq!(file.text("{DAV:}displayname"), Some("datei.txt"));
        assert!(file.text("{DAV:}getlastmodified").unwrap().ends_with(" GMT"));
        assert!(file.text("{DAV:}creationdate").unwrap().ends_with('Z'));
        assert!(file.property("{DAV:}quota-used-bytes").is_none(), "RFC 4331 leaves it out");
    }
    let include =
        r#"<D:propfind xmlns:D="DAV:"><D:allprop/><D:include><D:quota-used-bytes/></D:include></D:propfind>"#;
    assert!(find(&folder, "", "0", include).0[0].property("{DAV:}quota-used-bytes").is_some());
    let names = find(&folder, "datei.txt", "0", r#"<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>"#);
    let names = &names.0[0];
    assert!(names.properties.iter().all(|property| property.text.is_empty() && property.status == 200));
    assert!(names.property("{urn:x}farbe").is_some() && names.property("{DAV:}getetag").is_some());
}

#[test]
fn a_proppatch_is_done_whole_or_not_at_all() {
    let folder = Folder::new("proppatch-atomic");
    folder.put("datei.txt", "x");
    patch(&folder, "datei.txt", &set("<x:alt>before</x:alt>")).expect(207);
    let (tag, parent) = (folder.etag("datei.txt"), folder.etag(""));
    for (bad, status) in [
        (set("<D:getetag>\"x\"</D:getetag>"), 403),
        (set("<D:getcontentlength>7</D:getcontentlength>"), 403),
        (set("<D:lockdiscovery/>"), 403),
        (set("<D:resourcetype><D:collection/></D:resourcetype>"), 403),
        (set("<D:quota-available-bytes>7</D:quota-available-bytes>"), 403),
        (set("<D:creationdate>2020-01-01T00:00:00Z</D:creationdate>"), 403),
        ("<D:remove><D:prop><D:getlastmodified/></D:prop></D:remove>".to_owned(), 403),
        (set("<D:lastmodified>gestern</D:lastmodified>"), 409),
    ] {
        let steps = format!("{}{bad}{}", set("<x:alt>after</x:alt>"), set("<x:neu>new</x:neu>"));
        let response = patch(&folder, "datei.txt", &steps);
        let answer = Multistatus::of(&response);
        let mut found = statuses(&answer.0[0]);
        found.sort_by_key(|(_, status)| *status);
        let numbers: Vec<u16> = found.iter().map(|(_, status)| *status).collect();
        assert_eq!(numbers, [status, 424, 424], "{bad}: {found:?}");
        assert_eq!(response.text().contains("cannot-modify-protected-property"), status == 403, "{response}");
        let file = &folder.list("datei.txt", "0").0[0];
        assert_eq!(file.text("{urn:x}alt"), Some("before"), "{bad}");
        assert!(file.property("{urn:x}neu").is_none(), "{bad}");
        assert_eq!((folder.etag("datei.txt"), folder.etag("")), (tag.clone(), parent.clone()), "{bad}");
    }
    patch(&folder, "fehlt.txt", &set("<x:a>b</x:a>")).expect(404);
    patch(&folder, "datei.txt", "").expect(400);
    // In the order given: the last word counts.
    let steps = format!(
        "{}<D:remove><D:prop><x:alt/></D:prop></D:remove>{}<D:remove><D:prop><x:nie/></D:prop></D:remove>",
        set("<x:alt>second</x:alt>"),
        set("<x:alt>third</x:alt>")
    );
    let answer = Multistatus::of(&patch(&folder, "datei.txt", &steps));
    assert!(statuses(&answer.0[0]).iter().all(|(_, status)| *status == 200), "{answer:?}");
    assert_eq!(folder.list("datei.txt", "0").0[0].text("{urn:x}alt"), Some("third"));
}

#[test]
fn dead_properties_keep_their_form_and_follow_their_file() {
    let folder = Folder::new("proppatch-dead");
    folder.make_folder("ordner");
    folder.put("ordner/datei.txt", "x");
    let mixed = r#"<x:text xml:lang="de">Vor <b>fett</b> &amp; <y:c xmlns:y="urn:y" y:d="&lt;1&gt;">tief</y:c> nach</x:text>"#;
    let steps = format!(
        "{}{}{}",
        set(mixed),
        set(r#"<leer xmlns=""/>"#),
        set("<x:zeichen>ü 日 🔐 ]]&gt;</x:zeichen>")
    );
    patch(&folder, "ordner/datei.txt", &steps).expect(207);
    patch(&folder, "ordner", &set("<x:farbe>blau</x:farbe>")).expect(207);

    let check = |path: &str, folder_path: &str| {
        let listing = folder.list(path, "0");
        let file = &listing.0[0];
        let text = file.property("{urn:x}text").unwrap_or_else(|| panic!("{path}: {file:?}"));
        assert_eq!(text.text, "Vor fett & tief nach", "{path}");
        assert_eq!(text.elements, ["{}b", "{urn:y}c"], "{path}");
        assert!(file.property("{}leer").is_some(), "{path}");
        assert_eq!(file.text("{urn:x}zeichen"), Some("ü 日 🔐 ]]>"), "{path}");
        let raw = folder.request("PROPFIND", path).header("Depth", "0").send().text();
        assert!(raw.contains("lang=\"de\"") && raw.contains("&lt;1"), "{raw}");
        assert_eq!(folder.list(folder_path, "0").0[0].text("{urn:x}farbe"), Some("blau"), "{folder_path}");
    };
    check("ordner/datei.txt", "ordner");
    folder.transfer("COPY", "ordner", "kopie").send().expect(201);
    check("kopie/datei.txt", "kopie");
    folder.transfer("MOVE", "kopie", "neu").send().expect(201);
    check("neu/datei.txt", "neu");
    folder.transfer("MOVE", "neu/datei.txt", "neu/anders.txt").send().expect(201);
    check("neu/anders.txt", "neu");
    // New content keeps them; the copy's are its own.
    folder.put("neu/anders.txt", "another content");
    check("neu/anders.txt", "neu");
    patch(&folder, "neu/anders.txt", "<D:remove><D:prop><x:text/></D:prop></D:remove>").expect(207);
    check("ordner/datei.txt", "ordner");
    // A replaced file takes its properties along.
    folder.put("frei.txt", "free");
    folder.transfer("COPY", "frei.txt", "ordner/datei.txt").send().expect(204);
    assert!(folder.list("ordner/datei.txt", "0").0[0].property("{urn:x}zeichen").is_none());
}

#[test]
fn clients_set_the_modification_time_in_their_ways() {
    let folder = Folder::new("mtime");
    let modified = |name: &str| {
        folder.request("HEAD", name).send().expect(200).header("last-modified").unwrap().to_owned()
    };
    let put = folder.request("PUT", "a.txt").header("X-OC-Mtime", "1000000000").body("x").send().expect(201);
    assert_eq!(put.header("x-oc-mtime"), Some("accepted"));
    assert_eq!(modified("a.txt"), "Sun, 09 Sep 2001 01:46:40 GMT");
    for (name, value) in [
        ("D:lastmodified", "1000000001"),
        ("D:lastmodified", "Sun, 09 Sep 2001 01:46:41 GMT"),
        ("D:getlastmodified", "Sun, 09 Sep 2001 01:46:41 GMT"),
    ] {
        patch(&folder, "a.txt", &set(&format!("<{name}>{value}</{name}>"))).expect(207);
        assert_eq!(modified("a.txt"), "Sun, 09 Sep 2001 01:46:41 GMT", "{name} {value}");
        patch(&folder, "a.txt", &set("<D:lastmodified>5</D:lastmodified>")).expect(207);
        assert_eq!(modified("a.txt"), "Thu, 01 Jan 1970 00:00:05 GMT");
    }
    for (sent, shown) in [("0", 1), ("-5", 1), ("1", 1)] {
        folder.request("PUT", "b.txt").header("X-OC-Mtime", sent).body("x").send();
        assert_eq!(modified("b.txt"), format!("Thu, 01 Jan 1970 00:00:0{shown} GMT"), "{sent}");
    }
    // Copies and moves keep it.
    folder.transfer("COPY", "a.txt", "c.txt").send().expect(201);
    folder.transfer("MOVE", "c.txt", "d.txt").send().expect(201);
    assert_eq!(modified("d.txt"), "Thu, 01 Jan 1970 00:00:05 GMT");
}

#[test]
fn a_listing_of_many_pages_is_whole_and_in_order() {
    let folder = Folder::new("propfind-many");
    let count = 1_050;
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let folder = &folder;
            scope.spawn(move || {
                for n in (thread..count).step_by(8) {
                    folder.make_folder(&format!("Ordner%20{n:04}"));
                }
            });
        }
    });
    let expected: Vec<String> = (0..count).map(|n| format!("Ordner {n:04}")).collect();
    assert_eq!(folder.names(), expected);
    // The page for people ends sooner, but not before its time.
    let page = folder.request("GET", "").send().expect(200).text();
    assert!(page.contains("Ordner 0000") && page.contains("Ordner 1049"));
    let gone = folder.request("DELETE", "Ordner%200500").send();
    gone.expect(204);
    assert_eq!(folder.names().len(), count - 1);
}

/// webdav4, `nc_py_api` and others ask for a whole tree at once, and were refused.
#[test]
fn a_whole_tree_is_told_at_once() {
    let server = TestServer::start_plain();
    let mut expected = BTreeSet::from([format!("/dav/{SPACE}/")]);
    let mut make = |method: &str, path: String| {
        let sent = server.request(method, &path);
        if method == "PUT" { sent.body("x") } else { sent }.send().expect(201);
        expected.insert(path);
    };
    // Wide, deep, with files before and behind folders, and an empty folder.
    for number in 0..12 {
        make("MKCOL", format!("/dav/{SPACE}/{number}/"));
        make("PUT", format!("/dav/{SPACE}/{number}/a%20b"));
        make("MKCOL", format!("/dav/{SPACE}/{number}/c/"));
    }
    let mut deep = format!("/dav/{SPACE}/");
    for _ in 0..40 {
        deep.push_str("tief/");
        make("MKCOL", deep.clone());
    }
    make("PUT", format!("{deep}z"));
    let tell = |path: &str, depth: Option<&str>| {
        let request = server.request("PROPFIND", path);
        let request = depth.into_iter().fold(request, |request, depth| request.header("Depth", depth));
        let listing = Multistatus::of(&request.send().expect(207));
        let all: BTreeSet<String> = listing.0.iter().map(|item| item.href.clone()).collect();
        assert_eq!(all.len(), listing.0.len(), "nothing is told twice");
        (listing, all)
    };
    // Without the header the whole tree is meant (RFC 4918 9.1).
    for depth in [Some("infinity"), None] {
        let (listing, all) = tell(&format!("/dav/{SPACE}/"), depth);
        assert_eq!(all, expected);
        assert_eq!(listing.0[0].href, format!("/dav/{SPACE}/"), "the folder itself comes first");
        assert_eq!(listing.item("/a b").unwrap().text("{DAV:}getcontentlength"), Some("1"));
    }
    let (_, all) = tell("/dav/", Some("infinity"));
    assert_eq!(all.len(), expected.len() + 1);
    let cloud = format!("/remote.php/dav/files/{USER}/{SPACE}/3/");
    let (_, all) = tell(&cloud, Some("infinity"));
    assert_eq!(all, BTreeSet::from(["", "a%20b", "c/"].map(|end| format!("{cloud}{end}"))));
    let (_, one) = tell(&format!("/dav/{SPACE}/3/a%20b"), Some("infinity"));
    assert_eq!(one.len(), 1);
}

/// A folder's properties and locks may weigh more than any client takes: a listing of one folder breaks off,
/// so that no client takes a part for the whole, and one of a tree says that it was cut short.
#[test]
fn a_listing_that_is_too_long_does_not_pass_for_a_whole() {
    let folder = Folder::on(shared_with("[limits]\nmax_listing_bytes = 4000000\n"), "lang");
    folder.make_folder("voll");
    let value = "x".repeat(60_000);
    for number in 0..100 {
        folder.put(&format!("voll/{number:03}"), "x");
        patch(&folder, &format!("voll/{number:03}"), &set(&format!("<x:lang>{value}</x:lang>"))).expect(207);
    }
    let tags = r#"<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>"#;
    assert_eq!(find(&folder, "voll", "1", tags).0.len(), 101);
    assert_eq!(find(&folder, "voll", "infinity", tags).0.len(), 101);
    // Entries with few properties are listed in full, page by page.
    let missing = r#"<D:propfind xmlns:D="DAV:"><D:prop><x xmlns="urn:x"/></D:prop></D:propfind>"#;
    assert_eq!(find(&folder, "voll", "1", missing).0.len(), 101);
    let names = r#"<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>"#;
    assert!(find(&folder, "voll", "1", names).0[1].property("{urn:x}lang").is_some());

    let broken = folder.request("PROPFIND", "voll").header("Depth", "1").send();
    assert!(broken.is_cut, "it breaks off");
    let cut = folder.request("PROPFIND", "").header("Depth", "infinity").send().expect(207);
    assert!(!cut.is_cut, "it ends as it should");
    let cut = cut.text();
    let end = cut.rsplit("<d:response>").next().unwrap();
    assert!(end.starts_with(&format!("<d:href>{}</d:href><d:status>HTTP/1.1 507 ", folder.path)), "{end}");
    assert!(cut.len() < 4_200_000, "{}", cut.len());
    for number in 60..100 {
        folder.request("DELETE", &format!("voll/{number:03}")).send().expect(204);
    }
    let all = folder.list("voll", "1");
    assert_eq!(all.0.len(), 61);
    assert!(all.0[1..].iter().all(|item| item.text("{urn:x}lang") == Some(value.as_str())));
}

/// A tree is counted before it is listed. If it grows past the bound while a slow client takes the answer, the answer ends
/// there and says so, as RFC 4918 9.1 has it for a depth that the server cannot serve.
#[test]
fn a_tree_that_grows_while_it_is_told_is_cut_short_and_says_so() {
    const BOUND: usize = 140;
    let folder = Folder::on(shared_with(&format!("[limits]\nmax_listing_entries = {BOUND}\n")), "waechst");
    // 240 kB for each of 120 files: far more than the server and both sockets hold of an unread answer.
    folder.put("0", "x");
    let value = "x".repeat(60_000);
    for number in 0..4 {
        patch(&folder, "0", &set(&format!("<x:p{number}>{value}</x:p{number}>"))).expect(207);
    }
    let add = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            folder.transfer("COPY", "0", &format!("f{number:03}")).send().expect(201);
        }
    };
    add(0..120);
    let mut connection = folder.server.endpoint().connect();
    let login = BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
    let (path, host) = (&folder.path, folder.server.endpoint().address);
    let request = format!(
        "PROPFIND {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {login}\r\nDepth: infinity\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = vec![0; 1_000];
    connection.read_exact(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 207 "), "it was short enough when it was counted");
    // Until here at most a third of it has been made.
    add(120..160);
    connection.read_to_end(&mut answer).unwrap();
    let body = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let answer = String::from_utf8(unchunked(&answer[body..]).expect("it ends as it should")).unwrap();
    let told = answer.matches("<d:status>HTTP/1.1 200 OK</d:status>").count();
    assert_eq!(told, BOUND + 2, "the folder, as many members as there may be, and the one too many");
    let last = answer.rsplit("<d:response>").next().unwrap();
    assert!(last.starts_with(&format!("<d:href>{path}</d:href><d:status>HTTP/1.1 507 ")), "{last}");
    // Asked for anew, it is refused at once.
    folder.request("PROPFIND", "").header("Depth", "infinity").send().expect(403);
}

/// The content of a body in chunks, if it is whole (RFC 9112 7.1).
fn unchunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let line = body.iter().position(|byte| *byte == b'\r')?;
        let length = usize::from_str_radix(std::str::from_utf8(&body[..line]).ok()?, 16).ok()?;
        let chunk = body.get(line + 2..line + 2 + length)?;
        body = body.get(line + 2 + length + 2..)?;
        if length == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(chunk);
    }
}

/// `df` of a mount of the root showed a petabyte: only spaces answered with a quota.
#[test]
fn the_list_of_spaces_tells_how_much_fits() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "set", SPACE, "--quota", "10MiB"]);
    server.add_space("zweiter", ["--kind", "team", "--quota", "5MiB"], "read");
    server.request("PUT", &format!("/dav/{SPACE}/a")).body(vec![1; 1 << 20]).send().expect(201);
    let asked = r#"<D:propfind xmlns:D="DAV:"><D:prop><D:quota-available-bytes/><D:quota-used-bytes/></D:prop></D:propfind>"#;
    for path in ["/dav/", "/remote.php/webdav/"] {
        let listing =
            Multistatus::of(&server.request("PROPFIND", path).header("Depth", "0").xml(asked).send());
        let number = |name: &str| listing.0[0].text(name).unwrap().parse::<u64>().unwrap();
        assert_eq!(number("{DAV:}quota-used-bytes"), 1 << 20, "{path}");
        assert_eq!(number("{DAV:}quota-available-bytes"), 14 << 20, "{path}");
    }
    // An upload keeps the room that it has announced; the root listed it as free.
    let begun = server.request("POST", "/tus").header("Tus-Resumable", "1.0.0");
    let metadata = format!("path {}", BASE64.encode(format!("{SPACE}/b").as_bytes()));
    begun
        .header("Upload-Metadata", &metadata)
        .header("Upload-Length", &(4 << 20).to_string())
        .send()
        .expect(201);
    let available = |path: &str| {
        let listing =
            Multistatus::of(&server.request("PROPFIND", path).header("Depth", "0").xml(asked).send());
        listing.0[0].text("{DAV:}quota-available-bytes").unwrap().parse::<u64>().unwrap()
    };
    assert_eq!((available("/dav/"), available(&format!("/dav/{SPACE}/"))), (10 << 20, 5 << 20));
}

/// A client names its properties in a `prop` each; only the first was answered.
#[test]
fn every_list_of_names_is_answered() {
    let folder = Folder::new("several-lists");
    let asked = r#"<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop><D:prop><D:resourcetype/></D:prop><D:prop><D:getetag/></D:prop></D:propfind>"#;
    let listing = find(&folder, "", "0", asked);
    assert_eq!(statuses(&listing.0[0]), [("{DAV:}getetag", 200), ("{DAV:}resourcetype", 200)]);
}

/// The bound on properties counted letters: of those with two bytes twice as much was stored.
#[test]
fn the_bound_on_properties_counts_bytes() {
    let folder = Folder::new("property-bytes");
    folder.put("datei.txt", "x");
    let value = "ü".repeat(25_000);
    for number in 0..5 {
        patch(&folder, "datei.txt", &set(&format!("<x:p{number}>{value}</x:p{number}>"))).expect(207);
    }
    patch(&folder, "datei.txt", &set(&format!("<x:p6>{value}</x:p6>"))).expect(507);
}
