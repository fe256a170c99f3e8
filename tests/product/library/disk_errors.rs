//! A disk that fails in the middle, and a tree that changes meanwhile.

use std::io;

use tresor::library::{LibraryError, NewFile, Overwrite, ReadOnlyCause};
use tresor::model::{Access, Depth, Right, Stamp, UserId};

use crate::library::hooked::Moment;
use crate::library::store::{NOW, Store, path};
use crate::support::content::bytes;

const BATCH: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_stores_nothing_and_says_why() {
    let store = Store::new().await;
    let old = bytes(1, 1_000);
    store.put("a", &old).await.unwrap();
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
        for failing in [Moment::Create, Moment::Append, Moment::Publish] {
            for size in [10, 3 * BATCH] {
                store.disk.set(move |moment| if moment == failing { Err(kind.into()) } else { Ok(()) });
                let error = store.put("a", &bytes(2, size)).await.unwrap_err();
                assert!(matches!(error, LibraryError::DiskFull), "{kind} at {failing:?}: {error:?}");
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

/// The system may have dropped data that it could not write, and a later fsync would not say so.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_disk_that_failed_nothing_changes_before_a_restart() {
    const EIO: i32 = 5;
    const EROFS: i32 = 30;
    for (code, cause) in [(EIO, ReadOnlyCause::DiskFailed), (EROFS, ReadOnlyCause::FileSystemReadOnly)] {
        for failing in [Moment::Create, Moment::Append, Moment::Publish] {
            let store = Store::new().await;
            store.put("a", b"old").await.unwrap();
            store.put("b", b"too much").await.unwrap();
            assert_eq!(store.library.read_only(), None);
            store.disk.set(move |moment| match moment == failing {
                true => Err(io::Error::from_raw_os_error(code)),
                false => Ok(()),
            });
            assert!(store.put("a", b"new").await.is_err());
            assert_eq!(store.library.read_only(), Some(cause), "{code} at {failing:?}");

            // The disk seems to be well again, and is not believed.
            store.disk.clear();
            store.library.look_at_disk().await.unwrap();
            for refused in [
                store.put("a", b"new").await.map(drop),
                store.delete("b").await,
                store.mkcol("c").await.map(drop),
                store.mv("a", "c").await.map(drop),
            ] {
                assert!(matches!(refused, Err(LibraryError::ReadOnly)), "{refused:?}");
            }
            assert_eq!(store.library.read_only(), Some(cause));
            assert_eq!(store.read("a").await.unwrap(), b"old");
            assert_eq!(store.names("").await, ["a", "b"]);
            store.check();
        }
    }
}

/// Whether the catalogue is small, or so large that it is written in several turns.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_cannot_be_written_is_a_failing_disk_too() {
    const EIO: i32 = 5;
    for text in [String::new(), "x".repeat(1 << 20)] {
        for failing in [Moment::Create, Moment::Append, Moment::Publish] {
            let store = Store::new().await;
            let value = text.clone();
            store.catalog.write_silent("a test", move |tx| tx.set_setting("test", &value)).await.unwrap();
            store.recovery.snapshot(NOW).await.unwrap();
            store.disk.set(move |moment| match moment == failing {
                true => Err(io::Error::from_raw_os_error(EIO)),
                false => Ok(()),
            });
            assert!(store.recovery.snapshot(NOW).await.is_err());
            let case = format!("{failing:?}, {} bytes", text.len());
            assert_eq!(store.library.read_only(), Some(ReadOnlyCause::DiskFailed), "{case}");
            store.disk.clear();
            assert_eq!(store.recovery.snapshots().await.unwrap().len(), 1, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_one_can_delete_and_then_store_again() {
    let store = Store::new().await;
    store.mkcol("folder").await.unwrap();
    store.put("a", b"old").await.unwrap();
    store.put("b", b"too much").await.unwrap();
    store.disk.set(|moment| match moment {
        Moment::Open | Moment::Read => Ok(()),
        _ => Err(io::ErrorKind::StorageFull.into()),
    });
    for refused in [
        store.put("a", b"new").await.map(drop),
        store.mkcol("c").await.map(drop),
        store.mv("a", "c").await.map(drop),
        store.copy("a", "c").await.map(drop),
    ] {
        assert!(matches!(refused, Err(LibraryError::DiskFull)), "{refused:?}");
    }
    assert_eq!(store.library.read_only(), Some(ReadOnlyCause::DiskFull));
    assert_eq!(store.read("a").await.unwrap(), b"old");
    store.delete("b").await.unwrap();
    let deleted = store.library.trash(&store.access()).await.unwrap();
    store.library.purge(&store.access(), Stamp::owner(NOW), deleted[0].entry).await.unwrap();
    assert_eq!(store.used().await, 3);

    store.disk.clear();
    store.put("a", b"new").await.unwrap();
    assert_eq!(store.library.read_only(), None);
    assert_eq!(store.read("a").await.unwrap(), b"new");
    store.check();
}

/// The upload that finds the disk full must not have taken the space that deleting needs.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_leave_a_reserve_of_the_disk() {
    const RESERVE: u64 = 64 << 20;
    let store = Store::new().await;
    store.disk.set_free(RESERVE + 10 * BATCH as u64);
    let size = u64::try_from(20 * BATCH).unwrap();
    let file = |size| NewFile { path: path("a"), size, modified: None, checksum: None };
    let announced = store.library.begin_put(store.change(), file(Some(size))).await;
    assert!(matches!(announced, Err(LibraryError::DiskFull)), "refused before the body");
    assert_eq!(store.library.read_only(), None, "smaller files still fit");

    let mut session = store.library.begin_put(store.change(), file(Some(5))).await.unwrap();
    session.write(b"small".to_vec().into()).await.unwrap();
    store.disk.set_free(RESERVE - 1);
    store.library.look_at_disk().await.unwrap();
    assert!(matches!(session.commit(NOW).await, Err(LibraryError::DiskFull)));
    assert!(matches!(store.put("b", b"1").await, Err(LibraryError::DiskFull)), "small ones too");
    store.disk.set_free(u64::MAX);
    store.put("b", b"1").await.unwrap();
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
    let there = Access::granted(other.id, Right::Write, UserId(1));
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
/// and shifted every other one away from the ids in the containers' headers.
#[tokio::test(flavor = "multi_thread")]
async fn a_tree_that_grows_while_it_is_carried_is_not_carried_in_part() {
    let store = Store::new().await;
    let other = store.another_space("other").await;
    for folder in ["a", "a/m", "a/z"] {
        store.mkcol(folder).await.unwrap();
    }
    store.put("a/m/1", b"1").await.unwrap();
    let there = Access::granted(other.id, Right::Write, UserId(1));
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
