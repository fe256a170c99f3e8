//! Mail: addresses of spaces, the sockets at which mails arrive, and how large they may be.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Largest files that a mail may carry, together and in bytes, unless it is set otherwise.
pub const DEFAULT_MAIL_SIZE: u64 = 50 << 20;
/// Most bytes that the setting may allow: with its encoding, a mail must fit into what is scanned in one piece.
pub const MAX_MAIL_SIZE: u64 = 70 << 20;
/// Mails for a space within an hour, unless it is set otherwise. The sender's server keeps what exceeds it and tries
/// again.
pub const DEFAULT_MAILS_PER_HOUR: u32 = 500;

/// Longest mail in bytes whose files have `size` bytes together: base64 and its line ends add 37 %, and the texts and heads
/// of the mail come to it.
pub fn encoded_mail(size: u64) -> u64 {
    /// Bytes for texts and heads.
    const TEXTS: u64 = 1 << 20;
    size.saturating_mul(137).div_ceil(100).saturating_add(TEXTS)
}

/// Local part of a space's address: the text before `@`, or before the `+` that begins a folder. 1 to 48 lower-case
/// letters, digits, dots, hyphens and underscores: every mail program can send to these.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MailName(String);

/// Why a text is no [`MailName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailNameError {
    /// It has other characters, or too many or too few.
    #[error(
        "a mail name has 1 to 48 letters a to z, digits, dots, hyphens and underscores, and begins and ends with a \
         letter or digit: mueller, mueller.kg"
    )]
    Malformed,
    /// Every mail domain needs it for its own purposes.
    #[error("postmaster and abuse are the addresses of the people who run the mail server (RFC 2142)")]
    Reserved,
}

impl MailNameError {
    /// Stable name of the error for programs: see docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "mail-name-malformed",
            Self::Reserved => "mail-name-reserved",
        }
    }
}

impl MailName {
    /// Longest name in bytes: a folder must fit behind it in the 64 of a local part (RFC 5321, section 4.5.3.1.1).
    pub const MAX_BYTES: usize = 48;

    /// Parses a name, in any capitals.
    pub fn parse(text: &str) -> Result<Self, MailNameError> {
        let name = text.to_ascii_lowercase();
        let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
        let is_well_formed = (1..=Self::MAX_BYTES).contains(&name.len())
            && name.chars().all(is_inner)
            && !name.starts_with(['-', '.', '_'])
            && !name.ends_with(['-', '.', '_'])
            && !name.contains("..");
        match name.as_str() {
            _ if !is_well_formed => Err(MailNameError::Malformed),
            "postmaster" | "abuse" => Err(MailNameError::Reserved),
            _ => Ok(Self(name)),
        }
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where mail arrives: a socket in the file system, or a port of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum MailAddress {
    /// Path of a socket. Every program that reaches it may deliver.
    Socket(PathBuf),
    /// Address and port. Always a loopback address, because LMTP knows no login.
    Port(SocketAddr),
}

/// Why a text is no [`MailAddress`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseMailAddressError {
    /// It is neither.
    #[error("must be the absolute path of a socket, or an address such as 127.0.0.1:2424")]
    Malformed,
    /// Others could reach it.
    #[error("must be a loopback address such as 127.0.0.1: whoever reaches it can deliver without a login")]
    NotLoopback,
}

impl FromStr for MailAddress {
    type Err = ParseMailAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('/') {
            return Ok(Self::Socket(text.into()));
        }
        let address: SocketAddr = text.parse().map_err(|_| ParseMailAddressError::Malformed)?;
        if address.ip().is_loopback() {
            Ok(Self::Port(address))
        } else {
            Err(ParseMailAddressError::NotLoopback)
        }
    }
}

impl TryFrom<String> for MailAddress {
    type Error = ParseMailAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.to_string()
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Port(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_every_mail_program_can_send_to() {
        for (text, expected) in [
            ("mueller", Ok("mueller")),
            ("Mueller-KG", Ok("mueller-kg")),
            ("a", Ok("a")),
            ("m.v_2", Ok("m.v_2")),
            ("", Err(MailNameError::Malformed)),
            ("müller", Err(MailNameError::Malformed)),
            ("a+b", Err(MailNameError::Malformed)),
            ("a@b", Err(MailNameError::Malformed)),
            ("a b", Err(MailNameError::Malformed)),
            (".a", Err(MailNameError::Malformed)),
            ("a-", Err(MailNameError::Malformed)),
            ("a..b", Err(MailNameError::Malformed)),
            ("Postmaster", Err(MailNameError::Reserved)),
            ("abuse", Err(MailNameError::Reserved)),
        ] {
            assert_eq!(
                MailName::parse(text).as_ref().map(MailName::as_str),
                expected.as_ref().copied(),
                "{text}"
            );
        }
        assert!(MailName::parse(&"a".repeat(48)).is_ok());
        assert!(MailName::parse(&"a".repeat(49)).is_err());
    }

    #[test]
    fn mail_arrives_on_this_machine_only() {
        for (text, expected) in [
            ("/run/tresor/lmtp", Ok(MailAddress::Socket("/run/tresor/lmtp".into()))),
            ("127.0.0.1:24", Ok(MailAddress::Port(([127, 0, 0, 1], 24).into()))),
            ("0.0.0.0:24", Err(ParseMailAddressError::NotLoopback)),
            ("192.168.1.1:24", Err(ParseMailAddressError::NotLoopback)),
            ("localhost:24", Err(ParseMailAddressError::Malformed)),
            ("lmtp", Err(ParseMailAddressError::Malformed)),
            ("", Err(ParseMailAddressError::Malformed)),
        ] {
            assert_eq!(text.parse::<MailAddress>(), expected, "{text}");
        }
        assert_eq!("[::1]:24".parse::<MailAddress>().unwrap().to_string(), "[::1]:24");
    }
}
