//! Mail servers that put off, refuse, hang up or stay silent; and a server that is killed meanwhile.

use std::time::Duration;

use super::{CHIEF, notices, office, store};
use crate::support::browser::{Browser, leads_to};
use crate::support::process::eventually;
use crate::support::server::PASSWORD;
use crate::support::smtp::{Mood, TestSmtp};

const LIMIT: Duration = Duration::from_mins(1);

#[test]
fn what_is_put_off_is_tried_again_and_what_is_refused_is_shown_at_once() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.cli_ok(["user", "set", "reader", "--notices", "off"]);
    let first = |what: &str, state: &str| {
        let mut latest = serde_json::Value::Null;
        eventually(what, LIMIT, || {
            latest = notices(&server).first().cloned().unwrap_or_default();
            latest["state"] == state && latest["attempts"] == 1
        });
        latest
    };
    smtp.set_mood(Mood::PutsOff);
    store(&server, "1.txt");
    let put_off = first("the mail is put off", "waiting");
    assert!(put_off["fault"].as_str().unwrap().contains("later"), "{put_off}");
    assert!(
        put_off["next"].as_str() > put_off["created"].as_str() && put_off["ended"].is_null(),
        "{put_off}"
    );
    assert!(!server.cli_ok(["status"]).contains("could not be delivered"));

    smtp.set_mood(Mood::Refuses);
    store(&server, "2.txt");
    let bounced = first("the mail is refused", "bounced");
    assert!(bounced["fault"].as_str().unwrap().contains("no such mailbox"), "{bounced}");
    assert!(bounced["next"].is_null() && bounced["ended"].is_string(), "{bounced}");
    assert!(server.cli_ok(["status"]).contains("1 mails could not be delivered during the last week"));
    assert!(smtp.mails().is_empty());

    smtp.set_mood(Mood::Takes);
    let id = bounced["id"].to_string();
    server.cli_ok(["notices", "retry", &id]);
    eventually("the mail is sent", LIMIT, || notices(&server)[0]["state"] == "sent");
    assert_eq!(smtp.takes(1)[0].to, format!("{CHIEF}@example.org"));
    assert!(!server.cli_ok(["status"]).contains("could not be delivered"));
    for (id, why) in [(id.as_str(), "only one that failed or bounced"), ("9999", "no such notice")] {
        let refused = server.cli(["notices", "retry", id]).output().unwrap();
        assert!(String::from_utf8_lossy(&refused.stderr).contains(why), "{refused:?}");
    }
    let shown = server.cli_ok(["notices", "show", &id]);
    assert!(shown.contains("topic     arrived\n") && shown.contains("state     sent\n"), "{shown}");
}

/// The page of the server's state names the mail and the answer, and sends it again.
#[test]
fn administrators_see_what_did_not_arrive_and_send_it_again() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.add_user("boss", "administrator", PASSWORD);
    let boss = Browser::signed_in(&server, "de", "boss", PASSWORD);
    let state = || boss.get("/office/state").expect(200).text();
    let page = state();
    assert!(page.contains("keine Benachrichtigungen bekommen") && page.contains("Zu den Personen"), "{page}");
    assert!(!page.contains("id=\"mails\""), "{page}");
    smtp.set_mood(Mood::Refuses);
    store(&server, "1.txt");
    eventually("the mail is refused", LIMIT, || state().contains("id=\"mails\""));
    let page = state();
    for text in [
        "Mails, die nicht ankamen",
        &format!("Empfänger {CHIEF}, "),
        "Antwort des Mailservers:",
        "no such mailbox",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    smtp.set_mood(Mood::Takes);
    for notice in notices(&server).iter().filter(|notice| notice["state"] == "bounced") {
        let id = notice["id"].to_string();
        let form = boss.get("/office/state").expect(200);
        leads_to(&boss.send(&form, "/office/state", &[("do", "send-again"), ("notice", &id)]));
    }
    eventually("they are sent", LIMIT, || notices(&server).iter().all(|notice| notice["state"] == "sent"));
    assert!(!state().contains("id=\"mails\""));
}

/// Nothing is lost or told twice: a mail that was taken just before the end comes again with the same Message-ID.
#[test]
fn a_server_that_is_killed_tells_each_event_in_one_notice() {
    let smtp = TestSmtp::plain();
    let mut server = office(&smtp);
    server.cli_ok(["user", "set", "reader", "--notices", "off"]);
    smtp.set_mood(Mood::StaysSilent);
    // The event is committed, and nothing has read it yet.
    store(&server, "1.txt");
    server.kill();
    server.spawn();
    let taken = smtp.takes(1);
    // The mail was taken, and nothing has noted it yet.
    server.kill();
    smtp.set_mood(Mood::Takes);
    server.spawn();
    let mails = smtp.takes(2);
    assert_eq!(mails[1].head("Message-ID"), taken[0].head("Message-ID"));
    eventually("it is noted", LIMIT, || notices(&server)[0]["state"] == "sent");
    assert_eq!(notices(&server).len(), 1);
    // News that was gathered before is not gathered again.
    server.kill();
    server.spawn();
    store(&server, "2.txt");
    smtp.takes(3);
    assert_eq!(notices(&server).len(), 2);
}
