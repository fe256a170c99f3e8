//! Names that are alike, odd, dangerous or too long.

use std::io::{Read, Write};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::http::fixture::{Folder, assert_alive, shared_with};
use crate::support::process::Outcome;
use crate::support::server::SPACE;

/// `Prüfung.txt`, composed and decomposed.
const NFC: &str = "Pr%C3%BCfung.txt";
const NFD: &str = "Pru%CC%88fung.txt";

fn encode(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

#[test]
fn no_name_breaks_out_of_content_disposition() {
    let folder = Folder::new("disposition");
    for name in [
        "a\"; filename=\"evil.exe",
        "a\r\nX-Evil: 1\r\n\r\n<script>.txt",
        "Übersicht; *.txt",
        "100% 'sicher'.txt",
        "a\u{202e}txt.exe",
        "\u{1b}]0;x\u{7}",
    ] {
        folder.put(&encode(name), "x");
        for method in ["GET", "HEAD"] {
            let response = folder.request(method, &encode(name)).send().expect(200);
            assert_eq!(response.header("x-evil"), None, "{response}");
            let disposition = response.header("content-disposition").unwrap();
            let encoded = disposition.strip_prefix("attachment; filename*=UTF-8''").expect(disposition);
            assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)), "{encoded}");
            assert_eq!(percent_decode_str(encoded).decode_utf8().unwrap(), name);
            assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
            assert!(response.header("content-security-policy").unwrap().contains("sandbox"));
        }
    }
    assert_alive(&folder.server);
}

#[test]
fn twins_in_another_composition_are_one_file() {
    let folder = Folder::new("composition");
    folder.put(NFC, "composed");
    // A second file of the same look would be one file too many for macOS.
    let refused = folder.request("PUT", NFD).body("decomposed").send().expect(409);
    assert!(refused.text().contains("accents"), "{refused}");
    assert_eq!(folder.get(NFC), b"composed");
    assert_eq!(folder.names(), ["Pr\u{fc}fung.txt"], "stored as sent");

    // macOS asks in its own composition for a name that came from elsewhere.
    assert_eq!(folder.get(NFD), b"composed");
    assert_eq!(folder.status("HEAD", NFD), 200);
    assert_eq!(folder.list(NFD, "0").0.len(), 1);
    folder.make_folder("Gr%C3%B6%C3%9Fe");
    folder.put("Gro%CC%88%C3%9Fe/datei.txt", "inside");
    assert_eq!(folder.get("Gr%C3%B6%C3%9Fe/datei.txt"), b"inside");
    folder.request("MKCOL", "Gro%CC%88%C3%9Fe/").send().expect(405);
    // A client that has seen the file may write it under that spelling; its name stays.
    let seen = folder.etag(NFD);
    folder.request("PUT", NFD).header("If-Match", &seen).body("by macOS").send().expect(204);
    assert_eq!(folder.get(NFC), b"by macOS");
    // Copying a file onto its own other spelling is copying it onto itself.
    folder.transfer("COPY", NFC, NFD).send().expect(403);
    // A rename between the spellings is a rename.
    folder.transfer("MOVE", NFC, NFD).send().expect(201);
    assert_eq!(folder.names(), ["Gr\u{f6}\u{df}e", "Pru\u{308}fung.txt"]);
    assert_alive(&folder.server);
}

#[test]
fn twins_in_capitals_are_refused_and_never_found_for_each_other() {
    let folder = Folder::new("capitals");
    folder.put("Bilanz.txt", "one");
    folder.put("anderes.txt", "two");
    for name in ["bilanz.txt", "BILANZ.TXT"] {
        let refused = folder.request("PUT", name).body("two").send().expect(409);
        assert!(refused.text().contains("capitals"), "{refused}");
        folder.request("MKCOL", name).send().expect(409);
        folder.request("LOCK", name).xml(crate::http::fixture::EXCLUSIVE).send().expect(409);
        folder.transfer("COPY", "anderes.txt", name).send().expect(409);
        folder.transfer("MOVE", "anderes.txt", name).send().expect(409);
        folder.transfer("COPY", "Bilanz.txt", name).send().expect(409);
        assert_eq!(folder.status("GET", name), 404);
        assert_eq!(folder.status("DELETE", name), 404);
    }
    assert_eq!(folder.names(), ["anderes.txt", "Bilanz.txt"]);
    folder.transfer("MOVE", "Bilanz.txt", "BILANZ.txt").send().expect(201);
    assert_eq!(folder.names(), ["anderes.txt", "BILANZ.txt"]);
    assert_eq!(folder.get("BILANZ.txt"), b"one");
    // Different words, not twins.
    folder.put("Ma%C3%9Fe", "x");
    folder.put("Masse", "x");
    assert_alive(&folder.server);
}

