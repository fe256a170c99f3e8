//! Tokens of links, and the proof that a browser keeps after a link's password was given.
//!
//! ```text
//! token   20 bytes of HMAC(token key, nonce), spelled      in the URL; the row holds the nonce
//! lookup  HMAC(lookup key, token)                          in the row
//! visit   HMAC(lookup key, link, browser's secret)      in the row of a hand-in's browser
//! code    HMAC(pass key, hand-in, quarter of an hour)   entered on a second device
//! lease   id, HMAC(pass key, link, download, password)     in the address of a download
//! pass    end, HMAC(pass key, link, end, stored password)  in a cookie
//! ```
//! So the creator of a link can be shown its address again, and the catalogue alone, without the root secret,
//! reveals no token.

use std::fmt;
use std::sync::LazyLock;

use data_encoding::{Encoding, HEXLOWER, Specification};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::catalog::LinkRow;
use crate::model::{DownloadId, HandInId, LinkId, Timestamp, UserId, random_bytes};

/// Bytes of a token: 160 bits, which cannot be guessed.
const TOKEN_BYTES: usize = 20;
/// Bytes of a code for a second device: 40 bits, for minutes and few guesses.
const CODE_BYTES: usize = 5;
/// Random bytes from which a token is derived.
pub(super) const NONCE_BYTES: usize = 16;

/// The keys of links, one for each use; `vault::keys` derives them from the root secret.
pub struct LinkKeys {
    token: Zeroizing<[u8; 32]>,
    lookup: Zeroizing<[u8; 32]>,
    pass: Zeroizing<[u8; 32]>,
}

impl LinkKeys {
    /// Takes three keys of 32 uniformly random bytes that have no other use.
    pub fn new(token: Zeroizing<[u8; 32]>, lookup: Zeroizing<[u8; 32]>, pass: Zeroizing<[u8; 32]>) -> Self {
        Self { token, lookup, pass }
    }

    /// The token of a nonce: 32 digits and lower-case letters without i, l, o and u.
    pub(super) fn token(&self, nonce: &[u8; NONCE_BYTES]) -> Zeroizing<String> {
        let mac = Zeroizing::new(hmac(&self.token, &[nonce]));
        Zeroizing::new(SPELLING.encode(mac.get(..TOKEN_BYTES).unwrap_or_default()))
    }

    /// The hash of a token, for storing and looking up.
    pub(super) fn lookup(&self, token: &str) -> [u8; 32] {
        hmac(&self.lookup, &[token.as_bytes()])
    }

    /// A new secret of a browser, in the spelling of tokens.
    pub(super) fn browser() -> Zeroizing<String> {
        Zeroizing::new(SPELLING.encode(&random_bytes::<TOKEN_BYTES>()))
    }

    /// The hash of a browser's secret for a link. No token contains a colon.
    pub(super) fn visit(&self, link: LinkId, browser: &str) -> [u8; 32] {
        hmac(&self.lookup, &[b"visit:", &link.0.to_le_bytes(), browser.as_bytes()])
    }

    /// The secret that stands for the browsers of a person with an account.
    pub(super) fn account_browser(&self, user: UserId) -> String {
        let mac = hmac(&self.lookup, &[b"account:", &user.0.to_le_bytes()]);
        HEXLOWER.encode(&mac)
    }

    /// The code of a hand-in in a time window: 8 digits and letters in two groups.
    pub(super) fn join_code(&self, hand_in: HandInId, window: i64) -> String {
        let code = self.spelled_code(hand_in, window);
        let (first, second) = code.split_at(code.len() / 2);
        format!("{first}-{second}").to_uppercase()
    }

    /// Whether this is that code, in lower case and without the hyphen.
    pub(super) fn is_join_code(&self, hand_in: HandInId, window: i64, code: &str) -> bool {
        self.spelled_code(hand_in, window).as_bytes().ct_eq(code.as_bytes()).into()
    }

    fn spelled_code(&self, hand_in: HandInId, window: i64) -> String {
        let mac = hmac(&self.pass, &[b"join:", &hand_in.0.to_le_bytes(), &window.to_le_bytes()]);
        SPELLING.encode(mac.get(..CODE_BYTES).unwrap_or_default())
    }

    /// The secret of a download's lease, valid while the link's password stays.
    pub(super) fn lease(&self, row: &LinkRow, download: DownloadId) -> String {
        let mac = self.lease_mac(row, download);
        format!("{}.{}", download.0, SPELLING.encode(mac.get(..TOKEN_BYTES).unwrap_or_default()))
    }

    /// Whether this is that secret.
    pub(super) fn is_lease(&self, row: &LinkRow, download: DownloadId, secret: &str) -> bool {
        self.lease(row, download).as_bytes().ct_eq(secret.as_bytes()).into()
    }

