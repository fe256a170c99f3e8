//! Moving and copying inside a space.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use tresor::catalog::{CatalogError, Commit, NewEntry, WriteTx};
use tresor::library::{LibraryError, Overwrite, PropertyChange};
use tresor::model::{Depth, EntryId, NameError, PropertyName, Stamp};

use crate::library::store::{NOW, Store, name, path};
use crate::support::content::bytes;

async fn tree() -> Store {
    let store = Store::new().await;
    for folder in ["a", "a/b", "z"] {
        store.mkcol(folder).await.unwrap();
    }
    for (number, file) in (1..).zip(["a/1", "a/b/2", "a/b/3"]) {
        store.put(file, &bytes(number, 1_000)).await.unwrap();
    }
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_share_containers_and_outlive_each_other() {
    let store = tree().await;
    let color = PropertyName::new("urn:x", "color");
    let set = PropertyChange::Set { name: color, xml: "<c xmlns='urn:x'>red</c>".into() };
    store.library.change_properties(store.change(), &path("a/b/2"), vec![set]).await.unwrap();
    let copied = store.copy("a", "copy").await.unwrap();
    assert!(copied.created);
    assert_eq!(copied.entry.size, 3_000);
    // Contents count once, properties each time: 34 bytes with their names.
    assert_eq!((store.used().await, store.containers().len()), (3_068, 3));
    let member = store.library.member(&store.access(), &path("copy/b/2"), NOW).await.unwrap();
    assert_eq!(member.properties.len(), 1, "dead properties go along");
    assert_ne!(member.entry.id, store.entry("a/b/2").await.unwrap().id);

    store.delete("a").await.unwrap();
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    store.library.purge(&store.access(), Stamp::owner(NOW), item.entry).await.unwrap();
    assert_eq!(store.read("copy/b/3").await.unwrap(), bytes(3, 1_000));
    assert_eq!((store.used().await, store.containers().len()), (3_034, 3));
    store.put("copy/b/3", b"own").await.unwrap();
    store.check();
}

/// A folder `large` with more files than one transaction copies.
async fn large_folder(store: &Store) -> usize {
    store.mkcol("large").await.unwrap();
    store.mkcol("large/0").await.unwrap();
    for file in 0..100 {
        store.put(&format!("large/0/{file}"), format!("content {file}").as_bytes()).await.unwrap();
    }
    for folder in 1..25 {
        store.copy("large/0", &format!("large/{folder}")).await.unwrap();
    }
    25 * 101 + 1
}

fn count(store: &Store, sql: &str) -> usize {
    store.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Stops the catalogue's writer at the end of every commit until it is let go on.
struct Steps {
    ended: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

impl Steps {
    fn watch(store: &Store) -> Self {
        let (end, ended) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let (end, may_go_on) = (Mutex::new(end), Mutex::new(may_go_on));
        store.catalog.on_commit(move |commit, _| {
            // A test that has seen enough has dropped both ends.
            if commit == Commit::Done && end.lock().unwrap().send(()).is_ok() {
                let _ = may_go_on.lock().unwrap().recv();
            }
        });
        Self { ended, go_on }
    }

    /// Waits for the end of the next commit; nothing is answered or written before [`Self::go_on`].
    fn next(&self) {
        self.ended.recv_timeout(Duration::from_mins(1)).unwrap();
    }

    fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }
}

/// A copy of 10,000 files kept all others from saving for 21 s in a large office. Now it is made in steps, and a
/// reader sees nothing of it before it is whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_copy_lets_others_write_and_appears_as_a_whole() {
    let store = Arc::new(Store::new().await);
    let entries = large_folder(&store).await;
    let steps = Steps::watch(&store);
    let copying = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.copy("large", "copy").await.unwrap() }
    });
    // It is a folder, so nothing is written yet; ids are set aside; then the first rows are there.
    for _ in 0..2 {
        steps.next();
        steps.go_on();
    }
    steps.next();
    assert_eq!(count(&store, "SELECT count(*) FROM trash WHERE is_purging = 1"), 1);
    assert_eq!(store.names("").await, ["large"]);
    let mut saving = Box::pin({
        let store = Arc::clone(&store);
        async move { store.mkcol("other").await.map(drop) }
    });
    // Queued at the first poll, while the copy's next step is not; a busy machine may run a task only after the copy.
    assert!(poll_fn(|context| Poll::Ready(saving.as_mut().poll(context).is_pending())).await);
    let saving = tokio::spawn(saving);
    let upkeep = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.library.upkeep(NOW).await.map(drop) }
    });
    let mut seen_before = 0;
    while !copying.is_finished() {
        steps.go_on();
        if steps.ended.recv_timeout(Duration::from_millis(200)).is_err() {
            continue;
        }
        let names = store.names("").await;
        seen_before += usize::from(names == ["large", "other"]);
        assert!(names.len() < 3 || store.names("copy").await.len() == 25, "{names:?}");
    }
    drop(steps);
    saving.await.unwrap().unwrap();
    upkeep.await.unwrap().unwrap();
    assert!(seen_before > 0, "others write between the steps");
    let copied = copying.await.unwrap();
    assert!(copied.created);
    assert_eq!(copied.entry.size, store.entry("large").await.unwrap().size);
    assert_eq!(store.names("copy").await, store.names("large").await);
    assert_eq!(store.read("copy/24/99").await.unwrap(), b"content 99");
    // The top folder, the other one, the original and the copy.
    assert_eq!(count(&store, "SELECT count(*) FROM entries"), 2 + 2 * entries);
    assert!(store.library.trash(&store.access()).await.unwrap().is_empty());
    store.check_all().await;
}

