//! Several spaces: each with a key of its own, contents carried from one to the other.

use tresor::library::{Carry, LibraryError, Overwrite, PropertyChange, SpaceSettings, Transfer};
use tresor::model::{
    Access, Actor, ContainerId, Depth, EntryPath, Place, PropertyName, Right, SpaceId, SpaceKind, Stamp,
    UserId,
};
use tresor::vault::VaultError;
use tresor::vault::disk::Containers;
use tresor::vault::reader::ContainerReader;

use crate::library::store::{NOW, Store, days, name, path};
use crate::support::content::bytes;

async fn two_spaces() -> (Store, tresor::library::Space) {
    let store = Store::new().await;
    let other = store.another_space("other").await;
    for folder in ["a", "a/b"] {
        store.mkcol(folder).await.unwrap();
    }
    for (seed, file) in (1..).zip(["a/1", "a/b/2"]) {
        store.put(file, &bytes(seed, 100_000)).await.unwrap();
    }
    store.copy("a/1", "a/b/same").await.unwrap();
    (store, other)
}

fn ids(store: &Store, space: &tresor::library::Space) -> Vec<ContainerId> {
    store.containers_of(space).into_iter().collect()
}

/// Opens a container of `space` with the key of `key`.
fn open(store: &Store, space: SpaceId, key: SpaceId, id: ContainerId) -> Result<ContainerReader, VaultError> {
    let mut place = Place::OwnFile;
    store
        .disk
        .list(&mut |file| {
            place = if file.id == id { file.place } else { place };
            Ok(())
        })
        .unwrap();
    ContainerReader::open_untracked(&*store.disk, &store.keys.space_key(key).unwrap(), space, id, place)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_another_space_opens_with_that_spaces_key_only() {
    let (store, other) = two_spaces().await;
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let (from, to) = (path("a"), path("copy"));
    let copied = store
        .library
        .copy_entry(store.change(), &from, &there, &to, Overwrite::Forbid, Depth::Infinity)
        .await
        .unwrap();
    assert!(copied.created);
    assert_eq!((copied.entry.space, copied.entry.size), (other.id, 300_000));
    for (file, seed) in [("copy/1", 1), ("copy/b/2", 2), ("copy/b/same", 1)] {
        assert_eq!(store.read_from(&there, file, None).await.unwrap(), bytes(seed, 100_000), "{file}");
    }
    let containers = ids(&store, &other);
    assert_eq!(containers.len(), 2, "equal contents are carried once");
    for id in &containers {
        assert!(matches!(open(&store, other.id, store.space.id, *id), Err(VaultError::WrongSpaceKey(_))));
        open(&store, other.id, other.id, *id).unwrap();
    }
    assert_eq!(store.read("a/b/2").await.unwrap(), bytes(2, 100_000));
    store.check();
}

/// The header of a carried container once went on naming the entry and the path it came from: a rebuilt
/// catalogue would have put it into the wrong place.
#[tokio::test(flavor = "multi_thread")]
async fn the_header_of_a_carried_container_names_its_new_place() {
    let (store, other) = two_spaces().await;
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let (from, to) = (path("a/b/2"), path("zwei"));
    let moved =
        store.library.move_entry(store.change(), &from, &there, &to, Overwrite::Forbid).await.unwrap();
    let reader = open(&store, other.id, other.id, ids(&store, &other)[0]).unwrap();
    assert_eq!(reader.meta().path, to);
    assert_eq!(reader.meta().entry, moved.entry.id);

    let (from, to) = (path("a"), path("copy"));
    store
        .library
        .copy_entry(store.change(), &from, &there, &to, Overwrite::Forbid, Depth::Infinity)
        .await
        .unwrap();
    for id in ids(&store, &other) {
        let meta = open(&store, other.id, other.id, id).unwrap().meta().clone();
        let entry = store.library.find(&there, &meta.path).await.unwrap();
        assert_eq!(entry.id, meta.entry);
    }
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_into_another_space_leaves_the_source_in_its_trash() {
    let (store, other) = two_spaces().await;
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let root = EntryPath::root();
    store
        .library
        .move_entry(store.change(), &path("a"), &there, &path("a"), Overwrite::Forbid)
        .await
        .unwrap();
    assert!(matches!(store.entry("a").await, Err(LibraryError::NotFound)));
    assert_eq!(store.members(&there, &root).await.len(), 1);
    // Not present any more, but kept until it is purged.
    let usage = store.library.usage(&store.access()).await.unwrap();
    assert_eq!((usage.used.0, usage.history.0), (0, 300_000), "with what copies share");
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    store.library.restore(store.change(), item.entry).await.unwrap();
    assert_eq!(store.read("a/1").await.unwrap(), bytes(1, 100_000));
    // Back again, in place of the file that is there.
    let back = store.change_in(&other, NOW);
    let here = store.access();
    store.library.move_entry(back, &path("a"), &here, &path("a"), Overwrite::Allow).await.unwrap();
    assert_eq!(store.read("a/b/same").await.unwrap(), bytes(1, 100_000));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_transfer_leaves_no_container() {
    let (store, other) = two_spaces().await;
    let there = Access::granted(other.id, Right::Write, UserId(1));
    store.library.make_folder(store.change_in(&other, NOW), &path("taken")).await.unwrap();
    let attempt = async |to: &str, overwrite| {
        store.library.move_entry(store.change(), &path("a"), &there, &path(to), overwrite).await
    };
    assert!(matches!(attempt("taken", Overwrite::Forbid).await, Err(LibraryError::Exists)));
    assert!(matches!(attempt("TAKEN", Overwrite::Allow).await, Err(LibraryError::NameTaken)));
    assert!(matches!(attempt("none/a", Overwrite::Allow).await, Err(LibraryError::ParentMissing)));
    assert!(matches!(attempt("", Overwrite::Allow).await, Err(LibraryError::IsRoot)));
    let settings = SpaceSettings { quota: Some(tresor::model::ByteSize(1)), ..SpaceSettings::default() };
    store.library.set_space_settings(other.id, settings, Stamp::owner(NOW)).await.unwrap();
    assert!(matches!(attempt("a", Overwrite::Allow).await, Err(LibraryError::OverQuota)));
    let reader = Access::granted(other.id, Right::Read, UserId(1));
    let denied =
        store.library.move_entry(store.change(), &path("a"), &reader, &path("x"), Overwrite::Allow).await;
    assert!(matches!(denied, Err(LibraryError::Denied(_))));
    assert_eq!(store.containers_of(&other).len(), 0);
    assert_eq!(store.read("a/1").await.unwrap(), bytes(1, 100_000));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_opens_its_own_space_only() {
    let (store, other) = two_spaces().await;
    let there = Access::granted(other.id, Right::Manage, UserId(1));
    assert!(matches!(store.library.find(&there, &path("a")).await, Err(LibraryError::NotFound)));
    // A folder's number from another space lists nothing.
    let folder = store.entry("a").await.unwrap().id;
    assert!(matches!(store.library.list(&there, folder, None, NOW).await, Err(LibraryError::NotFound)));
}

#[tokio::test(flavor = "multi_thread")]
async fn spaces_have_names_of_their_own() {
    let store = Store::new().await;
    let settings = SpaceSettings::default();
    for taken in ["space", "SPACE"] {
        let again = store
            .library
            .add_space(&name(taken), SpaceKind::Client, settings.clone(), Stamp::owner(NOW))
            .await;
        assert!(matches!(again, Err(LibraryError::SpaceExists)), "{taken}");
    }
    let other = store.another_space("other").await;
    assert!(matches!(
        store.library.rename_space(other.id, &name("Space"), Stamp::owner(NOW)).await,
        Err(LibraryError::SpaceExists)
    ));
    store.library.rename_space(store.space.id, &name("SPACE"), Stamp::owner(NOW)).await.unwrap();
    let names: Vec<_> = store.library.spaces().await.unwrap().into_iter().map(|space| space.name).collect();
    assert_eq!(names, ["other", "SPACE"]);
    // A refused space leaves no key behind for good: only those of rows open anything.
    assert_eq!(store.library.space_named(&name("Other")).await.unwrap().unwrap().id, other.id);
}

/// One copy into another space ran at a time for the whole server, and went on when its client had left.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_whose_client_leaves_ends_and_leaves_nothing() {
    let store = Store::with_quota(100 << 20).await;
    let other = store.another_space("other").await;
    store.mkcol("a").await.unwrap();
    store.put("a/1", &bytes(1, 100_000)).await.unwrap();
    store.put("a/2", &bytes(2, 40 << 20)).await.unwrap();
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let begin = async |change, to: &str| {
        let (overwrite, depth) = (Overwrite::Forbid, Depth::Infinity);
        store.library.begin_copy(change, &path("a"), &there, &path(to), overwrite, depth).await
    };
    let Transfer::Carry(mut carry) = begin(store.change(), "a").await.unwrap() else { panic!("not carried") };
    assert!(carry.copy_some().await.unwrap(), "the large file is not copied yet");
    assert_eq!((store.containers_of(&other).len(), store.parts().len()), (1, 1));

    // The same person waits for this one; another one does not.
    let again = {
        let (library, change) = (store.library.clone(), store.change());
        let (overwrite, depth) = (Overwrite::Forbid, Depth::Infinity);
        tokio::spawn(async move {
            library.copy_entry(change, &path("a"), &there, &path("again"), overwrite, depth).await
        })
    };
    let colleague = store.another_user("colleague").await;
    let change = tresor::library::Change { actor: Actor::user(colleague), ..store.change() };
    begin(change, "colleague").await.unwrap().complete(NOW).await.unwrap();
    assert!(!again.is_finished());
    assert_eq!(store.containers_of(&other).len(), 3);

    drop(carry);
    again.await.unwrap().unwrap();
    let is_removed = async {
        while store.containers_of(&other).len() > 4 || !store.parts().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let removed = tokio::time::timeout(std::time::Duration::from_mins(1), is_removed).await;
    assert!(removed.is_ok(), "what was copied stays");
    let names = store.members(&there, &EntryPath::root()).await;
    assert_eq!(names.len(), 2, "the one that was left is not there");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_not_committed_before_it_is_whole() {
    let store = Store::new().await;
    let other = store.another_space("other").await;
    store.put("a", &bytes(2, 20 << 20)).await.unwrap();
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let (overwrite, depth) = (Overwrite::Forbid, Depth::Infinity);
    let begun =
        store.library.begin_copy(store.change(), &path("a"), &there, &path("a"), overwrite, depth).await;
    let Transfer::Carry(mut carry) = begun.unwrap() else { panic!("not carried") };
    assert!(carry.copy_some().await.unwrap());
    assert!(matches!(carry.commit(NOW).await, Err(LibraryError::Interrupted)));
    assert!(store.containers_of(&other).is_empty());
    store.check();
}

/// Entries of [`large_folder`]: more than one step writes.
const LARGE: usize = 25 * 101 + 1;

/// A folder `large`, of contents that its files share, in a space with another one beside it.
async fn large_folder() -> (Store, tresor::library::Space) {
    let store = Store::new().await;
    let other = store.another_space("other").await;
    for folder in ["large", "large/0"] {
        store.mkcol(folder).await.unwrap();
    }
    for file in 0..100 {
        store.put(&format!("large/0/{file}"), format!("content {file}").as_bytes()).await.unwrap();
    }
    for folder in 1..25 {
        store.copy("large/0", &format!("large/{folder}")).await.unwrap();
    }
    (store, other)
}

fn count(store: &Store, sql: &str) -> usize {
    store.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

fn entries(store: &Store) -> usize {
    // Without the tops of both spaces.
    count(store, "SELECT count(*) FROM entries") - 2
}

async fn begin(store: &Store, other: &tresor::library::Space, kind: &str) -> Box<Carry> {
    let (from, there, to) =
        (path("large"), Access::granted(other.id, Right::Write, UserId(1)), path("there"));
    let (change, overwrite) = (store.change(), Overwrite::Forbid);
    let begun = match kind {
        "move" => store.library.begin_move(change, &from, &there, &to, overwrite).await,
        _ => store.library.begin_copy(change, &from, &there, &to, overwrite, Depth::Infinity).await,
    };
    let Transfer::Carry(carry) = begun.unwrap() else { panic!("not carried") };
    carry
}

/// Goes on until some of the rows are written, those of all containers among them.
async fn begin_to_grow(store: &Store, other: &tresor::library::Space, kind: &str) -> Box<Carry> {
    let mut carry = begin(store, other, kind).await;
    while count(store, "SELECT count(*) FROM containers") < 200 {
        assert!(carry.copy_some().await.unwrap(), "not in one step");
    }
    carry
}

/// The rows of a copy into another space were one transaction, for which all others waited: over a second for 50,000
/// entries. Now they are written in steps, and only the last makes them visible and, of a move, takes the source
/// away. Upkeep, sweep and verification in between neither remove them nor find fault with them.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_tree_arrives_in_another_space_as_a_whole() {
    for kind in ["copy", "move"] {
        let (store, other) = large_folder().await;
        let there = Access::granted(other.id, Right::Write, UserId(1));
        let mut carry = begin(&store, &other, kind).await;
        let (mut before, mut steps) = (LARGE, 0);
        while carry.copy_some().await.unwrap() {
            let now = entries(&store);
            assert!(now - before <= 1_000, "{} entries at once", now - before);
            steps += usize::from(now > before);
            before = now;
            assert!(store.members(&there, &EntryPath::root()).await.is_empty(), "seen before it is whole");
            assert_eq!(store.names("large").await.len(), 25);
            store.library.upkeep(NOW).await.unwrap();
            if count(&store, "SELECT count(*) FROM containers") == 200 {
                store.check();
            }
        }
        assert!(steps >= 2);
        assert_eq!(entries(&store), 2 * LARGE);
        store.library.sweep(days(2)).await.unwrap();
        store.check_all().await;

        let arrived = carry.commit(NOW).await.unwrap();
        assert!(arrived.created);
        assert_eq!(arrived.entry.size, 25 * (10 * 9 + 90 * 10));
        assert_eq!(store.read_from(&there, "there/24/99", None).await.unwrap(), b"content 99");
        assert_eq!(store.names("").await.len(), usize::from(kind == "copy"));
        assert_eq!(store.library.trash(&store.access()).await.unwrap().len(), usize::from(kind == "move"));
        assert!(store.library.trash(&there).await.unwrap().is_empty());
        store.library.upkeep(NOW).await.unwrap();
        assert_eq!(entries(&store), 2 * LARGE);
        store.check_all().await;
    }
}

/// The client leaves, or the power goes, while the rows of a move are written, or when all of them are there: the
/// source is whole, and nothing of the rest is left after the next upkeep.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_move_that_is_broken_off_leaves_the_source_and_nothing_else() {
    for is_power_cut in [false, true] {
        let (mut store, other) = large_folder().await;
        for is_whole in [false, true] {
            let mut carry = begin_to_grow(&store, &other, "move").await;
            while is_whole && carry.copy_some().await.unwrap() {}
            if is_power_cut {
                // Everything in memory is gone, and nothing is cleaned up.
                std::mem::forget(carry);
                store = store.reopen().await;
            } else {
                drop(carry);
            }
            store.check_all().await;
            let there = Access::granted(other.id, Right::Write, UserId(1));
            assert!(store.members(&there, &EntryPath::root()).await.is_empty());
            store.library.upkeep(NOW).await.unwrap();
            assert_eq!((entries(&store), store.containers_of(&other).len()), (LARGE, 0));
            assert_eq!(store.read("large/24/99").await.unwrap(), b"content 99");
            store.check_all().await;
        }
    }
}

/// A client saves into a folder while its move into another space is written. A move that went on would leave the new
/// file in the trash, so it is refused and nothing has moved. A copy holds the files that were there when its rows were begun.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_while_a_tree_is_moved_into_another_space_is_not_left_behind() {
    let (store, other) = large_folder().await;
    let there = Access::granted(other.id, Right::Write, UserId(1));
    let mut carry = begin_to_grow(&store, &other, "move").await;
    store.put("large/24/99", b"saved meanwhile").await.unwrap();
    while carry.copy_some().await.unwrap() {}
    let refused = carry.commit(NOW).await;
    assert!(matches!(refused, Err(LibraryError::PreconditionFailed)), "{refused:?}");
    assert_eq!(store.read("large/24/99").await.unwrap(), b"saved meanwhile");
    store.library.upkeep(NOW).await.unwrap();
    assert_eq!((entries(&store), store.containers_of(&other).len()), (LARGE, 0));

    let mut carry = begin_to_grow(&store, &other, "copy").await;
    store.put("large/new", b"new").await.unwrap();
    while carry.copy_some().await.unwrap() {}
    carry.commit(NOW).await.unwrap();
    assert_eq!(store.read_from(&there, "there/24/99", None).await.unwrap(), b"saved meanwhile");
    assert!(store.read_from(&there, "there/new", None).await.is_err());
    store.check_all().await;
}

/// A folder's own properties change without a new revision of it: one that is set while its move is written comes
/// along.
#[tokio::test(flavor = "multi_thread")]
async fn a_property_that_is_set_while_a_tree_is_moved_into_another_space_comes_along() {
    let (store, other) = large_folder().await;
    let mut carry = begin_to_grow(&store, &other, "move").await;
    let color = PropertyName::new("urn:x", "color");
    let set = PropertyChange::Set { name: color, xml: "<c xmlns='urn:x'>red</c>".into() };
    store.library.change_properties(store.change(), &path("large"), vec![set]).await.unwrap();
    while carry.copy_some().await.unwrap() {}
    carry.commit(NOW).await.unwrap();
    let here =
        "SELECT count(*) FROM properties JOIN entries ON entries.id = entry_id WHERE parent_id IS NOT NULL";
    assert_eq!(count(&store, here), 1);
    store.check_all().await;
}
