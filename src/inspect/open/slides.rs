//! Slides of `PowerPoint` before 2007: each object in the list of objects is encrypted by itself (MS-PPT 2.3.7).

use std::collections::BTreeMap;

use super::Fault;
use super::compound::Compound;
use super::rc4::Key;
use crate::inspect::format::bytes;

const STREAM: &str = "PowerPoint Document";
const USER: &str = "Current User";
const SUMMARY: &str = "EncryptedSummary";

/// Marks of the slides of a user, encrypted or not, and their place.
const ENCRYPTED: u32 = 0xf3d1_c4df;
const PLAIN: u32 = 0xe391_c05f;
const MARK: usize = 12;

/// Bytes before the content of a record: version, kind, length.
const HEAD: usize = 8;

/// Kinds of records: the end of a change, the places of objects, how they are encrypted. None of these is encrypted.
const EDIT: u16 = 0x0ff5;
const DIRECTORY: u16 = 0x1772;
const SESSION: u16 = 0x2f14;

/// Most changes of one file, each of which refers to the one before.
const MAX_EDITS: usize = 10_000;

/// The same slides without their encryption.
pub(super) fn open(mut file: Compound, password: &str) -> Result<Vec<u8>, Fault> {
    let mut user = file.read(USER)?;
    // Pictures are encrypted in another way, piece by piece.
    let has_pictures = file.has("Pictures") && !file.read("Pictures")?.is_empty();
    if bytes::u32(&user, MARK) != Some(ENCRYPTED) || has_pictures {
        return Err(Fault::NotRead);
    }
    let mut stream = file.read(STREAM)?;
    let latest = bytes::length(&user, MARK + 4).ok_or(Fault::NotRead)?;
    let (places, session) = objects(&stream, latest).ok_or(Fault::NotRead)?;
    let info =
        places.get(&session).and_then(|at| record(&stream, *at)).filter(|record| record.kind == SESSION);
    let info = info.and_then(|record| bytes::slice(&stream, record.start, record.length));
    let key = Key::new(info.ok_or(Fault::NotRead)?, password)?;
    for (number, at) in places.iter().filter(|(number, _)| **number != session) {
        uncover(&mut stream, *number, *at, &key).ok_or(Fault::NotRead)?;
    }
    if let Some(mark) = user.get_mut(MARK..MARK + 4) {
        mark.copy_from_slice(&PLAIN.to_le_bytes());
    }
    file.write(STREAM, &stream)?;
    file.write(USER, &user)?;
    // Title, author and the like, encrypted in yet another way; programs show the slides without them.
    file.remove(SUMMARY)?;
    file.into_bytes()
}

/// The place of each object by its number, and the number of the one that says how they are encrypted.
fn objects(stream: &[u8], latest: usize) -> Option<(BTreeMap<u32, usize>, u32)> {
    let (mut places, mut session, mut at) = (BTreeMap::new(), None, latest);
    for _ in 0..MAX_EDITS {
        let edit = record(stream, at).filter(|record| record.kind == EDIT)?;
        let directory = bytes::length(stream, edit.start + 12)?;
        let directory = record(stream, directory).filter(|record| record.kind == DIRECTORY)?;
        let list = bytes::slice(stream, directory.start, directory.length)?;
        let mut entry = 0;
        while entry < list.len() {
            let head = bytes::u32(list, entry)?;
            for offset in 0..head >> 20 {
                entry += 4;
                let place = bytes::length(list, entry)?;
                // A later change has the later place.
                places.entry((head & 0x000f_ffff).checked_add(offset)?).or_insert(place);
            }
            entry += 4;
        }
        session = session.or(bytes::u32(stream, edit.start + 28).filter(|_| edit.length >= 32));
        match bytes::length(stream, edit.start + 8)? {
            0 => return Some((places, session?)),
            before => at = before,
        }
    }
    None
}

/// Decrypts an object in its place.
fn uncover(stream: &mut [u8], number: u32, at: usize, key: &Key) -> Option<()> {
    if record(stream, at).is_some_and(|record| matches!(record.kind, EDIT | DIRECTORY)) {
        return Some(());
    }
    let mut keys = key.stream(number);
    let head = stream.get_mut(at..at.checked_add(HEAD)?)?;
    keys.apply(head);
    let length = bytes::length(head, 4)?;
    let start = at + HEAD;
    keys.apply(stream.get_mut(start..start.checked_add(length)?)?);
    Some(())
}

struct Record {
    kind: u16,
    start: usize,
    length: usize,
}

fn record(stream: &[u8], at: usize) -> Option<Record> {
    let head = bytes::slice(stream, at, HEAD)?;
    Some(Record { kind: bytes::u16(head, 2)?, start: at + HEAD, length: bytes::length(head, 4)? })
}
