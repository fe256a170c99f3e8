//! Reminders of requests: their times, the events that stop them, and that each is sent once.

use serde_json::Value;
use tresor::model::{RecipientId, RequestId, Timestamp, WhyNoMail};
use tresor::notices::Sent;
use tresor::sharing::{Judgement, RecipientShown, RequestError};

use super::asked::{Desk, MONDAY, later, time};
use super::{notices, office};
use crate::http::requests::asked;
use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to};
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE, USER};
use crate::support::smtp::{Mood, TestSmtp};

const DAY: i64 = 24 * 60;
/// Two weeks after [`MONDAY`].
const DEADLINE: Option<&str> = Some("2026-12-14");
const ERIKA: &[&str] = &["erika@example.de"];
const ONE: Sent = Sent { sent: 1, dropped: 0, failed: 0 };

impl Desk {
    /// Lets the job of the server work at night, in the morning and in the afternoon of each day, and returns when it sent.
    async fn pass(&self, from: Timestamp, days: i64) -> Vec<String> {
        let mut sent = Vec::new();
        for day in 0..days {
            for hour in [3, 7, 13, 20] {
                let now = later(time("2026-11-30T00:00:00Z"), day * DAY + hour * 60);
                if now > from && self.round(now).await.sent > 0 {
                    sent.push(now.to_string());
                }
            }
        }
        sent
    }

    async fn recipient(&self, id: RequestId) -> RecipientShown {
        self.shown(id).await.recipients.remove(0)
    }

    async fn by_hand(&self, id: RequestId, now: Timestamp) -> Result<(), RequestError> {
        let rights = self.office.sharing.request_rights(&self.office.bert).await.unwrap();
        self.office.sharing.remind(&rights, id, self.office.bert.stamp(now)).await
    }

    async fn pause(&self, id: RequestId, pauses: bool, now: Timestamp) {
        let rights = self.office.sharing.request_rights(&self.office.bert).await.unwrap();
        let by = self.office.bert.stamp(now);
        self.office.sharing.pause_reminders(&rights, id, pauses, by).await.unwrap();
    }

    async fn close(&self, id: RequestId, closes: bool, now: Timestamp) {
        let rights = self.office.sharing.request_rights(&self.office.bert).await.unwrap();
        let by = self.office.bert.stamp(now);
        self.office.sharing.close_request(&rights, id, closes, by).await.unwrap();
    }
}

fn next(shown: &RecipientShown) -> Option<String> {
    shown.row.remind.map(|at| at.to_string())
}

#[tokio::test]
async fn a_request_reminds_before_its_deadline_and_weekly_after_it_five_times_in_all() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(ERIKA, DEADLINE, now).await;
    assert_eq!(next(&asked.recipients[0]).as_deref(), Some("2026-12-07T07:00:00Z"));
    // The day before the deadline is a Sunday.
    assert_eq!(
        desk.pass(now, 70).await,
        [
            "2026-12-07T07:00:00Z",
            "2026-12-11T07:00:00Z",
            "2026-12-21T07:00:00Z",
            "2026-12-28T07:00:00Z",
            "2027-01-04T07:00:00Z"
        ]
    );
    let mails = desk.smtp.takes(5);
    let (first, late) = (mails[0].body(), mails[2].body());
    for part in [
        "Guten Tag,\n\nzu unserer Anfrage vom 30.11.2026 sind noch 2 Punkte offen. Wir freuen uns, wenn Sie die Unterlagen bis \
         zum 14.12.2026 einreichen.",
        "Auf Ihrer Seite sehen Sie, was noch fehlt.",
        "Mit freundlichen Grüßen\nKanzlei Beispiel\n",
    ] {
        assert!(first.contains(part), "{part:?} is not in {first}");
    }
    assert!(late.contains("Wir hatten Sie bis zum 14.12.2026 darum gebeten."), "{late}");
    let page = asked.recipients[0].link.as_ref().unwrap().url_path();
    assert!(first.contains(&format!("https://files.example.org{page}\n")), "{first}");
    let shown = desk.recipient(asked.row.id).await;
    assert_eq!((shown.row.reminders, next(&shown)), (5, None));
    assert_eq!(shown.row.reminded, Some(time("2027-01-04T07:00:00Z")));
}

