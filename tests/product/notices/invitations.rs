//! Invitations to the recipients of requests, and other addresses for their links.

use serde_json::Value;
use tresor::model::{RequestId, Timestamp};
use tresor::notices::Sent;
use tresor::sharing::{GuestKey, RequestError, RequestShown};

use super::asked::{Desk, MONDAY, later, time};
use super::office;
use crate::http::requests::{asked, path};
use crate::sharing::office::PEER;
use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to};
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE, USER};
use crate::support::smtp::{Mood, TestSmtp};

const LIMIT: std::time::Duration = std::time::Duration::from_mins(1);

impl Desk {
    async fn invite(&self, id: RequestId, now: Timestamp) -> Result<(), RequestError> {
        let rights = self.office.sharing.request_rights(&self.office.bert).await.unwrap();
        self.office.sharing.invite(&rights, id, self.office.bert.stamp(now)).await
    }

    async fn renew(&self, asked: &RequestShown, place: usize, now: Timestamp) -> Result<(), RequestError> {
        let rights = self.office.sharing.request_rights(&self.office.bert).await.unwrap();
        let which = (asked.row.id, asked.recipients[place].row.id);
        self.office.sharing.renew_address(&rights, which, self.office.bert.stamp(now)).await
    }

    async fn opens(&self, token: &str, now: Timestamp) -> bool {
        self.office.sharing.open(token, GuestKey::None, PEER.parse().unwrap(), now).await.is_ok()
    }
}

fn token(asked: &RequestShown, place: usize) -> String {
    asked.recipients[place].link.as_ref().unwrap().token().to_owned()
}

fn sent(sent: usize) -> Sent {
    Sent { sent, ..Sent::default() }
}

#[tokio::test]
async fn each_recipient_is_invited_once_by_a_neutral_mail() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(&["erika@example.de", "", "hans@example.de"], Some("2026-12-14"), now).await;
    desk.date(&asked, &["2026-12-04"], now).await;
    desk.invite(asked.row.id, now).await.unwrap();
    // A second click, before and after the mails are sent.
    assert!(matches!(desk.invite(asked.row.id, now).await, Err(RequestError::Invited)));
    assert_eq!(desk.round(later(now, 1)).await, sent(2));
    assert!(matches!(desk.invite(asked.row.id, later(now, 2)).await, Err(RequestError::Invited)));
    assert_eq!(desk.round(later(now, 3)).await, Sent::default());
    let mails = desk.smtp.takes(2);
    let (mail, page) = (&mails[0], asked.recipients[0].link.as_ref().unwrap().url_path());
    for part in [
        format!("https://files.example.org{page}\n"),
        "bis zum 14.12.2026".to_owned(),
        "eigene Fristen: 04.12.2026".to_owned(),
        "Kanzlei Beispiel".to_owned(),
    ] {
        assert!(mail.body().contains(&part), "{part:?} is not in {}", mail.body());
    }
    for word in ["Steuer", "Ausweis", "Bescheid", "wie bisher"] {
        assert!(!mail.body().contains(word), "{word}: {}", mail.body());
    }
    let shown = desk.shown(asked.row.id).await;
    let invited: Vec<_> = shown.recipients.iter().map(|one| one.row.invited_since()).collect();
    assert_eq!(invited, [Some(later(now, 1)), None, Some(later(now, 1))]);
}

#[tokio::test]
async fn no_reminder_goes_out_on_the_day_of_an_invitation() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(&["erika@example.de"], Some("2026-12-14"), now).await;
    let planned = asked.recipients[0].row.remind.unwrap();
    desk.invite(asked.row.id, later(planned, -30)).await.unwrap();
    assert_eq!(desk.round(later(planned, -20)).await, sent(1));
    assert_eq!(desk.round(planned).await, Sent::default());
    assert_eq!(desk.round(later(planned, 24 * 60)).await, sent(1), "the next day");
}

