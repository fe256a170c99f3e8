//! Bytes as text.

use std::borrow::Cow;

use super::uuencode;

/// The bytes as text; `None` if they are no text. Bytes that are no UTF count as Latin-1.
pub(in crate::inspect) fn text(content: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |bytes: &[u8], unit| utf16(bytes.as_chunks().0, unit);
    let text: Cow<'_, str> = match content {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        // XML without a byte order mark.
        [0, b'<', 0, b'?', ..] => utf16(content, u16::from_be_bytes).into(),
        [b'<', 0, b'?', 0, ..] => utf16(content, u16::from_le_bytes).into(),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => match std::str::from_utf8(rest) {
            Ok(text) => text.into(),
            Err(_) => rest.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
        },
    };
    let is_text = |character: char| {
        !character.is_control()
            || "\t\n\r\u{c}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f}".contains(character)
            || ('\u{80}'..'\u{a0}').contains(&character)
    };
    text.chars().all(is_text).then_some(text)
}

/// Whether a text has a file in it, as uuencode or BinHex write it.
pub(in crate::inspect) fn has_packed(text: &str) -> bool {
    text.lines().any(|line| is_packed_line(line.as_bytes()))
}

/// Whether a line begins such a file.
pub(super) fn is_packed_line(line: &[u8]) -> bool {
    uuencode::begins(line).is_some()
        || [&b"begin-base64 "[..], b"=ybegin ", b"(This file must be converted with BinHex"]
            .iter()
            .any(|start| line.starts_with(start))
}

/// A text in a field of a binary format: UTF-16, the low byte first, or one byte for each character.
pub(in crate::inspect) fn field(bytes: &[u8], is_wide: bool) -> String {
    if is_wide {
        let (pairs, _) = bytes.as_chunks::<2>();
        return utf16(pairs, u16::from_le_bytes);
    }
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn utf16(pairs: &[[u8; 2]], unit: fn([u8; 2]) -> u16) -> String {
    let units = pairs.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
