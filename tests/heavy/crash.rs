//! Acknowledged changes survive a server that is killed at any moment.
//!
//! Clients change their folders by every method that writes while the server dies by SIGKILL again and
//! again. Each keeps a journal of acknowledged changes; the one under way when the server died may
//! have happened or not, but never half. At the end catalogue and disk agree and a sweep leaves nothing
//! that no row names.
//!
//! `TRESOR_TEST_CYCLES` says how often the server dies (300), `TRESOR_TEST_SEED` repeats the dice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::TestServer;
use crate::support::client::Client;
use crate::support::content::bytes;
use crate::support::load::{Dice, device_password, parts, pause, seed, setting};
use crate::support::server::USER;
use crate::support::sound::assert_sound;
use crate::support::tree::{Change, Found, FoundNode, Tree};

/// Servers that live and die side by side: while one starts, another is under load.
const SERVERS: u64 = 3;
const CLIENTS: u64 = 4;
/// Cycles of one data directory, so that a long run needs no large disk.
const CYCLES_OF_A_DIRECTORY: u64 = 100;
/// The server dies after up to so many acknowledged changes, from before the first request to amid many,
const CHANGES: usize = 24;
/// and after a little more time, in the middle of other changes.
const MORE: Duration = Duration::from_millis(8);
/// Changes are waited for no longer.
const LONGEST_LOAD: Duration = Duration::from_secs(5);

#[test]
fn acknowledged_changes_survive_kill_9() {
    let (cycles, seed) = (setting("TRESOR_TEST_CYCLES", 300), seed());
    let (left, start) = (AtomicU64::new(cycles), Instant::now());
    let totals: Vec<Total> = std::thread::scope(|scope| {
        let servers: Vec<_> = (0..SERVERS)
            .map(|number| {
                let left = &left;
                scope.spawn(move || {
                    let mut dice = Dice::new(seed + number);
                    let mut total = Total::default();
                    while let Some(cycles) = take(left, CYCLES_OF_A_DIRECTORY.min(cycles.div_ceil(SERVERS))) {
                        total.add(&one_directory(cycles, &mut dice));
                    }
                    total
                })
            })
            .collect();
        servers.into_iter().map(|server| server.join().unwrap()).collect()
    });
    let mut total = Total::default();
    for one in &totals {
        total.add(one);
    }
    println!(
        "{cycles} cycles in {:.1} s: {} changes acknowledged, {} in flight of which {} had happened, {} \
         versions read back, {} orphans swept",
        start.elapsed().as_secs_f64(),
        total.acknowledged,
        total.pending,
        total.happened,
        total.versions,
        total.orphans
    );
    assert!(total.acknowledged > cycles, "only {} acknowledged: this proves nothing", total.acknowledged);
}

/// Some of the cycles that are left.
fn take(left: &AtomicU64, most: u64) -> Option<u64> {
    let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        (left > 0).then(|| left.saturating_sub(most))
    });
    before.ok().map(|before| before.min(most))
}

#[derive(Default)]
struct Total {
    acknowledged: u64,
    pending: u64,
    happened: u64,
    versions: usize,
    orphans: u64,
}

impl Total {
    fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.pending += other.pending;
        self.happened += other.happened;
        self.versions += other.versions;
        self.orphans += other.orphans;
    }
}

fn one_directory(cycles: u64, dice: &mut Dice) -> Total {
    let mut server = TestServer::start_plain();
    let password = device_password(&server, USER);
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|number| Client::new(&server, &format!("c{number}"), &password, dice.roll(1 << 30) as u64))
        .collect();
    let mut total = Total::default();
    for cycle in 0..cycles {
        let changes = dice.roll(CHANGES) as u64;
        let more = MORE * u32::try_from(dice.roll(1_000)).unwrap() / 1_000;
        let done = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for client in &mut clients {
                let done = &done;
                scope.spawn(move || {
                    while client.step(cycle) {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let start = Instant::now();
            while done.load(Ordering::Relaxed) < changes && start.elapsed() < LONGEST_LOAD {
                pause(Duration::from_micros(500));
            }
            pause(more);
            server.kill();
        });
        let cut_short = parts(&server);
        server.spawn();
        // Files that lie there now, such as a snapshot of the catalogue, were begun since.
        assert!(parts(&server).is_disjoint(&cut_short), "uploads cut short are cleared at the start");
        std::thread::scope(|scope| {
            for client in &mut clients {
                total.pending += u64::from(client.pending.is_some());
                scope.spawn(move || client.settle());
            }
        });
        assert!(!server.log().contains("data at risk"), "{}", server.log());
    }
    server.kill();
    (total.versions, total.orphans) = assert_sound(&server);
    total.acknowledged = clients.iter().map(|client| client.acknowledged).sum();
    total.happened = clients.iter().map(|client| client.happened).sum();
    total
}

/// The comparison itself: every kind of loss is seen and says which write it was.
#[test]
fn a_loss_is_told_with_the_write_it_undid() {
    let put = Change::Put { path: "f0".to_owned(), seed: 7, length: 100 };
    let tree = Tree::default().after(&put, "PUT f0, change 1");
    let mark = Change::Mark { path: "f0".to_owned(), value: "m".to_owned() };
    let tree = tree.after(&mark, "PROPPATCH f0, change 2");
    let found = |seed, mark: Option<&str>| {
        let (content, mark) = (Some(bytes(seed, 100)), mark.map(str::to_owned));
        Found([("f0".to_owned(), FoundNode { content, mark, token: None })].into())
    };
    assert_eq!(tree.difference(&found(7, Some("m"))), None);
    for (found, told) in [
        (Found::default(), "f0 is gone: PROPPATCH f0, change 2"),
        (found(8, Some("m")), "f0 lost its content: PROPPATCH f0, change 2"),
        (found(7, None), "f0 lost its property: PROPPATCH f0, change 2"),
    ] {
        let difference = tree.difference(&found).expect("a difference");
        assert!(difference.starts_with(told), "{difference}");
    }
    let without = tree.after(&Change::Delete { path: "f0".to_owned() }, "");
    assert_eq!(without.difference(&found(7, Some("m"))).unwrap(), "f0 is there and should not be");
    let locked = tree.after(&Change::Lock { path: "f0".to_owned() }, "");
    assert!(locked.difference(&found(7, Some("m"))).unwrap().starts_with("f0 lost its lock"));
}
