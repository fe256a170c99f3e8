//! Appending: the bytes that are kept, the offset that is reported, the one client that may write.

use std::io;
use std::time::Duration;

use tresor::library::LibraryError;
use tresor::model::{Timestamp, UserId};
use tresor::uploads::{PartInfo, UploadError};

use super::{SEGMENT, checksum, linear, to, with};
use crate::library::hooked::Moment;
use crate::library::store::{NOW, Store, path};
use crate::support::content::{bytes, sha256};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_appended_is_the_file() {
    let store = Store::with_segments().await;
    for (round, lengths) in [
        vec![0],
        vec![1],
        vec![SEGMENT],
        vec![SEGMENT + 1],
        vec![3 * SEGMENT + 5, 1, 65_536, 65_537, 0, SEGMENT - 1],
    ]
    .into_iter()
    .enumerate()
    {
        let total: usize = lengths.iter().sum();
        let content = bytes(round as u64, total);
        let announced = (round % 2 == 0).then_some(total as u64);
        let upload = store.create(linear("a", announced)).await.unwrap();
        assert_eq!((upload.received, upload.length), (0, announced));
        let mut offset = 0;
        for length in lengths {
            let part = &content[offset..offset + length];
            let told = store.send(upload.id, offset, part, PartInfo::default()).await.unwrap();
            offset += length;
            assert_eq!(told.received, offset as u64);
            assert_eq!(store.offset(upload.id).await, offset);
        }
        store.check();
        let outcome = store.end(upload.id, to("a")).await.unwrap();
        assert_eq!((outcome.entry.size, outcome.created), (total as u64, round == 0));
        assert!(store.read("a").await.unwrap() == content, "{round}");
        assert_eq!(store.sums("a").await, [format!("SHA256:{}", sha256(&content))]);
        assert!(matches!(store.status(upload.id).await, Err(UploadError::NoSuchUpload)));
    }
    assert!(store.all_uploads().await.is_empty());
    store.check_all().await;
    // Copies share the containers, or have their own in another space.
    store.copy("a", "b").await.unwrap();
    let other = store.another_space("other").await;
    let there = tresor::model::Access::granted(other.id, tresor::model::Right::Write, UserId(1));
    let (overwrite, depth) = (tresor::library::Overwrite::Forbid, tresor::model::Depth::Infinity);
    store.library.copy_entry(store.change(), &path("a"), &there, &path("c"), overwrite, depth).await.unwrap();
    let content = store.read("a").await.unwrap();
    assert!(store.read_from(&there, "c", None).await.unwrap() == content);
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_client_leaves_keeps_what_arrived() {
    let store = Store::with_segments().await;
    let content = bytes(1, 5 * SEGMENT);
    let upload = store.create(linear("a", Some(content.len() as u64))).await.unwrap();
    // In the first segment, in a later one, and where one ends.
    for end in [10_000, 100_000, 2 * SEGMENT + 7, 3 * SEGMENT] {
        let offset = store.offset(upload.id).await;
        let mut append = store.append(upload.id, offset, PartInfo::default()).await.unwrap();
        append.write(content[offset..end].to_vec().into()).await.unwrap();
        drop(append);
        assert_eq!(store.offset(upload.id).await, end);
    }
    let mut append = store.append(upload.id, 3 * SEGMENT, PartInfo::default()).await.unwrap();
    append.write(content[3 * SEGMENT..4 * SEGMENT].to_vec().into()).await.unwrap();
    append.break_off(NOW).await.unwrap();
    assert_eq!(store.offset(upload.id).await, 4 * SEGMENT);
    store.send(upload.id, 4 * SEGMENT, &content[4 * SEGMENT..], PartInfo::default()).await.unwrap();
    store.end(upload.id, to("a")).await.unwrap();
    assert!(store.read("a").await.unwrap() == content);
    assert_eq!(store.sums("a").await, [format!("SHA256:{}", sha256(&content))]);
    store.check_all().await;
}

/// hyper drops a handler at any wait.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_dropped_at_any_moment_loses_no_byte_before_the_offset() {
    let store = Store::with_segments().await;
    let content = bytes(1, 40 * SEGMENT);
    // Once against the quota as it grows, once announced.
    for length in [None, Some(content.len() as u64)] {
        let upload = store.create(linear("a", length)).await.unwrap();
        let (mut offset, mut rounds) = (0, 0);
        while offset < content.len() {
            let feed = async {
                let mut append = store.append(upload.id, offset, PartInfo::default()).await?;
                for piece in content[offset..].chunks(33_333) {
                    append.write(piece.to_vec().into()).await?;
                }
                append.finish(NOW).await
            };
            rounds += 1;
            let patience = Duration::from_micros(2_000 + 700 * (rounds % 40));
            if let Ok(outcome) = tokio::time::timeout(patience, feed).await {
                outcome.unwrap();
            }
            let told = store.offset(upload.id).await;
            assert!(told >= offset, "an offset that was told stays");
            offset = told;
        }
        assert!(rounds > 1, "something was cut");
        store.end(upload.id, to("a")).await.unwrap();
        assert!(store.read("a").await.unwrap() == content);
        assert_eq!(store.sums("a").await, [format!("SHA256:{}", sha256(&content))]);
    }
    store.settle().await;
    store.check_all().await;
}

