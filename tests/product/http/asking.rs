//! The pages on which users ask for documents: one client or many, from a template or an earlier request.

use serde_json::Value;

use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to, token};
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

use super::requests::send;

/// Sends the form of a new request as a browser does, with a file if there is one.
fn ask(browser: &Browser<'_>, form: &Response, fields: &[(&str, &str)], file: Option<&[u8]>) -> Response {
    let (token, latest) = (token(form), hidden(form, "latest"));
    let always = [("token", token.as_str()), ("latest", &latest), ("space", SPACE)];
    let mut body = Vec::new();
    for (name, value) in always.iter().chain(fields) {
        body.extend(
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    body.extend(b"--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"list.csv\"\r\n\r\n");
    body.extend(file.unwrap_or_default());
    body.extend(b"\r\n--x--\r\n");
    let request =
        browser.ask("POST", "/requests/new").header("Content-Type", "multipart/form-data; boundary=x");
    browser.keep(request.header("Sec-Fetch-Site", "same-origin").body(body).send())
}

fn requests(server: &TestServer) -> Vec<Value> {
    serde_json::from_str(&server.cli_ok(["request", "list", "--json"])).unwrap()
}

/// The paths of the links on a page.
fn links(page: &Response) -> Vec<String> {
    let text = page.text();
    let addresses = text.split("readonly value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    addresses.map(super::requests::path).collect()
}

#[test]
fn a_user_asks_by_a_template_and_a_year_later_for_the_same() {
    let server = TestServer::start_plain();
    server.cli_ok(["office", "set", "--name", "Kanzlei Weber"]);
    server.add_member("berta", "staff", "write");
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let form = anna.get("/requests/new?template=lohn").expect(200);
    let count = form.text().matches("name=\"keep\"").count();
    assert!(form.text().contains("checked") && count > 5, "{form}");
    let fields = [
        ("template", "lohn"),
        ("keep", "2"),
        ("keep", "1"),
        ("items", "Reisekosten\r\n\r\n Fahrtenbuch "),
        ("title", "Lohn 2025"),
        ("note", "Bitte alles"),
        ("folder", "Huber/Lohn 2025"),
        ("deadline", "2999-12-31"),
        ("name", "Erika Huber"),
        ("mail", "erika@example.de"),
        ("language", "en"),
        ("more", "Max;max@example.de"),
    ];
    let made = leads_to(&ask(&anna, &form, &fields, None));
    let page = anna.get(&made).expect(200);
    for words in ["Lohn 2025", "Erika Huber", "<svg", "Hello Erika Huber,", "Guten Tag Max,", "31.12.2999"] {
        assert!(page.text().contains(words), "{words}: {page}");
    }
    let links = links(&page);
    let client = Browser::new(&server, "de").get(&links[0]).expect(200).text();
    assert_eq!((links.len(), client.matches("<h3>").count()), (2, 4), "{client}");
    assert!(client.contains("Bitte alles") && client.contains("4. Fahrtenbuch"), "{client}");
    // A second click makes nothing, and loses nothing.
    let twice = ask(&anna, &form, &fields, None).expect(409);
    assert!(
        twice.text().contains("vielleicht war es dieses") && twice.text().contains("value=\"Lohn 2025\"")
    );
    assert_eq!(requests(&server).len(), 1);
    // Only the maker sees the addresses.
    let berta = Browser::signed_in(&server, "de", "berta", PASSWORD);
    assert!(!berta.get("/requests/made").expect(200).text().contains("/s/"));
    let at = format!("/requests/{}", requests(&server)[0]["id"]);
    assert!(!anna.get(&at).expect(200).text().contains("/s/"));

    // The same for the next year, by berta, with all that the template says about an item.
    let again = berta.get(&format!("/requests/new?from={}", requests(&server)[0]["id"])).expect(200);
    let text = again.text();
    for words in ["value=\"Lohn 2026\"", "value=\"Huber/Lohn 2026\"", "Bitte alles", "Max;max@example.de;de"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(text.matches("name=\"keep\"").count(), 4);
    let from = requests(&server)[0]["id"].to_string();
    let fields = [
        ("from", &*from),
        ("keep", "1"),
        ("keep", "4"),
        ("title", "Lohn 2026"),
        ("folder", "H"),
        ("name", "E"),
    ];
    let page = berta.get(&leads_to(&ask(&berta, &again, &fields, None))).expect(200);
    let guest = Browser::new(&server, "de");
    let client = guest.get(&self::links(&page)[0]).expect(200).text();
    assert!(client.contains("1. ") && client.contains("2. Fahrtenbuch"), "{client}");
    let made = server.cli_ok(["request", "show", &requests(&server)[0]["id"].to_string(), "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!((&made["template"], &made["deadline"]), (&"lohn".into(), &Value::Null));
    send(&guest, &self::links(&page)[0], &made["items"][0]["id"].to_string(), &[("a.txt", "1")]).expect(200);
    server.request("GET", &format!("/dav/{SPACE}/H/")).send().expect(200);
}

#[test]
fn many_clients_are_asked_at_once_or_none() {
    let server = TestServer::start_plain();
    server.add_space("team", ["--kind", "team"], "write");
    server.request("PUT", &format!("/dav/{SPACE}/taken")).body("x").send().expect(201);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let form = anna.get("/requests/new").expect(200);
    let fields = [("title", "Belege 2026"), ("items", "Belege"), ("each", "yes")];
    // A list from an old spreadsheet with faults of all kinds: each is named, and nothing is made.
    let list = b"Name;E-Mail;Sprache;Ordner;Bereich\r\nM\xfcller;m@example.de;de;;\r\nHuber;huber;de;;\r\n\
        Maier;maier@example.de;fr;;\r\nSchmid;s@example.de;de;M\xdcller;\r\nKurz;k@example.de;;../x;\r\n\
        Lang;l@example.de;;;none\r\nVoll;v@example.de;;taken;\r\n";
    let refused = ask(&anna, &form, &fields, Some(list)).expect(400).text();
    for words in [
        "Zeile 3: „huber“ ist keine E-Mail-Adresse",
        "Zeile 4: „fr“ ist keine Sprache",
        "Zeile 5: Der Ordner „/Müller“ ist schon der aus Zeile 2",
        "Zeile 6: „../x“ kann kein Ordner heißen",
        "Zeile 7: In einem Bereich „none“",
        "Müller;m@example.de",
    ] {
        assert!(refused.contains(&words.replace("„/Müller“", "„/MÜller“")), "{words}: {refused}");
    }
    let refused =
        ask(&anna, &form, &[&fields[..], &[("more", "A\nVoll;;;taken")]].concat(), None).expect(400);
    assert!(refused.text().contains("Zeile 2: Unter diesem Namen liegt dort schon eine Datei"), "{refused}");
    assert_eq!(requests(&server).len(), 0);
    server.request("GET", &format!("/dav/{SPACE}/A/")).send().expect(404);

    // As many as are allowed, and one more.
    // Some in one space, some in the other, so that a page of the list has to join them.
    let space = |n| if n % 3 == 0 { "team" } else { "" };
    let lines = (1..=200).map(|n| format!("Mandant {n};m{n}@example.de;;Akten/{n};{}\n", space(n)));
    let mut list = lines.collect::<Vec<_>>().concat();
    let refused = ask(&anna, &form, &fields, Some(format!("{list}Noch einer").as_bytes())).expect(400);
    assert!(refused.text().contains("mehr als 200"), "{refused}");
    list = list.replace("Mandant 7;m7@example.de;;Akten/7;\n", "=1+1;m7@example.de;en;Sieben;team\n");
    let made = leads_to(&ask(&anna, &form, &fields, Some(list.as_bytes())));
    let page = anna.get(&made).expect(200);
    assert_eq!((links(&page).len(), requests(&server).len()), (200, 100), "the command lists a page");
    assert!(!page.text().contains("<svg"), "200 pictures would be too much");
    let table = page.text().split("href=\"/requests/made/csv").nth(1).unwrap().to_owned();
    let table = format!("/requests/made/csv{}", table.split('"').next().unwrap().replace("&amp;", "&"));
    let table = anna.get(&table).expect(200);
    let text = table.text();
    assert!(table.header("content-type").unwrap().starts_with("text/csv"), "{table}");
    assert!(table.header("content-disposition").unwrap().contains("attachment"), "{table}");
    assert!(text.starts_with("\u{feff}\"Name\";\"E-Mail-Adresse\"") && text.lines().count() == 201, "{text}");
    assert!(text.contains("\"'=1+1\";\"m7@example.de\""), "{text}");
    let link = text.lines().find(|line| line.contains("m9@")).unwrap().trim_end_matches('"').to_owned();
    Browser::new(&server, "de").get(&super::requests::path(&link)).expect(200);
    for folder in [format!("{SPACE}/Akten/8/"), "team/Akten/9/".to_owned(), "team/Sieben/".to_owned()] {
        server.request("GET", &format!("/dav/{folder}")).send().expect(200);
    }

    // The list is paged, each request once, of all spaces, the latest first.
    let (mut at, mut seen) = ("/requests?show=missing".to_owned(), Vec::new());
    loop {
        let page = anna.get(&at).expect(200).text();
        let found = page.split("<h2><a href=\"/requests/").skip(1);
        seen.extend(found.map(|rest| rest.split('"').next().unwrap().parse::<u32>().unwrap()));
        let Some(next) = page.split("<a href=\"").find(|rest| rest.contains("rel=\"next\"")) else { break };
        at = next.split('"').next().unwrap().replace("&amp;", "&");
        assert!(seen.len() % 50 == 0, "{page}");
    }
    assert_eq!(seen.len(), 200);
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1] + 1), "{seen:?}");
}

#[test]
fn nobody_asks_where_that_is_not_allowed() {
    let server = TestServer::start_plain();
    server.add_member("berta", "staff", "read");
    server.add_space("own", ["--kind", "team"], "write");
    server.add_user("dora", "staff", PASSWORD);
    server.cli_ok(["grant", "dora", "own", "write"]);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let form = anna.get("/requests/new").expect(200);
    let fields = [("title", "T"), ("items", "A")];
    let made = leads_to(&ask(&anna, &form, &fields, None));
    let id = requests(&server)[0]["id"].to_string();
    let berta = Browser::signed_in(&server, "de", "berta", PASSWORD);
    for path in ["/requests/new", "/requests/made", "/requests/made/csv", &made] {
        berta.get(path).expect(404);
    }
    let dora = Browser::signed_in(&server, "de", "dora", PASSWORD);
    let own = dora.get("/requests/new").expect(200);
    assert!(own.text().contains(">own<") && !own.text().contains(&format!(">{SPACE}<")), "{own}");
    ask(&dora, &own, &fields, None).expect(400);
    dora.get(&format!("/requests/new?from={id}")).expect(404);
    ask(&dora, &own, &[("from", &id), ("keep", "1"), ("title", "T")], None).expect(404);
    // With the token of another session, without one, and from another site.
    ask(&dora, &form, &fields, None).expect(403);
    anna.form("/requests/new", &fields).send().expect(403);
    let foreign = anna.unmarked_form("/requests/new", &[("token", &token(&form)), ("title", "T")]);
    foreign.header("Origin", "https://evil.example").send().expect(403);
    assert_eq!(requests(&server).len(), 1);
}

#[test]
fn another_template_takes_nothing_away_that_was_typed() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let form = anna.get("/requests/new").expect(200);
    let button = form.text().find("name=\"begin\"").unwrap();
    assert!(button < form.text().find("name=\"title\"").unwrap(), "Enter presses the first button: {form}");
    let typed = [
        ("begin", "yes"),
        ("chosen", "lohn"),
        ("title", "Mein Betreff"),
        ("note", "Meine Nachricht"),
        ("items", "Fahrtenbuch"),
        ("folder", "Huber/Lohn"),
        ("deadline", "2999-12-31"),
        ("name", "Erika Huber"),
        ("mail", "erika@example.de"),
        ("more", "Max;max@example.de"),
    ];
    let lohn = ask(&anna, &form, &typed, Some(b"Eva;eva@example.de")).expect(200);
    let text = lohn.text();
    for kept in [
        "Mein Betreff",
        "Meine Nachricht",
        "Fahrtenbuch",
        "Huber/Lohn",
        "2999-12-31",
        "Erika Huber",
        "Eva;eva@",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    assert!(text.matches("name=\"keep\"").count() > 5 && requests(&server).is_empty(), "{text}");
    // A title that only the template gave goes with it.
    let form = anna.get("/requests/new?template=lohn").expect(200);
    let title =
        form.text().split("name=\"title\"").nth(1).unwrap().split("value=\"").nth(1).unwrap().to_owned();
    let title = title.split('"').next().unwrap();
    let none = [("begin", "yes"), ("template", "lohn"), ("chosen", ""), ("title", title)];
    let none = ask(&anna, &form, &none, None).expect(200).text();
    assert!(!none.contains(title) || none.matches(title).count() == 1, "only the choice names it: {none}");
    assert!(!none.contains("name=\"keep\"") && !none.contains("name=\"template\""), "{none}");
}

#[test]
fn the_matrix_shows_who_lacks_what_and_is_a_table_for_a_spreadsheet() {
    let server = TestServer::start_plain();
    let template = "name = \"two\"\ntitle = \"Zwei\"\n[[items]]\ntitle = \"Ausweis\"\n[[items]]\ntitle = \"Bescheid\"\nperson = \"B\"";
    let file = server.secret_file("two.toml", template);
    server.cli_ok(["template", "import", file.to_str().unwrap()]);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let form = anna.get("/requests/new?template=two").expect(200);
    let fields = [("template", "two"), ("keep", "1"), ("keep", "2"), ("title", "Zwei"), ("each", "yes")];
    let list = [("more", "=Huber;h@example.de\nMaier;m@example.de")];
    let page = anna.get(&leads_to(&ask(&anna, &form, &[&fields[..], &list].concat(), None))).expect(200);
    let maier = links(&page)[1].clone();
    let items = server.cli_ok(["request", "show", &requests(&server)[0]["id"].to_string(), "--json"]);
    let items: Value = serde_json::from_str(&items).unwrap();
    let (id, pass) = (items["id"].to_string(), items["items"][0]["id"].to_string());
    let client = Browser::new(&server, "de");
    client.get(&maier).expect(200);
    send(&client, &maier, &pass, &[("a.txt", "1")]).expect(200);
    // Another with an item of its own, and two without a template.
    let form = anna.get("/requests/new?template=two").expect(200);
    let own = [("template", "two"), ("keep", "2"), ("items", "Foto"), ("title", "Drei"), ("name", "Kurz")];
    leads_to(&ask(&anna, &form, &own, None));
    for (items, name) in [("A", "Lang"), ("B", "Voll"), ("A", "Neu")] {
        let form = anna.get("/requests/new").expect(200);
        leads_to(&ask(&anna, &form, &[("items", items), ("title", "Frei"), ("name", name)], None));
    }

    let page = anna.get("/requests/matrix?template=two").expect(200);
    let text = page.text();
    let row = |name: &str| {
        let rows = text.split("<tr").filter(|row| row.contains(name));
        let row = rows.last().unwrap_or_else(|| panic!("{name}: {text}")).to_owned();
        let cells = row.split("<td").skip(1).map(|cell| {
            let words = cell.split(['<', '>']).skip(1).step_by(2).map(str::trim).collect::<String>();
            words.split("td class").next().unwrap_or_default().to_owned()
        });
        cells.collect::<Vec<_>>()
    };
    assert!(text.contains("3 Punkte nebeneinander, von „Ausweis“ bis „Foto“."), "{text}");
    assert!(text.contains("Ausweis</th>") && text.contains("Bescheid – für Person B</th>"), "{text}");
    assert_eq!(text.matches("<table").count(), 1, "{text}");
    assert_eq!(row("Maier").len(), 3, "{text}");
    for (name, states) in [
        ("Maier", ["● prüfen", "○ fehlt", "nicht gefragt"]),
        ("=Huber", ["○ fehlt", "○ fehlt", "nicht gefragt"]),
        ("Kurz", ["nicht gefragt", "○ fehlt", "○ fehlt"]),
    ] {
        for (cell, state) in row(name).iter().zip(states) {
            assert!(cell.contains(state), "{name}: {cell} {state}");
        }
    }
    assert!(text.contains(&format!("href=\"/requests/{id}#item-{pass}\"")), "{text}");
    // Filters narrow it, and the table has what the page has.
    let text = anna.get("/requests/matrix?template=two&show=to-check").expect(200).text();
    assert!(text.contains("Maier") && !text.contains("=Huber") && !text.contains("Kurz"), "{text}");
    let table = anna.get("/requests/matrix/csv?template=two").expect(200);
    let lines: Vec<_> = table.text().trim_start_matches('\u{feff}').lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(lines[0].starts_with("\"Mandant\";\"Betreff der Anfrage\""), "{table}");
    assert!(lines[0].ends_with("\"Ausweis\";\"Bescheid – für Person B\";\"Foto\""), "{table}");
    assert!(lines.iter().any(|line| line.starts_with("\"'=Huber\"")), "{table}");
    assert!(lines.iter().any(|line| line.ends_with("\"prüfen\";\"fehlt\";\"nicht gefragt\"")), "{table}");
    // Those without a template stand together as far as they ask for the same.
    let text = anna.get("/requests/matrix?template=").expect(200).text();
    assert_eq!(
        (text.matches("<table").count(), text.matches("<th scope=\"row\">").count()),
        (2, 3),
        "{text}"
    );
    // By itself it shows the latest requests.
    assert!(anna.get("/requests/matrix").expect(200).text().contains("Lang"));
    let berta = Browser::new(&server, "de");
    assert!(leads_to(&berta.get("/requests/matrix")).starts_with("/login"));
}

#[test]
fn items_are_asked_for_by_days_of_their_own_and_a_year_later_as_long_before_the_deadline() {
    let server = TestServer::start_plain();
    let item = |title: &str, until: &str| format!("[[items]]\ntitle = \"{title}\"\n{until}\n");
    let items = item("Ausweis", "until = \"14d\"") + &item("Bescheid", "") + &item("Foto", "until = \"7d\"");
    let template = format!("name = \"early\"\ntitle = \"Steuer 2998\"\n{items}");
    let file = server.secret_file("early.toml", &template);
    server.cli_ok(["template", "import", file.to_str().unwrap()]);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let form = anna.get("/requests/new?template=early").expect(200);
    assert!(form.text().contains("Ausweis: 14 Tage vor der Frist"), "{form}");
    let fields = [
        ("template", "early"),
        ("keep", "1"),
        ("keep", "2"),
        ("keep", "3"),
        ("until-2", "2999-11-30"),
        ("until-3", ""),
        ("items", "Rechnung; 24.12.2999"),
        ("title", "Steuer 2998"),
        ("name", "Erika Huber"),
    ];
    // A day after the deadline, one that is over, and one that is none.
    for (field, day) in [("until-2", "3000-01-01"), ("until-2", "2001-01-01"), ("until-1", "soon")] {
        let bad = [&[(field, day), ("deadline", "2999-12-31")][..], &fields[..]].concat();
        let refused = ask(&anna, &form, &bad, None).expect(400);
        assert!(refused.text().contains("Die Frist von „") && requests(&server).is_empty(), "{refused}");
    }
    let link = links(&anna.get(&leads_to(&ask(
        &anna,
        &form,
        &[&fields[..], &[("deadline", "2999-12-31")]].concat(),
        None,
    ))))[0]
        .clone();
    let page = Browser::new(&server, "de").get(&link).expect(200).text();
    for words in ["bis 17.12.2999", "bis 30.11.2999", "bis 24.12.2999", "4. Rechnung"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let id = requests(&server)[0]["id"].to_string();
    let at = format!("/requests/{id}");
    let list = anna.get("/requests").expect(200).text();
    assert!(list.contains("Nächster Punkt: bis 30.11.2999"), "{list}");
    let table = anna.get("/requests/matrix/csv?template=early").expect(200).text();
    assert!(table.contains("\"fehlt, bis 17.12.2999\";\"fehlt, bis 30.11.2999\""), "{table}");

    // On the page of the request: one is changed, one removed; nothing if one is wrong.
    let shown = anna.get(&at).expect(200);
    let made: Value = serde_json::from_str(&server.cli_ok(["request", "show", &id, "--json"])).unwrap();
    let names = [0, 1, 2, 3].map(|at| format!("until-{}", made["items"][at]["id"]));
    let dates = |days: [&str; 4]| {
        let days: Vec<_> = names.iter().map(String::as_str).zip(days).chain([("do", "dates")]).collect();
        anna.send(&shown, &at, &days)
    };
    let refused = dates(["2999-12-01", "3000-01-01", "", ""]).expect(400).text();
    assert!(refused.contains("Nichts wurde gespeichert: Die Frist eines Punkts"), "{refused}");
    assert!(
        refused.contains("value=\"3000-01-01\" aria-invalid") && refused.contains("value=\"2999-12-01\"")
    );
    assert!(anna.get(&at).text().contains("bis 17.12.2999"));
    leads_to(&dates(["2999-12-01", "2999-11-30", "", "2999-12-24"]));
    let text = anna.get(&at).expect(200).text();
    assert!(text.contains("bis 01.12.2999") && !text.contains("bis 24.12.2999, "), "{text}");
    // By command, too.
    server.cli_ok(["request", "item", &id, &made["items"][2]["id"].to_string(), "--until", "2999-12-30"]);
    // A year later.
    let again = anna.get(&format!("/requests/new?from={id}")).expect(200).text();
    for words in
        ["Ausweis: 30 Tage vor der Frist", "Foto: am Tag vor der Frist", "Rechnung: 7 Tage vor der Frist"]
    {
        assert!(again.contains(words), "{words}: {again}");
    }
}

/// From a folder, without choosing or typing it again.
#[test]
fn a_request_begins_at_the_folder_that_one_looks_at() {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/Huber%20%26%20S%C3%B6hne/")).send().expect(201);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let folder = anna.get(&format!("/files/{SPACE}/Huber%20%26%20S%C3%B6hne/")).expect(200).text();
    let to = folder.split("href=\"").find(|part| part.contains("/requests/new?")).unwrap();
    let form = anna.get(&to.split('"').next().unwrap().replace("&amp;", "&")).expect(200).text();
    assert!(form.contains("value=\"Huber &amp; Söhne\""), "{form}");
    // A space that the person may not write to is not chosen.
    anna.get("/requests/new?space=fremd&folder=x").expect(200);
}

/// A template can ask for codes, so that no request made from it forgets them.
#[test]
fn a_template_asks_for_codes_by_mail() {
    let server = TestServer::start_plain();
    let text = "name = \"codes\"\ntitle = \"Codes\"\ncode_by_mail = true\n[[items]]\ntitle = \"Ausweis\"\n";
    let file = server.secret_file("codes.toml", text);
    server.cli_ok(["template", "import", file.to_str().unwrap()]);
    assert!(server.cli_ok(["template", "show", "codes"]).contains("code_by_mail = true"));
    assert!(!server.cli_ok(["template", "show", "lohn"]).contains("code_by_mail"));
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let ticked = "name=\"code\" value=\"yes\" checked";
    assert!(anna.get("/requests/new?template=codes").expect(200).text().contains(ticked));
    assert!(!anna.get("/requests/new?template=lohn").expect(200).text().contains(ticked));
    // This server sends no mails, so it makes no request whose links nobody could open.
    let folder = format!("{SPACE}/codes");
    let words = ["request", "add", &folder, "--as", USER, "--template", "codes", "--to", "e@example.de"];
    let refused = server.cli(words).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("No code can be sent"), "{refused:?}");
}
