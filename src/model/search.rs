//! Texts by which entries are searched for, and the rules by which two spellings of a name are the same.
//!
//! Names and texts are folded: capitals, accents, ligatures and how characters are composed do not matter, `ß` is `ss`.
//! An `e` behind `a`, `o` or `u` may also be missing, in the name or in the text, so that `ä`, `ae` and `a` are the same
//! to people who write an umlaut one way or another. The price is a few hits too many: `neue` finds `neu`, too.
//! The name keeps such an `e`: `Kontoeröffnung` contains `eröffnung`.

use std::ops::BitOr;

use unicode_normalization::char::decompose_compatible;

use super::name::is_invisible;

/// The words of a search; an entry must have all of them in its name or in those of the folders above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText {
    /// Folded, and without the `e` of umlauts.
    words: Vec<Vec<u8>>,
}

/// Some of the words of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WordSet(u16);

/// Why a text cannot be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchTextError {
    /// A search has no letter, digit or sign.
    #[error("a search needs at least one letter or digit")]
    Empty,
    /// A search is longer than 255 bytes, or has more than 16 words.
    #[error("a search has at most 255 bytes and 16 words")]
    TooLong,
}

impl SearchTextError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "search-empty",
            Self::TooLong => "search-too-long",
        }
    }
}

impl SearchText {
    /// Longest text of a search in bytes, as long as the longest name.
    pub const MAX_BYTES: usize = 255;
    /// Most words of a search.
    pub const MAX_WORDS: usize = 16;

    /// Parses a text as a person types it; white space separates the words.
    pub fn parse(text: &str) -> Result<Self, SearchTextError> {
        if text.len() > Self::MAX_BYTES {
            return Err(SearchTextError::TooLong);
        }
        let mut folded = String::new();
        fold(text, &mut folded);
        let words: Vec<_> = folded.split_whitespace().map(without_umlauts).collect();
        match words.len() {
            0 => Err(SearchTextError::Empty),
            many if many > Self::MAX_WORDS => Err(SearchTextError::TooLong),
            _ => Ok(Self { words }),
        }
    }

    /// The words that a name contains, also in the middle of its own words. `room` is any text; it is overwritten,
    /// so that a search of many names needs one only.
    pub fn words_in(&self, name: &str, room: &mut String) -> WordSet {
        room.clear();
        fold(name, room);
        let found = self.words.iter().map(|word| contains(room.as_bytes(), word));
        WordSet(found.enumerate().map(|(at, is_found)| u16::from(is_found) << at).sum())
    }

    /// Whether these are all words.
    pub fn is_whole(&self, found: WordSet) -> bool {
        found.0.count_ones() as usize == self.words.len()
    }
}

impl WordSet {
    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for WordSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Appends a text without the differences that do not matter to a search.
fn fold(text: &str, folded: &mut String) {
    for c in text.chars() {
        match c {
            '\0'..='\x7f' => folded.push(c.to_ascii_lowercase()),
            // A search of a million German names takes twice as long without this line.
            'ä' | 'Ä' => folded.push('a'),
            'ö' | 'Ö' => folded.push('o'),
            'ü' | 'Ü' => folded.push('u'),
            c => decompose_compatible(c, |c| fold_part(c, folded)),
        }
    }
}

/// Appends one character of a decomposed text.
fn fold_part(c: char, folded: &mut String) {
    if is_accent(c) || is_invisible(c) {
        return;
    }
    // Through capitals, so that `ß` becomes `ss` and both forms of a small sigma one; first from capitals, because
    // there is a capital `ß` that is its own.
    for c in c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase) {
        match c {
            'ø' => folded.push('o'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ħ' => folded.push('h'),
            'ŧ' => folded.push('t'),
            c if is_accent(c) => {}
            c => folded.push(c),
        }
    }
}

/// Whether a character is a mark on the one before it. Signs of vowels, as in Hindi, are not: they make another word.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Whether an `e` behind this letter may be the sign of an umlaut.
fn takes_umlaut(letter: u8) -> bool {
    matches!(letter, b'a' | b'o' | b'u')
}

/// A folded word without each `e` that may be the sign of an umlaut.
fn without_umlauts(word: &str) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::with_capacity(word.len());
    let mut may_be_sign = false;
    for byte in word.bytes() {
        let is_sign = may_be_sign && byte == b'e';
        if !is_sign {
            kept.push(byte);
        }
        may_be_sign = takes_umlaut(byte);
    }
    kept
}