#[tokio::test]
async fn a_new_address_takes_the_place_of_the_one_before_and_can_be_mailed() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(&["erika@example.de", "hans@example.de"], None, now).await;
    desk.hand_in(&asked, asked.items[0].row.id, now).await;
    desk.invite(asked.row.id, now).await.unwrap();
    assert_eq!(desk.round(later(now, 1)).await, sent(2));
    desk.renew(&asked, 0, later(now, 2)).await.unwrap();
    let renewed = desk.shown(asked.row.id).await;
    assert!(!desk.opens(&token(&asked, 0), later(now, 2)).await, "the one before opens nothing");
    assert!(desk.opens(&token(&renewed, 0), later(now, 2)).await);
    assert!(desk.opens(&token(&asked, 1), later(now, 2)).await, "the other recipient keeps the link");
    assert_eq!(renewed.items[0].files.len(), 1, "what came stays");
    assert_eq!(renewed.recipients[0].row.invited_since(), None);
    // The invitation goes again, to the one recipient with a new address.
    desk.invite(asked.row.id, later(now, 3)).await.unwrap();
    // A round that had begun before the next address was made sends the one before: the person is not invited by it.
    desk.renew(&asked, 0, later(now, 5)).await.unwrap();
    assert_eq!(desk.round(later(now, 4)).await, sent(1));
    let shown = desk.shown(asked.row.id).await;
    assert_eq!(
        (shown.recipients[0].row.invited_since(), desk.smtp.takes(3)[2].to.as_str()),
        (None, "erika@example.de")
    );
    desk.invite(asked.row.id, later(now, 6)).await.unwrap();
    assert_eq!(desk.round(later(now, 7)).await, sent(1));
    let page = shown.recipients[0].link.as_ref().unwrap().url_path();
    assert!(desk.smtp.takes(4)[3].body().contains(&page));
    assert!(matches!(desk.invite(asked.row.id, later(now, 8)).await, Err(RequestError::Invited)));
}

#[tokio::test]
async fn new_addresses_do_not_fill_a_mailbox() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(&["erika@example.de"], None, now).await;
    for round in 0..12 {
        desk.invite(asked.row.id, later(now, 10 * round + 1)).await.unwrap();
        assert_eq!(desk.round(later(now, 10 * round + 2)).await, sent(1));
        desk.renew(&asked, 0, later(now, 10 * round + 3)).await.unwrap();
    }
    let more = desk.invite(asked.row.id, later(now, 130)).await;
    assert!(matches!(more, Err(RequestError::TooManyMails)), "{more:?}");
    desk.invite(asked.row.id, later(now, 2 * 24 * 60)).await.unwrap();
}

#[tokio::test]
async fn a_closed_request_invites_nobody_and_renews_nothing() {
    let desk = Desk::open().await;
    let now = time(MONDAY);
    let asked = desk.ask(&["erika@example.de"], None, now).await;
    desk.invite(asked.row.id, now).await.unwrap();
    let rights = desk.office.sharing.request_rights(&desk.office.bert).await.unwrap();
    desk.office
        .sharing
        .close_request(&rights, asked.row.id, true, desk.office.bert.stamp(now))
        .await
        .unwrap();
    assert_eq!(desk.round(later(now, 1)).await, Sent { dropped: 1, ..Sent::default() });
    assert!(matches!(desk.invite(asked.row.id, now).await, Err(RequestError::Closed)));
    assert!(matches!(desk.renew(&asked, 0, now).await, Err(RequestError::Closed)));
    // A reader of the space has no part in it.
    let reader = desk.office.sharing.request_rights(&desk.office.carla).await.unwrap();
    let which = (asked.row.id, asked.recipients[0].row.id);
    let refused = desk.office.sharing.renew_address(&reader, which, desk.office.carla.stamp(now)).await;
    assert!(matches!(refused, Err(RequestError::NoSuchRequest)), "{refused:?}");
}

