//! The picture that stands for an office at the top of its pages.

use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Most bytes of a logo.
pub const MAX_LOGO_BYTES: usize = 128 << 10;

/// A PNG or JPEG. Not SVG, which is a program.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    bytes: Arc<[u8]>,
    media_type: &'static str,
    /// Every page names the logo by it.
    digest: [u8; 32],
}

/// The bytes are no logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a logo is a PNG or JPEG of at most 128 KiB")]
pub struct NoLogo;

impl Logo {
    /// Takes the bytes of a file; its kind follows from how it begins.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoLogo> {
        let media_type = match bytes {
            _ if bytes.len() > MAX_LOGO_BYTES => return Err(NoLogo),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            _ => return Err(NoLogo),
        };
        Ok(Self { bytes: bytes.into(), media_type, digest: Sha256::digest(bytes).into() })
    }

    /// The file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_without_programs_are_logos() {
        let png = b"\x89PNG\r\n\x1a\nrest";
        assert_eq!(Logo::parse(png).unwrap().media_type(), "image/png");
        assert_eq!(Logo::parse(b"\xff\xd8\xff\xe0").unwrap().media_type(), "image/jpeg");
        for bad in [&b""[..], b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", b"GIF89a", b"\x89PNG"] {
            assert_eq!(Logo::parse(bad), Err(NoLogo), "{bad:?}");
        }
        let mut long = png.to_vec();
        long.resize(MAX_LOGO_BYTES, 0);
        assert!(Logo::parse(&long).is_ok());
        long.push(0);
        assert_eq!(Logo::parse(&long), Err(NoLogo));
    }
}
