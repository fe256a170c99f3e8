//! curl: every way of sending and fetching a file that HTTP knows.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::TestServer;
use crate::support::content::{CONTENT_MARK, NAME_MARK, bytes, sha256, sha256_file, write_file};
use crate::support::process::{Outcome, tool};
use crate::support::server::{PASSWORD, USER};

const SIZE: u64 = 20_000_003;

#[test]
fn curl_uploads_and_downloads_over_each_http_version() {
    let server = TestServer::start();
    for version in ["--http1.1", "--http2"] {
        let curl = Curl::of(&server, &[version]);
        let up = curl.file("up.bin");
        let hash = write_file(&up, 41, SIZE);
        let url = curl.url(&format!("{NAME_MARK}{version}.bin"));

        let put = curl.ask(&["-T", up.to_str().unwrap(), &url]);
        assert_eq!(put.status, 201, "{version}: {put:?}");
        assert_eq!(put.version, &version["--http".len()..], "{put:?}");
        let again = curl.ask(&["-T", up.to_str().unwrap(), &url]);
        assert_eq!(again.status, 204, "{version}: {again:?}");

        let get = curl.ask(&[&url]);
        assert_eq!((get.status, get.size), (200, SIZE), "{version}: {get:?}");
        assert_eq!(sha256_file(&curl.body()), hash, "{version}");
        let head = curl.ask(&["-I", &url]);
        assert_eq!(head.header("content-length"), Some(SIZE.to_string().as_str()));
        assert_eq!(head.header("etag"), get.header("etag"));
        assert_eq!(head.header("accept-ranges"), Some("bytes"));
    }
    server.assert_no_traces(&[]);
}

/// Over HTTP/2 the fragment was cut off and the rest acted on: DELETE of `ordner/#b` deleted `ordner/`. curl packs
/// targets by Huffman's code, as browsers and most libraries do.
#[test]
fn curl_is_refused_a_target_with_a_fragment_over_each_http_version() {
    let server = TestServer::start();
    for (version, path) in [("--http1.1", "/dav/space/alt/"), ("--http2", "/dav/space/neu/")] {
        let curl = Curl::of(&server, &[version]);
        let url = curl.url("ignored");
        assert_eq!(curl.ask(&["-X", "MKCOL", "--request-target", path, &url]).status, 201);
        let target = format!("{path}#b");
        // Three times: later ones may name the target by its place in the table of earlier fields.
        let words = ["-X", "DELETE", "--request-target", &target, &url, &url, &url];
        let outcome = Outcome::of(&mut curl.command(&words));
        assert!(!outcome.stdout.contains("204"), "{version}: {outcome}");
        assert_eq!(curl.ask(&["-X", "MKCOL", "--request-target", path, &url]).status, 405, "{version}");
    }
}

#[test]
fn curl_streams_of_unknown_length_are_stored_whole() {
    let server = TestServer::start();
    for version in ["--http1.1", "--http2"] {
        let curl = Curl::of(&server, &[version]);
        let up = curl.file("up.bin");
        let hash = write_file(&up, 42, SIZE);
        let url = curl.url(&format!("stream{version}.bin"));
        // From standard input curl knows no length: chunked in HTTP/1.1, open-ended in HTTP/2.
        let mut command = curl.command(&["-T", "-", &url]);
        command.stdin(File::open(&up).unwrap());
        assert_eq!(curl.answer(&mut command).status, 201);
        assert_eq!(curl.ask(&[&url]).status, 200);
        assert_eq!(sha256_file(&curl.body()), hash);
    }
    server.assert_no_traces(&[]);
}

#[test]
fn curl_upload_waits_for_the_servers_consent() {
    let server = TestServer::start_plain();
    let curl = Curl::of(&server, &["--http1.1", "--expect100-timeout", "60"]);
    let up = curl.file("up.bin");
    let hash = write_file(&up, 43, 100_000);
    let url = curl.url("consent.bin");
    let put = curl.ask(&["-H", "Expect: 100-continue", "-T", up.to_str().unwrap(), &url]);
    assert_eq!(put.status, 201);
    assert!(put.interim.contains(&100), "{put:?}");
    curl.ask(&[&url]);
    assert_eq!(sha256_file(&curl.body()), hash);

    // Without a right to the place, the body is never asked for.
    let foreign = server.url("/dav/fremd/a.bin");
    let put = curl.ask(&["-H", "Expect: 100-continue", "-T", up.to_str().unwrap(), &foreign]);
    assert!([403, 404, 409].contains(&put.status), "{put:?}");
    assert!(!put.interim.contains(&100), "{put:?}");
    server.assert_no_traces(&["consent.bin"]);
}

