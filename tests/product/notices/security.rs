//! Mails about the account itself: whoever takes it over cannot keep them back.

use super::{CHIEF, READER, notices, office, store};
use crate::support::TestServer;
use crate::support::browser::Browser;
use crate::support::server::PASSWORD;
use crate::support::smtp::{Mail, TestSmtp};

const ANOTHER: &str = "Kreide-Ofen-7-Segel";

fn change_password(server: &TestServer, user: &str) {
    let file = server.secret_file("new.password", ANOTHER);
    server.cli_ok(["user", "set-password", user, "--password-file", file.to_str().unwrap()]);
}

fn to<'a>(mails: &'a [Mail], user: &str) -> &'a Mail {
    let address = format!("{user}@example.org");
    mails.iter().find(|mail| mail.to == address).unwrap_or_else(|| panic!("{user}: {mails:#?}"))
}

#[test]
fn a_person_hears_how_the_own_account_was_changed_in_the_own_language() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.cli_ok(["office", "set", "--name", "Kanzlei Beispiel", "--phone", "+49 89 1234"]);
    change_password(&server, READER);
    let mail = smtp.takes(1).remove(0);
    assert_eq!((mail.to.as_str(), mail.from()), ("reader@example.org", "tresor@example.org"));
    let text = mail.body();
    for words in [
        "an der Anmeldung zu Ihrem Konto hat sich etwas geändert:\n\n- ",
        ": Das Kennwort wurde geändert.\n",
        "ändern Sie bitte sofort Ihr Kennwort",
        "https://files.example.org/account\n",
        "Kanzlei Beispiel",
        "+49 89 1234",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains(ANOTHER), "{text}");
    // What a person does by oneself may have been done by another one in that person's name.
    let chief = Browser::signed_in(&server, "en", CHIEF, PASSWORD);
    let page = chief.get("/account").expect(200);
    chief
        .send(&page, "/account", &[("do", "device"), ("present", PASSWORD), ("label", "Geheimer Laptop")])
        .expect(200);
    let mails = smtp.takes(2);
    let text = to(&mails, CHIEF).body();
    assert!(text.contains(": A device or program got a password of its own.\n"), "{text}");
    assert!(!text.contains("Laptop") && text.contains("get in touch with us"), "{text}");
    let listed = notices(&server);
    let table = server.cli_ok(["notices", "list"]);
    assert!(table.contains("security") && !table.contains("several"), "{table}");
    assert_eq!((&listed[0]["topic"], &listed[0]["space"]), (&"security".into(), &serde_json::Value::Null));
    server.assert_no_traces(&[ANOTHER]);
}

#[test]
fn no_wish_no_digest_and_no_substitute_keeps_such_a_mail_back() {
    let smtp = TestSmtp::plain();
    let server = office(&smtp);
    server.cli_ok(["user", "set", READER, "--notices", "off"]);
    server.cli_ok([
        "user",
        "set",
        CHIEF,
        "--notices",
        "digest",
        "--substitute",
        READER,
        "--until",
        "2999-12-31",
    ]);
    store(&server, "1.txt");
    change_password(&server, READER);
    change_password(&server, CHIEF);
    let mails = smtp.takes(2);
    for user in [READER, CHIEF] {
        let text = to(&mails, user).body();
        assert!(
            text.contains("Das Kennwort wurde geändert.") || text.contains("The password was changed."),
            "{text}"
        );
    }
    // Nor is it told to people without an address, or whose account is disabled.
    server.add_user("nobody", "client", PASSWORD);
    change_password(&server, "nobody");
    server.cli_ok(["user", "disable", READER]);
    change_password(&server, READER);
    change_password(&server, CHIEF);
    assert_eq!(smtp.takes(3).last().unwrap().to, "chief@example.org");
}
