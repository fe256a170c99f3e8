//! What was acknowledged survives a server that is killed at any moment.
//!
//! Writers put, overwrite, move and delete while the server dies by SIGKILL again and again. Each keeps
//! a journal of what was acknowledged; what was under way when the server died may have happened or not,
//! but never half.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::TestServer;
use crate::support::content::{bytes, sha256};
use crate::support::http::{Endpoint, Request};
use crate::support::server::{PASSWORD, USER};

const CYCLES: u64 = 25;
const WRITERS: u64 = 4;
/// Sizes around what is special: nothing, one chunk, several batches.
const SIZES: [usize; 5] = [0, 1, 4_096, 65_536, 1_300_000];

/// Files of one writer as acknowledged: name to hash.
type Journal = BTreeMap<String, String>;

/// What was asked for last and not answered: the file and what it may hold besides.
type Pending = Option<(String, Vec<Option<String>>)>;

#[test]
fn acknowledged_changes_survive_kill_9() {
    let mut server = TestServer::start_plain();
    let mut journals: Vec<Journal> = (0..WRITERS).map(|_| Journal::new()).collect();
    let mut acknowledged = 0;
    for cycle in 0..CYCLES {
        let endpoint = server.endpoint();
        let writers: Vec<_> = journals
            .into_iter()
            .zip(0..)
            .map(|(journal, writer)| {
                std::thread::spawn(move || write_until_it_dies(endpoint, writer, cycle, journal))
            })
            .collect();
        // From before the first request to amid many.
        let moment = Instant::now() + Duration::from_millis(10 + cycle * 37 % 400);
        while Instant::now() < moment {
            std::thread::yield_now();
        }
        server.kill();
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        server.spawn();
        journals = ended
            .into_iter()
            .map(|(journal, pending, count)| {
                acknowledged += count;
                settle(&server, journal, pending)
            })
            .collect();
    }
    assert!(acknowledged > CYCLES, "only {acknowledged} changes were acknowledged: this proves nothing");
    let parts = std::fs::read_dir(server.data().join("tmp")).unwrap().count();
    assert_eq!(parts, 0, "uploads cut short are cleared at the start");
    assert!(!server.log().contains("data at risk"), "{}", server.log());
}

fn ask(endpoint: Endpoint, method: &str, target: &str) -> Request {
    Request::new(endpoint, method, target).sign_in(USER, PASSWORD)
}

/// Changes files until the server is gone. Returns the journal, what was pending, and how many changes
/// were acknowledged.
fn write_until_it_dies(
    endpoint: Endpoint,
    writer: u64,
    cycle: u64,
    mut journal: Journal,
) -> (Journal, Pending, u64) {
    for step in 0.. {
        let seed = cycle * 1_000_003 + writer * 10_007 + step;
        let name = format!("w{writer}-{}", seed % 7);
        let target = format!("/dav/space/{name}");
        let before = journal.get(&name).cloned();
        let (request, after) = if seed % 5 == 4 && before.is_some() {
            (ask(endpoint, "DELETE", &target), None)
        } else {
            let size = SIZES[usize::try_from(seed).unwrap() % SIZES.len()];
            let content = bytes(seed, size);
            let hash = sha256(&content);
            (ask(endpoint, "PUT", &target).body(content), Some(hash))
        };
        match request.try_send() {
            Ok(response) if !response.is_cut && (200..300).contains(&response.status) => {
                match after {
                    Some(hash) => journal.insert(name, hash),
                    None => journal.remove(&name),
                };
            }
            Ok(response) if !response.is_cut => panic!("{name}: {response}"),
            _ => return (journal, Some((name, vec![before, after])), step),
        }
    }
    unreachable!("the server is killed")
}

/// Compares every file with the journal; what was pending may be as before or as asked for.
fn settle(server: &TestServer, mut journal: Journal, pending: Pending) -> Journal {
    if let Some((name, allowed)) = pending {
        let found = hash_of(server, &name);
        assert!(allowed.contains(&found), "{name} is neither as before nor as asked for");
        match found {
            Some(hash) => journal.insert(name, hash),
            None => journal.remove(&name),
        };
    }
    for (name, hash) in &journal {
        assert_eq!(hash_of(server, name).as_ref(), Some(hash), "{name} was acknowledged and is lost");
    }
    journal
}

fn hash_of(server: &TestServer, name: &str) -> Option<String> {
    let response = server.request("GET", &format!("/dav/space/{name}")).send();
    match response.status {
        404 => None,
        _ => Some(sha256(&response.expect(200).body)),
    }
}
