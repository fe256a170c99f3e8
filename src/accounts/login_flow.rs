//! Logins that a device begins and its user finishes in a browser. A pure state machine: time is passed in.
//!
//! A device gets two tokens: one for polling, one for the page that its user opens. They differ, so that the
//! address of the page (in a browser history, or read over a shoulder) does not allow fetching the password.
//! Pending logins are kept in memory only, under the SHA-256 of their token, and expire by themselves:
//!
//! ```text
//! begin ──► waiting (found by the page's token) ── approve ──► approved (found by the device's) ── claim ──► gone
//!               └────────── 20 minutes ──────────────────────────────┴──► gone
//! ```

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::throttle::Network;
use super::verified::AccountState;
use crate::model::{Timestamp, fill_random};

/// Time that a device's login may take from its first request to its last.
pub(super) const LIFETIME: Duration = Duration::from_mins(20);
/// Pending logins on the whole server. One more drops the oldest login of the network that has most.
pub(super) const MAX_LOGINS: usize = 1_000;
/// Pending logins of one network.
pub(super) const MAX_LOGINS_PER_NETWORK: usize = 30;
/// Pages of one login that can still be submitted: a browser may prefetch one, and its user may open it twice.
pub(super) const MAX_OPEN_PAGES: usize = 4;
/// Seconds to wait when all pending logins are approved; their devices fetch them soon.
const WHEN_FULL_S: u32 = 30;
/// Bytes of randomness in a token, which has twice as many characters.
const TOKEN_BYTES: usize = 64;

/// A random text of 128 characters. Wiped on drop.
pub struct FlowToken(SecretString);

/// SHA-256 of a token, by which its login is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Kept([u8; 32]);

/// Both tokens of a new login.
#[derive(Debug)]
pub struct DeviceTokens {
    /// The device polls for its password with this token.
    pub poll: FlowToken,
    /// Part of the page's address.
    pub page: FlowToken,
}

/// Details of the requesting device, shown to its user.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceRequest {
    /// Name that the device sent; becomes the label of its password.
    pub label: String,
    /// Address of the device.
    pub peer: IpAddr,
    /// Time at which the login expires if not finished.
    pub ends: Timestamp,
}

/// Too many logins of this network are pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many devices of this network are being set up; try again in {retry_after} seconds")]
pub struct TooManyDevices {
    /// Seconds until some of them expire, 1 to 1,200.
    pub retry_after: u32,
}

/// An approved login that its device claims.
#[derive(Clone)]
pub(super) struct Approved {
    pub(super) account: AccountState,
    pub(super) request: DeviceRequest,
}

/// The pending logins of this process.
#[derive(Default)]
pub(super) struct LoginFlows {
    /// Keyed by the page's token.
    waiting: HashMap<Kept, Waiting>,
    /// Keyed by the device's token.
    approved: HashMap<Kept, Approved>,
}

struct Waiting {
    poll: Kept,
    request: DeviceRequest,
    /// Nonces of pages that were shown and not yet submitted, oldest first.
    nonces: Vec<Kept>,
}

impl FlowToken {
    fn random() -> Self {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        fill_random(bytes.as_mut());
        Self(SecretString::from(HEXLOWER.encode(bytes.as_ref())))
    }

    /// The text, for an address or an answer.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn kept(&self) -> Kept {
        Kept::of(self.expose())
    }
}

impl fmt::Debug for FlowToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlowToken([redacted])")
    }
}

impl fmt::Debug for DeviceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceRequest([redacted])")
    }
}

