//! The pages on which users make links: from a new link to the receipt, and whose links they are.

use crate::support::TestServer;
use crate::support::browser::{Browser, leads_to};
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

use super::hand_in::{finish, send};

fn address(page: &Response) -> String {
    let text = page.text();
    let address = text.split_once("readonly value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    format!("/s/{}", address.rsplit('/').next().unwrap())
}

fn make(browser: &Browser<'_>, fields: &[(&str, &str)]) -> Response {
    let list = browser.get("/links").expect(200);
    let fields: Vec<_> = [("space", SPACE)].into_iter().chain(fields.iter().copied()).collect();
    browser.send(&list, "/links", &fields)
}

#[test]
fn a_user_makes_a_link_and_fetches_what_came_in_with_nothing_but_the_pages() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let fields = [
        ("folder", "Mandanten/Huber"),
        ("can", "add"),
        ("label", "Frau Huber"),
        ("once", "yes"),
        ("note", "Bitte alles"),
    ];
    let page = anna.get(&leads_to(&make(&anna, &fields))).expect(200);
    let text = page.text();
    assert!(text.contains("Frau Huber") && text.contains("<svg") && text.contains("Guten Tag,"), "{page}");
    let link = address(&page);

    let client = Browser::new(&server, "de");
    assert!(client.get(&link).expect(200).text().contains("Bitte alles"));
    send(&client, &link, "Erika", &[("Januar.txt", "x")]).expect(200);
    leads_to(&finish(&client, &link));

    let list = anna.get("/links").expect(200).text();
    assert!(
        list.contains("Frau Huber")
            && list.contains("aufgebraucht, zuletzt geöffnet heute ")
            && list.contains("1 Einreichung, heute "),
        "{list}"
    );
    let here = list.split("href=\"/links/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let here = format!("/links/{here}");
    let shown = anna.get(&here).expect(200).text();
    assert!(
        shown.contains("Erika") && shown.contains("Januar.txt") && shown.contains("abgeschlossen"),
        "{shown}"
    );
    let receipt = shown.split("href=\"").find(|part| part.contains("/receipt/")).unwrap();
    let receipt = anna.get(&format!("{}.txt", receipt.split('"').next().unwrap())).expect(200).text();
    assert!(receipt.contains("tresor-receipt-1") && receipt.contains("Januar.txt"), "{receipt}");
    server.request("GET", &format!("/dav/{SPACE}/Mandanten/Huber/Januar.txt")).send().expect(200);

    leads_to(&make(&anna, &[("folder", "Mandanten/Maier"), ("can", "add"), ("label", "Herr Maier")]));
    // Revived at the same address, for one more.
    let other = Browser::new(&server, "de");
    other.get(&link).expect(404);
    leads_to(&anna.send(&anna.get(&here), &here, &[("do", "extend"), ("until", "2999-12-31")]));
    other.get(&link).expect(200);
    send(&other, &link, "", &[("Februar.txt", "x")]).expect(200);
    leads_to(&finish(&other, &link));
    Browser::new(&server, "de").get(&link).expect(404);
    // The link through which something came last is first.
    let list = anna.get("/links").expect(200).text();
    assert!(list.contains("2 Einreichungen, zuletzt heute "), "{list}");
    assert!(list.find("Frau Huber") < list.find("Herr Maier"), "{list}");
    leads_to(&anna.send(&anna.get(&here), &here, &[("do", "end")]));
    anna.get(&here).expect(404);
}

#[test]
fn links_of_others_do_not_exist_and_forms_of_others_do_nothing() {
    let server = TestServer::start_plain();
    server.add_member("berta", "staff", "write");
    server.add_member("carl", "client", "write");
    server.add_member("dora", "staff", "read");
    let [berta, carl, dora] =
        ["berta", "carl", "dora"].map(|name| Browser::signed_in(&server, "de", name, PASSWORD));
    server.cli_ok(["grant", USER, SPACE, "write"]);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let made = leads_to(&make(&anna, &[("folder", "Akten"), ("can", "add")]));
    let here = made.split('?').next().unwrap();
    for other in [&berta, &carl, &dora] {
        other.get(here).expect(404);
        assert!(!other.get("/links").expect(200).text().contains(here));
        let list = other.get("/links").expect(200);
        other.send(&list, here, &[("do", "end")]).expect(404);
    }
    anna.get(here).expect(200);
    // Without the token of the own page.
    anna.form(here, &[("do", "end")]).send().expect(403);
    let foreign = anna.unmarked_form("/links", &[("space", SPACE), ("can", "add")]);
    foreign.header("Origin", "https://evil.example").send().expect(403);
    anna.get(here).expect(200);
    // Neither the form nor the way to it without the right, and none of a client's.
    for (person, makes_links) in [(&berta, true), (&carl, false), (&dora, false)] {
        let page = person.get("/links").expect(200).text();
        assert_eq!(page.contains("action=\"/links\""), makes_links, "{page}");
        let front = person.get("/").expect(200).text();
        assert_eq!(front.contains("href=\"/links\""), makes_links, "{front}");
        assert!(front.contains("aria-current") && front.contains("Hier geht es weiter"), "{front}");
    }
    let stranger = Browser::new(&server, "de").get("/").expect(200).text();
    assert!(
        stranger.contains("hier brauchen Sie nichts") && !stranger.contains("href=\"/links\""),
        "{stranger}"
    );
    assert!(stranger.contains("href=\"/?lang=en\""), "{stranger}");
    assert!(dora.get("/links").expect(200).text().contains("in keinem Bereich"));
    let refused = make(&dora, &[("folder", "Akten"), ("can", "read")]).expect(400);
    assert!(refused.text().contains("nicht angelegt"), "{refused}");
    let refused = make(&carl, &[("folder", "Akten"), ("can", "add")]).expect(400);
    assert!(refused.text().contains("Konten von Mandanten"), "{refused}");
    // No other person's receipt, by any link.
    anna.get(&format!("{here}/receipt/999")).expect(404);
    leads_to(&Browser::new(&server, "de").get(here));
}

#[test]
fn a_page_says_what_its_link_asks_for_and_a_form_what_is_wrong_in_it() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let fields = [
        ("folder", "Mandanten/Huber"),
        ("can", "add"),
        ("once", "yes"),
        ("note", "Bitte alles"),
        ("deadline", "2999-12-30"),
        ("until", "2999-12-31"),
    ];
    let page = anna.get(&leads_to(&make(&anna, &fields))).expect(200);
    let text = page.text();
    let target = format!("<a href=\"/files/{SPACE}/Mandanten/Huber/\">{SPACE}/Mandanten/Huber</a>");
    for part in [target.as_str(), "Nur für eine Einreichung", "<dd>Bitte alles</dd>", "Bitte bis 30.12.2999."]
    {
        assert!(text.contains(part), "{part}: {page}");
    }
    let wrong = make(&anna, &[("folder", "Bescheid.pdf"), ("can", "read")]).expect(400).text();
    assert!(wrong.contains(&format!("„Bescheid.pdf“ gibt es im Bereich „{SPACE}“ nicht.")), "{wrong}");
    let wrong = make(&anna, &[("folder", "Neu"), ("can", "add"), ("downloads", "2")]).expect(400).text();
    assert!(wrong.contains("Die Zahl der Downloads gilt nur"), "{wrong}");
    server.request("GET", &format!("/dav/{SPACE}/Neu/")).send().expect(404);
}

