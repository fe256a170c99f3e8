//! Login flow v2 as Nextcloud's clients and a browser go through it together.

use serde_json::Value;

use crate::http::fixture::shared;
use crate::http::ocs::devices;
use crate::support::TestServer;
use crate::support::http::{Request, Response};
use crate::support::process::{succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

const AGENT: &str = "Mozilla/5.0 (Linux) mirall/3.16.2 (Nextcloud, debian)";
const PROXY: &str = "trusted_proxies = ['127.0.0.1/32']";

/// The answer that a device gets when it begins.
struct Flow {
    poll: String,
    /// Path of the page.
    page: String,
}

fn begin(server: &TestServer) -> Flow {
    flow(server, &server.anonymous("POST", "/index.php/login/v2").header("User-Agent", AGENT).body("").send())
}

#[track_caller]
fn flow(server: &TestServer, response: &Response) -> Flow {
    let answer: Value = serde_json::from_slice(&response.body).unwrap_or_else(|_| panic!("{response}"));
    assert_eq!(answer["poll"]["endpoint"], server.url("/login/v2/poll"));
    let page = answer["login"].as_str().unwrap().strip_prefix(&server.url("")).unwrap().to_owned();
    Flow { poll: answer["poll"]["token"].as_str().unwrap().to_owned(), page }
}

/// Asks as the desktop and Android do.
fn poll(server: &TestServer, flow: &Flow) -> Response {
    let request = server.anonymous("POST", "/login/v2/poll");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    request.body(format!("token={}", flow.poll)).send()
}

#[track_caller]
fn open(server: &TestServer, flow: &Flow) -> Response {
    server.anonymous("GET", &flow.page).header("Accept-Language", "de-DE,de;q=0.9").send().expect(200)
}

#[track_caller]
fn nonce(page: &Response) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"nonce\" value=\"").unwrap_or_else(|| panic!("no nonce: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

fn form(server: &TestServer, flow: &Flow, nonce: &str, user: &str, password: &str) -> Request {
    let request = server.anonymous("POST", &flow.page).header("Accept-Language", "de");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    request.body(format!("nonce={nonce}&user={user}&password={password}"))
}

/// Opens the page and sends it off.
fn consent(server: &TestServer, flow: &Flow, user: &str, password: &str) -> Response {
    let nonce = nonce(&open(server, flow));
    form(server, flow, &nonce, user, password).header("Origin", &server.url("")).send()
}

#[track_caller]
fn granted(response: &Response) -> (String, String, String) {
    assert_eq!(response.status, 200, "{response}");
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("server"), text("loginName"), text("appPassword"))
}

#[test]
fn a_device_is_let_in_by_its_user_and_works_from_then_on() {
    let server = TestServer::start();
    let flow = begin(&server);
    assert_eq!(flow.poll.len(), 128);
    assert!(!flow.page.contains(&flow.poll));
    let waiting = poll(&server, &flow).expect(404);
    assert_eq!(waiting.text(), "[]");

    let page = open(&server, &flow);
    for (header, value) in [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(header), Some(value), "{header}");
    }
    let text = page.text();
    for part in [
        "<html lang=\"de\">".to_owned(),
        format!("<dt>Gerät:</dt><dd>{AGENT}</dd>"),
        "<dd>127.0.0.1</dd>".to_owned(),
        "noch 20 Minuten".to_owned(),
        "autocomplete=\"username\"".to_owned(),
        "autocomplete=\"current-password\"".to_owned(),
    ] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    assert!(!text.contains("<script"), "{text}");

    let done = consent(&server, &flow, USER, PASSWORD).expect(200);
    assert!(done.text().contains("Sie können dieses Fenster schließen"), "{done}");
    assert_eq!(devices(&server), Vec::<String>::new(), "made when it is fetched");
    let (origin, name, password) = granted(&poll(&server, &flow));
    assert_eq!((origin, name.as_str()), (server.url(""), USER));
    assert_eq!(devices(&server), [AGENT]);
    assert_eq!(poll(&server, &flow).expect(404).text(), "[]");
    server.anonymous("GET", &flow.page).send().expect(404);

    let put = server.anonymous("PUT", &format!("/dav/{SPACE}/erste.txt")).sign_in(&name, &password);
    put.body("von der neuen Datei").send().expect(201);
    let asked = server.anonymous("GET", "/ocs/v2.php/cloud/user?format=json").sign_in(&name, &password);
    assert!(asked.send().expect(200).text().contains("\"id\":\"staff\""));

    let log = server.log();
    for secret in [flow.poll.as_str(), flow.page.rsplit('/').next().unwrap(), password.as_str(), "mirall"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    server.assert_no_traces(&[&password]);
}

#[test]
fn every_client_finds_its_way_of_asking() {
    let server = shared();
    // Without index.php, and the token in the query with an empty body, as iOS does.
    let response =
        server.anonymous("POST", "/login/v2").header("User-Agent", "Nextcloud-iOS").body("").send();
    let flow = flow(&server, &response.expect(200));
    let ask = || server.anonymous("POST", &format!("/login/v2/poll?token={}", flow.poll)).body("").send();
    ask().expect(404);
    consent(&server, &flow, "STAFF", PASSWORD).expect(200);
    let (_, name, _) = granted(&ask());
    assert_eq!(name, USER, "as it was entered, because paths are made of it");
    ask().expect(404);
    // A token without a login gets the same answer as one that waits.
    for target in
        ["/login/v2/poll", "/login/v2/poll?token=", "/login/v2/poll?token=x", "/index.php/login/v2/poll"]
    {
        assert_eq!(server.anonymous("POST", target).body("").send().expect(404).text(), "[]");
    }
    server.anonymous("GET", "/login/v2/poll").send().expect(405);
    server.anonymous("GET", "/login/v2").send().expect(405);
    server.anonymous("PUT", &flow.page).send().expect(405);
    let gone = server.anonymous("GET", "/login/v2/flow/").header("Accept-Language", "en").send().expect(404);
    assert!(gone.text().contains("This login has ended"), "{gone}");
}

#[test]
fn the_desktop_may_name_the_user_in_the_address() {
    let server = shared();
    let flow = begin(&server);
    let page = server.anonymous("GET", &format!("{}?user=J%C3%BCrgen%22%3E+K", flow.page)).send().expect(200);
    assert!(page.text().contains("value=\"Jürgen&quot;&gt; K\""), "{page}");
    assert!(page.text().contains("<html lang=\"en\">"), "{page}");
}

#[test]
fn a_wrong_password_shows_the_form_again_and_lets_nobody_in() {
    let server = shared();
    let flow = begin(&server);
    let again = consent(&server, &flow, "niemand", "Falsch-geraten-1").expect(403);
    assert!(again.text().contains("role=\"alert\">Benutzername oder Kennwort ist falsch.</p>"), "{again}");
    assert!(again.text().contains("value=\"niemand\""), "{again}");
    poll(&server, &flow).expect(404);
    // The page that came back can be sent at once.
    form(&server, &flow, &nonce(&again), USER, PASSWORD).send().expect(200);
    granted(&poll(&server, &flow));
}

#[test]
fn a_page_is_sent_once_from_this_site_and_as_a_form() {
    let server = shared();
    let flow = begin(&server);
    let used = nonce(&open(&server, &flow));
    for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example", ""] {
        let sent = form(&server, &flow, &used, USER, PASSWORD).header("Origin", origin).send();
        assert_eq!(sent.status, 403, "{origin}: {sent}");
    }
    form(&server, &flow, &used, USER, PASSWORD).header("Origin", "https://a.example").send().expect(403);
    let other = server.anonymous("POST", &flow.page).header("Content-Type", "text/plain");
    other.body(format!("nonce={used}&user={USER}&password={PASSWORD}")).send().expect(415);
    let long = form(&server, &flow, &used, USER, &"x".repeat(9 << 10));
    long.send().expect(413);
    // Nothing of this used up the page; a wrong password does.
    form(&server, &flow, &used, "niemand", "Falsch-geraten-2").send().expect(403);
    for nonce in [used.as_str(), "", "0"] {
        let stale = form(&server, &flow, nonce, USER, PASSWORD).send().expect(409);
        assert!(stale.text().contains("schon einmal abgeschickt"), "{stale}");
    }
    // Nor is the nonce of one login good for another.
    let second = begin(&server);
    let foreign = nonce(&open(&server, &second));
    form(&server, &flow, &foreign, USER, PASSWORD).send().expect(409);
    poll(&server, &flow).expect(404);
}

