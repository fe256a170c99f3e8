//! How fast hand-ins may begin through a box, whose address stands in the signature of every mail.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;

use super::HandInError;
use crate::accounts::Network;
use crate::model::{LinkId, Timestamp};

/// Time within which hand-ins through a box are counted together.
pub(super) const BOX_WINDOW: Duration = Duration::from_hours(1);
/// Most hand-ins that begin through a box within an hour.
pub(super) const BOX_HAND_INS: usize = 30;
/// Most of them from one network, so that it shuts no other out.
const BOX_HAND_INS_OF_NETWORK: usize = 5;
/// Time after which a hand-in through a box is closed, if its person has not finished it.
pub(super) const BOX_OPEN_FOR: Duration = Duration::from_hours(7 * 24);
/// Networks that are remembered; beyond them the one that was quiet for longest is forgotten.
const MAX_NETWORKS: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// When networks began hand-ins through boxes, in memory only.
pub(in crate::sharing) struct BoxPace(Mutex<LruCache<(LinkId, Network), VecDeque<Timestamp>>>);

impl BoxPace {
    /// Counts a hand-in of this network.
    ///
    /// Errors: `TooOften`, if it began enough of them within the last hour.
    pub(super) fn count(&self, link: LinkId, network: Network, now: Timestamp) -> Result<(), HandInError> {
        let mut networks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = networks.get_or_insert_mut((link, network), VecDeque::new);
        times.retain(|at| now.since(*at) < BOX_WINDOW);
        if times.len() >= BOX_HAND_INS_OF_NETWORK {
            return Err(HandInError::TooOften);
        }
        times.push_back(now);
        Ok(())
    }
}

impl Default for BoxPace {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_NETWORKS)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn a_network_slows_down_itself_and_no_other() {
        let pace = BoxPace::default();
        let at = |minutes: i64| Timestamp::from_secs(1_800_000_000 + 60 * minutes);
        let count = |address: &str, minutes| {
            let network = Network::from(address.parse::<IpAddr>().unwrap());
            pace.count(LinkId(1), network, at(minutes)).is_ok()
        };
        for n in 0..5 {
            assert!(count("192.0.2.7", n));
        }
        assert!(!count("192.0.2.200", 6), "a neighbour in the same network");
        assert!(count("198.51.100.7", 6));
        assert!(!count("192.0.2.7", 59));
        assert!(count("192.0.2.7", 60), "the first one is an hour old");
        assert!(!count("192.0.2.7", 60));
    }
}
