//! Passkeys at the pages, by an authenticator in software; `web::passkeys` has them in a real browser.

use std::time::Duration;

use serde_json::Value;

use crate::support::TestServer;
use crate::support::authenticator::{Algorithm, Authenticator, VERIFIED};
use crate::support::browser::{Browser, leads_to, token};
use crate::support::http::Response;
use crate::support::process::eventually;
use crate::support::server::{ADMIN, ADMIN_PASSWORD, PASSWORD, USER};

/// How long the log may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The first name is the public one.
const NAMES: &str = "hosts = ['localhost', '127.0.0.1']";

fn browser<'a>(server: &'a TestServer, language: &'static str) -> Browser<'a> {
    Browser::at(server, language, "localhost")
}

fn signed_in<'a>(server: &'a TestServer, language: &'static str) -> Browser<'a> {
    let browser = browser(server, language);
    browser.sign_in(USER, PASSWORD).expect(303);
    browser
}

fn device(server: &TestServer) -> Authenticator {
    Authenticator::new(Algorithm::Es256, &browser(server, "de").origin(), "localhost")
}

/// The options of the script for the form of a page.
#[track_caller]
fn options(page: &Response) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("data-options=\"").unwrap_or_else(|| panic!("no question: {page}"));
    rest.split('"').next().unwrap().replace("&quot;", "\"").replace("&amp;", "&")
}

/// Adds a passkey of this name.
#[track_caller]
fn add(browser: &Browser<'_>, device: &mut Authenticator, label: &str) -> Response {
    let page = browser.get("/account").expect(200);
    let begin = [("do", "passkey"), ("label", label), ("present", PASSWORD)];
    let asked = browser.send(&page, "/account", &begin).expect(200);
    let answer = device.make(&options(&asked));
    browser.send(&asked, "/account", &[("do", "passkey-made"), ("label", label), ("passkey", &answer)])
}

/// The request of the script.
fn ask(browser: &Browser<'_>, path: &str, token: &str) -> Response {
    let request = browser.ask("POST", path).header("Origin", &browser.origin());
    request.header("Sec-Fetch-Site", "same-origin").header("Tresor-Token", token).send()
}

/// Signs in with a passkey as the script does, on the way to a page.
fn sign_in(browser: &Browser<'_>, device: &mut Authenticator, next: &str) -> Response {
    let page = browser.get(&format!("/login?next={next}")).expect(200);
    assert_eq!(options(&page), "/login/passkey");
    let asked = ask(browser, "/login/passkey", &token(&page)).expect(200);
    let answer = device.sign(&asked.text());
    browser.send(&page, "/login", &[("next", next), ("passkey", &answer)])
}

#[test]
fn a_person_adds_a_passkey_signs_in_with_it_and_removes_it() {
    let server = TestServer::start_configured(NAMES);
    let mut device = device(&server);
    for (language, label, kept, gone, refused) in [
        (
            "de",
            "Telefon <1>",
            "Der Passkey ist eingerichtet.",
            "Mit diesem Passkey kann sich niemand mehr anmelden.",
            "Dieser Passkey gilt hier nicht oder nicht mehr.",
        ),
        (
            "en",
            "Phone",
            "The passkey is set up.",
            "This passkey can no longer be used to sign in.",
            "This passkey is not valid here",
        ),
    ] {
        let own = signed_in(&server, language);
        let added = leads_to(&add(&own, &mut device, label));
        let page = own.get(&added).expect(200).text();
        let shown = label.replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.contains(kept) && page.contains(&shown), "{page}");

        let other = browser(&server, language);
        let entered = sign_in(&other, &mut device, "/account");
        assert_eq!(leads_to(&entered), "/account");
        let page = other.get("/account").expect(200);
        assert!(page.text().contains(&shown), "{page}");
        let listed: Value =
            serde_json::from_str(&server.cli_ok(["user", "passkey", "list", USER, "--json"])).unwrap();
        assert_eq!(listed[0]["label"], label, "{listed}");
        assert!(listed[0]["last_used"].is_string(), "{listed}");

        let id = listed[0]["id"].to_string();
        server.cli_ok(["user", "passkey", "rename", USER, &id, "Zweitgerät"]);
        let renamed = other.get("/account").expect(200).text();
        assert!(renamed.contains("Zweitgerät") && !renamed.contains(&shown), "{renamed}");
        server.cli_ok(["user", "passkey", "rename", USER, &id, label]);

        let removed = other.send(&page, "/account", &[("do", "remove-passkey"), ("number", &id)]);
        let page = other.get(&leads_to(&removed)).expect(200).text();
        assert!(page.contains(gone) && !page.contains(&shown), "{page}");
        let outcome = sign_in(&browser(&server, language), &mut device, "/account").expect(403);
        assert!(outcome.text().contains(refused), "{outcome}");
    }
    let log = server.cli_ok(["history", "--json"]);
    for word in ["passkey-added", "passkey-removed"] {
        assert_eq!(log.matches(word).count(), 2, "{log}");
    }
}

