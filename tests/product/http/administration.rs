//! The pages for administrators.

use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::Response;
use crate::support::pdfs::PNG;
use crate::support::server::{PASSWORD, SPACE, USER};

const LIST: &str = "/office";
/// An administrator.
const CHIEF: &str = "chefin";

fn office() -> TestServer {
    let server = TestServer::start_plain();
    server.add_user(CHIEF, "administrator", PASSWORD);
    server
}

/// Sends a form of a page.
fn send(browser: &Browser<'_>, page: &str, fields: &[(&str, &str)]) -> Response {
    browser.send(&browser.get(page).expect(200), page, fields)
}

/// The same, and shows the page to which it leads.
fn act(browser: &Browser<'_>, page: &str, fields: &[(&str, &str)]) -> Response {
    browser.get(&leads_to(&send(browser, page, fields))).expect(200)
}

fn made_password(page: &Response) -> String {
    let text = page.text();
    let values = text.split("readonly value=\"").skip(1);
    values.last().unwrap_or_else(|| panic!("{page}")).split('"').next().unwrap().to_owned()
}

#[test]
fn an_office_is_set_up_with_nothing_but_the_pages() {
    let server = office();
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    let space = "Huber & Söhne";
    let fields = [("do", "space"), ("name", space), ("kind", "client"), ("intake", "yes")];
    let page = act(&chief, LIST, &fields).text();
    assert!(
        page.contains("Huber &amp; Söhne")
            && page.contains("mit Prüfbereich")
            && page.contains("Noch keine."),
        "{page}"
    );
    let fields = [("do", "person"), ("name", "Jürgen K"), ("role", "staff")];
    let made = send(&chief, LIST, &fields).expect(200);
    let first = made_password(&made);
    // A choice of a language would lead away from what is shown once.
    assert!(!made.text().contains("<nav class=\"languages\""), "{made}");
    server.assert_no_traces(&[&first]);

    let person = "/office/people/J%C3%BCrgen%20K";
    let fields = [("do", "give"), ("space", space), ("right", "write"), ("release", "yes")];
    let page = act(&chief, person, &fields).text();
    assert!(page.contains("lesen und schreiben, entscheidet über Zurückgehaltenes"), "{page}");
    let juergen = Browser::signed_in(&server, "de", "Jürgen K", &first);
    assert!(juergen.get("/files/").expect(200).text().contains("Huber &amp; Söhne"));
    // Nothing is taken with one click: the button stands in a part that is closed.
    let page = chief.get(person).expect(200).text();
    let (before, _) = page.split_once("value=\"take\"").unwrap();
    let (_, part) = before.rsplit_once("<details>").unwrap();
    assert!(part.contains("Entziehen</summary>") && part.contains("Der Zugang endet sofort."), "{part}");
    let page = act(&chief, person, &[("do", "take"), ("space", space)]).text();
    assert!(page.contains("Noch keine."), "{page}");
    juergen.get("/files/Huber%20%26%20S%C3%B6hne/").expect(404);

    // The other way round, on the page of the space.
    let place = "/office/spaces/Huber%20%26%20S%C3%B6hne";
    act(&chief, place, &[("do", "give"), ("user", "Jürgen K"), ("right", "read")]);
    juergen.get("/files/Huber%20%26%20S%C3%B6hne/").expect(200);
    let fields = [("do", "settings"), ("quota", "3"), ("versions", "7"), ("trash", "8"), ("hours", "12")];
    act(&chief, place, &fields);
    let shown = server.cli_ok(["space", "list", "--json"]);
    let spaces: Vec<serde_json::Value> = serde_json::from_str(&shown).unwrap();
    let huber = spaces.iter().find(|one| one["name"] == space).unwrap();
    assert_eq!(huber["quota_bytes"], 3_u64 << 30, "{huber}");
    assert_eq!((&huber["version_days"], &huber["trash_days"]), (&7.into(), &8.into()), "{huber}");
    assert!(huber["hold_seconds"].is_null(), "{huber}");
    act(
        &chief,
        place,
        &[
            ("do", "settings"),
            ("quota", ""),
            ("versions", "7"),
            ("trash", "8"),
            ("hours", "5"),
            ("intake", "yes"),
        ],
    );
    let shown = server.cli_ok(["space", "list", "--json"]);
    assert!(shown.contains("\"hold_seconds\": 18000") || shown.contains("\"hold_seconds\":18000"), "{shown}");
    // Its address for mails, and none again; fields that the form leaves stay.
    let with_mail = |name| [("do", "settings"), ("hours", "5"), ("intake", "yes"), ("mail", name)];
    let page = act(&chief, place, &with_mail("huber")).text();
    assert!(page.contains("name=\"mail\" value=\"huber\""), "{page}");
    let refused = send(&chief, place, &with_mail("Herr Huber")).expect(400).text();
    assert!(refused.contains("Teil vor dem @ besteht"), "{refused}");
    assert!(server.cli_ok(["space", "list", "--json"]).contains("\"huber\""));
    act(&chief, place, &with_mail(""));
    assert!(!server.cli_ok(["space", "list", "--json"]).contains("\"huber\""));
    let renamed = leads_to(&send(&chief, place, &[("do", "rename"), ("name", "Huber")]));
    assert_eq!(renamed, "/office/spaces/Huber?done");
    juergen.get("/files/Huber/").expect(200);

    // Another password, shut out, let in, another role, gone.
    let reset = send(&chief, person, &[("do", "reset")]).expect(200);
    let second = made_password(&reset);
    assert_ne!(first, second);
    leads_to(&juergen.get("/files/"));
    let juergen = Browser::signed_in(&server, "de", "Jürgen K", &second);
    let page = act(&chief, person, &[("do", "disable")]).text();
    assert!(page.contains("Zugang ruht"), "{page}");
    leads_to(&juergen.get("/files/"));
    act(&chief, person, &[("do", "enable")]);
    let page = act(&chief, person, &[("do", "role"), ("role", "client")]).text();
    assert!(page.contains("Mandant"), "{page}");
    let fields = [("do", "reach"), ("mail", "j@example.org"), ("language", "en"), ("notices", "digest")];
    let page = act(&chief, person, &fields).text();
    assert!(page.contains("j@example.org") && page.contains("<option value=\"digest\" selected>"), "{page}");
    stands_in(&chief, person);
    let page = send(&chief, person, &[("do", "delete"), ("confirm", "jemand")]).expect(400).text();
    assert!(page.contains("nichts entfernt"), "{page}");
    assert!(
        act(&chief, person, &[("do", "delete"), ("confirm", "Jürgen K")])
            .text()
            .contains("Person ist entfernt")
    );
    chief.get(person).expect(404);

    let fields =
        [("do", "details"), ("name", "Kanzlei Weber"), ("phone", "089 1"), ("imprint", "Eins\r\nZwei")];
    let page = act(&chief, "/office/details", &fields).text();
    assert!(page.contains("Kanzlei Weber") && page.contains("Eins\nZwei"), "{page}");
    assert!(Browser::new(&server, "de").get("/imprint").expect(200).text().contains("Zwei"));
}

