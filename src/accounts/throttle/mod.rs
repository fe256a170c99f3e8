//! Slows down guessing without shutting the owner out. A pure state machine: time is passed in.
//!
//! Failed logins are counted in three places; a separate list holds the networks that an account has used:
//!
//! | counted per | limit in 15 min | first wait, doubling up to | stops |
//! |---|---|---|---|
//! | network (IPv4 /24, IPv6 /64), all names together | 20 | 10 s .. 15 min | spraying over names |
//! | account, all unknown networks together | 10 | 5 s .. 5 min | guessing one password from many places |
//! | account at a network it knows | 10 | 5 s .. 1 min | a neighbour's guesses, nothing more |
//!
//! Only the third row applies to an attempt from a network in which this account logged in during the last 30 days,
//! so neither a stranger who guesses at the account nor a colleague's forgotten script behind the same address
//! keeps the owner out. App passwords and cached credentials are not throttled at all. Names without an account are
//! counted like any other, because a throttle must not reveal which accounts exist.

mod links;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::time::Duration;

pub(super) use self::links::LinkThrottle;
use crate::model::Timestamp;

/// Failures within this time are counted together.
pub(super) const WINDOW: Duration = Duration::from_mins(15);
/// Time for which a network stays known after the last login from it.
pub(super) const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);
/// Counters of each kind; beyond it those with the fewest failures are dropped.
pub(super) const MAX_COUNTERS: usize = 20_000;
/// Accounts whose networks are remembered.
pub(super) const MAX_KNOWN_ACCOUNTS: usize = 5_000;
/// Networks remembered per account; the one unused for longest is dropped first.
pub(super) const MAX_KNOWN_NETWORKS: usize = 16;

/// Wrong passwords from one network within [`WINDOW`], before it waits.
const PER_NETWORK: Rule = Rule { limit: 20, first_wait_s: 10, longest_wait_s: 15 * 60 };
/// Wrong passwords for one account from unknown networks within [`WINDOW`], before these wait.
const PER_ACCOUNT: Rule = Rule { limit: 10, first_wait_s: 5, longest_wait_s: 5 * 60 };
/// Wrong passwords for one account from a known network within [`WINDOW`], before that network waits.
const AT_HOME: Rule = Rule { limit: 10, first_wait_s: 5, longest_wait_s: 60 };

/// The network of a request: as much of the address as one subscriber can change at will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// The first 24 bits of an IPv4 address, also of one mapped into IPv6.
    V4([u8; 3]),
    /// The first 64 bits of an IPv6 address.
    V6([u8; 8]),
}

/// Seconds before the next attempt is allowed (1 to 900).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RetryAfter(pub(super) u32);

/// One login attempt: the claimed account and the client's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    account: AccountTag,
    network: Network,
}

/// An allowed attempt, which counts as failed until it is settled.
#[derive(Debug)]
#[must_use]
pub(super) struct Charge {
    attempt: Attempt,
    at_home: bool,
}

/// The counters of this process.
pub(super) struct Throttle {
    tags: RandomState,
    networks: Counters<Network>,
    accounts: Counters<AccountTag>,
    at_home: Counters<(AccountTag, Network)>,
    known: HashMap<AccountTag, Vec<(Network, Timestamp)>>,
}

/// An account name hashed to 8 bytes under a secret key, so that outsiders cannot cause collisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct AccountTag(u64);

struct Rule {
    limit: u32,
    first_wait_s: u32,
    longest_wait_s: u32,
}

struct Counters<K> {
    rule: Rule,
    by_key: HashMap<K, Counter>,
}

#[derive(Clone, Copy)]
struct Counter {
    failures: u32,
    first: Timestamp,
    last: Timestamp,
}

impl From<IpAddr> for Network {
    fn from(peer: IpAddr) -> Self {
        match peer.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(v6) => {
                let [network @ .., _, _, _, _, _, _, _, _] = v6.octets();
                Self::V6(network)
            }
        }
    }
}

impl Throttle {
    /// A throttle without counts and known networks.
    pub(super) fn new() -> Self {
        Self {
            tags: RandomState::new(),
            networks: Counters::new(PER_NETWORK),
            accounts: Counters::new(PER_ACCOUNT),
            at_home: Counters::new(AT_HOME),
            known: HashMap::new(),
        }
    }

    /// Identifies an attempt; `name_key` is the matching form of the name sent, whether it exists or not.
    pub(super) fn attempt(&self, name_key: &str, peer: IpAddr) -> Attempt {
        Attempt { account: AccountTag(self.tags.hash_one(name_key)), network: Network::from(peer) }
    }

