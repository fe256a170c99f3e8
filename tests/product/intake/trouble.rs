//! The holding area fails closed: a scanner that is absent, dead or useless releases nothing, and no crash does.

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
    let mut items = Vec::new();
    for number in 0..50 {
        world.clamd.kill();
        let (name, is_bad) = (format!("{number}.txt"), number % 5 == 0);
        let content = if is_bad { eicar() } else { format!("content {number}").into_bytes() };
        items.push((world.arrive(&name, &content), name, content, is_bad));
        world.clamd.restart();
    }
    for (id, name, content, is_bad) in items {
        // What was tried while the scanner was away waits a minute otherwise.
        if world.shown(id)["reason"] == "scanner-failed" {
            world.retry(id);
        }
        if is_bad {
            eventually("it is withheld for good", LIMIT, || {
                let shown = world.shown(id);
                shown["state"] == "quarantined" || shown["reason"] == "mass-hit"
            });
            world.author(&name).expect(423);
        } else {
            world.comes_to(id, "released");
            world.assert_released(&name, &content);
        }
    }
    world.assert_sound();
}
