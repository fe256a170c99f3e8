//! Signed and encrypted contents (RFC 5652) in BER (X.690): as much of them as shows the content that is signed.

/// The kind of a content by its outermost structure.
pub enum Cms<'a> {
    /// Signed, with the content in it, or elsewhere.
    Signed(Option<Octets<'a>>),
    /// Encrypted.
    Enveloped,
}

/// Identifiers: `signedData`, `envelopedData`, `encryptedData`, `authEnvelopedData`.
const SIGNED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const ENVELOPED: [&[u8]; 3] = [
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17",
];

/// Tags that matter here.
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const IDENTIFIER: u8 = 0x06;
const OCTETS_IN_PIECES: u8 = 0x24;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const FIRST: u8 = 0xa0;

/// Most elements of no stated length inside each other, and pieces of octets in pieces.
const MAX_DEPTH: u32 = 16;

/// Reads a whole content; `None` if it is none of these, or not whole.
pub fn read(content: &[u8]) -> Option<Cms<'_>> {
    // Nearly all contents are something else.
    if content.first() != Some(&SEQUENCE) {
        return None;
    }
    let mut outer = Elements(content);
    let mut info = Elements(outer.next(SEQUENCE)?);
    // Programs fill up blocks, or end the text around it.
    if !outer.0.iter().all(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
        return None;
    }
    let kind = info.next(IDENTIFIER)?;
    if ENVELOPED.contains(&kind) {
        return Some(Cms::Enveloped);
    }
    if kind != SIGNED {
        return None;
    }
    let mut signed = Elements(Elements(info.next(FIRST)?).next(SEQUENCE)?);
    signed.next(INTEGER)?;
    signed.next(SET)?;
    let mut encapsulated = Elements(signed.next(SEQUENCE)?);
    encapsulated.next(IDENTIFIER)?;
    if encapsulated.is_at_end() {
        return Some(Cms::Signed(None));
    }
    let mut explicit = Elements(encapsulated.next(FIRST)?);
    let (tag, body) = explicit.any()?;
    (explicit.is_at_end() && encapsulated.is_at_end()).then_some(())?;
    Some(Cms::Signed(Some(Octets { tag, body })))
}

/// Bytes, in one piece or several.
pub struct Octets<'a> {
    tag: u8,
    body: &'a [u8],
}

