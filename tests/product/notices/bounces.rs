//! Mails that come back after a mail server took them: by LMTP as mail servers write them, and through a real Postfix.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tresor::model::{DeliveryAction, DeliveryReport, NoticeId, RecipientId, Timestamp};
use tresor::notices::Returned;
use tresor::parsers::contents::read_report;

use super::asked::{Desk, MONDAY, later, time};
use super::{notices, notices_of, store, with_people};
use crate::http::requests::asked;
use crate::intake::mail::client::Client;
use crate::support::TestServer;
use crate::support::browser::Browser;
use crate::support::postfix::TestPostfix;
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE, USER};
use crate::support::smtp::TestSmtp;

const LIMIT: Duration = Duration::from_mins(1);
const ERIKA: &str = "erika@kunde.example";
const UNKNOWN: &str = "550 5.1.1 there is no such address";
const NOTED: &str = "250 2.0.0 noted";
const DAY: i64 = 24 * 60;

fn seed(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/report");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// A server with a mail server in front, to which mails come back by its sockets.
struct Returning {
    server: TestServer,
    sockets: PathBuf,
}

impl Returning {
    /// The mail server listens at this port; it may be made when the sockets' folder is known.
    fn open(bounces: &str, port: impl FnOnce(&Path) -> u16) -> Self {
        let server = TestServer::prepare(false);
        let sockets = server.scratch("post");
        server.configure(&format!(
            "public_url = 'https://files.example.org'\n\
             [intake]\nclamd = 'off'\nconverter = 'off'\nlmtp = '{0}/lmtp'\nmail_policy = '{0}/policy'\n\
             [mail]\nsmtp = '127.0.0.1:{1}'\ntls = 'off'\nfrom = 'Kanzlei Beispiel <tresor@example.org>'\n\
             bounces = '{2}'\nquiet = '1s'\napart = '1s'\n",
            sockets.display(),
            port(&sockets),
            bounces
        ));
        let mut returning = Self { server, sockets };
        returning.server.set_up();
        with_people(&returning.server);
        returning.server.cli_ok(["user", "set", "reader", "--notices", "off"]);
        returning
    }

    fn connect(&self) -> Client {
        let mut client = Client::new(UnixStream::connect(self.sockets.join("lmtp")).unwrap());
        assert!(client.reply().starts_with("220 "));
        assert!(client.say("LHLO mail.example.org").starts_with("250"));
        client
    }

    /// What the server answers to Postfix before that takes a mail.
    fn advice(&self, recipient: &str) -> String {
        let mut stream = UnixStream::connect(self.sockets.join("policy")).unwrap();
        let question = format!(
            "request=smtpd_access_policy\nprotocol_state=RCPT\nsender=\nrecipient={recipient}\nsize=0\n\n"
        );
        stream.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    /// The first mail, once it has this state.
    fn comes_to(&self, state: &str) -> Value {
        let mut first = Value::Null;
        eventually(&format!("the mail is {state}"), LIMIT, || {
            first = notices(&self.server).last().cloned().unwrap_or_default();
            first["state"] == state
        });
        first
    }
}

#[test]
fn what_mail_servers_write_is_understood() {
    use DeliveryAction::{Delayed, Failed};
    for (name, expected) in [
        (
            "postfix",
            Some((
                Failed,
                "5.1.1",
                "550 5.1.1 <erika@kunde.example>: Recipient address rejected: User unknown",
            )),
        ),
        (
            "exchange",
            Some((
                Failed,
                "5.1.10",
                "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            )),
        ),
        (
            "gmail",
            Some((
                Delayed,
                "4.4.1",
                "The recipient server did not accept our requests to connect. [mx.kunde.example. 192.0.2.7: timed out]",
            )),
        ),
        ("exim", Some((Failed, "5.2.2", "552 5.2.2 Mailbox full"))),
        ("away", None),
        ("relayed", None),
    ] {
        let expected = expected.map(|(action, status, diagnostic)| DeliveryReport {
            action,
            status: status.to_owned(),
            diagnostic: diagnostic.to_owned(),
        });
        assert_eq!(read_report(seed(name).as_bytes()), expected, "{name}");
        // As programs on Unix store it.
        assert_eq!(read_report(seed(name).replace("\r\n", "\n").as_bytes()), expected, "{name}");
    }
}

#[test]
fn a_mail_that_comes_back_has_bounced_and_only_the_address_of_that_mail_says_so() {
    let smtp = TestSmtp::plain();
    let post = Returning::open("Tresor-Bounces@files.example.org", |_| smtp.port());
    post.server.cli_ok(["space", "set", SPACE, "--mail", "mueller"]);
    store(&post.server, "1.txt");
    let sent = smtp.takes(1).remove(0);
    post.comes_to("sent");
    assert!(
        sent.head("From").ends_with("<tresor@example.org>") && !sent.text.contains("ounces+"),
        "{}",
        sent.text
    );
    let address = sent.from().to_owned();
    let token = address.strip_prefix("Tresor-Bounces+").unwrap().strip_suffix("@files.example.org").unwrap();
    assert_eq!(token.len(), 32);
    assert!(
        sent.envelope[0].ends_with("RET=HDRS") && sent.envelope[1].ends_with("NOTIFY=FAILURE,DELAY"),
        "{sent:?}"
    );

    // Nothing but the whole token is an address.
    let other = format!("{}{}", if token.starts_with('a') { 'b' } else { 'a' }, &token[1..]);
    let wrong = [
        "tresor-bounces@files.example.org".to_owned(),
        "tresor-bounces+@files.example.org".to_owned(),
        format!("tresor-bounces+{other}@files.example.org"),
        format!("tresor-bounces+{}@files.example.org", &token[..31]),
        format!("mueller+{token}@files.example.org"),
        format!("tresor-bounces+{token}+x@files.example.org"),
    ];
    let wrong: Vec<_> = wrong.iter().map(String::as_str).collect();
    let mut client = post.connect();
    assert_eq!(client.announce("", &wrong), [UNKNOWN; 6]);
    assert_eq!(client.say("RSET"), "250 2.0.0 forgotten");
    for address in wrong {
        assert_eq!(post.advice(address), format!("action={UNKNOWN}"), "{address}");
    }
    assert_eq!(post.advice(&address), "action=DUNNO");

    // What reports nothing is taken, and changes nothing; nor is anything stored.
    for name in ["away", "relayed"] {
        assert_eq!(client.send(ERIKA, &[&address], seed(name).as_bytes()), [NOTED]);
    }
    assert_eq!(post.comes_to("sent")["fault"], Value::Null);
    // One that is late is shown, and no warning.
    assert_eq!(client.send("", &[&address], seed("gmail").as_bytes()), [NOTED]);
    let late = post.comes_to("delayed");
    assert!(late["fault"].as_str().unwrap().starts_with("4.4.1 The recipient server"), "{late}");
    assert!(!post.server.cli_ok(["status"]).contains("could not be delivered"));

    // The same mail for a folder, whatever the capitals of the address.
    let upper = address.to_uppercase();
    let answers =
        client.send("", &["mueller@files.example.org", &upper, &address], seed("postfix").as_bytes());
    assert_eq!(answers, ["250 2.0.0 stored", NOTED, NOTED]);
    let bounced = post.comes_to("bounced");
    assert!(bounced["fault"].as_str().unwrap().contains("550 5.1.1 <erika@kunde.example>"), "{bounced}");
    assert!(
        bounced["ended"].is_string() && bounced["next"].is_null() && bounced["attempts"] == 1,
        "{bounced}"
    );
    assert!(post.server.cli_ok(["status"]).contains("1 mails could not be delivered during the last week"));
    // The first report stays.
    for name in ["exim", "gmail"] {
        assert_eq!(client.send("", &[&address], seed(name).as_bytes()), [NOTED]);
    }
    assert_eq!(post.comes_to("bounced"), bounced);
    assert_eq!(notices(&post.server).iter().filter(|notice| notice["state"] == "bounced").count(), 1);
    post.server.cli_ok(["notices", "retry", &bounced["id"].to_string()]);
    eventually("it is sent again", LIMIT, || {
        smtp.mails().iter().filter(|mail| mail.from() == address).count() == 2
    });
    let log = post.server.log();
    assert!(!log.contains(token) && !log.contains("kunde.example"), "{log}");
}

#[test]
fn what_comes_back_is_hostile_and_bounded() {
    let smtp = TestSmtp::plain();
    let post = Returning::open("Tresor-Bounces@files.example.org", |_| smtp.port());
    store(&post.server, "1.txt");
    let address = smtp.takes(1)[0].from().to_owned();
    post.comes_to("sent");
    let mut client = post.connect();
    // It is read to its end, however long it is, and the beginning counts.
    let report = seed("postfix").replace("User unknown", "\u{202e}<b>\u{7}\u{1b}[31m</b>");
    let long = format!("{}\r\n{}", report, format!("{}\r\n", "x".repeat(76)).repeat(100_000));
    assert_eq!(client.send("", &[&address], long.as_bytes()), [NOTED]);
    let fault = post.comes_to("bounced")["fault"].as_str().unwrap().to_owned();
    assert!(fault.contains("<b>") && !fault.contains(char::is_control) && fault.len() < 400, "{fault:?}");
    let shown = post.server.cli_ok(["notices", "show", "1"]);
    assert!(!shown.contains(['\u{202e}', '\u{1b}', '\u{7}']), "{shown:?}");
    // A mail with a code or a test is nothing that is kept.
    post.server.cli_ok(["notices", "test", ERIKA]);
    let test = smtp.takes(2)[1].from().to_owned();
    assert_ne!(test, address);
    assert_eq!(client.send("", &[&test], seed("exim").as_bytes()), [NOTED]);
    eventually("it is logged", LIMIT, || {
        post.server.log().contains("one that tried the settings, came back")
    });
    assert_eq!(notices(&post.server).len(), 1);
    assert!(!post.server.log().contains("kunde.example"), "{}", post.server.log());
}

/// The lines of main.cf in the documentation by which mails come back at a domain of other mailboxes, with their file in a
/// folder.
fn documented_alias(folder: &Path) -> String {
    let documented = include_str!("../../../docs/operation.md");
    let (_, section) = documented.split_once("### Mails that come back").unwrap();
    let block =
        |mark: &str| section.split("```").skip(1).step_by(2).find(|lines| lines.contains(mark)).unwrap();
    let file = folder.join("aliases");
    fs::write(&file, block("tresor-bounces\\+").trim_start()).unwrap();
    let lines = block("virtual_alias_maps");
    assert!(lines.contains("regexp:/etc/postfix/tresor-bounces"), "{lines}");
    lines.replace("/etc/postfix/tresor-bounces", file.to_str().unwrap())
}

/// Postfix takes the mail, finds no mailbox, and sends the bounce back by itself.
#[test]
fn a_real_mail_server_returns_a_mail_to_a_mailbox_that_does_not_exist() {
    let mut postfix = None;
    let post = Returning::open("tresor-bounces@example.org", |sockets| {
        let lmtp = sockets.join("lmtp");
        let started = TestPostfix::start(&format!(
            "relay_domains = files.example.org\nrelay_transport = lmtp:unix:{}\n\
             virtual_mailbox_domains = kunde.example\nvirtual_mailbox_maps = inline:{{anna@kunde.example=anna}}\n\
             virtual_mailbox_base = /nonexistent\nvirtual_uid_maps = static:5000\nvirtual_gid_maps = static:5000\n\
             smtpd_reject_unlisted_recipient = no\nmailbox_size_limit = 0\nmessage_size_limit = 1000000\n{}",
            lmtp.display(),
            documented_alias(sockets)
        ));
        postfix.insert(started).port()
    });
    let postfix = postfix.unwrap();
    let words = ["--item", "Bescheid", "--to", ERIKA, "--lang", "en"];
    let (made, _) = asked(&post.server, &words);
    let id = made["id"].to_string();
    post.server.cli_ok(["request", "remind", &id]);
    let shown = || -> Value {
        let shown = post.server.cli_ok(["request", "show", &id, "--json"]);
        serde_json::from_str::<Value>(&shown).unwrap()["recipients"][0].clone()
    };
    eventually("it comes back", LIMIT, || shown()["refused"].is_string());
    let bounced = post.comes_to("bounced");
    assert!(postfix.logged().contains("from=<tresor-bounces+"), "{}", postfix.logged());
    let why = shown()["refusal"].as_str().unwrap().to_owned();
    assert!(why.contains("5.1.1") && why.contains("unknown user") && bounced["fault"] == why, "{why}");
    assert_eq!(shown()["no_mail"], "refused");
    let anna = Browser::signed_in(&post.server, "en", USER, PASSWORD);
    let page = anna.get(&format!("/requests/{id}")).expect(200).text();
    assert!(
        page.contains("could not be delivered to this address") && page.contains("unknown user"),
        "{page}"
    );
    let log = postfix.logged();
    assert!(log.contains("to=<erika@kunde.example>") && log.contains("status=bounced"), "{log}");
    assert!(log.contains("250 2.0.0 noted"), "{log}");
    eventually("nothing waits", LIMIT, || postfix.queue().contains("Mail queue is empty"));
}

fn failed() -> DeliveryReport {
    let (status, diagnostic) = ("5.1.1".to_owned(), "550 unknown".to_owned());
    DeliveryReport { action: DeliveryAction::Failed, status, diagnostic }
}

fn delayed() -> DeliveryReport {
    DeliveryReport { action: DeliveryAction::Delayed, status: "4.4.1".to_owned(), ..failed() }
}

/// A desk whose first reminder went to Erika, and the address to which that comes back.
async fn reminded(desk: &Desk, now: Timestamp) -> (tresor::model::RequestId, RecipientId, String) {
    let asked = desk.ask(&[ERIKA], None, now).await;
    let rights = desk.office.sharing.request_rights(&desk.office.bert).await.unwrap();
    desk.office.sharing.remind(&rights, asked.row.id, desk.office.bert.stamp(now)).await.unwrap();
    assert_eq!(desk.round(now).await.sent, 1);
    let sent = desk.smtp.mails().pop().unwrap();
    (asked.row.id, asked.recipients[0].row.id, sent.from().to_owned())
}

#[tokio::test]
async fn a_request_shows_that_a_mail_is_late_or_came_back_until_the_address_is_corrected() {
    let desk = Desk::returning().await;
    let now = time(MONDAY);
    let (id, recipient, address) = reminded(&desk, now).await;
    let returned = desk.notices.returned(&address, later(now, DAY)).await.unwrap().unwrap();
    desk.notices.note_report(returned, Some(delayed()), later(now, DAY)).await.unwrap();
    let row = async || desk.shown(id).await.recipients[0].row.clone();
    assert_eq!((row().await.delayed, row().await.refused), (Some(now), None));
    desk.notices.note_report(returned, Some(failed()), later(now, 2 * DAY)).await.unwrap();
    let came_back = row().await;
    assert_eq!((came_back.delayed, came_back.refused), (None, Some(later(now, 2 * DAY))));
    assert_eq!((came_back.refusal.as_str(), came_back.remind), ("5.1.1 550 unknown", None));

    // What comes back from the former address says nothing about the one that replaced it.
    let rights = desk.office.sharing.request_rights(&desk.office.bert).await.unwrap();
    let correct = async |mail: &str| {
        let by = desk.office.bert.stamp(later(now, 3 * DAY));
        desk.office.sharing.readdress(&rights, (id, recipient), mail, by).await.unwrap();
    };
    correct("erika@neu.example").await;
    desk.office.sharing.remind(&rights, id, desk.office.bert.stamp(later(now, 3 * DAY))).await.unwrap();
    assert_eq!(desk.round(later(now, 3 * DAY)).await.sent, 1);
    let second = desk.smtp.mails().pop().unwrap();
    assert_eq!(second.to, "erika@neu.example");
    let late = desk.notices.returned(second.from(), later(now, 3 * DAY)).await.unwrap().unwrap();
    desk.notices.note_report(late, Some(delayed()), later(now, 3 * DAY)).await.unwrap();
    assert_eq!(row().await.delayed, Some(later(now, 3 * DAY)));
    correct("erika@richtig.example").await;
    assert_eq!(row().await.delayed, None, "that was the address before");
    let returned = desk.notices.returned(second.from(), later(now, 4 * DAY)).await.unwrap().unwrap();
    desk.notices.note_report(returned, Some(failed()), later(now, 4 * DAY)).await.unwrap();
    assert_eq!(row().await.refused, None);
    assert_eq!(desk.notices.show(NoticeId(2)).await.unwrap().row.state.as_str(), "bounced");
}

#[tokio::test]
async fn an_address_is_good_for_a_month_and_for_this_server_alone() {
    let desk = Desk::returning().await;
    let now = time(MONDAY);
    let (_, _, address) = reminded(&desk, now).await;
    let returned = async |days: i64| desk.notices.returned(&address, later(now, days * DAY)).await.unwrap();
    assert!(returned(29).await.is_some());
    assert_eq!(returned(30).await, None::<Returned>);
    // Another instance has another key, or no address at all.
    let other = notices_of(&desk.office);
    assert_eq!(other.returned(&address, now).await.unwrap(), None);
    // A code or a test.
    desk.notices.test("anna@example.org", now).await.unwrap();
    let test = desk.smtp.mails().pop().unwrap().from().to_owned();
    for (days, is_one) in [(0, true), (30, true), (31, false), (400, false)] {
        let found = desk.notices.returned(&test, later(now, days * DAY)).await.unwrap();
        assert_eq!(found.is_some(), is_one, "{days}");
    }
}

/// A mail server on the same machine is faster than the note that it took the mail.
#[tokio::test]
async fn a_report_that_comes_before_the_note_of_the_mail_counts() {
    let desk = Desk::returning().await;
    let now = time(MONDAY);
    let (id, _, address) = reminded(&desk, now).await;
    let returned = desk.notices.returned(&address, now).await.unwrap().unwrap();
    desk.notices.note_report(returned, Some(failed()), now).await.unwrap();
    // The same mail is sent once more, and is waiting while its report comes.
    desk.notices.retry(NoticeId(1), now).await.unwrap();
    desk.notices.note_report(returned, Some(failed()), later(now, 1)).await.unwrap();
    assert_eq!(desk.round(later(now, 2)).await.sent, 0, "it has bounced and is not sent again");
    let row = desk.notices.show(NoticeId(1)).await.unwrap().row;
    assert_eq!((row.state.as_str(), row.ended), ("bounced", Some(later(now, 1))));
    assert!(desk.shown(id).await.recipients[0].row.refused.is_some());
}
