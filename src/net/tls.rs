//! TLS 1.2 and 1.3: certificates from memory or from files, replaced while the server runs.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::model::Timestamp;

/// Longest certificate or key file in bytes; chains have a few kilobytes, so a larger file is the wrong one.
const MAX_PEM_BYTES: u64 = 1 << 20;

/// Life of a self-signed certificate in days. Apple's systems refuse more than 825 days from any issuer, and browsers
/// more than 398 from a public one; 397 passes everywhere.
pub const SELF_SIGNED_DAYS: u64 = 397;

/// Source of certificate and key.
pub enum TlsSource {
    /// PEM texts that the caller keeps sealed in the data directory.
    Memory {
        /// The certificate chain, own certificate first.
        cert_pem: String,
        /// The private key.
        key_pem: Zeroizing<String>,
    },
    /// Files that another program renews; read again when they change.
    Files {
        /// PEM file with the chain, own certificate first.
        cert: PathBuf,
        /// PEM file with the private key. Refused if it is readable by every user of the machine.
        key: PathBuf,
    },
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// Path of the certificate or key file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Every user of this machine could read the key.
    #[error("{} can be read by every user of this machine: run chmod o= on it", .0.display())]
    WorldReadable(PathBuf),
    /// No usable certificate or key in the PEM text.
    #[error("{part} is not valid PEM")]
    Pem {
        /// `certificate` or `private key`.
        part: &'static str,
        /// The parser's error.
        #[source]
        source: pem::Error,
    },
    /// There is no certificate in the text.
    #[error("there is no certificate in the chain")]
    Empty,
    /// rustls rejects the pair, for instance because key and certificate do not belong together.
    #[error("use certificate and key")]
    Unusable(#[from] rustls::Error),
    /// The self-signed certificate could not be made.
    #[error("make a self-signed certificate")]
    SelfSign(#[from] rcgen::Error),
}

/// The TLS side of a listener; its certificate can be replaced while it runs.
pub struct Tls {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    files: Option<Files>,
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
    seen: RwLock<Option<Stamp>>,
}

/// Identity of the two files' contents: changes when one of them is written or replaced.
type Stamp = [(u64, i64, i64, u64); 2];

impl Tls {
    /// Reads the source; fails rather than serve with a wrong or exposed key.
    pub fn load(source: TlsSource) -> Result<Arc<Self>, TlsError> {
        let (pair, files) = match source {
            TlsSource::Memory { cert_pem, key_pem } => {
                (parse_pair(cert_pem.as_bytes(), key_pem.as_bytes())?, None)
            }
            TlsSource::Files { cert, key } => {
                let seen = RwLock::new(stamp(&cert, &key));
                let pair = read_pair(&cert, &key)?;
                (pair, Some(Files { cert, key, seen }))
            }
        };
        let current = Arc::new(Current(RwLock::new(Pair::new(pair))));
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&current) as _;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(Self { config: Arc::new(config), current, files }))
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Uses another certificate for connections from now on; on error the old one stays.
    pub fn replace(&self, cert_pem: &str, key_pem: &Zeroizing<String>) -> Result<(), TlsError> {
        self.current.set(parse_pair(cert_pem.as_bytes(), key_pem.as_bytes())?);
        Ok(())
    }

    /// Reads the files again if they changed; `true` if a new certificate is in use. A broken pair is an error, and
    /// the old pair stays in use.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let Some(files) = &self.files else {
            return Ok(false);
        };
        // Taken before reading, so that a change in between is seen the next time.
        let now = stamp(&files.cert, &files.key);
        let mut seen = files.seen.write().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        // Remembered even if broken: one warning per change is enough.
        *seen = now;
        self.current.set(read_pair(&files.cert, &files.key)?);
        Ok(true)
    }

    /// When the server's own certificate expires; `None` if that cannot be read.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.current.get().not_after
    }

    /// Whether the server's own certificate is valid at `now`.
    pub fn validity(&self, now: Timestamp) -> Validity {
        match self.not_after() {
            Some(end) if end <= now => Validity::Expired,
            Some(end) if end.since(now) < WARN_BEFORE => Validity::ExpiresSoon,
            _ => Validity::Valid,
        }
    }

    /// Whether this server issued its certificate itself.
    pub fn is_self_issued(&self) -> bool {
        self.files.is_none()
    }

    /// SHA-256 of the server's own certificate, as browsers show it: `AB:CD:…`.
    pub fn fingerprint(&self) -> String {
        let pair = self.current.get();
        pair.key.cert.first().map_or_else(String::new, |cert| fingerprint(cert))
    }

    /// The server's own certificate as PEM (RFC 7468 5), for devices that are to trust it; `None` if there is none.
    pub fn certificate_pem(&self) -> Option<String> {
        let pair = self.current.get();
        let certificate = openssl::x509::X509::from_der(pair.key.cert.first()?).ok()?;
        String::from_utf8(certificate.to_pem().ok()?).ok()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl fmt::Debug for TlsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory { .. } => "TlsSource::Memory([redacted])",
            Self::Files { .. } => "TlsSource::Files",
        })
    }
}

