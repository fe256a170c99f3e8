//! Folders as ZIP files: how readers unpack them, ranges, conditions, and links to folders.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::downloads::{fetch, link, press, uses};
use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::content::files_below;
use crate::support::process::{eventually, limited, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);
const NOTES: &str = "Hinweise - Notes.txt";

/// Names with something in them, as a client of macOS or Linux stores them, and where they are in the archive.
const FILES: [(&str, &str, &str); 9] = [
    ("Müller & Söhne/Beleg Ü 1.pdf", "Müller & Söhne/Beleg Ü 1.pdf", "ä"),
    ("a:b.txt", "a_b (2).txt", "colon"),
    ("a_b.txt", "a_b.txt", "underscore"),
    ("con.txt", "_con.txt", "Gerät"),
    ("Ende. ", "Ende", "dot and blank"),
    ("empty.txt", "empty.txt", ""),
    ("Ordner?/x.txt", "Ordner_/x.txt", "in a folder of another name"),
    ("zz 📎.bin", "zz 📎.bin", "not in the first plane"),
    ("tiefer/tiefer/tiefer/ganz unten.txt", "tiefer/tiefer/tiefer/ganz unten.txt", "deep"),
];

/// An address with its unsafe characters escaped.
fn escaped(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' => text.push(char::from(byte)),
            byte => text.extend(format!("%{byte:02X}").chars()),
        }
    }
    text
}

/// Stores a file with its folders.
fn put(server: &TestServer, path: &str, content: impl Into<Vec<u8>>) {
    let mut folder = format!("/dav/{SPACE}");
    let names: Vec<_> = path.split('/').collect();
    for name in &names[..names.len() - 1] {
        folder = format!("{folder}/{}", escaped(name));
        let made = server.request("MKCOL", &folder).send().status;
        assert!([201, 405].contains(&made), "{made}");
    }
    let stored = server.request("PUT", &format!("/dav/{SPACE}/{}", escaped(path))).body(content).send();
    assert!([201, 204].contains(&stored.status), "{stored}");
}

/// The folder `Akte` with all of [`FILES`], an empty folder and a long file.
fn furnished(server: &TestServer) -> Vec<u8> {
    for (path, _, content) in FILES {
        put(server, &format!("Akte/{path}"), content);
    }
    server.request("MKCOL", &format!("/dav/{SPACE}/Akte/leer")).send().expect(201);
    let long: Vec<u8> = (0..=250_u8).cycle().take(1_500_000).collect();
    put(server, "Akte/long.bin", long.clone());
    long
}

const AKTE: &str = "/dav/space/Akte/?zip";

fn zip(server: &TestServer, range: &str) -> crate::support::http::Response {
    let request = server.request("GET", AKTE);
    if range.is_empty() { request.send() } else { request.header("Range", range).send() }
}

