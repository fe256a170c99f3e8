//! How often strangers may do something through a link, counted in memory.

use std::collections::VecDeque;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;

use crate::model::Timestamp;

/// Time within which everything is counted together.
pub(super) const WINDOW: Duration = Duration::from_hours(1);
/// Strangers that are remembered; beyond them the one that was quiet for longest is forgotten.
const MAX_REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// The latest times of each stranger, or of each link.
pub(super) struct Pace<K: Hash + Eq>(Mutex<LruCache<K, VecDeque<Timestamp>>>);

impl<K: Hash + Eq> Pace<K> {
    /// Counts once more, unless it was `most` times within the last hour; returns whether it counted.
    pub(super) fn count(&self, key: K, most: usize, now: Timestamp) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = known.get_or_insert_mut(key, VecDeque::new);
        times.retain(|at| now.since(*at) < WINDOW);
        let may = times.len() < most;
        if may {
            times.push_back(now);
        }
        may
    }
}

impl<K: Hash + Eq> Default for Pace<K> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MAX_REMEMBERED)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::accounts::Network;
    use crate::model::LinkId;

    #[test]
    fn a_network_slows_down_itself_and_no_other() {
        let pace = Pace::default();
        let at = |minutes: i64| Timestamp::from_secs(1_800_000_000 + 60 * minutes);
        let count = |address: &str, minutes| {
            let network = Network::from(address.parse::<IpAddr>().unwrap());
            pace.count((LinkId(1), network), 5, at(minutes))
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
