//! Files that come back to a name which they left a moment ago: programs that save by moving the old file away
//! rely on it.

use std::time::Duration;

use tresor::library::{LockRequest, NewFile, Overwrite, PropertyChange};
use tresor::model::{
    Access, Actor, Depth, EntryId, LockScope, PropertyName, Right, Stamp, Timestamp, UserId,
};

use crate::library::store::{NOW, Store, path};
use crate::library::uploads::{chunked, to};

/// This many seconds after `NOW`.
fn at(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1_000)
}

/// An office's file that is older than any temporary one, with its id.
async fn drawing(store: &Store) -> EntryId {
    let made = store.put_by(store.change_at(at(-600)), "Plan.dwg", b"first").await.unwrap();
    made.entry.id
}

impl Store {
    async fn mv_at(&self, now: Timestamp, from: &str, to: &str) -> EntryId {
        let (change, access) = (self.change_at(now), self.access());
        let (from, to) = (path(from), path(to));
        let moved = self.library.move_entry(change, &from, &access, &to, Overwrite::Allow).await.unwrap();
        moved.entry.id
    }

    async fn delete_at(&self, now: Timestamp, name: &str) {
        self.library.delete(self.change_at(now), &path(name)).await.unwrap();
    }

    async fn id(&self, name: &str) -> EntryId {
        self.entry(name).await.unwrap().id
    }

    /// All contents, the present one first.
    async fn history(&self, name: &str) -> Vec<String> {
        let mut contents = Vec::new();
        for version in self.library.versions(&self.access(), &path(name)).await.unwrap() {
            let read = self.read_from(&self.access(), name, Some(version.id)).await.unwrap();
            contents.push(String::from_utf8(read).unwrap());
        }
        contents
    }

    async fn trashed(&self) -> Vec<String> {
        self.library.trash(&self.access()).await.unwrap().into_iter().map(|item| item.path).collect()
    }
}

/// A CAD program moved the drawing to `.bak` and stored the new one: the drawing had another id and no history.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_back_to_the_name_that_is_filled_again() {
    for way in ["put", "move", "copy"] {
        let store = Store::new().await;
        let id = drawing(&store).await;
        store.put_by(store.change_at(at(-300)), "Plan.dwg", b"second").await.unwrap();
        store.put_by(store.change_at(at(0)), "new", b"third").await.unwrap();
        assert_eq!(store.mv_at(at(1), "Plan.dwg", "Plan.bak").await, id);
        let change = store.change_at(at(2));
        let (from, to, access) = (path("new"), path("Plan.dwg"), store.access());
        let created = match way {
            "put" => store.put_by(change, "Plan.dwg", b"third").await.unwrap().created,
            "move" => {
                let forbid = Overwrite::Forbid;
                store.library.move_entry(change, &from, &access, &to, forbid).await.unwrap().created
            }
            _ => {
                let (forbid, depth) = (Overwrite::Forbid, Depth::Infinity);
                store.library.copy_entry(change, &from, &access, &to, forbid, depth).await.unwrap().created
            }
        };
        assert!(created, "{way}: there was nothing under the name");
        assert_eq!(store.id("Plan.dwg").await, id, "{way}");
        assert_eq!(store.history("Plan.dwg").await, ["third", "second", "first"], "{way}");
        assert_ne!(store.id("Plan.bak").await, id, "{way}");
        assert_eq!(store.history("Plan.bak").await, ["second"], "{way}");
        assert!(store.trashed().await.is_empty(), "{way}");
        store.check();
    }
}

/// A password manager deletes the old file first. The deleted file lies in the trash as before.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_comes_back_and_leaves_a_copy_in_the_trash() {
    let store = Store::new().await;
    let id = drawing(&store).await;
    store.delete_at(at(0), "Plan.dwg").await;
    assert!(store.put_by(store.change_at(at(5)), "Plan.dwg", b"second").await.unwrap().created);
    assert_eq!(store.id("Plan.dwg").await, id);
    assert_eq!(store.history("Plan.dwg").await, ["second", "first"]);
    assert_eq!(store.trashed().await, ["Plan.dwg"]);
    store.check();
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    store.library.restore(store.change_at(at(9)), item.entry).await.unwrap();
    assert_eq!(store.read("Plan (2).dwg").await.unwrap(), b"first");
    store.check();
}

