//! Requests for documents: a client sees what the office asks for, hands in, comes back; the office accepts and rejects.

use serde_json::Value;

use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::{Request, Response};
use crate::support::server::{PASSWORD, SPACE, USER};

/// A request of the command line: its JSON, and the path of its first link.
pub(crate) fn asked(server: &TestServer, options: &[&str]) -> (Value, String) {
    let target = format!("{SPACE}/Steuer");
    let words = ["request", "add", target.as_str(), "--as", USER, "--json"];
    let made: Value = serde_json::from_str(&server.cli_ok(words.iter().chain(options))).unwrap();
    let link = path(made["url"].as_str().unwrap());
    (made, link)
}

pub(crate) fn path(url: &str) -> String {
    format!("/s/{}", url.rsplit('/').next().unwrap())
}

fn item(made: &Value, at: usize) -> String {
    made["items"][at]["id"].to_string()
}

/// Sends files for an item by their names and contents, as the form of the page does.
pub(crate) fn sent(browser: &Browser<'_>, link: &str, item: &str, files: &[(&str, &str)]) -> Request {
    let head = "--x\r\nContent-Disposition: form-data; name";
    let item = format!("{head}=\"item\"\r\n\r\n{item}\r\n");
    let file = |(name, content): &(&str, &str)| {
        format!("{head}=\"files\"; filename=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let body: String = std::iter::once(item).chain(files.iter().map(file)).collect();
    let request = browser.ask("POST", link).header("Content-Type", "multipart/form-data; boundary=x");
    request.header("Sec-Fetch-Site", "same-origin").body(body + "--x--\r\n")
}

pub(crate) fn send(browser: &Browser<'_>, link: &str, item: &str, files: &[(&str, &str)]) -> Response {
    browser.keep(sent(browser, link, item, files).send())
}

pub(crate) fn act(browser: &Browser<'_>, link: &str, fields: &[(&str, &str)]) -> Response {
    browser.keep(browser.form(link, fields).send())
}

fn states(server: &TestServer, id: &str) -> Vec<String> {
    let shown: Value = serde_json::from_str(&server.cli_ok(["request", "show", id, "--json"])).unwrap();
    shown["items"].as_array().unwrap().iter().map(|item| item["state"].as_str().unwrap().to_owned()).collect()
}

fn stored(server: &TestServer, at: &str) -> Response {
    server.request("GET", &format!("/dav/{SPACE}/{}", at.replace(' ', "%20"))).send()
}

#[test]
fn a_client_hands_in_by_items_and_again_after_a_rejection() {
    let server = TestServer::start_plain();
    let items = ["--item", "Ausweis", "--item", "Bescheid", "--item", "Spenden", "--deadline", "2999-12-31"];
    let to = ["--to", "Erika Huber <erika@example.de>", "--note", "Bitte alles", "--title", "Steuer 2025"];
    let (made, link) = asked(&server, &[&items[..], &to[..]].concat());
    let id = made["id"].to_string();
    assert_eq!(made["items"][1]["title"], "Bescheid");
    assert_eq!(
        (&made["recipients"][0]["to"], &made["recipients"][0]["url"]),
        (&"erika@example.de".into(), &made["url"])
    );
    let [pass, notice, gifts] = [0, 1, 2].map(|at| item(&made, at));

    let client = Browser::new(&server, "de");
    let page = client.get(&link).expect(200).text();
    for words in ["Steuer 2025", "Bitte alles", "3 von 3 offen", "31.12.2999", "1. Ausweis", USER] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Looking changes nothing.
    assert_eq!(states(&server, &id), ["open", "open", "open"]);

    send(&client, &link, &pass, &[("vorn.jpg", "front"), ("hinten.jpg", "back")]).expect(200);
    send(&client, &link, &notice, &[("bescheid.pdf", "page 1")]).expect(200);
    leads_to(&act(
        &client,
        &link,
        &[("do", "does-not-apply"), ("item", &gifts), ("text", "keine\r\ngeleistet")],
    ));
    leads_to(&act(&client, &link, &[("do", "comment"), ("item", &notice), ("text", "Reicht das?")]));
    let page = client.get(&link).expect(200).text();
    for words in
        ["Es ist nichts mehr offen", "vorn.jpg", "betrifft Sie nicht", "Reicht das?", "Derselbe Link"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(states(&server, &id), ["handed-in", "handed-in", "does-not-apply"]);
    stored(&server, "Steuer/01 Ausweis/vorn.jpg").expect(200);
    stored(&server, "Steuer/02 Bescheid/bescheid.pdf").expect(200);
    // Another browser with the same link sees how it stands, and no names.
    let other = Browser::new(&server, "de").get(&link).expect(200).text();
    assert!(other.contains("nicht aus diesem Browser") && !other.contains("vorn.jpg"), "{other}");
    assert!(other.contains("Reicht das?"), "the link is the same person's: {other}");

    // The receipt names the item of each file.
    leads_to(&act(&client, &link, &[("do", "finish")]));
    let page = client.get(&link).expect(200).text();
    let receipt = page.split("href=\"").find(|rest| rest.contains("/receipt?number=")).unwrap();
    let receipt = client.get(receipt.split('"').next().unwrap()).expect(200).text();
    assert!(receipt.contains("zu: Ausweis") && receipt.contains("/receipt.pdf?number="), "{receipt}");
    // So does that on the office's page of the request, and on none of another one.
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let own = anna.get(&format!("/requests/{id}")).expect(200).text();
    let own = own.split("href=\"").find(|rest| rest.contains("/receipt/")).unwrap();
    let own = own.split('"').next().unwrap().to_owned();
    assert!(anna.get(&own).expect(200).text().contains("zu: Ausweis"));
    assert!(anna.get(&format!("{own}.txt")).expect(200).text().contains("\"item\": \"Ausweis\""));
    anna.get(&own.replace(&format!("/{id}/"), "/999/")).expect(404);
    anna.get(&format!("{own}9")).expect(404);

    // Rejected: the reason comes first, and the same link takes it again.
    server.cli_ok(["request", "reject", &id, &notice, "--reason", "Seite 2 fehlt"]);
    server.cli_ok(["request", "accept", &id, &pass, &gifts]);
    assert_eq!(states(&server, &id), ["accepted", "rejected", "accepted"]);
    let page = client.get(&link).expect(200).text();
    let (reason, list) = (page.find("Seite 2 fehlt").unwrap(), page.find("Was wir brauchen").unwrap());
    assert!(
        reason < list && page.contains("1 von 3 offen") && page.contains("bitte neu: Seite 2 fehlt"),
        "{page}"
    );
    let refused = send(&client, &link, &pass, &[("mehr.jpg", "more")]).expect(409).text();
    assert!(refused.contains("schon angenommen"), "{refused}");
    act(&client, &link, &[("do", "does-not-apply"), ("item", &pass)]).expect(409);
    send(&client, &link, &notice, &[("bescheid.pdf", "both pages")]).expect(200);
    assert_eq!(states(&server, &id), ["accepted", "handed-in", "accepted"]);
    stored(&server, "Steuer/02 Bescheid/bescheid (2).pdf").expect(200);
    leads_to(&act(&client, &link, &[("do", "finish")]));
    let page = client.get(&link).expect(200).text();
    // The newest stands at the top, too.
    assert_eq!(page.matches("/receipt?number=").count(), 3, "{page}");
    assert!(page.contains("Ihre Einreichung ist bei uns."), "{page}");

    // Undone, closed, opened again.
    server.cli_ok(["request", "undo", &id, &pass]);
    assert_eq!(states(&server, &id), ["handed-in", "handed-in", "accepted"]);
    server.cli_ok(["request", "close", &id]);
    let page = client.get(&link).expect(200).text();
    assert!(page.contains("Diese Anfrage ist abgeschlossen") && !page.contains("type=\"file\""), "{page}");
    send(&client, &link, &pass, &[("spät.jpg", "late")]).expect(409);
    act(&client, &link, &[("do", "comment"), ("item", &pass), ("text", "x")]).expect(409);
    assert_eq!(server.cli_ok(["request", "list", "--json"]).trim(), "[]");
    server.cli_ok(["request", "reopen", &id]);
    send(&client, &link, "", &[("sonst.txt", "else")]).expect(200);
    stored(&server, "Steuer/99 Weitere Unterlagen/sonst.txt").expect(200);

    // Each change is in the history.
    let history = server.cli_ok(["history", SPACE, "--lang", "de", "--limit", "100"]);
    for words in [
        "Anfrage 1 angelegt",
        "„Ausweis“ zu Anfrage 1 eingereicht",
        "angegeben, dass „Spenden“ in Anfrage 1 nicht zutrifft",
        "„Bescheid“ in Anfrage 1 kommentiert",
        "braucht „Bescheid“ in Anfrage 1 noch einmal",
        "Entscheidung über „Ausweis“",
        "Anfrage 1 geschlossen",
        "Anfrage 1 wieder geöffnet",
    ] {
        assert!(history.contains(words), "{words}: {history}");
    }
}

#[test]
fn a_file_of_an_item_is_taken_back_and_the_item_is_open_again() {
    let server = TestServer::start_plain();
    let (made, link) = asked(&server, &["--item", "A", "--item", "B"]);
    let (id, a) = (made["id"].to_string(), item(&made, 0));
    let client = Browser::new(&server, "en");
    client.get(&link).expect(200);
    send(&client, &link, &a, &[("a.txt", "1")]).expect(200);
    leads_to(&act(&client, &link, &[("do", "finish")]));
    // Another hand-in has begun since; the file can still be taken back.
    send(&client, &link, &item(&made, 1), &[("b.txt", "2")]).expect(200);
    let page = client.get(&link).expect(200).text();
    let file = page.split("name=\"file\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let withdraw = [("do", "withdraw"), ("file", file.as_str())];
    Browser::new(&server, "en").form(&link, &withdraw).send().expect(404);
    leads_to(&act(&client, &link, &withdraw));
    assert_eq!(states(&server, &id), ["open", "handed-in"]);
    stored(&server, "Steuer/01 A/a.txt").expect(404);
    // It does not apply, it does, and a file says so, too.
    for (action, state) in
        [("does-not-apply", "does-not-apply"), ("applies", "open"), ("does-not-apply", "does-not-apply")]
    {
        leads_to(&act(&client, &link, &[("do", action), ("item", &a)]));
        assert_eq!(states(&server, &id)[0], state);
    }
    send(&client, &link, &a, &[("a.txt", "3")]).expect(200);
    assert_eq!(states(&server, &id)[0], "handed-in");
}

#[test]
fn each_recipient_has_a_link_and_all_share_one_state() {
    let server = TestServer::start_plain();
    let options = ["--item", "A", "--to", "a@example.de", "--to", "b@example.de", "--lang", "en"];
    let (made, first) = asked(&server, &options);
    let second = path(made["recipients"][1]["url"].as_str().unwrap());
    assert_ne!(first, second);
    let (one, other) = (Browser::new(&server, "de"), Browser::new(&server, "de"));
    one.get(&first).expect(200);
    send(&one, &first, &item(&made, 0), &[("geheim.txt", "1")]).expect(200);
    act(&one, &first, &[("do", "comment"), ("item", &item(&made, 0)), ("text", "unter uns")]);
    let page = other.get(&second).expect(200).text();
    assert!(
        page.contains("nichts mehr offen") && !page.contains("geheim") && !page.contains("unter uns"),
        "{page}"
    );

    // An item of another request is none.
    let (foreign, _) = asked(&server, &["--item", "Z"]);
    let z = item(&foreign, 0);
    send(&other, &second, &z, &[("z.txt", "1")]).expect(403);
    act(&other, &second, &[("do", "does-not-apply"), ("item", &z)]).expect(404);
    send(&other, &second, "nonsense", &[("z.txt", "1")]).expect(403);
    assert_eq!(states(&server, &foreign["id"].to_string()), ["open"]);
    // No program gets in by such a link, and its maker's list of links is not crowded by it.
    let token = second.trim_start_matches("/s/");
    server.anonymous("PUT", &format!("/public.php/dav/files/{token}/x.txt")).body("x").send().expect(403);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    assert!(anna.get("/links").expect(200).text().contains("noch keinen Link"));
    // The right of the user who asked decides.
    server.cli_ok(["grant", USER, SPACE, "read"]);
    other.get(&second).expect(404);
}

#[test]
fn templates_are_shown_imported_and_used() {
    let server = TestServer::start_plain();
    let list: Value = serde_json::from_str(&server.cli_ok(["template", "list", "--json"])).unwrap();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let shipped = ["buchfuehrung-monat", "einkommensteuer", "jahresabschluss", "lohn", "mandatsaufnahme"];
    assert_eq!(names, shipped);
    // The printed template can be imported again, changed, in place of the shipped one.
    let text = server.cli_ok(["template", "show", "lohn"]);
    let own =
        text.replace("Stundenaufzeichnungen", "Stempelkarten").replace("{position} {item}", "{year} {item}");
    let file = server.secret_file("lohn.toml", &own);
    server.cli_ok(["template", "import", file.to_str().unwrap()]);
    assert_eq!(server.cli_ok(["template", "show", "lohn"]).trim(), own.trim());
    let list: Value = serde_json::from_str(&server.cli_ok(["template", "list", "--json"])).unwrap();
    assert_eq!(
        (&list[3]["name"], &list[3]["own"], list.as_array().unwrap().len()),
        (&"lohn".into(), &true.into(), 5)
    );
    let (made, link) = asked(&server, &["--template", "lohn", "--title", "Lohn März 2024"]);
    assert_eq!((&made["items"][0]["title"], &made["template"]), (&"Stempelkarten".into(), &"lohn".into()));
    let client = Browser::new(&server, "de");
    client.get(&link).expect(200);
    send(&client, &link, &item(&made, 0), &[("karte.pdf", "1")]).expect(200);
    stored(&server, "Steuer/2024 Stempelkarten/karte.pdf").expect(200);
    let broken = server.secret_file("broken.toml", "name = \"x\"");
    let refused = server.cli(["template", "import", broken.to_str().unwrap()]).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("template"));
}
