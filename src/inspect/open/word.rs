//! Documents of Word before 2007: three streams are encrypted, but for the beginnings of two of them (MS-DOC 2.2.6).

use super::Fault;
use super::compound::Compound;
use super::rc4::Key;
use crate::inspect::format::bytes;

const STREAM: &str = "WordDocument";

/// Bytes for which a key of RC4 is used.
const BLOCK: usize = 512;

/// Bytes at the beginning of the document that are not encrypted.
const PLAIN: usize = 68;

/// Flags of the document, at byte 10: it is encrypted; its second table is the one that counts; it is only obfuscated.
const ENCRYPTED: u16 = 0x0100;
const SECOND_TABLE: u16 = 0x0200;
const OBFUSCATED: u16 = 0x8000;
const FLAGS: usize = 10;

/// The place of the length of the encryption's description, which is at the beginning of the table.
const LENGTH: usize = 14;

/// The same document without its encryption.
pub(super) fn open(mut file: Compound, password: &str) -> Result<Vec<u8>, Fault> {
    let mut stream = file.read(STREAM)?;
    let flags = bytes::u16(&stream, FLAGS).ok_or(Fault::NotRead)?;
    if flags & ENCRYPTED == 0 || flags & OBFUSCATED != 0 {
        return Err(Fault::NotRead);
    }
    let table_name = if flags & SECOND_TABLE == 0 { "0Table" } else { "1Table" };
    let mut table = file.read(table_name)?;
    let length = bytes::length(&stream, LENGTH).filter(|length| *length <= table.len());
    let length = length.ok_or(Fault::NotRead)?;
    let key = Key::new(table.get(..length).unwrap_or_default(), password)?;
    let uncover = |stream: &mut [u8], plain: usize| {
        let mut blocks = key.blocks(BLOCK);
        blocks.skip(plain);
        blocks.apply(stream.get_mut(plain..).unwrap_or_default());
    };
    uncover(&mut stream, PLAIN);
    uncover(&mut table, length);
    put(&mut stream, FLAGS, &(flags & !ENCRYPTED).to_le_bytes());
    put(&mut stream, LENGTH, &[0; 4]);
    file.write(STREAM, &stream)?;
    file.write(table_name, &table)?;
    if file.has("Data") {
        let mut data = file.read("Data")?;
        uncover(&mut data, 0);
        file.write("Data", &data)?;
    }
    file.into_bytes()
}

fn put(stream: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = stream.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}
