//! Forms and examples that the recipients of a request may fetch: by the link of a running request alone, and by the present
//! right of the user who made it.

use serde_json::Value;

use super::requests::asked;
use super::viewing::{assert_confined, numbered};
use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to, token};
use crate::support::http::Response;
use crate::support::pdfs::PNG;
use crate::support::server::{PASSWORD, SPACE, USER};

/// Most bytes of such a file.
const MOST: usize = 20 << 20;

fn put(server: &TestServer, at: &str, content: impl Into<Vec<u8>>) {
    server.request("PUT", &format!("/dav/{at}")).body(content.into()).send().expect(201);
}

fn item(made: &Value, at: usize) -> String {
    made["items"][at]["id"].to_string()
}

/// The addresses of the files that a page offers.
fn offered(page: &Response) -> Vec<String> {
    let text = page.text();
    let found = text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    let is_file = |address: &String| address.contains("/form/") || address.contains("/example/");
    found.filter(|address| is_file(address) && !address.contains('?')).collect()
}

#[test]
fn recipients_fetch_a_form_while_the_request_runs_and_its_maker_may_read_it() {
    let server = TestServer::start_plain();
    server.add_space("Muster", ["--kind", "team"], "manage");
    put(&server, "Muster/Fragebogen%20%C3%BC.pdf", "questions");
    put(&server, &format!("{SPACE}/Beispiel.png"), "picture");
    put(&server, &format!("{SPACE}/geheim.pdf"), "secret");
    let (made, link) = asked(&server, &["--item", "Fragebogen", "--item", "Ausweis"]);
    let (other, _) = asked(&server, &["--item", "Anderes"]);
    let (id, [sheet, pass]) = (made["id"].to_string(), [0, 1].map(|at| item(&made, at)));
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let client = Browser::new(&server, "de");
    let page = |browser: &Browser<'_>| browser.get(&link).expect(200);
    assert!(offered(&page(&client)).is_empty());

    // By the page, and by command.
    let at = format!("/requests/{id}");
    let hand_out = |what: &str, file: &str| {
        let fields = [("do", "hand-out"), ("item", &sheet), ("what", what), ("file", file)];
        anna.send(&anna.get(&at).expect(200), &format!("{at}/handout"), &fields)
    };
    let stored = anna.get(&leads_to(&hand_out("form", "Muster/Fragebogen ü.pdf"))).expect(200).text();
    assert!(stored.contains("Formular für die Empfänger: Fragebogen ü.pdf"), "{stored}");
    let place = format!("{SPACE}/Beispiel.png");
    let shown = server.cli_ok(["request", "item", &id, &pass, "--example", &place, "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["items"][1]["handouts"][0]["file"], "Beispiel.png");

    let shown = page(&client);
    let files = offered(&shown);
    let form = format!("{link}/form/{sheet}/Fragebogen%20%C3%BC.pdf");
    assert_eq!(files, [form.clone(), format!("{link}/example/{pass}/Beispiel.png")], "{shown}");
    assert!(shown.text().contains("Formular zum Ausfüllen") && shown.text().contains("(9 B)"), "{shown}");
    let fetched = client.get(&form).expect(200);
    assert_eq!(fetched.text(), "questions");
    assert!(fetched.header("content-disposition").unwrap().starts_with("attachment"), "{fetched}");
    assert_eq!(client.get(&files[1]).expect(200).text(), "picture");
    // That was no visit of the files, and none is counted.
    for (method, status) in [("HEAD", 200), ("PUT", 405), ("DELETE", 405), ("PROPFIND", 405), ("POST", 405)] {
        client.ask(method, &form).send().expect(status);
    }
    // Nothing beside it: another kind, another item, that of another request, other names and links.
    for wrong in [
        format!("{link}/example/{sheet}/x"),
        format!("{link}/form/{pass}/x"),
        format!("{link}/form/{}/x", item(&other, 0)),
        format!("{link}/form/{sheet}/../geheim.pdf"),
        format!("{link}/form/{sheet}/a/b"),
        format!("{link}/files/Beispiel.png"),
        format!("/s/none/form/{sheet}/x"),
        format!("/public.php/dav/files/{}/Beispiel.png", link.trim_start_matches("/s/")),
    ] {
        let answer = client.get(&wrong);
        assert!(
            [403, 404].contains(&answer.status) && !answer.text().contains("secret"),
            "{wrong}: {answer}"
        );
    }

    // In the trash and back.
    let is_there = || {
        let (page, answer) = (page(&client), client.get(&form));
        assert_eq!(answer.status == 200, offered(&page).contains(&form), "{page}");
        assert_eq!(answer.status == 404, page.text().contains("zurzeit nicht abrufbar"), "{page}");
        answer.status == 200
    };
    server
        .request("MOVE", "/dav/Muster/Fragebogen%20%C3%BC.pdf")
        .header("Destination", "/dav/Muster/neu.pdf")
        .send()
        .expect(201);
    assert!(client.get(&form).text() == "questions", "the name in an address does not matter");
    server.request("DELETE", "/dav/Muster/neu.pdf").send().expect(204);
    assert!(!is_there());
    assert!(anna.get(&at).expect(200).text().contains("Formular für die Empfänger: nicht abrufbar"));
    let trash: Value = serde_json::from_str(&server.cli_ok(["trash", "list", "Muster", "--json"])).unwrap();
    server.cli_ok(["trash", "restore", "Muster", &trash[0]["entry"].to_string()]);
    assert_eq!(client.get(&form).expect(200).text(), "questions");
    // Without the right of the user who asked; then closed.
    server.cli_ok(["revoke", USER, "Muster"]);
    assert!(!is_there());
    server.cli_ok(["grant", USER, "Muster", "read"]);
    client.get(&form).expect(200);
    server.cli_ok(["request", "close", &id]);
    client.get(&form).expect(404);
    assert!(offered(&page(&client)).is_empty());
}

#[test]
fn only_documents_and_pictures_of_moderate_size_are_handed_out_and_last_years_are_kept() {
    let server = TestServer::start_plain();
    put(&server, &format!("{SPACE}/most.pdf"), vec![b'x'; MOST]);
    put(&server, &format!("{SPACE}/more.pdf"), vec![b'x'; MOST + 1]);
    put(&server, &format!("{SPACE}/a.zip"), "x");
    server.add_space("other", ["--kind", "team"], "manage");
    put(&server, "other/b.pdf", "b");
    server.cli_ok(["revoke", USER, "other"]);
    let (made, _) = asked(&server, &["--item", "A", "--item", "B"]);
    let id = made["id"].to_string();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let at = format!("/requests/{id}");
    let hand_out = |file: &str| {
        let fields = [("do", "hand-out"), ("item", &*item(&made, 1)), ("what", "form"), ("file", file)];
        anna.send(&anna.get(&at).expect(200), &format!("{at}/handout"), &fields)
    };
    for bad in ["more.pdf", "a.zip", "none.pdf", "Steuer", "", "../a.pdf"] {
        let refused = hand_out(&format!("{SPACE}/{bad}")).expect(400).text();
        assert!(refused.contains("Die Datei wurde nicht bereitgestellt") && refused.contains("aria-invalid"));
    }
    for bad in ["other/b.pdf", "none/b.pdf", "b.pdf"] {
        hand_out(bad).expect(400);
    }
    leads_to(&hand_out(&format!("{SPACE}/most.pdf")));
    // Asked again a year later.
    let form = anna.get(&format!("/requests/new?from={id}")).expect(200);
    let latest = crate::support::browser::hidden(&form, "latest");
    let fields = [
        ("from", &*id),
        ("latest", &latest),
        ("keep", "2"),
        ("space", SPACE),
        ("folder", "2027"),
        ("title", "2027"),
    ];
    leads_to(&anna.send(&form, "/requests/new", &fields));
    let list: Value = serde_json::from_str(&server.cli_ok(["request", "list", "--json"])).unwrap();
    let again = server.cli_ok(["request", "show", &list[0]["id"].to_string(), "--json"]);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(
        (&again["title"], &again["items"][0]["handouts"][0]["file"]),
        (&"2027".into(), &"most.pdf".into())
    );
    // And none any more.
    leads_to(&hand_out(""));
    assert!(!anna.get(&at).expect(200).text().contains("Formular für die Empfänger"));
}

/// A content that is withheld by the holding area is not given out, and its name is not told.
#[test]
fn a_form_that_is_held_is_not_there_before_its_release() {
    let server = TestServer::start_plain();
    server.add_space("held", ["--kind", "team", "--intake", "on", "--hold-what", "all"], "manage");
    let (made, link) = asked(&server, &["--item", "A"]);
    let (id, sheet) = (made["id"].to_string(), item(&made, 0));
    let client = Browser::new(&server, "de");
    put(&server, "held/first.pdf", "first");
    server.cli_ok(["request", "item", &id, &sheet, "--form", "held/first.pdf"]);
    let form = format!("{link}/form/{sheet}/first.pdf");
    let page = client.get(&link).expect(200);
    assert!(page.text().contains("zurzeit nicht abrufbar") && !page.text().contains("first"), "{page}");
    client.get(&form).expect(404);
    let held: Value = serde_json::from_str(&server.cli_ok(["hold", "list", "--json"])).unwrap();
    server.cli_ok(["hold", "release", &held[0]["id"].to_string(), "--override", "--reason", "x"]);
    assert_eq!(client.get(&form).expect(200).text(), "first");
}

/// Sends the form of files to fetch as a browser does, with a file from the person's device.
fn send_file(
    browser: &Browser<'_>,
    at: &str,
    (token, item, what): (&str, &str, &str),
    file: (&str, &[u8]),
) -> Response {
    let mut body = Vec::new();
    for (name, value) in [("token", token), ("item", item), ("what", what), ("file", "")] {
        body.extend(
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    let head = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename";
    body.extend(format!("{head}=\"{}\"\r\n\r\n", file.0).bytes());
    body.extend(file.1);
    body.extend(b"\r\n--x--\r\n");
    let request = browser.ask("POST", &format!("{at}/handout"));
    let request = request.header("Content-Type", "multipart/form-data; boundary=x");
    browser.keep(request.header("Sec-Fetch-Site", "same-origin").body(body).send())
}

#[test]
fn staff_send_a_form_from_their_device_and_choose_it_again() {
    let server = TestServer::start_plain();
    let (made, link) = asked(&server, &["--item", "Fragebogen", "--item", "Ausweis"]);
    let (other, _) = asked(&server, &["--item", "Anderes"]);
    let [sheet, pass] = [0, 1].map(|at| item(&made, at));
    let at = format!("/requests/{}", made["id"]);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let client = Browser::new(&server, "de");
    let page = || anna.get(&at).expect(200);
    let send = |item: &str, what: &str, file: (&str, &[u8])| {
        send_file(&anna, &at, (&token(&page()), item, what), file)
    };
    assert!(page().text().contains(&format!("abgelegt in: {SPACE}/Vorlagen")), "{}", page());

    // Stored beside what has its name, whatever path the device sends; both are files of the space like any other.
    leads_to(&send(&sheet, "form", ("Bogen.pdf", b"erster-4711")));
    leads_to(&send(&pass, "example", ("Bogen.pdf", b"zweiter-4711")));
    for (name, content) in [("Bogen.pdf", "erster-4711"), ("Bogen%20(2).pdf", "zweiter-4711")] {
        let stored = server.request("GET", &format!("/dav/{SPACE}/Vorlagen/{name}")).send().expect(200);
        assert_eq!(stored.text(), content);
    }
    let files = offered(&client.get(&link).expect(200));
    assert_eq!(client.get(&files[0]).expect(200).text(), "erster-4711");
    assert_eq!(client.get(&files[1]).expect(200).text(), "zweiter-4711");
    // Each is offered for the next request, too.
    let next = anna.get(&format!("/requests/{}", other["id"])).expect(200).text();
    assert!(next.contains(&format!("<option value=\"{SPACE}/Vorlagen/Bogen (2).pdf\">")), "{next}");

    // What is refused is not stored.
    let large = vec![b'x'; MOST + 1];
    for (name, content) in [("a.zip", &b"x"[..]), ("more.pdf", &large)] {
        let refused = send(&pass, "example", (name, content)).expect(400).text();
        assert!(refused.contains("selected") && refused.contains("value=\"example\" checked"), "{refused}");
    }
    send(&item(&other, 0), "form", ("other.pdf", b"x")).expect(404);
    send(&pass, "both", ("both.pdf", b"x")).expect(404);
    send_file(&anna, &at, ("forged", &pass, "form"), ("forged.pdf", b"x")).expect(403);
    send_file(&client, &at, ("forged", &pass, "form"), ("client.pdf", b"x"));
    anna.get(&format!("{at}/handout")).expect(405);
    server.cli_ok(["space", "set", SPACE, "--quota", "1MiB"]);
    let full = send(&pass, "form", ("full.pdf", &large[..2 << 20])).expect(507).text();
    assert!(full.contains("class=\"problem\""), "{full}");
    for name in ["a.zip", "more.pdf", "other.pdf", "both.pdf", "forged.pdf", "client.pdf", "full.pdf"] {
        server.request("GET", &format!("/dav/{SPACE}/Vorlagen/{name}")).send().expect(404);
    }
    server.assert_no_traces(&["erster-4711", "Bogen"]);
}

#[test]
fn a_form_that_was_sent_is_held_as_its_space_says() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold-what", "all"]);
    let (made, link) = asked(&server, &["--item", "A"]);
    let at = format!("/requests/{}", made["id"]);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let token = token(&anna.get(&at).expect(200));
    leads_to(&send_file(&anna, &at, (&token, &item(&made, 0), "form"), ("a.pdf", b"form")));
    let client = Browser::new(&server, "de");
    assert!(client.get(&link).expect(200).text().contains("zurzeit nicht abrufbar"));
    let address = format!("{link}/form/{}/a.pdf", item(&made, 0));
    for query in ["", "?view", "?page=1", "?picture"] {
        client.get(&format!("{address}{query}")).expect(404);
    }
    let held: Value = serde_json::from_str(&server.cli_ok(["hold", "list", "--json"])).unwrap();
    server.cli_ok(["hold", "release", &held[0]["id"].to_string(), "--override", "--reason", "x"]);
    assert_eq!(client.get(&address).expect(200).text(), "form");
}

#[test]
fn recipients_look_at_a_form_without_fetching_it() {
    let server = TestServer::start_plain();
    server.add_member("erika", "client", "write");
    put(&server, &format!("{SPACE}/Bogen.pdf"), numbered(3));
    put(&server, &format!("{SPACE}/Foto.png"), PNG);
    put(&server, &format!("{SPACE}/Hinweis.txt"), "<b>Größe</b>");
    let (made, link) = asked(&server, &["--item", "A", "--item", "B", "--to", "erika"]);
    let (id, [one, two]) = (made["id"].to_string(), [0, 1].map(|at| item(&made, at)));
    let named = |file: &str| format!("{SPACE}/{file}");
    server.cli_ok([
        "request",
        "item",
        &id,
        &one,
        "--form",
        &named("Bogen.pdf"),
        "--example",
        &named("Foto.png"),
    ]);
    server.cli_ok(["request", "item", &id, &two, "--form", &named("Hinweis.txt")]);
    let client = Browser::new(&server, "de");
    let page = client.get(&link).expect(200).text();
    let form = format!("{link}/form/{one}/Bogen.pdf");
    assert!(page.contains(&format!("href=\"{form}?view\" aria-label=\"Bogen.pdf ansehen\"")), "{page}");

    let looked = client.get(&format!("{form}?view")).expect(200);
    let text = looked.text();
    for part in
        ["<h1>Bogen.pdf</h1>", "Seite 1 von 3", "Bogen.pdf?page=1\"", "Bogen.pdf?view=2\" data-key", &link]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(looked.header("content-security-policy").unwrap().contains("img-src 'self'"), "{looked}");
    assert!(client.get(&format!("{form}?view=3")).expect(200).text().contains("Seite 3 von 3"));
    let picture = client.get(&format!("{form}?page=2")).expect(200);
    assert_confined(&picture, picture.header("content-type").unwrap());
    assert!(picture.header("content-type").unwrap().starts_with("image/"), "{picture}");
    for query in ["view=4", "view=x", "view=0"] {
        assert!(client.get(&format!("{form}?{query}")).expect(404).text().contains("?view=1\""), "{query}");
    }
    client.get(&format!("{form}?page=4")).expect(404);
    client.get(&format!("{form}?picture")).expect(404);
    let photo = format!("{link}/example/{one}/Foto.png");
    assert!(client.get(&format!("{photo}?view")).expect(200).text().contains("Foto.png?picture\""));
    assert_confined(&client.get(&format!("{photo}?picture")).expect(200), "image/png");
    let note = client.get(&format!("{link}/form/{two}/Hinweis.txt?view")).expect(200).text();
    assert!(note.contains("&lt;b&gt;Größe&lt;/b&gt;</pre>"), "{note}");

    // The same by the account, to others nothing, and with the request it ends.
    let erika = Browser::signed_in(&server, "de", "erika", PASSWORD);
    let own = format!("/asked/{}/form/{one}/Bogen.pdf", made["recipients"][0]["id"]);
    assert!(erika.get(&format!("{own}?view")).expect(200).text().contains(&format!("{own}?page=1\"")));
    erika.get(&format!("{own}?page=1")).expect(200);
    assert!(client.get(&format!("{own}?view")).status != 200);
    for wrong in [format!("{link}/example/{two}/x?view"), format!("/s/none/form/{one}/x?page=1")] {
        client.get(&wrong).expect(404);
    }
    assert_eq!(client.ask("POST", &format!("{form}?view")).send().status, 405);
    server.cli_ok(["request", "close", &id]);
    for query in ["view", "page=1", "page=2"] {
        client.get(&format!("{form}?{query}")).expect(404);
    }
}
