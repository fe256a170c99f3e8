//! The sweep meets writers: nothing that was acknowledged, or is about to be, looks like garbage to it.

use tokio::task::JoinHandle;
use tresor::library::{LibraryError, Swept};
use tresor::model::{Access, Right, Timestamp, UserId, VerifyMode, VerifyStarter};
use tresor::recovery::{VerifyOrder, VerifyStage};
use tresor::uploads::{Finish, PartInfo};
use tresor::vault::disk::Containers;

use crate::library::hooked::{Gate, HeldUp};
use crate::library::store::{DAY, NOW, Store, days, path};
use crate::library::uploads::{SEGMENT, checksum, chunk, chunked, linear, to, with};
use crate::support::content::bytes;

/// By which every file that there is now is older than a day.
fn in_two_days() -> Timestamp {
    Timestamp(Timestamp::now().0 + 2 * DAY)
}

/// A store in its later days: the first walk of a run, which looks for a newer catalogue's containers, is over.
async fn store() -> Store {
    let store = Store::with_segments().await;
    assert!(!store.library.look_for_newer_containers().await.unwrap());
    store
}

/// A sweep, and the one of its threads that came to the gate.
async fn sweep_up_to(store: &Store, gate: Gate) -> (JoinHandle<Result<Swept, LibraryError>>, HeldUp) {
    let arrived = store.disk.hold_up(gate);
    let library = store.library.clone();
    let sweep = tokio::spawn(async move { library.sweep(in_two_days()).await });
    (sweep, arrived.await.unwrap())
}

/// The sweep had read that a pack was idle for a day and was walking through it. A small file was stored there
/// meanwhile and acknowledged, and the sweep removed it: its rows were those of its beginning.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_stored_while_the_sweep_walks_through_its_pack_stays() {
    for gate in [Gate::Visit, Gate::Walk] {
        let store = store().await;
        store.put("before", b"1").await.unwrap();
        let (sweep, held_up) = sweep_up_to(&store, gate).await;
        store.put("small", b"2").await.unwrap();
        store.put("large", &bytes(1, 200_000)).await.unwrap();
        drop(held_up);
        assert_eq!(sweep.await.unwrap().unwrap().removed, 0, "{gate:?}");
        assert_eq!(store.read("small").await.unwrap(), b"2");
        assert_eq!(store.read("large").await.unwrap(), bytes(1, 200_000));
        store.check();
    }
}

/// A file that is durable and waits for its transaction has no row yet, and the clock may say that it is old.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_between_disk_and_catalogue_stays() {
    for length in [9, 200_000] {
        let store = store().await;
        let stored = store.disk.hold_up(Gate::Stored);
        let sweep = async {
            let held_up = stored.await.unwrap();
            let swept = store.library.sweep(in_two_days()).await.unwrap();
            drop(held_up);
            swept
        };
        let content = bytes(2, length);
        let (put, swept) = tokio::join!(store.put("a", &content), sweep);
        put.unwrap();
        assert_eq!((swept.seen, swept.removed), (1, 0));
        assert_eq!(store.read("a").await.unwrap(), content);
        store.check();
    }
}

/// A chunk, or a part with a checksum, of several segments has no rows before it ends. After a day the sweep took
/// the first ones; the upload ended well and its file answered with an error.
#[tokio::test(flavor = "multi_thread")]
async fn segments_of_a_part_that_still_arrives_stay() {
    let content = bytes(3, 4 * SEGMENT + 9);
    let store = store().await;
    let (access, part) = (store.access(), PartInfo::default());
    let upload = store.create(chunked(None)).await.unwrap();
    let mut session =
        store.uploads.begin_chunk(&access, store.user, upload.id, chunk("1"), part, NOW).await.unwrap();
    session.write(content.clone().into()).await.unwrap();
    assert!(store.library.sweep(in_two_days()).await.unwrap().seen >= 2, "some are durable");
    session.finish(NOW).await.unwrap();
    store.end(upload.id, to("chunked")).await.unwrap();

    let upload = store.create(linear("linear", None)).await.unwrap();
    let mut append = store.append(upload.id, 0, with(checksum(&content))).await.unwrap();
    append.write(content.clone().into()).await.unwrap();
    store.library.sweep(in_two_days()).await.unwrap();
    append.finish(NOW).await.unwrap();
    store.end(upload.id, Finish::default()).await.unwrap();

    for name in ["chunked", "linear"] {
        assert!(store.read(name).await.unwrap() == content, "{name}");
    }
    store.check_all().await;
}

