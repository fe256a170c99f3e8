//! The share of uploads in a space's quota.

use tresor::library::{LibraryError, NewFile};
use tresor::model::{Stamp, Timestamp};
use tresor::uploads::{PartInfo, UploadError};

use super::{chunk, chunked, linear, to};
use crate::library::store::{NOW, Store, days, path};
use crate::support::content::bytes;

impl Store {
    async fn available(&self) -> u64 {
        self.library.usage(&self.access()).await.unwrap().available.0
    }

    /// Deletes a file for good.
    async fn remove(&self, at: &str) {
        self.delete(at).await.unwrap();
        let item = self.library.trash(&self.access()).await.unwrap().remove(0);
        self.library.purge(&self.access(), Stamp::owner(NOW), item.entry).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_announced_is_reserved_until_the_upload_ends() {
    let mut store = Store::with_quota(1_000_000).await;
    for end in 0..3 {
        let upload = store.create(linear("a", Some(700_000))).await.unwrap();
        assert_eq!((store.used().await, store.available().await), (0, 300_000));
        assert!(matches!(
            store.create(linear("b", Some(300_001))).await,
            Err(UploadError::Library(LibraryError::OverQuota))
        ));
        assert!(matches!(store.put("b", &bytes(1, 300_001)).await, Err(LibraryError::OverQuota)));
        store.send(upload.id, 0, &bytes(1, 200_000), PartInfo::default()).await.unwrap();
        assert_eq!((store.used().await, store.available().await), (200_000, 300_000));
        store = store.reopen().await;
        assert!(matches!(store.put("b", &bytes(1, 300_001)).await, Err(LibraryError::OverQuota)));
        assert_eq!(store.available().await, 300_000);
        match end {
            0 => store.cancel(upload.id).await.unwrap(),
            1 => assert_eq!(store.upkeep(days(8)).await.unwrap().0, 1),
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
    assert!(matches!(
        append.write(bytes(1, 400_001).into()).await,
        Err(UploadError::Library(LibraryError::OverQuota))
    ));
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
    let set = async |length| store.uploads.set_length(&store.access(), store.user, upload.id, length).await;
    assert!(matches!(set(1_000_001).await, Err(UploadError::Library(LibraryError::OverQuota))));
    assert!(matches!(set(99_999).await, Err(UploadError::LengthFixed)));
    assert_eq!(set(1_000_000).await.unwrap().length, Some(1_000_000));
    assert_eq!(store.available().await, 0);
    set(1_000_000).await.unwrap();
    assert!(matches!(set(500_000).await, Err(UploadError::LengthFixed)));
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
        store.upkeep(NOW).await.unwrap();
        assert_eq!((store.used().await, store.available().await), (400_000, 400_000));
    }
    assert!(matches!(store.send_chunk(upload.id, "2", &bytes(1, 200_001)).await, Err(UploadError::TooLong)));
    assert!(matches!(store.send_chunk(upload.id, "2", &bytes(1, 600_001)).await, Err(UploadError::TooLong)));
    let name = chunk("1");
    store.uploads.delete_chunk(&store.access(), store.user, upload.id, &name, NOW).await.unwrap();
    assert_eq!((store.used().await, store.available().await), (0, 400_000));
    store.settle().await;
    store.check();
}

/// Forty PUTs of one chunk at once all counted on the same announced bytes: 304 MiB lay on the disk of a space with
/// a quota of 10 MiB.
#[tokio::test(flavor = "multi_thread")]
async fn writers_of_one_chunk_hold_no_more_together_than_the_quota() {
    let store = Store::with_quota(1_000_000).await;
    for (length, size) in
        [(Some(600_000), Some(400_000)), (Some(600_000), None), (None, Some(400_000)), (None, None)]
    {
        let upload = store.create(chunked(length)).await.unwrap();
        let mut writers = Vec::new();
        for _ in 0..40 {
            let (access, part) = (store.access(), PartInfo { size, checksum: None });
            let begun =
                store.uploads.begin_chunk(&access, store.user, upload.id, chunk("1"), part, NOW).await;
            let written = match begun {
                Ok(mut writer) => writer.write(bytes(1, 400_000).into()).await.map(|()| writer),
                Err(error) => Err(error),
            };
            match written {
                Ok(writer) => writers.push(writer),
                Err(error) => {
                    assert!(matches!(error, UploadError::Library(LibraryError::OverQuota)), "{error}");
                }
            }
        }
        assert_eq!(writers.len(), 2, "{length:?} {size:?}");
        for writer in writers {
            writer.finish(NOW).await.unwrap();
        }
        // The one that was replaced does not wait for upkeep.
        assert_eq!((store.used().await, store.containers().len()), (400_000, 1));
        store.cancel(upload.id).await.unwrap();
        assert_eq!(store.available().await, 1_000_000);
    }
    store.settle().await;
    store.check();
}

/// A client that got no answer sends its chunk again, also where the space is full by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_may_be_sent_again_into_a_full_space_by_one_writer() {
    let store = Store::with_quota(400_000).await;
    let upload = store.create(chunked(Some(400_000))).await.unwrap();
    for _ in 0..3 {
        store.send_chunk(upload.id, "1", &bytes(1, 400_000)).await.unwrap();
        assert_eq!(store.available().await, 0);
    }
    let begin = async || {
        let (access, part) = (store.access(), PartInfo { size: Some(400_000), checksum: None });
        store.uploads.begin_chunk(&access, store.user, upload.id, chunk("1"), part, NOW).await
    };
    let again = begin().await.unwrap();
    assert!(matches!(begin().await.map(drop), Err(UploadError::Library(LibraryError::OverQuota))));
    drop(again);
    begin().await.map(drop).unwrap();
    store.end(upload.id, to("a")).await.unwrap();
    store.settle().await;
    store.check();
}

/// An upload that had announced its length kept the rest of a quota for a week without sending a byte.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_announced_and_does_not_come_is_not_kept_for_long() {
    let store = Store::with_quota(1_000_000).await;
    let hours = |number: i64| Timestamp(NOW.0 + number * 3_600_000);
    for new in [linear("a", Some(900_000)), chunked(Some(900_000))] {
        let is_linear = new.path.is_some();
        let send = async |id, offset: usize, length| match is_linear {
            true => store.send(id, offset, &bytes(1, length), PartInfo::default()).await,
            false => store.send_chunk(id, &format!("{}", offset + 1), &bytes(1, length)).await,
        };
        let upload = store.create(new).await.unwrap();
        send(upload.id, 0, 100_000).await.unwrap();
        if is_linear {
            // A client that is sending keeps it.
            let writing = store.append(upload.id, 100_000, PartInfo::default()).await.unwrap();
            store.upkeep(hours(2)).await.unwrap();
            assert_eq!(store.available().await, 100_000);
            drop(writing);
            store.status(upload.id).await.unwrap();
        }
        store.upkeep(hours(2)).await.unwrap();
        assert_eq!((store.used().await, store.available().await), (100_000, 900_000));
        store.check();

        // The next part takes it again, if it is still there.
        store.put("b", &bytes(2, 200_000)).await.unwrap();
        assert!(matches!(
            send(upload.id, 100_000, 100_000).await,
            Err(UploadError::Library(LibraryError::OverQuota))
        ));
        store.remove("b").await;
        send(upload.id, 100_000, 100_000).await.unwrap();
        assert_eq!((store.used().await, store.available().await), (200_000, 100_000));
        send(upload.id, 200_000, 700_000).await.unwrap();
        store.end(upload.id, to("a")).await.unwrap();
        store.remove("a").await;
        store.settle().await;
        store.check();
    }
}

/// A PUT that had announced its length, and then sent a byte now and then, kept the rest of a quota for months.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_put_holds_little_more_than_it_has_sent() {
    let megabytes = |number: u64| number << 20;
    let store = Store::with_quota(megabytes(40)).await;
    let file =
        |name: &str, size| NewFile { path: path(name), size: Some(size), modified: None, checksum: None };
    let mut slow = store.library.begin_put(store.change(), file("slow", megabytes(40))).await.unwrap();
    slow.write(bytes(1, 1 << 20).into()).await.unwrap();
    let begun = store.library.begin_put(store.change(), file("b", 1)).await.map(drop);
    assert!(matches!(begun, Err(LibraryError::OverQuota)));
    store.library.set_reserved_for(std::time::Duration::ZERO);
    slow.write(bytes(1, 1 << 20).into()).await.unwrap();
    let other = store.library.begin_put(store.change(), file("b", megabytes(22))).await.unwrap();
    let begun = store.library.begin_put(store.change(), file("c", 1)).await.map(drop);
    assert!(matches!(begun, Err(LibraryError::OverQuota)));
    // It gets the room that no other request took.
    drop(other);
    for _ in 2..40 {
        slow.write(bytes(1, 1 << 20).into()).await.unwrap();
    }
    slow.commit(NOW).await.unwrap();
    assert_eq!(store.used().await, megabytes(40));
    store.check();
}