#[test]
fn a_devices_password_lets_no_device_in() {
    let server = TestServer::start_plain();
    let first = begin(&server);
    consent(&server, &first, USER, PASSWORD).expect(200);
    let (_, _, password) = granted(&poll(&server, &first));
    let second = begin(&server);
    let refused = consent(&server, &second, USER, &password).expect(403);
    assert!(refused.text().contains("Kennwort eines Geräts"), "{refused}");
    poll(&server, &second).expect(404);
    assert_eq!(devices(&server).len(), 1);
}

#[test]
fn who_is_disabled_between_consent_and_fetching_gets_nothing() {
    let server = TestServer::start_plain();
    let flow = begin(&server);
    consent(&server, &flow, USER, PASSWORD).expect(200);
    server.cli_ok(["user", "disable", USER]);
    assert_eq!(poll(&server, &flow).expect(404).text(), "[]");
    server.cli_ok(["user", "enable", USER]);
    poll(&server, &flow).expect(404);
    assert_eq!(devices(&server), Vec::<String>::new());
}

#[test]
fn guessing_on_the_page_is_throttled_as_everywhere() {
    let server = TestServer::start_configured(PROXY);
    let flow = begin(&server);
    let mut page = open(&server, &flow);
    for n in 0..10 {
        let guess = form(&server, &flow, &nonce(&page), USER, &format!("Falsch-geraten-{n}"));
        page = guess.header("X-Forwarded-For", &format!("203.0.{n}.1")).send().expect(403);
    }
    let refused = form(&server, &flow, &nonce(&page), USER, "Falsch-geraten-10");
    let refused = refused.header("X-Forwarded-For", "203.0.99.1").send().expect(429);
    assert!(
        refused.header("retry-after").is_some()
            && refused.text().contains("zu viele Versuche mit einem falschen Kennwort")
    );
    poll(&server, &flow).expect(404);
    // With an unknown name it looks the same.
    assert!(refused.text().contains("value=\"staff\""), "{refused}");
}

