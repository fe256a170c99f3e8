//! ChaCha20-Poly1305 by OpenSSL. No other code knows which library seals.
//!
//! On machines with AVX-512 OpenSSL measured about twice the speed of ring and aws-lc-rs
//! (`benches/parts/vault.rs`), and SQLCipher links it anyway.

use openssl::cipher::Cipher;
use openssl::cipher_ctx::CipherCtx;
use openssl::error::ErrorStack;

use super::shape::TAG_LEN;

/// Bytes of a nonce.
pub(super) const NONCE_LEN: usize = 12;

/// Seals under one key; the cipher context is set up once and reused for every chunk.
pub(super) struct SealEngine(CipherCtx);

impl SealEngine {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, ErrorStack> {
        let mut context = CipherCtx::new()?;
        context.encrypt_init(Some(Cipher::chacha20_poly1305()), Some(key), None)?;
        Ok(Self(context))
    }

    /// Encrypts `data` in place and returns its tag.
    pub(super) fn seal(
        &mut self,
        nonce: &[u8; NONCE_LEN],
        data: &mut [u8],
    ) -> Result<[u8; TAG_LEN], ErrorStack> {
        self.0.encrypt_init(None, None, Some(nonce))?;
        self.0.cipher_update_inplace(data, data.len())?;
        self.0.cipher_final(&mut [])?;
        let mut tag = [0; TAG_LEN];
        self.0.tag(&mut tag)?;
        Ok(tag)
    }
}

/// Opens chunks under one key.
pub(super) struct OpenEngine(CipherCtx);

impl OpenEngine {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, ErrorStack> {
        let mut context = CipherCtx::new()?;
        context.decrypt_init(Some(Cipher::chacha20_poly1305()), Some(key), None)?;
        Ok(Self(context))
    }

    /// Decrypts `data` in place. On an error `data` holds unauthenticated bytes: wipe or drop them.
    pub(super) fn open(
        &mut self,
        nonce: &[u8; NONCE_LEN],
        data: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), ErrorStack> {
        self.0.decrypt_init(None, None, Some(nonce))?;
        // Without an expected tag OpenSSL compares nothing, so the tag is set before every chunk.
        self.0.set_tag(tag)?;
        self.0.cipher_update_inplace(data, data.len())?;
        self.0.cipher_final(&mut [])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_age_crate() {
        let key = [7; 32];
        for len in [0, 1, 70_000] {
            let mut sealed = vec![9; len];
            let expected = age_core::primitives::aead_encrypt(&key, &sealed);
            let tag = SealEngine::new(&key).unwrap().seal(&[0; NONCE_LEN], &mut sealed).unwrap();
            sealed.extend(tag);
            assert_eq!(sealed, expected);
        }
    }

    #[test]
    fn a_forged_tag_is_refused_and_the_engine_stays_usable() {
        let key = [7; 32];
        let mut sealed = *b"plain";
        let tag = SealEngine::new(&key).unwrap().seal(&[1; NONCE_LEN], &mut sealed).unwrap();
        let mut engine = OpenEngine::new(&key).unwrap();
        for bit in 0..TAG_LEN * 8 {
            let mut forged = tag;
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(engine.open(&[1; NONCE_LEN], &mut sealed.clone(), &forged).is_err());
        }
        engine.open(&[1; NONCE_LEN], &mut sealed, &tag).unwrap();
        assert_eq!(&sealed, b"plain");
    }
}