/// The backup of the last save is there already: the drawing was moved over it, which ended its id and history,
/// and every further save made the drawing a new file.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_moved_over_another_comes_back_too() {
    let store = Store::new().await;
    let id = drawing(&store).await;
    let backup = store.put_by(store.change_at(at(-600)), "Plan.bak", b"older").await.unwrap().entry.id;
    let mut expected = vec!["first".to_owned()];
    for (round, content) in (0..).zip(["second", "third", "fourth"]) {
        let now = at(round * 10);
        assert_eq!(store.mv_at(now, "Plan.dwg", "Plan.bak").await, backup);
        // Other removals meanwhile change nothing.
        store.library.upkeep(now).await.unwrap();
        store.check_all().await;
        store.put_by(store.change_at(at(round * 10 + 1)), "new", content.as_bytes()).await.unwrap();
        assert_eq!(store.mv_at(at(round * 10 + 2), "new", "Plan.dwg").await, id, "{content}");
        assert_eq!(store.read("Plan.bak").await.unwrap(), expected[0].as_bytes());
        expected.insert(0, content.to_owned());
        assert_eq!(store.history("Plan.dwg").await, expected);
        store.check();
    }
    assert_eq!(store.history("Plan.bak").await, ["third", "second", "first", "older"]);
    assert!(store.trashed().await.is_empty());
}

/// A rename over another file that nothing follows: the history of both is the one file's in the end.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_moved_over_a_file_leaves_it_its_history() {
    let store = Store::new().await;
    drawing(&store).await;
    store.put_by(store.change_at(at(-300)), "Plan.dwg", b"second").await.unwrap();
    let there = store.put_by(store.change_at(at(-200)), "Final.dwg", b"other").await.unwrap().entry.id;
    assert_eq!(store.mv_at(at(0), "Plan.dwg", "Final.dwg").await, there);
    assert_eq!(store.read("Final.dwg").await.unwrap(), b"second");
    assert!(store.trashed().await.is_empty());
    store.library.upkeep(at(1_000)).await.unwrap();
    assert_eq!(store.history("Final.dwg").await, ["second", "other", "first"]);
    store.check();
    // A temporary file that was written twice is none that anybody waits for.
    store.put_by(store.change_at(at(2_000)), "new", b"third").await.unwrap();
    store.put_by(store.change_at(at(2_001)), "new", b"fourth").await.unwrap();
    assert_eq!(store.mv_at(at(2_002), "new", "Final.dwg").await, there);
    assert_eq!(store.history("Final.dwg").await, ["fourth", "third", "second", "other", "first"]);
    let rows: i64 = store.database().query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 2, "the top folder and the file");
    store.check();
}