#[test]
fn controls_and_directions_come_back_as_sent_and_are_shown_escaped() {
    let folder = Folder::new("controls");
    let names = [
        "a\u{202e}fdp.exe",
        "b\u{1b}[31mrot",
        "c\nd",
        "e\u{200b}f",
        "g\u{7f}h",
        "i\u{1}j",
        "k\u{feff}l",
        "m\u{2066}n",
    ];
    for name in names {
        folder.put(&encode(name), name);
    }
    let listing = folder.request("PROPFIND", "").header("Depth", "1").send().expect(207);
    let xml = listing.text();
    assert!(
        !xml.chars().any(|c| c.is_control() && !"\n\r\t".contains(c) && c != '\u{7f}'),
        "not XML 1.0: {xml}"
    );
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    assert_eq!(folder.names(), sorted);
    let page = folder.request("GET", "").send().expect(200).text();
    for name in names {
        assert_eq!(folder.get(&encode(name)), name.as_bytes(), "{name:?}");
        assert!(!page.contains(name), "the page shows {name:?} raw");
        assert_eq!(folder.status("DELETE", &encode(name)), 204);
    }
    let shown = folder.server.cli_ok(["trash", "list", SPACE]);
    for name in names {
        assert!(!shown.contains(name), "the terminal gets {name:?} raw");
    }
    assert!(shown.contains("controls/a\\u{202e}fdp.exe"), "{shown}");
    assert_alive(&folder.server);
}

/// Names that Windows cannot show.
const UNPORTABLE: [&str; 16] = [
    "CON", "con.txt", "NUL", "aux", "COM1", "lpt9.log", "PRN.a.b", "a.", "a ", "a:b", "a?b", "a*b", "a|b",
    "a<b", "a>b", "a\"b",
];

#[test]
fn names_that_windows_cannot_show_come_back_as_sent() {
    let folder = Folder::new("windows-any");
    for name in UNPORTABLE {
        folder.put(&encode(name), name);
        assert_eq!(folder.get(&encode(name)), name.as_bytes(), "{name}");
    }
    assert_eq!(folder.names().len(), UNPORTABLE.len());
}

#[test]
fn an_office_may_refuse_names_that_windows_cannot_show() {
    let folder = Folder::on(shared_with("portable_names = true"), "windows-portable");
    folder.put("gut.txt", "x");
    folder.make_folder("ordner");
    for name in UNPORTABLE {
        let name = encode(name);
        let refused = folder.request("PUT", &name).body("x").send().expect(409);
        assert!(refused.text().contains("Windows cannot store this name"), "{refused}");
        folder.request("MKCOL", &name).send().expect(409);
        folder.request("LOCK", &name).xml(crate::http::fixture::EXCLUSIVE).send().expect(409);
        folder.transfer("COPY", "gut.txt", &name).send().expect(409);
        folder.transfer("MOVE", "gut.txt", &name).send().expect(409);
        folder.transfer("MOVE", "ordner", &name).send().expect(409);
    }
    for name in ["CONTRACT", "com10", "konto.con", ".verborgen", "ä ö.pdf"] {
        folder.put(&encode(name), "x");
    }
    assert_alive(&folder.server);
}

#[test]
fn names_and_paths_have_a_greatest_length() {
    let folder = Folder::new("long-names");
    let longest = "x".repeat(255);
    folder.put(&longest, "x");
    // 255 bytes, not characters.
    folder.put(&encode(&format!("{}y", "ü".repeat(127))), "x");
    for name in ["x".repeat(256), encode(&"ü".repeat(128))] {
        let refused = folder.request("PUT", &name).body("x").send().expect(409);
        assert!(refused.text().contains("255"), "{refused}");
        for method in ["MKCOL", "LOCK"] {
            folder.request(method, &name).send().expect(409);
        }
        folder.transfer("COPY", &longest, &name).send().expect(409);
        folder.transfer("MOVE", &longest, &name).send().expect(409);
    }
    let deep = "d/".repeat(100);
    folder.request("MKCOL", &deep).send().expect(409);
    assert_alive(&folder.server);
}

