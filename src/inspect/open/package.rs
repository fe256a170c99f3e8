//! Documents of Office since 2007 with a password: the ZIP archive lies encrypted in a stream of a compound file, and another
//! stream says how (MS-OFFCRYPTO 2.3.4).

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::Fault;
use super::aes::{Aes, BLOCK};
use super::digest::Hash;
use crate::inspect::format::bytes;
use crate::inspect::format::xml::{self, Piece, Tag};
use crate::inspect::notes::Notes;

/// Most times that a password is hashed again; no office program accepts more (MS-OFFCRYPTO 2.3.4.10).
const MAX_SPINS: u32 = 10_000_000;

/// Times that a password is hashed again where the document does not say how often.
const STANDARD_SPINS: u32 = 50_000;

/// Bytes that are encrypted together.
const SEGMENT: usize = 4 << 10;

/// Bytes before the encrypted ones: the length of the archive.
const HEAD: usize = 8;

/// The archive in a package, of which `info` says how it is encrypted.
pub(super) fn open(info: &[u8], package: Vec<u8>, password: &str) -> Result<Vec<u8>, Fault> {
    let length = bytes::length(&package, 0).filter(|_| bytes::u32(&package, 4) == Some(0));
    let length = length.ok_or(Fault::NotRead)?;
    let mut data = package;
    data.drain(..HEAD);
    if length > data.len() {
        return Err(Fault::NotRead);
    }
    match (bytes::u16(info, 0), bytes::u16(info, 2)) {
        (Some(4), Some(4)) => Agile::read(info)?.open(&mut data, password)?,
        (Some(2..=4), Some(2)) => standard_key(info, password)?.decrypt_blocks(&mut data),
        _ => return Err(Fault::NotRead),
    }
    data.truncate(length);
    Ok(data)
}

/// The key of "standard encryption", if the password is right.
fn standard_key(info: &[u8], password: &str) -> Result<Aes, Fault> {
    let read = || {
        let length = bytes::length(info, 8)?;
        let header = bytes::slice(info, 12, length)?;
        let key = bytes::length(header, 16)? / 8;
        let verifier = bytes::from(info, length.checked_add(12)?)?;
        let salt = bytes::slice(verifier, 4, bytes::length(verifier, 0)?)?;
        let verifier = bytes::from(verifier, 4 + salt.len())?;
        Some((key, salt, bytes::slice(verifier, 0, 16)?, bytes::slice(verifier, 20, 32)?))
    };
    let (key, salt, input, hash) = read().ok_or(Fault::NotRead)?;
    let spun = Hash::Sha1.spun(salt, password, STANDARD_SPINS);
    let last = Hash::Sha1.of(&[&spun, &[0; 4]]);
    let [first, second] = [0x36, 0x5c].map(|fill| {
        let mut block = [fill; 64];
        block.iter_mut().zip(last.iter()).for_each(|(byte, of_hash)| *byte ^= of_hash);
        Hash::Sha1.of(&[&block])
    });
    let derived = Zeroizing::new([first.as_slice(), &second].concat());
    let aes = derived.get(..key).and_then(Aes::new).ok_or(Fault::NotRead)?;
    let (mut input, mut hash) = (input.to_vec(), hash.to_vec());
    aes.decrypt_blocks(&mut input);
    aes.decrypt_blocks(&mut hash);
    if hash.starts_with(&Hash::Sha1.of(&[&input])) { Ok(aes) } else { Err(Fault::WrongPassword) }
}

/// The values of "agile encryption" in XML.
struct Agile {
    /// How the package is encrypted.
    data: Cipher,
    /// How the three values below are encrypted.
    keys: Cipher,
    spins: u32,
    verifier: Vec<u8>,
    verifier_hash: Vec<u8>,
    key: Vec<u8>,
}

/// A cipher and its settings.
struct Cipher {
    salt: Vec<u8>,
    /// Bytes of the key.
    key: usize,
    hash: Hash,
}

/// The bytes that are hashed to derive the keys of the three encrypted values (MS-OFFCRYPTO 2.3.4.13).
const OF_VERIFIER: &[u8] = b"\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79";
const OF_VERIFIER_HASH: &[u8] = b"\xd7\xaa\x0f\x6d\x30\x61\x34\x4e";
const OF_KEY: &[u8] = b"\x14\x6e\x0b\xe7\xab\xac\xd0\xd6";

