//! The key of one container.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

use super::NONCE_LEN;
use crate::model::fill_random;
use crate::vault::stream::PayloadKey;

/// Label of the age v1 spec.
const PAYLOAD_LABEL: &[u8] = b"payload";

/// The key inside a container's header; everything of this one container derives from it.
#[derive(ZeroizeOnDrop)]
pub struct FileKey([u8; 16]);

impl FileKey {
    pub(super) fn random() -> Self {
        let mut key = Self([0; 16]);
        fill_random(&mut key.0);
        key
    }

    pub(super) fn copy_of(key: &[u8; 16]) -> Self {
        Self(*key)
    }

    pub(super) fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    pub(super) fn payload_key(&self, nonce: &[u8; NONCE_LEN]) -> PayloadKey {
        PayloadKey::derive_with(|key| self.derive(nonce, PAYLOAD_LABEL, key))
    }

    /// `HKDF-SHA256(ikm = file key, salt, info = label)`, written to `key`.
    pub(super) fn derive(&self, salt: &[u8], label: &[u8], key: &mut [u8; 32]) {
        Hkdf::<Sha256>::new(Some(salt), &self.0)
            .expand(label, key)
            .expect("32 bytes are within HKDF's limit");
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey([redacted])")
    }
}
