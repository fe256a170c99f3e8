//! Files that people look at on the pages: the view of each, for whom, and the cost of hostile ones.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::Response;
use crate::support::pdfs::{PNG, endless, pages};
use crate::support::process::{eventually, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Time for work of a few seconds, on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);
/// Pages of one person that are painted or wait, and are not refused.
const PLACES: usize = 6;

pub(crate) fn numbered(count: usize) -> Vec<u8> {
    let texts: Vec<_> = (1..=count).map(|number| format!("Seite {number}")).collect();
    pages((595, 842), &texts)
}

/// A PDF that opens with a password only; it is made in this folder.
pub(crate) fn locked(folder: &Path) -> Vec<u8> {
    let (open, locked) = (folder.join("open.pdf"), folder.join("locked.pdf"));
    fs::write(&open, numbered(1)).unwrap();
    succeed(tool("qpdf", "qpdf").args(["--encrypt", "secret", "owner", "256", "--"]).args([&open, &locked]));
    fs::read(locked).unwrap()
}

/// A server with these files, and a person at the pages.
fn with_files<'a>(server: &'a TestServer, files: &[(&str, &[u8])]) -> Browser<'a> {
    for (name, content) in files {
        let path = format!("/dav/{SPACE}/{name}");
        server.request("PUT", &path).body(*content).send().expect(201);
    }
    Browser::signed_in(server, "de", USER, PASSWORD)
}

pub(crate) fn address(name: &str, query: &str) -> String {
    format!("/files/{SPACE}/{name}?{query}")
}

#[track_caller]
pub(crate) fn assert_confined(answer: &Response, media_type: &str) {
    for (header, value) in [
        ("content-type", media_type),
        ("content-disposition", "inline"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(header), Some(value), "{header}: {answer}");
    }
}