#[tokio::test]
async fn a_reminder_names_the_days_of_items_that_are_missing() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(ERIKA, DEADLINE, now).await;
    desk.date(&asked, &["2026-12-04", "2026-12-10"], now).await;
    // The first of them sets the pace until it is handed in, and the deadline with it.
    assert_eq!(next(&desk.recipient(asked.row.id).await).as_deref(), Some("2026-12-03T07:00:00Z"));
    assert_eq!(desk.round(time("2026-12-07T07:00:00Z")).await, ONE);
    let first = desk.smtp.takes(1)[0].body();
    for part in
        ["bis zum 14.12.2026", "Frist schon vorbei: 04.12.2026.", "gelten eigene Fristen: 10.12.2026."]
    {
        assert!(first.contains(part), "{part:?} is not in {first}");
    }
    desk.hand_in(&asked, asked.items[0].row.id, time("2026-12-08T07:00:00Z")).await;
    assert_eq!(desk.round(time("2026-12-11T07:00:00Z")).await, ONE);
    let second = desk.smtp.takes(2)[1].body();
    assert!(second.contains("schon vorbei: 10.12.2026.") && !second.contains("04.12."), "{second}");
}

#[tokio::test]
async fn without_a_deadline_the_first_item_that_is_missing_sets_the_pace() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(ERIKA, None, now).await;
    assert_eq!(next(&desk.recipient(asked.row.id).await), None);
    desk.date(&asked, &["2026-12-14", "2027-02-15"], now).await;
    let due = async || next(&desk.recipient(asked.row.id).await);
    assert_eq!(due().await.as_deref(), Some("2026-12-07T07:00:00Z"));
    // Handed in, and rejected: then the missing items count.
    desk.hand_in(&asked, asked.items[0].row.id, later(now, DAY)).await;
    assert_eq!(due().await.as_deref(), Some("2027-02-08T07:00:00Z"));
    desk.judge(&asked, &[asked.items[0].row.id], &Judgement::Reject("x".into()), later(now, 2 * DAY)).await;
    assert_eq!(due().await.as_deref(), Some("2026-12-07T07:00:00Z"));
    desk.judge(&asked, &[asked.items[0].row.id], &Judgement::Accept, later(now, 3 * DAY)).await;
    assert_eq!(due().await.as_deref(), Some("2027-02-08T07:00:00Z"));
    desk.judge(&asked, &[asked.items[1].row.id], &Judgement::Accept, later(now, 4 * DAY)).await;
    assert_eq!(due().await, None);
}

#[tokio::test]
async fn after_days_without_a_server_one_reminder_is_sent_and_only_while_the_office_works() {
    let desk = Desk::open().await;
    let asked = desk.ask(ERIKA, DEADLINE, time(MONDAY)).await;
    // Both reminders before the deadline were due meanwhile.
    assert_eq!(desk.round(time("2026-12-12T09:00:00Z")).await, Sent::default(), "a Saturday");
    assert_eq!(desk.round(time("2026-12-14T06:59:00Z")).await, Sent::default());
    assert_eq!(desk.round(time("2026-12-14T07:00:00Z")).await, ONE);
    assert_eq!(desk.round(time("2026-12-14T07:01:00Z")).await, Sent::default());
    assert_eq!(next(&desk.recipient(asked.row.id).await).as_deref(), Some("2026-12-21T07:00:00Z"));
    // A reminder that was due long ago is not made up for.
    assert_eq!(desk.round(time("2027-01-05T09:00:00Z")).await, Sent::default());
    assert_eq!(desk.round(time("2027-01-11T07:00:00Z")).await, ONE);
}