/// The offset counts durable bytes, whichever call of the disk fails, and the upload goes on from there.
#[tokio::test(flavor = "multi_thread")]
async fn the_offset_is_honest_after_every_error_of_the_disk() {
    let store = Store::with_segments().await;
    let content = bytes(1, 3 * SEGMENT + 40_000);
    for moment in [Moment::Create, Moment::Append, Moment::Publish] {
        for nth in 1..=4 {
            let upload = store.create(linear("a", Some(content.len() as u64))).await.unwrap();
            let mut count = 0;
            store.disk.set(move |at| {
                count += usize::from(at == moment);
                // Too many open files: an error that passes.
                if at == moment && count == nth { Err(io::Error::from_raw_os_error(24)) } else { Ok(()) }
            });
            let sent = store.send(upload.id, 0, &content, PartInfo::default()).await;
            assert!(sent.is_err(), "{moment:?} {nth}");
            store.disk.clear();
            let offset = store.offset(upload.id).await;
            assert!(offset % SEGMENT == 0 && offset < content.len(), "{moment:?} {nth}: {offset}");
            store.send(upload.id, offset, &content[offset..], PartInfo::default()).await.unwrap();
            store.end(upload.id, to("a")).await.unwrap();
            assert!(store.read("a").await.unwrap() == content, "{moment:?} {nth}");
            store.settle().await;
            store.check();
        }
    }
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_nothing_more_and_the_upload_goes_on_afterwards() {
    let store = Store::with_segments().await;
    let content = bytes(1, 2 * SEGMENT);
    let upload = store.create(linear("a", None)).await.unwrap();
    store.send(upload.id, 0, &content[..SEGMENT], PartInfo::default()).await.unwrap();
    store.disk.set(|moment| match moment {
        Moment::Open | Moment::Read => Ok(()),
        _ => Err(io::ErrorKind::StorageFull.into()),
    });
    let sent = store.send(upload.id, SEGMENT, &content[SEGMENT..], PartInfo::default()).await;
    assert!(
        matches!(sent, Err(UploadError::Library(LibraryError::DiskFull))),
        "{:?}",
        sent.map(|upload| upload.received)
    );
    assert!(matches!(
        store.create(linear("b", None)).await,
        Err(UploadError::Library(LibraryError::DiskFull))
    ));
    assert!(matches!(store.end(upload.id, to("a")).await, Err(UploadError::Library(LibraryError::DiskFull))));
    assert_eq!(store.offset(upload.id).await, SEGMENT);
    store.disk.clear();
    store.send(upload.id, SEGMENT, &content[SEGMENT..], PartInfo::default()).await.unwrap();
    store.end(upload.id, to("a")).await.unwrap();
    assert!(store.read("a").await.unwrap() == content);
    store.settle().await;
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_ends_all_changes_and_the_upload_goes_on_after_a_restart() {
    let mut store = Store::with_segments().await;
    let content = bytes(1, 3 * SEGMENT);
    let upload = store.create(linear("a", None)).await.unwrap();
    let mut count = 0;
    store.disk.set(move |at| {
        count += usize::from(at == Moment::Publish);
        if count == 2 { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) }
    });
    assert!(store.send(upload.id, 0, &content, PartInfo::default()).await.is_err());
    store.disk.clear();
    assert!(matches!(
        store.create(linear("b", None)).await,
        Err(UploadError::Library(LibraryError::ReadOnly))
    ));
    store = store.reopen().await;
    store.cut();
    let offset = store.offset(upload.id).await;
    assert_eq!(offset % SEGMENT, 0);
    store.send(upload.id, offset, &content[offset..], PartInfo::default()).await.unwrap();
    store.end(upload.id, to("a")).await.unwrap();
    assert!(store.read("a").await.unwrap() == content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_whose_upload_was_taken_over_changes_nothing_any_more() {
    let store = Store::with_segments().await;
    let content = bytes(1, 3 * SEGMENT);
    let upload = store.create(linear("a", Some(content.len() as u64))).await.unwrap();
    let mut stale = store.append(upload.id, 0, PartInfo::default()).await.unwrap();
    stale.write(content[..1_000].to_vec().into()).await.unwrap();
    // A client that asks for the offset gets one that no other request can pass.
    assert_eq!(store.offset(upload.id).await, 1_000);
    stale.taken_over().await;
    assert!(matches!(stale.write("more".into()).await, Err(UploadError::TakenOver)));
    let next = store.append(upload.id, 0, PartInfo::default()).await;
    assert!(matches!(next, Err(UploadError::OffsetMismatch { expected: 1_000 })));
    let mut next = store.append(upload.id, 1_000, PartInfo::default()).await.unwrap();
    next.write(content[1_000..2 * SEGMENT].to_vec().into()).await.unwrap();
    assert!(matches!(stale.finish(NOW).await, Err(UploadError::TakenOver)));
    assert_eq!(next.finish(NOW).await.unwrap().received, 2 * SEGMENT as u64);
    // A writer ends those that finish and cancel, too.
    let mut third = store.append(upload.id, 2 * SEGMENT, PartInfo::default()).await.unwrap();
    third.write(content[2 * SEGMENT..].to_vec().into()).await.unwrap();
    store.end(upload.id, to("a")).await.unwrap();
    assert!(matches!(third.finish(NOW).await, Err(UploadError::TakenOver)));
    assert!(store.read("a").await.unwrap() == content);

    let upload = store.create(linear("b", None)).await.unwrap();
    let mut cancelled = store.append(upload.id, 0, PartInfo::default()).await.unwrap();
    cancelled.write(content.clone().into()).await.unwrap();
    store.cancel(upload.id).await.unwrap();
    assert!(matches!(cancelled.finish(NOW).await, Err(UploadError::TakenOver)));
    store.settle().await;
    store.check_all().await;
}

/// Many writers at once, each at the offset that it last read: the result is one run of bytes.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_writers_never_mix() {
    let store = Store::with_segments().await;
    let content = bytes(1, 6 * SEGMENT);
    let upload = store.create(linear("a", Some(content.len() as u64))).await.unwrap();
    let writers = (0..6).map(|_| {
        let (uploads, access, user, content) =
            (store.uploads.clone(), store.access(), store.user, content.clone());
        tokio::spawn(async move {
            let mut last = 0;
            while last < content.len() {
                let now = uploads.find(&access, user, upload.id, NOW).await.unwrap().received;
                let now = usize::try_from(now).unwrap();
                assert!(now >= last);
                last = now;
                let part = PartInfo::default();
                let Ok(mut append) =
                    uploads.begin_append(&access, user, upload.id, now as u64, part, NOW).await
                else {
                    continue;
                };
                for piece in content[now..].chunks(50_000).take(9) {
                    if append.write(piece.to_vec().into()).await.is_err() {
                        break;
                    }
                }
                let _ = append.finish(NOW).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    store.end(upload.id, to("a")).await.unwrap();
    assert!(store.read("a").await.unwrap() == content);
    store.settle().await;
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_with_a_checksum_counts_as_a_whole_or_not_at_all() {
    let store = Store::with_segments().await;
    let content = bytes(1, 3 * SEGMENT);
    let upload = store.create(linear("a", Some(content.len() as u64))).await.unwrap();
    for end in [1_000, 2 * SEGMENT + 5] {
        let wrong = store.send(upload.id, 0, &content[..end], with(checksum(b"another"))).await;
        assert!(matches!(wrong, Err(UploadError::Library(LibraryError::WrongChecksum))));
        assert_eq!(store.offset(upload.id).await, 0);
        let mut broken = store.append(upload.id, 0, with(checksum(&content[..end]))).await.unwrap();
        broken.write(content[..end].to_vec().into()).await.unwrap();
        drop(broken);
        assert_eq!(store.offset(upload.id).await, 0);
    }
    store.settle().await;
    assert_eq!(store.containers().len(), 0);
    let mut offset = 0;
    for end in [1_000, 2 * SEGMENT + 5, content.len()] {
        let part = &content[offset..end];
        let md5 = "MD5:5d41402abc4b2a76b9719d911017c592".parse().unwrap();
        assert!(store.send(upload.id, offset, part, with(md5)).await.is_err());
        store.send(upload.id, offset, part, with(checksum(part))).await.unwrap();
        offset = end;
    }
    store.end(upload.id, to("a")).await.unwrap();
    assert!(store.read("a").await.unwrap() == content);
    assert_eq!(store.sums("a").await, [format!("SHA256:{}", sha256(&content))]);
    store.settle().await;
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_survives_restarts() {
    let mut store = Store::with_segments().await;
    let content = bytes(1, 2 * SEGMENT + 99_999);
    let mut new = linear("a", Some(content.len() as u64));
    new.metadata = "filename Yi50eHQ=\u{1}'; DROP TABLE uploads; --".into();
    new.modified = Some(Timestamp(1_700_000_000_000));
    new.checksum = Some(checksum(&content));
    let upload = store.create(new.clone()).await.unwrap();
    for part in content.chunks(77_777) {
        let offset = store.offset(upload.id).await;
        store.send(upload.id, offset, part, PartInfo::default()).await.unwrap();
        store = store.reopen().await;
        store.cut();
    }
    let status = store.status(upload.id).await.unwrap();
    assert_eq!((status.metadata, status.checksum), (new.metadata, new.checksum));
    assert_eq!(status.path, new.path);
    assert!(status.length == Some(status.received));
    let reads = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = reads.clone();
    store.disk.set(move |moment| {
        seen.fetch_add(usize::from(moment == Moment::Read), std::sync::atomic::Ordering::Relaxed);
        Ok(())
    });
    let outcome = store.end(upload.id, tresor::uploads::Finish::default()).await.unwrap();
    assert_eq!(reads.load(std::sync::atomic::Ordering::Relaxed), 0, "nothing is read again at the end");
    assert_eq!(outcome.entry.modified, Timestamp(1_700_000_000_000));
    store.disk.clear();
    assert!(store.read("a").await.unwrap() == content);
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_is_told_how_far_it_is_durable_while_it_writes() {
    let store = Store::with_segments().await;
    let content = bytes(9, 4 * SEGMENT);
    for part in [PartInfo::default(), with(checksum(&content))] {
        let upload = store.create(linear("a", None)).await.unwrap();
        let is_checked = part.checksum.is_some();
        let (mut append, mut last) = (store.append(upload.id, 0, part).await.unwrap(), 0);
        for piece in content.chunks(50_000) {
            let durable = append.write(piece.to_vec().into()).await.unwrap();
            assert!(durable >= last && durable.is_multiple_of(SEGMENT as u64), "{durable}");
            // As the catalogue has it, without ending the writer.
            let counted = store.all_uploads().await.iter().find(|one| one.id == upload.id).unwrap().received;
            assert!(counted >= durable, "{counted} of {durable}");
            last = durable;
        }
        // A part with a checksum of its own counts only as a whole.
        assert_eq!(last, if is_checked { 0 } else { 2 * SEGMENT as u64 });
        assert_eq!(append.finish(NOW).await.unwrap().received, content.len() as u64);
        store.end(upload.id, to("a")).await.unwrap();
    }
    store.check_all().await;
}
