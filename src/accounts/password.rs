//! Hashes users' passwords: argon2id with a small pool.
//!
//! One run takes 19 MiB and some 40 ms of a core. Clients that use Basic send the password with every request, and
//! anyone on the network can send wrong ones, so few runs are allowed at a time, and the queue in front of them is
//! short.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::BASE64_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::model::random_bytes;

/// Runs of argon2id at once: one per core of the smallest supported machine, 38 MiB together.
pub(super) const PARALLEL_RUNS: usize = 2;
/// Requests that wait for a run; one more is refused with 503 and `Retry-After`.
pub(super) const MAX_WAITING: usize = 32;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_LEN: usize = 16;
const HASH_LEN: usize = 32;
/// Bytes requested for argon2's memory. Argon2 touches only what it needs. The C library returns a block of more
/// than 32 MiB to the system as soon as it is freed; it would keep one of 19 MiB permanently.
const WORKSPACE: usize = 40 << 20;

/// A stored password: a PHC string (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`).
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PasswordHash(String);

/// The argon2 runs of this process.
pub(super) struct PasswordPool {
    places: Arc<Semaphore>,
    runs: Arc<Semaphore>,
    count: Arc<AtomicU64>,
}

/// The permit for one run of argon2, after waiting for it.
pub(super) struct Turn {
    // Held by the run itself, so that a client that disconnects does not make room for more runs.
    permits: Permits,
    count: Arc<AtomicU64>,
}

/// A verdict. It keeps its turn until dropped, so the next request finds the result already in the cache.
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    _permits: Permits,
}

/// Permits for one run and for its place in the queue.
type Permits = [OwnedSemaphorePermit; 2];

/// Result of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It matches the stored hash, which has the present parameters.
    Match,
    /// It matches the stored hash, which has other parameters: hash it again.
    MatchStale,
    /// It does not match, or there is no stored hash.
    Mismatch,
}

/// Too many passwords are waiting to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is busy; try again in a few seconds")]
pub(super) struct Busy;

impl PasswordHash {
    /// Takes the stored form; a damaged one later matches no password.
    pub(super) fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The form to store in the (encrypted) catalogue.
    pub(super) fn as_stored(&self) -> &str {
        &self.0
    }

    /// Stands in for the hash of a user who does not exist or has no password: checking against it takes as long,
    /// and no known password has this hash. It is a constant, because computing it would take most of a start.
    fn dummy() -> Self {
        Self::of(&[0; SALT_LEN], &[0; HASH_LEN])
    }

    fn of(salt: &[u8; SALT_LEN], hash: &[u8; HASH_LEN]) -> Self {
        let (salt, hash) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(hash));
        Self(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
    }

    fn compute(password: &SecretString) -> Self {
        let salt = random_bytes::<SALT_LEN>();
        let mut hash = [0; HASH_LEN];
        run(&argon2id(), password, &salt, &mut hash).expect("argon2 takes any password below 4 GiB");
        Self::of(&salt, &hash)
    }

    fn compare(&self, password: &SecretString) -> Verdict {
        let Ok(stored) = phc::PasswordHash::new(&self.0) else {
            return Verdict::Mismatch;
        };
        match hash_again(password, &stored) {
            // An `Output` compares in constant time.
            Some(hash) if stored.hash.is_some_and(|stored| stored == hash) => match is_current(&stored) {
                true => Verdict::Match,
                false => Verdict::MatchStale,
            },
            _ => Verdict::Mismatch,
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

impl PasswordPool {
    /// An idle pool; each process has one.
    pub(super) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PARALLEL_RUNS + MAX_WAITING)),
            runs: Arc::new(Semaphore::new(PARALLEL_RUNS)),
            count: Arc::default(),
        }
    }

    /// Waits for a run. Cancel safe: dropping the future gives up the place.
    pub(super) async fn turn(&self) -> Result<Turn, Busy> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Busy)?;
        let run = Arc::clone(&self.runs).acquire_owned().await.map_err(|_| Busy)?;
        Ok(Turn { permits: [run, place], count: Arc::clone(&self.count) })
    }

    /// Hashes a new password with a fresh salt.
    pub(super) async fn hash(&self, password: SecretString) -> Result<PasswordHash, Busy> {
        self.turn().await?.hash(password).await
    }

    /// Number of argon2 runs since the start, for metrics and for tests of "costs the same".
    pub(super) fn runs(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Default for PasswordPool {
    fn default() -> Self {
        Self::new()
    }
}

impl Turn {
    /// Hashes a new password with a fresh salt.
    pub(super) async fn hash(self, password: SecretString) -> Result<PasswordHash, Busy> {
        let (hash, _permits) = self.run(move || PasswordHash::compute(&password)).await?;
        Ok(hash)
    }

    /// Checks a password against the stored hash. Without one, the same work is done anyway, so that timing does
    /// not reveal which users exist.
    pub(super) async fn verify(
        self,
        password: SecretString,
        stored: Option<PasswordHash>,
    ) -> Result<Judgement, Busy> {
        let compare = move || {
            let known = stored.is_some();
            let verdict = stored.unwrap_or_else(PasswordHash::dummy).compare(&password);
            if known { verdict } else { Verdict::Mismatch }
        };
        let (verdict, permits) = self.run(compare).await?;
        Ok(Judgement { verdict, _permits: permits })
    }

    /// A run that panics (out of memory) results in Busy and does not take the server down.
    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Permits), Busy> {
        let Self { permits, count } = self;
        let run = move || {
            count.fetch_add(1, Ordering::Relaxed);
            (work(), permits)
        };
        tokio::task::spawn_blocking(run).await.map_err(|_| Busy)
    }
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("these parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password with the salt and parameters of a stored hash; `None` if those are damaged.
fn hash_again(password: &SecretString, stored: &phc::PasswordHash) -> Option<phc::Output> {
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
    let version = stored.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    let argon2 = Argon2::new(algorithm, version, Params::try_from(stored).ok()?);
    let mut hash = vec![0; stored.hash?.len()];
    run(&argon2, password, stored.salt?.as_ref(), &mut hash).ok()?;
    phc::Output::new(&hash).ok()
}

fn run(
    argon2: &Argon2<'_>,
    password: &SecretString,
    salt: &[u8],
    hash: &mut [u8],
) -> Result<(), argon2::Error> {
    let mut memory = Vec::with_capacity(WORKSPACE / Block::SIZE);
    memory.resize(argon2.params().block_count(), Block::default());
    argon2.hash_password_into_with_memory(normalised(password).as_bytes(), salt, hash, &mut memory)
}

fn is_current(stored: &phc::PasswordHash) -> bool {
    stored.algorithm.as_str() == "argon2id"
        && Params::try_from(stored).is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
        })
}