#[test]
fn a_network_begins_few_logins_and_others_are_not_concerned() {
    let server = TestServer::start_configured(PROXY);
    let begin =
        |from: &str| server.anonymous("POST", "/login/v2").header("X-Forwarded-For", from).body("").send();
    for n in 0..30 {
        begin(&format!("198.51.100.{n}")).expect(200);
    }
    let refused = begin("198.51.100.200").expect(429);
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=1_200).contains(&wait), "{refused}");
    begin("198.51.101.1").expect(200);
}

#[test]
fn addresses_are_those_that_the_client_used() {
    let server = TestServer::start_configured(PROXY);
    let request = server.anonymous("POST", "/login/v2").header("Host", "dateien.kanzlei.example:8443");
    let response = request.header("X-Forwarded-Proto", "https").body("").send().expect(200);
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    let origin = "https://dateien.kanzlei.example:8443";
    assert_eq!(answer["poll"]["endpoint"], format!("{origin}/login/v2/poll"));
    assert!(answer["login"].as_str().unwrap().starts_with(&format!("{origin}/login/v2/flow/")));
    // A device that asks from elsewhere is pointed out.
    let page = answer["login"].as_str().unwrap().strip_prefix(origin).unwrap();
    let elsewhere =
        server.anonymous("GET", page).header("X-Forwarded-For", "198.51.100.9").send().expect(200);
    assert!(elsewhere.text().contains("another network than your browser"), "{elsewhere}");
    assert!(!server.anonymous("GET", page).send().text().contains("another network"));
}

