//! Numbers and words at places in bytes; `None` past the end.

/// Bytes from `at` on.
pub(in crate::inspect) fn from(bytes: &[u8], at: usize) -> Option<&[u8]> {
    bytes.get(at..)
}

/// `length` bytes from `at` on.
pub(in crate::inspect) fn slice(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

/// 16 bits, the low byte first.
pub(in crate::inspect) fn u16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(slice(bytes, at, 2)?.try_into().ok()?))
}

/// 32 bits, the low byte first.
pub(in crate::inspect) fn u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(slice(bytes, at, 4)?.try_into().ok()?))
}

/// 64 bits, the low byte first.
pub(in crate::inspect) fn u64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(slice(bytes, at, 8)?.try_into().ok()?))
}

/// 32 bits as a length or place in memory.
pub(in crate::inspect) fn length(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32(bytes, at)?).ok()
}

/// The first place of a word at or after `from`.
pub(in crate::inspect) fn find(bytes: &[u8], word: &[u8], from: usize) -> Option<usize> {
    let first = *word.first()?;
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(word) {
            return Some(at);
        }
        at += 1;
    }
}
