//! Everything stored is scanned again with other signatures, in spaces that hold nothing, too.

use serde_json::Value;

use super::world::{LATER, NEW_SIGNATURE, READER, VIRUS, World};
use crate::support::process::eventually;
use crate::support::server::SPACE;

/// A link to a file, as its token.
fn link(world: &World, name: &str) -> String {
    let made = world
        .server
        .request("POST", "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json")
        .header("OCS-APIRequest", "true")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("path=/{SPACE}/{name}&shareType=3&permissions=1"))
        .send()
        .expect(200);
    let made: Value = serde_json::from_slice(&made.body).unwrap();
    made["ocs"]["data"]["token"].as_str().unwrap().to_owned()
}

fn put(world: &World, name: &str, content: &[u8], status: u16) {
    world.server.request("PUT", &format!("/dav/{SPACE}/{name}")).body(content).send().expect(status);
}

fn guest(world: &World, token: &str) -> u16 {
    world.server.anonymous("GET", &format!("/public.php/dav/files/{token}/")).send().status
}

#[test]
fn what_is_known_later_is_taken_from_its_readers_and_its_links_end() {
    let world = World::open("rescan_share = 100");
    put(&world, "a.txt", LATER, 201);
    put(&world, "gleich.txt", LATER, 201);
    put(&world, "gut.txt", b"harmless", 201);
    put(&world, "ersetzt.txt", LATER, 201);
    put(&world, "ersetzt.txt", b"a new content", 204);
    let (bad, good) = (link(&world, "a.txt"), link(&world, "gut.txt"));
    // They know where both are, and must forget both.
    for name in ["a.txt", "gleich.txt"] {
        world.assert_released(name, LATER);
    }
    assert_eq!((guest(&world, &bad), guest(&world, &good)), (200, 200));
    let first = world.rescanned();
    assert_eq!((&first["found"], world.listed()), (&0.into(), Value::Array(Vec::new())), "{first}");

    world.publish("later.ndb", NEW_SIGNATURE);
    let pass = world.rescanned();
    // Five versions, of which three are equal.
    assert_eq!(
        (&pass["total"], &pass["scanned"], &pass["found"]),
        (&5.into(), &3.into(), &3.into()),
        "{pass}"
    );
    for name in ["a.txt", "gleich.txt"] {
        let shown = world.shown(world.item(name));
        assert_eq!(
            (&shown["state"], &shown["reason"], &shown["verdicts"][0]["detail"]),
            (&"quarantined".into(), &"infected".into(), &VIRUS.into()),
            "{shown}"
        );
        world.assert_withheld(name);
    }
    // The earlier version alone, and nothing else.
    world.assert_released("ersetzt.txt", b"a new content");
    world.assert_released("gut.txt", b"harmless");
    assert_eq!((guest(&world, &bad), guest(&world, &good)), (404, 200));
    let links = world.server.cli_ok(["link", "list"]);
    assert!(links.contains("gut.txt") && !links.contains("a.txt"), "{links}");

    // The people who have it already are named.
    let mut shown = Value::Null;
    eventually("the downloads are recorded", std::time::Duration::from_secs(30), || {
        shown = world.shown(world.item("a.txt"));
        shown["fetched"].as_array().is_some_and(|fetched| fetched.len() == 3)
    });
    let fetched = shown["fetched"].as_array().unwrap();
    assert!(fetched.iter().any(|fetch| fetch["user"] == READER), "{shown}");
    assert!(fetched.iter().any(|fetch| fetch["link"].is_number()), "{shown}");
    let printed = world.server.cli_ok(["hold", "show", &world.item("a.txt").to_string()]);
    assert!(printed.contains("DOWNLOADED") && printed.contains(READER), "{printed}");

    // A person who stores it now loses it within seconds.
    put(&world, "neu.txt", &[LATER, b"..."].concat(), 201);
    eventually("the new file is found", std::time::Duration::from_mins(1), || {
        world.colleague("GET", "neu.txt").send().status == 404
    });
    world.assert_sound();
}

