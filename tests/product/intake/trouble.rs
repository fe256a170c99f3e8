//! The holding area fails closed: a scanner that is absent, dead or useless releases nothing, and no crash does.

use super::world::World;
use crate::support::TestServer;
use crate::support::clamd::IDLE;
use crate::support::server::SPACE;

#[test]
fn without_a_scanner_everything_stays_held_and_says_so() {
    let server = TestServer::start_plain();
    server.cli_ok(["space", "set", SPACE, "--intake", "on", "--hold", "1s"]);
    server.request("PUT", "/dav/space/a.txt").body("a content").send().expect(201);
    crate::support::process::eventually("it says why", std::time::Duration::from_mins(1), || {
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