/// The pair of certificate and key in use.
struct Current(RwLock<Pair>);

#[derive(Clone)]
struct Pair {
    key: Arc<CertifiedKey>,
    /// `None` if the expiry date cannot be read.
    not_after: Option<Timestamp>,
}

impl Pair {
    fn new(key: CertifiedKey) -> Self {
        let not_after = key.cert.first().and_then(|own| not_after(own).ok());
        Self { key: Arc::new(key), not_after }
    }
}

impl Current {
    fn get(&self) -> Pair {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, pair: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Pair::new(pair);
    }
}

/// Whether a certificate can be used, and for how much longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// For at least two weeks.
    Valid,
    /// For less than two weeks.
    ExpiresSoon,
    /// From the expiry date on.
    Expired,
}

/// Time before expiry at which the server starts to warn. Certificates are usually renewed a month before they
/// expire; two weeks before, something has gone wrong.
const WARN_BEFORE: Duration = Duration::from_hours(14 * 24);

/// Expiry date of a certificate.
fn not_after(certificate: &CertificateDer<'_>) -> Result<Timestamp, openssl::error::ErrorStack> {
    let parsed = openssl::x509::X509::from_der(certificate)?;
    let span = openssl::asn1::Asn1Time::from_unix(0)?.diff(parsed.not_after())?;
    Ok(Timestamp::from_secs(i64::from(span.days) * 86_400 + i64::from(span.secs)))
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get().key)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn parse_pair(cert_pem: &[u8], key_pem: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_slice_iter(cert_pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| TlsError::Pem { part: "certificate", source })?;
    if chain.is_empty() {
        return Err(TlsError::Empty);
    }
    let key = PrivateKeyDer::from_pem_slice(key_pem)
        .map_err(|source| TlsError::Pem { part: "private key", source })?;
    Ok(CertifiedKey::from_der(chain, key, &provider())?)
}

fn read_pair(cert: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let read =
        |path: &Path| read_small(path).map_err(|source| TlsError::Read { path: path.to_owned(), source });
    let (cert_pem, _) = read(cert)?;
    let (key_pem, mode) = read(key)?;
    // Debian's ssl-cert group may read keys (0640), other users may not.
    if mode & 0o007 != 0 {
        return Err(TlsError::WorldReadable(key.to_owned()));
    }
    parse_pair(&cert_pem, &key_pem)
}

/// Content and mode, both taken from the same open file.
fn read_small(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, u32)> {
    use std::io::Read as _;
    let file = std::fs::File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.len() > MAX_PEM_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "too long for a PEM file"));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(64 << 10));
    file.take(MAX_PEM_BYTES).read_to_end(&mut text)?;
    Ok((text, metadata.mode()))
}

fn stamp(cert: &Path, key: &Path) -> Option<Stamp> {
    let of = |path: &Path| {
        let data = std::fs::metadata(path).ok()?;
        Some((data.ino(), data.mtime(), data.mtime_nsec(), data.len()))
    };
    Some([of(cert)?, of(key)?])
}

fn fingerprint(cert: &CertificateDer<'_>) -> String {
    let hex: Vec<String> = Sha256::digest(cert).iter().map(|byte| format!("{byte:02X}")).collect();
    hex.join(":")
}

/// A certificate signed with its own key.
pub struct SelfSigned {
    /// The certificate.
    pub cert_pem: String,
    /// The private key, for the caller to seal; never written to a plain file.
    pub key_pem: Zeroizing<String>,
    /// Expiry date; make a new certificate a month before.
    pub not_after: Timestamp,
}

impl fmt::Debug for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SelfSigned([redacted])")
    }
}

