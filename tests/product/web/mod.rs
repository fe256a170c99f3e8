//! The script of upload forms: built as committed, within its budget, and used by a person at real browsers.

mod engines;
mod tour;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::http::requests::send;
use crate::support::TestServer;
use crate::support::browser::Browser;
use crate::support::content::write_file;
use crate::support::pdfs;
use crate::support::process::{installed, limited, require, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// Scripts, and the most bytes that each may have as it is sent with gzip at its best; a link's page has the first alone.
const SCRIPTS: [(&str, usize); 5] = [
    ("upload.js", 30_000),
    ("desk.js", 6_000),
    ("keys.js", 1_000),
    ("copy.js", 1_000),
    ("passkey.js", 2_000),
];
/// Most bytes of all scripts of a page for staff.
const STAFF_BUDGET: usize = 60_000;
/// Small files in the folder that is sent; more than a browser lists at once.
const SMALL: usize = 300;

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web")
}

/// A copy of the sources with the packages that they need.
fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let web = folder.path().join("web");
    fs::create_dir(&web).unwrap();
    for part in ["src", "test"] {
        succeed(Command::new("cp").arg("-r").arg(sources().join(part)).arg(&web));
    }
    for file in ["package.json", "tsconfig.json"] {
        fs::copy(sources().join(file), web.join(file)).unwrap();
    }
    symlink(installed("web/node_modules"), web.join("node_modules")).unwrap();
    folder
}

fn npm(folder: &Path, script: &str) -> String {
    succeed(tool("npm", "npm").args(["run", "-s", script]).current_dir(folder.join("web")))
}

#[test]
fn the_committed_scripts_are_built_from_their_sources_and_keep_their_budgets() {
    let folder = workshop();
    npm(folder.path(), "build");
    let mut whole = 0;
    for (name, budget) in SCRIPTS {
        let built = fs::read(folder.path().join("web/dist").join(name)).unwrap();
        let committed = fs::read(sources().join("dist").join(name)).unwrap();
        assert!(built == committed, "web/dist/{name} is not what web/src gives: run `npm run build` in web/");
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&committed).unwrap();
        let size = gzip.finish().unwrap().len();
        assert!(size <= budget, "{name} has {size} bytes");
        whole += size;
    }
    assert!(whole <= STAFF_BUDGET, "the scripts have {whole} bytes");
}

#[test]
fn types_and_rules_of_the_script_hold() {
    let folder = workshop();
    npm(folder.path(), "check");
    let told = npm(folder.path(), "test");
    assert!(told.contains("\n# fail 0") && !told.contains("\n# pass 0"), "{told}");
}

