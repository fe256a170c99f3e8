//! Mails to the recipients of requests: the items that are needed again. The desk of these tests also reminds.

use std::sync::Arc;
use std::time::Duration;

use tresor::accounts::OfficeChange;
use tresor::model::{Day, ItemId, OfficeHours, ReminderPlan, RequestId, Stamp, Timestamp};
use tresor::notices::{MailSettings, MailTls, Notices, Pace, Sent};
use tresor::sharing::{
    DEFAULT_NAMING, GuestKey, Judgement, NewRequest, RequestShown, SentFile, TemplateItem, WantedRecipient,
};

use super::{notices, notices_of, office};
use crate::http::requests::{act, asked, path as link_path, send};
use crate::sharing::office::{Office, PEER, by, path};
use crate::support::browser::{Browser, leads_to};
use crate::support::server::{PASSWORD, SPACE, USER};
use crate::support::smtp::{Mail, TestSmtp};

const MINUTE: i64 = 60_000;
/// A Monday, 9 in the morning by the office's clocks.
pub(super) const MONDAY: &str = "2026-11-30T08:00:00Z";

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn later(from: Timestamp, minutes: i64) -> Timestamp {
    Timestamp(from.0 + minutes * MINUTE)
}

/// An office in Berlin with a mail server, and a clock of the test's own.
pub(super) struct Desk {
    pub(super) office: Office,
    pub(super) notices: Notices,
    pub(super) smtp: TestSmtp,
}

impl Desk {
    pub(super) async fn open() -> Self {
        Self::open_with(None).await
    }

    /// With an address to which mails come back.
    pub(super) async fn returning() -> Self {
        Self::open_with(Some("bounces@example.org")).await
    }

    async fn open_with(bounces: Option<&str>) -> Self {
        let (office, smtp) = (Office::open().await, TestSmtp::plain());
        let change = OfficeChange {
            name: Some("Kanzlei Beispiel".into()),
            zone: Some("Europe/Berlin".into()),
            ..OfficeChange::default()
        };
        office.accounts.set_office(change, Stamp::owner(time(MONDAY))).await.unwrap();
        let settings = MailSettings {
            host: "127.0.0.1".into(),
            port: smtp.port(),
            tls: MailTls::Off,
            login: None,
            from: "tresor@example.org".parse().unwrap(),
            reply_to: None,
            bounces: bounces.map(|address| address.parse().unwrap()),
            url: "https://files.example.org".into(),
            pace: Pace { quiet: Duration::from_mins(10), apart: Duration::from_hours(1) },
        };
        let notices = notices_of(&office).with(Some(Arc::new(settings)));
        office.sharing.send_reminders(Some(OfficeHours::default()));
        let desk = Self { office, notices, smtp };
        assert_eq!(desk.notices.gather(time(MONDAY)).await.unwrap(), 0, "what was before is no news");
        desk
    }

    /// A request by bert with two items for these people.
    pub(super) async fn ask(&self, to: &[&str], deadline: Option<&str>, now: Timestamp) -> RequestShown {
        let recipient = |mail: &&str| WantedRecipient {
            name: String::new(),
            mail: (*mail).to_owned(),
            language: "de".into(),
            ..WantedRecipient::default()
        };
        let new = NewRequest {
            access: self.office.access_of(&self.office.bert).await,
            path: path("folder"),
            title: "Steuer".to_owned(),
            note: String::new(),
            template: String::new(),
            naming: DEFAULT_NAMING.to_owned(),
            items: vec![TemplateItem::titled("Ausweis"), TemplateItem::titled("Bescheid")],
            recipients: to.iter().map(recipient).collect(),
            deadline: deadline.map(|day| Day::parse(day).unwrap()),
            plan: ReminderPlan::default(),
            code_by_mail: false,
            invites: false,
        };
        let id = self.office.sharing.ask(&self.office.bert, vec![new], now).await.unwrap()[0];
        self.shown(id).await
    }

    /// Gives items of a request a last day of their own.
    pub(super) async fn date(&self, asked: &RequestShown, days: &[&str], now: Timestamp) {
        let rights = self.office.sharing.request_rights(&self.office.bert).await.unwrap();
        let days = asked.items.iter().zip(days).map(|(item, day)| (item.row.id, Day::parse(day))).collect();
        let by = self.office.bert.stamp(now);
        self.office.sharing.date_items(&rights, asked.row.id, days, by).await.unwrap();
    }

