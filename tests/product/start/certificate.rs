//! Certificates: the instance's own, and those of the office.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::process::Signal;
use tresor::model::Timestamp;
use tresor::net::self_signed;

use crate::support::office::Office;
use crate::support::process::eventually;

/// Longer than the server waits between two looks at the files.
const RELOAD_LIMIT: Duration = Duration::from_mins(1);

/// Writes a fresh pair and returns the certificate as a client sees it.
fn write_pair(office: &Office) -> Vec<u8> {
    let made = self_signed(&["files.example".into()], &[], Timestamp::now()).unwrap();
    office.write("key.pem", made.key_pem.as_bytes());
    office.write("cert.pem", &made.cert_pem);
    let parsed = openssl::x509::X509::from_pem(made.cert_pem.as_bytes()).unwrap();
    parsed.to_pem().unwrap()
}

#[test]
fn the_offices_certificate_is_served_and_read_again_when_it_changes() {
    let office = Office::with_instance();
    let first = write_pair(&office);
    office.write("config.toml", "[tls]\ncertificate = 'cert.pem'\nkey = 'key.pem'\n");
    let served = office.serve(["--key-file", "key.txt", "--config", "config.toml"]);
    assert_eq!(served.endpoint.certificate(), first);
    assert!(!office.data().join("tls").exists(), "no other one is made");
    let second = write_pair(&office);
    eventually("the new certificate is served", RELOAD_LIMIT, || served.endpoint.certificate() == second);
    assert!(served.stop(Signal::TERM).success());
}

/// Nothing said so before the clients refused to connect.
#[test]
fn a_certificate_that_ends_soon_or_has_ended_is_warned_of() {
    let day = Duration::from_hours(24);
    for (age, health, warning) in [
        (0, None, None),
        (390, Some("expires-soon"), Some("within two weeks")),
        (400, Some("expired"), Some("has expired")),
    ] {
        let office = Office::with_instance();
        let made = self_signed(&["files.example".into()], &[], Timestamp::now().before(day * age)).unwrap();
        office.write("key.pem", made.key_pem.as_bytes());
        office.write("cert.pem", &made.cert_pem);
        office.write("config.toml", "[tls]\ncertificate = 'cert.pem'\nkey = 'key.pem'\n");
        let served = office.serve(["--key-file", "key.txt", "--config", "config.toml"]);
        let body = served.health().text();
        let told = body.split_once("\"certificate\":\"").map(|(_, rest)| rest.split('"').next().unwrap());
        assert_eq!(told, health, "{body}");
        for command in ["status", "doctor"] {
            let outcome = office.run([command, "--data", "data"]);
            let warns = outcome.stdout.contains("the server's certificate");
            assert_eq!(warns, warning.is_some(), "{command}: {outcome}");
            assert!(warning.is_none_or(|warning| outcome.stdout.contains(warning)), "{command}: {outcome}");
        }
        assert!(served.stop(Signal::TERM).success());
    }
}

#[test]
fn certificate_files_that_cannot_be_used() {
    let office = Office::with_instance();
    write_pair(&office);
    let serve = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--key-file", "key.txt"];
    let pair = ["--tls-certificate", "cert.pem", "--tls-key", "key.pem"];
    let words = || serve.iter().chain(&pair);
    let key = office.path("key.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    office.refuses(words(), &["key.pem", "every user", "chmod"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "nonsense").unwrap();
    office.refuses(words(), &["private key"]);
    let stranger = self_signed(&[], &[], Timestamp::now()).unwrap();
    fs::write(&key, stranger.key_pem.as_bytes()).unwrap();
    office.refuses(words(), &["certificate"]);
    fs::write(office.path("cert.pem"), "").unwrap();
    office.refuses(words(), &["certificate"]);
}

#[test]
fn the_own_certificate_lies_sealed_and_survives_its_loss() {
    let office = Office::with_instance();
    let served = office.serve(["--key-file", "key.txt"]);
    let own = served.endpoint.certificate();
    drop(served);
    let (certificate, key) = (office.data().join("tls/certificate.pem"), office.data().join("tls/key.age"));
    assert!(fs::read(&key).unwrap().starts_with(b"age-encryption.org/v1"));
    assert_eq!(fs::read(&certificate).unwrap(), own);
    // A certificate that does not fit its key is replaced, one that is gone too.
    let stranger = self_signed(&[], &[], Timestamp::now()).unwrap();
    fs::write(&certificate, &stranger.cert_pem).unwrap();
    let served = office.serve(["--key-file", "key.txt"]);
    let renewed = served.endpoint.certificate();
    assert!(renewed != own && renewed != stranger.cert_pem.as_bytes());
    drop(served);
    fs::remove_dir_all(office.data().join("tls")).unwrap();
    let served = office.serve(["--key-file", "key.txt"]);
    assert_ne!(served.endpoint.certificate(), renewed);
    assert!(served.stop(Signal::TERM).success());
    // A changed key is reported.
    let mut damaged = fs::read(&key).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&key, damaged).unwrap();
    let serve = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--key-file", "key.txt"];
    office.refuses(serve, &["tls/key.age is damaged", "remove tls/"]);
}
