//! The lock of the pages: after a while without input they ask for the password, and uploads go on.

use serde_json::Value;

use crate::http::fixture::shared;
use crate::resumable::tus::metadata;
use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to, token};
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

/// A message of a page's script to the server.
pub(super) fn say(browser: &Browser<'_>, token: &str, what: &str, fields: &[(&str, &str)]) -> Response {
    browser.form(&format!("/session/{what}"), fields).header("Tresor-Token", token).send()
}

fn at_files<'a>(server: &'a TestServer, language: &'static str) -> (Browser<'a>, String) {
    let browser = Browser::signed_in(server, language, USER, PASSWORD);
    let token = token(&browser.get("/files/").expect(200));
    (browser, token)
}

#[test]
fn a_locked_session_opens_nothing_until_the_password_is_given() {
    let server = TestServer::start_plain();
    let (browser, token) = at_files(&server, "de");
    say(&browser, &token, "here", &[]).expect(204);
    say(&browser, &token, "lock", &[]).expect(204);
    say(&browser, &token, "lock", &[]).expect(204);
    say(&browser, &token, "here", &[]).expect(423);
    for page in ["/files/", "/holding", "/links", "/requests", "/account", "/office"] {
        assert!(leads_to(&browser.get(page)).starts_with("/login?next="), "{page}");
    }
    browser.ask("GET", "/api/v1/spaces").send().expect(401);
    // The list of unfinished uploads is for the script of a page that was open before.
    let list = || browser.ask("GET", &format!("/sending/list?space={SPACE}&folder="));
    list().send().expect(401);
    list().header("Sec-Fetch-Site", "same-origin").header("Tresor-Token", &token).send().expect(200);
    let form = [("token", token.as_str()), ("do", "factor")];
    assert!(leads_to(&browser.form("/account", &form).send()).contains("lost"));

    let wrong = say(&browser, &token, "unlock", &[("password", "falsch")]).expect(403);
    let said: Value = serde_json::from_str(&wrong.text()).unwrap();
    assert_eq!(said["text"], "Dieses Kennwort stimmt nicht.");
    assert_eq!(say(&browser, &token, "unlock", &[]).status, 403);
    browser.ask("GET", "/api/v1/spaces").send().expect(401);

    say(&browser, &token, "unlock", &[("password", PASSWORD)]).expect(204);
    let page = browser.get("/files/").expect(200);
    assert_eq!(crate::support::browser::token(&page), token, "forms that were open before still work");
    server.assert_no_traces(&[&token]);
}

#[test]
fn an_upload_goes_on_while_the_pages_are_locked() {
    let server = TestServer::start_plain();
    let (browser, token) = at_files(&server, "de");
    say(&browser, &token, "lock", &[]).expect(204);
    let said = [("space", SPACE), ("folder", ""), ("filename", "next.txt"), ("beside", "1")];
    let send = || {
        let request = browser.ask("POST", "/sending").header("Tus-Resumable", "1.0.0");
        let request = request.header("Upload-Length", "3").header("Upload-Metadata", &metadata(&said));
        let request = request.header("Sec-Fetch-Site", "same-origin").header("Tresor-Token", &token);
        request.header("Content-Type", "application/offset+octet-stream").body("abc").send()
    };
    send().expect(201);
    assert_eq!(server.request("GET", &format!("/dav/{SPACE}/next.txt")).send().expect(200).body, b"abc");
    // A session that has ended sends nothing more.
    browser.form("/logout", &[("token", &token)]).send().expect(303);
    send().expect(401);
}