/// From the form of a new request to a lost link, on the pages.
#[test]
fn the_pages_invite_and_give_a_new_link() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let form = anna.get("/requests/new").expect(200);
    let latest = hidden(&form, "latest");
    let more = "Hans;hans@example.de\nOhne;";
    let always =
        [("latest", &*latest), ("space", SPACE), ("title", "Lohn"), ("items", "A"), ("name", "Erika")];
    let asking = [("mail", "erika@example.de"), ("more", more), ("invite", "yes")];
    let made = leads_to(&anna.send(&form, "/requests/new", &[&always[..], &asking].concat()));
    assert_eq!(smtp.takes(2).len(), 2);
    let at = format!("/requests/{}", first_request(&server)["id"]);
    let page = || anna.get(&at).expect(200);
    eventually("it is noted", LIMIT, || page().text().matches("Einladung gesendet am").count() == 2);
    assert!(!page().text().contains("Einladung per E-Mail senden"), "none is left to be invited: {}", page());
    let shown = anna.get(&made).expect(200).text();
    assert!(
        shown.contains("Einladung gesendet am") && !shown.contains("Alle per E-Mail einladen"),
        "{shown}"
    );

    // The person who makes a new link sees it, and no other.
    let old = path(shown.split("/s/").nth(1).unwrap().split('"').next().unwrap());
    let recipient = server.cli_ok(["request", "show", at.rsplit('/').next().unwrap(), "--json"]);
    let recipient: Value = serde_json::from_str(&recipient).unwrap();
    let recipient = recipient["recipients"][0]["id"].to_string();
    let renewed_at = format!("{at}/address/{recipient}");
    assert!(anna.get(&renewed_at).expect(200).text().contains("zeigt der Server nicht mehr"));
    let renewed = leads_to(&anna.send(&page(), &at, &[("do", "renew"), ("recipient", &recipient)]));
    assert_eq!(renewed, renewed_at);
    let shown = anna.get(&renewed).expect(200).text();
    let new = path(shown.split("/s/").nth(1).unwrap().split('"').next().unwrap());
    assert!(new != old && shown.contains("Guten Tag Erika,") && shown.contains("<svg"), "{shown}");
    let client = Browser::new(&server, "de");
    client.get(&old).expect(404);
    client.get(&new).expect(200);
    server.add_member("berta", "staff", "write");
    let berta = Browser::signed_in(&server, "de", "berta", PASSWORD);
    assert!(!berta.get(&renewed).expect(200).text().contains("/s/"));
    assert!(!page().text().contains("/s/"));

    // It can be mailed, and a mail that is refused is shown beside the recipient.
    smtp.set_mood(Mood::Refuses);
    let invite = || anna.send(&page(), &at, &[("do", "invite")]);
    let said = anna.get(&leads_to(&invite())).expect(200).text();
    assert!(said.contains("Die Einladung ist unterwegs."), "{said}");
    eventually("it is refused", LIMIT, || page().text().contains("Die Mail kam zurück"));
    let refused = invite().expect(409).text();
    assert!(refused.contains("Die Einladung haben schon alle"), "{refused}");
    let history = page().text();
    assert!(history.contains("eingeladen") && history.contains("eine neue Adresse gegeben"), "{history}");
}

/// Requests that were made without invitations: the page with their links sends them all.
#[test]
fn the_page_of_new_links_invites_all() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    let anna = Browser::signed_in(&server, "en", USER, PASSWORD);
    for to in ["erika@example.de", "hans@example.de"] {
        asked(&server, &["--item", "1", "--to", to]);
    }
    let made = anna.get("/requests/made").expect(200);
    assert!(made.text().contains("Invite everyone by mail"), "{made}");
    anna.unmarked_form("/requests/made", &[("after", "0")]).send().expect(403);
    let led = leads_to(&anna.send(&made, "/requests/made", &[("after", "0")]));
    assert!(anna.get(&led).expect(200).text().contains("The invitation is on its way."));
    let mut to: Vec<_> = smtp.takes(2).into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["erika@example.de", "hans@example.de"]);
    assert_eq!(leads_to(&anna.send(&made, "/requests/made", &[("after", "0")])), "/requests/made?after=0");
    assert_eq!(smtp.mails().len(), 2);
}

/// The same by commands.
#[test]
fn commands_invite_and_give_a_new_address() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    let to = ["--to", "erika@example.de", "--to", "hans@example.de"];
    let (made, old) = asked(&server, &[&["--item", "1", "--invite"][..], &to].concat());
    let id = made["id"].to_string();
    assert!(smtp.takes(2).iter().any(|mail| mail.body().contains(&old)));
    let show = || server.cli_ok(["request", "show", &id]);
    eventually("it is noted", LIMIT, || show().matches("(invited ").count() == 2);
    let again = server.cli(["request", "invite", &id]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("have the invitation already"), "{again:?}");
    let recipient = made["recipients"][0]["id"].to_string();
    let renewed = server.cli_ok(["request", "renew", &id, &recipient]);
    let new = path(renewed.split_whitespace().find(|word| word.contains("/s/")).unwrap());
    assert!(new != old && renewed.matches("/s/").count() == 1 && !show().contains("/s/"), "{renewed}");
    Browser::new(&server, "de").get(&old).expect(404);
    server.cli_ok(["request", "invite", &id]);
    assert!(smtp.takes(3)[2].body().contains(&new));
}

fn first_request(server: &TestServer) -> Value {
    let list: Value = serde_json::from_str(&server.cli_ok(["request", "list", "--json"])).unwrap();
    list[0].clone()
}
