//! Blowfish over a whole buffer, as old documents use it.

use blowfish::Blowfish;
use blowfish::cipher::{BlockCipherEncrypt, KeyInit};

/// Bytes of a block.
const BLOCK: usize = 8;

/// Decrypts a stream of which each block is combined with the encrypted one before (CFB with 64 bits); `None` for bytes that are
/// no key.
pub(super) fn decrypt_stream(key: &[u8], start: [u8; BLOCK], data: &mut [u8]) -> Option<()> {
    let cipher: Blowfish = Blowfish::new_from_slice(key).ok()?;
    let mut before = start;
    for piece in data.chunks_mut(BLOCK) {
        cipher.encrypt_block((&mut before).into());
        for (byte, key) in piece.iter_mut().zip(&mut before) {
            let sealed = *byte;
            *byte ^= *key;
            *key = sealed;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// The example of the cipher's author for this mode.
    #[test]
    fn a_published_stream_is_decrypted() {
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let mut data = bytes("e73214a2822139caf26ecf6d2eb9e76e3da3de04d1517200519d57a6c3");
        let start = bytes("fedcba9876543210").try_into().unwrap();
        decrypt_stream(&bytes("0123456789abcdeff0e1d2c3b4a59687"), start, &mut data).unwrap();
        assert_eq!(data, b"7654321 Now is the time for \0");
        assert!(decrypt_stream(&[], start, &mut data).is_none());
    }
}
