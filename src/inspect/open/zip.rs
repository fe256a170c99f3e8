//! ZIP archives: the same members, compressed as they were (APPNOTE.TXT 6.1 and `WinZip`'s AE-1 and AE-2).

use flate2::Crc;
use flate2::read::DeflateDecoder;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::Fault;
use super::aes::Aes;
use super::archive::{Archive, Packed};
use super::digest::stretched;
use crate::inspect::format::deflate64::Deflate64;
use crate::inspect::format::zip::{self, DEFLATED, DEFLATED_64, Entry, STORED, Seal};
use crate::inspect::notes::Notes;

/// The same archive, if all of its members open with the password.
pub(super) fn open(content: &[u8], password: &str) -> Result<Vec<u8>, Fault> {
    // The format does not say how letters become bytes.
    let mut opened = Err(Fault::WrongPassword);
    for bytes in [Some(password.as_bytes().to_vec()), of_windows(password), of_dos(password)] {
        let Some(bytes) = bytes.map(Zeroizing::new) else { continue };
        opened = open_with(content, &bytes);
        if opened.as_ref().err() != Some(&Fault::WrongPassword) {
            break;
        }
    }
    opened
}

/// A password in the encoding of Windows, where that has its letters; `None` if it is the same as UTF-8.
pub(super) fn of_windows(password: &str) -> Option<Vec<u8>> {
    let bytes = password.chars().map(|letter| u8::try_from(letter).ok()).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| !password.is_ascii())
}

/// A password in the encoding of DOS, which programs for Windows still use, if its other letters are German ones.
fn of_dos(password: &str) -> Option<Vec<u8>> {
    let known = "ÄÖÜäöüß".chars().zip([0x8e, 0x99, 0x9a, 0x84, 0x94, 0x81, 0xe1]).collect::<Vec<_>>();
    let byte = |letter: char| {
        let of_dos = known.iter().find(|(known, _)| *known == letter).map(|(_, byte)| *byte);
        of_dos.or(u8::try_from(letter).ok().filter(u8::is_ascii))
    };
    let bytes = password.chars().map(byte).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| !password.is_ascii())
}

fn open_with(content: &[u8], password: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut notes = Notes::new(content.len() as u64);
    let entries = zip::entries(content, &mut notes);
    if !entries.iter().any(|entry| entry.seal() != Seal::None) {
        return Err(Fault::NotRead);
    }
    let mut archive = Archive::default();
    for entry in &entries {
        let packed = entry.packed(content).ok_or(Fault::NotRead)?;
        let data = match entry.seal() {
            Seal::None => packed.to_vec(),
            Seal::Old { check } => old(packed, check, password)?,
            Seal::Aes { key } => aes(packed, key, password)?,
            Seal::Other => return Err(Fault::NotRead),
        };
        archive.add(&member(entry, data)?)?;
    }
    archive.finish()
}

/// A member with the bytes that were decrypted, whose checksum has to fit.
fn member(entry: &Entry, data: Vec<u8>) -> Result<Packed, Fault> {
    let method = entry.method();
    let measured = match method {
        STORED => Some(measure(&data)),
        DEFLATED | DEFLATED_64 => {
            let mut notes = Notes::new(data.len() as u64);
            let expanded = if method == DEFLATED {
                notes.expand(data.len(), &mut DeflateDecoder::new(data.as_slice()))
            } else {
                notes.expand(data.len(), &mut Deflate64::new(&data))
            };
            if notes.is_over() {
                return Err(Fault::TooLarge);
            }
            let expanded = expanded.filter(|_| notes.obstacle.is_none());
            Some(measure(&expanded.ok_or(Fault::WrongPassword)?))
        }
        // Not read here, whatever the password.
        _ => None,
    };
    let (size, crc) = measured.unwrap_or((entry.size(), entry.crc().unwrap_or_default()));
    if size != entry.size() || entry.crc().is_some_and(|stated| stated != crc) {
        return Err(Fault::WrongPassword);
    }
    Ok(Packed { name: entry.name.clone(), method, crc, size, data })
}

