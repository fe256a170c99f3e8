//! Locks: which changes are possible while a client holds one.

use std::time::Duration;

use tresor::library::{Change, LibraryError, LockFilter, LockRequest, MAX_LOCK_SECONDS, NewFile, Overwrite};
use tresor::model::{
    Access, Actor, Depth, IfCondition, IfList, IfState, IfTarget, LockScope, LockToken, Right, Stamp,
    Timestamp, UserId,
};

use crate::library::store::{NOW, Store, path};

pub fn request(scope: LockScope, is_deep: bool) -> LockRequest {
    LockRequest { scope, is_deep, owner: String::new(), timeout: Duration::from_mins(10) }
}

/// The same change with the token submitted, as an `If` header that always holds does.
fn with_token(mut change: Change, token: &LockToken) -> Change {
    let state = |state, negated| IfCondition { negated, state };
    let held = state(IfState::Token(token.clone()), false);
    let never = state(IfState::Token(LockToken("DAV:no-lock".into())), true);
    change.conditions.if_lists = vec![
        IfList { target: IfTarget::Request, conditions: vec![held] },
        IfList { target: IfTarget::Request, conditions: vec![never] },
    ];
    change
}

async fn tree() -> Store {
    let store = Store::new().await;
    for folder in ["a", "a/b", "z"] {
        store.mkcol(folder).await.unwrap();
    }
    store.put("a/b/f", b"1").await.unwrap();
    store.put("a/g", b"2").await.unwrap();
    store
}

