//! Finishing, cancelling, expiring, joining.

use tresor::library::LibraryError;
use tresor::model::{Access, Actor, Conditions, EtagMatch, Right, Stamp, UserId};
use tresor::uploads::{Finish, PartInfo, UploadError, UploadsOf};

use super::{SEGMENT, chunked, linear, to};
use crate::library::store::{NOW, Store, days, path};
use crate::support::content::{bytes, sha256};

#[tokio::test(flavor = "multi_thread")]
async fn finishing_is_judged_like_a_put_and_a_refused_upload_stays() {
    let store = Store::with_segments().await;
    let old = store.put("a", b"old").await.unwrap().entry;
    store.mkcol("folder").await.unwrap();
    let root = store.entry("").await.unwrap().etag;
    let content = bytes(1, SEGMENT + 9);
    let upload = store.create(linear("a", None)).await.unwrap();
    store.send(upload.id, 0, &content, PartInfo::default()).await.unwrap();
    store.put("a", b"newer").await.unwrap();
    let known = store.containers();

    let mut change = store.change();
    change.conditions =
        Conditions { if_match: Some(EtagMatch::OneOf(vec![old.etag])), ..Conditions::default() };
    let stale = store.uploads.finish(change, upload.id, Finish::default()).await;
    assert!(matches!(stale, Err(UploadError::Library(LibraryError::PreconditionFailed))));
    for (finish, what) in [(to("none/a"), "parent"), (to("folder"), "folder"), (to(""), "root")] {
        let refused = store.end(upload.id, finish).await;
        let is_meant = match what {
            "parent" => matches!(refused, Err(UploadError::Library(LibraryError::ParentMissing))),
            "folder" => matches!(refused, Err(UploadError::Library(LibraryError::IsFolder))),
            _ => matches!(refused, Err(UploadError::Library(LibraryError::IsRoot))),
        };
        assert!(is_meant, "{what}: {refused:?}");
    }
    for length in [0, content.len() as u64 - 1, content.len() as u64 + 1] {
        let finish = Finish { length: Some(length), ..to("a") };
        assert!(matches!(store.end(upload.id, finish).await, Err(UploadError::Incomplete { .. })));
    }
    assert_eq!((store.containers(), store.offset(upload.id).await), (known, content.len()));
    store.check();

    let outcome = store.end(upload.id, Finish::default()).await.unwrap();
    assert_eq!((outcome.created, outcome.entry.id), (false, old.id));
    assert_ne!(store.entry("").await.unwrap().etag, root);
    let versions = store.library.versions(&store.access(), &path("a")).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.size).collect::<Vec<_>>(), [content.len() as u64, 5, 3]);
    store.check_all().await;
    // Everything goes with the file.
    store.delete("a").await.unwrap();
    store.upkeep(days(400)).await.unwrap();
    assert_eq!((store.used().await, store.containers().len()), (0, 0));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_finish_at_once_one_does() {
    let store = Store::new().await;
    let upload = store.create(chunked(None)).await.unwrap();
    store.send_chunk(upload.id, "1", &bytes(1, 300_000)).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let (uploads, change) = (store.uploads.clone(), store.change());
            tokio::spawn(async move { uploads.finish(change, upload.id, to(&number.to_string())).await })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => assert!(matches!(error, UploadError::NoSuchUpload), "{error}"),
        }
    }
    assert_eq!((done, store.names("").await.len()), (1, 1));
    store.check_all().await;
}

