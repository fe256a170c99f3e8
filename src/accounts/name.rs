//! Names of users: which texts are valid, and which names count as equal.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// A user's name: 1 to 64 characters in NFC, without `:` (it ends the name in HTTP Basic), `/`, `\`
/// (a Windows domain ends there), control or invisible characters, and not `.` or `..`, because it
/// is a path segment in the Nextcloud addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct UserName(String);

/// Why a text is not a valid user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserNameError {
    /// The user name has only blanks.
    #[error("a user name must have at least one character")]
    Empty,
    /// The user name has more than 64 characters.
    #[error("a user name must have at most 64 characters; choose a shorter one")]
    TooLong,
    /// The user name contains a separator, a control character or an invisible character.
    #[error(
        "a user name must not contain ':', '/', '\\', control or invisible characters, nor be '.' or '..'"
    )]
    Forbidden,
}

impl UserNameError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "user-name-empty",
            Self::TooLong => "user-name-too-long",
            Self::Forbidden => "user-name-forbidden",
        }
    }
}

impl UserName {
    /// Longest name in characters.
    pub const MAX_CHARS: usize = 64;

    /// Parses a name as an administrator enters it; surrounding blanks are dropped.
    pub fn parse(raw: &str) -> Result<Self, UserNameError> {
        let name: String = raw.trim().nfc().take(Self::MAX_CHARS + 1).collect();
        if name.is_empty() {
            return Err(UserNameError::Empty);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(UserNameError::TooLong);
        }
        if name == "." || name == ".." || name.chars().any(is_forbidden) {
            return Err(UserNameError::Forbidden);
        }
        Ok(Self(name))
    }

    /// A stored name, which was parsed earlier.
    pub(super) fn from_stored(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name in its original spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is unique among users: lower case, NFC.
    pub fn key(&self) -> String {
        self.0.chars().flat_map(char::to_lowercase).nfc().collect()
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for UserName {
    /// Names stay out of logs, even when printed with `{:?}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserName([redacted])")
    }
}

/// Parses a name as clients send it at login: Windows puts its domain in front (`OFFICE\anna`), so everything up to
/// the last `\` is dropped.
pub fn login_name(raw: &str) -> Result<UserName, UserNameError> {
    let name = raw.rsplit_once('\\').map_or(raw, |(_domain, name)| name);
    UserName::parse(name)
}

pub(super) fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, ':' | '/' | '\\' | '\u{ad}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(raw: &str) -> String {
        login_name(raw).unwrap().key()
    }

    #[test]
    fn windows_domains_case_and_accents_do_not_matter_at_login() {
        for raw in ["Jürgen", "OFFICE\\jürgen", "a\\b\\JÜRGEN", " ju\u{308}rgen "] {
            assert_eq!(key(raw), "jürgen", "{raw:?}");
        }
        assert_eq!(key("anna@example.org"), "anna@example.org");
    }

    #[test]
    fn names_that_break_addresses_or_headers_are_refused() {
        for raw in ["a:b", "a/b", "a\nb", "a\u{202e}b", "a\u{200b}", ".", ".."] {
            assert_eq!(UserName::parse(raw), Err(UserNameError::Forbidden), "{raw:?}");
        }
        assert_eq!(UserName::parse("OFFICE\\a"), Err(UserNameError::Forbidden));
        assert_eq!(login_name("OFFICE\\"), Err(UserNameError::Empty));
        assert_eq!(UserName::parse("  "), Err(UserNameError::Empty));
    }

    #[test]
    fn sixty_four_characters_fit_and_one_more_does_not() {
        assert!(UserName::parse(&"ü".repeat(64)).is_ok());
        assert_eq!(UserName::parse(&"ü".repeat(65)), Err(UserNameError::TooLong));
    }

    #[test]
    fn names_do_not_reach_logs_by_debug() {
        assert!(!format!("{:?}", UserName::parse("anna").unwrap()).contains("anna"));
    }
}