impl Kept {
    /// Lookups use a hash, so their timing reveals nothing about the token.
    fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl LoginFlows {
    /// Begins a login for the device at `peer`.
    pub(super) fn begin(
        &mut self,
        label: String,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<DeviceTokens, TooManyDevices> {
        self.sweep(now);
        let network = Network::from(peer);
        let own: Vec<Timestamp> =
            self.requests().filter(|request| request.network() == network).map(|own| own.ends).collect();
        if own.len() >= MAX_LOGINS_PER_NETWORK {
            let first = own.iter().min().copied().unwrap_or(now);
            let seconds = u32::try_from(first.since(now).as_secs()).unwrap_or(u32::MAX);
            return Err(TooManyDevices { retry_after: seconds.saturating_add(1) });
        }
        if self.waiting.len() + self.approved.len() >= MAX_LOGINS && !self.drop_one_of_the_busiest() {
            return Err(TooManyDevices { retry_after: WHEN_FULL_S });
        }
        let tokens = DeviceTokens { poll: FlowToken::random(), page: FlowToken::random() };
        let request = DeviceRequest { label, peer, ends: now.after(LIFETIME) };
        let waiting = Waiting { poll: tokens.poll.kept(), request, nonces: Vec::new() };
        self.waiting.insert(tokens.page.kept(), waiting);
        Ok(tokens)
    }

    /// The device's request for the page of this token, and the nonce that the page must send back.
    pub(super) fn open_page(&mut self, page: &str, now: Timestamp) -> Option<(DeviceRequest, FlowToken)> {
        let waiting = self.waiting_at(page, now)?;
        let nonce = FlowToken::random();
        if waiting.nonces.len() >= MAX_OPEN_PAGES {
            waiting.nonces.remove(0);
        }
        waiting.nonces.push(nonce.kept());
        Some((waiting.request.clone(), nonce))
    }

    /// Uses up a nonce; false if it is unknown or already used. `None` if there is no such login.
    pub(super) fn use_nonce(&mut self, page: &str, nonce: &str, now: Timestamp) -> Option<bool> {
        let waiting = self.waiting_at(page, now)?;
        let nonce = Kept::of(nonce);
        let at = waiting.nonces.iter().position(|known| *known == nonce);
        Some(at.map(|at| waiting.nonces.remove(at)).is_some())
    }

    /// Approves the device of this page; false if the login has expired or was already approved.
    pub(super) fn approve(&mut self, page: &str, account: AccountState, now: Timestamp) -> bool {
        if self.waiting_at(page, now).is_none() {
            return false;
        }
        let Some(waiting) = self.waiting.remove(&Kept::of(page)) else { return false };
        self.approved.insert(waiting.poll, Approved { account, request: waiting.request });
        true
    }

    /// Takes the approved login of this device. It is removed, unless it is given back.
    pub(super) fn claim(&mut self, poll: &str, now: Timestamp) -> Option<Approved> {
        self.approved.remove(&Kept::of(poll)).filter(|approved| now < approved.request.ends)
    }

    /// Reverts a claim that failed, so that the device can ask again.
    pub(super) fn give_back(&mut self, poll: &str, approved: Approved) {
        self.approved.insert(Kept::of(poll), approved);
    }

    fn waiting_at(&mut self, page: &str, now: Timestamp) -> Option<&mut Waiting> {
        self.waiting.get_mut(&Kept::of(page)).filter(|waiting| now < waiting.request.ends)
    }

    fn sweep(&mut self, now: Timestamp) {
        self.waiting.retain(|_, waiting| now < waiting.request.ends);
        self.approved.retain(|_, approved| now < approved.request.ends);
    }

    fn requests(&self) -> impl Iterator<Item = &DeviceRequest> {
        let waiting = self.waiting.values().map(|waiting| &waiting.request);
        waiting.chain(self.approved.values().map(|approved| &approved.request))
    }

    /// Makes room; false if no login waits for approval. A network with many logins loses its own first.
    fn drop_one_of_the_busiest(&mut self) -> bool {
        let mut counts: HashMap<Network, usize> = HashMap::new();
        for waiting in self.waiting.values() {
            *counts.entry(waiting.request.network()).or_default() += 1;
        }
        let busiest = |waiting: &Waiting| {
            let count = counts.get(&waiting.request.network()).copied().unwrap_or_default();
            (count, std::cmp::Reverse(waiting.request.ends))
        };
        let first = self.waiting.iter().max_by_key(|(_, waiting)| busiest(waiting)).map(|(page, _)| *page);
        first.is_some_and(|page| self.waiting.remove(&page).is_some())
    }
}

impl DeviceRequest {
    fn network(&self) -> Network {
        Network::from(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::fixture::{HOME, NOW, later};
    use crate::model::UserId;

    const ANNA: AccountState = AccountState { user: UserId(2), epoch: 1 };

    fn begin(flows: &mut LoginFlows, peer: &str, now: Timestamp) -> Result<DeviceTokens, TooManyDevices> {
        flows.begin("Laptop".to_owned(), peer.parse().unwrap(), now)
    }

    #[test]
    fn a_login_is_approved_once_and_claimed_once() {
        let mut flows = LoginFlows::default();
        let DeviceTokens { poll, page } = begin(&mut flows, HOME, NOW).unwrap();
        assert_eq!((poll.expose().len(), page.expose().len()), (128, 128));
        assert_ne!(poll.expose(), page.expose());
        assert!(flows.claim(poll.expose(), NOW).is_none(), "not approved yet");

        let (request, nonce) = flows.open_page(page.expose(), NOW).unwrap();
        assert_eq!((request.label.as_str(), request.peer.to_string().as_str()), ("Laptop", HOME));
        assert_eq!(flows.use_nonce(page.expose(), nonce.expose(), NOW), Some(true));
        assert_eq!(flows.use_nonce(page.expose(), nonce.expose(), NOW), Some(false), "used");
        assert!(flows.approve(page.expose(), ANNA, NOW));
        assert!(!flows.approve(page.expose(), ANNA, NOW));
        assert!(flows.open_page(page.expose(), NOW).is_none());

        // Neither token works in place of the other.
        assert!(flows.claim(page.expose(), NOW).is_none());
        let approved = flows.claim(poll.expose(), NOW).unwrap();
        assert_eq!((approved.account, approved.request.label.as_str()), (ANNA, "Laptop"));
        assert!(flows.claim(poll.expose(), NOW).is_none());
        flows.give_back(poll.expose(), approved);
        assert!(flows.claim(poll.expose(), NOW).is_some(), "a claim that failed may be repeated");
    }

    #[test]
    fn a_login_ends_after_twenty_minutes_wherever_it_is() {
        let mut flows = LoginFlows::default();
        let waits = begin(&mut flows, HOME, NOW).unwrap();
        let approved = begin(&mut flows, HOME, NOW).unwrap();
        let (_, nonce) = flows.open_page(waits.page.expose(), later(1_199)).unwrap();
        assert!(flows.approve(approved.page.expose(), ANNA, later(1_199)));
        assert!(flows.open_page(waits.page.expose(), later(1_200)).is_none());
        assert_eq!(flows.use_nonce(waits.page.expose(), nonce.expose(), later(1_200)), None);
        assert!(!flows.approve(waits.page.expose(), ANNA, later(1_200)));
        assert!(flows.claim(approved.poll.expose(), later(1_200)).is_none());
        begin(&mut flows, HOME, later(1_200)).unwrap();
        assert_eq!(flows.waiting.len() + flows.approved.len(), 1, "swept");
    }

    #[test]
    fn a_page_that_was_opened_twice_can_be_sent_from_either_window() {
        let mut flows = LoginFlows::default();
        let DeviceTokens { page, .. } = begin(&mut flows, HOME, NOW).unwrap();
        let nonces: Vec<_> =
            (0..=MAX_OPEN_PAGES).map(|_| flows.open_page(page.expose(), NOW).unwrap().1).collect();
        let used: Vec<_> =
            nonces.iter().map(|nonce| flows.use_nonce(page.expose(), nonce.expose(), NOW)).collect();
        assert_eq!(used, [Some(false), Some(true), Some(true), Some(true), Some(true)]);
    }

    #[test]
    fn a_network_has_few_logins_at_a_time_and_others_are_not_concerned() {
        let mut flows = LoginFlows::default();
        for host in 0..MAX_LOGINS_PER_NETWORK {
            begin(&mut flows, &format!("198.51.100.{host}"), NOW).unwrap();
        }
        let refused = begin(&mut flows, "198.51.100.99", later(600)).unwrap_err();
        assert_eq!(refused, TooManyDevices { retry_after: 601 });
        begin(&mut flows, HOME, later(600)).unwrap();
        begin(&mut flows, "198.51.100.99", later(1_200)).unwrap();
    }

    #[test]
    fn a_flood_from_many_networks_pushes_out_itself() {
        let mut flows = LoginFlows::default();
        let mine = begin(&mut flows, HOME, NOW).unwrap();
        for n in 0..2 * MAX_LOGINS {
            let (network, host) = (n / 25, n % 25);
            begin(&mut flows, &format!("10.{}.{}.{host}", network / 250, network % 250), later(1)).unwrap();
        }
        assert_eq!(flows.waiting.len(), MAX_LOGINS);
        assert!(flows.open_page(mine.page.expose(), later(2)).is_some());
    }

    #[test]
    fn tokens_and_devices_do_not_print() {
        let mut flows = LoginFlows::default();
        let tokens = begin(&mut flows, HOME, NOW).unwrap();
        let (request, _) = flows.open_page(tokens.page.expose(), NOW).unwrap();
        assert_eq!(
            format!("{tokens:?}"),
            "DeviceTokens { poll: FlowToken([redacted]), page: FlowToken([redacted]) }"
        );
        assert_eq!(format!("{request:?}"), "DeviceRequest([redacted])");
    }
}
