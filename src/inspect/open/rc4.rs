//! RC4, and how documents of Office before 2007 derive its keys (MS-OFFCRYPTO 2.3.5 and 2.3.6).

use zeroize::Zeroizing;

use super::Fault;
use super::digest::{Hash, wide};
use crate::inspect::format::bytes;

/// The key of one document, if the password is right.
pub(super) struct Key {
    hash: Zeroizing<Vec<u8>>,
    form: Form,
}

enum Form {
    /// Of 40 bits.
    Old,
    /// Of this many bytes, by `CryptoAPI`.
    Api(usize),
}

impl Key {
    /// `info` says how the document is encrypted, from its version on.
    pub(super) fn new(info: &[u8], password: &str) -> Result<Self, Fault> {
        let (key, input, hash) = match (bytes::u16(info, 0), bytes::u16(info, 2)) {
            (Some(1), Some(1)) => Self::old(info, password),
            (Some(2..=4), Some(2)) => Self::api(info, password),
            _ => None,
        }
        .ok_or(Fault::NotRead)?;
        let mut stream = key.stream(0);
        let (mut input, mut hash) = (input.to_vec(), hash.to_vec());
        stream.apply(&mut input);
        stream.apply(&mut hash);
        if key.hashes().of(&[&input]).as_slice() == hash { Ok(key) } else { Err(Fault::WrongPassword) }
    }

    fn old<'i>(info: &'i [u8], password: &str) -> Option<(Self, &'i [u8], &'i [u8])> {
        let [salt, input, hash] = [4, 20, 36].map(|at| bytes::slice(info, at, 16));
        let first = Hash::Md5.of(&[&wide(password)]);
        let salted = [first.get(..SHORT)?, salt?].concat();
        let hashed = Hash::Md5.of(&[&Zeroizing::new(salted.repeat(16))]);
        Some((Self { hash: Zeroizing::new(hashed.get(..SHORT)?.to_vec()), form: Form::Old }, input?, hash?))
    }

    fn api<'i>(info: &'i [u8], password: &str) -> Option<(Self, &'i [u8], &'i [u8])> {
        let header = bytes::length(info, 8)?;
        // No number means 40 bits.
        let bits = bytes::length(info, 12 + 16)?;
        let length = if bits == 0 { SHORT } else { bits / 8 };
        let is_rc4 = matches!(bytes::u32(info, 12 + 8)?, 0 | 0x6801);
        let verifier = bytes::from(info, header.checked_add(12)?)?;
        let salt = bytes::slice(verifier, 4, bytes::length(verifier, 0)?)?;
        let verifier = bytes::from(verifier, 4 + salt.len())?;
        let hash = Hash::Sha1.of(&[salt, &wide(password)]);
        let key = Self { hash, form: Form::Api(length) };
        let is_known = is_rc4 && (SHORT..=WHOLE).contains(&length);
        is_known.then_some((key, bytes::slice(verifier, 0, 16)?, bytes::slice(verifier, 20, 20)?))
    }

    fn hashes(&self) -> Hash {
        match self.form {
            Form::Old => Hash::Md5,
            Form::Api(_) => Hash::Sha1,
        }
    }

    /// The stream of a block.
    pub(super) fn stream(&self, block: u32) -> Rc4 {
        let mut key = self.hashes().of(&[&self.hash, &block.to_le_bytes()]);
        match self.form {
            Form::Api(SHORT) => {
                key.truncate(SHORT);
                key.resize(WHOLE, 0);
            }
            Form::Api(length) => key.truncate(length),
            Form::Old => {}
        }
        Rc4::new(&key)
    }

    /// The streams of blocks of this many bytes, one after the other.
    pub(super) fn blocks(&self, length: usize) -> Blocks<'_> {
        Blocks { key: self, length, block: 0, left: length, stream: self.stream(0) }
    }
}

/// Bytes of a key that may be sold everywhere, as was once the law.
const SHORT: usize = 5;

/// Bytes of the longest key.
const WHOLE: usize = 16;

/// Streams of blocks.
pub(super) struct Blocks<'k> {
    key: &'k Key,
    length: usize,
    block: u32,
    left: usize,
    stream: Rc4,
}

impl Blocks<'_> {
    /// Decrypts the next bytes.
    pub(super) fn apply(&mut self, data: &mut [u8]) {
        for byte in data {
            *byte ^= self.next();
        }
    }

    /// Passes over bytes that are not encrypted.
    pub(super) fn skip(&mut self, length: usize) {
        for _ in 0..length {
            self.next();
        }
    }

    fn next(&mut self) -> u8 {
        if self.left == 0 {
            self.block = self.block.wrapping_add(1);
            self.stream = self.key.stream(self.block);
            self.left = self.length;
        }
        self.left -= 1;
        self.stream.next()
    }
}

/// The cipher.
pub(super) struct Rc4 {
    state: [u8; 256],
    at: u8,
    other: u8,
}

impl Rc4 {
    fn new(key: &[u8]) -> Self {
        let mut state = [0; 256];
        for (number, place) in (0..=u8::MAX).zip(&mut state) {
            *place = number;
        }
        let mut other = 0_u8;
        for (at, of_key) in (0..=u8::MAX).zip(key.iter().cycle()) {
            let here = state.get(usize::from(at)).copied().unwrap_or_default();
            other = other.wrapping_add(here).wrapping_add(*of_key);
            state.swap(usize::from(at), usize::from(other));
        }
        Self { state, at: 0, other: 0 }
    }

    /// Encrypts or decrypts the next bytes.
    pub(super) fn apply(&mut self, data: &mut [u8]) {
        for byte in data {
            *byte ^= self.next();
        }
    }

    fn next(&mut self) -> u8 {
        let value = |state: &[u8; 256], at: u8| state.get(usize::from(at)).copied().unwrap_or_default();
        self.at = self.at.wrapping_add(1);
        self.other = self.other.wrapping_add(value(&self.state, self.at));
        self.state.swap(usize::from(self.at), usize::from(self.other));
        let sum = value(&self.state, self.at).wrapping_add(value(&self.state, self.other));
        value(&self.state, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6229: keys of 40 and 128 bits.
    #[test]
    fn published_streams_are_made() {
        for (key, expected) in [
            (&[1, 2, 3, 4, 5][..], [0xb2, 0x39, 0x63, 0x05, 0xf0, 0x3d, 0xc0, 0x27]),
            (
                &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
                [0x9a, 0xc7, 0xcc, 0x9a, 0x60, 0x9d, 0x1e, 0xf7],
            ),
        ] {
            let mut stream = [0; 8];
            Rc4::new(key).apply(&mut stream);
            assert_eq!(stream, expected);
        }
    }

    #[test]
    fn blocks_have_streams_of_their_own() {
        let key = Key { hash: Zeroizing::new(vec![1; 5]), form: Form::Old };
        let (mut whole, mut parts) = ([0; 40], [0; 40]);
        let mut blocks = key.blocks(16);
        blocks.apply(&mut whole);
        let mut blocks = key.blocks(16);
        blocks.skip(10);
        blocks.apply(&mut parts[10..20]);
        blocks.skip(11);
        blocks.apply(&mut parts[31..]);
        assert_eq!((&whole[10..20], &whole[31..]), (&parts[10..20], &parts[31..]));
        let mut second = [0; 16];
        key.stream(1).apply(&mut second);
        assert_eq!(whole[16..32], second);
    }
}
