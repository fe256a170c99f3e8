//! A long day in short: mixed load, polite and rude, while memory, descriptors and temporary files are
//! watched. A server needs its memory from the beginning; growth is a leak.
//!
//! `TRESOR_SOAK_SECONDS` says how long (25; `make soak` takes 1,200), `TRESOR_TEST_SEED` repeats the dice.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::TestServer;
use crate::support::client::Client;
use crate::support::content::bytes;
use crate::support::http::Request;
use crate::support::load::{Dice, descriptors, device_password, memory_kib, parts, pause, seed, setting};
use crate::support::process::eventually;
use crate::support::server::USER;
use crate::support::sound::assert_sound;

const POLITE: u64 = 4;
const RUDE: u64 = 4;
/// Memory that may come and go by itself: the allocator's arenas, blocking threads, uploads and downloads
/// of this moment.
const SLACK_KIB: u64 = 24 * 1024;
/// Connections to the catalogue and the part of it that each may keep in memory, in KiB (`catalog`).
const CATALOGUE: (u64, u64) = (9, 16 * 1024);

#[test]
fn a_long_day_needs_no_more_in_the_evening_than_at_noon() {
    let (length, seed) = (Duration::from_secs(setting("TRESOR_SOAK_SECONDS", 25)), seed());
    let mut server = TestServer::start_plain();
    // Replaced and deleted files go with the next upkeep, so that the catalogue does not grow for ever.
    server.cli_ok(["space", "set", "space", "--version-days", "0", "--trash-days", "0"]);
    let password = device_password(&server, USER);
    let pid = server.pid();
    let (resting, listening) = (descriptors(pid), sockets(pid));
    let (is_over, requests) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut samples: Vec<Sample> = Vec::new();
    let mut polite: Vec<Client> = (0..POLITE)
        .map(|number| Client::new(&server, &format!("p{number}"), &password, seed >> 8 ^ number))
        .collect();
    std::thread::scope(|scope| {
        // Also when an assertion fails, or the scope would wait for them for ever.
        let flag = Flag(&is_over);
        for client in &mut polite {
            let (is_over, requests) = (&is_over, &requests);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    assert!(client.step(0), "no answer");
                    requests.fetch_add(1, Ordering::Relaxed);
                }
                client.settle();
            });
        }
        for number in 0..RUDE {
            let mut rude =
                Rude { server: &server, password: &password, number, dice: Dice::new(seed ^ number << 40) };
            let (is_over, requests) = (&is_over, &requests);
            scope.spawn(move || {
                rude.prepare();
                while !is_over.load(Ordering::Relaxed) {
                    rude.step();
                    requests.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let end = Instant::now() + length;
        let every = (length / 100).clamp(Duration::from_millis(250), Duration::from_secs(10));
        while Instant::now() < end {
            pause(every);
            samples.push(Sample::of(&server));
        }
        drop(flag);
    });
    for sample in samples.iter().step_by(samples.len().div_ceil(20)) {
        println!("{sample:?}");
    }
    println!("{} requests in {} s", requests.load(Ordering::Relaxed), length.as_secs());
    assert!(!server.log().contains("panicked"), "{}", server.log());

    let (noon, evening) = (Sample::middle_of(&samples, 2), Sample::middle_of(&samples, 4));
    println!("noon    {noon:?}\nevening {evening:?}");
    let (connections, most) = CATALOGUE;
    let catalogue = connections * (evening.catalogue_kib.saturating_sub(noon.catalogue_kib)).min(most);
    assert!(evening.memory_kib < noon.memory_kib + SLACK_KIB + catalogue, "memory grows on: {samples:#?}");
    assert!(evening.descriptors < noon.descriptors + 64, "descriptors grow on: {samples:#?}");

    eventually("no upload is left", Duration::from_mins(2), || parts(&server).is_empty());
    // Containers kept open for the next reader stay, at most 256.
    eventually("no connection is left", Duration::from_mins(2), || sockets(pid) <= listening);
    assert!(descriptors(pid) <= resting + 256 + 16, "{} descriptors at rest", descriptors(pid));
    assert!(server.stop().success());
    assert_sound(&server);
}

/// Resources of the server at one moment.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "shown when the test fails and in the report")]
struct Sample {
    memory_kib: u64,
    descriptors: usize,
    parts: usize,
    catalogue_kib: u64,
}

impl Sample {
    fn of(server: &TestServer) -> Self {
        let catalogue = std::fs::metadata(server.data().join("catalog/catalog.db")).unwrap();
        Self {
            memory_kib: memory_kib(server.pid(), "VmRSS"),
            descriptors: descriptors(server.pid()),
            parts: parts(server).len(),
            catalogue_kib: catalogue.len() / 1024,
        }
    }

    /// The sample of middle size in the given fifth of the day.
    fn middle_of(samples: &[Self], fifth: usize) -> Self {
        let length = samples.len() / 5;
        let mut fifth = samples[fifth * length..(fifth + 1) * length].to_vec();
        fifth.sort_by_key(|sample| sample.memory_kib);
        fifth[fifth.len() / 2].clone()
    }
}

/// Open sockets of a process.
fn sockets(pid: u32) -> usize {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

/// Raised when dropped.
struct Flag<'a>(&'a AtomicBool);

impl Drop for Flag<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A client that leaves in the middle, asks for nonsense and forgets its password.
struct Rude<'a> {
    server: &'a TestServer,
    password: &'a str,
    number: u64,
    dice: Dice,
}

