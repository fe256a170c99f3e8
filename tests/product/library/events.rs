//! Who did what: every change records it in the transaction that makes it.

use std::time::Duration;

use tresor::library::{Change, Overwrite};
use tresor::model::{Access, Actor, Event, LinkId, Right, Stamp, Timestamp, UserId, Worker};
use tresor::text::Language;

use super::store::{NOW, Store, days, path};

impl Store {
    /// Events of a path and below, oldest first, as `actor event`.
    async fn told(&self, at: &str) -> Vec<String> {
        self.told_of(&self.access(), at).await
    }

    async fn told_of(&self, access: &Access, at: &str) -> Vec<String> {
        let events = self.library.events(access, &path(at), None, 1_000).await.unwrap().events;
        let who = |actor: &Actor| match actor {
            Actor::User { id, .. } if *id == self.user => "user".to_owned(),
            Actor::User { .. } => "other".to_owned(),
            Actor::Guest { link, .. } => format!("guest {link}"),
            Actor::Owner => "owner".to_owned(),
            Actor::Worker(worker) => worker.as_str().to_owned(),
        };
        events
            .iter()
            .rev()
            .map(|one| format!("{} {}", who(&one.actor), Language::English.event(&one.event)))
            .collect()
    }
}

/// An auditor asks about the fate of a client's file: its whole life, over renames, with every person who touched it.
#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_file_can_be_told() {
    let store = Store::new().await;
    let other = store.another_user("other").await;
    store.mkcol("in").await.unwrap();
    store.put("in/a", b"one").await.unwrap();
    store.put("unrelated", b"x").await.unwrap();
    let change = Change { actor: Actor::user(other), ..store.change() };
    store.put_by(change, "in/a", b"three").await.unwrap();
    store.mv("in/a", "in/b").await.unwrap();
    store.copy("in/b", "copy").await.unwrap();
    let old = store.library.versions(&store.access(), &path("in/b")).await.unwrap()[1].id;
    store.library.restore_version(store.change(), &path("in/b"), old).await.unwrap();
    store.delete("in/b").await.unwrap();
    let item = store.library.trash(&store.access()).await.unwrap()[0].entry;
    let by_owner = Change { actor: Actor::Owner, ..store.change() };
    store.library.restore(by_owner, item).await.unwrap();
    let life = [
        "user stored /in/a (3 B)",
        "other stored a new content of /in/a (5 B)",
        "user moved /in/a to /in/b",
        "user restored an earlier content of /in/b",
        "user moved /in/b to the trash (3 B)",
        "owner restored /in/b from the trash",
    ];
    assert_eq!(store.told("in/b").await, life);
    assert_eq!(store.told("in").await.len(), life.len() + 1, "the folder's own making comes first");
    store.delete("in/b").await.unwrap();
    store.library.purge(&store.access(), Stamp::owner(NOW), item).await.unwrap();
    let told = store.told("in/b").await;
    assert_eq!(told.last().unwrap(), "owner removed /in/b for good (3 B)", "it is told when it is gone, too");
    assert_eq!(store.told("copy").await, ["user copied /in/b to /copy (5 B)"]);
    store.check();
}

/// Both spaces know that something went from one to the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_between_spaces_is_told_in_both() {
    let store = Store::new().await;
    let other = store.another_space("other").await;
    let there = Access::granted(other.id, Right::Manage, UserId(1));
    store.put("a", b"x").await.unwrap();
    let (from, to) = (path("a"), path("b"));
    store.library.move_entry(store.change(), &from, &there, &to, Overwrite::Forbid).await.unwrap();
    assert_eq!(store.told("a").await, ["user stored /a (1 B)", "user moved /a into another space, to /b"]);
    assert_eq!(store.told_of(&there, "b").await, ["user moved /a to /b"]);
}

