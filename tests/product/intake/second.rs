//! Two persons: neither can release a held content of their space alone.

use std::time::Duration;

use tresor::accounts::owner_access;
use tresor::intake::{APPROVAL_LASTS, Decided, IntakeError};
use tresor::model::{Actor, HoldDecision, HoldId, HoldOrder, HoldState, SpaceId, Stamp, Timestamp, UserId};

use super::world::World;
use crate::support::browser::{Browser, leads_to};
use crate::support::clamd::eicar;
use crate::support::http::Response;
use crate::support::in_process::InProcess;
use crate::support::server::{PASSWORD, SPACE, USER};

/// Another person who decides.
const OTHER: &str = "other";

fn of_two() -> World {
    let world = World::holding("12h");
    world.server.cli_ok(["space", "set", SPACE, "--release-by", "2"]);
    world.server.cli_ok(["grant", USER, SPACE, "manage"]);
    world.server.add_user(OTHER, "staff", PASSWORD);
    world.server.cli_ok(["grant", OTHER, SPACE, "read", "--release"]);
    world
}

#[track_caller]
fn send(browser: &Browser<'_>, id: i64, decision: &str) -> Response {
    let address = format!("/holding/{id}");
    let page = browser.get(&address).expect(200);
    let fields = [("decision", decision), ("reason", "weil"), ("confirm", "yes")];
    browser.send(&page, &address, &fields)
}

#[track_caller]
fn decide(browser: &Browser<'_>, id: i64, decision: &str) -> String {
    browser.get(&leads_to(&send(browser, id, decision))).expect(200).text()
}

#[track_caller]
fn assert_has(text: &str, part: &str) {
    assert!(text.contains(part), "{part}: {text}");
}

#[test]
fn the_first_decision_waits_for_that_of_another_person() {
    let world = of_two();
    let (id, virus) = (world.arrive("eilig.txt", b"needed today"), world.arrive("virus.txt", &eicar()));
    world.comes_to(id, "held");
    world.comes_to(virus, "quarantined");
    let first = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    let second = Browser::signed_in(&world.server, "de", OTHER, PASSWORD);
    for (id, decision, title, name) in [
        (id, "release", "Freigeben", "eilig.txt"),
        (virus, "override", "Trotz Befund freigeben", "virus.txt"),
    ] {
        assert_has(
            &first.get(&format!("/holding/{id}")).text(),
            "In diesem Bereich entscheiden zwei Personen.",
        );
        let told = decide(&first, id, decision);
        assert_has(&told, "Ihre Entscheidung ist festgehalten.");
        assert_has(&told, &format!("staff hat „{title}“ entschieden; eine zweite Person muss das bis "));
        assert_has(&told, &format!("staff hat als erste Person entschieden, /{name} freizugeben: weil"));
        world.assert_withheld(name);
        // Once more by the same person is not by two.
        let refused = send(&first, id, decision).expect(409).text();
        assert_has(&refused, "Das haben Sie schon entschieden.");
        world.assert_withheld(name);
        assert_has(
            &second.get("/holding").expect(200).text(),
            "<p class=\"state\">wartet auf eine zweite Person</p>",
        );
        let shown = world.shown(id);
        assert_eq!(
            (&shown["approval"]["user"], &shown["approval"]["decision"]),
            (&USER.into(), &decision.into())
        );
        let words = world.server.cli_ok(["hold", "show", &id.to_string()]);
        assert_has(&words, &format!("staff decided to {decision} it; it waits for a second person until "));

        decide(&second, id, decision);
        assert_eq!(world.shown(id)["state"], "released");
        assert!(world.shown(id)["approval"].is_null());
    }
    world.assert_released("eilig.txt", b"needed today");
    let listed = world.server.cli_ok(["space", "list"]);
    assert!(listed.contains("all, 12 h, 2 persons"), "{listed}");
    world.assert_sound();
}