/// Bytes and checksum of a member.
pub(super) fn measure(bytes: &[u8]) -> (u64, u32) {
    let mut crc = Crc::new();
    crc.update(bytes);
    (bytes.len() as u64, crc.sum())
}

/// Bytes before those of a member that is encrypted in the old way; the last one is known.
const OLD_HEAD: usize = 12;

/// Decrypts a member as PKZIP 2 encrypted it.
fn old(packed: &[u8], check: u8, password: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut cipher = Old::new(password);
    let mut data = packed.to_vec();
    for byte in &mut data {
        *byte = cipher.decrypt(*byte);
    }
    match data.get(OLD_HEAD - 1) {
        None => Err(Fault::NotRead),
        Some(found) if *found != check => Err(Fault::WrongPassword),
        Some(_) => {
            data.drain(..OLD_HEAD);
            Ok(data)
        }
    }
}

/// The cipher of PKZIP 2.
struct Old {
    keys: [u32; 3],
    /// CRC-32 of each byte.
    table: [u32; 256],
}

impl Old {
    fn new(password: &[u8]) -> Self {
        let of_bit = |sum: u32, _| if sum & 1 == 0 { sum >> 1 } else { sum >> 1 ^ 0xedb8_8320 };
        let mut table = [0; 256];
        for (byte, sum) in (0_u32..).zip(&mut table) {
            *sum = (0..8).fold(byte, of_bit);
        }
        let mut cipher = Self { keys: [0x1234_5678, 0x2345_6789, 0x3456_7890], table };
        for byte in password {
            cipher.turn(*byte);
        }
        cipher
    }

    fn decrypt(&mut self, byte: u8) -> u8 {
        let [.., last] = self.keys;
        let word = (last | 2) & 0xffff;
        let [_, key, ..] = word.wrapping_mul(word ^ 1).to_le_bytes();
        self.turn(byte ^ key);
        byte ^ key
    }

    fn turn(&mut self, byte: u8) {
        let [first, second, third] = self.keys;
        let first = self.crc(first, byte);
        let second = second.wrapping_add(first & 0xff).wrapping_mul(0x0808_8405).wrapping_add(1);
        let [.., high] = second.to_le_bytes();
        self.keys = [first, second, self.crc(third, high)];
    }

    /// CRC-32 of one byte more.
    fn crc(&self, sum: u32, byte: u8) -> u32 {
        let [low, ..] = sum.to_le_bytes();
        let of_byte = self.table.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        sum >> 8 ^ of_byte
    }
}

/// Rounds of the derivation of a key, and bytes at the end of a member that prove it.
const ROUNDS: u32 = 1_000;
const PROOF: usize = 10;

/// Decrypts a member as `WinZip` encrypts it, with a key of this many bytes.
fn aes(packed: &[u8], key: usize, password: &[u8]) -> Result<Vec<u8>, Fault> {
    let (salt, rest) = packed.split_at_checked(key / 2).ok_or(Fault::NotRead)?;
    let (check, rest) = rest.split_at_checked(2).ok_or(Fault::NotRead)?;
    let end = rest.len().checked_sub(PROOF).ok_or(Fault::NotRead)?;
    let (data, proof) = rest.split_at_checked(end).ok_or(Fault::NotRead)?;
    let derived = stretched(password, salt, ROUNDS, 2 * key + 2);
    let (of_data, derived) = derived.split_at_checked(key).ok_or(Fault::NotRead)?;
    let (of_proof, of_check) = derived.split_at_checked(key).ok_or(Fault::NotRead)?;
    let mut mac = Hmac::<Sha1>::new_from_slice(of_proof).map_err(|_| Fault::NotRead)?;
    mac.update(data);
    if of_check != check || mac.verify_truncated_left(proof).is_err() {
        return Err(Fault::WrongPassword);
    }
    let mut data = data.to_vec();
    Aes::new(of_data).ok_or(Fault::NotRead)?.count(&mut data);
    Ok(data)
}