/// A client sent copies of a folder over many connections. All of them stood in the writer's queue, and every other
/// person who saved a file waited for them all.
#[tokio::test(flavor = "multi_thread")]
async fn many_copies_of_one_person_are_not_ahead_of_others() {
    let store = Arc::new(tree().await);
    let steps = Steps::watch(&store);
    let copying: Vec<_> = (0..10)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.copy("a", &format!("copy{number}")).await.map(drop) })
        })
        .collect();
    steps.next();
    // The first copy is not answered yet. Meanwhile the others get as far as they can.
    for _ in 0..100 {
        store.names("").await;
    }
    let (change, folder) = (store.change(), path("other"));
    let mut making = Box::pin(store.library.make_folder(change, &folder));
    // Queued at the first poll.
    let queued =
        std::future::poll_fn(|context| std::task::Poll::Ready(making.as_mut().poll(context).is_pending()));
    assert!(queued.await);
    steps.go_on();
    steps.next();
    assert!(store.names("").await.contains(&"other".to_owned()), "{:?}", store.names("").await);
    drop(steps);
    making.await.unwrap();
    for copy in copying {
        copy.await.unwrap().unwrap();
    }
    assert_eq!(store.names("").await.len(), 13);
    store.check_all().await;
}

/// A client goes while a large copy is made, or another deletes the original: nothing of the copy is left after
/// the next upkeep.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_copy_that_is_broken_off_leaves_nothing() {
    let store = Arc::new(Store::new().await);
    let entries = large_folder(&store).await;
    for way in ["left", "deleted"] {
        let steps = Steps::watch(&store);
        let copying = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.copy("large", "copy").await.map(drop) }
        });
        steps.next();
        steps.go_on();
        steps.next();
        if way == "left" {
            copying.abort();
            drop(steps);
            assert!(copying.await.unwrap_err().is_cancelled());
        } else {
            let (change, top) = (store.change(), path("large"));
            let mut deleting = Box::pin(store.library.delete(change, &top));
            // Queued at the first poll, before the copy's next step.
            let queued = std::future::poll_fn(|context| {
                std::task::Poll::Ready(deleting.as_mut().poll(context).is_pending())
            });
            assert!(queued.await);
            drop(steps);
            deleting.await.unwrap();
            let outcome = copying.await.unwrap();
            assert!(matches!(outcome, Err(LibraryError::NotFound)), "{outcome:?}");
        }
        store.check();
        store.library.upkeep(NOW).await.unwrap();
        assert_eq!(store.names("").await.len(), usize::from(way == "left"));
        assert_eq!(count(&store, "SELECT count(*) FROM entries"), 1 + entries, "{way}");
        store.check_all().await;
    }
}

