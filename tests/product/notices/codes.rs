//! Links that open by a code sent to a mail address.

use serde_json::Value;

use super::settings;
use crate::http::hand_in::{finish, send};
use crate::http::requests::path;
use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to};
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};
use crate::support::smtp::TestSmtp;

const ERIKA: &str = "erika.schmidt@example.org";

fn act(browser: &Browser<'_>, link: &str, action: &str, more: &[(&str, &str)]) -> Response {
    let fields: Vec<_> = [("do", action)].into_iter().chain(more.iter().copied()).collect();
    browser.form(link, &fields).send()
}

/// The code in a mail.
fn code_in(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("Ihr Code: ") || line.starts_with("Your code: "));
    line.unwrap_or_else(|| panic!("{text}")).split(": ").nth(1).unwrap().to_owned()
}

#[test]
fn a_link_opens_by_a_code_that_only_the_reader_of_a_mailbox_gets() {
    let smtp = TestSmtp::plain();
    let server = TestServer::start_configured(&settings(&smtp));
    server.request("MKCOL", &format!("/dav/{SPACE}/in")).send().expect(201);
    let target = format!("{SPACE}/in");
    let words = ["link", "add", &target, "--as", USER, "--can", "add", "--code-by-mail", ERIKA];
    let link = path(server.cli_ok(words).trim());
    assert!(server.cli_ok(["link", "list"]).contains(&format!("code to {ERIKA}")));

    // A robot that looks at the link has nothing sent, and learns no address.
    let erika = Browser::new(&server, "de");
    let page = erika.get(&link).expect(403).text();
    assert!(page.contains("e…@example.org") && !page.contains("erika"), "{page}");
    assert!(!page.contains("name=\"files\""), "{page}");
    act(&erika, &link, "code", &[("code", "12345678")]).expect(403);
    send(&erika, &link, "Erika", &[("a.txt", "x")]).expect(403);
    assert!(smtp.mails().is_empty());

    let page = act(&erika, &link, "send-code", &[]).expect(403).text();
    assert!(page.contains("auf dem Weg an e…@example.org") && page.contains("one-time-code"), "{page}");
    let mails = smtp.takes(1);
    let text = mails[0].body();
    assert!(mails[0].text.contains(ERIKA) && !text.contains("/s/") && !text.contains("in\n"), "{text}");
    let code = code_in(&text);
    let soon = act(&erika, &link, "send-code", &[]).expect(429);
    assert!(soon.header("retry-after").is_some() && soon.text().contains("ist schon gesendet"), "{soon}");
    let wrong = if code.starts_with('1') { "2345 6789" } else { "1234 5678" };
    let page = act(&erika, &link, "code", &[("code", wrong)]).expect(403).text();
    assert!(page.contains("stimmt nicht oder gilt nicht mehr"), "{page}");
    let opened = act(&erika, &link, "code", &[("code", &code)]);
    assert_eq!(leads_to(&erika.keep(opened)), link);
    assert!(erika.get(&link).expect(200).text().contains("name=\"files\""));
    send(&erika, &link, "Erika", &[("a.txt", "x")]).expect(200);
    leads_to(&finish(&erika, &link));
    server.request("GET", &format!("/dav/{SPACE}/in/a.txt")).send().expect(200);

    // The code was good once: a person who has the link and saw the code over a shoulder stays outside.
    let other = Browser::new(&server, "en");
    let page = act(&other, &link, "code", &[("code", &code)]).expect(403).text();
    assert!(page.contains("wrong or no longer good"), "{page}");
    let token = link.rsplit('/').next().unwrap();
    server.anonymous("PROPFIND", &format!("/public.php/dav/files/{token}/")).send().expect(403);
    server.assert_no_traces(&[&code, ERIKA]);
}

