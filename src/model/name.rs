//! Names and paths of entries, parsed once at the edge.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// One segment of a path. Never empty, `.` or `..`; contains no `/`, `\` or NUL; at most 255 bytes of UTF-8, the
/// limit of the file systems on which clients mount the server. Kept byte for byte as sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryName(String);

/// Why a name or path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is empty, `.` or `..`.
    #[error("a name must not be empty, '.' or '..'")]
    Reserved,
    /// The name contains `/`, `\` or NUL: separators on one system or another.
    #[error("a name must not contain '/', '\\' or a NUL character")]
    Separator,
    /// The name is longer than 255 bytes.
    #[error("this name is longer than 255 bytes")]
    TooLong,
    /// The path has more than 100 levels or 4096 bytes.
    #[error("this path is nested too deeply or longer than 4096 bytes")]
    PathTooLong,
    /// The percent-decoded bytes of the name are not UTF-8.
    #[error("this name is not UTF-8 text")]
    NotUtf8,
    /// Windows cannot store the name, and the instance requires portable names.
    #[error(
        "Windows cannot store this name; use another without < > : \" | ? *, control characters, a trailing dot or blank, or a device name such as CON"
    )]
    NotPortable,
}

impl NameError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Reserved => "name-reserved",
            Self::Separator => "name-separator",
            Self::TooLong => "name-too-long",
            Self::PathTooLong => "path-too-long",
            Self::NotUtf8 => "name-not-utf8",
            Self::NotPortable => "name-not-portable",
        }
    }
}

/// Names that an instance accepts beyond the rules of [`EntryName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NamePolicy {
    /// Any name; it comes back byte for byte as sent.
    #[default]
    Any,
    /// Only names that Windows can display as well.
    Portable,
}

impl EntryName {
    /// Longest name in bytes.
    pub const MAX_BYTES: usize = 255;

    /// Parses one segment.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text == "." || text == ".." {
            return Err(NameError::Reserved);
        }
        if text.contains(['/', '\\', '\0']) {
            return Err(NameError::Separator);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(NameError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The nearest name to a foreign text that every system can show: without separators, control and invisible
    /// characters, cut to `most` bytes before its ending. `None` if nothing is left of it.
    pub fn nearest(text: &str, most: usize) -> Option<Self> {
        let odd = |c: char| matches!(c, '/' | '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*');
        let shown = text.chars().map(|c| {
            if odd(c) {
                '_'
            } else if c.is_whitespace() {
                ' '
            } else {
                c
            }
        });
        let shown: String = shown.filter(|c| !c.is_control() && !is_invisible(*c)).collect();
        let words: Vec<_> = shown.split(' ').filter(|word| !word.is_empty()).collect();
        let whole = words.join(" ");
        let whole = whole.trim_end_matches(['.', ' ']);
        let ending = whole.rfind('.').filter(|dot| *dot > 0 && whole.len() - dot <= MAX_ENDING);
        let (stem, ending) = ending.map_or((whole, ""), |dot| whole.split_at(dot));
        let room = most.min(Self::MAX_BYTES).saturating_sub(ending.len());
        let stem = stem.get(..stem.floor_char_boundary(room))?;
        let name = Self::parse(format!("{stem}{ending}").trim_end_matches(['.', ' '])).ok()?;
        // The only fault left is the name of a device.
        if name.is_portable() { Some(name) } else { Self::parse(&format!("_{name}")).ok() }
    }

    /// The name itself, or the nearest one without characters that hide what it is: breaks of lines, and marks that turn the
    /// order of reading, by which `rechnungfdp.exe` looks like a PDF.
    #[must_use]
    pub fn legible(&self) -> Self {
        let hides = self.0.chars().any(|c| c.is_control() || is_invisible(c));
        let nearest = if hides { Self::nearest(&self.0, Self::MAX_BYTES) } else { None };
        nearest.unwrap_or_else(|| self.clone())
    }

    /// The name as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that must be unique in a folder: NFC and lower case, so that no two entries look alike on macOS or
    /// Windows. `ß` differs from `ss`: Maße and Masse are different words.
    pub fn key(&self) -> String {
        self.0.nfc().flat_map(char::to_lowercase).nfc().collect()
    }

    /// Whether both names differ only in how accents are composed.
    pub fn is_same_text(&self, other: &Self) -> bool {
        self.0.nfc().eq(other.0.nfc())
    }

    /// Checks the name against the instance's policy.
    pub fn check(&self, policy: NamePolicy) -> Result<(), NameError> {
        match policy {
            NamePolicy::Portable if !self.is_portable() => Err(NameError::NotPortable),
            _ => Ok(()),
        }
    }

    fn is_portable(&self) -> bool {
        const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
        let stem = self.0.split('.').next().unwrap_or_default().trim_end().to_lowercase();
        let numbered = |prefix| {
            stem.strip_prefix(prefix).is_some_and(|rest| {
                let mut chars = rest.chars();
                matches!(chars.next(), Some('1'..='9' | '¹' | '²' | '³')) && chars.next().is_none()
            })
        };
        !(self.0.contains(['<', '>', ':', '"', '|', '?', '*'])
            || self.0.chars().any(char::is_control)
            || self.0.ends_with(['.', ' '])
            || DEVICES.contains(&stem.as_str())
            || numbered("com")
            || numbered("lpt"))
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0).fmt(f)
    }
}

/// Longest ending of a foreign name in bytes, with its dot, that is kept when the name is cut.
const MAX_ENDING: usize = 32;

