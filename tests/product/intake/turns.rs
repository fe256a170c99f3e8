//! A space that receives a thousand files does not delay the others: the spaces take turns.

use std::time::Duration;

use tresor::catalog::HoldRow;
use tresor::library::{Space, SpaceSettings};
use tresor::model::{HoldId, HoldScope, HoldState, Holding, SpaceId, Stamp};

use crate::library::store::{NOW, Store};

/// Files in the space that receives many.
const MANY: u32 = 40;
/// Those that are asked for at once.
const TURN: usize = 8;

async fn hold(store: &Store, space: &Space) {
    let hold = Some(Holding { time: Duration::from_hours(12), scope: HoldScope::All });
    let settings = SpaceSettings { hold, ..SpaceSettings::default() };
    store.library.set_space_settings(space.id, settings, Stamp::owner(NOW)).await.unwrap();
}

async fn arrive(store: &Store, space: &Space, name: &str, second: u32) -> HoldId {
    let now = NOW.after(Duration::from_secs(second.into()));
    let put = store.put_by(store.change_in(space, now), name, name.as_bytes()).await.unwrap();
    let version = put.entry.version().unwrap();
    store.catalog.read(move |tx| tx.hold_on(version)).await.unwrap().unwrap().id
}

/// Forty files in one space, then one in each of two others.
async fn office() -> (Store, [Space; 3]) {
    let store = Store::new().await;
    let spaces =
        [store.space.clone(), store.another_space("second").await, store.another_space("third").await];
    for space in &spaces {
        hold(&store, space).await;
    }
    for number in 0..MANY {
        arrive(&store, &spaces[0], &format!("{number}.txt"), number).await;
    }
    arrive(&store, &spaces[1], "one.txt", MANY).await;
    arrive(&store, &spaces[2], "one.txt", MANY + 1).await;
    (store, spaces)
}

fn spaces_of(holds: &[HoldRow]) -> Vec<SpaceId> {
    holds.iter().map(|hold| hold.space).collect()
}

#[tokio::test]
async fn what_arrives_in_another_space_is_scanned_at_the_next_turn() {
    let (store, [many, second, third]) = office().await;
    let due = |seconds: u32| {
        let certain = NOW.after(Duration::from_secs(seconds.into()));
        store.catalog.read(move |tx| tx.holds_due(certain, TURN))
    };
    let turn = due(MANY + 1).await.unwrap();
    assert_eq!(turn.len(), TURN);
    assert_eq!(spaces_of(&turn)[..3], [many.id, second.id, third.id]);
    let of_many: Vec<i64> = turn.iter().filter(|hold| hold.space == many.id).map(|hold| hold.id.0).collect();
    assert!(of_many.is_sorted(), "{of_many:?}");

    // Their time is over when one more arrives: people wait for its first scan, and not for these.
    store
        .catalog
        .write_silent("a test", |tx| {
            for id in 1..=i64::from(MANY) {
                let hold = tx.hold(HoldId(id))?.unwrap();
                let update = tresor::catalog::HoldUpdate {
                    state: HoldState::Held,
                    next: hold.next,
                    reason: None,
                    overridden: false,
                    first_signatures: Some("first"),
                };
                tx.update_hold(hold.id, &update)?;
            }
            Ok::<_, tresor::catalog::CatalogError>(())
        })
        .await
        .unwrap();
    let fresh = arrive(&store, &many, "fresh.txt", MANY + 2).await;
    let turn = due(MANY + 2).await.unwrap();
    assert_eq!(turn.iter().find(|hold| hold.space == many.id).unwrap().id, fresh);
    store.check();
}

/// A space that always received more than was scanned released nothing, because each first scan came before each second one.
#[tokio::test]
async fn second_scans_have_their_turn_where_first_ones_never_end() {
    let (store, [many, second, _]) = office().await;
    // The holding time of the first half is over.
    let scanned = i64::from(MANY) / 2;
    store
        .catalog
        .write_silent("a test", move |tx| {
            for id in (1..=scanned).map(HoldId) {
                let next = tx.hold(id)?.unwrap().next;
                let update = tresor::catalog::HoldUpdate {
                    state: HoldState::Held,
                    next,
                    reason: None,
                    overridden: false,
                    first_signatures: Some("first"),
                };
                tx.update_hold(id, &update)?;
            }
            Ok::<_, tresor::catalog::CatalogError>(())
        })
        .await
        .unwrap();
    let certain = NOW.after(Duration::from_secs((MANY + 1).into()));
    let turn = store.catalog.read(move |tx| tx.holds_due(certain, 2 + TURN)).await.unwrap();
    let of_many: Vec<i64> = turn.iter().filter(|hold| hold.space == many.id).map(|hold| hold.id.0).collect();
    let first = scanned + 1;
    assert_eq!(of_many, [first, first + 1, first + 2, 1, first + 3, first + 4, first + 5, 2]);
    assert_eq!(turn[1].space, second.id);
    store.check();
}

#[tokio::test]
async fn each_space_has_its_pdf_in_turn() {
    let (store, spaces) = office().await;
    store
        .catalog
        .write_silent("a test", |tx| {
            (1..=i64::from(MANY) + 2).try_for_each(|id| tx.queue_rendition(HoldId(id)))
        })
        .await
        .unwrap();
    let next = |last: SpaceId, most| store.catalog.read(move |tx| tx.holds_to_render(last, most));
    let first = spaces_of(&next(SpaceId([0; 16]), 3).await.unwrap());
    let mut all = spaces.each_ref().map(|space| space.id);
    all.sort();
    assert_eq!(first, all);
    // Also one at a time: the next one is of the next space, and after the last comes the first.
    for at in 0..3 {
        assert_eq!(spaces_of(&next(all[at], 1).await.unwrap()), [all[(at + 1) % 3]]);
    }
    let of_many = next(SpaceId([0xff; 16]), TURN).await.unwrap();
    let of_many = of_many.iter().filter(|hold| hold.space == spaces[0].id).map(|hold| hold.id.0);
    assert!(of_many.is_sorted());
}