#[test]
fn a_long_pdf_is_read_page_by_page_without_a_script() {
    let server = TestServer::start_plain();
    let anna = with_files(&server, &[("a.txt", b"a"), ("lang.pdf", &numbered(300)), ("z.txt", b"z")]);
    let list = anna.get(&format!("/files/{SPACE}/")).expect(200);
    assert!(list.text().contains("lang.pdf?view\" aria-label=\"Ansehen: lang.pdf\">Ansehen"), "{list}");
    let about = anna.get(&address("lang.pdf", "about")).expect(200).text();
    assert!(about.contains("lang.pdf?view\">Ansehen"), "{about}");

    let page = anna.get(&address("lang.pdf", "view")).expect(200);
    let text = page.text();
    for part in [
        "<h1>lang.pdf</h1>",
        "Seite 1 von 300",
        "lang.pdf?page=1\" width=\"1131\" height=\"1600\" loading=\"lazy\" alt=\"Abbildung von Seite 1 der Datei lang.pdf.",
        "lang.pdf?view=2\" data-key=\"ArrowRight\">Nächste Seite",
        "a.txt?view\" data-key=\"Shift+ArrowLeft\">Vorige Datei",
        "z.txt?view\" data-key=\"Shift+ArrowRight\">Nächste Datei",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("Vorige Seite"), "{text}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("img-src 'self'") && policy.contains("default-src 'none'"), "{policy}");
    let end = anna.get(&address("lang.pdf", "view=300")).expect(200).text();
    assert!(end.contains("Seite 300 von 300") && !end.contains("Nächste Seite"), "{end}");
    for number in ["0", "301", "x", "99999999999"] {
        let missing = anna.get(&address("lang.pdf", &format!("view={number}"))).expect(404);
        assert!(missing.text().contains("Diese Seite gibt es in der Datei nicht"), "{missing}");
        anna.get(&address("lang.pdf", &format!("page={number}"))).expect(404);
    }

    let [first, again, second] =
        ["page=1", "page=1", "page=2"].map(|query| anna.get(&address("lang.pdf", query)).expect(200));
    assert_confined(&first, "image/png");
    assert!(first.body.starts_with(b"\x89PNG") && first.body == again.body && first.body != second.body);
    let head = anna.ask("HEAD", &address("lang.pdf", "page=1")).send().expect(200);
    assert!(head.body.is_empty());
    anna.ask("POST", &address("lang.pdf", "page=1")).send();
    // Another content has other pictures.
    server.request("PUT", &format!("/dav/{SPACE}/lang.pdf")).body(numbered(2)).send().expect(204);
    assert!(anna.get(&address("lang.pdf", "view")).text().contains("Seite 1 von 2"));
    assert_eq!(anna.get(&address("lang.pdf", "page=1")).expect(200).body, first.body);
    anna.get(&address("lang.pdf", "page=3")).expect(404);
    // A file that was looked at was read.
    let history = || server.cli_ok(["history", &format!("{SPACE}/lang.pdf")]);
    eventually("the read is recorded", LIMIT, || history().contains("read"));
    server.assert_no_traces(&["Seite 300"]);
}

#[test]
fn a_file_is_shown_as_what_it_is_and_nothing_runs() {
    let server = TestServer::start_plain();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let long = [b"Anfang ".to_vec(), "ü".repeat(200 << 10).into_bytes(), b"Ende".to_vec()].concat();
    let anna = with_files(
        &server,
        &[
            ("foto.png", PNG),
            ("foto.svg", PNG),
            ("bild.png", svg),
            ("bild.svg", svg),
            ("html.txt", b"<script>alert(1)</script>\n<b>fett</b>"),
            ("seite.html", b"<script>alert(1)</script>"),
            ("alt.csv", b"M\xfcller;1"),
            ("lang.txt", &long),
            ("leer.txt", b""),
            ("leer.pdf", b""),
            ("kaputt.pdf", b"%PDF-1.7\nnothing"),
            ("kein.docx", b"this is no document"),
            ("a.zip", b"PK\x03\x04"),
        ],
    );
    for name in ["foto.png", "foto.svg"] {
        let page = anna.get(&address(name, "view")).expect(200).text();
        assert!(
            page.contains(&format!("{name}?picture\" loading=\"lazy\" alt=\"Abbildung der Datei {name}\"")),
            "{page}"
        );
        let picture = anna.get(&address(name, "picture")).expect(200);
        assert_confined(&picture, "image/png");
        assert_eq!(picture.body, PNG);
        let part = anna.ask("GET", &address(name, "picture")).header("Range", "bytes=0-3").send().expect(206);
        assert_eq!((&part.body[..], part.header("cache-control")), (&PNG[..4], Some("no-store")));
        anna.get(&address(name, "page=1")).expect(404);
    }
    for name in ["bild.png", "bild.svg", "seite.html", "a.zip", "leer.pdf"] {
        let page = anna.get(&address(name, "view")).expect(200).text();
        assert!(page.contains("Dateien dieser Art lassen sich hier nicht ansehen"), "{name}: {page}");
        assert!(!page.contains("<img") && page.contains("download"), "{name}: {page}");
        anna.get(&address(name, "picture")).expect(404);
        anna.get(&address(name, "page=1")).expect(404);
    }
    let page = anna.get(&address("html.txt", "view")).expect(200).text();
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\n&lt;b&gt;") && !page.contains("<b>"),
        "{page}"
    );
    anna.get(&address("html.txt", "picture")).expect(404);
    assert!(anna.get(&address("alt.csv", "view")).expect(200).text().contains(">Müller;1</pre>"));
    let page = anna.get(&address("lang.txt", "view")).expect(200).text();
    assert!(page.contains(">Anfang üüü") && page.contains("üüü</pre>") && !page.contains("Ende"), "cut");
    assert!(page.contains("Gezeigt wird nur der Anfang"));
    assert!(anna.get(&address("leer.txt", "view")).expect(200).text().contains("</pre>"));
    for name in ["kaputt.pdf", "kein.docx"] {
        for _ in 0..2 {
            let page = anna.get(&address(name, "view")).expect(200).text();
            assert!(page.contains("lässt sich keine Abbildung machen"), "{name}: {page}");
        }
        anna.get(&address(name, "page=1")).expect(404);
    }
    anna.get(&address("fehlt.pdf", "view")).expect(404);
    for query in ["view", "page=1", "picture"] {
        anna.get(&format!("/files/{SPACE}/?{query}")).expect(404);
    }
}

#[test]
fn a_document_of_an_office_has_pages_too() {
    let server = TestServer::start_plain();
    let text = r#"<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
        xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"
        office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>
        <text:p>Zeisig</text:p></office:text></office:body></office:document>"#;
    let anna = with_files(&server, &[("brief.fodt", text.as_bytes())]);
    let page = anna.get(&address("brief.fodt", "view")).expect(200).text();
    assert!(page.contains("brief.fodt?page=1\" width=\"1132\""), "{page}");
    assert_confined(&anna.get(&address("brief.fodt", "page=1")).expect(200), "image/png");
    anna.get(&address("brief.fodt", "page=2")).expect(404);
}