#[test]
fn a_person_renames_a_passkey_and_nobody_elses() {
    let server = TestServer::start_configured(NAMES);
    let own = signed_in(&server, "de");
    let mut device = device(&server);
    add(&own, &mut device, "Telefon").expect(303);
    let page = own.get("/account").expect(200);
    assert!(page.text().contains("Passkey umbenennen"), "{page}");
    let rename = |browser: &Browser<'_>, page: &Response, label: &str| {
        let fields = [("do", "rename-passkey"), ("number", "1"), ("label", label)];
        browser.send(page, "/account", &fields)
    };
    let renamed = own.get(&leads_to(&rename(&own, &page, " Diensttelefon <2> "))).expect(200).text();
    assert!(
        renamed.contains("Der Passkey heißt jetzt anders.") && renamed.contains("Diensttelefon &lt;2&gt;"),
        "{renamed}"
    );
    // The same again is no change.
    rename(&own, &page, "Diensttelefon <2>").expect(303);
    for label in ["", " ", "a\u{7}b", &"x".repeat(101)] {
        let refused = rename(&own, &page, label).expect(400);
        assert!(refused.text().contains("Geben Sie dem Gerät einen Namen"), "{label}: {refused}");
    }
    let admin = browser(&server, "en");
    admin.sign_in(ADMIN, ADMIN_PASSWORD).expect(303);
    let refused = rename(&admin, &admin.get("/account").expect(200), "x").expect(400);
    assert!(!refused.text().contains("has its new name"), "{refused}");
    let person = admin.get(&format!("/office/people/{USER}")).expect(200).text();
    assert!(person.contains("Diensttelefon") && !person.contains("Rename the passkey"), "{person}");
    assert!(person.contains("1 passkeys"), "what ends with the account: {person}");
    let history = server.cli_ok(["history", "--json"]);
    assert_eq!(history.matches("passkey-renamed").count(), 1, "{history}");
    sign_in(&browser(&server, "de"), &mut device, "/account").expect(303);
}

/// The path of the page on which a device of Nextcloud's is approved, and the token with which that device asks.
fn asking(server: &TestServer) -> (String, String) {
    let begun = server.anonymous("POST", "/index.php/login/v2").body("").send().expect(200);
    let begun: Value = serde_json::from_slice(&begun.body).unwrap();
    let path = begun["login"].as_str().unwrap().splitn(4, '/').nth(3).unwrap();
    (format!("/{path}"), begun["poll"]["token"].as_str().unwrap().to_owned())
}

fn claim(server: &TestServer, token: &str) -> Response {
    let request = server.anonymous("POST", "/login/v2/poll");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    request.body(format!("token={token}")).send()
}

#[test]
fn a_device_is_let_in_by_a_passkey() {
    let server = TestServer::start_configured(NAMES);
    let mut device = device(&server);
    add(&signed_in(&server, "de"), &mut device, "x").expect(303);
    let person = browser(&server, "de");
    let nonce = |page: &Response| {
        let text = page.text();
        let (_, rest) = text.split_once("name=\"nonce\" value=\"").unwrap_or_else(|| panic!("{page}"));
        rest.split('"').next().unwrap().to_owned()
    };
    let (path, poll) = asking(&server);
    let page = person.get(&path).expect(200);
    assert!(page.text().contains("Mit Passkey verbinden") && !page.text().contains("webauthn"), "{page}");
    assert_eq!(options(&page), format!("{path}/passkey"));
    let question = |browser: &Browser<'_>, page: &Response| ask(browser, &options(page), &token(page));
    ask(&person, &options(&page), "").expect(403);
    ask(&browser(&server, "de"), &options(&page), &token(&page)).expect(403);
    person.ask("GET", &options(&page)).send().expect(405);

    // An answer to the page to sign in is none to this one, nor is one of another browser.
    let to_sign_in = ask(&person, "/login/passkey", &token(&page)).expect(200).text();
    let answer = device.sign(&to_sign_in);
    let send = |browser: &Browser<'_>, page: &Response, answer: &str| {
        browser.send(page, &path, &[("nonce", &nonce(page)), ("passkey", answer)])
    };
    let page = send(&person, &page, &answer).expect(403);
    assert!(page.text().contains("Die Abfrage des Passkeys war abgelaufen."), "{page}");
    let answer = device.sign(&question(&person, &page).expect(200).text());
    let thief = browser(&server, "de");
    let elsewhere = thief.get(&path).expect(200);
    send(&thief, &elsewhere, &answer).expect(403);
    device.flags &= !VERIFIED;
    let page = person.get(&path).expect(200);
    let page = send(&person, &page, &device.sign(&question(&person, &page).expect(200).text())).expect(403);
    assert!(page.text().contains("Dieser Passkey gilt hier nicht oder nicht mehr."), "{page}");
    claim(&server, &poll).expect(404);

    device.flags |= VERIFIED;
    let answer = device.sign(&question(&person, &page).expect(200).text());
    let done = send(&person, &page, &answer).expect(200);
    assert!(!done.text().contains("name=\"nonce\""), "{done}");
    let granted: Value = serde_json::from_slice(&claim(&server, &poll).expect(200).body).unwrap();
    assert_eq!(granted["loginName"], USER);
    let password = granted["appPassword"].as_str().unwrap();
    let listed = server.anonymous("PROPFIND", "/dav/").sign_in(USER, password);
    listed.header("Depth", "0").send().expect(207);
    // The answer counts once, and the page is gone.
    send(&person, &page, &answer).expect(404);
    // Where passkeys do not work, none is offered.
    let (path, _) = asking(&server);
    let by_number = Browser::new(&server, "en").get(&path).expect(200);
    assert!(!by_number.text().contains("passkey"), "{by_number}");
}

