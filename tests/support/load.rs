//! Shared parts of tests under load: dice with a printed seed, realistic sizes, a cheap login, and the resources of
//! a process.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::Duration;

use super::TestServer;

/// A number from the environment, such as the duration of a test.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}

/// The seed of this run: `TRESOR_TEST_SEED`, or a random one. It is printed, and a failing test shows it;
/// concurrent clients still act in a different order each time.
pub fn seed() -> u64 {
    let seed = setting("TRESOR_TEST_SEED", getrandom::u64().unwrap() >> 1);
    println!("TRESOR_TEST_SEED={seed}");
    seed
}

/// xorshift64*: the same numbers for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        // An odd constant spreads small seeds; the state must never be zero.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// `0 .. sides`; zero if there is no side.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).unwrap() % sides.max(1)
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.roll(of.len());
        of.get(at)
    }

    /// The length of a file: mostly small, often at the edges of a chunk or batch, rarely 3 MiB.
    pub fn length(&mut self) -> usize {
        match self.roll(100) {
            0..45 => self.roll(4_096),
            45..70 => self.roll(65_536),
            70..80 => [0, 1, 65_535, 65_536, 65_537, 131_072][self.roll(6)],
            80..95 => self.roll(300_000),
            _ => self.roll(3 << 20),
        }
    }
}

/// Waits for a random moment, not for an event.
pub fn pause(length: Duration) {
    let end = std::time::Instant::now() + length;
    while let Some(rest) =
        end.checked_duration_since(std::time::Instant::now()).filter(|rest| !rest.is_zero())
    {
        std::thread::park_timeout(rest);
    }
}

/// A device password of this user: it is looked up, not stretched, so that a new server accepts it quickly.
pub fn device_password(server: &TestServer, user: &str) -> String {
    let answer = server.cli_ok(["user", "app-password", "add", user, "--label", "load", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    answer["password"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A number of kibibytes from `/proc/<pid>/status`, such as `VmRSS` or `VmHWM`.
pub fn memory_kib(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let words = line.unwrap_or_else(|| panic!("{field} in {status}")).split_ascii_whitespace().next();
    words.unwrap().parse().unwrap()
}

/// Open descriptors of a process.
pub fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// Files below `tmp/`: uploads under way.
pub fn parts(server: &TestServer) -> BTreeSet<OsString> {
    let parts = std::fs::read_dir(server.data().join("tmp")).unwrap();
    parts.map(|part| part.unwrap().file_name()).collect()
}
