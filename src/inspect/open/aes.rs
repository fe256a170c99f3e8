//! AES over a whole buffer, in the ways in which documents and archives use it. A remainder that does not fill a
//! block is left as it is.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256, Block};

/// Bytes of a block.
pub(super) const BLOCK: usize = 16;

/// A key of 128, 192 or 256 bits.
pub(super) enum Aes {
    Short(Aes128),
    Middle(Aes192),
    Long(Aes256),
}

impl Aes {
    /// `None` for bytes that are no key.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Self::Short),
            24 => Aes192::new_from_slice(key).ok().map(Self::Middle),
            32 => Aes256::new_from_slice(key).ok().map(Self::Long),
            _ => None,
        }
    }

    /// Decrypts each block by itself (ECB).
    pub(super) fn decrypt_blocks(&self, data: &mut [u8]) {
        for block in data.as_chunks_mut::<BLOCK>().0 {
            self.decrypt(block);
        }
    }

    /// Decrypts blocks of which each was combined with the one before, and the first with `start` (CBC).
    pub(super) fn decrypt_chain(&self, start: [u8; BLOCK], data: &mut [u8]) {
        let mut before = start;
        for block in data.as_chunks_mut::<BLOCK>().0 {
            let sealed = *block;
            self.decrypt(block);
            combine(block, &before);
            before = sealed;
        }
    }

    /// Encrypts or decrypts by the encrypted numbers from 1 on, the low byte first, as archives do.
    pub(super) fn count(&self, data: &mut [u8]) {
        for (number, piece) in (1_u128..).zip(data.chunks_mut(BLOCK)) {
            let mut key = number.to_le_bytes();
            self.encrypt(&mut key);
            combine(piece, &key);
        }
    }

    /// Encrypts one block.
    fn encrypt(&self, block: &mut [u8; BLOCK]) {
        let block: &mut Block = block.into();
        match self {
            Self::Short(aes) => aes.encrypt_block(block),
            Self::Middle(aes) => aes.encrypt_block(block),
            Self::Long(aes) => aes.encrypt_block(block),
        }
    }

    fn decrypt(&self, block: &mut [u8; BLOCK]) {
        let block: &mut Block = block.into();
        match self {
            Self::Short(aes) => aes.decrypt_block(block),
            Self::Middle(aes) => aes.decrypt_block(block),
            Self::Long(aes) => aes.decrypt_block(block),
        }
    }
}

fn combine(data: &mut [u8], with: &[u8]) {
    for (byte, other) in data.iter_mut().zip(with) {
        *byte ^= other;
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// NIST SP 800-38A, F.1.2 and F.2.2: the first two blocks.
    #[test]
    fn published_blocks_are_decrypted() {
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let plain = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let aes = Aes::new(&bytes("2b7e151628aed2a6abf7158809cf4f3c")).unwrap();
        let mut data = bytes("3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf");
        aes.decrypt_blocks(&mut data);
        assert_eq!(data, plain);
        let mut data = bytes("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2ff");
        let start = bytes("000102030405060708090a0b0c0d0e0f").try_into().unwrap();
        aes.decrypt_chain(start, &mut data);
        assert_eq!(data, [&plain[..], b"\xff"].concat());
        assert!(Aes::new(b"short").is_none());
    }

    /// The first encrypted numbers are those of blocks that hold them.
    #[test]
    fn numbers_are_encrypted_in_turn() {
        for length in [16, 24, 32] {
            let aes = Aes::new(&vec![7; length]).unwrap();
            let mut data = vec![0; 35];
            aes.count(&mut data);
            aes.decrypt_blocks(&mut data[..32]);
            assert_eq!(data[..16], 1_u128.to_le_bytes());
            assert_eq!(data[16..32], 2_u128.to_le_bytes());
        }
    }
}
