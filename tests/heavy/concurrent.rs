//! Many clients at once against models that say which outcomes there may be.
//!
//! Each client owns a folder whose state it knows exactly. Besides, all share places where races are
//! decidable: contents that say who wrote them, counters behind `If-Match` and behind a lock, names that
//! only one may create, a folder that is always in one of two places.
//!
//! `TRESOR_TEST_SECONDS` says how long the random load lasts (20), `TRESOR_TEST_SEED` repeats the dice.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use crate::support::TestServer;
use crate::support::client::Client;
use crate::support::content::bytes;
use crate::support::http::{Endpoint, Request, Response};
use crate::support::load::{Dice, device_password, seed, setting};
use crate::support::multistatus::{Item, Multistatus};
use crate::support::server::USER;
use crate::support::sound::assert_sound;

const CLIENTS: u64 = 32;

#[test]
fn thirty_two_clients_never_see_what_their_models_forbid() {
    let (length, seed) = (Duration::from_secs(setting("TRESOR_TEST_SECONDS", 20)), seed());
    let mut server = TestServer::start_plain();
    let password = device_password(&server, USER);
    let shared = Shared::new(&server, &password);
    let end = Instant::now() + length;
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let own =
                    Client::new(&server, &format!("c{number}"), &password, seed.wrapping_add(number) >> 8);
                let shared = &shared;
                scope.spawn(move || busy(number, own, shared, seed, end))
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let sum = |count: fn(&Tally) -> u64| tallies.iter().map(count).sum::<u64>();
    println!(
        "{} changes of own folders, {} shared writes, {} shared reads, {} counted by If-Match ({} refused), {} \
         under a lock ({} refused), {} names created ({} refused)",
        sum(|tally| tally.own),
        sum(|tally| tally.writes),
        sum(|tally| tally.reads),
        sum(|tally| tally.counted),
        sum(|tally| tally.not_counted),
        sum(|tally| tally.locked),
        sum(|tally| tally.not_locked),
        sum(|tally| tally.created),
        sum(|tally| tally.not_created),
    );
    assert_eq!(shared.number("counter"), sum(|tally| tally.counted), "each success of If-Match counted once");
    assert_eq!(shared.number("guarded"), sum(|tally| tally.locked), "each holder of the lock counted once");
    shared.each_name_was_created_once();
    assert!(sum(|tally| tally.own) > 0 && sum(|tally| tally.writes) > 0);
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert!(server.stop().success());
    assert_sound(&server);
}

/// The actions of one client.
#[derive(Default)]
struct Tally {
    own: u64,
    writes: u64,
    reads: u64,
    counted: u64,
    not_counted: u64,
    locked: u64,
    not_locked: u64,
    created: u64,
    not_created: u64,
}

fn busy(number: u64, mut own: Client, shared: &Shared, seed: u64, end: Instant) -> Tally {
    let mut dice = Dice::new(seed ^ (number << 48));
    let mut tally = Tally::default();
    let mut count = 0;
    while Instant::now() < end {
        match dice.roll(100) {
            0..45 => {
                assert!(own.step(0), "{} got no answer", own.name);
                tally.own += 1;
            }
            45..47 => own.settle(),
            47..60 => {
                count += 1;
                shared.write(&mut dice, Stamp { writer: number, count });
                tally.writes += 1;
            }
            60..80 => {
                shared.read(&mut dice);
                tally.reads += 1;
            }
            80..88 => *(if shared.count_up() { &mut tally.counted } else { &mut tally.not_counted }) += 1,
            88..92 => {
                *(if shared.count_up_locked() { &mut tally.locked } else { &mut tally.not_locked }) += 1;
            }
            92..96 => {
                *(if shared.create(&mut dice) { &mut tally.created } else { &mut tally.not_created }) += 1;
            }
            // The box has one carrier, all other clients look.
            96..98 if number == 0 => shared.carry_the_box(),
            _ => shared.find_the_box(),
        }
    }
    own.settle();
    tally
}

/// The client that wrote a content, and the number of that write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    writer: u64,
    count: u64,
}

impl Stamp {
    /// A content that shows every mixture: its first line names writer, number and length, the rest
    /// follows from them.
    fn content(self, length: usize) -> Vec<u8> {
        let mut content = format!("{} {} {length}\n", self.writer, self.count).into_bytes();
        content.extend(bytes(self.writer << 32 | self.count, length));
        content
    }

