//! Slow, oversized, ambiguous and unencrypted traffic against the whole program. The
//! network layer's own cases are in `tests/network`; here the limits come from a configuration
//! file, and files and accounts stand behind them.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};

use crate::http::fixture::{Folder, assert_alive, shared, shared_with};
use crate::support::TestServer;
use crate::support::content::bytes;
use crate::support::http::Connection;
use crate::support::process::{Outcome, eventually, tool};
use crate::support::server::{PASSWORD, USER};

/// Limits that a test can wait for.
const QUICK: &str = "[limits]
header_timeout_seconds = 1
keep_alive_seconds = 1
read_stall_seconds = 1
min_body_grace_seconds = 1
write_stall_seconds = 1
";

/// Long enough for the slowest machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn authorization() -> String {
    format!("Authorization: Basic {}\r\n", BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes()))
}

/// Sends these bytes on a connection of their own and reads until the server closes it.
fn exchange(server: &TestServer, text: impl AsRef<[u8]>) -> String {
    let mut connection = server.endpoint().connect();
    // The server may close before it has taken all.
    let _ = connection.write_all(text.as_ref());
    rest(&mut connection)
}

fn rest(connection: &mut Box<dyn Connection>) -> String {
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A signed-in request with these lines after `Host` and these bytes after the head.
fn message(method: &str, target: &str, lines: &str, body: &str) -> String {
    let sign_in = authorization();
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{sign_in}{lines}\r\n{body}")
}

#[track_caller]
fn assert_status(answer: &str, status: u16) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
}

/// Writes `piece` again and again, for as long as the server leaves the connection open, and returns the
/// answer.
fn trickle(server: &TestServer, head: &str, piece: &str) -> String {
    let mut stream = TcpStream::connect(server.endpoint().address).unwrap();
    // The pause between two pieces is the wait for an answer.
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let (mut answer, mut block) = (Vec::new(), [0; 4096]);
    loop {
        let is_open = stream.write_all(piece.as_bytes()).is_ok();
        match stream.read(&mut block) {
            Ok(0) => break,
            Ok(n) => answer.extend(&block[..n]),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) && is_open => {
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn slow_heads_are_cut() {
    let server = shared_with(QUICK);
    assert_eq!(exchange(&server, ""), "");
    assert_eq!(exchange(&server, "GET /dav/ HTTP/1.1\r\nX-Slow: "), "");
    assert_eq!(trickle(&server, "GET /dav/ HTTP/1.1\r\nX-Slow: ", "x"), "");
    assert_eq!(trickle(&server, "GET /dav/ HTTP/1.1\r\n", "X: y\r\n"), "");
    assert_alive(&server);
}

#[test]
fn slow_bodies_get_408_and_store_nothing() {
    let folder = Folder::on(shared_with(QUICK), "slow-bodies");
    folder.put("datei.txt", "before");
    for lines in ["Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n"] {
        let begin = if lines.starts_with('C') { "abc" } else { "3\r\nabc\r\n" };
        let piece = if lines.starts_with('C') { "x" } else { "1\r\nx\r\n" };
        let request = |name: &str| message("PUT", &folder.target(name), lines, begin);
        assert_status(&exchange(&folder.server, request("datei.txt")), 408);
        assert_status(&exchange(&folder.server, request("neu.txt")), 408);
        assert_status(&trickle(&folder.server, &request("datei.txt"), piece), 408);
    }
    let find = message("PROPFIND", &folder.path, "Depth: 0\r\nContent-Length: 500\r\n", "<D:propfind");
    assert_status(&exchange(&folder.server, find), 408);
    assert_eq!(folder.names(), ["datei.txt"]);
    assert_eq!(folder.get("datei.txt"), b"before");
    assert_alive(&folder.server);
}

#[test]
fn slow_readers_are_cut_and_cost_little_memory() {
    let server = Arc::new(TestServer::start_configured(QUICK));
    let folder = Folder::on(Arc::clone(&server), "slow-readers");
    let size = 24 << 20;
    folder.put("gross.bin", bytes(63, size));
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = resident();
    let get = message("GET", &folder.target("gross.bin"), "", "");
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let mut connection = server.endpoint().connect();
            connection.write_all(get.as_bytes()).unwrap();
            connection
        })
        .collect();
    eventually("all are cut", PATIENCE, || server.log().matches("client gone").count() >= 20);
    assert_eq!(server.log().matches("client gone").count(), 20, "{}", server.log());
    let grown = (resident() - before) / 1024;
    assert!(grown < 150, "{grown} MiB for 20 readers who take nothing of 24 MiB each");
    for mut connection in readers {
        assert!(rest(&mut connection).len() < size);
    }
    assert_alive(&server);
}

#[test]
fn oversized_heads_get_431() {
    let server = shared();
    let get = |target: &str, lines: &str| exchange(&server, message("GET", target, lines, ""));
    assert_status(&get("/dav/", &format!("X-Long: {}\r\n", "y".repeat(40_000))), 431);
    assert_status(&get("/dav/", &"X: y\r\n".repeat(101)), 431);
    assert_status(&get(&format!("/dav/{}", "x".repeat(9_000)), ""), 414);
    let most = format!("Connection: close\r\n{}", "X: y\r\n".repeat(90));
    assert_status(&get("/dav/", &most), 200);
    assert_alive(&server);
}

#[test]
fn ambiguous_lengths_get_400_and_smuggle_nothing() {
    let folder = Folder::new("ambiguous-lengths");
    folder.put("opfer.txt", "still here");
    let second = message("DELETE", &folder.target("opfer.txt"), "", "");
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 5\r\n X: folded\r\n",
        "Content-Length : 5\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
    ] {
        let body = format!("0\r\n\r\n{second}");
        let answer = exchange(&folder.server, message("PUT", &folder.target("neu.txt"), lines, &body));
        assert_status(&answer, 400);
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lines:?}: {answer}");
        assert_eq!(folder.names(), ["opfer.txt"], "{lines:?}");
    }
    assert_alive(&folder.server);
}