/// The quota counts present files, and a copy that shares its containers is present only with its last step. That step
/// asked for no room, so that a large copy passed the quota where a small one was refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_copy_that_does_not_fit_is_refused() {
    let store = Store::with_quota(100_000).await;
    // Deleted files count as past.
    store.put("old", &bytes(1, 90_000)).await.unwrap();
    store.delete("old").await.unwrap();
    large_folder(&store).await;
    store.put("large/x", &bytes(2, 50_000)).await.unwrap();
    let refused = store.copy("large", "copy").await;
    assert!(matches!(refused, Err(LibraryError::OverQuota)), "{refused:?}");
    assert_eq!(store.names("").await, ["large"]);
    store.check_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_folder_alone_is_empty() {
    let store = tree().await;
    let access = store.access();
    let (from, to) = (path("a"), path("copy"));
    let copied = store
        .library
        .copy_entry(store.change(), &from, &access, &to, Overwrite::Forbid, Depth::Zero)
        .await
        .unwrap();
    assert_eq!((copied.entry.size, store.names("copy").await.len()), (0, 0));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_keeps_id_content_and_versions() {
    let store = tree().await;
    store.put("a/1", b"newer").await.unwrap();
    let before = store.entry("a/1").await.unwrap();
    let moved = store.mv("a/1", "z/one").await.unwrap();
    assert!(moved.created);
    assert_eq!((moved.entry.id, moved.entry.modified), (before.id, before.modified));
    assert_eq!(store.read("z/one").await.unwrap(), b"newer");
    assert_eq!(store.library.versions(&store.access(), &path("z/one")).await.unwrap().len(), 2);
    assert_eq!(store.entry("a").await.unwrap().size, 2_000);
    assert_eq!(store.entry("z").await.unwrap().size, 5);
    store.mv("a", "z/a").await.unwrap();
    assert_eq!(store.read("z/a/b/2").await.unwrap(), bytes(2, 1_000));
    assert_eq!(store.names("").await, ["z"]);
    store.check();
}

/// Programs save by writing another file and renaming it over the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_over_a_file_becomes_its_new_content() {
    let store = tree().await;
    let there = store.entry("a/b/2").await.unwrap();
    let replaced = store.mv("a/1", "a/b/2").await.unwrap();
    assert!(!replaced.created);
    assert_eq!(replaced.entry.id, there.id);
    assert_eq!(store.read("a/b/2").await.unwrap(), bytes(1, 1_000));
    let replaced = store.copy("a/b/3", "a/b/2").await.unwrap();
    assert!(!replaced.created && replaced.entry.id == there.id);
    let versions = store.library.versions(&store.access(), &path("a/b/2")).await.unwrap();
    for (version, seed) in versions.iter().zip([3, 1, 2]) {
        let read = store.read_from(&store.access(), "a/b/2", Some(version.id)).await.unwrap();
        assert_eq!(read, bytes(seed, 1_000));
    }
    assert_eq!(versions.len(), 3);
    assert_eq!(store.names("a").await, ["b"]);
    assert!(store.library.trash(&store.access()).await.unwrap().is_empty());
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_else_that_is_replaced_goes_into_the_trash() {
    let store = tree().await;
    let copied = store.copy("a/b", "z").await.unwrap();
    assert!(!copied.created);
    assert_eq!(store.names("z").await, ["2", "3"]);
    store.mv("a/1", "z/3").await.unwrap();
    store.mv("z/3", "a").await.unwrap();
    assert_eq!(store.read("a").await.unwrap(), bytes(1, 1_000), "a file in the place of a folder");
    let trash = store.library.trash(&store.access()).await.unwrap();
    let paths: Vec<&str> = trash.iter().map(|item| item.path.as_str()).collect();
    assert_eq!(paths.len(), 2);
    assert!(paths.contains(&"a") && paths.contains(&"z"), "{paths:?}");
    let access = store.access();
    let (from, to) = (path("a"), path("z"));
    let forbidden = store.library.move_entry(store.change(), &from, &access, &to, Overwrite::Forbid).await;
    assert!(matches!(forbidden, Err(LibraryError::Exists)));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_lands_in_itself_or_replaces_what_holds_it() {
    let store = tree().await;
    for (from, to) in [("a", "a"), ("a", "a/b/x"), ("a/b", "a"), ("a/b/2", "a/b"), ("", "x"), ("a", "")] {
        for outcome in [store.mv(from, to).await, store.copy(from, to).await] {
            let error = outcome.unwrap_err();
            let is_named = matches!(error, LibraryError::IntoItself | LibraryError::IsRoot);
            assert!(is_named, "{from} to {to}: {error:?}");
        }
    }
    for (from, to) in [("none", "x"), ("a/1/below", "x")] {
        assert!(matches!(store.mv(from, to).await, Err(LibraryError::NotFound)));
    }
    for to in ["none/x", "a/1/x"] {
        assert!(matches!(store.copy("a/b", to).await, Err(LibraryError::ParentMissing)));
    }
    store.check();
}

/// A copy onto its own name in other capitals once failed in the catalogue, as "server error".
#[tokio::test(flavor = "multi_thread")]
async fn renaming_may_change_capitals_only_and_copying_may_not() {
    let store = tree().await;
    store.put("müll", b"1").await.unwrap();
    for twin in ["MÜLL", "mu\u{308}ll"] {
        let error = store.copy("müll", twin).await.unwrap_err();
        assert!(matches!(error, LibraryError::NameTaken | LibraryError::IntoItself), "{twin}: {error:?}");
    }
    let id = store.entry("müll").await.unwrap().id;
    for twin in ["Müll", "mu\u{308}ll", "müll"] {
        let renamed = store.mv(&store.names("").await[1], twin).await.unwrap();
        assert_eq!((renamed.entry.id, renamed.entry.name.as_str()), (id, twin));
    }
    assert!(matches!(store.mv("a/1", "MÜLL").await, Err(LibraryError::NameTaken)));
    store.check();
}

/// A deep folder moved below another deep one once could be named by no request any more.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_to_lie_deeper_than_a_path_reaches() {
    let store = Store::new().await;
    let deep = |top: &str, levels: usize| [&[top], vec!["x"; levels - 1].as_slice()].concat().join("/");
    for (top, levels) in [("a", 60), ("b", 41)] {
        for level in 1..=levels {
            store.mkcol(&deep(top, level)).await.unwrap();
        }
    }
    let bottom = deep("a", 60);
    for outcome in
        [store.mv("b", &format!("{bottom}/b")).await, store.copy("b", &format!("{bottom}/b")).await]
    {
        assert!(matches!(outcome, Err(LibraryError::Name(NameError::PathTooLong))));
    }
    store.delete(&deep("b", 41)).await.unwrap();
    store.mv("b", &format!("{bottom}/b")).await.unwrap();
    // A deleted folder comes back only where it can be reached.
    let long = "n".repeat(250);
    let mut place = "c".to_owned();
    store.mkcol(&place).await.unwrap();
    for _ in 0..14 {
        place = format!("{place}/{long}");
        store.mkcol(&place).await.unwrap();
    }
    store.mkcol("d").await.unwrap();
    store.mkcol(&format!("d/{long}")).await.unwrap();
    store.mkcol(&format!("d/{long}/{long}")).await.unwrap();
    assert!(matches!(
        store.mv("d", &format!("{place}/d{long}")).await,
        Err(LibraryError::Name(NameError::PathTooLong))
    ));
    store.check();
}

/// The size of a folder is read before the writer's turn comes. Files that are put into it in between count.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_grows_deeper_while_its_move_waits_is_measured_again() {
    let store = Arc::new(Store::new().await);
    let deep = |top: &str, levels: usize| [&[top], vec!["x"; levels - 1].as_slice()].concat().join("/");
    for (top, levels) in [("a", 60), ("b", 40)] {
        for level in 1..=levels {
            store.mkcol(&deep(top, level)).await.unwrap();
        }
    }
    let (end, busy) = mpsc::channel::<()>();
    let waiting = move |_: &WriteTx<'_>| {
        let _ = busy.recv();
        Ok::<_, CatalogError>(())
    };
    let (catalog, change, deeper) = (store.catalog.clone(), store.change(), path(&deep("b", 41)));
    let mut blocking = Box::pin(catalog.write(waiting));
    let mut making = Box::pin(store.library.make_folder(change, &deeper));
    // Queued at the first poll, one behind the other.
    let queued = std::future::poll_fn(|context| {
        let pending =
            [blocking.as_mut().poll(context).is_pending(), making.as_mut().poll(context).is_pending()];
        std::task::Poll::Ready(pending)
    });
    assert_eq!(queued.await, [true, true]);
    let moving = tokio::spawn({
        let (store, to) = (Arc::clone(&store), format!("{}/b", deep("a", 60)));
        async move { store.mv("b", &to).await.map(drop) }
    });
    // It looks meanwhile, and then waits behind the others.
    for _ in 0..100 {
        store.entry("b").await.unwrap();
    }
    drop(end);
    blocking.await.unwrap();
    making.await.unwrap();
    let refused = moving.await.unwrap();
    assert!(matches!(refused, Err(LibraryError::Name(NameError::PathTooLong))), "{refused:?}");
    store.check();
}

