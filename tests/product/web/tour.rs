//! A tour of all pages at a real browser, of an office in which something is going on: none has a serious finding of axe in
//! either theme, and none is wider than a phone. `TRESOR_TEST_SCREENS=$PWD/docs/screens` leaves a picture of each.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::browse;
use crate::http::requests::send;
use crate::support::TestServer;
use crate::support::browser::Browser;
use crate::support::pdfs;
use crate::support::server::PASSWORD;

/// The person whose pages are seen; she administers the office and works in it.
const PERSON: &str = "m.huber";
const CLIENT: &str = "Müller GmbH";

/// An office with clients, files, links, a request of which a part was handed in, and a held file.
fn office() -> TestServer {
    let server = TestServer::start_configured("hosts = ['localhost', '127.0.0.1']");
    let words = [
        "office",
        "set",
        "--name",
        "Steuerkanzlei Huber",
        "--contact",
        "Maria Huber",
        "--phone",
        "+49 941 12345",
        "--mail",
        "kanzlei@huber.example",
        "--web",
        "https://huber.example",
    ];
    server.cli_ok(words);
    server.add_user(PERSON, "administrator", PASSWORD);
    for name in ["k.weber", "azubi"] {
        server.add_user(name, "staff", PASSWORD);
    }
    for name in [CLIENT, "Bäckerei Öztürk", "Familie Schmidt", "Kanzlei intern"] {
        server.cli_ok(["space", "add", name, "--kind", "client"]);
        server.cli_ok(["grant", PERSON, name, "manage", "--release"]);
    }
    server.cli_ok(["grant", "k.weber", CLIENT, "write"]);
    server.cli_ok(["grant", "azubi", CLIENT, "read"]);
    server.cli_ok(["space", "set", "Familie Schmidt", "--intake", "on"]);
    server
}

/// Stores a file as the person.
fn put(server: &TestServer, path: &str, content: &[u8]) {
    let address = format!("/dav/{}", path.replace(' ', "%20").replace('ü', "%C3%BC"));
    let request = server.anonymous("PUT", &address).sign_in(PERSON, PASSWORD);
    let status = request.body(content).send().status;
    assert!([201, 204].contains(&status), "{path}: {status}");
}

fn folder(server: &TestServer, path: &str) {
    let address = format!("/dav/{}", path.replace(' ', "%20").replace('ü', "%C3%BC"));
    server.anonymous("MKCOL", &address).sign_in(PERSON, PASSWORD).send().expect(201);
}

fn letter() -> Vec<u8> {
    pdfs::pages((595, 842), &["Einkommensteuerbescheid 2025".to_owned(), "Seite zwei".to_owned()])
}

/// A request to a client with some files handed in: the request's number and the client's address.
fn asked(server: &TestServer) -> [String; 3] {
    let target = format!("{CLIENT}/Unterlagen");
    folder(server, &target);
    let words = [
        "request",
        "add",
        &target,
        "--as",
        PERSON,
        "--template",
        "einkommensteuer",
        "--to",
        "mueller@example.org",
        "--deadline",
        "2999-05-31",
        "--json",
    ];
    let made: Value = serde_json::from_str(&server.cli_ok(words)).unwrap();
    let link = crate::http::requests::path(made["url"].as_str().unwrap());
    let client = Browser::new(server, "de");
    client.get(&link).expect(200);
    let pdf = String::from_utf8(letter()).unwrap();
    for (at, name) in ["Lohnsteuerbescheinigung.pdf", "Spenden.pdf", "Handwerker.pdf"].into_iter().enumerate()
    {
        let item = made["items"][at]["id"].to_string();
        send(&client, &link, &item, &[(name, &pdf)]).expect(200);
    }
    let id = made["id"].to_string();
    server.cli_ok(["request", "accept", &id, &made["items"][1]["id"].to_string()]);
    let until = ["request", "item", &id, &made["items"][0]["id"].to_string(), "--until", "2999-04-30"];
    server.cli_ok(until);
    let form = format!("{CLIENT}/Bescheid 2025.pdf");
    let hands_out = ["request", "item", &id, &made["items"][0]["id"].to_string(), "--form", &form];
    server.cli_ok(hands_out.iter().chain(&["--example", &form]));
    let reject = ["request", "reject", &id, &made["items"][2]["id"].to_string()];
    server.cli_ok(reject.iter().chain(&["--reason", "Seite 2 fehlt."]));
    let form = format!("{link}/form/{}/Bescheid%202025.pdf?view", made["items"][0]["id"]);
    [id, link, form]
}

fn link(server: &TestServer, target: &str, right: &str, more: &[&str]) -> (String, String) {
    let words = ["link", "add", target, "--as", PERSON, "--can", right, "--json"];
    let made: Value = serde_json::from_str(&server.cli_ok(words.iter().chain(more))).unwrap();
    (made["id"].to_string(), crate::http::requests::path(made["url"].as_str().unwrap()))
}

/// A request to the person: the address of its page.
fn asked_of_person(server: &TestServer) -> String {
    let words =
        ["request", "add", "Kanzlei intern", "--as", PERSON, "--item", "Fortbildungsnachweise", "--json"];
    let more = [
        "--item",
        "Urlaubsplan",
        "--title",
        "Für die Personalakte",
        "--to",
        PERSON,
        "--deadline",
        "2999-05-31",
    ];
    let made: Value = serde_json::from_str(&server.cli_ok(words.iter().chain(&more))).unwrap();
    let until = ["request", "item", &made["id"].to_string(), &made["items"][1]["id"].to_string(), "--until"];
    server.cli_ok(until.iter().chain(&["2999-03-31"]));
    format!("/asked/{}", made["recipients"][0]["id"])
}