/// The files below a folder with their contents.
fn unpacked(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = files_below(folder)
        .into_iter()
        .map(|file| {
            let path = file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            (path, fs::read(file).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_folder_is_one_file_that_every_reader_unpacks() {
    let server = TestServer::start_plain();
    let long = furnished(&server);
    let whole = zip(&server, "").expect(200);
    assert_eq!(whole.header("content-length").unwrap(), whole.body.len().to_string());
    assert_eq!(whole.header("content-type"), Some("application/zip"));
    assert_eq!(whole.header("content-disposition"), Some("attachment; filename*=UTF-8''Akte.zip"));
    let place = server.scratch("").join("Akte.zip");
    fs::write(&place, &whole.body).unwrap();

    let mut expected: Vec<_> =
        FILES.iter().map(|(_, path, content)| ((*path).to_owned(), content.as_bytes().to_vec())).collect();
    expected.push(("long.bin".to_owned(), long));
    let read = |made: Vec<(String, Vec<u8>)>, by: &str| {
        let (notes, rest): (Vec<_>, Vec<_>) = made.into_iter().partition(|(path, _)| path == NOTES);
        let mut expected = expected.clone();
        expected.sort();
        assert!(rest == expected, "{by}: {:?}", rest.iter().map(|(path, _)| path).collect::<Vec<_>>());
        String::from_utf8(notes.into_iter().next().unwrap().1).unwrap()
    };
    let folder = |name: &str| server.scratch(name);
    succeed(tool("unzip", "unzip").arg("-t").arg(&place));
    succeed(tool("7zz", "7zip").args(["t", "-bd"]).arg(&place));
    let by_7z = folder("7z");
    succeed(tool("7zz", "7zip").args(["x", "-bd", "-y"]).arg(format!("-o{}", by_7z.display())).arg(&place));
    let notes = read(unpacked(&by_7z), "7z");
    assert!(by_7z.join("leer").is_dir());
    for line in ["a:b.txt -> a_b (2).txt", "con.txt -> _con.txt", "Ende.  -> Ende", "Ordner? -> Ordner_"] {
        assert!(notes.contains(line), "{line}: {notes}");
    }
    assert!(
        notes.contains("Diese Namen sind hier anders") && notes.contains("These names differ here"),
        "{notes}"
    );
    assert!(!notes.contains("x.txt") && !notes.contains("Müller"), "only what was changed: {notes}");
    let by_unzip = folder("unzip");
    succeed(tool("unzip", "unzip").arg("-q").arg(&place).arg("-d").arg(&by_unzip));
    read(unpacked(&by_unzip), "unzip");
    let by_python = folder("python");
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])";
    succeed(tool("python3", "python3").args(["-c", script]).arg(&place).arg(&by_python));
    read(unpacked(&by_python), "Python");
    // As a stream, without a look at the directory.
    let by_bsdtar = folder("bsdtar");
    let stream = fs::File::open(&place).unwrap();
    succeed(tool("bsdtar", "libarchive-tools").args(["-x", "-f", "-", "-C"]).arg(&by_bsdtar).stdin(stream));
    read(unpacked(&by_bsdtar), "bsdtar");

    // Without a changed name there are no notes, and a space has its own name.
    server.request("MKCOL", &format!("/dav/{SPACE}/plain")).send().expect(201);
    put(&server, "plain/a.txt", "x");
    let plain = server.request("GET", &format!("/dav/{SPACE}/plain/?zip")).send().expect(200);
    assert!(!plain.text().contains("Notes"));
    let space = server.request("GET", &format!("/dav/{SPACE}/?zip")).send().expect(200);
    assert_eq!(space.header("content-disposition"), Some("attachment; filename*=UTF-8''space.zip"));
    // Reading an archive is reading its files.
    eventually("the reads are events", LIMIT, || {
        let history = server.cli_ok(["history", SPACE, "--json"]);
        history.contains("/plain/a.txt") && history.contains("ganz unten")
    });
    // A file is none, and a stranger gets nothing.
    assert_eq!(server.request("GET", &format!("/dav/{SPACE}/plain/a.txt?zip")).send().expect(200).body, b"x");
    server.anonymous("GET", AKTE).send().expect(401);
}

#[test]
fn every_range_of_an_archive_is_a_slice_of_it_and_a_change_changes_its_tag() {
    let mut server = TestServer::start_plain();
    furnished(&server);
    let head = server.request("HEAD", AKTE).send().expect(200);
    let size: usize = head.header("content-length").unwrap().parse().unwrap();
    // The end before anything else, as readers ask for it over the network: no checksum is known yet.
    let tail = zip(&server, &format!("bytes={}-", size - 2_000)).expect(206);
    let middle = zip(&server, "bytes=700000-900000").expect(206);
    let whole = zip(&server, "").expect(200);
    assert_eq!(whole.body.len(), size);
    assert!(tail.body == whole.body[size - 2_000..] && middle.body == whole.body[700_000..=900_000]);
    // Its checksums are those that the end was asked for.
    let place = server.scratch("").join("Akte.zip");
    fs::write(&place, &whole.body).unwrap();
    succeed(tool("7zz", "7zip").args(["t", "-bd"]).arg(&place));
    let tag = whole.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("\"zip-"), "strong: {tag}");
    for (answer, range) in [
        (&tail, format!("bytes {}-{}/{size}", size - 2_000, size - 1)),
        (&middle, format!("bytes 700000-900000/{size}")),
    ] {
        assert_eq!(answer.header("content-range"), Some(range.as_str()));
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    let mut at = 1_usize;
    for step in 0..40 {
        at = (at * 48_271 + step) % (size - 1);
        let end = (at + 1 + at % 40_000).min(size - 1);
        let part = zip(&server, &format!("bytes={at}-{end}")).expect(206);
        assert!(part.body == whole.body[at..=end], "{at}-{end}");
    }
    let with = |name: &str, value: &str| {
        server.request("GET", AKTE).header(name, value).header("Range", "bytes=5-9")
    };
    assert_eq!(with("If-Range", &tag).send().expect(206).body, whole.body[5..10]);
    assert_eq!(with("If-Range", "\"other\"").send().expect(200).body.len(), size);
    assert_eq!(with("If-Match", &tag).send().expect(206).body, whole.body[5..10]);
    with("If-Match", "\"other\"").send().expect(412);
    with("If-None-Match", &tag).send().expect(304);
    let beyond = zip(&server, &format!("bytes={size}-")).expect(416);
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{size}").as_str()));
    assert_eq!(
        zip(&server, "bytes=0-1,9-10").expect(200).body.len(),
        size,
        "several parts at once are the whole"
    );

    server.stop();
    server.spawn();
    let again = zip(&server, "bytes=0-99999").expect(206);
    assert!(
        again.body == whole.body[..100_000] && again.header("etag") == Some(tag.as_str()),
        "after a restart"
    );
    // A file elsewhere changes nothing; a name, a content of the same size and a new folder below it do.
    let now = || server.request("HEAD", AKTE).send().expect(200).header("etag").unwrap().to_owned();
    put(&server, "elsewhere.txt", "x");
    assert_eq!(now(), tag);
    let mut tags = vec![tag];
    put(&server, "Akte/con.txt", "GERÄT");
    tags.push(now());
    let to = server.url(&format!("/dav/{SPACE}/Akte/tiefer/other"));
    let from = format!("/dav/{SPACE}/Akte/tiefer/tiefer");
    server.request("MOVE", &from).header("Destination", &to).send().expect(201);
    tags.push(now());
    server.request("MKCOL", &format!("/dav/{SPACE}/Akte/tiefer/new")).send().expect(201);
    tags.push(now());
    server.request("DELETE", &format!("/dav/{SPACE}/Akte/long.bin")).send().expect(204);
    tags.push(now());
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 5);
}

#[test]
fn an_archive_breaks_off_where_a_file_changed_since_it_was_begun() {
    let server = TestServer::start_plain();
    // Longer than the bytes that a connection takes ahead of its reader.
    put(&server, "Akte/1.bin", vec![7; 24 * 1024 * 1024]);
    put(&server, "Akte/2.txt", "before");
    for change in ["PUT", "DELETE"] {
        let whole = server.request("HEAD", AKTE).send().expect(200);
        let size: usize = whole.header("content-length").unwrap().parse().unwrap();
        let mut connection = server.endpoint().connect();
        let login = data_encoding::BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes());
        let ask = format!(
            "GET {AKTE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\nConnection: close\r\n\r\n"
        );
        connection.write_all(ask.as_bytes()).unwrap();
        let mut first = [0; 1024];
        connection.read_exact(&mut first).unwrap();
        let changed = server.request(change, &format!("/dav/{SPACE}/Akte/2.txt")).body("after!").send();
        assert_eq!(changed.status, 204);
        let mut rest = Vec::new();
        let _ = connection.read_to_end(&mut rest);
        assert!(rest.len() < size - 500, "{change}: {} of {size}", rest.len());
        let sent = |word: &[u8]| rest.windows(word.len()).any(|bytes| bytes == word);
        assert!(!sent(b"before") && !sent(b"after!"), "{change}: nothing of a wrong content");
    }
}

