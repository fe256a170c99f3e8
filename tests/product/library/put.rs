//! Storing and reading contents.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tresor::catalog::WriteTx;
use tresor::library::{Change, Entry, Library, LibraryError, NewFile, PIECE, PutSession};
use tresor::model::{Actor, ByteRange, Conditions, EtagMatch, NamePolicy, Stamp, Timestamp};

use crate::library::hooked::{Gate, Moment};
use crate::library::store::{NOW, Store, path, read_whole};
use crate::support::content::bytes;
use crate::support::process::eventually;

const CHUNK: usize = 64 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn every_size_comes_back_from_every_offset() {
    let store = Store::new().await;
    let batch = 1024 * 1024;
    for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, batch - 1, batch, batch + 1, 2 * batch + 3 * CHUNK + 5] {
        let sent = bytes(size as u64, size);
        store.put("a", &sent).await.unwrap();
        assert_eq!(store.read("a").await.unwrap(), sent, "{size}");
        let mut content = store.open("a").await.unwrap();
        for start in [0, size.min(1), size / 2, size.saturating_sub(1), size] {
            let range = ByteRange::new(start as u64, size as u64).unwrap();
            let pieces: Vec<u8> = content.read(range).await.unwrap().concat();
            assert_eq!(pieces.is_empty(), range.is_empty());
            assert!(pieces.len() as u64 <= PIECE);
            assert_eq!(pieces, sent[start..start + pieces.len()], "{size} from {start}");
        }
    }
    store.check();
}

