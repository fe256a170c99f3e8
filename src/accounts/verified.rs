//! Caches for some minutes which credentials were right and which were wrong.
//!
//! Basic clients repeat the password with every request; without the cache each request would run argon2. The cache
//! holds only an HMAC of name, password and the account's epoch, under a key that lives as long as the process.
//! Every change of the account raises its epoch, so earlier entries are no longer found.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::model::{AppPasswordId, Timestamp, UserId, fill_random};

/// Time for which a correct credential is accepted without another check.
pub(super) const VERIFIED_FOR: Duration = Duration::from_mins(5);
/// Time for which a wrong credential is refused without another check. Equal to the throttle's window, so that a
/// forgotten device with an old password counts as one guess and not as hundreds.
pub(super) const REJECTED_FOR: Duration = Duration::from_mins(15);
/// Cached credentials of either kind; beyond it the oldest are dropped.
pub(super) const MAX_ENTRIES: usize = 10_000;

/// The account that a credential is for, and its state. In [`CredentialCache::digest`], `None` stands for an
/// unknown name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccountState {
    /// Id of the account's user.
    pub(super) user: UserId,
    /// Increased by every change that must end earlier logins.
    pub(super) epoch: i64,
}

/// HMAC of a credential, useless outside this process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CredentialDigest([u8; 32]);

/// Cached result for a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remembered {
    /// It opened the account, with this app password or (None) with the user's own.
    Right(Option<AppPasswordId>),
    /// It was refused.
    Wrong,
    /// The password was right, but a second factor is required.
    Half,
}

/// The cache of both kinds; bounded.
pub(super) struct CredentialCache {
    key: Zeroizing<[u8; 32]>,
    right: Mutex<Entries<Option<AppPasswordId>>>,
    /// The value says whether the password itself was right.
    wrong: Mutex<Entries<bool>>,
}

struct Entries<T> {
    lifetime: Duration,
    by_digest: HashMap<CredentialDigest, (T, Timestamp)>,
}

impl CredentialCache {
    /// An empty cache with a new key.
    pub(super) fn new() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        fill_random(key.as_mut());
        Self {
            key,
            right: Mutex::new(Entries::new(VERIFIED_FOR)),
            wrong: Mutex::new(Entries::new(REJECTED_FOR)),
        }
    }

    /// The digest under which a credential is cached.
    pub(super) fn digest(
        &self,
        name_key: &str,
        password: &SecretString,
        account: Option<AccountState>,
    ) -> CredentialDigest {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.as_ref()).expect("HMAC takes keys of any length");
        // Ids start at 1, so 0 cannot collide with an account.
        let (user, epoch) = account.map_or((0, 0), |a| (a.user.0, a.epoch));
        mac.update(&user.to_le_bytes());
        mac.update(&epoch.to_le_bytes());
        // The length separates name and password: ("ab", "c") differs from ("a", "bc").
        mac.update(&name_key.len().to_le_bytes());
        mac.update(name_key.as_bytes());
        mac.update(password.expose_secret().as_bytes());
        CredentialDigest(mac.finalize().into_bytes().into())
    }

    /// Looks up a recent result for a credential.
    pub(super) fn recall(&self, digest: &CredentialDigest, now: Timestamp) -> Option<Remembered> {
        if let Some(by) = lock(&self.right).find(digest, now) {
            return Some(Remembered::Right(by));
        }
        let is_half = lock(&self.wrong).find(digest, now)?;
        Some(if is_half { Remembered::Half } else { Remembered::Wrong })
    }

    /// Caches a credential as right for [`VERIFIED_FOR`], or until `expires` if that is sooner.
    pub(super) fn remember_right(
        &self,
        digest: CredentialDigest,
        by: Option<AppPasswordId>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) {
        lock(&self.right).insert(digest, by, expires, now);
    }

    /// Caches a credential as wrong for [`REJECTED_FOR`].
    pub(super) fn remember_wrong(&self, digest: CredentialDigest, now: Timestamp) {
        lock(&self.wrong).insert(digest, false, None, now);
    }

    /// Caches for [`REJECTED_FOR`] that a password was right but not enough.
    pub(super) fn remember_half(&self, digest: CredentialDigest, now: Timestamp) {
        lock(&self.wrong).insert(digest, true, None, now);
    }
}

impl Default for CredentialCache {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy> Entries<T> {
    fn new(lifetime: Duration) -> Self {
        Self { lifetime, by_digest: HashMap::new() }
    }

