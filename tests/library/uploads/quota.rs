//! What uploads hold of a space's quota.

use tresor::library::{LibraryError, PartInfo};

use super::{chunked, linear, to};
use crate::store::{NOW, Store, days};
use crate::support::content::bytes;

impl Store {
    async fn available(&self) -> u64 {
        self.library.usage(&self.access()).await.unwrap().available.0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_announced_is_reserved_until_the_upload_ends() {
    let mut store = Store::with_quota(1_000_000).await;
    for end in 0..3 {
        let upload = store.create(linear("a", Some(700_000))).await.unwrap();
        assert_eq!((store.used().await, store.available().await), (0, 300_000));
        assert!(matches!(store.create(linear("b", Some(300_001))).await, Err(LibraryError::OverQuota)));
        assert!(matches!(store.put("b", &bytes(1, 300_001)).await, Err(LibraryError::OverQuota)));
        store.send(upload.id, 0, &bytes(1, 200_000), PartInfo::default()).await.unwrap();
        assert_eq!((store.used().await, store.available().await), (200_000, 300_000));
        store = store.reopen().await;
        assert!(matches!(store.put("b", &bytes(1, 300_001)).await, Err(LibraryError::OverQuota)));
        assert_eq!(store.available().await, 300_000);
        match end {
            0 => store.cancel(upload.id).await.unwrap(),
            1 => assert_eq!(store.library.upkeep(days(8)).await.unwrap().uploads, 1),
            _ => {
                store.send(upload.id, 200_000, &bytes(2, 500_000), PartInfo::default()).await.unwrap();
                assert_eq!((store.used().await, store.available().await), (700_000, 300_000));
                store.end(upload.id, to("a")).await.unwrap();
            }
        }
        let stored = if end == 2 { 700_000 } else { 0 };
        assert_eq!((store.used().await, store.available().await), (stored, 1_000_000 - stored));
        store.check();
    }
    store.put("b", &bytes(1, 300_000)).await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_announced_is_reserved_as_it_comes() {
    let store = Store::with_quota(1_000_000).await;
    store.cut();
    let upload = store.create(linear("a", None)).await.unwrap();
    let mut append = store.append(upload.id, 0, PartInfo::default()).await.unwrap();
    append.write(bytes(1, 600_000).into()).await.unwrap();
    assert!(matches!(store.put("b", &bytes(1, 400_001)).await, Err(LibraryError::OverQuota)));
    assert!(matches!(append.write(bytes(1, 400_001).into()).await, Err(LibraryError::OverQuota)));
    drop(append);
    assert_eq!(store.offset(upload.id).await, 600_000);
    assert_eq!(store.available().await, 400_000);
    // To the last byte, though most of it was counted while the rest came.
    store.send(upload.id, 600_000, &bytes(1, 400_000), PartInfo::default()).await.unwrap();
    assert!(store.send(upload.id, 1_000_000, b"x", PartInfo::default()).await.is_err());
    store.end(upload.id, to("a")).await.unwrap();
    assert_eq!((store.used().await, store.available().await), (1_000_000, 0));
    store.settle().await;
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_is_told_later_is_reserved_then() {
    let store = Store::with_quota(1_000_000).await;
    let upload = store.create(linear("a", None)).await.unwrap();
    store.send(upload.id, 0, &bytes(1, 100_000), PartInfo::default()).await.unwrap();
    let set =
        async |length| store.library.set_upload_length(&store.access(), store.user, upload.id, length).await;
    assert!(matches!(set(1_000_001).await, Err(LibraryError::OverQuota)));
    assert!(matches!(set(99_999).await, Err(LibraryError::LengthFixed)));
    assert_eq!(set(1_000_000).await.unwrap().length, Some(1_000_000));
    assert_eq!(store.available().await, 0);
    set(1_000_000).await.unwrap();
    assert!(matches!(set(500_000).await, Err(LibraryError::LengthFixed)));
    assert!(matches!(store.put("b", b"1").await, Err(LibraryError::OverQuota)));
    store.cancel(upload.id).await.unwrap();
    store.put("b", b"1").await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_count_once_whatever_happens_to_them() {
    let store = Store::with_quota(1_000_000).await;
    let upload = store.create(chunked(Some(600_000))).await.unwrap();
    for _ in 0..3 {
        store.send_chunk(upload.id, "1", &bytes(1, 400_000)).await.unwrap();
        store.library.upkeep(NOW).await.unwrap();
        assert_eq!((store.used().await, store.available().await), (400_000, 400_000));
    }
    assert!(matches!(
        store.send_chunk(upload.id, "2", &bytes(1, 200_001)).await,
        Err(LibraryError::UploadTooLong)
    ));
    assert!(matches!(
        store.send_chunk(upload.id, "2", &bytes(1, 600_001)).await,
        Err(LibraryError::UploadTooLong)
    ));
    let name = super::chunk("1");
    store.library.delete_chunk(&store.access(), store.user, upload.id, &name, NOW).await.unwrap();
    assert_eq!((store.used().await, store.available().await), (0, 400_000));
    store.settle().await;
    store.check();
}
