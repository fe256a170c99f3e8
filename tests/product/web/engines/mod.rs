//! Clients and staff at Firefox and at `WebKit`, which is what iPhones have: they send, answer and fetch as at Chromium, over TLS
//! with the server's own certificate, in both languages. The browsers are Debian's; `driver.mjs` says how they are steered.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::http::requests::path;
use crate::support::TestServer;
use crate::support::content::{sha256, sha256_file, write_file};
use crate::support::process::{require, succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

/// The files that are sent; the client takes the second one back, and the last one is [`LARGE`].
const FILES: [&str; 3] = ["one.txt", "Übersicht 2.txt", "large.bin"];
/// Bytes of the large one: enough for a look at it while it is sent.
const LARGE: u64 = 96 << 20;
/// Files of the folder that is sent where the browser can be made to choose one.
const IN_FOLDER: [&str; 2] = ["a.txt", "b.txt"];
/// The file that is fetched, of a kind that no browser shows by itself, and the password in front of it.
const FETCHED: &str = "Bescheid Müller.bin";
const SECRET: &str = "Lampion-4711-Ufer";

#[derive(Clone, Copy)]
enum Engine {
    Firefox,
    WebKit,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// Its programs, or a panic with the package that is missing.
    fn programs(self) -> Value {
        match self {
            Self::Firefox => json!({ "firefox": require("firefox-esr", "firefox-esr") }),
            Self::WebKit => {
                let locale = Path::new("/usr/share/i18n/locales/de_DE");
                assert!(locale.exists(), "the Debian package locales is missing (tests/install.sh)");
                json!({
                    "driver": require("WebKitWebDriver", "webkit2gtk-driver"),
                    "display": require("Xvfb", "xvfb"),
                    "locales": require("localedef", "libc-bin"),
                })
            }
        }
    }

    /// Whether a folder can be chosen; the driver of `WebKit` knows none.
    fn chooses_folders(self) -> bool {
        matches!(self, Self::Firefox)
    }
}

/// The office for all visits.
struct Office {
    server: TestServer,
    work: PathBuf,
    downloads: PathBuf,
    /// Checksums of [`FILES`].
    sums: Vec<String>,
    request: Value,
}

impl Office {
    fn new() -> Self {
        let server = TestServer::start();
        server.cli_ok(["grant", USER, SPACE, "manage"]);
        for folder in ["in", "broken", "out", "asked"] {
            server.request("MKCOL", &format!("/dav/{SPACE}/{folder}")).send().expect(201);
        }
        let (work, downloads) = (server.scratch("work"), server.scratch("downloads"));
        let sums = FILES.iter().zip([10, 20, LARGE]).zip(1..);
        let sums = sums.map(|((name, len), seed)| write_file(&work.join(name), seed, len)).collect();
        fs::create_dir(work.join("Belege")).unwrap();
        for (name, seed) in IN_FOLDER.iter().zip(10..) {
            write_file(&work.join("Belege").join(name), seed, 1_000);
        }
        write_file(&work.join("fetched"), 30, 3_000_000);
        let target = format!("/dav/{SPACE}/out/Bescheid%20M%C3%BCller.bin");
        server.request("PUT", &target).body(fs::read(work.join("fetched")).unwrap()).send().expect(201);
        let target = format!("{SPACE}/asked");
        let words = ["request", "add", &target, "--as", USER, "--json"];
        let items = ["Ausweis", "Bescheid", "Spenden"].map(|item| ["--item", item]).concat();
        let request = serde_json::from_str(&server.cli_ok(words.iter().chain(&items))).unwrap();
        Self { server, work, downloads, sums, request }
    }

    fn link(&self, folder: &str, options: &[&str]) -> String {
        let target = format!("{SPACE}/{folder}");
        let words = ["link", "add", &target, "--as", USER];
        self.server.url(&path(&self.server.cli_ok(words.iter().chain(options))))
    }

    /// Has a browser go through all visits, and returns its findings.
    fn visit(&self, engine: Engine, language: &str) -> Value {
        let server = &self.server;
        let secret = server.secret_file("link.password", SECRET);
        let shared = ["--can", "read", "--password-file", secret.to_str().unwrap()];
        let given = json!({
            "base": server.url(""),
            "programs": engine.programs(),
            "work": self.work,
            "files": FILES,
            "folder": { "name": "Belege", "files": IN_FOLDER },
            "downloads": self.downloads,
            "handIn": self.link("in", &["--can", "add"]),
            "broken": self.link("broken", &["--can", "add"]),
            "asked": server.url(&path(self.request["url"].as_str().unwrap())),
            "shared": self.link("out", &shared),
            "secret": SECRET,
            "fetched": { "name": FETCHED, "size": 3_000_000 },
            "user": USER,
            "password": PASSWORD,
            "space": SPACE,
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/web/engines/visits.mjs");
        let mut node = tool("node", "nodejs");
        node.arg(script).args([engine.name(), language, &given.to_string()]);
        // Profiles, caches and crash reports go with the working folder.
        server.office.isolate(&mut node);
        serde_json::from_str(&succeed(&mut node)).unwrap()
    }

    /// The checksum of a stored file, if it is there.
    fn stored(&self, path: &str) -> Option<String> {
        let answer = self.server.request("GET", &format!("/dav/{SPACE}/{path}")).send();
        (answer.status == 200).then(|| sha256(&answer.body))
    }
}

fn check(engine: Engine, language: &str) {
    let office = Office::new();
    let seen = office.visit(engine, language);
    let sum = |at: usize| Some(office.sums[at].clone());
    // One was taken back.
    let found = ["in/one.txt", "in/%C3%9Cbersicht%202.txt", "in/large.bin"].map(|path| office.stored(path));
    assert_eq!(found, [sum(0), None, sum(2)]);
    let receipt = seen["handIn"]["receipt"].as_str().unwrap();
    let named = [0, 1, 2].map(|at| receipt.contains(&office.sums[at]));
    assert_eq!(named, [true, false, true], "{receipt}");
    let count = FILES.len() + if engine.chooses_folders() { IN_FOLDER.len() } else { 0 };
    assert_eq!(seen["handIn"]["count"], count);
    for name in IN_FOLDER.iter().filter(|_| engine.chooses_folders()) {
        let expected = sha256_file(&office.work.join("Belege").join(name));
        assert_eq!(office.stored(&format!("in/Belege/{name}")), Some(expected), "{name}");
    }
    assert_eq!(office.stored("broken/large.bin"), sum(2));
    let id = office.request["id"].to_string();
    let shown: Value =
        serde_json::from_str(&office.server.cli_ok(["request", "show", &id, "--json"])).unwrap();
    let states = [0, 1, 2].map(|at| shown["items"][at]["state"].clone());
    assert_eq!(states, ["handed-in", "does-not-apply", "open"], "{shown}");
    assert!(shown["items"][2]["comments"].to_string().contains("Genügt die Übersicht?"), "{shown}");
    assert_eq!(office.stored("asked/01%20Ausweis/one.txt"), sum(0));
    let found = ["one.txt", "%C3%9Cbersicht%202.txt", "large.bin"].map(|path| office.stored(path));
    assert_eq!(found, [sum(0), sum(1), sum(2)]);
    assert_eq!(sha256_file(&office.downloads.join(FETCHED)), sha256_file(&office.work.join("fetched")));
}

#[test]
fn firefox_serves_clients_and_staff_in_german() {
    check(Engine::Firefox, "de");
}

#[test]
fn firefox_serves_clients_and_staff_in_english() {
    check(Engine::Firefox, "en");
}

#[test]
fn webkit_serves_clients_and_staff_in_german() {
    check(Engine::WebKit, "de");
}

#[test]
fn webkit_serves_clients_and_staff_in_english() {
    check(Engine::WebKit, "en");
}
