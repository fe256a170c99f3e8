//! The header of a container: an age v1 header with one additional stanza.
//!
//! ```text
//! age-encryption.org/v1
//! -> X25519 …          file key, wrapped to the space's recipient (age crate)
//! …
//! -> tresor v1         what `rebuild` needs, sealed under HKDF(file key)
//! …
//! --- <MAC over all of the above>
//! <16 bytes payload nonce>
//! ```
//! Reading goes through the age crate: its parser, its unwrapping, its MAC check. Writing is implemented here,
//! because the age crate generates a new file key for every header it writes, and a copy into another space keeps
//! the old one.

mod file_key;
mod header;
mod meta;

use std::cell::RefCell;

use age_core::format::Stanza;
use age_core::secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::keys::{SpaceKey, SpaceRecipient};
use super::stream::PayloadKey;

pub use file_key::FileKey;
pub use header::SealedHeader;
pub use meta::{ContainerMeta, MAX_NAMED, MetaError, Part};

pub(super) use header::seal;

/// Longest header that is read or written, nonce included, in bytes. Even the longest path made of control
/// characters alone fits.
pub const MAX_HEADER_LEN: usize = 48 * 1024;
/// Bytes of the payload nonce after the header.
pub const NONCE_LEN: usize = 16;

/// SHA-256 over header and payload nonce. The catalogue binds an entry to this value.
pub type HeaderHash = [u8; 32];

/// Why a header cannot be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HeaderError {
    /// Not an age v1 header, longer than [`MAX_HEADER_LEN`], or cut short.
    #[error("this is not an age v1 header")]
    Malformed,
    /// None of the identities opens it.
    #[error("the header does not open with this key")]
    NoMatch,
    /// The file key was found, but the header was changed afterwards.
    #[error("the header was changed")]
    BadMac,
}

/// A header whose MAC was verified.
#[derive(Debug)]
pub struct OpenHeader {
    file_key: FileKey,
    nonce: [u8; NONCE_LEN],
    len: usize,
    hash: HeaderHash,
    sealed_meta: Option<Vec<u8>>,
}

impl OpenHeader {
    /// Parses the header at the start of `bytes` (more may follow), unwraps the file key with one of
    /// `identities` and verifies the MAC.
    pub fn open(bytes: &[u8], identities: &[&dyn age::Identity]) -> Result<Self, HeaderError> {
        let bounded = bytes.get(..MAX_HEADER_LEN).unwrap_or(bytes);
        let mut rest = bounded;
        let decryptor = age::Decryptor::new_buffered(&mut rest).map_err(HeaderError::from)?;
        let capture = Capture { identities, caught: RefCell::new(None) };
        let verified = decryptor.decrypt(std::iter::once(&capture as &dyn age::Identity));
        drop(verified.map_err(HeaderError::from)?);

        let len = bounded.len() - rest.len();
        let header = bounded.get(..len).ok_or(HeaderError::Malformed)?;
        let nonce = header.last_chunk().ok_or(HeaderError::Malformed)?;
        let caught = capture.caught.into_inner().ok_or(HeaderError::NoMatch)?;
        Ok(Self {
            file_key: caught.file_key,
            nonce: *nonce,
            len,
            hash: hash(header),
            sealed_meta: caught.sealed_meta,
        })
    }

    /// [`Self::open`] with a space's key.
    pub fn open_in_space(bytes: &[u8], key: &SpaceKey) -> Result<Self, HeaderError> {
        Self::open(bytes, &[key.identity()])
    }

    /// Bytes of header and nonce: where the payload starts.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Always false: a header has at least its first line.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// SHA-256 over header and nonce.
    pub fn hash(&self) -> HeaderHash {
        self.hash
    }

    /// The key of the payload's chunks.
    pub fn payload_key(&self) -> PayloadKey {
        self.file_key.payload_key(&self.nonce)
    }

    /// The metadata in the header; `None` for an age file that is not a Tresor container.
    pub fn meta(&self) -> Result<Option<ContainerMeta>, MetaError> {
        self.sealed_meta.as_deref().map(|sealed| ContainerMeta::open(sealed, &self.file_key)).transpose()
    }

    /// Seals the same file key and nonce for another space; the payload does not change.
    pub(super) fn reseal(
        &self,
        recipient: &SpaceRecipient,
        meta: &ContainerMeta,
    ) -> Result<SealedHeader, MetaError> {
        header::reseal(&self.file_key, self.nonce, recipient, meta)
    }
}

/// Length of header and nonce at the start of `bytes`, found by the MAC line alone, without opening anything.
/// `None` if `bytes` end before. The age parser decides whether the header is valid.
pub fn header_extent(bytes: &[u8]) -> Option<usize> {
    const MAC_LINE: &[u8] = b"\n--- ";
    let mac_line = bytes.windows(MAC_LINE.len()).position(|window| window == MAC_LINE)?;
    let behind = mac_line + MAC_LINE.len();
    let line_end = bytes.get(behind..)?.iter().position(|byte| *byte == b'\n')?;
    let end = behind + line_end + 1 + NONCE_LEN;
    (end <= bytes.len()).then_some(end)
}

pub(super) fn hash(header: &[u8]) -> HeaderHash {
    Sha256::digest(header).into()
}