#[test]
fn what_a_person_released_stays_released_until_something_else_is_found() {
    let world = World::open("rescan_share = 100");
    put(&world, "a.txt", LATER, 201);
    world.publish("later.ndb", NEW_SIGNATURE);
    world.rescanned();
    let id = world.item("a.txt");
    world.server.cli_ok(["hold", "release", "--override", &id.to_string(), "--reason", "our own macro"]);
    world.assert_released("a.txt", LATER);

    let before = world.rescan()["begun"].clone();
    let said = world.server.cli_ok(["scan", "now"]);
    assert!(said.contains("now"), "{said}");
    eventually("it is scanned once more", std::time::Duration::from_mins(1), || {
        let pass = world.rescan();
        pass["begun"] != before && pass["ended"].is_string()
    });
    assert_eq!(world.rescan()["mode"], "scheduled");
    world.assert_released("a.txt", LATER);

    world.publish("other.ndb", "Test.Other:0:*:6f7468657277697365206861726d6c657373\n");
    world.publish("later.ndb", IDLE_NDB);
    world.rescanned();
    let shown = world.shown(id);
    assert_eq!(shown["state"], "quarantined", "{shown}");
    assert_eq!(shown["labels"][0], "overridden", "{shown}");
    world.assert_withheld("a.txt");
    world.assert_sound();
}

/// A signature that nothing has.
const IDLE_NDB: &str = "Test.Nothing:0:*:00112233445566778899aabbccddeeff\n";

#[test]
fn a_signature_that_finds_half_the_office_is_a_persons_matter() {
    let world = World::open("rescan_share = 100");
    let name = |number: usize| format!("datei-{number}.txt");
    for number in 0..12 {
        put(&world, &name(number), &[LATER, number.to_string().as_bytes()].concat(), 201);
    }
    let tokens: Vec<_> = (0..12).map(|number| link(&world, &name(number))).collect();
    world.rescanned();
    world.publish("later.ndb", NEW_SIGNATURE);
    let pass = world.rescanned();
    assert_eq!(pass["found"], 12, "{pass}");
    let listed = world.listed();
    let count = |state: &str, reason: &str| {
        let rows = listed.as_array().unwrap().iter();
        rows.filter(|row| row["state"] == state && row["reason"] == reason).count()
    };
    assert_eq!((count("quarantined", "infected"), count("needs_decision", "mass-hit")), (5, 7), "{listed}");
    (0..12).for_each(|number| world.assert_withheld(&name(number)));
    // The links of those in doubt are there still, and open nothing.
    assert!(tokens.iter().all(|token| guest(&world, token) != 200));
    assert_eq!(world.server.cli_ok(["link", "list"]).matches("datei-").count(), 7);
    let status = world.server.cli_ok(["status"]);
    assert!(status.contains("--virus NAME"), "{status}");

    // The signature is wrong still, and then withdrawn.
    let release = ["hold", "release", "--virus", VIRUS, "--reason", "a false alarm, says the maker"];
    let refused = world.server.cli_ok(release);
    assert!(refused.contains("0 items are released, 12 are not"), "{refused}");
    world.publish("later.ndb", IDLE_NDB);
    let released = world.server.cli_ok(release);
    assert!(released.contains("12 items are released, 0 are not"), "{released}");
    (0..12).for_each(|number| {
        world.assert_released(&name(number), &[LATER, number.to_string().as_bytes()].concat());
    });
    assert_eq!(tokens.iter().filter(|token| guest(&world, token) == 200).count(), 7);
    world.assert_sound();
}

#[test]
fn a_pass_continues_after_a_crash_and_waits_while_it_is_paused() {
    let mut world = World::open("rescan_share = 1");
    world.server.cli_ok(["scan", "pause"]);
    for number in 0..40 {
        put(&world, &format!("{number}.txt"), format!("content {number}").as_bytes(), 201);
    }
    eventually("the job says that it is paused", std::time::Duration::from_mins(1), || {
        world.server.cli_ok(["status"]).contains("paused; `tresor scan now`")
    });
    assert_eq!((&world.rescan()["mode"], &world.rescan()["scanned"]), (&"paused".into(), &0.into()));
    world.server.cli_ok(["scan", "now"]);
    eventually("it began", std::time::Duration::from_mins(1), || world.rescan()["seen"].as_u64() > Some(0));
    let begun = world.rescan()["begun"].clone();
    world.server.kill();
    world.server.spawn();
    let ended = {
        let mut shown = Value::Null;
        eventually("it ends", std::time::Duration::from_mins(1), || {
            shown = world.rescan();
            shown["ended"].is_string()
        });
        shown
    };
    assert_eq!(
        (&ended["begun"], &ended["seen"], &ended["total"]),
        (&begun, &40.into(), &40.into()),
        "{ended}"
    );
    world.assert_sound();
}
