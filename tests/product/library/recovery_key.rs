//! Another recovery key, and a change that does not complete.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tresor::model::Stamp;
use tresor::vault::keys::{RecoveryRecipient, Unlock, generate_recovery};

use crate::library::hooked::Moment;
use crate::library::store::{NOW, Store};
use crate::support::recovery::{opens_everything, opens_nothing};

/// The text of a recovery key's file, and its recipient.
fn key() -> (SecretString, String) {
    let (text, recipient) = generate_recovery();
    (text, recipient.text())
}

fn opens_all(key: &SecretString, data: &Path) -> bool {
    opens_everything(key.expose_secret(), data)
}

/// Two spaces, two snapshots, and a recovery key that the test has.
async fn office() -> (Store, SecretString) {
    let store = Store::new().await;
    store.another_space("other").await;
    store.put("a", b"content").await.unwrap();
    store.recovery.snapshot(NOW).await.unwrap();
    let (present, recipient) = key();
    let changed = store.recovery.change_recovery_key(&recipient, Stamp::owner(NOW)).await.unwrap();
    assert_eq!((changed.snapshot.number, changed.damaged), (2, Vec::new()));
    assert!(opens_all(&present, store.dir.path()));
    (store, present)
}

/// Files are replaced one by one. An office must never be left with two recovery keys that open half of the files
/// each.
#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_change_stops_one_key_opens_everything_and_another_change_completes_it() {
    let (mut store, mut present) = office().await;
    for steps in 0.. {
        // Then a change takes the same steps each time.
        store.recovery.thin_snapshots(2).await.unwrap();
        let (next, recipient) = key();
        let mut left = steps;
        store.disk.set(move |moment| match moment {
            Moment::Create | Moment::Publish | Moment::WriteSmall if left == 0 => {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            Moment::Create | Moment::Publish | Moment::WriteSmall => {
                left -= 1;
                Ok(())
            }
            _ => Ok(()),
        });
        let changed = store.recovery.change_recovery_key(&recipient, Stamp::owner(NOW)).await;
        store.disk.clear();
        let data = store.dir.path().to_owned();
        let opening = [&present, &next].into_iter().find(|key| opens_all(key, &data));
        let Some(opening) = opening else { panic!("no key opens everything after {steps} steps") };
        if changed.is_ok() {
            assert!(opens_nothing(present.expose_secret(), &data) && opens_all(&next, &data));
            assert!(steps > 10, "{steps} steps");
            break;
        }
        store = store.reopen_by(&Unlock::Recovery(SecretString::from(opening.expose_secret()))).await;
        let (last, recipient) = key();
        store.recovery.change_recovery_key(&recipient, Stamp::owner(NOW)).await.unwrap();
        assert!(opens_all(&last, &data));
        for retired in [&present, &next] {
            assert!(opens_nothing(retired.expose_secret(), &data), "after {steps} steps");
        }
        present = last;
    }
    assert_eq!(store.read("a").await.unwrap(), b"content");
    store.check();
}

/// A damaged key file or snapshot must not keep an office from replacing an exposed key.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_are_named_and_stay_as_they_are() {
    let (store, former) = office().await;
    let data = store.dir.path();
    let space_key = format!("keys/spaces/{}.age", store.space.id);
    let snapshots = fs::read_dir(data.join("snapshots")).unwrap();
    let oldest = snapshots.map(|entry| entry.unwrap().file_name().into_string().unwrap()).min().unwrap();
    let damaged = [space_key, format!("snapshots/{oldest}")];
    for file in &damaged {
        let mut bytes = fs::read(data.join(file)).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(data.join(file), bytes).unwrap();
    }
    let before = damaged.clone().map(|file| fs::read(data.join(file)).unwrap());
    let (next, recipient) = key();
    let changed = store.recovery.change_recovery_key(&recipient, Stamp::owner(NOW)).await.unwrap();
    assert_eq!(changed.damaged, damaged);
    assert_eq!(damaged.map(|file| fs::read(data.join(file)).unwrap()), before);
    assert!(opens_nothing(former.expose_secret(), data));
    let (opened, all) = crate::support::recovery::opened_by(next.expose_secret(), data);
    assert_eq!(opened, all - 2);
}

/// While a server runs, spaces are added and removed beside the change.
#[tokio::test(flavor = "multi_thread")]
async fn spaces_that_come_and_go_during_a_change_are_sealed_to_the_new_key_alone() {
    let (store, former) = office().await;
    let keys = Arc::clone(&store.keys);
    let (next, recipient) = generate_recovery();
    let busy = std::thread::spawn({
        let keys = Arc::clone(&keys);
        move || {
            for number in 0..40_u8 {
                let space = tresor::model::SpaceId([number; 16]);
                keys.create_space_key(space).unwrap();
                keys.note_space(space, "{}").unwrap();
                if number % 2 == 0 {
                    keys.destroy_space_key(space).unwrap();
                }
            }
        }
    });
    for _ in 0..10 {
        keys.add_recovery(&recipient).unwrap();
        assert_eq!(keys.retire_recovery().unwrap(), []);
    }
    busy.join().unwrap();
    let data = store.dir.path();
    assert_eq!(fs::read_dir(data.join("keys/spaces")).unwrap().count(), 2 + 20, "removed keys stay removed");
    let (opened, all) = crate::support::recovery::opened_by(next.expose_secret(), data);
    assert_eq!(opened, all - 2, "all but the snapshots");
    assert_eq!(crate::support::recovery::opened_by(former.expose_secret(), data).0, 2);
}

#[tokio::test]
async fn what_is_no_recipient_changes_nothing() {
    let (store, present) = office().await;
    for text in ["", "age1", "AGE-SECRET-KEY-1QQQ", "ssh-ed25519 AAAA"] {
        assert!(store.recovery.change_recovery_key(text, Stamp::owner(NOW)).await.is_err(), "{text}");
    }
    assert!(RecoveryRecipient::parse("age1").is_err());
    assert!(opens_all(&present, store.dir.path()));
}