/// The query was dropped and the rest acted on: `DELETE ordner/?b` deleted `ordner/`, and `PUT was?.txt` replaced
/// `was`.
#[test]
fn a_question_mark_that_should_be_escaped_changes_nothing() {
    let folder = Folder::new("query");
    folder.make_folder("ordner");
    folder.put("was", "before");
    let before = folder.etag("");
    for method in ["PUT", "DELETE", "MKCOL", "PROPPATCH", "LOCK", "UNLOCK", "POST"] {
        for name in ["ordner/?b", "was?.txt", "neu?", "?"] {
            let response = folder.request(method, name).body("x").send();
            assert!([400, 405].contains(&response.status), "{method} {name}: {response}");
            assert_eq!(response.status == 405, method == "POST", "{method} {name}: {response}");
        }
    }
    for method in ["COPY", "MOVE"] {
        folder.transfer(method, "was?.txt", "neu").send().expect(400);
        folder.transfer(method, "was", "neu?.txt").send().expect(400);
    }
    assert_eq!(folder.etag(""), before);
    assert_eq!(folder.names(), ["ordner", "was"]);
    // Reading, a query does no harm: programs add one to get past caches.
    assert_eq!(folder.get("was?time=1"), b"before");
    folder.request("PROPFIND", "?time=1").header("Depth", "0").send().expect(207);
}

/// Without a slash at its end the address of a mount led its links to the place beside it.
#[test]
fn links_of_a_page_lead_into_the_mount_it_was_asked_by() {
    let folder = Folder::new("links");
    for mount in ["/dav", "/dav/", "/remote.php/webdav", "/remote.php/dav/files/staff"] {
        let page = folder.server.request("GET", mount).send().expect(200);
        let link = format!("href=\"{}/{SPACE}/\"", mount.trim_end_matches('/'));
        assert!(page.text().contains(&link), "{mount}: {page}");
    }
}

/// A browser showed the XML that is meant for programs.
#[test]
fn browsers_get_errors_as_pages_in_their_language_and_programs_as_xml() {
    const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let server = shared_with("hosts = ['127.0.0.1']");
    let missing = format!("/dav/{SPACE}/missing");
    for (language, lang, not_found, wrong_host) in [
        ("de-DE,de;q=0.9", "de", "Nicht gefunden", "Falsche Adresse"),
        ("en-GB", "en", "Not found", "Wrong address"),
    ] {
        let ask = |method: &str, path: &str| {
            server.request(method, path).header("Accept", HTML).header("Accept-Language", language)
        };
        let page = ask("GET", &missing).send().expect(404);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{page}");
        assert!(
            page.text().contains(&format!("lang=\"{lang}\"")) && page.text().contains(not_found),
            "{page}"
        );
        assert!(page.text().contains(page.header("x-request-id").unwrap()), "{page}");
        assert!(page.header("content-security-policy").unwrap().contains("style-src 'self'"), "{page}");
        let head = ask("HEAD", &missing).send().expect(404);
        assert_eq!(head.header("content-length"), Some(page.body.len().to_string().as_str()));
        let mut connection = server.endpoint().connect();
        let lines = format!("Host: other.example\r\nAccept: {HTML}\r\nAccept-Language: {language}\r\n");
        connection
            .write_all(format!("GET / HTTP/1.1\r\n{lines}Connection: close\r\n\r\n").as_bytes())
            .unwrap();
        let mut elsewhere = String::new();
        connection.read_to_string(&mut elsewhere).unwrap();
        assert!(elsewhere.starts_with("HTTP/1.1 421 ") && elsewhere.contains(wrong_host), "{elsewhere}");
        let challenge = server.anonymous("GET", "/dav/").header("Accept", HTML).send().expect(401);
        assert!(challenge.header("www-authenticate").is_some(), "{challenge}");
        assert!(challenge.text().starts_with("<!DOCTYPE html>"), "{challenge}");
    }
    let program = server.request("GET", &missing).header("Accept", "*/*").send().expect(404);
    assert_eq!(program.header("content-type"), Some("application/xml; charset=utf-8"), "{program}");
}

#[test]
fn the_server_as_a_whole_says_what_it_can_do() {
    let server = shared_with("");
    let answer = server.anonymous("OPTIONS", "*").send().expect(200);
    assert_eq!(answer.header("dav"), Some("1, 2"), "{answer}");
    server.anonymous("GET", "*").send().expect(400);
}

#[test]
fn a_refusal_tells_the_command_line_why() {
    let folder = Folder::new("cli-names");
    let outcome = Outcome::of(&mut folder.server.cli(["space", "add", "a/b", "--kind", "team"]));
    assert_ne!(outcome.code, 0, "{outcome}");
    assert!(outcome.stderr.contains("must not contain '/'"), "{outcome}");
}