/// Chunks keep coming while the upload is finished: each is part of the file, or refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_comes_while_the_upload_ends_is_in_the_file_or_refused() {
    let store = Store::new().await;
    for round in 0..10 {
        let upload = store.create(chunked(None)).await.unwrap();
        store.send_chunk(upload.id, "1", b"first").await.unwrap();
        let (uploads, access, user) = (store.uploads.clone(), store.access(), store.user);
        let late = tokio::spawn(async move {
            let part = PartInfo::default();
            let mut session =
                uploads.begin_chunk(&access, user, upload.id, super::chunk("2"), part, NOW).await?;
            session.write(vec![b'x'; 70_000].into()).await?;
            session.finish(NOW).await
        });
        for _ in 0..round * 3 {
            tokio::task::yield_now().await;
        }
        let size = store.end(upload.id, to("a")).await.unwrap().entry.size;
        let late = late.await.unwrap();
        assert_eq!(size, if late.is_ok() { 70_005 } else { 5 });
        assert!(late.is_ok() || matches!(late, Err(UploadError::NoSuchUpload)));
    }
    store.settle().await;
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_and_expired_uploads_leave_nothing() {
    let store = Store::with_segments().await;
    let content = bytes(1, 2 * SEGMENT);
    let mut uploads = Vec::new();
    for _ in 0..3 {
        let upload = store.create(linear("a", None)).await.unwrap();
        store.send(upload.id, 0, &content, PartInfo::default()).await.unwrap();
        uploads.push(upload.id);
    }
    let chunks = store.create(chunked(Some(1_000_000))).await.unwrap();
    store.send_chunk(chunks.id, "1", &content).await.unwrap();
    store.check_all().await;
    assert_eq!(store.all_uploads().await.len(), 4);
    store.cancel(uploads[0]).await.unwrap();
    assert!(matches!(store.cancel(uploads[0]).await, Err(UploadError::NoSuchUpload)));
    store.check();
    // Progress puts the end off.
    store.upkeep(days(6)).await.unwrap();
    let access = store.access();
    let part = PartInfo::default();
    let offset = content.len() as u64;
    let append = store.uploads.begin_append(&access, store.user, uploads[1], offset, part, days(6)).await;
    let mut append = append.unwrap();
    append.write("more".into()).await.unwrap();
    // No upload expires while its client sends.
    assert_eq!(store.upkeep(days(100)).await.unwrap().0, 2);
    append.finish(days(6)).await.unwrap();
    assert_eq!(store.upkeep(days(12)).await.unwrap().0, 0);
    assert!(matches!(store.status(uploads[2]).await, Err(UploadError::NoSuchUpload)));
    assert!(matches!(store.status(chunks.id).await, Err(UploadError::NoSuchUpload)));
    assert_eq!(store.upkeep(days(13)).await.unwrap().0, 1);
    assert_eq!((store.used().await, store.containers().len()), (0, 0));
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_its_users_alone() {
    let store = Store::new().await;
    let upload = store.create(linear("a", None)).await.unwrap();
    let (other, access) = (store.another_user("other").await, store.access());
    let uploads = &store.uploads;
    let none = |error: Result<(), UploadError>| assert!(matches!(error, Err(UploadError::NoSuchUpload)));
    none(uploads.find(&access, other, upload.id, NOW).await.map(drop));
    none(uploads.begin_append(&access, other, upload.id, 0, PartInfo::default(), NOW).await.map(drop));
    none(uploads.set_length(&access, other, upload.id, 5).await.map(drop));
    none(uploads.cancel(&access, UploadsOf::User(other), upload.id, Stamp::owner(NOW)).await);
    none(uploads.space_of(other, upload.id).await.map(drop));
    let mut change = store.change();
    change.actor = Actor::user(other);
    none(uploads.finish(change, upload.id, to("a")).await.map(drop));
    assert!(uploads.list(&[access], UploadsOf::User(other)).await.unwrap().is_empty());
    assert_eq!(uploads.space_of(store.user, upload.id).await.unwrap(), store.space.id);
    // Nor does a right to another space open it, or one to read.
    let space = store.another_space("another").await;
    let elsewhere = Access::granted(space.id, Right::Manage, UserId(1));
    none(uploads.find(&elsewhere, store.user, upload.id, NOW).await.map(drop));
    none(uploads.cancel(&elsewhere, UploadsOf::Everybody, upload.id, Stamp::owner(NOW)).await);
    let reader = Access::granted(store.space.id, Right::Read, UserId(1));
    let denied = |error: Result<(), UploadError>| {
        assert!(matches!(error, Err(UploadError::Library(LibraryError::Denied(_)))));
    };
    denied(uploads.find(&reader, store.user, upload.id, NOW).await.map(drop));
    denied(uploads.begin_append(&reader, store.user, upload.id, 0, PartInfo::default(), NOW).await.map(drop));
    denied(uploads.list(&[reader], UploadsOf::User(store.user)).await.map(drop));
    let writer = Access::granted(store.space.id, Right::Write, UserId(1));
    denied(uploads.cancel(&writer, UploadsOf::Everybody, upload.id, Stamp::owner(NOW)).await);
    let mut change = store.change();
    change.access = reader;
    denied(uploads.finish(change.clone(), upload.id, to("a")).await.map(drop));
    denied(uploads.create(change, linear("b", None)).await.map(drop));
    store.check();
}

/// The rows of a removed account go at once; its unfinished uploads must not stay for ever.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_of_a_removed_account_end() {
    let store = Store::new().await;
    let other = store.another_user("other").await;
    let mut change = store.change();
    change.actor = Actor::user(other);
    let upload = store.uploads.create(change, linear("a", Some(300_000))).await.unwrap();
    let access = store.access();
    let append = store.uploads.begin_append(&access, other, upload.id, 0, PartInfo::default(), NOW).await;
    let mut append = append.unwrap();
    append.write(vec![0; 200_000].into()).await.unwrap();
    append.finish(NOW).await.unwrap();
    store.catalog.write_silent("a test", move |tx| tx.remove_user(other, NOW)).await.unwrap();
    store.check();
    assert_eq!(store.upkeep(NOW).await.unwrap().0, 1);
    assert_eq!((store.used().await, store.containers().len()), (0, 0));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_joined_without_being_stored_again() {
    let store = Store::with_segments().await;
    let contents = [bytes(1, 2 * SEGMENT), bytes(2, 10), bytes(3, 0), bytes(4, SEGMENT + 1)];
    let mut parts = Vec::new();
    for content in &contents {
        let part = store.create(linear("part", Some(content.len() as u64))).await.unwrap();
        store.send(part.id, 0, content, PartInfo::default()).await.unwrap();
        parts.push(part.id);
    }
    let unfinished = store.create(linear("part", Some(5))).await.unwrap();
    let join = async |parts: Vec<_>, new| store.uploads.concatenate(store.change(), parts, new).await;
    let with = |more| [parts.as_slice(), &[more]].concat();
    let refused = join(with(unfinished.id), linear("a", None)).await;
    assert!(matches!(refused, Err(UploadError::Incomplete { .. })));
    assert!(matches!(join(with(parts[0]), linear("a", None)).await, Err(UploadError::NoSuchUpload)));
    assert!(matches!(join(parts.clone(), linear("a", Some(3))).await, Err(UploadError::Incomplete { .. })));
    store.check();
    let known = store.containers();
    let whole = contents.concat();
    let joined = join(parts.clone(), linear("a", None)).await.unwrap();
    assert_eq!((joined.received, joined.length), (whole.len() as u64, Some(whole.len() as u64)));
    assert_eq!(store.containers(), known);
    assert!(matches!(store.status(parts[1]).await, Err(UploadError::NoSuchUpload)));
    store.check();
    let finish = Finish { checksum: Some(super::checksum(&whole)), ..Finish::default() };
    store.end(joined.id, finish).await.unwrap();
    assert!(store.read("a").await.unwrap() == whole);
    assert_eq!(store.sums("a").await, [format!("SHA256:{}", sha256(&whole))]);
    store.cancel(unfinished.id).await.unwrap();
    store.check_all().await;
}

/// Some clients tell the destination with their last request, and it may lie in another space.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_to_another_space_with_all_it_has() {
    let store = Store::with_segments().await;
    let other = store.another_space("other").await;
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let content = bytes(1, 3 * SEGMENT);
    let upload = store.create(chunked(Some(content.len() as u64 + 5))).await.unwrap();
    for (name, part) in [("1", &content[..2 * SEGMENT]), ("2", &content[2 * SEGMENT..])] {
        store.send_chunk(upload.id, name, part).await.unwrap();
    }
    let (uploads, user, access) = (&store.uploads, store.user, store.access());
    let relocate = async |to: Access| uploads.relocate(&access, &to, user, upload.id, NOW).await;
    let settings = |quota| tresor::library::SpaceSettings {
        quota: Some(tresor::model::ByteSize(quota)),
        ..other.settings.clone()
    };
    store
        .library
        .set_space_settings(other.id, settings(content.len() as u64 + 4), Stamp::owner(NOW))
        .await
        .unwrap();
    assert!(matches!(relocate(there).await, Err(UploadError::Library(LibraryError::OverQuota))));
    store
        .library
        .set_space_settings(other.id, settings(content.len() as u64 + 5), Stamp::owner(NOW))
        .await
        .unwrap();
    let reader = Access::granted(other.id, Right::Read, UserId(1));
    assert!(matches!(relocate(reader).await, Err(UploadError::Library(LibraryError::Denied(_)))));
    assert_eq!(relocate(there).await.unwrap().space, other.id);
    assert!(matches!(relocate(there).await, Err(UploadError::NoSuchUpload)), "it is not there any more");
    assert_eq!((store.used().await, store.containers_of(&store.space).len()), (0, 0));
    assert_eq!(store.library.usage(&there).await.unwrap().available.0, 0);
    store.check();
    let mut change = store.change_in(&other, NOW);
    let part = PartInfo::default();
    let begun = store.uploads.begin_chunk(&there, store.user, upload.id, super::chunk("3"), part, NOW).await;
    let mut session = begun.unwrap();
    session.write("tail!".into()).await.unwrap();
    session.finish(NOW).await.unwrap();
    change.access = there;
    let whole = [content.as_slice(), b"tail!"].concat();
    let finish = Finish { checksum: Some(super::checksum(&whole)), ..to("a") };
    store.uploads.finish(change, upload.id, finish).await.unwrap();
    assert!(store.read_from(&there, "a", None).await.unwrap() == whole);
    store.check_all().await;
}
