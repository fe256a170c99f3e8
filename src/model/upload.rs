//! Types of uploads that arrive in parts.

use std::cmp::Ordering;
use std::fmt;

use super::words::words;
use super::{HandInId, LinkId, UserId};

words! {
    /// The order in which an upload arrives.
    UploadShape {
        /// Front to back: each append begins where the one before it ended.
        Linear = "linear",
        /// In named chunks, in any order and several at a time.
        Chunked = "chunked",
    }
}

/// Whose upload it is: nothing but a request on its behalf may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UploadOwner {
    /// A user.
    User(UserId),
    /// A guest's hand-in, which it becomes a file of.
    HandIn(HandInId),
    /// A guest who works in a folder through a link.
    Guest {
        /// The link.
        link: LinkId,
        /// HMAC of the secret of the guest's browser.
        browser: [u8; 32],
    },
}

impl From<UserId> for UploadOwner {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

/// The name of a chunk. Ordered as chunks are joined: numeric names by their number and before all others, the
/// others by their bytes. So `1`, `2`, `10` and `000001`, `000002` and `…0-…9` are all joined as their clients
/// intend.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChunkName(String);

/// A text that is not a valid chunk name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a chunk's name has 1 to 255 bytes, no slash and no control character, and is not '.', '..' or '.file'"
)]
pub struct ChunkNameError;

impl ChunkName {
    /// Longest name in bytes.
    pub const MAX_BYTES: usize = 255;
    /// Name under which Nextcloud's clients address all chunks together.
    pub const ALL: &str = ".file";

    /// Parses a percent-decoded name from a request's path.
    pub fn parse(text: &str) -> Result<Self, ChunkNameError> {
        let is_taken = ["", ".", "..", Self::ALL].contains(&text);
        if is_taken || text.len() > Self::MAX_BYTES || text.chars().any(|c| c == '/' || c.is_control()) {
            return Err(ChunkNameError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits of a numeric name, without leading zeros.
    fn digits(&self) -> Option<&str> {
        let is_number = self.0.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| self.0.trim_start_matches('0'))
    }

    /// Whether no client would send a chunk before this one: true for 0 and 1.
    pub fn may_be_first(&self) -> bool {
        self.digits().is_none_or(|digits| digits.is_empty() || digits == "1")
    }

    /// Whether no other number lies between this one and `next`. Between names that are not numbers there may
    /// always be another one, and their clients send them in order.
    pub fn is_followed_by(&self, next: &Self) -> bool {
        let number = |digits: &str| if digits.is_empty() { Ok(0) } else { digits.parse::<u64>() };
        match (self.digits(), next.digits()) {
            (Some(this), Some(next)) => match (number(this), number(next)) {
                (Ok(this), Ok(next)) => this.checked_add(1) == Some(next),
                _ => false,
            },
            _ => self < next,
        }
    }
}

impl Ord for ChunkName {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_number = match (self.digits(), other.digits()) {
            // Numbers of any length: the longer number is the larger one.
            (Some(this), Some(other)) => this.len().cmp(&other.len()).then_with(|| this.cmp(other)),
            (this, other) => this.is_none().cmp(&other.is_none()),
        };
        by_number.then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for ChunkName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ChunkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ChunkName {
        ChunkName::parse(text).unwrap()
    }

    #[test]
    fn chunks_are_joined_in_the_order_that_their_client_means() {
        let huge = "9".repeat(255);
        let ordered = ["0", "00", "000001", "2", "10", "00011", "18446744073709551616", &huge];
        let others = ["000000000000000-000000000000009", "000000000000010-000000000000019", "a", "b10", "b9"];
        let all: Vec<_> = ordered.into_iter().chain(others).map(name).collect();
        let mut sorted = all.clone();
        sorted.reverse();
        sorted.sort();
        assert_eq!(sorted, all);
    }

    #[test]
    fn the_next_number_is_known() {
        for (one, next) in [("0", "1"), ("00000", "00001"), ("9", "10"), ("a", "b"), ("0-9", "10-19")] {
            assert!(name(one).is_followed_by(&name(next)), "{one} {next}");
        }
        for (one, other) in [("0", "2"), ("1", "1"), ("1", "01"), ("2", "1"), ("b", "a")] {
            assert!(!name(one).is_followed_by(&name(other)), "{one} {other}");
        }
    }

    #[test]
    fn no_name_leads_elsewhere() {
        for text in ["", ".", "..", ".file", "a/b", "/", "a\0", "a\n", &"x".repeat(256)] {
            assert_eq!(ChunkName::parse(text), Err(ChunkNameError), "{text:?}");
        }
        for text in ["0", "...", ".files", "ü", "%2e", &"x".repeat(255)] {
            assert_eq!(name(text).as_str(), text);
        }
    }
}
