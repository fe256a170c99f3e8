//! A disk that fails in the middle, and a tree that changes meanwhile.

use std::io;

use tresor::library::{LibraryError, Overwrite};
use tresor::model::{Access, Depth, Right};

use crate::hooked::Moment;
use crate::store::{NOW, Store, path};
use crate::support::content::bytes;

const BATCH: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_stores_nothing_and_says_why() {
    let store = Store::new().await;
    let old = bytes(1, 1_000);
    store.put("a", &old).await.unwrap();
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::ReadOnlyFilesystem]
    {
        for failing in [Moment::Create, Moment::Append, Moment::Publish] {
            for size in [10, 3 * BATCH] {
                store.disk.set(move |moment| if moment == failing { Err(kind.into()) } else { Ok(()) });
                let error = store.put("a", &bytes(2, size)).await.unwrap_err();
                let is_named = match kind {
                    io::ErrorKind::ReadOnlyFilesystem => matches!(error, LibraryError::ReadOnly),
                    _ => matches!(error, LibraryError::DiskFull),
                };
                assert!(is_named, "{kind} at {failing:?}: {error:?}");
                assert!(store.put("new", &bytes(2, size)).await.is_err());
            }
        }
    }
    store.disk.clear();
    assert_eq!(store.read("a").await.unwrap(), old);
    assert_eq!(store.names("").await, ["a"]);
    assert_eq!(store.used().await, 1_000);
    store.put("a", &bytes(2, 3 * BATCH)).await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_the_disk_ends_half_way_leaves_both_spaces_as_they_were() {
    let store = Store::new().await;
    let other = store.another_space("other").await;
    store.mkcol("a").await.unwrap();
    for seed in 1..=3 {
        store.put(&format!("a/{seed}"), &bytes(seed, 1_000)).await.unwrap();
    }
    let there = Access::granted(other.id, Right::Write);
    let mut made = 0;
    store.disk.set(move |moment| {
        made += usize::from(moment == Moment::Create);
        if made == 3 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    });
    let moved =
        store.library.move_entry(store.change(), &path("a"), &there, &path("a"), Overwrite::Forbid).await;
    assert!(matches!(moved, Err(LibraryError::DiskFull)), "{moved:?}");
    store.disk.clear();
    assert_eq!(store.containers_of(&other).len(), 0);
    assert_eq!(store.read("a/3").await.unwrap(), bytes(3, 1_000));
    store.check();
}

/// A folder made in the source while its contents were being copied once got the id of another new entry,
/// and shifted every other one away from what the containers' headers say.
#[tokio::test(flavor = "multi_thread")]
async fn a_tree_that_grows_while_it_is_carried_is_not_carried_in_part() {
    let store = Store::new().await;
    let other = store.another_space("other").await;
    for folder in ["a", "a/m", "a/z"] {
        store.mkcol(folder).await.unwrap();
    }
    store.put("a/m/1", b"1").await.unwrap();
    let there = Access::granted(other.id, Right::Write);
    for (number, grow) in [(0, true), (1, false)] {
        let (library, change, runtime) =
            (store.library.clone(), store.change(), tokio::runtime::Handle::current());
        store.disk.set(move |moment| {
            if moment == Moment::Create && grow {
                runtime.block_on(library.make_folder(change.clone(), &path("a/b"))).unwrap();
            }
            Ok(())
        });
        let depth = Depth::Infinity;
        let to = path(&format!("copy{number}"));
        let copied =
            store.library.copy_entry(store.change(), &path("a"), &there, &to, Overwrite::Forbid, depth).await;
        store.disk.clear();
        if grow {
            assert!(matches!(copied, Err(LibraryError::PreconditionFailed)), "{copied:?}");
            assert_eq!(store.containers_of(&other).len(), 0);
        } else {
            assert_eq!(copied.unwrap().entry.size, 1);
        }
    }
    let fresh = store.library.make_folder(store.change_in(&other, NOW), &path("fresh")).await;
    fresh.unwrap();
    store.check();
}
