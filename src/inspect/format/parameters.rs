//! Parameters of a field, such as the name of a file (RFC 2045, RFC 2231), as programs write them and not only as they
//! should.

use std::collections::BTreeMap;

use super::encoded::{decode, escaped, text, unfolded};

/// All values of a parameter, for programs differ in the one they take; the last is the one that RFC 2231 prefers. The name
/// is in lower case.
pub(super) fn values(field: &[u8], name: &str) -> Vec<String> {
    let (mut values, mut segments) = (Vec::new(), BTreeMap::new());
    for (key, value) in pairs(&unfolded(field)) {
        let Some(form) = key.strip_prefix(name) else { continue };
        match (form, form.strip_prefix('*')) {
            ("", _) => values.push(text(&value)),
            ("*", _) => values.push(joined([(true, &value)])),
            (_, Some(number)) => {
                let (number, is_encoded) = match number.strip_suffix('*') {
                    Some(number) => (number, true),
                    None => (number, false),
                };
                if let Ok(number) = number.parse::<u32>() {
                    segments.entry(number).or_insert((is_encoded, value));
                }
            }
            _ => {}
        }
    }
    if !segments.is_empty() {
        values.push(joined(segments.values().map(|(is_encoded, value)| (*is_encoded, value))));
    }
    values.retain(|value| !value.trim().is_empty());
    values
}

/// A value of one or several segments, each of them encoded or not.
fn joined<'a>(segments: impl IntoIterator<Item = (bool, &'a Vec<u8>)>) -> String {
    let (mut charset, mut bytes, mut has_encoded) = (None, Vec::new(), false);
    for (at, (is_encoded, value)) in segments.into_iter().enumerate() {
        has_encoded |= is_encoded;
        let mut value = value.as_slice();
        // charset'language'value, in the first segment only.
        let mut parts = value.splitn(3, |byte| *byte == b'\'');
        if at == 0
            && is_encoded
            && let (Some(first), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next())
        {
            charset = Some(String::from_utf8_lossy(first).into_owned());
            value = rest;
        }
        bytes.extend(if is_encoded { escaped(value, b'%') } else { value.to_vec() });
    }
    // Some programs cut an encoded word into segments.
    if has_encoded { decode(charset.as_deref().unwrap_or("utf-8"), &bytes) } else { text(&bytes) }
}

/// Names, in lower case, and values without their quotes.
fn pairs(field: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut pairs = Vec::new();
    for (at, piece) in pieces(field, b';').into_iter().enumerate() {
        let Some(sign) = piece.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) = piece.split_at(sign);
        let key = String::from_utf8_lossy(key).to_lowercase();
        // A type without a semicolon after it, or none at all, before the first parameter.
        let key = if at == 0 { key.split_ascii_whitespace().next_back() } else { Some(key.trim()) };
        let value = unquoted(value.get(1..).unwrap_or_default().trim_ascii());
        pairs.push((key.unwrap_or_default().to_owned(), value));
    }
    pairs
}

