//! The office on the pages: its details at their foot, its legal texts, and its time zone.

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

const HTML: &str = "text/html,application/xhtml+xml";
const SHARES: &str = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json";

fn page(server: &TestServer, language: &str, path: &str) -> Response {
    server.anonymous("GET", path).header("Accept", HTML).header("Accept-Language", language).send()
}

fn set(server: &TestServer, words: &[&str]) -> Value {
    let shown = server.cli_ok([&["office", "set", "--json"], words].concat());
    serde_json::from_str(&shown).unwrap()
}

/// A client whose link has ended needs the number more than anyone.
#[test]
fn every_page_shows_whom_to_call() {
    let server = TestServer::start_plain();
    for path in ["/", "/s/none", "/login", "/dav/none"] {
        let text = page(&server, "de", path).text();
        assert!(text.contains("</html>") && !text.contains("<footer"), "{path}: {text}");
    }
    page(&server, "de", "/imprint").expect(404);
    let imprint =
        server.secret_file("imprint.txt", "Kanzlei Beispiel\nMarkt 1\n\nSiehe https://example.de/x.");
    let imprint = imprint.to_str().unwrap();
    set(
        &server,
        &[
            "--name",
            "Kanzlei <Beispiel>",
            "--phone",
            "+49 89 1234",
            "--contact",
            "Anna",
            "--imprint-file",
            imprint,
        ],
    );
    for (language, contact) in [("de", "Ihre Ansprechperson: Anna"), ("en", "Your contact: Anna")] {
        for path in ["/", "/s/none", "/login", "/dav/none", "/imprint", "/holding/zzz", &"/x".repeat(4_200)] {
            let response = page(&server, language, path);
            let response = match response.status {
                303 => page(&server, language, response.header("location").unwrap()),
                _ => response,
            };
            let text = response.text();
            for part in [
                contact,
                "<a href=\"tel:+49891234\">+49 89 1234</a>",
                "<a href=\"/imprint\">",
                "Kanzlei &lt;Beispiel&gt;</title>",
            ] {
                assert!(text.contains(part), "{path} lacks {part}: {text}");
            }
        }
    }
    let text = page(&server, "de", "/imprint").expect(200).text();
    let shown = "<p>Kanzlei Beispiel<br>Markt 1</p><p>Siehe <a href=\"https://example.de/x\" rel=\"noopener\">https://example.de/x</a>.</p>";
    assert!(text.contains("<h1>Impressum</h1>") && text.contains(shown), "{text}");
    page(&server, "de", "/privacy").expect(404);
    assert_eq!(server.anonymous("POST", "/imprint").body("x").send().status, 405);
    // A refusal before any handler, such as of a host that is not this server's, has no page without its foot either.
    let removed =
        set(&server, &["--name", "", "--phone", "", "--contact", "", "--imprint-file", "/dev/null"]);
    assert_eq!(removed["imprint"], "");
    assert!(!page(&server, "de", "/").text().contains("<footer"));
}

#[test]
fn each_privacy_text_has_a_number() {
    let server = TestServer::start_plain();
    for (text, version) in [("eins", 1), ("eins", 1), ("zwei", 2)] {
        let file = server.secret_file("privacy.txt", text);
        assert_eq!(set(&server, &["--privacy-file", file.to_str().unwrap()])["privacy_version"], version);
        let page = page(&server, "de", "/privacy").expect(200).text();
        assert!(page.contains(&format!("<p>Fassung {version}</p>")), "{page}");
    }
}

#[test]
fn times_are_shown_and_links_end_in_the_zone_of_the_office() {
    let server = TestServer::start_plain();
    server.request("PUT", &format!("/dav/{SPACE}/a.txt")).body("x").send().expect(201);
    let link = |date: &str| {
        let body = format!("path=/{SPACE}/a.txt&shareType=3&expireDate={date}");
        let request = server.request("POST", SHARES).header("OCS-APIRequest", "true");
        let made =
            request.header("Content-Type", "application/x-www-form-urlencoded").body(body).send().expect(200);
        serde_json::from_slice::<Value>(&made.body).unwrap()["ocs"]["data"].clone()
    };
    let ends = || -> Vec<Value> {
        let links: Value = serde_json::from_str(&server.cli_ok(["link", "list", "--json"])).unwrap();
        links.as_array().unwrap().iter().map(|link| link["expires"].clone()).collect()
    };
    set(&server, &["--zone", "Europe/Berlin"]);
    let made = [link("2099-03-29"), link("2099-07-31"), link("2099-12-31")];
    assert_eq!(made[1]["expiration"], "2099-07-31 00:00:00");
    // Sound data and scripts keep UTC.
    let expected = json!(["2099-03-29T22:00:00Z", "2099-07-31T22:00:00Z", "2099-12-31T23:00:00Z"]);
    let mut found = ends();
    found.sort_by_key(Value::to_string);
    assert_eq!(json!(found), expected);
    let path = format!("/s/{}", made[1]["token"].as_str().unwrap());
    let text = page(&server, "de", &path).expect(200).text();
    assert!(text.contains("Gültig bis einschließlich 31.07.2099.") && text.contains(" Uhr</dd>"), "{text}");
    // In another zone, the same moment belongs to another day.
    let shown = set(&server, &["--zone", "Pacific/Auckland"]);
    assert_eq!((&shown["zone"], &shown["zone_is_own"]), (&json!("Pacific/Auckland"), &json!(true)));
    let browse = server.anonymous("GET", &format!("/dav/{SPACE}/")).header("Accept", HTML);
    let text = browse.header("Accept-Language", "en").sign_in(USER, PASSWORD).send().expect(200).text();
    assert!(text.contains(" NZDT</td>") || text.contains(" NZST</td>"), "{text}");
    let refused = server.cli(["office", "set", "--zone", "Mars/Olympus"]).output().unwrap();
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("is no time zone")
    );
}