/// The mail server cannot be reached for days: the reminder that waits is the only one.
#[tokio::test]
async fn a_reminder_that_waits_for_the_mail_server_is_not_followed_by_another() {
    let desk = Desk::open().await;
    let asked = desk.ask(ERIKA, DEADLINE, time(MONDAY)).await;
    desk.smtp.set_mood(Mood::PutsOff);
    assert_eq!(desk.round(time("2026-12-11T07:00:00Z")).await.failed, 1);
    assert_eq!(desk.round(time("2026-12-11T07:00:30Z")).await, Sent::default());
    desk.smtp.set_mood(Mood::Takes);
    assert_eq!(desk.round(time("2026-12-21T07:00:00Z")).await, ONE);
    assert_eq!(desk.round(time("2026-12-21T12:00:00Z")).await, Sent::default());
    // Put off when the office was about to close: it goes out in the morning, one by hand at once.
    desk.smtp.set_mood(Mood::PutsOff);
    assert_eq!(desk.round(time("2026-12-28T16:59:00Z")).await.failed, 1);
    desk.smtp.set_mood(Mood::Takes);
    assert_eq!(desk.round(time("2026-12-28T18:00:00Z")).await, Sent::default());
    assert_eq!(desk.round(time("2026-12-29T06:59:59Z")).await, Sent::default());
    assert_eq!(desk.round(time("2026-12-29T07:00:00Z")).await, ONE);
    desk.smtp.set_mood(Mood::PutsOff);
    desk.by_hand(asked.row.id, time("2026-12-30T20:00:00Z")).await.unwrap();
    assert_eq!(desk.round(time("2026-12-30T20:00:00Z")).await.failed, 1);
    desk.smtp.set_mood(Mood::Takes);
    assert_eq!(desk.round(time("2026-12-30T20:02:00Z")).await, ONE);
}

#[tokio::test]
async fn the_state_at_the_time_of_sending_decides() {
    let desk = Desk::open().await;
    let (now, first) = (time(MONDAY), time("2026-12-07T07:00:00Z"));
    // Everything is there; after a rejection something is missing again.
    let asked = desk.ask(ERIKA, DEADLINE, now).await;
    for item in &asked.items {
        desk.hand_in(&asked, item.row.id, now).await;
    }
    assert_eq!(desk.round(first).await, Sent::default());
    let item = asked.items[0].row.id;
    desk.judge(&asked, &[item], &Judgement::Reject("x".into()), later(first, 1)).await;
    assert_eq!(desk.round(later(first, 11)).await, ONE, "of the rejection");
    assert_eq!(desk.round(time("2026-12-11T07:00:00Z")).await, ONE);
    assert!(desk.smtp.takes(2)[1].body().contains("ist noch ein Punkt offen."));
    desk.close(asked.row.id, true, time("2026-12-12T07:00:00Z")).await;
    assert_eq!(next(&desk.recipient(asked.row.id).await), None);
    // Paused, and resumed after the day.
    let asked = desk.ask(ERIKA, DEADLINE, now).await;
    desk.pause(asked.row.id, true, now).await;
    assert_eq!(next(&desk.recipient(asked.row.id).await), None);
    assert_eq!(desk.round(first).await, Sent::default());
    desk.pause(asked.row.id, false, later(first, 5)).await;
    assert_eq!(next(&desk.recipient(asked.row.id).await).as_deref(), Some("2026-12-11T07:00:00Z"));
    // Closed, and opened again.
    desk.close(asked.row.id, true, later(first, 6)).await;
    assert_eq!(next(&desk.recipient(asked.row.id).await), None);
    desk.close(asked.row.id, false, later(first, 7)).await;
    assert_eq!(next(&desk.recipient(asked.row.id).await).as_deref(), Some("2026-12-11T07:00:00Z"));
    // The deadline moves while a reminder is planned.
    let rights = desk.office.sharing.request_rights(&desk.office.bert).await.unwrap();
    let (day, by) =
        (tresor::model::Day::parse("2026-12-23").unwrap(), desk.office.bert.stamp(later(first, 8)));
    desk.office.sharing.extend_request(&rights, asked.row.id, day, by).await.unwrap();
    assert_eq!(next(&desk.recipient(asked.row.id).await).as_deref(), Some("2026-12-16T07:00:00Z"));
    assert_eq!(desk.round(time("2026-12-11T07:00:00Z")).await, Sent::default());
    // It is closed when the mail is made already.
    desk.smtp.set_mood(Mood::PutsOff);
    assert_eq!(desk.round(time("2026-12-16T07:00:00Z")).await.failed, 1);
    desk.close(asked.row.id, true, time("2026-12-16T07:01:00Z")).await;
    desk.smtp.set_mood(Mood::Takes);
    assert_eq!(desk.round(time("2026-12-16T08:00:00Z")).await, Sent { sent: 0, dropped: 1, failed: 0 });
    assert_eq!(desk.recipient(asked.row.id).await.row.reminders, 0, "only what was sent counts");
}

