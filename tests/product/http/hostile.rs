//! Budgets under hostile use: how much one person, one link and one guest get of the shared resources, the
//! answers beyond that, and that an office beside them works on.
//!
//! [`GROUPS`] is the table. Each row is carried out by [`ATTACKERS`] at a time against a running server while
//! a user of the office writes, reads, lists and locks. The attackers turn to ordinary work and back between two
//! rounds of the office: the 95th percentile of its requests is compared with its own beside ordinary work in the same
//! seconds, so a busy machine slows both. None of the bounds is a time.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::http::fixture::{EXCLUSIVE, SHARED, assert_alive};
use crate::support::TestServer;
use crate::support::http::Request;
use crate::support::load::{device_password, memory_kib, pause};
use crate::support::server::{PASSWORD, SPACE, USER};
use crate::support::sound::assert_sound;

/// Attackers at the same time.
const ATTACKERS: usize = 2;
/// Rounds of five requests of the office under attack, and as many beside ordinary work; more if the attack takes
/// longer.
const ROUNDS: usize = 40;
/// How many times as long as beside ordinary work 95 of 100 requests of the office may take. Every one of them meets the
/// attack, and the slowest of all meet the machine's other programs as well.
const SLOWDOWN: u32 = 3;
/// The time that counts as quick in any case: a few turns of other processes, which a request may have to wait
/// for at each step between two threads.
const QUICK: Duration = Duration::from_millis(20);
/// How often a group of rows is tried in which nothing but the office's time was wrong: a test beside it may take the
/// machine at the wrong moment.
const TRIES: usize = 3;
/// Most memory that the server may ever hold, whatever they do.
const MEMORY_KIB: u64 = 256 * 1024;

/// The attackers' person.
const PERSON: &str = "person";
/// The space that the person may write to.
const PLACE: &str = "place";
/// The quota of this space. Announced uploads leave some of it.
const QUOTA: usize = 30 << 20;

/// One row of the table.
struct Attack {
    /// The attacker and the budget.
    name: &'static str,
    /// Prepares the attack, once.
    prepare: fn(&World),
    /// The attempts, numbered.
    attempt: fn(&World, usize) -> Request,
    /// How many of them are made at least.
    tries: usize,
    /// How many of them succeed at most.
    most: usize,
    /// Statuses of success.
    granted: &'static [u16],
    /// Status of every attempt beyond the budget.
    refused: u16,
}

/// [`Attack::most`] of attempts that nothing forbids: only their price counts.
const ALL: usize = usize::MAX;
/// [`Attack::refused`] of the same.
const NEVER: u16 = 1;
/// The status that counts as the answer to an attempt that got none.
const UNANSWERED: u16 = 0;
/// Another space that the person may write to.
const BESIDE: &str = "beside";
/// A value about as long as a request may bring.
const LONG: usize = 60_000;
/// Links that the person makes.
const LINKS: usize = 5;

/// Rows that follow one another on one server.
const GROUPS: [fn() -> Vec<Attack>; 4] = [of_many_locks, locks, work, room];

