//! Challenges: what a passkey signs, so that each of its answers is good once and for one browser.
//!
//! ```text
//! challenge   16 random bytes | time in ms, 8 bytes | HMAC-SHA256(key, ceremony, browser, random bytes, time)
//! key         32 random bytes of this process: after a restart no earlier challenge counts
//! ```
//! The server keeps nothing of an unanswered challenge, so that strangers, who may ask for as many as they like, take
//! no memory and no place from others. It keeps those that a passkey has answered rightly, until they are too old:
//! only people with an account add to them, each up to [`MAX_ANSWERS`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::model::{Timestamp, UserId, random_bytes};

/// Time for which a challenge can be answered.
pub(super) const CHALLENGE_LIFETIME: Duration = Duration::from_mins(5);
/// Time for which an answered challenge is remembered: a clock that is set back could make it young again.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);
/// Most challenges that one person's passkeys answer within [`REMEMBERED_FOR`].
pub(super) const MAX_ANSWERS: usize = 30;

const RANDOM_LEN: usize = 16;
const TIME_LEN: usize = 8;
const MAC_LEN: usize = 32;
/// Bytes of a challenge; at least 16 are wanted (WebAuthn 13.4.3).
pub(super) const CHALLENGE_LEN: usize = RANDOM_LEN + TIME_LEN + MAC_LEN;

/// The purpose of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ceremony {
    /// Adding a passkey to the account of a session.
    Add,
    /// Beginning a session.
    SignIn,
    /// Unlocking a session.
    Unlock,
    /// Approving a device.
    Consent,
}

/// A challenge that this process gave to a browser within [`CHALLENGE_LIFETIME`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Challenge([u8; CHALLENGE_LEN]);

/// Why a right answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    /// Its challenge was answered before.
    Replayed,
    /// The person has answered [`MAX_ANSWERS`].
    TooMany,
}

/// Gives challenges out and takes them back.
pub(super) struct Challenges {
    key: Zeroizing<[u8; 32]>,
    answered: Mutex<HashMap<UserId, Vec<(Challenge, Timestamp)>>>,
}

impl Ceremony {
    fn word(self) -> &'static [u8] {
        match self {
            Self::Add => b"add",
            Self::SignIn => b"sign in",
            Self::Unlock => b"unlock",
            Self::Consent => b"consent",
        }
    }
}

impl Challenge {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Challenges {
    pub(super) fn new() -> Self {
        Self { key: Zeroizing::new(random_bytes()), answered: Mutex::default() }
    }

    /// A new challenge for a browser, which is known by the hash of its token.
    pub(super) fn give(&self, ceremony: Ceremony, browser: &[u8; 32], now: Timestamp) -> Challenge {
        let random = random_bytes::<RANDOM_LEN>();
        let time = now.0.to_be_bytes();
        let mac = self.mac(ceremony, browser, &random, time);
        let mut bytes = [0; CHALLENGE_LEN];
        let parts = random.iter().chain(&time).chain(&mac);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        Challenge(bytes)
    }

    /// The challenge of an answer, if it was given to this browser for this and is not too old. Also `None` if the clock was set
    /// back meanwhile.
    pub(super) fn taken(
        &self,
        ceremony: Ceremony,
        browser: &[u8; 32],
        answered: &[u8],
        now: Timestamp,
    ) -> Option<Challenge> {
        let bytes: [u8; CHALLENGE_LEN] = answered.try_into().ok()?;
        let (random, rest) = bytes.split_first_chunk::<RANDOM_LEN>()?;
        let (time, mac) = rest.split_first_chunk::<TIME_LEN>()?;
        let is_ours: bool = self.mac(ceremony, browser, random, *time).ct_eq(mac).into();
        let given = Timestamp(i64::from_be_bytes(*time));
        let is_fresh = now.since(given) < CHALLENGE_LIFETIME && given.since(now) < CHALLENGE_LIFETIME;
        (is_ours && is_fresh).then_some(Challenge(bytes))
    }

    /// Whether a passkey of this person has answered it rightly before.
    pub(super) fn is_spent(&self, user: UserId, challenge: &Challenge) -> bool {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.get(&user).is_some_and(|spent| spent.iter().any(|(earlier, _)| earlier == challenge))
    }

