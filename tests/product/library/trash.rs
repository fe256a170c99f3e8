//! Deleted files, and how they come back.

use tresor::library::LibraryError;
use tresor::model::{EntryId, Stamp};

use crate::library::store::{NOW, Store, days, path};
use crate::support::content::bytes;

async fn restore(store: &Store, index: usize) -> String {
    let item = store.library.trash(&store.access()).await.unwrap().remove(index);
    let place = store.library.restore(store.change(), item.entry).await.unwrap();
    place.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_tree_comes_back_as_it_was() {
    let store = Store::new().await;
    for folder in ["a", "a/b"] {
        store.mkcol(folder).await.unwrap();
    }
    store.put("a/b/f", b"old").await.unwrap();
    store.put("a/b/f", b"new").await.unwrap();
    let before = store.entry("a/b/f").await.unwrap();
    store.delete("a/b").await.unwrap();
    assert!(matches!(store.entry("a/b/f").await, Err(LibraryError::NotFound)));
    assert_eq!(store.entry("a").await.unwrap().size, 0);
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    assert_eq!((item.path.as_str(), item.size, item.is_folder), ("a/b", 3, true));
    assert_eq!((item.deleted, item.deleted_by), (NOW, Some(store.user)));
    assert_eq!(restore(&store, 0).await, "/a/b");
    assert_eq!(store.entry("a/b/f").await.unwrap(), before);
    assert_eq!(store.entry("").await.unwrap().size, 3);
    let version = store.library.versions(&store.access(), &path("a/b/f")).await.unwrap()[1].id;
    assert_eq!(store.read_from(&store.access(), "a/b/f", Some(version)).await.unwrap(), b"old");
    assert!(store.library.trash(&store.access()).await.unwrap().is_empty());
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_namesake_it_gets_a_number() {
    let store = Store::new().await;
    for (round, content) in (0..).zip([b"0", b"1", b"2"]) {
        store.put_by(store.change_at(days(round)), "Brief.alt.pdf", content).await.unwrap();
        store.library.delete(store.change_at(days(round)), &path("Brief.alt.pdf")).await.unwrap();
    }
    store.put("BRIEF.alt.pdf", b"now").await.unwrap();
    // Latest first.
    assert_eq!(restore(&store, 0).await, "/Brief.alt (2).pdf");
    assert_eq!(restore(&store, 0).await, "/Brief.alt (3).pdf");
    store.delete("BRIEF.alt.pdf").await.unwrap();
    assert_eq!(restore(&store, 1).await, "/Brief.alt.pdf");
    assert_eq!(store.read("Brief.alt (2).pdf").await.unwrap(), b"2");
    assert_eq!(store.read("Brief.alt (3).pdf").await.unwrap(), b"1");
    assert_eq!(store.read("Brief.alt.pdf").await.unwrap(), b"0");
    store.check();
}

/// A name of full length had no room for a number and could not be brought back at all.
#[tokio::test(flavor = "multi_thread")]
async fn the_longest_name_comes_back_beside_its_namesake() {
    let store = Store::new().await;
    let long = format!("{}é.pdf", "ü".repeat(124));
    assert_eq!(long.len(), 254);
    store.put(&long, b"1").await.unwrap();
    store.delete(&long).await.unwrap();
    store.put(&long, b"2").await.unwrap();
    let place = restore(&store, 0).await;
    assert!(place.ends_with("ü (2).pdf"), "{place}");
    assert_eq!(store.read(&place[1..]).await.unwrap(), b"1");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_folder_it_comes_back_at_the_top() {
    let store = Store::new().await;
    store.mkcol("a").await.unwrap();
    store.put("a/f", &bytes(1, 10)).await.unwrap();
    store.delete("a/f").await.unwrap();
    store.library.delete(store.change_at(days(1)), &path("a")).await.unwrap();
    // The folder is in the trash too.
    assert_eq!(restore(&store, 1).await, "/f");
    store.delete("f").await.unwrap();
    let folder = store.library.trash(&store.access()).await.unwrap().remove(0);
    store.library.purge(&store.access(), Stamp::owner(NOW), folder.entry).await.unwrap();
    // The folder is gone for good.
    assert_eq!(restore(&store, 0).await, "/f");
    assert_eq!(store.read("f").await.unwrap(), bytes(1, 10));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn its_folder_may_have_moved() {
    let store = Store::new().await;
    store.mkcol("a").await.unwrap();
    store.mkcol("b").await.unwrap();
    store.put("a/f", b"1").await.unwrap();
    store.delete("a/f").await.unwrap();
    store.mv("a", "b/a").await.unwrap();
    assert_eq!(restore(&store, 0).await, "/b/a/f");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_lies_in_this_trash_is_restored_or_purged() {
    let store = Store::new().await;
    let other = store.another_space("other").await;
    let live = store.put("live", b"1").await.unwrap().entry.id;
    store.put("gone", b"2").await.unwrap();
    store.delete("gone").await.unwrap();
    let gone = store.library.trash(&store.access()).await.unwrap()[0].entry;
    let there = store.change_in(&other, NOW);
    for entry in [live, EntryId(9_999_999)] {
        assert!(matches!(store.library.restore(store.change(), entry).await, Err(LibraryError::NotInTrash)));
        assert!(matches!(
            store.library.purge(&store.access(), Stamp::owner(NOW), entry).await,
            Err(LibraryError::NotInTrash)
        ));
    }
    assert!(matches!(store.library.restore(there.clone(), gone).await, Err(LibraryError::NotInTrash)));
    assert!(matches!(
        store.library.purge(&there.access, Stamp::owner(NOW), gone).await,
        Err(LibraryError::NotInTrash)
    ));
    assert!(store.library.trash(&there.access).await.unwrap().is_empty());
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trash_ends_after_its_days() {
    let store = Store::new().await;
    store.mkcol("a").await.unwrap();
    store.put("a/f", &bytes(1, 100)).await.unwrap();
    store.delete("a").await.unwrap();
    assert_eq!(store.library.upkeep(days(29)).await.unwrap().trash, 0);
    let report = store.library.upkeep(days(30)).await.unwrap();
    assert_eq!((report.trash, report.containers), (1, 1));
    assert_eq!((store.used().await, store.containers().len()), (0, 0));
    store.check();
}
