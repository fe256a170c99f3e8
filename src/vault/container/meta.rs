//! Metadata that a container carries, so that the tree can be rebuilt if the catalogue is lost.

use age_core::format::Stanza;
use age_core::primitives::{aead_decrypt, aead_encrypt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::file_key::FileKey;
use crate::model::{ContainerId, EntryId, EntryName, EntryPath, Timestamp, WriteSerial, random_bytes};

/// Type and version of the stanza; age implementations skip types they do not know.
const STANZA_TAG: &str = "tresor";
const STANZA_VERSION: &str = "v1";
/// HKDF label of the key that seals the stanza's body.
const KEY_LABEL: &[u8] = b"tresor/v1/container-meta";
const SALT_LEN: usize = 16;
const TAG_LEN: usize = 16;
/// The record is padded to a multiple of this many bytes, so that the length of a name does not show.
const PADDING: usize = 256;

/// The entry for which a container was written, as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerMeta {
    /// Id of the entry.
    pub entry: EntryId,
    /// Its path in the space when the container was written. Later renames do not change it.
    pub path: EntryPath,
    /// Modification time of the version.
    pub modified: Timestamp,
    /// Distinguishes the versions of an entry and orders them: a later one has a larger number. All containers of a
    /// version have the same.
    pub serial: WriteSerial,
    /// When the version was begun, by the server's clock.
    pub written: Timestamp,
    /// Position of this container among the version's, from 0.
    pub segment: u32,
    /// Bytes of the whole version. `None` while unknown; at least one of several containers must carry it,
    /// otherwise a rebuild cannot find out whether all of them are present.
    pub size: Option<u64>,
    /// Role of the container in its version.
    pub part: Part,
}

/// How a container belongs to its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The run of bytes that `segment` numbers. Everything about it was known when it was written.
    #[default]
    Numbered,
    /// Bytes that arrived in an upload. Their version, position and path were not known yet: closing containers
    /// name them, or none does if the upload was never finished.
    Loose,
    /// Holds no bytes; comes after all others. Written when an upload ends: each closing container names some of
    /// the version's containers, in order; `segment` numbers the closing containers.
    Closing {
        /// The containers that this one names, at most [`MAX_NAMED`].
        names: Vec<ContainerId>,
        /// Number of containers that all closing containers of the version name together.
        of: u64,
    },
}

/// Most containers that one closing container names; so many fit a header beside the longest path.
pub const MAX_NAMED: usize = 256;

/// Why a container's metadata cannot be written or read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MetaError {
    /// The metadata do not fit a header; no parsed path is that long.
    #[error("the metadata do not fit a header")]
    TooLong,
    /// The stanza is not as sealed, or comes from a newer release.
    #[error("the metadata in the header are damaged")]
    Damaged,
}

/// JSON inside the stanza, after unsealing; blanks after it are padding.
#[derive(Serialize, Deserialize)]
struct Record {
    entry: i64,
    path: String,
    modified: i64,
    serial: i64,
    written: i64,
    segment: u32,
    size: Option<u64>,
    /// Absent for numbered containers, as in all containers written before uploads existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<PartRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PartRecord {
    Loose,
    Closing { names: Vec<String>, of: u64 },
}

impl From<&Part> for Option<PartRecord> {
    fn from(part: &Part) -> Self {
        match part {
            Part::Numbered => None,
            Part::Loose => Some(PartRecord::Loose),
            Part::Closing { names, of } => {
                let names = names.iter().map(ContainerId::to_string).collect();
                Some(PartRecord::Closing { names, of: *of })
            }
        }
    }
}

fn read_part(record: Option<PartRecord>) -> Result<Part, MetaError> {
    Ok(match record {
        None => Part::Numbered,
        Some(PartRecord::Loose) => Part::Loose,
        Some(PartRecord::Closing { names, of }) => {
            let names = names.iter().map(|name| name.parse()).collect::<Result<_, _>>();
            Part::Closing { names: names.map_err(|_| MetaError::Damaged)?, of }
        }
    })
}

pub(super) fn is_ours(stanza: &Stanza) -> bool {
    stanza.tag == STANZA_TAG && stanza.args == [STANZA_VERSION]
}

impl ContainerMeta {
    /// Body: 16 bytes of salt, then the padded record under a key of its own. The salt is needed: a copy into
    /// another space seals other metadata under the same file key.
    pub(super) fn seal(&self, file_key: &FileKey) -> Result<Stanza, MetaError> {
        let mut text = self.record()?;
        text.resize(text.len().next_multiple_of(PADDING), b' ');

        let salt = random_bytes::<SALT_LEN>();
        let mut body = salt.to_vec();
        body.extend(aead_encrypt(&key(file_key, &salt), &text));
        Ok(Stanza { tag: STANZA_TAG.to_owned(), args: vec![STANZA_VERSION.to_owned()], body })
    }

    pub(super) fn open(body: &[u8], file_key: &FileKey) -> Result<Self, MetaError> {
        let (salt, sealed) = body.split_first_chunk::<SALT_LEN>().ok_or(MetaError::Damaged)?;
        let text_len = sealed.len().checked_sub(TAG_LEN).ok_or(MetaError::Damaged)?;
        let text = aead_decrypt(&key(file_key, salt), text_len, sealed).map_err(|_| MetaError::Damaged)?;
        Self::read(&text)
    }

    /// The text inside the stanza, without padding.
    pub fn record(&self) -> Result<Vec<u8>, MetaError> {
        let names: Vec<&str> = self.path.names().iter().map(EntryName::as_str).collect();
        let record = Record {
            entry: self.entry.0,
            path: names.join("/"),
            modified: self.modified.0,
            serial: self.serial.0,
            written: self.written.0,
            segment: self.segment,
            size: self.size,
            part: (&self.part).into(),
        };
        serde_json::to_vec(&record).map_err(|_| MetaError::TooLong)
    }

    /// Reads that text. It is authenticated, but anyone with the space's recipient may have sealed it.
    pub fn read(text: &[u8]) -> Result<Self, MetaError> {
        let record: Record = serde_json::from_slice(text).map_err(|_| MetaError::Damaged)?;
        Ok(Self {
            entry: EntryId(record.entry),
            path: EntryPath::parse(&record.path).map_err(|_| MetaError::Damaged)?,
            modified: Timestamp(record.modified),
            serial: WriteSerial(record.serial),
            written: Timestamp(record.written),
            segment: record.segment,
            size: record.size,
            part: read_part(record.part)?,
        })
    }
}

fn key(file_key: &FileKey, salt: &[u8; SALT_LEN]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    file_key.derive(salt, KEY_LABEL, &mut key);
    key
}
