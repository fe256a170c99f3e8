//! Device passwords: random tokens, of which only a keyed hash is stored.
//!
//! A token has 160 random bits, so it needs no slow hash and no throttle against guessing; it is
//! found by its HMAC in one indexed read.

use data_encoding::{Encoding, Specification};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::fmt;
use std::sync::LazyLock;
use zeroize::Zeroizing;

use crate::model::fill_random;

/// Bytes of randomness in a token.
const TOKEN_BYTES: usize = 20;
/// Characters per group of the text form.
const GROUP_CHARS: usize = 4;

/// A device password: eight groups of four characters.
pub type AppToken = Spelled<TOKEN_BYTES>;

/// Random bytes, a multiple of five, in a form that people read and type: groups of four characters, `k3m7-…`,
/// without the look-alikes i, l, o and without u. Wiped on drop.
pub struct Spelled<const LEN: usize>(Zeroizing<[u8; LEN]>);

/// The key for hashing tokens; `vault::keys` derives it from the root secret.
pub struct AppPasswordKey(Zeroizing<[u8; 32]>);

/// Stored form of a token: HMAC-SHA256 of its 20 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl<const LEN: usize> Spelled<LEN> {
    /// Characters of the text form without separators.
    const CHARS: usize = LEN * 8 / 5;

    /// New bytes from the system's random source.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; LEN]);
        fill_random(bytes.as_mut());
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// Parses the text as a person types it: ignores case, blanks and hyphens, and reads o as 0, i and l as 1.
    /// `None` for any other text.
    pub fn parse(text: &SecretString) -> Option<Self> {
        let mut compact = Zeroizing::new(Vec::with_capacity(Self::CHARS));
        for byte in text.expose_secret().bytes() {
            match byte {
                b' ' | b'-' => {}
                _ if compact.len() == Self::CHARS => return None,
                _ => compact.push(byte),
            }
        }
        let decoded = Zeroizing::new(BASE32.decode(&compact).ok()?);
        let bytes = <[u8; LEN]>::try_from(decoded.as_slice()).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The text, to be shown to its owner once.
    pub fn reveal(&self) -> SecretString {
        let mut text = Zeroizing::new(String::with_capacity(Self::CHARS * 5 / GROUP_CHARS));
        for (at, c) in Zeroizing::new(BASE32.encode(self.0.as_ref())).chars().enumerate() {
            if at > 0 && at % GROUP_CHARS == 0 {
                text.push('-');
            }
            text.push(c);
        }
        SecretString::from(text.as_str())
    }
}

impl AppToken {
    /// The hash, for storing and for looking up.
    pub fn hash(&self, key: &AppPasswordKey) -> TokenHash {
        TokenHash(key.mac(&[self.bytes()]))
    }
}

impl<const LEN: usize> fmt::Debug for Spelled<LEN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spelled([redacted])")
    }
}

impl AppPasswordKey {
    /// Takes a key of 32 uniformly random bytes that has no other use.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA256 over the concatenated parts.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_ref()).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for AppPasswordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppPasswordKey([redacted])")
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash([redacted])")
    }
}

/// Base32 over Crockford's alphabet, read tolerantly.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    spec.translate.from.push_str("ABCDEFGHJKMNPQRSTVWXYZoOiIlL");
    spec.translate.to.push_str("abcdefghjkmnpqrstvwxyz001111");
    spec.encoding().expect("32 distinct symbols form an encoding")
});

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::accounts) fn bytes_of(token: &AppToken) -> [u8; TOKEN_BYTES] {
        *token.0
    }

    fn key(byte: u8) -> AppPasswordKey {
        AppPasswordKey::new(Zeroizing::new([byte; 32]))
    }

    fn parse(text: &str) -> Option<AppToken> {
        AppToken::parse(&SecretString::from(text))
    }

    #[test]
    fn tokens_survive_how_people_type_them() {
        let token: AppToken = Spelled(Zeroizing::new([7; 20]));
        let shown = token.reveal();
        let shown = shown.expose_secret();
        assert_eq!(shown.len(), 39);
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [4; 8]);
        let sloppy = [
            shown.to_uppercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            format!(" {} ", shown.replace('0', "O").replace('1', "l")),
        ];
        for text in sloppy {
            assert_eq!(parse(&text).unwrap().hash(&key(1)), token.hash(&key(1)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let shown = AppToken::random().reveal();
        let shown = shown.expose_secret();
        for text in [
            "",
            "secret",
            "----",
            &shown.replacen(|c| c != '-', "", 1),
            &format!("{shown}0"),
            &"u".repeat(32),
        ] {
            assert!(parse(text).is_none(), "{text:?}");
        }
        assert!(parse(&"ü".repeat(16)).is_none());
        assert!(parse(&"0".repeat(1 << 20)).is_none());
    }

    #[test]
    fn tokens_differ_and_their_hash_depends_on_the_key() {
        let token = AppToken::random();
        assert_ne!(token.hash(&key(1)), AppToken::random().hash(&key(1)));
        assert_ne!(token.hash(&key(1)), token.hash(&key(2)));
    }

    #[test]
    fn tokens_do_not_print() {
        let token: AppToken = Spelled(Zeroizing::new([7; 20]));
        assert_eq!(format!("{token:?}"), "Spelled([redacted])");
        assert_eq!(format!("{:?}", token.hash(&key(1))), "TokenHash([redacted])");
    }
}
