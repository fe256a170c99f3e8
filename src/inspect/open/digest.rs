//! Hashes by their names in documents, and passwords as documents take them.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash of this name in a document; `None` for one that no office program writes.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name {
            "SHA1" | "SHA-1" => Some(Self::Sha1),
            "SHA256" | "SHA-256" => Some(Self::Sha256),
            "SHA384" | "SHA-384" => Some(Self::Sha384),
            "SHA512" | "SHA-512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The hash of parts that follow each other.
    pub(super) fn of(self, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Md5 => digest::<Md5>(parts),
            Self::Sha1 => digest::<Sha1>(parts),
            Self::Sha256 => digest::<Sha256>(parts),
            Self::Sha384 => digest::<Sha384>(parts),
            Self::Sha512 => digest::<Sha512>(parts),
        })
    }

    /// The hash of a salt and a password, hashed once more for each number below `spins` (MS-OFFCRYPTO 2.3.4.7 and 2.3.4.11).
    pub(super) fn spun(self, salt: &[u8], password: &str, spins: u32) -> Zeroizing<Vec<u8>> {
        let mut hash = self.of(&[salt, &wide(password)]);
        for number in 0..spins {
            hash = self.of(&[&number.to_le_bytes(), &hash]);
        }
        hash
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().to_vec()
}

/// A password in UTF-16, the low byte first.
pub(super) fn wide(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.encode_utf16().flat_map(u16::to_le_bytes).collect())
}

/// PBKDF2 with HMAC-SHA-1 (RFC 8018 5.2). Empty for no rounds.
pub(super) fn stretched(password: &[u8], salt: &[u8], rounds: u32, length: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(rounds) = NonZeroU32::new(rounds) {
        bytes.resize(length, 0);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, rounds, salt, password, &mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// As Python's `hashlib.pbkdf2_hmac` derives it.
    #[test]
    fn keys_are_derived_as_others_do() {
        let found = stretched(b"password", b"salt", 1_000, 25);
        assert_eq!(HEXLOWER.encode(&found), EXPECTED);
    }

    const EXPECTED: &str = "6e88be8bad7eae9d9e10aa061224034fed48d03fcbad968b56";
}