    /// The stamp of a content, which must be whole.
    fn of(content: &[u8]) -> Self {
        let end = content.iter().position(|byte| *byte == b'\n').expect("a first line");
        let line = std::str::from_utf8(&content[..end]).expect("a stamp");
        let numbers: Vec<u64> = line.split(' ').map(|number| number.parse().expect("a stamp")).collect();
        let [writer, count, length] = numbers[..] else { panic!("{line}") };
        let stamp = Self { writer, count };
        let whole = stamp.content(usize::try_from(length).unwrap());
        assert!(
            whole == content,
            "a mixture: {stamp:?} and {} bytes instead of {}",
            content.len(),
            whole.len()
        );
        stamp
    }
}

/// A write of a shared file as its client saw it. `None` is a file that was deleted.
struct Write {
    stamp: Option<Stamp>,
    start: Instant,
    end: Option<Instant>,
}

/// A shared file and all that was ever written there.
struct Register {
    name: String,
    writes: Mutex<Vec<Write>>,
}

impl Register {
    fn new(name: String) -> Self {
        let now = Instant::now();
        let absent = Write { stamp: None, start: now, end: Some(now) };
        Self { name, writes: Mutex::new(vec![absent]) }
    }

    fn begin(&self, stamp: Option<Stamp>) -> usize {
        let mut writes = self.writes.lock().unwrap();
        writes.push(Write { stamp, start: Instant::now(), end: None });
        writes.len() - 1
    }

    fn end(&self, write: usize) {
        self.writes.lock().unwrap()[write].end = Some(Instant::now());
    }

    /// Panics if no write explains the result of a read that began at `start` and is over now: one that
    /// had begun, and that no later write had replaced before the read began.
    fn explain(&self, found: Option<Stamp>, start: Instant) {
        let writes = self.writes.lock().unwrap();
        let possible = writes.iter().any(|write| {
            let is_replaced = write.end.is_some_and(|end| {
                writes.iter().any(|later| later.start > end && later.end.is_some_and(|over| over < start))
            });
            write.stamp == found && !is_replaced
        });
        assert!(possible, "{}: nobody wrote {found:?}, or it was replaced before the read began", self.name);
    }
}

/// Where all clients meet.
struct Shared {
    endpoint: Endpoint,
    password: String,
    registers: Vec<Register>,
    /// Whether some client holds the lock, by its own account.
    removals_suspended: AtomicBool,
    /// The name that is created next, and how often each was.
    next_name: AtomicU64,
    created: Mutex<Vec<u64>>,
}

impl Shared {
    fn new(server: &TestServer, password: &str) -> Self {
        let shared = Self {
            endpoint: server.endpoint(),
            password: password.to_owned(),
            registers: (0..6).map(|number| Register::new(format!("r{number}"))).collect(),
            removals_suspended: AtomicBool::new(false),
            next_name: AtomicU64::new(0),
            created: Mutex::default(),
        };
        for folder in ["", "out/", "once/", "hall/", "hall/a/", "hall/a/inside/"] {
            shared.ask("MKCOL", folder).send().expect(201);
        }
        for (name, content) in
            [("counter", "0"), ("guarded", "0"), ("hall/a/x", "x"), ("hall/a/inside/y", "y")]
        {
            shared.ask("PUT", name).body(content).send().expect(201);
        }
        shared
    }

    fn ask(&self, method: &str, name: &str) -> Request {
        let target = format!("/dav/space/shared/{name}");
        Request::new(self.endpoint, method, &target).sign_in(USER, &self.password)
    }

    fn number(&self, name: &str) -> u64 {
        self.ask("GET", name).send().expect(200).text().parse().unwrap()
    }

    /// Puts, copies or moves a stamped content into a register, or deletes the one that is there.
    fn write(&self, dice: &mut Dice, stamp: Stamp) {
        let register = &self.registers[dice.roll(self.registers.len())];
        let content = stamp.content([dice.length().min(400_000), dice.roll(2_000)][dice.roll(2)]);
        match dice.roll(10) {
            0 => {
                let write = register.begin(None);
                let answer = self.ask("DELETE", &register.name).send();
                assert!([204, 404].contains(&answer.status), "{answer}");
                register.end(write);
            }
            roll @ 1..=3 => {
                let out = format!("out/{}", stamp.writer);
                let answer = self.ask("PUT", &out).body(content).send();
                assert!([201, 204].contains(&answer.status), "{answer}");
                let write = register.begin(Some(stamp));
                let method = if roll == 1 { "MOVE" } else { "COPY" };
                let to = format!("/dav/space/shared/{}", register.name);
                let answer = self.ask(method, &out).header("Destination", &to).send();
                assert!([201, 204].contains(&answer.status), "{answer}");
                register.end(write);
            }
            roll => {
                let write = register.begin(Some(stamp));
                let put = self.ask("PUT", &register.name);
                let put = match roll {
                    4 | 5 => put.chunks(content.chunks(50_000)),
                    _ => put.body(content),
                };
                let answer = put.send();
                assert!([201, 204].contains(&answer.status), "{answer}");
                register.end(write);
            }
        }
    }