#[tokio::test]
async fn no_reminder_leads_to_a_link_that_does_not_open_and_staff_see_why() {
    let desk = Desk::open().await;
    let (now, first) = (time(MONDAY), time("2026-12-07T07:00:00Z"));
    let asked = desk.ask(ERIKA, DEADLINE, now).await;
    let annas = desk.office.sharing.request_rights(&desk.office.anna).await.unwrap();
    let why = async || desk.office.sharing.askings(&annas, asked.row.id, now).await.unwrap()[0].no_mail;
    assert_eq!(why().await, None);
    let (user, space) = (desk.office.bert.user, desk.office.space.id);
    desk.office.accounts.revoke(user, space, tresor::model::Stamp::owner(now)).await.unwrap();
    assert_eq!(why().await, Some(WhyNoMail::LinkEnded));
    assert_eq!(desk.round(first).await, Sent { sent: 0, dropped: 1, failed: 0 });
    let by_hand = desk.office.sharing.remind(&annas, asked.row.id, desk.office.anna.stamp(first)).await;
    assert!(matches!(by_hand, Err(RequestError::NoRecipient)), "{by_hand:?}");
}

#[tokio::test]
async fn a_person_who_is_asked_twice_is_reminded_once_a_day_and_each_recipient_by_a_mail_of_their_own() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let both = desk.ask(&["erika@example.de", "max@example.de"], DEADLINE, now).await;
    let second = desk.ask(ERIKA, DEADLINE, now).await;
    assert_eq!(desk.round(time("2026-12-07T07:00:00Z")).await.sent, 2);
    let mut to: Vec<_> = desk.smtp.takes(2).into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["erika@example.de", "max@example.de"]);
    assert_eq!(desk.round(time("2026-12-07T15:00:00Z")).await, Sent::default());
    assert_eq!(desk.round(time("2026-12-08T07:00:00Z")).await, ONE);
    let counts = async |id| desk.recipient(id).await.row.reminders;
    assert_eq!((counts(both.row.id).await, counts(second.row.id).await), (1, 1));
}

#[tokio::test]
async fn whoever_is_asked_for_rejected_items_again_is_not_reminded_on_that_day() {
    let desk = Desk::open().await;
    let first = time("2026-12-07T07:00:00Z");
    let asked = desk.ask(ERIKA, DEADLINE, time(MONDAY)).await;
    let item = asked.items[0].row.id;
    desk.judge(&asked, &[item], &Judgement::Reject("x".into()), later(first, -20)).await;
    assert_eq!(desk.round(later(first, -10)).await, ONE);
    assert_eq!(desk.round(first).await, Sent::default());
    assert_eq!(next(&desk.recipient(asked.row.id).await).as_deref(), Some("2026-12-08T07:00:00Z"));
    assert_eq!(desk.round(later(first, DAY)).await, ONE);
    let mails = desk.smtp.takes(2);
    assert!(mails[0].body().contains("noch einmal") && mails[1].body().contains("noch 2 Punkte offen"));
}

