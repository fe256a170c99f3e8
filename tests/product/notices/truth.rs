//! Mails say only news that are true, and that the recipient may know, when the mail is sent.

use std::sync::Arc;
use std::time::Duration;

use tresor::accounts::{ContactChange, Principal, owner_access};
use tresor::catalog::{EventsOf, WriteTx};
use tresor::intake::Intake;
use tresor::library::SpaceSettings;
use tresor::model::{HoldDecision, HoldOrder, HoldScope, Holding, LinkId, LinkRight, Stamp, Timestamp};
use tresor::notices::{MailSettings, MailTls, Notices, Pace, Sent};
use tresor::proof::Signer;
use tresor::sharing::{Expiry, NewLink};
use tresor::text::Language;
use zeroize::Zeroizing;

use super::notices_of;
use crate::sharing::office::{NOW, Office};
use crate::support::smtp::TestSmtp;

/// An office whose space holds arriving contents, with notices for bert and carla that are sent at once.
struct Desk {
    office: Office,
    notices: Notices,
    smtp: TestSmtp,
}

impl Desk {
    async fn open() -> Self {
        let (office, smtp) = (Office::open().await, TestSmtp::plain());
        let hold = Holding { time: Duration::from_hours(12), scope: HoldScope::All };
        let settings = SpaceSettings { hold: Some(hold), ..SpaceSettings::default() };
        office.library.set_space_settings(office.space.id, settings, Stamp::owner(NOW)).await.unwrap();
        for person in [&office.bert, &office.carla] {
            let mail = Some(format!("{}@example.org", person.name.as_str()));
            let change = ContactChange { mail, ..ContactChange::default() };
            office.accounts.set_contact(person.user, change, Stamp::owner(NOW)).await.unwrap();
        }
        let settings = MailSettings {
            host: "127.0.0.1".into(),
            port: smtp.port(),
            tls: MailTls::Off,
            login: None,
            from: "tresor@example.org".parse().unwrap(),
            reply_to: None,
            bounces: None,
            url: "https://files.example.org".into(),
            pace: Pace { quiet: Duration::ZERO, apart: Duration::ZERO },
        };
        let notices = notices_of(&office);
        let desk = Self { office, notices: notices.with(Some(Arc::new(settings))), smtp };
        assert_eq!(desk.notices.gather(desk.now().await).await.unwrap(), 0, "what was before is no news");
        desk
    }

    /// The time of the last event.
    async fn now(&self) -> Timestamp {
        let last = self.office.catalog.read(|tx| tx.events(EventsOf::Everything, None, 1)).await;
        last.unwrap().events[0].at
    }

    /// A file of anna's arrives; returns the number of mails that are made of it.
    async fn arrive(&self, name: &str) -> usize {
        self.office.put_by(self.office.change(), name, b"x").await.unwrap();
        let now = self.now().await;
        assert!(self.notices.gather(now).await.unwrap() > 0);
        self.notices.bundle(now).await.unwrap()
    }

    async fn send(&self) -> Sent {
        self.notices.send(self.now().await).await.unwrap()
    }