/// A substitute for the person of this page, who is `Jürgen K`, and none again.
fn stands_in(chief: &Browser<'_>, person: &str) {
    let fields = [("do", "reach"), ("mail", "j@example.org"), ("language", "en"), ("notices", "on")];
    let away = |substitute, until| {
        let more = [("substitute", substitute), ("until", until)];
        send(chief, person, &fields.iter().chain(&more).copied().collect::<Vec<_>>())
    };
    leads_to(&away(CHIEF, "2999-08-21"));
    let page = chief.get(person).expect(200).text();
    assert!(page.contains(&format!("<option value=\"{CHIEF}\" selected>")), "{page}");
    assert!(page.contains("name=\"until\" value=\"2999-08-21\""), "{page}");
    let refused = away("Jürgen K", "2999-08-21").expect(400).text();
    assert!(refused.contains("Sich selbst vertreten geht nicht"), "{refused}");
    let refused = away(CHIEF, "").expect(400).text();
    assert!(refused.contains("letzten Tag der Vertretung"), "{refused}");
    leads_to(&away("", ""));
}

#[test]
fn only_administrators_find_the_pages() {
    let server = office();
    server.add_member("carl", "client", "read");
    server.add_member("dora", "auditor", "read");
    let people = [USER, "carl", "dora"].map(|name| Browser::signed_in(&server, "de", name, PASSWORD));
    let person = format!("/office/people/{CHIEF}");
    let space = format!("/office/spaces/{SPACE}");
    let forms: [(&str, Vec<(&str, &str)>); 6] = [
        (LIST, vec![("do", "person"), ("name", "neu"), ("role", "administrator")]),
        (LIST, vec![("do", "space"), ("name", "neu"), ("kind", "team")]),
        ("/office/details", vec![("do", "details"), ("name", "Falsch")]),
        (&person, vec![("do", "reset")]),
        (&person, vec![("do", "disable")]),
        (&space, vec![("do", "give"), ("user", USER), ("right", "manage")]),
    ];
    for browser in &people {
        let own = browser.get("/files/").expect(200);
        assert!(!own.text().contains("href=\"/office\""), "{own}");
        for page in [LIST, "/office/details", &person, &space, "/office/none"] {
            browser.get(page).expect(404);
        }
        for (page, fields) in &forms {
            browser.send(&own, page, fields).expect(404);
        }
    }
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    for (page, fields) in &forms {
        chief.form(page, fields).send().expect(403);
    }
    let list = chief.get(LIST).expect(200).text();
    assert!(!list.contains("neu<") && list.contains("href=\"/office\""), "{list}");
    // Administrators see no file without a grant.
    chief.get(&format!("/files/{SPACE}/")).expect(404);
}

