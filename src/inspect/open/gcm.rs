//! AES in Galois/Counter Mode (NIST SP 800-38D), with 12 bytes at the start and without further data.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};

/// Bytes at the start of a message.
pub(super) const START: usize = NONCE_LEN;

/// A message of encrypted bytes and their proof; `None` if these do not fit the key.
pub(super) fn open_sealed(key: &[u8], start: &[u8; START], sealed: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        32 => &AES_256_GCM,
        _ => return None,
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let mut open = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*start);
    let length = key.open_in_place(nonce, Aad::empty(), &mut open).ok()?.len();
    open.truncate(length);
    Some(open)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    /// Test cases 13, 14 and 15 of the authors of the mode.
    #[test]
    fn published_messages_are_opened() {
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).unwrap();
        let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        for (key, start, sealed, open) in [
            (&"00".repeat(32), &"00".repeat(12), "530f8afbc74536b9a963b4f1c4cb738b", String::new()),
            (
                &"00".repeat(32),
                &"00".repeat(12),
                "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
                "00".repeat(16),
            ),
            (
                &key.to_owned(),
                &"cafebabefacedbaddecaf888".to_owned(),
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad\
                 b094dac5d93471bdec1a502270e3cc6c",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
                    .to_owned(),
            ),
        ] {
            let (key, start) = (bytes(key), bytes(start).try_into().unwrap());
            let mut sealed = bytes(sealed);
            assert_eq!(open_sealed(&key, &start, &sealed), Some(bytes(&open)));
            sealed[0] ^= 1;
            assert_eq!(open_sealed(&key, &start, &sealed), None);
            assert_eq!(open_sealed(&key, &start, &sealed[..15]), None);
            assert_eq!(open_sealed(&key[1..], &start, &sealed), None);
        }
    }
}
