//! Signing in to the pages with a browser, and out.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::http::fixture::{shared, shared_with};
use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to, token};
use crate::support::http::Response;
use crate::support::process::{succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

const PROXY: &str = "trusted_proxies = ['127.0.0.1/32']";

/// The `Set-Cookie` lines of an answer.
fn cookies(answer: &Response) -> Vec<&str> {
    let lines = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    lines.map(|(_, value)| value.as_str()).collect()
}

/// Whether the pages know the browser.
fn is_signed_in(browser: &Browser<'_>) -> bool {
    let answer = browser.ask("GET", "/holding").send();
    assert!([200, 303].contains(&answer.status), "{answer}");
    answer.status == 200
}

#[test]
fn a_person_signs_in_and_comes_to_the_page_that_was_asked_for() {
    let server = TestServer::start();
    let browser = Browser::new(&server, "de-DE,de;q=0.9");
    let asked = "/holding?state=held&q=a%20b";
    let login = leads_to(&browser.get(asked));
    assert_eq!(login, "/login?next=%2Fholding%3Fstate%3Dheld%26q%3Da%2520b");
    let page = browser.get(&login).expect(200);
    for (header, value) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(page.header(header), Some(value), "{header}");
    }
    let text = page.text();
    for part in ["<html lang=\"de\">", "autocomplete=\"username\"", "autocomplete=\"current-password\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<script") && !text.contains("one-time-code"), "{text}");

    let next = hidden(&page, "next");
    let entered =
        browser.send(&page, "/login", &[("next", &next), ("user", "STAFF"), ("password", PASSWORD)]);
    assert_eq!(leads_to(&entered), asked);
    let [session, gone] = cookies(&entered)[..] else { panic!("{entered}") };
    let (name, value) = session.split_once(';').unwrap().0.split_once('=').unwrap();
    assert_eq!((name, value.len()), ("__Host-tresor", 43));
    assert_eq!(session, format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Secure"));
    assert_eq!(gone, "__Host-tresor-form=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0");
    let page = browser.get(asked).expect(200);
    assert!(page.text().contains("Angemeldet als staff"), "{page}");
    // A person who is signed in needs no form.
    assert_eq!(leads_to(&browser.get(&login)), asked);

    server.assert_no_traces(&[value, &token(&page)]);
}