/// A copy is one transaction, and the writer does nothing else meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_too_many_entries_is_refused_and_changes_nothing() {
    const MOST: i64 = 50_000;
    let store = Store::new().await;
    let folder = store.mkcol("a").await.unwrap().id;
    let space = store.space.id;
    store
        .catalog
        .write_silent("a test", move |tx| {
            let first = tx.reserve_entry_ids(MOST)?;
            for id in (first.0..first.0 + MOST).map(EntryId) {
                tx.insert_entry(&NewEntry {
                    id,
                    space,
                    parent: Some(folder),
                    name: Some(&name(&id.to_string())),
                    version: None,
                    size: 0,
                    revision: 1,
                    created: NOW,
                    modified: NOW,
                })?;
            }
            Ok::<_, CatalogError>(())
        })
        .await
        .unwrap();
    // With the folder itself it is one too many.
    assert!(matches!(store.copy("a", "b").await, Err(LibraryError::TooManyEntries)));
    assert!(matches!(store.entry("b").await, Err(LibraryError::NotFound)));
    let access = store.access();
    let (overwrite, depth) = (Overwrite::Forbid, Depth::Zero);
    store
        .library
        .copy_entry(store.change(), &path("a"), &access, &path("b"), overwrite, depth)
        .await
        .unwrap();
    store.mv("a", "c").await.unwrap();
    store.check();
}