    /// Whether the attempt may be made now; does not count it.
    pub(super) fn check(&self, attempt: Attempt, now: Timestamp) -> Result<(), RetryAfter> {
        let wait = if self.knows(attempt, now) {
            self.at_home.wait_s((attempt.account, attempt.network), now)
        } else {
            let network = self.networks.wait_s(attempt.network, now);
            network.max(self.accounts.wait_s(attempt.account, now))
        };
        if wait == 0 { Ok(()) } else { Err(RetryAfter(wait)) }
    }

    /// Like [`Self::check`]; an allowed attempt counts as failed until [`Self::succeeded`] or [`Self::withdrawn`]
    /// reverts that, because a client that disconnects before the answer has made its guess all the same.
    pub(super) fn begin(&mut self, attempt: Attempt, now: Timestamp) -> Result<Charge, RetryAfter> {
        self.check(attempt, now)?;
        let at_home = self.knows(attempt, now);
        if at_home {
            self.at_home.add((attempt.account, attempt.network), now);
        } else {
            self.accounts.add(attempt.account, now);
        }
        self.networks.add(attempt.network, now);
        Ok(Charge { attempt, at_home })
    }

    /// Reverts the count of an attempt that succeeded and remembers its network as known. Other failures stay: an
    /// attacker could otherwise clear them by logging in to their own account.
    pub(super) fn succeeded(&mut self, charge: Charge, now: Timestamp) {
        self.remember(charge.attempt, now);
        self.withdrawn(charge);
    }

    /// Reverts the count of an attempt that was not judged.
    #[expect(clippy::needless_pass_by_value, reason = "a charge is settled once")]
    pub(super) fn withdrawn(&mut self, charge: Charge) {
        let Charge { attempt, at_home } = charge;
        if at_home {
            self.at_home.take_back((attempt.account, attempt.network));
        } else {
            self.accounts.take_back(attempt.account);
        }
        self.networks.take_back(attempt.network);
    }

    /// Remembers the network as one from which this account logs in.
    pub(super) fn remember(&mut self, attempt: Attempt, now: Timestamp) {
        if self.known.len() >= MAX_KNOWN_ACCOUNTS && !self.known.contains_key(&attempt.account) {
            self.forget_the_least_seen();
        }
        let networks = self.known.entry(attempt.account).or_default();
        networks.retain(|(network, _)| *network != attempt.network);
        if networks.len() >= MAX_KNOWN_NETWORKS {
            networks.remove(0);
        }
        networks.push((attempt.network, now));
    }

    fn knows(&self, attempt: Attempt, now: Timestamp) -> bool {
        self.known.get(&attempt.account).is_some_and(|networks| {
            networks.iter().any(|(network, seen)| *network == attempt.network && now.since(*seen) < KNOWN_FOR)
        })
    }