impl Octets<'_> {
    /// All of them; `None` if they are not as they must be.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.add_to(&mut bytes, 0)?;
        Some(bytes)
    }

    fn add_to(&self, bytes: &mut Vec<u8>, depth: u32) -> Option<()> {
        match self.tag {
            OCTETS => bytes.extend_from_slice(self.body),
            OCTETS_IN_PIECES if depth < MAX_DEPTH => {
                let mut pieces = Elements(self.body);
                while !pieces.is_at_end() {
                    let (tag, body) = pieces.any()?;
                    Octets { tag, body }.add_to(bytes, depth + 1)?;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

/// Elements that follow each other: tag, length, body.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The body of the next element, which must have this tag.
    fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any().filter(|(found, _)| *found == tag).map(|(_, body)| body)
    }

    /// Tag and body of the next element.
    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        self.element(0)
    }

    fn element(&mut self, depth: u32) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        // A tag of several bytes occurs in none of these.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        if first == 0x80 {
            return self.element_to_its_end(tag, rest, depth);
        }
        let (length, rest) = match first.checked_sub(0x80) {
            None => (usize::from(first), rest),
            Some(bytes @ 1..=4) => {
                let (number, rest) = rest.split_at_checked(bytes.into())?;
                (number.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            Some(_) => return None,
        };
        let (body, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, body))
    }

    /// One of no stated length: elements up to two zeros.
    fn element_to_its_end(&mut self, tag: u8, body: &'a [u8], depth: u32) -> Option<(u8, &'a [u8])> {
        if tag & 0x20 == 0 || depth >= MAX_DEPTH {
            return None;
        }
        let mut inside = Elements(body);
        while !inside.0.starts_with(&[0, 0]) {
            inside.element(depth + 1)?;
        }
        let length = body.len() - inside.0.len();
        self.0 = inside.0.get(2..)?;
        Some((tag, body.get(..length)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

    /// An element with its length, or with an end instead.
    fn element(tag: u8, body: &[u8], has_length: bool) -> Vec<u8> {
        match u8::try_from(body.len()) {
            _ if !has_length => [&[tag, 0x80][..], body, &[0, 0]].concat(),
            Ok(length @ ..0x80) => [&[tag, length][..], body].concat(),
            _ => [&[tag, 0x82][..], &u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat(),
        }
    }

    fn signed(content: &[u8], has_length: bool) -> Vec<u8> {
        let encapsulated =
            element(SEQUENCE, &[&element(IDENTIFIER, DATA, true)[..], content].concat(), has_length);
        let body = [
            &element(INTEGER, &[1], true)[..],
            &element(SET, b"", true),
            &encapsulated,
            &element(SET, b"", true),
        ];
        let explicit = element(FIRST, &element(SEQUENCE, &body.concat(), has_length), has_length);
        element(SEQUENCE, &[element(IDENTIFIER, SIGNED, true), explicit].concat(), has_length)
    }

    /// The signed content; `"elsewhere"` if it is not in there, `"none"` if these are no signed content.
    fn content(bytes: &[u8]) -> Vec<u8> {
        match read(bytes) {
            Some(Cms::Signed(Some(octets))) => octets.bytes().unwrap_or(b"damaged".to_vec()),
            Some(Cms::Signed(None)) => b"elsewhere".to_vec(),
            Some(Cms::Enveloped) => b"enveloped".to_vec(),
            None => b"none".to_vec(),
        }
    }

    #[test]
    fn the_signed_content_is_found() {
        let long = vec![b'x'; 300];
        for has_length in [true, false] {
            for (octets, expected) in [
                (element(OCTETS, b"a mail", true), &b"a mail"[..]),
                (element(OCTETS, b"", true), b""),
                (element(OCTETS, &long, true), &long),
                (
                    element(
                        OCTETS_IN_PIECES,
                        &[element(OCTETS, b"a ", true), element(OCTETS, b"mail", true)].concat(),
                        has_length,
                    ),
                    b"a mail",
                ),
                (element(INTEGER, b"a", true), b"damaged"),
                (element(OCTETS_IN_PIECES, &element(INTEGER, b"a", true), true), b"damaged"),
            ] {
                let whole = signed(&element(FIRST, &octets, has_length), has_length);
                assert_eq!(content(&whole), expected, "{}", whole.escape_ascii());
                assert_eq!(content(&[&whole[..], b"\0\0\r\n"].concat()), expected);
                assert_eq!(content(&[&whole[..], b"more"].concat()), b"none");
                for length in 0..whole.len() {
                    assert_eq!(content(&whole[..length]), b"none", "{length}");
                }
            }
            assert_eq!(content(&signed(b"", has_length)), b"elsewhere");
            let enveloped = element(SEQUENCE, &element(IDENTIFIER, ENVELOPED[0], true), has_length);
            assert_eq!(content(&enveloped), b"enveloped");
        }
        assert_eq!(content(b"plain text"), b"none");
        assert_eq!(content(b"0123"), b"none");
    }

    #[test]
    fn elements_inside_each_other_have_an_end() {
        for (depth, expected) in [(MAX_DEPTH, &b"x"[..]), (MAX_DEPTH + 1, b"damaged")] {
            let mut octets = element(OCTETS, b"x", true);
            for _ in 0..depth {
                octets = element(OCTETS_IN_PIECES, &octets, true);
            }
            assert_eq!(content(&signed(&element(FIRST, &octets, true), true)), expected, "{depth}");
        }
        let endless = [SEQUENCE, 0x80].repeat(100_000);
        assert_eq!(content(&endless), b"none");
    }
}