#[test]
fn limits_are_set_and_changed_and_hold_at_once() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    for (field, value, words) in [
        ("most-files", "0", "müssen mindestens 1 sein"),
        ("hand-ins", "viele", "müssen mindestens 1 sein"),
        ("most-bytes", "500", "Größe mit einer Einheit"),
        ("types", "p/df", "Endungen der Dateien, durch Kommas"),
    ] {
        let refused = make(&anna, &[("folder", "Neu"), ("can", "add"), (field, value)]).expect(400).text();
        assert!(refused.contains(words) && refused.contains(&format!("value=\"{value}\"")), "{refused}");
    }
    let refused = make(&anna, &[("folder", ""), ("can", "read"), ("types", "pdf")]).expect(400).text();
    assert!(refused.contains("Grenzen für Einreichungen gelten nur"), "{refused}");

    let limits = [("hand-ins", "2"), ("most-files", "5"), ("most-bytes", "1,5 MB"), ("types", "PDF, .jpg")];
    let fields = [&[("folder", "Neu"), ("can", "add"), ("label", "Huber")][..], &limits].concat();
    let here = leads_to(&make(&anna, &fields));
    let here = here.split('?').next().unwrap();
    let page = anna.get(here).expect(200);
    for words in ["höchstens 5 Dateien", "PDF, JPG", "value=\"pdf, jpg\"", "value=\"1500000B\""] {
        assert!(page.text().contains(words), "{words}: {page}");
    }
    let (link, client) = (address(&page), Browser::new(&server, "de"));
    let shown = client.get(&link).expect(200).text();
    assert!(shown.contains("höchstens 5 Dateien") && shown.contains("PDF, JPG"), "{shown}");
    send(&client, &link, "", &[("tabelle.xlsx", "x")]).expect(415);

    let change = |fields: &[(&str, &str)]| {
        let page = anna.get(here).expect(200);
        let fields: Vec<_> = [("do", "change")].into_iter().chain(fields.iter().copied()).collect();
        anna.send(&page, here, &fields)
    };
    assert!(change(&[("types", "pdf"), ("most-files", "x")]).expect(400).text().contains("mindestens 1"));
    let changed = leads_to(&change(&[("label", "Frau Huber"), ("note", "Neu"), ("types", "pdf, xlsx")]));
    let page = anna.get(&changed).expect(200);
    assert!(page.text().contains("Der Link ist geändert") && address(&page) == link, "{page}");
    assert!(page.text().contains("Frau Huber") && !page.text().contains("höchstens"), "{page}");
    send(&client, &link, "", &[("tabelle.xlsx", "x")]).expect(200);
    let listed = server.cli_ok(["link", "list", "--json"]);
    assert!(listed.contains("Frau Huber"), "{listed}");
}