/// A lookup is remembered in every library that is open on the catalogue.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_outdated_is_remembered() {
    let first = Store::new().await;
    let (catalog, disk, keys) = (first.catalog.clone(), first.disk.storage(), Arc::clone(&first.keys));
    let second = Library::open(catalog, disk, keys, NamePolicy::Any).await.unwrap();
    let read = async |library: &Library| {
        let opened = library.open_content(&first.access(), &path("a"), None, |_: &Entry| None).await;
        read_whole(&mut opened?).await
    };
    for content in [bytes(1, 100), bytes(2, 3 * CHUNK), bytes(3, 100)] {
        first.put("a", &content).await.unwrap();
        for library in [&first.library, &second, &first.library, &second] {
            assert!(read(library).await.unwrap() == content);
        }
    }
    first.delete("a").await.unwrap();
    for library in [&first.library, &second] {
        assert!(matches!(read(library).await, Err(LibraryError::NotFound)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_content_stays_what_it_was() {
    let store = Store::new().await;
    let old = bytes(1, 3 * CHUNK);
    store.put("a", &old).await.unwrap();
    let mut content = store.open("a").await.unwrap();
    store.put("a", b"new").await.unwrap();
    store.delete("a").await.unwrap();
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    store.library.purge(&store.access(), Stamp::owner(NOW), item.entry).await.unwrap();
    assert_eq!(store.containers().len(), 0);
    assert_eq!(read_whole(&mut content).await.unwrap(), old);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_put_leaves_nothing() {
    let store = Store::new().await;
    let old = store.put("a", b"old").await.unwrap().entry;
    let before = store.containers();
    for size in [10, 3 * 1024 * 1024] {
        let file = NewFile { path: path("a"), size: None, modified: None, checksum: None };
        let mut session = store.library.begin_put(store.change(), file).await.unwrap();
        session.write(bytes(1, size).into()).await.unwrap();
        drop(session);
    }
    eventually("the batch that was being sealed is gone", Duration::from_secs(10), || {
        store.parts().is_empty()
    });
    assert_eq!(store.containers(), before);
    assert_eq!(store.entry("a").await.unwrap(), old);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_uploads_holds_little_each() {
    const FEW: usize = 32;
    let store = Store::new().await;
    let mut sessions = Vec::new();
    for number in 0..FEW + 3 {
        let file = NewFile { path: path(&number.to_string()), size: None, modified: None, checksum: None };
        let mut session = store.library.begin_put(store.change(), file).await.unwrap();
        // Half a batch: those that may fill one keep it, the others have it sealed.
        session.write(bytes(number as u64, 512 * 1024).into()).await.unwrap();
        sessions.push(session);
    }
    eventually("the last three are being sealed", Duration::from_secs(10), || store.parts().len() == 3);
    for session in sessions {
        session.commit(NOW).await.unwrap();
    }
    for number in 0..FEW + 3 {
        let sent = bytes(number as u64, 512 * 1024);
        assert!(store.read(&number.to_string()).await.unwrap() == sent, "{number}");
    }
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_dropped_while_it_commits_is_whole_or_absent() {
    let store = Store::new().await;
    for attempt in 0..20 {
        let name = format!("f{attempt}");
        let file = NewFile { path: path(&name), size: None, modified: None, checksum: None };
        let mut session = store.library.begin_put(store.change(), file).await.unwrap();
        session.write(bytes(1, 1000).into()).await.unwrap();
        // The client leaves after `attempt` polls.
        let mut commit = Box::pin(session.commit(NOW));
        for _ in 0..attempt {
            if futures_poll(commit.as_mut()).await {
                break;
            }
        }
    }
    eventually("all commits have ended", Duration::from_secs(10), || store.parts().is_empty());
    store.catalog.write(|_| Ok::<_, tresor::catalog::CatalogError>(())).await.unwrap();
    for name in store.names("").await {
        assert_eq!(store.read(&name).await.unwrap(), bytes(1, 1000));
    }
}

/// Polls once; whether the future is ready.
async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    let ready =
        std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_ready()))
            .await;
    tokio::task::yield_now().await;
    ready
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sizes_and_checksums_store_nothing() {
    let store = Store::new().await;
    store.put("a", b"old").await.unwrap();
    let before = store.containers();
    let session = async |size, checksum: Option<&str>| {
        let checksum = checksum.map(|text| text.parse().unwrap());
        let file = NewFile { path: path("a"), size, modified: None, checksum };
        store.library.begin_put(store.change(), file).await.unwrap()
    };
    let mut long = session(Some(4), None).await;
    assert!(matches!(long.write("hello".into()).await, Err(LibraryError::WrongSize)));
    drop(long);
    let mut short = session(Some(6), None).await;
    short.write("hello".into()).await.unwrap();
    assert!(matches!(short.commit(NOW).await, Err(LibraryError::WrongSize)));
    for wrong in [
        "SHA256:3cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        "SHA1:baf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
        "MD5:6d41402abc4b2a76b9719d911017c592",
        "ADLER32:062c0216",
    ] {
        let mut session = session(None, Some(wrong)).await;
        session.write("hello".into()).await.unwrap();
        assert!(matches!(session.commit(NOW).await, Err(LibraryError::WrongChecksum)), "{wrong}");
    }
    assert_eq!((store.containers(), store.read("a").await.unwrap()), (before, b"old".to_vec()));
    store.check();

    let mut right = session(Some(5), Some("ADLER32:062c0215")).await;
    right.write("hello".into()).await.unwrap();
    right.commit(NOW).await.unwrap();
    let kept = &store.library.versions(&store.access(), &path("a")).await.unwrap()[0].checksums;
    let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
    assert_eq!(
        kept,
        ["SHA256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "ADLER32:062c0215"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_judged_again_at_the_commit() {
    let store = Store::new().await;
    let old = store.put("a", b"old").await.unwrap().entry;
    let mut change = store.change();
    change.conditions =
        Conditions { if_match: Some(EtagMatch::OneOf(vec![old.etag])), ..Conditions::default() };
    let file = NewFile { path: path("a"), size: None, modified: None, checksum: None };
    let mut slow = store.library.begin_put(change.clone(), file).await.unwrap();
    slow.write("slow".into()).await.unwrap();
    store.put("a", b"fast").await.unwrap();
    assert!(matches!(slow.commit(NOW).await, Err(LibraryError::PreconditionFailed)));
    assert!(matches!(store.put_by(change, "a", b"x").await, Err(LibraryError::PreconditionFailed)));
    assert_eq!(store.read("a").await.unwrap(), b"fast");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn etags_change_up_to_the_root_and_nowhere_else() {
    let store = Store::new().await;
    for folder in ["a", "a/b", "other"] {
        store.mkcol(folder).await.unwrap();
    }
    store.put("a/sibling", b"1").await.unwrap();
    let places = ["", "a", "a/b", "a/sibling", "other"];
    let etags = async || {
        let mut etags = Vec::new();
        for place in places {
            etags.push(store.entry(place).await.unwrap().etag);
        }
        etags
    };
    let before = etags().await;
    let outcome = store.put("a/b/f", &bytes(1, 1000)).await.unwrap();
    let after = etags().await;
    let changed: Vec<&str> =
        places.iter().zip(before.iter().zip(&after)).filter(|(_, (b, a))| b != a).map(|(p, _)| *p).collect();
    assert_eq!(changed, ["", "a", "a/b"]);
    assert_eq!(store.entry("").await.unwrap().size, 1001);
    assert_eq!(store.entry("a/b").await.unwrap().size, 1000);
    // Its own ETag changes with the content, even with an equal one.
    let again = store.put("a/b/f", &bytes(1, 1000)).await.unwrap();
    assert!(outcome.created && !again.created);
    assert_eq!(outcome.entry.id, again.entry.id);
    assert_ne!(outcome.entry.etag, again.entry.etag);
    assert_ne!(etags().await, after);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_look_alike_share_no_folder() {
    let store = Store::new().await;
    store.put("Müller", b"1").await.unwrap();
    for twin in ["müller", "mu\u{308}ller"] {
        assert!(matches!(store.put(twin, b"2").await, Err(LibraryError::NameTaken)), "{twin}");
        assert!(matches!(store.mkcol(twin).await, Err(LibraryError::NameTaken)), "{twin}");
        assert!(matches!(store.entry(twin).await, Err(LibraryError::NotFound)), "{twin}");
    }
    // macOS asks in its own composition and finds the file.
    assert_eq!(store.read("Mu\u{308}ller").await.unwrap(), b"1");
    assert!(matches!(store.mkcol("Mu\u{308}ller").await, Err(LibraryError::Exists)));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_no_folder_and_the_other_way_round() {
    let store = Store::new().await;
    store.put("file", b"1").await.unwrap();
    store.mkcol("folder").await.unwrap();
    assert!(matches!(store.put("file/below", b"2").await, Err(LibraryError::ParentMissing)));
    assert!(matches!(store.put("none/below", b"2").await, Err(LibraryError::ParentMissing)));
    assert!(matches!(store.mkcol("none/below").await, Err(LibraryError::ParentMissing)));
    assert!(matches!(store.put("folder", b"2").await, Err(LibraryError::IsFolder)));
    assert!(matches!(store.put("", b"2").await, Err(LibraryError::IsRoot)));
    assert!(matches!(store.mkcol("").await, Err(LibraryError::Exists)));
    assert!(matches!(store.mkcol("file").await, Err(LibraryError::Exists)));
    assert!(matches!(store.delete("").await, Err(LibraryError::IsRoot)));
    assert!(matches!(store.read("folder").await, Err(LibraryError::IsFolder)));
    assert!(matches!(store.read("file/below").await, Err(LibraryError::NotFound)));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_modification_time_is_the_clients_or_that_of_the_commit() {
    let store = Store::new().await;
    let sent = Timestamp::from_secs(1_000_000_000);
    let file = NewFile { path: path("a"), size: None, modified: Some(sent), checksum: None };
    let session = store.library.begin_put(store.change(), file).await.unwrap();
    assert_eq!(session.commit(NOW).await.unwrap().entry.modified, sent);
    assert_eq!(store.put("a", b"x").await.unwrap().entry.modified, NOW);
    let file = NewFile { path: path("a"), size: None, modified: Some(Timestamp(-5)), checksum: None };
    let session = store.library.begin_put(store.change(), file).await.unwrap();
    assert_eq!(session.commit(NOW).await.unwrap().entry.modified, Timestamp::EARLIEST_MTIME);
}

/// The upload began as a new content of a file that was moved or deleted before it ended. It became a new
/// entry under the id that the file still had: the catalogue refused it, and the client got a 500.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_outlives_the_file_it_was_to_renew() {
    let store = Store::new().await;
    // For the person who moved or deleted it the file would come back.
    let other = store.another_user("other").await;
    for round in ["moved", "deleted", "purged"] {
        let old = store.put("a", b"old").await.unwrap().entry.id;
        let file = NewFile { path: path("a"), size: Some(3), modified: None, checksum: None };
        let by_other = Change { actor: Actor::user(other), ..store.change() };
        let mut session = store.library.begin_put(by_other, file).await.unwrap();
        session.write("new".into()).await.unwrap();
        match round {
            "moved" => drop(store.mv("a", "elsewhere").await.unwrap()),
            _ => store.delete("a").await.unwrap(),
        }
        if round == "purged" {
            store.library.purge(&store.access(), Stamp::owner(NOW), old).await.unwrap();
        }
        let outcome = session.commit(NOW).await.unwrap();
        assert!(outcome.created, "{round}");
        assert_ne!(outcome.entry.id, old, "{round}: no id is given twice");
        assert_eq!(store.read("a").await.unwrap(), b"new", "{round}");
        store.check();
        store.delete("a").await.unwrap();
    }
    assert_eq!(store.read("elsewhere").await.unwrap(), b"old");
}

/// Holds the catalogue's writer with a job until the sender sends or goes.
fn hold_writer(store: &Store) -> std::sync::mpsc::Sender<()> {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let catalog = store.catalog.clone();
    tokio::spawn(async move {
        let job = move |_: &WriteTx<'_>| {
            let _ = held.recv();
            Ok::<_, LibraryError>(())
        };
        catalog.write(job).await
    });
    release
}

/// A small file whose content has arrived.
async fn begin_small(store: &Store, at: &str) -> PutSession {
    let file = NewFile { path: path(at), size: Some(3), modified: None, checksum: None };
    let mut session = store.library.begin_put(store.change(), file).await.unwrap();
    session.write("abc".into()).await.unwrap();
    session
}

/// Puts a small file in the background and waits until its group is in the pack, on its way to the writer.
async fn put_until_packed(store: &Store, at: &str) {
    let (packed, is_packed) = std::sync::mpsc::channel();
    store.disk.set_keeper(move |gate| {
        if gate == Gate::Stored {
            let _ = packed.send(());
        }
    });
    tokio::spawn(begin_small(store, at).await.commit(NOW));
    tokio::task::spawn_blocking(move || is_packed.recv_timeout(Duration::from_mins(1)).unwrap())
        .await
        .unwrap();
}

/// On one thread, which makes the order certain.
#[tokio::test]
async fn small_files_that_come_during_a_commit_share_the_next_flush() {
    let store = Store::new().await;
    let flushes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&flushes);
    store.disk.set(move |moment| {
        counted.fetch_add(usize::from(moment == Moment::Publish), Ordering::SeqCst);
        Ok(())
    });
    for round in 1..=5 {
        let release = hold_writer(&store);
        put_until_packed(&store, "first").await;
        let mut sessions = Vec::new();
        for at in ["b", "c", "d", "e", "f", "g", "h"] {
            sessions.push(begin_small(&store, at).await);
        }
        let mut commits: JoinSet<_> = sessions.into_iter().map(|session| session.commit(NOW)).collect();
        // A commit hands its content to the packer when it is polled first, in a task of its own.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        drop(release);
        while let Some(outcome) = commits.join_next().await {
            outcome.unwrap().unwrap();
        }
        assert_eq!(flushes.load(Ordering::SeqCst), 2 * round, "one of the first file, one of all others");
    }
    store.check();
}

/// The runtime may end before a commit: its job is then the last that holds the library.
#[test]
fn a_commit_may_be_the_last_to_hold_the_library() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (store, release) = runtime.block_on(async {
        let store = Store::new().await;
        let release = hold_writer(&store);
        put_until_packed(&store, "first").await;
        (store, release)
    });
    drop(runtime);
    let Store { dir: _dir, catalog, disk: _disk, library, .. } = store;
    drop(library);
    drop(release);
    let (closed, is_closed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        catalog.close();
        let _ = closed.send(());
    });
    is_closed.recv_timeout(Duration::from_secs(30)).expect("the writer ends");
}