/// A tree that is copied into another space has no row there before all of it is copied.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_long_copy_into_another_space_has_written_stays() {
    let store = store().await;
    let other = store.another_space("other").await;
    store.mkcol("tree").await.unwrap();
    for number in 0..3_u64 {
        store.put(&format!("tree/{number}"), &bytes(number, 1_000)).await.unwrap();
    }
    let target = Access::granted(other.id, Right::Manage, UserId(1));
    let stored = store.disk.hold_up(Gate::Stored);
    let sweep = async {
        let held_up = stored.await.unwrap();
        store.library.sweep(in_two_days()).await.unwrap();
        drop(held_up);
    };
    let (from, to) = (path("tree"), path("copy"));
    let overwrite = tresor::library::Overwrite::Forbid;
    let depth = tresor::model::Depth::Infinity;
    let copy = store.library.copy_entry(store.change(), &from, &target, &to, overwrite, depth);
    let (copied, ()) = tokio::join!(copy, sweep);
    copied.unwrap();
    for number in 0..3_u64 {
        let at = format!("copy/{number}");
        assert_eq!(store.read_from(&target, &at, None).await.unwrap(), bytes(number, 1_000));
    }
    store.check();
}

/// A verification counts a file as unknown if no row will ever name it, not if a request is still writing it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_written_is_no_unknown_file() {
    let store = store().await;
    let (access, part) = (store.access(), PartInfo::default());
    let upload = store.create(chunked(None)).await.unwrap();
    let mut session =
        store.uploads.begin_chunk(&access, store.user, upload.id, chunk("1"), part, NOW).await.unwrap();
    session.write(bytes(4, 4 * SEGMENT + 9).into()).await.unwrap();
    assert!(store.containers().len() >= 2);
    let (starter, mode) = (VerifyStarter::Owner, VerifyMode::Quick);
    let order = VerifyOrder { starter, mode, rate: None, restart: true };
    let mut step = store.recovery.begin_verify(order, NOW).await.unwrap();
    while step.stage != VerifyStage::Done {
        step = store.recovery.verify_step(starter, step.run, NOW).await.unwrap();
    }
    assert_eq!(step.unknown.count, 0, "{step:?}");
    drop(session);
    store.settle().await;
    store.check();
}

/// A deleted entry that was over by the rows of a moment ago may not be over any more: a file was brought back
/// from the trash and deleted again, and went for good at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_a_second_time_is_kept_from_then_on() {
    let store = store().await;
    store.put("a", b"1").await.unwrap();
    store.delete("a").await.unwrap();
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    assert_eq!(store.catalog.read(|tx| tx.expired_trash(days(400), 9)).await.unwrap(), [item.entry]);
    store.library.restore(store.change_at(days(400)), item.entry).await.unwrap();
    store.library.delete(store.change_at(days(400)), &path("a")).await.unwrap();
    assert!(!store.catalog.read(move |tx| tx.is_expired_trash(item.entry, days(400))).await.unwrap());
    store.upkeep(days(401)).await.unwrap();
    assert_eq!(store.library.trash(&store.access()).await.unwrap().len(), 1);
}

/// A chunk that takes longer to arrive than its upload is kept for lost the chunks before it: the upload was ended
/// while its client was sending.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_does_not_expire_while_a_chunk_of_it_arrives() {
    let store = store().await;
    let (access, part) = (store.access(), PartInfo::default());
    let upload = store.create(chunked(None)).await.unwrap();
    store.send_chunk(upload.id, "1", &bytes(5, 100)).await.unwrap();
    let mut session =
        store.uploads.begin_chunk(&access, store.user, upload.id, chunk("2"), part, NOW).await.unwrap();
    session.write(bytes(6, 100).into()).await.unwrap();
    assert_eq!(store.upkeep(days(8)).await.unwrap().0, 0);
    session.finish(days(8)).await.unwrap();
    store.end(upload.id, to("a")).await.unwrap();
    assert_eq!(store.read("a").await.unwrap(), [bytes(5, 100), bytes(6, 100)].concat());

    let upload = store.create(chunked(None)).await.unwrap();
    let part = PartInfo::default();
    drop(store.uploads.begin_chunk(&access, store.user, upload.id, chunk("1"), part, NOW).await.unwrap());
    assert_eq!(store.upkeep(days(8)).await.unwrap().0, 1, "nobody is busy with it any more");
    store.check();
}

/// More orphans than one step takes are gone after one sweep, wherever they lie.
#[tokio::test(flavor = "multi_thread")]
async fn many_orphans_go_in_one_sweep() {
    let store = store().await;
    store.put("a", b"1").await.unwrap();
    let orphans = |from: u32| {
        let orphan = |number: u32| tresor::vault::disk::Packable {
            id: tresor::model::ContainerId::random(),
            bytes: format!("age-encryption.org/v1 {number}").into_bytes(),
        };
        (from..from + 120).map(orphan).collect::<Vec<_>>()
    };
    for from in [0, 1_000] {
        store.disk.store_small(store.space.id, &orphans(from)).unwrap();
    }
    assert_eq!(store.library.sweep(in_two_days()).await.unwrap().removed, 240);
    assert_eq!(store.read("a").await.unwrap(), b"1");
    store.check();
}