#[test]
fn without_a_script_a_page_asks_for_the_password() {
    let server = TestServer::start_plain();
    let (browser, token) = at_files(&server, "en");
    say(&browser, &token, "lock", &[]).expect(204);
    let login = leads_to(&browser.get("/holding?state=held"));
    let page = browser.get(&login).expect(200);
    let text = page.text();
    for part in ["Locked", "Your password takes you back", "Your password", "Unlock", "Sign out instead"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<script") && !text.contains("Signed in as"), "{text}");
    let wrong =
        browser.send(&page, "/session/unlock", &[("password", "wrong"), ("next", "/holding?state=held")]);
    assert!(wrong.expect(403).text().contains("This password does not match."));
    let right =
        browser.send(&page, "/session/unlock", &[("password", PASSWORD), ("next", "/holding?state=held")]);
    assert_eq!(leads_to(&right), "/holding?state=held");
    browser.get("/holding").expect(200);

    say(&browser, &token, "lock", &[]).expect(204);
    let page = browser.get("/login").expect(200);
    assert_eq!(leads_to(&browser.send(&page, "/logout", &[])), "/login?out");
    assert!(!browser.get("/login").expect(200).text().contains("Locked"));
}

#[test]
fn only_the_own_page_locks_and_unlocks() {
    let server = shared();
    let (browser, token) = at_files(&server, "de");
    for what in ["here", "lock", "unlock"] {
        let address = format!("/session/{what}");
        let fields = [("password", PASSWORD)];
        browser.form(&address, &fields).send().expect(403);
        let foreign = browser.unmarked_form(&address, &fields).header("Tresor-Token", &token);
        foreign.header("Sec-Fetch-Site", "cross-site").send().expect(403);
        browser.ask("GET", &address).send().expect(405);
        Browser::new(&server, "de").form(&address, &fields).header("Tresor-Token", &token).send().expect(401);
    }
    say(&browser, &token, "other", &[]).expect(404);
    browser.get("/files/").expect(200);
}

#[test]
fn every_page_of_a_signed_in_person_can_be_locked_and_no_other() {
    let server = TestServer::start_plain();
    let (browser, _) = at_files(&server, "de");
    let folder = format!("/files/{SPACE}/");
    let pages = ["/files/", &folder, "/files/none/", "/holding", "/holding/999", "/links", "/account"];
    for page in pages {
        let text = browser.get(page).text();
        assert!(text.contains("/static/desk-") && text.contains("data-after=\"300\""), "{page}: {text}");
    }
    for page in ["/login?x", "/", "/check", "/imprint"] {
        let text = Browser::new(&server, "de").get(page).text();
        assert!(!text.contains("/static/desk-"), "{page}: {text}");
    }
    server.cli_ok(["office", "set", "--lock", "90s"]);
    assert!(browser.get("/files/").text().contains("data-after=\"90\""));
    server.cli_ok(["office", "set", "--lock", "off"]);
    let text = browser.get("/files/").text();
    assert!(text.contains("/static/desk-") && !text.contains("data-after"), "{text}");
    assert!(server.cli_ok(["office", "show"]).contains("lock          off"));
}

#[test]
fn the_office_sets_the_time_on_a_page() {
    let server = TestServer::start_plain();
    server.cli_ok(["user", "set-role", USER, "administrator"]);
    let browser = Browser::signed_in(&server, "de", USER, PASSWORD);
    let page = browser.get("/office/details").expect(200);
    let refused = browser.send(&page, "/office/details", &[("do", "details"), ("lock", "31")]);
    assert!(
        refused.text().contains("Geben Sie an, nach wie vielen Minuten gesperrt wird: 1 bis 30"),
        "{refused}"
    );
    browser.send(&page, "/office/details", &[("do", "details"), ("lock", "15")]).expect(303);
    assert!(
        browser.get("/office/details").text().contains("name=\"lock\" min=\"0\" max=\"30\" value=\"15\"")
    );
    assert!(server.cli_ok(["office", "show"]).contains("lock          after 15m"));
}

#[test]
fn a_person_signs_out_of_another_browser() {
    let server = TestServer::start_plain();
    let other = Browser::new(&server, "de");
    let login = other.get("/login").expect(200);
    let entered = [("user", USER), ("password", PASSWORD), ("token", &token(&login))];
    let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0";
    other.keep(other.form("/login", &entered).header("User-Agent", agent).send()).expect(303);
    let (own, _) = at_files(&server, "de");
    let page = own.get("/account").expect(200);
    let text = page.text();
    for part in ["Angemeldete Browser", "Firefox, Windows", "Unbekannter Browser", "Dieser hier"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let other_token = token(&other.get("/files/"));
    say(&other, &other_token, "lock", &[]).expect(204);
    assert!(own.get("/account").text().contains("gesperrt, bis das Kennwort eingegeben wird"));
    let id = crate::support::browser::hidden(&page, "session");
    let ended = own.send(&page, "/account", &[("do", "end-session"), ("session", &id)]);
    assert_eq!(leads_to(&ended), "/account?signed-out");
    assert!(own.get("/account?signed-out").text().contains("Dort abgemeldet."));
    assert!(leads_to(&other.get("/files/")).starts_with("/login"));
    own.get("/files/").expect(200);

    let listed: Value =
        serde_json::from_str(&server.cli_ok(["user", "session", "list", USER, "--json"])).unwrap();
    let [session] = &listed.as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!(session["locked"], false);
    server.cli_ok(["user", "session", "end", USER, &session["id"].to_string()]);
    assert!(leads_to(&own.get("/files/")).starts_with("/login"));
}