#[test]
fn impossible_chunks_get_400_and_store_nothing() {
    let folder = Folder::new("impossible-chunks");
    folder.put("datei.txt", "before");
    for chunks in [
        "ffffffffffffffff1\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc",
        "-1\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "zz\r\nabc\r\n0\r\n\r\n",
        "3\nabc\n0\n\n",
        "3\r\nabcX0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
    ] {
        let lines = "Transfer-Encoding: chunked\r\nConnection: close\r\n";
        let put = message("PUT", &folder.target("datei.txt"), lines, chunks);
        assert_status(&exchange(&folder.server, put), 400);
        assert_eq!(folder.get("datei.txt"), b"before", "{chunks:?}");
    }
    assert_alive(&folder.server);
}

/// HTTP/2 in raw frames (RFC 9113).
mod h2 {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const RST_STREAM: u8 = 3;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const GOAWAY: u8 = 7;
    pub(super) const CONTINUATION: u8 = 9;
    pub(super) const END_STREAM: u8 = 1;
    pub(super) const END_HEADERS: u8 = 4;

    pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    /// A signed-in head in HPACK without Huffman coding or dynamic entries.
    pub(super) fn head(method: &str, path: &str, credentials: &str) -> Vec<u8> {
        let mut block = vec![0x87];
        // Names by their index in the static table; 23 needs a second byte.
        for (name, value) in [(&[2][..], method), (&[4], path), (&[1], "localhost"), (&[15, 8], credentials)]
        {
            block.extend(name);
            block.push(u8::try_from(value.len()).unwrap());
            block.extend(value.as_bytes());
        }
        block
    }
}

