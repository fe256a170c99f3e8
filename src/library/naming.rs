//! Finds free names in a folder.

use super::LibraryError;
use crate::catalog::ReadTx;
use crate::model::{EntryId, EntryName, UploadId};

/// Numbered names that are tried before a random one: a guest who may only add files could use up any number of
/// them.
const MAX_NAMESAKES: u32 = 20;
/// Longest file extension in bytes, with its dot, that is kept after the number; a longer one is not a file type.
const MAX_ENDING: usize = 32;

/// `name`, or the first of `name (2)`, `name (3)` … that resembles no name in the folder.
pub(crate) fn free_name(
    tx: &ReadTx<'_>,
    folder: EntryId,
    name: &EntryName,
) -> Result<EntryName, LibraryError> {
    numbered(name, |candidate| Ok(tx.child(folder, &candidate.key())?.is_some()))
}

/// `name`, or the first of `name (2)`, `name (3)` … that is not taken; if many are taken, a name with random
/// letters.
pub(crate) fn numbered(
    name: &EntryName,
    is_taken: impl Fn(&EntryName) -> Result<bool, LibraryError>,
) -> Result<EntryName, LibraryError> {
    if !is_taken(name)? {
        return Ok(name.clone());
    }
    let text = name.as_str();
    let (stem, extension) = match text.rfind('.') {
        Some(dot) if dot > 0 && text.len() - dot <= MAX_ENDING => text.split_at(dot),
        _ => (text, ""),
    };
    let numbers = (2..=MAX_NAMESAKES).map(|number| number.to_string());
    let random = std::iter::repeat_with(|| UploadId::random().to_string().chars().take(8).collect());
    for mark in numbers.chain(random.take(3)) {
        let suffix = format!(" ({mark}){extension}");
        let room = EntryName::MAX_BYTES.saturating_sub(suffix.len());
        let stem = stem.get(..stem.floor_char_boundary(room)).unwrap_or(stem);
        let candidate = EntryName::parse(&format!("{stem}{suffix}"))?;
        if !is_taken(&candidate)? {
            return Ok(candidate);
        }
    }
    Err(LibraryError::Exists)
}