    /// Notes that a passkey of this person has answered rightly; once for each challenge.
    pub(super) fn spend(&self, user: UserId, challenge: Challenge, now: Timestamp) -> Result<(), Spent> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.retain(|_, spent| {
            spent.retain(|(_, at)| now.since(*at) < REMEMBERED_FOR && at.since(now) < REMEMBERED_FOR);
            !spent.is_empty()
        });
        let spent = answered.entry(user).or_default();
        if spent.iter().any(|(earlier, _)| *earlier == challenge) {
            return Err(Spent::Replayed);
        }
        if spent.len() >= MAX_ANSWERS {
            return Err(Spent::TooMany);
        }
        spent.push((challenge, now));
        Ok(())
    }

    fn mac(
        &self,
        ceremony: Ceremony,
        browser: &[u8; 32],
        random: &[u8; RANDOM_LEN],
        time: [u8; TIME_LEN],
    ) -> [u8; MAC_LEN] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.as_ref()).expect("HMAC takes keys of any length");
        // The words have different lengths, but the parts after them have fixed ones: no two inputs are the same
        // bytes.
        for part in [ceremony.word(), browser, random, &time] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_760_000_000_000);
    const BROWSER: [u8; 32] = [7; 32];
    const ANNA: UserId = UserId(2);

    fn later(seconds: u64) -> Timestamp {
        NOW.after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_challenge_counts_for_its_browser_and_its_ceremony_and_five_minutes() {
        let challenges = Challenges::new();
        let given = challenges.give(Ceremony::SignIn, &BROWSER, NOW);
        let taken = |ceremony, browser, now| challenges.taken(ceremony, browser, given.bytes(), now);
        assert_eq!(taken(Ceremony::SignIn, &BROWSER, NOW), Some(given));
        assert_eq!(taken(Ceremony::SignIn, &BROWSER, later(299)), Some(given));
        assert_eq!(taken(Ceremony::SignIn, &BROWSER, later(300)), None);
        assert_eq!(taken(Ceremony::SignIn, &BROWSER, NOW.before(CHALLENGE_LIFETIME)), None, "set back");
        assert_eq!(taken(Ceremony::SignIn, &[8; 32], NOW), None);
        for other in [Ceremony::Add, Ceremony::Unlock] {
            assert_eq!(taken(other, &BROWSER, NOW), None, "{other:?}");
        }
        assert_ne!(challenges.give(Ceremony::SignIn, &BROWSER, NOW), given);
        let after_a_restart = Challenges::new().taken(Ceremony::SignIn, &BROWSER, given.bytes(), NOW);
        assert_eq!(after_a_restart, None);
    }

    #[test]
    fn a_challenge_that_was_changed_is_none() {
        let challenges = Challenges::new();
        let given = challenges.give(Ceremony::SignIn, &BROWSER, NOW);
        for at in 0..CHALLENGE_LEN {
            let mut changed = given.bytes().to_vec();
            changed[at] ^= 1;
            assert_eq!(challenges.taken(Ceremony::SignIn, &BROWSER, &changed, NOW), None, "byte {at}");
        }
        for other in [&[][..], &given.bytes()[1..], &[given.bytes(), &[0]].concat()] {
            assert_eq!(challenges.taken(Ceremony::SignIn, &BROWSER, other, NOW), None);
        }
    }

    #[test]
    fn a_challenge_is_answered_once_and_a_person_answers_thirty_in_ten_minutes() {
        let challenges = Challenges::new();
        let give = || challenges.give(Ceremony::SignIn, &BROWSER, NOW);
        let first = give();
        assert_eq!(challenges.spend(ANNA, first, NOW), Ok(()));
        assert_eq!(challenges.spend(ANNA, first, later(299)), Err(Spent::Replayed));
        for _ in 1..MAX_ANSWERS {
            assert_eq!(challenges.spend(ANNA, give(), later(1)), Ok(()));
        }
        assert_eq!(challenges.spend(ANNA, give(), later(2)), Err(Spent::TooMany));
        assert_eq!(challenges.spend(UserId(3), give(), later(2)), Ok(()), "others go on");
        // By then the first challenge is too old by itself.
        assert_eq!(challenges.spend(ANNA, give(), later(600)), Ok(()));
        assert_eq!(challenges.answered.lock().unwrap()[&ANNA].len(), MAX_ANSWERS);
    }
}