#[test]
fn codes_need_a_mail_server_an_address_and_no_other_password() {
    let smtp = TestSmtp::plain();
    let mailing = TestServer::start_configured(&settings(&smtp));
    let silent = TestServer::start_plain();
    let refused = |server: &TestServer, more: &[&str]| {
        let words = ["link", "add", SPACE, "--as", USER, "--can", "add", "--json", "--code-by-mail"];
        let outcome = server.cli(words.iter().chain(more)).output().unwrap();
        assert!(!outcome.status.success());
        String::from_utf8(outcome.stdout).unwrap() + &String::from_utf8(outcome.stderr).unwrap()
    };
    assert!(refused(&silent, &[ERIKA]).contains("[mail]"));
    assert!(refused(&mailing, &["no address"]).contains("not a mail address"));
    assert!(refused(&mailing, &[ERIKA, "--first-use-password"]).contains("cannot be used with"));
    let anna = Browser::signed_in(&mailing, "de", USER, PASSWORD);
    let make = |fields: &[(&str, &str)]| {
        let fields: Vec<_> =
            [("space", SPACE), ("can", "read")].into_iter().chain(fields.iter().copied()).collect();
        anna.send(&anna.get("/links").expect(200), "/links", &fields)
    };
    let both = make(&[("code-to", ERIKA), ("password", "Kreide-Ofen-7")]).expect(400).text();
    assert!(both.contains("nur eines davon"), "{both}");
    let bad = make(&[("code-to", "erika")]).expect(400).text();
    assert!(bad.contains("An diese Adresse kann kein Code gehen"), "{bad}");
    let address = leads_to(&make(&[("code-to", ERIKA)]));
    let page = anna.get(&address).expect(200).text();
    assert!(page.contains(&format!("er geht an {ERIKA}")), "{page}");
    // A password set later would not be asked for.
    let id = address.trim_start_matches("/links/").split('?').next().unwrap();
    let shares = format!("/ocs/v2.php/apps/files_sharing/api/v1/shares/{id}?format=json");
    let change = mailing.request("PUT", &shares).header("OCS-APIRequest", "true");
    let change = change.header("Content-Type", "application/x-www-form-urlencoded");
    change.body("password=Kreide-Ofen-7").send().expect(400);
    // Without a mail server the form does not offer codes.
    let anna = Browser::signed_in(&silent, "de", USER, PASSWORD);
    assert!(!anna.get("/links").expect(200).text().contains("code-to"));
}

/// A request of these words, as its JSON, with the path of the first link.
fn ask(server: &TestServer, words: &[&str]) -> (Value, String) {
    let first = ["request", "add", SPACE, "--as", USER, "--item", "Ausweis", "--json"];
    let made: Value = serde_json::from_str(&server.cli_ok(first.iter().chain(words))).unwrap();
    let link = path(made["url"].as_str().unwrap());
    (made, link)
}

/// Opens a link by the code of the next mail, which goes to this address.
fn open_by_code(browser: &Browser<'_>, link: &str, (smtp, to): (&TestSmtp, &str), mails: usize) {
    act(browser, link, "send-code", &[]).expect(403);
    let mail = smtp.takes(mails).pop().unwrap();
    assert!(mail.text.contains(to), "{}", mail.text);
    let opened = act(browser, link, "code", &[("code", &code_in(&mail.body()))]);
    leads_to(&browser.keep(opened));
}

#[test]
fn a_request_asks_each_recipient_for_a_code_and_no_account() {
    let smtp = TestSmtp::plain();
    let server = TestServer::start_configured(&settings(&smtp));
    server.add_member("berta", "client", "write");
    let (made, link) = ask(&server, &["--to", ERIKA, "--to", "hans@example.org", "--code-by-mail"]);
    let id = made["id"].to_string();
    assert_eq!(made["code_by_mail"], true);
    let other = path(made["recipients"][1]["url"].as_str().unwrap());

    // Each link has its own code, which opens no other one.
    let erika = Browser::new(&server, "de");
    assert!(erika.get(&link).expect(403).text().contains("e…@example.org"));
    open_by_code(&erika, &link, (&smtp, ERIKA), 1);
    assert!(erika.get(&link).expect(200).text().contains("1. Ausweis"));
    assert!(erika.get(&other).expect(403).text().contains("h…@example.org"));
    let preview = server.cli_ok(["request", "remind", &id, "--preview"]);
    assert!(preview.matches("öffnet sich mit einem Code").count() == 2, "{preview}");

    // After a correction of the address, whoever read the wrong mailbox stays outside.
    act(&erika, &other, "send-code", &[]).expect(403);
    let code = code_in(&smtp.takes(2).pop().unwrap().body());
    for (recipient, mail) in [(0, "erika@example.com"), (1, "hans@example.com")] {
        let recipient = made["recipients"][recipient]["id"].to_string();
        server.cli_ok(["request", "recipient", &id, &recipient, "--mail", mail]);
        let refused = server.cli(["request", "recipient", &id, &recipient, "--mail", ""]).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains("needs a mail address, and"), "{said}");
    }
    erika.get(&link).expect(403);
    act(&erika, &other, "code", &[("code", &code)]).expect(403);

    // The session of an account is enough, for the page and for files; the same link asks others for a code.
    server.cli_ok(["user", "set", "berta", "--mail", "berta@example.org"]);
    let (made, link) = ask(&server, &["--to", "berta", "--code-by-mail"]);
    let page = format!("/asked/{}", made["recipients"][0]["id"]);
    let berta = Browser::signed_in(&server, "de", "berta", PASSWORD);
    berta.get(&page).expect(200);
    let item = made["items"][0]["id"].to_string();
    crate::http::requests::send(&berta, &page, &item, &[("a.txt", "x")]).expect(200);
    berta.get(&link).expect(403);
}

