//! Guessing is slowed down, and the owner is not: wrong passwords over the network.

use std::time::Duration;

use crate::support::TestServer;
use crate::support::http::Response;
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE, USER};

/// Everything comes from a proxy on this machine, which says from where.
const PROXY: &str = "trusted_proxies = ['127.0.0.1/32']";

const OFFICE: &str = "192.0.2.10";
const ATTACKER: &str = "198.51.100.66";

fn log_in(server: &TestServer, name: &str, password: &str, from: &str) -> Response {
    let request = server.anonymous("GET", &format!("/dav/{SPACE}/")).sign_in(name, password);
    request.header("X-Forwarded-For", from).send()
}

#[track_caller]
fn assert_told_to_wait(response: &Response, longest: u32) {
    assert_eq!(response.status, 429, "{response}");
    let wait: u32 = response.header("retry-after").expect("Retry-After").parse().unwrap();
    assert!((1..=longest).contains(&wait), "{response}");
    assert!(response.header("www-authenticate").is_none(), "{response}");
}

/// Tries wrong passwords until the server wants no more; returns how many it judged.
fn guess(server: &TestServer, name: impl Fn(usize) -> String, from: impl Fn(usize) -> String) -> usize {
    for n in 0..100 {
        let response = log_in(server, &name(n), &format!("Falsch-geraten-{n}"), &from(n));
        if response.status == 429 {
            return n;
        }
        response.expect(401);
    }
    panic!("a hundred wrong passwords were judged");
}

#[test]
fn guessing_at_one_account_ends_in_429_and_its_owner_works_on() {
    let server = TestServer::start_configured(PROXY);
    let device: serde_json::Value = serde_json::from_str(&server.cli_ok([
        "user",
        "app-password",
        "add",
        USER,
        "--label",
        "Telefon",
        "--json",
    ]))
    .unwrap();
    let device = device["password"].as_str().unwrap();
    log_in(&server, USER, PASSWORD, OFFICE).expect(200);
    // The password that was right a moment ago is remembered; a new one must be judged.
    let new_password = "Neues-Kennwort-nach-dem-Urlaub-77";
    let file = server.secret_file("neu.password", new_password);
    server.cli_ok(["user", "set-password", USER, "--password-file", file.to_str().unwrap()]);

    // From ever other networks, so that only the account is counted.
    let from = |n: usize| format!("203.0.{n}.1");
    assert_eq!(guess(&server, |_| USER.to_owned(), from), 10);
    assert_told_to_wait(&log_in(&server, USER, "Falsch-geraten-11", ATTACKER), 5);
    // Capitals and a domain do not make another account.
    assert_told_to_wait(&log_in(&server, "OFFICE\\STAFF", "Falsch-geraten-12", ATTACKER), 5);

    // The right password from a strange network waits as well, or guessing would go on.
    assert_told_to_wait(&log_in(&server, USER, new_password, ATTACKER), 5);
    // Not at home, even for the first time with the new password,
    log_in(&server, USER, new_password, OFFICE).expect(200);
    // and not on a device with a password of its own, wherever it is.
    log_in(&server, USER, device, ATTACKER).expect(200);
    log_in(&server, USER, device, "203.0.200.1").expect(200);
    // Others are not concerned.
    log_in(&server, "niemand", "Falsch-geraten-1", "203.0.201.1").expect(401);
    // And the wait ends.
    eventually("a stranger is judged again", Duration::from_secs(30), || {
        log_in(&server, USER, "Falsch-geraten-13", "203.0.202.1").status == 401
    });
    assert_told_to_wait(&log_in(&server, USER, "Falsch-geraten-14", "203.0.203.1"), 10);
}

