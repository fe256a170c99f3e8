//! Workbooks of Excel before 2007: the contents of most records are encrypted, each in its place (MS-XLS 2.2.10).

use super::Fault;
use super::compound::Compound;
use super::rc4::{Blocks, Key};
use crate::inspect::format::bytes;

const STREAM: &str = "Workbook";
const PIVOT_CACHES: &str = "_SX_DB_CUR";

const FILE_PASS: u16 = 0x002f;
const BOUND_SHEET: u16 = 0x0085;

/// Records that are never encrypted: where a part begins, how the workbook is encrypted, its users and their locks.
const PLAIN: [u16; 7] = [0x0809, FILE_PASS, 0x0194, 0x0195, 0x00e1, 0x0196, 0x0138];

/// Bytes for which a key of RC4 is used.
const BLOCK: usize = 1024;

/// How records are encrypted.
enum Cover<'k> {
    Rc4(Box<Blocks<'k>>),
    Xor([u8; 16]),
}

/// The same workbook without its encryption.
pub(super) fn open(mut file: Compound, password: &str) -> Result<Vec<u8>, Fault> {
    // The data of pivot tables are encrypted, too.
    if file.has_folder(PIVOT_CACHES) {
        return Err(Fault::NotRead);
    }
    let mut stream = file.read(STREAM)?;
    let pass = records(&stream).find(|record| record.kind == FILE_PASS).ok_or(Fault::NotRead)?;
    let info = bytes::slice(&stream, pass.start, pass.length).ok_or(Fault::NotRead)?.to_vec();
    let key;
    let cover = match bytes::u16(&info, 0) {
        Some(0) => Cover::Xor(xor::key(&info, password)?),
        Some(1) => {
            key = Key::new(bytes::from(&info, 2).unwrap_or_default(), password)?;
            Cover::Rc4(Box::new(key.blocks(BLOCK)))
        }
        _ => return Err(Fault::NotRead),
    };
    uncover(&mut stream, cover);
    // A record without a meaning in its place.
    if let Some(kind) = stream.get_mut(pass.start - HEAD..pass.start - HEAD + 2) {
        kind.copy_from_slice(&[0; 2]);
    }
    file.write(STREAM, &stream)?;
    file.into_bytes()
}

fn uncover(stream: &mut [u8], mut cover: Cover<'_>) {
    let records: Vec<Record> = records(stream).collect();
    let mut at = 0;
    for Record { kind, start, length } in records {
        let begin = match kind {
            kind if PLAIN.contains(&kind) => start + length,
            // The place of the sheet.
            BOUND_SHEET => start + length.min(4),
            _ => start,
        };
        let Some(data) = stream.get_mut(begin..start + length) else { return };
        match &mut cover {
            Cover::Rc4(blocks) => {
                blocks.skip(begin - at);
                blocks.apply(data);
            }
            Cover::Xor(key) => {
                let key = key.iter().cycle().skip((begin + length) % key.len());
                for (byte, of_key) in data.iter_mut().zip(key) {
                    *byte = (*byte ^ of_key).rotate_right(5);
                }
            }
        }
        at = start + length;
    }
}

/// A record: its content begins at `start`.
#[derive(Clone, Copy)]
struct Record {
    kind: u16,
    start: usize,
    length: usize,
}

/// Bytes before the content of a record: its kind and its length.
const HEAD: usize = 4;

fn records(stream: &[u8]) -> impl Iterator<Item = Record> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (kind, length) = (bytes::u16(stream, at)?, usize::from(bytes::u16(stream, at + 2)?));
        let start = at + HEAD;
        bytes::slice(stream, start, length)?;
        at = start + length;
        Some(Record { kind, start, length })
    })
}

/// XOR, as the oldest programs have it (MS-OFFCRYPTO 2.3.7).
mod xor {
    use super::{Fault, bytes};

    /// Most characters of a password.
    const MAX_PASSWORD: usize = 15;

    /// The bytes that follow the password, up to 16 in all.
    const FILL: [u8; 15] =
        [0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80, 0x00, 0xbe, 0x0f, 0x00, 0xbf, 0x0f, 0x00];

    /// The key that a password begins with, by its length.
    const FIRST: [u16; 15] = [
        0xe1f0, 0x1d0f, 0xcc9c, 0x84c0, 0x110c, 0x0e10, 0xf1ce, 0x313e, 0x1872, 0xe139, 0xd40f, 0x84f9,
        0x280c, 0xa96a, 0x4ec3,
    ];

    /// The changes by the lowest bit of each character, the last character last; `XorMatrix` in the specification has
    /// the values for its other bits, too, which follow from these.
    const ROWS: [u16; 15] = [
        0xaefc, 0x7b61, 0x4563, 0x0375, 0xd849, 0x6f45, 0xeb23, 0x47d3, 0xb861, 0x45a0, 0xaa51, 0x76b4,
        0x3730, 0x3331, 0x1021,
    ];

    /// The 16 bytes with which a workbook is combined, if the password is right.
    pub(super) fn key(info: &[u8], password: &str) -> Result<[u8; 16], Fault> {
        let letters: Option<Vec<u8>> = password.chars().map(|letter| u8::try_from(letter).ok()).collect();
        let letters = letters.filter(|letters| (1..=MAX_PASSWORD).contains(&letters.len()));
        let letters = letters.ok_or(Fault::WrongPassword)?;
        let (key, verifier) = (bytes::u16(info, 2), bytes::u16(info, 4));
        let (own_key, own_verifier) = (number(&letters), check(&letters));
        if key != Some(own_key) || verifier != Some(own_verifier) {
            return Err(Fault::WrongPassword);
        }
        let mut bytes = [0; 16];
        let halves = own_key.to_le_bytes();
        for ((byte, letter), half) in
            bytes.iter_mut().zip(letters.iter().chain(&FILL)).zip(halves.iter().cycle())
        {
            *byte = (letter ^ half).rotate_right(1);
        }
        Ok(bytes)
    }

    /// The key of a password (`CreateXorKey_Method1`).
    fn number(letters: &[u8]) -> u16 {
        let first = letters.len().checked_sub(1).and_then(|length| FIRST.get(length)).copied();
        let mut key = first.unwrap_or_default();
        for (letter, row) in letters.iter().rev().zip(ROWS.iter().rev()) {
            // Each value is twice the one before, in the field of CRC-16.
            let values = std::iter::successors(Some(*row), |value| {
                Some(if value & 0x8000 == 0 { value << 1 } else { value << 1 ^ 0x1021 })
            });
            let values: Vec<u16> = values.take(7).collect();
            for (bit, value) in values.iter().enumerate() {
                if letter >> bit & 1 == 1 {
                    key ^= value;
                }
            }
        }
        key
    }

    /// The verifier of a password (`CreatePasswordVerifier_Method1`).
    fn check(letters: &[u8]) -> u16 {
        let length = u8::try_from(letters.len()).unwrap_or_default();
        let turned = letters.iter().rev().chain([&length]).fold(0_u16, |sum, letter| {
            let turned = sum << 1 & 0x7fff | sum >> 14 & 1;
            turned ^ u16::from(*letter)
        });
        turned ^ 0xce4b
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_table_of_the_specification_is_computed() {
            // The last row of the specification's table.
            for (letter, row) in [(b'\x01', 0x1021), (b'\x40', 0x48c4), (b'\x02', 0x2042)] {
                assert_eq!(number(&[letter]), 0xe1f0 ^ row);
            }
            assert_eq!(check(b"VelvetSweatshop"), 0x9a0a);
        }
    }
}
