//! Passwords that are tried on all encrypted parts of a content, and the results.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Most passwords that are tried on one content.
pub const MAX_KEYS: usize = 8;

/// Most encrypted parts of one content, at all depths, on which passwords are tried: each costs up to tenths of a second.
const MAX_TRIED: u32 = 100;

/// The password that opened a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A password that programs try by themselves.
    Standard,
    /// The given password with this number.
    Given(usize),
}

/// The outcome for the encrypted parts of a content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// Whether a part opened by a password that programs try by themselves.
    pub standard: bool,
    /// A bit for each given password, the lowest for the first: whether it opened a part.
    pub given: u8,
    /// Whether a part stays closed because none is the right one.
    pub is_wrong: bool,
    /// Whether a part stays closed because it would be too large.
    pub is_too_large: bool,
}

impl Tried {
    /// Whether the given password with this number opened a part.
    pub fn has_opened(&self, number: usize) -> bool {
        u32::try_from(number).ok().and_then(|number| 1_u8.checked_shl(number)).unwrap_or(0) & self.given != 0
    }

    /// Notes that the given password with this number opened a part.
    pub fn note_given(&mut self, number: usize) {
        self.given |= u32::try_from(number).ok().and_then(|number| 1_u8.checked_shl(number)).unwrap_or(0);
    }

    /// The outcome for these parts and others together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            standard: self.standard || other.standard,
            given: self.given | other.given,
            is_wrong: self.is_wrong || other.is_wrong,
            is_too_large: self.is_too_large || other.is_too_large,
        }
    }
}

/// The passwords, and their results so far.
#[derive(Debug, Default)]
pub(super) struct Keys {
    given: Vec<SecretString>,
    pub(super) tried: Tried,
    parts: u32,
}

impl Keys {
    /// Those that programs try by themselves, and these.
    pub(super) fn of(given: Vec<SecretString>) -> Self {
        Self { given, ..Self::default() }
    }

    /// The given ones, for one more part; `None` if that is one too many.
    pub(super) fn for_one_more(&mut self) -> Option<&[SecretString]> {
        self.parts += 1;
        (self.parts <= MAX_TRIED).then_some(self.given.as_slice())
    }

    /// Notes the password that opened a part.
    pub(super) fn note(&mut self, by: By) {
        match by {
            By::Standard => self.tried.standard = true,
            By::Given(number) => self.tried.note_given(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_password_has_a_bit() {
        let mut tried = Tried::default();
        for number in [0, MAX_KEYS - 1] {
            assert!(!tried.has_opened(number));
            tried.note_given(number);
            assert!(tried.has_opened(number), "{number}");
        }
        tried.note_given(MAX_KEYS);
        assert!(!tried.has_opened(1) && !tried.has_opened(MAX_KEYS));
        let other = Tried { given: 2, is_wrong: true, ..Tried::default() };
        assert_eq!(tried.and(other), Tried { given: 0x83, is_wrong: true, ..Tried::default() });
    }
}