#[tokio::test]
async fn by_hand_a_person_is_reminded_at_any_hour_but_once_a_day() {
    let desk = Desk::open().await;
    let night = time("2026-12-06T21:00:00Z");
    let asked = desk.ask(ERIKA, DEADLINE, time(MONDAY)).await;
    let id = asked.row.id;
    desk.by_hand(id, night).await.unwrap();
    let again = desk.by_hand(id, night).await;
    assert!(matches!(again, Err(RequestError::RemindedToday)), "it waits: {again:?}");
    assert_eq!(desk.round(night).await, ONE);
    let again = desk.by_hand(id, later(night, 30)).await;
    assert!(matches!(again, Err(RequestError::RemindedToday)), "{again:?}");
    // After midnight by the office's clocks; then the planned one of that day is one too many.
    desk.by_hand(id, later(night, 130)).await.unwrap();
    assert_eq!(desk.round(later(night, 130)).await, ONE);
    assert_eq!(desk.round(time("2026-12-07T07:00:00Z")).await, Sent::default());
    assert_eq!(next(&desk.recipient(id).await).as_deref(), Some("2026-12-11T07:00:00Z"));
    desk.pause(id, true, later(night, 200)).await;
    let tomorrow = later(night, 2 * DAY);
    assert!(matches!(desk.by_hand(id, tomorrow).await, Err(RequestError::Paused)));
    desk.pause(id, false, tomorrow).await;
    desk.close(id, true, tomorrow).await;
    assert!(matches!(desk.by_hand(id, tomorrow).await, Err(RequestError::Closed)));
    desk.close(id, false, tomorrow).await;
    for item in &asked.items {
        desk.hand_in(&asked, item.row.id, tomorrow).await;
    }
    assert!(matches!(desk.by_hand(id, tomorrow).await, Err(RequestError::NothingMissing)));
    let nobody = desk.ask(&[""], DEADLINE, tomorrow).await;
    assert!(matches!(desk.by_hand(nobody.row.id, tomorrow).await, Err(RequestError::NoRecipient)));
}

#[tokio::test]
async fn an_address_that_was_refused_is_not_used_again_until_it_is_corrected() {
    let desk = Desk::open().await;
    let first = time("2026-12-07T07:00:00Z");
    let asked = desk.ask(ERIKA, DEADLINE, time(MONDAY)).await;
    let id = asked.row.id;
    desk.smtp.set_mood(Mood::Refuses);
    assert_eq!(desk.round(first).await.failed, 1);
    let shown = desk.recipient(id).await;
    assert_eq!((shown.row.refused, next(&shown)), (Some(first), None));
    assert!(shown.row.refusal.contains("no such mailbox"), "{}", shown.row.refusal);
    desk.smtp.set_mood(Mood::Takes);
    assert_eq!(desk.round(time("2026-12-11T07:00:00Z")).await, Sent::default());
    let by_hand = desk.by_hand(id, later(first, DAY)).await;
    assert!(matches!(by_hand, Err(RequestError::NoRecipient)), "{by_hand:?}");
    // Nor for a rejection.
    let item = asked.items[0].row.id;
    desk.judge(&asked, &[item], &Judgement::Reject("x".into()), later(first, DAY)).await;
    assert_eq!(desk.round(later(first, DAY + 10)).await, Sent { sent: 0, dropped: 1, failed: 0 });

    let rights = desk.office.sharing.request_rights(&desk.office.bert).await.unwrap();
    let correct = async |recipient: RecipientId, mail: &str| {
        let by = desk.office.bert.stamp(later(first, DAY + 20));
        desk.office.sharing.readdress(&rights, (id, recipient), mail, by).await
    };
    let recipient = shown.row.id;
    assert!(matches!(correct(recipient, "erika").await, Err(RequestError::Mail(_))));
    assert!(matches!(correct(RecipientId(999), "e@example.de").await, Err(RequestError::NoSuchRecipient)));
    correct(recipient, "huber@example.de").await.unwrap();
    let shown = desk.recipient(id).await;
    assert_eq!((shown.row.refused, shown.row.refusal.as_str()), (None, ""));
    assert_eq!(desk.round(time("2026-12-11T07:00:00Z")).await, ONE);
    assert_eq!(desk.smtp.takes(1)[0].to, "huber@example.de");
}

fn shown(server: &TestServer, id: &str) -> Value {
    serde_json::from_str(&server.cli_ok(["request", "show", id, "--json"])).unwrap()
}

