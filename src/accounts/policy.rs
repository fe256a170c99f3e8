//! Rules for users' passwords.
//!
//! Follows NIST SP 800-63B: length counts, character classes do not, passwords do not expire, and the first guesses
//! of cracking programs are refused. Most entries of a list of whole passwords would be too short anyway, so the
//! list holds words instead. A password is measured by the rest after words, years, runs and repetitions count as
//! one guess each.

use std::collections::HashSet;
use std::sync::LazyLock;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::name::UserName;

/// Shortest password in characters.
pub(super) const MIN_CHARS: usize = 12;
/// Shortest password of a link in characters. People read it out over the telephone, an attacker gets few tries per
/// hour, and it ends with the link.
pub const MIN_LINK_CHARS: usize = 8;
/// Longest password in characters; more adds work and no strength.
pub(super) const MAX_CHARS: usize = 128;

/// Fewest unpredictable characters that a password must contain.
const MIN_WORTH: usize = 6;
/// Fewest unpredictable characters that a link's password must contain.
const MIN_LINK_WORTH: usize = 4;
/// Worth of a listed word in such characters: the list has a few thousand words, and there are some 70 characters.
const WORD_WORTH: usize = 2;
/// Shortest word that the check looks for, in characters.
const SHORTEST_WORD: usize = 4;
/// Longest word that the check looks for, in characters.
const LONGEST_WORD: usize = 16;
/// Shortest run that the check looks for, such as `345`, in characters.
const SHORTEST_RUN: usize = 3;

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// The password has fewer than 12 characters.
    #[error("a password must have at least 12 characters; three or four unrelated words are a good one")]
    TooShort,
    /// The password of a link has fewer than 8 characters.
    #[error("a link's password must have at least 8 characters; two unrelated words are a good one")]
    TooShortForLink,
    /// The password has more than 128 characters.
    #[error("a password must have at most 128 characters")]
    TooLong,
    /// The password contains a line break or other control character, which no login form can send.
    #[error("a password must not contain line breaks or other control characters")]
    ControlCharacter,
    /// The password contains the user's name.
    #[error("a password must not contain the user name")]
    ContainsName,
    /// Common words, years, runs of keys or repetitions make up nearly all of it.
    #[error(
        "this password is among the first that are guessed: it is made of common words, years, neighbouring keys or repetitions; three or four unrelated words are better"
    )]
    Guessable,
}

impl WeakPassword {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "password-too-short",
            Self::TooShortForLink => "link-password-too-short",
            Self::TooLong => "password-too-long",
            Self::ControlCharacter => "password-control-character",
            Self::ContainsName => "password-contains-name",
            Self::Guessable => "password-guessable",
        }
    }
}

/// Checks a password that `user` chose.
pub fn check_password(password: &SecretString, user: &UserName) -> Result<(), WeakPassword> {
    let lower = lower_within(password, MIN_CHARS, WeakPassword::TooShort)?;
    if contains_name(&lower, &user.key()) {
        return Err(WeakPassword::ContainsName);
    }
    require_worth(&lower, MIN_WORTH)
}

/// Checks a password for a link.
pub(super) fn check_link_password(password: &SecretString) -> Result<(), WeakPassword> {
    let lower = lower_within(password, MIN_LINK_CHARS, WeakPassword::TooShortForLink)?;
    require_worth(&lower, MIN_LINK_WORTH)
}