/// The actions of guests are theirs, not their host's.
#[tokio::test(flavor = "multi_thread")]
async fn guests_act_under_their_link() {
    let store = Store::new().await;
    let actor = Actor::Guest { link: LinkId(7), creator: store.user };
    store.put_by(Change { actor, ..store.change() }, "a", b"x").await.unwrap();
    assert_eq!(store.told("a").await, ["guest 7 stored /a (1 B)"]);
}

/// A refused request changed nothing and leaves no event.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_did_not_happen() {
    let store = Store::new().await;
    store.mkcol("a").await.unwrap();
    assert!(store.mkcol("a").await.is_err() && store.put("a", b"x").await.is_err());
    assert!(store.mv("a", "a/b").await.is_err() && store.delete("b").await.is_err());
    assert_eq!(store.told("a").await, ["user made the folder /a"]);
}

/// Expiry is the server's doing.
#[tokio::test(flavor = "multi_thread")]
async fn what_ends_by_itself_is_told_as_the_servers() {
    let store = Store::new().await;
    for content in ["1", "12", "123"] {
        store.put("a", content.as_bytes()).await.unwrap();
    }
    store.put("b", b"x").await.unwrap();
    store.delete("b").await.unwrap();
    store.library.upkeep(days(100)).await.unwrap();
    let told = store.told("").await;
    assert_eq!(
        told[told.len() - 2..],
        ["upkeep removed /b for good (1 B)", "upkeep removed 2 earlier contents for good"]
    );
    assert!(told[0].starts_with("owner created the space"), "{told:?}");
}

/// A download manager's hundred ranges are one reading; an hour later it is another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_reading_counts_once_in_a_quarter_of_an_hour() {
    let store = Store::new().await;
    store.mkcol("in").await.unwrap();
    store.put("in/a", b"one").await.unwrap();
    let content = store.open("in/a").await.unwrap();
    let other = store.another_user("other").await;
    for at in [NOW, Timestamp(NOW.0 + 1_000), NOW.after(Duration::from_hours(1))] {
        store.library.note_read(Stamp { actor: Actor::user(other), at }, &content).await;
        store.library.note_read(Stamp { actor: Actor::user(store.user), at: NOW }, &content).await;
    }
    assert_eq!(store.told("in/a").await.len(), 1, "it is off the path of the answer");
    store.library.record_reads().await;
    store.library.record_reads().await;
    let told = store.told("in/a").await;
    assert_eq!(told.iter().filter(|told| *told == "other read /in/a (3 B)").count(), 2, "{told:?}");
}

/// Events go when their time is over, the rest stays.
#[tokio::test(flavor = "multi_thread")]
async fn events_end_by_age() {
    let store = Store::new().await;
    store.put("old", b"x").await.unwrap();
    store.put_by(store.change_at(days(300)), "new", b"x").await.unwrap();
    store.library.keep_events_for(Duration::from_hours(24 * 200));
    store.library.upkeep(days(400)).await.unwrap();
    assert_eq!(store.told("").await, ["user stored /new (1 B)"]);
}

/// The page before the last one read ends where that began; no event comes twice or is left out.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_record_is_read_in_pages() {
    let store = Store::new().await;
    for number in 0..25 {
        store.put(&format!("{number}"), b"x").await.unwrap();
    }
    let (mut before, mut ids) = (None, Vec::new());
    loop {
        let page = store.library.events(&store.access(), &path(""), before, 7).await.unwrap();
        ids.extend(page.events.iter().map(|event| event.id));
        match page.next {
            Some(_) => before = page.next,
            None => break,
        }
    }
    assert_eq!(ids.len(), 26);
    assert!(ids.is_sorted_by(|later, earlier| later > earlier));
    let all = store.library.events_of_all(None, 100).await.unwrap().events;
    assert!(all.iter().all(|one| !matches!(one.event, Event::Removed { .. })));
    assert!(all.iter().all(|one| one.actor != Actor::Worker(Worker::Upkeep)));
}
