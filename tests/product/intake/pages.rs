//! The pages of the holding area: the view of people, and their decisions.

use std::time::Duration;

use super::world::{LATER, NEW_SIGNATURE, READER, VIRUS, World};
use crate::support::browser::{Browser, lasting, leads_to};
use crate::support::clamd::{IDLE, eicar};
use crate::support::http::Response;
use crate::support::process::eventually;
use crate::support::server::{PASSWORD, SPACE, USER};

/// Time for the server's work in the background, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);
/// A name that is markup, and looks like another one.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&amp;\u{202e}fdp.exe";

fn manage(world: &World, user: &str) {
    world.server.cli_ok(["grant", user, SPACE, "manage"]);
}

/// The manager's browser.
fn manager<'a>(world: &'a World, language: &'static str) -> Browser<'a> {
    manage(world, USER);
    Browser::signed_in(&world.server, language, USER, PASSWORD)
}

fn address(id: i64) -> String {
    format!("/holding/{id}")
}

/// Sends the form of a decision from the page of the item.
#[track_caller]
fn send(browser: &Browser<'_>, id: i64, decision: &str, reason: &str) -> Response {
    let page = browser.get(&address(id)).expect(200);
    assert!(page.text().contains(&format!("name=\"decision\" value=\"{decision}\"")), "{page}");
    browser.send(&page, &address(id), &[("decision", decision), ("reason", reason), ("confirm", "yes")])
}

/// The same, and the page to which it leads.
#[track_caller]
fn decide(browser: &Browser<'_>, id: i64, decision: &str, reason: &str) -> Response {
    browser.get(&leads_to(&send(browser, id, decision, reason))).expect(200)
}