#[test]
fn a_link_to_a_folder_has_a_button_for_all_of_it() {
    let server = TestServer::start_plain();
    furnished(&server);
    let expected = zip(&server, "").expect(200).body;
    let (_, page) = link(&server, "Akte", ["--label", "Huber"]);
    let client = Browser::new(&server, "de");
    let shown = client.get(&page).expect(200).text();
    assert!(shown.contains("Alles als ZIP herunterladen"), "{shown}");
    assert!(shown.contains("10 Dateien, 1,4 MiB"), "{shown}");
    assert!(shown.contains(&format!("href=\"{page}?zip\"")), "{shown}");
    let fetched = server.anonymous("GET", &format!("{page}?zip")).send().expect(200);
    assert!(fetched.body == expected);
    let below = client.get(&format!("{page}/files/tiefer/")).expect(200).text();
    assert!(below.contains("Eine Datei, 4 B") && below.contains("/files/tiefer/?zip"), "{below}");
    let part = server.anonymous("GET", &format!("{page}/files/tiefer/?zip")).send().expect(200);
    assert_eq!(part.header("content-disposition"), Some("attachment; filename*=UTF-8''tiefer.zip"));
    assert!(part.text().contains("tiefer/ganz unten.txt"));
    // An empty folder and a file have no such button.
    assert!(!client.get(&format!("{page}/files/leer/")).expect(200).text().contains("ZIP"));
    server.anonymous("GET", &format!("{page}/files/none/?zip")).send().expect(404);
    let (file, page_of_file) = link(&server, "Akte/con.txt", []);
    assert!(!client.get(&page_of_file).expect(200).text().contains("ZIP"));
    server.anonymous("GET", &format!("{page_of_file}?zip")).send().expect(404);
    // A password, and the end of a link, are for the archive, too.
    let secret = server.secret_file("pw", "Kreide-Ofen");
    let (closed, page) = link(&server, "Akte", ["--password-file", secret.to_str().unwrap()]);
    server.anonymous("GET", &format!("{page}?zip")).send().expect(403);
    client.keep(client.form(&page, &[("password", "Kreide-Ofen")]).send()).expect(303);
    assert!(client.get(&format!("{page}?zip")).expect(200).body == expected);
    server.cli_ok(["link", "revoke", &closed["id"].to_string()]);
    assert_eq!(client.get(&format!("{page}?zip")).status, 404);
    server.cli_ok(["link", "revoke", &file["id"].to_string()]);
}

