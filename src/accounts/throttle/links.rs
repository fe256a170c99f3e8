//! Throttles guesses at links: passwords, and requests that try tokens.

use std::net::IpAddr;

use super::{Counters, Network, PER_NETWORK, RetryAfter, Rule};
use crate::model::{LinkId, Timestamp};

/// Counts wrong passwords of links, like [`Throttle`](super::Throttle) does for users. Guests have no account, so
/// no network is known.
///
/// | counted per | limit in 15 min | first wait, doubling up to | stops |
/// |---|---|---|---|
/// | link and network | 5 | 15 min | guessing one link's password |
/// | network, all links together | 20 | 10 s .. 15 min | spraying over links |
/// | link, all networks together | 50 | 5 s .. 1 min | guessing one password from many places |
///
/// Requests for links that do not exist are counted per network, too: a network with many of them waits for the
/// answer that there is none. Existing links still open.
pub(in crate::accounts) struct LinkThrottle {
    pairs: Counters<(LinkId, Network)>,
    networks: Counters<Network>,
    links: Counters<LinkId>,
    misses: Counters<Network>,
}

/// Wrong passwords of one link from one network within 15 minutes, before that network waits.
const PER_PAIR: Rule = Rule { limit: 5, first_wait_s: 15 * 60, longest_wait_s: 15 * 60 };
/// Wrong passwords of one link from all networks within 15 minutes, before the link makes each try wait.
const PER_LINK: Rule = Rule { limit: 50, first_wait_s: 5, longest_wait_s: 60 };
/// Requests of one network for links that do not exist, within 15 minutes, before it waits.
const MISSES: Rule = Rule { limit: 100, first_wait_s: 5, longest_wait_s: 5 * 60 };

/// A guess at a link's password that counts as wrong until it is settled.
#[derive(Debug)]
#[must_use]
pub(in crate::accounts) struct LinkCharge(LinkId, Network);

impl LinkThrottle {
    /// A throttle without counts.
    pub(in crate::accounts) fn new() -> Self {
        Self {
            pairs: Counters::new(PER_PAIR),
            networks: Counters::new(PER_NETWORK),
            links: Counters::new(PER_LINK),
            misses: Counters::new(MISSES),
        }
    }

    /// Whether a password may be tried now; does not count it.
    pub(in crate::accounts) fn check(
        &self,
        link: LinkId,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<(), RetryAfter> {
        let network = Network::from(peer);
        let waits = [
            self.pairs.wait_s((link, network), now),
            self.networks.wait_s(network, now),
            self.links.wait_s(link, now),
        ];
        match waits.into_iter().max() {
            None | Some(0) => Ok(()),
            Some(wait) => Err(RetryAfter(wait)),
        }
    }

    /// Like [`Self::check`]; an allowed attempt counts as failed until [`Self::withdrawn`].
    pub(in crate::accounts) fn begin(
        &mut self,
        link: LinkId,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<LinkCharge, RetryAfter> {
        self.check(link, peer, now)?;
        let network = Network::from(peer);
        self.pairs.add((link, network), now);
        self.networks.add(network, now);
        self.links.add(link, now);
        Ok(LinkCharge(link, network))
    }

    /// Reverts the count of an attempt that succeeded or was not judged.
    #[expect(clippy::needless_pass_by_value, reason = "a charge is settled once")]
    pub(in crate::accounts) fn withdrawn(&mut self, charge: LinkCharge) {
        let LinkCharge(link, network) = charge;
        self.pairs.take_back((link, network));
        self.networks.take_back(network);
        self.links.take_back(link);
    }

    /// Counts a request for a link that does not exist, or refuses it if there were too many.
    pub(in crate::accounts) fn missed(&mut self, peer: IpAddr, now: Timestamp) -> Result<(), RetryAfter> {
        let network = Network::from(peer);
        match self.misses.wait_s(network, now) {
            0 => {
                self.misses.add(network, now);
                Ok(())
            }
            wait => Err(RetryAfter(wait)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{AWAY, HOME, NOW, later};
    use super::*;

    fn guess(throttle: &mut LinkThrottle, link: i64, peer: &str, now: Timestamp) -> Result<(), RetryAfter> {
        throttle.begin(LinkId(link), peer.parse().unwrap(), now).map(drop)
    }

    #[test]
    fn the_sixth_guess_at_a_link_waits_a_quarter_of_an_hour() {
        let mut throttle = LinkThrottle::new();
        for _ in 0..5 {
            assert_eq!(guess(&mut throttle, 1, AWAY, NOW), Ok(()));
        }
        assert_eq!(guess(&mut throttle, 1, "198.51.100.200", NOW), Err(RetryAfter(900)), "same network");
        assert_eq!(guess(&mut throttle, 1, AWAY, later(899)), Err(RetryAfter(1)));
        assert_eq!(guess(&mut throttle, 1, AWAY, later(900)), Ok(()));
        assert_eq!(guess(&mut throttle, 1, HOME, NOW), Ok(()), "somebody else's network");
        assert_eq!(guess(&mut throttle, 2, AWAY, NOW), Ok(()), "another link");
    }

    #[test]
    fn guesses_from_many_networks_or_at_many_links_wait_too() {
        let mut throttle = LinkThrottle::new();
        for i in 0..50 {
            assert_eq!(guess(&mut throttle, 1, &format!("10.0.{i}.1"), NOW), Ok(()));
        }
        assert_eq!(guess(&mut throttle, 1, HOME, NOW), Err(RetryAfter(5)));
        let mut throttle = LinkThrottle::new();
        for link in 0..20 {
            assert_eq!(guess(&mut throttle, link, AWAY, NOW), Ok(()));
        }
        assert_eq!(guess(&mut throttle, 99, AWAY, NOW), Err(RetryAfter(10)));
    }

    #[test]
    fn right_passwords_and_found_links_count_nothing() {
        let mut throttle = LinkThrottle::new();
        for _ in 0..100 {
            let charge = throttle.begin(LinkId(1), AWAY.parse().unwrap(), NOW).unwrap();
            throttle.withdrawn(charge);
        }
        assert!(throttle.pairs.by_key.is_empty() && throttle.links.by_key.is_empty());
        for _ in 0..100 {
            assert_eq!(throttle.missed(AWAY.parse().unwrap(), NOW), Ok(()));
        }
        assert_eq!(throttle.missed(AWAY.parse().unwrap(), NOW), Err(RetryAfter(5)));
        assert_eq!(throttle.missed(HOME.parse().unwrap(), NOW), Ok(()));
    }
}
