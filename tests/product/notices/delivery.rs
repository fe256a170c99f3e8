//! Mails that arrive: to whom, in which words, and encrypted.

use serde_json::{Value, json};

use super::{CHIEF, READER, notices, office, settings, store};
use crate::http::hand_in::{finish, send};
use crate::support::browser::Browser;
use crate::support::office::Office;
use crate::support::server::{PASSWORD, SPACE, USER};
use crate::support::smtp::{LOGIN, Mail, TestSmtp};

#[track_caller]
fn to<'a>(mails: &'a [Mail], user: &str) -> Vec<&'a Mail> {
    let address = format!("{user}@example.org");
    mails.iter().filter(|mail| mail.to == address).collect()
}

/// The events of a held file, as mails to the people whom they concern.
#[test]
fn people_are_told_what_concerns_them_in_their_language_and_without_names() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.cli_ok([
        "office",
        "set",
        "--name",
        "Kanzlei Beispiel",
        "--contact",
        "Berta",
        "--phone",
        "+49 89 1234",
    ]);
    server.cli_ok(["user", "set", USER, "--mail", &format!("{USER}@example.org")]);
    store(&server, "Scheidung%20Huber.txt");
    let mails = smtp.takes(2);
    assert!(to(&mails, USER).is_empty(), "the author knows it");
    let (reader, chief) = (to(&mails, READER)[0], to(&mails, CHIEF)[0]);
    assert_eq!(reader.head("From"), "\"Kanzlei Beispiel\" <tresor@example.org>");
    assert_eq!(reader.head("Reply-To"), "kanzlei@example.org");
    assert_eq!(reader.head("Auto-Submitted"), "auto-generated");
    assert!(reader.head("Message-ID").ends_with("@example.org>"), "{reader:?}");
    assert!(reader.head("Content-Type").starts_with("text/plain"), "{reader:?}");
    let body = reader.body();
    for part in [
        "Guten Tag,\n\nim Bereich „space“ ist eine Datei eingegangen.",
        "https://files.example.org/holding\n",
        "Kanzlei Beispiel\nIhre Ansprechperson: Berta\nTelefon: +49 89 1234\n",
        "automatisch verschickt",
    ] {
        assert!(body.contains(part), "{part:?} is not in {body}");
    }
    assert!(chief.body().contains("one file has arrived in the space \"space\""), "{}", chief.body());
    for mail in &mails {
        let all = format!("{}{}", mail.text, mail.body());
        for name in ["Scheidung", "Huber", USER] {
            assert!(!all.contains(name), "{name}: {all}");
        }
        let links = all.matches("://").count();
        assert_eq!(links, all.matches("https://files.example.org/").count(), "{all}");
    }

    // A person asks for it, is declined, asks again, and gets it.
    let listed: Value = serde_json::from_str(&server.cli_ok(["hold", "list", SPACE, "--json"])).unwrap();
    let id = listed[0]["id"].to_string();
    let browser = Browser::signed_in(&server, "de", READER, PASSWORD);
    let ask = || {
        let path = format!("/holding/{id}");
        let page = browser.get(&path).expect(200);
        browser.send(&page, &path, &[("decision", "ask"), ("reason", "Frist")]).expect(303);
    };
    ask();
    let mails = smtp.takes(3);
    let asked = &to(&mails, CHIEF)[1];
    assert!(asked.body().contains("somebody asks for a file"), "{}", asked.body());
    assert_eq!(asked.head("Subject"), "File exchange: your decision is needed");
    server.cli_ok(["hold", "decline", &id, READER, "--reason", "noch nicht"]);
    let mails = smtp.takes(4);
    assert!(to(&mails, READER)[1].body().contains("vor dem Ende der Prüfung nicht gegeben"), "{mails:#?}");
    assert!(!to(&mails, READER)[1].body().contains("noch nicht"), "a reason may say too much for a mail");
    ask();
    smtp.takes(5);
    server.cli_ok(["hold", "release", &id, "--override", "--to", READER, "--reason", "Frist"]);
    let mails = smtp.takes(6);
    assert!(to(&mails, READER)[2].body().contains("ist jetzt für Sie freigegeben"), "{mails:#?}");

    let listed = notices(&server);
    assert_eq!(listed.len(), 6, "{listed:#?}");
    assert!(listed.iter().all(|notice| notice["state"] == "sent" && notice["attempts"] == 1), "{listed:#?}");
    let topics: Vec<_> = listed.iter().rev().map(|notice| notice["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["arrived", "arrived", "asked", "declined", "asked", "handed-out"]);
    let keys: Vec<_> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["attempts", "created", "ended", "fault", "id", "next", "space", "state", "to", "topic"]
    );
    assert!(!server.log().contains("example.org"), "no address is logged");
}

#[test]
fn a_substitute_is_told_instead_if_the_substitute_may_see_the_same() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.add_user("deputy", "staff", PASSWORD);
    server.cli_ok(["user", "set", "deputy", "--mail", "deputy@example.org"]);
    let refused = server
        .cli(["user", "set", READER, "--substitute", READER, "--until", "2099-12-31"])
        .output()
        .unwrap();
    assert!(!refused.status.success(), "{refused:?}");
    // The deputy may not read the space.
    server.cli_ok(["user", "set", CHIEF, "--substitute", "deputy", "--until", "2099-12-31"]);
    store(&server, "1.txt");
    let mails = smtp.takes(2);
    assert!(to(&mails, "deputy").is_empty() && to(&mails, CHIEF).len() == 1, "{mails:#?}");
    server.cli_ok(["grant", "deputy", SPACE, "read", "--release"]);
    server.cli_ok(["user", "set", READER, "--notices", "off"]);
    // Now the deputy gets the one mail for both.
    store(&server, "2.txt");
    let mails = smtp.takes(3);
    assert_eq!(to(&mails, "deputy").len(), 1, "{mails:#?}");
    let users: Value = serde_json::from_str(&server.cli_ok(["user", "list", "--json"])).unwrap();
    let chief = users.as_array().unwrap().iter().find(|user| user["name"] == CHIEF).unwrap();
    assert_eq!((&chief["substitute"], &chief["notices"]), (&json!("deputy"), &json!("on")));
    // After the holiday, and for a person who has no right any more.
    server.cli_ok(["user", "set", CHIEF, "--substitute", ""]);
    server.cli_ok(["revoke", "deputy", SPACE]);
    store(&server, "3.txt");
    let mails = smtp.takes(4);
    assert_eq!((to(&mails, CHIEF).len(), to(&mails, "deputy").len()), (2, 1), "{mails:#?}");
}

