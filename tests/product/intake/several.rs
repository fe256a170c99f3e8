//! Decisions about several held files at once, from the list.

use super::world::{READER, World};
use crate::support::browser::Browser;
use crate::support::clamd::eicar;
use crate::support::http::Response;
use crate::support::server::{PASSWORD, SPACE, USER};

const LIST: &str = "/holding";

/// A person's browser.
fn browser<'a>(world: &'a World, user: &str) -> Browser<'a> {
    Browser::signed_in(&world.server, "de", user, PASSWORD)
}

/// Three held files, of which the last one is infected, and their manager.
fn three_held() -> (World, [i64; 3]) {
    let world = World::holding("12h");
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    let ids = [("a.txt", &b"first"[..]), ("b.txt", b"second"), ("virus.txt", &eicar())];
    let ids = ids.map(|(name, content)| world.arrive(name, content));
    world.comes_to(ids[0], "held");
    world.comes_to(ids[1], "held");
    world.comes_to(ids[2], "quarantined");
    (world, ids)
}

/// Sends the list's form about these items.
#[track_caller]
fn decide(browser: &Browser<'_>, decision: &str, reason: &str, ids: &[i64]) -> Response {
    let page = browser.get(LIST).expect(200);
    let numbers: Vec<_> = ids.iter().map(i64::to_string).collect();
    let items = numbers.iter().map(|id| ("item", id.as_str()));
    let fields: Vec<_> = [("decision", decision), ("reason", reason)].into_iter().chain(items).collect();
    browser.send(&page, LIST, &fields)
}

#[track_caller]
fn assert_shows(page: &Response, parts: &[&str]) {
    for part in parts {
        assert!(page.text().contains(part), "{part}: {page}");
    }
}

#[test]
fn a_decision_about_several_goes_the_way_of_each() {
    let (world, ids) = three_held();
    let manager = browser(&world, USER);
    let list = manager.get(LIST).expect(200);
    for id in ids {
        assert_shows(&list, &[&format!("name=\"item\" value=\"{id}\"")]);
    }
    assert_shows(&list, &["aria-label=\"Auswahl: virus.txt\"", "Mit den ausgewählten Einträgen"]);
    assert!(!list.text().contains("value=\"override\"") && !list.text().contains("value=\"withdraw\""));

    let told = decide(&manager, "release", "Mandant wartet", &ids).expect(200);
    assert_shows(
        &told,
        &[
            "„Freigeben“ ist ausgeführt, für 2 von 3 ausgewählten Dateien.",
            "<li>„virus.txt“: Nicht freigegeben: sie enthält Schadsoftware.</li>",
        ],
    );
    world.assert_released("a.txt", b"first");
    world.assert_released("b.txt", b"second");
    world.assert_withheld("virus.txt");
    // Each has its own scan and its own event.
    for id in &ids[..2] {
        let page = manager.get(&format!("{LIST}/{id}")).expect(200);
        assert_shows(&page, &["staff hat ", ": Mandant wartet"]);
        assert_eq!(world.shown(*id)["verdicts"].as_array().unwrap().len(), 2);
    }
    // Sent once more, it changes nothing.
    let again = decide(&manager, "release", "Mandant wartet", &ids[..2]).expect(409);
    assert_shows(&again, &["„a.txt“: Das ist nicht mehr möglich.", "„b.txt“: Das ist nicht mehr möglich."]);

    let taken = decide(&manager, "quarantine", "ein Irrtum", &ids[..2]).expect(200);
    let done = "role=\"status\">„In Quarantäne nehmen“ ist ausgeführt, für 2 von 2 ausgewählten Dateien.</p>";
    assert_shows(&taken, &[done]);
    world.assert_withheld("a.txt");
    world.assert_withheld("b.txt");
    // An examination needs no reason.
    decide(&manager, "retry", "", &ids[..1]).expect(200);
    world.comes_to(ids[0], "held");
    world.assert_sound();
}

#[test]
fn a_form_that_is_not_carried_out_keeps_the_selection() {
    let (world, ids) = three_held();
    let manager = browser(&world, USER);
    let refused = decide(&manager, "keep", "  ", &ids[..1]).expect(400);
    let selected = format!("value=\"{}\" checked", ids[0]);
    assert_shows(&refused, &["Bitte geben Sie eine Begründung an.", "<details open>", &selected]);
    assert!(!refused.text().contains(&format!("value=\"{}\" checked", ids[1])));
    let long = "ü".repeat(1_001);
    let refused = decide(&manager, "keep", &long, &ids[..1]).expect(400);
    assert_shows(&refused, &["Bitte fassen Sie die Begründung kürzer.", &selected, &long]);
    // The longest reason fits into a form about a whole page.
    let longest = "\u{1f4c4}".repeat(1_000);
    assert_shows(&decide(&manager, "keep", &longest, &[]).expect(400), &["nichts ausgewählt", &longest]);
    let many: Vec<_> = (1..=51).collect();
    decide(&manager, "keep", "x", &many).expect(400);
    for decision in ["override", "withdraw", "destroy", ""] {
        decide(&manager, decision, "x", &ids).expect(400);
    }
    let unmarked = [("token", "x"), ("decision", "keep"), ("reason", "x"), ("item", "1")];
    manager.form(LIST, &unmarked).send().expect(403);
    for (id, state) in ids.iter().zip(["held", "held", "quarantined"]) {
        assert_eq!(world.shown(*id)["state"], state);
    }
}

#[test]
fn only_people_who_decide_have_a_selection() {
    let (world, ids) = three_held();
    let reader = browser(&world, READER);
    let list = reader.get(LIST).expect(200);
    assert!(list.text().contains("a.txt") && !list.text().contains("type=\"checkbox\""), "{list}");
    // As for an item that does not exist.
    let refused = decide(&reader, "keep", "x", &ids[..1]).expect(409).text();
    assert!(refused.contains("<li>Eine der ausgewählten Dateien gibt es nicht mehr.</li>"), "{refused}");
    assert!(!refused.contains("„a.txt“"), "{refused}");
    assert_eq!(world.shown(ids[0])["state"], "held");
    let missing = decide(&browser(&world, USER), "keep", "x", &[ids[0], 999_999]).expect(200);
    assert_shows(&missing, &["für 1 von 2", "<li>Eine der ausgewählten Dateien gibt es nicht mehr.</li>"]);
}

#[test]
fn where_two_persons_release_the_first_decision_about_several_waits() {
    let (world, ids) = three_held();
    world.server.cli_ok(["space", "set", SPACE, "--release-by", "2"]);
    world.server.add_user("other", "staff", PASSWORD);
    world.server.cli_ok(["grant", "other", SPACE, "read", "--release"]);
    let fresh = ["c.txt", "d.txt"].map(|name| world.arrive(name, b"x"));
    for id in fresh {
        world.comes_to(id, "held");
    }
    let first = decide(&browser(&world, USER), "release", "x", &fresh).expect(200);
    assert_shows(&first, &["role=\"status\">Bei 2 von 2 Dateien ist Ihre Entscheidung die erste;"]);
    world.assert_withheld("c.txt");
    let second = decide(&browser(&world, "other"), "release", "x", &fresh).expect(200);
    assert_shows(&second, &["„Freigeben“ ist ausgeführt, für 2 von 2 ausgewählten Dateien."]);
    world.assert_released("d.txt", b"x");
    assert_eq!(world.shown(ids[0])["state"], "held");
}
