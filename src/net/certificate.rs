//! Checks a certificate before the server runs with it, so that the first report is not a client's refusal.

use std::path::Path;

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::x509::X509;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use super::tls::{Tls, TlsError, TlsSource};
use crate::model::Timestamp;

/// Reasons, one sentence each, for which clients that ask for one of `hosts` would refuse the certificate in these
/// PEM files at `now`; IPv6 addresses are in brackets.
///
/// Errors: the pair cannot be used at all, for instance because the key belongs to another certificate.
pub fn certificate_faults(
    cert: &Path,
    key: &Path,
    hosts: &[String],
    now: Timestamp,
) -> Result<Vec<String>, TlsError> {
    Tls::load(TlsSource::Files { cert: cert.to_owned(), key: key.to_owned() })?;
    let leaf = CertificateDer::from_pem_file(cert)
        .map_err(|source| TlsError::Pem { part: "certificate", source })?;
    let shown = cert.display();
    let mut faults: Vec<_> =
        age_fault(&leaf, now).map(|fault| format!("the certificate {shown} {fault}")).into_iter().collect();
    let parsed = ParsedCertificate::try_from(&leaf)?;
    let missing = hosts.iter().filter(|host| !names(&parsed, host));
    faults.extend(missing.map(|host| {
        format!("the certificate {shown} is not for {host}: clients that ask for this host refuse it")
    }));
    Ok(faults)
}

fn names(certificate: &ParsedCertificate<'_>, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host).is_ok_and(|name| verify_server_name(certificate, &name).is_ok())
}

fn age_fault(leaf: &CertificateDer<'_>, now: Timestamp) -> Option<String> {
    let certificate = X509::from_der(leaf).ok()?;
    let moment = |time: &Asn1TimeRef| {
        let span = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(time)).ok()?;
        Some(Timestamp::from_secs(i64::from(span.days) * 86_400 + i64::from(span.secs)))
    };
    let (from, until) = (moment(certificate.not_before())?, moment(certificate.not_after())?);
    if until < now {
        return Some(format!("has ended at {until}: renew it"));
    }
    (from > now).then(|| format!("begins only at {from}: is the clock of this machine right?"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;
    use crate::net::{SelfSigned, self_signed};

    const DAY: Duration = Duration::from_hours(24);

    #[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
    fn put(path: &Path, text: &str) {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A server ran with the certificate of another host, and with one of last year; `check-config` had not reported it.
    #[test]
    fn what_clients_refuse_is_named() {
        let now = Timestamp::from_secs(1_795_292_774);
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        let names = ["files.example.org".to_owned(), "*.example.net".to_owned()];
        let made = |now| self_signed(&names, &["192.0.2.1".parse().unwrap()], now).unwrap();
        let SelfSigned { cert_pem, key_pem, .. } = made(now);
        put(&cert, &cert_pem);
        put(&key, &key_pem);
        let faults = |hosts: &[&str], now| {
            let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
            certificate_faults(&cert, &key, &hosts, now).unwrap()
        };
        let fine =
            ["files.example.org", "FILES.example.org", "a.example.net", "192.0.2.1", "[::1]", "localhost"];
        assert_eq!(faults(&fine, now), Vec::<String>::new());
        let other = faults(&["files.example.org", "other.example", "192.0.2.2"], now);
        assert!(
            other.len() == 2 && other[0].contains("other.example") && other[1].contains("192.0.2.2"),
            "{other:?}"
        );
        let late = faults(&[], now.after(DAY * 500));
        assert!(late.len() == 1 && late[0].contains("has ended at 2027-12-"), "{late:?}");
        let early = faults(&[], now.before(DAY * 10));
        assert!(early.len() == 1 && early[0].contains("begins only at 2026-11-20T"), "{early:?}");
        put(&key, &made(now).key_pem);
        assert!(matches!(certificate_faults(&cert, &key, &[], now), Err(TlsError::Unusable(_))));
    }
}
