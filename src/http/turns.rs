//! Turns for costly work: archives of folders, and receipts. They are counted over all requests.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::accounts::Network;

/// Most archives whose trees are read at the same time.
const MOST_PLANNED_AT_ONCE: usize = 2;
/// Most files and folders in all archives that are sent at the same time; each takes about 300 bytes of memory.
const MOST_MEMBERS_IN_ALL: usize = 1_000_000;
/// Most archives for which contents are read only to compute their CRC-32, at the same time.
const MOST_LEARNT_AT_ONCE: usize = 1;
/// Most PDFs that are made at the same time.
const MOST_PRINTED_AT_ONCE: usize = 2;
/// Most receipts that are checked at the same time, each with its body in memory.
const MOST_CHECKED_AT_ONCE: usize = 16;
/// Most of them for one network, so that slow forms of one client leave turns for others.
const MOST_CHECKED_OF_NETWORK: usize = 4;

/// Limits of all archives. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Archives {
    /// Turns for reading a tree.
    pub(super) planning: Arc<Semaphore>,
    /// One permit for each file and folder of the archives that are being sent.
    pub(super) members: Arc<Semaphore>,
    /// Turns for reading contents only for their CRC-32.
    pub(super) learning: Arc<Semaphore>,
}

impl Default for Archives {
    fn default() -> Self {
        Self {
            planning: Arc::new(Semaphore::new(MOST_PLANNED_AT_ONCE)),
            members: Arc::new(Semaphore::new(MOST_MEMBERS_IN_ALL)),
            learning: Arc::new(Semaphore::new(MOST_LEARNT_AT_ONCE)),
        }
    }
}

/// Limits of all receipts. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Receipts {
    /// Turns for making a PDF.
    pub(super) printing: Arc<Semaphore>,
    /// Turns for checking a receipt.
    pub(super) checking: NetworkTurns,
}

impl Default for Receipts {
    fn default() -> Self {
        Self { printing: Arc::new(Semaphore::new(MOST_PRINTED_AT_ONCE)), checking: NetworkTurns::default() }
    }
}

/// Turns of which each network gets only a share. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct NetworkTurns(Arc<Mutex<HashMap<Network, usize>>>);

/// A turn; dropping it gives it back.
#[derive(Debug)]
pub(super) struct NetworkTurn {
    turns: NetworkTurns,
    network: Network,
}

impl NetworkTurns {
    /// A turn for a client at this address; `None` if all turns, or all of its network's, are taken.
    pub(super) fn take(&self, peer: IpAddr) -> Option<NetworkTurn> {
        let network = Network::from(peer);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = taken.get(&network).copied().unwrap_or_default();
        if of_network >= MOST_CHECKED_OF_NETWORK || taken.values().sum::<usize>() >= MOST_CHECKED_AT_ONCE {
            return None;
        }
        taken.insert(network, of_network + 1);
        drop(taken);
        Some(NetworkTurn { turns: self.clone(), network })
    }
}

impl Drop for NetworkTurn {
    fn drop(&mut self) {
        let mut taken = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_network) = taken.get_mut(&self.network) {
            *of_network -= 1;
            if *of_network == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_leaves_turns_for_others_and_all_come_back() {
        let turns = NetworkTurns::default();
        let take = |address: &str| turns.take(address.parse().unwrap());
        let first: Vec<_> = (1..=4).map_while(|host| take(&format!("192.0.2.{host}"))).collect();
        assert_eq!(first.len(), MOST_CHECKED_OF_NETWORK);
        assert!(take("192.0.2.9").is_none(), "its network has its share");
        let others: Vec<_> = (0..20).map_while(|n| take(&format!("198.51.{n}.7"))).collect();
        assert_eq!(first.len() + others.len(), MOST_CHECKED_AT_ONCE);
        drop(first);
        assert!(take("192.0.2.9").is_some());
        drop(others);
        assert!(turns.0.lock().unwrap().is_empty(), "no network is remembered without a turn");
    }
}