#[test]
fn curl_ranges_are_exact_at_every_edge() {
    let server = TestServer::start();
    let curl = Curl::of(&server, &[]);
    let size = 3 * 65_536 + 17;
    let content = bytes(44, size);
    let up = curl.file("up.bin");
    fs::write(&up, &content).unwrap();
    let url = curl.url("ranges.bin");
    assert_eq!(curl.ask(&["-T", up.to_str().unwrap(), &url]).status, 201);

    let last = size - 1;
    for (range, start, end) in [
        ("0-0".to_owned(), 0, 1),
        ("65535-65536".to_owned(), 65_535, 65_537),
        ("65536-131071".to_owned(), 65_536, 131_072),
        (format!("{last}-{last}"), last, size),
        (format!("{last}-"), last, size),
        (format!("100000-{}", size + 5), 100_000, size),
        ("-1".to_owned(), last, size),
        (format!("-{}", size + 1), 0, size),
        ("0-".to_owned(), 0, size),
    ] {
        let get = curl.ask(&["-r", &range, &url]);
        assert_eq!(get.status, 206, "{range}: {get:?}");
        let expected = format!("bytes {start}-{}/{size}", end - 1);
        assert_eq!(get.header("content-range"), Some(expected.as_str()), "{range}");
        let found = fs::read(curl.body()).unwrap();
        assert_eq!(sha256(&found), sha256(&content[start..end]), "{range}");
    }
    let beyond = curl.ask(&["-r", &format!("{size}-"), &url]);
    assert_eq!(beyond.status, 416);
    let expected = format!("bytes */{size}");
    assert_eq!(beyond.header("content-range"), Some(expected.as_str()));
    server.assert_no_traces(&["ranges.bin"]);
}

#[test]
fn curl_resumes_a_cut_download() {
    let server = TestServer::start();
    let curl = Curl::of(&server, &[]);
    let up = curl.file("up.bin");
    let hash = write_file(&up, 45, SIZE);
    let url = curl.url("resume.bin");
    assert_eq!(curl.ask(&["-T", up.to_str().unwrap(), &url]).status, 201);

    let part = &fs::read(&up).unwrap()[..5_030_400];
    fs::write(curl.body(), part).unwrap();
    let rest = curl.ask(&["-C", "-", &url]);
    assert_eq!(rest.status, 206);
    assert_eq!(sha256_file(&curl.body()), hash);
    server.assert_no_traces(&["resume.bin"]);
}

#[test]
fn curl_conditions_protect_and_spare_transfers() {
    let server = TestServer::start();
    let curl = Curl::of(&server, &[]);
    let up = curl.file("up.bin");
    write_file(&up, 46, 1000);
    let up = up.to_str().unwrap();
    let url = curl.url("bedingt.bin");
    assert_eq!(curl.ask(&["-H", "If-None-Match: *", "-T", up, &url]).status, 201);
    assert_eq!(curl.ask(&["-H", "If-None-Match: *", "-T", up, &url]).status, 412);

    let first = curl.ask(&["-I", &url]);
    let etag = first.header("etag").unwrap().to_owned();
    let date = first.header("last-modified").unwrap().to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "strong and quoted: {etag}");
    let unchanged = format!("If-None-Match: {etag}");
    assert_eq!(curl.ask(&["-H", &unchanged, &url]).status, 304);
    assert_eq!(curl.ask(&["-z", &date, &url]).status, 304);

    let mine = format!("If-Match: {etag}");
    assert_eq!(curl.ask(&["-H", &mine, "-T", up, &url]).status, 204);
    // The content is the same, the version is another one.
    assert_eq!(curl.ask(&["-H", &mine, "-T", up, &url]).status, 412);
    assert_eq!(curl.ask(&["-H", &unchanged, &url]).status, 200);
}