    /// Reads a register: the whole content is of one write, and not of one that was replaced before.
    fn read(&self, dice: &mut Dice) {
        let register = &self.registers[dice.roll(self.registers.len())];
        let start = Instant::now();
        let answer = self.ask("GET", &register.name).send();
        let found = (answer.status != 404).then(|| {
            let answer = answer.expect(200);
            assert!(!answer.is_cut, "an overwrite cut a reader off");
            Stamp::of(&answer.body)
        });
        register.explain(found, start);
    }

    /// Reads a number and writes the next one unless another client was faster; whether it was written.
    fn count_up(&self) -> bool {
        let answer = self.ask("GET", "counter").send().expect(200);
        let tag = answer.header("etag").unwrap().to_owned();
        let next = answer.text().parse::<u64>().unwrap() + 1;
        let answer = self.ask("PUT", "counter").header("If-Match", &tag).body(next.to_string()).send();
        assert!([204, 412].contains(&answer.status), "{answer}");
        answer.status == 204
    }

    /// The same behind an exclusive lock, without conditions.
    fn count_up_locked(&self) -> bool {
        let answer = self.ask("LOCK", "guarded").xml(
            "<d:lockinfo xmlns:d=\"DAV:\"><d:lockscope><d:exclusive/></d:lockscope>\
             <d:locktype><d:write/></d:locktype></d:lockinfo>",
        );
        let answer = answer.send();
        if answer.status == 423 {
            // A client without a token may not write either.
            if self.removals_suspended.load(Ordering::SeqCst) {
                let answer = self.ask("PUT", "guarded").header("If-Match", "\"none\"").body("x").send();
                assert!([412, 423].contains(&answer.status), "{answer}");
            }
            return false;
        }
        let token = answer.expect(200).header("lock-token").unwrap().to_owned();
        assert!(!self.removals_suspended.swap(true, Ordering::SeqCst), "two hold an exclusive lock");
        let next = self.number("guarded") + 1;
        let put = self.ask("PUT", "guarded").header("If", &format!("({token})")).body(next.to_string());
        put.send().expect(204);
        assert!(self.removals_suspended.swap(false, Ordering::SeqCst));
        self.ask("UNLOCK", "guarded").header("Lock-Token", &token).send().expect(204);
        true
    }

    /// Creates the next name or one of the last, which others try at the same time.
    fn create(&self, dice: &mut Dice) -> bool {
        let next = self.next_name.load(Ordering::SeqCst);
        let name = next.saturating_sub(dice.roll(2) as u64);
        let put = self.ask("PUT", &format!("once/{name}")).header("If-None-Match", "*");
        let answer = put.body(name.to_string()).send();
        assert!([201, 412].contains(&answer.status), "{answer}");
        if answer.status == 201 {
            self.created.lock().unwrap().push(name);
            self.next_name.fetch_max(name + 1, Ordering::SeqCst);
        }
        answer.status == 201
    }

    fn each_name_was_created_once(&self) {
        let created = self.created.lock().unwrap();
        let names: BTreeSet<u64> = created.iter().copied().collect();
        assert_eq!(names.len(), created.len(), "a name was created twice");
        let listing = Multistatus::of(&self.ask("PROPFIND", "once/").header("Depth", "1").send());
        assert_eq!(listing.0.len() - 1, names.len(), "what was created is there");
    }

    /// Moves a folder of files from one place to the other.
    fn carry_the_box(&self) {
        for (from, to) in [("hall/a", "hall/b"), ("hall/b", "hall/a")] {
            let to = format!("/dav/space/shared/{to}");
            self.ask("MOVE", from).header("Destination", &to).send().expect(201);
        }
    }

    /// Wherever it is at this moment, it is in one place and whole.
    fn find_the_box(&self) {
        let listing = Multistatus::of(&self.ask("PROPFIND", "hall/").header("Depth", "1").send());
        let names: Vec<_> = listing
            .0
            .iter()
            .map(Item::path)
            .filter(|path| path.len() > "/dav/space/shared/hall/".len())
            .collect();
        assert_eq!(names.len(), 1, "the folder is in one place: {names:?}");
        let inside = ["hall/a/inside/y", "hall/b/inside/y"].map(|name| self.ask("GET", name).send().status);
        assert!(inside.iter().all(|status| [200, 404].contains(status)), "{inside:?}");
    }
}

// ---- Races on one file.

