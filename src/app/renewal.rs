//! Renews the instance's own certificate while the server runs.

use std::sync::Arc;
use std::time::Duration;

use super::instance::{Instance, InstanceError};
use crate::model::Timestamp;
use crate::net::{Shutdown, Tls, TlsSource};

/// Time between two checks whether the self-signed certificate must be renewed. It is renewed a month before
/// it expires.
const LOOK_AFTER: Duration = Duration::from_hours(1);

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

/// Checks the certificate every hour until shutdown. After a failure it tries again the next time.
pub(super) async fn keep_renewed(
    instance: Arc<Instance>,
    tls: Arc<Tls>,
    hosts: Vec<String>,
    mut shutdown: Shutdown,
) {
    let mut tick = tokio::time::interval(LOOK_AFTER);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shutdown.requested() => return,
        }
        let (instance, tls, hosts) = (Arc::clone(&instance), Arc::clone(&tls), hosts.clone());
        let looking = move || {
            let renewed = renew(&instance, &tls, &hosts, Timestamp::now());
            renewed.map(|is_new| is_new.then(|| tls.fingerprint()))
        };
        match tokio::task::spawn_blocking(looking).await {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(fingerprint))) => {
                tracing::warn!(
                    fingerprint,
                    "the server uses a new self-signed certificate: clients will ask about it"
                );
            }
            Ok(Err(error)) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "the server's own certificate cannot be renewed");
            }
            Err(_stopping) => return,
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
}