/// One folder locked many times over, and the requests that are dear then.
fn of_many_locks() -> Vec<Attack> {
    vec![
        // `MAX_TOGETHER`: each change reads all locks that cover its entry, each listing tells them.
        Attack {
            name: "a person locks one folder many times over",
            prepare: |world| world.members("listed", 500),
            attempt: |world, _| {
                world.person("LOCK", "listed").header("Depth", "infinity").xml(&long_shared())
            },
            tries: 50,
            most: 32,
            granted: &[200],
            refused: 507,
        },
        // It was 2 GiB of memory for one listing: each member had all the locks above it loaded and written out.
        Attack {
            name: "a person lists a folder under such locks",
            prepare: |_| {},
            attempt: |world, number| {
                let wanted =
                    ["<d:prop><d:getetag/></d:prop>", "<d:prop><d:lockdiscovery/></d:prop>", "<d:allprop/>"];
                let body =
                    format!("<d:propfind xmlns:d=\"DAV:\">{}</d:propfind>", wanted[number % wanted.len()]);
                world.person("PROPFIND", "listed").header("Depth", "1").xml(&body)
            },
            tries: 12,
            most: ALL,
            granted: &[207],
            refused: NEVER,
        },
        // It was 40 s of the only writer for one request: all locks were read again for each condition.
        Attack {
            name: "a person asks a thousand conditions",
            prepare: |_| {},
            attempt: |world, number| {
                let condition = ["(<a:>)".repeat(1_000), format!("({})", "Not<a:>".repeat(1_000))];
                world.person("PUT", "listed/m1").header("If", &condition[number % 2]).body("never stored")
            },
            tries: 20,
            most: ALL,
            // False, or true of a file that is locked.
            granted: &[412, 423],
            refused: NEVER,
        },
        Attack {
            name: "a person asks conditions of a hundred resources",
            prepare: |_| {},
            attempt: |world, _| {
                let list = |number| format!("</dav/{PLACE}/listed/m{number}>(<a:>)(Not<a:>)");
                let lists = (0..100).map(list).collect::<Vec<_>>().concat();
                world.person("PUT", "listed/m1").header("If", &lists).body("never stored")
            },
            tries: 20,
            most: 0,
            granted: &[204],
            refused: 423,
        },
    ]
}

/// All locks that there are.
fn locks() -> Vec<Attack> {
    vec![
        // `MAX_PER_USER`
        Attack {
            name: "a person takes locks",
            prepare: |_| {},
            attempt: |world, number| world.person("LOCK", &format!("lock{number}")).xml(EXCLUSIVE),
            tries: 1_020,
            most: 1_000,
            granted: &[200, 201],
            refused: 507,
        },
        // `MAX_PER_LINK`
        Attack {
            name: "the guests of a link take locks",
            prepare: |world| world.members("shared", 120),
            attempt: |world, number| world.guest(0, "LOCK", &format!("m{}", number % 120)).xml(SHARED),
            tries: 120,
            most: 100,
            granted: &[200],
            refused: 507,
        },
        // `MAX_PER_HOST`: many links give their maker no more locks by their guests.
        Attack {
            name: "the guests of many links of one person take locks",
            prepare: |world| world.members("shared/more", 120),
            attempt: |world, number| {
                world.guest(1 + number % (LINKS - 1), "LOCK", &format!("more/m{}", number % 120)).xml(SHARED)
            },
            tries: 250,
            most: 100,
            granted: &[200],
            refused: 507,
        },
    ]
}

/// The time of the only writer, and the bytes that it stores.
fn work() -> Vec<Attack> {
    vec![
        // Present files count against the quota, earlier ones have bounds of their own.
        Attack {
            name: "a person saves a file over and over",
            prepare: |_| {},
            attempt: |world, number| {
                world.person("PUT", "saved").body(vec![u8::try_from(number % 251).unwrap(); 65_536])
            },
            tries: 600,
            most: ALL,
            granted: &[201, 204],
            refused: NEVER,
        },
        // Each is one transaction, and each of the office's three writes may wait for one of each attacker's.
        Attack {
            name: "a person copies a folder over and over",
            prepare: |world| world.members("copied", 200),
            attempt: |world, number| {
                let to = world.server.url(&format!("/dav/{PLACE}/copy{number}"));
                world.person("COPY", "copied").header("Destination", &to)
            },
            tries: 10,
            most: ALL,
            granted: &[201],
            refused: NEVER,
        },
        // One at a time, in steps; it used to be one for the whole server, and no command could end it.
        Attack {
            name: "a person copies a folder into another space over and over",
            prepare: |world| world.members("copied", 100),
            attempt: |world, number| {
                let to = world.server.url(&format!("/dav/{BESIDE}/copy{number}"));
                world.person("COPY", "copied").header("Destination", &to)
            },
            tries: 4,
            most: ALL,
            granted: &[201],
            refused: NEVER,
        },
    ]
}