/// Sends a flood over HTTP/2 and returns the kinds of frames the server sent until it closed, or until
/// nothing came for a while.
fn flood(server: &TestServer, frames: &[u8], patience: Duration) -> Vec<u8> {
    let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_alpn_protos(b"\x02h2").unwrap();
    let mut setup = builder.build().configure().unwrap();
    setup.set_verify_hostname(false);
    let stream = TcpStream::connect(server.endpoint().address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let mut stream = setup.connect("localhost", stream).unwrap();
    assert_eq!(stream.ssl().selected_alpn_protocol(), Some(&b"h2"[..]));
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&h2::frame(h2::SETTINGS, 0, 0, &[])).unwrap();
    for piece in frames.chunks(64 << 10) {
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    stream.get_ref().set_read_timeout(Some(patience)).unwrap();
    let mut kinds = Vec::new();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).is_ok() {
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        kinds.push(head[3]);
        if head[3] == h2::GOAWAY || stream.read_exact(&mut payload).is_err() {
            break;
        }
    }
    kinds
}

#[test]
fn floods_over_http2_end_in_goaway() {
    let server = TestServer::start();
    let credentials = format!("Basic {}", BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes()));
    let get = h2::head("GET", "/dav/space/", &credentials);
    let put = h2::head("PUT", "/dav/space/flood.txt", &credentials);
    let streams = || (0..5_000).map(|n| 2 * n + 1);

    let resets: Vec<u8> = streams()
        .flat_map(|stream| {
            let mut bytes = h2::frame(h2::HEADERS, h2::END_STREAM | h2::END_HEADERS, stream, &get);
            bytes.extend(h2::frame(h2::RST_STREAM, 0, stream, &[0, 0, 0, 8]));
            bytes
        })
        .collect();
    let mut endless = h2::frame(h2::HEADERS, h2::END_STREAM, 1, &get);
    for _ in 0..20_000 {
        endless.extend(h2::frame(h2::CONTINUATION, 0, 1, b"\x00\x01x\x01y"));
    }
    for (what, frames) in [("rapid reset", resets), ("CONTINUATION", endless)] {
        // A client that writes on while the server closes may lose the frame; the end it sees.
        let kinds = flood(&server, &frames, PATIENCE);
        assert!(kinds.is_empty() || kinds.last() == Some(&h2::GOAWAY), "{what}: {kinds:?}");
        assert_alive(&server);
    }
    // Upload in single bytes, cut off in the middle, which the server may wait for: nothing is stored, the
    // others are served.
    let mut tiny = h2::frame(h2::HEADERS, h2::END_HEADERS, 1, &put);
    for _ in 0..60_000 {
        tiny.extend(h2::frame(h2::DATA, 0, 1, b"x"));
    }
    flood(&server, &tiny, Duration::from_secs(1));
    assert_alive(&server);
    server.request("GET", "/dav/space/flood.txt").send().expect(404);
}

#[test]
fn other_hosts_get_421() {
    let config = "hosts = ['127.0.0.1', 'kanzlei.example']";
    let server = shared_with(config);
    for (host, status) in [
        ("kanzlei.example", 200),
        ("Kanzlei.Example:8443", 200),
        ("evil.example", 421),
        ("kanzlei.example.evil.example", 421),
        ("localhost", 421),
        ("", 421),
    ] {
        let response = server.request("GET", "/dav/space/").header("Host", host).send();
        let status = if host.is_empty() { [400, 421] } else { [status, status] };
        assert!(status.contains(&response.status), "{host}\n{response}");
        assert!(response.status == 200 || response.header("www-authenticate").is_none(), "{response}");
    }
    let none = format!("GET /dav/ HTTP/1.1\r\n{}Connection: close\r\n\r\n", authorization());
    assert_status(&exchange(&server, none), 400);
    assert_alive(&server);
}

