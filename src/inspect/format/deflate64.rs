//! Deflate64 (method 9 of ZIP, which Windows Explorer takes for files above 2 GiB and 7-Zip on request): deflate with a window of
//! 64 KiB and longer repeats.

use std::io::{self, ErrorKind, Read};

use deflate64::InflaterManaged;

/// Bytes at the end that are read one by one. The decoder takes in up to four beyond those that it needs, if it gets them.
const TAIL: usize = 8;

/// Bytes that a repeat can reach back.
const WINDOW: usize = 1 << 16;

/// Lengths of blocks of bytes as they are that fill it.
const BLOCKS: [u16; 2] = [u16::MAX, 1];

/// Expands a stream. A stream that is cut off or damaged is an error.
pub(in crate::inspect) struct Deflate64<'c> {
    rest: &'c [u8],
    decoder: Box<InflaterManaged>,
}

impl<'c> Deflate64<'c> {
    /// A stream that begins here.
    pub(in crate::inspect) fn new(packed: &'c [u8]) -> Self {
        Self { rest: packed, decoder: Box::new(InflaterManaged::new()) }
    }

    /// The same, as if these bytes had come before.
    fn behind(before: u8, packed: &'c [u8]) -> Self {
        let mut stream = Self::new(packed);
        let mut written = vec![0; WINDOW + 1];
        for length in BLOCKS {
            let head = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
            let block = [head, vec![before; length.into()]].concat();
            let mut rest = &block[..];
            loop {
                let done = stream.decoder.inflate(rest, &mut written);
                rest = rest.get(done.bytes_consumed..).unwrap_or_default();
                if done.bytes_consumed == 0 && done.bytes_written == 0 {
                    break;
                }
            }
        }
        stream
    }

    /// Whether the stream ended with the last byte, once all of it was read.
    pub(in crate::inspect) fn ends_there(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Whether the expanded bytes follow from the stream alone. A repeat of bytes before its beginning is zeros here, an
/// error to some programs, and to others whatever lies in their memory.
pub(in crate::inspect) fn stands_alone(packed: &[u8], expanded: &[u8]) -> bool {
    let mut other = Deflate64::behind(0xff, packed);
    let (mut rest, mut buffer) = (expanded, vec![0; WINDOW]);
    loop {
        let Ok(read) = other.read(&mut buffer) else { return false };
        let same = buffer.get(..read).and_then(|bytes| rest.strip_prefix(bytes));
        match same {
            Some(next) if read > 0 => rest = next,
            Some(_) => return rest.is_empty(),
            None => return false,
        }
    }
}

impl Read for Deflate64<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() && !self.decoder.finished() {
            let next = self.rest.len().checked_sub(TAIL).filter(|bulk| *bulk > 0).unwrap_or(1);
            let input = self.rest.get(..next).unwrap_or_default();
            let done = self.decoder.inflate(input, buffer);
            self.rest = self.rest.get(done.bytes_consumed..).unwrap_or_default();
            if done.data_error {
                return Err(ErrorKind::InvalidData.into());
            }
            if done.bytes_written > 0 {
                return Ok(done.bytes_written);
            }
            if done.bytes_consumed == 0 && !self.decoder.finished() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last block, of bytes as they are.
    fn stored(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap();
        [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes].concat()
    }

    /// 4 times the letter `a` and this many more, by a repeat that deflate does not have, in a block of fixed codes.
    fn repeated(more: u16) -> Vec<u8> {
        let mut bits: Vec<bool> = vec![true, true, false];
        let code = |bits: &mut Vec<bool>, value: u32, length: u32| {
            bits.extend((0..length).rev().map(|at| value >> at & 1 == 1));
        };
        code(&mut bits, 0x30 + u32::from(b'a'), 8);
        // Length 285, whose 16 bits come lowest first; distance 1; the end.
        code(&mut bits, 0xc0 + 5, 8);
        bits.extend((0..16).map(|at| more >> at & 1 == 1));
        code(&mut bits, 0, 5);
        code(&mut bits, 0, 7);
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        bits.chunks(8).map(byte).collect()
    }

    fn expanded(packed: &[u8]) -> (io::Result<Vec<u8>>, bool) {
        let (mut stream, mut bytes) = (Deflate64::new(packed), Vec::new());
        let read = stream.read_to_end(&mut bytes).map(|_| bytes);
        (read, stream.ends_there())
    }

    #[test]
    fn a_stream_is_expanded_and_its_end_is_known_to_the_byte() {
        for (packed, content) in [
            (stored(b""), Vec::new()),
            (stored(b"Guten Tag"), b"Guten Tag".to_vec()),
            (stored(&vec![7; 60_000]), vec![7; 60_000]),
            (repeated(0), b"aaaa".to_vec()),
            (repeated(65_535), vec![b'a'; 65_539]),
        ] {
            let (read, ends) = expanded(&packed);
            assert!(read.unwrap() == content && ends, "{}", content.len());
            assert!(stands_alone(&packed, &content), "{}", content.len());
            for more in 1..=TAIL + 2 {
                let (read, ends) = expanded(&[&packed[..], &vec![0; more]].concat());
                assert!(read.unwrap() == content && !ends, "{} {more}", content.len());
            }
            for length in (0..packed.len()).step_by(packed.len().div_ceil(40)) {
                let (read, _) = expanded(&packed[..length]);
                assert_eq!(read.unwrap_err().kind(), ErrorKind::UnexpectedEof, "{} {length}", content.len());
            }
        }
    }

    #[test]
    fn a_repeat_of_what_was_never_there_is_found() {
        // Of 1, 257 and 65,536 bytes before the beginning, in a block of fixed codes; in the last two cases one letter comes first.
        for (codes, content) in [
            ("0000001 00000 0000000", &[0; 3][..]),
            ("10010001 0000001 10000 0000000 0000000", b"a\0\0\0"),
            ("10010001 0000001 11111 11111111111111 0000000", b"a\0\0\0"),
        ] {
            let bits: Vec<char> = format!("110{codes}").chars().filter(|bit| *bit != ' ').collect();
            let byte =
                |bits: &[char]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit == '1'));
            let packed: Vec<u8> = bits.chunks(8).map(byte).collect();
            assert_eq!(expanded(&packed).0.unwrap(), content, "{codes}");
            assert!(!stands_alone(&packed, content), "{codes}");
        }
        // A longer or shorter content is another one, too.
        assert!(!stands_alone(&stored(b"ab"), b"a") && !stands_alone(&stored(b"ab"), b"abc"));
    }

    #[test]
    fn what_is_no_stream_is_an_error() {
        // A kind of block that there is not; a length whose complement is another.
        for packed in [&[7][..], &[1, 1, 0, 0, 0, 0]] {
            assert!(expanded(packed).0.is_err(), "{packed:?}");
        }
    }
}