    fn lease_mac(&self, row: &LinkRow, download: DownloadId) -> [u8; 32] {
        let password = row.password_hash.as_deref().unwrap_or_default();
        let (link, download) = (row.id.0.to_le_bytes(), download.0.to_le_bytes());
        hmac(&self.pass, &[b"lease:", &link, &download, password.as_bytes()])
    }

    /// Proof that the present password of a link was given, valid until `ends`.
    pub(super) fn pass(&self, row: &LinkRow, ends: Timestamp) -> String {
        let ends = ends.as_secs();
        format!("{ends}.{}", SPELLING.encode(&self.pass_mac(row, ends)))
    }

    /// Whether a proof is valid for this link and its present password at `now`.
    pub(super) fn is_pass(&self, row: &LinkRow, pass: &str, now: Timestamp) -> bool {
        let Some((ends, mac)) = pass.split_once('.') else { return false };
        let Some(ends) = ends.parse::<i64>().ok().filter(|end| end.to_string() == ends) else { return false };
        let Ok(mac) = SPELLING.decode(mac.as_bytes()) else { return false };
        let is_ours: bool = self.pass_mac(row, ends).as_slice().ct_eq(mac.as_slice()).into();
        is_ours && now < Timestamp::from_secs(ends)
    }

    fn pass_mac(&self, row: &LinkRow, ends: i64) -> [u8; 32] {
        // Another password, or another address to which the codes go, ends the passes of those who had the first one.
        let key = row.password_hash.as_deref().or(row.terms.code_to.as_deref()).unwrap_or_default();
        hmac(&self.pass, &[&row.id.0.to_le_bytes(), &ends.to_le_bytes(), key.as_bytes()])
    }
}

impl fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKeys([redacted])")
    }
}

/// HMAC-SHA256 over the concatenated parts.
fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Base32 over Crockford's alphabet.
static SPELLING: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    spec.encoding().expect("32 distinct symbols form an encoding")
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntryId, LinkRight, SpaceId, UserId};

    const NOW: Timestamp = Timestamp(1_760_000_000_000);

    fn keys() -> LinkKeys {
        let key = |byte| Zeroizing::new([byte; 32]);
        LinkKeys::new(key(1), key(2), key(3))
    }

    fn row(id: i64, password: Option<&str>) -> LinkRow {
        LinkRow {
            id: LinkId(id),
            nonce: [0; NONCE_BYTES],
            entry: EntryId(1),
            space: SpaceId([1; 16]),
            creator: UserId(1),
            right: LinkRight::Read,
            created: NOW,
            expires: None,
            password_hash: password.map(str::to_owned),
            label: String::new(),
            note: String::new(),
            hide_download: false,
            opened: None,
            terms: crate::model::LinkTerms::default(),
            uses: 0,
            fetched: None,
            request: None,
        }
    }

    /// Tokens are in letters and chats: another derivation would break every link.
    #[test]
    fn derivations_never_change() {
        let token = keys().token(&[7; NONCE_BYTES]);
        assert_eq!(token.as_str(), "z9t71p41j7phyvpem7k814rt391a0dcv");
        assert_eq!(
            data_encoding::HEXLOWER.encode(&keys().lookup(&token)),
            "b83e2fccf47d742e3dbfc69e111e4ec268ca2197ce2083dbbf627ece665b1901"
        );
    }

    #[test]
    fn tokens_need_no_escaping_and_have_no_look_alikes() {
        let token = keys().token(&[9; NONCE_BYTES]);
        assert_eq!(token.len(), 32);
        assert!(
            token.bytes().all(|b| b.is_ascii_digit() || (b.is_ascii_lowercase() && !b"ilou".contains(&b)))
        );
        assert_ne!(*token, *keys().token(&[8; NONCE_BYTES]));
    }

    #[test]
    fn a_pass_is_for_one_link_one_password_and_one_hour() {
        let keys = keys();
        let (link, ends) = (row(1, Some("hash")), NOW.after(std::time::Duration::from_hours(1)));
        let pass = keys.pass(&link, ends);
        assert!(keys.is_pass(&link, &pass, NOW));
        assert!(keys.is_pass(&link, &pass, Timestamp(ends.0 - 1)));
        assert!(!keys.is_pass(&link, &pass, ends));
        assert!(!keys.is_pass(&row(2, Some("hash")), &pass, NOW));
        assert!(!keys.is_pass(&row(1, Some("other")), &pass, NOW));
        let later = pass.replacen(char::from(pass.as_bytes()[0]), "9", 1);
        for forged in ["", ".", "9999999999.", "x.y", &later, pass.strip_suffix(|_: char| true).unwrap()] {
            assert!(!keys.is_pass(&link, forged, NOW), "{forged}");
        }
    }
}