/// Through the real server: killed after the mail was taken and before that was noted, it counts one reminder, and the mail that
/// comes twice has the same Message-ID.
#[test]
fn a_server_that_is_killed_sends_one_reminder_and_shows_it() {
    let smtp = TestSmtp::plain();
    let mut server = office(&smtp);
    let words = [
        "--item",
        "Bescheid",
        "--to",
        "Erika <erika@example.de>",
        "--deadline",
        "2999-12-31",
        "--remind",
        "14d,2d",
    ];
    let (made, _) = asked(&server, &words);
    let id = made["id"].to_string();
    assert_eq!((&made["remind"], &made["paused"]), (&"14d,2d".into(), &false.into()));
    assert!(made["recipients"][0]["next"].as_str().unwrap().starts_with("2999-12-17T"), "{made}");
    smtp.set_mood(Mood::StaysSilent);
    server.cli_ok(["request", "remind", &id]);
    let taken = smtp.takes(1);
    server.kill();
    smtp.set_mood(Mood::Takes);
    server.spawn();
    let mails = smtp.takes(2);
    assert_eq!(mails[1].head("Message-ID"), taken[0].head("Message-ID"));
    eventually("it is noted", std::time::Duration::from_mins(1), || notices(&server)[0]["state"] == "sent");
    let recipient = shown(&server, &id)["recipients"][0].clone();
    assert_eq!(recipient["reminders"], 1, "{recipient}");
    assert!(recipient["reminded"].is_string() && recipient["no_mail"].is_null(), "{recipient}");
    let history = server.cli_ok(["history", SPACE]);
    assert_eq!(history.matches("sent a reminder of request").count(), 1, "{history}");
    let refused = server.cli(["request", "remind", &id]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("were reminded today"), "{refused:?}");
    // The preview shows the mails that would be sent now.
    let preview = server.cli_ok(["request", "remind", &id, "--preview"]);
    let (head, text) = preview.split_once("\n\n").unwrap();
    assert_eq!(head, "To: erika@example.de\nSubject: Ihre Unterlagen");
    assert_eq!(text.trim_end(), mails[1].body().trim_end());
    server.cli_ok(["request", "pause", &id]);
    assert!(server.cli_ok(["request", "show", &id]).contains("reminders are paused\n"));
    assert!(shown(&server, &id)["recipients"][0]["next"].is_null());
    server.cli_ok(["request", "resume", &id]);
    assert_eq!(smtp.mails().len(), 2);
}

#[test]
fn a_refused_address_is_shown_and_corrected_by_commands() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    let (made, _) = asked(&server, &["--item", "Bescheid", "--to", "erika@example.de", "--lang", "en"]);
    let (id, recipient) = (made["id"].to_string(), made["recipients"][0]["id"].to_string());
    smtp.set_mood(Mood::Refuses);
    server.cli_ok(["request", "remind", &id]);
    let look = || shown(&server, &id)["recipients"][0].clone();
    eventually("it is refused", std::time::Duration::from_mins(1), || look()["refused"].is_string());
    let refused = look();
    assert_eq!(refused["no_mail"], "refused");
    assert!(refused["refusal"].as_str().unwrap().contains("no such mailbox"), "{refused}");
    let text = server.cli_ok(["request", "show", &id]);
    assert!(text.contains("(no mail: refused) (refused "), "{text}");
    smtp.set_mood(Mood::Takes);
    let again = server.cli(["request", "remind", &id]).output().unwrap();
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("one of its recipients can get a mail"),
        "{again:?}"
    );
    server.cli_ok(["request", "recipient", &id, &recipient, "--mail", "huber@example.de"]);
    server.cli_ok(["request", "remind", &id]);
    let mails = smtp.takes(1);
    assert_eq!(mails[0].to, "huber@example.de");
    assert!(mails[0].body().contains("One item of our request of"), "{}", mails[0].body());
}