#[test]
fn trying_many_names_makes_the_network_wait_and_nobody_else() {
    let server = TestServer::start_configured(PROXY);
    log_in(&server, USER, PASSWORD, "198.51.100.1").expect(200);
    // Existing or not, every name counts; so does every address of the network.
    let name = |n: usize| format!("name{n}");
    assert_eq!(guess(&server, name, |n| format!("198.51.100.{}", n + 100)), 20);
    assert_told_to_wait(&log_in(&server, "carla", "Falsch-geraten-0", "198.51.100.7"), 10);
    assert_told_to_wait(&log_in(&server, crate::support::server::ADMIN, "Falsch-1", "198.51.100.7"), 10);
    log_in(&server, "carla", "Falsch-geraten-0", "198.51.101.7").expect(401);
    // A user who logs in from that network every day still does.
    log_in(&server, USER, "Falsch-geraten-0", "198.51.100.9").expect(401);
    log_in(&server, USER, PASSWORD, "198.51.100.9").expect(200);
}

#[test]
fn a_device_with_an_outdated_password_locks_nobody_out() {
    let server = TestServer::start_configured(PROXY);
    for _ in 0..40 {
        log_in(&server, USER, "das-alte-Kennwort-von-2024", OFFICE).expect(401);
    }
    log_in(&server, USER, PASSWORD, OFFICE).expect(200);
}

#[test]
fn nobody_learns_who_has_an_account() {
    let server = TestServer::start_configured(PROXY);
    server.add_user("gesperrte", "staff", PASSWORD);
    server.cli_ok(["user", "disable", "gesperrte"]);
    server.cli_ok(["user", "add", "nurgeraet", "--role", "staff", "--no-password"]);
    let shape = |response: &Response| {
        let headers: Vec<_> = response
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id"].contains(&name.to_lowercase().as_str()))
            .collect();
        format!("{} {headers:?} {}", response.status, response.text())
    };
    let wrong = shape(&log_in(&server, USER, "Falsch-geraten-1", OFFICE).expect(401));
    for (name, password) in [
        ("niemand", "Falsch-geraten-1"),
        ("gesperrte", PASSWORD),
        ("nurgeraet", "Falsch-geraten-1"),
        ("kein\u{7}name", "x"),
        ("", ""),
        (USER, ""),
        (USER, "tresor-abcdefghijklmnopqrstuvwxyz234567"),
    ] {
        let response = log_in(&server, name, password, OFFICE).expect(401);
        assert_eq!(shape(&response), wrong, "{name}");
    }
    for header in ["Basic", "Basic !!!!", "Bearer abc", "Digest username=\"staff\"", "basic c3RhZmY="] {
        let response = server.anonymous("GET", "/dav/").header("Authorization", header).send().expect(401);
        assert_eq!(response.header("www-authenticate"), Some("Basic realm=\"Tresor\", charset=\"UTF-8\""));
    }
    // And counted alike: the network waits after as many guesses at an unknown name.
    let server = TestServer::start_configured(PROXY);
    assert_eq!(guess(&server, |_| "niemand".to_owned(), |n| format!("203.0.{n}.1")), 10);
}

#[test]
fn an_invented_address_does_not_help() {
    // Without a proxy no such header is believed.
    let direct = TestServer::start_plain();
    assert_eq!(guess(&direct, |n| format!("name{n}"), |n| format!("10.{n}.0.1")), 20);
    // Behind one, any text left of its word is the client's invention.
    let proxied = TestServer::start_configured(PROXY);
    let invented = |n: usize| format!("10.{n}.0.1, 172.16.{n}.1, {ATTACKER}");
    assert_eq!(guess(&proxied, |n| format!("name{n}"), invented), 20);
    log_in(&proxied, USER, PASSWORD, OFFICE).expect(200);
    // The other header is not read at all.
    let request = proxied.anonymous("GET", "/dav/").sign_in("x", "Falsch-geraten-0");
    let request = request.header("X-Forwarded-For", ATTACKER).header("Forwarded", "for=10.9.9.9");
    assert_told_to_wait(&request.send(), 10);
}