/// The room of a space, and the memory of a listing.
fn room() -> Vec<Attack> {
    vec![
        // The quota of the space: announced bytes are reserved.
        Attack {
            name: "a person announces uploads",
            prepare: |_| {},
            attempt: |world, number| {
                let path = data_encoding::BASE64.encode(format!("{PLACE}/upload{number}").as_bytes());
                let begun = world.server.anonymous("POST", "/tus").sign_in(PERSON, &world.person);
                let begun =
                    begun.header("Tus-Resumable", "1.0.0").header("Upload-Metadata", &format!("path {path}"));
                begun.header("Upload-Length", &(8 << 20).to_string())
            },
            tries: 20,
            most: 3,
            granted: &[201],
            refused: 507,
        },
        // `MAX_GUEST_PROPERTIES`
        Attack {
            name: "a guest sets properties",
            prepare: |world| world.members("shared/described", 1),
            attempt: |world, number| {
                world.guest(0, "PROPPATCH", "described/m0").xml(&property(number, "short"))
            },
            tries: 30,
            most: 16,
            granted: &[207],
            refused: 507,
        },
        // The quota counts properties. They used to count nowhere: gigabytes in a space of 1 MiB.
        Attack {
            name: "a person sets properties",
            prepare: |world| world.members("described", 60),
            attempt: |world, number| {
                let value = "p".repeat(LONG);
                world
                    .person("PROPPATCH", &format!("described/m{}", number % 60))
                    .xml(&property(number, &value))
            },
            tries: 200,
            most: QUOTA / LONG,
            granted: &[207],
            refused: 507,
        },
        Attack {
            name: "a person lists what has long properties",
            prepare: |_| {},
            attempt: |world, number| {
                let wanted = ["<d:prop><d:getetag/></d:prop>", "<d:allprop/>", "<d:propname/>"][number % 3];
                let body = format!("<d:propfind xmlns:d=\"DAV:\">{wanted}</d:propfind>");
                world.person("PROPFIND", "described").header("Depth", "1").xml(&body)
            },
            tries: 12,
            most: ALL,
            granted: &[207],
            refused: NEVER,
        },
        Attack {
            name: "a person copies what has properties",
            prepare: |_| {},
            attempt: |world, number| {
                let to = world.server.url(&format!("/dav/{PLACE}/described/copy{number}"));
                world.person("COPY", "described/m0").header("Destination", &to)
            },
            tries: 20,
            most: 0,
            granted: &[201],
            refused: 507,
        },
    ]
}

/// The body of a LOCK for a shared lock with as long an owner as there may be.
fn long_shared() -> String {
    let owner = "o".repeat(4_000);
    SHARED.replace("</D:lockinfo>", &format!("<D:owner>{owner}</D:owner></D:lockinfo>"))
}

/// A PROPPATCH that sets a property of this number.
fn property(number: usize, value: &str) -> String {
    format!(
        "<d:propertyupdate xmlns:d=\"DAV:\"><d:set><d:prop><p{number} xmlns=\"urn:hostile\">{value}</p{number}>\
         </d:prop></d:set></d:propertyupdate>"
    )
}

#[test]
fn whoever_takes_all_he_can_leaves_enough_to_others() {
    for group in GROUPS {
        let mut slow = Vec::new();
        for _ in 0..TRIES {
            let world = World::new();
            let findings: Vec<_> = group().iter().map(|attack| world.endure(attack)).collect();
            world.end();
            let wrong: Vec<_> = findings.iter().flat_map(|row| &row.wrong).collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
            slow = findings.into_iter().filter_map(|row| row.slow).collect();
            if slow.is_empty() {
                break;
            }
        }
        assert!(slow.is_empty(), "{TRIES} times, and this time: {slow:#?}");
    }
}

/// Objections to a row.
struct Findings {
    wrong: Vec<String>,
    /// How long the office waited, if that was too long. It may have other reasons.
    slow: Option<String>,
}

/// A server with an office that works and a person who attacks it.
struct World {
    server: TestServer,
    office: String,
    person: String,
    /// Tokens of the links to the folder `shared`, which let their guests edit.
    links: Vec<String>,
}

