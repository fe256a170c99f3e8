//! Every way into a space leads through the holding area, and none leads around it.

use super::world::World;
use crate::support::clamd::IDLE;
use crate::support::server::{PASSWORD, SPACE, USER};

const CONTENT: &[u8] = b"what a client hands over";

#[test]
fn a_guest_hands_over_by_link_and_the_office_sees_it_when_it_is_released() {
    let world = World::holding("12h");
    world.server.request("MKCOL", &format!("/dav/{SPACE}/eingang")).send().expect(201);
    let shares = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json";
    let made = world
        .server
        .request("POST", shares)
        .header("OCS-APIRequest", "true")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("path=/{SPACE}/eingang&shareType=3&permissions=4"))
        .send()
        .expect(200);
    let made: serde_json::Value = serde_json::from_slice(&made.body).unwrap();
    let token = made["ocs"]["data"]["token"].as_str().unwrap().to_owned();
    let target = format!("/public.php/dav/files/{token}/beleg.txt");
    world.server.anonymous("PUT", &target).body(CONTENT).send().expect(201);
    let id = world.item("eingang/beleg.txt");
    world.comes_to(id, "held");
    // A guest is no author: even the link's creator waits.
    world.author("eingang/beleg.txt").expect(404);
    world.colleague("GET", "eingang/beleg.txt").send().expect(404);
    world.decide("release", id, "an invoice that is due today");
    world.assert_released("eingang/beleg.txt", CONTENT);
}

#[test]
fn a_copy_from_another_space_is_examined_and_one_inside_the_space_is_not_examined_again() {
    let world = World::holding("12h");
    world.server.add_space("other", ["--kind", "team"], "write");
    world.server.request("PUT", "/dav/other/alt.txt").body(CONTENT).send().expect(201);
    for (method, name) in [("COPY", "kopie.txt"), ("MOVE", "umzug.txt")] {
        let to = world.server.url(&format!("/dav/{SPACE}/{name}"));
        world.server.request(method, "/dav/other/alt.txt").header("Destination", &to).send().expect(201);
        let id = world.item(name);
        world.comes_to(id, "held");
        world.assert_withheld(name);
        world.decide("release", id, "known");
        world.assert_released(name, CONTENT);
    }
    let to = world.server.url(&format!("/dav/{SPACE}/zweite.txt"));
    world
        .server
        .request("COPY", &format!("/dav/{SPACE}/kopie.txt"))
        .header("Destination", &to)
        .send()
        .expect(201);
    world.assert_released("zweite.txt", CONTENT);
    world.assert_sound();
}

/// Programs save by writing another file and renaming it over the old one.
#[test]
fn a_held_content_stays_held_under_every_other_name() {
    let world = World::holding("12h");
    let first = world.arrive("a.txt", b"the first content");
    world.comes_to(first, "held");
    world.decide("release", first, "known");
    let temporary = world.arrive("a.tmp", CONTENT);
    world.comes_to(temporary, "held");
    let to = world.server.url(&format!("/dav/{SPACE}/a.txt"));
    world
        .server
        .request("MOVE", &format!("/dav/{SPACE}/a.tmp"))
        .header("Destination", &to)
        .send()
        .expect(204);
    world.assert_withheld("a.txt");
    let moved = world.item("a.txt");
    assert_ne!(moved, first);
    world.comes_to(moved, "held");
    // Nor does it become readable as an earlier version of something else, or out of the trash.
    world.server.request("PUT", &format!("/dav/{SPACE}/a.txt")).body("a third content").send().expect(204);
    world.server.request("DELETE", &format!("/dav/{SPACE}/a.txt")).send().expect(204);
    let versions = world.server.office.attempt(["trash", "list", SPACE]);
    assert_eq!(versions.code, 0, "{versions}");
    for row in world.listed().as_array().unwrap() {
        assert!(row["id"] == first || row["state"] != "released", "{row}");
    }
    world.assert_sound();
}

/// A partner whom the office knows is held for less, and scanned twice all the same.
#[test]
fn a_known_uploader_has_a_holding_time_of_its_own() {
    let world = World::holding("12h");
    let server = &world.server;
    server.add_user("partner", "staff", PASSWORD);
    let told = server.cli_ok(["grant", "partner", SPACE, "write", "--hold", "2s"]);
    assert!(told.contains("contents from this user are held for 2s"), "{told}");
    assert!(server.cli_ok(["grants"]).contains("2 s"));
    let put = |user: &str, name: &str| {
        let path = format!("/dav/{SPACE}/{name}");
        server.anonymous("PUT", &path).sign_in(user, PASSWORD).body(name.to_owned()).send().expect(201);
        world.item(name)
    };
    let (known, other) = (put("partner", "partner.txt"), put(USER, "andere.txt"));
    world.waits(known, "waiting_for_signatures", "signatures-not-newer");
    world.comes_to(other, "held");
    world.publish("more.hdb", IDLE);
    world.retry(known);
    let shown = world.comes_to(known, "released");
    assert!(shown["verdicts"].as_array().unwrap().len() >= 2, "{shown}");
    let history = server.cli_ok(["history", SPACE, "--lang", "en"]);
    assert!(
        history.contains("gave partner the right to write; files from there are held for 2s"),
        "{history}"
    );
    // Another grant without it ends it.
    server.cli_ok(["grant", "partner", SPACE, "write"]);
    let later = put("partner", "partner2.txt");
    world.comes_to(later, "held");
    assert_eq!(world.shown(other)["state"], "held");
}