impl Rude<'_> {
    fn ask(&self, method: &str, name: &str) -> Request {
        let target = format!("/dav/space/rude{}/{name}", self.number);
        self.server.anonymous(method, &target).sign_in(USER, self.password)
    }

    fn prepare(&self) {
        self.ask("MKCOL", "").send().expect(201);
        self.ask("PUT", "large").body(bytes(self.number, 5 << 20)).send().expect(201);
        for number in 0..50 {
            self.ask("PUT", &format!("small{number}")).body("small").send().expect(201);
        }
    }

    fn step(&mut self) {
        match self.dice.roll(12) {
            0 => self.leave_while_uploading(),
            1 => self.leave_while_downloading(),
            2 => drop(self.ask("PROPFIND", "").header("Depth", "1").send().expect(207)),
            3 => drop(self.ask("PROPFIND", "").header("Depth", "infinity").send().expect(207)),
            4 => drop(self.ask("GET", "large").header("Range", "bytes=0-9,100000-,-5").send().expect(206)),
            5 => drop(self.ask("GET", "nothing").send().expect(404)),
            6 => drop(self.ask("PROPPATCH", "small1").xml(&"<a>".repeat(5_000)).send().expect(400)),
            7 => drop(self.ask("PUT", "small2").header("If-Match", "\"none\"").body("x").send().expect(412)),
            8 => drop(self.server.anonymous("GET", "/dav/").send().expect(401)),
            9 => {
                let name = format!("small{}", self.dice.roll(50));
                self.ask("DELETE", &name).send().expect(204);
                self.ask("PUT", &name).body(bytes(1, self.dice.length())).send().expect(201);
            }
            10 => {
                self.ask("COPY", "large")
                    .header("Destination", &format!("/dav/space/rude{}/copy", self.number))
                    .send();
            }
            _ => drop(self.ask("HEAD", "large").send().expect(200)),
        }
    }

    /// Announces more than it sends and is gone.
    fn leave_while_uploading(&mut self) {
        let (length, sent) = (self.dice.roll(3 << 20) + 1, self.dice.roll(200_000));
        let head = self.head("PUT", "left", &format!("Content-Length: {}\r\n", length + sent));
        let mut connection = self.server.endpoint().connect();
        let _ = connection.write_all(&head).and_then(|()| connection.write_all(&vec![1; sent]));
    }

    fn leave_while_downloading(&mut self) {
        let head = self.head("GET", "large", "");
        let mut connection = self.server.endpoint().connect();
        connection.write_all(&head).unwrap();
        let mut some = vec![0; self.dice.roll(300_000) + 1];
        let _ = connection.read(&mut some);
    }

    fn head(&self, method: &str, name: &str, more: &str) -> Vec<u8> {
        let login = data_encoding::BASE64.encode(format!("{USER}:{}", self.password).as_bytes());
        let target = format!("/dav/space/rude{}/{name}", self.number);
        format!("{method} {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {login}\r\n{more}\r\n")
            .into_bytes()
    }
}