#[test]
fn nothing_is_asked_or_served_without_encryption() {
    // Plain HTTP sent to the TLS port gets no challenge, whatever else it gets.
    let server = TestServer::start();
    let mut plain = TcpStream::connect(server.endpoint().address).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    plain.write_all(message("GET", "/dav/", "", "").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(!answer.contains("www-authenticate") && !answer.contains("200 ok"), "{answer}");
    assert_alive(&server);

    // Nor can plain HTTP be offered to other machines.
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let mut serve = server.cli(["serve", "--plain-http", "--listen", listen]);
        let outcome = Outcome::of(serve.arg("--key-file").arg(server.key_file()));
        assert_ne!(outcome.code, 0, "{outcome}");
        assert!(outcome.stderr.contains("loopback"), "{outcome}");
    }

    // The answer tells a proxy that took the request over an open line to ask for encryption.
    let proxied = shared_with(PROXY);
    let ask = |scheme: &str| proxied.anonymous("GET", "/dav/").header("X-Forwarded-Proto", scheme).send();
    for path in ["/dav/", "/dav/space/x", "/", "/health"] {
        let open = proxied.request("GET", path).header("X-Forwarded-Proto", "http").send().expect(426);
        assert!(open.header("www-authenticate").is_none(), "{open}");
    }
    assert!(ask("https").expect(401).header("strict-transport-security").is_some());
    // Only a trusted proxy is believed.
    let unproxied = shared().request("GET", "/dav/").header("X-Forwarded-Proto", "http").send();
    assert!(unproxied.expect(200).header("strict-transport-security").is_none());
}

/// Everything comes from a proxy on this machine.
const PROXY: &str = "trusted_proxies = ['127.0.0.1/32']";

#[test]
fn one_client_cannot_take_all_connections() {
    let config = "[limits]\nmax_connections_per_client = 20\n";
    let server = Arc::new(TestServer::start_configured(config));
    let idle: Vec<_> = (0..20).map(|_| TcpStream::connect(server.endpoint().address).unwrap()).collect();
    eventually("the next one is closed at once", PATIENCE, || {
        server.anonymous("GET", "/health").try_send().is_err()
    });
    // Another address is another client.
    let url = server.url("/health");
    let other = Outcome::of(tool("curl", "curl").args(["-sS", "--interface", "127.0.0.2", &url]));
    assert!(other.code == 0 && other.stdout.contains("serving"), "{other}");
    drop(idle);
    eventually("there is room again", PATIENCE, || server.anonymous("GET", "/health").try_send().is_ok());
    assert_alive(&server);
}

#[test]
fn packed_bodies_get_415() {
    let folder = Folder::new("packed-bodies");
    for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
        for method in ["PUT", "PROPFIND", "PROPPATCH", "LOCK", "MKCOL"] {
            let packed = folder.request(method, "datei.txt").header("Content-Encoding", encoding);
            packed.header("Depth", "0").body("x".repeat(100)).send().expect(415);
        }
    }
    assert_eq!(folder.names(), [""; 0]);
    let plain = folder.request("PUT", "datei.txt").header("Content-Encoding", "identity").body("x");
    plain.send().expect(201);
    assert_alive(&folder.server);
}

#[test]
fn figures_have_a_listener_of_their_own() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = TestServer::start_configured(&format!("metrics_listen = '{free}'"));
    server.request("PUT", "/dav/space/Zwirbelmeier-Akte.txt").body("12345").send().expect(201);
    let figures = crate::support::http::Request::new(
        crate::support::http::Endpoint { address: free, tls: false },
        "GET",
        "/metrics",
    );
    let figures = figures.send().expect(200).text();
    assert!(figures.contains("tresor_http_requests_total{method=\"PUT\",status=\"2xx\"} 1"), "{figures}");
    assert!(!figures.contains("Zwirbelmeier") && !figures.contains(USER), "{figures}");
    let off = crate::support::http::Endpoint { address: free, tls: false };
    let dav = crate::support::http::Request::new(off, "GET", "/dav/").sign_in(USER, PASSWORD);
    dav.send().expect(404);
    server.request("GET", "/metrics").send().expect(404);
}