/// The number of a held file.
fn held(server: &TestServer) -> String {
    let (_, upload) = link(server, "Familie Schmidt", "add", &["--label", "Belege 2025"]);
    let client = Browser::new(server, "de");
    client.get(&upload).expect(200);
    crate::http::hand_in::sent(&client, &upload, "Erika Schmidt", &[("Vertrag.doc", "kein Word")])
        .send()
        .expect(200);
    crate::http::hand_in::finish(&client, &upload).expect(303);
    let held: Value = serde_json::from_str(&server.cli_ok(["hold", "list", "--json"])).unwrap();
    held[0]["id"].to_string()
}

/// Names of pictures, and addresses of pages.
type Pages = Vec<(String, String)>;

/// The pages of the person, and those of clients without an account.
fn pages(server: &TestServer) -> (Pages, Pages) {
    let space = "/files/M%C3%BCller%20GmbH";
    for year in ["2023", "2024", "2025"] {
        folder(server, &format!("{CLIENT}/{year}"));
    }
    put(server, &format!("{CLIENT}/Bescheid 2025.pdf"), &letter());
    put(server, &format!("{CLIENT}/Bescheid 2025.pdf"), &letter());
    put(server, &format!("{CLIENT}/Buchungen.csv"), "Datum;Betrag\n1.2.2025;119,00\n".as_bytes());
    let old = server.anonymous("DELETE", "/dav/M%C3%BCller%20GmbH/2023").sign_in(PERSON, PASSWORD);
    old.send().expect(204);
    let asked_of_person = asked_of_person(server);
    let [request, wanted, form] = asked(server);
    let held = held(server);
    let (upload, guest) = link(
        server,
        &format!("{CLIENT}/2025"),
        "add",
        &["--label", "Belege", "--note", "Bitte alle Belege des Jahres."],
    );
    let (_, read) = link(server, &format!("{CLIENT}/2025"), "read", &[]);
    let (_, once) = link(server, &format!("{CLIENT}/Bescheid 2025.pdf"), "read", &["--once"]);
    let (_, locked) = link(server, &format!("{CLIENT}/2024"), "read", &["--first-use-password"]);
    let own = [
        ("files", "/files/".to_owned()),
        ("folder", format!("{space}/")),
        ("file", format!("{space}/Bescheid%202025.pdf?about")),
        ("view", format!("{space}/Bescheid%202025.pdf?view")),
        ("view-text", format!("{space}/Buchungen.csv?view")),
        ("trash", format!("{space}/?trash")),
        ("history", format!("{space}/?history")),
        ("search", "/files/?search=bescheid".to_owned()),
        ("asked", asked_of_person),
        ("requests", "/requests".to_owned()),
        ("request-new", "/requests/new".to_owned()),
        ("request", format!("/requests/{request}")),
        ("request-check", format!("/requests/{request}/check")),
        ("request-reminder", format!("/requests/{request}/reminder")),
        ("request-matrix", "/requests/matrix".to_owned()),
        ("links", "/links".to_owned()),
        ("link", format!("/links/{upload}")),
        ("holding", "/holding".to_owned()),
        ("held", format!("/holding/{held}")),
        ("account", "/account".to_owned()),
        ("devices", "/account/devices".to_owned()),
        ("device", "/account/devices/own".to_owned()),
        ("office", "/office".to_owned()),
        ("office-person", "/office/people/k.weber".to_owned()),
        ("office-space", "/office/spaces/M%C3%BCller%20GmbH".to_owned()),
        ("office-rights", "/office/rights".to_owned()),
        ("office-state", "/office/state".to_owned()),
        ("office-templates", "/office/templates".to_owned()),
        ("office-template", "/office/templates/einkommensteuer".to_owned()),
        ("office-details", "/office/details".to_owned()),
    ];
    let of_guest = [
        ("front", "/".to_owned()),
        ("login", "/login".to_owned()),
        ("guest-request", wanted),
        ("guest-form", form),
        ("guest-upload", guest),
        ("guest-folder", read),
        ("guest-once", once),
        ("guest-password", locked),
        ("guest-no-link", "/s/AAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        ("check", "/check".to_owned()),
    ];
    let named =
        |pages: &[(&str, String)]| pages.iter().map(|(name, at)| ((*name).to_owned(), at.clone())).collect();
    (named(&own), named(&of_guest))
}

#[test]
fn all_pages_are_accessible_in_both_themes_and_fit_a_phone() {
    let server = office();
    let (own, of_guest) = pages(&server);
    let work = server.scratch("work");
    // By a name, so that passkeys are offered.
    let base = format!("http://localhost:{}", server.endpoint().address.port());
    let given = json!({ "user": PERSON, "own": own, "guest": of_guest, "base": base });
    let seen = browse(&server, "tour", &work, &given);
    let mut missing = String::new();
    for (name, _) in own.iter().chain(&of_guest) {
        if !seen["seen"].as_array().unwrap().contains(&json!(name)) {
            writeln!(missing, "{name}").unwrap();
        }
    }
    assert!(missing.is_empty(), "{missing}");
}