#[test]
fn a_photo_of_a_phone_has_one_page() {
    let server = TestServer::start_plain();
    let folder = server.scratch("photo");
    let (png, heic) = (folder.join("1.png"), folder.join("1.heic"));
    fs::write(&png, PNG).unwrap();
    succeed(tool("heif-enc", "libheif-examples").arg(&png).arg("-o").arg(&heic));
    let anna = with_files(&server, &[("IMG_1.HEIC", &fs::read(heic).unwrap())]);
    let page = anna.get(&address("IMG_1.HEIC", "view")).expect(200).text();
    assert!(page.contains("IMG_1.HEIC?page=1\"") && !page.contains("Seite 1 von"), "{page}");
    assert_confined(&anna.get(&address("IMG_1.HEIC", "page=1")).expect(200), "image/png");
    anna.get(&address("IMG_1.HEIC", "page=2")).expect(404);
}

#[test]
fn a_server_without_a_converter_says_so_and_the_download_stays() {
    let server = TestServer::start_configured("hosts = ['127.0.0.1']\n[intake]\nconverter = 'off'\n");
    let anna = with_files(&server, &[("a.pdf", &numbered(1)), ("a.png", PNG), ("a.txt", b"Zeisig")]);
    let page = anna.get(&address("a.pdf", "view")).expect(200).text();
    assert!(
        page.contains("kann die Seiten solcher Dateien nicht zeigen") && page.contains("download>"),
        "{page}"
    );
    anna.get(&address("a.pdf", "page=1")).expect(404);
    anna.get(&address("a.png", "picture")).expect(200);
    assert!(anna.get(&address("a.txt", "view")).expect(200).text().contains("Zeisig"));
}

#[test]
fn only_those_who_may_read_a_file_see_it() {
    let server = TestServer::start_plain();
    server.add_member("leserin", "client", "read");
    server.add_user("fremde", "client", PASSWORD);
    let anna = with_files(&server, &[("a.pdf", &numbered(1)), ("a.png", PNG)]);
    let reader = Browser::signed_in(&server, "de", "leserin", PASSWORD);
    let stranger = Browser::signed_in(&server, "de", "fremde", PASSWORD);
    let nobody = Browser::new(&server, "de");
    for (name, query) in [("a.pdf", "view"), ("a.pdf", "page=1"), ("a.png", "view"), ("a.png", "picture")] {
        let at = address(name, query);
        anna.get(&at).expect(200);
        reader.get(&at).expect(200);
        let (refused, missing) =
            (stranger.get(&at).expect(404), stranger.get("/files/none/a?view").expect(404));
        assert_eq!(refused.text().len(), missing.text().len(), "{refused}");
        assert!(leads_to(&nobody.get(&at)).starts_with("/login?"));
        // A password of a device is none of the pages.
        server.request("GET", &at).send().expect(303);
    }
    server.cli_ok(["revoke", "leserin", SPACE]);
    reader.get(&address("a.pdf", "page=1")).expect(404);
}

#[test]
fn too_many_pages_at_once_are_refused_and_those_in_memory_are_not() {
    let server = TestServer::start_plain();
    let anna =
        with_files(&server, &[("gut.pdf", &numbered(1)), ("a.pdf", &numbered(1)), ("b.pdf", &numbered(1))]);
    let mut content = endless();
    for number in 0..PLACES + 4 {
        // Each is another content, which is not known to be endless.
        content.push(b'\n');
        let path = format!("/dav/{SPACE}/{number}.pdf");
        server.request("PUT", &path).body(content.as_slice()).send().expect(201);
    }
    server.add_member("berta", "staff", "read");
    let berta = Browser::signed_in(&server, "de", "berta", PASSWORD);
    let good = anna.get(&address("gut.pdf", "page=1")).expect(200);
    let cookies: Vec<_> =
        anna.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let url = server.url("");
    let begin = |number| {
        let target = address(&format!("{number}.pdf"), "page=1");
        let head =
            format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n\r\n", cookies.join("; "));
        let mut line = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        line.write_all(head.as_bytes()).unwrap();
        line.set_nonblocking(true).unwrap();
        line
    };
    let lines: Vec<_> = (0..PLACES + 4).map(begin).collect();
    let refused = |line: &&TcpStream| {
        let mut start = [0; 12];
        line.peek(&mut start).is_ok_and(|read| read == start.len() && &start == b"HTTP/1.1 503")
    };
    eventually("four of them are refused", LIMIT, || lines.iter().filter(refused).count() == 4);
    let page = anna.get(&address("a.pdf", "view")).expect(200).text();
    assert!(page.contains("zu viele Seiten zugleich") && !page.contains("<img"), "{page}");
    let busy = anna.get(&address("a.pdf", "page=1")).expect(503);
    assert_eq!(busy.header("retry-after"), Some("10"));
    assert_eq!(anna.get(&address("gut.pdf", "page=1")).expect(200).body, good.body);
    // Others wait, and have their turn.
    berta.get(&address("a.pdf", "page=1")).expect(200);
    // Clients that leave make room; their painting is ended.
    drop(lines);
    eventually("places are free", LIMIT, || anna.get(&address("b.pdf", "page=1")).status == 200);
}