#[test]
fn what_cannot_be_done_is_said() {
    let server = office();
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    let own = format!("/office/people/{CHIEF}");
    let space = format!("/office/spaces/{SPACE}");
    let refused = |page: &str, fields: &[(&str, &str)], said: &str| {
        let page = send(&chief, page, fields).expect(400).text();
        assert!(page.contains(said), "{said}: {page}");
    };
    refused(LIST, &[("do", "person"), ("name", USER), ("role", "staff")], "gibt es schon");
    refused(LIST, &[("do", "person"), ("name", "a/b"), ("role", "staff")], "Benutzername hat");
    refused(LIST, &[("do", "space"), ("name", SPACE), ("kind", "team")], "gibt es schon");
    refused(LIST, &[("do", "space"), ("name", "a/b"), ("kind", "team")], "Name ist nicht möglich");
    refused("/office/details", &[("do", "details"), ("lock", "fünf")], "ganze Zahl");
    refused(&own, &[("do", "reset")], "Das dürfen nur");
    refused(&space, &[("do", "settings"), ("quota", "x")], "ganze Zahl");
    refused(&space, &[("do", "settings"), ("quota", "99999999999999999")], "ganze Zahl");
    refused(&space, &[("do", "give"), ("user", "none"), ("right", "read")], "gibt es nicht mehr");
    refused(
        &space,
        &[("do", "give"), ("user", ""), ("right", "read")],
        "Wählen Sie aus, wer das Recht bekommt.",
    );
    refused(&own, &[("do", "give"), ("right", "read")], "Wählen Sie aus, in welchem Bereich");
    for (page, field) in [(&space, "user"), (&own, "space")] {
        let text = chief.get(page).expect(200).text();
        let unchosen = format!("<select name=\"{field}\" required><option value=\"\">Bitte wählen</option>");
        assert!(text.contains(&unchosen) && text.contains("Ersetzt ein bisheriges Recht."), "{text}");
    }
    refused("/office/details", &[("do", "details"), ("mail", "keine")], "keine E-Mail-Adresse");
    refused("/office/details", &[("do", "details"), ("web", "ftp://x")], "beginnt mit https");
    refused("/office/details", &[("do", "details"), ("zone", "Mars/Nord")], "Zeitzone");
    server.cli_ok(["user", "disable", "admin"]);
    refused(&own, &[("do", "disable")], "letzte Person");
    refused(&own, &[("do", "role"), ("role", "staff")], "letzte Person");
    chief.get(&own).expect(200);
}

