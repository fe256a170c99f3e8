//! Contents that are let in until a date, whatever scanners say.

use serde_json::json;

use super::world::World;
use crate::support::browser::{Browser, leads_to};
use crate::support::clamd::{IDLE, eicar};
use crate::support::server::{PASSWORD, SPACE, USER};

#[test]
fn a_content_that_was_released_is_let_in_again_until_its_date() {
    let world = World::holding("12h");
    let server = &world.server;
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    server.add_space("other", ["--kind", "team", "--intake", "on"], "manage");
    let id = world.arrive("vorlage.txt", &eicar());
    world.comes_to(id, "quarantined");
    let number = id.to_string();
    let allow =
        |reason: &str| server.office.run(["hold", "allow", &number, "--days", "30", "--reason", reason]);
    // A content that was never released is not let in.
    let refused = allow("unsere Vorlage");
    assert!(refused.code != 0 && refused.stderr.contains("quarantined: this is not possible"), "{refused}");
    server.cli_ok(["hold", "release", &number, "--override", "--reason", "unsere Vorlage"]);
    assert!(allow(" ").stderr.contains("reason is needed"));
    assert_eq!(allow("unsere Vorlage").code, 0);
    let listed: serde_json::Value =
        serde_json::from_str(&server.cli_ok(["hold", "allowed", "--json"])).unwrap();
    assert_eq!(
        (&listed[0]["space"], &listed[0]["path"], &listed[0]["reason"]),
        (&SPACE.into(), &"/vorlage.txt".into(), &"unsere Vorlage".into())
    );
    assert_eq!(listed[0]["sha256"].as_str().unwrap().len(), 64);
    assert!(server.cli_ok(["hold", "allowed"]).contains("PATH THEN"));

    // The same bytes under another name, at once, with a mark, and with the scanner's finding.
    let again = world.arrive("februar.txt", &eicar());
    let shown = world.comes_to(again, "released");
    assert_eq!((&shown["labels"][0], &shown["reason"]), (&"overridden".into(), &"infected".into()));
    assert_eq!(shown["verdicts"][0]["result"], "infected");
    world.assert_released("februar.txt", &eicar());
    let certificate = server.cli_ok(["hold", "certificate", &again.to_string()]);
    assert!(
        certificate.contains("released-by-override") && certificate.contains("unsere Vorlage"),
        "{certificate}"
    );
    // Another content, and the same in another space, are examined as ever.
    let longer = [eicar(), b" ".to_vec()].concat();
    let other = world.arrive("anders.txt", &longer);
    world.comes_to(other, "quarantined");
    server.request("PUT", "/dav/other/vorlage.txt").body(eicar()).send().expect(201);
    let elsewhere = || -> serde_json::Value {
        serde_json::from_str(&server.cli_ok(["hold", "list", "other", "--json"])).unwrap()
    };
    crate::support::process::eventually("it is quarantined", super::world::LIMIT, || {
        elsewhere()[0]["state"] == "quarantined"
    });
    // Nor is the content taken from where it was never held.
    server.cli_ok(["space", "set", SPACE, "--intake", "off"]);
    server.request("PUT", &format!("/dav/{SPACE}/offen.txt")).body(eicar()).send().expect(201);
    server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold-what", "all"]);
    // Later scans do not take it away.
    world.publish("more.hdb", IDLE);
    world.rescanned();
    world.assert_released("februar.txt", &eicar());
    world.assert_released("offen.txt", &eicar());

    // It is ended on the page; released contents stay, and new ones are examined.
    let browser = Browser::signed_in(server, "de", USER, PASSWORD);
    let address = format!("/holding/{again}");
    let page = browser.get(&address).expect(200);
    assert!(
        page.text().contains("dieser Inhalt wird bis ") && page.text().contains(">Ausnahme beenden<"),
        "{page}"
    );
    let ended =
        browser.get(&leads_to(&browser.send(&page, &address, &[("decision", "disallow")]))).expect(200);
    assert!(ended.text().contains("Der Inhalt wird wieder geprüft."), "{ended}");
    browser.send(&ended, &address, &[("decision", "disallow")]).expect(409);
    let third = world.arrive("maerz.txt", &eicar());
    world.comes_to(third, "quarantined");
    world.assert_released("februar.txt", &eicar());
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&server.cli_ok(["hold", "allowed", "--json"])).unwrap(),
        json!([])
    );
    // And begun there.
    let sent = [("decision", "allow"), ("days", "7"), ("reason", "doch wieder")];
    let begun = browser.get(&leads_to(&browser.send(&ended, &address, &sent))).expect(200);
    assert!(begun.text().contains("künftig ohne Prüfung zugelassen."), "{begun}");
    let history = server.cli_ok(["history", SPACE, "--lang", "en"]);
    for part in ["lets the content of /februar.txt in from now on", "/februar.txt examined again from now on"]
    {
        assert!(history.contains(part), "{part}: {history}");
    }
    world.retry(third);
    world.comes_to(third, "released");
    world.assert_sound();
}

/// One of two persons must not put aside the scans of a content that only the server found clean so far.
#[test]
fn where_two_persons_release_one_lets_in_only_what_both_released() {
    let world = World::holding("12h");
    let server = &world.server;
    server.cli_ok(["space", "set", SPACE, "--release-by", "2"]);
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    let browser = Browser::signed_in(server, "de", USER, PASSWORD);
    let release = |id: i64, decision: &str| {
        let address = format!("/holding/{id}");
        let page = browser.get(&address).expect(200);
        let sent = [("decision", decision), ("reason", "unsere Vorlage"), ("confirm", "yes")];
        browser.send(&page, &address, &sent).expect(303);
    };
    let (clean, virus) =
        (world.arrive("sauber.txt", b"harmless so far"), world.arrive("vorlage.txt", &eicar()));
    world.comes_to(clean, "held");
    world.comes_to(virus, "quarantined");
    release(clean, "release");
    server.cli_ok(["hold", "release", &clean.to_string(), "--reason", "x"]);
    release(virus, "override");
    server.cli_ok(["hold", "release", &virus.to_string(), "--override", "--reason", "x"]);
    let allow = |id: i64| server.office.run(["hold", "allow", &id.to_string(), "--reason", "x"]);
    assert_eq!([clean, virus].map(|id| world.shown(id)["state"] == "released"), [true, true]);
    let refused = allow(clean);
    assert!(refused.code != 0 && refused.stderr.contains("in spite of a scanner"), "{refused}");
    let address = format!("/holding/{clean}");
    let page = browser.get(&address).expect(200);
    let refused = browser.send(&page, &address, &[("decision", "allow"), ("days", "7"), ("reason", "x")]);
    assert!(refused.expect(409).text().contains("In diesem Bereich entscheiden zwei Personen. Zulassen"));
    assert_eq!(allow(virus).code, 0);
}