#[test]
fn whatever_a_device_calls_itself_its_label_is_fit_to_show() {
    let server = TestServer::start_plain();
    for (agent, label) in [
        (String::new(), "Nextcloud client".to_owned()),
        ("x".repeat(300), format!("{}…", "x".repeat(99))),
        ("<i>a</i>\tb\u{202e}c".to_owned(), "<i>a</i> b c".to_owned()),
    ] {
        let begun = server.anonymous("POST", "/login/v2").header("User-Agent", &agent).body("").send();
        let flow = flow(&server, &begun.expect(200));
        assert!(!open(&server, &flow).text().contains("<i>"));
        consent(&server, &flow, USER, PASSWORD).expect(200);
        granted(&poll(&server, &flow));
        assert_eq!(devices(&server).last(), Some(&label));
    }
}

/// The codes come from a real authenticator, oathtool.
#[test]
fn who_has_a_second_factor_signs_in_with_its_code_and_nothing_else_lets_the_password_in() {
    let server = TestServer::start();
    let shown: Value =
        serde_json::from_str(&server.cli_ok(["user", "second-factor", "add", USER, "--json"])).unwrap();
    assert!(shown["uri"].as_str().unwrap().starts_with("otpauth://totp/Tresor:staff?secret="), "{shown}");
    let secret = shown["secret"].as_str().unwrap();
    // As an authenticator whose clock is this many steps ahead: a code is used once.
    let code = |steps: u64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mut oathtool = tool("oathtool", "oathtool");
        oathtool.args(["--totp", "--base32", "--now"]).arg(format!("@{}", now + 30 * steps)).arg(secret);
        succeed(&mut oathtool).trim().to_owned()
    };
    // Nothing changes before the first code came.
    server.request("PROPFIND", "/dav/").header("Depth", "0").send().expect(207);
    let recovery = server.cli_ok(["user", "second-factor", "confirm", USER, &code(0)]);
    let recovery: Vec<&str> = recovery.lines().collect();
    assert_eq!(recovery.len(), 10, "{recovery:?}");
    assert!(server.cli_ok(["user", "list"]).lines().any(|line| line.contains(USER) && line.contains("yes")));

    let refused = server.request("PROPFIND", "/dav/").header("Depth", "0").send().expect(401);
    assert!(refused.text().contains("second factor"), "{refused}");
    let refused = server.request("GET", "/ocs/v2.php/cloud/user?format=json").send().expect(401);
    assert!(refused.text().contains("second factor"), "{refused}");

    let begun = begin(&server);
    let page = consent(&server, &begun, USER, PASSWORD).expect(403);
    assert!(page.text().contains("autocomplete=\"one-time-code\""), "{page}");
    let send = |code: &str| {
        let nonce = nonce(&open(&server, &begun));
        let request = server.anonymous("POST", &begun.page);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.body(format!("nonce={nonce}&user={USER}&password={PASSWORD}&code={code}")).send()
    };
    send("000000").expect(403);
    send(&code(1)).expect(200);
    let (_, name, password) = granted(&poll(&server, &begun));
    let listed = server.anonymous("PROPFIND", "/dav/").header("Depth", "1").sign_in(&name, &password);
    listed.send().expect(207);

    // The device is lost: a recovery code opens once.
    for (status, flow) in [(200, begin(&server)), (403, begin(&server))] {
        let nonce = nonce(&open(&server, &flow));
        let request = server.anonymous("POST", &flow.page);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let body = format!("nonce={nonce}&user={USER}&password={PASSWORD}&code={}", recovery[2]);
        request.body(body).send().expect(status);
    }
    server.cli_ok(["user", "second-factor", "remove", USER]);
    server.request("PROPFIND", "/dav/").header("Depth", "0").send().expect(207);
    for secret in [secret, recovery[2], recovery[3]] {
        assert!(!server.log().contains(secret));
    }
}