/// The password in lower case, if its length and characters are allowed.
fn lower_within(
    password: &SecretString,
    least: usize,
    too_short: WeakPassword,
) -> Result<Zeroizing<String>, WeakPassword> {
    let text: Zeroizing<String> = Zeroizing::new(password.expose_secret().nfc().collect());
    let chars = text.chars().count();
    if chars < least {
        return Err(too_short);
    }
    if chars > MAX_CHARS {
        return Err(WeakPassword::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(WeakPassword::ControlCharacter);
    }
    Ok(Zeroizing::new(text.to_lowercase()))
}

fn require_worth(lower: &str, least: usize) -> Result<(), WeakPassword> {
    let lower: Zeroizing<Vec<char>> = Zeroizing::new(lower.chars().collect());
    if worth(&lower) < least { Err(WeakPassword::Guessable) } else { Ok(()) }
}

/// Whether the password contains the whole name, or a part of it (`anna.huber@example.org`); parts below 4
/// characters occur by chance.
fn contains_name(password: &str, name: &str) -> bool {
    let counts = |part: &str| part.chars().count() >= SHORTEST_WORD;
    std::iter::once(name)
        .chain(name.split(|c: char| !c.is_alphanumeric()))
        .any(|part| counts(part) && password.contains(part))
}

/// Splits the password into the pieces with the lowest total worth, and returns that worth.
fn worth(password: &[char]) -> usize {
    let plain: Zeroizing<Vec<char>> = Zeroizing::new(password.iter().map(|c| undisguised(*c)).collect());
    let mut least: Vec<usize> = vec![usize::MAX; password.len() + 1];
    if let Some(start) = least.first_mut() {
        *start = 0;
    }
    for at in 0..password.len() {
        let so_far = least.get(at).copied().unwrap_or(usize::MAX);
        for (len, cost) in pieces(password, &plain, at) {
            if let Some(end) = least.get_mut(at + len) {
                *end = (*end).min(so_far.saturating_add(cost));
            }
        }
    }
    least.last().copied().unwrap_or(0)
}

/// The pieces that can start at `at`, each with length and worth.
fn pieces(password: &[char], plain: &[char], at: usize) -> Vec<(usize, usize)> {
    let rest = password.get(at..).unwrap_or_default();
    let mut found = vec![(1, 1)];
    if is_year(rest) {
        found.push((4, 1));
    }
    found.extend((SHORTEST_RUN..=run_len(rest)).map(|len| (len, 1)));
    found.extend((SHORTEST_RUN..=repeat_len(password, at)).map(|len| (len, 0)));
    let mut word = Zeroizing::new(String::new());
    for (len, c) in plain.iter().skip(at).take(LONGEST_WORD).enumerate() {
        word.push(*c);
        if len + 1 >= SHORTEST_WORD && COMMON_WORDS.contains(word.as_str()) {
            found.push((len + 1, WORD_WORTH));
        }
    }
    found
}

fn is_year(text: &[char]) -> bool {
    matches!(text, ['1', '9', a, b, ..] | ['2', '0', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit())
}

/// Length of the run of equal, counting or neighbouring keys: `aaa`, `4321`, `wertz`.
fn run_len(text: &[char]) -> usize {
    let pairs = || text.iter().zip(text.iter().skip(1)).map(|(a, b)| (*a, *b));
    let longest = STEPS.iter().map(|step| pairs().take_while(|(a, b)| step(*a, *b)).count()).max();
    longest.unwrap_or(0) + 1
}

/// Length of the text at `at` that already occurred before it: `abcabc`, `berlinberlin`.
fn repeat_len(text: &[char], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let same_from = |start: usize| {
        let earlier = text.get(start..at).unwrap_or_default();
        earlier.iter().zip(rest).take_while(|(a, b)| a == b).count()
    };
    (0..at).map(same_from).max().unwrap_or(0)
}

const STEPS: [fn(char, char) -> bool; 5] = [
    |a, b| a == b,
    |a, b| a.is_ascii_alphanumeric() && u32::from(b) == u32::from(a) + 1,
    |a, b| b.is_ascii_alphanumeric() && u32::from(a) == u32::from(b) + 1,
    |a, b| KEY_ROWS.iter().any(|row| neighbours(row, a, b)),
    |a, b| KEY_ROWS.iter().any(|row| neighbours(row, b, a)),
];

/// Rows and columns of German and English keyboards.
const KEY_ROWS: [&str; 18] = [
    "1234567890",
    "qwertzuiopü",
    "qwertyuiop",
    "asdfghjklöä",
    "yxcvbnm",
    "zxcvbnm",
    "1qay",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6zhn",
    "6yhn",
    "7ujm",
    "1qaz",
    "8ik",
    "9ol",
    "!\"§$%&/()=",
];

fn neighbours(row: &str, a: char, b: char) -> bool {
    row.chars().zip(row.chars().skip(1)).any(|pair| pair == (a, b))
}

/// Reverts common substitutions of letters.
fn undisguised(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        _ => c,
    }
}

static COMMON_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("common_words.txt").lines();
    lines.filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(password: &str) -> Result<(), WeakPassword> {
        check_password(&SecretString::from(password), &UserName::parse("Anna.Huber").unwrap())
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(verdict("kqzvwmtxbrd"), Err(WeakPassword::TooShort));
        assert_eq!(verdict("kqzvwmtxbrdf"), Ok(()));
        assert_eq!(verdict("ßöüäßéàêøłžč"), Ok(()));
        let long: String = "kq7vwmtx".chars().cycle().take(121).chain("pdnrsfh".chars()).collect();
        assert_eq!(verdict(&long), Ok(()));
        assert_eq!(verdict(&format!("{long}z")), Err(WeakPassword::TooLong));
        assert_eq!(verdict("kqzvwm\ntxbrdf"), Err(WeakPassword::ControlCharacter));
    }

    #[test]
    fn the_name_must_not_appear() {
        for password in ["xq7-ANNA.huber-zk", "xq7vhuberzkwp", "kzwq anna mfxv"] {
            assert_eq!(verdict(password), Err(WeakPassword::ContainsName), "{password}");
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for password in [
            "password1234",
            "Passwort2024!",
            "P@ssw0rd2024",
            "passwordpassword",
            "123456789012",
            "111111111111",
            "qwertzuiopü1",
            "qwertyuiop12",
            "1qay2wsx3edc",
            "1qaz2wsx3edc4rfv",
            "abcabcabcabc",
            "Sommer2024!!",
            "SommerWinter2025",
            "Kanzlei2025!",
            "Steuerberater1!",
            "Rechtsanwalt24",
            "IloveYou2023!",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "BayernMuenchen1900",
            "Mandant123456",
            "administrator",
            "letmein123456",
            "Willkommen2025",
            "abcdefghijkl",
            "lkjhgfdsapoi",
            "Changeme123!",
            "NextcloudAdmin1",
        ] {
            assert_eq!(verdict(password), Err(WeakPassword::Guessable), "{password}");
        }
    }

    #[test]
    fn unrelated_words_and_random_signs_pass() {
        for password in [
            "correct horse battery staple",
            "dkfj39fk2lsd",
            "Kreide-Ofen-Zebra",
            "839201748263",
            "wolke tasse brücke",
            "k3m7-pq2x-9vtn",
        ] {
            assert_eq!(verdict(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn a_links_password_may_be_shorter_but_not_among_the_first_that_are_guessed() {
        let verdict = |text: &str| check_link_password(&SecretString::from(text));
        for password in ["Geheim-1x7", "kqzvwmtx", "wolke tasse", "Kreide-Ofen"] {
            assert_eq!(verdict(password), Ok(()), "{password}");
        }
        assert_eq!(verdict("kqzvwmt"), Err(WeakPassword::TooShortForLink));
        for password in
            ["12345678", "passwort", "password1", "aaaaaaaa", "qwertzui", "sommer2024", "abcdabcd"]
        {
            assert_eq!(verdict(password), Err(WeakPassword::Guessable), "{password}");
        }
        assert_eq!(verdict(&"kq7vwmtx".repeat(17)), Err(WeakPassword::TooLong));
        assert_eq!(verdict("kqzv\twmtx"), Err(WeakPassword::ControlCharacter));
    }

    #[test]
    fn the_list_holds_what_can_be_found() {
        assert!(COMMON_WORDS.len() > 2_000, "{}", COMMON_WORDS.len());
        for word in COMMON_WORDS.iter() {
            let chars = word.chars().count();
            assert!((SHORTEST_WORD..=LONGEST_WORD).contains(&chars), "{word}");
            assert_eq!(*word, word.to_lowercase(), "{word}");
            assert!(word.chars().all(|c| undisguised(c) == c), "{word}");
        }
    }
}