/// The pieces between signs, except for a sign in quotes that have an end.
pub(super) fn pieces(field: &[u8], sign: u8) -> Vec<&[u8]> {
    let (mut pieces, mut begin, mut at) = (Vec::new(), 0, 0);
    while let Some(byte) = field.get(at) {
        match byte {
            b'"' => at += quoted_length(field.get(at..).unwrap_or_default()).unwrap_or_default(),
            _ if *byte == sign => {
                pieces.extend(field.get(begin..at));
                begin = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    pieces.extend(field.get(begin..));
    pieces
}

/// Bytes from a quote to the one that ends it; `None` if none does.
fn quoted_length(quoted: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match quoted.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
}

/// A value without quotes. A backslash stays where it hides neither a quote nor itself: some programs send a path of Windows.
pub(super) fn unquoted(value: &[u8]) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::new(), value);
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail.split_first()) {
            (b'\\', Some((next @ (b'"' | b'\\'), tail))) => {
                plain.push(*next);
                rest = tail;
            }
            (b'"', _) => {}
            _ => plain.push(*first),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line is a trap into which a program fell.
    #[test]
    fn names_of_files_are_read_as_programs_write_them() {
        for (field, expected) in [
            (&b"attachment; filename=a.pdf"[..], &["a.pdf"][..]),
            (b"attachment; FileName = \"a b.pdf\" ; size=3", &["a b.pdf"]),
            (b"attachment;\r\n\tfilename=\"a.pdf\"\r\n", &["a.pdf"]),
            // Encoded words where they are forbidden, which nearly all programs send.
            (b"attachment; filename=\"=?iso-8859-1?Q?K=FCndigung=2Epdf?=\"", &["Kündigung.pdf"]),
            (b"attachment; filename==?utf-8?B?S8O8bmRpZ3VuZy5wZGY=?=", &["Kündigung.pdf"]),
            (b"attachment; filename=\"=?utf-8?Q?K=C3?=\r\n =?utf-8?Q?=BCndigung.pdf?=\"", &["Kündigung.pdf"]),
            // RFC 2231: one, in segments, in any order, with an encoded first segment only.
            (b"attachment; filename*=utf-8''K%C3%BCndigung.pdf", &["Kündigung.pdf"]),
            (b"attachment; filename*=iso-8859-1'de'K%FCndigung.pdf", &["Kündigung.pdf"]),
            (b"attachment; filename*=\"utf-8''K%C3%BCndigung.pdf\"", &["Kündigung.pdf"]),
            (b"attachment; filename*=K%C3%BCndigung.pdf", &["Kündigung.pdf"]),
            (b"attachment; filename*1=\"gung.pdf\"; filename*0=\"Kuendi\"", &["Kuendigung.pdf"]),
            (
                b"attachment; filename*0*=utf-8''K%C3; filename*1*=%BCndi; filename*2=\"gung%20.pdf\"",
                &["Kündigung%20.pdf"],
            ),
            (
                b"a; filename*0=1; filename*1=2; filename*2=3; filename*3=4; filename*4=5; filename*5=6; \
                  filename*6=7; filename*7=8; filename*8=9; filename*9=a; filename*10=b",
                &["123456789ab"],
            ),
            // An encoded word in segments.
            (b"a; filename*0=\"=?utf-8?Q?K=C3=BCn\"; filename*1=\"digung.pdf?=\"", &["Kündigung.pdf"]),
            // Both: the one of RFC 2231 comes last.
            (
                b"a; filename=\"Kndigung.pdf\"; filename*=utf-8''K%C3%BCndigung.pdf",
                &["Kndigung.pdf", "Kündigung.pdf"],
            ),
            (b"a; filename*=utf-8''a.pdf; filename=b.exe", &["a.pdf", "b.exe"]),
            (b"a; filename=a.exe; filename=b.pdf", &["a.exe", "b.pdf"]),
            // Decoded once.
            (b"a; filename=\"a%20b.pdf\"", &["a%20b.pdf"]),
            (b"a; filename*=utf-8''%253D.pdf", &["%3D.pdf"]),
            (b"a; filename=\"=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?=\"", &["=?utf-8?Q?a?="]),
            // Bytes that should have been encoded.
            (b"a; filename=\"K\xfcndigung.pdf\"", &["Kündigung.pdf"]),
            (b"a; filename=\"K\xc3\xbcndigung.pdf\"", &["Kündigung.pdf"]),
            // Quotes that are missing, or have no end.
            (b"a; filename=Rechnung (1), Mai.pdf; size=3", &["Rechnung (1), Mai.pdf"]),
            (b"a; filename=\"Rechnung.pdf; size=3", &["Rechnung.pdf"]),
            (b"a; filename=\"a;b.pdf\"", &["a;b.pdf"]),
            (b"a; filename=\"a \\\"b\\\".pdf\"", &["a \"b\".pdf"]),
            (b"a; filename=\"C:\\Akten\\a.pdf\"", &["C:\\Akten\\a.pdf"]),
            (b"a; filename=\"a\".exe", &["a.exe"]),
            // A type that is missing, or without its semicolon.
            (b"filename=a.pdf", &["a.pdf"]),
            (b"attachment filename=\"a.pdf\"", &["a.pdf"]),
            (b"attachment, filename=\"a.pdf\"", &["a.pdf"]),
            (b"attachment; filename=", &[]),
            (b"attachment; filename=\" \"", &[]),
            (b"attachment; filename*x=a; xfilename=b; filenames=c", &[]),
            (b"", &[]),
        ] {
            assert_eq!(values(field, "filename"), expected, "{}", field.escape_ascii());
        }
    }
}