#[test]
fn the_page_of_a_request_reminds_pauses_and_corrects_an_address() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    let words = ["--item", "Bescheid", "--to", "Erika <erika@example.de>", "--deadline", "2999-12-31"];
    let (made, _) = asked(&server, &words);
    let (id, at) = (made["id"].to_string(), format!("/requests/{}", made["id"]));
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let page = || anna.get(&at).expect(200);
    let act = |fields: &[(&str, &str)]| anna.send(&page(), &at, fields);
    let done = |fields: &[(&str, &str)], said: &str| {
        let shown = anna.get(&leads_to(&act(fields))).expect(200).text();
        assert!(shown.contains(said), "{said}: {shown}");
    };
    let refused = |fields: &[(&str, &str)], said: &str| {
        let shown = act(fields).expect(409).text();
        assert!(shown.contains(said), "{said}: {shown}");
    };
    assert!(page().text().contains("noch nicht erinnert, wieder am 24.12.2999"), "{}", page());
    done(&[("do", "pause")], "Die Erinnerungen sind angehalten.");
    assert!(!page().text().contains("wieder am"));
    refused(&[("do", "remind")], "Die Erinnerungen sind angehalten.");
    done(&[("do", "resume")], "wieder am 24.12.2999");

    smtp.set_mood(Mood::Refuses);
    done(&[("do", "remind")], "Die Erinnerung geht gleich hinaus.");
    let is_refused = || page().text().contains("no such mailbox");
    eventually("it is refused", std::time::Duration::from_mins(1), is_refused);
    smtp.set_mood(Mood::Takes);
    refused(&[("do", "remind")], "Kein Empfänger ist per Mail erreichbar.");
    let recipient = hidden(&page(), "recipient");
    let to = |mail| [("do", "readdress"), ("recipient", recipient.as_str()), ("mail", mail)];
    refused(&to("keine"), "keine gültige Mail-Adresse");
    done(&to("huber@example.de"), "Die Adresse ist gespeichert.");
    done(&[("do", "remind")], "Die Erinnerung geht gleich hinaus.");
    assert_eq!(smtp.takes(1)[0].to, "huber@example.de");
    eventually("it is noted", std::time::Duration::from_mins(1), || page().text().contains("1-mal erinnert"));
    refused(&[("do", "remind")], "Heute wurde schon erinnert.");

    // A person who only reads finds neither page nor effect.
    server.add_member("dora", "staff", "read");
    let dora = Browser::signed_in(&server, "de", "dora", PASSWORD);
    dora.send(&dora.get("/files/"), &at, &[("do", "pause")]).expect(404);
    assert_eq!(shown(&server, &id)["paused"], false);
    server.cli_ok(["request", "close", &id]);
    assert!(!page().text().contains("Jetzt erinnern"));
}

