//! `OpenDocument` packages with a password (OpenDocument 1.3 part 2, 4): the same package, of which no member is encrypted any
//! more and whose list says so. LibreOffice has encrypted whole packages since 24.2: then the result is the package
//! in it.

use argon2::{Algorithm, Argon2, Params, Version};
use flate2::read::DeflateDecoder;
use zeroize::Zeroizing;

use super::aes::{Aes, BLOCK};
use super::archive::{Archive, Packed};
use super::blowfish::decrypt_stream;
use super::digest::{Hash, stretched};
use super::gcm::{self, open_sealed};
use super::zip::{measure, of_windows};
use super::{Fault, MAX_OPENED};
use crate::inspect::format::manifest::{self, List, Listed, MANIFEST, Sealing};
use crate::inspect::format::zip::{self, DEFLATED, Entry, STORED, Seal};
use crate::inspect::notes::Notes;

/// Most rounds of the derivation of one key; LibreOffice writes 100,000.
const MAX_ROUNDS: u32 = 2_000_000;

/// Most KiB of memory for the derivation of a key; LibreOffice writes 65,536.
const MAX_ARGON_KIB: u32 = 128 << 10;

/// Most passes of this derivation over its memory, in all of its lanes; LibreOffice writes 3 and 4 lanes.
const MAX_ARGON_PASSES: u32 = 16;

/// The member that is a whole package.
const WHOLE: &str = "encrypted-package";

/// Bytes of the compressed content of which the checksum is one.
const CHECKED: usize = 1 << 10;

/// Bytes of a key where the list does not say it.
const USUAL_KEY: usize = 16;

/// The same package, or the one in it, if all that is encrypted opens with the password.
pub(super) fn open(content: &[u8], password: &str) -> Result<Vec<u8>, Fault> {
    let mut notes = Notes::new(content.len() as u64);
    let entries = zip::entries(content, &mut notes);
    let mut lists = entries.iter().filter(|entry| entry.name == MANIFEST);
    let (Some(list), None) = (lists.next(), lists.next()) else { return Err(Fault::NotRead) };
    let list = list.expand(content, &mut notes).ok_or(Fault::NotRead)?;
    let listed = manifest::read(&list, &mut notes);
    // The letters of old programs for Windows; today's first.
    let mut opened = Err(Fault::WrongPassword);
    for bytes in [Some(password.as_bytes().to_vec()), of_windows(password)].into_iter().flatten() {
        opened = open_with(content, &entries, &listed, &Zeroizing::new(bytes));
        if opened.as_ref().err() != Some(&Fault::WrongPassword) {
            break;
        }
    }
    opened
}

fn open_with(content: &[u8], entries: &[Entry], list: &List, password: &[u8]) -> Result<Vec<u8>, Fault> {
    if !list.members.iter().any(|listed| listed.sealing.is_some()) {
        return Err(Fault::NotRead);
    }
    let mut archive = Archive::default();
    for entry in entries {
        let packed = entry.packed(content).filter(|_| entry.seal() == Seal::None).ok_or(Fault::NotRead)?;
        let mut of_it = list.members.iter().filter(|listed| listed.path == entry.name);
        // Of two that say something else, programs could take either.
        let (own, None) = (of_it.next(), of_it.next()) else { return Err(Fault::NotRead) };
        let sealing = own.and_then(|own| own.sealing.as_ref());
        let member = match (own, sealing) {
            _ if entry.name == MANIFEST => {
                let text = written(list).into_bytes();
                let (size, crc) = measure(&text);
                Packed { name: entry.name.clone(), method: STORED, crc, size, data: text }
            }
            (Some(own), Some(sealing)) => {
                let data = sealing.decrypt(packed, password)?;
                if own.path == WHOLE {
                    // Another encrypted member beside it would be in nothing that is examined.
                    let sealed = list.members.iter().filter(|listed| listed.sealing.is_some()).count();
                    return if sealed == 1 { whole(data) } else { Err(Fault::NotRead) };
                }
                sealing.check(&data, own.size)?;
                let (size, crc) = measure(&inflated(&data).map_err(Fault::unless_wrong)?);
                // It is damaged behind the part that has a checksum.
                if own.size.is_some_and(|stated| stated != size) {
                    return Err(Fault::NotRead);
                }
                Packed { name: entry.name.clone(), method: DEFLATED, crc, size, data }
            }
            _ => {
                let (size, crc) = (entry.size(), entry.crc().ok_or(Fault::NotRead)?);
                Packed { name: entry.name.clone(), method: entry.method(), crc, size, data: packed.to_vec() }
            }
        };
        archive.add(&member)?;
    }
    archive.finish()
}

/// The package that was encrypted as a whole; some writers compress it once more.
fn whole(data: Vec<u8>) -> Result<Vec<u8>, Fault> {
    if data.starts_with(b"PK\x03\x04") { Ok(data) } else { inflated(&data).map_err(Fault::unless_wrong) }
}

fn inflated(data: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut notes = Notes::new(data.len() as u64);
    let expanded = notes.expand(data.len(), &mut DeflateDecoder::new(data));
    match expanded {
        _ if notes.is_over() => Err(Fault::TooLarge),
        Some(expanded) if notes.obstacle.is_none() && expanded.len() <= MAX_OPENED => Ok(expanded),
        _ => Err(Fault::WrongPassword),
    }
}