    pub(super) async fn shown(&self, id: RequestId) -> RequestShown {
        let rights = self.office.sharing.request_rights(&self.office.bert).await.unwrap();
        self.office.sharing.request(&rights, id).await.unwrap()
    }

    pub(super) async fn judge(
        &self,
        asked: &RequestShown,
        items: &[ItemId],
        judgement: &Judgement,
        now: Timestamp,
    ) {
        let rights = self.office.sharing.request_rights(&self.office.bert).await.unwrap();
        let judgements = items.iter().map(|item| (*item, judgement.clone())).collect();
        self.office
            .sharing
            .judge(&rights, asked.row.id, judgements, self.office.bert.stamp(now))
            .await
            .unwrap();
    }

    /// The first recipient hands in for an item.
    pub(super) async fn hand_in(&self, asked: &RequestShown, item: ItemId, now: Timestamp) {
        let token = asked.recipients[0].link.as_ref().unwrap().token().to_owned();
        let sharing = &self.office.sharing;
        let visit = sharing.open(&token, GuestKey::None, PEER.parse().unwrap(), now).await.unwrap();
        let sent = SentFile { path: path("a.pdf"), size: None, item: Some(item) };
        let begun = sharing.begin_file(&visit, by("a", ""), &sent, now).await.unwrap();
        begun.put.commit(now).await.unwrap();
    }

    /// The work of the server's job.
    pub(super) async fn round(&self, now: Timestamp) -> Sent {
        while self.notices.gather(now).await.unwrap() > 0 {}
        self.notices.bundle(now).await.unwrap();
        while self.office.sharing.make_reminders(now).await.unwrap() > 0 {}
        self.notices.send(now).await.unwrap()
    }
}

fn no() -> Judgement {
    Judgement::Reject("Seite 2 fehlt".to_owned())
}

fn to(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.to.as_str()).collect()
}

#[tokio::test]
async fn rejected_items_are_one_mail_to_each_recipient_ten_minutes_after_the_last() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(&["erika@example.de", "", "max@example.de"], None, now).await;
    let [first, second] = [0, 1].map(|at| asked.items[at].row.id);
    desk.judge(&asked, &[first], &no(), now).await;
    assert_eq!(desk.round(later(now, 9)).await, Sent::default());
    desk.judge(&asked, &[second], &no(), later(now, 9)).await;
    assert_eq!(desk.round(later(now, 18)).await, Sent::default());
    assert_eq!(desk.round(later(now, 19)).await, Sent { sent: 2, dropped: 0, failed: 0 });
    let mails = desk.smtp.takes(2);
    assert_eq!(to(&mails), ["erika@example.de", "max@example.de"]);
    let body = mails[0].body();
    assert!(body.contains("2 Punkte brauchen wir bitte noch einmal."), "{body}");
    assert!(body.contains("zu unserer Anfrage vom 30.11.2026."), "{body}");
    for (mail, recipient) in mails.iter().zip([0, 2]) {
        let page = asked.recipients[recipient].link.as_ref().unwrap().url_path();
        assert!(mail.body().contains(&format!("https://files.example.org{page}\n")), "{}", mail.body());
    }
    // The next batch of the same request waits until an hour after the first mail.
    desk.judge(&asked, &[first], &Judgement::Undo, later(now, 20)).await;
    desk.judge(&asked, &[first], &no(), later(now, 21)).await;
    assert_eq!(desk.round(later(now, 78)).await, Sent::default());
    assert_eq!(desk.round(later(now, 79)).await.sent, 2);
}