/// Whether a folded name contains a word of [`without_umlauts`].
fn contains(name: &[u8], word: &[u8]) -> bool {
    let Some((first, word)) = word.split_first() else { return true };
    let mut rest = name;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let Some((_, after)) = rest.split_at_checked(at + 1) else { return false };
        if goes_on(*first, after, word) {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether the text behind a letter goes on with a word: with the `e` of an umlaut before it, or without.
fn goes_on(letter: u8, text: &[u8], word: &[u8]) -> bool {
    let without = takes_umlaut(letter).then(|| text.strip_prefix(b"e")).flatten();
    without.is_some_and(|text| begins_with(text, word)) || begins_with(text, word)
}

/// Whether a folded text begins with a word, each `e` that may be the sign of an umlaut read as such or as itself.
fn begins_with(text: &[u8], word: &[u8]) -> bool {
    let Some((wanted, word)) = word.split_first() else { return true };
    text.split_first().is_some_and(|(found, text)| found == wanted && goes_on(*found, text, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a search for `text` finds a file of this name.
    fn finds(text: &str, name: &str) -> bool {
        let text = SearchText::parse(text).unwrap();
        let found = text.words_in(name, &mut String::from("of the name before"));
        text.is_whole(found)
    }

    #[test]
    fn each_way_to_write_a_name_finds_all_others() {
        for alike in [
            &["Müller", "Mueller", "Muller", "MÜLLER", "mu\u{308}ller", "MUELLER", "mülleR"][..],
            &["Größe", "Groesse", "Grosse", "GRÖSSE", "GRÖẞE", "gro\u{308}ße"],
            &["Häuser", "Haeuser", "Hauser"],
            &["Søren", "Soeren", "Soren", "Sören"],
            &["Ærø", "Aeroe", "Aro"],
            &["Łódź", "Lodz", "lódz"],
            &["Þórður", "Thordur"],
            &["Đặng", "Dang"],
            &["José", "Jose", "JOSE\u{301}"],
            &["Œuvre", "Oeuvre", "œuvre"],
            &["ΟΔΟΣ", "οδος", "οδός"],
            &["ﬁnal", "FINAL"],
            &["İstanbul", "istanbul", "ISTANBUL", "ıstanbul"],
            &["２０２６", "2026"],
            &["Qu\u{ad}een", "queen"],
        ] {
            for text in alike {
                for name in alike {
                    assert!(finds(text, &format!("Akte {name} 1.pdf")), "{text} does not find {name}");
                }
            }
        }
    }

    #[test]
    fn a_word_may_be_anywhere_in_a_name() {
        for (text, name, expected) in [
            ("eröffnung", "Kontoeröffnung.pdf", true),
            ("eroeffnung", "Kontoeröffnung.pdf", true),
            ("kontoeroeffnung", "Kontoeröffnung.pdf", true),
            ("eintrag", "Neueintrag", true),
            ("steuererkl", "Einkommensteuererklärung 2025.pdf", true),
            ("pdf", "a.PDF", true),
            ("2025", "Bilanz_2025-12", true),
            ("äe", "Statuae", true),
            ("aee", "Aee", true),
            ("müllers", "Mueller", false),
            ("miller", "Müller", false),
            ("mller", "Müller", false),
            ("maße", "Masse", true),
            ("neue", "neu", true),
            ("e", "a", false),
            ("e", "ae", true),
            ("हिंदी", "हिंदी", true),
            ("हदी", "हिंदी", false),
        ] {
            assert_eq!(finds(text, name), expected, "{text} in {name}");
        }
    }

    #[test]
    fn all_words_must_occur() {
        assert!(finds("bilanz müller", "Mueller Bilanz"));
        assert!(finds(" müller\u{a0}\tbilanz ", "Mueller Bilanz"));
        assert!(!finds("bilanz meier", "Mueller Bilanz"));
        let text = SearchText::parse("bilanz müller 2025").unwrap();
        let words = |name| text.words_in(name, &mut String::new());
        assert!(words("Huber").is_empty());
        assert!(!text.is_whole(words("Mueller") | words("Bilanz.xlsx")));
        assert!(text.is_whole(words("Mueller") | words("2025") | words("Bilanz.xlsx")));
    }

    #[test]
    fn a_text_has_something_to_find_and_an_end() {
        for empty in ["", "  ", "\u{300}", "\u{ad}\u{200b}"] {
            assert_eq!(SearchText::parse(empty), Err(SearchTextError::Empty), "{empty:?}");
        }
        assert!(SearchText::parse(&"x".repeat(255)).is_ok());
        assert_eq!(SearchText::parse(&"x".repeat(256)), Err(SearchTextError::TooLong));
        assert!(SearchText::parse(&"x ".repeat(16)).is_ok());
        assert_eq!(SearchText::parse(&"x ".repeat(17)), Err(SearchTextError::TooLong));
        let words = SearchText::parse(&"x ".repeat(16)).unwrap();
        assert!(words.is_whole(words.words_in("x", &mut String::new())));
    }

    /// Each `e` behind a vowel can be read in two ways: that must not multiply.
    #[test]
    fn a_name_full_of_umlauts_is_read_in_few_steps() {
        for (text, name) in [("ae", "ae"), ("äe", "aee"), ("aee", "aeee"), ("a", "ae"), ("oeue", "oeue")] {
            let text = text.repeat(255 / text.len() - 1) + "x";
            assert!(!finds(&text, &name.repeat(255 / name.len())), "{text}");
        }
    }
}