/// Makes a P-256 certificate for these names and addresses, and always for `localhost`, `127.0.0.1` and `::1`. It
/// is valid for [`SELF_SIGNED_DAYS`], starting a day before `now` for clients whose clock is slow.
pub fn self_signed(names: &[String], addresses: &[IpAddr], now: Timestamp) -> Result<SelfSigned, TlsError> {
    let local = [IpAddr::from([127, 0, 0, 1]), std::net::Ipv6Addr::LOCALHOST.into()];
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    let names = names
        .iter()
        .filter(|name| *name != "localhost")
        .map(|name| Ok(SanType::DnsName(name.as_str().try_into()?)))
        .collect::<Result<Vec<_>, rcgen::Error>>()?;
    let others = addresses.iter().copied().filter(|address| !local.contains(address));
    params.subject_alt_names.extend(names);
    params.subject_alt_names.extend(local.into_iter().chain(others).map(SanType::IpAddress));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Tresor self-signed certificate");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let day = Duration::from_hours(24);
    let not_before = Timestamp::from_system(now.to_system() - day);
    let not_after = not_before.after(day * u32::try_from(SELF_SIGNED_DAYS).unwrap_or(u32::MAX));
    params.not_before = not_before.to_system().into();
    params.not_after = not_after.to_system().into();
    let key = KeyPair::generate()?;
    Ok(SelfSigned {
        cert_pem: params.self_signed(&key)?.pem(),
        key_pem: Zeroizing::new(key.serialize_pem()),
        not_after,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn pair() -> SelfSigned {
        let names = ["files.example.org".to_owned()];
        self_signed(&names, &[], Timestamp::now()).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a file of the test's own")]
    fn put(path: &Path, text: &str, mode: u32) {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn self_signed_pair_is_usable_and_lives_397_days() {
        let now = Timestamp::now();
        let made = self_signed(&["a.example".into()], &["192.0.2.1".parse().unwrap()], now).unwrap();
        let days = made.not_after.since(now).as_secs() / 86_400;
        assert_eq!(days, SELF_SIGNED_DAYS - 1);
        let (cert_pem, key_pem) = (made.cert_pem, made.key_pem);
        let tls = Tls::load(TlsSource::Memory { cert_pem, key_pem }).unwrap();
        assert_eq!(tls.fingerprint().len(), 95);
        assert!(self_signed(&["ümlaut".into()], &[], now).is_err());
    }

    #[test]
    fn a_certificate_near_its_end_is_told_from_one_behind_it() {
        let made = pair();
        let (end, day) = (made.not_after, Duration::from_hours(24));
        let (cert_pem, key_pem) = (made.cert_pem, made.key_pem);
        let tls = Tls::load(TlsSource::Memory { cert_pem, key_pem }).unwrap();
        assert_eq!(tls.not_after().map(Timestamp::as_secs), Some(end.as_secs()));
        for (now, validity) in [
            (end.before(day * 15), Validity::Valid),
            (end.before(day * 13), Validity::ExpiresSoon),
            (end.before(Duration::from_secs(2)), Validity::ExpiresSoon),
            (end, Validity::Expired),
            (end.after(day), Validity::Expired),
        ] {
            assert_eq!(tls.validity(now), validity, "{now:?}");
        }
    }

    #[test]
    fn broken_new_files_leave_the_old_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        let (first, second) = (pair(), pair());
        put(&cert, &first.cert_pem, 0o644);
        put(&key, &first.key_pem, 0o640);
        let source = TlsSource::Files { cert: cert.clone(), key: key.clone() };
        let tls = Tls::load(source).unwrap();
        let old = tls.fingerprint();
        assert!(!tls.reload().unwrap(), "nothing changed");

        put(&cert, &second.cert_pem, 0o644);
        assert!(matches!(tls.reload(), Err(TlsError::Unusable(_))), "key is still the old one");
        assert_eq!(tls.fingerprint(), old);
        put(&key, &second.key_pem, 0o640);
        assert!(tls.reload().unwrap());
        assert_ne!(tls.fingerprint(), old);

        put(&cert, "nonsense", 0o644);
        assert!(matches!(tls.reload(), Err(TlsError::Empty)));
        assert!(!tls.reload().unwrap(), "one warning per change");
    }

    #[test]
    fn keys_that_everybody_can_read_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        let pair = pair();
        put(&cert, &pair.cert_pem, 0o644);
        put(&key, &pair.key_pem, 0o644);
        let source = || TlsSource::Files { cert: cert.clone(), key: key.clone() };
        assert!(matches!(Tls::load(source()), Err(TlsError::WorldReadable(_))));
        put(&key, &pair.key_pem, 0o600);
        assert!(Tls::load(source()).is_ok());
    }
}