    fn find(&self, digest: &CredentialDigest, now: Timestamp) -> Option<T> {
        let (value, until) = self.by_digest.get(digest)?;
        // The second condition: after the clock was set back, an entry must not live for hours.
        (now < *until && until.since(now) <= self.lifetime * 2).then_some(*value)
    }

    fn insert(&mut self, digest: CredentialDigest, value: T, expires: Option<Timestamp>, now: Timestamp) {
        if self.by_digest.len() >= MAX_ENTRIES && !self.by_digest.contains_key(&digest) {
            self.make_room(now);
        }
        let until = now.after(self.lifetime);
        let until = expires.map_or(until, |expires| until.min(expires));
        self.by_digest.insert(digest, (value, until));
    }

    /// Drops expired entries, and if that is not enough, the older half; rare enough to be cheap.
    fn make_room(&mut self, now: Timestamp) {
        self.by_digest.retain(|_, (_, until)| now < *until);
        if self.by_digest.len() > MAX_ENTRIES / 2 {
            let mut ends: Vec<Timestamp> = self.by_digest.values().map(|(_, end)| *end).collect();
            let middle = ends.len() / 2;
            let (_, median, _) = ends.select_nth_unstable(middle);
            let median = *median;
            self.by_digest.retain(|_, (_, until)| *until > median);
        }
    }
}

/// The entries are independent, so the map stays usable after a panic elsewhere.
fn lock<T>(entries: &Mutex<T>) -> MutexGuard<'_, T> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);
    const ANNA: AccountState = AccountState { user: UserId(1), epoch: 3 };

    fn digest(cache: &CredentialCache, name: &str, password: &str) -> CredentialDigest {
        cache.digest(name, &SecretString::from(password), Some(ANNA))
    }

    #[test]
    fn right_credentials_are_believed_for_five_minutes_and_not_longer() {
        let cache = CredentialCache::new();
        let d = digest(&cache, "anna", "pw");
        assert_eq!(cache.recall(&d, NOW), None);
        let by = Some(AppPasswordId(9));
        cache.remember_right(d, by, None, NOW);
        let last = Timestamp(NOW.after(VERIFIED_FOR).0 - 1);
        assert_eq!(cache.recall(&d, last), Some(Remembered::Right(by)));
        assert_eq!(cache.recall(&d, NOW.after(VERIFIED_FOR)), None);
    }

    #[test]
    fn an_app_password_is_not_believed_beyond_its_expiry() {
        let cache = CredentialCache::new();
        let d = digest(&cache, "anna", "pw");
        cache.remember_right(d, Some(AppPasswordId(9)), Some(Timestamp(NOW.0 + 10)), NOW);
        assert!(cache.recall(&d, Timestamp(NOW.0 + 9)).is_some());
        assert_eq!(cache.recall(&d, Timestamp(NOW.0 + 10)), None);
    }

    #[test]
    fn another_epoch_user_name_or_password_is_another_credential() {
        let cache = CredentialCache::new();
        let anna = digest(&cache, "anna", "bcd");
        let password = SecretString::from("bcd");
        let changed = AccountState { epoch: 4, ..ANNA };
        let other = AccountState { user: UserId(2), ..ANNA };
        assert!(cache.digest("anna", &password, Some(changed)) != anna);
        assert!(cache.digest("anna", &password, Some(other)) != anna);
        assert!(cache.digest("anna", &password, None) != anna);
        assert!(digest(&cache, "annab", "cd") != anna);
        assert!(digest(&CredentialCache::new(), "anna", "bcd") != anna);
    }

    #[test]
    fn setting_the_clock_back_does_not_stretch_the_memory() {
        let cache = CredentialCache::new();
        let d = digest(&cache, "anna", "pw");
        cache.remember_right(d, None, None, NOW);
        assert_eq!(cache.recall(&d, Timestamp(NOW.0 - 3_600_000)), None);
    }

    #[test]
    fn memory_stays_bounded_and_keeps_the_newest() {
        let cache = CredentialCache::new();
        let mut last = digest(&cache, "anna", "");
        for i in 0..MAX_ENTRIES * 2 {
            last = digest(&cache, "anna", &i.to_string());
            cache.remember_wrong(last, Timestamp(NOW.0 + i64::try_from(i).unwrap()));
            assert!(lock(&cache.wrong).by_digest.len() <= MAX_ENTRIES);
        }
        assert_eq!(cache.recall(&last, Timestamp(NOW.0 + 20_000)), Some(Remembered::Wrong));
    }
}
