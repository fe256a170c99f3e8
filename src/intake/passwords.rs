//! Passwords that people gave for held contents. They are in this process' memory only, until the item ends, the server stops
//! or a thousand others were given; then the content is encrypted again to this server.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;

use crate::catalog::HoldRow;
use crate::inspect::MAX_KEYS;
use crate::model::{HoldId, HoldReason, HoldState, Label, Obstacle, Timestamp, UserId};

/// Most passwords that are kept; the oldest is forgotten for a new one, and its item asks for it again.
const MAX_PASSWORDS: usize = 1_000;

/// Most passwords that one person may try for one item within an hour: a person mistypes, a program guesses.
pub const MAX_ATTEMPTS: u32 = 10;

/// Most pairs of item and person whose attempts are counted at one time; while there are more, no other is tried.
const MAX_TRIED: usize = 10_000;

/// Time for which an attempt counts.
const ATTEMPT_COUNTS: Duration = Duration::from_hours(1);

/// The passwords that are known now, and the attempts. They are wiped when they are dropped.
#[derive(Default)]
pub(super) struct Passwords(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The oldest first.
    given: VecDeque<(HoldId, Arc<SecretString>)>,
    /// When the first attempt of the present hour was made, and how many were.
    attempts: HashMap<(HoldId, Option<UserId>), (Timestamp, u32)>,
}

impl Passwords {
    /// Counts an attempt by a user, or by the owner; `false` if it is one too many.
    pub(super) fn attempt(&self, hold: HoldId, by: Option<UserId>, now: Timestamp) -> bool {
        self.with(|known| {
            // A clock that is set back makes none of them younger than it is.
            known.attempts.retain(|_, (first, _)| now.since(*first) < ATTEMPT_COUNTS);
            if known.attempts.len() >= MAX_TRIED && !known.attempts.contains_key(&(hold, by)) {
                return false;
            }
            let (_, count) = known.attempts.entry((hold, by)).or_insert((now, 0));
            *count = count.saturating_add(1);
            *count <= MAX_ATTEMPTS
        })
    }

    /// Keeps a password of an item, besides those that are known: each part may have its own. More than can be tried on one
    /// content are never kept; the oldest is forgotten.
    pub(super) fn keep(&self, hold: HoldId, password: Arc<SecretString>) {
        self.with(|known| {
            let own = known.given.iter().filter(|(of, _)| *of == hold).count();
            if own >= MAX_KEYS
                && let Some(oldest) = known.given.iter().position(|(of, _)| *of == hold)
            {
                known.given.remove(oldest);
            }
            if known.given.len() >= MAX_PASSWORDS {
                known.given.pop_front();
            }
            known.given.push_back((hold, password));
        });
    }

    /// The passwords of an item that are known, the oldest first; at most [`MAX_KEYS`].
    pub(super) fn of(&self, hold: HoldId) -> Vec<Arc<SecretString>> {
        self.with(|known| {
            let of_it = known.given.iter().filter(|(of, _)| *of == hold);
            of_it.map(|(_, password)| Arc::clone(password)).collect()
        })
    }

    /// Forgets one password of an item.
    pub(super) fn forget_one(&self, hold: HoldId, password: &Arc<SecretString>) {
        self.with(|known| known.given.retain(|(of, one)| *of != hold || !Arc::ptr_eq(one, password)));
    }

    /// Forgets the passwords of an item that needs none any more.
    pub(super) fn settled(&self, hold: HoldId, state: HoldState) {
        if state.has_ended() || state == HoldState::Quarantined {
            self.forget(hold);
        }
    }

    /// Forgets the passwords of an item.
    fn forget(&self, hold: HoldId) {
        self.with(|known| known.given.retain(|(of, _)| *of != hold));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        // Nothing is half done where a thread could panic.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a password could help: it is encrypted and waits for a person, or was opened by a password that this process does
/// not know any more.
pub(super) fn wants_password(hold: &HoldRow, passwords: &Passwords) -> bool {
    let waits = !hold.state.has_ended()
        && hold.state != HoldState::Quarantined
        && hold.reason != Some(HoldReason::Kept);
    let is_encrypted = matches!(hold.reason, Some(HoldReason::Encrypted | HoldReason::PartlyEncrypted))
        || hold.look.as_ref().is_some_and(|look| {
            look.obstacle == Some(Obstacle::Encrypted) || look.labels.contains(&Label::Encrypted)
        });
    waits && (is_encrypted || was_opened(hold) && passwords.of(hold.id).is_empty())
}

/// Whether it was opened by a password before.
pub(super) fn was_opened(hold: &HoldRow) -> bool {
    hold.look.as_ref().is_some_and(|look| look.labels.contains(&Label::PasswordGiven))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn secret(text: &str) -> Arc<SecretString> {
        Arc::new(SecretString::from(text))
    }

    fn known(passwords: &Passwords, hold: i64) -> Option<String> {
        let known = passwords.of(HoldId(hold));
        let known: Vec<_> = known.iter().map(|password| password.expose_secret()).collect();
        Some(known.join(" ")).filter(|known| !known.is_empty())
    }

    #[test]
    fn passwords_are_forgotten_with_their_items_and_the_oldest_for_a_new_one() {
        let passwords = Passwords::default();
        for hold in 0..1_000 {
            passwords.keep(HoldId(hold), secret("a"));
        }
        passwords.keep(HoldId(0), secret("b"));
        assert_eq!(
            (known(&passwords, 0), known(&passwords, 1)),
            (Some("b".to_owned()), Some("a".to_owned()))
        );
        passwords.keep(HoldId(1_000), secret("c"));
        assert_eq!((known(&passwords, 0), known(&passwords, 1)), (Some("b".to_owned()), None));
        for (hold, state, is_kept) in [
            (2, HoldState::Held, true),
            (3, HoldState::NeedsDecision, true),
            (4, HoldState::Released, false),
            (5, HoldState::Withdrawn, false),
            (6, HoldState::Quarantined, false),
        ] {
            passwords.settled(HoldId(hold), state);
            assert_eq!(known(&passwords, hold).is_some(), is_kept, "{state}");
        }
    }

    #[test]
    fn attempts_are_counted_for_an_hour() {
        let (passwords, begin) = (Passwords::default(), Timestamp(1_000_000_000_000));
        let attempt = |hold, minutes| {
            passwords.attempt(HoldId(hold), None, begin.after(Duration::from_mins(1) * minutes))
        };
        for minute in 0..MAX_ATTEMPTS {
            assert!(attempt(1, minute), "{minute}");
        }
        assert!(!attempt(1, 10) && !attempt(1, 59), "by a clock that was set back, too");
        assert!(!passwords.attempt(HoldId(1), None, Timestamp(begin.0 - 1)));
        assert!(attempt(2, 10));
        assert!(passwords.attempt(HoldId(1), Some(UserId(7)), begin), "one person does not use up another's");
        assert!(attempt(1, 60));
    }
}
