//! The way of a content through the holding area: only a clean scan after its time, with signatures newer than its
//! arrival, releases it.

use super::world::{LATER, NEW_SIGNATURE, World};
use crate::support::clamd::{IDLE, eicar};

#[test]
fn a_clean_content_is_released_after_its_time_by_newer_signatures() {
    let world = World::holding("2s");
    let id = world.arrive("bilanz.txt", b"a harmless content");
    world.assert_withheld("bilanz.txt");
    // Its time is over soon, but no signatures have been published since it arrived.
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    world.assert_withheld("bilanz.txt");

    world.publish("more.hdb", IDLE);
    world.retry(id);
    let shown = world.comes_to(id, "released");
    world.assert_released("bilanz.txt", b"a harmless content");
    let verdicts = shown["verdicts"].as_array().unwrap();
    assert!(verdicts.len() >= 2 && verdicts.iter().all(|verdict| verdict["result"] == "clean"), "{shown}");
    let (first, last) = (&verdicts[0], &verdicts[verdicts.len() - 1]);
    assert_ne!(first["signatures"], last["signatures"], "{shown}");
    assert!(last["at"].as_str() >= shown["due"].as_str(), "{shown}");
    let history = world.server.cli_ok(["hold", "history", &id.to_string()]);
    assert!(history.contains("released") && history.contains("holding area"), "{history}");
    world.assert_sound();
}

#[test]
fn what_the_first_scan_finds_is_quarantined_at_once() {
    let world = World::holding("12h");
    let id = world.arrive("rechnung.txt", &eicar());
    let shown = world.comes_to(id, "quarantined");
    assert_eq!(shown["verdicts"][0]["result"], "infected", "{shown}");
    assert!(shown["verdicts"][0]["detail"].as_str().unwrap().contains("Eicar"), "{shown}");
    world.assert_withheld("rechnung.txt");
}

#[test]
fn what_was_unknown_at_its_arrival_is_caught_by_the_second_scan() {
    let world = World::holding("2s");
    let id = world.arrive("angebot.txt", LATER);
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    world.publish("later.ndb", NEW_SIGNATURE);
    world.retry(id);
    let shown = world.comes_to(id, "quarantined");
    assert_eq!(shown["verdicts"][0]["result"], "clean", "{shown}");
    world.assert_withheld("angebot.txt");
}

#[test]
fn people_decide_with_a_reason() {
    let world = World::holding("12h");
    let id = world.arrive("vertrag.txt", b"needed today");
    let (number, virus) = (id.to_string(), world.arrive("virus.txt", &eicar()));
    world.comes_to(id, "held");
    world.comes_to(virus, "quarantined");

    let unreasoned = world.server.office.attempt(["hold", "release", &number]);
    assert!(unreasoned.code != 0 && unreasoned.stderr.contains("reason"), "{unreasoned}");
    world.decide("keep", id, "the sender must confirm");
    world.waits(id, "needs_decision", "kept");
    world.decide("release", id, "the sender confirmed by phone");
    world.assert_released("vertrag.txt", b"needed today");
    let history = world.server.cli_ok(["hold", "history", &number]);
    assert!(history.contains("the sender confirmed by phone"), "{history}");
    assert!(history.contains("the sender must confirm"), "{history}");

    // A content to which a scanner objects needs an act of its own, which leaves a mark.
    let words = ["hold", "release", &virus.to_string(), "--reason", "a test file"];
    let refused = world.server.office.attempt(words);
    assert!(refused.code != 0 && refused.stderr.contains("infected"), "{refused}");
    world.assert_withheld("virus.txt");
    world.server.cli_ok(words.into_iter().chain(["--override"]));
    world.assert_released("virus.txt", &eicar());
    assert_eq!(world.shown(virus)["labels"][0], "overridden");
    // And it can be taken back.
    world.decide("quarantine", virus, "a mistake");
    world.assert_withheld("virus.txt");

    let third = world.arrive("entwurf.txt", b"sent by mistake");
    world.decide("withdraw", third, "the client asked for it");
    assert_eq!(world.shown(third)["state"], "withdrawn");
    world.assert_withheld("entwurf.txt");
    world.assert_sound();
}

#[test]
fn a_space_that_holds_nothing_shows_everything_at_once() {
    let world = World::holding("12h");
    world.server.cli_ok(["space", "set", "space", "--intake", "off"]);
    world.server.request("PUT", "/dav/space/offen.txt").body("at once").send().expect(201);
    world.assert_released("offen.txt", b"at once");
    assert_eq!(world.listed().as_array().unwrap().len(), 0);
}