    fn forget_the_least_seen(&mut self) {
        let last_seen = |networks: &Vec<(Network, Timestamp)>| networks.last().map(|(_, at)| *at);
        let oldest = self.known.iter().min_by_key(|(_, networks)| last_seen(networks));
        if let Some(tag) = oldest.map(|(tag, _)| *tag) {
            self.known.remove(&tag);
        }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Copy + Eq + Hash> Counters<K> {
    fn new(rule: Rule) -> Self {
        Self { rule, by_key: HashMap::new() }
    }

    fn wait_s(&self, key: K, now: Timestamp) -> u32 {
        self.by_key.get(&key).map_or(0, |counter| counter.wait_s(&self.rule, now))
    }

    fn add(&mut self, key: K, now: Timestamp) {
        if self.by_key.len() >= MAX_COUNTERS && !self.by_key.contains_key(&key) {
            self.make_room(now);
        }
        let fresh = Counter { failures: 0, first: now, last: now };
        let counter = self.by_key.entry(key).or_insert(fresh);
        if counter.is_over(&self.rule, now) {
            *counter = fresh;
        }
        counter.failures = counter.failures.saturating_add(1);
        counter.last = now;
    }

    fn take_back(&mut self, key: K) {
        if let Some(counter) = self.by_key.get_mut(&key) {
            counter.failures = counter.failures.saturating_sub(1);
            if counter.failures == 0 {
                self.by_key.remove(&key);
            }
        }
    }

    /// Drops expired counters, and if that is not enough, the eighth with the fewest and oldest failures.
    fn make_room(&mut self, now: Timestamp) {
        let rule = &self.rule;
        self.by_key.retain(|_, counter| !counter.is_over(rule, now));
        let excess = self.by_key.len().saturating_sub(MAX_COUNTERS - MAX_COUNTERS / 8);
        if excess > 0 {
            let mut ranked: Vec<_> =
                self.by_key.iter().map(|(key, c)| ((c.failures, c.last), *key)).collect();
            ranked.select_nth_unstable_by_key(excess - 1, |(rank, _)| *rank);
            for (_, key) in ranked.iter().take(excess) {
                self.by_key.remove(key);
            }
        }
    }
}

impl Counter {
    /// Seconds left to wait; 0 for none.
    fn wait_s(&self, rule: &Rule, now: Timestamp) -> u32 {
        if self.is_over(rule, now) {
            return 0;
        }
        let wait = u64::from(rule.wait_s(self.failures)) * 1_000;
        let passed = u64::try_from(now.since(self.last).as_millis()).unwrap_or(u64::MAX);
        u32::try_from(wait.saturating_sub(passed).div_ceil(1_000)).unwrap_or(u32::MAX)
    }

    /// Whether the failures are too old to matter. Those that reached the limit expire one window after their wait,
    /// so that waiting does not reset the count.
    fn is_over(&self, rule: &Rule, now: Timestamp) -> bool {
        // The clock was set back: a wait must not last until it has caught up.
        if self.last.since(now) > WINDOW {
            return true;
        }
        let wait = rule.wait_s(self.failures);
        if wait == 0 {
            now.since(self.first) >= WINDOW
        } else {
            now.since(self.last) >= WINDOW + Duration::from_secs(wait.into())
        }
    }
}

impl Rule {
    fn wait_s(&self, failures: u32) -> u32 {
        match failures.checked_sub(self.limit) {
            None => 0,
            Some(beyond) => self.first_wait_s.saturating_mul(1 << beyond.min(16)).min(self.longest_wait_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const NOW: Timestamp = Timestamp(1_000_000_000);
    pub(super) const HOME: &str = "192.0.2.7";
    pub(super) const AWAY: &str = "198.51.100.1";

    pub(super) fn later(secs: u64) -> Timestamp {
        NOW.after(Duration::from_secs(secs))
    }

    fn attempt(throttle: &Throttle, name: &str, peer: &str) -> Attempt {
        throttle.attempt(name, peer.parse().unwrap())
    }

    fn fail(throttle: &mut Throttle, name: &str, peer: &str, times: u32) {
        let attempt = attempt(throttle, name, peer);
        for _ in 0..times {
            let _failed = throttle.begin(attempt, NOW).unwrap();
        }
    }

    fn check(throttle: &Throttle, name: &str, peer: &str, now: Timestamp) -> Result<(), RetryAfter> {
        throttle.check(attempt(throttle, name, peer), now)
    }

    #[test]
    fn the_tenth_failure_makes_an_account_wait_and_the_waits_grow() {
        let mut throttle = Throttle::new();
        fail(&mut throttle, "anna", AWAY, 9);
        assert_eq!(check(&throttle, "anna", AWAY, NOW), Ok(()));
        fail(&mut throttle, "anna", AWAY, 1);
        // The limit is per account, so it applies from a third network too.
        assert_eq!(check(&throttle, "anna", "203.0.113.1", NOW), Err(RetryAfter(5)));
        assert_eq!(check(&throttle, "anna", AWAY, Timestamp(NOW.0 + 4_001)), Err(RetryAfter(1)));
        assert_eq!(check(&throttle, "anna", AWAY, later(5)), Ok(()));
        assert_eq!(check(&throttle, "bert", AWAY, NOW), Ok(()));

        let mut now = later(5);
        let waits: Vec<u32> = (0..7)
            .map(|i| {
                let guess = attempt(&throttle, "anna", &format!("203.0.{i}.1"));
                let _failed = throttle.begin(guess, now).unwrap();
                let RetryAfter(wait) = throttle.check(guess, now).unwrap_err();
                now = now.after(Duration::from_secs(wait.into()));
                wait
            })
            .collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn spraying_over_names_makes_the_network_wait() {
        let mut throttle = Throttle::new();
        for i in 0..20 {
            fail(&mut throttle, &format!("user{i}"), AWAY, 1);
        }
        assert_eq!(check(&throttle, "carla", "198.51.100.254", NOW), Err(RetryAfter(10)));
        assert_eq!(check(&throttle, "carla", HOME, NOW), Ok(()));
    }

    #[test]
    fn networks_are_subscribers_not_addresses() {
        let same = |a: &str, b: &str| {
            Network::from(a.parse::<IpAddr>().unwrap()) == Network::from(b.parse::<IpAddr>().unwrap())
        };
        assert!(same("192.0.2.1", "192.0.2.254"));
        assert!(!same("192.0.2.1", "192.0.3.1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.9"));
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    }

    #[test]
    fn nobody_can_keep_the_owner_out_of_a_network_he_knows() {
        let mut throttle = Throttle::new();
        let home = attempt(&throttle, "anna", HOME);
        throttle.remember(home, NOW);
        // A stranger elsewhere guesses at the account, and a neighbour sprays from her network.
        fail(&mut throttle, "anna", AWAY, 10);
        for i in 0..20 {
            fail(&mut throttle, &format!("user{i}"), HOME, 1);
        }
        assert_ne!(check(&throttle, "anna", AWAY, NOW), Ok(()));
        assert_ne!(check(&throttle, "bert", HOME, NOW), Ok(()));
        assert_eq!(throttle.check(home, NOW), Ok(()));
        // Guesses at her account from her own network make only that pair wait, at most a minute.
        fail(&mut throttle, "anna", HOME, 10);
        assert_eq!(throttle.check(home, NOW), Err(RetryAfter(5)));
        assert_eq!(AT_HOME.wait_s(u32::MAX), 60);
    }

    #[test]
    fn a_network_is_forgotten_after_thirty_days() {
        let mut throttle = Throttle::new();
        let home = attempt(&throttle, "anna", HOME);
        throttle.remember(home, NOW);
        assert!(throttle.knows(home, Timestamp(NOW.after(KNOWN_FOR).0 - 1)));
        assert!(!throttle.knows(home, NOW.after(KNOWN_FOR)));
    }

    #[test]
    fn success_takes_back_its_own_attempt_only() {
        let mut throttle = Throttle::new();
        fail(&mut throttle, "anna", AWAY, 9);
        let right = attempt(&throttle, "anna", AWAY);
        let charge = throttle.begin(right, NOW).unwrap();
        throttle.succeeded(charge, NOW);
        assert_eq!(check(&throttle, "anna", "203.0.113.1", NOW), Ok(()));
        fail(&mut throttle, "anna", "203.0.113.1", 1);
        assert_ne!(check(&throttle, "anna", "203.0.113.1", NOW), Ok(()));
    }

    #[test]
    fn withdrawn_attempts_were_never_made() {
        let mut throttle = Throttle::new();
        let guess = attempt(&throttle, "anna", AWAY);
        for _ in 0..100 {
            let charge = throttle.begin(guess, NOW).unwrap();
            throttle.withdrawn(charge);
        }
        assert!(throttle.accounts.by_key.is_empty() && throttle.networks.by_key.is_empty());
    }

    #[test]
    fn failures_are_forgotten_after_the_window_and_waits_a_window_later() {
        let mut throttle = Throttle::new();
        fail(&mut throttle, "anna", AWAY, 9);
        let guess = attempt(&throttle, "anna", AWAY);
        let _failed = throttle.begin(guess, later(900)).unwrap();
        assert_eq!(throttle.check(guess, later(900)), Ok(()), "counted anew");

        fail(&mut throttle, "bert", AWAY, 9);
        fail(&mut throttle, "bert", AWAY, 1);
        let guess = attempt(&throttle, "bert", "203.0.113.1");
        let _failed = throttle.begin(guess, later(904)).unwrap();
        assert_eq!(throttle.check(guess, later(904)), Err(RetryAfter(10)), "not yet forgotten");
    }

    #[test]
    fn setting_the_clock_back_does_not_stretch_a_wait() {
        let mut throttle = Throttle::new();
        fail(&mut throttle, "anna", AWAY, 10);
        assert_eq!(check(&throttle, "anna", AWAY, Timestamp(NOW.0 - 1)), Err(RetryAfter(5)));
        assert_eq!(check(&throttle, "anna", AWAY, Timestamp(0)), Ok(()));
    }

    #[test]
    fn a_flood_of_names_does_not_wash_out_the_worst() {
        let mut throttle = Throttle::new();
        fail(&mut throttle, "anna", AWAY, 10);
        for i in 0..MAX_COUNTERS * 2 {
            throttle.accounts.add(AccountTag(i as u64), NOW);
            assert!(throttle.accounts.by_key.len() <= MAX_COUNTERS);
        }
        assert_eq!(check(&throttle, "anna", "203.0.113.1", NOW), Err(RetryAfter(5)));
    }

    #[test]
    fn known_networks_stay_bounded() {
        let mut throttle = Throttle::new();
        for i in 0..=MAX_KNOWN_NETWORKS {
            let from = attempt(&throttle, "anna", &format!("10.0.{i}.1"));
            throttle.remember(from, later(i as u64));
        }
        assert!(!throttle.knows(attempt(&throttle, "anna", "10.0.0.1"), later(99)));
        assert!(throttle.knows(attempt(&throttle, "anna", "10.0.16.1"), later(99)));
        for i in 0..=MAX_KNOWN_ACCOUNTS {
            let from = attempt(&throttle, &format!("user{i}"), HOME);
            throttle.remember(from, later(100 + i as u64));
        }
        assert_eq!(throttle.known.len(), MAX_KNOWN_ACCOUNTS);
        assert!(!throttle.knows(attempt(&throttle, "anna", "10.0.16.1"), later(9_999)));
    }
}
