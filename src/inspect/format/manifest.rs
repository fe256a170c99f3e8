//! The list of the members of an OpenDocument package, and how each is encrypted (OpenDocument 1.3 part 2, 3.2 and 4;
//! LibreOffice's additions since 24.2).

use data_encoding::BASE64;

use super::xml::{self, Piece, Tag};
use crate::inspect::notes::Notes;

/// The name of the list in a package.
pub(in crate::inspect) const MANIFEST: &str = "META-INF/manifest.xml";

/// The list.
#[derive(Debug, Default)]
pub(in crate::inspect) struct List {
    /// The version of the format; absent before 1.2.
    pub(in crate::inspect) version: Option<String>,
    pub(in crate::inspect) members: Vec<Listed>,
}

/// A member in the list.
#[derive(Debug, Default)]
pub(in crate::inspect) struct Listed {
    pub(in crate::inspect) path: String,
    pub(in crate::inspect) media_type: String,
    /// Bytes when it is open and expanded.
    pub(in crate::inspect) size: Option<u64>,
    pub(in crate::inspect) sealing: Option<Sealing>,
}

/// How a member is encrypted, in the words of the list.
#[derive(Debug, Default)]
pub(in crate::inspect) struct Sealing {
    pub(in crate::inspect) checksum_kind: Option<String>,
    pub(in crate::inspect) checksum: Vec<u8>,
    pub(in crate::inspect) cipher: String,
    pub(in crate::inspect) start: Vec<u8>,
    pub(in crate::inspect) derivation: String,
    pub(in crate::inspect) salt: Vec<u8>,
    pub(in crate::inspect) rounds: Option<u32>,
    pub(in crate::inspect) key: Option<usize>,
    pub(in crate::inspect) argon: Option<[u32; 3]>,
    /// The hash of the password before the derivation; absent in old packages.
    pub(in crate::inspect) hash: Option<String>,
    /// Whether anything else is said about it, such as the keys of persons.
    pub(in crate::inspect) has_more: bool,
}

/// Reads a list. Oddities in it are noted.
pub(in crate::inspect) fn read(content: &[u8], notes: &mut Notes) -> List {
    let List { mut version, mut members } = List::default();
    xml::read(content, notes, |_, piece| {
        let Piece::Start(tag) = piece else { return };
        if tag.name() == "file-entry" {
            members.push(Listed {
                path: tag.attribute("full-path").unwrap_or_default(),
                media_type: tag.attribute("media-type").unwrap_or_default(),
                size: tag.attribute("size").and_then(|size| size.parse().ok()),
                sealing: None,
            });
        } else if tag.name() == "manifest" {
            version = tag.attribute("version");
        } else if let Some(member) = members.last_mut() {
            note_tag(member, &tag);
        }
    });
    List { version, members }
}

fn note_tag(member: &mut Listed, tag: &Tag<'_>) {
    let bytes = |name| {
        let value = tag.attribute(name).unwrap_or_default();
        BASE64.decode(value.trim().as_bytes()).unwrap_or_default()
    };
    let number = |name| tag.attribute(name).and_then(|value| value.parse().ok());
    if tag.name() == "encryption-data" {
        // A second one says something else.
        let has_more = member.sealing.is_some();
        let checksum_kind = tag.attribute("checksum-type");
        let sealing = Sealing { checksum_kind, checksum: bytes("checksum"), has_more, ..Sealing::default() };
        member.sealing = Some(sealing);
        return;
    }
    let Some(sealing) = &mut member.sealing else { return };
    match tag.name() {
        "algorithm" => {
            sealing.cipher = tag.attribute("algorithm-name").unwrap_or_default();
            sealing.start = bytes("initialisation-vector");
        }
        "key-derivation" => {
            sealing.derivation = tag.attribute("key-derivation-name").unwrap_or_default();
            sealing.salt = bytes("salt");
            sealing.rounds = number("iteration-count");
            sealing.key = tag.attribute("key-size").and_then(|size| size.parse().ok());
            let argon = ["argon2-iterations", "argon2-memory", "argon2-lanes"].map(number);
            if let [Some(passes), Some(memory), Some(lanes)] = argon {
                sealing.argon = Some([passes, memory, lanes]);
            }
        }
        "start-key-generation" => sealing.hash = tag.attribute("start-key-generation-name"),
        _ => sealing.has_more = true,
    }
}
