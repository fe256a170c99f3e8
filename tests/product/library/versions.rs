//! Earlier contents.

use tresor::library::{LibraryError, SpaceSettings};
use tresor::model::Stamp;

use crate::library::store::{NOW, Store, days, path};

#[tokio::test(flavor = "multi_thread")]
async fn every_replaced_content_is_kept_for_its_days() {
    let store = Store::new().await;
    for day in 0..4 {
        store.put_by(store.change_at(days(day)), "a", format!("day {day}").as_bytes()).await.unwrap();
    }
    let versions = store.library.versions(&store.access(), &path("a")).await.unwrap();
    let replaced: Vec<_> = versions.iter().map(|version| version.replaced).collect();
    assert_eq!(replaced, [None, Some(days(3)), Some(days(2)), Some(days(1))]);
    assert!(versions.iter().all(|version| version.author == Some(store.user)));
    for (version, day) in versions.iter().zip([3, 2, 1, 0]) {
        let read = store.read_from(&store.access(), "a", Some(version.id)).await.unwrap();
        assert_eq!(read, format!("day {day}").as_bytes());
    }
    // Replaced on day 1, so over on day 31.
    assert_eq!(store.library.upkeep(days(30)).await.unwrap().versions, 0);
    assert_eq!(store.library.upkeep(days(31)).await.unwrap().versions, 1);
    assert_eq!(store.library.upkeep(days(400)).await.unwrap().versions, 2);
    assert_eq!(store.read("a").await.unwrap(), b"day 3");
    assert_eq!(store.containers().len(), 1);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_space_may_keep_none() {
    let store = Store::new().await;
    let settings = SpaceSettings { version_days: 0, ..SpaceSettings::default() };
    store.library.set_space_settings(store.space.id, settings, Stamp::owner(NOW)).await.unwrap();
    store.put("a", b"1").await.unwrap();
    store.put("a", b"2").await.unwrap();
    store.library.upkeep(NOW).await.unwrap();
    assert_eq!(store.library.versions(&store.access(), &path("a")).await.unwrap().len(), 1);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_placeholder_is_nobodys_old_content() {
    let store = Store::new().await;
    store.put("a", b"").await.unwrap();
    store.put("a", b"content").await.unwrap();
    assert_eq!(store.library.versions(&store.access(), &path("a")).await.unwrap().len(), 1);
    // Emptied on purpose: the content before it stays.
    store.put("a", b"").await.unwrap();
    let versions = store.library.versions(&store.access(), &path("a")).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.size).collect::<Vec<_>>(), [0, 7]);
    store.library.upkeep(NOW).await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn restoring_makes_a_new_content_and_keeps_the_present_one() {
    let store = Store::new().await;
    let first = store.put("a", b"first").await.unwrap().entry;
    store.put("a", b"second").await.unwrap();
    let before = store.entry("a").await.unwrap();
    let old = store.library.versions(&store.access(), &path("a")).await.unwrap()[1].clone();
    let entry = store.library.restore_version(store.change_at(days(1)), &path("a"), old.id).await.unwrap();
    assert_eq!((entry.id, entry.size), (first.id, 5));
    assert!(entry.etag != before.etag && entry.etag != first.etag);
    assert_eq!(store.read("a").await.unwrap(), b"first");
    let versions = store.library.versions(&store.access(), &path("a")).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.size).collect::<Vec<_>>(), [5, 6, 5]);
    assert_eq!(versions[0].checksums, old.checksums);
    assert_eq!((store.used().await, store.containers().len()), (5, 2), "nothing was stored again");
    // The old row ends; the restored content shares its container and stays.
    store.library.upkeep(days(30)).await.unwrap();
    assert_eq!(store.read("a").await.unwrap(), b"first");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_belongs_to_its_file() {
    let store = Store::new().await;
    store.put("a", b"secret").await.unwrap();
    store.put("b", b"other").await.unwrap();
    let foreign = store.library.versions(&store.access(), &path("a")).await.unwrap()[0].id;
    let read = store.read_from(&store.access(), "b", Some(foreign)).await;
    assert!(matches!(read, Err(LibraryError::NotFound)));
    let restored = store.library.restore_version(store.change(), &path("b"), foreign).await;
    assert!(matches!(restored, Err(LibraryError::NoSuchVersion)));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn restoring_the_present_content_loses_nothing() {
    let store = Store::new().await;
    for content in [b"".as_slice(), b"content"] {
        let version = store.put("a", content).await.unwrap().entry;
        let current = store.library.versions(&store.access(), &path("a")).await.unwrap()[0].id;
        let again = store.library.restore_version(store.change(), &path("a"), current).await.unwrap();
        assert_eq!(version.id, again.id);
        store.library.upkeep(NOW).await.unwrap();
        assert_eq!(store.read("a").await.unwrap(), content);
        store.check();
    }
}