/// Where the rule does not apply, the old file keeps its id, and the name gets a new entry.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_does_not_come_back_for_others_or_later_or_after_a_change() {
    for case in
        ["late", "other person", "other name", "other folder", "changed", "locked", "purged", "elsewhere"]
    {
        let store = Store::new().await;
        let id = drawing(&store).await;
        let other = store.another_user("other").await;
        store.mkcol("folder").await.unwrap();
        store.mv_at(at(0), "Plan.dwg", "Old.dwg").await;
        let (mut change, mut name) = (store.change_at(at(60)), "Plan.dwg");
        match case {
            "late" => change.now = at(61),
            "other person" => change.actor = Actor::user(other),
            "other name" => name = "plan.dwg",
            "other folder" => name = "folder/Plan.dwg",
            "changed" => drop(store.put_by(store.change_at(at(1)), "Old.dwg", b"edited").await.unwrap()),
            "locked" => {
                let request = LockRequest {
                    scope: LockScope::Exclusive,
                    is_deep: false,
                    owner: String::new(),
                    timeout: Duration::from_mins(5),
                };
                store.library.lock(store.change_at(at(1)), &path("Old.dwg"), request).await.unwrap();
            }
            "purged" => {
                store.delete_at(at(1), "Old.dwg").await;
                store.library.purge(&store.access(), Stamp::owner(NOW), id).await.unwrap();
            }
            _ => {
                // In another space its copies are other files; the original lies in the trash and comes back.
                let space = store.another_space("other").await;
                let there = Access::granted(space.id, Right::Manage, UserId(1));
                let (from, to) = (path("Old.dwg"), path("Old.dwg"));
                let change = store.change_at(at(1));
                store.library.move_entry(change, &from, &there, &to, Overwrite::Forbid).await.unwrap();
            }
        }
        let stored = store.put_by(change, name, b"unrelated").await.unwrap();
        assert!(stored.created, "{case}");
        assert_eq!(stored.entry.id == id, case == "elsewhere", "{case}");
        assert_eq!(store.read(name).await.unwrap(), b"unrelated", "{case}");
        match case {
            "changed" => assert_eq!(store.history("Old.dwg").await, ["edited", "first"]),
            "purged" => {}
            "elsewhere" => assert_eq!(store.trashed().await, ["Old.dwg"]),
            _ => assert_eq!(store.id("Old.dwg").await, id, "{case}"),
        }
        store.check();
    }
}

/// A plain rename and then an unrelated file under the old name: both lie where they were put.
#[tokio::test(flavor = "multi_thread")]
async fn a_rename_and_an_unrelated_file_lose_nothing() {
    let store = Store::new().await;
    drawing(&store).await;
    let color = PropertyName::new("urn:x", "color");
    let set = PropertyChange::Set { name: color, xml: "<c xmlns='urn:x'>red</c>".into() };
    store.library.change_properties(store.change(), &path("Plan.dwg"), vec![set]).await.unwrap();
    let before = store.entry("Plan.dwg").await.unwrap();
    store.mv_at(at(1), "Plan.dwg", "Old.dwg").await;
    store.put_by(store.change_at(at(2)), "Plan.dwg", b"unrelated").await.unwrap();
    assert_eq!(store.read("Old.dwg").await.unwrap(), b"first");
    assert_eq!(store.read("Plan.dwg").await.unwrap(), b"unrelated");
    let renamed = store.library.member(&store.access(), &path("Old.dwg"), at(3)).await.unwrap();
    assert_eq!((renamed.entry.created, renamed.entry.modified), (before.created, before.modified));
    assert_eq!(renamed.properties.len(), 1);
    // And back again, as an undo does.
    store.delete_at(at(4), "Plan.dwg").await;
    store.mv_at(at(5), "Old.dwg", "Plan.dwg").await;
    assert_eq!(store.read("Plan.dwg").await.unwrap(), b"first");
    assert!(store.trashed().await.contains(&"Plan.dwg".to_owned()));
    store.check();
    store.library.upkeep(at(5_000)).await.unwrap();
    store.check();
}

/// Over a slow line a save takes minutes: the moment counts at which it began. Chunks go the same way.
#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_counts_from_its_beginning() {
    let store = Store::new().await;
    let id = drawing(&store).await;
    store.mv_at(at(0), "Plan.dwg", "Plan.bak").await;
    let file = NewFile { path: path("Plan.dwg"), size: None, modified: None, checksum: None };
    let mut session = store.library.begin_put(store.change_at(at(30)), file).await.unwrap();
    session.write("second".into()).await.unwrap();
    assert_eq!(session.commit(at(600)).await.unwrap().entry.id, id);

    store.mv_at(at(700), "Plan.dwg", "Plan (2).bak").await;
    let new = chunked(None);
    let upload = store.uploads.create(store.change_at(at(710)), new).await.unwrap().id;
    store.send_chunk(upload, "1", b"third").await.unwrap();
    let finished = store.uploads.finish(store.change_at(at(1_300)), upload, to("Plan.dwg")).await;
    assert_eq!(finished.unwrap().entry.id, id);
    assert_eq!(store.history("Plan.dwg").await, ["third", "second", "first"]);
    store.check_all().await;
}