#[test]
fn a_request_with_codes_needs_an_address_of_each_recipient() {
    let smtp = TestSmtp::plain();
    let (mailing, silent) = (TestServer::start_configured(&settings(&smtp)), TestServer::start_plain());
    mailing.add_member("berta", "client", "write");
    let refused = |server: &TestServer, to: &[&str]| {
        let words = ["request", "add", SPACE, "--as", USER, "--item", "A", "--code-by-mail"];
        let outcome = server.cli(words.iter().chain(to)).output().unwrap();
        assert!(!outcome.status.success());
        String::from_utf8(outcome.stderr).unwrap()
    };
    assert!(refused(&silent, &["--to", ERIKA]).contains("[mail]"));
    assert!(refused(&mailing, &[]).contains("recipient 1 has none"));
    assert!(refused(&mailing, &["--to", ERIKA, "--to", "berta"]).contains("berta has none"));

    let anna = Browser::signed_in(&mailing, "de", USER, PASSWORD);
    let make = |from: &str, more: &[(&str, &str)]| {
        let form = anna.get(&format!("/requests/new{from}")).expect(200);
        let latest = hidden(&form, "latest");
        let fields = [
            ("latest", &*latest),
            ("space", SPACE),
            ("title", "Steuer"),
            ("items", "Ausweis"),
            ("code", "yes"),
        ];
        let fields: Vec<_> = fields.into_iter().chain(more.iter().copied()).collect();
        (form.text(), anna.send(&form, "/requests/new", &fields))
    };
    let faults = |more: &[(&str, &str)]| make("", more).1.expect(400).text();
    assert!(faults(&[]).contains("fehlt eine E-Mail-Adresse: Empfänger ohne Namen"));
    assert!(faults(&[("name", "Hans")]).contains("fehlt eine E-Mail-Adresse: Hans"));
    assert!(faults(&[("account", "berta")]).contains("fehlt eine E-Mail-Adresse: berta"));
    let line = faults(&[("mail", ERIKA), ("more", "Hans;hans@example.org\nEva")]);
    assert!(line.contains("Zeile 2: Für den Code fehlt eine E-Mail-Adresse: Eva"), "{line}");
    assert!(line.contains("value=\"yes\" checked"), "{line}");

    // Nothing was made by those; the text to pass on speaks of the code, and so is it a year later.
    let (form, answer) = make("", &[("mail", ERIKA)]);
    assert!(form.contains("Code per Mail verlangen"), "{form}");
    let shown = anna.get(&leads_to(&answer)).expect(200).text();
    assert!(shown.contains("fragt die Seite nach einem Code"), "{shown}");
    let list: Value = serde_json::from_str(&mailing.cli_ok(["request", "list", "--json"])).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 1);
    let id = list[0]["id"].to_string();
    let shown = anna.get(&format!("/requests/{id}")).expect(200).text();
    assert!(shown.contains("an die Adresse seines Empfängers geht"), "{shown}");
    let (form, _) = make(&format!("?from={id}"), &[("mail", "x")]);
    assert!(form.contains("name=\"code\" value=\"yes\" checked"), "{form}");
    let anna = Browser::signed_in(&silent, "de", USER, PASSWORD);
    let form = anna.get("/requests/new").expect(200);
    assert!(!form.text().contains("name=\"code\""), "{form}");
    let fields = [
        ("latest", "0"),
        ("space", SPACE),
        ("title", "Steuer"),
        ("items", "Ausweis"),
        ("code", "yes"),
        ("mail", ERIKA),
    ];
    let refused = anna.send(&form, "/requests/new", &fields).expect(409).text();
    assert!(refused.contains("kann dieser Server nicht verschicken"), "{refused}");
}