#[test]
fn curl_gets_nothing_without_a_right() {
    let server = TestServer::start();
    let curl = Curl::of(&server, &[]);
    let up = curl.file("up.bin");
    fs::write(&up, CONTENT_MARK).unwrap();
    let url = curl.url("geheim.bin");
    assert_eq!(curl.ask(&["-T", up.to_str().unwrap(), &url]).status, 201);

    for (user, password) in [("", ""), (USER, "falsch"), ("niemand", PASSWORD)] {
        let get = curl.ask(&["-u", &format!("{user}:{password}"), &url]);
        assert_eq!(get.status, 401, "{user}: {get:?}");
        let challenge = get.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Basic realm=\""), "{challenge}");
        assert!(challenge.contains("charset=\"UTF-8\""), "{challenge}");
        assert!(
            !fs::read(curl.body())
                .unwrap_or_default()
                .windows(CONTENT_MARK.len())
                .any(|part| part == CONTENT_MARK.as_bytes())
        );
    }
    // The certificate is checked: without ours at hand curl trusts no server.
    let stranger = Outcome::of(tool("curl", "curl").args(["-sS", &url]));
    assert_eq!(stranger.code, 60, "{stranger}");
}

#[test]
fn curl_old_tls_is_refused() {
    let server = TestServer::start();
    let curl = Curl::of(&server, &[]);
    let url = server.url("/health");
    for version in [&["--tlsv1.2", "--tls-max", "1.2"][..], &["--tlsv1.3"][..]] {
        let mut words = version.to_vec();
        words.push(&url);
        assert_eq!(curl.ask(&words).status, 200);
    }
    // Security level 0 lets OpenSSL offer the old versions at all.
    let old = Outcome::of(&mut curl.command(&[
        "--ciphers",
        "DEFAULT@SECLEVEL=0",
        "--tlsv1.0",
        "--tls-max",
        "1.1",
        &url,
    ]));
    assert_eq!(old.code, 35, "{old}");
}

/// curl with the sign-in, the certificate and a folder of its own.
struct Curl<'a> {
    server: &'a TestServer,
    options: Vec<&'a str>,
}

/// The result of one call.
#[derive(Debug)]
struct Answer {
    status: u16,
    /// `1.1` or `2`.
    version: String,
    interim: Vec<u16>,
    /// Of the last answer, names in lower case.
    headers: Vec<(String, String)>,
    /// Bytes of the body.
    size: u64,
}

impl Answer {
    fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }
}

impl<'a> Curl<'a> {
    fn of(server: &'a TestServer, options: &[&'a str]) -> Self {
        Self { server, options: options.to_vec() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.server.scratch("curl").join(name)
    }

    /// Where a downloaded body lies.
    fn body(&self) -> PathBuf {
        self.file("body")
    }

    fn url(&self, name: &str) -> String {
        self.server.space_url() + name
    }

    fn ask(&self, words: &[&str]) -> Answer {
        // A body of an earlier call must not pass for this one's; only -C continues it.
        if !words.contains(&"-C") {
            let _ = fs::remove_file(self.body());
        }
        self.answer(&mut self.command(words))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = tool("curl", "curl");
        command
            .args(["-sS", "--cacert"])
            .arg(self.server.certificate())
            .args(["-u", &format!("{USER}:{PASSWORD}")])
            .arg("-D")
            .arg(self.file("headers"))
            .arg("-o")
            .arg(self.body())
            .args(["-w", "%{http_code} %{http_version} %{size_download}"])
            .args(&self.options)
            .args(words)
            .stdin(Stdio::null());
        if !self.server.endpoint().tls {
            // curl refuses a missing file even where it would not read it.
            command.args(["--cacert", "/dev/null"]);
        }
        command
    }

    fn answer(&self, command: &mut Command) -> Answer {
        let outcome = Outcome::of(command);
        assert_eq!(outcome.code, 0, "{command:?}\n{outcome}");
        let words: Vec<&str> = outcome.stdout.split(' ').collect();
        let dump = fs::read_to_string(self.file("headers")).unwrap();
        let mut answer = Answer {
            status: words[0].parse().unwrap(),
            version: words[1].to_owned(),
            interim: Vec::new(),
            headers: Vec::new(),
            size: words[2].parse().unwrap(),
        };
        for head in dump.split("\r\n\r\n").filter(|head| !head.is_empty()) {
            let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
            if status < 200 {
                answer.interim.push(status);
                continue;
            }
            answer.headers = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect();
        }
        answer
    }
}