#[test]
fn a_passkey_is_added_against_the_password_and_by_a_right_answer() {
    let server = TestServer::start_configured(NAMES);
    let own = signed_in(&server, "de");
    let mut device = device(&server);
    let page = own.get("/account").expect(200);
    let wrong = [("do", "passkey"), ("label", "x"), ("present", "falsch")];
    let refused = own.send(&page, "/account", &wrong).expect(400);
    assert!(refused.text().contains("Dieses Kennwort stimmt nicht."), "{refused}");
    device.flags &= !VERIFIED;
    let refused = add(&own, &mut device, "x").expect(400);
    assert!(refused.text().contains("Mit dieser Antwort des Browsers"), "{refused}");
    device.flags |= VERIFIED;
    let refused = add(&own, &mut device, "").expect(400);
    assert!(refused.text().contains("Geben Sie dem Gerät einen Namen"), "{refused}");
    // An answer to another session's page.
    let other = signed_in(&server, "de");
    let asked = other.send(
        &other.get("/account").expect(200),
        "/account",
        &[("do", "passkey"), ("label", "x"), ("present", PASSWORD)],
    );
    let answer = device.make(&options(&asked));
    let fields = [("do", "passkey-made"), ("label", "x"), ("passkey", answer.as_str())];
    let refused = own.send(&page, "/account", &fields).expect(400);
    assert!(refused.text().contains("Beginnen Sie noch einmal."), "{refused}");
    for _ in 0..10 {
        add(&own, &mut self::device(&server), "x").expect(303);
    }
    let more = [("do", "passkey"), ("label", "x"), ("present", PASSWORD)];
    let refused = own.send(&page, "/account", &more).expect(400);
    assert!(refused.text().contains("Mehr als 10 Passkeys"), "{refused}");
}

#[test]
fn a_copy_of_a_passkey_is_refused_and_the_log_says_so() {
    let server = TestServer::start_configured(NAMES);
    let mut device = device(&server);
    device.counter = 40;
    add(&signed_in(&server, "de"), &mut device, "Schlüsselanhänger").expect(303);
    sign_in(&browser(&server, "de"), &mut device, "/account").expect(303);
    device.counter = 40;
    sign_in(&browser(&server, "de"), &mut device, "/account").expect(403);
    let warning = "the counter of a passkey went back: it may have been copied";
    eventually("the log names the copy", LIMIT, || server.log().matches(warning).count() == 1);
    server.assert_no_traces(&["Schlüsselanhänger"]);
}

#[test]
fn questions_are_answered_to_pages_of_the_server_alone_and_answers_count_once() {
    let server = TestServer::start_configured(NAMES);
    let own = signed_in(&server, "de");
    let mut device = device(&server);
    add(&own, &mut device, "x").expect(303);
    let other = browser(&server, "de");
    let page = other.get("/login").expect(200);
    let token = token(&page);
    ask(&other, "/login/passkey", "").expect(403);
    let foreign = other.ask("POST", "/login/passkey").header("Tresor-Token", &token);
    foreign.header("Origin", "https://evil.example").send().expect(403);
    other.ask("GET", "/login/passkey").send().expect(405);
    ask(&browser(&server, "de"), "/login/passkey", &token).expect(403);

    let asked = ask(&other, "/login/passkey", &token).expect(200);
    let answer = device.sign(&asked.text());
    let fields = [("next", "/account"), ("passkey", answer.as_str())];
    // To another browser's page.
    let thief = browser(&server, "de");
    let refused = thief.send(&thief.get("/login").expect(200), "/login", &fields).expect(403);
    assert!(refused.text().contains("Die Abfrage des Passkeys war abgelaufen."), "{refused}");
    let kept = other.cookies.borrow().clone();
    other.send(&page, "/login", &fields).expect(303);
    *other.cookies.borrow_mut() = kept;
    let again = other.send(&page, "/login", &fields).expect(403);
    assert!(again.text().contains("Die Abfrage des Passkeys war abgelaufen."), "{again}");
    // A form of another site.
    let fields = [("token", token.as_str()), ("passkey", answer.as_str())];
    other.unmarked_form("/login", &fields).header("Origin", "https://evil.example").send().expect(403);
}