impl World {
    fn new() -> Self {
        let server = TestServer::start_plain();
        server.cli_ok(["space", "add", PLACE, "--kind", "team", "--quota", &format!("{QUOTA}B")]);
        server.add_user(PERSON, "staff", PASSWORD);
        server.cli_ok(["space", "add", BESIDE, "--kind", "team", "--quota", &format!("{QUOTA}B")]);
        for space in [PLACE, BESIDE] {
            server.cli_ok(["grant", PERSON, space, "write"]);
        }
        let (office, person) = (device_password(&server, USER), device_password(&server, PERSON));
        let mut world = Self { server, office, person, links: Vec::new() };
        world.person("MKCOL", "shared").send().expect(201);
        world.links = (0..LINKS).map(|_| world.share("shared")).collect();
        world
    }

    /// A request of the person, in their space.
    fn person(&self, method: &str, name: &str) -> Request {
        self.server.anonymous(method, &format!("/dav/{PLACE}/{name}")).sign_in(PERSON, &self.person)
    }

    /// A request of a guest of a link.
    fn guest(&self, link: usize, method: &str, name: &str) -> Request {
        self.server.anonymous(method, &format!("/public.php/dav/files/{}/{name}", self.links[link]))
    }

    /// Makes a link with which guests may edit, and returns its token.
    fn share(&self, folder: &str) -> String {
        let shares = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json";
        let request = self.server.anonymous("POST", shares).sign_in(PERSON, &self.person);
        let request = request.header("OCS-APIRequest", "true");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let made =
            request.body(format!("path=/{PLACE}/{folder}&shareType=3&permissions=15")).send().expect(200);
        let made: serde_json::Value = serde_json::from_slice(&made.body).unwrap();
        made["ocs"]["data"]["token"].as_str().unwrap().to_owned()
    }

    /// Small files `m0`, `m1`, ... in a folder of the person's, which is made if it is missing.
    fn members(&self, folder: &str, count: usize) {
        let made = self.person("MKCOL", folder).send();
        assert!([201, 405].contains(&made.status), "{made}");
        for number in 0..count {
            let put = self.person("PUT", &format!("{folder}/m{number}")).body("member").send();
            assert!([201, 204].contains(&put.status), "{put}");
        }
    }

    /// A request of a client that means no harm.
    fn ordinary(&self, number: usize) -> Request {
        self.server
            .anonymous("PUT", &format!("/dav/{SPACE}/ordinary{}", number % 10))
            .sign_in(USER, &self.office)
            .body("as everybody does")
    }

    /// One round of the office, all of which must succeed. Adds how long each request took.
    fn round(&self, took: &mut Vec<Duration>) {
        let office = |method: &str| {
            self.server.anonymous(method, &format!("/dav/{SPACE}/daily.txt")).sign_in(USER, &self.office)
        };
        let mut timed = |request: Request| {
            let begun = Instant::now();
            let answer = request.send();
            took.push(begun.elapsed());
            answer
        };
        let put = timed(office("PUT").body("daily"));
        assert!([201, 204].contains(&put.status), "{put}");
        timed(office("GET")).expect(200);
        timed(office("PROPFIND").header("Depth", "0")).expect(207);
        let lock = timed(office("LOCK").xml(EXCLUSIVE)).expect(200);
        timed(office("UNLOCK").header("Lock-Token", lock.header("lock-token").unwrap())).expect(204);
    }