/// The password never travels unencrypted, nor to a server whose certificate is not trusted.
#[test]
fn mails_and_password_travel_encrypted_to_the_right_server_only() {
    let smtp = TestSmtp::encrypted();
    let office = Office::with_instance();
    office.write("mail.password", LOGIN.1);
    office.write("wrong.password", "x");
    let lines = |tls: &str, password: &str| {
        let login = format!("user = '{}'\npassword_file = '{password}'", LOGIN.0);
        let settings = settings(&smtp)
            .replace("127.0.0.1", "localhost")
            .replace("tls = 'off'", &format!("tls = '{tls}'"));
        format!("{settings}{login}\n")
    };
    office.write("mail.toml", lines("required", "mail.password"));
    office.write("wrong.toml", lines("required", "wrong.password"));
    office.write("open.toml", lines("off", "mail.password"));
    let doctor = |config: &str, certificate: Option<&std::path::Path>| {
        let mut command = office.tresor(["doctor", "--data", "data", "--config", config]);
        command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        if let Some(path) = certificate {
            command.env("SSL_CERT_FILE", path);
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let certificate = smtp.certificate();
    let told = doctor("mail.toml", Some(&certificate));
    assert!(told.contains("ok      the mail server localhost lets this server in"), "{told}");
    let told = doctor("mail.toml", None);
    assert!(told.contains("FAULT   no notices are sent") && told.contains("certificate"), "{told}");
    let told = doctor("wrong.toml", Some(&certificate));
    assert!(told.contains("FAULT   no notices are sent") && told.contains("535"), "{told}");
    // Without encryption this server offers no login.
    let told = doctor("open.toml", Some(&certificate));
    assert!(told.contains("FAULT   no notices are sent"), "{told}");

    let mut command =
        office.tresor(["serve", "--data", "data", "--listen", "127.0.0.1:0", "--key-file", "key.txt"]);
    command.args(["--config", "mail.toml"]).env("SSL_CERT_FILE", &certificate);
    let served = office.serve_by(&mut command);
    let sent = office.run(["notices", "test", "anna@example.org", "--data", "data"]);
    assert_eq!(sent.code, 0, "{sent}");
    let mails = smtp.takes(1);
    assert!(mails[0].is_encrypted && mails[0].has_login && mails[0].to == "anna@example.org", "{mails:?}");
    assert!(mails[0].body().contains("der Versand von Nachrichten ist eingerichtet."), "{mails:?}");
    for wrong in ["anna", "anna@example.org\nBcc: x@example.org"] {
        let refused = office.run(["notices", "test", wrong, "--data", "data"]);
        assert_eq!((refused.code, smtp.mails().len()), (1, 1), "{refused}");
    }
    drop(served);
}

#[test]
fn whoever_made_a_link_is_told_that_something_was_handed_in() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.cli_ok(["space", "set", SPACE, "--intake", "off"]);
    server.cli_ok(["user", "set", USER, "--mail", &format!("{USER}@example.org"), "--language", "de"]);
    let made = server.cli_ok(["link", "add", SPACE, "--as", USER, "--can", "add"]);
    assert!(made.starts_with("https://files.example.org/s/"), "{made}");
    let link = format!("/s/{}", made.trim().rsplit('/').next().unwrap());
    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    send(&client, &link, "Erika", &[("Scheidung.txt", "x"), ("b.txt", "x")]).expect(200);
    assert_eq!(finish(&client, &link).status, 303);
    let mails = smtp.takes(1);
    let mail = to(&mails, USER)[0];
    let body = mail.body();
    assert!(body.contains("im Bereich „space“ wurde über einen Ihrer Links etwas eingereicht."), "{body}");
    assert!(body.contains("https://files.example.org/links\n"), "{body}");
    assert!(!body.contains("Erika") && !body.contains("Scheidung"), "{body}");
}

#[test]
fn what_comes_for_a_request_leads_to_that_request() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.cli_ok(["space", "set", SPACE, "--intake", "off"]);
    server.cli_ok(["user", "set", USER, "--mail", &format!("{USER}@example.org"), "--language", "de"]);
    let made = server.cli_ok(["request", "add", SPACE, "--as", USER, "--item", "Ausweis", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let link = format!("/s/{}", made["url"].as_str().unwrap().rsplit('/').next().unwrap());
    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    send(&client, &link, "Erika", &[("Scheidung.txt", "x")]).expect(200);
    assert_eq!(finish(&client, &link).status, 303);
    let mails = smtp.takes(1);
    let body = to(&mails, USER)[0].body();
    assert!(body.contains("im Bereich „space“ wurde zu Ihrer Anfrage etwas eingereicht."), "{body}");
    assert!(body.contains(&format!("https://files.example.org/requests/{}\n", made["id"])), "{body}");
}