/// An earlier version is looked at and fetched before it is made the present one again.
#[test]
fn an_earlier_version_is_seen_as_it_was() {
    let server = TestServer::start_plain();
    server.add_member("leserin", "client", "read");
    server.add_user("fremde", "client", PASSWORD);
    let anna = with_files(&server, &[("a.pdf", &numbered(2)), ("a.png", PNG), ("b.txt", b"alt")]);
    for (name, content) in
        [("a.pdf", numbered(1)), ("a.png", b"\x89PNG".to_vec()), ("b.txt", b"neu".to_vec())]
    {
        server.request("PUT", &format!("/dav/{SPACE}/{name}")).body(content).send().expect(204);
    }
    let reader = Browser::signed_in(&server, "de", "leserin", PASSWORD);
    let stranger = Browser::signed_in(&server, "de", "fremde", PASSWORD);
    let of = |name: &str| {
        let about = anna.get(&address(name, "about")).expect(200).text();
        let id = about.split("version=").nth(1).unwrap().split(['"', '&']).next().unwrap().to_owned();
        assert!(about.contains("Fassung vom ") && id.parse::<i64>().is_ok(), "{about}");
        id
    };
    let pdf = of("a.pdf");
    let page = anna.get(&address("a.pdf", &format!("view=2&version={pdf}"))).expect(200);
    for words in [
        "Dies ist eine frühere Fassung, gespeichert ",
        &format!("?page=2&amp;version={pdf}\""),
        &format!("?view&amp;version={pdf}\""),
        "value=\"restore\"",
    ] {
        assert!(page.text().contains(words), "{words}: {page}");
    }
    anna.get(&address("a.pdf", "view=2")).expect(404);
    assert_confined(&anna.get(&address("a.pdf", &format!("page=2&version={pdf}"))).expect(200), "image/png");
    let text = of("b.txt");
    assert!(
        anna.get(&address("b.txt", &format!("view&version={text}"))).expect(200).text().contains(">alt<")
    );
    let fetched = anna.get(&address("b.txt", &format!("version={text}"))).expect(200);
    assert_eq!(fetched.body, b"alt");
    assert!(fetched.header("content-disposition").unwrap().starts_with("attachment"), "{fetched}");
    let image = anna.get(&address("a.png", &format!("picture&version={}", of("a.png")))).expect(200);
    assert_eq!(image.body, PNG);
    assert_confined(&image, "image/png");
    // A reader sees it and cannot bring it back; a version of another file, or of none, is none of this one.
    let seen = reader.get(&address("a.pdf", &format!("view&version={pdf}"))).expect(200).text();
    assert!(!seen.contains("value=\"restore\""), "{seen}");
    for query in ["view&version=999999", "page=1&version=x", "picture&version=0", "version=999999"] {
        anna.get(&address("a.pdf", query)).expect(404);
    }
    for query in [format!("version={text}"), format!("view&version={text}")] {
        anna.get(&address("a.pdf", &query)).expect(404);
        stranger.get(&address("b.txt", &query)).expect(404);
    }
    // A link gives the present content only.
    let link =
        server.cli_ok(["link", "add", &format!("{SPACE}/b.txt"), "--as", USER, "--can", "read", "--json"]);
    let link: serde_json::Value = serde_json::from_str(&link).unwrap();
    let path = crate::http::requests::path(link["url"].as_str().unwrap());
    let guest = server
        .request("GET", &format!("/public.php/dav/files/{}/?version={text}", path.trim_start_matches("/s/")));
    assert_ne!(guest.send().body, b"alt");
}