impl Agile {
    fn read(info: &[u8]) -> Result<Self, Fault> {
        let (mut data, mut encrypted) = (Vec::new(), Vec::new());
        let text = bytes::from(info, HEAD).unwrap_or_default();
        let mut notes = Notes::new(text.len() as u64);
        xml::read(text, &mut notes, |_, piece| match piece {
            Piece::Start(tag) if tag.name() == "keyData" => data.push(Cipher::read(&tag)),
            // Of a certificate, it has no number of spins.
            Piece::Start(tag) if tag.name() == "encryptedKey" && tag.attribute("spinCount").is_some() => {
                encrypted.push(Self::read_key(&tag));
            }
            _ => {}
        });
        // Of two, programs could take either.
        match (data.pop(), encrypted.pop(), data.pop(), encrypted.pop()) {
            (Some(Some(data)), Some(Some(keys)), None, None) if notes.obstacle.is_none() => {
                Ok(Self { data, ..keys })
            }
            _ => Err(Fault::NotRead),
        }
    }

    fn read_key(tag: &Tag<'_>) -> Option<Self> {
        let value = |name| BASE64.decode(tag.attribute(name)?.trim().as_bytes()).ok();
        Some(Self {
            data: Cipher::read(tag)?,
            keys: Cipher::read(tag)?,
            spins: tag.attribute("spinCount")?.parse().ok().filter(|spins| *spins <= MAX_SPINS)?,
            verifier: value("encryptedVerifierHashInput")?,
            verifier_hash: value("encryptedVerifierHashValue")?,
            key: value("encryptedKeyValue")?,
        })
    }

    fn open(&self, data: &mut [u8], password: &str) -> Result<(), Fault> {
        let spun = self.keys.hash.spun(&self.keys.salt, password, self.spins);
        let value = |of: &[u8], sealed: &[u8]| {
            let derived = fitted(&self.keys.hash.of(&[&spun, of]), self.keys.key);
            let mut value = sealed.to_vec();
            let start = start(&self.keys.salt).ok_or(Fault::NotRead)?;
            Aes::new(&derived).ok_or(Fault::NotRead)?.decrypt_chain(start, &mut value);
            Ok(value)
        };
        let verifier = value(OF_VERIFIER, &self.verifier)?;
        let hash = self.keys.hash.of(&[&verifier]);
        if !value(OF_VERIFIER_HASH, &self.verifier_hash)?.starts_with(&hash) {
            return Err(Fault::WrongPassword);
        }
        let key = value(OF_KEY, &self.key)?;
        let aes = key.get(..self.data.key).and_then(Aes::new).ok_or(Fault::NotRead)?;
        for (number, segment) in (0_u32..).zip(data.chunks_mut(SEGMENT)) {
            let start = start(&self.data.hash.of(&[&self.data.salt, &number.to_le_bytes()]));
            aes.decrypt_chain(start.ok_or(Fault::NotRead)?, segment);
        }
        Ok(())
    }
}

impl Cipher {
    fn read(tag: &Tag<'_>) -> Option<Self> {
        let number = |name| tag.attribute(name)?.parse::<usize>().ok();
        let is_known = tag.attribute("cipherAlgorithm").as_deref() == Some("AES")
            && tag.attribute("cipherChaining").as_deref() == Some("ChainingModeCBC")
            && number("blockSize") == Some(BLOCK);
        let salt = BASE64.decode(tag.attribute("saltValue")?.trim().as_bytes()).ok()?;
        is_known.then_some(Self {
            salt,
            key: number("keyBits")? / 8,
            hash: Hash::of_name(&tag.attribute("hashAlgorithm")?)?,
        })
    }
}

/// The block with which the first one is combined.
fn start(salt: &[u8]) -> Option<[u8; BLOCK]> {
    fitted(salt, BLOCK).try_into().ok()
}

/// Cut, or filled up, to a length.
fn fitted(value: &[u8], length: usize) -> Vec<u8> {
    let mut value = value.to_vec();
    value.resize(length.min(64), 0x36);
    value
}