#[test]
fn a_refused_form_keeps_what_was_typed() {
    let server = office();
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    let refused = |page: &str, fields: &[(&str, &str)], kept: &[&str]| {
        let page = send(&chief, page, fields).expect(400).text();
        for part in kept {
            assert!(page.contains(part), "{part}: {page}");
        }
        page
    };
    let details = [("name", "Kanzlei Weber"), ("mail", "keine"), ("lock", "7"), ("imprint", "Eins\r\nZwei")];
    let fields: Vec<_> = [("do", "details")].into_iter().chain(details).collect();
    let kept = ["value=\"Kanzlei Weber\"", "value=\"keine\"", "value=\"7\"", "Eins\r\nZwei</textarea>"];
    refused("/office/details", &fields, &kept);
    assert!(
        !chief.get("/office/details").text().contains("Kanzlei Weber"),
        "a refused form changed something"
    );

    let open = "<details open><summary>Neue Person</summary>";
    let kept = ["Neue Person „a/b“: Ein Benutzername", open, "value=\"a/b\"", "value=\"auditor\" selected"];
    let page = refused(LIST, &[("do", "person"), ("name", "a/b"), ("role", "auditor")], &kept);
    assert_eq!(page.matches("<details open>").count(), 1, "{page}");
    let open = "<details open><summary>Neuer Bereich</summary>";
    let kept = [
        "Neuer Bereich „c/d“: Dieser Name",
        open,
        "value=\"c/d\"",
        "value=\"team\" selected",
        "name=\"intake\" value=\"yes\" checked",
        "name=\"mine\" value=\"yes\">",
    ];
    refused(LIST, &[("do", "space"), ("name", "c/d"), ("kind", "team"), ("intake", "yes")], &kept);
    let page = chief.get(LIST).expect(200).text();
    assert!(
        !page.contains("<details open>") && page.contains("name=\"mine\" value=\"yes\" checked"),
        "{page}"
    );

    let settings =
        [("do", "settings"), ("mail", "Herr Huber"), ("quota", "3"), ("versions", "9"), ("hours", "5")];
    let kept = ["value=\"Herr Huber\"", "name=\"quota\" value=\"3\"", "name=\"versions\" value=\"9\""];
    let space = format!("/office/spaces/{SPACE}");
    let page = refused(&space, &settings, &kept);
    assert!(
        page.contains("name=\"hours\" value=\"5\"") && page.contains("name=\"intake\" value=\"yes\">"),
        "{page}"
    );
    let page =
        refused(&space, &[("do", "settings"), ("quota", "1,5"), ("intake", "yes")], &["value=\"1,5\""]);
    assert!(page.contains("name=\"intake\" value=\"yes\" checked"), "{page}");

    let reach = [("do", "reach"), ("mail", "keine"), ("language", "en"), ("notices", "digest")];
    let kept = ["value=\"keine\"", "value=\"en\" selected", "value=\"digest\" selected"];
    refused(&format!("/office/people/{USER}"), &reach, &kept);
}

