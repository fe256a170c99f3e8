//! Texts in the header of a mail: encoded words (RFC 2047), and bytes that should not be there.

use mail_parser::Header;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

/// A field, or a part of one, as people read it: in one line, with its encoded words decoded once.
pub(super) fn text(raw: &[u8]) -> String {
    let line = plain(&unfolded(raw));
    let (mut text, mut rest) = (String::new(), line.as_str());
    // Words in one character set that follow each other: some programs cut between the bytes of a character.
    let mut open: Option<Word> = None;
    while let Some((before, tail)) = rest.split_once("=?") {
        let Some((word, after)) = Word::read(tail) else {
            end(&mut open, &mut text);
            text.push_str(before);
            text.push_str("=?");
            rest = tail;
            continue;
        };
        // Blanks between two words only separate them.
        if open.is_none() || !before.trim().is_empty() {
            end(&mut open, &mut text);
            text.push_str(before);
        }
        match &mut open {
            Some(first) if first.charset == word.charset => first.bytes.extend(word.bytes),
            _ => {
                end(&mut open, &mut text);
                open = Some(word);
            }
        }
        rest = after;
    }
    end(&mut open, &mut text);
    text.push_str(rest);
    text
}

/// Bytes in a character set by its name; one that is not known counts as UTF-8.
pub(super) fn decode(charset: &str, bytes: &[u8]) -> String {
    match charset_decoder(charset.as_bytes()) {
        Some(decode) if !charset.to_lowercase().contains("utf-8") => decode(bytes),
        _ => plain(bytes),
    }
}

/// A field's value as it stands in the mail.
pub(super) fn raw<'m>(header: &Header<'_>, mail: &'m [u8]) -> &'m [u8] {
    let place = usize::try_from(header.offset_start).ok().zip(usize::try_from(header.offset_end).ok());
    place.and_then(|(begin, end)| mail.get(begin..end)).unwrap_or_default()
}

/// A field without the ends of its lines.
pub(super) fn unfolded(raw: &[u8]) -> Vec<u8> {
    raw.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
}

/// Bytes of no declared character set: UTF-8, or else the character set of Western programs.
pub(super) fn plain(bytes: &[u8]) -> String {
    match (std::str::from_utf8(bytes), charset_decoder(b"windows-1252")) {
        (Ok(text), _) => text.to_owned(),
        (Err(_), Some(decode)) => decode(bytes),
        (Err(_), None) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// An encoded word.
struct Word {
    charset: String,
    bytes: Vec<u8>,
}

impl Word {
    /// Reads a word after its `=?`, and returns the text after it.
    fn read(tail: &str) -> Option<(Self, &str)> {
        let (charset, tail) = tail.split_once('?')?;
        let (encoding, tail) = tail.split_once('?')?;
        let (text, rest) = tail.split_once("?=")?;
        if charset.is_empty() || !charset.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let bytes = match encoding {
            "b" | "B" => base64_decode(text.as_bytes())?,
            "q" | "Q" => quoted(text),
            _ => return None,
        };
        // A language may follow the character set (RFC 2231, section 5).
        let charset = charset.split('*').next().unwrap_or_default().to_lowercase();
        Some((Self { charset, bytes }, rest))
    }
}

fn end(open: &mut Option<Word>, text: &mut String) {
    if let Some(word) = open.take() {
        text.push_str(&decode(&word.charset, &word.bytes));
    }
}

/// The `Q` encoding; a sign that is not followed by a number stays.
fn quoted(text: &str) -> Vec<u8> {
    let underscores = text.bytes().map(|byte| if byte == b'_' { b' ' } else { byte }).collect::<Vec<_>>();
    escaped(&underscores, b'=')
}

/// Bytes with some of them written as a sign and two hexadecimal digits.
pub(super) fn escaped(bytes: &[u8], sign: u8) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let number = digit(0).zip(digit(1)).filter(|_| *first == sign);
        plain.push(number.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()).unwrap_or(*first));
        rest = if number.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_decoded_once() {
        for (raw, expected) in [
            (&b""[..], ""),
            (b"Unterlagen", "Unterlagen"),
            (b"Unterlagen\r\n zum Termin", "Unterlagen zum Termin"),
            ("Schl\u{fc}ssel".as_bytes(), "Schlüssel"),
            (b"Schl\xfcssel f\xfcr 5 \x80", "Schlüssel für 5 €"),
            (b"=?iso-8859-1?Q?K=FCndigung_Meier?=", "Kündigung Meier"),
            (b"=?UTF-8?B?S8O8bmRpZ3VuZw==?=", "Kündigung"),
            (b"=?utf-8*de?q?K=C3=BCndigung?=", "Kündigung"),
            // Two words and the blank between them; one that ends within a character.
            (b"=?utf-8?Q?K=C3?=\r\n =?utf-8?Q?=BCndigung?=", "Kündigung"),
            (b"=?utf-8?Q?a?= =?iso-8859-1?Q?=FC?=", "aü"),
            (b"AW: =?utf-8?Q?a?= und =?utf-8?Q?b?= c", "AW: a und b c"),
            // Once.
            (b"=?utf-8?Q?=3D=3Futf-8=3FQ=3Fa=3F=3D?=", "=?utf-8?Q?a?="),
            // None of these is a word.
            (b"=?utf-8?Q?a", "=?utf-8?Q?a"),
            (b"=?utf-8?X?a?=", "=?utf-8?X?a?="),
            (b"=??Q?a?=", "=??Q?a?="),
            (b"=?utf-8?B?!?=", "=?utf-8?B?!?="),
            (b"=?utf-8?Q?a=GG=?=", "a=GG="),
            (b"=?nirgends?Q?=C3=BC?=", "ü"),
        ] {
            assert_eq!(text(raw), expected, "{}", raw.escape_ascii());
        }
    }
}