    async fn revoke(&self, person: &Principal) {
        self.office.accounts.revoke(person.user, self.office.space.id, Stamp::owner(NOW)).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_lost_the_right_meanwhile_is_told_nothing() {
    let desk = Desk::open().await;
    assert_eq!(desk.arrive("a.txt").await, 2);
    desk.revoke(&desk.office.bert).await;
    assert_eq!(desk.send().await, Sent { sent: 1, dropped: 1, failed: 0 });
    assert_eq!(desk.smtp.takes(1)[0].to, "carla@example.org");
    assert_eq!(desk.send().await, Sent::default());
}

#[tokio::test]
async fn what_was_released_meanwhile_is_not_told_as_held() {
    let desk = Desk::open().await;
    assert_eq!(desk.arrive("a.txt").await, 2);
    let signer = std::sync::Arc::new(Signer::new("tresor-test".into(), &Zeroizing::new([1; 32])));
    let intake = Intake::new(desk.office.library.clone(), signer);
    let accesses = vec![owner_access(desk.office.space.id)];
    let id = intake.list(accesses.clone(), false).await.unwrap()[0].id;
    let order = HoldOrder { decision: HoldDecision::Override, to: None, reason: Some("x".into()) };
    intake.decide(accesses, id, order, Stamp::owner(desk.now().await)).await.unwrap();
    assert_eq!(desk.send().await, Sent { sent: 0, dropped: 2, failed: 0 });
    assert!(desk.smtp.mails().is_empty());
}

/// A link of bert's to read that ends at the end of the day after this time, made when `office` begins.
async fn link_until(office: &Office, end: Timestamp, right: LinkRight) -> LinkId {
    let new = office.wanted(&office.bert, "folder", right).await;
    let expires = Expiry::Through(office.accounts.office().await.unwrap().zone.day(end));
    office.sharing.create(&office.bert, NewLink { expires, ..new }, NOW).await.unwrap().link.id
}

async fn note_fetched(office: &Office, link: LinkId, now: Timestamp) {
    let note = move |tx: &WriteTx<'_>| tx.touch_link_fetched(link, now);
    office.catalog.write_silent("a test", note).await.unwrap();
}

#[tokio::test]
async fn the_maker_of_a_link_that_ends_unfetched_gets_one_mail_two_days_before() {
    let desk = Desk::open().await;
    let zone = desk.office.accounts.office().await.unwrap().zone.clone();
    // A Monday in the second week from now, and the days after it.
    let monday = zone.next(NOW.after(Duration::from_hours(7 * 24)), Some(0), 9);
    let day = |number: u64| monday.after(Duration::from_hours(24 * number));
    link_until(&desk.office, day(2), LinkRight::Read).await;
    let fetched = link_until(&desk.office, day(2), LinkRight::Read).await;
    note_fetched(&desk.office, fetched, monday).await;
    link_until(&desk.office, day(2), LinkRight::Add).await;
    link_until(&desk.office, day(3), LinkRight::Read).await;
    let never = NewLink {
        expires: Expiry::Never,
        ..desk.office.wanted(&desk.office.bert, "folder", LinkRight::Read).await
    };
    desk.office.sharing.create(&desk.office.bert, never, NOW).await.unwrap();
    let round = async |now: Timestamp| {
        while desk.notices.gather(now).await.unwrap() > 0 {}
        let made = desk.notices.bundle(now).await.unwrap();
        (made, desk.notices.send(now).await.unwrap())
    };
    let (one, none) = (Sent { sent: 1, dropped: 0, failed: 0 }, Sent::default());
    // The week before it is too early, and so is the night.
    assert_eq!(round(monday.before(Duration::from_hours(3 * 24))).await, (0, none));
    assert_eq!(round(monday.before(Duration::from_hours(3))).await, (0, none));
    assert_eq!(round(monday).await, (1, one));
    let mail = desk.smtp.takes(1).remove(0);
    assert_eq!(mail.to, "bert@example.org");
    let end = Language::German.day(zone.day(day(2)));
    let text = mail.body();
    assert!(text.contains(&format!("endet am {end} einer Ihrer Links")), "{text}");
    assert!(text.contains("https://files.example.org/links"), "{text}");
    // Once of each link: the next day it is about the one that ends a day later.
    assert_eq!(round(day(1)).await, (1, one));
    assert!(desk.smtp.takes(2)[1].body().contains(&Language::German.day(zone.day(day(3)))));
    assert_eq!(round(day(2)).await, (0, none));
    // On Friday about those that end until Tuesday.
    link_until(&desk.office, day(8), LinkRight::Read).await;
    let last = link_until(&desk.office, day(9), LinkRight::Read).await;
    assert_eq!(round(day(4)).await, (1, one));
    assert_eq!(round(day(5)).await, (0, none));
    // A link that is used up before the mail leaves is not in it, nor one that ended.
    while desk.notices.gather(day(7)).await.unwrap() > 0 {}
    assert_eq!(desk.notices.bundle(day(7)).await.unwrap(), 1);
    note_fetched(&desk.office, last, day(7)).await;
    assert_eq!(desk.notices.send(day(7)).await.unwrap(), Sent { sent: 0, dropped: 1, failed: 0 });
}

#[tokio::test]
async fn two_files_are_one_mail_and_an_event_is_gathered_once() {
    let desk = Desk::open().await;
    desk.office.put_by(desk.office.change(), "a.txt", b"x").await.unwrap();
    assert_eq!(desk.arrive("b.txt").await, 2);
    let now = desk.now().await;
    assert_eq!((desk.notices.gather(now).await.unwrap(), desk.notices.bundle(now).await.unwrap()), (0, 0));
    // As if the position had not been stored.
    let reset = |tx: &tresor::catalog::WriteTx<'_>| tx.set_setting("notices-position", "0");
    desk.office.catalog.write_silent("a test", reset).await.unwrap();
    while desk.notices.gather(now).await.unwrap() > 0 {}
    let is_empty = desk.office.catalog.read(|tx| tx.waiting_news().map(|left| left == 0)).await.unwrap();
    assert!(is_empty && desk.notices.bundle(now).await.unwrap() == 0);
    assert_eq!(desk.send().await.sent, 2);
    for mail in desk.smtp.takes(2) {
        assert!(mail.body().contains("im Bereich „space“ sind 2 Dateien eingegangen."), "{}", mail.body());
    }
}