impl From<age::DecryptError> for HeaderError {
    fn from(error: age::DecryptError) -> Self {
        match error {
            age::DecryptError::InvalidMac => Self::BadMac,
            age::DecryptError::NoMatchingKeys
            | age::DecryptError::DecryptionFailed
            | age::DecryptError::KeyDecryptionFailed => Self::NoMatch,
            _ => Self::Malformed,
        }
    }
}

/// Passes stanzas on to the real identities and keeps the file key that they find.
struct Capture<'a> {
    identities: &'a [&'a dyn age::Identity],
    caught: RefCell<Option<Caught>>,
}

struct Caught {
    file_key: FileKey,
    sealed_meta: Option<Vec<u8>>,
}

impl age::Identity for Capture<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<age_core::format::FileKey, age::DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(
        &self,
        stanzas: &[Stanza],
    ) -> Option<Result<age_core::format::FileKey, age::DecryptError>> {
        let found = self.identities.iter().find_map(|identity| identity.unwrap_stanzas(stanzas))?;
        if let Ok(file_key) = &found {
            *self.caught.borrow_mut() = Some(Caught {
                file_key: FileKey::copy_of(file_key.expose_secret()),
                sealed_meta: stanzas.iter().find(|s| meta::is_ours(s)).map(|s| s.body.clone()),
            });
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntryId, EntryPath, Timestamp, WriteSerial};

    fn meta(path: &str) -> ContainerMeta {
        ContainerMeta {
            entry: EntryId(7),
            path: EntryPath::parse(path).unwrap(),
            modified: Timestamp(1_700_000_000_123),
            serial: WriteSerial(9),
            written: Timestamp(1_700_000_000_124),
            segment: 3,
            size: Some(70_000),
            part: Part::Numbered,
        }
    }

    fn open(bytes: &[u8], key: &SpaceKey) -> Result<OpenHeader, HeaderError> {
        OpenHeader::open_in_space(bytes, key)
    }

    #[test]
    fn a_header_opens_with_its_space_key_only() {
        let key = SpaceKey::generate();
        let sealed = seal(key.recipient(), &meta("Müller/Bilanz.pdf")).unwrap();
        let mut bytes = sealed.bytes.clone();
        bytes.extend(b"payload");

        let header = open(&bytes, &key).unwrap();
        assert_eq!(header.len(), sealed.bytes.len());
        assert_eq!(header_extent(&bytes), Some(sealed.bytes.len()));
        assert_eq!(header.hash(), sealed.hash);
        assert_eq!(header.meta().unwrap().unwrap(), meta("Müller/Bilanz.pdf"));
        assert_eq!(open(&bytes, &SpaceKey::generate()).unwrap_err(), HeaderError::NoMatch);
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_noticed() {
        let key = SpaceKey::generate();
        let sealed = seal(key.recipient(), &meta("a")).unwrap();
        let end = sealed.bytes.len() - NONCE_LEN; // the nonce is covered by the catalogue's hash
        for at in 0..end {
            let mut bytes = sealed.bytes.clone();
            bytes[at] ^= 1;
            assert!(open(&bytes, &key).is_err(), "byte {at}");
        }
        for cut in 0..sealed.bytes.len() {
            assert!(open(&sealed.bytes[..cut], &key).is_err(), "cut at {cut}");
            assert_eq!(header_extent(&sealed.bytes[..cut]), None);
        }
    }

    #[test]
    fn names_of_any_length_look_alike() {
        let key = SpaceKey::generate();
        let len = |path: &str| seal(key.recipient(), &meta(path)).unwrap().bytes.len();
        assert_eq!(len("a"), len(&"b".repeat(100)));
        let text =
            String::from_utf8_lossy(&seal(key.recipient(), &meta("Geheim")).unwrap().bytes).into_owned();
        assert!(!text.contains("Geheim"));
    }

    #[test]
    fn the_longest_path_fits() {
        let key = SpaceKey::generate();
        let worst = vec!["\u{1}".repeat(255); 16].join("/");
        let sealed = seal(key.recipient(), &meta(&worst)).unwrap();
        assert!(sealed.bytes.len() <= MAX_HEADER_LEN);
        let header = open(&sealed.bytes, &key).unwrap();
        assert_eq!(header.meta().unwrap().unwrap(), meta(&worst));
    }

    #[test]
    fn an_endless_header_is_given_up() {
        let mut bytes = b"age-encryption.org/v1\n-> X25519 a\n".to_vec();
        bytes.extend([b"A".repeat(64), b"\n".to_vec()].concat().repeat(10_000));
        assert_eq!(open(&bytes, &SpaceKey::generate()).unwrap_err(), HeaderError::Malformed);
        assert_eq!(open(b"", &SpaceKey::generate()).unwrap_err(), HeaderError::Malformed);
    }

    #[test]
    fn a_resealed_header_keeps_the_payload_key() {
        let (from, to) = (SpaceKey::generate(), SpaceKey::generate());
        let first = open(&seal(from.recipient(), &meta("a")).unwrap().bytes, &from).unwrap();
        let copy = first.reseal(to.recipient(), &meta("b")).unwrap();
        let second = open(&copy.bytes, &to).unwrap();
        assert_eq!(second.meta().unwrap().unwrap(), meta("b"));
        assert_eq!(first.file_key.expose(), second.file_key.expose());
        assert_eq!(first.nonce, second.nonce);
        assert_ne!(first.sealed_meta, second.sealed_meta);
        assert!(open(&copy.bytes, &from).is_err());
    }
}
