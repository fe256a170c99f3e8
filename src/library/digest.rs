//! Digests of a content while it streams by.

use sha2::Digest;

use crate::model::{Checksum, ChecksumKind};

/// SHA-256, and beside it the algorithm a client chose.
pub(super) struct Digests {
    sha256: sha2::Sha256,
    extra: Option<Extra>,
}

enum Extra {
    Sha1(sha1::Sha1),
    Md5(md5::Md5),
    Adler32(simd_adler32::Adler32),
}

impl Digests {
    /// For a content that came with `expected`, if any.
    pub(super) fn new(expected: Option<&Checksum>) -> Self {
        let extra = expected.and_then(|checksum| match checksum.kind() {
            ChecksumKind::Sha256 => None,
            ChecksumKind::Sha1 => Some(Extra::Sha1(sha1::Sha1::new())),
            ChecksumKind::Md5 => Some(Extra::Md5(md5::Md5::new())),
            ChecksumKind::Adler32 => Some(Extra::Adler32(simd_adler32::Adler32::new())),
        });
        Self { sha256: sha2::Sha256::new(), extra }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        match &mut self.extra {
            None => {}
            Some(Extra::Sha1(hash)) => hash.update(bytes),
            Some(Extra::Md5(hash)) => hash.update(bytes),
            Some(Extra::Adler32(sum)) => sum.write(bytes),
        }
    }

    /// All digests of what was fed.
    pub(super) fn finish(self) -> Vec<Checksum> {
        let extra = self.extra.and_then(|extra| match extra {
            Extra::Sha1(hash) => Checksum::new(ChecksumKind::Sha1, hash.finalize().to_vec()),
            Extra::Md5(hash) => Checksum::new(ChecksumKind::Md5, hash.finalize().to_vec()),
            Extra::Adler32(sum) => Checksum::new(ChecksumKind::Adler32, sum.finish().to_be_bytes().to_vec()),
        });
        Checksum::new(ChecksumKind::Sha256, self.sha256.finalize().to_vec())
            .into_iter()
            .chain(extra)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_algorithm_gives_its_known_answer() {
        for known in [
            "SHA256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            "SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
            "MD5:5d41402abc4b2a76b9719d911017c592",
            "ADLER32:062c0215",
        ] {
            let expected: Checksum = known.parse().unwrap();
            let mut digests = Digests::new(Some(&expected));
            digests.update(b"hel");
            digests.update(b"lo");
            assert!(digests.finish().contains(&expected), "{known}");
        }
    }
}
