//! Quotas: reserved before the body is read, never passed together.

use std::sync::Arc;

use tresor::library::{LibraryError, NewFile, PropertyChange, SpaceSettings};
use tresor::model::{Access, PropertyName, Right, Stamp, UserId};

use crate::library::store::{NOW, Store, path};
use crate::support::content::bytes;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_uploads_at_once_never_pass_the_quota() {
    let store = Arc::new(Store::with_quota(10_000).await);
    let uploads: Vec<_> = (0..20)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(
                async move { store.put(&format!("f{number}"), &bytes(number, 1_000)).await.map(drop) },
            )
        })
        .collect();
    let mut stored = 0;
    for upload in uploads {
        match upload.await.unwrap() {
            Ok(()) => stored += 1,
            Err(LibraryError::OverQuota) => {}
            Err(other) => panic!("{other}"),
        }
    }
    // The last to come may have met reservations of others that then failed; the quota itself holds.
    assert!(stored <= 10, "{stored}");
    assert_eq!(store.used().await, stored * 1_000);
    for number in stored..10 {
        store.put(&format!("late{number}"), &bytes(1, 1_000)).await.unwrap();
    }
    assert!(matches!(store.put("one", b"1").await, Err(LibraryError::OverQuota)));
    store.put("empty", b"").await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unknown_length_fills_the_quota_to_the_last_byte() {
    let store = Store::with_quota(100_000).await;
    let upload = async |size: usize| {
        let file = NewFile { path: path("a"), size: None, modified: None, checksum: None };
        let mut session = store.library.begin_put(store.change(), file).await?;
        for piece in bytes(1, size).chunks(7_000) {
            session.write(piece.to_vec().into()).await?;
        }
        session.commit(NOW).await
    };
    assert!(matches!(upload(100_001).await, Err(LibraryError::OverQuota)));
    upload(100_000).await.unwrap();
    assert_eq!(store.used().await, 100_000);
    assert_eq!(store.library.usage(&store.access()).await.unwrap().available.0, 0);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_ends_early_gives_its_reservation_back() {
    let store = Store::with_quota(10_000).await;
    for _ in 0..3 {
        let file = NewFile { path: path("a"), size: Some(10_000), modified: None, checksum: None };
        let mut session = store.library.begin_put(store.change(), file).await.unwrap();
        assert!(matches!(store.put("b", b"1").await, Err(LibraryError::OverQuota)));
        session.write("few".into()).await.unwrap();
        assert!(matches!(session.commit(NOW).await, Err(LibraryError::WrongSize)));
    }
    store.put("b", &bytes(1, 10_000)).await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_costs_nothing_and_a_copy_into_another_space_its_bytes() {
    let store = Store::with_quota(10_000).await;
    let other = store.another_space("other").await;
    let settings = SpaceSettings { quota: Some(tresor::model::ByteSize(6_000)), ..SpaceSettings::default() };
    store.library.set_space_settings(other.id, settings, Stamp::owner(NOW)).await.unwrap();
    store.put("a", &bytes(1, 6_000)).await.unwrap();
    for copy in ["b", "c", "d"] {
        store.copy("a", copy).await.unwrap();
    }
    assert_eq!((store.used().await, store.containers().len()), (6_000, 1));
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let carry = async |name: &str| {
        let (overwrite, depth) = (tresor::library::Overwrite::Forbid, tresor::model::Depth::Infinity);
        store.library.copy_entry(store.change(), &path("a"), &there, &path(name), overwrite, depth).await
    };
    carry("a").await.unwrap();
    assert!(matches!(carry("b").await, Err(LibraryError::OverQuota)));
    assert_eq!(store.containers_of(&other).len(), 1);
    store.check();
}

/// hyper drops the handler of a client that leaves in the middle of its body, at any wait. The bytes that
/// were promised to it once stayed reserved until the next start.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_at_any_moment_gives_its_reservation_back() {
    const QUOTA: u64 = 6 << 20;
    let store = Store::with_quota(QUOTA).await;
    let body = bytes(1, 5 << 20);
    for moment in 0..60 {
        // By its length, so that it counts against the quota before a byte of it came, or in growing steps.
        let size = (moment % 2 == 0).then_some(body.len() as u64);
        let file = NewFile { path: path("a"), size, modified: None, checksum: None };
        let upload = async {
            let mut session = store.library.begin_put(store.change(), file).await?;
            for piece in body.chunks(300_000) {
                session.write(piece.to_vec().into()).await?;
            }
            // Never committed: the client is gone before.
            std::future::pending::<Result<(), LibraryError>>().await
        };
        let patience = std::time::Duration::from_micros(100 + 400 * moment);
        assert!(tokio::time::timeout(patience, upload).await.is_err());
        // A step of the reservation may still be on its way, and comes back with that.
        let is_free = async {
            let file = NewFile { path: path("b"), size: Some(QUOTA), modified: None, checksum: None };
            while store.library.begin_put(store.change(), file.clone()).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        let given_back = tokio::time::timeout(std::time::Duration::from_mins(1), is_free).await;
        assert!(given_back.is_ok(), "{moment}: the reservation stays");
    }
    assert_eq!(store.used().await, 0);
    // A batch may still be on its way to a file that goes with it.
    while !store.parts().is_empty() {
        tokio::task::yield_now().await;
    }
    store.put("b", &bytes(1, 6 << 20)).await.unwrap();
    store.check();
}

/// Dead properties counted nowhere, and COPY multiplied them: one folder with properties, copied again and again,
/// grew the catalogue by gigabytes in a space with a quota of one megabyte.
#[tokio::test(flavor = "multi_thread")]
async fn properties_count_and_what_copies_make_of_them() {
    let store = Store::with_quota(10_000).await;
    let other = store.another_space("other").await;
    let settings = SpaceSettings { quota: Some(tresor::model::ByteSize(6_000)), ..SpaceSettings::default() };
    store.library.set_space_settings(other.id, settings, Stamp::owner(NOW)).await.unwrap();
    let name = |local: &str| PropertyName::new("urn:x", local);
    let set = async |at: &str, local: &str, length: usize| {
        let steps = vec![PropertyChange::Set { name: name(local), xml: "ü".repeat(length / 2) }];
        store.library.change_properties(store.change(), &path(at), steps).await.map(drop)
    };
    let usage = async || store.library.usage(&store.access()).await.unwrap();
    store.mkcol("a").await.unwrap();
    // A name counts, too: five bytes and one.
    set("a", "p", 3_994).await.unwrap();
    assert_eq!((usage().await.used.0, usage().await.available.0), (4_000, 6_000));
    set("a", "p", 2_994).await.unwrap();
    set("a", "p", 3_994).await.unwrap();
    assert_eq!(usage().await.used.0, 4_000);
    store.copy("a", "b").await.unwrap();
    assert!(matches!(store.copy("a", "c").await, Err(LibraryError::OverQuota)));
    assert!(matches!(set("b", "q", 2_000).await, Err(LibraryError::OverQuota)));
    assert!(matches!(store.put("f", &bytes(1, 2_001)).await, Err(LibraryError::OverQuota)));
    assert_eq!(store.names("").await, ["a", "b"]);
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let carry = async |name: &str| {
        let (overwrite, depth) = (tresor::library::Overwrite::Forbid, tresor::model::Depth::Infinity);
        store.library.copy_entry(store.change(), &path("a"), &there, &path(name), overwrite, depth).await
    };
    carry("a").await.unwrap();
    assert!(matches!(carry("b").await, Err(LibraryError::OverQuota)));

    // Room that a writer has reserved is not taken by properties.
    let file = NewFile { path: path("f"), size: Some(2_000), modified: None, checksum: None };
    let writing = store.library.begin_put(store.change(), file).await.unwrap();
    assert!(matches!(set("b", "q", 10).await, Err(LibraryError::OverQuota)));
    drop(writing);
    set("b", "q", 10).await.unwrap();

    let steps = vec![PropertyChange::Remove { name: name("q") }, PropertyChange::Remove { name: name("x") }];
    store.library.change_properties(store.change(), &path("b"), steps).await.unwrap();
    assert_eq!(usage().await.used.0, 8_000);
    // A file in the trash still counts, until it is gone for good.
    store.delete("b").await.unwrap();
    assert_eq!(usage().await.used.0, 8_000);
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    store.library.purge(&store.access(), Stamp::owner(NOW), item.entry).await.unwrap();
    assert_eq!(usage().await.used.0, 4_000);
    store.check();
    let store = store.reopen().await;
    assert_eq!(store.library.usage(&store.access()).await.unwrap().used.0, 4_000);
}
