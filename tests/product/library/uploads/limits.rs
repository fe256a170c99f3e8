//! Bounds.

use tresor::library::LibraryError;
use tresor::uploads::{MAX_UPLOAD_METADATA, NewUpload, PartInfo, UploadError, UploadLimits};

use super::{chunked, linear, to};
use crate::library::store::Store;

#[tokio::test(flavor = "multi_thread")]
async fn every_bound_is_named_when_it_is_reached() {
    let store = Store::new().await;
    let limits = UploadLimits { open: 3, chunks: 2, pieces: 4, ..UploadLimits::default() };
    assert_eq!((UploadLimits::default().open, UploadLimits::default().pieces), (10_000, 20_000));
    store.uploads.set_limits(limits);
    let mut new = linear("a", None);
    new.metadata = "x".repeat(MAX_UPLOAD_METADATA + 1);
    assert!(matches!(store.create(new.clone()).await, Err(UploadError::MetadataTooLong)));
    new.metadata.pop();
    let one = store.create(new.clone()).await.unwrap();
    assert_eq!(store.status(one.id).await.unwrap().metadata, new.metadata);
    assert!(matches!(store.create(new).await, Err(UploadError::Exists)));
    let two = store.create(chunked(None)).await.unwrap();
    store.create(linear("b", None)).await.unwrap();
    assert!(matches!(store.create(linear("c", None)).await, Err(UploadError::TooManyUploads)));

    // Appends of a byte end in a bound, not in rows without end.
    for offset in 0..4 {
        store.send(one.id, offset, b"x", PartInfo::default()).await.unwrap();
    }
    assert!(matches!(
        store.send(one.id, 4, b"x", PartInfo::default()).await,
        Err(UploadError::TooManyPieces)
    ));
    store.end(one.id, to("a")).await.unwrap();
    assert_eq!(store.read("a").await.unwrap(), b"xxxx");

    store.send_chunk(two.id, "1", b"1").await.unwrap();
    store.send_chunk(two.id, "2", b"2").await.unwrap();
    assert!(matches!(store.send_chunk(two.id, "3", b"3").await, Err(UploadError::TooManyPieces)));
    store.send_chunk(two.id, "2", b"3").await.unwrap();
    store.upkeep(crate::library::store::NOW).await.unwrap();
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_taken_than_was_announced() {
    let store = Store::new().await;
    let upload = store.create(linear("a", Some(10))).await.unwrap();
    let mut append = store.append(upload.id, 0, PartInfo::default()).await.unwrap();
    append.write("123456".into()).await.unwrap();
    assert!(matches!(append.write("78901".into()).await, Err(UploadError::TooLong)));
    append.break_off(crate::library::store::NOW).await.unwrap();
    assert_eq!(store.offset(upload.id).await, 6);
    let part = PartInfo { size: Some(5), checksum: None };
    assert!(matches!(store.append(upload.id, 6, part).await.map(drop), Err(UploadError::TooLong)));
    // Fewer bytes than the request announced: those that came are kept, and the rest is missing.
    let part = PartInfo { size: Some(4), checksum: None };
    assert!(matches!(
        store.send(upload.id, 6, b"78", part).await,
        Err(UploadError::Library(LibraryError::WrongSize))
    ));
    assert_eq!(store.offset(upload.id).await, 8);
    for forged in [0, 7, 9, 10, 11, usize::MAX] {
        let refused = store.append(upload.id, forged, PartInfo::default()).await.map(drop);
        assert!(matches!(refused, Err(UploadError::OffsetMismatch { expected: 8 })), "{forged}");
    }
    assert!(matches!(store.end(upload.id, to("a")).await, Err(UploadError::Incomplete { received: 8 })));
    for forged in [u64::MAX, 1 << 63, (1 << 63) - 1] {
        assert!(matches!(
            store.create(linear("b", Some(forged))).await,
            Err(UploadError::Library(LibraryError::DiskFull))
        ));
    }
    store.library.look_at_disk().await.unwrap();
    store.send(upload.id, 8, b"90", PartInfo::default()).await.unwrap();
    store.end(upload.id, to("a")).await.unwrap();
    assert_eq!(store.read("a").await.unwrap(), b"1234567890");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_client_chose_is_an_upload_of_its_own_per_user_and_door() {
    let store = Store::new().await;
    let other = store.another_user("other").await;
    let named = |name: &str| NewUpload { name: Some(name.to_owned()), ..chunked(None) };
    let one = store.create(named("1")).await.unwrap();
    let two = store.create(named("2")).await.unwrap();
    let elsewhere = store.create(NewUpload { protocol: "other", ..named("1") }).await.unwrap();
    assert!(matches!(store.create(named("1")).await, Err(UploadError::Exists)));
    for (protocol, name, expected) in
        [("chunks", "1", one.id), ("chunks", "2", two.id), ("other", "1", elsewhere.id)]
    {
        let found = store.uploads.named(store.user, protocol, name).await.unwrap();
        assert_eq!(found, (expected, store.access().space()));
    }
    let foreign = store.uploads.named(other, "chunks", "1").await;
    assert!(matches!(foreign, Err(UploadError::NoSuchUpload)));

    // The name is free again with the upload's end, its number is not.
    store.cancel(one.id).await.unwrap();
    let again = store.create(named("1")).await.unwrap();
    assert_ne!(again.id, one.id);
    let found = store.uploads.named(store.user, "chunks", "1").await.unwrap();
    assert_eq!(found.0, again.id);
    store.check();
}
