//! Content hashes as clients send them: `SHA1:2aae6c35…`.

use std::fmt;
use std::str::FromStr;

/// The algorithms that Nextcloud clients use in `OC-Checksum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChecksumKind {
    /// 32 bytes.
    Sha256,
    /// 20 bytes; used by the desktop client.
    Sha1,
    /// 16 bytes.
    Md5,
    /// 4 bytes, big-endian.
    Adler32,
}

impl ChecksumKind {
    /// The name in `OC-Checksum`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA256",
            Self::Sha1 => "SHA1",
            Self::Md5 => "MD5",
            Self::Adler32 => "ADLER32",
        }
    }

    /// Length of the digest in bytes.
    pub fn digest_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha1 => 20,
            Self::Md5 => 16,
            Self::Adler32 => 4,
        }
    }
}

/// A digest of a content's plaintext.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checksum {
    kind: ChecksumKind,
    digest: Vec<u8>,
}

/// Why a text is not a checksum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChecksumError {
    /// Not `NAME:hex`, or the wrong number of digits for the algorithm.
    #[error("a checksum has the form SHA1:<40 hexadecimal digits>")]
    Malformed,
    /// An unknown algorithm; clients expect such a checksum to be ignored.
    #[error("this checksum algorithm is not supported; use SHA256, SHA1, MD5 or ADLER32")]
    UnknownKind,
}

impl Checksum {
    /// `None` if `digest` does not have the length that `kind` demands.
    pub fn new(kind: ChecksumKind, digest: Vec<u8>) -> Option<Self> {
        (digest.len() == kind.digest_len()).then_some(Self { kind, digest })
    }

    /// The algorithm.
    pub fn kind(&self) -> ChecksumKind {
        self.kind
    }

    /// The digest's bytes.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }
}

impl FromStr for Checksum {
    type Err = ChecksumError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, hex) = text.trim().split_once(':').ok_or(ChecksumError::Malformed)?;
        let kind = [ChecksumKind::Sha256, ChecksumKind::Sha1, ChecksumKind::Md5, ChecksumKind::Adler32]
            .into_iter()
            .find(|kind| name.eq_ignore_ascii_case(kind.as_str()))
            .ok_or(ChecksumError::UnknownKind)?;
        let digest = data_encoding::HEXLOWER_PERMISSIVE
            .decode(hex.as_bytes())
            .map_err(|_| ChecksumError::Malformed)?;
        Self::new(kind, digest).ok_or(ChecksumError::Malformed)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), data_encoding::HEXLOWER.encode(&self.digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_header_form() {
        let text = "SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d";
        assert_eq!(text.parse::<Checksum>().unwrap().to_string(), text);
        assert_eq!("sha1:00".parse::<Checksum>(), Err(ChecksumError::Malformed));
        assert_eq!("CRC32:00000000".parse::<Checksum>(), Err(ChecksumError::UnknownKind));
        assert_eq!("ADLER32:0600021A".parse::<Checksum>().unwrap().digest(), [6, 0, 2, 0x1a]);
    }
}