#[tokio::test]
async fn what_was_taken_back_answered_or_closed_meanwhile_is_not_asked_for_again() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let dropped = Sent { sent: 0, dropped: 1, failed: 0 };
    let ask = async || desk.ask(&["erika@example.de"], None, now).await;
    // Taken back.
    let asked = ask().await;
    let item = asked.items[0].row.id;
    desk.judge(&asked, &[item], &no(), now).await;
    desk.judge(&asked, &[item], &Judgement::Undo, later(now, 1)).await;
    assert_eq!(desk.round(later(now, 20)).await, dropped);
    // One of two is taken back, and the mail is about the other.
    let asked = ask().await;
    let both = [0, 1].map(|at| asked.items[at].row.id);
    desk.judge(&asked, &both, &no(), now).await;
    desk.judge(&asked, &both[..1], &Judgement::Accept, later(now, 1)).await;
    assert_eq!(desk.round(later(now, 20)).await.sent, 1);
    assert!(desk.smtp.takes(1)[0].body().contains("Einen Punkt brauchen wir bitte noch einmal."));
    // An item that an earlier mail told of is no reason for another one.
    desk.judge(&asked, &both[..1], &no(), later(now, 100)).await;
    desk.judge(&asked, &both[..1], &Judgement::Undo, later(now, 101)).await;
    assert_eq!(desk.round(later(now, 120)).await, dropped);
    // Handed in again.
    let asked = ask().await;
    let item = asked.items[0].row.id;
    desk.judge(&asked, &[item], &no(), now).await;
    desk.hand_in(&asked, item, later(now, 1)).await;
    assert_eq!(desk.round(later(now, 20)).await, dropped);
    // Closed.
    let asked = ask().await;
    desk.judge(&asked, &[asked.items[0].row.id], &no(), now).await;
    let rights = desk.office.sharing.request_rights(&desk.office.bert).await.unwrap();
    let by = desk.office.bert.stamp(later(now, 1));
    desk.office.sharing.close_request(&rights, asked.row.id, true, by).await.unwrap();
    assert_eq!(desk.round(later(now, 20)).await, dropped);
    // The user who asked may not write any more: the link is dead.
    let asked = ask().await;
    desk.judge(&asked, &[asked.items[0].row.id], &no(), now).await;
    let (user, space) = (desk.office.bert.user, desk.office.space.id);
    desk.office.accounts.revoke(user, space, Stamp::owner(now)).await.unwrap();
    assert_eq!(desk.round(later(now, 20)).await, dropped);
    assert_eq!(desk.smtp.mails().len(), 1);
}

/// Through the real server: the mail is the recipient's, names nothing that was asked for, and leads to the page.
#[test]
fn a_recipient_is_told_that_an_item_is_needed_again_and_finds_it_by_the_link() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.cli_ok(["space", "set", SPACE, "--intake", "off"]);
    let identity = ["--name", "Kanzlei Beispiel", "--contact", "Berta Groß", "--phone", "+49 89 1234"];
    server.cli_ok(["office", "set"].iter().chain(&identity));
    let items = ["--item", "Schwerbehindertenausweis", "--item", "Spenden", "--title", "Scheidung Huber"];
    let (made, link) = asked(&server, &[&items[..], &["--to", "Erika Huber <erika@example.de>"]].concat());
    let (id, item) = (made["id"].to_string(), made["items"][0]["id"].to_string());
    let client = Browser::new(&server, "de");
    send(&client, &link, &item, &[("ausweis.jpg", "front")]).expect(200);
    server.cli_ok(["request", "reject", &id, &item, "--reason", "Rückseite fehlt"]);
    let mails = smtp.takes(1);
    let (mail, body) = (&mails[0], mails[0].body());
    assert_eq!(mail.to, "erika@example.de");
    assert_eq!(mail.head("Auto-Submitted"), "auto-generated");
    assert!(mail.head("Subject").ends_with("zu Ihren Unterlagen"), "{}", mail.head("Subject"));
    for part in [
        "Guten Tag Erika Huber,\n\nvielen Dank für Ihre Unterlagen",
        "Einen Punkt brauchen wir bitte noch einmal.",
        "Kanzlei Beispiel\nIhre Ansprechperson: Berta Groß\nTelefon: +49 89 1234\n",
    ] {
        assert!(body.contains(part), "{part:?} is not in {body}");
    }
    let all = format!("{}{body}", mail.text);
    for name in ["ausweis", "Spenden", "Scheidung", "Rückseite", "Steuer", SPACE, USER] {
        assert!(!all.contains(name), "{name}: {all}");
    }
    let address = body.lines().find(|line| line.starts_with("https://")).unwrap();
    assert_eq!((body.matches("://").count(), link_path(address)), (1, link.clone()), "{all}");
    // From another browser, as from the mail program.
    let page = Browser::new(&server, "de").get(&link_path(address)).expect(200).text();
    assert!(page.contains("bitte neu: Rückseite fehlt"), "{page}");
    let listed = notices(&server);
    assert_eq!((&listed[0]["topic"], &listed[0]["to"]), (&"needed-again".into(), &"erika@example.de".into()));
    let log = server.log();
    assert!(!log.contains("example.de") && !log.contains(link.trim_start_matches("/s/")), "{log}");
}

