//! Contents that are withheld: each viewer's view of them, that no copy sets them free, and that nothing but their
//! state ends it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tresor::library::{Change, LibraryError, LockRequest, Overwrite, SpaceSettings, Transfer, Visibility};
use tresor::model::{
    Access, Actor, ByteSize, Conditions, Depth, EntryId, LockScope, Right, Stamp, UserId, VersionId,
    VersionState, Worker,
};

use crate::library::store::{NOW, Store, days, path};
use crate::support::content::{bytes, files_below};

use VersionState::{Held, Quarantined, Restricted, Visible};

/// The second account of [`store`].
const OTHER: UserId = UserId(2);

/// All states but `Visible`.
pub fn withheld_states() -> impl Iterator<Item = VersionState> {
    VersionState::ALL.iter().copied().filter(|state| *state != Visible)
}

/// A store with another user, who manages the space too.
async fn store() -> Store {
    let store = Store::new().await;
    assert_eq!(store.another_user("other").await, OTHER);
    store
}

impl Store {
    fn access_of(&self, user: UserId) -> Access {
        Access::granted(self.space.id, Right::Manage, user)
    }

    fn worker(&self) -> Access {
        self.library.as_worker(Worker::Upkeep, self.space.id)
    }

    /// The author of the contents, another user, the owner, and a worker.
    fn viewers(&self) -> [(&'static str, Access); 4] {
        [
            ("author", self.access_of(self.user)),
            ("other", self.access_of(OTHER)),
            ("owner", Access::granted_to_owner(self.space.id)),
            ("worker", self.worker()),
        ]
    }

    /// A change with this right by the author of the contents.
    fn change_of(&self, access: Access) -> Change {
        let actor = Actor::user(self.user);
        Change { access, actor, now: NOW, conditions: Conditions::default() }
    }

    fn change_of_author(&self) -> Change {
        self.change_of(self.access_of(self.user))
    }

    fn change_of_other(&self) -> Change {
        Change { actor: Actor::user(OTHER), ..self.change_of(self.access_of(OTHER)) }
    }

    async fn put_as_author(&self, at: &str, content: &[u8]) -> VersionId {
        self.put_by(self.change_of_author(), at, content).await.unwrap().entry.version().unwrap()
    }

    async fn current(&self, at: &str) -> VersionId {
        self.library.find(&self.worker(), &path(at)).await.unwrap().version().unwrap()
    }

    async fn set(&self, version: VersionId, state: VersionState) {
        self.library.set_version_state(Stamp::owner(NOW), self.space.id, version, state).await.unwrap();
    }

    /// The states of all contents of a file, newest first.
    async fn states(&self, at: &str) -> Vec<VersionState> {
        let versions = self.library.versions(&self.worker(), &path(at)).await.unwrap();
        versions.into_iter().map(|version| version.state).collect()
    }

    /// Panics unless the name is taken by a file that others cannot see.
    #[track_caller]
    fn assert_hidden(&self, at: &'static str) -> impl Future<Output = ()> {
        let location = std::panic::Location::caller();
        async move {
            let other = self.access_of(OTHER);
            let found = self.library.find(&other, &path(at)).await;
            assert!(matches!(found, Err(LibraryError::NotFound)), "{location}: {found:?}");
            let read = self.read_from(&other, at, None).await;
            assert!(matches!(read, Err(LibraryError::NotFound)), "{location}: {read:?}");
            let put = self.put_by(self.change_of_other(), at, b"x").await;
            assert!(matches!(put, Err(LibraryError::Withheld)), "{location}: {put:?}");
        }
    }
}

/// Whether the author and the owner still see that a content of this state exists.
fn is_listed(state: VersionState) -> bool {
    state != Restricted
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_has_no_withheld_content_whoever_asks() {
    let store = store().await;
    let (secret, root) = (store.put_as_author("secret", b"secret").await, path(""));
    store.put_as_author("open", b"open").await;
    let library = &store.library;
    for state in withheld_states() {
        let before = library.tree(&store.access_of(OTHER), &root).await.unwrap();
        let file =
            before.nodes.iter().find(|node| before.name(node) == "secret").unwrap().file.clone().unwrap();
        let wanted = [(file.node, 0)];
        for (who, access) in store.viewers() {
            assert_eq!(library.open_nodes(&access, &wanted).await.unwrap().len(), 1, "{who}");
        }
        store.set(secret, state).await;
        for (who, access) in store.viewers() {
            let what = format!("{state}, {who}");
            let tree = library.tree(&access, &root).await.unwrap();
            let names: Vec<_> = tree.nodes.iter().map(|node| tree.name(node)).collect();
            assert_eq!(names, ["open"], "{what}");
            assert_eq!(tree.held, usize::from(state == Held), "{what}");
            let files = library.tree_files(&access, &root).await.unwrap().unwrap();
            assert_eq!((files.count, files.bytes), (1, 4), "{what}");
            let opened = library.open_nodes(&access, &wanted).await.map(drop);
            assert!(matches!(opened, Err(LibraryError::Withheld)), "{what}: {opened:?}");
        }
        store.set(secret, Visible).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_content_is_as_visible_as_its_state_says() {
    let store = store().await;
    let old = store.put_as_author("a", b"old").await;
    store.put_as_author("a", b"new").await;
    let (library, file) = (&store.library, path("a"));
    for state in withheld_states() {
        for (_, access) in store.viewers() {
            assert_eq!(store.read_from(&access, "a", Some(old)).await.unwrap(), b"old");
        }
        store.set(old, state).await;
        for (who, access) in store.viewers() {
            let what = format!("{state}, {who}");
            let versions = library.versions(&access, &file).await.unwrap();
            let listed = versions.iter().find(|version| version.id == old);
            let read = store.read_from(&access, "a", Some(old)).await;
            assert_eq!(store.read_from(&access, "a", None).await.unwrap(), b"new", "{what}");
            match who {
                "worker" => {
                    assert!(listed.is_some_and(|version| !version.checksums.is_empty()), "{what}");
                    assert_eq!(read.unwrap(), b"old", "{what}");
                    continue;
                }
                "author" | "owner" if is_listed(state) => {
                    assert!(listed.is_some_and(|version| version.checksums.is_empty()), "{what}");
                    assert!(matches!(read, Err(LibraryError::Withheld)), "{what}: {read:?}");
                    let restored = library.restore_version(store.change_of(access), &file, old).await;
                    assert!(matches!(restored, Err(LibraryError::Withheld)), "{what}: {restored:?}");
                }
                _ => {
                    assert!(listed.is_none(), "{what}");
                    assert!(matches!(read, Err(LibraryError::NotFound)), "{what}: {read:?}");
                    let restored = library.restore_version(store.change_of(access), &file, old).await;
                    assert!(matches!(restored, Err(LibraryError::NoSuchVersion)), "{what}: {restored:?}");
                }
            }
            let seen = library.visibility(access.viewer(), old).await.unwrap();
            assert_ne!(seen, Visibility::Full, "{what}");
        }
        store.set(old, Visible).await;
    }
    assert_eq!(store.states("a").await, [Visible, Visible]);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_opened_before_is_asked_about_again() {
    let store = store().await;
    let version = store.put_as_author("a", &bytes(1, 100_000)).await;
    let content = store.open("a").await.unwrap();
    let (author, other) = (store.access_of(store.user).viewer(), store.access_of(OTHER).viewer());
    assert_eq!(content.visibility(other).await.unwrap(), Visibility::Full);
    store.set(version, Quarantined).await;
    assert_eq!(content.visibility(author).await.unwrap(), Visibility::Listed);
    assert_eq!(content.visibility(other).await.unwrap(), Visibility::Hidden);
    assert_eq!(content.visibility(store.worker().viewer()).await.unwrap(), Visibility::Full);
    // The content that was replaced and removed for good was not withheld.
    store.set(version, Visible).await;
    store.put_as_author("a", b"next").await;
    store.library.upkeep(days(400)).await.unwrap();
    assert_eq!(content.visibility(other).await.unwrap(), Visibility::Full);
}

/// A sync client finds by the folder's ETag that a file has appeared or is gone, and by the file's own that it need
/// not fetch the content again.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_changes_with_the_state_of_a_file_in_it() {
    let store = store().await;
    store.mkcol("d").await.unwrap();
    let old = store.put_as_author("d/f", b"old").await;
    let version = store.put_as_author("d/f", b"new").await;
    for (version, state, is_told) in [
        (version, Held, true),
        (version, Quarantined, true),
        (version, Quarantined, false),
        (version, Visible, true),
        (old, Held, false),
    ] {
        let before = (store.entry("d").await.unwrap().etag, store.entry("d/f").await.unwrap().etag);
        store.set(version, state).await;
        let after = (store.entry("d").await.unwrap().etag, store.entry("d/f").await.unwrap().etag);
        assert_eq!((before.0 != after.0, before.1 == after.1), (is_told, true), "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trash_shows_and_gives_back_only_what_one_may_see() {
    let store = store().await;
    store.mkcol("d").await.unwrap();
    let (alone, inside) =
        (store.put_as_author("f", b"alone").await, store.put_as_author("d/f", b"inside").await);
    store.put_as_author("d/g", b"beside").await;
    let (file, folder) = (store.entry("f").await.unwrap().id, store.entry("d").await.unwrap().id);
    store.delete("f").await.unwrap();
    store.delete("d").await.unwrap();
    let items = async |access: &Access| -> Vec<EntryId> {
        store.library.trash(access).await.unwrap().into_iter().map(|item| item.entry).collect()
    };
    for state in withheld_states() {
        store.set(alone, state).await;
        store.set(inside, state).await;
        for (who, access) in store.viewers() {
            let is_shown = who == "worker" || who != "other" && is_listed(state);
            assert_eq!(items(&access).await.contains(&file), is_shown, "{state}, {who}");
            assert!(items(&access).await.contains(&folder), "{state}, {who}: folders are visible");
            if is_shown {
                continue;
            }
            let change = store.change_of(access);
            let restored = store.library.restore(change, file).await;
            assert!(matches!(restored, Err(LibraryError::NotInTrash)), "{state}, {who}: {restored:?}");
            let purged = store.library.purge(&access, Stamp::owner(NOW), file).await;
            assert!(matches!(purged, Err(LibraryError::NotInTrash)), "{state}, {who}: {purged:?}");
            let purged = store.library.purge(&access, Stamp::owner(NOW), folder).await;
            assert!(matches!(purged, Err(LibraryError::Withheld)), "{state}, {who}: {purged:?}");
        }
        // The folder comes back with everything, and hidden files in it stay hidden.
        store.library.restore(store.change_of_other(), folder).await.unwrap();
        assert_eq!(store.states("d/f").await, [state]);
        store.assert_hidden("d/f").await;
        store.delete("d").await.unwrap();
    }
    // The owner may remove a file that he may know of.
    store.set(alone, Held).await;
    let owner = Access::granted_to_owner(store.space.id);
    store.library.purge(&owner, Stamp::owner(NOW), file).await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_time_nor_the_limit_of_the_past_removes_a_withheld_content() {
    for state in withheld_states() {
        let store = store().await;
        let old = store.put_as_author("a", &bytes(1, 1_000)).await;
        store.put_as_author("a", b"new").await;
        store.mkcol("d").await.unwrap();
        let deleted = store.put_as_author("d/f", &bytes(2, 1_000)).await;
        store.set(old, state).await;
        store.set(deleted, state).await;
        store.delete("d").await.unwrap();

        let kept = store.library.upkeep(days(400)).await.unwrap();
        assert_eq!((kept.versions, kept.trash), (0, 0), "{state}");
        let settings = SpaceSettings { history: Some(ByteSize(1)), ..SpaceSettings::default() };
        store.library.set_space_settings(store.space.id, settings, Stamp::owner(NOW)).await.unwrap();
        let put = store.put("b", b"x").await;
        assert!(matches!(put, Err(LibraryError::HistoryFull)), "{state}: {put:?}");
        assert_eq!(store.states("a").await, [Visible, state], "{state}");
        assert_eq!(store.library.trash(&store.worker()).await.unwrap().len(), 1, "{state}");

        store.set(old, Visible).await;
        store.set(deleted, Visible).await;
        store.put("b", b"x").await.unwrap();
        assert_eq!(store.states("a").await, [Visible], "{state}");
        assert!(store.library.trash(&store.worker()).await.unwrap().is_empty(), "{state}");
        store.check();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_copy_sets_a_withheld_content_free() {
    let store = store().await;
    let there = store.another_space("other").await;
    let there = Access::granted(there.id, Right::Manage, OTHER);
    // More entries than one transaction copies.
    store.mkcol("d").await.unwrap();
    for number in 0..9 {
        store.put_as_author(&format!("d/{number}"), b"x").await;
    }
    store.mkcol("big").await.unwrap();
    for number in 0..110 {
        store.copy("d", &format!("big/{number}")).await.unwrap();
    }
    let (file, large) = (store.put_as_author("d/f", b"withheld").await, store.current("big/50/3").await);
    let containers = store.containers();
    for state in withheld_states() {
        for version in [file, large] {
            store.set(version, state).await;
        }
        for (who, access) in store.viewers().into_iter().filter(|(who, _)| *who != "worker") {
            let change = || store.change_of(access);
            for from in ["d", "big"] {
                for (to, there) in [(&access, "copy"), (&there, "copy")] {
                    let copied = store
                        .library
                        .copy_entry(
                            change(),
                            &path(from),
                            to,
                            &path(there),
                            Overwrite::Forbid,
                            Depth::Infinity,
                        )
                        .await;
                    assert!(matches!(copied, Err(LibraryError::Withheld)), "{state}, {who}: {copied:?}");
                }
                let moved = store
                    .library
                    .move_entry(change(), &path(from), &there, &path("copy"), Overwrite::Forbid)
                    .await;
                assert!(matches!(moved, Err(LibraryError::Withheld)), "{state}, {who}: {moved:?}");
            }
            for depth in [Depth::Zero, Depth::Infinity] {
                let copied = store
                    .library
                    .copy_entry(change(), &path("d/f"), &access, &path("copy"), Overwrite::Forbid, depth)
                    .await;
                let is_refused = match copied {
                    Err(LibraryError::Withheld) => who != "other" && is_listed(state),
                    Err(LibraryError::NotFound) => who == "other" || !is_listed(state),
                    _ => false,
                };
                assert!(is_refused, "{state}, {who}: {copied:?}");
            }
        }
        let copied = store
            .library
            .copy_entry(
                store.change_of_other(),
                &path("d"),
                &store.access_of(OTHER),
                &path("empty"),
                Overwrite::Forbid,
                Depth::Zero,
            )
            .await;
        assert_eq!(copied.unwrap().entry.size, 0, "a folder alone has no content");
        store.delete("empty").await.unwrap();
        // Inside the space it moves along, and stays as it is.
        store
            .library
            .move_entry(
                store.change_of_other(),
                &path("d"),
                &store.access_of(OTHER),
                &path("moved"),
                Overwrite::Forbid,
            )
            .await
            .unwrap();
        assert_eq!(store.states("moved/f").await, [state]);
        store.assert_hidden("moved/f").await;
        store.mv("moved", "d").await.unwrap();
    }
    assert_eq!(store.names("").await, ["big", "d"]);
    assert!(store.members(&there, &path("")).await.is_empty());
    store.library.upkeep(NOW).await.unwrap();
    assert_eq!(store.containers(), containers, "nothing is left of the copies");
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_fails_if_its_source_is_withheld_before_it_is_done() {
    let store = store().await;
    let space = store.another_space("other").await;
    let there = Access::granted(space.id, Right::Manage, OTHER);
    store.mkcol("d").await.unwrap();
    let file = store.put_as_author("d/f", &bytes(1, 200_000)).await;
    for is_copied in [false, true] {
        let change = store.change_of_other();
        let (from, to) = (path("d"), path("c"));
        let begun =
            store.library.begin_copy(change, &from, &there, &to, Overwrite::Forbid, Depth::Infinity).await;
        let Transfer::Carry(mut carry) = begun.unwrap() else { panic!("into another space") };
        while is_copied && carry.copy_some().await.unwrap() {}
        store.set(file, Held).await;
        let ended = match is_copied {
            true => carry.commit(NOW).await.map(drop),
            false => loop {
                match carry.copy_some().await {
                    Ok(true) => {}
                    ended => break ended.map(drop),
                }
            },
        };
        assert!(matches!(ended, Err(LibraryError::Withheld)), "{is_copied}: {ended:?}");
        assert!(store.members(&there, &path("")).await.is_empty());
        store.set(file, Visible).await;
    }
    store.library.upkeep(NOW).await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_stays_withheld_wherever_it_goes() {
    for state in [Held, Quarantined] {
        let store = store().await;
        let author = store.access_of(store.user);
        store.put_as_author("f", b"withheld").await;
        store.put_by(store.change_of_other(), "target", b"target").await.unwrap();
        let version = store.current("f").await;
        store.set(version, state).await;
        let store = store.reopen().await;
        store.assert_hidden("f").await;

        // Its author may go on working with the name.
        let rename = async |from: &str, to: &str| {
            let change = store.change_of_author();
            store.library.move_entry(change, &path(from), &author, &path(to), Overwrite::Allow).await.unwrap()
        };
        rename("f", "g").await;
        store.assert_hidden("g").await;
        assert!(matches!(store.library.find(&author, &path("f")).await, Err(LibraryError::NotFound)));
        // Another file's new content, as when a program saves by renaming.
        rename("g", "target").await;
        store.assert_hidden("target").await;
        assert_eq!(store.states("target").await[0], state);
        assert!(!store.library.find(&author, &path("target")).await.unwrap().is_readable);
        store.library.delete(store.change_of_author(), &path("target")).await.unwrap();
        let item = store.library.trash(&author).await.unwrap()[0].entry;
        store.library.restore(store.change_of_author(), item).await.unwrap();
        store.assert_hidden("target").await;

        // A new content is one of its own; the withheld one is an earlier version now.
        store.put_as_author("target", b"next").await;
        assert_eq!(store.read_from(&store.access_of(OTHER), "target", None).await.unwrap(), b"next");
        let seen = store.library.versions(&store.access_of(OTHER), &path("target")).await.unwrap();
        assert!(seen.iter().all(|version| version.state == Visible), "{state}");
        let states = store.states("target").await;
        assert_eq!((states[0], states[1]), (Visible, state));
        // A worker that makes it current again, or copies it, does not release it.
        let withheld = store.library.versions(&store.worker(), &path("target")).await.unwrap()[1].id;
        let change = store.change_of(store.worker());
        store.library.restore_version(change, &path("target"), withheld).await.unwrap();
        store.assert_hidden("target").await;
        let space = store.another_space("other").await;
        for to in [store.worker(), store.library.as_worker(Worker::Upkeep, space.id)] {
            let change = Change { access: store.worker(), ..store.change_of_other() };
            let (from, copy) = (path("target"), path("copy"));
            let copied =
                store.library.copy_entry(change, &from, &to, &copy, Overwrite::Forbid, Depth::Infinity).await;
            let version = copied.unwrap().entry.version().unwrap();
            for user in [store.user, OTHER] {
                let viewer = Access::granted(to.space(), Right::Read, user).viewer();
                let seen = store.library.visibility(viewer, version).await.unwrap();
                let expected = if user == store.user { Visibility::Listed } else { Visibility::Hidden };
                assert_eq!(seen, expected, "{state}");
            }
        }
        store.check();
    }
}

/// A file that was deleted returns to its name with the content stored there next (`library::departure`).
#[tokio::test(flavor = "multi_thread")]
async fn a_content_withheld_in_the_trash_does_not_return_to_others_with_its_file() {
    let store = store().await;
    let version = store.put_as_author("f", b"withheld").await;
    store.library.delete(store.change_of_other(), &path("f")).await.unwrap();
    store.set(version, Restricted).await;
    store.put_by(store.change_of_other(), "f", b"next").await.unwrap();
    let other = store.access_of(OTHER);
    assert_eq!(store.read_from(&other, "f", None).await.unwrap(), b"next");
    assert_eq!(store.library.versions(&other, &path("f")).await.unwrap().len(), 1);
    assert!(store.library.trash(&other).await.unwrap().is_empty());
    assert_eq!(store.states("f").await, [Visible, Restricted]);
    assert_eq!(store.library.trash(&store.worker()).await.unwrap().len(), 1);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_does_not_name_a_hidden_file() {
    let store = store().await;
    store.mkcol("d").await.unwrap();
    let version = store.put_as_author("d/f", b"withheld").await;
    let request = |is_deep| LockRequest {
        scope: LockScope::Exclusive,
        is_deep,
        owner: String::new(),
        timeout: Duration::from_mins(5),
    };
    store.library.lock(store.change_of_author(), &path("d/f"), request(false)).await.unwrap();
    let owner = Access::granted_to_owner(store.space.id);
    for state in withheld_states() {
        store.set(version, state).await;
        let taken = store.library.lock(store.change_of_other(), &path("d"), request(true)).await;
        assert!(matches!(taken, Err(LibraryError::Withheld)), "{state}: {taken:?}");
        let deleted = store.library.delete(store.change_of_other(), &path("d")).await;
        assert!(matches!(deleted, Err(LibraryError::Withheld)), "{state}: {deleted:?}");
        let locks = store.library.locks(&[owner], NOW).await.unwrap();
        assert_eq!(locks.len(), usize::from(is_listed(state)), "{state}");
        store.set(version, Visible).await;
    }
    let deleted = store.library.delete(store.change_of_other(), &path("d")).await;
    assert!(matches!(deleted, Err(LibraryError::Locked { .. })), "{deleted:?}");
}

/// A name that others cannot see is taken for the folders of a path too: they are neither made in its place nor below it.
#[tokio::test(flavor = "multi_thread")]
async fn folders_on_a_path_are_not_made_at_a_hidden_file() {
    let store = store().await;
    store.mkcol("d").await.unwrap();
    let version = store.put_as_author("d/f", b"withheld").await;
    for state in withheld_states() {
        store.set(version, state).await;
        for at in ["d/f", "d/f/below"] {
            let made = store.library.make_folders(&store.change_of_other(), &path(at)).await;
            assert!(matches!(made, Err(LibraryError::Withheld)), "{state}, {at}: {made:?}");
        }
    }
    assert_eq!(store.current("d/f").await, version);
    store.library.make_folders(&store.change_of_other(), &path("d/g/below")).await.unwrap();
    store.check();
}

/// The use cases of `library` and `uploads` that get a right. Each is asked about withheld contents: here, or by the
/// requests of `http::withheld`.
const USE_CASES: &[&str] = &[
    "begin_append",
    "begin_chunk",
    "begin_copy",
    "begin_move",
    "begin_put",
    "cancel",
    "change_properties",
    "chunks",
    "concatenate",
    "copy_entry",
    "create",
    "delete",
    "delete_chunk",
    "describe",
    "end_locks",
    "events",
    "find",
    "finish",
    "joint_usage",
    "lent_entries",
    "lent_entry",
    "list",
    "list_with",
    "located",
    "lock",
    "locks",
    "make_folder",
    "make_folders",
    "member",
    "member_with",
    "move_entry",
    "open_content",
    "open_nodes",
    "purge",
    "refresh_lock",
    "relocate",
    "require_conditions",
    "restore",
    "restore_version",
    "search",
    "set_length",
    "tops",
    "tops_with",
    "trash",
    "tree",
    "tree_files",
    "trees_len",
    "unlock",
    "usage",
    "versions",
    "visibility",
];

#[test]
fn a_new_use_case_is_asked_about_withheld_contents() {
    let mut found = BTreeSet::new();
    for room in ["src/library", "src/uploads"] {
        for file in files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(room)) {
            let source = fs::read_to_string(file).unwrap();
            for part in source.split("    pub async fn ").skip(1) {
                let head = part.split('{').next().unwrap_or_default();
                let (name, arguments) = head.split_once('(').unwrap();
                if ["Access", "Change", "Viewer"].iter().any(|right| arguments.contains(right)) {
                    found.insert(name.to_owned());
                }
            }
        }
    }
    assert_eq!(
        found,
        USE_CASES.iter().map(|name| (*name).to_owned()).collect(),
        "ask it here, and add its name"
    );
}