#[test]
fn the_script_is_kept_by_browsers_and_pages_without_it_allow_none() {
    let server = TestServer::start_plain();
    let link = link(&server, &[]);
    let page = server.anonymous("GET", &link).send().expect(200);
    let policy = page.header("content-security-policy").unwrap().to_owned();
    for part in [
        "script-src 'nonce-",
        "connect-src 'self'",
        "require-trusted-types-for 'script'",
        "default-src 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    let again = server.anonymous("GET", &link).send().expect(200);
    assert_ne!(again.header("content-security-policy"), Some(policy.as_str()), "a policy is guessed");
    let text = page.text();
    let address = text.split_once("<script src=\"").unwrap().1.split('"').next().unwrap();
    let script = server.anonymous("GET", address).send().expect(200);
    assert_eq!(script.body, fs::read(sources().join("dist/upload.js")).unwrap());
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(script.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let mut name = String::new();
    for byte in &Sha256::digest(&script.body)[..8] {
        write!(name, "{byte:02x}").unwrap();
    }
    assert_eq!(address, format!("/static/upload-{name}.js"));
    server.anonymous("GET", "/static/upload-0000000000000000.js").send().expect(404);
    server.anonymous("POST", address).send().expect(405);

    let login = server.anonymous("GET", "/login").send().expect(200);
    assert!(!login.header("content-security-policy").unwrap().contains("script"), "{login}");
    assert!(!login.text().contains("<script"), "{login}");
}

#[test]
fn every_page_has_an_icon_that_browsers_keep() {
    let server = TestServer::start_plain();
    for page in ["/login", "/", "/check", &link(&server, &[]), "/s/none"] {
        let page = server.anonymous("GET", page).send();
        let policy = page.header("content-security-policy").unwrap();
        assert_eq!(policy.matches("img-src 'self'").count(), 1, "{policy}");
        let text = page.text();
        let icons: Vec<_> = text.split("<link rel=\"icon\"").skip(1).collect();
        let addresses =
            icons.iter().map(|icon| icon.split_once("href=\"").unwrap().1.split('"').next().unwrap());
        let [by_itself, svg] = addresses.collect::<Vec<_>>()[..] else { panic!("{text}") };
        for (address, kind, begins, kept) in [
            (by_itself, "image/x-icon", &b"\0\0\x01\0\x02\0"[..], "public, max-age=604800"),
            (svg, "image/svg+xml", b"<svg ", "public, max-age=31536000, immutable"),
        ] {
            let icon = server.anonymous("GET", address).send().expect(200);
            assert!(icon.body.starts_with(begins), "{address}");
            assert_eq!(icon.header("content-type"), Some(kind));
            assert_eq!(icon.header("cache-control"), Some(kept));
            assert_eq!(icon.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(icon.header("content-security-policy"), Some("default-src 'none'; sandbox"));
            server.anonymous("POST", address).send().expect(405);
        }
        assert_eq!(by_itself, "/favicon.ico");
    }
}

/// A link that takes files into the folder `in`; its path.
fn link(server: &TestServer, options: &[&str]) -> String {
    if server.request("PROPFIND", &format!("/dav/{SPACE}/in")).header("Depth", "0").send().status == 404 {
        server.request("MKCOL", &format!("/dav/{SPACE}/in")).send().expect(201);
    }
    let target = format!("{SPACE}/in");
    let words = ["link", "add", &target, "--as", USER, "--can", "add"];
    let url = server.cli_ok(words.iter().chain(options));
    format!("/s/{}", url.trim().rsplit('/').next().unwrap())
}

fn server() -> TestServer {
    let server = TestServer::start_plain();
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    server
}

/// Has the browser go through a scenario, and returns its findings.
fn browse(server: &TestServer, scenario: &str, work: &Path, more: &Value) -> Value {
    let mut given = json!({
        "base": server.url(""),
        "work": work,
        "chromium": require("chromium", "chromium"),
        "space": SPACE,
        "user": USER,
        "password": PASSWORD,
        "screens": std::env::var_os("TRESOR_TEST_SCREENS").map(PathBuf::from),
    });
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    installed("web/node_modules");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/web/browser.mjs");
    let mut node = tool("node", "nodejs");
    node.arg(driver).args([scenario, &given.to_string()]);
    // A browser keeps a profile, caches and crash reports; they go with the working folder.
    server.office.isolate(&mut node);
    node.current_dir(installed("web"));
    serde_json::from_str(&succeed(&mut node)).unwrap()
}

/// All files below a folder of the space, as an archive gives them, are those of a folder here.
fn assert_same(server: &TestServer, folder: &str, expected: &Path) {
    let archive = server.request("GET", &format!("/dav/{SPACE}/{folder}/?zip")).send().expect(200);
    let got = server.scratch("got");
    let (zip, files) = (got.join("got.zip"), got.join("files"));
    fs::write(&zip, archive.body).unwrap();
    fs::create_dir(&files).unwrap();
    succeed(limited(&require("bsdtar", "libarchive-tools")).arg("-xf").arg(&zip).arg("-C").arg(&files));
    succeed(Command::new("diff").arg("-r").arg(expected).arg(files));
}

#[test]
fn a_folder_arrives_across_a_cut_line_and_a_closed_tab() {
    let server = server();
    let work = server.scratch("work");
    let folder = work.join("Belege");
    fs::create_dir_all(folder.join("Februar/ü")).unwrap();
    for n in 0..SMALL {
        let name = if n < 250 { format!("Beleg {n}.txt") } else { format!("Februar/ü/Beleg {n}.txt") };
        fs::write(folder.join(name), vec![b'x'; n * 37]).unwrap();
    }
    write_file(&folder.join("gross.bin"), 1, 64 << 20);
    let left_out = folder.join("Thumbs.db");
    fs::write(&left_out, "x").unwrap();
    let seen = browse(&server, "staff", &work, &json!({ "files": SMALL + 1 }));
    let posts = usize::try_from(seen["posts"].as_u64().unwrap()).unwrap();
    assert!((1..SMALL - 100).contains(&posts), "{posts} files were begun again");
    fs::remove_file(left_out).unwrap();
    assert_same(&server, "Belege", &folder);
}

#[test]
fn what_was_dropped_is_read_again_after_a_closed_tab() {
    let server = server();
    let work = server.scratch("work");
    fs::create_dir(work.join("Akten")).unwrap();
    fs::write(work.join("Akten/Brief.txt"), "Brief").unwrap();
    fs::write(work.join("Akten/Notiz.txt"), "Notiz").unwrap();
    let large = write_file(&work.join("Akten/gross.bin"), 4, 24 << 20);
    for folder in ["Eingang", "Zweiter"] {
        server.request("MKCOL", &format!("/dav/{SPACE}/{folder}")).send().expect(201);
    }
    let link = link(&server, &[]);
    browse(&server, "goOn", &work, &json!({ "link": server.url(&link) }));
    let at = format!("/dav/{SPACE}/Eingang/Akten");
    let stored = server.request("GET", &format!("{at}/gross.bin")).send().expect(200);
    assert_eq!(crate::support::content::sha256(&stored.body), large);
    // The changed one replaces nothing, as if it was chosen again.
    let texts = ["Notiz.txt", "Notiz%20(2).txt"]
        .map(|name| server.request("GET", &format!("{at}/{name}")).send().expect(200).text());
    assert_eq!(texts, ["Notiz", "geändert"]);
}

#[test]
fn folders_arrive_with_those_that_have_no_file_and_a_link_to_work_in_a_folder_takes_them_too() {
    let server = server();
    let work = server.scratch("work");
    fs::create_dir_all(work.join("Akten/leer/innen")).unwrap();
    fs::create_dir_all(work.join("Leer/innen")).unwrap();
    fs::write(work.join("Akten/Brief.txt"), "Brief").unwrap();
    let large = write_file(&work.join("Akten/gross.bin"), 5, 24 << 20);
    let hand_in = link(&server, &[]);
    server.request("MKCOL", &format!("/dav/{SPACE}/gemeinsam")).send().expect(201);
    let words = ["link", "add", &format!("{SPACE}/gemeinsam"), "--as", USER, "--can", "edit"];
    let shared = server.cli_ok(words);
    let shared = format!("/s/{}", shared.trim().rsplit('/').next().unwrap());
    let given = json!({ "handIn": server.url(&hand_in), "shared": server.url(&shared) });
    browse(&server, "folders", &work, &given);
    for folder in ["Leer/innen", "in/Akten/leer/innen", "gemeinsam/Akten/leer/innen"] {
        server.request("PROPFIND", &format!("/dav/{SPACE}/{folder}/")).send().expect(207);
    }
    let stored = server.request("GET", &format!("/dav/{SPACE}/gemeinsam/Akten/gross.bin")).send().expect(200);
    assert_eq!(crate::support::content::sha256(&stored.body), large);
}

#[test]
fn a_guest_at_a_phone_hands_in_across_two_visits() {
    let server = server();
    let work = server.scratch("work");
    fs::write(work.join("one.txt"), "1").unwrap();
    fs::write(work.join("program.exe"), "1").unwrap();
    let large = write_file(&work.join("large.txt"), 2, 17 << 20);
    let link = link(&server, &["--types", "txt"]);
    let seen = browse(&server, "guest", &work, &json!({ "link": server.url(&link) }));
    let text = seen["text"].as_str().unwrap();
    assert!(
        text.contains("large.txt") && text.contains("one.txt") && !text.contains("program.exe"),
        "{text}"
    );
    let stored = server.request("GET", &format!("/dav/{SPACE}/in/large.txt")).send().expect(200);
    assert_eq!(crate::support::content::sha256(&stored.body), large);
}

/// Photos from phones have one name, one size and one time when they are taken in a row.
#[test]
fn a_phone_stays_awake_and_photos_of_one_name_all_arrive() {
    let server = server();
    let link = link(&server, &[]);
    let photos = ["first", "other", "third"];
    let given = json!({ "link": server.url(&link), "photos": photos });
    browse(&server, "phone", &server.scratch("work"), &given);
    let names = ["image.jpg", "image%20(2).jpg", "image%20(3).jpg"];
    let stored =
        names.map(|name| server.request("GET", &format!("/dav/{SPACE}/in/{name}")).send().expect(200));
    let mut stored = stored.map(|answer| String::from_utf8(answer.body).unwrap());
    stored.sort();
    assert_eq!(stored, photos);
}

#[test]
fn a_file_for_an_item_of_a_request_loses_nothing_that_is_typed() {
    let server = server();
    let work = server.scratch("work");
    fs::write(work.join("one.txt"), "1").unwrap();
    let words = [
        "request",
        "add",
        &format!("{SPACE}/in"),
        "--as",
        USER,
        "--item",
        "Bescheid",
        "--item",
        "Vertrag",
        "--json",
    ];
    server.request("MKCOL", &format!("/dav/{SPACE}/in")).send().expect(201);
    let made: Value = serde_json::from_str(&server.cli_ok(words)).unwrap();
    let link = format!("/s/{}", made["url"].as_str().unwrap().rsplit('/').next().unwrap());
    browse(&server, "request", &work, &json!({ "link": server.url(&link), "state": "angekommen" }));
    let shown = server.cli_ok(["request", "show", &made["id"].to_string(), "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["items"][0]["state"], "handed-in", "{shown}");
    assert_eq!(shown["items"][1]["state"], "open", "{shown}");
}

/// A request with four items, for three of which something came; its address.
fn handed_in(server: &TestServer) -> String {
    let words = ["Ausweis", "Bescheid", "Spenden", "Miete"].map(|item| ["--item", item]).concat();
    let (made, link) = crate::http::requests::asked(server, &words);
    let client = Browser::new(server, "de");
    client.get(&link).expect(200);
    let item = |at: usize| made["items"][at]["id"].to_string();
    let pdf = pdfs::pages((595, 842), &["Vorderseite".to_owned(), "Anhang".to_owned()]);
    let pdf = String::from_utf8(pdf).unwrap();
    // The latest comes first.
    send(&client, &link, &item(0), &[("hinten.txt", "Rückseite")]).expect(200);
    send(&client, &link, &item(0), &[("vorn.pdf", &pdf)]).expect(200);
    send(&client, &link, &item(2), &[("spenden.csv", "100")]).expect(200);
    send(&client, &link, &item(3), &[("miete.txt", "900")]).expect(200);
    format!("/requests/{}", made["id"])
}

#[test]
fn what_was_handed_in_is_checked_by_keys() {
    let server = server();
    let (work, at) = (server.scratch("work"), handed_in(&server));
    browse(&server, "check", &work, &json!({ "at": at }));
    let page = Browser::signed_in(&server, "de", USER, PASSWORD).get(&at).expect(200).text();
    assert!(page.contains("abgelehnt: sbar? Foto"), "{page}");
    assert_eq!(page.matches("angenommen, erledigt").count(), 2, "{page}");
}

#[test]
fn what_was_handed_in_is_checked_on_a_phone_without_scripts() {
    let server = server();
    let (work, at) = (server.scratch("work"), handed_in(&server));
    browse(&server, "checkPlain", &work, &json!({ "at": at }));
    let page = Browser::signed_in(&server, "de", USER, PASSWORD).get(&at).expect(200).text();
    assert!(page.contains("abgelehnt: Beleg fehlt") && page.contains("angenommen, erledigt"), "{page}");
}

#[test]
fn pages_are_locked_and_nothing_that_was_typed_or_sent_is_lost() {
    let server = server();
    server.cli_ok(["office", "set", "--lock", "6s"]);
    let work = server.scratch("work");
    let large = ["first.bin", "second.bin"];
    let sums = large.map(|name| write_file(&work.join(name), 3, 20 << 20));
    server.add_user("bert", "staff", PASSWORD);
    browse(&server, "lock", &work, &json!({ "large": large, "other": "bert" }));
    assert!(server.cli_ok(["user", "app-password", "list", USER]).contains("Mein Laptop"));
    for (name, sum) in large.iter().zip(sums) {
        let stored = server.request("GET", &format!("/dav/{SPACE}/{name}")).send().expect(200);
        assert_eq!(crate::support::content::sha256(&stored.body), sum, "{name}");
    }
}

#[test]
fn a_passkey_signs_in_and_unlocks_until_it_is_removed() {
    let server = TestServer::start_configured("hosts = ['localhost', '127.0.0.1']");
    let base = format!("http://localhost:{}", server.endpoint().address.port());
    let begun =
        server.anonymous("POST", "/login/v2").header("Host", base.trim_start_matches("http://")).body("");
    let begun: Value = serde_json::from_slice(&begun.send().expect(200).body).unwrap();
    let given = json!({ "base": base, "device": begun["login"] });
    let seen = browse(&server, "passkey", &server.scratch("work"), &given);
    assert!(seen["signs"].as_u64().unwrap() >= 4, "{seen}");
    let log = server.cli_ok(["history", "--json"]);
    for word in ["passkey-added", "passkey-renamed", "passkey-removed", "device-added"] {
        assert_eq!(log.contains(word), word != "device-added", "{log}");
    }
    let poll = format!("token={}", begun["poll"]["token"].as_str().unwrap());
    let asked = server.anonymous("POST", "/login/v2/poll");
    asked.header("Content-Type", "application/x-www-form-urlencoded").body(poll).send().expect(200);
    assert!(server.cli_ok(["history", "--json"]).contains("device-added"));
}

#[test]
fn files_are_looked_at_from_their_folder() {
    let server = server();
    let files: [(&str, Vec<u8>, &str); 4] = [
        ("brief.pdf", pdfs::pages((595, 842), &["a".to_owned(), "b".to_owned()]), "Page 1 of 2"),
        ("foto.png", pdfs::PNG.to_vec(), ""),
        ("liste.csv", "Müller;1".into(), "Müller;1"),
        ("scan.pdf", pdfs::scan(), ""),
    ];
    for (name, content, _) in &files {
        server.request("PUT", &format!("/dav/{SPACE}/{name}")).body(content.as_slice()).send().expect(201);
    }
    let files: Vec<_> = files.iter().map(|(name, _, text)| json!([name, text])).collect();
    browse(&server, "view", &server.scratch("work"), &json!({ "files": files }));
}

#[test]
fn photos_become_the_pages_of_one_pdf_in_their_order() {
    let server = server();
    let work = server.scratch("work");
    fs::write(work.join("kein Bild.jpg"), "no picture").unwrap();
    let link = link(&server, &["--types", "pdf"]);
    let photos = json!([["1.jpg", "#f00"], ["2.jpg", "#0f0"], ["kein Bild.jpg", ""], ["3.jpg", "#00f"]]);
    browse(&server, "photos", &work, &json!({ "link": server.url(&link), "photos": photos }));

    let listed = server.request("PROPFIND", &format!("/dav/{SPACE}/in/")).header("Depth", "1").send().text();
    let address =
        listed.split("href>").find(|part| part.contains(".pdf")).unwrap().split('<').next().unwrap();
    let pdf = work.join("stored.pdf");
    fs::write(&pdf, server.request("GET", address).send().expect(200).body).unwrap();
    let sound = succeed(tool("qpdf", "qpdf").arg("--check").arg(&pdf));
    assert!(sound.contains("No syntax or stream encoding errors found"), "{sound}");
    let about = succeed(tool("pdfinfo", "poppler-utils").arg(&pdf));
    let lines: Vec<String> =
        about.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    // Upright, as the camera was held.
    assert!(
        lines.iter().any(|line| line == "Pages: 2")
            && lines.iter().any(|line| line == "Page size: 595 x 793 pts"),
        "{about}"
    );
    let painted = work.join("page");
    succeed(tool("pdftoppm", "poppler-utils").args(["-r", "10"]).arg(&pdf).arg(&painted));
    let colour = |page: u8| {
        let pixels = fs::read(work.join(format!("page-{page}.ppm"))).unwrap();
        let last = pixels.last_chunk::<3>().unwrap();
        ["red", "green", "blue"][(0..3).max_by_key(|at| last[*at]).unwrap()]
    };
    assert_eq!([colour(1), colour(2)], ["blue", "red"]);
}

#[test]
fn a_file_for_a_box_waits_for_the_name_of_its_sender() {
    let server = server();
    let work = server.scratch("work");
    fs::write(work.join("one.txt"), "1").unwrap();
    let link = link(&server, &["--box"]);
    browse(&server, "box", &work, &json!({ "link": server.url(&link) }));
    let hand_ins = server.cli_ok(["receipt", "list"]);
    assert!(hand_ins.contains("Erika Schmidt"), "{hand_ins}");
}

#[test]
fn a_value_to_enter_on_a_device_is_copied_by_its_button() {
    let server = server();
    let value = json!(["WebDAV address", server.url("/dav/")]);
    browse(&server, "copy", &server.scratch("work"), &json!({ "value": value }));
}

#[test]
fn without_scripts_the_form_works() {
    let server = server();
    let work = server.scratch("work");
    fs::write(work.join("one.txt"), "1").unwrap();
    let link = link(&server, &[]);
    browse(&server, "plain", &work, &json!({ "link": server.url(&link) }));
    let stored = server.request("GET", &format!("/dav/{SPACE}/in/one.txt")).send().expect(200);
    assert_eq!(stored.body, b"1");
}