#[test]
fn over_http_2_an_archive_is_the_same_and_counts_the_same() {
    let server = TestServer::start();
    put(&server, "Akte/a.bin", vec![7; 3_000_000]);
    put(&server, "Akte/b.txt", "the end");
    let expected = zip(&server, "").expect(200).body;
    let (made, page) = link(&server, "Akte", ["--once"]);
    let address = leads_to(&press(&Browser::new(&server, "en"), &page));
    let curl = |more: &[&str]| {
        let mut curl = tool("curl", "curl");
        curl.args(["-sS", "--fail", "--http2", "-w", "%{http_version} %{http_code}", "--cacert"]);
        succeed(curl.arg(server.certificate()).args(more).arg(server.url(&address)))
    };
    let file = server.scratch("").join("fetched");
    let place = file.to_str().unwrap();
    assert_eq!(curl(&["-I", "-o", place]), "2 200");
    assert_eq!(curl(&["-r", "0-999999", "-o", place]), "2 206");
    assert_eq!(uses(&server, &made), 0);
    // Goes on behind the bytes that are there.
    assert_eq!(curl(&["-C", "-", "-o", place]), "2 206");
    assert!(fs::read(&file).unwrap() == expected);
    assert_eq!(uses(&server, &made), 1);
}

#[test]
fn a_folder_is_given_once_and_the_proof_names_its_files() {
    let mut server = TestServer::start_plain();
    let long = furnished(&server);
    let expected = zip(&server, "").expect(200).body;
    let (made, page) = link(&server, "Akte", ["--once", "--label", "Frau Huber"]);
    let client = Browser::new(&server, "en");
    let shown = client.get(&page).expect(200).text();
    assert!(shown.contains("Download everything as a ZIP file</button>"), "{shown}");
    assert!(shown.contains("This works once") && !shown.contains("?zip"), "{shown}");
    // Looks use nothing up, and get nothing.
    for method in ["GET", "HEAD"] {
        for look in ["", "?zip", "/files/tiefer/?zip", "/files/con.txt", "/download"] {
            let answer = server.anonymous(method, &format!("{page}{look}")).send();
            assert!(
                [200, 303].contains(&answer.status) && !answer.text().contains("Gerät"),
                "{look}: {answer}"
            );
        }
    }
    assert!(!client.get(&format!("{page}/files/tiefer/")).expect(200).text().contains("ZIP"));

    let address = leads_to(&press(&client, &page));
    assert!(address.ends_with("/Akte.zip"), "{address}");
    assert_eq!(
        server.anonymous("HEAD", &address).send().expect(200).header("content-length").unwrap(),
        expected.len().to_string()
    );
    let half = expected.len() / 2;
    assert!(fetch(&server, &address, &format!("bytes={half}-")).expect(206).body == expected[half..]);
    server.stop();
    server.spawn();
    assert_eq!(uses(&server, &made), 0);
    // No file of the folder is under the lease, nor another name.
    let lease = address.trim_end_matches("/Akte.zip");
    for wrong in ["/con.txt", "/tiefer/", "/other.zip"] {
        assert_eq!(fetch(&server, &format!("{lease}{wrong}"), "").status, 404, "{wrong}");
    }
    assert!(fetch(&server, &address, &format!("bytes=0-{}", half - 1)).expect(206).body == expected[..half]);
    assert_eq!(uses(&server, &made), 1, "counted when the client has all of it");
    assert_eq!(Browser::new(&server, "en").get(&page).status, 404);

    let downloads: Value =
        serde_json::from_str(&server.cli_ok(["receipt", "list", "--downloads", "--json"])).unwrap();
    assert_eq!(downloads[0]["path"], "/Akte");
    let note = server.cli_ok(["receipt", "show", &downloads[0]["id"].to_string(), "--download"]);
    let file = server.secret_file("proof.txt", note.trim_end());
    let content = server.scratch("").join("long");
    fs::write(&content, &long).unwrap();
    let key = server.cli_ok(["receipt", "verifying-key"]);
    let verify = |more: &[&str]| {
        let mut check = limited(Path::new(env!("CARGO_BIN_EXE_tresor")));
        check
            .args(["receipt", "verify"])
            .arg(&file)
            .args(["--signed-by", key.trim()])
            .args(more)
            .output()
            .unwrap()
    };
    let checked = verify(&["--json"]);
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((&checked["file_count"], &checked["path"]), (&json!(10), &json!("/Akte")));
    let files = checked["files"].as_array().unwrap();
    assert_eq!(files.len(), 10);
    let of_long = files.iter().find(|file| file["path"] == "long.bin").unwrap();
    let digest = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&long));
    assert_eq!((&of_long["size"], &of_long["sha256"]), (&json!(long.len()), &json!(digest)));
    assert!(files.iter().any(|file| file["path"] == "a_b (2).txt"), "the names of the archive: {checked}");
    let words = verify(&[]);
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    assert!(words.contains("long.bin") && words.contains("10"), "{words}");
    // A change in between is another archive: both halves do not count together.
    let (made, page) = link(&server, "Akte", ["--once"]);
    let address = leads_to(&press(&Browser::new(&server, "en"), &page));
    fetch(&server, &address, &format!("bytes=0-{half}")).expect(206);
    put(&server, "Akte/con.txt", "GERÄT");
    fetch(&server, &address, &format!("bytes={half}-")).expect(206);
    assert_eq!(uses(&server, &made), 0);
    fetch(&server, &address, "").expect(200);
    assert_eq!(uses(&server, &made), 1);
}