#[test]
fn the_state_of_the_server_names_what_to_see_to() {
    let server = office();
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    let page = chief.get("/office/state").expect(200).text();
    for part in
        ["Alles in Ordnung", "Programmversion", env!("CARGO_PKG_VERSION"), "noch nie", "Laufende Aufgaben"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    // The jobs of a server without a scanner, by the names that people understand; none by its own.
    for job in ["Abgelaufenes entfernen", "Übrige Dateien aufräumen", "Freien Platz prüfen", "PDFs erzeugen"]
    {
        assert!(page.contains(job), "{job}: {page}");
    }
    let status: serde_json::Value = serde_json::from_str(&server.cli_ok(["status", "--json"])).unwrap();
    for worker in status["workers"].as_array().unwrap() {
        let name = worker["name"].as_str().unwrap();
        assert!(
            !page.contains(&format!("<th scope=\"row\">{name}</th>")),
            "{name} has no German name: {page}"
        );
    }
    server.cli_ok(["space", "set", SPACE, "--intake", "on"]);
    let page = chief.get("/office/state").expect(200).text();
    assert!(page.contains("kein Virenscanner eingerichtet") && !page.contains("Alles in Ordnung"), "{page}");
    let status: serde_json::Value = serde_json::from_str(&server.cli_ok(["status", "--json"])).unwrap();
    assert_eq!(status["troubles"][0]["code"], "no-scanner", "{status}");
}

#[test]
fn rights_are_one_table_and_long_lists_are_searched() {
    let server = office();
    for name in ["Müller GmbH", "Huber KG"] {
        server.cli_ok(["space", "add", name, "--kind", "client"]);
    }
    server.cli_ok(["grant", USER, "Müller GmbH", "read", "--release"]);
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    let table = chief.get("/office/rights").expect(200).text();
    for part in ["Müller GmbH", USER, "gibt frei", SPACE] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(!table.contains("Huber KG"), "without a right in it, a space has no row: {table}");
    let found = chief.get("/office/rights?q=mueller").expect(200).text();
    assert!(
        found.contains("/office/spaces/M%C3%BCller%20GmbH")
            && !found.contains(&format!("/office/spaces/{SPACE}\""))
    );
    assert!(chief.get("/office/rights?q=nichts").expect(200).text().contains("Noch hat niemand ein Recht"));
    let found = chief.get("/office?q=muller").expect(200).text();
    assert!(
        found.contains("Müller GmbH") && !found.contains("Huber KG") && !found.contains("/office/people/"),
        "{found}"
    );
}

#[test]
fn an_office_changes_a_template_and_makes_one() {
    let server = office();
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    let list = chief.get("/office/templates").expect(200).text();
    assert!(list.contains("/office/templates/lohn\"") && !list.contains("eigene Fassung"), "{list}");
    let here = "/office/templates/lohn";
    let broken = send(&chief, here, &[("do", "template"), ("text", "name = \"lohn\"\nkaputt")]);
    let text = broken.expect(400).text();
    assert!(
        text.contains("Die Vorlage ist nicht verständlich:") && text.contains("kaputt</textarea>"),
        "{text}"
    );
    let own = "name = \"lohn\"\ntitle = \"Lohn & Gehalt\"\n[[items]]\ntitle = \"Stundenzettel\"\n";
    let done = act(&chief, here, &[("do", "template"), ("text", own)]).text();
    assert!(done.contains("Lohn &amp; Gehalt") && done.contains("lohn, Punkte: 1, eigene Fassung"), "{done}");
    assert!(chief.get(here).expect(200).text().contains("Stundenzettel"));
    let other = own.replace("\"lohn\"", "\"lohn-minijob\"");
    act(&chief, here, &[("do", "template"), ("text", &other)]);
    assert!(server.cli_ok(["template", "list"]).contains("lohn-minijob"));
    chief.get("/office/templates/none").expect(404);
    send(&chief, "/office/templates", &[("do", "template")]).expect(200);
}

/// All of a form is sent with each button, so a browser without scripts loses nothing.
#[test]
fn a_template_is_written_in_a_form_without_scripts() {
    let server = office();
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    let new = "/office/new-template";
    assert!(chief.get("/office/templates").expect(200).text().contains(&format!("href=\"{new}\"")));
    let typed = |more: &[(&'static str, &'static str)]| {
        let head = [("name", "mandat"), ("title", "Neues <Mandat>"), ("note", "Zeile 1\r\nZeile 2")];
        let plan = [("naming", "{item}/{original}"), ("remind", "14, 3"), ("items", "2")];
        let items =
            [("title-1", "Ausweis"), ("help-1", "beidseitig"), ("until-1", "14"), ("title-2", "Vollmacht")];
        [&head[..], &plan, &items, &[("person-2", "B"), ("several-2", "yes")], more].concat()
    };
    // The Enter key takes the first button, which changes nothing.
    let form = chief.get(new).expect(200).text();
    assert!(form.find("value=\"stay\"") < form.find("value=\"save\""), "{form}");
    let all = [
        "value=\"mandat\"",
        "Neues &lt;Mandat&gt;",
        "Zeile 1\nZeile 2",
        "14, 3",
        "beidseitig",
        "value=\"B\"",
    ];
    for (step, first, count) in
        [("stay", "Ausweis", 2), ("add", "Ausweis", 3), ("up-2", "Vollmacht", 2), ("down-1", "Vollmacht", 2)]
    {
        let page = send(&chief, new, &typed(&[("do", step)])).expect(200).text();
        assert!(all.iter().all(|text| page.contains(text)), "{step}: {page}");
        assert!(page.contains(&format!("name=\"title-1\" value=\"{first}\"")), "{step}: {page}");
        assert!(page.contains(&format!("name=\"items\" value=\"{count}\"")), "{step}: {page}");
    }
    let removed = send(&chief, new, &typed(&[("do", "remove-1")])).expect(200).text();
    assert!(!removed.contains("beidseitig") && removed.contains("Vollmacht"), "{removed}");
    assert!(!server.cli_ok(["template", "list"]).contains("mandat "), "it was stored before it was saved");
    // A fault stands at its field, in the reader's language.
    let mut wrong = typed(&[("do", "save")]);
    wrong.retain(|(name, _)| *name != "until-1");
    wrong.push(("until-1", "bald"));
    let page = send(&chief, new, &wrong).expect(400).text();
    assert!(page.contains("id=\"why-until-1\">Eine Zahl von Tagen von 1 bis 366"), "{page}");
    assert!(
        page.contains("value=\"bald\" maxlength=\"3\" autocomplete=\"off\" aria-invalid=\"true\""),
        "{page}"
    );
    act(&chief, new, &typed(&[("do", "save")]));
    let text = server.cli_ok(["template", "show", "mandat"]);
    for line in ["remind = \"14d,3d\"", "several = false", "until = \"14d\"", "person = \"B\""] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // A new one takes no other's place; one that is changed keeps its name.
    let taken = send(&chief, new, &typed(&[("do", "save")])).expect(400).text();
    assert!(taken.contains("gibt es schon") && taken.contains("id=\"why-name\""), "{taken}");
    let copy = chief.get(&format!("{new}?from=mandat")).expect(200).text();
    assert!(copy.contains("name=\"name\" value=\"\"") && copy.contains("beidseitig"), "{copy}");
    let here = "/office/templates/mandat";
    act(&chief, here, &typed(&[("do", "save"), ("name", "other")]));
    // It is deleted, and a shipped one set back, only when that is confirmed.
    send(&chief, here, &[("do", "delete")]).expect(400);
    act(&chief, here, &[("do", "delete"), ("sure", "yes")]);
    chief.get(here).expect(404);
    let shipped = "/office/templates/lohn";
    assert!(!chief.get(shipped).expect(200).text().contains("value=\"reset\""));
    let own = "name = \"lohn\"\ntitle = \"x\"\n[[items]]\ntitle = \"x\"\n";
    act(&chief, shipped, &[("do", "template"), ("text", own)]);
    send(&chief, shipped, &[("do", "delete"), ("sure", "yes")]).expect(400);
    send(&chief, shipped, &[("do", "reset")]).expect(400);
    act(&chief, shipped, &[("do", "reset"), ("sure", "yes")]);
    assert!(!server.cli_ok(["template", "list"]).contains("the office"));
}

/// Sends a file as the logo, with this token of a form.
fn send_logo(browser: &Browser<'_>, token: &str, file: &[u8]) -> Response {
    let head = "--x\r\nContent-Disposition: form-data; name";
    let mut body =
        format!("{head}=\"token\"\r\n\r\n{token}\r\n{head}=\"files\"; filename=\"logo.png\"\r\n\r\n")
            .into_bytes();
    body.extend(file);
    body.extend(b"\r\n--x--\r\n");
    let request =
        browser.ask("POST", "/office/logo").header("Content-Type", "multipart/form-data; boundary=x");
    let request = request.header("Origin", &browser.server.url("")).header("Sec-Fetch-Site", "same-origin");
    request.body(body).send()
}

#[test]
fn a_logo_stands_on_every_page_in_place_of_the_name() {
    let server = office();
    server.cli_ok(["office", "set", "--name", "Kanzlei Huber"]);
    let chief = Browser::signed_in(&server, "de", CHIEF, PASSWORD);
    let token = crate::support::browser::token(&chief.get("/office/details").expect(200));
    send_logo(&chief, "forged", PNG).expect(403);
    let large = vec![0x89; 200_000];
    for no_logo in [&b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..], b"GIF89a", &large] {
        let refused = send_logo(&chief, &token, no_logo).expect(400);
        assert!(refused.text().contains("Bild im Format PNG oder JPEG"), "{refused}");
    }
    assert!(!chief.get("/login?x").text().contains("<img"));
    assert_eq!(leads_to(&send_logo(&chief, &token, PNG)), "/office/details?done");

    let guest = Browser::new(&server, "de");
    for browser in [&guest, &chief] {
        let page = browser.get("/check").expect(200);
        let (_, rest) = page
            .text()
            .split_once("<img class=\"logo\" src=\"")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        let (address, rest) = rest.split_once('"').unwrap();
        assert!(rest.starts_with(" alt=\"Kanzlei Huber\""), "{rest}");
        let policy = page.header("content-security-policy").unwrap();
        assert_eq!(policy.matches("img-src 'self'").count(), 1, "{policy}");
        let logo = guest.ask("GET", address).send().expect(200);
        assert_eq!((logo.body.as_slice(), logo.header("content-type")), (PNG, Some("image/png")));
        assert_eq!(logo.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    }
    let policy = chief.get("/account").header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("script-src 'nonce-") && policy.contains("img-src 'self'"), "{policy}");
    guest.ask("GET", "/static/logo-0000000000000000").send().expect(404);

    assert!(
        act(&chief, "/office/details", &[("do", "no-logo")])
            .text()
            .contains("<p class=\"brand\">Kanzlei Huber</p>")
    );
    let file = server.scratch("logo").join("logo.png");
    std::fs::write(&file, PNG).unwrap();
    assert!(
        server
            .cli_ok(["office", "set", "--logo-file", file.to_str().unwrap()])
            .contains("logo          67 B")
    );
    assert!(guest.get("/login").text().contains("<img class=\"logo\""));
}