/// All at the same moment; the answers in the order of the requests.
fn at_once(requests: Vec<Request>) -> Vec<Response> {
    let start = Barrier::new(requests.len());
    std::thread::scope(|scope| {
        let sent: Vec<_> = requests
            .into_iter()
            .map(|request| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    request.send()
                })
            })
            .collect();
        sent.into_iter().map(|answer| answer.join().unwrap()).collect()
    })
}

fn count(answers: &[Response], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[test]
fn of_fifty_uploads_the_last_wins_whole_and_of_those_with_one_tag_the_first() {
    let mut server = TestServer::start_plain();
    let password = device_password(&server, USER);
    let ask = |method: &str| server.anonymous(method, "/dav/space/race").sign_in(USER, &password);

    let contents: Vec<Vec<u8>> =
        (0..50).zip(0..).map(|(seed, number)| bytes(seed, 1 + 4_099 * number)).collect();
    let answers = at_once(contents.iter().map(|content| ask("PUT").body(content.clone())).collect());
    assert_eq!((count(&answers, 201), count(&answers, 204)), (1, 49), "one makes the file, all succeed");
    let listed = server.cli_ok(["versions", "list", "space", "race", "--json"]);
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    let mut lengths: Vec<u64> = listed.iter().map(|version| version["bytes"].as_u64().unwrap()).collect();
    lengths.sort_unstable();
    let sent: Vec<u64> = contents.iter().map(|content| content.len() as u64).collect();
    assert_eq!(lengths, sent, "every content is kept as a version");
    let current: Vec<_> = listed.iter().filter(|version| version["current"] == true).collect();
    assert_eq!(current.len(), 1);
    let last = ask("GET").send().expect(200);
    let number =
        contents.iter().position(|content| *content == last.body).expect("the last content is whole");
    assert_eq!(current[0]["bytes"].as_u64().unwrap(), sent[number]);
    let newest = listed.iter().map(|version| version["version"].as_i64().unwrap()).max().unwrap();
    assert_eq!(current[0]["version"], newest, "the last to be committed is the one that shows");

    for round in 0..10 {
        let tag = ask("HEAD").send().expect(200).header("etag").unwrap().to_owned();
        let puts = (0..20)
            .map(|writer| ask("PUT").header("If-Match", &tag).body(format!("round {round} writer {writer}")));
        let answers = at_once(puts.collect());
        assert_eq!((count(&answers, 204), count(&answers, 412)), (1, 19), "round {round}");
        let winner = answers.iter().position(|answer| answer.status == 204).unwrap();
        assert_eq!(ask("GET").send().text(), format!("round {round} writer {winner}"));
        let tag = answers[winner].header("etag").unwrap();
        assert_eq!(ask("HEAD").send().header("etag"), Some(tag), "the winner was told the tag that is there");
    }
    assert!(server.stop().success());
    assert_sound(&server);
}

/// However many clients come at once, they never pass the quota, and quota promised to failed uploads is free
/// again.
#[test]
fn uploads_at_once_never_pass_the_quota() {
    const QUOTA: usize = 3_000_000;
    let mut server = TestServer::start_plain();
    let password = device_password(&server, USER);
    server.add_space("tight", ["--kind", "team", "--quota", &format!("{QUOTA}B")], "write");
    let ask = |method: &str, name: &str| {
        server.anonymous(method, &format!("/dav/tight/{name}")).sign_in(USER, &password)
    };
    let mut stored = 0;
    for round in 0..4 {
        let lengths: Vec<usize> = (0..16).map(|number| 20_000 * (1 + (number * 7 + round) % 16)).collect();
        let puts = lengths.iter().zip(0..).map(|(length, number)| {
            let (content, put) = (bytes(number, *length), ask("PUT", &format!("{round}-{number}")));
            // Half of them do not say how much will come.
            if number % 2 == 0 { put.body(content) } else { put.chunks(content.chunks(10_000)) }
        });
        let answers = at_once(puts.collect());
        for (answer, length) in answers.iter().zip(&lengths) {
            assert!([201, 507].contains(&answer.status), "{answer}");
            stored += if answer.status == 201 { *length } else { 0 };
        }
        assert!(stored <= QUOTA, "{stored} bytes were taken");
    }
    // To the last byte, and not one more.
    ask("PUT", "rest").body(vec![0; QUOTA - stored + 1]).send().expect(507);
    ask("PUT", "rest").body(vec![0; QUOTA - stored]).send().expect(201);
    ask("PUT", "more").body("x").send().expect(507);
    ask("PUT", "nothing").body("").send().expect(201);
    assert!(server.stop().success());
    assert_sound(&server);
}