/// Elsewhere, staff who tried a link out in their own browser were signed out by it.
#[test]
fn staff_stay_signed_in_while_they_hand_in_through_a_link() {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/in")).send().expect(201);
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let target = format!("{SPACE}/in");
    let url = server.cli_ok(["link", "add", &target, "--as", USER, "--can", "add", "--once"]);
    let link = super::requests::path(url.trim());
    anna.get(&link).expect(200);
    send(&anna, &link, "", &[("probe.txt", "x")]).expect(200);
    leads_to(&finish(&anna, &link));
    assert!(anna.get("/files/").expect(200).text().contains(SPACE));
    assert!(anna.get(&link).expect(200).text().contains("probe.txt"));
}

/// Files that came through a link without a request are looked at from the page of that link, by those who may read
/// them.
#[test]
fn what_came_through_a_link_is_looked_at_from_its_page() {
    let server = TestServer::start_plain();
    server.request("MKCOL", &format!("/dav/{SPACE}/in")).send().expect(201);
    let target = format!("{SPACE}/in");
    let url = server.cli_ok(["link", "add", &target, "--as", USER, "--can", "add"]);
    let link = super::requests::path(url.trim());
    let (client, anna) = (Browser::new(&server, "de"), Browser::signed_in(&server, "de", USER, PASSWORD));
    client.get(&link).expect(200);
    let pdf = String::from_utf8(super::viewing::numbered(1)).unwrap();
    super::requests::send(&client, &link, "", &[("a b.pdf", &pdf), ("c.zip", "x")]).expect(200);
    let list = anna.get("/links").expect(200).text();
    let page = list.split("href=\"/links/").nth(1).unwrap().split('"').next().unwrap();
    let page = anna.get(&format!("/links/{page}")).expect(200).text();
    let view = page.split("href=\"").find(|rest| rest.contains("?view")).unwrap().split('"').next().unwrap();
    assert_eq!(page.matches("?view").count(), 1, "{page}");
    assert!(view.ends_with("/a%20b.pdf?view"), "{view}");
    assert!(anna.get(view).expect(200).text().contains("<img"));
    // Guests have no such pages.
    assert!(leads_to(&client.get(view)).starts_with("/login?"));
    let moved = server.url(&format!("/dav/{SPACE}/weg.pdf"));
    let from = view.replace("/files/", "/dav/");
    let from = from.split('?').next().unwrap();
    server.request("MOVE", from).header("Destination", &moved).send().expect(201);
    let page = anna
        .get(&format!("/links/{}", list.split("href=\"/links/").nth(1).unwrap().split('"').next().unwrap()));
    assert!(page.text().contains(&format!("/files/{SPACE}/weg.pdf?view")), "{page}");
}

