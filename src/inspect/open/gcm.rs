//! AES in Galois/Counter Mode (NIST SP 800-38D), with 12 bytes at the start and without further data.

use super::aes::{Aes, BLOCK};

/// Bytes at the start of a message.
pub(super) const START: usize = 12;

/// A message of encrypted bytes and their proof; `None` if these do not fit the key.
pub(super) fn open_sealed(aes: &Aes, start: &[u8; START], sealed: &[u8]) -> Option<Vec<u8>> {
    let (data, proof) = sealed.split_last_chunk::<BLOCK>()?;
    let key_of = |number: u32| {
        let mut block = [0; BLOCK];
        let bytes = start.iter().copied().chain(number.to_be_bytes());
        block.iter_mut().zip(bytes).for_each(|(byte, of_it)| *byte = of_it);
        aes.encrypt(&mut block);
        u128::from_be_bytes(block)
    };
    let mut key = [0; BLOCK];
    aes.encrypt(&mut key);
    let bits = u128::try_from(data.len()).ok()? * 8;
    if Product::by(u128::from_be_bytes(key)).hash(data, bits) ^ key_of(1) != u128::from_be_bytes(*proof) {
        return None;
    }
    let mut open = data.to_vec();
    for (number, piece) in (2_u32..).zip(open.chunks_mut(BLOCK)) {
        let key = key_of(number).to_be_bytes();
        piece.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    }
    Some(open)
}

/// Products by one number in the field of the mode, four bits at a time: the highest bit is that of the lowest power.
struct Product {
    /// That number by four bits.
    of: [u128; 16],
    /// What four bits that leave the number at its end put back at its beginning.
    back: [u128; 16],
}

impl Product {
    fn by(number: u128) -> Self {
        let mut product = Self { of: [0; 16], back: [0; 16] };
        let powers = [number, shifted(number), shifted(shifted(number)), shifted(shifted(shifted(number)))];
        for (bits, (of, back)) in (0_u128..).zip(product.of.iter_mut().zip(&mut product.back)) {
            for (place, power) in powers.iter().enumerate() {
                *of ^= if bits >> (3 - place) & 1 == 1 { *power } else { 0 };
            }
            *back = shifted(shifted(shifted(shifted(bits))));
        }
        product
    }

    fn times(&self, number: u128) -> u128 {
        let at = |table: &[u128; 16], bits: u128| {
            usize::try_from(bits & 0xf).ok().and_then(|bits| table.get(bits)).copied().unwrap_or_default()
        };
        (0..32).fold(0, |sum, place| (sum >> 4) ^ at(&self.back, sum) ^ at(&self.of, number >> (4 * place)))
    }

    /// The hash of bytes, and of their length in bits.
    fn hash(&self, data: &[u8], bits: u128) -> u128 {
        let sum = data.chunks(BLOCK).fold(0, |sum, piece| {
            let mut block = [0; BLOCK];
            block.iter_mut().zip(piece).for_each(|(byte, of_it)| *byte = *of_it);
            self.times(sum ^ u128::from_be_bytes(block))
        });
        self.times(sum ^ bits)
    }
}

/// The next power.
fn shifted(number: u128) -> u128 {
    (number >> 1) ^ if number & 1 == 1 { 0xe1 << 120 } else { 0 }
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
            let (aes, start) = (Aes::new(&bytes(key)).unwrap(), bytes(start).try_into().unwrap());
            let mut sealed = bytes(sealed);
            assert_eq!(open_sealed(&aes, &start, &sealed), Some(bytes(&open)));
            sealed[0] ^= 1;
            assert_eq!(open_sealed(&aes, &start, &sealed), None);
            assert_eq!(open_sealed(&aes, &start, &sealed[..15]), None);
        }
    }
}
