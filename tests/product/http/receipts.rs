//! Receipts as pages and PDFs, read by the tools that readers have, and the page that checks them.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tresor::proof::{self, Signer};
use zeroize::Zeroizing;

use super::hand_in::{finish, send};
use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::{Request, Response};
use crate::support::process::{limited, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// A name as long as systems allow.
const LONG: &str = "Aufstellung-aller-Belege-und-Rechnungen-des-Jahres-2025-mit-Anlagen-und-Erläuterungen-zu-jeder-einzelnen-Position-\
                    sortiert-nach-Datum-und-Lieferant-Fassung-vom-30.11.2026-endgültig-geprüft-und-freigegeben-von-Frau-Huber.pdf";
/// One that Noto Sans cannot show, one that would turn the text around, and one that is left out.
const FOREIGN: &str = "帳簿.txt";
const TURNED: &str = "a\u{202e}fdp.exe";
const SYSTEM: &str = "2025/.DS_Store";

/// A link for files, its number, and an office with a person to call.
fn office() -> (TestServer, Value, String) {
    let server = TestServer::start_plain();
    server.cli_ok([
        "office",
        "set",
        "--name",
        "Kanzlei Weiß",
        "--contact",
        "Frau Adler",
        "--phone",
        "089 1234",
    ]);
    server.request("MKCOL", &format!("/dav/{SPACE}/Belege")).send().expect(201);
    let target = format!("{SPACE}/Belege");
    let made =
        server.cli_ok(["link", "add", &target, "--as", USER, "--can", "add", "--own-folder", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let page = format!("/s/{}", made["url"].as_str().unwrap().split_once("/s/").unwrap().1);
    (server, made, page)
}

fn hand_in<'a>(server: &'a TestServer, link: &str) -> Browser<'a> {
    let client = Browser::new(server, "de");
    client.get(link).expect(200);
    let files = [("2025/Überweisung.txt", "a"), (LONG, "b"), (FOREIGN, "c"), (TURNED, "d"), (SYSTEM, "e")];
    send(&client, link, "Erika Huber", &files).expect(200);
    leads_to(&finish(&client, link));
    client
}

fn file(server: &TestServer, name: &str, content: &[u8]) -> PathBuf {
    let path = server.scratch("").join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// The program's answer about a signed text without a server.
fn verified(file: &Path) -> Value {
    let mut check = limited(Path::new(env!("CARGO_BIN_EXE_tresor")));
    let checked = check.args(["receipt", "verify", "--json"]).arg(file).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    serde_json::from_slice(&checked.stdout).unwrap()
}

/// A text as it reads, without regard to where its lines end, which `pdfinfo` puts into quotation marks.
fn flat(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '"').collect()
}

/// The text of a PDF in its logical order, after the checks that every PDF must pass.
pub(crate) fn read_pdf(server: &TestServer, pdf: &Response) -> (String, String) {
    assert_eq!(pdf.header("content-type"), Some("application/pdf"));
    let path = file(server, "receipt.pdf", &pdf.body);
    let checked = succeed(tool("qpdf", "qpdf").arg("--check").arg(&path));
    assert!(checked.contains("No syntax or stream encoding errors"), "{checked}");
    let about = succeed(tool("pdfinfo", "poppler-utils").arg(&path));
    for line in ["Tagged:          yes", "Encrypted:       no", "JavaScript:      no", "A4"] {
        assert!(about.contains(line), "{line}: {about}");
    }
    let raw = String::from_utf8_lossy(&pdf.body).into_owned();
    assert!(raw.contains("<pdfuaid:part>1</pdfuaid:part>"), "it does not say that it is PDF/UA-1");
    let text = succeed(tool("pdftotext", "poppler-utils").args(["-enc", "UTF-8"]).arg(&path).arg("-"));
    let structure = succeed(tool("pdfinfo", "poppler-utils").args(["-struct-text"]).arg(&path));
    (text, structure)
}

/// The file that a PDF carries along.
pub(crate) fn attached(server: &TestServer, pdf: &Response) -> PathBuf {
    let (pdf, out) = (file(server, "receipt.pdf", &pdf.body), server.scratch("").join("attached.txt"));
    succeed(tool("pdfdetach", "poppler-utils").args(["-save", "1", "-o"]).arg(&out).arg(pdf));
    out
}

/// The check page's answer about a file or a text in a field.
pub(crate) fn checked(browser: &Browser<'_>, field: &str, content: &[u8]) -> Response {
    asked(browser, field, content).send()
}

fn asked(browser: &Browser<'_>, field: &str, content: &[u8]) -> Request {
    let name = if field == "files" { "; filename=\"x\"" } else { "" };
    let head = format!("--x\r\nContent-Disposition: form-data; name=\"{field}\"{name}\r\n\r\n");
    let body = [head.as_bytes(), content, b"\r\n--x--\r\n"].concat();
    let request = browser.ask("POST", "/check").header("Content-Type", "multipart/form-data; boundary=x");
    request.header("Sec-Fetch-Site", "same-origin").body(body)
}

/// The same text, signed by another instance, whose key it names.
pub(crate) fn by_another_key(note: &str) -> String {
    let (text, _) = proof::split(note).unwrap();
    let said: Value = serde_json::from_str(text).unwrap();
    let other = Signer::new("tresor-other".to_owned(), &Zeroizing::new([7; 32]));
    other.sign(&text.replace(said["key"].as_str().unwrap(), &other.verifier().to_string()))
}

#[test]
fn page_and_pdf_say_what_the_signed_text_says() {
    let (server, _, link) = office();
    let client = hand_in(&server, &link);
    assert!(client.get(&link).text().contains(&format!("{link}/receipt\"")));
    let note = client.get(&format!("{link}/receipt.txt")).expect(200);
    let receipt = verified(&file(&server, "receipt.txt", &note.body));
    let digests: Vec<_> =
        receipt["files"].as_array().unwrap().iter().map(|file| file["sha256"].as_str().unwrap()).collect();
    assert_eq!(digests.len(), 4, "{receipt}");

    let page = client.get(&format!("{link}/receipt")).expect(200).text();
    let pdf = client.get(&format!("{link}/receipt.pdf")).expect(200);
    let (text, structure) = read_pdf(&server, &pdf);
    let (text, structure) = (flat(&text), flat(&structure));
    let shown = [
        "Kanzlei Weiß",
        "Frau Adler",
        "089 1234",
        USER,
        "Belege",
        "Erika Huber",
        "2025/Überweisung.txt",
        LONG,
        "a\\u{202e}fdp.exe",
    ];
    let said = [
        SYSTEM,
        "Systemdatei, wird nicht gebraucht",
        "4 Dateien (4 B)",
        receipt["key"].as_str().unwrap(),
        "/check",
    ];
    for words in shown.iter().chain(&said).chain(&digests) {
        assert!(page.contains(&words.replace('\'', "&#39;")), "{words}: {page}");
        assert!(text.contains(&flat(words)), "{words}: {text}");
        assert!(structure.contains(&flat(words)), "{words}: {structure}");
    }
    // Times of the office, and those of the signed text.
    let finished = receipt["finished"].as_str().unwrap();
    assert!(page.contains(finished) && text.contains(finished), "{text}");
    assert!(page.contains(FOREIGN) && text.contains("\u{fffd}\u{fffd}.txt"), "{text}");
    assert!(text.contains("DasZeichen\u{fffd}steht"), "{text}");
    for (tag, least) in [("H1", 1), ("H2", 3), ("Table", 4), ("THead", 2), ("Figure", 1), ("Link", 1)] {
        assert!(structure.matches(tag).count() >= least, "{tag}: {structure}");
    }

    // The PDF alone proves it, and each time it is the same.
    assert_eq!(std::fs::read(attached(&server, &pdf)).unwrap(), note.body);
    verified(&attached(&server, &pdf));
    assert_eq!(client.get(&format!("{link}/receipt.pdf")).body, pdf.body);
    // Not without the browser's secret.
    for name in ["receipt", "receipt.pdf", "receipt.txt"] {
        Browser::new(&server, "de").get(&format!("{link}/{name}")).expect(404);
    }
    client.get(&format!("{link}/receipt.doc")).expect(404);
}

#[test]
fn anybody_checks_a_receipt_and_learns_nothing_else() {
    let (server, made, link) = office();
    let client = hand_in(&server, &link);
    let note = client.get(&format!("{link}/receipt.txt")).expect(200).body;
    let pdf = client.get(&format!("{link}/receipt.pdf")).expect(200).body;
    // Also after the link is gone.
    server.cli_ok(["link", "revoke", &made["id"].to_string()]);

    let stranger = Browser::new(&server, "de");
    assert!(stranger.get("/check").expect(200).text().contains("type=\"file\""));
    let text = String::from_utf8(note.clone()).unwrap();
    let pasted = text.trim().replace('\n', "\r\n");
    for (field, content) in [("files", &note), ("files", &pdf), ("text", &pasted.clone().into_bytes())] {
        let page = checked(&stranger, field, content).expect(200).text();
        for words in ["Echt: Diese Bestätigung", "Erika Huber", "2025/Überweisung.txt", LONG] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!page.contains("Ansprechperson</dt>") && !page.contains("/s/"), "{page}");
    }

    let refuse = |content: &[u8], words: &str| {
        let page = checked(&stranger, "files", content).expect(422).text();
        assert!(page.contains(words) && !page.contains("Erika") && !page.contains("Echt: "), "{page}");
    };
    refuse(text.replace("Erika Huber", "Erika Maier").as_bytes(), "nachträglich verändert");
    let at = pdf.windows(5).position(|bytes| bytes == b"Erika").unwrap();
    refuse(&[&pdf[..at], b"Erich", &pdf[at + 5..]].concat(), "nachträglich verändert");
    refuse(b"%PDF-1.7 nothing", "keine Bestätigung zu finden");
    refuse(b"Hallo", "keine Bestätigung zu finden");
    refuse(&[0xff; 100], "keine Bestätigung zu finden");
    refuse(by_another_key(&text).as_bytes(), "nicht mit dem Schlüssel dieser Kanzlei");

    checked(&stranger, "text", b" ").expect(400);
    checked(&stranger, "files", &vec![b'x'; 7 << 20]).expect(413);
    let foreign = stranger.ask("POST", "/check").header("Content-Type", "multipart/form-data; boundary=x");
    foreign.header("Origin", "https://evil.example").body("--x--\r\n").send().expect(403);
    stranger.ask("PUT", "/check").send().expect(405);
}

#[test]
fn the_office_reads_the_same_receipts() {
    let (server, made, link) = office();
    let client = hand_in(&server, &link);
    let note = client.get(&format!("{link}/receipt.txt")).expect(200).body;
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let here = format!("/links/{}", made["id"]);
    let list = anna.get(&here).expect(200).text();
    let receipt = list.split("href=\"").find(|part| part.contains("/receipt/")).unwrap();
    let receipt = receipt.split('"').next().unwrap();
    let page = anna.get(receipt).expect(200).text();
    assert!(page.contains("Eingangsbestätigung Nr.") && page.contains("Erika Huber"), "{page}");
    assert_eq!(anna.get(&format!("{receipt}.txt")).expect(200).body, note);
    let pdf = anna.get(&format!("{receipt}.pdf")).expect(200);
    assert_eq!(std::fs::read(attached(&server, &pdf)).unwrap(), note);
    for (name, role) in [("berta", "staff"), ("carl", "client")] {
        server.add_member(name, role, "write");
        let other = Browser::signed_in(&server, "de", name, PASSWORD);
        for ending in ["", ".pdf", ".txt"] {
            other.get(&format!("{receipt}{ending}")).expect(404);
        }
    }
}
