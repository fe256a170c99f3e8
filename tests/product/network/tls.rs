//! TLS: versions, handshakes that hang, certificates that change.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tresor::model::Timestamp;
use tresor::net::{Limits, SelfSigned, Tls, TlsSource, self_signed};

use crate::network::support::{Running, rest, seconds, soon, start, status};
use crate::support::TestServer;
use crate::support::process::{Outcome, tool};

pub(crate) fn certificate() -> SelfSigned {
    self_signed(&[], &[], Timestamp::now()).unwrap()
}

pub(crate) fn in_memory(made: &SelfSigned) -> Arc<Tls> {
    Tls::load(TlsSource::Memory { cert_pem: made.cert_pem.clone(), key_pem: made.key_pem.clone() }).unwrap()
}

/// Connects as a client that trusts exactly `made`.
pub(crate) async fn connect(server: &Running, made: &SelfSigned, alpn: &str) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let cert = CertificateDer::from_pem_slice(made.cert_pem.as_bytes()).unwrap();
    roots.add(cert).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let tcp = server.connect().await;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, tcp);
    soon(handshake).await.expect("the handshake succeeds")
}

async fn get(server: &Running, made: &SelfSigned) -> String {
    let mut stream = connect(server, made, "http/1.1").await;
    let request = "GET /info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

#[tokio::test]
async fn encrypted_requests_are_known_as_secure() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |_| {});
    let answer = get(&server, &made).await;
    assert!(answer.ends_with("127.0.0.1 true"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
}

/// rustls warned of each invalid name and quoted it, before any login: browsers that send an address filled the log,
/// and so could any client.
#[test]
fn names_in_handshakes_stay_out_of_the_log() {
    let server = TestServer::start();
    let address = server.endpoint().address.to_string();
    for name in ["127.0.0.1", "Zwirbelmeier Akte"] {
        let mut client = tool("openssl", "openssl");
        let said = Outcome::of(client.args(["s_client", "-connect", &address, "-servername", name]));
        assert!(said.stdout.contains("BEGIN CERTIFICATE") || name.contains(' '), "{said}");
    }
    server.anonymous("GET", "/login").send().expect(200);
    let log = server.log();
    assert!(log.contains("route=\"login\""), "{log}");
    assert!(!log.contains("SNI") && !log.contains("Zwirbelmeier"), "{log}");
}

#[tokio::test]
async fn tls_1_1_is_refused_with_an_alert() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |_| {});
    // ClientHello of TLS 1.1: version 3.2, random, no session, one cipher, no compression.
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![0x16, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let mut stream = server.connect().await;
    stream.write_all(&record).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer.first(), Some(&0x15), "an alert: {answer:?}");
    assert_eq!(answer.get(5), Some(&2), "fatal: {answer:?}");
    assert!(get(&server, &made).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn plain_http_and_silence_on_the_tls_port_get_nothing() {
    let made = certificate();
    let server = start(Some(in_memory(&made)), |server| {
        server.limits = Arc::new(Limits { tls_handshake_timeout_seconds: seconds(0.3), ..Limits::default() });
    });
    let plain = server.exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(status(&plain), "none", "{plain}");
    assert_eq!(server.exchange("").await, "");
}

#[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
fn put(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn new_certificate_serves_the_next_connection() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    let (first, second) = (certificate(), certificate());
    put(&cert, &first.cert_pem);
    put(&key, &first.key_pem);
    let source = TlsSource::Files { cert: cert.clone(), key: key.clone() };
    let tls = Tls::load(source).unwrap();
    let server = start(Some(Arc::clone(&tls)), |_| {});
    assert!(get(&server, &first).await.starts_with("HTTP/1.1 200"));

    put(&cert, "broken");
    assert!(tls.reload().is_err());
    assert!(get(&server, &first).await.starts_with("HTTP/1.1 200"));

    put(&key, &second.key_pem);
    put(&cert, &second.cert_pem);
    assert!(tls.reload().unwrap());
    assert!(get(&server, &second).await.starts_with("HTTP/1.1 200"));
}