#[test]
fn what_happens_meanwhile_ends_the_first_decision() {
    let world = of_two();
    let id = world.arrive("vertrag.txt", b"x");
    world.comes_to(id, "held");
    let (number, reason) = (id.to_string(), ["--reason", "x"]);
    let browser = Browser::signed_in(&world.server, "en", USER, PASSWORD);
    // The owner at the command line is one person, too.
    let by_owner = |more: &[&str]| {
        let words = ["hold", "release", &number].into_iter().chain(reason).chain(more.iter().copied());
        world.server.office.attempt(words)
    };
    let told = by_owner(&[]);
    assert!(told.code == 0 && told.stdout.contains("waits for a second person until 20"), "{told}");
    let refused = by_owner(&[]);
    assert!(refused.code == 1 && refused.stderr.contains("another person must do so, too"), "{refused}");
    // Another decision is no second one for this.
    assert_has(&decide(&browser, id, "override"), "Your decision is recorded.");
    assert_eq!(world.shown(id)["approval"]["decision"], "override");
    // A person who holds it back ends it.
    world.decide("keep", id, "the sender must confirm");
    assert!(world.shown(id)["approval"].is_null());
    let told = by_owner(&["--override"]);
    assert!(told.stdout.contains("waits for a second person"), "{told}");
    assert_eq!(world.shown(id)["state"], "needs_decision");
    // So does a change of the settings; then one is enough.
    world.server.cli_ok(["space", "set", SPACE, "--release-by", "1"]);
    assert!(world.shown(id)["approval"].is_null());
    assert_has(&decide(&browser, id, "release"), "The file is released.");
    for wrong in ["0", "3", "two"] {
        let refused = world.server.office.attempt(["space", "set", SPACE, "--release-by", wrong]);
        assert_eq!(refused.code, 2, "{refused}");
    }
}

#[test]
fn the_first_decision_lapses_after_a_day() {
    let world = of_two();
    let id = HoldId(world.arrive("alt.txt", b"x"));
    let space: SpaceId = world.space_id(SPACE).parse().unwrap();
    world.comes_to(id.0, "held");
    let World { mut server, .. } = world;
    assert!(server.stop().success());
    let program = InProcess::open(server);
    let decide = |user: i64, at: Timestamp| {
        let by = Stamp { actor: Actor::user(UserId(user)), at };
        let (accesses, reason) = (vec![owner_access(space)], Some("x".to_owned()));
        program.runtime.block_on(program.instance.intake.decide(
            accesses,
            id,
            HoldOrder { decision: HoldDecision::Override, to: None, reason },
            by,
        ))
    };
    let now = Timestamp::now().after(Duration::from_hours(1));
    let ends = now.after(APPROVAL_LASTS);
    assert_eq!(decide(1, now).unwrap(), Decided::Waits(ends));
    // At its end it is as if it had never been, for both.
    let again = ends.after(APPROVAL_LASTS);
    assert_eq!(decide(2, ends).unwrap(), Decided::Waits(again));
    let last = Timestamp(again.0 - 1);
    assert!(matches!(decide(2, last), Err(IntakeError::SamePerson)));
    // A clock that was set back by days keeps none alive.
    assert!(matches!(decide(1, now), Ok(Decided::Waits(_))));
    assert_eq!(decide(2, Timestamp(ends.0 - 1)).unwrap(), Decided::Done(HoldState::Released));
}

/// A person who left the office yesterday must not release anything today.
#[test]
fn a_first_decision_ends_with_the_right_to_it() {
    let world = of_two();
    let id = world.arrive("eilig.txt", b"needed today");
    world.comes_to(id, "held");
    let first = Browser::signed_in(&world.server, "de", OTHER, PASSWORD);
    let second = Browser::signed_in(&world.server, "de", USER, PASSWORD);
    for take_away in
        [&["grant", OTHER, SPACE, "read"][..], &["revoke", OTHER, SPACE], &["user", "disable", OTHER]]
    {
        assert_has(&decide(&first, id, "release"), "Ihre Entscheidung ist festgehalten.");
        world.server.cli_ok(take_away);
        let told = decide(&second, id, "release");
        assert_has(&told, "staff hat „Freigeben“ entschieden; eine zweite Person muss das bis ");
        world.assert_withheld("eilig.txt");
        world.server.cli_ok(["grant", OTHER, SPACE, "read", "--release"]);
        // Whose own decision would now be seconded.
        world.server.cli_ok(["hold", "retry", &id.to_string()]);
        world.comes_to(id, "held");
    }
}
