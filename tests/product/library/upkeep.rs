//! Sweeping files that a crash left behind.

use std::fs;

use tresor::library::NewFile;
use tresor::model::{ContainerId, EntryId, SpaceId, Stamp, Timestamp, WriteSerial};
use tresor::vault::container::{ContainerMeta, Part};
use tresor::vault::disk::{Containers, Packable};
use tresor::vault::writer::ContainerWriter;

use crate::library::store::{DAY, NOW, Store, path};
use crate::support::content::bytes;

/// A container whose row never came, as a crash between file and row leaves it.
fn orphan(store: &Store) -> ContainerId {
    let key = store.keys.space_key(store.space.id).unwrap();
    let meta = ContainerMeta {
        entry: EntryId(1),
        path: path("x"),
        modified: NOW,
        serial: WriteSerial(0),
        written: NOW,
        segment: 0,
        size: None,
        part: Part::Numbered,
    };
    let mut writer = ContainerWriter::create(&*store.disk, &key, store.space.id, &meta).unwrap();
    writer.write(b"orphan").unwrap();
    writer.finish().unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_go_after_a_day_and_not_before() {
    let store = Store::new().await;
    store.put("a", &bytes(1, 100)).await.unwrap();
    let known = store.containers();
    orphan(&store);
    let store = store.reopen().await;
    // The age of a file comes from the real clock.
    let now = Timestamp::now();
    let young = store.library.sweep(Timestamp(now.0 + DAY - 60_000)).await.unwrap();
    assert_eq!((young.seen, young.removed), (2, 0));
    let past = store.library.sweep(Timestamp(now.0 - 10 * DAY)).await.unwrap();
    assert_eq!(past.removed, 0, "a clock that was set back removes nothing");
    let old = store.library.sweep(Timestamp(now.0 + DAY + 60_000)).await.unwrap();
    assert_eq!((old.seen, old.removed), (2, 1));
    assert_eq!(store.containers(), known);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_row_knows_is_never_swept() {
    let store = Store::new().await;
    store.put("a", b"1").await.unwrap();
    store.put("a", b"2").await.unwrap();
    store.put("b", b"3").await.unwrap();
    store.delete("b").await.unwrap();
    let swept = store.library.sweep(Timestamp(Timestamp::now().0 + 1_000 * DAY)).await.unwrap();
    assert_eq!((swept.seen, swept.removed), (3, 0));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_files_among_the_containers_are_left_alone() {
    let store = Store::new().await;
    let folder = store.dir.path().join("spaces").join(store.space.id.to_string()).join("ab");
    fs::create_dir_all(&folder).unwrap();
    for name in ["README", "abc.age", "ab.age.bak"] {
        fs::write(folder.join(name), "x").unwrap();
    }
    fs::create_dir_all(store.dir.path().join("spaces").join(SpaceId([9; 16]).to_string())).unwrap();
    let swept = store.library.sweep(Timestamp(Timestamp::now().0 + 2 * DAY)).await.unwrap();
    assert_eq!((swept.seen, swept.removed), (0, 0));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn upkeep_may_be_repeated_and_begun_anywhere() {
    let store = Store::new().await;
    for number in 0..250 {
        store.put(&format!("f{number}"), b"x").await.unwrap();
    }
    store.copy("f0", "copy").await.unwrap();
    // A round that was cut short: rows gone, files still there, one of them removed already.
    for number in 0..250 {
        store.delete(&format!("f{number}")).await.unwrap();
    }
    let items = store.library.trash(&store.access()).await.unwrap();
    store
        .catalog
        .write_silent("a test", move |tx| {
            items.iter().try_for_each(|item| tx.delete_some(item.entry, 10).map(drop))
        })
        .await
        .unwrap();
    let garbage = store.catalog.read(|tx| tx.garbage(1)).await.unwrap();
    store.disk.remove(garbage[0].space, garbage[0].container, garbage[0].place).unwrap();
    assert_eq!(store.containers().len(), 249);
    let report = store.library.upkeep(NOW).await.unwrap();
    assert_eq!(report.containers, 249, "all but the one that the copy shares");
    assert_eq!(store.library.upkeep(NOW).await.unwrap(), tresor::library::UpkeepReport::default());
    assert_eq!(store.read("copy").await.unwrap(), b"x");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn small_contents_share_a_pack_and_leave_holes() {
    let store = Store::new().await;
    let contents: Vec<_> = (0..40).map(|seed| bytes(seed, 4_000)).collect();
    let mut puts = tokio::task::JoinSet::new();
    for (number, content) in contents.iter().cloned().enumerate() {
        let (library, change, path) = (store.library.clone(), store.change(), path(&format!("f{number}")));
        puts.spawn(async move {
            let file = NewFile { path, size: None, modified: None, checksum: None };
            let mut session = library.begin_put(change, file).await.unwrap();
            session.write(content.into()).await.unwrap();
            session.commit(NOW).await.unwrap();
        });
    }
    puts.join_all().await;
    assert_eq!((store.containers().len(), packs(&store).len(), store.container_files().len()), (40, 1, 0));

    for number in (0..40).filter(|number| number % 2 == 0) {
        store.delete(&format!("f{number}")).await.unwrap();
    }
    empty_trash(&store).await;
    assert_eq!(store.containers().len(), 20);
    for number in (0..40).filter(|number| number % 2 == 1) {
        assert_eq!(store.read(&format!("f{number}")).await.unwrap(), contents[number]);
    }
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_goes_with_its_last_container_and_never_while_it_grows() {
    let store = Store::new().await;
    store.put("a", b"1").await.unwrap();
    store.delete("a").await.unwrap();
    empty_trash(&store).await;
    let later = Timestamp(Timestamp::now().0 + 2 * DAY);
    store.library.sweep(later).await.unwrap();
    assert_eq!(packs(&store).len(), 1, "the next small content still goes there");
    store.put("b", b"2").await.unwrap();
    assert_eq!(packs(&store).len(), 1);

    let store = store.reopen().await;
    store.put("c", b"3").await.unwrap();
    assert_eq!(packs(&store).len(), 2, "a pack of an earlier run is not appended to");
    store.delete("b").await.unwrap();
    empty_trash(&store).await;
    store.library.sweep(later).await.unwrap();
    assert_eq!(packs(&store).len(), 1);
    assert_eq!(store.read("c").await.unwrap(), b"3");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_orphan_is_swept() {
    let store = Store::new().await;
    store.put("a", b"1").await.unwrap();
    let lost = Packable { id: ContainerId::random(), bytes: b"age-encryption.org/v1 and no row".to_vec() };
    store.disk.store_small(store.space.id, &[lost]).unwrap();
    let now = Timestamp::now();
    assert_eq!(store.library.sweep(Timestamp(now.0 + DAY - 60_000)).await.unwrap().removed, 0);
    assert_eq!(store.library.sweep(Timestamp(now.0 + DAY + 60_000)).await.unwrap().removed, 1);
    assert_eq!(store.read("a").await.unwrap(), b"1");
    store.check();
}

fn packs(store: &Store) -> Vec<std::path::PathBuf> {
    let dir = store.dir.path().join("spaces").join(store.space.id.to_string()).join("packs");
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

async fn empty_trash(store: &Store) {
    for item in store.library.trash(&store.access()).await.unwrap() {
        store.library.purge(&store.access(), Stamp::owner(NOW), item.entry).await.unwrap();
    }
    store.library.upkeep(NOW).await.unwrap();
}