#[test]
fn a_locked_session_is_unlocked_by_a_passkey_of_its_person() {
    let server = TestServer::start_configured(NAMES);
    let own = signed_in(&server, "de");
    let page = own.get("/account").expect(200);
    let token = token(&page);
    ask(&own, "/session/passkey", &token).expect(204);
    ask(&own, "/session/passkey", "").expect(403);
    let mut device = device(&server);
    add(&own, &mut device, "x").expect(303);
    ask(&own, "/session/lock", &token).expect(204);
    let locked = own.get("/login?next=/account").expect(200);
    assert!(locked.text().contains("Mit Passkey entsperren"), "{locked}");
    let path = options(&locked);
    let asked = ask(&own, &path, &token).expect(200).text();
    device.flags &= !VERIFIED;
    let wrong = device.sign(&asked);
    let fields = |answer| [("next", "/account"), ("passkey", answer)];
    let refused = own.send(&locked, "/session/unlock", &fields(&wrong)).expect(403);
    assert!(refused.text().contains("Dieser Passkey gilt hier nicht"), "{refused}");
    device.flags |= VERIFIED;
    let right = device.sign(&asked);
    assert_eq!(leads_to(&own.send(&locked, "/session/unlock", &fields(&right))), "/account");
    own.get("/account").expect(200);
}

#[test]
fn passkeys_are_offered_at_the_name_of_the_office_alone() {
    let server = TestServer::start_configured(NAMES);
    let named = browser(&server, "de").get("/login").expect(200);
    let offered = "autocomplete=\"username webauthn\"";
    assert!(named.text().contains(offered) && named.text().contains("/static/passkey-"), "{named}");
    let policy = named.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'nonce-") && policy.contains("require-trusted-types"), "{policy}");

    let by_number = Browser::new(&server, "de");
    let page = by_number.get("/login").expect(200);
    assert!(!page.text().contains(offered) && !page.text().contains("<script"), "{page}");
    ask(&by_number, "/login/passkey", &token(&page)).expect(204);
    by_number.sign_in(USER, PASSWORD).expect(303);
    let account = by_number.get("/account").expect(200);
    let there = format!("Passkeys gelten nur unter {}.", browser(&server, "de").origin());
    assert!(account.text().contains(&there), "{account}");
    let begin = [("do", "passkey"), ("label", "x"), ("present", PASSWORD)];
    by_number.send(&account, "/account", &begin).expect(400);

    let unnamed = TestServer::start_plain();
    unnamed.add_user("client", "client", PASSWORD);
    for (name, says_why) in [(USER, true), ("client", false)] {
        let page = Browser::signed_in(&unnamed, "de", name, PASSWORD).get("/account").expect(200);
        assert_eq!(
            page.text().contains("Passkeys brauchen einen Server mit einem Namen"),
            says_why,
            "{page}"
        );
        assert_eq!(page.text().contains("<h2>Passkeys"), says_why, "{page}");
    }
}

#[test]
fn administrators_see_and_remove_the_passkeys_of_a_person() {
    let server = TestServer::start_configured(NAMES);
    let own = signed_in(&server, "de");
    let mut device = device(&server);
    add(&own, &mut device, "Telefon").expect(303);
    let admin = browser(&server, "de");
    admin.sign_in(ADMIN, ADMIN_PASSWORD).expect(303);
    let here = format!("/office/people/{USER}");
    let page = admin.get(&here).expect(200);
    assert!(page.text().contains("Telefon") && page.text().contains("bisher nicht verwendet"), "{page}");
    let removed = admin.send(&page, &here, &[("do", "remove-passkey"), ("number", "1")]);
    admin.get(&leads_to(&removed)).expect(200);
    sign_in(&browser(&server, "de"), &mut device, "/account").expect(403);
    add(&own, &mut device, "Tablet").expect(303);
    assert!(server.cli_ok(["user", "passkey", "list", USER]).contains("Tablet"));
    server.cli_ok(["user", "passkey", "remove", USER, "2"]);
    let again = server.cli(["user", "passkey", "remove", USER, "2"]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("no such passkey"), "{again:?}");
    sign_in(&browser(&server, "de"), &mut device, "/account").expect(403);
}