    /// Carries out a row.
    #[allow(clippy::print_stdout, reason = "the figures of the row, which the test keeps unless it fails")]
    fn endure(&self, attack: &Attack) -> Findings {
        (attack.prepare)(self);
        // The peak of memory starts afresh.
        let pid = self.server.pid();
        std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
        let found = self.fight(attack);
        let peak = memory_kib(pid, "VmHWM");

        let granted = found.answers.iter().filter(|status| attack.granted.contains(status)).count();
        let known = |status: &&u16| attack.granted.contains(status) || **status == attack.refused;
        let odd: BTreeSet<_> = found.answers.iter().filter(|status| !known(status)).collect();
        let (under_attack, beside) = (most(&found.under_attack), most(&found.beside_ordinary));
        println!(
            "{}: {granted} of {} granted; of the office's requests 95 % took {under_attack:?} instead of {beside:?} \
             and the median {:?} instead of {:?}; {} MiB",
            attack.name,
            found.answers.len(),
            percentile(&found.under_attack, 50),
            percentile(&found.beside_ordinary, 50),
            peak / 1024,
        );
        assert_alive(&self.server);
        let wrong = [
            (!odd.is_empty(), format!("answers besides success and {}: {odd:?}", attack.refused)),
            (granted == 0 && attack.most > 0, "nothing was granted".to_owned()),
            (granted > attack.most, format!("{granted} granted instead of {}", attack.most)),
            (peak > MEMORY_KIB, format!("{peak} KiB of memory")),
        ];
        let wrong = wrong.into_iter().filter(|(is_wrong, _)| *is_wrong);
        Findings {
            wrong: wrong.map(|(_, fault)| format!("{}: {fault}", attack.name)).collect(),
            slow: (under_attack > beside.max(QUICK) * SLOWDOWN)
                .then(|| format!("{}: {under_attack:?} instead of {beside:?}", attack.name)),
        }
    }

    fn fight(&self, attack: &Attack) -> Found {
        let (hostile, over) = (AtomicBool::new(false), AtomicBool::new(false));
        let (tried, done) = (AtomicUsize::new(0), [const { AtomicUsize::new(0) }; ATTACKERS]);
        std::thread::scope(|scope| {
            let attackers: Vec<_> = done
                .iter()
                .map(|done| {
                    scope.spawn(|| {
                        let mut answers = Vec::new();
                        while !over.load(Ordering::Relaxed) {
                            if hostile.load(Ordering::Relaxed) {
                                let number = tried.fetch_add(1, Ordering::Relaxed);
                                let answer = (attack.attempt)(self, number).try_send();
                                answers.push(answer.map_or(UNANSWERED, |answer| answer.status));
                            } else {
                                let _ = self.ordinary(done.load(Ordering::Relaxed)).try_send();
                            }
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                        answers
                    })
                })
                .collect();
            let mut found = Found::default();
            // The attackers end with the scope even if a round fails.
            let ends = EndWith(&over);
            let mut rounds = 0;
            while rounds < ROUNDS || tried.load(Ordering::Relaxed) < attack.tries {
                rounds += 1;
                for is_hostile in [false, true] {
                    hostile.store(is_hostile, Ordering::Relaxed);
                    // The work of each of them when the round begins is of the new kind.
                    let before = done.each_ref().map(|done| done.load(Ordering::Relaxed));
                    while done.iter().zip(before).any(|(done, before)| done.load(Ordering::Relaxed) == before)
                    {
                        pause(Duration::from_millis(1));
                    }
                    self.round(if is_hostile { &mut found.under_attack } else { &mut found.beside_ordinary });
                }
            }
            drop(ends);
            found.answers = attackers.into_iter().flat_map(|attacker| attacker.join().unwrap()).collect();
            found
        })
    }

    /// Nothing of all that did harm.
    fn end(mut self) {
        assert!(!self.server.log().contains("panicked"), "{}", self.server.log());
        assert!(self.server.stop().success());
        assert_sound(&self.server);
    }
}

/// The outcome of a row.
#[derive(Default)]
struct Found {
    /// Statuses that the attackers were answered.
    answers: Vec<u16>,
    /// How long requests of the office took.
    under_attack: Vec<Duration>,
    beside_ordinary: Vec<Duration>,
}

/// Sets a flag when it is dropped.
struct EndWith<'a>(&'a AtomicBool);

impl Drop for EndWith<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How long `percent` of the requests took at most.
fn percentile(requests: &[Duration], percent: usize) -> Duration {
    let mut sorted = requests.to_vec();
    sorted.sort();
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// How long 95 of 100 took at most.
fn most(requests: &[Duration]) -> Duration {
    percentile(requests, 95)
}
