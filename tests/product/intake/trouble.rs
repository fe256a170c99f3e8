//! The holding area fails closed: a scanner that is absent, dead or useless releases nothing, and no crash does.

use serde_json::Value;

use super::world::{LIMIT, World};
use crate::support::TestServer;
use crate::support::clamd::{IDLE, eicar};
use crate::support::process::eventually;
use crate::support::server::SPACE;

#[test]
fn without_a_scanner_everything_stays_held_and_says_so() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold", "1s"]);
    server.request("PUT", "/dav/space/a.txt").body("a content").send().expect(201);
    eventually("it says why", LIMIT, || {
        server.cli_ok(["hold", "list"]).contains("no virus scanner is set up")
    });
    server.request("GET", "/dav/space/a.txt").send().expect(423);
}

#[test]
fn a_scanner_that_died_and_one_that_knows_nothing_release_nothing() {
    let mut world = World::holding("2s");
    let id = world.arrive("a.txt", b"a content");
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");

    world.clamd.kill();
    let status = world.server.cli_ok(["status"]);
    assert!(status.contains("the scanner does not answer, so the holding area releases nothing"), "{status}");
    world.retry(id);
    world.waits(id, "held", "scanner-failed");
    world.assert_withheld("a.txt");

    // It comes back with newer signatures that find nothing at all.
    for name in ["eicar.ndb", "testfiles.hdb"] {
        std::fs::remove_file(world.clamd.databases().join(name)).unwrap();
    }
    world.clamd.write_database("idle.hdb", IDLE);
    world.clamd.restart();
    world.retry(id);
    world.waits(id, "held", "scanner-not-trusted");
    world.assert_withheld("a.txt");
    assert!(world.server.log().contains("the scanner is not trusted"), "{}", world.server.log());
}

#[test]
fn a_crash_at_any_moment_leaves_it_held_or_released_and_never_between() {
    let mut world = World::holding("2s");
    let id = world.arrive("a.txt", b"a content");
    world.waits(id, "waiting_for_signatures", "signatures-not-newer");
    world.publish("more.hdb", IDLE);
    world.retry(id);
    for _ in 0..5 {
        world.server.kill();
        world.server.spawn();
    }
    world.comes_to(id, "released");
    world.assert_released("a.txt", b"a content");
    world.assert_sound();
}

/// Signatures are updated several times a day, and packages now and then: clamd restarts while files arrive.
#[test]
fn fifty_restarts_of_the_scanner_release_nothing_bad_and_lose_nothing_good() {
    let mut world = World::holding_what("risky", "1s");
    let content = |number: usize| match number % 5 {
        0 => eicar(),
        _ => format!("content {number}").into_bytes(),
    };
    for number in 0..50 {
        world.clamd.kill();
        let target = format!("/dav/{SPACE}/{number}.txt");
        world.server.request("PUT", &target).body(content(number)).send().expect(201);
        world.clamd.restart();
    }
    let mut listed = world.listed();
    eventually("all are settled", LIMIT, || {
        listed = world.listed();
        let rows = listed.as_array().unwrap();
        for row in rows.iter().filter(|row| row["reason"] == "scanner-failed") {
            // It would be tried again after a minute.
            world.retry(row["id"].as_i64().unwrap());
        }
        let is_settled = |row: &Value| row["state"] != "arrived" && row["state"] != "held";
        rows.len() == 50 && rows.iter().all(is_settled)
    });
    for row in listed.as_array().unwrap() {
        let name = &row["path"].as_str().unwrap()[1..];
        let number = name.strip_suffix(".txt").unwrap().parse().unwrap();
        if number % 5 == 0 {
            assert!(row["state"] == "quarantined" || row["reason"] == "mass-hit", "{row}");
            world.author(name).expect(423);
        } else {
            world.assert_released(name, &content(number));
        }
    }
    world.assert_sound();
}