/// Of two clients, one asks; the answer is on that one's page, and that one gets the mail, which says nothing of it.
#[test]
fn an_answer_to_a_question_reaches_the_person_who_asked() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.cli_ok(["space", "set", SPACE, "--intake", "off"]);
    server.cli_ok(["office", "set", "--name", "Kanzlei Beispiel"]);
    let to = ["--to", "Huber, Erika <erika@example.de>", "--to", "Max <max@example.de>"];
    let (made, _) = asked(&server, &[&["--item", "Ausweis", "--item", "Spenden"][..], &to].concat());
    let id = made["id"].to_string();
    let links: Vec<_> = (0..2).map(|at| link_path(made["recipients"][at]["url"].as_str().unwrap())).collect();
    let (erika, max) = (Browser::new(&server, "de"), Browser::new(&server, "de"));
    let item = made["items"][0]["id"].to_string();
    for (browser, link, text) in [(&erika, &links[0], "Genügt der Reisepass?"), (&max, &links[1], "Danke!")]
    {
        browser.get(link).expect(200);
        leads_to(&act(browser, link, &[("do", "comment"), ("item", &item), ("text", text)]));
    }
    send(&erika, &links[0], &item, &[("pass.jpg", "x")]).expect(200);

    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let at = format!("/requests/{id}");
    let page = anna.get(&at).expect(200);
    for words in ["Huber, Erika schrieb am", "Max schrieb am", "Fragen und Anmerkungen der Empfänger"] {
        assert!(page.text().contains(words), "{words}: {page}");
    }
    let files = page.text().split("pass.jpg").nth(1).unwrap().to_owned();
    assert!(files.split("</li>").next().unwrap().contains("Huber, Erika"), "{files}");
    let comments = |at: usize| -> serde_json::Value {
        let shown = server.cli_ok(["request", "show", &id, "--json"]);
        serde_json::from_str::<serde_json::Value>(&shown).unwrap()["items"][0]["comments"][at].clone()
    };
    let answer = |what: &str, comment: &str, text: &str| {
        anna.send(&page, &at, &[("do", what), ("comment", comment), ("text", text)])
    };
    let [one, other] = [0, 1].map(|at| comments(at)["id"].to_string());
    let empty = answer("answer", &one, " ").expect(400).text();
    assert!(empty.contains("Nicht gesendet: Die Antwort fehlt."), "{empty}");
    answer("answer", "999", "x").expect(404);
    leads_to(&answer("answer", &one, "Ja, die erste Seite genügt."));
    let done = anna.get(&leads_to(&answer("settle", &other, ""))).expect(200).text();
    assert!(
        done.contains("Die Anmerkung ist erledigt.") && !done.contains("Fragen und Anmerkungen"),
        "{done}"
    );
    assert!(done.contains("Ihre Antwort vom") && done.contains("Ohne Antwort erledigt am"), "{done}");
    assert_eq!(comments(0)["answer"], "Ja, die erste Seite genügt.");
    assert!(comments(1)["answer"].is_null() && comments(1)["answered"].is_string());

    let mails = smtp.takes(1);
    let (mail, body) = (&mails[0], mails[0].body());
    assert_eq!(mail.to, "erika@example.de");
    assert_eq!(mail.head("Subject"), "Kanzlei Beispiel: Antwort auf Ihre Frage");
    assert!(
        body.contains("Guten Tag Erika Huber,") && body.contains("Unsere Antwort steht auf Ihrer Seite"),
        "{body}"
    );
    assert!(!body.contains("Reisepass") && !body.contains("genügt") && body.contains(&links[0]), "{body}");
    assert!(erika.get(&links[0]).text().contains("Ja, die erste Seite genügt."));
    assert!(!max.get(&links[1]).text().contains("genügt"));
    // By command the answer is replaced, and told again.
    server.cli_ok(["request", "answer", &id, &one, "Bitte beide Seiten."]);
    assert!(erika.get(&links[0]).text().contains("Bitte beide Seiten."));
    assert!(server.cli_ok(["request", "show", &id]).contains("answered"));
    assert_eq!(smtp.takes(2)[1].to, "erika@example.de");
}