fn is_locked<T>(result: Result<T, LibraryError>, root: &str) -> bool {
    matches!(result, Err(LibraryError::Locked { path, .. }) if path.to_string() == root)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_lock_guards_everything_below() {
    let store = tree().await;
    let lock =
        store.library.lock(store.change(), &path("a"), request(LockScope::Exclusive, true)).await.unwrap();
    assert_eq!((lock.root.to_string().as_str(), lock.is_deep, lock.root_is_folder), ("/a", true, true));
    assert!(is_locked(store.put("a/b/f", b"x").await, "/a"));
    assert!(is_locked(store.put("a/b/new", b"x").await, "/a"));
    assert!(is_locked(store.mkcol("a/b/new").await, "/a"));
    assert!(is_locked(store.delete("a/g").await, "/a"));
    assert!(is_locked(store.mv("a/g", "z/g").await, "/a"));
    assert!(is_locked(store.mv("z", "a/z").await, "/a"));
    assert!(is_locked(store.copy("z", "a/z").await, "/a"));
    assert!(is_locked(
        store.library.lock(store.change(), &path("a/b/f"), request(LockScope::Shared, false)).await,
        "/a"
    ));
    // Reading and copying out are free.
    store.copy("a/g", "z/g").await.unwrap();
    // The token opens, and only to its holder.
    let mine = with_token(store.change(), &lock.token);
    store.put_by(mine.clone(), "a/b/f", b"x").await.unwrap();
    let other = store.another_user("other").await;
    assert!(is_locked(store.put_by(Change { actor: Actor::user(other), ..mine }, "a/b/f", b"y").await, "/a"));
    let member = store.library.member(&store.access(), &path("a/b/f"), NOW).await.unwrap();
    assert_eq!(member.locks, [lock]);
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shallow_lock_guards_the_members_list_and_not_their_contents() {
    let store = tree().await;
    store.library.lock(store.change(), &path("a"), request(LockScope::Exclusive, false)).await.unwrap();
    store.put("a/g", b"x").await.unwrap();
    store.put("a/b/new", b"x").await.unwrap();
    assert!(is_locked(store.put("a/new", b"x").await, "/a"));
    assert!(is_locked(store.delete("a/g").await, "/a"));
    assert!(is_locked(store.delete("a").await, "/a"));
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_below_keeps_the_folder_in_its_place() {
    let store = tree().await;
    let lock = store
        .library
        .lock(store.change(), &path("a/b/f"), request(LockScope::Exclusive, false))
        .await
        .unwrap();
    assert!(is_locked(store.delete("a").await, "/a/b/f"));
    assert!(is_locked(store.mv("a", "z/a").await, "/a/b/f"));
    assert!(is_locked(store.mv("z", "a/b/f").await, "/a/b/f"));
    assert!(is_locked(
        store.library.lock(store.change(), &path("a"), request(LockScope::Exclusive, true)).await,
        "/a/b/f"
    ));
    store.put("a/b/new", b"x").await.unwrap();
    // With the token it goes, and the lock with it.
    let mine = with_token(store.change(), &lock.token);
    store.library.delete(mine, &path("a")).await.unwrap();
    let item = store.library.trash(&store.access()).await.unwrap().remove(0);
    store.library.restore(store.change(), item.entry).await.unwrap();
    store.put("a/b/f", b"free").await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_end_by_time_by_unlock_and_by_a_manager() {
    let store = tree().await;
    let file = path("a/g");
    let mut asked = request(LockScope::Exclusive, false);
    asked.timeout = Duration::from_hours(1_000);
    let lock = store.library.lock(store.change(), &file, asked.clone()).await.unwrap();
    assert_eq!(lock.expires.since(NOW).as_secs(), MAX_LOCK_SECONDS);
    let mine = with_token(store.change_at(Timestamp(NOW.0 + 1_000)), &lock.token);
    let refreshed = store.library.refresh_lock(mine, &file, Duration::from_mins(1)).await.unwrap();
    assert_eq!(refreshed.expires.0, NOW.0 + 61_000);
    assert!(is_locked(store.put("a/g", b"x").await, "/a/g"));
    store.put_by(store.change_at(refreshed.expires), "a/g", b"over").await.unwrap();
    assert_eq!(store.library.upkeep(refreshed.expires).await.unwrap().locks, 1);

    let lock = store.library.lock(store.change(), &file, asked.clone()).await.unwrap();
    let other = store.another_user("other").await;
    let by_other = Stamp { actor: Actor::user(other), at: NOW };
    let (writer, manager) = (Access::granted(store.space.id, Right::Write, UserId(1)), store.access());
    assert!(is_locked(store.library.unlock(&writer, by_other, &file, &lock.token).await, "/a/g"));
    store.library.unlock(&manager, by_other, &file, &lock.token).await.unwrap();
    let again = store.library.unlock(&manager, by_other, &file, &lock.token).await;
    assert!(matches!(again, Err(LibraryError::NoSuchLock)));
    store.put("a/g", b"free").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_locks_stand_beside_each_other() {
    let store = tree().await;
    let other = store.another_user("other").await;
    let file = path("a/g");
    let mine = store.library.lock(store.change(), &file, request(LockScope::Shared, false)).await.unwrap();
    let theirs = Change { actor: Actor::user(other), ..store.change() };
    store.library.lock(theirs.clone(), &file, request(LockScope::Shared, false)).await.unwrap();
    let exclusive = store.library.lock(theirs, &file, request(LockScope::Exclusive, false)).await;
    assert!(is_locked(exclusive, "/a/g"));
    assert!(is_locked(store.put("a/g", b"x").await, "/a/g"));
    store.put_by(with_token(store.change(), &mine.token), "a/g", b"x").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_on_nothing_makes_an_empty_file_in_the_same_step() {
    let store = tree().await;
    let file = NewFile { path: path("a/new"), size: Some(0), modified: None, checksum: None };
    let session = store.library.begin_put(store.change(), file).await.unwrap();
    let (made, lock) = session.commit_locked(NOW, request(LockScope::Exclusive, true)).await.unwrap();
    assert!(made.created && !lock.is_deep, "a file has nothing below");
    assert!(is_locked(store.put("a/new", b"x").await, "/a/new"));
    // The content that follows leaves no version of the placeholder.
    store.put_by(with_token(store.change(), &lock.token), "a/new", b"x").await.unwrap();
    assert_eq!(store.library.versions(&store.access(), &path("a/new")).await.unwrap().len(), 1);
    store.library.upkeep(NOW).await.unwrap();
    store.check();
}

/// The lock stays at its place when another entry takes it: with a file from another space as well, with a
/// folder, and for all holders of a shared one. A folder's lock ends where a file arrives.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_stays_where_something_else_arrives() {
    let store = tree().await;
    let other_space = store.another_space("other").await;
    let far = store.change_in(&other_space, NOW);
    store.put_by(far.clone(), "far", b"far").await.unwrap();
    let (library, access) = (&store.library, store.access());
    let file = path("a/g");
    let shared = request(LockScope::Shared, false);
    let mine = library.lock(store.change(), &file, shared.clone()).await.unwrap();
    let other = Change { actor: Actor::user(store.another_user("other").await), ..store.change() };
    let theirs = library.lock(other, &file, shared).await.unwrap();
    for is_move in [false, true] {
        let (change, from) = (with_token(far.clone(), &mine.token), path("far"));
        let done = match is_move {
            true => library.move_entry(change, &from, &access, &file, Overwrite::Allow).await,
            false => {
                library.copy_entry(change, &from, &access, &file, Overwrite::Allow, Depth::Infinity).await
            }
        };
        assert!(!done.unwrap().created);
        let mut locks = library.member(&access, &file, NOW).await.unwrap().locks;
        locks.sort_by_key(|lock| lock.token != mine.token);
        assert_eq!(locks, [mine.clone(), theirs.clone()]);
        assert!(is_locked(store.put("a/g", b"x").await, "/a/g"));
    }

    let folder = path("a/b");
    let deep = library.lock(store.change(), &folder, request(LockScope::Exclusive, true)).await.unwrap();
    let change = with_token(store.change(), &deep.token);
    store.mkcol("z/new").await.unwrap();
    library.move_entry(change.clone(), &path("z/new"), &access, &folder, Overwrite::Allow).await.unwrap();
    assert!(is_locked(store.put("a/b/f", b"x").await, "/a/b"));
    store.put("z/file", b"x").await.unwrap();
    library.move_entry(change, &path("z/file"), &access, &folder, Overwrite::Allow).await.unwrap();
    store.put("a/b", b"free").await.unwrap();
    store.check();
}

/// A thousand shared locks with owners of 4 KiB on one folder cost every listing below gigabytes and every
/// change there their reading: only few may stand together, wherever along the path they were taken.
#[tokio::test(flavor = "multi_thread")]
async fn few_shared_locks_stand_together_along_a_path() {
    let store = tree().await;
    let take = async |at: &str, is_deep| {
        store.library.lock(store.change(), &path(at), request(LockScope::Shared, is_deep)).await
    };
    for _ in 0..16 {
        take("a", true).await.unwrap();
        take("a/b/f", false).await.unwrap();
    }
    for (at, is_deep) in [("a/b/f", false), ("a/b", true), ("a", true), ("", true)] {
        assert!(matches!(take(at, is_deep).await, Err(LibraryError::TooManyLocks)), "{at}");
    }
    // Beside that path there is room.
    take("a/g", false).await.unwrap();
    take("z", true).await.unwrap();
    store.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_sees_and_ends_locks() {
    let store = tree().await;
    let (rights, other) = ([store.access()], store.another_user("other").await);
    let mine =
        store.library.lock(store.change(), &path("a/g"), request(LockScope::Exclusive, false)).await.unwrap();
    let theirs = Change { actor: Actor::user(other), ..store.change() };
    store.library.lock(theirs, &path("z"), request(LockScope::Exclusive, true)).await.unwrap();
    let held = store.library.locks(&rights, NOW).await.unwrap();
    assert_eq!(held.iter().filter(|held| held.lock == mine).count(), 1);
    assert_eq!(held.len(), 2);
    let writer = [Access::granted(store.space.id, Right::Write, UserId(1))];
    assert!(matches!(store.library.locks(&writer, NOW).await, Err(LibraryError::Denied(_))));
    assert!(matches!(
        store.library.end_locks(&writer, LockFilter::default(), Stamp::owner(NOW)).await,
        Err(LibraryError::Denied(_))
    ));
    let end = async |filter| store.library.end_locks(&rights, filter, Stamp::owner(NOW)).await.unwrap();
    let of = LockFilter { token: Some(mine.token.clone()), user: Some(other) };
    assert_eq!(end(of).await, 0, "it is not theirs");
    assert_eq!(end(LockFilter { user: Some(other), ..LockFilter::default() }).await, 1);
    store.put("z/f", b"x").await.unwrap();
    assert!(is_locked(store.put("a/g", b"x").await, "/a/g"));
    assert_eq!(end(LockFilter::default()).await, 1);
    store.put("a/g", b"x").await.unwrap();
}