#[test]
fn over_plain_http_the_cookie_has_another_name() {
    let server = shared();
    let browser = Browser::new(&server, "en");
    let entered = browser.sign_in(USER, PASSWORD);
    assert_eq!(leads_to(&entered), "/files/");
    let session = cookies(&entered)[0];
    assert!(session.starts_with("tresor=") && !session.contains("Secure"), "{session}");
    assert!(session.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{session}");
    assert!(is_signed_in(&browser));
}

#[test]
fn the_cookie_opens_the_pages_and_nothing_else() {
    let server = shared();
    let browser = Browser::signed_in(&server, "en", USER, PASSWORD);
    for (method, path) in [
        ("GET", "/dav/".to_owned()),
        ("PROPFIND", format!("/dav/{SPACE}/")),
        ("PUT", format!("/dav/{SPACE}/a.txt")),
        ("GET", format!("/remote.php/dav/files/{USER}/")),
        ("GET", "/remote.php/webdav/".to_owned()),
        ("GET", "/ocs/v2.php/cloud/user?format=json".to_owned()),
        ("POST", "/tus".to_owned()),
        ("GET", "/uploads".to_owned()),
    ] {
        let answer = browser.ask(method, &path).send();
        assert_eq!(answer.status, 401, "{method} {path}: {answer}");
    }
    assert!(is_signed_in(&browser));
    // A token of no session is none, and neither is another server's.
    for value in ["", "x", &"A".repeat(43)] {
        let other = Browser::new(&server, "en");
        other.cookies.borrow_mut().insert("tresor".into(), value.into());
        assert!(!is_signed_in(&other), "{value}");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let server = shared();
    let told = |user: &str, password: &str| {
        let browser = Browser::new(&server, "de");
        let answer = browser.sign_in(user, password).expect(403);
        assert!(!is_signed_in(&browser) && !cookies(&answer).iter().any(|line| line.starts_with("tresor=")));
        let alert =
            answer.text().split_once("role=\"alert\">").unwrap().1.split('<').next().unwrap().to_owned();
        assert!(answer.text().contains(&format!("value=\"{user}\"")), "{answer}");
        alert
    };
    assert_eq!(told(USER, "Falsch-geraten-1"), "Benutzername oder Kennwort ist falsch.");
    assert_eq!(told("niemand", "Falsch-geraten-1"), "Benutzername oder Kennwort ist falsch.");
}

#[test]
fn guessing_on_the_page_is_throttled_as_everywhere() {
    let server = TestServer::start_configured(PROXY);
    let browser = Browser::new(&server, "de");
    let guess = |from: &str, n: u32| {
        let page = browser.get("/login").expect(200);
        let (token, password) = (token(&page), format!("Falsch-geraten-{n}"));
        let fields = [("token", token.as_str()), ("user", USER), ("password", &password)];
        browser.form("/login", &fields).header("X-Forwarded-For", from).send()
    };
    for n in 0..10 {
        guess(&format!("203.0.{n}.1"), n).expect(403);
    }
    let refused = guess("203.0.99.1", 10).expect(429);
    assert!(refused.header("retry-after").is_some(), "{refused}");
    assert!(refused.text().contains("zu viele Versuche mit einem falschen Kennwort"), "{refused}");
}

/// The codes come from a real authenticator, oathtool.
#[test]
fn an_account_with_a_second_factor_asks_for_its_code() {
    let server = TestServer::start_plain();
    let before = Browser::signed_in(&server, "de", USER, PASSWORD);
    let shown: Value =
        serde_json::from_str(&server.cli_ok(["user", "second-factor", "add", USER, "--json"])).unwrap();
    let secret = shown["secret"].as_str().unwrap();
    let code = |steps: u64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mut oathtool = tool("oathtool", "oathtool");
        oathtool.args(["--totp", "--base32", "--now"]).arg(format!("@{}", now + 30 * steps)).arg(secret);
        succeed(&mut oathtool).trim().to_owned()
    };
    assert!(is_signed_in(&before), "nothing is confirmed yet");
    server.cli_ok(["user", "second-factor", "confirm", USER, &code(0)]);
    assert!(!is_signed_in(&before), "the session of the password alone has ended");

    let browser = Browser::new(&server, "de");
    let asked = browser.sign_in(USER, PASSWORD).expect(403);
    assert!(asked.text().contains("autocomplete=\"one-time-code\""), "{asked}");
    assert!(asked.text().contains("mit einem zweiten Faktor geschützt"), "{asked}");
    let send =
        |code: &str| browser.sign_in_at("/login", &[("user", USER), ("password", PASSWORD), ("code", code)]);
    assert!(send("000000").expect(403).text().contains("Dieser Code gilt nicht"));
    assert!(!is_signed_in(&browser));
    let next = code(1);
    send(&next).expect(303);
    assert!(is_signed_in(&browser));
    let other = Browser::new(&server, "de");
    let again = [("user", USER), ("password", PASSWORD), ("code", next.as_str())];
    other.sign_in_at("/login", &again).expect(403);
    server.cli_ok(["user", "second-factor", "remove", USER]);
    assert!(!is_signed_in(&browser));
}

#[test]
fn a_devices_password_signs_no_browser_in() {
    let server = TestServer::start_plain();
    let made = server.cli_ok(["user", "app-password", "add", USER, "--label", "Laptop", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let browser = Browser::new(&server, "de");
    let refused = browser.sign_in(USER, made["password"].as_str().unwrap()).expect(403);
    assert!(refused.text().contains("Kennwort eines Geräts"), "{refused}");
    assert!(!is_signed_in(&browser));
}

#[test]
fn a_session_ends_with_the_sign_out_and_the_old_cookie_stays_useless() {
    let server = shared();
    let browser = Browser::signed_in(&server, "de", USER, PASSWORD);
    let other = Browser::signed_in(&server, "de", USER, PASSWORD);
    let kept = browser.cookies.borrow().clone();
    let page = browser.get("/holding").expect(200);
    browser.ask("GET", "/logout").send().expect(405);
    let left = browser.send(&page, "/logout", &[]);
    assert_eq!(leads_to(&left), "/login?out");
    assert!(browser.get("/login?out").text().contains("Sie sind abgemeldet."));
    assert!(!is_signed_in(&browser));
    *browser.cookies.borrow_mut() = kept;
    assert!(!is_signed_in(&browser));
    assert!(is_signed_in(&other), "of another browser nothing ends");
    // The contents of a form sent after that are lost, and the page says so.
    let sent = browser.send(&page, "/holding/1", &[("decision", "keep"), ("reason", "x")]);
    let login = leads_to(&sent);
    assert_eq!(login, "/login?next=%2Fholding%2F1&lost");
    assert!(browser.get(&login).expect(200).text().contains("wurde nicht ausgeführt"));
}

#[test]
fn sessions_outlive_a_restart_and_end_with_what_changes_the_account() {
    let mut server = TestServer::start_plain();
    let kept = Browser::signed_in(&server, "de", USER, PASSWORD).cookies;
    assert!(server.stop().success());
    server.spawn();
    let browser = Browser { cookies: kept, ..Browser::new(&server, "de") };
    assert!(is_signed_in(&browser));
    server.cli_ok(["user", "disable", USER]);
    assert!(!is_signed_in(&browser));
    server.cli_ok(["user", "enable", USER]);
    assert!(!is_signed_in(&browser), "it does not come back");

    browser.sign_in(USER, PASSWORD).expect(303);
    assert!(is_signed_in(&browser));
    let other = "Ganz-anderer-Satz-8";
    let file = server.secret_file("other.password", other);
    server.cli_ok(["user", "set-password", USER, "--password-file", file.to_str().unwrap()]);
    assert!(!is_signed_in(&browser));
    browser.sign_in(USER, other).expect(303);
    server.cli_ok(["user", "remove", USER, "--yes"]);
    assert!(!is_signed_in(&browser));
}

#[test]
fn a_form_counts_only_from_a_page_of_this_server_with_its_token() {
    let server = shared_with("hosts = ['127.0.0.1']");
    let browser = Browser::new(&server, "de");
    let page = browser.get("/login").expect(200);
    let token = token(&page);
    let fields = |token| [("token", token), ("user", USER), ("password", PASSWORD)];
    let here = server.url("");
    let refused = |answer: Response| {
        assert!(answer.text().contains("Formulare an, die er Ihnen selbst gezeigt hat"), "{answer}");
        assert!(cookies(&answer).is_empty(), "{answer}");
        answer.expect(403);
    };
    for (origin, site) in [
        (Some("https://evil.example"), None),
        (Some("null"), None),
        (Some("https://127.0.0.1.evil.example"), None),
        (Some(here.as_str()), Some("cross-site")),
        (Some(here.as_str()), Some("same-site")),
        (Some(here.as_str()), Some("none")),
        (None, Some("cross-site")),
        (None, None),
    ] {
        let mut sent = browser.unmarked_form("/login", &fields(&token));
        sent = origin.into_iter().fold(sent, |sent, origin| sent.header("Origin", origin));
        sent = site.into_iter().fold(sent, |sent, site| sent.header("Sec-Fetch-Site", site));
        refused(sent.send());
    }
    // The same address without encryption, or with it, is another site.
    let flipped = here.replace("http://", "https://");
    refused(browser.unmarked_form("/login", &fields(&token)).header("Origin", &flipped).send());
    // Another browser's token, and none.
    let foreign = self::token(&Browser::new(&server, "de").get("/login"));
    for wrong in ["", "x", &foreign] {
        refused(browser.form("/login", &fields(wrong)).send());
    }
    let cookieless = Browser::new(&server, "de");
    refused(cookieless.form("/login", &fields(&token)).send());

    // Either of both headers is enough, and the form may be open twice.
    let again = self::token(&browser.get("/login").expect(200));
    let sent =
        browser.unmarked_form("/login", &fields(&token)).header("Sec-Fetch-Site", "same-origin").send();
    browser.keep(sent.expect(303));
    let other = Browser { cookies: browser.cookies.clone(), ..Browser::new(&server, "de") };
    assert_eq!(again, token);

    // So it is with signing out.
    let page = browser.get("/holding").expect(200);
    let token = self::token(&page);
    let out = |token| [("token", token)];
    refused(other.form("/logout", &out("")).send());
    refused(other.unmarked_form("/logout", &out(&token)).header("Origin", "https://evil.example").send());
    assert!(is_signed_in(&browser));
    browser.form("/logout", &out(&token)).send().expect(303);
    assert!(!is_signed_in(&browser));
    // A form that is none.
    let other = browser.ask("POST", "/login").header("Content-Type", "text/plain").body("user=staff");
    other.send().expect(415);
    browser.form("/login", &[("password", &"x".repeat(9 << 10))]).send().expect(413);
}

#[test]
fn no_link_leads_from_the_form_to_another_site() {
    let server = shared();
    for next in [
        "https://evil.example/holding",
        "//evil.example/holding",
        "/\\evil.example",
        "/holding\\evil",
        "/holding@evil.example",
        "/holding\r\nLocation: https://evil.example",
        "/logout",
        "/dav/",
        "javascript:alert(1)",
    ] {
        let browser = Browser::new(&server, "de");
        let page = browser.get("/login").expect(200);
        let fields = [("next", next), ("user", USER), ("password", PASSWORD)];
        assert_eq!(leads_to(&browser.send(&page, "/login", &fields)), "/files/", "{next:?}");
        // Nor does the page carry it on.
        let encoded = utf8_percent_encode(next, NON_ALPHANUMERIC);
        let page = Browser::new(&server, "de").get(&format!("/login?next={encoded}")).expect(200);
        assert_eq!(hidden(&page, "next"), "/files/", "{next:?}");
        assert_eq!(leads_to(&browser.get(&format!("/login?next={encoded}"))), "/files/", "{next:?}");
    }
}

#[test]
fn readers_switch_the_language_and_keep_it() {
    let server = shared();
    let browser = Browser::new(&server, "de");
    let page = browser.get("/login?next=%2Fholding%2F7").expect(200);
    let switch = "href=\"/login?next=%2Fholding%2F7&amp;lang=en\" lang=\"en\"";
    assert!(page.text().contains(switch) && page.text().contains("<html lang=\"de\">"), "{page}");
    let page = browser.get("/login?next=%2Fholding%2F7&lang=en").expect(200);
    assert!(page.text().contains("<html lang=\"en\">"), "{page}");
    assert_eq!(hidden(&page, "next"), "/holding/7");
    assert!(browser.get("/login").text().contains("<html lang=\"en\">"));
    assert!(Browser::new(&server, "de").get("/login").text().contains("<html lang=\"de\">"));
    assert!(browser.get("/login?lang=xx").text().contains("<html lang=\"en\">"));
}