/// macOS composes accents differently from Windows, but the password is the same.
fn normalised(password: &SecretString) -> Zeroizing<String> {
    Zeroizing::new(password.expose_secret().nfc().collect())
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    async fn verify(pool: &PasswordPool, password: &str, stored: Option<&str>) -> Verdict {
        let stored = stored.map(|text| PasswordHash::from_stored(text.to_owned()));
        let turn = pool.turn().await.unwrap();
        turn.verify(secret(password), stored).await.unwrap().verdict
    }

    #[tokio::test]
    async fn only_the_same_password_matches() {
        let pool = PasswordPool::new();
        let hash = pool.hash(secret("Übergabe um neun")).await.unwrap();
        let stored = Some(hash.as_stored());
        assert!(hash.as_stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(verify(&pool, "Übergabe um neun", stored).await, Verdict::Match);
        assert_eq!(verify(&pool, "U\u{308}bergabe um neun", stored).await, Verdict::Match);
        assert_eq!(verify(&pool, "übergabe um neun", stored).await, Verdict::Mismatch);
        assert_ne!(pool.hash(secret("Übergabe um neun")).await.unwrap(), hash, "salted");
    }

    #[tokio::test]
    async fn the_argon2_crate_knows_our_hashes_and_we_know_its() {
        let pool = PasswordPool::new();
        let ours = pool.hash(secret("a quiet place")).await.unwrap();
        let parsed = phc::PasswordHash::new(ours.as_stored()).unwrap();
        assert_eq!(argon2id().verify_password(b"a quiet place", &parsed), Ok(()));
        let theirs = argon2id().hash_password(b"a quiet place").unwrap().to_string();
        assert_eq!(verify(&pool, "a quiet place", Some(&theirs)).await, Verdict::Match);
        assert_eq!(verify(&pool, "a loud place", Some(&theirs)).await, Verdict::Mismatch);
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody_and_never_matches() {
        let pool = PasswordPool::new();
        for guess in ["", "guess"] {
            assert_eq!(verify(&pool, guess, None).await, Verdict::Mismatch);
            assert_eq!(
                verify(&pool, guess, Some(PasswordHash::dummy().as_stored())).await,
                Verdict::Mismatch
            );
        }
        assert_eq!(pool.runs(), 4);
        // A dummy with a different form would be rejected at once, which timing would reveal.
        let shape = |hash: &PasswordHash| {
            let hash = phc::PasswordHash::new(&hash.0).unwrap();
            let lengths = (hash.salt.unwrap().as_ref().len(), hash.hash.unwrap().as_bytes().len());
            (hash.version, is_current(&hash), lengths)
        };
        assert_eq!(shape(&PasswordHash::dummy()), shape(&pool.hash(secret("somebody's")).await.unwrap()));
    }

    #[tokio::test]
    async fn old_parameters_are_noticed_and_damage_matches_nothing() {
        let pool = PasswordPool::new();
        let params = Params::new(8 * 1024, 1, 1, None).unwrap();
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(b"a quiet place")
            .unwrap()
            .to_string();
        assert_eq!(verify(&pool, "a quiet place", Some(&weak)).await, Verdict::MatchStale);
        assert_eq!(verify(&pool, "another place", Some(&weak)).await, Verdict::Mismatch);
        for damaged in ["", "$argon2id$", weak.trim_end_matches(|c| c != '$')] {
            assert_eq!(verify(&pool, "a quiet place", Some(damaged)).await, Verdict::Mismatch);
        }
    }

    #[tokio::test]
    async fn a_full_queue_answers_busy_and_recovers() {
        let pool = PasswordPool::new();
        let running = [pool.turn().await.unwrap(), pool.turn().await.unwrap()];
        let mut waiting = Vec::new();
        for _ in 0..MAX_WAITING {
            let mut turn = Box::pin(pool.turn());
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(turn.as_mut().poll(cx)));
            assert!(polled.await.is_pending(), "no third run at a time");
            waiting.push(turn);
        }
        assert_eq!(pool.turn().await.err(), Some(Busy));
        // A client that disconnects while waiting frees its place.
        waiting.pop();
        let mut late = Box::pin(pool.turn());
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(late.as_mut().poll(cx)));
        assert!(polled.await.is_pending());
        drop((running, waiting));
        assert!(late.await.is_ok());
    }

    #[test]
    fn hashes_do_not_print() {
        let hash = PasswordHash::from_stored("$argon2id$x".to_owned());
        assert_eq!(format!("{hash:?}"), "PasswordHash([redacted])");
    }
}
