//! Codes of an authenticator: HOTP (RFC 4226) over time steps (RFC 6238), with the parameters that all
//! authenticators support: SHA-1, six digits, 30 seconds.

use std::fmt::Write;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::UserName;
use crate::catalog::FACTOR_SECRET_LEN;
use crate::model::{Timestamp, fill_random};

/// Seconds for which a code is valid.
const STEP_S: i64 = 30;
/// Digits of a code.
const DIGITS: usize = 6;
/// Steps by which the clocks of server and authenticator may differ (RFC 6238 5.2).
const SKEW: i64 = 1;

/// The secret that server and authenticator share. Wiped on drop.
pub struct FactorSecret(pub(super) Zeroizing<[u8; FACTOR_SECRET_LEN]>);

impl FactorSecret {
    pub(super) fn random() -> Self {
        let mut bytes = Zeroizing::new([0; FACTOR_SECRET_LEN]);
        fill_random(bytes.as_mut());
        Self(bytes)
    }

    /// The secret as text, for typing it into an authenticator.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.0.as_ref()))
    }

    /// Whether this is its [`Self::text`].
    pub(super) fn is_text(&self, text: &str) -> bool {
        self.text().as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// The secret as a URI, for a QR code.
    pub fn uri(&self, issuer: &str, user: &UserName) -> Zeroizing<String> {
        let escaped = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let (issuer, user, secret) = (escaped(issuer), escaped(user.as_str()), self.text());
        Zeroizing::new(format!("otpauth://totp/{issuer}:{user}?secret={}&issuer={issuer}", *secret))
    }

    /// The time step of a code, if it is the present one or within [`SKEW`] of it.
    pub(super) fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let code: Zeroizing<String> = Zeroizing::new(code.chars().filter(|c| !c.is_whitespace()).collect());
        let current = now.as_secs().div_euclid(STEP_S);
        (current - SKEW..=current + SKEW)
            .find(|step| self.code(*step).as_bytes().ct_eq(code.as_bytes()).into())
    }

    fn code(&self, step: i64) -> Zeroizing<String> {
        let mut mac = Hmac::<Sha1>::new_from_slice(self.0.as_ref()).expect("HMAC takes keys of any length");
        mac.update(&step.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        // RFC 4226 5.3: the last four bits are the offset of the number.
        let offset = usize::from(digest.last().copied().unwrap_or_default() & 15);
        let number =
            digest.iter().skip(offset).take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let mut code = Zeroizing::new(String::with_capacity(DIGITS));
        let _ = write!(code, "{:0DIGITS$}", (number & 0x7fff_ffff) % 1_000_000);
        code
    }
}

impl std::fmt::Debug for FactorSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FactorSecret([redacted])")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The code that the user's authenticator shows.
    pub(in crate::accounts) fn shown(secret: &FactorSecret, now: Timestamp) -> String {
        secret.code(now.as_secs().div_euclid(STEP_S)).to_string()
    }

    fn rfc() -> FactorSecret {
        FactorSecret(Zeroizing::new(*b"12345678901234567890"))
    }

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(shown(&rfc(), Timestamp::from_secs(seconds)), code);
        }
    }

    #[test]
    fn a_code_holds_for_its_step_and_the_ones_beside_it() {
        let at = |seconds: i64| Timestamp::from_secs(1_234_567_890 + seconds);
        let step = rfc().step_of("005924", at(0)).unwrap();
        for (seconds, holds) in [(-31, false), (-30, true), (0, true), (29, true), (59, true), (60, false)] {
            assert_eq!(rfc().step_of("005924", at(seconds)).is_some(), holds, "{seconds}");
        }
        assert_eq!(rfc().step_of("005 924 ", at(0)), Some(step));
        for wrong in ["", "5924", "005925", "0059245", "abcdef"] {
            assert_eq!(rfc().step_of(wrong, at(0)), None, "{wrong}");
        }
    }

    #[test]
    fn an_authenticator_reads_name_and_secret() {
        let uri = rfc().uri("Tresor b\u{fc}ro.example", &UserName::parse("Anna M\u{fc}ller").unwrap());
        assert_eq!(
            *uri,
            "otpauth://totp/Tresor%20b%C3%BCro%2Eexample:Anna%20M%C3%BCller\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tresor%20b%C3%BCro%2Eexample"
        );
    }
}
