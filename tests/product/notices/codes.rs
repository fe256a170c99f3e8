//! Links that open by a code sent to a mail address.

use super::settings;
use crate::http::hand_in::{finish, send};
use crate::http::requests::path;
use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
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

    // The code was good once: who has the link and saw the code over a shoulder stays outside.
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
    // Without a mail server the form does not offer what cannot be done.
    let anna = Browser::signed_in(&silent, "de", USER, PASSWORD);
    assert!(!anna.get("/links").expect(200).text().contains("code-to"));
}
