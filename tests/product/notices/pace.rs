//! When news become a mail, by a clock of the test's own.

use tresor::accounts::ContactChange;
use tresor::catalog::{Catalog, WriteTx};
use tresor::model::{News, NoticeWish, Recipient, SpaceId, Stamp, Timestamp, Topic, UserId};
use tresor::notices::Notices;

use super::notices_of;
use crate::sharing::office::{NOW, Office};

const MINUTE: i64 = 60_000;

/// An office with notices at the usual pace.
struct Desk {
    office: Office,
    notices: Notices,
    user: UserId,
}

impl Desk {
    async fn open(wish: NoticeWish) -> Self {
        let office = Office::open().await;
        let notices = notices_of(&office);
        let user = office.anna.user;
        let change = ContactChange {
            mail: Some("anna@example.org".into()),
            notices: Some(wish),
            ..ContactChange::default()
        };
        office.accounts.set_contact(user, change, Stamp::owner(NOW)).await.unwrap();
        Self { office, notices, user }
    }

    fn catalog(&self) -> &Catalog {
        &self.office.catalog
    }

    async fn news(&self, origin: &str, topic: Topic, space: SpaceId, at: Timestamp) {
        let news = News {
            origin: origin.to_owned(),
            recipient: Recipient::User(self.user),
            instead_of: None,
            topic,
            space: Some(space),
            version: None,
            at,
        };
        let insert = move |tx: &WriteTx<'_>| tx.insert_news(&news);
        self.catalog().write_silent("a test", insert).await.unwrap();
    }

    async fn bundle(&self, now: Timestamp) -> usize {
        self.notices.bundle(now).await.unwrap()
    }
}

fn at(minute: i64) -> Timestamp {
    Timestamp(NOW.0 + minute * MINUTE)
}

#[tokio::test]
async fn arrivals_come_together_after_ten_quiet_minutes_and_once_an_hour() {
    let desk = Desk::open(NoticeWish::On).await;
    let space = desk.office.space.id;
    for minute in 0..5 {
        desk.news(&format!("e{minute}"), Topic::Arrived, space, at(minute)).await;
        // The same event twice is one news.
        desk.news(&format!("e{minute}"), Topic::Arrived, space, at(minute)).await;
        assert_eq!(desk.bundle(at(minute)).await, 0);
    }
    assert_eq!(desk.bundle(at(13)).await, 0);
    assert_eq!(desk.bundle(at(14)).await, 1);
    let listed = desk.notices.list().await.unwrap();
    assert_eq!(listed.len(), 1);
    let id = listed[0].row.id;
    let told = desk.catalog().read(move |tx| tx.news_of(id)).await.unwrap();
    assert_eq!(told.len(), 5);
    // The next about the same space comes an hour later, one about another space at once.
    desk.news("e20", Topic::Arrived, space, at(20)).await;
    desk.news("e21", Topic::Arrived, SpaceId::random(), at(20)).await;
    assert_eq!(desk.bundle(at(30)).await, 1);
    assert_eq!(desk.bundle(at(73)).await, 0);
    assert_eq!(desk.bundle(at(74)).await, 1);
    // News that never become quiet are sent after an hour.
    for minute in 200..=260 {
        desk.news(&format!("e{minute}"), Topic::Arrived, space, at(minute)).await;
        assert_eq!(desk.bundle(at(minute)).await, usize::from(minute == 260), "{minute}");
    }
}

#[tokio::test]
async fn one_recipient_gets_twelve_mails_an_hour_and_the_rest_later() {
    let desk = Desk::open(NoticeWish::On).await;
    for space in 0..20 {
        desk.news(&format!("e{space}"), Topic::Arrived, SpaceId::random(), at(0)).await;
    }
    assert_eq!(desk.bundle(at(10)).await, 12);
    assert_eq!(desk.bundle(at(69)).await, 0);
    assert_eq!(desk.bundle(at(71)).await, 8);
}

#[tokio::test]
async fn a_digest_comes_on_monday_morning_by_the_office_clock_and_holds_everything() {
    let desk = Desk::open(NoticeWish::Digest).await;
    let zone = tresor::accounts::OfficeChange { zone: Some("Europe/Berlin".into()), ..Default::default() };
    desk.office.accounts.set_office(zone, Stamp::owner(NOW)).await.unwrap();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    // The clocks change in the night to that Sunday.
    desk.news("e1", Topic::Arrived, desk.office.space.id, time("2026-03-27T12:00:00Z")).await;
    desk.news("e2", Topic::Asked, SpaceId::random(), time("2026-03-29T12:00:00Z")).await;
    assert_eq!(desk.bundle(time("2026-03-30T04:59:59Z")).await, 0);
    assert_eq!(desk.bundle(time("2026-03-30T05:00:00Z")).await, 1);
    let listed = desk.notices.list().await.unwrap();
    assert_eq!((listed[0].row.topic, listed[0].row.space), (Topic::Digest, None));
    assert_eq!(desk.bundle(time("2026-04-06T05:00:00Z")).await, 0);
}

#[tokio::test]
async fn whoever_wants_none_gets_none_and_nothing_piles_up() {
    let desk = Desk::open(NoticeWish::Off).await;
    desk.news("e1", Topic::Arrived, desk.office.space.id, at(0)).await;
    assert_eq!(desk.bundle(at(0)).await, 0);
    let is_empty = desk.catalog().read(|tx| tx.waiting_news().map(|left| left == 0)).await.unwrap();
    assert!(is_empty && desk.notices.list().await.unwrap().is_empty());
}