#[test]
fn a_box_takes_files_for_ever_and_says_who_sent_them() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let page = anna.get(&leads_to(&make(&anna, &[("folder", "Post"), ("box", "yes")]))).expect(200);
    let text = page.text();
    assert!(text.contains("Dateien sicher an mich senden:") && !text.contains("Link verlängern"), "{page}");
    assert!(anna.get("/links").text().contains(">Ihr Briefkasten</a>"));
    let link = address(&page);
    for name in ["Erika", "Max"] {
        let client = Browser::new(&server, "de");
        let page = client.get(&link).expect(200).text();
        assert!(page.contains(&format!("Dateien an {USER} senden")) && page.contains("required"), "{page}");
        let unnamed = super::hand_in::sent(&client, &link, "", &[("a.txt", "x")]).send().expect(400).text();
        assert!(unnamed.contains("wer Sie sind"), "{unnamed}");
        send(&client, &link, name, &[("a.txt", name)]).expect(200);
        leads_to(&finish(&client, &link));
    }
    let listed = server.request("PROPFIND", &format!("/dav/{SPACE}/Post/")).header("Depth", "1").send();
    let listed = listed.expect(207).text();
    assert!(listed.contains("%20Erika/") && listed.contains("%20Max/"), "{listed}");
    let shown = server.cli_ok(["link", "list"]);
    assert!(shown.contains("add (box)") && shown.contains("never"), "{shown}");
    // Its owner ends it, and makes another one with another address.
    let here = anna.get("/links").text();
    let id = here.split("href=\"/links/").find(|rest| rest.contains("Ihr Briefkasten")).unwrap();
    let here = format!("/links/{}", id.split('"').next().unwrap());
    leads_to(&anna.send(&anna.get(&here), &here, &[("do", "end")]));
    Browser::new(&server, "de").get(&link).expect(404);
    let made = server.cli_ok(["link", "add", SPACE, "--as", USER, "--can", "add", "--box"]);
    assert!(!made.contains(&link), "{made}");
}

/// A link to a whole space, without a label, is called like the space; its text for a mail speaks of its password.
#[test]
fn a_link_without_a_label_has_a_name_and_its_mail_names_the_password() {
    let server = TestServer::start_plain();
    let anna = Browser::signed_in(&server, "de", USER, PASSWORD);
    let here = leads_to(&make(&anna, &[("folder", ""), ("can", "add"), ("password", "Kessel-Marder-4711")]));
    let page = anna.get(&here).expect(200).text();
    assert!(page.contains(&format!("<h1>{SPACE}</h1>")), "{page}");
    assert!(page.contains("Das Kennwort dafür bekommen Sie von uns auf einem anderen Weg."), "{page}");
    let list = anna.get("/links").expect(200).text();
    let name = list.split("href=\"/links/").nth(1).unwrap().split('>').nth(1).unwrap();
    assert!(name.starts_with(SPACE), "{list}");
}