#[track_caller]
fn assert_shows(page: &Response, parts: &[&str]) {
    for part in parts {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
}

#[test]
fn every_decision_is_made_on_the_page_and_shown_there() {
    let world = World::holding("12h");
    let browser = manager(&world, "de");
    let (id, virus) = (world.arrive("vertrag.txt", b"needed today"), world.arrive("virus.txt", &eicar()));
    world.comes_to(id, "held");
    world.comes_to(virus, "quarantined");

    let list = browser.get("/holding").expect(200);
    assert_shows(
        &list,
        &[
            "<h1>Prüfbereich</h1>",
            &format!("<a href=\"/holding/{id}\">vertrag.txt</a>"),
            "im Bereich space · Eingegangen: ",
            "Uhr (noch 11 Std. 59 Min.)",
            "<p class=\"state alarm\">in Quarantäne: sie enthält Schadsoftware</p>",
        ],
    );
    let page = browser.get(&address(id)).expect(200);
    assert_shows(
        &page,
        &["<dd>zurückgehalten</dd>", "<dd>Text</dd>", "clamd: <strong>nichts gefunden</strong>"],
    );
    assert_shows(&page, &["mit den Signaturen ", ", Stand ", "Niemand hat die Datei heruntergeladen."]);
    let text = page.text().replacen("<script src=\"/static/desk-", "", 1);
    assert!(!text.contains("/certificate") && !text.contains("<script"), "{page}");

    let kept = decide(&browser, id, "keep", "Absender <b>fragen</b>");
    let kept_words = ["bis jemand anders entscheidet.</p>", "<dd>jemand behält sie zurück</dd>"];
    assert_shows(&kept, &kept_words);
    assert_shows(&kept, &["staff hat ", "Absender &lt;b&gt;fragen&lt;/b&gt;"]);
    let retried = decide(&browser, id, "retry", "");
    assert_shows(&retried, &["Die Datei wird neu geprüft."]);
    world.comes_to(id, "held");
    let released = decide(&browser, id, "release", "Absender bestätigt");
    assert_shows(&released, &["role=\"status\">Die Datei ist freigegeben.</p>", "Absender bestätigt"]);
    world.assert_released("vertrag.txt", b"needed today");
    // Downloads are recorded within seconds.
    eventually("the download is on the page", LIMIT, || {
        let text = browser.get(&address(id)).text();
        text.contains("Heruntergeladen von</h2><ul><li>") && text.contains("reader, ")
    });
    let page = browser.get(&address(id)).expect(200);
    // A released content can be taken back, and nothing else.
    let offered: Vec<_> = ["release", "override", "keep", "quarantine", "retry", "withdraw"]
        .into_iter()
        .filter(|decision| page.text().contains(&format!("value=\"{decision}\"")))
        .collect();
    assert_eq!(offered, ["quarantine"]);
    let taken = decide(&browser, id, "quarantine", "ein Irrtum");
    assert_shows(&taken, &["Die Datei ist in Quarantäne.", "<dd>jemand hat sie in Quarantäne genommen</dd>"]);
    world.assert_withheld("vertrag.txt");

    // A content to which a scanner objects needs an act of its own, with a warning.
    let refused = send(&browser, virus, "release", "Testdatei").expect(409);
    assert_shows(
        &refused,
        &["role=\"alert\">Nicht freigegeben: sie enthält Schadsoftware.</p>", ">Testdatei</textarea>"],
    );
    assert_shows(&refused, &["Schadsoftware gefunden</strong> (", "Eicar"]);
    let page = browser.get(&address(virus)).expect(200);
    assert_shows(&page, &["<p class=\"note\">Achtung: Die Datei wird ohne Prüfung freigegeben."]);
    let sent = [("decision", "override"), ("reason", "Testdatei")];
    let refused = browser.send(&page, &address(virus), &sent).expect(400);
    assert_shows(&refused, &["Bitte bestätigen Sie, dass Sie die Warnung gelesen haben.", "<details open>"]);
    world.assert_withheld("virus.txt");
    let forced = decide(&browser, virus, "override", "Testdatei");
    assert_shows(
        &forced,
        &["Die Datei ist ohne Prüfung freigegeben.", "gegen den Befund der Prüfung freigegeben"],
    );
    world.assert_released("virus.txt", &eicar());
    assert_eq!(world.shown(virus)["labels"][0], "overridden");

    let third = world.arrive("entwurf.txt", b"sent by mistake");
    let withdrawn = decide(&browser, third, "withdraw", "Versehen");
    assert_shows(&withdrawn, &["Die Datei ist zurückgezogen."]);
    world.assert_withheld("entwurf.txt");
    // A page that is out of date tells the events since then.
    let stale = [("decision", "keep"), ("reason", "x")];
    let refused = browser.send(&withdrawn, &address(third), &stale).expect(409);
    assert_shows(&refused, &["Das ist nicht mehr möglich. Zustand der Datei: zurückgezogen."]);
    for unreasoned in ["", "  "] {
        let fourth = world.arrive(&format!("leer{}.txt", unreasoned.len()), b"x");
        let refused = send(&browser, fourth, "keep", unreasoned).expect(400);
        assert_shows(&refused, &["Bitte geben Sie eine Begründung an."]);
    }
    // An address fools no person.
    let page = browser.get(&format!("{}?done=release", address(third))).expect(200);
    assert!(!page.text().contains("role=\"status\""), "{page}");
    world.assert_sound();
}

#[test]
fn only_people_who_decide_in_the_space_see_what_is_held_in_it() {
    let world = World::holding("12h");
    let server = &world.server;
    let id = world.arrive("geheim.txt", b"x");
    world.comes_to(id, "held");
    server.add_space("other", ["--kind", "team", "--intake", "on"], "manage");
    // Clients write and auditors read at most, with any grant.
    for (user, role, right, space) in [
        ("writer", "staff", "write", SPACE),
        ("client", "client", "manage", SPACE),
        ("auditor", "auditor", "manage", SPACE),
        ("elsewhere", "staff", "manage", "other"),
        ("manager", "staff", "manage", SPACE),
    ] {
        server.add_user(user, role, PASSWORD);
        server.cli_ok(["grant", user, space, right]);
    }
    server.add_user("chief", "administrator", PASSWORD);
    for user in ["elsewhere", "chief"] {
        let browser = Browser::signed_in(server, "de", user, PASSWORD);
        let list = browser.get("/holding?state=all").expect(200);
        assert!(!list.text().contains("geheim") && !list.text().contains("/holding/"), "{user}: {list}");
        assert_eq!(
            list.text().contains("Es gibt keinen Bereich, den Sie nutzen dürfen."),
            user != "elsewhere",
            "{user}: {list}"
        );
        assert!(
            !list.text().contains("<option value=\"\" selected>alle Bereiche</option><option")
                || user == "elsewhere"
        );
        let unknown = lasting(&browser.get("/holding/999999").expect(404));
        for path in [address(id), format!("/holding/{id}/pdf"), format!("/holding/{id}/certificate")] {
            assert_eq!(lasting(&browser.get(&path).expect(404)), unknown, "{user}: {path}");
        }
        let sent = [("decision", "override"), ("reason", "x"), ("confirm", "yes")];
        browser.send(&list, &address(id), &sent).expect(404);
    }
    // A person who may read the space waits for the file, and decides nothing.
    for user in ["writer", "client", "auditor", "reader"] {
        let browser = Browser::signed_in(server, "de", user, PASSWORD);
        let page = browser.get(&address(id)).expect(200);
        assert!(!page.text().contains("name=\"decision\" value=\"release\""), "{user}: {page}");
        browser.get(&format!("/holding/{id}/certificate")).expect(404);
        for decision in ["override", "keep", "decline"] {
            let sent = [("decision", decision), ("reason", "x"), ("confirm", "yes"), ("to", "1")];
            browser.send(&page, &address(id), &sent).expect(404);
        }
    }
    assert_eq!(world.shown(id)["state"], "held");
    // The mark of a grant lets a person decide who may only read; auditors and clients never.
    for (user, space) in [("client", SPACE), ("auditor", SPACE), ("elsewhere", "other")] {
        server.cli_ok(["grant", user, space, "read", "--release"]);
        let browser = Browser::signed_in(server, "de", user, PASSWORD);
        let page = browser.get("/holding").expect(200);
        browser.send(&page, &address(id), &[("decision", "keep"), ("reason", "x")]).expect(404);
    }
    let told = server.cli_ok(["grant", "client", SPACE, "read", "--release"]);
    assert!(told.contains("because a client never does"), "{told}");
    server.cli_ok(["grant", "writer", SPACE, "read", "--release"]);
    let releaser = Browser::signed_in(server, "de", "writer", PASSWORD);
    assert_shows(&releaser.get("/holding").expect(200), &["geheim.txt"]);
    assert_shows(&decide(&releaser, id, "keep", "Rückfrage"), &["writer behält ", ": Rückfrage"]);
    let history = server.cli_ok(["history", SPACE]);
    assert!(history.contains("gave writer the right to read, and to decide about held files"), "{history}");
    let granted = server.cli_ok(["grants", "--space", SPACE]);
    let line = |user: &str| granted.lines().find(|line| line.contains(user)).unwrap().ends_with("yes");
    assert!(line("writer") && line("manager") && !line("client") && !line("auditor"), "{granted}");
    server.cli_ok(["grant", "writer", SPACE, "read"]);
    assert!(!releaser.get(&address(id)).expect(200).text().contains("value=\"keep\""));
    world.retry(id);
    world.comes_to(id, "held");

    let browser = Browser::signed_in(server, "de", "manager", PASSWORD);
    assert_shows(&browser.get("/holding").expect(200), &["geheim.txt"]);
    let page = browser.get(&address(id)).expect(200);
    // The right ends with the next request.
    server.cli_ok(["grant", "manager", SPACE, "write"]);
    browser.send(&page, &address(id), &[("decision", "keep"), ("reason", "x")]).expect(404);
    assert!(!browser.get(&address(id)).expect(200).text().contains("value=\"keep\""));
    assert_eq!(world.shown(id)["state"], "held");
}

#[test]
fn a_decision_counts_only_from_the_page_of_the_item() {
    let world = World::holding("12h");
    let browser = manager(&world, "en");
    let id = world.arrive("brief.txt", b"x");
    world.comes_to(id, "held");
    let page = browser.get(&address(id)).expect(200);
    let token = crate::support::browser::token(&page);
    let fields = |token| [("token", token), ("decision", "override"), ("reason", "x"), ("confirm", "yes")];
    let other = Browser::signed_in(&world.server, "en", USER, PASSWORD);
    let foreign = crate::support::browser::token(&other.get(&address(id)));
    for wrong in ["", "x", &foreign] {
        let refused = browser.form(&address(id), &fields(wrong)).send().expect(403);
        assert_shows(
            &refused,
            &["accepts only forms that it has shown to you itself", &format!("href=\"{}\"", address(id))],
        );
    }
    for (name, value) in
        [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Origin", "null")]
    {
        browser.unmarked_form(&address(id), &fields(&token)).header(name, value).send().expect(403);
    }
    browser.unmarked_form(&address(id), &fields(&token)).send().expect(403);
    for method in ["PUT", "DELETE", "PATCH"] {
        browser.ask(method, &address(id)).send().expect(405);
        browser.ask(method, "/holding").send().expect(405);
    }
    browser.ask("POST", &address(id)).header("Content-Type", "text/plain").body("x").send().expect(415);
    browser.send(&page, &address(id), &[("decision", "destroy"), ("reason", "x")]).expect(400);
    assert_eq!(world.shown(id)["state"], "held");
    browser.form(&address(id), &fields(&token)).send().expect(303);
    assert_eq!(world.shown(id)["state"], "released");
}

#[test]
fn hostile_names_stay_text() {
    let world = World::holding("12h");
    let browser = manager(&world, "de");
    let encoded =
        percent_encoding::utf8_percent_encode(HOSTILE, percent_encoding::NON_ALPHANUMERIC).to_string();
    world.server.request("PUT", &format!("/dav/{SPACE}/{encoded}")).body("x").send().expect(201);
    let listed = world.listed();
    let id = listed[0]["id"].as_i64().unwrap();
    world.comes_to(id, "needs_decision");
    let list = browser.get(&format!("/holding?q={encoded}")).expect(200);
    let item = decide(&browser, id, "keep", HOSTILE);
    for page in [&list, &item] {
        let text = page.text();
        assert!(text.contains("&lt;img src=x onerror=alert(1)&gt;&quot;'&amp;amp;"), "{text}");
        assert!(!text.contains("<img") && !text.contains("onerror=alert(1)>"), "{text}");
        assert!(text.contains("\\u{202e}fdp.exe"), "{text}");
    }
    assert!(!item.text().contains('\u{202e}'), "{item}");
}

#[test]
fn the_list_is_filtered_searched_and_paged() {
    let world = World::holding("12h");
    let browser = manager(&world, "en");
    world.server.add_space("second", ["--kind", "team", "--hold", "12h", "--hold-what", "all"], "manage");
    for n in 0..51 {
        world.server.request("PUT", &format!("/dav/{SPACE}/a{n:02}.txt")).body("x").send().expect(201);
    }
    world.server.request("PUT", "/dav/second/Bericht%20%C3%9Cber.txt").body("x").send().expect(201);
    let virus = world.arrive("virus.txt", &eicar());
    world.comes_to(virus, "quarantined");
    let names = |path: &str| {
        let page = browser.get(path).expect(200);
        let text = page.text();
        let names: Vec<_> = text.split("<h2>").skip(1).map(|part| part.split('>').nth(1).unwrap()).collect();
        let names: Vec<_> = names.iter().map(|name| name.split('<').next().unwrap().to_owned()).collect();
        let next = text
            .split_once("\" rel=\"next\"")
            .map(|(before, _)| before.rsplit_once('"').unwrap().1.to_owned());
        (names, next.map(|next| next.replace("&amp;", "&")))
    };
    let (first, next) = names("/holding");
    assert_eq!((first.len(), first[0].as_str()), (50, "virus.txt"));
    let (second, last) = names(&next.unwrap());
    assert_eq!((second.len(), last), (3, None));
    assert_eq!(second[2], "a00.txt");

    let id = world.space_id("second");
    assert_eq!(names(&format!("/holding?space={id}")).0, ["Bericht Über.txt"]);
    assert_eq!(names("/holding?q=bericht+%C3%BCBER").0, ["Bericht Über.txt"]);
    assert_eq!(names("/holding?state=quarantined").0, ["virus.txt"]);
    assert_eq!(names(&format!("/holding?state=quarantined&space={id}")), (Vec::new(), None));
    assert_eq!(names("/holding?state=released").0, Vec::<String>::new());
    world.server.cli_ok(["hold", "withdraw", &virus.to_string(), "--reason", "x"]);
    assert_eq!(names("/holding").0[0], "Bericht Über.txt");
    assert_eq!(names("/holding?state=withdrawn").0, ["virus.txt"]);
    assert_eq!(names("/holding?state=all").0[0], "virus.txt");
    // Rubbish is no filter.
    assert_eq!(names("/holding?state=x&space=y&before=z").0.len(), 50);
}

#[test]
fn a_second_scan_and_its_certificate_are_on_the_page() {
    let world = World::holding("2s");
    let browser = manager(&world, "de");
    let (id, later) = (world.arrive("bilanz.txt", b"a harmless content"), world.arrive("angebot.txt", LATER));
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    world.waits(later, "waiting_for_signatures", "signatures-not-newer");
    let page = browser.get(&address(id)).expect(200);
    assert_shows(&page, &["Uhr (Zeit abgelaufen)", "wartet auf neuere Virensignaturen"]);
    let refused = browser.get(&format!("{}/certificate", address(id))).expect(409);
    assert_shows(
        &refused,
        &["Das ist nicht mehr möglich. Zustand der Datei: wartet auf neuere Virensignaturen."],
    );
    world.publish("later.ndb", NEW_SIGNATURE);
    world.publish("more.hdb", IDLE);
    world.retry(id);
    world.retry(later);
    world.comes_to(id, "released");
    world.comes_to(later, "quarantined");
    assert_shows(&browser.get(&address(later)).expect(200), &["Schadsoftware gefunden</strong> (", VIRUS]);
    let page = browser.get(&address(id)).expect(200);
    assert_shows(&page, &[&format!("href=\"{}/certificate\"", address(id)), "Server (Prüfbereich) hat "]);
    let file = browser.get(&format!("{}/certificate", address(id))).expect(200);
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(
        file.header("content-disposition"),
        Some(format!("attachment; filename=\"tresor-{id}.certificate.txt\"").as_str())
    );
    assert_eq!(file.header("cache-control"), Some("no-store"));
    let certificate = world.server.office.path("certificate.txt");
    std::fs::write(&certificate, &file.body).unwrap();
    let key = world.server.cli_ok(["hold", "certificate-key"]);
    let words = ["hold", "verify-certificate", certificate.to_str().unwrap(), "--signed-by", key.trim()];
    let checked = world.server.office.run(words);
    assert!(checked.code == 0 && checked.stdout.contains("bilanz.txt"), "{checked}");
}

/// A client had taken files back that nobody had opened; they waited on in the holding area, and could even be released.
#[test]
fn what_a_guest_takes_back_waits_for_nobody() {
    let world = World::holding("12h");
    world.server.request("MKCOL", &format!("/dav/{SPACE}/in")).send().expect(201);
    let (browser, reader) =
        (manager(&world, "de"), Browser::signed_in(&world.server, "de", READER, PASSWORD));
    let folder = format!("/files/{SPACE}/in/");
    assert_shows(&browser.get(&folder).expect(200), &["Dieser Ordner ist leer."]);
    let target = format!("{SPACE}/in");
    let url = world.server.cli_ok(["link", "add", &target, "--as", USER, "--can", "add"]);
    let link = crate::http::requests::path(url.trim());
    let client = Browser::new(&world.server, "de");
    client.get(&link).expect(200);
    crate::http::hand_in::send(&client, &link, "", &[("virus.txt", std::str::from_utf8(&eicar()).unwrap())])
        .expect(200);
    let id = world.item_that_comes("/virus.txt");
    world.comes_to(id, "quarantined");
    // Those who decide learn that something lies there, others do not.
    let held = format!("<a href=\"/holding?state=open&amp;space={}\">", world.space_id(SPACE));
    assert_shows(&browser.get(&folder).expect(200), &[&held, "Eine Datei wird noch geprüft."]);
    assert_shows(&reader.get(&folder).expect(200), &["Dieser Ordner ist leer."]);
    // What is set aside as dangerous stays as proof.
    let withdraw = |file: &str| client.form(&link, &[("do", "withdraw"), ("file", file)]).send();
    assert!(!client.get(&link).text().contains("name=\"file\""), "no button");
    withdraw("1").expect(409);
    world.server.cli_ok(["hold", "keep", &id.to_string(), "--reason", "x"]);
    let undecided = || world.server.cli_ok(["status"]).contains("wait for a decision");
    assert!(undecided(), "{}", world.server.cli_ok(["status"]));

    let file = crate::support::browser::hidden(&client.get(&link), "file");
    leads_to(&withdraw(&file));
    browser.get(&address(id)).expect(404);
    assert_shows(&browser.get(&folder).expect(200), &["Dieser Ordner ist leer."]);
    assert!(!undecided(), "{}", world.server.cli_ok(["status"]));
    assert_eq!(world.server.cli_ok(["trash", "list", SPACE, "--json"]).trim(), "[]");
}
