//! Persons who wait for a held content: their view of it, their requests for it, and handing it out to one alone.

use super::world::{LATER, NEW_SIGNATURE, READER, World};
use crate::support::browser::{Browser, leads_to};
use crate::support::clamd::eicar;
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

/// Another colleague with the right to read.
const THIRD: &str = "third";

/// A space that holds everything, whose manager is not the author.
fn office() -> World {
    let world = World::holding("12h");
    for (user, right) in [("chief", "manage"), (THIRD, "read")] {
        world.server.add_user(user, "staff", PASSWORD);
        world.server.cli_ok(["grant", user, SPACE, right]);
    }
    world
}

fn browser<'a>(world: &'a World, language: &'static str, user: &str) -> Browser<'a> {
    Browser::signed_in(&world.server, language, user, PASSWORD)
}

fn address(id: i64) -> String {
    format!("/holding/{id}")
}

/// Sends a form of the item's page, and shows the page to which it leads.
#[track_caller]
fn send(browser: &Browser<'_>, id: i64, fields: &[(&str, &str)]) -> Response {
    let page = browser.get(&address(id)).expect(200);
    browser.get(&leads_to(&browser.send(&page, &address(id), fields))).expect(200)
}

#[track_caller]
fn assert_shows(page: &Response, parts: &[&str]) {
    for part in parts {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
}

/// The value of the option for a person in a page's list of recipients.
#[track_caller]
fn recipient(page: &Response, user: &str) -> String {
    let text = page.text();
    let (before, _) =
        text.split_once(&format!("\">only {user}</option>")).unwrap_or_else(|| panic!("{text}"));
    before.rsplit_once("value=\"").unwrap().1.to_owned()
}

fn status(world: &World, user: &str, name: &str) -> u16 {
    let path = format!("/dav/{SPACE}/{name}");
    world.server.anonymous("GET", &path).sign_in(user, PASSWORD).send().status
}

/// The tag that a user's client compares to see whether anything changed in the space.
fn etag(world: &World, user: &str) -> String {
    let path = format!("/dav/{SPACE}/");
    let found = world.server.anonymous("PROPFIND", &path).sign_in(user, PASSWORD).header("Depth", "0").send();
    let text = found.expect(207).text();
    text.split_once("getetag>").unwrap().1.split_once('<').unwrap().0.to_owned()
}

#[test]
fn a_person_asks_with_one_click_and_gets_it_alone() {
    let world = office();
    let id = world.arrive("entwurf.txt", b"a draft");
    world.comes_to(id, "held");
    let (reader, chief) = (browser(&world, "de", READER), browser(&world, "en", "chief"));
    let list = reader.get("/holding").expect(200);
    assert_shows(
        &list,
        &["Diese Dateien werden geprüft, bevor sie freigegeben werden.", "entwurf.txt", "noch 11 Std."],
    );
    assert!(!list.text().contains("<select"), "{list}");
    let page = reader.get(&address(id)).expect(200);
    assert_shows(&page, &["<dd>zurückgehalten</dd>", ">Um das Original bitten</button>"]);
    // Nothing of the parts that only those see who decide.
    for part in ["Prüfungen", "Verlauf", "Heruntergeladen", "Freigeben", "clamd", "/original"] {
        assert!(!page.text().contains(part), "{part}: {page}");
    }
    reader.get(&format!("{}/original", address(id))).expect(404);
    reader.get(&format!("{}/certificate", address(id))).expect(404);

    let asked = send(&reader, id, &[("decision", "ask"), ("reason", "für die <b>Frist</b> heute")]);
    assert_shows(
        &asked,
        &["Ihre Anfrage ist beim Büro eingegangen.", "Sie haben am ", "noch nicht geantwortet"],
    );
    assert!(!asked.text().contains("Um das Original bitten"), "{asked}");
    // A second click changes nothing.
    send(&reader, id, &[("decision", "ask"), ("reason", "x")]);
    let requests = world.shown(id)["requests"].clone();
    assert_eq!(requests.as_array().unwrap().len(), 1);
    assert_eq!((&requests[0]["user"], &requests[0]["declined"]), (&READER.into(), &serde_json::Value::Null));
    assert_shows(&reader.get("/holding").expect(200), &["Sie haben um die Herausgabe gebeten"]);
    // Others do not see who asks.
    let third = browser(&world, "en", THIRD);
    assert!(!third.get(&address(id)).expect(200).text().contains("Frist"));

    assert_shows(&chief.get("/holding?state=asked").expect(200), &["entwurf.txt", "somebody asks for it"]);
    let page = chief.get(&address(id)).expect(200);
    assert_shows(&page, &["reader asks for it (", "für die &lt;b&gt;Frist&lt;/b&gt; heute"]);
    let (to, before) = (recipient(&page, READER), [READER, THIRD].map(|user| etag(&world, user)));
    let fields = [("decision", "release"), ("to", to.as_str()), ("reason", "Frist")];
    assert_shows(
        &send(&chief, id, &fields),
        &[
            "handed out to one person",
            "handed out to reader (",
            "chief handed /entwurf.txt out to reader: Frist",
        ],
    );
    assert_eq!([READER, THIRD, USER].map(|user| status(&world, user, "entwurf.txt")), [200, 404, 423]);
    assert_ne!([READER, THIRD].map(|user| etag(&world, user)), before, "a sync client looks again");
    let page = reader.get(&address(id)).expect(200);
    assert_shows(&page, &["ist an Sie herausgegeben", &format!("href=\"{}/original\"", address(id))]);
    let original = reader.get(&format!("{}/original", address(id))).expect(200);
    assert_eq!(original.body, b"a draft");
    third.get(&format!("{}/original", address(id))).expect(404);
    assert_eq!(chief.get("/holding?state=asked").expect(200).text().matches("<h2>").count(), 0);
    let shown = world.shown(id);
    assert_eq!((&shown["state"], &shown["handed_out"][0]["user"]), (&"held".into(), &READER.into()));
    assert_eq!(shown["requests"], serde_json::json!([]));
    // A copy of it is held like it, for all.
    let copy = format!("/dav/{SPACE}/kopie.txt");
    world.server.cli_ok(["grant", READER, SPACE, "write"]);
    let destination = world.server.url(&copy);
    let copied =
        world.server.anonymous("COPY", &format!("/dav/{SPACE}/entwurf.txt")).sign_in(READER, PASSWORD);
    copied.header("Destination", &destination).send().expect(201);
    assert_eq!(status(&world, THIRD, "kopie.txt"), 404);

    // A person who decides may take it back, and the handed-out content with it.
    world.decide("quarantine", id, "ein Irrtum");
    assert_eq!(status(&world, READER, "entwurf.txt"), 404);
    assert_eq!(world.shown(id)["handed_out"], serde_json::json!([]));
    world.assert_sound();
}

#[test]
fn a_request_is_declined_with_a_reason_and_may_be_repeated() {
    let world = office();
    let id = world.arrive("brief.txt", b"a letter");
    world.comes_to(id, "held");
    let (reader, chief) = (browser(&world, "en", READER), browser(&world, "en", "chief"));
    send(&reader, id, &[("decision", "ask"), ("reason", "")]);
    let page = chief.get(&address(id)).expect(200);
    let to = recipient(&page, READER);
    let refused = chief.send(&page, &address(id), &[("decision", "decline"), ("to", &to), ("reason", " ")]);
    assert_shows(&refused.expect(400), &["Please give a reason."]);
    let other = recipient(&page, THIRD);
    let fields = [("decision", "decline"), ("to", other.as_str()), ("reason", "x")];
    assert_shows(
        &chief.send(&page, &address(id), &fields).expect(409),
        &["does not ask for the file any more"],
    );
    let fields = [("decision", "decline"), ("to", to.as_str()), ("reason", "please read the PDF")];
    assert_shows(&send(&chief, id, &fields), &["The request is declined.", "declined on "]);
    assert_shows(
        &reader.get(&address(id)).expect(200),
        &["declined on ", ": please read the PDF", ">Ask for the original<"],
    );
    assert_eq!(status(&world, READER, "brief.txt"), 404);
    send(&reader, id, &[("decision", "ask"), ("reason", "the formulas")]);
    assert_eq!(world.shown(id)["requests"][0]["reason"], "the formulas");
    let told = world.server.cli_ok(["hold", "decline", &id.to_string(), READER, "--reason", "no"]);
    assert!(told.contains("reader does not get item"), "{told}");
    let history = world.server.cli_ok(["history", SPACE]);
    for part in ["asked for /brief.txt: the formulas", "declined to hand /brief.txt out to reader: no"] {
        assert!(history.contains(part), "{part}: {history}");
    }
}

/// A signature that comes later ends it for the person to whom it was handed out, too.
#[test]
fn what_was_handed_out_is_taken_back_when_a_scanner_objects() {
    let world = office();
    let (id, virus) = (world.arrive("later.txt", LATER), world.arrive("virus.txt", &eicar()));
    world.comes_to(id, "held");
    world.comes_to(virus, "quarantined");
    let release = |id: i64, more: &[&str]| {
        let id = id.to_string();
        let words = ["hold", "release", &id, "--to", READER, "--reason", "x"];
        world.server.office.run(words.iter().chain(more).copied())
    };
    assert_eq!(release(id, &[]).code, 0);
    assert_eq!(status(&world, READER, "later.txt"), 200);
    let refused = release(virus, &[]);
    assert!(refused.code != 0 && refused.stderr.contains("It is not released"), "{refused}");
    assert_eq!(status(&world, READER, "virus.txt"), 404);
    assert_eq!(release(virus, &["--override"]).code, 0);
    assert_eq!([READER, THIRD, USER].map(|user| status(&world, user, "virus.txt")), [200, 404, 423]);
    let shown = world.shown(virus);
    assert_eq!(
        (&shown["state"], &shown["handed_out"][0]["overridden"]),
        (&"quarantined".into(), &true.into())
    );
    assert_eq!(shown["labels"], serde_json::json!([]), "it is not released to all");

    world.publish("later.ndb", NEW_SIGNATURE);
    world.retry(id);
    world.comes_to(id, "quarantined");
    assert_eq!([READER, USER].map(|user| status(&world, user, "later.txt")), [404, 423]);
    // The right to the space is needed always.
    world.server.cli_ok(["revoke", READER, SPACE]);
    assert_eq!(status(&world, READER, "virus.txt"), 404);
    world.server.cli_ok(["grant", READER, SPACE, "read"]);
    assert_eq!(status(&world, READER, "virus.txt"), 404, "it does not come back with the right");
    world.server.add_user("outside", "staff", PASSWORD);
    for (words, part) in [
        (
            ["hold", "release", &virus.to_string(), "--override", "--to", "outside", "--reason", "x"],
            "may not read the space",
        ),
        (
            ["hold", "release", &virus.to_string(), "--override", "--to", "unknown", "--reason", "x"],
            "There is no such user",
        ),
    ] {
        let refused = world.server.office.run(words);
        assert!(refused.code != 0 && refused.stderr.contains(part), "{refused}");
    }
    world.assert_sound();
}

#[test]
fn two_persons_hand_out_together_and_to_the_same_person() {
    let world = office();
    world.server.cli_ok(["space", "set", SPACE, "--release-by", "2"]);
    let id = world.arrive("zwei.txt", b"for one of us");
    world.comes_to(id, "held");
    let number = id.to_string();
    let chief = browser(&world, "en", "chief");
    let to = recipient(&chief.get(&address(id)).expect(200), READER);
    let fields = [("decision", "release"), ("to", to.as_str()), ("reason", "x")];
    assert_shows(
        &send(&chief, id, &fields),
        &[
            "Your decision is recorded.",
            "decided as the first of two persons to hand /zwei.txt out to reader: x",
        ],
    );
    assert_eq!(world.shown(id)["approval"]["to"], READER);
    // Another person, or everyone, is another decision.
    world.server.cli_ok(["hold", "release", &number, "--to", THIRD, "--reason", "x"]);
    assert_eq!([READER, THIRD].map(|user| status(&world, user, "zwei.txt")), [404, 404]);
    send(&chief, id, &fields);
    world.server.cli_ok(["hold", "release", &number, "--to", READER, "--reason", "x"]);
    assert_eq!([READER, THIRD].map(|user| status(&world, user, "zwei.txt")), [200, 404]);
    assert!(world.shown(id)["approval"].is_null());
}

#[test]
fn the_author_withdraws_without_a_reason_and_decides_nothing_else() {
    let world = office();
    let id = world.arrive("versehen.txt", b"sent by mistake");
    world.comes_to(id, "held");
    let author = browser(&world, "de", USER);
    let page = author.get(&address(id)).expect(200);
    assert_shows(&page, &["Sie nehmen Ihre Datei zurück", "versehen.txt"]);
    for decision in ["release", "override", "keep", "quarantine", "retry", "ask", "decline"] {
        assert!(!page.text().contains(&format!("value=\"{decision}\"")), "{decision}: {page}");
        let fields = [("decision", decision), ("reason", "x"), ("confirm", "yes"), ("to", "1")];
        author.send(&page, &address(id), &fields).expect(404);
    }
    // It is the author's alone.
    let third = browser(&world, "de", THIRD);
    let page = third.get(&address(id)).expect(200);
    third.send(&page, &address(id), &[("decision", "withdraw"), ("reason", "x")]).expect(404);
    assert_eq!(world.shown(id)["state"], "held");
    assert_shows(
        &send(&author, id, &[("decision", "withdraw"), ("reason", "")]),
        &["Die Datei ist zurückgezogen."],
    );
    assert_eq!(world.shown(id)["state"], "withdrawn");
    third.get(&address(id)).expect(404);
    world.assert_withheld("versehen.txt");
}
