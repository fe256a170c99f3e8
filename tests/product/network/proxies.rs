//! Hosts, proxies, the log and the figures.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tresor::net::{AllowedHosts, Limits, ProxyTrust};

use crate::network::support::{plain, start, status};

#[tokio::test]
async fn forwarded_addresses_count_from_trusted_proxies_only() {
    let line = "X-Forwarded-For: 1.1.1.1, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n";
    let untrusting = plain(Limits::default());
    let answer = untrusting.get("/info", line).await;
    assert!(answer.ends_with("127.0.0.1 false"), "{answer}");

    let trusting = start(None, |server| {
        server.trust = Arc::new(ProxyTrust {
            trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
            ..ProxyTrust::default()
        });
    });
    let answer = trusting.get("/info", line).await;
    assert!(answer.ends_with("198.51.100.7 true"), "{answer}");
    assert!(answer.contains("strict-transport-security"), "{answer}");
    let open = trusting.get("/info", "X-Forwarded-Proto: http\r\n").await;
    assert_eq!(status(&open), "426");
    assert!(!open.to_lowercase().contains("www-authenticate"), "{open}");
}

#[tokio::test]
async fn foreign_and_missing_hosts_are_refused() {
    let server = start(None, |server| {
        server.hosts = Arc::new(AllowedHosts::new(["localhost".to_owned()]));
    });
    server.assert_alive().await;
    for (host, expected) in [
        ("Host: evil.example\r\n", "421"),
        ("", "400"),
        ("Host: localhost\r\nHost: localhost\r\n", "400"),
        ("Host: localhost:8443\r\n", "200"),
    ] {
        let text = format!("GET / HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        assert_eq!(status(&server.exchange(text).await), expected, "{host:?}");
    }
}

#[tokio::test]
async fn packed_bodies_and_connect_are_refused() {
    let server = plain(Limits::default());
    let answer = server.get("/echo", "Content-Encoding: gzip\r\n").await;
    assert_eq!(status(&answer), "415");
    let connect = "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n";
    assert_eq!(status(&server.exchange(connect).await), "405");
    // HTTP/2 is agreed on by ALPN, never guessed.
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert_eq!(server.exchange(preface).await, "");
}

/// The log of all tests of this program. A subscriber for one thread would miss lines whose place in the
/// code another thread reached first, without a subscriber.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Captured;

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn log_names_the_request_and_nothing_private() {
    tracing_subscriber::fmt()
        .with_env_filter("tresor=trace")
        .with_ansi(false)
        .with_writer(|| Captured)
        .init();
    let server = plain(Limits::default());
    let lines = "Authorization: Basic c2VjcmV0\r\nUser-Agent: Agent-Canary\r\n";
    let answer = server.get("/Path-Canary?q=Query-Canary", lines).await;
    server.stop.stop();
    server.task.await.unwrap().unwrap();
    let (_, id) = answer.split_once("x-request-id: ").unwrap();
    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains(&id[..16])).unwrap();
    for field in ["INFO", "user_id=7", "method=\"GET\"", "route=\"echo\"", "status=200", "bytes_out=6"] {
        assert!(line.contains(field), "{field}: {line}");
    }
    for private in ["Canary", "c2VjcmV0", "127.0.0.1"] {
        assert!(!log.contains(private), "{private}: {log}");
    }
}

#[tokio::test]
async fn figures_count_what_happened() {
    let server = plain(Limits::default());
    server.assert_alive().await;
    let text = server.server.metrics.encode();
    let line = "tresor_http_requests_total{method=\"GET\",status=\"2xx\"} 1";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("tresor_http_sent_bytes_total 6"), "{text}");
}