/// Whether a character has no shape, or changes the direction of those around it.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A text in a form that cannot control a terminal or look like another text: control characters and invisible ones
/// are escaped.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let invisible = |c: char| c.is_control() || is_invisible(c);
        self.0.chars().try_for_each(|c| {
            if invisible(c) { write!(f, "{}", c.escape_unicode()) } else { write!(f, "{c}") }
        })
    }
}

/// Path of an entry inside its space; the empty path is the space's root folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryPath(Vec<EntryName>);

impl EntryPath {
    /// Deepest nesting of folders.
    pub const MAX_DEPTH: usize = 100;
    /// Longest path in bytes, separators included.
    pub const MAX_BYTES: usize = 4096;

    /// The space's root folder.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path with [`EntryName::legible`] names.
    #[must_use]
    pub fn legible(&self) -> Self {
        Self(self.0.iter().map(EntryName::legible).collect())
    }

    /// A path of parsed names.
    pub fn new(names: Vec<EntryName>) -> Result<Self, NameError> {
        let bytes: usize = names.iter().map(|name| name.as_str().len() + 1).sum();
        if names.len() > Self::MAX_DEPTH || bytes > Self::MAX_BYTES {
            return Err(NameError::PathTooLong);
        }
        Ok(Self(names))
    }

    /// Parses decoded text such as `a/b.txt`; one trailing slash is allowed, empty segments are not.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.is_empty() {
            return Ok(Self::root());
        }
        Self::new(text.split('/').map(EntryName::parse).collect::<Result<_, _>>()?)
    }

    /// The names as they are stored, separated by slashes, as [`Self::parse`] reads them. Display is for people, and
    /// shows some characters by their numbers.
    pub fn text(&self) -> String {
        self.0.iter().map(EntryName::as_str).collect::<Vec<_>>().join("/")
    }

    /// The names from the root down.
    pub fn names(&self) -> &[EntryName] {
        &self.0
    }

    /// Whether this is the space's root folder.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Parent path and last name; `None` for the root.
    pub fn split_last(&self) -> Option<(Self, &EntryName)> {
        let (last, parents) = self.0.split_last()?;
        Some((Self(parents.to_vec()), last))
    }

    /// This path with one more name.
    pub fn join(&self, name: EntryName) -> Result<Self, NameError> {
        let mut names = self.0.clone();
        names.push(name);
        Self::new(names)
    }

    /// Whether `self` is `other` or below it.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        self.0.iter().enumerate().try_for_each(|(i, name)| {
            if i > 0 {
                f.write_str("/")?;
            }
            name.fmt(f)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EntryName {
        EntryName::parse(text).unwrap()
    }

    #[test]
    fn separators_and_dots_are_refused() {
        for text in ["", ".", "..", "a/b", "a\\b", "a\0"] {
            assert!(EntryName::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(EntryName::parse(&"x".repeat(256)), Err(NameError::TooLong));
        assert!(EntryName::parse(&"x".repeat(255)).is_ok());
    }

    #[test]
    fn twins_share_a_key_and_german_words_do_not() {
        assert_eq!(name("Müller").key(), name("mu\u{308}ller").key());
        assert_ne!(name("Maße").key(), name("Masse").key());
        assert!(name("ü").is_same_text(&name("u\u{308}")));
        assert!(!name("A").is_same_text(&name("a")));
    }

    #[test]
    fn a_foreign_name_becomes_one_that_every_system_shows() {
        for (text, expected) in [
            ("Erklärung 2025.docx", Some("Erklärung 2025.docx")),
            ("../../etc/passwd", Some(".._.._etc_passwd")),
            ("a\\b:c?.pdf", Some("a_b_c_.pdf")),
            ("  zwei\t Worte \r\n .pdf ", Some("zwei Worte .pdf")),
            ("Rechnung\u{202e}fdp.exe", Some("Rechnungfdp.exe")),
            ("Re\u{ad}chnung\u{200b}", Some("Rechnung")),
            ("con.txt", Some("_con.txt")),
            ("end...", Some("end")),
            ("...", None),
            ("\u{202e}", None),
            ("", None),
        ] {
            let name = EntryName::nearest(text, 200);
            assert_eq!(name.as_ref().map(EntryName::as_str), expected, "{text:?}");
            assert!(name.is_none_or(|name| name.is_portable()));
        }
        let long = EntryName::nearest(&format!("{}.docx", "ä".repeat(300)), 21).unwrap();
        assert_eq!(long.as_str(), format!("{}.docx", "ä".repeat(8)));
    }

    #[test]
    fn portable_names_are_those_windows_can_show() {
        for bad in ["CON", "nul.txt", "com1", "LPT9.log", "a.", "a ", "a:b", "a?", "a\u{1}"] {
            assert_eq!(name(bad).check(NamePolicy::Portable), Err(NameError::NotPortable), "{bad}");
            assert_eq!(name(bad).check(NamePolicy::Any), Ok(()), "{bad}");
        }
        for good in ["CONTRACT", "com10", "ä.pdf", ".hidden", "con-1"] {
            assert_eq!(name(good).check(NamePolicy::Portable), Ok(()), "{good}");
        }
    }

    #[test]
    fn names_cannot_steer_a_terminal() {
        assert_eq!(name("a\u{202e}fdp.exe").to_string(), "a\\u{202e}fdp.exe");
        assert_eq!(name("a\nb").to_string(), "a\\u{a}b");
    }

    #[test]
    fn paths_have_no_empty_segments() {
        assert_eq!(EntryPath::parse("").unwrap(), EntryPath::root());
        assert_eq!(EntryPath::parse("a/b/").unwrap().names().len(), 2);
        assert!(EntryPath::parse("a//b").is_err());
        assert!(EntryPath::parse("/a").is_err());
        assert!(EntryPath::parse(&"a/".repeat(101)).is_err());
    }
}
