//! 7z archives, by a reader of that format in Rust; how their parts follow each other is compared here.

use std::collections::BTreeMap;
use std::io::Cursor;

use sevenz_rust2::{Archive, ArchiveEntry, Block, BlockDecoder, EncoderMethod, Error, Password};

use super::{Member, bytes};
use crate::inspect::name::leaves_its_folder;
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

/// Bytes before the packed contents: the mark of the format, and the place of the header that names them.
const START: usize = 32;

/// Most KiB of memory for one decoder: more than any setting of 7-Zip but the largest takes.
const MAX_DECODER_KIB: usize = 160 << 10;

/// The first byte of a header, and of one that is packed itself.
const HEADER: u8 = 1;
const PACKED_HEADER: u8 = 0x17;

/// The methods that ClamAV reads, alone and as the filter of another one. An archive with any other is scanned member
/// by member.
const REACHED: [&[u8]; 4] =
    [EncoderMethod::ID_COPY, EncoderMethod::ID_LZMA, EncoderMethod::ID_LZMA2, EncoderMethod::ID_BCJ_X86];

/// The result of a reading.
#[derive(Debug, Default)]
pub(in crate::inspect) struct Reading {
    /// Names of the files that could not be read.
    pub(in crate::inspect) unread: Vec<String>,
    /// Whether bytes lie between the parts, or after them: programs that look for another beginning see these.
    pub(in crate::inspect) is_loose: bool,
}

/// Passes each file to `take`, and whether scanners cannot reach it.
pub(in crate::inspect) fn read(
    content: &[u8],
    password: &str,
    notes: &mut Notes,
    take: &mut dyn FnMut(&mut Notes, Member, bool),
) -> Reading {
    let (mut source, password) = (Cursor::new(content), Password::from(password));
    let archive = match Archive::read_with_memory_limit(&mut source, &password, MAX_DECODER_KIB) {
        Ok(archive) => archive,
        Err(error) => {
            notes.obstacle(obstacle(&error));
            return Reading::default();
        }
    };
    notes.expect_members(archive.files.len() as u64);
    let packed = archive.pack_sizes().iter().try_fold(archive.pack_pos(), |end, size| end.checked_add(*size));
    let is_loose = archive.pack_pos() != 0 || packed.is_none() || packed != packed_end(content);
    let mut unread = BTreeMap::new();
    for file in archive.files.iter().filter(|file| !file.is_directory) {
        *unread.entry(file.name.clone()).or_insert(0_u32) += 1;
        if leaves_its_folder(&file.name) {
            notes.label(Label::DeceptiveName);
        }
    }
    let mut pass = |file: &ArchiveEntry, content: Option<Vec<u8>>, is_unreached, notes: &mut Notes| {
        let Some(content) = content else { return };
        if let Some(count) = unread.get_mut(&file.name) {
            *count = count.saturating_sub(1);
        }
        take(notes, Member { name: file.name.clone(), content }, is_unreached);
    };
    for file in archive.files.iter().filter(|file| !file.is_directory && !file.has_stream) {
        pass(file, Some(Vec::new()), false, notes);
    }
    for block in 0..archive.blocks.len() {
        if notes.is_over() {
            break;
        }
        let is_unreached = archive.blocks.get(block).is_some_and(is_unreached);
        // One thread, because the process may have no other.
        let decoder =
            BlockDecoder::new_with_memory_limit(1, MAX_DECODER_KIB, block, &archive, &password, &mut source);
        let done = decoder.for_each_entries(&mut |file, mut reader| {
            if file.has_stream {
                let expanded = notes.expand(content.len(), &mut reader);
                pass(file, expanded, is_unreached, notes);
            }
            Ok(!notes.is_over())
        });
        if let Err(error) = done {
            notes.obstacle(obstacle(&error));
        }
    }
    let unread = unread.into_iter().filter(|(_, count)| *count > 0).map(|(name, _)| name).collect();
    Reading { unread, is_loose }
}

/// Whether a file of an archive, or the list of its files, is encrypted.
pub(in crate::inspect) fn is_encrypted(content: &[u8]) -> bool {
    let none = Password::from("");
    match Archive::read_with_memory_limit(&mut Cursor::new(content), &none, MAX_DECODER_KIB) {
        Ok(archive) => archive
            .blocks
            .iter()
            .flat_map(|block| &block.coders)
            .any(|coder| coder.encoder_method_id() == EncoderMethod::ID_AES256_SHA256),
        Err(error) => obstacle(&error) == Obstacle::Encrypted,
    }
}

/// Whether scanners cannot unpack this block.
fn is_unreached(block: &Block) -> bool {
    block.coders.iter().any(|coder| !REACHED.contains(&coder.encoder_method_id()))
}

fn obstacle(error: &Error) -> Obstacle {
    match error {
        Error::UnsupportedCompressionMethod(name) if name.contains("AES") => Obstacle::Encrypted,
        Error::PasswordRequired | Error::MaybeBadPassword(_) => Obstacle::Encrypted,
        Error::UnsupportedCompressionMethod(_)
        | Error::UnsupportedVersion { .. }
        | Error::Unsupported(_)
        | Error::ExternalUnsupported
        | Error::MaxMemLimited { .. } => Obstacle::UnreadableFormat,
        _ => Obstacle::Damaged,
    }
}

/// Where the packed contents must end, counted from their beginning: at the header, which ends the file, or at the packed
/// form of the header before that.
fn packed_end(content: &[u8]) -> Option<u64> {
    let (offset, length) = (bytes::u64(content, 12)?, bytes::u64(content, 20)?);
    let header = content.get(START..)?.get(usize::try_from(offset).ok()?..)?;
    (header.len() as u64 == length).then_some(())?;
    match header.split_first() {
        // An archive without files.
        None | Some((&HEADER, _)) => Some(offset),
        Some((&PACKED_HEADER, [6, rest @ ..])) => {
            let (end, rest) = number(rest)?;
            let (streams, rest) = number(rest)?;
            let (length, _) = number(rest.strip_prefix(&[9])?)?;
            (streams == 1 && end.checked_add(length) == Some(offset)).then_some(end)
        }
        Some(_) => None,
    }
}

/// A number and the bytes after it: as many high bits are set in the first byte as bytes follow.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let more = first.leading_ones();
    let (low, rest) = rest.split_at_checked(usize::try_from(more).ok()?)?;
    let low = low.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let high = u64::from(first) & 0x7f_u64.checked_shr(more).unwrap_or_default();
    Some((low | high.checked_shl(8 * more).unwrap_or_default(), rest))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_of_all_lengths_are_read() {
        for (bytes, expected) in [
            (&[0x7f, 1][..], Some((0x7f, &[1][..]))),
            (&[0x81, 2], Some((0x102, &[]))),
            (&[0xc0, 1, 2, 9], Some((0x201, &[9]))),
            (&[0xff, 1, 2, 3, 4, 5, 6, 7, 8], Some((0x0807_0605_0403_0201, &[]))),
            (&[0xfe, 1, 2, 3, 4, 5, 6, 7], Some((0x07_0605_0403_0201, &[]))),
            (&[0x80], None),
            (&[], None),
        ] {
            assert_eq!(number(bytes), expected);
        }
    }
}
