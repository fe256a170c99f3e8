//! What is told is what is true, and what the recipient may know, when the mail is sent.

use std::sync::Arc;
use std::time::Duration;

use tresor::accounts::{ContactChange, Principal, owner_access};
use tresor::catalog::EventsOf;
use tresor::intake::Intake;
use tresor::library::SpaceSettings;
use tresor::model::{HoldDecision, HoldOrder, HoldScope, Holding, Stamp, Timestamp};
use tresor::notices::{MailSettings, MailTls, Notices, Pace, Sent};
use tresor::proof::Signer;
use zeroize::Zeroizing;

use crate::sharing::office::{NOW, Office};
use crate::support::smtp::TestSmtp;

/// An office whose space holds what arrives, with notices for bert and carla that are sent at once.
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
            url: "https://files.example.org".into(),
            pace: Pace { quiet: Duration::ZERO, apart: Duration::ZERO },
        };
        let notices =
            Notices::new(office.catalog.clone(), office.accounts.clone(), office.sharing.clone(), "test");
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