/// The plan stands on the page, is changed there and by command, and the mail is seen without the recipient's link.
#[test]
fn the_plan_of_a_request_is_seen_and_changed() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    let to = ["--to", "Erika <erika@example.de>", "--to", "Hans <hans@example.de>"];
    let words = ["--item", "Bescheid", "--deadline", "2999-12-31", "--code-by-mail"];
    let (made, link) = asked(&server, &[&words[..], &to].concat());
    let (id, at) = (made["id"].to_string(), format!("/requests/{}", made["id"]));
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let page = || anna.get(&at).expect(200).text();
    let plan = |days: &str| anna.send(&anna.get(&at).expect(200), &at, &[("do", "plan"), ("plan", days)]);
    assert!(page().contains("Plan: 7, 1 Tage vor der Frist"), "{}", page());
    assert!(page().contains("Montag bis Freitag, 08:00–18:00 Uhr"), "{}", page());
    let stored = anna.get(&leads_to(&plan("14; 3"))).expect(200).text();
    for words in ["Der Plan ist gespeichert", "Plan: 14, 3 Tage", "wieder am 17.12.2999"] {
        assert!(stored.contains(words), "{words}: {stored}");
    }
    let wrong = plan("bald").expect(400).text();
    assert!(wrong.contains("value=\"bald\" aria-invalid") && wrong.contains("nicht gespeichert"), "{wrong}");
    assert_eq!(shown(&server, &id)["remind"], "14d,3d");
    leads_to(&plan(""));
    assert!(page().contains("Nach Plan erinnert diese Anfrage nicht") && !page().contains("wieder am"));
    server.cli_ok(["request", "plan", &id, "30d"]);
    assert!(page().contains("wieder am 29.11.2999"), "{}", page());
    assert!(
        server.cli_ok(["request", "show", &id]).contains("reminds 30d before the deadline, then weekly\n")
    );
    let refused = server.cli(["request", "plan", &id, "soon"]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no plan of reminders"), "{refused:?}");

    // Each mail as it would be sent, with the sentence about the code, and without the address that opens the page.
    let mails = anna.get(&format!("{at}/reminder")).expect(200).text();
    for words in
        ["erika@example.de", "Guten Tag Hans,", "bis zum 31.12.2999", "/s/…", "öffnet sich mit einem Code"]
    {
        assert!(mails.contains(words), "{words}: {mails}");
    }
    assert!(!mails.contains(&link) && !mails.contains("Wird nicht gesendet"), "{mails}");

    // A new request gets the plan of its form, and one that asks again that of the earlier one.
    let form = anna.get("/requests/new").expect(200);
    assert!(form.text().contains("name=\"plan\"") && form.text().contains("value=\"7, 1\""), "{form}");
    let latest = hidden(&form, "latest");
    let ask = |plan: &str| {
        let fields =
            [("latest", &*latest), ("space", SPACE), ("title", "Lohn"), ("items", "A"), ("plan", plan)];
        anna.send(&form, "/requests/new", &fields)
    };
    let wrong = ask("bald").expect(400).text();
    assert!(wrong.contains("Bei den Erinnerungen stehen bis zu fünf Zahlen"), "{wrong}");
    leads_to(&ask("5"));
    let again = anna.get(&format!("/requests/new?from={id}")).expect(200).text();
    assert!(again.contains("name=\"plan\"") && again.contains("value=\"30\""), "{again}");
    let list: Value = serde_json::from_str(&server.cli_ok(["request", "list", "--json"])).unwrap();
    assert_eq!(shown(&server, &list[0]["id"].to_string())["remind"], "5d");
    server.cli_ok(["request", "close", &id]);
    assert!(!page().contains("name=\"plan\""), "{}", page());
    assert!(
        anna.get(&format!("{at}/reminder")).expect(200).text().contains("weil die Anfrage abgeschlossen ist")
    );
}

/// A template names the plan. Without a mail server nothing is planned, and the preview is there to be copied.
#[test]
fn without_a_mail_server_the_preview_gives_the_text() {
    let server = TestServer::start_plain();
    let template = tempfile::NamedTempFile::new().unwrap();
    let text = "name = \"own\"\ntitle = \"Own\"\nremind = \"3d\"\n[[items]]\ntitle = \"Bescheid\"\n";
    std::fs::write(template.path(), text).unwrap();
    server.cli_ok(["template", "import", template.path().to_str().unwrap()]);
    let (made, link) =
        asked(&server, &["--template", "own", "--to", "erika@example.de", "--deadline", "2999-12-31"]);
    let id = made["id"].to_string();
    assert_eq!(made["remind"], "3d");
    assert!(made["recipients"][0]["next"].is_null(), "{made}");
    let refused = server.cli(["request", "remind", &id]).output().unwrap();
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("copy the text that the preview shows"),
        "{refused:?}"
    );
    let preview: Value =
        serde_json::from_str(&server.cli_ok(["request", "remind", &id, "--preview", "--json"])).unwrap();
    let text = preview[0]["text"].as_str().unwrap();
    assert!(text.contains(&format!("{link}\n")) && text.contains("bis zum 31.12.2999"), "{text}");
    assert_eq!((&preview[0]["to"], &preview[0]["no_mail"]), (&"erika@example.de".into(), &Value::Null));
    let wrong = server
        .cli(["request", "add", SPACE, "--as", USER, "--item", "x", "--remind", "soon"])
        .output()
        .unwrap();
    assert!(
        !wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("no plan of reminders"),
        "{wrong:?}"
    );
}
