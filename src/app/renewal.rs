//! Keeps the certificate up to date while the server runs: renews the instance's own, and reads the office's files
//! again.

use std::sync::Arc;
use std::time::Duration;

use super::instance::{Instance, InstanceError};
use super::workers::{StepResult, Worker};
use crate::model::Timestamp;
use crate::net::{Tls, TlsError, TlsSource};

/// Time between two checks whether the self-signed certificate must be renewed. It is renewed a month before
/// it expires.
const LOOK_AFTER: Duration = Duration::from_hours(1);
/// Time between two checks whether the office's certificate files have changed.
const RELOAD_EVERY: Duration = Duration::from_secs(30);
/// Only one of the two jobs below runs.
const NAME: &str = "certificate";

/// Loads the instance's own certificate, renewed for these hosts if needed at `now`; true if it changed.
pub(super) fn renew(
    instance: &Instance,
    tls: &Tls,
    hosts: &[String],
    now: Timestamp,
) -> Result<bool, InstanceError> {
    let before = tls.fingerprint();
    if let TlsSource::Memory { cert_pem, key_pem } = instance.certificate(hosts, now)? {
        tls.replace(&cert_pem, &key_pem)?;
    }
    Ok(tls.fingerprint() != before)
}

/// Renews the instance's own certificate before it expires.
pub(super) struct Renewal {
    pub(super) instance: Arc<Instance>,
    pub(super) tls: Arc<Tls>,
    pub(super) hosts: Vec<String>,
}

impl Worker for Renewal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn interval(&self) -> Duration {
        LOOK_AFTER
    }

    async fn step(&mut self) -> StepResult {
        let (instance, hosts) = (Arc::clone(&self.instance), self.hosts.clone());
        let tls = Arc::clone(&self.tls);
        let looking = move || renew(&instance, &tls, &hosts, Timestamp::now());
        if !tokio::task::spawn_blocking(looking).await?? {
            return Ok(None);
        }
        tracing::warn!(
            fingerprint = self.tls.fingerprint(),
            "the server uses a new self-signed certificate: clients will ask about it"
        );
        Ok(Some("renewed".to_owned()))
    }
}

/// Uses the office's certificate files when they have changed.
pub(super) struct FileWatch {
    tls: Arc<Tls>,
    /// Why the present files are unusable. Reading them says so only once.
    unusable: Option<Unusable>,
}

/// The changed files cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the new certificate cannot be used, the old one stays in use")]
struct Unusable(#[source] Arc<TlsError>);

impl FileWatch {
    /// Watches the files that `tls` was loaded from.
    pub(super) fn new(tls: Arc<Tls>) -> Self {
        Self { tls, unusable: None }
    }
}

impl Worker for FileWatch {
    fn name(&self) -> &'static str {
        NAME
    }

    fn interval(&self) -> Duration {
        RELOAD_EVERY
    }

    async fn step(&mut self) -> StepResult {
        let tls = Arc::clone(&self.tls);
        match tokio::task::spawn_blocking(move || tls.reload()).await? {
            Ok(true) => {
                tracing::info!("new certificate in use");
                self.unusable = None;
                return Ok(Some("new certificate in use".to_owned()));
            }
            Ok(false) => {}
            Err(error) => self.unusable = Some(Unusable(Arc::new(error))),
        }
        match &self.unusable {
            Some(error) => Err(error.clone().into()),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::accounts::UserName;
    use crate::app::{DataDirectory, FirstAdministrator, Kit};
    use crate::model::NamePolicy;
    use crate::vault::keys::Unlock;

    const DAY: Duration = Duration::from_hours(24);

    /// It was renewed only at a start: a server that ran for 13 months served an expired one.
    #[tokio::test]
    async fn the_own_certificate_is_renewed_before_its_end_and_for_other_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::create(&folder.path().join("data")).unwrap();
        let recovery = Kit::write_recovery(directory.root(), &folder.path().join("recovery.txt")).unwrap();
        let key = age::x25519::Identity::generate().to_string();
        let unlock = Unlock::KeyFile(SecretString::from(age::secrecy::ExposeSecret::expose_secret(&key)));
        let administrator = FirstAdministrator {
            name: UserName::parse("admin").unwrap(),
            password: SecretString::from("Ziegel-Otter-Kuppel-0815-Fagott"),
        };
        let start = Timestamp::now();
        let instance =
            Instance::create(&directory, &unlock, &recovery, administrator, NamePolicy::Any, start).await;
        let instance = instance.unwrap();
        let hosts = |name: &str| vec![name.to_owned(), "192.0.2.1".to_owned()];

        let tls = Tls::load(instance.certificate(&hosts("a.example"), start).unwrap()).unwrap();
        let renewed =
            |host: &str, day: u32| renew(&instance, &tls, &hosts(host), start.after(DAY * day)).unwrap();
        assert!(!renewed("a.example", 0) && !renewed("a.example", 360));
        assert!(renewed("a.example", 370), "a month before its end");
        assert!(!renewed("a.example", 370) && !renewed("a.example", 700));
        assert!(renewed("b.example", 700), "other hosts");
        assert!(!renewed("b.example", 700));
        // Made while the clock was fast, it would not be valid yet.
        assert!(renewed("b.example", 400));
        assert!(!renewed("b.example", 400));
        assert!(tls.not_after().unwrap().since(start.after(DAY * 400)) > DAY * 395);
        instance.close();
    }

    #[expect(clippy::disallowed_methods, reason = "files of the test's own")]
    #[tokio::test]
    async fn files_that_cannot_be_used_are_a_failure_until_they_can() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let put = |path: &std::path::Path, text: &[u8]| {
            std::fs::write(path, text).unwrap();
            std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        };
        let made = crate::net::self_signed(&["files.example".into()], &[], Timestamp::now()).unwrap();
        put(&cert, made.cert_pem.as_bytes());
        put(&key, made.key_pem.as_bytes());
        let tls = Tls::load(TlsSource::Files { cert: cert.clone(), key }).unwrap();
        let mut watch = FileWatch::new(tls);
        assert_eq!(watch.step().await.unwrap(), None);
        put(&cert, b"nonsense");
        for _ in 0..2 {
            let error = watch.step().await.unwrap_err();
            assert!(error.source().is_some(), "{error}");
        }
        put(&cert, made.cert_pem.as_bytes());
        assert_eq!(watch.step().await.unwrap().as_deref(), Some("new certificate in use"));
        assert_eq!(watch.step().await.unwrap(), None);
    }
}