impl Fault {
    /// The same, where the password was shown to be the right one: something else is damaged.
    fn unless_wrong(self) -> Self {
        if self == Self::WrongPassword { Self::NotRead } else { self }
    }
}

impl Sealing {
    /// The member's bytes without their encryption, still compressed.
    fn decrypt(&self, packed: &[u8], password: &[u8]) -> Result<Vec<u8>, Fault> {
        if self.has_more {
            return Err(Fault::NotRead);
        }
        let key = self.key_of(password)?;
        let mut data = packed.to_vec();
        match ending(&self.cipher).as_str() {
            "blowfish cfb" | "blowfish" => {
                let start = self.start.as_slice().try_into().map_err(|_| Fault::NotRead)?;
                decrypt_stream(&key, start, &mut data).ok_or(Fault::NotRead)?;
            }
            "aes128-cbc" | "aes192-cbc" | "aes256-cbc" => {
                let start = self.start.as_slice().try_into().map_err(|_| Fault::NotRead)?;
                Aes::new(&key).ok_or(Fault::NotRead)?.decrypt_chain(start, &mut data);
                // The last byte says how many bytes are padding (XML Encryption 5.2).
                let filled = usize::from(data.last().copied().unwrap_or_default());
                let length = data.len().checked_sub(filled).ok_or(Fault::WrongPassword)?;
                if !(1..=BLOCK).contains(&filled) || !data.len().is_multiple_of(BLOCK) {
                    return Err(Fault::WrongPassword);
                }
                data.truncate(length);
            }
            "aes128-gcm" | "aes192-gcm" | "aes256-gcm" => {
                let start: &[u8; gcm::START] =
                    self.start.as_slice().try_into().map_err(|_| Fault::NotRead)?;
                // It begins with the start value of the list, too (XML Encryption 5.2.4).
                let sealed = packed.strip_prefix(start.as_slice()).ok_or(Fault::NotRead)?;
                data = open_sealed(&key, start, sealed).ok_or(Fault::WrongPassword)?;
            }
            _ => return Err(Fault::NotRead),
        }
        Ok(data)
    }

    fn key_of(&self, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let hash = match self.hash.as_deref().map(ending).as_deref() {
            None | Some("sha1") => Hash::Sha1,
            Some("sha256" | "sha256-1k") => Hash::Sha256,
            _ => return Err(Fault::NotRead),
        };
        let (begin, length) = (hash.of(&[password]), self.key.unwrap_or(USUAL_KEY).min(64));
        match ending(&self.derivation).as_str() {
            "pbkdf2" => {
                let rounds = self.rounds.filter(|rounds| (1..=MAX_ROUNDS).contains(rounds));
                Ok(stretched(&begin, &self.salt, rounds.ok_or(Fault::NotRead)?, length))
            }
            "argon2id" => {
                let [passes, memory, lanes] = self.argon.ok_or(Fault::NotRead)?;
                if memory > MAX_ARGON_KIB || passes > MAX_ARGON_PASSES || lanes > MAX_ARGON_PASSES {
                    return Err(Fault::NotRead);
                }
                let settings =
                    Params::new(memory, passes, lanes, Some(length)).map_err(|_| Fault::NotRead)?;
                let mut key = Zeroizing::new(vec![0; length]);
                Argon2::new(Algorithm::Argon2id, Version::V0x13, settings)
                    .hash_password_into(&begin, &self.salt, &mut key)
                    .map_err(|_| Fault::NotRead)?;
                Ok(key)
            }
            _ => Err(Fault::NotRead),
        }
    }

    /// Whether the password was the right one.
    fn check(&self, data: &[u8], size: Option<u64>) -> Result<(), Fault> {
        let hash = match self.checksum_kind.as_deref().map(ending).as_deref() {
            Some("sha1/1k" | "sha1-1k") => Some(Hash::Sha1),
            Some("sha256-1k" | "sha256/1k") => Some(Hash::Sha256),
            _ => None,
        };
        let first = data.get(..CHECKED).unwrap_or(data);
        let fits = hash.is_some_and(|hash| hash.of(&[first]).as_slice() == self.checksum);
        // OpenOffice computed SHA-1 wrong for some lengths: the size proves it as well.
        let is_so_long = || inflated(data).is_ok_and(|whole| Some(whole.len() as u64) == size);
        if fits || is_so_long() { Ok(()) } else { Err(Fault::WrongPassword) }
    }
}

/// The last part of a name, with or without an address before it, in lower case.
fn ending(name: &str) -> String {
    name.rsplit(['#', ':']).next().unwrap_or_default().to_lowercase()
}

/// A list of the same members, of which none is encrypted. LibreOffice opens no document whose list has another version.
fn written(list: &List) -> String {
    let escaped = |value: &str| quick_xml::escape::escape(value).into_owned();
    let version = list.version.as_ref().map(|version| format!(" manifest:version=\"{}\"", escaped(version)));
    let version = version.unwrap_or_default();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"{version}>\n",
    );
    for Listed { path, media_type, .. } in &list.members {
        let [name, kind] = [path, media_type].map(|value| escaped(value));
        let version = if path == "/" { &version } else { "" };
        let entry = [
            " <manifest:file-entry manifest:full-path=\"",
            &name,
            "\"",
            version,
            " manifest:media-type=\"",
            &kind,
            "\"/>\n",
        ];
        text.extend(entry);
    }
    text + "</manifest:manifest>\n"
}
